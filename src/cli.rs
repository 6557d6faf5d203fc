//! The command line as typed: parsing validates, and touches nothing else.

use std::sync::LazyLock;

use clap::{Args, CommandFactory, Parser, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use crate::command::{Command, completions};
use crate::error::Error;
use crate::manual;
use crate::report::{Format, Order};
use crate::schedule::Version;
use crate::ui::ColorChoice;

/// Explains, plans and frees the cron jobs of agent gateways, offline and in milliseconds.
#[derive(Debug, Parser)]
#[command(
    name = "cronctl",
    bin_name = "cronctl",
    version = VERSION.as_str(),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_long_help = manual::overview()
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The version, and the newest OpenClaw whose behaviour was recorded.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (own, newest) = (env!("CARGO_PKG_VERSION"), Version::NEWEST_CHECKED);
    format!("{own} (OpenClaw rules checked to {newest})")
});

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Output format [default: table]
    #[arg(long, short, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,

    /// Same as --output json
    #[arg(long, global = true)]
    pub json: bool,

    /// Columns to print, by key, comma-separated
    #[arg(long, global = true, value_delimiter = ',', value_name = "KEYS")]
    pub columns: Vec<String>,

    /// Sort by a column's key; -KEY for largest first
    #[arg(long, global = true, allow_hyphen_values = true, value_name = "KEY")]
    pub sort: Option<Order>,

    /// Leave out the header of tables and CSV
    #[arg(long, global = true)]
    pub no_headers: bool,

    /// When to colour [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorChoice>,

    /// Say nothing on stderr but warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Evaluate as of an instant: RFC 3339 with zone, or epoch milliseconds
    #[arg(
        long,
        global = true,
        allow_negative_numbers = true,
        value_name = "INSTANT"
    )]
    pub now: Option<String>,

    /// Use a context of cronctl.toml
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCompleter::new(completions::contexts))]
    pub context: Option<String>,
}

impl GlobalArgs {
    /// Returns the format that was asked for and the flag that asked.
    ///
    /// # Errors
    /// When two formats were asked for. The parser itself would see this only when both flags stand
    /// on the same side of the subcommand.
    pub(crate) fn output_flag(&self) -> Result<Option<(&'static str, Format)>, Error> {
        match (self.output, self.json) {
            (Some(Format::Json) | None, true) => Ok(Some(("--json", Format::Json))),
            (Some(_), true) => Err(
                Error::usage("--json and --output ask for different formats")
                    .hint("--json is short for --output json: leave one out"),
            ),
            (output, false) => Ok(output.map(|format| ("--output", format))),
        }
    }
}

/// Looks for `--color` on a command line that did not parse.
pub(crate) fn color_typed() -> Option<ColorChoice> {
    let mut args = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    let value = args.find_map(|arg| {
        let rest = arg.strip_prefix("--color")?;
        Some(rest.strip_prefix('=').map(str::to_owned))
    });
    let value = value?.or_else(|| args.next())?;
    ColorChoice::from_str(&value, false).ok()
}

/// Returns the definition of the command line, for completions, manual pages and tests.
pub fn definition() -> clap::Command {
    Cli::command()
}
