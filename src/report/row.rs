//! Rows: the unit of every tabular format.

use serde::Serialize;

use crate::ui::{Look, Role};

/// One row of a report. Its `Serialize` is the JSON object and the NDJSON line, and gives CSV its
/// values; [`Row::cell`] is what a person reads in a table.
pub trait Row: Serialize {
    /// The columns, in order. Every key is a field of the JSON object.
    const COLUMNS: &'static [Column];

    /// Returns what a person reads in the column `key`, one of [`Row::COLUMNS`].
    fn cell(&self, key: &str, view: &View) -> Cell;
}

/// What the text of a cell may depend on besides the row.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The instant of evaluation, for relative times.
    pub now_ms: i64,
    /// What stdout can show.
    pub look: Look,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The JSON field, and the name for `--columns` and `--sort`.
    pub key: &'static str,
    /// The heading in a table.
    pub title: &'static str,
    /// Which side the text is set on.
    pub align: Align,
    /// When a table shows it without being asked.
    pub show: Show,
}

/// Which side of a column text is set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// When a table shows a column without being asked. CSV always has all columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Always.
    Always,
    /// When some row has something to say in it.
    IfAny,
    /// With `--columns` only.
    OnRequest,
}

impl Column {
    /// A column of text that is always shown.
    pub const fn new(key: &'static str, title: &'static str) -> Self {
        Self {
            key,
            title,
            align: Align::Left,
            show: Show::Always,
        }
    }

    /// Sets its text on the right, as numbers are.
    #[must_use]
    pub const fn right(self) -> Self {
        Self {
            align: Align::Right,
            ..self
        }
    }

    /// Shows it only when some row has something to say in it.
    #[must_use]
    pub const fn if_any(self) -> Self {
        Self {
            show: Show::IfAny,
            ..self
        }
    }

    /// Shows it only with `--columns`.
    #[must_use]
    pub const fn on_request(self) -> Self {
        Self {
            show: Show::OnRequest,
            ..self
        }
    }
}

/// A piece of text with a meaning. Control characters in it are made visible when it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The text; empty prints as `-` in a table.
    pub text: String,
    /// What it means.
    pub role: Role,
}

impl Cell {
    /// A cell with nothing to say.
    pub fn none() -> Self {
        Self::default()
    }

    /// Plain text of anything that can be displayed.
    pub fn of(value: impl std::fmt::Display) -> Self {
        Self::from(value.to_string())
    }

    /// Text with a meaning.
    pub fn with(role: Role, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            role,
        }
    }

    /// Gives it a meaning.
    #[must_use]
    pub fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::with(Role::Plain, text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::with(Role::Plain, text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::none, Into::into)
    }
}
