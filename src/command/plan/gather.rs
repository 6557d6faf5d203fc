//! From what was read to what a plan needs: recurrences shared, staggers known, run lengths chosen.

mod look;

use std::borrow::Cow;

use jiff::tz::TimeZone;

use self::look::Look;
use super::args::{PlanArgs, Settings};
use super::models::Models;
use super::report::{JobCounts, ModelBasis, RunLengthUse};
use crate::error::Problem;
use crate::job::{Job, RunLengthOrigin};
use crate::plan::{PlanJob, Recurrence};
use crate::schedule::{Cron, Timetable, ZoneSource};
use crate::source::Loaded;

/// Everything that a plan needs, and what its rows say besides.
pub(super) struct Gathered<'a> {
    /// The planned jobs.
    pub(super) planned: Vec<Planned<'a>>,
    /// The distinct recurrences.
    pub(super) recurrences: Vec<Shared>,
    /// Labels of groups.
    pub(super) groups: Vec<String>,
    /// Zones of recurrences.
    pub(super) zones: Vec<(String, TimeZone)>,
    /// Why a job's own stagger is what it is: the distinct reasons.
    reasons: Vec<Cow<'static, str>>,
    /// What became of the jobs.
    pub(super) counts: JobCounts,
    /// Refused schedules.
    pub(super) problems: Vec<Problem>,
}

/// One planned job. There may be a million: places are four bytes.
pub(super) struct Planned<'a> {
    pub(super) job: &'a Job,
    /// What the source adds to its nominal instants, milliseconds.
    pub(super) stagger_ms: i64,
    /// Length of a run, milliseconds.
    pub(super) run_ms: i64,
    pub(super) group: u32,
    at: u32,
    recurrence: u32,
    zone: u32,
    reason: u32,
    pub(super) run_origin: RunLengthOrigin,
    pub(super) shown: bool,
}

impl Planned<'_> {
    /// Its place among the jobs that were read.
    pub(super) fn at(&self) -> usize {
        self.at as usize
    }

    /// Index into [`Gathered::recurrences`].
    pub(super) fn recurrence(&self) -> usize {
        self.recurrence as usize
    }

    /// Index into [`Gathered::zones`].
    pub(super) fn zone(&self) -> usize {
        self.zone as usize
    }
}

impl Gathered<'_> {
    /// Why a job's own stagger is what it is.
    pub(super) fn reason(&self, planned: &Planned<'_>) -> &Cow<'static, str> {
        &self.reasons[planned.reason as usize]
    }
}

/// A place among at most 2³² jobs, which is more than fit in memory.
fn place(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A recurrence, and the zone in which its instants are shown.
pub(super) struct Shared {
    pub(super) when: When,
    zone: usize,
}

/// What a recurrence is made from.
pub(super) enum When {
    Cron(Cron),
    Other(Timetable),
}

impl Recurrence for Shared {
    fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        match &self.when {
            When::Cron(cron) => cron
                .each(from_ms, until_ms, emit)
                .map_err(|e| e.to_string()),
            When::Other(table) => table
                .each(from_ms, until_ms, emit)
                .map_err(|e| e.to_string()),
        }
    }

    fn class(&self) -> u32 {
        u32::try_from(self.zone).unwrap_or(u32::MAX)
    }
}

/// Jobs from which a thread for a part of them pays.
const WORTH_A_THREAD: usize = 100_000;

/// Looks at every job once.
pub(super) fn gather<'a>(
    loaded: &'a Loaded,
    args: &PlanArgs,
    settings: &Settings,
    models: &Models,
    basis: ModelBasis,
    zones: &(dyn ZoneSource + Sync),
) -> Gathered<'a> {
    let look = Look {
        loaded,
        args,
        settings,
        models,
        basis,
        zones,
    };
    // The question itself reads several files.
    let parts = if loaded.jobs.len() < WORTH_A_THREAD {
        1
    } else {
        std::thread::available_parallelism().map_or(1, usize::from)
    };
    look.in_parts(parts)
}

/// Which run lengths are used, by origin.
pub(super) fn run_lengths(planned: &[Planned<'_>]) -> Vec<RunLengthUse> {
    use RunLengthOrigin::{Assumed, History, LastRun, Option};
    let of = |origin: RunLengthOrigin| {
        let lengths = planned
            .iter()
            .filter(|p| p.run_origin == origin)
            .map(|p| p.run_ms);
        let mut lengths: Vec<i64> = lengths.collect();
        lengths.sort_unstable();
        Some(RunLengthUse {
            origin,
            jobs: lengths.len(),
            shortest_ms: *lengths.first()?,
            median_ms: lengths[lengths.len() / 2],
            longest_ms: *lengths.last()?,
        })
    };
    [History, LastRun, Option, Assumed]
        .into_iter()
        .filter_map(of)
        .collect()
}

/// The jobs as the plan takes them.
pub(super) fn plan_jobs<'a>(planned: &[Planned<'a>]) -> Vec<PlanJob<'a>> {
    let of = |p: &Planned<'a>| PlanJob {
        id: &p.job.id,
        source: place(p.job.source),
        recurrence: p.recurrence,
        native_offset_ms: p.stagger_ms,
        group: p.group,
        run_ms: p.run_ms,
        shown: p.shown,
    };
    planned.iter().map(of).collect()
}

/// Zone and source of every job, by its index.
pub(super) fn traits(planned: &[Planned<'_>]) -> Vec<(u32, u32)> {
    planned
        .iter()
        .map(|p| (p.zone, place(p.job.source)))
        .collect()
}
