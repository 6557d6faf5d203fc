//! Turns of an OpenClaw gateway: what its store says is running, weighed.
//!
//! Three records may name one run: the marker in the job's state (`runningAtMs`), a receipt
//! (`cron_run_receipts`, from 2026.8.1) and a task (`task_runs`, from 2026.3.31). A gateway that
//! crashed leaves them behind, so a marker alone is no run.

mod abort;
mod blocked;
mod judge;

use std::collections::BTreeMap;

use crate::openclaw::Confidence;
use crate::schedule::Version;

pub use abort::{CleanAbort, clean_abort};
pub use judge::openclaw_turns;

/// A gateway of 2026.3 clears a running marker that is older than this, milliseconds.
pub const STUCK_MS: i64 = 7_200_000;

/// What one OpenClaw source says of its runs, at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenClawRuns {
    /// The source's tag.
    pub source: String,
    /// The version whose rules hold.
    pub version: Version,
    /// How sure the version is.
    pub version_sure: Confidence,
    /// Whether the running gateway itself says so, not the files that it keeps.
    pub live: bool,
    /// `cron.maxConcurrentRuns` of the configuration, where it is set.
    pub max_concurrent_runs: Option<u32>,
    /// The agent of jobs that name none.
    pub default_agent: String,
    /// `state.runningAtMs` by job id, epoch milliseconds.
    pub markers: BTreeMap<String, i64>,
    /// `state.queuedAtMs` by job id, epoch milliseconds.
    pub queued: BTreeMap<String, i64>,
    /// Where the markers stand: a file, or the RPC.
    pub markers_at: String,
    /// The receipts with status `running`; `None` where none are kept or they could not be read.
    pub receipts: Option<Vec<Receipt>>,
    /// The tasks of cron runs that are `running` or `queued`; `None` as for receipts.
    pub tasks: Option<Vec<TaskRun>>,
}

impl OpenClawRuns {
    /// How many cron runs may go on at once; `None` for versions where that was not checked.
    /// Up to 2026.3.31 it is `cron.maxConcurrentRuns`, 1 where it is not set; on 2026.9.6 it is 8.
    pub fn slots(&self) -> Option<usize> {
        let version = self.version.without_rerelease();
        if version <= LAST_OF_SPRING {
            let set = self.max_concurrent_runs.unwrap_or(1).max(1);
            usize::try_from(set).ok()
        } else if version >= FIRST_OF_AUTUMN {
            Some(8)
        } else {
            None
        }
    }

    /// Whether a job may be marked before it runs: not where it is queued first, as on 2026.9.6.
    fn marks_early(&self) -> bool {
        self.version.without_rerelease() < FIRST_OF_AUTUMN
    }
}

/// The versions between these were not run: their rules may be those of either side.
const LAST_OF_SPRING: Version = Version::new(2026, 3, 31);
const FIRST_OF_AUTUMN: Version = Version::new(2026, 9, 0);

/// A row of `cron_run_receipts` with status `running`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// `receipt_id`.
    pub id: String,
    /// `job_id`.
    pub job_id: String,
    /// `agent_id`.
    pub agent_id: Option<String>,
    /// `started_at_ms`, epoch milliseconds.
    pub started_at_ms: i64,
    /// `owner_pid`: the process that runs it.
    pub owner_pid: Option<i64>,
    /// `owner_start_time`: what tells that process from a later one with its number.
    pub owner_start: Option<i64>,
    /// Whether that process runs on this machine; `None` when that cannot be told.
    pub owner_alive: Option<bool>,
    /// The store and table.
    pub at: String,
}

/// A row of `task_runs` of a cron run, `running` or `queued`; or one of the RPC `tasks.list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRun {
    /// `task_id`.
    pub id: String,
    /// `source_id`: the job.
    pub job_id: String,
    /// `run_id`.
    pub run_id: Option<String>,
    /// `agent_id`.
    pub agent_id: Option<String>,
    /// `child_session_key`: the session in which it runs.
    pub session_key: Option<String>,
    /// Whether it waits for a slot still.
    pub queued: bool,
    /// `started_at`, epoch milliseconds.
    pub started_at_ms: Option<i64>,
    /// `last_event_at`, epoch milliseconds.
    pub last_event_at_ms: Option<i64>,
    /// The store and table, or the RPC.
    pub at: String,
}

#[cfg(test)]
mod tests;
