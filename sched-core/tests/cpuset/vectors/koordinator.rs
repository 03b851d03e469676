//! What Koordinator takes.

use super::files::{Folder, Machines, report, set};
use sched_core::cpuset::{Allocated, BindPolicy, BindRequest, Exclusive, Exclusivity, NumaStrategy, take_bound};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    topology: String,
    max_ref: u16,
    bind: String,
    exclusive: String,
    strategy: NumaStrategy,
    allocated: Vec<Group>,
    avail: String,
    preferred: String,
    want: i64,
    expect: Option<String>,
    error: Option<String>,
    #[serde(default)]
    bug_wrong_size: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    cpus: String,
    r#ref: u16,
    exclusive: String,
}

fn exclusive(text: &str) -> Exclusive {
    match text {
        "" | "None" => Exclusive::None,
        "PCPULevel" => Exclusive::Core,
        "NUMANodeLevel" => Exclusive::Numa,
        other => panic!("exclusive policy `{other}`"),
    }
}

fn bind(text: &str) -> BindPolicy {
    match text {
        "FullPCPUs" => BindPolicy::FullPCPUs,
        "SpreadByPCPUs" | "ConstrainedBurst" | "Default" => BindPolicy::SpreadByPCPUs,
        other => panic!("bind policy `{other}`"),
    }
}

impl Case {
    fn wrong(&self, machines: &Machines) -> Option<String> {
        let (available, preferred) = (set(&self.avail), set(&self.preferred));
        let group = |group: &Group| Allocated {
            cpus: set(&group.cpus),
            references: group.r#ref,
            exclusive: exclusive(&group.exclusive),
        };
        let allocated: Vec<Allocated> = self.allocated.iter().map(group).collect();
        let request = BindRequest {
            available: &available,
            preferred: &preferred,
            allocated: &allocated,
            max_references: self.max_ref,
            want: self.want,
            bind: bind(&self.bind),
            exclusive: exclusive(&self.exclusive),
            exclusivity: Exclusivity::Preferred,
            strategy: self.strategy,
        };
        let taken = take_bound(machines.of(&self.topology), &request);
        if let Ok(taken) = &taken {
            let half = taken.cpus.len() as i64 != self.want.max(0) || !taken.cpus.is_subset(&available);
            if half {
                return Some(format!("{}: took {:?} of {available:?}, want {}", self.id, taken.cpus, self.want));
            }
        }
        // Koordinator says the same without the counts.
        let ours = match taken {
            Ok(taken) => taken.cpus.to_string(),
            Err(error) => error.to_string().split(':').next().unwrap_or_default().to_owned(),
        };
        let theirs = self.expect.as_ref().or(self.error.as_ref()).filter(|_| !self.bug_wrong_size);
        let theirs = theirs.filter(|theirs| **theirs != ours)?;
        Some(format!("{} on {}: `{ours}` instead of `{theirs}`", self.id, self.topology))
    }
}

#[test]
fn cpus_of_vectors_are_koordinators_or_as_many_as_asked_where_those_are_not() {
    let Some(folder) = Folder::open() else { return };
    for file in ["koord_take", "koord_table"] {
        let cases = folder.cases::<Case>(file);
        let wrong = cases.iter().filter_map(|(place, case)| Some(format!("{place} {}", case.wrong(&folder.machines)?)));
        report(file, cases.len(), &wrong.collect::<Vec<_>>());
    }
}
