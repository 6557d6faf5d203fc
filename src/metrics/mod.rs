//! What a loop shows to machines: metrics in Prometheus' text format, and whether it is healthy.
//!
//! [`Metrics`] and [`Health`] are told what happened, in plain values; nothing here acts. A count is
//! there from the first scrape, at 0; what is not known yet (the oldest turn before the first look)
//! is absent, never 0. `docs/monitoring/README.md` describes every family.

mod address;
mod families;
mod health;
mod labels;
pub mod server;
#[cfg(test)]
mod tests;
pub mod textfile;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus::{GaugeVec, TextEncoder};

use crate::checkpoint::{Answer, BreakerState, Outcome};
use crate::error::{Error, Exit};
use crate::turn::Verdict;
use families::Families;

pub use address::parse_address;
pub use health::{Health, Judged, State, allowed_ms, judge};
pub use server::{Serving, serve};

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SweepResult {
    /// Everything was looked at, and what was asked let go.
    Ok,
    /// The platform was looked at, but something was skipped, or a turn that was asked stayed.
    Partial,
    /// There was no look, or nothing could be done: the platform or the ledger could not be used.
    Failed,
}

impl SweepResult {
    const ALL: [Self; 3] = [Self::Ok, Self::Partial, Self::Failed];

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// Why a look could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LookFailure {
    /// The platform refused the caller: the token, or the organisation.
    Refused,
    /// The platform was not reached, timed out or answered 5xx.
    Unavailable,
    /// The ledger could not be used.
    Ledger,
    /// Anything else.
    Other,
}

impl LookFailure {
    const ALL: [Self; 4] = [Self::Refused, Self::Unavailable, Self::Ledger, Self::Other];

    /// Why the platform could not be looked at.
    pub fn of(error: &Error) -> Self {
        match error.exit {
            Exit::Refused => Self::Refused,
            Exit::Unavailable => Self::Unavailable,
            _ => Self::Other,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Ledger => "ledger",
            Self::Other => "other",
        }
    }
}

/// The metrics of one loop. A clone counts into the same.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Families>);

impl Metrics {
    /// Sets up every family. `version` is that of the program.
    ///
    /// # Errors
    /// When a family is ill-defined, which no input can bring about.
    pub fn new(version: &str) -> Result<Self, Error> {
        Families::new(version)
            .map(|families| Self(Arc::new(families)))
            .map_err(|e| Error::failed("the metrics cannot be set up").because(e))
    }

    /// A look at the platform: how many turns have which verdict (a verdict may come several times,
    /// one that does not come has none), the age of the oldest turn whose age is known, and how far
    /// past its ceiling the worst is. `None` where there is no such turn.
    pub fn looked(
        &self,
        turns: impl IntoIterator<Item = (Verdict, usize)>,
        oldest_age_ms: Option<i64>,
        worst_over_ms: Option<i64>,
    ) {
        let mut counts = [0_usize; labels::VERDICTS.len()];
        for (verdict, count) in turns {
            if let Some(at) = labels::VERDICTS.iter().position(|v| *v == verdict) {
                counts[at] = counts[at].saturating_add(count);
            }
        }
        for (verdict, count) in labels::VERDICTS.into_iter().zip(counts) {
            let gauge = self.0.turns.with_label_values(&[labels::verdict(verdict)]);
            gauge.set(whole(count));
        }
        set(&self.0.oldest_age, oldest_age_ms.map(seconds));
        set(&self.0.worst_over, worst_over_ms.map(seconds));
    }

    /// A request was sent, and this came back.
    pub fn asked(&self, answer: &Answer) {
        let word = labels::answer(answer);
        self.0.requests.with_label_values(&[word]).inc();
    }

    /// The case of one turn ended within a sweep.
    pub fn ended(&self, outcome: Outcome) {
        let word = outcome.word();
        self.0.targets.with_label_values(&[word]).inc();
    }

    /// A sweep ended at an instant: epoch milliseconds by the machine's clock as it is now, since
    /// Prometheus compares it with its own. One that did not fail is a success.
    pub fn swept(&self, result: SweepResult, took: Duration, at_ms: i64) {
        self.0.sweeps.with_label_values(&[result.word()]).inc();
        self.0.sweep_duration.observe(took.as_secs_f64());
        set(&self.0.last_sweep, Some(seconds(at_ms)));
        if result != SweepResult::Failed {
            set(&self.0.last_success, Some(seconds(at_ms)));
        }
    }

    /// A sweep outlasted the interval.
    pub fn overrun(&self) {
        self.0.overruns.inc();
    }

    /// The breaker is in this state now.
    pub fn breaker(&self, state: BreakerState) {
        self.0.breaker_state.set(match state {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        });
    }

    /// The breaker opened.
    pub fn breaker_opened(&self) {
        self.0.breaker_opened.inc();
    }

    /// The ledger could not be read or written.
    pub fn ledger_failed(&self) {
        self.0.ledger_errors.inc();
    }

    /// How many requests, reads included, were sent to the platform since the start of the client
    /// that counts them. A total that falls is a new client's: it is added as a whole.
    pub fn http_requests(&self, total: u64) {
        let before = self.0.http_total.swap(total, Ordering::Relaxed);
        let more = total.checked_sub(before).unwrap_or(total);
        self.0.http_requests.inc_by(more);
    }

    /// How many turns over their ceiling another replica held at the last sweep.
    pub fn held(&self, turns: usize) {
        let gauge = self.0.held_elsewhere.with_label_values::<&str>(&[]);
        gauge.set(whole(turns));
    }

    /// So many requests were not sent because the budget of the hour was used up.
    pub fn spent(&self, requests: u64) {
        self.0.hour_budget_spent.inc_by(requests);
    }

    /// The machine's clock was found to have been set anew.
    pub fn clock_jumped(&self) {
        self.0.clock_jumps.inc();
    }

    /// The configuration was read again: taken over, or refused and the old one kept.
    pub fn reloaded(&self, ok: bool) {
        let word = if ok { "ok" } else { "refused" };
        self.0.config_reloads.with_label_values(&[word]).inc();
    }

    /// A look could not be made.
    pub fn look_failed(&self, cause: LookFailure) {
        let word = cause.word();
        self.0.look_failures.with_label_values(&[word]).inc();
    }

    /// How long after its last success the loop counts as unhealthy, milliseconds.
    pub fn unhealthy_after(&self, ms: i64) {
        set(&self.0.unhealthy_after, Some(seconds(ms)));
    }

    /// The interval between sweeps, milliseconds.
    pub fn interval(&self, ms: i64) {
        set(&self.0.interval, Some(seconds(ms)));
    }

    /// Writes everything in the text format 0.0.4, which Prometheus and the textfile collector read.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let written = TextEncoder::new().encode_utf8(&self.0.registry.gather(), &mut text);
        // Half an answer could be taken for a whole one.
        written.map(|()| text).unwrap_or_default()
    }
}

fn set(gauge: &GaugeVec, value: Option<f64>) {
    match value {
        Some(value) => gauge.with_label_values::<&str>(&[]).set(value),
        None => gauge.reset(),
    }
}

/// Seconds of milliseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of this millennium are exact in a double"
)]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
