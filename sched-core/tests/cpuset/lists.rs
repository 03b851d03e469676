//! The kernel's list form.

use proptest::prelude::*;
use sched_core::cpuset::{CpuListError, CpuSet};

fn printed(text: &str) -> String {
    text.parse::<CpuSet>().unwrap().to_string()
}

#[test]
fn lists_are_read_as_the_kernel_reads_them() {
    let cases = [
        ("", ""),
        ("\n", ""),
        ("3", "3"),
        ("0-3,8\n", "0-3,8"),
        ("8,0-2,1-3", "0-3,8"),
        (" 1 ,,2 ", "1-2"),
        ("0-31:2/4", "0-1,4-5,8-9,12-13,16-17,20-21,24-25,28-29"),
        ("0-9:3/4", "0-2,4-6,8-9"),
        ("0-7:0/4", ""),
        ("5-6:2/2", "5-6"),
        ("8191", "8191"),
        ("0008", "8"),
    ];
    for (text, expected) in cases {
        assert_eq!(printed(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_list_is_refused_with_the_part_that_is_wrong() {
    let error = |text: &str| text.parse::<CpuSet>().unwrap_err();
    for part in ["x", "1-", "-1", "1--2", "1:1/2", "1-2:3", "+1", "1-2:1/2/3", "0x3", "1\n2", "１"] {
        assert_eq!(error(&format!("7,{part}")), CpuListError::Syntax { part: part.into() });
    }
    assert_eq!(error("4-3"), CpuListError::Backwards { part: "4-3".into() });
    for part in ["0-7:1/0", "0-7:5/4"] {
        assert_eq!(error(part), CpuListError::Stride { part: part.into() });
    }
    for part in ["8192", "0-99999999999999999999"] {
        assert_eq!(error(part), CpuListError::TooHigh { part: part.into() });
    }
    assert_eq!(error(&"0-8191:1/2,".repeat(3)), CpuListError::TooManyGroups);
    assert_eq!(error(&"1".repeat(70_000)), CpuListError::TooLong { bytes: 70_000 });
}

#[test]
fn every_set_within_the_limit_can_be_printed_and_read_back() {
    let odd: CpuSet = (0..=8_191).filter(|cpu| cpu % 2 == 1).collect();
    assert_eq!(printed(&odd.to_string()), odd.to_string());
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_equal(cpus in proptest::collection::btree_set(0_u16..300, 0..80)) {
        let set: CpuSet = cpus.iter().copied().collect();
        prop_assert_eq!(set.to_string().parse::<CpuSet>().unwrap(), set.clone());
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), cpus.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(set.len(), cpus.len());
    }

    #[test]
    fn sets_are_sets(a in proptest::collection::btree_set(0_u16..200, 0..60), b in proptest::collection::btree_set(0_u16..200, 0..60)) {
        let of = |cpus: &mut dyn Iterator<Item = u16>| cpus.collect::<CpuSet>();
        let (x, y) = (of(&mut a.iter().copied()), of(&mut b.iter().copied()));
        prop_assert_eq!(x.union(&y), of(&mut a.union(&b).copied()));
        prop_assert_eq!(x.intersection(&y), of(&mut a.intersection(&b).copied()));
        prop_assert_eq!(x.difference(&y), of(&mut a.difference(&b).copied()));
        prop_assert_eq!(x.common(&y), a.intersection(&b).count());
        prop_assert_eq!((x.is_subset(&y), x.is_disjoint(&y)), (a.is_subset(&b), a.is_disjoint(&b)));
        prop_assert_eq!(x.first(), a.first().copied());
    }

    #[test]
    fn any_text_is_refused_or_read(text in "[0-9,:/\\-n \\n]{0,60}") {
        if let Ok(set) = text.parse::<CpuSet>() {
            prop_assert_eq!(set.to_string().parse::<CpuSet>().unwrap(), set);
        }
    }
}
