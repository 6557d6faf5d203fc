//! `plan --restart-at`: P11 on a state directory of each version, recorded starts, contradictions.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// 2026-04-01T09:00:00Z, when the gateway starts.
const NINE: i64 = 1_775_034_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
pub(crate) const P11: &str = "--restart-at 2026-04-01T09:00:00Z --run-length 60s";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The slot of a job today: 06:00, 06:05, …, 07:00 UTC.
fn slot(n: i64) -> i64 {
    NINE - 180 * MINUTE + n * 5 * MINUTE
}

/// Job n of P11 as a gateway stores it, its last run `days` ago.
fn job(n: i64, days: i64) -> (Value, Value) {
    let definition = json!({
        "id": format!("0000{n:04}-aaaa-4bbb-8ccc-dddddddddddd"), "name": format!("job-{n:02}"),
        "enabled": true, "createdAtMs": slot(n) - 60 * DAY, "updatedAtMs": slot(n) - 9 * DAY,
        "schedule": {"kind": "cron", "expr": format!("{} {} * * *", n * 5 % 60, 6 + n * 5 / 60), "tz": "UTC"},
        "sessionTarget": "isolated", "wakeMode": "now",
        "payload": {"kind": "agentTurn", "message": "Report", "model": "anthropic/claude-sonnet-4-6"},
        "delivery": {"mode": "none", "channel": "last"}, "state": {},
    });
    let state = json!({
        "nextRunAtMs": slot(n) - (days - 1) * DAY, "lastRunAtMs": slot(n) - days * DAY + 20,
        "lastRunStatus": "ok", "lastStatus": "ok", "lastDurationMs": 60_000, "consecutiveErrors": 0,
    });
    (definition, state)
}

pub(crate) fn jobs(days: i64) -> Vec<(Value, Value)> {
    (0..13).map(|n| job(n, days)).collect()
}

const MAIN: &str =
    r#""agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-6"}}}"#;

/// A state directory of 2026.3.x: `cron/jobs.json`.
pub(crate) fn files(sandbox: &Sandbox, version: &str, cron: &str, jobs: &[(Value, Value)]) {
    let with_state = |(definition, state): &(Value, Value)| {
        let mut job = definition.clone();
        job["state"] = state.clone();
        job
    };
    let jobs: Vec<_> = jobs.iter().map(with_state).collect();
    let store = json!({"version": 1, "jobs": jobs});
    sandbox.write("home/.openclaw/cron/jobs.json", store.to_string());
    let config =
        format!(r#"{{"meta": {{"lastTouchedVersion": "{version}"}}, {MAIN}, "cron": {cron}}}"#);
    sandbox.write("home/.openclaw/openclaw.json", config);
}

/// A state directory of 2026.9.6: the recorded database with other jobs in it.
pub(crate) fn database(sandbox: &Sandbox, cron: &str, jobs: &[(Value, Value)]) {
    let recorded = std::fs::read(data("openclaw/v2026.9.6/state/openclaw.sqlite")).unwrap();
    let path = sandbox.write("home/.openclaw/state/openclaw.sqlite", recorded);
    let store = rusqlite::Connection::open(path).unwrap();
    store.execute("DELETE FROM task_runs", []).unwrap();
    store
        .execute("DELETE FROM cron_jobs WHERE name <> 'hourly-sweep'", [])
        .unwrap();
    for (n, (definition, state)) in (100..).zip(jobs) {
        store
            .execute(
                "INSERT INTO cron_jobs SELECT store_key, ?1, NULL, owner_agent_id, ?2, description, ?3, \
                 agent_id, payload_kind, ?4, grant_definition_revision, grant_definition_generation, \
                 grant_definition_updated_at, ?5, runtime_updated_at_ms, schedule_identity, ?6, \
                 updated_at FROM cron_jobs WHERE name = 'hourly-sweep'",
                rusqlite::params![
                    definition["id"].as_str().unwrap(),
                    definition["name"].as_str().unwrap(),
                    i64::from(definition["enabled"].as_bool().unwrap()),
                    definition.to_string(),
                    state.to_string(),
                    n,
                ],
            )
            .unwrap();
    }
    store
        .execute("DELETE FROM cron_jobs WHERE name = 'hourly-sweep'", [])
        .unwrap();
    let config =
        format!(r#"{{"meta": {{"lastTouchedVersion": "2026.9.6"}}, {MAIN}, "cron": {cron}}}"#);
    sandbox.write("home/.openclaw/openclaw.json", config);
}

fn restart(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.run(&format!("plan --quiet {line}"))
}

fn document(sandbox: &Sandbox, line: &str) -> Value {
    let run = restart(sandbox, &format!("{line} --json"));
    assert_eq!(run.code, Some(0), "{run}");
    run.json()
}

/// One field of the rows, in their order.
fn all(document: &Value, field: &str) -> Vec<Value> {
    let rows = document["jobs"].as_array().unwrap().iter();
    rows.map(|row| row[field].clone()).collect()
}

fn seconds(document: &Value, field: &str) -> Vec<i64> {
    let at = |v: Value| (v.as_i64().unwrap() - NINE) / 1000;
    all(document, field).into_iter().map(at).collect()
}

fn finding<'a>(document: &'a Value, kind: &str) -> &'a Value {
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["kind"] == kind);
    found.unwrap_or_else(|| panic!("no finding {kind}: {findings:#?}"))
}

#[test]
fn p11_early_versions_run_five_in_a_row_and_space_the_others() {
    for version in ["2026.3.28", "2026.3.31"] {
        let sandbox = Sandbox::new();
        files(&sandbox, version, "{}", &jobs(1));
        let document = document(&sandbox, P11);
        let names: Vec<_> = (0..13).map(|n| json!(format!("job-{n:02}"))).collect();
        assert_eq!(all(&document, "name"), names);
        // 09:00, 09:01, …, 09:04, then 5 s·i after the five ended at 09:05.
        let due: Vec<i64> = (0..5)
            .map(|i| i * 60)
            .chain((1..9).map(|i| 300 + i * 5))
            .collect();
        assert_eq!(seconds(&document, "due_at_ms"), due);
        // One slot: job-05 at once, the others in the tick 2 s after it ended, one after the other.
        let start: Vec<i64> = (0..5)
            .map(|i| i * 60)
            .chain([305])
            .chain((0..7).map(|i| 367 + i * 60))
            .collect();
        assert_eq!(seconds(&document, "start_at_ms"), start);
        let row = &document["jobs"][0];
        assert_eq!(row["late_ms"], 180 * MINUTE, "{version}");
        assert_eq!(row["immediate"], true);
        assert_eq!(document["jobs"][5]["wait_ms"], 0);
        assert_eq!(document["jobs"][12]["wait_ms"], (367 + 360 - 340) * 1000);
        let gateway = &document["gateways"][0];
        assert_eq!(gateway["rule_confidence"], "certain");
        assert_eq!(
            (&gateway["immediate"], &gateway["deferred"]),
            (&json!(5), &json!(8))
        );
        // Without the cap each starts when it is due.
        let free = self::document(&sandbox, &format!("{P11} --max-concurrent-runs none"));
        assert_eq!(seconds(&free, "start_at_ms"), due);
    }
}

#[test]
fn p11_newer_versions_defer_agent_turns() {
    let sandbox = Sandbox::new();
    database(&sandbox, "{}", &jobs(1));
    let document = document(&sandbox, P11);
    // None at the start; 09:02:00, 09:02:05, …, 09:03:00.
    let due: Vec<i64> = (0..13).map(|k| 120 + k * 5).collect();
    assert_eq!(seconds(&document, "due_at_ms"), due);
    // Eight slots: the ninth waits for the first to end.
    let start: Vec<i64> = (0..13)
        .map(|k| {
            if k < 8 {
                120 + k * 5
            } else {
                180 + (k - 8) * 5
            }
        })
        .collect();
    assert_eq!(seconds(&document, "start_at_ms"), start);
    assert_eq!(document["jobs"][0]["late_ms"], 182 * MINUTE);
    assert_eq!(document["jobs"][8]["wait_ms"], 20_000);
    assert!(
        all(&document, "immediate")
            .iter()
            .all(|i| i == &json!(false))
    );
    assert_eq!(document["gateways"][0]["version"], "2026.9.6");
    let total = &document["peaks"][0];
    assert_eq!(total["on_schedule"]["concurrent"], 1);
    assert_eq!(total["catch_up"]["concurrent"], 8);
    assert_eq!(document["peaks"][1]["group"], "anthropic");
    let load = finding(&document, "load")["text"].as_str().unwrap();
    assert!(load.contains("anthropic: 8 runs at once"), "{load}");
}

#[test]
fn p11_skip_missed_jobs_leaves_the_next_natural_slots() {
    let sandbox = Sandbox::new();
    database(&sandbox, r#"{"skipMissedJobs": true}"#, &jobs(1));
    let document = document(&sandbox, P11);
    assert!(all(&document, "outcome").iter().all(|o| o == "dropped"));
    assert!(all(&document, "start_at_ms").iter().all(Value::is_null));
    let next: Vec<Value> = (0..13).map(|n| json!(slot(n) + DAY)).collect();
    assert_eq!(all(&document, "next_at_ms"), next);
    assert_eq!(document["jobs"][0]["next_at"], "2026-04-02T06:00:00.000Z");
    assert_eq!(document["jobs"][0]["missed"], 1);
}

#[test]
fn p11_the_same_key_stops_an_older_version() {
    let sandbox = Sandbox::new();
    files(
        &sandbox,
        "2026.3.31",
        r#"{"skipMissedJobs": true}"#,
        &jobs(1),
    );
    let run = restart(&sandbox, &format!("{P11} --json"));
    assert_eq!(run.code, Some(5), "{run}");
    let document: Value = run.json();
    assert_eq!(document["gateways"][0]["starts"], false);
    assert_eq!(
        document["gateways"][0]["refused_keys"],
        json!(["cron.skipMissedJobs"])
    );
    let refused = finding(&document, "config-refused");
    assert_eq!(refused["severity"], "error");
    let text = refused["text"].as_str().unwrap();
    assert!(
        text.contains("cron.skipMissedJobs is no key of OpenClaw 2026.3.31"),
        "{text}"
    );
    assert!(text.contains("does not start"), "{text}");
    assert!(
        all(&document, "outcome")
            .iter()
            .all(|o| o == "gateway-does-not-start")
    );
    assert!(all(&document, "start_at_ms").iter().all(Value::is_null));
    let screen = restart(&sandbox, P11);
    assert_eq!(screen.code, Some(5), "{screen}");
    assert!(
        screen.stdout.contains("the gateway does not start"),
        "{screen}"
    );
}

#[test]
fn each_job_runs_once_whatever_the_length_of_the_outage() {
    for days in [1, 3, 30] {
        let early = Sandbox::new();
        files(&early, "2026.3.31", "{}", &jobs(days));
        let newer = Sandbox::new();
        database(&newer, "{}", &jobs(days));
        for sandbox in [early, newer] {
            let document = document(&sandbox, P11);
            assert!(
                all(&document, "outcome").iter().all(|o| o == "caught-up"),
                "{days}"
            );
            assert!(
                all(&document, "missed").iter().all(|m| m == &json!(days)),
                "{days}"
            );
            let row = &document["jobs"][0];
            assert_eq!(row["last_missed_at_ms"], slot(0));
            assert_eq!(row["first_missed_at_ms"], slot(0) - (days - 1) * DAY);
            let mut ids = all(&document, "job");
            ids.dedup();
            assert_eq!(ids.len(), 13);
        }
    }
}

#[test]
fn what_is_disabled_or_already_ran_does_not_count() {
    let mut jobs = jobs(1);
    jobs[0].0["enabled"] = json!(false);
    jobs[1].0["enabled"] = json!(false);
    jobs[1].1["autoDisabled"] = json!({"reason": "run-errors", "atMs": slot(1) - DAY});
    jobs[2].0["schedule"] = json!({"kind": "at", "at": "2026-04-01T06:10:00Z"});
    jobs[2].1 = json!({"lastRunAtMs": slot(2) + 9, "lastRunStatus": "ok", "nextRunAtMs": slot(2)});
    jobs[3].1["runningAtMs"] = json!(slot(3) + 7);
    let early = Sandbox::new();
    files(&early, "2026.3.31", "{}", &jobs);
    let newer = Sandbox::new();
    database(&newer, "{}", &jobs);
    for sandbox in [early, newer] {
        let document = document(&sandbox, P11);
        let rows = document["jobs"].as_array().unwrap();
        let of = |name: &str| rows.iter().find(|r| r["name"] == name).unwrap();
        assert_eq!(of("job-00")["outcome"], "disabled");
        assert_eq!(of("job-01")["outcome"], "auto-disabled");
        assert_eq!(of("job-02")["outcome"], "already-ran");
        assert_eq!(of("job-03")["outcome"], "interrupted");
        assert_eq!(of("job-03")["next_at_ms"], slot(3) + DAY);
        assert_eq!(
            rows.iter().filter(|r| r["outcome"] == "caught-up").count(),
            9
        );
        for name in ["job-00", "job-01", "job-02", "job-03"] {
            assert!(of(name)["start_at_ms"].is_null(), "{name}");
            assert!(!of(name)["why"].as_str().unwrap().is_empty(), "{name}");
        }
    }
}

#[test]
fn a_job_that_restarts_the_gateway_is_warned_about() {
    let mut jobs = jobs(1);
    jobs[4].0["payload"]["message"] = json!("Update, then run: openclaw gateway restart");
    let sandbox = Sandbox::new();
    files(&sandbox, "2026.3.31", "{}", &jobs);
    let run = restart(&sandbox, &format!("{P11} --json"));
    let document: Value = run.json();
    let warned = finding(&document, "restarts-gateway");
    assert_eq!(warned["severity"], "warning");
    let text = warned["text"].as_str().unwrap();
    assert!(
        text.contains("job-04") && text.contains("openclaw gateway restart"),
        "{text}"
    );
    assert_eq!(document["jobs"][4]["restarts"], "openclaw gateway restart");
}

#[test]
fn plain_jobs_need_to_know_since_when_the_gateway_is_down() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "work/plain.json",
        r#"[{"id": "a", "name": "nightly", "schedule": "0 6 * * *"}]"#,
    );
    let run = restart(&sandbox, "--jobs plain.json --restart-at 2026-04-01T09:00Z");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("no recorded state"), "{run}");
    assert!(run.stderr.contains("--down-since INSTANT"), "{run}");
    let line = "--jobs plain.json --restart-at 2026-04-01T09:00Z --down-since 2026-03-29T12:00Z";
    let document = document(&sandbox, line);
    let row = &document["jobs"][0];
    assert_eq!(
        (&row["missed"], &row["evidence"]),
        (&json!(3), &json!("assumed"))
    );
    assert!(row["why"].as_str().unwrap().contains("is assumed"), "{row}");
    assert!(
        finding(&document, "assumed")["text"]
            .as_str()
            .unwrap()
            .contains("not recorded")
    );
}

/// The gateway goes down later than its record: what was due before then is taken to have run.
#[test]
fn a_later_outage_than_the_record_is_projected() {
    let sandbox = Sandbox::new();
    files(&sandbox, "2026.3.31", "{}", &jobs(1));
    let line = "--restart-at 2026-04-02T06:02:00Z --down-since 2026-04-02T05:00:00Z";
    let document = document(&sandbox, line);
    assert_eq!(document["jobs"][0]["name"], "job-00");
    assert_eq!(document["jobs"][0]["outcome"], "caught-up");
    assert_eq!(document["jobs"][0]["missed"], 1);
    assert_eq!(document["jobs"][0]["evidence"], "assumed");
    assert!(
        all(&document, "outcome")[1..]
            .iter()
            .all(|o| o == "on-time")
    );
}

/// The state of a gateway 2026.3.31 as it was before it was started, and what it then did.
#[test]
fn the_recorded_gateway_caught_up_the_same_jobs_in_the_same_order() {
    let state = data("restart/v2026.3.31");
    let recorded = std::fs::read(state.join("recorded.json")).unwrap();
    let recorded: Value = serde_json::from_slice(&recorded).unwrap();
    let at = recorded["started_at_ms"].to_string();
    let state = state.to_str().unwrap();
    let args = [
        "plan",
        "--quiet",
        "--json",
        "--openclaw",
        state,
        "--restart-at",
        &at,
        "--run-length",
        "4s",
    ];
    let run = Sandbox::new().command(args).run();
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    let rows = document["jobs"].as_array().unwrap();
    let caught_up = |immediate: bool| -> Vec<&str> {
        rows.iter()
            .filter(|r| r["immediate"] == json!(immediate))
            .map(|r| r["job"].as_str().unwrap())
            .collect()
    };
    assert_eq!(json!(caught_up(true)), recorded["immediate"]);
    let mut deferred = caught_up(false);
    deferred.sort_unstable();
    let due = recorded["deferred_next_run_at_ms"].as_object().unwrap();
    assert_eq!(deferred, due.keys().collect::<Vec<_>>());
    let skipped = rows.iter().find(|r| r["name"] == "job-stale").unwrap();
    assert_eq!(
        (&skipped["outcome"], &skipped["next_at_ms"]),
        (&json!("interrupted"), &json!(1_795_759_200_000_i64))
    );
}

#[test]
fn options_that_have_no_use_here_are_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    files(&sandbox, "2026.3.31", "{}", &jobs(1));
    for (options, flag) in [
        ("--jitter hash", "--jitter"),
        ("--window 9s", "--window"),
        ("--max-concurrent 4", "--max-concurrent"),
        ("--restagger", "--restagger"),
        ("--from now", "--from"),
        ("--fires", "--fires"),
        ("--honour both", "--honour both"),
        ("--suggest", "--suggest"),
        ("--suggest=patch", "--suggest"),
    ] {
        let run = restart(&sandbox, &format!("{P11} {options}"));
        assert_eq!(run.code, Some(2), "{run}");
        let said = format!("{flag} does not go with --restart-at");
        assert!(run.stderr.contains(&said), "{run}");
    }
    let run = restart(
        &sandbox,
        "--restart-at 2026-04-01T09:00Z --down-since 2026-04-01T10:00Z",
    );
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("is after --restart-at"), "{run}");
    let run = restart(&sandbox, "--down-since 2026-04-01T10:00Z");
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn every_format_has_the_rows_and_the_table_fits_a_terminal() {
    let sandbox = Sandbox::new();
    files(&sandbox, "2026.3.31", "{}", &jobs(3));
    let rows: Vec<Value> = restart(&sandbox, &format!("{P11} -o ndjson")).ndjson();
    assert_eq!(rows.len(), 13);
    assert_eq!(rows[0]["name"], "job-00");
    let csv = restart(
        &sandbox,
        &format!("{P11} -o csv --columns name,start_at,late_ms,missed"),
    );
    assert!(
        csv.stdout.starts_with(
            "name,start_at,late_ms,missed\njob-00,2026-04-01T09:00:00.000Z,10800000,3\n"
        ),
        "{csv}"
    );
    let table = restart(&sandbox, P11);
    assert_eq!(table.code, Some(0), "{table}");
    for line in table.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    for said in [
        "13 of 13 jobs are caught up",
        "START (UTC)",
        "09:05:05",
        "26 are never made up",
    ] {
        assert!(table.stdout.contains(said), "{said}: {table}");
    }
    let one = document(&sandbox, &format!("{P11} --job job-07"));
    assert_eq!(all(&one, "name"), [json!("job-07")]);
    assert_eq!(one["gateways"][0]["deferred"], 8);
}

#[test]
fn sources_of_other_schedulers_are_named_and_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("work/crontab", "0 6 * * * backup\n");
    let run = restart(&sandbox, &format!("{P11} --jobs crontab"));
    assert_eq!(run.code, Some(1), "{run}");
    for said in [
        "no source is an OpenClaw gateway's",
        "hint: --openclaw DIR",
        "openclaw cron list --all --json",
    ] {
        assert!(run.stderr.contains(said), "{run}");
    }
    // What the hint leads to.
    sandbox.write("work/jobs.json", json!({"jobs": [job(0, 1).0]}).to_string());
    let line = format!("{P11} --down-since 2026-04-01T05:00Z --openclaw-version 2026.9.6");
    let found = document(&sandbox, &format!("{line} --jobs jobs.json"));
    assert_eq!(found["gateways"][0]["version"], "2026.9.6");
    files(&sandbox, "2026.3.31", "{}", &jobs(1));
    let run = restart(&sandbox, &format!("{P11} --openclaw --jobs crontab --json"));
    assert_eq!(run.code, Some(3), "{run}");
    assert_eq!(run.json::<Value>()["jobs"].as_array().unwrap().len(), 13);
}

#[test]
fn the_horizon_begins_at_the_restart_wherever_now_is() {
    let sandbox = Sandbox::new();
    database(&sandbox, "{}", &jobs(1));
    // The sandbox's clock shows a later instant than both.
    let line = "plan --quiet --json --restart-at 2026-04-01T09:00Z --until 2026-04-01T21:00Z";
    let run = sandbox.run(line);
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    assert_eq!(document["inputs"]["restart_at"], "2026-04-01T09:00:00.000Z");
    assert_eq!(document["inputs"]["until_at"], "2026-04-01T21:00:00.000Z");
}

#[test]
fn one_lane_is_said_where_slots_alone_would_mislead() {
    let sandbox = Sandbox::new();
    files(
        &sandbox,
        "2026.3.31",
        r#"{"maxConcurrentRuns": 8}"#,
        &jobs(1),
    );
    let early = document(&sandbox, P11);
    let lane = finding(&early, "one-lane");
    assert_eq!(lane["severity"], "note");
    let text = lane["text"].as_str().unwrap();
    assert!(
        text.contains("2026.3.31 calls models for isolated agent turns one at a time"),
        "{text}"
    );
    let load = finding(&early, "load");
    assert_eq!(load["severity"], "note");
    assert!(
        load["text"]
            .as_str()
            .unwrap()
            .contains("runs hold slots at once"),
        "{load}"
    );
    let sandbox = Sandbox::new();
    database(&sandbox, "{}", &jobs(1));
    let found = document(&sandbox, P11);
    let found = found["findings"].as_array().unwrap();
    assert!(found.iter().all(|f| f["kind"] != "one-lane"));
}
