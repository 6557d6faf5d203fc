//! Attempts: every request, recorded before it is sent.

use std::collections::BTreeMap;

use super::Ledger;
use super::database::{Database, ROWS, Row, TURNS, Value, for_turns, places};
use super::fault::Fault;
use super::value::{from_json, json, word};
use crate::checkpoint::{Answer, Attempt, Outcome};
use crate::error::Error;
use crate::secrets::without_bearers;

/// A request about to be sent: recorded before, so that a crash cannot lose it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAttempt {
    /// The platform's address.
    pub platform: String,
    /// The workspace.
    pub workspace_id: String,
    /// Its name.
    pub workspace_name: Option<String>,
    /// What names the turn: its id, else the key of its spell.
    pub turn_key: String,
    /// The request's id.
    pub request_id: String,
    /// The request's round.
    pub round: u32,
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// Who: `user@host`.
    pub who: String,
    /// Why: `native_session_ceiling`, `operator`, and the operator's words.
    pub reason: String,
    /// `POST http://…`.
    pub request: String,
    /// Whether it is a restart.
    pub restart: bool,
    /// The turn as judged before, JSON.
    pub before: serde_json::Value,
    /// How many attempts of the turn the caller knows, as [`Ledger::attempts`] counts them. Looked at
    /// when the turn is claimed.
    pub known: usize,
}

impl Ledger {
    /// The requests for one turn, oldest first. One that was begun and is recorded as not sent was none.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempts(
        &self,
        platform: &str,
        workspace_id: &str,
        turn_key: &str,
    ) -> Result<Vec<Attempt>, Error> {
        let turns = [(workspace_id, turn_key)];
        let all = self.read(|database| of_turns(database, platform, &turns))?;
        Ok(all.into_values().next().unwrap_or_default())
    }

    /// The same for many turns at once, each a workspace and what names the turn. Only those with
    /// attempts are in the answer.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempts_of(
        &self,
        platform: &str,
        turns: &[(&str, &str)],
    ) -> Result<BTreeMap<(String, String), Vec<Attempt>>, Error> {
        self.read(|database| of_turns(database, platform, turns))
    }

    /// Records a request about to be sent; durable when it returns. Returns its number.
    ///
    /// # Errors
    /// When the ledger cannot be written: then nothing may be sent.
    pub fn begin(&mut self, attempt: &NewAttempt) -> Result<i64, Error> {
        self.change(|database| {
            let ids = begun(database, &[attempt], database.now_ms()?)?;
            let none = || Fault::Unexpected("no number was given".to_owned());
            ids.first().copied().ok_or_else(none)
        })
    }

    /// Records what was answered.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn answered(
        &mut self,
        id: i64,
        at_ms: i64,
        answer: &Answer,
        says: &str,
    ) -> Result<(), Error> {
        self.change(|database| answered(database, &[self::answer(id, at_ms, answer, says)?]))
    }

    /// Records how it ended, and the turn as seen after (JSON).
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn ended(
        &mut self,
        id: i64,
        at_ms: i64,
        outcome: Outcome,
        why: &str,
        after: &serde_json::Value,
    ) -> Result<(), Error> {
        self.change(|database| ended(database, &[end(id, at_ms, outcome, why, after)?]))
    }
}

/// Attempts by turn, each a workspace and what names the turn, oldest first.
pub(super) type ByTurn = BTreeMap<(String, String), Vec<Attempt>>;

pub(super) fn of_turns(
    database: &Database,
    platform: &str,
    turns: &[(&str, &str)],
) -> Result<ByTurn, Fault> {
    let mut all = ByTurn::new();
    for turns in turns.chunks(TURNS) {
        let sql = "SELECT request_id, round, begun_ms, answered_ms, answer, restart, \
                          workspace_id, turn_key, id \
                   FROM attempts WHERE platform = $1 \
                     AND (outcome IS NULL OR outcome <> 'not-sent')";
        let sql = format!("{} ORDER BY id", for_turns(sql, 2, turns.len()));
        let mut values = vec![platform.into()];
        for (workspace_id, turn_key) in turns {
            values.extend::<[Value; 2]>([(*workspace_id).into(), (*turn_key).into()]);
        }
        for row in database.query(&sql, values)? {
            let turn = (row.get(6)?, row.get(7)?);
            all.entry(turn).or_default().push(attempt(&row)?);
        }
    }
    Ok(all)
}

fn attempt(row: &Row) -> Result<Attempt, Fault> {
    let answered_ms: Option<i64> = row.get(3)?;
    Ok(Attempt {
        request_id: row.get(0)?,
        round: row.get(1)?,
        at_ms: row.get(2)?,
        answer: from_json(row, 4)?.zip(answered_ms),
        restart: row.get(5)?,
    })
}

/// Writes requests about to be sent, each for another turn of one platform; returns their numbers.
pub(super) fn begun(
    database: &Database,
    attempts: &[&NewAttempt],
    now_ms: i64,
) -> Result<Vec<i64>, Fault> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = Vec::with_capacity(13 * attempts.len());
    for attempt in attempts {
        values.extend::<[Value; 13]>([
            (&attempt.platform).into(),
            (&attempt.workspace_id).into(),
            (&attempt.workspace_name).into(),
            (&attempt.turn_key).into(),
            (&attempt.request_id).into(),
            attempt.round.into(),
            attempt.at_ms.into(),
            (&attempt.who).into(),
            (&*without_bearers(&attempt.reason)).into(),
            (&*without_bearers(&attempt.request)).into(),
            attempt.restart.into(),
            (&*without_bearers(&json(&attempt.before)?)).into(),
            now_ms.into(),
        ]);
    }
    let sql = format!(
        "INSERT INTO attempts (platform, workspace_id, workspace_name, turn_key, request_id, round, \
           begun_ms, who, reason, request, restart, turn_before, ledger_ms) \
         VALUES {} RETURNING id",
        places(1, attempts.len(), 13)
    );
    let mut ids = Vec::with_capacity(attempts.len());
    for row in database.query(&sql, values)? {
        ids.push(row.get(0)?);
    }
    // Numbers are given in the order of the rows, and may be told in another.
    ids.sort_unstable();
    Ok(ids)
}

/// What an update writes about one attempt: its number, the instant, and texts.
pub(super) type Update = (i64, i64, Vec<String>);

/// What was answered.
pub(super) fn answer(id: i64, at_ms: i64, answer: &Answer, says: &str) -> Result<Update, Fault> {
    Ok((
        id,
        at_ms,
        vec![json(answer)?, without_bearers(says).into_owned()],
    ))
}

/// How it ended.
pub(super) fn end(
    id: i64,
    at_ms: i64,
    outcome: Outcome,
    why: &str,
    after: &serde_json::Value,
) -> Result<Update, Fault> {
    let after = without_bearers(&json(after)?).into_owned();
    Ok((
        id,
        at_ms,
        vec![word(outcome), without_bearers(why).into_owned(), after],
    ))
}

/// Writes what was answered.
pub(super) fn answered(database: &Database, updates: &[Update]) -> Result<(), Fault> {
    update(database, &["answered_ms", "answer", "says"], updates)
}

/// Writes how attempts ended.
pub(super) fn ended(database: &Database, updates: &[Update]) -> Result<(), Fault> {
    let columns = ["ended_ms", "outcome", "why", "turn_after"];
    update(database, &columns, updates)
}

/// Writes an instant and texts of attempts. Of what is said twice the last counts.
fn update(database: &Database, columns: &[&str], updates: &[Update]) -> Result<(), Fault> {
    let last: BTreeMap<i64, &Update> = updates.iter().map(|update| (update.0, update)).collect();
    let updates: Vec<_> = last.into_values().collect();
    for updates in updates.chunks(ROWS) {
        let mut rows = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        for (id, at_ms, texts) in updates {
            let n = values.len();
            let mut row = vec![
                format!("CAST(${} AS BIGINT)", n + 1),
                format!("CAST(${} AS BIGINT)", n + 2),
            ];
            row.extend((0..texts.len()).map(|text| format!("${}", n + 3 + text)));
            rows.push(format!("({})", row.join(", ")));
            values.extend([(*id).into(), (*at_ms).into()]);
            values.extend(texts.iter().map(Value::from));
        }
        let set = columns.iter().enumerate();
        let set: Vec<_> = set
            .map(|(n, name)| format!("{name} = said.column{}", n + 2))
            .collect();
        let sql = format!(
            "UPDATE attempts SET {} FROM (VALUES {}) AS said WHERE attempts.id = said.column1",
            set.join(", "),
            rows.join(", ")
        );
        // What is recorded of an attempt that is not there would be lost.
        if database.execute(&sql, values)? != updates.len() as u64 {
            let ids: Vec<_> = updates.iter().map(|(id, ..)| id.to_string()).collect();
            let ids = ids.join(", ");
            return Err(Fault::Unexpected(format!(
                "there is no attempt {ids}, or not all"
            )));
        }
    }
    Ok(())
}
