//! The grammar of OpenClaw's expressions: croner 10.0.1, as OpenClaw calls it.
//!
//! Five fields, six (seconds first) or seven (year last), or a macro such as `@daily`.

mod items;

use std::borrow::Cow;

use super::error::ScheduleError;
use super::fields::{DayRule, Fields, Masks, Special, Years};
use super::text::{Word, is_js_space, words};
use items::{DAY, HOUR, MINUTE, MONTH, Part, SECOND, WEEKDAY, YEAR};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The first year that croner does not look at; with a year field, 10 000.
const YEAR_END: i64 = 3_000;
const YEAR_END_OF_FIELD: i64 = 10_000;

/// Compiles an expression that holds no `:` beyond its first character and is not empty.
///
/// `Ok(None)` would mean that nothing can match; croner's grammar cannot say so.
pub(crate) fn parse(expr: &str) -> Result<Option<Fields>, ScheduleError> {
    let all = words(expr, is_js_space);
    if let [only] = all.as_slice()
        && let Some(fields) = macro_fields(&only.text)?
    {
        return parse(fields);
    }
    let (second, five, year) = match all.as_slice() {
        five if five.len() == 5 => (None, five, None),
        [second, five @ ..] if five.len() == 5 => (Some(second), five, None),
        [second, five @ .., year] if five.len() == 5 => (Some(second), five, Some(year)),
        _ => return Err(wrong_count(all.len())),
    };
    let [minute, hour, day, month, weekday] = five else {
        return Err(wrong_count(five.len()));
    };

    let mut special = Special::default();
    let star_days = day.text == "*";
    let day = last_days(day, &mut special);
    let month = names(month, &MONTHS, 1);
    let (weekday, both) = plus(weekday)?;
    let star_weekdays = weekday.text == "*";
    let weekday = names(&weekday, &WEEKDAYS, 0);

    let mut masks = Masks {
        seconds: second.map_or(Ok(1), |word| mask(&SECOND, word))?,
        minutes: mask(&MINUTE, minute)?,
        hours: narrow(mask(&HOUR, hour)?),
        days: narrow(days(&day, &mut special)?),
        months: narrow(mask(&MONTH, &month)?),
        weekdays: 0,
    };
    masks.weekdays = narrow(weekdays(&weekday, &mut special)?);
    let years = match year {
        Some(word) if word.text != "*" && word.text != "?" => Some(Box::new(years(word)?)),
        _ => None,
    };

    let rule = match (star_days, star_weekdays, both) {
        (_, true, _) => DayRule::Days,
        (_, false, true) => DayRule::Both,
        (true, false, false) => DayRule::Weekdays,
        (false, false, false) => DayRule::Either,
    };
    let year_end = if years.is_some() {
        YEAR_END_OF_FIELD
    } else {
        YEAR_END
    };
    Ok(Fields::new(&masks, rule, year_end).map(|mut fields| {
        fields.special = special.is_used().then(|| Box::new(special));
        fields.years = years;
        fields
    }))
}

fn wrong_count(found: usize) -> ScheduleError {
    ScheduleError::syntax(format!(
        "an OpenClaw expression has 5, 6 (seconds first) or 7 (year last) fields, found {found}"
    ))
}

/// Narrows a mask whose bits were checked against the bounds of its field.
fn narrow<T: TryFrom<u64> + Default>(mask: u64) -> T {
    T::try_from(mask).unwrap_or_default()
}

/// Returns the text of a field with `?` as `*`, when its characters are legal.
fn checked<'a>(part: &Part, word: &'a Word<'_>) -> Result<Cow<'a, str>, ScheduleError> {
    let text: Cow<'a, str> = if word.text.contains('?') {
        word.text.replace('?', "*").into()
    } else {
        Cow::Borrowed(&word.text)
    };
    legal(part, &text).map_err(|e| e.within(part.name, word.column))?;
    Ok(text)
}

/// Returns the values of a field as bits.
fn mask(part: &Part, word: &Word<'_>) -> Result<u64, ScheduleError> {
    let mut mask = 0;
    for item in checked(part, word)?.split(',') {
        items::values(part, item, &mut |value| mask |= 1 << value)
            .map_err(|e| e.within(part.name, word.column))?;
    }
    Ok(mask)
}

fn days(word: &Word<'_>, special: &mut Special) -> Result<u64, ScheduleError> {
    let mut mask = 0;
    // `L` or `LW` leave the field, or an item of it, empty.
    if word.text.is_empty() && special.last_weekday {
        return Ok(mask);
    }
    for item in checked(&DAY, word)?.split(',') {
        if item.is_empty() && special.last_day {
            continue;
        }
        let read = if item.contains(['W', 'w']) {
            items::nearest(item).map(|day| special.nearest |= 1 << day)
        } else {
            items::values(&DAY, item, &mut |value| mask |= 1 << value)
        };
        read.map_err(|e| e.within(DAY.name, word.column))?;
    }
    Ok(mask)
}

fn weekdays(word: &Word<'_>, special: &mut Special) -> Result<u64, ScheduleError> {
    let mut mask = 0;
    for item in checked(&WEEKDAY, word)?.split(',') {
        items::weekday_item(item, special, &mut |value| mask |= 1 << value)
            .map_err(|e| e.within(WEEKDAY.name, word.column))?;
    }
    Ok(mask)
}

fn years(word: &Word<'_>) -> Result<Years, ScheduleError> {
    let mut years = Years::default();
    for item in checked(&YEAR, word)?.split(',') {
        items::values(&YEAR, item, &mut |value| years.add(value))
            .map_err(|e| e.within(YEAR.name, word.column))?;
    }
    Ok(years)
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
fn last_days<'a>(word: &Word<'a>, special: &mut Special) -> Word<'a> {
    let mut word = word.clone();
    if word.text.eq_ignore_ascii_case("LW") {
        special.last_weekday = true;
        word.text = "".into();
    } else if word.text.contains(['L', 'l']) {
        // Anywhere in the field, so `3L` is the 3rd and the last.
        special.last_day = true;
        word.text.to_mut().retain(|c| !matches!(c, 'L' | 'l'));
    }
    word
}

/// Takes the leading `+` (both day fields must match) off the weekday field.
fn plus<'a>(word: &'a Word<'_>) -> Result<(Word<'a>, bool), ScheduleError> {
    let (text, both) = match word.text.strip_prefix('+') {
        None => (&*word.text, false),
        Some("") => {
            return Err(ScheduleError::syntax("nothing follows the +")
                .within(WEEKDAY.name, word.column)
                .hint("write the weekday that must fall on the day of month: +5"));
        }
        Some(rest) => (rest, true),
    };
    let word = Word {
        text: text.into(),
        column: word.column + usize::from(both),
    };
    Ok((word, both))
}

/// Replaces names by numbers, as croner does: anywhere in a field of three characters or more.
fn names<'a>(word: &Word<'a>, names: &[&str], base: usize) -> Word<'a> {
    let mut word = word.clone();
    if word.text.chars().count() < 3 || !word.text.contains(|c: char| c.is_ascii_alphabetic()) {
        return word;
    }
    if base == 0 {
        // Sunday is 7 at the end of a range.
        word.text = replace(&word.text, "-sun", "-7").into();
    }
    for (number, name) in (base..).zip(names) {
        word.text = replace(&word.text, name, &number.to_string()).into();
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

fn legal(part: &Part, text: &str) -> Result<(), ScheduleError> {
    let legal = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '*' | '/' | '-' | ',')
            || part.extra.contains(c.to_ascii_uppercase())
    };
    let Some(bad) = text.chars().find(|&c| !legal(c)) else {
        return Ok(());
    };
    let error = ScheduleError::syntax(format!("{bad:?} has no meaning here"));
    Err(match part.name {
        _ if text.to_ascii_uppercase().contains("TZ=") => {
            error.hint("OpenClaw takes the zone from the job's tz, not from a prefix")
        }
        "weekday" => {
            error.hint("weekdays are 0-7 (Sunday is 0 and 7) or sun, mon, …, three letters")
        }
        "month" => error.hint("months are 1-12 or jan, feb, …, three letters"),
        _ => error,
    })
}
