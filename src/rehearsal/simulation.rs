//! The event loop: due runs to slots, slots to the lane, runs to calls, failures to what follows.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::count::Counts;
use super::era::Tried;
use super::fault::{Fault, Kind, Target};
use super::figures::Figures;
use super::turn::{Ends, Run, Stage, draws};
use super::{Calls, FAILED_CALL_MS, Gateway, Setting};
use crate::plan::Dispatch;

/// The least time between the end of a run and the next start of the same `cron` job, milliseconds.
///
/// Source: `MIN_REFIRE_GAP_MS`, the same in both eras.
const REFIRE_GAP_MS: i64 = 2000;

/// What happens at an instant. At equal instants ends come first, then what becomes due, then starts:
/// the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The call of a run ends.
    Ends { run: u32, generation: u32 },
    /// The run's own time-out.
    TimesOut { run: u32, generation: u32 },
    /// A job becomes due again: after a pause, or repeated.
    Due { job: u32 },
    /// An occurrence besides the plan's.
    Extra { job: u32 },
    /// A run calls.
    Calls { run: u32, generation: u32 },
    /// A source starts what it can.
    Starts { source: u32 },
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doing {
    #[default]
    Nothing,
    /// It is due, or will be when a pause is over, or runs.
    Busy,
    /// It is switched off.
    Off,
}

#[derive(Clone, Debug, Default)]
struct Job {
    doing: Doing,
    errors: u32,
    /// Runs so far: numbers its draws.
    runs: u32,
    /// No run becomes due before.
    pause_until_ms: i64,
    /// Since when the present occurrence is due.
    due_ms: i64,
    /// Whether one of its calls has failed.
    affected: bool,
    /// Calls of the present occurrence.
    calls: u32,
}

/// The slots and the lane of one source.
#[derive(Debug, Default)]
struct Slots {
    /// Due, waiting.
    pending: VecDeque<u32>,
    /// Of the tick in progress, waiting for a slot (batch).
    tick: VecDeque<u32>,
    running: u32,
    /// Runs that wait for the lane: place and generation.
    line: VecDeque<(u32, u32)>,
    in_lane: u32,
    /// Whether a start is in the event queue already.
    starting: bool,
}

pub(super) struct Simulation<'a> {
    setting: &'a Setting<'a>,
    events: BinaryHeap<Reverse<(i64, Event, u64)>>,
    sequence: u64,
    jobs: Vec<Job>,
    runs: Vec<Run>,
    free: Vec<u32>,
    slots: Vec<Slots>,
    /// Calls that each provider serves now.
    serving: Vec<u32>,
    /// The faults that hit each model.
    faults: Vec<Vec<&'a Fault>>,
    counts: Counts,
    now_ms: i64,
    waiting: u64,
    first_due_ms: Option<i64>,
    last_end_ms: i64,
    figures: Figures,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(setting: &'a Setting<'a>) -> Self {
        let hits = |model: usize, fault: &&Fault| match fault.target {
            Target::Provider(provider) => setting.models[model] == provider,
            Target::Model(index) => index as usize == model,
        };
        let faults = |model| setting.faults.iter().filter(|f| hits(model, f)).collect();
        let job = |errors| Job {
            errors,
            pause_until_ms: i64::MIN,
            ..Job::default()
        };
        let mut simulation = Self {
            setting,
            events: BinaryHeap::new(),
            sequence: 0,
            jobs: setting.actors.iter().map(|a| job(a.errors)).collect(),
            runs: Vec::new(),
            free: Vec::new(),
            slots: setting.sources.iter().map(|_| Slots::default()).collect(),
            serving: vec![0; setting.capacity.len()],
            faults: (0..setting.models.len()).map(faults).collect(),
            counts: Counts::new(setting.capacity.len(), setting.bin_ms),
            now_ms: i64::MIN,
            waiting: 0,
            first_due_ms: None,
            last_end_ms: i64::MIN,
            figures: Figures::default(),
        };
        let mut extra = setting.extra.to_vec();
        extra.sort_by_key(|(job, at_ms)| (*at_ms, setting.actors[*job].key));
        for (job, at_ms) in extra {
            simulation.at(at_ms, Event::Extra { job: small(job) });
        }
        simulation
    }

    /// A job is due by the plan, no earlier than the one before.
    pub(super) fn occurrence(&mut self, job: usize, t_ms: i64) {
        // At the same instant, only ends come before it.
        let first_due = Event::Due { job: 0 };
        while let Some(Reverse(next)) = self.events.peek() {
            if (next.0, next.1) >= (t_ms, first_due) {
                break;
            }
            self.step();
        }
        self.arrives(t_ms);
        self.occurs(small(job));
    }

    /// No more come from the plan.
    pub(super) fn finish(mut self) -> Figures {
        while !self.events.is_empty() {
            self.step();
        }
        let mut figures = self.figures;
        let (waves, biggest, total, providers, bins) = self.counts.finish();
        figures.waves = waves;
        figures.biggest_wave = biggest;
        figures.calls = total.calls;
        figures.failed_calls = total.failed_calls;
        figures.peak_at_once = total.peak_at_once;
        figures.peak_per_second = total.peak_per_second;
        #[allow(clippy::cast_precision_loss)] // Far below 2^53.
        let ratio = figures.calls as f64 / figures.due as f64;
        // Three decimals say enough, and print alike everywhere.
        figures.amplification = (figures.due > 0).then(|| (ratio * 1000.0).round() / 1000.0);
        figures.providers = providers;
        figures.bins = bins;
        figures.drain_ms = self
            .first_due_ms
            .filter(|_| figures.failed_calls > 0)
            .map(|first| (self.last_end_ms - first).max(0));
        figures
    }

    fn at(&mut self, t_ms: i64, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((t_ms, event, self.sequence)));
    }

    /// Time goes on to `t_ms`. What waited until now did wait.
    fn arrives(&mut self, t_ms: i64) {
        if t_ms > self.now_ms {
            self.figures.longest_queue = self.figures.longest_queue.max(self.waiting);
            self.now_ms = t_ms;
        }
    }

    fn step(&mut self) {
        let Some(Reverse((t_ms, event, _))) = self.events.pop() else {
            return;
        };
        self.arrives(t_ms);
        match event {
            Event::Ends { run, generation } if self.is(run, generation) => self.ends(run),
            Event::TimesOut { run, generation } if self.is(run, generation) => self.times_out(run),
            Event::Calls { run, generation } if self.is(run, generation) => self.goes_on(run),
            Event::Ends { .. } | Event::TimesOut { .. } | Event::Calls { .. } => {}
            Event::Due { job } => self.ready(job),
            Event::Extra { job } => self.occurs(job),
            Event::Starts { source } => self.starts(source),
        }
    }

    fn is(&self, run: u32, generation: u32) -> bool {
        let run = &self.runs[run as usize];
        run.generation == generation && run.stage != Stage::Over
    }

    fn occurs(&mut self, job: u32) {
        let setting = self.setting;
        let actor = &setting.actors[job as usize];
        let figures = &mut self.figures;
        figures.occurrences += 1;
        let state = &mut self.jobs[job as usize];
        let count = match (actor.calls, state.doing) {
            (Calls::None, _) => &mut figures.without_model,
            (Calls::Unknown, _) => &mut figures.not_simulated,
            (_, Doing::Off) => &mut figures.dropped,
            (_, Doing::Busy) => &mut figures.coalesced,
            (_, Doing::Nothing) => &mut figures.due,
        };
        *count += 1;
        if state.doing != Doing::Nothing || matches!(actor.calls, Calls::None | Calls::Unknown) {
            return;
        }
        state.doing = Doing::Busy;
        state.affected = false;
        state.calls = 0;
        let due_ms = self.now_ms.max(state.pause_until_ms);
        if self.first_due_ms.is_none() && self.is_faulty(due_ms) {
            self.first_due_ms = Some(due_ms);
        }
        if due_ms > self.now_ms {
            self.at(due_ms, Event::Due { job });
        } else {
            self.ready(job);
        }
    }

    /// Whether anything may go wrong at `t_ms`.
    fn is_faulty(&self, t_ms: i64) -> bool {
        let limited = self.setting.capacity.iter().any(Option::is_some);
        limited || self.setting.faults.iter().any(|f| f.holds(t_ms))
    }

    /// A run is due now.
    fn ready(&mut self, job: u32) {
        self.jobs[job as usize].due_ms = self.now_ms;
        self.waiting += 1;
        let source = self.setting.actors[job as usize].source;
        self.slots[source].pending.push_back(job);
        self.will_start(source);
    }

    fn will_start(&mut self, source: usize) {
        if !std::mem::replace(&mut self.slots[source].starting, true) {
            let source = small(source);
            self.at(self.now_ms, Event::Starts { source });
        }
    }

    fn starts(&mut self, source: u32) {
        let source = source as usize;
        let gateway: &Gateway = &self.setting.sources[source];
        self.slots[source].starting = false;
        let most = match gateway.dispatch {
            Dispatch::Pool { slots } | Dispatch::Batch { slots } => slots.max(1),
            Dispatch::Unlimited | Dispatch::Molecule(_) => u32::MAX,
        };
        let batch = matches!(gateway.dispatch, Dispatch::Batch { .. });
        while let Some(run) = self.from_line(source, gateway.lane) {
            self.begins(run);
        }
        let slots = &mut self.slots[source];
        if batch && slots.tick.is_empty() && slots.running == 0 {
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
    fn from_line(&mut self, source: usize, lane: Option<u32>) -> Option<u32> {
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
            stage: Stage::InLine,
            candidate: 0,
            tried: Tried::default(),
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
        let generation = self.runs[place as usize].generation;
        if let Some(timeout) = actor.timeout_ms {
            let run = place;
            self.at(
                self.now_ms.saturating_add(timeout),
                Event::TimesOut { run, generation },
            );
        }
        let slots = &mut self.slots[source];
        if lane.is_some() && actor.in_lane && (slots.in_lane >= lane.unwrap_or(0)) {
            slots.line.push_back((place, generation));
        } else {
            self.begins(place);
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

    fn ends_in(&mut self, run: u32, ms: i64) {
        let generation = self.runs[run as usize].generation;
        self.at(
            self.now_ms.saturating_add(ms.max(1)),
            Event::Ends { run, generation },
        );
    }

    /// A pause is over. Every model of a run takes its own place in the lane (recorded on 2026.3.31):
    /// the next one waits behind all others.
    fn goes_on(&mut self, run: u32) {
        let place = run as usize;
        let actor = &self.setting.actors[self.runs[place].job as usize];
        let lane = self.setting.sources[actor.source].lane;
        if !std::mem::take(&mut self.runs[place].rejoins) || lane.is_none() || !actor.in_lane {
            return self.calls(run);
        }
        self.runs[place].stage = Stage::InLine;
        self.runs[place].due_ms = self.now_ms;
        self.waiting += 1;
        let generation = self.runs[place].generation;
        let slots = &mut self.slots[actor.source];
        slots.in_lane -= 1;
        slots.line.push_back((run, generation));
        self.will_start(actor.source);
    }

    /// A run calls the model that it is at.
    fn calls(&mut self, run: u32) {
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
        self.counts.begins(t_ms, provider, fails, state.calls > 0);
        state.calls += 1;
        if fails && !state.affected {
            state.affected = true;
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
    fn ends(&mut self, run: u32) {
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
        let era = self.setting.sources[actor.source].era;
        let Run {
            tried,
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
            let next = *candidate < chain.len();
            next.then(|| era.failover_ms(kind, rng)).flatten()
        };
        let Some(pause) = pause else {
            let transient = kind.is_transient();
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
        self.at(
            now_ms.saturating_add(pause),
            Event::Calls { run, generation },
        );
    }

    fn hangs_up(&mut self, provider: u32, ends: Ends) {
        self.counts.ends(provider);
        if ends == Ends::Served {
            self.serving[provider as usize] -= 1;
        }
    }

    /// A run's own time-out ends it, wherever it is.
    fn times_out(&mut self, run: u32) {
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
        slots.in_lane -= u32::from(actor.in_lane);
        self.will_start(actor.source);
        let now_ms = self.now_ms;
        let state = &mut self.jobs[job as usize];
        if state.affected {
            self.last_end_ms = self.last_end_ms.max(now_ms);
        }
        let failed = match result {
            Ok(()) => {
                state.doing = Doing::Nothing;
                state.errors = 0;
                if actor.gap {
                    state.pause_until_ms = now_ms + REFIRE_GAP_MS;
                }
                self.figures.ok += 1;
                self.figures.fell_back += u64::from(self.is_elsewhere(actor.calls, candidate));
                return;
            }
            Err(failed) => failed,
        };
        let era = self.setting.sources[actor.source].era;
        state.errors = state.errors.saturating_add(1);
        let resumes_ms = now_ms + era.backoff_ms(state.errors);
        let off = era
            .switches_off_after()
            .is_some_and(|most| !actor.one_shot && actor.switches_off && state.errors >= most);
        if !off && era.repeats(actor.one_shot, failed.transient, state.errors) {
            self.at(resumes_ms, Event::Due { job });
            return;
        }
        self.figures.lost += 1;
        self.figures.timed_out += u64::from(failed.timed_out);
        self.figures.switched_off += u64::from(off);
        state.doing = if off { Doing::Off } else { Doing::Nothing };
        state.pause_until_ms = resumes_ms;
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

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
