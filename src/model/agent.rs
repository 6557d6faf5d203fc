//! Which agent runs a job, and what its configuration merged with the defaults says.

use super::names::trim;
use super::resolution::{AgentUse, Failure, FailureClass};
use super::rules::{Rosters, Rules};
use super::settings::{AgentModels, Form, ModelSettings, ModelSpec, Said};

/// Writes an agent's id as gateways compare them: lower case, `-` for what an id may not hold, at
/// most 64 characters, `main` when nothing is left.
pub fn agent_id(text: &str) -> String {
    let lower = trim(text).to_lowercase();
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let valid = lower.len() <= 64
        && lower.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && lower.chars().all(ok);
    if valid {
        return lower;
    }
    let mut id = String::new();
    let mut replaced = false;
    for c in lower.chars() {
        if ok(c) {
            id.push(c);
        } else if !replaced {
            id.push('-');
        }
        replaced = !ok(c);
    }
    let id: String = id.trim_matches('-').chars().take(64).collect();
    if id.is_empty() { "main".to_owned() } else { id }
}

/// The agent of a `agent:<id>:…` session key.
pub(super) fn of_session_key(key: &str) -> Option<&str> {
    let mut parts = key.trim().splitn(3, ':');
    let agent = (parts.next()? == "agent").then(|| parts.next()).flatten()?;
    (parts.next().is_some_and(|rest| !rest.is_empty()) && !agent.is_empty()).then_some(agent)
}

/// Finds an agent's entry.
pub(super) fn entry<'a>(settings: &'a ModelSettings, id: &str) -> Option<&'a AgentModels> {
    settings.agents.iter().find(|a| agent_id(&a.id) == id)
}

/// Chooses the agent of a job.
pub(super) fn choose(rules: &Rules, settings: &ModelSettings, named: Option<&str>) -> AgentUse {
    let known = |id: String, why: &str| AgentUse {
        id: Some(id),
        why: why.to_owned(),
        named: None,
    };
    let named = named.filter(|n| !trim(n).is_empty());
    if rules.roster != Rosters::List {
        let owner = ambient(settings);
        let Some(named) = named else { return owner };
        let id = agent_id(named);
        // A job cannot be lent to an agent that is not there.
        if owner.id.as_deref() != Some(&id) && entry(settings, &id).is_none() {
            return AgentUse {
                id: None,
                why: "no agent: the one that the job names is not configured".to_owned(),
                named: Some(named.to_owned()),
            };
        }
        return known(id, "named by the job");
    }
    let (fallback, why) = match settings.agents.iter().find(|a| a.is_default) {
        Some(marked) => (agent_id(&marked.id), "default agent"),
        None => match settings.agents.first() {
            Some(first) => (agent_id(&first.id), "default agent: the first of the list"),
            None => ("main".to_owned(), "default agent: no agent is configured"),
        },
    };
    match named {
        Some(named) if entry(settings, &agent_id(named)).is_some() => {
            known(agent_id(named), "named by the job")
        }
        Some(named) => AgentUse {
            named: Some(named.to_owned()),
            ..known(
                fallback,
                "default agent: the one that the job names is not configured",
            )
        },
        None => known(fallback, why),
    }
}

/// Why a job has no agent, as the gateway records it (2026.8.1 and later).
pub(super) fn failure(agent: &AgentUse) -> Failure {
    let error = match &agent.named {
        Some(named) => format!("cron job agent is unavailable: {}", agent_id(named)),
        None => "Agent-less cron job has no resolvable owner. Pass --agent <id> when creating or \
                 editing the job, or set agents.defaults.systemAgent.agentId."
            .to_owned(),
    };
    Failure {
        class: FailureClass::NoAgent,
        error,
    }
}

/// The agent of a job that names none (2026.8.1 and later).
fn ambient(settings: &ModelSettings) -> AgentUse {
    let known = |id: String, why: &str| AgentUse {
        id: Some(id),
        why: why.to_owned(),
        named: None,
    };
    if let Some(system) = &settings.system_agent {
        return known(
            agent_id(&system.text),
            "default agent: agents.defaults.systemAgent.agentId",
        );
    }
    let marks = settings.agents.iter().filter(|a| a.is_default);
    let marked: Vec<_> = marks.filter(|_| !settings.explicit_ownership).collect();
    if let [one] = marked[..] {
        return known(agent_id(&one.id), "default agent");
    }
    match &settings.agents[..] {
        [] => known("main".to_owned(), "default agent: no agent is configured"),
        [one] => known(agent_id(&one.id), "default agent: the only one"),
        _ => AgentUse {
            id: None,
            why: "no agent: the job names none, and of several none is the default".to_owned(),
            named: None,
        },
    }
}

/// The model of an agent, merged with the defaults.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged<'a> {
    /// The primary.
    pub(super) primary: Option<&'a Said>,
    /// Whether the agent itself names it.
    pub(super) own_primary: bool,
    /// The fallbacks: the defaults', unless the agent has some of its own.
    pub(super) fallbacks: &'a [Said],
    /// Whether those are the agent's.
    pub(super) own_fallbacks: bool,
}

/// Merges `agents.defaults.model` with an agent's: a text replaces the primary alone, an object
/// key by key. Defaults that are a text are lost to any model of the agent's own.
pub(super) fn merged<'a>(
    settings: &'a ModelSettings,
    agent: Option<&'a AgentModels>,
) -> Merged<'a> {
    let base = settings.defaults.model.as_ref();
    let object = base.filter(|m| m.form == Form::Object);
    let fallbacks_of = |m: Option<&'a ModelSpec>| m.and_then(|m| m.fallbacks.as_deref());
    let Some(own) = agent.and_then(|a| a.model.as_ref()) else {
        return Merged {
            primary: base.and_then(|m| m.primary.as_ref()),
            own_primary: false,
            fallbacks: fallbacks_of(object).unwrap_or_default(),
            own_fallbacks: false,
        };
    };
    let own_fallbacks = fallbacks_of(Some(own)).filter(|_| own.form == Form::Object);
    let keeps_primary = own.form == Form::Object && own.primary.is_none();
    Merged {
        primary: if keeps_primary {
            object.and_then(|m| m.primary.as_ref())
        } else {
            own.primary.as_ref()
        },
        own_primary: !keeps_primary,
        fallbacks: own_fallbacks
            .or_else(|| fallbacks_of(object))
            .unwrap_or_default(),
        own_fallbacks: own_fallbacks.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_ids_are_written_alike() {
        for (text, id) in [
            (" Ops ", "ops"),
            ("a b", "a-b"),
            ("--x--", "x"),
            ("ä", "main"),
            ("", "main"),
            ("a__b-c", "a__b-c"),
        ] {
            assert_eq!(agent_id(text), id, "{text:?}");
        }
        assert_eq!(agent_id(&"x".repeat(70)).len(), 64);
    }

    #[test]
    fn the_agent_of_a_session_key() {
        assert_eq!(of_session_key("agent:ops:main"), Some("ops"));
        assert_eq!(of_session_key("agent:ops:"), None);
        assert_eq!(of_session_key("agent:ops"), None);
        assert_eq!(of_session_key("cron:x"), None);
    }
}
