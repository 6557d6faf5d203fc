//! One look at a platform: as few requests as the question needs.

use super::client::Platform;
use crate::error::{Error, Problem};
use crate::turn::{Adapters, Sighting, Snapshot};

/// How much to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The whole fleet: the workspaces, the turns, and at most one request per busy workspace:
    /// activity first; what is left of that budget goes to the ceilings of those that look over.
    Fleet,
    /// These workspaces in full: activity, ceiling, schedules.
    Named(Vec<String>),
    /// The two lists alone: for reading back.
    Lists,
}

/// Looks at a platform. What could not be got for one workspace is a problem; the rest is kept.
///
/// # Errors
/// When the list of workspaces cannot be got, and no list of turns either.
pub async fn gather(
    _platform: &Platform,
    _source: &str,
    _depth: &Depth,
    _adapters: &Adapters,
    _concurrency: usize,
    _now_ms: i64,
    _now_is_real: bool,
) -> Result<(Snapshot, Vec<Problem>), Error> {
    unimplemented!()
}

/// What a snapshot saw, for the ledger: the busy workspaces, and those idle that have a spell.
pub fn sightings(_snapshot: &Snapshot, _known: &dyn Fn(&str) -> bool) -> Vec<Sighting> {
    unimplemented!()
}
