//! What outcomes are called, what they look like, and which exit code they make.

use crate::checkpoint::{Answer, Outcome};
use crate::error::Exit;
use crate::ui::Role;

/// Returns what an outcome means to the reader.
pub(super) fn role(outcome: Outcome) -> Role {
    match outcome {
        Outcome::Confirmed | Outcome::Idle | Outcome::Moot => Role::Good,
        Outcome::NotSent => Role::Dim,
        Outcome::Restarted | Outcome::Lingering | Outcome::Unknown | Outcome::Throttled => {
            Role::Warn
        }
        Outcome::Refused | Outcome::Unsupported | Outcome::Unauthorised | Outcome::Rejected => {
            Role::Bad
        }
    }
}

/// Says in a sentence what an outcome is.
pub(super) fn sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Confirmed => "The turn is gone after the request: that was read back.",
        Outcome::Idle => "Nothing was in flight.",
        Outcome::Moot => "The turn had ended by itself; the one after it was not touched.",
        Outcome::NotSent => "No request was sent.",
        Outcome::Restarted => "The workspace was restarted as asked: the turn is destroyed.",
        Outcome::Lingering => {
            "The request was accepted, and the turn was still there after the grace."
        }
        Outcome::Unknown => {
            "It may or may not have worked. Another call asks with the same request id."
        }
        Outcome::Throttled => "The target asked to come back later. Another call tries again.",
        Outcome::Refused => {
            "The turn cannot be steered, and is not asked again for now; --escalate restart destroys it."
        }
        Outcome::Unsupported => {
            "The adapter has no handler for checkpoints; --escalate restart destroys the turn."
        }
        Outcome::Unauthorised => "The caller is not allowed, or the organisation is wrong.",
        Outcome::Rejected => "The request was refused as malformed, or there is no such workspace.",
    }
}

/// The exit code of a call: 6 when something said no, 4 when something may yet come right by itself
/// or on another call, 3 when both. What was not sent does not count here: that is a problem of its own.
pub(super) fn exit(outcomes: impl IntoIterator<Item = Outcome>) -> Exit {
    let (mut refused, mut open) = (false, false);
    for outcome in outcomes {
        match outcome {
            Outcome::Refused | Outcome::Unsupported | Outcome::Unauthorised | Outcome::Rejected => {
                refused = true;
            }
            Outcome::Unknown | Outcome::Lingering | Outcome::Throttled => open = true,
            Outcome::Confirmed
            | Outcome::Idle
            | Outcome::Moot
            | Outcome::Restarted
            | Outcome::NotSent => {}
        }
    }
    match (refused, open) {
        (false, false) => Exit::Ok,
        (true, false) => Exit::Refused,
        (false, true) => Exit::Unavailable,
        (true, true) => Exit::Partial,
    }
}

/// How a target stands that is given up before it came to an end: by its last answer, `None` when
/// that did not come. `sent` is whether anything was sent.
pub(super) fn cut_short(sent: bool, answer: Option<&Answer>) -> Outcome {
    match answer {
        _ if !sent => Outcome::NotSent,
        Some(Answer::Idle) => Outcome::Idle,
        Some(Answer::TurnMismatch { .. }) => Outcome::Moot,
        Some(Answer::NotSteerable) => Outcome::Refused,
        Some(Answer::Unsupported) => Outcome::Unsupported,
        Some(Answer::Unauthorised | Answer::TenantGuard) => Outcome::Unauthorised,
        Some(Answer::NoSuchWorkspace | Answer::Rejected) => Outcome::Rejected,
        Some(Answer::Throttled { .. }) => Outcome::Throttled,
        // Accepted is not yet gone.
        Some(Answer::Checkpointed { .. } | Answer::Interrupting { .. } | Answer::Unclear)
        | None => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_what_kind_of_ends_there_were() {
        use Outcome::*;
        let cases: [(&[Outcome], Exit); 15] = [
            (&[], Exit::Ok),
            (&[Confirmed], Exit::Ok),
            (&[Confirmed, Idle, Moot, Restarted], Exit::Ok),
            (&[NotSent], Exit::Ok),
            (&[Refused], Exit::Refused),
            (&[Unsupported], Exit::Refused),
            (&[Unauthorised, NotSent], Exit::Refused),
            (&[Rejected, Confirmed], Exit::Refused),
            (&[Unknown], Exit::Unavailable),
            (&[Lingering, Confirmed], Exit::Unavailable),
            (&[Throttled], Exit::Unavailable),
            (&[Throttled, Unknown, Lingering], Exit::Unavailable),
            (&[Unknown, Refused], Exit::Partial),
            (&[Unsupported, Confirmed, Lingering], Exit::Partial),
            (&[Rejected, Throttled], Exit::Partial),
        ];
        for (outcomes, expected) in cases {
            assert_eq!(exit(outcomes.iter().copied()), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn what_was_accepted_and_not_read_back_is_not_known() {
        let done = Answer::Checkpointed {
            turn_id: None,
            checkpoint_id: None,
            resumable: None,
        };
        assert_eq!(cut_short(true, Some(&done)), Outcome::Unknown);
        assert_eq!(cut_short(true, None), Outcome::Unknown);
        assert_eq!(cut_short(false, None), Outcome::NotSent);
        let later = Answer::Throttled {
            retry_after_ms: None,
        };
        assert_eq!(cut_short(true, Some(&later)), Outcome::Throttled);
    }
}
