//! Records: many things written together, in few statements, as a server is far away.

use std::collections::BTreeSet;

use super::Ledger;
use super::attempts::{self, NewAttempt};
use super::claims::{Agreement, Claimant, Recorded};
use super::database::{Database, ROWS, stored};
use super::fault::Fault;
use crate::checkpoint::{Answer, Outcome};
use crate::error::Error;

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
    /// The claimant is done with a turn: its claim is given back, if it still has it.
    Released {
        /// The platform's address.
        platform: String,
        /// The workspace.
        workspace_id: String,
        /// What names the turn.
        turn_key: String,
    },
    /// The claimant is still there: all its claims that have not run out are prolonged.
    Renewed,
}

impl Ledger {
    /// Records several things together: all or none, answers and ends first. Durable when it returns.
    /// Returns what became of each.
    ///
    /// With a claimant, a request is begun only when its turn could be claimed, no attempt was made
    /// that the caller does not know, and the hour's requests are not used up. Without one it always
    /// is. The same answer or end may be recorded again, as after an error that leaves open whether
    /// it was written.
    ///
    /// # Errors
    /// When the ledger cannot be written: then none of the requests may be sent. Whether they are
    /// recorded is not known when the database was lost in the middle.
    pub fn record(
        &mut self,
        claimant: Option<&Claimant>,
        records: &[Record],
    ) -> Result<Vec<Recorded>, Error> {
        self.change(|database| write(database, claimant, records))
    }
}

fn write(
    database: &Database,
    claimant: Option<&Claimant>,
    records: &[Record],
) -> Result<Vec<Recorded>, Fault> {
    let now_ms = database.now_ms()?;
    updates(database, records)?;
    let agreement = claimant.map(|claimant| Agreement::new(database, claimant, now_ms));
    let mut agreement = agreement.transpose()?;
    let mut all = Vec::with_capacity(records.len());
    let mut rest = records;
    while let Some(record) = rest.first() {
        let begins = begins(rest);
        rest = &rest[begins.len().max(1)..];
        all.push(match (record, &mut agreement) {
            (Record::Begun(_), Some(agreement)) => {
                all.extend(agreement.begun(&begins)?);
                continue;
            }
            (Record::Begun(_), None) => {
                let ids = attempts::begun(database, &begins, now_ms)?;
                all.extend(ids.into_iter().map(Recorded::Done));
                continue;
            }
            (Record::Answered { id, .. } | Record::Ended { id, .. }, _) => Recorded::Done(*id),
            (
                Record::Released {
                    platform,
                    workspace_id,
                    turn_key,
                },
                Some(agreement),
            ) => agreement.released(platform, workspace_id, turn_key)?,
            (Record::Renewed, Some(agreement)) => agreement.renewed()?,
            // Who claims nothing has nothing to give back.
            (Record::Released { .. } | Record::Renewed, None) => Recorded::Done(0),
        });
    }
    Ok(all)
}

/// Writes the answers and the ends.
fn updates(database: &Database, records: &[Record]) -> Result<(), Fault> {
    let (mut answers, mut ends) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Answered {
                id,
                at_ms,
                answer,
                says,
            } => answers.push(attempts::answer(*id, *at_ms, answer, says)?),
            Record::Ended {
                id,
                at_ms,
                outcome,
                why,
                after,
            } => ends.push(attempts::end(*id, *at_ms, *outcome, why, after)?),
            _ => {}
        }
    }
    attempts::answered(database, &answers)?;
    attempts::ended(database, &ends)
}

/// The requests at the beginning that can be begun together: of one platform, no turn twice.
fn begins(records: &[Record]) -> Vec<&NewAttempt> {
    let mut turns = BTreeSet::new();
    let mut platform = None;
    let begun = records.iter().map_while(|record| match record {
        Record::Begun(attempt) => Some(&**attempt),
        _ => None,
    });
    begun
        .take(ROWS)
        .take_while(|attempt| {
            *platform.get_or_insert(&attempt.platform) == &attempt.platform
                && turns.insert((stored(&attempt.workspace_id), stored(&attempt.turn_key)))
        })
        .collect()
}
