//! The slots of a job by its schedule, each with the runs for it.

use super::matching::{Expected, Matched, on_grid};
use super::{Asked, Grid, Subject, chain};
use crate::schedule::{Timetable, Zone};

/// The slots that are asked for, each with its runs: `left` of them at most.
pub(super) fn matched(subject: &Subject, asked: &Asked, left: i64) -> Result<Matched, String> {
    let runs = &subject.runs;
    let created = subject.facts.created_at_ms;
    let since = created.map_or(asked.since_ms, |at| asked.since_ms.max(at + 1));
    match &subject.grid {
        Grid::Cron {
            timetable,
            zone,
            stagger_ms,
        } => {
            let mut slots = Vec::new();
            let mut is_too_many = false;
            let mut add = |at| {
                if slots.len() < usize::try_from(left).unwrap_or(0) {
                    slots.push(at);
                } else {
                    is_too_many = true;
                }
            };
            let each = timetable.each(since, asked.until_ms.max(since), &mut add);
            each.map_err(|hang| hang.to_string())?;
            if is_too_many {
                return Err(too_many());
            }
            let after = timetable.next(asked.until_ms - 1).ok().flatten();
            let again = |at| second_pass(zone, at - stagger_ms).map(|at| at + stagger_ms);
            let has = |at: i64| has(timetable, at);
            let expected = Expected {
                slots: &slots,
                after,
                again: &again,
                has: &has,
            };
            Ok(on_grid(&expected, runs, asked))
        }
        Grid::Every(timetable) => {
            let period = chain::period(timetable, asked.since_ms);
            if period.is_some_and(|p| (asked.until_ms - since) / p > left) {
                return Err(too_many());
            }
            let (facts, history) = (&subject.facts, &subject.history);
            let mut matched = chain::follow(timetable, facts, history, runs, asked);
            matched.slots.retain(|slot| slot.at_ms >= since);
            Ok(matched)
        }
        Grid::At(at) => {
            let slots: Vec<i64> = Some(*at)
                .filter(|at| (asked.since_ms..asked.until_ms).contains(at))
                .into_iter()
                .collect();
            let expected = Expected {
                slots: &slots,
                after: None,
                again: &|_| None,
                has: &|planned| planned == *at,
            };
            Ok(on_grid(&expected, runs, asked))
        }
        Grid::Never => Ok(Matched {
            slots: Vec::new(),
            by_hand: runs.iter().map(|run| run.by_hand).collect(),
        }),
    }
}

/// Whether a timetable has a slot at an instant.
pub(super) fn has(timetable: &Timetable, at_ms: i64) -> bool {
    let before = at_ms.checked_sub(1);
    before.is_some_and(|before| timetable.next(before) == Ok(Some(at_ms)))
}

fn too_many() -> String {
    format!(
        "has, with the jobs before it, more than {} slots in what is asked for: ask for less with --since and --until",
        chain::MAX_SLOTS
    )
}

/// When the wall time of an instant comes again, the clock having been set back. Epoch milliseconds.
fn second_pass(zone: &Zone, at_ms: i64) -> Option<i64> {
    let at = at_ms.div_euclid(1_000);
    zone.again(at).map(|again| at_ms + (again - at) * 1_000)
}
