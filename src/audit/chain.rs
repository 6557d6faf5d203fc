//! Which run serves which slot of an `every`, whose slots are counted from the runs themselves.
//!
//! After a run the next slot is what the gateway recorded with it (`nextRunAtMs`), else its start and
//! one period. A failed run may have a retry before that. While nothing runs, a slot comes due each
//! period. What was recorded and is neither a period on, nor on the grid of the anchor, nor a wait,
//! was planned by another schedule: a run that is in time for it serves it, and of any other it is
//! not known what it was due at.

use super::matching::{EARLY_MS, Further, Matched, Service, in_time, is_wait};
use super::{Asked, Facts, History, Run, RunStatus};
use crate::schedule::Timetable;

/// More slots than these in one audit, over all jobs of a gateway, are refused: nobody reads them, and
/// nothing holds them.
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

/// When a job is due next.
#[derive(Clone, Copy)]
struct Due {
    at: i64,
    /// Whether another schedule than today's says so.
    is_foreign: bool,
}

impl Due {
    fn of(at: i64) -> Self {
        Self {
            at,
            is_foreign: false,
        }
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
            timetable.next(begun).ok().flatten().map(Due::of)
        }
        (_, Some(_)) => None,
        // Without any run the grid of the anchor is the best there is.
        (_, None) => timetable
            .next(asked.since_ms.saturating_sub(1))
            .ok()
            .flatten()
            .map(Due::of),
    };
    if next.is_none()
        && let Some(first) = first
    {
        // Before the first run on record there were others, a period apart.
        let floor = begun.unwrap_or(asked.since_ms).max(asked.since_ms);
        let periods = first.saturating_sub(floor).max(0) / period;
        chain.due(first - periods * period, first);
    }
    let mut before = None;
    for (n, run) in scheduled() {
        let started = run.started_at_ms;
        let before = before.replace(started);
        match next {
            Some(due) if due.at - started >= EARLY_MS => {
                let served = chain.slots.iter_mut().rfind(|slot| slot.first.is_some());
                let moved = due.is_foreign && run.next_run_at_ms.is_some_and(|next| next != due.at);
                if moved || switched(facts, before, started) {
                    // It moved what was planned, and so was none by hand: today's schedule began.
                    chain.serve(started, n).is_first_on_record = true;
                } else if let Some(slot) = served
                    && slot.further(n, runs, asked, None) == Further::Taken
                {
                    next = after(run, period, timetable, &mut chain).or(next);
                    continue;
                } else if asked.marks(run) || in_flight(runs, n) {
                    chain.serve(started, n).is_first_on_record = true;
                    continue;
                } else {
                    // Started by hand, where that is not marked.
                    by_hand[n] = true;
                    next = run.next_run_at_ms.map(Due::of).or(next);
                    continue;
                }
            }
            Some(due) if due.is_foreign && !in_time(due.at, started, asked) => {
                chain.serve(started, n).is_first_on_record = true;
            }
            Some(due) => {
                let periods = (started - due.at).max(0) / period;
                let newest = due.at + periods * period;
                chain.due(due.at, newest);
                chain.serve(newest, n);
            }
            None => chain.serve(started, n).is_first_on_record = true,
        }
        next = after(run, period, timetable, &mut chain);
    }
    if let Some(due) = next {
        // Since another schedule planned that, the job was changed.
        let planned = facts.next_run_at_ms.filter(|_| due.is_foreign);
        chain.due(planned.unwrap_or(due.at), asked.until_ms);
    }
    let asked_for = |at| (asked.since_ms..asked.until_ms).contains(&at);
    chain.slots.retain(|slot| asked_for(slot.at_ms));
    chain.slots.sort_by_key(|slot| slot.at_ms);
    Matched {
        slots: chain.slots,
        by_hand,
    }
}

/// Whether the schedule came into force between the starts of two runs.
fn switched(facts: &Facts, before: Option<i64>, started: i64) -> bool {
    facts
        .activated_at_ms
        .is_some_and(|at| before.is_some_and(|before| before < at) && at <= started)
}

/// Whether another scheduled run of the job was in flight when run `n` began.
fn in_flight(runs: &[Run], n: usize) -> bool {
    let before = runs[..n].iter().rev().find(|run| !run.by_hand);
    before.is_some_and(|run| {
        run.ended_at_ms
            .is_none_or(|end| runs[n].started_at_ms < end)
    })
}

/// Adds the slots that came due while a run went on, and returns the next one.
fn after(run: &Run, period: i64, timetable: &Timetable, chain: &mut Chain<'_>) -> Option<Due> {
    let natural = run.started_at_ms.checked_add(period)?;
    let Some(end) = run.ended_at_ms else {
        return Some(Due::of(natural));
    };
    let failed = run.status == RunStatus::Error;
    let recorded = run.next_run_at_ms;
    if let Some(next) = recorded.filter(|next| *next != natural) {
        // From the second error on, 2026.9 goes on along the grid of the anchor.
        let is_anchored = timetable.next(next - 1).ok().flatten() == Some(next);
        let is_wait = is_wait(run, next);
        if !is_anchored && is_wait && failed && next < natural {
            // The retry; [`Service::further`] takes it.
            return Some(Due::of(natural));
        }
        if !is_anchored && !is_wait && !is_a_period_on(run, period, next) {
            return Some(Due {
                at: next,
                is_foreign: true,
            });
        }
    }
    let until = recorded.map_or(end, |next| next.min(end));
    chain.due(natural, until);
    let passed = until.saturating_sub(natural).max(0);
    let periods = passed / period + i64::from(passed % period > 0);
    let on = natural.saturating_add(periods.saturating_mul(period));
    Some(Due::of(match recorded {
        // A wait after an error: slots that come due meanwhile are left out.
        Some(next) if failed && next > on => on,
        Some(next) => next,
        None => on,
    }))
}

/// Whether an instant is a period after the start of a run, nearly.
fn is_a_period_on(run: &Run, period: i64, next: i64) -> bool {
    let off = next
        .saturating_sub(run.started_at_ms)
        .saturating_sub(period);
    off.saturating_abs() <= EARLY_MS
}
