//! `adapter check` against adapters on loopback: one that honours the contract, and one for each way
//! of breaking it.

mod fake;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde::Deserialize;
use serde_json::Value;

use self::fake::{Adapter, Listening, Manners, SECRET, listen};
use crate::sandbox::{Run, Sandbox};

/// The parts of `cronctl.adapter-check/1` that tests look at.
#[derive(Deserialize)]
struct Report {
    schema: String,
    verdict: String,
    summary: BTreeMap<String, usize>,
    clauses: Vec<Clause>,
    exchanges: Vec<Exchange>,
    turns: Vec<Value>,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clause {
    clause: String,
    #[serde(rename = "title")]
    _title: String,
    result: String,
    seen: String,
    #[serde(rename = "why")]
    _why: String,
    #[serde(rename = "origin")]
    _origin: String,
}

#[derive(Deserialize)]
struct Exchange {
    step: String,
    secret: String,
    request: String,
    request_body: Option<String>,
}

impl Report {
    fn of(&self, result: &str) -> Vec<&str> {
        let clauses = self.clauses.iter().filter(|c| c.result == result);
        clauses.map(|c| c.clause.as_str()).collect()
    }

    fn seen(&self, id: &str) -> &str {
        let clause = self.clauses.iter().find(|c| c.clause == id).unwrap();
        &clause.seen
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let file = sandbox.write("work/secret", SECRET);
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    sandbox
}

const QUICKLY: &str = "--yes --quiet --grace 600ms --drain 0s --timeout 5s";

fn check(sandbox: &Sandbox, url: &str, more: &str) -> Run {
    sandbox.run(&format!(
        "adapter check {url} --token-file secret {QUICKLY} {more}"
    ))
}

fn checked(manners: Manners) -> (Report, Option<i32>, Listening) {
    let listening = Adapter::listen(manners);
    let run = check(&sandbox(), &listening.url, "--json");
    (run.json(), run.code, listening)
}

#[test]
fn a_good_adapter_passes_every_clause() {
    let (report, code, listening) = checked(Manners::Good);
    let expected = BTreeMap::from(
        [("passed", 13), ("failed", 0), ("not_testable", 0)].map(|(k, v)| (k.to_owned(), v)),
    );
    assert_eq!(report.of("fail"), [""; 0]);
    assert_eq!(report.of("not-testable"), [""; 0]);
    assert_eq!(
        (&*report.schema, &*report.verdict),
        ("cronctl.adapter-check/1", "holds")
    );
    assert_eq!((report.summary, code), (expected, Some(0)));
    assert_eq!(report.warnings, [""; 0]);
    assert_eq!(report.turns.len(), 2);
    // Nothing that it started is left.
    assert_eq!(listening.in_flight(), None);
    let secrets: Vec<_> = report
        .exchanges
        .iter()
        .filter(|e| e.secret != "given")
        .map(|e| (e.step.as_str(), e.secret.as_str()))
        .collect();
    assert_eq!(secrets, [("no-secret", "none"), ("wrong-secret", "wrong")]);
}

#[test]
fn a_report_matches_its_schema_and_has_no_secret_in_it() {
    let listening = Adapter::listen(Manners::Good);
    let run = check(&sandbox(), &listening.url, "--json");
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let published = cronctl::report::published::<cronctl::command::adapter::AdapterCheckReport>();
    let validator = jsonschema::validator_for(&published.schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|e| e.to_string())
        .collect();
    assert_eq!(errors, [""; 0]);
    assert!(
        !run.stdout.contains(SECRET) && !run.stderr.contains(SECRET),
        "{run}"
    );
}

/// A counter-case for each clause: it fails, and nothing else does.
#[test]
fn each_bad_manner_breaks_its_own_clause() {
    let cases = [
        (
            Manners::IgnoresTurnId,
            &["wrong-turn", "wrong-turn-spares"][..],
        ),
        (Manners::CancelsTheSuccessor, &["repeat-spares"]),
        (Manners::ForgetsIds, &["repeat-answer"]),
        (Manners::AsksForNoSecret, &["no-secret", "wrong-secret"]),
        (Manners::ObeysGarbage, &["malformed"]),
        (Manners::KeepsThePost, &["post-returns"]),
        (Manners::BreaksThePost, &["post-returns"]),
        (Manners::ClaimsIt, &["post-returns", "turn-gone"]),
        (Manners::ForgetsTheSession, &["resumes"]),
        (Manners::RefusesAlways, &["idle"]),
    ];
    std::thread::scope(|scope| {
        for (manners, broken) in cases {
            scope.spawn(move || {
                let (report, code, _listening) = checked(manners);
                assert_eq!(report.of("fail"), broken, "{manners:?}");
                assert_eq!((&*report.verdict, code), ("broken", Some(5)), "{manners:?}");
            });
        }
    });
}

#[test]
fn what_an_adapter_cannot_do_is_not_testable() {
    let (report, code, listening) = checked(Manners::CannotCancel);
    assert_eq!((&*report.verdict, code), ("holds", Some(0)));
    let open = [
        "post-returns",
        "turn-gone",
        "repeat-answer",
        "repeat-spares",
        "resumes",
    ];
    assert_eq!(report.of("not-testable"), open);
    assert!(
        report
            .seen("checkpoint")
            .contains("refused, as an adapter may")
    );
    // It says what it leaves behind.
    assert!(listening.in_flight().is_some());
    assert!(
        report.warnings[0].contains("may run on"),
        "{:?}",
        report.warnings
    );
}

#[test]
fn asked_to_stop_is_waited_for() {
    let (report, code, _listening) = checked(Manners::TakesAWhile);
    assert_eq!((report.of("fail"), code), (vec![], Some(0)));
    assert_eq!(report.of("not-testable"), ["resumes"]);
    assert!(report.seen("post-returns").contains("after the answer"));
}

#[test]
fn turns_that_end_at_once_prove_nothing() {
    let (report, code, _listening) = checked(Manners::Quick);
    assert_eq!((report.of("fail"), code), (vec![], Some(0)));
    assert_eq!(report.of("not-testable").len(), 8);
    assert!(report.seen("turn-gone").contains("never seen in flight"));
}

#[test]
fn a_turn_that_was_there_before_is_left_alone() {
    let listening = Adapter::listen(Manners::Good);
    listening.adapter.begin();
    let run = check(&sandbox(), &listening.url, "--json");
    let report: Report = run.json();
    assert_eq!((&*report.verdict, run.code), ("busy", Some(4)));
    assert_eq!(listening.in_flight().as_deref(), Some("turn-1"));
    // One request was enough to know.
    assert_eq!((listening.requests(), report.turns.len()), (1, 0));
    assert!(report.seen("checkpoint").contains("turn-1"), "{run}");
}

/// The runtime of May 2026, as captured.
#[test]
fn todays_runtime_is_unsupported() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/molecule/runtime");
    let text = std::fs::read_to_string(format!("{directory}/control_checkpoint_missing.json"));
    let captured: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let status = captured["status"].as_str().unwrap().to_owned();
    let body = captured["body"].as_str().unwrap().to_owned();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = listen(Router::new().fallback(move || {
        count.fetch_add(1, Ordering::SeqCst);
        let (code, content_type) = status.split_once(' ').unwrap();
        let code = StatusCode::from_bytes(code.as_bytes()).unwrap();
        let answer = (
            code,
            [("Content-Type", content_type.to_owned())],
            body.clone(),
        );
        async move { answer.into_response() }
    }));
    let sandbox = sandbox();
    let url = format!("http://{}", server.address);
    let run = check(&sandbox, &url, "--json");
    let report: Report = run.json();
    assert_eq!((&*report.verdict, run.code), ("unsupported", Some(6)));
    assert_eq!(report.of("fail"), ["handler"]);
    assert_eq!(
        report.seen("handler"),
        "404 text/plain; charset=utf-8 \"Not Found\""
    );
    assert_eq!(report.of("not-testable").len(), 12);
    // No turn was started on it.
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let run = check(&sandbox, &url, "");
    assert!(
        run.stdout.contains("unsupported: there is no handler"),
        "{run}"
    );
}

#[test]
fn a_refused_secret_ends_it() {
    let listening = Adapter::listen(Manners::Good);
    let sandbox = sandbox();
    let run = sandbox.run(&format!("adapter check {} {QUICKLY} --json", listening.url));
    let report: Report = run.json();
    assert_eq!((&*report.verdict, run.code), ("unauthorised", Some(6)));
    assert!(report.warnings[0].contains("--token-file"), "{run}");
    assert_eq!(report.turns.len(), 0);
    // The variable holds a platform's token, which an adapter must not see.
    let line = format!("adapter check {} {QUICKLY} --json", listening.url);
    let run = sandbox
        .command(line.split(' '))
        .env("CRONCTL_TOKEN", SECRET)
        .run();
    let report: Report = run.json();
    assert_eq!(report.verdict, "unauthorised");
    assert_eq!(report.exchanges[0].secret, "none");
}

#[test]
fn nobody_there_is_no_verdict() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let run = check(&sandbox(), &format!("http://{address}"), "--json");
    assert_eq!((run.code, &*run.stdout), (Some(4), ""));
    assert!(run.stderr.contains(&address.to_string()), "{run}");
}

#[test]
fn a_platform_is_checked_through_its_own_routes() {
    let listening = Adapter::listen(Manners::Good);
    let sandbox = sandbox();
    let line = format!(
        "adapter check {} --platform --workspace ws/a {QUICKLY} --json",
        listening.url
    );
    let run = sandbox
        .command(line.split(' '))
        .env("CRONCTL_TOKEN", SECRET)
        .run();
    let report: Report = run.json();
    assert_eq!((report.of("fail"), run.code), (vec![], Some(0)));
    let checkpoint = format!("POST {}/ws%2Fa/control/checkpoint", listening.url);
    assert_eq!(report.exchanges[0].request, checkpoint);
    let body = report.exchanges[0].request_body.as_deref().unwrap();
    assert!(body.contains(r#""workspace_id":"ws/a""#), "{body}");
    let message = format!("POST {}/workspaces/ws%2Fa/a2a message/send", listening.url);
    assert_eq!(report.turns[0]["by"], Value::from(message));
    let run = sandbox.run(&format!("adapter check {} --platform --yes", listening.url));
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn nothing_is_sent_before_somebody_agrees() {
    let listening = Adapter::listen(Manners::Good);
    let run = sandbox().run(&format!(
        "adapter check {} --token-file secret",
        listening.url
    ));
    assert_eq!((run.code, listening.requests()), (Some(2), 0), "{run}");
    assert!(run.stderr.contains("starts two turns"), "{run}");
    assert!(run.stderr.contains("--yes"), "{run}");
    let run = sandbox().run(&format!("adapter check {} --yes --grace 5s", listening.url));
    assert_eq!((run.code, listening.requests()), (Some(2), 0), "{run}");
    assert!(run.stderr.contains("--drain"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_command_can_stand_for_a_turn_and_does_not_outlive_the_check() {
    let sandbox = sandbox();
    let turn = sandbox.path("work/turn");
    let listening = Adapter::watching(turn);
    let run = |command: &str| {
        let url = &listening.url;
        let line = format!("adapter check {url} --token-file secret {QUICKLY} --json");
        let run = sandbox
            .command(line.split(' '))
            .arg("--turn-command")
            .arg(command)
            .env("PATH", "/usr/bin:/bin")
            .run();
        let report: Report = run.json();
        (report, run.code)
    };
    let (report, code) = run("echo $$ > turn; while [ -e turn ]; do sleep 0.02; done");
    assert_eq!((report.of("fail"), code), (vec![], Some(0)));
    assert!(report.seen("post-returns").contains("exit code 0"));
    // One that does not notice that its turn is over: it and its children are ended.
    let (report, code) = run("echo $$ > turn; sleep 60 & echo $! >> children; wait");
    assert_eq!((report.of("fail"), code), (vec!["post-returns"], Some(5)));
    let children = std::fs::read_to_string(sandbox.path("work/children")).unwrap();
    assert_eq!(children.lines().count(), 2);
    for child in children.lines() {
        let gone = "for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $0 2>/dev/null || exit 0; sleep 0.5; done; exit 1";
        let gone = Command::new("sh").args(["-c", gone, child]).status();
        assert!(gone.unwrap().success(), "{child} is still there");
    }
}

#[test]
fn junit_has_a_test_per_clause() {
    let listening = Adapter::listen(Manners::ForgetsIds);
    let run = check(&sandbox(), &listening.url, "--output junit");
    assert_eq!(run.code, Some(5), "{run}");
    assert_eq!(run.stdout.matches("<testcase ").count(), 13, "{run}");
    assert!(
        run.stdout.contains(r#"tests="13" "#) && run.stdout.contains(r#"failures="1""#),
        "{run}"
    );
    assert!(run.stdout.contains(r#"classname="repeat-answer""#), "{run}");
    assert!(
        run.stdout
            .contains("Why it matters: a caller whose answer was lost"),
        "{run}"
    );
    let run = check(&sandbox(), &listening.url, "--output sarif");
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn people_read_what_was_seen_and_why_it_matters() {
    let listening = Adapter::listen(Manners::ForgetsIds);
    let run = check(&sandbox(), &listening.url, "");
    assert_eq!(run.code, Some(5), "{run}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "pass          handler            There is a handler for /control/checkpoint"
    );
    assert_eq!(lines[1], "              200 {\"status\":\"idle\"}");
    let fail = lines
        .iter()
        .position(|line| line.starts_with("fail"))
        .unwrap();
    assert!(lines[fail].contains("repeat-answer"), "{run}");
    assert!(
        run.stdout
            .contains("Why it matters: a caller whose answer was lost"),
        "{run}"
    );
    assert!(
        run.stdout
            .ends_with(": the contract is broken\n13 clauses: 12 pass, 1 fail, 0 not testable.\n"),
        "{run}"
    );
    let run = check(
        &sandbox(),
        &listening.url,
        "--output csv --columns clause,result",
    );
    assert!(
        run.stdout.starts_with("clause,result\nhandler,pass\n"),
        "{run}"
    );
}
