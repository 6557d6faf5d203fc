//! `cronctl sandbox`: the real binary, asked over real sockets.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::sandbox::Sandbox;

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sandbox that runs; killed when dropped.
struct Platform {
    child: Child,
    // Kept open, or the child would fail at its next line.
    _stdout: BufReader<ChildStdout>,
    started: Value,
    _world: Sandbox,
}

/// An HTTP answer. `status` is 0 when the connection was reset instead.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

fn cronctl(world: &Sandbox, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cronctl"));
    command
        .args(line.split_whitespace())
        .current_dir(world.path("work"))
        .env_clear()
        .env("HOME", world.path("home"));
    command
}

impl Platform {
    fn start(line: &str) -> Self {
        Self::start_in(Sandbox::new(), line)
    }

    fn of_scenario(text: &str, line: &str) -> Self {
        let world = Sandbox::new();
        world.write("work/scenario.toml", text);
        Self::start_in(world, &format!("--scenario scenario.toml {line}"))
    }

    fn start_in(world: Sandbox, line: &str) -> Self {
        let mut child = cronctl(&world, &format!("sandbox --quiet -o ndjson {line}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        Self {
            started: serde_json::from_str(&first).unwrap_or_else(|e| panic!("{e}: {first:?}")),
            child,
            _stdout: stdout,
            _world: world,
        }
    }

    fn said(&self, key: &str) -> &str {
        self.started[key].as_str().unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.said("url").strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request with a bearer token, or none when it is empty.
    fn send(stream: &mut TcpStream, request: &str, token: &str, body: &str) {
        let bearer = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let length = body.len();
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{bearer}");
        let text = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).unwrap();
    }

    fn ask_as(&self, token: &str, request: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        Self::send(&mut stream, request, token, body);
        receive(stream)
    }

    /// Asks as the administrator.
    fn ask(&self, request: &str, body: &str) -> Answer {
        self.ask_as(self.said("token"), request, body)
    }

    /// Asks a workspace for a checkpoint through the platform.
    fn checkpoint(&self, workspace: &str, turn: Option<&str>, request_id: &str) -> Answer {
        let request = format!("POST /{workspace}/control/checkpoint");
        self.ask(&request, &body(workspace, turn, request_id))
    }

    fn signal(&mut self, name: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn body(workspace: &str, turn: Option<&str>, request_id: &str) -> String {
    let mut body = json!({
        "workspace_id": workspace,
        "reason": "operator",
        "drain_seconds": 20,
        "request_id": request_id,
    });
    if let Some(turn) = turn {
        body["turn_id"] = turn.into();
    }
    body.to_string()
}

fn receive(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        return Answer::default();
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

#[test]
fn it_says_where_it_is_serves_and_ends_with_the_signals_code() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let mut platform = Platform::start("--scenario p12");
        assert_eq!(platform.started["workspaces"], 7);
        assert_eq!(platform.started["started_at"], "2026-05-22T22:47:42.000Z");
        let list = platform.ask("GET /workspaces", "");
        assert_eq!(list.status, 200);
        assert_eq!(list.json().as_array().unwrap().len(), 7);
        // Its own clock, which stands still here.
        assert_eq!(list.header("date"), Some("Fri, 22 May 2026 22:47:42 GMT"));
        assert_eq!(platform.signal(signal), Some(code));
    }
}

#[test]
fn the_json_document_stands_before_anything_is_served() {
    let world = Sandbox::new();
    let mut child = cronctl(
        &world,
        "sandbox --json --quiet --scenario p12 --turns-route off",
    )
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let document: Value = serde_json::Deserializer::from_reader(stdout)
        .into_iter()
        .next()
        .unwrap()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(document["schema"], "cronctl.sandbox/1");
    let published = cronctl::command::schemas();
    let published = published.iter().find(|p| p.id == "cronctl.sandbox/1");
    let validator = jsonschema::validator_for(&published.unwrap().schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(document["platforms"][0]["turns_route"], false);
}

#[test]
fn a_wrong_scenario_is_refused_with_its_place() {
    let world = Sandbox::new();
    world.write(
        "work/wrong.toml",
        "[[workspace]]\nname = \"a\"\nbehavour = \"hung\"\n",
    );
    assert_data_eq!(
        world.run("sandbox --scenario wrong.toml").to_string(),
        str![[r#"
--- stderr
error: wrong.toml:3:1: unknown field `behavour`, expected one of [..]
hint: did you mean behaviour?
--- exit 1

"#]]
    );
    assert_data_eq!(
        world.run("sandbox --scenario reno-star").to_string(),
        str![[r#"
--- stderr
error: --scenario: there is no scenario "reno-star"
hint: did you mean reno-stars?
hint: `cronctl sandbox --list-scenarios` lists them; a file may be named, too
--- exit 2

"#]]
    );
    let run = world.run("sandbox --fail 2");
    assert_eq!(run.code, Some(2), "{run}");
    let run = world.run("sandbox --scenario missing.toml");
    assert_eq!(run.code, Some(1), "{run}");
}

#[test]
fn scenarios_are_listed() {
    #[derive(serde::Deserialize)]
    struct Listed {
        name: String,
    }
    let rows: Vec<Listed> = Sandbox::new()
        .run("sandbox --list-scenarios -o ndjson")
        .ndjson();
    let names: Vec<&str> = rows.iter().map(|row| &*row.name).collect();
    let expected = [
        "demo",
        "reno-stars",
        "reno-stars-ceiling-0",
        "p12",
        "faults",
        "fleet",
    ];
    assert_eq!(names, expected);
}

#[test]
fn refusals_are_those_of_the_real_platform() {
    let platform = Platform::start("--scenario faults --turns-route off");
    let admin = platform.said("token").to_owned();
    let minted = platform.ask("POST /admin/workspaces/hung/tokens", "");
    let own = minted.json()["auth_token"].as_str().unwrap().to_owned();
    for (token, request, status, expected) in [
        (
            "",
            "GET /workspaces",
            401,
            r#"{"error":"admin auth required"}"#,
        ),
        (
            "wrong",
            "GET /workspaces",
            401,
            r#"{"error":"invalid admin auth token"}"#,
        ),
        (
            &own,
            "GET /workspaces",
            401,
            r#"{"error":"invalid admin auth token"}"#,
        ),
        (
            "",
            "GET /workspaces/hung/config",
            401,
            r#"{"error":"missing workspace auth token"}"#,
        ),
        (
            "wrong",
            "GET /workspaces/hung/config",
            401,
            r#"{"error":"invalid workspace auth token"}"#,
        ),
        (&own, "GET /workspaces/hung/config", 200, r#"{"data":{}}"#),
        (
            &own,
            "GET /workspaces/long/config",
            401,
            r#"{"error":"invalid workspace auth token"}"#,
        ),
        // The administrator passes the router and not the handler.
        (
            &admin,
            "GET /workspaces/hung/state",
            401,
            r#"{"error":"invalid workspace auth token"}"#,
        ),
        (
            &admin,
            "GET /workspaces/hung/transcript",
            401,
            r#"{"error":"unauthorized"}"#,
        ),
        (
            &admin,
            "GET /workspaces/nobody/config",
            404,
            r#"{"error":"workspace not found"}"#,
        ),
        (&admin, "GET /admin/turns", 404, "404 page not found"),
        (
            &admin,
            "GET /admin/scheduler/health",
            404,
            "404 page not found",
        ),
        (
            &admin,
            "POST /unsupported/control/checkpoint",
            404,
            "Not Found",
        ),
        ("", "GET /health", 200, r#"{"status":"ok"}"#),
    ] {
        let answer = platform.ask_as(token, request, "");
        let said = (answer.status, &*answer.body);
        assert_eq!(said, (status, expected), "{request}");
    }
    // Open to everybody, and without what is private.
    let open = platform.ask_as("", "GET /workspaces/hung", "");
    assert_eq!(
        (open.status, &open.json()["current_task"]),
        (200, &Value::Null)
    );
    let removed = platform.ask_as("", "GET /workspaces/removed", "");
    assert_eq!(
        (removed.status, &removed.json()["error"]),
        (410, &"workspace removed".into())
    );
}

#[test]
fn what_goes_wrong_goes_wrong_on_the_wire() {
    let platform = Platform::start("--scenario faults");
    let statuses = |workspace: &str, times: usize| -> Vec<u16> {
        let mut ask = || platform.checkpoint(workspace, None, "r1").status;
        std::iter::repeat_with(&mut ask).take(times).collect()
    };
    assert_eq!(statuses("flaky", 3), [500, 0, 200]);
    assert_eq!(statuses("busy-later", 3), [503, 429, 200]);
    // The turn was cancelled although nothing came back; the repeat says so.
    assert_eq!(statuses("lost", 2), [0, 200]);
    let html = platform.checkpoint("html", None, "r1");
    assert_eq!(
        html.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let slow = platform.checkpoint("slow", None, "r1");
    assert_eq!(
        (slow.status, &slow.json()["status"]),
        (202, &"interrupting".into())
    );
    for (workspace, status, code) in [
        ("refusing", 409, "not_steerable"),
        ("no-report", 409, "not_steerable"),
        ("idle", 200, "idle"),
        ("lingering", 200, "checkpointed"),
    ] {
        let answer = platform.checkpoint(workspace, None, "r1");
        let body = answer.json();
        let said = body.get("code").unwrap_or(&body["status"]);
        assert_eq!((answer.status, said), (status, &code.into()), "{workspace}");
    }
    let swapped = platform.checkpoint("turn-swapping", Some("turn-turn-swa-1"), "r1");
    assert_eq!(swapped.json()["turn_id"], "turn-turn-swa-2");
}

#[test]
fn an_adapter_keeps_the_contract() {
    let platform = Platform::start("--scenario faults --speed 100");
    let (secret, idle) = (platform.said("inbound_secret"), "/adapters/idle");
    let path = format!("POST {idle}/control/checkpoint");
    let ask = |token: &str, body: &str| platform.ask_as(token, &path, body);
    for token in ["", "wrong", platform.said("token")] {
        assert_eq!(
            ask(token, &body("idle", None, "r0")).status,
            401,
            "{token:?}"
        );
    }
    for wrong in ["", "{", "[]", "{}", r#"{"workspace_id":1}"#] {
        assert_eq!(ask(secret, wrong).status, 400, "{wrong:?}");
    }
    assert_eq!(
        ask(secret, &body("idle", Some("x"), "r1")).body,
        r#"{"status":"idle"}"#
    );

    let mut turn = platform.connect();
    let message = json!({"jsonrpc": "2.0", "id": "7", "method": "message/send", "params": {
        "message": {"role": "user", "messageId": "m1", "parts": [{"kind": "text", "text": "HANG"}]},
    }});
    Platform::send(
        &mut turn,
        &format!("POST {idle}/"),
        "",
        &message.to_string(),
    );
    // The turn is there when the adapter says so.
    let running = loop {
        let look = ask(
            secret,
            &body("idle", Some("no such turn"), &format!("look-{}", rand())),
        );
        if look.status == 409 {
            break look.json()["turn_id"].as_str().unwrap().to_owned();
        }
    };
    let cancelled = ask(secret, &body("idle", Some(&running), "r2"));
    assert_eq!(cancelled.json()["status"], "checkpointed");
    let returned = receive(turn);
    let result = &returned.json()["result"];
    assert_eq!((returned.status, &result["kind"]), (200, &"message".into()));
    let saved = &cancelled.json()["checkpoint"]["id"];
    assert_eq!(&result["metadata"]["checkpoint"]["id"], saved);

    let next = message.to_string().replace("HANG", "SLEEP 30");
    let next = platform.ask_as("", &format!("POST {idle}/"), &next);
    assert_eq!(&next.json()["result"]["metadata"]["resumed_from"], saved);
    assert_eq!(
        ask(secret, &body("idle", Some(&running), "r2")).body,
        cancelled.body
    );

    let cancel = platform.ask_as(
        "",
        &format!("POST {idle}/"),
        r#"{"jsonrpc":"2.0","id":"stop-1","method":"tasks/cancel","params":{}}"#,
    );
    assert_eq!(cancel.json()["error"]["code"], -32600);
    let card = platform.ask_as("", &format!("GET {idle}/.well-known/agent-card.json"), "");
    assert_eq!((card.status, &card.json()["name"]), (200, &"idle".into()));
    let other = platform.ask_as("", &format!("POST {idle}/signals/restart_pending"), "{}");
    assert_eq!((other.status, &*other.body), (404, "Not Found"));
    let get = platform.ask_as("", &format!("GET {idle}/"), "");
    assert_eq!((get.status, &*get.body), (405, "Method Not Allowed"));
}

/// A number that no earlier call gave.
fn rand() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[test]
fn tenants_limits_and_failures_are_those_of_the_real_platform() {
    let scenario = "[platform]\norg = \"0f3c\"\nrate_limit = 3\n[[workspace]]\nname = \"a\"";
    let platform = Platform::of_scenario(scenario, "");
    let guarded = platform.ask("GET /workspaces", "");
    let seen = (
        guarded.status,
        &*guarded.body,
        guarded.header("content-type"),
    );
    assert_eq!(seen, (404, "", None));
    let in_org = "GET /workspaces HTTP/1.1\r\nX-Molecule-Org-Id: 0f3c\r\nX-Rest:";
    for (status, remaining) in [(200, "2"), (200, "1"), (200, "0"), (429, "0")] {
        let answer = platform.ask(in_org, "");
        let seen = (answer.status, answer.header("x-ratelimit-remaining"));
        assert_eq!(seen, (status, Some(remaining)));
        let later = answer.header("retry-after").is_some();
        assert_eq!(later, status == 429);
    }
    let platform = Platform::start("--scenario p12 --fail 1 --latency 1ms");
    let failed = platform.ask("GET /workspaces", "");
    let text = r#"{"code":"platform_unavailable","error":"platform datastore unavailable — retry shortly"}"#;
    assert_eq!((failed.status, &*failed.body), (503, text));
}

#[test]
fn events_are_told_to_all_on_ws_and_to_one_on_its_stream() {
    use tokio_tungstenite::tungstenite::{Message, connect};
    // In real time no sweep, five minutes in, adds an event of its own.
    let platform = Platform::start("--scenario faults --speed 1");
    let url = platform.said("url").replace("http", "ws");
    let (mut socket, _) = connect(format!("{url}/ws")).unwrap();
    let mut stream = platform.connect();
    let path = "GET /workspaces/idle/events/stream";
    Platform::send(&mut stream, path, platform.said("token"), "");
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.eq_ignore_ascii_case("content-type: text/event-stream")));

    let message = r#"{"jsonrpc":"2.0","id":"1","method":"message/send","params":{"message":{"parts":[{"kind":"text","text":"SLEEP 1"}]}}}"#;
    let ended = platform.ask("POST /workspaces/idle/a2a", message);
    assert_eq!(ended.status, 200);
    let mut data = lines.filter_map(|line| {
        let data = line.strip_prefix("data: ")?.to_owned();
        serde_json::from_str::<Value>(&data).ok()
    });
    let mut tasks = data
        .by_ref()
        .filter(|event| event["type"] == "TASK_UPDATED");
    for active in [1, 0] {
        assert_eq!(tasks.next().unwrap()["data"]["active_tasks"], active);
    }
    let started = std::iter::from_fn(|| socket.read().ok()).find_map(|frame| {
        let Message::Text(text) = frame else {
            return None;
        };
        let event: Value = serde_json::from_str(&text).unwrap();
        let wanted = event["workspace_id"] == "idle" && event["event"] == "TASK_UPDATED";
        wanted.then_some(event)
    });
    let payload = &started.unwrap()["payload"];
    assert_eq!(
        payload,
        &json!({"active_tasks": 1, "current_task": "SLEEP 1"})
    );
}

#[test]
fn what_a_caller_writes_is_there_afterwards() {
    let platform = Platform::start("--scenario faults");
    let written = platform.ask(
        "POST /workspaces/refusing/activity",
        r#"{"activity_type":"error","summary":"Checkpoint refused","status":"error","error_detail":"not_steerable"}"#,
    );
    assert_eq!(written.status, 201, "{written:?}");
    let rows = platform.ask("GET /workspaces/refusing/activity?type=error&limit=5", "");
    assert_eq!(rows.json()[0]["summary"], "Checkpoint refused");
    let config = r#"{"runtime_config":{"native_session_ceiling_seconds":60}}"#;
    let patched = platform.ask("PATCH /workspaces/hung/config", config);
    assert_eq!(patched.body, r#"{"status":"updated"}"#);
    let turn = platform.ask("GET /workspaces/hung/turn", "").json();
    assert_eq!(turn["ceiling_seconds"], 60);
    let restarted = platform.ask("POST /workspaces/refusing/restart", "");
    assert_eq!(restarted.json()["status"], "provisioning");
    let gone = platform.ask("GET /workspaces/refusing/turn", "");
    assert_eq!(gone.status, 404);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let platform = Platform::start("--scenario p12");
    let port = platform.said("url").rsplit(':').next().unwrap().to_owned();
    let run = Sandbox::new().run(&format!("sandbox --port {port}"));
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("no port to listen on"), "{run}");
}
