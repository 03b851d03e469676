//! Bytes become entries again. Whatever they are, reading one takes bounded memory and ends with an entry or an error.

use super::entry::{Entry, FORMAT_VERSION, Header, MAGIC, OLDEST_VERSION, before};
use super::{RecordError, block};

/// An entry with its time, and where its block begins.
pub(super) struct Read {
    pub(super) at: usize,
    pub(super) now_ms: u64,
    pub(super) entry: Entry<'static>,
}

/// Reads a record from its beginning.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    /// Where the present block begins, and the next.
    at: usize,
    next: usize,
    block: Vec<u8>,
    /// What of the block was read.
    done: usize,
    now_ms: u64,
}

impl<'b> Reader<'b> {
    /// Reads the header.
    pub(super) fn open(bytes: &'b [u8]) -> Result<(Header, Self), RecordError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(RecordError::NotARecord)?;
        let version = rest.first_chunk().copied().map(u16::from_le_bytes).ok_or(RecordError::Torn { at: 0 })?;
        if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
            return Err(RecordError::Version(version));
        }
        let at = MAGIC.len() + size_of::<u16>();
        let (block, next) = block::open(bytes, at)?;
        let (header, rest) = postcard::take_from_bytes(&block).map_err(|_| RecordError::Malformed { at })?;
        if !rest.is_empty() {
            return Err(RecordError::Malformed { at });
        }
        Ok((header, Self { bytes, at, next, block: Vec::new(), done: 0, now_ms: 0 }))
    }

    fn read(&mut self) -> Result<Option<Read>, RecordError> {
        while self.done == self.block.len() {
            if self.next == self.bytes.len() {
                return Ok(None);
            }
            self.at = self.next;
            (self.block, self.next) = block::open(self.bytes, self.at)?;
            self.done = 0;
        }
        let at = self.at;
        let left = self.block.get(self.done..).unwrap_or_default();
        let ((passed_ms, entry), rest): ((i64, Entry<'static>), _) =
            postcard::take_from_bytes(left).map_err(|_| RecordError::Malformed { at })?;
        self.done = self.block.len() - rest.len();
        self.now_ms = before(self.now_ms, passed_ms.wrapping_neg());
        Ok(Some(Read { at, now_ms: self.now_ms, entry }))
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Read, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read().transpose();
        if matches!(read, Some(Err(_))) {
            // Nothing that follows can be relied on: numbers and times build on what came before.
            (self.next, self.done) = (self.bytes.len(), self.block.len());
        }
        read
    }
}
