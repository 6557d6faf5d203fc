//! Measuring: peaks and dispatch of the native and of the planned starts.

use std::sync::mpsc::SyncSender;
use std::thread::{Scope, ScopedJoinHandle};

use super::PlanJob;
use super::dispatch::Dispatcher;
use super::peak::Meter;
use super::timeline::Occurrence;

/// Occurrences in a stretch from which a thread for a part of the work pays.
pub(super) const WORTH_A_THREAD: usize = 50_000;

/// What a stretch gives to measure.
pub(super) struct Batch {
    pub(super) from_ms: i64,
    /// At their native instants.
    pub(super) native: Vec<Occurrence>,
    /// Where the plan puts them: instant and rank, ascending.
    pub(super) placed: Vec<(i64, u32)>,
}

/// Before and after.
pub(super) struct Streams<'a> {
    pub(super) before: Stream<'a>,
    pub(super) after: Stream<'a>,
    pub(super) by_rank: &'a [PlanJob<'a>],
}

impl Streams<'_> {
    fn take(&mut self, batch: &Batch) {
        for (t, rank) in &batch.native {
            let job = &self.by_rank[*rank as usize];
            self.before.start(batch.from_ms + i64::from(*t), *rank, job);
        }
        for (t, rank) in &batch.placed {
            self.after.start(*t, *rank, &self.by_rank[*rank as usize]);
        }
    }
}

/// Measuring needs nothing of planning, and takes as long: with many occurrences it has a thread.
pub(super) enum Measuring<'scope, 'a> {
    Here(Box<Streams<'a>>),
    There(
        SyncSender<Batch>,
        ScopedJoinHandle<'scope, Box<Streams<'a>>>,
    ),
}

impl<'scope, 'a: 'scope> Measuring<'scope, 'a> {
    pub(super) fn take(self, batch: Batch, scope: &'scope Scope<'scope, '_>) -> Self {
        match self {
            Self::Here(mut streams) if batch.native.len() < WORTH_A_THREAD => {
                streams.take(&batch);
                Self::Here(streams)
            }
            Self::Here(mut streams) => {
                let (sender, batches) = std::sync::mpsc::sync_channel::<Batch>(1);
                let thread = scope.spawn(move || {
                    for batch in batches {
                        streams.take(&batch);
                    }
                    streams
                });
                Self::There(sender, thread).take(batch, scope)
            }
            Self::There(sender, thread) => {
                // It ends only when the sender is dropped.
                sender.send(batch).ok();
                Self::There(sender, thread)
            }
        }
    }

    pub(super) fn finish(self) -> Box<Streams<'a>> {
        match self {
            Self::Here(streams) => streams,
            Self::There(sender, thread) => {
                drop(sender);
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}

/// What is measured of a sequence of starts.
pub(super) struct Stream<'a> {
    pub(super) meter: Meter,
    pub(super) dispatchers: Vec<Dispatcher<'a>>,
}

impl Stream<'_> {
    #[inline]
    fn start(&mut self, t: i64, rank: u32, job: &PlanJob<'_>) {
        self.meter.start(t, job.group, job.run_ms);
        if let Some(dispatcher) = self.dispatchers.get_mut(job.source) {
            dispatcher.due(t, rank);
        }
    }
}
