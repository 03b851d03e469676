//! The progress bar on stderr: one for all runs of a replay, or over named steps. It hides itself where stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use sched_sim::Progress;
use std::time::Duration;

/// Steps of the bar a run.
const STEPS: u64 = 1_000;
const TEMPLATE: &str = "{wide_msg} {bar:24.cyan/dim} {percent:>3} % {eta:>4}";

fn styled(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar over some runs, of which the caller may start several groups one after another.
pub(crate) struct Bar {
    bar: ProgressBar,
    /// Runs of the groups before.
    done: u64,
}

impl Bar {
    pub(crate) fn new(runs: usize) -> Self {
        Self { bar: styled(runs as u64 * STEPS), done: 0 }
    }

    /// Where the group that runs is.
    pub(crate) fn update(&self, trace: &str, progress: &Progress<'_>) {
        let within = STEPS * progress.at_ms / progress.horizon_ms.max(1);
        self.bar.set_position((self.done + progress.runs_done as u64) * STEPS + within);
        self.bar.set_message(format!("{}, seed {}, {trace}", progress.profile, progress.seed));
    }

    /// A group of that many runs is done.
    pub(crate) fn group_done(&mut self, runs: usize) {
        self.done += runs as u64;
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over steps that have names.
#[cfg(feature = "wasm")]
pub(crate) struct Steps(ProgressBar);

#[cfg(feature = "wasm")]
impl Steps {
    pub(crate) fn new(steps: usize) -> Self {
        Self(styled(steps as u64))
    }

    /// A step begins; the one before it is done.
    pub(crate) fn next(&self, name: &'static str) {
        if !self.0.message().is_empty() {
            self.0.inc(1);
        }
        self.0.set_message(name);
    }
}

#[cfg(feature = "wasm")]
impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
