//! `checkpoint --openclaw-gateway`: recorded frames of real gateways, over a real WebSocket.

mod fake;

use serde_json::{Value, json};

use self::fake::{Fake, Reply};
use crate::sandbox::{Run, Sandbox};

/// Twenty seconds into the recorded run.
const NOW: &str = "1795219963048";
const JOB: &str = "a2b8a9e1-b475-4b5f-8633-cfe6e9aed5bc";
const TOKEN: &str = "sesame-open";

fn run_in(sandbox: &Sandbox, fake: &Fake, options: &str) -> Run {
    let line = format!(
        "checkpoint --openclaw-gateway {} --yes -o json {options}",
        fake.url
    );
    let command = sandbox.command(line.split_whitespace());
    let run = command
        .env("CRONCTL_NOW", NOW)
        .env("CRONCTL_TOKEN", TOKEN)
        .run();
    assert!(
        !format!("{run}").contains(TOKEN),
        "the token is shown\n{run}"
    );
    run
}

fn run(fake: &Fake, options: &str) -> Run {
    run_in(&Sandbox::new(), fake, options)
}

fn targets(run: &Run) -> Vec<Value> {
    let report: Value = run.json();
    report["targets"].as_array().unwrap().clone()
}

/// The only target.
fn target(run: &Run) -> Value {
    let mut targets = targets(run);
    assert_eq!(targets.len(), 1, "{run}");
    targets.remove(0)
}

#[test]
fn a_run_is_aborted_read_back_and_recorded() {
    let fake = Fake::new();
    let sandbox = Sandbox::new();
    let run = run_in(&sandbox, &fake, "slow-turn --reason ticket");
    assert_eq!(run.code, Some(0), "{run}");
    let row = target(&run);
    assert_eq!(row["outcome"], "confirmed", "{run}");
    assert!(
        row["why"]
            .as_str()
            .unwrap()
            .contains("OPENCLAW_DIRECT_ABORT"),
        "{run}"
    );
    assert_eq!(
        (&row["requests"], &row["answer_says"]),
        (&json!(1), &json!("aborted")),
        "{run}"
    );
    assert_eq!(row["age_ms"], 20_000, "{run}");
    // The frame that came is the one that was told, and names the run's own session.
    let sent = fake.requests("sessions.abort");
    assert_eq!(sent, [row["body"].clone()], "{run}");
    let key = sent[0]["params"]["key"].as_str().unwrap();
    assert_eq!(
        key,
        format!("agent:main:cron:{JOB}:run:0a4721b6-da1c-4bea-bfaa-43a380790926")
    );
    assert_eq!(sent[0]["id"], row["request_id"]);
    // It says who it is as the gateway's closed lists want it.
    let connect = &fake.requests("connect")[0]["params"];
    assert_eq!(
        (&connect["minProtocol"], &connect["maxProtocol"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(
        (&connect["client"]["id"], &connect["client"]["mode"]),
        (&json!("cli"), &json!("cli"))
    );
    assert_eq!(
        connect["scopes"],
        json!(["operator.read", "operator.write"])
    );
    assert_eq!(connect["auth"]["token"], TOKEN);
    let history = sandbox.run("checkpoint history -o json");
    let history: Value = history.json();
    let entry = &history["rows"]
        .as_array()
        .or(history["entries"].as_array())
        .unwrap()[0];
    assert_eq!(entry["outcome"], "confirmed", "{history}");
    assert!(
        entry["reason"].as_str().unwrap().contains("ticket"),
        "{history}"
    );
    assert!(
        entry["request"]
            .as_str()
            .unwrap()
            .contains("sessions.abort"),
        "{history}"
    );
    let ledger = sandbox.path("home/.local/state/cronctl/ledger.db");
    let bytes = std::fs::read(ledger).unwrap();
    let holds = bytes.windows(TOKEN.len()).any(|w| w == TOKEN.as_bytes());
    assert!(!holds, "the token is in the ledger");
}

#[test]
fn a_dry_run_tells_the_frame_and_sends_none() {
    let fake = Fake::new();
    let run = run(&fake, "slow --dry-run");
    assert_eq!(run.code, Some(2), "a prefix of a name is no name: {run}");
    let run = self::run(&fake, "a2b8a9e1 --dry-run");
    assert_eq!(run.code, Some(0), "{run}");
    let row = target(&run);
    assert_eq!(row["outcome"], "not-sent", "{run}");
    assert_eq!(row["body"]["method"], "sessions.abort", "{run}");
    assert!(fake.requests("sessions.abort").is_empty());
    let line = format!(
        "checkpoint --openclaw-gateway {} slow-turn --dry-run",
        fake.url
    );
    let sandbox = Sandbox::new();
    let command = sandbox
        .command(line.split_whitespace())
        .env("CRONCTL_NOW", NOW);
    let run = command.env("CRONCTL_TOKEN", TOKEN).run();
    assert!(run.stdout.contains("\"sessions.abort\""), "{run}");
    assert!(run.stdout.contains(":run:0a4721b6"), "{run}");
}

#[test]
fn a_job_without_a_run_is_idle_and_one_that_ended_meanwhile_is_moot() {
    let fake = Fake::new();
    fake.stop();
    let run = run(&fake, "slow-turn");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(target(&run)["outcome"], "idle", "{run}");
    assert!(fake.requests("sessions.abort").is_empty());
    // It ends between the list and the request.
    let fake = Fake::new();
    fake.on(
        "sessions.abort",
        Reply::Ended(json!({"ok": true, "status": "no-active-run"})),
    );
    fake.recorded("ok", None);
    let run = self::run(&fake, "slow-turn");
    assert_eq!(target(&run)["outcome"], "moot", "{run}");
    assert!(
        target(&run)["why"].as_str().unwrap().contains("ok"),
        "{run}"
    );
}

#[test]
fn a_run_that_is_being_prepared_is_asked_again() {
    let fake = Fake::new();
    fake.on(
        "sessions.abort",
        Reply::Json(json!({"ok": true, "status": "no-active-run"})),
    );
    let sandbox = Sandbox::new();
    let run = run_in(&sandbox, &fake, "slow-turn");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(target(&run)["outcome"], "confirmed", "{run}");
    assert_eq!(target(&run)["requests"], 2, "{run}");
    let sent = fake.requests("sessions.abort");
    assert_ne!(
        sent[0]["id"], sent[1]["id"],
        "each request has an id of its own"
    );
}

#[test]
fn a_gateway_that_never_finds_the_run_refuses() {
    let fake = Fake::new();
    for _ in 0..20 {
        fake.on(
            "sessions.abort",
            Reply::Json(json!({"ok": true, "status": "no-active-run"})),
        );
    }
    let run = run(&fake, "slow-turn --grace 100ms");
    assert_eq!(run.code, Some(6), "{run}");
    assert_eq!(target(&run)["outcome"], "refused", "{run}");
}

#[test]
fn an_aborted_run_that_stays_is_lingering() {
    let fake = Fake::new();
    fake.on(
        "sessions.abort",
        Reply::Json(json!({"ok": true, "status": "aborted"})),
    );
    let run = run(&fake, "slow-turn --grace 300ms");
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(target(&run)["outcome"], "lingering", "{run}");
}

#[test]
fn a_wrong_token_is_said_by_answer_or_by_close() {
    let said = Reply::Error(json!({"code": "INVALID_REQUEST",
        "message": "unauthorized: gateway token mismatch",
        "details": {"code": "AUTH_TOKEN_MISMATCH"}}));
    let closed = Reply::Close(1008, "unauthorized: gateway token mismatch".to_owned());
    for reply in [said, closed] {
        let fake = Fake::new();
        fake.on("connect", reply);
        let run = run(&fake, "slow-turn");
        assert_eq!(run.code, Some(6), "{run}");
        assert!(run.stderr.contains("AUTH_TOKEN_MISMATCH"), "{run}");
        assert!(run.stderr.contains("--token-file"), "{run}");
    }
    let fake = Fake::new();
    fake.on(
        "connect",
        Reply::Close(1002, "protocol mismatch".to_owned()),
    );
    let run = run(&fake, "slow-turn");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("another protocol"), "{run}");
}

#[test]
fn versions_without_a_clean_abort_are_refused_with_the_reason() {
    let fake = Fake::with_hello("hello-2026.3.31.json");
    let run = run(&fake, "slow-turn");
    assert_eq!(run.code, Some(6), "{run}");
    assert!(run.stderr.contains("2026.3.31 has no clean abort"), "{run}");
    assert!(run.stderr.contains("recorded as ok"), "{run}");
    // Taken as another version, it still grants nothing to a client without a device identity.
    let run = self::run(&fake, "slow-turn --openclaw-version 2026.9.6");
    assert_eq!(run.code, Some(6), "{run}");
    assert!(run.stderr.contains("granted these scopes: none"), "{run}");
    assert!(
        run.stderr.contains("taken as 2026.9.6") || run.stdout.is_empty(),
        "{run}"
    );
    for (version, said) in [
        ("2026.7.1", "not checked"),
        ("2026.10.2", "not checked"),
        ("main", "not known"),
    ] {
        let fake = Fake::new();
        fake.hello(|hello| hello["server"]["version"] = json!(version));
        let run = self::run(&fake, "slow-turn");
        assert_eq!(run.code, Some(6), "{run}");
        assert!(run.stderr.contains(said), "{run}");
        assert!(fake.requests("sessions.abort").is_empty());
        let run = self::run(&fake, "slow-turn --openclaw-version 2026.9.6");
        assert_eq!(target(&run)["outcome"], "confirmed", "{run}");
    }
}

#[test]
fn scopes_that_were_not_granted_are_named() {
    let fake = Fake::new();
    fake.hello(|hello| hello["auth"]["scopes"] = json!(["operator.read"]));
    let run = run(&fake, "slow-turn");
    assert_eq!(run.code, Some(6), "{run}");
    assert!(
        run.stderr.contains("does not allow operator.write"),
        "{run}"
    );
    // To look is enough for a dry run.
    let run = self::run(&fake, "slow-turn --dry-run");
    assert_eq!(run.code, Some(0), "{run}");
    let fake = Fake::new();
    fake.on(
        "sessions.abort",
        Reply::Error(json!({"code": "FORBIDDEN",
        "message": "missing scope: operator.write", "details": {"code": "MISSING_SCOPE"}})),
    );
    let run = self::run(&fake, "slow-turn");
    assert_eq!(run.code, Some(6), "{run}");
    assert_eq!(target(&run)["outcome"], "unauthorised", "{run}");
}

#[test]
fn silence_ends_and_is_not_taken_for_success() {
    for method in ["open", "challenge", "connect", "tasks.list", "cron.list"] {
        let fake = Fake::new();
        fake.on(method, Reply::Silence);
        let run = run(&fake, "slow-turn --timeout 300ms");
        assert_eq!(run.code, Some(4), "{method}\n{run}");
        assert!(
            run.stderr.contains("nothing came within"),
            "{method}\n{run}"
        );
    }
    // The request is lost: what became of the run is read back.
    let fake = Fake::new();
    fake.on("sessions.abort", Reply::Ended(Value::Null));
    let run = run(&fake, "slow-turn --timeout 1s");
    assert_eq!(target(&run)["outcome"], "confirmed", "{run}");
    let fake = Fake::new();
    fake.on("sessions.abort", Reply::Silence);
    let run = self::run(&fake, "slow-turn --timeout 1s --grace 200ms");
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(target(&run)["outcome"], "unknown", "{run}");
}

#[test]
fn a_connection_that_breaks_is_made_again_to_look() {
    let fake = Fake::new();
    fake.on(
        "sessions.abort",
        Reply::Close(1012, "service restart".to_owned()),
    );
    fake.on_close_stop();
    let run = run(&fake, "slow-turn");
    assert_eq!(target(&run)["outcome"], "confirmed", "{run}");
    assert_eq!(fake.requests("connect").len(), 2);
}

#[test]
fn garbage_is_no_gateway_and_no_answer() {
    for text in [
        "<html>hello</html>",
        "",
        "[]",
        "{\"type\":\"res\"}",
        "\u{1b}[2J",
    ] {
        let fake = Fake::new();
        fake.on("challenge", Reply::Raw(text.to_owned()));
        let run = run(&fake, "slow-turn --timeout 2s");
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("is no OpenClaw gateway"), "{run}");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
    }
    for (method, code) in [("connect", 1), ("tasks.list", 1), ("cron.list", 1)] {
        for reply in [Reply::Raw("}{".to_owned()), Reply::Json(json!({"jobs": 5}))] {
            let fake = Fake::new();
            fake.on(method, reply);
            let run = run(&fake, "slow-turn --timeout 2s");
            assert_eq!(run.code, Some(code), "{method}\n{run}");
        }
    }
    // Garbage to the request itself: what became of the run is read back.
    let fake = Fake::new();
    fake.on("sessions.abort", Reply::Raw("}{".to_owned()));
    let run = run(&fake, "slow-turn --timeout 2s --grace 200ms");
    assert_eq!(target(&run)["outcome"], "unknown", "{run}");
}

#[test]
fn a_web_server_is_no_gateway() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 1024];
        let _read = stream.read(&mut bytes).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        stream.write_all(answer).unwrap();
    });
    let sandbox = Sandbox::new();
    let run = sandbox.run(&format!(
        "checkpoint --openclaw-gateway ws://{address} x --yes"
    ));
    server.join().unwrap();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("HTTP 200"), "{run}");
    // Nobody listens there any more.
    let run = sandbox.run(&format!(
        "checkpoint --openclaw-gateway ws://{address} x --yes"
    ));
    assert_eq!(run.code, Some(4), "{run}");
}

#[test]
fn a_gateway_that_starts_or_is_busy_is_waited_for() {
    let later = |message: &str| {
        Reply::Error(
            json!({"code": "UNAVAILABLE", "message": message, "retryable": true,
            "retryAfterMs": 20}),
        )
    };
    for method in [
        "connect",
        "tasks.list",
        "cron.list",
        "sessions.abort",
        "cron.runs",
    ] {
        let fake = Fake::new();
        fake.on(method, later("startup-sidecars"));
        let run = run(&fake, "slow-turn");
        assert_eq!(run.code, Some(0), "{method}\n{run}");
        assert_eq!(target(&run)["outcome"], "confirmed", "{method}\n{run}");
        assert!(fake.requests(method).len() >= 2, "{method}");
    }
    let fake = Fake::new();
    let limit = json!({"code": "UNAVAILABLE", "message": "rate limit", "retryAfterMs": 60_000});
    fake.on("sessions.abort", Reply::Error(limit));
    let run = run(&fake, "slow-turn");
    assert_eq!(run.code, Some(4), "{run}");
    assert_eq!(target(&run)["outcome"], "throttled", "{run}");
}

#[test]
fn over_the_ceiling_means_strictly_older_than_the_time_out() {
    let fake = Fake::new();
    let run = run(&fake, "--over-ceiling");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(
        targets(&run),
        Vec::<Value>::new(),
        "20 s are within 60 min: {run}"
    );
    let run = self::run(&fake, "--over-ceiling --ceiling 20s");
    assert_eq!(
        targets(&run),
        Vec::<Value>::new(),
        "20 s are not over 20 s: {run}"
    );
    let run = self::run(&fake, "--over-ceiling --ceiling 19s");
    assert_eq!(target(&run)["outcome"], "confirmed", "{run}");
    assert_eq!(target(&run)["over_by_ms"], 1_000, "{run}");
}

#[test]
fn a_shared_session_and_a_command_are_left_alone() {
    for (name, said) in [
        ("custom-session", "others use too"),
        ("command-job", "no agent session"),
    ] {
        let fake = Fake::new();
        fake.runs_instead(name);
        let run = run(&fake, name);
        assert_eq!(run.code, Some(6), "{run}");
        assert_eq!(target(&run)["outcome"], "unsupported", "{run}");
        assert!(
            target(&run)["why"].as_str().unwrap().contains(said),
            "{run}"
        );
        assert!(
            target(&run)["why"]
                .as_str()
                .unwrap()
                .contains("tasks.cancel"),
            "{run}"
        );
        assert!(fake.requests("sessions.abort").is_empty());
    }
}

#[test]
fn wrong_names_and_addresses_are_refused_before_anything_is_sent() {
    let fake = Fake::new();
    let run = run(&fake, "slow-turm");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("did you mean \"slow-turn\"?"), "{run}");
    fake.job(|jobs| {
        for job in jobs {
            job["name"] = json!("same");
        }
    });
    let run = self::run(&fake, "same");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("4 jobs are named \"same\""), "{run}");
    assert!(fake.requests("sessions.abort").is_empty());
    let sandbox = Sandbox::new();
    for (url, said) in [
        ("ws://gateway.example:18789", "plain ws to another machine"),
        ("http://127.0.0.1:1", "does not begin with ws://"),
        ("ws://u:sesame-open@127.0.0.1:1", "has credentials in it"),
    ] {
        let line = format!("checkpoint --openclaw-gateway {url} x --yes");
        let command = sandbox.command(line.split_whitespace());
        let run = command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN).run();
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains(said), "{run}");
        assert!(!run.stderr.contains(TOKEN), "{run}");
    }
}
