//! What a person sees: the turns, then what came of them.

use std::io;

use super::outcome::{self, sentence};
use super::report::CheckpointReport;
use super::row::TargetRow;
use crate::checkpoint::Outcome;
use crate::report::{Cell, Report, Screen};
use crate::ui::Role;

/// How many workspaces a sentence names.
const NAMED: usize = 10;

/// Draws the answer.
pub(super) fn draw(
    report: &CheckpointReport,
    rows: &[TargetRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    screen.rows(rows, CheckpointReport::EMPTY)?;
    if report.inputs.dry_run {
        requests(rows, screen)?;
    } else {
        outcomes(rows, screen)?;
    }
    let left = left_alone(report);
    if !left.is_empty() {
        screen.blank()?;
        screen.paragraph(&format!("Left alone: {}.", left.join(", ")))?;
    }
    Ok(())
}

/// The requests of a dry run, as they would go out.
fn requests(rows: &[TargetRow], screen: &mut Screen<'_>) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let (would, would_not): (Vec<_>, Vec<_>) = rows.iter().partition(|row| would_be_sent(row));
    screen.heading("Requests (none was sent)")?;
    for row in would {
        let url = row.url.as_deref().unwrap_or_default();
        screen.line(&[
            Cell::with(Role::Strong, row.method),
            Cell::from(format!(" {url}")),
        ])?;
        if let Some(body) = &row.body {
            screen.line(&[Cell::from(format!("  {}", body.text()))])?;
        }
    }
    for row in would_not {
        screen.item(&format!("{}: {}", row.called(), row.why))?;
    }
    Ok(())
}

/// Whether a dry run found that a request would go out for it.
fn would_be_sent(row: &TargetRow) -> bool {
    row.why == super::DRY_RUN
}

/// A sentence for each outcome that there was, with its first workspaces.
fn outcomes(rows: &[TargetRow], screen: &mut Screen<'_>) -> io::Result<()> {
    for outcome in Outcome::ALL {
        let of: Vec<&TargetRow> = rows.iter().filter(|row| row.outcome == outcome).collect();
        if of.is_empty() {
            continue;
        }
        screen.blank()?;
        screen.line(&[
            Cell::with(outcome::role(outcome), outcome.word()),
            Cell::from(format!(" {}", of.len())),
        ])?;
        screen.indented("", 2, sentence(outcome))?;
        for row in of.iter().take(NAMED) {
            screen.indented("- ", 4, format!("{}: {}", row.called(), came_of(row)))?;
        }
        if let Some(more @ 1..) = of.len().checked_sub(NAMED) {
            screen.indented("- ", 4, format!("and {more} more"))?;
        }
    }
    Ok(())
}

/// What came of a turn, and what was answered. Of one that is gone the answer says more.
pub(super) fn came_of(row: &TargetRow) -> String {
    match &row.answer_says {
        Some(answer) if row.outcome == Outcome::Confirmed => answer.clone(),
        Some(answer) => format!("{} (answered {answer})", row.why),
        None => row.why.clone(),
    }
}

fn left_alone(report: &CheckpointReport) -> Vec<String> {
    let left = &report.summary.left_alone;
    let counts = [
        (
            left.unknown,
            "of an age not known well enough (cronctl turns shows them)",
        ),
        (left.estimated, "over by an estimate"),
        (left.not_known_native, "over, not known to be native"),
        (left.skewed, "with a start in the future"),
        (left.under, "under the ceiling"),
        (left.off, "with the ceiling off"),
        (left.not_native, "not native"),
        (left.idle, "idle"),
        (left.resting, "asked for lately"),
    ];
    let counted = counts.iter().filter(|(n, _)| *n > 0);
    counted.map(|(n, what)| format!("{n} {what}")).collect()
}
