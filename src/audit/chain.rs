//! Which run serves which slot of an `every`, whose slots are counted from the runs themselves.
//!
//! After a run the next slot is what the gateway recorded with it (`nextRunAtMs`), else its start and
//! one period. A failed run may have a retry before that. While nothing runs, a slot comes due each
//! period.

use super::matching::{Further, Matched, Service};
use super::{Asked, Facts, History, Run, RunStatus};
use crate::schedule::Timetable;

/// More slots than these in one audit are refused: nobody reads them, and nothing holds them.
pub(super) const MAX_SLOTS: i64 = 5_000_000;

/// The slots of a period, and how a chain of them goes on.
struct Chain<'a> {
    period: i64,
    asked: &'a Asked,
    slots: Vec<Service>,
}

impl Chain<'_> {
    /// Adds the slots from `from` on, one each period, that lie before `until` and in what is asked.
    fn due(&mut self, from: i64, until: i64) {
        let until = until.min(self.asked.until_ms);
        let behind = self.asked.since_ms.saturating_sub(from).max(0);
        let skipped = behind.div_euclid(self.period) + i64::from(behind % self.period > 0);
        let mut at = from.saturating_add(skipped.saturating_mul(self.period));
        while at < until {
            self.slots.push(Service::new(at));
            at = at.saturating_add(self.period);
        }
    }

    /// Adds a slot with its run. One that is not asked for is kept for its retries, and dropped later.
    fn serve(&mut self, at: i64, run: usize) -> &mut Service {
        let mut slot = Service::new(at);
        slot.serve(run);
        self.slots.push(slot);
        self.slots.last_mut().expect("it was pushed just now")
    }
}

/// Returns the period of an `every` that knows no last run, milliseconds.
pub(super) fn period(timetable: &Timetable, from_ms: i64) -> Option<i64> {
    let first = timetable.next(from_ms).ok()??;
    let second = timetable.next(first.checked_add(1)?).ok()??;
    Some(second.checked_sub(first)?.max(1))
}

/// Follows the runs of a job from slot to slot.
pub(super) fn follow(
    timetable: &Timetable,
    facts: &Facts,
    history: &History,
    runs: &[Run],
    asked: &Asked,
) -> Matched {
    let mut by_hand: Vec<bool> = runs.iter().map(|run| run.by_hand).collect();
    let Some(period) = period(timetable, asked.since_ms) else {
        return Matched {
            slots: Vec::new(),
            by_hand,
        };
    };
    let mut chain = Chain {
        period,
        asked,
        slots: Vec::new(),
    };
    let begun = facts.activated_at_ms.or(facts.created_at_ms);
    let scheduled = || runs.iter().enumerate().filter(|(_, run)| !run.by_hand);
    let first = scheduled().next().map(|(_, run)| run.started_at_ms);
    let mut next = match (begun, first) {
        (Some(begun), first)
            if *history == History::Whole && first.is_none_or(|first| first > begun) =>
        {
            timetable.next(begun).ok().flatten()
        }
        (_, Some(_)) => None,
        // Without any run the grid of the anchor is the best there is.
        (_, None) => timetable
            .next(asked.since_ms.saturating_sub(1))
            .ok()
            .flatten(),
    };
    if next.is_none()
        && let Some(first) = first
    {
        // Before the first run on record there were others, a period apart.
        let floor = begun.unwrap_or(asked.since_ms).max(asked.since_ms);
        let periods = first.saturating_sub(floor).max(0) / period;
        chain.due(first - periods * period, first);
    }
    for (n, run) in scheduled() {
        let started = run.started_at_ms;
        match next {
            Some(due) if started < due => {
                let served = chain.slots.iter_mut().rfind(|slot| slot.first.is_some());
                if let Some(slot) = served
                    && slot.further(n, runs, asked, None) == Further::Taken
                {
                    next = after(run, period, &mut chain).or(next);
                } else if asked.marks_by_hand || in_flight(runs, n) {
                    chain.serve(started, n).is_first_on_record = true;
                } else {
                    // Started by hand, where that is not marked.
                    by_hand[n] = true;
                    next = run.next_run_at_ms.or(next);
                }
                continue;
            }
            Some(due) => {
                let periods = (started - due) / period;
                let newest = due + periods * period;
                chain.due(due, newest);
                chain.serve(newest, n);
            }
            None => chain.serve(started, n).is_first_on_record = true,
        }
        next = after(run, period, &mut chain);
    }
    if let Some(due) = next {
        chain.due(due, asked.until_ms);
    }
    let asked_for = |at| (asked.since_ms..asked.until_ms).contains(&at);
    chain.slots.retain(|slot| asked_for(slot.at_ms));
    chain.slots.sort_by_key(|slot| slot.at_ms);
    Matched {
        slots: chain.slots,
        by_hand,
    }
}

/// Whether another run of the job was in flight when run `n` began.
fn in_flight(runs: &[Run], n: usize) -> bool {
    let Some(before) = n.checked_sub(1).map(|n| &runs[n]) else {
        return false;
    };
    before
        .ended_at_ms
        .is_none_or(|end| runs[n].started_at_ms < end)
}

/// Adds the slots that came due while a run went on, and returns the next one.
fn after(run: &Run, period: i64, chain: &mut Chain<'_>) -> Option<i64> {
    let natural = run.started_at_ms.checked_add(period)?;
    let Some(end) = run.ended_at_ms else {
        return Some(natural);
    };
    let failed = run.status == RunStatus::Error;
    let recorded = run.next_run_at_ms;
    if failed && recorded.is_some_and(|next| next < natural) {
        // The retry; [`Service::further`] takes it.
        return Some(natural);
    }
    let until = recorded.map_or(end, |next| next.min(end));
    chain.due(natural, until);
    let passed = until.saturating_sub(natural).max(0);
    let periods = passed / period + i64::from(passed % period > 0);
    let on = natural.saturating_add(periods.saturating_mul(period));
    match recorded {
        // A wait after an error: slots that come due meanwhile are left out.
        Some(next) if failed && next > on => Some(on),
        Some(next) => Some(next),
        None => Some(on),
    }
}
