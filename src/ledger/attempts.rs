//! Attempts: every request, recorded before it is sent.

use rusqlite::{Statement, Transaction, params};

use super::Ledger;
use super::value::{from_json, json, without_tokens, word};
use crate::checkpoint::{Answer, Attempt, Outcome};
use crate::error::Error;

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
}

/// One thing to record. Several are recorded together by [`Ledger::record`].
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// See [`Ledger::begin`].
    Begun(Box<NewAttempt>),
    /// See [`Ledger::answered`].
    Answered {
        /// The attempt's number.
        id: i64,
        /// When, epoch milliseconds.
        at_ms: i64,
        /// By the contract.
        answer: Answer,
        /// In words.
        says: String,
    },
    /// See [`Ledger::ended`].
    Ended {
        /// The attempt's number.
        id: i64,
        /// When, epoch milliseconds.
        at_ms: i64,
        /// How it ended for the turn.
        outcome: Outcome,
        /// Why, in words.
        why: String,
        /// The turn as seen after, JSON.
        after: serde_json::Value,
    },
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
        self.read(|connection| {
            let sql = "SELECT request_id, round, begun_ms, answered_ms, answer, restart \
                       FROM attempts \
                       WHERE platform = ?1 AND workspace_id = ?2 AND turn_key = ?3 \
                         AND (outcome IS NULL OR outcome <> 'not-sent') ORDER BY id";
            // Asked once per turn that is to be freed.
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([platform, workspace_id, turn_key], |row| {
                let at_ms: Option<i64> = row.get(3)?;
                Ok(Attempt {
                    request_id: row.get(0)?,
                    round: row.get(1)?,
                    at_ms: row.get(2)?,
                    answer: from_json(row, 4)?.zip(at_ms),
                    restart: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Records a request about to be sent; durable when it returns. Returns its number.
    ///
    /// # Errors
    /// When the ledger cannot be written: then nothing may be sent.
    pub fn begin(&mut self, attempt: &NewAttempt) -> Result<i64, Error> {
        self.change(|transaction| Writer::new(transaction)?.begun(attempt))
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
        self.change(|transaction| Writer::new(transaction)?.answered(id, at_ms, answer, says))
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
        self.change(|transaction| Writer::new(transaction)?.ended(id, at_ms, outcome, why, after))
    }

    /// Records several things together, in their order: all or none. Durable when it returns.
    /// Returns the number of the attempt that each is about.
    ///
    /// # Errors
    /// When the ledger cannot be written: then none of the requests may be sent.
    pub fn record(&mut self, records: &[Record]) -> Result<Vec<i64>, Error> {
        self.change(|transaction| {
            let mut write = Writer::new(transaction)?;
            records.iter().map(|record| write.record(record)).collect()
        })
    }
}

/// The statements of one transaction.
struct Writer<'a> {
    begun: Statement<'a>,
    answered: Statement<'a>,
    ended: Statement<'a>,
}

impl<'a> Writer<'a> {
    fn new(transaction: &'a Transaction<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            begun: transaction.prepare(
                "INSERT INTO attempts (platform, workspace_id, workspace_name, turn_key, \
                   request_id, round, begun_ms, who, reason, request, restart, turn_before) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id",
            )?,
            answered: transaction.prepare(
                "UPDATE attempts SET answered_ms = ?2, answer = ?3, says = ?4 WHERE id = ?1",
            )?,
            ended: transaction.prepare(
                "UPDATE attempts SET ended_ms = ?2, outcome = ?3, why = ?4, turn_after = ?5 \
                 WHERE id = ?1",
            )?,
        })
    }

    fn record(&mut self, record: &Record) -> rusqlite::Result<i64> {
        match record {
            Record::Begun(attempt) => self.begun(attempt),
            Record::Answered {
                id,
                at_ms,
                answer,
                says,
            } => self.answered(*id, *at_ms, answer, says).map(|()| *id),
            Record::Ended {
                id,
                at_ms,
                outcome,
                why,
                after,
            } => self.ended(*id, *at_ms, *outcome, why, after).map(|()| *id),
        }
    }

    fn begun(&mut self, attempt: &NewAttempt) -> rusqlite::Result<i64> {
        self.begun.query_row(
            params![
                attempt.platform,
                attempt.workspace_id,
                attempt.workspace_name,
                attempt.turn_key,
                attempt.request_id,
                attempt.round,
                attempt.at_ms,
                attempt.who,
                without_tokens(&attempt.reason),
                without_tokens(&attempt.request),
                attempt.restart,
                without_tokens(&json(&attempt.before)?),
            ],
            |row| row.get(0),
        )
    }

    fn answered(
        &mut self,
        id: i64,
        at_ms: i64,
        answer: &Answer,
        says: &str,
    ) -> rusqlite::Result<()> {
        let answer = json(answer)?;
        one(self
            .answered
            .execute(params![id, at_ms, answer, without_tokens(says)])?)
    }

    fn ended(
        &mut self,
        id: i64,
        at_ms: i64,
        outcome: Outcome,
        why: &str,
        after: &serde_json::Value,
    ) -> rusqlite::Result<()> {
        let after = without_tokens(&json(after)?);
        let outcome = word(outcome)?;
        one(self
            .ended
            .execute(params![id, at_ms, outcome, without_tokens(why), after])?)
    }
}

/// What is recorded of an attempt that is not there would be lost.
fn one(changed: usize) -> rusqlite::Result<()> {
    match changed {
        1 => Ok(()),
        n => Err(rusqlite::Error::StatementChangedRows(n)),
    }
}
