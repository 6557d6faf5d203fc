//! SQLite stores: both tables, live writers, read-only places, damage.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use cronctl::job::RunLengthOrigin;
use rusqlite::{Connection, params};

use crate::{copy_of, named, open};

const NARROW: &str = "CREATE TABLE cron_jobs (
  store_key TEXT NOT NULL, job_id TEXT NOT NULL, name TEXT NOT NULL, enabled INTEGER NOT NULL,
  payload_kind TEXT NOT NULL, job_json TEXT NOT NULL, state_json TEXT NOT NULL DEFAULT '{}',
  sort_order INTEGER NOT NULL DEFAULT 0, updated_at INTEGER NOT NULL,
  PRIMARY KEY (store_key, job_id)) STRICT;";

/// A state directory with an empty store that `prepare` fills.
fn state(prepare: impl FnOnce(&Connection)) -> (tempfile::TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    let store = Connection::open(dir.path().join("state/openclaw.sqlite")).unwrap();
    prepare(&store);
    (dir, store)
}

fn insert(store: &Connection, key: &str, id: &str, next: i64) {
    let job = format!(
        r#"{{"id":"{id}","name":"{id}","enabled":true,"createdAtMs":1,"schedule":{{"kind":"cron","expr":"0 22 * * *"}},"sessionTarget":"isolated","payload":{{"kind":"agentTurn","message":"m"}},"state":{{}}}}"#
    );
    store
        .execute(
            "INSERT INTO cron_jobs (store_key, job_id, name, enabled, payload_kind, job_json, state_json, updated_at)
             VALUES (?1, ?2, ?2, 1, 'agentTurn', ?3, ?4, 1)",
            params![key, id, job, format!(r#"{{"nextRunAtMs":{next}}}"#)],
        )
        .unwrap();
}

/// Names, sizes and times of everything in a directory.
fn listing(dir: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            (
                entry.file_name().into_string().unwrap(),
                (meta.len(), meta.modified().unwrap()),
            )
        })
        .collect()
}

#[test]
fn the_wide_table_is_read_by_the_stable_columns() {
    let columns: Vec<_> = (0..30).map(|n| format!("field_{n} TEXT")).collect();
    let columns = columns.join(", ");
    let (dir, store) = state(|store| {
        store
            .execute_batch(&format!(
                "CREATE TABLE cron_jobs (store_key TEXT NOT NULL, job_id TEXT NOT NULL, {columns},
                   name TEXT, enabled INTEGER NOT NULL, payload_kind TEXT, job_json TEXT NOT NULL,
                   state_json TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (store_key, job_id));
                 CREATE TABLE cron_run_logs (job_id TEXT, ts INTEGER, entry_json TEXT NOT NULL);"
            ))
            .unwrap();
        insert(store, "/k/jobs.json", "a", 11);
        insert(store, "/k/jobs.json", "b", 12);
        store
            .execute("UPDATE cron_jobs SET enabled = 0 WHERE job_id = 'b'", [])
            .unwrap();
        for (status, ms) in [("ok", 10), ("error", 30), ("skipped", 1), ("ok", 20)] {
            let entry = format!(
                r#"{{"jobId":"a","action":"finished","status":"{status}","durationMs":{ms}}}"#
            );
            store
                .execute("INSERT INTO cron_run_logs VALUES ('a', 1, ?1)", [entry])
                .unwrap();
        }
    });
    drop(store);
    let loaded = open(dir.path()).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let info = &loaded.sources[0];
    assert_eq!(cronctl::source::rules_name(info.rules), "openclaw 2026.7.1");
    assert!(info.shape.contains("wide"), "{}", info.shape);
    let a = named(&loaded, "a");
    assert_eq!(a.state.next_run_at_ms, Some(11));
    let length = a.run_length.clone().unwrap();
    assert_eq!(
        (length.ms, length.samples, length.origin),
        (20, 3, RunLengthOrigin::History)
    );
    assert!(!named(&loaded, "b").enabled, "the column decides");
}

#[test]
fn several_stores_in_one_table() {
    let (dir, store) = state(|store| store.execute_batch(NARROW).unwrap());
    let own = dir.path().join("cron/jobs.json");
    insert(&store, own.to_str().unwrap(), "mine", 1);
    insert(&store, "/other/cron/jobs.json", "other", 1);
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 1);
    assert_eq!(&*loaded.jobs[0].id, "mine");
    store
        .execute(
            "UPDATE cron_jobs SET store_key = '/third' WHERE job_id = 'mine'",
            [],
        )
        .unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 2);
    assert!(
        loaded.problems[0].what.contains("2 stores"),
        "{:?}",
        loaded.problems
    );
}

#[test]
fn a_bad_row_is_named_and_the_others_kept() {
    let (dir, store) = state(|store| store.execute_batch(NARROW).unwrap());
    for id in ["a", "b", "c"] {
        insert(&store, "/k", id, 1);
    }
    store
        .execute("UPDATE cron_jobs SET job_json = '{' WHERE job_id = 'b'", [])
        .unwrap();
    store
        .execute(
            "UPDATE cron_jobs SET state_json = '[' WHERE job_id = 'c'",
            [],
        )
        .unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 2);
    assert!(
        loaded.problems[0].at.ends_with("openclaw.sqlite: job 2"),
        "{:?}",
        loaded.problems
    );
}

/// A writer in WAL mode commits as fast as it can; every read is a state that was committed.
#[test]
fn reading_while_a_gateway_writes() {
    const JOBS: i64 = 60;
    const TOTAL: i64 = JOBS * 1000;
    let (dir, writer) = state(|store| {
        store
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=25;",
            )
            .unwrap();
        store.execute_batch(NARROW).unwrap();
        for n in 0..JOBS {
            insert(store, "/k", &format!("job-{n:03}"), 1000);
        }
    });
    let before: Vec<_> = listing(&dir.path().join("state")).into_keys().collect();
    let stop = Arc::new(AtomicBool::new(false));
    let commits = Arc::new(AtomicU64::new(0));
    let thread = std::thread::spawn({
        let (stop, commits) = (stop.clone(), commits.clone());
        move || {
            let mut writer = writer;
            let mut n: i64 = 0;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                let (from, to) = (n * 7 % JOBS, n * 13 % JOBS);
                let tx = writer.transaction().unwrap();
                for (job, delta) in [(from, -3), (to, 3)] {
                    tx.execute(
                        "UPDATE cron_jobs SET state_json = json_set(state_json, '$.nextRunAtMs',
                           json_extract(state_json, '$.nextRunAtMs') + ?2) WHERE job_id = ?1",
                        params![format!("job-{job:03}"), delta],
                    )
                    .unwrap();
                }
                // One goes and one comes: the table's pages move too.
                tx.execute(
                    "INSERT OR REPLACE INTO cron_jobs
                       (store_key, job_id, name, enabled, payload_kind, job_json, state_json, updated_at)
                     SELECT store_key, job_id, name, enabled, payload_kind, job_json, state_json, ?1
                       FROM cron_jobs WHERE job_id = 'job-000'",
                    [n],
                )
                .unwrap();
                tx.commit().unwrap();
                commits.store(n.unsigned_abs(), Ordering::Relaxed);
            }
            writer
        }
    });
    let mut distinct = std::collections::HashSet::new();
    for n in 0..200 {
        let loaded = open(dir.path()).unwrap_or_else(|e| panic!("read {n}: {e:?}"));
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        assert_eq!(i64::try_from(loaded.jobs.len()).unwrap(), JOBS, "read {n}");
        let values: Vec<i64> = loaded
            .jobs
            .iter()
            .map(|j| j.state.next_run_at_ms.unwrap())
            .collect();
        assert_eq!(values.iter().sum::<i64>(), TOTAL, "read {n}");
        distinct.insert(values);
    }
    stop.store(true, Ordering::Relaxed);
    let writer = thread.join().unwrap();
    assert!(
        commits.load(Ordering::Relaxed) > 200,
        "the writer was starved"
    );
    assert!(
        distinct.len() > 20,
        "the reads saw {} states",
        distinct.len()
    );
    let after: Vec<_> = listing(&dir.path().join("state")).into_keys().collect();
    assert_eq!(after, before, "a file appeared or went");
    let check: String = writer
        .query_row("PRAGMA integrity_check", [], |r| r.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}

/// With an open WAL and an idle gateway, nothing at all changes by reading.
#[test]
fn reading_changes_no_byte() {
    for wal in [true, false] {
        let (dir, store) = state(|store| {
            if wal {
                store.execute_batch("PRAGMA journal_mode=WAL").unwrap();
            }
            store.execute_batch(NARROW).unwrap();
            insert(store, "/k", "a", 1);
        });
        let place = dir.path().join("state");
        let path = place.join("openclaw.sqlite");
        let (files, bytes) = (listing(&place), std::fs::read(&path).unwrap());
        assert_eq!(files.len(), if wal { 3 } else { 1 });
        for _ in 0..20 {
            assert_eq!(open(dir.path()).unwrap().jobs.len(), 1);
        }
        assert_eq!(listing(&place), files);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        drop(store);
        // The gateway is gone, its WAL too; the file still says "WAL mode".
        let files = listing(&place);
        assert_eq!(files.len(), 1);
        assert_eq!(open(dir.path()).unwrap().jobs.len(), 1);
        assert_eq!(listing(&place), files);
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_is_no_obstacle() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, store) = state(|store| {
        store.execute_batch("PRAGMA journal_mode=WAL").unwrap();
        store.execute_batch(NARROW).unwrap();
        insert(store, "/k", "a", 1);
    });
    let place = dir.path().join("state");
    let mode = |mode| std::fs::set_permissions(&place, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o555);
    let files = listing(&place);
    assert_eq!(open(dir.path()).unwrap().jobs.len(), 1);
    assert_eq!(listing(&place), files);
    mode(0o755);
    drop(store);
    mode(0o555);
    assert_eq!(open(dir.path()).unwrap().jobs.len(), 1);
    mode(0o755);
}

#[test]
fn names_that_a_uri_would_misread() {
    let (dir, store) = state(|store| {
        store.execute_batch(NARROW).unwrap();
        insert(store, "/k", "a", 1);
    });
    drop(store);
    let odd = dir.path().join("a?b#c%41 ä");
    std::fs::create_dir_all(&odd).unwrap();
    std::fs::rename(dir.path().join("state"), odd.join("state")).unwrap();
    assert_eq!(open(&odd).unwrap().jobs.len(), 1);
}

#[test]
fn a_journal_left_by_a_crash_is_rolled_back_in_the_copy_only() {
    let (dir, store) = state(|store| {
        store.execute_batch(NARROW).unwrap();
        insert(store, "/k", "a", 1);
        insert(store, "/k", "b", 1);
    });
    // A transaction big enough to spill into the file, then the "crash": the files as they are.
    store
        .execute_batch("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN")
        .unwrap();
    store
        .execute(
            "UPDATE cron_jobs SET name = hex(randomblob(20000)), job_json = '{}' ",
            [],
        )
        .unwrap();
    for n in 0..200 {
        insert(&store, "/k", &format!("x{n}"), 1);
    }
    let crashed = tempfile::tempdir().unwrap();
    crate::copy(dir.path(), crashed.path());
    let place = crashed.path().join("state");
    assert!(place.join("openclaw.sqlite-journal").exists());
    let files = listing(&place);
    let loaded = open(crashed.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 2);
    assert_eq!(listing(&place), files);
}

#[test]
fn what_is_no_store_is_named() {
    let dir = copy_of("openclaw/v2026.9.6");
    let path = dir.path().join("state/openclaw.sqlite");
    let good = std::fs::read(&path).unwrap();
    let case = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        open(dir.path()).map(|l| (l.jobs.len(), format!("{:?}", l.problems)))
    };
    for (bytes, expected) in [
        (&b""[..], "is empty (0 bytes)"),
        (b"hello", "is not a SQLite database"),
        (&good[..5000], "is damaged"),
    ] {
        let error = case(bytes).unwrap_err();
        assert!(
            error.message.contains("openclaw.sqlite") && error.message.contains(expected),
            "{error}"
        );
    }
    let mut damaged = good.clone();
    damaged[4096..].fill(0xaa);
    let error = case(&damaged).unwrap_err();
    assert!(
        error.message.contains("openclaw.sqlite: is damaged"),
        "{error}"
    );
    std::fs::remove_file(&path).unwrap();
    let store = Connection::open(&path).unwrap();
    store.execute_batch("CREATE TABLE other (x)").unwrap();
    let (jobs, problems) = open(dir.path())
        .map(|l| (l.jobs.len(), format!("{:?}", l.problems)))
        .unwrap();
    assert_eq!(jobs, 0);
    assert!(
        problems.contains("no") && problems.contains("openclaw.sqlite has a cron_jobs table"),
        "{problems}"
    );
}
