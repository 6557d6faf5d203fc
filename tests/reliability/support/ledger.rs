//! The ledger as a reader finds it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row};
use tempfile::TempDir;

/// One request as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) id: i64,
    pub(crate) workspace: String,
    pub(crate) turn_key: String,
    pub(crate) request_id: String,
    pub(crate) round: u32,
    pub(crate) begun_ms: i64,
    pub(crate) answered_ms: Option<i64>,
    /// Its kind: `checkpointed`.
    pub(crate) answer: Option<String>,
    pub(crate) outcome: Option<String>,
}

impl Attempt {
    /// Whether it was begun, and nothing that came after is recorded.
    pub(crate) fn is_open(&self) -> bool {
        self.answer.is_none() && self.outcome.is_none()
    }

    /// Whether it was withdrawn before it was sent.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.outcome.as_deref() == Some("not-sent")
    }

    /// Whether it was accepted.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(
            self.answer.as_deref(),
            Some("checkpointed" | "interrupting")
        )
    }
}

/// Reads the attempts of a ledger that nobody writes, oldest first, and makes sure that it is sound.
/// `None` where there is no table yet.
///
/// It is a copy that is read: what a process left behind is for the next one to put in order.
pub(crate) fn read(path: &Path) -> Option<Vec<Attempt>> {
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("copy.db");
    if !path.exists() {
        return None;
    }
    for suffix in ["", "-wal"] {
        let of = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if of(path).exists() {
            std::fs::copy(of(path), of(&copy)).unwrap();
        }
    }
    let connection = Connection::open(&copy).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE name = 'attempts'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    if tables == 0 {
        return None;
    }
    let mut statement = connection
        .prepare(
            "SELECT id, workspace_id, turn_key, request_id, round, begun_ms, answered_ms, answer, \
             outcome FROM attempts ORDER BY id",
        )
        .unwrap();
    let attempts = statement.query_map([], attempt).unwrap();
    Some(attempts.map(Result::unwrap).collect())
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let answer: Option<String> = row.get(7)?;
    let kind = answer.map(|text| {
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        answer["kind"].as_str().unwrap().to_owned()
    });
    Ok(Attempt {
        id: row.get(0)?,
        workspace: row.get(1)?,
        turn_key: row.get(2)?,
        request_id: row.get(3)?,
        round: row.get(4)?,
        begun_ms: row.get(5)?,
        answered_ms: row.get(6)?,
        answer: kind,
        outcome: row.get(8)?,
    })
}

/// Fails where something that was recorded is not there any more, or is another.
pub(crate) fn keeps(before: &[Attempt], after: &[Attempt]) {
    assert!(before.len() <= after.len(), "attempts were lost");
    for (old, new) in before.iter().zip(after) {
        let named = |a: &Attempt| {
            (
                a.id,
                a.workspace.clone(),
                a.turn_key.clone(),
                a.request_id.clone(),
                a.round,
                a.begun_ms,
            )
        };
        assert_eq!(named(old), named(new));
        let kept = old.answer.is_none()
            || (&old.answer, old.answered_ms) == (&new.answer, new.answered_ms);
        let ended = old.outcome.is_none() || old.outcome == new.outcome;
        assert!(kept && ended, "{old:?} became {new:?}");
    }
}
