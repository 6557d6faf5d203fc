use proptest::prelude::*;

use super::looks::IDLE_HELD_MS;
use super::*;
use crate::checkpoint::request_id;

/// 2026-05-22T22:47:42Z.
const NOW: i64 = 1_779_490_062_000;

fn target() -> Target {
    Target {
        platform: "https://p.example".into(),
        workspace_id: "ws-c".into(),
        turn_id: Some("t1".into()),
        turn_key: "t1".into(),
        begun_ms: NOW,
    }
}

fn accepted() -> Answer {
    Answer::Checkpointed {
        turn_id: None,
        checkpoint_id: None,
        resumable: None,
    }
}

const INTERRUPTING: Answer = Answer::Interrupting { turn_id: None };

fn later(ms: i64) -> Answer {
    Answer::Throttled {
        retry_after_ms: Some(ms),
    }
}

/// A request of an earlier call, answered 100 ms later.
fn earlier(ago_ms: i64, answer: Option<Answer>) -> Attempt {
    let at_ms = NOW - ago_ms;
    Attempt {
        request_id: id(0),
        round: 0,
        at_ms,
        answer: answer.map(|answer| (answer, at_ms + 100)),
        restart: false,
    }
}

fn id(round: u32) -> String {
    request_id("https://p.example", "ws-c", "t1", round)
}

/// What a call did.
#[derive(Debug, Default)]
struct Call {
    attempts: Vec<Attempt>,
    looks: Vec<ReadBack>,
    waits: u32,
    restarts: u32,
    /// The ids asked with, in order.
    asked: Vec<String>,
    outcome: Option<Outcome>,
    why: String,
    took_ms: i64,
}

/// Runs a call: answers and looks as given, the last of each for ever. A look may depend on the time.
fn run(
    policy: &Policy,
    before: &[Attempt],
    answers: &[Answer],
    look: impl Fn(i64, usize) -> Seen,
) -> Call {
    let target = target();
    let mut call = Call {
        attempts: before.to_vec(),
        ..Call::default()
    };
    let mut now_ms = NOW;
    for _ in 0..5_000 {
        let action = decide(&target, &call.attempts, &call.looks, policy, now_ms);
        let mut send = |request_id: String, round, restart, now_ms: &mut i64| {
            let n = call.attempts.len() - before.len();
            let answer = answers[n.min(answers.len() - 1)].clone();
            let at_ms = *now_ms;
            *now_ms += 20;
            call.attempts.push(Attempt {
                request_id,
                round,
                at_ms,
                answer: Some((answer, *now_ms)),
                restart,
            });
        };
        match action {
            Action::Request { request_id, round } => {
                call.asked.push(request_id.clone());
                send(request_id, round, false, &mut now_ms);
            }
            Action::Restart => {
                call.restarts += 1;
                send("restart".into(), 0, true, &mut now_ms);
            }
            Action::Look { at_ms } => {
                assert!(at_ms >= now_ms, "a look in the past");
                now_ms = at_ms + 5;
                let seen = look(now_ms - NOW, call.looks.len());
                call.looks.push(ReadBack {
                    at_ms: now_ms,
                    seen,
                });
            }
            Action::Wait { until_ms, .. } => {
                assert!(until_ms > now_ms, "a wait that is over");
                call.waits += 1;
                now_ms = until_ms;
            }
            Action::Done { outcome, why } => {
                call.outcome = Some(outcome);
                call.why = why;
                call.took_ms = now_ms - NOW;
                return call;
            }
        }
    }
    panic!("it does not end: {call:?}");
}

/// Runs a call on a turn that is always seen the same.
fn always(policy: &Policy, before: &[Attempt], answers: &[Answer], seen: Seen) -> Call {
    run(policy, before, answers, |_, _| seen)
}

#[test]
fn every_answer_has_its_end() {
    use Outcome::{
        Confirmed, Idle, Lingering, Moot, Refused, Rejected, Throttled, Unauthorised, Unknown,
        Unsupported,
    };
    let mismatch = Answer::TurnMismatch {
        turn_id: Some("t2".into()),
    };
    let cases: &[(&[Answer], Seen, Outcome, usize)] = &[
        (&[accepted()], Seen::Gone, Confirmed, 1),
        (&[accepted()], Seen::Successor, Confirmed, 1),
        (&[accepted()], Seen::Idle, Confirmed, 1),
        (&[accepted()], Seen::InFlight, Lingering, 1),
        (&[accepted()], Seen::NotKnown, Unknown, 1),
        (&[INTERRUPTING], Seen::Gone, Confirmed, 1),
        (&[INTERRUPTING], Seen::Idle, Confirmed, 1),
        (&[INTERRUPTING], Seen::InFlight, Lingering, 1),
        (&[Answer::Idle], Seen::Gone, Idle, 1),
        (&[Answer::Idle], Seen::Idle, Idle, 1),
        (&[Answer::Idle], Seen::InFlight, Unknown, 1),
        (&[Answer::Idle], Seen::NotKnown, Unknown, 1),
        (&[Answer::NotSteerable], Seen::InFlight, Refused, 1),
        (&[mismatch], Seen::Successor, Moot, 1),
        (&[Answer::Unauthorised], Seen::InFlight, Unauthorised, 1),
        (&[Answer::TenantGuard], Seen::InFlight, Unauthorised, 1),
        (&[Answer::Unsupported], Seen::InFlight, Unsupported, 1),
        (&[Answer::NoSuchWorkspace], Seen::NotKnown, Rejected, 1),
        (&[Answer::Rejected], Seen::InFlight, Rejected, 1),
        (&[later(30_000)], Seen::InFlight, Throttled, 3),
        (&[later(30_000), accepted()], Seen::Gone, Confirmed, 2),
        (&[later(86_400_000)], Seen::InFlight, Throttled, 1),
        (&[Answer::Unclear], Seen::InFlight, Unknown, 3),
        (&[Answer::Unclear], Seen::NotKnown, Unknown, 3),
        (&[Answer::Unclear], Seen::Gone, Confirmed, 1),
        (&[Answer::Unclear], Seen::Idle, Confirmed, 1),
        (&[Answer::Unclear, accepted()], Seen::InFlight, Lingering, 2),
        (
            &[Answer::Unclear, Answer::NotSteerable],
            Seen::InFlight,
            Refused,
            2,
        ),
    ];
    for (answers, seen, outcome, requests) in cases {
        let call = always(&Policy::default(), &[], answers, *seen);
        assert_eq!(
            call.outcome,
            Some(*outcome),
            "{answers:?} {seen:?}: {}",
            call.why
        );
        assert_eq!(call.asked, vec![id(0); *requests], "{answers:?} {seen:?}");
        assert_eq!(call.restarts, 0);
    }
}

#[test]
fn a_turn_that_ends_within_the_grace_is_confirmed_at_the_next_look() {
    let at = |gone_ms: i64| {
        move |ms: i64, _| {
            if ms < gone_ms {
                Seen::InFlight
            } else {
                Seen::Gone
            }
        }
    };
    let policy = Policy::default();
    let call = run(&policy, &[], &[INTERRUPTING], at(20_000));
    assert_eq!(call.outcome, Some(Outcome::Confirmed));
    assert!((20_000..21_100).contains(&call.took_ms), "{}", call.took_ms);
    // The end of the grace is looked at too, whatever the poll.
    let slow = Policy {
        poll_ms: 30_000,
        ..policy
    };
    let call = run(&slow, &[], &[accepted()], at(33_000));
    assert_eq!(
        (call.outcome, call.looks.len()),
        (Some(Outcome::Confirmed), 3)
    );
    let call = run(&slow, &[], &[accepted()], at(40_000));
    assert_eq!(call.outcome, Some(Outcome::Lingering));
    assert!(
        call.why.contains("still in flight after 35 s"),
        "{}",
        call.why
    );
}

#[test]
fn without_a_word_of_cancelling_the_sweep_is_no_end() {
    // 0 for 30 s, then busy again.
    let sweep = |ms: i64, _| {
        if ms < 30_000 {
            Seen::Idle
        } else {
            Seen::InFlight
        }
    };
    for answer in [INTERRUPTING, Answer::Unclear] {
        let call = run(&Policy::default(), &[], &[answer], sweep);
        assert_ne!(call.outcome, Some(Outcome::Confirmed), "{}", call.why);
    }
    // Looks that fail in between do not shorten what must hold.
    let holes = |_, n: usize| {
        if n.is_multiple_of(2) {
            Seen::Idle
        } else {
            Seen::NotKnown
        }
    };
    let call = run(&Policy::default(), &[], &[INTERRUPTING], holes);
    assert_eq!(call.outcome, Some(Outcome::Confirmed));
    assert!(call.took_ms >= 35_000);
    let lost = |_, n: usize| if n == 0 { Seen::Idle } else { Seen::NotKnown };
    let call = run(&Policy::default(), &[], &[INTERRUPTING], lost);
    assert_eq!(call.outcome, Some(Outcome::Unknown));
}

#[test]
fn a_turn_that_is_gone_before_is_left_alone() {
    let looks = [ReadBack {
        at_ms: NOW,
        seen: Seen::Successor,
    }];
    let action = decide(&target(), &[], &looks, &Policy::default(), NOW);
    let Action::Done { outcome, why } = action else {
        panic!("{action:?}")
    };
    assert_eq!(outcome, Outcome::Moot);
    assert_eq!(why, "another turn is in flight before anything was sent");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_an_earlier_call_left_is_taken_up() {
    use Outcome::{Confirmed, Lingering, Refused, Unsupported};
    const HOUR: i64 = 3_600_000;
    let policy = Policy::default();
    // What was recorded, what is answered and seen now; the end and the ids asked with.
    let cases: Vec<(Attempt, Answer, Seen, Outcome, Vec<String>)> = vec![
        // Begun and never recorded: it is looked at first.
        (
            earlier(HOUR, None),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![],
        ),
        (
            earlier(HOUR, None),
            accepted(),
            Seen::InFlight,
            Lingering,
            vec![id(0)],
        ),
        (
            earlier(HOUR, Some(Answer::Unclear)),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![],
        ),
        (
            earlier(HOUR, Some(Answer::Unclear)),
            accepted(),
            Seen::InFlight,
            Lingering,
            vec![id(0)],
        ),
        // Accepted, and the turn outlived it: a new round.
        (
            earlier(HOUR, Some(accepted())),
            accepted(),
            Seen::InFlight,
            Lingering,
            vec![id(1)],
        ),
        (
            earlier(HOUR, Some(accepted())),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![],
        ),
        (
            earlier(HOUR, Some(INTERRUPTING)),
            accepted(),
            Seen::Idle,
            Confirmed,
            vec![],
        ),
        // Accepted a moment ago: the rest of its grace is waited for.
        (
            earlier(5_000, Some(accepted())),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![],
        ),
        // Refused: not before the cool-down.
        (
            earlier(60_000, Some(Answer::NotSteerable)),
            accepted(),
            Seen::InFlight,
            Refused,
            vec![],
        ),
        (
            earlier(HOUR, Some(Answer::NotSteerable)),
            Answer::NotSteerable,
            Seen::InFlight,
            Refused,
            vec![id(0)],
        ),
        (
            earlier(HOUR, Some(later(1_000))),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![id(0)],
        ),
        // What may have changed is asked again.
        (
            earlier(60_000, Some(Answer::Unsupported)),
            Answer::Unsupported,
            Seen::InFlight,
            Unsupported,
            vec![id(0)],
        ),
        (
            earlier(60_000, Some(Answer::Unauthorised)),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![id(0)],
        ),
        (
            // The old one is answered from memory, whatever is in flight.
            earlier(60_000, Some(Answer::Idle)),
            accepted(),
            Seen::Gone,
            Confirmed,
            vec![id(1)],
        ),
    ];
    for (before, answer, seen, outcome, asked) in cases {
        // 100 ms of an hour: the cool-down counts from the answer.
        let before = Attempt {
            at_ms: before.at_ms - 100,
            answer: before.answer.map(|(answer, at_ms)| (answer, at_ms - 100)),
            ..before
        };
        let call = always(&policy, std::slice::from_ref(&before), &[answer], seen);
        assert_eq!(call.outcome, Some(outcome), "{before:?}: {}", call.why);
        assert_eq!(call.asked, asked, "{before:?}");
    }
    let refused = earlier(60_100, Some(Answer::NotSteerable));
    let call = always(&policy, &[refused], &[accepted()], Seen::InFlight);
    assert_eq!(
        call.why,
        "asked at 2026-05-22T22:46:42.000Z, refused; it is asked again from 2026-05-22T23:46:42.000Z"
    );
}

#[test]
fn a_restart_is_only_for_who_asked_for_it_and_only_then() {
    let policy = Policy {
        escalate: true,
        ..Policy::default()
    };
    let restarts = |answers: &[Answer], seen| {
        let call = always(&policy, &[], answers, seen);
        (call.restarts, call.outcome.unwrap())
    };
    let ok = INTERRUPTING;
    assert_eq!(
        restarts(&[Answer::Unsupported, ok.clone()], Seen::Idle),
        (1, Outcome::Restarted)
    );
    assert_eq!(
        restarts(&[Answer::NotSteerable, ok.clone()], Seen::Successor),
        (1, Outcome::Restarted)
    );
    assert_eq!(
        restarts(&[Answer::NotSteerable, ok.clone()], Seen::InFlight),
        (1, Outcome::Lingering)
    );
    assert_eq!(
        restarts(&[Answer::Unsupported, Answer::Unclear], Seen::NotKnown),
        (1, Outcome::Unknown)
    );
    assert_eq!(
        restarts(&[Answer::Unsupported, Answer::Unauthorised], Seen::InFlight),
        (1, Outcome::Unauthorised)
    );
    assert_eq!(
        restarts(&[Answer::Unsupported, Answer::Rejected], Seen::InFlight),
        (1, Outcome::Rejected)
    );
    // Nobody knows whether the turn still runs, or nobody may touch it: it is not destroyed.
    for answer in [
        Answer::Unclear,
        Answer::Unauthorised,
        Answer::Rejected,
        Answer::Idle,
        later(1),
        Answer::TurnMismatch { turn_id: None },
    ] {
        assert_eq!(
            restarts(std::slice::from_ref(&answer), Seen::InFlight).0,
            0,
            "{answer:?}"
        );
    }
    let lingers = |ms: i64, _| {
        if ms < 36_000 {
            Seen::InFlight
        } else {
            Seen::Gone
        }
    };
    let call = run(&policy, &[], &[accepted(), ok], lingers);
    assert_eq!((call.restarts, call.outcome), (1, Some(Outcome::Restarted)));
    assert!(call.why.ends_with("the turn is destroyed"), "{}", call.why);
}

#[test]
fn an_answer_for_another_turn_is_said() {
    let answer = Answer::Checkpointed {
        turn_id: Some("t9".into()),
        checkpoint_id: None,
        resumable: None,
    };
    let call = always(&Policy::default(), &[], &[answer], Seen::Gone);
    assert_eq!(
        call.why,
        "the request was accepted, for turn t9 instead of t1, and the turn is gone"
    );
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => Just(accepted()),
        3 => Just(INTERRUPTING),
        6 => Just(Answer::Unclear),
        1 => Just(Answer::Idle),
        1 => Just(Answer::NotSteerable),
        1 => Just(Answer::TurnMismatch { turn_id: None }),
        1 => Just(Answer::Unauthorised),
        1 => Just(Answer::Unsupported),
        1 => Just(Answer::TenantGuard),
        1 => Just(Answer::NoSuchWorkspace),
        1 => Just(Answer::Rejected),
        3 => prop::option::of(0_i64..400_000)
            .prop_map(|retry_after_ms| Answer::Throttled { retry_after_ms }),
    ]
}

fn seen() -> impl Strategy<Value = Seen> {
    prop::sample::select(&[
        Seen::InFlight,
        Seen::InFlight,
        Seen::InFlight,
        Seen::Idle,
        Seen::Idle,
        Seen::NotKnown,
        Seen::Gone,
        Seen::Successor,
    ])
}

fn policy() -> impl Strategy<Value = Policy> {
    let times = (0_i64..60_000, 0_i64..20_000, 0_i64..5_000, 0_i64..100_000);
    (times, 0_u32..5, any::<bool>()).prop_map(|(times, max_requests, escalate)| Policy {
        drain_ms: 20_000,
        grace_ms: times.0,
        poll_ms: times.1,
        backoff_ms: times.2,
        refusal_cooldown_ms: times.3,
        max_requests,
        escalate,
        ..Policy::default()
    })
}

/// Earlier requests: rounds as this code makes them.
fn earlier_calls() -> impl Strategy<Value = Vec<Attempt>> {
    let one = (prop::option::of(answer()), 0_i64..10_000_000, any::<bool>());
    prop::collection::vec(one, 0..4).prop_map(|mut all| {
        all.sort_by_key(|(_, ago_ms, _)| std::cmp::Reverse(*ago_ms));
        let mut round = 0;
        let attempt = |(answer, ago_ms, restart): (Option<Answer>, i64, bool)| {
            let attempt = Attempt {
                request_id: id(round),
                round,
                restart,
                ..earlier(ago_ms + 200, answer)
            };
            round += u32::from(attempt.is_answered() && !restart);
            attempt
        };
        all.into_iter().map(attempt).collect()
    })
}

proptest! {
    #[test]
    fn under_any_answers_it_ends_and_keeps_its_promises(
        policy in policy(),
        before in earlier_calls(),
        answers in prop::collection::vec(answer(), 1..6),
        looks in prop::collection::vec(seen(), 1..40),
    ) {
        // It ends: run() panics otherwise.
        let call = run(&policy, &before, &answers, |_, n| looks[n.min(looks.len() - 1)]);
        let outcome = call.outcome.unwrap();
        prop_assert!(call.asked.len() <= policy.max_requests as usize);
        prop_assert!(call.restarts <= u32::from(policy.escalate));

        // A new id only where the old one was accepted and the turn outlived the grace, or where an earlier
        // call's found nothing in flight.
        let mut old: Option<&Attempt> = None;
        for attempt in call.attempts.iter().filter(|a| !a.restart) {
            if let Some(old) = old.filter(|old| old.request_id != attempt.request_id)
                && attempt.at_ms >= NOW
            {
                prop_assert!(old.is_answered());
                prop_assert_eq!(attempt.round, old.round + 1);
                let end_ms = old.answer.as_ref().unwrap().1 + policy.grace_ms;
                let lingers = |l: &ReadBack| l.at_ms >= end_ms && l.seen == Seen::InFlight;
                let nothing = matches!(old.answer, Some((Answer::Idle, at_ms)) if at_ms < NOW);
                let restarted = call.attempts.iter().any(|a| a.restart);
                prop_assert!(call.looks.iter().any(lingers) || restarted || nothing);
            }
            old = Some(attempt);
        }

        // Success is read back, after the answer that it rests on.
        let last = call.attempts.last();
        if matches!(outcome, Outcome::Confirmed | Outcome::Restarted | Outcome::Idle) {
            let last = last.unwrap();
            let since_ms = last.answer.as_ref().map_or(last.at_ms, |(_, at_ms)| *at_ms);
            let after: Vec<_> = call.looks.iter().filter(|l| l.at_ms >= since_ms).collect();
            let gone = after.iter().any(|l| matches!(l.seen, Seen::Gone | Seen::Successor));
            let idle: Vec<_> = after.iter().filter(|l| l.seen == Seen::Idle).collect();
            let held = idle.last().zip(idle.first()).is_some_and(|(b, a)| b.at_ms - a.at_ms >= IDLE_HELD_MS);
            let said = last.restart || matches!(
                last.answer, Some((Answer::Checkpointed { .. } | Answer::Idle, _))
            );
            prop_assert!(gone || held || (said && !idle.is_empty()), "{:?}", call);
        }
        // Nothing is destroyed unless it was refused, unsupported, or outlived its grace.
        if let Some(n) = call.attempts.iter().position(|a| a.restart && a.at_ms >= NOW) {
            let before = call.attempts[..n].iter().rfind(|a| !a.restart).unwrap();
            let answer = before.answer.as_ref().map(|(answer, _)| answer).unwrap();
            let because = matches!(
                answer,
                Answer::Checkpointed { .. }
                    | Answer::Interrupting { .. }
                    | Answer::NotSteerable
                    | Answer::Unsupported
            );
            prop_assert!(because, "{:?}", call);
        }
        // The same again gives the same.
        let again = run(&policy, &before, &answers, |_, n| looks[n.min(looks.len() - 1)]);
        prop_assert_eq!(call.attempts, again.attempts);
        prop_assert_eq!((call.why, call.took_ms), (again.why, again.took_ms));
    }
}

#[test]
fn names_of_outcomes_are_those_of_json() {
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::json!(outcome), outcome.word());
    }
}
