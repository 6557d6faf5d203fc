//! What to do next about one target.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::policy::{Policy, backoff_ms};
use super::request::request_id;
use crate::when::{duration, utc};

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

/// Without a list of turns the platform's phantom sweep shows 0 for up to 30 s: where nobody said that
/// the turn was cancelled, the workspace must be seen without a task for this long.
const IDLE_HELD_MS: i64 = 35_000;

/// Who asks to come back later than this is left alone for this call.
const LONGEST_WAIT_MS: i64 = 300_000;

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

/// What a decision rests on.
struct Case<'a> {
    target: &'a Target,
    attempts: &'a [Attempt],
    looks: &'a [ReadBack],
    policy: &'a Policy,
    now_ms: i64,
}

/// What the looks since an instant show of a turn.
enum Shown {
    /// It is gone: in words.
    Gone(&'static str),
    /// It is there, as of this look.
    Here(i64),
    /// The workspace shows no task, from the first to the last look of an unbroken row.
    Idle(i64, i64),
    /// The platform could not be asked at the last look.
    NotKnown(i64),
    /// Nobody looked.
    Nothing,
}

impl Case<'_> {
    /// Whether a request is one of an earlier call.
    fn is_earlier(&self, attempt: &Attempt) -> bool {
        attempt.at_ms < self.target.begun_ms
    }

    /// How many requests this call has made.
    fn made(&self) -> u32 {
        let mine = |a: &&Attempt| !a.restart && !self.is_earlier(a);
        u32::try_from(self.attempts.iter().filter(mine).count()).unwrap_or(u32::MAX)
    }

    /// Whether this call may ask once more.
    fn may_ask(&self) -> bool {
        self.made() < self.policy.max_requests
    }

    /// Nothing was asked yet.
    fn first(&self) -> Action {
        if let Shown::Gone(how) = self.shown(i64::MIN) {
            return done(Outcome::Moot, format!("{how} before anything was sent"));
        }
        self.request()
    }

    /// Asks: with the id of the last request or, where that one was accepted and the turn outlived it,
    /// with a new one, which is not answered from memory.
    fn request(&self) -> Action {
        if !self.may_ask() {
            return done(Outcome::NotSent, "no request is left for it in this call");
        }
        let last = self.attempts.iter().rfind(|a| !a.restart);
        let (request_id, round) = match last {
            Some(last) if !last.is_accepted() => (last.request_id.clone(), last.round),
            _ => {
                let round = last.map_or(0, |last| last.round.saturating_add(1));
                let Target {
                    platform,
                    workspace_id,
                    turn_key,
                    ..
                } = self.target;
                (request_id(platform, workspace_id, turn_key, round), round)
            }
        };
        Action::Request { request_id, round }
    }

    /// Reads the looks since an instant.
    fn shown(&self, since_ms: i64) -> Shown {
        let mut idle: Option<(i64, i64)> = None;
        let mut last_not_known = None;
        for look in self.looks.iter().rev().take_while(|l| l.at_ms >= since_ms) {
            match (look.seen, idle) {
                (Seen::Gone, None) => return Shown::Gone("the turn is gone"),
                (Seen::Successor, None) => return Shown::Gone("another turn is in flight"),
                (Seen::InFlight, None) if last_not_known.is_none() => {
                    return Shown::Here(look.at_ms);
                }
                (Seen::Idle, None) => idle = Some((look.at_ms, look.at_ms)),
                (Seen::Idle, Some((_, last))) => idle = Some((look.at_ms, last)),
                (Seen::NotKnown, None) => {
                    last_not_known = last_not_known.or(Some(look.at_ms));
                }
                (Seen::NotKnown, Some(_)) => {}
                // What was seen before the row of looks that counts.
                _ => break,
            }
        }
        match (idle, last_not_known) {
            (Some((first, last)), _) => Shown::Idle(first, last),
            (None, Some(at_ms)) => Shown::NotKnown(at_ms),
            (None, None) => Shown::Nothing,
        }
    }

    /// Looks at the next time: at once, then at each poll, and at the end of the grace.
    fn look(&self, since_ms: i64, until_ms: i64) -> Action {
        let last = self.looks.last().filter(|look| look.at_ms >= since_ms);
        let at_ms = match last {
            None => self.now_ms,
            Some(last) => {
                let next = last.at_ms.saturating_add(self.policy.poll_ms.max(1));
                let end = (last.at_ms < until_ms).then_some(until_ms);
                next.min(end.unwrap_or(next)).max(self.now_ms)
            }
        };
        Action::Look { at_ms }
    }

    /// The end of the grace of a request that ended at an instant.
    fn grace_end(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(self.policy.grace_ms.max(0))
    }

    /// Waits until a turn is seen to be gone. With `cancelled` it is over by what was answered, and one
    /// look without a task confirms that.
    fn wait_for_end(&self, since_ms: i64, cancelled: bool) -> Waited {
        let until_ms = self.grace_end(since_ms);
        let newest_ms = self.looks.last().map_or(i64::MIN, |look| look.at_ms);
        let held = |first: i64, last: i64| cancelled || last.saturating_sub(first) >= IDLE_HELD_MS;
        match self.shown(since_ms) {
            Shown::Gone(how) => Waited::Over(how),
            Shown::Idle(first, last) if held(first, last) => {
                Waited::Over("the workspace shows no task")
            }
            // The row of looks may still become long enough, also after some that failed.
            Shown::Idle(first, _)
                if newest_ms < first.saturating_add(2 * IDLE_HELD_MS).max(until_ms) =>
            {
                Waited::Not(self.look(since_ms, first.saturating_add(IDLE_HELD_MS)))
            }
            Shown::Idle(..) => Waited::NotKnown,
            Shown::Here(at_ms) if at_ms >= until_ms => Waited::Lingers,
            Shown::NotKnown(at_ms) if at_ms >= until_ms => Waited::NotKnown,
            Shown::Here(_) | Shown::NotKnown(_) | Shown::Nothing => {
                Waited::Not(self.look(since_ms, until_ms))
            }
        }
    }

    /// The request was accepted.
    fn accepted(&self, last: &Attempt, at_ms: i64, cancelled: bool) -> Action {
        let earlier = self.is_earlier(last);
        let when = if earlier {
            format!("the request of {} was accepted", utc(at_ms))
        } else {
            "the request was accepted".to_owned()
        };
        let when = match (last.answered_turn(), &self.target.turn_id) {
            (Some(other), Some(turn)) if other != turn => {
                format!("{when}, for turn {other} instead of {turn}")
            }
            _ => when,
        };
        match self.wait_for_end(at_ms, cancelled) {
            Waited::Over(how) => done(Outcome::Confirmed, format!("{when}, and {how}")),
            Waited::Not(action) => action,
            Waited::NotKnown => done(
                Outcome::Unknown,
                format!("{when}; the platform could not be read back"),
            ),
            // An earlier call ended there: this one asks anew.
            Waited::Lingers if earlier && self.may_ask() => self.request(),
            Waited::Lingers if self.policy.escalate => Action::Restart,
            Waited::Lingers => done(
                Outcome::Lingering,
                format!(
                    "{when}; the turn is still in flight after {}",
                    duration(self.policy.grace_ms)
                ),
            ),
        }
    }

    /// It says that nothing was in flight: that is looked at too.
    fn said_idle(&self, at_ms: i64) -> Action {
        match self.wait_for_end(at_ms, true) {
            Waited::Over(_) => done(Outcome::Idle, "nothing was in flight"),
            Waited::Not(action) => action,
            Waited::NotKnown => done(
                Outcome::Unknown,
                "it says that nothing is in flight; the platform could not be read back",
            ),
            Waited::Lingers => done(
                Outcome::Unknown,
                "it says that nothing is in flight; the platform shows the turn",
            ),
        }
    }

    /// The turn cannot be steered.
    fn refused(&self, at_ms: i64, earlier: bool) -> Action {
        let again_ms = at_ms.saturating_add(self.policy.refusal_cooldown_ms.max(0));
        if earlier && self.now_ms >= again_ms {
            return self.request();
        }
        if self.policy.escalate {
            return Action::Restart;
        }
        let again = utc(again_ms);
        done(
            Outcome::Refused,
            if earlier {
                format!(
                    "asked at {}, refused; it is asked again from {again}",
                    utc(at_ms)
                )
            } else {
                format!("the turn cannot be steered; it is asked again from {again}")
            },
        )
    }

    /// It is to be asked later.
    fn throttled(&self, at_ms: i64, retry_after_ms: Option<i64>) -> Action {
        let asked_ms = retry_after_ms.unwrap_or(self.policy.backoff_ms).max(0);
        // Who was throttled together does not come back together.
        let until_ms = at_ms
            .saturating_add(asked_ms)
            .saturating_add(self.backoff_ms(0));
        let wait = duration(asked_ms);
        if !self.may_ask() {
            return done(
                Outcome::Throttled,
                format!("it asked to come back after {wait}; no request is left in this call"),
            );
        }
        if until_ms.saturating_sub(self.now_ms) > LONGEST_WAIT_MS {
            return done(
                Outcome::Throttled,
                format!("it asked to come back after {wait}: too long for this call"),
            );
        }
        if self.now_ms < until_ms {
            return Action::Wait {
                until_ms,
                why: format!("it asked to come back after {wait}"),
            };
        }
        self.request()
    }

    /// It may or may not have worked: looks, then asks again with the same id.
    fn unclear(&self, last: &Attempt, at_ms: i64, what: &str) -> Action {
        let waited = self.wait_for_end(at_ms, false);
        let again = self.may_ask();
        match (waited, self.shown(at_ms)) {
            (Waited::Over(how), _) => done(Outcome::Confirmed, format!("{what}, and {how}")),
            (Waited::Not(action), Shown::Nothing | Shown::Idle(..)) => action,
            (_, Shown::Here(_) | Shown::NotKnown(_) | Shown::Idle(..)) if again => {
                let until_ms = at_ms.saturating_add(self.backoff_ms(self.made().saturating_sub(1)));
                if self.now_ms < until_ms && !self.is_earlier(last) {
                    return Action::Wait {
                        until_ms,
                        why: format!("{what}; it is asked again with the same id"),
                    };
                }
                self.request()
            }
            // The last one may still work.
            (Waited::Not(action), _) => action,
            (_, Shown::Here(_)) => done(
                Outcome::Unknown,
                format!(
                    "{what}; the turn is still in flight after {} requests",
                    self.made()
                ),
            ),
            _ => done(
                Outcome::Unknown,
                format!("{what}, and the platform could not be read back"),
            ),
        }
    }

    /// A restart was asked for.
    fn restarted(&self, last: &Attempt) -> Action {
        let earlier = self.is_earlier(last);
        let (since_ms, accepted) = match &last.answer {
            None => (last.at_ms, false),
            Some((answer, at_ms)) => match answer {
                Answer::Checkpointed { .. }
                | Answer::Interrupting { .. }
                | Answer::Idle
                | Answer::TurnMismatch { .. } => (*at_ms, true),
                Answer::Unclear => (*at_ms, false),
                _ if earlier => return self.request(),
                Answer::Unauthorised | Answer::TenantGuard => {
                    return done(Outcome::Unauthorised, "the restart was not allowed");
                }
                Answer::Throttled { .. } => {
                    return done(Outcome::Throttled, "the restart is to be asked for later");
                }
                Answer::NotSteerable
                | Answer::Unsupported
                | Answer::NoSuchWorkspace
                | Answer::Rejected => return done(Outcome::Rejected, "the restart was refused"),
            },
        };
        let when = if accepted {
            "the restart was accepted"
        } else {
            "the answer to the restart is unclear"
        };
        match self.wait_for_end(since_ms, accepted) {
            Waited::Over(how) => done(
                Outcome::Restarted,
                format!("{when}, and {how}: the turn is destroyed"),
            ),
            Waited::Not(action) => action,
            Waited::Lingers | Waited::NotKnown if earlier => self.request(),
            Waited::Lingers if accepted => done(
                Outcome::Lingering,
                format!("{when}; the turn is still in flight"),
            ),
            Waited::Lingers => done(Outcome::Unknown, format!("{when}; the turn is in flight")),
            Waited::NotKnown => done(
                Outcome::Unknown,
                format!("{when}; the platform could not be read back"),
            ),
        }
    }

    /// A pause with full jitter, of this target.
    fn backoff_ms(&self, attempt: u32) -> i64 {
        let Target {
            workspace_id,
            turn_key,
            ..
        } = self.target;
        backoff_ms(
            self.policy.backoff_ms,
            self.policy.backoff_max_ms,
            attempt,
            &format!("{workspace_id} {turn_key}"),
        )
    }
}

/// What came of waiting for a turn's end.
enum Waited {
    /// It is over: how that shows.
    Over(&'static str),
    /// Not yet: what to do.
    Not(Action),
    /// It is still there after the grace.
    Lingers,
    /// The platform could not be asked until the end of the grace.
    NotKnown,
}

impl Attempt {
    /// Whether the request was accepted: then the same id is answered from memory.
    fn is_accepted(&self) -> bool {
        let answer = self.answer.as_ref().map(|(answer, _)| answer);
        matches!(
            answer,
            Some(Answer::Checkpointed { .. } | Answer::Interrupting { .. })
        )
    }

    /// The turn that an accepting answer names.
    fn answered_turn(&self) -> Option<&String> {
        match &self.answer.as_ref()?.0 {
            Answer::Checkpointed { turn_id, .. } | Answer::Interrupting { turn_id } => {
                turn_id.as_ref()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
