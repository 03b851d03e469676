//! A record that exists, without its names.

use super::anonymise::Names;
use super::entry::{Answer, Entry, Header};
use super::reader::Reader;
use super::writer::{Writer, size};
use super::{Record, RecordError, settings};
use crate::cluster::NodeSpec;
use crate::hash::{fnv1a, of_rank, rank};
use crate::limits::{MAX_RECORD_BLOCK_BYTES, RECORD_BLOCK_BYTES};

/// A record without names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anonymised {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Why it ends before its time, if the original did.
    pub damage: Option<RecordError>,
}

pub(super) fn anonymised(record: &Record<'_>) -> Result<Anonymised, RecordError> {
    let mut names = Names::default();
    let (Header { library, seed, policies, profile: _, anonymised: _ }, entries) = Reader::open(record.bytes)?;
    // The profile of policies of the embedder's own is not there, and theirs is theirs to change.
    let profile = record.header.profile.is_some().then(|| record.profile()).transpose()?;
    let profile = profile.map(|profile| settings::anonymised(&profile, &mut names));
    let ties = Ties::of(record.bytes, seed)?;
    let mut writer = Writer::new(&Header { library, seed: 0, policies, profile, anonymised: true });
    let mut damage = None;
    for read in entries {
        match read {
            Ok(mut read) => {
                replace(&mut read.entry, &mut names, &ties, read.at)?;
                let bytes = size(&read.entry);
                if bytes > MAX_RECORD_BLOCK_BYTES - RECORD_BLOCK_BYTES {
                    // Words can be longer than what they stand for.
                    return Err(RecordError::Block { at: read.at, bytes });
                }
                writer.write(read.now_ms, &read.entry);
            }
            Err(error) => damage = Some(error),
        }
    }
    Ok(Anonymised { bytes: writer.take(), damage })
}

/// How nodes stand in ties: their ranks in order, of which the places alone are kept.
struct Ties {
    seed: u64,
    ranks: Vec<u64>,
}

impl Ties {
    fn of(bytes: &[u8], seed: u64) -> Result<Self, RecordError> {
        let mut ranks = Vec::new();
        for read in Reader::open(bytes)?.1.flatten() {
            if let Entry::NodeAdded { tie, spec, .. } = &read.entry {
                ranks.push(own_rank(seed, *tie, spec));
            }
        }
        ranks.sort_unstable();
        ranks.dedup();
        Ok(Self { seed, ranks })
    }

    /// The hash whose rank under seed 0 is the node's place.
    fn place(&self, tie: Option<u64>, spec: &NodeSpec) -> u64 {
        let own = own_rank(self.seed, tie, spec);
        of_rank(self.ranks.partition_point(|&rank| rank < own) as u64)
    }
}

fn own_rank(seed: u64, tie: Option<u64>, spec: &NodeSpec) -> u64 {
    rank(seed, tie.unwrap_or_else(|| fnv1a(spec.name.as_bytes())))
}

fn replace(entry: &mut Entry<'_>, names: &mut Names, ties: &Ties, at: usize) -> Result<(), RecordError> {
    match entry {
        Entry::Kind { kind: _, namespace, template } => {
            names.template(template.to_mut());
            names.namespace(namespace.to_mut());
        }
        Entry::NodeAdded { node: _, tie, spec } => {
            *tie = Some(ties.place(*tie, spec));
            names.node(spec.to_mut());
        }
        Entry::NodeChanged { spec } => names.node(spec.to_mut()),
        Entry::PodAdded { name, .. } => *name = names.next_pod().into(),
        Entry::Marked { node: _, mark } => mark.iter_mut().for_each(|mark| names.mark(mark.to_mut())),
        Entry::Decided { pod: _, answer: Answer::Nowhere { reasons } } => *reasons = None,
        Entry::Swapped { profile: Some(text) } => {
            let problem = |error| RecordError::Contradiction { at, problem: format!("the policy: {error}") };
            *text = settings::anonymised(&settings::read(text).map_err(problem)?, names);
        }
        Entry::NodeRemoved { .. }
        | Entry::PodChanged { .. }
        | Entry::PodBound { .. }
        | Entry::PodRemoved { .. }
        | Entry::NodeSample { .. }
        | Entry::PodSample { .. }
        | Entry::Tick
        | Entry::Decided { .. }
        | Entry::Looked { .. }
        | Entry::Reserved { .. }
        | Entry::Committed { .. }
        | Entry::RolledBack { .. }
        | Entry::Swapped { profile: None } => {}
        Entry::Operated { .. }
        | Entry::Restored { .. }
        | Entry::GangOpened { .. }
        | Entry::GangPlaced { .. }
        | Entry::GangCommitted { .. }
        | Entry::GangRolledBack { .. } => return Err(RecordError::Ledger { at }),
    }
    Ok(())
}
