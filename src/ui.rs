//! The streams: stdout is the answer, stderr is the talk.
//!
//! Nothing else in the program writes to either. Messages never fail: when stderr is gone there is
//! nobody to tell.

mod progress;
mod text;

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::env::Env;
use crate::error::{Error, Exit, Problem};

pub use progress::Progress;
pub use text::{JsonWriter, escape, escape_json, wrap};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Decides for one stream: the choice, then `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`, then
    /// whether it is a terminal.
    pub fn applies(self, env: &Env, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if env.get("NO_COLOR").is_some() => false,
            Self::Auto if env.get("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            Self::Auto => terminal && env.get("TERM") != Some("dumb"),
        }
    }
}

/// What a piece of text means. Colour follows from it, and nothing is said by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nothing special.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
    /// Of lesser weight.
    Dim,
    /// A heading, a key figure.
    Strong,
}

impl Role {
    /// Returns the control sequence that starts the role's style; empty for plain text.
    pub fn start(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "\x1b[32m",
            Self::Warn => "\x1b[33m",
            Self::Bad => "\x1b[31m",
            Self::Dim => "\x1b[2m",
            Self::Strong => "\x1b[1m",
        }
    }

    /// Returns `text` in the role's style, or as it is without colour.
    pub fn paint(self, text: &str, color: bool) -> String {
        if color && self != Self::Plain {
            format!("{}{text}\x1b[0m", self.start())
        } else {
            text.to_owned()
        }
    }
}

/// What stdout can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether it is a terminal: only then is anything fitted to [`Look::width`].
    pub terminal: bool,
    /// Columns of the terminal, else 80 (for prose; data is never wrapped for a pipe).
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
    /// Whether block characters can be shown.
    pub unicode: bool,
}

/// The streams of this process.
#[derive(Clone, Debug)]
pub struct Ui {
    quiet: bool,
    talk_color: bool,
    talk_terminal: bool,
    look: Look,
}

impl Ui {
    /// Looks at the streams once.
    pub fn new(env: &Env, color: ColorChoice, quiet: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let talk_terminal = io::stderr().is_terminal();
        let measured = || terminal_size::terminal_size_of(io::stdout());
        let width = terminal.then(measured).flatten();
        Self {
            quiet,
            talk_color: color.applies(env, talk_terminal),
            talk_terminal,
            look: Look {
                terminal,
                width: width.map_or(80, |(w, _)| usize::from(w.0).max(20)),
                color: color.applies(env, terminal),
                unicode: speaks_unicode(env),
            },
        }
    }

    /// Returns what stdout can show.
    pub fn look(&self) -> Look {
        self.look
    }

    /// Whether only what matters is said.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether stderr shows colours.
    pub fn talk_color(&self) -> bool {
        self.talk_color
    }

    /// Opens stdout for the answer. Flush it at the end, and turn a failed write into
    /// [`Error::writing`].
    pub fn answer(&self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }

    /// Writes a whole text to stdout.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut out = self.answer();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Error::writing("stdout", &e))
    }

    /// Clears the terminal and draws a text on it, from the top and no longer than it is high: what
    /// scrolls away is what stands first.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn redraw(&self, text: &str) -> Result<(), Error> {
        const HOME_AND_CLEARED: &str = "\x1b[H\x1b[2J";
        // Asked each time: a terminal's size changes.
        let height = terminal_size::terminal_size_of(io::stdout()).map(|(_, h)| usize::from(h.0));
        let text = text::cut(text, height.unwrap_or(usize::MAX));
        self.print(&format!("{HOME_AND_CLEARED}{text}"))
    }

    /// Says something of interest on stderr. `--quiet` silences it.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(Role::Strong, "note", text);
        }
    }

    /// Says on stderr that something is doubtful, while the answer stands.
    pub fn warning(&self, text: &str) {
        self.say(Role::Warn, "warning", text);
    }

    /// Says on stderr what was skipped. Commands call [`crate::context::Context::problem`], which
    /// also makes the exit code partial.
    pub fn problem(&self, problem: &Problem) {
        self.say(Role::Warn, "problem", &problem.to_string());
        if let Some(hint) = &problem.hint {
            self.hint(hint);
        }
    }

    /// Says on stderr what to do next.
    pub fn hint(&self, text: &str) {
        self.say(Role::Strong, "hint", text);
    }

    /// Says on stderr why there is no answer. A closed pipe is not worth a word.
    pub fn error(&self, error: &Error) {
        if error.exit == Exit::Ok {
            return;
        }
        self.say(Role::Bad, "error", &error.message);
        for line in &error.excerpt {
            let line = format!("  {}\n", escape(line));
            io::stderr().write_all(line.as_bytes()).ok();
        }
        for cause in &error.causes {
            self.say(Role::Plain, "  because", cause);
        }
        for hint in &error.hints {
            self.hint(hint);
        }
    }

    /// Writes a prepared text to stderr, for help and usage errors, with its colours where allowed.
    pub(crate) fn talk(&self, text: &clap::builder::StyledStr) {
        let text = styled(text, self.talk_color);
        io::stderr().write_all(text.as_bytes()).ok();
    }

    /// Whether a person is there to answer: stdin and stderr are a terminal.
    pub fn asks(&self) -> bool {
        self.talk_terminal && io::stdin().is_terminal()
    }

    /// Asks a question on stderr, after what there is to know, and reads the answer from the
    /// terminal: whether it was yes. `None` where nobody is there ([`Ui::asks`]). `--quiet` does not
    /// silence it.
    pub fn confirm(&self, about: &[String], question: &str) -> Option<bool> {
        if !self.asks() {
            return None;
        }
        let about = about.iter().map(|line| format!("{}\n", escape(line)));
        let text = about.collect::<String>() + &format!("{} [y/N] ", escape(question));
        io::stderr().write_all(text.as_bytes()).ok();
        let mut answer = String::new();
        // An answer that cannot be read is none, and none is no.
        io::stdin().read_line(&mut answer).ok();
        Some(is_yes(&answer))
    }

    /// Starts showing progress; with a total as a bar, without as a spinner.
    pub fn progress(&self, what: &str, total: Option<u64>) -> Progress {
        Progress::new(what, total, self.talk_terminal && !self.quiet)
    }

    fn say(&self, role: Role, label: &str, text: &str) {
        let label = role.paint(&format!("{label}:"), self.talk_color);
        let line = format!("{label} {}\n", escape(text));
        // One write per line, so that lines of parallel processes do not mix.
        io::stderr().write_all(line.as_bytes()).ok();
    }
}

/// Whether an answer is yes. Anything else, nothing included, is no.
fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Renders what clap prepared.
pub(crate) fn styled(text: &clap::builder::StyledStr, color: bool) -> String {
    if color {
        text.ansi().to_string()
    } else {
        text.to_string()
    }
}

/// Decides by the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set, as the C library does.
fn speaks_unicode(env: &Env) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env.get(name));
    match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows) || cfg!(target_os = "macos"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_choice_then_the_environment_then_the_terminal() {
        let auto = |env: Env, terminal| ColorChoice::Auto.applies(&env, terminal);
        assert!(auto(Env::default(), true));
        assert!(!auto(Env::default(), false));
        assert!(!auto(Env::of([("NO_COLOR", "1")]), true));
        assert!(auto(Env::of([("NO_COLOR", "")]), true));
        assert!(!auto(Env::of([("TERM", "dumb")]), true));
        assert!(auto(Env::of([("CLICOLOR_FORCE", "1")]), false));
        assert!(!auto(Env::of([("CLICOLOR_FORCE", "0")]), false));
        let both = Env::of([("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
        assert!(!auto(both.clone(), true));
        assert!(ColorChoice::Always.applies(&both, false));
        assert!(!ColorChoice::Never.applies(&Env::of([("CLICOLOR_FORCE", "1")]), true));
    }

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y", "Y\n", " yes \r\n", "YES"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n", "no", "yep", "y y", "ja"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }

    #[test]
    fn the_locale_decides_about_block_characters() {
        assert!(speaks_unicode(&Env::of([("LANG", "en_US.UTF-8")])));
        assert!(speaks_unicode(&Env::of([
            ("LC_CTYPE", "C.utf8"),
            ("LANG", "C")
        ])));
        assert!(!speaks_unicode(&Env::of([
            ("LC_ALL", "C"),
            ("LANG", "en_US.UTF-8")
        ])));
    }
}
