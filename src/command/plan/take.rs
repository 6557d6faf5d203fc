//! Takes a plan while it is made: bursts and fires become rows, printed at once or kept.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use super::args::PlanArgs;
use super::findings;
use super::gather::Gathered;
use super::models::Models;
use super::report::{BurstGroupRow, BurstRow, FireRow, ModelBasis};
use crate::context::Context;
use crate::error::Error;
use crate::plan::{self, Burst, Fire, Input, Sink};
use crate::report::{Row, RowWriter};
use crate::source::Loaded;
use crate::ui::Progress;
use crate::when;

/// Steps of the progress bar over the horizon.
const PROGRESS_STEPS: u64 = 1000;

/// Where rows of one kind go.
pub(super) enum Rows<R: Row> {
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

    pub(super) fn finish(self) -> Result<(), Error> {
        match self {
            Self::Streamed(writer) => writer.finish(),
            _ => Ok(()),
        }
    }
}

/// The rows of a plan.
pub(super) struct Taken {
    pub(super) bursts: Rows<BurstRow>,
    /// How many bursts have no row, being smaller or later than those that have one.
    pub(super) smaller: u64,
    pub(super) fires: Rows<FireRow>,
}

/// Takes the plan while it is made.
pub(super) struct Taker<'a> {
    rows: RowMaker<'a>,
    /// How many of the largest bursts become rows; all without it.
    largest: Option<usize>,
    /// How many did not.
    smaller: u64,
    progress: Progress,
    bursts: Rows<BurstRow>,
    fires: Rows<FireRow>,
    failed: Option<Error>,
}

impl<'a> Taker<'a> {
    pub(super) fn new(
        loaded: &'a Loaded,
        gathered: &'a Gathered<'a>,
        input: &'a Input<'a>,
        (models, basis): (&'a Models, ModelBasis),
        args: &PlanArgs,
        ctx: &Context,
    ) -> Result<Self, Error> {
        let target = args.max_concurrent;
        Ok(Self {
            rows: RowMaker {
                loaded,
                gathered,
                input,
                models,
                basis,
                target,
            },
            largest: None,
            smaller: 0,
            progress: ctx.ui.progress("planning", Some(PROGRESS_STEPS)),
            bursts: Rows::new(ctx, !args.fires)?,
            fires: Rows::new(ctx, args.fires)?,
            failed: None,
        })
    }

    /// Keeps the `n` largest bursts only; among those of one size the earliest.
    pub(super) fn only_largest(&mut self, n: usize) {
        self.largest = Some(n);
    }

    /// Whether a burst is among the largest so far, for which the smallest of them makes place.
    /// Bursts come in the order of time.
    fn is_wanted(&mut self, burst: &Burst) -> bool {
        let (Some(n), Rows::Kept(rows)) = (self.largest, &mut self.bursts) else {
            return true;
        };
        if rows.len() < n {
            return true;
        }
        self.smaller += 1;
        let smallest = (0..rows.len()).min_by_key(|i| (rows[*i].jobs, Reverse(*i)));
        match smallest {
            Some(i) if rows[i].jobs < burst.jobs => {
                rows.remove(i);
                true
            }
            _ => false,
        }
    }

    /// Returns the rows, bursts or fires.
    pub(super) fn taken(self) -> Result<Taken, Error> {
        match self.failed {
            Some(error) => Err(error),
            None => Ok(Taken {
                bursts: self.bursts,
                smaller: self.smaller,
                fires: self.fires,
            }),
        }
    }

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

    /// The window for its peak depends on all its run lengths, where they differ.
    fn wants_members(&self, burst: &Burst) -> bool {
        !matches!(self.bursts, Rows::Unwanted) && burst.shortest_run_ms != burst.longest_run_ms
    }

    fn burst(&mut self, burst: Burst) -> ControlFlow<()> {
        if !self.is_wanted(&burst) {
            return ControlFlow::Continue(());
        }
        let taken = self.bursts.take(|| self.rows.burst(&burst));
        self.went(taken)
    }

    fn fire(&mut self, fire: Fire) -> ControlFlow<()> {
        let taken = self.fires.take(|| self.rows.fire(&fire));
        self.went(taken)
    }

    fn progress(&mut self, done_ms: i64, of_ms: i64) {
        let steps = i128::from(done_ms) * i128::from(PROGRESS_STEPS) / i128::from(of_ms.max(1));
        self.progress.reach(u64::try_from(steps).unwrap_or(0));
    }
}

/// Turns bursts and fires into rows.
struct RowMaker<'a> {
    loaded: &'a Loaded,
    gathered: &'a Gathered<'a>,
    input: &'a Input<'a>,
    models: &'a Models,
    basis: ModelBasis,
    target: Option<u32>,
}

impl RowMaker<'_> {
    fn burst(&self, burst: &Burst) -> BurstRow {
        let (zone, tz) = burst.class.map_or_else(
            || ("UTC".to_owned(), jiff::tz::TimeZone::UTC),
            |zone| self.gathered.zones[zone as usize].clone(),
        );
        let peak = findings::peak_aimed_at(self.target, burst.jobs);
        let group = |g: &plan::BurstGroup| BurstGroupRow {
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
            jobs: burst.jobs,
            sources: burst
                .sources
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
        let (_, tz) = &self.gathered.zones[planned.zone()];
        let shown = self.models.shown(planned.at(), job, self.basis);
        let nominal = self.input.options.at_nominal();
        let entered = if nominal {
            fire.nominal_ms
        } else {
            fire.native_ms
        };
        FireRow {
            planned_at: when::utc(fire.planned_ms),
            planned_at_ms: fire.planned_ms,
            local_at: when::local(fire.planned_ms, tz),
            tz: tz.clone(),
            job: job.id.to_string(),
            name: job.name.clone().map(String::from),
            source: self.loaded.sources[job.source].tag.clone(),
            agent: job.agent.as_ref().map(ToString::to_string),
            workspace: job.workspace.as_ref().map(ToString::to_string),
            provider: shown.provider(),
            model: shown.model(),
            model_basis: shown.basis(),
            model_declared: job.model.as_ref().map(ToString::to_string),
            nominal_at_ms: fire.nominal_ms,
            native_at_ms: fire.native_ms,
            stagger_ms: fire.native_ms - fire.nominal_ms,
            stagger_reason: self.gathered.reason(planned).clone(),
            jitter_ms: fire.planned_ms - entered,
            on_tick: fire.on_tick,
            clipped: fire.clipped,
            run_ms: planned.run_ms,
            run_length_origin: planned.run_origin,
        }
    }
}
