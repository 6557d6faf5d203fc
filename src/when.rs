//! Durations and instants as people write and read them.
//!
//! Pure: "now" is an argument. Inside, instants are epoch milliseconds UTC and durations milliseconds.

use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, Zoned};

/// Reads a duration: `90s`, `1h30m`, `500ms`, `2d` (days of 24 hours), `PT1H30M`; `0`.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let refused =
        || format!("{text:?} is not a duration such as 90s, 5m, 1h30m, 500ms, 2d or PT1H30M");
    let trimmed = text.trim();
    if trimmed == "0" {
        return Ok(0);
    }
    let too_long = || format!("{text:?} is longer than can be counted");
    let span: Span = trimmed.parse().map_err(|_| {
        // With small numbers it would be one.
        let mut small = String::new();
        for c in trimmed.chars() {
            match c {
                '0'..='9' if small.ends_with('1') => {}
                '0'..='9' => small.push('1'),
                c => small.push(c),
            }
        }
        if small.parse::<Span>().is_ok() {
            too_long()
        } else {
            refused()
        }
    })?;
    let days = SpanRelativeTo::days_are_24_hours();
    // Years and months have no length; anything else that cannot be counted is too long.
    let duration: SignedDuration = span.to_duration(days).map_err(|_| refused())?;
    let ms = i64::try_from(duration.as_millis()).map_err(|_| too_long())?;
    if ms < 0 {
        Err(format!("{text:?} is negative"))
    } else {
        Ok(ms)
    }
}

/// Writes a duration shortly: `0 s`, `45 ms`, `3.5 s`, `2 min`, `1 h 5 min`, `2 d 3 h`.
pub fn duration(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    let (s, rest_ms) = (ms / 1000, ms % 1000);
    let pair = |big: u64, big_name: &str, small: u64, small_name: &str| {
        if small == 0 {
            format!("{sign}{big} {big_name}")
        } else {
            format!("{sign}{big} {big_name} {small} {small_name}")
        }
    };
    match s {
        0 if rest_ms > 0 => format!("{sign}{rest_ms} ms"),
        0..=119 if rest_ms == 0 => format!("{sign}{s} s"),
        0..=119 => {
            let text = format!("{s}.{rest_ms:03}");
            format!("{sign}{} s", text.trim_end_matches('0'))
        }
        120..=7199 => pair(s / 60, "min", s % 60, "s"),
        7200..=172_799 => pair(s / 3600, "h", s / 60 % 60, "min"),
        _ => pair(s / 86400, "d", s / 3600 % 24, "h"),
    }
}

/// Reads an instant: RFC 3339 (seconds may be left out), a local time with a zone in brackets, epoch
/// milliseconds, `now`, or `+2h`/`-30m` from now.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_instant(
    text: &str,
    now_ms: i64,
    zone: impl Fn(&str) -> Option<TimeZone>,
) -> Result<i64, String> {
    let trimmed = text.trim();
    if trimmed == "now" {
        return Ok(now_ms);
    }
    if let Some(after) = trimmed.strip_prefix('+') {
        return Ok(now_ms.saturating_add(parse_duration(after)?));
    }
    if let Some(before) = trimmed.strip_prefix('-') {
        return Ok(now_ms.saturating_sub(parse_duration(before)?));
    }
    if trimmed.len() >= 9 && trimmed.bytes().all(|b| b.is_ascii_digit()) {
        let ms: i64 = trimmed
            .parse()
            .map_err(|_| format!("{text:?} is out of range"))?;
        return Timestamp::from_millisecond(ms)
            .map(|_| ms)
            .map_err(|_| format!("{text:?} is not within the years -9999 to 9999"));
    }
    if let Ok(instant) = trimmed.parse::<Timestamp>() {
        return Ok(instant.as_millisecond());
    }
    if let Some((local, name)) = trimmed.strip_suffix(']').and_then(|t| t.split_once('[')) {
        let tz = zone(name).ok_or_else(|| format!("{name:?} is not a known time zone"))?;
        let local: jiff::civil::DateTime = local
            .parse()
            .map_err(|e| format!("{text:?}: {local:?} is not a local time: {e}"))?;
        return tz
            .to_ambiguous_timestamp(local)
            .compatible()
            .map(Timestamp::as_millisecond)
            .map_err(|e| format!("{text:?}: {e}"));
    }
    let without_z = trimmed.strip_suffix(['Z', 'z']);
    let has_offset = trimmed.rfind(['+', '-']).is_some_and(|at| at > 10);
    let is_time = |text: &str| text.parse::<jiff::civil::DateTime>().is_ok();
    let hint = if without_z.is_some_and(is_time) || (has_offset && is_time(trimmed)) {
        "is too near to the end of what can be said: the years -9999 to 9999"
    } else if is_time(trimmed) {
        "names no zone: add Z, an offset such as -07:00, or [America/Los_Angeles]"
    } else {
        "is not an instant such as 2026-03-31T22:00-07:00, 2026-04-01T05:00:00Z, \
         2026-03-31T22:00[America/Los_Angeles], 1775019600000, now, +2h or -30m"
    };
    Err(format!("{text:?} {hint}"))
}

/// Writes instants with milliseconds, several times as fast as a format string.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// 0000-01-01T00:00:00Z, the first instant that RFC 3339 can write, epoch milliseconds: years before have
/// more than four digits.
pub const YEAR_0_MS: i64 = -62_167_219_200_000;

/// Returns an instant as RFC 3339 in UTC with milliseconds; out of range (beyond the year 9999), its
/// milliseconds as a number.
pub fn utc(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_| ms.to_string(),
        |t| match ms {
            YEAR_0_MS.. => PRINTER.timestamp_to_string(&t),
            _ => t.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        },
    )
}

/// Returns an instant as RFC 3339 with the offset of a zone.
pub fn local(ms: i64, tz: &TimeZone) -> String {
    const DAY_MS: i64 = 86_400_000;
    let Ok(t) = Timestamp::from_millisecond(ms) else {
        return ms.to_string();
    };
    let offset = tz.to_offset(t);
    // The printer rounds what local mean times have beside whole minutes.
    if ms >= YEAR_0_MS + DAY_MS && offset.seconds() % 60 == 0 {
        return PRINTER.timestamp_with_offset_to_string(&t, offset);
    }
    let zoned = t.to_zoned(tz.clone());
    zoned.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
}

/// Returns an instant for reading: `2026-03-31 22:00:00 PDT`, milliseconds only where there are some.
pub fn readable(ms: i64, tz: &TimeZone) -> String {
    let format = if ms.rem_euclid(1000) == 0 {
        "%Y-%m-%d %H:%M:%S %Z"
    } else {
        "%Y-%m-%d %H:%M:%S.%3f %Z"
    };
    in_zone(ms, tz).map_or_else(|| ms.to_string(), |t| t.strftime(format).to_string())
}

/// Returns the time of day of an instant: `22:00:00`, milliseconds only where there are some.
pub fn time_of_day(ms: i64, tz: &TimeZone) -> String {
    let format = if ms.rem_euclid(1000) == 0 {
        "%H:%M:%S"
    } else {
        "%H:%M:%S.%3f"
    };
    in_zone(ms, tz).map_or_else(|| ms.to_string(), |t| t.strftime(format).to_string())
}

fn in_zone(ms: i64, tz: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(tz.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn instants_are_written_as_their_format_says(ms in -70_000_000_000_000_i64..253_402_207_199_999) {
            let t = Timestamp::from_millisecond(ms).unwrap();
            proptest::prop_assert_eq!(utc(ms), t.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
            // The last is Los Angeles by its own noon.
            for seconds in [0, -25_200, 19_800, 50_400, -28_378] {
                let tz = TimeZone::fixed(jiff::tz::Offset::from_seconds(seconds).unwrap());
                let zoned = t.to_zoned(tz.clone());
                let expected = zoned.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string();
                proptest::prop_assert_eq!(local(ms, &tz), expected);
            }
        }
    }

    #[test]
    fn durations_read_as_written() {
        for (text, ms) in [
            ("90s", 90_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("2d", 172_800_000),
            ("PT1H30M", 5_400_000),
            ("0", 0),
            ("0s", 0),
            (" 24h ", 86_400_000),
        ] {
            assert_eq!(parse_duration(text), Ok(ms), "{text}");
        }
        for text in ["", "5", "five minutes ago", "-5s", "1y", "s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_written_shortly() {
        for (ms, text) in [
            (0, "0 s"),
            (45, "45 ms"),
            (3500, "3.5 s"),
            (60_000, "60 s"),
            (360_000, "6 min"),
            (378_000, "6 min 18 s"),
            (3_900_000, "65 min"),
            (9_000_000, "2 h 30 min"),
            (183_600_000, "2 d 3 h"),
            (-5000, "-5 s"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn instants_need_a_zone() {
        let zone =
            |name: &str| (name == "Fixed/Five").then(|| TimeZone::fixed(jiff::tz::offset(-5)));
        let read = |text: &str| parse_instant(text, 1_000_000, zone);
        assert_eq!(read("2026-03-31T00:00-07:00"), Ok(1_774_940_400_000));
        assert_eq!(read("2026-04-01T05:00:00.000Z"), Ok(1_775_019_600_000));
        assert_eq!(read("2026-04-01T00:00[Fixed/Five]"), Ok(1_775_019_600_000));
        assert_eq!(read("1775019600000"), Ok(1_775_019_600_000));
        assert_eq!(read("now"), Ok(1_000_000));
        assert_eq!(read("+2s"), Ok(1_002_000));
        assert_eq!(read("-1s"), Ok(999_000));
        assert!(
            read("2026-04-01T05:00")
                .unwrap_err()
                .contains("names no zone")
        );
        assert!(read("tomorrow").unwrap_err().contains("such as"));
        for late in ["9999-12-31T00:00Z", "9999-12-31T00:00-07:00"] {
            assert!(read(late).unwrap_err().contains("too near"), "{late}");
        }
        assert!(
            read("2026-04-01T00:00[Nowhere]")
                .unwrap_err()
                .contains("known")
        );
    }
}
