//! Bursts: the jobs of one tick, before and after jitter.

use super::PlanJob;
use super::jitter::window_for_peak;
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
    // Only the groups that are present are measured: there may be as many as there are jobs.
    let mut present: Vec<u32> = members.iter().map(|m| job(m).group).collect();
    present.sort_unstable();
    present.dedup();
    let before = peaks(members, |m| m.native_ms, job, &present);
    let after = peaks(members, |m| m.planned_ms, job, &present);
    let mut parts: Vec<BurstGroup> = present
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
    let planned = || members.iter().map(|m| m.planned_ms);
    let runs = || members.iter().map(|m| job(m).run_ms);
    Burst {
        at_ms,
        members: members.iter().map(|m| index_of[m.rank as usize]).collect(),
        starts_per_second_before: before.total.starts_per_second,
        starts_per_second_after: after.total.starts_per_second,
        concurrent_before: before.total.concurrent,
        concurrent_after: after.total.concurrent,
        groups: parts,
        first_ms: planned().min().unwrap_or(at_ms),
        last_ms: planned().max().unwrap_or(at_ms),
        shortest_run_ms: runs().min().unwrap_or(0),
        longest_run_ms: runs().max().unwrap_or(0),
        clipped,
    }
}

fn peaks<'j>(
    members: &[Member],
    start: impl Fn(&Member) -> i64,
    job: impl Fn(&Member) -> &'j PlanJob<'j>,
    present: &[u32],
) -> super::Peaks {
    let mut meter = Meter::new(present.len());
    let mut feed = |m: &Member| {
        let group = present.partition_point(|g| *g < job(m).group);
        meter.start(start(m), u32::try_from(group).unwrap_or(0), job(m).run_ms);
    };
    if members.is_sorted_by_key(&start) {
        members.iter().for_each(&mut feed);
    } else {
        let mut sorted = members.to_vec();
        sorted.sort_by_key(&start);
        sorted.iter().for_each(&mut feed);
    }
    meter.peaks()
}
