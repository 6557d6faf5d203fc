//! NDJSON and CSV: one line per row, as the rows come.

use std::borrow::Cow;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::marker::PhantomData;

use serde::Serialize;

use super::fields::{Fields, plain};
use super::row::{Column, Row};
use super::{Format, select};
use crate::context::Context;
use crate::error::Error;
use crate::ui::{escape, escape_json};

/// Prints rows one at a time as NDJSON or CSV, for results too large to hold.
///
/// Use it when [`super::Output::streams`], and end with [`RowWriter::finish`]. A failed write stops
/// the work: pass the error up with `?`.
pub struct RowWriter<R, W: Write = BufWriter<StdoutLock<'static>>> {
    sink: Sink<W>,
    columns: Option<Vec<Column>>,
    json: Vec<u8>,
    rows: PhantomData<fn(&R)>,
}

enum Sink<W: Write> {
    Ndjson(W),
    Csv(Box<csv::Writer<W>>),
}

impl<R: Row> RowWriter<R> {
    /// Starts printing to stdout.
    ///
    /// # Errors
    /// When `--columns` names no column, or stdout cannot be written.
    pub fn stdout(ctx: &Context) -> Result<Self, Error> {
        Self::start(ctx.ui.answer(), ctx)
    }
}

impl<R: Row, W: Write> RowWriter<R, W> {
    /// Starts printing to a writer; with CSV, prints the header.
    pub(super) fn start(out: W, ctx: &Context) -> Result<Self, Error> {
        let output = &ctx.output;
        let columns = select::columns::<R>(output.columns.as_deref())?;
        let mut writer = Self {
            sink: match output.format {
                Format::Csv => Sink::Csv(Box::new(csv::Writer::from_writer(out))),
                _ => Sink::Ndjson(out),
            },
            columns,
            json: Vec::with_capacity(512),
            rows: PhantomData,
        };
        if let Sink::Csv(csv) = &mut writer.sink {
            let columns = writer.columns.get_or_insert_with(|| R::COLUMNS.to_vec());
            if !output.no_headers {
                let keys = columns.iter().map(|c| c.key);
                csv.write_record(keys).map_err(|e| unwritable(e.into()))?;
            }
        }
        Ok(writer)
    }

    /// Prints one row.
    ///
    /// # Errors
    /// When the stream cannot be written.
    pub fn row(&mut self, row: &R) -> Result<(), Error> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, row).map_err(|e| unwritable(e.into()))?;
        let text = std::str::from_utf8(&self.json).map_err(|e| unwritable(io::Error::other(e)))?;
        let json = escape_json(text);
        let line = match (&mut self.sink, &self.columns) {
            (Sink::Ndjson(out), None) => writeln!(out, "{json}"),
            (Sink::Ndjson(out), Some(columns)) => chosen(out, &json, columns),
            (Sink::Csv(csv), columns) => record(csv, &json, columns.as_deref().unwrap_or(&[])),
        };
        line.map_err(unwritable)
    }

    /// Prints what is still buffered, for output that is watched while it grows.
    ///
    /// # Errors
    /// When the stream cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Ndjson(out) => out.flush(),
            Sink::Csv(csv) => csv.flush(),
        }
        .map_err(unwritable)
    }

    /// Ends printing.
    ///
    /// # Errors
    /// When the stream cannot be written.
    pub fn finish(mut self) -> Result<(), Error> {
        self.flush()
    }
}

/// Returns a value as one line of JSON, for what is printed as it happens.
///
/// # Errors
/// When the value has no JSON.
pub fn line(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string(value)
        .map_err(|e| Error::failed("what happened has no JSON").because(e))?;
    Ok(escape_json(&json).into_owned() + "\n")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the last use, behind map_err"
)]
fn unwritable(error: io::Error) -> Error {
    Error::writing("stdout", &error)
}

/// Writes an object of the chosen fields only.
fn chosen(out: &mut impl Write, json: &str, columns: &[Column]) -> io::Result<()> {
    let fields = Fields::of(json)?;
    for (i, column) in columns.iter().enumerate() {
        let start = if i == 0 { '{' } else { ',' };
        let value = fields.get(column.key).unwrap_or("null");
        write!(out, "{start}\"{}\":{value}", column.key)?;
    }
    out.write_all(b"}\n")
}

fn record<W: Write>(csv: &mut csv::Writer<W>, json: &str, columns: &[Column]) -> io::Result<()> {
    let fields = Fields::of(json)?;
    for column in columns {
        let value = plain(fields.get(column.key).unwrap_or("null"));
        let value = visible(&value);
        if starts_a_formula(&value) {
            csv.write_field(format!("'{value}"))?;
        } else {
            csv.write_field(value.as_bytes())?;
        }
    }
    csv.write_record(None::<&[u8]>)?;
    Ok(())
}

/// Returns the text with what a terminal would obey as escapes. Line breaks stay: they are data, and in
/// quotes.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return escape(text);
    }
    let lines: Vec<_> = text.split('\n').map(escape).collect();
    Cow::Owned(lines.join("\n"))
}

/// Returns whether a spreadsheet would compute the text instead of showing it.
fn starts_a_formula(text: &str) -> bool {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let number = || text.chars().all(digits) && text.parse::<f64>().is_ok();
    risky && !number()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_visible_and_line_breaks_are_data() {
        assert_eq!(visible("nightly é 完"), "nightly é 完");
        assert_eq!(
            visible("a\u{1b}[31m\r\n\tb\u{9b}\u{202e}"),
            "a\\u{1b}[31m\\r\n\\tb\\u{9b}\\u{202e}"
        );
    }

    #[test]
    fn formulas_are_told_from_numbers() {
        for text in ["=1+1", "+cmd", "-2+3", "@SUM", "\tx", "\r", "-", "+inf"] {
            assert!(starts_a_formula(text), "{text:?}");
        }
        for text in ["", "-5", "+1.5e3", "a=b", "1-2", "*/5 * * * *"] {
            assert!(!starts_a_formula(text), "{text:?}");
        }
    }
}
