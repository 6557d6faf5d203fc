//! What the jobs come to with the changes. Pure.

use rustc_hash::FxHashMap;

use super::row::Found;
use crate::command::plan::Unheard;
use crate::plan::{self, Horizon, Input, Jitter, Options, Peaks, Recurrence};

/// The instants of a recurrence that the plan counts, wherever a change puts their starts.
struct Counted<'a> {
    recurrence: &'a dyn Recurrence,
    /// Nominal instants.
    horizon: Horizon,
}

impl Recurrence for Counted<'_> {
    fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        let from_ms = from_ms.max(self.horizon.from_ms);
        let until_ms = until_ms.min(self.horizon.until_ms);
        if from_ms >= until_ms {
            return Ok(());
        }
        self.recurrence.each(from_ms, until_ms, emit)
    }
}

/// The peaks of the plan's own fires as they would be with the changes: the same fires, each at its nominal
/// instant of today and its offset with the change. A fire that a change moves out of the horizon is
/// counted, and one that it would move in is not, as in the plan.
pub(super) fn peaks(input: &Input<'_>, found: &[Found]) -> Peaks {
    let Horizon { from_ms, until_ms } = input.horizon;
    let at_nominal = input.options.at_nominal();
    let mut jobs = input.jobs.clone();
    let mut counted = Vec::new();
    let mut known = FxHashMap::default();
    let mut most_before = 0;
    for job in &mut jobs {
        let before_ms = if at_nominal { 0 } else { job.native_offset_ms };
        most_before = before_ms.max(most_before);
        let recurrence = job.recurrence;
        job.recurrence = *known.entry((recurrence, before_ms)).or_insert_with(|| {
            counted.push(Counted {
                recurrence: input.recurrences[recurrence as usize],
                horizon: Horizon {
                    from_ms: from_ms.saturating_sub(before_ms),
                    until_ms: until_ms.saturating_sub(before_ms),
                },
            });
            u32::try_from(counted.len() - 1).unwrap_or(u32::MAX)
        });
    }
    for Found { index, change, .. } in found {
        if let Some(change) = change {
            jobs[*index].native_offset_ms = change.offset_ms;
        }
    }
    let most_after = jobs.iter().map(|j| j.native_offset_ms).max().unwrap_or(0);
    let native = Input {
        jobs,
        recurrences: counted.iter().map(|c| c as &dyn Recurrence).collect(),
        groups: input.groups.clone(),
        dispatch: input.dispatch.clone(),
        horizon: Horizon {
            from_ms: from_ms.saturating_sub(most_before),
            until_ms: until_ms.saturating_add(most_after),
        },
        options: Options {
            jitter: Jitter::Native,
            restagger: false,
            ..input.options
        },
    };
    plan::plan(&native, &mut Unheard).before
}
