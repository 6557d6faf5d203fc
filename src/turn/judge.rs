//! The verdicts.

use std::collections::BTreeMap;

use super::adapter::Adapters;
use super::row::Turn;
use super::snapshot::Snapshot;
use super::spell::Spell;

/// What an operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `--ceiling` in milliseconds, 0 for none.
    pub ceiling_ms: Option<i64>,
    /// A turn without a sign of life for this long is silent, milliseconds.
    pub silent_after_ms: i64,
}

/// The verdicts, and what was odd.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Every workspace and every turn, oldest first; those without an age last.
    pub turns: Vec<Turn>,
    /// What is doubtful although the answer stands: a platform without the turns route, clocks
    /// apart, names that two workspaces have.
    pub warnings: Vec<String>,
    /// Configured ceilings that are none: workspace and why.
    pub problems: Vec<crate::error::Problem>,
}

/// Judges every turn of a snapshot.
pub fn judge(
    _snapshot: &Snapshot,
    _spells: &BTreeMap<String, Spell>,
    _adapters: &Adapters,
    _policy: &Policy,
) -> Judged {
    unimplemented!()
}
