//! The world in virtual time.

use proptest::prelude::*;
use serde_json::Value;

use super::parts::Row;
use super::*;
use crate::sandbox::scenario::{Scenario, built_in};

/// 2026-05-22T12:00:00Z.
const NOON: i64 = 1_779_451_200_000;
const MINUTE: i64 = 60_000;

fn world(text: &str) -> World {
    World::new(&Scenario::parse("test", text).unwrap(), NOON).unwrap()
}

/// One workspace with a turn of an hour.
fn one(behaviour: &str, more: &str) -> World {
    world(&format!(
        "[[workspace]]\nid = \"w\"\nname = \"W\"\nbehaviour = \"{behaviour}\"\nturn_started = \"1h\"\n{more}"
    ))
}

fn named(name: &str, start_ms: i64) -> World {
    let scenario = Scenario::parse(name, built_in(name).unwrap()).unwrap();
    World::new(&scenario, start_ms).unwrap()
}

fn ask(turn_id: Option<&str>, request_id: &str) -> Ask {
    Ask {
        turn_id: turn_id.map(str::to_owned),
        request_id: request_id.to_owned(),
    }
}

/// What the adapter of workspace 0 says: status and the word that tells what.
fn said(on: &mut World, turn_id: Option<&str>, request_id: &str) -> (u16, String) {
    match on.checkpoint(0, &ask(turn_id, request_id)).reply {
        Reply::Json(status, body) => {
            let word = ["code", "status", "error"]
                .iter()
                .find_map(|k| body[k].as_str());
            (status, word.unwrap_or_default().to_owned())
        }
        Reply::Later(status, _) => (status, "later".to_owned()),
        Reply::NoHandler => (404, "Not Found".to_owned()),
        Reply::Html => (200, "html".to_owned()),
        Reply::Reset => (0, "reset".to_owned()),
        Reply::Silence => (0, "silence".to_owned()),
    }
}

fn in_flight(world: &World) -> Option<Value> {
    world.turn_json(0)
}

fn turn_id(world: &World) -> Option<String> {
    Some(in_flight(world)?["turn_id"].as_str()?.to_owned())
}

fn rows<'a>(world: &'a World, ws: usize, kind: &str) -> Vec<&'a Row> {
    let rows = world.workspaces[ws].rows.iter();
    rows.filter(|row| row.kind == kind).collect()
}

#[test]
fn every_behaviour_answers_as_the_contract_says() {
    let first = Some("turn-w-1");
    for (behaviour, turn_id, status, word, goes_on) in [
        ("healthy", None, 200, "idle", false),
        ("idle", first, 200, "idle", false),
        ("hung", first, 200, "checkpointed", false),
        ("hung", None, 200, "checkpointed", false),
        ("hung", Some("another"), 409, "turn_mismatch", true),
        ("long", first, 200, "checkpointed", false),
        ("no-report", first, 200, "checkpointed", false),
        ("refusing", first, 409, "not_steerable", true),
        ("refusing", Some("another"), 409, "turn_mismatch", true),
        ("unsupported", first, 404, "Not Found", true),
        ("flaky", first, 503, "later", true),
        ("slow", first, 202, "interrupting", true),
        ("lingering", first, 200, "checkpointed", true),
        ("turn-swapping", first, 409, "turn_mismatch", true),
        // Without a precondition it is the successor that is cancelled.
        ("turn-swapping", None, 200, "checkpointed", false),
    ] {
        let mut world = one(behaviour, "");
        let said = said(&mut world, turn_id, "r1");
        assert_eq!(said, (status, word.to_owned()), "{behaviour} {turn_id:?}");
        assert_eq!(
            in_flight(&world).is_some(),
            goes_on,
            "{behaviour} {turn_id:?}"
        );
    }
}

#[test]
fn hermes_cannot_cancel_and_shows_no_task() {
    let mut world = one("hung", "runtime = \"hermes\"");
    assert_eq!(said(&mut world, None, "r1").1, "not_steerable");
    world.advance(NOON + 2 * MINUTE);
    let turn = in_flight(&world).unwrap();
    assert_eq!(
        (&turn["native_session"], &turn["active_tasks"]),
        (&true.into(), &0.into())
    );
}

#[test]
fn faults_come_in_order_and_the_same_request_then_works() {
    let faults =
        "faults = [\"500\", \"502\", \"503\", \"429\", \"reset\", \"silence\", \"html\", \"lost\"]";
    let mut world = one("hung", faults);
    let mut words = Vec::new();
    for _ in 0..7 {
        words.push(said(&mut world, None, "r1"));
        assert!(in_flight(&world).is_some(), "{words:?}");
    }
    let statuses: Vec<u16> = words.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [500, 502, 503, 429, 0, 0, 200]);
    // The turn is cancelled, and the caller does not learn it until it asks again.
    assert_eq!(said(&mut world, None, "r1").1, "reset");
    assert!(in_flight(&world).is_none());
    assert_eq!(said(&mut world, None, "r1").1, "checkpointed");
}

#[test]
fn the_same_request_has_the_same_answer_and_spares_the_next_turn() {
    let mut world = one("hung", "");
    let first = world.checkpoint(0, &ask(None, "r1"));
    world.message(0, "SLEEP 600", "m1", false).unwrap();
    assert_eq!(world.checkpoint(0, &ask(None, "r1")), first);
    assert_eq!(turn_id(&world).as_deref(), Some("turn-w-2"));
    assert_eq!(said(&mut world, Some("turn-w-1"), "r2").1, "turn_mismatch");
    assert_eq!(said(&mut world, Some("turn-w-2"), "r3").1, "checkpointed");
}

#[test]
fn the_post_in_flight_returns_and_the_next_turn_resumes_from_what_was_saved() {
    let mut world = world("[[workspace]]\nid = \"w\"\nname = \"W\"");
    let first = world.message(0, "HANG", "m1", false).unwrap();
    let second = world.message(0, "SLEEP 5", "m2", false).unwrap();
    assert_eq!(in_flight(&world).unwrap()["queue_depth"], 1);
    world.advance(NOON + 60 * MINUTE);
    assert_eq!(world.take_ended(), []);
    let Reply::Json(200, body) = world.checkpoint(0, &ask(None, "r1")).reply else {
        panic!("no 200");
    };
    let saved = body["checkpoint"]["id"].as_str().unwrap();
    let ended = world.take_ended();
    let [(post, Ended::Answered { metadata, .. })] = &ended[..] else {
        panic!("{ended:?}");
    };
    assert_eq!(
        (*post, &metadata["checkpoint"]["id"]),
        (first, &saved.into())
    );
    world.advance(NOON + 61 * MINUTE);
    let ended = world.take_ended();
    let [(post, Ended::Answered { metadata, .. })] = &ended[..] else {
        panic!("{ended:?}");
    };
    assert_eq!((*post, &metadata["resumed_from"]), (second, &saved.into()));
    assert_eq!(metadata["session_id"], body["checkpoint"]["session_id"]);
}

#[test]
fn a_slow_adapter_ends_the_turn_later_and_a_lingering_one_never() {
    let mut slow = one("slow", "takes = \"7s\"");
    assert_eq!(said(&mut slow, None, "r1").0, 202);
    assert_eq!(said(&mut slow, None, "r2").0, 202);
    slow.advance(NOON + 6_999);
    assert!(in_flight(&slow).is_some());
    slow.advance(NOON + 7_000);
    assert!(in_flight(&slow).is_none());
    let mut lingering = one("lingering", "");
    assert_eq!(said(&mut lingering, None, "r1").0, 200);
    lingering.advance(NOON + 600 * MINUTE);
    assert_eq!(turn_id(&lingering).as_deref(), Some("turn-w-1"));
}

#[test]
fn a_restart_destroys_the_turn_and_what_waits() {
    let mut world = one("refusing", "waiting = 3");
    let post = world.message(0, "hello", "m1", false).unwrap();
    assert_eq!(world.restart(0)["status"], "provisioning");
    assert_eq!(world.take_ended(), [(post, Ended::Broken)]);
    assert_eq!(world.state_json(0)["status"], "provisioning");
    assert!(matches!(
        world.checkpoint(0, &ask(None, "r1")).reply,
        Reply::Json(503, _)
    ));
    assert_eq!(world.message(0, "hello", "m2", false), Err("provisioning"));
    world.advance(NOON + MINUTE);
    assert_eq!(world.state_json(0)["status"], "online");
    assert!(in_flight(&world).is_none());
    assert_eq!(said(&mut world, None, "r2").1, "idle");
}

#[test]
fn the_sweep_hides_a_silent_turn_until_the_next_heartbeat() {
    let mut world = one("hung", "");
    world.set_listening(true);
    let mut hidden = 0;
    let mut at = NOON;
    while at < NOON + 30 * MINUTE {
        at += 1_000;
        world.advance(at);
        hidden += i64::from(world.workspaces[0].shown_active == 0);
    }
    // Six sweeps in half an hour, each hiding it for at most one heartbeat.
    assert!((6..=6 * 30).contains(&hidden), "{hidden} s");
    world.advance(at + MINUTE);
    let spurious = world.take_events();
    let spurious = spurious.iter().filter(|e| e.kind == "TASK_UPDATED");
    assert_eq!(
        spurious
            .map(|e| e.payload["active_tasks"].clone())
            .collect::<Vec<_>>(),
        [1; 6]
    );
    assert_eq!(turn_id(&world).as_deref(), Some("turn-w-1"));
}

#[test]
fn a_turn_that_works_is_not_swept_while_its_rows_come() {
    let mut world = one("long", "log_every = \"60s\"");
    for minute in 1..60 {
        world.advance(NOON + minute * MINUTE);
        assert_eq!(world.workspaces[0].shown_active, 1, "{minute} min");
    }
    let rows = rows(&world, 0, "agent_log").len();
    assert!((40..90).contains(&rows), "{rows}");
}

#[test]
fn a_busy_workspace_is_looked_at_for_two_minutes_and_then_skipped() {
    let schedule = "schedules = [{ name = \"Tick\", cron = \"30 12 * * *\" }]";
    let mut world = one("long", &format!("log_every = \"60s\"\n{schedule}"));
    world.set_listening(true);
    world.advance(NOON + 45 * MINUTE);
    let runs = rows(&world, 0, "cron_run");
    let [run] = runs[..] else { panic!("{runs:?}") };
    assert_eq!(run.at_ms, NOON + 30 * MINUTE + 3_000 + 120_000);
    assert_eq!(run.status, "skipped");
    let why = "skipped: workspace busy (active_tasks=1)";
    assert_eq!(run.error.as_deref(), Some(why));
    let schedules = world.schedules_json(0);
    let fields = (&schedules[0]["last_status"], &schedules[0]["run_count"]);
    assert_eq!(fields, (&"skipped".into(), &1.into()));
    let events = world.take_events();
    let event = events.iter().find(|e| e.kind == "CRON_SKIPPED").unwrap();
    assert_eq!(event.payload["reason"], why);
}

#[test]
fn a_fire_on_an_idle_workspace_runs_and_is_on_record() {
    let schedules = "schedules = [{ id = \"abcdefgh-1\", name = \"Tick\", cron = \"*/10 * * * *\", prompt = \"SLEEP 42\" }]";
    let mut world = world(&format!(
        "[[workspace]]\nid = \"w\"\nname = \"W\"\n{schedules}"
    ));
    world.advance(NOON + 10 * MINUTE + 30_000);
    assert_eq!(in_flight(&world).unwrap()["origin"], "cron");
    world.advance(NOON + 15 * MINUTE);
    let (runs, received) = (rows(&world, 0, "cron_run"), rows(&world, 0, "a2a_receive"));
    assert_eq!((&*runs[0].status, runs.len()), ("ok", 1));
    assert_eq!(
        (&*received[0].status, received[0].duration_ms),
        ("ok", Some(42_000))
    );
    let message = &received[0].request.as_ref().unwrap()["params"]["message"];
    assert!(
        message["messageId"]
            .as_str()
            .unwrap()
            .starts_with("cron-abcdefgh-")
    );
}

#[test]
fn the_platform_gives_a_long_post_up_while_the_turn_goes_on() {
    let schedules = "schedules = [{ name = \"Tick\", cron = \"0 13 * * *\", prompt = \"HANG\" }]";
    let mut world = world(&format!(
        "[platform]\nbusy = \"reject\"\n[[workspace]]\nid = \"w\"\nname = \"W\"\n{schedules}"
    ));
    world.advance(NOON + 70 * MINUTE);
    let received = rows(&world, 0, "a2a_receive");
    assert_eq!(received[0].duration_ms, Some(180_000));
    let error = received[0].error.as_deref().unwrap();
    assert!(
        error.ends_with("net/http: timeout awaiting response headers"),
        "{error}"
    );
    assert_eq!(rows(&world, 0, "cron_run")[0].status, "error");
    assert!(in_flight(&world).is_some());
}

#[test]
fn the_scheduler_waits_for_every_fire_of_a_tick() {
    let world_of = |prompt: &str| {
        let tick = format!(
            "schedules = [{{ name = \"Tick\", cron = \"1 12 * * *\", prompt = \"{prompt}\" }}]"
        );
        let mut world = world(&format!(
            "[[workspace]]\nname = \"A\"\n{tick}\n[[workspace]]\nname = \"B\"\n\
             schedules = [{{ name = \"Tock\", cron = \"2 12 * * *\", prompt = \"SLEEP 1\" }}]"
        ));
        world.advance(NOON + 10 * MINUTE);
        rows(&world, 1, "cron_run")[0].at_ms - NOON
    };
    // Due at 12:02:00, looked for at :03 and :33; the other fire holds the scheduler for 180 s.
    assert_eq!(world_of("SLEEP 1"), 2 * MINUTE + 4_000);
    assert_eq!(world_of("HANG"), 4 * MINUTE + 4_000);
}

#[test]
fn reno_stars_was_as_the_report_says() {
    let start = 1_779_474_644_000; // 2026-05-22T18:30:44Z
    let world = named("reno-stars", start);
    let rejected: Vec<String> = rows(&world, 0, "cron_run")
        .iter()
        .map(|row| {
            assert_eq!(row.status, "error");
            let why = row.error.as_deref().unwrap();
            assert_eq!(
                why,
                "workspace agent busy — adapter handles retry (native_session)"
            );
            world.stamp(row.at_ms)[11..16].to_owned()
        })
        .collect();
    let at = "12:33 13:03 13:33 14:03 14:33 15:03 15:33 16:03 16:33 17:03 17:33 18:03";
    assert_eq!(rejected.join(" "), at);
    let turn = in_flight(&world).unwrap();
    assert_eq!(turn["started_at"], "2026-05-22T07:00:03Z");
    let events = rows(&world, 0, "agent_log").len();
    assert!((250..350).contains(&events), "{events} events");
    let first = rows(&world, 0, "a2a_receive")[0];
    assert_eq!(world.stamp(first.at_ms), "2026-05-22T07:03:03Z");
}

#[test]
fn the_rows_have_the_keys_of_the_real_ones() {
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let sample = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let mut world = named("demo", 1_779_474_644_000);
    let list = world.workspaces_json();
    let list: Value = serde_json::from_slice(&list).unwrap();
    let real = sample(include_str!(
        "../../../tests/data/molecule/synth/get_workspaces_admin.json"
    ));
    assert_eq!(keys(&list[0]), keys(&real[0]));
    assert_eq!(keys(&list[0]["agent_card"]), keys(&real[0]["agent_card"]));
    let real = sample(include_str!(
        "../../../tests/data/molecule/synth/get_workspace_by_id_open.json"
    ));
    assert_eq!(keys(&world.workspace_json(0, false).1), keys(&real));
    let real = sample(include_str!(
        "../../../tests/data/molecule/synth/get_schedules.json"
    ));
    assert_eq!(keys(&world.schedules_json(0)[0]), keys(&real[0]));
    let real = sample(include_str!(
        "../../../tests/data/molecule/synth/get_activity.json"
    ));
    for (kind, row) in [("agent_log", 0), ("a2a_receive", 1), ("cron_run", 2)] {
        let filter = Filter {
            kind: Some(kind.to_owned()),
            ..Filter::default()
        };
        let rows = world.activity_json(0, &filter);
        assert_eq!(keys(&rows[0]), keys(&real[row]), "{kind}");
    }
}

#[test]
fn the_list_is_kept_while_nothing_in_it_changed() {
    let mut world = named("fleet", NOON);
    let first = world.workspaces_json();
    assert!(Arc::ptr_eq(&first, &world.workspaces_json()));
    assert_eq!(world.checkpoint(0, &ask(None, "r1")).after_ms, 0);
    let second = world.workspaces_json();
    assert!(!Arc::ptr_eq(&first, &second));
    let list: Vec<Value> = serde_json::from_slice(&second).unwrap();
    let busy = list.iter().filter(|row| row["active_tasks"] == 1).count();
    assert_eq!((list.len(), busy), (10_000, 1_999));
    let turns = |limit| -> Value { serde_json::from_str(&world.turns_json(Some(limit))).unwrap() };
    assert_eq!(turns(10_000)["count"], 1_999);
    let oldest = turns(1);
    assert_eq!(oldest["turns"][0]["workspace_name"], "Over 2");
}

#[test]
fn where_turns_are_refilled_another_like_the_first_begins_after_each() {
    let mut world = world(
        "[[workspace]]\nid = \"w\"\nname = \"W\"\nbehaviour = \"hung\"\nturn_started = \"1h\"\n\
         ceiling_seconds = 1\nrefill = \"2s\"",
    );
    for number in 1..=200_i64 {
        let turn = in_flight(&world).unwrap();
        assert_eq!(turn["turn_id"], format!("turn-w-{number}"));
        world.checkpoint(0, &ask(None, &format!("r{number}")));
        assert_eq!(in_flight(&world), None);
        world.advance(world.now_ms() + 1_999);
        assert_eq!(in_flight(&world), None);
        world.advance(world.now_ms() + 3_001);
        let turn = in_flight(&world).unwrap();
        assert_eq!(
            (&turn["turn_age_seconds"], &turn["ceiling_exceeded"]),
            (&3.into(), &true.into())
        );
    }
    // It goes on for as long as nobody ends it.
    world.advance(world.now_ms() + 3_600_000);
    assert_eq!(in_flight(&world).unwrap()["turn_id"], "turn-w-201");
}

#[test]
fn a_skewed_clock_shifts_what_the_platform_says_and_nothing_else() {
    let turn =
        "[[workspace]]\nid = \"w\"\nname = \"W\"\nbehaviour = \"hung\"\nturn_started = \"1h\"";
    let world = world(&format!("[platform]\nclock_skew = \"10m\"\n{turn}"));
    let turn = in_flight(&world).unwrap();
    assert_eq!(turn["started_at"], "2026-05-22T11:10:00Z");
    assert_eq!(turn["turn_age_seconds"], 3_600);
    assert_eq!(world.by_platform_ms(world.now_ms()), NOON + 10 * MINUTE);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever is asked in whatever order: the list of turns is what the workspaces say, a
    /// workspace has messages waiting only while a turn is in flight, every POST ends at most once.
    #[test]
    fn what_is_in_flight_is_never_confused(
        steps in proptest::collection::vec((0..7_u8, 0..16_usize, 0..400_i64), 1..60)
    ) {
        let mut world = named("faults", NOON);
        let mut now = NOON;
        let mut ended = std::collections::BTreeSet::new();
        for (n, (step, ws, seconds)) in steps.into_iter().enumerate() {
            match step {
                0 => { now += seconds * 1_000; world.advance(now); }
                1 => { world.message(ws, &format!("SLEEP {seconds}"), "m", true).ok(); }
                2 => { world.message(ws, "HANG", "m", false).ok(); }
                3 => { world.checkpoint(ws, &ask(None, &format!("r{n}"))); }
                4 => { world.restart(ws); }
                5 => { world.pause(ws); }
                _ => { world.resume(ws); }
            }
            for (post, _) in world.take_ended() {
                prop_assert!(ended.insert(post));
            }
            let mut listed = world.in_flight.clone();
            listed.sort_unstable();
            let busy: Vec<usize> = (0..world.size())
                .filter(|ws| world.workspaces[*ws].turn.is_some())
                .collect();
            prop_assert_eq!(listed, busy);
            for workspace in &world.workspaces {
                prop_assert!(workspace.waiting.is_empty() || workspace.turn.is_some());
            }
        }
    }
}
