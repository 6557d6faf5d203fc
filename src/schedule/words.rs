//! A compiled expression in words, from its masks: what the scheduler reads, not what was typed.

use super::civil::{DAY, date_of};
use super::cron::Cron;
use super::fields::{DayRule, EVERY, Fields, LAST, Special};
use super::shape::{Shape, regular, runs, values, years};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Times of a day that are listed one by one, at most.
const LISTED: usize = 4;

/// Returns what an expression means, one phrase. How the two day fields combine is said wherever
/// both matter.
pub fn meaning(cron: &Cron) -> String {
    match cron.shape() {
        Shape::Never => "never: no time can match".to_owned(),
        Shape::Once(ms) => {
            let zone = cron.zone();
            let at = ms.div_euclid(1_000);
            format!(
                "once, on {} ({})",
                wall(at + zone.offset_at(at), true),
                zone.name()
            )
        }
        Shape::Match(fields) => phrase(&fields),
    }
}

/// Writes a wall time (wall seconds): `2026-03-08 02:30`, with its date or without. Seconds are
/// written where there are some.
pub(crate) fn wall(wall: i64, with_date: bool) -> String {
    let (date, time) = (date_of(wall.div_euclid(DAY)), wall.rem_euclid(DAY));
    let mut clock = format!("{:02}:{:02}", time / 3_600, time / 60 % 60);
    if time % 60 != 0 {
        clock = format!("{clock}:{:02}", time % 60);
    }
    if with_date {
        clock = format!("{:04}-{:02}-{:02} {clock}", date.year, date.month, date.day);
    }
    clock
}

fn phrase(fields: &Fields) -> String {
    let day = days(fields);
    let mut when = Vec::new();
    when.extend(day.clone());
    let months = values(fields.months.into());
    if months.len() < 12 {
        let name = |m: &u32| MONTHS.get(*m as usize - 1).copied().unwrap_or_default();
        when.push(format!("in {}", names(&months, name)));
    }
    if let Some(allowed) = &fields.years {
        let all = years(allowed);
        let spans: Vec<String> = runs(&all)
            .into_iter()
            .map(|(low, high)| match high - low {
                0 => low.to_string(),
                _ => format!("{low} to {high}"),
            })
            .collect();
        let word = if all.len() == 1 { "year" } else { "years" };
        when.push(format!("in the {word} {}", join(&spans)));
    }
    if day.is_none() {
        let often = fields.minutes.count_ones() == 60 || fields.hours.count_ones() == 24;
        if !often || !when.is_empty() {
            when.insert(0, "every day".to_owned());
        }
    }
    when.push(times(fields));
    when.join(", ")
}

/// The days, `None` when every day matches because nothing restricts them.
fn days(fields: &Fields) -> Option<String> {
    let month = || of_month(fields);
    let week = || of_week(fields);
    match fields.rule {
        DayRule::Days if fields.every_day() => None,
        DayRule::Days => Some(month()),
        DayRule::Weekdays if fields.every_weekday() => None,
        DayRule::Weekdays => Some(week()),
        DayRule::Either if fields.every_day() && fields.every_weekday() => None,
        DayRule::Either if fields.every_day() => Some(format!(
            "every day (any day of the month OR {}: either is enough)",
            week()
        )),
        DayRule::Either if fields.every_weekday() => Some(format!(
            "every day ({} OR any weekday: either is enough)",
            month()
        )),
        DayRule::Either => Some(format!("{} OR {} (either is enough)", month(), week())),
        DayRule::Both => match (fields.every_day(), fields.every_weekday()) {
            (true, true) => None,
            (true, false) => Some(week()),
            (false, true) => Some(month()),
            (false, false) => Some(format!("{} AND {} (both must match)", month(), week())),
        },
    }
}

fn of_month(fields: &Fields) -> String {
    let mut items = Vec::new();
    let all = values(fields.days.into());
    if let (Some(step), [first, .., last]) = (regular(&all), all.as_slice())
        && all.len() > LISTED
    {
        items.push(format!(
            "every {} day from the {} to the {}",
            ordinal(step),
            ordinal(*first),
            ordinal(*last)
        ));
    }
    if items.is_empty() {
        for (low, high) in runs(&all) {
            match high - low {
                0 => items.push(format!("the {}", ordinal(low))),
                1 => items.extend([low, high].map(|day| format!("the {}", ordinal(day)))),
                _ => items.push(format!("the {} to the {}", ordinal(low), ordinal(high))),
            }
        }
    }
    if let Some(special) = &fields.special {
        for day in values(special.nearest.into()) {
            items.push(format!(
                "the Monday to Friday nearest to the {}",
                ordinal(day)
            ));
        }
        if special.last_weekday {
            items.push("the last Monday to Friday".to_owned());
        }
        if special.last_day {
            items.push("the last day".to_owned());
        }
    }
    if items.is_empty() {
        return "on no day of the month".to_owned();
    }
    format!("on {} of the month", join(&items))
}

fn of_week(fields: &Fields) -> String {
    // A week that begins on Monday keeps the weekend together, unless that tears a run apart.
    let mut all = values(fields.weekdays().into());
    if all.first() == Some(&0) {
        let mut late: Vec<u32> = all.iter().skip(1).copied().collect();
        late.push(7);
        if runs(&late).len() <= runs(&all).len() {
            all = late;
        }
    }
    let name = |day: &u32| WEEKDAYS.get(*day as usize % 7).copied().unwrap_or_default();
    if let Some(special) = fields.special.as_ref().filter(|s| s.counts) {
        let counted: Vec<String> = all
            .iter()
            .flat_map(|day| counts(special, *day, name(day)))
            .collect();
        return format!("on {} of the month", join(&counted));
    }
    match runs(&all).as_slice() {
        [] => "on no weekday".to_owned(),
        [(low, high)] if high - low >= 2 => format!("{} to {}", name(low), name(high)),
        _ => format!("on {}", names(&all, name)),
    }
}

/// Names the weekdays of an expression: `Sunday to Thursday`.
pub(crate) fn weekday_names(fields: &Fields) -> String {
    let text = of_week(fields);
    text.strip_prefix("on ").map_or(text.clone(), str::to_owned)
}

fn counts(special: &Special, day: u32, name: &str) -> Vec<String> {
    let nth = special.nth.get(day as usize % 7).copied().unwrap_or(0);
    if nth & EVERY == EVERY {
        return vec![format!("every {name}")];
    }
    let mut items: Vec<String> = (1..=5)
        .filter(|n| nth >> n & 1 == 1)
        .map(|n| format!("the {} {name}", ordinal(n)))
        .collect();
    if nth & LAST != 0 {
        items.push(format!("the last {name}"));
    }
    items
}

/// The times of a day.
fn times(fields: &Fields) -> String {
    let seconds = values(fields.seconds);
    let minutes = values(fields.minutes);
    let hours = values(fields.hours.into());
    if let ([second], true) = (seconds.as_slice(), minutes.len() * hours.len() <= LISTED) {
        let all = hours.iter().flat_map(|hour| {
            let at = move |minute: &u32| i64::from(hour * 3_600 + minute * 60 + second);
            minutes.iter().map(move |minute| wall(at(minute), false))
        });
        return format!("at {}", join(&all.collect::<Vec<_>>()));
    }
    let mut text = String::new();
    if seconds != [0] {
        text += &part(&seconds, 60, "second", &|n| n.to_string());
        if minutes.len() == 60 {
            if hours.len() == 24 && seconds.len() == 60 {
                return text;
            }
            text += " of ";
        } else {
            text += ", ";
        }
    }
    text += &part(&minutes, 60, "minute", &|n| n.to_string());
    if hours.len() == 24 {
        if minutes.len() < 60 {
            text += " past every hour";
        }
        return text;
    }
    text += if minutes.len() == 60 {
        " of "
    } else {
        " past "
    };
    text + &hours_of(&hours)
}

fn hours_of(hours: &[u32]) -> String {
    let clock = |n: u32| format!("{n:02}");
    match (regular(hours), runs(hours).as_slice(), hours) {
        (_, _, [only]) => format!("hour {}", clock(*only)),
        (_, [(low, high)], _) => {
            format!("every hour from {} to {}", clock(*low), clock(*high))
        }
        (Some(step), _, [first, .., last]) if hours.len() > LISTED => {
            let (first, last) = (clock(*first), clock(*last));
            format!("every {} hour from {first} to {last}", ordinal(step))
        }
        _ => format!("the hours {}", spans(hours, &clock)),
    }
}

/// `every minute`, `at every 5th minute from 0 to 55`, `at minute 0 and 30`.
fn part(values: &[u32], whole: usize, unit: &str, show: &dyn Fn(u32) -> String) -> String {
    if values.len() == whole {
        return format!("every {unit}");
    }
    match (regular(values), values) {
        (Some(step), [first, .., last]) if values.len() > LISTED => {
            format!("at every {} {unit} from {first} to {last}", ordinal(step))
        }
        _ => format!("at {unit} {}", spans(values, show)),
    }
}

/// Numbers, with runs of three and more as `a to b`.
fn spans(values: &[u32], show: &dyn Fn(u32) -> String) -> String {
    let mut items = Vec::new();
    for (low, high) in runs(values) {
        match high - low {
            0 => items.push(show(low)),
            1 => items.extend([show(low), show(high)]),
            _ => items.push(format!("{} to {}", show(low), show(high))),
        }
    }
    join(&items)
}

/// Names, with runs of three and more as `a to b`.
fn names<'a>(values: &[u32], name: impl Fn(&u32) -> &'a str) -> String {
    spans(values, &|value| name(&value).to_owned())
}

fn join(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1st`, `2nd`, `13th`.
fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests;
