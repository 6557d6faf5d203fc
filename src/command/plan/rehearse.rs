//! Rehearsal: what a failing provider makes of the plan.

mod chart;
mod fault;
mod findings;
mod lines;
mod outcome;
mod report;
mod restart;
mod retry;
mod rules;
mod screen;
mod setting;
mod stage;
mod timeline;
mod window;

use clap::Args;

use self::fault::{CapacityArg, FaultArg};
pub use self::report::RehearsalReport;
use self::report::{Inputs, Scenario, ScenarioRow};
use self::setting::Cast;
use self::stage::Stage;
use super::args::{PlanArgs, Strategy, name};
use super::given::Given;
use super::report::ModelBasis;
use super::{Unheard, gather, problems};
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::model::Policy;
use crate::plan::{self, Dispatch, Jitter, Outcome};
use crate::rehearsal::{self, Figures, percentile};
use crate::report as output;
use crate::when;

/// `--what-if`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct RehearsalArgs {
    /// Play the plan out while a provider or model fails: anthropic=503@22:00..22:20. May be repeated
    ///
    /// The fault is an HTTP status from 400 to 599, or timeout (no answer). `:P` is how likely each
    /// call fails, such as openai/gpt-5.4=429:0.5. `@FROM..UNTIL` is when, UNTIL not included; always
    /// without.
    ///
    /// Times of day hold on every day of the horizon, in the zone of the biggest burst unless one is
    /// named, as in 22:00..22:20[Europe/Paris]. 23:50..00:10 goes on over midnight, and 22:00..24:00
    /// ends with the day. A time that the clock jumps over is the instant at which it jumps, one that
    /// comes twice is the first.
    ///
    /// Instants are those of --from: 2026-03-31T22:00-07:00..2026-03-31T22:20-07:00, or now..+20m. A +
    /// before UNTIL is how long the window lasts: +1h..+2h begins in an hour and ends two hours later,
    /// 22:00..+20m is 22:00..22:20.
    ///
    /// A window that ends before it begins, or lies outside the horizon, is refused. One that reaches
    /// beyond the end of the horizon also fails the calls that runs still make then.
    #[arg(long, value_name = "TARGET=FAULT[:P][@FROM..UNTIL]", value_parser = fault::parse, help_heading = "Rehearsal")]
    pub what_if: Vec<FaultArg>,
    /// Play the plan out while a provider serves so many calls at once: anthropic=4. May be repeated
    ///
    /// More are refused as overloaded.
    #[arg(long, value_name = "PROVIDER=N", value_parser = fault::parse_capacity, help_heading = "Rehearsal")]
    pub capacity: Vec<CapacityArg>,
    /// So many rehearsals, each with the next seed: medians, and where nine in ten lie [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000), help_heading = "Rehearsal")]
    pub runs: Option<u64>,
}

impl RehearsalArgs {
    /// Whether a rehearsal is asked for instead of a plan.
    pub(super) fn is_asked(&self) -> bool {
        !self.what_if.is_empty() || !self.capacity.is_empty() || self.runs.is_some()
    }

    /// Refuses what a rehearsal has no use for: silently ignoring it would mislead.
    fn fit(&self, args: &PlanArgs, jitter: Strategy) -> Result<(), Error> {
        if self.what_if.is_empty() && self.capacity.is_empty() {
            return Err(
                Error::usage("--runs repeats a rehearsal, and nothing is to be rehearsed")
                    .hint("add --what-if anthropic=503@22:00..22:20 or --capacity anthropic=4"),
            );
        }
        let given = [
            ("--fires", args.fires),
            ("--summary", args.summary),
            ("--job", !args.job.is_empty()),
            ("--honour", args.honour != super::Honour::Effective),
            ("--suggest", args.suggest.is_asked()),
        ];
        if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
            return Err(Error::usage(format!(
                "{flag} does not apply to a rehearsal, which counts all jobs, as resolved and as declared"
            ))
            .hint(format!("leave {flag} out")));
        }
        let of_fit = [
            ("--group-by", args.group_by.is_some()),
            ("--max-concurrent", args.max_concurrent.is_some()),
        ];
        match of_fit.iter().find(|(_, given)| *given && jitter != Strategy::Fit) {
            None => Ok(()),
            Some((flag, _)) => Err(Error::usage(format!(
                "{flag} changes a rehearsal only with --jitter fit, which keeps to it"
            ))
            .because("without, calls are counted by provider, and starts are placed whatever their group")
            .hint(format!("add --jitter fit, or leave {flag} out"))),
        }
    }
}

/// Runs the rehearsal and prints it.
///
/// # Errors
/// When the options contradict each other, or a window of a fault cannot be read.
pub(super) fn run(args: &PlanArgs, ctx: &Context, given: &mut Given) -> Result<Exit, Error> {
    args.rehearsal.fit(args, given.settings.strategy)?;
    let asked = restart::asked(args, given)?;
    let given = &*given;
    let gathered = given.gathered(args, ModelBasis::Effective);
    let declared = given.gathered(args, ModelBasis::Declared);
    let slots = given.rules(args, &gathered);
    let native = first_look(given, args, &gathered, &slots);
    let zone = window::zone_of(&gathered, &native);
    let cast = Cast::new(given, args, &gathered, &slots);
    let faults = fault::read(&args.rehearsal, given, &zone, &cast)?;
    let made_up = restart::made_up(asked.as_ref(), given, &gathered, &cast)?;
    let seeds = args.rehearsal.runs.unwrap_or(1);
    let stage = Stage {
        given,
        args,
        effective: &gathered,
        declared: &declared,
        slots: &slots,
        cast: &cast,
        faults: &faults,
        made_up: &made_up,
    };
    let played = stage.each(|stage, scenario| {
        let seeds = (0..seeds).map(|nth| stage.figures(scenario, nth));
        seeds.collect::<Vec<Figures>>()
    });
    let timeline = timeline::of(&played, &faults.faults, timeline::grain_ms(given.horizon));
    let mut scenarios: Vec<ScenarioRow> = played
        .iter()
        .map(|(scenario, all)| ScenarioRow::new(*scenario, all, &cast.providers, &faults.capacity))
        .collect();
    for (row, (_, all)) in scenarios.iter_mut().zip(&played) {
        if let Some(timeline) = &timeline {
            (row.calls_per_bin, row.failed_per_bin) = timeline.bins_of(&percentile(all, 50));
        }
    }
    let rules = rules::used(given, &cast, made_up.said.as_ref());
    let mut inputs = inputs(args, given, &faults, seeds);
    inputs.restart.clone_from(&made_up.said);
    let findings = findings::findings(&findings::Facts {
        sources: &inputs.sources,
        rows: &scenarios,
        cast: &cast,
        faults: &faults,
        jitter: &inputs.jitter,
        window_ms: inputs.window_ms,
        restart: made_up.said.as_ref(),
    });
    let problems = problems(&given.loaded, &gathered, &native);
    let on_screen = ctx.output.format == output::Format::Table;
    let warnings = findings.iter().filter(|f| f.warning && !on_screen);
    let warnings = warnings.map(|f| f.text.clone()).collect();
    let mut report = RehearsalReport {
        inputs,
        jobs: gathered.counts,
        run_lengths: gather::run_lengths(&gathered.planned),
        scenarios,
        timeline: timeline.as_ref().map(|t| t.span(&zone.tz)),
        findings,
        rules,
        warnings,
        problems,
    };
    args.chart.write(ctx, || {
        chart::picture(&chart::Scene {
            report: &report,
            stage: &stage,
            zone: &zone,
            whole: timeline::whole(&played, given.horizon),
            close_up: timeline.map(timeline::Timeline::window),
        })
    })?;
    output::write(&mut report, ctx)?;
    Ok(Exit::Ok)
}

/// The plan as the source makes it: where its bursts are, and what of it is broken.
fn first_look(
    given: &Given,
    args: &PlanArgs,
    gathered: &gather::Gathered<'_>,
    slots: &[(Dispatch, String)],
) -> Outcome {
    let mut jobs = gather::plan_jobs(&gathered.planned);
    for job in &mut jobs {
        job.shown = true;
    }
    let mut input = given.input(args, gathered, jobs, slots);
    input.options.jitter = Jitter::Native;
    plan::plan(&input, &mut Unheard)
}

fn inputs(args: &PlanArgs, given: &Given, faults: &fault::Read, seeds: u64) -> Inputs {
    let settings = &given.settings;
    let gap = match settings.jitter {
        Jitter::Gap(gap) => Some(gap),
        _ => None,
    };
    Inputs {
        sources: given.loaded.sources.clone(),
        from_at: when::utc(given.horizon.from_ms),
        from_at_ms: given.horizon.from_ms,
        until_at: when::utc(given.horizon.until_ms),
        until_at_ms: given.horizon.until_ms,
        jitter: name(&settings.strategy),
        window_ms: settings.jitter.window_ms(),
        gap_min_ms: gap.map(|g| g.min_ms),
        gap_max_ms: gap.map(|g| g.max_ms),
        max_concurrent: args.max_concurrent,
        seed: settings.seed,
        runs: seeds,
        faults: faults.said.clone(),
        capacity: faults.capacity_said.clone(),
        restart: None,
        failed_call_ms: rehearsal::FAILED_CALL_MS,
        model_versions: given.models.versions.clone(),
        tzdata: given.zones.version(),
    }
}

impl Scenario {
    /// Whose rules choose the models.
    fn policy(self) -> Policy {
        if self.honoured() {
            Policy::Proposed
        } else {
            Policy::Actual
        }
    }
}
