//! Records that were cut, damaged or made up.

use crate::common::generate::{any_profile, config};
use crate::history::{Recorded, history, rerun};
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::record::{FORMAT_VERSION, Record, RecordError, RecordOptions, Rerun, RerunOptions};

/// Runs whatever it is as far as it goes.
fn attempt(bytes: &[u8]) -> Result<Rerun, RecordError> {
    let record = Record::open(bytes)?;
    let _ = record.anonymised();
    record.rerun(&mut record.scheduler()?, RerunOptions::default())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn what_comes_before_a_torn_end_still_reruns(history in history(), profile in any_profile(), cut: Index) {
        let bytes = Recorded::under(&profile, 1, RecordOptions::default()).history(&history).bytes;
        let whole = rerun(&bytes).0;
        let cut = cut.index(bytes.len());
        match attempt(&bytes[..cut]) {
            Ok(Rerun { damage: Some(RecordError::Torn { at }), entries, different, .. }) => {
                prop_assert!(at < cut && entries <= whole.entries && different == 0);
            }
            // Between two blocks a record may end.
            Ok(Rerun { damage, different, .. }) => prop_assert!(damage.is_none() && different == 0),
            // Not even the header is all there.
            Err(error) => prop_assert!(matches!(error, RecordError::Torn { .. } | RecordError::NotARecord), "{error}"),
        }
    }

    #[test]
    fn a_changed_byte_is_found_where_it_is(
        history in history(), profile in any_profile(), place: Index, change in 1..=255_u8,
    ) {
        let mut bytes = Recorded::under(&profile, 1, RecordOptions::default()).history(&history).bytes;
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        let error = match attempt(&bytes) {
            Ok(rerun) => {
                prop_assert_eq!(rerun.different, 0);
                rerun.damage.expect("the damage")
            }
            Err(error) => error,
        };
        match error {
            RecordError::NotARecord | RecordError::Version(_) => prop_assert!(place < 10),
            RecordError::Torn { at } | RecordError::Checksum { at } | RecordError::Block { at, .. } => {
                prop_assert!(at <= place);
            }
            other => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn no_bytes_at_all_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = attempt(&bytes);
        let prefixed: Vec<u8> = b"schedlog\x01\x00".iter().copied().chain(bytes).collect();
        let _ = attempt(&prefixed);
    }
}

#[test]
fn an_unknown_format_is_named() {
    let mut bytes = b"schedlog".to_vec();
    bytes.extend((FORMAT_VERSION + 1).to_le_bytes());
    let error = Record::open(&bytes).unwrap_err();
    assert_eq!(error, RecordError::Version(FORMAT_VERSION + 1));
    assert_eq!(error.to_string(), "a record of format 3, this library reads formats up to 2");
    assert_eq!(Record::open(b"{}").unwrap_err(), RecordError::NotARecord);
}
