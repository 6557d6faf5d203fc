//! Due runs to slots, slots to the lane.

use std::collections::VecDeque;

use super::super::era::Tried;
use super::super::turn::{Run, Stage, draws};
use super::super::{Calls, FAILED_CALL_MS, Gateway};
use super::{Event, Simulation, small};
use crate::plan::Dispatch;

/// The slots and the lane of one source.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// Due, waiting.
    pub(super) pending: VecDeque<u32>,
    /// Of the tick in progress, waiting for a slot (batch).
    pub(super) tick: VecDeque<u32>,
    pub(super) running: u32,
    /// Runs that wait for the lane: place and generation.
    pub(super) line: VecDeque<(u32, u32)>,
    pub(super) in_lane: u32,
    /// When the last tick ended (batch).
    pub(super) ended_ms: Option<i64>,
    /// Whether a start is in the event queue already.
    pub(super) starting: bool,
    /// Whether it passes slots over, because it still works on what it missed.
    pub(super) passes_over: bool,
}

impl Simulation<'_> {
    /// A source starts what it can, once everything of this instant is due.
    pub(super) fn will_start(&mut self, source: usize) {
        if !std::mem::replace(&mut self.slots[source].starting, true) {
            let source = small(source);
            self.at(self.now_ms, Event::Starts { source });
        }
    }

    pub(super) fn starts(&mut self, source: u32) {
        let source = source as usize;
        let gateway: &Gateway = &self.setting.sources[source];
        self.slots[source].starting = false;
        let most = match gateway.dispatch {
            Dispatch::Pool { slots } | Dispatch::Batch { slots } => slots.max(1),
            Dispatch::Unlimited | Dispatch::Molecule(_) => u32::MAX,
        };
        let batch = matches!(gateway.dispatch, Dispatch::Batch { .. });
        while let Some(run) = self.next_in_line(source, gateway.lane) {
            self.begins(run);
        }
        let slots = &mut self.slots[source];
        if batch && slots.tick.is_empty() && slots.running == 0 && !slots.pending.is_empty() {
            if slots.ended_ms.take() == Some(self.now_ms) {
                slots.starting = true;
                let source = small(source);
                self.at(self.now_ms + Dispatch::REARM_MS, Event::Starts { source });
                return;
            }
            slots.tick = std::mem::take(&mut slots.pending);
        }
        loop {
            let slots = &mut self.slots[source];
            if slots.running >= most {
                break;
            }
            let queue = if batch {
                &mut slots.tick
            } else {
                &mut slots.pending
            };
            let Some(job) = queue.pop_front() else { break };
            slots.running += 1;
            self.takes_slot(job, source, gateway.lane);
        }
    }

    /// The next run in line, when the lane has room.
    fn next_in_line(&mut self, source: usize, lane: Option<u32>) -> Option<u32> {
        loop {
            let slots = &mut self.slots[source];
            if lane.is_some_and(|lane| slots.in_lane >= lane) {
                return None;
            }
            let (run, generation) = slots.line.pop_front()?;
            if self.is(run, generation) {
                return Some(run);
            }
        }
    }

    fn takes_slot(&mut self, job: u32, source: usize, lane: Option<u32>) {
        let actor = &self.setting.actors[job as usize];
        self.figures.runs += 1;
        let state = &mut self.jobs[job as usize];
        let rng = draws(self.setting.seed, actor.key, state.runs);
        state.runs += 1;
        let run = Run {
            job,
            generation: 0,
            due_ms: state.due_ms,
            deadline_ms: actor
                .timeout_ms
                .map_or(i64::MAX, |ms| self.now_ms.saturating_add(ms)),
            stage: Stage::InLine,
            candidate: 0,
            tried: Tried::default(),
            passing: false,
            rejoins: false,
            rng,
        };
        let place = if let Some(place) = self.free.pop() {
            let generation = self.runs[place as usize].generation + 1;
            self.runs[place as usize] = Run { generation, ..run };
            place
        } else {
            self.runs.push(run);
            small(self.runs.len() - 1)
        };
        let in_lane = self.slots[source].in_lane;
        if actor.in_lane && lane.is_some_and(|lane| in_lane >= lane) {
            self.lines_up(place);
        } else {
            self.begins(place);
        }
    }

    /// A run waits for the lane, until its time-out at most.
    pub(super) fn lines_up(&mut self, run: u32) {
        let Run {
            job,
            generation,
            deadline_ms,
            ..
        } = self.runs[run as usize];
        let source = self.setting.actors[job as usize].source;
        self.slots[source].line.push_back((run, generation));
        if deadline_ms < i64::MAX {
            self.at(deadline_ms, Event::TimesOut { run, generation });
        }
    }

    /// A run may call.
    fn begins(&mut self, run: u32) {
        let (job, due_ms) = (self.runs[run as usize].job, self.runs[run as usize].due_ms);
        let actor = &self.setting.actors[job as usize];
        self.waiting -= 1;
        let waited = self.now_ms - due_ms;
        self.figures.longest_wait_ms = self.figures.longest_wait_ms.max(waited);
        self.slots[actor.source].in_lane += u32::from(actor.in_lane);
        if actor.calls == Calls::Fails {
            self.runs[run as usize].stage = Stage::Pausing;
            self.ends_in(run, FAILED_CALL_MS);
        } else {
            self.calls(run);
        }
    }
}
