//! What a running gateway says is running: `tasks.list` and `cron.list`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::client::Gateway;
use super::failure::Failure;
use crate::error::Problem;
use crate::job::{Collector, Job, Place};
use crate::openclaw::Confidence;
use crate::schedule::{Rules, Version};
use crate::turn::{OpenClawRuns, TaskRun};

/// The largest pages that a gateway gives.
const JOBS_PER_PAGE: u64 = 200;
const TASKS_PER_PAGE: u64 = 500;
/// Lists are read to this many pages: 20,000 jobs.
const MOST_PAGES: usize = 100;
/// How often the two lists are read until they agree.
const LOOKS: usize = 3;

/// One look at a gateway.
#[derive(Debug)]
pub struct Look {
    /// What runs.
    pub runs: OpenClawRuns,
    /// The jobs.
    pub jobs: Vec<Job>,
    /// What could not be used.
    pub problems: Vec<Problem>,
}

/// How a run ended, as `cron.runs` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `ok`, `error`, `skipped`.
    pub status: String,
    /// `error`.
    pub error: Option<String>,
    /// `nextRunAtMs`: when the job runs next, as known when the run ended, epoch milliseconds.
    pub next_run_at_ms: Option<i64>,
}

impl Ended {
    /// Whether it was ended by `sessions.abort`.
    pub fn is_abort(&self) -> bool {
        let aborted = |error: &str| error.contains("OPENCLAW_DIRECT_ABORT");
        self.status == "error" && self.error.as_deref().is_some_and(aborted)
    }

    /// In words.
    pub fn says(&self) -> String {
        match &self.error {
            Some(error) => format!("{}: {error}", self.status),
            None => self.status.clone(),
        }
    }
}

impl Gateway {
    /// Asks which cron runs are in flight. `version` is the one whose rules hold.
    ///
    /// The two lists are not of one instant: where they differ, both are asked again, since a run
    /// that ends in between would look like a marker without a run.
    ///
    /// # Errors
    /// When one of the lists cannot be got.
    pub async fn runs(&mut self, source: &str, version: Version) -> Result<Look, Failure> {
        let mut look = self.look(source, version).await?;
        for _ in 1..LOOKS {
            if agree(&look.runs) {
                break;
            }
            look = self.look(source, version).await?;
        }
        Ok(look)
    }

    async fn look(&mut self, source: &str, version: Version) -> Result<Look, Failure> {
        let tasks = if self.hello().has("tasks.list") {
            Some(self.tasks().await?)
        } else {
            None
        };
        let mut collector = Collector::new(format!("{source}: cron.list"), 0);
        let mut n = 0;
        let (mut offset, mut cut) = (0, true);
        for _ in 0..MOST_PAGES {
            let params = json!({"includeDisabled": true, "limit": JOBS_PER_PAGE, "offset": offset});
            let page = self.read("cron.list", params).await?;
            for job in list(&page, "jobs")? {
                n += 1;
                collector.add(&job.to_string(), Place::entry(n));
            }
            let next = page["nextOffset"].as_u64().filter(|next| *next > offset);
            let Some(next) = next.filter(|_| page["hasMore"].as_bool().unwrap_or(false)) else {
                cut = false;
                break;
            };
            offset = next;
        }
        let collected = collector.finish(Rules::OpenClaw(version));
        let mut problems = collected.problems;
        if cut {
            problems.push(Problem::new(
                format!("{source}: cron.list"),
                format!("has more than {n} jobs; the others are not looked at"),
            ));
        }
        let states = |of: fn(&Job) -> Option<i64>| -> BTreeMap<String, i64> {
            let jobs = collected.jobs.iter();
            jobs.filter_map(|job| Some((job.id.to_string(), of(job)?)))
                .collect()
        };
        Ok(Look {
            runs: OpenClawRuns {
                source: source.to_owned(),
                version,
                version_sure: Confidence::Certain,
                live: true,
                max_concurrent_runs: None,
                default_agent: "main".to_owned(),
                markers: states(|job| job.state.running_at_ms),
                queued: states(|job| job.state.queued_at_ms),
                markers_at: format!("{source}: cron.list"),
                receipts: None,
                tasks,
            },
            jobs: collected.jobs,
            problems,
        })
    }

    async fn tasks(&mut self) -> Result<Vec<TaskRun>, Failure> {
        let mut tasks = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut params = json!({"status": ["running", "queued"], "limit": TASKS_PER_PAGE});
            if let Some(cursor) = cursor {
                params["cursor"] = json!(cursor);
            }
            let page = self.read("tasks.list", params).await?;
            tasks.extend(list(&page, "tasks")?.iter().filter_map(task));
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(tasks)
    }

    /// Asks how the run of a job that began at an instant ended; `None` when there is no record.
    ///
    /// # Errors
    /// When the list cannot be got.
    pub async fn ended(&mut self, job: &str, started_ms: i64) -> Result<Option<Ended>, Failure> {
        let page = self
            .read("cron.runs", json!({"id": job, "limit": 5}))
            .await?;
        let entries = list(&page, "entries")?;
        let entry = entries
            .iter()
            .find(|e| e["runAtMs"].as_i64() == Some(started_ms));
        Ok(entry.map(|entry| Ended {
            status: entry["status"].as_str().unwrap_or("unknown").to_owned(),
            error: entry["error"].as_str().map(str::to_owned),
            next_run_at_ms: entry["nextRunAtMs"].as_i64(),
        }))
    }
}

/// Whether the same jobs are marked and have a task that runs.
fn agree(runs: &OpenClawRuns) -> bool {
    let Some(tasks) = &runs.tasks else {
        return true;
    };
    let running = tasks.iter().filter(|task| !task.queued);
    let running: BTreeSet<&str> = running.map(|task| &*task.job_id).collect();
    let marked: BTreeSet<&str> = runs.markers.keys().map(String::as_str).collect();
    running == marked
}

fn list<'a>(page: &'a Value, field: &str) -> Result<&'a Vec<Value>, Failure> {
    page[field]
        .as_array()
        .ok_or_else(|| Failure::Garbage(format!("an answer has no list {field:?}")))
}

/// A task of a cron run that runs or waits; `None` for any other.
fn task(task: &Value) -> Option<TaskRun> {
    let text = |field: &str| task[field].as_str().map(str::to_owned);
    let is_cron = task["runtime"] == "cron";
    let queued = match task["status"].as_str()? {
        "running" => false,
        "queued" => true,
        _ => return None,
    };
    is_cron.then_some(())?;
    Some(TaskRun {
        id: text("taskId").or_else(|| text("id"))?,
        job_id: text("sourceId")?,
        run_id: text("runId"),
        agent_id: text("agentId"),
        session_key: text("childSessionKey"),
        queued,
        started_at_ms: task["startedAt"]
            .as_i64()
            .or_else(|| task["createdAt"].as_i64()),
        last_event_at_ms: task["updatedAt"].as_i64(),
        at: "tasks.list".to_owned(),
    })
}
