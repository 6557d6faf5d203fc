//! Looking forward: the next matching wall time, and all of them in a span.

use super::super::civil::{DAY, Date, date_of, days_of, month_length, weekday_of};
use super::Fields;

impl Fields {
    /// Returns the first year at or after `year` that the year field allows, within the limit.
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
                let over = if self.overflows { found - length } else { 1 };
                (month, day) = (month + 1, over);
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
}
