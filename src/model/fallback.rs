//! The chain of fallbacks behind a selected model.

use super::ModelRef;
use super::alias::AliasIndex;
use super::facts::AgentFacts;
use super::lookup::{self, View};
use super::names::trim;
use super::resolution::{ChainOrigin, Source};
use super::rules::{First, Inherit, OwnFallbacks};
use super::settings::{AgentModels, Form, ModelSettings, ModelSpec, Said};

/// What a chain is made from.
pub(super) struct Behind<'a> {
    /// The agent.
    pub(super) facts: &'a AgentFacts<'a>,
    /// `payload.fallbacks`.
    pub(super) payload: Option<&'a [String]>,
    /// Whether it held other values than texts, which are left out.
    pub(super) payload_is_odd: bool,
    /// Whether `payload.model` names something.
    pub(super) pinned: bool,
    /// The selected model.
    pub(super) selected: &'a ModelRef,
    /// Which step selected it.
    pub(super) source: Source,
}

impl Behind<'_> {
    fn default(&self) -> &ModelRef {
        &self.facts.default.reference
    }

    fn aliases(&self) -> &AliasIndex {
        self.facts.behind.as_ref().unwrap_or(&self.facts.aliases)
    }
}

/// The models that are tried, each with where it was written.
#[derive(Clone, Debug)]
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
pub(super) fn line(view: &View<'_>, b: &Behind<'_>) -> Line {
    if b.payload.is_some() {
        return made(view, b);
    }
    b.facts
        .line(b.selected, b.source, b.pinned, || made(view, b))
}

fn made(view: &View<'_>, b: &Behind<'_>) -> Line {
    let (rules, names) = (view.rules, &view.rules.names);
    let overridden = overridden(view, b);
    let first = first(view, b);
    let mut line = Adding {
        view,
        models: Vec::new(),
        seen: Vec::new(),
    };
    line.add(first.clone(), "selected".to_owned());
    let inherits = overridden.is_none();
    let (list, mut origin) = overridden.unwrap_or_else(|| {
        let list = b.facts.merged.fallbacks;
        let is_first = |s: &Said| fallback(view, b, &s.text).is_some_and(|r| r == first);
        let default = names.reference(&b.default().provider, &b.default().model);
        let applies = match rules.chain.inherit {
            Inherit::Always => true,
            Inherit::SameProvider => first.provider == default.provider,
            Inherit::SameModel => first == default,
        };
        if list.is_empty() || !(applies || list.iter().any(is_first)) {
            return (Vec::new(), ChainOrigin::None);
        }
        let origin = if b.facts.merged.own_fallbacks {
            ChainOrigin::Agent
        } else {
            ChainOrigin::Defaults
        };
        (texts(list), origin)
    });
    for (text, from) in list {
        let Some(mut reference) = fallback(view, b, &text) else {
            continue;
        };
        if rules.chain.filtered && !b.facts.allowed.lists(&reference) {
            continue;
        }
        if rules.chain.normalised {
            reference = names.reference(&reference.provider, &reference.model);
        }
        line.add(reference, from);
    }
    if inherits {
        let before = line.models.len();
        let default = if rules.chain.normalised {
            names.reference(&b.default().provider, &b.default().model)
        } else {
            b.default().clone()
        };
        line.add(default, "the configured default".to_owned());
        if line.models.len() > before && origin == ChainOrigin::None {
            origin = ChainOrigin::Defaults;
        }
    }
    Line {
        models: line.models,
        origin,
    }
}

/// Candidates without duplicates.
struct Adding<'a> {
    view: &'a View<'a>,
    models: Vec<(ModelRef, String)>,
    seen: Vec<String>,
}

impl Adding<'_> {
    fn add(&mut self, model: ModelRef, from: String) {
        let key = if self.view.rules.chain.by_pair {
            format!("{}\0{}", model.provider, model.model)
        } else {
            self.view.rules.names.key(&model)
        };
        if !self.seen.contains(&key) {
            self.seen.push(key);
            self.models.push((model, from));
        }
    }
}

/// What is made of the selected model.
fn first(view: &View<'_>, b: &Behind<'_>) -> ModelRef {
    let names = &view.rules.names;
    let normal = || names.reference(&b.selected.provider, &b.selected.model);
    let alias = |text: &str| {
        let text = names.without_profile(text);
        let found = b.aliases().get(view.rules, text)?;
        Some(found.reference)
    };
    let whole = format!("{}/{}", b.selected.provider, b.selected.model);
    let aliased = match view.rules.chain.first {
        First::Verbatim => return b.selected.clone(),
        First::Normalised => None,
        First::AliasOfAny => alias(&b.selected.model).or_else(|| alias(&whole)),
        First::AliasOfProvider => alias(&whole).or_else(|| {
            let provider = names.provider(&b.selected.provider);
            alias(&b.selected.model)
                .filter(|r| r.provider == provider || provider == b.default().provider)
        }),
    };
    match aliased {
        Some(model) => names.reference(&model.provider, &model.model),
        None => normal(),
    }
}

fn fallback(view: &View<'_>, b: &Behind<'_>, text: &str) -> Option<ModelRef> {
    b.facts.fallback(text, || read(view, b, text))
}

/// Reads a fallback: a bare name always belongs to the default's provider.
fn read(view: &View<'_>, b: &Behind<'_>, text: &str) -> Option<ModelRef> {
    let (names, text) = (&view.rules.names, trim(text));
    let provider = &b.default().provider;
    if !view.rules.chain.blind {
        return lookup::resolve_in(view, b.aliases(), provider, text);
    }
    let model = names.without_profile(text);
    if model.is_empty() {
        return None;
    }
    let alias = b.aliases().get(view.rules, model).map(|f| f.reference);
    alias.or_else(|| match model.to_lowercase().as_str() {
        "openrouter:auto" => lookup::openrouter(view, model, provider),
        _ => names.parse(model, provider),
    })
}

/// The list that replaces the inherited one, when something gives such a list.
fn overridden(view: &View<'_>, b: &Behind<'_>) -> Option<(Texts, ChainOrigin)> {
    let chain = &view.rules.chain;
    if chain.payload
        && let Some(own) = payload(chain.payload_trimmed, b)
    {
        return Some((own, ChainOrigin::Payload));
    }
    let agent_model = b.facts.entry.and_then(|a| a.model.as_ref());
    if !b.pinned {
        if chain.of_subagents
            && b.source == Source::Subagent
            && let Some(list) = of_subagent(view.settings, b.facts.entry)
        {
            return Some((list, ChainOrigin::Subagent));
        }
        if chain.same_text && inherits_by_same_text(view.settings, agent_model, b.source) {
            let list = defaults(view.settings);
            if !list.is_empty() {
                return Some((list, ChainOrigin::Defaults));
            }
        }
    }
    let own = match chain.own {
        OwnFallbacks::Listed => {
            let object = agent_model.filter(|m| m.form == Form::Object);
            object.and_then(|m| m.fallbacks.as_deref()).map(texts)
        }
        OwnFallbacks::Strict => of_model(agent_model),
    };
    if let Some(list) = own {
        return Some((list, ChainOrigin::Agent));
    }
    if b.pinned && chain.pinned_ends {
        let list = defaults(view.settings);
        let origin = if list.is_empty() {
            ChainOrigin::None
        } else {
            ChainOrigin::Defaults
        };
        return Some((list, origin));
    }
    None
}

/// `payload.fallbacks`, as the release keeps it.
fn payload(trimmed: bool, b: &Behind<'_>) -> Option<Texts> {
    let list = b.payload?;
    let at = |(i, text): (usize, &String)| (text.clone(), format!("payload.fallbacks[{i}]"));
    let texts = list.iter().enumerate().map(at);
    if !trimmed {
        return Some(texts.collect());
    }
    let kept: Texts = texts.filter(|(text, _)| !trim(text).is_empty()).collect();
    // A list of nothing but blanks and other values is no list.
    let was_empty = list.is_empty() && !b.payload_is_odd;
    (was_empty || !kept.is_empty()).then_some(kept)
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
