//! Gangs: all members get room in one transaction or none does, as near together as labels of nodes say.

use super::{Among, Scheduler};
use crate::cluster::{PodId, PodPhase, Row};
use crate::error::ScheduleError;
use crate::ledger::{GangError, GangSpec, GangState, LedgerChange};
use crate::limits::{MAX_GANG_MEMBERS, MAX_GANG_TOPOLOGY};
use sched_abi::ResourceId;
use std::collections::BTreeMap;

/// Where the members of a gang go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GangDecision {
    /// Members and their nodes' rows, in the order in which they were given.
    pub placements: Vec<(PodId, Row)>,
    /// The label and value that their nodes have in common; none where no preferred one had room for all.
    pub domain: Option<(String, String)>,
}

/// A member that is to get room.
#[derive(Clone, Copy)]
struct Member {
    pod: PodId,
    role: usize,
}

impl Scheduler {
    /// Makes a gang known. Of two gangs that stand in each other's way the one that was opened first goes first.
    ///
    /// ```
    /// use sched_core::{Event, GangRole, GangSpec, NodeSpec, PodSpec, ProfileSet, Scheduler};
    /// let profiles = ProfileSet::builtin();
    /// let mut scheduler = Scheduler::new(profiles.get("kube-default").unwrap(), 42)?;
    /// let allocatable = [("pods".into(), 2)].into();
    /// scheduler.apply(&Event::NodeAdded(NodeSpec { name: "a".into(), allocatable, ..NodeSpec::default() }), 0)?;
    /// let worker = |i| PodSpec { namespace: "ml".into(), name: format!("worker-{i}"), ..PodSpec::default() };
    /// let pods: Vec<_> = (0..3).map(|i| scheduler.add_pod(&worker(i)).unwrap()).collect();
    /// let roles = vec![GangRole { name: "worker".into(), min_members: 2 }];
    /// scheduler.open_gang(&GangSpec { name: "train".into(), roles, topology: vec![], wait_ms: 60_000 }, 0)?;
    /// let members: Vec<_> = pods.iter().map(|&pod| ("worker", pod)).collect();
    /// assert!(scheduler.reserve_gang("train", &members, 0).is_err());       // three do not fit, so none holds room
    /// scheduler.reserve_gang("train", &members[..2], 0)?;
    /// scheduler.commit_gang("train", 0)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_gang(&mut self, spec: &GangSpec, now_ms: u64) -> Result<(), GangError> {
        if spec.topology.len() > MAX_GANG_TOPOLOGY {
            let (what, name) = ("labels of topology", "MAX_GANG_TOPOLOGY");
            return Err(GangError::Limit { what, limit: MAX_GANG_TOPOLOGY, name });
        }
        self.cluster.at(now_ms, |cluster| cluster.open_gang(spec))
    }

    /// Says where [`Scheduler::reserve_gang`] would put the members. Time moves on as by [`Scheduler::tick`], nothing else
    /// changes. Cost: that of reserving and rolling back.
    pub fn decide_gang(
        &mut self,
        gang: &str,
        members: &[(&str, PodId)],
        now_ms: u64,
    ) -> Result<GangDecision, GangError> {
        self.tick(now_ms)?;
        let serial = self.waiting(gang)?;
        let members = self.members(serial, members)?;
        let found = self.place_together(serial, &members, now_ms);
        found.iter().flat_map(|decision| &decision.placements).for_each(|&(pod, _)| self.cluster.unreserve(pod));
        found.ok_or_else(|| GangError::Unschedulable { gang: gang.to_owned(), pods: members.len() })
    }

    /// Holds room for pods of a gang, each with its role: for all of them or for none. They wait for the rest of the gang until
    /// it is complete and committed, or its time is over. If there is no place, younger gangs that wait give theirs back; if
    /// that does not help and an older one waits, this one gives everything back: so two gangs never wait for each other.
    ///
    /// Cost: a decision for each member and each domain of the topology that has room enough.
    pub fn reserve_gang(
        &mut self,
        gang: &str,
        members: &[(&str, PodId)],
        now_ms: u64,
    ) -> Result<GangDecision, GangError> {
        self.tick(now_ms)?;
        let serial = self.waiting(gang)?;
        let members = self.members(serial, members)?;
        if let Some(decision) = self.place_together(serial, &members, now_ms) {
            return Ok(decision);
        }
        let younger: Vec<u64> = self.waiting_gangs().filter(|&other| other > serial).collect();
        let mut gave = Vec::new();
        for &other in younger.iter().rev() {
            gave.push((other, self.cluster.release_gang(other)));
            if let Some(decision) = self.place_together(serial, &members, now_ms) {
                for (other, _) in gave {
                    self.tell_gave_way(other);
                }
                return Ok(decision);
            }
        }
        // It did not help, so they have their room again.
        gave.into_iter().rev().for_each(|(other, released)| self.cluster.restore_gang(other, released));
        let older = self.waiting_gangs().find(|&other| other < serial);
        match older {
            None => Err(GangError::Unschedulable { gang: gang.to_owned(), pods: members.len() }),
            Some(older) => {
                self.cluster.advance();
                self.cluster.release_gang(serial);
                self.tell_gave_way(serial);
                Err(GangError::GaveWay { gang: gang.to_owned(), older: self.gang_name(older) })
            }
        }
    }

    /// Binds all members that hold room, once every role has as many as it must.
    pub fn commit_gang(&mut self, gang: &str, now_ms: u64) -> Result<(), GangError> {
        let serial = self.waiting(gang)?;
        let Some(known) = self.cluster.ledger.gangs.all.get(&serial) else { return Ok(()) };
        if known.deadline_ms <= self.cluster.clock_ms().max(now_ms) {
            return Err(GangError::Expired(gang.to_owned()));
        }
        for (place, role) in known.spec.roles.iter().enumerate() {
            let has = known.members.values().filter(|&&of| of == place).count() as u32;
            if has < role.min_members {
                let (gang, role, min) = (gang.to_owned(), role.name.clone(), role.min_members);
                return Err(GangError::Incomplete { gang, role, has, min });
            }
        }
        let reserved: Vec<PodId> = known.members.keys().map(|&pod| PodId(pod)).collect();
        for pod in reserved {
            if matches!(self.cluster.pod_phase(pod), Some(PodPhase::Reserved(_))) {
                self.commit(pod, now_ms)?;
            }
        }
        self.cluster.gang_runs(serial);
        Ok(())
    }

    /// Gives the room of all members back that are not bound, and forgets the gang.
    pub fn rollback_gang(&mut self, gang: &str) -> Result<(), GangError> {
        let serial = self.cluster.ledger.gangs.find(gang).ok_or_else(|| GangError::Unknown(gang.to_owned()))?;
        self.cluster.advance();
        self.cluster.release_gang(serial);
        self.cluster.drop_gang(serial);
        Ok(())
    }

    fn waiting(&self, gang: &str) -> Result<u64, GangError> {
        let gangs = &self.cluster.ledger.gangs;
        let serial = gangs.find(gang).ok_or_else(|| GangError::Unknown(gang.to_owned()))?;
        match gangs.all.get(&serial).map(|gang| gang.state) {
            Some(GangState::Expired) => Err(GangError::Expired(gang.to_owned())),
            _ => Ok(serial),
        }
    }

    /// Gangs some of whose members hold room and wait, oldest first.
    fn waiting_gangs(&self) -> impl Iterator<Item = u64> {
        let waits =
            |(_, gang): &(&u64, &crate::ledger::Gang)| gang.state == GangState::Waiting && !gang.members.is_empty();
        self.cluster.ledger.gangs.all.iter().filter(waits).map(|(&serial, _)| serial)
    }

    fn gang_name(&self, serial: u64) -> String {
        self.cluster.ledger.gangs.all.get(&serial).map_or_else(String::new, |gang| gang.spec.name.clone())
    }

    fn tell_gave_way(&mut self, serial: u64) {
        let name = self.gang_name(serial);
        self.cluster.tell(&name, LedgerChange::GaveWay);
    }

    /// The members by role, checked.
    fn members(&self, serial: u64, members: &[(&str, PodId)]) -> Result<Vec<Member>, GangError> {
        let Some(gang) = self.cluster.ledger.gangs.all.get(&serial) else { return Ok(Vec::new()) };
        if gang.members.len() + members.len() > MAX_GANG_MEMBERS {
            let (what, name) = ("members of a gang", "MAX_GANG_MEMBERS");
            return Err(GangError::Limit { what, limit: MAX_GANG_MEMBERS, name });
        }
        let mut list: Vec<Member> = Vec::new();
        for &(role, pod) in members {
            match self.cluster.pod_phase(pod) {
                None => return Err(ScheduleError::UnknownPod.into()),
                Some(PodPhase::Pending) if list.iter().all(|member| member.pod != pod) => {}
                Some(_) => return Err(ScheduleError::NotPending.into()),
            }
            let place = gang.spec.roles.iter().position(|known| known.name == role);
            let unknown = || GangError::UnknownRole { gang: gang.spec.name.clone(), role: role.to_owned() };
            list.push(Member { pod, role: place.ok_or_else(unknown)? });
        }
        Ok(list)
    }

    /// Reserves all members in one domain of the narrowest label that has a place for them, else anywhere; or none.
    fn place_together(&mut self, serial: u64, members: &[Member], now_ms: u64) -> Option<GangDecision> {
        let topology = self.cluster.ledger.gangs.all.get(&serial)?.spec.topology.clone();
        for key in topology {
            for (value, rows) in self.domains(serial, &key, members) {
                if let Some(placements) = self.place_among(serial, members, Some(&rows), now_ms) {
                    return Some(GangDecision { placements, domain: Some((key, value)) });
                }
            }
        }
        let placements = self.place_among(serial, members, None, now_ms)?;
        Some(GangDecision { placements, domain: None })
    }

    /// The domains of a label that have CPU enough for all members, those with the least of it first: large ones stay whole.
    /// Where members hold room already, theirs alone.
    fn domains(&self, serial: u64, key: &str, members: &[Member]) -> Vec<(String, Vec<u64>)> {
        let cluster = &self.cluster;
        let Some(gang) = cluster.ledger.gangs.all.get(&serial) else { return Vec::new() };
        let held = gang.members.keys().filter_map(|&pod| cluster.pod_phase(PodId(pod))?.row());
        let bound: Vec<Option<&str>> = held.map(|row| cluster.nodes.label(row.0, key)).collect();
        let mut domains: BTreeMap<&str, (i64, Vec<u64>)> = BTreeMap::new();
        for row in cluster.rows() {
            let Some(value) = cluster.nodes.label(row.0, key) else { continue };
            if bound.iter().any(|of| *of != Some(value)) {
                continue;
            }
            let (free, rows) = domains.entry(value).or_default();
            *free += cluster.free_room(row.0, ResourceId::CPU).max(0);
            crate::cluster::set_bit(rows, row.0 as usize, true);
        }
        let requests = members.iter().filter_map(|member| cluster.pods.class_of(member.pod.0));
        let wanted: f64 = requests.map(|class| sched_abi::amount_of(&class.requests, ResourceId::CPU)).sum();
        // Room that is theirs already counts on top, so with holds about none is left out.
        let enough = |free: i64| !cluster.ledger.is_empty() || free as f64 >= wanted;
        let mut list: Vec<_> = domains.into_iter().filter(|(_, (free, _))| enough(*free)).collect();
        list.sort_by_key(|(value, (free, _))| (*free, *value));
        list.into_iter().map(|(value, (_, rows))| (value.to_owned(), rows)).collect()
    }

    /// Reserves all members, the largest first, or none.
    fn place_among(
        &mut self,
        serial: u64,
        members: &[Member],
        rows: Option<&[u64]>,
        now_ms: u64,
    ) -> Option<Vec<(PodId, Row)>> {
        let mut order: Vec<(usize, Member)> = members.iter().copied().enumerate().collect();
        let cpu = |member: &Member| {
            let class = self.cluster.pods.class_of(member.pod.0);
            class.map_or(0, |class| sched_abi::amount_of(&class.requests, ResourceId::CPU) as i64)
        };
        order.sort_by_key(|(_, member)| std::cmp::Reverse(cpu(member)));
        let mut placed: Vec<(usize, PodId, Row)> = Vec::new();
        for (place, member) in order {
            let decided = self.decide_among(member.pod, now_ms, Among { rows, closed: false });
            let reserved = decided.and_then(|decision| self.reserve(&decision, now_ms).map(|()| decision.row));
            let Ok(row) = reserved else {
                placed.into_iter().rev().for_each(|(_, pod, _)| self.cluster.unreserve(pod));
                return None;
            };
            placed.push((place, member.pod, row));
            self.cluster.join_gang(serial, member.role, member.pod.0);
        }
        placed.sort_by_key(|(place, ..)| *place);
        Some(placed.into_iter().map(|(_, pod, row)| (pod, row)).collect())
    }
}
