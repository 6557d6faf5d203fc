//! Round trips over reopened files, two at once, and files that are no ledger.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::checkpoint::{Answer, Outcome};
use crate::error::Exit;
use crate::turn::{CeilingSetting, Sighting, Witness};

const PLATFORM: &str = "http://127.0.0.1:8080";
const T: i64 = 1_779_490_062_000;

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("state/cronctl/ledger.db");
    (directory, path)
}

fn seen(id: &str, at_ms: i64, busy: bool) -> Sighting {
    Sighting {
        workspace_id: id.to_owned(),
        at_ms,
        busy,
        by: Witness::Poll,
        turn_id: None,
        current_task: busy.then(|| "build the site".to_owned()),
        started_ms: None,
        ended_ms: None,
        idle_before_ms: None,
    }
}

fn attempt(id: &str, request_id: &str, at_ms: i64) -> NewAttempt {
    NewAttempt {
        platform: PLATFORM.to_owned(),
        workspace_id: id.to_owned(),
        workspace_name: Some("SEO Agent".to_owned()),
        turn_key: "turn-1".to_owned(),
        request_id: request_id.to_owned(),
        round: 0,
        at_ms,
        who: "ops@host".to_owned(),
        reason: "operator: stuck".to_owned(),
        request: format!("POST {PLATFORM}/{id}/control/checkpoint"),
        restart: false,
        before: json!({ "age_ms": 21_600_000 }),
        known: 0,
    }
}

/// Every file of the ledger, the ones that SQLite puts beside it included.
fn bytes(path: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for name in crate::files::names(path.parent().unwrap()) {
        all.extend(crate::files::read(&path.with_file_name(name), 1 << 24).unwrap());
    }
    all
}

#[test]
fn the_default_place_is_the_state_directory() {
    let at = |pairs: [(&str, &str); 2]| Ledger::default_path(&Env::of(pairs));
    let home = ("HOME", "/home/ops");
    assert_eq!(
        at([home, ("XDG_STATE_HOME", "/var/state")]),
        Some(PathBuf::from("/var/state/cronctl/ledger.db"))
    );
    let usual = Some(PathBuf::from("/home/ops/.local/state/cronctl/ledger.db"));
    assert_eq!(at([home, ("XDG_STATE_HOME", "")]), usual);
    assert_eq!(at([home, ("XDG_STATE_HOME", "relative")]), usual);
    assert_eq!(Ledger::default_path(&Env::default()), None);
}

#[test]
fn an_attempt_is_there_after_reopening_at_each_of_its_stages() {
    let (_directory, path) = place();
    let id = Ledger::open(&path)
        .unwrap()
        .begin(&attempt("ws-c", "r-1", T))
        .unwrap();

    let mut ledger = Ledger::open(&path).unwrap();
    let of = |ledger: &Ledger| ledger.attempts(PLATFORM, "ws-c", "turn-1").unwrap();
    let [begun] = &of(&ledger)[..] else { panic!() };
    assert_eq!((&*begun.request_id, begun.at_ms), ("r-1", T));
    assert_eq!(begun.answer, None);
    let [line] = &ledger.history(&[], None, 9).unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (&line.answer, line.outcome, line.took_ms),
        (&None, None, None)
    );
    assert_eq!(line.age_ms, Some(21_600_000));

    let answer = Answer::TurnMismatch {
        turn_id: Some("turn-2".to_owned()),
    };
    ledger
        .answered(id, T + 40, &answer, "409 turn_mismatch")
        .unwrap();
    let after = json!({ "turn_id": "turn-2" });
    ledger
        .ended(id, T + 90, Outcome::Moot, "it ended by itself", &after)
        .unwrap();

    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(of(&ledger)[0].answer, Some((answer, T + 40)));
    let line = ledger.history(&[], None, 9).unwrap().remove(0);
    assert_eq!(line.answer.as_deref(), Some("409 turn_mismatch"));
    assert_eq!(line.outcome, Some(Outcome::Moot));
    assert_eq!(line.took_ms, Some(90));
    assert_eq!(line.at, "2026-05-22T22:47:42.000Z");
}

#[test]
fn attempts_are_those_of_one_turn_oldest_first() {
    let mut ledger = Ledger::in_memory().unwrap();
    let mut other_turn = attempt("ws-c", "r-3", T);
    other_turn.turn_key = "turn-2".to_owned();
    let mut other_platform = attempt("ws-c", "r-4", T);
    other_platform.platform = "http://elsewhere".to_owned();
    let all = [
        attempt("ws-c", "r-1", T),
        other_turn,
        other_platform,
        attempt("ws-b", "r-5", T),
        attempt("ws-c", "r-2", T + 1),
    ];
    let begun = all.map(|attempt| Record::Begun(Box::new(attempt)));
    assert_eq!(
        ledger.record(None, &begun).unwrap(),
        [1, 2, 3, 4, 5].map(Recorded::Done)
    );
    let ids = ledger.attempts(PLATFORM, "ws-c", "turn-1").unwrap();
    let ids: Vec<_> = ids.iter().map(|a| &*a.request_id).collect();
    assert_eq!(ids, ["r-1", "r-2"]);

    // What was begun and then not sent was no request.
    let none = json!(null);
    ledger
        .ended(5, T + 2, Outcome::NotSent, "SIGINT came", &none)
        .unwrap();
    let left = ledger.attempts(PLATFORM, "ws-c", "turn-1").unwrap();
    assert_eq!(left.len(), 1);
}

#[test]
fn records_that_cannot_all_be_written_are_not_written_at_all() {
    let mut ledger = Ledger::in_memory().unwrap();
    let of_nothing = Record::Answered {
        id: 77,
        at_ms: T,
        answer: Answer::Idle,
        says: String::new(),
    };
    let begun = Record::Begun(Box::new(attempt("ws-c", "r-1", T)));
    ledger.record(None, &[begun, of_nothing]).unwrap_err();
    assert_eq!(ledger.history(&[], None, 9).unwrap(), []);
}

#[test]
fn the_history_is_newest_first_and_can_be_narrowed() {
    let mut ledger = Ledger::in_memory().unwrap();
    for (id, name, at) in [
        ("ws-c1", "web", T),
        ("ws-c2", "seo", T + 2),
        ("b", "web", T + 1),
    ] {
        let mut new = attempt(id, "r", at);
        new.workspace_name = Some(name.to_owned());
        ledger.begin(&new).unwrap();
    }
    let ids = |asked: &[&str], since, limit| -> Vec<String> {
        let asked: Vec<String> = asked.iter().map(|a| (*a).to_owned()).collect();
        let lines = ledger.history(&asked, since, limit).unwrap();
        lines.into_iter().map(|line| line.workspace_id).collect()
    };
    assert_eq!(ids(&[], None, 9), ["ws-c2", "b", "ws-c1"]);
    assert_eq!(ids(&[], None, 1), ["ws-c2"]);
    assert_eq!(ids(&[], Some(T + 1), 9), ["ws-c2", "b"]);
    assert_eq!(ids(&["ws-c1"], None, 9), ["ws-c1"]);
    assert_eq!(ids(&["ws-"], None, 9), ["ws-c2", "ws-c1"]);
    assert_eq!(ids(&["web"], None, 9), ["b", "ws-c1"]);
    assert_eq!(ids(&["b", "seo"], None, 9), ["ws-c2", "b"]);
    assert!(ids(&["%"], None, 9).is_empty());
}

#[test]
fn ceilings_are_remembered_as_they_were_read() {
    let (_directory, path) = place();
    let ceilings = [
        ("a".to_owned(), CeilingSetting::Absent),
        ("b".to_owned(), CeilingSetting::Seconds(0)),
        ("c".to_owned(), CeilingSetting::Seconds(900)),
        ("d".to_owned(), CeilingSetting::Wrong("\"soon\"".to_owned())),
    ];
    let mut expected: BTreeMap<_, _> = ceilings.into_iter().collect();
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.remember_ceilings(PLATFORM, T, &expected).unwrap();
    let later = [("b".to_owned(), CeilingSetting::Seconds(60))].into();
    ledger.remember_ceilings(PLATFORM, T + 5, &later).unwrap();

    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.ceilings(PLATFORM, T + 5).unwrap(), later);
    expected.extend(later);
    assert_eq!(ledger.ceilings(PLATFORM, T).unwrap(), expected);
    assert!(ledger.ceilings("http://elsewhere", T).unwrap().is_empty());
}

#[test]
fn a_spell_outlives_the_process_and_the_same_sighting_twice_changes_nothing() {
    let (_directory, path) = place();
    let looks = [seen("a", T, true), seen("b", T, false)];
    let first = Ledger::open(&path)
        .unwrap()
        .observe(PLATFORM, &looks)
        .unwrap();
    assert_eq!(first["a"].first_seen_ms, T);
    assert!(!first.contains_key("b"));

    let mut ledger = Ledger::open(&path).unwrap();
    let counted = |ledger: &Ledger| -> (i64, String) {
        let sql = "SELECT sightings, sighted_by FROM spells";
        let rows = ledger.database.query(sql, Vec::new()).unwrap();
        (rows[0].get(0).unwrap(), rows[0].get(1).unwrap())
    };
    assert_eq!(ledger.observe(PLATFORM, &looks).unwrap(), first);
    assert_eq!(ledger.spells(PLATFORM).unwrap(), first);
    assert_eq!(counted(&ledger), (1, "poll".to_owned()));

    let mut event = seen("a", T + 30_000, true);
    event.by = Witness::Event;
    let later = ledger.observe(PLATFORM, &[event]).unwrap();
    assert_eq!(later["a"].first_seen_ms, T);
    assert_eq!(later["a"].last_seen_ms, T + 30_000);
    assert_eq!(counted(&ledger), (2, "event".to_owned()));
    assert!(ledger.spells("http://elsewhere").unwrap().is_empty());
}

#[test]
fn what_is_over_is_kept_with_its_end_for_thirty_days() {
    let mut ledger = Ledger::in_memory().unwrap();
    let day = 86_400_000;
    let idle = T + 10_000;
    for look in [
        seen("a", T, true),
        seen("a", idle, false),
        seen("a", idle + 120_000, false),
    ] {
        ledger.observe(PLATFORM, &[look]).unwrap();
    }
    let past = |ledger: &Ledger| -> Vec<(i64, i64)> {
        let sql = "SELECT first_seen_ms, ended_ms FROM past_spells";
        let rows = ledger.database.query(sql, Vec::new()).unwrap();
        let of = |row: &database::Row| (row.get(0).unwrap(), row.get(1).unwrap());
        rows.iter().map(of).collect()
    };
    assert!(ledger.spells(PLATFORM).unwrap().is_empty());
    assert_eq!(past(&ledger), [(T, idle)]);
    ledger
        .observe(PLATFORM, &[seen("b", T + 29 * day, true)])
        .unwrap();
    assert_eq!(past(&ledger), [(T, idle)]);
    ledger
        .observe(PLATFORM, &[seen("b", T + 31 * day, true)])
        .unwrap();
    // The one of b that the pause ended is there instead.
    assert_eq!(past(&ledger), [(T + 29 * day, T + 31 * day)]);
}

#[test]
fn two_connections_at_once_lose_nothing() {
    let (_directory, path) = place();
    let writers: Vec<_> = (0..4)
        .map(|writer: i64| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut ledger = Ledger::open(&path).unwrap();
                for n in 0..10 {
                    ledger
                        .begin(&attempt("ws", "r", T + writer * 10 + n))
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let lines = Ledger::open(&path)
        .unwrap()
        .history(&[], None, 100)
        .unwrap();
    assert_eq!(lines.len(), 40);
}

#[test]
fn a_newer_ledger_and_somebody_elses_database_are_left_alone() {
    let (_directory, path) = place();
    drop(Ledger::open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    let newer = "UPDATE meta SET value = '3' WHERE key = 'schema_version'";
    raw.execute(newer, []).unwrap();
    drop(raw);
    let before = bytes(&path);
    let error = Ledger::open(&path).unwrap_err();
    assert!(
        error.message.contains("is a ledger of version 3"),
        "{error}"
    );
    assert!(error.message.contains(path.to_str().unwrap()));
    assert!(error.hints[0].contains("--ledger"));
    assert_eq!(bytes(&path), before);

    let other = path.with_file_name("other.db");
    let raw = Connection::open(&other).unwrap();
    raw.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    drop(raw);
    let before = bytes(&other);
    let error = Ledger::open(&other).unwrap_err();
    assert!(error.message.contains("not a ledger"), "{error}");
    assert_eq!(bytes(&other), before);
}

#[test]
fn garbage_is_said_to_be_damaged_and_is_not_overwritten() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("ledger.db");
    let garbage = b"not a database at all\n".repeat(100);
    std::fs::write(&path, &garbage).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert_eq!(error.exit, Exit::Failed);
    assert!(error.message.contains("is damaged"), "{error}");
    assert!(error.message.contains(path.to_str().unwrap()));
    assert!(error.hints[0].contains("mv "), "{:?}", error.hints);
    assert_eq!(bytes(&path), garbage);
}

#[test]
fn a_directory_and_a_place_below_a_file_are_errors_that_name_the_path() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [directory.path().to_owned(), file.join("ledger.db")] {
        let error = Ledger::open(&path).unwrap_err();
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
        assert!(error.hints[0].contains("--ledger"), "{:?}", error.hints);
    }
}

#[test]
fn a_full_disk_is_said() {
    let mut ledger = Ledger::full().unwrap();
    let mut big = attempt("ws", "r", T);
    big.before = json!({ "text": "x".repeat(100_000) });
    let error = ledger.begin(&big).unwrap_err();
    assert!(error.message.contains("the disk is full"), "{error}");
    assert!(error.hints[0].contains("make room"), "{:?}", error.hints);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.begin(&attempt("ws", "r", T)).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    let names: Vec<String> = crate::files::names(path.parent().unwrap()).collect();
    assert!(names.contains(&"ledger.db-wal".to_owned()), "{names:?}");
    for name in names {
        assert_eq!(mode(&path.with_file_name(&name)), 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_ledger_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    drop(Ledger::open(&path).unwrap());
    let read_only = std::fs::Permissions::from_mode(0o400);
    std::fs::set_permissions(&path, read_only).unwrap();
    // The superuser may write anything: nothing to be seen then.
    if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        return;
    }
    let error = Ledger::open(&path).unwrap_err();
    assert!(error.message.contains(path.to_str().unwrap()), "{error}");
    assert!(error.hints[0].contains("--ledger"), "{:?}", error.hints);
}

#[test]
fn no_token_is_written_wherever_it_stands() {
    let (_directory, path) = place();
    let mut ledger = Ledger::open(&path).unwrap();
    let mut new = attempt("ws", "r", T);
    new.reason = "operator: curl -H 'Authorization: Bearer s3cret-a'".to_owned();
    new.before = json!({ "current_task": "use bearer s3cret-b, then go" });
    let id = ledger.begin(&new).unwrap();
    let says = "401 {\"sent\":\"Bearer s3cret-c\"} BEARER s3cret-d";
    ledger.answered(id, T, &Answer::Unauthorised, says).unwrap();
    let after = json!({ "note": "Bearer s3cret-e" });
    ledger
        .ended(id, T, Outcome::Unauthorised, says, &after)
        .unwrap();
    drop(ledger);
    let all = bytes(&path);
    let text = String::from_utf8_lossy(&all);
    assert!(!text.contains("s3cret"), "a token is in the ledger");
    assert!(text.contains("{\"sent\":\"Bearer [token]\"}"));
    assert!(text.contains("use bearer [token], then go"));
}

#[test]
fn one_that_is_not_there_is_not_made_by_looking() {
    let (_directory, path) = place();
    assert!(Ledger::open_existing(&path).unwrap().is_none());
    assert!(!path.exists());
    drop(Ledger::open(&path).unwrap());
    assert!(Ledger::open_existing(&path).unwrap().is_some());
}

#[test]
fn a_new_spell_knows_when_the_workspace_was_last_idle() {
    const S: i64 = 1_000;
    let mut ledger = Ledger::in_memory().unwrap();
    let mut look = |s: i64, busy: bool| {
        let spells = ledger.observe("p", &[seen("w", s * S, busy)]).unwrap();
        spells.get("w").and_then(|spell| spell.idle_before_ms)
    };
    // Never seen idle: nothing is known.
    assert_eq!(look(0, true), None);
    // The sweep's zero is no idle look.
    assert_eq!((look(30, false), look(50, true)), (None, None));
    assert_eq!((look(60, false), look(120, false)), (None, None));
    // It was over at the second look.
    assert_eq!(look(3_600, true), Some(120 * S));
    assert_eq!(look(3_630, true), Some(120 * S));
    // Not seen for long, and busy again: that other turns came between is not known.
    assert_eq!(look(9_000, true), Some(120 * S));
}
