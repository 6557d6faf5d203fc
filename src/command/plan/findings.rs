//! What to know about a plan, as sentences for a person and kinds for a script. Pure.

mod burst;

use std::collections::BTreeMap;

pub(super) use self::burst::peak_aimed_at;
use super::gather::{Gathered, When};
use super::models::Models;
use super::prefix;
use super::report::{Finding, FindingKind, SourceDispatch};
use super::slots;
use crate::plan::{Horizon, Jitter, MoleculeRules, Options, Outcome, PlanJob};
use crate::schedule::{Rules, ScheduleSpec, Version};
use crate::source::{Loaded, Scheduler, rules_name};
use crate::when;

/// What findings are drawn from.
pub(super) struct Facts<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) gathered: &'a Gathered<'a>,
    pub(super) models: &'a Models,
    pub(super) jobs: &'a [PlanJob<'a>],
    pub(super) outcome: &'a Outcome,
    pub(super) dispatch: &'a [SourceDispatch],
    pub(super) options: Options,
    pub(super) horizon: Horizon,
    /// `--max-concurrent`.
    pub(super) target: Option<u32>,
}

fn info(kind: FindingKind, text: String) -> Finding {
    Finding {
        kind,
        warning: false,
        text,
    }
}

fn warning(kind: FindingKind, text: String) -> Finding {
    Finding {
        kind,
        warning: true,
        text,
    }
}

/// Draws all findings, the most useful first.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    cron_disabled(facts, &mut out);
    burst::models_differ(facts, &mut out);
    burst::biggest(facts, &mut out);
    burst::target(facts, &mut out);
    coarse_tick(facts, &mut out);
    queues(facts, &mut out);
    one_lane(facts, &mut out);
    never(facts, &mut out);
    staggers(facts, &mut out);
    let unknown = prefix::unknown(facts.loaded, facts.gathered).into_iter();
    out.extend(unknown.map(|text| warning(FindingKind::PrefixNotCounted, text)));
    if facts.outcome.totals.clipped > 0 {
        let n = facts.outcome.totals.clipped;
        out.push(warning(
            FindingKind::Clipped,
            format!("{n} starts were pulled back so as not to pass their job's own next instant"),
        ));
    }
    recorded_next(facts, &mut out);
    out
}

fn cron_disabled(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    for source in facts
        .loaded
        .sources
        .iter()
        .filter(|s| s.cron_enabled == Some(false))
    {
        out.push(warning(
            FindingKind::CronDisabled,
            format!(
                "{}: cron is switched off (cron.enabled is false): nothing of this fires",
                source.tag
            ),
        ));
    }
}

/// Where the source's tick is coarser than the jitter, moving `next_run_at` does not help.
fn coarse_tick(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let poll_ms = MoleculeRules::of_may_2026(0).poll_ms;
    let reach = match facts.options.jitter {
        Jitter::Gap(gap) => gap.max_ms,
        other => other.window_ms().unwrap_or(i64::MAX),
    };
    for source in facts
        .loaded
        .sources
        .iter()
        .filter(|s| s.scheduler == Scheduler::Molecule)
    {
        if reach < poll_ms {
            out.push(warning(
                FindingKind::CoarseTick,
                format!(
                    "{}: Molecule polls every {}, so moving next_run_at by up to {} would not help: \
                     what comes due between two polls starts together at the next one. What would help: \
                     different minutes in cron_expr, or jitter inside the platform's tick",
                    source.tag,
                    when::duration(poll_ms),
                    when::duration(reach),
                ),
            ));
        }
    }
}

fn queues(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    for dispatch in facts.dispatch {
        let (before, after) = (&dispatch.before, &dispatch.after);
        if before.longest_wait_ms.max(after.longest_wait_ms) > 0 {
            out.push(info(
                FindingKind::Queue,
                format!(
                    "{}: jobs wait for a slot, the longest {} before and {} after ({})",
                    dispatch.source,
                    when::duration(before.longest_wait_ms),
                    when::duration(after.longest_wait_ms),
                    dispatch.rule,
                ),
            ));
        }
        if before.coalesced > 0 {
            out.push(warning(
                FindingKind::Coalesced,
                format!(
                    "{}: {} occurrences never fire, because the same job still runs or waits when they \
                     come due",
                    dispatch.source, before.coalesced
                ),
            ));
        }
        if before.skipped > 0 {
            out.push(warning(
                FindingKind::Coalesced,
                format!(
                    "{}: {} fires end as skipped, because their workspace stays busy for 120 s",
                    dispatch.source, before.skipped
                ),
            ));
        }
    }
}

/// Slots are not calls: older gateways let one isolated agent turn at a time through to its model.
fn one_lane(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let sources = facts.loaded.sources.iter();
    for source in sources.filter(|source| slots::has_one_lane(source)) {
        let of_source = |d: &&SourceDispatch| d.source == source.tag;
        let Some(dispatch) = facts.dispatch.iter().find(of_source) else {
            continue;
        };
        let at_once = dispatch.before.peak.concurrent;
        if at_once > 1 {
            let version = rules_name(source.rules);
            let known = [Version::new(2026, 3, 28), Version::new(2026, 3, 31)].map(Rules::OpenClaw);
            let likely = if known.contains(&source.rules) {
                ""
            } else {
                ", likely here"
            };
            out.push(info(
                FindingKind::OneLane,
                format!(
                    "{}: {version} calls models for isolated agent turns one at a time, whatever its slots \
                     (run on 2026.3.28, read of 2026.3.31{likely}): of up to {at_once} at once the others \
                     hold a slot and wait, which counts for their time-out; cronctl plan --what-if plays it",
                    source.tag
                ),
            ));
        }
    }
}

/// Schedules without an instant from the horizon on. Asked once per distinct schedule.
fn never(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    const NAMED: usize = 5;
    let recurrences = &facts.gathered.recurrences;
    let mut never = vec![false; recurrences.len()];
    for index in &facts.outcome.silent {
        never[*index] = match &recurrences[*index].when {
            When::Cron(cron) => matches!(cron.next(facts.horizon.from_ms), Ok(None)),
            When::Other(table) => matches!(table.next(facts.horizon.from_ms), Ok(None)),
        };
    }
    let mut jobs = facts
        .gathered
        .planned
        .iter()
        .filter(|p| never[p.recurrence()]);
    for planned in jobs.by_ref().take(NAMED) {
        let job = planned.job;
        let name = job.name.as_deref().unwrap_or(&job.id);
        let end = match job.rules {
            Rules::Molecule => {
                "Molecule stores year 1 as its next run and finds it due at every poll, every 30 s"
            }
            _ => "it never fires, and nothing says so",
        };
        let what = match &job.schedule {
            ScheduleSpec::Cron { .. } => "its expression matches no date from here on",
            ScheduleSpec::Every { .. } => {
                "its everyMs or anchorMs is no number that the gateway can use"
            }
            ScheduleSpec::At { .. } => "its at is no instant that the gateway can read",
            ScheduleSpec::Other { .. } => "its kind of schedule is not known",
        };
        let text = format!("{name}: {what}: {end}");
        out.push(warning(FindingKind::NeverFires, text));
    }
    let more = jobs.count();
    if more > 0 {
        let text = format!("{more} more jobs have schedules without an instant from here on");
        out.push(warning(FindingKind::NeverFires, text));
    }
}

/// Which jobs the source already staggers, and why those of the biggest burst are not.
fn staggers(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let staggered = facts.gathered.planned.iter().filter(|p| {
        p.stagger_ms > 0 && facts.loaded.sources[p.job.source].scheduler == Scheduler::OpenClaw
    });
    let count = staggered.count();
    if count > 0 {
        let what = if facts.options.at_nominal() {
            "its stagger was left out, as asked"
        } else {
            "they keep that offset and enter bursts at their staggered instants"
        };
        out.push(info(
            FindingKind::SourceStagger,
            format!(
                "{count} job{} OpenClaw's own stagger: {what}; {} of their occurrences are alone there \
                 and were left as they are",
                if count == 1 { " has" } else { "s have" },
                facts.outcome.totals.left_staggered,
            ),
        ));
    }
    if let Some(burst) = &facts.outcome.totals.biggest {
        let mut reasons = BTreeMap::<&str, usize>::new();
        for index in &burst.members {
            let planned = &facts.gathered.planned[*index];
            if planned.stagger_ms == 0 {
                *reasons.entry(facts.gathered.reason(planned)).or_default() += 1;
            }
        }
        for (reason, jobs) in reasons {
            out.push(info(
                FindingKind::NoStagger,
                format!(
                    "OpenClaw's stagger of {jobs} of the biggest burst's {} jobs is 0: {reason}",
                    burst.members.len()
                ),
            ));
        }
    }
}

/// Error backoff and catch-up move the recorded next run away from what the schedule says.
fn recorded_next(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let differs = |planned: &&super::gather::Planned<'_>| {
        let recorded = planned.job.state.next_run_at_ms;
        planned.job.state.consecutive_errors.unwrap_or(0) > 0
            && recorded.is_some_and(|t| t >= facts.horizon.from_ms && t < facts.horizon.until_ms)
    };
    let waiting: Vec<_> = facts.gathered.planned.iter().filter(differs).collect();
    if let Some(first) = waiting.first() {
        let name = first.job.name.as_deref().unwrap_or(&first.job.id);
        let at = first
            .job
            .state
            .next_run_at_ms
            .map_or_else(String::new, when::utc);
        out.push(info(
            FindingKind::RecordedNextDiffers,
            format!(
                "{} failed last time, and the store's own next run for {} may include a retry that this \
                 plan does not ({name}: {at})",
                if waiting.len() == 1 { "1 job".to_owned() } else { format!("{} jobs", waiting.len()) },
                if waiting.len() == 1 { "it" } else { "them" },
            ),
        ));
    }
}
