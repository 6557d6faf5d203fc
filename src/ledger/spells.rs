//! Spells: what was seen busy, since when, by whom. Ended ones are kept for thirty days.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use super::database::{Database, ROWS, Row, Value, places, stored};
use super::fault::Fault;
use super::value::{from_word, word};
use crate::clock;
use crate::error::Error;
use crate::turn::{Sighting, Spell, Witness, fold};

/// For how long what is over is kept, milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 86_400_000;
/// How much later what is over is looked through again.
const PRUNED_MS: i64 = 3_600_000;

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
        let kept = self.read(|database| kept(database, platform))?;
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
        let newest_ms = sightings.iter().map(|s| s.at_ms).max();
        let newest_ms = newest_ms.unwrap_or(i64::MIN);
        let pruned_ms = self.pruned_ms;
        let due = pruned_ms.is_none_or(|ms| newest_ms.saturating_sub(ms) >= PRUNED_MS);
        let spells = self.change(|database| {
            let mut folding = Folding::new(database, platform, sightings)?;
            for sighting in sightings {
                folding.sighting(sighting);
            }
            let all = folding.write()?;
            if due {
                prune(database, newest_ms)?;
            }
            Ok(spells(all))
        })?;
        if due {
            self.pruned_ms = Some(newest_ms);
        }
        Ok(spells)
    }
}

fn spells(kept: BTreeMap<String, Kept>) -> BTreeMap<String, Spell> {
    kept.into_iter()
        .map(|(id, kept)| (id, kept.spell))
        .collect()
}

fn kept(database: &Database, platform: &str) -> Result<BTreeMap<String, Kept>, Fault> {
    let sql = "SELECT workspace_id, turn_id, first_seen_ms, last_seen_ms, started_ms, started_by, \
                      idle_since_ms, idle_before_ms, current_task, sightings, sighted_ms, sighted_by \
               FROM spells WHERE platform = $1";
    let rows = database.query(sql, vec![platform.into()])?;
    let kept = rows.iter().map(|row| {
        let kept = one(row)?;
        Ok((kept.spell.workspace_id.clone(), kept))
    });
    kept.collect()
}

fn one(row: &Row) -> Result<Kept, Fault> {
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

/// Sightings being added: all in memory, then written together, as a server is far away.
struct Folding<'a> {
    database: &'a Database,
    platform: &'a str,
    all: BTreeMap<String, Kept>,
    /// When workspaces without a spell were last seen idle.
    idle: BTreeMap<String, i64>,
    /// Workspaces whose spell is to be written, or removed when there is none.
    changed: BTreeSet<String>,
    /// Rows of what is over.
    past: Vec<[Value; 13]>,
}

impl<'a> Folding<'a> {
    fn new(
        database: &'a Database,
        platform: &'a str,
        sightings: &[Sighting],
    ) -> Result<Self, Fault> {
        let all = kept(database, platform)?;
        let ending: BTreeSet<_> = sightings.iter().filter(|s| !s.busy).map(id).collect();
        let new = |id: &Cow<'_, str>| !all.contains_key(&**id) || ending.contains(id);
        let starting = sightings.iter().filter(|s| s.busy).map(id).filter(new);
        let starting: Vec<_> = starting.collect::<BTreeSet<_>>().into_iter().collect();
        Ok(Self {
            idle: idle(database, platform, &starting)?,
            database,
            platform,
            all,
            changed: BTreeSet::new(),
            past: Vec::new(),
        })
    }

    fn sighting(&mut self, sighting: &Sighting) {
        let id = &*id(sighting);
        let before = self.all.remove(id);
        let after = fold(before.as_ref().map(|kept| kept.spell.clone()), sighting);
        match (before, after) {
            (None, None) => {}
            (Some(before), None) => {
                // It ended when it was first seen idle, which the last look only made certain.
                let ended = before.spell.idle_since_ms.unwrap_or(sighting.at_ms);
                self.bury(&before, ended, Some(sighting.at_ms));
                self.changed.insert(id.to_owned());
            }
            (before, Some(mut spell)) => {
                if before.is_none() {
                    let known = self.idle.get(id).copied();
                    spell.idle_before_ms = spell.idle_before_ms.max(known);
                }
                let same = before.as_ref().filter(|kept| same(&kept.spell, &spell));
                if let (Some(before), None) = (&before, same) {
                    let ended = before.spell.idle_since_ms.unwrap_or(spell.first_seen_ms);
                    self.bury(before, ended, None);
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
                    self.changed.insert(id.to_owned());
                }
                self.all.insert(id.to_owned(), after);
            }
        }
    }

    fn bury(&mut self, kept: &Kept, ended_ms: i64, idle_ms: Option<i64>) {
        let spell = &kept.spell;
        if let Some(ms) = idle_ms {
            let last = self
                .idle
                .entry(stored(&spell.workspace_id).into_owned())
                .or_insert(ms);
            *last = ms.max(*last);
        }
        self.past.push([
            self.platform.into(),
            (&spell.workspace_id).into(),
            (&spell.turn_id).into(),
            spell.first_seen_ms.into(),
            spell.last_seen_ms.into(),
            spell.started_ms.into(),
            spell.started_by.map(word).into(),
            (&spell.current_task).into(),
            kept.sightings.into(),
            kept.sighted_ms.into(),
            word(kept.sighted_by).into(),
            ended_ms.into(),
            idle_ms.into(),
        ]);
    }

    fn put(&self, kept: &Kept) -> [Value; 13] {
        let spell = &kept.spell;
        [
            self.platform.into(),
            (&spell.workspace_id).into(),
            (&spell.turn_id).into(),
            spell.first_seen_ms.into(),
            spell.last_seen_ms.into(),
            spell.started_ms.into(),
            spell.started_by.map(word).into(),
            spell.idle_since_ms.into(),
            spell.idle_before_ms.into(),
            (&spell.current_task).into(),
            kept.sightings.into(),
            kept.sighted_ms.into(),
            word(kept.sighted_by).into(),
        ]
    }

    /// Writes what has changed; returns what holds now.
    fn write(mut self) -> Result<BTreeMap<String, Kept>, Fault> {
        let mut put = Vec::new();
        let mut remove: Vec<Value> = Vec::new();
        for id in &self.changed {
            match self.all.get(id) {
                Some(kept) => put.push(self.put(kept)),
                None => remove.push(id.into()),
            }
        }
        for rows in std::mem::take(&mut self.past).chunks(ROWS) {
            let sql = format!(
                "INSERT INTO past_spells (platform, workspace_id, turn_id, first_seen_ms, \
                   last_seen_ms, started_ms, started_by, current_task, sightings, sighted_ms, \
                   sighted_by, ended_ms, idle_ms) VALUES {}",
                places(1, rows.len(), 13)
            );
            self.database.execute(&sql, rows.concat())?;
        }
        for rows in put.chunks(ROWS) {
            let sql = format!(
                "INSERT INTO spells (platform, workspace_id, turn_id, first_seen_ms, last_seen_ms, \
                   started_ms, started_by, idle_since_ms, idle_before_ms, current_task, sightings, \
                   sighted_ms, sighted_by) VALUES {} \
                 ON CONFLICT (platform, workspace_id) DO UPDATE SET \
                   turn_id = excluded.turn_id, first_seen_ms = excluded.first_seen_ms, \
                   last_seen_ms = excluded.last_seen_ms, started_ms = excluded.started_ms, \
                   started_by = excluded.started_by, idle_since_ms = excluded.idle_since_ms, \
                   idle_before_ms = excluded.idle_before_ms, \
                   current_task = excluded.current_task, sightings = excluded.sightings, \
                   sighted_ms = excluded.sighted_ms, sighted_by = excluded.sighted_by",
                places(1, rows.len(), 13)
            );
            self.database.execute(&sql, rows.concat())?;
        }
        for ids in remove.chunks(ROWS) {
            let sql = format!(
                "DELETE FROM spells WHERE platform = $1 AND workspace_id IN {}",
                places(2, 1, ids.len())
            );
            let values = [&[self.platform.into()], ids].concat();
            self.database.execute(&sql, values)?;
        }
        Ok(self.all)
    }
}

/// The workspace as the ledger has it.
fn id(sighting: &Sighting) -> Cow<'_, str> {
    stored(&sighting.workspace_id)
}

/// When workspaces were last seen idle after a spell.
fn idle(
    database: &Database,
    platform: &str,
    workspaces: &[Cow<'_, str>],
) -> Result<BTreeMap<String, i64>, Fault> {
    let mut all = BTreeMap::new();
    for ids in workspaces.chunks(ROWS) {
        let sql = format!(
            "SELECT workspace_id, MAX(idle_ms) FROM past_spells \
             WHERE platform = $1 AND workspace_id IN {} AND idle_ms IS NOT NULL \
             GROUP BY workspace_id",
            places(2, 1, ids.len())
        );
        let mut values = vec![platform.into()];
        values.extend(ids.iter().map(|id| Value::from(&**id)));
        for row in database.query(&sql, values)? {
            all.insert(row.get(0)?, row.get(1)?);
        }
    }
    Ok(all)
}

/// Whether two spells of a workspace are the same stretch.
fn same(before: &Spell, after: &Spell) -> bool {
    let swapped = matches!((&before.turn_id, &after.turn_id), (Some(a), Some(b)) if a != b);
    before.first_seen_ms == after.first_seen_ms && !swapped
}

/// Forgets what is over for long. The earlier of clock and sightings counts, so that `--now` in the
/// future, or a wrong clock, forgets nothing.
fn prune(database: &Database, newest_ms: i64) -> Result<(), Fault> {
    let before = clock::now_ms().min(newest_ms).saturating_sub(KEPT_MS);
    for sql in [
        "DELETE FROM past_spells WHERE ended_ms < $1",
        "DELETE FROM spells WHERE sighted_ms < $1",
        "DELETE FROM ceilings WHERE read_ms < $1",
    ] {
        database.execute(sql, vec![before.into()])?;
    }
    Ok(())
}
