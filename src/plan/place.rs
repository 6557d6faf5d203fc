//! Placing: ticks to bursts, bursts to planned starts, handed on in the order of those starts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;

use super::burst::{Burst, Measurer, Members};
use super::jitter;
use super::ranked::Ranked;
use super::run::{Fire, Sink};
use super::span::Stretch;
use super::starts::Starts;
use super::timeline::Timeline;
use super::{Input, PlanJob};

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
    fn is_empty(&self) -> bool {
        self.row.is_empty() && self.heap.is_empty()
    }

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

/// What all ticks come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
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
}

/// Turns ticks into bursts and planned starts.
pub(super) struct Planner<'a, 'i> {
    input: &'a Input<'i>,
    ranked: &'a Ranked<'a>,
    /// By rank: what the source itself adds, milliseconds; empty when it adds nothing to any job.
    staggers: Vec<i64>,
    pending: Pending,
    measurer: Measurer<'a>,
    /// Of the members of the tick at hand, milliseconds after it.
    offsets: Vec<i64>,
    /// Which of them were pulled back; empty when none was.
    pulled: Vec<bool>,
    native: Vec<i64>,
    pub(super) totals: Totals,
}

/// One tick of a stretch.
struct Tick<'s> {
    at_ms: i64,
    ranks: &'s [u32],
    /// No tick after it is earlier than this.
    next_ms: i64,
}

impl<'a, 'i> Planner<'a, 'i> {
    pub(super) fn new(input: &'a Input<'i>, ranked: &'a Ranked<'a>) -> Self {
        let stagger = |job: &PlanJob<'_>| job.native_offset_ms;
        let staggers = if input.jobs.iter().any(|job| stagger(job) != 0) {
            ranked.jobs().map(stagger).collect()
        } else {
            Vec::new()
        };
        Self {
            input,
            ranked,
            staggers,
            pending: Pending::default(),
            measurer: Measurer::new(ranked, input.groups.len()),
            offsets: Vec::new(),
            pulled: Vec::new(),
            native: Vec::new(),
            totals: Totals::default(),
        }
    }

    pub(super) fn stretch(
        &mut self,
        timeline: &Timeline<'_>,
        stretch: &Stretch,
        placed: &mut Starts,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        let mut ticks = stretch.starts.iter().peekable();
        while let Some((at_ms, ranks)) = ticks.next() {
            self.release(at_ms, placed, sink)?;
            let tick = Tick {
                at_ms,
                ranks,
                next_ms: ticks.peek().map_or(stretch.until_ms, |next| next.0),
            };
            self.tick(&tick, timeline, stretch, placed, sink)?;
        }
        ControlFlow::Continue(())
    }

    fn tick(
        &mut self,
        tick: &Tick<'_>,
        timeline: &Timeline<'_>,
        stretch: &Stretch,
        placed: &mut Starts,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        let options = &self.input.options;
        let is_burst = tick.ranks.len() >= options.burst.max(1);
        let on_tick = u32::try_from(tick.ranks.len()).unwrap_or(u32::MAX);
        self.totals.fires += u64::from(on_tick);
        self.offsets.clear();
        self.pulled.clear();
        let mut clipped = 0;
        if is_burst {
            jitter::offsets(
                options,
                tick.at_ms,
                tick.ranks,
                self.ranked,
                &mut self.offsets,
            );
            clipped = self.clip(tick, timeline, stretch);
        } else {
            self.offsets.resize(tick.ranks.len(), 0);
            if !options.at_nominal() && !self.staggers.is_empty() {
                let staggered = |rank: &&u32| self.staggers[**rank as usize] > 0;
                self.totals.left_staggered += tick.ranks.iter().filter(staggered).count() as u64;
            }
        }
        let last = self.offsets.last().copied().unwrap_or(0);
        let in_order = !sink.wants_fires()
            && self.pending.is_empty()
            && tick.at_ms.saturating_add(last) < tick.next_ms
            && self.offsets.is_sorted();
        if in_order {
            placed.extend(tick.at_ms, tick.ranks, &self.offsets);
        } else {
            for (i, (rank, offset)) in tick.ranks.iter().zip(&self.offsets).enumerate() {
                self.pending.push(Placed {
                    planned_ms: tick.at_ms + offset,
                    rank: *rank,
                    on_tick,
                    tick_ms: tick.at_ms,
                    clipped: self.pulled.get(i).copied().unwrap_or(false),
                });
            }
        }
        if is_burst {
            self.burst(tick, clipped, sink)?;
        }
        ControlFlow::Continue(())
    }

    /// Pulls starts back before their jobs' own next instants; returns how many.
    fn clip(&mut self, tick: &Tick<'_>, timeline: &Timeline<'_>, stretch: &Stretch) -> u32 {
        let most = self.offsets.iter().copied().max().unwrap_or(0);
        if most <= 0 || stretch.span.is_clear(tick.at_ms, tick.at_ms + most + 1) {
            return 0;
        }
        let mut clipped = 0;
        for (rank, offset) in tick.ranks.iter().zip(&mut self.offsets) {
            let limit = tick.at_ms + *offset + 1;
            let next = (*offset > 0)
                .then(|| stretch.span.next_own(timeline, *rank, tick.at_ms, limit))
                .flatten();
            if let Some(next) = next {
                *offset = next - 1 - tick.at_ms;
                clipped += 1;
            }
            self.pulled.push(next.is_some());
        }
        clipped
    }

    fn burst(&mut self, tick: &Tick<'_>, clipped: u32, sink: &mut dyn Sink) -> ControlFlow<()> {
        self.native.clear();
        if self.input.options.at_nominal() && !self.staggers.is_empty() {
            let stagger = |rank: &u32| self.staggers[*rank as usize];
            self.native.extend(tick.ranks.iter().map(stagger));
        }
        let some = |offsets: &'_ [i64]| offsets.iter().any(|offset| *offset != 0);
        let members = Members {
            at_ms: tick.at_ms,
            ranks: tick.ranks,
            native: some(&self.native).then_some(&self.native),
            planned: some(&self.offsets).then_some(&self.offsets),
        };
        let burst = self.measurer.measure(members, clipped);
        let totals = &mut self.totals;
        totals.bursts += 1;
        totals.in_bursts += tick.ranks.len() as u64;
        totals.clipped += u64::from(clipped);
        let Some(mut burst) = burst else {
            return ControlFlow::Continue(());
        };
        let is_biggest = totals.biggest.as_ref().is_none_or(|b| b.jobs < burst.jobs);
        let wanted = sink.wants_members(&burst);
        if is_biggest || wanted {
            let index = |rank: &u32| self.ranked.index(*rank);
            burst.members = tick.ranks.iter().map(index).collect();
        }
        if is_biggest {
            totals.biggest = Some(burst.clone());
            let sorted = |offsets: Option<&[i64]>| {
                let offset = |i: usize| offsets.map_or(0, |each| each[i]);
                let starts = (0..tick.ranks.len()).map(|i| tick.at_ms + offset(i));
                let mut starts: Vec<i64> = starts.collect();
                starts.sort_unstable();
                starts
            };
            totals.biggest_starts = (sorted(members.native), sorted(members.planned));
            if !wanted {
                burst.members = Vec::new();
            }
        }
        sink.burst(burst)
    }

    /// Hands on every placed start before `tick_ms`, in order: nothing later can come before them.
    pub(super) fn release(
        &mut self,
        tick_ms: i64,
        out: &mut Starts,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        let wants_fires = sink.wants_fires();
        while let Some(placed) = self.pending.pop_before(tick_ms) {
            out.push(placed.planned_ms, placed.rank);
            if wants_fires && self.ranked.kind(placed.rank).shown {
                let at_nominal = self.input.options.at_nominal();
                let offset = self
                    .staggers
                    .get(placed.rank as usize)
                    .copied()
                    .unwrap_or(0);
                let nominal_ms = placed.tick_ms - if at_nominal { 0 } else { offset };
                sink.fire(Fire {
                    job: self.ranked.index(placed.rank),
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
