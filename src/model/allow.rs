//! What a configuration allows an agent to run.

use rustc_hash::FxHashSet;

use super::ModelRef;
use super::alias::AliasIndex;
use super::lookup::{self, Found, View};
use super::names::{Names, fold, trim};
use super::rules::{Allow, Bare};
use super::settings::Said;

/// Why a text names no model that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be parsed.
    Invalid,
    /// It is parsed, and not allowed.
    NotAllowed(Found),
}

/// Which models may run.
#[derive(Clone, Debug)]
pub(super) enum Allowed {
    /// Any.
    Any,
    /// These.
    Only(Box<Only>),
}

/// A list of allowed models.
#[derive(Clone, Debug)]
pub(super) struct Only {
    /// The key path that the gateway's message names.
    pub(super) path: &'static str,
    /// The entries as written, sorted as the message prints them.
    pub(super) written: Vec<String>,
    /// The keys of the entries that name a model; of the newest release, the pairs.
    keys: FxHashSet<String>,
    /// The keys of what the entries themselves name.
    listed: FxHashSet<String>,
    /// What the entries with `/*` begin with.
    wildcards: FxHashSet<String>,
    /// The allowed references, for suggestions; sorted.
    pub(super) models: Vec<ModelRef>,
    names: Names,
    allow: Allow,
}

impl Allowed {
    /// Whether an entry of the list names a model, or there is no list.
    pub(super) fn lists(&self, model: &ModelRef) -> bool {
        match self {
            Self::Any => true,
            Self::Only(only) => only.listed.is_empty() || only.listed.contains(&only.key(model)),
        }
    }

    /// Whether a model may run.
    pub(super) fn allows(&self, model: &ModelRef) -> bool {
        match self {
            Self::Any => true,
            Self::Only(only) => only.has(model) || only.matches_wildcard(model),
        }
    }
}

impl Only {
    fn has(&self, model: &ModelRef) -> bool {
        self.keys.contains(&self.key(model))
    }

    fn key(&self, model: &ModelRef) -> String {
        match self.allow {
            Allow::Policy => format!("{}\0{}", model.provider, model.model),
            _ => self.names.key(model),
        }
    }

    fn matches_wildcard(&self, model: &ModelRef) -> bool {
        if self.wildcards.is_empty() {
            return false;
        }
        let whole = match self.allow {
            Allow::Policy => format!("{}/{}", model.provider, model.model),
            _ => self.names.key(model),
        };
        let mut heads = whole.match_indices('/').map(|(i, _)| &whole[..=i]);
        match self.allow {
            Allow::Policy | Allow::PolicyAndDefault => heads.any(|h| self.wildcards.contains(h)),
            _ => self.wildcards.contains(&format!("{}/", model.provider)),
        }
    }

    fn add(&mut self, model: ModelRef) {
        self.keys.insert(self.key(&model));
        if let Err(at) = self.models.binary_search(&model) {
            self.models.insert(at, model);
        }
    }
}

/// What [`allowed`] needs besides the configuration.
pub(super) struct Scope<'a> {
    /// The configured default.
    pub(super) default: &'a ModelRef,
    /// The fallbacks that count.
    pub(super) fallbacks: &'a [Said],
    /// The alias index of the agent.
    pub(super) aliases: &'a AliasIndex,
}

/// Works out which models may run.
pub(super) fn allowed(view: &View<'_>, scope: &Scope<'_>) -> Allowed {
    let rules = view.rules;
    let list = if rules.allow.is_policy() {
        policy(view)
    } else {
        let catalog = view.settings.defaults.catalog.as_deref();
        let keys = catalog.unwrap_or_default().iter().map(|e| e.key.clone());
        List {
            path: "agents.defaults.models",
            entries: keys.collect(),
            own: false,
        }
    };
    if list.entries.is_empty() {
        return Allowed::Any;
    }
    let mut written = list.entries.clone();
    // As JavaScript sorts texts: by UTF-16 code units.
    written.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    let mut only = Only {
        path: list.path,
        written,
        keys: FxHashSet::default(),
        listed: FxHashSet::default(),
        wildcards: FxHashSet::default(),
        models: Vec::new(),
        names: rules.names,
        allow: rules.allow,
    };
    let provider = scope.default.provider.as_str();
    let of_defaults;
    let aliases = if list.own {
        scope.aliases
    } else {
        of_defaults = AliasIndex::build(&view.of_defaults(), provider);
        &of_defaults
    };
    let resolve = |text: &str| {
        if rules.allow.is_policy() {
            lookup::resolve(view, aliases, provider, text).map(|f| f.reference)
        } else {
            let bare = rules.bare >= Bare::ReadInMaps && !trim(text).contains('/');
            let known = bare.then(|| lookup::only_provider(view, text)).flatten();
            lookup::parse(view, text, known.as_deref().unwrap_or(provider))
        }
    };
    let mut exact = false;
    for text in &list.entries {
        if trim(text).is_empty() {
            continue;
        }
        if rules.allow.has_wildcards()
            && let Some(head) = lookup::wildcard(rules, text)
        {
            only.wildcards.insert(head);
            continue;
        }
        exact = true;
        if let Some(model) = resolve(text) {
            only.add(model);
        }
    }
    only.listed.clone_from(&only.keys);
    if matches!(rules.allow, Allow::Map) || (rules.allow == Allow::MapWithWildcards && exact) {
        for fallback in scope.fallbacks {
            if let Some(model) = resolve(&fallback.text) {
                only.add(model);
            }
        }
    }
    // The default's id is parsed again: one with a slash counts as another provider's.
    if let Some(default) = lookup::parse(view, &scope.default.model, provider) {
        let alone = exact && only.wildcards.is_empty();
        let counts = match rules.allow {
            Allow::MapAndDefault | Allow::Map => true,
            Allow::MapWithWildcards | Allow::PolicyAndDefault => {
                alone || only.matches_wildcard(&default)
            }
            Allow::Policy => false,
        };
        if counts {
            only.add(default);
        }
    }
    let nothing = only.keys.is_empty() && only.wildcards.is_empty();
    let open = matches!(
        rules.allow,
        Allow::MapWithWildcards | Allow::PolicyAndDefault
    );
    if nothing && open {
        return Allowed::Any;
    }
    Allowed::Only(Box::new(only))
}

/// Where a list of allowed models comes from.
struct List {
    path: &'static str,
    entries: Vec<String>,
    /// Whether it is the agent's own.
    own: bool,
}

/// `modelPolicy.allow` of the agent, else of the defaults, else the keys of the defaults' map.
fn policy(view: &View<'_>) -> List {
    let texts = |list: &[Said]| list.iter().map(|s| s.text.clone()).collect();
    if let Some(own) = view.agent.and_then(|a| a.allow.as_deref()) {
        return List {
            path: "agents.entries.*.modelPolicy.allow",
            entries: texts(own),
            own: true,
        };
    }
    let defaults = &view.settings.defaults;
    if let Some(all) = defaults.allow.as_deref() {
        return List {
            path: "agents.defaults.modelPolicy.allow",
            entries: texts(all),
            own: false,
        };
    }
    let map = defaults.catalog.as_deref();
    let keys = map
        .filter(|_| !view.settings.policy_migrated && !defaults.has_policy)
        .unwrap_or_default()
        .iter()
        .map(|e| e.key.clone())
        .filter(|key| !fold(key).is_empty());
    List {
        path: "agents.defaults.models",
        entries: keys.collect(),
        own: false,
    }
}
