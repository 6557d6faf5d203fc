//! When OpenClaw fires: croner 10.0.1's answer, and what the gateway makes of it.
//!
//! Two regimes, told apart by version. Through 2026.7.35 the gateway takes croner's answer, and
//! asks again from the next second and from the next UTC midnight when it is not in the future.
//! From 2026.8.1 each matching wall time fires once, at its first real occurrence: times that the
//! clock skips do not fire, repeated ones fire the first time.

use super::Version;
use super::civil::DAY;
use super::error::{Endless, ErrorKind, Hang, ScheduleError};
use super::fields::Fields;
use super::zone::{Local, Zone};

/// The first version with the rule of first occurrences.
const FIRST_OCCURRENCE: Version = Version::new(2026, 8, 1);

/// Restarts at one transition after another are bounded: real answers need one or two, or one per
/// matching second of a repeated hour.
const FUEL: u32 = 20_000;

/// A cron expression as an OpenClaw gateway runs it.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) when: When,
    /// Whether the rule of 2026.8.1 applies.
    pub(crate) first_occurrence: bool,
}

/// What an expression asks for.
#[derive(Clone, Debug)]
pub(crate) enum When {
    /// Nothing: an empty expression.
    Never,
    /// An instant (epoch milliseconds): croner takes text with a `:` as a date.
    Once(i64),
    /// Matching wall times.
    Match(Box<Fields>),
}

impl Gateway {
    pub(crate) fn new(version: Version, when: When) -> Self {
        Self {
            when,
            first_occurrence: version >= FIRST_OCCURRENCE,
        }
    }

    /// Returns the fire after an instant, epoch milliseconds.
    pub(crate) fn next(&self, zone: &Zone, after_ms: i64) -> Result<Option<i64>, Hang> {
        match &self.when {
            When::Never => Ok(None),
            When::Once(at) => Ok((*at > after_ms).then_some(*at)),
            When::Match(fields) => {
                let after = after_ms.div_euclid(1_000);
                let found = if self.first_occurrence {
                    first_occurrence(fields, zone, after).map_err(|Endless| Hang { after_ms })?
                } else {
                    retried(fields, zone, after)
                };
                Ok(found.and_then(|at| at.checked_mul(1_000)))
            }
        }
    }

    /// Returns the fire before an instant, epoch milliseconds. croner drops the fraction of the
    /// second first, so a fire earlier in the same second is not found.
    pub(crate) fn previous(
        &self,
        zone: &Zone,
        before_ms: i64,
    ) -> Result<Option<i64>, ScheduleError> {
        match &self.when {
            When::Never => Ok(None),
            When::Once(at) => Ok((*at < before_ms).then_some(*at)),
            When::Match(fields) => {
                let before = before_ms.div_euclid(1_000);
                let found = previous(fields, zone, before, self.first_occurrence)?;
                Ok(found.and_then(|at| at.checked_mul(1_000)))
            }
        }
    }
}

/// Returns the instant that croner gives a wall time. It looks the offset up with the wall time
/// read as UTC, which east of Greenwich is the offset of the second pass of a repeated time. It
/// takes one hour off where that gives the same reading, so only repeats that are not an hour long
/// (Lord Howe's half hour) keep their second pass. A time that the clock skips is moved on by the
/// gap.
pub(crate) fn instant(zone: &Zone, wall: i64) -> i64 {
    match zone.local(wall) {
        Local::Once(at) => at,
        Local::Twice { first, second } => {
            let guess = wall - zone.offset(wall);
            if guess == second && second - first != 3_600 {
                second
            } else {
                first
            }
        }
        Local::Never { before, .. } => wall - before,
    }
}

/// The rule through 2026.7.35. Epoch seconds.
fn retried(fields: &Fields, zone: &Zone, after: i64) -> Option<i64> {
    let ask = |from: i64| {
        let stretch = zone.stretch(from);
        let wall = fields.next_wall(from + stretch.offset + 1)?;
        let guess = wall - stretch.offset;
        // Away from changes of the offset the guess is the answer.
        if guess >= stretch.fresh_from() && guess < stretch.single_until() {
            return Some(guess);
        }
        Some(instant(zone, wall))
    };
    let future = |at: &i64| *at > after;
    let found = ask(after)?;
    if future(&found) {
        return Some(found);
    }
    let midnight = (after.div_euclid(DAY) + 1) * DAY;
    ask(after + 1)
        .filter(future)
        .or_else(|| ask(midnight).filter(future))
}

/// The rule since 2026.8.1. Epoch seconds. The outer `None` is a question without end.
fn first_occurrence(fields: &Fields, zone: &Zone, after: i64) -> Result<Option<i64>, Endless> {
    let stretch = zone.stretch(after);
    let mut from = after + stretch.offset + 1;
    for _ in 0..FUEL {
        let Some(wall) = fields.next_wall(from) else {
            return Ok(None);
        };
        let guess = wall - stretch.offset;
        if guess > after && guess >= stretch.fresh_from() && guess < stretch.end {
            return Ok(Some(guess));
        }
        match zone.local(wall) {
            Local::Once(at) if at > after => return Ok(Some(at)),
            Local::Twice { first, .. } if first > after => return Ok(Some(first)),
            // The first pass is over: go on from the second.
            Local::Once(_) | Local::Twice { .. } => from = wall + 1,
            Local::Never { before, transition } => {
                let moved = wall - before;
                let seen = moved + zone.offset(moved);
                if moved > after && fields.matches(seen) {
                    return Ok(Some(moved));
                }
                from = transition + zone.offset(transition);
            }
        }
    }
    Err(Endless)
}

fn previous(
    fields: &Fields,
    zone: &Zone,
    before: i64,
    first_occurrence: bool,
) -> Result<Option<i64>, ScheduleError> {
    let stretch = zone.stretch(before);
    let crash = |_| {
        ScheduleError::new(
            ErrorKind::Broken,
            "croner 10.0.1 throws when it looks for the fire before this one",
        )
        .hint("its search back stops at a month shorter than the day it starts from")
    };
    let Some(wall) = fields
        .previous_wall(before + stretch.offset)
        .map_err(crash)?
    else {
        return Ok(None);
    };
    let guess = wall - stretch.offset;
    if guess >= stretch.fresh_from() && guess < stretch.single_until() && guess < before {
        return Ok(Some(guess));
    }
    if !first_occurrence {
        return Ok(Some(instant(zone, wall)).filter(|at| *at < before));
    }
    // Stretch by stretch, the last wall time that did not occur before.
    let mut at = stretch;
    let mut until = before + stretch.offset;
    for _ in 0..FUEL {
        if let Ok(Some(wall)) = fields.previous_wall(until) {
            if wall - at.offset >= at.fresh_from() {
                return Ok(Some(wall - at.offset));
            }
        } else {
            return Ok(None);
        }
        if at.start == i64::MIN {
            return Ok(None);
        }
        let earlier = zone.stretch(at.start - 1);
        until = at.start + earlier.offset;
        at = earlier;
    }
    Ok(None)
}
