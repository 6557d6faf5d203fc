//! Backoff goes on over kills: a turn that no request ends is asked for less and less often, by the
//! ledger, however often the process is started anew.

use std::thread::sleep;
use std::time::Duration;

use cronctl::checkpoint::{Answer, Attempt, Policy, rest};
use fastrand::Rng;

use crate::kill::say;
use crate::support::platform::{Act, Fault, Platform, Turn};
use crate::support::settled::{all_recorded, one_id_per_turn};
use crate::support::shim::Shim;
use crate::support::{Seed, World, ledger};

/// So many processes, each a minute after the one before by the machine's clock.
const LIVES: i64 = 30;
const MINUTE_MS: i64 = 60_000;

/// What pauses are scattered by.
const PAUSES_BY: (&str, &str) = ("ws-a", "turn-a");

fn recorded(attempts: &[ledger::Attempt]) -> Vec<Attempt> {
    let read = |attempt: &ledger::Attempt| Attempt {
        request_id: attempt.request_id.clone(),
        round: attempt.round,
        at_ms: attempt.begun_ms,
        answer: attempt.answered_ms.map(|at_ms| (Answer::Unclear, at_ms)),
        restart: false,
    };
    let sent = attempts.iter().filter(|attempt| !attempt.is_withdrawn());
    sent.map(read).collect()
}

/// How many requests one process sends in this time that is never killed: as many as it may at a look,
/// then it rests by the rule.
fn of_one_process(lasts_ms: i64, policy: &Policy) -> usize {
    let (mut attempts, mut now_ms) = (Vec::new(), 0);
    while now_ms < lasts_ms {
        for _ in 0..policy.max_requests {
            attempts.push(Attempt {
                request_id: String::new(),
                round: 0,
                at_ms: now_ms,
                answer: Some((Answer::Unclear, now_ms)),
                restart: false,
            });
        }
        now_ms = rest(&attempts, policy, PAUSES_BY, now_ms).unwrap().until_ms;
    }
    attempts.len()
}

#[test]
fn what_never_works_is_asked_for_no_more_often_for_being_killed() {
    let seed = Seed::new();
    let mut rng = Rng::with_seed(seed.0);
    let (world, platform, shim) = (World::new(), Platform::new(true), Shim::new());
    let act = Act {
        after_ms: 300,
        ..Act::refuses(Fault::Status(500))
    };
    platform.add("ws-a", 0, Turn::new("turn-a", 7_200_000, [act]));
    let policy = Policy::default();
    let mut before: Vec<ledger::Attempt> = Vec::new();
    for life in 0..LIVES {
        shim.tell(&format!("clock {}", life * MINUTE_MS));
        let mut watch = shim.start(&world, &platform.url, "--grace 100ms --breaker 0");
        if rng.bool() {
            watch.sweeps(1);
        } else {
            // Some of them in mid-sweep: it may send up to three requests, with pauses between.
            watch.event("started");
            sleep(Duration::from_millis(rng.u64(..1_500)));
        }
        watch.kill();
        let after = world.attempts();
        ledger::keeps(&before, &after);
        if let Some(next) = after.get(before.len()) {
            // It began when the rest was over that what was recorded then demands.
            let resting = rest(&recorded(&before), &policy, PAUSES_BY, next.begun_ms);
            assert_eq!(resting, None, "{after:?}");
        }
        before = after;
    }
    all_recorded(&platform.asked(), &before);
    one_id_per_turn(&before);
    let open = before.iter().filter(|attempt| attempt.is_open()).count();
    let answered = before.len() - open;
    let most = of_one_process(LIVES * MINUTE_MS, &policy);
    say(&format!(
        "{LIVES} kills in {LIVES} minutes, and a turn that never goes: {answered} requests answered, \
         {open} cut off; one process sends {most}"
    ));
    // Where kills split a look's requests, the pauses between are others: one look's worth more at most.
    let most = most + policy.max_requests as usize;
    assert!(answered <= most, "{answered} of {most}: {before:?}");
    // It is not given up either.
    assert!(answered >= 3, "{before:?}");
}
