//! The verdicts.

mod case;
mod ceiling;
mod evidence;
mod life;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::adapter::Adapters;
use super::platform::{ListedTurn, Workspace};
use super::row::Turn;
use super::snapshot::{Snapshot, TurnsRoute};
use super::spell::Spell;
use crate::when::duration;
use case::Case;

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

/// Clocks that differ by more are spoken of.
const CLOCKS_APART_MS: i64 = 5_000;

/// Judges every turn of a snapshot.
pub fn judge(
    snapshot: &Snapshot,
    spells: &BTreeMap<String, Spell>,
    adapters: &Adapters,
    policy: &Policy,
) -> Judged {
    let mut listed: BTreeMap<&str, Vec<&ListedTurn>> = BTreeMap::new();
    if let TurnsRoute::Listed(turns) = &snapshot.turns {
        for turn in turns {
            let of = listed.entry(&turn.workspace_id).or_default();
            let again = |other: &&ListedTurn| other.turn_id == turn.turn_id;
            if turn.turn_id.is_none() || !of.iter().any(again) {
                of.push(turn);
            }
        }
    }
    let mut all: Vec<(Option<&Workspace>, &str, Vec<&ListedTurn>)> = Vec::new();
    let mut seen = BTreeSet::new();
    for workspace in &snapshot.workspaces {
        let id = workspace.id.as_str();
        if seen.insert(id) {
            all.push((Some(workspace), id, listed.remove(id).unwrap_or_default()));
        }
    }
    // Turns of workspaces that are not listed.
    all.extend(listed.into_iter().map(|(id, turns)| (None, id, turns)));

    let mut judged = Judged::default();
    for (workspace, id, turns) in all {
        let rows: Vec<Option<&ListedTurn>> = if turns.is_empty() {
            vec![None]
        } else {
            turns.iter().copied().map(Some).collect()
        };
        let mut problem = None;
        for turn in &rows {
            let spell = spells.get(id);
            let spell = spell.filter(|spell| spell_is_of(spell, *turn, rows.len()));
            let case = Case::new(snapshot, policy, adapters, id, workspace, *turn, spell);
            let (ceiling, wrong) = case.ceiling();
            problem = problem.or(wrong);
            judged.turns.push(case.row(ceiling));
        }
        judged.problems.extend(problem);
    }
    judged.turns.sort_by(order);
    judged.warnings = warnings(snapshot, &judged.turns);
    judged
}

/// Whether a spell, which is a workspace's, is that of a turn of it.
fn spell_is_of(spell: &Spell, turn: Option<&ListedTurn>, turns: usize) -> bool {
    match turn {
        Some(turn) if spell.turn_id.is_some() && turn.turn_id.is_some() => {
            spell.turn_id == turn.turn_id
        }
        _ => turns <= 1,
    }
}

/// The oldest first; those without an age last, in flight before idle, by name.
fn order(a: &Turn, b: &Turn) -> Ordering {
    match (a.age_ms, b.age_ms) {
        (Some(a), Some(b)) => b.cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
    .then_with(|| a.verdict.cmp(&b.verdict))
    .then_with(|| a.workspace_name.cmp(&b.workspace_name))
    .then_with(|| a.workspace_id.cmp(&b.workspace_id))
    .then_with(|| a.turn_id.cmp(&b.turn_id))
}

/// What is doubtful although the answer stands.
fn warnings(snapshot: &Snapshot, turns: &[Turn]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let TurnsRoute::Missing(why) = &snapshot.turns {
        let mut kinds: Vec<_> = turns.iter().filter_map(|t| t.evidence.as_ref()).collect();
        kinds.sort_by_key(|evidence| evidence.kind);
        kinds.dedup_by_key(|evidence| evidence.kind);
        let kinds: Vec<_> = kinds.iter().map(|e| e.kind.words()).collect();
        let rest = if kinds.is_empty() {
            "nothing tells how old a turn is".to_owned()
        } else {
            format!("ages rest on {}", kinds.join(", "))
        };
        warnings.push(format!("the platform does not list turns ({why}): {rest}"));
    }
    if let Some(offset) = snapshot.clock_offset_ms
        && offset.saturating_abs() > CLOCKS_APART_MS
    {
        let which = if offset > 0 { "ahead of" } else { "behind" };
        warnings.push(format!(
            "the platform's clock is {} {which} this machine's: its instants are converted",
            duration(offset.saturating_abs())
        ));
    }
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for turn in turns {
        if let Some(name) = &turn.workspace_name {
            names.entry(name).or_default().insert(&turn.workspace_id);
        }
    }
    names.retain(|_, ids| ids.len() > 1);
    if let Some((name, ids)) = names.iter().next() {
        let more = match names.len() - 1 {
            0 => String::new(),
            1 => ", and another name is shared too".to_owned(),
            more => format!(", and {more} other names are shared too"),
        };
        warnings.push(format!(
            "{} workspaces are called {name:?}{more}: only their ids tell them apart",
            ids.len()
        ));
    }
    warnings
}
