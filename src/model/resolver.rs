//! The resolver: jobs in, resolutions out, under one set of rules.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::agent;
use super::allow::{Allowed, Only};
use super::ended::{calls_none, ended, refused};
use super::era::Otherwise;
use super::facts::AgentFacts;
use super::fallback::{self, Behind};
use super::load::at_load;
use super::main_session::{self, Turn};
use super::names::trim;
use super::refuse::refused_config;
use super::resolution::{AgentUse, Failure, Outcome, Resolution};
use super::rules::{Chain, Disallowed, First, Live, Rules};
use super::select::{self, Known, Selecting};
use super::settings::ModelSettings;
use super::walk::{Walk, selection, walked};
use super::{ModelRef, target};
use crate::job::Job;

/// Whose rules a resolution follows.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The release's own.
    #[default]
    Actual,
    /// The fix of the incident: the payload is authoritative for isolated sessions. A selection of
    /// the session never replaces it, and a model that is refused fails instead of being replaced.
    Proposed,
}

/// Where session rows are looked up.
pub trait Rows {
    /// Returns what is known about the row of `key`, which belongs to `agent`.
    fn row(&self, agent: &str, key: &str) -> Known<'_>;
}

/// Rows of a source that has none to show: nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct NoRows(pub &'static str);

impl Rows for NoRows {
    fn row(&self, _: &str, _: &str) -> Known<'_> {
        Known::Unknown(self.0.to_owned())
    }
}

/// Resolves the jobs of one source under one set of rules.
pub struct Resolver<'a> {
    settings: std::borrow::Cow<'a, ModelSettings>,
    rules: Rules,
    /// Models that their providers refuse (`--what-if`).
    denied: &'a [ModelRef],
    /// Why the gateway refuses the configuration.
    refused: Option<Failure>,
    /// The same under other rules that the release may follow, and when it does.
    other: Option<(&'static str, Box<Self>)>,
}

/// What is worked out once per agent.
pub struct Agents<'a> {
    resolver: &'a Resolver<'a>,
    other: Option<Box<Self>>,
    known: FxHashMap<String, Rc<AgentFacts<'a>>>,
}

/// What an agent may name.
pub struct Allowlist<'a>(Option<Rc<AgentFacts<'a>>>);

impl Allowlist<'_> {
    fn only(&self) -> Option<&Only> {
        match &self.0.as_ref()?.allowed {
            Allowed::Any => None,
            Allowed::Only(only) => Some(only),
        }
    }

    /// The models, sorted; `None` when any may be named.
    pub fn models(&self) -> Option<&[ModelRef]> {
        Some(&self.only()?.models)
    }

    /// The entries as written, sorted; empty when any model may be named.
    pub fn written(&self) -> &[String] {
        self.only().map_or(&[], |only| &only.written)
    }
}

impl<'a> Resolver<'a> {
    /// A resolver for the configuration `settings` under `rules` and `policy`.
    pub fn new(
        settings: &'a ModelSettings,
        rules: Rules,
        policy: Policy,
        denied: &'a [ModelRef],
    ) -> Self {
        let rules = match policy {
            Policy::Actual => rules,
            Policy::Proposed => Rules {
                live: Live::None,
                disallowed: Disallowed::Fails,
                chain: Chain {
                    first: First::Verbatim,
                    ..rules.chain
                },
                ..rules
            },
        };
        Self {
            settings: at_load(settings, &rules),
            refused: refused_config(settings, &rules),
            rules,
            denied,
            other: None,
        }
    }

    /// Resolves by other rules too that the release may follow: where they change the answer, a note
    /// says so.
    #[must_use]
    pub fn otherwise(
        mut self,
        settings: &'a ModelSettings,
        policy: Policy,
        otherwise: Option<Otherwise>,
    ) -> Self {
        self.other = otherwise.map(|other| {
            let resolver = Self::new(settings, other.rules, policy, self.denied);
            (other.when, Box::new(resolver))
        });
        self
    }

    /// Starts resolving: what is the same for the jobs of an agent is worked out once.
    pub fn agents(&'a self) -> Agents<'a> {
        let other = self.other.as_ref();
        Agents {
            resolver: self,
            other: other.map(|(_, resolver)| Box::new(resolver.agents())),
            known: FxHashMap::default(),
        }
    }
}

/// The session key of a run: `agent:<agent>:cron:<job>`, or that of the session the job names.
///
/// Source: `toAgentStoreSessionKey`, all checked releases.
pub fn session_key(job: &Job, agent: &str, main_key: Option<&str>) -> String {
    let target = job.session_target.as_deref().unwrap_or("isolated");
    let named = target
        .strip_prefix("session:")
        .map(trim)
        .filter(|id| !id.is_empty());
    let raw = match (named, target) {
        (Some(id), _) => id.to_lowercase(),
        (None, "main") => "main".to_owned(),
        _ => format!("cron:{}", job.id.to_lowercase()),
    };
    if raw == "main" {
        let main = main_key
            .map(trim)
            .filter(|k| !k.is_empty())
            .unwrap_or("main");
        return format!("agent:{agent}:{}", main.to_lowercase());
    }
    if agent::of_session_key(&raw).is_some() {
        return raw;
    }
    format!("agent:{agent}:{raw}")
}

impl<'a> Agents<'a> {
    /// The agent that would run a job.
    pub fn agent(&self, job: &Job) -> AgentUse {
        let r = self.resolver;
        agent::choose(&r.rules, &r.settings, job.agent.as_deref())
    }

    /// What an agent may name; without an agent, anything.
    pub fn allowlist(&mut self, agent: Option<&str>) -> Allowlist<'a> {
        Allowlist(agent.map(|id| self.facts(id)))
    }

    fn facts(&mut self, id: &str) -> Rc<AgentFacts<'a>> {
        if let Some(known) = self.known.get(id) {
            return Rc::clone(known);
        }
        let r = self.resolver;
        let facts = Rc::new(AgentFacts::of(&r.rules, &r.settings, id));
        self.known.insert(id.to_owned(), Rc::clone(&facts));
        facts
    }

    /// Resolves one job.
    pub fn resolve(&mut self, job: &Job, rows: &dyn Rows) -> Resolution {
        let mut resolution = self.resolve_once(job, rows);
        if let (Some((when, _)), Some(other)) = (&self.resolver.other, &mut self.other) {
            let other = other.resolve_once(job, rows);
            if other.effective != resolution.effective || other.failure != resolution.failure {
                let runs = other.effective.map(|model| format!("{model} runs"));
                let fails = other.failure.map(|failure| failure.error);
                let what = runs.or(fails).unwrap_or_else(|| "no model runs".to_owned());
                resolution.notes.push(format!("{when}: {what}"));
            }
        }
        resolution
    }

    fn resolve_once(&mut self, job: &Job, rows: &dyn Rows) -> Resolution {
        let agent = self.agent(job);
        let declared = job.model.as_deref().map(trim).filter(|m| !m.is_empty());
        let kind = job.payload_kind.as_deref().unwrap_or("agentTurn");
        let r = self.resolver;
        if let Some(failure) = &r.refused {
            return ended(agent, declared, Outcome::Fails, failure.clone());
        }
        if let Some(failure) = target::does_not_fit(&r.rules, job, kind) {
            return ended(agent, declared, Outcome::Skips, failure);
        }
        if matches!(kind, "command" | "script") {
            return calls_none(agent, kind);
        }
        let Some(id) = agent.id.clone() else {
            let failure = agent::failure(&agent);
            return ended(agent, declared, Outcome::Fails, failure);
        };
        let main = job.session_target.as_deref() == Some("main");
        if let Some(failure) = target::bad_session(&r.rules, job) {
            return ended(agent, declared, Outcome::Fails, failure);
        }
        let facts = self.facts(&id);
        let key = session_key(job, &id, r.settings.main_key.as_deref());
        let row = rows.row(&id, &key);
        if main || kind == "heartbeat" {
            let turn = Turn {
                rules: &r.rules,
                settings: &r.settings,
                facts: &facts,
                job,
                row: &row,
                key: &key,
            };
            return main_session::resolve(&turn, agent);
        }
        let extras = job.extras.as_deref();
        let at = format!("job {}", job.id);
        let selected = select::select(&Selecting {
            rules: &r.rules,
            settings: &r.settings,
            facts: &facts,
            payload: declared,
            job_at: &at,
            fresh: target::session_name(&r.rules, job).is_none(),
            gmail: target::is_gmail(&r.rules, job),
            row: &row,
            row_key: &key,
        });
        let (model, source) = match &selected.model {
            Ok((model, source)) => (model.clone(), *source),
            Err(failure) => {
                let failure = failure.clone();
                return refused(agent, selected, failure);
            }
        };
        let chain = fallback::line(
            &facts.view(&r.rules, &r.settings).merged(),
            &Behind {
                facts: &facts,
                payload: extras.and_then(|e| e.fallbacks.as_deref()),
                payload_is_odd: extras.is_some_and(|e| e.odd_fallbacks.is_some()),
                pinned: declared.is_some(),
                selected: &model,
                source,
            },
        );
        let current = selection(&r.rules, &facts, &row, &key);
        walked(
            &Walk {
                job,
                declared,
                row: &row,
                denied: r.denied,
                live: current.as_ref(),
            },
            agent,
            selected,
            source,
            chain,
        )
    }
}
