//! Spells: what was seen busy, since when, by whom. Ended ones are kept for thirty days.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Statement, Transaction, params};

use super::Ledger;
use super::value::{from_word, word};
use crate::clock;
use crate::error::Error;
use crate::turn::{Sighting, Spell, Witness, fold};

/// For how long what is over is kept, milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 86_400_000;

/// A spell and the looks that it rests on.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    spell: Spell,
    sightings: i64,
    sighted_ms: i64,
    sighted_by: Witness,
}

impl Ledger {
    /// The spells of a platform by workspace.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn spells(&self, platform: &str) -> Result<BTreeMap<String, Spell>, Error> {
        let kept = self.read(|connection| kept(connection, platform))?;
        Ok(spells(kept))
    }

    /// Adds sightings in one transaction; returns the spells that hold now. The same sighting twice
    /// changes nothing.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn observe(
        &mut self,
        platform: &str,
        sightings: &[Sighting],
    ) -> Result<BTreeMap<String, Spell>, Error> {
        if sightings.is_empty() {
            return self.spells(platform);
        }
        self.change(|transaction| {
            let mut all = kept(transaction, platform)?;
            let mut write = Writer::new(transaction, platform)?;
            for sighting in sightings {
                write.sighting(&mut all, sighting)?;
            }
            drop(write);
            let newest = sightings.iter().map(|s| s.at_ms).max();
            prune(transaction, newest.unwrap_or(i64::MIN))?;
            Ok(spells(all))
        })
    }
}

fn spells(kept: BTreeMap<String, Kept>) -> BTreeMap<String, Spell> {
    kept.into_iter()
        .map(|(id, kept)| (id, kept.spell))
        .collect()
}

fn kept(connection: &Connection, platform: &str) -> rusqlite::Result<BTreeMap<String, Kept>> {
    let sql = "SELECT workspace_id, turn_id, first_seen_ms, last_seen_ms, started_ms, started_by, \
                      idle_since_ms, idle_before_ms, current_task, sightings, sighted_ms, sighted_by \
               FROM spells WHERE platform = ?1";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([platform], |row| {
        let kept = one(row)?;
        Ok((kept.spell.workspace_id.clone(), kept))
    })?;
    rows.collect()
}

fn one(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        spell: Spell {
            workspace_id: row.get(0)?,
            turn_id: row.get(1)?,
            first_seen_ms: row.get(2)?,
            last_seen_ms: row.get(3)?,
            started_ms: row.get(4)?,
            started_by: from_word(row, 5)?,
            idle_since_ms: row.get(6)?,
            idle_before_ms: row.get(7)?,
            current_task: row.get(8)?,
        },
        sightings: row.get(9)?,
        sighted_ms: row.get(10)?,
        sighted_by: from_word(row, 11)?.unwrap_or(Witness::Poll),
    })
}

/// The statements of one transaction.
struct Writer<'a> {
    platform: &'a str,
    put: Statement<'a>,
    remove: Statement<'a>,
    bury: Statement<'a>,
    idle: Statement<'a>,
}

impl<'a> Writer<'a> {
    fn new(transaction: &'a Transaction<'_>, platform: &'a str) -> rusqlite::Result<Self> {
        Ok(Self {
            platform,
            put: transaction.prepare(
                "INSERT INTO spells (platform, workspace_id, turn_id, first_seen_ms, last_seen_ms, \
                   started_ms, started_by, idle_since_ms, idle_before_ms, current_task, sightings, \
                   sighted_ms, sighted_by) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
                 ON CONFLICT (platform, workspace_id) DO UPDATE SET \
                   turn_id = excluded.turn_id, first_seen_ms = excluded.first_seen_ms, \
                   last_seen_ms = excluded.last_seen_ms, started_ms = excluded.started_ms, \
                   started_by = excluded.started_by, idle_since_ms = excluded.idle_since_ms, \
                   idle_before_ms = excluded.idle_before_ms, current_task = excluded.current_task, sightings = excluded.sightings, \
                   sighted_ms = excluded.sighted_ms, sighted_by = excluded.sighted_by",
            )?,
            remove: transaction
                .prepare("DELETE FROM spells WHERE platform = ?1 AND workspace_id = ?2")?,
            bury: transaction.prepare(
                "INSERT INTO past_spells (platform, workspace_id, turn_id, first_seen_ms, \
                   last_seen_ms, started_ms, started_by, current_task, sightings, sighted_ms, \
                   sighted_by, ended_ms, idle_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?,
            idle: transaction.prepare(
                "SELECT MAX(idle_ms) FROM past_spells WHERE platform = ?1 AND workspace_id = ?2",
            )?,
        })
    }

    fn sighting(
        &mut self,
        all: &mut BTreeMap<String, Kept>,
        sighting: &Sighting,
    ) -> rusqlite::Result<()> {
        let id = sighting.workspace_id.as_str();
        let before = all.remove(id);
        let after = fold(before.as_ref().map(|kept| kept.spell.clone()), sighting);
        match (before, after) {
            (None, None) => return Ok(()),
            (Some(before), None) => {
                // It ended when it was first seen idle, which the last look only made certain.
                let ended = before.spell.idle_since_ms.unwrap_or(sighting.at_ms);
                self.bury(&before, ended, Some(sighting.at_ms))?;
                self.remove.execute([self.platform, id])?;
            }
            (before, Some(mut spell)) => {
                if before.is_none() {
                    let last = (self.platform, id);
                    spell.idle_before_ms = self.idle.query_row(last, |row| row.get(0))?;
                }
                let same = before.as_ref().filter(|kept| same(&kept.spell, &spell));
                if let (Some(before), None) = (&before, same) {
                    let ended = before.spell.idle_since_ms.unwrap_or(spell.first_seen_ms);
                    self.bury(before, ended, None)?;
                }
                let repeated = same.is_some_and(|kept| {
                    kept.sighted_ms == sighting.at_ms && kept.sighted_by == sighting.by
                });
                let after = Kept {
                    spell,
                    sightings: same.map_or(0, |kept| kept.sightings) + i64::from(!repeated),
                    sighted_ms: sighting.at_ms,
                    sighted_by: sighting.by,
                };
                if before.as_ref() != Some(&after) {
                    self.put(&after)?;
                }
                all.insert(id.to_owned(), after);
            }
        }
        Ok(())
    }

    fn put(&mut self, kept: &Kept) -> rusqlite::Result<()> {
        let spell = &kept.spell;
        self.put.execute(params![
            self.platform,
            spell.workspace_id,
            spell.turn_id,
            spell.first_seen_ms,
            spell.last_seen_ms,
            spell.started_ms,
            spell.started_by.map(word).transpose()?,
            spell.idle_since_ms,
            spell.idle_before_ms,
            spell.current_task,
            kept.sightings,
            kept.sighted_ms,
            word(kept.sighted_by)?,
        ])?;
        Ok(())
    }

    fn bury(&mut self, kept: &Kept, ended_ms: i64, idle_ms: Option<i64>) -> rusqlite::Result<()> {
        let spell = &kept.spell;
        self.bury.execute(params![
            self.platform,
            spell.workspace_id,
            spell.turn_id,
            spell.first_seen_ms,
            spell.last_seen_ms,
            spell.started_ms,
            spell.started_by.map(word).transpose()?,
            spell.current_task,
            kept.sightings,
            kept.sighted_ms,
            word(kept.sighted_by)?,
            ended_ms,
            idle_ms,
        ])?;
        Ok(())
    }
}

/// Whether two spells of a workspace are the same stretch.
fn same(before: &Spell, after: &Spell) -> bool {
    let swapped = matches!((&before.turn_id, &after.turn_id), (Some(a), Some(b)) if a != b);
    before.first_seen_ms == after.first_seen_ms && !swapped
}

/// Forgets what is over for long. The earlier of clock and sightings counts, so that `--now` in the
/// future, or a wrong clock, forgets nothing.
fn prune(transaction: &Transaction<'_>, newest_ms: i64) -> rusqlite::Result<()> {
    let before = clock::now_ms().min(newest_ms).saturating_sub(KEPT_MS);
    transaction.execute("DELETE FROM past_spells WHERE ended_ms < ?1", [before])?;
    transaction.execute("DELETE FROM spells WHERE sighted_ms < ?1", [before])?;
    transaction.execute("DELETE FROM ceilings WHERE read_ms < ?1", [before])?;
    Ok(())
}
