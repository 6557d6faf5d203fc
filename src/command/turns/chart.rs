//! The turns as bars: each age against its ceiling. Pure.

use super::cells;
use super::report::{Rows, TurnsReport};
use super::screen;
use crate::report::chart::{BARS, BarRow, Bars, Figure, Fill, Length, Numbers, Picture};
use crate::report::{Row as _, View};
use crate::turn::{Bound, Turn, Verdict};
use crate::ui::Look;
use crate::when;

/// Columns of the table, by their keys.
const COLUMNS: [(&str, &str, bool); 9] = [
    ("workspace_name", "Workspace", false),
    ("age_ms", "Age", true),
    ("ceiling_ms", "Ceiling", true),
    ("over_by_ms", "Over by", true),
    ("verdict", "Verdict", false),
    ("evidence", "Evidence", false),
    ("last_sign", "Last sign", false),
    ("blocks", "Blocks", false),
    ("notes", "Notes", false),
];

/// Draws the turns in the order of the report.
pub(super) fn picture(report: &TurnsReport) -> Picture {
    let inputs = &report.inputs;
    let view = View {
        now_ms: inputs.now_at_ms,
        look: Look {
            terminal: false,
            width: 80,
            color: false,
            unicode: true,
        },
    };
    // Nothing in flight has no age: neither a bar nor a question.
    let busy: Vec<&Turn> = report
        .turns
        .iter()
        .filter(|t| t.verdict != Verdict::Idle)
        .collect();
    let apart: Vec<&Turn> = match inputs.rows {
        Rows::OverCeiling => report.unknown.iter().collect(),
        Rows::InFlight | Rows::All => Vec::new(),
    };
    let mut notes = Vec::new();
    let mut figures = Vec::new();
    let mut tables = Vec::new();
    for (title, turns) in [
        ("Age against ceiling", &busy),
        ("Not known well enough: may be over, too", &apart),
    ] {
        if turns.is_empty() {
            continue;
        }
        if turns.len() > BARS {
            let more = turns.len() - BARS;
            notes.push(format!(
                "{title}: {more} more are in the table of the page, not drawn"
            ));
        }
        figures.push(Figure::Bars(bars(title, turns, &view)));
        tables.push(numbers(title, turns, &view));
    }
    let idle = report.turns.len() - busy.len();
    if idle > 0 {
        notes.push(format!("{idle} with nothing in flight: not drawn"));
    }
    notes.extend(screen::rests(report));
    notes.push(format!(
        "silent: without a sign of life for {}",
        when::duration(inputs.silent_after_ms)
    ));
    notes.extend(report.warnings.iter().map(|w| format!("warning: {w}")));
    notes.extend(report.problems.iter().map(|p| format!("problem: {p}")));
    let at = when::readable(
        inputs.now_at_ms.div_euclid(1000) * 1000,
        &jiff::tz::TimeZone::UTC,
    );
    Picture {
        title: format!("Turns at {at}"),
        summary: screen::sentence(&report.summary),
        figures,
        notes,
        tables,
    }
}

fn bars(title: &str, turns: &[&Turn], view: &View) -> Bars {
    let mut legend: Vec<(Fill, String)> = Vec::new();
    for turn in turns {
        let (fill, meaning) = (fill(turn.verdict), meaning(turn.verdict));
        match legend.iter_mut().find(|(known, _)| *known == fill) {
            None => legend.push((fill, meaning.to_owned())),
            Some((_, says)) if says.contains(meaning) => {}
            Some((_, says)) => {
                says.push_str(", ");
                says.push_str(meaning);
            }
        }
    }
    Bars {
        title: title.to_owned(),
        what: "age".to_owned(),
        limit: "its ceiling".to_owned(),
        legend,
        rows: turns
            .iter()
            .take(BARS)
            .map(|turn| bar(turn, view))
            .collect(),
    }
}

fn bar(turn: &Turn, view: &View) -> BarRow {
    let text = |key| turn.cell(key, view).text;
    let age = match (turn.verdict, turn.age_ms) {
        (Verdict::Skewed, _) => "start in the future,".to_owned(),
        (_, None) => "age unknown,".to_owned(),
        _ => text("age_ms"),
    };
    let ceiling = match turn.ceiling_ms {
        None => "ceiling unknown".to_owned(),
        Some(0) => "ceiling off".to_owned(),
        Some(ms) if age.ends_with(',') => format!("ceiling {}", when::duration(ms)),
        Some(ms) => format!("of {}", when::duration(ms)),
    };
    let length = match (turn.verdict, turn.age_ms, turn.age_is) {
        (Verdict::Skewed, ..) | (_, None, _) => Length::Unknown,
        (_, Some(ms), Some(Bound::AtLeast)) => Length::AtLeast(ms),
        (_, Some(ms), Some(Bound::Estimate)) => Length::About(ms),
        (_, Some(ms), Some(Bound::Exact) | None) => Length::Exact(ms),
    };
    let detail = match text("blocks") {
        blocks if !blocks.is_empty() => format!("blocks {blocks}"),
        _ if matches!(turn.verdict, Verdict::Unknown | Verdict::Skewed) => {
            screen::why(turn).join("; ")
        }
        nothing => nothing,
    };
    BarRow {
        label: cells::name(turn).to_owned(),
        length,
        limit_ms: turn.ceiling_ms.filter(|ms| *ms > 0),
        fill: fill(turn.verdict),
        says: format!("{age} {ceiling}: {}", text("verdict")),
        detail,
    }
}

fn fill(verdict: Verdict) -> Fill {
    match verdict {
        Verdict::Over | Verdict::Leaked => Fill::Striped,
        Verdict::Under | Verdict::Running => Fill::Filled,
        Verdict::Unknown | Verdict::Skewed => Fill::Dotted,
        Verdict::Off | Verdict::NotNative | Verdict::Idle => Fill::Framed,
    }
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Over => "over its ceiling",
        Verdict::Leaked => "leaked: a marker without a run",
        Verdict::Under => "under its ceiling",
        Verdict::Running => "running within its time-out",
        Verdict::Unknown => "not known well enough",
        Verdict::Skewed => "start in the future",
        Verdict::Off => "ceiling off",
        Verdict::NotNative => "the platform's own",
        Verdict::Idle => "nothing in flight",
    }
}

fn numbers(caption: &str, turns: &[&Turn], view: &View) -> Numbers {
    let cells = |turn: &&Turn| COLUMNS.map(|(key, ..)| turn.cell(key, view).text).to_vec();
    Numbers {
        caption: caption.to_owned(),
        columns: COLUMNS
            .map(|(_, title, number)| (title.to_owned(), number))
            .to_vec(),
        rows: turns.iter().map(cells).collect(),
    }
}
