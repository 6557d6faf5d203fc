//! Counts over time.

use std::fmt::Write as _;

use super::markup::At;
use super::svg::{Drawing, HEADING, LABEL, MARGIN, PLAIN, PX, ROOM, SOFT, WIDTH};
use super::text;
use super::ticks;
use super::{Grid, GridRow, Panel, TimeAxis};
use crate::when;

/// Between two columns.
const GAP: i64 = 28 * PX;
/// Left of a plot, for the labels of its counts.
const COUNTS: i64 = 46 * PX;
/// Heights of a plot: of a row apart, of the others.
const TALL: i64 = 104 * PX;
const LOW: i64 = 64 * PX;
/// Marks of a time axis: a label is about 70 pixels wide.
const TIMES: i64 = 5;

/// One column as drawn.
struct Column<'a> {
    axis: &'a TimeAxis,
    until_ms: i64,
    /// Where the plots begin and how wide they are.
    x: i64,
    width: i64,
    times: Vec<(i64, String)>,
    /// The most of the rows that share a scale.
    most: u32,
}

impl Column<'_> {
    /// Where an instant is.
    fn at(&self, t: i64) -> i64 {
        let length = i128::from(self.until_ms - self.axis.from_ms).max(1);
        let within = i128::from(t - self.axis.from_ms) * i128::from(self.width) / length;
        self.x + i64::try_from(within).unwrap_or(0)
    }
}

/// Draws a grid.
pub(super) fn draw(grid: &Grid, drawing: &mut Drawing) {
    let columns = columns(grid);
    drawing.text("heading", (MARGIN, drawing.y), (HEADING, ROOM), &grid.title);
    drawing.y += 20 * PX;
    legend(grid, drawing);
    drawing.y += 6 * PX;
    let top = drawing.y;
    for column in &columns {
        let (x, right) = (column.x - COUNTS, column.x + column.width);
        let step = match column.axis.bin_ms {
            1000 => "second by second".to_owned(),
            ms => format!("each step the most within {}", when::duration(ms)),
        };
        let room = right - x - SOFT.width(&step) - 12 * PX;
        let what = capital(&column.axis.what);
        drawing.text("label", (x, top + 14 * PX), (LABEL, room), &what);
        drawing.text("soft end", (right, top + 14 * PX), (SOFT, i64::MAX), &step);
        let room = right - x;
        drawing.text(
            "soft",
            (x, top + 29 * PX),
            (SOFT, room),
            &span(column, grid),
        );
    }
    drawing.y = top + 32 * PX;
    for row in &grid.rows {
        draw_row(grid, row, &columns, drawing);
    }
}

fn columns(grid: &Grid) -> Vec<Column<'_>> {
    let count = i64::try_from(grid.columns.len()).unwrap_or(1).max(1);
    let each = (ROOM - GAP * (count - 1)) / count;
    let column = |(index, axis): (usize, &'_ TimeAxis)| {
        let panels = |apart| {
            let rows = grid.rows.iter().filter(move |r| r.apart == apart);
            rows.filter_map(move |r| r.panels.get(index))
        };
        let bins = grid.rows.iter().filter_map(|r| r.panels.get(index));
        let bins = bins.flat_map(|p| p.lines.iter().map(Vec::len)).max();
        let bins = i64::try_from(bins.unwrap_or(1).max(1)).unwrap_or(1);
        let until_ms = (axis.from_ms + bins * axis.bin_ms).min(axis.until_ms);
        (until_ms, panels(false).map(most).max().unwrap_or(0))
    };
    (0..)
        .zip(grid.columns.iter().enumerate())
        .map(|(place, (index, axis))| {
            let (until_ms, most) = column((index, axis));
            Column {
                axis,
                until_ms,
                x: MARGIN + place * (each + GAP) + COUNTS,
                width: each - COUNTS,
                times: ticks::times(axis.from_ms, until_ms, &grid.tz, TIMES * 2 / count),
                most,
            }
        })
        .collect()
}

/// The greatest count of a panel, its limit included when something comes near it.
fn most(panel: &Panel) -> u32 {
    let lines = panel.lines.iter().flatten().copied().max().unwrap_or(0);
    match &panel.limit {
        Some((limit, _)) if *limit <= lines.saturating_mul(2) => lines.max(*limit),
        _ => lines,
    }
}

/// From when to when.
fn span(column: &Column<'_>, grid: &Grid) -> String {
    let shown = |t| when::readable(t, &grid.tz);
    format!(
        "{} to {}",
        shown(column.axis.from_ms),
        shown(column.until_ms)
    )
}

fn legend(grid: &Grid, drawing: &mut Drawing) {
    let mut x = MARGIN;
    for (index, series) in grid.series.iter().enumerate() {
        let text = format!("{}: {}", series.name, series.says);
        let width = PLAIN.width(&text);
        if x > MARGIN && x + 44 * PX + width > WIDTH - MARGIN {
            x = MARGIN;
            drawing.y += 18 * PX;
        }
        let y = drawing.y;
        drawing.rule(&format!("line s{}", index % 4), (x, y), (x + 36 * PX, y));
        let room = WIDTH - MARGIN - x - 44 * PX;
        drawing.text("key", (x + 44 * PX, y + 4 * PX), (PLAIN, room), &text);
        x += 44 * PX + width + 24 * PX;
    }
    let zone = format!("times in {}", grid.zone);
    let room = WIDTH - MARGIN - x;
    if PLAIN.width(&zone) <= room {
        let y = drawing.y + 4 * PX;
        drawing.text("key end", (WIDTH - MARGIN, y), (PLAIN, room), &zone);
    } else {
        drawing.y += 18 * PX;
        drawing.text("key", (MARGIN, drawing.y + 4 * PX), (PLAIN, ROOM), &zone);
    }
    drawing.y += 8 * PX;
}

fn draw_row(grid: &Grid, row: &GridRow, columns: &[Column<'_>], drawing: &mut Drawing) {
    let y = drawing.y + 14 * PX;
    drawing.rule("rule", (MARGIN, y), (WIDTH - MARGIN, y));
    let detail = match row.detail.as_str() {
        "" => String::new(),
        detail => format!(" · {detail}"),
    };
    // A long name is cut before what stands behind it.
    let room = (ROOM - LABEL.width(&detail)).max(ROOM / 2);
    let label = text::fit(&row.label, LABEL, room) + &detail;
    drawing.text("label", (MARGIN, y + 18 * PX), (LABEL, ROOM), &label);
    let height = if row.apart { TALL } else { LOW };
    let top = y + 42 * PX;
    for (column, panel) in columns.iter().zip(&row.panels) {
        let scale = ticks::counts(if row.apart { most(panel) } else { column.most });
        drawing.markup.open("g", &[]);
        let peaks = peaks(grid, panel);
        let about = format!("{}: {}, {peaks}", row.label, column.axis.what);
        drawing.markup.text("title", &[], &about);
        let at = (column.x, top - 8 * PX);
        drawing.text("peaks", at, (PLAIN, column.width), &capital(&peaks));
        draw_panel(column, panel, &scale, (top, height), drawing);
        drawing.markup.close("g");
    }
    drawing.y = top + height + 18 * PX;
}

/// What the labels say: the most of each series.
fn peaks(grid: &Grid, panel: &Panel) -> String {
    let each = grid.series.iter().zip(&panel.lines).map(|(series, line)| {
        let most = line.iter().copied().max().unwrap_or(0);
        format!("{} {}", series.name, ticks::count(most))
    });
    let peaks = format!("peak {}", each.collect::<Vec<_>>().join(", "));
    match &panel.limit {
        Some((_, name)) => format!("{peaks}; {name}"),
        None => peaks,
    }
}

fn draw_panel(
    column: &Column<'_>,
    panel: &Panel,
    scale: &[u32],
    (top, height): (i64, i64),
    drawing: &mut Drawing,
) {
    let top_count = i64::from(scale.last().copied().unwrap_or(1).max(1));
    let bottom = top + height;
    let right = column.x + column.width;
    let y = |count: u32| bottom - i64::from(count) * height / top_count;
    for count in scale {
        let class = if *count == 0 { "base" } else { "rule" };
        drawing.rule(class, (column.x, y(*count)), (right, y(*count)));
        let at = (column.x - 6 * PX, y(*count) + 4 * PX);
        drawing.text("soft end", at, (SOFT, COUNTS), &ticks::count(*count));
    }
    for (at, label) in &column.times {
        let x = column.at(*at);
        drawing.rule("base", (x, bottom), (x, bottom + 4 * PX));
        // A label at an edge stays within the plot.
        let half = SOFT.width(label) / 2;
        let x = x.max(column.x - COUNTS + half).min(right - half + 4 * PX);
        drawing.text(
            "soft middle",
            (x, bottom + 15 * PX),
            (SOFT, i64::MAX),
            label,
        );
    }
    if let Some((limit, _)) = &panel.limit
        && i64::from(*limit) <= top_count
    {
        drawing.rule("limit", (column.x, y(*limit)), (right, y(*limit)));
    }
    for (index, line) in panel.lines.iter().enumerate() {
        let steps = steps(column, line, y);
        if index == 0 {
            let area = format!("M{} {}{steps}V{}Z", At(column.x), At(bottom), At(bottom));
            drawing
                .markup
                .leaf("path", &[("class", &"area"), ("d", &area)]);
        }
    }
    // The first on top: its gaps let the others through.
    for (index, line) in panel.lines.iter().enumerate().rev() {
        let steps = steps(column, line, y);
        let class = format!("line s{}", index % 4);
        let path = format!("M{} {}{steps}", At(column.x), At(bottom));
        drawing
            .markup
            .leaf("path", &[("class", &class), ("d", &path)]);
    }
}

/// The path of a line, bin by bin, from the left edge on.
fn steps(column: &Column<'_>, line: &[u32], y: impl Fn(u32) -> i64) -> String {
    let mut path = String::new();
    let mut bin = 0;
    for run in line.chunk_by(|a, b| a == b) {
        bin += i64::try_from(run.len()).unwrap_or(0);
        let end_ms = column.axis.from_ms + bin * column.axis.bin_ms;
        let x = column.at(end_ms.min(column.until_ms));
        // Writing to a String cannot fail.
        let _ = write!(path, "V{}H{}", At(y(run[0])), At(x));
    }
    path
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}
