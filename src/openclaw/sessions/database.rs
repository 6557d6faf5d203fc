//! `openclaw-agent.sqlite`: a table of rows, read without locking it.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::row::Entry;
use super::{Sessions, Store};
use crate::env::Env;
use crate::error::Problem;
use crate::openclaw::{history, snapshot};

/// What a database has in place of session rows.
enum Found {
    /// The rows: key and entry, as text.
    Rows(Vec<(String, String)>),
    /// No such table: this version keeps sessions elsewhere.
    NoTable,
    /// The table has another shape.
    Other,
}

/// Adds the rows of an agent's database; `None` when it keeps no sessions.
pub(super) fn read(path: &Path, env: &Env, into: &mut Sessions) -> Option<Store> {
    let name = path.display().to_string();
    let at: Arc<str> = Arc::from(name.as_str());
    let rows = match snapshot::read(path, env, rows) {
        Ok(Found::Rows(rows)) => rows,
        Ok(Found::NoTable) => return None,
        Ok(Found::Other) => {
            let what = "its table session_nodes has no columns session_key and entry_json: \
                        the sessions of another version cannot be read";
            into.problems.add(Problem::new(name, what));
            return Some(Store::Unreadable { at });
        }
        Err(error) => {
            into.problems.unreadable(error);
            return Some(Store::Unreadable { at });
        }
    };
    into.read.push(path.to_owned());
    for (n, (key, entry)) in rows.iter().enumerate() {
        // A text that is no JSON is one odd row, and says nothing about the others.
        let entry = serde_json::from_str(entry).unwrap_or(Entry::Other("no JSON"));
        into.add(key, entry, n + 1, &at);
    }
    Some(Store::Read { at })
}

fn rows(store: &Connection) -> rusqlite::Result<Found> {
    if !history::has_table(store, "session_nodes")? {
        return Ok(Found::NoTable);
    }
    let columns = history::columns(store, "session_nodes")?;
    let has = |name: &str| columns.iter().any(|c| c == name);
    if !has("session_key") || !has("entry_json") {
        return Ok(Found::Other);
    }
    let mut query =
        store.prepare("SELECT session_key, entry_json FROM session_nodes ORDER BY session_key")?;
    let mut found = query.query([])?;
    let mut out = Vec::new();
    while let Some(row) = found.next()? {
        let text = |i| -> rusqlite::Result<String> {
            Ok(match row.get_ref(i)? {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                _ => String::new(),
            })
        };
        out.push((text(0)?, text(1)?));
    }
    Ok(Found::Rows(out))
}
