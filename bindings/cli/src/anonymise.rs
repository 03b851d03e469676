//! `sched anonymise`: a record without names.

use crate::args::AnonymiseArgs;
use crate::error::CliError;
use crate::files::{Output, apart, read_bytes};
use crate::rerun::{damaged, wrong};
use sched_core::record::Record;

pub(crate) fn run(args: &AnonymiseArgs) -> Result<(), CliError> {
    apart([args.file.clone()], [args.output.as_path()])?;
    let bytes = read_bytes(&args.file)?;
    let record = Record::open(&bytes).map_err(wrong(&args.file))?;
    let anonymised = record.anonymised().map_err(wrong(&args.file))?;
    Output::open(&args.output)?.write(&anonymised.bytes)?;
    damaged(&args.file, anonymised.damage)
}
