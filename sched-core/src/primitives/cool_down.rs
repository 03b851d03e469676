//! Cool-down of hot nodes: a node that just received pods is cooler in the metrics than it will be, so it loses until they
//! show there.
//!
//! `heat = sum over recent placements of w * 2^(-age / half-life)`; `w` = the pod's estimated CPU as a share of the node
//! (mode `share`), or 1 (mode `count`). Score: `100 - 100 * heat / limit`, from 100 without heat to 0 at the limit and beyond.
//! Mode `windows`: `hot = sum over windows of floor(placements in the window / step)`, score `100 - 10 * hot`, not below 0.
//!
//! Units: heat in millionths of the node, or of a placement; read at the resolution of [`HEAT_SLOT_MS`], the slot that runs
//! included. Source: exponential decay as in load averages; the windows are the hot value of crane-scheduler's dynamic plugin.
//! Heat never mixes with the estimate of unseen use: this policy reads heat alone, those that read samples read no heat.

use super::{floor, int};
use crate::limits::{HEAT_SLOT_MS, HEAT_SLOTS};
use sched_abi::{Column, Derived, HeatMode, Manifest, NodeColumns, Nodes, PodView, Policy, Rows, Setup, SetupError};

/// A slot and the whole ring, in seconds: the shortest and the longest time that heat knows.
const SLOT_SECONDS: u64 = HEAT_SLOT_MS / 1_000;
const RING_SECONDS: u64 = SLOT_SECONDS * HEAT_SLOTS as u64;
const MAX_WINDOWS: usize = 8;
/// What one hot point costs, as in crane-scheduler.
const HOT_POINT: i64 = 10;

/// What heat is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum CoolDownMode {
    /// Shares of the node's CPU, decaying.
    #[default]
    Share,
    /// Placements, decaying.
    Count,
    /// Placements within windows.
    Windows,
}

/// A window in which placements are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct HeatWindow {
    /// Its length in seconds, a multiple of 15.
    pub seconds: u32,
    /// So many placements are one hot point.
    pub step: u32,
}

/// Configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct CoolDownConfig {
    /// What heat is made of.
    pub mode: CoolDownMode,
    /// Time in which heat halves, 15 to 1920 seconds. Not for `windows`.
    pub half_life_seconds: u32,
    /// The heat at which the score is 0: percent of the node's CPU, or placements. Not for `windows`.
    pub heat_limit: u32,
    /// The windows, for `windows` alone.
    pub windows: Vec<HeatWindow>,
    /// How late samples arrive, in seconds; only for the check of the profile.
    pub metrics_delay_seconds: u32,
    /// The window that a sample averages over, in seconds; only for the check of the profile.
    pub metrics_window_seconds: u32,
}

impl Default for CoolDownConfig {
    fn default() -> Self {
        Self {
            mode: CoolDownMode::Share,
            half_life_seconds: 300,
            heat_limit: 30,
            windows: vec![HeatWindow { seconds: 300, step: 5 }, HeatWindow { seconds: 60, step: 2 }],
            metrics_delay_seconds: 60,
            metrics_window_seconds: 60,
        }
    }
}

impl CoolDownConfig {
    fn check(&self) -> Result<(), SetupError> {
        let refuse = |text: String| Err(SetupError(text));
        if self.mode != CoolDownMode::Windows {
            let seconds = u64::from(self.half_life_seconds);
            if !(SLOT_SECONDS..=RING_SECONDS).contains(&seconds) {
                return refuse(format!("`halfLifeSeconds` is {seconds}, not within {SLOT_SECONDS}..={RING_SECONDS}"));
            }
            if !(1..=10_000).contains(&self.heat_limit) {
                return refuse(format!("`heatLimit` is {}, not within 1..=10000", self.heat_limit));
            }
            return Ok(());
        }
        if self.windows.is_empty() || self.windows.len() > MAX_WINDOWS {
            return refuse(format!("`windows` has {} entries, not 1 to {MAX_WINDOWS}", self.windows.len()));
        }
        for window in &self.windows {
            let seconds = u64::from(window.seconds);
            if seconds % SLOT_SECONDS != 0 || !(SLOT_SECONDS..=RING_SECONDS).contains(&seconds) {
                let rule = format!("a multiple of {SLOT_SECONDS} up to {RING_SECONDS}");
                return refuse(format!("`windows`: {seconds} seconds are not {rule}"));
            }
            if window.step == 0 {
                return refuse("`windows`: a step of 0 makes every node infinitely hot".to_owned());
            }
        }
        Ok(())
    }

    /// What is allowed, but hardly meant: heat that is gone before the metrics show the pods.
    pub fn warnings(&self) -> Vec<String> {
        let lasts = match self.mode {
            CoolDownMode::Windows => self.windows.iter().map(|w| w.seconds).max().unwrap_or(0),
            CoolDownMode::Share | CoolDownMode::Count => self.half_life_seconds,
        };
        let what = if self.mode == CoolDownMode::Windows { "the longest of `windows`" } else { "`halfLifeSeconds`" };
        let (delay, window) = (self.metrics_delay_seconds, self.metrics_window_seconds);
        if lasts >= delay.saturating_add(window) {
            return Vec::new();
        }
        let late = format!("metrics delay plus window ({delay} + {window} seconds)");
        vec![format!("{what} is {lasts}, below {late}: nodes look cool again before the metrics show their new pods")]
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct CoolDown {
    config: CoolDownConfig,
    columns: Vec<Column>,
}

impl CoolDown {
    /// The policy under a configuration.
    pub fn new(config: CoolDownConfig) -> Self {
        Self { config, columns: Vec::new() }
    }

    fn by_heat(&self, nodes: &dyn Nodes, rows: Rows<'_>, out: &mut [i64]) {
        let unit = if self.config.mode == CoolDownMode::Share { 10_000.0 } else { 1_000_000.0 };
        let limit = f64::from(self.config.heat_limit) * unit;
        let heat = self.columns.first().map_or(&[][..], |&column| nodes.quantity(column));
        rows.map([heat], out, |[heat]| {
            let left = limit - heat;
            int(floor((if left > 0.0 { left } else { 0.0 }) * 100.0 / limit))
        });
    }

    fn by_windows(&self, nodes: &dyn Nodes, rows: Rows<'_>, out: &mut [i64]) {
        out.fill(0);
        for (window, &column) in self.config.windows.iter().zip(&self.columns) {
            let step = f64::from(window.step);
            rows.update([nodes.quantity(column)], out, |hot, [count]| *hot += int(floor(count / step)));
        }
        for score in out {
            *score = (100 - HOT_POINT * *score).max(0);
        }
    }
}

impl Policy for CoolDown {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        Manifest { scores: true, columns: NodeColumns::DERIVED, ..Manifest::new("CoolDown") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.config.check()?;
        let half_life_ms = u64::from(self.config.half_life_seconds) * 1_000;
        let heat = |mode| Derived::Heat { mode, half_life_ms };
        self.columns = match self.config.mode {
            CoolDownMode::Share => vec![host.derive(heat(HeatMode::Share))?],
            CoolDownMode::Count => vec![host.derive(heat(HeatMode::Count))?],
            CoolDownMode::Windows => {
                let binds = |w: &HeatWindow| Derived::RecentBinds { window_ms: u64::from(w.seconds) * 1_000 };
                self.config.windows.iter().map(|w| host.derive(binds(w))).collect::<Result<_, _>>()?
            }
        };
        Ok(())
    }

    fn score(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        match self.config.mode {
            CoolDownMode::Windows => self.by_windows(nodes, rows, out),
            CoolDownMode::Share | CoolDownMode::Count => self.by_heat(nodes, rows, out),
        }
    }
}
