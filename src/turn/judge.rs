//! The verdicts.

mod case;
pub(super) mod ceiling;
mod evidence;
mod life;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

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
    /// How many more have nothing in flight, where those were only counted.
    pub idle: usize,
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
    judge_those(snapshot, spells, adapters, policy, true)
}

/// Judges the turns of a snapshot as [`judge`] does; workspaces with nothing in flight are counted, and
/// have no rows.
pub fn judge_busy(
    snapshot: &Snapshot,
    spells: &BTreeMap<String, Spell>,
    adapters: &Adapters,
    policy: &Policy,
) -> Judged {
    judge_those(snapshot, spells, adapters, policy, false)
}

fn judge_those(
    snapshot: &Snapshot,
    spells: &BTreeMap<String, Spell>,
    adapters: &Adapters,
    policy: &Policy,
    idle_too: bool,
) -> Judged {
    let mut listed = listed_by_workspace(snapshot);
    let mut judging = Judging {
        snapshot,
        spells,
        adapters,
        policy,
        idle_too,
        judged: Judged::default(),
        names: Names::default(),
    };
    let mut seen = FxHashSet::default();
    seen.reserve(snapshot.workspaces.len());
    for workspace in &snapshot.workspaces {
        let id = workspace.id.as_str();
        if seen.insert(id) {
            let turns = listed.remove(id).unwrap_or_default();
            judging.workspace(id, Some(workspace), &turns);
        }
    }
    drop(seen);
    // Turns of workspaces that are not listed.
    let mut others: Vec<_> = listed.into_iter().collect();
    others.sort_unstable_by_key(|(id, _)| *id);
    for (id, turns) in others {
        judging.workspace(id, None, &turns);
    }
    let Judging {
        mut judged, names, ..
    } = judging;
    judged.turns.sort_by(order);
    judged.warnings = warnings(snapshot, &judged.turns, &names);
    judged
}

/// A snapshot in the course of being judged.
struct Judging<'a> {
    snapshot: &'a Snapshot,
    spells: &'a BTreeMap<String, Spell>,
    adapters: &'a Adapters,
    policy: &'a Policy,
    /// Whether workspaces with nothing in flight get rows.
    idle_too: bool,
    judged: Judged,
    names: Names<'a>,
}

impl<'a> Judging<'a> {
    /// Judges the turns of a workspace; without any, the workspace itself.
    fn workspace(
        &mut self,
        id: &'a str,
        workspace: Option<&'a Workspace>,
        turns: &[&'a ListedTurn],
    ) {
        let mut problem = None;
        let none = turns.is_empty().then_some(None);
        for turn in turns.iter().copied().map(Some).chain(none) {
            let spell = self.spells.get(id);
            let spell = spell.filter(|spell| spell_is_of(spell, turn, turns.len()));
            let case = Case::new(
                self.snapshot,
                self.policy,
                self.adapters,
                id,
                workspace,
                turn,
                spell,
            );
            self.names.add(case.name().map(String::as_str), id);
            if !self.idle_too && case.is_idle() {
                self.judged.idle += 1;
                problem = problem.or_else(|| case.wrong_ceiling());
                continue;
            }
            let (ceiling, wrong) = case.ceiling();
            problem = problem.or(wrong);
            self.judged.turns.push(case.row(ceiling));
        }
        self.judged.problems.extend(problem);
    }
}

/// The listed turns by workspace, each id once.
fn listed_by_workspace(snapshot: &Snapshot) -> FxHashMap<&str, Vec<&ListedTurn>> {
    let mut listed: FxHashMap<&str, Vec<&ListedTurn>> = FxHashMap::default();
    let mut seen = FxHashSet::default();
    if let TurnsRoute::Listed(turns) = &snapshot.turns {
        for turn in turns {
            let workspace = turn.workspace_id.as_str();
            let id = turn.turn_id.as_deref();
            if id.is_none_or(|id| seen.insert((workspace, id))) {
                listed.entry(workspace).or_default().push(turn);
            }
        }
    }
    listed
}

/// Names of workspaces, and those that several have.
#[derive(Default)]
struct Names<'a> {
    /// The first that has it.
    by: FxHashMap<&'a str, &'a str>,
    shared: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: Option<&'a str>, id: &'a str) {
        let Some(name) = name else { return };
        let first = *self.by.entry(name).or_insert(id);
        if first != id {
            self.shared.entry(name).or_default().extend([first, id]);
        }
    }
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
fn warnings(snapshot: &Snapshot, turns: &[Turn], names: &Names<'_>) -> Vec<String> {
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
    let names = &names.shared;
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
