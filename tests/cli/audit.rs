//! Every slot against the run history: recorded states, reasons, exit codes of `audit`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

fn data(version: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/data/openclaw").join(version)
}

/// When the recordings ended.
const NOW: &str = "2026-11-21T01:05:00Z";

/// A copy of a recorded state directory, to be damaged: `work/state`.
fn copied(version: &str) -> Sandbox {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let (path, name) = {
                let entry = entry.unwrap();
                (entry.path(), entry.file_name())
            };
            if path.is_dir() {
                copy(&path, &to.join(name));
            } else {
                std::fs::copy(&path, to.join(name)).unwrap();
            }
        }
    }
    let sandbox = Sandbox::new();
    copy(&data(version), &sandbox.path("work/state"));
    sandbox
}

fn audit_at(sandbox: &Sandbox, state: &str, now: &str, line: &str) -> Run {
    let args = ["audit", "--openclaw", state, "--now", now];
    let args = args.into_iter().chain(line.split_whitespace());
    sandbox.command(args).run()
}

fn audit(sandbox: &Sandbox, line: &str) -> Run {
    audit_at(sandbox, "state", NOW, line)
}

fn recorded(version: &str, line: &str) -> Run {
    audit_at(&Sandbox::new(), data(version).to_str().unwrap(), NOW, line)
}

/// `job slot outcome reason late_ms status attempts`, for every slot.
fn slots(run: &Run) -> Vec<String> {
    let document: Value = run.json();
    let one = |slot: &Value| {
        let text = |key: &str| slot[key].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {} {} {} {}",
            text("name"),
            text("slot_at").trim_start_matches("2026-11-21T"),
            text("outcome"),
            text("reason"),
            slot["late_ms"],
            text("run_status"),
            slot["attempts"]
        )
    };
    document["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(one)
        .collect()
}

// The rows below were made by hand. Of each job: its slots are `nextRunAtMs` of the record before,
// the first one that of its first record or of `cron add` (its own run log has it, runs by hand
// included, because they leave the planned instant as it is). Its runs are the `runAtMs` of the
// records that are not before the planned instant, and on 2026.9.6 have no `manual:` in the run id.
// Lateness is the one less the other. Every other recorded run was started by hand to make the
// recording, and serves none.

#[test]
fn the_recorded_slots_of_2026_3_28() {
    let run = recorded("v2026.3.28", "--all --json");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        slots(&run),
        [
            "hourly-sweep 01:00:50.937Z ok in-time 7 ok 1",
            "hourly-exact 01:00:00.000Z ok in-time 9 ok 1",
            "staggered 00:31:37.848Z ok in-time 4 ok 1",
            "staggered 00:46:37.848Z ok in-time 14 ok 1",
            "staggered 01:01:37.848Z ok in-time 16 ok 1",
            "every-10m 00:30:42.525Z ok in-time 11 ok 1",
            "every-10m 00:40:42.536Z ok in-time 19 ok 1",
            "every-10m 00:50:42.555Z ok in-time 5 ok 1",
            "every-10m 01:00:42.560Z ok in-time 19 ok 1",
        ]
    );
    let document: Value = run.json();
    let first = &document["slots"][0];
    let log = "state/cron/runs/bcd70ca8-d465-4958-9966-a4a90535376e.jsonl:2";
    let evidence = first["evidence"][0].as_str().unwrap();
    assert!(
        evidence.ends_with(log.trim_start_matches("state")),
        "{evidence}"
    );
    assert_eq!(first["slot_at_ms"], 1_795_222_850_937_i64);
    assert_eq!(first["run_started_at_ms"], 1_795_222_850_944_i64);
    assert_eq!(first["run_ended_at_ms"], 1_795_222_851_250_i64);
    assert_eq!(first["confidence"], "certain");
    assert_eq!(
        document["slots"][2]["slot_local"],
        "2026-11-20T19:31:37.848-05:00"
    );
    assert_eq!(
        document["inputs"]["histories"][0]["marks_runs_by_hand"],
        false
    );
    assert_eq!(document["summary"]["worst_late_ms"], 19);
}

#[test]
fn the_recorded_slots_of_2026_3_31() {
    let run = recorded("v2026.3.31", "--all --json");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        slots(&run),
        [
            "hourly-sweep 01:01:15.612Z ok in-time 37 ok 1",
            "hourly-exact 01:00:00.000Z ok in-time 48 ok 1",
            "staggered 00:30:17.586Z ok in-time 5 ok 1",
            "staggered 00:45:17.586Z ok in-time 9 ok 1",
            "staggered 01:00:17.586Z ok in-time 11 ok 1",
            "every-10m 00:27:46.665Z ok in-time 9 ok 1",
            "every-10m 00:37:46.674Z ok in-time 19 ok 1",
            "every-10m 00:47:46.693Z ok in-time 14 ok 1",
            "every-10m 00:57:46.707Z ok in-time 6 ok 1",
        ]
    );
    // Probes that were removed again left their runs.
    assert!(
        run.stderr.contains(
            "21 runs are of jobs that are no longer in the store, or cannot be read there"
        ),
        "{run}"
    );
}

/// The heartbeat's runs have status `skipped` in `detail_json`, error `heartbeat skipped: no-route`.
/// Its first slot is on the grid of its anchor: 1367827 + n × 1800000 ms.
#[test]
fn the_recorded_slots_of_2026_9_6() {
    let run = recorded("v2026.9.6", "--all --json");
    assert_eq!(run.code, Some(0), "{run}");
    let mut found = slots(&run);
    found.sort();
    assert_eq!(
        found,
        [
            "every-10m 00:19:00.445Z ok in-time 29 ok 1",
            "every-10m 00:29:00.474Z ok in-time 626 ok 1",
            "every-10m 00:39:01.100Z ok in-time 48 ok 1",
            "every-10m 00:49:01.148Z ok in-time 22 ok 1",
            "every-10m 00:59:01.170Z ok in-time 16 ok 1",
            "heartbeat-main 00:22:47.827Z skipped skipped-run 20 skipped 1",
            "heartbeat-main 00:52:47.847Z skipped skipped-run 22 skipped 1",
            "hourly-exact 01:00:00.000Z ok in-time 53 ok 1",
            "hourly-sweep 01:03:42.598Z ok in-time 14 ok 1",
            "staggered 00:16:01.061Z ok in-time 22 ok 1",
            "staggered 00:31:01.061Z ok in-time 65 ok 1",
            "staggered 00:46:01.061Z ok in-time 32 ok 1",
            "staggered 01:01:01.061Z ok in-time 13 ok 1",
        ]
    );
    let document: Value = run.json();
    assert_eq!(
        document["inputs"]["histories"][0]["marks_runs_by_hand"],
        true
    );
    assert_eq!(document["summary"]["skipped"], 2);
    let skipped = document["slots"].as_array().unwrap().iter();
    let skipped: Vec<_> = skipped.filter(|s| s["outcome"] == "skipped").collect();
    assert_eq!(skipped[0]["why"], "heartbeat skipped: no-route");
    let evidence = skipped[0]["evidence"][0].as_str().unwrap();
    assert!(
        evidence.contains("openclaw.sqlite: task_runs "),
        "{evidence}"
    );
}

#[test]
fn reading_changes_nothing() {
    let sandbox = copied("v2026.9.6");
    let listing = |dir: &Path| -> Vec<(PathBuf, u64)> {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut all: Vec<_> = entries
            .map(|e| {
                (
                    e.as_ref().unwrap().path(),
                    e.unwrap().metadata().unwrap().len(),
                )
            })
            .collect();
        all.sort();
        all
    };
    let state = sandbox.path("work/state/state");
    let (before, bytes) = (
        listing(&state),
        std::fs::read(state.join("openclaw.sqlite")).unwrap(),
    );
    let run = audit(&sandbox, "");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(before, listing(&state));
    assert_eq!(bytes, std::fs::read(state.join("openclaw.sqlite")).unwrap());
}

/// The log of `staggered` of 2026.3.28: a run by hand, then the slots 00:31, 00:46 and 01:01 (:37.848).
const STAGGERED: &str = "work/state/cron/runs/142a389c-22b2-448f-97f3-d70f45bdf479.jsonl";

fn with_log(change: impl Fn(Vec<String>) -> Vec<String>) -> Sandbox {
    let sandbox = copied("v2026.3.28");
    let log = std::fs::read_to_string(sandbox.path(STAGGERED)).unwrap();
    let lines = change(log.lines().map(str::to_owned).collect());
    sandbox.write(STAGGERED, lines.join("\n") + "\n");
    sandbox
}

#[test]
fn a_run_that_is_not_on_record_is_missed_and_fails() {
    let sandbox = with_log(|mut lines| {
        lines.remove(2);
        lines
    });
    let run = audit(&sandbox, "--json --fail-on missed,doubled");
    assert_eq!(run.code, Some(5), "{run}");
    assert_eq!(
        slots(&run),
        ["staggered 00:46:37.848Z missed no-trace null - 0"]
    );
    // The run before had planned it. 2026.3 does not record whether the job was off meanwhile.
    assert_eq!(run.json::<Value>()["slots"][0]["confidence"], "likely");
    assert_eq!(audit(&sandbox, "--fail-on doubled,late").code, Some(0));
    assert_eq!(audit(&sandbox, "").code, Some(0));
    let others = audit(&sandbox, "--job every-10m --fail-on missed");
    assert_eq!(others.code, Some(0), "{others}");
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_its_slot_unknown() {
    let sandbox = with_log(|mut lines| {
        lines[2].truncate(40);
        lines
    });
    let run = audit(&sandbox, "--json --fail-on missed");
    assert_eq!(run.code, Some(3), "{run}");
    assert_eq!(
        slots(&run),
        ["staggered 00:46:37.848Z unknown damaged-record null - 0"]
    );
    assert!(
        run.stderr
            .contains("142a389c-22b2-448f-97f3-d70f45bdf479.jsonl:3: "),
        "{run}"
    );
    let document: Value = run.json();
    assert_eq!(document["summary"]["slots"], 9);
    assert_eq!(document["summary"]["ok"], 8);
}

#[test]
fn two_runs_for_one_slot_are_doubled() {
    let sandbox = with_log(|mut lines| {
        // Another gateway starts it 20 ms later, while the first run goes on.
        let twin = lines[2].replace("\"runAtMs\":1795221997862", "\"runAtMs\":1795221997882");
        assert_ne!(twin, lines[2]);
        lines.insert(3, twin);
        lines
    });
    let run = audit(&sandbox, "--json --fail-on doubled");
    assert_eq!(run.code, Some(5), "{run}");
    assert_eq!(
        slots(&run),
        ["staggered 00:46:37.848Z doubled at-once 14 ok 2"]
    );
    assert_eq!(
        run.json::<Value>()["slots"][0]["evidence"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn slots_before_a_pruned_log_are_unknown() {
    let sandbox = with_log(|lines| lines[2..].to_vec());
    let config = "{cron: {runLog: {keepLines: 2}}}";
    sandbox.write("work/state/openclaw.json", config);
    let run = audit(&sandbox, "--job staggered --json --fail-on missed");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        slots(&run),
        ["staggered 00:31:37.848Z unknown before-history null - 0"]
    );
    let why = run.json::<Value>()["slots"][0]["why"].to_string();
    assert!(why.contains("keepLines 2"), "{why}");
    assert_eq!(
        audit(&sandbox, "--job staggered --fail-on unknown").code,
        Some(5)
    );
}

/// An hour after the recording nothing has run, and a run for the outage comes after it.
#[test]
fn an_outage_is_one_cause_and_its_catch_up_is_late() {
    let sandbox = copied("v2026.3.28");
    let state = sandbox.path("work/state");
    let now = "2026-11-21T02:10:00Z";
    let run = audit_at(&sandbox, state.to_str().unwrap(), now, "--json");
    let missed: Vec<_> = slots(&run)
        .into_iter()
        .filter(|s| s.contains(" missed "))
        .collect();
    assert!(
        missed.iter().all(|s| s.contains(" gateway-down ")),
        "{missed:#?}"
    );
    assert!(missed.contains(&"hourly-exact 02:00:00.000Z missed gateway-down null - 0".to_owned()));
    // 01:16, 01:31, 01:46, 02:01 of staggered: one run at 02:05 stands for them.
    let log = std::fs::read_to_string(sandbox.path(STAGGERED)).unwrap();
    let at = 1_795_226_700_000_i64;
    let caught_up = json!({
        "ts": at + 500, "jobId": "142a389c-22b2-448f-97f3-d70f45bdf479", "action": "finished",
        "status": "ok", "runAtMs": at, "durationMs": 500, "nextRunAtMs": 1_795_227_397_848_i64,
    });
    sandbox.write(STAGGERED, format!("{log}{caught_up}\n"));
    let run = audit_at(&sandbox, "state", now, "--job staggered --json");
    assert_eq!(
        slots(&run),
        [
            "staggered 01:16:37.848Z missed gateway-down null - 0",
            "staggered 01:31:37.848Z missed gateway-down null - 0",
            "staggered 01:46:37.848Z missed gateway-down null - 0",
            "staggered 02:01:37.848Z late gateway-down 202152 ok 1",
        ]
    );
    let table = audit_at(&sandbox, "state", now, "").ok();
    // Said once for all jobs, and no line is wider than the screen.
    assert_eq!(
        table.matches("no job of this gateway ran from").count(),
        2,
        "{table}"
    );
    let wide: Vec<_> = table
        .lines()
        .filter(|l| !l.contains('/') && l.len() > 80)
        .collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn a_list_of_jobs_has_no_history_and_nothing_is_missed() {
    let jobs = data("v2026.3.28").join("cron/jobs.json");
    let args = [
        "audit",
        "--jobs",
        jobs.to_str().unwrap(),
        "--now",
        "2026-11-21T04:00:00Z",
    ];
    let more = ["--json", "--fail-on", "missed,doubled"];
    let run = Sandbox::new().command(args.iter().chain(&more)).run();
    assert_eq!(run.code, Some(0), "{run}");
    let found = slots(&run);
    assert!(found.len() > 20, "{found:#?}");
    assert!(
        found.iter().all(|s| s.contains(" unknown no-history ")),
        "{found:#?}"
    );
    let why = run.json::<Value>()["slots"][0]["why"].to_string();
    assert!(why.contains("--openclaw DIR"), "{why}");
}

#[test]
fn every_format_has_the_same_slots() {
    let json: Value = recorded("v2026.9.6", "--all --json").json();
    let slots = json["slots"].as_array().unwrap();
    let lines: Vec<Value> = recorded("v2026.9.6", "--all -o ndjson").ndjson();
    assert_eq!(slots, &lines);
    let csv = recorded("v2026.9.6", "--all -o csv").stdout;
    assert_eq!(csv.lines().count(), slots.len() + 1);
    let header = csv.lines().next().unwrap();
    assert!(
        header.starts_with("source,job,name,slot_at,slot_at_ms,"),
        "{header}"
    );
    let table = recorded("v2026.9.6", "").stdout;
    assert!(
        table.starts_with("13 slots of 5 jobs: 11 ok, 2 skipped, in 24 h"),
        "{table}"
    );
    assert!(table.contains("heartbeat skipped: no-route"), "{table}");
    assert!(!table.contains("missed"), "{table}");
    let all = recorded("v2026.3.28", "").stdout;
    assert!(all.contains("Every slot ran in time."), "{all}");
}

#[test]
fn the_period_is_what_was_asked_for() {
    let run = recorded(
        "v2026.3.28",
        "--all --json --since 20m --until 2026-11-21T01:00:30Z",
    );
    assert_eq!(
        slots(&run),
        [
            "hourly-exact 01:00:00.000Z ok in-time 9 ok 1",
            "staggered 00:46:37.848Z ok in-time 14 ok 1",
            "every-10m 00:50:42.555Z ok in-time 5 ok 1",
        ]
    );
    let late = recorded("v2026.3.28", "--json --late-after 15ms --fail-on late");
    assert_eq!(late.code, Some(5), "{late}");
    assert_eq!(late.json::<Value>()["summary"]["late"], 3);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let future = recorded("v2026.3.28", "--until +1h");
    assert_eq!(future.code, Some(2), "{future}");
    assert!(future.stderr.contains("cronctl plan"), "{future}");
    let ancient = recorded("v2026.3.28", "--since 1000000d");
    assert_eq!(ancient.code, Some(2), "{ancient}");
    assert!(ancient.stderr.contains("before the year 0"), "{ancient}");
    let empty = recorded("v2026.3.28", "--since 1h --until 2h");
    assert_eq!(empty.code, Some(2), "{empty}");
    let unknown = recorded("v2026.3.28", "--job hourly-swep");
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(unknown.stderr.contains("hourly-sweep"), "{unknown}");
    let odd = recorded("v2026.3.28", "--fail-on gone");
    assert_eq!(odd.code, Some(2), "{odd}");
}

/// Nobody writes these pipes: whoever opened one would wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe_in_a_state_directory_is_not_waited_for() {
    let sandbox = copied("v2026.3.28");
    for pipe in ["cron/runs/zz.jsonl", "agents/main/sessions/zz.jsonl"] {
        let path = sandbox.path(&format!("work/state/{pipe}"));
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success(), "{pipe}");
    }
    let run = audit(&sandbox, "--all --json");
    assert_eq!(run.code, Some(3), "{run}");
    assert_eq!(slots(&run).len(), 9);
    assert!(
        run.stderr
            .contains("zz.jsonl: cannot be read: it is no regular file"),
        "{run}"
    );
    let jobs = sandbox.path("work/state/cron/jobs.json");
    std::fs::remove_file(&jobs).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&jobs).status();
    assert!(made.unwrap().success());
    let run = audit(&sandbox, "");
    assert!(
        run.code != Some(0) && run.stderr.contains("no regular file"),
        "{run}"
    );
}

#[test]
fn what_the_run_log_does_not_say_is_unknown() {
    let unknown = |sandbox: &Sandbox, code: i32, expected: &[&str]| {
        let run = audit(sandbox, "--job staggered --json --fail-on missed");
        assert_eq!(run.code, Some(code), "{run}");
        assert_eq!(slots(&run), expected, "{run}");
        run
    };
    let lost = [
        "staggered 00:31:37.848Z unknown before-history null - 0",
        "staggered 00:46:37.848Z unknown before-history null - 0",
    ];
    // Emptied, and in the way of it: the job's own state has its last run, at 01:01.
    let sandbox = with_log(|_| Vec::new());
    let run = unknown(&sandbox, 0, &lost);
    let why = run.json::<Value>()["slots"][0]["why"].to_string();
    assert!(why.contains("its run log has no record of it"), "{why}");
    std::fs::remove_file(sandbox.path(STAGGERED)).unwrap();
    std::fs::create_dir(sandbox.path(STAGGERED)).unwrap();
    let run = unknown(&sandbox, 3, &lost);
    let why = run.json::<Value>()["slots"][0]["why"].to_string();
    assert!(why.contains("its run log cannot be read"), "{why}");
    // It ends before the last run: what lies between is not on record.
    let sandbox = with_log(|lines| lines[..2].to_vec());
    let between = ["staggered 00:46:37.848Z unknown damaged-record null - 0"];
    let run = unknown(&sandbox, 0, &between);
    let why = run.json::<Value>()["slots"][0]["why"].to_string();
    assert!(why.contains("state.lastRunAtMs is a later run"), "{why}");
    // A status that is not known: it ran, or did nothing.
    let sandbox = with_log(|mut lines| {
        lines[2] = lines[2].replace("\"status\":\"ok\"", "\"status\":\"timeout\"");
        lines
    });
    let odd = ["staggered 00:46:37.848Z unknown unknown-status 14 unknown 1"];
    let run = unknown(&sandbox, 3, &odd);
    assert!(
        run.stderr.contains(".jsonl:3: says that a run ended"),
        "{run}"
    );
}

/// A provider's answer may repeat the header that it was sent.
#[test]
fn a_token_in_the_error_of_a_run_is_not_printed() {
    let sandbox = copied("v2026.3.31");
    let runs = sandbox.path("work/state/cron/runs");
    let mut changed = 0;
    for entry in std::fs::read_dir(runs).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let error =
            r#""status": "error", "error": "401: Authorization: Bearer s3cret-of-somebody""#;
        changed += text.matches(r#""status": "ok""#).count();
        std::fs::write(&path, text.replace(r#""status": "ok""#, error)).unwrap();
    }
    assert!(changed > 0);
    for output in ["json", "ndjson", "csv", "table"] {
        let run = audit(&sandbox, &format!("--all --since 2d --output {output}"));
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(!said.contains("s3cret"), "{said}");
        if output == "json" {
            assert!(
                said.contains("401: Authorization: Bearer [token]"),
                "{said}"
            );
        }
    }
}
