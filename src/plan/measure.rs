//! Measuring: peaks and dispatch of the native and of the planned starts.

use std::sync::mpsc::SyncSender;
use std::thread::{Scope, ScopedJoinHandle};

use super::dispatch::Dispatcher;
use super::peak::Meter;
use super::ranked::Tally;
use super::starts::Starts;

/// Occurrences in a stretch from which a thread for a part of the work pays.
pub(super) const WORTH_A_THREAD: usize = 50_000;

/// What a stretch gives to measure.
pub(super) struct Batch {
    /// At their native instants.
    pub(super) native: Starts,
    /// Where the plan puts them.
    pub(super) placed: Starts,
}

/// Before and after.
pub(super) struct Streams<'a> {
    pub(super) before: Stream<'a>,
    pub(super) after: Stream<'a>,
    pub(super) tally: Tally<'a>,
}

impl Streams<'_> {
    fn take(&mut self, batch: &Batch) {
        for (t, ranks) in batch.native.iter() {
            self.before.start(t, ranks, &mut self.tally);
        }
        for (t, ranks) in batch.placed.iter() {
            self.after.start(t, ranks, &mut self.tally);
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
    fn start(&mut self, t: i64, ranks: &[u32], tally: &mut Tally<'_>) {
        let (meter, dispatchers) = (&mut self.meter, &mut self.dispatchers[..]);
        let mut have_slots = false;
        tally.count(ranks, |kind, jobs| {
            meter.start(t, kind.group, kind.run_ms, jobs);
            match dispatchers.get_mut(kind.source as usize) {
                Some(dispatcher) if dispatcher.has_slots() => have_slots = true,
                Some(dispatcher) => dispatcher.start_at_once(t, kind.run_ms, jobs),
                None => (),
            }
        });
        if !have_slots {
            return;
        }
        if let [dispatcher] = dispatchers {
            dispatcher.due(t, ranks);
            return;
        }
        for rank in ranks {
            let source = tally.ranked.kind(*rank).source;
            if let Some(dispatcher) = dispatchers.get_mut(source as usize)
                && dispatcher.has_slots()
            {
                dispatcher.due(t, &[*rank]);
            }
        }
    }
}
