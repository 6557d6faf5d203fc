//! What a release does to the names in a configuration when it loads it.

use std::borrow::Cow;

use super::names::{Names, fold, google, halves, trim};
use super::rules::{HiddenAllowlist, Load, Rules};
use super::settings::{CatalogEntry, ModelSettings, Said};

/// The configuration as the release has it once it is loaded.
pub(super) fn at_load<'a>(settings: &'a ModelSettings, rules: &Rules) -> Cow<'a, ModelSettings> {
    let mut settings = Cow::Borrowed(settings);
    if let Some(entry) = hidden_allowlist(&settings, rules) {
        let changed = settings.to_mut();
        changed.defaults.catalog.get_or_insert_default().push(entry);
    }
    match rules.load {
        Load::Kept | Load::GoogleRows => settings,
        Load::Short | Load::Full => Cow::Owned(rewritten(settings.into_owned(), rules)),
    }
}

/// With an API key as the way to Anthropic, a default of theirs gets an entry in
/// `agents.defaults.models`, which so becomes an allowlist.
fn hidden_allowlist(settings: &ModelSettings, rules: &Rules) -> Option<CatalogEntry> {
    let key = settings.anthropic_key.as_ref()?;
    let model = settings.defaults.model.as_ref()?;
    let primary = trim(&model.primary.as_ref()?.text);
    let lower = fold(primary);
    let names = &rules.names;
    let target = names.aliases.iter().find(|(alias, _)| *alias == lower);
    let (provider, model) = match rules.hidden {
        HiddenAllowlist::None => return None,
        HiddenAllowlist::Parsed => {
            let text = target.map_or(primary, |(_, target)| target);
            let parsed = names.parse(text, "anthropic")?;
            (parsed.provider, parsed.model)
        }
        HiddenAllowlist::Written | HiddenAllowlist::WrittenOrCli => {
            let of_anthropic = |(alias, _): &&(&str, &str)| matches!(*alias, "opus" | "sonnet");
            let text = target.filter(of_anthropic).map_or(primary, |(_, t)| t);
            match text.find('/').filter(|i| *i > 0) {
                None => ("anthropic".to_owned(), text.to_owned()),
                Some(_) => {
                    let (provider, model) = halves(text)?;
                    let provider = match fold(provider).as_str() {
                        "bedrock" | "aws-bedrock" => "amazon-bedrock".to_owned(),
                        other => other.to_owned(),
                    };
                    (provider, model.to_owned())
                }
            }
        }
    };
    let cached = provider == "anthropic"
        || (provider == "amazon-bedrock" && fold(&model).contains("anthropic.claude"));
    let name = format!("{provider}/{model}");
    let listed = settings.defaults.catalog.as_deref().unwrap_or_default();
    (cached && !listed.iter().any(|e| e.key == name)).then(|| CatalogEntry {
        key: name,
        alias: None,
        at: key.clone(),
    })
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
