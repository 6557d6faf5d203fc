//! The options of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use crate::check::Severity;
use crate::command::completions;
use crate::schedule::Version;
use crate::source::SourceArgs;

/// What in these jobs, this configuration and this state is going to hurt.
#[derive(Args, Clone, Debug, Default)]
#[command(after_long_help = EXAMPLES)]
pub struct CheckArgs {
    /// Only findings about these jobs: id, unique prefix, or name
    #[arg(value_name = "JOB", add = ArgValueCompleter::new(completions::jobs))]
    pub job: Vec<String>,

    /// Where the jobs come from.
    #[command(flatten)]
    pub source: SourceArgs,

    /// Check configuration and models against the version to come [default: the version found]
    #[arg(long, value_name = "VERSION", help_heading = "Checks")]
    pub target_version: Option<Version>,
    /// Only these rules
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Checks", add = ArgValueCompleter::new(super::rules::candidates))]
    pub rule: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Checks", add = ArgValueCompleter::new(super::rules::candidates))]
    pub skip: Vec<String>,
    /// The most jobs that may start in one tick [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Checks")]
    pub max_burst: Option<u32>,

    /// The least severe findings to print, and to fail on [default: note]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Findings")]
    pub severity: Option<Severity>,
    /// The least severe findings that make the exit code 5 [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Findings")]
    pub fail_on: Option<FailOn>,
    /// Findings recorded in this file are counted, not listed, and do not fail
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Findings")]
    pub baseline: Option<PathBuf>,
    /// Record all findings in this file; the exit code is then 0
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Findings")]
    pub write_baseline: Option<PathBuf>,

    /// List the rules instead
    #[arg(long, conflicts_with = "explain", help_heading = "Rules")]
    pub list_rules: bool,
    /// Say instead why a rule matters, what to do and what it rests on
    #[arg(long, value_name = "RULE", help_heading = "Rules", add = ArgValueCompleter::new(super::rules::candidates))]
    pub explain: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  cronctl check
      The OpenClaw state found as openclaw finds it; exit code 5 with errors
  cronctl check --target-version 2026.9.6 --severity warning
      Before an upgrade: what it breaks, without the notes
  cronctl check --jobs jobs.json -o github --fail-on warning
      Annotations in a GitHub Actions run
  cronctl check -o sarif > cronctl.sarif
      For code scanning
  cronctl check --write-baseline cron-baseline.json
  cronctl check --baseline cron-baseline.json
      Record what is known, then fail on what is new
  cronctl check --explain question-mark";

/// `--fail-on`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    #[default]
    Error,
    /// Errors and warnings
    Warning,
    /// Any finding
    Note,
    /// Nothing
    Never,
}

impl FailOn {
    /// Returns whether a finding of this severity fails.
    pub fn covers(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Never => "never",
        }
    }
}
