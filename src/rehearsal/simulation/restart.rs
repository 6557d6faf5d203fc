//! What gateways make up when they start.

use super::super::Calls;
use super::{Doing, Event, Simulation, small};

impl Simulation<'_> {
    /// Occurrences besides the plan's, and the starts of gateways.
    pub(super) fn makes_up(&mut self) {
        let setting = self.setting;
        let mut extra = setting.extra.to_vec();
        extra.sort_by_key(|(job, at_ms)| (*at_ms, setting.actors[*job].key));
        for (job, at_ms) in extra {
            if self.awaits(job) {
                self.at(at_ms, Event::Due { job: small(job) });
            }
        }
        for (at, restart) in setting.restarts.iter().enumerate() {
            let then = restart.then.iter().map(|(job, _)| job);
            for job in restart.first.iter().chain(then) {
                let waits = self.awaits(*job);
                self.figures.caught_up += u64::from(waits);
            }
            self.slots[restart.source].passes_over = restart.passes_over;
            let event = Event::CatchesUp { restart: small(at) };
            self.at(restart.at_ms, event);
        }
    }

    /// A job has an occurrence, whose instant comes; returns whether it is simulated.
    fn awaits(&mut self, job: usize) -> bool {
        let figures = &mut self.figures;
        figures.occurrences += 1;
        match self.setting.actors[job].calls {
            Calls::None => figures.without_model += 1,
            Calls::Unknown => figures.not_simulated += 1,
            Calls::Chain(_) | Calls::Fails => {
                figures.due += 1;
                self.jobs[job].doing = Doing::Busy;
                return true;
            }
        }
        false
    }

    /// The next of its first jobs runs, or all have and the others follow.
    pub(super) fn catches_up(&mut self, restart: u32) {
        let (setting, at) = (self.setting, restart as usize);
        let own = &setting.restarts[at];
        let begun = self.begun[at];
        self.begun[at] += 1;
        let simulated =
            |job: usize| !matches!(setting.actors[job].calls, Calls::None | Calls::Unknown);
        if let Some(&job) = own.first.get(begun) {
            if simulated(job) {
                self.jobs[job].restart = Some(restart);
                self.ready(small(job));
            } else {
                let ended_ms = self.now_ms.saturating_add(setting.actors[job].run_ms);
                self.at(ended_ms, Event::CatchesUp { restart });
            }
            return;
        }
        self.slots[own.source].passes_over = false;
        for &(job, after_ms) in own.then.iter().filter(|(job, _)| simulated(*job)) {
            let due_ms = self.now_ms.saturating_add(after_ms);
            self.at(due_ms, Event::Due { job: small(job) });
        }
    }
}
