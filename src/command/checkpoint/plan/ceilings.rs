//! Ceilings that workspaces have configured: known before anything is sent, and looked for where a turn
//! might be over its own.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use tokio::task::JoinSet;

use super::super::args::CheckpointArgs;
use super::super::memory::Memory;
use super::super::world::World;
use crate::clock;
use crate::error::{Error, Problem};
use crate::ledger::{CEILINGS_MS, Ledger};
use crate::turn::{
    Adapters, CeilingSetting, ListedTurn, Snapshot, Turn, TurnsRoute, Verdict, may_be_default,
};

/// So many are read of turns that are not over, at each look of a loop and in a single call: what was read is
/// remembered, so that a few looks know all of them.
const EAGER: usize = 32;
const EAGER_ONCE: usize = 256;

/// So many are read anew, at the least, of turns that look over.
const VERIFIED: usize = 256;

/// One that could not be read is not asked for again before this, milliseconds, unless its turn looks over.
const AGAIN_MS: i64 = 600_000;

/// What a look says of ceilings.
pub(super) struct Said<'a> {
    look: &'a Snapshot,
    adapters: &'a Adapters,
    listed: BTreeMap<(&'a str, Option<&'a str>), i64>,
}

impl<'a> Said<'a> {
    pub(super) fn new(look: &'a Snapshot, adapters: &'a Adapters) -> Self {
        let rows: &[_] = match &look.turns {
            TurnsRoute::Listed(rows) => rows,
            _ => &[],
        };
        let key = |row: &'a ListedTurn| (row.workspace_id.as_str(), row.turn_id.as_deref());
        let listed = rows
            .iter()
            .filter_map(|row| Some((key(row), row.ceiling_seconds?)));
        Self {
            look,
            adapters,
            listed: listed.collect(),
        }
    }

    /// Whether the ceiling of a turn is known: its configuration was read, or the list of turns names one
    /// that cannot be the default.
    fn knows(&self, turn: &Turn) -> bool {
        let key = (turn.workspace_id.as_str(), turn.turn_id.as_deref());
        let adapter = self.adapters.get(turn.runtime.as_deref());
        let listed = self.listed.get(&key);
        self.look.ceilings.contains_key(&turn.workspace_id)
            || listed.is_some_and(|seconds| !may_be_default(*seconds, adapter))
    }

    /// The workspaces of turns whose ceiling is not known, or only remembered, in their order: it must be
    /// before anything is sent.
    pub(super) fn unread<'t>(
        &self,
        over: impl Iterator<Item = &'t Turn>,
        remembered: &BTreeSet<String>,
    ) -> Vec<String> {
        let unread =
            over.filter(|turn| !self.knows(turn) || remembered.contains(&turn.workspace_id));
        once(unread)
    }

    /// The workspaces of turns that are not over by the ceiling that they were judged by, and might be by
    /// their own: the oldest first.
    fn doubtful(&self, turns: &[Turn]) -> Vec<String> {
        let open = [Verdict::Off, Verdict::Under, Verdict::Unknown];
        let mut turns: Vec<&Turn> = turns
            .iter()
            .filter(|turn| open.contains(&turn.verdict) && turn.age_ms.is_some())
            .filter(|turn| turn.native_session == Some(true) && !self.knows(turn))
            .collect();
        turns.sort_by_key(|turn| std::cmp::Reverse(turn.age_ms));
        once(turns.into_iter())
    }
}

/// The workspaces of turns, each once, in their order.
fn once<'t>(turns: impl Iterator<Item = &'t Turn>) -> Vec<String> {
    let mut seen = FxHashSet::default();
    let ids = turns.map(|turn| &turn.workspace_id);
    ids.filter(|id| seen.insert(*id)).cloned().collect()
}

/// Configurations that could not be read, and not before when they are asked for again.
#[derive(Debug, Default)]
pub(super) struct Unreadable(BTreeMap<String, i64>);

/// How many of those that look over are read anew at once: the oldest. The others wait for another look.
pub(super) fn verified(args: &CheckpointArgs) -> usize {
    args.max_actions().saturating_mul(2).max(VERIFIED)
}

/// What came of looking for ceilings that are lower than those that turns were judged by.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Whether there was any to read.
    pub(super) any: bool,
    pub(super) warning: Option<String>,
    pub(super) problem: Option<Problem>,
}

/// Adds to a look the ceilings of workspaces whose turns might be over by their own.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn look_for_own(
    args: &CheckpointArgs,
    world: &World,
    memory: &mut Memory,
    unreadable: &mut Unreadable,
    turns: &[Turn],
    look: &mut Snapshot,
) -> Result<Looked, Error> {
    let now_ms = clock::now_ms();
    unreadable.0.retain(|_, again_ms| *again_ms > now_ms);
    let mut doubtful = Said::new(look, &world.adapters).doubtful(turns);
    doubtful.retain(|id| !unreadable.0.contains_key(id));
    let at_once = if args.watch.watch { EAGER } else { EAGER_ONCE };
    let warning = (doubtful.len() > at_once).then(|| {
        format!(
            "the own ceilings of some workspaces are not read yet, and turns of theirs may be over them: \
             {at_once} are read at a time, the oldest turn first, and remembered"
        )
    });
    doubtful.truncate(at_once);
    if doubtful.is_empty() {
        return Ok(Looked::default());
    }
    let read = read_ceilings(world, doubtful.into_iter().collect(), args.concurrency()).await;
    remember(world, memory, &read.got).await?;
    look.ceilings.extend(read.got);
    let problem = read.failed.iter().next().map(|(id, why)| {
        let n = read.failed.len();
        let what = format!(
            "{n} could not be read, so turns there may be over a ceiling of their own: workspace {id}: {why}"
        );
        Problem::new("GET /workspaces/:id/config", what)
    });
    let again_ms = now_ms.saturating_add(AGAIN_MS);
    unreadable
        .0
        .extend(read.failed.into_keys().map(|id| (id, again_ms)));
    Ok(Looked {
        any: true,
        warning,
        problem,
    })
}

/// Adds to a look the ceilings that were read lately, where it has none. Returns whose they are.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn remembered(
    world: &World,
    memory: &mut Memory,
    look: &mut Snapshot,
) -> Result<BTreeSet<String>, Error> {
    let (tag, since_ms) = (world.tag.clone(), clock::now_ms() - CEILINGS_MS);
    let known = memory.ask(move |ledger| ledger.ceilings(&tag, since_ms));
    let mut known = known.await?;
    // One that is wrong may be corrected by now.
    let is_wrong = |ceiling: &CeilingSetting| matches!(ceiling, CeilingSetting::Wrong(_));
    known.retain(|id, ceiling| !look.ceilings.contains_key(id) && !is_wrong(ceiling));
    let ids = known.keys().cloned().collect();
    look.ceilings.extend(known);
    Ok(ids)
}

/// Remembers ceilings that were read.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn remember(
    world: &World,
    memory: &mut Memory,
    got: &BTreeMap<String, CeilingSetting>,
) -> Result<(), Error> {
    let (tag, got) = (world.tag.clone(), got.clone());
    let remember = move |ledger: &mut Ledger| ledger.remember_ceilings(&tag, clock::now_ms(), &got);
    memory.ask(remember).await
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
