//! Eras: which rules choose the model of a cron run, by OpenClaw version.
//!
//! The rules changed often, so they are data: one [`Era`] per range of versions, each with what
//! says so. Versions between two checked releases are answered with their neighbours' rules.

use std::fmt;

use serde::Serialize;

use super::names::Names;
use super::releases::ERAS;
use crate::schedule::Version;

/// A range of versions with the same rules.
#[derive(Debug)]
pub struct Era {
    /// Its name: the range, in words.
    pub name: &'static str,
    /// The first checked version that follows these rules; `None` for the earliest era.
    pub from: Option<Version>,
    /// The last checked version that does; `None` for the newest era.
    pub until: Option<Version>,
    /// What sets it apart from the era before.
    pub change: &'static str,
    /// What says so: issues, pull requests, or `run` (observed on a running gateway).
    pub source: &'static str,
    /// The releases that were checked, oldest first; at least one.
    pub releases: &'static [Release],
}

/// A release whose rules were checked.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// The version.
    pub version: Version,
    /// Its rules.
    pub rules: Rules,
}

/// What happens to a `payload.model` that the allowlist refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disallowed {
    /// The run ends with an error and no model is called.
    Fails,
    /// The run goes to the agent's default, status ok, and only the gateway's log says so.
    RunsDefault,
}

/// Where the model of an isolated run's sub-agent default is looked for, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subagents {
    /// The agent's `subagents.model`, the defaults' one.
    WithoutAgentModel,
    /// The agent's `subagents.model`, its `model`, the defaults' `subagents.model`.
    AgentModelFirst,
    /// The agent's `subagents.model`, the defaults' one, the agent's `model`.
    AgentModelLast,
}

/// Whether a run is compared with the selection that the gateway keeps for its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// It is not.
    None,
    /// Every attempt is compared with the row's override, else the agent's default, and thrown back
    /// when it differs: the incident.
    Compare,
    /// Only an attempt that was equal at its start is tracked.
    Track,
    /// Only a switch that someone asked for is followed (`liveModelSwitchPending`).
    Pending,
}

/// Which models the configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// The keys of `agents.defaults.models`, the fallbacks and the default; an empty map allows any.
    Map,
    /// As [`Allow::Map`], and keys may be `provider/*`.
    MapWithWildcards,
    /// `modelPolicy.allow` of the agent, else of the defaults, else the map's keys alone.
    Policy,
}

/// Which fallbacks a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// The default's fallbacks for models of its provider, then the default itself.
    DefaultBehind,
    /// As before, but an agent that names a model without fallbacks has none, and a payload model
    /// never falls to the default.
    Strict,
    /// As [`Chain::Strict`], without the rule about the provider.
    AnyProvider,
    /// As [`Chain::AnyProvider`], with the fallbacks of the sub-agent's model.
    WithSubagents,
}

/// Where a name without a provider belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// To the provider of the default; as the configured primary itself, to `anthropic`.
    DefaultProvider,
    /// To the only provider that lists it, else to that of the default.
    OnlyProvider,
}

/// Which texts are looked up as aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aliases {
    /// Texts without a slash.
    Bare,
    /// Any text.
    Whole,
    /// Any text, then `provider/alias`.
    Scoped,
}

/// How the text of a refusal reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// `model not allowed: …`, `invalid model: …`.
    Bare,
    /// `cron payload.model '…' rejected by agents.defaults.models allowlist: …`.
    CronShort,
    /// As before, with the list of what is allowed.
    Cron,
    /// `automation model override '…' rejected by …: … is not in […]`.
    Automation,
}

/// The rules of an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How providers and model ids are written alike.
    pub names: Names,
    /// Which texts are aliases.
    pub aliases: Aliases,
    /// Whether an agent has aliases of its own (`agents.entries.*.models`).
    pub agent_aliases: bool,
    /// Where a bare name belongs.
    pub bare: Bare,
    /// The default when nothing is configured.
    pub builtin: (&'static str, &'static str),
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
    /// Whether a session override of source `auto` or `default` is left behind by a fresh run.
    pub drops_auto_override: bool,
    /// Whether names in the configuration are rewritten when it is loaded.
    pub rewrites: bool,
    /// Whether the agent may come from `agents.entries`, a session key or a system agent.
    pub entries: bool,
}

/// Which rules answer for a version.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// The version that was asked for.
    pub version: Version,
    /// The rules that may hold, the more likely first, each with its era and the checked release
    /// that it stands for. Two where neighbours differ.
    pub answers: Vec<(&'static Era, Release)>,
    /// Whether the very version was checked.
    pub exact: bool,
}

/// Finds the rules of a version: its own, else those of the checked releases around it.
pub fn rules_of(version: Version) -> Ruling {
    // A re-release (`-2`) has the rules of its version.
    let plain = version.without_rerelease();
    let all = ERAS
        .iter()
        .flat_map(|era| era.releases.iter().map(move |r| (era, *r)));
    if let Some(exact) = all.clone().find(|(_, r)| r.version == plain) {
        return Ruling {
            version,
            answers: vec![exact],
            exact: version == plain,
        };
    }
    let era = ERAS.iter().find(|e| e.contains(plain));
    let in_reach = |e: &&'static Era| era.is_none_or(|era| std::ptr::eq(era, *e));
    let reach = || all.clone().filter(|(e, _)| in_reach(e));
    let before = reach().filter(|(_, r)| r.version < plain).last();
    let after = reach().find(|(_, r)| r.version > plain);
    let mut answers: Vec<_> = before.into_iter().chain(after).collect();
    if let [a, b] = answers[..]
        && a.1.rules == b.1.rules
    {
        answers.truncate(1);
    }
    Ruling {
        version,
        answers,
        exact: false,
    }
}

impl Era {
    /// Whether a version lies in its range.
    pub fn contains(&self, version: Version) -> bool {
        self.from.is_none_or(|from| version >= from)
            && self.until.is_none_or(|until| version <= until)
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Era {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name)
    }
}
