//! Suggestions as a person, a shell and a program that applies patches read them.

use std::io;

use super::report::{ChangeKind, SuggestedPeaks, SuggestionRow, SuggestionsReport};
use crate::error::Problem;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::source::{SourceInfo, SourceKind};
use crate::ui::{Role, escape, escape_json, wrap};
use crate::when;

/// Columns of prose, so that comments stay readable wherever the script goes.
const WIDTH: usize = 78;

impl Row for SuggestionRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("job", "JOB"),
        Column::new("name", "NAME").if_any(),
        Column::new("change", "CHANGE"),
        Column::new("from_expr", "EXPRESSION").if_any(),
        Column::new("to_expr", "TO").if_any(),
        Column::new("from_stagger_ms", "STAGGER").right().if_any(),
        Column::new("to_stagger_ms", "TO").right().if_any(),
        Column::new("offset_before_ms", "OFFSET").right(),
        Column::new("offset_wanted_ms", "WANTED").right(),
        Column::new("offset_got_ms", "GOT").right(),
        Column::new("why", "WHY").on_request(),
        Column::new("source", "SOURCE").on_request(),
        Column::new("command", "COMMAND").on_request(),
        Column::new("argv", "WORDS").on_request(),
        Column::new("patch", "PATCH").on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        let span = |ms: Option<i64>| Cell::from(ms.map(when::duration));
        match key {
            "job" => Cell::from(&*self.job),
            "name" => Cell::from(self.name.as_deref()),
            "change" => Cell::from(match self.change {
                ChangeKind::Stagger => "stagger",
                ChangeKind::Minute => "minute",
                ChangeKind::Prefix => "prefix",
                ChangeKind::None => "none",
            }),
            "from_expr" => Cell::from(self.from_expr.as_deref()),
            "to_expr" if self.to_expr == self.from_expr => Cell::none(),
            "to_expr" => Cell::from(self.to_expr.as_deref()),
            "from_stagger_ms" => span(self.from_stagger_ms),
            "to_stagger_ms" => span(self.to_stagger_ms),
            "offset_before_ms" => span(Some(self.offset_before_ms)),
            "offset_wanted_ms" => span(Some(self.offset_wanted_ms)),
            "offset_got_ms" => span(self.offset_got_ms),
            "why" => Cell::with(Role::Dim, &*self.why),
            "source" => Cell::from(&*self.source),
            "command" => Cell::from(self.command.as_deref()),
            "argv" => Cell::from(self.argv.as_ref().map(|words| words.join(" "))),
            "patch" => Cell::from(
                self.patch
                    .as_ref()
                    .and_then(|ops| serde_json::to_string(ops).ok()),
            ),
            _ => Cell::none(),
        }
    }
}

impl Report for SuggestionsReport {
    type Row = SuggestionRow;
    const SCHEMA: &'static str = "cronctl.suggestions/1";
    const EMPTY: &'static str =
        "Nothing to suggest: the jobs looked at are where the plan wants them.";

    fn rows(&mut self) -> &mut Vec<SuggestionRow> {
        &mut self.suggestions
    }

    fn warnings(&self) -> &[String] {
        if self.in_script { &[] } else { &self.warnings }
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[SuggestionRow], screen: &mut Screen<'_>) -> io::Result<()> {
        match &self.patch {
            Some(patch) => {
                let text = serde_json::to_string_pretty(patch)?;
                for line in escape_json(&text).lines() {
                    screen.line(&[Cell::from(line)])?;
                }
                Ok(())
            }
            None => script(self, rows, screen),
        }
    }
}

/// The commands, one per line, with everything else as comments: a script as it is.
fn script(
    report: &SuggestionsReport,
    rows: &[SuggestionRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    comment(screen, &introduction(report))?;
    for line in &report.basis {
        comment(screen, line)?;
    }
    for peaks in &report.peaks {
        comment(screen, &peaks_in_words(peaks))?;
    }
    for said in report.missed.iter().chain(&report.warnings) {
        comment(screen, &format!("! {said}"))?;
    }
    if rows.is_empty() {
        return comment(screen, SuggestionsReport::EMPTY);
    }
    for source in &report.inputs.sources {
        let of_source = || rows.iter().filter(|r| r.source == source.tag);
        if of_source().next().is_none() {
            continue;
        }
        screen.blank()?;
        comment(
            screen,
            &format!("Source {}: {}", source.tag, source.location),
        )?;
        if let Some(gateway) = elsewhere(report, rows, source) {
            comment(screen, &format!("! run these on the gateway of {gateway}"))?;
        }
        for row in of_source().filter(|r| r.change != ChangeKind::None) {
            comment(screen, &format!("{}: {}", label(row), row.why))?;
            match (&row.command, row.change) {
                (Some(prefix), ChangeKind::Prefix) => comment(screen, prefix)?,
                (Some(command), _) => screen.line(&[Cell::from(&**command)])?,
                (None, _) => comment(screen, &unshown(row))?,
            }
        }
        for row in of_source().filter(|r| r.change == ChangeKind::None) {
            comment(screen, &format!("{}: not changed: {}", label(row), row.why))?;
        }
    }
    Ok(())
}

/// Says what this is, for when, and for which jobs.
fn introduction(report: &SuggestionsReport) -> String {
    let (inputs, counts) = (&report.inputs, &report.counts);
    let asked = match counts.not_asked_for {
        0 => String::new(),
        n => format!(", {n} not asked for"),
    };
    format!(
        "Changes that realise a plan by {} within {}..{}: what fires outside was not looked at. Jobs: {} \
         changed, {} that cannot be, {} left as they are{asked}. Nothing is applied: look at the \
         commands, then run them.",
        inputs.jitter,
        inputs.from_at,
        inputs.until_at,
        counts.changed,
        counts.not_changeable,
        counts.unchanged
    )
}

/// Where commands must run that do not say it themselves, beside those of another source.
pub(super) fn elsewhere<'a>(
    report: &SuggestionsReport,
    rows: &[SuggestionRow],
    source: &'a SourceInfo,
) -> Option<&'a str> {
    let has = |source: &SourceInfo| {
        rows.iter()
            .any(|r| r.source == source.tag && r.argv.is_some())
    };
    let several = report.inputs.sources.iter().filter(|s| has(s)).count() > 1;
    (several && has(source) && source.kind != SourceKind::OpenClaw).then_some(&source.location)
}

/// Says why a command is not printed.
fn unshown(row: &SuggestionRow) -> String {
    let plain = |text: &str| escape(text) == text && !text.contains('\n');
    let culprit = match (&row.argv, &row.to_expr) {
        _ if !plain(&row.job) => "its id",
        (_, Some(expr)) if !plain(expr) => "its expression",
        _ => "its zone or state directory",
    };
    format!("{culprit} cannot be shown as one line of plain text: argv of --output json has it")
}

fn label(row: &SuggestionRow) -> &str {
    row.name.as_deref().unwrap_or(&row.job)
}

pub(super) fn peaks_in_words(peaks: &SuggestedPeaks) -> String {
    let SuggestedPeaks {
        before,
        planned,
        suggested,
        ..
    } = peaks;
    format!(
        "{}: at most {} at once before, {} planned, {} with these changes; {}, {} and {} starts in \
         one second",
        peaks.group.as_deref().unwrap_or("total"),
        before.concurrent,
        planned.concurrent,
        suggested.concurrent,
        before.starts_per_second,
        planned.starts_per_second,
        suggested.starts_per_second,
    )
}

fn comment(screen: &mut Screen<'_>, text: &str) -> io::Result<()> {
    for line in wrap(&escape(text), WIDTH) {
        screen.line(&[Cell::with(Role::Dim, format!("# {line}"))])?;
    }
    Ok(())
}
