//! Exclusivity that is required: refused or kept, against every other container whatever that one asks for.

use crate::random::machines;
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::cpuset::{
    Allocated, BindPolicy, BindRequest, CpuSet, Exclusive, Exclusivity, Level, NumaStrategy, Topology, take_bound,
};

fn request<'a>(
    available: &'a CpuSet,
    preferred: &'a CpuSet,
    allocated: &'a [Allocated],
    exclusive: Exclusive,
    want: i64,
) -> BindRequest<'a> {
    BindRequest {
        available,
        preferred,
        allocated,
        max_references: 1,
        want,
        bind: BindPolicy::SpreadByPCPUs,
        exclusive,
        exclusivity: Exclusivity::Required,
        strategy: NumaStrategy::LeastAllocated,
    }
}

/// Every CPU of one with every CPU of the other.
fn apart(topology: &Topology, a: &Allocated, b: &Allocated) -> bool {
    let level = |mark| match mark {
        Exclusive::None => None,
        Exclusive::Core => Some(Level::Core),
        Exclusive::Numa => Some(Level::Numa),
    };
    let meets = |level, x, y| topology.number_of(level, x) == topology.number_of(level, y);
    let levels = [level(a.exclusive), level(b.exclusive)];
    let met = |x, y| x == y || levels.into_iter().flatten().any(|level| meets(level, x, y));
    !a.cpus.iter().any(|x| b.cpus.iter().any(|y| met(x, y)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exclusive_containers_share_nothing_with_anyone(
        machine in machines(),
        list in proptest::collection::vec((0_u8..6, 1_i64..6, any::<Index>(), any::<bool>()), 1..30),
    ) {
        let topology = &machine.topology;
        let mut held: Vec<Allocated> = Vec::new();
        for (what, want, which, full) in list {
            if what == 0 && !held.is_empty() {
                held.swap_remove(which.index(held.len()));
                continue;
            }
            let mut free = topology.online().clone();
            for other in &held {
                free.subtract(&other.cpus);
            }
            let exclusive = [Exclusive::None, Exclusive::Core, Exclusive::Numa][usize::from(what) % 3];
            let none = CpuSet::new();
            let bind = if full { BindPolicy::FullPCPUs } else { BindPolicy::SpreadByPCPUs };
            let asked = BindRequest { bind, ..request(&free, &none, &held, exclusive, want) };
            if let Ok(taken) = take_bound(topology, &asked) {
                let new = Allocated { cpus: taken.cpus, references: 1, exclusive };
                for other in &held {
                    prop_assert!(apart(topology, &new, other), "{:?} beside {:?}", new, other);
                }
                held.push(new);
            } else {
                // Nothing was kept back: of what is free too little is apart from all others.
                let alone = |cpu: &u16| {
                    let new = Allocated { cpus: [*cpu].into_iter().collect(), references: 1, exclusive };
                    held.iter().all(|other| apart(topology, &new, other))
                };
                prop_assert!((free.iter().filter(alone).count() as i64) < want);
            }
        }
    }
}

#[test]
fn a_core_of_ones_own_is_refused_where_koordinator_would_share_it() {
    let topology = crate::random::machine([1, 1, 1, 2, 2], &[], &[]).topology;
    let none = CpuSet::new();
    let other = Allocated { cpus: "0,2".parse().unwrap(), references: 1, exclusive: Exclusive::None };
    let free = "1,3".parse().unwrap();
    let held = [other];
    let required = request(&free, &none, &held, Exclusive::Core, 1);
    assert!(take_bound(&topology, &required).is_err());
    let preferred = BindRequest { exclusivity: Exclusivity::Preferred, ..required };
    assert_eq!(take_bound(&topology, &preferred).unwrap().cpus.to_string(), "1");
}
