//! Run history: how long the runs of a job last, and what its newest runs used.
//!
//! Three forms, by version: `cron/runs/<id>.jsonl`, `cron_run_logs.entry_json` (2026.6.11 to
//! 2026.7.1) and `task_runs` (`tasks/runs.sqlite` of 2026.3.31, the state store from 2026.8.1).
//! Lengths are those of finished runs with status `ok` or `error`; skipped runs did not run.

mod entry;
pub mod runs;

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashSet;

use self::entry::{Detail, Entry, values};
use crate::job::{RunLength, RunLengthOrigin};
use crate::model::RunRecord;

/// The end of a run log that is read. A line has 500 bytes or so: this is some hundred runs.
const TAIL: u64 = 256 << 10;
/// The newest runs of a store that are looked at, over all its jobs.
const MAX_ROWS: i64 = 100_000;
/// How many runs of a job are kept as records.
pub const MAX_RECORDS: usize = 5;

/// The recorded runs by job id.
#[derive(Clone, Debug, Default)]
pub struct History {
    runs: HashMap<String, Runs>,
    /// Whether records are kept beside lengths.
    keep: bool,
}

#[derive(Clone, Debug, Default)]
struct Runs {
    /// Milliseconds.
    lengths: Vec<i64>,
    records: Vec<RunRecord>,
}

/// The run logs of a state directory, listed once: most jobs of a large store have none.
#[derive(Clone, Debug, Default)]
pub struct RunLogs {
    dir: PathBuf,
    names: FxHashSet<String>,
}

impl RunLogs {
    /// Lists the directory `dir`, which need not exist.
    pub fn list(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            names: crate::files::names(dir).collect(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl History {
    /// A history that keeps the newest runs of each job beside the lengths.
    pub fn with_records() -> Self {
        Self {
            keep: true,
            ..Self::default()
        }
    }

    /// Adds the length of one run, in milliseconds.
    pub fn add(&mut self, job: &str, ms: i64) {
        self.of(job).lengths.push(ms);
    }

    /// Adds the record of one run.
    pub fn add_record(&mut self, job: &str, record: RunRecord) {
        let records = &mut self.of(job).records;
        let newer = |r: &RunRecord| r.started_at_ms >= record.started_at_ms;
        let at = records.partition_point(newer);
        records.insert(at, record);
        records.truncate(MAX_RECORDS);
    }

    /// Whether a run that began at this instant would be among the records kept.
    fn wants(&self, job: &str, started_at_ms: Option<i64>) -> bool {
        let oldest = |runs: &Runs| match runs.records.get(MAX_RECORDS - 1) {
            Some(oldest) => oldest.started_at_ms < started_at_ms,
            None => true,
        };
        self.keep && self.runs.get(job).is_none_or(oldest)
    }

    fn of(&mut self, job: &str) -> &mut Runs {
        if !self.runs.contains_key(job) {
            self.runs.insert(job.to_owned(), Runs::default());
        }
        self.runs.get_mut(job).expect("it was inserted just now")
    }

    /// Returns the median of the recorded runs of a job.
    pub fn median(&self, job: &str) -> Option<RunLength> {
        let mut lengths = self.runs.get(job)?.lengths.clone();
        lengths.sort_unstable();
        let upper = *lengths.get(lengths.len() / 2)?;
        let ms = if lengths.len().is_multiple_of(2) {
            let lower = lengths[lengths.len() / 2 - 1];
            lower + (upper - lower) / 2
        } else {
            upper
        };
        Some(RunLength {
            ms,
            origin: RunLengthOrigin::History,
            samples: lengths.len(),
        })
    }

    /// Returns the newest finished runs of a job, newest first, at most [`MAX_RECORDS`]: those with
    /// status `ok`, `error` or `skipped`. None without [`History::with_records`].
    pub fn records(&self, job: &str) -> &[RunRecord] {
        self.runs.get(job).map_or(&[], |runs| &runs.records)
    }

    /// Takes the records of another history for the jobs that have none here.
    pub fn adopt_records(&mut self, other: &mut Self) {
        for (job, runs) in &mut other.runs {
            if self.records(job).is_empty() && !runs.records.is_empty() {
                self.of(job).records = std::mem::take(&mut runs.records);
            }
        }
    }

    /// Whether there is no run at all.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Reads the run log of one job, `<id>.jsonl` or what a migration made of it.
    ///
    /// A log that cannot be read is no history: it is a refinement, never a reason to fail.
    pub fn add_log(&mut self, logs: &RunLogs, job: &str) {
        for suffix in [".jsonl", ".jsonl.migrated"] {
            let name = format!("{job}{suffix}");
            // An id is a file name here: one that would leave the directory is not in its list.
            if !logs.names.contains(&name) {
                continue;
            }
            let path = logs.dir.join(name);
            if let Ok(text) = tail(&path) {
                let at = Arc::from(path.display().to_string());
                values(&text, |value| {
                    let Ok(entry) = serde_json::from_str::<Entry>(value) else {
                        return false;
                    };
                    self.add_entry(job, &entry, value, &at);
                    true
                });
                return;
            }
        }
    }

    fn add_entry(&mut self, job: &str, entry: &Entry, text: &str, at: &Arc<str>) {
        if let Some(ms) = entry.length() {
            self.add(job, ms);
        }
        if entry.finished()
            && self.wants(job, entry.started_at_ms())
            && let Ok(detail) = serde_json::from_str::<Detail>(text)
        {
            self.add_record(job, detail.record(entry.started_at_ms(), at));
        }
    }

    /// Reads the runs that a SQLite store holds, whichever of the two forms it has. `path` is the
    /// store's, for the records.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn add_store(&mut self, store: &Connection, path: &Path) -> rusqlite::Result<()> {
        let name = |table| Arc::from(format!("{}: {table}", path.display()));
        if has_table(store, "cron_run_logs")? {
            self.add_run_logs(store, &name("cron_run_logs"))?;
        }
        if has_table(store, "task_runs")? {
            self.add_task_runs(store, &name("task_runs"))?;
        }
        Ok(())
    }

    fn add_run_logs(&mut self, store: &Connection, at: &Arc<str>) -> rusqlite::Result<()> {
        if !columns(store, "cron_run_logs")?
            .iter()
            .any(|c| c == "entry_json")
        {
            return Ok(());
        }
        let mut query =
            store.prepare("SELECT entry_json FROM cron_run_logs ORDER BY rowid DESC LIMIT ?1")?;
        let mut rows = query.query([MAX_ROWS])?;
        while let Some(row) = rows.next()? {
            let Ok(text) = row.get_ref(0)?.as_str() else {
                continue;
            };
            if let Ok(entry) = serde_json::from_str::<Entry>(text)
                && let Some(job) = entry.job_id.clone().ok()
            {
                self.add_entry(&job, &entry, text, at);
            }
        }
        Ok(())
    }

    fn add_task_runs(&mut self, store: &Connection, at: &Arc<str>) -> rusqlite::Result<()> {
        let columns = columns(store, "task_runs")?;
        let has = |name: &str| columns.iter().any(|c| c == name);
        let needed = ["runtime", "source_id", "status", "started_at", "ended_at"];
        if !needed.into_iter().all(has) {
            return Ok(());
        }
        // 2026.3.31 has no detail_json.
        let or_null = |name| if has(name) { name } else { "NULL" };
        let mut query = store.prepare(&format!(
            "SELECT source_id, status, started_at, ended_at, {}, {} FROM task_runs \
             WHERE runtime = 'cron' AND ended_at IS NOT NULL AND source_id IS NOT NULL \
             ORDER BY ended_at DESC LIMIT ?1",
            or_null("detail_json"),
            or_null("error"),
        ))?;
        let mut rows = query.query([MAX_ROWS])?;
        while let Some(row) = rows.next()? {
            let Ok(job) = row.get_ref(0)?.as_str() else {
                continue;
            };
            let text = |i| row.get_ref(i).ok()?.as_str().ok();
            let int = |i| row.get_ref(i).ok()?.as_i64().ok();
            let detail = text(4).unwrap_or("{}");
            let entry: Entry = serde_json::from_str(detail).unwrap_or_default();
            let span = || int(3)?.checked_sub(int(2)?);
            let status = entry.status.clone().text().or_else(|| outcome(text(1)?));
            let really_ran = matches!(status.as_deref(), Some("ok" | "error"));
            if really_ran
                && let Some(ms) = entry.length_ms().or_else(span)
                && ms >= 0
            {
                self.add(job, ms);
            }
            let started = entry.run_at_ms.clone().ok().or_else(|| int(2));
            if status.is_some() && self.wants(job, started) {
                let detail: Detail = serde_json::from_str(detail).unwrap_or_default();
                let mut record = detail.record(started, at);
                record.error = record.error.or_else(|| Some(text(5)?.trim().to_owned()));
                record.error = record.error.filter(|e| !e.is_empty());
                record.status = status;
                self.add_record(job, record);
            }
        }
        Ok(())
    }
}

/// The status of a cron run whose task has this one; `None` for what did not finish by itself.
fn outcome(task: &str) -> Option<String> {
    let status = match task {
        "succeeded" => "ok",
        "failed" | "timed_out" => "error",
        _ => return None,
    };
    Some(status.to_owned())
}

/// Whether a table or view of this name exists.
pub fn has_table(store: &Connection, name: &str) -> rusqlite::Result<bool> {
    store
        .query_row(
            "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1",
            [name],
            |_| Ok(()),
        )
        .optional()
        .map(|found| found.is_some())
}

/// Returns the columns of a table.
pub fn columns(store: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut query = store.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = query.query_map([table], |row| row.get(0))?;
    names.collect()
}

/// Reads the end of a file from its first whole line.
fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = crate::files::open_found(path)?;
    let len = file.metadata()?.len();
    let skipped = len.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::with_capacity(usize::try_from(len - skipped).unwrap_or(0));
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match (skipped, text.split_once('\n')) {
        (0, _) => text.into_owned(),
        (_, Some((_, whole))) => whole.to_owned(),
        (_, None) => String::new(),
    })
}

#[cfg(test)]
mod tests;
