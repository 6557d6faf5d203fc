//! What a person sees of a comparison.

use std::io;

use super::super::report::{relative, with_weekday};
use super::{CompareReport, CompareRow, Reading};
use crate::report::{Cell, Column, Screen};
use crate::ui::Role;
use crate::when;
use jiff::tz::TimeZone;

/// Draws the readings, the fires side by side, and where they part.
pub(super) fn draw(
    report: &CompareReport,
    rows: &[CompareRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
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
        // With --after the past, how long ago it was is of no use.
        Some((ms, now)) if ms > now => {
            screen.paragraph(&format!("The first is {}.", relative(ms - now)))
        }
        _ => Ok(()),
    }
}
