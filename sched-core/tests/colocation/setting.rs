//! The order of settings: no prefix breaks a rule of the kernel.

use crate::generate::config as cases;
use proptest::prelude::*;
use sched_core::colocation::*;
use std::collections::BTreeMap;

fn change(cgroup: &str, file: CgroupFile, from: Level, to: Level) -> Change {
    Wanted { cgroup: cgroup.into(), file, to, because: "a test".into() }.from(from)
}

fn order(changes: &[Change]) -> Vec<String> {
    let plan = plan(changes.to_vec()).expect("sound changes");
    plan.iter().map(|setting| format!("{} {}", setting.cgroup, setting.file)).collect()
}

const fn amount(amount: i64) -> Level {
    Level::Amount(amount)
}

#[test]
fn outer_groups_grow_first_and_shrink_last() {
    let both =
        |from, to| order(&[change("a", CgroupFile::CpuMax, from, to), change("a/b", CgroupFile::CpuMax, from, to)]);
    assert_eq!(both(amount(1_000), amount(2_000)), ["a cpu.max", "a/b cpu.max"]);
    assert_eq!(both(amount(2_000), amount(1_000)), ["a/b cpu.max", "a cpu.max"]);
}

#[test]
fn what_shrinks_makes_room_before_what_grows_takes_it() {
    let changes = [
        change("a/x", CgroupFile::MemoryMin, amount(1), amount(5)),
        change("a/y", CgroupFile::MemoryMin, amount(5), amount(1)),
    ];
    assert_eq!(order(&changes), ["a/y memory.min", "a/x memory.min"]);
}

#[test]
fn a_quota_grows_before_weight_and_burst_and_shrinks_after_them() {
    let all = |from, to| {
        let files = [CgroupFile::CpuWeight, CgroupFile::CpuBurst, CgroupFile::CpuMax, CgroupFile::MemoryMax];
        order(&files.map(|file| change("a", file, from, to)))
    };
    let mut grown = vec!["a cpu.max", "a cpu.max.burst", "a cpu.weight", "a memory.max"];
    assert_eq!(all(amount(1_000), amount(2_000)), grown);
    grown.reverse();
    assert_eq!(all(amount(2_000), amount(1_000)), grown);
}

#[test]
fn what_stays_is_not_written() {
    assert_eq!(order(&[change("a", CgroupFile::CpuMax, amount(5_000), amount(5_000))]), [""; 0]);
}

#[test]
fn values_are_written_as_the_kernel_takes_them() {
    let value = |file, to| plan(vec![change("a", file, amount(7), to)]).expect("a change")[0].value.clone();
    assert_eq!(value(CgroupFile::CpuMax, amount(250_000)), "250000 100000");
    assert_eq!(value(CgroupFile::CpuMax, Level::Unlimited), "max 100000");
    assert_eq!(value(CgroupFile::MemoryHigh, Level::Unlimited), "max");
    assert_eq!(value(CgroupFile::CpuIdentity, amount(-1)), "-1");
}

#[test]
fn a_setting_is_data_for_machines() {
    let setting = &plan(vec![change("a", CgroupFile::CpuMax, Level::Unlimited, amount(5_000))]).expect("a change")[0];
    let json = serde_json::json!({"cgroup": "a", "file": "cpu.max", "value": "5000 100000", "because": "a test"});
    assert_eq!(serde_json::to_value(setting).expect("plain data"), json);
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for path in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\nb"] {
        let result = plan(vec![change(path, CgroupFile::CpuMax, amount(1), amount(2))]);
        assert_eq!(result, Err(ColocationError::Group(path.into())));
    }
}

#[test]
fn changes_that_end_with_a_child_above_its_parent_are_refused() {
    let changes = vec![
        change("a", CgroupFile::CpuMax, amount(9), amount(3)),
        change("a/b/c", CgroupFile::CpuMax, amount(1), amount(4)),
    ];
    let error = plan(changes).expect_err("the child has more");
    assert_eq!(error.to_string(), "cpu.max of `a/b/c` would end above that of `a`");
}

#[test]
fn a_file_is_changed_once() {
    let twice = vec![
        change("a", CgroupFile::CpuMax, amount(9), amount(3)),
        change("a", CgroupFile::CpuMax, amount(9), amount(4)),
    ];
    assert_eq!(plan(twice).expect_err("twice").to_string(), "cpu.max of `a` is changed twice");
}

const GROUPS: [&str; 6] = ["a", "a/x", "a/x/1", "a/x/2", "a/y", "b"];
const FILES: [CgroupFile; 6] = [
    CgroupFile::CpuMax,
    CgroupFile::CpuBurst,
    CgroupFile::MemoryMin,
    CgroupFile::MemoryLow,
    CgroupFile::MemoryHigh,
    CgroupFile::MemoryMax,
];

type Tree = BTreeMap<(&'static str, CgroupFile), Level>;

/// Any values, brought below those of the group around and in order within the group.
fn tree() -> impl Strategy<Value = Tree> {
    let level = prop_oneof![4 => (0_i64..20).prop_map(Level::Amount), 1 => Just(Level::Unlimited)];
    prop::collection::vec(level, GROUPS.len() * FILES.len()).prop_map(|levels| {
        let places = GROUPS.into_iter().flat_map(|group| FILES.map(|file| (group, file)));
        let mut tree: Tree = BTreeMap::new();
        for ((group, file), level) in places.zip(levels) {
            let around = GROUPS.into_iter().filter(|outer| group.starts_with(&format!("{outer}/")));
            let nested = file != CgroupFile::CpuBurst;
            let most = around.filter(|_| nested).map(|outer| tree[&(outer, file)]).min().unwrap_or(Level::Unlimited);
            let below = match file {
                CgroupFile::CpuBurst => tree[&(group, CgroupFile::CpuMax)],
                _ => Level::Unlimited,
            };
            tree.insert((group, file), level.min(most).min(below));
        }
        for group in GROUPS {
            for (inner, outer) in MEMORY {
                let least = tree[&(group, outer)].max(tree[&(group, inner)]);
                tree.insert((group, outer), least);
            }
        }
        tree
    })
}

const MEMORY: [(CgroupFile, CgroupFile); 3] = [
    (CgroupFile::MemoryMin, CgroupFile::MemoryLow),
    (CgroupFile::MemoryLow, CgroupFile::MemoryHigh),
    (CgroupFile::MemoryHigh, CgroupFile::MemoryMax),
];

fn broken(tree: &Tree) -> Option<String> {
    for (&(group, file), &level) in tree {
        for outer in GROUPS.into_iter().filter(|outer| group.starts_with(&format!("{outer}/"))) {
            if let (Level::Amount(inner), Level::Amount(most)) = (level, tree[&(outer, file)])
                && inner > most
                && file != CgroupFile::CpuBurst
            {
                return Some(format!("{file} of {group} above {outer}"));
            }
        }
    }
    let pairs = MEMORY.into_iter().chain([(CgroupFile::CpuBurst, CgroupFile::CpuMax)]);
    for (inner, outer) in pairs {
        if let Some(group) = GROUPS.into_iter().find(|group| tree[&(*group, inner)] > tree[&(*group, outer)]) {
            return Some(format!("{inner} of {group} above its {outer}"));
        }
    }
    None
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn no_prefix_of_a_plan_breaks_a_rule(from in tree(), to in tree(), turn in 0_usize..36) {
        prop_assume!(broken(&from).is_none() && broken(&to).is_none());
        let mut changes: Vec<Change> =
            to.iter().map(|(&(group, file), &level)| change(group, file, from[&(group, file)], level)).collect();
        let expected = plan(changes.clone()).expect("sound changes");
        changes.rotate_left(turn);
        prop_assert_eq!(&plan(changes).expect("sound changes"), &expected, "the order of changes");
        let mut now = from;
        for setting in &expected {
            let place = *to.keys().find(|place| (place.0, place.1) == (&*setting.cgroup, setting.file)).expect("a place");
            now.insert(place, to[&place]);
            prop_assert_eq!(broken(&now), None, "after {}", setting);
        }
        prop_assert_eq!(now, to);
    }
}
