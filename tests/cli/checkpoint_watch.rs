//! `checkpoint --watch` through the real binary: pace, limits, signals, reloads, what it says and shows.
#![cfg(unix)]
#![expect(clippy::float_cmp, reason = "counts are whole")]

mod limits;
mod observing;
mod pace;
mod reload;
mod signals;
mod whom;
mod words;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cronctl::clock::now_ms;
use serde_json::{Value, json};

use crate::checkpoint::fake::{Fake, Says};
use crate::checkpoint::{checkpointed, history, sandbox, turn, workspace};
use crate::sandbox::Sandbox;

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A look every now and then, and nothing that slows a test down.
const FAST: &str = "-o ndjson --interval 50ms --rate-limit 0 --grace 300ms --on interval";

/// A loop under way, and what it prints.
pub(crate) struct Watching {
    child: Child,
    lines: Receiver<String>,
    stdout: Vec<String>,
    stderr: Option<JoinHandle<String>>,
}

/// A loop that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Watching {
    /// Starts a loop on what is over its ceiling.
    pub(crate) fn new(fake: &Fake, sandbox: &Sandbox, options: &str) -> Self {
        Self::in_loop(fake, sandbox, &format!("--yes --ledger l.db {options}"))
    }

    /// Starts one that is not told that it may send, nor where its ledger is.
    pub(crate) fn in_loop(fake: &Fake, sandbox: &Sandbox, options: &str) -> Self {
        Self::line(
            sandbox,
            &format!(
                "checkpoint --over-ceiling --watch --molecule {} --token-file token {options}",
                fake.url
            ),
        )
    }

    /// Starts a command line, by the real clock.
    pub(crate) fn line(sandbox: &Sandbox, line: &str) -> Self {
        let command = sandbox.command(line.split_whitespace());
        let mut child = command.without("CRONCTL_NOW").spawn();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                if say.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut pipe = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        });
        Self {
            child,
            lines,
            stdout: Vec::new(),
            stderr: Some(stderr),
        }
    }

    /// Waits for the next line of JSON about this; what comes before it is passed over.
    pub(crate) fn until(&mut self, event: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|e| panic!("no {event}: {e}: {:#?}", self.stdout));
            let json: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
            self.stdout.push(line);
            if json["event"] == event {
                return json;
            }
        }
    }

    /// Waits for a look after which this holds.
    pub(crate) fn until_sweep(&mut self, mut holds: impl FnMut(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let sweep = self.until("sweep");
            if holds(&sweep) {
                return sweep;
            }
            assert!(begun.elapsed() < PATIENCE, "{sweep}");
        }
    }

    pub(crate) fn sends(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends a signal, and waits for the end.
    pub(crate) fn end(self, signal: &str) -> Ended {
        self.sends(signal);
        self.ended()
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ended {
        let mut status = None;
        wait("its end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let mut stdout = std::mem::take(&mut self.stdout);
        // The pipe is closed: the reader ends.
        stdout.extend(self.lines.iter());
        Ended {
            status: status.unwrap(),
            stdout,
            stderr: self.stderr.take().unwrap().join().unwrap(),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Ended {
    /// All lines of stdout as JSON.
    pub(crate) fn events(&self) -> Vec<Value> {
        let read =
            |line: &String| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.stdout.iter().map(read).collect()
    }

    /// Those about this.
    pub(crate) fn about(&self, event: &str) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|e| e["event"] == event);
        events
    }

    /// The exit code.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Workspaces with outcomes, in the order in which they were told.
    fn outcomes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let targets = self.about("target").into_iter();
        targets
            .map(|e| {
                (
                    text(&e["target"]["workspace_id"]),
                    text(&e["target"]["outcome"]),
                )
            })
            .collect()
    }
}

/// Waits until something holds.
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A platform with turns that are six hours old, by the real clock. They have not ended until they are
/// freed.
pub(crate) fn over(ids: &[&str]) -> Fake {
    let started = cronctl::when::utc(now_ms() - 21_600_000);
    Fake::new(
        ids.iter().map(|id| workspace(id, 1)).collect(),
        Some(ids.iter().map(|id| turn(id, Some(&started))).collect()),
    )
}

/// The same, and every one can be freed.
pub(crate) fn willing(ids: &[&str]) -> Fake {
    let free = |fake: Fake, id: &&str| fake.says(id, [frees(id)]);
    ids.iter().fold(over(ids), free)
}

/// Lets a turn go.
pub(crate) fn frees(id: &str) -> Says {
    Says::Frees(200, checkpointed(id))
}

/// Does not let it go.
fn refuses() -> Says {
    Says::Json(
        409,
        json!({"error": "review turns cannot be steered", "code": "not_steerable"}),
    )
}

/// Says nothing that could be understood.
fn unclear() -> Says {
    Says::Json(502, json!({"error": "bad gateway"}))
}

/// `GET` of a path where metrics are served: the status line and headers, and the body.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Where metrics are served, as the first event says.
fn address(started: &Value) -> String {
    let why = started["why"].as_str().unwrap();
    let (_, rest) = why
        .split_once("http://127.0.0.1:")
        .unwrap_or_else(|| panic!("{why}"));
    let rest = rest
        .rsplit_once("http://127.0.0.1:")
        .map_or(rest, |(_, last)| last);
    let port = rest
        .strip_suffix("/metrics")
        .unwrap_or_else(|| panic!("{why}"));
    format!("127.0.0.1:{port}")
}

/// The samples of the text format, by name with labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            (
                name.to_owned(),
                value.parse().unwrap_or_else(|e| panic!("{e}: {line}")),
            )
        })
        .collect()
}

/// What a loop serves now.
fn scraped(address: &str) -> BTreeMap<String, f64> {
    samples(&get(address, "/metrics").1)
}

/// Waits until a sample has a value: an event is printed a moment before it counts. Returns all.
fn shows(address: &str, name: &str, value: f64) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    wait(name, || {
        all = scraped(address);
        all.get(name)
            .is_some_and(|found| (found - value).abs() < 1e-9)
    });
    all
}
