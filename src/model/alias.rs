//! Aliases: names for models, from `models` maps and from the release itself.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::ModelRef;
use super::lookup::{self, Found, View};
use super::names::{fold, trim};
use super::rules::{Aliases, OwnModels, Rules};
use super::settings::CatalogEntry;

/// One alias of the index.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    /// As written.
    pub(super) text: String,
    /// What it stands for.
    pub(super) reference: ModelRef,
    /// The key of the entry that has it.
    pub(super) key: String,
    /// Whether the release adds it by itself.
    pub(super) builtin: bool,
}

/// The alias index of one agent.
#[derive(Clone, Debug, Default)]
pub(super) struct AliasIndex {
    by_alias: FxHashMap<String, Alias>,
    by_provider: FxHashMap<(String, String), Alias>,
}

/// An entry with its alias, and whether the release added it.
type Named<'a> = (&'a CatalogEntry, Option<Cow<'a, str>>, bool);

fn plain(catalog: &[CatalogEntry]) -> Vec<Named<'_>> {
    let own = |e: &'_ CatalogEntry| e.alias.clone().map(Cow::Owned);
    catalog.iter().map(|e| (e, own(e), false)).collect()
}

/// The entries of `agents.defaults.models` with the aliases that the release adds: to an entry of
/// exactly that key whose `alias` is absent.
fn with_builtin<'a>(rules: &Rules, catalog: &'a [CatalogEntry]) -> Vec<Named<'a>> {
    let mut entries = plain(catalog);
    for (alias, target) in rules.names.aliases {
        let Some(at) = catalog.iter().position(|e| e.key == *target) else {
            continue;
        };
        let taken = |(i, (_, a, _)): (usize, &Named<'_>)| {
            i != at && a.as_deref().is_some_and(|a| fold(a) == *alias)
        };
        if entries[at].1.is_some()
            || (!rules.builtin_twice && entries.iter().enumerate().any(taken))
        {
            continue;
        }
        entries[at].1 = Some(Cow::Borrowed(alias));
        entries[at].2 = true;
    }
    entries
}

impl AliasIndex {
    /// Builds the index of the defaults and, where the release has them, of the view's agent.
    /// Keys without a provider belong to `default_provider`.
    pub(super) fn build(view: &View<'_>, default_provider: &str) -> Self {
        let rules = view.rules;
        let defaults = view.settings.defaults.catalog.as_deref();
        let grouped = rules.own_models != OwnModels::None;
        let mut entries = if view.is_replaced() {
            Vec::new()
        } else {
            with_builtin(rules, defaults.unwrap_or_default())
        };
        entries.extend(view.own_catalog().map(plain).unwrap_or_default());
        let mut aliases: Vec<(String, Option<Alias>)> = Vec::new();
        for (entry, text, builtin) in entries {
            let Some(text) = text else { continue };
            if rules.allow.has_wildcards() && lookup::is_wildcard(rules, &entry.key) {
                continue;
            }
            let text = trim(&text);
            if text.is_empty() && !grouped {
                continue;
            }
            let Some(reference) = lookup::parse(view, &entry.key, default_provider) else {
                continue;
            };
            let model = rules.names.key(&reference);
            if grouped {
                // A later entry of the same model replaces an earlier one's alias, a blank one too.
                aliases.retain(|(earlier, _)| *earlier != model);
            }
            let alias = Alias {
                text: text.to_owned(),
                reference,
                key: entry.key.clone(),
                builtin,
            };
            aliases.push((model, (!text.is_empty()).then_some(alias)));
        }
        let mut index = Self::default();
        for alias in aliases.into_iter().filter_map(|(_, alias)| alias) {
            let folded = fold(&alias.text);
            let scoped = (alias.reference.provider.clone(), folded.clone());
            index.by_provider.insert(scoped, alias.clone());
            index.by_alias.insert(folded, alias);
        }
        index
    }

    /// Looks a text up, as far as the release does; the text has no auth profile any more.
    pub(super) fn get(&self, rules: &Rules, text: &str) -> Option<Found> {
        let whole = if rules.aliases == Aliases::Bare && text.contains('/') {
            None
        } else {
            self.whole(text)
        };
        let scoped = || {
            let (provider, alias) = text.split_once('/').filter(|(p, _)| !p.is_empty())?;
            (rules.aliases == Aliases::Scoped)
                .then(|| self.of_provider(provider, alias))
                .flatten()
        };
        whole.or_else(scoped).map(Alias::found)
    }

    /// Looks up an alias of exactly this text, whatever the release does with slashes.
    pub(super) fn whole(&self, text: &str) -> Option<&Alias> {
        self.by_alias.get(&fold(text))
    }

    /// Looks up an alias of this provider.
    pub(super) fn of_provider(&self, provider: &str, alias: &str) -> Option<&Alias> {
        self.by_provider.get(&(fold(provider), fold(alias)))
    }
}

impl Alias {
    /// The model, and how the alias led to it.
    pub(super) fn found(&self) -> Found {
        let built_in = if self.builtin { "built-in " } else { "" };
        Found {
            reference: self.reference.clone(),
            how: Some(format!(
                "{built_in}alias {} → {}",
                self.text, self.reference
            )),
        }
    }
}
