//! What stands beside a picture of a rehearsal: what goes wrong, what it rests on, its numbers.

use jiff::tz::TimeZone;

use super::super::lines;
use super::super::report::{FaultUse, ProviderRow, RehearsalReport, ScenarioRow, SpanUse};
use super::{Scene, Shown};
use crate::rehearsal::{ProviderFigures, Target, Traces};
use crate::report::chart::Numbers;
use crate::source::SourceInfo;
use crate::when;

/// Windows of one fault that are named.
const SPANS: usize = 3;

/// What is rehearsed.
pub(super) fn title(report: &RehearsalReport) -> String {
    let inputs = &report.inputs;
    let faults = inputs.faults.iter().map(|f| f.text.clone());
    let served = inputs.capacity.iter();
    let served = served.map(|c| format!("{} serves {} at once", c.provider, c.calls));
    let all: Vec<String> = faults.chain(served).collect();
    format!("Rehearsal: {}", all.join(", "))
}

/// What it comes to, way by way.
pub(super) fn summary(report: &RehearsalReport, tz: &TimeZone) -> String {
    let inputs = &report.inputs;
    let each = report.scenarios.iter().map(|row| {
        let f = &row.figures;
        let (lost, due) = (f.lost, f.due);
        let (failed, calls) = (f.failed_calls, f.calls);
        format!(
            "{}: {lost} of {due} runs lost, {failed} of {calls} calls fail",
            row.scenario.said()
        )
    });
    format!(
        "From {} to {}. {}.",
        when::readable(inputs.from_at_ms, tz),
        when::readable(inputs.until_at_ms, tz),
        capital(&each.collect::<Vec<_>>().join("; ")),
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}

/// What goes wrong at one provider.
pub(super) fn troubles(scene: &Scene<'_>, provider: usize) -> String {
    let (cast, inputs) = (scene.stage.cast, &scene.report.inputs);
    let name = &cast.providers[provider];
    let hits = |fault: &&FaultUse| match cast.target(&fault.target) {
        Some(Target::Provider(at)) => at as usize == provider,
        Some(Target::Model(at)) => cast.provider_of[at as usize] as usize == provider,
        None => false,
    };
    let faults = inputs.faults.iter().filter(hits).map(|fault| {
        let what = fault.text.split('@').next().unwrap_or_default();
        let what = what.strip_prefix(name).unwrap_or(what);
        let what = what.strip_prefix('=').unwrap_or(what);
        format!("{what} {}", spans(fault, &scene.zone.tz))
    });
    let served = inputs.capacity.iter().filter(|c| c.provider == *name);
    let served = served.map(|c| format!("serves {} at once", c.calls));
    let all: Vec<String> = faults.chain(served).collect();
    if all.is_empty() {
        "nothing goes wrong here".to_owned()
    } else {
        all.join("; ")
    }
}

/// When a fault holds.
fn spans(fault: &FaultUse, tz: &TimeZone) -> String {
    let Some(spans) = &fault.spans else {
        return "always".to_owned();
    };
    let span = |s: &SpanUse| {
        let (from, until) = (s.from_at_ms, s.until_at_ms);
        format!(
            "{} to {}",
            when::readable(from, tz),
            when::time_of_day(until, tz)
        )
    };
    let mut said: Vec<String> = spans.iter().take(SPANS).map(span).collect();
    if spans.len() > SPANS {
        said.push(format!("{} more", spans.len() - SPANS));
    }
    said.join(", ")
}

/// What the picture rests on.
pub(super) fn notes(scene: &Scene<'_>, shown: &Shown) -> Vec<String> {
    let report = scene.report;
    let inputs = &report.inputs;
    let mut notes = vec![
        "A step shows the most within its time, never an average. All rows but the total share one \
         scale per column. Refused calls are calls, too: more may be made at once than are served. \
         Where lines lie on each other, the peaks above them tell them apart."
            .to_owned(),
    ];
    if !shown.left_out.is_empty() {
        notes.push(format!(
            "providers not drawn: {}",
            shown.left_out.join(", ")
        ));
    }
    if inputs.runs > 1 {
        notes.push(format!(
            "drawn is the first of {} runs, seed {}: peaks at the lines are its own; in the tables of \
             figures are the medians of all",
            inputs.runs, inputs.seed
        ));
    } else {
        notes.push(format!("seed {}", inputs.seed));
    }
    for fault in &inputs.faults {
        let zone = fault.zone.as_ref();
        let zone = zone.map_or_else(String::new, |z| format!(", read in {z}"));
        notes.push(format!(
            "{}: {}{zone}",
            fault.text,
            spans(fault, &scene.zone.tz)
        ));
    }
    notes.extend(inputs.sources.iter().map(SourceInfo::said));
    notes.extend(report.findings.iter().map(|f| {
        let mark = if f.warning { "! " } else { "" };
        format!("{mark}{}", f.text)
    }));
    notes.extend(report.rules.iter().map(|rule| {
        let source = rule.source.as_ref();
        let source = source.map_or_else(String::new, |s| format!(" of {s}"));
        let (word, origin) = (rule.sureness.word(), &rule.origin);
        format!("rule{source}: {} ({word}: {origin})", rule.rule)
    }));
    if !report.problems.is_empty() {
        let skipped = report.problems.len();
        notes.push(format!("! {skipped} rows were skipped and are not in it"));
    }
    notes
}

/// The numbers, for the page.
pub(super) fn tables(scene: &Scene<'_>, shown: &Shown, lines: &[&[Traces]]) -> Vec<Numbers> {
    let rows = &scene.report.scenarios;
    let mut tables = vec![figures(rows)];
    tables.extend(providers(scene, shown));
    let names = &scene.stage.cast.providers;
    for at in &shown.providers {
        let of = |traces: &&[Traces]| traces[0].providers[*at].calls.clone();
        let bins: Vec<Vec<u32>> = lines.iter().map(of).collect();
        tables.push(calls(scene, &names[*at], &bins));
    }
    tables
}

/// A column of words and one for each way.
fn columns(first: &[(&str, bool)], rows: &[ScenarioRow]) -> Vec<(String, bool)> {
    let first = first
        .iter()
        .map(|(title, number)| ((*title).to_owned(), *number));
    let ways = rows.iter().map(|r| (capital(r.scenario.said()), true));
    first.chain(ways).collect()
}

fn figures(rows: &[ScenarioRow]) -> Numbers {
    let line = |(title, of, written): &lines::Line| {
        let title = capital(title.trim_start());
        let of =
            |r: &ScenarioRow| of(&r.figures).map_or_else(|| "none".to_owned(), |n| written.one(n));
        std::iter::once(title).chain(rows.iter().map(of)).collect()
    };
    let lines = lines::LINES
        .iter()
        .filter(|line| lines::is_shown(line, rows));
    Numbers {
        caption: "Figures".to_owned(),
        columns: columns(&[("Figure", false)], rows),
        rows: lines.map(line).collect(),
    }
}

fn providers(scene: &Scene<'_>, shown: &Shown) -> Option<Numbers> {
    type Part = (&'static str, fn(&ProviderFigures) -> u64);
    const PARTS: [Part; 4] = [
        ("calls", |f| f.calls),
        ("failed", |f| f.failed_calls),
        ("peak at once", |f| f.peak_at_once),
        ("peak per second", |f| f.peak_per_second),
    ];
    let ways = &scene.report.scenarios;
    let mut rows = Vec::new();
    for at in &shown.providers {
        let name = &scene.stage.cast.providers[*at];
        let own = |row: &ScenarioRow| {
            let is = |p: &&ProviderRow| p.provider == *name;
            row.providers.iter().find(is).map(|p| p.figures)
        };
        for (what, of) in PARTS {
            let value = |row| own(row).map_or_else(String::new, |f| of(&f).to_string());
            let words = [name.clone(), what.to_owned()].into_iter();
            rows.push(words.chain(ways.iter().map(value)).collect());
        }
    }
    (!rows.is_empty()).then(|| Numbers {
        caption: "Calls by provider".to_owned(),
        columns: columns(&[("Provider", false), ("", false)], ways),
        rows,
    })
}

/// The calls of one provider over time; times without calls are left out.
fn calls(scene: &Scene<'_>, name: &str, bins: &[Vec<u32>]) -> Numbers {
    let whole = scene.whole;
    let row = |(bin, at_ms): (usize, i64)| {
        let counts: Vec<u32> = bins.iter().map(|line| line[bin]).collect();
        counts.iter().any(|n| *n > 0).then(|| {
            let at = when::readable(at_ms, &scene.zone.tz);
            let counts = counts.iter().map(u32::to_string);
            std::iter::once(at).chain(counts).collect()
        })
    };
    let instants = (0..).map(|bin: i64| whole.from_ms + bin * whole.bin_ms);
    let length = when::duration(whole.bin_ms);
    Numbers {
        caption: format!("{name}: calls begun within {length}"),
        columns: columns(&[("From", false)], &scene.report.scenarios),
        rows: (0..whole.bins).zip(instants).filter_map(row).collect(),
    }
}
