//! Makes a failing case small: fewer rows, a simpler pod, zeros where nothing else is needed.

use super::case::Case;
use super::laws::Violation;
use super::pod::Pod;
use sched_abi::{Bits, NodeNameField, ResourceId};

/// How often the law may be asked.
const BUDGET: usize = 500;
/// Rows up to which single cells are tried.
const FEW_ROWS: usize = 6;

/// A case that still fails, and how.
pub(super) struct Shrunk {
    pub(super) case: Case,
    pub(super) violation: Violation,
}

/// Tries smaller cases as long as one of them still fails.
pub(super) fn shrink(case: Case, violation: Violation, fails: &dyn Fn(&Case) -> Option<Violation>) -> Shrunk {
    let mut shrinking = Shrinking { best: Shrunk { case, violation }, fails, left: BUDGET };
    shrinking.rows();
    shrinking.pod();
    shrinking.columns();
    shrinking.cells();
    shrinking.best
}

struct Shrinking<'a> {
    best: Shrunk,
    fails: &'a dyn Fn(&Case) -> Option<Violation>,
    left: usize,
}

impl Shrinking<'_> {
    fn accept(&mut self, case: Case) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let Some(violation) = (self.fails)(&case) else { return false };
        self.best = Shrunk { case, violation };
        true
    }

    /// Takes rows out, half of them at once first, single ones last.
    fn rows(&mut self) {
        let mut size = self.best.case.table.rows.div_ceil(2);
        while size > 0 && self.left > 0 {
            let mut start = 0;
            while start < self.best.case.table.rows {
                let rows = self.best.case.table.rows;
                let plan: Vec<Option<usize>> =
                    (0..rows).filter(|row| !(start..start + size).contains(row)).map(Some).collect();
                if !self.accept(self.best.case.arranged(&plan)) {
                    start += size;
                }
            }
            size /= 2;
        }
    }

    fn pod(&mut self) {
        let simpler: [fn(&mut Pod); 14] = [
            |pod| pod.priority = 0,
            |pod| pod.qos = Pod::default().qos,
            |pod| pod.daemon_set = false,
            |pod| pod.node_name = NodeNameField::Any,
            |pod| (pod.required_nodes, pod.named_nodes, pod.names_conflict) = (None, None, false),
            |pod| {
                (pod.weights, pod.preferred) = (Vec::new(), Vec::new());
                pod.flatten();
            },
            |pod| pod.taints = Vec::new(),
            |pod| pod.port_conflicts = None,
            |pod| pod.images = Vec::new(),
            |pod| (pod.forecast_cpu, pod.forecast_request, pod.forecast_variance) = (Vec::new(), 0.0, 0.0),
            |pod| pod.same_app_requested = Vec::new(),
            |pod| (pod.estimate, pod.matches) = ([0.0; 2], 0),
            |pod| pod.estimates.iter_mut().for_each(|estimate| *estimate = [0.0; 2]),
            |pod| (pod.tolerates_unschedulable, pod.containers) = (false, 1),
        ];
        for simplify in simpler {
            let mut case = self.best.case.clone();
            simplify(&mut case.pod);
            self.accept(case);
        }
        for i in (0..self.best.case.pod.requests.len()).rev() {
            let mut case = self.best.case.clone();
            let request = case.pod.requests.remove(i);
            if request.resource == ResourceId::PODS {
                // Every pod is one.
                continue;
            }
            case.pod.scoring_requests.retain(|other| other.resource != request.resource);
            self.accept(case);
        }
    }

    /// Whole columns become 0.
    fn columns(&mut self) {
        for i in 0..self.best.case.table.quantities.len() {
            self.column(|case| {
                let Some((column, cells)) = case.table.quantities.get_mut(i) else { return false };
                let zero = super::table::dead_value(*column);
                let any = cells.iter().any(|cell| *cell != zero);
                cells.fill(zero);
                any
            });
        }
        for i in 0..self.best.case.table.bits.len() {
            self.column(|case| {
                let Some((bits, words)) = case.table.bits.get_mut(i) else { return false };
                let any = *bits != Bits::Live && words.iter().any(|word| *word != 0);
                if any {
                    words.fill(0);
                }
                any
            });
        }
        self.column(|case| {
            let any = case.table.taint_sets.iter().any(|list| *list != 0);
            case.table.taint_sets.fill(0);
            any
        });
    }

    /// Tries a change, if it is one.
    fn column(&mut self, change: impl Fn(&mut Case) -> bool) {
        let mut case = self.best.case.clone();
        if change(&mut case) {
            self.accept(case);
        }
    }

    /// Single cells become 0, or 1.
    fn cells(&mut self) {
        let table = &self.best.case.table;
        if table.rows > FEW_ROWS {
            return;
        }
        for (i, row) in
            (0..table.quantities.len()).flat_map(|i| (0..table.rows).map(move |row| (i, row))).collect::<Vec<_>>()
        {
            for value in [0.0, 1.0] {
                self.column(|case| {
                    let cell = case.table.quantities.get_mut(i).and_then(|(_, cells)| cells.get_mut(row));
                    let Some(cell) = cell.filter(|cell| **cell > value) else { return false };
                    *cell = value;
                    true
                });
            }
        }
    }
}
