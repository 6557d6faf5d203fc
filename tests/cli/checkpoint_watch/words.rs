//! Wrong command lines, the schema of lines, lines for people, closed pipes.

use super::*;

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_asked() {
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    let at = format!("checkpoint --molecule {} --token-file token", fake.url);
    for (options, says) in [
        ("--watch --yes", "--over-ceiling"),
        ("--watch --yes ws-a", "--over-ceiling"),
        ("--watch --over-ceiling", "--yes"),
        ("--watch --over-ceiling --yes -o json", "ndjson"),
        ("--watch --over-ceiling --yes --json", "ndjson"),
        ("--watch --over-ceiling --yes -o csv", "ndjson"),
        ("--watch --over-ceiling --yes --lease 1ms", "at least 1s"),
        ("--watch --over-ceiling --yes --lease 2h", "at most 1h"),
        (
            "--watch --over-ceiling --yes --columns outcome",
            "--columns",
        ),
        ("--watch --over-ceiling --yes --sort outcome", "--sort"),
        ("--watch --over-ceiling --yes --no-headers", "--no-headers"),
        ("--watch --over-ceiling --yes --textfile m.txt", ".prom"),
        (
            "--watch --over-ceiling --yes --metrics nonsense",
            "nonsense",
        ),
        ("--watch --over-ceiling --yes --metrics 10.0.0.5", "port"),
        (
            "--watch --over-ceiling --yes --metrics http://127.0.0.1:9",
            "URL",
        ),
        ("--watch --over-ceiling --yes --count 0", "--count"),
        ("--watch --over-ceiling --yes --on noon", "noon"),
        ("--watch --over-ceiling --yes --interval soon", "soon"),
        ("--watch --over-ceiling --yes --log-format xml", "xml"),
        ("--over-ceiling --yes --interval 1s", "--watch"),
        ("--over-ceiling --yes --metrics 0", "--watch"),
        ("--over-ceiling --yes --textfile m.prom", "--watch"),
    ] {
        let run = sandbox.run(&format!("{at} {options}"));
        assert_eq!(run.code, Some(2), "{options}: {run}");
        assert!(run.stderr.contains(says), "{options}: {run}");
        assert_eq!(run.stdout, "", "{options}: {run}");
    }
    let demo = sandbox.run("checkpoint --demo --watch --over-ceiling --yes");
    assert_eq!(demo.code, Some(2), "{demo}");
    assert!(demo.stderr.contains("--demo"), "{demo}");
    assert!(fake.seen().is_empty());
}

#[test]
fn an_address_that_is_taken_ends_it_before_it_begins() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    let options = format!("{FAST} --metrics {}", taken.local_addr().unwrap());
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("another process has that port"),
        "{ended:?}"
    );
    assert!(fake.posts().is_empty());
}

#[test]
fn every_line_matches_the_schema() {
    let published = cronctl::command::checkpoint::event_schema();
    assert_eq!(published.id, "cronctl.checkpoint.event/1");
    let validator = jsonschema::validator_for(&published.schema).unwrap();
    let fake = willing(&["ws-a"]).says("ws-b", [refuses()]);
    let sandbox = sandbox();
    let mut watching = Watching::new(&fake, &sandbox, FAST);
    watching.until("sweep");
    watching.sends("-HUP");
    watching.until("reloaded");
    sandbox.write("work/cronctl.toml", "nonsense");
    watching.sends("-HUP");
    watching.until("not-reloaded");
    fake.now_fails(Some(403));
    watching.until("failed");
    let ended = watching.end("-TERM");
    let events = ended.events();
    for event in [
        "started",
        "target",
        "sweep",
        "reloaded",
        "not-reloaded",
        "failed",
        "ended",
    ] {
        assert!(
            events.iter().any(|e| e["event"] == event),
            "{event}: {ended:?}"
        );
    }
    for event in events {
        let errors: Vec<_> = validator
            .iter_errors(&event)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{event}: {errors:?}");
    }
}

#[test]
fn a_person_reads_what_happened_and_nothing_of_looks_that_found_nothing() {
    let fake = over(&["ws-a", "ws-b"])
        .says("ws-a", [frees("ws-a")])
        .says("ws-b", [refuses()]);
    let options = "--interval 50ms --rate-limit 0 --grace 300ms --on interval --count 3";
    let ended = Watching::new(&fake, &sandbox(), options).ended();
    assert_eq!(ended.code(), Some(6), "{ended:?}");
    let lines: Vec<_> = ended
        .stdout
        .iter()
        .map(|line| line.split_once("  ").unwrap().1)
        .collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(
        lines[0].starts_with(&format!("started: {}, every 50 ms", fake.url)),
        "{lines:#?}"
    );
    let mut targets = lines[1..3].to_vec();
    targets.sort_unstable();
    assert!(
        targets[0].starts_with("confirmed    WS-A (ws-a) (6 h old, ceiling 30 min): "),
        "{lines:#?}"
    );
    assert!(
        targets[1].starts_with("refused      WS-B (ws-b) (6 h old, "),
        "{lines:#?}"
    );
    assert!(
        lines[3].starts_with("look 1: 2 over, 1 confirmed, 1 refused ("),
        "{lines:#?}"
    );
    assert_eq!(lines[4], "ended: --count");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let (fake, sandbox) = (willing(&[]), sandbox());
    let line = format!(
        "checkpoint --over-ceiling --watch --yes --molecule {} --token-file token --ledger l.db --quiet {FAST}",
        fake.url
    );
    let mut child = sandbox
        .command(line.split_whitespace())
        .without("CRONCTL_NOW")
        .spawn();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    wait("its end", || child.try_wait().unwrap().is_some());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let stderr = String::from_utf8(output.stderr).unwrap();
    // Where the machine is busy, a look may outlast this interval.
    let said: Vec<_> = stderr
        .lines()
        .filter(|line| !line.contains("took longer"))
        .collect();
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn a_ledger_that_cannot_be_used_sends_nothing() {
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    sandbox.write("work/l.db", "this is no database at all\n".repeat(50));
    let ended = Watching::new(&fake, &sandbox, FAST).ended();
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("is damaged"), "{ended:?}");
    assert!(fake.posts().is_empty());

    // One that is forgotten with the process does, when it is asked for.
    let options = format!("--yes --no-ledger {FAST} --count 2");
    let ended = Watching::in_loop(&fake, &sandbox, &options).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(fake.posts().len(), 1);
}
