//! What a rehearsal comes to, and the middle of several.
//!
//! Field by field what the report prints; unknown is null.

use schemars::JsonSchema;
use serde::Serialize;

use super::count::Bin;

/// What one rehearsal comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// Occurrences: those of the plan, and the extra ones.
    pub occurrences: u64,
    /// Of them, those that came while their job still waited, ran or was to be repeated, or that a
    /// starting gateway passes over: they never run.
    pub coalesced: u64,
    /// Those of jobs that had been switched off.
    pub dropped: u64,
    /// Those of jobs that call no model.
    pub without_model: u64,
    /// Those of jobs of which it is not known what they call: not simulated.
    pub not_simulated: u64,
    /// The others: runs due. Each ends ok or lost.
    pub due: u64,
    /// Of the runs due, those that a gateway makes up after its restart.
    pub caught_up: u64,
    /// Runs due that succeeded, at once or when repeated.
    pub ok: u64,
    /// Runs due that never succeeded.
    pub lost: u64,
    /// Occurrences that did not end ok: the lost, the coalesced and the dropped. By this figure
    /// scenarios are compared: a job that is switched off, or is busy with repeats, loses no run due,
    /// and does not run either.
    pub not_ok: u64,
    /// Of the lost, those that their own time-out ended at last.
    pub timed_out: u64,
    /// Of the ok, those that another provider served than the first in their chain.
    pub fell_back: u64,
    /// Runs begun, repeats by the scheduler included.
    pub runs: u64,
    /// Runs due with at least one failed call.
    pub affected: u64,
    /// Provider calls.
    pub calls: u64,
    /// Of them, those that failed.
    pub failed_calls: u64,
    /// Calls of the affected runs divided by their number; null without affected runs.
    pub amplification: Option<f64>,
    /// All calls divided by all runs due; null when none was due.
    pub calls_per_due: Option<f64>,
    /// Most calls begun in one calendar second.
    pub peak_per_second: u64,
    /// Most calls at once.
    pub peak_at_once: u64,
    /// Retry waves: stretches of whole seconds, in each of which at least two jobs repeat a call, that
    /// is: their occurrence has called the same model before.
    pub waves: u64,
    /// Calls of the biggest of them.
    pub biggest_wave: u64,
    /// Most runs that were due and waited at once.
    pub longest_queue: u64,
    /// Longest time between due and first allowed to call, milliseconds.
    pub longest_wait_ms: i64,
    /// Longest time to drain, milliseconds; null when no call failed. Affected runs are grouped by the
    /// window of the faults in which their first failed call began (overlapping windows are one; a
    /// fault without a window is one that never ends); those that lack of capacity affects are grouped
    /// while any of their group still goes on. Each group takes from when the first of it was due to
    /// when the last of it ended.
    pub drain_ms: Option<i64>,
    /// Recurring jobs that their gateway switched off after too many errors. A one-shot is switched off
    /// after its last run in any case, and not counted.
    pub switched_off: u64,
    /// The same by provider.
    #[serde(skip)]
    #[schemars(skip)]
    pub providers: Vec<ProviderFigures>,
    /// Calls by time.
    #[serde(skip)]
    #[schemars(skip)]
    pub bins: Vec<Bin>,
}

/// The calls of one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProviderFigures {
    /// All of them.
    pub calls: u64,
    /// Those that failed.
    pub failed_calls: u64,
    /// Most of them at once.
    pub peak_at_once: u64,
    /// Most of them begun in one calendar second.
    pub peak_per_second: u64,
}

/// By nearest rank, figure by figure: the least value that at least `percent` of a hundred of the
/// rehearsals do not exceed, so that each value is one that a rehearsal gave. Bins are those of the
/// first.
pub fn percentile(all: &[Figures], percent: usize) -> Figures {
    let count = |of: fn(&Figures) -> u64| ranked(all.iter().map(of), percent).unwrap_or(0);
    let call = |provider: usize, of: fn(&ProviderFigures) -> u64| {
        let values = all.iter().filter_map(|f| f.providers.get(provider)).map(of);
        ranked(values, percent).unwrap_or(0)
    };
    let providers = all.first().map_or(0, |f| f.providers.len());
    Figures {
        occurrences: count(|f| f.occurrences),
        coalesced: count(|f| f.coalesced),
        dropped: count(|f| f.dropped),
        without_model: count(|f| f.without_model),
        not_simulated: count(|f| f.not_simulated),
        due: count(|f| f.due),
        caught_up: count(|f| f.caught_up),
        ok: count(|f| f.ok),
        lost: count(|f| f.lost),
        not_ok: count(|f| f.not_ok),
        timed_out: count(|f| f.timed_out),
        fell_back: count(|f| f.fell_back),
        runs: count(|f| f.runs),
        affected: count(|f| f.affected),
        calls: count(|f| f.calls),
        failed_calls: count(|f| f.failed_calls),
        amplification: ranked(all.iter().filter_map(|f| f.amplification), percent),
        calls_per_due: ranked(all.iter().filter_map(|f| f.calls_per_due), percent),
        peak_per_second: count(|f| f.peak_per_second),
        peak_at_once: count(|f| f.peak_at_once),
        waves: count(|f| f.waves),
        biggest_wave: count(|f| f.biggest_wave),
        longest_queue: count(|f| f.longest_queue),
        longest_wait_ms: ranked(all.iter().map(|f| f.longest_wait_ms), percent).unwrap_or(0),
        drain_ms: ranked(all.iter().filter_map(|f| f.drain_ms), percent),
        switched_off: count(|f| f.switched_off),
        providers: (0..providers)
            .map(|p| ProviderFigures {
                calls: call(p, |f| f.calls),
                failed_calls: call(p, |f| f.failed_calls),
                peak_at_once: call(p, |f| f.peak_at_once),
                peak_per_second: call(p, |f| f.peak_per_second),
            })
            .collect(),
        bins: all.first().map_or_else(Vec::new, |f| f.bins.clone()),
    }
}

fn ranked<T: PartialOrd + Copy>(values: impl Iterator<Item = T>, percent: usize) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}
