#!/usr/bin/env python3
"""Cuts the sample traces of this folder from the full ones (see README.md here).

usage: cut.py SHARED OUT     (SHARED has traces/openb and workloads/hot-nodes; writes OUT/hot-nodes and OUT/openb)
"""
import csv, pathlib, sys


def hot_nodes(source, out, nodes, one_in):
    """Every so-manieth application with all its pods, the first nodes; use in whole percents."""
    out.mkdir(parents=True, exist_ok=True)
    rows = read(source / "nodes.csv")
    write(out / "nodes.csv", rows[: nodes + 1])
    rows = read(source / "apps.csv")
    kept = [row for i, row in enumerate(rows[1:]) if i % one_in == 0]
    write(out / "apps.csv", rows[:1] + [[row[0]] + [str(round(float(x))) for x in row[1:]] for row in kept])
    names = {row[0] for row in kept}
    rows = read(source / "pods.csv")
    write(out / "pods.csv", rows[:1] + [row for row in rows[1:] if row[1] in names])


def openb(source, out, nodes_one_in, pods_one_in):
    """Every so-manieth GPU node and pod, without times: pods arrive in file order and stay."""
    out.mkdir(parents=True, exist_ok=True)
    rows = read(source / "openb_node_list_gpu_node.csv")
    write(out / "nodes.csv", rows[:1] + rows[1::nodes_one_in])
    rows = read(source / "openb_pod_list_gpuspec33.csv")
    write(out / "pods.csv", [row[:7] for row in rows[:1] + rows[1::pods_one_in]])


def read(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def write(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    shared, out = map(pathlib.Path, sys.argv[1:])
    hot_nodes(shared / "workloads/hot-nodes/spiky-1", out / "hot-nodes", nodes=24, one_in=3)
    openb(shared / "traces/openb", out / "openb", nodes_one_in=8, pods_one_in=7)
