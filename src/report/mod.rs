//! Output: one result, several formats.
//!
//! A command computes one value that implements [`Report`] and hands it to [`write`](fn@write). The value's
//! `Serialize` is the JSON document, its rows are the lines of NDJSON and CSV, and
//! [`Report::screen`] is what a person sees. There is no second model for output.

pub mod chart;
mod fields;
mod lines;
mod row;
mod schema;
mod screen;
mod select;
mod table;

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::context::Context;
use crate::error::{Error, Problem};
use crate::ui::JsonWriter;
use crate::when;

pub use lines::{RowWriter, line};
pub use row::{Align, Cell, Column, Row, Show, View};
pub use schema::{Published, published, published_line};
pub use screen::{Bar, Screen};
pub use select::{Order, nearest, unknown_columns};

/// `--output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// One document, with a published schema
    Json,
    /// One compact JSON object per row
    Ndjson,
    /// RFC 4180, with a header
    Csv,
    /// SARIF 2.1.0, for code scanning (check)
    Sarif,
    /// JUnit XML, for test reports (check, adapter check)
    Junit,
    /// Workflow commands, for annotations by GitHub Actions (check)
    Github,
}

impl Format {
    /// The formats that every command has.
    const COMMON: &'static str = "table, json, ndjson and csv";

    /// Returns its name.
    fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
        }
    }
}

/// How to print, as the command line, the environment and the configuration say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// `--columns`.
    pub columns: Option<Vec<String>>,
    /// `--sort`.
    pub sort: Option<Order>,
    /// `--no-headers`.
    pub no_headers: bool,
}

impl Output {
    /// Returns whether rows may be printed as they are computed, through a [`RowWriter`]: the
    /// format is line by line and the order is not changed.
    pub fn streams(&self) -> bool {
        matches!(self.format, Format::Ndjson | Format::Csv) && self.sort.is_none()
    }

    /// Returns whether what a screen shows is bare rows, for scripts, and never an overview.
    pub fn is_bare(&self) -> bool {
        self.columns.is_some() || self.no_headers
    }

    /// Refuses what only an answer that is a whole can be given. `what` says what there is instead.
    ///
    /// # Errors
    /// When `--columns`, `--sort` or `--no-headers` are given.
    pub(crate) fn is_plain(&self, what: &str) -> Result<(), Error> {
        let given = [
            ("--columns", self.columns.is_some()),
            ("--sort", self.sort.is_some()),
            ("--no-headers", self.no_headers),
        ];
        let given = given.iter().find(|(_, given)| *given);
        given.map_or(Ok(()), |(option, _)| {
            Err(Error::usage(format!("{option} does not apply: {what}"))
                .hint(format!("leave {option} out")))
        })
    }
}

/// The result of a command.
///
/// ```
/// use cronctl::report::{Cell, Column, Report, Row, View};
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Burst {
///     at: String,
///     at_ms: i64,
///     jobs: usize,
/// }
///
/// impl Row for Burst {
///     const COLUMNS: &'static [Column] = &[
///         Column::new("at", "AT"),
///         Column::new("jobs", "JOBS").right(),
///     ];
///
///     fn cell(&self, key: &str, _: &View) -> Cell {
///         match key {
///             "at" => Cell::from(&*self.at),
///             _ => Cell::of(self.jobs),
///         }
///     }
/// }
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Bursts {
///     rows: Vec<Burst>,
///     warnings: Vec<String>,
/// }
///
/// impl Report for Bursts {
///     type Row = Burst;
///     const SCHEMA: &'static str = "cronctl.bursts/1";
///     const EMPTY: &'static str = "No two jobs fire together.";
///
///     fn rows(&mut self) -> &mut Vec<Burst> {
///         &mut self.rows
///     }
///
///     fn warnings(&self) -> &[String] {
///         &self.warnings
///     }
/// }
/// ```
///
/// `Serialize` gives the JSON document, to which [`write`](fn@write) adds `schema`, `generated_at`,
/// `generated_at_ms` and `tool_version` on top. House rules for its fields: `inputs` says what the
/// answer rests on; unknown is `null`, never missing; an instant `x_at` is RFC 3339 with zone and
/// has an `x_at_ms` beside it; durations end in `_ms`; `warnings` and `problems` are always there.
pub trait Report: Serialize {
    /// One row of it.
    type Row: Row;

    /// `cronctl.<name>/<version>`. The version changes when a field is removed or means something
    /// else.
    const SCHEMA: &'static str;

    /// What a person reads when there are no rows.
    const EMPTY: &'static str = "Nothing found.";

    /// Returns the rows, for `--sort` to reorder and every format to print.
    fn rows(&mut self) -> &mut Vec<Self::Row>;

    /// Returns what is doubtful although the answer stands. [`write`](fn@write) says it on stderr.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Returns what was skipped. [`write`](fn@write) says it on stderr and the exit code becomes partial.
    fn problems(&self) -> &[Problem] {
        &[]
    }

    /// Returns the whole answer in one of the formats for findings; `None` for a report that has no
    /// such form.
    ///
    /// # Errors
    /// When it cannot be written in that format.
    fn export(&self, _format: Format) -> Option<Result<String, Error>> {
        None
    }

    /// Draws what a person sees. Not called with `--columns` or `--no-headers`, which ask for the
    /// bare table of rows.
    fn screen(&self, rows: &[Self::Row], screen: &mut Screen<'_>) -> io::Result<()> {
        screen.rows(rows, Self::EMPTY)
    }
}

// The JSON document: a report under its head. Not a doc comment, which would be the description in
// every published schema.
#[derive(Serialize, schemars::JsonSchema)]
struct Document<'a, R> {
    /// Which report this is, and the version of its shape.
    schema: &'static str,
    /// When the answer was computed, or as of when (`--now`), RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    generated_at: String,
    /// The same in milliseconds since the Unix epoch.
    generated_at_ms: i64,
    /// The version of cronctl.
    tool_version: &'static str,
    #[serde(flatten)]
    report: &'a R,
}

/// Prints a report in the format that was asked for, then says its warnings and problems.
///
/// # Errors
/// When `--columns` or `--sort` name no column, or stdout cannot be written.
pub fn write<R: Report>(report: &mut R, ctx: &Context) -> Result<(), Error> {
    let mut out = ctx.ui.answer();
    write_to(report, ctx, &mut out)?;
    say_what_else(report, ctx);
    Ok(())
}

/// Draws a report on a terminal in the place of what is there, as [`write`](fn@write) prints it.
///
/// # Errors
/// As [`write`](fn@write).
pub fn redraw<R: Report>(report: &mut R, ctx: &Context) -> Result<(), Error> {
    let mut drawn = Vec::new();
    write_to(report, ctx, &mut drawn)?;
    ctx.ui.redraw(&String::from_utf8_lossy(&drawn))?;
    say_what_else(report, ctx);
    Ok(())
}

fn say_what_else<R: Report>(report: &R, ctx: &Context) {
    for warning in report.warnings() {
        ctx.ui.warning(warning);
    }
    for problem in report.problems() {
        ctx.problem(problem);
    }
}

fn write_to<R: Report>(report: &mut R, ctx: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let chosen = select::columns::<R::Row>(ctx.output.columns.as_deref())?;
    if let Some(order) = &ctx.output.sort {
        select::sort(report.rows(), order)?;
    }
    let written = match ctx.output.format {
        Format::Json => {
            if chosen.is_some() {
                ctx.ui
                    .note("--columns does not apply to json, whose document is always whole");
            }
            document(report, ctx, out)
        }
        Format::Ndjson | Format::Csv => {
            let mut lines = RowWriter::<R::Row, _>::start(out, ctx)?;
            for row in &*report.rows() {
                lines.row(row)?;
            }
            return lines.finish();
        }
        Format::Sarif | Format::Junit | Format::Github => {
            if chosen.is_some() {
                ctx.ui
                    .note("--columns does not apply to this format, whose answer is always whole");
            }
            let text = report.export(ctx.output.format);
            let text = text.unwrap_or_else(|| Err(no_such_form(ctx.output.format)))?;
            out.write_all(text.as_bytes())
        }
        Format::Table => on_screen(report, ctx, chosen, out),
    };
    written
        .and_then(|()| out.flush())
        .map_err(|e| Error::writing("stdout", &e))
}

fn no_such_form(format: Format) -> Error {
    let format = format.word();
    Error::usage(format!(
        "--output {format} is for findings, and this answer has none"
    ))
    .hint(format!("cronctl check has {format}"))
    .hint(format!("here there are {}", Format::COMMON))
}

fn document<R: Report>(report: &R, ctx: &Context, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: R::SCHEMA,
        generated_at: when::utc(ctx.now_ms),
        generated_at_ms: ctx.now_ms,
        tool_version: env!("CARGO_PKG_VERSION"),
        report,
    };
    // A document comes in very many small pieces, never in parts of a character.
    let mut pieces = BufWriter::with_capacity(1 << 16, JsonWriter(out));
    serde_json::to_writer_pretty(&mut pieces, &document)?;
    pieces.write_all(b"\n")?;
    pieces.flush()
}

fn on_screen<R: Report>(
    report: &mut R,
    ctx: &Context,
    chosen: Option<Vec<Column>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::new(out, ctx.view(), chosen, !ctx.output.no_headers);
    // The rows leave the report while it draws, so that it can be borrowed beside them.
    let rows = std::mem::take(report.rows());
    let drawn = if ctx.output.is_bare() {
        screen.rows(&rows, "")
    } else {
        report.screen(&rows, &mut screen)
    };
    *report.rows() = rows;
    drawn
}

#[cfg(test)]
mod tests;
