//! All runs of a state directory, for the audit: every record, with its place, and how far back they go.
//!
//! Kept apart from [`super::History`], which reads the ends of logs for lengths and the newest runs:
//! no other command pays for this. Records of one run in several places (a log line and a task, a
//! task and a receipt) have the same start, and become one.

mod facts;
mod log;
mod merge;
mod store;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::merge::Found;
use crate::audit::{Damage, History, Run};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::Job;

pub use self::facts::JobFacts;

/// How many runs of a job every version keeps: lines of its log (`cron.runLog.keepLines`), rows of a
/// store.
pub const KEPT_RUNS: usize = 2_000;
/// How long the rows of `task_runs` are kept, milliseconds: seven days.
pub const KEPT_MS: i64 = 7 * 86_400_000;

/// Where the runs of a gateway are.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    /// The state directory.
    pub state_dir: &'a Path,
    /// `jobs.json`, or the SQLite store.
    pub store: &'a Path,
    /// `cron.runLog.keepLines`, where it is set.
    pub keep_lines: Option<usize>,
    /// As of when.
    pub now_ms: i64,
}

/// The runs of a gateway.
#[derive(Clone, Debug, Default)]
pub struct AllRuns {
    jobs: HashMap<String, JobRuns>,
    /// The files and tables that hold runs, in words.
    pub read: Vec<String>,
    /// The tables of the store that hold runs.
    tables: Vec<&'static str>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// The runs of one job.
#[derive(Clone, Debug)]
pub struct JobRuns {
    /// By start.
    pub runs: Vec<Run>,
    /// How far back they go.
    pub history: History,
    /// Records that cannot be read.
    pub damage: Vec<Damage>,
    /// What its entry says beside what a [`Job`] holds.
    pub facts: JobFacts,
}

impl AllRuns {
    /// Takes the runs of a job.
    pub fn take(&mut self, job: &str) -> Option<JobRuns> {
        self.jobs.remove(job)
    }

    /// Takes what is left: the runs of jobs that are no longer in the store, by id.
    pub fn rest(&mut self) -> impl Iterator<Item = (String, JobRuns)> + use<> {
        let mut rest: Vec<_> = std::mem::take(&mut self.jobs).into_iter().collect();
        rest.sort_by(|(a, _), (b, _)| a.cmp(b));
        rest.into_iter()
    }
}

/// What a source without a history says of its jobs: their last runs. `why` says why there is none,
/// `at` where the jobs are.
pub fn last_runs(jobs: &[&Job], why: &str, at: &str) -> AllRuns {
    let (why, at) = (Arc::from(why), Arc::from(at));
    let mut out = AllRuns::default();
    for job in jobs {
        let found = Found::default();
        let history = History::None(Arc::clone(&why));
        let runs = found.of_job(job, JobFacts::default(), history, &at);
        out.jobs.insert(job.id.to_string(), runs);
    }
    out
}

/// Reads all runs of the gateway whose jobs are `jobs`.
///
/// # Errors
/// When the store cannot be read; the message names the file. What else cannot be read is a
/// [`Problem`].
pub fn read_all(places: &Places<'_>, jobs: &[&Job], env: &Env) -> Result<AllRuns, Error> {
    let mut out = AllRuns::default();
    let mut found: HashMap<String, Found> = HashMap::new();
    let in_sqlite = places.store.extension().is_some_and(|e| e == "sqlite");
    let mut facts = if in_sqlite {
        store::read(places.store, env, &mut found, &mut out)?
    } else {
        facts::of_file(places.store)?
    };
    let logs = if in_sqlite {
        places.state_dir.join("cron/runs")
    } else {
        let beside = places.store.parent().unwrap_or(Path::new(""));
        beside.join("runs")
    };
    log::read_all(&logs, &mut found, &mut out);
    let ledger = places.state_dir.join("tasks/runs.sqlite");
    if !in_sqlite && ledger.exists() {
        // Without it there are the logs: it is named, and not fatal.
        if let Err(error) = store::read(&ledger, env, &mut found, &mut out) {
            out.problems.push(
                Problem::new(error.in_one_line(), "its runs are not looked at")
                    .hint("the run logs are used alone"),
            );
        }
    }
    let kind = if in_sqlite { "cron_jobs" } else { "job" };
    let at: Arc<str> = Arc::from(format!("{}: {kind}", places.store.display()));
    for job in jobs {
        let runs = found.remove(&*job.id).unwrap_or_default();
        let facts = facts.remove(&*job.id).unwrap_or_default();
        let history = if in_sqlite {
            runs.history_in_store(&out.tables, places)
        } else {
            runs.history_in_files(job, places)
        };
        let runs = runs.of_job(job, facts, history, &at);
        out.jobs.insert(job.id.to_string(), runs);
    }
    let rest = found.into_iter();
    out.jobs
        .extend(rest.map(|(id, found)| (id, found.of_nobody())));
    Ok(out)
}

fn shown(path: &Path) -> Arc<str> {
    Arc::from(path.display().to_string())
}

/// The job of a run log, by its file name.
fn job_of(name: &str) -> Option<&str> {
    name.strip_suffix(".jsonl")
        .or_else(|| name.strip_suffix(".jsonl.migrated"))
        .filter(|id| !id.is_empty())
}

fn logs_of(dir: &Path) -> Vec<(String, PathBuf)> {
    let mut logs: Vec<_> = crate::files::names(dir)
        .filter_map(|name| Some((job_of(&name)?.to_owned(), dir.join(&name))))
        .collect();
    logs.sort();
    logs
}

#[cfg(test)]
mod tests;
