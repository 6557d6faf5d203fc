//! Where an expression means something else than it seems to, in the dialect that reads it.
//!
//! A trap is named only when it changes when this very expression fires.

use super::civil::{DAY, days_of};
use super::cron::Cron;
use super::dst::{self, Change, Effect};
use super::error::Hang;
use super::fields::{DayRule, Fields};
use super::shape::{ALL_DAYS, Shape};
use super::stagger::{Stagger, StaggerReason};
use super::text::{Word, is_go_space, is_js_space, words};
use super::words::wall;
use super::{Rules, Version, croner};

/// Something about an expression that surprises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trap {
    /// OpenClaw: `?` in a day field restricts it.
    QuestionMark {
        /// The expression with `*` instead.
        instead: String,
    },
    /// A day field that allows all but is no `*` restricts it.
    WholeField {
        /// The field as written.
        field: String,
        /// The expression with `*` instead.
        instead: String,
    },
    /// Both day fields are restricted: either is enough.
    EitherDay {
        /// What to write when both must match, where there is a form for it.
        both: Option<String>,
    },
    /// Molecule: an item `*` makes its whole field a star.
    StarItem {
        /// The field as written.
        field: String,
        /// What the other day field alone decides.
        decides: &'static str,
        /// Whether OpenClaw fires every day for the same expression.
        openclaw_daily: bool,
    },
    /// `cron-rs`: both day fields must match.
    BothDays,
    /// OpenClaw: days that croner 10 passes over in early March.
    MarchLost {
        /// The dates that match and do not fire, `2026-03-01`.
        dates: Vec<String>,
        /// How to split the expression into jobs that lose nothing.
        split: &'static str,
    },
    /// OpenClaw and `cron-rs`: nothing fires, and nobody says so.
    NeverSilent,
    /// Molecule: nothing fires by the calendar, so every poll does.
    NeverButDue,
    /// Molecule: a field without any value.
    EmptyField {
        /// The field as written.
        field: String,
    },
    /// OpenClaw: an empty expression is no schedule, and no error.
    Empty,
    /// A date that is past.
    Past,
    /// OpenClaw: text with a `:` is a date, not an expression.
    OneShot,
    /// OpenClaw: a recurring top-of-hour expression is staggered.
    TopOfHour {
        /// The window, milliseconds.
        window_ms: i64,
        /// This job's offset, milliseconds, when the job is known.
        offset_ms: Option<i64>,
    },
    /// OpenClaw: `3L` is the 3rd and the last day.
    NumberAndLast {
        /// The field as written.
        field: String,
    },
    /// Several seconds of a minute match.
    SecondsField {
        /// How many.
        per_minute: u32,
    },
    /// Molecule: `n/s` means from n to the end.
    StepFromNumber {
        /// The item as written.
        item: String,
        /// The same as a range.
        instead: String,
    },
    /// Molecule: a clock change that is no whole hour makes the walk lose fires.
    LostInWalk {
        /// What is lost.
        what: String,
    },
    /// `cron-rs`: numeric weekdays are 1 to 7 from Sunday.
    NumericWeekdays {
        /// The field as written.
        field: String,
        /// The same weekdays by name.
        names: String,
    },
    /// Molecule: the prefix of the expression wins over the schedule's zone.
    ZonePrefix {
        /// The zone that was asked for beside it.
        ignored: String,
    },
}

impl Trap {
    /// Returns the name of the trap for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::QuestionMark { .. } => "question-mark",
            Self::WholeField { .. } => "whole-field",
            Self::EitherDay { .. } => "either-day",
            Self::StarItem { .. } => "star-item",
            Self::BothDays => "both-days",
            Self::MarchLost { .. } => "march-lost",
            Self::NeverSilent => "never-silent",
            Self::NeverButDue => "never-but-due",
            Self::EmptyField { .. } => "empty-field",
            Self::Empty => "empty",
            Self::Past => "past",
            Self::OneShot => "one-shot",
            Self::TopOfHour { .. } => "top-of-hour",
            Self::NumberAndLast { .. } => "number-and-last",
            Self::SecondsField { .. } => "seconds-field",
            Self::StepFromNumber { .. } => "step-from-number",
            Self::LostInWalk { .. } => "lost-in-walk",
            Self::NumericWeekdays { .. } => "numeric-weekdays",
            Self::ZonePrefix { .. } => "zone-prefix",
        }
    }

    /// Says what happens, one or two sentences.
    pub fn text(&self) -> String {
        match self {
            Self::QuestionMark { .. } => "? is no wildcard in OpenClaw's day rule: both day fields \
                 count as restricted, either is enough, and so it fires every day."
                .to_owned(),
            Self::WholeField { field, .. } => format!(
                "{field} allows every value but is not the * that the day rule asks for: either day \
                 field is enough, and so it fires every day."
            ),
            Self::EitherDay { .. } => {
                "Both day fields are restricted: it fires when either matches, not only when both do."
                    .to_owned()
            }
            Self::StarItem {
                field,
                decides,
                openclaw_daily,
            } => format!(
                "{field} holds a *, so the whole field counts as *: the {decides} alone decides.{}",
                if *openclaw_daily {
                    " OpenClaw takes the same field as restricted and fires every day."
                } else {
                    ""
                }
            ),
            Self::BothDays => "Both day fields are restricted, and the cron crate wants both to \
                 match; crontab, OpenClaw and Molecule are content with either."
                .to_owned(),
            Self::MarchLost { dates, .. } => format!(
                "croner 10 looks for days 29 to 31 in February too, finds one and lands past the \
                 beginning of March: {} {} and will not fire.",
                dates.join(", "),
                if dates.len() == 1 { "matches" } else { "match" }
            ),
            Self::NeverSilent => "It never fires, and nothing says so: the scheduler finds no next \
                 instant and reports no error."
                .to_owned(),
            Self::NeverButDue => "No instant within five years matches. robfig/cron then answers \
                 with year 1 and no error; Molecule stores that as the next run, which is due at \
                 every 30 s poll, for ever."
                .to_owned(),
            Self::EmptyField { field } => {
                format!("{field} holds no value at all, which Molecule accepts: no time can match.")
            }
            Self::Empty => "An empty expression is no schedule to OpenClaw, and no error: it never \
                 fires."
                .to_owned(),
            Self::Past => "Its only instant is past.".to_owned(),
            Self::OneShot => "OpenClaw takes text with a colon as a date: it fires once.".to_owned(),
            Self::TopOfHour {
                window_ms,
                offset_ms,
            } => {
                let minutes = window_ms / 60_000;
                match offset_ms {
                    None => format!(
                        "OpenClaw moves a recurring top-of-hour job by up to {minutes} min, by a \
                         hash of the job's id. The instants here are without it."
                    ),
                    Some(ms) => format!(
                        "OpenClaw moves a recurring top-of-hour job by up to {minutes} min, by a \
                         hash of its id: this job by {} min {:02}.{:03} s.",
                        ms / 60_000,
                        ms / 1_000 % 60,
                        ms % 1_000
                    ),
                }
            }
            Self::NumberAndLast { field } => format!(
                "L stands for the last day wherever it is in the field: {field} is its numbers and \
                 the last day besides."
            ),
            Self::SecondsField { per_minute } => format!(
                "With six fields or more the first is the second: it fires {per_minute} times in \
                 each minute that matches."
            ),
            Self::StepFromNumber { item, instead } => {
                format!("{item} means {instead} here; OpenClaw refuses it.")
            }
            Self::LostInWalk { what } => format!(
                "The clock shifts by less than an hour, and robfig's walk by hours loses its place \
                 until midnight: {what}."
            ),
            Self::NumericWeekdays { field, names } => format!(
                "The cron crate counts weekdays from Sunday = 1: {field} is {names}. Crontab, \
                 OpenClaw and Molecule count from Sunday = 0."
            ),
            Self::ZonePrefix { ignored } => {
                format!("The prefix of the expression decides about the zone, not {ignored}.")
            }
        }
    }

    /// Returns what to write or do instead.
    pub fn instead(&self) -> Option<String> {
        Some(match self {
            Self::QuestionMark { instead } | Self::WholeField { instead, .. } => {
                format!("write {instead}")
            }
            Self::EitherDay { both: Some(both) } => format!("for both, write {both}"),
            Self::EitherDay { both: None } => {
                "there is no form for both: restrict one field, and let the job check the other"
                    .to_owned()
            }
            Self::StarItem { .. } => "write * for the field, or only its other values".to_owned(),
            Self::BothDays => "for either, use two schedules".to_owned(),
            Self::MarchLost { split, .. } => format!("use {split}"),
            Self::NeverSilent | Self::NeverButDue => {
                "check that the month has the day, and that the year is to come".to_owned()
            }
            Self::Empty | Self::EmptyField { .. } => {
                "write an expression such as 0 9 * * *".to_owned()
            }
            Self::TopOfHour {
                offset_ms: None, ..
            } => "set staggerMs to 0 (openclaw cron add --exact), or give --job-id for its offset"
                .to_owned(),
            Self::TopOfHour { .. } => {
                "set staggerMs to 0 (openclaw cron add --exact) for the exact hour".to_owned()
            }
            Self::NumberAndLast { .. } => "separate the days by a comma".to_owned(),
            Self::SecondsField { .. } => "write 0 first for once a minute".to_owned(),
            Self::StepFromNumber { instead, .. } => format!("write {instead}"),
            Self::LostInWalk { .. } => "use CRON_TZ=UTC, or a zone that shifts by hours".to_owned(),
            Self::NumericWeekdays { .. } => "write names: Mon-Fri".to_owned(),
            Self::ZonePrefix { .. } => "take the prefix out".to_owned(),
            Self::Past | Self::OneShot => return None,
        })
    }
}

/// What traps are looked for in.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Whose rules.
    pub rules: Rules,
    /// The expression as written.
    pub expr: &'a str,
    /// The zone beside it, as written.
    pub tz: Option<&'a str>,
    /// The expression, compiled.
    pub cron: &'a Cron,
    /// The instant after which fires are asked for, epoch milliseconds.
    pub after_ms: i64,
    /// The job's id and stagger, when the job is known.
    pub stagger: Option<Stagger>,
}

/// Returns the traps of an expression, the gravest first.
///
/// # Errors
/// [`Hang`] when the scheduler itself would never answer.
pub fn traps(asked: &Asked<'_>) -> Result<Vec<Trap>, Hang> {
    let mut traps = Vec::new();
    let shape = asked.cron.shape();
    let text = Written::of(asked);
    never(asked, &shape, &text, &mut traps)?;
    if let Some(fields) = shape.fields() {
        match asked.rules {
            Rules::OpenClaw(version) => {
                openclaw(asked, version, fields, &text, &mut traps);
            }
            Rules::Molecule => molecule(asked, fields, &text, &mut traps)?,
            Rules::CronRs => cron_rs(fields, &text, &mut traps),
        }
        let per_minute = fields.seconds.count_ones();
        if per_minute > 1 {
            traps.push(Trap::SecondsField { per_minute });
        }
    }
    Ok(traps)
}

/// The expression as written, in fields.
struct Written {
    /// What stands before the first field: a zone prefix.
    prefix: String,
    fields: Vec<Word>,
}

impl Written {
    fn of(asked: &Asked<'_>) -> Self {
        let space = match asked.rules {
            Rules::Molecule => is_go_space,
            _ => is_js_space,
        };
        let mut fields = words(asked.expr, space);
        let zoned = asked.rules == Rules::Molecule
            && fields
                .first()
                .is_some_and(|w| w.text.starts_with("TZ=") || w.text.starts_with("CRON_TZ="));
        let prefix = if zoned {
            fields.remove(0).text + " "
        } else {
            String::new()
        };
        Self { prefix, fields }
    }

    /// Where the minute is: seconds stand before it in six and seven fields.
    fn first(&self) -> usize {
        usize::from(self.fields.len() > 5)
    }

    /// Returns a field, counted from the minute.
    fn field(&self, number: usize) -> &str {
        let word = self.fields.get(self.first() + number);
        word.map_or("", |w| w.text.as_str())
    }

    /// Returns the expression with another text for a field, counted from the minute.
    fn with(&self, number: usize, text: &str) -> String {
        let at = self.first() + number;
        let words = self.fields.iter().enumerate();
        let words: Vec<&str> = words
            .map(|(i, w)| if i == at { text } else { w.text.as_str() })
            .collect();
        format!("{}{}", self.prefix, words.join(" "))
    }
}

const DAY_FIELD: usize = 2;
const WEEKDAY_FIELD: usize = 4;

fn never(
    asked: &Asked<'_>,
    shape: &Shape<'_>,
    text: &Written,
    traps: &mut Vec<Trap>,
) -> Result<(), Hang> {
    let never = asked.cron.next(asked.after_ms)?.is_none();
    match (shape, asked.rules) {
        (Shape::Once(_), _) => {
            traps.push(Trap::OneShot);
            if never {
                traps.push(Trap::Past);
            }
        }
        (Shape::Never, Rules::Molecule) => {
            let empty = text
                .fields
                .iter()
                .find(|w| w.text.bytes().all(|b| b == b','));
            if let Some(word) = empty {
                traps.push(Trap::EmptyField {
                    field: word.text.clone(),
                });
            }
            traps.push(Trap::NeverButDue);
        }
        (Shape::Never, Rules::OpenClaw(_)) => traps.push(Trap::Empty),
        _ if !never => {}
        (_, Rules::Molecule) => traps.push(Trap::NeverButDue),
        _ => traps.push(Trap::NeverSilent),
    }
    Ok(())
}

/// Both day fields count as restricted: what follows from it.
fn either(rules: Rules, fields: &Fields, text: &Written, traps: &mut Vec<Trap>) {
    if fields.rule != DayRule::Either {
        return;
    }
    let (every_day, every_weekday) = (fields.every_day(), fields.every_weekday());
    if every_day && every_weekday {
        return;
    }
    if every_day || every_weekday {
        let number = if every_day { DAY_FIELD } else { WEEKDAY_FIELD };
        let field = text.field(number).to_owned();
        let instead = text.with(number, "*");
        traps.push(if field == "?" {
            Trap::QuestionMark { instead }
        } else {
            Trap::WholeField { field, instead }
        });
        return;
    }
    let both = matches!(rules, Rules::OpenClaw(_))
        .then(|| text.with(WEEKDAY_FIELD, &format!("+{}", text.field(WEEKDAY_FIELD))));
    traps.push(Trap::EitherDay { both });
}

fn openclaw(
    asked: &Asked<'_>,
    version: Version,
    fields: &Fields,
    text: &Written,
    traps: &mut Vec<Trap>,
) {
    either(asked.rules, fields, text, traps);
    let dates = march_lost(fields, asked.cron, asked.after_ms);
    if !dates.is_empty() {
        let split = split(fields, asked);
        traps.push(Trap::MarchLost { dates, split });
    }
    let day = text.field(DAY_FIELD);
    let glued =
        |item: &str| item.contains(['L', 'l']) && item.contains(|c: char| c.is_ascii_digit());
    if day.split(',').any(glued) {
        traps.push(Trap::NumberAndLast {
            field: day.to_owned(),
        });
    }
    let stagger = asked
        .stagger
        .unwrap_or_else(|| Stagger::of(version, asked.expr, None, ""));
    if stagger.reason == StaggerReason::TopOfHour {
        traps.push(Trap::TopOfHour {
            window_ms: stagger.window_ms,
            offset_ms: asked.stagger.map(|s| s.offset_ms),
        });
    }
}

/// Crossings from February to March that are looked at.
const CROSSINGS: i64 = 4;

/// Returns the first days of March that match by the calendar and that croner's scan passes over,
/// at the next crossings.
fn march_lost(fields: &Fields, cron: &Cron, after_ms: i64) -> Vec<String> {
    let now = after_ms.div_euclid(1_000);
    let now = now + cron.zone().offset(now);
    let year = super::civil::date_of(now.div_euclid(DAY)).year;
    let mut lost = Vec::new();
    for year in year..=year + CROSSINGS {
        let march = days_of(year, 3, 1);
        // Earlier days do not change what the scan finds from the 27th of February on.
        let mut fires = [false; 5];
        fields.each_wall((march - 3) * DAY, (march + 5) * DAY, &mut |wall| {
            let day = usize::try_from(wall.div_euclid(DAY) - march).ok();
            if let Some(fires) = day.and_then(|day| fires.get_mut(day)) {
                *fires = true;
            }
        });
        let passed_over = (march..)
            .zip(fires)
            .filter(|(day, fires)| !fires && fields.matches_date(*day) && (*day + 1) * DAY > now);
        lost.extend(passed_over.map(|(day, _)| wall(day * DAY, true)));
    }
    lost.truncate(3);
    lost.iter()
        .map(|text| text.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}

/// Returns how to split an expression that loses days of March.
fn split(fields: &Fields, asked: &Asked<'_>) -> &'static str {
    if fields.rule != DayRule::Either {
        return "two jobs, one for the days to 28 and one for those from 29";
    }
    let mut days_only = fields.clone();
    days_only.rule = DayRule::Days;
    if march_lost(&days_only, asked.cron, asked.after_ms).is_empty() {
        "two jobs, one for each day field"
    } else {
        "three jobs: for the weekdays, for the days to 28 and for those from 29"
    }
}

fn molecule(
    asked: &Asked<'_>,
    fields: &Fields,
    text: &Written,
    traps: &mut Vec<Trap>,
) -> Result<(), Hang> {
    either(asked.rules, fields, text, traps);
    if fields.rule == DayRule::Both && fields.every_day() != fields.every_weekday() {
        let (number, decides) = if fields.every_day() {
            (DAY_FIELD, "weekday")
        } else {
            (WEEKDAY_FIELD, "day of the month")
        };
        let field = text.field(number);
        if field != "*" && field != "?" {
            let same = croner::parse(&text.with(number, field)[text.prefix.len()..]);
            let daily =
                |f: Fields| f.rule == DayRule::Either && (f.every_day() || f.every_weekday());
            traps.push(Trap::StarItem {
                field: field.to_owned(),
                decides,
                openclaw_daily: same.ok().flatten().is_some_and(daily),
            });
        }
    }
    const HIGHEST: [u32; 5] = [59, 23, 31, 12, 6];
    for (number, highest) in HIGHEST.into_iter().enumerate() {
        for item in text.field(number).split(',') {
            if let Some((low, step)) = item.split_once('/') {
                if !low.contains(['-', '*', '?']) {
                    traps.push(Trap::StepFromNumber {
                        item: item.to_owned(),
                        instead: format!("{low}-{highest}/{step}"),
                    });
                }
            }
        }
    }
    if let Some(tz) = asked.tz.filter(|tz| !tz.is_empty()) {
        if !text.prefix.is_empty() && tz != asked.cron.zone().name() {
            traps.push(Trap::ZonePrefix {
                ignored: tz.to_owned(),
            });
        }
    }
    let odd = |change: &Change| change.shift() % 3_600 != 0;
    for change in dst::changes(asked.cron.zone(), asked.after_ms, 2) {
        if !odd(&change) {
            continue;
        }
        let effects = dst::effects(asked.cron, change)?;
        if let Some(lost) = effects.iter().find(|e| matches!(e, Effect::Lost(_))) {
            traps.push(Trap::LostInWalk {
                what: lost.text(asked.cron.zone()),
            });
            break;
        }
    }
    Ok(())
}

fn cron_rs(fields: &Fields, text: &Written, traps: &mut Vec<Trap>) {
    let weekday = text.field(WEEKDAY_FIELD);
    let numeric = weekday.split(',').any(|item| {
        let values = item.split('/').next().unwrap_or_default();
        values.contains(|c: char| c.is_ascii_digit())
    });
    if numeric && !fields.every_weekday() {
        traps.push(Trap::NumericWeekdays {
            field: weekday.to_owned(),
            names: super::words::weekday_names(fields),
        });
    }
    if fields.days != ALL_DAYS && !fields.every_weekday() {
        traps.push(Trap::BothDays);
    }
}

#[cfg(test)]
mod tests;
