use proptest::prelude::*;

use super::*;

fn http(status: u16, content_type: Option<&str>, body: &str) -> Reply {
    Reply::Http {
        status,
        content_type: content_type.map(str::to_owned),
        retry_after_ms: None,
        body: body.to_owned(),
    }
}

fn checkpointed(turn: Option<&str>, saved: Option<&str>, resumable: Option<bool>) -> Answer {
    Answer::Checkpointed {
        turn_id: turn.map(str::to_owned),
        checkpoint_id: saved.map(str::to_owned),
        resumable,
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_answer_of_the_contract() {
    const JSON: Option<&str> = Some("application/json");
    const TEXT: Option<&str> = Some("text/plain; charset=utf-8");
    const HTML: Option<&str> = Some("text/html");
    let interrupting = |turn: Option<&str>| Answer::Interrupting {
        turn_id: turn.map(str::to_owned),
    };
    let mismatch = |turn: Option<&str>| Answer::TurnMismatch {
        turn_id: turn.map(str::to_owned),
    };
    let full = r#"{"status":"checkpointed","workspace_id":"w","turn_id":"t1","turn_age_seconds":1900,
        "checkpoint":{"id":"c9","session_id":"s","saved_at":"2026-05-22T22:47:42Z"},"resumable":true}"#;
    let cases: &[(u16, Option<&str>, &str, Answer, &str)] = &[
        (
            200,
            JSON,
            full,
            checkpointed(Some("t1"), Some("c9"), Some(true)),
            "200: checkpointed turn t1, saved as c9, the next turn resumes from it",
        ),
        (
            200,
            None,
            "",
            checkpointed(None, None, None),
            "200: checkpointed",
        ),
        (
            200,
            JSON,
            " \n",
            checkpointed(None, None, None),
            "200: checkpointed",
        ),
        (
            200,
            JSON,
            r#"{"status":"checkpointed","checkpoint":null,"resumable":false}"#,
            checkpointed(None, None, Some(false)),
            "does not resume",
        ),
        (
            200,
            JSON,
            r#"{"status":"checkpointed","turn_id":7,"checkpoint":"x","resumable":"yes"}"#,
            checkpointed(None, None, None),
            "200: checkpointed",
        ),
        (
            200,
            JSON,
            r#"{"status":"idle"}"#,
            Answer::Idle,
            "nothing was in flight",
        ),
        (
            200,
            JSON,
            r#"{"status":"ok"}"#,
            Answer::Unclear,
            "no answer of the contract",
        ),
        (200, JSON, "{}", Answer::Unclear, "no answer"),
        (200, JSON, "[]", Answer::Unclear, "no answer"),
        (
            200,
            JSON,
            r#"{"status":"checkpo"#,
            Answer::Unclear,
            "no answer",
        ),
        (
            200,
            HTML,
            "<html>\n<body>Welcome</body></html>",
            Answer::Unclear,
            "no answer of the contract: <html> <body>Welcome",
        ),
        (204, None, "", Answer::Unclear, "204: no answer"),
        (
            202,
            JSON,
            r#"{"status":"interrupting","turn_id":"t1"}"#,
            interrupting(Some("t1")),
            "interrupting turn t1",
        ),
        (202, None, "", interrupting(None), "202: interrupting"),
        // The platform's answer to a message that it keeps for a busy workspace.
        (
            202,
            JSON,
            r#"{"queued":true,"queue_id":"q"}"#,
            Answer::Unclear,
            "202: no answer",
        ),
        (
            409,
            JSON,
            r#"{"error":"hermes cannot","code":"not_steerable"}"#,
            Answer::NotSteerable,
            "409: the turn cannot be steered: hermes cannot",
        ),
        (409, None, "", Answer::NotSteerable, "cannot be steered"),
        (
            409,
            JSON,
            r#"{"error":"x","code":"turn_mismatch","turn_id":"t2"}"#,
            mismatch(Some("t2")),
            "another turn (t2) is running",
        ),
        (
            409,
            JSON,
            r#"{"code":"turn_mismatch"}"#,
            mismatch(None),
            "another turn is running",
        ),
        (
            409,
            JSON,
            r#"{"error":"hibernating","code":"busy_now"}"#,
            Answer::Rejected,
            "409: the request was refused: hibernating",
        ),
        (
            409,
            TEXT,
            "Conflict",
            Answer::Rejected,
            "the request was refused: Conflict",
        ),
        (
            401,
            JSON,
            r#"{"error":"invalid admin auth token"}"#,
            Answer::Unauthorised,
            "not allowed: invalid admin auth token",
        ),
        (403, None, "", Answer::Unauthorised, "403: the caller"),
        (404, None, "", Answer::TenantGuard, "organisation"),
        (404, Some(""), "", Answer::TenantGuard, "organisation"),
        (404, TEXT, "", Answer::Unsupported, "no handler"),
        (
            404,
            TEXT,
            "404 page not found",
            Answer::Unsupported,
            "no handler: 404 page",
        ),
        (
            404,
            HTML,
            "<h1>Not Found</h1>",
            Answer::Unsupported,
            "no handler",
        ),
        (
            404,
            JSON,
            r#"{"detail":"Not Found"}"#,
            Answer::Unsupported,
            "no handler: Not Found",
        ),
        (
            404,
            JSON,
            r#"{"error":"workspace not found"}"#,
            Answer::NoSuchWorkspace,
            "no such workspace",
        ),
        (
            410,
            JSON,
            r#"{"error":"workspace removed"}"#,
            Answer::NoSuchWorkspace,
            "removed",
        ),
        (
            405,
            None,
            "",
            Answer::Unsupported,
            "405: there is no handler",
        ),
        (501, None, "", Answer::Unsupported, "no handler"),
        (
            429,
            None,
            "",
            Answer::Throttled {
                retry_after_ms: None,
            },
            "come back later",
        ),
        (
            503,
            JSON,
            r#"{"error":"restarting","restarting":true}"#,
            Answer::Unclear,
            "may or may not",
        ),
        (
            500,
            TEXT,
            "boom",
            Answer::Unclear,
            "may not have worked: boom",
        ),
        (502, HTML, "<html>", Answer::Unclear, "502"),
        (504, None, "", Answer::Unclear, "504"),
        (302, None, "", Answer::Unclear, "redirect"),
        (
            400,
            JSON,
            r#"{"error":{"message":"bad json"}}"#,
            Answer::Rejected,
            "refused: bad json",
        ),
        (422, None, "", Answer::Rejected, "422"),
        (402, None, "", Answer::Rejected, "402"),
        (408, None, "", Answer::Unclear, "408"),
        (101, None, "", Answer::Unclear, "101"),
        (999, None, "", Answer::Unclear, "999"),
    ];
    for (status, content_type, body, answer, text) in cases {
        let (got, says) = read_answer(&http(*status, *content_type, body));
        assert_eq!(&got, answer, "{status} {content_type:?} {body:?}");
        assert!(says.contains(text), "{status} {body:?}: {says}");
    }
}

#[test]
fn a_secret_that_a_server_repeats_is_not_quoted() {
    let body = r#"{"error":"boom Authorization: Bearer  sk-live-1, and Bearer\tsk-live-2"}"#;
    let (_, says) = read_answer(&http(500, Some("application/json"), body));
    assert!(
        says.ends_with("boom Authorization: Bearer [token], and Bearer [token]"),
        "{says}"
    );
    let why = "proxy said Bearer sk-live-3".to_owned();
    let (_, says) = read_answer(&Reply::Broken { why, sent: true });
    assert_eq!(says, "proxy said Bearer [token]; it may have arrived");
}

#[test]
fn later_is_understood_with_its_header() {
    for status in [429, 503] {
        let reply = Reply::Http {
            status,
            content_type: Some("application/json".into()),
            retry_after_ms: Some(30_000),
            body: r#"{"error":"busy","busy":true,"retry_after":30}"#.into(),
        };
        let (answer, says) = read_answer(&reply);
        let later = Answer::Throttled {
            retry_after_ms: Some(30_000),
        };
        assert_eq!(answer, later);
        assert_eq!(
            says,
            format!("{status}: asked to come back not before 30 s: busy")
        );
    }
}

#[test]
fn a_broken_connection_is_unclear_and_says_whether_anything_was_sent() {
    for (sent, end) in [(true, "it may have arrived"), (false, "nothing was sent")] {
        let why = "connection refused".to_owned();
        let (answer, says) = read_answer(&Reply::Broken { why, sent });
        assert_eq!(answer, Answer::Unclear);
        assert_eq!(says, format!("connection refused; {end}"));
    }
}

/// Replays an answer captured from the real workspace runtime.
fn captured(text: &str) -> Answer {
    let capture: Value = serde_json::from_str(text).unwrap();
    let (status, content_type) = match &capture["status"] {
        Value::String(line) => {
            let (status, content_type) = line.split_once(' ').unwrap();
            (status.parse().unwrap(), Some(content_type.to_owned()))
        }
        number => (
            u16::try_from(number.as_u64().unwrap()).unwrap(),
            Some("application/json".to_owned()),
        ),
    };
    let body = match &capture["body"] {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    read_answer(&http(status, content_type.as_deref(), &body)).0
}

#[test]
fn the_runtime_of_may_2026_has_no_handler_and_its_cancel_is_no_success() {
    let no_handler = [
        include_str!("../../../tests/data/molecule/runtime/control_checkpoint_missing.json"),
        include_str!("../../../tests/data/molecule/runtime/ws_control_checkpoint_missing.json"),
    ];
    for text in no_handler {
        assert_eq!(captured(text), Answer::Unsupported);
    }
    let cancels = [
        include_str!("../../../tests/data/molecule/runtime/tasks_cancel_empty_params_midturn.json"),
        include_str!("../../../tests/data/molecule/runtime/tasks_cancel_unknown.json"),
    ];
    for text in cancels {
        assert_eq!(captured(text), Answer::Unclear);
    }
}

#[test]
fn a_restart_is_accepted_by_any_2xx() {
    let (answer, says) = read_restart(&http(
        200,
        Some("application/json"),
        r#"{"status":"provisioning"}"#,
    ));
    assert_eq!(answer, Answer::Interrupting { turn_id: None });
    assert!(says.starts_with("200: the restart was accepted"), "{says}");
    assert_eq!(read_restart(&http(401, None, "")).0, Answer::Unauthorised);
    assert_eq!(read_restart(&http(500, None, "")).0, Answer::Unclear);
}

proptest! {
    #[test]
    fn only_the_contract_s_own_words_are_success(
        status in 100_u16..600, content_type in prop::option::of(".{0,20}"), body in ".{0,400}",
        retry_after_ms in prop::option::of(any::<i64>()),
    ) {
        let empty = body.trim().is_empty();
        let (answer, says) = read_answer(&Reply::Http { status, content_type, retry_after_ms, body });
        prop_assert!(says.chars().count() <= 300 && !says.contains(['\n', '\r']));
        if matches!(answer, Answer::Checkpointed { .. }) {
            prop_assert!(status == 200 && empty);
        }
        if matches!(answer, Answer::Interrupting { .. }) {
            prop_assert!(status == 202 && empty);
        }
    }
}
