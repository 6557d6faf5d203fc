//! The rules of a release, as data: what each of them can be, and what that means.
//!
//! Which release has which is in [`super::releases`].

use super::anthropic::Claude;
use super::names::Names;

/// What happens to a `payload.model` that the allowlist refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disallowed {
    /// The run ends with an error and no model is called (2026.2.24, and again from 2026.4.29).
    Fails,
    /// The run goes on without it, to the sub-agent default or the agent's default, and only the
    /// gateway's log says so (2026.2.26 to 2026.4.22).
    RunsDefault,
}

/// Where the model of an isolated run's sub-agent default is looked for, in order. The first that
/// is set counts; when it is not allowed, no other is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subagents {
    /// Nowhere (2026.2.x).
    None,
    /// The agent's `subagents.model`, the defaults' one (2026.3.24, 2026.3.28).
    WithoutAgentModel,
    /// The agent's `subagents.model`, its `model`, the defaults' `subagents.model` (2026.3.31 to
    /// 2026.7.1).
    AgentModelFirst,
    /// The agent's `subagents.model`, the defaults' one, the agent's `model` (from 2026.8.1).
    AgentModelLast,
}

/// Whether a run is compared with the selection that the gateway keeps for its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// It is not.
    None,
    /// Every attempt is compared with the row's override, else the agent's default, and thrown back
    /// when it differs: the incident (2026.3.28).
    Compare,
    /// Only an attempt that was equal at its start is tracked (2026.3.31).
    Track,
    /// Only a switch that someone asked for is followed (`liveModelSwitchPending`, from 2026.4.5;
    /// in 2026.4.1 in memory only).
    Pending,
}

/// Which models the configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// The keys of `agents.defaults.models` and the default; an empty map allows any (2026.2.x).
    MapAndDefault,
    /// As before, and the fallbacks (2026.3.24 to 2026.4.29).
    Map,
    /// As [`Allow::Map`], and keys may be `provider/*` (2026.5.28 to 2026.7.1).
    MapWithWildcards,
    /// `modelPolicy.allow` of the agent, else of the defaults, else the map's keys; and the default
    /// itself (2026.8.1).
    PolicyAndDefault,
    /// As before, without the default (2026.9.6).
    Policy,
}

impl Allow {
    /// Whether `modelPolicy` decides.
    pub(super) fn is_policy(self) -> bool {
        matches!(self, Self::Policy | Self::PolicyAndDefault)
    }

    /// Whether an entry may end with `/*`.
    pub(super) fn has_wildcards(self) -> bool {
        self.is_policy() || self == Self::MapWithWildcards
    }
}

/// When the fallbacks of the defaults stand behind a model that was selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inherit {
    /// When the model is the default or among them (2026.2.24).
    SameModel,
    /// When the model is of the default's provider or among them (2026.2.26 to 2026.4.29).
    SameProvider,
    /// Always (from 2026.5.28).
    Always,
}

/// What an agent's own `model` makes of the fallbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnFallbacks {
    /// Its `fallbacks` replace the defaults', when there are some (up to 2026.4.22).
    Listed,
    /// As before, and a model without any has none (from 2026.4.29).
    Strict,
}

/// What is made of the selected model before it is the first candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// It is written alike once more (up to 2026.4.22, and 2026.8.1).
    Normalised,
    /// Its id is looked up as an alias of any provider's, then as `provider/alias` (2026.4.29).
    AliasOfAny,
    /// It is looked up as `provider/alias`, then its id as an alias of its own provider's, or any
    /// when it is of the default's (2026.5.28 to 2026.7.1).
    AliasOfProvider,
    /// Nothing (2026.9.6).
    Verbatim,
}

/// How the chain of fallbacks is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule of its own that some releases have"
)]
pub struct Chain {
    /// Whether `payload.fallbacks` is read (from 2026.3.24).
    pub payload: bool,
    /// Whether its blank entries are dropped when the job is loaded, and with them a list of nothing
    /// else (from 2026.4.22).
    pub payload_trimmed: bool,
    /// When the defaults' fallbacks apply to a job that names no model.
    pub inherit: Inherit,
    /// What an agent's own model makes of them.
    pub own: OwnFallbacks,
    /// Whether a job that names a model never falls to the default (from 2026.4.5): it has the
    /// agent's fallbacks, else the defaults'.
    pub pinned_ends: bool,
    /// Whether a run on a sub-agent's model has that one's fallbacks (from 2026.5.28).
    pub of_subagents: bool,
    /// Whether an agent whose model is a text equal to the defaults' primary keeps the defaults'
    /// fallbacks (from 2026.6.11).
    pub same_text: bool,
    /// Whether the allowlist's keys filter the fallbacks (2026.2.24).
    pub filtered: bool,
    /// What is made of the selected model.
    pub first: First,
    /// Whether fallbacks are parsed without a look at `models.providers` (2026.4.29, 2026.5.28).
    pub blind: bool,
    /// Whether fallbacks and the default are written alike once more (2026.6.11 to 2026.8.1).
    pub normalised: bool,
    /// Whether candidates are the same when provider and id are, not their keys (from 2026.8.1).
    pub by_pair: bool,
}

/// Where a name without a provider belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bare {
    /// To the provider of the default (up to 2026.4.1).
    DefaultProvider,
    /// To the only provider that lists it, by ids as they are written, else to that of the default
    /// (2026.4.5).
    Written,
    /// As before, but the keys of `models` maps are read first (2026.4.22).
    Read,
    /// As before, and so do the keys of `models` maps that name no provider (2026.4.29).
    ReadInMaps,
    /// As before, and the ids of providers are read too (2026.5.28 to 2026.8.1).
    Listed,
    /// As before, and a match in the same case beats others (2026.9.6).
    ExactCase,
}

/// How the configured primary is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Primary {
    /// A bare name is an alias, else an id that is kept as it is; the rest like any other text
    /// (up to 2026.4.22).
    Early,
    /// Any text is looked up as an alias (2026.4.29).
    Alias,
    /// As before, with and without its auth profile; a bare name is completed (2026.5.28).
    AliasOrProfile,
    /// As before, behind providers of the configuration that speak another's interface
    /// (2026.6.11 to 2026.8.1).
    Configured,
    /// As before, and `provider/alias` counts; a bare name that nobody lists is completed
    /// (2026.9.6).
    Scoped,
}

/// Which references keep their ids because `models.providers` has their provider with the interface
/// (`api`) of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// None (up to 2026.4.22).
    None,
    /// Those that name the provider (2026.4.29, 2026.5.28).
    Named,
    /// Those, and texts without a provider when it is the default's; `/x` and `x/` are such texts
    /// (2026.6.11 to 2026.8.1).
    NamedOrHalf,
    /// Those, and texts without a slash when it is the default's (2026.9.6).
    NamedOrBare,
}

/// When the first model of the first provider stands in for a default that is not configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstProvider {
    /// Never (2026.2.x).
    Never,
    /// When the built-in default's provider is not in `models.providers` (2026.3.24 to 2026.7.1).
    /// Its name and id are taken as they are.
    UnlessNamed,
    /// When that provider does not list the built-in default (from 2026.8.1).
    UnlessListed,
}

/// Which texts are looked up as aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aliases {
    /// Texts without a slash (up to 2026.4.22).
    Bare,
    /// Any text (2026.4.29 to 2026.6.11).
    Whole,
    /// Any text, then `provider/alias` (from 2026.7.1).
    Scoped,
}

/// How the text of a refusal reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// `model not allowed: …`, `invalid model: …` (up to 2026.4.22).
    Bare,
    /// `cron payload.model '…' rejected by agents.defaults.models allowlist: …` (2026.4.29).
    CronShort,
    /// As before, with the list of what is allowed (2026.5.28 to 2026.7.1).
    Cron,
    /// `automation model override '…' rejected by …: … is not in […]` (from 2026.8.1).
    Automation,
}

/// Which overrides of a session row a fresh run leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drops {
    /// None (up to 2026.4.22).
    None,
    /// Those of source `auto` (2026.4.29).
    Auto,
    /// Those, and the ones without a source that a fallback left (2026.5.28 to 2026.8.1).
    AutoOrFallback,
    /// Those, and the ones of source `default` (2026.9.6).
    AutoOrDefault,
}

/// Which runs process mail of the Gmail hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gmail {
    /// Those of the hook's own sessions, never a scheduled job's (2026.2.x).
    HookOnly,
    /// Those whose payload or session says so (from 2026.3.24).
    BySource,
}

/// What becomes of a `sessionTarget` that names a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It is not known: the run has the job's own session (2026.2.x).
    Ignored,
    /// It is the session; a blank one is the job's own (2026.3.24 to 2026.4.1).
    Any,
    /// It is the session; a run fails when it is blank or holds a slash (from 2026.4.5).
    Checked,
}

/// Which payloads there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payloads {
    /// `systemEvent` for the main session, `agentTurn` for others (up to 2026.5.28).
    Turns,
    /// Those, and `command` for others (2026.6.11, 2026.7.1).
    Commands,
    /// Those, `script` for main and isolated sessions, and `heartbeat` for the main one (from
    /// 2026.8.1).
    Scripts,
}

/// What a release writes into `agents.defaults.models` when it loads a configuration with a way to
/// Anthropic's models: the map so becomes an allowlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenAllowlist {
    /// With an API key the primary, read like any other (up to 2026.4.1).
    Parsed,
    /// With an API key the primary as it is written; with a login and a model of `claude-cli` these
    /// entries (2026.4.5, where there are none, to 2026.4.29).
    Written(&'static [&'static str]),
    /// As the release knows Claude's models (from 2026.5.28).
    Known(&'static Claude),
}

/// What an agent's own `models` map (`agents.entries.*.models`) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnModels {
    /// Nothing (up to 2026.7.1).
    None,
    /// It adds aliases and bare names to those of the defaults; for the default and the fallbacks it
    /// replaces the defaults' map (2026.8.1).
    Instead,
    /// It adds aliases and bare names to those of the defaults (2026.9.6).
    Beside,
}

/// What becomes of the names in a configuration when it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// They stay (up to 2026.4.1).
    Kept,
    /// The ids that Google's providers list are rewritten (2026.4.5 to 2026.4.29).
    GoogleRows,
    /// So are the keys of `models` maps, primaries and fallbacks; `p/p/x` is written `p/x`
    /// (2026.5.28 to 2026.8.1).
    Short,
    /// As before, and `p/p/x` stays (2026.9.6).
    Full,
}

/// Which rosters of agents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rosters {
    /// `agents.list`; a job of an unknown agent is the default agent's (up to 2026.7.1).
    List,
    /// `agents.entries`, or a valid `agents.list`; a job of an unknown agent fails (2026.8.1).
    Entries,
    /// As before; an odd `agents.list` is repaired when the gateway starts (2026.9.6).
    Repaired,
}

/// The rules of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How providers and model ids are written alike.
    pub names: Names,
    /// Which texts are aliases.
    pub aliases: Aliases,
    /// Whether an entry gets a built-in alias that another one has already (up to 2026.6.11).
    pub builtin_twice: bool,
    /// What an agent's own `models` map does.
    pub own_models: OwnModels,
    /// Where a bare name belongs.
    pub bare: Bare,
    /// How the configured primary is read.
    pub primary: Primary,
    /// Which references keep their ids.
    pub foreign: Foreign,
    /// The default when nothing is configured.
    pub builtin: (&'static str, &'static str),
    /// What stands in for it.
    pub first_provider: FirstProvider,
    /// What is allowed.
    pub allow: Allow,
    /// What happens to the rest.
    pub disallowed: Disallowed,
    /// How the refusal reads.
    pub rejection: Rejection,
    /// The order of the sub-agent default.
    pub subagents: Subagents,
    /// The fallback chain.
    pub chain: Chain,
    /// The comparison with the session's selection.
    pub live: Live,
    /// Which overrides are left behind by a fresh run.
    pub drops: Drops,
    /// Which runs are the Gmail hook's.
    pub gmail: Gmail,
    /// What becomes of `sessionTarget: "session:…"`.
    pub named_sessions: Named,
    /// Which payloads there are.
    pub payloads: Payloads,
    /// The allowlist that a way to Anthropic brings.
    pub hidden: HiddenAllowlist,
    /// Whether a primary of a provider that stands for a command line tool (`claude-cli`) is
    /// written with the provider whose model it is (2026.4.29).
    pub cli_providers: bool,
    /// What becomes of names at load.
    pub load: Load,
    /// Which rosters are read.
    pub roster: Rosters,
}
