//! When a fault holds: windows as written, and the stretches of time that they are.

use jiff::ToSpan;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::command::plan::gather::Gathered;
use crate::command::plan::given::Given;
use crate::error::Error;
use crate::plan::{Horizon, Outcome};
use crate::rehearsal::Span;
use crate::schedule::ZoneSource;
use crate::when;

/// `FROM..UNTIL`, as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    from: Moment,
    until: Moment,
    /// The zone of its times of day.
    zone: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Moment {
    /// A time of day: on every day of the horizon.
    Daily(Time),
    /// 24:00, the end of the day of FROM.
    EndOfDay,
    /// So long after FROM, milliseconds.
    After(i64),
    /// An instant, read when the zones are there.
    Instant(String),
}

/// The end of a day, as a time of day.
const END_OF_DAY: &str = "24:00";

/// Reads `FROM..UNTIL`, with the zone of its times of day in brackets behind it, or none.
pub(super) fn parse(text: &str) -> Result<Window, String> {
    let (from, until) = text
        .split_once("..")
        .ok_or("a window is FROM..UNTIL, such as 22:00..22:20")?;
    let (until, zone) = match until
        .trim()
        .strip_suffix(']')
        .and_then(|t| t.split_once('['))
    {
        // An instant carries its own zone.
        Some((time, zone))
            if time_of_day(time).is_some() || time.starts_with('+') || time == END_OF_DAY =>
        {
            (time, Some(zone.to_owned()))
        }
        _ => (until, None),
    };
    let moment = |text: &str| match time_of_day(text) {
        Some(time) => Moment::Daily(time),
        None => Moment::Instant(text.trim().to_owned()),
    };
    let until = match until.trim().strip_prefix('+') {
        Some(length) => Moment::After(when::parse_duration(length)?),
        None if until.trim() == END_OF_DAY => Moment::EndOfDay,
        None => moment(until),
    };
    let from = moment(from);
    let wrong = |part: &str, text: &str, other: &str| {
        Err(format!(
            "{part} is {text:?}, and {other} is a time of day: write both as times of day, such as \
             22:00..22:20[UTC], or both as instants"
        ))
    };
    match (&from, &until) {
        (Moment::Daily(_), Moment::Instant(text)) => wrong("UNTIL", text, "FROM"),
        (Moment::Instant(text), Moment::Daily(_) | Moment::EndOfDay) => {
            wrong("FROM", text, "UNTIL")
        }
        _ => Ok(Window { from, until, zone }),
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim();
    let read = |format| Time::strptime(format, text).ok();
    read("%H:%M").or_else(|| read("%H:%M:%S"))
}

/// The zone in which times of day are read, and why that one.
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) tz: TimeZone,
    pub(super) origin: &'static str,
}

/// The zone of the biggest burst, that of most of its jobs; without bursts, that of most jobs.
pub(super) fn zone_of(gathered: &Gathered<'_>, native: &Outcome) -> Zone {
    let mut jobs = vec![0_usize; gathered.zones.len()];
    let burst = native.totals.biggest.as_ref();
    match burst {
        Some(burst) => {
            for job in &burst.members {
                jobs[gathered.planned[*job].zone()] += 1;
            }
        }
        None => gathered.planned.iter().for_each(|p| jobs[p.zone()] += 1),
    }
    let names = gathered.zones.iter().map(|(name, _)| name.as_str());
    // Of equals the first name, so that the order of the jobs does not matter.
    let most = (0..jobs.len())
        .zip(names)
        .max_by_key(|(at, name)| (jobs[*at], std::cmp::Reverse(*name)));
    let origin = if burst.is_some() {
        "of the biggest burst"
    } else {
        "of most jobs"
    };
    match most {
        Some((at, name)) => Zone {
            name: name.to_owned(),
            tz: gathered.zones[at].1.clone(),
            origin,
        },
        None => Zone {
            name: "UTC".to_owned(),
            tz: TimeZone::UTC,
            origin: "nothing is planned",
        },
    }
}

/// The stretches of a window, and the zone in which its times of day were read; null for instants.
type Spans = (Option<Vec<Span>>, Option<String>);

/// When a fault holds, and the zone in which its times of day were read.
pub(super) fn spans(
    window: &Window,
    text: &str,
    given: &Given,
    zone: &Zone,
) -> Result<Spans, Error> {
    let refuse = |why: String| Error::usage(format!("--what-if {text}: {why}"));
    let (tz, zone_said) = match &window.zone {
        None => (zone.tz.clone(), format!("{} ({})", zone.name, zone.origin)),
        Some(name) => match given.zones.zone_any_case(name) {
            Some(zone) => (zone.time_zone().clone(), name.clone()),
            None => return Err(refuse(format!("{name:?} is not a known time zone"))),
        },
    };
    let label = format!("--what-if {text}");
    let instant = |text: &str| given.zones.instant(&label, text, given.now_ms);
    let (spans, zone_said) = match (&window.from, &window.until) {
        (Moment::Daily(from), until) => (
            daily(*from, until, &tz, given.horizon).map_err(refuse)?,
            Some(zone_said),
        ),
        (Moment::Instant(from), Moment::Instant(until)) => {
            let (from_ms, until_ms) = (instant(from)?, instant(until)?);
            (vec![Span { from_ms, until_ms }], None)
        }
        (Moment::Instant(from), Moment::After(length)) => {
            let from_ms = instant(from)?;
            let until_ms = from_ms.saturating_add(*length);
            (vec![Span { from_ms, until_ms }], None)
        }
        (_, Moment::Daily(_) | Moment::EndOfDay) | (Moment::After(_) | Moment::EndOfDay, _) => {
            return Err(
                refuse("FROM is an instant and UNTIL a time of day".to_owned())
                    .hint("write both as instants or both as times of day"),
            );
        }
    };
    if let Some(empty) = spans.iter().find(|s| s.until_ms <= s.from_ms) {
        let (from, until) = (when::utc(empty.from_ms), when::utc(empty.until_ms));
        return Err(refuse(format!(
            "the window is empty: it begins at {from} and ends at {until}"
        )));
    }
    let Horizon { from_ms, until_ms } = given.horizon;
    if spans
        .iter()
        .all(|s| s.until_ms <= from_ms || s.from_ms >= until_ms)
    {
        let horizon = format!("{} to {}", when::utc(from_ms), when::utc(until_ms));
        return Err(
            refuse(format!("the window is not in the horizon, {horizon}"))
                .hint("move the horizon with --from, --for or --until"),
        );
    }
    Ok((Some(spans), zone_said))
}

/// When a clock of the zone shows a time: the first time where it shows it twice, and where it jumps
/// over it the instant at which it jumps.
fn shown(at: DateTime, tz: &TimeZone) -> Result<i64, jiff::Error> {
    let ambiguous = tz.to_ambiguous_timestamp(at);
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let first = ambiguous.earlier()?;
    // Of a time that is jumped over, the earlier reading lies before the jump.
    let jump = is_gap.then(|| tz.following(first).next()).flatten();
    let instant = jump.map_or(first, |jump| jump.timestamp());
    Ok(instant.as_millisecond())
}

/// The window on every day of the horizon; one that ends before it begins goes on over midnight. A day
/// whose clock jumps over it has none.
fn daily(from: Time, until: &Moment, tz: &TimeZone, horizon: Horizon) -> Result<Vec<Span>, String> {
    let instant = |at| shown(at, tz).map_err(|e| e.to_string());
    let day_of = |ms: i64| {
        let at = jiff::Timestamp::from_millisecond(ms).map_err(|e| e.to_string())?;
        Ok::<_, String>(tz.to_datetime(at).date())
    };
    // The window of the day before may reach into the horizon.
    let mut day = day_of(horizon.from_ms)?
        .yesterday()
        .map_err(|e| e.to_string())?;
    let last = day_of(horizon.until_ms)?;
    let (mut spans, mut jumped) = (Vec::new(), false);
    while day <= last {
        let from_ms = instant(day.to_datetime(from))?;
        let until_ms = match until {
            Moment::After(0) => return Err("the window is empty".to_owned()),
            Moment::After(length) => from_ms.saturating_add(*length),
            Moment::Daily(until) if *until == from => return Err("the window is empty".to_owned()),
            Moment::Daily(until) => {
                let end = if *until < from {
                    day.checked_add(1.day()).map_err(|e| e.to_string())?
                } else {
                    day
                };
                instant(end.to_datetime(*until))?
            }
            Moment::EndOfDay => {
                let next = day.tomorrow().map_err(|e| e.to_string())?;
                instant(next.to_datetime(Time::midnight()))?
            }
            Moment::Instant(_) => {
                return Err("FROM is a time of day and UNTIL an instant".to_owned());
            }
        };
        let reaches = until_ms >= horizon.from_ms && from_ms < horizon.until_ms;
        if reaches && from_ms >= until_ms {
            jumped = true;
        } else if reaches && until_ms > horizon.from_ms {
            spans.push(Span { from_ms, until_ms });
        }
        day = day.tomorrow().map_err(|e| e.to_string())?;
    }
    if spans.is_empty() && jumped {
        return Err("the window is empty: the clock jumps over it".to_owned());
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// 2026-03-31T00:00:00Z.
    const DAY: i64 = 1_774_915_200_000;

    fn windows(text: &str, days: i64) -> Vec<(i64, i64)> {
        let window = parse(text).unwrap();
        let Moment::Daily(from) = window.from else {
            panic!("{window:?}")
        };
        let horizon = Horizon {
            from_ms: DAY,
            until_ms: DAY + days * 24 * HOUR,
        };
        let spans = daily(from, &window.until, &TimeZone::UTC, horizon).unwrap();
        let relative = |s: &Span| ((s.from_ms - DAY) / 60_000, (s.until_ms - DAY) / 60_000);
        spans.iter().map(relative).collect()
    }

    #[test]
    fn times_of_day_hold_on_every_day_of_the_horizon() {
        assert_eq!(windows("22:00..22:20", 2), [(1320, 1340), (2760, 2780)]);
        assert_eq!(windows("22:00..+20m", 1), [(1320, 1340)]);
    }

    #[test]
    fn a_window_may_end_with_the_day() {
        assert_eq!(windows("22:00..24:00", 1), [(1320, 1440)]);
        assert_eq!(windows("00:00..24:00", 1), [(0, 1440)]);
    }

    #[test]
    fn a_day_whose_clock_jumps_over_the_window_has_none() {
        let tz = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let two = Time::constant(2, 0, 0, 0);
        let three = Moment::Daily(Time::constant(3, 0, 0, 0));
        // 2026-03-07T00:00:00Z, three days; the clock jumps from 2 to 3 on the 8th.
        let from_ms = 1_772_841_600_000;
        let horizon = Horizon {
            from_ms,
            until_ms: from_ms + 72 * HOUR,
        };
        let spans = daily(two, &three, &tz, horizon).unwrap();
        let hours: Vec<i64> = spans.iter().map(|s| (s.from_ms - from_ms) / HOUR).collect();
        assert_eq!(hours, [7, 54]);
        let jump = Horizon {
            from_ms: from_ms + 24 * HOUR,
            until_ms: from_ms + 48 * HOUR,
        };
        let why = daily(two, &three, &tz, jump).unwrap_err();
        assert!(why.contains("jumps over it"), "{why}");
        let read = |text: &str| {
            let window = parse(text).unwrap();
            let Moment::Daily(from) = window.from else {
                panic!("{window:?}")
            };
            let spans = daily(from, &window.until, &tz, jump)?;
            let minute = |ms: i64| (ms - jump.from_ms) / 60_000;
            let of = |s: &Span| (minute(s.from_ms), minute(s.until_ms));
            Ok::<_, String>(spans.iter().map(of).collect::<Vec<_>>())
        };
        // A part of the hour that is jumped over is as empty as the whole.
        let why = read("02:30..02:45").unwrap_err();
        assert!(why.contains("jumps over it"), "{why}");
        // The jump is at 07:00Z, 420 min into the horizon.
        for (text, span) in [
            ("02:30..03:30", (420, 450)),
            ("01:30..02:30", (390, 420)),
            ("02:30..+20m", (420, 440)),
        ] {
            assert_eq!(read(text).unwrap(), [span], "{text}");
        }
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first() {
        let tz = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let at = jiff::civil::date(2026, 11, 1).at(1, 30, 0, 0);
        // 2026-11-01T05:30:00Z.
        assert_eq!(shown(at, &tz).unwrap(), 1_793_511_000_000);
    }

    #[test]
    fn what_is_no_window_is_named() {
        for (text, said) in [
            ("22:00..", "UNTIL is \"\""),
            ("22:00..now", "UNTIL is \"now\""),
            ("now..22:00", "FROM is \"now\""),
        ] {
            let why = parse(text).unwrap_err();
            assert!(
                why.contains(said) && why.contains("22:00..22:20[UTC]"),
                "{why}"
            );
        }
    }

    #[test]
    fn a_window_over_midnight_reaches_in_from_the_day_before() {
        assert_eq!(windows("23:50..00:10", 1), [(-10, 10), (1430, 1450)]);
    }

    #[test]
    fn a_zone_in_brackets_is_that_of_times_of_day() {
        let window = parse("22:00..22:20[Europe/Paris]").unwrap();
        assert_eq!(window.zone.as_deref(), Some("Europe/Paris"));
        let instants = "2026-03-31T22:00[Europe/Paris]..2026-03-31T22:20[Europe/Paris]";
        let window = parse(instants).unwrap();
        assert_eq!(window.zone, None);
        assert_eq!(
            window.until,
            Moment::Instant("2026-03-31T22:20[Europe/Paris]".to_owned())
        );
    }
}
