//! The platform of a call, and what is known before it is asked.

use super::args::CheckpointArgs;
use crate::checkpoint;
use crate::clock::{self, Stopwatch};
use crate::config::Origin;
use crate::context::Context;
use crate::error::Error;
use crate::molecule::{MoleculeArgs, Platform, Settings, Token, adapters};
use crate::sandbox::{self, Running};
use crate::turn::Adapters;

/// What the built-in platform is called.
const DEMO: &str = "demo";
/// So many seconds pass on the built-in platform per second: nobody waits half a minute for a demo.
const DEMO_SPEED: i64 = 20;

/// The platform of a call, and what is known before it is asked.
#[derive(Debug)]
pub(super) struct World {
    pub(super) platform: Platform,
    /// What rows, request ids and the ledger call it: its address, or `demo`.
    pub(super) tag: String,
    pub(super) adapters: Adapters,
    pub(super) policy: checkpoint::Policy,
    /// The instant at which turns are judged, epoch milliseconds.
    pub(super) now_ms: i64,
    /// Whether that is the clock's, so that it can be compared with the platform's.
    pub(super) now_is_real: bool,
    /// The instant that was asked for, and the time since.
    since: (i64, Stopwatch),
    /// The built-in platform: it ends when this is dropped.
    _sandbox: Option<Running>,
}

impl World {
    /// Finds out which platform is meant.
    ///
    /// # Errors
    /// When none is named, or what names it cannot be used.
    pub(super) async fn new(args: &CheckpointArgs, ctx: &Context) -> Result<Self, Error> {
        if args.demo {
            return Self::demo(args).await;
        }
        let context = ctx.config.source_defaults();
        let stdin = &mut std::io::stdin().lock();
        let settings = args
            .molecule
            .settings(&context, &ctx.env, &ctx.directory, stdin)?;
        let mut settings = settings.ok_or_else(|| {
            Error::usage("no platform is named")
                .hint("--molecule URL names one, or molecule.url in a context of cronctl.toml")
                .hint("cronctl checkpoint --demo --over-ceiling tries it on a built-in one")
        })?;
        if let Some(path) = &args.path {
            settings.checkpoint_path.clone_from(path);
        }
        Ok(Self {
            tag: settings.url.clone(),
            platform: Platform::new(settings)?,
            adapters: adapters(&context),
            policy: args.policy(),
            now_ms: ctx.now_ms,
            now_is_real: ctx.now_origin == Origin::BuiltIn,
            since: (ctx.now_ms, Stopwatch::start()),
            _sandbox: None,
        })
    }

    /// The same with the configuration, the token and the certificates as they are now. A token that was
    /// read from stdin cannot be read again, and stays.
    ///
    /// # Errors
    /// As [`World::new`].
    pub(super) async fn again(
        args: &CheckpointArgs,
        ctx: &Context,
        before: &Self,
    ) -> Result<Self, Error> {
        let stdin = Some(std::path::Path::new("-"));
        let mut again = if args.molecule.token_file.as_deref() == stdin {
            let mut args = args.clone();
            args.molecule.token_file = None;
            let mut again = Self::new(&args, ctx).await?;
            let mut settings = again.platform.settings().clone();
            settings.token.clone_from(&before.platform.settings().token);
            again.platform = Platform::new(settings)?;
            again
        } else {
            Self::new(args, ctx).await?
        };
        // An instant that was asked for goes on from where it was.
        again.since = before.since;
        Ok(again)
    }

    /// Takes the instant anew where a clock is followed since.
    pub(super) fn follows(&mut self) {
        if self.now_is_real {
            self.now_ms = clock::now_ms();
        }
    }

    /// Moves on to the instant now, for the next look of a loop.
    pub(super) fn tick(&mut self) {
        self.now_ms = if self.now_is_real {
            clock::now_ms()
        } else {
            let (start_ms, since) = self.since;
            let passed = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
            start_ms.saturating_add(passed)
        };
    }

    async fn demo(args: &CheckpointArgs) -> Result<Self, Error> {
        #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
        let running = sandbox::start(sandbox::Options {
            scenario: Some(sandbox::DEMO.to_owned()),
            speed: DEMO_SPEED as f64,
            ..sandbox::Options::default()
        })
        .await?;
        let mut settings = Settings::at(&running.url, Some(running.token.clone()));
        settings.rate_limit = 0;
        if let Some(path) = &args.path {
            settings.checkpoint_path.clone_from(path);
        }
        let mut policy = args.policy();
        if args.grace.is_none() {
            policy.grace_ms /= DEMO_SPEED;
        }
        Ok(Self {
            tag: DEMO.to_owned(),
            platform: Platform::new(settings)?,
            adapters: Adapters::built_in(),
            policy,
            now_ms: running.start_ms,
            now_is_real: false,
            since: (running.start_ms, Stopwatch::start()),
            _sandbox: Some(running),
        })
    }
}

/// The token of `--token-file` or `CRONCTL_TOKEN`, for a gateway. A context's is the platform's.
///
/// # Errors
/// When what names it holds none.
pub(super) fn token(args: &CheckpointArgs, ctx: &Context) -> Result<Option<Token>, Error> {
    let MoleculeArgs { token_file, .. } = &args.molecule;
    if let Some(path) = token_file {
        let origin = format!("--token-file {}", path.display());
        return if path.as_os_str() == "-" {
            Token::from_reader(&mut std::io::stdin().lock(), "stdin", origin).map(Some)
        } else {
            Token::from_file(&ctx.directory.join(path), origin).map(Some)
        };
    }
    let name = "CRONCTL_TOKEN";
    let text = ctx.env.get(name);
    text.map(|text| Token::from_variable(name, text))
        .transpose()
}
