//! When schedules fire on workspaces with a turn in flight: what a loop frees must be free by then.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};

use crate::molecule::Platform;

/// Schedules are read again after this, milliseconds, or when a fire that they named is over.
const FRESH_MS: i64 = 600_000;

/// So many are read at a time.
const AT_ONCE: usize = 4;

/// Fires, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Fires {
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    read_ms: i64,
    /// By our clock, epoch milliseconds.
    fires: Vec<i64>,
}

impl Known {
    fn is_fresh(&self, now_ms: i64) -> bool {
        let young = now_ms.saturating_sub(self.read_ms) < FRESH_MS;
        // Right after a fire the platform still names it; it is not asked at every look for that.
        let over = self.fires.iter().any(|fire| *fire < now_ms);
        young && !(over && now_ms.saturating_sub(self.read_ms) > FRESH_MS / 10)
    }
}

impl Fires {
    /// Reads the schedules of these workspaces, and forgets those of all others. One that cannot be read
    /// names no fire until it is read again.
    pub(super) async fn read(&mut self, platform: &Platform, ids: &[String], now_ms: i64) {
        self.known.retain(|id, _| ids.contains(id));
        let stale: Vec<String> = ids
            .iter()
            .filter(|id| !self.known.get(*id).is_some_and(|k| k.is_fresh(now_ms)))
            .cloned()
            .collect();
        let read = stale.into_iter().map(|id| async move {
            let schedules = platform.schedules(&id).await;
            (id, schedules)
        });
        let mut read = std::pin::pin!(stream::iter(read).buffer_unordered(AT_ONCE));
        while let Some((id, schedules)) = read.next().await {
            let offset = platform.clock_offset_ms().unwrap_or(0);
            let fires = match schedules {
                Ok(schedules) => schedules
                    .iter()
                    .filter(|schedule| schedule.enabled)
                    .filter_map(|schedule| schedule.next_run_at_ms)
                    .map(|at_ms| at_ms.saturating_sub(offset))
                    .collect(),
                Err(error) => {
                    tracing::debug!(
                        workspace = id,
                        why = error.message,
                        "its schedules are not known"
                    );
                    Vec::new()
                }
            };
            let read_ms = now_ms;
            self.known.insert(id, Known { read_ms, fires });
        }
    }

    /// The instants that are known, epoch milliseconds by our clock.
    pub(super) fn all(&self) -> impl Iterator<Item = i64> + '_ {
        self.known
            .values()
            .flat_map(|known| known.fires.iter().copied())
    }
}
