//! What to know about a plan, as sentences for a person and kinds for a script. Pure.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::gather::{Gathered, When};
use super::models::{Models, Shown};
use super::prefix;
use super::report::{Finding, FindingKind, ModelBasis, SourceDispatch};
use super::slots;
use crate::plan::{Horizon, Jitter, MoleculeRules, Options, Outcome, PlanJob};
use crate::schedule::{Rules, Version};
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
    models_differ(facts, &mut out);
    biggest(facts, &mut out);
    target(facts, &mut out);
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

/// The incident: the burst goes to other providers than its jobs declare.
fn models_differ(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let Some(burst) = &facts.outcome.totals.biggest else {
        return;
    };
    // Where nothing is resolved, nothing can differ.
    if facts.models.versions.iter().all(Option::is_none) {
        return;
    }
    let count = |basis| {
        let mut shown: FxHashMap<Shown<'_>, usize> = FxHashMap::default();
        for member in &burst.members {
            let planned = &facts.gathered.planned[*member];
            let of_job = facts.models.shown(planned.at(), planned.job, basis);
            *shown.entry(of_job).or_default() += 1;
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (shown, jobs) in shown {
            *counts.entry(shown.provider_label()).or_default() += jobs;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        counts
    };
    let (declared, effective) = (count(ModelBasis::Declared), count(ModelBasis::Effective));
    if declared == effective {
        return;
    }
    let say = |counts: &[(String, usize)]| {
        let each = counts.iter().map(|(label, n)| format!("{n} on {label}"));
        each.collect::<Vec<_>>().join(", ")
    };
    let mut versions: Vec<&str> = facts
        .models
        .versions
        .iter()
        .flatten()
        .map(|v| &**v)
        .collect();
    versions.dedup();
    out.push(warning(
        FindingKind::ModelsNotHonoured,
        format!(
            "of the biggest burst {} as declared, {} as resolved by {}: cronctl explain-model says why",
            say(&declared),
            say(&effective),
            versions.join(" and ")
        ),
    ));
}

/// What the window does to the biggest burst, and what would lower its peak.
fn biggest(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let Some(burst) = &facts.outcome.totals.biggest else {
        return;
    };
    let n = burst.members.len();
    let (short, long) = (burst.shortest_run_ms, burst.longest_run_ms);
    let runs = if short == long {
        format!("runs of {}", when::duration(short))
    } else {
        format!(
            "runs of {} to {}",
            when::duration(short),
            when::duration(long)
        )
    };
    if let Some(window) = facts.options.jitter.window_ms() {
        if burst.concurrent_after >= burst.concurrent_before {
            out.push(warning(
                FindingKind::WindowBelowRunLength,
                format!(
                    "a window of {} lowers the starts per second of the biggest burst from {} to {}, \
                     but not its concurrency: {} of its {n} {runs} still overlap",
                    when::duration(window),
                    burst.starts_per_second_before,
                    burst.starts_per_second_after,
                    burst.concurrent_after,
                ),
            ));
        } else {
            out.push(info(
                FindingKind::WindowBelowRunLength,
                format!(
                    "a window of {} lowers the biggest burst from {} to {} starts per second and from \
                     {} to {} runs at once",
                    when::duration(window),
                    burst.starts_per_second_before,
                    burst.starts_per_second_after,
                    burst.concurrent_before,
                    burst.concurrent_after,
                ),
            ));
        }
    }
    let peak = peak_aimed_at(facts.target, n);
    let window = burst.window_for_peak(peak, facts.jobs);
    if window > 0 {
        let how = if short == long {
            format!("{n} × {} ⁄ {peak}", when::duration(short))
        } else {
            format!("evenly spaced, with {runs}")
        };
        out.push(info(
            FindingKind::WindowForPeak,
            format!(
                "at most {peak} of the biggest burst at once needs a window of {} ({how}); \
                 --jitter fit --max-concurrent {peak} computes it per group",
                when::duration(window),
            ),
        ));
    }
}

/// The peak that windows are computed for: what was asked for, else half of the burst.
pub(super) fn peak_aimed_at(target: Option<u32>, jobs: usize) -> u32 {
    target.unwrap_or_else(|| u32::try_from(jobs.div_ceil(2)).unwrap_or(u32::MAX).max(1))
}

fn target(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    let Jitter::Fit { max_concurrent } = facts.options.jitter else {
        return;
    };
    for (group, peak) in facts
        .gathered
        .groups
        .iter()
        .zip(&facts.outcome.after.groups)
    {
        if peak.concurrent > max_concurrent {
            let at = peak.concurrent_at_ms.map_or_else(String::new, when::utc);
            out.push(warning(
                FindingKind::PeakAboveTarget,
                format!(
                    "{group}: {} runs at once at {at}, above {max_concurrent}: each burst fits, but \
                     runs of other ticks overlap it",
                    peak.concurrent
                ),
            ));
        }
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

/// Schedules that match no date from the horizon on. Asked once per distinct expression.
fn never(facts: &Facts<'_>, out: &mut Vec<Finding>) {
    const NAMED: usize = 5;
    let recurrences = &facts.gathered.recurrences;
    let mut never = vec![false; recurrences.len()];
    for index in &facts.outcome.silent {
        if let When::Cron(cron) = &recurrences[*index].when {
            never[*index] = matches!(cron.next(facts.horizon.from_ms), Ok(None));
        }
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
        let text = format!("{name}: its expression matches no date from here on: {end}");
        out.push(warning(FindingKind::NeverFires, text));
    }
    let more = jobs.count();
    if more > 0 {
        let text = format!("{more} more jobs have expressions that match no date from here on");
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
        let mut reasons = std::collections::BTreeMap::<&str, usize>::new();
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
