//! Rehearsal: a seeded simulation of what a failing provider makes of a plan.
//!
//! Pure. The plan says when each job becomes due; every due run then calls its models one after the
//! other by the rules of its gateway ([`Era`]): retries, backoffs, fallbacks, time-outs, slots, what
//! the scheduler does after an error. A healthy run is taken to be one provider call that lasts the
//! run's length; a call that fails lasts [`FAILED_CALL_MS`]. Same setting and same seed give the same
//! figures, in whatever order the jobs come.

mod count;
mod drain;
mod era;
mod fault;
mod figures;
mod retry;
mod simulation;
#[cfg(test)]
mod tests;
mod trace;
mod turn;

pub use count::Bin;
pub use era::{Era, Silence, Tried};
pub use fault::{Fault, Kind, Span, Target};
pub use figures::{Figures, ProviderFigures, percentile};
pub use retry::{Reason, Retry};
pub use trace::{Trace, Traces};

use std::ops::ControlFlow;

use crate::plan::{self, Dispatch, Fire, Input, Sink, Window};

/// How long a call that its provider refuses lasts, milliseconds. Assumed: an error answer is quick.
pub const FAILED_CALL_MS: i64 = 200;

/// What a run calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Index into [`Setting::chains`].
    Chain(u32),
    /// The run ends with a permanent error before any call.
    Fails,
    /// Jobs of this kind call no model.
    None,
    /// It is not known what it calls.
    Unknown,
}

/// How a job recurs, as far as schedulers tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// By a cron expression: 2 s lie between a run's end and the next start at least.
    Cron,
    /// By a period.
    Every,
    /// It fires once.
    Once,
}

/// One job, at the index that it has in [`Input::jobs`].
#[derive(Clone, Debug)]
pub struct Actor {
    /// What it calls.
    pub calls: Calls,
    /// Index into [`Setting::sources`].
    pub source: usize,
    /// What its draws come from, with the seed: a hash of its id.
    pub key: u64,
    /// Length of a healthy call, milliseconds, at least 1.
    pub run_ms: i64,
    /// The run's own time-out, milliseconds, counted from its slot on; `None` for none.
    pub timeout_ms: Option<i64>,
    /// How it recurs.
    pub beat: Beat,
    /// Its turn waits for the lane that all isolated agent turns share ([`Gateway::lane`]).
    pub in_lane: bool,
    /// Is switched off after too many errors ([`Era::switches_off_after`]); the gateway's monitors are not.
    pub switches_off: bool,
    /// Consecutive errors as recorded.
    pub errors: u32,
}

/// What one source runs its jobs by.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Slots.
    pub dispatch: Dispatch,
    /// Retries, and what follows an error.
    pub era: Era,
    /// Repeats of one-shots.
    pub retry: Retry,
    /// Agent turns at once, whatever the slots: OpenClaw 2026.3 has a lane of one.
    pub lane: Option<u32>,
}

/// Everything that a rehearsal may know besides the plan.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The jobs, as in [`Input::jobs`].
    pub actors: &'a [Actor],
    /// Models in the order in which a run tries them, as indices into `models`; none is empty.
    pub chains: &'a [Vec<u32>],
    /// The provider of each model.
    pub models: &'a [u32],
    /// How many calls each provider serves at once; `None` for any number.
    pub capacity: &'a [Option<u32>],
    /// The gateways, by source.
    pub sources: &'a [Gateway],
    /// What goes wrong.
    pub faults: &'a [Fault],
    /// Occurrences besides the plan's: job, and when it is due, epoch milliseconds. Its slots before
    /// coalesce with it.
    pub extra: &'a [(usize, i64)],
    /// Gateways that start, and make up for what they missed.
    pub restarts: &'a [Restart],
    /// What draws come from.
    pub seed: u64,
    /// Length of a bin of the timeline, milliseconds.
    pub bin_ms: i64,
}

/// What a gateway that starts makes up: each job once. Its slots before its turn coalesce with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Index into [`Setting::sources`].
    pub source: usize,
    /// When it starts, epoch milliseconds.
    pub at_ms: i64,
    /// Jobs that run at once, one after the other.
    pub first: Vec<usize>,
    /// Jobs that are due so long after the last of these has ended, milliseconds.
    pub then: Vec<(usize, i64)>,
    /// Whether slots of other jobs that fall due before that end are passed over.
    pub passes_over: bool,
}

/// Plays the plan of `input` out, planned starts and all.
pub fn rehearse(input: &Input<'_>, setting: &Setting<'_>) -> Figures {
    let mut simulation = simulation::Simulation::new(setting);
    plan::plan(input, &mut Feed(&mut simulation));
    simulation.finish()
}

/// Plays it out again, to see the calls over time. Windows begin with a whole second and have bins of
/// whole seconds.
pub fn trace(input: &Input<'_>, setting: &Setting<'_>, windows: &[Window]) -> Vec<Traces> {
    let mut simulation = simulation::Simulation::new(setting).tracing(windows);
    plan::plan(input, &mut Feed(&mut simulation));
    simulation.traces()
}

/// Hands planned starts to a simulation as they come.
struct Feed<'s, 'a>(&'s mut simulation::Simulation<'a>);

impl Sink for Feed<'_, '_> {
    fn wants_fires(&self) -> bool {
        true
    }

    fn fire(&mut self, fire: Fire) -> ControlFlow<()> {
        self.0.occurrence(fire.job, fire.planned_ms);
        ControlFlow::Continue(())
    }
}
