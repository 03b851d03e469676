//! Whatever the bytes are, reading ends with objects or with a named error.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "functions that tests share")]

use proptest::prelude::*;
use sched_k8s::Loader;

const CLUSTER: &str = include_str!("data/cluster.yaml");

/// Pieces that sit where grammars bend.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\n",
    "\r\n",
    "---\n",
    "&a ",
    "*a",
    "!!int ",
    "- ",
    "  ",
    "\t",
    "|\n",
    "null",
    "-1",
    "1e999",
    "9223372036854775808",
    "\u{feff}",
    "<<: ",
];

#[derive(Clone, Debug)]
enum Change {
    Flip(usize, u8),
    Cut(usize, usize),
    Insert(usize, &'static str),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>().prop_map(|i| i.index(1 << 20));
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (at.clone(), 1_usize..80).prop_map(|(at, n)| Change::Cut(at, n)),
        (at.clone(), prop::sample::select(PIECES.to_vec())).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at, 1_usize..200).prop_map(|(at, n)| Change::Repeat(at, n)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let place = |at: usize, bytes: &[u8]| at % bytes.len().max(1);
    match *change {
        Change::Flip(at, with) => {
            let at = place(at, bytes);
            bytes[at] = with;
        }
        Change::Cut(at, n) => {
            let at = place(at, bytes);
            bytes.drain(at..(at + n).min(bytes.len().saturating_sub(1)).max(at));
        }
        Change::Insert(at, piece) => {
            let at = place(at, bytes);
            bytes.splice(at..at, piece.bytes());
        }
        Change::Repeat(at, n) => {
            let at = place(at, bytes);
            let part = bytes[at..(at + n).min(bytes.len())].to_vec();
            bytes.splice(at..at, part);
        }
    }
}

/// Reads into a loader that holds something; what is refused must not change it, what is accepted must make events.
fn read(bytes: &[u8]) {
    let mut loader = Loader::new();
    loader.read("kind: Node\nmetadata: {name: before}").unwrap();
    let before = loader.clone().finish();
    match loader.read_bytes(bytes) {
        Ok(()) => {
            let read = loader.finish();
            let _ = (read.events(), read.left_out());
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(loader.finish(), before);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
    }

    #[test]
    fn random_text_never_panics(text in "(\\PC|\n|[ :\\-\\[\\]{}\"'&*!|>,#]){0,120}") {
        read(text.as_bytes());
    }

    #[test]
    fn changed_yaml_never_panics(changes in prop::collection::vec(change(), 1..6)) {
        let mut bytes = CLUSTER.as_bytes().to_vec();
        for change in &changes {
            apply(&mut bytes, change);
        }
        read(&bytes);
    }

    #[test]
    fn changed_json_never_panics(changes in prop::collection::vec(change(), 1..6)) {
        let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(CLUSTER).unwrap();
        let mut bytes = documents.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").into_bytes();
        for change in &changes {
            apply(&mut bytes, change);
        }
        read(&bytes);
    }
}
