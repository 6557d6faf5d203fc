//! Calendar arithmetic on plain numbers: proleptic Gregorian days, no zone.
//!
//! A *wall second* is the reading of a local clock, counted as if that clock showed UTC.

/// Seconds in a civil day.
pub(crate) const DAY: i64 = 86_400;

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u32,
    /// 1 to 31.
    pub(crate) day: u32,
}

/// Returns the days from 1970-01-01 to a date; `day` may lie outside the month.
pub(crate) fn days_of(year: i64, month: u32, day: i64) -> i64 {
    // Years that start in March put the leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = i64::from((month + 9) % 12);
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Returns the date of a day counted from 1970-01-01.
pub(crate) fn date_of(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    // 0 to 146 096, so the narrow type is exact.
    #[expect(clippy::cast_possible_truncation, reason = "a remainder below 146 097")]
    let of_era = days.rem_euclid(146_097) as u32;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = i64::from(year) + era * 400 + i64::from(month <= 2);
    Date { year, month, day }
}

/// Returns whether a year has a 29 February.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of days in a month (1 to 12).
pub(crate) fn month_length(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the weekday of a day counted from 1970-01-01: 0 is Sunday.
pub(crate) fn weekday_of(days: i64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "a remainder below 7")]
    let weekday = (days + 4).rem_euclid(7) as u32;
    weekday
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-1_000_000..3_000_000).step_by(17) {
            let d = date_of(days);
            assert_eq!(days_of(d.year, d.month, i64::from(d.day)), days);
            assert!(d.day <= month_length(d.year, d.month));
        }
        assert_eq!(
            date_of(0),
            Date {
                year: 1970,
                month: 1,
                day: 1
            }
        );
        assert_eq!(days_of(2026, 11, 21), 20_778);
        assert_eq!(weekday_of(20_778), 6, "2026-11-21 is a Saturday");
        assert_eq!(days_of(2026, 2, 31), days_of(2026, 3, 3), "days overflow");
    }
}
