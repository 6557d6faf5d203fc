//! Calls as real gateways made them: recorded against mock providers (`tests/data/rehearsal`).

use serde_json::Value;

use super::*;

/// Instants of the calls of one run.
fn calls(era: Era, kind: Kind, seed: u64) -> Vec<i64> {
    let mut world = World::of(1, era).failing(kind, None);
    // Without a repeat by the scheduler.
    world.actors[0].errors = 5;
    world.seed = seed;
    let figures = world.at_once();
    figures.bins.iter().map(|bin| bin.number).collect()
}

fn recorded(version: &str) -> Value {
    let text = match version {
        "2026.3.28" => include_str!("../../../tests/data/rehearsal/2026.3.28.json"),
        "2026.3.31" => include_str!("../../../tests/data/rehearsal/2026.3.31.json"),
        _ => include_str!("../../../tests/data/rehearsal/2026.9.6.json"),
    };
    serde_json::from_str(text).unwrap()
}

fn instants(value: &Value) -> Vec<i64> {
    let list = value.as_array().unwrap();
    list.iter().map(|ms| ms.as_i64().unwrap()).collect()
}

fn kind_of(run: &Value) -> Kind {
    Kind::of_status(u16::try_from(run["status"].as_u64().unwrap()).unwrap())
}

#[test]
fn march_calls_as_recorded() {
    let document = recorded("2026.3.28");
    let runs = document["runs"].as_object().unwrap();
    assert_eq!(runs.len(), 11);
    for (name, run) in runs {
        let gateway = instants(&run["calls_ms"]);
        let played: Vec<_> = (0..50)
            .map(|seed| calls(MARCH, kind_of(run), seed))
            .collect();
        for (at, pair) in gateway.windows(2).enumerate() {
            let gaps = played
                .iter()
                .map(|calls| calls[at + 1] - calls[at] - FAILED_CALL_MS);
            let (least, most) = (gaps.clone().min().unwrap(), gaps.max().unwrap());
            // The machine adds to every pause, and takes nothing away but a rounded millisecond.
            let gap = pair[1] - pair[0];
            assert!(
                (least - 20..=most + 700).contains(&gap),
                "{name} {at}: {gap}"
            );
        }
        assert!(
            played.iter().all(|calls| calls.len() == gateway.len()),
            "{name}"
        );
    }
}

#[test]
fn march_runs_agent_turns_one_at_a_time_as_recorded() {
    // All were due at one instant, with cron.maxConcurrentRuns 30.
    let document = recorded("2026.3.28");
    let run = |run: &Value| {
        let first = run["first_call_after_due_ms"].as_i64().unwrap();
        (first, first + instants(&run["calls_ms"]).last().unwrap())
    };
    let mut runs: Vec<_> = document["runs"]
        .as_object()
        .unwrap()
        .values()
        .map(run)
        .collect();
    runs.sort_unstable();
    assert!(runs.windows(2).all(|w| w[0].1 < w[1].0), "{runs:?}");
    let waits = document["lane_waits"].as_array().unwrap();
    assert!(waits.iter().all(|w| w["lane"] == "nested"));
    assert!(waits.len() > 5);
}

#[test]
fn silence_ends_as_recorded() {
    let client = recorded("2026.3.28");
    let given_up = instants(&client["silence"]["given_up_ms"])[0];
    assert!((given_up - MARCH.silence_ms()).abs() < 1000, "{given_up}");
    let again = instants(&client["silence"]["calls_ms"])[1] - given_up;
    assert!((375..1000).contains(&again), "{again}");
    let watched = recorded("2026.3.31");
    let given_up = instants(&watched["silence"]["given_up_ms"])[0];
    let era = Era::March {
        silence: Silence::Watched,
    };
    assert!((given_up - era.silence_ms()).abs() < 1000, "{given_up}");
    assert_eq!(instants(&watched["silence"]["calls_ms"]).len(), 1);
}

#[test]
fn september_calls_as_recorded() {
    let document = recorded("2026.9.6");
    for (name, run) in document["runs"].as_object().unwrap() {
        let kind = kind_of(run);
        let (gateway, delays) = (instants(&run["calls_ms"]), instants(&run["delays_ms"]));
        assert_eq!(gateway.len(), delays.len() + 1, "{name}");
        for ((nth, delay), pair) in (1..).zip(&delays).zip(gateway.windows(2)) {
            let tried = Tried {
                calls: nth,
                ..Tried::default()
            };
            let draw = |seed| {
                let mut rng = fastrand::Rng::with_seed(seed);
                Era::September.again_ms(kind, &tried, 0, &mut rng).unwrap()
            };
            let (least, most) = (0..500)
                .map(draw)
                .fold((i64::MAX, 0), |(a, b), d| (a.min(d), b.max(d)));
            // 500 draws come within a hundredth of the bounds.
            assert!(
                (least * 98 / 100..=most * 102 / 100).contains(delay),
                "{name} {nth}: {delay}"
            );
            assert!(pair[1] - pair[0] >= *delay, "{name} {nth}");
        }
        let lengths: Vec<_> = (0..500)
            .map(|seed| calls(Era::September, kind, seed).len())
            .collect();
        assert!(
            lengths.contains(&gateway.len()),
            "{name}: {}",
            gateway.len()
        );
        if let Some(next) = run["next_run_ms"].as_i64() {
            let pause = next - gateway.last().unwrap();
            let first = Era::September.backoff_ms(1);
            assert!((first..2 * first).contains(&pause), "{name}: {pause}");
            let retry = Retry::default();
            assert!(
                retry.is_on(Era::September.reasons(kind, false))
                    && Era::September.repeats_recurring(),
                "{name}"
            );
            assert_eq!(retry.pause_ms(1), first, "{name}");
        }
        assert_eq!(
            run["fallback_call_ms"].is_null(),
            !name.starts_with('f'),
            "{name}"
        );
    }
}

#[test]
fn the_next_model_waits_in_the_lane_behind_the_others_as_recorded() {
    let mut world = World::of(2, MARCH).failing(Kind::Auth, None);
    world.source.lane = Some(1);
    world.chains = vec![vec![0, 1]];
    let figures = world.at_once();
    // 0: first model of the first job; 200 ms: of the second; 400 ms: second model of the first, a
    // minute; then that of the second.
    let starts: Vec<i64> = figures.bins.iter().map(|bin| bin.number).collect();
    assert_eq!(starts, [0, 200, 400, 60_400]);
    assert_eq!((figures.ok, figures.fell_back), (2, 2));
    // Each job with a fallback of 2026.3.31 called it only after the first calls of all others.
    let runs = recorded("2026.3.31")["runs"].clone();
    let runs = runs.as_object().unwrap();
    for (name, run) in runs.iter().filter(|(name, _)| *name != "f401") {
        let last = *instants(&run["calls_ms"]).last().unwrap();
        assert!(
            run["fallback_call_ms"].as_i64().unwrap() - last > 20_000,
            "{name}"
        );
        assert!(
            MARCH
                .failover_ms(kind_of(run), &mut fastrand::Rng::with_seed(0))
                .is_some()
        );
    }
}
