//! From a text to a model: aliases, bare names, and what the configuration allows.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ModelRef;
use super::era::{Aliases, Allow, Bare, Rules};
use super::names::{builtin_aliases, trim};
use super::settings::{AgentModels, CatalogEntry, ModelSettings, Said};

/// A text that names a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The model.
    pub(super) reference: ModelRef,
    /// How the text led to it, when it is not spelled out: `alias nano`, `bare name: …`.
    pub(super) how: Option<String>,
}

/// Why a text names no model that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be parsed.
    Invalid,
    /// It is parsed, and not allowed.
    NotAllowed(Found),
}

/// One alias of the index.
#[derive(Clone, Debug)]
struct Alias {
    text: String,
    reference: ModelRef,
    builtin: bool,
}

/// The alias index of one agent.
#[derive(Clone, Debug, Default)]
pub(super) struct AliasIndex {
    by_alias: FxHashMap<String, Alias>,
    by_provider: FxHashMap<(String, String), Alias>,
}

fn fold(text: &str) -> String {
    trim(text).to_lowercase()
}

/// The entries of a `models` map with the aliases that the release itself adds.
fn with_builtin<'a>(
    rules: &Rules,
    catalog: &'a [CatalogEntry],
    builtin: bool,
) -> Vec<(&'a CatalogEntry, Option<Cow<'a, str>>, bool)> {
    let defaults = builtin_aliases(rules.names);
    let mut entries: Vec<_> = catalog
        .iter()
        .map(|e| (e, e.alias.as_deref().map(Cow::Borrowed), false))
        .collect();
    if !builtin {
        return entries;
    }
    for (alias, target) in defaults {
        let Some(at) = catalog.iter().position(|e| {
            e.key == *target || (rules.agent_aliases && same_key(rules, &e.key, target))
        }) else {
            continue;
        };
        if entries[at].1.is_some() {
            continue;
        }
        let taken = rules.agent_aliases
            && entries
                .iter()
                .enumerate()
                .any(|(i, (_, a, _))| i != at && a.as_deref().is_some_and(|a| fold(a) == *alias));
        if !taken {
            entries[at].1 = Some(Cow::Borrowed(alias));
            entries[at].2 = true;
        }
    }
    entries
}

/// Whether a key is written like `target` after the normalisation at load.
fn same_key(rules: &Rules, key: &str, target: &str) -> bool {
    rules
        .names
        .parse(key, "")
        .is_some_and(|r| r.to_string() == target)
}

impl AliasIndex {
    /// Builds the index of the defaults and, where the release has them, of `agent`.
    pub(super) fn build(
        rules: &Rules,
        settings: &ModelSettings,
        agent: Option<&AgentModels>,
        default_provider: &str,
    ) -> Self {
        let mut index = Self::default();
        // By key, because a later entry of the same model replaces an earlier one's alias.
        let mut by_key: Vec<(String, Option<Alias>)> = Vec::new();
        let mut add = |entries: Vec<(&CatalogEntry, Option<Cow<'_, str>>, bool)>| {
            for (entry, alias, builtin) in entries {
                let Some(alias) = alias else { continue };
                if is_wildcard(&entry.key) && rules.aliases == Aliases::Scoped {
                    continue;
                }
                let Some(reference) = parse(rules, settings, &entry.key, default_provider) else {
                    continue;
                };
                let key = reference.to_string();
                let alias = trim(&alias);
                let made = (!alias.is_empty()).then(|| Alias {
                    text: alias.to_owned(),
                    reference,
                    builtin,
                });
                if rules.agent_aliases {
                    by_key.retain(|(k, _)| *k != key);
                } else if made.is_none() {
                    continue;
                }
                by_key.push((key, made));
            }
        };
        let defaults = settings.defaults.catalog.as_deref().unwrap_or_default();
        add(with_builtin(rules, defaults, true));
        if rules.agent_aliases
            && let Some(own) = agent.and_then(|a| a.catalog.as_deref())
        {
            add(with_builtin(rules, own, false));
        }
        for alias in by_key.into_iter().filter_map(|(_, alias)| alias) {
            let folded = fold(&alias.text);
            let scoped = (alias.reference.provider.clone(), folded.clone());
            index.by_provider.insert(scoped, alias.clone());
            index.by_alias.insert(folded, alias);
        }
        index
    }

    /// Looks a text up, as far as the release does; the text has no auth profile any more.
    fn get(&self, rules: &Rules, text: &str) -> Option<Found> {
        let slash = text.find('/');
        let whole = match (rules.aliases, slash) {
            (Aliases::Bare, Some(_)) => None,
            _ => self.by_alias.get(&fold(text)),
        };
        let scoped = || {
            let (provider, alias) = text.split_at(slash.filter(|i| *i > 0)?);
            let key = (fold(provider), fold(&alias[1..]));
            (rules.aliases == Aliases::Scoped)
                .then(|| self.by_provider.get(&key))
                .flatten()
        };
        whole.or_else(scoped).map(|alias| Found {
            reference: alias.reference.clone(),
            how: Some(if alias.builtin {
                format!("built-in alias {} → {}", alias.text, alias.reference)
            } else {
                format!("alias {} → {}", alias.text, alias.reference)
            }),
        })
    }

    /// Looks up an alias of exactly this text, whatever the release does with slashes.
    pub(super) fn exact(&self, text: &str) -> Option<ModelRef> {
        self.by_alias.get(&fold(text)).map(|a| a.reference.clone())
    }

    /// Looks up an alias of this provider.
    pub(super) fn of_provider(&self, provider: &str, alias: &str) -> Option<ModelRef> {
        let key = (fold(provider), fold(alias));
        self.by_provider.get(&key).map(|a| a.reference.clone())
    }
}

/// Parses a reference, with what later releases read in their own way: providers of the
/// configuration that speak another provider's interface, and `openrouter:free`.
pub(super) fn parse(
    rules: &Rules,
    settings: &ModelSettings,
    text: &str,
    default_provider: &str,
) -> Option<ModelRef> {
    if rules.bare == Bare::OnlyProvider {
        if fold(text) == "openrouter:free"
            && let Some(free) = openrouter_free(rules, settings, default_provider)
        {
            return Some(free);
        }
        let exact = configured(rules, settings, text).or_else(|| {
            let bare = !text.contains('/');
            bare.then(|| configured(rules, settings, &format!("{default_provider}/{text}")))
                .flatten()
        });
        if exact.is_some() {
            return exact;
        }
    }
    rules.names.parse(text, default_provider)
}

/// A reference to a provider of the configuration whose `api` is not its own: its ids are kept.
pub(super) fn configured(rules: &Rules, settings: &ModelSettings, text: &str) -> Option<ModelRef> {
    let slash = text.find('/').filter(|i| *i > 0)?;
    let (provider, model) = (trim(&text[..slash]), trim(&text[slash + 1..]));
    if provider.is_empty() || model.is_empty() {
        return None;
    }
    let folded = fold(provider);
    let known = settings.providers.iter().find(|p| fold(&p.id) == folded)?;
    let api = rules.names.provider(known.api.as_deref().unwrap_or(""));
    if api.is_empty() || api == rules.names.provider(&known.id) {
        return None;
    }
    Some(ModelRef {
        model: rules.names.listed_model(&folded, model),
        provider: folded,
    })
}

fn openrouter_free(
    rules: &Rules,
    settings: &ModelSettings,
    default_provider: &str,
) -> Option<ModelRef> {
    let keys = settings.defaults.catalog.as_deref().unwrap_or_default();
    let listed = keys
        .iter()
        .filter(|e| e.key.contains('/'))
        .filter_map(|e| rules.names.parse(&e.key, default_provider))
        .find(|r| {
            r.provider == "openrouter" && r.model.contains('/') && r.model.ends_with(":free")
        });
    listed.or_else(|| {
        let provider = settings
            .providers
            .iter()
            .find(|p| fold(&p.id) == "openrouter")?;
        let ids = provider.models.iter().map(|m| trim(m));
        ids.into_iter()
            .find(|m| m.contains('/') && m.ends_with(":free"))
            .map(|m| rules.names.reference("openrouter", m))
    })
}

/// The only provider that lists a bare model id, in `models` maps and `models.providers`.
pub(super) fn only_provider(
    rules: &Rules,
    settings: &ModelSettings,
    agent: Option<&AgentModels>,
    model: &str,
) -> Option<String> {
    let model = trim(model);
    let folded = model.to_lowercase();
    // Where the same id occurs in its own case and in another, later releases let the exact one win.
    let mut exact = FxHashSet::default();
    let mut any_case = FxHashSet::default();
    let of_map = |catalog: &[CatalogEntry],
                  exact: &mut FxHashSet<String>,
                  any_case: &mut FxHashSet<String>| {
        for entry in catalog {
            let key = trim(&entry.key);
            if !key.contains('/') || (rules.agent_aliases && key.ends_with("/*")) {
                continue;
            }
            if let Some(r) = rules.names.parse(key, rules.builtin.0) {
                if r.model == model {
                    exact.insert(r.provider.clone());
                }
                if r.model.to_lowercase() == folded {
                    any_case.insert(r.provider);
                }
            }
        }
    };
    let only = |exact: &FxHashSet<String>, any_case: &FxHashSet<String>| {
        let matches = if rules.agent_aliases && !exact.is_empty() {
            exact
        } else {
            any_case
        };
        (matches.len() == 1).then(|| matches.iter().next().cloned())
    };
    if rules.agent_aliases
        && let Some(own) = agent.and_then(|a| a.catalog.as_deref())
    {
        of_map(own, &mut exact, &mut any_case);
        if !any_case.is_empty() {
            return only(&exact, &any_case).flatten();
        }
    }
    let defaults = settings.defaults.catalog.as_deref().unwrap_or_default();
    of_map(defaults, &mut exact, &mut any_case);
    for provider in &settings.providers {
        let name = rules.names.provider(&provider.id);
        for id in provider.models.iter().map(|m| trim(m)) {
            let normal = rules.names.listed_model(&name, id);
            if id == model || (rules.agent_aliases && normal == model) {
                exact.insert(name.clone());
            }
            if id.to_lowercase() == folded
                || (rules.agent_aliases && normal.to_lowercase() == folded)
            {
                any_case.insert(name.clone());
            }
        }
    }
    only(&exact, &any_case).flatten()
}

fn is_wildcard(key: &str) -> bool {
    trim(key).rsplit('/').next().is_some_and(|s| trim(s) == "*") && key.contains('/')
}

/// Which models may run.
#[derive(Clone, Debug)]
pub(super) enum Allowed {
    /// Any.
    Any,
    /// These.
    Only(Only),
}

/// A list of allowed models.
#[derive(Clone, Debug)]
pub(super) struct Only {
    /// The key path that the gateway's message names.
    pub(super) path: &'static str,
    /// The entries as written, sorted as the message prints them.
    pub(super) written: Vec<String>,
    keys: FxHashSet<String>,
    wildcards: FxHashSet<String>,
    /// The allowed references, for suggestions; sorted.
    pub(super) models: Vec<ModelRef>,
}

impl Allowed {
    /// Whether a model may run.
    pub(super) fn allows(&self, model: &ModelRef) -> bool {
        match self {
            Self::Any => true,
            Self::Only(only) => {
                only.keys.contains(&model.to_string())
                    || only.matches_wildcard(&format!("{}/{}", model.provider, model.model))
            }
        }
    }
}

impl Only {
    fn matches_wildcard(&self, key: &str) -> bool {
        key.match_indices('/')
            .any(|(i, _)| self.wildcards.contains(&format!("{}/*", &key[..i])))
    }

    fn add(&mut self, model: ModelRef) {
        self.keys.insert(model.to_string());
        if let Err(at) = self.models.binary_search(&model) {
            self.models.insert(at, model);
        }
    }
}

/// What [`allowed`] needs besides the settings.
pub(super) struct Scope<'a> {
    /// The agent.
    pub(super) agent: Option<&'a AgentModels>,
    /// The configured default.
    pub(super) default: &'a ModelRef,
    /// The fallbacks of the merged defaults.
    pub(super) fallbacks: &'a [Said],
    /// The alias index of the agent.
    pub(super) aliases: &'a AliasIndex,
}

/// Works out which models may run.
pub(super) fn allowed(rules: &Rules, settings: &ModelSettings, scope: &Scope<'_>) -> Allowed {
    let (path, refs, own): (_, Vec<String>, bool) = match rules.allow {
        Allow::Policy => policy(settings, scope.agent),
        Allow::Map | Allow::MapWithWildcards => {
            let catalog = settings.defaults.catalog.as_deref().unwrap_or_default();
            let keys = catalog.iter().map(|e| e.key.clone()).collect();
            ("agents.defaults.models", keys, false)
        }
    };
    if refs.is_empty() {
        return Allowed::Any;
    }
    let mut only = Only {
        path,
        written: refs.clone(),
        keys: FxHashSet::default(),
        wildcards: FxHashSet::default(),
        models: Vec::new(),
    };
    only.written.sort_unstable();
    let provider = scope.default.provider.as_str();
    let policy_aliases;
    let aliases = if own || rules.allow != Allow::Policy {
        scope.aliases
    } else {
        policy_aliases = AliasIndex::build(rules, settings, None, provider);
        &policy_aliases
    };
    let resolve = |text: &str| match rules.allow {
        Allow::Policy => {
            let agent = scope.agent.filter(|_| own);
            resolve(rules, settings, agent, aliases, provider, text).map(|f| f.reference)
        }
        _ => {
            let bare = rules.bare == Bare::OnlyProvider && !trim(text).contains('/');
            let known = bare
                .then(|| only_provider(rules, settings, None, text))
                .flatten();
            parse(rules, settings, text, known.as_deref().unwrap_or(provider))
        }
    };
    let mut exact = 0;
    for text in &refs {
        let text = trim(text);
        if text.is_empty() {
            continue;
        }
        if rules.allow != Allow::Map && is_wildcard(text) {
            let segments: Vec<&str> = text.split('/').map(trim).collect();
            if segments.iter().all(|s| !s.is_empty()) {
                let head = rules.names.provider(segments[0]);
                let rest = segments[1..].join("/");
                only.wildcards.insert(format!("{head}/{rest}"));
                continue;
            }
        }
        exact += 1;
        if let Some(model) = resolve(text) {
            only.add(model);
        }
    }
    if rules.allow != Allow::Policy {
        let wild = !only.wildcards.is_empty();
        if exact > 0 {
            for fallback in scope.fallbacks {
                if let Some(model) = resolve(&fallback.text) {
                    only.add(model);
                }
            }
        }
        // The default's id is parsed again: one with a slash counts as another provider's.
        let default = parse(rules, settings, &scope.default.model, provider);
        if (exact > 0 && !wild) || only.wildcards.contains(&format!("{provider}/*")) {
            if let Some(default) = default {
                only.add(default);
            }
        }
    }
    Allowed::Only(only)
}

/// `modelPolicy.allow` of the agent, else of the defaults, else the keys of the defaults' map.
fn policy(
    settings: &ModelSettings,
    agent: Option<&AgentModels>,
) -> (&'static str, Vec<String>, bool) {
    let texts = |list: &[Said]| list.iter().map(|s| s.text.clone()).collect();
    if let Some(own) = agent.and_then(|a| a.allow.as_deref()) {
        return ("agents.entries.*.modelPolicy.allow", texts(own), true);
    }
    if let Some(all) = settings.defaults.allow.as_deref() {
        return ("agents.defaults.modelPolicy.allow", texts(all), false);
    }
    let map = settings.defaults.catalog.as_deref();
    let keys = map
        .filter(|_| !settings.policy_migrated && !settings.defaults.has_policy)
        .unwrap_or_default()
        .iter()
        .map(|e| e.key.clone())
        .filter(|k| !trim(k).is_empty());
    ("agents.defaults.models", keys.collect(), false)
}

/// Resolves a text: auth profile off, alias, bare name, reference.
pub(super) fn resolve(
    rules: &Rules,
    settings: &ModelSettings,
    agent: Option<&AgentModels>,
    aliases: &AliasIndex,
    default_provider: &str,
    text: &str,
) -> Option<Found> {
    let whole = trim(text);
    let model = rules.names.without_profile(whole);
    if model.is_empty() {
        return None;
    }
    if let Some(found) = aliases.get(rules, model) {
        return Some(found);
    }
    let bare = !whole.contains('/');
    // The text is asked for as it stands, with its auth profile.
    let listed = (bare && rules.bare == Bare::OnlyProvider)
        .then(|| only_provider(rules, settings, agent, whole))
        .flatten();
    let provider = listed.as_deref().unwrap_or(default_provider);
    let reference = parse(rules, settings, model, provider)?;
    let how = if !bare {
        None
    } else if listed.is_some() {
        Some(format!("bare name: only {provider} lists it → {reference}"))
    } else {
        Some(format!(
            "bare name: the default's provider is put in front → {reference}"
        ))
    };
    Some(Found { reference, how })
}

/// As [`resolve`], for a fallback: a bare name belongs to the default's provider in every release.
pub(super) fn resolve_in(
    rules: &Rules,
    settings: &ModelSettings,
    aliases: &AliasIndex,
    default_provider: &str,
    text: &str,
) -> Option<ModelRef> {
    let model = rules.names.without_profile(text);
    if model.is_empty() {
        return None;
    }
    aliases
        .get(rules, model)
        .map(|found| found.reference)
        .or_else(|| parse(rules, settings, model, default_provider))
}
