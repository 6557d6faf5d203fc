//! The event stream: `/ws` for all workspaces, else `/workspaces/:id/events/stream` for each.

use super::client::Platform;
use crate::turn::PlatformEvent;

/// What a subscription gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Connected: events from now on are seen. Says which way.
    Connected(&'static str),
    /// An event.
    Event(PlatformEvent),
    /// The connection was lost, and is tried again: what happens meanwhile is not seen.
    Lost(String),
    /// There is no way to subscribe; it is not tried again.
    Unsupported(String),
}

/// A subscription. Reconnects with full jitter until dropped.
#[derive(Debug)]
pub struct Events {
    receiver: tokio::sync::mpsc::Receiver<Happening>,
}

impl Events {
    /// Subscribes; `workspaces` are those whose own stream is asked when there is none for all.
    pub fn subscribe(_platform: &Platform, _workspaces: &[String]) -> Self {
        unimplemented!()
    }

    /// Waits for what happens next; `None` when the subscription ended for good.
    pub async fn next(&mut self) -> Option<Happening> {
        self.receiver.recv().await
    }
}
