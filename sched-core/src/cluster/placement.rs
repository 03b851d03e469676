//! Holding room on a row and letting it go: the only place where a pod's requests enter and leave the columns.

use super::heat::Heat;
use super::load::PodLoad;
use super::pods::{PodPhase, Row};
use super::{Changed, Cluster, PodId, wanted_ports};
use crate::error::ClusterError;
use crate::limits::MAX_QUANTITY;
use crate::profile::Prediction;
use sched_abi::ResourceId;

impl Cluster {
    /// Binds a pod that waits, is reserved or was lost. A pod that is bound already is refused.
    pub(crate) fn bind(&mut self, pod: PodId, row: Row, at_ms: u64) -> Result<(), ClusterError> {
        let Some(phase) = self.pod_phase(pod) else { return Err(ClusterError::UnknownPod(format!("#{}", pod.0))) };
        if let PodPhase::Bound(at) = phase {
            let node = self.node_name(at).unwrap_or_default().to_owned();
            return Err(ClusterError::AlreadyBound { pod: self.pods.full_name(pod.0), node });
        }
        if phase == PodPhase::Reserved(row) {
            // Room and heat stay as they were reserved.
            self.advance();
            if let Some(p) = self.pods.get_mut(pod.0) {
                p.phase = PodPhase::Bound(row);
            }
            self.consume(pod.0);
            return Ok(());
        }
        self.check_sums(pod.0, row.0)?;
        self.advance();
        self.pods.not_lost(pod.0);
        self.undraw(pod.0);
        self.let_go(pod.0, PodPhase::Pending);
        self.place(pod.0, PodPhase::Bound(row), at_ms);
        self.consume(pod.0);
        Ok(())
    }

    /// Reserves room for a pod that waits.
    pub(crate) fn reserve(&mut self, pod: PodId, row: Row, now_ms: u64) -> Result<(), ClusterError> {
        self.at(now_ms, |cluster| {
            cluster.check_sums(pod.0, row.0)?;
            cluster.advance();
            cluster.place(pod.0, PodPhase::Reserved(row), now_ms);
            Ok(())
        })
    }

    /// Gives reserved room back.
    pub(crate) fn unreserve(&mut self, pod: PodId) {
        self.advance();
        self.unreserve_now(pod);
    }

    /// The same as part of something else.
    pub(crate) fn unreserve_now(&mut self, pod: PodId) {
        self.leave_gang(pod.0);
        self.undraw(pod.0);
        self.let_go(pod.0, PodPhase::Pending);
    }

    /// Whether the sums of a row stay within bounds when a pod joins it.
    pub(crate) fn check_sums(&self, slot: u32, row: u32) -> Result<(), ClusterError> {
        let class = self.pods.get(slot).map_or(u32::MAX, |p| p.class);
        self.check_sum(slot, class, row, None)
    }

    /// The same, when the pod is on the row already and its class changes.
    pub(crate) fn check_swap(&self, slot: u32, class: u32, row: u32) -> Result<(), ClusterError> {
        self.check_sum(slot, class, row, self.pods.get(slot).map(|p| p.class))
    }

    fn check_sum(&self, slot: u32, class: u32, row: u32, leaving: Option<u32>) -> Result<(), ClusterError> {
        let Some(class) = self.pods.class(class) else { return Ok(()) };
        let leaving = leaving.and_then(|class| self.pods.class(class));
        for request in &class.requests {
            let held = self.nodes.columns(request.resource).and_then(|c| c.requested.get(row as usize)).copied();
            let freed = leaving.map_or(0.0, |class| sched_abi::amount_of(&class.requests, request.resource));
            if held.unwrap_or(0.0) - freed + request.amount > MAX_QUANTITY as f64 {
                let resource = self.nodes.resource_names.get(u32::from(request.resource.0)).map_or("", |n| n);
                return Err(self.sum_too_large(slot, row, resource));
            }
        }
        // The same with defaults, which can be more.
        let freed = leaving.map_or([0.0; 2], |class| class.scoring_present);
        for (i, resource) in ["cpu", "memory"].into_iter().enumerate() {
            let held = self.nodes.scoring.get(i).and_then(|column| column.get(row as usize)).copied().unwrap_or(0.0);
            let [freed, amount] = [freed, class.scoring_present].map(|of| of.get(i).copied().unwrap_or(0.0));
            if held - freed + amount > MAX_QUANTITY as f64 {
                return Err(self.sum_too_large(slot, row, resource));
            }
        }
        Ok(())
    }

    fn sum_too_large(&self, slot: u32, row: u32, resource: &str) -> ClusterError {
        let node = self.nodes.name(row).map_or("", |n| n);
        ClusterError::TooLarge {
            object: format!("pod `{}`", self.pods.full_name(slot)),
            field: format!("the sum of requests of {resource} on node `{node}`"),
        }
    }

    /// What a pod is expected to use, and its share of the row's CPU in millionths.
    fn expected_load(&self, slot: u32, row: u32) -> PodLoad {
        let before = self.pods.get(slot).map_or_else(PodLoad::default, |p| p.load);
        let estimate = self.estimate(slot, |app| self.apps.learned(app));
        PodLoad { estimate, share: self.share_of(row, estimate[0]), ..before }
    }

    /// The share of a row's CPU in millionths; all of it where the row has none. 0 while nobody asks for heat.
    fn share_of(&self, row: u32, cpu_milli: f64) -> u32 {
        if !self.load.heat.is_wanted() {
            return 0;
        }
        let cpu = self.nodes.columns(ResourceId::CPU).and_then(|c| c.capacity.get(row as usize)).copied();
        let Some(cpu) = cpu.filter(|&cpu| cpu > 0.0) else { return 1_000_000 };
        // Beyond 2^53 for machines of thousands of cores.
        let share = u128::from(cpu_milli as u64) * 1_000_000 / u128::from(cpu as u64);
        share.min(1_000_000) as u32
    }

    /// Estimated use of a pod, milli-CPU and bytes, as decisions see it.
    pub(crate) fn estimate_shown(&self, slot: u32) -> [f64; 2] {
        self.estimate(slot, |app| self.apps.shown(app))
    }

    /// Estimated use of a pod: what is predicted for the present hour, else what it requests.
    fn estimate<'a>(&self, slot: u32, predicted: impl Fn(Option<u32>) -> Option<&'a Prediction>) -> [f64; 2] {
        let Some(pod) = self.pods.get(slot) else { return [0.0; 2] };
        let [cpu, memory] = self.pods.class(pod.class).map_or([0.0; 2], |c| c.scoring_present);
        let predicted = predicted(pod.app).map(|p| super::share(cpu as i64, p.ratio[0]) as f64);
        [predicted.unwrap_or(cpu), memory]
    }

    /// Estimated use of a pod by each rule that policies asked for.
    pub(crate) fn estimates(&self, slot: u32) -> &[[f64; 2]] {
        self.pods.get(slot).map_or(&[], |pod| self.measured.estimates.of(pod.class))
    }

    /// The pods on a row change: what is worked out from them is due.
    fn pods_changed(&mut self, row: u32) {
        if self.load.heat.is_wanted() {
            self.derived.heat_changed(row);
        }
        self.measured.pods_changed(row);
        self.forecast_due(row);
    }

    /// What is predicted of a row is to be worked out anew.
    pub(crate) fn forecast_due(&mut self, row: u32) {
        self.forecast.row_changed(row, self.pods.on_row(row).len() + 1);
    }

    /// Puts a pod that holds nothing on a row.
    pub(crate) fn hold(&mut self, slot: u32, phase: PodPhase, at_ms: u64) {
        let Some(Row(row)) = phase.row() else { return };
        let mut load = self.expected_load(slot, row);
        load.placed_at_ms = at_ms;
        self.load.place(row, &mut load);
        self.pods_changed(row);
        if let Some(pod) = self.pods.get_mut(slot) {
            pod.load = load;
        }
        self.pods.attach(slot, phase);
        self.account(slot, row, 1.0);
    }

    /// Keeps heat from here on, that of the pods that are there included.
    pub(crate) fn want_heat(&mut self) {
        if self.load.heat.want() {
            for row in 0..self.nodes.rows() as u32 {
                self.each_load(row, |heat, load, share| {
                    load.share = share;
                    heat.add(row, load.placed_at_ms, share);
                });
            }
        }
    }

    /// The row's CPU changed: its pods' shares, and so their heat, become those of the new size, as if it had always been so.
    pub(crate) fn reweigh(&mut self, row: u32) {
        self.each_load(row, |heat, load, share| {
            heat.remove(row, load.placed_at_ms, load.share);
            load.share = share;
            heat.add(row, load.placed_at_ms, share);
        });
        self.derived.heat_changed(row);
    }

    /// Calls `f` with the heat of all rows, what is known of a pod's load and its share, for every pod on a row.
    fn each_load(&mut self, row: u32, f: impl Fn(&mut Heat, &mut PodLoad, u32)) {
        for i in 0..self.pods.on_row(row).len() {
            let Some(&slot) = self.pods.on_row(row).get(i) else { break };
            let Some(cpu_milli) = self.pods.get(slot).map(|pod| pod.load.estimate[0]) else { continue };
            let share = self.share_of(row, cpu_milli);
            if let Some(pod) = self.pods.get_mut(slot) {
                f(&mut self.load.heat, &mut pod.load, share);
            }
        }
    }

    /// Takes a pod off its row, if it is on one.
    pub(crate) fn let_go(&mut self, slot: u32, phase: PodPhase) {
        let Some(pod) = self.pods.get(slot) else { return };
        let Some(Row(row)) = pod.phase.row() else {
            if let Some(pod) = self.pods.get_mut(slot) {
                pod.phase = phase;
            }
            return;
        };
        let mut load = pod.load;
        self.account(slot, row, -1.0);
        let counted = self.load.displace(row, &mut load);
        self.pods_changed(row);
        self.pods.detach(slot, phase);
        if let Some(pod) = self.pods.get_mut(slot) {
            // When the pod was placed stays known while it is lost.
            let placed_at_ms = if phase == PodPhase::Lost { load.placed_at_ms } else { 0 };
            pod.load = PodLoad { placed_at_ms, sample: load.sample, ..PodLoad::default() };
        }
        if !counted {
            self.load.count_unseen(row, &self.pods);
        }
    }

    /// Adds a pod's requests and ports to a row, or subtracts them.
    fn account(&mut self, slot: u32, row: u32, sign: f64) {
        let Some(class) = self.pods.class_of(slot) else { return };
        for request in &class.requests {
            let columns = self.nodes.resources.get_mut(request.resource.0 as usize);
            if let Some(cell) = columns.and_then(|c| c.requested.get_mut(row as usize)) {
                *cell += sign * request.amount;
            }
            self.journal.push(row, Changed::Requested(request.resource.0));
        }
        for (column, amount) in self.nodes.scoring.iter_mut().zip(class.scoring_present) {
            if let Some(cell) = column.get_mut(row as usize) {
                *cell += sign * amount;
            }
        }
        if class.ports {
            for port in wanted_ports(&class.template) {
                if sign > 0.0 { self.nodes.ports.insert(row, port) } else { self.nodes.ports.remove(row, port) }
            }
            self.touch(row, Changed::Ports);
        }
        self.touch(row, Changed::Usage);
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::{Cluster, Event, NodeSpec, PodSpec, Resources};
    use sched_abi::{Derived, HeatMode};

    const HEAT: Derived = Derived::Heat { mode: HeatMode::Share, half_life_ms: 600_000 };

    /// A node that was resized, with two pods of different age, one that left, and what heat says of it.
    fn heat_of(asked_first: bool) -> Vec<(u64, u64, u32)> {
        let mut cluster = Cluster::new();
        if asked_first {
            cluster.derive(HEAT);
        }
        let amounts = |cpu| -> Resources { [("cpu", cpu), ("pods", 9)].map(|(name, n)| (name.to_owned(), n)).into() };
        let node = |cpu| NodeSpec { name: "n".into(), allocatable: amounts(cpu), ..NodeSpec::default() };
        let mut apply = |event| cluster.apply(&event, 0).unwrap();
        apply(Event::NodeAdded(node(4000)));
        let names = |name: &str| ("ns".to_owned(), name.to_owned());
        for (name, at_ms) in [("a", 1_000), ("b", 200_000), ("c", 300_000)] {
            let (namespace, name) = names(name);
            let pod = PodSpec { namespace: namespace.clone(), name: name.clone(), ..PodSpec::default() };
            apply(Event::PodAdded(pod));
            apply(Event::PodBound { namespace, name, node: "n".into(), at_ms });
        }
        let (namespace, name) = names("b");
        apply(Event::PodRemoved { namespace, name });
        apply(Event::NodeChanged(node(2000)));
        cluster.derive(HEAT);
        cluster.load.heat.dump(0)
    }

    #[test]
    fn heat_that_is_asked_for_late_is_what_it_would_have_been() {
        let heat = heat_of(true);
        assert_eq!(heat.len(), 2);
        assert_eq!(heat_of(false), heat);
    }
}
