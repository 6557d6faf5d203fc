//! What a compiled expression asks for, in one form for all dialects: for words, traps and notes.

use std::borrow::Cow;

use cron::TimeUnitSpec;

use super::fields::{DayRule, Fields, Masks, Years};

/// What a compiled expression asks for.
pub(crate) enum Shape<'a> {
    /// Nothing.
    Never,
    /// One instant, epoch milliseconds.
    Once(i64),
    /// Matching wall times.
    Match(Cow<'a, Fields>),
}

/// The years that the `cron` crate looks at.
const CRATE_YEARS: std::ops::RangeInclusive<u32> = 1970..=2100;

impl<'a> Shape<'a> {
    /// A shape that is read off the engine's own masks.
    pub(crate) fn borrowed(fields: &'a Fields) -> Self {
        Self::Match(Cow::Borrowed(fields))
    }

    /// A shape of the `cron` crate: both day fields must match, weekdays are 1 to 7 from Sunday.
    pub(crate) fn of_crate(schedule: &cron::Schedule) -> Self {
        fn mask(spec: &impl TimeUnitSpec, range: std::ops::RangeInclusive<u32>) -> u64 {
            range
                .filter(|v| spec.includes(*v))
                .fold(0, |mask, v| mask | 1 << v)
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "each mask holds only the values of its range"
        )]
        let masks = Masks {
            seconds: mask(schedule.seconds(), 0..=59),
            minutes: mask(schedule.minutes(), 0..=59),
            hours: mask(schedule.hours(), 0..=23) as u32,
            days: mask(schedule.days_of_month(), 1..=31) as u32,
            months: mask(schedule.months(), 1..=12) as u16,
            weekdays: (mask(schedule.days_of_week(), 1..=7) >> 1) as u8,
        };
        let year_end = i64::from(*CRATE_YEARS.end()) + 1;
        let Some(mut fields) = Fields::new(&masks, DayRule::Both, year_end) else {
            return Self::Never;
        };
        if !schedule.years().is_all() {
            let mut years = Years::default();
            for year in CRATE_YEARS.filter(|y| schedule.years().includes(*y)) {
                years.add(year);
            }
            fields.years = Some(Box::new(years));
        }
        Self::Match(Cow::Owned(fields))
    }

    /// Returns the masks, when wall times are what is asked for.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Match(fields) => Some(fields),
            _ => None,
        }
    }
}

/// Every day of a month.
pub(crate) const ALL_DAYS: u32 = 0xffff_fffe;
/// Every weekday.
pub(crate) const ALL_WEEKDAYS: u32 = 0x7f;

/// Returns the numbers of the bits of a mask, ascending.
pub(crate) fn values(mask: u64) -> Vec<u32> {
    (0..64).filter(|bit| mask >> bit & 1 == 1).collect()
}

/// Returns the years that a year field allows, ascending.
pub(crate) fn years(years: &Years) -> Vec<u32> {
    (0..10_000_u32)
        .filter(|year| years.has(i64::from(*year)))
        .collect()
}

/// Returns the step of three or more values with equal gaps of more than one.
pub(crate) fn regular(values: &[u32]) -> Option<u32> {
    let [first, second, _, ..] = values else {
        return None;
    };
    let step = second - first;
    let even = values
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if b - a == step));
    (step > 1 && even).then_some(step)
}

/// Returns runs of consecutive values: first and last of each.
pub(crate) fn runs(values: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *value => *last = *value,
            _ => runs.push((*value, *value)),
        }
    }
    runs
}

impl Fields {
    /// Whether the day of the month allows every day.
    pub(crate) fn every_day(&self) -> bool {
        self.days == ALL_DAYS
    }

    /// Whether the weekday field allows every weekday, without counting them.
    pub(crate) fn every_weekday(&self) -> bool {
        self.weekdays() == ALL_WEEKDAYS && !self.special.as_ref().is_some_and(|s| s.counts)
    }
}
