//! What the way to Anthropic's models writes into `agents.defaults.models` when a release loads a
//! configuration. With an API key, a default of Anthropic's becomes an entry, and so the map an
//! allowlist; with a login of the Claude CLI, the CLI's models do.
//!
//! Source: `applyContextPruningDefaults` and, from 2026.4.5 on, `applyAnthropicConfigDefaults` of
//! the checked releases.

use super::names::{Table, fold, halves, trim};
use super::rules::{HiddenAllowlist, Rules};
use super::settings::{Anthropic, At, Login, ModelSettings};

/// What a release knows about Claude's models (from 2026.5.28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claude {
    /// The entries that an API key adds to a map that holds one of Anthropic's.
    pub with_key: &'static [&'static str],
    /// The entries that a login of the CLI adds.
    pub with_cli: &'static [&'static str],
    /// Short names of models.
    pub ids: Table,
    /// What retired models of the Opus family stand for.
    pub opus: &'static str,
}

/// The way to Anthropic's models.
enum Way<'a> {
    Key(&'a At),
    Login(&'a At),
}

/// The keys that a release adds to `agents.defaults.models`, each with what led to it.
/// `cli` is [`is_cli_selected`] of the configuration as written.
pub(super) fn hidden_entries(
    settings: &ModelSettings,
    rules: &Rules,
    cli: bool,
) -> Vec<(String, At)> {
    // Without agents.defaults nothing is added.
    if settings.defaults.file.is_none() {
        return Vec::new();
    }
    let keys = match way(rules.hidden, &settings.anthropic) {
        None => return Vec::new(),
        Some(Way::Key(at)) => (with_key(settings, rules), at),
        Some(Way::Login(at)) => (with_login(settings, rules, cli), at),
    };
    let (keys, at) = keys;
    let mut added: Vec<(String, At)> = Vec::new();
    for key in keys {
        let known = has_key(settings, &key) || added.iter().any(|(k, _)| *k == key);
        if !known {
            added.push((key, at.clone()));
        }
    }
    added
}

fn has_key(settings: &ModelSettings, key: &str) -> bool {
    let catalog = settings.defaults.catalog.as_deref().unwrap_or_default();
    catalog.iter().any(|e| e.key == key)
}

/// The first usable profile in the order, else the only kind of profile, else the environment.
fn way(hidden: HiddenAllowlist, said: &Anthropic) -> Option<Way<'_>> {
    let cli_counts = hidden != HiddenAllowlist::Parsed;
    let counts = |login: &&Login| cli_counts || !login.cli;
    let of = |login: &'_ Login| login.cli || login.key == Some(false);
    let cli_order = said.cli_order.iter().filter(|_| cli_counts);
    for id in said.order.iter().chain(cli_order) {
        let found = said.logins.iter().filter(counts).find(|l| l.id == *id);
        match found {
            Some(login) if of(login) => return Some(Way::Login(&login.at)),
            Some(login) if login.key == Some(true) => return Some(Way::Key(&login.at)),
            _ => {}
        }
    }
    let logins = || said.logins.iter().filter(counts);
    let key = logins().find(|l| !l.cli && l.key == Some(true));
    let login = logins().find(|l| of(l));
    match (key, login) {
        (Some(key), None) => Some(Way::Key(&key.at)),
        (None, Some(login)) => Some(Way::Login(&login.at)),
        _ => match (&said.env_token, &said.env_key) {
            (Some(token), _) => Some(Way::Login(token)),
            (None, Some(key)) => Some(Way::Key(key)),
            (None, None) => None,
        },
    }
}

/// A reference as the plugin reads it: without a provider it is Anthropic's.
fn parse(text: &str) -> Option<(String, &str)> {
    let text = trim(text);
    if text.find('/').is_none_or(|i| i == 0) {
        return (!text.is_empty()).then(|| ("anthropic".to_owned(), text));
    }
    let (provider, model) = halves(text)?;
    let provider = match fold(provider).as_str() {
        "bedrock" | "aws-bedrock" => "amazon-bedrock".to_owned(),
        other => other.to_owned(),
    };
    Some((provider, model))
}

/// The key of a reference to a model whose prompts can be cached.
fn cached(text: &str) -> Option<String> {
    let (provider, model) = parse(text)?;
    let is_target = provider == "anthropic"
        || (provider == "amazon-bedrock" && fold(model).contains("anthropic.claude"));
    is_target.then(|| format!("{provider}/{model}"))
}

fn primary(settings: &ModelSettings) -> Option<&str> {
    let model = settings.defaults.model.as_ref()?;
    Some(trim(&model.primary.as_ref()?.text))
}

/// The keys of the defaults' `models` map.
fn keys(settings: &ModelSettings) -> impl Iterator<Item = &str> {
    let catalog = settings.defaults.catalog.as_deref().unwrap_or_default();
    catalog.iter().map(|e| e.key.as_str())
}

fn with_key(settings: &ModelSettings, rules: &Rules) -> Vec<String> {
    let primary = primary(settings);
    let alias = |text: &str, aliases: &[&str]| {
        let lower = fold(text);
        let found = rules
            .names
            .aliases
            .iter()
            .find(|(alias, _)| *alias == lower);
        let found = found.filter(|_| aliases.is_empty() || aliases.contains(&lower.as_str()));
        found.map_or_else(|| text.to_owned(), |(_, target)| (*target).to_owned())
    };
    match rules.hidden {
        HiddenAllowlist::Parsed => {
            let parsed = primary.and_then(|p| rules.names.parse(&alias(p, &[]), "anthropic"));
            let key = parsed.and_then(|r| cached(&format!("{}/{}", r.provider, r.model)));
            key.into_iter().collect()
        }
        HiddenAllowlist::Written(_) => {
            let key = primary.and_then(|p| cached(&alias(p, &["opus", "sonnet"])));
            key.into_iter().collect()
        }
        HiddenAllowlist::Known(claude) => {
            let known = |p: &str| claude.refs(p).and_then(|mut refs| refs.rewritten.take());
            let key = primary.and_then(|p| cached(&known(p).unwrap_or_else(|| p.to_owned())));
            let mut keys_added: Vec<String> = key.into_iter().collect();
            if !keys_added.is_empty() || keys(settings).any(|k| cached(k).is_some()) {
                keys_added.extend(claude.with_key.iter().map(|&k| k.to_owned()));
            }
            keys_added
        }
    }
}

/// Whether the defaults name a model of the Claude CLI.
pub(super) fn is_cli_selected(settings: &ModelSettings) -> bool {
    let of_cli = |text: &str| parse(text).is_some_and(|(provider, _)| provider == "claude-cli");
    primary(settings).is_some_and(of_cli) || keys(settings).any(of_cli)
}

fn with_login(settings: &ModelSettings, rules: &Rules, selected: bool) -> Vec<String> {
    match rules.hidden {
        HiddenAllowlist::Parsed => Vec::new(),
        HiddenAllowlist::Written(with_cli) => {
            let list = with_cli.iter().filter(|_| selected);
            list.map(|&key| key.to_owned()).collect()
        }
        HiddenAllowlist::Known(claude) => {
            if !selected && !cli_is_first(&settings.anthropic) {
                return Vec::new();
            }
            let mut refs = Vec::new();
            for agent in std::iter::once(&settings.defaults).chain(&settings.agents) {
                let model = agent.model.iter();
                let texts =
                    model.flat_map(|m| m.primary.iter().chain(m.fallbacks.iter().flatten()));
                let texts = texts.map(|s| s.text.as_str());
                let own = agent.catalog.as_deref().unwrap_or_default();
                for text in texts.chain(own.iter().map(|e| e.key.as_str())) {
                    if let Some(found) = claude.refs(text) {
                        refs.push(found.selected);
                        refs.extend(found.rewritten);
                    }
                }
            }
            refs.extend(claude.with_cli.iter().map(|&key| key.to_owned()));
            refs
        }
    }
}

/// Whether the CLI's profile comes before any of Anthropic's own.
fn cli_is_first(said: &Anthropic) -> bool {
    let ordered = said.order.iter().chain(&said.cli_order);
    let mut found = ordered.filter_map(|id| said.logins.iter().find(|l| l.id == *id));
    match found.next() {
        Some(first) => first.cli,
        None => !said.logins.is_empty() && said.logins.iter().all(|l| l.cli),
    }
}

/// What a reference to one of Claude's models stands for.
struct Refs {
    selected: String,
    rewritten: Option<String>,
}

impl Claude {
    fn refs(&self, text: &str) -> Option<Refs> {
        let (provider, model) = parse(text)?;
        if !matches!(provider.as_str(), "anthropic" | "claude-cli") {
            return None;
        }
        let spelled_out = trim(text).find('/').is_some_and(|i| i > 0);
        let known = self.known(model);
        if !spelled_out && known.is_none() {
            return None;
        }
        let cli = (provider == "claude-cli").then(|| model.to_owned());
        Some(Refs {
            selected: format!("anthropic/{model}"),
            rewritten: known.or(cli).map(|id| format!("anthropic/{id}")),
        })
    }

    /// The current id of a known model, with its auth profile.
    fn known(&self, text: &str) -> Option<String> {
        let text = trim(text);
        // Dates belong to the id; quantisations are none of Claude's.
        let (model, profile) = match text.split_once('@') {
            Some((model, profile)) if !model.is_empty() && !trim(profile).is_empty() => {
                (trim(model), Some(trim(profile)))
            }
            _ => (text, None),
        };
        let lower = fold(model);
        let id = if let Some(current) = self.upgraded(&lower) {
            current.to_owned()
        } else if lower.starts_with("claude-") {
            model.to_owned()
        } else {
            let (_, id) = self.ids.iter().find(|(short, _)| *short == lower)?;
            (*id).to_owned()
        };
        Some(match profile {
            Some(profile) => format!("{id}@{profile}"),
            None => id,
        })
    }

    /// What a retired model stands for.
    fn upgraded(&self, id: &str) -> Option<&'static str> {
        const SONNET: &str = "claude-sonnet-4-6";
        let current = [
            "opus-4-8",
            "opus-4-7",
            "opus-4-6",
            "sonnet-4-6",
            "haiku-4-5",
        ];
        let begins = |name: &str| {
            let dotted = name.replacen("-4-", "-4.", 1);
            let rest = id.strip_prefix("claude-");
            rest.is_some_and(|r| r.starts_with(name) || r.starts_with(&dotted))
        };
        if current.iter().any(|c| begins(c)) {
            return None;
        }
        let retired = |family: &str| {
            let Some(version) = id
                .strip_prefix("claude-")
                .and_then(|r| r.strip_prefix(family))
            else {
                return false;
            };
            let ends = |rest: &str| rest.is_empty() || rest.starts_with(['-', '.', ':', '@']);
            let numbered = ["-4-5", "-4.5", "-4-1", "-4.1", "-4-0", "-4.0"]
                .iter()
                .any(|v| version.strip_prefix(v).is_some_and(ends));
            let dated = version
                .strip_prefix("-4-20")
                .is_some_and(|d| d.len() >= 6 && d.bytes().take(6).all(|b| b.is_ascii_digit()));
            version == "-4" || numbered || dated
        };
        let third = id.starts_with("claude-3");
        let short_opus = matches!(id, "opus-4.5" | "opus-4.1" | "opus-4" | "opus-3");
        if retired("opus") || short_opus || (third && id.contains("opus")) {
            return Some(self.opus);
        }
        let short_sonnet = matches!(
            id,
            "sonnet-4.5"
                | "sonnet-4.1"
                | "sonnet-4.0"
                | "sonnet-4"
                | "sonnet-3.7"
                | "sonnet-3.5"
                | "sonnet-3"
                | "haiku-3.5"
                | "haiku-3"
        );
        let old_sonnet = third && (id.contains("sonnet") || id.contains("haiku"));
        (retired("sonnet") || short_sonnet || old_sonnet).then_some(SONNET)
    }
}
