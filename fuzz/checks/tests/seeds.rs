//! Every check holds for its seeds, for their beginnings, and for what becomes of them when a byte is another.

use sched_fuzz_checks::CHECKS;
use std::fs;
use std::path::Path;

/// How many beginnings and how many changed bytes of one seed are tried.
const CUTS: usize = 12;

#[test]
fn checks_hold_for_the_seeds_and_for_what_is_near_them() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds");
    for (name, check) in CHECKS {
        let folder = seeds.join(name);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for entry in entries {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            check(&bytes);
            for cut in 0..CUTS {
                let at = cut * bytes.len() / CUTS;
                check(&bytes[..at]);
                let mut changed = bytes.clone();
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1 << (cut % 8);
                    check(&changed);
                }
            }
            count += 1;
        }
        assert!(count > 0, "no seeds in {}", folder.display());
    }
}

#[test]
fn every_check_has_a_fuzz_target() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets");
    let manifest = fs::read_to_string(targets.join("../Cargo.toml")).unwrap();
    for (name, _) in CHECKS {
        let target = fs::read_to_string(targets.join(format!("{name}.rs"))).unwrap();
        assert!(target.contains(&format!("sched_fuzz_checks::{name}(")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    assert_eq!(fs::read_dir(targets).unwrap().count(), CHECKS.len());
}
