//! What every way of planning starts from: the sources read once, and the options that hold.

use std::mem::ManuallyDrop;

use super::args::{Honour, PlanArgs, Settings};
use super::gather::{self, Gathered};
use super::models::Models;
use super::report::ModelBasis;
use super::{input, slots};
use crate::command::begin;
use crate::context::Context;
use crate::error::Error;
use crate::plan::{Dispatch, Horizon, Input, Options, PlanJob};
use crate::source::{Loaded, Want};
use crate::zones::Zones;

/// The sources as read, and what the options mean.
///
/// The process ends with the answer: giving back every job one by one would only delay it.
pub(super) struct Given {
    pub(super) settings: Settings,
    pub(super) zones: Zones,
    pub(super) loaded: ManuallyDrop<Loaded>,
    pub(super) models: ManuallyDrop<Models>,
    /// The instant of evaluation, epoch milliseconds: the demo has its own.
    pub(super) now_ms: i64,
    pub(super) horizon: Horizon,
    /// Whose word counts for a job's model.
    pub(super) basis: ModelBasis,
}

impl Given {
    /// Reads the sources and resolves the models.
    ///
    /// # Errors
    /// When the options contradict each other, or no source can be read.
    pub(super) fn read(args: &PlanArgs, ctx: &Context) -> Result<Self, Error> {
        Self::of(begin::load(&args.source, ctx, Want::Models)?, args, ctx)
    }

    /// As [`Given::read`], without saying again what there is to know about the sources.
    ///
    /// # Errors
    /// As [`Given::read`].
    pub(super) fn again(args: &PlanArgs, ctx: &Context) -> Result<Self, Error> {
        Self::of(begin::reload(&args.source, ctx, Want::Models)?, args, ctx)
    }

    fn of(loaded: Loaded, args: &PlanArgs, ctx: &Context) -> Result<Self, Error> {
        let settings = args.settings(&ctx.config.plan_defaults())?;
        let zones = Zones::new(&ctx.env);
        let loaded = ManuallyDrop::new(loaded);
        let now_ms = begin::now_ms(&loaded, ctx);
        let horizon = super::horizon(args, now_ms, &zones)?;
        let models = ManuallyDrop::new(Models::resolve(&loaded));
        let basis = match args.honour {
            Honour::Declared => ModelBasis::Declared,
            Honour::Effective | Honour::Both => ModelBasis::Effective,
        };
        Ok(Self {
            settings,
            zones,
            loaded,
            models,
            now_ms,
            horizon,
            basis,
        })
    }

    /// Looks at every job once, its model by the word of `basis`.
    pub(super) fn gathered(&self, args: &PlanArgs, basis: ModelBasis) -> Gathered<'_> {
        let (settings, zones) = (&self.settings, &self.zones);
        gather::gather(&self.loaded, args, settings, &self.models, basis, zones)
    }

    /// By source: how it starts what is due, and what says so.
    pub(super) fn rules(
        &self,
        args: &PlanArgs,
        gathered: &Gathered<'_>,
    ) -> Vec<(Dispatch, String)> {
        let sources = self.loaded.sources.iter();
        let of = |s| slots::dispatch(s, args, &gathered.planned);
        sources.map(of).collect()
    }

    /// What a plan of these jobs is made from.
    pub(super) fn input<'a>(
        &self,
        args: &PlanArgs,
        gathered: &'a Gathered<'_>,
        jobs: Vec<PlanJob<'a>>,
        rules: &[(Dispatch, String)],
    ) -> Input<'a> {
        let options = Options {
            jitter: self.settings.jitter,
            seed: self.settings.seed,
            burst: self.settings.burst,
            restagger: args.restagger,
        };
        let slots: Vec<Dispatch> = rules.iter().map(|(rule, _)| rule.clone()).collect();
        input(gathered, jobs, &slots, self.horizon, options)
    }
}
