use super::*;
use proptest::prelude::*;

fn load(files: &[(&str, &[u8])], wanted: Stores<'_>) -> (tempfile::TempDir, Sessions) {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let paths = Paths {
        home: Some(dir.path().join("home")),
        state_dir: dir.path().to_owned(),
        config: dir.path().join("openclaw.json"),
        origin: "test",
    };
    let sessions = Sessions::load(&paths, wanted, &Env::default(), dir.path());
    (dir, sessions)
}

const MAIN: &str = "agents/main/sessions/sessions.json";
const DEFAULT: Stores<'static> = Stores {
    roster: &[],
    template: None,
    files: true,
};

fn of(text: &str) -> Sessions {
    load(&[(MAIN, text.as_bytes())], DEFAULT).1
}

fn said(sessions: &Sessions) -> Vec<String> {
    let shown = |p: Problem| {
        let at =
            p.at.split("sessions.json")
                .last()
                .unwrap_or_default()
                .to_owned();
        format!("{at}: {}", p.what)
    };
    sessions.problems().into_iter().map(shown).collect()
}

#[test]
fn a_row_is_found_by_its_key_without_case() {
    let sessions = of(
        r#"{"agent:main:cron:ABC":{"providerOverride":" p ","modelOverride":"m","modelOverrideSource":"user",
        "authProfileOverride":"a","modelProvider":"q","model":"n","liveModelSwitchPending":true,"status":"done",
        "updatedAt":7,"label":"x","nested":{"model":"not this"}},
        "agent:main:cron:abc:run:1":{"model":"r"}, "agent:main:main":{}}"#,
    );
    let row = sessions.get("Agent:main:cron:abc").unwrap();
    assert_eq!(row.provider_override.as_deref(), Some("p"));
    assert_eq!(row.model_override.as_deref(), Some("m"));
    assert_eq!(row.override_source.as_deref(), Some("user"));
    assert_eq!(row.auth_profile.as_deref(), Some("a"));
    assert_eq!(
        (row.model_provider.as_deref(), row.model.as_deref()),
        (Some("q"), Some("n"))
    );
    assert!(row.live_switch_pending);
    assert_eq!(
        (row.status.as_deref(), row.updated_at_ms),
        (Some("done"), Some(7))
    );
    assert!(row.at.ends_with(MAIN));
    let main = sessions.get("agent:main:main").unwrap();
    assert_eq!((main.model.as_ref(), main.updated_at_ms), (None, None));
    assert_eq!(
        (sessions.len(), sessions.run_rows, sessions.read.len()),
        (2, 1, 1)
    );
    assert!(matches!(sessions.status("main"), Store::Read { .. }));
    assert_eq!(sessions.status("ops"), Store::NotRead);
    assert_eq!(said(&sessions), [""; 0]);
}

#[test]
fn an_odd_row_is_named_and_hides_no_other() {
    let sessions = of(
        r#"{"agent:main:cron:a":5,"agent:main:wa:+491234":[1],"agent:main:cron:b":{"model":{"secret":"sk"},"updatedAt":"7"},
        "agent:main:cron:c":null,"agent:main:cron:d":{"model":"m","model":"n"},"agent:main:cron:e":{"model":"\u0000"}}"#,
    );
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.get("agent:main:cron:b").unwrap().model, None);
    assert_eq!(
        sessions.get("agent:main:cron:d").unwrap().model.as_deref(),
        Some("n")
    );
    assert_eq!(
        said(&sessions),
        [
            ": session row 1 \"agent:main:cron:a\": is a number, not an object; it counts as no row",
            ": session row 2: is an array, not an object; it counts as no row",
            ": session row 3 \"agent:main:cron:b\": model is an object; it counts as absent",
            ": session row 4 \"agent:main:cron:c\": is null, not an object; it counts as no row",
        ]
    );
    let many: Vec<_> = (0..100).map(|n| format!("\"k{n}\":1")).collect();
    let sessions = of(&format!("{{{},\"good\":{{}}}}", many.join(",")));
    assert_eq!(
        (sessions.len(), sessions.problems().len()),
        (1, MAX_NAMED + 1)
    );
    assert_eq!(
        sessions.problems()[MAX_NAMED].what,
        "80 more session rows are odd"
    );
}

#[test]
fn damage_keeps_the_rows_before_it() {
    let sessions = of("{\"a\":{\"model\":\"m\"},\n\"b\":{\"model\":\"n\"},\n\"c\":{\"mod");
    assert_eq!(sessions.len(), 2);
    assert!(matches!(sessions.status("main"), Store::Partial { .. }));
    assert_eq!(
        said(&sessions),
        [":3:9: breaks off (EOF while parsing a string); 2 session rows before it are used"]
    );
    let sessions = of("{\"a\":{}} trailing");
    assert_eq!(sessions.len(), 1);
    assert!(said(&sessions)[0].contains("breaks off (trailing characters)"));
    for (text, what) in [
        ("", ": is empty (0 bytes), not an object of sessions"),
        ("[]", ": is an array, not an object of sessions"),
        ("5", ": is a number, not an object of sessions"),
        (
            "not json",
            ":1:2: is not JSON (expected ident); no session row is known",
        ),
    ] {
        let sessions = of(text);
        assert!(
            matches!(sessions.status("main"), Store::Unreadable { .. }),
            "{text}"
        );
        assert_eq!(said(&sessions), [what], "{text}");
    }
    let bytes = b"{\"a\":{\"label\":\"\xff\",\"model\":\"m\"}}";
    let (_dir, sessions) = load(&[(MAIN, bytes)], DEFAULT);
    assert_eq!(sessions.get("a").unwrap().model.as_deref(), Some("m"));
    assert!(said(&sessions)[0].contains("is not UTF-8 text in places"));
    let sessions = of(&"[{\"a\":".repeat(100_000));
    assert_eq!(sessions.problems().len(), 1);
}

#[test]
fn every_agent_has_a_store_of_its_own_unless_the_template_says_otherwise() {
    let roster = ["Main", "my ops", "gone"];
    let files: &[(&str, &[u8])] = &[
        (MAIN, b"{\"agent:main:main\":{}}"),
        (
            "agents/my-ops/sessions/sessions.json",
            b"{\"agent:my-ops:main\":{}}",
        ),
        (
            "agents/left-over/sessions/sessions.json",
            b"{\"agent:left-over:main\":{}}",
        ),
        ("agents/Not An Agent/sessions/sessions.json", b"{\"x\":{}}"),
        ("agents/a-file", b""),
    ];
    let wanted = Stores {
        roster: &roster,
        ..DEFAULT
    };
    let (_dir, sessions) = load(files, wanted);
    assert_eq!((sessions.len(), sessions.problems().len()), (3, 0));
    assert_eq!(sessions.status("gone"), Store::Absent);
    assert!(matches!(sessions.status(" My Ops "), Store::Read { .. }));
    let (_dir, sessions) = load(
        &[("home/s/my-ops.json", b"{\"agent:my-ops:main\":{}}")],
        Stores {
            template: Some("~/s/{agentId}.json"),
            ..wanted
        },
    );
    assert!(
        matches!(sessions.status("my ops"), Store::Read { at } if at.ends_with("s/my-ops.json"))
    );
    assert_eq!(sessions.status("main"), Store::Absent);
    let (_dir, sessions) = load(
        &[("all.json", b"{\"k\":{},\"bad\":1}")],
        Stores {
            template: Some("all.json"),
            ..wanted
        },
    );
    assert!(matches!(sessions.status("gone"), Store::Read { at } if at.ends_with("all.json")));
    assert_eq!(
        (sessions.read.len(), sessions.problems().len()),
        (1, 1),
        "read once"
    );
}

#[test]
fn agent_ids_are_those_of_the_gateway() {
    for (text, id) in [
        ("Main", "main"),
        ("  ", "main"),
        ("my ops!", "my-ops"),
        ("--", "main"),
        ("_x", "_x"),
        ("a--b", "a--b"),
        ("Ärzte", "rzte"),
    ] {
        assert_eq!(agent_id(text), id, "{text}");
    }
    assert_eq!(agent_id(&"a".repeat(70)).len(), 64);
}

/// Any JSON that a session file may hold, rows of any shape included.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop::sample::select(vec![
        "model",
        "modelOverride",
        "updatedAt",
        "liveModelSwitchPending",
        "agent:main:cron:a",
        "x:cron:y:run:z",
        "status",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_session_file_gives_rows_or_problems(value in json(), cut in any::<prop::sample::Index>()) {
        let text = value.to_string();
        let whole = of(&text);
        let objects = value.as_object().map_or(0, |rows| {
            rows.iter().filter(|(k, v)| v.is_object() && !k.contains(":run:")).count()
        });
        prop_assert_eq!(whole.len(), objects);
        let bytes = &text.as_bytes()[..cut.index(text.len() + 1)];
        let (_dir, part) = load(&[(MAIN, bytes)], DEFAULT);
        prop_assert!(part.len() <= objects);
    }

    #[test]
    fn any_bytes_are_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (_dir, sessions) = load(&[(MAIN, &bytes)], DEFAULT);
        prop_assert!(sessions.problems().len() <= MAX_NAMED + 1);
    }
}
