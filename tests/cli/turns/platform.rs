//! Platforms that are ill, wrong or slow to say, and what was seen at other times.

use serde_json::{Value, json};

use super::fake::{Answer, Fake};
use super::{asked, ids, ill, sandbox, turn, workspace};
use crate::sandbox::{Run, Sandbox};

/// Asks by the real clock.
fn asked_now(fake: &Fake, sandbox: &Sandbox, options: &str) -> Run {
    let line = format!("turns --molecule {} --token-file token {options}", fake.url);
    let command = sandbox.command(line.split_whitespace());
    command.without("CRONCTL_NOW").run()
}

fn now_ms() -> i64 {
    cronctl::clock::now_ms()
}

/// An instant as a `Date` header has it.
fn http_date(ms: i64) -> String {
    let instant = jiff::Timestamp::from_millisecond(ms).unwrap();
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn what_is_no_platform_is_said() {
    let html = Answer::text(200, "text/html", "<!doctype html><title>Sign in</title>");
    let run = asked(&ill("/workspaces", html), &sandbox(), "");
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(run.stdout, "", "{run}");
    assert!(run.stderr.contains("/workspaces"), "{run}");
    let garbage = Answer::text(200, "application/json", "[{\"id\": \"a\", ");
    let run = asked(&ill("/workspaces", garbage), &sandbox(), "");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("/workspaces"), "{run}");
    assert!(!run.stderr.contains("panicked"), "{run}");
}

#[test]
fn refused_and_unreachable_have_their_own_codes() {
    let expired = Answer::text(
        401,
        "application/json",
        r#"{"error":"invalid admin auth token"}"#,
    );
    let run = asked(&ill("/", expired), &sandbox(), "");
    assert_eq!(run.code, Some(6), "{run}");
    assert!(run.stderr.contains("invalid admin auth token"), "{run}");
    // The token itself is never shown.
    assert!(!run.to_string().contains("sesame"), "{run}");
    let fake = Fake::serving(json!([]), None);
    let url = fake.url.clone();
    drop(fake);
    let sandbox = sandbox();
    let run = sandbox.run(&format!("turns --molecule {url} --token-file token"));
    assert_eq!(run.code, Some(4), "{run}");
    assert!(run.stderr.contains(&url), "{run}");
}

#[test]
fn a_row_that_cannot_be_used_hides_no_other() {
    let fake = Fake::serving(
        json!([
            workspace("ws-a", "claude-code", 1),
            7,
            workspace("ws-b", "claude-code", 1)
        ]),
        Some(json!([
            turn("ws-a", true, Some("2026-05-22T16:47:42Z")),
            {"workspace_name": "nobody"},
            turn("ws-b", true, Some("yesterday")),
        ])),
    );
    let run = asked(&fake, &sandbox(), "--json");
    assert_eq!(run.code, Some(3), "{run}");
    let json: Value = run.json();
    assert_eq!(ids(&json["turns"])[0], "ws-a");
    assert!(ids(&json["turns"]).contains(&"ws-b"), "{run}");
    assert!(json["problems"].as_array().unwrap().len() >= 2, "{run}");
}

#[test]
fn one_workspace_that_fails_leaves_the_others() {
    let fake = Fake::new(|asked| {
        let path = asked.split('?').next().unwrap();
        match path {
            "/workspaces" => Answer::json(&json!([
                workspace("ws-a", "claude-code", 1),
                workspace("ws-b", "claude-code", 1)
            ])),
            "/workspaces/ws-a/activity" => Answer::text(410, "application/json", "{}"),
            "/workspaces/ws-b/activity" => Answer::json(&json!([{
                "id": "1", "workspace_id": "ws-b", "activity_type": "a2a_receive",
                "source_id": null, "target_id": "ws-b", "method": "message/send",
                "summary": "message/send", "duration_ms": 180_000, "status": "error",
                "error_detail": "net/http: timeout awaiting response headers",
                "created_at": "2026-05-22T16:50:42Z",
            }])),
            _ => Answer::missing(),
        }
    });
    let run = asked(&fake, &sandbox(), "--json");
    assert_eq!(run.code, Some(3), "{run}");
    let json: Value = run.json();
    let problems = json["problems"].to_string();
    assert!(
        problems.contains("WS-A") && problems.contains("activity"),
        "{run}"
    );
    let turns = &json["turns"];
    assert_eq!(ids(turns), ["ws-b", "ws-a"], "{run}");
    // The dispatch, not the row's own time.
    assert_eq!(turns[0]["started_at_ms"], turns[0]["evidence"]["since_ms"]);
    assert_eq!(turns[0]["age_ms"], 21_600_000, "{run}");
    assert_eq!(turns[0]["evidence"]["kind"], "activity");
    assert_eq!(turns[1]["verdict"], "unknown");
    // The table says how sure that is.
    let run = asked(&fake, &sandbox(), "");
    assert!(run.stdout.contains("~ 6 h"), "{run}");
    assert!(run.stdout.contains("does not list turns"), "{run}");
}

#[test]
fn ages_are_right_though_the_clocks_are_apart() {
    for skew_ms in [600_000_i64, -600_000] {
        let theirs = now_ms() + skew_ms;
        let started = cronctl::when::utc(theirs - 2_400_000);
        let dated = move |mut answer: Answer| {
            answer.date = Some(http_date(now_ms() + skew_ms));
            answer
        };
        let fake = Fake::new(move |asked| {
            dated(match asked.split('?').next().unwrap() {
                "/workspaces" => Answer::json(&json!([workspace("ws-a", "claude-code", 1)])),
                "/admin/turns" => {
                    let turns = json!([turn("ws-a", true, Some(&started))]);
                    Answer::json(&json!({"turns": turns, "count": 1}))
                }
                _ => Answer::json(&json!([])),
            })
        });
        let run = asked_now(&fake, &sandbox(), "--json");
        let json: Value = run.json();
        let offset = json["inputs"]["clock_offset_ms"].as_i64().unwrap();
        assert!((offset - skew_ms).abs() < 30_000, "{run}");
        let turn = &json["turns"][0];
        assert_eq!(turn["verdict"], "over", "{run}");
        let age = turn["age_ms"].as_i64().unwrap();
        assert!((2_370_000..2_460_000).contains(&age), "{run}");
        // A finding, not a footnote.
        let warnings = json["warnings"].to_string();
        assert!(warnings.contains("clock"), "{run}");
    }
}

#[test]
fn ten_thousand_workspaces_of_one_name_are_told_apart() {
    let workspaces: Vec<Value> = (0..10_000)
        .map(|n| {
            let mut row = workspace(&format!("ws-{n:05}"), "claude-code", 0);
            row["name"] = "same".into();
            row
        })
        .collect();
    let turns = json!([
        turn("ws-00001", true, Some("2026-05-22T16:47:42Z")),
        turn("ws-00002", true, Some("2026-05-22T15:47:42Z")),
    ]);
    let mut turns = turns;
    for turn in turns.as_array_mut().unwrap() {
        turn["workspace_name"] = "same".into();
    }
    let fake = Fake::serving(Value::Array(workspaces), Some(turns));
    let sandbox = sandbox();
    let json: Value = asked(&fake, &sandbox, "--json").json();
    assert_eq!(ids(&json["turns"]), ["ws-00002", "ws-00001"]);
    assert_eq!(json["summary"]["workspaces"], 10_000);
    assert!(
        json["warnings"].to_string().contains("same"),
        "{}",
        json["warnings"]
    );
    // Two rows of one name have their ids beside it.
    let run = asked(&fake, &sandbox, "");
    assert!(run.stdout.contains("ws-00001"), "{run}");
    let run = asked(&fake, &sandbox, "--workspace same");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.stderr.contains("10000 workspaces are named \"same\""),
        "{run}"
    );
}

#[test]
fn a_look_profits_from_an_earlier_one() {
    let busy = json!([workspace("ws-a", "claude-code", 1)]);
    let fake = Fake::serving(busy, None);
    let sandbox = sandbox();
    let json: Value = asked_now(&fake, &sandbox, "--json").json();
    let ledger = sandbox.path("home/.local/state/cronctl/ledger.db");
    assert_eq!(json["inputs"]["ledger"], ledger.to_str().unwrap());
    let since = json["turns"][0]["evidence"]["since_ms"].as_i64().unwrap();
    // Seen now for the first time: that says nothing of its age, not even 0.
    assert_eq!(json["turns"][0]["age_ms"], Value::Null);
    assert_eq!(json["turns"][0]["verdict"], "unknown");
    let json: Value = asked_now(&fake, &sandbox, "--json").json();
    assert_eq!(json["turns"][0]["evidence"]["kind"], "observed");
    assert_eq!(json["turns"][0]["age_is"], "at-least");
    assert_eq!(json["turns"][0]["evidence"]["since_ms"], since);
    assert!(json["turns"][0]["age_ms"].as_i64().unwrap() > 0);
    // Without it nothing is known from before.
    let json: Value = asked_now(&fake, &sandbox, "--no-ledger --json").json();
    assert_ne!(json["turns"][0]["evidence"]["since_ms"], since);
    assert_eq!(json["inputs"]["ledger"], Value::Null);
}

#[test]
fn an_instant_that_is_not_now_leaves_no_trace() {
    let busy = json!([workspace("ws-a", "claude-code", 1)]);
    let fake = Fake::serving(busy, None);
    let sandbox = sandbox();
    assert_eq!(asked(&fake, &sandbox, "").code, Some(0));
    assert!(!sandbox.path("home/.local/state/cronctl/ledger.db").exists());
    // A ledger that is named is the caller's own.
    assert_eq!(asked(&fake, &sandbox, "--ledger l.db").code, Some(0));
    let line = format!(
        "turns --molecule {} --token-file token --ledger l.db --json --now 2026-05-22T22:48:12Z",
        fake.url
    );
    let json: Value = sandbox.run(&line).json();
    assert_eq!(json["turns"][0]["age_ms"], 30_000, "seen 30 s before");
}

#[test]
fn a_broken_ledger_hides_no_turn() {
    let fake = Fake::serving(json!([workspace("ws-a", "claude-code", 1)]), None);
    let sandbox = sandbox();
    sandbox.write(
        "work/l.db",
        "this is no database, and long enough to look like one ".repeat(40),
    );
    let run = asked(&fake, &sandbox, "--ledger l.db --json");
    assert_eq!(run.code, Some(0), "{run}");
    let json: Value = run.json();
    assert_eq!(ids(&json["turns"]), ["ws-a"]);
    assert_eq!(json["inputs"]["ledger"], Value::Null);
    assert!(json["warnings"].to_string().contains("l.db"), "{run}");
    assert!(run.stderr.contains("l.db"), "{run}");
}

#[test]
fn a_gateway_and_a_platform_are_answered_together() {
    let turns = json!([turn("ws-a", true, Some("2026-05-22T16:47:42Z"))]);
    let fake = Fake::serving(json!([workspace("ws-a", "claude-code", 1)]), Some(turns));
    let sandbox = sandbox();
    let started = now_ms() - 60_000;
    sandbox.write(
        "home/.openclaw/cron/jobs.json",
        json!({"version": 1, "jobs": [{
            "id": "job-1", "name": "Digest", "enabled": true, "createdAtMs": 1,
            "sessionTarget": "isolated", "payload": {"kind": "agentTurn", "message": "m"},
            "schedule": {"kind": "cron", "expr": "0 7 * * *", "tz": "UTC"},
            "state": {"runningAtMs": started},
        }]})
        .to_string(),
    );
    let run = asked_now(&fake, &sandbox, "--openclaw --json");
    let json: Value = run.json();
    let sources: Vec<&str> = json["turns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["source"].as_str().unwrap())
        .collect();
    assert_eq!(sources, [fake.url.as_str(), "openclaw"], "{run}");
    assert_eq!(json["turns"][1]["started_at_ms"], started, "{run}");
    let home = sandbox.path("home/.openclaw");
    assert_eq!(json["inputs"]["openclaw"], json!([home.to_str().unwrap()]));
    // One that does not answer hides nothing of the other.
    drop(fake);
    let gone = Fake::new(|_| Answer::text(500, "text/plain", "no"));
    let run = asked_now(&gone, &sandbox, "--openclaw --json");
    assert_eq!(run.code, Some(3), "{run}");
    let json: Value = run.json();
    assert_eq!(json["turns"][0]["source"], "openclaw", "{run}");
    assert!(json["problems"].to_string().contains("500"), "{run}");
    // Without a platform, OpenClaw's own state is what is asked.
    let command = sandbox.command(["turns", "--json"]).without("CRONCTL_NOW");
    let json: Value = command.run().json();
    assert_eq!(json["turns"][0]["schedule_id"], "job-1");
    assert_eq!(json["inputs"]["platform"], Value::Null);
}

#[test]
fn a_ceiling_is_remembered_and_says_so() {
    let serve = |asked: &str| match asked.split('?').next().unwrap() {
        "/workspaces" => Answer::json(&json!([workspace("ws-a", "claude-code", 1)])),
        "/workspaces/ws-a/config" => Answer::json(&json!({
            "data": {"runtime_config": {"native_session_ceiling_seconds": 60}}
        })),
        "/admin/turns" => Answer::missing(),
        _ => Answer::json(&json!([])),
    };
    let fake = Fake::new(serve);
    let sandbox = sandbox();
    let json: Value = asked_now(&fake, &sandbox, "--workspace ws-a --json").json();
    assert_eq!(json["turns"][0]["ceiling_ms"], 60_000);
    let origin = json["turns"][0]["ceiling_origin"].as_str().unwrap();
    assert!(!origin.contains("as read"), "{origin}");
    // The whole fleet: the one request that a busy workspace may cost goes to its activity.
    let before = fake.hits().len();
    let json: Value = asked_now(&fake, &sandbox, "--json").json();
    assert_eq!(json["turns"][0]["ceiling_ms"], 60_000);
    let origin = json["turns"][0]["ceiling_origin"].as_str().unwrap();
    assert!(
        origin.ends_with("as read within the last 60 min"),
        "{origin}"
    );
    let hits = fake.hits();
    assert!(
        !hits[before..].iter().any(|hit| hit.contains("/config")),
        "{hits:?}"
    );
}
