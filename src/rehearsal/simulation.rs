//! The event loop: occurrences to due runs, and what follows in the order of its instants.

mod calls;
mod restart;
mod slots;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use self::slots::Slots;
use super::count::Counts;
use super::drain::Drains;
use super::fault::{Fault, Target};
use super::figures::Figures;
use super::trace::Traces;
use super::turn::{Run, Stage};
use super::{Calls, Setting};
use crate::plan::Window;

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
    /// A gateway starts its next missed job, or is done with the first ones.
    CatchesUp { restart: u32 },
    /// A job becomes due again: after a pause, or repeated; or made up.
    Due { job: u32 },
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
    /// When the present occurrence became due first.
    first_due_ms: Option<i64>,
    /// Its group of affected runs, when one of its calls has failed.
    affected: Option<usize>,
    /// Calls of the present occurrence.
    calls: u32,
    /// How many models of its chain the present occurrence has called.
    called: usize,
    /// The restart whose next job waits for the end of its run.
    restart: Option<u32>,
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
    drains: Drains,
    /// Calls of affected occurrences.
    affected_calls: u64,
    figures: Figures,
    /// By restart: how many of its first jobs have begun.
    begun: Vec<usize>,
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
            drains: Drains::new(setting.faults),
            affected_calls: 0,
            figures: Figures::default(),
            begun: vec![0; setting.restarts.len()],
        };
        simulation.makes_up();
        simulation
    }

    /// A job is due by the plan, no earlier than the one before.
    pub(super) fn occurrence(&mut self, job: usize, t_ms: i64) {
        // At the same instant, only ends and starts of gateways come before it.
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

    /// Follows the calls through these windows, too.
    pub(super) fn tracing(mut self, windows: &[Window]) -> Self {
        self.counts.trace(windows);
        self
    }

    /// No more come from the plan: the calls by window.
    pub(super) fn traces(mut self) -> Vec<Traces> {
        self.plays_out();
        self.counts.traces()
    }

    fn plays_out(&mut self) {
        while !self.events.is_empty() {
            self.step();
        }
    }

    /// No more come from the plan.
    pub(super) fn finish(mut self) -> Figures {
        self.plays_out();
        let mut figures = self.figures;
        let (waves, biggest, total, providers, bins) = self.counts.finish();
        figures.waves = waves;
        figures.biggest_wave = biggest;
        figures.calls = total.calls;
        figures.failed_calls = total.failed_calls;
        figures.peak_at_once = total.peak_at_once;
        figures.peak_per_second = total.peak_per_second;
        figures.not_ok = figures.lost + figures.coalesced + figures.dropped;
        figures.amplification = ratio(self.affected_calls, figures.affected);
        figures.calls_per_due = ratio(figures.calls, figures.due);
        figures.providers = providers;
        figures.bins = bins;
        figures.drain_ms = self.drains.longest_ms();
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
            Event::CatchesUp { restart } => self.catches_up(restart),
            Event::Due { job } => self.ready(job),
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
        let passed_over = self.slots[actor.source].passes_over;
        let figures = &mut self.figures;
        figures.occurrences += 1;
        let state = &mut self.jobs[job as usize];
        let count = match (actor.calls, state.doing) {
            (Calls::None, _) => &mut figures.without_model,
            (Calls::Unknown, _) => &mut figures.not_simulated,
            (_, Doing::Off) => &mut figures.dropped,
            (_, Doing::Busy) => &mut figures.coalesced,
            (_, Doing::Nothing) if passed_over => &mut figures.coalesced,
            (_, Doing::Nothing) => &mut figures.due,
        };
        *count += 1;
        let busy = passed_over || state.doing != Doing::Nothing;
        if busy || matches!(actor.calls, Calls::None | Calls::Unknown) {
            return;
        }
        state.doing = Doing::Busy;
        state.affected = None;
        state.first_due_ms = None;
        (state.calls, state.called) = (0, 0);
        let due_ms = self.now_ms.max(state.pause_until_ms);
        if due_ms > self.now_ms {
            self.at(due_ms, Event::Due { job });
        } else {
            self.ready(job);
        }
    }

    /// A run is due now.
    fn ready(&mut self, job: u32) {
        let state = &mut self.jobs[job as usize];
        state.due_ms = self.now_ms;
        state.first_due_ms.get_or_insert(self.now_ms);
        self.waiting += 1;
        let source = self.setting.actors[job as usize].source;
        self.slots[source].pending.push_back(job);
        self.will_start(source);
    }

    fn ends_in(&mut self, run: u32, ms: i64) {
        let generation = self.runs[run as usize].generation;
        self.then(run, ms.max(1), Event::Ends { run, generation });
    }

    /// What a run does next, after so many milliseconds; or its time-out, when that comes before.
    fn then(&mut self, run: u32, ms: i64, event: Event) {
        let Run {
            generation,
            deadline_ms,
            ..
        } = self.runs[run as usize];
        let t_ms = self.now_ms.saturating_add(ms);
        if t_ms > deadline_ms {
            self.at(deadline_ms, Event::TimesOut { run, generation });
        } else {
            self.at(t_ms, event);
        }
    }
}

/// To three decimals, which say enough and print alike everywhere; `None` of none.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn ratio(of: u64, to: u64) -> Option<f64> {
    (to > 0).then(|| (of as f64 / to as f64 * 1000.0).round() / 1000.0)
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
