//! What `audit` answers: one serialisable value, whose rows are slots.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::screen;
use crate::audit::{Outcome, RunStatus};
use crate::error::Problem;
use crate::openclaw::Confidence;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::source::SourceInfo;
use crate::ui::Role;
use crate::when::duration;

/// `cronctl.audit/1`: slots, and what became of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditReport {
    /// What the answer rests on.
    pub inputs: Inputs,
    /// What it comes to.
    pub summary: Summary,
    /// The jobs that have slots, in the order of their sources.
    pub jobs: Vec<JobCounts>,
    /// The slots that are not in order; with `--all`, all of them. By job, in time.
    pub slots: Vec<SlotRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What the answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// The sources.
    pub sources: Vec<SourceInfo>,
    /// Their histories, in the same order.
    pub histories: Vec<HistoryUse>,
    /// The first instant that is audited, RFC 3339.
    pub since_at: String,
    /// The same in milliseconds since the Unix epoch.
    pub since_at_ms: i64,
    /// The first instant that is not, RFC 3339.
    pub until_at: String,
    /// The same in milliseconds since the Unix epoch.
    pub until_at_ms: i64,
    /// From which lateness on a start is late.
    pub late_after_ms: i64,
    /// The jobs that were asked for, as typed; empty for all.
    pub jobs: Vec<String>,
    /// Whether slots in order are listed, too.
    pub all: bool,
    /// What fails.
    pub fail_on: Vec<&'static str>,
}

/// What is known of the runs of one source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryUse {
    /// The source's tag.
    pub source: String,
    /// The files and tables that hold runs; empty when it carries none.
    pub read: Vec<String>,
    /// Whether runs that were started by hand are marked as such; else they are inferred.
    pub marks_runs_by_hand: bool,
    /// How many runs the gateway has at once; null where that is not known.
    pub runs_at_once: Option<usize>,
    /// Runs in the period of jobs that are no longer in the store, or cannot be read there: their slots are not known.
    pub runs_of_removed_jobs: usize,
}

/// How many slots came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// All slots.
    pub slots: usize,
    /// A run began in time, however it ended.
    pub ok: usize,
    /// A run began late, or is still waited for.
    pub late: usize,
    /// The gateway left it out, for a known reason.
    pub skipped: usize,
    /// Due, no run, and nothing that excuses it.
    pub missed: usize,
    /// Two runs, neither by hand nor a retry.
    pub doubled: usize,
    /// Not on record.
    pub unknown: usize,
    /// Of all, those whose run failed or was interrupted.
    pub run_errors: usize,
    /// The worst lateness of a run that began; null when none did.
    pub worst_late_ms: Option<i64>,
}

impl Counts {
    /// Returns the count of an outcome.
    pub(super) fn of(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Ok => self.ok,
            Outcome::Late => self.late,
            Outcome::Skipped => self.skipped,
            Outcome::Missed => self.missed,
            Outcome::Doubled => self.doubled,
            Outcome::Unknown => self.unknown,
        }
    }

    pub(super) fn of_mut(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Late => &mut self.late,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Missed => &mut self.missed,
            Outcome::Doubled => &mut self.doubled,
            Outcome::Unknown => &mut self.unknown,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.slots += other.slots;
        for outcome in Outcome::ALL {
            *self.of_mut(outcome) += other.of(outcome);
        }
        self.run_errors += other.run_errors;
        self.worst_late_ms = self.worst_late_ms.max(other.worst_late_ms);
    }
}

/// What the slots come to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Jobs that have slots in the period.
    pub jobs: usize,
    /// Jobs that have none.
    pub jobs_without_slots: usize,
    /// The slots.
    #[serde(flatten)]
    pub counts: Counts,
    /// The job with the worst lateness; null when no run began.
    pub worst_late_job: Option<String>,
    /// Whether something was found that `--fail-on` looks for.
    pub failed: bool,
}

/// The slots of one job.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JobCounts {
    /// The source's tag.
    pub source: String,
    /// The job's id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// Its slots.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One slot, and what became of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SlotRow {
    /// The source's tag.
    pub source: String,
    /// The job's id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// When a run should have begun, RFC 3339.
    pub slot_at: String,
    /// The same in milliseconds since the Unix epoch.
    pub slot_at_ms: i64,
    /// The same in the job's zone, with its offset, RFC 3339.
    pub slot_local: String,
    /// The job's zone: that of its expression, else UTC.
    pub zone: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a word for scripts.
    pub reason: String,
    /// Why, in words.
    pub why: String,
    /// How sure the outcome is: `certain` when a record says it, `likely` when it is inferred.
    pub confidence: Confidence,
    /// How long after the slot its run began; of a slot that is waited for, how long so far.
    pub late_ms: Option<i64>,
    /// When its run began, RFC 3339; null without one.
    pub run_started_at: Option<String>,
    /// The same in milliseconds since the Unix epoch.
    pub run_started_at_ms: Option<i64>,
    /// When the last run for it ended, RFC 3339; null without one, and where that is not recorded.
    pub run_ended_at: Option<String>,
    /// The same in milliseconds since the Unix epoch.
    pub run_ended_at_ms: Option<i64>,
    /// How the last run for it ended.
    pub run_status: Option<RunStatus>,
    /// The gateway's own class of its error, where it recorded one: `rate_limit`, `timeout`.
    pub run_error_class: Option<String>,
    /// Its error, or why it was skipped.
    pub run_error: Option<String>,
    /// How many runs there were for it, retries included.
    pub attempts: usize,
    /// Where its runs are recorded: `file:line`, or store, table and row.
    pub evidence: Vec<String>,
    /// For people: the slot in the job's zone.
    #[serde(skip)]
    pub(super) shown_at: String,
    /// For people: the last of the slots that the row stands for, as `shown_at`.
    #[serde(skip)]
    pub(super) last_shown_at: String,
    /// For people: how many slots the row stands for. More than one only where they are folded.
    #[serde(skip)]
    pub(super) alike: usize,
    /// For people: what is to be said once for slots of several jobs.
    #[serde(skip)]
    pub(super) shared: Option<String>,
}

impl Row for SlotRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("source", "SOURCE").on_request(),
        Column::new("job", "ID").on_request(),
        Column::new("name", "JOB"),
        Column::new("slot_at", "SLOT (UTC)").on_request(),
        Column::new("slot_at_ms", "SLOT MS").right().on_request(),
        Column::new("slot_local", "SLOT"),
        Column::new("zone", "ZONE").on_request(),
        Column::new("outcome", "OUTCOME"),
        Column::new("late_ms", "LATE").right(),
        Column::new("run_status", "RUN"),
        Column::new("reason", "REASON"),
        Column::new("why", "WHY").on_request(),
        Column::new("confidence", "SURE").on_request(),
        Column::new("run_started_at", "STARTED").on_request(),
        Column::new("run_started_at_ms", "STARTED MS")
            .right()
            .on_request(),
        Column::new("run_ended_at", "ENDED").on_request(),
        Column::new("run_ended_at_ms", "ENDED MS")
            .right()
            .on_request(),
        Column::new("run_error_class", "CLASS").on_request(),
        Column::new("run_error", "ERROR").on_request(),
        Column::new("attempts", "RUNS").right().on_request(),
        Column::new("evidence", "EVIDENCE").on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        let number = |n: Option<i64>| Cell::from(n.map(|n| n.to_string()));
        match key {
            "source" => Cell::from(&*self.source),
            "job" => Cell::from(&*self.job),
            "name" => Cell::from(self.name.as_deref().unwrap_or(&self.job)),
            "slot_at" => Cell::from(&*self.slot_at),
            "slot_at_ms" => Cell::of(self.slot_at_ms),
            "slot_local" => Cell::from(&*self.shown_at),
            "zone" => Cell::from(&*self.zone),
            "outcome" => Cell::with(role(self.outcome), self.outcome.word()),
            "late_ms" => Cell::from(self.late_ms.map(duration)),
            "run_status" => {
                Cell::from(self.run_status.map(RunStatus::word)).role(match self.run_status {
                    Some(RunStatus::Error | RunStatus::Interrupted) => Role::Bad,
                    _ => Role::Plain,
                })
            }
            "reason" => Cell::from(&*self.reason),
            "why" => Cell::from(&*self.why),
            "confidence" => Cell::from(screen::confidence(self.confidence)),
            "run_started_at" => Cell::from(self.run_started_at.as_deref()),
            "run_started_at_ms" => number(self.run_started_at_ms),
            "run_ended_at" => Cell::from(self.run_ended_at.as_deref()),
            "run_ended_at_ms" => number(self.run_ended_at_ms),
            "run_error_class" => Cell::from(self.run_error_class.as_deref()),
            "run_error" => Cell::from(self.run_error.as_deref()),
            "attempts" => Cell::of(self.attempts),
            _ => Cell::from(self.evidence.join("; ")),
        }
    }
}

/// The colour of an outcome.
pub(super) fn role(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Ok => Role::Good,
        Outcome::Late | Outcome::Skipped => Role::Warn,
        Outcome::Missed | Outcome::Doubled => Role::Bad,
        Outcome::Unknown => Role::Dim,
    }
}

impl Report for AuditReport {
    type Row = SlotRow;
    const SCHEMA: &'static str = "cronctl.audit/1";
    const EMPTY: &'static str = "Every slot ran in time.";

    fn rows(&mut self) -> &mut Vec<SlotRow> {
        &mut self.slots
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[SlotRow], screen: &mut Screen<'_>) -> io::Result<()> {
        screen::draw(self, rows, screen)
    }
}
