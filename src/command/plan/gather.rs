//! From what was read to what a plan needs: recurrences shared, staggers known, run lengths chosen.

use std::borrow::Cow;

use arcstr::ArcStr;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use super::args::{GroupBy, PlanArgs, Settings};
use super::models::{Models, Shown};
use super::report::{JobCounts, ModelBasis, RunLengthUse};
use crate::error::Problem;
use crate::job::{Job, RunLengthOrigin};
use crate::plan::{PlanJob, Recurrence};
use crate::schedule::{
    Cron, JobFacts, Rules, ScheduleError, ScheduleSpec, Stagger, StaggerReason, Timetable,
    ZoneSource,
};
use crate::source::{Loaded, Scheduler, rules_name};
use crate::when;

/// The run length that is assumed when nothing says better, milliseconds.
const ASSUMED_RUN_MS: i64 = 60_000;

/// How many refused schedules are named one by one.
const NAMED_PROBLEMS: usize = 20;

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

/// Looks at every job once.
pub(super) fn gather<'a>(
    loaded: &'a Loaded,
    args: &PlanArgs,
    settings: &Settings,
    models: &Models,
    basis: ModelBasis,
    zones: &dyn ZoneSource,
) -> Gathered<'a> {
    let mut gathering = Gathering {
        loaded,
        settings,
        models,
        basis,
        poll_phase_ms: args.poll_phase.unwrap_or(0),
        zones,
        crons: FxHashMap::default(),
        known: FxHashMap::default(),
        zone_index: FxHashMap::default(),
        group_index: FxHashMap::default(),
        reason_index: FxHashMap::default(),
        refused: 0,
        out: Gathered {
            planned: Vec::with_capacity(loaded.jobs.len()),
            recurrences: Vec::new(),
            groups: Vec::new(),
            zones: Vec::new(),
            reasons: Vec::new(),
            counts: JobCounts {
                read: loaded.jobs.len(),
                ..JobCounts::default()
            },
            problems: Vec::new(),
        },
    };
    for (at, job) in loaded.jobs.iter().enumerate() {
        gathering.job(at, job, args);
    }
    let refused = gathering.refused;
    let mut out = gathering.out;
    out.counts.refused = refused;
    if refused > NAMED_PROBLEMS {
        let more = refused - NAMED_PROBLEMS;
        out.problems.push(Problem::new(
            "jobs",
            format!("{more} more refused schedules"),
        ));
    }
    out
}

/// Index of a recurrence and of its zone.
type InZone = (usize, usize);

struct Gathering<'a, 'c> {
    loaded: &'a Loaded,
    settings: &'c Settings,
    models: &'c Models,
    basis: ModelBasis,
    poll_phase_ms: i64,
    zones: &'c dyn ZoneSource,
    /// By rules, expression and zone: the recurrence and its zone, or why it is refused.
    crons: FxHashMap<(Rules, &'a str, &'a str), Result<InZone, ScheduleError>>,
    /// The same by source and by where its jobs keep the two texts: jobs that share them need no
    /// comparison.
    known: FxHashMap<(usize, *const u8, *const u8), InZone>,
    zone_index: FxHashMap<String, usize>,
    group_index: FxHashMap<String, u32>,
    reason_index: FxHashMap<Cow<'static, str>, u32>,
    refused: usize,
    out: Gathered<'a>,
}

impl<'a> Gathering<'a, '_> {
    fn job(&mut self, at: usize, job: &'a Job, args: &PlanArgs) {
        if !job.enabled {
            self.out.counts.disabled += 1;
            return;
        }
        let (recurrence, zone) = match self.recurrence(job) {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.out.counts.without_clock += 1;
                return;
            }
            Err(error) => {
                self.refuse(job, &error);
                return;
            }
        };
        self.out.counts.planned += 1;
        let (stagger_ms, reason) = self.native(job);
        let (run_ms, run_origin) = run_length(job, self.settings.run_length_ms);
        let planned = Planned {
            job,
            stagger_ms,
            run_ms,
            group: self.group(at, job),
            at: place(at),
            recurrence: place(recurrence),
            zone: place(zone),
            reason: self.reason(reason),
            run_origin,
            shown: args.job.is_empty() || args.job.iter().any(|asked| job.answers_to(asked)),
        };
        self.out.planned.push(planned);
    }

    /// The recurrence of a job and its zone; `None` when no clock fires it.
    fn recurrence(&mut self, job: &'a Job) -> Result<Option<InZone>, ScheduleError> {
        match &job.schedule {
            ScheduleSpec::Other { .. } => Ok(None),
            ScheduleSpec::Cron { expr, tz, .. } => {
                let zone = tz.as_deref().unwrap_or("");
                let place = (job.source, expr.as_ptr(), zone.as_ptr());
                if let Some(known) = self.known.get(&place) {
                    return Ok(Some(*known));
                }
                let key = (job.rules, expr.as_str(), zone);
                if let Some(known) = self.crons.get(&key) {
                    if let Ok(known) = known {
                        self.known.insert(place, *known);
                    }
                    return known.clone().map(Some);
                }
                let made = Cron::compile(job.rules, expr, tz.as_deref(), self.zones).map(|cron| {
                    let zone = self.zone(
                        cron.zone().name().to_owned(),
                        cron.zone().time_zone().clone(),
                    );
                    let when = When::Cron(cron);
                    self.out.recurrences.push(Shared { when, zone });
                    (self.out.recurrences.len() - 1, zone)
                });
                if let Ok(made) = &made {
                    self.known.insert(place, *made);
                }
                self.crons.insert(key, made.clone());
                made.map(Some)
            }
            ScheduleSpec::Every { .. } | ScheduleSpec::At { .. } => {
                let facts = JobFacts {
                    id: &job.id,
                    created_at_ms: job.created_at_ms,
                    last_run_at_ms: job.state.last_run_at_ms,
                    last_status: job.state.last_status.as_deref(),
                };
                let table = Timetable::compile(job.rules, &job.schedule, &facts, self.zones)?;
                let zone = self.zone("UTC".to_owned(), TimeZone::UTC);
                let when = When::Other(table);
                self.out.recurrences.push(Shared { when, zone });
                Ok(Some((self.out.recurrences.len() - 1, zone)))
            }
        }
    }

    fn zone(&mut self, name: String, tz: TimeZone) -> usize {
        let zones = &mut self.out.zones;
        *self.zone_index.entry(name).or_insert_with_key(|name| {
            zones.push((name.clone(), tz));
            zones.len() - 1
        })
    }

    fn reason(&mut self, reason: Cow<'static, str>) -> u32 {
        let reasons = &mut self.out.reasons;
        if reasons.last() == Some(&reason) {
            return place(reasons.len() - 1);
        }
        *self
            .reason_index
            .entry(reason)
            .or_insert_with_key(|reason| {
                reasons.push(reason.clone());
                place(reasons.len() - 1)
            })
    }

    /// What the job's scheduler adds to its nominal instants, milliseconds, and why.
    fn native(&self, job: &Job) -> (i64, Cow<'static, str>) {
        let scheduler = self.loaded.sources[job.source].scheduler;
        match (scheduler, job.rules, &job.schedule) {
            (Scheduler::Molecule, ..) => (self.poll_phase_ms, "poll phase (--poll-phase)".into()),
            (
                Scheduler::OpenClaw,
                Rules::OpenClaw(version),
                ScheduleSpec::Cron {
                    expr, stagger_ms, ..
                },
            ) => {
                let stagger = Stagger::of(version, expr, stagger_ms.as_ref(), &job.id);
                (stagger.offset_ms, why(&stagger, expr))
            }
            (Scheduler::Crontab, ..) => super::prefix::native(job),
            (Scheduler::OpenClaw, ..) => (0, "none: only cron expressions are staggered".into()),
            _ => (0, "none: this scheduler has no stagger".into()),
        }
    }

    fn group(&mut self, at: usize, job: &'a Job) -> u32 {
        let own = |value: &'a Option<ArcStr>, none: &'static str| -> Cow<'a, str> {
            value.as_deref().unwrap_or(none).into()
        };
        let loaded = self.loaded;
        let shown = || self.models.shown(at, job, self.basis);
        let label = match self.settings.group_by {
            GroupBy::Provider => provider_label(shown()),
            GroupBy::Model => shown().model_label().into(),
            GroupBy::Agent => own(&job.agent, "(no agent named)"),
            GroupBy::Workspace => own(&job.workspace, "(no workspace)"),
            GroupBy::Source => loaded.sources[job.source].tag.as_str().into(),
        };
        if let Some(known) = self.group_index.get(&*label) {
            return *known;
        }
        let index = u32::try_from(self.out.groups.len()).unwrap_or(u32::MAX);
        self.out.groups.push(label.clone().into_owned());
        self.group_index.insert(label.into_owned(), index);
        index
    }

    fn refuse(&mut self, job: &Job, error: &ScheduleError) {
        self.refused += 1;
        if self.refused > NAMED_PROBLEMS {
            return;
        }
        let name = job.name.as_deref().unwrap_or(&job.id);
        let at = format!("{} {name:?}", self.loaded.place(job));
        let what = format!(
            "its schedule is refused by {}: {error}",
            rules_name(job.rules)
        );
        self.out.problems.push(Problem::new(at, what));
    }
}

/// Says why a job has this stagger.
fn why(stagger: &Stagger, expr: &str) -> Cow<'static, str> {
    match stagger.reason {
        StaggerReason::Explicit => {
            format!("staggerMs: {} window", when::duration(stagger.window_ms)).into()
        }
        StaggerReason::Exact => "staggerMs 0: exact".into(),
        StaggerReason::TopOfHour => "default 5 min window, top of the hour".into(),
        StaggerReason::FixedTime if expr.split_whitespace().next() == Some("0") => {
            "fixed hour: default window does not apply".into()
        }
        StaggerReason::FixedTime => "not the top of an hour: default window does not apply".into(),
        StaggerReason::Unknown => "none: this scheduler has no stagger".into(),
    }
}

/// The label of a provider, without an allocation where the declared text has it.
fn provider_label(shown: Shown<'_>) -> Cow<'_, str> {
    match shown {
        Shown::Effective(model) => model.provider.as_str().into(),
        Shown::Declared(text) => match text.split_once('/').map(|(p, _)| p.trim()) {
            Some(p) if !p.is_empty() && !p.contains(|c: char| c.is_uppercase()) => p.into(),
            _ => shown.provider_label().into(),
        },
        _ => shown.provider_label().into(),
    }
}

/// How long a run of the job is taken to last, milliseconds, and where that comes from.
fn run_length(job: &Job, option_ms: Option<i64>) -> (i64, RunLengthOrigin) {
    match (option_ms, &job.run_length) {
        (Some(ms), _) => (ms.max(1), RunLengthOrigin::Option),
        (None, Some(known)) => (known.ms.max(1), known.origin),
        (None, None) => (ASSUMED_RUN_MS, RunLengthOrigin::Assumed),
    }
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
        source: p.job.source,
        recurrence: p.recurrence(),
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
