//! Rest: a loop does not ask for the same turn at every look. What the attempts show decides, so that a
//! restart of the loop forgets nothing.

use super::policy::backoff_ms;
use super::{Answer, Attempt, Policy};
use crate::when::{duration, utc};

/// A turn that is not asked for yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Not before this, epoch milliseconds.
    pub until_ms: i64,
    /// Why, in words.
    pub why: String,
}

/// A turn whose request was refused for its caller rests no longer than this, milliseconds: as long as the
/// breaker's longest pause.
const CALLER_MAX_MS: i64 = 600_000;

/// Until when a turn rests, by all requests for it, oldest first. Workspace and key of
/// the turn scatter the pauses.
///
/// A request whose end was never recorded gives no rest: the process died, and the same request is made
/// again at once.
pub fn rest(
    attempts: &[Attempt],
    policy: &Policy,
    (workspace_id, turn_key): (&str, &str),
    now_ms: i64,
) -> Option<Rest> {
    let seed = &*format!("{workspace_id} {turn_key}");
    let last = attempts.last()?;
    let (answer, at_ms) = last.answer.as_ref()?;
    let (pause_ms, why) = match answer {
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } if last.restart => {
            let restarts = attempts.iter().filter(|a| a.restart).count();
            let restarts = u32::try_from(restarts).unwrap_or(u32::MAX);
            (
                growing(policy, restarts, seed),
                "its workspace was restarted, and may be coming up".to_owned(),
            )
        }
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } if last.round == 0 => {
            return None;
        }
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } => (
            growing(policy, last.round, seed),
            format!("it outlived {} accepted requests", last.round + 1),
        ),
        Answer::NotSteerable => (policy.refusal_cooldown_ms, "it was refused".to_owned()),
        Answer::Unsupported => (
            policy.refusal_cooldown_ms,
            "its adapter has no handler".to_owned(),
        ),
        Answer::Rejected | Answer::NoSuchWorkspace => (
            policy.refusal_cooldown_ms,
            "the request was refused as it is".to_owned(),
        ),
        Answer::Throttled { retry_after_ms } => {
            let asked_ms = retry_after_ms.unwrap_or(policy.backoff_ms).max(0);
            let scatter = backoff_ms(policy.backoff_ms, policy.backoff_max_ms, 0, seed);
            (
                asked_ms.saturating_add(scatter),
                format!("it asked to come back after {}", duration(asked_ms)),
            )
        }
        // It is the caller's matter, not the turn's: once that is mended it goes on.
        Answer::Unauthorised | Answer::TenantGuard if *at_ms < policy.caller_since_ms => {
            return None;
        }
        Answer::Unauthorised | Answer::TenantGuard => (
            growing(policy, in_vain(attempts), seed).min(CALLER_MAX_MS),
            "the caller was refused".to_owned(),
        ),
        Answer::Unclear | Answer::Idle | Answer::TurnMismatch { .. } => {
            let vain = in_vain(attempts);
            let requests = if vain == 1 { "request" } else { "requests" };
            (
                growing(policy, vain, seed),
                format!("{vain} {requests} in a row did not end it"),
            )
        }
    };
    let until_ms = at_ms.saturating_add(pause_ms.max(0));
    (now_ms < until_ms).then(|| Rest {
        until_ms,
        why: format!("{why}; it is not asked again before {}", utc(until_ms)),
    })
}

/// How many of the last requests had no effect that is known.
fn in_vain(attempts: &[Attempt]) -> u32 {
    let vain = |attempt: &&Attempt| {
        matches!(
            attempt.answer,
            None | Some((
                Answer::Unclear
                    | Answer::Idle
                    | Answer::TurnMismatch { .. }
                    | Answer::Unauthorised
                    | Answer::TenantGuard,
                _
            ))
        )
    };
    let count = attempts.iter().rev().take_while(vain).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A pause that doubles, with jitter over its second half, so that it grows whatever is drawn.
fn growing(policy: &Policy, times: u32, seed: &str) -> i64 {
    let factor = 1_i64
        .checked_shl(times.saturating_sub(1))
        .filter(|&f| f > 0);
    let longest = policy
        .rest_ms
        .saturating_mul(factor.unwrap_or(i64::MAX))
        .min(policy.rest_max_ms)
        .max(0);
    let half = longest / 2;
    half.saturating_add(backoff_ms(longest - half, longest - half, 0, seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(answer: Option<Answer>, at_ms: i64, round: u32) -> Attempt {
        Attempt {
            request_id: "ckp-1".to_owned(),
            round,
            at_ms,
            answer: answer.map(|answer| (answer, at_ms)),
            restart: false,
        }
    }

    fn policy() -> Policy {
        Policy {
            rest_ms: 60_000,
            rest_max_ms: 3_600_000,
            refusal_cooldown_ms: 3_600_000,
            ..Policy::default()
        }
    }

    fn pause(attempts: &[Attempt], seed: &str) -> Option<i64> {
        let rest = rest(attempts, &policy(), (seed, "turn-1"), i64::MIN)?;
        Some(rest.until_ms - attempts.last().unwrap().at_ms)
    }

    #[test]
    fn what_was_cut_off_goes_on_at_once() {
        assert_eq!(pause(&[], "a"), None);
        assert_eq!(pause(&[attempt(None, 5, 0)], "a"), None);
        let done = Answer::Interrupting { turn_id: None };
        assert_eq!(pause(&[attempt(Some(done), 5, 0)], "a"), None);
    }

    #[test]
    fn a_refused_caller_is_tried_ever_less_often_and_still_often() {
        for answer in [Answer::Unauthorised, Answer::TenantGuard] {
            let before = [attempt(Some(answer.clone()), 5, 0)];
            for (since_ms, rests) in [(5, true), (6, false)] {
                let policy = Policy {
                    caller_since_ms: since_ms,
                    ..policy()
                };
                let rest = rest(&before, &policy, ("a", "turn-1"), 5);
                assert_eq!(rest.is_some(), rests, "{since_ms}");
            }
            let mut attempts = Vec::new();
            for n in 0..12_u32 {
                attempts.push(attempt(Some(answer.clone()), i64::from(n), 0));
                let longest = (60_000_i64 << n).min(3_600_000);
                let pause = pause(&attempts, "a").unwrap();
                let (low, high) = ((longest / 2).min(600_000), longest.min(600_000));
                assert!((low..=high).contains(&pause), "{n}: {pause}");
            }
        }
    }

    #[test]
    fn a_workspace_that_was_restarted_is_let_come_up() {
        let restart = |at_ms| Attempt {
            restart: true,
            ..attempt(Some(Answer::Interrupting { turn_id: None }), at_ms, 0)
        };
        let mut attempts = Vec::new();
        for n in 0..8_u32 {
            attempts.push(attempt(Some(Answer::Unsupported), i64::from(2 * n), 0));
            attempts.push(restart(i64::from(2 * n + 1)));
            let longest = (60_000_i64 << n).min(3_600_000);
            let pause = pause(&attempts, "a").unwrap();
            assert!((longest / 2..=longest).contains(&pause), "{n}: {pause}");
        }
    }

    #[test]
    fn a_no_holds_for_the_cool_down() {
        for answer in [
            Answer::NotSteerable,
            Answer::Unsupported,
            Answer::Rejected,
            Answer::NoSuchWorkspace,
        ] {
            let attempts = [attempt(Some(answer.clone()), 5, 0)];
            assert_eq!(pause(&attempts, "a"), Some(3_600_000), "{answer:?}");
            let over = rest(&attempts, &policy(), ("a", "turn-1"), 3_600_005);
            assert_eq!(over, None);
        }
    }

    #[test]
    fn what_is_asked_for_is_kept() {
        let later = Answer::Throttled {
            retry_after_ms: Some(30_000),
        };
        let pause = pause(&[attempt(Some(later), 5, 0)], "a").unwrap();
        assert!((30_000..=31_000).contains(&pause), "{pause}");
    }

    #[test]
    fn vain_requests_make_it_rest_longer_each_time() {
        let mut attempts = Vec::new();
        let mut last = 0;
        for n in 0..12_u32 {
            attempts.push(attempt(Some(Answer::Unclear), i64::from(n), 0));
            let longest = (60_000_i64 << n).min(3_600_000);
            let drawn: Vec<i64> = (0..50)
                .map(|seed| pause(&attempts, &format!("ws-{seed}")).unwrap())
                .collect();
            let (low, high) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
            assert!(*low >= longest / 2 && *high <= longest, "{n}: {drawn:?}");
            assert!(high - low > longest / 4, "{n}: they come together");
            assert!(*high >= last, "{n}");
            last = *low;
        }
        // A crash between two of them changes nothing, and an answer starts anew.
        attempts.push(attempt(None, 20, 0));
        attempts.push(attempt(Some(Answer::Unclear), 21, 0));
        assert!(pause(&attempts, "a").unwrap() >= 1_800_000);
        attempts.push(attempt(
            Some(Answer::Throttled {
                retry_after_ms: None,
            }),
            22,
            0,
        ));
        attempts.push(attempt(Some(Answer::Unclear), 23, 0));
        assert!(pause(&attempts, "a").unwrap() <= 60_000);
    }

    #[test]
    fn a_turn_that_outlives_accepted_requests_is_asked_ever_less_often() {
        let done = || {
            Some(Answer::Checkpointed {
                turn_id: None,
                checkpoint_id: None,
                resumable: None,
            })
        };
        let mut attempts = vec![attempt(done(), 0, 0)];
        for round in 1..4 {
            attempts.push(attempt(done(), 0, round));
            let longest = 60_000 << (round - 1);
            let pause = pause(&attempts, "a").unwrap();
            assert!((longest / 2..=longest).contains(&pause), "{round}: {pause}");
        }
    }
}
