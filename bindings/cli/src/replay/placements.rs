//! `--placements`: a file for every run, in the form that the workloads' own `score.py` reads.

use crate::error::CliError;
use crate::files::Output;
use crate::values::Seeds;
use sched_core::Profile;
use sched_sim::{Comparison, Trace, write_placements};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files, opened, in the order of workloads, profiles and seeds.
pub(super) struct Placements {
    outputs: Vec<Output>,
}

impl Placements {
    /// Opens a file for every run. With one run that is `path` itself; with several its name is made longer by the
    /// workload, profile and seed, as far as there are several.
    pub(super) fn open(path: &Path, traces: &[Trace], profiles: &[Profile], seeds: Seeds) -> Result<Self, CliError> {
        if path.is_dir() || path.file_name().is_none() {
            let source = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(CliError::Write { path: path.to_owned(), source });
        }
        let mut names = Vec::new();
        for trace in traces {
            for profile in profiles {
                for seed in seeds.iter() {
                    let workload = (traces.len() > 1).then_some(trace.name.as_str());
                    let profile = (profiles.len() > 1).then_some(profile.name.as_str());
                    let seed = (seeds.count() > 1).then(|| seed.to_string());
                    let parts: Vec<&str> = [workload, profile, seed.as_deref()].into_iter().flatten().collect();
                    names.push(longer(path, &parts));
                }
            }
        }
        let distinct: BTreeSet<&PathBuf> = names.iter().collect();
        if distinct.len() < names.len() {
            let what = "two runs would write the same --placements file: workloads or profiles have the same name";
            return Err(CliError::Usage(what.to_owned()));
        }
        Ok(Self { outputs: names.iter().map(|name| Output::open(name)).collect::<Result<_, _>>()? })
    }

    pub(super) fn write(self, traces: &[Trace], results: &[Comparison]) -> Result<(), CliError> {
        let mut outputs = self.outputs.into_iter();
        for (trace, result) in traces.iter().zip(results) {
            let runs = result.profiles.iter().flat_map(|profile| &profile.runs);
            // The outputs go second: a run that is not there must not use one up.
            for (run, output) in runs.zip(outputs.by_ref()) {
                let mut csv = Vec::new();
                write_placements(trace, &run.placements, &mut csv)
                    .map_err(|source| CliError::Write { path: output.path().to_owned(), source })?;
                output.write(&csv)?;
            }
        }
        Ok(())
    }
}

/// `dir/placements.csv` with `a` and `b` is `dir/placements-a-b.csv`. What is odd in a file's name becomes `_`.
fn longer(path: &Path, parts: &[&str]) -> PathBuf {
    if parts.is_empty() {
        return path.to_owned();
    }
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    for part in parts {
        name.push("-");
        name.push(part.chars().map(plain).collect::<String>());
    }
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_grow_before_the_extension() {
        assert_eq!(longer(Path::new("d/p.csv"), &[]), Path::new("d/p.csv"));
        assert_eq!(longer(Path::new("d/p.csv"), &["recommended", "3"]), Path::new("d/p-recommended-3.csv"));
        assert_eq!(longer(Path::new("p"), &["../a b"]), Path::new("p-.._a_b"));
    }
}
