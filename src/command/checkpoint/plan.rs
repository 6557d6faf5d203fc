//! What a call is going to do: gather, remember, judge, choose.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use super::args::{CheckpointArgs, Via};
use super::case::{Case, End};
use super::choose::{LeftAlone, Wish, choose};
use super::memory::Memory;
use super::world::World;
use crate::checkpoint::{Action, Body, Outcome, Policy, Reason, Target, request_id};
use crate::clock;
use crate::command::turns::pick::pick;
use crate::context::Context;
use crate::error::{Error, Problem};
use crate::molecule::{Depth, gather, sightings};
use crate::turn::{self, CeilingSetting, Judged, Snapshot, Turn, TurnsRoute};
use crate::when;

/// A turn without a sign of life for this long is silent, milliseconds: as in `turns`.
const SILENT_AFTER_MS: i64 = 300_000;

/// What a call is going to do.
#[derive(Debug)]
pub(super) struct Planned {
    /// The turns to free, the oldest first. Those that nothing is to be sent for have ended.
    pub(super) cases: Vec<Case>,
    pub(super) left: LeftAlone,
    /// Whether the platform lists turns.
    pub(super) turns_route: Option<bool>,
    pub(super) warnings: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// Finds the turns to free.
///
/// # Errors
/// When the platform cannot be asked, a workspace is not known, or the ledger fails.
pub(super) async fn plan(
    args: &CheckpointArgs,
    ctx: &Context,
    world: &World,
    memory: &mut Memory,
) -> Result<Planned, Error> {
    let ids = named(args, world).await?;
    let (mut look, mut problems) = look(args, world, ids.as_ref()).await?;
    let known = memory.ledger.spells(&world.tag)?;
    let seen = sightings(&look, &|id| known.contains_key(id));
    let spells = memory.observe(&world.tag, &seen)?;
    drop((known, seen));
    let policy = turn::Policy {
        ceiling_ms: args.ceiling,
        silent_after_ms: SILENT_AFTER_MS,
    };
    let judge = |look: &Snapshot| turn::judge(look, &spells, &world.adapters, &policy);
    let wish = Wish {
        ids: ids.as_ref(),
        over: args.over_ceiling,
        certain: args.certain,
    };
    let mut judged = judge(&look);
    let mut not_read = BTreeMap::new();
    if args.over_ceiling && args.ceiling.is_none() {
        let over = judged.turns.iter().filter(|turn| wish.frees(turn));
        let unread = unread(over, &look);
        if !unread.is_empty() {
            let read = read_ceilings(world, unread, args.concurrency()).await;
            not_read = read.failed;
            memory
                .ledger
                .remember_ceilings(&world.tag, clock::now_ms(), &read.got)?;
            look.ceilings.extend(read.got);
            judged = judge(&look);
        }
    }
    let Judged {
        turns,
        warnings,
        problems: wrong,
    } = judged;
    problems.extend(wrong);
    let turns_route = match &look.turns {
        TurnsRoute::NotAsked => None,
        TurnsRoute::Missing(_) => Some(false),
        TurnsRoute::Listed(_) => Some(true),
    };
    // It may be large, and nothing more is asked of it.
    drop(look);
    let (turns, left) = choose(turns, wish);
    let mut cases = Vec::with_capacity(turns.len());
    for turn in turns {
        let case = case(args, world, memory, turn)?;
        cases.push(case);
    }
    not_to_be_sent(args, &mut cases, &not_read, &mut problems);
    if left.not_known_native > 0 {
        ctx.ui.note(&format!(
            "{} turns over their ceiling are left alone: it is not known whether their adapters own \
             them; adapters.<runtime>.native_session in cronctl.toml says so",
            left.not_known_native
        ));
    }
    Ok(Planned {
        cases,
        left,
        turns_route,
        warnings,
        problems,
    })
}

/// Looks at the platform. Where it lists turns, the two lists are all that is needed for a fleet; where
/// it does not, the evidence of busy workspaces is asked for.
async fn look(
    args: &CheckpointArgs,
    world: &World,
    ids: Option<&BTreeSet<String>>,
) -> Result<(Snapshot, Vec<Problem>), Error> {
    let depth = match ids {
        Some(ids) => Depth::Named(ids.iter().cloned().collect()),
        None => Depth::Ages,
    };
    gather(
        &world.platform,
        &world.tag,
        &depth,
        &world.adapters,
        args.concurrency(),
        world.now_ms,
        world.now_is_real,
    )
    .await
}

/// The ids of the workspaces that are named; `None` when none is.
async fn named(args: &CheckpointArgs, world: &World) -> Result<Option<BTreeSet<String>>, Error> {
    if args.workspace.is_empty() {
        return Ok(None);
    }
    let workspaces = world.platform.workspaces().await?;
    let known = workspaces.iter();
    let known = known.map(|w| (w.id.as_str(), w.name.as_deref()));
    let ids = pick(&args.workspace, &known)?;
    Ok(Some(ids.into_iter().collect()))
}

/// The workspaces of turns that look over, whose own ceiling nobody has said yet: it must be known
/// before anything is sent.
fn unread<'a>(over: impl Iterator<Item = &'a Turn>, look: &Snapshot) -> BTreeSet<String> {
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
struct Ceilings {
    got: BTreeMap<String, CeilingSetting>,
    /// Why not.
    failed: BTreeMap<String, String>,
}

async fn read_ceilings(world: &World, ids: BTreeSet<String>, concurrency: usize) -> Ceilings {
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
                read.failed.insert(id, super::in_one_line(&error));
            }
            // A task that panicked took its id along; its workspace stays unread.
            Some(Err(_)) => {}
        }
    }
}

/// One turn, and the request for it.
fn case(args: &CheckpointArgs, world: &World, memory: &Memory, turn: Turn) -> Result<Case, Error> {
    let target = Target {
        platform: world.tag.clone(),
        workspace_id: turn.workspace_id.clone(),
        turn_id: turn.turn_id.clone(),
        turn_key: turn.turn_id.clone().unwrap_or_else(|| turn.key.clone()),
        begun_ms: clock::now_ms(),
    };
    let attempts = memory
        .ledger
        .attempts(&world.tag, &target.workspace_id, &target.turn_key)?;
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
    Ok(Case::new(turn, target, url, body, attempts))
}

fn url(world: &World, turn: &Turn, adapter: Option<&str>) -> Result<String, String> {
    world
        .platform
        .checkpoint_url(&turn.workspace_id, adapter)
        .map_err(|error| super::in_one_line(&error))
}

/// Ends the cases that nothing is to be sent for, each with a problem, or one for all over the budget.
fn not_to_be_sent(
    args: &CheckpointArgs,
    cases: &mut [Case],
    not_read: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    let (mut taken, mut over_budget) = (0, 0);
    for case in cases {
        let id = &case.turn.workspace_id;
        let why = if let Some(why) = not_read.get(id) {
            Some(format!("its own ceiling could not be read: {why}"))
        } else {
            case.url.as_ref().err().cloned()
        };
        if let Some(why) = why {
            let problem = Problem::new(format!("workspace {id}"), format!("not asked: {why}"));
            problems.push(problem);
            case.end = Some(not_sent(&why));
            continue;
        }
        if args.over_ceiling
            && let Some(why) = case.rests(clock::now_ms())
        {
            case.end = Some(End {
                outcome: Outcome::Unknown,
                ..not_sent(&why)
            });
            continue;
        }
        taken += 1;
        if taken > args.max_actions() {
            over_budget += 1;
            case.end = Some(not_sent("more turns than --max-actions allows"));
        }
    }
    if over_budget > 0 {
        let what = format!(
            "{over_budget} turns are left for another call: one frees at most {}",
            args.max_actions()
        );
        problems.push(
            Problem::new("--max-actions", what).hint("--max-actions N allows more, oldest first"),
        );
    }
}

fn not_sent(why: &str) -> End {
    End {
        outcome: Outcome::NotSent,
        why: why.to_owned(),
        at_ms: clock::now_ms(),
    }
}

/// Says of each case what would be sent for it.
pub(super) fn dry_run(cases: &mut [Case], policy: &Policy) {
    let now_ms = clock::now_ms();
    for case in cases.iter_mut().filter(|case| case.end.is_none()) {
        let why = match case.next(policy, now_ms) {
            Action::Request { request_id, .. } => {
                case.body.request_id = request_id;
                super::DRY_RUN.to_owned()
            }
            Action::Restart => "a restart of the workspace would be asked for".to_owned(),
            Action::Look { .. } => {
                "a request of an earlier call would be read back before another is sent".to_owned()
            }
            Action::Wait { until_ms, why } => {
                format!("nothing before {}: {why}", when::utc(until_ms))
            }
            Action::Done { why, .. } => format!("nothing would be sent: {why}"),
        };
        case.end = Some(not_sent(&why));
    }
}

/// Ends the cases that nobody said yes to.
pub(super) fn not_confirmed(cases: &mut [Case]) {
    for case in cases.iter_mut().filter(|case| case.end.is_none()) {
        case.end = Some(not_sent("the answer was no"));
    }
}
