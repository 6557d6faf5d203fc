//! The same question to every dialect, side by side.

use std::io;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use super::answer::{dialect, zone_origin};
use super::refuse::{sentence, tidy};
use super::report::{relative, with_weekday};
use crate::error::Problem;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::schedule::traps;
use crate::schedule::{Cron, Hang, Rules, Version, meaning};
use crate::ui::Role;
use crate::when;
use crate::zones::Zones;

/// How far ahead fires are compared.
const AHEAD_MS: i64 = 400 * 86_400_000;
/// Fires that are compared, per dialect, at most.
const BUDGET: usize = 300_000;
/// Fires are compared window by window.
const WINDOW_MS: i64 = 7 * 86_400_000;

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

/// Where dialects first differ.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// The first instant at which not all fire that accept the expression; null when there is none.
    pub at: Option<String>,
    /// The same in epoch milliseconds.
    pub at_ms: Option<i64>,
    /// Who fires then.
    pub fire: Vec<String>,
    /// Until when fires were compared.
    pub compared_until_at: String,
    /// The same in epoch milliseconds.
    pub compared_until_at_ms: i64,
    /// In words.
    pub text: String,
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
        draw(self, rows, screen)
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
        difference: difference(asked.after_ms, &accepted),
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

/// One dialect's fires, read window by window as one chain.
struct Chain<'a> {
    accepted: &'a Accepted,
    after: i64,
    fires: Vec<i64>,
}

impl Chain<'_> {
    fn window(&mut self, until: i64) -> Result<(), Hang> {
        self.fires.clear();
        let (fires, cron) = (&mut self.fires, &self.accepted.cron);
        cron.each_fire(self.after.saturating_add(1), until, |at| fires.push(at))?;
        self.after = self.fires.last().copied().unwrap_or(self.after);
        Ok(())
    }
}

fn difference(after_ms: i64, accepted: &[Accepted]) -> Difference {
    let end = after_ms.saturating_add(AHEAD_MS);
    let none = |until: i64, text: String| Difference {
        at: None,
        at_ms: None,
        fire: Vec::new(),
        compared_until_at: when::utc(until),
        compared_until_at_ms: until,
        text,
    };
    if accepted.len() < 2 {
        let text = match accepted {
            [only] => format!(
                "Only {} accepts it: there is nothing to compare.",
                only.name
            ),
            _ => "No dialect accepts it.".to_owned(),
        };
        return none(after_ms, text);
    }
    let mut chains: Vec<Chain<'_>> = accepted
        .iter()
        .map(|accepted| Chain {
            accepted,
            after: after_ms,
            fires: Vec::new(),
        })
        .collect();
    let (mut from, mut spent) = (after_ms, 0);
    while from < end && spent < BUDGET {
        // Many fires a day fill the budget in fewer days.
        let length = if spent == 0 {
            WINDOW_MS / 28
        } else {
            WINDOW_MS
        };
        let until = from.saturating_add(length).min(end);
        for chain in &mut chains {
            if let Err(hang) = chain.window(until) {
                let name = &chain.accepted.name;
                return none(from, format!("Under {name}, {hang}."));
            }
        }
        if let Some(found) = first_difference(&chains, until) {
            return found;
        }
        spent += chains.iter().map(|c| c.fires.len()).max().unwrap_or(0);
        from = until;
    }
    let names: Vec<&str> = accepted.iter().map(|a| &*a.name).collect();
    let text = format!(
        "No difference between {} until {}, which is as far as was looked.",
        listed(&names),
        when::readable(from, &TimeZone::UTC)
    );
    none(from, text)
}

fn first_difference(chains: &[Chain<'_>], until: i64) -> Option<Difference> {
    let longest = chains.iter().map(|c| c.fires.len()).max().unwrap_or(0);
    let same = |i: usize| {
        let mut all = chains.iter().map(|c| c.fires.get(i));
        let first = all.next().flatten();
        all.all(|other| other == first)
    };
    let i = (0..longest).find(|i| !same(*i))?;
    let at_ms = chains
        .iter()
        .filter_map(|c| c.fires.get(i))
        .min()
        .copied()?;
    let (mut fire, mut others) = (Vec::new(), Vec::new());
    for chain in chains {
        let name = &*chain.accepted.name;
        if chain.fires.get(i) == Some(&at_ms) {
            fire.push(name);
        } else {
            others.push(name);
        }
    }
    // The zone of one that fires then.
    let shown = chains.iter().find(|c| c.fires.get(i) == Some(&at_ms))?;
    let at = with_weekday(at_ms, shown.accepted.cron.zone().time_zone());
    let verb = |names: &[&str], one: &'static str, many: &'static str| {
        if names.len() == 1 { one } else { many }
    };
    let text = format!(
        "First difference: at {at} {} {}, {} {} not.",
        listed(&fire),
        verb(&fire, "fires", "fire"),
        listed(&others),
        verb(&others, "does", "do"),
    );
    Some(Difference {
        at: Some(when::utc(at_ms)),
        at_ms: Some(at_ms),
        fire: fire.into_iter().map(str::to_owned).collect(),
        compared_until_at: when::utc(until),
        compared_until_at_ms: until,
        text,
    })
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn draw(report: &CompareReport, rows: &[CompareRow], screen: &mut Screen<'_>) -> io::Result<()> {
    let inputs = &report.inputs;
    screen.line(&[
        Cell::with(Role::Strong, &*inputs.expr),
        Cell::from(format!(
            "  after {}, zone data {}",
            when::readable(inputs.after_at_ms, &TimeZone::UTC),
            inputs.tzdata
        )),
    ])?;
    screen.heading("Readings")?;
    for reading in &report.readings {
        let text = match (&reading.refused, &reading.meaning, &reading.zone) {
            (None, Some(meaning), Some(zone)) => {
                let origin = reading.zone_origin.as_deref().unwrap_or_default();
                format!("{meaning}; {zone} ({origin})")
            }
            (Some(why), ..) => match &reading.hint {
                Some(hint) => format!("refused: {why} ({hint})"),
                None => format!("refused: {why}"),
            },
            _ => String::new(),
        };
        let role = if reading.refused.is_some() {
            Role::Warn
        } else {
            Role::Plain
        };
        screen.line(&[
            Cell::with(Role::Strong, format!("{:<19}", reading.dialect)),
            Cell::with(role, text),
        ])?;
        if !reading.traps.is_empty() {
            let traps = format!("{:<19}traps: {}", "", reading.traps.join(", "));
            screen.line(&[Cell::with(Role::Warn, traps)])?;
        }
    }
    side_by_side(report, rows, screen)?;
    screen.blank()?;
    screen.paragraph(&report.difference.text)
}

fn side_by_side(
    report: &CompareReport,
    rows: &[CompareRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    let accepted: Vec<&Reading> = report
        .readings
        .iter()
        .filter(|r| r.refused.is_none())
        .collect();
    if accepted.is_empty() {
        return Ok(());
    }
    screen.heading("Next fires")?;
    let mut columns = vec![Column::new("number", "").right()];
    columns.resize(accepted.len() + 1, Column::new("at", ""));
    let of = |reading: &Reading, number: usize| {
        let mut own = rows.iter().filter(|r| r.dialect == reading.dialect);
        own.find(|r| r.number == Some(number))
    };
    let most = rows.iter().filter_map(|r| r.number).max().unwrap_or(0);
    // The titles hold versions, so they are cells.
    let mut titles = vec![Cell::from(" ")];
    titles.extend(
        accepted
            .iter()
            .map(|r| Cell::with(Role::Strong, r.dialect.to_uppercase())),
    );
    let mut lines = vec![titles];
    for number in 1..=most {
        let first = accepted.first().and_then(|r| of(r, number)?.at_ms);
        let mut line = vec![Cell::of(number)];
        line.extend(accepted.iter().map(|reading| {
            let Some((ms, row)) = of(reading, number).and_then(|row| Some((row.at_ms?, row)))
            else {
                return Cell::none();
            };
            let role = if Some(ms) == first {
                Role::Plain
            } else {
                Role::Warn
            };
            Cell::with(role, with_weekday(ms, &row.tz))
        }));
        lines.push(line);
    }
    if most == 0 {
        return screen.paragraph("None of them ever fires.");
    }
    screen.grid(&columns, &lines)?;
    let next = rows.iter().find_map(|row| Some((row.at_ms?, row.now_ms)));
    match next {
        Some((ms, now)) => screen.paragraph(&format!("The first is {}.", relative(ms - now))),
        None => Ok(()),
    }
}
