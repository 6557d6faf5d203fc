//! The row of a job: what is known without playing the restart, and why it counts as missed or not.

use super::gateway::Restart;
use super::report::{Outcome, RestartRow};
use crate::catchup::{CatchUp, Evidence, Interrupted, Slots, Standing};
use crate::command::plan::given::Given;
use crate::job::Job;
use crate::schedule::ScheduleSpec;
use crate::when;

/// A job that does nothing: disabled, fired by no clock, or refused.
pub(super) fn blank(given: &Given, at: usize, job: &Job, restart: &Restart) -> RestartRow {
    let (outcome, why) = match (job.enabled, job.state.auto_disabled_at_ms, &job.schedule) {
        (false, Some(since), _) => {
            let since = when::utc(since);
            (
                Outcome::AutoDisabled,
                format!("disabled by the gateway itself since {since}"),
            )
        }
        (false, None, _) => (Outcome::Disabled, "disabled".to_owned()),
        (true, _, ScheduleSpec::Other { kind }) => {
            (Outcome::NoClock, format!("fired by {kind}, not by a clock"))
        }
        (true, ..) => (Outcome::Refused, "its schedule is refused".to_owned()),
    };
    let restarts = job.extras.as_deref().and_then(|e| e.restarts.clone());
    RestartRow {
        job: job.id.to_string(),
        name: job.name.clone().map(String::from),
        source: given.loaded.sources[job.source].tag.clone(),
        agent: job.agent.as_ref().map(ToString::to_string),
        provider: given.models.shown(at, job, given.basis).provider(),
        outcome,
        why,
        evidence: None,
        missed: 0,
        first_missed_at: None,
        first_missed_at_ms: None,
        last_missed_at: None,
        last_missed_at_ms: None,
        immediate: None,
        due_at: None,
        due_at_ms: None,
        start_at: None,
        start_at_ms: None,
        wait_ms: None,
        late_ms: None,
        next_at: None,
        next_at_ms: None,
        restarts,
        run_ms: None,
        run_length_origin: None,
        restart_at_ms: restart.at_ms,
    }
}

/// Adds the slots that a job missed.
pub(super) fn missed(row: &mut RestartRow, slots: Slots) {
    row.evidence = Some(slots.by.into());
    row.missed = slots.count;
    row.first_missed_at = Some(when::utc(slots.first_ms));
    row.first_missed_at_ms = Some(slots.first_ms);
    row.last_missed_at = Some(when::utc(slots.last_ms));
    row.last_missed_at_ms = Some(slots.last_ms);
}

/// Why a job counts as missed, or why not.
pub(super) fn why(rules: CatchUp, job: &Job, standing: Standing, restart: &Restart) -> String {
    let state = &job.state;
    let at = |ms: Option<i64>| ms.map_or_else(|| "unknown".to_owned(), when::utc);
    let one_shot = matches!(job.schedule, ScheduleSpec::At { .. });
    match standing {
        Standing::Missed(slots) | Standing::Dropped(slots) => {
            let mut said = match slots.by {
                Evidence::NextRun => format!(
                    "the recorded nextRunAtMs, {}, is past",
                    when::utc(slots.first_ms)
                ),
                Evidence::LastRun => format!(
                    "the slot {} lies after the recorded lastRunAtMs, {}",
                    when::utc(slots.last_ms),
                    at(state.last_run_at_ms)
                ),
                Evidence::Assumed => format!(
                    "due since the gateway went down at {}; that nothing ran since is assumed",
                    at(restart.down_since_ms)
                ),
            };
            if matches!(standing, Standing::Dropped(_)) {
                said.push_str("; cron.skipMissedJobs drops it");
            }
            said
        }
        Standing::Interrupted => {
            let fate = match (rules.interrupted, one_shot) {
                (Interrupted::Cleared, true) => {
                    "the marker is cleared, and the one-shot runs again after the catch-up"
                }
                (Interrupted::Cleared, false) => {
                    "the marker is cleared, and the slot is not made up"
                }
                (_, true) => "recorded as an error, and the one-shot is disabled",
                (_, false) => "recorded as an error, and the slot is not made up",
            };
            format!(
                "a run was in flight (runningAtMs {}): {fate}",
                at(state.running_at_ms)
            )
        }
        Standing::BacksOff { .. } => {
            let n = state.consecutive_errors.unwrap_or(1).max(1);
            format!("in its error backoff ({n} in a row): nothing is due before it ends")
        }
        Standing::AlreadyRan => match &state.last_status {
            Some(status) => format!("a one-shot that already ran (lastRunStatus {status})"),
            None => "a one-shot whose instant is before the gateway went down".to_owned(),
        },
        Standing::OnTime => "nothing is due before the gateway starts".to_owned(),
        Standing::Unrecorded => {
            "no next run is recorded (nextRunAtMs): nothing counts as missed".to_owned()
        }
    }
}
