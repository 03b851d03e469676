//! What is held on nodes beyond the pods that are there: reservations, room of pods that are being replaced or updated in
//! place, room handed over, guarded nodes, gangs. A plain pod's hold is its phase and class in the pod store; the ledger has
//! what is more than that, and `accounts` is the one place where it enters and leaves columns.

mod accounts;
mod amounts;
mod audit;
mod cases;
mod check;
mod defect;
mod draws;
mod error;
mod events;
mod expiry;
mod gang_spec;
mod gangs;
mod hold;
mod in_place;
mod open;
mod operate;
mod owners;
mod pods;
#[cfg(feature = "record")]
mod record;
#[cfg(feature = "record")]
mod restore;
mod rules;
mod store;
mod view;

pub use audit::{AuditError, Invariant};
#[doc(hidden)]
pub use defect::Defect;
pub use error::LedgerError;
pub use events::{LedgerChange, LedgerEvent};
pub use gang_spec::{GangError, GangRole, GangSpec};
pub use gangs::GangState;
pub use hold::{HoldId, HoldKind, HoldSpec, HoldState, HoldView};
pub use operate::LedgerOp;
pub use owners::OwnerTerm;
#[cfg(feature = "record")]
pub use record::{LEDGER_VERSION, RestoreError};
pub use rules::{Guard, HandOver, HoldRules, RollingUpdate, Workload};

pub(crate) use amounts::Amounts;
pub(crate) use draws::Choice;
pub(crate) use gangs::Gang;
pub(crate) use hold::Hold;

use crate::cluster::{LookUp, look_up};
use events::Outbox;
use expiry::{Deadlines, Due};
use owners::OwnerIndex;
use smallvec::SmallVec;
use std::sync::Arc;

/// What a pod uses of a hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Draw {
    pub(crate) hold: u32,
    pub(crate) amounts: Amounts,
}

/// The holds of a cluster and who uses them. It is changed through the cluster alone, so that columns follow.
#[derive(Debug)]
pub struct Ledger {
    slots: Vec<Option<Hold>>,
    generations: Vec<u32>,
    free: Vec<u32>,
    by_name: LookUp<Arc<str>, u32>,
    /// Holds by the row that they hold room on or wait for.
    on_row: Vec<SmallVec<[u32; 2]>>,
    owners: OwnerIndex,
    deadlines: Deadlines,
    /// What pods use, by pod.
    draws: LookUp<u32, SmallVec<[Draw; 1]>>,
    /// Holds that belong to a pod or wait for its exit, by pod.
    of_pod: LookUp<u32, SmallVec<[u32; 1]>>,
    outbox: Outbox,
    opened: open::Opened,
    /// What the score of a pod's own room counts.
    pub(crate) preference: i64,
    /// Holds that lost their nodes, in the order in which they did.
    displaced: std::collections::VecDeque<u32>,
    pub(crate) rules: cases::Rules,
    pub(crate) gangs: gangs::Gangs,
    revision: u64,
    defect: Option<defect::Defect>,
    /// Names of holds that changed and were not written down since; `None` while nobody does.
    #[cfg(feature = "record")]
    to_write: Option<std::collections::BTreeSet<Arc<str>>>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
            by_name: look_up(),
            on_row: Vec::new(),
            owners: OwnerIndex::new(),
            deadlines: Deadlines::default(),
            draws: look_up(),
            of_pod: look_up(),
            outbox: Outbox::default(),
            opened: open::Opened::default(),
            displaced: std::collections::VecDeque::new(),
            preference: crate::limits::RESERVATION_WEIGHT,
            rules: cases::Rules::default(),
            gangs: gangs::Gangs::new(),
            revision: 0,
            defect: None,
            #[cfg(feature = "record")]
            to_write: None,
        }
    }

    /// The number of holds.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether nothing happens when pods come and go.
    pub(crate) fn is_idle(&self) -> bool {
        let rules = &self.rules.config;
        self.is_empty() && rules.rolling_updates.is_empty() && rules.hand_overs.is_empty()
    }

    /// The hold of a name.
    pub fn find(&self, name: &str) -> Option<HoldId> {
        self.by_name.get(name).map(|&slot| self.id(slot))
    }

    pub(crate) fn id(&self, slot: u32) -> HoldId {
        HoldId { slot, generation: self.generations.get(slot as usize).copied().unwrap_or_default() }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Hold> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// A hold changed: the next revision.
    fn revise(&mut self, slot: u32) {
        self.revision += 1;
        let Some(Some(hold)) = self.slots.get_mut(slot as usize) else { return };
        hold.revision = self.revision;
        #[cfg(feature = "record")]
        {
            let name = Arc::clone(&hold.name);
            self.changed(&name);
        }
    }

    pub(crate) fn on_row(&self, row: u32) -> &[u32] {
        self.on_row.get(row as usize).map_or(&[], |holds| holds)
    }

    pub(crate) fn draws(&self, pod: u32) -> &[Draw] {
        self.draws.get(&pod).map_or(&[], |draws| draws)
    }

    pub(crate) fn of_pod(&self, pod: u32) -> &[u32] {
        self.of_pod.get(&pod).map_or(&[], |holds| holds)
    }

    /// All holds, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Hold)> {
        (0..).zip(&self.slots).filter_map(|(slot, hold)| Some((slot, hold.as_ref()?)))
    }
}
