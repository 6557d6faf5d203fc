//! Who was idle at the last look of a loop. The ledger keeps no row for an idle workspace; without this,
//! the first look at a new turn would not know that what is older belongs to another one.

use std::hash::{BuildHasher as _, BuildHasherDefault};

use rustc_hash::{FxHashSet, FxHasher};

use crate::turn::{Sighting, Snapshot};

/// Who was idle at the last look. Ids are kept as hashes, since a fleet may be large: two that share one
/// make a turn look younger at worst.
#[derive(Debug, Default)]
pub(super) struct Idle {
    at_ms: Option<i64>,
    ids: FxHashSet<u64>,
}

impl Idle {
    /// When the last look was made, epoch milliseconds; `None` before the first.
    pub(super) fn at_ms(&self) -> Option<i64> {
        self.at_ms
    }

    /// Adds to sightings when their workspace was last seen idle, and takes note of who is now.
    pub(super) fn passes_on(&mut self, sightings: &mut [Sighting], look: &Snapshot) {
        for sighting in sightings.iter_mut().filter(|s| s.busy) {
            if self.ids.contains(&hash(&sighting.workspace_id)) {
                sighting.idle_before_ms = self.at_ms;
            }
        }
        self.at_ms = Some(look.taken_at_ms);
        self.ids.clear();
        let idle = look.workspaces.iter().filter(|w| w.active_tasks == Some(0));
        self.ids.extend(idle.map(|w| hash(&w.id)));
        for sighting in sightings.iter().filter(|s| s.busy) {
            self.ids.remove(&hash(&sighting.workspace_id));
        }
    }
}

fn hash(id: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{Witness, Workspace};

    fn look(at_ms: i64, active: i64) -> Snapshot {
        Snapshot {
            taken_at_ms: at_ms,
            workspaces: vec![Workspace {
                id: "ws-a".to_owned(),
                active_tasks: Some(active),
                ..Workspace::default()
            }],
            ..Snapshot::default()
        }
    }

    fn busy(at_ms: i64) -> Sighting {
        Sighting {
            workspace_id: "ws-a".to_owned(),
            at_ms,
            busy: true,
            by: Witness::Poll,
            turn_id: None,
            current_task: None,
            started_ms: None,
            ended_ms: None,
            idle_before_ms: None,
        }
    }

    #[test]
    fn a_turn_that_begins_after_an_idle_look_is_known_to_be_new() {
        let mut idle = Idle::default();
        let mut seen = vec![busy(1_000)];
        idle.passes_on(&mut seen, &look(1_000, 1));
        assert_eq!(seen[0].idle_before_ms, None);
        idle.passes_on(&mut [], &look(2_000, 0));
        let mut seen = vec![busy(3_000)];
        idle.passes_on(&mut seen, &look(3_000, 1));
        assert_eq!(seen[0].idle_before_ms, Some(2_000));
        let mut seen = vec![busy(4_000)];
        idle.passes_on(&mut seen, &look(4_000, 1));
        assert_eq!(seen[0].idle_before_ms, None);
    }
}
