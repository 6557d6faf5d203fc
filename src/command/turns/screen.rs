//! What a person sees: the turns, those whose start is not known, what it comes to, what it rests
//! on, and what to do.

use std::collections::BTreeSet;
use std::io;

use super::cells;
use super::report::{Rows, Summary, TurnsReport, is_apart};
use crate::report::{Cell, Column, Row, Screen, Show, View};
use crate::turn::{Bound, Turn, Verdict};
use crate::ui::Role;

/// The columns that a narrow terminal may go without, the most important first.
const EXPENDABLE: [&str; 7] = [
    "blocks",
    "last_sign",
    "evidence",
    "native_session",
    "queue_depth",
    "runtime",
    "steerable",
];

/// Whether a turn belongs to a section.
type Belongs = fn(&Turn) -> bool;

/// The turns that no verdict stands for, by the reason.
const APART: [(&str, Belongs); 3] = [
    ("Start not known", |t| {
        t.verdict == Verdict::Unknown && t.age_is != Some(Bound::Exact)
    }),
    ("Ceiling not known, or not listed", |t| {
        t.verdict == Verdict::Unknown && t.age_is == Some(Bound::Exact)
    }),
    ("Start in the future", |t| t.verdict == Verdict::Skewed),
];

/// Draws it all.
pub(super) fn draw(report: &TurnsReport, rows: &[Turn], screen: &mut Screen<'_>) -> io::Result<()> {
    let apart: Vec<&Turn> = match report.inputs.rows {
        Rows::OverCeiling => report.unknown.iter().collect(),
        _ => rows.iter().filter(|t| is_apart(t)).collect(),
    };
    let table: Vec<&Turn> = rows.iter().filter(|t| !is_apart(t)).collect();
    let mut left_out = Vec::new();
    if !table.is_empty() {
        left_out = turns(&table, screen)?;
        beneath(&table, &mut left_out, screen)?;
    } else if report.inputs.rows == Rows::OverCeiling {
        screen.paragraph("No turn is over its ceiling.")?;
    } else if apart.is_empty() {
        screen.paragraph("Nothing is in flight.")?;
    }
    for (heading, belongs) in APART {
        let these: Vec<&Turn> = apart.iter().copied().filter(|t| belongs(t)).collect();
        if these.is_empty() {
            continue;
        }
        screen.heading(heading)?;
        for column in turns(&these, screen)? {
            if !left_out.contains(&column) {
                left_out.push(column);
            }
        }
        for turn in these {
            for note in why(turn) {
                screen.indented("", 2, format!("{}: {note}", cells::name(turn)))?;
            }
        }
    }
    if !left_out.is_empty() {
        screen.line(&[Cell::with(
            Role::Dim,
            format!("Too narrow for {}.", left_out.join(", ")),
        )])?;
    }
    screen.blank()?;
    screen.paragraph(&sentence(&report.summary))?;
    if let Some(rests) = rests(report) {
        screen.paragraph(&rests)?;
    }
    advice(report, screen)?;
    if let Some(watching) = &report.around.watching {
        screen.blank()?;
        for warning in &report.warnings {
            screen.indented("", 2, Cell::with(Role::Warn, &**warning))?;
        }
        for problem in &report.problems {
            screen.indented("", 2, Cell::with(Role::Warn, problem.to_string()))?;
        }
        screen.line(&[Cell::with(Role::Dim, &**watching)])?;
    }
    Ok(())
}

/// Draws a table of turns in the columns that fit; returns the titles of those that do not.
fn turns(rows: &[&Turn], screen: &mut Screen<'_>) -> io::Result<Vec<&'static str>> {
    let view = *screen.view();
    let mut columns: Vec<Column> = Turn::COLUMNS
        .iter()
        .filter(|column| shown(column, rows, &view))
        .copied()
        .collect();
    let mut left_out = Vec::new();
    if view.look.terminal {
        let widths = |column: &Column| width(column, rows, &view);
        let dropped = too_wide(&mut columns, widths, view.look.width);
        left_out.extend(dropped.iter().map(|column| column.title));
    }
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| columns.iter().map(|c| row.cell(c.key, &view)).collect())
        .collect();
    screen.table(&columns, &cells)?;
    Ok(left_out)
}

/// Says below a table what its turns block, where that column does not fit: it is why they matter.
fn beneath(
    rows: &[&Turn],
    left_out: &mut Vec<&'static str>,
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    let Some(place) = left_out.iter().position(|title| *title == "BLOCKS") else {
        return Ok(());
    };
    left_out.remove(place);
    let now_ms = screen.view().now_ms;
    for turn in rows {
        match cells::blocks(turn, now_ms) {
            text if text.is_empty() => {}
            text => screen.indented("", 2, format!("{} blocks {text}", cells::name(turn)))?,
        }
    }
    Ok(())
}

/// Whether a column is worth showing: names that two workspaces have need their ids, and several
/// sources their tags.
fn shown(column: &Column, rows: &[&Turn], view: &View) -> bool {
    let different = |of: fn(&Turn) -> (&str, &str)| {
        let names: BTreeSet<&str> = rows.iter().map(|t| of(t).0).collect();
        let pairs: BTreeSet<(&str, &str)> = rows.iter().map(|t| of(t)).collect();
        (names.len(), pairs.len())
    };
    match (column.key, column.show) {
        ("workspace_id", _) => {
            let (names, pairs) = different(|t| (cells::name(t), &t.workspace_id));
            names != pairs
        }
        ("source", _) => different(|t| (&t.source, "")).0 > 1,
        (_, Show::Always) => true,
        (_, Show::OnRequest) => false,
        (key, Show::IfAny) => rows.iter().any(|row| !row.cell(key, view).text.is_empty()),
    }
}

/// How wide a column is with what stands in it, the space after it included. Long text may be broken
/// over lines, so that it counts as no more than a readable width.
fn width(column: &Column, rows: &[&Turn], view: &View) -> usize {
    const READABLE: usize = 24;
    let cells = rows.iter().map(|row| row.cell(column.key, view).text);
    let longest = cells.map(|text| text.chars().count()).max().unwrap_or(0);
    let text = match column.key {
        "workspace_name" | "last_sign" | "blocks" => longest.min(READABLE),
        _ => longest,
    };
    text.max(column.title.len()) + 2
}

/// Takes away the expendable columns that do not fit, the least important first; returns them.
fn too_wide(
    columns: &mut Vec<Column>,
    width: impl Fn(&Column) -> usize,
    room: usize,
) -> Vec<Column> {
    let rank = |column: &Column| EXPENDABLE.iter().position(|key| *key == column.key);
    let kept = columns.iter().filter(|c| rank(c).is_none());
    let mut used: usize = kept.map(&width).sum();
    let mut optional: Vec<Column> = columns
        .iter()
        .filter(|c| rank(c).is_some())
        .copied()
        .collect();
    optional.sort_by_key(|column| rank(column));
    // The space after the last column is not needed.
    optional.retain(|column| {
        let fits = used + width(column) <= room + 2;
        used += if fits { width(column) } else { 0 };
        !fits
    });
    columns.retain(|column| !optional.contains(column));
    optional
}

/// Why no verdict stands: what its age rests on, as far as it has one, and what there is to say.
pub(super) fn why(turn: &Turn) -> Vec<&str> {
    let notes = turn.notes.iter().map(String::as_str);
    let evidence = turn.evidence.as_ref().filter(|_| turn.age_ms.is_some());
    let says: Vec<&str> = evidence
        .map(|e| e.says.as_str())
        .into_iter()
        .chain(notes)
        .collect();
    if says.is_empty() {
        return vec!["nothing tells since when it is in flight"];
    }
    says
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What it comes to, in a sentence.
pub(super) fn sentence(summary: &Summary) -> String {
    let mut parts = vec![match summary.over_silent {
        0 => format!("{} over the ceiling", summary.over),
        silent => format!("{} over the ceiling ({silent} silent)", summary.over),
    }];
    let mut some = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    };
    some(summary.under, "under");
    some(summary.running, "running");
    some(summary.leaked, "leaked");
    some(summary.off, "without a ceiling");
    some(
        summary.unknown - summary.unreported.min(summary.unknown),
        "of unknown age",
    );
    some(summary.skewed, "with a start in the future");
    some(summary.not_native, "not native");
    some(summary.idle, "idle");
    some(
        summary.unreported,
        "that do not report whether they are busy",
    );
    let of = counted(summary.workspaces, "workspace", "workspaces");
    format!("{} in {of}.", parts.join(", "))
}

/// What the ages rest on.
pub(super) fn rests(report: &TurnsReport) -> Option<String> {
    let inputs = &report.inputs;
    let mut said = Vec::new();
    if let Some(platform) = &inputs.platform {
        let platform = match platform.as_str() {
            "demo" => "The built-in platform",
            address => address,
        };
        said.push(match inputs.turns_route {
            Some(true) => {
                format!("{platform} lists its turns with their starts (GET /admin/turns).")
            }
            // Why, and what the clocks do to it, is said as a warning.
            Some(false) => {
                let before = match &inputs.ledger {
                    Some(file) => format!("and on what was seen before ({file})"),
                    None => "and on this look alone, without a ledger".to_owned(),
                };
                format!(
                    "{platform} does not list turns: ages rest on its activity log, on skipped \
                     fires {before}."
                )
            }
            None => format!("{platform} was not asked for its turns."),
        });
    }
    if !inputs.openclaw.is_empty() {
        let which = inputs.openclaw.join(", ");
        said.push(format!("OpenClaw's recorded state: {which}."));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// What to do when something is over.
fn advice(report: &TurnsReport, screen: &mut Screen<'_>) -> io::Result<()> {
    // A gateway's runs are ended by other means, which its rows name.
    let over = report.summary.over > 0 && report.inputs.platform.is_some();
    if !over || report.around.watching.is_some() {
        return Ok(());
    }
    screen.blank()?;
    screen
        .paragraph("To free them, look first at what would be sent, then leave out --dry-run:")?;
    screen.indented("", 2, checkpoint(report))
}

/// The command that frees what is over.
fn checkpoint(report: &TurnsReport) -> String {
    use std::fmt::Write as _;

    let mut command = "cronctl checkpoint --over-ceiling".to_owned();
    if let Some(ms) = report.inputs.ceiling_ms {
        // Writing to a String cannot fail.
        let _ = write!(command, " --ceiling {ms}ms");
    }
    command + &report.around.again + " --dry-run"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_goes_without_the_least_important_columns() {
        let all: Vec<Column> = Turn::COLUMNS
            .iter()
            .filter(|c| c.show != Show::OnRequest)
            .copied()
            .collect();
        let keys = |room| {
            let mut columns = all.clone();
            let taken = too_wide(&mut columns, |c| c.title.len() + 4, room);
            let keys = |columns: Vec<Column>| -> Vec<&str> {
                columns.into_iter().map(|c| c.key).collect()
            };
            (keys(columns), keys(taken))
        };
        let (left, taken) = keys(400);
        assert_eq!((left.len(), taken.len()), (all.len(), 0));
        let (left, taken) = keys(100);
        assert_eq!(taken, ["queue_depth", "runtime", "steerable"]);
        assert!(left.contains(&"evidence"));
        // What is not shown for its width leaves room for what is narrower.
        let (left, _) = keys(66);
        assert!(left.contains(&"blocks"), "{left:?}");
        // What a verdict rests on stays, however narrow.
        let (left, _) = keys(10);
        assert_eq!(
            left,
            [
                "workspace_name",
                "age_ms",
                "ceiling_ms",
                "over_by_ms",
                "verdict"
            ]
        );
    }

    #[test]
    fn the_sentence_says_what_is_not_known_and_what_is_not_reported() {
        let mut summary = Summary {
            workspaces: 7,
            over: 2,
            under: 1,
            unknown: 3,
            skewed: 1,
            not_native: 1,
            idle: 1,
            unreported: 2,
            ..Summary::default()
        };
        assert_eq!(
            sentence(&summary),
            "2 over the ceiling, 1 under, 1 of unknown age, 1 with a start in the future, \
             1 not native, 1 idle, 2 that do not report whether they are busy in 7 workspaces."
        );
        summary = Summary {
            workspaces: 1,
            over: 1,
            over_silent: 1,
            ..Summary::default()
        };
        assert_eq!(
            sentence(&summary),
            "1 over the ceiling (1 silent) in 1 workspace."
        );
    }
}
