//! Calls over time, provider by provider: what a picture shows.
//!
//! As many numbers as a window has bins, however many calls there are.

use crate::plan::Window;

/// Calls of one provider, or of all, bin by bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Calls begun within the bin.
    pub calls: Vec<u32>,
    /// Most of them begun in one calendar second.
    pub per_second: Vec<u32>,
    /// Most calls at once at any instant of the bin.
    pub at_once: Vec<u32>,
}

/// The calls within one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// By provider.
    pub providers: Vec<Trace>,
    /// Of all providers.
    pub total: Trace,
}

/// Follows the calls of one provider, or of all, through one window. They come in ascending order of
/// time.
#[derive(Clone, Debug)]
struct Line {
    window: Window,
    trace: Trace,
    /// Calls at once, and since when.
    level: u32,
    since_ms: i64,
    second: i64,
    in_second: u32,
}

impl Line {
    fn new(window: Window) -> Self {
        let zeros = || vec![0; window.bins];
        Self {
            window,
            trace: Trace {
                calls: zeros(),
                per_second: zeros(),
                at_once: zeros(),
            },
            level: 0,
            since_ms: i64::MIN,
            second: i64::MIN,
            in_second: 0,
        }
    }

    /// The bin of an instant, as if the window went on in both directions.
    fn bin(&self, t_ms: i64) -> i64 {
        t_ms.saturating_sub(self.window.from_ms)
            .div_euclid(self.window.bin_ms)
    }

    /// So many at once were there until now.
    fn held(&mut self, until_ms: i64) {
        let bins = i64::try_from(self.window.bins).unwrap_or(i64::MAX);
        if self.level > 0 && until_ms > self.since_ms {
            let first = self.bin(self.since_ms).max(0);
            let last = self.bin(until_ms - 1).min(bins - 1);
            for bin in first..=last {
                if let Some(most) = usize::try_from(bin)
                    .ok()
                    .map(|b| &mut self.trace.at_once[b])
                {
                    *most = (*most).max(self.level);
                }
            }
        }
        self.since_ms = until_ms;
    }

    fn begins(&mut self, t_ms: i64) {
        self.held(t_ms);
        self.level += 1;
        let second = t_ms.div_euclid(1000);
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        let bin = usize::try_from(self.bin(t_ms)).ok();
        let Some(bin) = bin.filter(|bin| *bin < self.window.bins) else {
            return;
        };
        let trace = &mut self.trace;
        trace.calls[bin] += 1;
        trace.per_second[bin] = trace.per_second[bin].max(self.in_second);
        trace.at_once[bin] = trace.at_once[bin].max(self.level);
    }

    fn ends(&mut self, t_ms: i64) {
        self.held(t_ms);
        self.level -= 1;
    }
}

/// Follows all calls through one window.
#[derive(Clone, Debug)]
pub(super) struct Tracer {
    /// By provider; the last one is the total.
    lines: Vec<Line>,
}

impl Tracer {
    pub(super) fn new(window: Window, providers: usize) -> Self {
        Self {
            lines: vec![Line::new(window); providers + 1],
        }
    }

    fn of(&mut self, provider: u32) -> impl Iterator<Item = &mut Line> {
        let total = self.lines.len() - 1;
        let lines = self.lines.iter_mut().enumerate();
        lines
            .filter(move |(at, _)| *at == provider as usize || *at == total)
            .map(|(_, line)| line)
    }

    pub(super) fn begins(&mut self, t_ms: i64, provider: u32) {
        self.of(provider).for_each(|line| line.begins(t_ms));
    }

    pub(super) fn ends(&mut self, t_ms: i64, provider: u32) {
        self.of(provider).for_each(|line| line.ends(t_ms));
    }

    pub(super) fn finish(mut self) -> Option<Traces> {
        let total = self.lines.pop()?.trace;
        let providers = self.lines.into_iter().map(|line| line.trace);
        Some(Traces {
            providers: providers.collect(),
            total,
        })
    }
}
