//! Session rows: what a gateway remembers of every conversation, which a cron run inherits from.
//!
//! Up to 2026.7.1 they are in `agents/<id>/sessions/sessions.json` (or where `session.store` says),
//! from 2026.8.1 in `agents/<id>/agent/openclaw-agent.sqlite`, which imports the file once.

mod database;
mod file;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::row::Entry;
use super::discover::{Paths, absolute, expand};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::MAX_NAMED;
use crate::model::{Known, Rows, SessionRow};

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
    problems: Problems,
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

/// Which sessions to read.
#[derive(Clone, Copy, Debug)]
pub struct Stores<'a> {
    /// The agents of the roster, as written.
    pub roster: &'a [&'a str],
    /// `session.store`: a path in which `{agentId}` stands for the agent.
    pub template: Option<&'a str>,
    /// Whether the gateway is one that keeps files (its jobs are in `cron/jobs.json`): then a
    /// database beside the file is a later version's, left by a downgrade.
    pub files: bool,
}

impl Rows for Sessions {
    fn row(&self, agent: &str, key: &str) -> Known<'_> {
        if let Some(row) = self.get(key) {
            return Known::Row(row);
        }
        match self.status(agent) {
            Store::Read { .. } | Store::Absent => Known::None,
            Store::Partial { at } => Known::Unknown(format!("{at} breaks off")),
            Store::Unreadable { at } => Known::Unknown(format!("{at} cannot be used")),
            Store::NotRead => Known::Unknown("this source has no session rows".to_owned()),
        }
    }
}

impl Sessions {
    /// Reads the session rows of every agent: those of the roster and those that have a directory.
    ///
    /// What cannot be used is a problem and never an error: jobs do not depend on it.
    pub fn load(paths: &Paths, wanted: Stores<'_>, env: &Env, cwd: &Path) -> Self {
        let mut sessions = Self::default();
        let dir = paths.state_dir.join("agents");
        let mut agents: BTreeSet<String> = wanted.roster.iter().map(|id| agent_id(id)).collect();
        match crate::files::directories(&dir) {
            // A directory that no agent id can have is not an agent's.
            Ok(names) => agents.extend(names.into_iter().filter(|n| *n == agent_id(n))),
            Err(error) => sessions.problems.unreadable(
                Error::failed(format!("{}: cannot be listed", dir.display())).because(error),
            ),
        }
        if agents.is_empty() {
            agents.insert(agent_id(""));
        }
        // A template without `{agentId}` is one file for all agents.
        let mut files: BTreeMap<PathBuf, Store> = BTreeMap::new();
        for agent in agents {
            let file = match wanted.template {
                Some(template) => {
                    let path = template.replace("{agentId}", &agent);
                    absolute(&expand(&path, paths.home.as_deref()), cwd)
                }
                None => dir.join(&agent).join("sessions/sessions.json"),
            };
            let database = dir.join(&agent).join("agent/openclaw-agent.sqlite");
            let has_file = exists(&file);
            let counts = exists(&database) && !(wanted.files && has_file);
            let read = counts.then(|| database::read(&database, env, &mut sessions));
            let store = if let Some(Some(store)) = read {
                store
            } else if !has_file {
                Store::Absent
            } else if let Some(store) = files.get(&file) {
                store.clone()
            } else {
                let store = file::read(&file, &mut sessions);
                files.insert(file, store.clone());
                store
            };
            sessions.stores.insert(agent, store);
        }
        sessions
    }

    /// Returns the row of a session key, compared without case, as the gateway compares keys.
    pub fn get(&self, key: &str) -> Option<&SessionRow> {
        self.rows.get(&key.trim().to_lowercase())
    }

    /// Returns what is known about the store of an agent.
    pub fn status(&self, agent: &str) -> Store {
        let store = self.stores.get(&agent_id(agent)).cloned();
        store.unwrap_or(Store::NotRead)
    }

    /// Returns what could not be used: at most [`MAX_NAMED`] are named, and one counts the rest.
    pub fn problems(&self) -> Vec<Problem> {
        self.problems.all()
    }

    /// How many rows are kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds row number `n` (from 1) of a store; returns whether it is kept.
    fn add(&mut self, key: &str, entry: Entry, n: usize, at: &Arc<str>) -> bool {
        let mut key = key.trim().to_owned();
        key.make_ascii_lowercase();
        if !key.is_ascii() {
            key = key.to_lowercase();
        }
        if is_run_row(&key) {
            self.run_rows += 1;
            return false;
        }
        let place = || {
            // Other keys name people and channels.
            let named = key.contains(":cron:") && key.len() <= 200;
            let label = if named {
                format!(" {key:?}")
            } else {
                String::new()
            };
            format!("{at}: session row {n}{label}")
        };
        let row = match entry {
            Entry::Row(fields) => {
                if let Some((field, kind)) = fields.oddity() {
                    let what = format!("{field} is {kind}; it counts as absent");
                    self.problems.add(Problem::new(place(), what));
                }
                fields.into_row(at)
            }
            Entry::Other(kind) => {
                let what = format!("is {kind}, not an object; it counts as no row");
                self.problems.add(Problem::new(place(), what));
                return false;
            }
        };
        // Keys that differ in case only are one session: the freshest row is the one in use.
        match self.rows.get(&key) {
            Some(old) if old.updated_at_ms > row.updated_at_ms => {}
            _ => drop(self.rows.insert(key, row)),
        }
        true
    }
}

/// Whether a key (in lower case) is that of a single run.
fn is_run_row(key: &str) -> bool {
    key.find(":cron:")
        .is_some_and(|at| key[at + ":cron:".len()..].contains(":run:"))
}

/// Whether something is there, or cannot be looked at, which reading then says.
fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// Makes an agent's id what the gateway makes of it, which is also its directory's name.
///
/// Trimmed, in lower case, runs of other characters than letters, digits, `-` and `_` as one `-`,
/// at most 64 characters, `main` when nothing is left (OpenClaw 2026.3.28 to 2026.9.6).
fn agent_id(text: &str) -> String {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let mut id = if starts_well && text.len() <= 64 && text.chars().all(allowed) {
        text.to_ascii_lowercase()
    } else {
        let mut id = String::new();
        for c in text.to_lowercase().chars() {
            if allowed(c) {
                id.push(c);
            } else if !id.ends_with('\u{0}') {
                id.push('\u{0}');
            }
        }
        let id = id.replace('\u{0}', "-");
        id.trim_matches('-').chars().take(64).collect()
    };
    if id.is_empty() {
        id.push_str("main");
    }
    id
}

/// Problems in bounded space.
#[derive(Clone, Debug, Default)]
struct Problems {
    named: Vec<Problem>,
    unnamed: usize,
}

impl Problems {
    fn add(&mut self, problem: Problem) {
        if self.named.len() < MAX_NAMED {
            self.named.push(problem);
        } else {
            self.unnamed += 1;
        }
    }

    /// Adds a store of which nothing can be used.
    fn unreadable(&mut self, error: Error) {
        let (at, mut what) = match error.message.split_once(": ") {
            Some((at, what)) => (at.to_owned(), what.to_owned()),
            None => ("sessions".to_owned(), error.message),
        };
        for cause in &error.causes {
            what = format!("{what} ({cause})");
        }
        self.add(Problem::new(at, format!("{what}; no session row is known")));
    }

    fn all(&self) -> Vec<Problem> {
        let mut all = self.named.clone();
        if self.unnamed > 0 {
            let what = format!("{} more session rows are odd", self.unnamed);
            all.push(Problem::new("sessions", what));
        }
        all
    }
}

#[cfg(test)]
mod tests;
