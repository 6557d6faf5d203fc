//! Turns of a platform: the worked cases, bad answers, memory, watching.

mod fake;
mod platform;
mod watch;

use serde_json::{Value, json};

use self::fake::{Answer, Fake};
use crate::sandbox::{Run, Sandbox};

/// The instant of the worked cases.
const NOW: &str = "2026-05-22T22:47:42Z";

/// A sandbox with a token file.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let file = sandbox.write("work/token", "sesame\n");
    private(&file);
    sandbox
}

#[cfg(unix)]
fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) {}

/// Asks a platform, as of the instant of the worked cases.
fn asked(fake: &Fake, sandbox: &Sandbox, options: &str) -> Run {
    let line = format!("turns --molecule {} --token-file token {options}", fake.url);
    let command = sandbox.command(line.split_whitespace());
    command.env("CRONCTL_NOW", NOW).run()
}

/// The ids of the workspaces of rows.
fn ids(rows: &Value) -> Vec<&str> {
    let rows = rows.as_array().unwrap();
    rows.iter()
        .map(|row| row["workspace_id"].as_str().unwrap())
        .collect()
}

/// One workspace of `GET /workspaces`.
fn workspace(id: &str, runtime: &str, active: i64) -> Value {
    json!({
        "id": id, "name": id.to_uppercase(), "runtime": runtime, "status": "online",
        "url": format!("http://10.0.0.1:8000/{id}"), "active_tasks": active,
        "max_concurrent_tasks": 1, "current_task": if active > 0 { "SEO tick" } else { "" },
    })
}

/// One turn of `GET /admin/turns`.
fn turn(id: &str, native: bool, started_at: Option<&str>) -> Value {
    json!({
        "workspace_id": id, "workspace_name": id.to_uppercase(), "runtime": "claude-code",
        "native_session": native, "turn_id": format!("turn-{id}"), "origin": "cron",
        "schedule_id": null, "started_at": started_at, "turn_age_seconds": null,
        "idle_seconds": null, "ceiling_seconds": 1800, "ceiling_exceeded": false,
        "steerable": true, "queue_depth": 0, "active_tasks": 1, "current_task": "SEO tick",
    })
}

/// The seven workspaces of P12, on a platform that lists turns.
fn p12() -> Fake {
    let row = |id: &str, active| workspace(id, "claude-code", active);
    let workspaces = json!([
        row("ws-a", 1),
        row("ws-b", 1),
        row("ws-c", 1),
        row("ws-d", 1),
        row("ws-e", 0),
        row("ws-f", 1),
        row("ws-g", 1),
    ]);
    let turns = json!([
        turn("ws-a", true, Some("2026-05-22T22:17:42Z")),
        turn("ws-b", true, Some("2026-05-22T22:17:41Z")),
        turn("ws-c", true, Some("2026-05-22T16:47:42Z")),
        turn("ws-d", false, Some("2026-05-22T16:47:42Z")),
        turn("ws-f", true, None),
        turn("ws-g", true, Some("2026-05-22T23:10:00Z")),
    ]);
    Fake::serving(workspaces, Some(turns))
}

#[test]
fn over_means_strictly_older_than_the_ceiling() {
    let (fake, sandbox) = (p12(), sandbox());
    let run = asked(&fake, &sandbox, "--over-ceiling --json");
    assert_eq!(run.code, Some(0), "{run}");
    let json: Value = run.json();
    assert_eq!(json["schema"], "cronctl.turns/1");
    let turns = &json["turns"];
    // The oldest first; 1800 s is not over 1800 s.
    assert_eq!(ids(turns), ["ws-c", "ws-b"]);
    assert_eq!(turns[0]["age_ms"], 21_600_000);
    assert_eq!(turns[0]["over_by_ms"], 19_800_000);
    assert_eq!(turns[1]["age_ms"], 1_801_000);
    assert_eq!(turns[1]["over_by_ms"], 1000);
    for turn in turns.as_array().unwrap() {
        assert_eq!(turn["verdict"], "over");
        assert_eq!(turn["age_is"], "exact");
        assert_eq!(turn["ceiling_ms"], 1_800_000);
        assert_eq!(turn["evidence"]["kind"], "turns-route");
    }
    // Never as 0, never as infinitely old: apart, with null.
    let unknown = json["unknown"].as_array().unwrap();
    let verdicts: Vec<_> = unknown
        .iter()
        .map(|t| {
            (
                t["workspace_id"].as_str().unwrap(),
                t["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(verdicts, [("ws-f", "unknown"), ("ws-g", "skewed")]);
    assert_eq!(unknown[0]["age_ms"], Value::Null);
    assert_eq!(unknown[0]["over_by_ms"], Value::Null);
    assert_eq!(
        json["summary"],
        json!({
            "workspaces": 7, "over": 2, "over_silent": json["summary"]["over_silent"], "under": 1,
            "unknown": 1, "skewed": 1, "leaked": 0, "running": 0, "off": 0, "not_native": 1,
            "idle": 1, "unreported": 0,
        })
    );
    assert_eq!(json["inputs"]["turns_route"], true);
    assert_eq!(json["inputs"]["requests"], fake.hits().len());
    assert_eq!(json["inputs"]["now_at"], "2026-05-22T22:47:42.000Z");
}

#[test]
fn what_a_person_reads_of_it() {
    let (fake, sandbox) = (p12(), sandbox());
    let text = asked(&fake, &sandbox, "--over-ceiling").stdout;
    let lines: Vec<&str> = text.lines().collect();
    let words = |line: &str| -> Vec<String> {
        let words = line.split("  ").map(str::trim).filter(|w| !w.is_empty());
        words.map(str::to_owned).collect()
    };
    assert_eq!(words(lines[1])[..1], ["WS-C"], "{text}");
    assert!(words(lines[1]).contains(&"5 h 30 min".to_owned()), "{text}");
    assert_eq!(words(lines[2])[..1], ["WS-B"], "{text}");
    assert!(words(lines[2]).contains(&"30 min 1 s".to_owned()), "{text}");
    assert!(text.contains("\nStart not known\n"), "{text}");
    let apart = text.split("Start not known").nth(1).unwrap();
    let (unknown, skewed) = apart.split_once("Start in the future").unwrap();
    assert!(unknown.contains("WS-F"), "{text}");
    assert!(unknown.contains("unknown"), "{text}");
    assert!(skewed.contains("WS-G"), "{text}");
    assert!(skewed.contains("in the future"), "{text}");
    assert!(!text.contains("WS-D"), "{text}");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("2 over the ceiling"), "{text}");
    assert!(
        flat.contains("1 not native, 1 idle in 7 workspaces."),
        "{text}"
    );
    let command = format!(
        "cronctl checkpoint --over-ceiling --molecule {} --token-file token --dry-run",
        fake.url
    );
    assert!(flat.contains(&command), "{text}");
    // The rule stands in the help.
    let help = sandbox.run("turns --help").ok();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("strictly older"), "{help}");
}

#[test]
fn rows_are_those_in_flight_or_all() {
    let (fake, sandbox) = (p12(), sandbox());
    let json: Value = asked(&fake, &sandbox, "--json").json();
    let mut rows = ids(&json["turns"]);
    assert_eq!(rows[..3], ["ws-c", "ws-b", "ws-a"]);
    rows.sort_unstable();
    assert_eq!(rows, ["ws-a", "ws-b", "ws-c", "ws-f", "ws-g"]);
    let json: Value = asked(&fake, &sandbox, "--all --json").json();
    let mut rows = ids(&json["turns"]);
    rows.sort_unstable();
    assert_eq!(
        rows,
        ["ws-a", "ws-b", "ws-c", "ws-d", "ws-e", "ws-f", "ws-g"]
    );
    let lines: Vec<Value> = asked(&fake, &sandbox, "-o ndjson").ndjson();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0]["workspace_id"], "ws-c");
    let csv = asked(&fake, &sandbox, "-o csv --columns workspace_id,over_by_ms").stdout;
    assert_eq!(
        csv.lines().take(3).collect::<Vec<_>>(),
        ["workspace_id,over_by_ms", "ws-c,19800000", "ws-b,1000"]
    );
}

#[test]
fn the_exit_code_is_0_unless_asked_otherwise() {
    let (fake, sandbox) = (p12(), sandbox());
    let code = |options: &str| asked(&fake, &sandbox, options).code;
    assert_eq!(code(""), Some(0));
    assert_eq!(code("--fail-on over"), Some(5));
    assert_eq!(code("--fail-on leaked"), Some(0));
    assert_eq!(code("--fail-on leaked,skewed"), Some(5));
    // With another ceiling nothing is over.
    assert_eq!(code("--ceiling 6h --fail-on over"), Some(0));
    let run = asked(&fake, &sandbox, "--ceiling 6h --over-ceiling");
    assert_eq!(run.code, Some(0));
    assert!(
        run.stdout.starts_with("No turn is over its ceiling.\n"),
        "{run}"
    );
    let json: Value = asked(&fake, &sandbox, "--ceiling 6h --over-ceiling --json").json();
    assert_eq!(json["turns"], json!([]));
    assert_eq!(json["inputs"]["ceiling_ms"], 21_600_000);
    // Off: nothing is over, and it is not called under either.
    let json: Value = asked(&fake, &sandbox, "--ceiling 0 --json").json();
    assert_eq!(json["turns"][0]["verdict"], "off");
    assert_eq!(json["summary"]["over"], 0);
}

#[test]
fn workspaces_are_named_by_id_name_or_prefix() {
    let (fake, sandbox) = (p12(), sandbox());
    let json: Value = asked(&fake, &sandbox, "--workspace WS-C ws-e --json").json();
    let mut rows = ids(&json["turns"]);
    rows.sort_unstable();
    // An idle one, too: it was asked for.
    assert_eq!(rows, ["ws-c", "ws-e"]);
    assert_eq!(json["summary"]["workspaces"], 2);
    assert_eq!(json["inputs"]["workspaces"], json!(["WS-C", "ws-e"]));
    // In full: activity, ceiling, schedules.
    for route in ["activity", "config", "schedules"] {
        let hits = fake.hits();
        let asked = |id: &str| {
            hits.iter()
                .any(|hit| hit.starts_with(&format!("/workspaces/{id}/{route}")))
        };
        assert!(asked("ws-c") && asked("ws-e") && !asked("ws-b"), "{hits:?}");
    }
    let run = asked(&fake, &sandbox, "--workspace WS-Z");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("did you mean \"ws-"), "{run}");
    let run = asked(&fake, &sandbox, "--workspace ws-");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("7 workspaces have an id"), "{run}");
}

#[test]
fn without_a_source_it_says_what_there_is() {
    let run = Sandbox::new().run("turns");
    assert_eq!(run.code, Some(1), "{run}");
    for option in ["--molecule", "--openclaw", "--demo"] {
        assert!(run.stderr.contains(option), "{run}");
    }
}

#[test]
fn the_context_names_the_platform() {
    let (fake, sandbox) = (p12(), sandbox());
    let config = format!(
        "[contexts.a.molecule]\nurl = '{}'\ntoken_file = 'token'\n\
         [contexts.a.adapters.claude-code]\nceiling_seconds = 3600\n",
        fake.url
    );
    sandbox.write("work/cronctl.toml", config);
    let run = sandbox.run(&format!("turns --context a --now {NOW} --json"));
    let json: Value = run.json();
    assert_eq!(json["inputs"]["platform"], fake.url, "{run}");
    // The list repeats the default, since no workspace has configured one: the adapter's own holds.
    assert_eq!(json["summary"]["over"], 1, "{json}");
    assert!(
        json["turns"][0]["ceiling_origin"]
            .to_string()
            .contains("cronctl.toml"),
        "{json}"
    );
    let run = sandbox.run(&format!("turns --context a --now {NOW} --over-ceiling"));
    let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("cronctl checkpoint --over-ceiling --context a --dry-run"),
        "{run}"
    );
}

#[test]
fn the_demo_is_the_same_each_time() {
    let sandbox = Sandbox::new();
    let first = sandbox.run("turns --demo");
    assert_eq!(first.code, Some(0), "{first}");
    assert!(first.stdout.contains("over"), "{first}");
    assert!(
        first
            .stdout
            .contains("cronctl checkpoint --over-ceiling --demo --dry-run"),
        "{first}"
    );
    assert_eq!(first.to_string(), sandbox.run("turns --demo").to_string());
    let json = |line: &str| -> Value {
        let mut json: Value = sandbox.run(line).json();
        // The instant of the call, not of the answer.
        json["generated_at"] = Value::Null;
        json["generated_at_ms"] = Value::Null;
        json
    };
    assert_eq!(json("turns --demo --json"), json("turns --demo --json"));
    assert_eq!(json("turns --demo --json")["inputs"]["ledger"], Value::Null);
}

#[test]
fn the_json_matches_its_schema() {
    let (fake, sandbox) = (p12(), sandbox());
    let published = cronctl::report::published::<cronctl::command::turns::TurnsReport>();
    let validator = jsonschema::validator_for(&published.schema).unwrap();
    for options in ["--json", "--all --json", "--over-ceiling --json"] {
        let json: Value = asked(&fake, &sandbox, options).json();
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{options}: {errors:#?}");
    }
}

#[test]
fn one_request_per_busy_workspace_without_the_list_of_turns() {
    let workspaces: Vec<Value> = (0..500)
        .map(|n| workspace(&format!("ws-{n:03}"), "claude-code", i64::from(n < 40)))
        .collect();
    let fake = Fake::serving(Value::Array(workspaces), None);
    let sandbox = sandbox();
    let json: Value = asked(&fake, &sandbox, "--json").json();
    assert_eq!(json["inputs"]["turns_route"], false);
    assert_eq!(json["summary"]["workspaces"], 500);
    let hits = fake.hits();
    assert!(hits.len() <= 2 + 40, "{} requests", hits.len());
    assert_eq!(json["inputs"]["requests"], hits.len());
    // All of the budget went to busy ones.
    let of_idle = |hit: &&String| hit.contains("/ws-040/") || hit.contains("/ws-499/");
    assert_eq!(hits.iter().filter(of_idle).count(), 0);
}

#[test]
fn an_adapter_that_reports_nothing_is_counted_and_is_no_turn() {
    let rows = json!([
        workspace("ws-h", "hermes", 0),
        workspace("ws-a", "claude-code", 0)
    ]);
    let fake = Fake::serving(rows, None);
    let sandbox = sandbox();
    let run = asked(&fake, &sandbox, "--json --fail-on unknown");
    assert_eq!(run.code, Some(0), "{run}");
    let json: Value = run.json();
    assert_eq!(json["turns"], json!([]));
    assert_eq!(json["unknown"], json!([]));
    assert_eq!(json["summary"]["unreported"], 1);
    assert_eq!(json["summary"]["idle"], 1);
    let text = asked(&fake, &sandbox, "").stdout;
    assert!(text.starts_with("Nothing is in flight.\n"), "{text}");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("1 that do not report whether they are busy in 2 workspaces"),
        "{text}"
    );
}

/// What a platform says when something is wrong.
fn ill(path: &'static str, answer: Answer) -> Fake {
    Fake::new(move |asked| match asked {
        _ if asked.starts_with(path) => answer.clone(),
        "/workspaces" => Answer::json(&json!([workspace("ws-a", "claude-code", 1)])),
        _ => Answer::json(&json!([])),
    })
}
