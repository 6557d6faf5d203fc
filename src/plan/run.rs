//! The plan itself: occurrences to ticks, ticks to bursts, bursts to planned starts.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Input;
use super::ahead::{Ahead, Pair, Timelines};
use super::burst::Burst;
use super::dispatch::{DispatchReport, Dispatcher};
use super::measure::{Measuring, Stream};
use super::peak::{Meter, Peaks, Skyline};
use super::place::{Planner, Totals};
use super::ranked::{Ranked, Tally};
use super::starts::Starts;
use super::trace::{Trace, Traces, Window};

/// Bins of the horizon's skyline.
const SKYLINE_BINS: i64 = 48;

/// Where the plan puts one occurrence. Instants are epoch milliseconds UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fire {
    /// Index into [`Input::jobs`].
    pub job: usize,
    /// What the schedule says.
    pub nominal_ms: i64,
    /// When the source would make it due by itself (stagger, poll phase).
    pub native_ms: i64,
    /// Where the plan puts it.
    pub planned_ms: i64,
    /// Jobs on its tick, itself included.
    pub on_tick: u32,
    /// Whether it was pulled back before the job's own next instant.
    pub clipped: bool,
}

/// Takes the plan while it is made.
pub trait Sink {
    /// Whether [`Sink::fire`] shall be called.
    fn wants_fires(&self) -> bool {
        false
    }
    /// Whether this burst shall come with the list of its members.
    fn wants_members(&self, _burst: &Burst) -> bool {
        true
    }
    /// A burst, in the order of their ticks.
    fn burst(&mut self, _burst: Burst) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    /// A fire, in the order of planned starts.
    fn fire(&mut self, _fire: Fire) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    /// So much of the horizon is done, milliseconds.
    fn progress(&mut self, _done_ms: i64, _of_ms: i64) {}
}

/// What a plan comes to. Instants are epoch milliseconds UTC.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Peaks of what the source makes due by itself, without any cap on what runs.
    pub before: Peaks,
    /// Peaks of the planned starts, likewise.
    pub after: Peaks,
    /// What each source's slots make of the native instants.
    pub dispatch_before: Vec<DispatchReport>,
    /// What each source's slots make of the planned starts.
    pub dispatch_after: Vec<DispatchReport>,
    /// What all ticks come to.
    pub totals: Totals,
    /// The busiest second of each bin of the horizon, before.
    pub skyline_before: Vec<u32>,
    /// The same, after.
    pub skyline_after: Vec<u32>,
    /// Length of such a bin, milliseconds.
    pub bin_ms: i64,
    /// The last second with a start, before or after; null when nothing starts.
    pub last_second_ms: Option<i64>,
    /// Recurrences that their own scheduler would never answer for, and why.
    pub broken: BTreeMap<usize, String>,
    /// Recurrences without any instant in the horizon, ascending.
    pub silent: Vec<usize>,
}

/// What a plan comes to over time, by window.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// Of what the source makes due by itself, without any cap on what runs.
    pub before: Vec<Traces>,
    /// Of the planned starts, likewise.
    pub after: Vec<Traces>,
    /// With the slots of each source, by source index: the native instants.
    pub dispatch_before: Vec<Vec<Trace>>,
    /// The same for the planned starts.
    pub dispatch_after: Vec<Vec<Trace>>,
}

/// Makes the plan. Same input, in any order of the jobs, and same seed give the same calls to `sink`.
pub fn plan(input: &Input<'_>, sink: &mut dyn Sink) -> Outcome {
    made(input, &[], sink).0
}

/// Makes the plan once more, to see what it comes to over these windows.
pub fn trace(input: &Input<'_>, windows: &[Window]) -> Traced {
    struct Unheard;
    impl Sink for Unheard {}
    made(input, windows, &mut Unheard).1
}

fn made(input: &Input<'_>, windows: &[Window], sink: &mut dyn Sink) -> (Outcome, Traced) {
    let ranked = Ranked::new(input);
    let (from, until) = (
        input.horizon.from_ms,
        input.horizon.until_ms.max(input.horizon.from_ms),
    );
    let bin_ms = ((until - from) / SKYLINE_BINS).max(1000);
    let run_of = |rank: u32| ranked.kind(rank).run_ms;
    let rules: Vec<_> = input
        .dispatch
        .iter()
        .map(|d| rules_by_rank(d, &ranked))
        .collect();
    let stream = || Stream {
        meter: Meter::with_skyline(input.groups.len(), Skyline::new(from, bin_ms, SKYLINE_BINS))
            .tracing(windows),
        dispatchers: rules
            .iter()
            .map(|d| Dispatcher::new(d, &run_of, windows, input.jobs.len()))
            .collect(),
        tally: Tally::new(&ranked),
    };
    let timelines = Timelines::new(input, &ranked);
    let mut planner = Planner::new(input, &ranked);
    let mut broken = BTreeMap::new();
    let mut heard = vec![false; input.recurrences.len()];
    let (before, after) = std::thread::scope(|scope| {
        let mut before = Measuring::Here(Box::new(stream()));
        let mut after = Measuring::Here(Box::new(stream()));
        let mut ahead = Ahead::new(&timelines, from, until);
        while let Some(Pair {
            until_ms,
            native,
            nominal,
        }) = ahead.next(scope)
        {
            if native.begins_span {
                for (recurrence, why) in &native.span.broken {
                    // What was asked first: where spans end must not show.
                    broken.entry(*recurrence).or_insert_with(|| why.clone());
                }
                timelines.native.hear(&native, &mut heard);
            }
            let mut placed = Starts::with_capacity(native.starts.len());
            let (timeline, stretch) = match (&timelines.nominal, &nominal) {
                (Some(timeline), Some(stretch)) => (timeline, stretch),
                _ => (&timelines.native, &native),
            };
            if planner
                .stretch(timeline, stretch, &mut placed, sink)
                .is_break()
            {
                break;
            }
            if until_ms >= until {
                // The horizon ends; the runs that were placed beyond it do not.
                let _stopped = planner.release(i64::MAX, &mut placed, sink);
            }
            before = before.take(native.starts, scope);
            after = after.take(placed, scope);
            sink.progress(until_ms - from, until - from);
        }
        (before.finish(), after.finish())
    });
    let finish = |d: Vec<Dispatcher<'_>>| -> (Vec<_>, Vec<_>) {
        d.into_iter().map(Dispatcher::finish).unzip()
    };
    let (dispatch_before, slots_before) = finish(before.dispatchers);
    let (dispatch_after, slots_after) = finish(after.dispatchers);
    let outcome = Outcome {
        before: before.meter.peaks(),
        after: after.meter.peaks(),
        skyline_before: before.meter.skyline().to_vec(),
        skyline_after: after.meter.skyline().to_vec(),
        dispatch_before,
        dispatch_after,
        totals: planner.totals,
        bin_ms,
        last_second_ms: before
            .meter
            .last_second_ms()
            .max(after.meter.last_second_ms()),
        broken,
        silent: (0..heard.len()).filter(|i| !heard[*i]).collect(),
    };
    let traced = Traced {
        before: before.meter.traces(),
        after: after.meter.traces(),
        dispatch_before: slots_before,
        dispatch_after: slots_after,
    };
    (outcome, traced)
}

/// The same rules with their workspaces listed by rank instead of by input order.
fn rules_by_rank(rules: &super::Dispatch, ranked: &Ranked<'_>) -> super::Dispatch {
    let mut rules = rules.clone();
    if let super::Dispatch::Molecule(molecule) = &mut rules {
        let of = |index: usize| molecule.workspaces.get(index).copied();
        molecule.workspaces = ranked
            .indices()
            .map(|i| of(i).unwrap_or(u32::MAX))
            .collect();
    }
    rules
}
