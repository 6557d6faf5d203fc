//! What the scheduler recorded, against the clock.

use super::finding::{Findings, Place, quoted};
use super::rules::state as rules;
use crate::job::{Job, short};
use crate::openclaw::Confidence;
use crate::when;

/// How long an agent's turn may last when the job does not say.
const TURN_MS: i64 = 60 * 60_000;
/// How long other runs may last.
const OTHER_MS: i64 = 10 * 60_000;
/// A gateway looks at least every minute, and a tick may wait for the one before.
const LATE_MS: i64 = 5 * 60_000;
/// From so many errors in a row it is rarely chance.
const FAILING: i64 = 3;

/// Checks the recorded state.
pub(super) fn check(findings: &mut Findings<'_>) {
    for index in 0..findings.facts.sources.len() {
        overdue(findings, index);
    }
    for job in findings.facts.jobs {
        if !findings.source_of(job).gateway {
            continue;
        }
        if let Some(at) = job.state.auto_disabled_at_ms {
            let message = format!(
                "switched off by the gateway at {}{}",
                when::utc(at),
                last_error(job)
            );
            let fix = format!("openclaw cron enable {}", quoted(&job.id));
            findings.job(rules::AUTO_DISABLED, job, message).fix(fix);
            continue;
        }
        if job.enabled {
            failing(findings, job);
            waiting(findings, job);
        }
    }
}

fn last_error(job: &Job) -> String {
    let error = job.state.last_error.as_deref();
    error.map_or_else(String::new, |e| format!("; last error: {}", short(e, 120)))
}

fn failing(findings: &mut Findings<'_>, job: &Job) {
    let errors = job.state.consecutive_errors.unwrap_or(0);
    if errors >= FAILING {
        let message = format!("{errors} errors in a row{}", last_error(job));
        let fix = format!("openclaw cron runs --id {} --limit 5", quoted(&job.id));
        findings.job(rules::FAILING, job, message).fix(fix);
    }
}

/// How long a run of the job may last, and what says so; `None` for no limit.
fn limit(job: &Job) -> Option<(i64, &'static str)> {
    match job.timeout_seconds() {
        Some(seconds) if seconds <= 0.0 => None,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast from a float saturates, which is what a huge limit means"
        )]
        Some(seconds) => Some(((seconds * 1_000.0) as i64, "its timeoutSeconds")),
        None if job.payload_kind.as_deref() == Some("agentTurn") => {
            Some((TURN_MS, "the default for agent turns"))
        }
        None => Some((OTHER_MS, "the default")),
    }
}

/// Running markers and queue entries that are older than a run may last.
fn waiting(findings: &mut Findings<'_>, job: &Job) {
    let Some((limit, says)) = limit(job) else {
        return;
    };
    let now = findings.facts.now_ms;
    let over = |since: i64| Some(now.saturating_sub(since)).filter(|age| *age > limit);
    if let Some(age) = job.state.running_at_ms.and_then(over) {
        let message = format!(
            "marked as running for {}, longer than the {} that a run may last ({says})",
            when::duration(age / 1_000 * 1_000),
            when::duration(limit)
        );
        findings.job(rules::STALE_RUNNING, job, message);
    }
    if let Some(age) = job.state.queued_at_ms.and_then(over) {
        let message = format!(
            "waits for a slot for {}, longer than a run may last",
            when::duration(age / 1_000 * 1_000)
        );
        // The runs before it may have longer limits of their own.
        let finding = findings.job(rules::QUEUED, job, message);
        finding.sure(Confidence::Likely);
    }
}

/// Next runs that are past although nothing runs: of single jobs, or because the gateway stands.
fn overdue(findings: &mut Findings<'_>, index: usize) {
    let facts = findings.facts;
    let source = &facts.sources[index];
    if !source.gateway || source.cron_enabled == Some(false) {
        return;
    }
    let mine = || {
        let jobs = facts.jobs.iter();
        jobs.filter(move |job| job.source == index && job.enabled)
    };
    let waits = |job: &&Job| job.state.running_at_ms.is_none() && job.state.queued_at_ms.is_none();
    let overdue: Vec<(&Job, i64)> = mine()
        .filter(waits)
        .filter_map(|job| Some((job, job.state.next_run_at_ms?)))
        .filter(|(_, due)| facts.now_ms.saturating_sub(*due) > LATE_MS)
        .collect();
    let ago = |ms: i64| when::duration(facts.now_ms.saturating_sub(ms) / 1_000 * 1_000);
    // The last that the gateway is known to have done.
    let alive = mine()
        .flat_map(|job| [job.state.last_run_at_ms, job.state.running_at_ms])
        .flatten()
        .max();
    let mut behind = 0_usize;
    for (job, due) in &overdue {
        if alive.is_none_or(|alive| alive <= due.saturating_add(LATE_MS)) {
            behind += 1;
            continue;
        }
        let message = format!(
            "was due {} ago, and is neither running nor queued, though other jobs have run since",
            ago(*due)
        );
        let fix = format!("openclaw cron run {}", quoted(&job.id));
        let finding = findings.job(rules::NEXT_RUN_PAST, job, message);
        // The runs of another job may hold it up.
        finding.fix(fix).sure(Confidence::Likely);
    }
    if behind > 0 {
        let since = alive.map_or_else(
            || "no run is recorded".to_owned(),
            |alive| format!("the last recorded run began {} ago", ago(alive)),
        );
        let message = format!(
            "{behind} of {} jobs are overdue, and {since}: the gateway does not run, or this is a \
             copy of its state from then",
            mine().count()
        );
        let place = Place::file(source.store);
        let finding = findings.source(rules::GATEWAY_BEHIND, source, "source", place, message);
        finding.sure(Confidence::Likely);
    }
}
