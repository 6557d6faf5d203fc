//! From what was read to what the audit needs: each job with its slots, facts and runs, by gateway.

use std::borrow::Cow;
use std::path::Path;

use crate::audit::{Asked, Facts, Grid, Subject};
use crate::context::Context;
use crate::error::Problem;
use crate::job::Job;
use crate::openclaw::config::Node;
use crate::openclaw::history::runs::{self, AllRuns, JobRuns, Places};
use crate::schedule::{
    JobFacts, Rules, ScheduleError, ScheduleSpec, Stagger, Timetable, Version, Zone, ZoneSource,
};
use crate::secrets::without_bearers;
use crate::source::{self, Loaded, Scheduler, SourceInfo, SourceKind};

/// The first version whose runs say in their ids that they were started by hand.
const MARKS_BY_HAND: Version = Version::new(2026, 8, 1);
/// The first version that writes down when a schedule, or the switch of a job, was last changed
/// (`scheduleActivatedAtMs`): any other change leaves its slots as they were.
const DATES_SCHEDULES: Version = Version::new(2026, 9, 0);
/// The first version whose cron runs share a fixed pool of slots (run: 2026.9.6 has eight).
const POOLED: Version = Version::new(2026, 6, 1);

/// What is audited.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the name")]
pub(super) struct Period {
    pub(super) since_ms: i64,
    pub(super) until_ms: i64,
    pub(super) now_ms: i64,
    pub(super) late_after_ms: i64,
}

/// One source, ready to be audited.
pub(super) struct Gateway {
    /// Index into the sources of the call.
    pub(super) source: usize,
    /// The jobs, then those that are no longer in the store and only have runs.
    pub(super) subjects: Vec<Subject>,
    /// The jobs of the first subjects: indices into the jobs of the call.
    pub(super) jobs: Vec<usize>,
    pub(super) asked: Asked,
    /// Where its runs were read; empty without a history.
    pub(super) read: Vec<String>,
}

/// Gathers every source of the call.
pub(super) fn gather(
    loaded: &Loaded,
    period: &Period,
    ctx: &Context,
    zones: &dyn ZoneSource,
    problems: &mut Vec<Problem>,
) -> Vec<Gateway> {
    let sources = loaded.sources.iter().enumerate();
    sources
        .map(|(source, info)| {
            let of_source = |(_, job): &(usize, &Job)| job.source == source;
            let jobs: Vec<(usize, &Job)> =
                loaded.jobs.iter().enumerate().filter(of_source).collect();
            let alone: Vec<&Job> = jobs.iter().map(|(_, job)| *job).collect();
            let mut all = read(loaded, source, &alone, period, ctx);
            problems.append(&mut all.problems);
            let mut gateway = Gateway {
                source,
                subjects: Vec::with_capacity(jobs.len()),
                jobs: Vec::with_capacity(jobs.len()),
                asked: asked(info, period),
                read: std::mem::take(&mut all.read),
            };
            for (at, job) in jobs {
                let Some(runs) = all.take(&job.id) else {
                    continue;
                };
                match grid(job, zones) {
                    Ok(grid) => {
                        gateway.jobs.push(at);
                        gateway.subjects.push(subject(job, grid, runs));
                    }
                    Err(error) => problems.push(
                        Problem::new(loaded.place(job), error.to_string())
                            .hint("it is not audited"),
                    ),
                }
            }
            let rest = all.rest().map(|(id, runs)| Subject {
                name: id,
                grid: Grid::Never,
                facts: Facts::default(),
                runs: runs.runs,
                history: runs.history,
                damage: runs.damage,
            });
            gateway.subjects.extend(rest);
            gateway
        })
        .collect()
}

/// Reads the runs of a source, as far as it has a history.
fn read(loaded: &Loaded, source: usize, jobs: &[&Job], period: &Period, ctx: &Context) -> AllRuns {
    let info = &loaded.sources[source];
    let gateway = loaded.gateways[source].as_ref();
    let Some(state_dir) = gateway.and_then(|g| g.state_dir.as_deref()) else {
        return runs::last_runs(jobs, without_history(info), &info.store);
    };
    if info.store.is_empty() {
        return AllRuns::default();
    }
    let kept = gateway.and_then(|g| {
        let found = g.config.as_ref()?.get(&["cron", "runLog", "keepLines"])?;
        keep_lines(found.node)
    });
    let places = Places {
        state_dir,
        store: Path::new(&info.store),
        keep_lines: kept,
        now_ms: period.now_ms,
    };
    runs::read_all(&places, jobs, &ctx.env).unwrap_or_else(|error| {
        let why = "its runs could not be read";
        let mut all = runs::last_runs(jobs, why, &info.store);
        all.problems.push(Problem::new(
            error.in_one_line(),
            "the runs are not known, and so are all slots",
        ));
        all
    })
}

fn keep_lines(node: &Node) -> Option<usize> {
    let number = node.number()?;
    (number >= 1.0).then(|| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number from 1 on; what is too large saturates"
        )]
        let whole = number as usize;
        whole
    })
}

fn without_history(info: &SourceInfo) -> &'static str {
    match (info.kind, info.scheduler) {
        (SourceKind::Demo, _) => "the built-in data has no run history",
        (_, Scheduler::OpenClaw) => {
            "a list of jobs carries no run history: give the state directory (--openclaw DIR)"
        }
        (_, Scheduler::Molecule) => {
            "a list of schedules carries no run history, and the platform's is not read"
        }
        _ => "a crontab carries no run history",
    }
}

fn asked(info: &SourceInfo, period: &Period) -> Asked {
    let version = match info.rules {
        Rules::OpenClaw(version) => version,
        Rules::Molecule | Rules::CronRs => Version::NEWEST_CHECKED,
    };
    let at_once = if version < POOLED {
        usize::try_from(info.max_concurrent_runs.unwrap_or(1).max(1)).ok()
    } else {
        Some(8)
    };
    Asked {
        since_ms: period.since_ms,
        until_ms: period.until_ms,
        now_ms: period.now_ms,
        late_after_ms: period.late_after_ms,
        in_batches: version < POOLED,
        at_once: at_once.filter(|_| info.scheduler == Scheduler::OpenClaw),
        marks_by_hand: version >= MARKS_BY_HAND,
        is_off: info.cron_enabled == Some(false),
    }
}

/// When a job fires. Its last run is not part of it: the audit follows the runs itself.
fn grid(job: &Job, zones: &dyn ZoneSource) -> Result<Grid, ScheduleError> {
    let facts = JobFacts {
        id: &job.id,
        created_at_ms: job.created_at_ms,
        last_run_at_ms: None,
        last_status: None,
    };
    let timetable = Timetable::compile(job.rules, &job.schedule, &facts, zones)?;
    Ok(match &job.schedule {
        ScheduleSpec::Cron {
            expr, stagger_ms, ..
        } => {
            let stagger_ms = match job.rules {
                Rules::OpenClaw(version) => {
                    Stagger::of(version, expr, stagger_ms.as_ref(), &job.id).offset_ms
                }
                Rules::Molecule | Rules::CronRs => 0,
            };
            let zone = timetable
                .cron()
                .map_or_else(Zone::utc, |c| c.zone().clone());
            Grid::Cron {
                timetable,
                zone,
                stagger_ms,
            }
        }
        ScheduleSpec::Every { .. } => Grid::Every(timetable),
        ScheduleSpec::At { .. } => match timetable.next(i64::MIN) {
            Ok(Some(at)) => Grid::At(at),
            _ => Grid::Never,
        },
        ScheduleSpec::Other { .. } => Grid::Never,
    })
}

fn subject(job: &Job, grid: Grid, runs: JobRuns) -> Subject {
    let JobRuns {
        mut runs,
        history,
        damage,
        facts,
    } = runs;
    for error in runs.iter_mut().filter_map(|run| run.error.as_mut()) {
        if let Cow::Owned(clean) = without_bearers(error) {
            *error = clean.into();
        }
    }
    let last_end = runs.iter().filter_map(|run| run.ended_at_ms).max();
    // The end of a run sets `updatedAtMs`, too: only a later one is somebody's change.
    let changed = facts.updated_at_ms.filter(|updated| {
        job.created_at_ms.is_none_or(|created| *updated > created)
            && last_end.is_none_or(|end| *updated > end)
            && job.state.running_at_ms.is_none()
            && !dates_schedules(job)
    });
    let switched = facts.activated_at_ms.filter(|_| dates_schedules(job));
    Subject {
        name: job.name.as_ref().unwrap_or(&job.id).to_string(),
        grid,
        facts: Facts {
            enabled: job.enabled,
            created_at_ms: job.created_at_ms,
            changed_at_ms: changed,
            activated_at_ms: facts.activated_at_ms,
            disabled_at_ms: switched.or(facts.updated_at_ms).filter(|_| !job.enabled),
            auto_disabled_at_ms: job.state.auto_disabled_at_ms,
            next_run_at_ms: job.state.next_run_at_ms,
            queued_at_ms: job.state.queued_at_ms,
            is_paced: facts.is_paced,
            timeout_ms: job.timeout_seconds().map(milliseconds),
        },
        runs,
        history,
        damage,
    }
}

fn dates_schedules(job: &Job) -> bool {
    matches!(job.rules, Rules::OpenClaw(version) if version >= DATES_SCHEDULES)
}

fn milliseconds(seconds: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is too large saturates, and what is no number is 0"
    )]
    let ms = (seconds * 1_000.0) as i64;
    ms
}

/// The rules of a source and what says so, in words.
pub(super) fn rules(info: &SourceInfo) -> String {
    format!("{} ({})", source::rules_name(info.rules), info.rules_origin)
}
