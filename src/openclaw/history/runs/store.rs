//! Runs in SQLite: `cron_run_logs` (2026.6.11 to 2026.7.1), `task_runs` (2026.3.31, and from 2026.8.1
//! on) and `cron_run_receipts` (from 2026.8.1 on).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::facts::{JobFacts, of_row};
use super::log::{Record, is_manual};
use super::merge::{Found, Source, without_status};
use super::{AllRuns, shown};
use crate::audit::{Evidence, Part, Run, RunStatus};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::openclaw::history::columns;
use crate::openclaw::snapshot;

/// What a store gives; taken over at once, because a store may be read several times.
#[derive(Default)]
struct Read {
    runs: Vec<(String, Run, Source)>,
    facts: HashMap<String, JobFacts>,
    tables: Vec<&'static str>,
    problems: Vec<Problem>,
}

/// Reads the runs of a store, and the facts of its jobs where it has some.
pub(super) fn read(
    path: &Path,
    env: &Env,
    found: &mut HashMap<String, Found>,
    out: &mut AllRuns,
) -> Result<HashMap<String, JobFacts>, Error> {
    let at = shown(path);
    let read = snapshot::read(path, env, |store| {
        let mut read = Read::default();
        read.jobs(store)?;
        read.run_logs(store, &at)?;
        read.tasks(store, &at)?;
        read.receipts(store, &at)?;
        Ok(read)
    })?;
    for (job, run, source) in read.runs {
        let found = found.entry(job).or_default();
        found.add(run, source);
        found.rows += usize::from(source != Source::Receipt);
    }
    if !read.tables.is_empty() {
        out.read.push(format!("{at}: {}", read.tables.join(", ")));
    }
    out.tables.extend(read.tables);
    out.problems.extend(read.problems);
    Ok(read.facts)
}

fn text<'a>(row: &'a Row<'_>, i: usize) -> Option<&'a str> {
    row.get_ref(i).ok()?.as_str().ok()
}

fn int(row: &Row<'_>, i: usize) -> Option<i64> {
    row.get_ref(i).ok()?.as_i64().ok()
}

/// `SELECT` of the columns that the table has, `NULL` for the others; `None` without the needed ones.
fn select(
    store: &Connection,
    table: &str,
    needed: &[&str],
    wanted: &[&str],
) -> rusqlite::Result<Option<String>> {
    let columns = columns(store, table)?;
    let has = |name: &str| columns.iter().any(|c| c == name);
    if !needed.iter().all(|name| has(name)) {
        return Ok(None);
    }
    let wanted = wanted
        .iter()
        .map(|name| if has(name) { name } else { "NULL" });
    let wanted: Vec<&str> = needed.iter().copied().chain(wanted).collect();
    Ok(Some(format!("SELECT {} FROM {table}", wanted.join(", "))))
}

impl Read {
    fn jobs(&mut self, store: &Connection) -> rusqlite::Result<()> {
        let needed = ["job_id", "job_json", "state_json"];
        let wanted = ["updated_at", "runtime_updated_at_ms"];
        let Some(select) = select(store, "cron_jobs", &needed, &wanted)? else {
            return Ok(());
        };
        let mut query = store.prepare(&select)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (Some(id), Some(definition)) = (text(row, 0), text(row, 1)) else {
                continue;
            };
            let updated = int(row, 3).max(int(row, 4));
            let facts = of_row(definition, text(row, 2).unwrap_or("{}"), updated);
            self.facts.insert(id.to_owned(), facts);
        }
        Ok(())
    }

    fn damaged(&mut self, evidence: &Evidence, what: &str) {
        let problem = Problem::new(evidence.to_string(), what.to_owned());
        self.problems.push(problem);
    }

    fn run_logs(&mut self, store: &Connection, at: &Arc<str>) -> rusqlite::Result<()> {
        let Some(select) = select(store, "cron_run_logs", &["entry_json"], &[])? else {
            return Ok(());
        };
        self.tables.push("cron_run_logs");
        let at: Arc<str> = Arc::from(format!("{at}: cron_run_logs"));
        let mut query = store.prepare(&format!("{select} ORDER BY rowid"))?;
        let mut rows = query.query([])?;
        let mut n = 0;
        while let Some(row) = rows.next()? {
            n += 1;
            let evidence = Evidence {
                at: Arc::clone(&at),
                part: Part::Row(format!("row {n}").into_boxed_str()),
            };
            let record = text(row, 0).and_then(|t| serde_json::from_str::<Record>(t).ok());
            let Some(mut record) = record else {
                self.damaged(&evidence, "is no record of a run that can be read");
                continue;
            };
            if record.is_other() {
                continue;
            }
            let job = std::mem::take(&mut record.job_id).ok();
            let (Some(job), Some(run)) = (job, record.run(evidence.clone())) else {
                self.damaged(&evidence, "has no job or no start, and is not looked at");
                continue;
            };
            if run.status == RunStatus::Unknown {
                self.problems.push(without_status(&run));
            }
            self.runs.push((job, run, Source::Log));
        }
        Ok(())
    }

    fn tasks(&mut self, store: &Connection, at: &Arc<str>) -> rusqlite::Result<()> {
        let needed = ["task_id", "source_id", "status", "started_at", "ended_at"];
        let wanted = ["run_id", "error", "detail_json", "created_at"];
        let Some(select) = select(store, "task_runs", &needed, &wanted)? else {
            return Ok(());
        };
        self.tables.push("task_runs");
        let at: Arc<str> = Arc::from(format!("{at}: task_runs"));
        let filter = "WHERE runtime = 'cron' AND source_id IS NOT NULL AND status <> 'queued'";
        let mut query = store.prepare(&format!("{select} {filter}"))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let Some(job) = text(row, 1) else { continue };
            let evidence = Evidence {
                at: Arc::clone(&at),
                part: Part::Row(Box::from(text(row, 0).unwrap_or("?"))),
            };
            let detail = text(row, 7).map(serde_json::from_str::<Record>);
            if let Some(Err(_)) = detail {
                self.damaged(
                    &evidence,
                    "detail_json cannot be read; the other columns are used",
                );
            }
            let detail = detail
                .and_then(Result::ok)
                .and_then(|d| d.run(evidence.clone()));
            let id = text(row, 5).unwrap_or_default();
            // cron:<job>:<start>, from 2026.8.1 on with :<receipt>[:<manual run>]. A run that was
            // imported from a log has another id, or none of these.
            let part = |n| {
                let rest = id.strip_prefix("cron:")?.strip_prefix(job)?;
                rest.split(':').nth(n).filter(|part| !part.is_empty())
            };
            let in_id = || part(1)?.parse().ok();
            let started = int(row, 3).or_else(in_id).or_else(|| int(row, 8));
            let started = detail.as_ref().map(|d| d.started_at_ms).or(started);
            let Some(started_at_ms) = started else {
                self.damaged(&evidence, "has no start, and is not looked at");
                continue;
            };
            let error = || text(row, 6).map(str::trim).filter(|e| !e.is_empty());
            let status = text(row, 2).unwrap_or_default();
            let mut run = detail.unwrap_or_else(|| Run {
                started_at_ms,
                ended_at_ms: int(row, 4),
                status: of_task(status),
                by_hand: false,
                is_unmarked: true,
                next_run_at_ms: None,
                error: None,
                error_class: None,
                evidence,
            });
            if run.status == RunStatus::Unknown {
                run.status = of_task(status);
            }
            if run.status == RunStatus::Unknown {
                self.problems.push(without_status(&run));
            }
            run.ended_at_ms = run.ended_at_ms.or_else(|| int(row, 4));
            run.error = run.error.take().or_else(|| error().map(Box::from));
            let rest = id.split_once(job).map_or("", |(_, rest)| rest);
            run.by_hand |= rest.contains(":manual:");
            run.is_unmarked = part(2).is_none();
            self.runs.push((job.to_owned(), run, Source::Task));
        }
        Ok(())
    }

    fn receipts(&mut self, store: &Connection, at: &Arc<str>) -> rusqlite::Result<()> {
        let needed = ["receipt_id", "job_id", "status", "started_at_ms"];
        let wanted = ["finished_at_ms", "error_text", "request_run_id"];
        let Some(select) = select(store, "cron_run_receipts", &needed, &wanted)? else {
            return Ok(());
        };
        self.tables.push("cron_run_receipts");
        let at: Arc<str> = Arc::from(format!("{at}: cron_run_receipts"));
        let mut query = store.prepare(&select)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let evidence = Evidence {
                at: Arc::clone(&at),
                part: Part::Row(Box::from(text(row, 0).unwrap_or("?"))),
            };
            let (Some(job), Some(started_at_ms)) = (text(row, 1), int(row, 3)) else {
                self.damaged(&evidence, "has no job or no start, and is not looked at");
                continue;
            };
            let run = Run {
                started_at_ms,
                ended_at_ms: int(row, 4),
                status: of_receipt(text(row, 2).unwrap_or_default()),
                by_hand: text(row, 6).is_some_and(is_manual),
                is_unmarked: false,
                next_run_at_ms: None,
                error: text(row, 5).map(Box::from),
                error_class: None,
                evidence,
            };
            self.runs.push((job.to_owned(), run, Source::Receipt));
        }
        Ok(())
    }
}

fn of_task(status: &str) -> RunStatus {
    match status {
        "succeeded" => RunStatus::Ok,
        "running" => RunStatus::Running,
        // A task whose process is gone.
        "lost" => RunStatus::Interrupted,
        "failed" | "timed_out" | "cancelled" => RunStatus::Error,
        _ => RunStatus::Unknown,
    }
}

fn of_receipt(status: &str) -> RunStatus {
    match status {
        "ok" => RunStatus::Ok,
        "skipped" | "superseded" => RunStatus::Skipped,
        "running" => RunStatus::Running,
        "interrupted" => RunStatus::Interrupted,
        "error" => RunStatus::Error,
        _ => RunStatus::Unknown,
    }
}
