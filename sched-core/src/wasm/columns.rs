//! Resident columns: the copies of the node table that lie in a module's memory, kept current by the table's log.

use super::WasmError;
use super::instance::{Instance, Place};
use super::labels::Labels;
use sched_abi::ask::Grant;
use sched_abi::wire::{Frame, NO_KEY, Slot, Span, bits_key, column_key, slot_of};
use sched_abi::{Bits, Changes, Column, Manifest, NodeColumns, Nodes, Request, ResourceId};

/// Resources with fixed ids: their columns are there whether they are asked for or not.
const FIXED: [ResourceId; 4] = [ResourceId::CPU, ResourceId::MEMORY, ResourceId::PODS, ResourceId::EPHEMERAL_STORAGE];

struct Quantity {
    column: Column,
    place: Place,
    /// The column's epoch at the last copy; `None` before the first.
    epoch: Option<u64>,
}

/// The columns of one instance.
pub(super) struct Columns {
    reads: NodeColumns,
    resources: Vec<ResourceId>,
    quantities: Vec<Quantity>,
    bits: Vec<(Bits, Place)>,
    taint_sets: Place,
    labels: Labels,
    /// Where the table's log stood at the last copy, and its epochs; `None` where everything must be copied.
    seen: Option<(u64, u64)>,
    rows: usize,
    /// Where the slots lie.
    tables: Place,
    laid_out: bool,
    /// Rows that changed, with the kinds of columns.
    changed: Vec<(u32, NodeColumns)>,
    slots: Vec<Slot>,
}

impl Columns {
    /// Whether the policy declares a kind.
    #[inline]
    pub(super) fn reads(&self, kind: NodeColumns) -> bool {
        self.reads.has(kind)
    }

    /// What a policy reads, from its manifest and what it was granted.
    pub(super) fn new(manifest: &Manifest, grants: &[Grant]) -> Self {
        let reads = manifest.columns;
        let mut columns = Self {
            reads,
            resources: Vec::new(),
            quantities: Vec::new(),
            bits: Vec::new(),
            taint_sets: Place::default(),
            labels: Labels::new(manifest.columns, grants),
            seen: None,
            rows: 0,
            tables: Place::default(),
            laid_out: false,
            changed: Vec::new(),
            slots: Vec::new(),
        };
        for resource in [ResourceId::CPU, ResourceId::MEMORY] {
            columns.want([Column::Usage(resource), Column::Unseen(resource)]);
        }
        columns.want([Column::SampledAt]);
        for resource in FIXED {
            columns.want_resource(resource);
        }
        let mut bits = vec![Bits::Live, Bits::Unschedulable, Bits::Marked];
        for grant in grants {
            match *grant {
                Grant::Resource(resource) => columns.want_resource(resource),
                Grant::Derived(place) => columns.want([Column::Derived(place)]),
                Grant::Nodes(place) => bits.push(Bits::Selector(place)),
                Grant::Estimate(_) | Grant::Aggregate | Grant::Pods(_) | Grant::Label(_) | Grant::DomainPods(_) => {}
            }
        }
        bits.retain(|bits| reads.has(bits.kind()));
        bits.dedup();
        columns.bits = bits.into_iter().map(|bits| (bits, Place::default())).collect();
        columns
    }

    fn want<const N: usize>(&mut self, columns: [Column; N]) {
        for column in columns {
            if self.reads.has(column.kind()) && self.quantities.iter().all(|q| q.column != column) {
                self.quantities.push(Quantity { column, place: Place::default(), epoch: None });
                self.laid_out = false;
            }
        }
    }

    fn want_resource(&mut self, resource: ResourceId) {
        if !self.resources.contains(&resource) {
            self.resources.push(resource);
            self.want([
                Column::Allocatable(resource),
                Column::Requested(resource),
                Column::ScoringRequested(resource),
                Column::Capacity(resource),
            ]);
        }
    }

    /// Resources whose columns are not there yet get them.
    pub(super) fn want_resources(&mut self, requests: &[Request]) {
        for request in requests {
            self.want_resource(request.resource);
        }
    }

    /// Whether [`Columns::sync`] has something to do.
    #[inline]
    pub(super) fn is_current(&self, changes: Option<&dyn Changes>) -> bool {
        self.laid_out && changes.is_some_and(|c| self.seen == Some((c.position(), c.epochs())))
    }

    /// Brings the copies up to the table. Returns whether the frame changed.
    pub(super) fn sync(
        &mut self,
        instance: &mut Instance,
        nodes: &dyn Nodes,
        frame: &mut Frame,
    ) -> Result<(), WasmError> {
        let changes = nodes.changes();
        let rows = nodes.rows();
        let mut moved = !self.laid_out || rows > self.rows;
        self.changed.clear();
        let follows = match (changes, self.seen) {
            (Some(log), Some((position, _))) => self.collect(log, position),
            _ => false,
        };
        for quantity in &mut self.quantities {
            let epoch = changes.map_or(0, |log| log.epoch(quantity.column));
            moved |= instance.ensure(&mut quantity.place, rows * 8)?;
            if !follows || quantity.epoch != Some(epoch) || moved {
                copy(instance, quantity.place.ptr, nodes.quantity(quantity.column), rows);
                quantity.epoch = Some(epoch);
                continue;
            }
            let kind = quantity.column.kind();
            // Not even looked up where nothing changed, which is the rule.
            if self.changed.iter().any(|(_, kinds)| kinds.has(kind)) {
                copy_changed(instance, quantity.place.ptr, nodes.quantity(quantity.column), (&self.changed, kind));
            }
        }
        for (bits, place) in &mut self.bits {
            moved |= instance.ensure(place, rows.div_ceil(64) * 8)?;
            let words = nodes.bits(*bits);
            // Marks come and go with time, without an entry in the log.
            if !follows || moved || *bits == Bits::Marked {
                copy(instance, place.ptr, words, rows.div_ceil(64));
                continue;
            }
            for &(row, _) in self.changed.iter().filter(|(_, kinds)| kinds.has(bits.kind())) {
                let word = words.get(row as usize / 64).copied().unwrap_or(0);
                instance.write(place.ptr + row / 64 * 8, &word.to_le_bytes());
            }
        }
        if self.reads.has(NodeColumns::TAINT_SETS) {
            moved |= instance.ensure(&mut self.taint_sets, rows * 4)?;
            let sets = nodes.taint_sets();
            if !follows || moved {
                copy(instance, self.taint_sets.ptr, sets, rows);
            } else {
                copy_changed(instance, self.taint_sets.ptr, sets, (&self.changed, NodeColumns::TAINT_SETS));
            }
        }
        let since = follows.then_some(&*self.changed);
        self.labels.sync(instance, (nodes, changes), since, frame)?;
        if moved || rows != self.rows {
            self.rows = rows;
            self.lay_out(instance, frame)?;
        }
        self.seen = changes.map(|log| (log.position(), log.epochs()));
        Ok(())
    }

    /// Collects the rows that changed; `false` where the log does not reach back.
    fn collect(&mut self, log: &dyn Changes, position: u64) -> bool {
        let (changed, reads) = (&mut self.changed, self.reads);
        log.since(position, &mut |row, kinds| match changed.last_mut() {
            // What happens to a node changes several of its columns, one entry after the other.
            Some((last, all)) if *last == row => *all = all.and(kinds),
            _ if kinds.meets(reads) => changed.push((row, kinds)),
            _ => {}
        })
    }

    /// Writes where everything lies.
    fn lay_out(&mut self, instance: &mut Instance, frame: &mut Frame) -> Result<(), WasmError> {
        let (rows, words) = (self.rows as u32, self.rows.div_ceil(64) as u32);
        let slot = |key, ptr, len| Slot { key, reserved: 0, values: Span { ptr, len } };
        self.slots.clear();
        // Half empty, so that a column is found at once or nearly.
        let table = (self.quantities.len() * 2).next_power_of_two();
        self.slots.resize(table, slot(NO_KEY, 0, 0));
        for quantity in &self.quantities {
            let key = column_key(quantity.column);
            let first = slot_of(key, table);
            let free = (0..table)
                .map(|step| (first + step) % table)
                .find(|&at| self.slots.get(at).is_none_or(|s| s.key == NO_KEY));
            if let Some(place) = free.and_then(|at| self.slots.get_mut(at)) {
                *place = slot(key, quantity.place.ptr, rows);
            }
        }
        self.slots.extend(self.bits.iter().map(|(bits, place)| slot(bits_key(*bits), place.ptr, words)));
        let bytes: &[u8] = bytemuck::cast_slice(&self.slots);
        instance.ensure(&mut self.tables, bytes.len())?;
        instance.write(self.tables.ptr, bytes);
        frame.quantities = Span { ptr: self.tables.ptr, len: table as u32 };
        let after = self.tables.ptr + table as u32 * size_of::<Slot>() as u32;
        frame.bits = Span { ptr: after, len: self.bits.len() as u32 };
        let sets = if self.reads.has(NodeColumns::TAINT_SETS) { rows } else { 0 };
        frame.taint_sets = Span { ptr: self.taint_sets.ptr, len: sets };
        self.laid_out = true;
        Ok(())
    }
}

/// Rows that changed, with the kinds of columns.
pub(super) type Changed<'a> = &'a [(u32, NodeColumns)];

/// Copies the cells of a column of this kind in the rows that changed; what the column is short of is 0.
pub(super) fn copy_changed<T: bytemuck::NoUninit + Default>(
    instance: &mut Instance,
    ptr: u32,
    values: &[T],
    (changed, kind): (Changed<'_>, NodeColumns),
) {
    for &(row, _) in changed.iter().filter(|(_, kinds)| kinds.has(kind)) {
        let value = values.get(row as usize).copied().unwrap_or_default();
        instance.write(ptr + row * size_of::<T>() as u32, bytemuck::bytes_of(&value));
    }
}

/// Copies a column whole; what it is short of `len` items is 0.
pub(super) fn copy<T: bytemuck::NoUninit>(instance: &mut Instance, ptr: u32, values: &[T], len: usize) {
    let room = instance.at_mut(ptr, len * size_of::<T>());
    let bytes: &[u8] = bytemuck::cast_slice(values.get(..len).unwrap_or(values));
    let (filled, rest) = room.split_at_mut(bytes.len().min(room.len()));
    if filled.len() == bytes.len() {
        filled.copy_from_slice(bytes);
    }
    rest.fill(0);
}
