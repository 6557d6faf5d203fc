//! The ledger: what was observed and what was done, in SQLite. It is memory (spells, attempts,
//! ceilings) and audit trail at once. No token is ever written to it.
//!
//! Several processes may use one at the same time: each change is one transaction, and a writer
//! waits for another for up to five seconds. What is written is on the disk when a call returns.

mod attempts;
mod ceilings;
mod file;
mod history;
mod schema;
mod spells;
mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::env::Env;
use crate::error::Error;

pub use attempts::{NewAttempt, Record};
pub use history::Entry;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The ledger, open.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    /// For messages.
    path: PathBuf,
}

impl Ledger {
    /// `$XDG_STATE_HOME/cronctl/ledger.db`, else `~/.local/state/cronctl/ledger.db`; `None` without a
    /// home. A relative `XDG_STATE_HOME` is ignored, as its specification asks.
    pub fn default_path(env: &Env) -> Option<PathBuf> {
        let stated = env.path("XDG_STATE_HOME").filter(|p| p.is_absolute());
        let state = stated.or_else(|| Some(env.path("HOME")?.join(".local/state")))?;
        Some(state.join("cronctl").join("ledger.db"))
    }

    /// Opens it, and makes it where there is none: the file 0600, its directory 0700.
    ///
    /// # Errors
    /// When it cannot be opened or written, is damaged, or was written by a newer cronctl.
    pub fn open(path: &Path) -> Result<Self, Error> {
        file::make(path).map_err(|e| file::unusable(path, &e))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags);
        Self::prepare(connection.map_err(|e| file::failed(path, &e))?, path)
    }

    /// Opens one that is there already, to look at it; `None` when there is none.
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
        let path = Path::new("ledger in memory");
        let connection = Connection::open_in_memory().map_err(|e| file::failed(path, &e))?;
        Self::prepare(connection, path)
    }

    /// One in memory whose disk is full.
    #[cfg(test)]
    pub(crate) fn full() -> Result<Self, Error> {
        let ledger = Self::in_memory()?;
        ledger.read(|connection| {
            let pages = "SELECT page_count FROM pragma_page_count";
            let pages: i64 = connection.query_row(pages, [], |row| row.get(0))?;
            let limit = format!("PRAGMA max_page_count = {pages}");
            connection.query_row(&limit, [], |_| Ok(()))
        })?;
        Ok(ledger)
    }

    fn prepare(mut connection: Connection, path: &Path) -> Result<Self, Error> {
        let failed = |e: &rusqlite::Error| file::failed(path, e);
        connection.busy_timeout(BUSY).map_err(|e| failed(&e))?;
        schema::prepare(&mut connection, path)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// Makes one change, whole or not at all.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let done = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|transaction| {
                let done = change(&transaction)?;
                transaction.commit()?;
                Ok(done)
            });
        done.map_err(|e| file::failed(&self.path, &e))
    }

    /// Reads something.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        read(&self.connection).map_err(|e| file::failed(&self.path, &e))
    }
}

#[cfg(test)]
mod tests;
