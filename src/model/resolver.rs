//! The resolver: jobs in, resolutions out, under one set of rules.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::agent;
use super::allow::Allowed;
use super::era::Otherwise;
use super::facts::AgentFacts;
use super::fallback::{self, Behind, Line};
use super::load::at_load;
use super::lookup;
use super::names::trim;
use super::refuse::refused_config;
use super::resolution::{
    AgentUse, Candidate, ChainOrigin, Failure, FailureClass, Fate, Mechanism, Outcome, Resolution,
    Source, Step, StepName, StepOutcome, Verdict,
};
use super::rules::{Chain, Disallowed, First, Live, Rules};
use super::select::{self, Known, Selected, Selecting};
use super::settings::ModelSettings;
use super::{ModelRef, SessionRow, target};
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
/// Source: `toAgentStoreSessionKey`; openclaw.md §3.
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

    /// The models that an agent may name, sorted; `None` when any may be named.
    pub fn allowed(&mut self, agent: &str) -> Option<Vec<ModelRef>> {
        match &self.facts(agent).allowed {
            Allowed::Any => None,
            Allowed::Only(only) => Some(only.models.clone()),
        }
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
            return self.in_main_session(agent, &facts, job, &row, &key);
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
            Err(failure) => return refused(agent, selected.clone_parts(), failure.clone()),
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
        let live = self.live(&facts, &row, &key);
        walked(
            &Walk {
                job,
                declared,
                row: &row,
                denied: r.denied,
                live: live.as_ref(),
            },
            agent,
            selected,
            source,
            chain,
        )
    }

    /// The selection that 2026.3.28 compares every attempt with.
    fn live(&self, facts: &AgentFacts<'_>, row: &Known<'_>, key: &str) -> Option<Selection> {
        if self.resolver.rules.live != Live::Compare {
            return None;
        }
        let row = match row {
            Known::Row(row) => Some(*row),
            _ => None,
        };
        let default = &facts.default;
        let provider = row.and_then(|r| r.provider_override.clone());
        let model = row.and_then(|r| r.model_override.clone());
        let at = match (row, provider.is_some() || model.is_some()) {
            (Some(row), true) => format!("{}: {key}", row.at),
            _ => default
                .said
                .as_ref()
                .map_or_else(|| "built in".to_owned(), |d| d.at.to_string()),
        };
        Some(Selection {
            of_row: model.is_some() || provider.is_some(),
            value: ModelRef {
                provider: provider.unwrap_or_else(|| default.reference.provider.clone()),
                model: model.unwrap_or_else(|| default.reference.model.clone()),
            },
            at,
        })
    }

    /// A turn in the agent's main session: the job's text is queued there, and the turn is the
    /// session's own.
    fn in_main_session(
        &self,
        agent: AgentUse,
        facts: &AgentFacts<'_>,
        job: &Job,
        row: &Known<'_>,
        key: &str,
    ) -> Resolution {
        let r = self.resolver;
        let declared = job.model.as_deref().map(trim).filter(|m| !m.is_empty());
        let mut steps = Vec::new();
        let mut push =
            |step: StepName, said: Option<(&str, String)>, reference, outcome, why: &str| {
                let (value, found_at) =
                    said.map_or((None, None), |(v, at)| (Some(v.to_owned()), Some(at)));
                steps.push(Step {
                    order: steps.len() + 1,
                    step,
                    found_at,
                    value,
                    reference,
                    outcome,
                    reason: why.to_owned(),
                });
            };
        if let Some(text) = declared {
            let at = format!("job {}: payload.model", job.id);
            push(
                StepName::Payload,
                Some((text, at)),
                None,
                StepOutcome::Ignored,
                "a job of the main session has no model of its own: its text is queued there",
            );
        }
        let heartbeat = facts.entry.and_then(|a| a.heartbeat.as_ref()).or(r
            .settings
            .defaults
            .heartbeat
            .as_ref());
        let mut effective = None;
        if let Some(said) = heartbeat {
            let provider = &facts.default.reference.provider;
            let view = facts.view(&r.rules, &r.settings);
            match lookup::resolve_in(&view, &facts.aliases, provider, &said.text) {
                Some(model) => {
                    effective = Some((model.clone(), Source::Heartbeat));
                    push(
                        StepName::Heartbeat,
                        Some((&said.text, said.at.to_string())),
                        Some(model),
                        StepOutcome::Chosen,
                        "the turn is a heartbeat's",
                    );
                }
                None => push(
                    StepName::Heartbeat,
                    Some((&said.text, said.at.to_string())),
                    None,
                    StepOutcome::Refused,
                    "is no model",
                ),
            }
        }
        let mut missing = Vec::new();
        match row {
            Known::Row(SessionRow {
                model_override: Some(model),
                provider_override,
                at,
                ..
            }) => {
                let provider = provider_override
                    .as_deref()
                    .unwrap_or(&facts.default.reference.provider);
                let reference = r.rules.names.reference(provider, model);
                let allowed = facts.allowed.allows(&reference);
                let (outcome, why) = match (&effective, allowed) {
                    (Some(_), _) => (StepOutcome::Lost, "lost to the heartbeat's model"),
                    (None, true) => (StepOutcome::Chosen, ""),
                    (None, false) => (StepOutcome::Refused, "is not allowed"),
                };
                push(
                    StepName::Session,
                    Some((
                        &format!("{provider}/{model}"),
                        format!("{at}: {key}.modelOverride"),
                    )),
                    Some(reference.clone()),
                    outcome,
                    why,
                );
                if outcome == StepOutcome::Chosen {
                    effective = Some((reference, Source::Session));
                }
            }
            Known::Row(_) => push(
                StepName::Session,
                None,
                None,
                StepOutcome::Absent,
                "the session row has no override",
            ),
            Known::None => push(
                StepName::Session,
                None,
                None,
                StepOutcome::Absent,
                &format!("no session row {key}"),
            ),
            Known::Unknown(why) => {
                if effective.is_none() {
                    missing.push(format!("whether session row {key} has an override: {why}"));
                }
                push(StepName::Session, None, None, StepOutcome::Unknown, why);
            }
        }
        let (name, source) = if facts.merged.own_primary {
            (StepName::Agent, Source::Agent)
        } else {
            (StepName::Default, Source::Default)
        };
        let default = &facts.default;
        push(
            name,
            default
                .said
                .as_ref()
                .map(|d| (d.text.as_str(), d.at.to_string())),
            Some(default.reference.clone()),
            if effective.is_none() {
                StepOutcome::Chosen
            } else {
                StepOutcome::Lost
            },
            default.how.as_deref().unwrap_or_default(),
        );
        let (model, source) = effective.unwrap_or_else(|| (default.reference.clone(), source));
        // The interactive runner goes on with the selection, where the cron runner gives up.
        let live = self.live(facts, row, key).filter(|l| l.value != model);
        let (model, source, mechanism) = match live {
            Some(live) => {
                push(
                    StepName::Live,
                    Some((&live.value.to_string(), live.at)),
                    Some(live.value.clone()),
                    StepOutcome::Overruled,
                    "the turn is restarted with the session's selection",
                );
                let source = if live.of_row {
                    Source::Session
                } else {
                    Source::Default
                };
                (live.value, source, Mechanism::LiveSelection)
            }
            None => (model, source, Mechanism::Selection),
        };
        let intended = declared.and_then(|text| facts.resolve(&r.rules, &r.settings, text).ok());
        let intended = intended.map(|f| f.reference);
        Resolution {
            agent,
            steps,
            verdict: match (declared, &intended) {
                (None, _) => Verdict::Unpinned,
                (Some(_), Some(intended)) if *intended == model => Verdict::Honoured,
                _ => Verdict::NotHonoured,
            },
            intended,
            candidates: vec![Candidate {
                model: model.clone(),
                from: "selected".to_owned(),
                fate: Fate::Called,
                reason: None,
            }],
            effective: Some(model),
            source: Some(source),
            mechanism,
            outcome: Outcome::Runs,
            failure: None,
            chain: ChainOrigin::None,
            strict: false,
            missing,
            notes: vec![
                "the session's own fallbacks apply, which are not worked out for main-session jobs"
                    .to_owned(),
            ],
        }
    }
}

/// The selection that a run is compared with.
struct Selection {
    value: ModelRef,
    at: String,
    /// Whether the row has an override, or the agent's default stands in.
    of_row: bool,
}

fn empty(agent: AgentUse) -> Resolution {
    Resolution {
        agent,
        steps: Vec::new(),
        intended: None,
        effective: None,
        source: None,
        mechanism: Mechanism::None,
        outcome: Outcome::NoModel,
        failure: None,
        candidates: Vec::new(),
        chain: ChainOrigin::None,
        strict: false,
        verdict: Verdict::NoModel,
        missing: Vec::new(),
        notes: Vec::new(),
    }
}

fn calls_none(agent: AgentUse, kind: &str) -> Resolution {
    Resolution {
        notes: vec![format!("a {kind} payload calls no model")],
        ..empty(agent)
    }
}

fn ended(
    agent: AgentUse,
    declared: Option<&str>,
    outcome: Outcome,
    failure: Failure,
) -> Resolution {
    let mut resolution = Resolution {
        outcome,
        failure: Some(failure),
        verdict: Verdict::Fails,
        ..empty(agent)
    };
    if let Some(text) = declared {
        resolution.steps.push(Step {
            order: 1,
            step: StepName::Payload,
            found_at: None,
            value: Some(text.to_owned()),
            reference: None,
            outcome: StepOutcome::Lost,
            reason: "the run ends before it counts".to_owned(),
        });
    }
    resolution
}

impl Selected {
    fn clone_parts(&self) -> (Vec<Step>, Option<ModelRef>, Vec<String>) {
        (
            self.steps.clone(),
            self.intended.clone(),
            self.missing.clone(),
        )
    }
}

fn refused(
    agent: AgentUse,
    (steps, intended, missing): (Vec<Step>, Option<ModelRef>, Vec<String>),
    failure: Failure,
) -> Resolution {
    Resolution {
        steps,
        intended,
        missing,
        outcome: Outcome::Fails,
        failure: Some(failure),
        verdict: Verdict::Fails,
        ..empty(agent)
    }
}

/// What decides which candidate runs.
struct Walk<'a> {
    job: &'a Job,
    declared: Option<&'a str>,
    row: &'a Known<'a>,
    denied: &'a [ModelRef],
    live: Option<&'a Selection>,
}

/// Tries the candidates in order.
fn walked(
    walk: &Walk<'_>,
    agent: AgentUse,
    selected: Selected,
    source: Source,
    chain: Line,
) -> Resolution {
    let mut candidates = Vec::with_capacity(chain.models.len());
    let mut called: Option<usize> = None;
    let mut last = None;
    for (model, from) in chain.models {
        let (fate, reason) = if called.is_some() {
            (Fate::Waits, None)
        } else if let Some(live) = walk.live.filter(|l| l.value != model) {
            last = Some(FailureClass::LiveSelection);
            let why = format!("the session's selection is {}", live.value);
            (Fate::ThrownBack, Some(why))
        } else if walk.denied.contains(&model) {
            last = Some(FailureClass::ProviderRefused);
            (
                Fate::Denied,
                Some("--what-if: its provider refuses it".to_owned()),
            )
        } else {
            called = Some(candidates.len());
            (Fate::Called, None)
        };
        candidates.push(Candidate {
            model,
            from,
            fate,
            reason,
        });
    }
    let mut steps = selected.steps;
    let mut missing = selected.missing;
    if let Some(live) = walk.live {
        let thrown = candidates
            .iter()
            .filter(|c| c.fate == Fate::ThrownBack)
            .count();
        steps.push(Step {
            order: steps.len() + 1,
            step: StepName::Live,
            found_at: Some(live.at.clone()),
            value: Some(live.value.to_string()),
            reference: Some(live.value.clone()),
            outcome: if thrown > 0 {
                StepOutcome::Overruled
            } else {
                StepOutcome::Ignored
            },
            reason: if thrown > 0 {
                let of = if live.of_row {
                    "the session row's override"
                } else {
                    "the agent's default"
                };
                format!(
                    "before every attempt the candidate is compared with the live selection, which \
                     is {of}: {thrown} of {} candidates thrown back before any model call",
                    candidates.len()
                )
            } else {
                "equals what was selected".to_owned()
            },
        });
        if let Known::Unknown(why) = walk.row {
            let what = format!("the session's selection: {why}");
            if !missing.contains(&what) {
                missing.push(what);
            }
        }
    }
    let mut resolution = Resolution {
        steps,
        intended: selected.intended,
        strict: candidates.len() <= 1,
        chain: chain.origin,
        missing,
        ..empty(agent)
    };
    if let Some(at) = called {
        let effective = candidates[at].model.clone();
        let thrown = candidates[..at].iter().any(|c| c.fate == Fate::ThrownBack);
        let denied = candidates[..at].iter().any(|c| c.fate == Fate::Denied);
        resolution.mechanism = match (thrown, denied) {
            (true, _) => Mechanism::LiveSelection,
            (false, true) => Mechanism::Failover,
            (false, false) if selected.refused => Mechanism::NotAllowed,
            (false, false) => Mechanism::Selection,
        };
        resolution.source = Some(match (at, walk.live) {
            (0, _) => source,
            (_, Some(live)) if thrown && live.of_row => Source::Session,
            (_, Some(_)) if thrown => Source::Default,
            _ => Source::Fallback,
        });
        resolution.outcome = Outcome::Runs;
        resolution.verdict = match (walk.declared, &resolution.intended) {
            (None, _) => Verdict::Unpinned,
            (Some(_), Some(intended)) if same(intended, &effective) => Verdict::Honoured,
            _ => Verdict::NotHonoured,
        };
        resolution.effective = Some(effective);
    } else {
        let class = last.unwrap_or(FailureClass::ProviderRefused);
        resolution.outcome = Outcome::Fails;
        resolution.verdict = Verdict::Fails;
        resolution.failure = Some(Failure {
            class,
            error: match (class, walk.live) {
                (FailureClass::LiveSelection, Some(live)) => format!(
                    "LiveSessionModelSwitchError: Live session model switch requested: {}/{}",
                    live.value.provider, live.value.model
                ),
                _ => format!(
                    "every candidate of job {} is refused by its provider",
                    walk.job.id
                ),
            },
        });
    }
    resolution.candidates = candidates;
    resolution
}

/// Whether two references are the same model to a gateway.
fn same(a: &ModelRef, b: &ModelRef) -> bool {
    a == b || a.to_string() == b.to_string()
}
