//! Peaks: how many starts in the busiest second, how many runs at once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use serde::Serialize;

use super::trace::{Level, Tracer, Traces, Window};

/// The peaks of one set of runs. Instants are epoch milliseconds UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Peak {
    /// Runs started.
    pub starts: u64,
    /// Most starts within one calendar second.
    pub starts_per_second: u32,
    /// The second in which they fall (its beginning); null without a start.
    pub starts_at_ms: Option<i64>,
    /// Most runs at once, as long as they last.
    pub concurrent: u32,
    /// When that many first run; null without a start.
    pub concurrent_at_ms: Option<i64>,
}

/// The peaks in total and per group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    /// All runs together.
    pub total: Peak,
    /// By group index.
    pub groups: Vec<Peak>,
}

#[derive(Clone, Copy, Default)]
struct Gauge {
    peak: Peak,
    second: i64,
    in_second: u32,
    running: u32,
}

impl Gauge {
    /// Counts so many starts; returns how many this second has seen.
    #[inline]
    fn start(&mut self, t: i64, second: i64, runs: u32) -> u32 {
        self.peak.starts += u64::from(runs);
        if self.in_second == 0 || second != self.second {
            self.second = second;
            self.in_second = 0;
        }
        self.in_second += runs;
        if self.in_second > self.peak.starts_per_second {
            self.peak.starts_per_second = self.in_second;
            self.peak.starts_at_ms = Some(second * 1000);
        }
        self.running += runs;
        if self.running > self.peak.concurrent {
            self.peak.concurrent = self.running;
            self.peak.concurrent_at_ms = Some(t);
        }
        self.in_second
    }
}

/// The peaks of runs in any order: start (epoch milliseconds), group index, length (milliseconds).
pub fn peaks_of(groups: usize, mut runs: Vec<(i64, u32, i64)>) -> Peaks {
    runs.sort_unstable();
    let mut meter = Meter::new(groups);
    for (start_ms, group, run_ms) in runs {
        meter.start(start_ms, group, run_ms, 1);
    }
    meter.peaks()
}

/// So many lengths of runs have a queue of their own.
const QUEUES: usize = 8;

/// Runs that end together: when, which group, how many.
type Ending = (i64, u32, u32);

/// Runs in flight, the next to end first.
///
/// Runs of one length end in the order in which they start, so the first few lengths keep a queue
/// each, and only runs of other lengths need a heap.
struct InFlight {
    /// The lengths that have a queue.
    lengths: Vec<i64>,
    queues: Vec<VecDeque<Ending>>,
    others: BinaryHeap<Reverse<Ending>>,
    /// When the next ends.
    next_end: i64,
}

impl Default for InFlight {
    fn default() -> Self {
        Self {
            lengths: Vec::new(),
            queues: Vec::new(),
            others: BinaryHeap::new(),
            next_end: i64::MAX,
        }
    }
}

impl InFlight {
    #[inline]
    fn push(&mut self, end: i64, run_ms: i64, group: u32, runs: u32) {
        self.next_end = self.next_end.min(end);
        let ending = (end, group, runs);
        if let Some(queue) = self.lengths.iter().position(|length| *length == run_ms) {
            self.queues[queue].push_back(ending);
        } else if self.queues.len() < QUEUES {
            self.lengths.push(run_ms);
            self.queues.push(VecDeque::from([ending]));
        } else {
            self.others.push(Reverse(ending));
        }
    }

    /// Takes out every run that has ended by `t`.
    #[inline]
    fn ended(&mut self, t: i64, mut each: impl FnMut(u32, u32)) {
        if t < self.next_end {
            return;
        }
        let mut next_end = i64::MAX;
        for queue in &mut self.queues {
            while let Some(&(end, group, runs)) = queue.front() {
                if end > t {
                    next_end = next_end.min(end);
                    break;
                }
                queue.pop_front();
                each(group, runs);
            }
        }
        while let Some(&Reverse((end, group, runs))) = self.others.peek() {
            if end > t {
                next_end = next_end.min(end);
                break;
            }
            self.others.pop();
            each(group, runs);
        }
        self.next_end = next_end;
    }
}

/// Measures peaks over starts that come in ascending order.
pub(super) struct Meter {
    total: Gauge,
    groups: Vec<Gauge>,
    in_flight: InFlight,
    skyline: Option<Skyline>,
    /// For pictures only.
    tracers: Vec<Tracer>,
}

/// The busiest second of each bin of the horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skyline {
    pub(super) busiest: Vec<u32>,
    bin_ms: i64,
    bin: usize,
    bin_ends_ms: i64,
}

impl Skyline {
    pub(super) fn new(from_ms: i64, bin_ms: i64, bins: i64) -> Self {
        let bins = usize::try_from(bins).unwrap_or(1);
        let bin_ends_ms = from_ms.saturating_add(bin_ms);
        Self {
            busiest: vec![0; bins.max(1)],
            bin_ms,
            bin: 0,
            bin_ends_ms,
        }
    }

    fn see(&mut self, t: i64, in_second: u32) {
        while t >= self.bin_ends_ms && self.bin + 1 < self.busiest.len() {
            self.bin += 1;
            self.bin_ends_ms += self.bin_ms;
        }
        let busiest = &mut self.busiest[self.bin];
        *busiest = (*busiest).max(in_second);
    }
}

impl Meter {
    /// A meter that also keeps the busiest second of each bin.
    pub(super) fn with_skyline(groups: usize, skyline: Skyline) -> Self {
        Self {
            skyline: Some(skyline),
            ..Self::new(groups)
        }
    }

    pub(super) fn skyline(&self) -> &[u32] {
        self.skyline.as_ref().map_or(&[], |s| &s.busiest)
    }

    pub(super) fn new(groups: usize) -> Self {
        Self {
            total: Gauge::default(),
            groups: vec![Gauge::default(); groups],
            in_flight: InFlight::default(),
            skyline: None,
            tracers: Vec::new(),
        }
    }

    /// The same meter, which also traces what it measures over these windows.
    pub(super) fn tracing(mut self, windows: &[Window]) -> Self {
        let groups = self.groups.len();
        let tracer = |window: &Window| Tracer::new(*window, groups);
        self.tracers = windows.iter().map(tracer).collect();
        self
    }

    /// The traces, by window. No more starts come.
    pub(super) fn traces(mut self) -> Vec<Traces> {
        self.begin_bins(i64::MAX);
        self.tracers.into_iter().map(Tracer::finish).collect()
    }

    /// The last second with a start, epoch milliseconds of its beginning.
    pub(super) fn last_second_ms(&self) -> Option<i64> {
        (self.total.peak.starts > 0).then(|| self.total.second * 1000)
    }

    /// Begins every bin that begins by `t`, with what still runs then.
    #[cold]
    fn begin_bins(&mut self, t: i64) {
        let (total, groups) = (&mut self.total, &mut self.groups);
        loop {
            let begins = self.tracers.iter().filter_map(Tracer::next_begins).min();
            let Some(at) = begins.filter(|at| *at <= t) else {
                return;
            };
            self.in_flight.ended(at, |group, runs| {
                total.running -= runs;
                groups[group as usize].running -= runs;
            });
            for tracer in &mut self.tracers {
                if tracer.next_begins() == Some(at) {
                    tracer.begin(total.running, groups.iter().map(|g| g.running));
                }
            }
        }
    }

    /// So many runs of `group` start at `t` and last `run_ms`. A run that ends at `t` does not overlap
    /// them.
    #[inline]
    pub(super) fn start(&mut self, t: i64, group: u32, run_ms: i64, runs: u32) {
        if !self.tracers.is_empty() {
            self.begin_bins(t);
        }
        let (total, groups) = (&mut self.total, &mut self.groups);
        self.in_flight.ended(t, |group, runs| {
            total.running -= runs;
            groups[group as usize].running -= runs;
        });
        self.in_flight
            .push(t.saturating_add(run_ms.max(1)), run_ms, group, runs);
        let second = t.div_euclid(1000);
        let in_second = self.total.start(t, second, runs);
        self.groups[group as usize].start(t, second, runs);
        if let Some(skyline) = &mut self.skyline {
            skyline.see(t, in_second);
        }
        for tracer in &mut self.tracers {
            let level = |gauge: &Gauge| Level {
                in_second: gauge.in_second,
                running: gauge.running,
            };
            let of_group = level(&self.groups[group as usize]);
            tracer.see(t, group, level(&self.total), of_group);
        }
    }

    pub(super) fn peaks(&self) -> Peaks {
        Peaks {
            total: self.total.peak,
            groups: self.groups.iter().map(|g| g.peak).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(starts: &[(i64, u32, i64)]) -> Peaks {
        let mut meter = Meter::new(2);
        for &(t, group, run) in starts {
            meter.start(t, group, run, 1);
        }
        meter.peaks()
    }

    #[test]
    fn a_run_that_ends_when_another_starts_does_not_overlap_it() {
        let peaks = measured(&[(0, 0, 1000), (1000, 0, 1000), (1999, 0, 5)]);
        assert_eq!(peaks.total.concurrent, 2);
        assert_eq!(peaks.total.concurrent_at_ms, Some(1999));
    }

    #[test]
    fn groups_are_counted_apart_and_seconds_are_calendar_seconds() {
        let peaks = measured(&[(900, 0, 60_000), (1000, 1, 10), (1500, 0, 60_000)]);
        assert_eq!(peaks.total.starts_per_second, 2);
        assert_eq!(peaks.total.starts_at_ms, Some(1000));
        assert_eq!(
            (peaks.groups[0].concurrent, peaks.groups[1].concurrent),
            (2, 1)
        );
        assert_eq!(peaks.groups[0].starts_per_second, 1);
    }

    #[test]
    fn runs_of_many_lengths_end_in_the_order_of_their_ends() {
        // A long run first, then short ones one after the other: never more than two at once.
        let mut starts = vec![(0, 0, 100_000)];
        starts.extend((0..50).map(|i| (i * 1000, 1, 1000 - i)));
        assert_eq!(measured(&starts).total.concurrent, 2);
    }
}
