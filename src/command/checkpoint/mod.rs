//! `cronctl checkpoint`: free turns past their ceiling, and know whether it worked.

mod activity;
mod args;
mod case;
mod choose;
mod confirm;
mod history;
mod idle;
mod memory;
mod openclaw;
mod outcome;
mod plan;
mod report;
mod row;
#[cfg(test)]
mod sample;
mod screen;
mod seen;
mod sweep;
mod watch;
mod world;

use self::case::Case;
use self::memory::{Memory, who};
use self::plan::{Carried, Planned};
use self::report::{Inputs, Summary};
use self::row::TargetRow;
use self::sweep::{Tools, sweep};
use self::world::World;
use crate::checkpoint::Breaker;
use crate::command::runtime::block_on;
use crate::command::signals::{self, Signals};
use crate::context::Context;
use crate::error::{Error, Exit, Problem};
use crate::ledger::Claimant;
use crate::report as output;
use crate::when;

pub use args::{Action, CheckpointArgs, Escalate, Via};
pub use history::{HistoryArgs, HistoryReport};
pub use openclaw::GatewayArgs;
pub use report::CheckpointReport;
pub use watch::{CheckpointEvent, WatchArgs, event_schema};

/// Why nothing was sent in a dry run that found a request to send.
const DRY_RUN: &str = "--dry-run";

/// Runs `cronctl checkpoint`.
///
/// # Errors
/// When it is not said which turns, nothing could be asked, or nothing could be recorded.
pub fn run(args: &CheckpointArgs, ctx: &Context) -> Result<Exit, Error> {
    if let Some(Action::History(args)) = &args.action {
        return history::run(args, ctx);
    }
    if args.workspace.is_empty() && !args.over_ceiling {
        return Err(Error::usage("checkpoint is not told which turns to free")
            .hint("cronctl checkpoint WORKSPACE… frees those of workspaces, by id, prefix or name")
            .hint("cronctl checkpoint --over-ceiling frees those over their ceiling"));
    }
    if args.certain && !args.over_ceiling {
        return Err(Error::usage("--certain is about --over-ceiling")
            .hint("a workspace that is named is asked whatever the age of its turn"));
    }
    if args.path.is_some() && args.via == Some(Via::Adapter) {
        return Err(
            Error::usage("--path is about the platform, and --via adapter asks none")
                .hint("an adapter is asked at its own /control/checkpoint"),
        );
    }
    if args.watch.watch {
        watch::possible(args, ctx)?;
        return block_on(watch::run(args, ctx));
    }
    confirm::possible(args, ctx)?;
    if args.gateway.openclaw_gateway.is_some() {
        return block_on(at_gateway(args, ctx));
    }
    block_on(at_platform(args, ctx))
}

/// Frees turns of a platform.
async fn at_platform(args: &CheckpointArgs, ctx: &Context) -> Result<Exit, Error> {
    let mut world = World::new(args, ctx).await?;
    let who = who(ctx);
    let reason = reason(args);
    let mut memory = Memory::find(args, ctx)?;
    memory.open().await?;
    world.follows();
    let ctx = &ctx.at(world.now_ms);
    let Planned {
        mut cases,
        left,
        turns_route,
        clock_offset_ms,
        mut warnings,
        mut problems,
        ..
    } = plan::plan(args, ctx, &world, &mut memory, &mut Carried::default()).await?;
    let (mut ended_by, mut listening) = (None, None);
    if args.dry_run {
        plan::dry_run(&mut cases, &world.policy);
    } else if cases.iter().any(|case| case.end.is_none()) {
        if confirm::platform(args, ctx, &world, &cases) {
            let claimant = claimant(args, &who);
            let tools = Tools {
                clock_offset_ms,
                ..tools(args, ctx, &world, &who, &reason, &claimant)
            };
            let mut signals = Signals::listen()?;
            let ledger = memory.take()?;
            let mut breaker = Breaker::off();
            let swept = sweep(&tools, cases, ledger, &mut breaker, &mut signals).await;
            (cases, ended_by) = (swept.cases, swept.ended_by);
            listening = Some(signals);
            problems.extend(cases.iter().filter_map(held));
            match swept.unrecorded {
                // Nothing was sent, and the reason is the ledger's.
                Some(error) if cases.iter().all(|case| case.sent == 0) => return Err(error),
                error => problems.extend(error.as_ref().map(unrecorded)),
            }
        } else {
            plan::not_confirmed(&mut cases);
        }
    }
    if args.report && !args.dry_run {
        // Where nothing was sent nobody listens yet, and a signal ends the process.
        let signal = async {
            match &mut listening {
                Some(signals) => signals.next().await,
                None => std::future::pending().await,
            }
        };
        if ended_by.is_some() {
            warnings.push("nothing was said on activity logs, since a signal came".to_owned());
        } else {
            tokio::select! {
                exit = signal => {
                    ended_by = Some(exit);
                    warnings.push(activity::cut_short(exit));
                }
                said = activity::report(&world.platform, &mut cases, args.concurrency()) => {
                    problems.extend(said);
                }
            }
        }
    }
    warnings.extend(world.platform.take_notes());
    let exit = outcome::exit(cases.iter().filter_map(|c| Some(c.end.as_ref()?.outcome)));
    let held = cases.iter().filter(|case| case.held).count();
    let targets: Vec<_> = cases.into_iter().map(TargetRow::of).collect();
    let mut report = CheckpointReport {
        summary: Summary {
            held,
            requests: world.platform.requests(),
            left_alone: left,
            ended_by: ended_by.map(signals::name),
            ..Summary::of(&targets)
        },
        inputs: Inputs {
            grace_ms: world.policy.grace_ms,
            turns_route,
            ledger: memory.place.map(|place| place.to_string()),
            ..inputs(args, ctx, world.tag.clone(), who)
        },
        targets,
        warnings,
        problems,
    };
    output::write(&mut report, ctx)?;
    Ok(ended_by.unwrap_or_else(|| ctx.exit(exit)))
}

/// Frees cron runs of an OpenClaw gateway.
async fn at_gateway(args: &CheckpointArgs, ctx: &Context) -> Result<Exit, Error> {
    let who = who(ctx);
    let ask = openclaw::Ask {
        gateway: &args.gateway,
        token: world::token(args, ctx)?,
        insecure: args.molecule.insecure_http,
        timeout_ms: args.molecule.timeout,
        jobs: &args.workspace,
        over_ceiling: args.over_ceiling,
        certain: args.certain,
        ceiling_ms: args.ceiling,
        dry_run: args.dry_run,
        grace_ms: args.grace,
        max_actions: args.max_actions(),
        reason: reason(args),
        who: who.clone(),
    };
    let mut memory = Memory::find(args, ctx)?;
    memory.open().await?;
    let go_on = |lines: &[String]| Ok(confirm::gateway(args, ctx, lines));
    let mut ledger = memory.take()?;
    let ledger = (!args.no_ledger).then_some(&mut ledger);
    let freed = Box::pin(openclaw::free(&ask, ctx, ledger, &go_on)).await?;
    let rows = freed.done.into_iter();
    let targets: Vec<_> = rows
        .map(|done| TargetRow::of_run(done, &freed.address))
        .collect();
    let exit = outcome::exit(targets.iter().map(|row| row.outcome));
    let mut report = CheckpointReport {
        summary: Summary {
            requests: targets.iter().map(|row| u64::from(row.requests)).sum(),
            ..Summary::of(&targets)
        },
        inputs: Inputs {
            ledger: memory.place.map(|place| place.to_string()),
            ..inputs(args, ctx, freed.address, who)
        },
        targets,
        warnings: freed.warnings,
        problems: freed.problems,
    };
    output::write(&mut report, ctx)?;
    Ok(ctx.exit(exit))
}

/// What the options say; what else the answer rests on is for the caller.
fn inputs(args: &CheckpointArgs, ctx: &Context, platform: String, who: String) -> Inputs {
    let policy = args.policy();
    Inputs {
        platform,
        now_at: when::utc(ctx.now_ms),
        now_at_ms: ctx.now_ms,
        dry_run: args.dry_run,
        workspaces: args.workspace.clone(),
        over_ceiling: args.over_ceiling,
        ceiling_ms: args.ceiling,
        certain: args.certain,
        reason: args.reason.clone(),
        who,
        via: args.via.unwrap_or_default().word(),
        drain_ms: policy.drain_ms,
        grace_ms: policy.grace_ms,
        max_actions: args.max_actions(),
        concurrency: args.concurrency(),
        escalate: policy.escalate,
        ledger: None,
        turns_route: None,
    }
}

/// What is to be said of a turn that another process is dealing with.
fn held(case: &Case) -> Option<Problem> {
    let end = case.end.as_ref().filter(|_| case.held)?;
    let place = format!("workspace {}", case.turn.workspace_id);
    let problem = Problem::new(place, format!("not asked: {}", end.why));
    Some(problem.hint("cronctl checkpoint history shows what came of it"))
}

/// As whom turns are claimed: nobody else is called so.
fn claimant(args: &CheckpointArgs, who: &str) -> Claimant {
    Claimant {
        owner: format!("{who}/{}-{:08x}", std::process::id(), fastrand::u32(..)),
        lease_ms: args.watch.lease_ms(),
        per_hour: args.watch.per_hour(),
    }
}

/// What a single sweep works with.
fn tools<'a>(
    args: &CheckpointArgs,
    ctx: &'a Context,
    world: &'a World,
    who: &'a str,
    reason: &'a str,
    claimant: &'a Claimant,
) -> Tools<'a> {
    Tools {
        ui: &ctx.ui,
        platform: &world.platform,
        adapters: &world.adapters,
        policy: &world.policy,
        concurrency: args.concurrency(),
        via_platform: args.via != Some(Via::Adapter),
        source: &world.tag,
        who,
        reason,
        claimant,
        in_loop: false,
        metrics: None,
        clock_offset_ms: None,
    }
}

/// Why, for the ledger.
fn reason(args: &CheckpointArgs) -> String {
    let why = if args.over_ceiling {
        "native_session_ceiling"
    } else {
        "operator"
    };
    match &args.reason {
        Some(words) => format!("{why}: {words}"),
        None => why.to_owned(),
    }
}

fn unrecorded(error: &Error) -> Problem {
    let what = format!(
        "nothing more was sent, and what was answered since is not recorded: {}",
        error.in_one_line()
    );
    let problem = Problem::new("the ledger", what);
    match error.hints.first() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
