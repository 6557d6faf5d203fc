//! The same question to every dialect, side by side.

mod difference;
mod screen;

use std::io;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use super::answer::{dialect, zone_origin};
use super::refuse::{sentence, tidy};
use super::report::with_weekday;
use crate::error::Problem;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::schedule::traps;
use crate::schedule::{Cron, Rules, Version, meaning};
use crate::ui::Role;
use crate::when;
use crate::zones::Zones;

use difference::Difference;

/// An older OpenClaw, before the clock-change rule of 2026.8.1.
const OLD: Version = Version::new(2026, 3, 31);

/// `cronctl.next.compare/1`: the next fires of one expression in every dialect.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompareReport {
    /// What the answer rests on.
    pub inputs: CompareInputs,
    /// The dialects and how each reads the expression.
    pub readings: Vec<Reading>,
    /// Where the dialects that accept it first differ.
    pub difference: Difference,
    /// The fires, dialect by dialect; one row without an instant for each that refuses or never
    /// fires.
    pub fires: Vec<CompareRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What the answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompareInputs {
    /// The expression as written.
    pub expr: String,
    /// Version and place of the zone data.
    pub tzdata: String,
    /// The instant after which fires were asked for.
    pub after_at: String,
    /// The same in epoch milliseconds.
    pub after_at_ms: i64,
    /// How many fires were asked for.
    pub count: usize,
}

/// How a dialect reads the expression.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reading {
    /// The dialect, with its version for OpenClaw.
    pub dialect: String,
    /// The zone; null when it is refused.
    pub zone: Option<String>,
    /// Where the zone comes from; null when it is refused.
    pub zone_origin: Option<String>,
    /// What the expression means; null when it is refused.
    pub meaning: Option<String>,
    /// Names of the traps that it runs into.
    pub traps: Vec<&'static str>,
    /// Why it is refused; null when it is not.
    pub refused: Option<String>,
    /// What to write instead; null when there is nothing to say.
    pub hint: Option<String>,
}

/// A fire in one dialect.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompareRow {
    /// The dialect, with its version for OpenClaw.
    pub dialect: String,
    /// Counted from 1; null when there is no fire.
    pub number: Option<usize>,
    /// When, RFC 3339 in UTC; null when there is no fire.
    pub at: Option<String>,
    /// The same in epoch milliseconds.
    pub at_ms: Option<i64>,
    /// The same on the clock of the zone.
    pub local_at: Option<String>,
    /// Why there is no fire; else null.
    pub why_not: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    tz: TimeZone,
    #[serde(skip)]
    #[schemars(skip)]
    now_ms: i64,
}

impl Row for CompareRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("dialect", "DIALECT"),
        Column::new("number", "NUMBER").right(),
        Column::new("local_at", "LOCAL"),
        Column::new("at", "UTC"),
        Column::new("at_ms", "UTC MS").right().on_request(),
        Column::new("why_not", "WHY NOT").if_any(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "dialect" => Cell::from(&*self.dialect),
            "number" => Cell::from(self.number.map(|n| n.to_string())),
            "local_at" => Cell::from(self.at_ms.map(|ms| with_weekday(ms, &self.tz))),
            "at" => Cell::from(self.at_ms.map(|ms| when::readable(ms, &TimeZone::UTC))),
            "at_ms" => Cell::from(self.at_ms.map(|ms| ms.to_string())),
            _ => Cell::from(self.why_not.as_deref()).role(Role::Warn),
        }
    }
}

impl Report for CompareReport {
    type Row = CompareRow;
    const SCHEMA: &'static str = "cronctl.next.compare/1";

    fn rows(&mut self) -> &mut Vec<CompareRow> {
        &mut self.fires
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[CompareRow], screen: &mut Screen<'_>) -> io::Result<()> {
        screen::draw(self, rows, screen)
    }
}

/// A dialect that accepts the expression.
struct Accepted {
    name: String,
    cron: Cron,
}

/// Asks every dialect.
pub(super) fn compare(asked: &Asked<'_>, zones: &Zones) -> CompareReport {
    let newest = asked.version.unwrap_or(Version::NEWEST_CHECKED);
    let mut all = vec![
        Rules::OpenClaw(OLD),
        Rules::OpenClaw(newest),
        Rules::Molecule,
        Rules::CronRs,
    ];
    all.dedup();
    let (mut accepted, mut readings, mut fires) = (Vec::new(), Vec::new(), Vec::new());
    for rules in all {
        let name = match rules {
            Rules::OpenClaw(version) => format!("openclaw {version}"),
            _ => dialect(rules).to_owned(),
        };
        match Cron::compile(rules, asked.expr, asked.tz, zones) {
            Err(e) => {
                let e = tidy(e, asked.expr);
                fires.push(no_fire(asked, &name, format!("refused: {}", sentence(&e))));
                readings.push(Reading {
                    dialect: name,
                    zone: None,
                    zone_origin: None,
                    meaning: None,
                    traps: Vec::new(),
                    refused: Some(sentence(&e)),
                    hint: e.hint,
                });
            }
            Ok(cron) => {
                readings.push(reading(asked, rules, &name, &cron, zones));
                fires.extend(rows(asked, &name, &cron));
                accepted.push(Accepted { name, cron });
            }
        }
    }
    CompareReport {
        inputs: CompareInputs {
            expr: asked.expr.to_owned(),
            tzdata: zones.version(),
            after_at: when::utc(asked.after_ms),
            after_at_ms: asked.after_ms,
            count: asked.count,
        },
        difference: difference::find(asked.after_ms, &accepted),
        readings,
        fires,
        warnings: Vec::new(),
        problems: Vec::new(),
    }
}

fn reading(asked: &Asked<'_>, rules: Rules, name: &str, cron: &Cron, zones: &Zones) -> Reading {
    let found = traps::traps(&traps::Asked {
        rules,
        expr: asked.expr,
        tz: asked.tz,
        cron,
        after_ms: asked.after_ms,
        stagger: None,
    });
    Reading {
        dialect: name.to_owned(),
        zone: Some(cron.zone().name().to_owned()),
        zone_origin: Some(zone_origin(rules, asked.expr, asked.tz, zones)),
        meaning: Some(meaning(cron)),
        traps: found.map_or_else(
            |_| Vec::new(),
            |t| t.iter().map(traps::Trap::kind).collect(),
        ),
        refused: None,
        hint: None,
    }
}

fn no_fire(asked: &Asked<'_>, name: &str, why: String) -> CompareRow {
    CompareRow {
        dialect: name.to_owned(),
        number: None,
        at: None,
        at_ms: None,
        local_at: None,
        why_not: Some(why),
        tz: TimeZone::UTC,
        now_ms: asked.now_ms,
    }
}

fn rows(asked: &Asked<'_>, name: &str, cron: &Cron) -> Vec<CompareRow> {
    let tz = cron.zone().time_zone();
    let mut rows = Vec::new();
    let mut after = asked.after_ms;
    while rows.len() < asked.count {
        let at_ms = match cron.next(after) {
            Ok(Some(at)) if at > after => at,
            Ok(_) if rows.is_empty() => {
                return vec![no_fire(asked, name, "never fires".to_owned())];
            }
            Ok(_) => break,
            Err(hang) => {
                rows.push(no_fire(asked, name, hang.to_string()));
                break;
            }
        };
        rows.push(CompareRow {
            dialect: name.to_owned(),
            number: Some(rows.len() + 1),
            at: Some(when::utc(at_ms)),
            at_ms: Some(at_ms),
            local_at: Some(when::local(at_ms, tz)),
            why_not: None,
            tz: tz.clone(),
            now_ms: asked.now_ms,
        });
        after = at_ms;
    }
    rows
}
