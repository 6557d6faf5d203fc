//! Ceilings that the workspaces of turns over the default have configured: known before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use super::super::world::World;
use crate::turn::{CeilingSetting, Snapshot, Turn, TurnsRoute};

/// The workspaces of turns that look over, whose own ceiling nobody has said yet: it must be known
/// before anything is sent.
pub(super) fn unread<'a>(
    over: impl Iterator<Item = &'a Turn>,
    look: &Snapshot,
) -> BTreeSet<String> {
    let listed: &[_] = match &look.turns {
        TurnsRoute::Listed(rows) => rows,
        _ => &[],
    };
    let said: BTreeSet<(&str, Option<&str>)> = listed
        .iter()
        .filter(|row| row.ceiling_seconds.is_some())
        .map(|row| (row.workspace_id.as_str(), row.turn_id.as_deref()))
        .collect();
    over.filter(|turn| !look.ceilings.contains_key(&turn.workspace_id))
        .filter(|turn| !said.contains(&(&turn.workspace_id, turn.turn_id.as_deref())))
        .map(|turn| turn.workspace_id.clone())
        .collect()
}

#[derive(Debug, Default)]
pub(super) struct Ceilings {
    pub(super) got: BTreeMap<String, CeilingSetting>,
    /// Why not.
    pub(super) failed: BTreeMap<String, String>,
}

/// Reads them, so many at a time.
pub(super) async fn read_ceilings(
    world: &World,
    ids: BTreeSet<String>,
    concurrency: usize,
) -> Ceilings {
    let mut read = Ceilings::default();
    let mut waiting = ids.into_iter();
    let mut flying = JoinSet::new();
    loop {
        while flying.len() < concurrency
            && let Some(id) = waiting.next()
        {
            let platform = world.platform.clone();
            flying.spawn(async move {
                let ceiling = platform.ceiling(&id).await;
                (id, ceiling)
            });
        }
        match flying.join_next().await {
            None => return read,
            Some(Ok((id, Ok(ceiling)))) => {
                read.got.insert(id, ceiling);
            }
            Some(Ok((id, Err(error)))) => {
                read.failed.insert(id, error.in_one_line());
            }
            // A task that panicked took its id along; its workspace stays unread.
            Some(Err(_)) => {}
        }
    }
}
