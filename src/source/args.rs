//! The options that name sources, the same on every command.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::schedule::Version;

/// Where the jobs come from. Several sources may be given; without one, OpenClaw's own state.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sources")]
pub struct SourceArgs {
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
    )]
    pub openclaw: Vec<OpenClawArg>,

    /// Read jobs from a file, - for stdin
    ///
    /// What `openclaw cron list --all --json` prints, a jobs.json, an array or one JSON object per
    /// line, what Molecule's GET /workspaces/ID/schedules answers, or a crontab. The shape is
    /// recognised and said. May be repeated.
    #[arg(
        long,
        value_name = "FILE",
        action = clap::ArgAction::Append,
        value_hint = clap::ValueHint::FilePath
    )]
    pub jobs: Vec<PathBuf>,

    /// The OpenClaw configuration of jobs that come without one: for --jobs
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Use built-in data: 24 jobs at 22:00 Pacific, as in the incident of 31 March 2026
    #[arg(long)]
    pub demo: bool,

    /// The OpenClaw version whose rules hold, or auto: what the source says [default: auto]
    #[arg(long, value_name = "VERSION")]
    pub openclaw_version: Option<VersionArg>,

    /// Whose rules hold for sources that do not say: plain arrays and crontabs
    #[arg(long, value_enum, value_name = "DIALECT")]
    pub dialect: Option<Dialect>,
}

impl SourceArgs {
    /// Whether no source is named, so that OpenClaw's own state is read.
    pub fn is_empty(&self) -> bool {
        self.openclaw.is_empty() && self.jobs.is_empty() && !self.demo
    }

    /// The version that is stated; `None` when the source is to say it.
    pub fn stated_version(&self) -> Option<Version> {
        self.openclaw_version.and_then(VersionArg::stated)
    }
}

/// The value of `--openclaw-version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionArg {
    /// `auto`: the default, for when a configuration states another.
    Auto,
    /// This one.
    Is(Version),
}

impl VersionArg {
    /// The version; `None` for `auto`.
    pub fn stated(self) -> Option<Version> {
        match self {
            Self::Auto => None,
            Self::Is(version) => Some(version),
        }
    }
}

impl From<Version> for VersionArg {
    fn from(version: Version) -> Self {
        Self::Is(version)
    }
}

impl FromStr for VersionArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        text.parse::<Version>()
            .map(Self::Is)
            .map_err(|error| format!("{error}, or auto"))
    }
}

/// The value of `--openclaw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenClawArg {
    /// Where OpenClaw itself looks.
    Discover,
    /// This directory.
    Dir(PathBuf),
}

/// Stands for a missing value of `--openclaw`. No argument can be this, since arguments hold no zero byte.
pub(crate) const DISCOVER: &str = "\0";

/// Reads a value of `--openclaw`, for every command that has it.
pub(crate) fn state_dir(value: OsString) -> Result<OpenClawArg, String> {
    if value == DISCOVER {
        Ok(OpenClawArg::Discover)
    } else if value.is_empty() {
        // `--openclaw "$DIR"` with DIR unset must not silently read another directory.
        Err("the directory is empty; leave it out to read OpenClaw's own state".to_owned())
    } else {
        Ok(OpenClawArg::Dir(PathBuf::from(value)))
    }
}

/// Whose rules decide when an expression fires.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenClaw's, of --openclaw-version or the newest checked version
    #[value(name = "openclaw")]
    OpenClaw,
    /// Molecule's: five fields, UTC unless the job names a zone
    Molecule,
    /// The `cron` crate's, for Rust schedulers built on it
    CronRs,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenClaw => "openclaw",
            Self::Molecule => "molecule",
            Self::CronRs => "cron-rs",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        source: SourceArgs,
    }

    fn parse(args: &[&str]) -> Result<SourceArgs, String> {
        let args = std::iter::once("x").chain(args.iter().copied());
        Cli::try_parse_from(args)
            .map(|cli| cli.source)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn openclaw_takes_a_directory_or_none_and_repeats() {
        let args = parse(&[
            "--openclaw",
            "--openclaw",
            "a",
            "--openclaw=b",
            "--jobs",
            "-",
        ])
        .unwrap();
        let dir = |d: &str| OpenClawArg::Dir(PathBuf::from(d));
        assert_eq!(args.openclaw, [OpenClawArg::Discover, dir("a"), dir("b")]);
        assert_eq!(args.jobs, [PathBuf::from("-")]);
        assert!(!args.is_empty());
        assert!(parse(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_version_is_stated_or_auto() {
        let stated = |text| parse(&["--openclaw-version", text]).unwrap();
        assert_eq!(stated("auto").openclaw_version, Some(VersionArg::Auto));
        assert_eq!(stated("AUTO").stated_version(), None);
        assert_eq!(
            stated("2026.3.28").stated_version(),
            Some(Version::new(2026, 3, 28))
        );
        assert_eq!(parse(&[]).unwrap().openclaw_version, None);
    }

    #[test]
    fn wrong_values_are_refused() {
        let error = parse(&["--openclaw", ""]).unwrap_err();
        assert!(error.contains("the directory is empty"), "{error}");
        assert!(parse(&["--openclaw-version", "9"]).is_err());
        let error = parse(&["--openclaw-version", "automatic"]).unwrap_err();
        assert!(error.contains("or auto"), "{error}");
        assert!(parse(&["--dialect", "vixie"]).is_err());
        assert_eq!(
            parse(&["--dialect", "cron-rs"]).unwrap().dialect,
            Some(Dialect::CronRs)
        );
    }
}
