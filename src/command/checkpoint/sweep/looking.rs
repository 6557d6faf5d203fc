//! Reading back: one look at the platform for all that want one.

use std::sync::Arc;

use super::super::seen::{Glance, Sight};
use super::Sweep;
use crate::clock;
use crate::error::Error;
use crate::molecule::{Depth, gather};
use crate::turn::Snapshot;

impl Sweep<'_> {
    /// Looks at the platform for all that want it: at once when nothing else goes on, else when the
    /// first of them has waited long enough.
    pub(super) fn look(&mut self) {
        if self.look.is_some() || self.onlookers.is_empty() {
            return;
        }
        let now = clock::now_ms();
        let idle = self.wanted.is_empty()
            && self.beginning.is_empty()
            && self.begun.is_empty()
            && self.flying.is_empty();
        if !idle && now < self.look_due_ms() {
            return;
        }
        let platform = self.tools.platform.clone();
        let (source, adapters) = (self.tools.source.to_owned(), self.tools.adapters.clone());
        let concurrency = self.tools.concurrency;
        let onlookers = std::mem::take(&mut self.onlookers);
        let asking = onlookers.iter().map(|i| &self.cases[*i].turn.workspace_id);
        let depth = Depth::Glance(Arc::new(asking.cloned().collect()));
        let look = async move {
            let gathered = gather(
                &platform,
                &source,
                &depth,
                &adapters,
                concurrency,
                now,
                true,
            );
            gathered.await.map(|(snapshot, _)| snapshot)
        };
        self.look = Some((now, onlookers, Box::pin(look)));
    }

    pub(super) fn look_due_ms(&self) -> i64 {
        self.onlooking_ms.saturating_add(self.tools.policy.poll_ms)
    }

    pub(super) fn looked(&mut self, looked: &Result<Snapshot, Error>) {
        let Some((at_ms, onlookers, _)) = self.look.take() else {
            return;
        };
        let glance = looked
            .as_ref()
            .ok()
            .map(|look| Glance::new(look, self.tools.clock_offset_ms));
        for i in onlookers {
            let case = &mut self.cases[i];
            if case.end.is_some() {
                continue;
            }
            let sight = glance.as_ref().map_or(Sight::NOTHING, |glance| {
                glance.of(&case.turn, case.target.turn_id.as_deref())
            });
            case.sees(sight, at_ms);
            self.ready.push(i);
        }
    }
}
