//! Traces: starts per second and runs at once over time, in bins that keep the most.

/// A span of time in bins of one length, from `from_ms` (epoch milliseconds UTC) on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where the first bin begins.
    pub from_ms: i64,
    /// How long a bin is, milliseconds, at least 1.
    pub bin_ms: i64,
    /// How many bins.
    pub bins: usize,
}

impl Window {
    /// The window that holds `[from_ms, until_ms)` in at most `most` bins of a round length, at least
    /// `unit_ms`, and begins with a whole unit.
    pub fn covering(from_ms: i64, until_ms: i64, unit_ms: i64, most: i64) -> Self {
        let (unit, most) = (unit_ms.max(1), most.max(1));
        let from_ms = from_ms.div_euclid(unit) * unit;
        let length = until_ms.saturating_sub(from_ms).max(1);
        let bin_ms = round((length - 1) / most + 1, unit);
        let bins = usize::try_from((length - 1) / bin_ms + 1).unwrap_or(1);
        Self {
            from_ms,
            bin_ms,
            bins,
        }
    }

    /// Where the last bin ends, epoch milliseconds.
    pub fn until_ms(&self) -> i64 {
        let bins = i64::try_from(self.bins).unwrap_or(i64::MAX);
        self.from_ms
            .saturating_add(self.bin_ms.saturating_mul(bins))
    }

    fn bin(&self, t: i64) -> Option<usize> {
        let since = t.checked_sub(self.from_ms)?;
        let bin = usize::try_from(since.div_euclid(self.bin_ms)).ok()?;
        (bin < self.bins).then_some(bin)
    }
}

/// The next round length, milliseconds: of a tenth of a second, seconds, minutes, hours, whole days.
fn round(least_ms: i64, unit_ms: i64) -> i64 {
    const ROUND: [i64; 22] = [
        100,
        200,
        500,
        1000,
        2000,
        5000,
        10_000,
        15_000,
        30_000,
        60_000,
        120_000,
        300_000,
        600_000,
        900_000,
        1_800_000,
        3_600_000,
        7_200_000,
        10_800_000,
        21_600_000,
        43_200_000,
        86_400_000,
        604_800_000,
    ];
    let enough = |ms: &i64| *ms >= least_ms && *ms >= unit_ms;
    let week = 604_800_000;
    let weeks = (least_ms - 1).div_euclid(week) + 1;
    ROUND
        .into_iter()
        .find(enough)
        .unwrap_or(weeks.saturating_mul(week))
}

/// The most of each bin of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Most starts within a calendar second that begins in the bin.
    pub starts_per_second: Vec<u32>,
    /// Most runs at once at any instant of the bin.
    pub concurrent: Vec<u32>,
}

impl Trace {
    fn new(bins: usize) -> Self {
        Self {
            starts_per_second: vec![0; bins],
            concurrent: vec![0; bins],
        }
    }
}

/// The traces of one window, in total and per group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// All runs together.
    pub total: Trace,
    /// By group index.
    pub groups: Vec<Trace>,
}

/// How much of a gauge there is: starts in the running second, runs at once.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub(super) in_second: u32,
    pub(super) running: u32,
}

/// Fills the traces of one window.
pub(super) struct Tracer {
    window: Window,
    /// The next bin to begin.
    next: usize,
    traces: Traces,
}

impl Tracer {
    pub(super) fn new(window: Window, groups: usize) -> Self {
        Self {
            window,
            next: 0,
            traces: Traces {
                total: Trace::new(window.bins),
                groups: vec![Trace::new(window.bins); groups],
            },
        }
    }

    /// When the next bin begins; `None` after the last.
    pub(super) fn next_begins(&self) -> Option<i64> {
        let next = i64::try_from(self.next).ok()?;
        let begins = || self.window.from_ms + next * self.window.bin_ms;
        (self.next < self.window.bins).then(begins)
    }

    /// The next bin begins with so many running: what ended before is not in it.
    pub(super) fn begin(&mut self, total: u32, groups: impl Iterator<Item = u32>) {
        let bin = self.next;
        self.next += 1;
        raise(&mut self.traces.total.concurrent, bin, total);
        for (trace, running) in self.traces.groups.iter_mut().zip(groups) {
            raise(&mut trace.concurrent, bin, running);
        }
    }

    /// A run of a group has started at `t`.
    pub(super) fn see(&mut self, t: i64, group: u32, total: Level, of_group: Level) {
        let Some(bin) = self.window.bin(t) else {
            return;
        };
        // The window may begin within a second.
        let second = t.div_euclid(1000) * 1000;
        let second = self
            .window
            .bin(second.max(self.window.from_ms))
            .unwrap_or(bin);
        let traces = &mut self.traces;
        for (trace, level) in [
            (Some(&mut traces.total), total),
            (traces.groups.get_mut(group as usize), of_group),
        ] {
            if let Some(trace) = trace {
                raise(&mut trace.starts_per_second, second, level.in_second);
                raise(&mut trace.concurrent, bin, level.running);
            }
        }
    }

    pub(super) fn finish(self) -> Traces {
        self.traces
    }
}

fn raise(bins: &mut [u32], bin: usize, to: u32) {
    if let Some(most) = bins.get_mut(bin) {
        *most = (*most).max(to);
    }
}

#[cfg(test)]
mod tests {
    use super::super::peak::Meter;
    use super::*;

    #[test]
    fn a_window_holds_its_span_in_so_many_bins() {
        let window = |until| Window::covering(900, until, 1000, 10);
        for (until, bin_ms, bins) in [
            (901, 1000, 1),
            (1001, 1000, 2),
            (10_001, 2000, 6),
            (86_400_000, 10_800_000, 8),
            (604_800_000_000, 60_480_000_000, 10),
        ] {
            let expected = Window {
                from_ms: 0,
                bin_ms,
                bins,
            };
            assert_eq!(window(until), expected);
            assert!(expected.until_ms() >= until);
        }
    }

    #[test]
    fn a_bin_keeps_the_most_also_of_what_began_before_it() {
        let window = Window {
            from_ms: 0,
            bin_ms: 2000,
            bins: 5,
        };
        let mut meter = Meter::new(2).tracing(&[window]);
        // Runs: 100..4100 and 200..1200 of group 0, 3000..3500 of group 1, one long after.
        for (t, group, run) in [
            (100, 0, 4000),
            (200, 0, 1000),
            (3000, 1, 500),
            (60_000, 0, 1),
        ] {
            meter.start(t, group, run, 1);
        }
        let traces = meter.traces().remove(0);
        assert_eq!(traces.total.starts_per_second, [2, 1, 0, 0, 0]);
        assert_eq!(traces.total.concurrent, [2, 2, 1, 0, 0]);
        assert_eq!(traces.groups[0].concurrent, [2, 1, 1, 0, 0]);
        assert_eq!(traces.groups[1].concurrent, [0, 1, 0, 0, 0]);
    }

    #[test]
    fn a_run_that_ends_where_a_bin_begins_is_not_in_it() {
        let window = Window {
            from_ms: 1000,
            bin_ms: 1000,
            bins: 2,
        };
        let mut meter = Meter::new(1).tracing(&[window]);
        meter.start(0, 0, 2000, 1);
        assert_eq!(meter.traces()[0].total.concurrent, [1, 0]);
    }

    proptest::proptest! {
        #[test]
        fn a_trace_peaks_where_the_meter_does(
            mut starts in proptest::collection::vec((0..50_000i64, 0..3u32, 1..20_000i64), 1..60),
            most in 1..300i64,
        ) {
            starts.sort_unstable();
            let window = Window::covering(0, 50_000, 1000, most);
            let mut meter = Meter::new(3).tracing(&[window]);
            for (t, group, run) in starts {
                meter.start(t, group, run, 1);
            }
            let peaks = meter.peaks();
            let traces = meter.traces().remove(0);
            let both = std::iter::once((&traces.total, peaks.total));
            for (trace, peak) in both.chain(traces.groups.iter().zip(peaks.groups)) {
                let highest = |bins: &[u32]| bins.iter().copied().max().unwrap_or(0);
                proptest::prop_assert_eq!(highest(&trace.starts_per_second), peak.starts_per_second);
                proptest::prop_assert_eq!(highest(&trace.concurrent), peak.concurrent);
            }
        }
    }
}
