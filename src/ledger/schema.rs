//! The tables: plain SQL, the same in SQLite and in PostgreSQL. There they stand in a schema of
//! their own, `cronctl`, so that the ledger can share a database with the platform.

use super::database::{Database, one};
use super::fault::Fault;
use super::file;
use crate::error::Error;

/// What makes the tables of a version out of those of the version before. None is ever changed.
const STEPS: [&str; 2] = [FIRST, CLAIMS];

/// The version of the tables that this cronctl uses.
const VERSION: usize = STEPS.len();

/// Instants are epoch milliseconds by our clock. JSON and words of a closed list are text.
/// `COUNTED` is a column that counts by itself.
const FIRST: &str = "
CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- A stretch in which a workspace is seen busy, while it lasts. `sightings` counts the looks that it
-- rests on; the last one was at `sighted_ms`, by `sighted_by`.
CREATE TABLE spells (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  turn_id TEXT,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  started_ms BIGINT,
  started_by TEXT,
  idle_since_ms BIGINT,
  idle_before_ms BIGINT,
  current_task TEXT,
  sightings BIGINT NOT NULL,
  sighted_ms BIGINT NOT NULL,
  sighted_by TEXT NOT NULL,
  PRIMARY KEY (platform, workspace_id)
);

-- The same when it is over. `idle_ms`: when the workspace was then seen idle, if it was.
CREATE TABLE past_spells (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  turn_id TEXT,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  started_ms BIGINT,
  started_by TEXT,
  current_task TEXT,
  sightings BIGINT NOT NULL,
  sighted_ms BIGINT NOT NULL,
  sighted_by TEXT NOT NULL,
  ended_ms BIGINT NOT NULL,
  idle_ms BIGINT
);
CREATE INDEX past_spells_by_end ON past_spells (ended_ms);
CREATE INDEX past_spells_by_workspace ON past_spells (platform, workspace_id);

-- A configured ceiling as last read. Neither `seconds` nor `wrong`: the configuration names none.
CREATE TABLE ceilings (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  seconds BIGINT,
  wrong TEXT,
  read_ms BIGINT NOT NULL,
  PRIMARY KEY (platform, workspace_id)
);

-- A request that was about to be sent, then what came back, then how it ended for the turn.
CREATE TABLE attempts (
  id COUNTED,
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  workspace_name TEXT,
  turn_key TEXT NOT NULL,
  request_id TEXT NOT NULL,
  round BIGINT NOT NULL,
  begun_ms BIGINT NOT NULL,
  who TEXT NOT NULL,
  reason TEXT NOT NULL,
  request TEXT NOT NULL,
  restart BOOLEAN NOT NULL,
  turn_before TEXT NOT NULL,
  answered_ms BIGINT,
  answer TEXT,
  says TEXT,
  ended_ms BIGINT,
  outcome TEXT,
  why TEXT,
  turn_after TEXT
);
CREATE INDEX attempts_by_turn ON attempts (platform, workspace_id, turn_key);
CREATE INDEX attempts_by_time ON attempts (begun_ms);
";

/// A turn is claimed before a request, until an instant of the ledger's clock. The same clock says
/// when a request was begun, for the budget of an hour; what was begun earlier has ours.
/// No index but the one by turn begins with the platform: without statistics, PostgreSQL would take
/// either.
const CLAIMS: &str = "
CREATE TABLE claims (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  turn_key TEXT NOT NULL,
  owner TEXT NOT NULL,
  until_ms BIGINT NOT NULL,
  PRIMARY KEY (platform, workspace_id, turn_key)
);
CREATE INDEX claims_by_end ON claims (until_ms);
ALTER TABLE attempts ADD COLUMN ledger_ms BIGINT;
UPDATE attempts SET ledger_ms = begun_ms;
CREATE INDEX attempts_by_ledger_time ON attempts (ledger_ms, platform, outcome);
";

/// What a database holds.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// No table.
    Nothing,
    /// A ledger of this version.
    Ledger(usize),
    /// Somebody else's tables.
    Foreign,
}

/// Makes the tables where there are none, and those of an older version new. A ledger of a newer
/// version, and a database that is no ledger, are left as they are.
pub(super) fn prepare(database: &Database) -> Result<(), Error> {
    let failed = |fault| database.failed(fault);
    let found = find(database).map_err(failed)?;
    check(database, &found)?;
    match database {
        Database::Sqlite { connection, .. } => {
            file::patiently(|| connection.pragma_update(None, "journal_mode", "WAL"))
                .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
                .map_err(|e| failed(e.into()))?;
        }
        // Nothing to change: a server that is read-only can be read.
        Database::Postgres(_) if found == Found::Ledger(VERSION) => return Ok(()),
        Database::Postgres(_) => {}
    }
    let found = database.change(|database| {
        // Another process may have made or changed them meanwhile.
        let found = find(database)?;
        match found {
            Found::Nothing => make(database, 0)?,
            Found::Ledger(version) if version < VERSION => make(database, version)?,
            _ => {}
        }
        Ok(found)
    });
    check(database, &found.map_err(failed)?)
}

/// Makes the tables out of those of a version.
fn make(database: &Database, version: usize) -> Result<(), Fault> {
    let counted = match database {
        Database::Sqlite { .. } => "INTEGER PRIMARY KEY",
        Database::Postgres(_) => {
            // `IF NOT EXISTS` asks for the right to make one even where it is there.
            let there = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'cronctl'";
            if database.query(there, Vec::new())?.is_empty() {
                database.batch("CREATE SCHEMA cronctl")?;
            }
            "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        }
    };
    for step in &STEPS[version..] {
        database.batch(&step.replace("COUNTED", counted))?;
    }
    let sql = "INSERT INTO meta (key, value) VALUES ('schema_version', $1) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    database.execute(sql, vec![VERSION.to_string().into()])?;
    Ok(())
}

pub(super) fn find(database: &Database) -> Result<Found, Fault> {
    let tables = match database {
        Database::Sqlite { .. } => {
            "SELECT count(*), count(CASE WHEN name = 'meta' THEN 1 END) FROM sqlite_master \
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Database::Postgres(_) => {
            "SELECT count(*), count(CASE WHEN tablename = 'meta' THEN 1 END) \
             FROM pg_catalog.pg_tables WHERE schemaname = 'cronctl'"
        }
    };
    let tables = database.query(tables, Vec::new())?;
    let tables = one(&tables)?;
    if tables.get::<i64>(0)? == 0 {
        return Ok(Found::Nothing);
    }
    if tables.get::<i64>(1)? == 0 {
        return Ok(Found::Foreign);
    }
    let version = "SELECT value FROM meta WHERE key = 'schema_version'";
    let version = match database.query(version, Vec::new()) {
        Err(fault) if fault.is_of_other_tables() => return Ok(Found::Foreign),
        rows => rows?,
    };
    let version = version.first().and_then(|row| row.get::<String>(0).ok());
    let version = version.and_then(|text| text.parse().ok());
    Ok(version.map_or(Found::Foreign, Found::Ledger))
}

fn check(database: &Database, found: &Found) -> Result<(), Error> {
    let (place, other) = match database {
        Database::Sqlite { path, .. } => (path.display().to_string(), "file"),
        Database::Postgres(remote) => (remote.server().to_string(), "database"),
    };
    match found {
        Found::Nothing | Found::Ledger(1..=VERSION) => Ok(()),
        Found::Ledger(version) => Err(Error::failed(format!(
            "{place}: is a ledger of version {version}, and this cronctl knows version {VERSION}"
        ))
        .hint(format!(
            "update cronctl, or name another {other} with --ledger; nothing in this one was changed"
        ))),
        Found::Foreign => Err(Error::failed(match database {
            Database::Sqlite { .. } => {
                format!("{place}: is a database, but not a ledger of cronctl")
            }
            Database::Postgres(_) => {
                format!("{place}: the schema cronctl is there, but holds no ledger of cronctl")
            }
        })
        .hint(format!(
            "name another {other} with --ledger; nothing in this one was changed"
        ))),
    }
}
