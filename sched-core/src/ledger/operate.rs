//! Operations on the ledger. Everything that can be refused is checked before anything is changed.

use super::defect::Defect;
use super::rules::HoldRules;
use super::{Amounts, Hold, HoldSpec, HoldState, LedgerChange, LedgerError};
use crate::cluster::{Cluster, Owner, Resources};
use crate::limits::MAX_DESIRED;
use sched_abi::ResourceId;
use std::sync::Arc;

type Done<T = ()> = Result<T, LedgerError>;

/// Something to be done to the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum LedgerOp {
    /// Holds room.
    Hold(HoldSpec),
    /// Ends a hold: what its pods use stays theirs, the rest is free.
    Release {
        /// Its name.
        name: String,
    },
    /// Makes a hold larger, out of free room, or smaller.
    Resize {
        /// Its name.
        name: String,
        /// What it is to have in all, base units.
        amounts: Resources,
    },
    /// Changes when a hold ends.
    Renew {
        /// Its name.
        name: String,
        /// The first millisecond at which it no longer holds; none: until it is released.
        expires_ms: Option<u64>,
    },
    /// Moves a hold that nobody uses to another node.
    Migrate {
        /// Its name.
        name: String,
        /// The node.
        node: String,
    },
    /// A pod is updated in place from now on: what it has stays its own, whatever its containers request meanwhile.
    BeginInPlace {
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
        /// When that is to be over at the latest.
        expires_ms: u64,
    },
    /// A pod that is updated in place is to have more: the node's free room is asked first.
    ResizeInPlace {
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
        /// What it will request in all, base units.
        amounts: Resources,
    },
    /// Sets the rules, in place of those before. Nodes that have the labels of a guard are guarded from now on, younger ones
    /// from when they join; holds that the old rules made stay.
    Configure(HoldRules),
    /// Says how many pods a workload is to have; none: nobody knows.
    Desired {
        /// Its namespace.
        namespace: String,
        /// The workload.
        owner: Owner,
        /// How many.
        replicas: Option<u32>,
    },
    /// The update in place is over; what the pod does not request is free.
    EndInPlace {
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
    },
}

impl Cluster {
    /// Does an operation on the ledger. An error names what is wrong, and nothing is changed.
    ///
    /// ```
    /// use sched_core::{Cluster, Event, HoldSpec, LedgerOp, NodeSpec, OwnerTerm};
    /// let mut cluster = Cluster::new();
    /// let allocatable = [("cpu".into(), 4_000)].into();
    /// cluster.apply(&Event::NodeAdded(NodeSpec { name: "a".into(), allocatable, ..NodeSpec::default() }), 0)?;
    /// let hold = HoldSpec {
    ///     name: "sale".into(),
    ///     node: Some("a".into()),
    ///     amounts: [("cpu".into(), 3_000)].into(),
    ///     owners: vec![OwnerTerm::controller("shop", "Deployment", "web")],
    ///     expires_ms: Some(60_000),
    ///     ..HoldSpec::default()
    /// };
    /// cluster.operate(&LedgerOp::Hold(hold), 0)?;
    /// let row = cluster.row_of("a").unwrap();
    /// assert_eq!(cluster.amounts(row, "cpu"), [4_000, 3_000, 4_000]);
    /// cluster.tick(60_000)?;
    /// assert_eq!(cluster.amounts(row, "cpu"), [4_000, 0, 4_000]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Cost: O(size of the operation + log of the number of holds).
    pub fn operate(&mut self, op: &LedgerOp, now_ms: u64) -> Result<(), LedgerError> {
        let done = self.at(now_ms, |cluster| cluster.operate_now(op));
        self.debug_audit();
        done
    }

    fn operate_now(&mut self, op: &LedgerOp) -> Done {
        match op {
            LedgerOp::Hold(spec) => self.add_hold(spec),
            LedgerOp::Release { name } => {
                let slot = self.live(name)?;
                self.advance();
                self.end_hold(slot, LedgerChange::Ended);
                Ok(())
            }
            LedgerOp::Resize { name, amounts } => self.resize(name, amounts),
            LedgerOp::Renew { name, expires_ms } => {
                let (slot, expires_ms) = (self.live(name)?, self.later(name, *expires_ms, 0)?);
                self.advance();
                self.ledger.renew(slot, expires_ms);
                Ok(())
            }
            LedgerOp::Migrate { name, node } => self.migrate(name, node),
            LedgerOp::BeginInPlace { namespace, pod, expires_ms } => self.begin_in_place(namespace, pod, *expires_ms),
            LedgerOp::ResizeInPlace { namespace, pod, amounts } => self.resize_in_place(namespace, pod, amounts),
            LedgerOp::Configure(rules) => {
                rules.check()?;
                self.advance();
                self.set_rules(rules);
                Ok(())
            }
            LedgerOp::Desired { namespace, owner, replicas } => {
                let rules = &self.ledger.rules;
                if replicas.is_some() && rules.desired.len() >= MAX_DESIRED {
                    return Err(LedgerError::Limit { what: "workloads", limit: MAX_DESIRED, name: "MAX_DESIRED" });
                }
                self.advance();
                match replicas {
                    Some(replicas) => self.set_desired(namespace, owner, *replicas),
                    None => self.forget_desired(namespace, owner),
                }
                Ok(())
            }
            LedgerOp::EndInPlace { namespace, pod } => {
                let (_, slot) = self.in_place(namespace, pod)?;
                self.advance();
                self.end_hold(slot, LedgerChange::Ended);
                Ok(())
            }
        }
    }

    /// A hold that is there and whose time is not over.
    pub(super) fn live(&self, name: &str) -> Done<u32> {
        let slot = self.ledger.find(name).ok_or_else(|| LedgerError::Unknown(name.to_owned()))?.slot;
        let expires_ms = self.ledger.get(slot).map_or(0, |hold| hold.expires_ms);
        if expires_ms > self.clock_ms() {
            return Ok(slot);
        }
        Err(LedgerError::Expired { hold: name.to_owned(), expires_ms })
    }

    pub(super) fn later(&self, name: &str, expires_ms: Option<u64>, now_ms: u64) -> Done<u64> {
        let (expires_ms, now_ms) = (expires_ms.unwrap_or(u64::MAX), self.clock_ms().max(now_ms));
        if expires_ms > now_ms {
            return Ok(expires_ms);
        }
        Err(LedgerError::Past { hold: name.to_owned(), expires_ms, now_ms })
    }

    pub(super) fn add_hold(&mut self, spec: &HoldSpec) -> Done {
        self.check_hold(spec, self.clock_ms())?;
        let expires_ms = spec.expires_ms.unwrap_or(u64::MAX);
        let node = spec.node.as_ref().ok_or_else(|| LedgerError::Unplaced { hold: spec.name.clone() })?;
        let row = self.known_node(node)?;
        self.check_room(&spec.name, row, &spec.amounts, |_| 0, spec.preallocate)?;
        self.advance();
        let (wanted, names) = self.intern(&spec.amounts);
        let amounts: Amounts = if spec.preallocate {
            wanted.iter().map(|(r, amount)| (r, amount.min(self.free_room(row, r)).max(0))).collect()
        } else {
            wanted.clone()
        };
        let due = wanted.less(&amounts);
        let hold = Hold {
            kind: spec.kind,
            row: Some(row),
            amounts,
            due,
            expires_ms,
            owners: spec.owners.clone().into(),
            restricted: spec.restricted,
            once: spec.once,
            order: spec.order,
            taints: spec.taints.clone().into(),
            names,
            ..Hold::empty(spec.name.as_str().into(), Arc::new(spec.template.clone()))
        };
        self.open_hold(hold);
        Ok(())
    }

    /// Amounts with ids for names, which are kept alive, and those ids.
    pub(super) fn intern(&mut self, amounts: &Resources) -> (Amounts, smallvec::SmallVec<[u32; 4]>) {
        let mut names = smallvec::SmallVec::new();
        let mut list = Amounts::default();
        for (name, &amount) in amounts.iter().filter(|(_, amount)| **amount > 0) {
            let id = self.nodes.acquire_resource(name);
            names.push(id);
            list.set(ResourceId(id as u16), amount);
        }
        (list, names)
    }

    /// The same for amounts that have ids.
    pub(super) fn retain(&mut self, amounts: &Amounts) -> smallvec::SmallVec<[u32; 4]> {
        let ids = amounts.iter().map(|(resource, _)| u32::from(resource.0));
        ids.inspect(|&id| self.nodes.resource_names.retain(id)).collect()
    }

    fn resize(&mut self, name: &str, amounts: &Resources) -> Done {
        let slot = self.live(name)?;
        self.check_amounts(name, amounts)?;
        let Some(hold) = self.ledger.get(slot) else { return Ok(()) };
        if hold.of.is_some() {
            return Err(LedgerError::OfPod { hold: name.to_owned() });
        }
        if amounts.values().all(|&amount| amount == 0) {
            return Err(LedgerError::Empty { hold: name.to_owned() });
        }
        let (now, used) = (self.named(&hold.amounts), self.named(&hold.used));
        for (resource, &used) in &used {
            let amount = amounts.get(resource).copied().unwrap_or(0);
            if amount < used {
                return Err(LedgerError::BelowUsed { hold: name.to_owned(), resource: resource.clone(), used, amount });
            }
        }
        if let Some(row) = hold.row {
            self.check_room(name, row, amounts, |resource| now.get(resource).copied().unwrap_or(0), false)?;
        }
        self.advance();
        let (amounts, names) = self.intern(amounts);
        if self.ledger.has(Defect::ForgetfulResize) {
            self.ledger.get_mut(slot).into_iter().for_each(|hold| hold.amounts = amounts.clone());
        }
        self.change_hold(slot, |hold| {
            (hold.amounts, hold.due) = (amounts, Amounts::default());
            hold.names.extend(names);
        });
        Ok(())
    }

    fn migrate(&mut self, name: &str, node: &str) -> Done {
        let slot = self.live(name)?;
        let row = self.known_node(node)?;
        let Some(hold) = self.ledger.get(slot) else { return Ok(()) };
        if hold.of.is_some() {
            return Err(LedgerError::OfPod { hold: name.to_owned() });
        }
        if !hold.pods.is_empty() {
            return Err(LedgerError::InUse { hold: name.to_owned(), pods: hold.pods.len() });
        }
        let stays = hold.row == Some(row);
        if !stays {
            self.check_room(name, row, &self.named(&hold.amounts), |_| 0, false)?;
        }
        self.advance();
        if !stays {
            self.move_hold(slot, row);
        }
        Ok(())
    }

    /// A hold that nobody uses gets another row, which has room for it.
    pub(crate) fn move_hold(&mut self, slot: u32, row: u32) {
        self.change_hold(slot, |hold| {
            (hold.row, hold.state, hold.due) = (Some(row), HoldState::Open, Amounts::default());
        });
        let node = self.hold_node(slot);
        if let Some(name) = self.ledger.get(slot).map(|hold| hold.name.clone()) {
            self.tell(&name, LedgerChange::Moved { node });
        }
    }
}
