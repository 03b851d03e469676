//! `--record`: the one run as a file for `sched rerun`, written when the run is over.

use crate::args::ReplayArgs;
use crate::error::CliError;
use crate::files::Output;
use crate::numbers::plural;
use sched_core::Profile;
use sched_sim::Trace;
use std::cell::RefCell;
use std::path::Path;

/// The file, opened, and what goes into it.
pub(super) struct Recorded<'p> {
    output: Output,
    pub(super) profile: Option<&'p Profile>,
    bytes: RefCell<Vec<u8>>,
}

impl<'p> Recorded<'p> {
    /// Opens the file, if there is one run alone.
    pub(super) fn open(
        path: &Path,
        traces: &[Trace],
        profiles: &'p [Profile],
        args: &ReplayArgs,
    ) -> Result<Self, CliError> {
        let seeds = args.seeds.count() as usize;
        let ([profile], [_], 1) = (profiles, traces, seeds) else {
            let asked = [(traces.len(), "workload"), (profiles.len(), "profile"), (seeds, "seed")];
            let asked = asked.map(|(count, noun)| plural(count, noun)).join(", ");
            let what = "--record takes one run, of one workload, one --profile and one seed";
            return Err(CliError::Usage(format!("{what}, and not of {asked}")));
        };
        // A policy of the user's own is not in the record.
        let profile = args.policies.policy.is_empty().then_some(profile);
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
