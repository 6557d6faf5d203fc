//! Looking at jobs one after the other: a part of them, then another, then joined.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use arcstr::ArcStr;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use super::super::args::{GroupBy, PlanArgs, Settings};
use super::super::models::{Models, Shown};
use super::super::prefix;
use super::super::report::{JobCounts, ModelBasis};
use super::{Gathered, Planned, Shared, When, place};
use crate::error::Problem;
use crate::job::{Job, RunLengthOrigin};
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

/// Index of a recurrence and of its zone.
type InZone = (usize, usize);

/// Rules, expression and zone.
type CronKey<'a> = (Rules, &'a str, &'a str);

/// What jobs are looked at with.
#[derive(Clone, Copy)]
pub(super) struct Look<'a, 'c> {
    pub(super) loaded: &'a Loaded,
    pub(super) args: &'c PlanArgs,
    pub(super) settings: &'c Settings,
    pub(super) models: &'c Models,
    pub(super) basis: ModelBasis,
    pub(super) zones: &'c (dyn ZoneSource + Sync),
}

impl<'a> Look<'a, '_> {
    /// Looks at every job once, at so many parts of them at a time: it does not show in how many.
    pub(super) fn in_parts(self, parts: usize) -> Gathered<'a> {
        let jobs = &self.loaded.jobs;
        let length = jobs.len().div_ceil(parts.max(1)).max(1);
        let part = |(n, jobs): (usize, &'a [Job])| {
            let mut gathering = Gathering::new(self, jobs.len());
            for (at, job) in (n * length..).zip(jobs) {
                gathering.job(at, job);
            }
            gathering
        };
        let mut chunks = jobs.chunks(length).enumerate();
        let first = chunks.next().unwrap_or_default();
        let mut all = std::thread::scope(|scope| {
            let others: Vec<_> = chunks
                .map(|chunk| scope.spawn(move || part(chunk)))
                .collect();
            let mut all = part(first);
            for other in others {
                match other.join() {
                    Ok(other) => all.join(other),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        });
        all.out.counts.read = jobs.len();
        all.out.counts.refused = all.refused;
        if all.refused > NAMED_PROBLEMS {
            let more = all.refused - NAMED_PROBLEMS;
            let what = format!("{more} more refused schedules");
            all.out.problems.push(Problem::new("jobs", what));
        }
        all.out
    }
}

/// A part of the jobs being looked at.
struct Gathering<'a, 'c> {
    look: Look<'a, 'c>,
    /// By rules, expression and zone: the recurrence and its zone, or why it is refused.
    crons: FxHashMap<CronKey<'a>, Result<InZone, ScheduleError>>,
    /// The same by source and by where its jobs keep the two texts: jobs that share them need no
    /// comparison.
    known: FxHashMap<(usize, usize, usize), InZone>,
    zone_index: FxHashMap<String, usize>,
    group_index: FxHashMap<String, u32>,
    reason_index: FxHashMap<Cow<'static, str>, u32>,
    refused: usize,
    out: Gathered<'a>,
}

impl<'a, 'c> Gathering<'a, 'c> {
    fn new(look: Look<'a, 'c>, jobs: usize) -> Self {
        Self {
            look,
            crons: FxHashMap::default(),
            known: FxHashMap::default(),
            zone_index: FxHashMap::default(),
            group_index: FxHashMap::default(),
            reason_index: FxHashMap::default(),
            refused: 0,
            out: Gathered {
                planned: Vec::with_capacity(jobs),
                recurrences: Vec::new(),
                groups: Vec::new(),
                zones: Vec::new(),
                reasons: Vec::new(),
                counts: JobCounts::default(),
                problems: Vec::new(),
            },
        }
    }

    /// Adds what another looked at whose jobs come after these.
    fn join(&mut self, other: Gathering<'a, '_>) {
        let mut crons = vec![None; other.out.recurrences.len()];
        for (key, made) in other.crons {
            match made {
                Ok((recurrence, _)) => crons[recurrence] = Some(key),
                refused => {
                    self.crons.entry(key).or_insert(refused);
                }
            }
        }
        let theirs = other.out;
        let zones: Vec<usize> = theirs
            .zones
            .into_iter()
            .map(|(name, tz)| self.zone(name, tz))
            .collect();
        let recurrences: Vec<InZone> = theirs
            .recurrences
            .into_iter()
            .zip(crons)
            .map(|(shared, cron)| {
                let zone = zones[shared.zone];
                let known = &mut self.out.recurrences;
                let add = || {
                    known.push(Shared { zone, ..shared });
                    (known.len() - 1, zone)
                };
                match cron.map(|key| self.crons.entry(key)) {
                    Some(Entry::Occupied(same)) => same.get().clone().unwrap_or_else(|_| add()),
                    Some(Entry::Vacant(new)) => {
                        let added = add();
                        new.insert(Ok(added));
                        added
                    }
                    None => add(),
                }
            })
            .collect();
        let groups: Vec<u32> = theirs
            .groups
            .into_iter()
            .map(|label| self.labelled(label.into()))
            .collect();
        let reasons: Vec<u32> = theirs.reasons.into_iter().map(|r| self.reason(r)).collect();
        let planned = theirs.planned.into_iter().map(|planned| {
            let (recurrence, zone) = recurrences[planned.recurrence()];
            Planned {
                recurrence: place(recurrence),
                zone: place(zone),
                group: groups[planned.group as usize],
                reason: reasons[planned.reason as usize],
                ..planned
            }
        });
        self.out.planned.extend(planned);
        let more = NAMED_PROBLEMS.saturating_sub(self.refused);
        let problems = theirs.problems.into_iter().take(more);
        self.out.problems.extend(problems);
        self.refused += other.refused;
        let (counts, theirs) = (&mut self.out.counts, theirs.counts);
        counts.planned += theirs.planned;
        counts.disabled += theirs.disabled;
        counts.without_clock += theirs.without_clock;
    }

    fn job(&mut self, at: usize, job: &'a Job) {
        let args = self.look.args;
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
        let (run_ms, run_origin) = run_length(job, self.look.settings.run_length_ms);
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
                let place = (job.source, expr.as_ptr().addr(), zone.as_ptr().addr());
                if let Some(known) = self.known.get(&place) {
                    return Ok(Some(*known));
                }
                let key = (job.rules, expr.as_str(), zone);
                let made = if let Some(known) = self.crons.get(&key) {
                    known.clone()
                } else {
                    let made = self.cron(job.rules, expr, tz.as_deref());
                    self.crons.insert(key, made.clone());
                    made
                };
                if let Ok(made) = &made {
                    self.known.insert(place, *made);
                }
                made.map(Some)
            }
            ScheduleSpec::Every { .. } | ScheduleSpec::At { .. } => {
                let facts = JobFacts {
                    id: &job.id,
                    created_at_ms: job.created_at_ms,
                    last_run_at_ms: job.state.last_run_at_ms,
                    last_status: job.state.last_status.as_deref(),
                };
                let table = Timetable::compile(job.rules, &job.schedule, &facts, self.look.zones)?;
                let zone = self.zone("UTC".to_owned(), TimeZone::UTC);
                let when = When::Other(table);
                self.out.recurrences.push(Shared { when, zone });
                Ok(Some((self.out.recurrences.len() - 1, zone)))
            }
        }
    }

    /// A new recurrence of an expression.
    fn cron(
        &mut self,
        rules: Rules,
        expr: &str,
        tz: Option<&str>,
    ) -> Result<InZone, ScheduleError> {
        let cron = Cron::compile(rules, expr, tz, self.look.zones)?;
        let zone = self.zone(
            cron.zone().name().to_owned(),
            cron.zone().time_zone().clone(),
        );
        let when = When::Cron(cron);
        self.out.recurrences.push(Shared { when, zone });
        Ok((self.out.recurrences.len() - 1, zone))
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
        let scheduler = self.look.loaded.sources[job.source].scheduler;
        match (scheduler, job.rules, &job.schedule) {
            (Scheduler::Molecule, ..) => (
                self.look.args.poll_phase.unwrap_or(0),
                "poll phase (--poll-phase)".into(),
            ),
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
            (Scheduler::Crontab, ..) => prefix::native(job),
            (Scheduler::OpenClaw, ..) => (0, "none: only cron expressions are staggered".into()),
            _ => (0, "none: this scheduler has no stagger".into()),
        }
    }

    fn group(&mut self, at: usize, job: &'a Job) -> u32 {
        let own = |value: &'a Option<ArcStr>, none: &'static str| -> Cow<'a, str> {
            value.as_deref().unwrap_or(none).into()
        };
        let Look { loaded, models, .. } = self.look;
        let shown = || models.shown(at, job, self.look.basis);
        let label = match self.look.settings.group_by {
            GroupBy::Provider => provider_label(shown()),
            GroupBy::Model => shown().model_label().into(),
            GroupBy::Agent => own(&job.agent, "(no agent named)"),
            GroupBy::Workspace => own(&job.workspace, "(no workspace)"),
            GroupBy::Source => loaded.sources[job.source].tag.as_str().into(),
        };
        self.labelled(label)
    }

    /// The group of a label.
    fn labelled(&mut self, label: Cow<'_, str>) -> u32 {
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
        let at = format!("{} {name:?}", self.look.loaded.place(job));
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

#[cfg(test)]
mod tests;
