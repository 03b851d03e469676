//! The sandbox as an attacker sees it: each module of `fixtures/hostile` has one fault, which ends in the error that is named
//! here, and costs its host and the other policies nothing.

use crate::hostile_table::{MODULES, Stage};
use crate::site::{Site, folder, hostile, plain, policy};
use policy_sdk::abi::Policy;
use policy_sdk::testing::{Options, check};
use sched_core::ProfileError;
use sched_core::abi::FailureMode;
use sched_core::wasm::{WasmError, WasmPolicy, WasmPolicyConfig};
use std::process::Command;

/// Stack of the thread that the modules are loaded and called in.
const SMALL_STACK: usize = 256 << 10;

/// Rounds before memory is first looked at, and after which it must be what it was.
const ROUNDS: [usize; 2] = [1, 4];

/// Bytes by which a process may have grown after the second: what an allocator keeps, and less than one instance takes.
const SLACK: usize = 8 << 20;

fn on_a_small_thread(body: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(body).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn every_fault_has_its_error_and_harms_nobody() {
    on_a_small_thread(|| {
        for (name, stage) in MODULES {
            contained(name, stage);
        }
    });
}

#[test]
fn every_module_of_the_folder_is_told_what_it_does_wrong() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .inspect(|path| assert!(std::fs::read_to_string(path).unwrap().starts_with(";; "), "{}", path.display()))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut named: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    assert_eq!(files, named);
    assert!(named.len() >= 40);
}

#[test]
fn memory_is_back_where_it_was() {
    // In a process of its own: other tests take memory too.
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program);
    let output = child.args(["--exact", "hostile::rounds_of_all_faults", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "its process is measured: `memory_is_back_where_it_was` runs it"]
fn rounds_of_all_faults() {
    let rounds = |count: usize| {
        // Those that use up the fuel of a setup take long, and no memory that the others do not.
        let slow = |stage: &Stage| matches!(stage, Stage::Load(text) | Stage::Configure(text) | Stage::SetUp(text) if text.contains("fuel"));
        for (name, stage) in (0..count).flat_map(|_| MODULES).filter(|(_, stage)| !slow(stage)) {
            contained(name, stage);
        }
        resident_bytes()
    };
    if let [Some(before), Some(after)] = ROUNDS.map(rounds) {
        println!("{before} bytes, then {after}");
        assert!(after <= before + SLACK, "{before} bytes became {after}");
    }
}

/// Bytes that the process holds, where the system says so.
fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kb| kb << 10)
}

/// A module is refused, or fails, at its stage and with its error, and everything else is as if it were not there.
fn contained(name: &str, stage: &Stage) {
    let module = match (hostile(name), stage) {
        (Err(error), Stage::Load(text)) => return named(name, &error, text),
        (Err(error), _) => panic!("{name}: {error}"),
        (Ok(module), _) => module,
    };
    match stage {
        Stage::Load(_) => panic!("{name}: was loaded"),
        Stage::Configure(text) => match policy(&module, None).err() {
            Some(error) => named(name, &error, text),
            None => panic!("{name}: was taken"),
        },
        Stage::SetUp(text) => refused(name, || policy(&module, None).unwrap(), text),
        Stage::Call(text) | Stage::Sometimes(text) => {
            abstains(name, policy(&module, Some(FailureMode::Abstain)).unwrap());
            let explains = matches!(stage, Stage::Call(_));
            rejects(name, policy(&module, Some(FailureMode::Reject)).unwrap(), text, explains);
        }
        Stage::Otherwise(text) => otherwise(name, policy(&module, None).unwrap(), text),
        Stage::Harmless => harmless(name, policy(&module, None).unwrap()),
    }
}

fn named(name: &str, error: &WasmError, text: &str) {
    let said = error.to_string();
    assert!(said.contains(text), "{name}: {said}");
    assert!(said.len() < 10_000 && !said.contains(char::is_control), "{name}: {said}");
}

/// The policy in whose place it was to go stays, and nothing that it asked for does.
fn refused(name: &str, make: impl Fn() -> WasmPolicy, text: &str) {
    let mut site = Site::new(Some(plain()));
    let before = (site.choices(), site.fit(), site.scheduler.cluster().dump(), site.scheduler.cluster().stats());
    for _ in 0..2 {
        let Err(ProfileError::Setup { problem, .. }) = site.scheduler.swap_policy(Box::new(make())) else {
            panic!("{name}: was taken")
        };
        assert!(problem.contains(text), "{name}: {problem}");
    }
    let after = (site.choices(), site.fit(), site.scheduler.cluster().dump(), site.scheduler.cluster().stats());
    assert_eq!(after, before, "{name}");
    assert_eq!(site.statistics().failures, 0, "{name}");
}

/// Without it: the decision is that of the other policies.
fn abstains(name: &str, policy: WasmPolicy) {
    let mut alone = Site::new(None);
    let mut site = Site::new(Some(policy));
    for round in 0..2 {
        assert_eq!(site.choices(), alone.choices(), "{name}, round {round}");
        assert_eq!(site.fit(), alone.fit(), "{name}, round {round}");
    }
    let statistics = site.statistics();
    assert!(statistics.failed_decisions >= 3 && statistics.quarantined, "{name}: {statistics:?}");
}

/// No node is feasible, for a reason that names it; and once another is in its place, nothing of it is left.
fn rejects(name: &str, policy: WasmPolicy, text: &str, explains: bool) {
    let mut site = Site::new(Some(policy));
    assert_eq!(site.choices(), [None, None], "{name}");
    assert_eq!(site.fit().0, Site::new(None).fit().0, "{name}");
    let explanation = site.scheduler.explain(site.pod, 0).unwrap().to_string();
    assert_eq!(explanation.contains("policy Plain failed"), explains, "{name}: {explanation}");
    let old = site.scheduler.swap_policy(Box::new(plain())).unwrap();
    let problem = old.last_problem().unwrap();
    assert!(problem.contains(text), "{name}: {problem}");
    let mut other = Site::new(Some(plain()));
    assert_eq!((site.choices(), site.fit()), (other.choices(), other.fit()), "{name}");
}

/// Asked about ranges of rows instead, it answers.
fn otherwise(name: &str, policy: WasmPolicy, text: &str) {
    let (mut site, mut other) = (Site::new(Some(policy)), Site::new(Some(plain())));
    assert_eq!((site.choices(), site.fit()), (other.choices(), other.fit()), "{name}");
    let statistics = site.statistics();
    assert!(statistics.failures > 0 && statistics.failed_decisions == 0, "{name}: {statistics:?}");
    let old = site.scheduler.swap_policy(Box::new(plain())).unwrap();
    let problem = old.last_problem().unwrap();
    assert!(problem.contains(text), "{name}: {problem}");
}

/// It does no worse than to give answers that are its own.
fn harmless(name: &str, policy: WasmPolicy) {
    let (mut site, mut alone) = (Site::new(Some(policy)), Site::new(None));
    for _ in 0..2 {
        let feasible = site.choices().map(|choice| choice.map(|(_, _, feasible)| feasible));
        assert_eq!(feasible, [Some(3); 2], "{name}");
        assert_eq!(site.fit(), alone.fit(), "{name}");
    }
    assert_eq!(site.statistics().failures, 0, "{name}");
}

#[test]
fn the_kit_finds_what_the_host_cannot_see() {
    let found = [
        ("remembers-in-a-global", "forgets"),
        ("remembers-in-memory", "forgets"),
        ("scribbles-on-columns", "row_local"),
    ];
    for (name, law) in found {
        let module = hostile(name).unwrap();
        let make = || -> Box<dyn Policy> {
            Box::new(WasmPolicy::new(&module, WasmPolicyConfig::default()).expect("settings with defaults"))
        };
        let report = check(&make, &Options { cases: 20, ..Options::default() });
        assert!(!report.passed(), "{name}: {report}");
        assert!(report.to_string().contains(&format!("law `{law}` is broken")), "{name}: {report}");
    }
}
