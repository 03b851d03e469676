//! Settings of control groups: quotas, weights, memory and disks.

use crate::common::Bench;
use crate::common::topology;
use crate::kernel::{Alone, KernelTree};
use sched_agent::{AgentError, Node, Report};

fn described(more: &str) -> Node {
    Node::parse(&format!(
        "capacity: {{cpu: 8000, memory: 68719476736}}\nbestEffortGroup: be\n{more}\ncontainers:\n\
         - {{name: web, qos: LS, cgroup: web, asks: {{cpuRequest: 2000, cpuLimit: 4000, memoryRequest: 1000000001, memoryLimit: 2000000001}}}}\n\
         - {{name: batch, qos: BE, cgroup: be/batch, asks: {{cpuRequest: 1000, memoryRequest: 4096}}}}\n\
         - {{name: over, qos: OT, cgroup: be/over, asks: {{cpuRequest: 1000, memoryRequest: 4096}}}}\n"
    ))
    .unwrap()
}

fn bench() -> Bench {
    let mut bench = Bench::new(topology(4, 1));
    for (group, alone) in [("web", Alone::No), ("be/batch", Alone::BestEffort), ("be/over", Alone::BestEffort)] {
        bench.tree.container(group, alone);
    }
    bench
}

fn run(bench: &mut Bench, node: &Node) -> Report {
    let (report, done) = bench.round(node, None);
    done.unwrap();
    report
}

fn files(tree: &KernelTree, group: &str, files: &[&str]) -> Vec<String> {
    files.iter().map(|file| tree.says(group, file).to_owned()).collect()
}

#[test]
fn groups_say_what_their_class_and_their_asks_make_of_them() {
    let mut bench = bench();
    let node = described("groups: {memoryLowPercent: {ls: 50}, burstPercent: 50}");
    let report = run(&mut bench, &node);
    let of_web = ["cpu.max", "cpu.max.burst", "cpu.weight", "memory.max", "memory.low"];
    // Memory is kept in whole pages.
    let expected = ["400000 100000", "200000", "79", "1999998976", "499998720"];
    assert_eq!(files(&bench.tree, "web", &of_web), expected);
    assert_eq!(files(&bench.tree, "be/over", &["cpu.idle", "cpu.weight"]), ["1", "100"]);
    let text = "set cpu.max of `web` to `400000 100000` because LS is limited to 4000m";
    assert!(report.changes.iter().any(|change| change.to_string() == text), "{report}");
    assert_eq!(run(&mut bench, &node).changes, [], "rounding to pages is no difference");
}

#[test]
fn shared_disks_are_limited_for_best_effort_one_line_a_disk() {
    let mut bench = bench();
    let node = described(
        "disks:\n- {device: '8:0', shared: true, readBps: 1000, writeBps: 2000}\n- {device: '8:16', shared: true, readIops: 500}\n- {device: '8:32', readBps: 9}",
    );
    run(&mut bench, &node);
    let of_batch = files(&bench.tree, "be/batch", &["io.max", "io.weight"]);
    assert_eq!(of_batch[0], "8:0 rbps=300 wbps=600 riops=max wiops=max\n8:16 rbps=max wbps=max riops=150 wiops=max");
    assert_eq!(of_batch[1], "default 100\n8:0 20\n8:16 20");
    assert_eq!(bench.tree.says("web", "io.max"), "");
    // The kernel leaves out what is not limited.
    bench.tree.set("be/batch", "io.max", "8:0 rbps=300 wbps=600\n8:16 riops=150");
    assert_eq!(run(&mut bench, &node).changes, []);
    bench.tree.set("be/batch", "io.max", "8:0 rbps=300 wbps=600 riops=7\n8:16 riops=150");
    assert_eq!(run(&mut bench, &node).changes.len(), 1);
}

#[test]
fn a_quota_squeezes_best_effort_where_that_is_asked() {
    let mut bench = bench();
    let report = run(&mut bench, &described("squeeze: quota"));
    // 65% of 8 cpus, less the 2 that web asks for as long as nothing is measured.
    assert_eq!(bench.tree.says("be", "cpu.max"), "320000 100000");
    assert_eq!(bench.tree.says("be/batch", "cpuset.cpus"), "0-7");
    assert_eq!(
        report.offer.keys().collect::<Vec<_>>(),
        ["sched/be-cpu", "sched/be-memory", "sched/ot-cpu", "sched/ot-memory"]
    );
}

#[test]
fn files_that_not_every_kernel_has_are_noted_and_others_stop_the_round() {
    let mut bench = bench();
    let missing = ["cpu.idle", "io.weight"];
    for group in bench.tree.groups.values_mut() {
        group.files.retain(|file, _| !missing.contains(&file.as_str()));
    }
    let report = run(&mut bench, &described("disks: [{device: '8:0', shared: true}]"));
    let notes = report.notes.join("\n");
    assert!(missing.iter().all(|file| notes.contains(file)), "{notes}");
    bench.tree.groups.get_mut("web").unwrap().files.remove("memory.max");
    let (_, done) = bench.round(&described(""), None);
    let error = done.unwrap_err();
    assert!(matches!(error, AgentError::Tree(_)) && error.passing());
    assert!(error.to_string().starts_with("cannot read memory.max of `web`: "), "{error}");
}

#[test]
fn a_limit_of_memory_waits_until_less_is_in_use() {
    let mut bench = bench();
    bench.tree.set("web", "memory.current", "2000000002");
    let report = run(&mut bench, &described(""));
    let text = "memory.max of `web` stays: 2000000002 bytes are in use, the limit would be 2000000001";
    assert!(report.notes.iter().any(|note| note == text), "{:?}", report.notes);
    assert_eq!(bench.tree.says("web", "memory.max"), "max");
    bench.tree.set("web", "memory.current", "2000000001");
    run(&mut bench, &described(""));
    assert_eq!(bench.tree.says("web", "memory.max"), "1999998976");
}

#[test]
fn a_file_that_says_something_else_than_a_number_is_named() {
    let mut bench = bench();
    bench.tree.set("web", "memory.max", "plenty");
    let (_, done) = bench.round(&described(""), None);
    assert_eq!(done.unwrap_err().to_string(), "memory.max of `web` says `plenty`: it must be a number or `max`");
}
