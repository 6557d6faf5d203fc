//! A file for `node_exporter`'s textfile collector.

use std::fs::Permissions;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::error::Error;

/// Writes metrics to a file, beside it first and then in its place: a reader sees the old or the
/// new, and never a part. The collector runs as another user, so everybody may read the file,
/// whatever the umask. It reads names that end in `.prom` only; the file beside ends otherwise.
///
/// # Errors
/// When the directory is missing or cannot be written; the message names the path.
pub fn write(path: &Path, text: &str) -> Result<(), Error> {
    replace(path, text.as_bytes()).map_err(|e| {
        let kind = e.kind();
        let error = Error::failed(format!("{}: the metrics cannot be written", path.display()));
        let error = error.because(e);
        match kind {
            ErrorKind::NotFound => error.hint("make the directory first: cronctl does not"),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => error.hint(
                "the directory itself must be writable: the file is written beside and renamed",
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                error.hint("make room there; the file that stood there is as it was")
            }
            _ => error,
        }
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".cronctl-")
        .tempfile_in(parent)?;
    file.write_all(bytes)?;
    readable(file.as_file())?;
    // Not synced: after a crash of the machine the next sweep writes it anew.
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(unix)]
fn readable(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    fn read(path: &Path) -> String {
        String::from_utf8(files::read(path, 1 << 20).unwrap()).unwrap()
    }

    #[test]
    fn the_file_is_replaced_as_a_whole_and_everybody_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cronctl.prom");
        write(&path, "a 1\nb 2\n").unwrap();
        write(&path, "a 2\n").unwrap();
        assert_eq!(read(&path), "a 2\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o644);
        }
        assert_eq!(
            files::names(dir.path()).collect::<Vec<_>>(),
            ["cronctl.prom"]
        );
    }

    #[test]
    fn a_missing_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = write(&dir.path().join("missing/cronctl.prom"), "a 1\n").unwrap_err();
        assert!(error.message.contains("missing/cronctl.prom"), "{error}");
        assert!(error.hints[0].contains("make the directory"), "{error:?}");
        assert_eq!(files::names(dir.path()).count(), 0);
    }

    #[test]
    fn what_cannot_be_replaced_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cronctl.prom");
        // A directory stands where the file is to be.
        std::fs::create_dir_all(path.join("inside")).unwrap();
        let error = write(&path, "a 1\n").unwrap_err();
        assert!(error.message.contains("cannot be written"), "{error}");
        assert_eq!(
            files::names(dir.path()).collect::<Vec<_>>(),
            ["cronctl.prom"]
        );
    }
}
