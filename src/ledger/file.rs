//! The file: made for its owner alone, and what can be wrong with it.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::error::Error;

/// Makes an empty file that its owner alone can read, and the directories above it; one that is
/// there is left as it is. SQLite gives the files that it puts beside it the same mode.
pub(super) fn make(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(parent)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        made => drop(made?),
    }
    if path.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory",
        ));
    }
    Ok(())
}

/// Repeats what SQLite refuses at once instead of waiting: a change of the journal's mode while
/// another process has the file open.
pub(super) fn patiently(mut attempt: impl FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut left = super::BUSY.as_millis() / PAUSE.as_millis();
    loop {
        match attempt() {
            Err(e) if busy(&e) && left > 0 => std::thread::sleep(PAUSE),
            done => return done,
        }
        left -= 1;
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// The error for a file that cannot be made or reached.
pub(super) fn unusable(path: &Path, error: &io::Error) -> Error {
    let full = error.kind() == io::ErrorKind::StorageFull;
    let error =
        Error::failed(format!("{}: the ledger cannot be opened", path.display())).because(error);
    error.hint(if full { ROOM } else { ELSEWHERE })
}

const ELSEWHERE: &str = "let this user write it and its directory, or name another with --ledger";
pub(super) const ROOM: &str = "make room on the disk; what was recorded before is safe";

/// The error for what SQLite says.
pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    let shown = path.display();
    let of = |what: &str| Error::failed(format!("{shown}: the ledger {what}")).because(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => of("is damaged")
            .hint(format!(
                "move it away, and a new one is made: mv {shown} {shown}.damaged"
            ))
            .hint("a new one knows nothing of earlier observations and requests"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            of("cannot be written").hint(ELSEWHERE)
        }
        Some(ErrorCode::CannotOpen) => of("cannot be opened").hint(ELSEWHERE),
        Some(ErrorCode::DiskFull) => of("cannot be written: the disk is full").hint(ROOM),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            of("is in use: another process has been writing it for 5 s").hint("try again")
        }
        // The file beside it, which it needs to be written, could not be made large enough.
        _ if extended(error) == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => {
            of("cannot be written: the disk is full, or fails").hint(ROOM)
        }
        _ => of("failed").hint(ELSEWHERE),
    }
}

fn extended(error: &rusqlite::Error) -> Option<std::ffi::c_int> {
    Some(error.sqlite_error()?.extended_code)
}
