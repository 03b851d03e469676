//! Applications: the pods of one top controller, what has been seen of their use, and what is predicted for them.
//!
//! Histories outlive pods, since a nightly job is gone most of the day; of applications without pods a bounded number is kept.

use super::interner::Interner;
use super::spec::Owner;
use crate::limits::{FORECAST_QUANTUM_MS, MAX_IDLE_APPS};
use crate::profile::{AppHistory, Global, Prediction, predict};
use std::{collections::BTreeMap, fmt::Write, sync::Arc};

/// An application's name: namespace, kind, name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
struct Key(String, Owner);

/// An application as it was when it was looked up: valid until its id is given to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AppRef {
    pub(crate) id: u32,
    tenancy: u32,
}

#[derive(Debug, Default)]
struct App {
    /// How often the id was taken or reclaimed.
    tenancy: u32,
    pods: Vec<u32>,
    history: Option<Box<AppHistory>>,
    prediction: Option<Prediction>,
    /// When the last pod went, counted in departures; `None` while there are pods.
    idle_since: Option<u64>,
}

/// Which predictions are meant: those of a quantum, and, where events have not come that far, what was known when they were
/// drawn up, counted in samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    quantum: u64,
    ahead: Option<u64>,
}

impl Shown {
    /// When the quantum began.
    pub(crate) fn at_ms(self) -> u64 {
        self.quantum * FORECAST_QUANTUM_MS
    }

    /// Whether it lies ahead of what events have told.
    pub(crate) fn is_ahead(self) -> bool {
        self.ahead.is_some()
    }
}

/// Predictions for a quantum that no event has begun yet: a look ahead, which leaves the histories as they are.
#[derive(Debug, Default)]
struct Ahead {
    of: Vec<Option<Prediction>>,
    unknown: Option<Prediction>,
    sampled: bool,
}

/// All applications. Histories and predictions are kept only once a policy asked for forecasts.
///
/// Events move time on: the first one in a quantum draws the predictions up that later ones count with. A decision only looks:
/// where its time lies ahead of that, it sees what such an event would draw up, and nothing stays of it.
#[derive(Debug)]
pub(crate) struct AppTable {
    ids: Interner<Key>,
    /// The name that is looked up, so that looking up allocates nothing.
    wanted_key: Key,
    apps: Vec<App>,
    idle: BTreeMap<u64, u32>,
    departures: u64,
    global: Global,
    /// What is predicted for an application that nothing is known of.
    unknown: Option<Prediction>,
    /// Anything had been sampled when that was predicted: before, it would be a guess that stands for no profile.
    sampled: bool,
    quantum: Option<u64>,
    /// How many samples were taken.
    observed: u64,
    shown: Option<Shown>,
    ahead: Ahead,
    wanted: bool,
}

impl AppTable {
    pub(crate) fn new() -> Self {
        Self {
            ids: Interner::new(),
            wanted_key: Key(String::new(), Owner { kind: String::new(), name: String::new() }),
            apps: Vec::new(),
            idle: BTreeMap::new(),
            departures: 0,
            global: Global::default(),
            unknown: None,
            sampled: false,
            quantum: None,
            observed: 0,
            shown: None,
            ahead: Ahead::default(),
            wanted: false,
        }
    }

    /// Keeps histories and predictions from here on.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// A pod of an application that is still known by `app` appeared: the pod's place among its pods.
    pub(crate) fn join_again(&mut self, app: AppRef, pod: u32) -> Option<u32> {
        self.apps.get(app.id as usize).filter(|known| known.tenancy == app.tenancy)?;
        self.ids.retain(app.id);
        Some(self.enter(app.id, pod))
    }

    /// A pod of an application appeared: the application, and the pod's place among its pods.
    pub(crate) fn join(&mut self, namespace: &str, owner: &Owner, pod: u32) -> (AppRef, u32) {
        let Key(of, Owner { kind, name }) = &mut self.wanted_key;
        for (text, from) in [(of, namespace), (kind, &owner.kind), (name, &owner.name)] {
            text.clear();
            text.push_str(from);
        }
        let (id, new) = self.ids.acquire(&self.wanted_key, |k| Arc::new(k.clone()));
        if self.apps.len() <= id as usize {
            self.apps.resize_with(id as usize + 1, App::default);
            self.ahead.of.resize(id as usize + 1, None);
        }
        if new {
            self.forget(id);
        }
        let tenancy = self.apps.get(id as usize).map_or(0, |app| app.tenancy);
        (AppRef { id, tenancy }, self.enter(id, pod))
    }

    /// Forgets what is known of an id, for its next holder.
    fn forget(&mut self, id: u32) {
        if let Some(app) = self.apps.get_mut(id as usize) {
            *app = App { tenancy: app.tenancy.wrapping_add(1), ..App::default() };
        }
        if let Some(prediction) = self.ahead.of.get_mut(id as usize) {
            *prediction = None;
        }
    }

    /// Puts a pod on the list of an application of which a hold was taken.
    fn enter(&mut self, id: u32, pod: u32) -> u32 {
        let Some(app) = self.apps.get_mut(id as usize) else { return 0 };
        if let Some(since) = app.idle_since.take() {
            // The list of idle ones gives its hold back.
            self.idle.remove(&since);
            self.ids.release(id);
        }
        app.pods.push(pod);
        app.pods.len() as u32 - 1
    }

    /// A pod of an application is gone. Returns the pod that took its place in the list.
    pub(crate) fn leave(&mut self, id: u32, place: u32) -> Option<u32> {
        let app = self.apps.get_mut(id as usize)?;
        if (place as usize) < app.pods.len() {
            app.pods.swap_remove(place as usize);
        }
        let moved = app.pods.get(place as usize).copied();
        if app.pods.is_empty() && app.history.is_some() {
            self.departures += 1;
            app.idle_since = Some(self.departures);
            self.idle.insert(self.departures, id);
            self.ids.retain(id);
        }
        if self.ids.release(id) {
            self.forget(id);
        }
        if self.idle.len() > MAX_IDLE_APPS
            && let Some((_, oldest)) = self.idle.pop_first()
        {
            self.ids.release(oldest);
            self.forget(oldest);
        }
        moved
    }

    /// The pods of an application by name.
    pub(crate) fn pods_of(&self, namespace: &str, kind: &str, name: &str) -> &[u32] {
        let owner = Owner { kind: kind.to_owned(), name: name.to_owned() };
        self.ids.find(&Key(namespace.to_owned(), owner)).map_or(&[], |id| self.pods(id))
    }

    /// The pods of an application.
    pub(crate) fn pods(&self, id: u32) -> &[u32] {
        self.apps.get(id as usize).map_or(&[], |app| &app.pods)
    }

    /// An event comes: predicts anew when a quantum has passed. What is predicted within one depends on the samples that were
    /// applied before the first event in it, and so not on when decisions were made. Says whether it did.
    pub(crate) fn roll(&mut self, now_ms: u64) -> Option<Shown> {
        let quantum = now_ms / FORECAST_QUANTUM_MS;
        if !self.wanted || self.quantum.is_some_and(|q| q >= quantum) {
            return None;
        }
        self.quantum = Some(quantum);
        let at_ms = quantum * FORECAST_QUANTUM_MS;
        for app in &mut self.apps {
            if let Some(history) = &mut app.history {
                history.close(&mut self.global);
            }
        }
        self.unknown = Some(predict(None, self.global, at_ms));
        self.sampled = self.global.0.seconds > 0;
        for app in &mut self.apps {
            app.prediction = app.history.as_ref().map(|history| predict(Some(history), self.global, at_ms));
        }
        self.shown = Some(Shown { quantum, ahead: None });
        self.shown
    }

    /// A decision looks: the predictions for its time are shown from here on. Cost: nothing while they are the same.
    pub(crate) fn look(&mut self, now_ms: u64) -> Option<Shown> {
        if !self.wanted {
            return None;
        }
        let quantum = (now_ms / FORECAST_QUANTUM_MS).max(self.quantum.unwrap_or(0));
        let ahead = (self.quantum != Some(quantum)).then_some(self.observed);
        let shown = Shown { quantum, ahead };
        if self.shown != Some(shown) && shown.is_ahead() {
            self.look_ahead(shown.at_ms());
        }
        self.shown = Some(shown);
        self.shown
    }

    /// What [`AppTable::roll`] would predict, drawn up beside what is there.
    fn look_ahead(&mut self, at_ms: u64) {
        let Self { apps, ahead, global, .. } = self;
        let mut global = *global;
        let open =
            |app: &App| app.history.as_ref().filter(|history| history.is_open()).map(|history| (**history).clone());
        for mut history in apps.iter().filter_map(open) {
            history.close(&mut global);
        }
        for (app, prediction) in apps.iter().zip(&mut ahead.of) {
            let mut closed = open(app);
            if let Some(history) = &mut closed {
                history.close(&mut Global::default());
            }
            let history = closed.as_ref().or(app.history.as_deref());
            *prediction = history.map(|history| predict(Some(history), global, at_ms));
        }
        ahead.unknown = Some(predict(None, global, at_ms));
        ahead.sampled = global.0.seconds > 0;
    }

    /// A sample of one of the application's pods.
    pub(crate) fn observe(&mut self, id: u32, at_ms: u64, window_ms: u64, use_milli: i64, request_milli: i64) {
        if !self.wanted || request_milli <= 0 {
            return;
        }
        if let Some(app) = self.apps.get_mut(id as usize) {
            self.observed += 1;
            let history = app.history.get_or_insert_with(|| Box::new(AppHistory::new()));
            history.observe(at_ms, window_ms, use_milli, request_milli, &mut self.global);
        }
    }

    /// The prediction that events count with, once anything has been sampled.
    pub(crate) fn learned(&self, id: Option<u32>) -> Option<&Prediction> {
        let own = id.and_then(|id| self.apps.get(id as usize)?.prediction.as_ref());
        own.or(self.unknown.as_ref()).filter(|_| self.sampled)
    }

    /// The prediction of the application itself that is shown to decisions, if it has been sampled.
    pub(crate) fn own(&self, id: Option<u32>) -> Option<&Prediction> {
        let id = id? as usize;
        if self.is_ahead() { self.ahead.of.get(id)?.as_ref() } else { self.apps.get(id)?.prediction.as_ref() }
    }

    /// The prediction that is shown to decisions; `None` before the first.
    pub(crate) fn prediction(&self, id: Option<u32>) -> Option<&Prediction> {
        let unknown = if self.is_ahead() { &self.ahead.unknown } else { &self.unknown };
        self.own(id).or(unknown.as_ref())
    }

    /// As [`AppTable::learned`], of what is shown to decisions.
    pub(crate) fn shown(&self, id: Option<u32>) -> Option<&Prediction> {
        let sampled = if self.is_ahead() { self.ahead.sampled } else { self.sampled };
        self.prediction(id).filter(|_| sampled)
    }

    fn is_ahead(&self) -> bool {
        self.shown.is_some_and(Shown::is_ahead)
    }

    /// Histories and predictions, as text.
    pub(crate) fn dump(&self, out: &mut String) {
        let ids = (0u32..).zip(&self.apps).filter_map(|(id, app)| Some((self.ids.get(id)?, app)));
        let mut known: Vec<_> = ids.filter(|(_, app)| app.history.is_some()).collect();
        known.sort_by_key(|(key, _)| (*key).clone());
        let _ = writeln!(out, "quantum {:?} {:?} {:?}", self.quantum, self.global, self.unknown);
        for (key, app) in known {
            let _ =
                writeln!(out, "app {key:?} idle={} {:?} {:?}", app.idle_since.is_some(), app.prediction, app.history);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_joined_again_only_while_its_id_is_its_own() {
        let owner = |name: &str| Owner { kind: "Job".to_owned(), name: name.to_owned() };
        let mut apps = AppTable::new();
        let (first, place) = apps.join("ns", &owner("a"), 7);
        assert_eq!(place, 0);
        assert_eq!(apps.join_again(first, 8), Some(1));
        assert_eq!(apps.join("ns", &owner("a"), 9), (first, 2));
        for place in [2, 1, 0] {
            apps.leave(first.id, place);
        }
        assert_eq!((apps.len(), apps.join_again(first, 8)), (0, None));
        let (other, _) = apps.join("ns", &owner("b"), 3);
        assert_eq!(other.id, first.id);
        assert_eq!(apps.join_again(first, 8), None);
        assert_eq!(apps.join_again(other, 8), Some(1));
    }

    #[test]
    fn what_a_look_ahead_saw_of_an_application_goes_with_it() {
        let owner = |name: &str| Owner { kind: "Job".to_owned(), name: name.to_owned() };
        let mut apps = AppTable::new();
        apps.want();
        let (first, place) = apps.join("ns", &owner("a"), 7);
        apps.observe(first.id, 0, 60_000, 900, 1_000);
        apps.look(FORECAST_QUANTUM_MS);
        assert!(apps.own(Some(first.id)).is_some());
        apps.leave(first.id, place);
        // As when too many applications without pods are kept.
        let (_, oldest) = apps.idle.pop_first().unwrap();
        apps.ids.release(oldest);
        apps.forget(oldest);
        let (other, _) = apps.join("ns", &owner("b"), 3);
        assert_eq!(other.id, first.id);
        apps.look(FORECAST_QUANTUM_MS);
        assert_eq!(apps.own(Some(other.id)), None);
    }
}
