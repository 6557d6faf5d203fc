//! One run of a job: which of its models it is at, and what was tried.

use fastrand::Rng;

use super::era::Tried;
use super::fault::Kind;

/// A run between its slot and its end.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) job: u32,
    /// Tells this run from others that have the same place after it.
    pub(super) generation: u32,
    /// When it became due.
    pub(super) due_ms: i64,
    /// When its own time-out ends it.
    pub(super) deadline_ms: i64,
    pub(super) stage: Stage,
    /// Which model of its chain is called.
    pub(super) candidate: usize,
    pub(super) tried: Tried,
    /// Whether a model of it was given up after what its scheduler repeats.
    pub(super) passing: bool,
    /// Whether it stands in line again for its next model.
    pub(super) rejoins: bool,
    pub(super) rng: Rng,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its place is free.
    Over,
    /// It has a slot and waits for the lane.
    InLine,
    /// It pauses between two calls.
    Pausing,
    /// It calls a provider.
    Calling { provider: u32, ends: Ends },
}

/// How a call will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Served,
    Failed(Kind),
}

/// What draws of one run come from: the seed, the job and which of its runs it is, so that the same
/// run draws the same in every scenario.
pub(super) fn draws(seed: u64, key: u64, run: u32) -> Rng {
    let mut rng = Rng::with_seed(seed ^ key.rotate_left(17));
    Rng::with_seed(rng.u64(..) ^ u64::from(run))
}
