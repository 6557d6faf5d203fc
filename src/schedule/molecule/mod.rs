//! When Molecule fires: robfig/cron 3.0.1, which walks real time by month, day, hour and minute.
//!
//! Skipped times do not fire, repeated ones fire twice. When its hour steps cross a shift of half
//! an hour, the minutes stay at :30 until midnight, and whole-hour matches of that day are lost.

#[cfg(test)]
mod tests;

use super::civil::{DAY, Date, date_of, days_of, month_length, weekday_of};
use super::error::{Endless, Hang};
use super::fields::Fields;
use super::zone::{Stretch, Zone};

/// Steps that a walk may take: five years of days are below 2 000.
const FUEL: u32 = 20_000;

/// Returns the instant of a wall time as Go's `time.Date` chooses it: the offset is looked up with
/// the wall time read as UTC, and corrected once.
fn go_date(zone: &Zone, wall: i64) -> i64 {
    let guess = zone.stretch(wall);
    if guess.offset == 0 {
        return wall;
    }
    let at = wall - guess.offset;
    if at >= guess.start && at < guess.end {
        at
    } else {
        wall - zone.offset(at)
    }
}

/// Returns whether the clock change at the end of a stretch skips or repeats a time between
/// midnight and one o'clock.
fn ends_at_midnight(stretch: &Stretch) -> bool {
    let low = stretch.end + stretch.offset.min(stretch.after);
    let high = stretch.end + stretch.offset.max(stretch.after);
    high.div_euclid(DAY) * DAY + 3_600 > low
}

/// A walk through real time.
struct Walk<'a> {
    fields: &'a Fields,
    zone: &'a Zone,
    /// Epoch seconds.
    at: i64,
    stretch: Stretch,
    /// Whether a field was moved on already: from then on nothing is rounded down.
    moved: bool,
    fuel: u32,
}

/// Returns the fire after an instant, epoch milliseconds.
pub(crate) fn next(fields: &Fields, zone: &Zone, after_ms: i64) -> Result<Option<i64>, Hang> {
    let at = after_ms.div_euclid(1_000) + 1;
    let mut walk = Walk {
        fields,
        zone,
        at,
        stretch: zone.stretch(at),
        moved: false,
        fuel: FUEL,
    };
    let found = walk.run().map_err(|Endless| Hang { after_ms })?;
    Ok(found.and_then(|at| at.checked_mul(1_000)))
}

impl Walk<'_> {
    fn go(&mut self, at: i64) {
        self.at = at;
        if at < self.stretch.start || at >= self.stretch.end {
            self.stretch = self.zone.stretch(at);
        }
    }

    fn wall(&self) -> i64 {
        self.at + self.stretch.offset
    }

    fn burn(&mut self) -> Result<(), Endless> {
        self.fuel = self.fuel.checked_sub(1).ok_or(Endless)?;
        Ok(())
    }

    /// Returns the fire, epoch seconds.
    fn run(&mut self) -> Result<Option<i64>, Endless> {
        let limit = date_of(self.wall().div_euclid(DAY)).year + 5;
        loop {
            self.burn()?;
            let wall = self.wall();
            let today = wall.div_euclid(DAY);
            let date = date_of(today);
            if date.year > limit {
                return Ok(None);
            }
            if !self.fields.matches_date(today) {
                // Steps by days keep the time of day: midnight, unless minutes are stuck.
                let time = if self.moved { wall.rem_euclid(DAY) } else { 0 };
                let jump = if time < 3_600 {
                    self.next_date(today, date, limit)
                } else {
                    Jump::Unsafe
                };
                match jump {
                    Jump::To(day) => {
                        self.moved = true;
                        self.go(go_date(self.zone, day * DAY + time));
                    }
                    Jump::Never => return Ok(None),
                    Jump::Unsafe => {
                        if self.step_date(date)? {
                            continue;
                        }
                    }
                }
            }
            // A field that matches is not looked at again unless a later one wraps around, even
            // when a skipped midnight has changed the date meanwhile.
            let wall = self.wall();
            let time = wall.rem_euclid(DAY);
            if self.fields.hours >> (time / 3_600) & 1 == 0 && self.hours(wall)? {
                continue;
            }
            let minute = self.wall().rem_euclid(3_600) / 60;
            if self.fields.minutes >> minute & 1 == 0 && self.minutes()? {
                continue;
            }
            let second = self.wall().rem_euclid(60);
            if second == 0 {
                return Ok(Some(self.at));
            }
            // A started minute is over: on to the next one.
            self.moved = true;
            self.go(self.at + 60 - second);
        }
    }

    /// Finds the next matching day at once, where no clock change on the way touches a midnight.
    fn next_date(&self, today: i64, date: Date, limit: i64) -> Jump {
        let found = self.day_after(date, limit);
        // Without an answer the walk would end in the year after the limit.
        let until = found.unwrap_or_else(|| days_of(limit + 1, 1, 1));
        let from = if self.fields.months >> date.month & 1 == 0 {
            days_of(date.year, date.month, 1)
        } else {
            today
        };
        // The walk visits midnights from the beginning of this month or day on.
        let mut stretch = self.stretch;
        if stretch.start > (from - 1) * DAY {
            stretch = self.zone.stretch((from - 2) * DAY);
        }
        // A zone that changes twice a year always does so at the same time of day, or nearly:
        // each change is looked at.
        while stretch.end != i64::MAX && stretch.end <= (until + 1) * DAY + DAY {
            if ends_at_midnight(&stretch) {
                return Jump::Unsafe;
            }
            stretch = self.zone.stretch(stretch.end);
        }
        found.map_or(Jump::Never, Jump::To)
    }

    /// Returns the first matching day after a date that does not match, by the calendar alone.
    fn day_after(&self, from: Date, limit: i64) -> Option<i64> {
        let Date {
            mut year,
            mut month,
            mut day,
        } = from;
        while year <= limit {
            let left = u32::from(self.fields.months) >> month;
            if left == 0 {
                (year, month, day) = (year + 1, 1, 1);
                continue;
            }
            if left & 1 == 0 {
                (month, day) = (month + left.trailing_zeros(), 1);
            }
            let start = days_of(year, month, 1);
            let mask = self.fields.month_mask(year, month, weekday_of(start)) & (u32::MAX << day);
            let found = mask.trailing_zeros();
            if mask != 0 && found <= month_length(year, month) {
                return Some(start + i64::from(found) - 1);
            }
            (year, month, day) = if month == 12 {
                (year + 1, 1, 1)
            } else {
                (year, month + 1, 1)
            };
        }
        None
    }

    /// The real walk by months and days, midnights included that do not exist, until both match
    /// (`false`) or the year or the month ends (`true`).
    fn step_date(&mut self, date: Date) -> Result<bool, Endless> {
        let month_matches = self.fields.months >> date.month & 1 == 1;
        if !self.moved {
            self.moved = true;
            let day = if month_matches { date.day } else { 1 };
            let midnight = days_of(date.year, date.month, i64::from(day)) * DAY;
            self.go(go_date(self.zone, midnight));
        }
        // A step is always made: rounding down may have met a skipped midnight and gone back.
        if !month_matches {
            // The same day and time of the next month.
            loop {
                self.burn()?;
                let wall = self.wall();
                let Date { year, month, day } = date_of(wall.div_euclid(DAY));
                let (year, month) = if month == 12 {
                    (year + 1, 1)
                } else {
                    (year, month + 1)
                };
                let days = days_of(year, month, i64::from(day));
                self.go(go_date(self.zone, days * DAY + wall.rem_euclid(DAY)));
                let month = date_of(self.wall().div_euclid(DAY)).month;
                if month == 1 {
                    return Ok(true);
                }
                if self.fields.months >> month & 1 == 1 {
                    break;
                }
            }
            if self.day_matches() {
                return Ok(false);
            }
        }
        loop {
            self.burn()?;
            self.go(go_date(self.zone, self.wall() + DAY));
            // robfig's repair of a midnight that the clock skipped.
            let hour = self.wall().rem_euclid(DAY) / 3_600;
            if hour > 12 {
                self.go(self.at + (24 - hour) * 3_600);
            } else if hour != 0 {
                self.go(self.at - hour * 3_600);
            }
            if date_of(self.wall().div_euclid(DAY)).day == 1 {
                return Ok(true);
            }
            if self.day_matches() {
                return Ok(false);
            }
        }
    }

    /// Returns whether the day fields match, whatever the month.
    fn day_matches(&self) -> bool {
        let Date { year, month, day } = date_of(self.wall().div_euclid(DAY));
        let first = weekday_of(days_of(year, month, 1));
        self.fields.month_mask(year, month, first) >> day & 1 == 1
    }

    /// Steps by real hours until the hour matches (`false`) or the day ends (`true`).
    fn hours(&mut self, wall: i64) -> Result<bool, Endless> {
        if !self.moved {
            self.moved = true;
            self.go(go_date(self.zone, wall - wall.rem_euclid(3_600)));
        }
        loop {
            let hour = self.wall().rem_euclid(DAY) / 3_600;
            let left = u64::from(self.fields.hours) & (u64::MAX << (hour + 1));
            let to = if left == 0 {
                24
            } else {
                i64::from(left.trailing_zeros())
            };
            let target = self.at + (to - hour) * 3_600;
            if target < self.stretch.end {
                self.at = target;
                return Ok(left == 0);
            }
            self.burn()?;
            self.go(self.at + 3_600);
            let hour = self.wall().rem_euclid(DAY) / 3_600;
            if hour == 0 {
                return Ok(true);
            }
            if self.fields.hours >> hour & 1 == 1 {
                return Ok(false);
            }
        }
    }

    /// Steps by minutes until the minute matches (`false`) or the hour ends (`true`).
    fn minutes(&mut self) -> Result<bool, Endless> {
        if !self.moved {
            self.moved = true;
            self.go(self.at - self.at.rem_euclid(60));
        }
        loop {
            let minute = self.wall().rem_euclid(3_600) / 60;
            let left = self.fields.minutes & (u64::MAX << (minute + 1));
            let to = if left == 0 {
                60
            } else {
                i64::from(left.trailing_zeros())
            };
            let target = self.at + (to - minute) * 60;
            if target < self.stretch.end {
                self.at = target;
                return Ok(left == 0);
            }
            self.burn()?;
            self.go(self.at + 60);
            let minute = self.wall().rem_euclid(3_600) / 60;
            if minute == 0 {
                return Ok(true);
            }
            if self.fields.minutes >> minute & 1 == 1 {
                return Ok(false);
            }
        }
    }
}

/// Where the date goes.
enum Jump {
    /// To this day, counted from 1970-01-01.
    To(i64),
    /// Past the fifth year that follows: robfig gives up.
    Never,
    /// A clock change on the way touches a midnight: every step must be walked.
    Unsafe,
}
