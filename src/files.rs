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
