//! The rehearsal on one screen: what goes wrong, figures by scenario, calls over time, what it means.

use std::io;

use super::findings::jobs;
use super::lines::{LINES, is_shown};
use super::report::{RehearsalReport, Scenario, ScenarioRow, TimelineSpan};
use crate::error::Problem;
use crate::rehearsal::{Figures, ProviderFigures};
use crate::report::{Bar, Cell, Column, Report, Row, Screen, View};
use crate::ui::Role;
use crate::when;

/// Rows of the chart.
const BARS: usize = 12;

impl Report for RehearsalReport {
    type Row = ScenarioRow;
    const SCHEMA: &'static str = "cronctl.rehearsal/1";

    fn rows(&mut self) -> &mut Vec<ScenarioRow> {
        &mut self.scenarios
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[ScenarioRow], screen: &mut Screen<'_>) -> io::Result<()> {
        self.header(screen)?;
        figures(rows, screen)?;
        providers(rows, screen)?;
        if let Some(timeline) = &self.timeline {
            chart(timeline, rows, screen)?;
        }
        screen.heading("What it means")?;
        for finding in &self.findings {
            let mark = if finding.warning { "! " } else { "- " };
            screen.paragraph(&format!("{mark}{}", finding.text))?;
        }
        screen.heading("Rules")?;
        for rule in &self.rules {
            let source = rule
                .source
                .as_ref()
                .map_or_else(String::new, |s| format!("{s}: "));
            let (word, origin) = (rule.sureness.word(), &rule.origin);
            screen.item(&format!("{source}{} ({word}: {origin})", rule.rule))?;
        }
        Ok(())
    }
}

impl RehearsalReport {
    fn header(&self, screen: &mut Screen<'_>) -> io::Result<()> {
        let inputs = &self.inputs;
        let texts = inputs.faults.iter().map(|f| f.text.clone());
        let limits = inputs
            .capacity
            .iter()
            .map(|c| format!("{} serves {} at once", c.provider, c.calls));
        let all: Vec<String> = texts.chain(limits).collect();
        screen.heading("Rehearsal")?;
        screen.paragraph(&all.join(", "))?;
        for fault in &inputs.faults {
            let zone = fault
                .zone
                .as_ref()
                .map_or_else(String::new, |z| format!(", read in {z}"));
            let when = match &fault.spans {
                None => "always".to_owned(),
                Some(spans) => {
                    const SHOWN: usize = 3;
                    let span =
                        |s: &super::report::SpanUse| format!("{} to {}", s.from_at, s.until_at);
                    let mut shown: Vec<String> = spans.iter().take(SHOWN).map(span).collect();
                    if spans.len() > SHOWN {
                        shown.push(format!("{} more", spans.len() - SHOWN));
                    }
                    shown.join(", ")
                }
            };
            screen.paragraph(&format!("{}: {when}{zone}", fault.target))?;
        }
        let length = when::duration(inputs.until_at_ms - inputs.from_at_ms);
        screen.paragraph(&format!(
            "{}, {length} from {}; jitter is {}{}",
            jobs(self.jobs.planned as u64),
            inputs.from_at,
            inputs.jitter,
            inputs
                .window_ms
                .map_or_else(String::new, |w| format!(" over {}", when::duration(w))),
        ))?;
        if inputs.runs > 1 {
            let (first, last) = (inputs.seed, inputs.seed.wrapping_add(inputs.runs - 1));
            screen.paragraph(&format!(
                "medians of {} runs, seeds {first} to {last}; below them where nine in ten lie",
                inputs.runs
            ))?;
        }
        screen.blank()
    }
}

const COLUMNS: [Column; 5] = [
    Column::new("figure", "FIGURE"),
    Column::new("as-is", "AS IT IS").right(),
    Column::new("jitter", "JITTER").right(),
    Column::new("honoured", "HONOURED").right(),
    Column::new("both", "BOTH").right(),
];

/// The rows in the order of the columns.
fn in_order(rows: &[ScenarioRow]) -> Vec<&ScenarioRow> {
    let of = |scenario| rows.iter().find(move |r| r.scenario == scenario);
    Scenario::ALL.into_iter().filter_map(of).collect()
}

fn figures(rows: &[ScenarioRow], screen: &mut Screen<'_>) -> io::Result<()> {
    let shown = LINES.iter().filter(|line| is_shown(line, rows));
    let rows = in_order(rows);
    let mut lines = Vec::new();
    for (title, of, written) in shown.copied() {
        let mut cells = vec![Cell::from(title)];
        let mut ranges = vec![Cell::from(" ")];
        for row in &rows {
            let value = of(&row.figures);
            let before = rows.first().and_then(|r| of(&r.figures));
            let role = if value == before {
                Role::Plain
            } else {
                Role::Strong
            };
            cells.push(value.map_or_else(Cell::none, |n| Cell::with(role, written.one(n))));
            let low = row.low.as_ref().and_then(of);
            let range = low
                .zip(row.high.as_ref().and_then(of))
                .filter(|(low, high)| low < high);
            let range = range.map(|(low, high)| Cell::with(Role::Dim, written.range(low, high)));
            ranges.push(range.unwrap_or_else(Cell::none));
        }
        lines.push(cells);
        if ranges.iter().skip(1).any(|cell| *cell != Cell::none()) {
            lines.push(ranges);
        }
    }
    screen.table(&COLUMNS, &lines)
}

fn providers(rows: &[ScenarioRow], screen: &mut Screen<'_>) -> io::Result<()> {
    /// Providers shown: those with most calls.
    const SHOWN: usize = 4;
    type Part = (&'static str, fn(&ProviderFigures) -> u64);
    const PARTS: [Part; 4] = [
        ("", |f| f.calls),
        ("  failed", |f| f.failed_calls),
        ("  peak at once", |f| f.peak_at_once),
        ("  peak per second", |f| f.peak_per_second),
    ];
    let rows = in_order(rows);
    let most = |at: usize| {
        let of = |r: &&ScenarioRow| r.providers.get(at).map_or(0, |p| p.figures.calls);
        rows.iter().map(of).max().unwrap_or(0)
    };
    let all = rows.first().map_or(0, |r| r.providers.len());
    let mut called: Vec<usize> = (0..all).filter(|at| most(*at) > 0).collect();
    called.sort_by_key(|at| std::cmp::Reverse(most(*at)));
    if called.is_empty() {
        return Ok(());
    }
    let more = called.len().saturating_sub(SHOWN);
    called.truncate(SHOWN);
    let mut columns = COLUMNS;
    columns[0] = Column::new("provider", "CALLS OF");
    let mut lines = Vec::new();
    for at in called {
        for (title, of) in PARTS {
            let name = rows.first().and_then(|r| r.providers.get(at));
            let name = name.map_or("", |p| p.provider.as_str());
            let mut line = vec![Cell::from(if title.is_empty() { name } else { title })];
            let value = |r: &&ScenarioRow| r.providers.get(at).map_or(0, |p| of(&p.figures));
            line.extend(rows.iter().map(|r| Cell::of(value(r))));
            lines.push(line);
        }
    }
    screen.blank()?;
    screen.table(&columns, &lines)?;
    if more > 0 {
        screen.paragraph(&format!("and {more} more: -o json"))?;
    }
    Ok(())
}

fn chart(timeline: &TimelineSpan, rows: &[ScenarioRow], screen: &mut Screen<'_>) -> io::Result<()> {
    let of = |scenario| rows.iter().find(|r| r.scenario == scenario);
    let (Some(before), Some(after)) = (of(Scenario::AsIs), of(Scenario::Both)) else {
        return Ok(());
    };
    let merged = timeline.bins.div_ceil(BARS).max(1);
    let length = i64::try_from(merged)
        .unwrap_or(1)
        .saturating_mul(timeline.bin_ms);
    screen.heading(&format!(
        "Provider calls per {} from {}",
        when::duration(length),
        when::readable(timeline.from_at_ms, &timeline.tz)
    ))?;
    screen.paragraph("before is as it is, after is with both jitter and declared models")?;
    let before = before.calls_per_bin.chunks(merged);
    let pairs = before.zip(after.calls_per_bin.chunks(merged));
    let bars: Vec<Bar> = (0..)
        .zip(pairs)
        .map(|(at, (before, after))| Bar {
            label: when::time_of_day(timeline.from_at_ms + at * length, &timeline.tz),
            before: before.iter().sum(),
            after: after.iter().sum(),
        })
        .collect();
    screen.bars(&bars)
}

/// Columns of figures, and behind them both ends of their ranges.
macro_rules! columns {
    ($($key:literal $title:literal $($show:ident)?;)*) => {
        &[
            Column::new("scenario", "SCENARIO"),
            $(Column::new($key, $title).right()$(.$show())?,)*
            $(
                Column::new(concat!("low.", $key), concat!($title, " LOW")).right().on_request(),
                Column::new(concat!("high.", $key), concat!($title, " HIGH")).right().on_request(),
            )*
        ]
    };
}

impl Row for ScenarioRow {
    const COLUMNS: &'static [Column] = columns! {
        "due" "DUE";
        "caught_up" "CAUGHT UP" on_request;
        "ok" "OK";
        "lost" "LOST";
        "not_ok" "NOT OK" on_request;
        "fell_back" "FELL BACK";
        "affected" "AFFECTED";
        "calls" "CALLS";
        "failed_calls" "FAILED";
        "amplification" "AMPLIFIED";
        "calls_per_due" "PER RUN" on_request;
        "waves" "WAVES";
        "biggest_wave" "BIGGEST" on_request;
        "longest_queue" "QUEUE";
        "longest_wait_ms" "WAIT" on_request;
        "drain_ms" "DRAIN";
        "switched_off" "OFF";
        "peak_per_second" "PEAK/S" on_request;
        "peak_at_once" "AT ONCE" on_request;
        "occurrences" "OCCURRENCES" on_request;
        "coalesced" "COALESCED" on_request;
        "dropped" "DROPPED" on_request;
        "without_model" "NO MODEL" on_request;
        "not_simulated" "NOT SIMULATED" on_request;
        "timed_out" "TIMED OUT" on_request;
        "runs" "RUNS" on_request;
    };

    fn cell(&self, key: &str, _: &View) -> Cell {
        let end = |figures: &Option<Figures>, key| {
            figures.as_ref().map_or_else(Cell::none, |f| cell(f, key))
        };
        match key.split_once('.') {
            Some(("low", key)) => end(&self.low, key),
            Some((_, key)) => end(&self.high, key),
            None if key == "scenario" => Cell::with(Role::Strong, self.scenario.word()),
            None => cell(&self.figures, key),
        }
    }
}

fn cell(f: &Figures, key: &str) -> Cell {
    match key {
        "due" => Cell::of(f.due),
        "caught_up" => Cell::of(f.caught_up),
        "ok" => Cell::of(f.ok),
        "lost" => Cell::of(f.lost),
        "not_ok" => Cell::of(f.not_ok),
        "fell_back" => Cell::of(f.fell_back),
        "affected" => Cell::of(f.affected),
        "calls" => Cell::of(f.calls),
        "failed_calls" => Cell::of(f.failed_calls),
        "amplification" => f.amplification.map_or_else(Cell::none, Cell::of),
        "calls_per_due" => f.calls_per_due.map_or_else(Cell::none, Cell::of),
        "waves" => Cell::of(f.waves),
        "biggest_wave" => Cell::of(f.biggest_wave),
        "longest_queue" => Cell::of(f.longest_queue),
        "longest_wait_ms" => Cell::from(when::duration(f.longest_wait_ms)),
        "drain_ms" => f
            .drain_ms
            .map_or_else(Cell::none, |ms| Cell::from(when::duration(ms))),
        "switched_off" => Cell::of(f.switched_off),
        "peak_per_second" => Cell::of(f.peak_per_second),
        "peak_at_once" => Cell::of(f.peak_at_once),
        "occurrences" => Cell::of(f.occurrences),
        "coalesced" => Cell::of(f.coalesced),
        "dropped" => Cell::of(f.dropped),
        "without_model" => Cell::of(f.without_model),
        "not_simulated" => Cell::of(f.not_simulated),
        "timed_out" => Cell::of(f.timed_out),
        _ => Cell::of(f.runs),
    }
}
