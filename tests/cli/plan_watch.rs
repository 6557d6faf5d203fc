//! `plan --watch`: the events at a fixed instant, changes of the source, signals, contradictions.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// No test waits longer than this for a line.
const PATIENCE: Duration = Duration::from_secs(60);

fn jobs(n: usize, expr: &str) -> String {
    let job = |i: usize| {
        json!({
            "id": format!("job-{i}"), "name": format!("job {i}"), "enabled": true,
            "schedule": {"kind": "cron", "expr": expr, "tz": "UTC"},
            "sessionTarget": "isolated",
            "payload": {"kind": "agentTurn", "message": "go", "model": "openai/gpt-5.4-nano"},
        })
    };
    let jobs: Vec<_> = (0..n).map(job).collect();
    json!({"version": 1, "jobs": jobs}).to_string()
}

#[test]
fn at_a_fixed_instant_the_next_bursts_are_listed_once() {
    let sandbox = Sandbox::new();
    sandbox.write("work/jobs.json", jobs(3, "0 4 * * *"));
    // It is 03:00 UTC.
    let run =
        sandbox.run("plan --watch --jobs jobs.json --count 3 --interval 10ms -o ndjson --quiet");
    assert_eq!(run.code, Some(0), "{run}");
    let lines: Vec<Value> = run.ndjson();
    let events: Vec<_> = lines.iter().map(|l| l["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["look", "listed", "look", "look"]);
    assert_eq!(
        (&lines[0]["jobs"], &lines[0]["bursts"]),
        (&json!(3), &json!(1))
    );
    let listed = &lines[1];
    assert_eq!(listed["left_ms"], 3_600_000);
    assert_eq!(listed["burst"]["at"], "2026-08-02T04:00:00.000Z");
    assert_eq!(listed["burst"]["jobs"], 3);
    assert_eq!(listed["burst"]["starts_per_second_before"], 3);
    assert_eq!(listed["burst"]["starts_per_second_after"], 1);
    assert_eq!(listed["burst"]["groups"][0]["group"], "openai");
}

#[test]
fn a_burst_at_this_instant_is_due_once() {
    let sandbox = Sandbox::new();
    sandbox.write("work/jobs.json", jobs(2, "0 3 * * *"));
    let run =
        sandbox.run("plan --watch --jobs jobs.json --count 2 --interval 10ms -o ndjson --quiet");
    let lines: Vec<Value> = run.ndjson();
    let events: Vec<_> = lines.iter().map(|l| l["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["look", "listed", "due", "look"]);
    assert_eq!(lines[2]["left_ms"], 0);
}

#[test]
fn the_demo_counts_down_from_a_quarter_of_an_hour_before_its_burst() {
    let sandbox = Sandbox::new();
    let line = "plan --watch --demo --count 1 -o ndjson --quiet";
    let run = sandbox
        .command(line.split_whitespace())
        .without("CRONCTL_NOW")
        .run();
    assert_eq!(run.code, Some(0), "{run}");
    let lines: Vec<Value> = run.ndjson();
    let listed = &lines[1];
    assert_eq!(
        (&listed["event"], &listed["burst"]["jobs"]),
        (&json!("listed"), &json!(24))
    );
    let left = listed["left_ms"].as_i64().unwrap();
    assert!(left <= 900_000 && left > 900_000 - 60_000, "{left}");
}

#[test]
fn options_that_have_no_use_here_are_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    for (options, said) in [
        ("--demo --from now", "--from does not go with --watch"),
        ("--demo --fires", "--fires does not go with --watch"),
        (
            "--demo --restart-at now",
            "--restart-at does not go with --watch",
        ),
        ("--jobs -", "--jobs - does not go with --watch"),
        (
            "--demo --json",
            "--watch draws a table, or prints one JSON object per event",
        ),
        ("--demo -o ndjson --columns at", "--columns does not apply"),
        ("--demo --interval 1ms", "shorter than 10ms"),
    ] {
        let run = sandbox.run(&format!("plan --watch --count 1 {options}"));
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    let run = sandbox.run("plan --demo --count 1");
    assert_eq!(run.code, Some(2), "{run}");
    // Nothing to watch without a first plan.
    let run = sandbox.run("plan --watch --jobs missing.json");
    assert_eq!(run.code, Some(1), "{run}");
}

/// A watch under way, and the lines that it prints.
struct Watching {
    child: Child,
    lines: Receiver<Value>,
}

impl Watching {
    fn new(sandbox: &Sandbox) -> Self {
        let line = "plan --watch --jobs jobs.json --interval 20ms";
        let mut child = sandbox.command(line.split_whitespace()).spawn();
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
        Self { child, lines }
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
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Puts a file in place at once, as editors do.
fn replace(sandbox: &Sandbox, content: &str) {
    let new = sandbox.write("work/jobs.new", content);
    std::fs::rename(new, sandbox.path("work/jobs.json")).unwrap();
}

#[test]
fn a_change_of_the_source_is_seen_and_a_failed_reading_leaves_the_plan() {
    let sandbox = Sandbox::new();
    sandbox.write("work/jobs.json", jobs(3, "0 4 * * *"));
    let mut watching = Watching::new(&sandbox);
    assert_eq!(watching.until("listed")["burst"]["jobs"], 3);
    replace(&sandbox, &jobs(4, "0 4 * * *"));
    let why = watching.until("source-changed");
    assert_eq!(why["why"], "planned jobs: 4, 3 before");
    assert_eq!(watching.until("changed")["burst"]["jobs"], 4);
    std::fs::remove_file(sandbox.path("work/jobs.json")).unwrap();
    let failed = watching.until("failed");
    assert!(
        failed["why"].as_str().unwrap().contains("jobs.json"),
        "{failed}"
    );
    // Back, with another instant: the plan before stood, so that its burst is gone only now.
    replace(&sandbox, &jobs(4, "0 5 * * *"));
    assert_eq!(
        watching.until("source-changed")["why"],
        "the definition of a job changed"
    );
    assert_eq!(
        watching.until("gone")["burst"]["at"],
        "2026-08-02T04:00:00.000Z"
    );
    assert_eq!(
        watching.until("listed")["burst"]["at"],
        "2026-08-02T05:00:00.000Z"
    );

    let pid = watching.child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let mut stderr = String::new();
    let mut pipe = watching.child.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    assert_eq!(watching.child.wait().unwrap().code(), Some(130), "{stderr}");
    assert_eq!(
        stderr.matches("the sources cannot be read").count(),
        1,
        "{stderr}"
    );
}
