//! Jitter: where in or after its tick each job of a burst starts.
//!
//! An offset depends on the job's id, the burst that it is in, the options and the seed; never on
//! the order of the input, on disabled jobs, or on jobs that are alone on their tick.

use super::peak::Meter;
use super::ranked::Ranked;
use crate::schedule::stagger::{id_hash, id_word};

/// A strategy. Offsets are milliseconds from the instant at which the job enters its burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// What was declared: nominal instants, no offset and no stagger of the source either.
    None,
    /// What the source does today.
    Native,
    /// Rank × window ⁄ jobs: even, ideal, and moved a little when a job joins.
    Spread {
        /// Milliseconds.
        window_ms: i64,
    },
    /// Each starts a drawn gap after the one before.
    Gap(Gap),
    /// sha256(id) mod window, OpenClaw's own way: stable when jobs come and go, uneven.
    Hash {
        /// Milliseconds.
        window_ms: i64,
    },
    /// Uniform in the window, drawn from the seed.
    Random {
        /// Milliseconds.
        window_ms: i64,
    },
    /// Like spread, per group, in the smallest window that keeps at most so many running.
    Fit {
        /// The most runs of a group of the burst at once.
        max_concurrent: u32,
    },
}

impl Jitter {
    /// Whether an offset is made of the hash of a job's id.
    pub(super) fn is_of_ids(&self) -> bool {
        matches!(self, Self::Hash { .. } | Self::Random { .. })
    }

    /// The window of a windowed strategy, milliseconds.
    pub fn window_ms(&self) -> Option<i64> {
        match *self {
            Self::Spread { window_ms } | Self::Hash { window_ms } | Self::Random { window_ms } => {
                Some(window_ms)
            }
            _ => None,
        }
    }
}

/// The least and the most between two starts, milliseconds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Least.
    pub min_ms: i64,
    /// Most.
    pub max_ms: i64,
}

impl Gap {
    /// The gap before the `n`-th start of a burst (from 1).
    fn before(self, n: u64, burst_seed: u64) -> i64 {
        let draw = mix(burst_seed.wrapping_add(n));
        self.min_ms + below(draw, self.max_ms - self.min_ms + 1)
    }

    /// How long after its tick the job starts that has `rank` others before it, milliseconds: what a
    /// plan with this seed gives it, whatever the other jobs are.
    pub fn at_rank(self, rank: u32, seed: u64, tick_ms: i64) -> i64 {
        let burst_seed = burst_seed(seed, tick_ms);
        let gaps = (1..=u64::from(rank)).map(|n| self.before(n, burst_seed));
        gaps.fold(0, i64::saturating_add)
    }
}

/// The offset of [`Jitter::Hash`] for a job, milliseconds: it needs nothing but the job's id.
pub fn hash_offset(id: &str, window_ms: i64) -> i64 {
    hashed(id_hash(id), window_ms)
}

/// The offset of [`Jitter::Random`] for a job on a tick, milliseconds, as a plan with this seed draws it.
pub fn random_offset(id: &str, window_ms: i64, seed: u64, tick_ms: i64) -> i64 {
    drawn(id_hash(id), burst_seed(seed, tick_ms), window_ms)
}

/// How a plan is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The strategy.
    pub jitter: Jitter,
    /// What random draws come from.
    pub seed: u64,
    /// The fewest jobs that make a tick a burst.
    pub burst: usize,
    /// Start from nominal instants even where the source staggers.
    pub restagger: bool,
}

impl Options {
    /// Whether bursts are formed at nominal instants, without the source's own stagger.
    pub fn at_nominal(&self) -> bool {
        self.restagger || self.jitter == Jitter::None
    }
}

/// Writes the offset of every job of a burst at `tick_ms` into `offsets`. `members` are ranks, ascending.
pub(super) fn offsets(
    options: &Options,
    tick_ms: i64,
    members: &[u32],
    ranked: &Ranked<'_>,
    offsets: &mut Vec<i64>,
) {
    offsets.clear();
    let n = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let burst_seed = burst_seed(options.seed, tick_ms);
    match options.jitter {
        Jitter::None | Jitter::Native => offsets.resize(members.len(), 0),
        Jitter::Spread { window_ms } => {
            offsets.extend(spread(window_ms, n));
        }
        Jitter::Gap(gap) => {
            let mut at = 0;
            offsets.extend((0..n).map(|i| {
                if i > 0 {
                    at += gap.before(i.cast_unsigned(), burst_seed);
                }
                at
            }));
        }
        Jitter::Hash { window_ms } => {
            let offset = |rank: &u32| hashed(ranked.hashes[*rank as usize], window_ms);
            offsets.extend(members.iter().map(offset));
        }
        Jitter::Random { window_ms } => {
            let offset = |rank: &u32| drawn(ranked.hashes[*rank as usize], burst_seed, window_ms);
            offsets.extend(members.iter().map(offset));
        }
        Jitter::Fit { max_concurrent } => fit(max_concurrent, members, ranked, offsets),
    }
}

fn burst_seed(seed: u64, tick_ms: i64) -> u64 {
    mix(seed ^ mix(tick_ms.cast_unsigned()))
}

fn hashed(hash: u64, window_ms: i64) -> i64 {
    i64::from(id_word(hash)) % window_ms.max(1)
}

fn drawn(hash: u64, burst_seed: u64, window_ms: i64) -> i64 {
    below(mix(burst_seed ^ hash), window_ms)
}

/// `n` offsets evenly spaced in a window: i × window ⁄ n each, without a division for each.
fn spread(window_ms: i64, n: i64) -> impl Iterator<Item = i64> {
    let (step, part) = (window_ms / n.max(1), window_ms % n.max(1));
    let (mut at, mut parts) = (0, 0);
    (0..n).map(move |_| {
        let offset = at;
        at += step;
        parts += part;
        if parts >= n {
            parts -= n;
            at += 1;
        }
        offset
    })
}

fn fit(max_concurrent: u32, members: &[u32], ranked: &Ranked<'_>, offsets: &mut Vec<i64>) {
    let mut of_group = std::collections::BTreeMap::<u32, Vec<usize>>::new();
    for (index, rank) in members.iter().enumerate() {
        of_group
            .entry(ranked.kind(*rank).group)
            .or_default()
            .push(index);
    }
    offsets.resize(members.len(), 0);
    for indices in of_group.values() {
        let runs: Vec<i64> = indices
            .iter()
            .map(|i| ranked.kind(members[*i]).run_ms)
            .collect();
        let window = window_for_peak(&runs, max_concurrent);
        let n = i64::try_from(indices.len()).unwrap_or(i64::MAX);
        for (offset, index) in spread(window, n).zip(indices) {
            offsets[*index] = offset;
        }
    }
}

/// Returns the smallest window, milliseconds, in which evenly spaced runs of these lengths (in the
/// order of their starts) overlap at most `max_concurrent` deep. For runs of one length d this is
/// n·d ⁄ `max_concurrent`, and it is never more than that for the longest of them.
pub(super) fn window_for_peak(runs: &[i64], max_concurrent: u32) -> i64 {
    let k = i64::from(max_concurrent.max(1));
    let n = i64::try_from(runs.len()).unwrap_or(i64::MAX);
    let longest = runs.iter().copied().max().unwrap_or(0).max(1);
    let fits = |window: i64| {
        let mut meter = Meter::new(1);
        for (offset, run) in spread(window, n).zip(runs) {
            meter.start(offset, 0, *run, 1);
        }
        i64::from(meter.peaks().total.concurrent) <= k
    };
    let exact = window_for_equal_runs(runs.len(), longest, max_concurrent);
    if exact == 0 || runs.iter().all(|run| *run == longest) {
        return exact;
    }
    let (mut too_small, mut enough) = (0, exact);
    while enough - too_small > 1 {
        let middle = too_small + (enough - too_small) / 2;
        if fits(middle) {
            enough = middle;
        } else {
            too_small = middle;
        }
    }
    enough
}

/// The same for `jobs` runs of one length: n·d ⁄ k, and no window at all for k runs or fewer.
pub(super) fn window_for_equal_runs(jobs: usize, run_ms: i64, max_concurrent: u32) -> i64 {
    let (n, k) = (jobs as i128, i128::from(max_concurrent.max(1)));
    if n <= k {
        return 0;
    }
    i64::try_from((n * i128::from(run_ms) + k - 1) / k).unwrap_or(i64::MAX)
}

/// Maps a draw to `0..limit` by multiply-shift; to 0 where the limit is less than 1.
pub fn below(draw: u64, limit: i64) -> i64 {
    let limit = u128::from(limit.max(1).cast_unsigned());
    i64::try_from((u128::from(draw) * limit) >> 64).unwrap_or(0)
}

/// The finaliser of splitmix64: neighbouring inputs give unrelated outputs.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_for_a_peak_of_equal_runs_is_n_d_over_k() {
        assert_eq!(window_for_peak(&[60_000; 24], 4), 360_000);
        assert_eq!(window_for_peak(&[60_000; 24], 24), 0);
        assert_eq!(window_for_peak(&[60_000; 24], 1), 1_440_000);
        assert_eq!(window_for_peak(&[], 1), 0);
    }

    #[test]
    fn one_long_run_does_not_widen_the_window_more_than_it_must() {
        let mut runs = vec![1000; 10];
        runs[9] = 600_000;
        let window = window_for_peak(&runs, 2);
        assert!(window <= 5_000, "{window}");
    }

    #[test]
    fn a_spread_is_rank_times_window_over_jobs() {
        for (window, n) in [(0, 3), (5, 7), (5000, 24), (86_400_000, 100_000), (7, 7)] {
            let exact: Vec<i64> = (0..n).map(|i| i * window / n).collect();
            assert_eq!(spread(window, n).collect::<Vec<_>>(), exact);
        }
        assert_eq!(spread(5000, 0).count(), 0);
    }

    #[test]
    fn draws_stay_below_their_limit() {
        assert_eq!(below(u64::MAX, 5000), 4999);
        assert_eq!(below(0, 5000), 0);
        assert_eq!(below(u64::MAX, 0), 0);
    }
}
