//! The timeline: every occurrence of every job in a stretch of the horizon, in order.
//!
//! Each distinct recurrence is enumerated once per span of many stretches, and its instants are handed
//! to the jobs that share it: by a table of the distinct instants, or, for jobs with an offset of their
//! own, by a stable radix sort by instant. Both leave every tick's jobs in rank order.

use rustc_hash::FxHashMap;

use super::PlanJob;
use super::span::Stretch;

/// Something that says when it fires.
pub trait Recurrence: Sync {
    /// Calls `emit` with every instant in `[from_ms, until_ms)`, each once, ascending.
    ///
    /// # Errors
    /// The reason, when the scheduler itself would never answer.
    fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String>;

    /// What else the jobs of a recurrence have in common, for whoever shows a burst of them
    /// ([`super::Burst::class`]): a number of the caller's own.
    fn class(&self) -> u32 {
        0
    }
}

/// An offset above this gets a list of instants of its own, so that the others' stay short.
const SHARED_OFFSET_LIMIT_MS: i64 = 86_400_000;

/// The longest span handled at once: instants are kept as 31-bit milliseconds.
pub(super) const LONGEST_SPAN_MS: i64 = 20 * 86_400_000;

/// One occurrence: when (milliseconds after the start of the stretch) and which job (its rank).
pub(super) type Occurrence = (u32, u32);

/// The instants of one recurrence, shifted for the jobs that share it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Series {
    pub(super) recurrence: u32,
    pub(super) shift_ms: i64,
}

/// The occurrences of all jobs: who shares which instants.
pub(super) struct Timeline<'a> {
    pub(super) recurrences: &'a [&'a dyn Recurrence],
    pub(super) series: Vec<Series>,
    /// Per series: the largest offset that a job adds on top of the shift, milliseconds.
    pub(super) reach_ms: Vec<u32>,
    /// The ranks of jobs without such an offset, by series.
    together: Vec<u32>,
    /// Per series: where its part of `together` ends.
    together_ends: Vec<u32>,
    /// By rank: the job's series.
    pub(super) series_of: Vec<u32>,
    /// By rank: the job's offset on top of the shift, milliseconds; empty when no job has one.
    pub(super) offsets: Vec<u32>,
}

impl<'a> Timeline<'a> {
    /// A timeline of `jobs` (in rank order), each at its nominal instants plus `offset_of(job)`.
    pub(super) fn new<'j>(
        recurrences: &'a [&'a dyn Recurrence],
        jobs: impl ExactSizeIterator<Item = &'j PlanJob<'j>>,
        offset_of: impl Fn(&PlanJob<'_>) -> i64,
    ) -> Self {
        let mut out = Self {
            recurrences,
            series: Vec::new(),
            reach_ms: Vec::new(),
            together: Vec::new(),
            together_ends: Vec::new(),
            series_of: Vec::with_capacity(jobs.len()),
            offsets: Vec::new(),
        };
        // By recurrence: its series without a shift, which nearly all jobs are of, plus one.
        let mut unshifted = vec![0u32; recurrences.len()];
        let mut shifted = FxHashMap::default();
        for (rank, job) in jobs.enumerate() {
            let offset = offset_of(job).max(0);
            let (shift_ms, rest) = if offset > SHARED_OFFSET_LIMIT_MS {
                (offset, 0)
            } else {
                (0, u32::try_from(offset).unwrap_or(u32::MAX))
            };
            let recurrence = job.recurrence;
            let known = if shift_ms == 0 {
                &mut unshifted[recurrence as usize]
            } else {
                shifted.entry((recurrence, shift_ms)).or_insert(0)
            };
            if *known == 0 {
                out.series.push(Series {
                    recurrence,
                    shift_ms,
                });
                out.reach_ms.push(0);
                out.together_ends.push(0);
                *known = u32_of(out.series.len());
            }
            let series = *known - 1;
            out.series_of.push(series);
            if rest > 0 {
                out.offsets.resize(rank, 0);
                out.offsets.push(rest);
                let reach = &mut out.reach_ms[series as usize];
                *reach = rest.max(*reach);
            } else {
                out.together_ends[series as usize] += 1;
            }
        }
        if !out.offsets.is_empty() {
            out.offsets.resize(out.series_of.len(), 0);
        }
        out.group();
        out
    }

    /// Lists the jobs without an offset by series, of which only the numbers are known.
    fn group(&mut self) {
        let mut sum = 0;
        for end in &mut self.together_ends {
            sum += std::mem::replace(end, sum);
        }
        self.together = vec![0; sum as usize];
        for (rank, series) in (0u32..).zip(&self.series_of) {
            if self.offset(rank) == 0 {
                let next = &mut self.together_ends[*series as usize];
                self.together[*next as usize] = rank;
                *next += 1;
            }
        }
    }

    /// The ranks of the jobs of a series that have no offset of their own, ascending.
    #[inline]
    pub(super) fn together(&self, series: usize) -> &[u32] {
        let from = if series > 0 {
            self.together_ends[series - 1]
        } else {
            0
        };
        &self.together[from as usize..self.together_ends[series] as usize]
    }

    /// What the job at `rank` adds to the instants of its series, milliseconds.
    #[inline]
    pub(super) fn offset(&self, rank: u32) -> u32 {
        self.offsets.get(rank as usize).copied().unwrap_or(0)
    }

    /// Marks the recurrences that have an instant in the span of a stretch.
    pub(super) fn hear(&self, stretch: &Stretch, heard: &mut [bool]) {
        for (series, bounds) in self.series.iter().zip(stretch.span.bounds.windows(2)) {
            heard[series.recurrence as usize] |= bounds[0] < bounds[1];
        }
    }
}

pub(super) fn u32_of(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 jobs fit in memory")
}

/// Sorts by instant, keeping the order of equal ones: least significant digit first, nine bits a pass.
pub(super) fn sort_by_instant(items: &mut Vec<Occurrence>, length_ms: i64) {
    const BITS: u32 = 9;
    const MASK: u32 = (1 << BITS) - 1;
    if items.len() < 256 {
        items.sort_by_key(|o| o.0);
        return;
    }
    let highest = u32::try_from(length_ms).unwrap_or(u32::MAX);
    let mut spare = vec![(0, 0); items.len()];
    for shift in (0..32 - highest.leading_zeros()).step_by(BITS as usize) {
        let digit = |o: &Occurrence| ((o.0 >> shift) & MASK) as usize;
        let mut next = [0usize; 1 << BITS];
        for o in items.iter() {
            next[digit(o)] += 1;
        }
        let mut sum = 0;
        for slot in &mut next {
            sum += std::mem::replace(slot, sum);
        }
        for o in items.iter() {
            let slot = &mut next[digit(o)];
            spare[*slot] = *o;
            *slot += 1;
        }
        std::mem::swap(items, &mut spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sort_is_stable_and_complete() {
        let mut x = 12345u32;
        let mut items: Vec<Occurrence> = (0..5000)
            .map(|i| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (x % 86_400_000 / 1000 * 1000, i)
            })
            .collect();
        let mut expected = items.clone();
        expected.sort_by_key(|o| o.0);
        sort_by_instant(&mut items, 86_400_000);
        assert_eq!(items, expected);
    }
}
