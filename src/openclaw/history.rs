//! Run history: how long the runs of a job last.
//!
//! Three forms, by version: `cron/runs/<id>.jsonl`, `cron_run_logs.entry_json` (2026.6.11 to
//! 2026.7.1) and `task_runs` (`tasks/runs.sqlite` of 2026.3.31, the state store from 2026.8.1).
//! Counted are finished runs with status `ok` or `error`; skipped runs did not run.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;

use crate::job::{RunLength, RunLengthOrigin};
use crate::model::RunRecord;

/// The end of a run log that is read. A line has 500 bytes or so: this is some hundred runs.
const TAIL: u64 = 256 << 10;
/// The newest runs of a store that are looked at, over all its jobs.
const MAX_ROWS: i64 = 100_000;
/// How many runs of a job are kept as records.
pub const MAX_RECORDS: usize = 5;

/// Run lengths in milliseconds by job id.
#[derive(Clone, Debug, Default)]
pub struct History {
    lengths: HashMap<String, Vec<i64>>,
    records: HashMap<String, Vec<RunRecord>>,
}

impl History {
    /// Adds one run.
    pub fn add(&mut self, job: &str, ms: i64) {
        match self.lengths.get_mut(job) {
            Some(lengths) => lengths.push(ms),
            None => drop(self.lengths.insert(job.to_owned(), vec![ms])),
        }
    }

    /// Returns the median of the recorded runs of a job.
    pub fn median(&self, job: &str) -> Option<RunLength> {
        let mut lengths = self.lengths.get(job)?.clone();
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

    /// Returns the newest finished runs of a job, newest first, at most [`MAX_RECORDS`].
    pub fn records(&self, job: &str) -> &[RunRecord] {
        self.records.get(job).map_or(&[], Vec::as_slice)
    }

    /// Whether there is no run at all.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Reads the run log of one job, `<id>.jsonl` or what a migration made of it.
    ///
    /// A log that cannot be read is no history: lengths are a refinement, never a reason to fail.
    pub fn add_log(&mut self, runs: &Path, job: &str) {
        // An id is a file name here; one with a separator would leave the directory.
        if job.is_empty() || job.contains(['/', '\\', '\0']) || job.starts_with('.') {
            return;
        }
        for suffix in [".jsonl", ".jsonl.migrated"] {
            if let Ok(text) = tail(&runs.join(format!("{job}{suffix}"))) {
                for line in text.lines() {
                    if let Some(ms) = finished_run(line) {
                        self.add(job, ms);
                    }
                }
                return;
            }
        }
    }

    /// Reads the runs that a SQLite store holds, whichever of the two forms it has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn add_store(&mut self, store: &Connection) -> rusqlite::Result<()> {
        if has_table(store, "cron_run_logs")? {
            self.add_run_logs(store)?;
        }
        if has_table(store, "task_runs")? {
            self.add_task_runs(store)?;
        }
        Ok(())
    }

    fn add_run_logs(&mut self, store: &Connection) -> rusqlite::Result<()> {
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
            let Ok(entry) = row.get_ref(0)?.as_str() else {
                continue;
            };
            if let Some((job, ms)) = serde_json::from_str::<Entry>(entry)
                .ok()
                .and_then(|e| Some((e.job_id.clone()?, e.length()?)))
            {
                self.add(&job, ms);
            }
        }
        Ok(())
    }

    fn add_task_runs(&mut self, store: &Connection) -> rusqlite::Result<()> {
        let columns = columns(store, "task_runs")?;
        let has = |name: &str| columns.iter().any(|c| c == name);
        let needed = ["runtime", "source_id", "status", "started_at", "ended_at"];
        if !needed.into_iter().all(has) {
            return Ok(());
        }
        // 2026.3.31 has no detail_json.
        let detail = if has("detail_json") {
            "detail_json"
        } else {
            "NULL"
        };
        let mut query = store.prepare(&format!(
            "SELECT source_id, status, started_at, ended_at, {detail} FROM task_runs \
             WHERE runtime = 'cron' AND ended_at IS NOT NULL AND source_id IS NOT NULL \
             ORDER BY ended_at DESC LIMIT ?1"
        ))?;
        let mut rows = query.query([MAX_ROWS])?;
        while let Some(row) = rows.next()? {
            let Ok(job) = row.get_ref(0)?.as_str() else {
                continue;
            };
            let status = row.get_ref(1)?.as_str().unwrap_or("");
            let detail: Option<Entry> = row
                .get_ref(4)?
                .as_str()
                .ok()
                .and_then(|d| serde_json::from_str(d).ok());
            let detail = detail.unwrap_or_default();
            let really_ran = match detail.status.as_deref() {
                Some(status) => matches!(status, "ok" | "error"),
                None => matches!(status, "succeeded" | "failed" | "timed_out"),
            };
            let span = || {
                let int = |i| row.get_ref(i).ok()?.as_i64().ok();
                int(3)?.checked_sub(int(2)?)
            };
            if really_ran
                && let Some(ms) = detail.length_ms().or_else(span)
                && ms >= 0
            {
                self.add(job, ms);
            }
        }
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    job_id: Option<String>,
    action: Option<String>,
    status: Option<String>,
    duration_ms: Option<f64>,
}

impl Entry {
    /// The length when this is a finished run that really ran.
    fn length(&self) -> Option<i64> {
        let finished = self.action.as_deref().is_none_or(|a| a == "finished");
        let ran = matches!(self.status.as_deref(), Some("ok" | "error"));
        self.length_ms().filter(|_| finished && ran)
    }

    fn length_ms(&self) -> Option<i64> {
        let ms = self.duration_ms?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range is checked before"
        )]
        (0.0..=9e15).contains(&ms).then_some(ms as i64)
    }
}

/// Returns the run length of one line of a run log; `None` for other lines.
pub fn finished_run(line: &str) -> Option<i64> {
    serde_json::from_str::<Entry>(line).ok()?.length()
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
    let mut file = crate::files::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match (skipped, text.split_once('\n')) {
        (0, _) => text.into_owned(),
        (_, Some((_, whole))) => whole.to_owned(),
        (_, None) => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_counts_runs_that_ran() {
        let mut history = History::default();
        for line in [
            r#"{"action":"finished","status":"ok","durationMs":10}"#,
            r#"{"action":"finished","status":"error","durationMs":40}"#,
            r#"{"action":"finished","status":"skipped","durationMs":1}"#,
            r#"{"action":"started","status":"ok","durationMs":1}"#,
            r#"{"status":"ok"}"#,
            "{broken",
        ] {
            if let Some(ms) = finished_run(line) {
                history.add("a", ms);
            }
        }
        let length = history.median("a").unwrap();
        assert_eq!((length.ms, length.samples), (25, 2));
        assert_eq!(history.median("b"), None);
    }

    #[test]
    fn only_the_end_of_a_long_log_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let line = |ms: usize| {
            format!("{{\"action\":\"finished\",\"status\":\"ok\",\"durationMs\":{ms}}}\n")
        };
        let text: String = (0..20_000).map(line).collect();
        std::fs::write(dir.path().join("a.jsonl"), &text).unwrap();
        let mut history = History::default();
        history.add_log(dir.path(), "a");
        history.add_log(dir.path(), "../a");
        let length = history.median("a").unwrap();
        assert!(length.samples < 6_000, "{}", length.samples);
        assert!(length.ms > 15_000, "{}", length.ms);
    }
}
