//! The plan itself: occurrences to ticks, ticks to bursts, bursts to planned starts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;
use std::thread::{Scope, ScopedJoinHandle};

use sha2::{Digest, Sha256};

use super::burst::{self, Burst, Member};
use super::dispatch::{DispatchReport, Dispatcher};
use super::jitter::{self, Seeded};
use super::peak::{Meter, Peaks, Skyline};
use super::timeline::{LONGEST_STRETCH_MS, Occurrence, Timeline};
use super::{Input, Jitter, PlanJob};

/// Occurrences per stretch of the horizon that are aimed at: bounds the memory.
const STRETCH_TARGET: usize = 600_000;

/// The length of the first stretch, before anything is known about the density.
const FIRST_STRETCH_MS: i64 = 60_000;

/// Occurrences in a stretch from which measuring them apart pays.
const WORTH_A_THREAD: usize = 50_000;

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
    /// Occurrences in the horizon.
    pub fires: u64,
    /// Ticks that are bursts.
    pub bursts: u64,
    /// Occurrences in bursts.
    pub in_bursts: u64,
    /// Starts pulled back before the job's own next instant.
    pub clipped: u64,
    /// Occurrences left at the source's own staggered instant, alone there.
    pub left_staggered: u64,
    /// The burst with most jobs, the earliest of equals.
    pub biggest: Option<Burst>,
    /// Native and planned starts of the biggest burst, each ascending.
    pub biggest_starts: (Vec<i64>, Vec<i64>),
    /// The busiest second of each bin of the horizon, before.
    pub skyline_before: Vec<u32>,
    /// The same, after.
    pub skyline_after: Vec<u32>,
    /// Length of such a bin, milliseconds.
    pub bin_ms: i64,
    /// Recurrences that their own scheduler would never answer for, and why.
    pub broken: BTreeMap<usize, String>,
    /// Recurrences without any instant in the horizon, ascending.
    pub silent: Vec<usize>,
}

/// One placed occurrence that waits for its turn in the order of planned starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    planned_ms: i64,
    rank: u32,
    on_tick: u32,
    tick_ms: i64,
    clipped: bool,
}

/// Placed occurrences, the next to start first.
///
/// Most come in order and wait in a row; only those of bursts that overlap need the heap.
#[derive(Default)]
struct Pending {
    row: VecDeque<Placed>,
    heap: BinaryHeap<Reverse<Placed>>,
}

impl Pending {
    fn push(&mut self, placed: Placed) {
        if self.row.back().is_none_or(|last| *last <= placed) {
            self.row.push_back(placed);
        } else {
            self.heap.push(Reverse(placed));
        }
    }

    /// Takes out the next one that starts before `t_ms`.
    fn pop_before(&mut self, t_ms: i64) -> Option<Placed> {
        let in_row = self.row.front();
        let in_heap = self.heap.peek().map(|Reverse(p)| p);
        let from_heap = match (in_row, in_heap) {
            (Some(row), Some(heap)) => heap < row,
            (row, heap) => row.is_none() && heap.is_some(),
        };
        let next = if from_heap { in_heap } else { in_row };
        if next?.planned_ms >= t_ms {
            return None;
        }
        if from_heap {
            self.heap.pop().map(|Reverse(p)| p)
        } else {
            self.row.pop_front()
        }
    }
}

/// Makes the plan. Same input, in any order of the jobs, and same seed give the same calls to `sink`.
pub fn plan(input: &Input<'_>, sink: &mut dyn Sink) -> Outcome {
    let (by_rank, seeded, index_of) = ranked(&input.jobs);
    let (from, until) = (
        input.horizon.from_ms,
        input.horizon.until_ms.max(input.horizon.from_ms),
    );
    let bin_ms = ((until - from) / SKYLINE_BINS).max(1000);
    let run_of = |rank: u32| by_rank[rank as usize].run_ms;
    let rules: Vec<_> = input
        .dispatch
        .iter()
        .map(|d| rules_by_rank(d, &index_of))
        .collect();
    let stream = || Stream {
        meter: Meter::with_skyline(input.groups.len(), Skyline::new(from, bin_ms, SKYLINE_BINS)),
        dispatchers: rules.iter().map(|d| Dispatcher::new(d, &run_of)).collect(),
    };
    let mut timelines = Timelines::new(input, &by_rank);
    let mut planner = Planner::new(input, &by_rank, &seeded, &index_of);
    let mut broken = BTreeMap::new();
    let streams = std::thread::scope(|scope| {
        let streams = Streams {
            before: stream(),
            after: stream(),
            by_rank: &by_rank,
        };
        let mut measuring = Measuring::Here(Box::new(streams));
        let (mut at, mut length) = (from, FIRST_STRETCH_MS);
        while at < until {
            length = i64::min(length, until - at);
            let mut batch = Batch {
                from_ms: at,
                ..Batch::default()
            };
            broken.extend(timelines.stretch(at, length, &mut batch.native));
            let (due, timeline) = timelines.planned(&batch.native);
            if planner
                .stretch(at, due, timeline, &mut batch.placed, sink)
                .is_break()
            {
                break;
            }
            at += length;
            if at >= until {
                // The horizon ends; the runs that were placed beyond it do not.
                let _stopped = planner.release(i64::MAX, &mut batch.placed, sink);
            }
            length = next_length(length, batch.native.len());
            measuring = measuring.take(batch, scope);
            sink.progress(at - from, until - from);
        }
        measuring.finish()
    });
    let Streams { before, after, .. } = *streams;
    let finish = |d: Vec<Dispatcher<'_>>| d.into_iter().map(Dispatcher::finish).collect();
    let Totals {
        fires,
        bursts,
        in_bursts,
        clipped,
        left_staggered,
        biggest,
        biggest_starts,
    } = planner.outcome;
    Outcome {
        before: before.meter.peaks(),
        after: after.meter.peaks(),
        skyline_before: before.meter.skyline().to_vec(),
        skyline_after: after.meter.skyline().to_vec(),
        dispatch_before: finish(before.dispatchers),
        dispatch_after: finish(after.dispatchers),
        fires,
        bursts,
        in_bursts,
        clipped,
        left_staggered,
        biggest,
        biggest_starts,
        bin_ms,
        broken,
        silent: timelines.native.silent(),
    }
}

/// How long the next stretch shall be, after one of this length had so many occurrences.
fn next_length(length_ms: i64, occurrences: usize) -> i64 {
    let grow = STRETCH_TARGET / occurrences.max(1);
    let next = match i64::try_from(grow.clamp(0, 24)) {
        Ok(grow) if grow > 0 => length_ms.saturating_mul(grow),
        _ => length_ms / 4,
    };
    next.clamp(1000, LONGEST_STRETCH_MS)
}

/// The occurrences at their native instants and, where bursts are formed elsewhere, at nominal ones.
struct Timelines<'a> {
    native: Timeline<'a>,
    nominal: Option<(Timeline<'a>, Vec<Occurrence>)>,
}

impl<'a> Timelines<'a> {
    fn new(input: &'a Input<'_>, by_rank: &[PlanJob<'_>]) -> Self {
        let of =
            |offset: fn(&PlanJob<'_>) -> i64| Timeline::new(&input.recurrences, by_rank, offset);
        let nominal = input.options.at_nominal().then(|| (of(|_| 0), Vec::new()));
        Self {
            native: of(|job| job.native_offset_ms),
            nominal,
        }
    }

    fn stretch(
        &mut self,
        from_ms: i64,
        length_ms: i64,
        native: &mut Vec<Occurrence>,
    ) -> Vec<(usize, String)> {
        let mut broken = self.native.stretch(from_ms, length_ms, native);
        if let Some((nominal, due)) = &mut self.nominal {
            broken.extend(nominal.stretch(from_ms, length_ms, due));
        }
        broken
    }

    /// The occurrences that bursts are formed of, and their timeline.
    fn planned<'s>(&'s self, native: &'s [Occurrence]) -> (&'s [Occurrence], &'s Timeline<'a>) {
        match &self.nominal {
            Some((nominal, due)) => (due, nominal),
            None => (native, &self.native),
        }
    }
}

/// What a stretch gives to measure.
#[derive(Default)]
struct Batch {
    from_ms: i64,
    /// At their native instants.
    native: Vec<Occurrence>,
    /// Where the plan puts them: instant and rank, ascending.
    placed: Vec<(i64, u32)>,
}

/// Before and after.
struct Streams<'a> {
    before: Stream<'a>,
    after: Stream<'a>,
    by_rank: &'a [PlanJob<'a>],
}

impl Streams<'_> {
    fn take(&mut self, batch: &Batch) {
        for (t, rank) in &batch.native {
            let job = &self.by_rank[*rank as usize];
            self.before.start(batch.from_ms + i64::from(*t), *rank, job);
        }
        for (t, rank) in &batch.placed {
            self.after.start(*t, *rank, &self.by_rank[*rank as usize]);
        }
    }
}

/// Measuring needs nothing of planning, and takes as long: with many occurrences it has a thread.
enum Measuring<'scope, 'a> {
    Here(Box<Streams<'a>>),
    There(
        SyncSender<Batch>,
        ScopedJoinHandle<'scope, Box<Streams<'a>>>,
    ),
}

impl<'scope, 'a: 'scope> Measuring<'scope, 'a> {
    fn take(self, batch: Batch, scope: &'scope Scope<'scope, '_>) -> Self {
        match self {
            Self::Here(mut streams) if batch.native.len() < WORTH_A_THREAD => {
                streams.take(&batch);
                Self::Here(streams)
            }
            Self::Here(mut streams) => {
                let (sender, batches) = std::sync::mpsc::sync_channel::<Batch>(1);
                let thread = scope.spawn(move || {
                    for batch in batches {
                        streams.take(&batch);
                    }
                    streams
                });
                Self::There(sender, thread).take(batch, scope)
            }
            Self::There(sender, thread) => {
                // It ends only when the sender is dropped.
                sender.send(batch).ok();
                Self::There(sender, thread)
            }
        }
    }

    fn finish(self) -> Box<Streams<'a>> {
        match self {
            Self::Here(streams) => streams,
            Self::There(sender, thread) => {
                drop(sender);
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}

/// The jobs in the order of a hash of their ids, what draws need, and where each was in the input.
fn ranked<'a>(jobs: &[PlanJob<'a>]) -> (Vec<PlanJob<'a>>, Vec<Seeded>, Vec<usize>) {
    let mut order: Vec<(u64, u32, usize)> = jobs
        .iter()
        .enumerate()
        .map(|(index, job)| {
            let digest = Sha256::digest(job.id.as_bytes());
            let mut first = [0; 8];
            first.copy_from_slice(&digest[..8]);
            let rank_key = u64::from_be_bytes(first);
            (rank_key, u32::try_from(rank_key >> 32).unwrap_or(0), index)
        })
        .collect();
    // Equal ids of different sources are told apart by what they are, never by input order.
    let tie = |index: usize| {
        let job = &jobs[index];
        (
            job.id,
            job.source,
            job.recurrence,
            job.native_offset_ms,
            job.group,
            job.run_ms,
            index,
        )
    };
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| tie(a.2).cmp(&tie(b.2))));
    (
        order.iter().map(|o| jobs[o.2].clone()).collect(),
        order
            .iter()
            .map(|o| Seeded {
                rank_key: o.0,
                hash: o.1,
            })
            .collect(),
        order.iter().map(|o| o.2).collect(),
    )
}

/// The same rules with their workspaces listed by rank instead of by input order.
fn rules_by_rank(rules: &super::Dispatch, index_of: &[usize]) -> super::Dispatch {
    let mut rules = rules.clone();
    if let super::Dispatch::Molecule(molecule) = &mut rules {
        let of = |index: &usize| molecule.workspaces.get(*index).copied();
        molecule.workspaces = index_of.iter().map(|i| of(i).unwrap_or(u32::MAX)).collect();
    }
    rules
}

/// What is measured of a sequence of starts.
struct Stream<'a> {
    meter: Meter,
    dispatchers: Vec<Dispatcher<'a>>,
}

impl Stream<'_> {
    #[inline]
    fn start(&mut self, t: i64, rank: u32, job: &PlanJob<'_>) {
        self.meter.start(t, job.group, job.run_ms);
        if let Some(dispatcher) = self.dispatchers.get_mut(job.source) {
            dispatcher.due(t, rank);
        }
    }
}

#[derive(Default)]
struct Totals {
    fires: u64,
    bursts: u64,
    in_bursts: u64,
    clipped: u64,
    left_staggered: u64,
    biggest: Option<Burst>,
    biggest_starts: (Vec<i64>, Vec<i64>),
}

/// Turns ticks into bursts and planned starts.
struct Planner<'a, 'i> {
    input: &'a Input<'i>,
    by_rank: &'a [PlanJob<'i>],
    seeded: &'a [Seeded],
    index_of: &'a [usize],
    pending: Pending,
    ranks: Vec<u32>,
    offsets: Vec<i64>,
    members: Vec<Member>,
    outcome: Totals,
}

impl<'a, 'i> Planner<'a, 'i> {
    fn new(
        input: &'a Input<'i>,
        by_rank: &'a [PlanJob<'i>],
        seeded: &'a [Seeded],
        index_of: &'a [usize],
    ) -> Self {
        Self {
            input,
            by_rank,
            seeded,
            index_of,
            pending: Pending::default(),
            ranks: Vec::new(),
            offsets: Vec::new(),
            members: Vec::new(),
            outcome: Totals::default(),
        }
    }

    fn stretch(
        &mut self,
        from_ms: i64,
        due: &[Occurrence],
        timeline: &Timeline<'_>,
        placed: &mut Vec<(i64, u32)>,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        for tick in due.chunk_by(|a, b| a.0 == b.0) {
            let tick_ms = from_ms + i64::from(tick[0].0);
            self.release(tick_ms, placed, sink)?;
            self.tick(tick_ms, tick, timeline, sink)?;
        }
        ControlFlow::Continue(())
    }

    fn tick(
        &mut self,
        tick_ms: i64,
        tick: &[Occurrence],
        timeline: &Timeline<'_>,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        let options = &self.input.options;
        let is_burst = tick.len() >= options.burst.max(1);
        let on_tick = u32::try_from(tick.len()).unwrap_or(u32::MAX);
        self.outcome.fires += u64::from(on_tick);
        self.offsets.clear();
        if is_burst {
            self.ranks.clear();
            self.ranks.extend(tick.iter().map(|o| o.1));
            let (by_rank, seeded, ranks) = (self.by_rank, self.seeded, &self.ranks);
            jitter::offsets(options, tick_ms, ranks, by_rank, seeded, &mut self.offsets);
        } else {
            self.offsets.resize(tick.len(), 0);
            self.outcome.left_staggered += if options.at_nominal() {
                0
            } else {
                let staggered = |o: &&Occurrence| self.by_rank[o.1 as usize].native_offset_ms > 0;
                tick.iter().filter(staggered).count() as u64
            };
        }
        let mut clipped = 0;
        self.members.clear();
        for ((_, rank), offset) in tick.iter().zip(&self.offsets) {
            let mut planned_ms = tick_ms + offset;
            let limit = planned_ms + 1;
            let next = (*offset > 0)
                .then(|| timeline.next_own(*rank, tick_ms, limit))
                .flatten();
            if let Some(next) = next {
                planned_ms = next - 1;
                clipped += 1;
            }
            let nominal = if options.at_nominal() {
                self.by_rank[*rank as usize].native_offset_ms
            } else {
                0
            };
            self.members.push(Member {
                rank: *rank,
                native_ms: tick_ms + nominal,
                planned_ms,
            });
            self.pending.push(Placed {
                planned_ms,
                rank: *rank,
                on_tick,
                tick_ms,
                clipped: next.is_some(),
            });
        }
        if is_burst {
            self.burst(tick_ms, clipped, sink)?;
        }
        ControlFlow::Continue(())
    }

    fn burst(&mut self, tick_ms: i64, clipped: u32, sink: &mut dyn Sink) -> ControlFlow<()> {
        let burst = burst::measure(tick_ms, &self.members, self.by_rank, self.index_of, clipped);
        let totals = &mut self.outcome;
        totals.bursts += 1;
        totals.in_bursts += self.members.len() as u64;
        totals.clipped += u64::from(clipped);
        let shown = self
            .members
            .iter()
            .any(|m| self.by_rank[m.rank as usize].shown);
        if !shown {
            return ControlFlow::Continue(());
        }
        if totals
            .biggest
            .as_ref()
            .is_none_or(|b| b.members.len() < burst.members.len())
        {
            totals.biggest = Some(burst.clone());
            let sorted = |start: fn(&Member) -> i64| {
                let mut starts: Vec<i64> = self.members.iter().map(start).collect();
                starts.sort_unstable();
                starts
            };
            totals.biggest_starts = (sorted(|m| m.native_ms), sorted(|m| m.planned_ms));
        }
        sink.burst(burst)
    }

    /// Hands on every placed start before `tick_ms`, in order: nothing later can come before them.
    fn release(
        &mut self,
        tick_ms: i64,
        out: &mut Vec<(i64, u32)>,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        let wants_fires = sink.wants_fires();
        while let Some(placed) = self.pending.pop_before(tick_ms) {
            let job = &self.by_rank[placed.rank as usize];
            out.push((placed.planned_ms, placed.rank));
            if wants_fires && job.shown {
                let at_nominal = self.input.options.at_nominal();
                let offset = job.native_offset_ms;
                let nominal_ms = placed.tick_ms - if at_nominal { 0 } else { offset };
                sink.fire(Fire {
                    job: self.index_of[placed.rank as usize],
                    nominal_ms,
                    native_ms: nominal_ms + offset,
                    planned_ms: placed.planned_ms,
                    on_tick: placed.on_tick,
                    clipped: placed.clipped,
                })?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Jitter {
    /// The window of a windowed strategy, milliseconds.
    pub fn window_ms(&self) -> Option<i64> {
        match *self {
            Self::Spread { window_ms } | Self::Hash { window_ms } | Self::Random { window_ms } => {
                Some(window_ms)
            }
            _ => None,
        }
    }
}
