//! The options of `plan`, and what they mean together.

use clap::{Args, ValueEnum};

use super::rehearse::RehearsalArgs;
use super::restart::RestartArgs;
use super::suggest::SuggestArgs;
use super::watch::WatchArgs;
use crate::config::PlanDefaults;
use crate::error::Error;
use crate::plan::{Gap, Jitter, MoleculeRules};
use crate::report::chart::ChartArgs;
use crate::source::SourceArgs;
use crate::when;

/// Which jobs fire together, and where jitter puts them.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct PlanArgs {
    /// Where the jobs come from.
    #[command(flatten)]
    pub source: SourceArgs,

    /// Start of the horizon: RFC 3339, a local time with its zone in brackets, epoch milliseconds, now, +2h
    #[arg(
        long,
        value_name = "INSTANT",
        allow_hyphen_values = true,
        help_heading = "Horizon"
    )]
    pub from: Option<String>,
    /// Length of the horizon [default: 24h]
    #[arg(long = "for", value_name = "DURATION", value_parser = when::parse_duration, conflicts_with = "until", help_heading = "Horizon")]
    pub length: Option<i64>,
    /// End of the horizon, not included
    #[arg(
        long,
        value_name = "INSTANT",
        allow_hyphen_values = true,
        help_heading = "Horizon"
    )]
    pub until: Option<String>,
    /// Only this instant
    #[arg(long, value_name = "INSTANT", conflicts_with_all = ["from", "length", "until"], help_heading = "Horizon")]
    pub tick: Option<String>,

    /// How the jobs of a burst are moved [default: spread]
    #[arg(long, value_enum, help_heading = "Jitter")]
    pub jitter: Option<Strategy>,
    /// The window of spread, hash and random [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = when::parse_duration, help_heading = "Jitter")]
    pub window: Option<i64>,
    /// The least and the most between two starts of gap, such as 2s..5s [default: 2s..5s]
    #[arg(long, value_name = "MIN..MAX", value_parser = parse_gap, help_heading = "Jitter")]
    pub gap: Option<GapArg>,
    /// What random draws come from [default: 0]
    #[arg(long, value_name = "N", help_heading = "Jitter")]
    pub seed: Option<u64>,
    /// The fewest jobs that make a tick a burst [default: 2]
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Jitter")]
    pub burst: Option<usize>,
    /// The most runs of a group at once: what fit keeps to, and what windows are computed for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Jitter")]
    pub max_concurrent: Option<u32>,
    /// Start from nominal instants even where the source staggers
    #[arg(long, help_heading = "Jitter")]
    pub restagger: bool,

    /// What peaks are grouped by [default: provider]
    #[arg(long, value_enum, value_name = "KEY", help_heading = "Runs")]
    pub group_by: Option<GroupBy>,
    /// Whose word counts for a job's model: its own, or what the gateway resolves [default: effective]
    #[arg(long, value_enum, default_value_t = Honour::Effective, hide_default_value = true, value_name = "WHICH", help_heading = "Runs")]
    pub honour: Honour,
    /// How long every run lasts, instead of what history says [without either: 60s is assumed]
    #[arg(long, value_name = "DURATION", value_parser = when::parse_duration, help_heading = "Runs")]
    pub run_length: Option<i64>,
    /// How many runs a gateway has at once (none: no cap) [default: its configuration, else its version]
    #[arg(long, value_name = "N|none", value_parser = parse_slots, help_heading = "Runs")]
    pub max_concurrent_runs: Option<Slots>,
    /// When within each 30 s Molecule polls; not knowable from outside [default: 0s]
    #[arg(long, value_name = "DURATION", value_parser = parse_phase, help_heading = "Runs")]
    pub poll_phase: Option<i64>,

    /// Show only bursts and fires of these jobs: id, unique prefix, or name. Never changes the plan
    #[arg(long, value_name = "JOB", help_heading = "View", add = clap_complete::ArgValueCompleter::new(crate::command::completions::jobs))]
    pub job: Vec<String>,
    /// Every fire instead of the overview
    #[arg(long, help_heading = "View")]
    pub fires: bool,
    /// One line per burst instead of the overview
    #[arg(long, conflicts_with = "fires", help_heading = "View")]
    pub summary: bool,
    /// A picture of it.
    #[command(flatten)]
    pub chart: ChartArgs,

    /// Failures to rehearse.
    #[command(flatten)]
    pub rehearsal: RehearsalArgs,
    /// A restart to foresee.
    #[command(flatten)]
    pub restart: RestartArgs,
    /// Changes that realise the plan.
    #[command(flatten)]
    pub suggest: SuggestArgs,
    /// The next bursts, counting down.
    #[command(flatten)]
    pub watch: WatchArgs,
}

const EXAMPLES: &str = "\
Examples:
  cronctl plan --demo
      The incident: 24 jobs at 22:00 Pacific
  cronctl plan
      The next 24 hours of the OpenClaw state found as openclaw finds it
  cronctl plan --demo --honour both
      The burst per provider as the jobs declare it, and as the gateway resolves it
  cronctl plan --tick 2026-03-31T22:00-07:00 --jitter gap --gap 2s..5s --fires
      One tick, each start 2 to 5 s after the one before, fire by fire
  openclaw cron list --all --json | cronctl plan --jobs - --jitter fit --max-concurrent 4
      The smallest windows that keep each provider at 4 runs per burst
  cronctl plan -o ndjson --sort -jobs | head -5
      The five largest bursts, for scripts
  cronctl plan --demo --chart plan.html
      The same as a picture: each provider before and after, and the biggest burst close up
  cronctl plan --restart-at 2026-04-01T09:00Z
      What the gateway does with the jobs that it missed, should it start then
  cronctl plan --jobs jobs.json --restart-at now --down-since -6h
      The same for jobs without recorded state: nothing ran in the last six hours
  cronctl plan --demo --what-if anthropic=503@22:00..22:20
      The outage rehearsed: calls, waves, queue and lost runs, with and without jitter
  cronctl plan --restart-at +10m --what-if anthropic=503@+10m..+20m --chart restart.html
      A restart in ten minutes, into an outage of twenty, as a picture
  cronctl plan --watch
      The next bursts counting down";

/// `--jitter`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Strategy {
    /// What was declared: no offset, no stagger
    None,
    /// What the source does today
    Native,
    /// Evenly over the window, in an order hashed from the job ids
    #[default]
    Spread,
    /// Each start a drawn gap after the one before
    Gap,
    /// sha256(id) mod window, as OpenClaw staggers
    Hash,
    /// Uniform in the window, from the seed
    Random,
    /// Evenly, per group, in the smallest window that keeps to --max-concurrent
    Fit,
}

/// `--group-by`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// The provider of the model
    #[default]
    Provider,
    /// The model
    Model,
    /// The agent
    Agent,
    /// The workspace
    Workspace,
    /// The source
    Source,
}

/// `--honour`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Honour {
    /// As each job declares it
    Declared,
    /// As its gateway resolves it, where that is known
    #[default]
    Effective,
    /// Peaks under each
    Both,
}

/// `--max-concurrent-runs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// So many.
    Number(u32),
    /// No cap.
    Unlimited,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(format!("{text:?} is not a number from 1 on")),
    }
}

/// Reads an instant within the polls' period.
fn parse_phase(text: &str) -> Result<i64, String> {
    let poll_ms = MoleculeRules::of_may_2026(0).poll_ms;
    match when::parse_duration(text)? {
        ms if ms < poll_ms => Ok(ms),
        _ => Err(format!(
            "{text:?} is not below {}, the time between two polls",
            when::duration(poll_ms)
        )),
    }
}

fn parse_slots(text: &str) -> Result<Slots, String> {
    match text {
        "none" => Ok(Slots::Unlimited),
        _ => match text.parse() {
            Ok(n) if n > 0 => Ok(Slots::Number(n)),
            _ => Err(format!("{text:?} is neither a number from 1 on nor none")),
        },
    }
}

/// `--gap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapArg(pub(in crate::command) Gap);

pub(in crate::command) fn parse_gap(text: &str) -> Result<GapArg, String> {
    let (min, max) = text.split_once("..").unwrap_or((text, text));
    let (min_ms, max_ms) = (when::parse_duration(min)?, when::parse_duration(max)?);
    if min_ms > max_ms {
        return Err(format!("{text:?}: the least gap is more than the most"));
    }
    Ok(GapArg(Gap { min_ms, max_ms }))
}

/// The options of `plan` with what the configuration adds to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The strategy.
    pub jitter: Jitter,
    /// Its name, as typed.
    pub strategy: Strategy,
    /// `--seed`.
    pub seed: u64,
    /// `--burst`.
    pub burst: usize,
    /// `--group-by`.
    pub group_by: GroupBy,
    /// `--run-length`, milliseconds.
    pub run_length_ms: Option<i64>,
}

impl PlanArgs {
    /// What the options mean together: flags first, then the configuration.
    ///
    /// # Errors
    /// When they contradict each other, or a value of the configuration is refused.
    pub fn settings(&self, config: &PlanDefaults) -> Result<Settings, Error> {
        if let (Some(window), Some(GapArg(gap))) = (self.window, self.gap) {
            return Err(window_and_gap(window, gap));
        }
        let implied = if self.gap.is_some() {
            Some(Strategy::Gap)
        } else {
            None
        };
        let strategy = match self.jitter.or(implied) {
            Some(strategy) => strategy,
            None => choice(&config.jitter.value).unwrap_or_default(),
        };
        self.flags_fit(strategy)?;
        let read = |value: &Option<String>| value.as_deref().map(when::parse_duration).transpose();
        let window = config.window.clone();
        let window_ms = match self.window {
            Some(ms) => ms,
            None => {
                when::parse_duration(&window.value).map_err(|e| window.refuse("plan.window", e))?
            }
        };
        if window_ms == 0 && strategy.has_window() {
            return Err(Error::usage("--window 0s leaves no room").hint("use --jitter native"));
        }
        let gap = match self.gap {
            Some(gap) => gap,
            None => parse_gap(&config.gap.value).map_err(|e| config.gap.refuse("plan.gap", e))?,
        };
        let group_by = match (self.group_by, config.group_by.value.as_deref()) {
            (Some(key), _) => key,
            (None, None) => GroupBy::default(),
            (None, Some(text)) => choice(text).ok_or_else(|| {
                let keys = GroupBy::value_variants()
                    .iter()
                    .map(name)
                    .collect::<Vec<_>>();
                let why = format!("{text:?} is not one of {}", keys.join(", "));
                config.group_by.refuse("plan.group_by", why)
            })?,
        };
        let run_length_ms = match self.run_length {
            Some(ms) => Some(ms),
            None => read(&config.run_length.value)
                .map_err(|e| config.run_length.refuse("plan.run_length", e))?,
        };
        let jitter = match strategy {
            Strategy::None => Jitter::None,
            Strategy::Native => Jitter::Native,
            Strategy::Spread => Jitter::Spread { window_ms },
            Strategy::Gap => Jitter::Gap(gap.0),
            Strategy::Hash => Jitter::Hash { window_ms },
            Strategy::Random => Jitter::Random { window_ms },
            Strategy::Fit => Jitter::Fit {
                max_concurrent: self.max_concurrent.ok_or_else(|| {
                    Error::usage("--jitter fit needs --max-concurrent N, the peak to keep to")
                        .hint("cronctl plan --jitter fit --max-concurrent 4")
                })?,
            },
        };
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Settings {
            jitter,
            strategy,
            seed: self.seed.unwrap_or(config.seed.value),
            burst: self.burst.unwrap_or(count(config.burst.value)),
            group_by,
            run_length_ms,
        })
    }

    /// Refuses flags that the strategy has no use for: silently ignoring one would mislead.
    fn flags_fit(&self, strategy: Strategy) -> Result<(), Error> {
        if self.gap.is_some() && strategy != Strategy::Gap {
            let name = name(&strategy);
            return Err(Error::usage(format!(
                "--gap is for --jitter gap, not for --jitter {name}"
            )));
        }
        if self.window.is_some() && !strategy.has_window() {
            return Err(Error::usage(format!(
                "--window is for --jitter spread, hash and random; {} has none",
                name(&strategy)
            )));
        }
        Ok(())
    }
}

impl Strategy {
    fn has_window(self) -> bool {
        matches!(self, Self::Spread | Self::Hash | Self::Random)
    }
}

/// Returns the name of a value as it is typed.
pub(super) fn name<T: ValueEnum>(value: &T) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned())
}

fn choice<T: ValueEnum>(text: &str) -> Option<T> {
    T::from_str(text, false).ok()
}

/// The two remedies of the incident are not the same thing: the gaps do not fit the window.
fn window_and_gap(window_ms: i64, gap: Gap) -> Error {
    let (window, least) = (when::duration(window_ms), when::duration(gap.min_ms));
    let why = if gap.min_ms == 0 {
        "a gap places each start after the one before, a window all starts after the tick"
            .to_owned()
    } else {
        let jobs = window_ms / gap.min_ms + 2;
        format!(
            "n jobs need n−1 gaps: {jobs} jobs already need {} × {least} = {}, and 24 jobs need \
             23 × {least} = {}, more than the window of {window}",
            jobs - 1,
            when::duration((jobs - 1).saturating_mul(gap.min_ms)),
            when::duration(23 * gap.min_ms),
        )
    };
    let contradict = format!("--window {window} and --gap {least}.. contradict each other");
    Error::usage(contradict)
        .because(why)
        .hint("choose --window (all starts within so long) or --gap (so long between two starts)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_read_as_written() {
        let gap = |min_ms, max_ms| Ok(GapArg(Gap { min_ms, max_ms }));
        assert_eq!(parse_gap("2s..5s"), gap(2000, 5000));
        assert_eq!(parse_gap("3s"), gap(3000, 3000));
        assert!(parse_gap("5s..2s").is_err());
        assert!(parse_gap("..").is_err());
    }

    #[test]
    fn window_and_gap_say_why_they_contradict() {
        let error = window_and_gap(
            5000,
            Gap {
                min_ms: 2000,
                max_ms: 5000,
            },
        );
        assert!(error.causes[0].contains("23 × 2 s = 46 s"), "{error:?}");
        assert!(
            error.causes[0].contains("4 jobs already need 3 × 2 s = 6 s"),
            "{error:?}"
        );
    }
}
