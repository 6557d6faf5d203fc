//! Real state through the binary: recorded directories, files of jobs, pipes, damage, discovery.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn state(version: &str) -> String {
    data("openclaw").join(version).to_str().unwrap().to_owned()
}

/// Every file below a directory, with its bytes and modification time.
fn contents(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let modified = path.metadata().unwrap().modified().unwrap();
            found.insert(path.clone(), (std::fs::read(&path).unwrap(), modified));
        }
    }
    found
}

fn planned(version: &str, more: &[&str]) -> Value {
    let state = state(version);
    let args = ["plan", "--openclaw", &state, "--json"];
    let run = Sandbox::new().command(args.iter().chain(more)).run();
    assert_eq!(run.code, Some(0), "{run}");
    run.json()
}

#[test]
fn each_recorded_state_is_planned_by_the_rules_of_its_version() {
    for (version, rules, jobs, disabled) in [
        ("v2026.3.28", "openclaw 2026.3.28", 13, 1),
        ("v2026.3.31", "openclaw 2026.3.31", 12, 1),
        ("v2026.9.6", "openclaw 2026.9.6", 17, 1),
    ] {
        let before = contents(&data("openclaw").join(version));
        let document = planned(version, &["--from", "2026-11-21T00:00Z"]);
        assert_eq!(document["inputs"]["sources"][0]["rules"], rules);
        assert_eq!(document["jobs"]["planned"], jobs, "{version}");
        assert_eq!(document["jobs"]["disabled"], disabled, "{version}");
        assert!(document["occurrences"].as_u64().unwrap() > 300, "{version}");
        let origins: Vec<_> = document["run_lengths"].as_array().unwrap().iter().collect();
        assert_eq!(origins[0]["origin"], "history", "{version}");
        assert_eq!(
            before,
            contents(&data("openclaw").join(version)),
            "reading changed {version}"
        );
    }
}

/// What the gateway stored as next run is what the plan's first fire of that job is.
#[test]
fn the_plan_agrees_with_the_next_runs_that_the_gateways_stored() {
    for version in ["v2026.3.28", "v2026.3.31"] {
        let path = data("openclaw").join(version).join("cron/jobs.json");
        let stored: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        // The instant after the last run that the state records.
        let jobs = stored["jobs"].as_array().unwrap();
        let now = jobs
            .iter()
            .filter_map(|j| j["state"]["lastRunAtMs"].as_i64())
            .max()
            .unwrap()
            + 1;
        let from = now.to_string();
        let document = planned(
            version,
            &[
                "--from", &from, "--for", "8d", "--fires", "--jitter", "native",
            ],
        );
        let fires = document["fires"].as_array().unwrap();
        let mut compared = 0;
        for job in jobs.iter().filter(|j| j["enabled"] == true) {
            let next = job["state"]["nextRunAtMs"].as_i64().unwrap();
            let failing = job["state"]["consecutiveErrors"].as_i64().unwrap_or(0) > 0;
            let id = job["id"].as_str().unwrap();
            let first = fires.iter().find(|f| f["job"] == id);
            let first = first.and_then(|f| f["planned_at_ms"].as_i64());
            // A failed job's stored next run may be a retry instead of the schedule's.
            if failing || next < now {
                continue;
            }
            assert_eq!(first, Some(next), "{version} {}", job["name"]);
            compared += 1;
        }
        assert!(compared >= 7, "{version}: only {compared} jobs compared");
    }
}

#[test]
fn a_state_after_migration_explains_where_the_jobs_went() {
    let state = state("v2026.3.31-migrated");
    let run = Sandbox::new().command(["plan", "--openclaw", &state]).run();
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr.contains("an upgrade moved the jobs there"),
        "{run}"
    );
    assert!(
        run.stderr.contains("--jobs"),
        "the way to the old jobs is named: {run}"
    );
    let old = format!("{state}/cron/jobs.json.migrated");
    let run = Sandbox::new().command(["plan", "--jobs", &old]).run();
    assert_eq!(run.code, Some(0), "{run}");
}

#[test]
fn state_is_discovered_as_openclaw_discovers_it() {
    let sandbox = Sandbox::new();
    let run = sandbox.command(["plan", "--json"]).run();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("--demo"), "{run}");
    let run = sandbox
        .command(["plan", "--json"])
        .env("OPENCLAW_STATE_DIR", state("v2026.9.6"))
        .run();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr.contains("OPENCLAW_STATE_DIR"),
        "says where from: {run}"
    );
}

#[test]
fn several_sources_are_planned_together_and_every_row_is_tagged() {
    let (a, b) = (state("v2026.3.28"), state("v2026.9.6"));
    let args = [
        "plan",
        "--openclaw",
        &a,
        "--openclaw",
        &b,
        "--demo",
        "--json",
        "--fires",
    ];
    let more = ["--from", "2026-11-21T00:00Z"];
    let run = Sandbox::new().command(args.iter().chain(&more)).run();
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    let tags: std::collections::BTreeSet<_> = document["fires"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["source"].as_str().unwrap())
        .collect();
    assert_eq!(
        tags.into_iter().collect::<Vec<_>>(),
        ["demo", "openclaw", "openclaw-2"]
    );
    assert_eq!(document["dispatch"].as_array().unwrap().len(), 3);
}

#[test]
fn every_shape_of_jobs_is_recognised_and_said() {
    for (file, said) in [
        ("jobs/openclaw-cron-list-2026.3.31.json", "cron list"),
        ("jobs/openclaw-cron-list-2026.9.6.json", "cron list"),
        ("openclaw/v2026.3.31/cron/jobs.json", "jobs.json"),
        ("molecule/get_schedules.json", "Molecule"),
        ("jobs/user.crontab", "crontab"),
        ("jobs/system.crontab", "crontab"),
    ] {
        let path = data(file);
        let run = Sandbox::new()
            .command(["plan", "--jobs", path.to_str().unwrap()])
            .run();
        assert!(matches!(run.code, Some(0 | 3)), "{run}");
        assert!(run.stderr.contains(said), "{file}: {run}");
    }
}

#[test]
fn molecule_is_said_to_poll_more_coarsely_than_the_window() {
    let path = data("molecule/get_schedules.json");
    let args = ["plan", "--jobs", path.to_str().unwrap(), "--json"];
    let document: Value = Sandbox::new().command(args).run().json();
    let findings = document["findings"].as_array().unwrap();
    let coarse = findings
        .iter()
        .find(|f| f["kind"] == "coarse-tick")
        .unwrap();
    let text = coarse["text"].as_str().unwrap();
    assert!(
        text.contains("polls every 30 s") && text.contains("What would help"),
        "{text}"
    );
}

#[test]
fn a_molecule_burst_comes_as_eleven_eleven_and_two() {
    let schedules: Vec<Value> = (0..24)
        .map(|n| {
            json!({
                "id": format!("schedule-{n:02}"), "workspace_id": format!("workspace-{n}"),
                "name": format!("s{n}"), "cron_expr": "0 22 * * *", "timezone": "UTC",
                "prompt": "go", "enabled": true, "last_run_at": null, "next_run_at": null,
                "run_count": 0, "last_status": "", "last_error": "", "source": "runtime",
                "created_at": "2026-05-01T09:00:00Z", "updated_at": "2026-05-01T09:00:00Z",
            })
        })
        .collect();
    let args = [
        "plan",
        "--jobs",
        "-",
        "--json",
        "--run-length",
        "60s",
        "--jitter",
        "native",
    ];
    let run = Sandbox::new()
        .command(args)
        .stdin(serde_json::to_vec(&schedules).unwrap())
        .run();
    let document: Value = run.json();
    let dispatch = &document["dispatch"][0]["before"];
    assert_eq!(dispatch["longest_wait_ms"], 240_000, "{run}");
    assert_eq!(dispatch["peak"]["concurrent"], 10);
    assert_eq!(document["peaks"][0]["before"]["concurrent"], 24);
}

#[test]
fn the_first_line_of_a_stream_can_be_taken_and_the_rest_left() {
    // 20,000 bursts: far more than a pipe holds.
    let schedule = json!({"kind": "cron", "expr": "*/2 * * * * *", "tz": "UTC"});
    let job = |id: &str| json!({"id": id, "schedule": schedule, "payload": {"kind": "agentTurn"}});
    let jobs = format!("{}\n{}\n", job("a"), job("b"));
    let sandbox = Sandbox::new();
    sandbox.write("work/jobs.ndjson", jobs);
    let script = format!(
        "cat jobs.ndjson | {} plan --jobs - --output ndjson -q | head -1; echo \"${{PIPESTATUS[1]}}\" >&2",
        env!("CARGO_BIN_EXE_cronctl")
    );
    let run = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(sandbox.path("work"))
        .env_remove("CRONCTL_NOW")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(run.stdout).unwrap().lines().count(), 1);
    assert_eq!(String::from_utf8(run.stderr).unwrap(), "0\n");
}

#[test]
fn damaged_input_keeps_the_good_jobs_and_names_the_bad() {
    let path = data("jobs/damaged.ndjson");
    let run = Sandbox::new()
        .command(["plan", "--jobs", path.to_str().unwrap()])
        .run();
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stdout.contains("starts"), "{run}");
    assert!(
        run.stderr.contains("damaged.ndjson:"),
        "file and line are named: {run}"
    );
}

#[test]
fn garbage_is_refused_at_once_with_its_position() {
    let sandbox = Sandbox::new();
    let garbage: Vec<u8> = (0..1_000_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect();
    for (name, bytes) in [
        ("garbage", garbage),
        ("deep.json", vec![b'['; 1_000_000]),
        (
            "truncated.json",
            br#"{"version": 1, "jobs": [{"id": "a", "sched"#.to_vec(),
        ),
        ("zipped", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
    ] {
        sandbox.write(&format!("work/{name}"), bytes);
        let run = sandbox.command(["plan", "--jobs", name]).run();
        assert_eq!(run.code, Some(1), "{name}: {run}");
        assert!(run.stderr.contains(name), "{name}: {run}");
        assert!(!run.stderr.contains("panicked"), "{name}: {run}");
    }
}

#[test]
fn completions_offer_the_jobs_of_the_discovered_state() {
    let run = Sandbox::new()
        .command(["--", "cronctl", "plan", "--job", "ho"])
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", "3")
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .env("_CLAP_IFS", "\n")
        .env("OPENCLAW_STATE_DIR", state("v2026.9.6"))
        .run();
    let offered: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(offered, ["hourly-sweep", "hourly-exact"], "{run}");
}

#[test]
fn a_scheduler_that_is_switched_off_is_said() {
    let sandbox = Sandbox::new();
    let jobs = data("openclaw/v2026.3.28/cron/jobs.json");
    sandbox.write(
        "home/.openclaw/cron/jobs.json",
        std::fs::read(jobs).unwrap(),
    );
    sandbox.write(
        "home/.openclaw/openclaw.json",
        "{ cron: { enabled: false } }",
    );
    let document: Value = sandbox.command(["plan", "--json"]).run().json();
    let findings = document["findings"].as_array().unwrap();
    let said = findings
        .iter()
        .find(|f| f["kind"] == "cron-disabled")
        .unwrap();
    assert_eq!(said["warning"], true, "{said}");
}

#[test]
fn a_date_that_never_comes_is_named() {
    let jobs = "0 0 30 2 * impossible\n0 9 * * * possible\n";
    for (dialect, said) in [
        ("molecule", "due at every poll"),
        ("openclaw", "it never fires"),
    ] {
        let args = ["plan", "--jobs", "-", "--json", "--dialect", dialect];
        let document: Value = Sandbox::new().command(args).stdin(jobs).run().json();
        let findings = document["findings"].as_array().unwrap();
        let never: Vec<_> = findings
            .iter()
            .filter(|f| f["kind"] == "never-fires")
            .collect();
        assert_eq!(never.len(), 1, "{dialect}: {findings:#?}");
        assert!(
            never[0]["text"].as_str().unwrap().contains(said),
            "{dialect}: {never:#?}"
        );
    }
}

#[test]
fn a_job_that_outlasts_its_period_does_not_start_again() {
    let jobs = "* * * * * often\n";
    let line = "plan --jobs - --json --run-length 150s --for 10m --max-concurrent-runs 8";
    let document: Value = Sandbox::new()
        .command(line.split(' '))
        .stdin(jobs)
        .run()
        .json();
    // Due ten times, started every third minute.
    let dispatch = &document["dispatch"][0]["before"];
    assert_eq!(dispatch["peak"]["starts"], 4, "{dispatch}");
    assert_eq!(dispatch["coalesced"], 6, "{dispatch}");
}
