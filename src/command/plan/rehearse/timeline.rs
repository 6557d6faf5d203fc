//! Calls over time, in bins that suit a picture.

use jiff::tz::TimeZone;

use super::report::{Scenario, TimelineSpan};
use crate::plan::{Horizon, Window};
use crate::rehearsal::{Fault, Figures};
use crate::report::chart;
use crate::when;

/// Bins of a timeline at most.
const BINS: i64 = 96;

/// Lengths of bins that read well, milliseconds.
const LENGTHS_MS: [i64; 14] = [
    1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
    1_800_000, 3_600_000, 7_200_000,
];

/// How finely calls are counted while the rehearsal goes: by the second, coarser where the horizon is
/// longer than two days, so that memory is bounded.
pub(super) fn grain_ms(horizon: Horizon) -> i64 {
    const MOST: i64 = 172_800;
    let seconds = (horizon.until_ms - horizon.from_ms) / 1000;
    (seconds / MOST + 1) * 1000
}

/// The stretch that a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    from_ms: i64,
    bin_ms: i64,
    bins: usize,
    grain_ms: i64,
}

/// From the beginning of the faults, or of the calls, to the last failed call of any scenario; `None`
/// without calls.
pub(super) fn of(
    played: &[(Scenario, Vec<Figures>)],
    faults: &[Fault],
    grain_ms: i64,
) -> Option<Timeline> {
    let bins = || {
        played
            .iter()
            .filter_map(|(_, all)| all.first())
            .flat_map(|f| &f.bins)
    };
    let failed = || bins().filter(|bin| bin.failed > 0);
    let ended = || faults.iter().all(|fault| fault.spans.is_some());
    let starts = faults.iter().filter_map(|f| f.spans.as_ref()?.first());
    let start = starts.map(|span| span.from_ms.div_euclid(grain_ms)).min();
    let first_failed = failed().map(|bin| bin.number).min();
    let first = bins().map(|bin| bin.number).min()?;
    // Without a failure there is nothing but the plan to show.
    let from = match (first_failed, start.filter(|_| ended())) {
        (Some(failed), Some(start)) => failed.min(start),
        (Some(failed), None) => failed,
        (None, _) => first,
    };
    let last = failed().map(|bin| bin.number).max();
    let last = last.or_else(|| bins().map(|bin| bin.number).max())?;
    let length_ms = (last - from + 1) * grain_ms;
    let fits = |bin: &&i64| length_ms <= **bin * BINS;
    let bin_ms = LENGTHS_MS.iter().find(fits).copied();
    let day_ms = 86_400_000;
    let bin_ms = bin_ms
        .unwrap_or((length_ms / (BINS * day_ms) + 1) * day_ms)
        .max(grain_ms);
    // Bins begin at round instants.
    let from_ms = (from * grain_ms).div_euclid(bin_ms) * bin_ms;
    let until_ms = (last + 1) * grain_ms;
    Some(Timeline {
        from_ms,
        bin_ms,
        bins: usize::try_from((until_ms - from_ms + bin_ms - 1) / bin_ms).unwrap_or(0),
        grain_ms,
    })
}

/// The horizon and every call of the first seed, as a picture shows them.
pub(super) fn whole(played: &[(Scenario, Vec<Figures>)], horizon: Horizon) -> Window {
    let grain_ms = grain_ms(horizon);
    let bins = || {
        let first = played.iter().filter_map(|(_, all)| all.first());
        first.flat_map(|f| &f.bins).map(|bin| bin.number * grain_ms)
    };
    let from_ms = bins()
        .min()
        .map_or(horizon.from_ms, |first| first.min(horizon.from_ms));
    let last = bins().max().map_or(i64::MIN, |last| last + grain_ms);
    Window::covering(from_ms, last.max(horizon.until_ms), 1000, chart::BINS)
}

impl Timeline {
    /// The same stretch as a picture shows it: with a little before and after, to see it rise and fall.
    pub(super) fn window(self) -> Window {
        let bins = i64::try_from(self.bins).unwrap_or(i64::MAX);
        let length_ms = bins.saturating_mul(self.bin_ms);
        let margin_ms = (length_ms / 20).max(1000);
        let until_ms = self.from_ms.saturating_add(length_ms + margin_ms);
        Window::covering(self.from_ms - margin_ms, until_ms, 1000, chart::BINS)
    }

    /// Calls and failed calls per bin.
    pub(super) fn bins_of(&self, figures: &Figures) -> (Vec<u64>, Vec<u64>) {
        let (mut calls, mut failed) = (vec![0; self.bins], vec![0; self.bins]);
        for bin in &figures.bins {
            let at = (bin.number * self.grain_ms - self.from_ms).div_euclid(self.bin_ms);
            let Some(at) = usize::try_from(at).ok().filter(|at| *at < self.bins) else {
                continue;
            };
            calls[at] += bin.calls;
            failed[at] += bin.failed;
        }
        (calls, failed)
    }

    pub(super) fn span(&self, tz: &TimeZone) -> TimelineSpan {
        TimelineSpan {
            from_at: when::utc(self.from_ms),
            from_at_ms: self.from_ms,
            bin_ms: self.bin_ms,
            bins: self.bins,
            tz: tz.clone(),
        }
    }
}
