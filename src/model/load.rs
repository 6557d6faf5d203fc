//! What a release does to the names in a configuration when it loads it.

use std::borrow::Cow;

use super::anthropic::{hidden_entries, is_cli_selected};
use super::names::words::GEMINI_MARCH;
use super::names::{Names, fold, google, halves, trim};
use super::refuse::{is_odd_list, is_unowned};
use super::rules::{Load, Rosters, Rules};
use super::settings::{AgentModels, CatalogEntry, ModelSettings, Provider, Said};

/// The configuration as the release has it once it is loaded.
pub(super) fn at_load<'a>(settings: &'a ModelSettings, rules: &Rules) -> Cow<'a, ModelSettings> {
    let mut settings = Cow::Borrowed(settings);
    if rules.roster == Rosters::Repaired {
        repaired(&mut settings);
    }
    let cli = is_cli_selected(&settings);
    if rules.cli_providers {
        without_cli_providers(&mut settings);
    }
    let hidden = hidden_entries(&settings, rules, cli);
    if !hidden.is_empty() {
        let catalog = &mut settings.to_mut().defaults.catalog;
        let entry = |(key, at)| CatalogEntry {
            key,
            alias: None,
            at,
        };
        let catalog = catalog.get_or_insert_default();
        catalog.extend(hidden.into_iter().map(entry));
    }
    match rules.load {
        Load::Kept => settings,
        Load::GoogleRows => {
            google_rows(&mut settings);
            settings
        }
        Load::Short | Load::Full => Cow::Owned(rewritten(settings.into_owned(), rules)),
    }
}

/// An odd roster makes the gateway repair the file when it starts, which also writes the keys of the
/// `models` map into `modelPolicy.allow`.
fn repaired(settings: &mut Cow<'_, ModelSettings>) {
    let odd = is_odd_list(settings) || is_unowned(settings);
    if !odd || settings.policy_migrated || settings.defaults.has_policy {
        return;
    }
    let Some(catalog) = settings.defaults.catalog.as_deref() else {
        return;
    };
    let said = |e: &CatalogEntry| Said {
        text: e.key.clone(),
        at: e.at.clone(),
    };
    let keys = catalog.iter().filter(|e| !fold(&e.key).is_empty());
    let keys: Vec<Said> = keys.map(said).collect();
    if !keys.is_empty() {
        let defaults = &mut settings.to_mut().defaults;
        defaults.allow = Some(keys);
        defaults.has_policy = true;
    }
}

/// The providers that once stood for a command line tool, and whose models they are.
const CLI_PROVIDERS: [(&str, &str); 4] = [
    ("codex", "openai"),
    ("codex-cli", "openai"),
    ("claude-cli", "anthropic"),
    ("google-gemini-cli", "google"),
];

/// The tool that a reference names, and the reference without it.
fn without_cli(text: &str) -> Option<(&'static str, String)> {
    let (provider, model) = halves(text)?;
    let provider = fold(provider);
    let found = CLI_PROVIDERS.iter().find(|(cli, _)| *cli == provider)?;
    Some((found.0, format!("{}/{model}", found.1)))
}

/// A primary of such a provider is written with the provider whose model it is, and with it the
/// fallbacks and keys of the same tool.
///
/// Source: `normalizeLegacyRuntimeModelRefs` of 2026.4.29.
fn without_cli_providers(settings: &mut Cow<'_, ModelSettings>) {
    let names = |agent: &AgentModels| {
        let model = agent.model.as_ref()?;
        Some(without_cli(&model.primary.as_ref()?.text)?.0)
    };
    let all = |s: &ModelSettings| s.agents.iter().any(|a| names(a).is_some());
    if names(&settings.defaults).is_none() && !all(settings) {
        return;
    }
    let settings = settings.to_mut();
    for agent in settings.agents.iter_mut().chain([&mut settings.defaults]) {
        let Some(tool) = names(agent) else { continue };
        let of_tool = |text: &str| without_cli(text).filter(|(of, _)| *of == tool);
        let rewrite = |said: &mut Said| {
            if let Some((_, new)) = of_tool(&said.text) {
                said.text = new;
            }
        };
        if let Some(model) = &mut agent.model {
            model.primary.iter_mut().for_each(rewrite);
            model.fallbacks.iter_mut().flatten().for_each(rewrite);
        }
        let Some(catalog) = &mut agent.catalog else {
            continue;
        };
        let (moved, mut kept): (Vec<_>, Vec<_>) = std::mem::take(catalog)
            .into_iter()
            .partition(|e| of_tool(&e.key).is_some());
        for mut entry in moved {
            rewrite_key(&mut entry, &of_tool);
            match kept.iter_mut().find(|e| e.key == entry.key) {
                Some(there) => there.alias = there.alias.take().or(entry.alias),
                None => kept.push(entry),
            }
        }
        *catalog = kept;
    }
}

fn rewrite_key<'t>(entry: &mut CatalogEntry, of: &impl Fn(&str) -> Option<(&'t str, String)>) {
    if let Some((_, new)) = of(&entry.key) {
        entry.key = new;
    }
}

/// The ids of providers that are Google's, or speak its interface, are written out.
///
/// Source: `normalizeProviderConfig` of the Google plugin, 2026.4.5 to 2026.4.29.
fn google_rows(settings: &mut Cow<'_, ModelSettings>) {
    let is_google = |p: &Provider| {
        p.speaks_google
            || p.id == "google-vertex"
            || (p.id == "google" && p.api.as_deref().is_none_or(|api| trim(api).is_empty()))
            || p.id == "google-antigravity"
    };
    if !settings.providers.iter().any(is_google) {
        return;
    }
    let providers = settings.to_mut().providers.iter_mut();
    for provider in providers.filter(|p| is_google(p)) {
        for id in &mut provider.models {
            let low = matches!(
                id.as_str(),
                "gemini-3-pro" | "gemini-3.1-pro" | "gemini-3-1-pro"
            );
            if provider.id == "google-antigravity" {
                if low {
                    id.push_str("-low");
                }
            } else if let Some(new) = google(GEMINI_MARCH, id) {
                *id = new;
            }
        }
    }
}

/// A reference as later releases write it into their configuration.
fn normal(names: &Names, load: Load, text: &str) -> String {
    let text = trim(text);
    let Some((provider, model)) = halves(text) else {
        return text.to_owned();
    };
    let provider = fold(provider);
    let googles = ["google", "google-gemini-cli", "google-vertex"];
    let new = if googles.contains(&provider.as_str()) || model.starts_with("google/") {
        google(names.google, model)
    } else if provider == "together" {
        Some(names.static_model(&provider, model))
    } else {
        None
    };
    let model = super::ModelRef {
        provider,
        model: new.unwrap_or_else(|| model.to_owned()),
    };
    match load {
        Load::Full => format!("{}/{}", model.provider, model.model),
        _ => model.to_string(),
    }
}

/// Keys of `models` maps, models and the ids that providers list are written as the release writes
/// them.
fn rewritten(mut settings: ModelSettings, rules: &Rules) -> ModelSettings {
    let names = &rules.names;
    let say = |said: &mut Said| said.text = normal(names, rules.load, &said.text);
    let agents = settings.agents.iter_mut();
    for agent in agents.chain(std::iter::once(&mut settings.defaults)) {
        if let Some(model) = &mut agent.model {
            model.primary.iter_mut().for_each(say);
            model.fallbacks.iter_mut().flatten().for_each(say);
        }
        if let Some(catalog) = &mut agent.catalog {
            let mut merged: Vec<CatalogEntry> = Vec::with_capacity(catalog.len());
            for mut entry in std::mem::take(catalog) {
                entry.key = normal(names, rules.load, &entry.key);
                match merged.iter_mut().find(|e| e.key == entry.key) {
                    Some(earlier) => {
                        if entry.alias.is_some() {
                            earlier.alias = entry.alias;
                        }
                    }
                    None => merged.push(entry),
                }
            }
            *catalog = merged;
        }
    }
    for provider in &mut settings.providers {
        let name = fold(&provider.id);
        for id in &mut provider.models {
            *id = names.listed_model(&name, trim(id));
        }
    }
    settings
}
