//! What is known about one agent under one set of rules.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::ModelRef;
use super::agent::{self, Merged};
use super::alias::AliasIndex;
use super::allow::{self, Allowed, Refusal, Scope};
use super::default::{self, Default};
use super::fallback::Line;
use super::lookup::{self, Found, View};
use super::resolution::Source;
use super::rules::Rules;
use super::settings::{AgentModels, ModelSettings};

/// What is known about one agent under one set of rules, worked out once.
#[derive(Debug)]
pub(super) struct AgentFacts<'a> {
    /// Its entry.
    pub(super) entry: Option<&'a AgentModels>,
    /// The defaults merged with it.
    pub(super) merged: Merged<'a>,
    /// Its default model.
    pub(super) default: Default,
    /// Its aliases, bare keys belonging to the default's provider.
    pub(super) aliases: AliasIndex,
    /// Those of its fallbacks, where they differ.
    pub(super) behind: Option<AliasIndex>,
    /// What it may run.
    pub(super) allowed: Allowed,
    /// The Gmail hook's model for it, when one is set.
    pub(super) gmail: Option<GmailModel>,
    /// Texts that were resolved before: few jobs name a text of their own.
    texts: RefCell<FxHashMap<String, Result<Found, Refusal>>>,
    /// Fallbacks that were.
    fallbacks: RefCell<FxHashMap<String, Option<ModelRef>>>,
    /// Chains behind a model, by what selected it and whether the job names a model.
    lines: RefCell<FxHashMap<(ModelRef, Source, bool), Line>>,
}

/// `hooks.gmail.model` for an agent.
#[derive(Debug)]
pub(super) struct GmailModel {
    /// The model; `None` when it cannot be parsed.
    pub(super) reference: Option<ModelRef>,
    /// Whether the agent may run it.
    pub(super) allowed: bool,
}

impl<'a> AgentFacts<'a> {
    /// Works out what is known about an agent.
    pub(super) fn of(rules: &Rules, settings: &'a ModelSettings, id: &str) -> Self {
        let entry = agent::entry(settings, id);
        let view = View {
            rules,
            settings,
            agent: entry,
            merged: false,
        };
        let merged = agent::merged(settings, entry);
        let default = default::default(&view.merged(), &merged);
        let aliases = AliasIndex::build(&view, &default.reference.provider);
        let scope = Scope {
            default: &default.reference,
            fallbacks: merged.fallbacks,
            aliases: &aliases,
        };
        let allowed = allow::allowed(&view, &scope);
        let gmail = gmail(&view, &scope);
        let merged_view = view.merged();
        let behind = merged_view
            .is_replaced()
            .then(|| AliasIndex::build(&merged_view, &default.reference.provider));
        Self {
            entry,
            merged,
            default,
            aliases,
            behind,
            allowed,
            gmail,
            texts: RefCell::default(),
            fallbacks: RefCell::default(),
            lines: RefCell::default(),
        }
    }

    /// What texts of this agent are looked up in.
    pub(super) fn view<'v>(&self, rules: &'v Rules, settings: &'v ModelSettings) -> View<'v>
    where
        'a: 'v,
    {
        View {
            rules,
            settings,
            agent: self.entry,
            merged: false,
        }
    }

    /// Resolves a text and checks it against the allowlist.
    pub(super) fn resolve(
        &self,
        rules: &Rules,
        settings: &ModelSettings,
        text: &str,
    ) -> Result<Found, Refusal> {
        if let Some(known) = self.texts.borrow().get(text) {
            return known.clone();
        }
        let view = self.view(rules, settings);
        let provider = &self.default.reference.provider;
        let resolved = match lookup::resolve(&view, &self.aliases, provider, text) {
            None => Err(Refusal::Invalid),
            Some(found) if self.allowed.allows(&found.reference) => Ok(found),
            Some(found) => Err(Refusal::NotAllowed(found)),
        };
        let mut texts = self.texts.borrow_mut();
        texts.insert(text.to_owned(), resolved.clone());
        resolved
    }

    /// Makes a chain as `make` does, once for what it depends on when the job lists no fallbacks.
    pub(super) fn line(
        &self,
        selected: &ModelRef,
        source: Source,
        pinned: bool,
        make: impl FnOnce() -> Line,
    ) -> Line {
        let key = (selected.clone(), source, pinned);
        if let Some(known) = self.lines.borrow().get(&key) {
            return known.clone();
        }
        let line = make();
        self.lines.borrow_mut().insert(key, line.clone());
        line
    }

    /// Reads a fallback as `read` does, once per text.
    pub(super) fn fallback(
        &self,
        text: &str,
        read: impl FnOnce() -> Option<ModelRef>,
    ) -> Option<ModelRef> {
        if let Some(known) = self.fallbacks.borrow().get(text) {
            return known.clone();
        }
        let found = read();
        let mut fallbacks = self.fallbacks.borrow_mut();
        fallbacks.insert(text.to_owned(), found.clone());
        found
    }
}

/// Works out the Gmail hook's model. Its check forgets the agent's model: only the defaults' own
/// fallbacks count.
fn gmail(view: &View<'_>, scope: &Scope<'_>) -> Option<GmailModel> {
    let said = view.settings.gmail.as_ref()?;
    let provider = view.rules.builtin.0;
    let defaults = view.of_defaults();
    let aliases = AliasIndex::build(&defaults, provider);
    let reference = lookup::resolve_in(&defaults, &aliases, provider, &said.text);
    let model = view.settings.defaults.model.as_ref();
    let fallbacks = model.and_then(|m| m.fallbacks.as_deref());
    let scope = Scope {
        fallbacks: fallbacks.unwrap_or_default(),
        ..*scope
    };
    let allowed = allow::allowed(view, &scope);
    Some(GmailModel {
        allowed: reference.as_ref().is_some_and(|r| allowed.allows(r)),
        reference,
    })
}
