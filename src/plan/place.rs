//! Placing: ticks to bursts, bursts to planned starts, handed on in the order of those starts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;

use super::burst::{self, Burst, Member};
use super::jitter;
use super::run::{Fire, Sink};
use super::timeline::{Occurrence, Stretch, Timeline};
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
    by_rank: &'a [PlanJob<'i>],
    hashes: &'a [u64],
    index_of: &'a [usize],
    pending: Pending,
    ranks: Vec<u32>,
    offsets: Vec<i64>,
    members: Vec<Member>,
    pub(super) totals: Totals,
}

impl<'a, 'i> Planner<'a, 'i> {
    pub(super) fn new(
        input: &'a Input<'i>,
        by_rank: &'a [PlanJob<'i>],
        hashes: &'a [u64],
        index_of: &'a [usize],
    ) -> Self {
        Self {
            input,
            by_rank,
            hashes,
            index_of,
            pending: Pending::default(),
            ranks: Vec::new(),
            offsets: Vec::new(),
            members: Vec::new(),
            totals: Totals::default(),
        }
    }

    pub(super) fn stretch(
        &mut self,
        timeline: &Timeline<'_>,
        stretch: &Stretch,
        placed: &mut Vec<(i64, u32)>,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        for tick in stretch.occurrences.chunk_by(|a, b| a.0 == b.0) {
            let tick_ms = stretch.from_ms + i64::from(tick[0].0);
            self.release(tick_ms, placed, sink)?;
            let next = |rank, limit| timeline.next_own(stretch, rank, tick_ms, limit);
            self.tick(tick_ms, tick, &next, sink)?;
        }
        ControlFlow::Continue(())
    }

    fn tick(
        &mut self,
        tick_ms: i64,
        tick: &[Occurrence],
        next_own: &impl Fn(u32, i64) -> Option<i64>,
        sink: &mut dyn Sink,
    ) -> ControlFlow<()> {
        let options = &self.input.options;
        let is_burst = tick.len() >= options.burst.max(1);
        let on_tick = u32::try_from(tick.len()).unwrap_or(u32::MAX);
        self.totals.fires += u64::from(on_tick);
        self.offsets.clear();
        if is_burst {
            self.ranks.clear();
            self.ranks.extend(tick.iter().map(|o| o.1));
            let (by_rank, hashes, ranks) = (self.by_rank, self.hashes, &self.ranks);
            jitter::offsets(options, tick_ms, ranks, by_rank, hashes, &mut self.offsets);
        } else {
            self.offsets.resize(tick.len(), 0);
            self.totals.left_staggered += if options.at_nominal() {
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
            let next = (*offset > 0).then(|| next_own(*rank, limit)).flatten();
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
        let totals = &mut self.totals;
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
    pub(super) fn release(
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
