//! Events out of bytes: few names, so that they meet, and values at the ends of every range.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use sched_core::abi::{NodeSelector, Operator, PreferredTerm, QosClass, Requirement, SelectorTerm};
use sched_core::{
    Container, ContainerResources, Event, HostPort, Labels, Mark, NodeImage, NodeSpec, Owner, PodSpec, PodTemplate,
    Protocol, Resources, Sample, Taint, TaintEffect, Toleration, TolerationOperator, limits,
};

const EFFECTS: [TaintEffect; 3] = [TaintEffect::NoSchedule, TaintEffect::PreferNoSchedule, TaintEffect::NoExecute];
const TEXTS: [&str; 6] = ["a", "b", "", "0", "-9223372036854775808", "metadata.name"];

/// A name: nearly always one of a few, now and then none or one that is too long.
pub(crate) fn name(source: &mut Unstructured<'_>) -> Result<String> {
    let long = limits::MAX_NAME_BYTES + 1;
    Ok(match source.int_in_range(0..=31_u8)? {
        0 => String::new(),
        1 => "x".repeat(long),
        other => format!("n{}", other % 4),
    })
}

/// A time in milliseconds, of any size.
pub(crate) fn time(source: &mut Unstructured<'_>) -> Result<u64> {
    let near = 1_000_000_000 + u64::from(u32::arbitrary(source)? >> 8);
    let ends = [0, 1, limits::MAX_TIME_MS, limits::MAX_TIME_MS + 1, u64::MAX];
    Ok(if source.ratio(1, 4)? { *source.choose(&ends)? } else { near })
}

/// Any event.
pub(crate) fn event(source: &mut Unstructured<'_>) -> Result<Event> {
    Ok(match source.int_in_range(0..=15_u8)? {
        0 | 1 => Event::NodeAdded(node(source)?),
        2 => Event::NodeChanged(node(source)?),
        3 => Event::NodeRemoved { name: name(source)? },
        4..=7 => Event::PodAdded(pod(source)?),
        8 => Event::PodChanged(pod(source)?),
        9 | 10 => {
            Event::PodBound { namespace: name(source)?, name: name(source)?, node: name(source)?, at_ms: time(source)? }
        }
        11 => Event::PodRemoved { namespace: name(source)?, name: name(source)? },
        12 => Event::NodeSample { name: name(source)?, sample: sample(source)? },
        13 => Event::PodSample { namespace: name(source)?, name: name(source)?, sample: sample(source)? },
        _ => Event::Marked { name: name(source)?, mark: some(source, mark)? },
    })
}

fn node(source: &mut Unstructured<'_>) -> Result<NodeSpec> {
    Ok(NodeSpec {
        name: name(source)?,
        labels: labels(source)?,
        taints: list(source, |source| {
            Ok(Taint { key: name(source)?, value: text(source)?, effect: *source.choose(&EFFECTS)? })
        })?,
        unschedulable: source.ratio(1, 8)?,
        allocatable: resources(source)?,
        capacity: resources(source)?,
        images: list(source, |source| Ok(NodeImage { names: list(source, name)?, size_bytes: amount(source)? }))?,
    })
}

fn pod(source: &mut Unstructured<'_>) -> Result<PodSpec> {
    Ok(PodSpec {
        namespace: name(source)?,
        name: name(source)?,
        template: template(source)?,
        terminating: source.ratio(1, 8)?,
    })
}

fn template(source: &mut Unstructured<'_>) -> Result<PodTemplate> {
    let classes = [QosClass::Guaranteed, QosClass::Burstable, QosClass::BestEffort];
    Ok(PodTemplate {
        labels: labels(source)?,
        containers: list(source, container)?,
        init_containers: list(source, container)?,
        overhead: resources(source)?,
        pod_requests: some(source, resources)?,
        resize_infeasible: bool::arbitrary(source)?,
        node_name: some(source, name)?,
        node_selector: labels(source)?,
        required_nodes: some(source, |source| Ok(NodeSelector { node_selector_terms: list(source, term)? }))?,
        preferred_nodes: list(source, |source| {
            Ok(PreferredTerm { weight: source.int_in_range(-1..=101)?, preference: term(source)? })
        })?,
        tolerations: list(source, toleration)?,
        priority: i32::arbitrary(source)?,
        qos: *source.choose(&classes)?,
        owner: some(source, |source| Ok(Owner { kind: name(source)?, name: name(source)? }))?,
        ..PodTemplate::default()
    })
}

fn container(source: &mut Unstructured<'_>) -> Result<Container> {
    Ok(Container {
        requests: resources(source)?,
        limits: resources(source)?,
        image: name(source)?,
        host_ports: list(source, |source| {
            let protocol = *source.choose(&[Protocol::Tcp, Protocol::Udp, Protocol::Sctp])?;
            Ok(HostPort { port: source.int_in_range(0..=3)?, protocol, ip: text(source)? })
        })?,
        restart_always: bool::arbitrary(source)?,
        status: some(source, |source| {
            Ok(ContainerResources { actual: resources(source)?, allocated: resources(source)? })
        })?,
    })
}

fn term(source: &mut Unstructured<'_>) -> Result<SelectorTerm> {
    Ok(SelectorTerm { match_expressions: list(source, requirement)?, match_fields: list(source, requirement)? })
}

fn requirement(source: &mut Unstructured<'_>) -> Result<Requirement> {
    use Operator::{DoesNotExist, Exists, Gt, In, Lt, NotIn};
    let operator = *source.choose(&[In, NotIn, Exists, DoesNotExist, Gt, Lt])?;
    Ok(Requirement { key: text(source)?, operator, values: list(source, text)? })
}

fn toleration(source: &mut Unstructured<'_>) -> Result<Toleration> {
    Ok(Toleration {
        key: name(source)?,
        operator: *source.choose(&[TolerationOperator::Equal, TolerationOperator::Exists])?,
        value: text(source)?,
        effect: some(source, |source| Ok(*source.choose(&EFFECTS)?))?,
    })
}

fn sample(source: &mut Unstructured<'_>) -> Result<Sample> {
    Ok(Sample {
        at_ms: time(source)?,
        window_ms: time(source)?,
        cpu_milli: amount(source)?,
        memory_bytes: amount(source)?,
    })
}

fn mark(source: &mut Unstructured<'_>) -> Result<Mark> {
    Ok(Mark { reason: text(source)?, from_ms: some(source, time)?, until_ms: some(source, time)? })
}

/// A quantity: what real ones are, and each end of what is allowed.
fn amount(source: &mut Unstructured<'_>) -> Result<i64> {
    let most = limits::MAX_QUANTITY;
    let ends = [0, 1, most - 1, most, most + 1, -1, i64::MIN, i64::MAX];
    Ok(if source.ratio(1, 8)? { *source.choose(&ends)? } else { u16::arbitrary(source)?.into() })
}

fn resources(source: &mut Unstructured<'_>) -> Result<Resources> {
    let names = ["cpu", "memory", "pods", "nvidia.com/gpu", "be-cpu", "hugepages-2Mi", ""];
    let entry = |source: &mut Unstructured<'_>| {
        let last = if source.ratio(1, 32)? { names.len() } else { names.len() - 1 };
        let name = source.choose(names.get(..last).unwrap_or(&names))?;
        Ok(((*name).to_owned(), amount(source)?))
    };
    Ok(list(source, entry)?.into_iter().collect())
}

fn labels(source: &mut Unstructured<'_>) -> Result<Labels> {
    Ok(list(source, |source| Ok((name(source)?, text(source)?)))?.into_iter().collect())
}

fn text(source: &mut Unstructured<'_>) -> Result<String> {
    Ok((*source.choose(&TEXTS)?).to_owned())
}

/// Up to three.
fn list<T>(source: &mut Unstructured<'_>, mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    let length = source.int_in_range(0..=15_u8)?.saturating_sub(12);
    (0..length).map(|_| one(source)).collect()
}

fn some<T>(source: &mut Unstructured<'_>, one: impl FnOnce(&mut Unstructured<'_>) -> Result<T>) -> Result<Option<T>> {
    if source.ratio(1, 4)? { one(source).map(Some) } else { Ok(None) }
}
