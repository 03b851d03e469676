//! What the kubelet takes, packed and distributed.

use super::Machines;
use super::files::{Folder, report, set};
use sched_core::cpuset::{
    Compatibility, CpuSet, Distribution, Sorting, TakeError, Taken, take_distributed, take_packed,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    topology: String,
    algo: String,
    sorting: String,
    prefer_uncore: bool,
    group: usize,
    #[serde(default, rename = "avail_kind")]
    _avail_kind: String,
    avail: String,
    want: i64,
    expect: Option<String>,
    error: Option<String>,
    #[serde(default)]
    hang: bool,
    expect_noalias: Option<String>,
    error_noalias: Option<String>,
    #[serde(default)]
    hang_noalias: bool,
    bug_not_available: Option<String>,
    #[serde(default)]
    bug_wrong_size: bool,
    table_expect: Option<String>,
    table_error: Option<String>,
}

impl Case {
    /// The answer that is right, where a peer gives it: not where it hangs, or takes what is not free, or too much.
    fn right(&self) -> Option<&str> {
        if let Some(repaired) = self.expect_noalias.as_deref().or(self.error_noalias.as_deref()) {
            return Some(repaired);
        }
        if self.hang || self.hang_noalias || self.bug_not_available.is_some() || self.bug_wrong_size {
            return None;
        }
        self.expect.as_deref().or(self.error.as_deref())
    }

    fn take(&self, machines: &Machines, avail: &CpuSet, compatibility: Compatibility) -> Result<Taken, TakeError> {
        let topology = machines.of(&self.topology);
        let sorting = if self.sorting == "spread" { Sorting::Spread } else { Sorting::Packed };
        match self.algo.as_str() {
            "packed" => take_packed(topology, avail, self.want, sorting, self.prefer_uncore),
            "distributed" => take_distributed(
                topology,
                avail,
                self.want,
                &Distribution { group: self.group, sorting, compatibility },
            ),
            other => panic!("algo `{other}`"),
        }
    }

    /// What differs from any of `theirs`, or from the rules of any answer.
    fn differs(&self, machines: &Machines, compatibility: Compatibility, theirs: &[Option<&str>]) -> Option<String> {
        let avail = set(&self.avail);
        let taken = self.take(machines, &avail, compatibility);
        if let Ok(taken) = &taken {
            let half = taken.cpus.len() as i64 != self.want.max(0) || !taken.cpus.is_subset(&avail);
            if half {
                return Some(format!("{}: took {:?} of {avail:?}, want {}", self.id, taken.cpus, self.want));
            }
        }
        let ours = taken.map_or_else(|error| error.to_string(), |taken| taken.cpus.to_string());
        let differs = theirs.iter().flatten().find(|theirs| **theirs != ours)?;
        Some(format!("{} on {}, {compatibility:?}: `{ours}` instead of `{differs}`", self.id, self.topology))
    }

    fn wrong(&self, machines: &Machines) -> Option<String> {
        let table = self.table_error.as_deref().or(self.table_expect.as_deref());
        self.differs(machines, Compatibility::Repaired, &[self.right(), table])
    }

    /// The kubelet's own answer, wherever it is as many free CPUs as asked.
    fn unlike_the_kubelet(&self, machines: &Machines) -> Option<String> {
        let sound = self.bug_not_available.is_none() && !self.bug_wrong_size;
        let theirs = self.expect.as_deref().or(self.error.as_deref()).filter(|_| sound);
        self.differs(machines, Compatibility::Kubelet, &[theirs])
    }
}

#[test]
fn cpus_of_vectors_are_the_kubelets_or_right_where_those_are_not() {
    let Some(folder) = Folder::open() else { return };
    for file in ["kubelet_take", "kubelet_table"] {
        let cases = folder.cases::<Case>(file);
        let wrong = cases.iter().filter_map(|(place, case)| Some(format!("{place} {}", case.wrong(&folder.machines)?)));
        report(file, cases.len(), &wrong.collect::<Vec<_>>());
    }
}

#[test]
fn cpus_of_vectors_are_the_kubelets_where_that_is_asked_for() {
    let Some(folder) = Folder::open() else { return };
    let cases = folder.cases::<Case>("kubelet_take");
    let wrong = cases
        .iter()
        .filter_map(|(place, case)| Some(format!("{place} {}", case.unlike_the_kubelet(&folder.machines)?)));
    report("kubelet_take, the kubelet's own", cases.len(), &wrong.collect::<Vec<_>>());
}
