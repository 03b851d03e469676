//! The use of an application in the hours to come, as a ratio of its request, and how far it may be off.
//!
//! With S, C the sums and seconds by hour of the day, m the mean of everything seen (drawn to the mean over all applications
//! while little was seen), r the recent mean with a half-life of an hour, for the hour k ahead:
//! - `fallback = 0.7^k * r + (1 - 0.7^k) * m`
//! - `ratio = (S + n(S) + 15 min * fallback) / (C + n(C) + 15 min)` where n adds half of the neighbouring hours
//! - the present hour is drawn to what was seen in it: `(60 min * ratio + sum) / (60 min + seconds)`
//! - `variance` = the pooled variance within hours, with a prior of 0.3^2 for an hour.
//!
//! Source: our own; the terms were chosen and weighed on hot-node workloads, see docs/policies.md.

use super::HORIZON_HOURS;
use super::history::{AppHistory, Global, Mass, RATIO_ONE, RECENT_SLOTS};

/// Ratio of use to request where nothing at all is known.
const UNKNOWN_RATIO: f64 = 0.42;
/// Seconds of observation that [`UNKNOWN_RATIO`] stands for, over all applications.
const UNKNOWN_S: f64 = 120_000.0;
/// Seconds that the mean over all applications stands for in one's own.
const MEAN_PRIOR_S: f64 = 1_800.0;
/// Seconds that the fallback stands for in the profile of an hour.
const HOUR_PRIOR_S: f64 = 900.0;
/// Weight of the hours beside.
const NEIGHBOUR: f64 = 0.5;
/// How much of the recent level is left in the fallback, an hour ahead.
const RECENT_PER_HOUR: f64 = 0.7;
/// Half-life of the recent level, seconds.
const RECENT_HALF_LIFE_S: f64 = 3_600.0;
/// Seconds that the profile stands for against what was seen in the present hour.
const PRESENT_PRIOR_S: f64 = 3_600.0;
/// Standard deviation within an hour of an application that is not known, and the seconds that it stands for.
const WITHIN_PRIOR: (f64, f64) = (0.3, 3_600.0);

/// Parts of one that predictions are stored in.
pub(crate) const PARTS: i64 = 1_000_000;

/// The prediction for one application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prediction {
    /// Use over request by hour ahead, in millionths.
    pub(crate) ratio: [i64; HORIZON_HOURS],
    /// Variance of that ratio, in millionths.
    pub(crate) variance: i64,
}

/// Slots of recent use, weighted by age.
fn recent_decay() -> [f64; RECENT_SLOTS] {
    std::array::from_fn(|age| libm::exp2(-(age as f64) * 300.0 / RECENT_HALF_LIFE_S))
}

/// Predicts from the hour that `now_ms` lies in. `None` for an application without a history.
pub(crate) fn predict(history: Option<&AppHistory>, global: Global, now_ms: u64) -> Prediction {
    let one = RATIO_ONE as f64;
    let everyone = (global.0.sum as f64 / one + UNKNOWN_RATIO * UNKNOWN_S) / (global.0.seconds as f64 + UNKNOWN_S);
    let mean_of = |all: Mass| (all.sum as f64 / one + MEAN_PRIOR_S * everyone) / (all.seconds as f64 + MEAN_PRIOR_S);
    let Some(history) = history else {
        return Prediction {
            ratio: [parts(everyone); HORIZON_HOURS],
            variance: parts(WITHIN_PRIOR.0 * WITHIN_PRIOR.0),
        };
    };
    let mean = mean_of(history.all);
    let (recent, weight) = history.recent(&recent_decay());
    let recent = if weight > 0.0 { recent / one / weight } else { mean };
    let now_hour = now_ms / 3_600_000;
    let mut ratio = [0; HORIZON_HOURS];
    let mut kept = 1.0;
    for (ahead, out) in ratio.iter_mut().enumerate() {
        let fallback = kept * recent + (1.0 - kept) * mean;
        kept *= RECENT_PER_HOUR;
        let mut value = profile(history, now_hour + ahead as u64, fallback);
        if ahead == 0 && history.hour == now_hour {
            let Mass { sum, seconds } = history.this_hour;
            value = (PRESENT_PRIOR_S * value + sum as f64 / one) / (PRESENT_PRIOR_S + seconds as f64);
        }
        *out = parts(value);
    }
    let (squares, seconds) = history.within;
    let squares = squares as f64 / (one * one);
    let within = (squares + WITHIN_PRIOR.1 * WITHIN_PRIOR.0 * WITHIN_PRIOR.0) / (seconds as f64 + WITHIN_PRIOR.1);
    Prediction { ratio, variance: parts(within) }
}

fn profile(history: &AppHistory, hour: u64, fallback: f64) -> f64 {
    let at = |offset: u64| history.hours.get(((hour + offset) % 24) as usize).copied().unwrap_or_default();
    let (mut sum, mut seconds) = (at(0).sum as f64, at(0).seconds as f64);
    for mass in [at(1), at(23)] {
        sum += NEIGHBOUR * mass.sum as f64;
        seconds += NEIGHBOUR * mass.seconds as f64;
    }
    (sum / RATIO_ONE as f64 + HOUR_PRIOR_S * fallback) / (seconds + HOUR_PRIOR_S)
}

fn parts(ratio: f64) -> i64 {
    libm::round(ratio * PARTS as f64) as i64
}
