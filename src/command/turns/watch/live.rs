//! What an event tells of a workspace, and whether it tells when a turn started. Pure.

use std::collections::BTreeMap;

use crate::turn::{PlatformEvent, Sighting, Snapshot, Witness};

/// The event by which a workspace reports that it is busy or idle.
const TASK_UPDATED: &str = "TASK_UPDATED";

/// The platform's phantom sweep shows a busy workspace as idle for at most this long, milliseconds;
/// then its heartbeat restores the truth, with an event that looks like a start.
const SWEEP_MS: i64 = 30_000;

/// The workspaces that were seen idle without a gap.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    idle: BTreeMap<String, Idle>,
}

#[derive(Clone, Copy, Debug)]
struct Idle {
    since_ms: i64,
    /// Whether the workspace itself said so; the sweep sends no event.
    told: bool,
}

impl Live {
    /// Forgets what was seen: there was a time in which events were missed.
    pub(super) fn gap(&mut self) {
        self.idle.clear();
    }

    /// Takes in what a look saw.
    pub(super) fn looked(&mut self, snapshot: &Snapshot) {
        for workspace in &snapshot.workspaces {
            match workspace.active_tasks {
                Some(n) if n > 0 => {
                    self.idle.remove(&workspace.id);
                }
                Some(_) => {
                    let seen = Idle {
                        since_ms: snapshot.taken_at_ms,
                        told: false,
                    };
                    self.idle.entry(workspace.id.clone()).or_insert(seen);
                }
                None => {}
            }
        }
    }

    /// Takes in an event: brings the snapshot up to date and returns what was seen. `None` when it
    /// says nothing of turns.
    ///
    /// A start is exact when the workspace itself had said that it was idle, or was seen idle for
    /// longer than the sweep can make it look so.
    pub(super) fn happened(
        &mut self,
        event: &PlatformEvent,
        snapshot: &mut Snapshot,
        now_ms: i64,
    ) -> Option<Sighting> {
        let id = event.workspace_id.as_ref()?;
        let active = event.active_tasks?;
        let offset = snapshot.clock_offset_ms.unwrap_or(0);
        // What is heard has happened: a clock that is a second off must not say otherwise.
        let happened_ms = event
            .at_ms
            .map_or(now_ms, |at| at.saturating_sub(offset).min(now_ms));
        let task = event.current_task.clone().filter(|task| !task.is_empty());
        if let Some(workspace) = snapshot.workspaces.iter_mut().find(|w| w.id == *id) {
            workspace.active_tasks = Some(active);
            if event.current_task.is_some() || active == 0 {
                workspace.current_task.clone_from(&task);
            }
        }
        let by_workspace = event.kind == TASK_UPDATED;
        let busy = active > 0;
        let started_ms = if busy {
            self.idle
                .remove(id)
                .filter(|idle| {
                    by_workspace && (idle.told || happened_ms - idle.since_ms > SWEEP_MS)
                })
                .map(|_| happened_ms)
        } else {
            let idle = self.idle.entry(id.clone()).or_insert(Idle {
                since_ms: happened_ms,
                told: true,
            });
            idle.told = true;
            None
        };
        Some(Sighting {
            workspace_id: id.clone(),
            // By the one clock that dates looks, too, so that their order is the true one.
            at_ms: now_ms,
            busy,
            by: if by_workspace {
                Witness::Event
            } else {
                Witness::Poll
            },
            turn_id: None,
            current_task: task,
            started_ms,
            ended_ms: None,
            idle_before_ms: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{Workspace, fold};

    const T: i64 = 1_779_490_062_000;

    fn snapshot(active: i64) -> Snapshot {
        Snapshot {
            taken_at_ms: T,
            clock_offset_ms: Some(600_000),
            workspaces: vec![Workspace {
                id: "a".to_owned(),
                active_tasks: Some(active),
                ..Workspace::default()
            }],
            ..Snapshot::default()
        }
    }

    /// An event by the platform's clock, which is ten minutes ahead.
    fn event(kind: &str, after_ms: i64, active: i64) -> PlatformEvent {
        PlatformEvent {
            kind: kind.to_owned(),
            workspace_id: Some("a".to_owned()),
            at_ms: Some(T + 600_000 + after_ms),
            active_tasks: Some(active),
            current_task: (active > 0).then(|| "SEO tick".to_owned()),
            schedule_name: None,
            reason: None,
        }
    }

    #[test]
    fn a_start_after_a_real_idle_time_is_exact_and_in_our_clock() {
        let mut live = Live::default();
        let mut snapshot = snapshot(0);
        live.looked(&snapshot);
        let seen = live
            .happened(&event(TASK_UPDATED, 40_000, 1), &mut snapshot, T + 40_200)
            .unwrap();
        assert_eq!(seen.started_ms, Some(T + 40_000));
        assert_eq!((seen.busy, seen.by), (true, Witness::Event));
        assert_eq!(snapshot.workspaces[0].active_tasks, Some(1));
        assert_eq!(
            snapshot.workspaces[0].current_task.as_deref(),
            Some("SEO tick")
        );
        // Told again during the turn: no start.
        let seen = live
            .happened(&event(TASK_UPDATED, 50_000, 1), &mut snapshot, T + 50_200)
            .unwrap();
        assert_eq!(seen.started_ms, None);
    }

    #[test]
    fn what_may_be_the_sweep_is_no_start() {
        let mut live = Live::default();
        let mut snapshot = snapshot(0);
        live.looked(&snapshot);
        let seen = live.happened(&event(TASK_UPDATED, 29_000, 1), &mut snapshot, T + 29_000);
        assert_eq!(seen.unwrap().started_ms, None);
        // A later look that saw idle again does not shorten the idle time, and a busy one ends it.
        let mut live = Live::default();
        live.looked(&self::snapshot(0));
        live.looked(&self::snapshot(1));
        let seen = live.happened(&event(TASK_UPDATED, 60_000, 1), &mut snapshot, T + 60_000);
        assert_eq!(seen.unwrap().started_ms, None);
    }

    #[test]
    fn the_event_between_two_turns_makes_the_second_start_exact() {
        let mut live = Live::default();
        let mut snapshot = snapshot(1);
        live.looked(&snapshot);
        let idle = live
            .happened(&event(TASK_UPDATED, 1000, 0), &mut snapshot, T + 1000)
            .unwrap();
        assert!(!idle.busy);
        // The sweep sends no event, so that this ends the turn at once.
        let first = Sighting {
            at_ms: T,
            busy: true,
            ..idle.clone()
        };
        assert_eq!(fold(fold(None, &first), &idle), None);
        assert_eq!(snapshot.workspaces[0].current_task, None);
        let seen = live.happened(&event(TASK_UPDATED, 1500, 1), &mut snapshot, T + 1500);
        assert_eq!(seen.unwrap().started_ms, Some(T + 1500));
    }

    #[test]
    fn after_a_gap_nothing_is_exact() {
        let mut live = Live::default();
        let mut snapshot = snapshot(0);
        live.looked(&snapshot);
        live.gap();
        let seen = live.happened(&event(TASK_UPDATED, 90_000, 1), &mut snapshot, T + 90_000);
        assert_eq!(seen.unwrap().started_ms, None);
    }

    #[test]
    fn a_heartbeat_says_what_is_and_not_since_when() {
        let mut live = Live::default();
        let mut snapshot = snapshot(0);
        live.looked(&snapshot);
        let beat = event("WORKSPACE_HEARTBEAT", 90_000, 1);
        let seen = live.happened(&beat, &mut snapshot, T + 90_000).unwrap();
        assert_eq!((seen.started_ms, seen.by), (None, Witness::Poll));
        let mut other = event("CRON_SKIPPED", 90_000, 1);
        other.active_tasks = None;
        assert_eq!(live.happened(&other, &mut snapshot, T + 90_000), None);
    }

    #[test]
    fn an_event_is_never_later_than_its_hearing() {
        let mut live = Live::default();
        let mut snapshot = snapshot(0);
        live.looked(&snapshot);
        let seen = live.happened(&event(TASK_UPDATED, 41_000, 1), &mut snapshot, T + 40_000);
        assert_eq!(seen.unwrap().started_ms, Some(T + 40_000));
    }
}
