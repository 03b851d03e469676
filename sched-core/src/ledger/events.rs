//! What the ledger tells its embedder: an outbox of bounded length.

use crate::limits::MAX_LEDGER_EVENTS;
use std::collections::VecDeque;

/// Something that happened to a hold or a gang.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LedgerEvent {
    /// When, milliseconds.
    pub at_ms: u64,
    /// The name of the hold or gang.
    pub name: String,
    /// What.
    pub what: LedgerChange,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum LedgerChange {
    /// It holds room from now on, on this node.
    Opened {
        /// The node.
        node: String,
    },
    /// Its node was cordoned, is not ready, or left: it holds no room until it finds another place.
    Displaced {
        /// The node.
        node: String,
    },
    /// It found another place after it was displaced, or was migrated.
    Moved {
        /// The node.
        node: String,
    },
    /// Its time was over.
    Expired,
    /// It was displaced, and there is no other place.
    Unplaced,
    /// Its first pod took it, and it was for one.
    Consumed,
    /// It is no longer needed, or was released.
    Ended,
    /// A gang gave way to an older one: its members hold no room.
    GaveWay,
}

/// The newest events; the oldest go first when there are more than anybody takes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    events: VecDeque<LedgerEvent>,
}

impl Outbox {
    pub(crate) fn push(&mut self, at_ms: u64, name: &str, what: LedgerChange) {
        if self.events.len() == MAX_LEDGER_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(LedgerEvent { at_ms, name: name.to_owned(), what });
    }

    pub(crate) fn take(&mut self) -> Vec<LedgerEvent> {
        std::mem::take(&mut self.events).into()
    }
}
