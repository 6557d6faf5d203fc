//! The options of `audit`.

use clap::{Args, ValueEnum};

use crate::audit::Outcome;
use crate::source::SourceArgs;
use crate::when;

/// Which of the expected slots ran.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct AuditArgs {
    /// Where the jobs come from.
    #[command(flatten)]
    pub source: SourceArgs,

    /// From when on: how long ago, or an instant [default: 24h before --until]
    ///
    /// A job has no slots before it was made. Those before its records begin, or before it was last
    /// changed, are unknown: logs are pruned to 2000 lines, and 2026.8.1 and later keep runs for
    /// seven days.
    #[arg(
        long,
        value_name = "AGO|INSTANT",
        allow_hyphen_values = true,
        help_heading = "Audit"
    )]
    pub since: Option<String>,
    /// Until when, not included: how long ago, or an instant [default: now]
    #[arg(
        long,
        value_name = "AGO|INSTANT",
        allow_hyphen_values = true,
        help_heading = "Audit"
    )]
    pub until: Option<String>,
    /// A run that begins later than this after its slot is late [default: 5s]
    ///
    /// Gateways that had nothing else to do were recorded to start 4 to 65 ms after their slots; a
    /// timer set for what is already due waits 2 s.
    #[arg(long, value_name = "DURATION", value_parser = when::parse_duration, help_heading = "Audit")]
    pub late_after: Option<i64>,
    /// End with exit code 5 when there are such slots, or slots whose run failed (error)
    ///
    /// Jobs that somebody switched off do not count as skipped.
    #[arg(
        long,
        value_enum,
        value_name = "OUTCOME",
        value_delimiter = ',',
        help_heading = "Audit"
    )]
    pub fail_on: Vec<FailOn>,

    /// Only these jobs: id, unique prefix, or name. The others still explain what held them up
    #[arg(long, value_name = "JOB", help_heading = "View", add = clap_complete::ArgValueCompleter::new(crate::command::completions::jobs))]
    pub job: Vec<String>,
    /// Every slot, those in order and those of disabled jobs included
    #[arg(long, help_heading = "View")]
    pub all: bool,
}

/// What `--fail-on` looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Due, no run, and nothing that excuses it
    Missed,
    /// Two runs, neither by hand nor a retry
    Doubled,
    /// Begun later than --late-after
    Late,
    /// Left out by the gateway, for a known reason
    Skipped,
    /// Not on record
    Unknown,
    /// Its run failed or was interrupted, whenever it began
    Error,
}

impl FailOn {
    /// The outcome that it looks for; `None` for the ends of runs.
    pub(super) fn outcome(self) -> Option<Outcome> {
        Some(match self {
            Self::Missed => Outcome::Missed,
            Self::Doubled => Outcome::Doubled,
            Self::Late => Outcome::Late,
            Self::Skipped => Outcome::Skipped,
            Self::Unknown => Outcome::Unknown,
            Self::Error => return None,
        })
    }

    /// Its name.
    pub(super) fn word(self) -> &'static str {
        self.outcome().map_or("error", Outcome::word)
    }
}

const EXAMPLES: &str = "\
What became of a slot and how its run ended are two things: a run that began in time and
failed leaves its slot ok, with the status error. Runs started by hand serve no slot, and a
retry is part of the slot that it retries. 2026.8.1 and later mark runs started by hand;
before, a run is taken for one when the gateway had planned a later instant.

Examples:
  cronctl audit
      What was not in order in the last 24 hours of this machine's gateway
  cronctl audit --since 7d --fail-on missed,doubled
      For monitoring: exit code 5 when a slot of the last week did not run, or ran twice
  cronctl audit --fail-on missed,doubled -o csv > slots.csv || mail -s 'missed slots' ops < slots.csv
      For a crontab or a CI job: the slots that were not in order by mail, when it matters
  cronctl audit --job nightly-report --since 30d --all
      Every slot of one job, with its run
  cronctl audit --openclaw /srv/a/.openclaw --since 2026-03-31T00:00Z --until 2026-04-01T00:00Z
      One day of another gateway
  cronctl audit --since 7d -o ndjson | jq -r 'select(.outcome == \"missed\") | .slot_at'
      For scripts";
