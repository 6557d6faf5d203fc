//! A sealed world for the real binary, and loops that run in it.

pub(crate) mod ledger;
pub(crate) mod platform;
pub(crate) mod settled;
#[cfg(target_os = "linux")]
pub(crate) mod shim;

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;

use self::ledger::Attempt;
use self::platform::Platform;

/// Nothing here takes longer unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The pause between two looks at something that changes by itself.
pub(crate) const POLL: Duration = Duration::from_millis(2);

/// What the platform is to be told, and nobody else.
pub(crate) const TOKEN: &str = "sesame-7f3a";

/// The clock of the machine, epoch milliseconds.
pub(crate) fn now_ms() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(passed.as_millis()).unwrap()
}

/// Waits until something is there.
pub(crate) fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: it did not come");
        std::thread::sleep(POLL);
    }
}

/// A temporary directory with a home, a directory in which commands run, and a token.
#[derive(Debug)]
pub(crate) struct World {
    // Removes the directory when dropped.
    _directory: TempDir,
    root: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for name in ["home", "work", "work/ledger"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let token = root.join("work/token");
        std::fs::write(&token, TOKEN).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self {
            _directory: directory,
            root,
        }
    }

    /// A path under the root: `work` is the current directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The file of the ledger.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.path("work/ledger/l.db")
    }

    /// The attempts that the ledger holds, once nobody writes it; it must be sound.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        ledger::read(&self.ledger()).unwrap_or_default()
    }

    /// Prepares to run cronctl.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cronctl"));
        command
            .args(line.split_whitespace())
            .current_dir(self.path("work"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Prepares to run a loop at an address. It is quick, and has no limit that a test does not set.
    pub(crate) fn watch(&self, url: &str, options: &str) -> Command {
        self.command(&format!(
            "checkpoint --molecule {url} --token-file token --ledger ledger/l.db --over-ceiling \
             --watch --yes --output ndjson --log-format json --rate-limit 0 \
             --max-actions-per-hour 0 --interval 50ms --lease 1s --drain 1s --on interval {options}"
        ))
    }

    /// Starts a loop at a platform.
    pub(crate) fn start(&self, platform: &Platform, options: &str) -> Loop {
        Loop::of(self.watch(&platform.url, options))
    }
}

/// What a process prints, line by line, as it comes.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Lines {
    fn read(&self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        let lines = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                lines.0.0.lock().unwrap().push(line);
                lines.0.1.notify_all();
            }
        })
    }

    fn all(&self) -> Vec<String> {
        self.0.0.lock().unwrap().clone()
    }
}

/// A loop that runs; killed when dropped.
#[derive(Debug)]
pub(crate) struct Loop {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    readers: Vec<JoinHandle<()>>,
    /// How many events were waited for: the next one comes after them.
    past: usize,
}

impl Loop {
    /// Starts a command that was prepared.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (Lines::default(), Lines::default());
        let readers = vec![
            stdout.read(child.stdout.take().unwrap()),
            stderr.read(child.stderr.take().unwrap()),
        ];
        Self {
            child,
            stdout,
            stderr,
            readers,
            past: 0,
        }
    }

    /// The events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        let events = self.stdout.all();
        events.iter().map(|line| json(line)).collect()
    }

    /// Waits for the next event, after those that were waited for, that something is found in.
    pub(crate) fn find<T>(&mut self, what: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let lines = self.stdout.all();
            while self.past < lines.len() {
                self.past += 1;
                if let Some(found) = wanted(&json(&lines[self.past - 1])) {
                    return found;
                }
            }
            let ended = self.child.try_wait().unwrap().is_some();
            let late = begun.elapsed() > PATIENCE;
            let drained = !ended || self.stdout.all().len() == lines.len();
            assert!(
                !(late || ended && drained && self.readers.iter().all(JoinHandle::is_finished)),
                "{what}: it did not come\n{self}"
            );
            let lines = self.stdout.0.0.lock().unwrap();
            if lines.len() == self.past {
                let pause = Duration::from_millis(20);
                drop(self.stdout.0.1.wait_timeout(lines, pause).unwrap());
            }
        }
    }

    /// Waits for an event of this name.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        self.find(name, |event| {
            (event["event"] == name).then(|| event.clone())
        })
    }

    /// Waits for a look that failed, or failed in part; returns why.
    pub(crate) fn fails(&mut self) -> String {
        self.find("a look that fails", |event| {
            let failed = event["event"] == "failed" || event["event"] == "sweep";
            let why = event["why"].as_str().filter(|_| failed);
            why.map(str::to_owned)
        })
    }

    /// Waits for so many looks that were made without a fault.
    pub(crate) fn sweeps(&mut self, count: usize) {
        for _ in 0..count {
            self.find("a look", |event| {
                (event["event"] == "sweep" && event["why"].is_null()).then_some(())
            });
        }
    }

    /// Waits until the turn of a workspace was dealt with; returns how it ended.
    pub(crate) fn outcome(&mut self, workspace: &str) -> String {
        self.find(workspace, |event| {
            let target = &event["target"];
            (target["workspace_id"] == workspace)
                .then(|| target["outcome"].as_str().unwrap().to_owned())
        })
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Kills it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let status: ExitStatus = until("the end of the loop", || self.child.try_wait().unwrap());
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Ended {
            code: status.code(),
            events: self.events(),
            log: self.stderr.all(),
        }
    }

    /// Ends it by SIGTERM, which it must survive until all is recorded.
    pub(crate) fn stop(self) -> Ended {
        self.signal("-TERM");
        let ended = self.end();
        assert_eq!(ended.code, Some(143), "{ended}");
        ended
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.stdout.all(), &self.stderr.all())
    }
}

/// What a loop left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) events: Vec<Value>,
    /// The lines on stderr.
    pub(crate) log: Vec<String>,
}

impl Ended {
    /// Whether a line of the log holds a text.
    pub(crate) fn logged(&self, text: &str) -> bool {
        self.log.iter().any(|line| line.contains(text))
    }

    /// What must hold after every fault: every line is JSON, and none holds the token.
    pub(crate) fn is_sound(&self) {
        for line in &self.log {
            json(line);
            assert!(!line.contains(TOKEN), "{line}");
        }
        assert!(!self.events.iter().any(|e| e.to_string().contains(TOKEN)));
        assert!(!self.logged("panicked"), "{self}");
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: Vec<_> = self.events.iter().map(Value::to_string).collect();
        show(f, &events, &self.log)?;
        writeln!(f, "--- exit {:?}", self.code)
    }
}

/// The last lines of both streams.
fn show(f: &mut fmt::Formatter<'_>, stdout: &[String], stderr: &[String]) -> fmt::Result {
    const SHOWN: usize = 30;
    for (name, lines) in [("stdout", stdout), ("stderr", stderr)] {
        writeln!(f, "--- {name}, {} lines", lines.len())?;
        for line in &lines[lines.len().saturating_sub(SHOWN)..] {
            writeln!(f, "{line}")?;
        }
    }
    Ok(())
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

/// A number that decides what is left to chance: the variable's, else another one each time. It is
/// said when the test fails.
#[derive(Debug)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) const VARIABLE: &str = "CRONCTL_RELIABILITY_SEED";

    pub(crate) fn new() -> Self {
        let named = std::env::var(Self::VARIABLE).ok();
        Self(named.map_or_else(|| fastrand::u64(..1_000_000), |text| text.parse().unwrap()))
    }
}

impl Drop for Seed {
    #[expect(
        clippy::print_stderr,
        reason = "it is for who reads why the test failed"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}={} makes it again", Self::VARIABLE, self.0);
        }
    }
}

/// Moves a file away, and what SQLite put beside it.
pub(crate) fn move_away(file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let from = PathBuf::from(format!("{}{suffix}", file.display()));
        if from.exists() {
            let to = PathBuf::from(format!("{}.away{suffix}", file.display()));
            std::fs::rename(from, to).unwrap();
        }
    }
}
