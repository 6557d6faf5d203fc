//! Reading files: bounded, read-only, with errors that name the path.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::Error;

/// Opens a file for reading.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that opens files"
)]
pub fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// When it cannot be read, is not a regular file, or is larger than `limit`; the message names the path.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let fail = |why: &dyn std::fmt::Display| {
        Error::failed(format!("{}: cannot be read", path.display())).because(why)
    };
    let file = open(path).map_err(|e| fail(&e))?;
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
