//! Spans: the instants of every series over a part of the horizon, kept once and looked at often.
//!
//! Asking a recurrence costs more than reading the instants that it gave, so it is asked once for a
//! long span, of which the stretches are cut.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::table::{RankOrder, Table};
use super::timeline::{Occurrence, Series, Timeline, sort_by_instant, u32_of};
use super::{ahead::next_length, starts::Starts};

/// Instants per span that are aimed at, four bytes each (eight with a table): bounds the memory.
const SPAN_TARGET: usize = 1_000_000;

/// The instants of every series in a span of the horizon.
pub(super) struct Span {
    from_ms: i64,
    until_ms: i64,
    /// Milliseconds after the start of the span, without the series' shift; negative where an offset
    /// may carry them into it.
    pub(super) instants: Vec<i32>,
    /// Per series: where its part of `instants` begins; and where the last one ends.
    pub(super) bounds: Vec<u32>,
    /// Recurrences that could not be enumerated, and why.
    pub(super) broken: Vec<(usize, String)>,
    /// Per series: no two of its instants are nearer than this, milliseconds, as far as the span tells.
    least_gap_ms: Vec<u32>,
    /// No two instants of any series that the span knows are nearer than this, milliseconds.
    nearest_ms: i64,
    table: Option<Table>,
}

impl Span {
    /// Asks every recurrence of a timeline for `[from_ms, until_ms)`.
    fn of(timeline: &Timeline<'_>, from_ms: i64, until_ms: i64) -> Self {
        let length_ms = until_ms - from_ms;
        let series = timeline.series.len();
        let mut out = Self {
            from_ms,
            until_ms,
            instants: Vec::new(),
            bounds: Vec::with_capacity(series + 1),
            broken: Vec::new(),
            least_gap_ms: Vec::with_capacity(series),
            nearest_ms: i64::MAX,
            table: None,
        };
        out.bounds.push(0);
        for (series, reach) in timeline.series.iter().zip(&timeline.reach_ms) {
            let start = out.instants.len();
            let base = from_ms.saturating_sub(series.shift_ms);
            let instants = &mut out.instants;
            let mut emit = |t: i64| instants.extend(i32::try_from(t - base));
            let asked = timeline.recurrences[series.recurrence as usize].each(
                base.saturating_sub(i64::from(*reach)),
                base.saturating_add(length_ms),
                &mut emit,
            );
            let mut least = u32::MAX;
            if let Err(why) = asked {
                out.broken.push((series.recurrence as usize, why));
                least = 0;
            }
            let mine = &out.instants[start..];
            for two in mine.windows(2) {
                least = least.min(two[1].abs_diff(two[0]));
            }
            if least < u32::MAX {
                out.nearest_ms = out.nearest_ms.min(i64::from(least));
            }
            // The instant after the last is not known: it may follow the span at once.
            if let Some(last) = mine.last() {
                let open = u32::try_from(length_ms - i64::from(*last));
                least = least.min(open.unwrap_or(u32::MAX));
            }
            out.least_gap_ms.push(least);
            out.bounds.push(u32_of(out.instants.len()));
        }
        out.instants.shrink_to_fit();
        out.table = Table::of(timeline, &out);
        out
    }

    pub(super) fn of_series(&self, series: usize) -> std::ops::Range<usize> {
        self.bounds[series] as usize..self.bounds[series + 1] as usize
    }

    /// Whether no job has an instant after `t_ms` and before `limit_ms`, as far as is seen at a glance.
    pub(super) fn is_clear(&self, t_ms: i64, limit_ms: i64) -> bool {
        limit_ms <= self.until_ms && limit_ms - t_ms <= self.nearest_ms
    }

    /// Returns the first own instant of the job at `rank` after `t_ms`, which lies in the span, if there
    /// is one before `limit_ms`. Only asked where an offset may reach it.
    pub(super) fn next_own(
        &self,
        timeline: &Timeline<'_>,
        rank: u32,
        t_ms: i64,
        limit_ms: i64,
    ) -> Option<i64> {
        let series = timeline.series_of[rank as usize] as usize;
        if limit_ms - t_ms <= i64::from(self.least_gap_ms[series]) {
            return None;
        }
        let Series {
            recurrence,
            shift_ms,
        } = timeline.series[series];
        let shift = shift_ms + i64::from(timeline.offset(rank));
        let mine = &self.instants[self.of_series(series)];
        let base = self.from_ms - shift_ms;
        let after = t_ms - shift - base;
        let found = mine.partition_point(|t| i64::from(*t) <= after);
        if let Some(next) = mine.get(found) {
            let next = i64::from(*next) + base + shift;
            return (next < limit_ms).then_some(next);
        }
        let mut next = None;
        let asked = timeline.recurrences[recurrence as usize].each(
            t_ms - shift + 1,
            limit_ms - shift,
            &mut |t| {
                next.get_or_insert(t + shift);
            },
        );
        asked.ok().and(next)
    }
}

/// A stretch of the horizon: what is due in it, cut out of a span.
pub(super) struct Stretch {
    pub(super) until_ms: i64,
    /// The occurrences; within an instant by rank.
    pub(super) starts: Starts,
    /// Whether the span begins with this stretch.
    pub(super) begins_span: bool,
    pub(super) span: Arc<Span>,
}

/// The part of a series that a stretch is made of, as indices into [`Span::instants`].
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// The first instant that an offset may carry into the stretch.
    reached: u32,
    /// The first instant after it.
    until: u32,
}

/// Cuts stretches out of spans, one after the other.
pub(super) struct Cutter<'t, 'a> {
    timeline: &'t Timeline<'a>,
    /// The end of the horizon, epoch milliseconds.
    until_ms: i64,
    span: Arc<Span>,
    /// By series: of the last stretch.
    cuts: Vec<Cut>,
    /// The first instant of the span's table that is not in a stretch yet.
    instant: usize,
    order: RankOrder,
}

impl<'t, 'a> Cutter<'t, 'a> {
    /// Starts with a span of a length.
    pub(super) fn new(
        timeline: &'t Timeline<'a>,
        from_ms: i64,
        until_ms: i64,
        length_ms: i64,
    ) -> Self {
        let end_ms = until_ms.min(from_ms + length_ms);
        let mut cutter = Self {
            timeline,
            until_ms,
            span: Arc::new(Span::of(timeline, from_ms, end_ms)),
            cuts: Vec::new(),
            instant: 0,
            order: RankOrder::new(timeline.series_of.len()),
        };
        cutter.begin();
        cutter
    }

    /// Sets the cuts before the span's first stretch.
    fn begin(&mut self) {
        self.instant = 0;
        self.cuts.clear();
        let span = &self.span;
        self.cuts
            .extend((0..self.timeline.series.len()).map(|series| {
                let mine = span.of_series(series);
                let carried = span.instants[mine.clone()].partition_point(|t| *t < 0);
                let until = u32_of(mine.start + carried);
                Cut {
                    reached: span.bounds[series],
                    until,
                }
            }));
    }

    /// Goes on to the next span when this one ends at `at_ms`; returns where the span ends.
    pub(super) fn cover(&mut self, at_ms: i64) -> i64 {
        if at_ms >= self.span.until_ms {
            let Span {
                from_ms, until_ms, ..
            } = *self.span;
            let length = next_length(until_ms - from_ms, self.span.instants.len(), SPAN_TARGET);
            let end_ms = self.until_ms.min(at_ms + length);
            self.span = Arc::new(Span::of(self.timeline, at_ms, end_ms));
            self.begin();
        }
        self.span.until_ms
    }

    /// The stretch `[from_ms, until_ms)`, which begins where the last one ended and ends in the span.
    pub(super) fn stretch(&mut self, from_ms: i64, until_ms: i64) -> Stretch {
        let span = Arc::clone(&self.span);
        let timeline = self.timeline;
        let since = |t_ms: i64| i32::try_from(t_ms - span.from_ms).unwrap_or(i32::MAX);
        let (from, until) = (since(from_ms), since(until_ms));
        let mut alone = Vec::new();
        if span.table.is_none() || !timeline.offsets.is_empty() {
            self.cut(from, until);
            alone = self.alone(from, until);
            sort_by_instant(&mut alone, until_ms - from_ms);
        }
        let starts = if let Some(table) = &span.table {
            let instants = self.instant..table.before(until);
            self.instant = instants.end;
            let at = (from_ms, from);
            table.starts(timeline, at, instants, &alone, &mut self.order)
        } else {
            let mut starts = Starts::with_capacity(alone.len());
            for (t, rank) in &alone {
                starts.push(from_ms + i64::from(*t), *rank);
            }
            starts
        };
        Stretch {
            until_ms,
            starts,
            begins_span: from_ms == span.from_ms,
            span,
        }
    }

    /// Moves the cuts on to a stretch, milliseconds after the start of the span.
    fn cut(&mut self, from: i32, until: i32) {
        let span = &self.span;
        let past = |mut index: u32, end: u32, t: i32| {
            while index < end && span.instants[index as usize] < t {
                index += 1;
            }
            index
        };
        for (series, cut) in self.cuts.iter_mut().enumerate() {
            let end = span.bounds[series + 1];
            let reach = i32::try_from(self.timeline.reach_ms[series]).unwrap_or(i32::MAX);
            cut.reached = if reach > 0 {
                past(cut.reached, end, from.saturating_sub(reach))
            } else {
                cut.until
            };
            cut.until = past(cut.until, end, until);
        }
    }

    /// The occurrences of every job that has an offset of its own, or of all jobs where there is no
    /// table, by rank.
    fn alone(&self, from: i32, until: i32) -> Vec<Occurrence> {
        let mut out = Vec::new();
        let timeline = self.timeline;
        let offset_only = self.span.table.is_some();
        for (rank, &series) in (0u32..).zip(&timeline.series_of) {
            let offset = timeline.offset(rank);
            if offset_only && offset == 0 {
                continue;
            }
            let cut = self.cuts[series as usize];
            let mine = &self.span.instants[cut.reached as usize..cut.until as usize];
            let offset = i32::try_from(offset).unwrap_or(i32::MAX);
            // Only instants that an offset carries into the stretch, or out of it, need looking for.
            let shared = timeline.reach_ms[series as usize] > 0;
            let inside = |limit: i32| mine.partition_point(|t| t + offset < limit);
            let (first, last) = if shared {
                (inside(from), inside(until))
            } else {
                (0, mine.len())
            };
            let at = |t: &i32| (t + offset - from).cast_unsigned();
            out.extend(mine[first..last].iter().map(|t| (at(t), rank)));
        }
        out
    }
}
