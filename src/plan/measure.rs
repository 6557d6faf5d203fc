//! Measuring: peaks and dispatch of the native and of the planned starts.

use std::sync::mpsc::SyncSender;
use std::thread::{Scope, ScopedJoinHandle};

use super::dispatch::Dispatcher;
use super::peak::Meter;
use super::ranked::Tally;
use super::starts::Starts;

/// Occurrences in a stretch from which a thread for a part of the work pays.
pub(super) const WORTH_A_THREAD: usize = 50_000;

/// Measuring needs nothing of planning, and takes as long: with many occurrences it has a thread.
pub(super) enum Measuring<'scope, 'a> {
    Here(Box<Stream<'a>>),
    There(
        SyncSender<Starts>,
        ScopedJoinHandle<'scope, Box<Stream<'a>>>,
    ),
}

impl<'scope, 'a: 'scope> Measuring<'scope, 'a> {
    /// Measures the starts of a stretch.
    pub(super) fn take(self, starts: Starts, scope: &'scope Scope<'scope, '_>) -> Self {
        match self {
            Self::Here(mut stream) if starts.len() < WORTH_A_THREAD => {
                stream.take(&starts);
                Self::Here(stream)
            }
            Self::Here(mut stream) => {
                let (sender, stretches) = std::sync::mpsc::sync_channel::<Starts>(1);
                let thread = scope.spawn(move || {
                    for starts in stretches {
                        stream.take(&starts);
                    }
                    stream
                });
                Self::There(sender, thread).take(starts, scope)
            }
            Self::There(sender, thread) => {
                // It ends only when the sender is dropped.
                sender.send(starts).ok();
                Self::There(sender, thread)
            }
        }
    }

    pub(super) fn finish(self) -> Stream<'a> {
        match self {
            Self::Here(stream) => *stream,
            Self::There(sender, thread) => {
                drop(sender);
                let ended = thread.join();
                *ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}

/// What is measured of a sequence of starts.
pub(super) struct Stream<'a> {
    pub(super) meter: Meter,
    pub(super) dispatchers: Vec<Dispatcher<'a>>,
    pub(super) tally: Tally<'a>,
}

impl Stream<'_> {
    fn take(&mut self, starts: &Starts) {
        for (t, ranks) in starts.iter() {
            self.start(t, ranks);
        }
    }

    #[inline]
    fn start(&mut self, t: i64, ranks: &[u32]) {
        let (meter, dispatchers) = (&mut self.meter, &mut self.dispatchers[..]);
        let tally = &mut self.tally;
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
