//! Which run serves which slot, where the slots are known beforehand: expressions and `at`.

use super::{Asked, REARM_MS, Run, RunStatus, Twice};
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
        let (Some(first), Some(last)) = (self.first, self.last) else {
            self.serve(run);
            return Further::Taken;
        };
        let (last, started) = (&runs[last], runs[run].started_at_ms);
        let retries = matches!(last.status, RunStatus::Error | RunStatus::Interrupted)
            && (last.ended_at_ms.is_some_and(|end| started >= end)
                || (last.status == RunStatus::Interrupted && last.ended_at_ms.is_none()))
            && last.next_run_at_ms.is_none_or(|next| started >= next);
        let twice = if retries {
            None
        } else if last.ended_at_ms.is_none_or(|end| started < end)
            && last.status != RunStatus::Interrupted
        {
            Some((Twice::AtOnce, Confidence::Certain))
        } else if again_at.is_some_and(|at| in_time(at, started, asked)) {
            Some((Twice::SameWallTime, Confidence::Likely))
        } else if last.next_run_at_ms.is_some_and(|next| started >= next) || asked.marks_by_hand {
            Some((Twice::Again, Confidence::Certain))
        } else if started - runs[first].started_at_ms <= REARM_MS {
            // Within one sleep of the timer: nobody is that quick, nearly always.
            Some((Twice::Again, Confidence::Likely))
        } else {
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

fn in_time(at_ms: i64, started_at_ms: i64, asked: &Asked) -> bool {
    (0..=asked.late_after_ms).contains(&(started_at_ms - at_ms))
}

/// What came of matching: the slots, and which runs were taken as started by hand.
pub(super) struct Matched {
    pub(super) slots: Vec<Service>,
    pub(super) by_hand: Vec<bool>,
}

/// Gives each run to the newest of `slots` at or before its start. `after` is the slot that follows
/// the last one, from which on runs are none of theirs. `again` tells when a wall time came a second
/// time.
pub(super) fn on_grid(
    slots: &[i64],
    after: Option<i64>,
    runs: &[Run],
    asked: &Asked,
    again: &dyn Fn(i64) -> Option<i64>,
) -> Matched {
    let mut out: Vec<Service> = slots.iter().map(|at| Service::new(*at)).collect();
    let mut by_hand: Vec<bool> = runs.iter().map(|run| run.by_hand).collect();
    let mut due = 0;
    for (n, run) in runs.iter().enumerate() {
        let started = run.started_at_ms;
        if run.by_hand {
            continue;
        }
        if after.is_some_and(|after| started >= after) {
            break;
        }
        while slots.get(due).is_some_and(|at| *at <= started) {
            due += 1;
        }
        let Some(slot) = due.checked_sub(1).map(|newest| &mut out[newest]) else {
            continue;
        };
        if slot.first.is_some() {
            let again_at = again(slot.at_ms);
            by_hand[n] = slot.further(n, runs, asked, again_at) == Further::ByHand;
            continue;
        }
        let is_early = planned(runs, n).is_some_and(|planned| started < planned);
        if is_early && !asked.marks_by_hand && !in_time(slot.at_ms, started, asked) {
            by_hand[n] = true;
        } else {
            slot.serve(n);
        }
    }
    Matched {
        slots: out,
        by_hand,
    }
}

/// When the gateway meant to start the job next, as the last run that had ended by the start of run
/// `n` recorded it.
fn planned(runs: &[Run], n: usize) -> Option<i64> {
    /// Runs of one job overlap rarely, and never many of them.
    const LOOK_BACK: usize = 4;
    let started = runs[n].started_at_ms;
    let before = runs[..n].iter().rev().filter(|run| !run.by_hand);
    let ended = before
        .take(LOOK_BACK)
        .filter(|run| run.ended_at_ms.is_some_and(|end| end <= started));
    ended.max_by_key(|run| run.ended_at_ms)?.next_run_at_ms
}
