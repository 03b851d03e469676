//! Record and rerun: what happened to a scheduler, and what it decided, as compact bytes that run again, bit for bit or under
//! other policies. docs/record.md describes the format.
//!
//! ```
//! use sched_core::record::{Record, RecordOptions, Recorder, RerunOptions};
//! use sched_core::{Event, NodeSpec, PodSpec, ProfileSet, Scheduler};
//! let profiles = ProfileSet::builtin();
//! let mut recorder = Recorder::new(profiles.get("kube-default").unwrap(), 42, RecordOptions::default())?;
//! for (name, cpu) in [("small", 2_000), ("large", 8_000)] {
//!     let allocatable = [("cpu".into(), cpu), ("memory".into(), 8 << 30), ("pods".into(), 110)].into();
//!     recorder.apply(&Event::NodeAdded(NodeSpec { name: name.into(), allocatable, ..NodeSpec::default() }), 0)?;
//! }
//! let mut kept = recorder.take();             // append it to a file, now and then
//! let pod = PodSpec { namespace: "default".into(), name: "web".into(), ..PodSpec::default() };
//! let pod = recorder.add_pod(&pod)?;
//! recorder.schedule(pod, 1_000)?;
//! kept.extend(recorder.take());
//!
//! let record = Record::open(&kept)?;
//! let rerun = record.rerun(&mut record.scheduler()?, RerunOptions::default())?;
//! assert!(rerun.is_equal() && rerun.decisions == 1);
//!
//! let mut other = Scheduler::new(profiles.get("recommended").unwrap(), 42)?;
//! let rerun = record.rerun(&mut other, RerunOptions::other_policies())?;
//! for difference in &rerun.differences {
//!     println!("{} went to {:?}, would go to {:?}", difference.pod, difference.recorded, difference.now);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod anonymise;
mod block;
mod decide;
mod difference;
mod entry;
mod error;
mod ledger;
mod log;
mod player;
mod reader;
mod recorder;
mod rerun;
mod rewrite;
mod settings;
#[cfg(test)]
mod tests;
mod words;
mod writer;

pub use difference::{Difference, Outcome, Standing};
pub use entry::{FORMAT_VERSION, Header};
pub use error::RecordError;
pub use recorder::{RecordOptions, Recorder};
pub use rerun::{Compare, Course, Rerun, RerunOptions};
pub use rewrite::Anonymised;

use crate::config::Profile;
use crate::explain::Explanation;
use crate::pipeline::Scheduler;
use reader::Reader;
use std::collections::BTreeMap;

/// The bytes of a record, in the order in which they were taken.
#[derive(Clone, Debug)]
pub struct Record<'b> {
    bytes: &'b [u8],
    header: Header,
}

impl<'b> Record<'b> {
    /// Reads the header. What follows is read when it is used.
    pub fn open(bytes: &'b [u8]) -> Result<Self, RecordError> {
        Reader::open(bytes).map(|(header, _)| Self { bytes, header })
    }

    /// What it says about itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The profile that it was recorded under.
    pub fn profile(&self) -> Result<Profile, RecordError> {
        let Some(text) = &self.header.profile else {
            let policies: Vec<&str> = self.header.policies.iter().map(|(name, _)| name.as_str()).collect();
            return Err(RecordError::NoProfile { policies: policies.join(", ") });
        };
        Ok(settings::read(text)?)
    }

    /// An empty scheduler as the recorded one was.
    pub fn scheduler(&self) -> Result<Scheduler, RecordError> {
        Ok(Scheduler::new(&self.profile()?, self.header.seed)?)
    }

    /// Does everything again with a scheduler that is empty as yet, and compares every decision. A record that ends before
    /// its time is run as far as it goes; see [`Rerun::damage`]. On the record's course and under its policies the scheduler is
    /// afterwards in the state that the recorded one was in.
    pub fn rerun(&self, scheduler: &mut Scheduler, options: RerunOptions) -> Result<Rerun, RecordError> {
        player::rerun(self.bytes, scheduler, options)
    }

    /// The record without names, which runs again with the same decisions. Every name of a node, namespace, pod, label, taint,
    /// image, owner, volume or address becomes a numbered word, the same one everywhere, in the profile too; reasons go.
    /// What stays: quantities, times, names of resources and policies, well-known keys and kinds of Kubernetes, labels'
    /// values that are whole numbers, and the order in which nodes win ties.
    pub fn anonymised(&self) -> Result<Anonymised, RecordError> {
        rewrite::anonymised(self)
    }
}

/// For each reason, on how many nodes it stood in the way, by reason; all of them where the pod was rejected as a whole.
fn counted(explanation: &Explanation) -> Vec<(String, u32)> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for reason in explanation.rejected.iter().flat_map(|rejection| &rejection.reasons) {
        *counts.entry(reason).or_default() += 1;
    }
    for reason in explanation.rejected_outright.iter().flat_map(|outright| &outright.reasons) {
        counts.insert(reason, explanation.nodes as u32);
    }
    counts.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
}
