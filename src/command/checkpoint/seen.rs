//! What a look at the platform shows of a turn.

use rustc_hash::FxHashMap;

use crate::checkpoint::Seen;
use crate::turn::{Bound, ListedTurn, Snapshot, Turn, TurnsRoute, Workspace};

/// A look, by workspace, so that one serves any number of targets.
#[derive(Debug)]
pub(super) struct Glance<'a> {
    workspaces: FxHashMap<&'a str, &'a Workspace>,
    /// `None` where the platform lists no turns.
    turns: Option<FxHashMap<&'a str, Vec<&'a ListedTurn>>>,
    /// Whether that list may lack turns.
    cut: bool,
    /// The platform's clock less ours, as it was taken to be when the turns were judged: compared with
    /// it, what the platform said of a start then is what it says now, whatever its clock.
    clock_offset_ms: i64,
}

impl<'a> Glance<'a> {
    /// `clock_offset_ms` is that of the look by which the turns were judged.
    pub(super) fn new(look: &'a Snapshot, clock_offset_ms: Option<i64>) -> Self {
        let workspaces = look.workspaces.iter().map(|w| (w.id.as_str(), w));
        let turns = match &look.turns {
            TurnsRoute::Listed(rows) => {
                let mut by: FxHashMap<&str, Vec<&ListedTurn>> = FxHashMap::default();
                for row in rows {
                    by.entry(&row.workspace_id).or_default().push(row);
                }
                Some(by)
            }
            TurnsRoute::Missing(_) | TurnsRoute::NotAsked => None,
        };
        Self {
            workspaces: workspaces.collect(),
            turns,
            cut: look.turns_cut,
            clock_offset_ms: clock_offset_ms.unwrap_or(0),
        }
    }

    /// What is there of a turn that was judged before. `turn_id` is its id, where one is known.
    pub(super) fn of(&self, turn: &Turn, turn_id: Option<&str>) -> Sight {
        let listed = self.turns.as_ref().map(|by| by.get(&*turn.workspace_id));
        match (listed, turn_id) {
            (Some(Some(rows)), _) => self.among(rows, turn, turn_id),
            // The list is the authority on what it named; `active_tasks` follows a heartbeat later.
            (Some(None), Some(_)) if !self.cut => Sight::sure(Seen::Gone),
            (Some(None) | None, _) => Sight {
                seen: self.by_tasks(turn),
                same: false,
            },
        }
    }

    /// By the rows that the list of turns has for its workspace.
    fn among(&self, rows: &[&ListedTurn], turn: &Turn, turn_id: Option<&str>) -> Sight {
        // The true start is not after what a bound says; an estimate says nothing of it.
        let started = turn
            .started_at_ms
            .filter(|_| turn.age_is != Some(Bound::Estimate));
        // `None`: it may be the same.
        let same = |row: &ListedTurn| match (turn_id, row.turn_id.as_deref()) {
            (Some(wanted), Some(id)) => Some(wanted == id),
            // Without ids the start decides.
            _ => match (started, row.started_at_ms) {
                (Some(before), Some(now)) => {
                    let now = now.saturating_sub(self.clock_offset_ms);
                    Some(now <= before.saturating_add(APART_MS))
                }
                _ => None,
            },
        };
        let all: Vec<Option<bool>> = rows.iter().map(|row| same(row)).collect();
        if all.contains(&Some(true)) {
            Sight::sure(Seen::InFlight)
        } else if all.contains(&None) {
            Sight {
                seen: Seen::InFlight,
                same: false,
            }
        } else {
            Sight::sure(Seen::Successor)
        }
    }

    /// By what the workspace itself shows, where no list names its turns.
    fn by_tasks(&self, turn: &Turn) -> Seen {
        // One that is not in the list may be removed, or the list cut: neither is known.
        let Some(workspace) = self.workspaces.get(&*turn.workspace_id) else {
            return Seen::NotKnown;
        };
        match workspace.active_tasks {
            None => Seen::NotKnown,
            Some(n) if n <= 0 => Seen::Idle,
            // One task at a time, and its prompt is another: the queue moved on.
            Some(1) => match (
                said(turn.current_task.as_ref()),
                said(workspace.current_task.as_ref()),
            ) {
                (Some(before), Some(now)) if before != now => Seen::Successor,
                _ => Seen::InFlight,
            },
            Some(_) => Seen::InFlight,
        }
    }
}

/// What a look shows of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) seen: Seen,
    /// Whether what is in flight is known to be that turn, and not one after it.
    pub(super) same: bool,
}

impl Sight {
    fn sure(seen: Seen) -> Self {
        Self { seen, same: true }
    }

    /// The platform could not be asked.
    pub(super) const NOTHING: Self = Self {
        seen: Seen::NotKnown,
        same: false,
    };
}

/// A turn that started more than this after another is another, milliseconds: clocks are compared to
/// a second.
const APART_MS: i64 = 5_000;

fn said(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// Returns what was seen in a word.
pub(super) fn word(seen: Seen) -> &'static str {
    match seen {
        Seen::InFlight => "in-flight",
        Seen::Gone => "gone",
        Seen::Successor => "successor",
        Seen::Idle => "idle",
        Seen::NotKnown => "not-known",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::turn::Verdict;

    fn workspace(active_tasks: Option<i64>, current_task: &str) -> Workspace {
        Workspace {
            id: "w".to_owned(),
            active_tasks,
            current_task: Some(current_task.to_owned()),
            ..Workspace::default()
        }
    }

    fn row(turn_id: Option<&str>, started_at_ms: Option<i64>) -> ListedTurn {
        ListedTurn {
            workspace_id: "w".to_owned(),
            turn_id: turn_id.map(str::to_owned),
            started_at_ms,
            ..ListedTurn::default()
        }
    }

    fn seen(turns: TurnsRoute, workspaces: Vec<Workspace>, turn: &Turn) -> Seen {
        let look = Snapshot {
            workspaces,
            turns,
            ..Snapshot::default()
        };
        Glance::new(&look, None)
            .of(turn, turn.turn_id.as_deref())
            .seen
    }

    #[test]
    fn the_list_of_turns_is_the_authority_on_what_it_names() {
        let mut named = sample::turn("w", Verdict::Over);
        named.turn_id = Some("t-1".to_owned());
        named.started_at_ms = Some(1_000_000);
        let unnamed = Turn {
            turn_id: None,
            ..named.clone()
        };
        let guessed = Turn {
            age_is: Some(Bound::Estimate),
            ..unnamed.clone()
        };
        let cases = [
            (&named, vec![row(Some("t-1"), None)], Seen::InFlight),
            (&named, vec![row(Some("t-2"), None)], Seen::Successor),
            (
                &named,
                vec![row(Some("t-2"), None), row(Some("t-1"), None)],
                Seen::InFlight,
            ),
            (&named, vec![], Seen::Gone),
            (&named, vec![row(None, Some(1_000_000))], Seen::InFlight),
            (&named, vec![row(None, None)], Seen::InFlight),
            (&named, vec![row(None, Some(1_006_000))], Seen::Successor),
            (
                &unnamed,
                vec![row(Some("t-2"), Some(900_000))],
                Seen::InFlight,
            ),
            (
                &unnamed,
                vec![row(Some("t-2"), Some(1_006_000))],
                Seen::Successor,
            ),
            // It may have waited for its turn.
            (
                &guessed,
                vec![row(Some("t-2"), Some(1_006_000))],
                Seen::InFlight,
            ),
        ];
        for (turn, rows, expected) in cases {
            let shown = format!("{rows:?}");
            // `active_tasks` follows a heartbeat later.
            let workspaces = vec![workspace(Some(1), "x")];
            let seen = seen(TurnsRoute::Listed(rows), workspaces, turn);
            assert_eq!(seen, expected, "{:?} {shown}", turn.turn_id);
        }
        // One that may have been cut off says nothing.
        let cut = |active| Snapshot {
            workspaces: vec![workspace(Some(active), "x")],
            turns: TurnsRoute::Listed(Vec::new()),
            turns_cut: true,
            ..Snapshot::default()
        };
        for (active, expected) in [(1, Seen::InFlight), (0, Seen::Idle)] {
            let look = cut(active);
            let sight = Glance::new(&look, None).of(&named, named.turn_id.as_deref());
            assert_eq!((sight.seen, sight.same), (expected, false));
        }
        // What the list never named, the workspace tells.
        let none = || TurnsRoute::Listed(Vec::new());
        let busy = vec![workspace(Some(1), "")];
        assert_eq!(seen(none(), busy, &unnamed), Seen::InFlight);
        let idle = vec![workspace(Some(0), "")];
        assert_eq!(seen(none(), idle, &unnamed), Seen::Idle);
    }

    #[test]
    fn starts_are_compared_by_one_clock() {
        let mut turn = sample::turn("w", Verdict::Over);
        turn.turn_id = None;
        for offset in [-3_600_000, 0, 3_600_000] {
            // As it was judged, by our clock; and as the platform lists it, by its own.
            turn.started_at_ms = Some(1_000_000);
            for (later, expected) in [(0, Seen::InFlight), (10_000, Seen::Successor)] {
                let look = Snapshot {
                    turns: TurnsRoute::Listed(vec![row(None, Some(1_000_000 + later + offset))]),
                    ..Snapshot::default()
                };
                let sight = Glance::new(&look, Some(offset)).of(&turn, None);
                assert_eq!(sight, Sight::sure(expected), "{offset} {later}");
            }
        }
    }

    #[test]
    fn what_may_be_another_turn_is_not_taken_for_the_same() {
        let mut turn = sample::turn("w", Verdict::Over);
        turn.started_at_ms = Some(1_000_000);
        let same = |turns: TurnsRoute, turn: &Turn| {
            let look = Snapshot {
                workspaces: vec![workspace(Some(1), "")],
                turns,
                ..Snapshot::default()
            };
            let sight = Glance::new(&look, None).of(turn, turn.turn_id.as_deref());
            assert_eq!(sight.seen, Seen::InFlight);
            sight.same
        };
        let listed = |row| TurnsRoute::Listed(vec![row]);
        assert!(same(listed(row(Some("turn-w"), None)), &turn));
        assert!(same(listed(row(None, Some(1_000_000))), &turn));
        assert!(!same(listed(row(None, None)), &turn));
        assert!(!same(TurnsRoute::Missing("404".to_owned()), &turn));
    }

    #[test]
    fn without_a_list_the_tasks_of_the_workspace_tell() {
        let mut turn = sample::turn("w", Verdict::Over);
        turn.current_task = Some("SEO tick".to_owned());
        let cases = [
            (Some(0), "", Seen::Idle),
            (None, "", Seen::NotKnown),
            (Some(1), "SEO tick", Seen::InFlight),
            (Some(1), "", Seen::InFlight),
            (Some(1), "Summarise the day", Seen::Successor),
            (Some(2), "Summarise the day", Seen::InFlight),
        ];
        for (active, task, expected) in cases {
            for turn_id in [None, Some("t-1".to_owned())] {
                turn.turn_id = turn_id;
                let route = TurnsRoute::Missing("404".to_owned());
                let seen = seen(route, vec![workspace(active, task)], &turn);
                assert_eq!(seen, expected, "{active:?} {task:?}");
            }
        }
        // A workspace that is not listed may be removed, or the list cut.
        let route = TurnsRoute::Missing("404".to_owned());
        assert_eq!(seen(route, Vec::new(), &turn), Seen::NotKnown);
    }
}
