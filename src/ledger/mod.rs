//! The ledger: what was observed and what was done, in SQLite or, for several machines, in
//! PostgreSQL. It is memory (spells, attempts, ceilings), agreement (claims) and audit trail at
//! once. No token is ever written to it.
//!
//! Several processes may use one at the same time: each change is one transaction, changes come one
//! after the other, and a writer waits for another for up to five seconds (ten in PostgreSQL). What
//! is written is on the disk when a call returns.

mod args;
mod attempts;
mod ceilings;
mod claims;
mod database;
mod fault;
mod file;
mod history;
mod password;
mod place;
mod record;
mod remote;
mod schema;
mod spells;
mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use self::database::{Database, PREPARED};
use self::fault::Fault;
use self::remote::Remote;
use crate::env::Env;
use crate::error::Error;

pub use args::LedgerArgs;
pub use attempts::NewAttempt;
pub use ceilings::CEILINGS_MS;
pub use claims::{Claim, Claimant, LEASE_MAX_MS, Recorded};
pub use history::Entry;
pub use password::Password;
pub use place::{Place, Server};
pub use record::Record;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The ledger, open.
#[derive(Debug)]
pub struct Ledger {
    database: Database,
    /// Up to which sighting what is over was last forgotten.
    pruned_ms: Option<i64>,
}

impl Ledger {
    /// `$XDG_STATE_HOME/cronctl/ledger.db`, else `~/.local/state/cronctl/ledger.db`; `None` without a
    /// home. A relative `XDG_STATE_HOME` is ignored, as its specification asks.
    pub fn default_path(env: &Env) -> Option<PathBuf> {
        let stated = env.path("XDG_STATE_HOME").filter(|p| p.is_absolute());
        let state = stated.or_else(|| Some(env.path("HOME")?.join(".local/state")))?;
        Some(state.join("cronctl").join("ledger.db"))
    }

    /// Opens the one at a place, and makes it where there is none.
    ///
    /// # Errors
    /// When it cannot be reached, opened or written, is damaged, or was written by a newer cronctl.
    pub fn at(place: &Place) -> Result<Self, Error> {
        match place {
            Place::File(path) => Self::open(path),
            Place::Postgres(server) => Self::prepare(Self::connect(server)?),
        }
    }

    /// Opens one that is there already, to look at it; `None` when there is none.
    ///
    /// # Errors
    /// As [`Ledger::at`].
    pub fn at_existing(place: &Place) -> Result<Option<Self>, Error> {
        match place {
            Place::File(path) => Self::open_existing(path),
            Place::Postgres(server) => {
                let database = Self::connect(server)?;
                let found = schema::find(&database).map_err(|fault| database.failed(fault))?;
                if found == schema::Found::Nothing {
                    return Ok(None);
                }
                Self::prepare(database).map(Some)
            }
        }
    }

    /// Opens the one in a file, and makes it where there is none: the file 0600, its directory 0700.
    ///
    /// # Errors
    /// When it cannot be opened or written, is damaged, or was written by a newer cronctl.
    pub fn open(path: &Path) -> Result<Self, Error> {
        file::make(path).map_err(|e| file::unusable(path, &e))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::sqlite(Connection::open_with_flags(path, flags), path)
    }

    /// Opens one in a file that is there already, to look at it; `None` when there is none.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_existing(path: &Path) -> Result<Option<Self>, Error> {
        match path.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => Self::open(path).map(Some),
            Err(e) => Err(file::unusable(path, &e)),
        }
    }

    /// One that is forgotten with the process.
    ///
    /// # Errors
    /// When SQLite cannot.
    pub fn in_memory() -> Result<Self, Error> {
        Self::sqlite(Connection::open_in_memory(), Path::new("ledger in memory"))
    }

    /// One in memory whose disk is full.
    #[cfg(test)]
    pub(crate) fn full() -> Result<Self, Error> {
        let ledger = Self::in_memory()?;
        ledger.read(|database| {
            let pages = database.query("SELECT page_count FROM pragma_page_count", Vec::new())?;
            let pages: i64 = database::one(&pages)?.get(0)?;
            let limit = format!("PRAGMA max_page_count = {pages}");
            database.query(&limit, Vec::new())
        })?;
        Ok(ledger)
    }

    fn sqlite(connection: rusqlite::Result<Connection>, path: &Path) -> Result<Self, Error> {
        let connection = connection
            .and_then(|connection| {
                connection.busy_timeout(BUSY)?;
                connection.set_prepared_statement_cache_capacity(PREPARED);
                Ok(connection)
            })
            .map_err(|e| file::failed(path, &e))?;
        Self::prepare(Database::Sqlite {
            connection,
            path: path.to_owned(),
        })
    }

    fn connect(server: &Server) -> Result<Database, Error> {
        match Remote::connect(server) {
            Ok(remote) => Ok(Database::Postgres(Box::new(remote))),
            Err(fault) => Err(fault::refused(server, &fault)),
        }
    }

    fn prepare(database: Database) -> Result<Self, Error> {
        schema::prepare(&database)?;
        Ok(Self {
            database,
            pruned_ms: None,
        })
    }

    /// The instant by the ledger's clock, epoch milliseconds: a server's own, else this process's.
    ///
    /// # Errors
    /// When a server cannot be asked.
    pub fn now_ms(&self) -> Result<i64, Error> {
        self.read(Database::now_ms)
    }

    /// Makes one change, whole or not at all.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Database) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let done = self.database.change(change);
        done.map_err(|fault| self.database.failed(fault))
    }

    /// Reads something.
    fn read<T>(&self, read: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Error> {
        read(&self.database).map_err(|fault| self.database.failed(fault))
    }
}

#[cfg(test)]
mod tests;
