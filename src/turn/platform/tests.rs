use proptest::prelude::*;

use super::*;

macro_rules! synth {
    ($name:literal) => {
        include_str!(concat!(
            "../../../tests/data/molecule/synth/",
            $name,
            ".json"
        ))
    };
}

const SEO: &str = "3fe84b89-eb65-42fc-ad1f-5c93582ca3e7";

/// An instant in epoch milliseconds.
fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

#[test]
fn the_list_of_workspaces() {
    let parsed = parse_workspaces(synth!("get_workspaces_admin")).unwrap();
    let seo = Workspace {
        id: SEO.into(),
        name: Some("SEO Agent".into()),
        runtime: Some("claude-code".into()),
        status: Some("online".into()),
        url: Some("http://127.0.0.1:49213".into()),
        active_tasks: Some(1),
        max_concurrent_tasks: Some(1),
        current_task: Some("Run the 30-minute SEO tick".into()),
    };
    assert_eq!(parsed.value, std::slice::from_ref(&seo));
    assert_eq!(parsed.missing, [""; 0]);
    assert_eq!(parsed.unusable, [""; 0]);

    let open = parse_workspaces(synth!("get_workspace_by_id_open")).unwrap();
    let stripped = Workspace {
        current_task: None,
        ..seo
    };
    assert_eq!(open.value, [stripped]);
    assert_eq!(open.missing, ["current_task"]);
}

#[test]
fn one_bad_row_does_not_hide_the_others() {
    let text = r#"[
        {"id":"a","name":"A","runtime":7,"status":"online","url":null,"active_tasks":"1","current_task":""},
        null, 3, "x", ["a"], {}, {"id":7}, {"name":"no id"},
        {"id":"b","na\u006de":"B","active_tasks":2.5,"max_concurrent_tasks":{},"current_task":"\ud800"},
        {"id":"c","unknown":{"deep":[1,2,{"id":"x"}]},"active_tasks":1},
        {"id":"a","active_tasks":5}
    ]"#;
    let parsed = parse_workspaces(text).unwrap();
    let ids: Vec<_> = parsed.value.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let [a, b, c] = &parsed.value[..] else {
        panic!()
    };
    assert_eq!(
        (a.runtime.as_deref(), a.active_tasks, a.name.as_deref()),
        (None, None, Some("A"))
    );
    assert_eq!(a.current_task, None);
    assert_eq!((b.active_tasks, b.current_task.as_deref()), (None, None));
    assert_eq!(b.name.as_deref(), Some("B"));
    assert_eq!(c.active_tasks, Some(1));
    assert_eq!(parsed.missing, [""; 0]);
    assert_eq!(
        parsed.unusable,
        [
            "row 2: it is null, and no object",
            "row 3: it is 3, and no object",
            "row 4: it is \"x\", and no object",
            "row 5: it is [\"a\"], and no object",
            "row 6: it has no id",
            "row 7: it has no id",
            "row 8: it has no id",
            "workspace a: listed more than once",
        ]
    );
}

#[test]
fn what_no_row_has_is_named_once() {
    let parsed = parse_workspaces(r#"[{"id":"a","name":"A"},{"id":"b","status":"online"}]"#);
    assert_eq!(
        parsed.unwrap().missing,
        ["runtime", "url", "active_tasks", "current_task"]
    );
    assert_eq!(parse_workspaces("[]").unwrap(), Parsed::default());
}

#[test]
fn what_is_no_list_is_said() {
    let cases = [
        ("", "it is empty, and no list of workspaces"),
        ("null", "it is null, and no list of workspaces"),
        ("<html>\n <body>hi", "it is <html> <body>hi, and no list"),
        (
            synth!("err_401_admin"),
            r#"it is { "error": "admin auth required" }, and no list"#,
        ),
        ("[{\"id\":\"a\"},", "it is no JSON: EOF"),
        ("[{\"id\":\"a\"}]x", "it is no JSON: trailing characters"),
    ];
    for (text, why) in cases {
        let said = parse_workspaces(text).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
    assert!(
        parse_turns("[]")
            .unwrap_err()
            .contains("no object with `turns`")
    );
    assert!(
        parse_turns("{}")
            .unwrap_err()
            .contains("no object with `turns`")
    );
    assert!(
        parse_activity("{}")
            .unwrap_err()
            .contains("no list of activities")
    );
    assert!(
        parse_schedules("7")
            .unwrap_err()
            .contains("no list of schedules")
    );
    assert!(
        parse_config("[]")
            .unwrap_err()
            .contains("no object with `data`")
    );
    let long = "x".repeat(5_000);
    assert!(parse_workspaces(&long).unwrap_err().chars().count() < 100);
}

#[test]
fn the_list_of_turns() {
    let text = r#"{"turns":[
        {"workspace_id":"w","workspace_name":"W","runtime":"claude-code","native_session":true,
         "turn_id":"t1","origin":"cron","schedule_id":null,"started_at":"2026-05-22T22:17:42Z",
         "turn_age_seconds":1800.9,"idle_seconds":null,"ceiling_seconds":1800,"ceiling_exceeded":false,
         "steerable":true,"queue_depth":3,"active_tasks":1,"current_task":"tick"},
        {"workspace_id":"v","started_at":"0001-01-01T00:00:00Z","turn_age_seconds":-1,"steerable":"no"}
    ],"count":9,"status":"in_flight","limit":2}"#;
    let parsed = parse_turns(text).unwrap();
    let [w, v] = &parsed.value[..] else { panic!() };
    let expected = ListedTurn {
        workspace_id: "w".into(),
        workspace_name: Some("W".into()),
        runtime: Some("claude-code".into()),
        native_session: Some(true),
        turn_id: Some("t1".into()),
        origin: Some("cron".into()),
        schedule_id: None,
        started_at_ms: Some(at("2026-05-22T22:17:42Z")),
        turn_age_seconds: Some(1800),
        idle_seconds: None,
        ceiling_seconds: Some(1800),
        steerable: Some(true),
        queue_depth: Some(3),
        active_tasks: Some(1),
        current_task: Some("tick".into()),
    };
    assert_eq!(w, &expected);
    assert_eq!(
        (v.started_at_ms, v.turn_age_seconds, v.steerable),
        (None, Some(-1), None)
    );
    assert_eq!(parsed.missing, [""; 0]);
    assert_eq!(
        parsed.unusable,
        ["the list ends after 2 of 9 turns: the rest was not seen"]
    );
    // Go writes an empty list as null.
    let empty = parse_turns(r#"{"turns":null,"count":0}"#).unwrap();
    assert_eq!(empty, Parsed::default());
}

#[test]
fn activities_come_newest_first() {
    let parsed = parse_activity(synth!("get_activity")).unwrap();
    let [tool, skip, timeout] = &parsed.value[..] else {
        panic!("{parsed:?}")
    };
    assert_eq!(tool.activity_type, "agent_log");
    assert_eq!(tool.method.as_deref(), Some("Bash"));
    assert_eq!(tool.created_at_ms, Some(at("2026-05-22T18:20:05.000123Z")));
    assert_eq!(tool.cron, None);
    let cron = CronRun {
        schedule_id: Some("d87a0cd5-3721-419a-9215-df84ec1e3506".into()),
        schedule_name: Some("SEO tick".into()),
        skipped: true,
    };
    assert_eq!(skip.cron, Some(cron));
    assert_eq!(timeout.duration_ms, Some(180_003));
    assert_eq!(timeout.source_id, None);
    let why = timeout.error_detail.as_deref().unwrap();
    assert!(why.contains("timeout awaiting response headers"));
    assert_eq!(parsed.unusable, [""; 0]);

    let odd = parse_activity(
        r#"[{"activity_type":"cron_run","status":"skipped","request_body":"text"},
            {"activity_type":"cron_run","status":"ok","created_at":"2026-05-22 18:41:30.5+00","request_body":[]},
            {"created_at":"2026-05-22T18:41:30Z"}]"#,
    )
    .unwrap();
    assert_eq!(odd.unusable, ["row 3: it has no activity_type"]);
    assert_eq!(
        odd.value[0].created_at_ms,
        Some(at("2026-05-22T18:41:30.5Z"))
    );
    assert!(!odd.value[0].cron.as_ref().unwrap().skipped);
    assert!(odd.value[1].cron.as_ref().unwrap().skipped);
}

#[test]
fn instants_in_every_form_that_the_platform_writes() {
    let same = [
        "2026-05-22T18:41:30.5Z",
        "2026-05-22T18:41:30.500000Z",
        "2026-05-22T18:41:30.500000000+00:00",
        "2026-05-22 18:41:30.5+00",
        "2026-05-22 11:41:30.5-07",
        "2026-05-23T00:11:30.5+05:30",
        " 2026-05-22T18:41:30.5Z ",
    ];
    for text in same {
        let row = format!(r#"[{{"activity_type":"x","created_at":"{text}"}}]"#);
        let parsed = parse_activity(&row).unwrap();
        let expected = Some(at("2026-05-22T18:41:30.5Z"));
        assert_eq!(parsed.value[0].created_at_ms, expected, "{text}");
    }
    for odd in [
        r#""yesterday""#,
        "1779433203412",
        "null",
        "{}",
        r#""2026-05-22 18:41:30""#,
    ] {
        let row = format!(r#"[{{"activity_type":"x","created_at":{odd}}}]"#);
        assert_eq!(
            parse_activity(&row).unwrap().value[0].created_at_ms,
            None,
            "{odd}"
        );
    }
}

#[test]
fn schedules() {
    let parsed = parse_schedules(synth!("get_schedules")).unwrap();
    let [tick, daily] = &parsed.value[..] else {
        panic!()
    };
    assert!(tick.enabled);
    assert_eq!(tick.name.as_deref(), Some("SEO tick"));
    assert_eq!(tick.next_run_at_ms, Some(at("2026-05-22T18:30:00Z")));
    assert_eq!(tick.last_status.as_deref(), Some("error"));
    assert_eq!((daily.last_run_at_ms, &daily.last_error), (None, &None));
    // An impossible date is due for ever: the platform stores the year 1 and finds it past.
    let never = r#"[{"id":"s","enabled":"yes","next_run_at":"0001-01-01T00:00:00Z",
        "last_run_at":"0001-01-01T00:00:00Z"}]"#;
    let parsed = parse_schedules(never).unwrap();
    assert!(parsed.value[0].next_run_at_ms.unwrap() < 0);
    assert_eq!(parsed.value[0].last_run_at_ms, None);
    assert!(!parsed.value[0].enabled);
}

#[test]
fn ceilings() {
    use CeilingSetting::{Absent, Seconds};
    let wrong = |text: &str| CeilingSetting::Wrong(text.to_owned());
    assert_eq!(parse_config(synth!("config_get")).unwrap(), Seconds(1800));
    let of = |config: &str| parse_config(&format!(r#"{{"data":{config}}}"#)).unwrap();
    let named = |value: &str| {
        of(&format!(
            r#"{{"runtime_config":{{"native_session_ceiling_seconds":{value}}}}}"#
        ))
    };
    assert_eq!(named("0"), Seconds(0));
    assert_eq!(named("18446744073709551615"), Seconds(u64::MAX));
    assert_eq!(named("null"), Absent);
    assert_eq!(named("-5"), wrong("-5, which is negative"));
    assert_eq!(
        named("1800.5"),
        wrong("1800.5, which is no whole number that fits")
    );
    assert_eq!(
        named("1e30"),
        wrong("1e+30, which is no whole number that fits")
    );
    assert_eq!(named("\"1800\""), wrong("the string \"1800\""));
    assert_eq!(named("true"), wrong("true"));
    assert_eq!(named("[1800]"), wrong("a list"));
    assert_eq!(of("null"), Absent);
    assert_eq!(of("{}"), Absent);
    assert_eq!(of(r#"{"runtime_config":{}}"#), Absent);
    assert_eq!(of(r#"{"runtime_config":null}"#), Absent);
    let odd = of(r#"{"runtime_config":"off"}"#);
    assert_eq!(
        odd,
        wrong(
            "the string \"off\", where an object with native_session_ceiling_seconds is expected"
        )
    );
}

#[test]
fn events_of_both_streams() {
    let task = PlatformEvent {
        kind: "TASK_UPDATED".into(),
        workspace_id: Some(SEO.into()),
        at_ms: Some(at("2026-05-22T07:00:03.412Z")),
        active_tasks: Some(1),
        current_task: Some("Run the 30-minute SEO tick".into()),
        schedule_name: None,
        reason: None,
    };
    assert_eq!(parse_event(synth!("ws_task_updated")), Some(task.clone()));
    let own = PlatformEvent {
        workspace_id: None,
        at_ms: Some(1_779_433_203_412),
        ..task
    };
    assert_eq!(parse_event(synth!("sse_event")), Some(own));
    let beat = parse_event(synth!("ws_heartbeat")).unwrap();
    assert_eq!(
        (beat.kind.as_str(), beat.active_tasks),
        ("WORKSPACE_HEARTBEAT", Some(1))
    );
    let skipped = parse_event(synth!("ws_cron_skipped")).unwrap();
    assert_eq!(skipped.schedule_name.as_deref(), Some("SEO tick"));
    assert!(skipped.reason.unwrap().contains("workspace busy"));
    let done = parse_event(synth!("ws_cron_executed")).unwrap();
    assert_eq!(
        (done.kind.as_str(), done.active_tasks),
        ("CRON_EXECUTED", None)
    );

    let ended =
        parse_event(r#"{"event":"TASK_UPDATED","payload":{"active_tasks":0,"current_task":""}}"#);
    assert_eq!(ended.unwrap().current_task.as_deref(), Some(""));
    for odd in [
        "",
        "ping",
        "[]",
        "{}",
        r#"["TASK_UPDATED"]"#,
        r#"{"event":7}"#,
        "{\"event\":",
    ] {
        assert_eq!(parse_event(odd), None, "{odd}");
    }
    let bare = parse_event(r#"{"event":"X","payload":[1],"timestamp":true}"#).unwrap();
    assert_eq!((bare.active_tasks, bare.at_ms), (None, None));
}

#[test]
fn ten_thousand_rows() {
    let row = r#"{"id":"ID","name":"A","runtime":"claude-code","status":"online","active_tasks":1,
        "agent_card":{"skills":[{"id":"s"}]}}"#;
    let rows: Vec<_> = (0..10_000)
        .map(|n| row.replace("ID", &n.to_string()))
        .collect();
    let parsed = parse_workspaces(&format!("[{}]", rows.join(","))).unwrap();
    assert_eq!(parsed.value.len(), 10_000);
    assert_eq!(parsed.missing, ["url", "current_task"]);
}

/// Any JSON, small.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter_map("JSON has no such number", |n| {
            n.is_finite().then(|| format!("{n:e}"))
        }),
        ".{0,9}".prop_map(|s| serde_json::to_string(&s).unwrap()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let key = prop::sample::select(&["id", "turns", "active_tasks", "created_at", "data"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::btree_map(key, inner, 0..3).prop_map(|all| {
                let all: Vec<_> = all.iter().map(|(k, v)| format!("{k:?}:{v}")).collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(text in prop_oneof![".{0,60}", json()]) {
        drop(parse_workspaces(&text));
        drop(parse_turns(&text));
        drop(parse_activity(&text));
        drop(parse_schedules(&text));
        drop(parse_config(&text));
        drop(parse_event(&text));
    }

    #[test]
    fn a_good_row_survives_any_field_of_another_type(odd in json()) {
        let text = format!(
            r#"[{{"id":"a","name":{odd},"runtime":{odd},"active_tasks":{odd},"current_task":{odd}}}]"#
        );
        let parsed = parse_workspaces(&text).unwrap();
        prop_assert_eq!(parsed.value.len(), 1);
        let text = format!(
            r#"[{{"activity_type":"cron_run","created_at":{odd},"request_body":{odd},"status":{odd}}}]"#
        );
        prop_assert_eq!(parse_activity(&text).unwrap().value.len(), 1);
        let text = format!(r#"{{"turns":[{{"workspace_id":"a","started_at":{odd},"steerable":{odd}}}]}}"#);
        prop_assert_eq!(parse_turns(&text).unwrap().value.len(), 1);
    }
}
