//! The table of a stretch's instants: where jobs share their instants, nothing needs to be sorted.

use super::starts::Starts;
use super::timeline::{Occurrence, Stretch, Timeline, u32_of};

/// So many occurrences must share an instant of a recurrence on average, or sorting them one by one
/// costs less.
const WORTH_A_TABLE: usize = 4;

/// The distinct instants of a stretch at which jobs without an offset are due.
pub(super) struct Table {
    /// Milliseconds after the start of the stretch, ascending.
    instants: Vec<u32>,
    /// By instant: how many jobs are due.
    jobs: Vec<usize>,
    /// By series: its part of `slots`.
    ranges: Vec<(u32, u32)>,
    /// Indices into `instants`.
    slots: Vec<u32>,
}

impl Table {
    /// `None` where it would not pay, because hardly any jobs share an instant of a recurrence.
    pub(super) fn of(timeline: &Timeline<'_>, stretch: &Stretch) -> Option<Self> {
        let of_series = |index: usize| -> &[i32] {
            let (start, end) = stretch.ranges[index];
            let mine = &stretch.instants[start..end];
            // Earlier ones are there for jobs with an offset.
            &mine[mine.partition_point(|t| *t < 0)..]
        };
        let mut instants = Vec::new();
        let mut due = 0;
        for (index, jobs) in timeline.together.iter().enumerate() {
            if *jobs > 0 {
                let mine = of_series(index);
                instants.extend(mine.iter().map(|t| t.cast_unsigned()));
                due += mine.len() * *jobs as usize;
            }
        }
        if due < instants.len() * WORTH_A_TABLE || due == 0 {
            return None;
        }
        let mut slots = Vec::with_capacity(instants.len());
        instants.sort_unstable();
        instants.dedup();
        let mut jobs_at = vec![0; instants.len()];
        let mut ranges = Vec::with_capacity(timeline.together.len());
        for (index, jobs) in timeline.together.iter().enumerate() {
            let start = u32_of(slots.len());
            if *jobs > 0 {
                for t in of_series(index) {
                    let slot = instants.partition_point(|i| *i < t.cast_unsigned());
                    jobs_at[slot] += *jobs as usize;
                    slots.push(u32_of(slot));
                }
            }
            ranges.push((start, u32_of(slots.len())));
        }
        Some(Self {
            instants,
            jobs: jobs_at,
            ranges,
            slots,
        })
    }

    /// All occurrences in order: those of the table, and those `alone`, which are sorted.
    pub(super) fn starts(
        &self,
        timeline: &Timeline<'_>,
        from_ms: i64,
        alone: &[Occurrence],
    ) -> Starts {
        let due: usize = self.jobs.iter().sum();
        let mut ranks = vec![0; due + alone.len()];
        let mut ends = Vec::with_capacity(self.instants.len());
        // By instant: where its next rank goes.
        let mut next = vec![0; self.instants.len()];
        let mut mixed = Vec::new();
        let mut end = 0;
        let mut rest = alone;
        let mut instants = self
            .instants
            .iter()
            .zip(&self.jobs)
            .zip(&mut next)
            .peekable();
        loop {
            let of_table = instants.peek().map(|((t, _), _)| **t);
            let of_rest = rest.first().map(|(t, _)| *t);
            let Some(t) = of_table.into_iter().chain(of_rest).min() else {
                break;
            };
            let from = end;
            if of_table == Some(t)
                && let Some(((_, jobs), next)) = instants.next()
            {
                *next = end;
                end += jobs;
            }
            let after_table = end;
            while let [(at, rank), later @ ..] = rest
                && *at == t
            {
                ranks[end] = *rank;
                end += 1;
                rest = later;
            }
            if after_table > from && end > after_table {
                mixed.push(from..end);
            }
            ends.push((from_ms + i64::from(t), end));
        }
        for (rank, &(series, offset)) in (0u32..).zip(&timeline.jobs) {
            if offset == 0 {
                let (start, end) = self.ranges[series as usize];
                for slot in &self.slots[start as usize..end as usize] {
                    let next = &mut next[*slot as usize];
                    ranks[*next] = rank;
                    *next += 1;
                }
            }
        }
        for both in mixed {
            #[expect(
                clippy::stable_sort_primitive,
                reason = "two ascending rows, which the stable sort merges"
            )]
            ranks[both].sort();
        }
        Starts::of(ends, ranks)
    }
}
