//! Blocks: entries packed together, with their lengths and a checksum, so that a torn or damaged one is found.

use super::RecordError;
use crate::limits::MAX_RECORD_BLOCK_BYTES;

/// Packed length, unpacked length, CRC-32 of both and of what is packed; little-endian.
const HEAD_BYTES: usize = 12;

/// Appends a block that holds `raw`.
pub(super) fn seal(raw: &[u8], out: &mut Vec<u8>) {
    let packed = lz4_flex::block::compress(raw);
    // Both lengths are far below 2^32: a block is sealed as soon as it is full, and an object has a limit.
    let lengths = [packed.len() as u32, raw.len() as u32].map(u32::to_le_bytes);
    out.extend_from_slice(lengths.as_flattened());
    out.extend_from_slice(&checksum(lengths.as_flattened(), &packed).to_le_bytes());
    out.extend_from_slice(&packed);
}

/// The block at `at`, unpacked, and where the next one begins.
pub(super) fn open(bytes: &[u8], at: usize) -> Result<(Vec<u8>, usize), RecordError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let (lengths, rest) = rest.split_first_chunk::<8>().ok_or(RecordError::Torn { at })?;
    let (sum, rest) = rest.split_first_chunk::<4>().ok_or(RecordError::Torn { at })?;
    let [p0, p1, p2, p3, r0, r1, r2, r3] = *lengths;
    let [packed, raw] = [[p0, p1, p2, p3], [r0, r1, r2, r3]].map(|bytes| u32::from_le_bytes(bytes) as usize);
    // Before anything is allocated. What is written stays far below, packed or not.
    for bytes in [raw, packed] {
        if bytes > MAX_RECORD_BLOCK_BYTES {
            return Err(RecordError::Block { at, bytes });
        }
    }
    let packed = rest.get(..packed).ok_or(RecordError::Torn { at })?;
    if checksum(lengths, packed) != u32::from_le_bytes(*sum) {
        return Err(RecordError::Checksum { at });
    }
    let unpacked = lz4_flex::block::decompress(packed, raw).map_err(|_| RecordError::Malformed { at })?;
    if unpacked.len() != raw {
        return Err(RecordError::Malformed { at });
    }
    Ok((unpacked, at + HEAD_BYTES + packed.len()))
}

fn checksum(lengths: &[u8], packed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(lengths);
    hasher.update(packed);
    hasher.finalize()
}
