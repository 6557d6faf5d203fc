//! Files: reading is bounded, writing is whole or not at all, and errors name the path.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use crate::error::Error;

/// Opens a file that somebody named for reading. It may be a pipe, and then this waits for who writes it.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that opens files"
)]
pub fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Opens a file that was found, in a directory or by a rule, for reading. It never waits.
///
/// # Errors
/// When it cannot be opened, or is no regular file: a pipe that nobody writes would be waited for without
/// end, and opening a device may do something.
pub fn open_found(path: &Path) -> std::io::Result<File> {
    use std::io::{Error, ErrorKind};
    let meta = path.metadata()?;
    if meta.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a directory"));
    }
    if !meta.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    open(path)
}

/// Opens a file that holds a secret. On Unix it must not be readable by others, and one that is our own not
/// by its group either: one that somebody else owns was handed to us, by systemd or Kubernetes for instance,
/// and is read by right of its group or of an access list, which shows as a group's. What is no regular file
/// (a pipe) is not asked for its mode. `what` is the secret: `token`.
///
/// # Errors
/// When it cannot be read, is a directory, or is open to others.
pub fn open_private(path: &Path, what: &str) -> Result<File, Error> {
    let shown = path.display();
    let fail = |why: &dyn std::fmt::Display| {
        Error::failed(format!("{shown}: the {what} cannot be read")).because(why)
    };
    let file = open(path).map_err(|e| fail(&e))?;
    let meta = file.metadata().map_err(|e| fail(&e))?;
    if meta.is_dir() {
        return Err(fail(&"it is a directory"));
    }
    #[cfg(unix)]
    if meta.is_file() {
        use std::os::unix::fs::MetadataExt as _;
        let mode = meta.mode() & 0o777;
        let ours = meta.uid() == rustix::process::geteuid().as_raw();
        if is_open_to_others(mode, ours) {
            return Err(Error::failed(format!(
                "{shown}: the {what} is readable by others (mode {mode:03o})"
            ))
            .hint(format!("chmod 600 {shown}")));
        }
    }
    Ok(file)
}

/// Whether more may read a file of this mode than those that should.
#[cfg(unix)]
fn is_open_to_others(mode: u32, ours: bool) -> bool {
    mode & 0o004 != 0 || (ours && mode & 0o040 != 0)
}

/// Reads a whole file that was found (see [`open_found`]), of at most `limit` bytes.
///
/// # Errors
/// When it cannot be read, is no regular file, or is larger than `limit`; the message names the path.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    read_opened(path, open_found(path), limit)
}

/// Reads a whole file that somebody named, which may be a pipe, of at most `limit` bytes.
///
/// # Errors
/// When it cannot be read, is a directory, or is larger than `limit`; the message names the path.
pub fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    read_opened(path, open(path), limit)
}

fn read_opened(path: &Path, opened: std::io::Result<File>, limit: u64) -> Result<Vec<u8>, Error> {
    let fail = |why: &dyn std::fmt::Display| {
        Error::failed(format!("{}: cannot be read", path.display())).because(why)
    };
    let file = opened.map_err(|e| fail(&e))?;
    let meta = file.metadata().map_err(|e| fail(&e))?;
    if meta.is_dir() {
        return Err(fail(&"it is a directory"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(limit)).unwrap_or(0));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| fail(&e))?;
    if bytes.len() as u64 > limit {
        return Err(fail(&format_args!(
            "it is larger than {limit} bytes, the limit for such a file"
        )));
    }
    Ok(bytes)
}

/// Writes a whole file: beside it first, then in its place, so that a reader sees the old or the new. What
/// was there keeps its mode, and a link is replaced, not followed.
///
/// # Errors
/// When the directory or the file cannot be written, or what is there (or what a link points to) is no
/// regular file: a device or a pipe would be lost. The message names the path.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let fail = |why: &dyn std::fmt::Display| {
        Error::failed(format!("{}: cannot be written", path.display())).because(why)
    };
    let there = path.metadata().ok();
    match &there {
        Some(meta) if meta.is_dir() => return Err(fail(&"it is a directory")),
        Some(meta) if !meta.is_file() => {
            return Err(fail(
                &"it is there and no regular file, and would be replaced by one",
            ));
        }
        _ => {}
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    // As for any new file: the umask takes off what it takes off.
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder
        .prefix(".cronctl-")
        .tempfile_in(parent)
        .map_err(|e| {
            let failed = fail(&own_words(&e));
            if parent.is_dir() {
                failed
            } else {
                failed.hint(format!("mkdir -p {}", parent.display()))
            }
        })?;
    #[cfg(unix)]
    if let Some(meta) = &there {
        file.as_file()
            .set_permissions(meta.permissions())
            .map_err(|e| fail(&e))?;
    }
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(|e| fail(&own_words(&e)))?;
    file.persist(path).map_err(|e| fail(&e.error))?;
    Ok(())
}

/// What an error of a temporary file says, without that file's name, which nobody gave.
fn own_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Returns the names of the directories in a directory, links to such included, in order. Names
/// that are not UTF-8 are left out; so is everything when `path` does not exist.
///
/// # Errors
/// When it exists and cannot be read.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that lists directories"
)]
pub fn directories(path: &Path) -> std::io::Result<Vec<String>> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), NotFound | NotADirectory) => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.path().is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Lists the names in a directory, directories included; none when there is no such directory, or
/// it cannot be read. A name that is no text is left out.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that lists directories"
)]
pub fn names(path: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

#[cfg(all(test, unix))]
mod tests {
    use super::{is_open_to_others, read, read_named};

    #[test]
    fn what_is_found_is_never_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let why = |path| read(path, 9).unwrap_err().in_one_line();
        assert!(why(&pipe).ends_with("pipe: cannot be read: it is no regular file"));
        assert!(why(dir.path()).ends_with("cannot be read: it is a directory"));
        // What is named is: here somebody writes.
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&pipe, "jobs").unwrap());
            assert_eq!(read_named(&pipe, 9).unwrap(), b"jobs");
        });
    }

    #[test]
    fn a_secret_is_its_owners_or_whom_it_was_handed_to() {
        for (mode, ours, open) in [
            (0o600, true, false),
            (0o400, true, false),
            (0o640, true, true),
            (0o440, true, true),
            (0o604, true, true),
            // Root's, read by right of a group or an access list.
            (0o440, false, false),
            (0o400, false, false),
            (0o444, false, true),
        ] {
            assert_eq!(is_open_to_others(mode, ours), open, "{mode:o} {ours}");
        }
    }
}
