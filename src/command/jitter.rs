//! `cronctl jitter`: the delay of one job, printed, or waited out before becoming a command.

mod become_command;
pub(in crate::command) mod prefix;

use std::ffi::OsString;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::command::plan::{GapArg, parse_gap};
use crate::config::Origin;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::plan::{Gap, below, hash_offset, random_offset};
use crate::report::{self, Cell, Column, Report, Row, Screen, View};
use crate::schedule::ZoneSource as _;
use crate::when;
use crate::zones::Zones;

/// The window without `--window`, as that of `plan`.
const WINDOW_MS: i64 = 5000;

/// The clock of cron(8): what fires, fires on a whole minute.
const MINUTE_MS: i64 = 60_000;

/// The job's delay of the plan, for any line of a crontab.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct JitterArgs {
    /// The job's id: any text that is its own
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub id: String,

    /// The window that the delay falls in; 0 for no delay [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = when::parse_duration, conflicts_with = "gap", help_heading = "Delay")]
    pub window: Option<i64>,
    /// How the delay is chosen [default: hash]
    #[arg(long, value_enum, conflicts_with = "gap", help_heading = "Delay")]
    pub strategy: Option<Pick>,
    /// The least and the most between two starts, such as 2s..5s; needs --rank
    #[arg(long, value_name = "MIN..MAX", value_parser = parse_gap, help_heading = "Delay")]
    pub gap: Option<GapArg>,
    /// How many jobs of the burst start before this one: so many gaps are its delay
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000), requires = "gap", help_heading = "Delay")]
    pub rank: Option<u32>,
    /// What random draws come from [default: the operating system for random, 0 for gaps]
    #[arg(long, value_name = "N", help_heading = "Delay")]
    pub seed: Option<u64>,
    /// The tick that seeded draws are for [default: the current minute]
    #[arg(
        long,
        value_name = "INSTANT",
        allow_hyphen_values = true,
        help_heading = "Delay"
    )]
    pub tick: Option<String>,
    /// Tells replicas with one id apart, such as the host's name: ID/TEXT is hashed instead of ID
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "gap", help_heading = "Delay")]
    pub salt: Option<String>,

    /// What to become after the delay, with its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const EXAMPLES: &str = "\
By hash, the delay is u32_be(sha256(ID)[0..4]) mod the window, OpenClaw's own rule: the same every
time, and what plan --jitter hash with this window gives the id within a burst; a job that is alone on
its tick, plan leaves there. What cronctl.toml and the environment set for plan does not count here: a line
of a crontab says itself what it does. With --strategy random it is another one each time; with --seed N what
plan --jitter random --seed N draws for the id in a burst on this tick.

With --gap it is the sum of the gaps before its rank, as plan --jitter gap --seed N draws them on this
tick. An id alone says nothing about the others of its burst: plan --jitter gap --fires lists them in
their order, where the first has rank 0.

While it waits, SIGINT and SIGTERM end it as they end any process (a shell sees 130 and 143), and the
command is not started. Signals that were ignored stay ignored for the command, but for SIGPIPE, which
it gets as if nobody had ignored it. Exit code 127: the command was not found; 126: it cannot be
executed; else its own. On Windows the delay can be printed only.

Examples:
  0 22 * * * cronctl jitter nightly-backup --window 60s -- /usr/local/bin/backup --all
      A line of a crontab whose job starts at its own second after 22:00, every night the same
  sleep $(cronctl jitter nightly-backup)
      The same in a script, within 5 s
  cronctl jitter inbox-sweep --salt \"$(hostname)\" --window 5m -- sweep
      Replicas of one job, each at its own time
  cronctl jitter report --gap 2s..5s --rank 3 --seed 7
      The fourth job of a burst, 2 to 5 s after the third
  cronctl jitter report --window 30s -o json
      How the delay comes about";

/// `--strategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Pick {
    /// By the id: the same every time
    #[default]
    Hash,
    /// Uniform in the window: another one each time, unless seeded
    Random,
}

/// `cronctl.jitter/1`: the delay of one job.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct JitterReport {
    /// The delay, in an array of one.
    pub delays: Vec<DelayRow>,
}

/// A delay and what it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DelayRow {
    /// The job's id.
    pub id: String,
    /// What was added to it (`--salt`).
    pub salt: Option<String>,
    /// The text that was hashed: the id, or the id, a slash and the salt; null for gaps, which depend on
    /// the rank alone.
    pub hashed: Option<String>,
    /// `hash`, `random` or `gap`.
    pub strategy: &'static str,
    /// The window; null for gaps.
    pub window_ms: Option<i64>,
    /// The least gap.
    pub gap_min_ms: Option<i64>,
    /// The most.
    pub gap_max_ms: Option<i64>,
    /// How many jobs of the burst start before it; null where that does not matter.
    pub rank: Option<u32>,
    /// What the draw came from; null without one, and where the operating system gave it.
    pub seed: Option<u64>,
    /// The tick of a seeded draw; null without one.
    pub tick_at: Option<String>,
    /// The same, epoch milliseconds.
    pub tick_at_ms: Option<i64>,
    /// The delay.
    pub delay_ms: i64,
}

impl Row for DelayRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("delay_ms", "DELAY MS").right(),
        Column::new("id", "ID"),
        Column::new("salt", "SALT").if_any(),
        Column::new("hashed", "HASHED").on_request(),
        Column::new("strategy", "STRATEGY"),
        Column::new("window_ms", "WINDOW").right().if_any(),
        Column::new("gap_min_ms", "LEAST GAP").right().if_any(),
        Column::new("gap_max_ms", "MOST").right().if_any(),
        Column::new("rank", "RANK").right().if_any(),
        Column::new("seed", "SEED").right().if_any(),
        Column::new("tick_at", "TICK (UTC)").if_any(),
        Column::new("tick_at_ms", "TICK MS").right().on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        let span = |ms: Option<i64>| Cell::from(ms.map(when::duration));
        match key {
            "delay_ms" => Cell::of(self.delay_ms),
            "id" => Cell::from(&*self.id),
            "salt" => Cell::from(self.salt.as_deref()),
            "hashed" => Cell::from(self.hashed.as_deref()),
            "strategy" => Cell::from(self.strategy),
            "window_ms" => span(self.window_ms),
            "gap_min_ms" => span(self.gap_min_ms),
            "gap_max_ms" => span(self.gap_max_ms),
            "rank" => Cell::from(self.rank.map(|n| n.to_string())),
            "seed" => Cell::from(self.seed.map(|n| n.to_string())),
            "tick_at" => Cell::from(self.tick_at.as_deref()),
            "tick_at_ms" => Cell::from(self.tick_at_ms.map(|n| n.to_string())),
            _ => Cell::none(),
        }
    }
}

impl Report for JitterReport {
    type Row = DelayRow;
    const SCHEMA: &'static str = "cronctl.jitter/1";

    fn rows(&mut self) -> &mut Vec<DelayRow> {
        &mut self.delays
    }

    /// A number alone, in seconds: what `sleep` takes.
    fn screen(&self, rows: &[DelayRow], screen: &mut Screen<'_>) -> std::io::Result<()> {
        let number = |row: &DelayRow| Cell::from(seconds(row.delay_ms));
        rows.iter().try_for_each(|row| screen.line(&[number(row)]))
    }
}

/// Runs `cronctl jitter`.
///
/// # Errors
/// When the options contradict each other, or the command cannot be started.
pub fn run(args: &JitterArgs, ctx: &Context) -> Result<Exit, Error> {
    if ctx.config.text("context").origin == Origin::Flag("--context") {
        let why = "--context does not apply: jitter reads no configuration file";
        return Err(Error::usage(why).hint("leave --context out"));
    }
    // Zones are read for a local time only: finding them takes longer than all the rest.
    let zone = |name: &str| Some(Zones::new(&ctx.env).zone(name)?.time_zone().clone());
    let delay = delay(args, ctx.now_ms, zone, || fastrand::u64(..))?;
    let [program, rest @ ..] = &args.command[..] else {
        report::write(
            &mut JitterReport {
                delays: vec![delay],
            },
            ctx,
        )?;
        return Ok(Exit::Ok);
    };
    becomes(program, ctx)?;
    if delay.delay_ms > 0 {
        // By the monotonic clock, and with signals as they were: they end this process as they would end
        // the command, and what is ignored stays so. Not SIGPIPE: the runtime sets it, here and on exec.
        std::thread::sleep(Duration::from_millis(delay.delay_ms.unsigned_abs()));
    }
    Err(become_command::become_command(program, rest))
}

/// Refuses a command that is none, and options about an answer that is not printed beside a command.
fn becomes(program: &OsString, ctx: &Context) -> Result<(), Error> {
    if program.is_empty() {
        return Err(Error::usage("the command after -- is empty")
            .hint("cronctl jitter ID -- COMMAND, or without -- to print the delay"));
    }
    let what = "the delay is not printed, but waited out before the command";
    if let Origin::Flag(flag) = ctx.config.text("output").origin {
        return Err(Error::usage(format!("{flag} does not apply: {what}"))
            .hint(format!("leave {flag} or the command out")));
    }
    ctx.output.is_plain(what)
}

/// Computes the delay. `entropy` is asked only for a draw that no seed was given for.
fn delay(
    args: &JitterArgs,
    now_ms: i64,
    zone: impl Fn(&str) -> Option<TimeZone>,
    entropy: impl FnOnce() -> u64,
) -> Result<DelayRow, Error> {
    let pick = args.strategy.unwrap_or_default();
    let is_drawn = args.gap.is_some() || (pick == Pick::Random && args.seed.is_some());
    flags_fit(args, pick, is_drawn)?;
    let tick_ms = match &args.tick {
        Some(text) => when::parse_instant(text, now_ms, zone)
            .map_err(|why| Error::usage(format!("--tick {why}")))?,
        None => now_ms.div_euclid(MINUTE_MS) * MINUTE_MS,
    };
    let drawn = |GapArg(gap): GapArg| gap_delay(args, gap, tick_ms);
    let of_gaps = args.gap.map(drawn).transpose()?;
    let hashed = match &args.salt {
        Some(salt) => format!("{}/{salt}", args.id),
        None => args.id.clone(),
    };
    let window_ms = args.window.unwrap_or(WINDOW_MS);
    let seed = args.seed.unwrap_or(0);
    let (strategy, delay_ms) = match (of_gaps, pick) {
        (Some(delay_ms), _) => ("gap", delay_ms),
        (None, Pick::Hash) => ("hash", hash_offset(&hashed, window_ms)),
        (None, Pick::Random) if is_drawn => {
            ("random", random_offset(&hashed, window_ms, seed, tick_ms))
        }
        (None, Pick::Random) => ("random", below(entropy(), window_ms)),
    };
    let gap = args.gap.map(|GapArg(gap)| gap);
    Ok(DelayRow {
        id: args.id.clone(),
        salt: args.salt.clone(),
        hashed: gap.is_none().then_some(hashed),
        strategy,
        window_ms: gap.is_none().then_some(window_ms),
        gap_min_ms: gap.map(|g| g.min_ms),
        gap_max_ms: gap.map(|g| g.max_ms),
        rank: gap.and(args.rank),
        seed: is_drawn.then_some(seed),
        tick_at: is_drawn.then(|| when::utc(tick_ms)),
        tick_at_ms: is_drawn.then_some(tick_ms),
        delay_ms,
    })
}

/// Refuses flags that the strategy has no use for: silently ignoring one would mislead.
fn flags_fit(args: &JitterArgs, pick: Pick, is_drawn: bool) -> Result<(), Error> {
    if args.seed.is_some() && !is_drawn && pick == Pick::Hash {
        return Err(
            Error::usage("--seed is for draws, and the delay by hash needs none")
                .hint("add --strategy random, or leave --seed out"),
        );
    }
    if args.tick.is_some() && !is_drawn {
        return Err(Error::usage(
            "--tick is for seeded draws, and this delay is the same on every tick",
        )
        .hint("add --strategy random --seed N, or leave --tick out"));
    }
    Ok(())
}

/// The sum of the gaps before a rank.
fn gap_delay(args: &JitterArgs, gap: Gap, tick_ms: i64) -> Result<i64, Error> {
    let rank = rank(args, gap)?;
    let most = gap.max_ms.checked_mul(i64::from(rank));
    if most.is_none() {
        let most = when::duration(gap.max_ms);
        return Err(Error::usage(format!(
            "{rank} gaps of {most} are longer than can be counted"
        ))
        .hint("a shorter --gap, or a lower --rank"));
    }
    Ok(gap.at_rank(rank, args.seed.unwrap_or(0), tick_ms))
}

/// The rank, which nobody can know from an id.
fn rank(args: &JitterArgs, gap: Gap) -> Result<u32, Error> {
    args.rank.ok_or_else(|| {
        let (least, most) = (when::duration(gap.min_ms), when::duration(gap.max_ms));
        Error::usage("--gap needs --rank N: how many jobs of the burst start before this one")
            .because(format!(
                "each starts {least} to {most} after the one before, and an id alone does not say which that is"
            ))
            .hint("`cronctl plan --jitter gap --fires` lists a burst in its order: the first has rank 0")
            .hint("--window needs no rank: every job finds its own place in it")
    })
}

/// Writes milliseconds as seconds: `3`, `3.592`.
fn seconds(ms: i64) -> String {
    match (ms / 1000, ms % 1000) {
        (s, 0) => s.to_string(),
        (s, rest) => format!("{s}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        jitter: JitterArgs,
    }

    fn delayed(line: &str) -> Result<DelayRow, Error> {
        let args = std::iter::once("x").chain(line.split_whitespace());
        let args = Cli::try_parse_from(args).unwrap().jitter;
        delay(&args, 1_775_019_612_345, |_| None, || u64::MAX)
    }

    #[test]
    fn seconds_are_what_sleep_takes() {
        for (ms, text) in [
            (0, "0"),
            (5, "0.005"),
            (3592, "3.592"),
            (60_000, "60"),
            (1500, "1.5"),
        ] {
            assert_eq!(seconds(ms), text);
        }
    }

    #[test]
    fn a_seeded_draw_is_for_the_minute_that_it_is() {
        let row = delayed("a --strategy random --seed 4").unwrap();
        assert_eq!(row.tick_at.as_deref(), Some("2026-04-01T05:00:00.000Z"));
        assert_eq!(
            row,
            delayed("a --strategy random --seed 4 --tick 1775019600000").unwrap()
        );
    }

    #[test]
    fn without_a_seed_the_draw_is_the_systems() {
        let row = delayed("a --strategy random --window 10s").unwrap();
        assert_eq!((row.delay_ms, row.seed), (9999, None));
    }

    #[test]
    fn what_a_delay_has_no_use_for_is_refused() {
        for line in [
            "a --seed 4",
            "a --tick now",
            "a --strategy random --tick now",
            "a --gap 2s..5s",
            "a --gap 1000000d..1000000d --rank 1000000",
        ] {
            let error = delayed(line).unwrap_err();
            assert_eq!(error.exit, Exit::Usage, "{line}");
            assert!(!error.hints.is_empty(), "{line}");
        }
    }
}
