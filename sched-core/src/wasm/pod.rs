//! The pod to be placed, laid out in a module's memory.

use super::WasmError;
use super::instance::{Instance, Place};
use bytemuck::{Pod, Zeroable};
use sched_abi::ask::Grant;
use sched_abi::wire::{Frame, PodFrame, Slot, Span, flag};
use sched_abi::{NodeNameField, Nodes, PodFields, PodMatch, PodView, Preferred, QosClass, ResourceId};

/// [`sched_abi::Request`] without gaps.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Request {
    resource: u64,
    amount: f64,
}

/// [`sched_abi::ImageRow`] without gaps.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ImageRow {
    row: u64,
    scaled_bytes: i64,
}

/// [`sched_abi::TaintAnswer`] without gaps.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct TaintAnswer {
    rejected: u32,
    untolerated_soft: u32,
}

/// The copy of a pod.
#[derive(Default)]
pub(super) struct PodCopy {
    place: Place,
    bytes: Vec<u8>,
    names: Vec<(ResourceId, Span)>,
    /// What of a pod the policy reads.
    fields: PodFields,
    /// Resources that the policy asked for: their names are there whatever the pod requests.
    asked: Vec<ResourceId>,
    /// The bits of selectors in the host, in the order in which the policy asked for them.
    selectors: Vec<PodMatch>,
    same_app: SameApp,
    /// The view's version; 0 says nothing.
    version: u64,
}

/// The copy of what the pod's application requests by row: as long as the table, and 0 nearly everywhere.
#[derive(Default)]
struct SameApp {
    place: Place,
    len: usize,
    /// The rows where it is not 0; `None` where that is not known.
    rows: Option<Vec<u32>>,
}

impl SameApp {
    fn put(&mut self, instance: &mut Instance, pod: &PodView<'_>) -> Result<Span, WasmError> {
        let values = pod.same_app_requested;
        let moved = instance.ensure(&mut self.place, values.len() * 8)?;
        let ptr = self.place.ptr;
        match (&mut self.rows, pod.same_app_rows) {
            (Some(before), Some(rows)) if !moved && self.len == values.len() => {
                for &row in before.iter().chain(rows) {
                    let value = values.get(row as usize).copied().unwrap_or(0.0);
                    instance.write(ptr + row * 8, &value.to_le_bytes());
                }
                before.clear();
                before.extend_from_slice(rows);
            }
            (_, rows) => {
                instance.write(ptr, bytemuck::cast_slice(values));
                self.rows = rows.map(<[u32]>::to_vec);
            }
        }
        self.len = values.len();
        Ok(Span { ptr, len: values.len() as u32 })
    }
}

impl PodCopy {
    pub(super) fn new(fields: PodFields, grants: &[Grant]) -> Self {
        let mut pod = Self { fields, ..Self::default() };
        for grant in grants {
            match *grant {
                Grant::Resource(resource) => pod.asked.push(resource),
                Grant::Pods(bit) => pod.selectors.push(PodMatch(bit)),
                _ => {}
            }
        }
        pod
    }

    /// Whether the pod is the one that was laid out last.
    #[inline]
    pub(super) fn is_current(&self, pod: &PodView<'_>) -> bool {
        pod.version != 0 && pod.version == self.version
    }

    /// Lays a pod out.
    pub(super) fn put(
        &mut self,
        instance: &mut Instance,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        frame: &mut Frame,
    ) -> Result<(), WasmError> {
        self.version = 0;
        self.bytes.clear();
        let pod = &self.declared(pod);
        let mut laid = self.arrays(pod);
        laid.same_app_requested = self.same_app.put(instance, pod)?;
        self.names(pod, nodes);
        let texts = [pod.name, pod.namespace].map(|text| {
            let ptr = self.bytes.len() as u32;
            self.bytes.extend_from_slice(text.as_bytes());
            Span { ptr, len: text.len() as u32 }
        });
        // What follows is aligned again.
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let slots = self.names.len() * size_of::<Slot>();
        instance.ensure(&mut self.place, self.bytes.len() + slots)?;
        let base = self.place.ptr;
        for span in spans(&mut laid) {
            span.ptr += base;
        }
        let names = Span { ptr: base + self.bytes.len() as u32, len: self.names.len() as u32 };
        for (resource, name) in &self.names {
            let values = Span { ptr: base + name.ptr, len: name.len };
            let slot = Slot { key: u32::from(resource.0), reserved: 0, values };
            self.bytes.extend_from_slice(bytemuck::bytes_of(&slot));
        }
        instance.write(base, &self.bytes);
        frame.pod = plain(laid, pod);
        // Bits stand in the order in which this policy asked for them.
        let bits = self.selectors.iter().enumerate();
        frame.pod.matches = bits.fold(0, |bits, (i, selector)| bits | u64::from(pod.is(*selector)) << i);
        frame.names = names;
        [frame.pod_name, frame.pod_namespace] = texts.map(|text| Span { ptr: base + text.ptr, ..text });
        self.version = pod.version;
        Ok(())
    }

    /// The pod without what the policy does not read.
    fn declared<'a>(&self, pod: &PodView<'a>) -> PodView<'a> {
        let mut pod = *pod;
        if !self.fields.has(PodFields::NODE_AFFINITY) {
            (pod.required_nodes, pod.named_nodes, pod.names_conflict) = (None, None, false);
            pod.preferred_nodes = Preferred::default();
        }
        if !self.fields.has(PodFields::TAINTS) {
            (pod.taints, pod.tolerates_unschedulable) = (&[], false);
        }
        if !self.fields.has(PodFields::PORTS) {
            pod.port_conflicts = None;
        }
        if !self.fields.has(PodFields::IMAGES) {
            pod.images = &[];
        }
        if !self.fields.has(PodFields::NAME) {
            (pod.name, pod.namespace) = ("", "");
        }
        if !self.fields.has(PodFields::FORECAST) {
            (pod.forecast_cpu, pod.forecast_request, pod.forecast_variance) = (&[], 0.0, 0.0);
            (pod.same_app_requested, pod.same_app_rows) = (&[], None);
        }
        pod
    }

    /// The pod's arrays; addresses count from the place.
    fn arrays(&mut self, pod: &PodView<'_>) -> PodFrame {
        let request = |r: &sched_abi::Request| Request { resource: u64::from(r.resource.0), amount: r.amount };
        let image = |i: &sched_abi::ImageRow| ImageRow { row: u64::from(i.row), scaled_bytes: i.scaled_bytes };
        let taint = |t: &sched_abi::TaintAnswer| TaintAnswer {
            rejected: u32::from(t.rejected),
            untolerated_soft: t.untolerated_soft,
        };
        PodFrame {
            requests: self.put_each(pod.requests, request),
            scoring_requests: self.put_each(pod.scoring_requests, request),
            required_nodes: self.put_all(pod.required_nodes.unwrap_or_default()),
            named_nodes: self.put_all(pod.named_nodes.unwrap_or_default()),
            preferred_weights: self.put_all(pod.preferred_nodes.weights),
            preferred_rows: self.put_all(pod.preferred_nodes.rows),
            taints: self.put_each(pod.taints, taint),
            port_conflicts: self.put_all(pod.port_conflicts.unwrap_or_default()),
            images: self.put_each(pod.images, image),
            forecast_cpu: self.put_all(pod.forecast_cpu),
            estimates: self.put_all(pod.estimates),
            ..PodFrame::default()
        }
    }

    fn put_all<T: Pod>(&mut self, items: &[T]) -> Span {
        let ptr = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytemuck::cast_slice(items));
        Span { ptr, len: items.len() as u32 }
    }

    fn put_each<T, U: Pod>(&mut self, items: &[T], convert: impl Fn(&T) -> U) -> Span {
        let ptr = self.bytes.len() as u32;
        for item in items {
            self.bytes.extend_from_slice(bytemuck::bytes_of(&convert(item)));
        }
        Span { ptr, len: items.len() as u32 }
    }

    /// The names of the resources that the pod requests or the policy asked for.
    fn names(&mut self, pod: &PodView<'_>, nodes: &dyn Nodes) {
        self.names.clear();
        let requested = pod.requests.iter().chain(pod.scoring_requests).map(|r| r.resource);
        for resource in requested.chain(self.asked.iter().copied()) {
            if self.names.iter().any(|(known, _)| *known == resource) {
                continue;
            }
            let (ptr, name) = (self.bytes.len() as u32, nodes.resource_name(resource).as_bytes());
            self.bytes.extend_from_slice(name);
            self.names.push((resource, Span { ptr, len: name.len() as u32 }));
        }
    }
}

/// Every array that lies in the pod's place.
fn spans(frame: &mut PodFrame) -> [&mut Span; 11] {
    [
        &mut frame.requests,
        &mut frame.scoring_requests,
        &mut frame.required_nodes,
        &mut frame.named_nodes,
        &mut frame.preferred_weights,
        &mut frame.preferred_rows,
        &mut frame.taints,
        &mut frame.port_conflicts,
        &mut frame.images,
        &mut frame.forecast_cpu,
        &mut frame.estimates,
    ]
}

/// Fills in what is not an array.
fn plain(frame: PodFrame, pod: &PodView<'_>) -> PodFrame {
    let flags = [
        (pod.daemon_set, flag::DAEMON_SET),
        (pod.names_conflict, flag::NAMES_CONFLICT),
        (pod.tolerates_unschedulable, flag::TOLERATES_UNSCHEDULABLE),
        (pod.required_nodes.is_some(), flag::REQUIRED_NODES),
        (pod.named_nodes.is_some(), flag::NAMED_NODES),
        (pod.port_conflicts.is_some(), flag::PORTS),
    ];
    let (node_name, node_name_row) = match pod.node_name {
        NodeNameField::Any => (0, 0),
        NodeNameField::Row(row) => (1, row),
        NodeNameField::Unknown => (2, 0),
    };
    PodFrame {
        forecast_request: pod.forecast_request,
        forecast_variance: pod.forecast_variance,
        estimate: pod.estimate,
        flags: flags.into_iter().filter(|(on, _)| *on).fold(0, |all, (_, flag)| all | flag),
        qos: match pod.qos {
            QosClass::BestEffort => 0,
            QosClass::Burstable => 1,
            QosClass::Guaranteed => 2,
        },
        priority: pod.priority,
        node_name,
        node_name_row,
        containers: pod.containers,
        preferred_words: pod.preferred_nodes.words as u32,
        ..frame
    }
}
