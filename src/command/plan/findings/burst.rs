//! What to know about the biggest burst and the peak that is aimed at.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::super::models::Shown;
use super::super::report::{Finding, FindingKind, ModelBasis};
use super::{Facts, info, warning};
use crate::plan::Jitter;
use crate::when;

/// The incident: the burst goes to other providers than its jobs declare.
pub(super) fn models_differ(facts: &Facts<'_>, out: &mut Vec<Finding>) {
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
pub(super) fn biggest(facts: &Facts<'_>, out: &mut Vec<Finding>) {
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
        let computed = match facts.options.jitter {
            Jitter::Fit { .. } => String::new(),
            _ => format!("; --jitter fit --max-concurrent {peak} computes it per group"),
        };
        out.push(info(
            FindingKind::WindowForPeak,
            format!(
                "at most {peak} of the biggest burst at once needs a window of {} ({how}){computed}",
                when::duration(window),
            ),
        ));
    }
}

/// The peak that windows are computed for: what was asked for, else half of the burst.
pub(in crate::command::plan) fn peak_aimed_at(target: Option<u32>, jobs: usize) -> u32 {
    target.unwrap_or_else(|| u32::try_from(jobs.div_ceil(2)).unwrap_or(u32::MAX).max(1))
}

/// Bursts fit, and other ticks may overlap them.
pub(super) fn target(facts: &Facts<'_>, out: &mut Vec<Finding>) {
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
            let why = match facts.outcome.totals.clipped {
                0 => "each burst fits, but runs of other ticks overlap it".to_owned(),
                n => format!(
                    "not every burst fits before its jobs are due again, which pulled {n} starts \
                     back; runs of other ticks may overlap it, too"
                ),
            };
            out.push(warning(
                FindingKind::PeakAboveTarget,
                format!(
                    "{group}: {} runs at once at {at}, above {max_concurrent}: {why}",
                    peak.concurrent
                ),
            ));
        }
    }
}
