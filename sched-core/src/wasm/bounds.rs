//! What an instance may take of its host: memory, one table, nothing else.

use crate::limits::MAX_GUEST_TABLE_ELEMENTS;
use wasmtime::ResourceLimiter;

/// What the module may take.
pub(super) struct Bounds {
    /// Bytes of memory.
    pub(super) memory: usize,
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.memory)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_GUEST_TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }
}
