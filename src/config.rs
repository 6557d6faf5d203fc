//! `cronctl.toml`: contexts and defaults, each value with its origin.
//!
//! A setting comes from a flag, else the environment (`CRONCTL_*`), else the project file, else the
//! user file, else it is built in. The keys, their types and built-in values are one table
//! ([`KEYS`]), which also gives the checks, `config show` and the names of the variables.

mod file;
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::error::Error;
use crate::report::nearest;

pub use file::{Looked, places};
pub use keys::{KEYS, Key, Kind, find};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the built-in value.
    BuiltIn,
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Env(String),
    /// A line (from 1) of a file.
    File(PathBuf, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path, line) => write!(f, "file {}:{line}", path.display()),
        }
    }
}

/// A value and where it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it was set.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Returns the flag's value when the flag was given, else this one.
    #[must_use]
    pub fn or_flag(self, name: &'static str, given: Option<T>) -> Self {
        match given {
            Some(value) => Self {
                value,
                origin: Origin::Flag(name),
            },
            None => self,
        }
    }

    /// Converts the value, keeping its origin.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Setting<U> {
        Setting {
            value: convert(self.value),
            origin: self.origin,
        }
    }

    /// Returns an error that says where the refused value was set: exit 2 for a flag or variable,
    /// 1 for a file.
    pub fn refuse(&self, key: &str, why: impl fmt::Display) -> Error {
        match &self.origin {
            Origin::BuiltIn => Error::failed(format!("{key}: {why}")),
            Origin::Flag(name) => Error::usage(format!("{name}: {why}")),
            Origin::Env(name) => Error::usage(format!("{name}: {why}")),
            Origin::File(path, line) => {
                Error::failed(format!("{}:{line}: {key}: {why}", path.display()))
            }
        }
    }
}

/// A value as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, a choice, a duration, a path.
    Text(String),
    /// A whole number.
    Count(u64),
    /// Yes or no.
    Switch(bool),
    /// Several texts.
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Count(n) => n.fmt(f),
            Self::Switch(on) => on.fmt(f),
            Self::List(items) => f.write_str(&items.join(", ")),
        }
    }
}

/// The settings in force.
#[derive(Clone, Debug, Default)]
pub struct Config {
    values: BTreeMap<String, Setting<Value>>,
    contexts: BTreeSet<String>,
    context: Option<Setting<String>>,
}

/// The settings that flags of every command give.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--output`, or `--json`: the name of the flag and the value.
    pub output: Option<(&'static str, String)>,
    /// `--color`.
    pub color: Option<String>,
    /// `--context`.
    pub context: Option<String>,
}

/// Defaults of `plan`, each for a flag of the same name. Durations are text as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDefaults {
    /// `--jitter`.
    pub jitter: Setting<String>,
    /// `--window`.
    pub window: Setting<String>,
    /// `--gap`.
    pub gap: Setting<String>,
    /// `--burst`.
    pub burst: Setting<u64>,
    /// `--seed`.
    pub seed: Setting<u64>,
    /// `--run-length`; the history decides when there is none.
    pub run_length: Setting<Option<String>>,
    /// `--group-by`.
    pub group_by: Setting<Option<String>>,
}

/// What the context in use says about sources. Paths are absolute, or relative to the current
/// directory when they could not be resolved; `-` in `jobs` is stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDefaults {
    /// The context in use.
    pub context: Option<Setting<String>>,
    /// `--openclaw`.
    pub openclaw: Setting<Vec<PathBuf>>,
    /// `--jobs`.
    pub jobs: Setting<Vec<PathBuf>>,
    /// `--openclaw-version`.
    pub openclaw_version: Setting<Option<String>>,
    /// `--dialect`.
    pub dialect: Setting<Option<String>>,
    /// `--molecule`.
    pub molecule_url: Setting<Option<String>>,
    /// The organisation's id.
    pub molecule_org: Setting<Option<String>>,
    /// `--token-file`. Its content is read by the command that needs it, and never shown.
    pub molecule_token_file: Setting<Option<PathBuf>>,
    /// The path of a checkpoint on the platform; the RFC's when there is none.
    pub molecule_checkpoint_path: Setting<Option<String>>,
    /// What is said of adapters, by runtime name.
    pub adapters: BTreeMap<String, AdapterDefaults>,
}

/// What the context in use says about the adapter of one runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterDefaults {
    /// Its ceiling in seconds, 0 for none.
    pub ceiling_seconds: Option<Setting<u64>>,
    /// Whether its SDK owns its turns.
    pub native_session: Option<Setting<bool>>,
    /// Whether it can cancel a turn.
    pub steerable: Option<Setting<bool>>,
}

impl Config {
    /// Reads the files and the environment, and puts the flags above them.
    ///
    /// # Errors
    /// When a file cannot be read or parsed, names an unknown key, or a value is of the wrong kind.
    pub fn load(env: &Env, directory: &Path, flags: &Flags) -> Result<Self, Error> {
        let mut config = Self::default();
        for place in places(env, directory).iter().rev() {
            config.read(place, env)?;
        }
        config.read_env(env)?;
        config.apply(flags);
        config.choose_context()?;
        Ok(config)
    }

    /// The flags alone, for commands that must work whatever the files say.
    ///
    /// # Errors
    /// When the environment has a value of the wrong kind.
    pub fn without_files(env: &Env, flags: &Flags) -> Result<Self, Error> {
        let mut config = Self::default();
        config.read_env(env)?;
        config.apply(flags);
        Ok(config)
    }

    fn read(&mut self, place: &Looked, env: &Env) -> Result<(), Error> {
        let Some(path) = place.path.as_deref().filter(|_| place.found) else {
            return Ok(());
        };
        let read = file::read(path, place.scope == "user", env)?;
        self.contexts.extend(read.contexts);
        // A platform is replaced as a whole: a project file that names another address must not be
        // sent the token of the user's.
        let platforms = read.values.keys().filter_map(|key| {
            let (context, _) = key.rsplit_once(".molecule.")?;
            Some(format!("{context}.molecule."))
        });
        for platform in platforms {
            self.values.retain(|key, _| !key.starts_with(&platform));
        }
        self.values.extend(read.values);
        Ok(())
    }

    fn read_env(&mut self, env: &Env) -> Result<(), Error> {
        for key in KEYS {
            let Some(name) = key.variable() else { continue };
            let Some(text) = env.get(&name) else { continue };
            let value = key.kind.parse(text).map_err(|why| {
                let error = Error::usage(format!("{name}: {why}"));
                match key.kind.near(text) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error,
                }
            })?;
            self.set(key.name, value, Origin::Env(name));
        }
        Ok(())
    }

    fn apply(&mut self, flags: &Flags) {
        if let Some((flag, format)) = &flags.output {
            self.set("output", Value::Text(format.clone()), Origin::Flag(flag));
        }
        if let Some(color) = &flags.color {
            self.set("color", Value::Text(color.clone()), Origin::Flag("--color"));
        }
        if let Some(name) = &flags.context {
            let name = Value::Text(name.clone());
            self.set("context", name, Origin::Flag("--context"));
        }
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        self.values
            .insert(key.to_owned(), Setting { value, origin });
    }

    fn choose_context(&mut self) -> Result<(), Error> {
        let Setting {
            value: Some(name),
            origin,
        } = self.text("context")
        else {
            return Ok(());
        };
        let chosen = Setting {
            value: name,
            origin,
        };
        let name = &chosen.value;
        if !self.contexts.contains(name) {
            let error = chosen.refuse("context", format_args!("there is no context {name:?}"));
            let known = self.contexts.iter().map(String::as_str);
            return Err(match nearest(name, known) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error,
            }
            .hint(if self.contexts.is_empty() {
                "no [contexts.NAME] is configured; `cronctl config path` shows where".to_owned()
            } else {
                let known: Vec<_> = self.contexts.iter().map(String::as_str).collect();
                format!("the contexts are {}", known.join(", "))
            }));
        }
        self.context = Some(chosen);
        Ok(())
    }

    /// Returns the names of the contexts.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.iter().map(String::as_str)
    }

    /// Returns the context in use.
    pub fn context(&self) -> Option<&Setting<String>> {
        self.context.as_ref()
    }

    /// Returns every setting: those with a fixed name always, those of contexts where they are set.
    pub fn settings(&self) -> impl Iterator<Item = (String, Setting<Option<Value>>)> {
        let fixed = KEYS.iter().filter(|k| !k.name.contains('*'));
        let fixed = fixed.map(|key| (key.name.to_owned(), self.get(key.name)));
        let of_contexts = self
            .values
            .iter()
            .filter(|(name, _)| name.starts_with("contexts."))
            .map(|(name, setting)| (name.clone(), setting.clone().map(Some)));
        fixed.chain(of_contexts)
    }

    /// Returns a setting by its dotted key; the built-in value, if any, when it is not set.
    pub fn get(&self, key: &str) -> Setting<Option<Value>> {
        if let Some(setting) = self.values.get(key) {
            return setting.clone().map(Some);
        }
        let built_in = KEYS.iter().find(|k| k.name == key).and_then(Key::built_in);
        Setting {
            value: built_in,
            origin: Origin::BuiltIn,
        }
    }

    /// Returns the defaults of `plan`.
    pub fn plan_defaults(&self) -> PlanDefaults {
        let text = |key| self.text(key).map(Option::unwrap_or_default);
        PlanDefaults {
            jitter: text("plan.jitter"),
            window: text("plan.window"),
            gap: text("plan.gap"),
            burst: self.count("plan.burst"),
            seed: self.count("plan.seed"),
            run_length: self.text("plan.run_length"),
            group_by: self.text("plan.group_by"),
        }
    }

    /// Returns what the context in use says about sources; nothing when there is none.
    pub fn source_defaults(&self) -> SourceDefaults {
        let name = self.context.as_ref().map(|c| c.value.as_str());
        let key = |key: &str| match name {
            Some(name) => keys::dotted(["contexts", name].into_iter().chain(key.split('.'))),
            None => String::new(),
        };
        let paths = |k: &str| {
            let list = |value| match value {
                Some(Value::List(items)) => items.into_iter().map(PathBuf::from).collect(),
                _ => Vec::new(),
            };
            self.get(&key(k)).map(list)
        };
        SourceDefaults {
            context: self.context.clone(),
            openclaw: paths("openclaw"),
            jobs: paths("jobs"),
            openclaw_version: self.text(&key("openclaw_version")),
            dialect: self.text(&key("dialect")),
            molecule_url: self.text(&key("molecule.url")),
            molecule_org: self.text(&key("molecule.org")),
            molecule_token_file: self
                .text(&key("molecule.token_file"))
                .map(|path| path.map(PathBuf::from)),
            molecule_checkpoint_path: self.text(&key("molecule.checkpoint_path")),
            adapters: self.adapters(&(key("adapters") + ".")),
        }
    }

    fn adapters(&self, prefix: &str) -> BTreeMap<String, AdapterDefaults> {
        let mut adapters: BTreeMap<String, AdapterDefaults> = BTreeMap::new();
        for (name, setting) in &self.values {
            let Some((adapter, key)) = name.strip_prefix(prefix).and_then(|n| n.rsplit_once('.'))
            else {
                continue;
            };
            let adapter = adapters.entry(keys::bare(adapter)).or_default();
            match (key, &setting.value) {
                ("ceiling_seconds", Value::Count(n)) => {
                    adapter.ceiling_seconds = Some(setting.clone().map(|_| *n));
                }
                ("native_session", Value::Switch(on)) => {
                    adapter.native_session = Some(setting.clone().map(|_| *on));
                }
                ("steerable", Value::Switch(on)) => {
                    adapter.steerable = Some(setting.clone().map(|_| *on));
                }
                _ => {}
            }
        }
        adapters
    }

    /// Returns a setting as text.
    pub fn text(&self, key: &str) -> Setting<Option<String>> {
        self.get(key).map(|value| value.map(|v| v.to_string()))
    }

    fn count(&self, key: &str) -> Setting<u64> {
        self.get(key).map(|value| match value {
            Some(Value::Count(n)) => n,
            _ => 0,
        })
    }
}

#[cfg(test)]
mod tests;
