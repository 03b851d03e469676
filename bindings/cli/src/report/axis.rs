//! Axes: which ticks they carry and how those are labelled.

/// Steps between time ticks, in minutes, from five minutes to four weeks.
const TIME_STEPS_MIN: [f64; 15] =
    [5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 360.0, 720.0, 1_440.0, 2_880.0, 7_200.0, 10_080.0, 20_160.0, 40_320.0];
const DAY_MIN: f64 = 1_440.0;

/// A position on an axis and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Ticks between two moments, given in minutes since the run began: `06:00`, and `day 2` at midnight.
pub(super) fn time_ticks(from: f64, to: f64, most: usize) -> Vec<Tick> {
    let span = (to - from).max(1.0);
    let fits = |step: &&f64| span / **step <= most as f64;
    let step =
        TIME_STEPS_MIN.iter().find(fits).copied().unwrap_or_else(|| (span / most as f64 / DAY_MIN).ceil() * DAY_MIN);
    steps(from, to, step).map(|at| Tick { at, label: moment(at, step >= DAY_MIN) }).collect()
}

/// A moment as the axis shows it: the day at midnight, the hour otherwise.
fn moment(at: f64, days_only: bool) -> String {
    let minute = at.rem_euclid(DAY_MIN);
    if days_only || minute == 0.0 {
        return format!("day {:.0}", (at / DAY_MIN).floor() + 1.0);
    }
    format!("{:02.0}:{:02.0}", (minute / 60.0).floor(), minute % 60.0)
}

/// Round ticks from zero to at least `top`, about `wanted` of them; the last is the end of the axis.
pub(super) fn value_ticks(top: f64, wanted: usize, label: impl Fn(f64) -> String) -> Vec<Tick> {
    let top = if top.is_finite() && top > 0.0 { top } else { 1.0 };
    let raw = top / wanted.max(1) as f64;
    let magnitude = decimal_magnitude(raw);
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * magnitude).find(|step| *step >= raw * 0.999).unwrap_or(raw);
    let count = (top / step - 1e-9).ceil().max(1.0) as usize;
    (0..=count).map(|place| place as f64 * step).map(|at| Tick { at, label: label(at) }).collect()
}

/// The largest power of ten that is not above `value`.
fn decimal_magnitude(value: f64) -> f64 {
    let mut magnitude = 1.0;
    while magnitude * 10.0 <= value {
        magnitude *= 10.0;
    }
    while magnitude > value {
        magnitude /= 10.0;
    }
    magnitude
}

/// Multiples of `step` within the bounds.
fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    (first..=last).map(move |place| place as f64 * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn two_days_are_cut_into_quarters() {
        let ticks = time_ticks(0.0, 2_880.0, 9);
        assert_eq!(labels(&ticks), ["day 1", "06:00", "12:00", "18:00", "day 2", "06:00", "12:00", "18:00", "day 3"]);
    }

    #[test]
    fn months_are_cut_into_whole_days() {
        let ticks = time_ticks(0.0, 400.0 * DAY_MIN, 9);
        assert!(ticks.len() <= 10 && ticks.iter().all(|tick| tick.label.starts_with("day")), "{ticks:?}");
    }

    #[test]
    fn the_last_tick_is_at_or_above_the_top() {
        for top in [0.0, 0.03, 0.9, 1.0, 7.0, 99.0, 1234.5, f64::NAN, f64::INFINITY] {
            let ticks = value_ticks(top, 4, |at| format!("{at}"));
            let last = ticks.last().unwrap().at;
            assert!(ticks.len() >= 2 && ticks.len() <= 7, "{top}: {ticks:?}");
            assert!(!top.is_finite() || last >= top, "{top}: {ticks:?}");
        }
    }
}
