//! What every allocator keeps, whatever the machine: counts, free sets, limits, and equality with slow references.

use crate::random::{Machine, largest, machines, with_free};
use crate::{reference, reference_bound};
use proptest::prelude::*;
use sched_core::cpuset::{
    Allocated, BindPolicy, BindRequest, Compatibility, CpuSet, Distribution, Exclusive, Exclusivity, Level,
    NumaStrategy, Reserved, Sorting, StaticPolicy, StaticPolicyOptions, TakeError, Taken, Topology, TopologyPolicy,
    take_bound, take_distributed, take_packed,
};
use sched_core::limits;

fn sortings() -> impl Strategy<Value = Sorting> {
    prop_oneof![Just(Sorting::Packed), Just(Sorting::Spread)]
}

/// As many as asked, all of them free, or nothing because there are fewer.
fn keeps_count(free: &CpuSet, want: i64, taken: Result<Taken, TakeError>) -> Result<(), TestCaseError> {
    let (requested, available) = (want.max(0) as usize, free.len());
    match taken {
        Ok(taken) => {
            prop_assert_eq!(taken.cpus.len(), requested);
            prop_assert!(taken.cpus.is_subset(free));
        }
        Err(error) => {
            prop_assert_eq!(error, TakeError::NotEnough { requested, available });
            prop_assert!(requested > available);
        }
    }
    Ok(())
}

fn bound<'a>(free: &'a CpuSet, preferred: &'a CpuSet, want: i64, how: (bool, bool)) -> BindRequest<'a> {
    BindRequest {
        available: free,
        preferred,
        allocated: &[],
        max_references: 1,
        want,
        bind: if how.0 { BindPolicy::FullPCPUs } else { BindPolicy::SpreadByPCPUs },
        exclusive: Exclusive::None,
        exclusivity: Exclusivity::Required,
        strategy: if how.1 { NumaStrategy::MostAllocated } else { NumaStrategy::LeastAllocated },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn allocated_is_what_was_requested_and_was_free(
        (machine, free) in with_free(), want in -2_i64..80, group in 1_usize..5, sorting in sortings(), uncore: bool, how: (bool, bool), kubelets: bool,
    ) {
        let topology = &machine.topology;
        keeps_count(&free, want, take_packed(topology, &free, want, sorting, uncore))?;
        let compatibility = if kubelets { Compatibility::Kubelet } else { Compatibility::Repaired };
        keeps_count(&free, want, take_distributed(topology, &free, want, &Distribution { group, sorting, compatibility }))?;
        let preferred: CpuSet = free.iter().filter(|cpu| cpu % 3 == 0).collect();
        keeps_count(&free, want, take_bound(topology, &bound(&free, &preferred, want, how)))?;
    }

    #[test]
    fn packed_equals_the_slow_reference((machine, free) in with_free(), want in 0_usize..72, sorting in sortings(), uncore: bool) {
        let want = want % (free.len() + 1);
        let taken = take_packed(&machine.topology, &free, want as i64, sorting, uncore).unwrap();
        prop_assert_eq!(taken.cpus, reference::packed(&machine, &free, want, sorting, uncore));
    }

    #[test]
    fn distributed_equals_the_slow_reference((machine, free) in with_free(), want in 0_usize..72, group in 1_usize..5, sorting in sortings()) {
        let want = (want / group * group).min(free.len() / group * group);
        let taken = take_distributed(&machine.topology, &free, want as i64, &Distribution { group, sorting, ..Distribution::default() }).unwrap();
        prop_assert_eq!(taken.cpus, reference::distributed(&machine, &free, want, group, sorting));
    }

    #[test]
    fn bound_equals_the_slow_reference(
        (machine, free) in with_free(), want in 0_usize..72, full: bool, most: bool, preferred in any::<u64>(),
        max_references in 1_u16..3, wish in 0_usize..3, groups in proptest::collection::vec((any::<u64>(), 1_u16..3, 0_usize..3), 0..4),
    ) {
        let wishes = [Exclusive::None, Exclusive::Core, Exclusive::Numa];
        let some = |set: &CpuSet, bits: u64| set.iter().filter(|cpu| bits.rotate_left((cpu * 7).into()) % 3 == 0).collect::<CpuSet>();
        let mut left = machine.topology.online().clone();
        let mut allocated = Vec::new();
        for (bits, references, mark) in groups {
            let cpus = some(&left, bits);
            left.subtract(&cpus);
            allocated.push(Allocated { cpus, references, exclusive: wishes[mark] });
        }
        let want = want % (free.len() + 1);
        let preferred = some(&free, preferred);
        let request = BindRequest {
            allocated: &allocated,
            max_references,
            exclusive: wishes[wish],
            exclusivity: Exclusivity::Preferred,
            ..bound(&free, if preferred.len() % 2 == 0 { &preferred } else { &free }, want as i64, (full, most))
        };
        let taken = take_bound(&machine.topology, &request).unwrap();
        prop_assert_eq!(taken.cpus, reference_bound::bound(&machine, &request));
    }

    #[test]
    fn full_cores_break_no_core_while_whole_ones_do((machine, free) in with_free(), cores in 1_usize..20, how: bool) {
        let counts = machine.topology.counts();
        prop_assume!(counts.cpus == counts.cores * counts.per_core());
        let whole = |core: &u32| machine.topology.cpus_of(Level::Core, *core).iter().all(|cpu| free.contains(*cpu));
        prop_assume!(machine.topology.numbers(Level::Core).iter().filter(|core| whole(core)).count() >= cores);
        let want = (cores * counts.per_core()) as i64;
        let none = CpuSet::new();
        let taken = take_bound(&machine.topology, &bound(&free, &none, want, (true, how))).unwrap().cpus;
        prop_assert_eq!(machine.topology.siblings(&taken), taken);
    }

    #[test]
    fn what_was_released_can_be_allocated_again(machine in machines(), wants in proptest::collection::vec((0_usize..6, 1_i64..12), 1..24), options in 0_usize..4) {
        let mut policy = static_policy(&machine, options);
        let start = policy.shared().clone();
        for (slot, want) in wants {
            let name = slot.to_string();
            let before = policy.available();
            if let Ok(cpus) = policy.free(&name) {
                let again = policy.allocate(&name, cpus.len() as i64, None);
                prop_assert_eq!(again.map(|again| again.len()), Ok(cpus.len()));
                prop_assert_eq!(policy.free(&name).map(|again| again.len()), Ok(cpus.len()));
                prop_assert_eq!(policy.available(), before.union(&cpus));
            } else if let Ok(cpus) = policy.allocate(&name, want, None) {
                prop_assert_eq!(cpus.len() as i64, want);
                prop_assert_eq!(policy.available(), before.difference(&cpus));
            } else {
                prop_assert_eq!(policy.available(), before);
            }
            let mut all = policy.shared().clone();
            for cpus in policy.containers().values() {
                prop_assert!(all.is_disjoint(cpus));
                all.add(cpus);
            }
            prop_assert_eq!(&all, &start);
        }
    }
}

fn static_policy(machine: &Machine, options: usize) -> StaticPolicy {
    let options = StaticPolicyOptions {
        distribute_cpus_across_numa: options == 1,
        distribute_cpus_across_cores: options == 2,
        prefer_align_cpus_by_uncorecache: options == 3,
        ..StaticPolicyOptions::default()
    };
    let reserved = Reserved::Cpus(machine.cpus.iter().take(1).map(|place| place.cpu).collect());
    StaticPolicy::new(machine.topology.clone(), options, TopologyPolicy::BestEffort, &reserved).unwrap()
}

/// More than a few looks at each CPU and each comparison of nodes is a search without end.
fn bounded(topology: &Topology, taken: &Taken) {
    let most = 2 * limits::MAX_NUMA_SPREADS + 40 * topology.counts().cpus as u64;
    assert!(taken.steps <= most, "{} steps, {most} at most", taken.steps);
}

#[test]
fn no_answer_takes_more_than_a_bounded_number_of_steps() {
    let topology = largest();
    let online = topology.online().clone();
    let thirds: CpuSet = online.iter().filter(|cpu| (cpu / 3 + cpu / 64) % 3 > 0).collect();
    let uneven: CpuSet = online.iter().filter(|cpu| cpu % 64 < 20 + cpu / 64 % 40).collect();
    let none = CpuSet::new();
    for free in [&online, &thirds, &uneven] {
        for want in [1, 6, 30, 127, 1_022] {
            for sorting in [Sorting::Packed, Sorting::Spread] {
                bounded(&topology, &take_packed(&topology, free, want, sorting, true).unwrap());
                for group in [1, 2, 3] {
                    bounded(
                        &topology,
                        &take_distributed(
                            &topology,
                            free,
                            want,
                            &Distribution { group, sorting, ..Distribution::default() },
                        )
                        .unwrap(),
                    );
                }
            }
            let kubelets = Distribution { group: 2, compatibility: Compatibility::Kubelet, ..Distribution::default() };
            if want == 30 {
                bounded(&topology, &take_distributed(&topology, free, want, &kubelets).unwrap());
            }
            for how in [(true, true), (true, false), (false, true)] {
                bounded(&topology, &take_bound(&topology, &bound(free, &none, want, how)).unwrap());
            }
        }
    }
}
