//! The cases that a policy is judged by: clusters out of a real scheduler, and tables of every size made of their nodes.

use super::case::Case;
use super::extremes::EXTREMES;
use super::rng::Rng;
use super::strategies::{Scenario, scenario};
use super::subject::Subject;
use super::vary;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::rc::Rc;

/// Clusters of generated nodes and pods; each gives a case for each pod that waits.
const SCENARIOS: usize = 10;
/// Those that come first; the others come one after every few made cases.
const FIRST_SCENARIOS: usize = 3;
const MADE_A_SCENARIO: usize = 4;
/// Nodes of the largest of them.
const MOST_NODES: usize = 14;

/// Sizes of tables: around the word of a bitmap, the pieces of a pipeline, and what a kernel may unroll by.
const SIZES: [usize; 33] = [
    1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 63, 64, 65, 66, 100, 127, 128, 129, 200, 255, 256, 257, 513, 1_000, 1_023,
    1_024, 1_025, 1_100, 2_049, 4_160, 4_200,
];
/// Tables small enough to be made in number.
const SMALL: usize = 12;

/// Tables at the edge, after all others: every kind of edge a few times.
const EXTREME_CASES: usize = 4 * EXTREMES.len();

/// Cases in an order that follows from the seed, made when they are first wanted.
pub(super) struct Cases {
    pub(super) seed: u64,
    count: usize,
    runner: TestRunner,
    scenarios: BoxedStrategy<Scenario>,
    scenarios_taken: usize,
    next: usize,
    /// The real ones with a node in them, of which others are made.
    bases: Vec<Rc<Case>>,
    all: Vec<Rc<Case>>,
}

impl Cases {
    /// So many cases besides those of real clusters.
    pub(super) fn new(seed: u64, count: usize) -> Self {
        let bytes = seed.to_le_bytes().repeat(4);
        Self {
            seed,
            count,
            runner: TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)),
            scenarios: scenario(MOST_NODES).boxed(),
            scenarios_taken: 0,
            next: 0,
            bases: Vec::new(),
            all: Vec::new(),
        }
    }

    /// The `i`-th case, if there are so many.
    pub(super) fn get(&mut self, subject: &Subject<'_>, i: usize) -> Result<Option<Rc<Case>>, String> {
        while self.all.len() <= i {
            let due = FIRST_SCENARIOS + self.next / MADE_A_SCENARIO;
            let all_made = self.next == self.count + EXTREME_CASES;
            if self.scenarios_taken < SCENARIOS && (self.scenarios_taken < due || all_made) {
                self.real(subject)?;
            } else if all_made || self.bases.is_empty() {
                break;
            } else {
                self.make(subject);
            }
        }
        Ok(self.all.get(i).cloned())
    }

    /// How many were made so far.
    pub(super) fn made(&self) -> usize {
        self.all.len()
    }

    /// Cases as a scheduler makes them of events.
    fn real(&mut self, subject: &Subject<'_>) -> Result<(), String> {
        self.scenarios_taken += 1;
        let tree = self.scenarios.new_tree(&mut self.runner).map_err(|reason| reason.to_string())?;
        for case in subject.capture(&tree.current())? {
            let case = Rc::new(case);
            if case.live().next().is_some() {
                self.bases.push(Rc::clone(&case));
            }
            self.all.push(case);
        }
        Ok(())
    }

    fn make(&mut self, subject: &Subject<'_>) {
        let mut rng = Rng::new(self.seed, self.next as u64);
        let extreme = self.next.checked_sub(self.count).and_then(|i| EXTREMES.get(i % EXTREMES.len()));
        // Every size once; then mostly small ones, which cost little.
        let size = SIZES.get(self.next).filter(|_| extreme.is_none());
        let size = size.copied().unwrap_or_else(|| 1 + rng.below(SMALL));
        self.next += 1;
        let Some(base) = self.bases.get(rng.below(self.bases.len())) else { return };
        let mut case = sized(base, size, &mut rng);
        if !rng.once_in(8) {
            vary::vary(subject, &mut case, &mut rng);
        }
        if let Some(change) = extreme {
            change(&mut case, &mut rng);
        }
        self.all.push(Rc::new(case));
    }
}

/// A table of as many rows, made of the nodes of a smaller one, with dead rows now and then.
fn sized(base: &Case, size: usize, rng: &mut Rng) -> Case {
    let live: Vec<usize> = base.live().collect();
    let dead = rng.pick(&[0, 0, 0, 2, 8]);
    let plan: Vec<Option<usize>> = (0..size).map(|_| (rng.below(16) >= dead).then(|| rng.pick(&live))).collect();
    base.arranged(&plan)
}
