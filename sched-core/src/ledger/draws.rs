//! Which holds a pod uses on a row, and what of them: chosen when room is taken, given back when the pod goes.

use super::defect::Defect;
use super::owners::Candidate;
use super::{Amounts, Draw, Hold, HoldKind, HoldState, LedgerChange};
use crate::cluster::{Cluster, TaintEffect};
use crate::pipeline::tolerates;
use sched_abi::{Request, ResourceId};
use smallvec::SmallVec;

/// The holds that a pod would use on a row, in the order of use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) holds: SmallVec<[u32; 2]>,
    /// Its first hold's order, and how much of that one would be left, in millionths.
    pub(crate) rank: (i32, u64),
}

impl Cluster {
    /// A pod as owner terms see it.
    pub(crate) fn with_candidate<T>(&self, pod: u32, f: impl FnOnce(&Candidate<'_>) -> T) -> Option<T> {
        let (known, class) = (self.pods.get(pod)?, self.pods.class_of(pod)?);
        let candidate = Candidate {
            namespace: self.pods.namespace(known.namespace),
            name: known.name.as_str(),
            template: &class.template,
            requests: &class.requests,
            resource: &|name| self.nodes.resource_names.find(name),
        };
        Some(f(&candidate))
    }

    /// Whether a hold is the pod's to use.
    pub(crate) fn owns(pod: &Candidate<'_>, hold: &Hold) -> bool {
        let hard = |taint: &&crate::cluster::Taint| taint.effect != TaintEffect::PreferNoSchedule;
        let tolerations = &pod.template.tolerations;
        let tolerated = |taint: &crate::cluster::Taint| tolerates(tolerations, &taint.key, &taint.value, taint.effect);
        hold.owners.iter().any(|term| term.meets(pod)) && hold.taints.iter().filter(hard).all(tolerated)
    }

    /// The holds that a pod would use on a row at a time, if room is as it is now: the first way that fits; where the pod
    /// fits without any, none; where nothing fits, the first way.
    pub(crate) fn choose_holds(&self, pod: u32, row: u32, now_ms: u64) -> Choice {
        if self.ledger.on_row(row).is_empty() {
            return Choice::default();
        }
        self.with_candidate(pod, |pod| self.choose_of(pod, row, now_ms)).unwrap_or_default()
    }

    pub(super) fn choose_of(&self, pod: &Candidate<'_>, row: u32, now_ms: u64) -> Choice {
        let mut own: SmallVec<[(i32, u64, &Hold, u32); 4]> = SmallVec::new();
        for &slot in self.ledger.on_row(row) {
            let Some(hold) = self.ledger.get(slot).filter(|hold| self.is_usable(hold, now_ms)) else { continue };
            let offers = |request: &Request| hold.amounts.get(request.resource) > hold.used.get(request.resource);
            if hold.kind != HoldKind::InPlace
                && pod.requests.iter().any(offers)
                && (Self::owns(pod, hold) || self.is_open_to_all(hold))
            {
                own.push((hold.order, left(hold, pod.requests), hold, slot));
            }
        }
        own.sort_by(|a, b| (a.0, a.1, &a.2.name).cmp(&(b.0, b.1, &b.2.name)));
        let free: SmallVec<[i64; 8]> = pod.requests.iter().map(|r| self.free_room(row, r.resource)).collect();
        let mut first = None;
        for (i, &(order, left, hold, slot)) in own.iter().enumerate() {
            let way: SmallVec<[(u32, &Hold); 2]> = if hold.restricted {
                if !covers(hold, pod.requests) {
                    continue;
                }
                SmallVec::from_slice(&[(slot, hold)])
            } else {
                let more = own.iter().skip(i).filter(|(_, _, hold, _)| !hold.restricted);
                enough(more.map(|&(_, _, hold, slot)| (slot, hold)), pod.requests)
            };
            let choice = || Choice { holds: way.iter().map(|(slot, _)| *slot).collect(), rank: (order, left) };
            if fits(pod.requests, &free, |resource| way.iter().map(|(_, hold)| unused(hold, resource)).sum()) {
                return choice();
            }
            first.get_or_insert_with(choice);
        }
        first.filter(|_| !fits(pod.requests, &free, |_| 0)).unwrap_or_default()
    }

    fn is_usable(&self, hold: &Hold, now_ms: u64) -> bool {
        let late = self.ledger.has(Defect::UsedAfterExpiry);
        let again = self.ledger.has(Defect::OnceIsTwice);
        let taken = hold.once && !hold.pods.is_empty() && !again;
        let open = hold.state == HoldState::Open || (again && hold.state == HoldState::Taken);
        open && (late || hold.expires_ms > now_ms) && !taken
    }

    fn is_open_to_all(&self, hold: &Hold) -> bool {
        hold.restricted && self.ledger.has(Defect::RestrictedForAll)
    }

    /// What a row is short of for a decision's pod, its own room counted.
    pub(crate) fn short_of(&self, decision: &crate::Decision, now_ms: u64) -> Option<String> {
        let (pod, row) = (decision.pod.0, decision.row.0);
        let class = self.pods.class_of(pod)?;
        let choice = self.choose_holds(pod, row, self.clock_ms().max(now_ms));
        let own = |resource| -> i64 {
            choice.holds.iter().filter_map(|&slot| self.ledger.get(slot)).map(|hold| unused(hold, resource)).sum()
        };
        let short = |r: &&Request| r.amount as i64 > self.free_room(row, r.resource) + own(r.resource);
        let short = class.requests.iter().find(short)?;
        self.nodes.resource_names.get(u32::from(short.resource.0)).map(ToString::to_string)
    }

    /// Has a pod that was just placed on a row use holds.
    pub(crate) fn draw(&mut self, pod: u32, choice: &Choice) {
        let Some(class) = self.pods.class_of(pod) else { return };
        let mut wanted = Amounts::of(&class.requests);
        let mut draws: SmallVec<[Draw; 1]> = SmallVec::new();
        for &slot in &choice.holds {
            let Some(hold) = self.ledger.get(slot) else { continue };
            let amounts = wanted.within(&hold.unused());
            if amounts.is_empty() {
                continue;
            }
            wanted.sub(&amounts);
            self.change_hold(slot, |hold| {
                hold.used.add(&amounts);
                hold.pods.push(pod);
                if hold.once {
                    hold.state = HoldState::Taken;
                }
            });
            draws.push(Draw { hold: slot, amounts });
        }
        if !draws.is_empty() {
            self.ledger.set_draws(pod, draws);
        }
    }

    /// A pod leaves its row: what it used of holds is theirs again. Returns what went to holds that are not its own alone.
    pub(crate) fn undraw(&mut self, pod: u32) -> Amounts {
        let mut returned = Amounts::default();
        if self.ledger.draws.is_empty() {
            return returned;
        }
        let draws = self.ledger.draws.remove(&pod).unwrap_or_default();
        let leaks = self.ledger.has(Defect::LeaksOnFailedBind);
        for Draw { hold, amounts } in draws.into_iter().filter(|_| !leaks) {
            self.change_hold(hold, |hold| {
                hold.used.sub(&amounts);
                hold.pods.retain(|&mut other| other != pod);
                if hold.state == HoldState::Taken {
                    hold.state = HoldState::Open;
                }
            });
            if self.ledger.get(hold).is_some_and(|hold| hold.of.is_none()) {
                returned.add(&amounts);
            }
        }
        returned
    }

    /// A pod is bound: holds for one pod end with it.
    pub(crate) fn consume(&mut self, pod: u32) {
        let taken: SmallVec<[u32; 2]> = self.ledger.draws(pod).iter().map(|draw| draw.hold).collect();
        for slot in taken {
            if self.ledger.get(slot).is_some_and(|hold| hold.once) {
                self.end_hold(slot, LedgerChange::Consumed);
            }
        }
    }

    /// A pod changed where it is: it uses no more of holds than it requests now, and nothing of those that it no longer
    /// owns, whose room stays with it. Its hold of an update in place follows what it requests.
    pub(crate) fn refit(&mut self, pod: u32) {
        if self.ledger.draws(pod).is_empty() {
            return;
        }
        let mut wanted = self.pods.class_of(pod).map(|class| Amounts::of(&class.requests)).unwrap_or_default();
        let before: SmallVec<[Draw; 1]> = self.ledger.draws(pod).into();
        let mut after: SmallVec<[Draw; 1]> = SmallVec::new();
        for Draw { hold: slot, amounts } in before {
            let Some(hold) = self.ledger.get(slot) else { continue };
            let in_place = hold.kind == HoldKind::InPlace && !self.ledger.has(Defect::ShrinksInPlace);
            let owned = in_place || self.with_candidate(pod, |pod| Self::owns(pod, hold)).unwrap_or(false);
            let now = wanted.within(if in_place { &hold.amounts } else { &amounts });
            wanted.sub(&now);
            self.change_hold(slot, |hold| {
                hold.used.sub(&amounts);
                if owned {
                    hold.used.add(&now);
                } else {
                    hold.amounts.sub(&now);
                }
                if !owned || (now.is_empty() && !in_place) {
                    hold.pods.retain(|&mut other| other != pod);
                    hold.state = HoldState::Open;
                }
            });
            if owned && (in_place || !now.is_empty()) {
                after.push(Draw { hold: slot, amounts: now });
            }
        }
        self.ledger.set_draws(pod, after);
    }
}

fn unused(hold: &Hold, resource: ResourceId) -> i64 {
    hold.amounts.get(resource) - hold.used.get(resource)
}

/// What would be left of a hold, in millionths of it summed over its resources.
fn left(hold: &Hold, requests: &[Request]) -> u64 {
    let of = |(resource, amount): (ResourceId, i64)| {
        let wanted = sched_abi::amount_of(requests, resource) as i64;
        let left = (unused(hold, resource) - wanted).max(0);
        (i128::from(left) * 1_000_000 / i128::from(amount.max(1))) as u64
    };
    hold.amounts.iter().map(of).sum()
}

/// Whether a hold has all of what a pod asks of the resources that are in it.
fn covers(hold: &Hold, requests: &[Request]) -> bool {
    requests.iter().all(|r| hold.amounts.get(r.resource) == 0 || unused(hold, r.resource) >= r.amount as i64)
}

/// As many of the holds as it takes until nothing is missing that they have.
fn enough<'a>(holds: impl Iterator<Item = (u32, &'a Hold)>, requests: &[Request]) -> SmallVec<[(u32, &'a Hold); 2]> {
    let mut wanted = Amounts::of(requests);
    let mut way = SmallVec::new();
    for (slot, hold) in holds {
        let amounts = wanted.within(&hold.unused());
        if !amounts.is_empty() {
            wanted.sub(&amounts);
            way.push((slot, hold));
        }
    }
    way
}

/// The rule of resource fit, with room added.
fn fits(requests: &[Request], free: &[i64], more: impl Fn(ResourceId) -> i64) -> bool {
    requests.iter().zip(free).all(|(r, free)| r.amount as i64 <= free + more(r.resource))
}
