//! Claims: a turn is claimed before a request, so that replicas share the work and none doubles it.
//! The ledger's clock decides, and nobody else's.

use std::collections::BTreeMap;

use super::Ledger;
use super::attempts::{self, NewAttempt};
use super::database::{Database, TURNS, Value, for_turns, one, places, stored};
use super::fault::Fault;
use crate::checkpoint::Attempt;
use crate::error::Error;

const HOUR_MS: i64 = 3_600_000;
/// The longest lease, milliseconds. What is claimed for more than twice as long was claimed by a wrong clock.
pub const LEASE_MAX_MS: i64 = HOUR_MS;

/// The requests of an hour.
const SENT: &str = "FROM attempts WHERE platform = $1 AND ledger_ms > $2 AND ledger_ms <= $3 \
                    AND (outcome IS NULL OR outcome <> 'not-sent')";

/// Who claims turns, and what it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The replica: a word that no other has, and that it does not share with what it was before a
    /// restart.
    pub owner: String,
    /// For how long a turn is claimed, milliseconds; an hour at most.
    pub lease_ms: i64,
    /// How many requests may be begun in any hour on one platform, all replicas together.
    pub per_hour: Option<u32>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// It is written. The attempt's number; for claims given back or renewed, how many.
    Done(i64),
    /// Not begun: another replica has claimed the turn.
    Held {
        /// Which one.
        owner: String,
        /// For how long yet, milliseconds, unless it renews it.
        for_ms: i64,
    },
    /// Not begun: there are other attempts than the caller knows. The turn is claimed.
    Changed(Vec<Attempt>),
    /// Not begun: the requests of the hour are used up.
    Spent {
        /// In how many milliseconds the next may be begun.
        again_ms: i64,
    },
}

/// A claim that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The workspace.
    pub workspace_id: String,
    /// What names the turn.
    pub turn_key: String,
    /// The replica.
    pub owner: String,
    /// For how long yet, milliseconds.
    pub left_ms: i64,
}

impl Ledger {
    /// The claims on a platform that hold now, by workspace and turn.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn claims(&self, platform: &str) -> Result<Vec<Claim>, Error> {
        self.read(|database| {
            let now_ms = database.now_ms()?;
            let sql = "SELECT workspace_id, turn_key, owner, until_ms FROM claims \
                       WHERE platform = $1 AND until_ms > $2 ORDER BY workspace_id, turn_key";
            let rows = database.query(sql, vec![platform.into(), now_ms.into()])?;
            let claims = rows.iter().map(|row| {
                Ok(Claim {
                    workspace_id: row.get(0)?,
                    turn_key: row.get(1)?,
                    owner: row.get(2)?,
                    left_ms: row.get::<i64>(3)? - now_ms,
                })
            });
            claims.collect()
        })
    }
}

/// What a claimant does in one change.
pub(super) struct Agreement<'a> {
    database: &'a Database,
    claimant: &'a Claimant,
    lease_ms: i64,
    now_ms: i64,
    /// Requests left in the hour, by platform.
    left: BTreeMap<String, usize>,
}

impl<'a> Agreement<'a> {
    pub(super) fn new(
        database: &'a Database,
        claimant: &'a Claimant,
        now_ms: i64,
    ) -> Result<Self, Fault> {
        let wrong = now_ms.saturating_add(2 * LEASE_MAX_MS);
        database.execute(
            "DELETE FROM claims WHERE until_ms <= $1 OR until_ms > $2",
            vec![now_ms.into(), wrong.into()],
        )?;
        Ok(Self {
            database,
            claimant,
            lease_ms: claimant.lease_ms.clamp(1, LEASE_MAX_MS),
            now_ms,
            left: BTreeMap::new(),
        })
    }

    /// Claims turns of one platform, none twice, and begins what nothing is in the way of.
    pub(super) fn begun(&mut self, attempts: &[&NewAttempt]) -> Result<Vec<Recorded>, Fault> {
        let Some(first) = attempts.first() else {
            return Ok(Vec::new());
        };
        let platform = first.platform.as_str();
        let mut all = Vec::with_capacity(attempts.len());
        while all.len() < attempts.len() {
            let rest = &attempts[all.len()..];
            let left = self.left(platform)?.min(rest.len());
            if left == 0 {
                let again_ms = self.again_ms(platform)?;
                all.extend(rest.iter().map(|_| Recorded::Spent { again_ms }));
                break;
            }
            // What is not begun of these leaves room for others.
            all.extend(self.claimed(platform, &rest[..left])?);
        }
        Ok(all)
    }

    /// The same as long as the hour's requests suffice for all.
    fn claimed(
        &mut self,
        platform: &str,
        attempts: &[&NewAttempt],
    ) -> Result<Vec<Recorded>, Fault> {
        let turns: Vec<_> = attempts.iter().map(|attempt| turn(attempt)).collect();
        let mut held = self.held(platform, &turns)?;
        let free = |turn: &&(&str, &str)| !held.contains_key(&owned(turn));
        let mine: Vec<_> = turns.iter().filter(free).copied().collect();
        let mut known = attempts::of_turns(self.database, platform, &mine)?;
        let mut begins = Vec::new();
        let mut all = Vec::new();
        for attempt in attempts {
            let key = owned(&turn(attempt));
            let known = known.remove(&key).unwrap_or_default();
            all.push(match held.remove(&key) {
                Some(held) => held,
                None if known.len() != attempt.known => Recorded::Changed(known),
                None => {
                    begins.push(*attempt);
                    // Its number is given below.
                    Recorded::Done(0)
                }
            });
        }
        let mut ids = attempts::begun(self.database, &begins, self.now_ms)?.into_iter();
        for did in &mut all {
            if let Recorded::Done(number) = did {
                let none = || Fault::Unexpected("too few numbers were given".to_owned());
                *number = ids.next().ok_or_else(none)?;
            }
        }
        if let Some(left) = self.left.get_mut(platform) {
            *left = left.saturating_sub(begins.len());
        }
        Ok(all)
    }

    /// How many requests are left in the hour.
    fn left(&mut self, platform: &str) -> Result<usize, Fault> {
        let Some(per_hour) = self.claimant.per_hour else {
            return Ok(usize::MAX);
        };
        if let Some(left) = self.left.get(platform) {
            return Ok(*left);
        }
        let sql = format!("SELECT count(*) {SENT}");
        let rows = self.database.query(&sql, self.hour(platform))?;
        let left = i64::from(per_hour) - one(&rows)?.get::<i64>(0)?;
        let left = usize::try_from(left).unwrap_or(0);
        self.left.insert(platform.to_owned(), left);
        Ok(left)
    }

    /// In how many milliseconds there is another one in the hour: when the oldest of as many as are
    /// allowed is an hour old.
    fn again_ms(&self, platform: &str) -> Result<i64, Fault> {
        let newer = self.claimant.per_hour.and_then(|n| n.checked_sub(1));
        let Some(newer) = newer else {
            return Ok(HOUR_MS);
        };
        let sql = format!("SELECT ledger_ms {SENT} ORDER BY ledger_ms DESC LIMIT 1 OFFSET $4");
        let mut values = self.hour(platform);
        values.push(newer.into());
        let oldest: i64 = one(&self.database.query(&sql, values)?)?.get(0)?;
        Ok((oldest + HOUR_MS - self.now_ms).clamp(1, HOUR_MS))
    }

    /// What is further ahead was begun by a wrong clock, and must not stop everything for years.
    fn hour(&self, platform: &str) -> Vec<Value> {
        vec![
            platform.into(),
            (self.now_ms - HOUR_MS).into(),
            (self.now_ms + HOUR_MS).into(),
        ]
    }

    /// Claims turns; returns those that another has. What has run out was forgotten before.
    fn held(
        &self,
        platform: &str,
        turns: &[(&str, &str)],
    ) -> Result<BTreeMap<(String, String), Recorded>, Fault> {
        let mut values: Vec<Value> = Vec::with_capacity(5 * turns.len());
        for (workspace_id, turn_key) in turns {
            values.extend::<[Value; 5]>([
                platform.into(),
                (*workspace_id).into(),
                (*turn_key).into(),
                (&self.claimant.owner).into(),
                (self.now_ms + self.lease_ms).into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO claims (platform, workspace_id, turn_key, owner, until_ms) VALUES {} \
             ON CONFLICT (platform, workspace_id, turn_key) DO UPDATE SET \
               until_ms = excluded.until_ms WHERE claims.owner = excluded.owner",
            places(1, turns.len(), 5)
        );
        let mut held = BTreeMap::new();
        let claimed = self.database.execute(&sql, values)?;
        if claimed == turns.len() as u64 {
            return Ok(held);
        }
        let sql = "SELECT workspace_id, turn_key, owner, until_ms FROM claims \
                   WHERE platform = $1 AND owner <> $2";
        for turns in turns.chunks(TURNS) {
            let mut values = vec![platform.into(), (&self.claimant.owner).into()];
            for (workspace_id, turn_key) in turns {
                values.extend::<[Value; 2]>([(*workspace_id).into(), (*turn_key).into()]);
            }
            let sql = for_turns(sql, 3, turns.len());
            for row in self.database.query(&sql, values)? {
                let by = Recorded::Held {
                    owner: row.get(2)?,
                    for_ms: row.get::<i64>(3)? - self.now_ms,
                };
                held.insert((row.get(0)?, row.get(1)?), by);
            }
        }
        Ok(held)
    }

    /// Gives a claim back.
    pub(super) fn released(
        &self,
        platform: &str,
        workspace_id: &str,
        turn_key: &str,
    ) -> Result<Recorded, Fault> {
        let released = self.database.execute(
            "DELETE FROM claims \
             WHERE platform = $1 AND workspace_id = $2 AND turn_key = $3 AND owner = $4",
            vec![
                platform.into(),
                workspace_id.into(),
                turn_key.into(),
                (&self.claimant.owner).into(),
            ],
        )?;
        Ok(Recorded::Done(i64::try_from(released).unwrap_or(i64::MAX)))
    }

    /// Prolongs the claims that still hold.
    pub(super) fn renewed(&self) -> Result<Recorded, Fault> {
        let renewed = self.database.execute(
            "UPDATE claims SET until_ms = $1 WHERE owner = $2",
            vec![
                (self.now_ms + self.lease_ms).into(),
                (&self.claimant.owner).into(),
            ],
        )?;
        Ok(Recorded::Done(i64::try_from(renewed).unwrap_or(i64::MAX)))
    }
}

fn turn(attempt: &NewAttempt) -> (&str, &str) {
    (&attempt.workspace_id, &attempt.turn_key)
}

/// The turn as the ledger has it.
fn owned((workspace_id, turn_key): &(&str, &str)) -> (String, String) {
    (
        stored(workspace_id).into_owned(),
        stored(turn_key).into_owned(),
    )
}
