//! `cronctl adapter check`: does an adapter honour the checkpoint contract?
//!
//! The requests are sent in [`drive`]; whether a clause of `docs/adapter-spec.md` holds is then a
//! function of what was said ([`clause`]).

mod args;
mod clause;
mod drive;
mod record;
mod report;
mod start;

use std::io::{BufRead, IsTerminal};

use self::drive::{Callers, Plan, drive};
use self::record::{Record, Side};
use self::report::Inputs;
use self::start::Starter;
use super::runtime::block_on;
use crate::checkpoint::checkpoint_path;
use crate::config::{Config, Flags};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::molecule::{MoleculeArgs, Platform, Settings, Token};
use crate::report as output;

pub use args::{AdapterAction, AdapterArgs, CheckArgs};
pub use report::AdapterCheckReport;

/// Stands for the workspace where its id was not given: an adapter knows its own.
const SOME_WORKSPACE: &str = "cronctl-adapter-check";

/// Not the secret of any adapter.
const WRONG_SECRET: &str = "cronctl-adapter-check-wrong-secret";

/// Runs `cronctl adapter`.
///
/// # Errors
/// When the adapter cannot be reached.
pub fn run(args: &AdapterArgs, ctx: &Context) -> Result<Exit, Error> {
    let AdapterAction::Check(args) = &args.action;
    check(args, ctx)
}

fn check(args: &CheckArgs, ctx: &Context) -> Result<Exit, Error> {
    if args.drain > args.grace {
        return Err(Error::usage(
            "--drain is longer than --grace: a turn that is saved in time would be called late",
        )
        .hint("lower --drain, or raise --grace"));
    }
    let settings = settings(args, ctx)?;
    let with = |token| {
        Platform::new(Settings {
            token,
            ..settings.clone()
        })
    };
    let callers = Callers {
        given: with(settings.token.clone())?,
        none: with(None)?,
        wrong: with(Token::new(WRONG_SECRET))?,
    };
    let plan = plan(args, &callers.given)?;
    let inputs = inputs(args, &plan, &settings);
    for note in callers.given.take_notes() {
        ctx.ui.note(&note);
    }
    agree(args, &plan, ctx)?;
    let record = block_on(until_stopped(drive(&plan, &callers)))?;
    let mut report = AdapterCheckReport::new(inputs, record);
    output::write(&mut report, ctx)?;
    Ok(report.verdict.exit())
}

/// Who is asked, and with which secret. The secret of an adapter comes from its file only: the
/// variable and the context hold a platform's token, which is none of an adapter's business.
fn settings(args: &CheckArgs, ctx: &Context) -> Result<Settings, Error> {
    let typed = MoleculeArgs {
        molecule: Some(args.url.clone()),
        token_file: args.token_file.clone(),
        org: args.org.clone(),
        ca_file: args.ca_file.clone(),
        timeout: Some(args.timeout),
        insecure_http: args.insecure_http,
        rate_limit: None,
    };
    let (defaults, env) = if args.platform {
        (ctx.config.source_defaults(), ctx.env.clone())
    } else {
        let none = Config::without_files(&Env::default(), &Flags::default())?;
        (none.source_defaults(), Env::default())
    };
    let mut stdin = std::io::stdin().lock();
    let settings = typed.settings(&defaults, &env, &ctx.directory, &mut stdin)?;
    settings.ok_or_else(|| Error::usage("the address is missing"))
}

fn plan(args: &CheckArgs, platform: &Platform) -> Result<Plan, Error> {
    let settings = platform.settings();
    let base = settings.url.as_str();
    let workspace_id = args.workspace.as_deref().unwrap_or(SOME_WORKSPACE);
    let (side, adapter) = if args.platform {
        (Side::Platform, None)
    } else {
        (Side::Adapter, Some(base))
    };
    let message_url = match side {
        Side::Adapter => format!("{base}/"),
        Side::Platform => {
            let path = checkpoint_path("/workspaces/{workspace_id}/a2a", workspace_id);
            format!("{base}{}", path.map_err(Error::failed)?)
        }
    };
    let starter = match &args.turn_command {
        Some(command) => Starter::Command(command.clone()),
        None => Starter::Message {
            url: message_url,
            prompt: args.prompt.as_deref().unwrap_or(args::PROMPT).to_owned(),
        },
    };
    Ok(Plan {
        side,
        workspace_id: workspace_id.to_owned(),
        checkpoint_url: platform.checkpoint_url(workspace_id, adapter)?,
        transcript_url: adapter.map(|base| format!("{base}/transcript")),
        starter,
        grace_ms: args.grace,
        drain_seconds: args.drain.div_euclid(1_000) + i64::from(args.drain % 1_000 > 0),
        timeout_ms: args.timeout,
    })
}

fn inputs(args: &CheckArgs, plan: &Plan, settings: &Settings) -> Inputs {
    Inputs {
        url: args.url.clone(),
        side: plan.side,
        workspace_id: plan.workspace_id.clone(),
        checkpoint_url: plan.checkpoint_url.clone(),
        with_secret: settings.token.is_some(),
        turns_by: plan.starter.by(),
        prompt: match &plan.starter {
            Starter::Message { prompt, .. } => Some(prompt.clone()),
            Starter::Command(_) => None,
        },
        grace_ms: plan.grace_ms,
        drain_ms: plan.drain_seconds.saturating_mul(1_000),
        timeout_ms: plan.timeout_ms,
    }
}

/// Says what is about to happen, and asks whoever can be asked.
fn agree(args: &CheckArgs, plan: &Plan, ctx: &Context) -> Result<(), Error> {
    ctx.ui.note(&format!(
        "starts two turns ({}), cancels each by {}, and leaves a turn that is in flight already alone. \
         An adapter that cannot cancel keeps the first turn until it ends by itself. Use a workspace \
         that nobody else uses",
        plan.starter.by(),
        plan.checkpoint_url
    ));
    if args.yes {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() || !std::io::stderr().is_terminal() {
        return Err(
            Error::usage("turns are started and cancelled only when somebody agrees")
                .hint("add --yes, since nobody can be asked here"),
        );
    }
    ctx.ui.hint("type yes to go on");
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    match (read, answer.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        _ => Err(Error::usage("not agreed to: nothing was sent")),
    }
}

/// Lets a signal end the check in order, so that commands that it started end with it.
async fn until_stopped(
    check: impl Future<Output = Result<Record, Error>>,
) -> Result<Record, Error> {
    tokio::select! {
        record = check => record,
        () = signalled() => Err(Error::failed("stopped by a signal")
            .hint("a turn that was started may still be in flight")),
    }
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signalled() {
    tokio::signal::ctrl_c().await.ok();
}
