//! Session stores: large, cut off, live, damaged, left behind by an upgrade.

use std::fmt::Write as _;
use std::path::Path;

use cronctl::openclaw::sessions::Store;
use rusqlite::{Connection, params};

use crate::gateways::{gateway, shown};
use crate::{copy_of, data, open};

#[test]
fn ten_thousand_rows_are_read_and_a_cut_keeps_the_rows_before_it() {
    let dir = copy_of("openclaw/v2026.3.28");
    let file = dir.path().join("agents/main/sessions/sessions.json");
    let mut text = String::from("{");
    let filler = "x".repeat(900);
    for n in 0..10_000 {
        let comma = if n > 0 { "," } else { "" };
        let row = format!(
            r#"{{"sessionId":"s{n}","updatedAt":{n},"label":"{filler}","usage":{{"model":"no"}},"model":"m{n}"}}"#
        );
        write!(text, "{comma}\n\"agent:main:cron:job-{n}\":{row}").unwrap();
    }
    text.push_str("\n}");
    assert!(text.len() > 10_000_000);
    std::fs::write(&file, &text).unwrap();
    let loaded = open(dir.path()).unwrap();
    let sessions = &gateway(&loaded).sessions;
    assert_eq!((sessions.len(), loaded.problems.len()), (10_002, 0));
    assert_eq!(
        shown(sessions.get("agent:main:cron:job-9999")),
        "-/- -/m9999 9999"
    );
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    let loaded = open(dir.path()).unwrap();
    let sessions = &gateway(&loaded).sessions;
    assert!(
        (5_000..5_020).contains(&sessions.len()),
        "{}",
        sessions.len()
    );
    assert!(matches!(sessions.status("main"), Store::Partial { .. }));
    assert!(
        loaded.problems[0].what.contains("breaks off"),
        "{:?}",
        loaded.problems
    );
    assert_eq!(loaded.jobs.len(), 14);
}

const NODES: &str =
    "CREATE TABLE session_nodes (session_key TEXT PRIMARY KEY, entry_json TEXT NOT NULL) STRICT;";

/// A recorded state with another database for the sessions of `ops`.
fn with_database(prepare: impl FnOnce(&Connection)) -> (tempfile::TempDir, Connection) {
    let dir = copy_of("openclaw/v2026.9.6");
    let path = dir.path().join("agents/ops/agent/openclaw-agent.sqlite");
    std::fs::remove_file(&path).unwrap();
    let store = Connection::open(path).unwrap();
    prepare(&store);
    (dir, store)
}

fn add(store: &Connection, key: &str, entry: &str) {
    let insert = "INSERT INTO session_nodes VALUES (?1, ?2)";
    store.execute(insert, params![key, entry]).unwrap();
}

#[test]
fn a_live_database_in_wal_mode_is_read_and_left_alone() {
    let (dir, store) = with_database(|store| {
        store
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;")
            .unwrap();
        store.execute_batch(NODES).unwrap();
        add(
            store,
            "agent:ops:cron:a",
            r#"{"model":"m","liveModelSwitchPending":true}"#,
        );
        add(store, "agent:ops:cron:b", "{");
        add(store, "agent:ops:cron:c", r#"{"model":{"x":1}}"#);
    });
    let agent = dir.path().join("agents/ops/agent");
    let listing = || {
        let mut found: Vec<_> = std::fs::read_dir(&agent)
            .unwrap()
            .map(|e| {
                let e = e.unwrap();
                (e.file_name(), std::fs::read(e.path()).unwrap())
            })
            .collect();
        found.sort();
        found
    };
    let before = listing();
    let loaded = open(dir.path()).unwrap();
    assert!(before == listing(), "reading changed something");
    let sessions = &gateway(&loaded).sessions;
    let a = sessions.get("agent:ops:cron:a").unwrap();
    assert_eq!(
        (a.model.as_deref(), a.live_switch_pending),
        (Some("m"), true)
    );
    assert!(sessions.get("agent:ops:cron:b").is_none());
    assert_eq!(sessions.get("agent:ops:cron:c").unwrap().model, None);
    assert_eq!(loaded.problems.len(), 2, "{:?}", loaded.problems);
    assert!(
        loaded.problems[0]
            .at
            .contains("openclaw-agent.sqlite: session row 2")
    );
    drop(store);
}

#[test]
fn of_a_file_and_a_database_the_one_that_its_gateway_reads_counts() {
    let json = r#"{"agent:ops:main":{"model":"of-file"}}"#;
    let model = |dir: &Path| {
        let file = dir.join("agents/ops/sessions/sessions.json");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, json).unwrap();
        let loaded = open(dir).unwrap();
        let row = gateway(&loaded).sessions.get("agent:ops:main");
        (row.and_then(|r| r.model.clone()), loaded.problems)
    };
    let (dir, store) = with_database(|store| store.execute_batch(NODES).unwrap());
    add(&store, "agent:ops:main", r#"{"model":"of-database"}"#);
    assert_eq!(
        model(dir.path()),
        (Some("of-database".to_owned()), Vec::new())
    );
    // A database without the table is one of a version that keeps files.
    let (dir, _store) =
        with_database(|store| store.execute_batch("CREATE TABLE other (x)").unwrap());
    assert_eq!(model(dir.path()), (Some("of-file".to_owned()), Vec::new()));
    let shape = "CREATE TABLE session_nodes (session_key TEXT, entry BLOB)";
    let (dir, _store) = with_database(|store| store.execute_batch(shape).unwrap());
    let (row, problems) = model(dir.path());
    assert_eq!(row, None);
    assert!(
        problems[0]
            .what
            .contains("no columns session_key and entry_json"),
        "{problems:?}"
    );
    // Damage is not passed over in favour of rows from before the migration.
    let damaged = dir.path().join("agents/ops/agent/openclaw-agent.sqlite");
    std::fs::write(damaged, "not a database").unwrap();
    let (row, problems) = model(dir.path());
    assert_eq!(row, None);
    assert!(
        problems[0].what.starts_with("is not a SQLite database"),
        "{problems:?}"
    );
    // A state whose jobs are in a file is that of a gateway that does not know the database.
    let old = copy_of("openclaw/v2026.3.28");
    let agent = old.path().join("agents/ops/agent");
    std::fs::create_dir(&agent).unwrap();
    std::fs::copy(
        data("openclaw/v2026.9.6/agents/ops/agent/openclaw-agent.sqlite"),
        agent.join("openclaw-agent.sqlite"),
    )
    .unwrap();
    assert_eq!(model(old.path()).0.as_deref(), Some("of-file"));
}
