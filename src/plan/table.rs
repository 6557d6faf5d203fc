//! The table of a span: where jobs share their instants, nothing needs to be sorted.

use std::ops::Range;

use super::span::Span;
use super::starts::Starts;
use super::timeline::{Occurrence, Timeline, u32_of};

/// So many occurrences must share an instant of a recurrence on average, or sorting them one by one
/// costs less.
const WORTH_A_TABLE: usize = 4;

/// Ordering jobs by bits looks at so many words of bits in the time in which sorting takes one job.
const WORDS_PER_JOB: usize = 32;

/// Which series are due at each distinct instant of a span, of jobs without an offset.
pub(super) struct Table {
    /// Milliseconds after the start of the span, ascending.
    instants: Vec<i32>,
    /// By instant: how many jobs are due.
    jobs: Vec<u32>,
    /// By instant: where its part of `series` ends.
    ends: Vec<u32>,
    /// The series that are due, by instant.
    series: Vec<u32>,
}

impl Table {
    /// `None` where it would not pay, because hardly any jobs share an instant of a recurrence.
    pub(super) fn of(timeline: &Timeline<'_>, span: &Span) -> Option<Self> {
        // Earlier instants are there for jobs with an offset.
        let of_series = |series: usize| {
            let mine = &span.instants[span.of_series(series)];
            &mine[mine.partition_point(|t| *t < 0)..]
        };
        let shared = || (0..timeline.series.len()).filter(|s| !timeline.together(*s).is_empty());
        let (mut instants, mut due) = (Vec::with_capacity(span.instants.len()), 0);
        for series in shared() {
            let mine = of_series(series);
            instants.extend_from_slice(mine);
            due += mine.len() * timeline.together(series).len();
        }
        if due < instants.len() * WORTH_A_TABLE || due == 0 {
            return None;
        }
        let mut series_at = vec![0; instants.len()];
        instants.sort_unstable();
        instants.dedup();
        instants.shrink_to_fit();
        // Count, add up, hand out: by instant, where its next series goes.
        let mut places = Vec::with_capacity(series_at.len());
        let mut ends = vec![0; instants.len()];
        let mut jobs = vec![0; instants.len()];
        for series in shared() {
            let sharing = u32_of(timeline.together(series).len());
            for t in of_series(series) {
                let place = instants.partition_point(|i| i < t);
                ends[place] += 1;
                jobs[place] += sharing;
                places.push(u32_of(place));
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut places = places.into_iter();
        for series in shared() {
            for place in places.by_ref().take(of_series(series).len()) {
                let next = &mut ends[place as usize];
                series_at[*next as usize] = u32_of(series);
                *next += 1;
            }
        }
        Some(Self {
            instants,
            jobs,
            ends,
            series: series_at,
        })
    }

    /// How many of the table's instants lie before `t`, milliseconds after the start of the span.
    pub(super) fn before(&self, t: i32) -> usize {
        self.instants.partition_point(|i| *i < t)
    }

    fn series(&self, instant: usize) -> &[u32] {
        let from = if instant > 0 {
            self.ends[instant - 1]
        } else {
            0
        };
        &self.series[from as usize..self.ends[instant] as usize]
    }

    /// All occurrences of a stretch in order: those of the table at `instants`, and those `alone`, which
    /// are sorted. The stretch begins at `from_ms`, `from` after the span.
    pub(super) fn starts(
        &self,
        timeline: &Timeline<'_>,
        (from_ms, from): (i64, i32),
        instants: Range<usize>,
        alone: &[Occurrence],
        order: &mut RankOrder,
    ) -> Starts {
        let jobs = self.jobs[instants.clone()].iter();
        let due: usize = jobs.map(|jobs| *jobs as usize).sum();
        let mut starts = Starts::with_capacity(due + alone.len());
        let mut rest = alone;
        let mut instants = instants.peekable();
        loop {
            let of_table = instants
                .peek()
                .map(|i| (self.instants[*i] - from).cast_unsigned());
            let of_rest = rest.first().map(|(t, _)| *t);
            let Some(t) = of_table.into_iter().chain(of_rest).min() else {
                return starts;
            };
            let (now, later) = rest.split_at(rest.partition_point(|(at, _)| *at == t));
            rest = later;
            let due = instants.next_if(|_| of_table == Some(t));
            let series = due.map_or(&[][..], |instant| self.series(instant));
            let rows = series.iter().map(|s| timeline.together(*s as usize));
            starts.fill(from_ms + i64::from(t), |ranks| {
                order.append(rows, now.iter().map(|(_, rank)| *rank), ranks);
            });
        }
    }
}

/// Puts the jobs of an instant in the order of their ranks.
pub(super) struct RankOrder {
    /// One by rank, 64 a word; all 0 between two instants.
    bits: Vec<u64>,
}

impl RankOrder {
    pub(super) fn new(jobs: usize) -> Self {
        Self {
            bits: vec![0; jobs.div_ceil(64)],
        }
    }

    /// Appends the ranks of some rows, each ascending, and of the jobs `alone`, to `out`, ascending.
    fn append<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r [u32]> + Clone,
        alone: impl ExactSizeIterator<Item = u32>,
        out: &mut Vec<u32>,
    ) {
        let jobs = alone.len() + rows.clone().map(<[u32]>::len).sum::<usize>();
        let first = out.len();
        if jobs * WORDS_PER_JOB < self.bits.len() {
            rows.for_each(|row| out.extend_from_slice(row));
            out.extend(alone);
            out[first..].sort_unstable();
            return;
        }
        let bits = &mut self.bits[..];
        let mut mark = |rank: u32| bits[(rank / 64) as usize] |= 1 << (rank % 64);
        rows.for_each(|row| row.iter().for_each(|rank| mark(*rank)));
        alone.for_each(mark);
        for (base, word) in (0u32..).step_by(64).zip(&mut self.bits) {
            let mut left = std::mem::take(word);
            while left != 0 {
                out.push(base + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn an_instants_jobs_come_in_the_order_of_ranks(
            jobs in proptest::collection::btree_set(0..20_000u32, 0..50),
            dense in 0..2u32,
        ) {
            let mut rows: [Vec<u32>; 4] = Default::default();
            let ranks: Vec<u32> = jobs.iter().map(|rank| rank >> (8 * dense)).collect();
            let ranks: std::collections::BTreeSet<u32> = ranks.into_iter().collect();
            for rank in &ranks {
                rows[(rank * 7 % 4) as usize].push(*rank);
            }
            let mut order = RankOrder::new(20_000 >> (8 * dense));
            for _ in 0..2 {
                let mut out = vec![3];
                let alone = rows[3].iter().copied();
                order.append(rows[..3].iter().map(|row| &row[..]), alone, &mut out);
                let expected: Vec<u32> = std::iter::once(3).chain(ranks.iter().copied()).collect();
                proptest::prop_assert_eq!(out, expected);
            }
        }
    }
}
