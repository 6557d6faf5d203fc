use rusqlite::Connection;
use serde_json::json;

use super::*;
use crate::audit::RunStatus;
use crate::job::{Place, Slot, Words, parse};
use crate::schedule::{Rules, Version};

const DAY: i64 = 1_800_000_000_000;

fn job(state: &serde_json::Value) -> Job {
    let text = json!({
        "id": "a", "name": "a", "enabled": true, "createdAtMs": DAY - 30 * 86_400_000,
        "schedule": {"kind": "cron", "expr": "0 * * * *", "tz": "UTC"},
        "payload": {"kind": "agentTurn", "message": "go"}, "state": state,
    });
    let slot = Slot {
        source: 0,
        at: Place::Entry(1),
        rules: Rules::OpenClaw(Version::NEWEST_CHECKED),
    };
    parse(&text.to_string(), slot, &mut Words::default())
        .unwrap()
        .0
}

fn line(start: i64, more: &str) -> String {
    format!(
        "{{\"ts\":{},\"jobId\":\"a\",\"action\":\"finished\",\"status\":\"ok\",\"runAtMs\":{start},\"durationMs\":500{more}}}\n",
        start + 501
    )
}

/// A state directory with `jobs.json`, a log, and a ledger where `sql` makes one.
fn files(log: &str, sql: Option<&str>, job: &Job) -> (JobRuns, AllRuns) {
    let dir = tempfile::tempdir().unwrap();
    for name in ["cron/runs", "tasks"] {
        std::fs::create_dir_all(dir.path().join(name)).unwrap();
    }
    let store = dir.path().join("cron/jobs.json");
    let entry = json!({"jobs": [{"id": "a", "updatedAtMs": DAY, "state": {}}]});
    std::fs::write(&store, entry.to_string()).unwrap();
    if !log.is_empty() {
        std::fs::write(dir.path().join("cron/runs/a.jsonl"), log).unwrap();
    }
    if let Some(sql) = sql {
        let ledger = Connection::open(dir.path().join("tasks/runs.sqlite")).unwrap();
        ledger.execute_batch(sql).unwrap();
    }
    read(dir.path(), &store, job)
}

fn read(state_dir: &Path, store: &Path, job: &Job) -> (JobRuns, AllRuns) {
    let places = Places {
        state_dir,
        store,
        keep_lines: None,
        now_ms: DAY,
    };
    let env = Env::of([] as [(&str, &str); 0]);
    let mut all = read_all(&places, &[job], &env).unwrap();
    (all.take("a").unwrap(), all)
}

fn starts(runs: &JobRuns) -> Vec<i64> {
    runs.runs
        .iter()
        .map(|run| run.started_at_ms - DAY)
        .collect()
}

const TASKS: &str = "CREATE TABLE task_runs (task_id TEXT PRIMARY KEY, runtime TEXT, source_id TEXT, \
    run_id TEXT, status TEXT, created_at INTEGER, started_at INTEGER, ended_at INTEGER, error TEXT, \
    detail_json TEXT);";

#[test]
fn a_log_is_read_whole_with_its_lines() {
    let log = [
        line(DAY, ",\"nextRunAtMs\":5,\"error\":\" e \",\"errorReason\":\"timeout\""),
        "{\n \"action\":\"finished\",\"status\":\"error\",\n\"ts\":1800000009500,\"durationMs\":500}\n"
            .to_owned(),
        "{\"action\":\"started\",\"runAtMs\":1}\n".to_owned(),
        "{broken\n\n".to_owned(),
        line(DAY + 20_000, ",\"runId\":\"manual:a:1:2\""),
    ]
    .concat();
    let (runs, all) = files(&log, None, &job(&json!({})));
    assert_eq!(starts(&runs), [0, 9_000, 20_000]);
    let [first, second, third] = &runs.runs[..] else {
        panic!()
    };
    assert_eq!(
        (first.ended_at_ms, first.next_run_at_ms),
        (Some(DAY + 500), Some(5))
    );
    assert_eq!(first.error.as_deref(), Some("e"));
    assert_eq!(first.error_class.as_deref(), Some("timeout"));
    assert_eq!(second.status, RunStatus::Error);
    assert!(second.evidence.to_string().ends_with("a.jsonl:2"));
    assert!(third.evidence.to_string().ends_with("a.jsonl:8"));
    assert!(third.by_hand && !first.by_hand);
    assert_eq!(all.problems.len(), 1);
    assert!(
        all.problems[0].at.ends_with("a.jsonl:6"),
        "{:?}",
        all.problems
    );
    let damage = &runs.damage[0];
    assert_eq!(
        (damage.after_ms, damage.before_ms),
        (Some(DAY + 9_000), Some(DAY + 20_000))
    );
    assert_eq!(runs.history, History::Whole);
    assert_eq!(runs.facts.updated_at_ms, Some(DAY));
}

#[test]
fn a_log_of_as_many_lines_as_are_kept_begins_with_its_first() {
    let log: String = (0..2_000).map(|n| line(DAY + n, "")).collect();
    let (runs, _) = files(&log, None, &job(&json!({})));
    assert!(matches!(runs.history, History::From(from, _) if from == DAY));
    // A job that has run and has no log has lost it; one that never ran has not.
    let (runs, _) = files(
        "",
        None,
        &job(&json!({"lastRunAtMs": DAY + 7, "lastRunStatus": "ok"})),
    );
    assert!(matches!(runs.history, History::From(from, _) if from == DAY + 7));
    let (runs, _) = files("", None, &job(&json!({})));
    assert_eq!((runs.history, runs.runs.len()), (History::Whole, 0));
}

#[test]
fn records_of_one_run_are_one_run() {
    let sql = format!(
        "{TASKS} INSERT INTO task_runs VALUES \
         ('t1','cron','a','cron:a:{DAY}','succeeded',1,{DAY},{},NULL,NULL), \
         ('t2','cron','a','cron:a:{}','failed',1,NULL,{},'boom',NULL), \
         ('t3','cron','a','cron:a:1','running',1,{},NULL,NULL,NULL), \
         ('t4','chat','a','x','running',1,{DAY},NULL,NULL,NULL);",
        DAY + 500,
        DAY + 60_000,
        DAY + 61_000,
        DAY + 120_000,
    );
    let log = line(DAY, ",\"nextRunAtMs\":5");
    let state = json!({"runningAtMs": DAY + 119_900});
    let (runs, _) = files(&log, Some(&sql), &job(&state));
    assert_eq!(starts(&runs), [0, 60_000, 120_000]);
    assert_eq!(runs.runs[0].next_run_at_ms, Some(5));
    assert_eq!(runs.runs[1].error.as_deref(), Some("boom"));
    assert_eq!(runs.runs[2].status, RunStatus::Running);
    // Without a marker nothing runs: the gateway stopped.
    let (runs, _) = files(&log, Some(&sql), &job(&json!({})));
    assert_eq!(runs.runs[2].status, RunStatus::Interrupted);
}

#[test]
fn the_store_of_2026_9_has_tasks_and_receipts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("openclaw.sqlite");
    let store = Connection::open(&path).unwrap();
    let detail = |start: i64| json!({"kind": "cron-run", "status": "ok", "runAtMs": start, "durationMs": 500, "nextRunAtMs": 9});
    store
        .execute_batch(&format!(
            "{TASKS} CREATE TABLE cron_run_receipts (receipt_id TEXT, store_key TEXT, job_id TEXT, \
             request_run_id TEXT, status TEXT, started_at_ms INTEGER, finished_at_ms INTEGER, error_text TEXT); \
             INSERT INTO task_runs VALUES \
             ('t1','cron','a','cron:a:{DAY}:r1:manual:a:1:2','succeeded',1,{DAY},{},NULL,'{}'), \
             ('t2','cron','a','cron:a:5:r2','succeeded',1,{},{},NULL,'{{broken'); \
             INSERT INTO cron_run_receipts VALUES \
             ('r1','k','a',NULL,'ok',{DAY},{},NULL), \
             ('r3','k','a',NULL,'interrupted',{},{},'gateway restart');",
            DAY + 500,
            detail(DAY),
            DAY + 10_000,
            DAY + 10_500,
            DAY + 500,
            DAY + 20_000,
            DAY + 21_000,
        ))
        .unwrap();
    drop(store);
    let (runs, all) = read(dir.path(), &path, &job(&json!({})));
    assert_eq!(starts(&runs), [0, 10_000, 20_000]);
    assert!(runs.runs[0].by_hand && !runs.runs[1].by_hand);
    assert_eq!(runs.runs[0].next_run_at_ms, Some(9));
    assert_eq!(runs.runs[2].status, RunStatus::Interrupted);
    assert_eq!(runs.runs[2].error.as_deref(), Some("gateway restart"));
    assert!(runs.runs[1].evidence.to_string().ends_with("task_runs t2"));
    assert_eq!(all.problems.len(), 1, "{:?}", all.problems);
    assert!(all.problems[0].at.ends_with("task_runs t2"));
    // Runs are kept for seven days, as of the newest where that is later than now. The job is older.
    let kept = DAY + 20_000 - KEPT_MS;
    assert!(matches!(runs.history, History::From(from, _) if from == kept));
}

#[test]
fn starts_that_were_given_up_are_no_runs_and_imported_ones_are_unmarked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("openclaw.sqlite");
    let store = Connection::open(&path).unwrap();
    let rows = [
        ("t1", "cron:a:1:r1", DAY),
        ("t2", "cron:a:2", DAY + 1_000),
        ("t3", "cron-runlog-import:a:3", DAY + 2_000),
    ];
    store
        .execute_batch(&format!(
            "{TASKS} CREATE TABLE cron_run_receipts (receipt_id TEXT, job_id TEXT, \
             request_run_id TEXT, status TEXT, started_at_ms INTEGER, finished_at_ms INTEGER, error_text TEXT); \
             INSERT INTO cron_run_receipts VALUES \
             ('r1','a',NULL,'skipped',{DAY},{DAY},NULL), \
             ('r2','a',NULL,'skipped',{0},{0},'cron service stopped'), \
             ('r3','a',NULL,'superseded',{1},{1},NULL);",
            DAY + 3_000,
            DAY + 4_000,
        ))
        .unwrap();
    for (task, run, start) in rows {
        store
            .execute(
                "INSERT INTO task_runs VALUES (?1,'cron','a',?2,'succeeded',1,?3,?3,NULL,'{}')",
                (task, run, start),
            )
            .unwrap();
    }
    drop(store);
    let (runs, _) = read(dir.path(), &path, &job(&json!({})));
    assert_eq!(starts(&runs), [0, 1_000, 2_000]);
    let unmarked: Vec<_> = runs.runs.iter().map(|run| run.is_unmarked).collect();
    assert_eq!(unmarked, [false, true, true]);
}

#[test]
fn the_store_of_2026_7_has_run_logs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("openclaw.sqlite");
    let store = Connection::open(&path).unwrap();
    store
        .execute_batch("CREATE TABLE cron_run_logs (entry_json TEXT)")
        .unwrap();
    for text in [line(DAY, ""), "no".to_owned(), line(DAY + 9, "")] {
        store
            .execute("INSERT INTO cron_run_logs VALUES (?1)", [text])
            .unwrap();
    }
    drop(store);
    let (runs, all) = read(dir.path(), &path, &job(&json!({})));
    assert_eq!(starts(&runs), [0, 9]);
    assert_eq!(runs.history, History::Whole);
    assert!(all.problems[0].at.ends_with("cron_run_logs row 2"));
}

/// `from …` or `whole` or `none`, and the stretches without a record.
fn reach(runs: &JobRuns) -> String {
    let history = match &runs.history {
        History::Whole => "whole".to_owned(),
        History::From(from, why) => format!("from {}: {why}", from - DAY),
        History::None(why) => format!("none: {why}"),
    };
    let ends = |d: &Damage| {
        (
            d.after_ms.map(|at| at - DAY),
            d.before_ms.map(|at| at - DAY),
        )
    };
    format!(
        "{history} {:?}",
        runs.damage.iter().map(ends).collect::<Vec<_>>()
    )
}

#[test]
fn what_lies_before_a_last_run_that_no_record_has_is_unknown() {
    let ran = job(&json!({"lastRunAtMs": DAY + 700, "lastRunStatus": "ok"}));
    let never = job(&json!({}));
    for (log, job, expected) in [
        (line(DAY + 700, ""), &ran, "whole []"),
        (line(DAY, ""), &ran, "whole [(Some(0), Some(700))]"),
        (
            "\n".to_owned(),
            &ran,
            "from 700: the job has run, and its run log has no record of it []",
        ),
        (
            String::new(),
            &ran,
            "from 700: the job has run, and there is no record of it beside its own state []",
        ),
        ("\n".to_owned(), &never, "whole []"),
        // A record that does not say which run it is of.
        (
            "{\"action\":\"finished\",\"status\":\"ok\"}\n".to_owned(),
            &never,
            "whole [(None, None)]",
        ),
    ] {
        assert_eq!(reach(&files(&log, None, job).0), expected, "{log}");
    }
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("openclaw.sqlite");
    Connection::open(&store)
        .unwrap()
        .execute_batch(TASKS)
        .unwrap();
    assert_eq!(
        reach(&read(dir.path(), &store, &ran).0),
        "from 700: the job has run, and there is no record of it beside its own state []"
    );
    let kept = format!("from {}: the store keeps runs for 7 days []", -KEPT_MS);
    assert_eq!(reach(&read(dir.path(), &store, &never).0), kept);
}

#[test]
fn a_log_that_cannot_be_read_says_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("cron/runs/a.jsonl")).unwrap();
    let store = dir.path().join("cron/jobs.json");
    std::fs::write(&store, "{\"jobs\": []}").unwrap();
    let (runs, all) = read(dir.path(), &store, &job(&json!({})));
    assert_eq!(reach(&runs), "none: its run log cannot be read []");
    assert_eq!(all.problems.len(), 1);
    let ran = job(&json!({"lastRunAtMs": DAY, "lastRunStatus": "ok"}));
    assert_eq!(
        reach(&read(dir.path(), &store, &ran).0),
        "from 0: the job has run, and its run log cannot be read []"
    );
}

#[test]
fn a_run_without_a_status_that_is_known_did_run_and_is_named() {
    let log = line(DAY, "").replace("\"ok\"", "\"timeout\"") + &line(DAY + 9_000, "");
    let (runs, all) = files(&log, None, &job(&json!({})));
    assert_eq!(starts(&runs), [0, 9_000]);
    assert_eq!(runs.runs[0].status, RunStatus::Unknown);
    assert_eq!(all.problems.len(), 1, "{:?}", all.problems);
    assert!(all.problems[0].at.ends_with("a.jsonl:1"));
    // Another record of it knows.
    let sql = format!(
        "{TASKS} INSERT INTO task_runs VALUES \
         ('t1','cron','a','cron:a:{DAY}','timed_out',1,{DAY},{},NULL,NULL);",
        DAY + 500
    );
    let (runs, _) = files(&log, Some(&sql), &job(&json!({})));
    assert_eq!(runs.runs[0].status, RunStatus::Error);
}
