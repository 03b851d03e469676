//! Machines from tables and from what `/sys` says, and what is refused.

use sched_core::cpuset::{
    Counts, CpuListError, CpuPlace, CpuSet, Level, SysError, SysFiles, Topology, TopologyError, TopologyTable,
};

macro_rules! machine {
    ($name:literal) => {
        read(include_str!(concat!("../fixtures/cpuset/", $name, ".txt")))
    };
}

fn read(text: &str) -> Topology {
    Topology::new(&TopologyTable::from_sys(&SysFiles::from_grep(text).unwrap()).unwrap()).unwrap()
}

fn set(text: &str) -> CpuSet {
    text.parse().unwrap()
}

fn counts(topology: &Topology) -> [usize; 5] {
    let Counts { cpus, cores, uncores, numas, sockets, .. } = topology.counts();
    [cpus, cores, uncores, numas, sockets]
}

#[test]
fn complexes_of_an_epyc_are_its_uncore_caches() {
    let epyc = machine!("epyc-1s-16c-smt-4ccx");
    assert_eq!(counts(&epyc), [32, 16, 4, 1, 1]);
    assert_eq!(epyc.cpus_of(Level::Uncore, 4), [4, 5, 6, 7, 20, 21, 22, 23]);
    assert_eq!(epyc.siblings(&set("3,20")), set("3-4,19-20"));
}

#[test]
fn nodes_within_a_socket_share_its_cache() {
    let xeon = machine!("xeon-2s-8c-smt-snc2");
    assert_eq!(counts(&xeon), [32, 16, 2, 4, 2]);
    assert_eq!(xeon.cpus_of(Level::Numa, 1), [2, 3, 6, 7, 18, 19, 22, 23]);
    assert_eq!((xeon.number_of(Level::Socket, 26), xeon.number_of(Level::Uncore, 26)), (Some(1), Some(8)));
}

#[test]
fn cores_of_a_hybrid_laptop_have_one_thread_or_two() {
    let laptop = machine!("hybrid-4p8e");
    assert_eq!(counts(&laptop), [16, 12, 1, 1, 1]);
    assert_eq!((laptop.cpus_of(Level::Core, 6), laptop.cpus_of(Level::Core, 9)), (&[6, 7][..], &[9][..]));
}

#[test]
fn cores_of_a_virtual_machine_are_told_apart_by_their_sockets() {
    assert_eq!(counts(&machine!("vm-8-sockets")), [8, 8, 8, 1, 8]);
}

#[test]
fn a_machine_without_nodes_and_packages_is_one_node_and_one_socket() {
    assert_eq!(counts(&machine!("arm-12c-no-numa")), [12, 12, 1, 1, 1]);
}

#[test]
fn offline_siblings_and_nodes_of_memory_alone_are_known_and_not_counted() {
    let epyc = machine!("epyc-1s-8c-siblings-offline");
    assert_eq!(counts(&epyc), [8, 8, 2, 1, 1]);
    assert_eq!(epyc.numbers(Level::Numa), [0, 1]);
    assert_eq!(epyc.check(&set("7-9")), Err(TopologyError::NotOnline { cpus: set("8-9") }));
}

fn place(cpu: u16, core: u32, numa: u32, socket: u32) -> CpuPlace {
    CpuPlace { cpu, core, uncore: socket, numa, socket }
}

fn refused(cpus: Vec<CpuPlace>) -> TopologyError {
    Topology::new(&TopologyTable { cpus, ..TopologyTable::default() }).unwrap_err()
}

#[test]
fn tables_that_are_no_machine_are_refused_by_what_is_wrong() {
    assert_eq!(refused(vec![]), TopologyError::Empty);
    assert_eq!(refused(vec![place(3, 0, 0, 0), place(3, 1, 0, 0)]), TopologyError::DuplicateCpu { cpu: 3 });
    let split = TopologyError::SplitCore { core: 7, level: Level::Socket, first: 0, second: 1 };
    assert_eq!(refused(vec![place(0, 7, 0, 0), place(1, 7, 0, 1)]), split);
    assert_eq!(refused(vec![place(8_192, 0, 0, 0)]), TopologyError::CpuTooHigh { cpu: 8_192 });
    let many = (0..4_097).map(|cpu| place(cpu, cpu.into(), 0, 0)).collect();
    assert_eq!(refused(many), TopologyError::TooManyCpus { cpus: 4_097 });
    let nodes = (0..65).map(|cpu| place(cpu, cpu.into(), cpu.into(), 0)).collect();
    assert_eq!(refused(nodes), TopologyError::TooManyNumaNodes { nodes: 65 });
    let cpus = vec![place(0, 0, 0, 0)];
    let both = TopologyTable { cpus: cpus.clone(), offline: set("0"), memory_nodes: vec![] };
    assert_eq!(Topology::new(&both).unwrap_err(), TopologyError::OnlineAndOffline { cpu: 0 });
    let memory = TopologyTable { cpus, memory_nodes: vec![0], ..TopologyTable::default() };
    assert_eq!(Topology::new(&memory).unwrap_err(), TopologyError::MemoryNodeWithCpus { node: 0, cpu: 0 });
}

#[test]
fn numbers_may_have_gaps_and_any_order() {
    let cpus = vec![place(90, 17, 5, 3), place(4, 17, 5, 3), place(31, 2, 60, 900)];
    let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() }).unwrap();
    assert_eq!(topology.numbers(Level::Numa), [5, 60]);
    assert_eq!(topology.cpus_of(Level::Core, 17), [4, 90]);
    assert_eq!(topology.number_of(Level::Socket, 31), Some(900));
}

fn sys(lines: &str) -> SysError {
    let files = SysFiles::from_grep(lines);
    files.and_then(|files| TopologyTable::from_sys(&files).map(drop)).unwrap_err()
}

#[test]
fn texts_that_are_no_machine_are_refused_with_the_file() {
    assert_eq!(sys(""), SysError::Missing { file: "cpu/online".into() });
    assert_eq!(sys("what"), SysError::NotGrep { line: 1 });
    let package = "cpu/cpu0/topology/physical_package_id";
    assert_eq!(sys("cpu/online:0"), SysError::Missing { file: package.into() });
    let number = SysError::Number { file: package.into(), text: "zero".into() };
    assert_eq!(sys(&format!("cpu/online:0\n{package}:zero")), number);
    let list = CpuListError::Syntax { part: "x".into() };
    assert_eq!(sys("cpu/online:x"), SysError::List { file: "cpu/online".into(), error: list });
    let two = "cpu/online:0\nnode/node0/cpulist:0\nnode/node1/cpulist:0";
    assert_eq!(sys(two), SysError::TwoNodes { cpu: 0, first: 0, second: 1 });
    assert_eq!(sys("cpu/online:0-1\nnode/node0/cpulist:1"), SysError::NoNode { cpu: 0 });
    let core = "cpu/cpu0/topology/core_cpus_list";
    let itself = SysError::NotItself { file: core.into(), cpu: 0 };
    assert_eq!(sys(&format!("cpu/online:0\n{package}:0\n{core}:1")), itself);
}
