//! Becoming a command, in this process.

use std::ffi::OsString;

use crate::error::{Error, Exit};

/// Becomes a command. Returns only when that fails, and why.
#[cfg(unix)]
pub(super) fn become_command(program: &OsString, args: &[OsString]) -> Error {
    use std::io::ErrorKind;
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    let error = std::process::Command::new(program).args(args).exec();
    let shown = program.to_string_lossy();
    if error.kind() != ErrorKind::NotFound {
        let mut failed = Error::failed(format!("{shown}: cannot be executed")).because(error);
        failed.exit = Exit::NotExecutable;
        return failed;
    }
    let is_path = shown.contains('/');
    // What is there and not found all the same is a script, or needs a loader, that is not there.
    if is_path && Path::new(program).is_file() {
        let mut failed = Error::failed(format!("{shown}: its interpreter does not exist"))
            .because(error)
            .hint("a script names it in its first line, after #!");
        failed.exit = Exit::NotFound;
        return failed;
    }
    let mut failed = Error::failed(format!("{shown}: command not found")).because(error);
    failed.exit = Exit::NotFound;
    if shown.contains(char::is_whitespace) {
        failed.hint("a command of the shell: cronctl jitter … -- sh -c 'COMMAND'")
    } else if is_path {
        failed
    } else {
        failed.hint("cron's PATH is short: name the whole path")
    }
}

/// As on Unix, but there is nothing like it.
#[cfg(not(unix))]
pub(super) fn become_command(_program: &OsString, _args: &[OsString]) -> Error {
    Error::failed("a process cannot become a command on this system").hint(
        "print the delay with `cronctl jitter ID`, wait so many seconds, then run the command",
    )
}
