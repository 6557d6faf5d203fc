//! What a call is going to do: gather, remember, judge, choose.

mod cases;
mod ceilings;
mod census;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use self::cases::Past;
use self::ceilings::Unreadable;
use self::census::Census;
use self::verdicts::{Verdicts, verdicts};
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
use crate::molecule::{Depth, gather, sightings};
use crate::turn::{self, Judged, Snapshot, Spell, Turn, TurnsRoute, Verdict, Workspace};
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
    /// The platform's clock less ours, where it was compared.
    pub(super) clock_offset_ms: Option<i64>,
    /// Whether the platform lists turns.
    pub(super) turns_route: Option<bool>,
    pub(super) warnings: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// What a loop carries from look to look; a single call begins with none of it.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// Who was idle at the last look.
    idle: Idle,
    /// What each name meant when it was last found.
    named: BTreeMap<String, String>,
    /// Whose configuration could not be read lately.
    unreadable: Unreadable,
}

/// Finds the turns to free. `carried` is what earlier looks of this process left.
///
/// # Errors
/// When the platform cannot be asked, a workspace is not known, or the ledger fails.
pub(super) async fn plan(
    args: &CheckpointArgs,
    ctx: &Context,
    world: &World,
    memory: &mut Memory,
    carried: &mut Carried,
) -> Result<Planned, Error> {
    let Carried {
        idle,
        named: names,
        unreadable,
    } = carried;
    let ids = named(args, world, names).await?;
    let (mut look, mut problems) = look(args, world, ids.as_ref()).await?;
    problems.extend(not_listed(ids.as_ref(), &look));
    means(&args.workspace, &look.workspaces, names)?;
    let apart = too_far_apart(idle, &look);
    let spells = observe(world, memory, idle, &look).await?;
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
    let Verdicts {
        judged,
        now_ms,
        mut past,
        not_read,
        not_yet,
        warning,
        problem,
    } = verdicts(args, world, memory, unreadable, wish, &mut look, &judge).await?;
    problems.extend(problem);
    let rests = |past: &Past, turn: &Turn| args.watch.watch && past.rests(turn, world, now_ms);
    let Judged {
        turns,
        idle,
        mut warnings,
        problems: wrong,
    } = judged;
    problems.extend(wrong);
    warnings.extend(apart.into_iter().chain(warning));
    let turns_route = match &look.turns {
        TurnsRoute::NotAsked => None,
        TurnsRoute::Missing(_) => Some(false),
        TurnsRoute::Listed(_) => Some(true),
    };
    let clock_offset_ms = look.clock_offset_ms;
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
    not_to_be_sent(
        args,
        &world.policy,
        &mut cases,
        &not_read,
        &not_yet,
        &mut problems,
    );
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
        clock_offset_ms,
        turns_route,
        warnings,
        problems,
    })
}

/// Adds what a look saw to what was seen before. `last` is who was idle at the last look of this process.
async fn observe(
    world: &World,
    memory: &mut Memory,
    last: &mut Idle,
    look: &Snapshot,
) -> Result<BTreeMap<String, Spell>, Error> {
    let tag = world.tag.clone();
    let known = memory.ask(move |ledger| ledger.spells(&tag)).await?;
    let mut seen = sightings(look, &|id| known.contains_key(id));
    drop(known);
    last.passes_on(&mut seen, look);
    memory.observe(&world.tag, seen).await
}

/// What is to be said of workspaces that were named and are gone.
fn not_listed(ids: Option<&BTreeSet<String>>, look: &Snapshot) -> Option<Problem> {
    let listed = |id: &&String| look.workspaces.iter().any(|w| w.id == **id);
    let gone: Vec<&str> = ids?
        .iter()
        .filter(|id| !listed(id))
        .map(|id| &**id)
        .collect();
    (!gone.is_empty() && !look.workspaces.is_empty()).then(|| {
        let what = format!("no longer listed: {}", gone.join(", "));
        Problem::new("workspaces that were named", what)
    })
}

/// What is to be said where looks come too far apart to follow a turn that no list names.
fn too_far_apart(last: &Idle, look: &Snapshot) -> Option<String> {
    let apart_ms = look.taken_at_ms.saturating_sub(last.at_ms()?);
    (matches!(look.turns, TurnsRoute::Missing(_)) && apart_ms > turn::BRIDGE_MS).then(|| {
        format!(
            "looks came {} apart: where the platform lists no turns, one is followed through gaps of at \
             most {}, and an age that rests on looks begins anew (--interval, --rate-limit)",
            when::duration(apart_ms),
            when::duration(turn::BRIDGE_MS)
        )
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

/// The ids of the workspaces that are named; `None` when none is. `found` is what each text meant when it was
/// last found: at the first look it is found in a list of its own, and then in each look's, for the next.
async fn named(
    args: &CheckpointArgs,
    world: &World,
    found: &mut BTreeMap<String, String>,
) -> Result<Option<BTreeSet<String>>, Error> {
    if args.workspace.is_empty() {
        return Ok(None);
    }
    if found.is_empty() {
        means(&args.workspace, &world.platform.workspaces().await?, found)?;
    }
    Ok(Some(found.values().cloned().collect()))
}

/// Finds out what texts mean. What one meant before it means until another workspace has it for its name:
/// never what it merely happens to begin.
fn means(
    texts: &[String],
    workspaces: &[Workspace],
    found: &mut BTreeMap<String, String>,
) -> Result<(), Error> {
    let known = workspaces
        .iter()
        .map(|w| (w.id.as_str(), w.name.as_deref()));
    // All of them, or none.
    let mut means = found.clone();
    for text in texts {
        let id = if found.contains_key(text) {
            let mut named = known.clone().filter(|(_, name)| *name == Some(text));
            match (named.next(), named.next()) {
                (Some((id, _)), None) if !known.clone().any(|(id, _)| id == text) => id.to_owned(),
                _ => continue,
            }
        } else {
            pick(std::slice::from_ref(text), &known)?.swap_remove(0)
        };
        means.insert(text.clone(), id);
    }
    *found = means;
    Ok(())
}

/// Ends the cases that nothing is to be sent for, each with a problem, or one for all over the budget.
fn not_to_be_sent(
    args: &CheckpointArgs,
    policy: &Policy,
    cases: &mut [Case],
    not_read: &BTreeMap<String, String>,
    not_yet: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) {
    let (mut taken, mut over_budget) = (0, 0);
    for case in cases {
        let now_ms = clock::now_ms();
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
            && let Some(why) = case.rests(now_ms)
        {
            case.end = Some(End {
                outcome: Outcome::Unknown,
                ..not_sent(&why)
            });
            continue;
        }
        // What was refused a while ago takes no room from others.
        if let Action::Done { outcome, why } = case.next(policy, now_ms) {
            case.end = Some(End {
                outcome,
                ..not_sent(&why)
            });
            continue;
        }
        if not_yet.contains(id) {
            over_budget += 1;
            case.end = Some(not_sent(
                "its own ceiling is not read yet: older turns go first",
            ));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_what_it_meant_until_another_has_it_for_its_name() {
        let listed = |rows: &[(&str, &str)]| -> Vec<Workspace> {
            rows.iter()
                .map(|(id, name)| Workspace {
                    id: (*id).to_owned(),
                    name: Some((*name).to_owned()),
                    ..Workspace::default()
                })
                .collect()
        };
        let texts = ["ws-1".to_owned(), "SEO".to_owned()];
        let mut found = BTreeMap::new();
        let mut look = |rows: &[(&str, &str)]| {
            means(&texts, &listed(rows), &mut found).map(|()| {
                let ids = texts.iter().map(|text| found[text].clone());
                ids.collect::<Vec<_>>()
            })
        };
        assert!(look(&[("ws-10", "Ten")]).is_err());
        let first = [("ws-1", "One"), ("ws-2", "SEO"), ("ws-10", "Ten")];
        assert_eq!(look(&first).unwrap(), ["ws-1", "ws-2"]);
        // Gone: another that begins so is not meant.
        assert_eq!(look(&[("ws-10", "Ten")]).unwrap(), ["ws-1", "ws-2"]);
        assert_eq!(look(&[("ws-10", "SEO")]).unwrap(), ["ws-1", "ws-10"]);
        // Two have it now: what it meant last.
        let two = [("ws-1", "One"), ("ws-3", "SEO"), ("ws-4", "SEO")];
        assert_eq!(look(&two).unwrap(), ["ws-1", "ws-10"]);
        // An id is an id, whoever has it for a name.
        assert_eq!(
            look(&[("ws-1", "One"), ("ws-5", "ws-1")]).unwrap(),
            ["ws-1", "ws-10"]
        );
    }

    #[test]
    fn looks_that_come_too_far_apart_to_follow_a_turn_are_said() {
        let look = |at_ms: i64, turns: TurnsRoute| Snapshot {
            taken_at_ms: at_ms,
            turns,
            ..Snapshot::default()
        };
        let missing = || TurnsRoute::Missing("404".to_owned());
        let mut last = Idle::default();
        assert_eq!(too_far_apart(&last, &look(1_000_000, missing())), None);
        last.passes_on(&mut [], &look(1_000_000, missing()));
        assert_eq!(too_far_apart(&last, &look(1_060_000, missing())), None);
        let said = too_far_apart(&last, &look(1_075_000, missing())).unwrap();
        assert!(said.starts_with("looks came 75 s apart"), "{said}");
        let listed = TurnsRoute::Listed(Vec::new());
        assert_eq!(too_far_apart(&last, &look(1_075_000, listed)), None);
    }
}
