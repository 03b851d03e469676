//! Blocks with good checksums and hostile contents: whoever can write a file can write those.

use super::entry::MAGIC;
use super::{Record, RecordError, RecordOptions, Recorder, RerunOptions, block};
use crate::cluster::{Event, NodeSpec, PodSpec, Sample};
use crate::config::ProfileSet;
use proptest::prelude::*;
use proptest::sample::Index;

/// A record with most entries, and its blocks unpacked.
fn blocks() -> Vec<Vec<u8>> {
    let profiles = ProfileSet::builtin();
    let mut recorder = Recorder::new(profiles.get("recommended").unwrap(), 1, RecordOptions::default()).unwrap();
    for name in ["a", "b"] {
        let allocatable = [("cpu".into(), 4_000), ("memory".into(), 8 << 30), ("pods".into(), 2)].into();
        let node = NodeSpec { name: name.into(), allocatable, ..NodeSpec::default() };
        recorder.apply(&Event::NodeAdded(node), 5_000).unwrap();
        let sample = Sample { at_ms: 5_000, window_ms: 1_000, cpu_milli: 100, memory_bytes: 1 << 20 };
        recorder.apply(&Event::NodeSample { name: name.into(), sample }, 6_000).unwrap();
        recorder.apply(&Event::Marked { name: name.into(), mark: None }, 6_000).unwrap();
    }
    for i in 0..6 {
        let pod = PodSpec { namespace: "default".into(), name: format!("pod-{i}"), ..PodSpec::default() };
        let pod = recorder.add_pod(&pod).unwrap();
        let _ = recorder.schedule(pod, 7_000 + i);
    }
    recorder.apply(&Event::PodRemoved { namespace: "default".into(), name: "pod-0".into() }, 8_000).unwrap();
    recorder.apply(&Event::NodeRemoved { name: "a".into() }, 9_000).unwrap();
    let bytes = recorder.take();
    let mut at = MAGIC.len() + 2;
    let mut blocks = Vec::new();
    while at < bytes.len() {
        let (raw, next) = block::open(&bytes, at).unwrap();
        blocks.push(raw);
        at = next;
    }
    blocks
}

fn sealed(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(super::FORMAT_VERSION.to_le_bytes());
    for raw in blocks {
        block::seal(raw, &mut bytes);
    }
    bytes
}

fn attempt(bytes: &[u8]) -> Result<(), RecordError> {
    let record = Record::open(bytes)?;
    let _ = record.anonymised();
    for options in [RerunOptions::default(), RerunOptions { course: super::Course::Own, ..RerunOptions::default() }] {
        record.rerun(&mut record.scheduler()?, options)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_096) })]

    #[test]
    fn no_contents_of_a_block_are_a_panic(
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let mut blocks = blocks();
        for (which, place, byte, how) in changes {
            let mut raw = which.get(&blocks).clone();
            let which = which.index(blocks.len());
            let place = place.index(raw.len().max(1));
            match how {
                0 if place < raw.len() => raw[place] = byte,
                1 => raw.insert(place.min(raw.len()), byte),
                _ => raw.truncate(place),
            }
            blocks[which] = raw;
        }
        let _ = attempt(&sealed(&blocks));
    }
}

#[test]
fn what_is_sealed_again_is_the_same_record() {
    assert_eq!(attempt(&sealed(&blocks())), Ok(()));
}

#[test]
fn a_block_that_claims_too_much_is_refused_before_it_is_unpacked() {
    let mut bytes = sealed(&[]);
    bytes.extend([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert_eq!(Record::open(&bytes).err(), Some(RecordError::Block { at: 10, bytes: u32::MAX as usize }));
}
