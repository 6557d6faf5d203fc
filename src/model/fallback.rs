//! The configured default, and the chain of fallbacks behind a selected model.

use super::ModelRef;
use super::agent::Merged;
use super::era::{Aliases, Bare, Chain, Rules};
use super::lookup::{self, AliasIndex};
use super::names::trim;
use super::resolution::{ChainOrigin, Source};
use super::settings::{AgentModels, Form, ModelSettings, ModelSpec, Said};

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

/// Resolves the default of an agent.
pub(super) fn default(
    rules: &Rules,
    settings: &ModelSettings,
    agent: Option<&AgentModels>,
    merged: &Merged<'_>,
) -> Default {
    let (provider, model) = rules.builtin;
    let mut how = None;
    if let Some(said) = merged.primary {
        let aliases = AliasIndex::build(rules, settings, agent, provider);
        let found = match rules.bare {
            Bare::DefaultProvider => early(rules, settings, &aliases, &said.text),
            Bare::OnlyProvider => late(rules, settings, agent, &aliases, &said.text),
        };
        if let Some((reference, how)) = found {
            return Default {
                reference,
                said: Some(said.clone()),
                how,
            };
        }
        how = Some(format!("{:?} is no model", said.text));
    }
    let because = |text: String| match &how {
        Some(first) => Some(format!("{first}; {text}")),
        None => Some(text),
    };
    if let Some((reference, said)) = first_of_a_provider(rules, settings) {
        return Default {
            reference,
            said: Some(said),
            how: because("no usable default: the first model of the first provider".to_owned()),
        };
    }
    Default {
        reference: ModelRef::new(provider, model),
        said: None,
        how: because("nothing is configured: the built-in default".to_owned()),
    }
}

type Primary = Option<(ModelRef, Option<String>)>;

fn early(rules: &Rules, settings: &ModelSettings, aliases: &AliasIndex, text: &str) -> Primary {
    let text = trim(text);
    if !text.contains('/') {
        if let Some(reference) = aliases.exact(text) {
            let how = format!("alias {text} → {reference}");
            return Some((reference, Some(how)));
        }
        // Not folded, not completed: what stands there is the id.
        let reference = ModelRef::new(rules.builtin.0, text);
        let how = format!(
            "bare name: {} is put in front → {reference}",
            rules.builtin.0
        );
        return Some((reference, Some(how)));
    }
    let found = lookup::resolve(rules, settings, None, aliases, rules.builtin.0, text)?;
    Some((found.reference, found.how))
}

fn late(
    rules: &Rules,
    settings: &ModelSettings,
    agent: Option<&AgentModels>,
    aliases: &AliasIndex,
    text: &str,
) -> Primary {
    let text = trim(text);
    let model = rules.names.without_profile(text);
    let by_alias = |alias: &str, reference: ModelRef| {
        let how = format!("alias {alias} → {reference}");
        Some((reference, Some(how)))
    };
    let whole = aliases.exact(text);
    if rules.aliases == Aliases::Scoped {
        if model != text
            && !model.is_empty()
            && let Some(reference) = whole.clone().or_else(|| aliases.exact(model))
        {
            return by_alias(model, reference);
        }
        if whole.is_none()
            && let Some((provider, alias)) = model.split_once('/').filter(|(p, _)| !p.is_empty())
            && let Some(reference) = aliases.of_provider(provider, alias)
            && !lists(settings, provider, alias)
        {
            return by_alias(alias, reference);
        }
        if let Some(reference) = lookup::configured(rules, settings, model) {
            return Some((reference, None));
        }
    }
    if let Some(reference) = whole {
        return by_alias(text, reference);
    }
    if !text.contains('/') {
        if let Some(provider) = lookup::only_provider(rules, settings, agent, text) {
            let reference = if rules.agent_aliases {
                rules.names.reference(&provider, text)
            } else {
                ModelRef::new(provider, text)
            };
            let how = format!(
                "bare name: only {} lists it → {reference}",
                reference.provider
            );
            return Some((reference, Some(how)));
        }
        if !rules.agent_aliases && !text.to_lowercase().starts_with("openrouter:") {
            let reference = ModelRef::new(rules.builtin.0, text);
            let how = format!(
                "bare name: {} is put in front → {reference}",
                rules.builtin.0
            );
            return Some((reference, Some(how)));
        }
    }
    let found = lookup::resolve(rules, settings, agent, aliases, rules.builtin.0, text)?;
    Some((found.reference, found.how))
}

/// Whether a provider of the configuration lists exactly this id.
fn lists(settings: &ModelSettings, provider: &str, model: &str) -> bool {
    let folded = provider.trim().to_lowercase();
    settings.providers.iter().any(|p| {
        p.id.trim().to_lowercase() == folded && p.models.iter().any(|m| trim(m) == trim(model))
    })
}

/// The first model of the first provider, when the built-in default's provider is not configured.
fn first_of_a_provider(rules: &Rules, settings: &ModelSettings) -> Option<(ModelRef, Said)> {
    let (default_provider, default_model) = rules.builtin;
    let of_default = settings.providers.iter().find(|p| match rules.bare {
        Bare::DefaultProvider => p.id == default_provider,
        Bare::OnlyProvider => rules.names.provider(&p.id) == default_provider,
    });
    let stays = match rules.bare {
        Bare::DefaultProvider => of_default.is_some(),
        Bare::OnlyProvider => {
            of_default.is_some_and(|p| p.models.iter().any(|m| m == default_model))
        }
    };
    if stays {
        return None;
    }
    let first = settings.providers.iter().find(|p| !p.models.is_empty())?;
    let model = first.models[0].clone();
    let provider = match rules.bare {
        // Neither folded nor completed.
        Bare::DefaultProvider => first.id.clone(),
        Bare::OnlyProvider => rules.names.provider(&first.id),
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

/// What a chain is made from.
pub(super) struct Behind<'a> {
    /// The agent's entry.
    pub(super) agent: Option<&'a AgentModels>,
    /// The defaults merged with it.
    pub(super) merged: &'a Merged<'a>,
    /// The agent's default.
    pub(super) default: &'a ModelRef,
    /// The alias index of the agent, with the default's provider.
    pub(super) aliases: &'a AliasIndex,
    /// `payload.fallbacks`.
    pub(super) payload: Option<&'a [String]>,
    /// Whether `payload.model` names something.
    pub(super) pinned: bool,
    /// The selected model.
    pub(super) selected: &'a ModelRef,
    /// Which step selected it.
    pub(super) source: Source,
}

/// The models that are tried, each with where it was written.
pub(super) struct Line {
    /// The models, without duplicates.
    pub(super) models: Vec<(ModelRef, String)>,
    /// Where the fallbacks come from.
    pub(super) origin: ChainOrigin,
}

/// A list of fallbacks: its texts with their places.
type Texts = Vec<(String, String)>;

fn texts(list: &[Said]) -> Texts {
    let of = |s: &Said| (s.text.clone(), s.at.path.clone());
    list.iter().map(of).collect()
}

/// Puts the fallbacks behind the selected model.
pub(super) fn line(rules: &Rules, settings: &ModelSettings, b: &Behind<'_>) -> Line {
    let overridden = overridden(rules, settings, b);
    let first = rules
        .names
        .reference(&b.selected.provider, &b.selected.model);
    // Later releases take the selected model as it is: it was written alike when it was resolved.
    let first = if rules.agent_aliases {
        b.selected.clone()
    } else {
        first
    };
    let mut models = vec![(first.clone(), "selected".to_owned())];
    let mut seen = vec![identity(rules, &first)];
    let mut add = |models: &mut Vec<(ModelRef, String)>, reference: ModelRef, from: String| {
        let key = identity(rules, &reference);
        if !seen.contains(&key) {
            seen.push(key);
            models.push((reference, from));
        }
    };
    let resolve = |text: &str| {
        let text = trim(text);
        // A fallback's bare name always belongs to the default's provider.
        lookup::resolve_in(rules, settings, b.aliases, &b.default.provider, text)
    };
    let inherits = overridden.is_none();
    let (list, mut origin) = match overridden {
        Some((list, origin)) => (list, origin),
        None => {
            let list = b.merged.fallbacks;
            let other_provider = matches!(rules.chain, Chain::DefaultBehind | Chain::Strict)
                && first.provider != rules.names.provider(&b.default.provider);
            let reachable = !other_provider
                || list
                    .iter()
                    .any(|s| resolve(&s.text).is_some_and(|r| r == first));
            let origin = match (b.merged.own_fallbacks, list.is_empty() || !reachable) {
                (_, true) => ChainOrigin::None,
                (true, false) => ChainOrigin::Agent,
                (false, false) => ChainOrigin::Defaults,
            };
            (if reachable { texts(list) } else { Vec::new() }, origin)
        }
    };
    for (text, from) in list {
        if let Some(reference) = resolve(&text) {
            add(&mut models, reference, from);
        }
    }
    if inherits {
        let before = models.len();
        let from = "the configured default".to_owned();
        add(&mut models, b.default.clone(), from);
        if models.len() > before && origin == ChainOrigin::None {
            origin = ChainOrigin::Defaults;
        }
    }
    Line { models, origin }
}

/// What makes two candidates the same: the key, later the pair.
fn identity(rules: &Rules, model: &ModelRef) -> String {
    if rules.agent_aliases {
        format!("{}\0{}", model.provider, model.model)
    } else {
        model.to_string()
    }
}

/// The list that replaces the inherited one, when something gives such a list.
fn overridden(
    rules: &Rules,
    settings: &ModelSettings,
    b: &Behind<'_>,
) -> Option<(Texts, ChainOrigin)> {
    if let Some(own) = b.payload {
        let at = |i: usize| format!("payload.fallbacks[{i}]");
        let list = own.iter().enumerate().map(|(i, t)| (t.clone(), at(i)));
        return Some((list.collect(), ChainOrigin::Payload));
    }
    let agent_model = b.agent.and_then(|a| a.model.as_ref());
    if rules.chain == Chain::DefaultBehind {
        let own = agent_model.filter(|m| m.form == Form::Object)?;
        return Some((texts(own.fallbacks.as_deref()?), ChainOrigin::Agent));
    }
    if rules.chain == Chain::WithSubagents && !b.pinned {
        if matches!(b.source, Source::Subagent)
            && let Some(list) = of_subagent(settings, b.agent)
        {
            return Some((list, ChainOrigin::Subagent));
        }
        if inherits_by_same_text(settings, agent_model, b.source) {
            let list = defaults(settings);
            if !list.is_empty() {
                return Some((list, ChainOrigin::Defaults));
            }
        }
    }
    let own = of_model(agent_model);
    if let Some(list) = own {
        return Some((list, ChainOrigin::Agent));
    }
    if b.pinned {
        let list = defaults(settings);
        let origin = if list.is_empty() {
            ChainOrigin::None
        } else {
            ChainOrigin::Defaults
        };
        return Some((list, origin));
    }
    None
}

fn defaults(settings: &ModelSettings) -> Texts {
    let model = settings.defaults.model.as_ref();
    model
        .filter(|m| m.form == Form::Object)
        .and_then(|m| m.fallbacks.as_deref())
        .map(texts)
        .unwrap_or_default()
}

/// The fallbacks of a `model` value: a text, or an object with a primary alone, has none.
fn of_model(model: Option<&ModelSpec>) -> Option<Texts> {
    let model = model?;
    match model.form {
        Form::Text => model.primary.is_some().then(Vec::new),
        Form::Object => match (&model.fallbacks, &model.primary) {
            (Some(list), _) => Some(texts(list)),
            (None, Some(_)) => Some(Vec::new()),
            (None, None) => None,
        },
    }
}

/// The fallbacks of the sub-agent default that was chosen.
fn of_subagent(settings: &ModelSettings, agent: Option<&AgentModels>) -> Option<Texts> {
    let own = agent.and_then(|a| a.subagents.as_ref());
    of_model(own).or_else(|| {
        let from_own = own.is_some_and(|m| m.primary.is_some());
        if from_own {
            return None;
        }
        let all = settings.defaults.subagents.as_ref();
        of_model(all.filter(|m| m.primary.is_some()))
    })
}

/// Whether the agent's model is a text equal to the defaults' primary: then it keeps their
/// fallbacks.
fn inherits_by_same_text(
    settings: &ModelSettings,
    own: Option<&ModelSpec>,
    source: Source,
) -> bool {
    let primary = |m: Option<&ModelSpec>| {
        m.and_then(|m| m.primary.as_ref())
            .map(|s| trim(&s.text).to_owned())
    };
    let own = own.filter(|m| m.form == Form::Text);
    matches!(source, Source::Default | Source::Agent)
        && own.is_some()
        && primary(own) == primary(settings.defaults.model.as_ref())
}
