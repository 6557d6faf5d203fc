//! Turns of an OpenClaw state directory: recorded states of real gateways, offline.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// Copies a recorded state into a sandbox, so that a test may change it.
fn copied(sandbox: &Sandbox, name: &str) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                // Read-only at the source, perhaps; the copy is ours.
                std::fs::write(&to, std::fs::read(entry.path()).unwrap()).unwrap();
            }
        }
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let to = sandbox.path("work/state");
    copy(&data.join(name), &to);
    to
}

fn turns(sandbox: &Sandbox, now: &str, options: &str) -> Run {
    let line = format!("turns --openclaw state --no-ledger -o json {options}");
    let command = sandbox.command(line.split_whitespace());
    command.env("CRONCTL_NOW", now).run()
}

fn rows(run: &Run) -> Vec<Value> {
    let report: Value = run.json();
    report["turns"].as_array().unwrap().clone()
}

/// Ten minutes into the run of `v2026.9.6-inflight`.
const NEW: &str = "1795649211142";
/// Three minutes after the tick of `v2026.3.31-inflight`.
const OLD: &str = "1795648440016";

#[test]
fn a_gateway_that_died_leaves_a_leaked_run() {
    let sandbox = Sandbox::new();
    copied(&sandbox, "openclaw-gateway/v2026.9.6-inflight");
    // Its process is long gone; where /proc does not tell, the run may go on.
    let run = turns(&sandbox, NEW, "");
    let rows = rows(&run);
    assert_eq!(rows.len(), 1, "{run}");
    let turn = &rows[0];
    assert_eq!(turn["workspace_name"], "hang", "{run}");
    assert_eq!(turn["age_ms"], 600_000, "{run}");
    assert_eq!(turn["age_is"], "exact", "{run}");
    assert_eq!(turn["evidence"]["kind"], "receipt", "{run}");
    let kinds: Vec<&str> = turn["other_evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["task-run", "running-marker"], "{run}");
    if cfg!(target_os = "linux") {
        assert_eq!(turn["verdict"], "leaked", "{run}");
        assert_eq!(turn["confidence"], "likely", "{run}");
        let notes = turn["notes"].to_string();
        assert!(notes.contains("25990"), "{run}");
    } else {
        assert_eq!(turn["verdict"], "running", "{run}");
    }
}

#[test]
fn a_receipt_of_a_process_that_lives_is_a_run() {
    let sandbox = Sandbox::new();
    let state = copied(&sandbox, "openclaw-gateway/v2026.9.6-inflight");
    if !cfg!(target_os = "linux") {
        return;
    }
    // This very process stands for the gateway.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks: i64 = after_name
        .split_whitespace()
        .nth(19)
        .unwrap()
        .parse()
        .unwrap();
    let store = rusqlite::Connection::open(state.join("state/openclaw.sqlite")).unwrap();
    let owner = "UPDATE cron_run_receipts SET owner_pid = ?1, owner_start_time = ?2";
    store.execute(owner, (std::process::id(), ticks)).unwrap();
    drop(store);
    let run = turns(&sandbox, NEW, "");
    assert_eq!(rows(&run)[0]["verdict"], "running", "{run}");
    assert_eq!(rows(&run)[0]["confidence"], "certain", "{run}");
    let run = turns(&sandbox, NEW, "--ceiling 5m --over-ceiling --fail-on over");
    assert_eq!(run.code, Some(5), "{run}");
    assert_eq!(rows(&run)[0]["verdict"], "over", "{run}");
    assert_eq!(rows(&run)[0]["over_by_ms"], 300_000, "{run}");
    let run = turns(&sandbox, NEW, "--ceiling 0");
    assert_eq!(rows(&run)[0]["verdict"], "off", "{run}");
}

#[test]
fn of_two_jobs_marked_in_one_tick_one_runs_and_one_waits() {
    let sandbox = Sandbox::new();
    copied(&sandbox, "openclaw-gateway/v2026.3.31-inflight");
    let run = turns(&sandbox, OLD, "--all");
    let rows = rows(&run);
    let of = |name: &str| {
        let row = rows.iter().find(|row| row["workspace_name"] == name);
        row.unwrap_or_else(|| panic!("no {name}\n{run}"))
    };
    assert_eq!(of("hang")["verdict"], "running", "{run}");
    assert_eq!(of("hang")["age_ms"], 179_998, "{run}");
    // Each minute has a slot: 23:12, 23:13, 23:14.
    assert_eq!(of("hang")["blocks"]["skipped"], 3, "{run}");
    assert_eq!(of("hang")["blocks"]["due"], 1, "{run}");
    assert_eq!(of("hang")["steerable"], false, "{run}");
    assert_eq!(of("other")["verdict"], "idle", "{run}");
    assert_eq!(of("other")["age_ms"], Value::Null, "{run}");
    assert!(
        of("other")["notes"].to_string().contains("waits behind"),
        "{run}"
    );
}

#[test]
fn a_ledger_that_cannot_be_read_is_said_and_hides_no_marker() {
    let sandbox = Sandbox::new();
    let state = copied(&sandbox, "openclaw-gateway/v2026.3.31-inflight");
    std::fs::write(state.join("tasks/runs.sqlite"), "no database").unwrap();
    let run = turns(&sandbox, OLD, "");
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stderr.contains("runs.sqlite"), "{run}");
    let rows = rows(&run);
    assert_eq!(rows.len(), 2, "{run}");
    // One slot and two markers: which one runs is not known then.
    assert!(rows.iter().all(|row| row["verdict"] == "unknown"), "{run}");
}

#[test]
fn states_in_which_nothing_runs_have_no_turns_and_stay_as_they_are() {
    for name in ["v2026.3.28", "v2026.3.31", "v2026.9.6"] {
        let sandbox = Sandbox::new();
        let state = copied(&sandbox, &format!("openclaw/{name}"));
        let files = || {
            let mut files = Vec::new();
            let mut todo = vec![state.clone()];
            while let Some(dir) = todo.pop() {
                for entry in std::fs::read_dir(dir).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        todo.push(path);
                    } else {
                        files.push((path.clone(), std::fs::read(&path).unwrap()));
                    }
                }
            }
            files.sort();
            files
        };
        let before = files();
        let run = turns(&sandbox, "2026-11-25T00:00:00Z", "--all");
        assert_eq!(run.code, Some(0), "{name}\n{run}");
        assert_eq!(rows(&run), Vec::<Value>::new(), "{name}\n{run}");
        assert!(files() == before, "{name}: the state was written to");
    }
}

#[test]
fn without_tasks_a_marker_is_all_there_is_and_that_is_said() {
    let sandbox = Sandbox::new();
    let state = copied(&sandbox, "openclaw/v2026.3.28");
    let file = state.join("cron/jobs.json");
    let mut jobs: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let first = &mut jobs["jobs"][0];
    first["state"]["runningAtMs"] = 1_795_564_800_000_i64.into();
    std::fs::write(&file, jobs.to_string()).unwrap();
    // 2026-11-25T00:00:00Z, half an hour later, and three hours later.
    let run = turns(&sandbox, "2026-11-25T00:30:00Z", "");
    assert_eq!(rows(&run)[0]["verdict"], "running", "{run}");
    assert_eq!(rows(&run)[0]["age_is"], "estimate", "{run}");
    assert_eq!(rows(&run)[0]["confidence"], "likely", "{run}");
    assert!(
        run.stderr.contains("a running marker is all there is"),
        "{run}"
    );
    let run = turns(&sandbox, "2026-11-25T03:00:00Z", "");
    assert_eq!(rows(&run)[0]["verdict"], "leaked", "{run}");
}
