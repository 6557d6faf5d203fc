//! What a run in flight holds up.

use super::OpenClawRuns;
use crate::job::Job;
use crate::schedule::{JobFacts, ScheduleSpec, Timetable, ZoneSource};
use crate::turn::Blocks;
use crate::when;

/// How far back missed slots are counted: a week of a job that fires each second is 600,000.
const HORIZON_MS: i64 = 7 * 86_400_000;
/// How many slots of a period are counted at most.
const MOST_PERIODS: i64 = 10_000;

/// The job's own slots that passed since an instant.
struct Missed {
    count: u64,
    first_ms: Option<i64>,
    /// Whether counting stopped before the present.
    more: bool,
}

/// What a run of `job` that began at `since_ms` blocks: the job's own slots, and with one slot for
/// all jobs those of the others that are due.
pub(super) fn blocks(
    job: Option<&Job>,
    runs: &OpenClawRuns,
    jobs: &[Job],
    since_ms: i64,
    holds_slot: bool,
    zones: &dyn ZoneSource,
    now_ms: i64,
) -> (Blocks, Vec<String>) {
    let mut notes = Vec::new();
    let mut blocks = Blocks::default();
    let Some(job) = job else {
        return (blocks, notes);
    };
    if let Some(missed) = missed(job, since_ms, now_ms, zones) {
        blocks.skipped = Some(missed.count);
        blocks.since_at_ms = missed.first_ms;
        blocks.since_at = missed.first_ms.map(when::utc);
        if missed.count > 0 {
            blocks.schedules.push(label(job));
        }
        if missed.more {
            notes.push(format!(
                "it missed more than {} slots of its own: counting stopped there",
                missed.count
            ));
        }
    }
    if !holds_slot {
        return (blocks, notes);
    }
    if let Some(limit) = only_slot(runs) {
        let due = |other: &&Job| {
            let at = other.state.next_run_at_ms;
            other.enabled && other.id != job.id && at.is_some_and(|at| at <= now_ms)
        };
        let due: Vec<&Job> = jobs.iter().filter(due).collect();
        blocks.due = Some(due.len() as u64);
        blocks.schedules.extend(due.into_iter().map(label));
        notes.push(format!(
            "it holds the only slot for all jobs: cron.maxConcurrentRuns is 1 ({limit})"
        ));
    }
    (blocks, notes)
}

/// Whether one run at a time is the rule, and what says so: then a tick does not start while another
/// goes on.
fn only_slot(runs: &OpenClawRuns) -> Option<&'static str> {
    (runs.slots() == Some(1)).then_some(match runs.max_concurrent_runs {
        None => "the default of this version",
        Some(_) => "the configuration",
    })
}

/// `None` when the job's schedule cannot be computed, or the job is off.
fn missed(job: &Job, since_ms: i64, now_ms: i64, zones: &dyn ZoneSource) -> Option<Missed> {
    if !job.enabled {
        return None;
    }
    // The gateway counts a period from the start of the last run: this one.
    let facts = JobFacts {
        id: &job.id,
        created_at_ms: job.created_at_ms,
        last_run_at_ms: Some(since_ms),
        last_status: None,
    };
    let table = Timetable::compile(job.rules, &job.schedule, &facts, zones).ok()?;
    let from = since_ms.saturating_add(1);
    let mut until = now_ms
        .saturating_add(1)
        .min(from.saturating_add(HORIZON_MS));
    match &job.schedule {
        ScheduleSpec::Every { .. } => {
            let period = table.next(since_ms).ok()??.saturating_sub(since_ms).max(1);
            until = until.min(from.saturating_add(period.saturating_mul(MOST_PERIODS)));
        }
        ScheduleSpec::Cron { .. } => {}
        // A job that fires once, or by no clock, has no slots to miss.
        ScheduleSpec::At { .. } | ScheduleSpec::Other { .. } => {
            return Some(Missed {
                count: 0,
                first_ms: None,
                more: false,
            });
        }
    }
    let mut missed = Missed {
        count: 0,
        first_ms: None,
        more: until <= now_ms,
    };
    let counted = table.each(from, until, &mut |at| {
        missed.count += 1;
        missed.first_ms.get_or_insert(at);
    });
    counted.ok()?;
    Some(missed)
}

pub(super) fn label(job: &Job) -> String {
    job.name.as_ref().unwrap_or(&job.id).to_string()
}
