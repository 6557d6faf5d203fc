//! What changed between two answers. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::command::turns::report::{Rows, reported};
use crate::turn::{Turn, Verdict};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// All sources were looked at: `summary` says what it comes to.
    Look,
    /// A turn is in flight at the first look.
    Found,
    /// A turn is in flight that was not before.
    Started,
    /// A turn is over its ceiling that was not before, or at the first look.
    Over,
    /// A turn is no longer in flight. The turn is as it was last seen.
    Ended,
    /// The platform's events are heard from now on.
    Connected,
    /// The platform's events are not heard from now on.
    Lost,
    /// A look failed; the watch goes on.
    Failed,
}

/// A turn that changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change<'a> {
    pub(super) what: What,
    pub(super) turn: &'a Turn,
}

/// Returns what changed, the ended turns first. `before` is `None` at the first look.
pub(super) fn changes<'a>(
    before: Option<&'a [Turn]>,
    after: &'a [Turn],
    rows: Rows,
) -> Vec<Change<'a>> {
    let was = in_flight(before.unwrap_or_default(), rows);
    let is = in_flight(after, rows);
    let over = |turn: &Turn| turn.verdict == Verdict::Over;
    // Of interest are only those that are, or were, over.
    let wanted = |turn: &Turn| rows != Rows::OverCeiling || over(turn);
    let mut changes = Vec::new();
    for (key, &turn) in &was {
        if !is.contains_key(key) && wanted(turn) {
            let what = What::Ended;
            changes.push(Change { what, turn });
        }
    }
    // In the order of the answer: oldest first.
    for turn in after {
        let Some(key) = key(turn, rows) else { continue };
        let earlier = was.get(&key);
        if earlier.is_none() && wanted(turn) && rows != Rows::OverCeiling {
            let what = if before.is_some() {
                What::Started
            } else {
                What::Found
            };
            changes.push(Change { what, turn });
        }
        if over(turn) && !earlier.is_some_and(|t| over(t)) {
            let what = What::Over;
            changes.push(Change { what, turn });
        }
    }
    changes
}

/// What a turn is recognised by: its workspace, and its id or the start of its spell.
type Key<'a> = (&'a str, &'a str, &'a str);

fn key(turn: &Turn, rows: Rows) -> Option<Key<'_>> {
    let in_flight = match turn.verdict {
        Verdict::Idle => false,
        Verdict::NotNative => rows == Rows::All,
        _ => reported(turn),
    };
    let name = turn.turn_id.as_deref().unwrap_or(&turn.key);
    in_flight.then_some((&*turn.source, &*turn.workspace_id, name))
}

fn in_flight(turns: &[Turn], rows: Rows) -> BTreeMap<Key<'_>, &Turn> {
    let keyed = turns
        .iter()
        .filter_map(|turn| Some((key(turn, rows)?, turn)));
    keyed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::turns::sample::turn;

    fn seen(before: Option<&[Turn]>, after: &[Turn], rows: Rows) -> Vec<(What, String)> {
        changes(before, after, rows)
            .into_iter()
            .map(|c| (c.what, c.turn.workspace_id.clone()))
            .collect()
    }

    fn event(what: What, id: &str) -> (What, String) {
        (what, format!("ws-{id}"))
    }

    #[test]
    fn the_first_look_finds() {
        let after = [
            turn("a", Verdict::Over),
            turn("b", Verdict::Under),
            turn("c", Verdict::Idle),
            turn("d", Verdict::NotNative),
        ];
        assert_eq!(
            seen(None, &after, Rows::InFlight),
            [
                event(What::Found, "a"),
                event(What::Over, "a"),
                event(What::Found, "b")
            ]
        );
        let all = seen(None, &after, Rows::All);
        assert_eq!(all.last(), Some(&event(What::Found, "d")));
        assert_eq!(
            seen(None, &after, Rows::OverCeiling),
            [event(What::Over, "a")]
        );
    }

    #[test]
    fn starts_excesses_and_ends_are_each_said_once() {
        let before = [turn("a", Verdict::Under), turn("b", Verdict::Over)];
        let after = [turn("a", Verdict::Over), turn("c", Verdict::Under)];
        assert_eq!(
            seen(Some(&before), &after, Rows::InFlight),
            [
                event(What::Ended, "b"),
                event(What::Over, "a"),
                event(What::Started, "c")
            ]
        );
        assert_eq!(seen(Some(&after), &after, Rows::InFlight), []);
        assert_eq!(
            seen(Some(&before), &after, Rows::OverCeiling),
            [event(What::Ended, "b"), event(What::Over, "a")]
        );
    }

    #[test]
    fn another_turn_of_the_same_workspace_is_an_end_and_a_start() {
        let before = turn("a", Verdict::Under);
        let mut after = before.clone();
        after.key = "later".to_owned();
        assert_eq!(
            seen(
                Some(std::slice::from_ref(&before)),
                std::slice::from_ref(&after),
                Rows::InFlight
            ),
            [event(What::Ended, "a"), event(What::Started, "a")]
        );
        // A better age of the same turn is no change.
        let mut better = before.clone();
        better.age_ms = Some(5);
        assert_eq!(
            seen(
                Some(std::slice::from_ref(&before)),
                std::slice::from_ref(&better),
                Rows::InFlight
            ),
            []
        );
    }

    #[test]
    fn a_workspace_that_reports_nothing_is_no_turn() {
        let mut silent = turn("h", Verdict::Unknown);
        silent.active_tasks = Some(0);
        assert_eq!(seen(None, &[silent], Rows::InFlight), []);
    }
}
