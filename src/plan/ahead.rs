//! The stretches of the horizon, enumerated ahead of the planning when there are many occurrences.

use std::sync::mpsc::Receiver;
use std::thread::Scope;

use super::measure::WORTH_A_THREAD;
use super::ranked::Ranked;
use super::span::{Cutter, Stretch};
use super::timeline::{LONGEST_SPAN_MS, Timeline};
use super::{Input, PlanJob};

/// Occurrences per stretch of the horizon that are aimed at: bounds the memory.
const STRETCH_TARGET: usize = 500_000;

/// The length of the first stretch, before anything is known about the density.
const FIRST_STRETCH_MS: i64 = 60_000;

/// The occurrences at their native instants and, where bursts are formed there, at nominal ones.
pub(super) struct Timelines<'a> {
    pub(super) native: Timeline<'a>,
    pub(super) nominal: Option<Timeline<'a>>,
}

/// One stretch of both timelines.
pub(super) struct Pair {
    pub(super) until_ms: i64,
    pub(super) native: Stretch,
    pub(super) nominal: Option<Stretch>,
}

impl<'a> Timelines<'a> {
    pub(super) fn new(input: &'a Input<'_>, ranked: &Ranked<'_>) -> Self {
        let of = |offset: fn(&PlanJob<'_>) -> i64| {
            Timeline::new(&input.recurrences, ranked.jobs(), offset)
        };
        Self {
            native: of(|job| job.native_offset_ms),
            nominal: input.options.at_nominal().then(|| of(|_| 0)),
        }
    }
}

/// The rest of the horizon.
pub(super) struct Rest<'t, 'a> {
    native: Cutter<'t, 'a>,
    nominal: Option<Cutter<'t, 'a>>,
    at_ms: i64,
    until_ms: i64,
    length_ms: i64,
}

impl Iterator for Rest<'_, '_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        let from = self.at_ms;
        if from >= self.until_ms {
            return None;
        }
        let mut until = from.saturating_add(self.length_ms);
        until = until.min(self.native.cover(from));
        if let Some(nominal) = &mut self.nominal {
            until = until.min(nominal.cover(from));
        }
        let native = self.native.stretch(from, until);
        let nominal = self.nominal.as_mut().map(|n| n.stretch(from, until));
        self.at_ms = until;
        let occurrences = native.starts.len();
        // A stretch that ends with its span says little about the next one.
        if until - from == self.length_ms || occurrences > STRETCH_TARGET {
            self.length_ms = next_length(until - from, occurrences, STRETCH_TARGET);
        }
        Some(Pair {
            until_ms: until,
            native,
            nominal,
        })
    }
}

/// How long the next part of the horizon shall be to hold so many as are aimed at, after one of this
/// length had `found`.
pub(super) fn next_length(length_ms: i64, found: usize, target: usize) -> i64 {
    let wide = |n: usize| i64::try_from(n.max(1)).unwrap_or(i64::MAX);
    let even = length_ms.saturating_mul(wide(target)) / wide(found);
    let most = length_ms.saturating_mul(24);
    even.clamp(length_ms / 24, most)
        .clamp(1000, LONGEST_SPAN_MS)
}

/// The stretches, in order: enumerated when asked for, or by a thread that is one ahead.
pub(super) enum Ahead<'t, 'a> {
    Here(Option<Rest<'t, 'a>>),
    There(Receiver<Pair>),
}

impl<'t, 'a> Ahead<'t, 'a> {
    pub(super) fn new(timelines: &'t Timelines<'a>, from_ms: i64, until_ms: i64) -> Self {
        let length_ms = FIRST_STRETCH_MS;
        let cutter = |timeline| Cutter::new(timeline, from_ms, until_ms, length_ms);
        Self::Here(Some(Rest {
            native: cutter(&timelines.native),
            nominal: timelines.nominal.as_ref().map(cutter),
            at_ms: from_ms,
            until_ms,
            length_ms,
        }))
    }

    pub(super) fn next<'scope>(&mut self, scope: &'scope Scope<'scope, '_>) -> Option<Pair>
    where
        't: 'scope,
        'a: 'scope,
    {
        match self {
            Self::There(pairs) => pairs.recv().ok(),
            Self::Here(rest) => {
                let pair = rest.as_mut()?.next()?;
                if pair.native.starts.len() >= WORTH_A_THREAD {
                    let rest = rest.take()?;
                    let (sender, pairs) = std::sync::mpsc::sync_channel(1);
                    // Ends with the horizon, or when nobody takes any more.
                    scope.spawn(move || {
                        for pair in rest {
                            if sender.send(pair).is_err() {
                                return;
                            }
                        }
                    });
                    *self = Self::There(pairs);
                }
                Some(pair)
            }
        }
    }
}
