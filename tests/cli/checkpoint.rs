//! Checkpoints through the real binary: every answer of the contract, the ledger, budgets, signals.

pub(crate) mod fake;

use serde_json::{Value, json};

use self::fake::{Fake, Says};
use crate::sandbox::{Run, Sandbox};

/// The instant of the worked cases.
const NOW: &str = "2026-05-22T22:47:42Z";
pub(crate) const TOKEN: &str = "sesame-7f3a";

/// A sandbox with a token file.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    private(&sandbox.write("work/token", TOKEN));
    sandbox
}

#[cfg(unix)]
pub(crate) fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn private(_: &std::path::Path) {}

/// Runs `checkpoint` at a platform.
fn run(fake: &Fake, sandbox: &Sandbox, options: &str) -> Run {
    let line = format!(
        "checkpoint --molecule {} --token-file token --ledger l.db {options}",
        fake.url
    );
    let command = sandbox.command(line.split_whitespace());
    command.env("CRONCTL_NOW", NOW).run()
}

/// Frees what is over its ceiling, and returns the run with its answer.
fn free(fake: &Fake, sandbox: &Sandbox, options: &str) -> (Run, Value) {
    let run = run(
        fake,
        sandbox,
        &format!("--over-ceiling --yes --json {options}"),
    );
    let json = run.json();
    (run, json)
}

pub(crate) fn history(sandbox: &Sandbox) -> Vec<Value> {
    let run = sandbox.run("checkpoint history --ledger l.db -o ndjson");
    assert_eq!(run.code, Some(0), "{run}");
    run.ndjson()
}

/// One workspace of `GET /workspaces`.
pub(crate) fn workspace(id: &str, active: i64) -> Value {
    json!({
        "id": id, "name": id.to_uppercase(), "runtime": "claude-code", "status": "online",
        "url": format!("http://127.0.0.1:9/{id}"), "active_tasks": active,
        "max_concurrent_tasks": 1, "current_task": if active > 0 { "SEO tick" } else { "" },
    })
}

/// One turn of `GET /admin/turns`.
pub(crate) fn turn(id: &str, started_at: Option<&str>) -> Value {
    json!({
        "workspace_id": id, "workspace_name": id.to_uppercase(), "runtime": "claude-code",
        "native_session": true, "turn_id": format!("turn-{id}"), "origin": "cron",
        "schedule_id": null, "started_at": started_at, "turn_age_seconds": null,
        "idle_seconds": null, "ceiling_seconds": 1800, "ceiling_exceeded": false,
        "steerable": true, "queue_depth": 0, "active_tasks": 1, "current_task": "SEO tick",
    })
}

/// A platform with turns that are six hours old.
fn over(ids: &[&str]) -> Fake {
    let workspaces = ids.iter().map(|id| workspace(id, 1)).collect();
    let turns = ids
        .iter()
        .map(|id| turn(id, Some("2026-05-22T16:47:42Z")))
        .collect();
    Fake::new(workspaces, Some(turns))
}

pub(crate) fn checkpointed(id: &str) -> Value {
    json!({
        "status": "checkpointed", "workspace_id": id, "turn_id": format!("turn-{id}"),
        "turn_age_seconds": 21_600, "resumable": true,
        "checkpoint": {"id": "cp-1", "session_id": "s-1", "saved_at": "2026-05-22T22:47:43Z"},
    })
}

/// The outcomes by workspace, in the order of the answer.
fn outcomes(json: &Value) -> Vec<(&str, &str)> {
    let text = |value: &Value| -> &'static str { value.as_str().unwrap().to_owned().leak() };
    let targets = json["targets"].as_array().unwrap();
    targets
        .iter()
        .map(|row| (text(&row["workspace_id"]), text(&row["outcome"])))
        .collect()
}

#[test]
fn a_dry_run_prints_the_requests_of_turns_over_their_ceiling_and_sends_none() {
    let mut d = turn("ws-d", Some("2026-05-22T16:47:42Z"));
    d["native_session"] = json!(false);
    let fake = Fake::new(
        ["ws-a", "ws-b", "ws-c", "ws-d", "ws-e", "ws-f", "ws-g"]
            .map(|id| workspace(id, i64::from(id != "ws-e")))
            .into(),
        Some(vec![
            turn("ws-a", Some("2026-05-22T22:17:42Z")),
            turn("ws-b", Some("2026-05-22T22:17:41Z")),
            turn("ws-c", Some("2026-05-22T16:47:42Z")),
            d,
            turn("ws-f", None),
            turn("ws-g", Some("2026-05-22T23:10:00Z")),
        ]),
    );
    let sandbox = sandbox();
    let run = run(&fake, &sandbox, "--over-ceiling --dry-run");
    assert_eq!(run.code, Some(0), "{run}");
    let requests: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("POST "))
        .collect();
    let expected = ["ws-c", "ws-b"].map(|id| format!("POST {}/{id}/control/checkpoint", fake.url));
    assert_eq!(requests, expected, "{run}");
    assert!(run.stdout.contains("1 not native"), "{run}");

    let run = self::run(&fake, &sandbox, "--over-ceiling --dry-run --json");
    let json: Value = run.json();
    assert_eq!(json["schema"], "cronctl.checkpoint/1");
    assert_eq!(
        outcomes(&json),
        [("ws-c", "not-sent"), ("ws-b", "not-sent")]
    );
    let row = &json["targets"][0];
    assert_eq!(row["method"], "POST");
    assert_eq!(row["url"], format!("{}/ws-c/control/checkpoint", fake.url));
    let body = json!({
        "workspace_id": "ws-c", "turn_id": "turn-ws-c", "reason": "native_session_ceiling",
        "ceiling_seconds": 1800, "turn_age_seconds": 21_600, "drain_seconds": 20,
        "request_id": row["request_id"],
    });
    assert_eq!(row["body"], body);
    assert_eq!(row["over_by_ms"], 19_800_000);
    assert_eq!(row["requests"], 0);
    let left = json!({
        "under": 1, "unknown": 1, "estimated": 0, "not_known_native": 0, "not_native": 1,
        "off": 0, "skewed": 1, "idle": 1, "resting": 0,
    });
    assert_eq!(json["summary"]["left_alone"], left);
    assert!(fake.posts().is_empty());
    assert!(history(&sandbox).is_empty());
}

#[test]
fn nothing_is_done_unless_it_is_said_which_turns_and_that_it_may() {
    let (fake, sandbox) = (over(&["ws-c"]), sandbox());
    let neither = run(&fake, &sandbox, "--yes");
    assert_eq!(neither.code, Some(2), "{neither}");
    assert!(neither.stderr.contains("WORKSPACE"), "{neither}");
    assert!(neither.stderr.contains("--over-ceiling"), "{neither}");
    let unasked = run(&fake, &sandbox, "--over-ceiling");
    assert_eq!(unasked.code, Some(2), "{unasked}");
    assert!(unasked.stderr.contains("--yes"), "{unasked}");
    assert!(unasked.stderr.contains("--dry-run"), "{unasked}");
    for options in [
        "ws-c --certain --yes",
        "ws-c --via adapter --path /{workspace_id}/x --yes",
        "ws-c --path /no-id --yes",
    ] {
        let run = run(&fake, &sandbox, options);
        assert_eq!(run.code, Some(2), "{run}");
    }
    assert!(fake.seen().is_empty());
    let nowhere = sandbox.run("checkpoint --over-ceiling --yes");
    assert_eq!(nowhere.code, Some(2), "{nowhere}");
    assert!(nowhere.stderr.contains("--molecule"), "{nowhere}");
}

#[test]
fn what_was_accepted_and_is_gone_is_confirmed_and_recorded() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Frees(200, checkpointed("ws-c"))]);
    let sandbox = sandbox();
    let (run, json) = free(&fake, &sandbox, "--reason ticket-1684 --drain 5s");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "confirmed")]);
    let row = &json["targets"][0];
    assert_eq!(row["answer"]["kind"], "checkpointed");
    assert_eq!(row["answer"]["checkpoint_id"], "cp-1");
    assert_eq!(row["seen"], "gone");
    assert_eq!(row["requests"], 1);
    assert_eq!(json["summary"]["confirmed"], 1);

    let posts = fake.posts();
    let [post] = &posts[..] else {
        panic!("{posts:?}")
    };
    assert_eq!(post.path, "/ws-c/control/checkpoint");
    assert_eq!(post.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(post.headers["idempotency-key"], row["request_id"]);
    assert_eq!(post.body, row["body"]);
    assert_eq!(post.body["note"], "ticket-1684");
    assert_eq!(post.body["drain_seconds"], 5);

    let lines = history(&sandbox);
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(line["outcome"], "confirmed");
    assert_eq!(line["request_id"], row["request_id"]);
    assert_eq!(line["reason"], "native_session_ceiling: ticket-1684");
    assert_eq!(line["age_ms"], 21_600_000);
    assert_eq!(
        line["request"],
        format!("POST {}/ws-c/control/checkpoint", fake.url)
    );
    let ledger = std::fs::read(sandbox.path("work/l.db")).unwrap();
    let text = String::from_utf8_lossy(&ledger);
    assert!(!text.contains(TOKEN), "the token is in the ledger");

    // Nothing is over any more.
    let (run, json) = free(&fake, &sandbox, "");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(json["targets"], json!([]));
    assert_eq!(fake.posts().len(), 1);
}

#[test]
fn what_asked_for_time_is_looked_at_until_it_is_gone() {
    let interrupting = json!({"status": "interrupting", "turn_id": "turn-ws-c"});
    let fake = over(&["ws-c"]).says("ws-c", [Says::FreesIn(300, 202, interrupting)]);
    let (run, json) = free(&fake, &sandbox(), "");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "confirmed")]);
    assert_eq!(fake.posts().len(), 1);
}

#[test]
fn what_cannot_be_steered_is_refused_said_and_not_asked_again() {
    let no = json!({"error": "review turns cannot be steered", "code": "not_steerable"});
    let fake = over(&["ws-c"]).says("ws-c", [Says::Json(409, no)]);
    let sandbox = sandbox();
    let (run, json) = free(&fake, &sandbox, "--report");
    assert_eq!(run.code, Some(6), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "refused")]);
    assert_eq!(json["targets"][0]["reported"], true);
    let posts = fake.posts();
    assert_eq!(
        fake.paths(),
        ["/ws-c/control/checkpoint", "/workspaces/ws-c/activity"]
    );
    let said = &posts[1].body;
    assert_eq!(said["method"], "control/checkpoint");
    assert_eq!(said["status"], "error");
    let summary = said["summary"].as_str().unwrap();
    let expected = "native-session turn past its ceiling: checkpoint refused (409";
    assert!(summary.starts_with(expected), "{summary}");

    // The refusal is remembered.
    let (run, json) = free(&fake, &sandbox, "");
    assert_eq!(run.code, Some(6), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "refused")]);
    assert_eq!(fake.posts().len(), 2);
}

#[test]
fn a_turn_that_ended_by_itself_is_moot_and_its_successor_left_alone() {
    let other = json!({"error": "another", "code": "turn_mismatch", "turn_id": "turn-after"});
    let fake = over(&["ws-c"]).says("ws-c", [Says::Swaps(409, other)]);
    let (run, json) = free(&fake, &sandbox(), "--grace 1s");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "moot")]);
    assert_eq!(fake.posts().len(), 1);
}

#[test]
fn a_successor_is_proof_that_the_turn_is_gone() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Swaps(200, checkpointed("ws-c"))]);
    let (run, json) = free(&fake, &sandbox(), "");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "confirmed")]);
    assert_eq!(json["targets"][0]["seen"], "successor");
}

#[test]
fn todays_runtime_has_no_handler_and_a_restart_happens_only_when_asked_for() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Text(404, "Not Found")]);
    let (run, json) = free(&fake, &sandbox(), "");
    assert_eq!(run.code, Some(6), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "unsupported")]);
    assert_eq!(fake.paths(), ["/ws-c/control/checkpoint"]);

    let fake = over(&["ws-c"]).says("ws-c", [Says::Text(404, "Not Found")]);
    let (run, json) = free(&fake, &sandbox(), "--escalate restart");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "restarted")]);
    assert!(run.stderr.contains("destroys the turn"), "{run}");
    assert_eq!(
        fake.paths(),
        ["/ws-c/control/checkpoint", "/workspaces/ws-c/restart"]
    );
}

#[test]
fn a_caller_who_is_not_allowed_is_told_so_once() {
    let no = json!({"error": "invalid workspace auth token"});
    let ids = ["ws-a", "ws-b", "ws-c"];
    let mut fake = over(&ids);
    for id in ids {
        fake = fake.says(id, [Says::Json(401, no.clone())]);
    }
    let sandbox = sandbox();
    let (run, json) = free(&fake, &sandbox, "--concurrency 1");
    assert_eq!(run.code, Some(6), "{run}");
    let expected = [
        ("ws-a", "unauthorised"),
        ("ws-b", "not-sent"),
        ("ws-c", "not-sent"),
    ];
    assert_eq!(outcomes(&json), expected);
    assert_eq!(fake.posts().len(), 1);
    // What was begun ahead and then not sent is recorded as that.
    for line in history(&sandbox) {
        let expected = if line["workspace_id"] == "ws-a" {
            "unauthorised"
        } else {
            "not-sent"
        };
        assert_eq!(line["outcome"], expected, "{line}");
    }
}

#[test]
fn one_who_asks_to_come_back_is_asked_again_then() {
    let fake = over(&["ws-c"]).says(
        "ws-c",
        [Says::Later(429, 1), Says::Frees(200, checkpointed("ws-c"))],
    );
    let (run, json) = free(&fake, &sandbox(), "");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "confirmed")]);
    assert_eq!(fake.posts().len(), 2);
}

#[test]
fn an_unclear_answer_is_followed_by_the_same_request() {
    for first in [
        Says::Json(500, json!({"error": "boom"})),
        Says::Cut,
        Says::Text(200, "<html>a proxy</html>"),
    ] {
        let fake = over(&["ws-c"]).says("ws-c", [first, Says::Frees(200, checkpointed("ws-c"))]);
        let (run, json) = free(&fake, &sandbox(), "");
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(outcomes(&json), [("ws-c", "confirmed")]);
        let posts = fake.posts();
        assert_eq!(posts.len(), 2);
        assert_eq!(posts[0].body["request_id"], posts[1].body["request_id"]);
    }
}

#[test]
fn what_nobody_can_tell_is_unknown_and_asked_again_with_the_same_id_by_the_next_call() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Json(502, json!({"error": "bad gateway"}))]);
    let sandbox = sandbox();
    let (run, json) = free(&fake, &sandbox, "--grace 1s");
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "unknown")]);
    let first = fake.posts();
    let (run, _) = free(&fake, &sandbox, "--grace 1s");
    assert_eq!(run.code, Some(4), "{run}");
    let all = fake.posts();
    assert!(all.len() > first.len());
    let ids: std::collections::BTreeSet<_> = all
        .iter()
        .map(|post| post.body["request_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn an_answer_that_does_not_come_is_unknown() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Hang]);
    let (run, json) = free(&fake, &sandbox(), "--timeout 200ms --drain 0 --grace 200ms");
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(outcomes(&json), [("ws-c", "unknown")]);
}

#[test]
fn accepted_is_not_gone_and_both_kinds_of_ends_are_told_apart() {
    let no = json!({"error": "no", "code": "not_steerable"});
    let fake = over(&["ws-b", "ws-c"])
        .says("ws-b", [Says::Json(409, no)])
        .says("ws-c", [Says::Json(200, checkpointed("ws-c"))]);
    let (run, json) = free(&fake, &sandbox(), "--grace 500ms");
    assert_eq!(run.code, Some(3), "{run}");
    let mut found = outcomes(&json);
    found.sort_unstable();
    assert_eq!(found, [("ws-b", "refused"), ("ws-c", "lingering")]);

    let fake = over(&["ws-c"]).says("ws-c", [Says::Json(200, checkpointed("ws-c"))]);
    let run = self::run(&fake, &sandbox(), "--over-ceiling --yes --grace 500ms");
    assert_eq!(run.code, Some(4), "{run}");
    assert!(run.stdout.contains("lingering 1"), "{run}");
}

#[test]
fn without_a_ledger_that_works_nothing_is_sent() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Frees(200, checkpointed("ws-c"))]);
    let sandbox = sandbox();
    let path = sandbox.write("work/l.db", "this is no database at all\n".repeat(50));
    let run = run(&fake, &sandbox, "--over-ceiling --yes");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains(path.to_str().unwrap()), "{run}");
    assert!(run.stderr.contains("is damaged"), "{run}");
    assert!(run.stderr.contains("--no-ledger"), "{run}");
    assert!(fake.posts().is_empty());

    std::fs::remove_file(&path).unwrap();
    let line = format!(
        "checkpoint --molecule {} --token-file token --no-ledger --over-ceiling --yes --json",
        fake.url
    );
    let command = sandbox.command(line.split_whitespace());
    let run = command.env("CRONCTL_NOW", NOW).run();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&run.json()), [("ws-c", "confirmed")]);
    assert!(!path.exists());
    assert!(!sandbox.path("home/.local").exists());
}

#[test]
fn workspaces_are_named_by_id_prefix_or_name_and_asked_whatever_the_age() {
    let mut twin = workspace("ws-x", 1);
    twin["name"] = json!("WS-A");
    let fake = Fake::new(
        vec![workspace("ws-a", 1), workspace("other", 1), twin],
        Some(vec![
            turn("ws-a", Some("2026-05-22T22:47:00Z")),
            turn("other", Some("2026-05-22T22:47:00Z")),
        ]),
    )
    .says("other", [Says::Frees(200, checkpointed("other"))]);
    let sandbox = sandbox();
    let name = |name: &str| run(&fake, &sandbox, &format!("{name} --yes --json"));
    let several = name("WS-A");
    assert_eq!(several.code, Some(2), "{several}");
    assert!(several.stderr.contains("ws-a, ws-x"), "{several}");
    let prefix = name("ws");
    assert_eq!(prefix.code, Some(2), "{prefix}");
    let unknown = name("othre");
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("other"), "{unknown}");
    assert!(fake.posts().is_empty());

    let under = name("oth --over-ceiling");
    assert_eq!(under.code, Some(0), "{under}");
    assert!(fake.posts().is_empty());
    let run = name("oth");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&run.json()), [("other", "confirmed")]);
    assert_eq!(fake.posts()[0].body["reason"], "operator");
}

#[test]
fn a_budget_takes_the_oldest_first_and_says_what_is_left() {
    let fake = Fake::new(
        vec![workspace("young", 1), workspace("old", 1)],
        Some(vec![
            turn("young", Some("2026-05-22T22:00:00Z")),
            turn("old", Some("2026-05-22T20:00:00Z")),
        ]),
    )
    .says("old", [Says::Frees(200, checkpointed("old"))]);
    let (run, json) = free(&fake, &sandbox(), "--max-actions 1");
    assert_eq!(run.code, Some(3), "{run}");
    assert_eq!(
        outcomes(&json),
        [("old", "confirmed"), ("young", "not-sent")]
    );
    assert!(run.stderr.contains("--max-actions"), "{run}");
    assert_eq!(fake.paths(), ["/old/control/checkpoint"]);
}

#[test]
fn a_turn_that_was_refused_takes_no_room_from_the_next() {
    let ids = ["old", "older", "oldest"];
    let at = |hour: usize| format!("2026-05-22T{hour}:00:00Z");
    let fake = Fake::new(
        ids.iter().map(|id| workspace(id, 1)).collect(),
        Some(
            ids.iter()
                .zip([12, 11, 10])
                .map(|(id, h)| turn(id, Some(&at(h))))
                .collect(),
        ),
    );
    let no = Says::Json(409, json!({"error": "no", "code": "not_steerable"}));
    let fake = ids
        .iter()
        .fold(fake, |fake, id| fake.says(id, [no.clone()]));
    let sandbox = sandbox();
    for n in 1..=ids.len() {
        let (run, json) = free(&fake, &sandbox, "--max-actions 1");
        assert_eq!(fake.posts().len(), n, "{run}");
        // Those that were refused before are told, and not said to be asked.
        assert!(run.stderr.contains("1 turn at "), "{run}");
        let refused = outcomes(&json)
            .iter()
            .filter(|(_, o)| *o == "refused")
            .count();
        assert_eq!(refused, n, "{run}");
    }
    assert_eq!(
        fake.paths(),
        [
            "/oldest/control/checkpoint",
            "/older/control/checkpoint",
            "/old/control/checkpoint"
        ]
    );
}

/// Where a workspace has configured no ceiling the platform repeats the default, which an adapter's own goes
/// before; and one that it has configured goes before both, also where it is lower.
#[test]
fn the_ceiling_that_holds_is_found_before_a_turn_is_called_over_or_not() {
    let own = |seconds: u64| json!({"runtime_config": {"native_session_ceiling_seconds": seconds}});
    let cases = [
        // Adapter, listed, configured, age in minutes; whether it is asked.
        (0, json!(1800), json!({}), 360, false),
        (7200, json!(1800), json!({}), 45, false),
        (600, json!(1800), json!({}), 20, true),
        (0, json!(1800), own(1800), 45, true),
        (0, Value::Null, own(1800), 45, true),
        (0, Value::Null, json!({}), 45, false),
        (7200, Value::Null, own(600), 20, true),
        (7200, json!(900), json!({}), 20, true),
    ];
    for (adapter, listed, configured, minutes, asked) in cases {
        let shown = format!("{adapter} {listed} {configured} {minutes}");
        let now_ms = cronctl::context::parse_instant(NOW).unwrap();
        let mut row = turn("ws-a", Some(&cronctl::when::utc(now_ms - minutes * 60_000)));
        row["ceiling_seconds"] = listed;
        let fake = Fake::new(vec![workspace("ws-a", 1)], Some(vec![row]))
            .says("ws-a", [Says::Frees(200, checkpointed("ws-a"))])
            .config("ws-a", configured);
        let sandbox = sandbox();
        let config = format!(
            "[contexts.x.molecule]\nurl = '{}'\n[contexts.x.adapters.claude-code]\n\
             ceiling_seconds = {adapter}\n",
            fake.url
        );
        sandbox.write("work/cronctl.toml", config);
        let line = "checkpoint --context x --token-file token --ledger l.db --over-ceiling --yes";
        let command = sandbox.command(line.split_whitespace());
        let run = command.env("CRONCTL_NOW", NOW).run();
        assert_eq!(run.code, Some(0), "{shown}: {run}");
        assert_eq!(fake.posts().len(), usize::from(asked), "{shown}: {run}");
        let shown_by = sandbox.run(&format!(
            "turns --context x --token-file token --now {NOW} --all --json"
        ));
        let over = shown_by.json::<Value>()["summary"]["over"].clone();
        if !asked {
            assert_eq!(over, 0, "{shown}: {shown_by}");
        }
    }
}

/// Whatever the platform's clock says, a turn without a name is told from the one after it.
#[test]
fn a_wrong_clock_makes_no_turn_another_one() {
    let by_the_clock = |fake: &Fake, options: &str| {
        let sandbox = sandbox();
        let line = format!(
            "checkpoint --molecule {} --token-file token --ledger l.db --over-ceiling --yes --json \
             --grace 300ms {options}",
            fake.url
        );
        let command = sandbox.command(line.split_whitespace());
        command.without("CRONCTL_NOW").run()
    };
    for ahead_ms in [-3_600_000, 0, 3_600_000] {
        let ago = |ms: i64| cronctl::when::utc(cronctl::clock::now_ms() + ahead_ms - ms);
        let nameless = || {
            let mut row = turn("ws-a", Some(&ago(21_600_000)));
            row["turn_id"] = Value::Null;
            Fake::new(vec![workspace("ws-a", 1)], Some(vec![row])).ahead(ahead_ms)
        };
        let accepted = || json!({"status": "checkpointed", "workspace_id": "ws-a"});
        let stays = nameless().says("ws-a", [Says::Json(200, accepted())]);
        let run = by_the_clock(&stays, "");
        assert_eq!(
            outcomes(&run.json()),
            [("ws-a", "lingering")],
            "{ahead_ms}: {run}"
        );

        let anew = Says::StartsAnew(ago(0), 200, accepted());
        let goes = nameless().says("ws-a", [anew]).restarts_nothing();
        let run = by_the_clock(&goes, "--escalate restart");
        assert_eq!(
            outcomes(&run.json()),
            [("ws-a", "confirmed")],
            "{ahead_ms}: {run}"
        );
        assert_eq!(goes.paths(), ["/ws-a/control/checkpoint"], "{ahead_ms}");
    }
}

#[test]
fn what_is_about_a_platform_is_refused_at_a_gateway() {
    let sandbox = sandbox();
    for option in [
        "--escalate restart",
        "--report",
        "--via adapter",
        "--path /x/{workspace_id}",
        "--drain 5m",
        "--concurrency 3",
        "--rate-limit 5",
        "--org o",
        "--ca-file c.pem",
    ] {
        let line = format!("checkpoint j --openclaw-gateway ws://127.0.0.1:1 --yes {option}");
        let run = sandbox.run(&line);
        assert_eq!(run.code, Some(2), "{option}: {run}");
        let name = option.split(' ').next().unwrap();
        assert!(run.stderr.contains(name), "{option}: {run}");
    }
}

#[test]
fn the_workspaces_own_ceiling_is_read_before_anything_is_sent() {
    let ids = ["off", "own", "broken"];
    let unsaid = |id: &&str| {
        let mut turn = turn(id, Some("2026-05-22T16:47:42Z"));
        turn["ceiling_seconds"] = json!(null);
        turn
    };
    let fake = Fake::new(
        ids.iter().map(|id| workspace(id, 1)).collect(),
        Some(ids.iter().map(unsaid).collect()),
    )
    .config(
        "off",
        json!({"runtime_config": {"native_session_ceiling_seconds": 0}}),
    )
    .config(
        "own",
        json!({"runtime_config": {"native_session_ceiling_seconds": 3600}}),
    )
    .config("broken", Value::Null)
    .says("own", [Says::Frees(200, checkpointed("own"))]);
    let (run, json) = free(&fake, &sandbox(), "");
    assert_eq!(run.code, Some(3), "{run}");
    let mut found = outcomes(&json);
    found.sort_unstable();
    assert_eq!(found, [("broken", "not-sent"), ("own", "confirmed")]);
    assert_eq!(json["summary"]["left_alone"]["off"], 1);
    assert_eq!(fake.paths(), ["/own/control/checkpoint"]);
    assert_eq!(fake.posts()[0].body["ceiling_seconds"], 3600);

    // A ceiling on the command line is the one that holds.
    let (run, json) = free(&fake, &sandbox(), "--ceiling 10h");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(json["targets"], json!([]));
}

#[test]
fn one_look_serves_all_turns() {
    let ids: Vec<String> = (0..300).map(|n| format!("ws-{n:03}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut fake = over(&ids);
    for id in &ids {
        fake = fake.says(id, [Says::Frees(200, checkpointed(id))]);
    }
    let sandbox = sandbox();
    let options = "--max-actions 1000 --concurrency 64 --rate-limit 0";
    let (run, json) = free(&fake, &sandbox, options);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(json["summary"]["confirmed"], 300);
    assert_eq!(fake.posts().len(), 300);
    let looks = fake.seen();
    let looks = looks.iter().filter(|seen| seen.path == "/admin/turns");
    assert!(looks.count() < 30);
    let run = sandbox.run("checkpoint history --ledger l.db --limit 1000 -o ndjson");
    let lines: Vec<Value> = run.ndjson();
    assert_eq!(lines.len(), 300);
    assert!(lines.iter().all(|line| line["outcome"] == "confirmed"));
}

#[test]
fn the_path_is_a_template_and_an_adapter_can_be_asked_itself() {
    let fake = over(&["ws-c"]).says("ws-c", [Says::Frees(200, checkpointed("ws-c"))]);
    let (run, _) = free(
        &fake,
        &sandbox(),
        "--path /workspaces/{workspace_id}/control/checkpoint",
    );
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(fake.paths(), ["/workspaces/ws-c/control/checkpoint"]);

    let fake = over(&["ws-c"]);
    let (run, json) = free(&fake, &sandbox(), "--via adapter --dry-run");
    assert_eq!(run.code, Some(0), "{run}");
    let url = &json["targets"][0]["url"];
    assert_eq!(url, "http://127.0.0.1:9/ws-c/control/checkpoint");
}

#[cfg(unix)]
#[test]
fn a_signal_lets_what_is_under_way_end_and_is_told_in_the_answer() {
    use std::process::{Command, Stdio};
    let fake = over(&["ws-b", "ws-c"])
        .says("ws-b", [Says::Hang])
        .says("ws-c", [Says::Hang]);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let before = fake.posts().len();
        let sandbox = sandbox();
        let line = format!(
            "checkpoint --molecule {} --token-file token --ledger l.db --over-ceiling --yes \
             --json --concurrency 1 --drain 300ms",
            fake.url
        );
        let child = Command::new(env!("CARGO_BIN_EXE_cronctl"))
            .args(line.split_whitespace())
            .current_dir(sandbox.path("work"))
            .env_clear()
            .env("HOME", sandbox.path("home"))
            .env("CRONCTL_NOW", NOW)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while fake.posts().len() == before {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut found = outcomes(&json);
        found.sort_unstable_by_key(|(_, outcome)| *outcome);
        let words: Vec<_> = found.iter().map(|(_, outcome)| *outcome).collect();
        assert_eq!(words, ["not-sent", "unknown"], "{stderr}");
        assert_eq!(fake.posts().len(), before + 1);
        let recorded = history(&sandbox);
        let sent = recorded.iter().filter(|line| line["outcome"] == "unknown");
        assert_eq!(sent.count(), 1, "{recorded:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_what_is_said_on_activity_logs_too() {
    let no = Says::Json(409, json!({"error": "no", "code": "not_steerable"}));
    let fake = over(&["ws-b", "ws-c"])
        .says("ws-b", [no.clone()])
        .says("ws-c", [no])
        .slow_log(600_000);
    let sandbox = sandbox();
    let line = format!(
        "checkpoint --molecule {} --token-file token --ledger l.db --over-ceiling --yes --json \
         --report --timeout 10m",
        fake.url
    );
    let child = sandbox.command(line.split_whitespace());
    let child = child.env("CRONCTL_NOW", NOW).spawn();
    let logs = || {
        fake.paths()
            .iter()
            .filter(|p| p.ends_with("/activity"))
            .count()
    };
    crate::checkpoint_watch::wait("the activity log", || logs() == 2);
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{json}");
    assert_eq!(json["summary"]["ended_by"], "SIGINT", "{json}");
    assert_eq!(outcomes(&json).len(), 2, "{json}");
    assert!(
        json["warnings"].to_string().contains("activity logs"),
        "{json}"
    );
    assert!(json["targets"][0]["reported"].is_null(), "{json}");
}

#[test]
fn the_history_says_where_there_is_none() {
    let sandbox = sandbox();
    let run = sandbox.run("checkpoint history");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(run.stdout, "No request is recorded.\n");
    assert!(run.stderr.contains("there is no ledger yet"), "{run}");
    assert!(!sandbox.path("home/.local").exists());
    let wrong = sandbox.run("checkpoint history --since yesterday");
    assert_eq!(wrong.code, Some(2), "{wrong}");
}

#[test]
fn the_demo_frees_what_can_be_freed() {
    let sandbox = sandbox();
    let run = sandbox.run("checkpoint --demo --over-ceiling --json");
    let json: Value = run.json();
    let outcomes = outcomes(&json);
    assert!(
        outcomes.contains(&("3fe84b89-eb65-42fc-ad1f-5c93582ca3e7", "confirmed")),
        "{run}"
    );
    assert!(outcomes.iter().any(|(_, outcome)| *outcome == "refused"));
    assert!(
        outcomes
            .iter()
            .any(|(_, outcome)| *outcome == "unsupported")
    );
    assert_eq!(json["inputs"]["platform"], "demo");
    assert!(!sandbox.path("home/.local").exists());
}

/// The built-in platform in a process of its own.
struct Platform {
    child: std::process::Child,
    started: Value,
    _stdout: std::io::BufReader<std::process::ChildStdout>,
}

impl Platform {
    fn start(sandbox: &Sandbox, options: &str) -> Self {
        use std::io::BufRead;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cronctl"))
            .args("sandbox --quiet -o ndjson".split(' '))
            .args(options.split_whitespace())
            .current_dir(sandbox.path("work"))
            .env_clear()
            .env("HOME", sandbox.path("home"))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        Self {
            started: serde_json::from_str(&first).unwrap_or_else(|e| panic!("{e}: {first:?}")),
            child,
            _stdout: stdout,
        }
    }

    /// Frees what is over its ceiling, as of an instant.
    fn free(&self, sandbox: &Sandbox, now: &str, options: &str) -> (Run, Value) {
        let line = format!(
            "checkpoint --molecule {} --over-ceiling --yes --json {options}",
            self.started["url"].as_str().unwrap()
        );
        let run = sandbox
            .command(line.split_whitespace())
            .env("CRONCTL_NOW", now)
            .env("CRONCTL_TOKEN", self.started["token"].as_str().unwrap())
            .run();
        let json = run.json();
        (run, json)
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn reno_stars_is_freed_at_thirty_minutes_and_left_alone_with_the_ceiling_off() {
    let sandbox = sandbox();
    let seo = "3fe84b89-eb65-42fc-ad1f-5c93582ca3e7";
    // The turn began at 07:00:03Z. Had the platform listed turns, it would have been found in time.
    let listed = |start: &str| {
        let options = format!("--scenario reno-stars --turns-route on --start {start}");
        Platform::start(&sandbox, &options).free(&sandbox, start, "--no-ledger")
    };
    let (run, json) = listed("2026-05-22T07:30:03Z");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(json["targets"], json!([]));
    assert_eq!(json["summary"]["left_alone"]["under"], 1);
    let (run, json) = listed("2026-05-22T07:30:04Z");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(outcomes(&json), [(seo, "confirmed")]);
    assert_eq!(json["targets"][0]["over_by_ms"], 1000);

    // As it was: nobody lists turns, and the rejected fires are the evidence. The fire that waited
    // behind the turn runs next, and looks the same: success is not claimed, and it is let be.
    let now = "2026-05-22T18:30:44Z";
    let platform = Platform::start(&sandbox, "--scenario reno-stars --speed 60");
    let options = "--grace 1s --escalate restart --ledger l.db";
    let (run, json) = platform.free(&sandbox, now, options);
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(outcomes(&json), [(seo, "lingering")]);
    let row = &json["targets"][0];
    assert_eq!(
        (&row["verdict"], &row["requests"]),
        (&json!("over"), &json!(1))
    );
    assert_eq!(row["answer"]["kind"], "checkpointed");
    assert_eq!(row["restarts"], 0);
    assert!(row["why"].as_str().unwrap().contains("or another"), "{row}");
    let (run, json) = platform.free(&sandbox, now, options);
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(outcomes(&json), [(seo, "unknown")]);
    assert_eq!(json["targets"][0]["requests"], 0);

    // As it was, with the ceiling off: nothing is sent.
    let platform = Platform::start(&sandbox, "--scenario reno-stars-ceiling-0");
    let (run, json) = platform.free(&sandbox, now, "--no-ledger");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(json["targets"], json!([]));
    assert_eq!(json["summary"]["left_alone"]["off"], 1);
}

#[test]
fn a_turn_that_another_process_is_dealing_with_is_left_to_it() {
    let sandbox = sandbox();
    let frees = |id| [Says::Frees(200, checkpointed(id))];
    let fake = over(&["a", "b"])
        .says("a", frees("a"))
        .says("b", frees("b"));
    let (run, _) = free(&fake, &sandbox, "--dry-run");
    assert_eq!(run.code, Some(0), "{run}");
    let ledger = rusqlite::Connection::open(sandbox.path("work/l.db")).unwrap();
    ledger
        .execute(
            "INSERT INTO claims (platform, workspace_id, turn_key, owner, until_ms) \
             VALUES (?1, 'a', 'turn-a', 'ops@other/7-0badcafe', \
                     CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 60000)",
            [&fake.url],
        )
        .unwrap();
    let (run, json) = free(&fake, &sandbox, "");
    assert_eq!(run.code, Some(3), "{run}");
    assert_eq!(json["summary"]["held"], 1);
    assert_eq!(json["summary"]["confirmed"], 1);
    let a = &json["targets"][0];
    assert_eq!(
        (&a["workspace_id"], &a["outcome"]),
        (&json!("a"), &json!("not-sent"))
    );
    assert!(
        a["why"]
            .as_str()
            .unwrap()
            .starts_with("ops@other/7-0badcafe is dealing with it")
    );
    assert!(
        run.stderr
            .contains("workspace a: not asked: ops@other/7-0badcafe"),
        "{run}"
    );
    let posts = fake.posts();
    assert!(
        posts.iter().all(|post| post.path.starts_with("/b/")),
        "{posts:?}"
    );
    // What a process that died had claimed is free after its time.
    ledger
        .execute("UPDATE claims SET until_ms = 1", [])
        .unwrap();
    let (run, json) = free(&fake, &sandbox, "");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(json["summary"]["confirmed"], 1);
    let left: i64 = ledger
        .query_row("SELECT count(*) FROM claims", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0, "a claim was not given back");
}
