//! The options of a watch, and what they do not go with.

use clap::Args;

use crate::command::plan::args::{Honour, PlanArgs};
use crate::error::Error;
use crate::when::parse_duration;

/// `--watch`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct WatchArgs {
    /// The next bursts counting down: a live table on a terminal, one JSON object per event elsewhere
    ///
    /// The sources are read again at every interval, and when a burst came due. When one cannot be read,
    /// the plan before stands. --now fixes the instant; the demo runs on from its own, a quarter of an
    /// hour before its burst.
    #[arg(long, help_heading = "Watching")]
    pub watch: bool,
    /// The pause between two readings of the sources [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = interval, requires = "watch", help_heading = "Watching")]
    pub interval: Option<i64>,
    /// End after this many readings
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "watch", help_heading = "Watching")]
    pub count: Option<u64>,
}

impl WatchArgs {
    /// Where nothing says otherwise, the sources are read every 5 seconds.
    pub(super) const INTERVAL_MS: i64 = 5_000;
}

/// A pause that is one: without any, a watch would do nothing but read.
fn interval(text: &str) -> Result<i64, String> {
    match parse_duration(text)? {
        ms if ms < 10 => Err(format!("{text:?} is shorter than 10ms")),
        ms => Ok(ms),
    }
}

/// Refuses the options that a watch has no use for: silently ignoring one would mislead.
///
/// # Errors
/// When one is given.
pub(super) fn fits(args: &PlanArgs) -> Result<(), Error> {
    const NOW: &str = "a watch begins now, and --for says how far it looks";
    const OTHER: &str = "that is an answer of its own, given once";
    let given = [
        ("--from", args.from.is_some(), NOW),
        ("--until", args.until.is_some(), NOW),
        ("--tick", args.tick.is_some(), NOW),
        ("--fires", args.fires, "its rows are bursts"),
        ("--summary", args.summary, "its rows are the next bursts"),
        (
            "--honour both",
            args.honour == Honour::Both,
            "each job is counted on one provider",
        ),
        ("--what-if", args.rehearsal.is_asked(), OTHER),
        ("--restart-at", args.restart.is_asked(), OTHER),
        ("--suggest", args.suggest.is_asked(), OTHER),
        (
            "--jobs -",
            args.source.jobs.iter().any(|f| f.as_os_str() == "-"),
            "stdin can be read once, and a watch reads again",
        ),
    ];
    match given.into_iter().find(|(_, given, _)| *given) {
        None => Ok(()),
        Some((flag, _, why)) => Err(Error::usage(format!("{flag} does not go with --watch"))
            .because(why)
            .hint(format!("leave {flag} out"))),
    }
}
