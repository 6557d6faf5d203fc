//! `checkpoint --openclaw-gateway`: aborts cron runs of a gateway, and reads back.

mod free;
mod select;

use std::time::Duration;

use crate::context::Context;
use crate::error::{Error, Exit, Problem};
use crate::ledger::Ledger;
use crate::molecule::Token;
use crate::openclaw::gateway::{ABORT, Address, Failure, Gateway, Hello, Settings};
use crate::schedule::Version;
use crate::turn::{CleanAbort, Policy, clean_abort, openclaw_turns};
use crate::zones::Zones;

use self::free::Freer;
use self::select::Planned;

pub(super) use self::free::Done;

/// The variable in which OpenClaw itself looks for the token.
const TOKEN_VARIABLE: &str = "OPENCLAW_GATEWAY_TOKEN";
/// What is asked for, to read and to abort.
const READ: &str = "operator.read";
const WRITE: &str = "operator.write";
/// How long a run may still be seen after it was aborted: on a real gateway it is gone in 100 ms.
const GRACE_MS: u64 = 10_000;
/// A run without an event for this long is silent.
const SILENT_AFTER_MS: i64 = 300_000;
/// How long an answer may take.
const TIMEOUT_MS: i64 = 10_000;

/// What is about a platform and its adapters, by the names of the options' fields.
const OF_A_PLATFORM: [&str; 11] = [
    "molecule",
    "demo",
    "org",
    "ca_file",
    "rate_limit",
    "concurrency",
    "drain",
    "via",
    "path",
    "escalate",
    "report",
];

/// The options of a gateway.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "OpenClaw")]
pub struct GatewayArgs {
    /// Abort cron runs of a running OpenClaw gateway instead: jobs by id, unique prefix, or name
    ///
    /// By `sessions.abort` over its WebSocket, on 2026.9: the run ends as an error and counts as one,
    /// and its sub-agents end with it. Versions without a clean abort are refused. The token is that
    /// of --token-file, `CRONCTL_TOKEN` or `OPENCLAW_GATEWAY_TOKEN`.
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url, conflicts_with_all = OF_A_PLATFORM)]
    pub openclaw_gateway: Option<String>,

    /// Take the gateway as this version, whatever it says: for versions that were not checked
    #[arg(long, value_name = "VERSION", requires = "openclaw_gateway")]
    pub openclaw_version: Option<Version>,
}

/// What is to be done at a gateway.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// The gateway's options.
    pub(super) gateway: &'a GatewayArgs,
    /// The token of `--token-file` or `CRONCTL_TOKEN`.
    pub(super) token: Option<Token>,
    /// `--insecure-http`.
    pub(super) insecure: bool,
    /// `--timeout` in milliseconds.
    pub(super) timeout_ms: Option<i64>,
    /// The jobs that are named.
    pub(super) jobs: &'a [String],
    /// `--over-ceiling`.
    pub(super) over_ceiling: bool,
    /// `--certain`.
    pub(super) certain: bool,
    /// `--ceiling` in milliseconds.
    pub(super) ceiling_ms: Option<i64>,
    /// `--dry-run`.
    pub(super) dry_run: bool,
    /// `--grace` in milliseconds.
    pub(super) grace_ms: Option<i64>,
    /// `--max-actions`.
    pub(super) max_actions: usize,
    /// Why, for the ledger.
    pub(super) reason: String,
    /// Who, for the ledger.
    pub(super) who: String,
}

/// What was done at a gateway.
#[derive(Debug)]
pub(super) struct Freed {
    /// The gateway's address.
    pub(super) address: String,
    /// One per run that was asked for.
    pub(super) done: Vec<Done>,
    /// What is doubtful although the answer stands.
    pub(super) warnings: Vec<String>,
    /// What was skipped.
    pub(super) problems: Vec<Problem>,
}

/// Aborts the runs that are asked for. `go_on` is asked before anything is sent, with a line for
/// each; it is not asked when there is nothing to send.
///
/// # Errors
/// When the gateway cannot be asked, has no clean abort, grants too little; when a name is no job's;
/// when the ledger cannot be written: then nothing is sent.
pub(super) async fn free(
    ask: &Ask<'_>,
    ctx: &Context,
    ledger: Option<&mut Ledger>,
    go_on: &dyn Fn(&[String]) -> Result<bool, Error>,
) -> Result<Freed, Error> {
    let settings = settings(ask, ctx)?;
    let address = settings.address.clone();
    let failed = |doing: &'static str| {
        let address = address.clone();
        move |failure: Failure| failure.at(&address, doing)
    };
    let mut gateway = Gateway::connect(&settings, &[READ, WRITE])
        .await
        .map_err(failed("connect"))?;
    let mut warnings = Vec::new();
    let version = version(&address, gateway.hello(), ask.gateway, &mut warnings)?;
    allowed(&address, gateway.hello(), ask.dry_run)?;
    let tag = address.to_string();
    let look = gateway
        .runs(&tag, version)
        .await
        .map_err(failed("tasks.list and cron.list"))?;
    let policy = Policy {
        ceiling_ms: ask.ceiling_ms,
        silent_after_ms: SILENT_AFTER_MS,
    };
    let now_ms = ctx.now_ms;
    let turns = openclaw_turns(
        &look.runs,
        &look.jobs,
        &policy,
        &Zones::new(&ctx.env),
        now_ms,
    );
    let planned = select::select(ask, &look, &turns)?;
    let mut freer = Freer {
        gateway: Some(gateway),
        settings: &settings,
        version,
        ledger,
        ask,
        tag: tag.clone(),
        grace: Duration::from_millis(
            ask.grace_ms
                .and_then(|ms| u64::try_from(ms).ok())
                .unwrap_or(GRACE_MS),
        ),
        unrecorded: Vec::new(),
    };
    let lines: Vec<String> = planned.iter().filter_map(Planned::line).collect();
    let sends = !ask.dry_run && (lines.is_empty() || go_on(&lines)?);
    let mut done = Vec::new();
    let mut problems = look.problems;
    let mut planned = planned.into_iter();
    for next in planned.by_ref() {
        match freer.one(next, sends).await {
            Ok(one) => done.push(one),
            Err(error) if done.is_empty() => return Err(error),
            Err(error) => {
                // What was done so far is told; the rest is left alone, unrecorded as it would be.
                let rest = planned.len() + 1;
                let what = format!("{rest} runs were left alone: {error}");
                problems.push(Problem::new(tag.clone(), what));
                break;
            }
        }
    }
    let lost = std::mem::take(&mut freer.unrecorded);
    problems.extend(lost.into_iter().map(|why| Problem::new("ledger", why)));
    freer.close().await;
    Ok(Freed {
        address: tag,
        done,
        warnings,
        problems,
    })
}

fn settings(ask: &Ask<'_>, ctx: &Context) -> Result<Settings, Error> {
    let option = "--openclaw-gateway";
    let text = ask.gateway.openclaw_gateway.as_deref().unwrap_or_default();
    let address = Address::parse(option, text)?;
    let token = match (&ask.token, ctx.env.get(TOKEN_VARIABLE)) {
        (Some(token), _) => Some(token.clone()),
        (None, Some(text)) => Some(
            Token::new(text)
                .ok_or_else(|| Error::usage(format!("{TOKEN_VARIABLE}: it holds no token")))?,
        ),
        (None, None) => None,
    };
    if token.is_some() && address.is_open() && !ask.insecure {
        return Err(Error::usage(format!(
            "{address}: the token would go over plain ws to another machine"
        ))
        .hint("use wss, or a tunnel to its loopback address: ssh -L 18789:127.0.0.1:18789 HOST")
        .hint("or say --insecure-http where the way there is safe"));
    }
    let timeout_ms = ask.timeout_ms.unwrap_or(TIMEOUT_MS);
    let timeout_ms = u64::try_from(timeout_ms).unwrap_or(0);
    if timeout_ms == 0 {
        return Err(Error::usage("--timeout: a request needs more than no time"));
    }
    Ok(Settings {
        address,
        token,
        timeout_ms,
    })
}

/// The version whose rules hold. Refuses those that cannot abort a cron run cleanly.
fn version(
    address: &Address,
    hello: &Hello,
    args: &GatewayArgs,
    warnings: &mut Vec<String>,
) -> Result<Version, Error> {
    let refused = |what: String| Error {
        exit: Exit::Refused,
        ..Error::failed(format!("{address}: {what}"))
    };
    let Some(version) = args.openclaw_version.or(hello.version) else {
        let text = hello.version_text.as_deref().unwrap_or("none");
        return Err(refused(format!(
            "its version is not known ({text:?}), so neither is whether it can abort a run"
        ))
        .hint("--openclaw-version VERSION takes it as that version"));
    };
    if let (Some(stated), Some(found)) = (args.openclaw_version, hello.version)
        && stated != found
    {
        warnings.push(format!(
            "{address}: it is {found} and taken as {stated}, as asked"
        ));
    }
    match clean_abort(version) {
        CleanAbort::Yes(_) => {}
        CleanAbort::No(why) => {
            return Err(refused("no run is aborted".to_owned())
                .because(why)
                .hint("set timeoutSeconds on the job, or stop the gateway")
                .hint("an upgrade to 2026.9.6 has a clean abort"));
        }
        CleanAbort::NotChecked(why) => {
            return Err(refused("no run is aborted".to_owned())
                .because(why)
                .hint("--openclaw-version 2026.9.6 takes it as that version"));
        }
    }
    if !hello.has(ABORT) {
        return Err(refused(format!("it has no method {ABORT}")));
    }
    Ok(version)
}

fn allowed(address: &Address, hello: &Hello, dry_run: bool) -> Result<(), Error> {
    let needed: &[&str] = if dry_run { &[READ] } else { &[READ, WRITE] };
    let missing: Vec<&str> = needed.iter().copied().filter(|s| !hello.may(s)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let granted = match &hello.scopes[..] {
        [] => "none".to_owned(),
        scopes => scopes.join(", "),
    };
    Err(Error {
        exit: Exit::Refused,
        ..Error::failed(format!(
            "{address}: does not allow {}",
            missing.join(" and ")
        ))
    }
    .because(format!("it granted these scopes: {granted}"))
    .hint(
        "a gateway grants them to its shared token on loopback; elsewhere to paired devices only",
    ))
}
