//! What a command may know: the instant, the environment, the configuration, the streams.
//!
//! Built once from what was typed. After it, nothing asks the clock, the terminal or the
//! environment again.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

use crate::cli::GlobalArgs;
use crate::clock;
use crate::config::{Config, Flags, Origin, Setting};
use crate::env::Env;
use crate::error::{Error, Exit, Problem};
use crate::report::{Output, View};
use crate::ui::Ui;

/// What a command may know.
#[derive(Debug)]
pub struct Context {
    /// The environment.
    pub env: Env,
    /// The current directory.
    pub directory: PathBuf,
    /// The instant of evaluation, epoch milliseconds: `--now`, `CRONCTL_NOW`, else the clock.
    pub now_ms: i64,
    /// Where the instant comes from; built-in is the clock.
    pub now_origin: Origin,
    /// The streams.
    pub ui: Ui,
    /// The settings in force.
    pub config: Config,
    /// How to print.
    pub output: Output,
    /// What was typed, for reading the configuration again.
    flags: Flags,
    partial: AtomicBool,
}

impl Context {
    /// Gathers what a command may know.
    ///
    /// # Errors
    /// When `--now`, a variable or a configuration file cannot be understood.
    pub fn new(args: GlobalArgs, env: &Env, with_files: bool) -> Result<Self, Error> {
        let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let flags = Flags {
            output: args
                .output_flag()?
                .map(|(flag, format)| (flag, name_of(&format))),
            color: args.color.as_ref().map(name_of),
            context: args.context.clone(),
        };
        let config = if with_files {
            Config::load(env, &directory, &flags)?
        } else {
            Config::without_files(env, &flags)?
        };
        let now = now(args.now.as_deref(), env)?;
        Ok(Self {
            ui: Ui::new(env, choice(&config, "color"), args.quiet),
            output: Output {
                format: choice(&config, "output"),
                columns: (!args.columns.is_empty()).then_some(args.columns),
                sort: args.sort,
                no_headers: args.no_headers,
            },
            env: env.clone(),
            directory,
            now_ms: now.value,
            now_origin: now.origin,
            config,
            flags,
            partial: AtomicBool::new(false),
        })
    }

    /// The same context at another instant, for an answer that is given more than once. Problems
    /// that it is told do not count for this one's exit code.
    #[must_use]
    pub fn at(&self, now_ms: i64) -> Self {
        Self {
            env: self.env.clone(),
            directory: self.directory.clone(),
            now_ms,
            now_origin: self.now_origin.clone(),
            ui: self.ui.clone(),
            config: self.config.clone(),
            output: self.output.clone(),
            flags: self.flags.clone(),
            partial: AtomicBool::new(false),
        }
    }

    /// The same context with the configuration as it is now.
    ///
    /// # Errors
    /// When a configuration file cannot be understood.
    pub fn reloaded(&self) -> Result<Self, Error> {
        Ok(Self {
            config: Config::load(&self.env, &self.directory, &self.flags)?,
            ..self.at(self.now_ms)
        })
    }

    /// Says a problem on stderr and makes the exit code partial.
    pub fn problem(&self, problem: &Problem) {
        self.ui.problem(problem);
        self.partial.store(true, Ordering::Relaxed);
    }

    /// Returns the exit code of a command that ended with `exit`.
    pub fn exit(&self, exit: Exit) -> Exit {
        if exit == Exit::Ok && self.partial.load(Ordering::Relaxed) {
            Exit::Partial
        } else {
            exit
        }
    }

    /// Returns what cells may depend on.
    pub fn view(&self) -> View {
        View {
            now_ms: self.now_ms,
            look: self.ui.look(),
        }
    }
}

fn name_of<T: ValueEnum>(value: &T) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |v| v.get_name().to_owned())
}

/// Reads a setting whose values the table of keys limits to those of an enum.
fn choice<T: ValueEnum + Default>(config: &Config, key: &str) -> T {
    let text = config.text(key).value.unwrap_or_default();
    T::from_str(&text, false).unwrap_or_default()
}

fn now(flag: Option<&str>, env: &Env) -> Result<Setting<i64>, Error> {
    let given = Setting {
        value: flag.or_else(|| env.get("CRONCTL_NOW")),
        origin: match flag {
            Some(_) => Origin::Flag("--now"),
            None => Origin::Env("CRONCTL_NOW".to_owned()),
        },
    };
    let Some(text) = given.value else {
        return Ok(Setting {
            value: clock::now_ms(),
            origin: Origin::BuiltIn,
        });
    };
    let ms = parse_instant(text).ok_or_else(|| {
        given
            .refuse("now", format_args!("{text:?} is not an instant"))
            .hint("write it as 2026-08-01T22:00:00-07:00, or as milliseconds since the Unix epoch")
    })?;
    Ok(given.map(|_| ms))
}

/// Reads RFC 3339 with a zone offset, or epoch milliseconds.
pub fn parse_instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        return jiff::Timestamp::from_millisecond(ms).ok().map(|_| ms);
    }
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_needs_a_zone_or_is_milliseconds() {
        let expected = Some(1_785_646_800_000);
        assert_eq!(parse_instant("2026-08-01T22:00:00-07:00"), expected);
        assert_eq!(parse_instant("2026-08-02T05:00:00Z"), expected);
        assert_eq!(parse_instant("1785646800000"), expected);
        assert_eq!(parse_instant("-1"), Some(-1));
        for text in [
            "",
            "2026-08-01T22:00:00",
            "2026-08-01",
            "now",
            "9999999999999999999",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn the_flag_wins_over_the_variable() {
        let env = Env::of([("CRONCTL_NOW", "1000")]);
        let at = |flag| now(flag, &env).unwrap();
        assert_eq!((at(None).value, at(Some("5")).value), (1000, 5));
        assert_eq!(at(None).origin, Origin::Env("CRONCTL_NOW".into()));
        assert_eq!(now(Some("x"), &env).unwrap_err().exit, Exit::Usage);
    }
}
