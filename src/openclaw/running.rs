//! What a state directory says is running: markers, receipts and tasks, read offline.
//!
//! A marker and the record of its run are looked at together. Where both are in one SQLite store,
//! they are of one snapshot; where they are in two files, both are read until they stay the same,
//! or a run that ends in between would look like a marker without a run.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::history::{columns, has_table};
use super::{snapshot, store};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::{Collector, JobState, parse_state};
use crate::schedule::Version;
use crate::turn::{Receipt, TaskRun};

/// How often two files are read until they stay the same.
const LOOKS: usize = 4;
/// `/proc/<pid>/stat` is a line of some hundred bytes.
const STAT_BYTES: u64 = 4_096;
/// The first version that keeps a ledger of tasks beside `jobs.json`.
const FIRST_LEDGER: Version = Version::new(2026, 3, 31);

/// What is running, as far as a state directory says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// `state.runningAtMs` by job id, epoch milliseconds.
    pub markers: BTreeMap<String, i64>,
    /// `state.queuedAtMs` by job id, epoch milliseconds.
    pub queued: BTreeMap<String, i64>,
    /// Where the markers stand.
    pub markers_at: String,
    /// The running receipts; `None` where the store has no such table.
    pub receipts: Option<Vec<Receipt>>,
    /// The tasks of cron runs that run or wait; `None` where the version keeps none.
    pub tasks: Option<Vec<TaskRun>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Running {
    fn add_state(&mut self, job: &str, state: &JobState) {
        if let Some(at) = state.running_at_ms {
            self.markers.insert(job.to_owned(), at);
        }
        if let Some(at) = state.queued_at_ms {
            self.queued.insert(job.to_owned(), at);
        }
    }
}

/// Reads what is running in the state directory `state_dir`, whose jobs are in `store`.
///
/// # Errors
/// When the store cannot be read; the message names the file.
pub fn read(state_dir: &Path, store: &Path, version: Version, env: &Env) -> Result<Running, Error> {
    let mut running = if store.extension().is_some_and(|e| e == "sqlite") {
        let key = state_dir.join("cron/jobs.json");
        snapshot::read(store, env, |connection| in_store(connection, store, &key))?
    } else {
        let ledger = state_dir.join("tasks/runs.sqlite");
        let ledger = (version >= FIRST_LEDGER && ledger.exists()).then_some(ledger);
        in_files(store, ledger.as_deref(), env)?
    };
    for receipt in running.receipts.iter_mut().flatten() {
        receipt.owner_alive = alive(receipt.owner_pid, receipt.owner_start);
    }
    Ok(running)
}

/// Reads markers, receipts and tasks of one SQLite store.
fn in_store(connection: &Connection, path: &Path, key: &Path) -> rusqlite::Result<Running> {
    let key = key.to_str().unwrap_or_default();
    let mut running = Running {
        markers_at: format!("{}: cron_jobs.state_json", path.display()),
        ..Running::default()
    };
    // A copied state directory has another path than its rows say: then all of them are meant.
    let mut query = connection.prepare(
        "SELECT job_id, state_json FROM cron_jobs WHERE store_key = ?1 \
         OR NOT EXISTS (SELECT 1 FROM cron_jobs WHERE store_key = ?1)",
    )?;
    let mut rows = query.query([key])?;
    while let Some(row) = rows.next()? {
        if let (Ok(job), Ok(state)) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_str()) {
            running.add_state(job, &parse_state(state));
        }
    }
    running.receipts = receipts(connection, path, key)?;
    running.tasks = tasks(connection, path)?;
    Ok(running)
}

/// Reads markers of `jobs.json`, and the ledger of tasks where there is one.
fn in_files(store: &Path, ledger: Option<&Path>, env: &Env) -> Result<Running, Error> {
    let look = || -> Result<Running, Error> {
        let mut running = Running {
            markers_at: store.display().to_string(),
            ..Running::default()
        };
        if let Some(ledger) = ledger {
            match snapshot::read(ledger, env, |connection| tasks(connection, ledger)) {
                Ok(tasks) => running.tasks = tasks,
                Err(error) => running.problems.push(Problem::new(
                    error.message,
                    "it is not known which tasks run; the markers are used alone",
                )),
            }
        }
        let mut collector = Collector::new(store.display().to_string(), 0);
        store::read_file(store, &mut collector)?;
        for job in &collector.jobs {
            running.add_state(&job.id, &job.state);
        }
        Ok(running)
    };
    let mut last = look()?;
    if ledger.is_none() {
        return Ok(last);
    }
    for _ in 1..LOOKS {
        let next = look()?;
        if next == last {
            return Ok(next);
        }
        last = next;
    }
    Ok(last)
}

/// Reads the running receipts; `None` without such a table.
fn receipts(
    connection: &Connection,
    path: &Path,
    key: &str,
) -> rusqlite::Result<Option<Vec<Receipt>>> {
    let columns = columns(connection, "cron_run_receipts")?;
    let has = |name: &str| columns.iter().any(|c| c == name);
    if ![
        "receipt_id",
        "store_key",
        "job_id",
        "status",
        "started_at_ms",
    ]
    .into_iter()
    .all(has)
    {
        return Ok(None);
    }
    let or_null = |name| if has(name) { name } else { "NULL" };
    let mut query = connection.prepare(&format!(
        "SELECT receipt_id, job_id, started_at_ms, {}, {}, {} FROM cron_run_receipts \
         WHERE status = 'running' AND (store_key = ?1 \
         OR NOT EXISTS (SELECT 1 FROM cron_jobs WHERE store_key = ?1))",
        or_null("agent_id"),
        or_null("owner_pid"),
        or_null("owner_start_time"),
    ))?;
    let at = format!("{}: cron_run_receipts", path.display());
    let found = query.query_map([key], |row| {
        Ok(Receipt {
            id: row.get(0)?,
            job_id: row.get(1)?,
            started_at_ms: row.get(2)?,
            agent_id: row.get(3)?,
            owner_pid: row.get(4)?,
            owner_start: row.get(5)?,
            owner_alive: None,
            at: at.clone(),
        })
    })?;
    found.collect::<Result<_, _>>().map(Some)
}

/// Reads the tasks of cron runs that run or wait; `None` where the store never had one of a cron
/// run: then its version may not keep them.
fn tasks(connection: &Connection, path: &Path) -> rusqlite::Result<Option<Vec<TaskRun>>> {
    if !has_table(connection, "task_runs")? {
        return Ok(None);
    }
    let columns = columns(connection, "task_runs")?;
    let has = |name: &str| columns.iter().any(|c| c == name);
    if !["task_id", "runtime", "source_id", "status", "started_at"]
        .into_iter()
        .all(has)
    {
        return Ok(None);
    }
    let any = "SELECT EXISTS (SELECT 1 FROM task_runs WHERE runtime = 'cron')";
    if !connection.query_row(any, [], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let or_null = |name| if has(name) { name } else { "NULL" };
    let mut query = connection.prepare(&format!(
        "SELECT task_id, source_id, status, COALESCE(started_at, {}), {}, {}, {}, {} \
         FROM task_runs WHERE runtime = 'cron' AND source_id IS NOT NULL \
         AND status IN ('running', 'queued') ORDER BY started_at",
        or_null("created_at"),
        or_null("run_id"),
        or_null("agent_id"),
        or_null("child_session_key"),
        or_null("last_event_at"),
    ))?;
    let at = format!("{}: task_runs", path.display());
    let found = query.query_map([], |row| {
        Ok(TaskRun {
            id: row.get(0)?,
            job_id: row.get(1)?,
            queued: row.get_ref(2)?.as_str() == Ok("queued"),
            started_at_ms: row.get(3)?,
            run_id: row.get(4)?,
            agent_id: row.get(5)?,
            session_key: row.get(6)?,
            last_event_at_ms: row.get(7)?,
            at: at.clone(),
        })
    })?;
    found.collect::<Result<_, _>>().map(Some)
}

/// Whether the process that owns a receipt runs on this machine. `start` is the 22nd field of its
/// `/proc/<pid>/stat`, clock ticks since the machine started, as gateways on Linux write it.
///
/// `None` where that cannot be told: no `/proc`, no number, or a process without a known start.
fn alive(pid: Option<i64>, start: Option<i64>) -> Option<bool> {
    let start_of = |pid: &str| {
        let bytes = crate::files::read(Path::new(&format!("/proc/{pid}/stat")), STAT_BYTES).ok()?;
        started(&String::from_utf8_lossy(&bytes))
    };
    start_of("self")?;
    let Some(found) = start_of(&pid?.to_string()) else {
        return Some(false);
    };
    Some(found == start?)
}

/// The 22nd field of a line of `/proc/<pid>/stat`; `None` for a process that ended and whose parent
/// did not ask yet how (`Z`). The second field is a name that may hold anything.
fn started(stat: &str) -> Option<i64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let is_over = matches!(fields.next()?, "Z" | "X" | "x");
    let ticks = fields.nth(18)?.parse().ok()?;
    (!is_over).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_process_is_read_past_any_name() {
        let stat = "4 (a) b (c) S 1 4 4 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 131779 9 9";
        assert_eq!(started(stat), Some(131_779));
        assert_eq!(started(&stat.replace(" S ", " Z ")), None);
        assert_eq!(started("4 (a S 1"), None);
        assert_eq!(started(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_is_known_by_number_and_start() {
        let own = i64::from(std::process::id());
        let own_stat = crate::files::read(Path::new("/proc/self/stat"), STAT_BYTES).unwrap();
        let start = started(&String::from_utf8(own_stat).unwrap());
        assert_eq!(alive(Some(own), start), Some(true));
        // The number is in use again, by a process that started at another time.
        assert_eq!(alive(Some(own), start.map(|s| s + 1)), Some(false));
        assert_eq!(alive(Some(own), None), None);
        // Numbers end at 2^22 on Linux.
        assert_eq!(alive(Some(1 << 40), start), Some(false));
        assert_eq!(alive(None, start), None);
    }
}
