//! `cronctl completions`, and what shells ask while completing.
//!
//! The scripts only register: on every press of the key the shell runs cronctl itself with
//! `COMPLETE=<shell>`, so that options, job names and contexts are those of the moment.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use clap::{Args, ValueEnum};
use clap_complete::CompletionCandidate;
use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use crate::cli;
use crate::config::{Config, Flags};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::ledger::Ledger;
use crate::source::{self, SourceArgs, Want};

/// Print the script that makes a shell complete cronctl.
#[derive(Debug, Args)]
#[command(after_help = INSTALL)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

const INSTALL: &str = "\
Install:
  bash (with bash-completion)
      cronctl completions bash > ~/.local/share/bash-completion/completions/cronctl
  zsh (with ~/.zfunc in $fpath)
      cronctl completions zsh > ~/.zfunc/_cronctl
  fish
      cronctl completions fish > ~/.config/fish/completions/cronctl.fish
  PowerShell
      cronctl completions powershell >> $PROFILE
  elvish
      cronctl completions elvish >> ~/.config/elvish/rc.elv

The script asks the cronctl on the PATH, which offers options, job names and contexts.";

/// A shell that can complete cronctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    #[value(name = "powershell")]
    PowerShell,
    /// Elvish
    Elvish,
}

impl Shell {
    /// Returns the conventional file name of the script.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Bash => "cronctl.bash",
            Self::Zsh => "_cronctl",
            Self::Fish => "cronctl.fish",
            Self::PowerShell => "cronctl.ps1",
            Self::Elvish => "cronctl.elv",
        }
    }

    /// Returns the script that registers cronctl with the shell.
    ///
    /// # Errors
    /// When the library cannot write it.
    pub fn script(self) -> Result<String, Error> {
        let completer: &dyn EnvCompleter = match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::PowerShell => &Powershell,
            Self::Elvish => &Elvish,
        };
        let mut script = Vec::new();
        completer
            .write_registration("COMPLETE", "cronctl", "cronctl", "cronctl", &mut script)
            .map_err(|e| Error::failed("the script cannot be written").because(e))?;
        let script = String::from_utf8_lossy(&script);
        Ok(format!("{}\n", script.trim()))
    }
}

/// Runs `cronctl completions`.
///
/// # Errors
/// When the script cannot be printed.
pub fn run(args: &CompletionsArgs, ctx: &Context) -> Result<Exit, Error> {
    ctx.ui.print(&args.shell.script()?)?;
    Ok(Exit::Ok)
}

/// Answers a shell that is completing. Returns whether one asked.
pub(crate) fn serve(env: &Env) -> clap::error::Result<bool> {
    if env.get("COMPLETE").is_none() {
        return Ok(false);
    }
    let directory = std::env::current_dir().ok();
    CompleteEnv::with_factory(cli::definition)
        .bin("cronctl")
        .try_complete(std::env::args_os(), directory.as_deref())
}

/// Completes the name of a context. For `ArgValueCompleter::new`.
pub fn contexts(current: &OsStr) -> Vec<CompletionCandidate> {
    let Ok(directory) = std::env::current_dir() else {
        return Vec::new();
    };
    // A broken file offers nothing: a message would end up in the command line.
    let config = Config::load(&Env::of_process(), &directory, &Flags::default());
    let Ok(config) = config else {
        return Vec::new();
    };
    matching(current, config.contexts().map(CompletionCandidate::new))
}

/// Completes the id or name of a job. For `ArgValueCompleter::new`.
pub fn jobs(current: &OsStr) -> Vec<CompletionCandidate> {
    job_candidates(current, &Env::of_process())
}

/// Returns the ids and names of the discovered jobs that start with `current`.
pub fn job_candidates(current: &OsStr, env: &Env) -> Vec<CompletionCandidate> {
    let candidates = known_jobs(env).into_iter().flat_map(|(id, name)| {
        let by_name = name.clone().map(CompletionCandidate::new);
        let by_id = CompletionCandidate::new(id).help(name.map(Into::into));
        std::iter::once(by_id).chain(by_name)
    });
    matching(current, candidates)
}

/// Returns the id and name of every job of the sources that the environment and the configuration
/// name. What cannot be read offers nothing: a message would end up in the command line.
fn known_jobs(env: &Env) -> Vec<(String, Option<String>)> {
    let Ok(directory) = std::env::current_dir() else {
        return Vec::new();
    };
    let jobs = || {
        let config = Config::load(env, &directory, &Flags::default())?;
        let mut args = SourceArgs::default().or_configured(&config.source_defaults())?;
        // The terminal is the shell's while it completes.
        args.jobs.retain(|file| file.as_os_str() != "-");
        source::load_in(&args, env, &mut std::io::empty(), &directory, Want::Jobs)
    };
    let jobs: Result<_, Error> = jobs();
    let jobs = jobs.map(|loaded| loaded.jobs).unwrap_or_default();
    jobs.into_iter()
        .map(|job| (job.id.into(), job.name.map(String::from)))
        .collect()
}

/// Completes the id or name of a workspace that the ledger knows. For `ArgValueCompleter::new`. No
/// platform is asked: a key press must not wait for one, nor spend its budget of requests.
pub fn workspaces(current: &OsStr) -> Vec<CompletionCandidate> {
    const LATEST: u32 = 1000;
    let path = Ledger::default_path(&Env::of_process());
    let ledger = path.and_then(|path| Ledger::open_existing(&path).ok()?);
    let history = ledger.and_then(|ledger| ledger.history(&[], None, LATEST).ok());
    let workspaces: BTreeMap<String, Option<String>> = history
        .into_iter()
        .flatten()
        .map(|entry| (entry.workspace_id, entry.workspace_name))
        .collect();
    let candidates = workspaces.into_iter().flat_map(|(id, name)| {
        let by_name = name.clone().map(CompletionCandidate::new);
        let by_id = CompletionCandidate::new(id).help(name.map(Into::into));
        std::iter::once(by_id).chain(by_name)
    });
    matching(current, candidates)
}

fn matching(
    current: &OsStr,
    candidates: impl IntoIterator<Item = CompletionCandidate>,
) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let matches = |c: &CompletionCandidate| c.get_value().to_string_lossy().starts_with(&*current);
    candidates.into_iter().filter(matches).collect()
}
