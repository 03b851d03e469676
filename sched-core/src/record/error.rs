//! Why a record cannot be written, read or run again.

use super::entry::FORMAT_VERSION;
use crate::config::ProfileError;
use crate::limits::{MAX_RECORD_BLOCK_BYTES, MAX_RECORD_OBJECT_BYTES};
use thiserror::Error;

/// A record was refused, or ends before its time. A place is that of a block, in bytes from the beginning of the record.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are something else.
    #[error("not a record: it does not begin with `schedlog`")]
    NotARecord,
    /// It was written in a format that this library does not read.
    #[error("a record of format {0}, this library reads formats up to {known}", known = FORMAT_VERSION)]
    Version(u16),
    /// The last block is not all there, as after a crash or a full disk.
    #[error("byte {at}: the record ends within a block")]
    Torn {
        /// The block.
        at: usize,
    },
    /// A block is not what was written.
    #[error("byte {at}: the checksum of a block is wrong")]
    Checksum {
        /// The block.
        at: usize,
    },
    /// A block is larger than any that is written.
    #[error("byte {at}: a block of {bytes} bytes is beyond the limit of {max} (MAX_RECORD_BLOCK_BYTES)", max = MAX_RECORD_BLOCK_BYTES)]
    Block {
        /// The block.
        at: usize,
        /// What it says that it has.
        bytes: usize,
    },
    /// A block with the right checksum holds no entries.
    #[error("byte {at}: the block does not hold entries of a record")]
    Malformed {
        /// The block.
        at: usize,
    },
    /// What was done once cannot be done again.
    #[error("byte {at}: {problem}")]
    Contradiction {
        /// The block.
        at: usize,
        /// What.
        problem: String,
    },
    /// Names of holds and gangs cannot be taken out yet.
    #[error("byte {at}: a record with operations on the ledger cannot be made nameless yet")]
    Ledger {
        /// The block.
        at: usize,
    },
    /// The scheduler has a past that the record would lack.
    #[error("a record begins with an empty scheduler, and this one has been used")]
    Used,
    /// The profile is larger than a record holds.
    #[error("the profile has {bytes} bytes, more than the limit of {max} (MAX_RECORD_OBJECT_BYTES)", max = MAX_RECORD_OBJECT_BYTES)]
    ProfileTooLarge {
        /// How many.
        bytes: usize,
    },
    /// It was recorded under policies of the embedder's own.
    #[error("the record holds no profile: it was made with policies of the embedder's own, {policies}")]
    NoProfile {
        /// Their names.
        policies: String,
    },
    /// The profile that it was recorded under is refused now.
    #[error("the recorded profile: {0}")]
    Profile(#[from] ProfileError),
}
