//! Turns with the requests for them: those that were made, and the one that would be.

use std::collections::BTreeMap;

use super::super::args::{CheckpointArgs, Via};
use super::super::case::Case;
use super::super::memory::Memory;
use super::super::world::World;
use crate::checkpoint::{Attempt, Body, Reason, Target, request_id, rest};
use crate::clock;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::turn::Turn;

/// What names a turn in the ledger.
fn turn_key(turn: &Turn) -> String {
    turn.turn_id.clone().unwrap_or_else(|| turn.key.clone())
}

/// All requests that are recorded, by workspace and turn.
#[derive(Debug)]
pub(super) struct Past(BTreeMap<(String, String), Vec<Attempt>>);

impl Past {
    /// Reads those for some turns.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(super) async fn of<'a>(
        turns: impl Iterator<Item = &'a Turn>,
        world: &World,
        memory: &mut Memory,
    ) -> Result<Self, Error> {
        let keys: Vec<(String, String)> = turns
            .map(|turn| (turn.workspace_id.clone(), turn_key(turn)))
            .collect();
        let tag = world.tag.clone();
        let attempts = move |ledger: &mut Ledger| {
            let keys: Vec<_> = keys.iter().map(|(id, key)| (&**id, &**key)).collect();
            ledger.attempts_of(&tag, &keys)
        };
        memory.ask(attempts).await.map(Self)
    }

    /// Whether a loop does not ask for a turn yet.
    pub(super) fn rests(&self, turn: &Turn, world: &World, now_ms: i64) -> bool {
        let key = (turn.workspace_id.clone(), turn_key(turn));
        self.0.get(&key).is_some_and(|attempts| {
            rest(attempts, &world.policy, (&key.0, &key.1), now_ms).is_some()
        })
    }

    /// A turn with its requests.
    pub(super) fn case(&mut self, args: &CheckpointArgs, world: &World, turn: Turn) -> Case {
        let key = (turn.workspace_id.clone(), turn_key(&turn));
        let attempts = self.0.remove(&key).unwrap_or_default();
        case(args, world, turn, attempts)
    }
}

/// One turn, and the request for it.
fn case(args: &CheckpointArgs, world: &World, turn: Turn, attempts: Vec<Attempt>) -> Case {
    let target = Target {
        platform: world.tag.clone(),
        workspace_id: turn.workspace_id.clone(),
        turn_id: turn.turn_id.clone(),
        turn_key: turn_key(&turn),
        begun_ms: clock::now_ms(),
    };
    let url = match (args.via, turn.url.as_deref()) {
        (Some(Via::Adapter), None) => {
            Err("the platform names no address of its adapter".to_owned())
        }
        (Some(Via::Adapter), adapter) => url(world, &turn, adapter),
        _ => url(world, &turn, None),
    };
    let seconds = |ms: i64| ms.div_euclid(1000);
    let body = Body {
        workspace_id: turn.workspace_id.clone(),
        turn_id: turn.turn_id.clone(),
        reason: if args.over_ceiling {
            Reason::NativeSessionCeiling
        } else {
            Reason::Operator
        },
        note: args.reason.clone(),
        ceiling_seconds: turn.ceiling_ms.filter(|ms| *ms > 0).map(seconds),
        turn_age_seconds: turn.age_ms.map(seconds),
        drain_seconds: world.policy.drain_ms.saturating_add(999).div_euclid(1000),
        request_id: request_id(&world.tag, &target.workspace_id, &target.turn_key, 0),
    };
    Case::new(turn, target, url, body, attempts)
}

fn url(world: &World, turn: &Turn, adapter: Option<&str>) -> Result<String, String> {
    world
        .platform
        .checkpoint_url(&turn.workspace_id, adapter)
        .map_err(|error| error.in_one_line())
}
