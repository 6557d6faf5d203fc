//! Records of one job from several places, made one list of runs; and how far back they go.

use std::sync::Arc;

use super::{JobFacts, JobRuns, KEPT_MS, KEPT_RUNS, Places};
use crate::audit::{Damage, Evidence, History, Part, Run, RunStatus, What};
use crate::error::Problem;
use crate::job::Job;

/// A marker and the record of its run are this far apart at most: the marker is written first.
const MARKED_MS: i64 = 5_000;

/// What kind of record a run is from, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A log line: it has when the gateway meant to start the job next.
    Log,
    /// A task.
    Task,
    /// A receipt.
    Receipt,
    /// The job's own state.
    State,
}

/// Whether a job has a run log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Log {
    /// There is none.
    #[default]
    Absent,
    /// It was read.
    Read,
    /// It could not be read.
    Unreadable,
}

/// How many problems with the records of a job are named one by one.
const NAMED: usize = 20;

/// What was found of one job.
#[derive(Default)]
pub(super) struct Found {
    runs: Vec<(Run, Source)>,
    damage: Vec<Damage>,
    /// The start of the last log line that was read.
    last_logged: Option<i64>,
    /// How many problems with its records were named.
    named: usize,
    pub(super) log: Log,
    pub(super) log_lines: usize,
    /// Rows of SQLite tables, receipts apart.
    pub(super) rows: usize,
}

/// The status of a finished run, as logs and details have it.
pub(super) fn status_of(text: Option<&str>) -> RunStatus {
    match text {
        Some("ok") => RunStatus::Ok,
        Some("error") => RunStatus::Error,
        Some("skipped") => RunStatus::Skipped,
        _ => RunStatus::Unknown,
    }
}

/// Names a record whose status is not known.
pub(super) fn without_status(run: &Run) -> Problem {
    Problem::new(
        run.evidence.to_string(),
        "says that a run ended, with no status that is known",
    )
    .hint("what became of the slot that it served is unknown")
}

impl Log {
    /// Why there is no record of a job in it.
    fn why(self) -> &'static str {
        match self {
            Self::Absent => "there is no record of it beside its own state",
            Self::Read => "its run log has no record of it",
            Self::Unreadable => "its run log cannot be read",
        }
    }
}

impl Found {
    /// Adds the run of a log line.
    pub(super) fn add_line(&mut self, run: Run, problems: &mut Vec<Problem>) {
        if run.status == RunStatus::Unknown {
            self.name(without_status(&run), problems);
        }
        self.add(run, Source::Log);
    }

    fn name(&mut self, problem: Problem, problems: &mut Vec<Problem>) {
        if self.named < NAMED {
            problems.push(problem);
        }
        self.named += 1;
    }

    pub(super) fn add(&mut self, run: Run, source: Source) {
        if source == Source::Log {
            self.close_damage(run.started_at_ms);
        }
        self.runs.push((run, source));
    }

    /// The record before this run was read: what could not be read lies before it.
    fn close_damage(&mut self, started_at_ms: i64) {
        self.last_logged = Some(started_at_ms);
        for damage in self.damage.iter_mut().rev() {
            if damage.before_ms.is_some() {
                break;
            }
            damage.before_ms = Some(started_at_ms);
        }
    }

    /// Notes a line that cannot be read.
    pub(super) fn damaged(&mut self, line: usize, at: &Arc<str>, problems: &mut Vec<Problem>) {
        let evidence = Evidence {
            at: Arc::clone(at),
            part: Part::Line(line),
        };
        let problem = Problem::new(
            evidence.to_string(),
            "is no record of a run that can be read",
        )
        .hint("the other lines are used; slots that it may have served are unknown");
        self.name(problem, problems);
        self.damage.push(Damage {
            after_ms: self.last_logged,
            before_ms: None,
            what: What::Unreadable,
            evidence,
        });
    }

    /// The runs of a job that is no longer in the store.
    pub(super) fn of_nobody(self) -> JobRuns {
        JobRuns {
            runs: merged(self.runs),
            history: History::Whole,
            damage: self.damage,
            facts: JobFacts::default(),
        }
    }

    /// The runs of a job, with what its own state says of its last run and the one in flight.
    pub(super) fn of_job(
        mut self,
        job: &Job,
        facts: JobFacts,
        history: History,
        at: &Arc<str>,
    ) -> JobRuns {
        let history = self.up_to_the_last_run(job, history, at);
        // What was made since the records begin has all of them.
        let history = match history {
            History::From(from, _) if job.created_at_ms.is_some_and(|at| at >= from) => {
                History::Whole
            }
            other => other,
        };
        self.runs.extend(of_state(job, at));
        let mut runs = merged(self.runs);
        let newest = runs.len().saturating_sub(1);
        for (n, run) in runs.iter_mut().enumerate() {
            // A run without an end that others followed, or that no marker speaks for, is over.
            if run.status == RunStatus::Running && (n < newest || job.state.running_at_ms.is_none())
            {
                run.status = RunStatus::Interrupted;
            }
        }
        JobRuns {
            runs,
            history,
            damage: self.damage,
            facts,
        }
    }

    fn first(&self) -> Option<i64> {
        self.runs.iter().map(|(run, _)| run.started_at_ms).min()
    }

    fn newest(&self) -> Option<i64> {
        self.runs.iter().map(|(run, _)| run.started_at_ms).max()
    }

    /// Holds the records against the last run that the job's own state has: what ran between the newest of
    /// them and that run is not on record.
    fn up_to_the_last_run(&mut self, job: &Job, history: History, at: &Arc<str>) -> History {
        let Some(last) = job.state.last_run_at_ms else {
            return history;
        };
        let newest = self.newest();
        match (newest, history) {
            (Some(newest), history) => {
                if newest < last {
                    self.damage.push(Damage {
                        after_ms: Some(newest),
                        before_ms: Some(last),
                        what: What::Ends,
                        evidence: of_state_at(job, at, "lastRunAtMs"),
                    });
                }
                history
            }
            (None, History::None(why)) => History::None(why),
            (None, History::From(from, why)) if from >= last => History::From(from, why),
            (None, _) => History::From(
                last,
                format!("the job has run, and {}", self.log.why()).into(),
            ),
        }
    }

    /// How far back the log of a job goes. A gateway prunes it to the newest lines once it is large.
    fn history_in_log(&self, places: &Places<'_>) -> History {
        let kept = places.keep_lines.unwrap_or(KEPT_RUNS).max(1);
        match self.first() {
            Some(first) if self.log_lines >= kept => {
                let lines = self.log_lines;
                let why = format!(
                    "its log has {lines} lines, and older ones are pruned (cron.runLog.keepLines {kept})"
                );
                History::From(first, why.into())
            }
            _ => History::Whole,
        }
    }

    /// How far back the records of a job go whose store is `jobs.json`.
    pub(super) fn history_in_files(&self, job: &Job, places: &Places<'_>) -> History {
        let why = self.log.why();
        let has_run = job.state.last_run_at_ms.is_some();
        match (self.log, self.first()) {
            (Log::Read, _) => self.history_in_log(places),
            (Log::Unreadable, None) if !has_run => History::None(why.into()),
            (_, None) => History::Whole,
            (Log::Absent, Some(_)) if !has_run => History::Whole,
            (Log::Absent, Some(first)) => History::From(
                first,
                "the job has run, and there is no run log of it".into(),
            ),
            (Log::Unreadable, Some(first)) => History::From(first, why.into()),
        }
    }

    /// How far back the records of a job go whose store is SQLite, with these tables of runs.
    pub(super) fn history_in_store(&self, tables: &[&str], places: &Places<'_>) -> History {
        if self.log == Log::Unreadable && self.rows == 0 {
            return History::None(self.log.why().into());
        }
        if self.log == Log::Read && self.rows == 0 {
            // What a migration left, and nothing since.
            return self.history_in_log(places);
        }
        let full = self.first().filter(|_| self.rows >= KEPT_RUNS);
        if let Some(first) = full {
            let why = format!("the store keeps the newest {KEPT_RUNS} runs of a job");
            return History::From(first, why.into());
        }
        if tables.contains(&"cron_run_logs") {
            return History::Whole;
        }
        if tables.contains(&"task_runs") {
            // The newest record tells when the store was last kept in order, should that be later
            // than what is taken for now.
            let newest = self.newest();
            let kept_at = newest.map_or(places.now_ms, |newest| newest.max(places.now_ms));
            let from = kept_at.saturating_sub(KEPT_MS);
            return History::From(from, "the store keeps runs for 7 days".into());
        }
        History::None("the store has no table of runs".into())
    }
}

fn of_state_at(job: &Job, at: &Arc<str>, field: &'static str) -> Evidence {
    Evidence {
        at: format!("{at} {}", job.id).into(),
        part: Part::State(field),
    }
}

/// The last run and the one in flight, as the job's own state has them.
fn of_state(job: &Job, at: &Arc<str>) -> Vec<(Run, Source)> {
    let state = &job.state;
    let mut runs = Vec::new();
    let mut add = |started_at_ms, ended_at_ms, status, error: Option<&str>, field| {
        let run = Run {
            started_at_ms,
            ended_at_ms,
            status,
            by_hand: false,
            is_unmarked: true,
            next_run_at_ms: None,
            error: error.map(Box::from),
            error_class: None,
            evidence: of_state_at(job, at, field),
        };
        runs.push((run, Source::State));
    };
    if let Some(start) = state.last_run_at_ms {
        let status = status_of(state.last_status.as_deref());
        let end = state.last_duration_ms.and_then(|ms| start.checked_add(ms));
        let error = state.last_error.as_deref();
        add(start, end, status, error, "lastRunAtMs");
    }
    if let Some(start) = state.running_at_ms {
        add(start, None, RunStatus::Running, None, "runningAtMs");
    }
    runs
}

/// Makes one list of the records, by start: those of one run become one.
fn merged(mut records: Vec<(Run, Source)>) -> Vec<Run> {
    records.sort_by_key(|(run, source)| (run.started_at_ms, *source));
    let mut runs: Vec<Run> = Vec::with_capacity(records.len());
    for (run, source) in records {
        // A receipt without a task is of a start that was given up: the gateway stopped, or the job
        // was changed meanwhile (2026.9.6).
        let is_alone = runs
            .last()
            .is_none_or(|last| last.started_at_ms != run.started_at_ms);
        if is_alone && source == Source::Receipt && run.status == RunStatus::Skipped {
            continue;
        }
        let same = runs.last_mut().filter(|last| {
            let apart = run.started_at_ms - last.started_at_ms;
            let is_marker = source == Source::State && run.status == RunStatus::Running;
            // Two gateways may start a job in the same millisecond; they do not end it in the same.
            let ends = (last.ended_at_ms, run.ended_at_ms);
            let differ = matches!(ends, (Some(a), Some(b)) if a != b) && source == Source::Log;
            (apart == 0 && !differ) || (is_marker && apart <= MARKED_MS)
        });
        match same {
            Some(last) => fill(last, run),
            None => runs.push(run),
        }
    }
    // A marker is written before its run's own start is taken, and so stands before it.
    let mut n = 1;
    while n < runs.len() {
        let (marker, run) = (&runs[n - 1], &runs[n]);
        let is_marker = marker.evidence.part == Part::State("runningAtMs");
        if is_marker && run.started_at_ms - marker.started_at_ms <= MARKED_MS {
            runs.remove(n - 1);
        } else {
            n += 1;
        }
    }
    runs
}

/// Adds what another record of the same run knows.
fn fill(run: &mut Run, other: Run) {
    let is_open = matches!(run.status, RunStatus::Running | RunStatus::Unknown);
    if is_open && other.status != RunStatus::Running {
        run.status = other.status;
    }
    if other.status == RunStatus::Interrupted && run.status == RunStatus::Error {
        run.status = RunStatus::Interrupted;
    }
    run.by_hand |= other.by_hand;
    run.is_unmarked &= other.is_unmarked;
    run.ended_at_ms = run.ended_at_ms.or(other.ended_at_ms);
    run.next_run_at_ms = run.next_run_at_ms.or(other.next_run_at_ms);
    run.error = run.error.take().or(other.error);
    run.error_class = run.error_class.take().or(other.error_class);
}
