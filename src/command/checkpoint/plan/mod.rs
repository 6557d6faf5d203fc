//! What a call is going to do: gather, remember, judge, choose.

mod cases;
mod ceilings;
mod census;

use std::collections::{BTreeMap, BTreeSet};

use self::cases::Past;
use self::ceilings::{read_ceilings, unread};
use self::census::Census;
use super::args::CheckpointArgs;
use super::case::{Case, End};
use super::choose::{LeftAlone, Wish, choose};
use super::idle::Idle;
use super::memory::Memory;
use super::world::World;
use crate::checkpoint::{Action, Outcome, Policy};
use crate::clock;
use crate::command::turns::pick::pick;
use crate::context::Context;
use crate::error::{Error, Problem};
use crate::ledger::Ledger;
use crate::molecule::{Depth, gather, sightings};
use crate::turn::{self, Judged, Snapshot, Turn, TurnsRoute, Verdict};
use crate::when;

/// A turn without a sign of life for this long is silent, milliseconds: as in `turns`.
const SILENT_AFTER_MS: i64 = 300_000;

/// The schedules of so many workspaces are of interest to a loop.
const NAMED: usize = 64;

/// What a call is going to do.
#[derive(Debug)]
pub(super) struct Planned {
    /// The turns to free, the oldest first. Those that nothing is to be sent for have ended.
    pub(super) cases: Vec<Case>,
    pub(super) left: LeftAlone,
    /// All turns, by verdict.
    pub(super) census: Census,
    /// Whether the platform lists turns.
    pub(super) turns_route: Option<bool>,
    pub(super) warnings: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// Finds the turns to free. `last` is who was idle at the last look of this process.
///
/// # Errors
/// When the platform cannot be asked, a workspace is not known, or the ledger fails.
pub(super) async fn plan(
    args: &CheckpointArgs,
    ctx: &Context,
    world: &World,
    memory: &mut Memory,
    last: Option<&mut Idle>,
) -> Result<Planned, Error> {
    let ids = named(args, world).await?;
    let (mut look, mut problems) = look(args, world, ids.as_ref()).await?;
    let tag = world.tag.clone();
    let known = memory.ask(move |ledger| ledger.spells(&tag)).await?;
    let mut seen = sightings(&look, &|id| known.contains_key(id));
    drop(known);
    if let Some(last) = last {
        last.passes_on(&mut seen, &look);
    }
    let spells = memory.observe(&world.tag, seen).await?;
    let policy = turn::Policy {
        ceiling_ms: args.ceiling,
        silent_after_ms: SILENT_AFTER_MS,
    };
    // A fleet is mostly idle. Of workspaces that are named, idle ones may have to be asked, too.
    let judge = match ids {
        None => turn::judge_busy,
        Some(_) => turn::judge,
    };
    let judge = |look: &Snapshot| judge(look, &spells, &world.adapters, &policy);
    let wish = Wish {
        ids: ids.as_ref(),
        over: args.over_ceiling,
        certain: args.certain,
    };
    let mut judged = judge(&look);
    let mut not_read = BTreeMap::new();
    let now_ms = clock::now_ms();
    let over = judged.turns.iter().filter(|turn| wish.frees(turn));
    let mut past = Past::of(over, world, memory).await?;
    let rests = |past: &Past, turn: &Turn| args.watch.watch && past.rests(turn, world, now_ms);
    if args.over_ceiling && args.ceiling.is_none() {
        let over = judged.turns.iter().filter(|turn| wish.frees(turn));
        let over = over.filter(|turn| !rests(&past, turn));
        let unread = unread(over, &look);
        if !unread.is_empty() {
            let read = read_ceilings(world, unread, args.concurrency()).await;
            not_read = read.failed;
            let (tag, got) = (world.tag.clone(), read.got.clone());
            let remember =
                move |ledger: &mut Ledger| ledger.remember_ceilings(&tag, clock::now_ms(), &got);
            memory.ask(remember).await?;
            look.ceilings.extend(read.got);
            judged = judge(&look);
        }
    }
    let Judged {
        turns,
        idle,
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
    let mut census = Census::of(&turns, NAMED);
    *census.verdicts.entry(Verdict::Idle).or_default() += idle;
    let (mut turns, mut left) = choose(turns, wish);
    left.idle += idle;
    let all = turns.len();
    turns.retain(|turn| !rests(&past, turn));
    let mut cases: Vec<Case> = turns
        .into_iter()
        .map(|turn| past.case(args, world, turn))
        // What may be a new turn, where none has a name, rests as well.
        .filter(|case| !args.watch.watch || case.rests(now_ms).is_none())
        .collect();
    left.resting = all - cases.len();
    not_to_be_sent(args, &mut cases, &not_read, &mut problems);
    if left.not_known_native > 0 && !args.watch.watch {
        ctx.ui.note(&format!(
            "{} turns over their ceiling are left alone: it is not known whether their adapters own \
             them; adapters.<runtime>.native_session in cronctl.toml says so",
            left.not_known_native
        ));
    }
    Ok(Planned {
        cases,
        left,
        census,
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
