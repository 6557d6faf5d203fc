//! Configurations that a gateway refuses to start with, as far as models and agents go.

use std::collections::HashMap;

use super::agent::agent_id;
use super::lookup;
use super::names::{fold, halves, trim};
use super::resolution::{Failure, FailureClass};
use super::rules::{Rosters, Rules};
use super::settings::{AgentModels, ModelSettings, Roster, Said};

/// Why a gateway refuses a configuration: then it does not start, and no job runs.
///
/// Source: the schemas and `collectModelPolicyAllowIssues` of 2026.8.1 and 2026.9.6, and what their
/// `loadConfig` threw (run on both).
pub fn refused_config(settings: &ModelSettings, rules: &Rules) -> Option<Failure> {
    let issues = match rules.roster {
        Rosters::List => return None,
        Rosters::Entries if is_odd_list(settings) => {
            vec!["agents: Unrecognized key: \"list\"".to_owned()]
        }
        Rosters::Entries | Rosters::Repaired => {
            let mut issues = roster(settings, rules.roster == Rosters::Repaired);
            issues.extend(system_agent(settings));
            if issues.is_empty() {
                issues = policies(settings, rules);
            }
            issues
        }
    };
    (!issues.is_empty()).then(|| Failure {
        class: FailureClass::ConfigRefused,
        error: format!("Invalid config: - {}", issues.join(" - ")),
    })
}

/// Whether `agents.list` cannot be read as `agents.entries`: its ids are not written as the gateway
/// writes them, occur twice, or there are `agents.entries` beside it.
pub(super) fn is_odd_list(settings: &ModelSettings) -> bool {
    if settings.roster != Roster::List {
        return settings.two_rosters;
    }
    let ids: Vec<&str> = settings.agents.iter().map(|a| a.id.as_str()).collect();
    let twice = |(i, id): (usize, &&str)| ids[..i].contains(id);
    ids.iter().any(|id| agent_id(id) != **id) || ids.iter().enumerate().any(twice)
}

/// Whether several agents share the roster and none owns what no agent is named for.
pub(super) fn is_unowned(settings: &ModelSettings) -> bool {
    let marked = settings.agents.iter().any(|a| a.is_default);
    settings.agents.len() > 1 && !marked && !settings.explicit_ownership
}

fn roster(settings: &ModelSettings, repaired: bool) -> Vec<String> {
    let mut issues = Vec::new();
    let mut first: HashMap<String, &str> = HashMap::new();
    let entries = settings.agents.iter();
    for agent in entries.filter(|_| settings.roster == Roster::Entries) {
        let id = agent_id(&agent.id);
        if let Some(earlier) = first.get(&id) {
            issues.push(format!(
                "agents.entries.{key}: agents.entries keys \"{earlier}\" and \"{key}\" resolve to \
                 the same agent id \"{id}\"; rename one key so each agent has a unique id",
                key = agent.id
            ));
        } else {
            first.insert(id, &agent.id);
        }
    }
    let marked = settings.agents.iter().filter(|a| a.is_default).count();
    if marked > 1 {
        issues.push(format!(
            "agents.entries: agents.entries must contain at most one default=true entry (found \
             {marked})"
        ));
    }
    if settings.explicit_ownership && marked > 0 {
        issues.push(
            "agents.ownership: agents.ownership=explicit cannot be combined with a legacy \
             default=true marker"
                .to_owned(),
        );
    }
    if is_unowned(settings) && !repaired {
        issues.push(
            "agents.ownership: multi-agent rosters require agents.ownership=\"explicit\" or one \
             legacy default=true marker; add agents.ownership=\"explicit\" or run openclaw doctor"
                .to_owned(),
        );
    }
    issues
}

fn system_agent(settings: &ModelSettings) -> Option<String> {
    let said = settings.system_agent.as_ref()?;
    let id = agent_id(&said.text);
    let known = match &settings.agents[..] {
        [] => id == "main",
        agents => agents.iter().any(|a| agent_id(&a.id) == id),
    };
    (!known).then(|| {
        format!(
            "agents.defaults.systemAgent.agentId: Unknown agent id \"{}\" (not in agents.entries).",
            said.text
        )
    })
}

/// The entries of `modelPolicy.allow` that name nothing.
fn policies(settings: &ModelSettings, rules: &Rules) -> Vec<String> {
    let mut issues = Vec::new();
    let aliases_of = |agent: &AgentModels| -> Vec<String> {
        let entries = agent.catalog.iter().flatten();
        let aliases = entries.filter_map(|e| e.alias.as_deref()).map(fold);
        aliases.filter(|a| !a.is_empty()).collect()
    };
    let defaults = aliases_of(&settings.defaults);
    let mut check = |list: &[Said], path: &str, aliases: &[String]| {
        for (i, said) in list.iter().enumerate() {
            let text = fold(&said.text);
            let word = matches!(text.as_str(), "openrouter:auto" | "openrouter:free");
            let alias = aliases.contains(&text) || defaults.contains(&text);
            if word || alias || is_exact(&said.text) || lookup::is_wildcard(rules, &said.text) {
                continue;
            }
            issues.push(format!(
                "{path}.modelPolicy.allow.{i}: invalid model policy ref: {}. Use a configured \
                 alias, an exact \"provider/model\" ref, or a trailing prefix wildcard such as \
                 \"provider/*\" or \"provider/namespace/*\".",
                serde_json::Value::from(said.text.as_str())
            ));
        }
    };
    if let Some(list) = settings.defaults.allow.as_deref() {
        check(list, "agents.defaults", &[]);
    }
    for agent in &settings.agents {
        if let Some(list) = agent.allow.as_deref() {
            let path = format!("agents.entries.{}", agent.id);
            check(list, &path, &aliases_of(agent));
        }
    }
    issues
}

/// Whether a text is `provider/model` without blanks, wildcards and empty segments.
fn is_exact(text: &str) -> bool {
    let Some((provider, model)) = halves(trim(text)) else {
        return false;
    };
    let bad = |s: &str| {
        s.is_empty() || s.contains(|c: char| c == '*' || c.is_whitespace() || c.is_ascii_control())
    };
    !bad(provider) && !model.split('/').any(bad)
}
