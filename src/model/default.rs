//! The configured default of an agent.

use super::ModelRef;
use super::agent::Merged;
use super::alias::AliasIndex;
use super::lookup::{self, View, has_halves};
use super::names::trim;
use super::rules::{FirstProvider, Primary};
use super::settings::Said;

/// The default of an agent and how it was found.
#[derive(Clone, Debug)]
pub(super) struct Default {
    /// The model.
    pub(super) reference: ModelRef,
    /// Where it is written; `None` when nothing is configured.
    pub(super) said: Option<Said>,
    /// What led to it when it is not spelled out.
    pub(super) how: Option<String>,
}

/// A model, and how the text led to it.
type Read = Option<(ModelRef, Option<String>)>;

/// Resolves the default of an agent.
pub(super) fn default(view: &View<'_>, merged: &Merged<'_>) -> Default {
    let (provider, model) = view.rules.builtin;
    let mut how = None;
    if let Some(said) = merged.primary {
        let aliases = AliasIndex::build(view, provider);
        if let Some((reference, how)) = read(view, &aliases, trim(&said.text)) {
            return Default {
                reference,
                said: Some(said.clone()),
                how,
            };
        }
        how = Some(format!("{:?} is no model", said.text));
    }
    let because = |text: &str| match &how {
        Some(first) => Some(format!("{first}; {text}")),
        None => Some(text.to_owned()),
    };
    if let Some((reference, said)) = first_of_a_provider(view) {
        return Default {
            reference,
            said: Some(said),
            how: because("no usable default: the first model of the first provider"),
        };
    }
    Default {
        reference: ModelRef::new(provider, model),
        said: None,
        how: because("nothing is configured: the built-in default"),
    }
}

fn read(view: &View<'_>, aliases: &AliasIndex, text: &str) -> Read {
    let rules = view.rules;
    match rules.primary {
        Primary::Early => early(view, aliases, text),
        Primary::Alias => by_alias(aliases, text).or_else(|| early(view, aliases, text)),
        Primary::AliasOrProfile => by_alias(aliases, text)
            .or_else(|| by_alias(aliases, rules.names.without_profile(text)))
            .or_else(|| late(view, text)),
        Primary::Configured | Primary::Scoped => configured(view, aliases, text),
    }
}

fn by_alias(aliases: &AliasIndex, text: &str) -> Read {
    let found = aliases.whole(text)?.found();
    Some((found.reference, found.how))
}

/// A bare name: an alias, the only provider's, else the built-in default's; the id is kept as it
/// is. Others like any text.
fn early(view: &View<'_>, aliases: &AliasIndex, text: &str) -> Read {
    let default_provider = view.rules.builtin.0;
    if text.contains('/') {
        let found = lookup::resolve(view, aliases, default_provider, text)?;
        return Some((found.reference, found.how));
    }
    if let Some(word) = lookup::openrouter(view, text, default_provider) {
        return Some((word, None));
    }
    by_alias(aliases, text).or_else(|| match lookup::only_provider(view, text) {
        Some(provider) => Some(listed(ModelRef::new(provider, text))),
        None => Some(in_front(ModelRef::new(default_provider, text))),
    })
}

/// As [`early`] without aliases, and the id of a bare name is written like any other.
fn late(view: &View<'_>, text: &str) -> Read {
    let rules = view.rules;
    let default_provider = rules.builtin.0;
    if !text.contains('/') {
        if let Some(word) = lookup::openrouter(view, text, default_provider) {
            return Some((word, None));
        }
        if let Some(provider) = lookup::only_provider(view, text) {
            return Some(listed(rules.names.reference(&provider, text)));
        }
        if rules.primary != Primary::Scoped {
            return Some(in_front(ModelRef::new(default_provider, text)));
        }
    }
    let model = rules.names.without_profile(text);
    let reference = lookup::parse(view, model, default_provider)?;
    Some(if text.contains('/') {
        (reference, None)
    } else {
        in_front(reference)
    })
}

fn configured(view: &View<'_>, aliases: &AliasIndex, text: &str) -> Read {
    let rules = view.rules;
    let model = rules.names.without_profile(text);
    let has_profile = !model.is_empty() && model != text;
    if has_profile && let Some(found) = by_alias(aliases, text).or_else(|| by_alias(aliases, model))
    {
        return Some(found);
    }
    let whole = aliases.whole(text).filter(|_| !has_profile);
    if rules.primary == Primary::Scoped
        && whole.is_none()
        && let Some((provider, alias)) = model.split_once('/').filter(|(p, _)| !p.is_empty())
        && let Some(scoped) = aliases.of_provider(provider, alias)
        && !lists(view, provider, alias)
    {
        let found = scoped.found();
        return Some((found.reference, found.how));
    }
    if let Some(reference) = lookup::configured(view, model) {
        return Some((reference, None));
    }
    if let Some(alias) = whole {
        // An alias written like a reference does not steal it when its own key names no provider.
        let stolen = has_halves(model) && !has_halves(&alias.key);
        if stolen && let Some(reference) = lookup::parse(view, model, rules.builtin.0) {
            return Some((reference, None));
        }
        let found = alias.found();
        return Some((found.reference, found.how));
    }
    late(view, text)
}

fn listed(reference: ModelRef) -> (ModelRef, Option<String>) {
    let how = format!(
        "bare name: only {} lists it → {reference}",
        reference.provider
    );
    (reference, Some(how))
}

fn in_front(reference: ModelRef) -> (ModelRef, Option<String>) {
    let how = format!(
        "bare name: {} is put in front → {reference}",
        reference.provider
    );
    (reference, Some(how))
}

/// Whether a provider of the configuration lists exactly this id.
fn lists(view: &View<'_>, provider: &str, model: &str) -> bool {
    let folded = view.rules.names.provider(provider);
    view.settings.providers.iter().any(|p| {
        view.rules.names.provider(&p.id) == folded
            && p.models.iter().any(|m| trim(m) == trim(model))
    })
}

/// The first model of the first provider, when the built-in default's provider is not configured.
fn first_of_a_provider(view: &View<'_>) -> Option<(ModelRef, Said)> {
    let (default_provider, default_model) = view.rules.builtin;
    let names = &view.rules.names;
    let providers = &view.settings.providers;
    let stays = match view.rules.first_provider {
        FirstProvider::Never => true,
        FirstProvider::UnlessNamed => providers.iter().any(|p| p.id == default_provider),
        FirstProvider::UnlessListed => providers
            .iter()
            .find(|p| names.provider(&p.id) == default_provider)
            .is_some_and(|p| p.models.iter().any(|m| m == default_model)),
    };
    if stays {
        return None;
    }
    let first = providers.iter().find(|p| !p.models.is_empty())?;
    let model = first.models[0].clone();
    let provider = match view.rules.first_provider {
        FirstProvider::UnlessListed => names.provider(&first.id),
        // Neither folded nor completed.
        _ => first.id.clone(),
    };
    let said = Said {
        text: model.clone(),
        at: super::At {
            file: first.at.file.clone(),
            path: format!("{}.models[0].id", first.at.path),
        },
    };
    Some((ModelRef { provider, model }, said))
}
