//! The day engine: an expression as bit masks, and the next or previous wall time that matches.
//!
//! Knows calendars, not zones: both dialects use it, each with its own fire policy on top.

mod back;
mod forward;

use super::civil::{DAY, Date, date_of, days_of, month_length, weekday_of};

/// How the two day fields combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DayRule {
    /// Only the day of the month counts.
    Days,
    /// Only the weekday counts.
    Weekdays,
    /// Either is enough.
    Either,
    /// Both must match.
    Both,
}

/// Bit 6 of an entry of [`Special::nth`]: the last such weekday of the month.
pub(crate) const LAST: u8 = 1 << 6;
/// Bits 1 to 5 of an entry of [`Special::nth`]: any such weekday.
pub(crate) const EVERY: u8 = 0b11_1110;

/// Day rules that depend on the month (croner's `L`, `W`, `#`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Special {
    /// `L`: the last day.
    pub(crate) last_day: bool,
    /// `LW`: the last Monday to Friday.
    pub(crate) last_weekday: bool,
    /// `nW`: bit n is set.
    pub(crate) nearest: u32,
    /// Per weekday: bit n for the n-th of the month, [`LAST`] for the last.
    pub(crate) nth: [u8; 7],
    /// Whether `nth` says more than `Fields::weekdays`.
    pub(crate) counts: bool,
}

impl Special {
    /// Returns whether any rule depends on the month.
    pub(crate) fn is_used(&self) -> bool {
        self.last_day || self.last_weekday || self.nearest != 0 || self.counts
    }
}

/// The years that a seventh field allows, up to 9 999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Years(Vec<u64>);

impl Default for Years {
    fn default() -> Self {
        Self(vec![0; 10_000 / 64 + 1])
    }
}

impl Years {
    pub(crate) fn add(&mut self, year: u32) {
        if let Some(word) = self.0.get_mut(year as usize / 64) {
            *word |= 1 << (year % 64);
        }
    }

    pub(crate) fn has(&self, year: i64) -> bool {
        usize::try_from(year)
            .ok()
            .and_then(|y| self.0.get(y / 64).map(|word| word >> (y % 64) & 1 == 1))
            .unwrap_or(false)
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) seconds: u64,
    pub(crate) minutes: u64,
    pub(crate) hours: u32,
    /// Bits 1 to 31.
    pub(crate) days: u32,
    /// Bits 1 to 12.
    pub(crate) months: u16,
    pub(crate) rule: DayRule,
    pub(crate) special: Option<Box<Special>>,
    pub(crate) years: Option<Box<Years>>,
    /// Whether a match past the end of a month moves the clock into the next one (croner 10).
    overflows: bool,
    /// The first year that the scheduler does not look at.
    pub(crate) year_end: i64,
    /// Day masks of `weekdays`, by the weekday of the first of the month.
    by_first: [u32; 7],
    /// Seconds of the day of the first and the last fire of a day.
    first: i64,
    last: i64,
}

/// The value masks of an expression.
pub(crate) struct Masks {
    pub(crate) seconds: u64,
    pub(crate) minutes: u64,
    pub(crate) hours: u32,
    pub(crate) days: u32,
    pub(crate) months: u16,
    pub(crate) weekdays: u8,
}

impl Fields {
    /// Compiles masks. `None` when a time or month mask is empty: nothing can match.
    pub(crate) fn new(masks: &Masks, rule: DayRule, year_end: i64) -> Option<Self> {
        let Masks {
            seconds,
            minutes,
            hours,
            days,
            months,
            weekdays,
        } = *masks;
        if seconds == 0 || minutes == 0 || hours == 0 || months == 0 {
            return None;
        }
        let weeks = u64::from(weekdays & 0x7f) * 0x0002_0408_1020_4081;
        let mut by_first = [0; 7];
        for (first, mask) in (0_u32..).zip(by_first.iter_mut()) {
            // Bit 1 of the mask is the weekday `first`.
            #[expect(clippy::cast_possible_truncation, reason = "31 days of a month")]
            let month = ((weeks >> first) << 1) as u32;
            *mask = month;
        }
        let high = |mask: u64| i64::from(mask.ilog2());
        let low = |mask: u64| i64::from(mask.trailing_zeros());
        Some(Self {
            seconds,
            minutes,
            hours,
            days,
            months,
            rule,
            special: None,
            years: None,
            overflows: true,
            year_end,
            by_first,
            first: low(hours.into()) * 3_600 + low(minutes) * 60 + low(seconds),
            last: high(hours.into()) * 3_600 + high(minutes) * 60 + high(seconds),
        })
    }

    /// Returns the weekdays as bits 0 (Sunday) to 6.
    pub(crate) fn weekdays(&self) -> u32 {
        // In a month that begins on a Sunday, the days 1 to 7 are the weekdays 0 to 6.
        self.by_first.first().map_or(0, |mask| mask >> 1 & 0x7f)
    }

    /// Ends every month at its last day.
    pub(crate) fn within_months(mut self) -> Self {
        self.overflows = false;
        self
    }

    /// Returns the matching days of a month as bits 1 to 31.
    ///
    /// Bits past the end of the month are kept: croner 10 scans every month to day 31.
    #[inline]
    pub(crate) fn month_mask(&self, year: i64, month: u32, first: u32) -> u32 {
        let (mut days, mut weekdays) = (
            self.days,
            self.by_first.get(first as usize).copied().unwrap_or(0),
        );
        if let Some(special) = &self.special {
            special.apply(year, month, first, &mut days, &mut weekdays);
        }
        match self.rule {
            DayRule::Days => days,
            DayRule::Weekdays => weekdays,
            DayRule::Either => days | weekdays,
            DayRule::Both => days & weekdays,
        }
    }

    #[inline]
    fn mask_of(&self, year: i64, month: u32) -> u32 {
        self.month_mask(year, month, weekday_of(days_of(year, month, 1)))
    }

    #[inline]
    fn has_month(&self, month: u32) -> bool {
        self.months >> month & 1 == 1
    }

    #[inline]
    fn has_year(&self, year: i64) -> bool {
        self.years.as_ref().is_none_or(|years| years.has(year))
    }

    /// Returns whether a date matches.
    #[inline]
    pub(crate) fn matches_date(&self, days: i64) -> bool {
        let Date { year, month, day } = date_of(days);
        let first = (weekday_of(days) + 35 - (day - 1)) % 7;
        self.has_month(month)
            && self.has_year(year)
            && self.month_mask(year, month, first) >> day & 1 == 1
    }

    /// Returns whether a wall time matches.
    pub(crate) fn matches(&self, wall: i64) -> bool {
        let time = wall.rem_euclid(DAY);
        self.hours >> (time / 3_600) & 1 == 1
            && self.minutes >> (time / 60 % 60) & 1 == 1
            && self.seconds >> (time % 60) & 1 == 1
            && self.matches_date(wall.div_euclid(DAY))
    }

    /// Returns the first matching second of a day at or after `time`.
    #[inline]
    pub(crate) fn next_time(&self, time: i64) -> Option<i64> {
        if time <= self.first {
            return Some(self.first);
        }
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
        let low = |mask: u64| i64::from(mask.trailing_zeros());
        if self.hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1 {
                let left = self.seconds & (u64::MAX << second);
                if left != 0 {
                    return Some(hour * 3_600 + minute * 60 + low(left));
                }
            }
            let left = self.minutes & (u64::MAX << (minute + 1));
            if left != 0 {
                return Some(hour * 3_600 + low(left) * 60 + low(self.seconds));
            }
        }
        let left = u64::from(self.hours) & (u64::MAX << (hour + 1));
        (left != 0).then(|| low(left) * 3_600 + low(self.minutes) * 60 + low(self.seconds))
    }
}

impl Special {
    fn apply(&self, year: i64, month: u32, first: u32, days: &mut u32, weekdays: &mut u32) {
        let length = month_length(year, month);
        let weekday = |day: u32| (first + day - 1) % 7;
        if self.last_day {
            *days |= 1 << length;
        }
        if self.last_weekday {
            *days |= 1
                << match weekday(length) {
                    0 => length - 2,
                    6 => length - 1,
                    _ => length,
                };
        }
        for day in (1..=length).filter(|day| self.nearest >> day & 1 == 1) {
            // The nearest Monday to Friday, but never in another month.
            *days |= 1
                << match weekday(day) {
                    0 if day == length => day - 2,
                    0 => day + 1,
                    6 if day == 1 => day + 2,
                    6 => day - 1,
                    _ => day,
                };
        }
        if self.counts {
            *weekdays = 0;
            for day in 1..=31 {
                let nth = self.nth.get(weekday(day) as usize).copied().unwrap_or(0);
                let last = day + 7 > length;
                if nth >> day.div_ceil(7) & 1 == 1 || (last && nth & LAST != 0) {
                    *weekdays |= 1 << day;
                }
            }
        }
    }
}
