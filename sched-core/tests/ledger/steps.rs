//! What can happen, and what the model makes of it: whether it is accepted, and what is then different.

use crate::model::{At, Hold, Pod, Room, World, each};
use proptest::prelude::*;

/// Ids are few, so that doubles, unknown names and contested room come up by themselves.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    AddNode(u8, Room),
    RemoveNode(u8),
    AddPod(u8, u8, Room),
    ChangePod(u8, u8, Room),
    RemovePod(u8),
    Reserve(u8, u8),
    Commit(u8),
    Rollback(u8),
    Bind(u8, u8),
    Hold(u8, u8, u8, Room, Flags, Option<u64>),
    Release(u8),
    Resize(u8, Room),
    Renew(u8, u64),
    Migrate(u8, u8),
    BeginInPlace(u8, u64),
    ResizeInPlace(u8, Room),
    EndInPlace(u8),
    Tick,
    Restart,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags {
    pub(crate) restricted: bool,
    pub(crate) once: bool,
    pub(crate) preallocate: bool,
    pub(crate) order: i32,
}

/// An operation, and how far from the present it comes: mostly now, sometimes before, sometimes much later.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) after_ms: i64,
    pub(crate) op: Op,
}

pub(crate) fn hold_name(hold: u8) -> String {
    format!("hold-{hold}")
}

pub(crate) fn in_place_name(pod: u8) -> String {
    format!("in-place/ns/pod-{pod}")
}

fn room(most: i64) -> impl Strategy<Value = Room> + Clone {
    [0..=most, 0..=most].prop_map(|room| room.map(|amount| amount * 100))
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let (node, pod, hold, app) = (0..3_u8, 0..6_u8, 0..4_u8, 0..3_u8);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.3), 0..2)
        .prop_map(|(restricted, once, preallocate, order)| Flags { restricted, once, preallocate, order });
    let ttl = prop_oneof![3 => (0..30_000_u64).prop_map(Some), 1 => Just(None)];
    let (h, n, p) = (hold.clone(), node.clone(), pod.clone());
    let op = prop_oneof![
        4 => (node.clone(), room(20)).prop_map(|(n, has)| Op::AddNode(n, has)),
        1 => node.clone().prop_map(Op::RemoveNode),
        8 => (pod.clone(), app.clone(), room(6)).prop_map(|(p, app, wants)| Op::AddPod(p, app, wants)),
        3 => (pod.clone(), app.clone(), room(6)).prop_map(|(p, app, wants)| Op::ChangePod(p, app, wants)),
        4 => pod.clone().prop_map(Op::RemovePod),
        12 => (pod.clone(), node.clone()).prop_map(|(p, n)| Op::Reserve(p, n)),
        6 => pod.clone().prop_map(Op::Commit),
        4 => pod.clone().prop_map(Op::Rollback),
        4 => (pod.clone(), node.clone()).prop_map(|(p, n)| Op::Bind(p, n)),
        12 => (h, n, app, room(10), flags, ttl).prop_map(|(h, n, app, has, f, ttl)| Op::Hold(h, n, app, has, f, ttl)),
        2 => hold.clone().prop_map(Op::Release),
        3 => (hold.clone(), room(10)).prop_map(|(h, has)| Op::Resize(h, has)),
        2 => (hold.clone(), 0..30_000_u64).prop_map(|(h, ttl)| Op::Renew(h, ttl)),
        2 => (hold, node).prop_map(|(h, n)| Op::Migrate(h, n)),
        4 => (pod.clone(), 0..30_000_u64).prop_map(|(p, ttl)| Op::BeginInPlace(p, ttl)),
        3 => (p, room(8)).prop_map(|(p, wants)| Op::ResizeInPlace(p, wants)),
        2 => pod.prop_map(Op::EndInPlace),
        4 => Just(Op::Tick),
        1 => Just(Op::Restart),
    ];
    let after_ms = prop_oneof![10 => Just(0), 5 => 0..5_000_i64, 1 => -5_000..0_i64, 1 => 20_000..60_000_i64];
    (after_ms, op).prop_map(|(after_ms, op)| Step { after_ms, op })
}

impl World {
    /// The embedder's time at a step.
    pub(crate) fn time(&self, step: &Step) -> u64 {
        self.now.saturating_add_signed(step.after_ms)
    }

    /// Does a step; says whether it is accepted. A refused one changes nothing.
    pub(crate) fn step(&mut self, step: &Step) -> bool {
        let now = self.time(step).max(self.now);
        let accepted = self.allows(&step.op, now);
        if accepted {
            // A removal of a pod, an undone reservation and a restart come without a time of their own.
            self.expire(if matches!(step.op, Op::Rollback(_) | Op::Restart) { self.now } else { now });
            self.carry_out(&step.op);
        }
        accepted
    }

    fn lives(&self, hold: &str, now: u64) -> bool {
        self.holds.get(hold).is_some_and(|hold| hold.until > now)
    }

    /// Whether a node takes what a hold is to have of it beyond what it has.
    fn takes(&self, node: u8, wants: Room, has: Room, free: Room) -> bool {
        (0..2).all(|r| wants[r] <= has[r] || (wants[r] <= self.nodes[&node][r] && wants[r] - has[r] <= free[r]))
    }

    fn allows(&self, op: &Op, now: u64) -> bool {
        let bound = |pod: &u8| self.pods.get(pod).is_some_and(|pod| matches!(pod.at, At::Bound(_)));
        let at = |pod: &u8| self.pods.get(pod).map(|pod| pod.at);
        let in_place = |pod: &u8| self.in_place(*pod).is_some_and(|name| self.lives(&name, now));
        match op {
            Op::AddNode(node, _) => !self.nodes.contains_key(node),
            Op::RemoveNode(node) => self.nodes.contains_key(node),
            Op::AddPod(pod, ..) => !self.pods.contains_key(pod),
            Op::ChangePod(pod, ..) | Op::RemovePod(pod) => self.pods.contains_key(pod),
            Op::Reserve(pod, node) => {
                at(pod) == Some(At::Waits) && self.nodes.contains_key(node) && self.fits(*pod, *node, now)
            }
            Op::Commit(pod) | Op::Rollback(pod) => matches!(at(pod), Some(At::Reserved(_))),
            Op::Bind(pod, node) => self.pods.contains_key(pod) && self.nodes.contains_key(node) && !bound(pod),
            Op::Hold(hold, node, _, has, flags, ttl) => {
                let most = if flags.preallocate {
                    [i64::MAX; 2]
                } else {
                    self.nodes.get(node).map_or([0; 2], |_| self.free(*node))
                };
                !self.lives(&hold_name(*hold), now)
                    && self.nodes.contains_key(node)
                    && *has != [0, 0]
                    && *ttl != Some(0)
                    && self.takes(*node, *has, [0, 0], most)
            }
            Op::Release(hold) => self.lives(&hold_name(*hold), now),
            Op::Resize(hold, wants) => {
                let name = hold_name(*hold);
                let used = |r| self.used(&name)[r];
                self.lives(&name, now)
                    && *wants != [0, 0]
                    && (0..2).all(|r| wants[r] >= used(r))
                    && self.takes(
                        self.holds[&name].node,
                        *wants,
                        self.holds[&name].has,
                        self.free(self.holds[&name].node),
                    )
            }
            Op::Renew(hold, ttl) => *ttl > 0 && self.lives(&hold_name(*hold), now),
            Op::Migrate(hold, node) => {
                let name = hold_name(*hold);
                self.lives(&name, now) && self.nodes.contains_key(node) && !self.is_used(&name) && {
                    let hold = &self.holds[&name];
                    hold.node == *node || self.takes(*node, hold.has, [0, 0], self.free(*node))
                }
            }
            Op::BeginInPlace(pod, ttl) => bound(pod) && !in_place(pod) && *ttl > 0,
            Op::ResizeInPlace(pod, wants) => {
                in_place(pod) && {
                    let (name, wanted) = (in_place_name(*pod), self.pods[pod].wants);
                    let has = each(|r| wanted[r] + self.unused(&name)[r]);
                    self.takes(self.holds[&name].node, *wants, has, self.free(self.holds[&name].node))
                }
            }
            Op::EndInPlace(pod) => in_place(pod),
            Op::Tick | Op::Restart => true,
        }
    }

    fn is_used(&self, hold: &str) -> bool {
        self.pods.values().any(|pod| pod.uses.iter().any(|(name, _)| name == hold))
    }

    fn carry_out(&mut self, op: &Op) {
        match *op {
            Op::AddNode(node, has) => {
                self.nodes.insert(node, has);
                let back: Vec<u8> =
                    self.pods.iter().filter(|(_, p)| p.at == At::Lost(node)).map(|(id, _)| *id).collect();
                for pod in back {
                    self.place(pod, At::Bound(node), node);
                }
            }
            Op::RemoveNode(node) => {
                let gone: Vec<String> =
                    self.holds.iter().filter(|(_, h)| h.node == node).map(|(n, _)| n.clone()).collect();
                for name in gone {
                    self.end(&name);
                }
                self.nodes.remove(&node);
                for pod in self.pods.values_mut().filter(|pod| pod.node() == Some(node)) {
                    pod.at = if matches!(pod.at, At::Bound(_)) { At::Lost(node) } else { At::Waits };
                }
            }
            Op::AddPod(pod, app, wants) => {
                self.pods.insert(pod, Pod { app, wants, at: At::Waits, uses: Vec::new() });
            }
            Op::ChangePod(pod, app, wants) => {
                let changed = self.pods.get_mut(&pod).unwrap();
                (changed.app, changed.wants) = (app, wants);
                self.refit(pod);
            }
            Op::RemovePod(pod) => self.leave(pod),
            Op::Reserve(pod, node) => self.place(pod, At::Reserved(node), node),
            Op::Commit(pod) => {
                let pod_ref = self.pods.get_mut(&pod).unwrap();
                pod_ref.at = At::Bound(pod_ref.node().unwrap());
                self.consume(pod);
            }
            Op::Rollback(pod) => self.take_off(pod),
            Op::Bind(pod, node) => {
                if self.pods[&pod].at == At::Reserved(node) {
                    self.pods.get_mut(&pod).unwrap().at = At::Bound(node);
                } else {
                    self.take_off(pod);
                    self.place(pod, At::Bound(node), node);
                }
                self.consume(pod);
            }
            Op::Hold(hold, node, app, wants, Flags { restricted, once, preallocate, order }, ttl) => {
                let free = self.free(node);
                let has = each(|r| if preallocate { wants[r].min(free[r].max(0)) } else { wants[r] });
                let until = ttl.map_or(u64::MAX, |ttl| self.now + ttl);
                let due = each(|r| wants[r] - has[r]);
                let hold_is = Hold { node, has, due, app, restricted, once, order, until, of: None };
                self.holds.insert(hold_name(hold), hold_is);
            }
            Op::Release(hold) => self.end(&hold_name(hold)),
            Op::Resize(hold, wants) => {
                let hold = self.holds.get_mut(&hold_name(hold)).unwrap();
                (hold.has, hold.due) = (wants, [0, 0]);
            }
            Op::Renew(hold, ttl) => self.holds.get_mut(&hold_name(hold)).unwrap().until = self.now + ttl,
            Op::Migrate(hold, node) => {
                let hold = self.holds.get_mut(&hold_name(hold)).unwrap();
                if hold.node != node {
                    (hold.node, hold.due) = (node, [0, 0]);
                }
            }
            Op::BeginInPlace(pod, ttl) => {
                let Pod { wants, uses, app, .. } = self.pods[&pod].clone();
                let has = uses.iter().fold(wants, |left, (_, room)| each(|r| left[r] - room[r]));
                let until = self.now + ttl;
                let node = self.pods[&pod].node().unwrap();
                let (restricted, once, order, due) = (false, false, 0, [0, 0]);
                let hold = Hold { node, has, due, app, restricted, once, order, until, of: Some(pod) };
                self.holds.insert(in_place_name(pod), hold);
                self.pods.get_mut(&pod).unwrap().uses.push((in_place_name(pod), has));
            }
            Op::ResizeInPlace(pod, wants) => {
                let (name, wanted) = (in_place_name(pod), self.pods[&pod].wants);
                let has = each(|r| wanted[r] + self.unused(&name)[r]);
                let hold = self.holds.get_mut(&name).unwrap();
                hold.has = each(|r| hold.has[r] + (wants[r] - has[r]).max(0));
            }
            Op::EndInPlace(pod) => self.end(&in_place_name(pod)),
            Op::Tick => {}
            Op::Restart => {
                let reserved = self.pods.iter().filter(|(_, pod)| matches!(pod.at, At::Reserved(_))).map(|(id, _)| *id);
                reserved.collect::<Vec<_>>().into_iter().for_each(|pod| self.take_off(pod));
            }
        }
    }

    fn take_off(&mut self, pod: u8) {
        let pod = self.pods.get_mut(&pod).unwrap();
        pod.at = At::Waits;
        pod.uses.clear();
    }
}
