//! Records of inputs and decisions.

use sched_core::record::{Record, RerunOptions};

/// A record whose first block, the header, is right.
const GOOD: &[u8] = include_bytes!("../../../sched-core/tests/fixtures/record/format-1.schedlog");
/// What stands before the first block: a word and a version.
const BEFORE: usize = 10;
/// Two lengths and a checksum.
const HEAD: usize = 12;

/// Any bytes are no record, or one that runs as far as it goes; the same bytes as entries behind a header that is right.
pub fn record(bytes: &[u8]) {
    run(bytes);
    run(&entries(bytes));
}

fn run(bytes: &[u8]) {
    match Record::open(bytes).and_then(|record| Ok((record.scheduler()?, record))) {
        Ok((mut scheduler, record)) => {
            for result in
                [record.rerun(&mut scheduler, RerunOptions::default()).map(drop), record.anonymised().map(drop)]
            {
                assert!(result.err().is_none_or(|error| !error.to_string().is_empty()), "an error says nothing");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error says nothing"),
    }
}

/// A record of one block of entries.
fn entries(bytes: &[u8]) -> Vec<u8> {
    let packed = GOOD.get(BEFORE..).and_then(<[u8]>::first_chunk).map_or(0, |length| u32::from_le_bytes(*length));
    let mut record = GOOD.get(..BEFORE + HEAD + packed as usize).unwrap_or(GOOD).to_vec();
    let packed = lz4_flex::block::compress(bytes);
    let mut checked: Vec<u8> = [packed.len() as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
    record.extend_from_slice(&checked);
    checked.extend_from_slice(&packed);
    record.extend_from_slice(&crc32fast::hash(&checked).to_le_bytes());
    record.extend_from_slice(&packed);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_right_and_no_entries_are_fine() {
        let bytes = entries(&[]);
        let record = Record::open(&bytes).unwrap();
        let rerun = record.rerun(&mut record.scheduler().unwrap(), RerunOptions::default()).unwrap();
        assert!(rerun.damage.is_none() && rerun.entries == 0, "{rerun:?}");
    }
}
