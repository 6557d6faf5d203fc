//! When the missed jobs are due, and when they start with the slots that there are.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::rules::CatchUp;
use crate::plan::Dispatch;
use crate::schedule::Timetable;

/// One job of a gateway. The order of lanes is the order of its store.
#[derive(Clone, Copy, Debug)]
pub struct Lane<'a> {
    /// Its schedule.
    pub table: &'a Timetable,
    /// Length of a run, milliseconds, at least 1.
    pub run_ms: i64,
    /// What it does when the gateway starts.
    pub then: Then,
}

/// What a job does when the gateway starts. Instants are epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is caught up.
    CaughtUp {
        /// The recorded next run: missed jobs are taken in its order.
        next_run_at_ms: Option<i64>,
        /// Whether it waits until the gateway has come up ([`CatchUp::waits`]).
        waits: bool,
    },
    /// It is due by itself.
    Due(i64),
    /// Its schedule is computed anew after the catch-up, unless the recorded next run is later.
    Anew(Option<i64>),
    /// It is never due again.
    Never,
}

/// A missed job, as [`CatchUp::due`] takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its place in the order of the store.
    pub job: usize,
    /// The recorded next run, epoch milliseconds: missed jobs are taken in its order.
    pub next_run_at_ms: Option<i64>,
    /// Whether it waits until the gateway has come up ([`CatchUp::waits`]).
    pub waits: bool,
    /// Length of a run, milliseconds.
    pub run_ms: i64,
}

/// When a missed job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// As in [`Missing::job`].
    pub job: usize,
    /// Epoch milliseconds.
    pub due_ms: i64,
    /// One of those that run at the start, one after the other: it starts when it is due.
    pub immediate: bool,
}

/// Why a run starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Missed, and one of the first.
    Immediate,
    /// Missed, and deferred.
    Deferred,
    /// Its own slot, while the catch-up goes on.
    Regular,
}

/// One start. Instants are epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Index of the lane.
    pub lane: usize,
    /// Why.
    pub kind: Kind,
    /// When it was due.
    pub due_ms: i64,
    /// When it starts.
    pub start_ms: i64,
}

/// The starts from the start of the gateway until every missed job has started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wave {
    /// In the order of their instants.
    pub starts: Vec<Start>,
    /// Deferred jobs that found no slot before the end of the horizon, by lane.
    pub waiting: Vec<Due>,
    /// By lane: when it is due next, after what it did in the wave.
    pub next_ms: Vec<Option<i64>>,
    /// When the first missed jobs had ended.
    pub ended_ms: i64,
    /// Slots that are passed over because they fell due meanwhile: lane and instant.
    pub passed_over: Vec<(usize, i64)>,
}

impl CatchUp {
    /// When the gateway makes each missed job due, in order, and when the first ones have ended.
    /// `missing` is in the order of the store.
    ///
    /// Delays count from that end, not from `at_ms`: the clock is read again once the first ones have
    /// run (`baseNow` of `applyStartupCatchupOutcomes`, in 2026.9.6 of `commitStartupCatchupRows`).
    pub fn due(self, missing: &[Missing], at_ms: i64) -> (Vec<Due>, i64) {
        let mut sorted = missing.to_vec();
        // JavaScript's sort is stable, and takes a missing next run as 0.
        sorted.sort_by_key(|m| m.next_run_at_ms.unwrap_or(0));
        let (waiting, eligible): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|m| m.waits);
        let (first, over) = eligible.split_at(eligible.len().min(Self::IMMEDIATE));
        let mut dues = Vec::with_capacity(missing.len());
        let mut now = at_ms;
        for m in first {
            dues.push(Due {
                job: m.job,
                due_ms: now,
                immediate: true,
            });
            now = now.saturating_add(m.run_ms);
        }
        let mut deferred: Vec<(usize, i64)> = over
            .iter()
            .map(|m| (m.job, Self::STEP_MS))
            .chain(waiting.iter().map(|m| (m.job, Self::AGENT_DELAY_MS)))
            .collect();
        if self.defers_by_row() {
            deferred.sort_by_key(|(job, _)| *job);
        }
        let mut step = 0;
        for (job, delay) in deferred {
            dues.push(Due {
                job,
                due_ms: now.saturating_add(delay + step),
                immediate: false,
            });
            step += Self::STEP_MS;
        }
        (dues, now)
    }
}

/// Plays the start of a gateway at `at_ms`: the catch-up with the slots of `dispatch`, and the regular
/// slots that fall into it. Starts at or after `until_ms` are left out.
pub fn wave(
    rules: CatchUp,
    dispatch: &Dispatch,
    lanes: &[Lane<'_>],
    at_ms: i64,
    until_ms: i64,
) -> Wave {
    let missing: Vec<Missing> = (0..)
        .zip(lanes)
        .filter_map(|(job, lane)| match lane.then {
            Then::CaughtUp {
                next_run_at_ms,
                waits,
            } => Some(Missing {
                job,
                next_run_at_ms,
                waits,
                run_ms: lane.run_ms,
            }),
            _ => None,
        })
        .collect();
    let (dues, ended_ms) = rules.due(&missing, at_ms);
    let mut play = Play {
        lanes,
        until_ms,
        queue: BinaryHeap::new(),
        deferred: BTreeSet::new(),
        wave: Wave {
            next_ms: vec![None; lanes.len()],
            ended_ms,
            ..Wave::default()
        },
    };
    for due in dues {
        if due.immediate {
            play.start(due.job, Kind::Immediate, due.due_ms, due.due_ms);
        } else {
            play.deferred.insert(due.job);
            play.enqueue(due.job, due.due_ms);
        }
    }
    play.regular(rules, at_ms);
    match dispatch {
        Dispatch::Batch { slots } => play.ticks(*slots as usize),
        Dispatch::Pool { slots } => play.pool(*slots as usize),
        Dispatch::Unlimited | Dispatch::Molecule(_) => play.pool(lanes.len()),
    }
    let mut wave = play.wave;
    let waiting = play.deferred.into_iter().map(|job| Due {
        job,
        due_ms: wave.next_ms[job].unwrap_or(ended_ms),
        immediate: false,
    });
    wave.waiting = waiting.collect();
    wave.starts.sort_by_key(|s| (s.start_ms, s.lane));
    wave
}

/// A wave in the making.
struct Play<'a> {
    lanes: &'a [Lane<'a>],
    until_ms: i64,
    /// Due instant and lane, the earliest first.
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    /// Deferred and not yet started.
    deferred: BTreeSet<usize>,
    wave: Wave,
}

impl Play<'_> {
    fn enqueue(&mut self, lane: usize, due_ms: i64) {
        self.wave.next_ms[lane] = Some(due_ms);
        self.queue.push(Reverse((due_ms, lane)));
    }

    /// What is due by itself after the first missed jobs have ended.
    fn regular(&mut self, rules: CatchUp, at_ms: i64) {
        let ended = self.wave.ended_ms;
        for (lane, Lane { table, then, .. }) in self.lanes.iter().enumerate() {
            let anew = |from: i64| table.next(from).ok().flatten();
            let due = match *then {
                Then::CaughtUp { .. } | Then::Never => continue,
                Then::Due(due) if due > at_ms && due <= ended && rules.loses_slots_meanwhile() => {
                    let next = anew(ended);
                    // A one-shot is computed to the same instant, and due at once.
                    if next != Some(due) {
                        self.wave.passed_over.push((lane, due));
                    }
                    next
                }
                Then::Due(due) => Some(due),
                Then::Anew(recorded) => recorded
                    .filter(|next| *next > ended)
                    .or_else(|| anew(ended)),
            };
            if let Some(due) = due {
                self.enqueue(lane, due);
            }
        }
    }

    /// Starts a run; returns when it ends.
    fn start(&mut self, lane: usize, kind: Kind, due_ms: i64, start_ms: i64) -> i64 {
        let Lane { table, run_ms, .. } = self.lanes[lane];
        let end = start_ms.saturating_add(run_ms.max(1));
        self.wave.starts.push(Start {
            lane,
            kind,
            due_ms,
            start_ms,
        });
        let next = table.ran(start_ms).next(end).ok().flatten();
        self.wave.next_ms[lane] = None;
        if let Some(next) = next {
            // No job fires again within two seconds of its end.
            self.enqueue(lane, next.max(end.saturating_add(Dispatch::REARM_MS)));
        }
        end
    }

    fn start_due(&mut self, lane: usize, due_ms: i64, start_ms: i64) -> i64 {
        let kind = if self.deferred.remove(&lane) {
            Kind::Deferred
        } else {
            Kind::Regular
        };
        self.start(lane, kind, due_ms, start_ms)
    }

    /// The earliest that is due.
    fn earliest(&self) -> Option<i64> {
        self.queue.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes what is due by `tick`, in the order of the store.
    fn take_due(&mut self, tick: i64) -> BTreeSet<(usize, i64)> {
        let mut taken = BTreeSet::new();
        while let Some(&Reverse((due, lane))) = self.queue.peek() {
            if due > tick {
                break;
            }
            self.queue.pop();
            taken.insert((lane, due));
        }
        taken
    }

    /// A tick takes what is due and works through it with so many slots; no other begins before it
    /// has ended.
    fn ticks(&mut self, slots: usize) {
        let mut idle = self.wave.ended_ms;
        while !self.deferred.is_empty() {
            let Some(due) = self.earliest() else { break };
            let tick = Dispatch::armed(due, idle);
            if tick >= self.until_ms {
                break;
            }
            let mut free: BinaryHeap<Reverse<i64>> =
                (0..slots.max(1)).map(|_| Reverse(tick)).collect();
            for (lane, due) in self.take_due(tick) {
                let Some(Reverse(at)) = free.pop() else { break };
                let end = self.start_due(lane, due, at);
                free.push(Reverse(end));
                idle = idle.max(end);
            }
        }
    }

    /// So many slots for all runs: a freed one goes to the first in the store of what is due.
    fn pool(&mut self, slots: usize) {
        let mut now = self.wave.ended_ms;
        let mut ends: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
        let mut due: BTreeSet<(usize, i64)> = BTreeSet::new();
        while !self.deferred.is_empty() {
            if due.is_empty() {
                let Some(next) = self.earliest() else { break };
                // What fell due before the timer was armed waits for its least delay.
                now = now.max(Dispatch::armed(next, self.wave.ended_ms));
            }
            if ends.len() >= slots.max(1)
                && let Some(Reverse(end)) = ends.peek()
            {
                now = now.max(*end);
            }
            if now >= self.until_ms {
                break;
            }
            while ends.peek().is_some_and(|Reverse(end)| *end <= now) {
                ends.pop();
            }
            due.extend(self.take_due(now));
            while ends.len() < slots.max(1)
                && let Some((lane, at)) = due.pop_first()
            {
                let end = self.start_due(lane, at, now);
                ends.push(Reverse(end));
            }
        }
    }
}
