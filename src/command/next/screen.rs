//! What a person sees of an answer.

use std::io;

use jiff::tz::TimeZone;

use super::report::{FireRow, NextReport};
use crate::report::{Cell, Screen};
use crate::schedule::StaggerReason;
use crate::ui::Role;
use crate::when;

/// Draws the overview: what it means, when it fires, what to watch for.
pub(super) fn draw(
    report: &NextReport,
    rows: &[FireRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    facts(report, screen)?;
    screen.heading(match rows.len() {
        0 => "Fires",
        _ if report.ends => "Next fires, and the last",
        _ => "Next fires",
    })?;
    let after = when::readable(report.inputs.after_at_ms, &TimeZone::UTC);
    screen.rows(rows, &format!("None after {after}."))?;
    changes(report, screen)?;
    traps(report, screen)
}

fn facts(report: &NextReport, screen: &mut Screen<'_>) -> io::Result<()> {
    let inputs = &report.inputs;
    let mut facts = vec![("expression", Cell::with(Role::Strong, &*inputs.expr))];
    if let Some(form) = &report.normalised {
        facts.push(("normalised", Cell::from(&**form)));
    }
    facts.push(("meaning", Cell::from(&*report.meaning)));
    let rules = match (&inputs.openclaw_version, &inputs.openclaw_version_origin) {
        (Some(version), Some(origin)) => format!(
            "{} ({}) {version} ({origin})",
            inputs.dialect, inputs.dialect_origin
        ),
        _ => format!("{} ({})", inputs.dialect, inputs.dialect_origin),
    };
    facts.push(("rules", Cell::from(rules)));
    facts.push((
        "zone",
        Cell::from(format!("{} ({})", inputs.zone, inputs.zone_origin)),
    ));
    facts.push(("zone data", Cell::from(&*inputs.tzdata)));
    let after = when::readable(inputs.after_at_ms, &TimeZone::UTC);
    facts.push((
        "after",
        Cell::from(format!("{after} ({})", inputs.after_origin)),
    ));
    if let (Some(id), Some(offset), Some(window), Some(reason)) = (
        &inputs.job_id,
        inputs.stagger_ms,
        inputs.stagger_window_ms,
        inputs.stagger_reason,
    ) {
        let why = match reason {
            StaggerReason::Explicit => "--stagger",
            StaggerReason::Exact => "--stagger 0: exact",
            StaggerReason::TopOfHour => "OpenClaw's default for the top of recurring hours",
            StaggerReason::FixedTime => "OpenClaw staggers no such expression",
            StaggerReason::Unknown => "unknown",
        };
        let text = format!(
            "{} within {} for job {id} ({why})",
            when::duration(offset),
            when::duration(window)
        );
        facts.push(("stagger", Cell::from(text)));
    }
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in facts {
        let name = Cell::with(Role::Dim, format!("{name:>width$}  "));
        screen.line(&[name, value])?;
    }
    Ok(())
}

fn changes(report: &NextReport, screen: &mut Screen<'_>) -> io::Result<()> {
    screen.heading("Next clock changes")?;
    if report.dst.is_empty() {
        return screen.paragraph(&format!("{} has none.", report.inputs.zone));
    }
    for change in &report.dst {
        let all: Vec<&str> = change.effects.iter().map(|e| &*e.text).collect();
        let text = if all.is_empty() {
            "no time that it asks for is concerned".to_owned()
        } else {
            all.join("; ")
        };
        screen.paragraph(&format!("{}: {text}", change.change))?;
    }
    Ok(())
}

fn traps(report: &NextReport, screen: &mut Screen<'_>) -> io::Result<()> {
    if report.traps.is_empty() {
        return Ok(());
    }
    screen.heading("Traps")?;
    for trap in &report.traps {
        screen.paragraph(&format!("! {}", trap.text))?;
        if let Some(instead) = &trap.instead {
            screen.paragraph(&format!("  → {instead}"))?;
        }
    }
    Ok(())
}
