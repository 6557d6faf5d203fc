//! Which model each job of a plan uses: as it declares, or as its gateway resolves it.

use rustc_hash::FxHashMap;

use super::report::ModelBasis;
use crate::command::explain_model::gather::{self, How};
use crate::job::Job;
use crate::model::{ModelRef, Outcome, Policy, Resolver};
use crate::source::Loaded;

/// The models of the jobs of a plan.
#[derive(Default)]
pub(super) struct Models {
    /// By job; empty when nothing is resolved.
    uses: Vec<Use>,
    /// The distinct models.
    known: Vec<ModelRef>,
    /// By source: the version whose rules resolved its jobs; `None` when they are not resolved.
    pub(super) versions: Vec<Option<String>>,
}

/// What the gateway makes of a job's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Not known: only what is declared can be said.
    Unknown,
    /// Index of the model.
    Model(u32),
    /// The run fails over the choice of its model, and calls none.
    Fails,
    /// Jobs of this kind call no model.
    NoModel,
}

/// What a plan says about a job's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shown<'a> {
    /// As the gateway resolves it.
    Effective(&'a ModelRef),
    /// As the job declares it.
    Declared(&'a str),
    /// The job declares none.
    Undeclared,
    /// The run fails before it calls one.
    Fails,
    /// Jobs of this kind call none.
    NoModel,
}

impl Models {
    /// Resolves the jobs of every source whose gateway is known.
    pub(super) fn resolve(loaded: &Loaded) -> Self {
        let mut models = Self {
            uses: vec![Use::Unknown; loaded.jobs.len()],
            known: Vec::new(),
            versions: vec![None; loaded.sources.len()],
        };
        let mut index: FxHashMap<ModelRef, u32> = FxHashMap::default();
        // Plain jobs have no gateway, and a hundred thousand of them nothing to be looked at for.
        if loaded
            .gateways
            .iter()
            .flatten()
            .all(|g| g.settings.is_none())
        {
            return models;
        }
        gather::each_source(loaded, How::default(), |asked| {
            let (Some(settings), Some(first)) =
                (asked.asking.settings, asked.holding.remaining.first())
            else {
                return;
            };
            if asked.asking.assumed.is_some() {
                return;
            }
            let used = gather::version_used(asked.known, &asked.holding);
            models.versions[asked.source] = Some(used.to_string());
            let resolver = Resolver::new(settings, first.release.rules, Policy::Actual, &[]);
            let mut agents = resolver.agents();
            for (at, job) in loaded.jobs.iter().enumerate() {
                if job.source != asked.source || !job.enabled {
                    continue;
                }
                let r = agents.resolve(job, asked.asking.rows);
                models.uses[at] = match (r.effective, r.outcome) {
                    (Some(model), _) => {
                        let known = &mut models.known;
                        Use::Model(*index.entry(model).or_insert_with_key(|model| {
                            known.push(model.clone());
                            u32::try_from(known.len() - 1).unwrap_or(u32::MAX)
                        }))
                    }
                    (None, Outcome::NoModel) => Use::NoModel,
                    (None, Outcome::Fails | Outcome::Skips) => Use::Fails,
                    (None, _) => Use::Unknown,
                };
            }
        });
        models
    }

    /// What is shown of job number `at` under `basis`.
    pub(super) fn shown<'a>(&'a self, at: usize, job: &'a Job, basis: ModelBasis) -> Shown<'a> {
        let declared = || {
            job.model
                .as_deref()
                .map_or(Shown::Undeclared, Shown::Declared)
        };
        if basis == ModelBasis::Declared {
            return declared();
        }
        match self.uses.get(at) {
            Some(Use::Model(index)) => {
                let model = self.known.get(*index as usize);
                model.map_or_else(declared, Shown::Effective)
            }
            Some(Use::Fails) => Shown::Fails,
            Some(Use::NoModel) => Shown::NoModel,
            Some(Use::Unknown) | None => declared(),
        }
    }
}

impl Shown<'_> {
    /// The provider; `None` when none is called, or none is named.
    pub(super) fn provider(self) -> Option<String> {
        match self {
            Self::Effective(model) => Some(model.provider.clone()),
            Self::Declared(text) => {
                let (provider, _) = text.split_once('/')?;
                Some(provider.trim().to_lowercase()).filter(|p| !p.is_empty())
            }
            _ => None,
        }
    }

    /// The model; `None` when none is called, or none is named.
    pub(super) fn model(self) -> Option<String> {
        match self {
            Self::Effective(model) => Some(model.to_string()),
            Self::Declared(text) => Some(text.to_owned()),
            _ => None,
        }
    }

    /// What it rests on.
    pub(super) fn basis(self) -> ModelBasis {
        match self {
            Self::Declared(_) | Self::Undeclared => ModelBasis::Declared,
            _ => ModelBasis::Effective,
        }
    }

    /// What stands for it where nothing is called or named.
    fn instead(self) -> &'static str {
        match self {
            Self::Fails => "(fails before a call)",
            Self::NoModel => "(calls no model)",
            _ => "(no model declared)",
        }
    }

    /// The label of its provider.
    pub(super) fn provider_label(self) -> String {
        match (self.provider(), self) {
            (Some(provider), _) => provider,
            (None, Self::Declared(alias)) => format!("(alias {alias})"),
            (None, other) => other.instead().to_owned(),
        }
    }

    /// The label of the model.
    pub(super) fn model_label(self) -> String {
        self.model().unwrap_or_else(|| self.instead().to_owned())
    }
}
