//! The pools of QoS classes: who gets which CPUs, who moves, and what is refused.

use crate::plans::running;
use crate::random::machine;
use sched_core::colocation::Qos;
use sched_core::cpuset::{ContainerCpus, Exclusive, Member, PoolConfig, PoolError, Pools, Topology};

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
    for (name, class, own) in [("x", Qos::Lsx, 3), ("r", Qos::Lsr, 2), ("o", Qos::Ls, 2)] {
        pools.add(ContainerCpus::new(name, class, own)).unwrap();
    }
    for (name, class) in [("s", Qos::Ls), ("b", Qos::Be), ("t", Qos::Ot)] {
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
    pools.add(ContainerCpus::new("b", Qos::Be, 0)).unwrap();
    let plan = pools.limit_best_effort(Some(3)).unwrap();
    assert_eq!((plan.steps.len(), cpus(&pools, "b").as_str()), (1, "0,14-15"));
    pools.limit_best_effort(Some(0)).unwrap();
    assert_eq!(cpus(&pools, "b"), "14");
    pools.limit_best_effort(None).unwrap();
    assert_eq!(cpus(&pools, "b"), "0-15");
}

fn threads(name: &str, own: i64, numas: Vec<u32>) -> ContainerCpus {
    ContainerCpus { exclusive: Exclusive::None, numas, ..ContainerCpus::new(name, Qos::Lsr, own) }
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
    ContainerCpus { numas: vec![0], ..ContainerCpus::new("x", Qos::Lsx, 2) }
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
    pools.add(ContainerCpus::new("x", Qos::Lsx, 1)).unwrap();
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
        ..ContainerCpus::new(name, Qos::Lsx, 2)
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
    pools.add(ContainerCpus::new("s", Qos::Ls, 0)).unwrap();
    let before = running(&pools);
    let refused = [
        (ContainerCpus::new("s", Qos::Be, 0), PoolError::Duplicate("s".into())),
        (ContainerCpus::new("x", Qos::Lsx, 0), PoolError::NotPositive { container: "x".into(), own: 0 }),
        (ContainerCpus::new("x", Qos::Ls, -1), PoolError::NotPositive { container: "x".into(), own: -1 }),
        (ContainerCpus::new("x", Qos::Be, 1), PoolError::HasNoOwn { container: "x".into() }),
        (ContainerCpus::new("x", Qos::Lsr, 13), PoolError::PoolTooSmall { container: "x".into(), left: 2, least: 4 }),
    ];
    for (spec, error) in refused {
        assert_eq!(pools.add(spec), Err(error));
    }
    assert_eq!(pools.remove("y"), Err(PoolError::Unknown("y".into())));
    assert!(matches!(pools.add(ContainerCpus::new("x", Qos::Lsr, 17)), Err(PoolError::NoRoom { .. })));
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

#[test]
fn two_that_stand_where_the_other_one_is_to_go_pass_each_other_by_a_part() {
    let lends_nothing = PoolConfig { lsr_lends_percent: 0, ..PoolConfig::default() };
    let owner = ContainerCpus { chosen: Some([4, 5].into_iter().collect()), ..ContainerCpus::new("o", Qos::Lsr, 2) };
    let mut pools = pools(lends_nothing);
    pools.add(owner).unwrap();
    pools.add(ContainerCpus::new("b", Qos::Be, 0)).unwrap();
    // As somebody left it: neither can go as a whole, nor give anything up and still run.
    let found = [("o", vec![1]), ("b", vec![4, 5])];
    let found = found.map(|(name, cpus)| (name.to_owned(), cpus.into_iter().collect())).into();
    let plan = pools.plan_from(&found).unwrap();
    let steps: Vec<String> = plan.steps.iter().map(|step| format!("{} {}", step.container, step.to.cpus)).collect();
    assert_eq!(steps, ["b 2-3,6-15", "o 4-5", "b 0-3,6-15"]);
}
