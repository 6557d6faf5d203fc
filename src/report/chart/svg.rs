//! A picture as SVG.

use super::markup::{At, Markup};
use super::text::{Font, fit, lines};
use super::{Figure, Picture, bars, grid};

/// The style, light and dark; also of the page around it.
pub(super) const STYLE: &str = include_str!("chart.css");

/// Geometry in hundredths of a pixel.
pub(super) const PX: i64 = 100;
pub(super) const WIDTH: i64 = 960 * PX;
pub(super) const MARGIN: i64 = 24 * PX;
/// Between the margins.
pub(super) const ROOM: i64 = WIDTH - 2 * MARGIN;

/// The fonts, as the style sheet sets the classes.
const TITLE: Font = Font::bold(20);
pub(super) const HEADING: Font = Font::bold(15);
pub(super) const LABEL: Font = Font::bold(13);
pub(super) const PLAIN: Font = Font::plain(12);
pub(super) const SOFT: Font = Font::plain(11);

/// A drawing under way, from top to bottom.
pub(super) struct Drawing {
    pub(super) markup: Markup,
    /// Where the next thing begins.
    pub(super) y: i64,
}

impl Drawing {
    /// Text whose baseline is at `y`, cut to `room`.
    pub(super) fn text(
        &mut self,
        class: &str,
        (x, y): (i64, i64),
        (font, room): (Font, i64),
        text: &str,
    ) {
        let attributes: &[(&str, &dyn std::fmt::Display)] =
            &[("class", &class), ("x", &At(x)), ("y", &At(y))];
        self.markup.text("text", attributes, &fit(text, font, room));
    }

    /// Prose between the margins, below what stands there.
    pub(super) fn prose(&mut self, class: &str, size: i64, text: &str) {
        let font = Font::plain(size);
        for line in lines(text, font, ROOM) {
            self.y += (size + 5) * PX;
            self.text(class, (MARGIN, self.y), (font, i64::MAX), &line);
        }
    }

    pub(super) fn rule(&mut self, class: &str, (x1, y1): (i64, i64), (x2, y2): (i64, i64)) {
        let path = format!("M{} {}L{} {}", At(x1), At(y1), At(x2), At(y2));
        self.markup.leaf("path", &[("class", &class), ("d", &path)]);
    }
}

/// Draws a picture. Equal pictures give equal bytes.
pub fn svg(picture: &Picture) -> String {
    let mut drawing = Drawing {
        markup: Markup::new(),
        y: MARGIN,
    };
    for line in lines(&picture.title, TITLE, ROOM) {
        drawing.y += 20 * PX;
        drawing.text("title", (MARGIN, drawing.y), (TITLE, i64::MAX), &line);
        drawing.y += 6 * PX;
    }
    drawing.prose("summary", 13, &picture.summary);
    for figure in &picture.figures {
        drawing.y += 34 * PX;
        match figure {
            Figure::Grid(grid) => grid::draw(grid, &mut drawing),
            Figure::Bars(bars) => bars::draw(bars, &mut drawing),
        }
    }
    drawing.y += 16 * PX;
    for note in &picture.notes {
        drawing.y += 3 * PX;
        drawing.prose("soft", 11, note);
    }
    let height = drawing.y + MARGIN;
    framed(picture, height, &drawing.markup.finish())
}

fn framed(picture: &Picture, height: i64, content: &str) -> String {
    let mut markup = Markup::new();
    let view = format!("0 0 {} {}", At(WIDTH), At(height));
    markup.open(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("class", &"cronctl-chart"),
            ("role", &"img"),
            ("aria-labelledby", &"cronctl-title cronctl-desc"),
            ("viewBox", &view),
            ("width", &At(WIDTH)),
            ("height", &At(height)),
        ],
    );
    markup.text("title", &[("id", &"cronctl-title")], &picture.title);
    markup.text("desc", &[("id", &"cronctl-desc")], &picture.summary);
    markup.style(STYLE);
    markup.open("defs", &[]);
    let pattern = |markup: &mut Markup, id: &str, turn: &str| {
        markup.open(
            "pattern",
            &[
                ("id", &id),
                ("width", &6),
                ("height", &6),
                ("patternUnits", &"userSpaceOnUse"),
                ("patternTransform", &turn),
            ],
        );
    };
    pattern(&mut markup, "cronctl-stripes", "rotate(45)");
    markup.leaf("path", &[("class", &"stripe"), ("d", &"M1.5 0V6")]);
    markup.close("pattern");
    pattern(&mut markup, "cronctl-dots", "rotate(0)");
    markup.leaf(
        "circle",
        &[("class", &"dot"), ("cx", &2), ("cy", &2), ("r", &1)],
    );
    markup.close("pattern");
    markup.close("defs");
    markup.leaf(
        "rect",
        &[
            ("class", &"paper"),
            ("width", &At(WIDTH)),
            ("height", &At(height)),
        ],
    );
    markup.whole(content);
    markup.close("svg");
    markup.finish() + "\n"
}
