//! The grammar of OpenClaw's expressions: croner 10.0.1, as OpenClaw calls it.
//!
//! Five fields, six (seconds first) or seven (year last), or a macro such as `@daily`.

use super::error::ScheduleError;
use super::fields::{DayRule, EVERY, Fields, LAST, Masks, Special, Years};
use super::text::{Word, is_js_space, words};

/// What one field may hold.
struct Part {
    name: &'static str,
    min: u32,
    max: u32,
    /// The largest step, which is the number of values that croner keeps for the field.
    steps: u32,
    /// Letters and signs that are legal besides `0-9 * / - ,`.
    extra: &'static str,
}

const SECOND: Part = Part::new("second", 0, 59, 60, "");
const MINUTE: Part = Part::new("minute", 0, 59, 60, "");
const HOUR: Part = Part::new("hour", 0, 23, 24, "");
const DAY: Part = Part::new("day of month", 1, 31, 31, "LW");
const MONTH: Part = Part::new("month", 1, 12, 12, "");
const WEEKDAY: Part = Part::new("weekday", 0, 7, 7, "#L");
const YEAR: Part = Part::new("year", 1, 9_999, 10_000, "");

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The first year that croner does not look at; with a year field, 10 000.
const YEAR_END: i64 = 3_000;

impl Part {
    const fn new(name: &'static str, min: u32, max: u32, steps: u32, extra: &'static str) -> Self {
        Self {
            name,
            min,
            max,
            steps,
            extra,
        }
    }
}

/// Compiles an expression that holds no `:` beyond its first character and is not empty.
///
/// `Ok(None)` would mean that nothing can match; croner's grammar cannot say so.
pub(crate) fn parse(expr: &str) -> Result<Option<Fields>, ScheduleError> {
    let all = words(expr, is_js_space);
    if let [only] = all.as_slice() {
        if let Some(fields) = macro_fields(&only.text)? {
            return parse(fields);
        }
    }
    let (second, rest, year) = match all.as_slice() {
        five @ [_, _, _, _, _] => (None, five, None),
        [second, five @ ..] if five.len() == 5 => (Some(second), five, None),
        [second, five @ .., year] if five.len() == 5 => (Some(second), five, Some(year)),
        _ => {
            return Err(ScheduleError::syntax(format!(
                "an OpenClaw expression has 5, 6 (seconds first) or 7 (year last) fields, found {}",
                all.len()
            )));
        }
    };
    let [minute, hour, day, month, weekday] = rest else {
        return Err(ScheduleError::syntax("five fields are needed"));
    };

    let mut special = Special::default();
    let star_days = day.text == "*";
    let day = last_days(day, &mut special);
    let month = names(month, &MONTHS, 1);
    let (weekday, both) = plus(weekday)?;
    let star_weekdays = weekday.text == "*";
    let weekday = names(&weekday, &WEEKDAYS, 0);

    let zero = Word {
        text: "0".to_owned(),
        column: 1,
    };
    let parts = [
        (&SECOND, second.unwrap_or(&zero).clone()),
        (&MINUTE, minute.clone()),
        (&HOUR, hour.clone()),
        (&DAY, day),
        (&MONTH, month),
        (&WEEKDAY, weekday),
        (
            &YEAR,
            year.cloned().unwrap_or(Word {
                text: "*".to_owned(),
                column: 1,
            }),
        ),
    ]
    .map(|(part, word)| {
        let text = word.text.replace('?', "*");
        (part, Word { text, ..word })
    });
    for (part, word) in &parts {
        legal(part, word)?;
    }
    let mut masks = [0_u64; 6];
    let mut years = Vec::new();
    for ((part, word), slot) in parts.iter().zip(0..) {
        let fail = |e: ScheduleError| e.within(part.name, word.column);
        // `L` or `LW` alone leave the field empty: no plain day.
        let bare = word.text.is_empty() && (special.last_day || special.last_weekday);
        // Every year needs no mask of ten thousand of them.
        if slot == 6 && word.text == "*" {
            continue;
        }
        if slot == 3 && bare {
            continue;
        }
        if slot == 6 {
            years.resize(10_000 / 64 + 1, 0_u64);
        }
        for item in word.text.split(',') {
            if slot == 3 && item.is_empty() && special.last_day {
                continue;
            }
            let mut set = |value: u32| match masks.get_mut(slot) {
                Some(mask) => *mask |= 1 << value,
                None => {
                    if let Some(word) = years.get_mut(value as usize / 64) {
                        *word |= 1 << (value % 64);
                    }
                }
            };
            match slot {
                3 if item.contains(['W', 'w']) => {
                    special.nearest |= 1 << nearest(item).map_err(fail)?;
                }
                5 => weekday_item(item, &mut special, &mut set).map_err(fail)?,
                _ => values(part, item, &mut set).map_err(fail)?,
            }
        }
    }
    let [seconds, minutes, hours, days, months, weekdays] = masks;
    let rule = match (star_days, star_weekdays, both) {
        (_, true, _) => DayRule::Days,
        (_, false, true) => DayRule::Both,
        (true, false, false) => DayRule::Weekdays,
        (false, false, false) => DayRule::Either,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each field's values fit its mask: they were checked against its bounds"
    )]
    let masks = Masks {
        seconds,
        minutes,
        hours: hours as u32,
        days: days as u32,
        months: months as u16,
        weekdays: weekdays as u8,
    };
    let star_years = parts.last().is_none_or(|(_, word)| word.text == "*");
    let year_end = if star_years { YEAR_END } else { 10_000 };
    Ok(Fields::new(&masks, rule, year_end).map(|mut fields| {
        let plain = Special {
            nth: special.nth,
            ..Special::default()
        };
        if special != plain || special.counts {
            fields.special = Some(Box::new(special));
        }
        if !star_years {
            fields.years = Some(Box::new(Years(years)));
        }
        fields
    }))
}

/// Returns the five fields behind a macro. croner compares macros in any case.
fn macro_fields(text: &str) -> Result<Option<&'static str>, ScheduleError> {
    let fields = match text.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        "@reboot" => {
            return Err(ScheduleError::syntax("@reboot is an event, not a time")
                .hint("OpenClaw fires by the clock only"));
        }
        _ => return Ok(None),
    };
    Ok(Some(fields))
}

/// Takes `L` and `LW` out of the day field.
fn last_days(word: &Word, special: &mut Special) -> Word {
    let mut word = word.clone();
    if word.text.eq_ignore_ascii_case("LW") {
        special.last_weekday = true;
        word.text.clear();
    } else if word.text.contains(['L', 'l']) {
        // Anywhere in the field, so `3L` is the 3rd and the last.
        special.last_day = true;
        word.text.retain(|c| !matches!(c, 'L' | 'l'));
    }
    word
}

/// Takes the leading `+` (both day fields must match) off the weekday field.
fn plus(word: &Word) -> Result<(Word, bool), ScheduleError> {
    match word.text.strip_prefix('+') {
        None => Ok((word.clone(), false)),
        Some("") => Err(ScheduleError::syntax("nothing follows the +")
            .within(WEEKDAY.name, word.column)
            .hint("write the weekday that must fall on the day of month: +5")),
        Some(rest) => Ok((
            Word {
                text: rest.to_owned(),
                column: word.column + 1,
            },
            true,
        )),
    }
}

/// Replaces names by numbers, as croner does: anywhere in a field of three characters or more.
fn names(word: &Word, names: &[&str], base: usize) -> Word {
    let mut word = word.clone();
    if word.text.chars().count() < 3 || !word.text.contains(|c: char| c.is_ascii_alphabetic()) {
        return word;
    }
    if base == 0 {
        // Sunday is 7 at the end of a range.
        word.text = replace(&word.text, "-sun", "-7");
    }
    for (number, name) in (base..).zip(names) {
        word.text = replace(&word.text, name, &number.to_string());
    }
    word
}

/// Replaces every occurrence of an ASCII name in any case.
fn replace(text: &str, name: &str, with: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    while let Some(found) = lower.get(rest..).and_then(|tail| tail.find(name)) {
        out.push_str(text.get(rest..rest + found).unwrap_or_default());
        out.push_str(with);
        rest += found + name.len();
    }
    out.push_str(text.get(rest..).unwrap_or_default());
    out
}

fn legal(part: &Part, word: &Word) -> Result<(), ScheduleError> {
    let legal = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '*' | '/' | '-' | ',')
            || part.extra.contains(c.to_ascii_uppercase())
    };
    let Some(bad) = word.text.chars().find(|&c| !legal(c)) else {
        return Ok(());
    };
    let error = ScheduleError::syntax(format!("{bad:?} has no meaning here"))
        .within(part.name, word.column);
    Err(match part.name {
        "weekday" => {
            error.hint("weekdays are 0-7 (Sunday is 0 and 7) or sun, mon, …, three letters")
        }
        "month" => error.hint("months are 1-12 or jan, feb, …, three letters"),
        _ if word.text.to_ascii_uppercase().contains("TZ=") => {
            error.hint("OpenClaw takes the zone from the job's tz, not from a prefix")
        }
        _ => error,
    })
}

/// Reads the leading digits of a text, as JavaScript's `parseInt` does.
fn number(text: &str) -> Option<u32> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let digits = text.get(..digits)?;
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
}

fn bounded(part: &Part, value: u32) -> Result<u32, ScheduleError> {
    if value < part.min || value > part.max {
        return Err(ScheduleError::range(format!(
            "{value} is not a {}: {} to {}",
            part.name, part.min, part.max
        )));
    }
    // Sunday is 0 and 7.
    Ok(if part.name == WEEKDAY.name {
        value % 7
    } else {
        value
    })
}

/// Reads one item of a list: `*`, `n`, `a-b`, `a-b/s`, `*/s`.
fn values(part: &Part, item: &str, set: &mut impl FnMut(u32)) -> Result<(), ScheduleError> {
    let every = part.min..=part.max;
    match (item.contains('-'), item.contains('/')) {
        _ if item == "*" => every.for_each(|v| set(bounded(part, v).unwrap_or(v))),
        _ if item.is_empty() => {
            return Err(ScheduleError::syntax("an item of the list is empty")
                .hint("take out the extra comma"));
        }
        (true, true) => {
            let exact = |text: &str| {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| number(text)).flatten()
            };
            let read = item.split_once('/').and_then(|(range, by)| {
                let (low, high) = range.split_once('-')?;
                Some((exact(low)?, exact(high)?, exact(by)?))
            });
            let Some((low, high, by)) = read else {
                return Err(
                    ScheduleError::syntax(format!("{item:?} is not a range with a step"))
                        .hint("write a-b/step: 5-59/15"),
                );
            };
            let by = step(part, by)?;
            range(part, item, low, high)?
                .step_by(by)
                .try_for_each(|v| bounded(part, v).map(&mut *set))?;
        }
        (true, false) => {
            let ends: Vec<_> = item.split('-').collect();
            let [low, high] = ends.as_slice() else {
                return Err(ScheduleError::syntax(format!("{item:?} is not a range"))
                    .hint("write a-b: 1-5"));
            };
            let end = |text: &str, which: &str| {
                number(text).ok_or_else(|| {
                    ScheduleError::syntax(format!("{item:?} has no {which} end"))
                        .hint("write a-b: 1-5")
                })
            };
            range(part, item, end(low, "lower")?, end(high, "upper")?)?
                .try_for_each(|v| bounded(part, v).map(&mut *set))?;
        }
        (false, true) => {
            let halves: Vec<_> = item.split('/').collect();
            let [left, by] = halves.as_slice() else {
                return Err(ScheduleError::syntax(format!(
                    "{item:?} has more than one step"
                )));
            };
            if *left != "*" {
                let range = match number(left) {
                    Some(low) => format!("write {low}-{}/{by} instead of {item}", part.max),
                    None => format!("write */{by}"),
                };
                return Err(ScheduleError::syntax(format!(
                    "croner steps from a range or a *, not from {left:?}"
                ))
                .hint(range));
            }
            let by = number(by).ok_or_else(|| {
                ScheduleError::syntax(format!("{item:?} has no step")).hint("write */5")
            })?;
            let by = step(part, by)?;
            every
                .step_by(by)
                .for_each(|v| set(bounded(part, v).unwrap_or(v)));
        }
        (false, false) => {
            let value = number(item)
                .ok_or_else(|| ScheduleError::syntax(format!("{item:?} is not a number")))?;
            set(bounded(part, value)?);
        }
    }
    Ok(())
}

fn range(
    part: &Part,
    item: &str,
    low: u32,
    high: u32,
) -> Result<std::ops::RangeInclusive<u32>, ScheduleError> {
    if low > high {
        return Err(
            ScheduleError::syntax(format!("{item:?} runs backwards")).hint(format!(
                "ranges do not wrap around: write {low}-{},{}-{high}",
                part.max, part.min
            )),
        );
    }
    // The ends are checked first, so that an absurd range is not walked.
    bounded(part, low)?;
    bounded(part, high)?;
    Ok(low..=high)
}

fn step(part: &Part, by: u32) -> Result<usize, ScheduleError> {
    if by == 0 || by > part.steps {
        return Err(ScheduleError::range(format!(
            "a step of {by} is refused: 1 to {} for {}",
            part.steps, part.name
        )));
    }
    Ok(by as usize)
}

/// Reads `nW`: the weekday (Monday to Friday) nearest to a day.
fn nearest(item: &str) -> Result<u32, ScheduleError> {
    if item.contains(['-', '/']) {
        return Err(
            ScheduleError::syntax("W takes one day, not a range or a step").hint("write 15W"),
        );
    }
    let day = number(item).ok_or_else(|| {
        ScheduleError::syntax("W has no day").hint("write 15W, or LW alone in the field")
    })?;
    bounded(&DAY, day)
}

/// Reads an item of the weekday field with its count: `1#2`, `5L`, `1-5#2`.
fn weekday_item(
    item: &str,
    special: &mut Special,
    set: &mut impl FnMut(u32),
) -> Result<(), ScheduleError> {
    let (days, nth) = if let Some((days, count)) = item.split_once('#') {
        let count = count.split('#').next().unwrap_or_default();
        (days, count_bit(count)?)
    } else if item.contains(['L', 'l']) {
        let end = item.find(['L', 'l']).unwrap_or(item.len());
        (item.get(..end).unwrap_or_default(), LAST)
    } else {
        (item, EVERY)
    };
    if nth != EVERY {
        special.counts = true;
        if days.is_empty() || days == "*" {
            return Err(ScheduleError::syntax(format!("{item:?} names no weekday"))
                .hint("write 5L or 5#2: the last, the second Friday"));
        }
    }
    let nths = &mut special.nth;
    values(&WEEKDAY, days, &mut |day| {
        set(day);
        if let Some(bits) = nths.get_mut(day as usize) {
            *bits |= nth;
        }
    })
}

fn count_bit(count: &str) -> Result<u8, ScheduleError> {
    match count {
        "" => Ok(EVERY),
        "L" | "l" => Ok(LAST),
        _ => match number(count) {
            Some(n @ 1..=5) => Ok(1 << n),
            _ => Err(ScheduleError::range(format!(
                "#{count} counts no weekday: #1 to #5, or #L"
            ))),
        },
    }
}
