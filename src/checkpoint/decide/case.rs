//! What to do after each kind of answer.

use super::looks::{Shown, Waited};
use super::{Action, Attempt, Outcome, ReadBack, Target, done};
use crate::checkpoint::{Answer, Policy, backoff_ms, request_id};
use crate::when::{duration, utc};

/// What a decision rests on.
pub(super) struct Case<'a> {
    pub(super) target: &'a Target,
    pub(super) attempts: &'a [Attempt],
    pub(super) looks: &'a [ReadBack],
    pub(super) policy: &'a Policy,
    pub(super) now_ms: i64,
}

impl Case<'_> {
    /// Whether a request is one of an earlier call.
    pub(super) fn is_earlier(&self, attempt: &Attempt) -> bool {
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
    pub(super) fn first(&self) -> Action {
        if let Shown::Gone(how) = self.shown(i64::MIN) {
            return done(Outcome::Moot, format!("{how} before anything was sent"));
        }
        self.request()
    }

    /// Asks: with the id of the last request or, where that one was accepted and the turn outlived it, or
    /// found nothing in flight, with a new one, which is not answered from memory.
    pub(super) fn request(&self) -> Action {
        if !self.may_ask() {
            return done(Outcome::NotSent, "no request is left for it in this call");
        }
        let last = self.attempts.iter().rfind(|a| !a.restart);
        let (request_id, round) = match last {
            Some(last) if !last.is_answered() => (last.request_id.clone(), last.round),
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

    /// The request was accepted.
    pub(super) fn accepted(&self, last: &Attempt, at_ms: i64, cancelled: bool) -> Action {
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
    pub(super) fn said_idle(&self, at_ms: i64) -> Action {
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
    pub(super) fn refused(&self, at_ms: i64, earlier: bool) -> Action {
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
    pub(super) fn throttled(&self, at_ms: i64, retry_after_ms: Option<i64>) -> Action {
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
        if until_ms.saturating_sub(self.now_ms) > self.policy.longest_wait_ms {
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
    pub(super) fn unclear(&self, last: &Attempt, at_ms: i64, what: &str) -> Action {
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
    pub(super) fn restarted(&self, last: &Attempt) -> Action {
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

impl Attempt {
    /// Whether the request was accepted, or found nothing to do: the same id is then answered from memory,
    /// whatever is in flight.
    pub(super) fn is_answered(&self) -> bool {
        let answer = self.answer.as_ref().map(|(answer, _)| answer);
        matches!(
            answer,
            Some(Answer::Checkpointed { .. } | Answer::Interrupting { .. } | Answer::Idle)
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
