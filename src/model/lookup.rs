//! From a text to a model: references, bare names, providers of the configuration.

use rustc_hash::FxHashSet;

use super::ModelRef;
use super::alias::AliasIndex;
use super::names::{fold, halves, trim};
use super::rules::{Bare, Foreign, OwnModels, Rules};
use super::settings::{AgentModels, CatalogEntry, ModelSettings, Provider};

/// What a text is looked up in.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// The rules.
    pub(super) rules: &'a Rules,
    /// The configuration.
    pub(super) settings: &'a ModelSettings,
    /// The agent whose own `models` map counts too, where the release reads such.
    pub(super) agent: Option<&'a AgentModels>,
    /// Whether the agent is merged into the defaults, as for the default and the fallbacks.
    pub(super) merged: bool,
}

/// A text that names a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The model.
    pub(super) reference: ModelRef,
    /// How the text led to it, when it is not spelled out: `alias nano`, `bare name: …`.
    pub(super) how: Option<String>,
}

impl View<'_> {
    /// The same with the agent merged into the defaults.
    pub(super) fn merged(&self) -> Self {
        Self {
            merged: true,
            ..*self
        }
    }

    /// The same without the agent.
    pub(super) fn of_defaults(&self) -> Self {
        Self {
            agent: None,
            ..*self
        }
    }

    /// The agent's `models` map, where the release reads it.
    pub(super) fn own_catalog(&self) -> Option<&[CatalogEntry]> {
        let reads = self.rules.own_models != OwnModels::None;
        self.agent.filter(|_| reads)?.catalog.as_deref()
    }

    /// Whether the agent's `models` map stands in the place of the defaults'.
    pub(super) fn is_replaced(&self) -> bool {
        self.merged && self.rules.own_models == OwnModels::Instead && self.own_catalog().is_some()
    }

    fn catalog(&self) -> &[CatalogEntry] {
        if self.is_replaced() {
            return &[];
        }
        self.settings
            .defaults
            .catalog
            .as_deref()
            .unwrap_or_default()
    }

    /// A provider of the configuration, its name compared as it is written.
    fn provider(&self, name: &str) -> Option<&Provider> {
        let name = fold(name);
        self.settings.providers.iter().find(|p| fold(&p.id) == name)
    }
}

/// Whether a text has a name on both sides of its first slash.
pub(super) fn has_halves(text: &str) -> bool {
    let text = trim(text);
    text.find('/').is_some_and(|i| i > 0 && i + 1 < text.len())
}

/// Whether a key allows all models of a provider: `provider/*`, from 2026.8.1 also `provider/x/*`.
pub(super) fn is_wildcard(rules: &Rules, key: &str) -> bool {
    wildcard(rules, key).is_some()
}

/// What a wildcard stands for: `provider/`, `provider/x/`.
pub(super) fn wildcard(rules: &Rules, key: &str) -> Option<String> {
    let key = trim(key);
    if !rules.allow.is_policy() {
        let provider = fold(key.strip_suffix("/*")?);
        return (!provider.is_empty()).then(|| format!("{provider}/"));
    }
    let (head, last) = key.rsplit_once('/')?;
    let segments: Vec<&str> = head.split('/').map(trim).collect();
    let bad = |s: &&str| s.is_empty() || s.contains(|c: char| c == '*' || c.is_whitespace());
    if trim(last) != "*" || segments.iter().any(bad) {
        return None;
    }
    let rest = segments[1..].iter().map(|s| format!("{s}/"));
    let provider = rules.names.provider(segments[0]);
    Some(format!("{provider}/{}", rest.collect::<String>()))
}

/// Parses a reference, with what later releases read in their own way: providers of the
/// configuration that speak another provider's interface, `openrouter:auto` and `openrouter:free`.
pub(super) fn parse(view: &View<'_>, text: &str, default_provider: &str) -> Option<ModelRef> {
    openrouter(view, text, default_provider)
        .or_else(|| {
            configured(view, text).or_else(|| {
                let whole = match view.rules.foreign {
                    Foreign::None | Foreign::Named => true,
                    Foreign::NamedOrHalf => has_halves(text),
                    Foreign::NamedOrBare => text.contains('/'),
                };
                (!whole)
                    .then(|| configured(view, &format!("{default_provider}/{text}")))
                    .flatten()
            })
        })
        .or_else(|| view.rules.names.parse(text, default_provider))
}

/// A reference to a provider of the configuration whose `api` is not its own: its ids are kept.
pub(super) fn configured(view: &View<'_>, text: &str) -> Option<ModelRef> {
    if view.rules.foreign == Foreign::None {
        return None;
    }
    let (provider, model) = halves(text)?;
    let known = view.provider(provider)?;
    let names = &view.rules.names;
    let api = names.provider(known.api.as_deref().unwrap_or(""));
    if api.is_empty() || api == names.provider(&known.id) {
        return None;
    }
    let provider = fold(provider);
    Some(ModelRef {
        model: names.listed_model(&provider, model),
        provider,
    })
}

/// The words that stand for models of `OpenRouter`.
pub(super) fn openrouter(view: &View<'_>, text: &str, default_provider: &str) -> Option<ModelRef> {
    let names = &view.rules.names;
    if !names.openrouter_words {
        return None;
    }
    match fold(text).as_str() {
        "openrouter:auto" => return Some(names.reference("openrouter", "auto")),
        "openrouter:free" => {}
        _ => return None,
    }
    let is_free = |m: &str| m.contains('/') && m.ends_with(":free");
    let keys = view.own_catalog().into_iter().chain([view.catalog()]);
    let mut listed = keys
        .flatten()
        .filter(|e| e.key.contains('/'))
        .filter_map(|e| names.parse(&e.key, default_provider))
        .filter(|r| r.provider == "openrouter" && is_free(&r.model));
    listed.next().or_else(|| {
        let provider = view
            .settings
            .providers
            .iter()
            .find(|p| names.provider(&p.id) == "openrouter")?;
        let id = provider
            .models
            .iter()
            .map(|m| trim(m))
            .find(|m| is_free(m))?;
        Some(names.reference("openrouter", id))
    })
}

/// Who lists a bare model id, by whether it is written in the same case.
#[derive(Default)]
struct Listing {
    exact: FxHashSet<String>,
    any_case: FxHashSet<String>,
}

impl Listing {
    fn add(&mut self, wanted: &str, provider: &str, ids: &[&str]) {
        let lower = wanted.to_lowercase();
        if ids.contains(&wanted) {
            self.exact.insert(provider.to_owned());
        }
        if ids.iter().any(|id| id.to_lowercase() == lower) {
            self.any_case.insert(provider.to_owned());
        }
    }

    /// The only provider; `None` when there is none or more than one.
    fn only(self, bare: Bare) -> Option<String> {
        let found = if bare == Bare::ExactCase && !self.exact.is_empty() {
            self.exact
        } else {
            self.any_case
        };
        (found.len() == 1)
            .then(|| found.into_iter().next())
            .flatten()
    }
}

/// The only provider that lists a bare model id, in `models` maps and `models.providers`.
pub(super) fn only_provider(view: &View<'_>, model: &str) -> Option<String> {
    let (rules, model) = (view.rules, trim(model));
    let names = &rules.names;
    if rules.bare == Bare::DefaultProvider || model.is_empty() {
        return None;
    }
    let add_map = |listing: &mut Listing, catalog: &[CatalogEntry]| {
        for entry in catalog {
            let key = trim(&entry.key);
            let wild = rules.allow.has_wildcards() && key.ends_with("/*");
            let Some((provider, id)) = halves(key).filter(|_| !wild) else {
                continue;
            };
            if rules.bare == Bare::Written {
                listing.add(model, &names.provider(provider), &[id]);
            } else {
                let reference = names.reference(provider, id);
                listing.add(model, &reference.provider, &[&reference.model]);
            }
        }
    };
    if let Some(own) = view.own_catalog() {
        let mut listing = Listing::default();
        add_map(&mut listing, own);
        if !listing.any_case.is_empty() {
            return listing.only(rules.bare);
        }
    }
    let mut listing = Listing::default();
    add_map(&mut listing, view.catalog());
    for provider in &view.settings.providers {
        let name = names.provider(&provider.id);
        for id in provider.models.iter().map(|m| trim(m)) {
            if matches!(rules.bare, Bare::Listed | Bare::ExactCase) {
                let normal = names.listed_model(&name, id);
                listing.add(model, &name, &[id, &normal]);
            } else {
                listing.add(model, &name, &[id]);
            }
        }
    }
    listing.only(rules.bare)
}

/// Resolves a text: auth profile off, alias, bare name, reference.
pub(super) fn resolve(
    view: &View<'_>,
    aliases: &AliasIndex,
    default_provider: &str,
    text: &str,
) -> Option<Found> {
    let whole = trim(text);
    let model = view.rules.names.without_profile(whole);
    if model.is_empty() {
        return None;
    }
    if let Some(found) = aliases.get(view.rules, model) {
        return Some(found);
    }
    let bare = !whole.contains('/');
    // The text is asked for as it stands, with its auth profile.
    let listed = if bare {
        only_provider(view, whole)
    } else {
        None
    };
    let provider = listed.as_deref().unwrap_or(default_provider);
    let reference = parse(view, model, provider)?;
    let how = match (bare, &listed) {
        (false, _) => None,
        (true, Some(provider)) => {
            Some(format!("bare name: only {provider} lists it → {reference}"))
        }
        (true, None) => Some(format!(
            "bare name: the default's provider is put in front → {reference}"
        )),
    };
    Some(Found { reference, how })
}

/// As [`resolve`], for a text whose bare name belongs to the default's provider in every release.
pub(super) fn resolve_in(
    view: &View<'_>,
    aliases: &AliasIndex,
    default_provider: &str,
    text: &str,
) -> Option<ModelRef> {
    let model = view.rules.names.without_profile(text);
    if model.is_empty() {
        return None;
    }
    aliases
        .get(view.rules, model)
        .map(|found| found.reference)
        .or_else(|| parse(view, model, default_provider))
}
