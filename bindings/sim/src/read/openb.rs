//! Reader of the openb GPU cluster trace (Alibaba cluster-trace-gpu-v2023, as distributed with Weng et al., "Beware of
//! Fragmentation", USENIX ATC 2023): a list of nodes and a list of pods.

use super::table::{Column, Names, Row, Table};
use super::{Input, MAX_AMOUNT, Problem, ReadError, file};
use crate::resource::{CPU, GPU, GPU_MILLI, GPU_MODEL, MEMORY, PODS, pod, resources};
use crate::trace::{Trace, TracePod};
use sched_core::NodeSpec;
use sched_core::abi::{NodeSelector, Operator, QosClass, Requirement, SelectorTerm};
use std::path::Path;

const MIB: i64 = 1 << 20;
/// Thousandths of a card.
const WHOLE_CARD: u64 = 1000;
/// The trace knows no limit on pods per node.
const MAX_PODS: i64 = 1 << 20;
/// Cards that a node may have or a pod may ask for.
const MAX_CARDS: u64 = 1 << 20;
/// Ten years: no time of a trace, in seconds, lies beyond.
const MAX_SECONDS: u64 = 10 * 366 * 86_400;
/// Pods of a list without times arrive this far apart, in file order.
const ARRIVAL_STEP_MS: u64 = 1_000;
/// How long a list without times goes on after the last arrival: what is measured there is the final state.
const SETTLE_MS: u64 = 60_000;

/// Reads the two lists from disk.
///
/// # Errors
/// The first thing that is wrong, with file, line and column.
pub fn openb_files(nodes: &Path, pods: &Path) -> Result<Trace, ReadError> {
    let (node_bytes, pod_bytes) = (file(nodes)?, file(pods)?);
    let name = pods.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    openb(
        &name,
        Input { name: &nodes.display().to_string(), bytes: &node_bytes },
        Input { name: &pods.display().to_string(), bytes: &pod_bytes },
    )
}

/// Reads the two lists.
///
/// Nodes have `sn,cpu_milli,memory_mib,gpu,model`. Pods have `name,cpu_milli,memory_mib,num_gpu,gpu_milli` and may have
/// `gpu_spec`, `qos` and, both or neither, `creation_time` and `deletion_time` in seconds. Without times, pods arrive one a second
/// in file order and stay, and the state after the last arrival is what is measured.
///
/// Whole cards are the resource `nvidia.com/gpu`. GPU time, whole cards and fractions alike, is `gpu.share/milli`: a
/// node offers 1000 a card, and a pod asks for `num_gpu * gpu_milli`. Accepted models are a required node affinity on the label `gpu.model`.
///
/// # Errors
/// The first thing that is wrong, with file, line and column.
pub fn openb(name: &str, nodes: Input<'_>, pods: Input<'_>) -> Result<Trace, ReadError> {
    let nodes = read_nodes(nodes)?;
    let (pods, timed) = read_pods(pods)?;
    let last = |at: fn(&TracePod) -> u64| pods.iter().map(at).max().unwrap_or_default();
    let (arrival, end) = (last(|pod| pod.arrive_ms), last(|pod| pod.end_ms.unwrap_or(pod.arrive_ms)));
    let (from, horizon_ms) = if timed { (0, end.max(arrival) + 1) } else { (arrival, arrival + SETTLE_MS) };
    Ok(Trace { name: name.into(), nodes, pods, horizon_ms, measured_ms: from..horizon_ms })
}

fn read_nodes(input: Input<'_>) -> Result<Vec<NodeSpec>, ReadError> {
    let table = Table::parse(input.name, input.bytes)?;
    let (sn, cpu, memory) = (table.column("sn")?, table.column("cpu_milli")?, table.column("memory_mib")?);
    let (gpu, model) = (table.column("gpu")?, table.column("model")?);
    let mut names = Names::new();
    let mut nodes = Vec::with_capacity(table.rows().len());
    for row in table.rows() {
        let name = names.define(row, sn)?;
        let cards = row.whole(gpu, MAX_CARDS)? as i64;
        let mut amounts = vec![
            (CPU, row.positive(cpu, MAX_AMOUNT)? as i64),
            (MEMORY, row.positive(memory, MAX_AMOUNT >> 20)? as i64 * MIB),
            (PODS, MAX_PODS),
        ];
        let mut node = NodeSpec { name: name.into(), ..NodeSpec::default() };
        if cards > 0 {
            amounts.extend([(GPU, cards), (GPU_MILLI, cards * WHOLE_CARD as i64)]);
            node.labels.insert(GPU_MODEL.into(), row.name(model)?.into());
        }
        node.allocatable = resources(&amounts);
        node.capacity.clone_from(&node.allocatable);
        nodes.push(node);
    }
    Ok(nodes)
}

/// The columns of a pod list.
struct PodColumns {
    name: Column,
    cpu: Column,
    memory: Column,
    num_gpu: Column,
    gpu_milli: Column,
    gpu_spec: Option<Column>,
    qos: Option<Column>,
    times: Option<(Column, Column)>,
}

impl PodColumns {
    fn of(table: &Table) -> Result<Self, ReadError> {
        let times = match (table.optional("creation_time"), table.optional("deletion_time")) {
            (None, None) => None,
            _ => Some((table.column("creation_time")?, table.column("deletion_time")?)),
        };
        Ok(Self {
            name: table.column("name")?,
            cpu: table.column("cpu_milli")?,
            memory: table.column("memory_mib")?,
            num_gpu: table.column("num_gpu")?,
            gpu_milli: table.column("gpu_milli")?,
            gpu_spec: table.optional("gpu_spec"),
            qos: table.optional("qos"),
            times,
        })
    }
}

/// The pods, and whether the list had times.
fn read_pods(input: Input<'_>) -> Result<(Vec<TracePod>, bool), ReadError> {
    let table = Table::parse(input.name, input.bytes)?;
    let columns = PodColumns::of(&table)?;
    let mut names = Names::new();
    let mut pods = Vec::with_capacity(table.rows().len());
    for (index, row) in table.rows().enumerate() {
        let name = names.define(row, columns.name)?;
        let (arrive_ms, end_ms) = match columns.times {
            Some(times) => life(row, times)?,
            None => (index as u64 * ARRIVAL_STEP_MS, None),
        };
        let mut spec = pod(name, requests(row, &columns)?, qos(row, columns.qos)?);
        spec.template.required_nodes = columns.gpu_spec.and_then(|column| models(row.text(column)));
        pods.push(TracePod { spec, arrive_ms, end_ms, usage: None });
    }
    Ok((pods, columns.times.is_some()))
}

fn requests(row: Row<'_>, columns: &PodColumns) -> Result<sched_core::Resources, ReadError> {
    let cards = row.whole(columns.num_gpu, MAX_CARDS)?;
    let milli = row.whole(columns.gpu_milli, WHOLE_CARD)?;
    let mut amounts = vec![
        (CPU, row.whole(columns.cpu, MAX_AMOUNT)? as i64),
        (MEMORY, row.whole(columns.memory, MAX_AMOUNT >> 20)? as i64 * MIB),
    ];
    if cards > 0 {
        if milli == 0 {
            return Err(row.error(columns.gpu_milli, Problem::Zero));
        }
        if milli == WHOLE_CARD {
            amounts.push((GPU, cards as i64));
        }
        amounts.push((GPU_MILLI, (cards * milli) as i64));
    }
    Ok(resources(&amounts))
}

/// Arrival and end. The trace's clock ticks once a second: a pod that was created and deleted in the same one lived a
/// part of it.
fn life(row: Row<'_>, (creation, deletion): (Column, Column)) -> Result<(u64, Option<u64>), ReadError> {
    let arrive = row.whole(creation, MAX_SECONDS)?;
    if row.text(deletion).is_empty() {
        return Ok((arrive * 1000, None));
    }
    let end = row.whole(deletion, MAX_SECONDS)?;
    if end < arrive {
        return Err(row.error(deletion, Problem::EndsBeforeArrival { arrive, end }));
    }
    Ok((arrive * 1000, Some(end.max(arrive + 1) * 1000)))
}

/// Latency-sensitive pods have requests below their limits, as far as the trace tells.
fn qos(row: Row<'_>, column: Option<Column>) -> Result<QosClass, ReadError> {
    let Some(column) = column else { return Ok(QosClass::Burstable) };
    match row.text(column) {
        "LS" | "Burstable" | "" => Ok(QosClass::Burstable),
        "BE" => Ok(QosClass::BestEffort),
        "Guaranteed" => Ok(QosClass::Guaranteed),
        value => {
            let known = "LS, BE, Burstable, Guaranteed";
            Err(row.error(column, Problem::UnknownWord { value: value.into(), known }))
        }
    }
}

/// `A|B`: one of these models; empty: any.
fn models(spec: &str) -> Option<NodeSelector> {
    let values: Vec<String> = spec.split('|').filter(|model| !model.is_empty()).map(str::to_owned).collect();
    if values.is_empty() {
        return None;
    }
    let wanted = Requirement { key: GPU_MODEL.into(), operator: Operator::In, values };
    Some(NodeSelector {
        node_selector_terms: vec![SelectorTerm { match_expressions: vec![wanted], match_fields: Vec::new() }],
    })
}
