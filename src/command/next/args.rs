//! The options of `next`.

use clap::Args;

use crate::source::{Dialect, VersionArg};
use crate::when;

/// When an expression fires, what it means, and where it surprises.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct NextArgs {
    /// The cron expression, quoted
    #[arg(
        value_name = "EXPR",
        required_unless_present = "batch",
        conflicts_with = "batch"
    )]
    pub expr: Option<String>,

    /// Whose rules decide [default: openclaw]
    #[arg(long, value_enum, conflicts_with_all = ["compare", "batch"])]
    pub dialect: Option<Dialect>,
    /// The OpenClaw version whose rules decide [default: auto, the newest checked]
    #[arg(long, value_name = "VERSION", conflicts_with = "batch")]
    pub openclaw_version: Option<VersionArg>,
    /// The zone whose clock the expression means [default: the host's for OpenClaw, else UTC]
    #[arg(
        long,
        value_name = "ZONE",
        allow_hyphen_values = true,
        conflicts_with = "batch"
    )]
    pub tz: Option<String>,
    /// The instant after which fires are asked for.
    #[arg(
        long,
        help = "Fires after this instant: RFC 3339, LOCAL[ZONE], epoch milliseconds, now, +2h [default: now]",
        value_name = "INSTANT",
        allow_hyphen_values = true,
        conflicts_with = "batch"
    )]
    pub after: Option<String>,
    /// How many fires [default: 5]
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), conflicts_with = "batch")]
    pub count: Option<u32>,
    /// The same question to every dialect, side by side, and where they first differ
    #[arg(long, conflicts_with_all = ["batch", "job_id"])]
    pub compare: bool,

    /// An OpenClaw job's id: its stagger moves the fires
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    pub job_id: Option<String>,
    /// The job's staggerMs as a duration, 0 for none [default: what OpenClaw gives the expression]
    #[arg(long, value_name = "DURATION", value_parser = when::parse_duration, requires = "job_id")]
    pub stagger: Option<i64>,

    /// Answer questions, one JSON object per line, from a file or standard input (-)
    #[arg(long, value_name = "FILE")]
    pub batch: Option<std::path::PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cronctl next '0 9 13 * 5' --tz America/New_York
      The next five fires, in words, with its traps
  cronctl next '30 2 * * *' --tz America/New_York --after 2026-03-07T12:00Z --compare
      A time that a clock change skips, in every dialect
  cronctl next '0 * * * *' --job-id 3f0c --count 24 -o csv
      A day of one OpenClaw job, with its stagger, for a spreadsheet
  cronctl next --batch questions.ndjson
      Many questions, such as {\"expr\": \"0 9 * * *\", \"tz\": \"UTC\", \"after_ms\": 0}, one per line";
