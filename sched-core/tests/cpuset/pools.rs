//! The pools of QoS classes, and plans that are safe at every step.

use crate::random::{machine, machines};
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::cpuset::{
    ContainerCpus, CpuSet, Exclusive, Level, Member, Plan, PoolConfig, PoolError, Pools, QosClass, Topology,
};
use std::collections::BTreeMap;

type Running = BTreeMap<String, CpuSet>;

fn running(pools: &Pools) -> Running {
    pools.bindings().into_iter().map(|(name, binding)| (name.to_owned(), binding.cpus)).collect()
}

/// Whether a container with CPUs of its own shares no core (or node) with others but for what it lends.
fn level(spec: &ContainerCpus) -> Option<Level> {
    match (spec.class, spec.exclusive) {
        (_, Exclusive::Numa) => Some(Level::Numa),
        (QosClass::Lsx, _) | (_, Exclusive::Core) => Some(Level::Core),
        (_, Exclusive::None) => None,
    }
}

/// Every pair of containers, CPU by CPU: the rules once more, without a set operation of the library's.
fn safe(pools: &Pools, config: &PoolConfig, running: &Running) -> Result<(), String> {
    let topology = pools.topology();
    for (name, cpus) in running {
        if cpus.is_empty() {
            return Err(format!("{name} has no cpu"));
        }
        if cpus.iter().any(|cpu| config.reserved.contains(cpu)) {
            return Err(format!("{name} on reserved cpus"));
        }
        let spec = &pools.members()[name].spec;
        if spec.own == 0 {
            continue;
        }
        let percent = match spec.class {
            QosClass::Lsr => config.lsr_lends_percent,
            QosClass::Ls => config.ls_lends_percent,
            _ => 0,
        };
        let lends = cpus.len() * usize::from(percent) / 100;
        for (other, theirs) in running.iter().filter(|(other, _)| *other != name) {
            let borrows = matches!(pools.members()[other].spec.class, QosClass::Be | QosClass::Ot);
            let close = |a: u16, b: u16| match level(spec) {
                None => a == b,
                Some(level) => topology.number_of(level, a) == topology.number_of(level, b),
            };
            let near: Vec<u16> = theirs.iter().filter(|b| cpus.iter().any(|a| close(a, *b))).collect();
            let lent = borrows && near.len() <= lends && near.iter().all(|cpu| cpus.contains(*cpu));
            if !near.is_empty() && !lent {
                return Err(format!("{other} on {theirs}, beside {name} on {cpus}"));
            }
        }
    }
    Ok(())
}

/// Carries out a plan, with a look after each step.
fn carry_out(pools: &Pools, config: &PoolConfig, plan: &Plan, running: &mut Running) -> Result<(), String> {
    for (index, step) in plan.steps.iter().enumerate() {
        let from = step.from.as_ref().map(|binding| &binding.cpus);
        if step.index != index || from != running.get(&step.container) {
            return Err(format!("{step:?} does not follow from {running:?}"));
        }
        let topology = pools.topology();
        let on = |node: &&u32| topology.cpus_of(Level::Numa, **node).iter().any(|cpu| step.to.cpus.contains(*cpu));
        if !step.to.mems.iter().eq(topology.numbers(Level::Numa).iter().filter(on)) {
            return Err(format!("{step:?}: memory does not go with the cpus"));
        }
        running.insert(step.container.clone(), step.to.cpus.clone());
        safe(pools, config, running).map_err(|error| format!("after {step:?}: {error}"))?;
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Change {
    Add(QosClass, i64, Exclusive, Vec<u32>),
    Remove(Index),
    Limit(Option<usize>),
}

fn changes() -> impl Strategy<Value = Change> {
    let class = prop_oneof![
        Just(QosClass::Lsx),
        Just(QosClass::Lsr),
        Just(QosClass::Ls),
        Just(QosClass::Be),
        Just(QosClass::Ot)
    ];
    let exclusive = prop_oneof![4 => Just(Exclusive::None), 3 => Just(Exclusive::Core), 1 => Just(Exclusive::Numa)];
    let add = (class, 0_i64..7, exclusive, proptest::collection::vec(0_u32..4, 0..2));
    prop_oneof![
        6 => add.prop_map(|(class, own, exclusive, numas)| Change::Add(class, own, exclusive, numas)),
        2 => any::<Index>().prop_map(Change::Remove),
        1 => proptest::option::of(0_usize..20).prop_map(Change::Limit),
    ]
}

fn configs() -> impl Strategy<Value = PoolConfig> {
    (0_usize..4, 0_usize..5, 0_u8..=100, 0_u8..=100, 0_usize..3, 0_usize..=4).prop_map(
        |(reserved, be_own, lsr_lends_percent, ls_lends_percent, min_shared, max_rebinds)| {
            let reserved = (0..reserved as u16).collect();
            PoolConfig { reserved, be_own, lsr_lends_percent, ls_lends_percent, min_shared, max_rebinds }
        },
    )
}

fn own(pools: &Pools) -> BTreeMap<String, CpuSet> {
    pools.members().iter().map(|(name, member)| (name.clone(), member.own.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn plans_are_safe_at_every_prefix_and_lead_to_what_is_wanted(
        machine in machines(), config in configs(), list in proptest::collection::vec(changes(), 1..20), stop: Index,
    ) {
        let config = PoolConfig { reserved: config.reserved.intersection(machine.topology.online()), ..config };
        let Ok(mut pools) = Pools::new(machine.topology.clone(), config.clone()) else { return Ok(()) };
        let mut now = running(&pools);
        for (index, change) in list.into_iter().enumerate() {
            let before = own(&pools);
            // Whoever gives back is never refused.
            let gives_back = !matches!(change, Change::Add(..)) && !(matches!(change, Change::Remove(_)) && before.is_empty());
            let changed = match change {
                Change::Add(class, own, exclusive, numas) => {
                    let owns = own > 0 && class <= QosClass::Ls;
                    let (own, exclusive) = if owns { (own, exclusive) } else { (0, Exclusive::None) };
                    let numas = numas.into_iter().filter(|_| owns).collect();
                    pools.add(ContainerCpus { container: format!("c{index}"), class, own, exclusive, numas, chosen: None })
                }
                Change::Remove(which) if !before.is_empty() => {
                    let name = (*which.get(&before.keys().collect::<Vec<_>>())).clone();
                    now.remove(&name);
                    pools.remove(&name)
                }
                Change::Remove(_) => Err(PoolError::Unknown(String::new())),
                Change::Limit(cpus) => pools.limit_best_effort(cpus),
            };
            let after = own(&pools);
            prop_assert!(changed.is_ok() || !gives_back, "{:?}", changed);
            let moved = before.iter().filter(|(name, cpus)| after.get(*name).is_some_and(|after| after != *cpus)).count();
            prop_assert!(moved <= config.max_rebinds);
            let Ok(plan) = changed else {
                prop_assert_eq!(before, after);
                continue;
            };
            let mut interrupted = now.clone();
            let done = stop.index(plan.steps.len() + 1);
            for step in &plan.steps[..done] {
                interrupted.insert(step.container.clone(), step.to.cpus.clone());
            }
            let carried_out = carry_out(&pools, &config, &plan, &mut now);
            prop_assert!(carried_out.is_ok(), "{}", carried_out.unwrap_err());
            prop_assert_eq!(&now, &running(&pools));
            // Whoever was interrupted arrives at the same, from what is there or from the plan.
            let rest = pools.plan_from(&interrupted).unwrap();
            let carried_out = carry_out(&pools, &config, &rest, &mut interrupted);
            prop_assert!(carried_out.is_ok(), "{}", carried_out.unwrap_err());
            prop_assert_eq!(&interrupted, &now);
            prop_assert_eq!(plan.after(done).len(), plan.steps.len() - done);
            for (name, member) in pools.members() {
                prop_assert_eq!(member.own.len() as i64, member.spec.own, "{}", name);
            }
            // A restart knows everything from what is there.
            let restored = Pools::restore(machine.topology.clone(), config.clone(), pools.members().values().cloned());
            prop_assert_eq!(own(&restored.unwrap()), after);
        }
    }

    #[test]
    fn what_was_removed_can_be_added_again(machine in machines(), wants in proptest::collection::vec((0_usize..3, 1_i64..6), 1..10), which: Index) {
        let config = PoolConfig { min_shared: 0, ..PoolConfig::default() };
        let mut pools = Pools::new(machine.topology, config).unwrap();
        for (index, (class, own)) in wants.iter().enumerate() {
            let class = [QosClass::Lsx, QosClass::Lsr, QosClass::Ls][*class];
            drop(pools.add(ContainerCpus::new(format!("c{index}"), class, *own)));
        }
        prop_assume!(!pools.members().is_empty());
        let name = (*which.get(&pools.members().keys().collect::<Vec<_>>())).clone();
        let spec = pools.members()[&name].spec.clone();
        let shared = pools.shared();
        pools.remove(&name).unwrap();
        prop_assert!(shared.is_subset(&pools.shared()));
        pools.add(spec).unwrap();
    }
}

/// Two nodes of four cores of two threads: cpus 0-7 and 8-15.
fn two_nodes() -> Topology {
    machine([2, 1, 1, 4, 2], &[], &[]).topology
}

fn pools(config: PoolConfig) -> Pools {
    Pools::new(two_nodes(), config).unwrap()
}

fn cpus(pools: &Pools, container: &str) -> String {
    pools.bindings()[container].cpus.to_string()
}

#[test]
fn best_effort_runs_on_its_own_the_shared_pool_and_what_is_lent() {
    let config = PoolConfig { be_own: 2, ls_lends_percent: 50, lsr_lends_percent: 100, ..PoolConfig::default() };
    let mut pools = pools(config);
    for (name, class, own) in [("x", QosClass::Lsx, 3), ("r", QosClass::Lsr, 2), ("o", QosClass::Ls, 2)] {
        pools.add(ContainerCpus::new(name, class, own)).unwrap();
    }
    for (name, class) in [("s", QosClass::Ls), ("b", QosClass::Be), ("t", QosClass::Ot)] {
        pools.add(ContainerCpus::new(name, class, 0)).unwrap();
    }
    // The fuller node is filled first. The sibling of the third cpu of x idles; best effort's own are 14-15.
    let all = ["x", "r", "o", "s", "b", "t"].map(|name| cpus(&pools, name));
    assert_eq!(all, ["8-10", "12-13", "0-1", "2-7", "1-7,12-15", "1-7,12-15"]);
    assert_eq!(pools.bindings()["s"].mems, [0]);
    assert_eq!(pools.bindings()["b"].mems, [0, 1]);
}

#[test]
fn suppressed_best_effort_keeps_its_own_cpus_first_and_never_less_than_one() {
    let mut pools = pools(PoolConfig { be_own: 2, ..PoolConfig::default() });
    pools.add(ContainerCpus::new("b", QosClass::Be, 0)).unwrap();
    let plan = pools.limit_best_effort(Some(3)).unwrap();
    assert_eq!((plan.steps.len(), cpus(&pools, "b").as_str()), (1, "0,14-15"));
    pools.limit_best_effort(Some(0)).unwrap();
    assert_eq!(cpus(&pools, "b"), "14");
    pools.limit_best_effort(None).unwrap();
    assert_eq!(cpus(&pools, "b"), "0-15");
}

fn threads(name: &str, own: i64, numas: Vec<u32>) -> ContainerCpus {
    ContainerCpus { exclusive: Exclusive::None, numas, ..ContainerCpus::new(name, QosClass::Lsr, own) }
}

/// A machine on which each core of node 0 has one thread taken.
fn fragmented(max_rebinds: usize) -> Pools {
    let mut pools = pools(PoolConfig { max_rebinds, min_shared: 0, ..PoolConfig::default() });
    for (name, cpu) in [("a", 0), ("b", 2), ("c", 4), ("d", 6)] {
        pools.add(ContainerCpus { chosen: Some([cpu].into_iter().collect()), ..threads(name, 1, vec![]) }).unwrap();
    }
    // Whoever was chosen for stays; here they shall not.
    let members = pools.members().values().cloned().map(|mut member| {
        member.spec.chosen = None;
        member
    });
    let config = PoolConfig { max_rebinds, min_shared: 0, ..PoolConfig::default() };
    Pools::restore(two_nodes(), config, members).unwrap()
}

fn whole_core() -> ContainerCpus {
    ContainerCpus { numas: vec![0], ..ContainerCpus::new("x", QosClass::Lsx, 2) }
}

#[test]
fn a_container_moves_where_fragmentation_blocks_a_whole_core() {
    let mut pools = fragmented(1);
    let plan = pools.add(whole_core()).unwrap();
    let steps: Vec<String> = plan.steps.iter().map(|step| format!("{} to {}", step.container, step.to.cpus)).collect();
    assert_eq!(steps, ["a to 3", "x to 0-1"]);
}

#[test]
fn nobody_moves_where_that_is_not_allowed_or_the_cpus_were_chosen() {
    let refused = fragmented(0).add(whole_core()).unwrap_err();
    assert!(matches!(refused, PoolError::NoRoom { moves: 0, .. }), "{refused}");
    let mut pools = fragmented(0);
    let more = ContainerCpus { chosen: Some([8].into_iter().collect()), ..threads("e", 1, vec![]) };
    pools.add(more).unwrap();
    assert!(pools.add(ContainerCpus { numas: vec![0], ..whole_core() }).is_err());
}

#[test]
fn lsr_and_ls_of_threads_may_share_a_core_and_lsx_shares_with_nobody() {
    let mut pools = pools(PoolConfig::default());
    pools.add(threads("a", 1, vec![])).unwrap();
    pools.add(threads("b", 1, vec![])).unwrap();
    pools.add(ContainerCpus::new("x", QosClass::Lsx, 1)).unwrap();
    assert_eq!(["a", "b", "x"].map(|name| cpus(&pools, name)), ["0", "1", "2"]);
    assert_eq!(pools.shared().to_string(), "4-15");
}

#[test]
fn a_single_thread_breaks_no_whole_core_while_there_is_a_broken_one() {
    let mut pools = pools(PoolConfig::default());
    let chosen = ContainerCpus { chosen: Some([5].into_iter().collect()), ..threads("a", 1, vec![]) };
    pools.add(chosen).unwrap();
    pools.add(threads("b", 1, vec![])).unwrap();
    assert_eq!(cpus(&pools, "b"), "4");
}

#[test]
fn a_scheduler_may_have_chosen_the_cpus() {
    let mut pools = pools(PoolConfig::default());
    let chosen = |name: &str, cpus: &str| ContainerCpus {
        chosen: Some(cpus.parse().unwrap()),
        ..ContainerCpus::new(name, QosClass::Lsx, 2)
    };
    pools.add(chosen("x", "12-13")).unwrap();
    assert_eq!(cpus(&pools, "x"), "12-13");
    let taken = PoolError::NotUsable { container: "y".into(), cpus: "13".parse().unwrap() };
    assert_eq!(pools.add(chosen("y", "13-14")), Err(taken));
    assert!(matches!(pools.add(chosen("y", "1-3")), Err(PoolError::NotUsable { .. })));
}

#[test]
fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let mut pools = pools(PoolConfig { min_shared: 4, ..PoolConfig::default() });
    pools.add(ContainerCpus::new("s", QosClass::Ls, 0)).unwrap();
    let before = running(&pools);
    let refused = [
        (ContainerCpus::new("s", QosClass::Be, 0), PoolError::Duplicate("s".into())),
        (ContainerCpus::new("x", QosClass::Lsx, 0), PoolError::NotPositive { container: "x".into(), own: 0 }),
        (ContainerCpus::new("x", QosClass::Ls, -1), PoolError::NotPositive { container: "x".into(), own: -1 }),
        (ContainerCpus::new("x", QosClass::Be, 1), PoolError::HasNoOwn { container: "x".into() }),
        (
            ContainerCpus::new("x", QosClass::Lsr, 13),
            PoolError::PoolTooSmall { container: "x".into(), left: 2, least: 4 },
        ),
    ];
    for (spec, error) in refused {
        assert_eq!(pools.add(spec), Err(error));
    }
    assert_eq!(pools.remove("y"), Err(PoolError::Unknown("y".into())));
    assert!(matches!(pools.add(ContainerCpus::new("x", QosClass::Lsr, 17)), Err(PoolError::NoRoom { .. })));
    assert_eq!(running(&pools), before);
}

#[test]
fn settings_that_no_machine_can_keep_are_refused() {
    for config in [
        PoolConfig { lsr_lends_percent: 101, ..PoolConfig::default() },
        PoolConfig { max_rebinds: 5, ..PoolConfig::default() },
        PoolConfig { be_own: 16, ..PoolConfig::default() },
        PoolConfig { reserved: [16].into_iter().collect(), ..PoolConfig::default() },
    ] {
        assert!(Pools::new(two_nodes(), config.clone()).is_err(), "{config:?}");
    }
}

#[test]
fn a_restart_that_finds_two_on_one_core_says_who() {
    let mut members: Vec<_> = fragmented(0).members().values().cloned().collect();
    members[1].own = members[0].own.clone();
    let error = Pools::restore(two_nodes(), PoolConfig::default(), members).unwrap_err();
    assert_eq!(error, PoolError::NotUsable { container: "b".into(), cpus: [0].into_iter().collect() });
}

#[test]
fn members_and_settings_are_plain_data() {
    let pools = fragmented(1);
    for member in pools.members().values() {
        let text = serde_json::to_string(member).unwrap();
        assert_eq!(serde_json::from_str::<Member>(&text).unwrap(), *member);
    }
    let text = serde_json::to_string(&pools.members()["b"]).unwrap();
    let expected =
        r#"{"spec":{"container":"b","class":"LSR","own":1,"exclusive":"None","numas":[],"chosen":null},"own":"2"}"#;
    assert_eq!(text, expected);
    let config: PoolConfig = serde_json::from_str(r#"{"reserved": "0-1", "lsrLendsPercent": 50}"#).unwrap();
    assert_eq!(
        config,
        PoolConfig { reserved: [0, 1].into_iter().collect(), lsr_lends_percent: 50, ..PoolConfig::default() }
    );
    let refused = serde_json::from_str::<PoolConfig>(r#"{"reserved": "1-0"}"#).unwrap_err().to_string();
    assert!(refused.contains("range `1-0` in a list of cpus ends before it starts"), "{refused}");
}
