//! What a source knows about the gateway that runs its jobs.

use std::path::{Path, PathBuf};

use super::jobs::Recognised;
use super::{Confidence, Scheduler, SourceArgs};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::model::ModelSettings;
use crate::openclaw::config::{Config, CronSettings, Node};
use crate::openclaw::discover::{self, Paths};
use crate::openclaw::history::History;
use crate::openclaw::models;
use crate::openclaw::sessions::Sessions;
use crate::openclaw::version::Decision;
use crate::schedule::{Rules, Version};

/// The gateway of a source, as far as it can be known offline.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The configuration; `None` when there is none, or none that can be used.
    pub config: Option<Config>,
    /// What the configuration says about models: nothing where there is no such file, `None` where it
    /// cannot be used.
    pub settings: Option<ModelSettings>,
    /// Whether there is no configuration file: the gateway's defaults are assumed.
    pub unconfigured: bool,
    /// The session rows. Not read, and so unknown for every agent, with [`super::Want::Jobs`] and
    /// for sources without a state directory.
    pub sessions: Sessions,
    /// The finished runs; the records are kept with [`super::Want::Models`] only.
    pub history: History,
    /// The version whose rules hold, and everything that speaks for and against it.
    pub version: Decision,
    /// The state directory; `None` for sources without one (`--demo`, `--jobs` with `--config`).
    pub state_dir: Option<PathBuf>,
}

impl Gateway {
    /// A gateway of which only the configuration is known.
    pub(super) fn of_config(config: Config, version: Decision) -> Self {
        Self {
            settings: Some(models::settings(&config)),
            unconfigured: false,
            config: Some(config),
            sessions: Sessions::default(),
            history: History::default(),
            version,
            state_dir: None,
        }
    }
}

/// The configuration that `--config` names.
pub(super) struct Named {
    pub(super) config: Config,
    pub(super) cron: CronSettings,
    /// What of `cron` is not used.
    pub(super) problems: Vec<Problem>,
}

/// Reads the configuration that `--config` names, with what to say about it.
///
/// # Errors
/// When it cannot be used, or no source could use it: a name that was typed is not passed over.
pub(super) fn named_config(
    args: &SourceArgs,
    env: &Env,
    cwd: &Path,
    notes: &mut Vec<String>,
) -> Result<Option<Named>, Error> {
    let Some(file) = &args.config else {
        return Ok(None);
    };
    if args.jobs.is_empty() {
        return Err(Error::usage(
            "--config describes the gateway of --jobs sources, and there is none",
        )
        .hint("a state directory (--openclaw) and --demo have a configuration of their own"));
    }
    let paths = Paths {
        home: discover::home(env),
        state_dir: file.parent().unwrap_or(Path::new("")).to_owned(),
        config: file.clone(),
        origin: "--config",
    };
    let name = file.display();
    let Some(config) = Config::load(&paths, env, cwd)? else {
        return Err(Error::failed(format!("{name}: does not exist")));
    };
    notes.extend(config.unset().map(|names| format!("{name}: {names}")));
    let mut problems = Vec::new();
    let cron = CronSettings::of(&config, &mut problems);
    Ok(Some(Named {
        config,
        cron,
        problems,
    }))
}

impl Recognised {
    /// The gateway that a configuration describes; `None` when it is not OpenClaw's. Where nothing
    /// else says which version it is, the configuration does.
    pub(super) fn gateway(&mut self, config: &Config, file: Option<&Path>) -> Option<Gateway> {
        let Rules::OpenClaw(version) = self.rules else {
            return None;
        };
        if self.scheduler != Scheduler::OpenClaw {
            return None;
        }
        let mut decision = Decision::by(version, &self.origin, self.confidence);
        if self.confidence == Confidence::Assumed
            && let Some(version) = touched(config)
        {
            let file = file.unwrap_or(Path::new("--config")).display();
            let origin = format!("{file}: meta.lastTouchedVersion");
            decision = Decision::by(version, &origin, Confidence::Likely);
            self.rules = Rules::OpenClaw(version);
            self.origin = origin;
            self.confidence = Confidence::Likely;
        }
        Some(Gateway::of_config(config.clone(), decision))
    }
}

/// Returns the version that last wrote a configuration.
fn touched(config: &Config) -> Option<Version> {
    let found = config.get(&["meta", "lastTouchedVersion"])?;
    Node::text(found.node)?.parse().ok()
}
