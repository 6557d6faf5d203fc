//! `kill -9` against the platform of `cronctl sandbox`, which keeps its own state and answers by the
//! contract.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::kill::{say, start};
use crate::support::ledger::{self, Attempt};
use crate::support::settled::one_id_per_turn;
use crate::support::{Seed, World, until};

const KILLS: usize = 60;
const TURNS: u32 = 150;

/// A sandbox that runs; killed when dropped.
struct Sandbox {
    child: Child,
    // Kept open, or the child would fail at its next line.
    _stdout: BufReader<ChildStdout>,
    url: String,
    token: String,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Sandbox {
    fn new(world: &World, scenario: &str) -> Self {
        std::fs::write(world.path("work/scenario.toml"), scenario).unwrap();
        let mut command = world.command("sandbox --quiet -o ndjson --scenario scenario.toml");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let started: Value = serde_json::from_str(&first).unwrap();
        let said = |key: &str| started[key].as_str().unwrap().to_owned();
        std::fs::write(world.path("work/token"), said("token")).unwrap();
        Self {
            child,
            _stdout: stdout,
            url: said("url"),
            token: said("token"),
        }
    }

    /// How many turns are in flight.
    fn turns(&self) -> usize {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "GET /admin/turns HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {answer}"));
        body["turns"].as_array().unwrap().len()
    }
}

/// Turns that reach their ceiling one after the other: of adapters that are good, that are slow, and
/// that cancel and break before they answer.
fn scenario(rng: &mut Rng) -> String {
    let mut text = "[platform]\nrate_limit = 0\n".to_owned();
    for n in 0..TURNS {
        let kind = match rng.u8(..10) {
            0..6 => "behaviour = \"hung\"",
            6 | 7 => "behaviour = \"slow\"\ntakes = \"300ms\"",
            _ => "behaviour = \"flaky\"\nfaults = [\"lost\"]",
        };
        let age_ms = 1_800_000 - 60 * i64::from(n);
        writeln!(
            text,
            "[[workspace]]\nid = \"ws-{n}\"\nname = \"ws-{n}\"\n{kind}\nturn_started = \"{age_ms}ms\"\n\
             answer_after = \"{}ms\"",
            rng.u32(5..50)
        )
        .unwrap();
    }
    text
}

#[test]
fn no_kill_doubles_or_loses_a_turn_of_the_sandbox() {
    let seed = Seed::new();
    let mut rng = Rng::with_seed(seed.0);
    let world = World::new();
    let sandbox = Sandbox::new(&world, &scenario(&mut rng));
    let options = "--grace 1s --concurrency 6 --max-actions 1000 --breaker 0";
    let (mut before, mut in_flight): (Vec<Attempt>, usize) = (Vec::new(), 0);
    for _ in 0..KILLS {
        let mut child = start(&world, &sandbox.url, options);
        sleep(Duration::from_millis(rng.u64(20..250)));
        child.kill().unwrap();
        child.wait().unwrap();
        let after = world.attempts();
        ledger::keeps(&before, &after);
        in_flight += usize::from(after[before.len()..].iter().any(Attempt::is_open));
        before = after;
    }
    let mut child = start(&world, &sandbox.url, options);
    until("the end of all turns", || {
        sleep(Duration::from_millis(50));
        (sandbox.turns() == 0).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let attempts = world.attempts();
    ledger::keeps(&before, &attempts);
    one_id_per_turn(&attempts);
    for n in 0..TURNS {
        let asked = attempts.iter().any(|a| a.workspace == format!("ws-{n}"));
        assert!(asked, "ws-{n} was never asked");
    }
    say(&format!(
        "sandbox: {KILLS} kills, {in_flight} with a request in flight; {TURNS} turns, {} requests",
        attempts.len()
    ));
}
