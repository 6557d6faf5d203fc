//! Looking back, with croner's own slips.

use super::super::civil::{DAY, Date, date_of, days_of, month_length};
use super::{DayRule, Fields};

/// Steps of a search back: 29 February on a given weekday takes at most 40 years of months.
const BACK: u32 = 10_000;

/// croner 10.0.1 throws instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crash;

/// The length of a month in croner's table, which knows no leap years.
fn table_length(month: u32) -> u32 {
    month_length(2_001, month)
}

impl Fields {
    /// Returns the last matching wall time strictly before `wall`, as croner 10.0.1 finds it.
    ///
    /// # Errors
    /// [`Crash`] where croner itself throws: when its search back by months (or years) lands in a
    /// month that is shorter than the day it starts from there. It takes February to have 28 days.
    pub(crate) fn previous_wall(&self, wall: i64) -> Result<Option<i64>, Crash> {
        let wall = wall - 1;
        let mut date = date_of(wall.div_euclid(DAY));
        let mut time = wall.rem_euclid(DAY);
        // A search without an answer goes on until croner's stack is full.
        for _ in 0..BACK {
            if !self.has_year(date.year) {
                let Some(year) = self.year_back(date.year) else {
                    return Ok(None);
                };
                time = DAY - 1;
                date = Date {
                    year,
                    month: 12,
                    day: 31,
                };
            }
            if !self.has_month(date.month) {
                let earlier = u32::from(self.months) & ((1 << date.month) - 1);
                time = DAY - 1;
                if earlier == 0 {
                    // croner sets the day before the year and the month: a day that the month it
                    // leaves has as well may overflow the month it goes to.
                    let month = u32::from(self.months).ilog2();
                    let mut day = self.start_back();
                    let mut year = date.year - 1;
                    if day > month_length(date.year, date.month) {
                        let Some(found) = self.year_back(year) else {
                            return Ok(None);
                        };
                        year = found;
                        day = day.min(month_length(year, month));
                    }
                    date = date_of(days_of(year, month, i64::from(day)));
                    continue;
                }
                let month = earlier.ilog2();
                let day = self.start_in(date.year, month);
                if day > table_length(month) {
                    return Err(Crash);
                }
                date = Date { month, day, ..date };
            }
            let Date { year, month, day } = date;
            let mask = self.mask_of(year, month) & (u32::MAX >> (31 - day));
            if mask == 0 {
                time = DAY - 1;
                date = date_of(days_of(year, month, 1) - 1);
                date.day = date.day.min(self.start_back());
                continue;
            }
            let found = mask.ilog2();
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
        Err(Crash)
    }

    /// Returns the last allowed year at or before a year.
    fn year_back(&self, year: i64) -> Option<i64> {
        match &self.years {
            None => Some(year),
            Some(years) => (0..=year).rev().find(|&y| years.has(y)),
        }
    }

    /// Returns the day at which croner's backward search begins in a month that it moved to.
    fn start_in(&self, year: i64, month: u32) -> u32 {
        if self.looks_at_month() {
            month_length(year, month)
        } else {
            self.start_back()
        }
    }

    /// Returns the last plain day that the expression names, 31 where it depends on the month.
    fn start_back(&self) -> u32 {
        if self.looks_at_month() || self.days == 0 {
            31
        } else {
            self.days.ilog2()
        }
    }

    fn looks_at_month(&self) -> bool {
        self.special.as_ref().is_some_and(|s| s.last_day) || self.rule != DayRule::Days
    }

    /// Returns the last matching second of a day at or before `time`.
    fn previous_time(&self, time: i64) -> Option<i64> {
        if time >= self.last {
            return Some(self.last);
        }
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
        let high = |mask: u64| i64::from(mask.ilog2());
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
}
