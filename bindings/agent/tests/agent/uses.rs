//! What containers and the system use, as the decisions see it.

use crate::common::{Bench, node, topology, wish};
use sched_agent::{AgentError, Node, Report, Round, Usage, round};
use std::sync::Arc;

/// A node with a web server and a batch job, after a first round at 1,000 s.
fn bench() -> (Bench, Node) {
    let mut bench = Bench::new(topology(8, 1));
    let wishes = [wish("web", "LS", 0), wish("batch", "BE", 0)];
    bench.settle(&wishes);
    bench.tree.mkdir("system.slice");
    (bench, node(&wishes, "systemGroups: [system.slice]"))
}

const WEB: &str = "kubepods/burstable/web";

fn used(bench: &mut Bench, group: &str, usage_us: u64, memory: &str) {
    bench.tree.set(group, "cpu.stat", &format!("nr_periods 0\nusage_usec {usage_us}\nuser_usec 7"));
    bench.tree.set(group, "memory.current", memory);
}

/// What the online classes and the system use, by the decision of a round.
fn seen(bench: &mut Bench, node: &Node) -> (i64, i64) {
    let (report, done) = bench.round(node, None);
    done.unwrap();
    let suppression = report.decision.unwrap().suppression;
    (suppression.online_milli, suppression.system_milli)
}

#[test]
fn cpu_use_is_what_was_used_between_two_rounds() {
    let (mut bench, node) = bench();
    seen(&mut bench, &node);
    bench.now_ms += 10_000;
    used(&mut bench, WEB, 25_000_000, "4096");
    used(&mut bench, "system.slice", 5_000_000, "4096");
    assert_eq!(seen(&mut bench, &node), (2_500, 500));
    // A round too soon after another one keeps what is known.
    bench.now_ms += 100;
    used(&mut bench, WEB, 25_900_000, "4096");
    assert_eq!(seen(&mut bench, &node), (2_500, 500));
    bench.now_ms += 9_900;
    used(&mut bench, WEB, 35_000_000, "4096");
    assert_eq!(seen(&mut bench, &node), (1_000, 0));
}

#[test]
fn a_group_that_was_made_anew_has_no_use_yet() {
    let (mut bench, node) = bench();
    used(&mut bench, WEB, 25_000_000, "4096");
    bench.now_ms += 10_000;
    seen(&mut bench, &node);
    used(&mut bench, WEB, 1_000, "4096");
    bench.now_ms += 10_000;
    // Without a sample it counts with what it asks for, which is nothing.
    assert_eq!(seen(&mut bench, &node).0, 0);
}

#[test]
fn memory_that_the_kernel_can_drop_at_once_is_not_in_use() {
    let (mut bench, node) = bench();
    used(&mut bench, WEB, 0, "30000000000");
    bench.tree.set(WEB, "memory.stat", "anon 1\ninactive_file 10000000000\nactive_file 2");
    bench.now_ms += 10_000;
    let (report, done) = bench.round(&node, None);
    done.unwrap();
    let terms = report.decision.unwrap().offer.terms.memory.to_string();
    assert!(terms.contains("20000000000 bytes online (use)"), "{terms}");
}

#[test]
fn uses_of_a_file_are_taken_instead() {
    let (mut bench, node) = bench();
    used(&mut bench, WEB, 90_000_000, "4096");
    let usage = Usage::parse("system: {cpu: 300, memory: 1}\ncontainers: {web: {cpu: 1700, memory: 5}}").unwrap();
    let (topology, now_ms) = (Arc::clone(&bench.tree.topology), bench.now_ms + 10_000);
    let inputs = Round { node: &node, topology, usage: Some(&usage), adopt: None, now_ms };
    let mut report = Report::default();
    let store = bench.store();
    round(&inputs, &mut bench.tree, &store, &mut report).unwrap();
    let suppression = report.decision.unwrap().suppression;
    assert_eq!((suppression.online_milli, suppression.system_milli), (1_700, 300));
}

#[test]
fn a_clock_that_was_set_back_stands_still_and_one_far_back_is_refused() {
    let (mut bench, node) = bench();
    bench.now_ms -= 200_000;
    bench.round(&node, None).1.unwrap();
    bench.now_ms -= 200_000;
    let error = bench.round(&node, None).1.unwrap_err();
    assert!(matches!(error, AgentError::Colocation(_)) && !error.passing(), "{error}");
    assert!(error.to_string().contains("lies before"), "{error}");
}

#[test]
fn a_group_that_says_something_else_than_a_number_is_named() {
    let (mut bench, node) = bench();
    bench.tree.set(WEB, "cpu.stat", "usage_usec many");
    let error = bench.round(&node, None).1.unwrap_err();
    assert_eq!(error.to_string(), format!("cpu.stat of `{WEB}` says `many`: it must be a whole number"));
}

#[test]
fn one_to_be_evicted_is_named_with_the_reason() {
    let (mut bench, node) = bench();
    for sample in 0..8_u64 {
        bench.now_ms += 15_000;
        used(&mut bench, "kubepods/besteffort/batch", sample, "60000000000");
        let (report, done) = bench.round(&node, None);
        done.unwrap();
        if !report.decision.as_ref().unwrap().memory.victims.is_empty() {
            assert!(report.to_string().contains("evict `batch`: ") && !report.is_quiet());
            return;
        }
    }
    panic!("nobody was named in two minutes");
}
