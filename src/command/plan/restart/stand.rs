//! How the jobs of a gateway stand when it starts, by what is recorded of them.

use super::gateway::Restart;
use crate::catchup::{CatchUp, Evidence, Interrupted, Recorded, Standing, Then};
use crate::command::plan::gather::{Gathered, Planned};
use crate::command::plan::given::Given;
use crate::error::Error;
use crate::job::Job;
use crate::schedule::{JobFacts, ScheduleSpec, Timetable};
use crate::source::{SourceInfo, SourceKind};

/// A job that a clock fires, as it stands when the gateway starts.
pub(super) struct Stand<'a> {
    pub(super) planned: &'a Planned<'a>,
    pub(super) table: Timetable,
    pub(super) standing: Standing,
    pub(super) then: Then,
}

/// How every job of a source stands that a clock fires.
///
/// # Errors
/// When its jobs have no state and nothing says since when the gateway is down.
pub(super) fn stands<'a>(
    rules: CatchUp,
    restart: &Restart,
    given: &Given,
    gathered: &'a Gathered<'a>,
    (index, source): (usize, &SourceInfo),
) -> Result<Vec<Stand<'a>>, Error> {
    let stored = source.kind == SourceKind::OpenClaw;
    let mut out = Vec::new();
    let mut stateless: Vec<&Job> = Vec::new();
    for planned in gathered.planned.iter().filter(|p| p.job.source == index) {
        let job = planned.job;
        let Some(recorded) = Recorded::of(&job.state, restart.down_since_ms, stored) else {
            stateless.push(job);
            continue;
        };
        let facts = JobFacts {
            id: &job.id,
            created_at_ms: job.created_at_ms,
            last_run_at_ms: job.state.last_run_at_ms,
            last_status: job.state.last_status.as_deref(),
        };
        // It was compiled before: what is refused is among the problems.
        let Ok(table) = Timetable::compile(job.rules, &job.schedule, &facts, &given.zones) else {
            continue;
        };
        let standing = rules.judge(job, &table, &recorded, restart.at_ms);
        let then = then(rules, job, &table, standing, restart.at_ms);
        out.push(Stand {
            planned,
            table,
            standing,
            then,
        });
    }
    match stateless.first() {
        None => Ok(out),
        Some(job) => {
            let label = job.name.as_deref().unwrap_or(&job.id);
            Err(Error::usage(format!(
                "{}: {} jobs have no recorded state ({label:?}, …), so nothing says what they missed",
                source.tag,
                stateless.len()
            ))
            .hint("--down-since INSTANT says when the gateway went down: nothing is taken to have run since")
            .hint("a state directory (--openclaw DIR) and `openclaw cron list --all --json` have it recorded"))
        }
    }
}

/// What a job does when the gateway starts.
fn then(rules: CatchUp, job: &Job, table: &Timetable, standing: Standing, at_ms: i64) -> Then {
    let recorded = job.state.next_run_at_ms;
    let one_shot = matches!(job.schedule, ScheduleSpec::At { .. });
    let next = || {
        let next = table.next(at_ms).ok().flatten();
        next.map_or(Then::Never, Then::Due)
    };
    match standing {
        Standing::Missed(slots) => Then::CaughtUp {
            next_run_at_ms: match slots.by {
                Evidence::Assumed => Some(slots.first_ms),
                Evidence::NextRun | Evidence::LastRun => recorded,
            },
            waits: rules.waits(job),
        },
        Standing::Interrupted if rules.interrupted == Interrupted::Cleared => Then::Anew(recorded),
        Standing::Interrupted if one_shot => Then::Never,
        Standing::BacksOff { until_ms } => Then::Due(until_ms),
        Standing::AlreadyRan => Then::Never,
        Standing::OnTime => match recorded.filter(|next| *next > at_ms) {
            Some(next) => Then::Due(next),
            None => next(),
        },
        Standing::Dropped(_) | Standing::Interrupted | Standing::Unrecorded => next(),
    }
}
