//! Progress on stderr, for work that a person waits for.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar (known total) or spinner on stderr. Shows only on a terminal, without `--quiet`, and only
/// once the work took more than half a second; disappears when dropped.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    since: Stopwatch,
    shown: bool,
    pending: u64,
}

impl Progress {
    /// One that never shows.
    pub fn hidden() -> Self {
        Self::new("", None, false)
    }

    pub(super) fn new(what: &str, total: Option<u64>, wanted: bool) -> Self {
        let bar = wanted.then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
            let template = match total {
                Some(_) => "{msg} [{bar:30}] {pos}/{len} {eta}",
                None => "{spinner} {msg} {pos}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(super::escape(what).into_owned());
            bar
        });
        Self {
            bar,
            since: Stopwatch::start(),
            shown: false,
            pending: 0,
        }
    }

    /// Counts `n` more units of work. Cheap enough to call per row.
    pub fn inc(&mut self, n: u64) {
        // Looking at the clock costs more than a row: look every thousand units.
        self.pending += n;
        if self.pending >= 1024 {
            self.draw();
        }
    }

    /// Counts one big unit of work and draws.
    pub fn step(&mut self) {
        self.pending += 1;
        self.draw();
    }

    /// Moves a bar to `n` of its total, and draws.
    pub fn reach(&mut self, n: u64) {
        if let Some(bar) = &self.bar {
            self.pending = n.saturating_sub(bar.position());
        }
        self.draw();
    }

    fn draw(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let Some(bar) = &self.bar else { return };
        bar.inc(pending);
        if !self.shown && self.since.elapsed() > PATIENCE {
            self.shown = true;
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
