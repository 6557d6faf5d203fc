//! From the outcome of a plan to what holds for the whole horizon. Pure.

use super::args::{Settings, name};
use super::findings::{self, Facts};
use super::gather::{self, Gathered};
use super::models::Models;
use super::report::{GroupPeaks, Histogram, Inputs, ModelBasis, Skyline, SourceDispatch, Summary};
use crate::plan::{Dispatch, Input, Jitter, Outcome};
use crate::source::Loaded;
use crate::when;

/// What a summary is drawn from.
pub(super) struct Parts<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) gathered: &'a Gathered<'a>,
    pub(super) input: &'a Input<'a>,
    pub(super) outcome: &'a Outcome,
    /// By source: the rule and where it is known from.
    pub(super) rules: &'a [(Dispatch, String)],
    pub(super) settings: &'a Settings,
    pub(super) models: &'a Models,
    pub(super) basis: ModelBasis,
    /// The peaks with the models as declared, when both are asked for.
    pub(super) peaks_declared: Option<Vec<GroupPeaks>>,
    pub(super) target: Option<u32>,
    pub(super) tzdata: String,
}

/// Draws the summary.
pub(super) fn of(parts: &Parts<'_>) -> Summary {
    let Parts {
        loaded,
        gathered,
        input,
        outcome,
        ..
    } = parts;
    let dispatch: Vec<SourceDispatch> = (0..)
        .zip(&loaded.sources)
        .filter(|(index, _)| gathered.planned.iter().any(|p| p.job.source == *index))
        .map(|(index, source)| SourceDispatch {
            source: source.tag.clone(),
            rule: parts.rules[index].0.rule(),
            origin: parts.rules[index].1.clone(),
            before: outcome.dispatch_before[index].clone(),
            after: outcome.dispatch_after[index].clone(),
        })
        .collect();
    let findings = findings::findings(&Facts {
        loaded,
        gathered,
        models: parts.models,
        jobs: &input.jobs,
        outcome,
        dispatch: &dispatch,
        options: input.options,
        horizon: input.horizon,
        target: parts.target,
    });
    Summary {
        inputs: inputs(parts),
        jobs: gathered.counts,
        occurrences: outcome.totals.fires,
        burst_count: outcome.totals.bursts,
        in_bursts: outcome.totals.in_bursts,
        peaks: peaks(gathered, outcome),
        peaks_declared: parts.peaks_declared.clone(),
        dispatch,
        run_lengths: gather::run_lengths(&gathered.planned),
        histogram: histogram(outcome),
        skyline: Skyline {
            bin_ms: outcome.bin_ms,
            before: outcome.skyline_before.clone(),
            after: outcome.skyline_after.clone(),
        },
        findings,
    }
}

/// What the plan rests on.
pub(super) fn inputs(parts: &Parts<'_>) -> Inputs {
    let Input {
        horizon, options, ..
    } = parts.input;
    let gap = match options.jitter {
        Jitter::Gap(gap) => Some(gap),
        _ => None,
    };
    Inputs {
        sources: parts.loaded.sources.clone(),
        from_at: when::utc(horizon.from_ms),
        from_at_ms: horizon.from_ms,
        until_at: when::utc(horizon.until_ms),
        until_at_ms: horizon.until_ms,
        jitter: name(&parts.settings.strategy),
        window_ms: options.jitter.window_ms(),
        gap_min_ms: gap.map(|g| g.min_ms),
        gap_max_ms: gap.map(|g| g.max_ms),
        max_concurrent: parts.target,
        seed: options.seed,
        burst: options.burst,
        restagger: options.restagger,
        group_by: name(&parts.settings.group_by),
        // Where nothing is resolved, the jobs' own word is all there is.
        model: if parts.models.versions.iter().any(Option::is_some) {
            parts.basis
        } else {
            ModelBasis::Declared
        },
        model_versions: parts.models.versions.clone(),
        tzdata: parts.tzdata.clone(),
    }
}

/// Peaks in total, then per group: most runs at once first.
pub(super) fn peaks(gathered: &Gathered<'_>, outcome: &Outcome) -> Vec<GroupPeaks> {
    let mut jobs = vec![0; gathered.groups.len()];
    for planned in &gathered.planned {
        jobs[planned.group as usize] += 1;
    }
    let mut groups: Vec<GroupPeaks> = gathered
        .groups
        .iter()
        .zip(jobs)
        .zip(outcome.before.groups.iter().zip(&outcome.after.groups))
        .filter(|(_, (before, after))| before.starts + after.starts > 0)
        .map(|((group, jobs), (before, after))| GroupPeaks {
            group: Some(group.clone()),
            jobs,
            before: *before,
            after: *after,
        })
        .collect();
    groups.sort_by(|a, b| {
        let weight = |g: &GroupPeaks| std::cmp::Reverse(g.before.concurrent);
        weight(a)
            .cmp(&weight(b))
            .then_with(|| a.group.cmp(&b.group))
    });
    let total = GroupPeaks {
        group: None,
        jobs: gathered.planned.len(),
        before: outcome.before.total,
        after: outcome.after.total,
    };
    std::iter::once(total).chain(groups).collect()
}

/// The starts of the biggest burst in at most ten bins of whole seconds.
fn histogram(outcome: &Outcome) -> Option<Histogram> {
    const BINS: i64 = 10;
    let burst = outcome.totals.biggest.as_ref()?;
    let (before, after) = &outcome.totals.biggest_starts;
    let first = i64::min(*before.first()?, *after.first()?);
    let last = i64::max(*before.last()?, *after.last()?);
    let from_ms = burst.at_ms.min(first).div_euclid(1000) * 1000;
    let seconds = (last - from_ms) / 1000 + 1;
    let bin_ms = (seconds + BINS - 1) / BINS * 1000;
    let bins = usize::try_from((last - from_ms) / bin_ms + 1).unwrap_or(1);
    let count = |starts: &[i64]| {
        let mut counts = vec![0u64; bins];
        for t in starts {
            if let Some(bin) = usize::try_from((t - from_ms) / bin_ms)
                .ok()
                .and_then(|b| counts.get_mut(b))
            {
                *bin += 1;
            }
        }
        counts
    };
    Some(Histogram {
        from_at: when::utc(from_ms),
        from_at_ms: from_ms,
        bin_ms,
        before: count(before),
        after: count(after),
    })
}
