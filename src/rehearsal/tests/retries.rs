//! Which failures are tried again: by the client, the session, the scheduler.

use super::*;

const WATCHED: Era = Era::March {
    silence: Silence::Watched,
};

/// So many runs and calls one one-shot makes of models that always fail.
fn one_shot(era: Era, statuses: &[u16]) -> (u64, u64) {
    let kinds: Vec<Kind> = statuses.iter().map(|s| Kind::of_status(*s)).collect();
    one_shot_of(era, &kinds)
}

fn one_shot_of(era: Era, kinds: &[Kind]) -> (u64, u64) {
    let mut world = World::of(1, era);
    world.actors[0].beat = Beat::Once;
    world.actors[0].timeout_ms = None;
    world.models = (0..).take(kinds.len()).collect();
    world.chains = vec![world.models.clone()];
    world.capacity = vec![None; kinds.len()];
    for (kind, model) in kinds.iter().zip(&world.models) {
        world.faults.push(Fault {
            target: Target::Model(*model),
            kind: *kind,
            probability: 1.0,
            spans: None,
        });
    }
    let figures = world.at_once();
    assert_eq!(figures.lost, 1);
    (figures.runs, figures.calls)
}

#[test]
fn a_one_shot_is_repeated_three_times() {
    let mut world = World::of(1, MARCH).failing(Kind::ServerError, None);
    world.actors[0].beat = Beat::Once;
    let figures = world.at_once();
    assert_eq!((figures.runs, figures.calls, figures.lost), (4, 48, 1));
    world.faults[0].kind = Kind::Auth;
    assert_eq!(world.at_once().runs, 1);
}

/// `resolveRetryConfig`, `isTransientCronError`, `applyJobResult` of 2026.3.28 and 2026.3.31.
#[test]
fn the_configuration_says_how_often_and_for_what_a_one_shot_is_repeated() {
    let mut world = World::of(1, MARCH).failing(Kind::RateLimit, None);
    world.actors[0].beat = Beat::Once;
    world.source.retry = Retry {
        attempts: 5,
        backoff_ms: vec![1000, 7 * MINUTE],
        on: vec![Reason::RateLimit],
    };
    let figures = world.at_once();
    assert_eq!((figures.runs, figures.lost), (6, 1));
    // Six runs of 20.9 to 22.4 s, a second and four times seven minutes between them.
    let drain = figures.drain_ms.unwrap() - 28 * MINUTE - 1000;
    assert!((6 * 20_900..=6 * 22_400).contains(&drain), "{drain}");
    world.faults[0].kind = Kind::ServerError;
    assert_eq!(world.at_once().runs, 1);
    world.faults[0].kind = Kind::RateLimit;
    world.source.retry.attempts = 0;
    assert_eq!(world.at_once().runs, 1);
    // Recurring jobs are not repeated at all, and keep their own pauses.
    world.source.retry.attempts = 5;
    world.actors[0].beat = Beat::Cron;
    assert_eq!(world.at_once().runs, 1);
}

/// `shouldRetry` of openai/client.js and @anthropic-ai/sdk/client.js: 408, 409, 429, from 500 on;
/// `_isRetryableError` of agent-session.js: 429, 500, 502, 503, 504; a 529 is recorded with 12 calls.
/// `classifyFailoverReason`: what is unknown to it is not followed by the next model.
#[test]
fn march_tries_each_status_again_as_its_client_and_its_session_do() {
    let calls = |status| {
        let mut world = World::of(1, MARCH).failing(Kind::of_status(status), None);
        let alone = world.at_once().calls;
        world.chains = vec![vec![0, 1]];
        (alone, world.at_once().ok == 1)
    };
    for status in [429, 500, 502, 503, 504, 529] {
        assert_eq!(calls(status), (12, true), "{status}");
    }
    for status in [501, 505, 511, 520, 525, 599, 408, 409] {
        assert_eq!(calls(status), (3, false), "{status}");
    }
    for status in [521, 522, 523, 524] {
        assert_eq!(calls(status), (3, true), "{status}");
    }
    for status in [400, 405, 418, 422] {
        assert_eq!(calls(status), (1, false), "{status}");
    }
    for status in [401, 403, 410, 499] {
        assert_eq!(calls(status), (1, true), "{status}");
    }
}

/// `classifyFailoverSignalCore` of 2026.9.6 (classify-core): 408, 410 and 499 are timeouts, a 409 is
/// nothing that it knows.
#[test]
fn september_takes_410_and_499_for_timeouts() {
    for status in [408, 410, 429, 499, 500, 501, 520, 529] {
        let (runs, calls) = one_shot(Era::September, &[status]);
        assert_eq!(runs, 4, "{status}");
        assert!(calls >= 4 * 7, "{status}: {calls}");
    }
    for status in [400, 401, 402, 403, 404, 409, 422] {
        assert_eq!(one_shot(Era::September, &[status]), (1, 1), "{status}");
    }
}

/// `isTransientCronError` of 2026.3 reads the text of `FallbackSummaryError`, which names all models
/// that were tried; 2026.9.6 has the reason of the last one (`errorClassification`).
#[test]
fn march_repeats_a_one_shot_for_any_of_its_models_and_september_for_the_last() {
    assert_eq!(one_shot(MARCH, &[503, 401]), (4, 4 * 13));
    assert_eq!(one_shot(MARCH, &[401, 503]), (4, 4 * 13));
    assert_eq!(one_shot(MARCH, &[401, 403]), (1, 2));
    assert_eq!(one_shot(Era::September, &[503, 401]).0, 1);
    assert_eq!(one_shot(Era::September, &[401, 503]).0, 4);
    // A 410 is "(timeout)" among others, and nothing alone; a 400 ends the run with its own text.
    assert_eq!(one_shot(MARCH, &[410]), (1, 1));
    assert_eq!(one_shot(MARCH, &[410, 401]), (4, 8));
    assert_eq!(one_shot(MARCH, &[503, 400]), (1, 13));
    // 408 and 409 are no pattern's, other 5xx are.
    assert_eq!(one_shot(MARCH, &[408]), (1, 3));
    assert_eq!(one_shot(MARCH, &[409]), (1, 3));
    assert_eq!(one_shot(MARCH, &[520]), (4, 12));
}

/// "LLM request timed out." of 2026.3.28 is not found by `/(timeout|etimedout)/`; 2026.3.31 says
/// `agents.defaults.timeoutSeconds`, which is.
#[test]
fn silence_alone_is_repeated_where_its_text_names_a_timeout() {
    assert_eq!(one_shot_of(MARCH, &[Kind::Silence]), (1, 12));
    assert_eq!(one_shot_of(WATCHED, &[Kind::Silence]), (4, 4));
    assert_eq!(one_shot_of(MARCH, &[Kind::Silence, Kind::Auth]).0, 4);
    assert_eq!(one_shot_of(Era::September, &[Kind::Silence]).0, 4);
}
