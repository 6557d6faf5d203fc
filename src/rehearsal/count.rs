//! Counting calls as they are made: by provider, by second, by bin.

use super::figures::ProviderFigures;
use super::trace::{Tracer, Traces};
use crate::plan::Window;

/// Calls of one bin of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// Its number: instant divided by the bin's length.
    pub number: i64,
    /// Calls begun in it.
    pub calls: u64,
    /// Of them, those that failed.
    pub failed: u64,
}

/// Calls in ascending order of time.
#[derive(Debug)]
pub(super) struct Counts {
    bin_ms: i64,
    pub(super) bins: Vec<Bin>,
    /// By provider; the last one is the total.
    meters: Vec<Meter>,
    waves: Waves,
    /// What a picture asks for; none without one.
    tracers: Vec<Tracer>,
}

#[derive(Clone, Debug, Default)]
struct Meter {
    figures: ProviderFigures,
    now: u64,
    second: i64,
    in_second: u64,
}

impl Meter {
    fn begins(&mut self, t_ms: i64, fails: bool) {
        self.figures.calls += 1;
        self.figures.failed_calls += u64::from(fails);
        self.now += 1;
        self.figures.peak_at_once = self.figures.peak_at_once.max(self.now);
        let second = t_ms.div_euclid(1000);
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        self.figures.peak_per_second = self.figures.peak_per_second.max(self.in_second);
    }
}

/// Retry waves: stretches of whole seconds, in each of which at least two jobs repeat a call: their
/// occurrence has called the same model before.
#[derive(Debug, Default)]
struct Waves {
    second: i64,
    in_second: u32,
    /// Who repeated first in this second, and whether another one did, too.
    first: u32,
    several: bool,
    /// The last second that was part of a wave, and the calls of that wave so far.
    last: Option<i64>,
    calls: u64,
    number: u64,
    biggest: u64,
}

impl Waves {
    fn repeats(&mut self, t_ms: i64, job: u32) {
        let second = t_ms.div_euclid(1000);
        if second != self.second {
            self.close();
            (self.second, self.in_second) = (second, 0);
        }
        if self.in_second == 0 {
            (self.first, self.several) = (job, false);
        }
        self.several |= job != self.first;
        self.in_second += 1;
    }

    /// The second is over.
    fn close(&mut self) {
        if self.in_second == 0 || !self.several {
            return;
        }
        if self.last.is_none_or(|last| last + 1 < self.second) {
            self.number += 1;
            self.calls = 0;
        }
        self.last = Some(self.second);
        self.calls += u64::from(self.in_second);
        self.biggest = self.biggest.max(self.calls);
        self.in_second = 0;
    }
}

impl Counts {
    pub(super) fn new(providers: usize, bin_ms: i64) -> Self {
        Self {
            bin_ms: bin_ms.max(1),
            bins: Vec::new(),
            meters: vec![Meter::default(); providers + 1],
            waves: Waves::default(),
            tracers: Vec::new(),
        }
    }

    /// Follows the calls through these windows, too.
    pub(super) fn trace(&mut self, windows: &[Window]) {
        let providers = self.meters.len() - 1;
        let tracer = |window: &Window| Tracer::new(*window, providers);
        self.tracers = windows.iter().map(tracer).collect();
    }

    /// A call begins; `repeated_by` is its job when the occurrence has called the same model before.
    pub(super) fn begins(
        &mut self,
        t_ms: i64,
        provider: u32,
        fails: bool,
        repeated_by: Option<u32>,
    ) {
        let total = self.meters.len() - 1;
        self.meters[provider as usize].begins(t_ms, fails);
        self.meters[total].begins(t_ms, fails);
        for tracer in &mut self.tracers {
            tracer.begins(t_ms, provider);
        }
        if let Some(job) = repeated_by {
            self.waves.repeats(t_ms, job);
        }
        let number = t_ms.div_euclid(self.bin_ms);
        if self.bins.last().is_none_or(|bin| bin.number != number) {
            self.bins.push(Bin {
                number,
                calls: 0,
                failed: 0,
            });
        }
        if let Some(bin) = self.bins.last_mut() {
            bin.calls += 1;
            bin.failed += u64::from(fails);
        }
    }

    /// A call ends.
    pub(super) fn ends(&mut self, t_ms: i64, provider: u32) {
        for tracer in &mut self.tracers {
            tracer.ends(t_ms, provider);
        }
        let total = self.meters.len() - 1;
        self.meters[provider as usize].now -= 1;
        self.meters[total].now -= 1;
    }

    /// By window.
    pub(super) fn traces(self) -> Vec<Traces> {
        self.tracers
            .into_iter()
            .filter_map(Tracer::finish)
            .collect()
    }

    /// Waves and calls of the biggest, the total, and the providers in order.
    pub(super) fn finish(mut self) -> (u64, u64, ProviderFigures, Vec<ProviderFigures>, Vec<Bin>) {
        self.waves.close();
        let mut figures: Vec<_> = self.meters.into_iter().map(|m| m.figures).collect();
        let total = figures.pop().unwrap_or_default();
        (
            self.waves.number,
            self.waves.biggest,
            total,
            figures,
            self.bins,
        )
    }
}
