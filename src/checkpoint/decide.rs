//! What to do next about one target.

mod case;
mod looks;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::policy::Policy;
use case::Case;

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

impl Outcome {
    /// Every outcome, in the order in which they are summed up.
    pub const ALL: [Self; 12] = [
        Self::Confirmed,
        Self::Idle,
        Self::Moot,
        Self::Restarted,
        Self::Lingering,
        Self::Unknown,
        Self::Throttled,
        Self::Refused,
        Self::Unsupported,
        Self::Unauthorised,
        Self::Rejected,
        Self::NotSent,
    ];

    /// Returns its name, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Idle => "idle",
            Self::Moot => "moot",
            Self::NotSent => "not-sent",
            Self::Restarted => "restarted",
            Self::Lingering => "lingering",
            Self::Unknown => "unknown",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
            Self::Unauthorised => "unauthorised",
            Self::Rejected => "rejected",
        }
    }
}

/// Decides what to do next about a target. `attempts` are all requests for this turn that are
/// recorded, oldest first, those of earlier calls included; `looks` are the looks of this call.
///
/// It is called again after each action, with what came of it, until it says [`Action::Done`]. Under
/// any answers it ends; within one call it asks for at most [`Policy::max_requests`] requests and one
/// restart.
pub fn decide(
    target: &Target,
    attempts: &[Attempt],
    looks: &[ReadBack],
    policy: &Policy,
    now_ms: i64,
) -> Action {
    let case = Case {
        target,
        attempts,
        looks,
        policy,
        now_ms,
    };
    let Some(last) = attempts.last() else {
        return case.first();
    };
    if last.restart {
        return case.restarted(last);
    }
    let (answer, at_ms) = match &last.answer {
        None => return case.unclear(last, last.at_ms, "the end of the request is not recorded"),
        Some((answer, at_ms)) => (answer, *at_ms),
    };
    let earlier = case.is_earlier(last);
    match answer {
        Answer::Checkpointed { .. } => case.accepted(last, at_ms, true),
        Answer::Interrupting { .. } => case.accepted(last, at_ms, false),
        Answer::NotSteerable => case.refused(at_ms, earlier),
        Answer::Throttled { retry_after_ms } => case.throttled(at_ms, *retry_after_ms),
        Answer::Unclear => case.unclear(last, at_ms, "the answer is unclear"),
        // Things may have changed since an earlier call.
        _ if earlier => case.request(),
        Answer::Idle => case.said_idle(at_ms),
        Answer::TurnMismatch { .. } => done(
            Outcome::Moot,
            "the turn ended by itself: another one is running and was not touched",
        ),
        Answer::Unsupported if policy.escalate => Action::Restart,
        Answer::Unsupported => done(Outcome::Unsupported, "there is no handler for a checkpoint"),
        Answer::Unauthorised => done(Outcome::Unauthorised, "the caller is not allowed"),
        Answer::TenantGuard => done(
            Outcome::Unauthorised,
            "the tenant guard answered: the organisation is missing or wrong",
        ),
        Answer::Rejected => done(Outcome::Rejected, "the request was refused as it is"),
        Answer::NoSuchWorkspace => done(Outcome::Rejected, "there is no such workspace"),
    }
}

/// It is over.
fn done(outcome: Outcome, why: impl Into<String>) -> Action {
    Action::Done {
        outcome,
        why: why.into(),
    }
}
