//! The keys of `cronctl.toml`: names, kinds, built-in values.

use super::Value;
use crate::report::nearest;
use crate::schedule::Version;

/// One key, or one for each name where the key has a `*`.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The dotted name, `*` for a name that the user chooses.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// The built-in value, as it would be typed.
    pub built_in: Option<&'static str>,
    /// What it is for.
    pub help: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A whole number, at least this.
    Count(u64),
    /// `true` or `false`.
    Switch,
    /// An OpenClaw version.
    Version,
    /// The path of a file that holds a secret. In a project file it must stay in the project.
    Secret,
    /// One path or several; `~/` and paths relative to the file are resolved.
    Paths,
}

const fn key(
    name: &'static str,
    kind: Kind,
    built_in: Option<&'static str>,
    help: &'static str,
) -> Key {
    Key {
        name,
        kind,
        built_in,
        help,
    }
}

const FORMATS: Kind = Kind::Choice(&["table", "json", "ndjson", "csv", "sarif", "junit", "github"]);
const COLORS: Kind = Kind::Choice(&["auto", "always", "never"]);
const JITTERS: Kind = Kind::Choice(&["none", "native", "spread", "gap", "hash", "random", "fit"]);
const DIALECTS: Kind = Kind::Choice(&["openclaw", "molecule", "cron-rs"]);

/// Every key.
pub const KEYS: &[Key] = &[
    key("output", FORMATS, Some("table"), "Output format"),
    key("color", COLORS, Some("auto"), "When to colour"),
    key("context", Kind::Text, None, "The context to use"),
    key("plan.jitter", JITTERS, Some("spread"), "Jitter strategy"),
    key(
        "plan.window",
        Kind::Text,
        Some("5s"),
        "Window to spread a burst over, such as 5s",
    ),
    key(
        "plan.gap",
        Kind::Text,
        Some("2s..5s"),
        "Gap between jobs of a burst, such as 2s..5s",
    ),
    key(
        "plan.burst",
        Kind::Count(1),
        Some("2"),
        "Jobs that make a burst",
    ),
    key(
        "plan.seed",
        Kind::Count(0),
        Some("0"),
        "Seed of what is drawn",
    ),
    key(
        "plan.run_length",
        Kind::Text,
        None,
        "Length of a run, such as 90s, where history has none",
    ),
    key("plan.group_by", Kind::Text, None, "What to count by"),
    key(
        "contexts.*.openclaw",
        Kind::Paths,
        None,
        "OpenClaw state directories",
    ),
    key("contexts.*.jobs", Kind::Paths, None, "Files of jobs"),
    key(
        "contexts.*.openclaw_version",
        Kind::Version,
        None,
        "OpenClaw version",
    ),
    key(
        "contexts.*.dialect",
        DIALECTS,
        None,
        "Whose cron rules apply",
    ),
    key(
        "contexts.*.molecule.url",
        Kind::Text,
        None,
        "Address of a Molecule platform",
    ),
    key(
        "contexts.*.molecule.org",
        Kind::Text,
        None,
        "Id of the organisation",
    ),
    key(
        "contexts.*.molecule.token_file",
        Kind::Secret,
        None,
        "File that holds the token",
    ),
    key(
        "contexts.*.molecule.checkpoint_path",
        Kind::Text,
        Some(crate::checkpoint::CHECKPOINT_PATH),
        "Path of a checkpoint on the platform, with {workspace_id}",
    ),
    key(
        "contexts.*.adapters.*.ceiling_seconds",
        Kind::Count(0),
        None,
        "Age of a turn that is over its ceiling, 0 for none",
    ),
    key(
        "contexts.*.adapters.*.native_session",
        Kind::Switch,
        None,
        "Whether the adapter's SDK owns its turns",
    ),
    key(
        "contexts.*.adapters.*.steerable",
        Kind::Switch,
        None,
        "Whether the adapter can cancel a turn",
    ),
];

impl Key {
    /// Returns the environment variable that sets it; keys of contexts have none.
    pub fn variable(&self) -> Option<String> {
        let name = (!self.name.contains('*')).then_some(self.name)?;
        Some(format!("CRONCTL_{}", name.to_uppercase().replace('.', "_")))
    }

    pub(super) fn built_in(&self) -> Option<Value> {
        self.kind.parse(self.built_in?).ok()
    }
}

impl Kind {
    /// Reads a value that was given as text.
    pub(super) fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Text | Self::Secret => Ok(Value::Text(text.to_owned())),
            Self::Paths => Ok(Value::List(vec![text.to_owned()])),
            Self::Choice(choices) if choices.contains(&text) => Ok(Value::Text(text.to_owned())),
            Self::Choice(choices) => Err(format!("{text:?} is none of {}", choices.join(", "))),
            Self::Switch => match text.parse() {
                Ok(on) => Ok(Value::Switch(on)),
                Err(_) => Err(format!("{text:?} is neither true nor false")),
            },
            Self::Version if text == "auto" => Ok(Value::Text(text.to_owned())),
            Self::Version => match text.parse::<Version>() {
                Ok(version) => Ok(Value::Text(version.to_string())),
                Err(error) => Err(error.to_string()),
            },
            Self::Count(least) => match text.parse::<u64>() {
                Ok(n) if n >= least => Ok(Value::Count(n)),
                _ => Err(format!(
                    "{text:?} is not a whole number of at least {least}"
                )),
            },
        }
    }

    /// Returns the choice that a wrong text is nearest to.
    pub(super) fn near(self, text: &str) -> Option<&'static str> {
        match self {
            Self::Choice(choices) => nearest(text, choices.iter().copied()),
            _ => None,
        }
    }

    /// Says what a value must be.
    pub(crate) fn expectation(self) -> String {
        match self {
            Self::Text => "a string".to_owned(),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::Count(least) => format!("a whole number of at least {least}"),
            Self::Switch => "true or false".to_owned(),
            Self::Version => "an OpenClaw version such as \"2026.9.6\", or \"auto\"".to_owned(),
            Self::Secret => "a path".to_owned(),
            Self::Paths => "a path or a list of paths".to_owned(),
        }
    }
}

/// Joins the parts of a key, quoting those that are not bare in TOML.
pub(super) fn dotted<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let is_bare = |part: &str| {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !part.is_empty() && part.chars().all(bare)
    };
    let quoted = |part: &str| {
        if is_bare(part) {
            part.to_owned()
        } else {
            format!("{part:?}")
        }
    };
    let parts: Vec<_> = parts.into_iter().map(quoted).collect();
    parts.join(".")
}

/// Returns a part of a dotted key without the quotes that [`dotted`] gave it.
pub(super) fn bare(part: &str) -> String {
    serde_json::from_str(part).unwrap_or_else(|_| part.to_owned())
}

/// Returns the key that a setting's dotted name belongs to.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        // The names that a user chooses stand between fixed parts; the last part tells them apart.
        match key.name.rsplit_once("*.") {
            Some((_, last)) => name.starts_with("contexts.") && name.ends_with(&format!(".{last}")),
            None => name == key.name,
        }
    })
}
