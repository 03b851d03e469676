//! The ledger as plainly as it can be said: lists, and sums over lists. It shares nothing with the library but names.

use std::collections::BTreeMap;

pub(crate) type Room = [i64; 2];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Waits,
    Reserved(u8),
    Bound(u8),
    Lost(u8),
}

#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) app: u8,
    pub(crate) wants: Room,
    pub(crate) at: At,
    pub(crate) uses: Vec<(String, Room)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) node: u8,
    pub(crate) has: Room,
    pub(crate) due: Room,
    pub(crate) app: u8,
    pub(crate) restricted: bool,
    pub(crate) once: bool,
    pub(crate) order: i32,
    pub(crate) until: u64,
    /// The pod that is updated in place.
    pub(crate) of: Option<u8>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) nodes: BTreeMap<u8, Room>,
    pub(crate) pods: BTreeMap<u8, Pod>,
    pub(crate) holds: BTreeMap<String, Hold>,
}

impl Pod {
    pub(crate) fn node(&self) -> Option<u8> {
        if let At::Reserved(node) | At::Bound(node) = self.at { Some(node) } else { None }
    }
}

pub(crate) fn each(f: impl Fn(usize) -> i64) -> Room {
    [f(0), f(1)]
}

impl World {
    pub(crate) fn used(&self, hold: &str) -> Room {
        let uses = self.pods.values().flat_map(|pod| &pod.uses).filter(|(name, _)| name == hold);
        uses.fold([0, 0], |sum, (_, room)| each(|r| sum[r] + room[r]))
    }

    pub(crate) fn unused(&self, hold: &str) -> Room {
        let (has, used) = (self.holds[hold].has, self.used(hold));
        each(|r| has[r] - used[r])
    }

    pub(crate) fn requested(&self, node: u8) -> Room {
        let pods = self.pods.values().filter(|pod| pod.node() == Some(node));
        let pods = pods.fold([0, 0], |sum, pod| each(|r| sum[r] + pod.wants[r]));
        let holds = self.holds.iter().filter(|(_, hold)| hold.node == node);
        holds.fold(pods, |sum, (name, _)| each(|r| sum[r] + self.unused(name)[r]))
    }

    pub(crate) fn free(&self, node: u8) -> Room {
        each(|r| self.nodes[&node][r] - self.requested(node)[r])
    }

    /// The ways in which a pod could use its holds on a node, best first, each with whether it fits.
    fn ways(&self, pod: u8, node: u8, now: u64) -> Vec<(Vec<String>, bool)> {
        let (wants, app, free) = (self.pods[&pod].wants, self.pods[&pod].app, self.free(node));
        let taken = |name: &str| self.pods.values().any(|pod| pod.uses.iter().any(|(used, _)| used == name));
        let offers = |name: &str| (0..2).any(|r| wants[r] > 0 && self.unused(name)[r] > 0);
        let mut own: Vec<(&String, &Hold)> = self.holds.iter().collect();
        own.retain(|(name, hold)| {
            hold.node == node && hold.app == app && hold.of.is_none() && hold.until > now && offers(name)
        });
        own.retain(|(name, hold)| !(hold.once && taken(name)));
        let left = |name: &str, r: usize| {
            (self.unused(name)[r] - wants[r]).max(0) * 1_000_000 / self.holds[name].has[r].max(1)
        };
        own.sort_by_key(|(name, hold)| (hold.order, left(name, 0) + left(name, 1), (*name).clone()));
        let mut ways = Vec::new();
        for (i, (name, hold)) in own.iter().enumerate() {
            let mut way = vec![(*name).clone()];
            if hold.restricted && (0..2).any(|r| wants[r] > 0 && hold.has[r] > 0 && self.unused(name)[r] < wants[r]) {
                continue;
            }
            if !hold.restricted {
                let mut missing = each(|r| wants[r] - self.unused(name)[r].min(wants[r]));
                for (more, _) in own[i + 1..].iter().filter(|(_, hold)| !hold.restricted) {
                    if (0..2).any(|r| missing[r].min(self.unused(more)[r]) > 0) {
                        way.push((*more).clone());
                        missing = each(|r| missing[r] - missing[r].min(self.unused(more)[r]));
                    }
                }
            }
            let own_room = |r: usize| way.iter().map(|name| self.unused(name)[r]).sum::<i64>();
            let fits = (0..2).all(|r| wants[r] == 0 || wants[r] <= free[r] + own_room(r));
            ways.push((way, fits));
        }
        ways
    }

    fn fits_alone(&self, pod: u8, node: u8) -> bool {
        (0..2).all(|r| self.pods[&pod].wants[r] == 0 || self.pods[&pod].wants[r] <= self.free(node)[r])
    }

    pub(crate) fn fits(&self, pod: u8, node: u8, now: u64) -> bool {
        self.fits_alone(pod, node) || self.ways(pod, node, now).iter().any(|(_, fits)| *fits)
    }

    /// Puts a pod on a node, where it uses what is its own.
    pub(crate) fn place(&mut self, pod: u8, at: At, node: u8) {
        let ways = self.ways(pod, node, self.now);
        let best = ways.iter().find(|(_, fits)| *fits).or(ways.first().filter(|_| !self.fits_alone(pod, node)));
        let mut missing = self.pods[&pod].wants;
        let mut uses = Vec::new();
        for name in best.map(|(way, _)| way.clone()).unwrap_or_default() {
            let takes = each(|r| missing[r].min(self.unused(&name)[r]));
            missing = each(|r| missing[r] - takes[r]);
            uses.extend((takes != [0, 0]).then_some((name, takes)));
        }
        let pod = self.pods.get_mut(&pod).unwrap();
        (pod.at, pod.uses) = (at, uses);
    }

    pub(crate) fn end(&mut self, hold: &str) {
        self.holds.remove(hold);
        self.pods.values_mut().for_each(|pod| pod.uses.retain(|(name, _)| name != hold));
    }

    /// A pod is bound: what was for one pod ends.
    pub(crate) fn consume(&mut self, pod: u8) {
        for (name, _) in self.pods[&pod].uses.clone() {
            if self.holds[&name].once {
                self.end(&name);
            }
        }
    }

    pub(crate) fn in_place(&self, pod: u8) -> Option<String> {
        self.holds.iter().find(|(_, hold)| hold.of == Some(pod)).map(|(name, _)| name.clone())
    }

    /// A pod that is on a node changes.
    pub(crate) fn refit(&mut self, pod: u8) {
        let Pod { wants, app, uses, .. } = self.pods[&pod].clone();
        let (mut missing, mut after) = (wants, Vec::new());
        for (name, had) in uses {
            let hold = self.holds.get_mut(&name).unwrap();
            let most = if hold.of.is_some() { hold.has } else { had };
            let now = each(|r| most[r].min(missing[r]));
            missing = each(|r| missing[r] - now[r]);
            if hold.app == app || hold.of.is_some() {
                after.extend((hold.of.is_some() || now != [0, 0]).then_some((name, now)));
            } else {
                hold.has = each(|r| hold.has[r] - now[r]);
            }
        }
        self.pods.get_mut(&pod).unwrap().uses = after;
    }

    /// A pod is gone: what it did not have from holds goes to those that wait for their owners' room.
    pub(crate) fn leave(&mut self, pod: u8) {
        let gone = self.pods.remove(&pod).unwrap();
        let shared = gone.uses.iter().filter(|(name, _)| self.holds[name].of.is_none());
        let mut freed = shared.fold(gone.wants, |left, (_, room)| each(|r| left[r] - room[r]));
        let Some(node) = gone.node() else { return };
        if let Some(name) = self.in_place(pod) {
            self.end(&name);
        }
        let now = self.now;
        let mut holds: Vec<(&String, &mut Hold)> = self.holds.iter_mut().collect();
        holds.sort_by_key(|(name, hold)| (hold.order, (*name).clone()));
        for (_, hold) in holds.into_iter().filter(|(_, h)| h.node == node && h.app == gone.app && h.until > now) {
            let gains = each(|r| freed[r].min(hold.due[r]));
            freed = each(|r| freed[r] - gains[r]);
            hold.due = each(|r| hold.due[r] - gains[r]);
            hold.has = each(|r| hold.has[r] + gains[r]);
        }
    }

    pub(crate) fn expire(&mut self, now: u64) {
        self.now = self.now.max(now);
        while let Some(name) = self.holds.iter().find(|(_, h)| h.until <= self.now).map(|(name, _)| name.clone()) {
            self.end(&name);
        }
    }
}
