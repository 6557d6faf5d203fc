//! What is to be done, and by whom.

use std::time::Duration;

use super::record::Side;
use super::start::Starter;
use crate::molecule::Platform;

/// What is checked, and how patiently. All times in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) side: Side,
    pub(super) workspace_id: String,
    /// Where checkpoints go.
    pub(super) checkpoint_url: String,
    /// Where an adapter shows the session's log.
    pub(super) transcript_url: Option<String>,
    pub(super) starter: Starter,
    pub(super) grace_ms: i64,
    pub(super) drain_seconds: i64,
    pub(super) timeout_ms: i64,
}

/// The same server, with the secret that was given, with none, and with a wrong one.
pub(super) struct Callers {
    pub(super) given: Platform,
    pub(super) none: Platform,
    pub(super) wrong: Platform,
}

impl Plan {
    /// The pause between two looks, milliseconds.
    pub(super) fn pause(&self) -> Duration {
        millis((self.grace_ms / 40).clamp(50, 500))
    }

    /// How long a turn that must not be cancelled is given to disappear all the same.
    pub(super) fn settle(&self) -> Duration {
        millis((self.grace_ms / 20).clamp(100, 1_000))
    }
}

/// A duration of milliseconds.
pub(super) fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
