//! `--watch`: events, lost streams, failed looks, signals, closed pipes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::fake::{Answer, Fake};
use super::{sandbox, turn, workspace};
use crate::sandbox::Sandbox;

/// No test waits longer than this for a line.
const PATIENCE: Duration = Duration::from_secs(30);

/// A watch under way, and the lines that it prints.
struct Watching {
    child: Child,
    lines: Receiver<Value>,
    _sandbox: Sandbox,
}

impl Watching {
    fn new(fake: &Fake, options: &str) -> Self {
        let sandbox = sandbox();
        let line = format!(
            "turns --watch --interval 50ms --molecule {} --token-file token --rate-limit 0 {options}",
            fake.url
        );
        let command = sandbox.command(line.split_whitespace());
        let mut child = command.without("CRONCTL_NOW").spawn();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let line = serde_json::from_str(&line.unwrap()).unwrap();
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            _sandbox: sandbox,
        }
    }

    /// Waits for the next line about this; what comes before it is passed over.
    fn until(&self, event: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|e| panic!("no {event}: {e}"));
            if line["event"] == event {
                return line;
            }
        }
    }

    /// Sends a signal, and waits for the end. Returns the exit code and stderr.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        self.ended()
    }

    fn ended(&mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stderr)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A workspace says that it is busy or idle, by the platform's clock.
fn task_updated(id: &str, active: i64) -> Value {
    json!({
        "event": "TASK_UPDATED", "workspace_id": id,
        "timestamp": cronctl::when::utc(cronctl::clock::now_ms()),
        "payload": {"active_tasks": active, "current_task": if active > 0 { "SEO tick" } else { "" }},
    })
}

#[test]
fn a_start_that_is_seen_is_exact() {
    let idle = json!([workspace("ws-a", "claude-code", 0)]);
    let fake = Fake::serving(idle.clone(), None);
    let watching = Watching::new(&fake, "");
    assert_eq!(watching.until("look")["summary"]["idle"], 1);
    watching.until("connected");
    // The workspace itself says that it is idle, so that what follows is a start.
    watching.until("look");
    let before = cronctl::clock::now_ms();
    fake.event(&task_updated("ws-a", 0));
    fake.event(&task_updated("ws-a", 1));
    let line = watching.until("started");
    let turn = &line["turn"];
    assert_eq!(turn["workspace_id"], "ws-a");
    assert_eq!(turn["evidence"]["kind"], "event", "{line}");
    assert_eq!(turn["age_is"], "exact", "{line}");
    let started = turn["started_at_ms"].as_i64().unwrap();
    // The platform's clock is known to a second.
    assert!((before - started).abs() < 5_000, "{line}");
    // Looks that show it idle for a moment, as after a sweep, do not end it.
    watching.until("look");
    watching.until("look");
    fake.event(&task_updated("ws-a", 0));
    let line = watching.until("ended");
    assert_eq!(line["turn"]["started_at_ms"], started);
    // Nor do they bring it back.
    watching.until("look");
    let line = watching.until("look");
    assert_eq!(line["summary"]["idle"], 1, "{line}");
    // The next turn has a start of its own, though its prompt is the same.
    fake.event(&task_updated("ws-a", 1));
    let line = watching.until("started");
    assert!(line["turn"]["started_at_ms"].as_i64().unwrap() > started);
    assert_eq!(line["turn"]["evidence"]["kind"], "event", "{line}");
    let (code, stderr) = watching.end("-INT");
    assert_eq!(code, Some(130), "{stderr}");
}

#[test]
fn what_changes_between_two_looks_is_said_once() {
    let a = turn("ws-a", true, Some("2026-05-22T22:17:42Z"));
    let workspaces = json!([
        workspace("ws-a", "claude-code", 1),
        workspace("ws-b", "claude-code", 0)
    ]);
    let fake = Fake::serving(workspaces.clone(), Some(json!([a])));
    let watching = Watching::new(&fake, "");
    let first = watching.until("look");
    assert_eq!(first["summary"]["over"], 1);
    assert_eq!(first["turn"], Value::Null);
    assert_eq!(watching.until("found")["turn"]["workspace_id"], "ws-a");
    assert_eq!(watching.until("over")["turn"]["workspace_id"], "ws-a");
    let started = cronctl::when::utc(cronctl::clock::now_ms() - 10_000);
    let b = turn("ws-b", true, Some(&started));
    fake.now_serves(
        json!([
            workspace("ws-a", "claude-code", 0),
            workspace("ws-b", "claude-code", 1)
        ]),
        Some(json!([b])),
    );
    let line = watching.until("started");
    assert_eq!(line["turn"]["workspace_id"], "ws-b", "{line}");
    assert_eq!(line["turn"]["verdict"], "under", "{line}");
    let (code, stderr) = watching.end("-TERM");
    assert_eq!(code, Some(143), "{stderr}");
}

#[test]
fn a_lost_stream_is_said_and_found_again() {
    let fake = Fake::serving(json!([workspace("ws-a", "claude-code", 0)]), None);
    let watching = Watching::new(&fake, "");
    let line = watching.until("connected");
    assert!(line["why"].is_string(), "{line}");
    fake.hangs_up();
    let line = watching.until("lost");
    assert!(line["why"].is_string(), "{line}");
    watching.until("connected");
    // The server may notice a moment later than the client.
    for _ in 0..1000 {
        if fake.listened() >= 2 {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("connected {} times", fake.listened());
}

#[test]
fn a_look_that_fails_does_not_end_the_watch() {
    let fake = Fake::serving(json!([workspace("ws-a", "claude-code", 0)]), None);
    let watching = Watching::new(&fake, "");
    watching.until("look");
    fake.now_answers(|_| Answer::text(401, "application/json", r#"{"error":"no"}"#));
    let line = watching.until("failed");
    assert!(line["why"].as_str().unwrap().contains("401"), "{line}");
    fake.now_serves(json!([workspace("ws-a", "claude-code", 0)]), None);
    watching.until("look");
    let (code, stderr) = watching.end("-INT");
    assert_eq!(code, Some(130));
    assert!(stderr.contains("a look failed"), "{stderr}");
}

#[test]
fn so_many_looks_and_no_more() {
    let turns = json!([turn("ws-a", true, Some("2026-05-22T22:17:42Z"))]);
    let fake = Fake::serving(json!([workspace("ws-a", "claude-code", 1)]), Some(turns));
    let mut watching = Watching::new(&fake, "--count 3 --fail-on over");
    let (code, stderr) = watching.ended();
    assert_eq!(code, Some(5), "{stderr}");
    let looks = watching
        .lines
        .iter()
        .filter(|l| l["event"] == "look")
        .count();
    assert_eq!(looks, 3);
    let published = cronctl::command::turns::event_schema();
    assert_eq!(published.id, "cronctl.turns.event/1");
}

#[test]
fn every_line_matches_the_schema() {
    let turns = json!([turn("ws-a", true, Some("2026-05-22T22:17:42Z"))]);
    let fake = Fake::serving(json!([workspace("ws-a", "claude-code", 1)]), Some(turns));
    let mut watching = Watching::new(&fake, "--count 2");
    assert_eq!(watching.ended().0, Some(0));
    let published = cronctl::command::turns::event_schema();
    let validator = jsonschema::validator_for(&published.schema).unwrap();
    let lines: Vec<Value> = watching.lines.iter().collect();
    assert!(lines.iter().any(|l| l["event"] == "over"));
    for line in lines {
        let errors: Vec<_> = validator
            .iter_errors(&line)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
    }
}

#[test]
fn a_first_look_without_an_answer_is_no_watch() {
    let fake = Fake::new(|_| Answer::text(401, "application/json", r#"{"error":"no"}"#));
    let mut watching = Watching::new(&fake, "");
    let (code, stderr) = watching.ended();
    assert_eq!(code, Some(6), "{stderr}");
}

#[test]
fn other_formats_are_refused() {
    let fake = Fake::serving(json!([]), None);
    let mut watching = Watching::new(&fake, "--json");
    let (code, stderr) = watching.ended();
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("ndjson"), "{stderr}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let fake = Fake::serving(
        json!([workspace("ws-a", "claude-code", 0)]),
        Some(json!([])),
    );
    let sandbox = sandbox();
    let line = format!(
        "turns --watch --interval 50ms --molecule {} --token-file token",
        fake.url
    );
    let command = sandbox.command(line.split_whitespace());
    let mut child = command.without("CRONCTL_NOW").spawn();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
