//! The cron store of a state directory: `cron/jobs.json`, or `cron_jobs` in SQLite, by version.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::history::{self, History};
use super::snapshot;
use super::state::Want;
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::{Collector, Place, read_document};
use crate::schedule::Version;

/// The largest `jobs.json` that is read.
const MAX_BYTES: u64 = 256 << 20;

/// Where a version keeps its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `cron/jobs.json`, up to 2026.5.28.
    Files,
    /// A `cron_jobs` table with a column per field, 2026.6.11 to 2026.7.1.
    Wide,
    /// A `cron_jobs` table with the definition as JSON, from 2026.8.1.
    Narrow,
}

impl Layout {
    /// Names the versions that write it.
    pub fn range(self) -> &'static str {
        match self {
            Self::Files => "one of 2026.5.28 or earlier (cron/jobs.json)",
            Self::Wide => "one of 2026.6.11 to 2026.7.1 (wide cron_jobs table)",
            Self::Narrow => "one of 2026.8.1 or later (narrow cron_jobs table)",
        }
    }
}

/// Reads `jobs.json`, with the run state of `jobs-state.json` where a version kept it apart.
///
/// # Errors
/// When the file cannot be read or nothing of it can be used.
pub fn read_file(path: &Path, into: &mut Collector) -> Result<Vec<String>, Error> {
    let name = path.display().to_string();
    let bytes = crate::files::read(path, MAX_BYTES)?;
    let backup = || {
        let bak = PathBuf::from(format!("{name}.bak"));
        if bak.exists() {
            format!(
                "the gateway's own copy of before the last change is {}",
                bak.display()
            )
        } else {
            "restore it, or pass the answer of `openclaw cron list --all --json` with --jobs"
                .to_owned()
        }
    };
    let text = std::str::from_utf8(&bytes).map_err(|e| {
        Error::failed(format!(
            "{name}: is not UTF-8 text (byte {})",
            e.valid_up_to()
        ))
        .hint(backup())
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut notes = Vec::new();
    if text.trim().is_empty() {
        let what = format!(
            "is empty ({} bytes): the jobs that it held are not there",
            bytes.len()
        );
        into.problem(Problem::new(name.clone(), what).hint(backup()));
        return Ok(notes);
    }
    let mut n = 0;
    let document = read_document(text, &mut |job| {
        n += 1;
        into.add(job, Place::entry(n));
    });
    if let Some(broken) = document.broken {
        let at = format!("{name}:{}:{}", broken.line, broken.column);
        if into.jobs.is_empty() {
            return Err(
                Error::failed(format!("{at}: is not JSON or JSON5: {broken}")).hint(backup()),
            );
        }
        let what = format!(
            "breaks off ({broken}); {} jobs before it are used",
            into.jobs.len()
        );
        into.problem(Problem::new(at, what).hint(backup()));
    } else if n == 0 {
        notes.push(format!("{name}: has no jobs"));
    }
    let state = state_path(path);
    if state.exists() {
        match read_states(&state) {
            Ok(states) => apply_states(into, &states),
            Err(error) => into.problem(Problem::new(
                state.display().to_string(),
                format!("the run state of the jobs cannot be used: {error}"),
            )),
        }
    }
    Ok(notes)
}

/// `jobs.json` → `jobs-state.json`.
fn state_path(path: &Path) -> PathBuf {
    let name = path.to_string_lossy();
    PathBuf::from(format!(
        "{}-state.json",
        name.strip_suffix(".json").unwrap_or(&name)
    ))
}

#[derive(Deserialize)]
struct StateFile {
    jobs: HashMap<String, StateEntry>,
}

#[derive(Deserialize)]
struct StateEntry {
    state: Option<Box<RawValue>>,
}

fn read_states(path: &Path) -> Result<HashMap<String, StateEntry>, String> {
    let bytes = crate::files::read(path, MAX_BYTES).map_err(|e| e.message)?;
    serde_json::from_slice::<StateFile>(&bytes)
        .map(|file| file.jobs)
        .map_err(|e| e.to_string())
}

fn apply_states(into: &mut Collector, states: &HashMap<String, StateEntry>) {
    for job in &mut into.jobs {
        if let Some(state) = states.get(&*job.id).and_then(|e| e.state.as_ref()) {
            job.state = crate::job::parse_state(state.get());
        }
    }
}

/// What a SQLite store holds.
#[derive(Debug)]
pub struct Rows {
    /// Whether and in which form it has jobs.
    pub layout: Option<Layout>,
    /// The gateway version that the store records.
    pub app: Option<Version>,
    /// The rows of `cron_jobs`.
    pub rows: Vec<Row>,
    /// The runs.
    pub history: History,
}

/// One row of `cron_jobs`, by the columns that every version has.
#[derive(Debug)]
pub struct Row {
    store_key: String,
    job_id: String,
    enabled: bool,
    definition: String,
    state: String,
}

/// Reads the SQLite store.
///
/// # Errors
/// When it is missing, no database, damaged or never stable; the message names the file.
pub fn read_sqlite(path: &Path, env: &Env, want: Want) -> Result<Rows, Error> {
    snapshot::read(path, env, |store| rows(store, path, want))
}

fn rows(store: &Connection, path: &Path, want: Want) -> rusqlite::Result<Rows> {
    let columns = history::columns(store, "cron_jobs")?;
    let has = |name: &str| columns.iter().any(|c| c == name);
    let needed = [
        "store_key",
        "job_id",
        "enabled",
        "job_json",
        "state_json",
        "updated_at",
    ];
    let layout = if !needed.into_iter().all(has) {
        None
    } else if columns.len() > 24 || history::has_table(store, "cron_run_logs")? {
        Some(Layout::Wide)
    } else {
        Some(Layout::Narrow)
    };
    let mut out = Rows {
        layout,
        app: app_version(store)?,
        rows: Vec::new(),
        history: want.history(),
    };
    if layout.is_none() {
        return Ok(out);
    }
    // The gateway's own order, in which it starts what is due together.
    let order = if has("sort_order") {
        "sort_order, updated_at, job_id"
    } else {
        "job_id"
    };
    let mut query = store.prepare(&format!(
        "SELECT store_key, job_id, enabled, job_json, state_json FROM cron_jobs \
         ORDER BY store_key, {order}"
    ))?;
    let mut found = query.query([])?;
    while let Some(row) = found.next()? {
        let text = |i| -> rusqlite::Result<String> {
            let value = row.get_ref(i)?;
            Ok(match value {
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                _ => String::new(),
            })
        };
        out.rows.push(Row {
            store_key: text(0)?,
            job_id: text(1)?,
            enabled: row.get_ref(2)?.as_i64().unwrap_or(1) != 0,
            definition: text(3)?,
            state: text(4)?,
        });
    }
    out.history.add_store(store, path)?;
    Ok(out)
}

fn app_version(store: &Connection) -> rusqlite::Result<Option<Version>> {
    if !history::columns(store, "schema_meta")?
        .iter()
        .any(|c| c == "app_version")
    {
        return Ok(None);
    }
    let text: Option<Option<String>> = store
        .query_row(
            "SELECT app_version FROM schema_meta ORDER BY meta_key <> 'primary', updated_at DESC",
            [],
            |row| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned)),
        )
        .optional()?;
    // The rows of migrations hold more lines after the version.
    Ok(text
        .flatten()
        .and_then(|t| t.lines().next()?.trim().parse().ok()))
}

/// Adds the rows that belong to `store_key`, the path where `jobs.json` would be.
///
/// A copied state directory has another path: then the only key there is is taken.
pub fn add_rows(rows: Vec<Row>, store_key: &Path, path: &Path, into: &mut Collector) {
    let mut keys: Vec<&str> = rows.iter().map(|r| r.store_key.as_str()).collect();
    keys.dedup();
    let wanted = store_key.to_str().unwrap_or_default();
    let keep = if keys.contains(&wanted) {
        Some(wanted.to_owned())
    } else {
        None
    };
    if keep.is_none() && keys.len() > 1 {
        let what = format!(
            "holds the jobs of {} stores and none is {wanted}: all are used ({})",
            keys.len(),
            keys.join(", ")
        );
        into.problem(Problem::new(path.display().to_string(), what));
    }
    let mut n = 0;
    for row in rows {
        n += 1;
        if keep.as_ref().is_some_and(|key| *key != row.store_key) {
            continue;
        }
        if let Some(job) = into.add_row(&row.definition, &row.state, Place::entry(n)) {
            // The columns are what the gateway selects by.
            job.enabled = row.enabled;
            job.id = row.job_id.into();
        }
    }
}
