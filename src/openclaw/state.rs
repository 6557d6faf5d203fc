//! One state directory, read whole: which store it has, its jobs, its version, its run lengths.

use std::path::{Path, PathBuf};

use super::config::Config;
use super::discover::{Paths, absolute, expand};
use super::history::History;
use super::snapshot;
pub use super::store::Layout;
use super::store::{self, Rows};
use super::version::{Decision, Evidence, decide};
use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::{Collector, Job, RunLength, RunLengthOrigin};
use crate::schedule::{Rules, Version};

/// What a state directory holds.
#[derive(Debug)]
pub struct State {
    /// Its paths.
    pub paths: Paths,
    /// The configuration, when there is a usable one.
    pub config: Option<Config>,
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
    /// The jobs, with run lengths.
    pub jobs: Vec<Job>,
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
) -> Result<State, Error> {
    check_dir(&paths)?;
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let config = config(&paths, env, cwd, &mut problems, &mut notes);
    let settings = Settings::of(config.as_ref(), &mut problems);
    let jobs_file = match &settings.store {
        Some(text) => absolute(&expand(text, paths.home.as_deref()), cwd),
        None => paths.state_dir.join("cron/jobs.json"),
    };
    let sqlite = paths.state_dir.join("state/openclaw.sqlite");
    let ledger = paths.state_dir.join("tasks/runs.sqlite");

    let found = choose(&jobs_file, &sqlite, env, option, &mut notes)?;
    let has_task_ledger = ledger.exists();
    let mut history = History::default();
    let mut evidence = Evidence {
        option,
        touched: settings.touched,
        has_task_ledger,
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
            let table = match sqlite.exists() {
                true => "has a cron_jobs table",
                false => "exists",
            };
            let what = format!(
                "has no cron store: {} does not exist, and no {} {table}",
                jobs_file.display(),
                sqlite.display()
            );
            problems.push(
                Problem::new(paths.state_dir.display().to_string(), what).hint(
                    "a gateway that never had a cron job looks like this, and so does a wrong directory",
                ),
            );
            (Collector::new("", source), None)
        }
    };
    let version = decide(evidence);
    notes.extend(
        version
            .notes
            .iter()
            .map(|n| format!("{}: {n}", paths.state_dir.display())),
    );
    let runs = jobs_file.parent().unwrap_or(Path::new("")).join("runs");
    if has_task_ledger && evidence.layout == Some(Layout::Files) {
        add_missing(&mut collector.jobs, &mut history, &runs, || {
            // The ledger also covers runs whose log was pruned; without it there is the log.
            snapshot::read(&ledger, env, |store| {
                let mut history = History::default();
                history.add_store(store)?;
                Ok(history)
            })
            .unwrap_or_default()
        });
    } else {
        add_missing(&mut collector.jobs, &mut history, &runs, History::default);
    }
    let collected = collector.finish(Rules::OpenClaw(version.version));
    problems.extend(collected.problems);
    notes.extend(collected.duplicates);
    Ok(State {
        config,
        store: store_path,
        layout: evidence.layout,
        version,
        max_concurrent_runs: settings.max_concurrent_runs,
        cron_enabled: settings.cron_enabled,
        jobs: collected.jobs,
        problems,
        notes,
        paths,
    })
}

/// Sets run lengths: from the store's history, the job's run log, another history, the last run.
fn add_missing(
    jobs: &mut [Job],
    history: &mut History,
    runs: &Path,
    other: impl FnOnce() -> History,
) {
    if runs.is_dir() {
        for job in &mut *jobs {
            if history.median(&job.id).is_none() {
                history.add_log(runs, &job.id);
            }
        }
    }
    let mut other = Some(other);
    let mut more: Option<History> = None;
    for job in jobs {
        job.run_length = history.median(&job.id).or_else(|| {
            if let Some(read) = other.take() {
                more = Some(read());
            }
            more.as_ref()?.median(&job.id)
        });
        if job.run_length.is_none() {
            job.run_length = last_run(job);
        }
    }
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

enum Found {
    File,
    Sqlite(Box<Rows>),
    Nothing,
}

/// Chooses the store that the gateway uses.
fn choose(
    jobs_file: &Path,
    sqlite: &Path,
    env: &Env,
    option: Option<Version>,
    notes: &mut Vec<String>,
) -> Result<Found, Error> {
    let has_file = jobs_file.exists();
    let migrated = PathBuf::from(format!("{}.migrated", jobs_file.display()));
    let was_migrated = migrated.exists() && !has_file;
    let rows = match sqlite.exists() {
        true => match store::read_sqlite(sqlite, env) {
            Ok(rows) => Some(rows),
            // The jobs are in the other store; this one is only in the way.
            Err(error) if has_file => {
                notes.push(format!("{error}; {} is read", jobs_file.display()));
                None
            }
            Err(error) if was_migrated => {
                return Err(moved(&error.message, &migrated, sqlite, error.causes));
            }
            Err(error) => return Err(error),
        },
        false => None,
    };
    let rows = rows.filter(|rows| rows.layout.is_some());
    if was_migrated {
        let Some(rows) = rows else {
            let what = match sqlite.exists() {
                true => format!("{}: has no cron_jobs table", sqlite.display()),
                false => format!("{}: does not exist", sqlite.display()),
            };
            return Err(moved(&what, &migrated, sqlite, Vec::new()));
        };
        notes.push(format!(
            "{}: an upgrade moved the jobs to {}, which is read",
            migrated.display(),
            sqlite.display()
        ));
        return Ok(Found::Sqlite(Box::new(rows)));
    }
    Ok(match (has_file, rows) {
        (false, None) => Found::Nothing,
        (true, None) => Found::File,
        (false, Some(rows)) => Found::Sqlite(Box::new(rows)),
        (true, Some(rows)) => both(jobs_file, sqlite, rows, option, notes),
    })
}

/// Both stores exist: after a downgrade, or when a backup was put back before the next start.
fn both(
    jobs_file: &Path,
    sqlite: &Path,
    rows: Rows,
    option: Option<Version>,
    notes: &mut Vec<String>,
) -> Found {
    let file_wins = match option {
        Some(version) => version < Version::new(2026, 6, 11),
        None => rows.rows.is_empty() || newest(&[jobs_file]) > newest(&[sqlite, &wal(sqlite)]),
    };
    let (read, other) = if file_wins {
        (jobs_file, sqlite)
    } else {
        (sqlite, jobs_file)
    };
    notes.push(format!(
        "{} is read; {} exists too and is older or empty: --openclaw-version decides when this is wrong",
        read.display(),
        other.display()
    ));
    if file_wins {
        Found::File
    } else {
        Found::Sqlite(Box::new(rows))
    }
}

fn wal(sqlite: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", sqlite.display()))
}

fn newest(paths: &[&Path]) -> Option<std::time::SystemTime> {
    let modified = |path: &&Path| std::fs::metadata(path).ok()?.modified().ok();
    paths.iter().filter_map(modified).max()
}

fn moved(what: &str, migrated: &Path, sqlite: &Path, causes: Vec<String>) -> Error {
    let mut error = Error::failed(format!(
        "{what}; an upgrade moved the jobs there ({} is what is left of the old store)",
        migrated.display()
    ))
    .hint(format!(
        "restore {}, or start the gateway, which creates it",
        sqlite.display()
    ))
    .hint(format!(
        "to plan with the jobs as they were before the upgrade: --jobs {}",
        migrated.display()
    ));
    error.causes = causes;
    error
}

fn config(
    paths: &Paths,
    env: &Env,
    cwd: &Path,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) -> Option<Config> {
    match Config::load(paths, env, cwd) {
        Ok(Some(config)) => {
            if !config.missing.is_empty() {
                let mut names: Vec<&str> = config.missing.iter().map(|(n, _)| n.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                notes.push(format!(
                    "{}: not set here, kept as ${{NAME}}: {}",
                    paths.config.display(),
                    names.join(", ")
                ));
            }
            Some(config)
        }
        Ok(None) => {
            notes.push(format!(
                "{}: does not exist; the gateway's defaults are assumed",
                paths.config.display()
            ));
            None
        }
        Err(error) => {
            let mut what = format!("{}; the configuration is not used", error.message);
            for cause in &error.causes {
                what.push_str(&format!(" ({cause})"));
            }
            let mut problem = Problem::new(paths.config.display().to_string(), what);
            problem.hint = error.hints.into_iter().next();
            problems.push(problem);
            None
        }
    }
}

/// The few values that reading jobs needs.
#[derive(Default)]
struct Settings {
    store: Option<String>,
    touched: Option<Version>,
    max_concurrent_runs: Option<u32>,
    cron_enabled: Option<bool>,
}

impl Settings {
    fn of(config: Option<&Config>, problems: &mut Vec<Problem>) -> Self {
        let Some(config) = config else {
            return Self::default();
        };
        let mut wrong = |path: &[&str], expected: &str| {
            if let Some(found) = config.get(path) {
                let what = format!(
                    "{}: is {}, expected {expected}; it is not used",
                    path.join("."),
                    found.node.kind.name()
                );
                problems.push(Problem::new(found.file.display().to_string(), what));
            }
        };
        let node = |path: &[&str]| config.get(path).map(|f| f.node);
        let path = ["cron", "maxConcurrentRuns"];
        let number = node(&path).and_then(super::config::Node::number);
        let max_concurrent_runs = number.filter(|n| *n >= 1.0).map(|n| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast from a float saturates, which is what a huge limit means"
            )]
            let n = n.floor() as u32;
            n
        });
        if max_concurrent_runs.is_none() {
            wrong(&path, "a number of at least 1");
        }
        let path = ["cron", "store"];
        let store = node(&path)
            .and_then(super::config::Node::text)
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned);
        if store.is_none() {
            wrong(&path, "a file name");
        }
        let path = ["cron", "enabled"];
        let cron_enabled = node(&path).and_then(super::config::Node::bool);
        if cron_enabled.is_none() {
            wrong(&path, "true or false");
        }
        Self {
            store,
            touched: node(&["meta", "lastTouchedVersion"])
                .and_then(super::config::Node::text)
                .and_then(|t| t.parse().ok()),
            max_concurrent_runs,
            cron_enabled,
        }
    }
}
