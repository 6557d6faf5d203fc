//! Which run serves which slot, where the slots are known beforehand: expressions and `at`.

use super::{Asked, Run, RunStatus, Twice};
use crate::openclaw::Confidence;

/// A slot and the runs for it: indices into the runs of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) at_ms: i64,
    /// The run that served it.
    pub(super) first: Option<usize>,
    /// The last run for it.
    pub(super) last: Option<usize>,
    pub(super) attempts: usize,
    /// How it came to a second run that is no retry.
    pub(super) twice: Option<(Twice, Confidence)>,
    /// Whether its instant is only known from the run itself.
    pub(super) is_first_on_record: bool,
}

impl Service {
    pub(super) fn new(at_ms: i64) -> Self {
        Self {
            at_ms,
            first: None,
            last: None,
            attempts: 0,
            twice: None,
            is_first_on_record: false,
        }
    }

    pub(super) fn serve(&mut self, run: usize) {
        self.first.get_or_insert(run);
        self.last = Some(run);
        self.attempts += 1;
    }

    /// Takes a further run for the slot, or says that it was started by hand.
    pub(super) fn further(
        &mut self,
        run: usize,
        runs: &[Run],
        asked: &Asked,
        again_at: Option<i64>,
    ) -> Further {
        let Some(last) = self.last else {
            self.serve(run);
            return Further::Taken;
        };
        let (last, started) = (&runs[last], runs[run].started_at_ms);
        let overlaps = last.ended_at_ms.is_none_or(|end| started < end)
            && last.status != RunStatus::Interrupted;
        let is_due = last.next_run_at_ms.is_none_or(|next| started >= next);
        if last.status == RunStatus::Skipped && !overlaps && is_due {
            // The one before did nothing: this one is the slot's run.
            self.first = Some(run);
            self.last = Some(run);
            self.attempts += 1;
            return Further::Taken;
        }
        let retries =
            matches!(last.status, RunStatus::Error | RunStatus::Interrupted) && !overlaps && is_due;
        let twice = if retries {
            None
        } else if overlaps {
            Some((Twice::AtOnce, Confidence::Certain))
        } else if again_at.is_some_and(|at| in_time(at, started, asked)) {
            Some((Twice::SameWallTime, Confidence::Likely))
        } else if last.next_run_at_ms.is_some_and(|next| started >= next) || asked.marks(&runs[run])
        {
            Some((Twice::Again, Confidence::Certain))
        } else {
            // A gateway starts nothing before the instant that it has planned.
            return Further::ByHand;
        };
        self.twice = self.twice.or(twice);
        self.serve(run);
        Further::Taken
    }
}

/// What became of a further run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Further {
    Taken,
    ByHand,
}

pub(super) fn in_time(at_ms: i64, started_at_ms: i64, asked: &Asked) -> bool {
    (0..=asked.late_after_ms).contains(&(started_at_ms - at_ms))
}

/// What came of matching: the slots, and which runs were taken as started by hand.
pub(super) struct Matched {
    pub(super) slots: Vec<Service>,
    pub(super) by_hand: Vec<bool>,
}

/// The slots of a job whose instants are known beforehand.
pub(super) struct Expected<'a> {
    /// Those that are asked for, in order.
    pub(super) slots: &'a [i64],
    /// The one that follows the last, from which on runs are none of theirs.
    pub(super) after: Option<i64>,
    /// When the wall time of a slot comes a second time.
    pub(super) again: &'a dyn Fn(i64) -> Option<i64>,
    /// Whether today's schedule has a slot at an instant.
    pub(super) has: &'a dyn Fn(i64) -> bool,
}

impl Expected<'_> {
    /// Whether an instant that was recorded with a run is none that today's schedule gives.
    fn is_foreign(&self, run: &Run, next_ms: i64) -> bool {
        self.slots.binary_search(&next_ms).is_err()
            && !(self.has)(next_ms)
            && !is_wait(run, next_ms)
    }
}

/// Gives each run to the newest slot at or before its start.
pub(super) fn on_grid(expected: &Expected<'_>, runs: &[Run], asked: &Asked) -> Matched {
    let slots = expected.slots;
    let mut out: Vec<Service> = slots.iter().map(|at| Service::new(*at)).collect();
    let mut by_hand: Vec<bool> = runs.iter().map(|run| run.by_hand).collect();
    let mut due = 0;
    for (n, run) in runs.iter().enumerate() {
        let started = run.started_at_ms;
        if run.by_hand {
            continue;
        }
        if expected.after.is_some_and(|after| started >= after) {
            break;
        }
        while slots.get(due).is_some_and(|at| *at <= started) {
            due += 1;
        }
        let by = planner(runs, n);
        let planned = by.and_then(|run| run.next_run_at_ms);
        let follows = slots.get(due).copied().or(expected.after);
        if follows.is_some_and(|at| planned == Some(at) && at - started < EARLY_MS) {
            if let Some(slot) = out.get_mut(due) {
                by_hand[n] = slot.further(n, runs, asked, None) == Further::ByHand;
            }
            continue;
        }
        let Some(slot) = due.checked_sub(1).map(|newest| &mut out[newest]) else {
            continue;
        };
        let is_early = planned.is_some_and(|planned| started < planned);
        let is_in_time = in_time(slot.at_ms, started, asked);
        if let Some(first) = slot.first {
            let again_at = (expected.again)(slot.at_ms);
            if runs[first].started_at_ms < slot.at_ms && is_in_time && !asked.marks(&runs[first]) {
                // What began before the slot was by hand after all.
                by_hand[first] = true;
                *slot = Service::new(slot.at_ms);
                slot.serve(n);
            } else if again_at.is_some_and(|at| in_time(at, started, asked))
                || !is_of_another(expected, slot.at_ms, by, run)
            {
                by_hand[n] = slot.further(n, runs, asked, again_at) == Further::ByHand;
            }
        } else if is_in_time {
            slot.serve(n);
        } else if is_early && !asked.marks(run) {
            by_hand[n] = true;
        } else if !is_of_another(expected, slot.at_ms, by, run) {
            slot.serve(n);
        }
    }
    Matched {
        slots: out,
        by_hand,
    }
}

/// Whether a run that is not in time for a slot was started for an instant that today's schedule does
/// not have: the job's schedule was another then.
fn is_of_another(expected: &Expected<'_>, slot_ms: i64, by: Option<&Run>, run: &Run) -> bool {
    match by.and_then(|by| Some((by, by.next_run_at_ms?))) {
        // Planned for before the slot, it is late for both.
        Some((by, next)) => next > slot_ms && expected.is_foreign(by, next),
        None => run
            .next_run_at_ms
            .is_some_and(|next| expected.is_foreign(run, next)),
    }
}

/// How long before its slot a run may begin when the clock is set in between, milliseconds.
pub(super) const EARLY_MS: i64 = 1_000;

/// Whether what was recorded as next after a run is a wait counted from its end: the least distance
/// of two starts, or a wait after an error.
pub(super) fn is_wait(run: &Run, next_ms: i64) -> bool {
    /// What is written down is the end of the run to the millisecond, nearly.
    const NEAR_MS: i64 = 1_000;
    const GAP_MS: i64 = 2_000;
    const AFTER_ERRORS_MS: [i64; 5] = [30_000, 60_000, 300_000, 900_000, 3_600_000];
    let Some(waited) = run.ended_at_ms.and_then(|end| next_ms.checked_sub(end)) else {
        return false;
    };
    let is = |ms: i64| (waited - ms).abs() <= NEAR_MS;
    is(GAP_MS) || (run.status != RunStatus::Ok && AFTER_ERRORS_MS.into_iter().any(is))
}

/// Until when the gateway waited after a failed run, where that is past `at`, as recorded with it.
pub(super) fn backoff(run: &Run, at: i64) -> Option<i64> {
    /// The longest wait after an error, milliseconds; what is later is the schedule's own instant.
    const LONGEST_MS: i64 = 3_600_000;
    let next = run.next_run_at_ms.filter(|next| *next > at)?;
    let waited = next - run.ended_at_ms?;
    (matches!(run.status, RunStatus::Error | RunStatus::Skipped) && waited <= LONGEST_MS)
        .then_some(next)
}

/// The last run that had ended by the start of run `n`: it recorded when the gateway meant to start
/// the job next.
pub(super) fn planner(runs: &[Run], n: usize) -> Option<&Run> {
    /// Runs of one job overlap rarely, and never many of them.
    const LOOK_BACK: usize = 4;
    let started = runs[n].started_at_ms;
    let before = runs[..n].iter().rev().filter(|run| !run.by_hand);
    let ended = before
        .take(LOOK_BACK)
        .filter(|run| run.ended_at_ms.is_some_and(|end| end <= started));
    ended.max_by_key(|run| run.ended_at_ms)
}
