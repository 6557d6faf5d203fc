//! The history: every request, who asked for it, and what came of it.

use serde::Serialize;

use super::Ledger;
use super::database::{Row, Value};
use super::fault::Fault;
use super::value::from_word;
use crate::checkpoint::Outcome;
use crate::error::Error;
use crate::when;

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When the request was begun: RFC 3339.
    pub at: String,
    /// The same, epoch milliseconds.
    pub at_ms: i64,
    /// The platform.
    pub platform: String,
    /// The workspace.
    pub workspace_id: String,
    /// Its name.
    pub workspace_name: Option<String>,
    /// What names the turn.
    pub turn: String,
    /// The request's id.
    pub request_id: String,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// `POST http://…`.
    pub request: String,
    /// What was answered; null when that was never recorded.
    pub answer: Option<String>,
    /// How it ended; null when that was never recorded.
    pub outcome: Option<Outcome>,
    /// Why so, in words.
    pub why: Option<String>,
    /// The turn's age before, milliseconds.
    pub age_ms: Option<i64>,
    /// From the request to the end, milliseconds.
    pub took_ms: Option<i64>,
}

impl Ledger {
    /// The history, newest first. A workspace is its id, the beginning of it, or its name; none
    /// means all.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn history(
        &self,
        workspaces: &[String],
        since_ms: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        let mut sql = "SELECT id, begun_ms, platform, workspace_id, workspace_name, turn_key, \
                         request_id, who, reason, request, says, outcome, why, turn_before, ended_ms \
                       FROM attempts WHERE begun_ms >= $1"
            .to_owned();
        let mut values = vec![Value::from(since_ms.unwrap_or(i64::MIN))];
        let mut any = Vec::new();
        for workspace in workspaces {
            values.push(workspace.into());
            let n = values.len();
            any.push(format!(
                "workspace_name = ${n} OR substr(workspace_id, 1, length(${n})) = ${n}"
            ));
        }
        if !any.is_empty() {
            sql = format!("{sql} AND ({})", any.join(" OR "));
        }
        values.push(limit.into());
        let n = values.len();
        sql = format!("{sql} ORDER BY begun_ms DESC, id DESC LIMIT ${n}");
        self.read(|database| {
            let rows = database.query(&sql, values)?;
            rows.iter().map(entry).collect()
        })
    }
}

fn entry(row: &Row) -> Result<Entry, Fault> {
    let at_ms: i64 = row.get(1)?;
    let before: String = row.get(13)?;
    // What an earlier version wrote may be without it.
    let before: Option<serde_json::Value> = serde_json::from_str(&before).ok();
    let ended_ms: Option<i64> = row.get(14)?;
    Ok(Entry {
        id: row.get(0)?,
        at: when::utc(at_ms),
        at_ms,
        platform: row.get(2)?,
        workspace_id: row.get(3)?,
        workspace_name: row.get(4)?,
        turn: row.get(5)?,
        request_id: row.get(6)?,
        who: row.get(7)?,
        reason: row.get(8)?,
        request: row.get(9)?,
        answer: row.get(10)?,
        outcome: from_word(row, 11)?,
        why: row.get(12)?,
        age_ms: before.and_then(|turn| turn.get("age_ms")?.as_i64()),
        took_ms: ended_ms.map(|ended| ended.saturating_sub(at_ms)),
    })
}
