//! One state directory, read whole: which store it has, its jobs, its version, its run lengths.

mod choose;
mod settings;

use std::path::{Path, PathBuf};

use self::choose::{Found, choose};
use self::settings::{Settings, config};
use super::config::Config;
use super::discover::{Paths, absolute, discover, expand};
use super::history::{History, RunLogs};
use super::installed::installed;
use super::sessions::{Sessions, Stores};
use super::snapshot;
pub use super::store::Layout;
use super::store::{self, Rows};
use super::version::{Decision, Evidence, decide};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::{Collector, Job, RunLength, RunLengthOrigin};
use crate::schedule::{Rules, Version};

/// How much of a state directory a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The jobs. How long they run is not looked at.
    Jobs,
    /// Also how long they run, session rows and the records of finished runs, from which models are
    /// resolved.
    Models,
}

impl Want {
    /// Starts a history that keeps what is wanted.
    pub(super) fn history(self) -> History {
        match self {
            Self::Jobs => History::default(),
            Self::Models => History::with_records(),
        }
    }
}

/// What a state directory holds.
#[derive(Debug)]
pub struct State {
    /// Its paths.
    pub paths: Paths,
    /// The configuration, when there is a usable one.
    pub config: Option<Config>,
    /// Whether there is no configuration file at all: the gateway's defaults are assumed.
    pub unconfigured: bool,
    /// Where the jobs were found; `None` when there is no store.
    pub store: Option<PathBuf>,
    /// The store's form.
    pub layout: Option<Layout>,
    /// The version whose rules hold.
    pub version: Decision,
    /// `cron.maxConcurrentRuns`.
    pub max_concurrent_runs: Option<u32>,
    /// `cron.enabled`.
    pub cron_enabled: Option<bool>,
    /// The jobs; with [`Want::Models`], with run lengths.
    pub jobs: Vec<Job>,
    /// The session rows; not read with [`Want::Jobs`].
    pub sessions: Sessions,
    /// The finished runs; their records are kept with [`Want::Models`] only.
    pub history: History,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// What an operator should know: migrations, empty stores, duplicates.
    pub notes: Vec<String>,
}

/// Reads the state directory at `paths` for source number `source`.
///
/// # Errors
/// When the directory does not exist, holds nothing of OpenClaw, or its store cannot be read.
pub fn read(
    paths: Paths,
    env: &Env,
    cwd: &Path,
    option: Option<Version>,
    source: usize,
    want: Want,
) -> Result<State, Error> {
    check_dir(&paths)?;
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let config = config(&paths, env, cwd, &mut problems, &mut notes);
    let unconfigured = config.is_none() && !absolute(&paths.config, cwd).exists();
    let settings = Settings::of(config.as_ref(), &mut problems);
    let jobs_file = match &settings.store {
        Some(text) => absolute(&expand(text, paths.home.as_deref()), cwd),
        None => paths.state_dir.join("cron/jobs.json"),
    };
    let sqlite = paths.state_dir.join("state/openclaw.sqlite");
    let ledger = paths.state_dir.join("tasks/runs.sqlite");

    let found = choose(&jobs_file, &sqlite, env, option, want, &mut notes)?;
    let has_task_ledger = ledger.exists();
    let mut history = want.history();
    let mut evidence = Evidence {
        option,
        touched: settings.touched,
        untouched: settings.untouched,
        has_task_ledger,
        config_at: paths.config.display().to_string(),
        ledger_at: ledger.display().to_string(),
        ..Evidence::default()
    };
    let (mut collector, store_path) = match found {
        Found::File => {
            evidence.layout = Some(Layout::Files);
            let mut collector = Collector::new(jobs_file.display().to_string(), source);
            notes.extend(store::read_file(&jobs_file, &mut collector)?);
            (collector, Some(jobs_file.clone()))
        }
        Found::Sqlite(rows) => {
            let Rows {
                layout,
                app,
                rows,
                history: runs,
            } = *rows;
            evidence.layout = layout;
            evidence.app = app;
            history = runs;
            let mut collector = Collector::new(sqlite.display().to_string(), source);
            if rows.is_empty() {
                notes.push(format!(
                    "{}: cron_jobs has no rows: no job was ever added, or all were removed",
                    sqlite.display()
                ));
            }
            store::add_rows(rows, &jobs_file, &sqlite, &mut collector);
            (collector, Some(sqlite))
        }
        Found::Nothing => {
            problems.push(no_store(&paths, &jobs_file, &sqlite));
            (Collector::new("", source), None)
        }
    };
    evidence.store_at = shown(store_path.as_deref());
    let runs = jobs_file.parent().unwrap_or(Path::new("")).join("runs");
    let has_ledger = has_task_ledger && evidence.layout == Some(Layout::Files);
    let ran = |job: &Job| job.state.last_run_at_ms.is_some();
    let has_run = collector.jobs.iter().any(ran);
    // Where a job says that it ran, logs say no more about the version.
    if want == Want::Models || !has_run {
        // The ledger also covers runs whose log was pruned; without it there is the log.
        let other = || has_ledger.then(|| read_ledger(&ledger, env, want));
        add_missing(&mut collector.jobs, &mut history, &runs, other);
    }
    evidence.has_runs = has_run || !history.is_empty();
    look_for_package(&mut evidence, &paths, env, cwd);
    let version = decide(&evidence);
    let dir = paths.state_dir.display();
    notes.extend(version.notes.iter().map(|n| format!("{dir}: {n}")));
    let roster = config.as_ref().map(Config::agents).unwrap_or_default();
    let stores = Stores {
        roster: &roster.iter().map(|agent| agent.id).collect::<Vec<_>>(),
        template: settings.session_store.as_deref(),
        files: evidence.layout == Some(Layout::Files),
    };
    let sessions = match want {
        Want::Jobs => Sessions::default(),
        Want::Models => Sessions::load(&paths, stores, env, cwd),
    };
    let collected = collector.finish(Rules::OpenClaw(version.version));
    problems.extend(collected.problems);
    problems.extend(sessions.problems());
    notes.extend(collected.duplicates);
    Ok(State {
        config,
        unconfigured,
        store: store_path,
        layout: evidence.layout,
        version,
        max_concurrent_runs: settings.cron.max_concurrent_runs,
        cron_enabled: settings.cron.enabled,
        jobs: collected.jobs,
        sessions,
        history,
        problems,
        notes,
        paths,
    })
}

/// Reads the task ledger. One that cannot be read is no history.
fn read_ledger(ledger: &Path, env: &Env, want: Want) -> History {
    let read = snapshot::read(ledger, env, |store| {
        let mut history = want.history();
        history.add_store(store, ledger)?;
        Ok(history)
    });
    read.unwrap_or_default()
}

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |p| p.display().to_string())
}

/// Sets run lengths: from the store's history, the job's run log, another history, the last run.
fn add_missing(
    jobs: &mut [Job],
    history: &mut History,
    runs: &Path,
    other: impl FnOnce() -> Option<History>,
) {
    let logs = RunLogs::list(runs);
    if !logs.is_empty() {
        for job in &mut *jobs {
            if history.median(&job.id).is_none() {
                history.add_log(&logs, &job.id);
            }
        }
    }
    let mut other = Some(other);
    let mut more: Option<History> = None;
    for job in jobs {
        let median = history.median(&job.id).or_else(|| {
            // What never ran is in no other history either.
            job.state.last_run_at_ms?;
            if let Some(read) = other.take() {
                more = read();
            }
            more.as_ref()?.median(&job.id)
        });
        job.run_length = median.or_else(|| last_run(job)).map(Box::new);
    }
    if let Some(more) = &mut more {
        history.adopt_records(more);
    }
}

/// Adds the installed package, and whether it is the one that would use this directory.
fn look_for_package(evidence: &mut Evidence, paths: &Paths, env: &Env, cwd: &Path) {
    evidence.installed = installed(env, cwd);
    if evidence.installed.is_none() {
        return;
    }
    let real = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    evidence.elsewhere = discover(env, cwd)
        .filter(|own| real(&own.state_dir) != real(&paths.state_dir))
        .map(|own| own.state_dir.display().to_string());
}

/// The length of the last run, unless it was skipped.
pub fn last_run(job: &Job) -> Option<RunLength> {
    if job.state.last_status.as_deref() == Some("skipped") {
        return None;
    }
    let ms = job.state.last_duration_ms.filter(|ms| *ms >= 0)?;
    Some(RunLength {
        ms,
        origin: RunLengthOrigin::LastRun,
        samples: 1,
    })
}

fn no_store(paths: &Paths, jobs_file: &Path, sqlite: &Path) -> Problem {
    let table = if sqlite.exists() {
        "has a cron_jobs table"
    } else {
        "exists"
    };
    let what = format!(
        "has no cron store: {} does not exist, and no {} {table}",
        jobs_file.display(),
        sqlite.display()
    );
    Problem::new(paths.state_dir.display().to_string(), what)
        .hint("a gateway that never had a cron job looks like this, and so does a wrong directory")
}

fn check_dir(paths: &Paths) -> Result<(), Error> {
    let dir = &paths.state_dir;
    let fail = |what: &str| {
        Error::failed(format!("{}: {what}", dir.display()))
            .hint("give the directory that holds openclaw.json, cron/ and state/: --openclaw DIR")
    };
    let meta = std::fs::metadata(dir).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => fail("does not exist"),
        _ => fail("cannot be read").because(e),
    })?;
    if !meta.is_dir() {
        return Err(fail("is not a directory").hint("a file of jobs is given with --jobs FILE"));
    }
    let known = [
        "cron",
        "state",
        "agents",
        "tasks",
        "openclaw.json",
        "clawdbot.json",
    ];
    if !known.iter().any(|name| dir.join(name).exists()) && !paths.config.exists() {
        let what = format!(
            "is not an OpenClaw state directory: it has none of {}",
            known.join(", ")
        );
        return Err(fail(&what));
    }
    Ok(())
}
