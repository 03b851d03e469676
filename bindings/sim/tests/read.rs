//! Good files, and every way in which a file can be bad: each is an error that names the place.
#![allow(clippy::unwrap_used, reason = "functions that tests share")]

use sched_sim::read::{HotNodesFiles, Input, Problem, ReadError, hot_nodes, openb};
use sched_sim::resource::{GPU, GPU_MILLI, GPU_MODEL, MEMORY};
use sched_sim::{Trace, sample};

const NODES: &str = "node,cpu_milli\nn0,32000\nn1,16000\n";
const PODS: &str = "pod,app,arrive_min,end_min,request_milli\np0,a,0,10,500\np1,b,3,2880,1000\n";

fn apps(values: &str) -> String {
    let header: Vec<String> = (0..576).map(|step| format!("m{}", step * 5)).collect();
    let row = vec![values; 576].join(",");
    format!("app,{}\na,{row}\nb,{row}\n", header.join(","))
}

fn read(nodes: &[u8], apps: &[u8], pods: &[u8]) -> Result<Trace, ReadError> {
    let input = |name, bytes| Input { name, bytes };
    hot_nodes(
        "test",
        HotNodesFiles {
            nodes: input("nodes.csv", nodes),
            apps: input("apps.csv", apps),
            pods: input("pods.csv", pods),
        },
    )
}

/// The message for a list of pods.
fn pods_error(pods: &str) -> String {
    read(NODES.as_bytes(), apps("12.5").as_bytes(), pods.as_bytes()).unwrap_err().to_string()
}

fn nodes_error(nodes: &[u8]) -> String {
    read(nodes, apps("12.5").as_bytes(), PODS.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_workload_is_read_as_it_is() {
    let trace = read(NODES.as_bytes(), apps("12.5").as_bytes(), PODS.as_bytes()).unwrap();
    assert_eq!((trace.nodes.len(), trace.pods.len()), (2, 2));
    assert_eq!((trace.nodes[0].capacity["cpu"], trace.nodes[0].allocatable["cpu"]), (32_000, 51_200));
    let pod = &trace.pods[1];
    assert_eq!((pod.arrive_ms, pod.end_ms), (180_000, Some(172_800_000)));
    assert_eq!(pod.spec.template.owner.as_ref().unwrap().name, "b");
    assert_eq!(pod.spec.template.containers[0].requests, [("cpu".into(), 1000)].into());
    trace.check().unwrap();
}

#[test]
fn crlf_and_a_byte_order_mark_are_accepted() {
    let dress = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (nodes, apps, pods) = (dress(NODES), dress(&apps("1")), dress(PODS));
    let trace = read(nodes.as_bytes(), apps.as_bytes(), pods.as_bytes()).unwrap();
    assert_eq!((trace.nodes[1].name.as_str(), trace.pods[0].spec.name.as_str()), ("n1", "p0"));
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_or_a_shorter_list() {
    let whole = read(NODES.as_bytes(), apps("1").as_bytes(), PODS.as_bytes()).unwrap();
    for end in 0..PODS.len() {
        match read(NODES.as_bytes(), apps("1").as_bytes(), &PODS.as_bytes()[..end]) {
            Ok(trace) => {
                assert!(PODS[..end].ends_with('\n'), "accepted up to byte {end}");
                assert!(trace.pods.len() < whole.pods.len());
            }
            Err(error) => assert!(error.to_string().starts_with("`pods.csv`"), "{error}"),
        }
    }
    let cut = "`pods.csv`, line 3: ends in the middle of a line";
    assert!(pods_error(&PODS[..PODS.len() - 1]).starts_with(cut));
}

#[test]
fn an_empty_file_and_one_with_a_header_only_are_errors() {
    assert_eq!(nodes_error(b""), "`nodes.csv`: is empty; a header line was expected");
    assert_eq!(nodes_error("\u{feff}\r\n".as_bytes()), "`nodes.csv`: is empty; a header line was expected");
    assert_eq!(nodes_error(b"node,cpu_milli\n"), "`nodes.csv`: has a header but no rows");
}

#[test]
fn columns_are_checked() {
    assert_eq!(nodes_error(b"node,cpu\nn0,1\n"), "`nodes.csv`, line 1: has no column `cpu_milli`");
    assert_eq!(nodes_error(b"node,node\nn0,1\n"), "`nodes.csv`, line 1: names column `node` twice");
    let few = nodes_error(b"node,cpu_milli\nn0,1\n\nn1\n");
    assert_eq!(few, "`nodes.csv`, line 4: has 1 fields where the header has 2");
    let dos = nodes_error(b"\xef\xbb\xbf\r\nnode,cpu_milli\r\nn0,1\r\n\r\nn1\r\n");
    assert_eq!(dos, "`nodes.csv`, line 5: has 1 fields where the header has 2");
    let quoted = nodes_error(b"node,cpu_milli\n\"n0,1\nn1,2\n");
    assert_eq!(quoted, "`nodes.csv`, line 2, column 1 (`node`): a quoted field runs over the end of its line");
    assert_eq!(nodes_error(b"node,cpu_milli\nn0,1\n\xff,2\n"), "`nodes.csv`, line 3: is not UTF-8 text");
}

#[test]
fn numbers_are_checked() {
    let with = |value: &str| nodes_error(format!("node,cpu_milli\nn0,1\nn1,{value}\n").as_bytes());
    let place = "`nodes.csv`, line 3, column 2 (`cpu_milli`): ";
    for (value, problem) in [
        ("", "is empty"),
        ("x", "`x` is not a number"),
        ("NaN", "`NaN` is not a number"),
        ("inf", "`inf` is not finite"),
        ("1e999", "`1e999` is not finite"),
        ("-5", "`-5` is negative"),
        ("1.5", "`1.5` is not a whole number"),
        ("0", "must be above 0"),
        ("99999999999999999999", "`99999999999999999999` is above the limit of 4398046511104"),
    ] {
        assert_eq!(with(value), format!("{place}{problem}"));
    }
}

#[test]
fn names_are_unique_and_known() {
    let place = "`pods.csv`, line 4, column";
    let twice = format!("{PODS}p0,a,1,2,1\n");
    assert_eq!(pods_error(&twice), format!("{place} 1 (`pod`): `p0` was already defined in line 2"));
    let unknown = format!("{PODS}p2,c,1,2,1\n");
    assert_eq!(pods_error(&unknown), format!("{place} 2 (`app`): `c` is not in `apps.csv`"));
    assert!(nodes_error(b"node,cpu_milli\n,1\n").ends_with("column 1 (`node`): is empty"));
}

#[test]
fn lives_are_checked() {
    let place = "`pods.csv`, line 4, column 4 (`end_min`): ";
    let ends = format!("{PODS}p2,a,7,7,1\n");
    assert_eq!(pods_error(&ends), format!("{place}the pod ends at 7, not after its arrival at 7"));
    let late = format!("{PODS}p2,a,7,2881,1\n");
    assert_eq!(pods_error(&late), format!("{place}`2881` is above the limit of 2880"));
}

#[test]
fn series_are_checked() {
    let error = |apps: &str| read(NODES.as_bytes(), apps.as_bytes(), PODS.as_bytes()).unwrap_err();
    assert_eq!(error(&apps("-0.1")).to_string(), "`apps.csv`, line 2, column 2 (`m0`): `-0.1` is negative");
    assert_eq!(error(&apps("nan")).problem, Problem::NotANumber("nan".into()));
    assert_eq!(error(&apps("1000001")).problem, Problem::TooLarge { value: "1000001".into(), limit: 1_000_000 });
    let short = error("app,m0,m5\na,1,2\n").to_string();
    assert!(short.starts_with("`apps.csv`, line 1: the series has 2 values where 576 were expected"), "{short}");
    let renamed = error(&apps("1").replace(",m5,", ",m6,")).to_string();
    assert_eq!(renamed, "`apps.csv`, line 1, column 3 (`m6`): column `m5` was expected");
}

const GPU_NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\nc0,32000,1024,0,\ng0,64000,2048,2,P100\n";

fn read_openb(pods: &str) -> Result<Trace, ReadError> {
    let input = |name, text: &'static str| Input { name, bytes: text.as_bytes() };
    openb("test", input("nodes.csv", GPU_NODES), Input { name: "pods.csv", bytes: pods.as_bytes() })
}

#[test]
fn gpus_are_whole_cards_and_thousandths() {
    let pods =
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
whole,1000,16,2,1000,P100|T4,LS,Running,5,9,5
part,1000,16,1,460,,BE,Failed,7,7,
none,1000,16,0,0,,Guaranteed,Pending,1,,\n";
    let trace = read_openb(pods).unwrap();
    let node = &trace.nodes[1];
    assert_eq!((node.allocatable[GPU], node.allocatable[GPU_MILLI], node.allocatable[MEMORY]), (2, 2000, 2 << 30));
    assert_eq!(node.labels[GPU_MODEL], "P100");
    assert!(!trace.nodes[0].allocatable.contains_key(GPU));
    let requests = |pod: usize| &trace.pods[pod].spec.template.containers[0].requests;
    assert_eq!((requests(0).get(GPU), requests(0).get(GPU_MILLI)), (Some(&2), Some(&2000)));
    assert_eq!((requests(1).get(GPU), requests(1).get(GPU_MILLI)), (None, Some(&460)));
    assert_eq!((requests(2).get(GPU), requests(2).get(GPU_MILLI)), (None, None));
    let wanted = trace.pods[0].spec.template.required_nodes.as_ref().unwrap();
    assert_eq!(wanted.node_selector_terms[0].match_expressions[0].values, ["P100", "T4"]);
    let lives: Vec<_> = trace.pods.iter().map(|pod| (pod.arrive_ms, pod.end_ms)).collect();
    assert_eq!(lives, [(5000, Some(9000)), (7000, Some(8000)), (1000, None)], "one lived for less than a second");
    trace.check().unwrap();
}

#[test]
fn a_list_without_times_arrives_in_order_and_stays() {
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,0,0\nb,1,1,0,0\nc,1,1,1,500\n";
    let trace = read_openb(pods).unwrap();
    let lives: Vec<_> = trace.pods.iter().map(|pod| (pod.arrive_ms, pod.end_ms)).collect();
    assert_eq!(lives, [(0, None), (1000, None), (2000, None)]);
    assert_eq!(trace.measured_ms, 2000..62_000, "the state that is reached");
}

#[test]
fn bad_gpu_lists_are_named() {
    let error = |rows: &str| read_openb(rows).unwrap_err().to_string();
    let head = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,qos,creation_time,deletion_time\n";
    let with = |row: &str| error(&format!("{head}{row}\n"));
    assert!(with("a,1,1,1,0,LS,1,2").ends_with("column 5 (`gpu_milli`): must be above 0"));
    assert!(with("a,1,1,1,1001,LS,1,2").ends_with("`1001` is above the limit of 1000"));
    assert!(with("a,1,1,1,1000,XL,1,2").ends_with("(`qos`): `XL` is none of LS, BE, Burstable, Guaranteed"));
    assert!(with("a,1,1,1,1000,LS,3,2").ends_with("(`deletion_time`): the pod ends at 2, not after its arrival at 3"));
    let half = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time\na,1,1,0,0,0\n";
    assert_eq!(error(half), "`pods.csv`, line 1: has no column `deletion_time`");
}

#[test]
fn the_samples_are_whole() {
    let hot = sample::hot_nodes().unwrap();
    assert_eq!((hot.nodes.len(), hot.pods.len(), hot.has_usage()), (24, 1625, true));
    hot.check().unwrap();
    let gpu = sample::openb().unwrap();
    assert_eq!((gpu.nodes.len(), gpu.pods.len(), gpu.has_usage()), (152, 1165, false));
    gpu.check().unwrap();
}
