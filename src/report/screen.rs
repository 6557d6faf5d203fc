//! The view for people: headings, prose, tables, bars.

use std::io::{self, Write};

use super::row::{Cell, Column, Row, Show, View};
use super::table;
use crate::ui::{Role, escape, wrap};

/// Where a report draws what a person sees. Everything is legible without colour; prose is wrapped,
/// data is fitted to a terminal only and whole in a pipe.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    view: View,
    columns: Option<Vec<Column>>,
    header: bool,
    blank: bool,
}

/// One entry of [`Screen::bars`].
#[derive(Clone, Debug)]
pub struct Bar {
    /// What is counted, such as a time.
    pub label: String,
    /// How many before.
    pub before: u64,
    /// How many after.
    pub after: u64,
}

impl<'a> Screen<'a> {
    pub(super) fn new(
        out: &'a mut dyn Write,
        view: View,
        columns: Option<Vec<Column>>,
        header: bool,
    ) -> Self {
        Self {
            out,
            view,
            columns,
            header,
            blank: true,
        }
    }

    /// Returns what cells may depend on.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Prints a heading, with an empty line between it and what stands above.
    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        if !self.blank {
            self.blank()?;
        }
        if !self.view.look.terminal {
            return self.line(&[Cell::with(Role::Strong, text)]);
        }
        for line in wrap(text, self.view.look.width) {
            self.line(&[Cell::with(Role::Strong, line)])?;
        }
        Ok(())
    }

    /// Prints prose, wrapped to the width.
    pub fn paragraph(&mut self, text: &str) -> io::Result<()> {
        let lines = wrap(&escape(text), self.view.look.width);
        self.put(&(lines.join("\n") + "\n"))
    }

    /// Prints prose under a margin, wrapped to the width; the first line has `mark` in its margin.
    pub fn indented(&mut self, mark: &str, margin: usize, text: impl Into<Cell>) -> io::Result<()> {
        let Cell { text, role, .. } = text.into();
        let room = self.view.look.width.saturating_sub(margin).max(20);
        let mut before = format!("{mark:>margin$}");
        for line in wrap(&escape(&text), room) {
            let line = role.paint(&line, self.view.look.color);
            self.put(&format!("{before}{line}\n"))?;
            before = " ".repeat(margin);
        }
        Ok(())
    }

    /// Prints prose as an item of a list.
    pub fn item(&mut self, text: &str) -> io::Result<()> {
        self.indented("- ", 2, text)
    }

    /// Prints one line of pieces, each in its role, with nothing between them. It is not wrapped.
    pub fn line(&mut self, pieces: &[Cell]) -> io::Result<()> {
        let paint = |piece: &Cell| piece.role.paint(&escape(&piece.text), self.view.look.color);
        let text: String = pieces.iter().map(paint).collect();
        self.put(&(text + "\n"))
    }

    /// Prints an empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        self.put("\n")?;
        self.blank = true;
        Ok(())
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.blank = false;
        self.out.write_all(text.as_bytes())
    }

    /// Prints the table of a report's rows, in the columns asked for; without rows, the sentence
    /// `empty` (or, when that is empty, the header alone).
    pub fn rows<R: Row>(&mut self, rows: &[R], empty: &str) -> io::Result<()> {
        if rows.is_empty() && !empty.is_empty() {
            return self.paragraph(empty);
        }
        let columns = match &self.columns {
            Some(columns) => columns.clone(),
            None => self.worth_showing(rows),
        };
        self.rows_in(&columns, rows)
    }

    /// Prints rows as [`rows`](Self::rows) does, in the columns that fit: on a narrow terminal whole cells
    /// say more than all of them, and the `expendable` go first, in this order. `breakable` is a column that may be broken, and how
    /// much of it has to stand in a line. Scripts, and who names columns, get them all.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn rows_that_fit<R: Row>(
        &mut self,
        rows: &[R],
        empty: &str,
        expendable: &[&str],
        breakable: Option<(&str, usize)>,
    ) -> io::Result<()> {
        let look = self.view.look;
        if self.columns.is_some() || rows.is_empty() || !look.terminal {
            return self.rows(rows, empty);
        }
        let mut columns = self.worth_showing(rows);
        let width = |column: &Column| {
            let cells = rows.iter().map(|r| r.cell(column.key, &self.view).text);
            let longest = cells.map(|text| text.chars().count()).max().unwrap_or(0);
            let longest = match breakable {
                Some((key, enough)) if key == column.key => longest.min(enough),
                _ => longest,
            };
            longest.max(column.title.len()) + 2
        };
        let widths: Vec<(&str, usize)> = columns.iter().map(|c| (c.key, width(c))).collect();
        // The space after the last column is not needed.
        let mut wide = widths.iter().map(|(_, width)| width).sum::<usize>();
        let mut left_out = Vec::new();
        for key in expendable {
            if wide <= look.width + 2 {
                break;
            }
            let Some((_, width)) = widths.iter().find(|(shown, _)| shown == key) else {
                continue;
            };
            wide -= width;
            left_out.extend(columns.iter().filter(|c| c.key == *key).map(|c| c.title));
            columns.retain(|c| c.key != *key);
        }
        self.rows_in(&columns, rows)?;
        if left_out.is_empty() {
            return Ok(());
        }
        left_out.reverse();
        let text = format!("Too narrow for {}.", left_out.join(", "));
        self.indented("", 0, Cell::with(Role::Dim, text))
    }

    fn rows_in<R: Row>(&mut self, columns: &[Column], rows: &[R]) -> io::Result<()> {
        // The layout keeps kilobytes of every row: a very long table is laid out in parts.
        const PART: usize = 10_000;
        let mut header = self.header;
        for part in rows.chunks(PART).chain(rows.is_empty().then_some(rows)) {
            let cells = part.iter().map(|row| {
                let cell = |column: &Column| row.cell(column.key, &self.view);
                columns.iter().map(cell).collect()
            });
            let cells: Vec<Vec<Cell>> = cells.collect();
            let text = table::render(columns, &cells, std::mem::take(&mut header), self.view.look);
            self.put(&text)?;
        }
        Ok(())
    }

    /// Prints any table: one cell per column in every row. Keys of the columns do not matter.
    pub fn table(&mut self, columns: &[Column], rows: &[Vec<Cell>]) -> io::Result<()> {
        let text = table::render(columns, rows, self.header, self.view.look);
        self.put(&text)
    }

    /// Prints a table whose first row is its header, for titles that are known at run time only.
    pub fn grid(&mut self, columns: &[Column], rows: &[Vec<Cell>]) -> io::Result<()> {
        let text = table::render(columns, rows, false, self.view.look);
        self.put(&text)
    }

    /// Prints a bar for before and one for after under each label, all to one scale.
    pub fn bars(&mut self, bars: &[Bar]) -> io::Result<()> {
        const COLUMNS: [Column; 4] = [
            Column::new("label", ""),
            Column::new("series", ""),
            Column::new("count", "").right(),
            Column::new("bar", ""),
        ];
        let look = self.view.look;
        let longest = bars.iter().map(|b| b.label.chars().count()).max();
        let most = bars
            .iter()
            .map(|b| b.before.max(b.after))
            .max()
            .unwrap_or(0);
        let digits = most.to_string().len();
        // Label, "before", the count and two spaces after each stand before the bar.
        let room = look
            .width
            .saturating_sub(longest.unwrap_or(0) + 6 + digits + 6)
            .clamp(10, 60);
        let mut rows = Vec::with_capacity(bars.len() * 2);
        for bar in bars {
            let drawn = |n: u64| draw(n, most, room, look.unicode);
            rows.push(vec![
                Cell::with(Role::Strong, &*bar.label),
                Cell::with(Role::Dim, "before"),
                Cell::of(bar.before),
                Cell::with(Role::Warn, drawn(bar.before)),
            ]);
            rows.push(vec![
                Cell::from(" "),
                Cell::with(Role::Dim, "after"),
                Cell::of(bar.after),
                Cell::with(Role::Good, drawn(bar.after)),
            ]);
        }
        let text = table::render(&COLUMNS, &rows, false, look);
        self.put(&text)
    }

    fn worth_showing<R: Row>(&self, rows: &[R]) -> Vec<Column> {
        let says = |column: &&Column| match column.show {
            Show::Always => true,
            Show::OnRequest => false,
            Show::IfAny => rows
                .iter()
                .any(|row| !row.cell(column.key, &self.view).text.is_empty()),
        };
        R::COLUMNS.iter().filter(says).copied().collect()
    }
}

/// Draws `n` of `most` in at most `room` characters, to an eighth of a character with blocks. What
/// is not zero is never drawn as nothing.
fn draw(n: u64, most: u64, room: usize, unicode: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if n == 0 {
        return " ".to_owned();
    }
    let room = room as u128;
    let eighths = (u128::from(n) * room * 8).div_ceil(u128::from(most.max(1)));
    let eighths = usize::try_from(eighths).unwrap_or(usize::MAX);
    if unicode {
        "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
    } else {
        "#".repeat(eighths.div_ceil(8))
    }
}
