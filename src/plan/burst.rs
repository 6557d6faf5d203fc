//! Bursts: the jobs of one tick, before and after jitter.

use super::Peaks;
use super::PlanJob;
use super::jitter::{window_for_equal_runs, window_for_peak};
use super::peak::Meter;

/// A tick with at least so many jobs. Instants are epoch milliseconds UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// The instant at which its jobs are due.
    pub at_ms: i64,
    /// Its jobs, as indices into [`super::Input::jobs`], in the order in which jitter places them.
    pub members: Vec<usize>,
    /// Most starts in one calendar second, before.
    pub starts_per_second_before: u32,
    /// The same, after.
    pub starts_per_second_after: u32,
    /// Most of its runs at once, before.
    pub concurrent_before: u32,
    /// The same, after.
    pub concurrent_after: u32,
    /// The same per group, most jobs first.
    pub groups: Vec<BurstGroup>,
    /// The first planned start.
    pub first_ms: i64,
    /// The last planned start.
    pub last_ms: i64,
    /// The shortest of its runs, milliseconds.
    pub shortest_run_ms: i64,
    /// The longest of its runs, milliseconds.
    pub longest_run_ms: i64,
    /// Jobs whose start was pulled back before their own next instant.
    pub clipped: u32,
}

/// The part of a burst that belongs to one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurstGroup {
    /// Index into [`super::Input::groups`].
    pub group: u32,
    /// Its jobs.
    pub jobs: u32,
    /// Most starts in one calendar second, before.
    pub starts_per_second_before: u32,
    /// The same, after.
    pub starts_per_second_after: u32,
    /// Most of its runs at once, before.
    pub concurrent_before: u32,
    /// The same, after.
    pub concurrent_after: u32,
}

impl Burst {
    /// The smallest window, milliseconds, in which this burst's runs, evenly spaced, overlap at most
    /// `peak` deep: n·d ⁄ k for n runs of one length d.
    pub fn window_for_peak(&self, peak: u32, jobs: &[PlanJob<'_>]) -> i64 {
        if self.shortest_run_ms == self.longest_run_ms {
            return window_for_equal_runs(self.members.len(), self.longest_run_ms, peak);
        }
        let runs: Vec<i64> = self.members.iter().map(|i| jobs[*i].run_ms).collect();
        window_for_peak(&runs, peak)
    }
}

/// One member of a burst: rank, where it starts natively, where the plan puts it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) rank: u32,
    pub(super) native_ms: i64,
    pub(super) planned_ms: i64,
}

/// Measures a burst. `members` come in rank order.
pub(super) fn measure(
    at_ms: i64,
    members: &[Member],
    by_rank: &[PlanJob<'_>],
    index_of: &[usize],
    clipped: u32,
) -> Burst {
    let job = |m: &Member| &by_rank[m.rank as usize];
    let seen = Seen::of(members, job);
    let before = seen.peaks(members, seen.native, |m| m.native_ms, job);
    let after = seen.peaks(members, seen.planned, |m| m.planned_ms, job);
    let mut parts: Vec<BurstGroup> = seen
        .groups
        .iter()
        .zip(before.groups.iter().zip(&after.groups))
        .map(|(group, (before, after))| BurstGroup {
            group: *group,
            jobs: u32::try_from(before.starts).unwrap_or(u32::MAX),
            starts_per_second_before: before.starts_per_second,
            starts_per_second_after: after.starts_per_second,
            concurrent_before: before.concurrent,
            concurrent_after: after.concurrent,
        })
        .collect();
    parts.sort_by_key(|part| (std::cmp::Reverse(part.jobs), part.group));
    Burst {
        at_ms,
        members: members.iter().map(|m| index_of[m.rank as usize]).collect(),
        starts_per_second_before: before.total.starts_per_second,
        starts_per_second_after: after.total.starts_per_second,
        concurrent_before: before.total.concurrent,
        concurrent_after: after.total.concurrent,
        groups: parts,
        first_ms: seen.planned.first_ms,
        last_ms: seen.planned.last_ms,
        shortest_run_ms: seen.shortest_ms,
        longest_run_ms: seen.longest_ms,
        clipped,
    }
}

/// What one look at all members tells.
struct Seen {
    /// The groups that are present, ascending: there may be as many as there are jobs.
    groups: Vec<u32>,
    native: Span,
    planned: Span,
    shortest_ms: i64,
    longest_ms: i64,
}

/// The extent of a sequence of starts.
#[derive(Clone, Copy)]
struct Span {
    first_ms: i64,
    last_ms: i64,
    ascending: bool,
}

impl Span {
    const NONE: Self = Self {
        first_ms: i64::MAX,
        last_ms: i64::MIN,
        ascending: true,
    };

    #[inline]
    fn take(&mut self, t: i64) {
        self.ascending &= t >= self.last_ms;
        self.first_ms = self.first_ms.min(t);
        self.last_ms = self.last_ms.max(t);
    }
}

impl Seen {
    fn of<'j>(members: &[Member], job: impl Fn(&Member) -> &'j PlanJob<'j>) -> Self {
        let mut seen = Self {
            groups: Vec::new(),
            native: Span::NONE,
            planned: Span::NONE,
            shortest_ms: i64::MAX,
            longest_ms: 0,
        };
        for member in members {
            let job = job(member);
            if let Err(place) = seen.groups.binary_search(&job.group) {
                seen.groups.insert(place, job.group);
            }
            seen.native.take(member.native_ms);
            seen.planned.take(member.planned_ms);
            seen.shortest_ms = seen.shortest_ms.min(job.run_ms);
            seen.longest_ms = seen.longest_ms.max(job.run_ms);
        }
        seen
    }

    fn peaks<'j>(
        &self,
        members: &[Member],
        span: Span,
        start: impl Fn(&Member) -> i64,
        job: impl Fn(&Member) -> &'j PlanJob<'j>,
    ) -> Peaks {
        // Where none ends before the last has started, ends need not be watched.
        let all_overlap = span.last_ms.saturating_sub(span.first_ms) < self.shortest_ms;
        let new = if all_overlap {
            Meter::endless
        } else {
            Meter::new
        };
        let mut meter = new(self.groups.len());
        let mut feed = |m: &Member| {
            let group = self.groups.binary_search(&job(m).group).unwrap_or(0);
            meter.start(start(m), u32::try_from(group).unwrap_or(0), job(m).run_ms);
        };
        if span.ascending {
            members.iter().for_each(&mut feed);
        } else {
            let mut sorted = members.to_vec();
            sorted.sort_by_key(&start);
            sorted.iter().for_each(&mut feed);
        }
        meter.peaks()
    }
}
