//! Bursts: the jobs of one tick, before and after jitter.

use super::PlanJob;
use super::jitter::{window_for_equal_runs, window_for_peak};
use super::peak::{Meter, Peak};
use super::ranked::{Kind, Ranked, Tally};

/// A tick with at least so many jobs. Instants are epoch milliseconds UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// The instant at which its jobs are due.
    pub at_ms: i64,
    /// How many jobs it has.
    pub jobs: usize,
    /// Its jobs, as indices into [`super::Input::jobs`], in the order in which jitter places them;
    /// empty where [`super::Sink::wants_members`] does not ask for them.
    pub members: Vec<usize>,
    /// The sources of its jobs, ascending.
    pub sources: Vec<usize>,
    /// The [`super::Recurrence::class`] of its jobs, when it is the same for all.
    pub class: Option<u32>,
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
    /// `peak` deep: n·d ⁄ k for n runs of one length d. Needs the members where the lengths differ.
    pub fn window_for_peak(&self, peak: u32, jobs: &[PlanJob<'_>]) -> i64 {
        if self.shortest_run_ms == self.longest_run_ms {
            return window_for_equal_runs(self.jobs, self.longest_run_ms, peak);
        }
        let runs: Vec<i64> = self.members.iter().map(|i| jobs[*i].run_ms).collect();
        window_for_peak(&runs, peak)
    }
}

/// The jobs of a tick that is a burst.
#[derive(Clone, Copy)]
pub(super) struct Members<'m> {
    /// The tick, epoch milliseconds.
    pub(super) at_ms: i64,
    /// Its jobs, by rank.
    pub(super) ranks: &'m [u32],
    /// How long after the tick each starts natively, milliseconds; `None` when all start with it.
    pub(super) native: Option<&'m [i64]>,
    /// The same as planned.
    pub(super) planned: Option<&'m [i64]>,
}

/// Measures bursts.
pub(super) struct Measurer<'a> {
    tally: Tally<'a>,
    /// By group: the place of its part in the burst at hand, plus one.
    places: Vec<usize>,
    parts: Vec<Part>,
    ordered: Vec<(i64, u32)>,
    ranks: Vec<u32>,
    offsets: Vec<i64>,
}

/// One group of the burst at hand.
struct Part {
    group: u32,
    jobs: u32,
    before: Side,
    after: Side,
}

/// Starts of a group, in the order of time.
#[derive(Clone, Copy, Default)]
struct Side {
    second: usize,
    in_second: u32,
    starts_per_second: u32,
    concurrent: u32,
}

impl Side {
    fn start(&mut self, second: usize, jobs: u32) {
        if self.second != second {
            self.second = second;
            self.in_second = 0;
        }
        self.in_second += jobs;
        self.starts_per_second = self.starts_per_second.max(self.in_second);
        self.concurrent += jobs;
    }
}

/// What one look at all members tells.
struct Seen {
    sources: Vec<usize>,
    class: Option<u32>,
    classes_differ: bool,
    shown: bool,
    shortest_ms: i64,
    longest_ms: i64,
}

impl Seen {
    fn take(&mut self, kind: &Kind) {
        let source = kind.source as usize;
        if let Err(place) = self.sources.binary_search(&source) {
            self.sources.insert(place, source);
        }
        self.classes_differ |= *self.class.get_or_insert(kind.class) != kind.class;
        self.shown |= kind.shown;
        self.shortest_ms = self.shortest_ms.min(kind.run_ms);
        self.longest_ms = self.longest_ms.max(kind.run_ms);
    }
}

impl<'a> Measurer<'a> {
    pub(super) fn new(ranked: &'a Ranked<'a>, groups: usize) -> Self {
        Self {
            tally: Tally::new(ranked),
            places: vec![0; groups],
            parts: Vec::new(),
            ordered: Vec::new(),
            ranks: Vec::new(),
            offsets: Vec::new(),
        }
    }

    /// Measures a burst, without listing its members; `None` when none of its jobs is shown.
    pub(super) fn measure(&mut self, members: Members<'_>, clipped: u32) -> Option<Burst> {
        let mut seen = Seen {
            sources: Vec::new(),
            class: None,
            classes_differ: false,
            shown: false,
            shortest_ms: i64::MAX,
            longest_ms: 0,
        };
        let (parts, places) = (&mut self.parts, &mut self.places);
        self.tally.count(members.ranks, |kind, jobs| {
            seen.take(kind);
            let place = &mut places[kind.group as usize];
            if *place == 0 {
                parts.push(Part {
                    group: kind.group,
                    jobs: 0,
                    before: Side::default(),
                    after: Side::default(),
                });
                *place = parts.len();
            }
            parts[*place - 1].jobs += jobs;
        });
        let before = self.side(members, members.native, &seen, |part| &mut part.before);
        let after = self.side(members, members.planned, &seen, |part| &mut part.after);
        let mut groups = Vec::with_capacity(self.parts.len());
        for part in self.parts.drain(..) {
            self.places[part.group as usize] = 0;
            groups.push(BurstGroup {
                group: part.group,
                jobs: part.jobs,
                starts_per_second_before: part.before.starts_per_second,
                starts_per_second_after: part.after.starts_per_second,
                concurrent_before: part.before.concurrent,
                concurrent_after: part.after.concurrent,
            });
        }
        groups.sort_by_key(|part| (std::cmp::Reverse(part.jobs), part.group));
        let planned = members.planned.unwrap_or(&[0]);
        let at = |offset: Option<&i64>| members.at_ms + offset.copied().unwrap_or(0);
        seen.shown.then(|| Burst {
            at_ms: members.at_ms,
            jobs: members.ranks.len(),
            members: Vec::new(),
            sources: seen.sources,
            class: seen.class.filter(|_| !seen.classes_differ),
            starts_per_second_before: before.starts_per_second,
            starts_per_second_after: after.starts_per_second,
            concurrent_before: before.concurrent,
            concurrent_after: after.concurrent,
            groups,
            first_ms: at(planned.iter().min()),
            last_ms: at(planned.iter().max()),
            shortest_run_ms: seen.shortest_ms,
            longest_run_ms: seen.longest_ms,
            clipped,
        })
    }

    /// Measures where the members start by these offsets: of each group by `side`, and in total.
    fn side(
        &mut self,
        members: Members<'_>,
        offsets: Option<&[i64]>,
        seen: &Seen,
        side: impl Fn(&mut Part) -> &mut Side,
    ) -> Side {
        let mut total = Side::default();
        let Some(offsets) = offsets else {
            for part in &mut self.parts {
                let jobs = part.jobs;
                side(part).start(0, jobs);
                total.start(0, jobs);
            }
            return total;
        };
        let (ranks, offsets) = if offsets.is_sorted() {
            (members.ranks, offsets)
        } else {
            let each = offsets.iter().copied().zip(members.ranks.iter().copied());
            self.ordered.clear();
            self.ordered.extend(each);
            self.ordered.sort_unstable();
            self.offsets.clear();
            self.offsets.extend(self.ordered.iter().map(|o| o.0));
            self.ranks.clear();
            self.ranks.extend(self.ordered.iter().map(|o| o.1));
            (&self.ranks[..], &self.offsets[..])
        };
        // Where none ends before the last has started, ends need not be watched.
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
            return total;
        };
        let all_overlap = last - first < seen.shortest_ms;
        let (parts, places) = (&mut self.parts, &self.places);
        if !all_overlap {
            let ranked = self.tally.ranked;
            let mut meter = Meter::new(parts.len());
            for (rank, offset) in ranks.iter().zip(offsets) {
                let kind = ranked.kind(*rank);
                let place = u32::try_from(places[kind.group as usize] - 1).unwrap_or(0);
                meter.start(members.at_ms + offset, place, kind.run_ms, 1);
            }
            let peaks = meter.peaks();
            let of = |peak: &Peak| Side {
                starts_per_second: peak.starts_per_second,
                concurrent: peak.concurrent,
                ..Side::default()
            };
            for (part, peak) in parts.iter_mut().zip(&peaks.groups) {
                *side(part) = of(peak);
            }
            return of(&peaks.total);
        }
        let (mut from, mut second) = (0, 0);
        while let Some(offset) = offsets.get(from) {
            let ends_ms = ((members.at_ms + offset).div_euclid(1000) + 1) * 1000 - members.at_ms;
            let end = from + offsets[from..].partition_point(|o| *o < ends_ms);
            self.tally.count(&ranks[from..end], |kind, jobs| {
                side(&mut parts[places[kind.group as usize] - 1]).start(second, jobs);
                total.start(second, jobs);
            });
            (from, second) = (end, second + 1);
        }
        total
    }
}
