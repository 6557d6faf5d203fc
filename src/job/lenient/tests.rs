//! What the gateway makes of legacy and odd shapes, case by case.

use super::*;
use crate::job::{Place, Words, parse};
use crate::schedule::{Rules, Version};
use serde_json::json;

fn job(value: &Value) -> Result<Job, Box<Complaint>> {
    let slot = Slot {
        source: 0,
        at: Place::Entry(1),
        rules: Rules::OpenClaw(Version::new(2026, 3, 31)),
    };
    let through_text = parse(&value.to_string(), slot, &mut Words::default());
    let direct = read(value, slot).map(|(job, _)| job);
    // Whatever path the text takes, the answer is that of the lenient one.
    match (&direct, &through_text) {
        (Ok(a), Ok((b, _))) => assert_eq!(format!("{a:?}"), format!("{b:?}")),
        (Err(_), Err(_)) => {}
        other => panic!("the two paths differ: {other:?}"),
    }
    direct
}

fn cron(expr: &str) -> ScheduleSpec {
    ScheduleSpec::Cron {
        expr: expr.into(),
        tz: None,
        stagger_ms: None,
    }
}

#[test]
fn job_id_was_the_name_of_id() {
    let j = job(&json!({"jobId": " a ", "schedule": {"kind": "cron", "expr": "* * * * *"}}));
    assert_eq!(&*j.unwrap().id, "a");
    let j = job(&json!({"id": 7, "schedule": {"kind": "cron", "expr": "* * * * *"}})).unwrap();
    assert_eq!(&*j.id, "7");
}

#[test]
fn a_schedule_was_a_text() {
    let j = job(&json!({"id": "a", "schedule": " 0 9 * * 1 "})).unwrap();
    assert_eq!(j.schedule, cron("0 9 * * 1"));
}

#[test]
fn an_expression_was_called_cron() {
    let j = job(&json!({"id": "a", "schedule": {"kind": "cron", "cron": "0 9 * * 1"}}));
    assert_eq!(j.unwrap().schedule, cron("0 9 * * 1"));
    let j = job(&json!({"id": "a", "schedule": {"cron": "1 * * * *", "expr": "2 * * * *"}}));
    assert_eq!(j.unwrap().schedule, cron("2 * * * *"));
}

#[test]
fn an_instant_was_in_milliseconds() {
    let at = |v: Value| match job(&json!({"id": "a", "schedule": v})).unwrap().schedule {
        ScheduleSpec::At { at } => at,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        at(json!({"kind": "at", "atMs": 1_774_990_800_000_i64})),
        "2026-03-31T21:00:00.000Z"
    );
    assert_eq!(
        at(json!({"atMs": "1774990800000"})),
        "2026-03-31T21:00:00.000Z"
    );
    assert_eq!(at(json!({"kind": "at", "at": "2026-01-01"})), "2026-01-01");
}

#[test]
fn every_without_an_anchor_starts_at_the_creation_else_at_the_last_change() {
    let spec = |v: Value| job(&v).unwrap().schedule;
    let every = |anchor: Option<Value>| ScheduleSpec::Every {
        every_ms: Some(AsFound::Whole(60_000)),
        anchor_ms: anchor.map(AsFound::from),
    };
    let s = json!({"kind": "every", "everyMs": 60_000});
    assert_eq!(
        spec(json!({"id": "a", "createdAtMs": 5, "updatedAtMs": 9, "schedule": s})),
        every(None)
    );
    assert_eq!(
        spec(json!({"id": "a", "updatedAtMs": 9, "schedule": s})),
        every(Some(json!(9)))
    );
    let s = json!({"kind": "every", "everyMs": 60_000, "anchorMs": "3"});
    assert_eq!(
        spec(json!({"id": "a", "schedule": s})),
        every(Some(json!("3")))
    );
}

#[test]
fn a_missing_stagger_stays_missing_so_that_the_version_decides() {
    let j = job(&json!({"id": "a", "schedule": {"kind": "cron", "expr": "0 * * * *"}}));
    assert_eq!(j.unwrap().schedule, cron("0 * * * *"));
}

#[test]
fn payload_fields_were_beside_the_payload() {
    let s = json!({"kind": "cron", "expr": "* * * * *"});
    let j = job(
        &json!({"id": "a", "schedule": s, "message": "m", "model": " x/y ", "timeoutSeconds": 9}),
    )
    .unwrap();
    assert_eq!(j.payload_kind.as_deref(), Some("agentTurn"));
    assert_eq!(j.model.as_deref(), Some("x/y"));
    assert_eq!(j.timeout_seconds(), Some(9.0));
    let j = job(&json!({"id": "a", "schedule": s, "text": "t", "model": "x/y"})).unwrap();
    assert_eq!(j.payload_kind.as_deref(), Some("systemEvent"));
    assert_eq!(
        j.model, None,
        "a model beside a system event is not moved into it"
    );
    let j = job(&json!({"id": "a", "schedule": s, "model": "out", "payload": {"kind": "agentturn", "message": "m", "model": "in"}}),
    )
    .unwrap();
    assert_eq!(j.payload_kind.as_deref(), Some("agentTurn"));
    assert_eq!(j.model.as_deref(), Some("in"));
}

#[test]
fn the_session_target_has_defaults() {
    let s = json!({"kind": "cron", "expr": "* * * * *"});
    let target = |target: Value, payload: Value| {
        job(&json!({"id": "a", "schedule": s, "sessionTarget": target, "payload": payload}))
            .unwrap()
            .session_target
    };
    let turn = json!({"kind": "agentTurn", "message": "m"});
    let event = json!({"kind": "SystemEvent", "text": "t"});
    assert_eq!(
        target(json!("current"), turn.clone()).as_deref(),
        Some("isolated")
    );
    assert_eq!(
        target(json!("what"), turn.clone()).as_deref(),
        Some("isolated")
    );
    assert_eq!(
        target(json!("what"), event.clone()).as_deref(),
        Some("main")
    );
    assert_eq!(target(json!(null), event).as_deref(), Some("main"));
    assert_eq!(
        target(json!("session:Ops"), turn).as_deref(),
        Some("session:Ops")
    );
}

#[test]
fn enabled_is_true_unless_it_is_the_boolean_false() {
    let s = json!({"kind": "cron", "expr": "* * * * *"});
    for (value, enabled) in [
        (json!(false), false),
        (json!("false"), true),
        (json!(null), true),
        (json!(0), true),
    ] {
        let j = job(&json!({"id": "a", "schedule": s, "enabled": value})).unwrap();
        assert_eq!(j.enabled, enabled, "{value}");
    }
}

#[test]
fn kinds_that_no_clock_fires_are_kept() {
    let j = job(&json!({"id": "a", "schedule": {"kind": "on-exit", "command": "x"}})).unwrap();
    assert_eq!(
        j.schedule,
        ScheduleSpec::Other {
            kind: "on-exit".to_owned()
        }
    );
}

#[test]
fn what_cannot_be_used_is_named_with_its_field() {
    let good = json!({"kind": "cron", "expr": "* * * * *"});
    for (value, message) in [
        (
            json!(5),
            "found the number 5, expected a job (a JSON object)",
        ),
        (json!({"schedule": good}), "id: found nothing"),
        (
            json!({"id": "", "name": "n", "schedule": good}),
            "id: found an empty text",
        ),
        (
            json!({"id": "a", "schedule": 5}),
            "schedule: found the number 5, expected an object",
        ),
        (json!({"id": "a"}), "schedule: found nothing"),
        (
            json!({"id": "a", "schedule": {"kind": "cron", "expr": null}}),
            "schedule.expr: found null, expected a cron",
        ),
        (
            json!({"id": "a", "schedule": {"kind": "cron", "expr": "* * * * *", "tz": 5}}),
            "schedule.tz: found the number 5",
        ),
        (
            json!({"id": "a", "schedule": {"kind": "every"}}),
            "schedule.everyMs: found nothing",
        ),
        (
            json!({"id": "a", "schedule": {"kind": "at", "at": true}}),
            "schedule.at: found true",
        ),
        (
            json!({"id": "a", "schedule": {"kind": 3}}),
            "schedule.kind: found the number 3",
        ),
        (
            json!({"schedule_id": "a", "cron_expr": "* * * * *"}),
            "id: found nothing",
        ),
        (
            json!({"id": "a", "cron_expr": null}),
            "cron_expr: found null",
        ),
    ] {
        let text = job(&value).unwrap_err().to_string();
        assert!(text.starts_with(message), "{value}: {text}");
    }
}

#[test]
fn what_few_jobs_have_is_described() {
    let extras = |payload: Value, more: Value| {
        let mut whole = json!({"id": "a", "schedule": "* * * * *", "payload": payload});
        for (key, value) in more.as_object().unwrap() {
            whole[key] = value.clone();
        }
        job(&whole).unwrap().extras.map(|e| *e)
    };
    let turn = |key: &str, value: Value| json!({"kind": "agentTurn", key: value});
    let none = json!({});
    for (value, odd) in [
        (json!(5), Some("the number 5")),
        (json!({"primary": "x"}), Some("an object")),
        (json!(["x"]), Some("an array")),
        (json!(true), Some("true")),
        (json!(null), None),
        (json!("  "), None),
        (json!("a/b"), None),
    ] {
        let found = extras(turn("model", value.clone()), none.clone());
        assert_eq!(found.and_then(|e| e.odd_model).as_deref(), odd, "{value}");
    }
    // A model beside the payload is moved in, as in the gateway.
    assert_eq!(
        extras(turn("model", json!(5)), json!({"model": "a/b"})),
        None
    );
    for (value, texts, odd) in [
        (json!(null), None, None),
        (json!(7), None, Some("a number")),
        (json!("a/b"), None, Some("a text")),
        (json!([]), Some(vec![]), None),
        (
            json!([" a ", 1, "b", null]),
            Some(vec![" a ", "b"]),
            Some("entry 2 is a number, entry 4 is null"),
        ),
        (
            json!([1, 2, 3, {}, []]),
            Some(vec![]),
            Some(
                "entry 1 is a number, entry 2 is a number, entry 3 is a number, and 2 more like it",
            ),
        ),
    ] {
        let found = extras(turn("fallbacks", value.clone()), none.clone()).unwrap_or_default();
        let texts = texts.map(|t| t.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(found.fallbacks, texts, "{value}");
        assert_eq!(found.odd_fallbacks.as_deref(), odd, "{value}");
    }
    for (target, declared) in [
        (json!("current"), Some("current")),
        (json!(" Session "), Some("Session")),
        (json!("Isolated"), None),
        (json!("session:Daily"), None),
        (json!(""), None),
        (json!(4), None),
    ] {
        let found = extras(
            json!({"kind": "agentTurn"}),
            json!({"sessionTarget": target}),
        );
        assert_eq!(
            found.and_then(|e| e.declared_target).as_deref(),
            declared,
            "{target}"
        );
    }
    let found = extras(json!(null), json!({"message": "openclaw gateway restart"})).unwrap();
    assert_eq!(found.restarts.as_deref(), Some("openclaw gateway restart"));
}
