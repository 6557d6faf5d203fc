//! Which jobs count as missed when the gateway starts, and why.

use super::rules::{CatchUp, Interrupted};
use crate::job::{Job, JobState};
use crate::schedule::{ScheduleSpec, Timetable};

/// Waits after so many errors in a row, milliseconds; the last one repeats.
const BACKOFF_MS: [i64; 5] = [30_000, 60_000, 300_000, 900_000, 3_600_000];

/// What is known of a job when the gateway starts. Instants are epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The store's own record; what it lacks, the gateway does not know either.
    Store,
    /// Nothing useful is recorded of the time when the gateway went down: it is assumed that every
    /// slot before ran on time and none since.
    DownSince(i64),
}

/// How a job stands when the gateway starts. Instants are epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Missed: the gateway runs it once.
    Missed(Slots),
    /// Missed, and dropped by `cron.skipMissedJobs`.
    Dropped(Slots),
    /// A run was in flight: the job is skipped this time. It is due again as [`Interrupted`] says.
    Interrupted,
    /// It waits for the end of its error backoff.
    BacksOff {
        /// When it is due.
        until_ms: i64,
    },
    /// A one-shot that already ran.
    AlreadyRan,
    /// Nothing is due yet.
    OnTime,
    /// Nothing is recorded by which a slot could count as missed.
    Unrecorded,
}

/// The slots that a job missed. Instants are epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// How many.
    pub count: u64,
    /// The first.
    pub first_ms: i64,
    /// The last at or before the start.
    pub last_ms: i64,
    /// What says so.
    pub by: Evidence,
}

/// What says that a slot was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The recorded next run is past.
    NextRun,
    /// A slot lies after the recorded last run.
    LastRun,
    /// It is assumed that nothing ran since the gateway went down.
    Assumed,
}

impl Recorded {
    /// What counts for a job: the record, unless there is none, or the gateway is said to have gone
    /// down later than the next run that it has on record.
    pub fn of(state: &JobState, down_since_ms: Option<i64>, stored: bool) -> Option<Self> {
        let known = state.next_run_at_ms.or(state.last_run_at_ms).is_some();
        match down_since_ms {
            Some(down) if state.next_run_at_ms.is_some_and(|next| next < down) => {
                Some(Self::DownSince(down))
            }
            Some(down) if !known => Some(Self::DownSince(down)),
            _ if known || stored => Some(Self::Store),
            _ => None,
        }
    }
}

impl CatchUp {
    /// How a job stands when the gateway starts at `at_ms`. The job is enabled and fired by a clock.
    pub fn judge(self, job: &Job, table: &Timetable, recorded: &Recorded, at_ms: i64) -> Standing {
        let standing = match recorded {
            Recorded::Store => self.by_record(job, table, at_ms),
            Recorded::DownSince(down) => assumed(job, table, *down, at_ms),
        };
        match standing {
            Standing::Missed(slots)
                if self.skips_missed && !matches!(job.schedule, ScheduleSpec::At { .. }) =>
            {
                Standing::Dropped(slots)
            }
            other => other,
        }
    }

    /// `isRunnableJob` of the gateway, as it is asked at the start.
    fn by_record(self, job: &Job, table: &Timetable, at_ms: i64) -> Standing {
        let state = &job.state;
        let one_shot = matches!(job.schedule, ScheduleSpec::At { .. });
        if let Some(running) = state.running_at_ms {
            if !(one_shot && self.interrupted == Interrupted::FailedButOneShots) {
                return Standing::Interrupted;
            }
            let at = table.next(at_ms).ok().flatten().unwrap_or(running);
            return due(at, at_ms);
        }
        let newest = self.defers_by_row();
        let catch_up = state.catch_up.as_deref().copied().unwrap_or_default();
        let next = state
            .next_run_at_ms
            .filter(|next| *next > 0 || !self.retries_one_shots());
        let put_there = newest && next.is_some() && catch_up.startup_at_ms == next;
        if put_there && next.is_some_and(|next| at_ms < next) {
            return Standing::OnTime;
        }
        let status = state.last_status.as_deref();
        if one_shot && status.is_some() && !put_there {
            let later = next.zip(state.last_run_at_ms).filter(|(n, l)| n > l);
            let Some((next, _)) = later else {
                return Standing::AlreadyRan;
            };
            let retry = status == Some("error") || self.retries_one_shots() && disabled_event(job);
            let moved = newest && table.next(at_ms).ok().flatten() == Some(next);
            return if retry || moved {
                due(next, at_ms)
            } else {
                Standing::AlreadyRan
            };
        }
        if let Some(until_ms) = self.backoff_until(state, one_shot, next, at_ms) {
            return Standing::BacksOff { until_ms };
        }
        let cron = matches!(job.schedule, ScheduleSpec::Cron { .. });
        if let Some(next) = next.filter(|next| *next <= at_ms) {
            let done = newest
                && cron
                && matches!(status, Some("ok" | "skipped"))
                && state.last_run_at_ms.is_some_and(|last| last >= next);
            if !done {
                return Standing::Missed(slots_from(table, next, at_ms, Evidence::NextRun));
            }
            return since_last_run(table, state, at_ms, true);
        }
        if !cron {
            let none = state.next_run_at_ms.is_none();
            return if none {
                Standing::Unrecorded
            } else {
                Standing::OnTime
            };
        }
        if newest && next.is_some() && catch_up.paced_at_ms == next {
            return Standing::OnTime;
        }
        let standing = since_last_run(table, state, at_ms, newest);
        let Standing::Missed(slots) = standing else {
            return standing;
        };
        match catch_up.activated_at_ms {
            Some(active) if newest && slots.last_ms <= active => Standing::OnTime,
            _ => standing,
        }
    }

    /// Until when a job that ended in an error is kept back, when that is not over.
    fn backoff_until(
        self,
        state: &JobState,
        one_shot: bool,
        next: Option<i64>,
        at_ms: i64,
    ) -> Option<i64> {
        if one_shot || state.last_status.as_deref() != Some("error") {
            return None;
        }
        let errors = usize::try_from(state.consecutive_errors.unwrap_or(1).max(1)).unwrap_or(1);
        let wait = BACKOFF_MS[errors.min(BACKOFF_MS.len()) - 1];
        let last = state.last_run_at_ms?;
        if self.backs_off_from_end() {
            let ended = last.saturating_add(state.last_duration_ms.unwrap_or(0).max(0));
            Some(ended.saturating_add(wait)).filter(|until| at_ms < *until)
        } else {
            // Before, a due job was never kept back, and one that was kept its own next run.
            next.filter(|next| *next > at_ms && at_ms < last.saturating_add(wait))
        }
    }
}

/// A main-session event whose heartbeat was switched off is tried again.
fn disabled_event(job: &Job) -> bool {
    let wakes = job.extras.as_deref().is_none_or(|e| e.wake_mode.is_none());
    job.state.last_status.as_deref() == Some("skipped")
        && job.session_target.as_deref() == Some("main")
        && wakes
        && job.state.last_error.as_deref() == Some("disabled")
}

/// One instant, missed when it is past.
fn due(next_ms: i64, at_ms: i64) -> Standing {
    if next_ms > at_ms {
        return Standing::OnTime;
    }
    Standing::Missed(Slots {
        count: 1,
        first_ms: next_ms,
        last_ms: next_ms,
        by: Evidence::NextRun,
    })
}

/// Whether the slot before the start lies after the last run (cron schedules only).
fn since_last_run(table: &Timetable, state: &JobState, at_ms: i64, at_too: bool) -> Standing {
    let Some(last_run) = state.last_run_at_ms else {
        return match state.next_run_at_ms {
            Some(_) => Standing::OnTime,
            None => Standing::Unrecorded,
        };
    };
    let previous = if at_too {
        table.previous_or_at(at_ms)
    } else {
        table.previous(at_ms)
    };
    match previous.ok().flatten() {
        Some(slot) if slot > last_run => {
            let mut slots = Slots {
                count: 0,
                first_ms: slot,
                last_ms: slot,
                by: Evidence::LastRun,
            };
            slots.add(table, last_run.saturating_add(1), slot.saturating_add(1));
            slots.count = slots.count.max(1);
            Standing::Missed(slots)
        }
        _ => Standing::OnTime,
    }
}

/// The slots from a due one on.
fn slots_from(table: &Timetable, next_ms: i64, at_ms: i64, by: Evidence) -> Slots {
    let mut slots = Slots {
        count: 1,
        first_ms: next_ms,
        last_ms: next_ms,
        by,
    };
    slots.add(table, next_ms.saturating_add(1), at_ms.saturating_add(1));
    slots
}

impl Slots {
    /// Adds the fires in `[from_ms, until_ms)`.
    fn add(&mut self, table: &Timetable, from_ms: i64, until_ms: i64) {
        // A schedule for which its own scheduler would hang ends where it hangs.
        table
            .each(from_ms, until_ms, &mut |fire| {
                if self.count == 0 {
                    self.first_ms = fire;
                }
                self.count += 1;
                self.last_ms = fire;
            })
            .ok();
    }
}

/// What was missed since the gateway went down, when everything before ran on time.
fn assumed(job: &Job, table: &Timetable, down_ms: i64, at_ms: i64) -> Standing {
    let mut slots = Slots {
        count: 0,
        first_ms: down_ms,
        last_ms: down_ms,
        by: Evidence::Assumed,
    };
    slots.add(table, down_ms, at_ms.saturating_add(1));
    if slots.count > 0 {
        return Standing::Missed(slots);
    }
    let next = table.next(at_ms).ok().flatten();
    match job.schedule {
        ScheduleSpec::At { .. } if next.is_none_or(|at| at <= at_ms) => Standing::AlreadyRan,
        _ => Standing::OnTime,
    }
}
