//! Tables: columns without rules between them, fitted to a terminal, whole in a pipe.

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};

use super::row::{Align, Cell, Column};
use crate::ui::{Look, Role, escape};

/// Lays out cells under the titles of their columns. Returns whole lines, without trailing spaces.
pub(super) fn render(columns: &[Column], rows: &[Vec<Cell>], header: bool, look: Look) -> String {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING);
    if look.terminal {
        grid.set_content_arrangement(ContentArrangement::Dynamic);
        grid.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    } else {
        grid.set_content_arrangement(ContentArrangement::Disabled);
    }
    if header {
        let titles = columns.iter().map(|c| marked(c.title, Role::Strong, look));
        grid.set_header(titles.collect::<Vec<_>>());
    }
    for row in rows {
        let cells = row.iter().map(|cell| {
            if cell.text.is_empty() {
                marked("-", Role::Dim, look)
            } else {
                marked(&escape(&cell.text), cell.role, look)
            }
        });
        grid.add_row(cells.collect::<Vec<_>>());
    }
    for (i, column) in columns.iter().enumerate() {
        if let Some(grid_column) = grid.column_mut(i) {
            grid_column.set_padding((0, if i + 1 == columns.len() { 0 } else { 2 }));
            if column.align == Align::Right {
                grid_column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let mut text = String::new();
    for line in grid.lines() {
        unmark(line.trim_end(), &mut text);
        text.push('\n');
    }
    text
}

/// The invisible characters that carry a role through the layout. The layout counts them as zero
/// columns and keeps each with the character before it, also where it breaks a cell over lines; a
/// control sequence would be counted as text. Text from outside cannot hold them: [`escape`].
const MARKS: [(char, Role); 5] = [
    ('\u{e0061}', Role::Good),
    ('\u{e0062}', Role::Warn),
    ('\u{e0063}', Role::Bad),
    ('\u{e0064}', Role::Dim),
    ('\u{e0065}', Role::Strong),
];

fn marked(text: &str, role: Role, look: Look) -> String {
    let mark = MARKS.iter().find(|(_, r)| *r == role);
    let Some((mark, _)) = mark.filter(|_| look.color) else {
        return text.to_owned();
    };
    text.chars().flat_map(|c| [c, *mark]).collect()
}

/// Turns marks into control sequences, one pair for each run of equally marked characters.
fn unmark(line: &str, out: &mut String) {
    let role_of = |c: char| MARKS.iter().find(|(mark, _)| *mark == c).map(|(_, r)| *r);
    let mut current = Role::Plain;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if role_of(c).is_some() {
            continue;
        }
        let role = chars.peek().copied().and_then(role_of).unwrap_or_default();
        if role != current {
            if current != Role::Plain {
                out.push_str("\x1b[0m");
            }
            out.push_str(role.start());
            current = role;
        }
        out.push(c);
    }
    if current != Role::Plain {
        out.push_str("\x1b[0m");
    }
}
