//! What a configuration says about models, each value with the place that it was written at.
//!
//! The keys are those of OpenClaw 2026.3.28 to 2026.9.6; which of them a version reads, and what it
//! makes of them, is for the model rules to say.

mod auth;
mod catalog;
mod path;

use std::sync::Arc;

use self::path::{host_of, item, member};
use super::config::{Config, Kind, Node};
use crate::model::{AgentModels, At, Form, ModelSettings, ModelSpec, Odd, Roster, Said};

/// Reads what bears on models from the merged configuration.
///
/// A value of a type that no version reads is named in [`ModelSettings::odd`], by type and never by
/// value. Blank texts and `null` count as absent.
pub fn settings(config: &Config) -> ModelSettings {
    let mut reader = Reader::new(config);
    let root = Spot::root(&config.root);
    let agents = reader.object(root.get("agents"));
    let defaults_at = agents
        .as_ref()
        .and_then(|a| reader.object(a.get("defaults")));
    let mut defaults = AgentModels {
        path: "agents.defaults".to_owned(),
        ..AgentModels::default()
    };
    if let Some(spot) = &defaults_at {
        defaults = reader.agent(spot);
    }
    let system_agent = defaults_at
        .and_then(|d| reader.object(d.get("systemAgent")))
        .and_then(|s| reader.said(s.get("agentId"), "an agent's id (text)"));
    let two_rosters = agents
        .as_ref()
        .is_some_and(|a| a.get("list").is_some() && a.get("entries").is_some());
    let explicit_ownership = agents
        .as_ref()
        .and_then(|a| a.get("ownership"))
        .is_some_and(|o| o.node.text() == Some("explicit"));
    let (roster, roster_agents) = reader.roster(config);
    let providers = reader
        .object(root.get("models"))
        .and_then(|m| reader.object(m.get("providers")))
        .map(|spot| reader.providers(&spot))
        .unwrap_or_default();
    let gmail = reader
        .object(root.get("hooks"))
        .and_then(|h| reader.object(h.get("gmail")))
        .and_then(|g| reader.said(g.get("model"), MODEL));
    let policy_migrated = root
        .get("meta")
        .and_then(|m| m.get("migrations"))
        .and_then(|m| m.get("modelPolicyAllowlist"))
        .is_some_and(|marker| !matches!(marker.node.kind, Kind::Null | Kind::Bool(false)));
    let session = reader.object(root.get("session"));
    let main_key = session
        .as_ref()
        .and_then(|s| reader.said(s.get("mainKey"), "a session key (text)"))
        .map(|said| said.text.trim().to_owned());
    let session_store =
        session.and_then(|s| reader.said(s.get("store"), "a path such as \"~/{agentId}.json\""));
    ModelSettings {
        defaults,
        agents: roster_agents,
        roster,
        providers,
        two_rosters,
        explicit_ownership,
        gmail,
        system_agent,
        policy_migrated,
        anthropic: auth::anthropic(&reader, &root),
        main_key,
        session_store,
        odd: reader.odd,
    }
}

const MODEL: &str = "a model such as \"openai/gpt-5.4\" (text)";
const MODELS: &str = "an array of models";
const OBJECT: &str = "an object";
const ID: &str = "an agent's id (text)";

/// A value and its key path.
#[derive(Clone)]
struct Spot<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> Spot<'a> {
    fn root(node: &'a Node) -> Self {
        Self {
            node,
            path: String::new(),
        }
    }

    /// Returns a member of an object; `null` is no member.
    fn get(&self, key: &str) -> Option<Spot<'a>> {
        let node = self.node.get(key)?;
        let found = Spot {
            node,
            path: member(&self.path, key),
        };
        (node.kind != Kind::Null).then_some(found)
    }

    fn members(&self) -> impl Iterator<Item = (&'a str, Spot<'a>)> {
        let path = self.path.clone();
        self.node.entries().iter().map(move |(key, node)| {
            let path = member(&path, key);
            (key.as_str(), Spot { node, path })
        })
    }

    fn items(&self) -> impl Iterator<Item = Spot<'a>> {
        let path = self.path.clone();
        let place = move |(n, node)| Spot {
            node,
            path: item(&path, n),
        };
        self.node.items().iter().enumerate().map(place)
    }
}

/// Reads values and remembers the odd ones.
struct Reader {
    files: Vec<Arc<str>>,
    odd: Vec<Odd>,
}

impl Reader {
    fn new(config: &Config) -> Self {
        let name = |file: &std::path::PathBuf| Arc::from(file.display().to_string());
        Self {
            files: config.files.iter().map(name).collect(),
            odd: Vec::new(),
        }
    }

    fn file(&self, node: &Node) -> Arc<str> {
        let file = self.files.get(node.file).cloned();
        file.unwrap_or_else(|| Arc::from(""))
    }

    fn at(&self, spot: &Spot<'_>) -> At {
        At {
            file: self.file(spot.node),
            path: spot.path.clone(),
        }
    }

    fn odd(&mut self, spot: &Spot<'_>, found: impl Into<String>, expected: &'static str) {
        let at = self.at(spot);
        self.odd.push(Odd {
            at,
            found: found.into(),
            expected,
        });
    }

    /// Names a value of a wrong type.
    fn wrong(&mut self, spot: &Spot<'_>, expected: &'static str) {
        self.odd(spot, spot.node.kind.name(), expected);
    }

    fn object<'a>(&mut self, spot: Option<Spot<'a>>) -> Option<Spot<'a>> {
        let spot = spot?;
        if matches!(spot.node.kind, Kind::Object(_)) {
            return Some(spot);
        }
        self.wrong(&spot, OBJECT);
        None
    }

    /// A text as written; a blank one is absent.
    fn said(&mut self, spot: Option<Spot<'_>>, expected: &'static str) -> Option<Said> {
        let spot = spot?;
        let Some(text) = spot.node.text() else {
            self.wrong(&spot, expected);
            return None;
        };
        let said = || Said {
            text: text.to_owned(),
            at: self.at(&spot),
        };
        (!text.trim().is_empty()).then(said)
    }

    /// A text, a blank one too.
    fn text<'a>(&mut self, spot: Option<Spot<'a>>, expected: &'static str) -> Option<&'a str> {
        let spot = spot?;
        let text = spot.node.text();
        if text.is_none() {
            self.wrong(&spot, expected);
        }
        text
    }

    /// The texts of an array; `None` when it is absent or no array.
    fn texts(&mut self, spot: Option<Spot<'_>>, of: &'static str) -> Option<Vec<Said>> {
        let spot = spot?;
        if !matches!(spot.node.kind, Kind::Array(_)) {
            self.wrong(&spot, of);
            return None;
        }
        let items: Vec<_> = spot.items().collect();
        let said = |item| self.said(Some(item), MODEL);
        Some(items.into_iter().filter_map(said).collect())
    }

    /// As [`Reader::texts`], with the blank ones.
    fn all_texts(&mut self, spot: Option<Spot<'_>>, of: &'static str) -> Option<Vec<Said>> {
        let spot = spot?;
        if !matches!(spot.node.kind, Kind::Array(_)) {
            self.wrong(&spot, of);
            return None;
        }
        let items: Vec<_> = spot.items().collect();
        let said = |item: Spot<'_>| {
            let text = self.text(Some(item.clone()), MODEL)?.to_owned();
            let at = self.at(&item);
            Some(Said { text, at })
        };
        Some(items.into_iter().filter_map(said).collect())
    }

    fn spec(&mut self, spot: Option<Spot<'_>>) -> Option<ModelSpec> {
        let spot = spot?;
        match &spot.node.kind {
            // A blank text is kept: of an agent, it replaces the defaults' model with none.
            Kind::Text(_) => Some(ModelSpec {
                form: Form::Text,
                primary: self.said(Some(spot.clone()), MODEL),
                fallbacks: None,
                at: self.at(&spot),
            }),
            Kind::Object(_) => Some(ModelSpec {
                form: Form::Object,
                primary: self.said(spot.get("primary"), MODEL),
                fallbacks: self.texts(spot.get("fallbacks"), MODELS),
                at: self.at(&spot),
            }),
            _ => {
                self.wrong(
                    &spot,
                    "a model (text), or an object with primary and fallbacks",
                );
                None
            }
        }
    }

    /// What an agent's entry, or `agents.defaults`, says. The id is the caller's.
    fn agent(&mut self, spot: &Spot<'_>) -> AgentModels {
        let is_default = match spot.get("default") {
            Some(value) => value.node.bool().unwrap_or_else(|| {
                self.wrong(&value, "true or false");
                false
            }),
            None => false,
        };
        AgentModels {
            id: String::new(),
            path: spot.path.clone(),
            file: Some(self.file(spot.node)),
            is_default,
            model: self.spec(spot.get("model")),
            subagents: self
                .object(spot.get("subagents"))
                .and_then(|s| self.spec(s.get("model"))),
            heartbeat: self
                .object(spot.get("heartbeat"))
                .and_then(|h| self.said(h.get("model"), MODEL)),
            catalog: self.catalog(spot.get("models")),
            has_policy: spot
                .get("modelPolicy")
                .is_some_and(|p| matches!(p.node.kind, Kind::Object(_))),
            allow: self
                .object(spot.get("modelPolicy"))
                .and_then(|p| self.all_texts(p.get("allow"), MODELS)),
        }
    }

    /// The roster. `agents.entries` wins over `agents.list`, as in [`Config::agents`].
    fn roster(&mut self, config: &Config) -> (Roster, Vec<AgentModels>) {
        let Some(agents) = Spot::root(&config.root).get("agents") else {
            return (Roster::None, Vec::new());
        };
        let list = agents.get("list");
        if let Some(entries) = agents.get("entries") {
            if let Some(list) = list {
                let expected = "one roster: agents.entries is read, agents.list is not";
                self.odd(&list, "a second roster", expected);
            }
            let entries = self.object(Some(entries));
            let members: Vec<_> = entries.iter().flat_map(Spot::members).collect();
            let agents = members.into_iter().filter_map(|(id, spot)| {
                let spot = self.object(Some(spot))?;
                Some(self.named(id, &spot))
            });
            return (Roster::Entries, agents.collect());
        }
        let Some(list) = list else {
            return (Roster::None, Vec::new());
        };
        if !matches!(list.node.kind, Kind::Array(_)) {
            self.wrong(&list, "an array of agents");
            return (Roster::None, Vec::new());
        }
        let items: Vec<_> = list.items().collect();
        let agents = items.into_iter().filter_map(|spot| {
            let spot = self.object(Some(spot))?;
            let Some(id) = spot.node.get("id").and_then(Node::text) else {
                let found = spot.node.get("id").map_or("nothing", |id| id.kind.name());
                let id = Spot {
                    node: spot.node,
                    path: member(&spot.path, "id"),
                };
                self.odd(&id, found, ID);
                return None;
            };
            Some(self.named(id, &spot))
        });
        (Roster::List, agents.collect())
    }

    fn named(&mut self, id: &str, spot: &Spot<'_>) -> AgentModels {
        AgentModels {
            id: id.to_owned(),
            ..self.agent(spot)
        }
    }
}

#[cfg(test)]
mod tests;
