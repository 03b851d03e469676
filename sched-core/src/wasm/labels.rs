//! Labels and counts by topology domain, as copies in a module's memory.

use super::WasmError;
use super::columns::{Changed, copy, copy_changed};
use super::instance::{Instance, Place};
use sched_abi::ask::Grant;
use sched_abi::wire::{Frame, LabelSlot, Slot, Span};
use sched_abi::{Changes, DomainPods, Label, NodeColumns, Nodes};

/// A label: the numbers of the rows and the dictionary.
struct LabelCopy {
    label: Label,
    numbers: Place,
    values: Place,
    /// Numbers in the dictionary.
    count: usize,
    /// The dictionary's epoch at the last copy; `None` before the first.
    epoch: Option<u64>,
}

/// Sums by the values of a label.
struct DomainCopy {
    pods: DomainPods,
    place: Place,
    len: usize,
    epoch: Option<u64>,
}

/// All that the policy asked for and declares.
pub(super) struct Labels {
    copies: Vec<LabelCopy>,
    domains: Vec<DomainCopy>,
    /// Where the slots lie; labels are known by their place among those that were asked for.
    tables: Place,
    rows: usize,
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Labels {
    pub(super) fn new(reads: NodeColumns, grants: &[Grant]) -> Self {
        let (nowhere, mut labels, mut domains) = (Place::default(), Vec::new(), Vec::new());
        for grant in grants {
            match *grant {
                Grant::Label(label) if reads.has(NodeColumns::LABELS) => {
                    labels.push(LabelCopy { label, numbers: nowhere, values: nowhere, count: 0, epoch: None });
                }
                Grant::DomainPods(pods) if reads.has(NodeColumns::DOMAIN_PODS) => {
                    domains.push(DomainCopy { pods, place: nowhere, len: 0, epoch: None });
                }
                _ => {}
            }
        }
        Self { copies: labels, domains, tables: nowhere, rows: 0, bytes: Vec::new(), spans: Vec::new() }
    }

    /// Brings the copies up to the table: rows that `changed`, or all of them where that is not known.
    pub(super) fn sync(
        &mut self,
        instance: &mut Instance,
        (nodes, log): (&dyn Nodes, Option<&dyn Changes>),
        changed: Option<Changed<'_>>,
        frame: &mut Frame,
    ) -> Result<(), WasmError> {
        if self.copies.is_empty() && self.domains.is_empty() {
            return Ok(());
        }
        let rows = nodes.rows();
        for copied in &mut self.copies {
            let numbers = nodes.label(copied.label);
            let moved = instance.ensure(&mut copied.numbers, rows * 4)?;
            match changed.filter(|_| !moved && rows == self.rows) {
                Some(changed) => {
                    copy_changed(instance, copied.numbers.ptr, numbers, (changed, NodeColumns::LABELS));
                }
                None => copy(instance, copied.numbers.ptr, numbers, rows),
            }
            let epoch = log.map(|log| log.label_epoch(copied.label));
            if epoch.is_none() || copied.epoch != epoch {
                copied.count = numbers.iter().max().map_or(0, |last| *last as usize + 1);
                let values = (0..copied.count as u32).map(|number| nodes.label_value(copied.label, number));
                put_texts(instance, &mut copied.values, values, (&mut self.spans, &mut self.bytes))?;
                copied.epoch = epoch;
            }
        }
        for copied in &mut self.domains {
            let epoch = log.map(|log| log.domain_epoch(copied.pods));
            if epoch.is_none() || copied.epoch != epoch {
                let sums = nodes.domain_pods(copied.pods);
                instance.ensure(&mut copied.place, size_of_val(sums))?;
                copy(instance, copied.place.ptr, sums, sums.len());
                (copied.len, copied.epoch) = (sums.len(), epoch);
            }
        }
        self.rows = rows;
        self.lay_out(instance, frame)
    }

    /// Writes where everything lies.
    fn lay_out(&mut self, instance: &mut Instance, frame: &mut Frame) -> Result<(), WasmError> {
        let span = |place: Place, len: usize| Span { ptr: place.ptr, len: len as u32 };
        self.bytes.clear();
        for (key, copied) in (0..).zip(&self.copies) {
            let (numbers, values) = (span(copied.numbers, self.rows), span(copied.values, copied.count));
            let slot = LabelSlot { key, reserved: 0, numbers, values };
            self.bytes.extend_from_slice(bytemuck::bytes_of(&slot));
        }
        let domains = self.bytes.len() as u32;
        for copied in &self.domains {
            let slot = Slot { key: u32::from(copied.pods.0), reserved: 0, values: span(copied.place, copied.len) };
            self.bytes.extend_from_slice(bytemuck::bytes_of(&slot));
        }
        instance.ensure(&mut self.tables, self.bytes.len())?;
        instance.write(self.tables.ptr, &self.bytes);
        frame.labels = span(self.tables, self.copies.len());
        frame.domain_pods = Span { ptr: self.tables.ptr + domains, len: self.domains.len() as u32 };
        Ok(())
    }
}

/// Writes texts: where each lies, then their bytes.
fn put_texts<'a>(
    instance: &mut Instance,
    place: &mut Place,
    texts: impl Iterator<Item = &'a str>,
    (spans, bytes): (&mut Vec<Span>, &mut Vec<u8>),
) -> Result<(), WasmError> {
    spans.clear();
    bytes.clear();
    for text in texts {
        spans.push(Span { ptr: bytes.len() as u32, len: text.len() as u32 });
        bytes.extend_from_slice(text.as_bytes());
    }
    let table = size_of_val(&**spans);
    instance.ensure(place, table + bytes.len())?;
    for span in spans.iter_mut() {
        span.ptr += place.ptr + table as u32;
    }
    instance.write(place.ptr, bytemuck::cast_slice(spans));
    instance.write(place.ptr + table as u32, bytes);
    Ok(())
}
