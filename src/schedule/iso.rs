//! Dates as JavaScript reads them (`Date.parse` of V8), for `at` jobs and for text with a `:` where
//! a cron expression is expected.
//!
//! ISO 8601 exactly; V8's lenient reading of anything else (`Dec 1, 2026 10:00`, even `0 9 * * 1:`)
//! for its usual forms, as observed with Node 20 and 24.

use super::civil::{DAY, days_of};

/// A date text that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// The reading in milliseconds, as if it were UTC.
    pub(crate) wall_ms: i64,
    /// The offset that the text states, seconds east of UTC.
    pub(crate) offset: Option<i64>,
}

impl Parsed {
    /// Returns the instant, with UTC where the text states no offset.
    pub(crate) fn utc_ms(self) -> i64 {
        self.wall_ms - self.offset.unwrap_or(0) * 1_000
    }
}

/// Reads a date text.
pub(crate) fn parse(text: &str) -> Option<Parsed> {
    strict(text).or_else(|| lenient(text))
}

/// A position in a text.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek().is_some_and(|b| b.eq_ignore_ascii_case(&byte));
        if here {
            self.take();
        }
        here
    }

    /// Reads exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let here = self.0.get(..count)?;
        here.iter().all(u8::is_ascii_digit).then_some(())?;
        self.0 = self.0.get(count..)?;
        Some(here.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    }

    /// Reads all digits that follow: those after the ninth that counts change nothing, as in V8.
    fn number(&mut self) -> i64 {
        let mut n = 0_i64;
        while let Some(b) = self.peek().filter(u8::is_ascii_digit) {
            if n < 100_000_000 {
                n = n * 10 + i64::from(b - b'0');
            }
            self.take();
        }
        n
    }

    /// Reads the hours and minutes of an offset, seconds; a number that is no minute is a part of the
    /// date, as any other.
    fn east(&mut self, date: &mut Vec<i64>) -> Option<i64> {
        let before = self.0.len();
        let n = self.number();
        let (hours, mut minutes) = match before - self.0.len() {
            _ if self.peek() == Some(b':') => (n, 0),
            1 | 2 => (n, 0),
            3 | 4 => (n / 100, n % 100),
            _ => return None,
        };
        if self.eat(b':') && self.peek().is_some_and(|b| b.is_ascii_digit()) {
            match self.number() {
                n if n < 60 => minutes = n,
                n => {
                    date.push(n);
                    self.eat(b'-');
                }
            }
        }
        seconds_east(hours, minutes)
    }

    fn fraction_ms(&mut self) -> i64 {
        let mut ms = 0;
        let mut unit = 100;
        while let Some(b) = self.peek().filter(u8::is_ascii_digit) {
            ms += i64::from(b - b'0') * unit;
            unit /= 10;
            self.take();
        }
        ms
    }
}

/// The profile of ISO 8601 that ECMAScript defines; `+0530` without its colon is taken too.
fn strict(text: &str) -> Option<Parsed> {
    let mut at = Cursor(text.as_bytes());
    let year = match at.peek()? {
        b'+' => {
            at.take();
            at.digits(6)?
        }
        b'-' => {
            at.take();
            -at.digits(6)?
        }
        _ => at.digits(4)?,
    };
    let (mut month, mut day) = (1, 1);
    if at.eat(b'-') {
        month = at.digits(2)?;
        if at.eat(b'-') {
            day = at.digits(2)?;
        }
    }
    let mut time = 0;
    let mut offset = Some(0);
    if at.eat(b'T') {
        let hour = at.digits(2)?;
        at.eat(b':').then_some(())?;
        let minute = at.digits(2)?;
        let (mut second, mut ms) = (0, 0);
        if at.eat(b':') {
            second = at.digits(2)?;
            if at.eat(b'.') {
                at.peek().filter(u8::is_ascii_digit)?;
                ms = at.fraction_ms();
            }
        }
        time = time_ms(hour, minute, second, ms)?;
        offset = None;
        if at.eat(b'Z') {
            offset = Some(0);
        } else if let Some(sign @ (b'+' | b'-')) = at.peek() {
            at.take();
            let hours = at.digits(2)?;
            at.eat(b':');
            let minutes = at.digits(2)?;
            (hours < 24 && minutes < 60).then_some(())?;
            let east = hours * 3_600 + minutes * 60;
            offset = Some(if sign == b'-' { -east } else { east });
        }
    }
    at.peek().is_none().then_some(())?;
    Some(Parsed {
        wall_ms: date_ms(year, month, day)? + time,
        offset,
    })
}

/// V8 counts in 32 bits, and refuses what does not fit 31.
fn seconds_east(hours: i64, minutes: i64) -> Option<i64> {
    let wrapped = (hours * 3_600 + minutes * 60) & i64::from(u32::MAX);
    i32::try_from(wrapped).ok().map(i64::from)
}

fn time_ms(hour: i64, minute: i64, second: i64, ms: i64) -> Option<i64> {
    let total = ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
    let fits = hour < 24 && minute < 60 && second < 60 || total == DAY * 1_000;
    fits.then_some(total)
}

/// Days beyond the end of a month run into the next one, up to 31.
fn date_ms(year: i64, month: i64, day: i64) -> Option<i64> {
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(())?;
    Some(days_of(year, u32::try_from(month).ok()?, day) * DAY * 1_000)
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Hours east of UTC of the zone words that V8 knows.
const ZONES: [(&str, i64); 12] = [
    ("utc", 0),
    ("ut", 0),
    ("gmt", 0),
    ("z", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// V8's reading of other texts: numbers make up the date, numbers with a `:` the time.
fn lenient(text: &str) -> Option<Parsed> {
    let mut at = Cursor(text.as_bytes());
    let mut date: Vec<i64> = Vec::new();
    let mut time: Vec<i64> = Vec::new();
    let (mut time_open, mut named_month, mut afternoon) = (false, None, None);
    let (mut offset, mut seen_number, mut ms) = (None, false, 0);
    while let Some(byte) = at.peek() {
        if byte.is_ascii_digit() {
            seen_number = true;
            let n = at.number();
            if at.eat(b':') {
                at.eat(b':');
                time.push(n);
                time_open = true;
            } else if time_open {
                time.push(n);
                time_open = false;
                if time.len() == 3 && at.eat(b'.') {
                    ms = at.fraction_ms();
                }
            } else {
                date.push(n);
                at.eat(b'-');
            }
        } else if byte.is_ascii_alphabetic() {
            let end =
                at.0.iter()
                    .position(|b| !b.is_ascii_alphabetic())
                    .unwrap_or(at.0.len());
            let word = String::from_utf8_lossy(at.0.get(..end)?).to_ascii_lowercase();
            at.0 = at.0.get(end..)?;
            let start = word.get(..3).unwrap_or(&word);
            if word == "am" || word == "pm" {
                afternoon = Some(word == "pm");
            } else if let Some(i) = MONTHS.iter().position(|m| *m == start) {
                named_month = Some(i64::try_from(i).ok()? + 1);
                at.eat(b'-');
            } else if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == word) {
                offset = Some(hours * 3_600);
            } else if seen_number {
                return None;
            }
        } else if matches!(byte, b'+' | b'-') && (offset.is_some() || !time.is_empty()) {
            at.take();
            let east = at.east(&mut date)?;
            offset = Some(if byte == b'-' { -east } else { east });
            time_open = false;
        } else if byte == b'(' {
            while at.take().is_some_and(|b| b != b')') {}
        } else {
            at.take();
            if !byte.is_ascii_whitespace() {
                time_open = false;
            }
        }
    }
    let [first, second, third] = match date.as_slice() {
        [a] => [*a, 1, 1],
        [a, b] => [*a, *b, 1],
        [a, b, c] => [*a, *b, *c],
        _ => return None,
    };
    let is_day = |n: i64| (1..=31).contains(&n);
    let (year, month, day) = match named_month {
        Some(month) if is_day(first) => (second, month, first),
        Some(month) => (first, month, second),
        None if is_day(first) => (third, first, second),
        None => (first, second, third),
    };
    let year = match year {
        0..=49 => year + 2_000,
        50..=99 => year + 1_900,
        _ => year,
    };
    (year <= 275_760).then_some(())?;
    let [mut hour, minute, second] = match time.as_slice() {
        [] => [0, 0, 0],
        [h] => [*h, 0, 0],
        [h, m] => [*h, *m, 0],
        [h, m, s] => [*h, *m, *s],
        _ => return None,
    };
    if let Some(afternoon) = afternoon {
        (1..=12).contains(&hour).then_some(())?;
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    (hour <= 24 && minute < 60 && second < 60).then_some(())?;
    Some(Parsed {
        wall_ms: date_ms(year, month, day)? + time_ms(hour, minute, second, ms)?,
        offset,
    })
}

/// Reads the instant of an `at` job: epoch milliseconds, or a date, UTC where it names no zone.
pub(crate) fn at_ms(text: &str) -> Option<i64> {
    let text = text.trim_matches(super::text::is_js_space);
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let n: i64 = text.parse().ok()?;
        if n > 0 {
            return Some(n);
        }
    }
    parse(text).map(Parsed::utc_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_v8_reads_them() {
        for (text, expect) in [
            ("2026-12-01T00:00:00", Some((1_796_083_200_000, None))),
            (
                "2026-12-01T00:00:00+05:30",
                Some((1_796_083_200_000, Some(19_800))),
            ),
            ("2026-12-01t00:00z", Some((1_796_083_200_000, Some(0)))),
            ("2026-12-01", Some((1_796_083_200_000, Some(0)))),
            ("2026-12-01T24:00:00", Some((1_796_169_600_000, None))),
            ("2026-02-30T00:00:00", Some((1_772_409_600_000, None))),
            ("2026-12-01 00:00", Some((1_796_083_200_000, None))),
            ("Dec 1, 2026 00:00 GMT", Some((1_796_083_200_000, Some(0)))),
            ("12/01/2026 12:00 AM", Some((1_796_083_200_000, None))),
            ("0 9 * * 1:", Some((967_770_000_000, None))),
            ("5 9 * * 1:", Some((989_370_000_000, None))),
            ("32 9 * * 1:", Some((1_977_613_200_000, None))),
        ] {
            let found = parse(text).map(|p| (p.wall_ms, p.offset));
            assert_eq!(found, expect, "{text}");
        }
        for text in [
            "",
            ":",
            "12:30",
            "9:00",
            "2026-13-01T00:00:00",
            "2026-12-01T25:00:00",
            "2026-12-01T1:00",
            "13 9 * * 1:",
            "0 9 * * 1:x",
            "0 9 * * 25:",
            "0 9 1 1 1:",
            "tomorrow 10:00",
            "10:00 daily",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_as_v8_reads_them() {
        // What Node 24 answers.
        for (text, expect) in [
            ("1/1/2000 0:2:3-596523:14", Some(3_094_168_563_000)),
            ("1/1/2000 0:2:3-596523:15", None),
            ("1/1/2000 0:2:3-1193046:00", None),
            ("1/1/2000 0:2:3+1193047:00", Some(946_683_019_000)),
            ("1/1/2000 0:2:3-0:0555555555555550", None),
            ("1/1/2000 0:2:3-0:0555", None),
            ("1/1/2000 0:2:3-99:99", None),
            ("1/1/2000 0:2:3-9999", Some(947_047_263_000)),
            ("1/1/2000 0:2:3-99999", None),
            ("1/1/2000 0:2:3-100:00", Some(947_044_923_000)),
            ("1/1/2000 0:2:3+400000:00", Some(-493_315_077_000)),
            ("1/1/2000 0:2:3-0:000000000000000005", Some(946_685_223_000)),
            ("1/1/2000 0:2:3-0:100000000000", None),
            ("1/1/20000000001", None),
        ] {
            let found = parse(text).filter(|p| p.offset.is_some());
            assert_eq!(found.map(Parsed::utc_ms), expect, "{text}");
        }
    }

    #[test]
    fn instants_of_at_jobs() {
        assert_eq!(at_ms(" 1795226941743 "), Some(1_795_226_941_743));
        assert_eq!(at_ms("2026-11-21"), Some(1_795_219_200_000));
        assert_eq!(at_ms("2026-11-21T02:09:01"), Some(1_795_226_941_000));
        assert_eq!(at_ms("garbage"), None);
    }
}
