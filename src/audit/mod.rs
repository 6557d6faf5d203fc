//! Audit: every slot that a schedule names, against the runs on record.
//!
//! A **slot** is an instant at which a gateway should have started a job: the expression's instant
//! with its stagger, an `at`, or the next instant of an `every`, which drifts because it is counted
//! from the last start. The audit says of each slot what became of it, why, what says so and how
//! sure that is. What became of the *slot* and how the *run* ended are two things: a run that began
//! in time and failed makes its slot `ok`, with status `error`.
//!
//! **Which run serves which slot** (`matching`):
//!
//! * Runs started by hand serve none. 2026.8.1 and later mark them in the run's id. Earlier versions
//!   do not: there a run is taken as started by hand when the run before it recorded a later
//!   `nextRunAtMs`, and it is not within the tolerance after a slot that nothing served.
//! * A run that was planned for an instant which today's schedule does not have serves none either,
//!   unless it began in time for one: the job's schedule was another then. A wait that is counted
//!   from the end of a run (2 s, and 30 s to 1 h after errors) is no such instant.
//! * Any other run serves the newest slot at or before its start, or the one that was planned and is
//!   less than a second away. Slots before it that nothing served have no run of their own: a gateway
//!   starts one run for all that came due.
//! * A second run of a slot is a retry when the first ended in error and the gateway had planned one
//!   (`nextRunAtMs` of the failed run). Otherwise the slot is doubled.
//!
//! Pure: slots and runs come in as values, so does now. Instants are epoch milliseconds, UTC.

mod around;
mod chain;
mod expected;
mod judge;
mod matching;
mod reason;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::openclaw::Confidence;
use crate::schedule::{Timetable, Zone};

pub use judge::audit;
pub use reason::{Reason, Said, Twice};

/// When a start counts as late without `--late-after`, milliseconds.
///
/// Gateways that had nothing else to do were recorded to start 4 to 50 ms after their slots on
/// 2026.3.28 and 2026.3.31 and 13 to 65 ms on 2026.9.6, and a timer that is armed for what is already
/// due waits 2 s: so what is later than 5 s has a cause.
pub const LATE_AFTER_MS: i64 = 5_000;

/// How long a gateway's timer sleeps at most: what is due is looked at again after this, milliseconds.
pub const REARM_MS: i64 = 60_000;

/// One recorded run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub started_at_ms: i64,
    /// When it ended; `None` while it runs, or where that is not recorded.
    pub ended_at_ms: Option<i64>,
    /// How it ended.
    pub status: RunStatus,
    /// Whether its record says that it was started by hand.
    pub by_hand: bool,
    /// Whether its record could not say so: it is of an earlier version, or was imported from one.
    pub is_unmarked: bool,
    /// When the gateway meant to start the job next, as it recorded at the end of this run.
    pub next_run_at_ms: Option<i64>,
    /// Its error, or why it was skipped.
    pub error: Option<Box<str>>,
    /// The gateway's own class of the error (`rate_limit`, `timeout`, …), where it is recorded.
    pub error_class: Option<Box<str>>,
    /// Where it is recorded.
    pub evidence: Evidence,
}

/// Where a run is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// A file, or a store and its table.
    pub at: Arc<str>,
    /// The line, the row or the field.
    pub part: Part,
}

/// A part of a file or table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A line, from 1.
    Line(usize),
    /// A row, by its key.
    Row(Box<str>),
    /// A field of the job's own state.
    State(&'static str),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::Line(line) => write!(f, "{}:{line}", self.at),
            Part::Row(key) => write!(f, "{} {key}", self.at),
            Part::State(field) => write!(f, "{}: state.{field}", self.at),
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Well.
    Ok,
    /// In an error.
    Error,
    /// The gateway began it and then did nothing.
    Skipped,
    /// Not yet, as far as is recorded.
    Running,
    /// The gateway stopped while it ran.
    Interrupted,
    /// Its record does not say, or in a word that is not known.
    Unknown,
}

impl RunStatus {
    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of a slot.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A run began in time, however it ended
    Ok,
    /// A run began more than --late-after later, or is still waited for
    Late,
    /// The gateway left it out, for a reason that is known
    Skipped,
    /// It was due, nothing ran, and nothing excuses that
    Missed,
    /// Two runs served it, neither by hand nor a retry
    Doubled,
    /// The records do not reach so far, or cannot say
    Unknown,
}

impl Outcome {
    /// Every outcome, in the order in which they are counted.
    pub const ALL: [Self; 6] = [
        Self::Ok,
        Self::Late,
        Self::Skipped,
        Self::Missed,
        Self::Doubled,
        Self::Unknown,
    ];

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Late => "late",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
            Self::Doubled => "doubled",
            Self::Unknown => "unknown",
        }
    }
}

/// When a job fires, ready to be asked.
#[derive(Clone, Debug)]
pub enum Grid {
    /// By an expression: the slots do not depend on the runs.
    Cron {
        /// The slots, stagger included.
        timetable: Timetable,
        /// The zone of the expression.
        zone: Zone,
        /// How much later than the expression says, milliseconds.
        stagger_ms: i64,
    },
    /// By a period, counted from the last start. The timetable knows no last run.
    Every(Timetable),
    /// At one instant.
    At(i64),
    /// By no clock; a job that is no longer in the store has none either.
    Never,
}

/// What a job's own entry says, beside its schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it was made: it has no slots before.
    pub created_at_ms: Option<i64>,
    /// When it was last changed by somebody, and not by the end of a run.
    pub changed_at_ms: Option<i64>,
    /// Since when its schedule is in force (`scheduleActivatedAtMs`, 2026.9).
    pub activated_at_ms: Option<i64>,
    /// Since when it is off, as far as that is known.
    pub disabled_at_ms: Option<i64>,
    /// Since when the gateway itself has switched it off.
    pub auto_disabled_at_ms: Option<i64>,
    /// When the gateway means to start it next.
    pub next_run_at_ms: Option<i64>,
    /// Since when a run of it waits for its turn (2026.9).
    pub queued_at_ms: Option<i64>,
    /// Whether its runs choose the next instant themselves (`pacing`, 2026.9).
    pub is_paced: bool,
    /// How long a run of it may take, where its entry says so, milliseconds.
    pub timeout_ms: Option<i64>,
}

impl Facts {
    /// When a gateway would have cleared the marker of a run that has no end: after two hours
    /// (`STUCK_RUN_MS`), or after as long as the run may take.
    fn cleared_at_ms(&self, run: &Run) -> i64 {
        const STUCK_MS: i64 = 7_200_000;
        let longest = self.timeout_ms.unwrap_or(0).max(STUCK_MS);
        run.started_at_ms.saturating_add(longest)
    }
}

/// How far back the runs of a job are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// All of them.
    Whole,
    /// From an instant on; the text says why not before.
    From(i64, Arc<str>),
    /// Not at all; the text says why.
    None(Arc<str>),
}

/// What is not on record: it may be any run between its neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The start of the run before it; `None` for the first record.
    pub after_ms: Option<i64>,
    /// The start of the run after it; `None` for the last record.
    pub before_ms: Option<i64>,
    /// What is wrong there.
    pub what: What,
    /// Where it is.
    pub evidence: Evidence,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evidence = &self.evidence;
        match self.what {
            What::Unreadable => write!(f, "{evidence} cannot be read, and may be its run"),
            What::Ends => write!(
                f,
                "{evidence} is a later run than the newest record: what ran in between is not on record"
            ),
        }
    }
}

/// What is wrong with the records of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A record cannot be read.
    Unreadable,
    /// The records end before the last run that the job's own state has.
    Ends,
}

/// One job and what is recorded about it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name, else its id, for sentences about other jobs.
    pub name: String,
    /// When it fires.
    pub grid: Grid,
    /// What its entry says.
    pub facts: Facts,
    /// Its runs, by start.
    pub runs: Vec<Run>,
    /// How far back they go.
    pub history: History,
    /// Records that cannot be read.
    pub damage: Vec<Damage>,
}

/// What is asked, and what holds for all jobs of one gateway.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The first instant that is audited.
    pub since_ms: i64,
    /// The first that is not.
    pub until_ms: i64,
    /// As of when.
    pub now_ms: i64,
    /// From which lateness on a start is late.
    pub late_after_ms: i64,
    /// How many runs the gateway has at once; `None` where that is not known.
    pub at_once: Option<usize>,
    /// Whether it looks for what is due only when all that it runs has ended (before 2026.6).
    pub in_batches: bool,
    /// Whether runs that were started by hand are marked as such (2026.8.1 and later).
    pub marks_by_hand: bool,
    /// Whether the configuration switches all jobs off.
    pub is_off: bool,
}

impl Asked {
    /// Whether a run would be marked, had it been started by hand.
    fn marks(&self, run: &Run) -> bool {
        self.marks_by_hand && !run.is_unmarked
    }
}

/// One slot and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The instant.
    pub at_ms: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The run that served it: an index into [`Subject::runs`].
    pub run: Option<usize>,
    /// The last run for it: the retry that counts, or the second of a doubled slot.
    pub last: Option<usize>,
    /// How many runs there were for it.
    pub attempts: usize,
    /// How long after the slot the run began, or how long it is waited for.
    pub late_ms: Option<i64>,
    /// How sure the outcome is.
    pub confidence: Confidence,
}
