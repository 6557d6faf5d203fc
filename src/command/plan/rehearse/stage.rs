//! The four ways to play a plan, side by side.

use super::fault::Read;
use super::report::Scenario;
use super::restart::MadeUp;
use super::setting::Cast;
use super::timeline;
use crate::command::plan::args::PlanArgs;
use crate::command::plan::gather::{self, Gathered};
use crate::command::plan::given::Given;
use crate::plan::{Dispatch, Input, Jitter, Window};
use crate::rehearsal::{self, Figures, Setting, Traces};

/// Everything that is played.
pub(super) struct Stage<'a> {
    pub(super) given: &'a Given,
    pub(super) args: &'a PlanArgs,
    /// The jobs with the models as their gateways resolve them, and as they declare them.
    pub(super) effective: &'a Gathered<'a>,
    pub(super) declared: &'a Gathered<'a>,
    pub(super) slots: &'a [(Dispatch, String)],
    pub(super) cast: &'a Cast,
    pub(super) faults: &'a Read,
    pub(super) made_up: &'a MadeUp,
}

impl Stage<'_> {
    /// Plays a scenario with the seed at that place, counted from 0.
    pub(super) fn figures(&self, scenario: Scenario, nth: u64) -> Figures {
        self.play(scenario, nth, rehearsal::rehearse)
    }

    /// The calls of a scenario over time, with the first seed.
    pub(super) fn traces(&self, scenario: Scenario, windows: &[Window]) -> Vec<Traces> {
        self.play(scenario, 0, |input, setting| {
            rehearsal::trace(input, setting, windows)
        })
    }

    /// Each scenario at the same time as the others: they have nothing to do with each other, and each
    /// takes as long as a plan.
    pub(super) fn each<T: Send>(
        &self,
        play: impl Fn(&Self, Scenario) -> T + Sync,
    ) -> Vec<(Scenario, T)> {
        std::thread::scope(|scope| {
            let started = Scenario::ALL.map(|scenario| {
                let play = &play;
                scope.spawn(move || (scenario, play(self, scenario)))
            });
            let finish = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                let done = thread.join();
                done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            started.map(finish).into()
        })
    }

    fn play<T>(
        &self,
        scenario: Scenario,
        nth: u64,
        play: impl FnOnce(&Input<'_>, &Setting<'_>) -> T,
    ) -> T {
        let side = if scenario.honoured() {
            self.declared
        } else {
            self.effective
        };
        let mut jobs = gather::plan_jobs(&side.planned);
        // A rehearsal hears every start, whatever is shown.
        for job in &mut jobs {
            job.shown = true;
        }
        let mut input = self.given.input(self.args, side, jobs, self.slots);
        input.options.seed = input.options.seed.wrapping_add(nth);
        if !scenario.jitter() {
            input.options.jitter = Jitter::Native;
            input.options.restagger = false;
        }
        let actors = self.cast.actors(scenario.policy());
        let setting = Setting {
            actors: &actors,
            chains: &self.cast.chains,
            models: &self.cast.provider_of,
            capacity: &self.faults.capacity,
            sources: &self.cast.gateways,
            faults: &self.faults.faults,
            extra: &self.made_up.extra,
            restarts: &self.made_up.restarts,
            seed: input.options.seed,
            bin_ms: timeline::grain_ms(self.given.horizon),
        };
        play(&input, &setting)
    }
}
