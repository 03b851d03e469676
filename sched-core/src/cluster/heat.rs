//! Recent placements per row, in a ring of time slots: what heat and placement counts are read from.
//!
//! The ring holds integers, so that taking a placement back restores it exactly, and is read through a fixed decay table, so
//! that it does not matter how often time was stepped. The end of the ring is the end of heat.

use crate::limits::{HEAT_SLOT_MS, HEAT_SLOTS};
use sched_abi::HeatMode;

/// Binary digits of the decay table's entries.
const DECAY_BITS: u32 = 20;

/// Placements of one row.
#[derive(Debug)]
struct Ring {
    /// The newest slot that was written, counted from the epoch.
    newest: u64,
    /// Which places of the ring are not zero.
    used: u128,
    share: [u64; HEAT_SLOTS],
    count: [u32; HEAT_SLOTS],
}

/// The rings of all rows that had a placement. Nothing is kept before a policy asks: heat is a function of the pods that are
/// there and of when they were placed, so it can be drawn up then as if it had always been kept.
#[derive(Debug, Default)]
pub(crate) struct Heat {
    wanted: bool,
    rings: Vec<Option<Box<Ring>>>,
}

/// The slot that a time belongs to.
pub(crate) fn slot_of(at_ms: u64) -> u64 {
    at_ms / HEAT_SLOT_MS
}

fn place(slot: u64) -> usize {
    (slot % HEAT_SLOTS as u64) as usize
}

impl Heat {
    /// Keeps heat from here on; says whether it was not kept before.
    pub(crate) fn want(&mut self) -> bool {
        !std::mem::replace(&mut self.wanted, true)
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Counts a placement of `share` millionths of the node at a time, which may lie in the past (after a restart heat is
    /// rebuilt from bind times). One that is older than the ring is no heat any more.
    pub(crate) fn add(&mut self, row: u32, at_ms: u64, share: u32) {
        if !self.wanted {
            return;
        }
        let slot = slot_of(at_ms);
        if self.rings.len() <= row as usize {
            self.rings.resize_with(row as usize + 1, || None);
        }
        let Some(entry) = self.rings.get_mut(row as usize) else { return };
        let fresh = || Box::new(Ring { newest: slot, used: 0, share: [0; HEAT_SLOTS], count: [0; HEAT_SLOTS] });
        let ring = entry.get_or_insert_with(fresh);
        if slot > ring.newest {
            // Slots that fall out of the window make room for the new ones.
            for gone in (ring.newest + 1..=slot).take(HEAT_SLOTS) {
                ring.clear(place(gone));
            }
            ring.newest = slot;
        }
        ring.change(slot, |s, c| (s + u64::from(share), c + 1));
    }

    /// Takes a placement back, with the same arguments. What has left the ring is gone already.
    pub(crate) fn remove(&mut self, row: u32, at_ms: u64, share: u32) {
        if let Some(Some(ring)) = self.rings.get_mut(row as usize) {
            ring.change(slot_of(at_ms), |s, c| (s.saturating_sub(u64::from(share)), c.saturating_sub(1)));
        }
    }

    /// Forgets a row.
    pub(crate) fn clear(&mut self, row: u32) {
        if let Some(ring) = self.rings.get_mut(row as usize) {
            *ring = None;
        }
    }

    /// The placements of a row that are still counted: slot, weight, count.
    pub(crate) fn dump(&self, row: u32) -> Vec<(u64, u64, u32)> {
        let Some(Some(ring)) = self.rings.get(row as usize) else { return Vec::new() };
        let slots = (ring.newest + 1).saturating_sub(HEAT_SLOTS as u64)..=ring.newest;
        slots
            .filter_map(|slot| Some((slot, *ring.share.get(place(slot))?, *ring.count.get(place(slot))?)))
            .filter(|&(_, _, count)| count > 0)
            .collect()
    }

    /// Heat of a row in millionths: sum over slots of weight x decay.
    pub(crate) fn heat(&self, row: usize, now_slot: u64, mode: HeatMode, decay: &[u64]) -> u64 {
        let weighted = |ring: &Ring| {
            ring.recent(now_slot, HEAT_SLOTS as u64, |age, share, count| {
                let weight = if mode == HeatMode::Share { share } else { u64::from(count) * 1_000_000 };
                u128::from(weight) * u128::from(decay.get(age).copied().unwrap_or(0))
            })
        };
        self.rings.get(row).and_then(Option::as_ref).map_or(0, |ring| (weighted(ring) >> DECAY_BITS) as u64)
    }

    /// Placements within the last `slots` slots, the current one included.
    pub(crate) fn recent_count(&self, row: usize, now_slot: u64, slots: u64) -> u64 {
        let counted = |ring: &Ring| ring.recent(now_slot, slots, |_, _, count| u128::from(count)) as u64;
        self.rings.get(row).and_then(Option::as_ref).map_or(0, |ring| counted(ring))
    }
}

impl Ring {
    fn clear(&mut self, place: usize) {
        if let (Some(s), Some(c)) = (self.share.get_mut(place), self.count.get_mut(place)) {
            (*s, *c) = (0, 0);
        }
        self.used &= !(1 << place);
    }

    fn change(&mut self, slot: u64, f: impl FnOnce(u64, u32) -> (u64, u32)) {
        if slot > self.newest || self.newest - slot >= HEAT_SLOTS as u64 {
            return;
        }
        let at = place(slot);
        let (Some(share), Some(count)) = (self.share.get_mut(at), self.count.get_mut(at)) else { return };
        (*share, *count) = f(*share, *count);
        let used = *share != 0 || *count != 0;
        self.used = if used { self.used | 1 << at } else { self.used & !(1 << at) };
    }

    /// Adds `f(age, share, count)` over the slots that are younger than `slots`. Placements ahead of `now` have age 0.
    fn recent(&self, now_slot: u64, slots: u64, f: impl Fn(usize, u64, u32) -> u128) -> u128 {
        let (mut rest, mut sum) = (self.used, 0);
        while rest != 0 {
            let at = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            // The slot of this place: the one within the ring's window.
            let back = (place(self.newest) + HEAT_SLOTS - at) % HEAT_SLOTS;
            let age = now_slot.saturating_sub(self.newest.saturating_sub(back as u64));
            if age < slots
                && let (Some(&share), Some(&count)) = (self.share.get(at), self.count.get(at))
            {
                sum += f(age as usize, share, count);
            }
        }
        sum
    }
}

/// The decay of a placement by its age in slots: `2^(-age / half_life)` in units of `2^-20`, rounded.
pub(crate) fn decay_table(half_life_ms: u64) -> Box<[u64]> {
    let halves = |age: usize| (age as u64 * HEAT_SLOT_MS) as f64 / half_life_ms.max(1) as f64;
    let entry = |age: usize| libm::round(libm::exp2(f64::from(DECAY_BITS) - halves(age))) as u64;
    (0..HEAT_SLOTS).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn heat_halves_in_a_half_life_and_ends_with_the_ring() {
        let (mut heat, decay) = (Heat::default(), decay_table(5 * MINUTE));
        assert!(heat.want() && !heat.want());
        heat.add(0, 0, 200_000);
        let at = |ms| heat.heat(0, slot_of(ms), HeatMode::Share, &decay);
        assert_eq!((at(0), at(5 * MINUTE), at(10 * MINUTE)), (200_000, 100_000, 50_000));
        assert_eq!(at(HEAT_SLOT_MS * HEAT_SLOTS as u64), 0);
        assert_eq!(heat.recent_count(0, slot_of(MINUTE), 4), 0);
        assert_eq!(heat.recent_count(0, slot_of(MINUTE - 1), 4), 1);
    }

    proptest! {
        #[test]
        fn heat_equals_the_sum_over_placements_that_are_left(
            ops in prop::collection::vec((0u64..4_000_000, 1u32..1_000_000, any::<bool>()), 1..60), after in 0u64..3_000_000,
        ) {
            let (mut heat, decay) = (Heat::default(), decay_table(4 * MINUTE));
            heat.want();
            let (mut left, mut newest) = (Vec::new(), 0);
            for &(at, share, keep) in &ops {
                heat.add(0, at, share);
                newest = newest.max(slot_of(at));
                if keep { left.push((at, share)) } else { heat.remove(0, at, share) }
            }
            let now = newest + slot_of(after);
            let slow: u128 = left.iter().map(|&(at, share)| (now - slot_of(at), share))
                .filter(|&(age, _)| age < HEAT_SLOTS as u64)
                .map(|(age, share)| u128::from(share) * u128::from(decay[age as usize])).sum();
            prop_assert_eq!(u128::from(heat.heat(0, now, HeatMode::Share, &decay)), slow >> DECAY_BITS);
        }
    }
}
