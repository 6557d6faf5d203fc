//! The `cron` crate as a dialect: expressions of Rust schedulers built on it, passed on as they are.

use std::fmt;
use std::str::FromStr;

use chrono::offset::LocalResult;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use super::error::ScheduleError;
use super::zone::{Local, Zone};

/// Compiles an expression with the crate's own parser.
pub(crate) fn parse(expr: &str) -> Result<cron::Schedule, ScheduleError> {
    cron::Schedule::from_str(expr).map_err(|e| {
        let error = ScheduleError::syntax(format!("the cron crate refuses it: {e}"));
        if expr.split_whitespace().count() == 5 {
            error.hint("it wants the seconds first: 6 or 7 fields; weekdays are 1-7 from Sunday")
        } else {
            error
        }
    })
}

/// Returns the fire after an instant, epoch milliseconds, as the crate's iterator starts.
pub(crate) fn next(schedule: &cron::Schedule, zone: &Zone, after_ms: i64) -> Option<i64> {
    let after = DateTime::from_timestamp_millis(after_ms)?;
    // Outside of these years the crate has nothing to say, and its arithmetic is not safe.
    let year = chrono::Datelike::year(&after);
    if year > 2_100 {
        return None;
    }
    let after = if year < 1_969 {
        DateTime::from_timestamp(-31_536_000, 0)?
    } else {
        after
    };
    let found = schedule
        .after(&after.with_timezone(&Tz(zone.clone())))
        .next()?;
    Some(found.timestamp_millis())
}

/// A [`Zone`] for chrono.
#[derive(Clone)]
struct Tz(Zone);

/// An offset that remembers its zone, as chrono needs to get from one to the other.
#[derive(Clone)]
struct Offset {
    zone: Zone,
    fixed: FixedOffset,
}

impl fmt::Debug for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fixed, f)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fixed, f)
    }
}

impl chrono::Offset for Offset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl Tz {
    fn east(&self, seconds: i64) -> Offset {
        let fixed = i32::try_from(seconds).ok().and_then(FixedOffset::east_opt);
        Offset {
            zone: self.0.clone(),
            // Every offset of a TZif file is below a day.
            fixed: fixed.unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc)),
        }
    }
}

impl TimeZone for Tz {
    type Offset = Offset;

    fn from_offset(offset: &Offset) -> Self {
        Self(offset.zone.clone())
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> LocalResult<Offset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> LocalResult<Offset> {
        let wall = local.and_utc().timestamp();
        let at = |instant: i64| self.east(wall - instant);
        match self.0.local(wall) {
            Local::Once(instant) => LocalResult::Single(at(instant)),
            Local::Twice { first, second } => LocalResult::Ambiguous(at(first), at(second)),
            Local::Never { .. } => LocalResult::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> Offset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> Offset {
        self.east(self.0.offset(utc.and_utc().timestamp()))
    }
}
