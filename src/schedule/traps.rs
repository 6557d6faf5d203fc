//! Where an expression means something else than it seems to, in the dialect that reads it.
//!
//! A trap is named only when it changes when this very expression fires.

mod trap;

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

pub use trap::Trap;

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
struct Written<'a> {
    /// What stands before the first field: a zone prefix.
    prefix: String,
    fields: Vec<Word<'a>>,
}

impl<'a> Written<'a> {
    fn of(asked: &Asked<'a>) -> Self {
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
            fields.remove(0).text.into_owned() + " "
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
        word.map_or("", |w| &*w.text)
    }

    /// Returns the expression with another text for a field, counted from the minute.
    fn with(&self, number: usize, text: &str) -> String {
        let at = self.first() + number;
        let words = self.fields.iter().enumerate();
        let words: Vec<&str> = words
            .map(|(i, w)| if i == at { text } else { &*w.text })
            .collect();
        format!("{}{}", self.prefix, words.join(" "))
    }
}

const DAY_FIELD: usize = 2;
const WEEKDAY_FIELD: usize = 4;

fn never(
    asked: &Asked<'_>,
    shape: &Shape<'_>,
    text: &Written<'_>,
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
                    field: word.text.clone().into_owned(),
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
fn either(rules: Rules, fields: &Fields, text: &Written<'_>, traps: &mut Vec<Trap>) {
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
    text: &Written<'_>,
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

/// The highest value of each field in Molecule's grammar, from the minute.
const HIGHEST: [u32; 5] = [59, 23, 31, 12, 6];

fn molecule(
    asked: &Asked<'_>,
    fields: &Fields,
    text: &Written<'_>,
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
    for (number, highest) in HIGHEST.into_iter().enumerate() {
        for item in text.field(number).split(',') {
            if let Some((low, step)) = item.split_once('/')
                && !low.contains(['-', '*', '?'])
            {
                traps.push(Trap::StepFromNumber {
                    item: item.to_owned(),
                    instead: format!("{low}-{highest}/{step}"),
                });
            }
        }
    }
    if let Some(tz) = asked.tz.filter(|tz| !tz.is_empty())
        && !text.prefix.is_empty()
        && tz != asked.cron.zone().name()
    {
        traps.push(Trap::ZonePrefix {
            ignored: tz.to_owned(),
        });
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

fn cron_rs(fields: &Fields, text: &Written<'_>, traps: &mut Vec<Trap>) {
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
