//! `cronctl adapter check`: does an adapter honour the checkpoint contract?
//!
//! The requests are sent in `drive`; whether a clause of `docs/adapter-spec.md` holds is then a
//! function of what was said (`clause`).

mod args;
mod clause;
mod drive;
mod plan;
mod record;
mod report;
mod start;

use self::drive::drive;
use self::plan::{Callers, Plan};
use self::record::{Record, Side};
use self::report::Inputs;
use self::start::Starter;
use super::runtime::block_on;
use super::signals::{self, Signals};
use crate::checkpoint::checkpoint_path;
use crate::config::{Config, Flags};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::molecule::{MoleculeArgs, Platform, Settings, Token};
use crate::report as output;
use crate::sandbox::{self, Options};

pub use args::{AdapterAction, AdapterArgs, CheckArgs};
pub use report::AdapterCheckReport;

/// The sandbox of `--demo`: one adapter, whose turns last.
const DEMO: &str = r#"
about = "An adapter that honours the checkpoint contract"
[[workspace]]
id = "healthy"
name = "Healthy"
behaviour = "healthy"
turn_length = "1h"
"#;

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
    let mut report = if args.demo {
        block_on(demo(args))?
    } else {
        if !args.yes && !ctx.ui.asks() {
            return Err(Error::usage(
                "nobody is there to be asked whether turns may be started: this is no terminal",
            )
            .hint("--yes goes on without asking"));
        }
        let settings = settings(args, ctx)?;
        let (plan, callers) = prepare(args, &settings)?;
        for note in callers.given.take_notes() {
            ctx.ui.note(&note);
        }
        if !agreed(args, &plan, ctx) {
            return Err(Error::usage("not agreed to: nothing was sent"));
        }
        let record = block_on(until_stopped(drive(&plan, &callers)))?;
        AdapterCheckReport::new(inputs(&plan, &settings), record)
    };
    output::write(&mut report, ctx)?;
    Ok(report.verdict.exit())
}

/// Checks an adapter of the sandbox.
async fn demo(args: &CheckArgs) -> Result<AdapterCheckReport, Error> {
    let sandbox = sandbox::start(Options {
        scenario: Some(DEMO.to_owned()),
        speed: 1.0,
        ..Options::default()
    })
    .await?;
    let address = format!("{}/adapters/healthy", sandbox.url);
    let settings = Settings::at(&address, Some(sandbox.secret.clone()));
    let (plan, callers) = prepare(args, &settings)?;
    let record = until_stopped(drive(&plan, &callers)).await?;
    Ok(AdapterCheckReport::new(inputs(&plan, &settings), record))
}

/// What is to be done, and by whom.
fn prepare(args: &CheckArgs, settings: &Settings) -> Result<(Plan, Callers), Error> {
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
    Ok((plan(args, &callers.given)?, callers))
}

/// Who is asked, and with which secret. The secret of an adapter comes from its file only: the
/// variable and the context hold a platform's token, which is none of an adapter's business.
fn settings(args: &CheckArgs, ctx: &Context) -> Result<Settings, Error> {
    let typed = MoleculeArgs {
        molecule: args.url.clone(),
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

fn inputs(plan: &Plan, settings: &Settings) -> Inputs {
    Inputs {
        url: settings.url.clone(),
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
fn agreed(args: &CheckArgs, plan: &Plan, ctx: &Context) -> bool {
    let about = [
        format!(
            "starts two turns ({}) and cancels them by {}; use a workspace that nobody else uses",
            plan.starter.by(),
            plan.checkpoint_url
        ),
        "the first request names a turn that does not exist: an adapter that minds ids leaves a turn \
         that is in flight already alone, and then none is started"
            .to_owned(),
        "an adapter that cannot cancel keeps the first turn until it ends by itself".to_owned(),
    ];
    if args.yes {
        for line in &about {
            ctx.ui.note(line);
        }
        return true;
    }
    ctx.ui.confirm(&about, "Go on?") == Some(true)
}

/// Lets a signal end the check in order, so that commands that it started end with it.
async fn until_stopped(
    check: impl Future<Output = Result<Record, Error>>,
) -> Result<Record, Error> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        record = check => record,
        exit = signals.next() => {
            let error = Error::failed(format!("stopped by {}", signals::name(exit)));
            Err(Error { exit, ..error }.hint("a turn that was started may still be in flight"))
        }
    }
}
