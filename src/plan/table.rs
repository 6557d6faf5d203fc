//! The table of a span's instants: where jobs share their instants, nothing needs to be sorted.

use std::ops::Range;

use super::span::{Cut, Span};
use super::starts::Starts;
use super::timeline::{Occurrence, Timeline, u32_of};

/// So many occurrences must share an instant of a recurrence on average, or sorting them one by one
/// costs less.
const WORTH_A_TABLE: usize = 4;

/// The distinct instants of a span at which jobs without an offset are due.
pub(super) struct Table {
    /// Milliseconds after the start of the span, ascending.
    instants: Vec<i32>,
    /// By instant: how many jobs are due.
    jobs: Vec<u32>,
    /// Of each of [`Span::instants`]: its place in `instants`, where a job without an offset is due then.
    slots: Vec<u32>,
}

impl Table {
    /// `None` where it would not pay, because hardly any jobs share an instant of a recurrence.
    pub(super) fn of(timeline: &Timeline<'_>, span: &Span) -> Option<Self> {
        // Earlier instants are there for jobs with an offset.
        let first =
            |range: Range<usize>| range.start + span.instants[range].partition_point(|t| *t < 0);
        let mut instants = Vec::with_capacity(span.instants.len());
        let mut due = 0;
        for (series, jobs) in timeline.together.iter().enumerate() {
            if *jobs > 0 {
                let range = span.of_series(series);
                let mine = &span.instants[first(range.clone())..range.end];
                instants.extend_from_slice(mine);
                due += mine.len() * *jobs as usize;
            }
        }
        if due < instants.len() * WORTH_A_TABLE || due == 0 {
            return None;
        }
        instants.sort_unstable();
        instants.dedup();
        instants.shrink_to_fit();
        let mut jobs_at = vec![0; instants.len()];
        let mut slots = vec![0; span.instants.len()];
        for (series, jobs) in timeline.together.iter().enumerate() {
            let range = span.of_series(series);
            if *jobs > 0 {
                let range = first(range.clone())..range.end;
                for (t, slot) in span.instants[range.clone()].iter().zip(&mut slots[range]) {
                    let found = instants.partition_point(|i| i < t);
                    jobs_at[found] += *jobs;
                    *slot = u32_of(found);
                }
            }
        }
        Some(Self {
            instants,
            jobs: jobs_at,
            slots,
        })
    }

    /// How many of the table's instants lie before `t`, milliseconds after the start of the span.
    pub(super) fn before(&self, t: i32) -> usize {
        self.instants.partition_point(|i| *i < t)
    }

    /// All occurrences of a stretch in order: those of the table at `slots`, and those `alone`, which
    /// are sorted. The stretch begins at `from_ms`, `from` after the span.
    pub(super) fn starts(
        &self,
        timeline: &Timeline<'_>,
        (from_ms, from): (i64, i32),
        slots: Range<usize>,
        cuts: &[Cut],
        alone: &[Occurrence],
    ) -> Starts {
        let jobs = &self.jobs[slots.clone()];
        let due: usize = jobs.iter().map(|jobs| *jobs as usize).sum();
        let mut ranks = vec![0; due + alone.len()];
        let mut ends = Vec::with_capacity(jobs.len());
        // By instant: where its next rank goes.
        let mut next = vec![0u32; jobs.len()];
        let mut mixed = Vec::new();
        let mut end = 0;
        let mut rest = alone;
        let mut instants = self.instants[slots.clone()]
            .iter()
            .map(|t| (t - from).cast_unsigned())
            .zip(jobs)
            .zip(&mut next)
            .peekable();
        loop {
            let of_table = instants.peek().map(|((t, _), _)| *t);
            let of_rest = rest.first().map(|(t, _)| *t);
            let Some(t) = of_table.into_iter().chain(of_rest).min() else {
                break;
            };
            let from = end;
            if of_table == Some(t)
                && let Some(((_, jobs), next)) = instants.next()
            {
                *next = u32_of(end);
                end += *jobs as usize;
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
        let first = u32_of(slots.start);
        for (rank, &series) in (0u32..).zip(&timeline.series_of) {
            let cut = &cuts[series as usize];
            if cut.from < cut.until && timeline.offset(rank) == 0 {
                for slot in &self.slots[cut.from as usize..cut.until as usize] {
                    let next = &mut next[(slot - first) as usize];
                    ranks[*next as usize] = rank;
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
