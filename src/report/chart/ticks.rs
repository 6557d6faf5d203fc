//! Where axes have marks: round counts, round times in the zone, round durations.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::when;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps of time that people count in, milliseconds.
const STEPS: [i64; 25] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
    365 * DAY,
];

/// The shortest round step that has at most so many marks.
fn step(length_ms: i64, most: i64) -> i64 {
    let found = STEPS.into_iter().find(|s| length_ms / s < most);
    found.unwrap_or_else(|| (length_ms / most / (365 * DAY) + 1) * 365 * DAY)
}

/// Marks of a time axis over `[from_ms, until_ms)`: instant and label, in the zone.
pub(super) fn times(from_ms: i64, until_ms: i64, tz: &TimeZone, most: i64) -> Vec<(i64, String)> {
    let step = step(until_ms - from_ms, most);
    let Ok(first) = Timestamp::from_millisecond(from_ms) else {
        return Vec::new();
    };
    let first = first.to_zoned(tz.clone()).datetime();
    // Round in local time: whole days from the first on, else whole steps from midnight.
    let midnight = first.date().to_datetime(jiff::civil::Time::midnight());
    let mut marks: Vec<(i64, String)> = Vec::new();
    let mut local = midnight;
    if step < DAY {
        let since = local_ms(first, midnight);
        let skipped = since.div_euclid(step) * step;
        local = local.saturating_add(SignedDuration::from_millis(skipped));
    }
    // An hour that the zone skips is named by what follows it, one that comes twice once.
    for _ in 0..4 * most + 8 {
        let zoned = tz.to_ambiguous_zoned(local).compatible();
        let Ok(zoned) = zoned else { break };
        let at = zoned.timestamp().as_millisecond();
        if at >= until_ms {
            break;
        }
        if at >= from_ms && marks.last().is_none_or(|(last, _)| *last < at) {
            marks.push((at, label(&zoned, step)));
        }
        local = match step % DAY {
            0 => local.saturating_add((step / DAY).days()),
            _ => local.saturating_add(SignedDuration::from_millis(step)),
        };
    }
    marks
}

fn local_ms(later: DateTime, earlier: DateTime) -> i64 {
    let between = later.duration_since(earlier).as_millis();
    i64::try_from(between).unwrap_or(0)
}

fn label(at: &Zoned, step: i64) -> String {
    let midnight = at.time() == jiff::civil::Time::midnight();
    let format = match step {
        _ if step >= 365 * DAY => "%Y",
        _ if step >= 28 * DAY => "%-d %b %y",
        _ if step >= DAY || midnight && step >= MINUTE => "%a %-d %b",
        _ if step >= MINUTE => "%H:%M",
        _ => "%H:%M:%S",
    };
    at.strftime(format).to_string()
}

/// Marks of a count from 0: ascending, the last at least `most`.
pub(super) fn counts(most: u32) -> Vec<u32> {
    let mut step: u64 = 1;
    // Steps of 1, 2, 5, 10, 20, …: at most three of them.
    let mut factors = [2, 5, 10].into_iter().cycle();
    let mut base = 1;
    while step * 3 < u64::from(most) {
        let factor = factors.next().unwrap_or(10);
        step = base * factor;
        if factor == 10 {
            base = step;
        }
    }
    let steps = u64::from(most.max(1)).div_ceil(step);
    (0..=steps)
        .map(|n| u32::try_from(n * step).unwrap_or(u32::MAX))
        .collect()
}

/// A count, shortly: `24`, `1,200`, `1.5 M`.
pub(super) fn count(n: u32) -> String {
    match n {
        0..=999 => n.to_string(),
        1000..=999_999 => format!("{},{:03}", n / 1000, n % 1000),
        _ => {
            let text = format!("{}.{:02}", n / 1_000_000, n / 10_000 % 100);
            text.trim_end_matches('0').trim_end_matches('.').to_owned() + " M"
        }
    }
}

/// Marks of a duration from 0 to `most_ms`, with their labels.
pub(super) fn durations(most_ms: i64, most: i64) -> Vec<(i64, String)> {
    let step = step(most_ms, most);
    (0..=most_ms / step)
        .map(|n| (n * step, when::duration(n * step)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, length_ms: i64, zone: &str) -> Vec<String> {
        let from: Timestamp = from.parse().unwrap();
        let from = from.as_millisecond();
        let tz = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let marks = times(from, from + length_ms, &tz, 6);
        assert!(marks.is_sorted() && marks.len() <= 7, "{marks:?}");
        marks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn times_are_round() {
        let at = "2026-04-01T04:45:00Z";
        assert_eq!(
            labels(at, DAY, "UTC"),
            ["06:00", "12:00", "18:00", "Thu 2 Apr"]
        );
        let seconds = ["04:45:00", "04:45:01", "04:45:02", "04:45:03", "04:45:04"];
        assert_eq!(labels(at, 5000, "UTC"), seconds);
        assert_eq!(
            labels(at, 7 * DAY, "UTC"),
            ["Fri 3 Apr", "Sun 5 Apr", "Tue 7 Apr"]
        );
        assert_eq!(labels(at, 1, "UTC"), ["04:45:00"]);
    }

    #[test]
    fn counts_are_round_and_reach_the_most() {
        for (most, marks) in [
            (0, vec![0, 1]),
            (1, vec![0, 1]),
            (3, vec![0, 1, 2, 3]),
            (5, vec![0, 2, 4, 6]),
            (24, vec![0, 10, 20, 30]),
            (31, vec![0, 20, 40]),
            (100, vec![0, 50, 100]),
            (1234, vec![0, 500, 1000, 1500]),
        ] {
            assert_eq!(counts(most), marks, "{most}");
        }
        assert_eq!(count(12_345), "12,345");
        assert_eq!(count(1_500_000), "1.5 M");
    }
}
