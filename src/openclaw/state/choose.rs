//! Which of the stores that a state directory may have is the one that its gateway uses.

use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::error::Error;
use crate::openclaw::state::Want;
use crate::openclaw::store::{self, Rows};
use crate::schedule::Version;

/// The store to read.
pub(super) enum Found {
    /// `cron/jobs.json`, or what `cron.store` names.
    File,
    /// The SQLite store, already read.
    Sqlite(Box<Rows>),
    /// There is none.
    Nothing,
}

/// Chooses the store that the gateway uses.
pub(super) fn choose(
    jobs_file: &Path,
    sqlite: &Path,
    env: &Env,
    option: Option<Version>,
    want: Want,
    notes: &mut Vec<String>,
) -> Result<Found, Error> {
    let has_file = jobs_file.exists();
    let migrated = PathBuf::from(format!("{}.migrated", jobs_file.display()));
    let was_migrated = migrated.exists() && !has_file;
    let rows = if sqlite.exists() {
        match store::read_sqlite(sqlite, env, want) {
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
        }
    } else {
        None
    };
    let rows = rows.filter(|rows| rows.layout.is_some());
    if was_migrated {
        let Some(rows) = rows else {
            let what = if sqlite.exists() {
                format!("{}: has no cron_jobs table", sqlite.display())
            } else {
                format!("{}: does not exist", sqlite.display())
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
