//! Who plays: each job with the models that it calls, each source with the rules that hold for it.

use rustc_hash::FxHashMap;

use super::retry;
use crate::command::explain_model::gather::{self as models, How};
use crate::command::plan::args::PlanArgs;
use crate::command::plan::gather::Gathered;
use crate::command::plan::given::Given;
use crate::command::plan::slots;
use crate::job::Job;
use crate::model::{self, Fate, Live, ModelRef, Outcome, Policy, Resolution, Resolver, StepName};
use crate::plan::Dispatch;
use crate::rehearsal::{Actor, Beat, Calls, Era, Gateway, Silence, Target};
use crate::schedule::{Rules, ScheduleSpec, Version, stagger};
use crate::source::{self, Loaded, Scheduler, SourceInfo};

/// Up to here retries are taken to be 2026.3's, from here on 2026.9's: read of neither in between.
const RETRIES_ANEW: Version = Version::new(2026, 6, 1);

/// The last version in which nothing but the client ends a call without an answer.
const UNWATCHED: Version = Version::new(2026, 3, 28);

/// The time-out of an agent turn without one of its own, milliseconds (`AGENT_TURN_SAFETY_TIMEOUT_MS`).
const AGENT_TURN_MS: i64 = 3_600_000;

/// The same of other jobs (`DEFAULT_JOB_TIMEOUT_MS`).
const OTHER_MS: i64 = 600_000;

/// Everybody in the rehearsal.
pub(super) struct Cast {
    /// Provider names.
    pub(super) providers: Vec<String>,
    /// Model names.
    pub(super) models: Vec<String>,
    /// By model: its provider.
    pub(super) provider_of: Vec<u32>,
    pub(super) chains: Vec<Vec<u32>>,
    pub(super) gateways: Vec<Gateway>,
    /// By source: its version where it is OpenClaw's, and whether its slots were asked for.
    pub(super) versions: Vec<Option<Version>>,
    /// Jobs without what depends on whose word counts for their model.
    base: Vec<Actor>,
    /// By planned job: what it calls as resolved, and as declared.
    calls: (Vec<Calls>, Vec<Calls>),
    /// Jobs of which only their own word is known, no configuration.
    pub(super) without_configuration: usize,
    /// Jobs of which it is not known what they call.
    pub(super) unknown: usize,
    /// Jobs whose turn is a session's, with fallbacks that are not known.
    pub(super) of_sessions: usize,
    /// Jobs with fallbacks, that is with more than one model to call, as resolved and as declared.
    pub(super) with_fallbacks: (usize, usize),
}

impl Cast {
    pub(super) fn new(
        given: &Given,
        args: &PlanArgs,
        gathered: &Gathered<'_>,
        slots: &[(Dispatch, String)],
    ) -> Self {
        let loaded = &given.loaded;
        let mut names = Names::default();
        let resolved = names.calls(loaded, Policy::Actual);
        let honoured = names.calls(loaded, Policy::Proposed);
        let of = |all: &[Calls]| {
            gathered
                .planned
                .iter()
                .map(|p| all[p.at()])
                .collect::<Vec<_>>()
        };
        let calls = (of(&resolved), of(&honoured));
        let long = |calls: &[Calls]| {
            let more =
                |c: &&Calls| matches!(c, Calls::Chain(c) if names.chains[*c as usize].len() > 1);
            calls.iter().filter(more).count()
        };
        let with_fallbacks = (long(&calls.0), long(&calls.1));
        let either = calls.0.iter().zip(&calls.1);
        let unknown = either.filter(|(a, b)| [**a, **b].contains(&Calls::Unknown));
        let without_configuration = gathered
            .planned
            .iter()
            .filter(|p| names.bare.contains(&p.at()));
        let of_sessions = gathered.planned.iter().zip(&calls.0);
        let of_sessions = of_sessions.filter(|(p, calls)| {
            let kind = p.job.payload_kind.as_deref();
            let main = p.job.session_target.as_deref() == Some("main");
            matches!(calls, Calls::Chain(_)) && (main || kind == Some("heartbeat"))
        });
        Self {
            of_sessions: of_sessions.count(),
            base: gathered
                .planned
                .iter()
                .map(|p| actor(p.job, p.run_ms))
                .collect(),
            without_configuration: without_configuration.count(),
            unknown: unknown.count(),
            with_fallbacks,
            calls,
            gateways: (loaded.sources.iter().zip(slots))
                .enumerate()
                .map(|(at, (source, (dispatch, _)))| {
                    gateway(source, dispatch, loaded.gateways[at].as_ref(), args)
                })
                .collect(),
            versions: loaded.sources.iter().map(version).collect(),
            providers: names.providers,
            models: names.models,
            provider_of: names.provider_of,
            chains: names.chains,
        }
    }

    /// The jobs, with their models by the rules of `policy`.
    pub(super) fn actors(&self, policy: Policy) -> Vec<Actor> {
        let calls = match policy {
            Policy::Actual => &self.calls.0,
            Policy::Proposed => &self.calls.1,
        };
        let with = |(actor, calls): (&Actor, &Calls)| Actor {
            calls: *calls,
            ..actor.clone()
        };
        self.base.iter().zip(calls).map(with).collect()
    }

    /// The provider or model of a name, when some job may call it.
    pub(super) fn target(&self, name: &str) -> Option<Target> {
        let small = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let provider = self.providers.iter().position(|p| p == name);
        let model = self.models.iter().position(|m| m == name);
        let provider = provider.map(|at| Target::Provider(small(at)));
        provider.or_else(|| model.map(|at| Target::Model(small(at))))
    }

    /// Whether a job of `source` is in the rehearsal.
    pub(super) fn has(&self, source: usize) -> bool {
        self.base.iter().any(|actor| actor.source == source)
    }
}

fn version(source: &SourceInfo) -> Option<Version> {
    match (source.scheduler, source.rules) {
        (Scheduler::OpenClaw, Rules::OpenClaw(version)) => Some(version),
        _ => None,
    }
}

fn gateway(
    source: &SourceInfo,
    dispatch: &Dispatch,
    read: Option<&source::Gateway>,
    args: &PlanArgs,
) -> Gateway {
    let version = version(source);
    let march = version.is_some_and(|v| v < RETRIES_ANEW);
    let era = if march {
        let watched = version.is_some_and(|v| v > UNWATCHED);
        let silence = if watched {
            Silence::Watched
        } else {
            Silence::Client
        };
        Era::March { silence }
    } else {
        Era::September
    };
    Gateway {
        dispatch: dispatch.clone(),
        era,
        retry: retry::of(read, era).0,
        lane: (slots::has_one_lane(source) && args.max_concurrent_runs.is_none()).then_some(1),
    }
}

fn actor(job: &Job, run_ms: i64) -> Actor {
    let agent_turn = job.payload_kind.as_deref() == Some("agentTurn");
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let own = |seconds: f64| (seconds * 1000.0).floor() as i64;
    let timeout_ms = match job.timeout_seconds().filter(|_| agent_turn) {
        Some(seconds) => Some(own(seconds)).filter(|ms| *ms > 0),
        None if agent_turn => Some(AGENT_TURN_MS),
        None => Some(OTHER_MS),
    };
    let errors = job.state.consecutive_errors.unwrap_or(0).max(0);
    Actor {
        calls: Calls::Unknown,
        source: job.source,
        key: stagger::id_hash(&job.id).wrapping_add(job.source as u64),
        run_ms: run_ms.max(1),
        timeout_ms,
        beat: match job.schedule {
            ScheduleSpec::Cron { .. } => Beat::Cron,
            ScheduleSpec::At { .. } => Beat::Once,
            ScheduleSpec::Every { .. } | ScheduleSpec::Other { .. } => Beat::Every,
        },
        in_lane: agent_turn,
        switches_off: !job.is_monitor(),
        errors: u32::try_from(errors).unwrap_or(u32::MAX),
    }
}

/// Providers, models and chains, each once.
#[derive(Default)]
struct Names {
    providers: Vec<String>,
    models: Vec<String>,
    provider_of: Vec<u32>,
    chains: Vec<Vec<u32>>,
    model_index: FxHashMap<ModelRef, u32>,
    provider_index: FxHashMap<String, u32>,
    chain_index: FxHashMap<Vec<u32>, u32>,
    /// Jobs, by their place among those read, of which only their own word is known.
    bare: Vec<usize>,
    /// By source: whether a job's own fallbacks are tried.
    tries_own: Vec<bool>,
}

impl Names {
    /// What every job that was read calls, by the rules of `policy`.
    fn calls(&mut self, loaded: &Loaded, policy: Policy) -> Vec<Calls> {
        self.bare.clear();
        self.tries_own = vec![false; loaded.sources.len()];
        let mut calls: Vec<Option<Calls>> = vec![None; loaded.jobs.len()];
        let how = How {
            policy,
            ..How::default()
        };
        models::each_source(loaded, how, |asked| {
            let first = asked.holding.remaining.first();
            let Some(first) = first else {
                return;
            };
            self.tries_own[asked.source] = tries_own(&first.release.rules, policy);
            let Some(settings) = asked.asking.settings else {
                return;
            };
            if asked.asking.assumed.is_some() {
                return;
            }
            let resolver = Resolver::new(settings, first.release.rules, policy, &[]);
            let mut agents = resolver.agents();
            for (at, job) in loaded.jobs.iter().enumerate() {
                if job.source == asked.source && job.enabled {
                    calls[at] = self.resolved(&agents.resolve(job, asked.asking.rows));
                }
            }
        });
        let jobs = loaded.jobs.iter().enumerate();
        jobs.zip(calls)
            .map(|((at, job), known)| known.unwrap_or_else(|| self.declared(at, job, loaded)))
            .collect()
    }

    /// What a resolved run calls, in order; `None` when that is not known.
    fn resolved(&mut self, resolution: &Resolution) -> Option<Calls> {
        match resolution.outcome {
            Outcome::NoModel => return Some(Calls::None),
            Outcome::Fails | Outcome::Skips => return Some(Calls::Fails),
            Outcome::Unknown => return None,
            Outcome::Runs => {}
        }
        // What is compared before every attempt throws back the candidates behind the first call, too.
        let live = resolution.steps.iter().find(|s| s.step == StepName::Live);
        let live = live.and_then(|step| step.reference.as_ref());
        let may = |model: &ModelRef| live.is_none_or(|live| live == model);
        let called = resolution.candidates.iter();
        let called = called.filter(|c| matches!(c.fate, Fate::Called | Fate::Waits));
        let chain: Vec<&ModelRef> = called.map(|c| &c.model).filter(|m| may(m)).collect();
        (!chain.is_empty()).then(|| self.chain(&chain))
    }

    /// What a job calls of which only its own word is known: its model, and its fallbacks where they
    /// are tried. Which provider a bare name belongs to is the configuration's to say.
    fn declared(&mut self, at: usize, job: &Job, loaded: &Loaded) -> Calls {
        let openclaw = loaded.sources[job.source].scheduler == Scheduler::OpenClaw;
        // Whatever the configuration (`Resolver`).
        let kind = job.payload_kind.as_deref();
        if openclaw && matches!(kind, Some("command" | "script")) {
            return Calls::None;
        }
        let declared = job.model.as_deref().filter(|_| openclaw);
        let Some(model) = declared.and_then(named) else {
            return Calls::Unknown;
        };
        self.bare.push(at);
        let extras = job.extras.as_deref().filter(|_| self.tries_own[job.source]);
        let own = extras
            .and_then(|e| e.fallbacks.as_deref())
            .unwrap_or_default();
        let mut models = vec![model];
        for fallback in own.iter().filter_map(|text| named(text)) {
            if !models.contains(&fallback) {
                models.push(fallback);
            }
        }
        self.chain(&models.iter().collect::<Vec<_>>())
    }

    fn chain(&mut self, models: &[&ModelRef]) -> Calls {
        let chain: Vec<u32> = models.iter().map(|m| self.model(m)).collect();
        let chains = &mut self.chains;
        Calls::Chain(*self.chain_index.entry(chain).or_insert_with_key(|chain| {
            chains.push(chain.clone());
            last(chains)
        }))
    }

    fn model(&mut self, model: &ModelRef) -> u32 {
        if let Some(known) = self.model_index.get(model) {
            return *known;
        }
        let providers = &mut self.providers;
        let provider = *self
            .provider_index
            .entry(model.provider.clone())
            .or_insert_with_key(|name| {
                providers.push(name.clone());
                last(providers)
            });
        self.models.push(model.to_string());
        self.provider_of.push(provider);
        let index = last(&self.models);
        self.model_index.insert(model.clone(), index);
        index
    }
}

/// Whether a job's own fallbacks are tried: they are read from 2026.3.24 on, and 2026.3.28 throws all
/// but the selected model back.
fn tries_own(rules: &model::Rules, policy: Policy) -> bool {
    rules.chain.payload && (policy == Policy::Proposed || rules.live != Live::Compare)
}

/// A model that is written with its provider.
fn named(text: &str) -> Option<ModelRef> {
    let (provider, model) = text.split_once('/')?;
    let (provider, model) = (provider.trim(), model.trim());
    let whole = !provider.is_empty() && !model.is_empty();
    whole.then(|| ModelRef::new(provider.to_lowercase(), model))
}

fn last<T>(list: &[T]) -> u32 {
    u32::try_from(list.len().saturating_sub(1)).unwrap_or(u32::MAX)
}
