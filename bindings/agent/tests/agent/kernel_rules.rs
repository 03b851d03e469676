//! That the tree of the tests refuses what the kernel refuses.

use crate::common::topology;
use crate::kernel::{Alone, EBUSY, EINVAL, ENOENT, ENOSPC, KernelTree};
use sched_agent::Tree;

fn tree() -> KernelTree {
    let mut tree = KernelTree::new(topology(4, 2));
    tree.container("a/b", Alone::No);
    tree
}

fn refusal(tree: &mut KernelTree, group: &str, file: &str, value: &str) -> Option<i32> {
    tree.write(group, file, value).err().and_then(|error| error.raw_os_error())
}

#[test]
fn a_group_gets_no_cpu_that_the_group_around_it_lacks() {
    let mut tree = tree();
    tree.write("a", "cpuset.cpus", "0-3").unwrap();
    assert_eq!(refusal(&mut tree, "a/b", "cpuset.cpus", "3-4"), Some(EINVAL));
    assert_eq!(refusal(&mut tree, "a/b", "cpuset.cpus", "3"), None);
    assert_eq!(refusal(&mut tree, "a", "cpuset.cpus", "8"), Some(EINVAL), "offline");
}

#[test]
fn a_group_keeps_what_the_groups_in_it_have() {
    let mut tree = tree();
    tree.write("a/b", "cpuset.cpus", "0-3").unwrap();
    assert_eq!(refusal(&mut tree, "a", "cpuset.cpus", "0-2"), Some(EBUSY));
    assert_eq!(refusal(&mut tree, "a", "cpuset.cpus", "0-4"), None);
}

#[test]
fn a_group_with_processes_is_not_left_without_cpus() {
    let mut tree = tree();
    tree.write("a/b", "cpuset.cpus", "0").unwrap();
    tree.start("a/b");
    assert_eq!(refusal(&mut tree, "a/b", "cpuset.cpus", ""), Some(ENOSPC));
}

#[test]
fn an_idle_group_has_no_weight_and_a_burst_is_within_its_quota() {
    let mut tree = tree();
    tree.write("a/b", "cpu.max", "1000 100000").unwrap();
    assert_eq!(refusal(&mut tree, "a/b", "cpu.max.burst", "1001"), Some(EINVAL));
    tree.write("a/b", "cpu.idle", "1").unwrap();
    assert_eq!(refusal(&mut tree, "a/b", "cpu.weight", "10"), Some(EINVAL));
    assert_eq!(refusal(&mut tree, "a/c", "cpu.weight", "10"), Some(ENOENT));
}

#[test]
fn two_on_one_core_are_found_out() {
    let mut tree = tree();
    tree.container("x", Alone::FromAll);
    tree.write("x", "cpuset.cpus", "0").unwrap();
    tree.write("a/b", "cpuset.cpus", "2").unwrap();
    tree.start("x");
    tree.start("a/b");
    assert_eq!(tree.wrong, None);
    tree.write("a/b", "cpuset.cpus", "1").unwrap();
    assert_eq!(tree.wrong.as_deref(), Some("after cpuset.cpus of a/b became 1: a/b on 1 beside x on 0"));
}
