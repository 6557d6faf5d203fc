//! The commands, one file each: gather, compute, report.
//!
//! To add one: a file with `pub struct XArgs` (`clap::Args`) and
//! `pub fn run(args: &XArgs, ctx: &Context) -> Result<Exit, Error>`, a variant of [`Command`] whose
//! doc comment is the help, an arm in [`run`], a line in `ARGUMENTS`, and one in
//! [`schemas`] for each report. Then
//! `CRONCTL_REGENERATE=1 cargo test --test cli generated` writes its manual page and schema, and
//! `tests/cli/schema.rs` asks for a sample.

pub mod adapter;
pub mod audit;
mod begin;
pub mod check;
pub mod checkpoint;
pub mod completions;
pub mod config;
pub mod explain_model;
pub mod jitter;
pub mod next;
pub mod plan;
mod runtime;
pub mod sandbox;
mod signals;
pub mod turns;
mod watching;

use clap::{Args as _, Subcommand};

use crate::context::Context;
use crate::error::{Error, Exit};
use crate::manual;
use crate::report::{Published, published};

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Which jobs fire together, and where jitter puts them
    ///
    /// Simulates every tick of the horizon, finds the bursts, and compares what the source does today
    /// (before) with the chosen jitter (after): starts per second and runs at once, in total and per
    /// provider. Nothing is changed anywhere.
    ///
    /// With --what-if it plays a failing provider through, with --restart-at what a gateway does with
    /// the jobs that it missed; --suggest prints the changes that realise the plan, --watch counts down.
    Plan(Box<plan::PlanArgs>),
    /// Which model each job really uses, by version, and why
    ///
    /// For one job: every step that was considered, where its value stands, and what became of it; then
    /// what the job declares, what runs, the fallbacks, how sure that is, what the last run really used,
    /// and what to do. For many: one row per job.
    ///
    /// The version comes from --openclaw-version, else from every trace that the state directory has of
    /// it, the run history included; where two remain and differ, both answers are given. Nothing is
    /// changed: commands are printed and never run.
    ExplainModel(Box<explain_model::ExplainModelArgs>),
    /// When an expression fires, what it means, and where it surprises
    ///
    /// The instants are those that the named scheduler computes, over clock changes too. Beside them:
    /// the expression in words, what the next two clock changes of the zone do to it, and the traps of
    /// its dialect that it runs into.
    Next(next::NextArgs),
    /// What in jobs, configuration and recorded state is going to hurt
    ///
    /// For CI and before a deployment. Each finding names its rule, the place, why it matters, what to
    /// do and how sure it is. Disabled jobs are left alone, unless the gateway itself disabled them.
    Check(Box<check::CheckArgs>),
    /// Which expected slots ran: ok, late, skipped, missed, doubled, and why
    ///
    /// Computes every slot that a schedule names, as the version computes it, and looks for its run in
    /// the recorded history. Where history does not say, the slot is unknown, never missed. Nothing is
    /// changed anywhere.
    Audit(Box<audit::AuditArgs>),
    /// A job's delay within its burst, to print or to wait out
    ///
    /// Prints the seconds that the plan gives this id, for `sleep $(cronctl jitter ID)`; or, with a command,
    /// waits that long and becomes it: same process, exit code and signals. It reads no file.
    Jitter(jitter::JitterArgs),
    /// Which turns are in flight, and which are past their ceiling
    ///
    /// A turn is one run of an agent inside a workspace. For each: how old it is and what says so, its
    /// ceiling and where that is set, the last sign of life, and what it blocks. Over means strictly
    /// older than the ceiling. Nothing is changed anywhere.
    Turns(Box<turns::TurnsArgs>),
    /// Free turns past their ceiling, and know whether it worked
    ///
    /// Asks the owner of each turn to save it and let go, and reads back. Success is claimed only for
    /// what was seen to be gone. Every request is recorded before it is sent.
    Checkpoint(Box<checkpoint::CheckpointArgs>),
    /// Try the checkpoint contract on an adapter
    Adapter(adapter::AdapterArgs),
    /// Run a Molecule platform on loopback, to try everything on
    Sandbox(sandbox::SandboxArgs),
    /// Show the settings in force and where each was set
    #[command(after_long_help = manual::keys())]
    Config(config::ConfigArgs),
    /// Print the script that makes a shell complete cronctl
    Completions(completions::CompletionsArgs),
}

impl Command {
    /// Returns whether the command needs the configuration files. Those that do not must work
    /// when a file is broken.
    pub(crate) fn reads_config(&self) -> bool {
        match self {
            Self::Plan(_)
            | Self::ExplainModel(_)
            | Self::Next(_)
            | Self::Check(_)
            | Self::Audit(_)
            | Self::Turns(_)
            | Self::Checkpoint(_)
            | Self::Adapter(_)
            | Self::Sandbox(_) => true,
            Self::Config(args) => args.reads_config(),
            Self::Completions(_) | Self::Jitter(_) => false,
        }
    }
}

/// Adds the arguments of a command to its definition.
type Augment = fn(clap::Command) -> clap::Command;

/// The arguments of each command alone, by its name.
const ARGUMENTS: [(&str, Augment); 12] = [
    ("plan", plan::PlanArgs::augment_args),
    (
        "explain-model",
        explain_model::ExplainModelArgs::augment_args,
    ),
    ("next", next::NextArgs::augment_args),
    ("check", check::CheckArgs::augment_args),
    ("audit", audit::AuditArgs::augment_args),
    ("jitter", jitter::JitterArgs::augment_args),
    ("turns", turns::TurnsArgs::augment_args),
    ("checkpoint", checkpoint::CheckpointArgs::augment_args),
    ("adapter", adapter::AdapterArgs::augment_args),
    ("sandbox", sandbox::SandboxArgs::augment_args),
    ("config", config::ConfigArgs::augment_args),
    ("completions", completions::CompletionsArgs::augment_args),
];

/// Defines one command alone, as [`Command`] does among all of them but for what only help shows;
/// `None` when there is none of this name.
pub(crate) fn define(name: &str) -> Option<clap::Command> {
    let (name, arguments) = ARGUMENTS.iter().find(|(known, _)| *known == name)?;
    Some(arguments(clap::Command::new(*name)))
}

/// Runs a command.
///
/// # Errors
/// When there is no answer.
pub fn run(command: &Command, ctx: &Context) -> Result<Exit, Error> {
    match command {
        Command::Plan(args) => plan::run(args, ctx),
        Command::ExplainModel(args) => explain_model::run(args, ctx),
        Command::Next(args) => next::run(args, ctx),
        Command::Check(args) => check::run(args, ctx),
        Command::Audit(args) => audit::run(args, ctx),
        Command::Jitter(args) => jitter::run(args, ctx),
        Command::Turns(args) => turns::run(args, ctx),
        Command::Checkpoint(args) => checkpoint::run(args, ctx),
        Command::Adapter(args) => adapter::run(args, ctx),
        Command::Sandbox(args) => sandbox::run(args, ctx),
        Command::Config(args) => config::run(args, ctx),
        Command::Completions(args) => completions::run(args, ctx),
    }
}

/// Returns the schemas of all reports, as published in `docs/schema/`.
pub fn schemas() -> Vec<Published> {
    vec![
        published::<plan::PlanReport>(),
        published::<plan::FiresReport>(),
        published::<plan::SuggestionsReport>(),
        published::<plan::RestartReport>(),
        plan::event_schema(),
        published::<plan::RehearsalReport>(),
        published::<explain_model::ExplainReport>(),
        published::<explain_model::ChangesReport>(),
        published::<jitter::JitterReport>(),
        published::<next::NextReport>(),
        published::<next::CompareReport>(),
        published::<check::CheckReport>(),
        published::<check::RulesReport>(),
        published::<audit::AuditReport>(),
        published::<turns::TurnsReport>(),
        turns::event_schema(),
        published::<checkpoint::CheckpointReport>(),
        checkpoint::event_schema(),
        published::<checkpoint::HistoryReport>(),
        published::<adapter::AdapterCheckReport>(),
        published::<sandbox::SandboxReport>(),
        published::<sandbox::ScenariosReport>(),
        published::<config::SettingsReport>(),
        published::<config::PlacesReport>(),
    ]
}
