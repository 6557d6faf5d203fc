//! The day engine: an expression as bit masks, and the next or previous wall time that matches.
//!
//! Knows calendars, not zones: both dialects use it, each with its own fire policy on top.

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

/// The years that a seventh field allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Years(pub(crate) Vec<u64>);

impl Years {
    fn has(&self, year: i64) -> bool {
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
        let high = |mask: u64| i64::from(63 - mask.leading_zeros());
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
            year_end,
            by_first,
            first: low(hours.into()) * 3_600 + low(minutes) * 60 + low(seconds),
            last: high(hours.into()) * 3_600 + high(minutes) * 60 + high(seconds),
        })
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

    /// Returns the weekdays as bits 0 (Sunday) to 6.
    pub(crate) fn weekdays(&self) -> u32 {
        // In a month that begins on a Sunday, the days 1 to 7 are the weekdays 0 to 6.
        self.by_first.first().map_or(0, |mask| mask >> 1 & 0x7f)
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

    /// Returns the last matching second of a day at or before `time`.
    fn previous_time(&self, time: i64) -> Option<i64> {
        if time >= self.last {
            return Some(self.last);
        }
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
        let high = |mask: u64| i64::from(63 - mask.leading_zeros());
        let below = |bit: i64| (1_u64 << bit) - 1;
        if self.hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1 {
                let left = self.seconds & below(second + 1);
                if left != 0 {
                    return Some(hour * 3_600 + minute * 60 + high(left));
                }
            }
            let left = self.minutes & below(minute);
            if left != 0 {
                return Some(hour * 3_600 + high(left) * 60 + high(self.seconds));
            }
        }
        let left = u64::from(self.hours) & below(hour);
        (left != 0).then(|| high(left) * 3_600 + high(self.minutes) * 60 + high(self.seconds))
    }

    /// Returns the last year at or after `year` that the year field allows, within the limit.
    #[inline]
    fn year_from(&self, year: i64) -> Option<i64> {
        let found = match &self.years {
            None => year,
            Some(years) => (year.max(0)..self.year_end).find(|&y| years.has(y))?,
        };
        (found < self.year_end).then_some(found)
    }

    /// Returns the first matching wall time at or after `wall`, as croner 10.0.1 finds it.
    ///
    /// Its day scan runs to 31 in every month. A match past the end of February moves the clock
    /// on to "30 February", which is 2 March: earlier days of March are lost. When the last day of
    /// February itself matched and its times are used up, the scan restarts on 1 March.
    pub(crate) fn next_wall(&self, wall: i64) -> Option<i64> {
        let mut day = wall.div_euclid(DAY);
        let time = wall.rem_euclid(DAY);
        let mut date = date_of(day);
        if self.has_month(date.month) && self.has_year(date.year) && date.year < self.year_end {
            let first = (weekday_of(day) + 35 - (date.day - 1)) % 7;
            let mask = self.month_mask(date.year, date.month, first);
            if mask >> date.day & 1 == 1 {
                if let Some(time) = self.next_time(time) {
                    return Some(day * DAY + time);
                }
                // The usual answer: a later day of the same month.
                let left = mask & (u32::MAX << date.day << 1);
                let found = left.trailing_zeros();
                if left != 0 && found <= month_length(date.year, date.month) {
                    return Some((day + i64::from(found - date.day)) * DAY + self.first);
                }
                day += 1;
                date = date_of(day);
            }
        }
        self.next_date(date).map(|day| day * DAY + self.first)
    }

    /// Returns the first matching day at or after `date`.
    fn next_date(&self, from: Date) -> Option<i64> {
        let Date {
            mut year,
            mut month,
            mut day,
        } = from;
        loop {
            let allowed = self.year_from(year)?;
            if allowed != year {
                (year, month, day) = (allowed, 1, 1);
            }
            let left = u32::from(self.months) >> month;
            if left == 0 {
                (year, month, day) = (year + 1, 1, 1);
                continue;
            }
            if left & 1 == 0 {
                (month, day) = (month + left.trailing_zeros(), 1);
            }
            let start = days_of(year, month, 1);
            let mask = self.month_mask(year, month, weekday_of(start)) & (u32::MAX << day);
            let length = month_length(year, month);
            if mask == 0 {
                (month, day) = (month + 1, 1);
            } else {
                let found = mask.trailing_zeros();
                if found <= length {
                    return Some(start + i64::from(found) - 1);
                }
                (month, day) = (month + 1, found - length);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    /// Calls `emit` with every matching wall time in `[from, until)`, ascending, as the chain of
    /// [`Fields::next_wall`] from a fire just before `from` gives them.
    #[inline]
    pub(crate) fn each_wall(&self, from: i64, until: i64, emit: &mut impl FnMut(i64)) {
        if from >= until {
            return;
        }
        let (first_day, last_day) = (from.div_euclid(DAY), (until - 1).div_euclid(DAY));
        let mut next = Some(first_day).filter(|&d| self.matches_date(d));
        // A match whose times are used up restarts the scan cleanly on the day after it.
        let mut after = first_day + i64::from(next.is_some());
        loop {
            let day = match next.take() {
                Some(day) => day,
                None if after > last_day => return,
                None => match self.next_date(date_of(after)) {
                    Some(day) if day <= last_day => day,
                    _ => return,
                },
            };
            let base = day * DAY;
            if day == first_day || day == last_day {
                self.each_time(&mut |time| {
                    let wall = base + time;
                    if wall >= from && wall < until {
                        emit(wall);
                    }
                });
            } else {
                self.each_time(&mut |time| emit(base + time));
            }
            after = day + 1;
            if after > last_day {
                return;
            }
            if self.matches_date(after) {
                next = Some(after);
            }
        }
    }

    /// Calls `emit` with every matching second of a day, ascending.
    #[inline]
    fn each_time(&self, emit: &mut impl FnMut(i64)) {
        let mut hours = self.hours;
        while hours != 0 {
            let hour = i64::from(hours.trailing_zeros()) * 3_600;
            hours &= hours - 1;
            let mut minutes = self.minutes;
            while minutes != 0 {
                let minute = hour + i64::from(minutes.trailing_zeros()) * 60;
                minutes &= minutes - 1;
                let mut seconds = self.seconds;
                while seconds != 0 {
                    emit(minute + i64::from(seconds.trailing_zeros()));
                    seconds &= seconds - 1;
                }
            }
        }
    }

    /// Returns the last matching wall time strictly before `wall`, as croner 10.0.1 finds it.
    ///
    /// # Errors
    /// [`Crash`] where croner itself throws: when its search back by months (or years) lands in a
    /// month that is shorter than the day it starts from there. It takes February to have 28 days.
    pub(crate) fn previous_wall(&self, wall: i64) -> Result<Option<i64>, Crash> {
        let wall = wall - 1;
        let mut date = date_of(wall.div_euclid(DAY));
        let mut time = wall.rem_euclid(DAY);
        let oldest = if self.years.is_some() {
            0
        } else {
            date.year - 420
        };
        loop {
            if date.year < oldest {
                return Ok(None);
            }
            if !self.has_year(date.year) {
                let Some(year) = (0..date.year).rev().find(|&y| self.has_year(y)) else {
                    return Ok(None);
                };
                let month = 31 - u32::from(self.months).leading_zeros();
                let day = self.start_back(year, month);
                time = DAY - 1;
                if day > table_length(month) {
                    return Err(Crash);
                }
                date = Date { year, month, day };
            }
            if !self.has_month(date.month) {
                let earlier = u32::from(self.months) & ((1 << date.month) - 1);
                time = DAY - 1;
                if earlier == 0 {
                    // The day is set before the year and the month are.
                    let day = self.start_back(date.year, date.month);
                    let month = 31 - u32::from(self.months).leading_zeros();
                    date = date_of(days_of(date.year - 1, month, i64::from(day)));
                    continue;
                }
                let month = 31 - earlier.leading_zeros();
                let day = self.start_back(date.year, month);
                if day > table_length(month) {
                    if self.years.is_none() {
                        return Err(Crash);
                    }
                    date = date_of(days_of(date.year, month, i64::from(day)));
                    continue;
                }
                date = Date { month, day, ..date };
            }
            let Date { year, month, day } = date;
            let mask = self.mask_of(year, month) & (u32::MAX >> (31 - day));
            if mask == 0 {
                time = DAY - 1;
                date = date_of(days_of(year, month, 1) - 1);
                continue;
            }
            let found = 31 - mask.leading_zeros();
            if found != day {
                time = DAY - 1;
            }
            let days = days_of(year, month, i64::from(found));
            if let Some(time) = self.previous_time(time) {
                return Ok(Some(days * DAY + time));
            }
            time = DAY - 1;
            date = date_of(days - 1);
        }
    }

    /// Returns the day at which croner begins in a month that its backward search moved to.
    fn start_back(&self, year: i64, month: u32) -> u32 {
        let by_month =
            self.special.as_ref().is_some_and(|s| s.last_day) || self.rule != DayRule::Days;
        if by_month {
            month_length(year, month)
        } else if self.days == 0 {
            31
        } else {
            31 - self.days.leading_zeros()
        }
    }
}

/// croner 10.0.1 throws instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crash;

/// The length of a month in croner's table, which knows no leap years.
fn table_length(month: u32) -> u32 {
    month_length(2_001, month)
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
