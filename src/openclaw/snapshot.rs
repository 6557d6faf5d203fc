//! SQLite stores read without writing, locking or creating anything beside them.
//!
//! A gateway has its store open in WAL mode and may write at any moment. Opening such a store the
//! usual way takes locks and creates `-shm` files, so it is never done here. Instead:
//!
//! * without WAL content the file itself is opened as immutable, and what was read counts only when
//!   the file did not change meanwhile;
//! * with WAL content the file and then its WAL are copied to a private directory, and the copy
//!   counts only when the WAL's header stayed the same. A checkpoint in between is harmless, because
//!   the pages that it writes are still in the WAL; a reset is not, and changes the header's salts.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::env::Env;
use crate::error::Error;

/// How often a store that keeps changing is tried again, and how long to wait before.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(15);
/// A WAL shorter than its header holds nothing.
const WAL_HEADER: usize = 32;

/// Opens a consistent view of the store at `path` and runs `read` on it.
///
/// `read` may run several times; only the answer of a run over an unchanged store is returned.
///
/// # Errors
/// When the store is missing, is no database, is damaged, or never stayed unchanged long enough.
/// The message names the file.
pub fn read<T>(
    path: &Path,
    env: &Env,
    mut read: impl FnMut(&Connection) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    check_header(path)?;
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(PAUSE * attempt.min(8));
        }
        match once(path, env, &mut read) {
            Ok(Attempt::Done(answer)) => return Ok(answer),
            Ok(Attempt::Changed) => {}
            Ok(Attempt::Failed(error)) => {
                // An error over an unchanged store is the store's own; once more to be sure.
                if attempt > 0 && last.is_some() {
                    return Err(store_error(path, &error));
                }
                last = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::failed(format!(
        "{}: kept changing, and no consistent copy was got in {ATTEMPTS} attempts",
        path.display()
    ))
    .hint("try again, or save the answer of `openclaw cron list --all --json` and pass it with --jobs"))
}

enum Attempt<T> {
    Done(T),
    Changed,
    Failed(rusqlite::Error),
}

fn once<T>(
    path: &Path,
    env: &Env,
    read: &mut impl FnMut(&Connection) -> rusqlite::Result<T>,
) -> Result<Attempt<T>, Error> {
    let before = State::of(path).map_err(|e| unreadable(path, &e))?;
    let copied = before.wal.is_some() || before.hot_journal;
    let answer = if copied {
        let Some(copy) = copy(path, env, &before)? else {
            return Ok(Attempt::Changed);
        };
        // The copy is ours alone: a writable handle may replay its WAL or roll its journal back.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(copy.path().join(NAME), flags).and_then(|c| {
            // It is thrown away: nothing needs to be written back into it.
            c.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            read(&c)
        })
    } else {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(uri(path), flags).and_then(|c| read(&c))
    };
    if !copied {
        let after = State::of(path).map_err(|e| unreadable(path, &e))?;
        if after != before {
            return Ok(Attempt::Changed);
        }
    }
    Ok(match answer {
        Ok(answer) => Attempt::Done(answer),
        Err(error) => Attempt::Failed(error),
    })
}

/// The file's name inside the private copy.
const NAME: &str = "copy.sqlite";

/// What must not change while a store is read.
#[derive(Debug, PartialEq, Eq)]
struct State {
    len: u64,
    modified: Option<SystemTime>,
    /// The first 100 bytes hold SQLite's own change counter, finer than the clock of a file system.
    header: Vec<u8>,
    /// The WAL's header, when there is WAL content.
    wal: Option<Vec<u8>>,
    /// A rollback journal that a crashed or running transaction left.
    hot_journal: bool,
}

impl State {
    fn of(path: &Path) -> std::io::Result<Self> {
        let meta = std::fs::metadata(path)?;
        // A journal whose header was zeroed is a finished one (`journal_mode=PERSIST`).
        let journal = start_of(&beside(path, "-journal"), 8)?;
        Ok(Self {
            len: meta.len(),
            modified: meta.modified().ok(),
            header: start_of(path, 100)?.unwrap_or_default(),
            wal: start_of(&beside(path, "-wal"), WAL_HEADER)?.filter(|w| w.len() == WAL_HEADER),
            hot_journal: journal.is_some_and(|j| j.iter().any(|b| *b != 0)),
        })
    }
}

/// Returns up to `n` bytes from the start of a file; `None` when there is no such file.
fn start_of(path: &Path, n: usize) -> std::io::Result<Option<Vec<u8>>> {
    let file = match crate::files::open_found(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::with_capacity(n);
    file.take(n as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Copies the store, then what is beside it. `None` when it changed in a way that spoils the copy.
fn copy(path: &Path, env: &Env, before: &State) -> Result<Option<tempfile::TempDir>, Error> {
    let mut why = None;
    for dir in private_dirs(env) {
        match copy_into(&dir, path, before) {
            Ok(copy) => return Ok(copy),
            // A full or missing directory is no reason to give up: the next may do.
            Err(error) => why = Some((dir, error)),
        }
    }
    let (dir, error) =
        why.unwrap_or_else(|| (PathBuf::new(), std::io::Error::other("no directory")));
    Err(Error::failed(format!(
        "{}: cannot be copied to a private directory in {} to be read",
        path.display(),
        dir.display()
    ))
    .because(error)
    .hint("set TMPDIR to a directory with room for the store and its -wal file"))
}

fn copy_into(
    dir: &Path,
    path: &Path,
    before: &State,
) -> std::io::Result<Option<tempfile::TempDir>> {
    let copy = private_dir(dir)?;
    let to = |name: &str, from: &Path| -> std::io::Result<()> {
        let mut from = crate::files::open_found(from)?;
        let mut out = create_private(&copy.path().join(name))?;
        std::io::copy(&mut from, &mut out)?;
        out.flush()
    };
    let vanished = |e: &std::io::Error| e.kind() == std::io::ErrorKind::NotFound;
    to(NAME, path)?;
    if before.wal.is_some() {
        match to(&format!("{NAME}-wal"), &beside(path, "-wal")) {
            Err(e) if vanished(&e) => return Ok(None),
            other => other?,
        }
    } else {
        match to(&format!("{NAME}-journal"), &beside(path, "-journal")) {
            Err(e) if vanished(&e) => return Ok(None),
            other => other?,
        }
    }
    let after = State::of(path)?;
    let same = if before.wal.is_some() {
        after.wal == before.wal
    } else {
        after == *before
    };
    Ok(same.then_some(copy))
}

fn private_dir(dir: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("cronctl-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(dir)
}

fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Directories for the copy: memory first, since it may hold what operators keep private.
fn private_dirs(env: &Env) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = env.path("XDG_RUNTIME_DIR").into_iter().collect();
    dirs.push(PathBuf::from("/dev/shm"));
    dirs.retain(|dir| dir.is_dir());
    dirs.push(env.path("TMPDIR").unwrap_or_else(std::env::temp_dir));
    dirs
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns a `file:` URI that makes SQLite neither write nor lock, with the path percent-encoded.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(*byte));
            }
            other => {
                write!(uri, "%{other:02X}").expect("writing to a String cannot fail");
            }
        }
    }
    uri + "?mode=ro&immutable=1"
}

/// Refuses what is no SQLite database before SQLite sees it, with a message that says what it is.
fn check_header(path: &Path) -> Result<(), Error> {
    let fail = |what: &str| Error::failed(format!("{}: {what}", path.display()));
    let start = match start_of(path, 16) {
        Ok(Some(start)) => start,
        Ok(None) => return Err(fail("does not exist")),
        Err(e) => return Err(unreadable(path, &e)),
    };
    if start.is_empty() {
        return Err(fail("is empty (0 bytes), not a SQLite database"));
    }
    if start != b"SQLite format 3\0" {
        return Err(fail(
            "is not a SQLite database (its first bytes are not SQLite's)",
        ));
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("{}: cannot be read", path.display())).because(error)
}

fn store_error(path: &Path, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let damaged = matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    );
    if damaged {
        Error::failed(format!("{}: is damaged", path.display()))
            .because(error)
            .hint("check it with `sqlite3 <copy of the file> 'PRAGMA integrity_check'`, or pass the answer of `openclaw cron list --all --json` with --jobs")
    } else {
        Error::failed(format!("{}: cannot be read", path.display())).because(error)
    }
}
