//! The restart on one screen: rules, starts, peaks, the jobs that are not caught up, findings.

use std::io;

use jiff::tz::TimeZone;

use super::report::{CatchUpPeaks, Outcome, RestartReport, RestartRow, Severity};
use crate::command::plan::screen::run_lengths;
use crate::error::Problem;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::ui::Role;
use crate::when;

/// Jobs that are not caught up on the screen.
const OTHERS_SHOWN: usize = 12;
const DAY_MS: i64 = 86_400_000;

impl Report for RestartReport {
    type Row = RestartRow;
    const SCHEMA: &'static str = "cronctl.restart/1";
    const EMPTY: &'static str = "No jobs.";

    fn rows(&mut self) -> &mut Vec<RestartRow> {
        &mut self.jobs
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[RestartRow], screen: &mut Screen<'_>) -> io::Result<()> {
        let (missed, others): (Vec<_>, Vec<_>) = rows
            .iter()
            .cloned()
            .partition(|r| r.outcome == Outcome::CaughtUp);
        self.header(missed.len(), rows.len(), screen)?;
        screen.blank()?;
        screen.rows(&missed, "No job is caught up.")?;
        self.peaks(screen)?;
        not_caught_up(&others, screen)?;
        if !self.findings.is_empty() {
            screen.heading("Findings")?;
        }
        for finding in &self.findings {
            let mark = match finding.severity {
                Severity::Error => "error: ",
                Severity::Warning => "! ",
                Severity::Note => "- ",
            };
            screen.paragraph(&format!("{mark}{}", finding.text))?;
        }
        Ok(())
    }
}

impl RestartReport {
    fn header(&self, caught_up: usize, jobs: usize, screen: &mut Screen<'_>) -> io::Result<()> {
        let inputs = &self.inputs;
        let started = self.gateways.iter().any(|g| g.starts);
        let at = when::readable(inputs.restart_at_ms, &TimeZone::UTC);
        screen.heading(&if started {
            format!("Restart at {at}: {caught_up} of {jobs} jobs are caught up")
        } else {
            format!("Restart at {at}: the gateway does not start")
        })?;
        if let Some(down) = inputs.down_since_at_ms {
            let down = when::readable(down, &TimeZone::UTC);
            screen.paragraph(&format!(
                "down since {down}: slots before are taken to have run, and none since"
            ))?;
        }
        for g in &self.gateways {
            screen.paragraph(&format!(
                "source {}: OpenClaw {} ({})",
                g.source, g.version, g.version_origin
            ))?;
            if !g.starts {
                continue;
            }
            let sure = match g.rule_confidence {
                crate::openclaw::Confidence::Certain => "",
                crate::openclaw::Confidence::Likely => " (likely)",
                crate::openclaw::Confidence::Assumed => " (assumed)",
            };
            screen.paragraph(&format!("catch-up: {}{sure}", g.rule))?;
            screen.paragraph(&format!("slots: {} ({})", g.slots_rule, g.slots_origin))?;
        }
        screen.paragraph(&run_lengths(&self.inputs.run_lengths))
    }

    fn peaks(&self, screen: &mut Screen<'_>) -> io::Result<()> {
        const COLUMNS: [Column; 7] = [
            Column::new("group", "PEAKS"),
            Column::new("jobs", "JOBS").right(),
            Column::new("starts_before", "STARTS/S").right(),
            Column::new("starts_after", "CATCH-UP").right(),
            Column::new("concurrent_before", "AT ONCE").right(),
            Column::new("concurrent_after", "CATCH-UP").right(),
            Column::new("at", "AT (UTC)"),
        ];
        if self.peaks.iter().all(|p| p.jobs == 0) {
            return Ok(());
        }
        let more = |before: u32, after: u32| {
            Cell::of(after).role(if after > before {
                Role::Warn
            } else {
                Role::Plain
            })
        };
        let row = |p: &CatchUpPeaks| {
            let (before, after) = (&p.on_schedule, &p.catch_up);
            let at = after
                .concurrent_at_ms
                .map(|at| short(at, self.inputs.restart_at_ms));
            vec![
                Cell::from(p.group.as_deref().unwrap_or("total")).role(match p.group {
                    None => Role::Strong,
                    Some(_) => Role::Plain,
                }),
                Cell::of(p.jobs),
                Cell::of(before.starts_per_second),
                more(before.starts_per_second, after.starts_per_second),
                Cell::of(before.concurrent),
                more(before.concurrent, after.concurrent),
                Cell::from(at),
            ]
        };
        let rows: Vec<_> = self.peaks.iter().map(row).collect();
        screen.blank()?;
        screen.table(&COLUMNS, &rows)
    }
}

fn not_caught_up(others: &[RestartRow], screen: &mut Screen<'_>) -> io::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    screen.heading("Not caught up")?;
    for row in others.iter().take(OTHERS_SHOWN) {
        let next = row.next_at_ms.map_or_else(String::new, |next| {
            format!("; next {}", short(next, row.restart_at_ms))
        });
        screen.item(&format!("{}: {}{next}", row.label(), row.why))?;
    }
    match others.len().saturating_sub(OTHERS_SHOWN) {
        0 => Ok(()),
        more => screen.paragraph(&format!("and {more} more: --output ndjson has all of them")),
    }
}

/// An instant for reading: without its date where that is the day of the restart.
fn short(ms: i64, restart_ms: i64) -> String {
    if ms.div_euclid(DAY_MS) == restart_ms.div_euclid(DAY_MS) {
        return when::time_of_day(ms, &TimeZone::UTC);
    }
    let text = when::readable(ms, &TimeZone::UTC);
    text.trim_end_matches(" UTC").to_owned()
}

impl RestartRow {
    fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.job)
    }
}

impl Row for RestartRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("start_at", "START (UTC)"),
        Column::new("start_at_ms", "START MS").right().on_request(),
        Column::new("name", "JOB"),
        Column::new("job", "ID").on_request(),
        Column::new("outcome", "OUTCOME").on_request(),
        Column::new("late_ms", "LATE").right(),
        Column::new("wait_ms", "WAIT").right().if_any(),
        Column::new("missed", "MISSED").right(),
        Column::new("last_missed_at", "LAST SLOT"),
        Column::new("last_missed_at_ms", "LAST SLOT MS")
            .right()
            .on_request(),
        Column::new("first_missed_at", "FIRST SLOT").on_request(),
        Column::new("first_missed_at_ms", "FIRST SLOT MS")
            .right()
            .on_request(),
        Column::new("due_at", "DUE").on_request(),
        Column::new("due_at_ms", "DUE MS").right().on_request(),
        Column::new("immediate", "IMMEDIATE").on_request(),
        Column::new("provider", "PROVIDER").on_request(),
        Column::new("next_at", "NEXT").on_request(),
        Column::new("next_at_ms", "NEXT MS").right().on_request(),
        Column::new("evidence", "EVIDENCE").on_request(),
        Column::new("why", "WHY").on_request(),
        Column::new("restarts", "RESTARTS GATEWAY").if_any(),
        Column::new("run_ms", "RUN").right().on_request(),
        Column::new("run_length_origin", "RUN LENGTH FROM").on_request(),
        Column::new("agent", "AGENT").on_request(),
        Column::new("source", "SOURCE").on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        let at = |ms: Option<i64>| Cell::from(ms.map(|ms| short(ms, self.restart_at_ms)));
        let number = |n: Option<i64>| n.map_or_else(Cell::none, Cell::of);
        let span = |ms: Option<i64>| Cell::from(ms.map(when::duration));
        match key {
            "start_at" => at(self.start_at_ms).role(Role::Strong),
            "start_at_ms" => number(self.start_at_ms),
            "name" => Cell::from(self.label()),
            "job" => Cell::from(&*self.job),
            "outcome" => Cell::from(word(&self.outcome)),
            "late_ms" => span(self.late_ms),
            "wait_ms" => span(self.wait_ms.filter(|ms| *ms > 0)),
            "missed" => Cell::of(self.missed),
            "last_missed_at" => at(self.last_missed_at_ms),
            "last_missed_at_ms" => number(self.last_missed_at_ms),
            "first_missed_at" => at(self.first_missed_at_ms),
            "first_missed_at_ms" => number(self.first_missed_at_ms),
            "due_at" => at(self.due_at_ms),
            "due_at_ms" => number(self.due_at_ms),
            "immediate" => Cell::from(self.immediate.map(|yes| if yes { "yes" } else { "no" })),
            "provider" => Cell::from(self.provider.as_deref()),
            "next_at" => at(self.next_at_ms),
            "next_at_ms" => number(self.next_at_ms),
            "evidence" => Cell::from(self.evidence.map(|e| word(&e))),
            "why" => Cell::from(&*self.why),
            "restarts" => Cell::from(self.restarts.as_deref()).role(Role::Warn),
            "run_ms" => span(self.run_ms),
            "run_length_origin" => Cell::from(
                self.run_length_origin
                    .map(crate::job::RunLengthOrigin::word),
            ),
            "agent" => Cell::from(self.agent.as_deref()),
            "source" => Cell::from(&*self.source),
            _ => Cell::none(),
        }
    }
}

/// The word of a value as it is in JSON.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
