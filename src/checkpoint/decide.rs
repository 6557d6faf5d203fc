//! What to do next about one target.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::policy::Policy;

/// One turn that is to be freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The platform's address: part of the request's id.
    pub platform: String,
    /// The workspace.
    pub workspace_id: String,
    /// The turn's id, where known: a precondition of the request.
    pub turn_id: Option<String>,
    /// What names the turn where it has no id.
    pub turn_key: String,
    /// When this call took it up, epoch milliseconds: requests before are of earlier calls, which
    /// [`Policy::max_requests`] does not count.
    pub begun_ms: i64,
}

/// One request that was made, or is to be made again after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub request_id: String,
    /// Its round: see [`super::request_id`].
    pub round: u32,
    /// When it was begun, epoch milliseconds.
    pub at_ms: i64,
    /// What came back, and when; `None` when it was begun and its end was never recorded.
    pub answer: Option<(Answer, i64)>,
    /// Whether it was a restart instead of a checkpoint.
    pub restart: bool,
}

/// What a look at the platform after a request showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack {
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// What is there of the turn.
    pub seen: Seen,
}

/// What is there of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is in flight still.
    InFlight,
    /// The list of turns does not have it (nor is the workspace busy with an unnamed one).
    Gone,
    /// Another turn is in flight: it is gone.
    Successor,
    /// The workspace shows no task. Without a list of turns this may be the phantom sweep.
    Idle,
    /// The platform could not be asked.
    NotKnown,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request with this id.
    Request {
        /// The id.
        request_id: String,
        /// The round.
        round: u32,
    },
    /// Look at the platform, not before this instant.
    Look {
        /// Epoch milliseconds.
        at_ms: i64,
    },
    /// Do nothing before this instant, then decide again.
    Wait {
        /// Epoch milliseconds.
        until_ms: i64,
        /// Why, in words.
        why: String,
    },
    /// Restart the workspace: it destroys the turn. Only with `--escalate restart`.
    Restart,
    /// It is over.
    Done {
        /// With what.
        outcome: Outcome,
        /// Why, in words.
        why: String,
    },
}

/// How it ended for one target.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The request was accepted and the turn is gone: read back.
    Confirmed,
    /// Nothing was in flight.
    Idle,
    /// The turn ended by itself; its successor was not touched.
    Moot,
    /// Nothing was sent: `--dry-run`, or the budget was used up.
    NotSent,
    /// Restarted as asked: the turn is destroyed.
    Restarted,
    /// Accepted, but the turn is still there after the grace.
    Lingering,
    /// It may or may not have worked.
    Unknown,
    /// The target asked to come back later, and later did not come within this call.
    Throttled,
    /// The turn cannot be steered.
    Refused,
    /// The adapter has no handler.
    Unsupported,
    /// The caller is not allowed, or the organisation is wrong.
    Unauthorised,
    /// The request was refused as malformed, or there is no such workspace.
    Rejected,
}

/// Decides what to do next about a target. `attempts` are all requests for this turn that are
/// recorded, oldest first, those of earlier calls included; `looks` are the looks of this call.
pub fn decide(
    _target: &Target,
    _attempts: &[Attempt],
    _looks: &[ReadBack],
    _policy: &Policy,
    _now_ms: i64,
) -> Action {
    unimplemented!()
}
