//! The grammar of Molecule's expressions: robfig/cron 3.0.1 with five fields and no macros.

use super::error::{ErrorKind, ScheduleError};
use super::fields::{DayRule, Fields, Masks};
use super::text::{Word, is_go_space, words};
use super::zone::{Zone, ZoneSource};

struct Part {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const PARTS: [Part; 5] = [
    Part {
        name: "minute",
        min: 0,
        max: 59,
        names: &[],
    },
    Part {
        name: "hour",
        min: 0,
        max: 23,
        names: &[],
    },
    Part {
        name: "day of month",
        min: 1,
        max: 31,
        names: &[],
    },
    Part {
        name: "month",
        min: 1,
        max: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Part {
        name: "weekday",
        min: 0,
        max: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// A compiled Molecule expression: `fields` is `None` when a field holds no value, so that the
/// schedule never fires; `zone` overrides the schedule row's zone.
pub(crate) struct Parsed {
    pub(crate) fields: Option<Fields>,
    pub(crate) zone: Option<Zone>,
}

/// Returns a zone as Go's `time.LoadLocation` finds it; `None` for `Local`.
pub(crate) fn location(name: &str, zones: &dyn ZoneSource) -> Result<Option<Zone>, ScheduleError> {
    match name {
        "" | "UTC" => Ok(Some(Zone::utc())),
        "Local" => Ok(None),
        _ => zones.zone(name).map(Some).ok_or_else(|| {
            let error = ScheduleError::new(ErrorKind::Zone, format!("{name:?} is not a zone"));
            match zones.zone_any_case(name) {
                Some(zone) => error.hint(format!("Molecule wants the exact case: {}", zone.name())),
                None => error.hint("write an IANA name: America/New_York"),
            }
        }),
    }
}

/// Compiles an expression, with its `TZ=` or `CRON_TZ=` prefix when it has one.
pub(crate) fn parse(expr: &str, zones: &dyn ZoneSource) -> Result<Parsed, ScheduleError> {
    let mut rest = expr;
    let mut zone = None;
    if expr.starts_with("TZ=") || expr.starts_with("CRON_TZ=") {
        let Some((prefix, after)) = expr.split_once(' ') else {
            return Err(ScheduleError::new(
                ErrorKind::Broken,
                "a zone prefix with no space behind it makes robfig/cron 3.0.1 panic",
            )
            .hint("write CRON_TZ=Europe/Berlin 0 9 * * *"));
        };
        let (_, name) = prefix.split_once('=').unwrap_or_default();
        zone = location(name, zones).map_err(|e| e.within("zone prefix", 1))?;
        rest = after.trim_matches(is_go_space);
    }
    if rest.starts_with('@') {
        return Err(
            ScheduleError::syntax("Molecule's parser takes no macros").hint(match rest {
                "@hourly" => "write 0 * * * *",
                "@daily" | "@midnight" => "write 0 0 * * *",
                "@weekly" => "write 0 0 * * 0",
                "@monthly" => "write 0 0 1 * *",
                "@yearly" | "@annually" => "write 0 0 1 1 *",
                _ => "write five fields",
            }),
        );
    }
    let skipped = expr.chars().count() - rest.chars().count();
    let all = words(rest, is_go_space);
    let [minute, hour, day, month, weekday] = all.as_slice() else {
        let error = ScheduleError::syntax(format!(
            "a Molecule expression has exactly 5 fields, found {}",
            all.len()
        ));
        return Err(match all.len() {
            6 => error.hint("Molecule has no seconds: take the first field out"),
            7 => error.hint("Molecule has no seconds and no years"),
            _ => error,
        });
    };
    let mut masks = [0_u64; 5];
    let mut stars = [false; 5];
    for (i, (word, part)) in [minute, hour, day, month, weekday]
        .into_iter()
        .zip(&PARTS)
        .enumerate()
    {
        let (mask, star) =
            field(word, part).map_err(|e| e.within(part.name, word.column + skipped))?;
        if let (Some(m), Some(s)) = (masks.get_mut(i), stars.get_mut(i)) {
            (*m, *s) = (mask, star);
        }
    }
    let [minutes, hours, days, months, weekdays] = masks;
    let [_, _, star_days, _, star_weekdays] = stars;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each field's values fit its mask: they were checked against its bounds"
    )]
    let masks = Masks {
        seconds: 1,
        minutes,
        hours: hours as u32,
        days: days as u32,
        months: months as u16,
        weekdays: weekdays as u8,
    };
    let rule = if star_days || star_weekdays {
        DayRule::Both
    } else {
        DayRule::Either
    };
    Ok(Parsed {
        fields: Fields::new(&masks, rule, i64::MAX).map(Fields::within_months),
        zone,
    })
}

/// Returns the values of a field, and whether it counts as a star in the day rule: an item `*` or
/// `?` with the step 1 is enough.
fn field(word: &Word<'_>, part: &Part) -> Result<(u64, bool), ScheduleError> {
    let mut mask = 0;
    let mut star = false;
    // Empty items are ignored, so `,` has no value and never fires.
    for item in word.text.split(',').filter(|item| !item.is_empty()) {
        let (values, is_star) = values(item, part)?;
        mask |= values;
        star |= is_star;
    }
    Ok((mask, star))
}

/// Reads `*`, `?`, `n`, `a-b`, each with an optional `/step`.
fn values(item: &str, part: &Part) -> Result<(u64, bool), ScheduleError> {
    let halves: Vec<_> = item.split('/').collect();
    let ends: Vec<_> = halves
        .first()
        .copied()
        .unwrap_or_default()
        .split('-')
        .collect();
    let first = ends.first().copied().unwrap_or_default();
    let mut star = false;
    let (low, mut high) = if first == "*" || first == "?" {
        // What follows a star is not looked at: `*-foo` is `*`.
        star = true;
        (part.min, part.max)
    } else {
        let low = value(first, part)?;
        match ends.as_slice() {
            [_] => (low, low),
            [_, high] => (low, value(high, part)?),
            _ => {
                return Err(ScheduleError::syntax(format!("{item:?} is not a range"))
                    .hint("write a-b: 1-5"));
            }
        }
    };
    let by = match halves.as_slice() {
        [_] => 1,
        [_, by] => {
            let by = atoi(by)?;
            // `n/s` means from n to the end.
            if ends.len() == 1 {
                high = part.max;
            }
            if by > 1 {
                star = false;
            }
            by
        }
        _ => {
            return Err(ScheduleError::syntax(format!(
                "{item:?} has more than one step"
            )));
        }
    };
    let fail = |what: String| {
        let error = ScheduleError::range(what);
        match part.name {
            "weekday" if low == 7 || high == 7 => {
                error.hint("7 is not a weekday here: Sunday is 0")
            }
            _ => error,
        }
    };
    if low < part.min {
        return Err(fail(format!("{low} is below {}", part.min)));
    }
    if high > part.max {
        return Err(fail(format!("{high} is above {}", part.max)));
    }
    if low > high {
        return Err(fail(format!("{item:?} runs backwards"))
            .hint("ranges do not wrap around: write two ranges"));
    }
    if by == 0 {
        return Err(fail(format!("{item:?} has the step 0")));
    }
    let by = by as usize;
    let mask = (low..=high)
        .step_by(by)
        .fold(0, |mask, v| mask | 1_u64 << v);
    Ok((mask, star))
}

/// Reads a name of exactly three letters, or a number.
fn value(text: &str, part: &Part) -> Result<u32, ScheduleError> {
    let lower = text.to_lowercase();
    match part.names.iter().position(|name| *name == lower) {
        Some(i) => Ok(part.min + u32::try_from(i).unwrap_or(0)),
        None => atoi(text).map_err(|e| match part.name {
            "weekday" => e.hint("weekdays are 0-6 (Sunday is 0) or sun, mon, …, three letters"),
            "month" => e.hint("months are 1-12 or jan, feb, …, three letters"),
            "day of month" if text.contains(['L', 'l', 'W', 'w']) => {
                e.hint("L and W belong to OpenClaw's dialect")
            }
            _ => e,
        }),
    }
}

/// Reads a number as Go's `strconv.Atoi` does (`+5` is 5); negative ones are refused.
fn atoi(text: &str) -> Result<u32, ScheduleError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
    let refused = || ScheduleError::syntax(format!("{text:?} is not a number"));
    // Beyond 64 bits Go refuses the text; beyond 32 every field refuses the value.
    let value = number
        .then(|| digits.parse::<i64>().ok())
        .flatten()
        .ok_or_else(refused)?;
    if text.starts_with('-') && value > 0 {
        return Err(ScheduleError::range(format!("{text} is negative")));
    }
    Ok(u32::try_from(value).unwrap_or(u32::MAX))
}
