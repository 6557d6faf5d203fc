//! What a configuration says about models, as values that know where they were written.

use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file.
    pub file: Arc<str>,
    /// The key path in it: `agents.defaults.model.primary`, `agents.list[1].model`,
    /// `agents.defaults.models["openai/gpt-5.4-nano"].alias`.
    pub path: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.path)
    }
}

/// A text and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The text, as written.
    pub text: String,
    /// Where.
    pub at: At,
}

/// What a configuration says about models.
#[derive(Clone, Debug, Default)]
pub struct ModelSettings {
    /// `agents.defaults`.
    pub defaults: AgentModels,
    /// The roster, in its order.
    pub agents: Vec<AgentModels>,
    /// Which shape the roster has.
    pub roster: Roster,
    /// `models.providers`, in their order.
    pub providers: Vec<Provider>,
    /// Whether `agents.list` and `agents.entries` are there both; the entries are read.
    pub two_rosters: bool,
    /// Whether `agents.ownership` is `explicit`: no agent is the default by a mark (2026.8.1).
    pub explicit_ownership: bool,
    /// `hooks.gmail.model`.
    pub gmail: Option<Said>,
    /// `agents.defaults.systemAgent.agentId` (2026.9).
    pub system_agent: Option<Said>,
    /// Whether `meta.migrations.modelPolicyAllowlist` is there: then `agents.defaults.models` is no
    /// allowlist any more (2026.9).
    pub policy_migrated: bool,
    /// The ways to Anthropic's models: they add entries to `agents.defaults.models` at load.
    pub anthropic: Anthropic,
    /// `session.mainKey`.
    pub main_key: Option<String>,
    /// `session.store`, the path template of the session store (2026.3.x).
    pub session_store: Option<Said>,
    /// Values of a type that no version reads.
    pub odd: Vec<Odd>,
}

/// What a configuration says about the way to Anthropic's models.
///
/// A gateway also looks at its own environment, which cannot be seen from here.
#[derive(Clone, Debug, Default)]
pub struct Anthropic {
    /// `auth.profiles` of the providers `anthropic` and `claude-cli`, in their order.
    pub logins: Vec<Login>,
    /// `auth.order.anthropic`.
    pub order: Vec<String>,
    /// `auth.order["claude-cli"]`.
    pub cli_order: Vec<String>,
    /// `ANTHROPIC_OAUTH_TOKEN` among the configuration's variables; its place, never its value.
    pub env_token: Option<At>,
    /// `ANTHROPIC_API_KEY`, likewise.
    pub env_key: Option<At>,
}

/// One auth profile; no secret of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its id.
    pub id: String,
    /// Whether it is the Claude CLI's.
    pub cli: bool,
    /// Whether it is an API key; `None` when its mode says neither that nor a login.
    pub key: Option<bool>,
    /// Where it is.
    pub at: At,
}

/// Which shape the roster of agents has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roster {
    /// There is none: the one agent is `main`.
    #[default]
    None,
    /// `agents.list[]`: 2026.3.x, still accepted by 2026.9.6.
    List,
    /// `agents.entries{}`: 2026.9.6.
    Entries,
}

/// What one agent, or `agents.defaults`, says about models.
#[derive(Clone, Debug, Default)]
pub struct AgentModels {
    /// The agent's id as written; empty for the defaults.
    pub id: String,
    /// Where its entry is: `agents.list[1]`, `agents.entries.ops`, `agents.defaults`.
    pub path: String,
    /// The file of the entry.
    pub file: Option<Arc<str>>,
    /// `default: true`.
    pub is_default: bool,
    /// `model`.
    pub model: Option<ModelSpec>,
    /// `subagents.model`.
    pub subagents: Option<ModelSpec>,
    /// `heartbeat.model`.
    pub heartbeat: Option<Said>,
    /// `models`: aliases, and in some versions the allowlist. `None` when absent; in order.
    pub catalog: Option<Vec<CatalogEntry>>,
    /// `modelPolicy.allow` (2026.8.1). `None` when absent. Blank texts are kept: they make the
    /// configuration invalid.
    pub allow: Option<Vec<Said>>,
    /// Whether there is a `modelPolicy` object at all: then the `models` map allows nothing by
    /// itself.
    pub has_policy: bool,
}

/// A `model` value: a text, or an object with a primary and fallbacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// Which form it has.
    pub form: Form,
    /// The text, or `.primary`, as written; `None` when absent, blank or no text.
    pub primary: Option<Said>,
    /// `.fallbacks`; `None` when the key is absent or no array. Entries that are no text are left
    /// out and reported as odd.
    pub fallbacks: Option<Vec<Said>>,
    /// Where it is.
    pub at: At,
}

/// The form of a `model` value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `"provider/model"`.
    Text,
    /// `{primary, fallbacks}`.
    Object,
}

/// One entry of a `models` map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogEntry {
    /// The key, as written: usually `provider/model`.
    pub key: String,
    /// `.alias`, trimmed; `None` when absent. A blank one is kept: it holds a built-in alias off.
    pub alias: Option<String>,
    /// Where it is.
    pub at: At,
}

/// One entry of `models.providers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its id, as written.
    pub id: String,
    /// The ids of its `models[]`, in order.
    pub models: Vec<String>,
    /// `.api`.
    pub api: Option<String>,
    /// Whether it, or one of its models, speaks Google's interface (`api: google-generative-ai`).
    pub speaks_google: bool,
    /// `.baseUrl` without user, query and path secrets: scheme, host and port only.
    pub base: Option<String>,
    /// Where it is.
    pub at: At,
}

/// A value that no version reads: it has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Where it is.
    pub at: At,
    /// What was found, by type, never by value.
    pub found: String,
    /// What belongs there.
    pub expected: &'static str,
}
