//! The ledger: what was observed and what was done, in SQLite. It is memory (spells, attempts,
//! ceilings) and audit trail at once. No token is ever written to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::checkpoint::{Answer, Attempt, Outcome};
use crate::env::Env;
use crate::error::Error;
use crate::turn::{CeilingSetting, Sighting, Spell};

/// The ledger, open.
#[derive(Debug)]
pub struct Ledger {
    connection: rusqlite::Connection,
}

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

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When the request was begun: RFC 3339.
    pub at: String,
    /// The same, epoch milliseconds.
    pub at_ms: i64,
    /// The platform.
    pub platform: String,
    /// The workspace.
    pub workspace_id: String,
    /// Its name.
    pub workspace_name: Option<String>,
    /// What names the turn.
    pub turn: String,
    /// The request's id.
    pub request_id: String,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// `POST http://…`.
    pub request: String,
    /// What was answered; null when that was never recorded.
    pub answer: Option<String>,
    /// How it ended; null when that was never recorded.
    pub outcome: Option<Outcome>,
    /// Why so, in words.
    pub why: Option<String>,
    /// The turn's age before, milliseconds.
    pub age_ms: Option<i64>,
    /// From the request to the end, milliseconds.
    pub took_ms: Option<i64>,
}

impl Ledger {
    /// `$XDG_STATE_HOME/cronctl/ledger.db`, else `~/.local/state/cronctl/ledger.db`; `None` without a home.
    pub fn default_path(_env: &Env) -> Option<PathBuf> {
        unimplemented!()
    }

    /// Opens it, and makes it where there is none: the file 0600, its directory 0700.
    ///
    /// # Errors
    /// When it cannot be opened or written, is damaged, or was written by a newer cronctl.
    pub fn open(_path: &Path) -> Result<Self, Error> {
        unimplemented!()
    }

    /// One that is forgotten with the process.
    ///
    /// # Errors
    /// When SQLite cannot.
    pub fn in_memory() -> Result<Self, Error> {
        unimplemented!()
    }

    /// The spells of a platform by workspace.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn spells(&self, _platform: &str) -> Result<BTreeMap<String, Spell>, Error> {
        unimplemented!()
    }

    /// Adds sightings in one transaction; returns the spells that hold now.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn observe(
        &mut self,
        _platform: &str,
        _sightings: &[Sighting],
    ) -> Result<BTreeMap<String, Spell>, Error> {
        unimplemented!()
    }

    /// Remembers configured ceilings, so that a fleet's need not be asked again each time.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remember_ceilings(
        &mut self,
        _platform: &str,
        _at_ms: i64,
        _ceilings: &BTreeMap<String, CeilingSetting>,
    ) -> Result<(), Error> {
        unimplemented!()
    }

    /// The ceilings read since an instant.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn ceilings(
        &self,
        _platform: &str,
        _since_ms: i64,
    ) -> Result<BTreeMap<String, CeilingSetting>, Error> {
        unimplemented!()
    }

    /// The requests for one turn, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempts(
        &self,
        _platform: &str,
        _workspace_id: &str,
        _turn_key: &str,
    ) -> Result<Vec<Attempt>, Error> {
        unimplemented!()
    }

    /// Records a request about to be sent; durable when it returns. Returns its number.
    ///
    /// # Errors
    /// When the ledger cannot be written: then nothing may be sent.
    pub fn begin(&mut self, _attempt: &NewAttempt) -> Result<i64, Error> {
        unimplemented!()
    }

    /// Records what was answered.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn answered(
        &mut self,
        _id: i64,
        _at_ms: i64,
        _answer: &Answer,
        _says: &str,
    ) -> Result<(), Error> {
        unimplemented!()
    }

    /// Records how it ended, and the turn as seen after (JSON).
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn ended(
        &mut self,
        _id: i64,
        _at_ms: i64,
        _outcome: Outcome,
        _why: &str,
        _after: &serde_json::Value,
    ) -> Result<(), Error> {
        unimplemented!()
    }

    /// The history, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn history(
        &self,
        _workspaces: &[String],
        _since_ms: Option<i64>,
        _limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        let _ = &self.connection;
        unimplemented!()
    }
}
