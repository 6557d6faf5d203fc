//! What a person sees: what was not in order, slots that are alike together; the jobs last.

use std::io;

use super::gather::rules;
use super::report::{AuditReport, JobCounts, SlotRow, role};
use super::rows::in_words;
use crate::audit::Outcome;
use crate::openclaw::Confidence;
use crate::report::{Cell, Column, Report as _, Screen};
use crate::ui::Role;
use crate::when::duration;

/// Returns a confidence in a word.
pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Assumed => "assumed",
    }
}

/// Draws the summary, the slots, and the counts of each job.
pub(super) fn draw(
    report: &AuditReport,
    rows: &[SlotRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    summary(report, screen)?;
    if report.inputs.all {
        screen.blank()?;
        screen.rows(rows, "No job has a slot in this time.")?;
    } else if rows.is_empty() && report.summary.counts.slots > 0 {
        let off = report.summary.counts.skipped;
        screen.blank()?;
        screen.paragraph(if off == 0 {
            AuditReport::EMPTY
        } else {
            "Every slot of a job that is on ran in time."
        })?;
    } else {
        findings(report, rows, screen)?;
    }
    jobs(report, screen)
}

fn summary(report: &AuditReport, screen: &mut Screen<'_>) -> io::Result<()> {
    let (inputs, summary) = (&report.inputs, &report.summary);
    let counts = &summary.counts;
    let found = if counts.slots == 0 {
        "no slot".to_owned()
    } else {
        format!(
            "{} slots of {}: {}",
            counts.slots,
            counted(summary.jobs, "job"),
            in_words(counts)
        )
    };
    screen.paragraph(&format!(
        "{found}, in {} from {}",
        duration(inputs.until_at_ms - inputs.since_at_ms),
        inputs.since_at
    ))?;
    for (source, history) in inputs.sources.iter().zip(&inputs.histories) {
        let read = if history.read.is_empty() {
            "no run history".to_owned()
        } else {
            format!("runs from {}", history.read.join("; "))
        };
        screen.paragraph(&format!("{}: {}; {read}", source.tag, rules(source)))?;
    }
    if counts.run_errors > 0 {
        let slots = counted(counts.run_errors, "slot");
        screen.paragraph(&format!("the runs of {slots} failed or were interrupted"))?;
    }
    if let (Some(worst), Some(job)) = (counts.worst_late_ms, &summary.worst_late_job) {
        screen.paragraph(&format!(
            "worst lateness: {} ({job}); late means more than {}",
            duration(worst),
            duration(inputs.late_after_ms)
        ))?;
    }
    Ok(())
}

/// Slots of one job that came to the same for the same reason, one after the other, are one entry;
/// what is said of the gateway as a whole is said once.
fn findings(report: &AuditReport, rows: &[SlotRow], screen: &mut Screen<'_>) -> io::Result<()> {
    let several = report.inputs.sources.len() > 1;
    if !rows.is_empty() {
        screen.blank()?;
    }
    let is_shared = |row: &&SlotRow| {
        row.shared.is_some() && matches!(row.outcome, Outcome::Missed | Outcome::Late)
    };
    let mut shared: Vec<&SlotRow> = rows.iter().filter(is_shared).collect();
    let of = |row: &SlotRow| (row.source.clone(), row.shared.clone(), row.outcome);
    shared.sort_by_key(|row| of(row));
    for group in shared.chunk_by(|a, b| of(a) == of(b)) {
        of_gateway(group, several, screen)?;
    }
    let own: Vec<&SlotRow> = rows.iter().filter(|row| !is_shared(row)).collect();
    let alike = |a: &&SlotRow, b: &&SlotRow| {
        (&a.source, &a.job, a.outcome, &a.why) == (&b.source, &b.job, b.outcome, &b.why)
    };
    for group in own.chunk_by(alike) {
        of_job(group, several, screen)?;
    }
    Ok(())
}

/// Slots that were missed, or served late, because nothing of their gateway ran.
fn of_gateway(group: &[&SlotRow], several: bool, screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(first) = group.first() else {
        return Ok(());
    };
    let jobs: Vec<String> = group
        .chunk_by(|a, b| a.job == b.job)
        .filter_map(|slots| {
            let name = name(slots.first()?);
            let late = slots.iter().filter_map(|row| row.late_ms).max();
            Some(match late {
                Some(late) => format!("{name} {} late", duration(late)),
                None => format!("{name} {}", number(slots)),
            })
        })
        .collect();
    let of = if several {
        format!(" ({})", first.source)
    } else {
        String::new()
    };
    screen.line(&[
        Cell::with(role(first.outcome), format!("{:<7}", first.outcome.word())),
        Cell::from("  "),
        Cell::with(Role::Strong, counted(number(group), "slot")),
        Cell::from(format!(" of {}{of}", counted(jobs.len(), "job"))),
    ])?;
    let why = first.shared.clone().unwrap_or_default();
    screen.indented("", 9, why + &doubt(group))?;
    screen.indented("", 9, jobs.join(", "))
}

fn of_job(group: &[&SlotRow], several: bool, screen: &mut Screen<'_>) -> io::Result<()> {
    let [first, ..] = group else {
        return Ok(());
    };
    let of = if several {
        format!("{}: {}", first.source, name(first))
    } else {
        name(first).to_owned()
    };
    screen.line(&[
        Cell::with(role(first.outcome), format!("{:<7}", first.outcome.word())),
        Cell::from("  "),
        Cell::with(Role::Strong, &*first.shown_at),
        Cell::from("  "),
        Cell::from(of),
    ])?;
    let mut why = first.why.clone();
    if let Some(last) = group.last().filter(|_| number(group) > 1) {
        why = format!("{} slots, to {}: {why}", number(group), last.last_shown_at);
    } else if let Some(late) = first.late_ms.filter(|_| first.outcome == Outcome::Late) {
        why = format!("{} late: {why}", duration(late));
    }
    screen.indented("", 9, why + &doubt(group))
}

/// How sure a group is, where it is not certain.
fn doubt(group: &[&SlotRow]) -> String {
    let least = group
        .iter()
        .map(|row| row.confidence)
        .filter(|c| *c != Confidence::Certain);
    let least = least.map(confidence).next();
    least.map_or_else(String::new, |sure| format!(" [{sure}]"))
}

/// How many slots the rows of a group stand for.
fn number(group: &[&SlotRow]) -> usize {
    group.iter().map(|row| row.alike).sum()
}

fn name(row: &SlotRow) -> &str {
    row.name.as_deref().unwrap_or(&row.job)
}

fn jobs(report: &AuditReport, screen: &mut Screen<'_>) -> io::Result<()> {
    const COLUMNS: [Column; 10] = [
        Column::new("job", "JOB"),
        Column::new("slots", "SLOTS").right(),
        Column::new("ok", "OK").right(),
        Column::new("late", "LATE").right(),
        Column::new("skipped", "SKIPPED").right(),
        Column::new("missed", "MISSED").right(),
        Column::new("doubled", "DOUBLED").right(),
        Column::new("unknown", "UNKNOWN").right(),
        Column::new("errors", "ERRORS").right(),
        Column::new("worst", "WORST").right(),
    ];
    if report.jobs.is_empty() {
        return Ok(());
    }
    screen.heading("Jobs")?;
    // What no job has needs no column.
    let total = &report.summary.counts;
    let shown = |n: usize| match n {
        3..=7 => total.of(Outcome::ALL[n - 2]) > 0,
        8 => total.run_errors > 0,
        _ => true,
    };
    let columns: Vec<Column> = COLUMNS
        .into_iter()
        .enumerate()
        .filter_map(|(n, column)| shown(n).then_some(column))
        .collect();
    let cells = |job: &JobCounts| {
        let counts = &job.counts;
        let number = |n: usize, of: Role| match n {
            0 => Cell::with(Role::Dim, "0"),
            n => Cell::of(n).role(of),
        };
        let mut cells = vec![
            Cell::from(job.name.as_deref().unwrap_or(&job.job)),
            Cell::of(counts.slots),
        ];
        cells.extend(Outcome::ALL.map(|o| number(counts.of(o), role(o))));
        cells.push(number(counts.run_errors, Role::Bad));
        cells.push(Cell::from(counts.worst_late_ms.map(duration)));
        let cells = cells.into_iter().enumerate();
        cells
            .filter_map(|(n, cell)| shown(n).then_some(cell))
            .collect()
    };
    let rows: Vec<_> = report.jobs.iter().map(cells).collect();
    screen.table(&columns, &rows)
}

fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
