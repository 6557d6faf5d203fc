//! Pictures: one value, drawn as SVG or as an HTML page, each a single file without anything outside it.
//!
//! A command makes a [`Picture`] and hands it to [`ChartArgs::write`]. Drawing is pure and counts in
//! whole hundredths of a pixel, so that equal pictures give equal bytes on every machine. Nothing is
//! told by colour alone: series differ in the style of their lines, bars in their pattern, and
//! numbers stand beside both.
//!
//! Text comes from others (names of jobs): `markup` escapes it for XML, and what a reader could not
//! see, or would see in another order, is made visible first ([`crate::ui::escape`]).

mod bars;
mod file;
mod grid;
mod html;
mod markup;
mod svg;
mod text;
mod ticks;

use jiff::tz::TimeZone;

pub use file::ChartArgs;
pub use html::page;
pub use svg::svg;

/// Rows of a grid that stay readable; what is left is best summed as one more row, and said.
pub const ROWS: usize = 8;

/// Bins of a panel that stay visible, each about two pixels wide.
pub const BINS: i64 = 200;

/// Bars that stay readable in one figure.
pub const BARS: usize = 60;

/// What a picture shows.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What it is.
    pub title: String,
    /// What it comes to, in a sentence or two: also for those who do not see it.
    pub summary: String,
    /// The figures, one below the other.
    pub figures: Vec<Figure>,
    /// What the picture rests on: sources, rules and how sure they are, inputs, what is left out.
    pub notes: Vec<String>,
    /// The numbers, for the page.
    pub tables: Vec<Numbers>,
}

/// One figure.
#[derive(Clone, Debug)]
pub enum Figure {
    /// Counts over time.
    Grid(Grid),
    /// Durations against their limits.
    Bars(Bars),
}

/// Counts over time: a row for each of what is counted (a provider), a column for each way of
/// counting (starts per second, runs at once).
#[derive(Clone, Debug)]
pub struct Grid {
    /// What it shows.
    pub title: String,
    /// The series of every panel, by their order in [`Panel::lines`]; at most four. The first is drawn
    /// as an area under a dashed line.
    pub series: Vec<Series>,
    /// The zone of the time axes.
    pub tz: TimeZone,
    /// Its name.
    pub zone: String,
    /// One or two columns.
    pub columns: Vec<TimeAxis>,
    /// The rows.
    pub rows: Vec<GridRow>,
}

/// One series.
#[derive(Clone, Debug)]
pub struct Series {
    /// A word: `before`.
    pub name: String,
    /// What it means: `what the source does today`.
    pub says: String,
}

/// The time axis of a column.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    /// What is counted: `starts per second`.
    pub what: String,
    /// Where the first bin begins, epoch milliseconds UTC.
    pub from_ms: i64,
    /// How long a bin is, milliseconds.
    pub bin_ms: i64,
    /// Where the last bin is cut off, epoch milliseconds UTC: nothing is known of what comes after.
    pub until_ms: i64,
}

/// One row.
#[derive(Clone, Debug)]
pub struct GridRow {
    /// What is counted here: `anthropic`.
    pub label: String,
    /// What to know of it: `31 jobs`.
    pub detail: String,
    /// Whether it has scales of its own and more height (a total). All others of a column share one
    /// scale, so that they can be compared.
    pub apart: bool,
    /// One panel per column.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// By series: the most within each bin.
    pub lines: Vec<Vec<u32>>,
    /// A level that cannot be exceeded, and its name: `24 slots`.
    pub limit: Option<(u32, String)>,
}

/// Durations against their limits.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What it shows.
    pub title: String,
    /// What is measured: `age`.
    pub what: String,
    /// What the mark on a bar is: `ceiling`.
    pub limit: String,
    /// What the patterns mean.
    pub legend: Vec<(Fill, String)>,
    /// The bars.
    pub rows: Vec<BarRow>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct BarRow {
    /// Whose it is.
    pub label: String,
    /// How long, milliseconds.
    pub length: Length,
    /// Its limit, milliseconds; `None` without one, or when it is not known.
    pub limit_ms: Option<i64>,
    /// Its pattern.
    pub fill: Fill,
    /// What it says, beside it: `≥ 6 h of 30 min: over, silent`.
    pub says: String,
    /// What else there is to say, below it; may be empty.
    pub detail: String,
}

/// How long a bar is, and how well that is known. Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So long.
    Exact(i64),
    /// At least so long: the bar goes on, open.
    AtLeast(i64),
    /// About so long.
    About(i64),
    /// Not known: an open frame with a question mark.
    Unknown,
}

/// The patterns of bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Wrong: stripes.
    Striped,
    /// As it should be: filled.
    Filled,
    /// In doubt: dots.
    Dotted,
    /// Not judged: a frame.
    Framed,
}

impl Fill {
    fn class(self) -> &'static str {
        match self {
            Self::Striped => "striped",
            Self::Filled => "filled",
            Self::Dotted => "dotted",
            Self::Framed => "framed",
        }
    }
}

/// A table of numbers.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// What it holds.
    pub caption: String,
    /// Titles of its columns, and whether they hold numbers.
    pub columns: Vec<(String, bool)>,
    /// Its rows, one cell per column.
    pub rows: Vec<Vec<String>>,
}
