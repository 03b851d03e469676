//! How many CPUs of a set lie in each part of a machine.

use super::set::CpuSet;
use super::topology::{Level, Topology};

/// CPUs by part, on every level.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    counts: Vec<u16>,
    starts: [usize; 4],
}

impl Tally {
    pub(crate) fn new(topology: &Topology, free: &CpuSet) -> Self {
        let mut end = 0;
        let starts = Level::ALL.map(|level| {
            let start = end;
            end += topology.parts(level).len();
            start
        });
        let mut tally = Self { counts: vec![0; end], starts };
        free.for_each(|cpu| tally.change(topology.place(cpu), |count| *count += 1));
        tally
    }

    pub(crate) fn change(&mut self, place: [u16; 4], change: fn(&mut u16)) {
        for (start, part) in self.starts.into_iter().zip(place) {
            if let Some(count) = self.counts.get_mut(start + usize::from(part)) {
                change(count);
            }
        }
    }

    pub(crate) fn of(&self, level: Level, part: u16) -> usize {
        let start = self.starts.get(level as usize).copied().unwrap_or_default();
        self.counts.get(start + usize::from(part)).copied().unwrap_or_default().into()
    }
}
