//! Errors, problems and exit codes.
//!
//! An [`Error`] ends a command; a [`Problem`] names one bad piece of input while the rest of the
//! answer is still printed. The exit codes are a documented interface (README, "Exit codes").

use std::fmt;
use std::io;
use std::process::ExitCode;

use serde::Serialize;

/// What a command ends with. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: the answer is complete.
    Ok,
    /// 1: no answer.
    Failed,
    /// 2: wrong command line.
    Usage,
    /// 3: printed, but something was skipped and said on stderr.
    Partial,
    /// 4: a server was not reached, timed out or answered 5xx.
    Unavailable,
    /// 5: a `--fail-on` condition was met, a contract is broken, or a gateway would not start.
    Findings,
    /// 6: the target said no.
    Refused,
    /// 126: the command to become cannot be executed.
    NotExecutable,
    /// 127: the command to become was not found.
    NotFound,
    /// 130: SIGINT ended it; what was in flight is finished or recorded.
    Interrupted,
    /// 143: SIGTERM ended it; what was in flight is finished or recorded.
    Terminated,
}

impl Exit {
    /// Every exit code, in order.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Partial,
        Self::Unavailable,
        Self::Findings,
        Self::Refused,
        Self::NotExecutable,
        Self::NotFound,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// Says what it means, for help and manual pages.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "The answer is complete.",
            Self::Failed => "There is no answer: input or configuration could not be used.",
            Self::Usage => "The command line is wrong.",
            Self::Partial => "The answer was printed, but something was skipped; stderr says what.",
            Self::Unavailable => "A server was not reached, timed out or answered 5xx.",
            Self::Findings => {
                "A --fail-on condition was met, a contract is broken, or a gateway would not start."
            }
            Self::Refused => "The target said no.",
            Self::NotExecutable => "The command to become cannot be executed (jitter).",
            Self::NotFound => "The command to become was not found (jitter).",
            Self::Interrupted => "SIGINT ended it, after what was in flight.",
            Self::Terminated => "SIGTERM ended it, after what was in flight.",
        }
    }

    /// Returns the number that a shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Unavailable => 4,
            Self::Findings => 5,
            Self::Refused => 6,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command has no answer: what happened, why, and what to do next.
#[derive(Debug)]
pub struct Error {
    /// The code to end with.
    pub exit: Exit,
    /// What happened and where (`file:line`, URL), one sentence.
    pub message: String,
    /// Why, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// What to do next, one line each.
    pub hints: Vec<String>,
    /// The input with a mark under the place that is wrong, to be shown as it is.
    pub excerpt: Vec<String>,
}

impl Error {
    /// The error and its causes, for where there is one line.
    pub fn in_one_line(&self) -> String {
        let parts = std::iter::once(&self.message).chain(&self.causes);
        parts.map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// An error without an answer (exit 1).
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            excerpt: Vec::new(),
        }
    }

    /// A wrong command line (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::failed(message)
        }
    }

    /// What a failed write to a stream ends with.
    ///
    /// A reader that went away (`| head`) is no failure: such an error has [`Exit::Ok`], passes up
    /// like any other so that work stops at once, and is not printed.
    pub fn writing(stream: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                exit: Exit::Ok,
                ..Self::failed(format!("{stream} was closed"))
            };
        }
        Self::failed(format!("{stream} cannot be written")).because(error)
    }

    /// Adds why it happened.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Shows the input with a mark under the word that begins at a column (characters, from 1).
    #[must_use]
    pub fn marking(mut self, input: &str, column: usize) -> Self {
        let before: String = input.chars().take(column.saturating_sub(1)).collect();
        let word = input.chars().skip(before.chars().count());
        let word: String = word.take_while(|c| !c.is_whitespace()).collect();
        // Control characters are shown as escapes, which are longer.
        let shown = |text: &str| crate::ui::escape(text).chars().count();
        let mark = "^".repeat(shown(&word).max(1));
        self.excerpt = vec![
            crate::ui::escape(input).into_owned(),
            format!("{}{mark}", " ".repeat(shown(&before))),
        ];
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// One piece of input that was skipped while the rest was used. Makes the exit code partial (3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// Where: `file:line:column`, `file: job 3 "name"`, or a table row.
    pub at: String,
    /// What is wrong and why it could not be used.
    pub what: String,
    /// What to do next, when there is something to say.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            what: what.into(),
            hint: None,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}
