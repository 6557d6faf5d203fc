//! Spells: uninterrupted stretches in which a workspace was seen busy. The ledger keeps them, so
//! that a call profits from what an earlier one, or a running watch, saw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A workspace that is seen idle, or not seen at all, for less than this is taken as busy all along:
/// the platform's phantom sweep shows 0 for up to 30 s while a turn goes on. So looks that are at
/// most 30 s apart always bridge it.
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
    /// When the last turn ended, where the workspace's log says so: epoch milliseconds by our clock.
    pub ended_ms: Option<i64>,
    /// When the same witness last saw the workspace idle, where it did so just before.
    pub idle_before_ms: Option<i64>,
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
    /// The last instant at which nothing of this turn was in flight: the workspace was idle, or had
    /// another turn. What is older is no sign of this one. The ledger knows it.
    pub idle_before_ms: Option<i64>,
    /// The prompt in flight.
    pub current_task: Option<String>,
}

/// Two clocks, and what travels between them, may differ by this without meaning anything.
pub(super) const SLACK_MS: i64 = 5_000;

/// Adds a sighting to a workspace's spell: the spell that holds now, `None` when it is over.
///
/// A spell goes on through a stretch of less than [`BRIDGE_MS`] in which the workspace is seen idle or
/// not seen; it ends where an event says that the workspace is idle, or where a sighting shows that the
/// turn is another one: by its id, by its prompt, because the list of turns names a start after the
/// spell began, or because the workspace's log names the end of a turn after that. With the same turn id it goes on
/// through anything. A sighting older than the newest adds only what was not known.
pub fn fold(spell: Option<Spell>, sighting: &Sighting) -> Option<Spell> {
    let Some(mut spell) = spell else {
        return sighting.busy.then(|| Spell::begun(sighting));
    };
    let newest = spell
        .idle_since_ms
        .map_or(spell.last_seen_ms, |idle| idle.max(spell.last_seen_ms));
    let late = sighting.at_ms < newest;
    if !sighting.busy {
        if late {
            return Some(spell);
        }
        // The sweep sends no event: an event that says idle is the workspace's own word.
        if sighting.by == Witness::Event {
            return None;
        }
        let since = *spell.idle_since_ms.get_or_insert(sighting.at_ms);
        return (sighting.at_ms.saturating_sub(since) < BRIDGE_MS).then_some(spell);
    }
    let other = spell.is_another(sighting);
    if late {
        if !other {
            spell.learn(sighting);
        }
        return Some(spell);
    }
    let same_id = spell.turn_id.is_some() && spell.turn_id == sighting.turn_id;
    if other || (!same_id && spell.lost_at(sighting.at_ms)) {
        let idle_before_ms = if other {
            Some(spell.last_seen_ms).max(sighting.ended_ms)
        } else {
            spell.idle_before_ms
        };
        let mut begun = Spell::begun(sighting);
        begun.idle_before_ms = begun.idle_before_ms.max(idle_before_ms);
        return Some(begun);
    }
    spell.last_seen_ms = sighting.at_ms;
    spell.idle_since_ms = None;
    spell.learn(sighting);
    Some(spell)
}

/// Adds sightings to the spells of a platform, by workspace.
pub fn fold_all(spells: &mut BTreeMap<String, Spell>, sightings: &[Sighting]) {
    for sighting in sightings {
        let spell = spells.remove(&sighting.workspace_id);
        if let Some(spell) = fold(spell, sighting) {
            spells.insert(sighting.workspace_id.clone(), spell);
        }
    }
}

impl Spell {
    /// A spell that begins with a sighting.
    fn begun(sighting: &Sighting) -> Self {
        let mut spell = Self {
            workspace_id: sighting.workspace_id.clone(),
            turn_id: None,
            first_seen_ms: sighting.at_ms,
            last_seen_ms: sighting.at_ms,
            started_ms: None,
            started_by: None,
            idle_since_ms: None,
            idle_before_ms: sighting.idle_before_ms,
            current_task: None,
        };
        spell.learn(sighting);
        spell
    }

    /// Whether a busy sighting shows another turn.
    fn is_another(&self, sighting: &Sighting) -> bool {
        if let (Some(mine), Some(theirs)) = (&self.turn_id, &sighting.turn_id) {
            return mine != theirs;
        }
        if let (Some(mine), Some(theirs)) = (&self.current_task, named(sighting))
            && mine != theirs
        {
            return true;
        }
        // One in the future is a clock's.
        if let Some(ended_ms) = sighting.ended_ms
            && ended_ms <= sighting.at_ms.saturating_add(SLACK_MS)
            && ended_ms > self.first_seen_ms.saturating_add(SLACK_MS)
        {
            return true;
        }
        // An event cannot tell: one that restores the number after the sweep looks like a start.
        sighting.by == Witness::TurnsRoute
            && started(sighting)
                .is_some_and(|start| start > self.first_seen_ms.saturating_add(SLACK_MS))
    }

    /// Whether the spell still holds at an instant: not idle, nor unseen, for too long.
    pub(super) fn holds_at(&self, at_ms: i64) -> bool {
        !self.lost_at(at_ms)
    }

    /// Whether too long passed before an instant for the same turn to be taken as going on.
    fn lost_at(&self, at_ms: i64) -> bool {
        let unseen_until = self.idle_since_ms.unwrap_or(at_ms);
        unseen_until.saturating_sub(self.last_seen_ms) > BRIDGE_MS
            || at_ms.saturating_sub(unseen_until) >= BRIDGE_MS
    }

    /// Takes from a sighting of the same turn what was not known. A start that is known is moved only
    /// by the list of turns, and never to later; one after the first sighting is the sweep's.
    fn learn(&mut self, sighting: &Sighting) {
        self.turn_id = self.turn_id.take().or_else(|| sighting.turn_id.clone());
        self.current_task = self
            .current_task
            .take()
            .or_else(|| named(sighting).cloned());
        let Some(start) = started(sighting) else {
            return;
        };
        let fits = match (self.started_ms, sighting.by) {
            (None, Witness::TurnsRoute) => start <= self.first_seen_ms.saturating_add(SLACK_MS),
            (Some(known), Witness::TurnsRoute) => start < known.saturating_sub(SLACK_MS),
            (None, _) => start.abs_diff(self.first_seen_ms) <= SLACK_MS.unsigned_abs(),
            (Some(_), _) => false,
        };
        if fits {
            self.started_ms = Some(start);
            self.started_by = Some(sighting.by);
        }
    }
}

/// The prompt that a sighting names.
fn named(sighting: &Sighting) -> Option<&String> {
    sighting
        .current_task
        .as_ref()
        .filter(|task| !task.is_empty())
}

/// The start that a sighting names, unless it lies in the future: then a clock is wrong.
fn started(sighting: &Sighting) -> Option<i64> {
    let latest = sighting.at_ms.saturating_add(SLACK_MS);
    sighting.started_ms.filter(|&start| start <= latest)
}

#[cfg(test)]
mod tests;
