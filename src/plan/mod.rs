//! Plans: which jobs fire together, where jitter puts them, and what then runs at once.
//!
//! Pure: jobs, schedulers and options in, bursts, fires and peaks out. Occurrences are enumerated
//! once per distinct recurrence and streamed in chunks of the horizon, so that memory depends on
//! neither its length nor the number of fires in it.

mod ahead;
mod burst;
mod busy;
mod dispatch;
mod jitter;
mod measure;
mod peak;
mod place;
mod ranked;
mod run;
mod span;
mod starts;
pub mod suggest;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod trace;

pub use burst::{Burst, BurstGroup};
pub use dispatch::{Dispatch, DispatchReport, MoleculeRules};
pub use jitter::{Gap, Jitter, Options, below, hash_offset, random_offset};
pub use peak::{Peak, Peaks, peaks_of};
pub use place::Totals;
pub use run::{Fire, Outcome, Sink, Traced, plan, trace};
pub use timeline::Recurrence;
pub use trace::{Trace, Traces, Window};

/// Half-open span of time `[from_ms, until_ms)`, epoch milliseconds UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// First instant inside.
    pub from_ms: i64,
    /// First instant after.
    pub until_ms: i64,
}

/// One enabled job, reduced to what a plan needs.
#[derive(Clone, Debug)]
pub struct PlanJob<'a> {
    /// The job's id: orders a burst (by hash) and seeds its offset.
    pub id: &'a str,
    /// Tells equal ids of different sources apart, so that the order is total.
    pub source: u32,
    /// Index into [`Input::recurrences`].
    pub recurrence: u32,
    /// What the source itself adds to each nominal instant, milliseconds: OpenClaw's stagger,
    /// Molecule's poll phase.
    pub native_offset_ms: i64,
    /// Index into [`Input::groups`].
    pub group: u32,
    /// Length of a run, milliseconds, at least 1.
    pub run_ms: i64,
    /// Whether bursts with this job, and its fires, are reported (`--job`). Never changes the plan.
    pub shown: bool,
}

/// Everything that a plan may know.
pub struct Input<'a> {
    /// The enabled jobs, in any order: it does not matter.
    pub jobs: Vec<PlanJob<'a>>,
    /// The distinct recurrences that the jobs share.
    pub recurrences: Vec<&'a dyn Recurrence>,
    /// Labels of the groups whose peaks are reported.
    pub groups: Vec<String>,
    /// How each source starts what is due, by source index.
    pub dispatch: Vec<Dispatch>,
    /// When.
    pub horizon: Horizon,
    /// How.
    pub options: Options,
}
