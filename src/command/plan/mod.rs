//! `cronctl plan`: gathers jobs, makes the plan, prints it.

mod args;
mod chart;
mod findings;
mod gather;
mod given;
mod models;
mod prefix;
mod rehearse;
mod report;
mod restart;
mod rows;
mod screen;
mod slots;
mod suggest;
mod summary;
mod take;
mod watch;

use std::mem::ManuallyDrop;

use self::gather::Gathered;
use self::given::Given;
use self::take::{Rows, Taken, Taker};
use crate::command::begin;
use crate::context::Context;
use crate::error::{Error, Exit, Problem};
use crate::plan::{self, Dispatch, Horizon, Input, Options, Sink};
use crate::report::{self as output, Format};
use crate::source::Loaded;
use crate::when;
use crate::zones::Zones;

use args::Honour;
pub use args::PlanArgs;
pub(super) use args::{GapArg, parse_gap};
pub use rehearse::RehearsalReport;
use report::ModelBasis;
pub use report::{BurstRow, FireRow, FiresReport, PlanReport, Summary};
pub use restart::RestartReport;
pub use suggest::SuggestionsReport;
pub use watch::{PlanEvent, event_schema};

/// The horizon without `--for` and `--until`.
const DAY_MS: i64 = 86_400_000;

/// Runs `cronctl plan`.
///
/// # Errors
/// When the options contradict each other, or no source can be read.
pub fn run(args: &PlanArgs, ctx: &Context) -> Result<Exit, Error> {
    if args.watch.watch {
        args.chart.none_with("--watch")?;
        return watch::run(args, ctx);
    }
    let mut given = Given::read(args, ctx)?;
    if args.rehearsal.is_asked() {
        return rehearse::run(args, ctx, &mut given);
    }
    if args.restart.is_asked() {
        args.chart.none_with("--restart-at")?;
        return restart::run(args, ctx, &given);
    }
    if args.suggest.is_asked() {
        args.chart.none_with("--suggest")?;
        return suggest::run(args, ctx, &given);
    }
    planned(args, ctx, &given)
}

/// Makes the plan and prints it.
fn planned(args: &PlanArgs, ctx: &Context, given: &Given) -> Result<Exit, Error> {
    let (loaded, basis) = (&given.loaded, given.basis);
    let gathered = ManuallyDrop::new(given.gathered(args, basis));
    let known = gathered.planned.iter().map(|p| p.job);
    begin::somebody_has(&args.job, &known, |asked| {
        format!("--job {asked:?}: no planned job has this id, prefix or name")
    })?;
    let jobs = gather::plan_jobs(&gathered.planned);
    let rules = given.rules(args, &gathered);
    let input = given.input(args, &gathered, jobs, &rules);
    let mut taker = Taker::new(loaded, &gathered, &input, (&given.models, basis), args, ctx)?;
    if is_overview(args, ctx) && !ctx.output.is_bare() {
        taker.only_largest(screen::BURSTS_SHOWN);
    }
    let outcome = plan::plan(&input, &mut taker);
    let rows = taker.taken()?;
    let problems = problems(loaded, &gathered, &outcome);
    let peaks_declared = (args.honour == Honour::Both).then(|| {
        let gathered = given.gathered(args, ModelBasis::Declared);
        let jobs = gather::plan_jobs(&gathered.planned);
        let input = given.input(args, &gathered, jobs, &rules);
        summary::peaks(&gathered, &plan::plan(&input, &mut Unheard))
    });
    let summary = summary::of(&summary::Parts {
        loaded,
        gathered: &gathered,
        input: &input,
        outcome: &outcome,
        rules: &rules,
        settings: &given.settings,
        models: &given.models,
        basis,
        peaks_declared,
        target: args.max_concurrent,
        tzdata: given.zones.version(),
    });
    args.chart.write(ctx, || {
        chart::picture(&chart::Scene {
            summary: &summary,
            gathered: &gathered,
            input: &input,
            outcome: &outcome,
            skipped: problems.len(),
        })
    })?;
    print(args, ctx, summary, problems, rows)?;
    Ok(Exit::Ok)
}

/// Whether a person sees the overview instead of rows.
fn is_overview(args: &PlanArgs, ctx: &Context) -> bool {
    ctx.output.format == Format::Table && !args.fires && !args.summary
}

/// What the plan is made from.
fn input<'a>(
    gathered: &'a Gathered<'_>,
    jobs: Vec<plan::PlanJob<'a>>,
    slots: &[Dispatch],
    horizon: Horizon,
    options: Options,
) -> Input<'a> {
    let recurrences = gathered.recurrences.iter();
    Input {
        jobs,
        recurrences: recurrences.map(|r| r as &dyn plan::Recurrence).collect(),
        groups: gathered.groups.clone(),
        dispatch: slots.to_vec(),
        horizon,
        options,
    }
}

/// Hears nothing: of the second plan of `--honour both` only the peaks count.
struct Unheard;

impl Sink for Unheard {}

/// Everything that was skipped: by the sources, by the schedulers, by the plan.
fn problems(loaded: &Loaded, gathered: &Gathered<'_>, outcome: &plan::Outcome) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    problems.extend(gathered.problems.iter().cloned());
    for (recurrence, why) in &outcome.broken {
        let hurt = gathered
            .planned
            .iter()
            .find(|p| p.recurrence() == *recurrence);
        let at = hurt.map_or_else(String::new, |p| loaded.place(p.job));
        problems.push(Problem::new(at, why.clone()));
    }
    problems
}

/// Prints what was kept; what was streamed is printed already, and its summary is said on stderr.
fn print(
    args: &PlanArgs,
    ctx: &Context,
    summary: Summary,
    problems: Vec<Problem>,
    taken: Taken,
) -> Result<(), Error> {
    let said = summary
        .findings
        .iter()
        .filter(|f| f.warning)
        .map(|f| f.text.clone())
        .collect();
    // On the screen they stand under the plan, and need not be said again.
    let overview = is_overview(args, ctx);
    let warnings = if overview { Vec::new() } else { said };
    match (taken.bursts, taken.fires) {
        (Rows::Kept(bursts), _) => {
            let mut report = PlanReport {
                summary,
                bursts,
                warnings,
                problems,
                overview,
                smaller: taken.smaller,
            };
            output::write(&mut report, ctx)
        }
        (_, Rows::Kept(fires)) => output::write(
            &mut FiresReport {
                summary,
                fires,
                warnings,
                problems,
            },
            ctx,
        ),
        (bursts, fires) => {
            bursts.finish()?;
            fires.finish()?;
            for warning in &warnings {
                ctx.ui.warning(warning);
            }
            for problem in &problems {
                ctx.problem(problem);
            }
            Ok(())
        }
    }
}

fn horizon(args: &PlanArgs, now_ms: i64, zones: &Zones) -> Result<Horizon, Error> {
    let read = |flag: &str, text: &str| zones.instant(flag, text, now_ms);
    if let Some(tick) = &args.tick {
        let from_ms = read("--tick", tick)?;
        return Ok(Horizon {
            from_ms,
            until_ms: from_ms + 1,
        });
    }
    // A restart is asked about from its instant on; it refuses --from.
    let from_ms = match (&args.from, &args.restart.restart_at) {
        (Some(text), _) => read("--from", text)?,
        (None, Some(text)) => read("--restart-at", text)?,
        (None, None) => now_ms,
    };
    let until_ms = match &args.until {
        Some(text) => read("--until", text)?,
        None => from_ms.saturating_add(args.length.unwrap_or(DAY_MS)),
    };
    if until_ms <= from_ms {
        let (from, until) = (when::utc(from_ms), when::utc(until_ms));
        return Err(Error::usage(format!(
            "the horizon is empty: it begins {from} and ends {until}"
        )));
    }
    Ok(Horizon { from_ms, until_ms })
}
