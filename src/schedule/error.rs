//! Why a schedule is refused, as data.

use std::fmt;

use serde::Serialize;

/// What kind of thing is wrong with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The expression does not follow the dialect's grammar.
    Syntax,
    /// A number is outside of its field.
    Range,
    /// The zone is not known.
    Zone,
    /// The declaration has no readable kind or lacks a part.
    Shape,
    /// The real scheduler itself fails on this question.
    Broken,
}

/// Why a schedule is refused: what, where in the expression, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleError {
    /// The kind of mistake.
    pub kind: ErrorKind,
    /// What is wrong, one sentence.
    pub message: String,
    /// The field it is in: `minute`, `day of month`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    /// Where it begins in the expression as written: characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ScheduleError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            field: None,
            column: None,
            hint: None,
        }
    }

    pub(crate) fn syntax(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, message)
    }

    pub(crate) fn range(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Range, message)
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn within(mut self, field: &'static str, column: usize) -> Self {
        self.field.get_or_insert(field);
        self.column.get_or_insert(column);
        self
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field, self.column) {
            (Some(field), Some(column)) => write!(f, "{field} (column {column}): ")?,
            (Some(field), None) => write!(f, "{field}: ")?,
            _ => {}
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ScheduleError {}

/// The scheduler itself would never come back with an answer.
///
/// robfig/cron 3.0.1 does so around a day that its zone skipped (`Pacific/Apia`, 30 December 2011).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hang {
    /// The question: epoch milliseconds after which a fire was asked for.
    pub after_ms: i64,
}

/// A search used up its steps: where the real scheduler would go on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endless;

impl fmt::Display for Hang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the scheduler itself never answers: asked for the fire after {} ms",
            self.after_ms
        )
    }
}

impl std::error::Error for Hang {}
