//! Reader of hot-node workloads: nodes.csv, apps.csv (use of each application in percent of the request, every five
//! minutes of two days) and pods.csv.

use super::table::{Names, Table};
use super::{Input, MAX_AMOUNT, Problem, ReadError, file};
use crate::resource::{cpu_pod, resources};
use crate::trace::{Trace, TracePod};
use crate::usage::{Curve, Usage};
use sched_core::{NodeSpec, Owner};
use std::{path::Path, sync::Arc};

/// Requests on a node may add up to this many times its CPU, in tenths: 1.6.
const OVERSELL_TENTHS: u64 = 16;
/// Minutes between two values of a series.
const STEP_MIN: u64 = 5;
/// Minutes in the two days of a workload.
const END_MIN: u64 = 2880;
/// The first minute that is measured: the second day.
const MEASURED_FROM_MIN: u64 = 1440;
/// More memory and pods than any workload needs: CPU alone decides there.
const MEMORY_BYTES: i64 = 1 << 40;
const PODS: i64 = 1 << 20;
/// The largest use that a series may give, percent of the request.
const MAX_PERCENT: u64 = 1_000_000;
const MINUTE_MS: u64 = 60_000;

/// The three files of a workload.
#[derive(Clone, Copy, Debug)]
pub struct HotNodesFiles<'a> {
    /// `node,cpu_milli`.
    pub nodes: Input<'a>,
    /// `app,m0,m5,..,m2875`.
    pub apps: Input<'a>,
    /// `pod,app,arrive_min,end_min,request_milli`.
    pub pods: Input<'a>,
}

/// Reads the workload in a folder with nodes.csv, apps.csv and pods.csv.
///
/// # Errors
/// The first thing that is wrong, with file, line and column.
pub fn hot_nodes_dir(folder: &Path) -> Result<Trace, ReadError> {
    let path = |name| folder.join(name);
    let read = |name| Ok::<_, ReadError>((path(name).display().to_string(), file(&path(name))?));
    let (nodes, apps, pods) = (read("nodes.csv")?, read("apps.csv")?, read("pods.csv")?);
    let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    hot_nodes(
        &name,
        HotNodesFiles {
            nodes: Input { name: &nodes.0, bytes: &nodes.1 },
            apps: Input { name: &apps.0, bytes: &apps.1 },
            pods: Input { name: &pods.0, bytes: &pods.1 },
        },
    )
}

/// Reads a workload. A pod's owner is the `Deployment` named like its application; its node offers 1.6 times its CPU
/// to requests, and use is measured against the CPU that it has.
///
/// # Errors
/// The first thing that is wrong, with file, line and column.
pub fn hot_nodes(name: &str, files: HotNodesFiles<'_>) -> Result<Trace, ReadError> {
    let nodes = nodes(files.nodes)?;
    let apps = Table::parse(files.apps.name, files.apps.bytes)?;
    let mut app_names = Names::new();
    let curves = curves(&apps, &mut app_names)?;
    let pods = pods(files.pods, &app_names, files.apps.name, &curves)?;
    Ok(Trace {
        name: name.into(),
        nodes,
        pods,
        horizon_ms: END_MIN * MINUTE_MS,
        measured_ms: MEASURED_FROM_MIN * MINUTE_MS..END_MIN * MINUTE_MS,
    })
}

fn nodes(input: Input<'_>) -> Result<Vec<NodeSpec>, ReadError> {
    let table = Table::parse(input.name, input.bytes)?;
    let (node, cpu_milli) = (table.column("node")?, table.column("cpu_milli")?);
    let mut names = Names::new();
    let read = |row| {
        let name = names.define(row, node)?;
        let cpu = row.positive(cpu_milli, MAX_AMOUNT / OVERSELL_TENTHS)?;
        // Requests are whole milli-CPU, so rounding the limit down refuses exactly what exceeds it.
        let promised = (cpu * OVERSELL_TENTHS / 10) as i64;
        Ok(NodeSpec {
            name: name.into(),
            allocatable: resources(&[("cpu", promised), ("memory", MEMORY_BYTES), ("pods", PODS)]),
            capacity: resources(&[("cpu", cpu as i64), ("memory", MEMORY_BYTES), ("pods", PODS)]),
            ..NodeSpec::default()
        })
    };
    table.rows().map(read).collect()
}

fn curves<'t>(table: &'t Table, names: &mut Names<'t>) -> Result<Vec<Arc<Curve>>, ReadError> {
    let app = table.column("app")?;
    let values = table.header().len() - 1;
    let expected = (END_MIN / STEP_MIN) as usize;
    if values != expected {
        return Err(table.header_error(None, Problem::SeriesLength { found: values, expected }));
    }
    for (column, name) in table.header().iter().enumerate() {
        let expected = if column == 0 { "app".into() } else { format!("m{}", (column as u64 - 1) * STEP_MIN) };
        if *name != expected {
            return Err(table.header_error(Some(column), Problem::WrongColumn { expected }));
        }
    }
    let read = |row: super::table::Row<'t>| {
        names.define(row, app)?;
        let shares = row.series(MAX_PERCENT)?.into_iter().map(|percent| percent / 100.0).collect();
        Ok(Arc::new(Curve::new(STEP_MIN * MINUTE_MS, shares)))
    };
    table.rows().map(read).collect()
}

fn pods(input: Input<'_>, apps: &Names<'_>, file: &str, curves: &[Arc<Curve>]) -> Result<Vec<TracePod>, ReadError> {
    let table = Table::parse(input.name, input.bytes)?;
    let [pod, app, arrive_min, end_min, request_milli] =
        ["pod", "app", "arrive_min", "end_min", "request_milli"].map(|name| table.column(name));
    let (pod, app, arrive_min, end_min, request_milli) = (pod?, app?, arrive_min?, end_min?, request_milli?);
    let mut names = Names::new();
    let read = |row| {
        let name = names.define(row, pod)?;
        let owner = row.name(app)?;
        let curve = apps.index(owner).and_then(|index| curves.get(index));
        let unknown = || row.error(app, Problem::Unknown { name: owner.into(), file: file.into() });
        let curve = Arc::clone(curve.ok_or_else(unknown)?);
        let (arrive, end) = (row.whole(arrive_min, END_MIN)?, row.whole(end_min, END_MIN)?);
        if end <= arrive {
            return Err(row.error(end_min, Problem::EndsBeforeArrival { arrive, end }));
        }
        let request = row.whole(request_milli, MAX_AMOUNT)?;
        let mut spec = cpu_pod(name, request as i64);
        spec.template.owner = Some(Owner { kind: "Deployment".into(), name: owner.into() });
        Ok(TracePod {
            spec,
            arrive_ms: arrive * MINUTE_MS,
            end_ms: Some(end * MINUTE_MS),
            usage: Some(Usage { curve, request_milli: request as f64 }),
        })
    };
    table.rows().map(read).collect()
}
