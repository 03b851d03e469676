//! What applications use, and what is predicted of them: from the list of all samples of pods, with nothing kept between.

use sched_core::Owner;
use std::collections::BTreeMap;

/// Namespace and top controller.
pub(crate) type App = (String, Owner);

/// Parts of 1 that observed ratios of use to request are counted in.
const RATIO: i128 = 10_000;
/// Parts of 1 that predictions are rounded to.
pub(crate) const MILLION: i128 = 1_000_000;
const HOUR_S: u64 = 3_600;

/// Something that was learned, in the order in which it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// A sample of a pod of an application.
    Seen { app: App, at_ms: u64, window_ms: u64, used: i128, request: i128 },
    /// A quantum began: what is being summed up is complete.
    Rolled,
}

/// An application once seen: the use of its pods over their requests.
#[derive(Clone, Copy, Debug)]
struct Observation {
    ratio: i128,
    seconds: i128,
    /// The middle of its window, in seconds.
    middle_s: u64,
}

impl Observation {
    fn hour(&self) -> u64 {
        self.middle_s / HOUR_S
    }
}

/// What is predicted of an application: use over request by hour ahead, and its variance, both in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Prediction {
    pub(crate) ratio: [i128; 8],
    pub(crate) variance: i128,
}

/// Everything that is predicted at one time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Predictions {
    pub(crate) of: BTreeMap<App, Prediction>,
    /// Of an application that was never sampled.
    pub(crate) unknown: Prediction,
}

/// Whether any observation is complete.
pub(crate) fn anything_known(entries: &[Entry]) -> bool {
    let rolled = entries.iter().rposition(|entry| matches!(entry, Entry::Rolled));
    let entries = rolled.map_or(&[][..], |rolled| &entries[..=rolled]);
    apps(entries).iter().any(|app| !observations(entries, app).is_empty())
}

fn apps(entries: &[Entry]) -> Vec<App> {
    let seen = entries.iter().filter_map(|entry| match entry {
        Entry::Seen { app, .. } => Some(app.clone()),
        Entry::Rolled => None,
    });
    let mut apps: Vec<App> = seen.collect();
    apps.sort();
    apps.dedup();
    apps
}

/// The observations of an application: samples of one time that came one after the other are one. The last is not complete
/// while samples of its time may still come.
fn observations(entries: &[Entry], of: &App) -> Vec<Observation> {
    let mut list = Vec::new();
    let mut open: Option<(u64, u64, i128, i128)> = None;
    for entry in entries {
        match entry {
            Entry::Rolled => list.extend(open.take().map(observation)),
            Entry::Seen { app, .. } if app != of => {}
            Entry::Seen { at_ms, window_ms, used, request, .. } => match &mut open {
                Some((at, _, all_used, all_requested)) if at == at_ms => {
                    *all_used += used;
                    *all_requested += request;
                }
                _ => list.extend(open.replace((*at_ms, *window_ms, *used, *request)).map(observation)),
            },
        }
    }
    list
}

fn observation((at_ms, window_ms, used, request): (u64, u64, i128, i128)) -> Observation {
    let seconds = window_ms.clamp(1_000, 3_600_000) / 1_000;
    let ratio = (used * RATIO / request).min(4_096 * RATIO);
    Observation { ratio, seconds: seconds.into(), middle_s: (at_ms / 1_000).saturating_sub(seconds / 2) }
}

/// Sum of ratio x seconds, and of seconds.
fn sum<'a>(list: impl Iterator<Item = &'a Observation>) -> (f64, f64) {
    let (mut weighted, mut seconds) = (0, 0);
    for observation in list {
        weighted += observation.ratio * observation.seconds;
        seconds += observation.seconds;
    }
    (weighted as f64 / RATIO as f64, seconds as f64)
}

/// What follows from the samples for the hours from `now_ms` on.
pub(crate) fn predict(entries: &[Entry], now_ms: u64) -> Predictions {
    let seen: BTreeMap<App, Vec<Observation>> =
        apps(entries).into_iter().map(|app| (app.clone(), observations(entries, &app))).collect();
    // Where nothing is known, 0.42, with the weight of 120,000 seconds.
    let (used, seconds) = sum(seen.values().flatten());
    let everyone = (used + 0.42 * 120_000.0) / (seconds + 120_000.0);
    let unknown = Prediction { ratio: [millionths(everyone); 8], variance: millionths(0.3 * 0.3) };
    let of = seen.into_iter().map(|(app, seen)| (app, predict_one(&seen, everyone, now_ms)));
    Predictions { of: of.collect(), unknown }
}

fn predict_one(seen: &[Observation], everyone: f64, now_ms: u64) -> Prediction {
    // The mean over all applications stands for half an hour of one's own.
    let (used, seconds) = sum(seen.iter());
    let mean = (used + 1_800.0 * everyone) / (seconds + 1_800.0);
    let recent = recent(seen).unwrap_or(mean);
    let hour = now_ms / 3_600_000;
    let mut kept = 1.0;
    let ratio = [0, 1, 2, 3, 4, 5, 6, 7].map(|ahead| {
        let fallback = kept * recent + (1.0 - kept) * mean;
        kept *= 0.7;
        let mut ratio = of_hour(seen, hour + ahead, fallback);
        if ahead == 0 {
            let (used, seconds) = sum(present(seen).iter().filter(|observation| observation.hour() == hour));
            ratio = (3_600.0 * ratio + used) / (3_600.0 + seconds);
        }
        millionths(ratio)
    });
    Prediction { ratio, variance: millionths(variance(seen)) }
}

/// The newest hour in which the application was seen.
fn newest_hour(seen: &[Observation]) -> u64 {
    seen.iter().map(Observation::hour).max().unwrap_or(0)
}

/// What was seen in that hour.
fn present(seen: &[Observation]) -> Vec<Observation> {
    seen.iter().filter(|observation| observation.hour() == newest_hour(seen)).copied().collect()
}

/// The use in an hour of the day: what was seen in it, half of what was seen in the hours beside, and 15 minutes of `fallback`.
fn of_hour(seen: &[Observation], hour: u64, fallback: f64) -> f64 {
    let at = |hour: u64| sum(seen.iter().filter(|observation| observation.hour() % 24 == hour % 24));
    let [(used, seconds), (after, after_s), (before, before_s)] = [at(hour), at(hour + 1), at(hour + 23)];
    (used + 0.5 * (after + before) + 900.0 * fallback) / (seconds + 0.5 * (after_s + before_s) + 900.0)
}

/// The mean of the six hours before the newest slot of five minutes, with a half-life of an hour.
fn recent(seen: &[Observation]) -> Option<f64> {
    let slot = |observation: &Observation| observation.middle_s / 300;
    let newest = seen.iter().map(slot).max()?;
    let (mut used, mut weights) = (0.0, 0.0);
    for age in 0..72 {
        let weight = libm::exp2(-(age as f64) / 12.0);
        let (in_slot, seconds) = sum(seen.iter().filter(|observation| slot(observation) + age == newest));
        used += weight * in_slot;
        weights += weight * seconds;
    }
    Some(used / weights)
}

/// The mean squared deviation from the mean of the hour, over all hours but the last; what came after a later hour had begun
/// is left out, and hours of less than 10 minutes. 0.3 squared stands for an hour.
fn variance(seen: &[Observation]) -> f64 {
    let mut in_time: BTreeMap<u64, Vec<Observation>> = BTreeMap::new();
    let mut newest = 0;
    for observation in seen {
        newest = observation.hour().max(newest);
        if observation.hour() == newest {
            in_time.entry(newest).or_default().push(*observation);
        }
    }
    let (mut squares, mut all) = (0, 0);
    for hour in in_time.iter().filter(|(hour, _)| **hour < newest).map(|(_, hour)| hour) {
        let seconds: i128 = hour.iter().map(|o| o.seconds).sum();
        let mean: i128 = hour.iter().map(|o| o.ratio * o.seconds).sum();
        let square: i128 = hour.iter().map(|o| o.ratio * o.ratio * o.seconds).sum();
        if seconds >= 600 {
            squares += square - mean * mean / seconds;
            all += seconds;
        }
    }
    (squares as f64 / (RATIO * RATIO) as f64 + 3_600.0 * 0.3 * 0.3) / (all as f64 + 3_600.0)
}

fn millionths(ratio: f64) -> i128 {
    (ratio * MILLION as f64).round() as i128
}
