//! Session rows: what a gateway remembers of every conversation, which a cron run inherits from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::error::Problem;
use crate::model::SessionRow;

/// The session rows of all agents of a state directory.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    rows: FxHashMap<String, SessionRow>,
    stores: BTreeMap<String, Store>,
    /// Rows of single runs (`…:cron:<job>:run:<session>`), which are counted and not kept: no run
    /// ever inherits from one.
    pub run_rows: usize,
    /// The files and databases that were read, in order.
    pub read: Vec<PathBuf>,
    /// What could not be used: a bounded number is named, the rest counted.
    pub problems: Vec<Problem>,
}

/// What is known about the session store of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// It was read whole: a key without a row has none.
    Read {
        /// The file or database.
        at: Arc<str>,
    },
    /// It breaks off: a key without a row may have had one after the damage.
    Partial {
        /// The file or database.
        at: Arc<str>,
    },
    /// There is none: the agent never had a session.
    Absent,
    /// There is one and nothing of it can be used.
    Unreadable {
        /// The file or database.
        at: Arc<str>,
    },
    /// It was not looked at.
    NotRead,
}

impl Sessions {
    /// Returns the row of a session key, compared without case, as the gateway compares keys.
    pub fn get(&self, key: &str) -> Option<&SessionRow> {
        self.rows.get(&key.to_lowercase())
    }

    /// Returns what is known about the store of an agent.
    pub fn status(&self, agent: &str) -> Store {
        self.stores.get(agent).cloned().unwrap_or(Store::NotRead)
    }

    /// How many rows are kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
