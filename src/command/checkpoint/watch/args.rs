//! The options of `checkpoint --watch`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::checkpoint::On;
use crate::ledger::LEASE_MAX_MS;
use crate::logs::LogFormat;
use crate::metrics::parse_address;
use crate::when::parse_duration;

/// The same again and again.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Loop")]
pub struct WatchArgs {
    /// Go on: look and free what is over its ceiling again and again, until a signal comes
    ///
    /// SIGINT and SIGTERM send nothing more and wait for what is under way, up to --drain; a second one
    /// does not wait. SIGHUP reads the configuration and the token again.
    #[arg(long, requires = "over_ceiling", conflicts_with_all = ["demo", "openclaw_gateway"])]
    pub watch: bool,
    /// From one look to the next, give or take a tenth [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "watch")]
    pub interval: Option<i64>,
    /// What a look waits for [default: both]
    #[arg(long, value_enum, value_name = "WHAT", requires = "watch")]
    pub on: Option<On>,
    /// End after so many looks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "watch")]
    pub count: Option<u64>,
    /// Send at most this many requests an hour, all replicas together; 0 for no limit [default: 600]
    #[arg(long, value_name = "N", requires = "watch")]
    pub max_actions_per_hour: Option<u32>,
    /// Pause after this many requests in a row without a clear answer; 0 for never [default: 10]
    #[arg(long, value_name = "N", requires = "watch")]
    pub breaker: Option<u32>,
    /// How long to pause at first; each vain try doubles it, up to 10m [default: 1m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "watch")]
    pub breaker_pause: Option<i64>,
    /// How long a turn is claimed; what a replica that died had claimed is free after that [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = lease, requires = "watch")]
    pub lease: Option<i64>,
    /// Serve /metrics (Prometheus) and /healthz there: PORT for this machine alone, or HOST:PORT
    #[arg(long, value_name = "ADDR", value_parser = parse_address, requires = "watch")]
    pub metrics: Option<SocketAddr>,
    /// Write the metrics to this file after each look, for `node_exporter`: its name ends in `.prom`
    #[arg(long, value_name = "FILE", value_parser = textfile, value_hint = clap::ValueHint::FilePath, requires = "watch")]
    pub textfile: Option<PathBuf>,
    /// How stderr logs [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", requires = "watch")]
    pub log_format: Option<LogFormat>,
}

impl WatchArgs {
    /// From one look to the next, milliseconds.
    pub(in crate::command::checkpoint) fn interval_ms(&self) -> i64 {
        self.interval.unwrap_or(30_000)
    }

    /// How long a turn is claimed, milliseconds.
    pub(in crate::command::checkpoint) fn lease_ms(&self) -> i64 {
        self.lease.unwrap_or(60_000)
    }

    /// How many requests an hour; `None` for no limit.
    pub(in crate::command::checkpoint) fn per_hour(&self) -> Option<u32> {
        let limit = self.max_actions_per_hour.unwrap_or(600);
        (self.watch && limit > 0).then_some(limit)
    }

    /// After how many unclear answers in a row to pause.
    pub(super) fn breaker_limit(&self) -> u32 {
        self.breaker.unwrap_or(10)
    }

    /// How long to pause at first, milliseconds.
    pub(super) fn breaker_pause_ms(&self) -> i64 {
        self.breaker_pause.unwrap_or(60_000)
    }
}

/// Reads `--lease`: one that is shorter than a request takes would be lost in every one.
fn lease(text: &str) -> Result<i64, String> {
    const SHORTEST_MS: i64 = 1_000;
    match parse_duration(text)? {
        ms if ms < SHORTEST_MS => Err("a claim lasts at least 1s".to_owned()),
        ms if ms > LEASE_MAX_MS => Err("a claim lasts at most 1h".to_owned()),
        ms => Ok(ms),
    }
}

/// Reads `--textfile`: the collector passes over files of other names, and says nothing.
fn textfile(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.extension().is_some_and(|end| end == "prom") {
        Ok(path)
    } else {
        Err("the textfile collector reads names that end in .prom, and no others".to_owned())
    }
}
