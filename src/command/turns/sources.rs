//! Where turns are looked up: a platform, OpenClaw's state, or the built-in platform.

use std::fmt::Write as _;

use super::args::TurnsArgs;
use super::openclaw;
use crate::clock::{self, Stopwatch};
use crate::config::Origin;
use crate::context::Context;
use crate::error::{Error, Problem};
use crate::model::quoted;
use crate::molecule::{Platform, Settings};
use crate::openclaw::discover::{self, Paths};
use crate::sandbox::{self, Running};
use crate::source::OpenClawArg;
use crate::turn::{Policy, Turn};

/// The tag of the built-in platform.
const DEMO: &str = "demo";

/// Where turns are looked up.
#[derive(Debug)]
pub(super) struct Sources {
    /// The platform.
    pub(super) platform: Option<Platform>,
    /// What rows and the ledger call it: its address, or `demo`.
    pub(super) tag: String,
    /// State directories of OpenClaw.
    pub(super) openclaw: Vec<OpenClawState>,
    /// Whether the instants of looks are the clock's, so that it can be compared with the platform's.
    pub(super) real_time: bool,
    /// The options that name the same sources again.
    pub(super) again: String,
    time: Time,
    /// The built-in platform: it ends when this is dropped.
    _sandbox: Option<Running>,
}

/// A state directory of OpenClaw.
#[derive(Clone, Debug)]
pub(super) struct OpenClawState {
    /// What rows call it.
    pub(super) tag: String,
    /// Where it is.
    pub(super) paths: Paths,
}

/// What a state directory gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Gateway {
    /// Its turns, judged.
    pub(super) turns: Vec<Turn>,
    /// What is doubtful.
    pub(super) warnings: Vec<String>,
    /// What was skipped.
    pub(super) problems: Vec<Problem>,
}

/// What the instant is.
#[derive(Clone, Copy, Debug)]
enum Time {
    /// What the clock says.
    Clock,
    /// An instant from which on time passes.
    From(i64, Stopwatch),
}

impl Sources {
    /// Finds out where to look: the options, else the context's platform and state directories, else
    /// OpenClaw's own state.
    ///
    /// # Errors
    /// When there is nothing to ask, or what names it cannot be used.
    pub(super) async fn new(args: &TurnsArgs, ctx: &Context) -> Result<Self, Error> {
        if args.demo {
            return Self::demo(args.watch).await;
        }
        let context = ctx.config.source_defaults();
        let named = args.molecule.molecule.is_some();
        // Sources that are named on the command line are all of them.
        let settings = if named || args.openclaw.is_empty() {
            let stdin = &mut std::io::stdin().lock();
            args.molecule
                .settings(&context, &ctx.env, &ctx.directory, stdin)?
        } else {
            None
        };
        let mut openclaw = args.openclaw.clone();
        if openclaw.is_empty() && !named {
            let dirs = context.openclaw.value.iter().cloned();
            openclaw = dirs.map(OpenClawArg::Dir).collect();
        }
        if openclaw.is_empty() && settings.is_none() {
            let own = discover::discover(&ctx.env, &ctx.directory);
            if !own.is_some_and(|paths| paths.state_dir.is_dir()) {
                return Err(nothing_to_ask(ctx));
            }
            openclaw.push(OpenClawArg::Discover);
        }
        let again = again(args, settings.as_ref().filter(|_| named), ctx);
        Ok(Self {
            tag: settings
                .as_ref()
                .map_or_else(String::new, |s| s.url.clone()),
            platform: settings.map(Platform::new).transpose()?,
            openclaw: states(openclaw, ctx)?,
            real_time: ctx.now_origin == Origin::BuiltIn,
            again,
            time: match ctx.now_origin {
                Origin::BuiltIn => Time::Clock,
                _ => Time::From(ctx.now_ms, Stopwatch::start()),
            },
            _sandbox: None,
        })
    }

    /// Starts the built-in platform. Its clock stands still for one answer, so that it is the same
    /// each time, and goes on in a watch.
    async fn demo(watch: bool) -> Result<Self, Error> {
        let running = sandbox::start(sandbox::Options {
            scenario: Some(sandbox::DEMO.to_owned()),
            speed: if watch { 1.0 } else { 0.0 },
            ..sandbox::Options::default()
        })
        .await?;
        let settings = Settings::at(&running.url, Some(running.token.clone()));
        Ok(Self {
            platform: Some(Platform::new(settings)?),
            tag: DEMO.to_owned(),
            openclaw: Vec::new(),
            real_time: false,
            again: " --demo".to_owned(),
            time: Time::From(running.start_ms, Stopwatch::start()),
            _sandbox: Some(running),
        })
    }

    /// The instant of a single answer.
    pub(super) fn instant(&self) -> i64 {
        match self.time {
            Time::Clock => clock::now_ms(),
            Time::From(start_ms, _) => start_ms,
        }
    }

    /// The instant now, for a watch.
    pub(super) fn now_ms(&self) -> i64 {
        match self.time {
            Time::Clock => clock::now_ms(),
            Time::From(start_ms, since) => {
                let passed = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
                start_ms.saturating_add(passed)
            }
        }
    }
}

impl OpenClawState {
    /// Reads its turns.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub(super) fn turns(
        &self,
        ctx: &Context,
        policy: &Policy,
        now_ms: i64,
    ) -> Result<Gateway, Error> {
        openclaw::turns(self, ctx, policy, now_ms)
    }
}

fn states(args: Vec<OpenClawArg>, ctx: &Context) -> Result<Vec<OpenClawState>, Error> {
    let mut states: Vec<OpenClawState> = Vec::new();
    for (n, arg) in args.into_iter().enumerate() {
        let paths = match &arg {
            OpenClawArg::Dir(dir) => Some(discover::named(dir, &ctx.env, &ctx.directory)),
            OpenClawArg::Discover => discover::discover(&ctx.env, &ctx.directory),
        };
        let paths = paths.ok_or_else(|| nothing_to_ask(ctx))?;
        let tag = match n {
            0 => "openclaw".to_owned(),
            n => format!("openclaw-{}", n + 1),
        };
        states.push(OpenClawState { tag, paths });
    }
    Ok(states)
}

fn nothing_to_ask(ctx: &Context) -> Error {
    let error = Error::failed(
        "there is nothing to ask: no platform is named, and OpenClaw has no state here",
    );
    let error = match ctx.config.context() {
        Some(context) => error.because(format!("context {} names no source", context.value)),
        None => error,
    };
    error
        .hint("--molecule URL asks a platform")
        .hint("--openclaw DIR reads a state directory of OpenClaw")
        .hint("--demo asks a built-in platform")
}

/// The options that name the same platform again, to be put after another command.
fn again(args: &TurnsArgs, named: Option<&Settings>, ctx: &Context) -> String {
    let mut again = String::new();
    let mut add = |flag: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = write!(again, " {flag} {}", quoted(value));
    };
    if let Some(context) = ctx.config.context()
        && matches!(context.origin, Origin::Flag(_))
    {
        add("--context", &context.value);
    }
    let molecule = &args.molecule;
    if let Some(settings) = named {
        // As understood: what was typed may hold credentials.
        add("--molecule", &settings.url);
    }
    if let Some(file) = &molecule.token_file {
        add("--token-file", &file.display().to_string());
    }
    if let Some(org) = &molecule.org {
        add("--org", org);
    }
    if let Some(file) = &molecule.ca_file {
        add("--ca-file", &file.display().to_string());
    }
    if let Some(place) = &args.ledger.ledger {
        add("--ledger", &place.display().to_string());
    }
    if let Some(file) = &args.ledger.ledger_password_file {
        add("--ledger-password-file", &file.display().to_string());
    }
    again
}
