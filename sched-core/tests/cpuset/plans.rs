//! Plans are safe at every step, whatever the machine, the settings and the containers.

use crate::random::machines;
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::colocation::Qos;
use sched_core::cpuset::{ContainerCpus, CpuSet, Exclusive, Level, Plan, PoolConfig, PoolError, Pools};
use std::collections::BTreeMap;

pub(crate) type Running = BTreeMap<String, CpuSet>;

pub(crate) fn running(pools: &Pools) -> Running {
    pools.bindings().into_iter().map(|(name, binding)| (name.to_owned(), binding.cpus)).collect()
}

/// Whether a container with CPUs of its own shares no core (or node) with others but for what it lends.
fn level(spec: &ContainerCpus) -> Option<Level> {
    match (spec.class, spec.exclusive) {
        (_, Exclusive::Numa) => Some(Level::Numa),
        (Qos::Lsx, _) | (_, Exclusive::Core) => Some(Level::Core),
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
            Qos::Lsr => config.lsr_lends_percent,
            Qos::Ls => config.ls_lends_percent,
            _ => 0,
        };
        let lends = cpus.len() * usize::from(percent) / 100;
        for (other, theirs) in running.iter().filter(|(other, _)| *other != name) {
            let borrows = matches!(pools.members()[other].spec.class, Qos::Be | Qos::Ot);
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
    Add(Qos, i64, Exclusive, Vec<u32>),
    Remove(Index),
    Limit(Option<usize>),
}

fn changes() -> impl Strategy<Value = Change> {
    let class = prop_oneof![Just(Qos::Lsx), Just(Qos::Lsr), Just(Qos::Ls), Just(Qos::Be), Just(Qos::Ot)];
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
            let gives_back = match change {
                Change::Add(..) => false,
                Change::Remove(_) => !before.is_empty(),
                Change::Limit(_) => true,
            };
            let changed = match change {
                Change::Add(class, own, exclusive, numas) => {
                    let owns = own > 0 && class <= Qos::Ls;
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
    fn a_machine_on_which_everyone_runs_everywhere_is_put_in_order(
        machine in machines(), list in proptest::collection::vec((0_usize..5, 1_i64..5), 1..12),
    ) {
        let everywhere = machine.topology.online().clone();
        let mut pools = Pools::new(machine.topology, PoolConfig::default()).unwrap();
        for (index, (class, own)) in list.into_iter().enumerate() {
            let class = [Qos::Lsx, Qos::Lsr, Qos::Ls, Qos::Be, Qos::Ot][class];
            drop(pools.add(ContainerCpus::new(format!("c{index}"), class, if class.online() { own } else { 0 })));
        }
        let mut now: Running = pools.members().keys().map(|name| (name.clone(), everywhere.clone())).collect();
        let plan = pools.plan_from(&now).unwrap();
        for step in plan.steps {
            prop_assert!(!step.to.cpus.is_empty() && step.to.cpus.is_subset(&now[&step.container]));
            now.insert(step.container, step.to.cpus);
        }
        prop_assert_eq!(now, running(&pools));
    }

    #[test]
    fn what_was_removed_can_be_added_again(machine in machines(), wants in proptest::collection::vec((0_usize..3, 1_i64..6), 1..10), which: Index) {
        let config = PoolConfig { min_shared: 0, ..PoolConfig::default() };
        let mut pools = Pools::new(machine.topology, config).unwrap();
        for (index, (class, own)) in wants.iter().enumerate() {
            let class = [Qos::Lsx, Qos::Lsr, Qos::Ls][*class];
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
