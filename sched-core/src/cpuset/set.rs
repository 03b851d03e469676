//! Sets of CPUs as bits. Their text is in `list`.

use fixedbitset::FixedBitSet;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The number of a logical CPU, as the kernel counts them.
pub type CpuId = u16;

/// A set of CPUs.
///
/// ```
/// use sched_core::cpuset::CpuSet;
///
/// let set: CpuSet = "0-7:2/4,16".parse()?;
/// assert_eq!(set.to_string(), "0-1,4-5,16");
/// assert_eq!(set.len(), 5);
/// # Ok::<(), sched_core::cpuset::CpuListError>(())
/// ```
#[derive(Clone, Default)]
pub struct CpuSet {
    bits: FixedBitSet,
}

impl CpuSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The empty set, with room for CPUs below `cpus`.
    pub(crate) fn with_room(cpus: usize) -> Self {
        Self { bits: FixedBitSet::with_capacity(cpus) }
    }

    /// Adds a CPU.
    pub fn insert(&mut self, cpu: CpuId) {
        self.bits.grow_and_insert(usize::from(cpu));
    }

    /// Adds a range of CPUs.
    pub(crate) fn insert_range(&mut self, cpus: std::ops::Range<usize>) {
        self.bits.grow(cpus.end);
        self.bits.insert_range(cpus);
    }

    /// Removes a CPU; says whether it was there.
    pub fn remove(&mut self, cpu: CpuId) -> bool {
        let there = self.contains(cpu);
        if there {
            self.bits.remove(usize::from(cpu));
        }
        there
    }

    /// Whether the CPU is in the set.
    pub fn contains(&self, cpu: CpuId) -> bool {
        self.bits.contains(usize::from(cpu))
    }

    /// How many CPUs there are.
    pub fn len(&self) -> usize {
        self.words().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// The lowest CPU.
    pub fn first(&self) -> Option<CpuId> {
        self.iter().next()
    }

    /// The CPUs, ascending.
    pub fn iter(&self) -> impl Iterator<Item = CpuId> + '_ {
        self.words()
            .enumerate()
            .flat_map(|(index, word)| OnesOf { word, base: (index * usize::BITS as usize) as CpuId })
    }

    /// Calls `each` for every CPU, ascending; the tight form of [`CpuSet::iter`].
    pub(crate) fn for_each(&self, mut each: impl FnMut(CpuId)) {
        for (index, mut word) in self.words().enumerate() {
            while word != 0 {
                each((index * usize::BITS as usize + word.trailing_zeros() as usize) as CpuId);
                word &= word - 1;
            }
        }
    }

    /// How many CPUs are in both.
    pub fn common(&self, other: &Self) -> usize {
        self.words().zip(other.words()).map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.bits.intersect_with(&other.bits);
        both
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut either = self.clone();
        either.add(other);
        either
    }

    /// What is here and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.subtract(other);
        rest
    }

    /// Adds every CPU of `other`.
    pub fn add(&mut self, other: &Self) {
        self.bits.union_with(&other.bits);
    }

    /// Removes every CPU of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.bits.difference_with(&other.bits);
    }

    /// Whether every CPU is in `other` too.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.bits.is_subset(&other.bits)
    }

    /// Whether no CPU is in `other` too.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.bits.is_disjoint(&other.bits)
    }

    fn words(&self) -> impl Iterator<Item = usize> + '_ {
        self.bits.as_slice().iter().copied()
    }

    /// The words up to the last one that has a CPU: equal sets have equal ones.
    fn significant(&self) -> &[usize] {
        let words = self.bits.as_slice();
        let end = words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        words.get(..end).unwrap_or(words)
    }
}

struct OnesOf {
    word: usize,
    base: CpuId,
}

impl Iterator for OnesOf {
    type Item = CpuId;

    fn next(&mut self) -> Option<CpuId> {
        let bit = (self.word != 0).then(|| self.word.trailing_zeros() as CpuId)?;
        self.word &= self.word - 1;
        Some(self.base + bit)
    }
}

impl PartialEq for CpuSet {
    fn eq(&self, other: &Self) -> bool {
        self.significant() == other.significant()
    }
}

impl Eq for CpuSet {}

impl Hash for CpuSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.significant().hash(state);
    }
}

impl FromIterator<CpuId> for CpuSet {
    fn from_iter<I: IntoIterator<Item = CpuId>>(cpus: I) -> Self {
        let mut set = Self::new();
        cpus.into_iter().for_each(|cpu| set.insert(cpu));
        set
    }
}

impl fmt::Debug for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}
