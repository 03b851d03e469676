//! `--record`: the one run as a file for `sched rerun`, written when the run is over.

use crate::error::CliError;
use crate::files::Output;
use crate::numbers::plural;
use crate::values::Seeds;
use sched_core::Profile;
use sched_sim::Trace;
use std::cell::RefCell;
use std::path::Path;

/// The file, opened, and what goes into it.
pub(super) struct Recorded<'p> {
    output: Output,
    pub(super) profile: &'p Profile,
    bytes: RefCell<Vec<u8>>,
}

impl<'p> Recorded<'p> {
    /// Opens the file, if there is one run alone.
    pub(super) fn open(path: &Path, traces: &[Trace], profiles: &'p [Profile], seeds: Seeds) -> Result<Self, CliError> {
        let ([profile], [_], 1) = (profiles, traces, seeds.count()) else {
            let asked = [(traces.len(), "workload"), (profiles.len(), "profile"), (seeds.count() as usize, "seed")];
            let asked = asked.map(|(count, noun)| plural(count, noun)).join(", ");
            let what = "--record takes one run, of one workload, one --profile and one seed";
            return Err(CliError::Usage(format!("{what}, and not of {asked}")));
        };
        Ok(Self { output: Output::open(path)?, profile, bytes: RefCell::default() })
    }

    /// Takes the next piece.
    pub(super) fn append(&self, piece: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(piece);
    }

    pub(super) fn write(self) -> Result<(), CliError> {
        self.output.write(self.bytes.into_inner())
    }
}
