//! `cronctl plan`: gathers jobs, makes the plan, prints it.

mod args;
mod findings;
mod gather;
mod report;
mod rows;
mod screen;
mod summary;

use std::ops::ControlFlow;

use self::gather::{Gathered, Planned};
use crate::config::Origin;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::plan::{self, Burst, Fire, Horizon, Input, Jitter, Options, Sink};
use crate::report::{self as output, Format, Row, RowWriter};
use crate::schedule::ZoneSource as _;
use crate::source::{self, DEMO_NOW_MS, Loaded, SourceKind};
use crate::ui::Progress;
use crate::when;
use crate::zones::Zones;

pub use args::PlanArgs;
pub use report::{BurstRow, FireRow, FiresReport, PlanReport, Summary};

/// The horizon without `--for` and `--until`.
const DAY_MS: i64 = 86_400_000;

/// Steps of the progress bar over the horizon.
const PROGRESS_STEPS: u64 = 1000;

/// Runs `cronctl plan`.
///
/// # Errors
/// When the options contradict each other, or no source can be read.
pub fn run(args: &PlanArgs, ctx: &Context) -> Result<Exit, Error> {
    let settings = args.settings(&ctx.config.plan_defaults())?;
    let zones = Zones::new(&ctx.env);
    let loaded = source::load_in(
        &args.source.or_configured(&ctx.config.source_defaults())?,
        &ctx.env,
        &mut std::io::stdin().lock(),
        &ctx.directory,
    )?;
    for note in &loaded.notes {
        ctx.ui.note(note);
    }
    let horizon = horizon(args, now_ms(&loaded, ctx), &zones)?;
    let gathered = gather::gather(&loaded, args, &settings, &zones);
    nobody_asked_for(args, &gathered)?;
    let jobs = gather::plan_jobs(&gathered.planned);
    let options = Options {
        jitter: settings.jitter,
        seed: settings.seed,
        burst: settings.burst,
        restagger: args.restagger,
    };
    let rules: Vec<_> = loaded
        .sources
        .iter()
        .map(|s| gather::dispatch(s, args, &gathered.planned))
        .collect();
    let input = Input {
        jobs,
        recurrences: gathered
            .recurrences
            .iter()
            .map(|r| r as &dyn plan::Recurrence)
            .collect(),
        groups: gathered.groups.clone(),
        dispatch: rules.iter().map(|(rule, _)| rule.clone()).collect(),
        horizon,
        options,
    };
    let mut taker = Taker {
        rows: RowMaker {
            loaded: &loaded,
            gathered: &gathered,
            input: &input,
            target: args.max_concurrent,
        },
        progress: ctx.ui.progress("planning", Some(PROGRESS_STEPS)),
        bursts: Rows::new(ctx, !args.fires)?,
        fires: Rows::new(ctx, args.fires)?,
        failed: None,
    };
    let outcome = plan::plan(&input, &mut taker);
    let Taker {
        bursts,
        fires,
        failed,
        progress,
        ..
    } = taker;
    drop(progress);
    if let Some(error) = failed {
        return Err(error);
    }
    let mut problems = loaded.problems.clone();
    problems.extend(gathered.problems.iter().cloned());
    for (recurrence, why) in &outcome.broken {
        let hurt = gathered
            .planned
            .iter()
            .find(|p| p.recurrence == *recurrence);
        let at = hurt.map_or_else(String::new, |p| p.job.id.clone());
        problems.push(crate::error::Problem::new(at, why.clone()));
    }
    let summary = summary::of(&summary::Parts {
        loaded: &loaded,
        gathered: &gathered,
        input: &input,
        outcome: &outcome,
        rules: &rules,
        settings: &settings,
        target: args.max_concurrent,
        tzdata: zones.version(),
    });
    match (bursts, fires) {
        (Rows::Kept(bursts), _) => {
            let overview = !args.summary && ctx.output.format == Format::Table;
            let warnings = Vec::new();
            output::write(
                &mut PlanReport {
                    summary,
                    bursts,
                    warnings,
                    problems,
                    overview,
                },
                ctx,
            )?;
        }
        (_, Rows::Kept(fires)) => {
            let warnings = Vec::new();
            output::write(
                &mut FiresReport {
                    summary,
                    fires,
                    warnings,
                    problems,
                },
                ctx,
            )?;
        }
        (bursts, fires) => {
            bursts.finish()?;
            fires.finish()?;
            for finding in summary.findings.iter().filter(|f| f.warning) {
                ctx.ui.warning(&finding.text);
            }
            for problem in &problems {
                ctx.problem(problem);
            }
        }
    }
    Ok(Exit::Ok)
}

/// The demo has a clock of its own, unless an instant was asked for.
fn now_ms(loaded: &Loaded, ctx: &Context) -> i64 {
    let demo = loaded.sources.iter().all(|s| s.kind == SourceKind::Demo);
    if demo && ctx.now_origin == Origin::BuiltIn {
        DEMO_NOW_MS
    } else {
        ctx.now_ms
    }
}

fn horizon(args: &PlanArgs, now_ms: i64, zones: &Zones) -> Result<Horizon, Error> {
    let read = |flag: &str, text: &str| {
        when::parse_instant(text, now_ms, |name| {
            zones.zone(name).map(|z| z.time_zone().clone())
        })
        .map_err(|why| Error::usage(format!("{flag}: {why}")))
    };
    if let Some(tick) = &args.tick {
        let from_ms = read("--tick", tick)?;
        return Ok(Horizon {
            from_ms,
            until_ms: from_ms + 1,
        });
    }
    let from_ms = args
        .from
        .as_ref()
        .map_or(Ok(now_ms), |text| read("--from", text))?;
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

/// Names that `--job` asked for and no job has are an error: an empty plan would look like peace.
fn nobody_asked_for(args: &PlanArgs, gathered: &Gathered<'_>) -> Result<(), Error> {
    let known = |p: &Planned<'_>, asked: &str| {
        p.job.id.starts_with(asked) || p.job.name.as_deref() == Some(asked)
    };
    for asked in &args.job {
        if gathered.planned.iter().any(|p| known(p, asked)) {
            continue;
        }
        let names = gathered
            .planned
            .iter()
            .flat_map(|p| std::iter::once(p.job.id.as_str()).chain(p.job.name.as_deref()));
        let error = Error::usage(format!(
            "--job {asked:?}: no planned job has this id, prefix or name"
        ));
        return Err(match output::nearest(asked, names) {
            Some(name) => error.hint(format!("did you mean {name:?}?")),
            None => error,
        });
    }
    Ok(())
}

/// Where rows of one kind go.
enum Rows<R: Row> {
    /// Nobody asked for them.
    Unwanted,
    /// Printed as they come.
    Streamed(RowWriter<R>),
    /// Kept for a format that needs them all.
    Kept(Vec<R>),
}

impl<R: Row> Rows<R> {
    fn new(ctx: &Context, wanted: bool) -> Result<Self, Error> {
        Ok(match wanted {
            false => Self::Unwanted,
            true if ctx.output.streams() => Self::Streamed(RowWriter::stdout(ctx)?),
            true => Self::Kept(Vec::new()),
        })
    }

    fn take(&mut self, make: impl FnOnce() -> R) -> Result<(), Error> {
        match self {
            Self::Unwanted => {}
            Self::Streamed(writer) => writer.row(&make())?,
            Self::Kept(rows) => rows.push(make()),
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Error> {
        match self {
            Self::Streamed(writer) => writer.finish(),
            _ => Ok(()),
        }
    }
}

/// Takes the plan while it is made.
struct Taker<'a> {
    rows: RowMaker<'a>,
    progress: Progress,
    bursts: Rows<BurstRow>,
    fires: Rows<FireRow>,
    failed: Option<Error>,
}

impl Taker<'_> {
    fn went(&mut self, result: Result<(), Error>) -> ControlFlow<()> {
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Sink for Taker<'_> {
    fn wants_fires(&self) -> bool {
        !matches!(self.fires, Rows::Unwanted)
    }

    fn burst(&mut self, burst: Burst) -> ControlFlow<()> {
        let taken = self.bursts.take(|| self.rows.burst(&burst));
        self.went(taken)
    }

    fn fire(&mut self, fire: Fire) -> ControlFlow<()> {
        let taken = self.fires.take(|| self.rows.fire(&fire));
        self.went(taken)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a thousand steps"
    )]
    fn progress(&mut self, done: f64) {
        self.progress.reach((done * PROGRESS_STEPS as f64) as u64);
    }
}

/// Turns bursts and fires into rows.
struct RowMaker<'a> {
    loaded: &'a Loaded,
    gathered: &'a Gathered<'a>,
    input: &'a Input<'a>,
    target: Option<u32>,
}

impl RowMaker<'_> {
    fn burst(&self, burst: &Burst) -> BurstRow {
        let members = || burst.members.iter().map(|i| &self.gathered.planned[*i]);
        let first = members().next().map_or(0, |p| p.zone);
        let (zone, tz) = if members().all(|p| p.zone == first) {
            self.gathered.zones[first].clone()
        } else {
            ("UTC".to_owned(), jiff::tz::TimeZone::UTC)
        };
        let mut sources: Vec<usize> = members().map(|p| p.job.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let peak = findings::peak_aimed_at(self.target, burst.members.len());
        let group = |g: &plan::BurstGroup| report::BurstGroupRow {
            group: self.gathered.groups[g.group as usize].clone(),
            jobs: g.jobs,
            starts_per_second_before: g.starts_per_second_before,
            starts_per_second_after: g.starts_per_second_after,
            concurrent_before: g.concurrent_before,
            concurrent_after: g.concurrent_after,
        };
        BurstRow {
            at: when::utc(burst.at_ms),
            at_ms: burst.at_ms,
            local_at: when::local(burst.at_ms, &tz),
            tz,
            zone,
            jobs: burst.members.len(),
            sources: sources
                .iter()
                .map(|s| self.loaded.sources[*s].tag.clone())
                .collect(),
            starts_per_second_before: burst.starts_per_second_before,
            starts_per_second_after: burst.starts_per_second_after,
            concurrent_before: burst.concurrent_before,
            concurrent_after: burst.concurrent_after,
            groups: burst.groups.iter().map(group).collect(),
            first_at_ms: burst.first_ms,
            last_at_ms: burst.last_ms,
            span_ms: burst.last_ms - burst.first_ms,
            shortest_run_ms: burst.shortest_run_ms,
            longest_run_ms: burst.longest_run_ms,
            peak,
            window_for_peak_ms: burst.window_for_peak(peak, &self.input.jobs),
            clipped: burst.clipped,
        }
    }

    fn fire(&self, fire: &Fire) -> FireRow {
        let planned = &self.gathered.planned[fire.job];
        let job = planned.job;
        let (_, tz) = &self.gathered.zones[planned.zone];
        let entered = match self.input.options {
            Options {
                restagger: true, ..
            }
            | Options {
                jitter: Jitter::None,
                ..
            } => fire.nominal_ms,
            _ => fire.native_ms,
        };
        FireRow {
            planned_at: when::utc(fire.planned_ms),
            planned_at_ms: fire.planned_ms,
            local_at: when::local(fire.planned_ms, tz),
            tz: tz.clone(),
            job: job.id.clone(),
            name: job.name.clone(),
            source: self.loaded.sources[job.source].tag.clone(),
            agent: job.agent.clone(),
            workspace: job.workspace.clone(),
            provider: gather::provider(job.model.as_deref()).map(str::to_owned),
            model: job.model.clone(),
            nominal_at_ms: fire.nominal_ms,
            native_at_ms: fire.native_ms,
            stagger_ms: fire.native_ms - fire.nominal_ms,
            stagger_reason: planned.stagger.reason.clone(),
            jitter_ms: fire.planned_ms - entered,
            on_tick: fire.on_tick,
            clipped: fire.clipped,
            run_ms: planned.run.ms,
            run_length_origin: planned.run.origin,
        }
    }
}
