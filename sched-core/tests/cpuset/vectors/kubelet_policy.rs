//! The kubelet's whole static policy: options, reserved CPUs, hints, their merge, allocation and release.

use super::files::{Folder, Machines, note, report, set};
use sched_core::cpuset::{
    Compatibility, Hint, NumaSet, Reserved, StaticPolicy, StaticPolicyError, StaticPolicyOptions, Topology,
    TopologyPolicy,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    id: String,
    topology: String,
    options: Vec<String>,
    tm_policy: TopologyPolicy,
    num_reserved: i64,
    reserved_set: String,
    reserved: String,
    reserved_physical: String,
    default_start: String,
    error: Option<String>,
    ops: Option<Vec<Op>>,
    /// The kubelet's answers depend on memory that its subsets share.
    #[serde(default)]
    alias_affected: bool,
    #[serde(default)]
    hang: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Op {
    #[serde(rename = "op")]
    kind: String,
    pod: String,
    #[serde(default)]
    want: i64,
    hints: Option<Vec<RecordedHint>>,
    merged: Option<RecordedHint>,
    admit: Option<bool>,
    expect: Option<String>,
    error: Option<String>,
    default_after: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedHint {
    numa: Option<Vec<u32>>,
    preferred: bool,
}

impl RecordedHint {
    fn hint(&self, topology: &Topology) -> Hint {
        let numas = self.numa.as_ref().map(|numas| NumaSet::of(topology, numas));
        Hint { numas, preferred: self.preferred }
    }
}

impl Scenario {
    fn policy(&self, topology: &Topology) -> Result<StaticPolicy, StaticPolicyError> {
        let options = StaticPolicyOptions::of_names(self.options.iter().map(String::as_str))?;
        let reserved = match self.reserved_set.as_str() {
            "" => Reserved::Count(self.num_reserved),
            cpus => Reserved::Cpus(set(cpus)),
        };
        // Its own answers are asked for where they depend on its faults.
        let compatibility = if self.alias_affected { Compatibility::Kubelet } else { Compatibility::Repaired };
        let policy = StaticPolicy::new(topology.clone(), options, self.tm_policy, &reserved)?;
        Ok(policy.with_compatibility(compatibility))
    }

    fn run(&self, machines: &Machines) -> Result<(), String> {
        let topology = machines.of(&self.topology);
        let policy = self.policy(topology).map_err(|error| error.to_string());
        let mut policy = match (policy, &self.error) {
            (Ok(policy), None) => policy,
            (policy, error) => return same("start", &policy.err(), error),
        };
        same("reserved", policy.reserved(), &set(&self.reserved))?;
        same("reserved cores", &policy.reserved_cores(), &set(&self.reserved_physical))?;
        same("start of the pool", policy.shared(), &set(&self.default_start))?;
        for op in self.ops.iter().flatten() {
            match op.kind.as_str() {
                "alloc" => op.allocate(&mut policy, topology)?,
                "free" => drop(policy.free(&op.pod).map_err(|error| error.to_string())?),
                other => return Err(format!("op `{other}`")),
            }
            same(&format!("pool after {} {}", op.kind, op.pod), policy.shared(), &set(&op.default_after))?;
        }
        Ok(())
    }

    /// The same requests where the kubelet's answers are no measure: counts and pools must add up.
    fn holds(&self, machines: &Machines) -> Result<(), String> {
        let mut policy = self.policy(machines.of(&self.topology)).map_err(|error| error.to_string())?;
        for op in self.ops.iter().flatten() {
            let before = policy.available();
            if op.kind == "free" {
                drop(policy.free(&op.pod));
            } else if let Ok(cpus) = policy.admit(&op.pod, op.want, &[]) {
                let fits = cpus.len() as i64 == op.want && cpus.is_subset(&before);
                same(&format!("{}: {cpus:?} of {before:?}", op.pod), &fits, &true)?;
            }
        }
        Ok(())
    }
}

impl Op {
    fn allocate(&self, policy: &mut StaticPolicy, topology: &Topology) -> Result<(), String> {
        let hints = policy.hints(self.want);
        if let Some(theirs) = &self.hints {
            let theirs: Vec<Hint> = theirs.iter().map(|hint| hint.hint(topology)).collect();
            same(&format!("hints of {}", self.pod), &hints, &theirs)?;
        }
        let merged = policy.merge(hints, &[]).map_err(|error| error.to_string())?;
        same(
            &format!("merged hint of {}", self.pod),
            &Some(merged.hint),
            &self.merged.as_ref().map(|hint| hint.hint(topology)),
        )?;
        same(&format!("admission of {}", self.pod), &Some(merged.admit), &self.admit)?;
        if !merged.admit {
            let refused = policy.admit(&self.pod, self.want, &[]);
            return same("refusal", &refused, &Err(StaticPolicyError::NotAligned { container: self.pod.clone() }));
        }
        let ours = policy.admit(&self.pod, self.want, &[]);
        let ours = ours.map_or_else(|error| error.to_string(), |cpus| cpus.to_string());
        let theirs = self.expect.clone().or_else(|| self.error.clone()).unwrap_or_default();
        same(&format!("cpus of {}", self.pod), &ours, &theirs)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?} instead of {theirs:?}")) }
}

#[test]
fn scenarios_of_vectors_are_the_kubelets() {
    let Some(folder) = Folder::open() else { return };
    let scenarios = folder.cases::<Scenario>("kubelet_policy");
    let (mut wrong, mut ops) = (Vec::new(), 0);
    for (place, scenario) in &scenarios {
        ops += scenario.ops.iter().flatten().count();
        let ran = if scenario.hang { scenario.holds(&folder.machines) } else { scenario.run(&folder.machines) };
        wrong.extend(ran.err().map(|error| format!("{place} {}: {error}", scenario.id)));
    }
    note(&format!("static policy: {ops} operations"));
    report("static policy", scenarios.len(), &wrong);
}
