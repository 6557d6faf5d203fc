//! The timeline: every occurrence of every job in a stretch of the horizon, in order.
//!
//! Each distinct recurrence is enumerated once per stretch and its instants are handed to the jobs
//! that share it: by a table of the distinct instants, or, for jobs with an offset of their own, by a
//! stable radix sort by instant. Both leave every tick's jobs in rank order.

use super::PlanJob;
use super::starts::Starts;
use super::table::Table;

/// Something that says when it fires.
pub trait Recurrence: Sync {
    /// Calls `emit` with every instant in `[from_ms, until_ms)`, ascending.
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

/// The longest stretch handled at once: instants are kept as 31-bit milliseconds.
pub(super) const LONGEST_STRETCH_MS: i64 = 20 * 86_400_000;

/// One occurrence: when (milliseconds after the start of the stretch) and which job (its rank).
pub(super) type Occurrence = (u32, u32);

/// The instants of one recurrence, shifted for the jobs that share it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Series {
    recurrence: usize,
    shift_ms: i64,
}

/// The occurrences of all jobs, a stretch at a time.
pub(super) struct Timeline<'a> {
    recurrences: &'a [&'a dyn Recurrence],
    series: Vec<Series>,
    /// The largest offset that a job adds on top of its series' shift.
    reach_ms: Vec<i64>,
    /// Per job, in rank order: its series and the offset on top of the shift.
    pub(super) jobs: Vec<(u32, u32)>,
    /// Per series: its jobs without such an offset.
    pub(super) together: Vec<u32>,
}

/// A stretch of the horizon.
#[derive(Default)]
pub(super) struct Stretch {
    pub(super) until_ms: i64,
    /// The occurrences; within an instant by rank.
    pub(super) starts: Starts,
    /// Recurrences that could not be enumerated, and why.
    pub(super) broken: Vec<(usize, String)>,
    from_ms: i64,
    /// Milliseconds after the start of the stretch.
    pub(super) instants: Vec<i32>,
    /// Per series: its part of `instants`.
    pub(super) ranges: Vec<(usize, usize)>,
    /// Per series: no two of its instants are nearer than this, as far as the stretch tells.
    least_gap_ms: Vec<i64>,
    /// No two instants of any series that the stretch knows are nearer than this.
    nearest_ms: i64,
}

impl Stretch {
    /// Whether no job has an instant after `t_ms` and before `limit_ms`, as far as is seen at a glance.
    pub(super) fn is_clear(&self, t_ms: i64, limit_ms: i64) -> bool {
        limit_ms <= self.until_ms && limit_ms - t_ms <= self.nearest_ms
    }
}

impl<'a> Timeline<'a> {
    /// A timeline of `jobs` (in rank order), each at its nominal instants plus `offset_of(job)`.
    pub(super) fn new<'j>(
        recurrences: &'a [&'a dyn Recurrence],
        jobs: impl Iterator<Item = &'j PlanJob<'j>>,
        offset_of: impl Fn(&PlanJob<'_>) -> i64,
    ) -> Self {
        let mut known = rustc_hash::FxHashMap::default();
        let mut series = Vec::new();
        let mut reach_ms: Vec<i64> = Vec::new();
        let mut together: Vec<u32> = Vec::new();
        let jobs = jobs
            .map(|job| {
                let offset = offset_of(job).max(0);
                let (shift_ms, rest) = if offset > SHARED_OFFSET_LIMIT_MS {
                    (offset, 0)
                } else {
                    (0, offset)
                };
                let key = Series {
                    recurrence: job.recurrence,
                    shift_ms,
                };
                let index = *known.entry(key).or_insert_with(|| {
                    series.push(key);
                    reach_ms.push(0);
                    together.push(0);
                    series.len() - 1
                });
                reach_ms[index] = reach_ms[index].max(rest);
                together[index] += u32::from(rest == 0);
                (u32_of(index), u32::try_from(rest).unwrap_or(u32::MAX))
            })
            .collect();
        Self {
            recurrences,
            series,
            reach_ms,
            jobs,
            together,
        }
    }

    /// Enumerates `[from_ms, from_ms + length_ms)`.
    pub(super) fn stretch(&self, from_ms: i64, length_ms: i64) -> Stretch {
        let mut out = Stretch {
            from_ms,
            until_ms: from_ms + length_ms,
            nearest_ms: i64::MAX,
            ..Stretch::default()
        };
        out.ranges.reserve(self.series.len());
        out.least_gap_ms.reserve(self.series.len());
        for (series, reach) in self.series.iter().zip(&self.reach_ms) {
            let start = out.instants.len();
            let base = from_ms.saturating_sub(series.shift_ms);
            let instants = &mut out.instants;
            let mut emit = |t: i64| instants.extend(i32::try_from(t - base));
            let asked = self.recurrences[series.recurrence].each(
                base.saturating_sub(*reach),
                base.saturating_add(length_ms),
                &mut emit,
            );
            if let Err(why) = asked {
                out.broken.push((series.recurrence, why));
                out.nearest_ms = 0;
            }
            let mine = &out.instants[start..];
            // The instant after the last is not known: it may follow the stretch at once.
            let open = mine.last().map(|last| length_ms - i64::from(*last));
            let gaps = mine.windows(2).map(|w| i64::from(w[1]) - i64::from(w[0]));
            let least = gaps.min().unwrap_or(i64::MAX);
            out.nearest_ms = out.nearest_ms.min(least);
            out.least_gap_ms.push(least.min(open.unwrap_or(i64::MAX)));
            out.ranges.push((start, out.instants.len()));
        }
        let table = Table::of(self, &out);
        let mut alone = self.alone(&out, length_ms, table.is_some());
        sort_by_instant(&mut alone, length_ms);
        out.starts = if let Some(table) = table {
            table.starts(self, from_ms, &alone)
        } else {
            let mut starts = Starts::with_capacity(alone.len());
            for (t, rank) in &alone {
                starts.push(from_ms + i64::from(*t), *rank);
            }
            starts
        };
        out
    }

    /// The occurrences of every job that has an offset of its own, or of all jobs, by rank.
    fn alone(&self, stretch: &Stretch, length_ms: i64, offset_only: bool) -> Vec<Occurrence> {
        let mut out = Vec::new();
        if offset_only && self.reach_ms.iter().all(|reach| *reach == 0) {
            return out;
        }
        let length = i32::try_from(length_ms).unwrap_or(i32::MAX);
        for (rank, &(series, offset)) in (0u32..).zip(&self.jobs) {
            if offset_only && offset == 0 {
                continue;
            }
            let (start, end) = stretch.ranges[series as usize];
            let offset = i32::try_from(offset).unwrap_or(i32::MAX);
            let mine = &stretch.instants[start..end];
            // Only instants that an offset carries into the stretch, or out of it, need looking for.
            let shared = self.reach_ms[series as usize] > 0;
            let inside = |limit: i32| mine.partition_point(|t| t + offset < limit);
            let (first, last) = if shared {
                (inside(0), inside(length))
            } else {
                (0, mine.len())
            };
            let at = |t: &i32| (t + offset).cast_unsigned();
            out.extend(mine[first..last].iter().map(|t| (at(t), rank)));
        }
        out
    }

    /// Marks the recurrences that have an instant in a stretch.
    pub(super) fn hear(&self, stretch: &Stretch, heard: &mut [bool]) {
        for (series, (start, end)) in self.series.iter().zip(&stretch.ranges) {
            heard[series.recurrence] |= start < end;
        }
    }

    /// Returns the first own instant of the job at `rank` after `t_ms`, which lies in `stretch`, if
    /// there is one before `limit_ms`. Only asked where an offset may reach it.
    pub(super) fn next_own(
        &self,
        stretch: &Stretch,
        rank: u32,
        t_ms: i64,
        limit_ms: i64,
    ) -> Option<i64> {
        let (series, offset) = self.jobs[rank as usize];
        if limit_ms - t_ms <= stretch.least_gap_ms[series as usize] {
            return None;
        }
        let (start, end) = stretch.ranges[series as usize];
        let Series {
            recurrence,
            shift_ms,
        } = self.series[series as usize];
        let shift = shift_ms + i64::from(offset);
        let mine = &stretch.instants[start..end];
        let base = stretch.from_ms - shift_ms;
        let after = t_ms - shift - base;
        let found = mine.partition_point(|t| i64::from(*t) <= after);
        if let Some(next) = mine.get(found) {
            let next = i64::from(*next) + base + shift;
            return (next < limit_ms).then_some(next);
        }
        let mut next = None;
        let asked =
            self.recurrences[recurrence].each(t_ms - shift + 1, limit_ms - shift, &mut |t| {
                next.get_or_insert(t + shift);
            });
        asked.ok().and(next)
    }
}

pub(super) fn u32_of(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 jobs fit in memory")
}

/// Sorts by instant, keeping the order of equal ones: least significant digit first, nine bits a pass.
fn sort_by_instant(items: &mut Vec<Occurrence>, length_ms: i64) {
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
