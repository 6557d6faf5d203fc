//! The stretches of the horizon, enumerated ahead of the planning when there are many occurrences.

use std::sync::mpsc::Receiver;
use std::thread::Scope;

use super::measure::WORTH_A_THREAD;
use super::ranked::Ranked;
use super::timeline::{LONGEST_STRETCH_MS, Stretch, Timeline};
use super::{Input, PlanJob};

/// Occurrences per stretch of the horizon that are aimed at: bounds the memory.
const STRETCH_TARGET: usize = 1_000_000;

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
    timelines: &'t Timelines<'a>,
    at_ms: i64,
    until_ms: i64,
    length_ms: i64,
}

impl Iterator for Rest<'_, '_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        if self.at_ms >= self.until_ms {
            return None;
        }
        let (from, length) = (self.at_ms, self.length_ms.min(self.until_ms - self.at_ms));
        let native = self.timelines.native.stretch(from, length);
        let nominal = self
            .timelines
            .nominal
            .as_ref()
            .map(|t| t.stretch(from, length));
        self.at_ms += length;
        self.length_ms = next_length(length, native.starts.len());
        Some(Pair {
            until_ms: self.at_ms,
            native,
            nominal,
        })
    }
}

/// How long the next stretch shall be, after one of this length had so many occurrences.
fn next_length(length_ms: i64, occurrences: usize) -> i64 {
    let grow = STRETCH_TARGET / occurrences.max(1);
    let next = match i64::try_from(grow.clamp(0, 24)) {
        Ok(grow) if grow > 0 => length_ms.saturating_mul(grow),
        _ => length_ms / 4,
    };
    next.clamp(1000, LONGEST_STRETCH_MS)
}

/// The stretches, in order: enumerated when asked for, or by a thread that is one ahead.
pub(super) enum Ahead<'t, 'a> {
    Here(Option<Rest<'t, 'a>>),
    There(Receiver<Pair>),
}

impl<'t, 'a> Ahead<'t, 'a> {
    pub(super) fn new(timelines: &'t Timelines<'a>, from_ms: i64, until_ms: i64) -> Self {
        let length_ms = FIRST_STRETCH_MS;
        Self::Here(Some(Rest {
            timelines,
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
