//! The tables. Plain SQL, so that the same tables can stand in PostgreSQL: of the types only the
//! number of an attempt differs (`INTEGER PRIMARY KEY` counts by itself here, an identity there).

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::file;
use crate::error::Error;

/// The version of the tables below.
const VERSION: i64 = 1;

/// Instants are epoch milliseconds by our clock. JSON and words of a closed list are text.
const TABLES: &str = "
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
  id INTEGER PRIMARY KEY,
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

/// What a file holds.
enum Found {
    /// No table.
    Nothing,
    /// A ledger of this version.
    Ledger(i64),
    /// Somebody else's tables.
    Foreign,
}

/// Makes the tables where there are none. A ledger of a newer version, and a database that is no
/// ledger, are left as they are.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |e: rusqlite::Error| file::failed(path, &e);
    check(&found(connection).map_err(failed)?, path)?;
    file::patiently(|| connection.pragma_update(None, "journal_mode", "WAL")).map_err(failed)?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(failed)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    // Another process may have made or changed them meanwhile.
    let found = found(&transaction).map_err(failed)?;
    check(&found, path)?;
    if matches!(found, Found::Nothing) {
        transaction
            .execute_batch(TABLES)
            .and_then(|()| {
                let sql = "INSERT INTO meta (key, value) VALUES ('schema_version', ?1)";
                transaction.execute(sql, [VERSION.to_string()])
            })
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn found(connection: &Connection) -> rusqlite::Result<Found> {
    let tables = "SELECT count(*), coalesce(sum(name = 'meta'), 0) FROM sqlite_master \
                  WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let (tables, meta): (i64, i64) =
        connection.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if tables == 0 {
        return Ok(Found::Nothing);
    }
    if meta == 0 {
        return Ok(Found::Foreign);
    }
    let version = "SELECT value FROM meta WHERE key = 'schema_version'";
    let version: Option<String> = match connection.query_row(version, [], |row| row.get(0)) {
        Err(rusqlite::Error::SqliteFailure(e, _)) if e.code == rusqlite::ErrorCode::Unknown => None,
        answer => answer.optional()?,
    };
    let version = version.and_then(|text| text.parse().ok());
    Ok(version.map_or(Found::Foreign, Found::Ledger))
}

fn check(found: &Found, path: &Path) -> Result<(), Error> {
    let path = path.display();
    match found {
        Found::Nothing | Found::Ledger(VERSION) => Ok(()),
        Found::Ledger(version) => Err(Error::failed(format!(
            "{path}: is a ledger of version {version}, and this cronctl knows version {VERSION}"
        ))
        .hint(
            "update cronctl, or name another file with --ledger; nothing in this one was changed",
        )),
        Found::Foreign => Err(Error::failed(format!(
            "{path}: is a database, but not a ledger of cronctl"
        ))
        .hint("name another file with --ledger; nothing in this one was changed")),
    }
}
