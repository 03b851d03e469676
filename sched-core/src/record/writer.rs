//! Entries become bytes.

use super::block;
use super::entry::{Entry, FORMAT_VERSION, Header, MAGIC, since};
use crate::limits::RECORD_BLOCK_BYTES;
use serde::Serialize;

/// The bytes of a record that nobody took yet.
pub(super) struct Writer {
    /// Entries of the block that is not full.
    block: Vec<u8>,
    sealed: Vec<u8>,
    /// Time of the entry before.
    now_ms: u64,
}

impl Writer {
    pub(super) fn new(header: &Header) -> Self {
        let mut writer = Self { block: Vec::new(), sealed: MAGIC.to_vec(), now_ms: 0 };
        writer.sealed.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        append(header, &mut writer.block);
        writer.seal();
        writer
    }

    pub(super) fn write(&mut self, now_ms: u64, entry: &Entry<'_>) {
        // Most entries come at the time of the one before, which is one byte.
        append(&(since(self.now_ms, now_ms), entry), &mut self.block);
        self.now_ms = now_ms;
        if self.block.len() >= RECORD_BLOCK_BYTES {
            self.seal();
        }
    }

    /// Writes an entry that has no time of its own.
    pub(super) fn write_timeless(&mut self, entry: &Entry<'_>) {
        self.write(self.now_ms, entry);
    }

    fn seal(&mut self) {
        if !self.block.is_empty() {
            block::seal(&self.block, &mut self.sealed);
            self.block.clear();
        }
    }

    /// Bytes that wait to be taken, those that are not packed yet included.
    pub(super) fn waiting(&self) -> usize {
        self.sealed.len() + self.block.len()
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        self.seal();
        std::mem::take(&mut self.sealed)
    }
}

/// Bytes of an object in a record.
pub(super) fn size(object: &impl Serialize) -> usize {
    postcard::experimental::serialized_size(object).unwrap_or(usize::MAX)
}

fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    let appended = postcard::serialize_with_flavor(value, Append(out));
    // A vector takes every byte, and nothing in a record is of unknown length.
    debug_assert_eq!(appended, Ok(()));
}

/// A vector as what postcard writes to.
struct Append<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
