//! An empty world for the real binary: its own home, no environment, a fixed instant.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use tempfile::TempDir;

/// The instant that commands see: Saturday evening before the 22:00 burst, Pacific time.
pub(crate) const NOW: &str = "2026-08-01T20:00:00-07:00";

/// A temporary directory that holds a home and the directory in which commands run.
#[derive(Debug)]
pub(crate) struct Sandbox {
    // Removes the directory when dropped.
    _directory: TempDir,
    root: PathBuf,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        // Where the temporary directory is a link, commands print where it leads.
        let root = directory.path().canonicalize().unwrap();
        for name in ["home", "work"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        Self {
            _directory: directory,
            root,
        }
    }

    /// Returns a path under the root: `work` is the current directory, `home` is HOME.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file under the root, with the directories above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Prepares to run cronctl.
    pub(crate) fn command<S: AsRef<str>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Invocation<'_> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cronctl"));
        command
            .args(args.into_iter().map(|a| a.as_ref().to_owned()))
            .current_dir(self.path("work"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("COLUMNS", "80")
            .env("CRONCTL_NOW", NOW);
        Invocation {
            command,
            stdin: Vec::new(),
            sandbox: self,
        }
    }

    /// Runs cronctl with arguments as a shell would split them at spaces.
    pub(crate) fn run(&self, line: &str) -> Run {
        self.command(line.split_whitespace()).run()
    }
}

/// A command about to be run.
#[must_use = "a command that is not run tests nothing"]
pub(crate) struct Invocation<'a> {
    command: Command,
    stdin: Vec<u8>,
    sandbox: &'a Sandbox,
}

impl Invocation<'_> {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = content.into();
        self
    }

    /// Adds one argument, which need not be UTF-8.
    pub(crate) fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Connects stdout to something other than a pipe that is read to the end.
    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stdout(to);
        self
    }

    /// The same for stderr.
    pub(crate) fn stderr(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stderr(to);
        self
    }

    /// Starts it with its streams piped, for commands that run until they are ended.
    pub(crate) fn spawn(mut self) -> std::process::Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs it with stdout and stderr captured.
    pub(crate) fn run(mut self) -> Run {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.run_as_connected()
    }

    /// Runs it with the streams connected as they were set; what was not captured is empty.
    pub(crate) fn run_as_connected(mut self) -> Run {
        let mut child = self.command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let content = self.stdin;
        // A command that ends without reading its input closes the pipe: that is its right.
        let writer = std::thread::spawn(move || stdin.write_all(&content).ok());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: output.status.code(),
            root: self.sandbox.root.clone(),
        }
    }
}

/// What a run gave. Prints as stdout, stderr and exit code, so that one snapshot pins all three.
#[derive(Debug)]
#[must_use = "a run that is not looked at tests nothing"]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    root: PathBuf,
}

impl Run {
    /// Reads stdout as JSON into a type, which should `deny_unknown_fields`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("{error}\n{self}"),
        }
    }

    /// Reads stdout as one JSON value per line.
    pub(crate) fn ndjson<T: DeserializeOwned>(&self) -> Vec<T> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.stdout.lines().map(read).collect()
    }

    /// Returns stdout after asserting that all went well.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        assert_eq!(self.stderr, "", "{self}");
        self.stdout
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.root.to_str().unwrap();
        let stdout = self.stdout.replace(root, "[ROOT]");
        let stderr = self.stderr.replace(root, "[ROOT]");
        f.write_str(&stdout)?;
        if !stderr.is_empty() {
            write!(f, "--- stderr\n{stderr}")?;
        }
        match self.code {
            Some(code) => writeln!(f, "--- exit {code}"),
            None => writeln!(f, "--- killed"),
        }
    }
}
