//! Durations against their limits.

use super::markup::{At, Markup};
use super::svg::{Drawing, HEADING, LABEL, MARGIN, PLAIN, PX, ROOM, SOFT, WIDTH};
use super::{BarRow, Bars, Fill, Length, ticks};

/// Left of the bars, for whose they are.
const NAMES: i64 = 210 * PX;
/// Right of them, for what they say.
const WORDS: i64 = 310 * PX;
const THICK: i64 = 14 * PX;

/// The scale that all bars share.
struct Scale {
    x: i64,
    width: i64,
    most_ms: i64,
}

impl Scale {
    fn at(&self, ms: i64) -> i64 {
        let within = i128::from(ms.max(0)) * i128::from(self.width) / i128::from(self.most_ms);
        self.x + i64::try_from(within).unwrap_or(0).min(self.width)
    }
}

/// Draws the bars.
pub(super) fn draw(bars: &Bars, drawing: &mut Drawing) {
    drawing.text("heading", (MARGIN, drawing.y), (HEADING, ROOM), &bars.title);
    drawing.y += 22 * PX;
    legend(bars, drawing);
    let scale = Scale {
        x: MARGIN + NAMES,
        width: ROOM - NAMES - WORDS,
        most_ms: longest(bars).max(1000),
    };
    let top = drawing.y + 16 * PX;
    drawing.text("soft", (MARGIN, top), (SOFT, NAMES), &bars.what);
    let marks = ticks::durations(scale.most_ms, 4);
    for (ms, label) in &marks {
        drawing.text("soft middle", (scale.at(*ms), top), (SOFT, i64::MAX), label);
    }
    drawing.y = top + 6 * PX;
    let heights = bars
        .rows
        .iter()
        .map(|row| if row.detail.is_empty() { 28 } else { 42 } * PX);
    let bottom = drawing.y + heights.sum::<i64>();
    for (ms, _) in &marks {
        let class = if *ms == 0 { "base" } else { "rule" };
        drawing.rule(class, (scale.at(*ms), drawing.y), (scale.at(*ms), bottom));
    }
    for row in &bars.rows {
        draw_row(row, &scale, drawing);
    }
}

/// The greatest age or limit, and a little more for what is open.
fn longest(bars: &Bars) -> i64 {
    let rows = bars.rows.iter();
    let lengths = rows.flat_map(|row| [row.length.ms(), row.limit_ms]);
    let most = lengths.flatten().max().unwrap_or(0);
    most.saturating_add(most / 8)
}

impl Length {
    fn ms(self) -> Option<i64> {
        match self {
            Self::Exact(ms) | Self::AtLeast(ms) | Self::About(ms) => Some(ms),
            Self::Unknown => None,
        }
    }
}

fn legend(bars: &Bars, drawing: &mut Drawing) {
    let mut x = MARGIN;
    let mut place = |drawing: &mut Drawing, text: &str| {
        let width = 32 * PX + PLAIN.width(text);
        if x > MARGIN && x + width > WIDTH - MARGIN {
            x = MARGIN;
            drawing.y += 20 * PX;
        }
        let (at, y) = (x, drawing.y);
        drawing.text(
            "key",
            (at + 32 * PX, y + 5 * PX),
            (PLAIN, WIDTH - MARGIN - at - 32 * PX),
            text,
        );
        x += width + 22 * PX;
        (at, y)
    };
    for (fill, says) in &bars.legend {
        let (x, y) = place(drawing, says);
        rect(
            &mut drawing.markup,
            *fill,
            "whole",
            (x, y - 6 * PX),
            (24 * PX, 12 * PX),
        );
    }
    let (x, y) = place(drawing, &bars.limit);
    drawing.rule("mark", (x + 12 * PX, y - 8 * PX), (x + 12 * PX, y + 8 * PX));
    drawing.y += 10 * PX;
}

fn draw_row(row: &BarRow, scale: &Scale, drawing: &mut Drawing) {
    let top = drawing.y + 7 * PX;
    let base = top + 11 * PX;
    drawing.markup.open("g", &[]);
    let about = format!("{}: {}", row.label, row.says);
    drawing.markup.text("title", &[], &about);
    drawing.text(
        "label",
        (MARGIN, base),
        (LABEL, NAMES - 12 * PX),
        &row.label,
    );
    let right = scale.x + scale.width;
    let open = |drawing: &mut Drawing, x: i64| {
        // No edge on the right: where it ends is not known.
        let (low, to) = (top + THICK, right);
        let path = format!(
            "M{} {}H{}M{} {}H{}",
            At(x),
            At(top),
            At(to),
            At(x),
            At(low),
            At(to)
        );
        let class = format!("bar open {}", Fill::Framed.class());
        drawing
            .markup
            .leaf("path", &[("class", &class), ("d", &path)]);
    };
    match row.length {
        Length::Unknown => {
            rect(
                &mut drawing.markup,
                row.fill,
                "edgeless",
                (scale.x, top),
                (scale.width, THICK),
            );
            open(drawing, scale.x);
            let middle = scale.x + scale.width / 2;
            drawing.text("label middle halo", (middle, base), (LABEL, i64::MAX), "?");
        }
        Length::Exact(ms) | Length::About(ms) | Length::AtLeast(ms) => {
            let width = (scale.at(ms) - scale.x).max(PX);
            let about = matches!(row.length, Length::About(_));
            let edge = if about { "open" } else { "whole" };
            rect(
                &mut drawing.markup,
                row.fill,
                edge,
                (scale.x, top),
                (width, THICK),
            );
            if matches!(row.length, Length::AtLeast(_)) {
                open(drawing, scale.x + width);
            }
        }
    }
    if let Some(limit) = row.limit_ms {
        let x = scale.at(limit);
        drawing.rule("mark", (x, top - 3 * PX), (x, top + THICK + 3 * PX));
    }
    let words = right + 12 * PX;
    drawing.text("says", (words, base), (PLAIN, WORDS - 12 * PX), &row.says);
    drawing.y += 28 * PX;
    if !row.detail.is_empty() {
        let room = WIDTH - MARGIN - scale.x - 6 * PX;
        drawing.text(
            "soft",
            (scale.x + 6 * PX, base + 18 * PX),
            (SOFT, room),
            &row.detail,
        );
        drawing.y += 14 * PX;
    }
    drawing.markup.close("g");
}

fn rect(markup: &mut Markup, fill: Fill, edge: &str, (x, y): (i64, i64), (w, h): (i64, i64)) {
    let class = format!("bar {} {edge}", fill.class());
    markup.leaf(
        "rect",
        &[
            ("class", &class),
            ("x", &At(x)),
            ("y", &At(y)),
            ("width", &At(w)),
            ("height", &At(h)),
        ],
    );
}
