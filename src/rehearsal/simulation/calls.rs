//! What a run does once it may call: calls, retries, the next model, its end and what follows it.

use super::super::era::Tried;
use super::super::fault::Kind;
use super::super::turn::{Ends, Run, Stage};
use super::super::{Beat, Calls, FAILED_CALL_MS, Gateway};
use super::{Doing, Event, REFIRE_GAP_MS, Simulation};

impl Simulation<'_> {
    /// A pause is over. Every model of a run takes its own place in the lane (recorded on 2026.3.31):
    /// the next one waits behind all others.
    pub(super) fn goes_on(&mut self, run: u32) {
        let place = run as usize;
        let actor = &self.setting.actors[self.runs[place].job as usize];
        let lane = self.setting.sources[actor.source].lane;
        if !std::mem::take(&mut self.runs[place].rejoins) || lane.is_none() || !actor.in_lane {
            return self.calls(run);
        }
        self.runs[place].stage = Stage::InLine;
        self.runs[place].due_ms = self.now_ms;
        self.waiting += 1;
        self.slots[actor.source].in_lane -= 1;
        self.lines_up(run);
        self.will_start(actor.source);
    }

    /// A run calls the model that it is at.
    pub(super) fn calls(&mut self, run: u32) {
        let t_ms = self.now_ms;
        let place = run as usize;
        let job = self.runs[place].job as usize;
        let actor = &self.setting.actors[job];
        let Some(model) = self.model_of(run) else {
            return;
        };
        let provider = self.setting.models[model as usize];
        let at = provider as usize;
        let full = self.setting.capacity[at].is_some_and(|most| self.serving[at] >= most);
        let rng = &mut self.runs[place].rng;
        let struck = self.faults[model as usize].iter().find(|fault| {
            fault.holds(t_ms) && (fault.probability >= 1.0 || rng.f64() < fault.probability)
        });
        let ends = match (struck, full) {
            (Some(fault), _) => Ends::Failed(fault.kind),
            (None, true) => Ends::Failed(Kind::Overloaded),
            (None, false) => Ends::Served,
        };
        let lasts = match ends {
            Ends::Served => {
                self.serving[at] += 1;
                actor.run_ms
            }
            Ends::Failed(Kind::Silence) => self.setting.sources[actor.source].era.silence_ms(),
            Ends::Failed(_) => FAILED_CALL_MS,
        };
        let state = &mut self.jobs[job];
        let fails = ends != Ends::Served;
        let candidate = self.runs[place].candidate;
        let repeated_by = (candidate < state.called).then_some(self.runs[place].job);
        self.counts.begins(t_ms, provider, fails, repeated_by);
        state.calls += 1;
        state.called = state.called.max(candidate + 1);
        self.affected_calls += u64::from(state.affected.is_some());
        if fails && state.affected.is_none() {
            let due_ms = state.first_due_ms.unwrap_or(t_ms);
            state.affected = Some(self.drains.affects(due_ms, t_ms, struck.is_some()));
            self.affected_calls += u64::from(state.calls);
            self.figures.affected += 1;
        }
        self.runs[place].stage = Stage::Calling { provider, ends };
        self.ends_in(run, lasts);
    }

    /// The model that a run is at.
    fn model_of(&self, run: u32) -> Option<u32> {
        let run = &self.runs[run as usize];
        match self.setting.actors[run.job as usize].calls {
            Calls::Chain(chain) => {
                let chain = self.setting.chains.get(chain as usize)?;
                chain.get(run.candidate).copied()
            }
            _ => None,
        }
    }

    /// What a run does has ended by itself.
    pub(super) fn ends(&mut self, run: u32) {
        let place = run as usize;
        let Stage::Calling { provider, ends } = self.runs[place].stage else {
            // It failed before any call.
            return self.over(
                run,
                Err(Failed {
                    transient: false,
                    timed_out: false,
                }),
            );
        };
        self.hangs_up(provider, ends);
        let Ends::Failed(kind) = ends else {
            return self.over(run, Ok(()));
        };
        let now_ms = self.now_ms;
        let job = self.runs[place].job as usize;
        let actor = &self.setting.actors[job];
        let Gateway { era, retry, .. } = &self.setting.sources[actor.source];
        let Run {
            tried,
            passing,
            rng,
            candidate,
            rejoins,
            ..
        } = &mut self.runs[place];
        if tried.calls == 0 {
            tried.first_failed_ms = now_ms;
        }
        tried.calls += 1;
        let pause = if let Some(pause) = era.again_ms(kind, tried, now_ms, rng) {
            Some(pause)
        } else {
            let chain = match actor.calls {
                Calls::Chain(chain) => &self.setting.chains[chain as usize][..],
                _ => &[],
            };
            *candidate += 1;
            *tried = Tried::default();
            *rejoins = true;
            let failover = era.failover_ms(kind, rng);
            // A failure that no model follows is all that the run says of itself.
            let summed = era.sums_up() && chain.len() > 1 && failover.is_some();
            *passing &= summed;
            *passing |= retry.is_on(era.reasons(kind, summed));
            failover.filter(|_| *candidate < chain.len())
        };
        let Some(pause) = pause else {
            let transient = *passing;
            return self.over(
                run,
                Err(Failed {
                    transient,
                    timed_out: false,
                }),
            );
        };
        let generation = self.runs[place].generation;
        self.runs[place].stage = Stage::Pausing;
        self.then(run, pause, Event::Calls { run, generation });
    }

    fn hangs_up(&mut self, provider: u32, ends: Ends) {
        self.counts.ends(self.now_ms, provider);
        if ends == Ends::Served {
            self.serving[provider as usize] -= 1;
        }
    }

    /// A run's own time-out ends it, wherever it is.
    pub(super) fn times_out(&mut self, run: u32) {
        let place = run as usize;
        let actor = &self.setting.actors[self.runs[place].job as usize];
        match self.runs[place].stage {
            Stage::Calling { provider, ends } => self.hangs_up(provider, ends),
            Stage::InLine => {
                self.waiting -= 1;
                let waited = self.now_ms - self.runs[place].due_ms;
                self.figures.longest_wait_ms = self.figures.longest_wait_ms.max(waited);
                // It never held the lane that `over` gives back.
                self.slots[actor.source].in_lane += u32::from(actor.in_lane);
            }
            Stage::Pausing | Stage::Over => {}
        }
        let era = self.setting.sources[actor.source].era;
        let transient = era.timeout_is_transient();
        self.over(
            run,
            Err(Failed {
                transient,
                timed_out: true,
            }),
        );
    }

    /// A run is over: its slot is free, and its scheduler decides what follows.
    fn over(&mut self, run: u32, result: Result<(), Failed>) {
        let Run { job, candidate, .. } = self.runs[run as usize];
        self.runs[run as usize].stage = Stage::Over;
        self.free.push(run);
        let actor = &self.setting.actors[job as usize];
        let slots = &mut self.slots[actor.source];
        slots.running -= 1;
        // What a gateway catches up with when it starts follows without its timer.
        let is_tick = self.jobs[job as usize].restart.is_none();
        if is_tick && slots.running == 0 && slots.tick.is_empty() {
            slots.ended_ms = Some(self.now_ms);
        }
        slots.in_lane -= u32::from(actor.in_lane);
        self.will_start(actor.source);
        let now_ms = self.now_ms;
        if let Some(restart) = self.jobs[job as usize].restart.take() {
            self.at(now_ms, Event::CatchesUp { restart });
        }
        let state = &mut self.jobs[job as usize];
        let failed = match result {
            Ok(()) => {
                if let Some(group) = state.affected {
                    self.drains.ends(group, now_ms);
                }
                state.doing = Doing::Nothing;
                state.errors = 0;
                if actor.beat == Beat::Cron {
                    state.pause_until_ms = now_ms + REFIRE_GAP_MS;
                }
                self.figures.ok += 1;
                self.figures.fell_back += u64::from(self.is_elsewhere(actor.calls, candidate));
                return;
            }
            Err(failed) => failed,
        };
        let Gateway { era, retry, .. } = &self.setting.sources[actor.source];
        let once = actor.beat == Beat::Once;
        state.errors = state.errors.saturating_add(1);
        let off = era
            .switches_off_after()
            .is_some_and(|most| !once && actor.switches_off && state.errors >= most);
        let repeats = failed.transient && state.errors <= retry.attempts;
        if !off && repeats && (once || era.repeats_recurring()) {
            let again_ms = now_ms.saturating_add(retry.pause_ms(state.errors));
            self.at(again_ms, Event::Due { job });
            return;
        }
        if let Some(group) = state.affected {
            self.drains.ends(group, now_ms);
        }
        self.figures.lost += 1;
        self.figures.timed_out += u64::from(failed.timed_out);
        self.figures.switched_off += u64::from(off);
        state.doing = if off { Doing::Off } else { Doing::Nothing };
        state.pause_until_ms = now_ms + era.backoff_ms(state.errors);
    }

    /// Whether another provider served a run than the first in its chain.
    fn is_elsewhere(&self, calls: Calls, candidate: usize) -> bool {
        let Calls::Chain(chain) = calls else {
            return false;
        };
        let chain = &self.setting.chains[chain as usize];
        let provider = |at: usize| chain.get(at).map(|m| self.setting.models[*m as usize]);
        provider(candidate) != provider(0)
    }
}

/// How a run failed.
#[derive(Clone, Copy, Debug)]
struct Failed {
    /// Whether it may pass.
    transient: bool,
    /// Whether its own time-out ended it.
    timed_out: bool,
}
