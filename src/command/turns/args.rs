//! The options of `turns`.

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::report::reported;
use crate::command::completions;
use crate::ledger::LedgerArgs;
use crate::molecule::MoleculeArgs;
use crate::report::chart::ChartArgs;
use crate::source::{DISCOVER, OpenClawArg, state_dir};
use crate::turn::{Turn, Verdict};
use crate::when::parse_duration;

/// Which turns are in flight, and which are past their ceiling.
#[derive(Args, Clone, Debug, Default)]
#[command(after_long_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct TurnsArgs {
    /// Only turns over their ceiling: strictly older, so that 30 min 0 s is not over 30 min
    ///
    /// Those whose age is not known well enough are listed apart: they may be over, too.
    #[arg(long, conflicts_with = "all", help_heading = "Turns")]
    pub over_ceiling: bool,
    /// Also workspaces with nothing in flight, and turns that the platform owns
    #[arg(long, help_heading = "Turns")]
    pub all: bool,
    /// Only these workspaces: id, unique prefix, or name; may be repeated
    ///
    /// Each is asked for its activity, ceiling and schedules, however many they are.
    #[arg(long, value_name = "WORKSPACE", num_args = 1.., help_heading = "Turns", add = ArgValueCompleter::new(completions::workspaces))]
    pub workspace: Vec<String>,
    /// The ceiling of every turn, 0 for none [default: the workspace's, else its adapter's, else 30m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Turns")]
    pub ceiling: Option<i64>,
    /// Without a sign of life for this long, a turn is silent [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Turns")]
    pub silent_after: Option<i64>,
    /// End with exit code 5 when there are such turns
    #[arg(
        long,
        value_enum,
        value_name = "VERDICT",
        value_delimiter = ',',
        help_heading = "Turns"
    )]
    pub fail_on: Vec<FailOn>,

    /// A picture of them.
    #[command(flatten)]
    pub chart: ChartArgs,

    /// Keep looking: a live table on a terminal, one JSON object per event elsewhere
    ///
    /// Subscribes to the platform's events, so that starts are seen from then on.
    #[arg(long, help_heading = "Watching")]
    pub watch: bool,
    /// The pause between two looks [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = interval, requires = "watch", help_heading = "Watching")]
    pub interval: Option<i64>,
    /// End after this many looks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "watch", help_heading = "Watching")]
    pub count: Option<u64>,

    /// Which platform, and as whom.
    #[command(flatten)]
    pub molecule: MoleculeArgs,
    /// Read an OpenClaw state directory, offline and read-only
    ///
    /// Without a directory: where OpenClaw itself looks (`OPENCLAW_STATE_DIR`, `~/.openclaw`).
    /// This is also the default when no source is given. May be repeated.
    #[arg(
        long,
        value_name = "STATE_DIR",
        num_args = 0..=1,
        default_missing_value = DISCOVER,
        action = clap::ArgAction::Append,
        value_hint = clap::ValueHint::DirPath,
        value_parser = OsStringValueParser::new().try_map(state_dir),
        help_heading = "Sources"
    )]
    pub openclaw: Vec<OpenClawArg>,
    /// Ask a built-in platform: incident 2 among healthy, unsteerable and unknown turns
    #[arg(long, conflicts_with_all = ["molecule", "openclaw"], help_heading = "Sources")]
    pub demo: bool,

    /// Where what was seen is kept.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// Neither use nor record what was seen at other times
    #[arg(long, conflicts_with = "ledger", help_heading = "Sources")]
    pub no_ledger: bool,
    /// Requests in flight at most [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Sources")]
    pub concurrency: Option<u16>,
}

const EXAMPLES: &str = "\
Ages:
  6 h          the platform, or a running watch, says when the turn started
  ≥ 5 h 57 min it is at least this old: it has been seen busy since, or has skipped fires since
  ~ 11 h       the message that most likely started it is this old
  unknown      in flight, and nothing says since when: never taken as 0, never as over

Examples:
  cronctl turns --molecule https://tenant.example --token-file token
      What is in flight, oldest first
  cronctl turns --over-ceiling --ceiling 20m --fail-on over
      For a script: exit code 5 when a turn is older than 20 minutes
  cronctl turns --workspace 'SEO Agent' --all
  cronctl turns --watch
      From now on starts are exact: other calls profit, too
  cronctl turns --watch -o ndjson | jq -c 'select(.event == \"over\")'
  cronctl turns --demo --chart turns.svg
      The ages as bars against their ceilings";

impl TurnsArgs {
    /// Where nothing says otherwise, a turn is silent after 5 minutes.
    pub(super) const SILENT_AFTER_MS: i64 = 300_000;
    /// Where nothing says otherwise, a watch looks every 5 seconds.
    pub(super) const INTERVAL_MS: i64 = 5_000;
    /// Where nothing says otherwise, 16 requests are in flight at most.
    pub(super) const CONCURRENCY: u16 = 16;

    /// Whether one of the turns is to fail on. A workspace that reports nothing is no turn.
    pub(super) fn fails(&self, turns: &[Turn]) -> bool {
        let asked = |turn: &Turn| self.fail_on.iter().any(|f| f.verdict() == turn.verdict);
        turns.iter().any(|turn| reported(turn) && asked(turn))
    }
}

/// A pause that is one: without any, a watch would do nothing but ask.
fn interval(text: &str) -> Result<i64, String> {
    match parse_duration(text)? {
        ms if ms < 10 => Err(format!("{text:?} is shorter than 10ms")),
        ms => Ok(ms),
    }
}

/// `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Strictly older than the ceiling
    Over,
    /// In flight, with an age that is not known well enough
    Unknown,
    /// With a start in the future
    Skewed,
    /// OpenClaw: a running marker without a run
    Leaked,
}

impl FailOn {
    fn verdict(self) -> Verdict {
        match self {
            Self::Over => Verdict::Over,
            Self::Unknown => Verdict::Unknown,
            Self::Skewed => Verdict::Skewed,
            Self::Leaked => Verdict::Leaked,
        }
    }
}
