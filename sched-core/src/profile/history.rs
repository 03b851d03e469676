//! Samples of one application, kept as integers: by hour of the day, by recent slot, and how much it varies within an hour.
//!
//! Every time the application was sampled counts once, by its length: the use of its pods over their requests. The present
//! sum is closed when a later sample comes, so pods that are sampled together are one observation.

use crate::limits::MAX_USE_RATIO;

/// A ratio of use to request of 1, in the units of the history.
pub(crate) const RATIO_ONE: i64 = 10_000;

const MAX_RATIO: i64 = MAX_USE_RATIO * RATIO_ONE;

const MINUTE_MS: u64 = 60_000;
const HOUR_S: u64 = 3_600;
/// Length of a slot of recent use.
const RECENT_SLOT_S: u64 = 300;
/// Slots of recent use: six hours, after which the present half-life of one hour has left less than 2 %.
pub(crate) const RECENT_SLOTS: usize = 72;
/// Observed seconds below which an hour says nothing about variance.
const MIN_HOUR_S: i64 = 600;

/// A weighted sum of ratios: ratio x seconds, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mass {
    pub(crate) sum: i64,
    pub(crate) seconds: i64,
}

impl Mass {
    pub(crate) fn add(&mut self, ratio: i64, seconds: i64) {
        self.sum += ratio * seconds;
        self.seconds += seconds;
    }
}

/// All applications together: the prior of one that is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Global(pub(crate) Mass);

/// What has been seen of one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppHistory {
    /// By hour of the day.
    pub(crate) hours: [Mass; 24],
    pub(crate) all: Mass,
    /// The present clock hour, counted from the epoch, and what was seen in it.
    pub(crate) hour: u64,
    pub(crate) this_hour: Mass,
    this_hour_squares: i128,
    /// Squared deviations from the hour's mean, over all closed hours, and the seconds behind them.
    pub(crate) within: (i128, i64),
    newest_slot: u64,
    recent: [Mass; RECENT_SLOTS],
    /// The observation that is being summed up: its time, use, requests, length.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    at_ms: u64,
    use_milli: i64,
    request_milli: i64,
    seconds: i64,
}

impl AppHistory {
    pub(crate) fn new() -> Self {
        Self {
            hours: [Mass::default(); 24],
            all: Mass::default(),
            hour: 0,
            this_hour: Mass::default(),
            this_hour_squares: 0,
            within: (0, 0),
            newest_slot: 0,
            recent: [Mass::default(); RECENT_SLOTS],
            open: None,
        }
    }

    /// A sample of one pod of the application, which requests `request_milli` (more than 0).
    pub(crate) fn observe(
        &mut self,
        at_ms: u64,
        window_ms: u64,
        use_milli: i64,
        request_milli: i64,
        global: &mut Global,
    ) {
        let seconds = (window_ms.clamp(1_000, 60 * MINUTE_MS) / 1_000) as i64;
        match &mut self.open {
            Some(open) if open.at_ms == at_ms => {
                open.use_milli = open.use_milli.saturating_add(use_milli);
                open.request_milli = open.request_milli.saturating_add(request_milli);
            }
            _ => {
                self.close(global);
                self.open = Some(Open { at_ms, use_milli, request_milli, seconds });
            }
        }
    }

    /// Whether an observation is being summed up.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Books the observation that is being summed up.
    pub(crate) fn close(&mut self, global: &mut Global) {
        let Some(open) = self.open.take() else { return };
        // Samples of a few pods at the largest quantity go beyond 64 bits here.
        let ratio = i128::from(open.use_milli) * i128::from(RATIO_ONE) / i128::from(open.request_milli.max(1));
        let ratio = ratio.clamp(0, i128::from(MAX_RATIO)) as i64;
        // A sample stands for the window before its end.
        let middle_s = (open.at_ms / 1_000).saturating_sub(open.seconds as u64 / 2);
        let hour = middle_s / HOUR_S;
        if hour > self.hour {
            self.close_hour();
            self.hour = hour;
        }
        if let Some(mass) = self.hours.get_mut((hour % 24) as usize) {
            mass.add(ratio, open.seconds);
        }
        self.all.add(ratio, open.seconds);
        global.0.add(ratio, open.seconds);
        if hour == self.hour {
            self.this_hour.add(ratio, open.seconds);
            self.this_hour_squares += i128::from(ratio) * i128::from(ratio) * i128::from(open.seconds);
        }
        self.add_recent(middle_s / RECENT_SLOT_S, ratio, open.seconds);
    }

    fn close_hour(&mut self) {
        let Mass { sum, seconds } = std::mem::take(&mut self.this_hour);
        let squares = std::mem::take(&mut self.this_hour_squares);
        if seconds >= MIN_HOUR_S {
            self.within.0 += squares - i128::from(sum) * i128::from(sum) / i128::from(seconds);
            self.within.1 += seconds;
        }
    }

    fn add_recent(&mut self, slot: u64, ratio: i64, seconds: i64) {
        let place = |slot: u64| (slot % RECENT_SLOTS as u64) as usize;
        if slot > self.newest_slot {
            for gone in (self.newest_slot + 1..=slot).take(RECENT_SLOTS) {
                if let Some(mass) = self.recent.get_mut(place(gone)) {
                    *mass = Mass::default();
                }
            }
            self.newest_slot = slot;
        }
        if self.newest_slot - slot < RECENT_SLOTS as u64
            && let Some(mass) = self.recent.get_mut(place(slot))
        {
            mass.add(ratio, seconds);
        }
    }

    /// Recent use, each slot weighted by its age: (ratio x weight, weight), in f64 summed in the order of age.
    pub(crate) fn recent(&self, decay: &[f64; RECENT_SLOTS]) -> (f64, f64) {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (age, decay) in decay.iter().enumerate() {
            let Some(slot) = self.newest_slot.checked_sub(age as u64) else { break };
            if let Some(mass) = self.recent.get((slot % RECENT_SLOTS as u64) as usize) {
                sum += mass.sum as f64 * decay;
                weight += mass.seconds as f64 * decay;
            }
        }
        (sum, weight)
    }
}
