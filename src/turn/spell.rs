//! Spells: uninterrupted stretches in which a workspace was seen busy. The ledger keeps them, so
//! that a call profits from what an earlier one, or a running watch, saw.

use serde::{Deserialize, Serialize};

/// A workspace that is seen idle, or not seen at all, for less than this is taken as busy all along:
/// the platform's phantom sweep shows 0 for up to 30 s while a turn goes on.
pub const BRIDGE_MS: i64 = 60_000;

/// One look at one workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The workspace.
    pub workspace_id: String,
    /// When, epoch milliseconds by our clock.
    pub at_ms: i64,
    /// Whether it was busy.
    pub busy: bool,
    /// What saw it.
    pub by: Witness,
    /// The turn's id, where known.
    pub turn_id: Option<String>,
    /// The prompt in flight.
    pub current_task: Option<String>,
    /// When the turn started, where the witness says so: epoch milliseconds by our clock.
    pub started_ms: Option<i64>,
}

/// What saw a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// A listing: it says what is, not since when.
    Poll,
    /// A `TASK_UPDATED` event: it says when.
    Event,
    /// The platform's list of turns.
    TurnsRoute,
}

/// An uninterrupted stretch in which a workspace was seen busy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// The workspace.
    pub workspace_id: String,
    /// The turn's id, where known.
    pub turn_id: Option<String>,
    /// First seen busy, epoch milliseconds by our clock. Does not change while the spell lasts, so
    /// it names the turn where it has no id.
    pub first_seen_ms: i64,
    /// Last seen busy.
    pub last_seen_ms: i64,
    /// When the turn started, where a witness said so.
    pub started_ms: Option<i64>,
    /// Who said so.
    pub started_by: Option<Witness>,
    /// Since when it is seen idle, while that may still be the sweep.
    pub idle_since_ms: Option<i64>,
    /// The prompt in flight.
    pub current_task: Option<String>,
}

/// Adds a sighting to a workspace's spell: the spell that holds now, `None` when it is over.
pub fn fold(_spell: Option<Spell>, _sighting: &Sighting) -> Option<Spell> {
    unimplemented!()
}
