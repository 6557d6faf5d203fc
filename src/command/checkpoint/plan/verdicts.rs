//! The verdicts: by ceilings that are known to be those of the workspaces, wherever that matters.

use std::collections::{BTreeMap, BTreeSet};

use super::super::args::CheckpointArgs;
use super::super::choose::Wish;
use super::super::memory::Memory;
use super::super::world::World;
use super::cases::Past;
use super::ceilings::{
    Said, Unreadable, look_for_own, read_ceilings, remember, remembered, verified,
};
use crate::clock;
use crate::error::{Error, Problem};
use crate::turn::{Judged, Snapshot, Turn};

/// What a look came to.
pub(super) struct Verdicts {
    pub(super) judged: Judged,
    /// The instant by which turns rest or do not: epoch milliseconds.
    pub(super) now_ms: i64,
    /// The requests for the turns to free.
    pub(super) past: Past,
    /// Workspaces whose ceiling could not be read, and why.
    pub(super) not_read: BTreeMap<String, String>,
    /// Workspaces whose ceiling was not read yet.
    pub(super) not_yet: BTreeSet<String>,
    pub(super) warning: Option<String>,
    pub(super) problem: Option<Problem>,
}

/// Judges a look: again where a ceiling that was read or remembered may change a verdict.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn verdicts(
    args: &CheckpointArgs,
    world: &World,
    memory: &mut Memory,
    unreadable: &mut Unreadable,
    wish: Wish<'_>,
    look: &mut Snapshot,
    judge: &dyn Fn(&Snapshot) -> Judged,
) -> Result<Verdicts, Error> {
    // With one ceiling for all, or without any, those of the workspaces do not matter.
    let own = args.over_ceiling && args.ceiling.is_none();
    let mut known = BTreeSet::new();
    if own {
        known = remembered(world, memory, look).await?;
    }
    let mut judged = judge(look);
    let (mut warning, mut problem) = (None, None);
    // Of workspaces that are named everything was read.
    if own && wish.ids.is_none() {
        let turns = &judged.turns;
        let looked = look_for_own(args, world, memory, unreadable, turns, look).await?;
        if looked.any {
            judged = judge(look);
        }
        (warning, problem) = (looked.warning, looked.problem);
    }
    let over = judged.turns.iter().filter(|turn| wish.frees(turn));
    let past = Past::of(over, world, memory).await?;
    let (mut not_read, mut not_yet) = (BTreeMap::new(), BTreeSet::new());
    // Once for all: what rests now is not read anew, and must not be asked for when it rests no more.
    let now_ms = clock::now_ms();
    if own {
        let rests = |turn: &Turn| args.watch.watch && past.rests(turn, world, now_ms);
        let over = judged.turns.iter().filter(|turn| wish.frees(turn));
        let over = over.filter(|turn| !rests(turn));
        let mut unread = Said::new(look, &world.adapters).unread(over, &known);
        not_yet.extend(unread.split_off(verified(args).min(unread.len())));
        if !unread.is_empty() {
            let unread = unread.into_iter().collect();
            let read = read_ceilings(world, unread, args.concurrency()).await;
            not_read = read.failed;
            remember(world, memory, &read.got).await?;
            look.ceilings.extend(read.got);
            judged = judge(look);
        }
    }
    Ok(Verdicts {
        judged,
        now_ms,
        past,
        not_read,
        not_yet,
        warning,
        problem,
    })
}
