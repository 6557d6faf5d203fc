//! The command line as typed: parsing validates, and touches nothing else.

use std::ffi::OsString;
use std::sync::LazyLock;

use clap::{Args, CommandFactory, FromArgMatches as _, Parser, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use crate::command::{self, Command, completions};
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

impl Cli {
    /// Parses a command line, whose first word is the program.
    ///
    /// Where the next word is a command, only that command is defined: defining all of them takes as
    /// long as planning some dozens of jobs. What does not parse so is parsed with the whole
    /// definition, which has the words for help and errors.
    ///
    /// # Errors
    /// Those of the whole definition; help and the version are errors too.
    pub fn parse_line(line: Vec<OsString>) -> Result<Self, clap::Error> {
        match Self::parse_one(&line) {
            Some(cli) => Ok(cli),
            None => Self::try_parse_from(line),
        }
    }

    fn parse_one(line: &[OsString]) -> Option<Self> {
        let one = command::define(line.get(1)?.to_str()?)?;
        let root = clap::Command::new("cronctl").subcommand(one);
        let matches = GlobalArgs::augment_args(root).try_get_matches_from(line);
        Self::from_arg_matches(&matches.ok()?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    /// Each command alone takes what it takes among all of them: the same arguments, said the same.
    #[test]
    fn one_command_is_defined_as_all_define_it() {
        fn same(one: &clap::Command, all: &clap::Command) {
            let arguments = |c: &clap::Command| -> Vec<String> {
                c.get_arguments().map(|a| format!("{a:?}")).collect()
            };
            assert_eq!(arguments(one), arguments(all), "{}", all.get_name());
            let required = |c: &clap::Command| {
                let conflict = c.is_args_conflicts_with_subcommands_set();
                (c.is_subcommand_required_set(), conflict)
            };
            assert_eq!(required(one), required(all), "{}", all.get_name());
            let groups = |c: &clap::Command| -> Vec<String> {
                c.get_groups().map(|g| format!("{g:?}")).collect()
            };
            assert_eq!(groups(one), groups(all), "{}", all.get_name());
            let below = |c: &clap::Command| -> Vec<String> {
                c.get_subcommands()
                    .map(|c| c.get_name().to_owned())
                    .collect()
            };
            assert_eq!(below(one), below(all));
            for (one, all) in one.get_subcommands().zip(all.get_subcommands()) {
                same(one, all);
            }
        }
        let all = definition();
        let mut seen = 0;
        for whole in all.get_subcommands() {
            let name = whole.get_name();
            let one = command::define(name).unwrap_or_else(|| panic!("{name}"));
            same(&one, whole);
            assert_eq!(whole.get_all_aliases().count(), 0);
            seen += 1;
        }
        assert!(seen > 10, "{seen} commands");
        assert!(command::define("nope").is_none());
    }

    #[test]
    fn lines_parse_the_same_with_one_command_or_all() {
        for text in [
            "cronctl plan --demo --json -q",
            "cronctl plan --jobs a.json --jitter hash --window 5s --output csv --columns at,jobs",
            "cronctl explain-model --all --openclaw /x --context prod",
            "cronctl next 0_9_*_*_* --now 2026-01-01T00:00:00Z -n 3",
            "cronctl check --fail-on warning --no-headers",
            "cronctl audit --since 2d --sort -at",
            "cronctl jitter nightly --window 5s -- echo --json",
            "cronctl turns --molecule http://127.0.0.1:1 --color never",
            "cronctl checkpoint w1 --molecule http://127.0.0.1:1 --over-ceiling --dry-run",
            "cronctl checkpoint history --json",
            "cronctl adapter check http://127.0.0.1:1 --json",
            "cronctl sandbox --scenario reno --json",
            "cronctl config show --json",
            "cronctl completions bash",
        ] {
            let line = line(text);
            let one = Cli::parse_one(&line).expect(text);
            let all = Cli::try_parse_from(&line).expect(text);
            assert_eq!(format!("{one:?}"), format!("{all:?}"), "{text}");
        }
    }

    /// Help and errors come from the whole definition, whose words they need.
    #[test]
    fn what_does_not_parse_is_said_by_the_whole_definition() {
        for text in [
            "cronctl",
            "cronctl --version",
            "cronctl plan --help",
            "cronctl help plan",
            "cronctl plan --jobz a.json",
            "cronctl plna",
            "cronctl config",
            "cronctl checkpoint --json history --over",
        ] {
            let line = line(text);
            let said = Cli::parse_line(line.clone()).map_err(|e| e.to_string());
            let whole = Cli::try_parse_from(&line).map_err(|e| e.to_string());
            assert_eq!(said.unwrap_err(), whole.unwrap_err(), "{text}");
        }
    }
}
