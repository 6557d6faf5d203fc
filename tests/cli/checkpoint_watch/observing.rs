//! Metrics, health, the text file, the log; and that none of them shows a token.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::checkpoint::TOKEN;

/// Two turns over their ceiling, one of which cannot be steered; one under; an idle workspace.
fn mixed() -> Fake {
    let age = |ms: i64| cronctl::when::utc(now_ms() - ms);
    Fake::new(
        vec![
            workspace("ws-a", 1),
            workspace("ws-b", 1),
            workspace("ws-c", 1),
            workspace("ws-d", 0),
        ],
        Some(vec![
            turn("ws-a", Some(&age(21_600_000))),
            turn("ws-b", Some(&age(7_200_000))),
            turn("ws-c", Some(&age(60_000))),
        ]),
    )
    .says("ws-a", [frees("ws-a")])
    .says("ws-b", [refuses()])
}

#[test]
fn metrics_tell_what_a_look_found_and_did() {
    let (fake, sandbox) = (mixed(), sandbox());
    let before = now_ms();
    let options =
        "-o ndjson --interval 1h --rate-limit 0 --on interval --metrics 0 --textfile m.prom";
    let mut watching = Watching::new(&fake, &sandbox, options);
    let address = address(&watching.until("started"));
    let (head, body) = get(&address, "/healthz");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    let sweep = watching.until("sweep");
    wait("the text file", || sandbox.path("work/m.prom").exists());
    let (head, text) = get(&address, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.to_lowercase()
            .contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    let metrics = samples(&text);
    let name = |name: &str| format!("cronctl_checkpoint_{name}");
    for (sample, value) in [
        (r#"turns{verdict="over"}"#, 2.0),
        (r#"turns{verdict="under"}"#, 1.0),
        (r#"turns{verdict="idle"}"#, 1.0),
        (r#"turns{verdict="unknown"}"#, 0.0),
        (r#"targets_total{outcome="confirmed"}"#, 1.0),
        (r#"targets_total{outcome="refused"}"#, 1.0),
        (r#"targets_total{outcome="unknown"}"#, 0.0),
        (r#"requests_total{answer="checkpointed"}"#, 1.0),
        (r#"requests_total{answer="not_steerable"}"#, 1.0),
        (r#"requests_total{answer="unclear"}"#, 0.0),
        (r#"sweeps_total{result="partial"}"#, 1.0),
        (r#"sweeps_total{result="failed"}"#, 0.0),
        ("sweep_duration_seconds_count", 1.0),
        ("sweeps_overrun_total", 0.0),
        ("breaker_state", 0.0),
        ("ledger_errors_total", 0.0),
        ("held_elsewhere", 0.0),
        ("interval_seconds", 3_600.0),
    ] {
        let found = metrics
            .get(&name(sample))
            .unwrap_or_else(|| panic!("{sample}: {text}"));
        assert!((found - value).abs() < 1e-9, "{sample} is {found}");
    }
    let requests = sweep["summary"]["requests"].as_f64().unwrap();
    assert!(
        (metrics[&name("http_requests_total")] - requests).abs() < 1e-9,
        "{text}"
    );
    assert!(
        metrics[&name("oldest_turn_age_seconds")] >= 21_600.0,
        "{text}"
    );
    assert!(
        metrics[&name("worst_over_ceiling_seconds")] >= 19_800.0,
        "{text}"
    );
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of this millennium are exact"
    )]
    let (before, after) = (before as f64 / 1e3, now_ms() as f64 / 1e3);
    for instant in [
        "last_success_timestamp_seconds",
        "last_sweep_timestamp_seconds",
    ] {
        assert!(
            (before..=after).contains(&metrics[&name(instant)]),
            "{instant}: {text}"
        );
    }
    let (head, body) = get(&address, "/healthz");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    assert!(get(&address, "/else").0.starts_with("HTTP/1.1 404"));

    let file = sandbox.path("work/m.prom");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o644
    );
    assert_eq!(samples(&std::fs::read_to_string(&file).unwrap()), metrics);
    // It was written beside, and nothing of that is left.
    let beside = std::fs::read_dir(sandbox.path("work")).unwrap();
    let names = beside.map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.starts_with(".cronctl-")));
    let ended = watching.end("-TERM");
    assert_eq!(ended.code(), Some(143), "{ended:?}");
}

#[test]
fn a_text_file_is_whole_whenever_it_is_read_and_the_loop_goes_on_without_it() {
    let (fake, sandbox) = (mixed(), sandbox());
    let options = format!("{FAST} --count 30 --interval 20ms --textfile m.prom").replacen(
        "--interval 50ms ",
        "",
        1,
    );
    let watching = Watching::new(&fake, &sandbox, &options);
    let file = sandbox.path("work/m.prom");
    wait("the text file", || file.exists());
    let mut families = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.ends_with('\n'), "{text}");
        families.insert(samples(&text).len());
        std::thread::sleep(Duration::from_millis(1));
    }
    // A family is there from the first look on or not at all.
    assert_eq!(families.len(), 1, "{families:?}");
    assert_eq!(watching.ended().code(), Some(6));

    let options = format!("{FAST} --count 2 --textfile nowhere/m.prom");
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(ended.about("sweep").len(), 2, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("nowhere/m.prom: the metrics cannot be written"),
        "{ended:?}"
    );
}

#[test]
fn the_log_is_json_line_by_line_with_a_span_for_each_request() {
    let (fake, sandbox) = (mixed(), sandbox());
    let options = format!("{FAST} --count 2 --log-format json");
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    let lines = ended.stderr.lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    assert!(lines.iter().all(Value::is_object));
    for line in &lines {
        for key in ["timestamp", "level", "target"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
    let says = |text: &str| {
        lines
            .iter()
            .filter(|l| l["fields"]["message"] == text)
            .count()
    };
    assert_eq!((says("started"), says("ended")), (1, 1), "{ended:?}");
    let answered: Vec<_> = lines
        .iter()
        .filter(|l| l["fields"]["message"] == "answered")
        .collect();
    assert_eq!(answered.len(), 2, "{ended:?}");
    let posts = fake.posts();
    for line in answered {
        let span = &line["spans"][0];
        assert_eq!(span["name"], "request", "{line}");
        let id = span["workspace"].as_str().unwrap();
        assert_eq!(span["turn"], format!("turn-{id}"), "{line}");
        let post = posts
            .iter()
            .find(|post| post.body["workspace_id"] == id)
            .unwrap();
        assert_eq!(span["request_id"], post.body["request_id"], "{line}");
    }

    let options = "-o ndjson --interval 1h --rate-limit 0 --count 1 --quiet";
    let ended = Watching::new(&mixed(), &sandbox, options).ended();
    assert_eq!(ended.stderr, "", "{ended:?}");
}

#[test]
fn nothing_shows_the_token_whoever_repeats_it() {
    for format in ["json", "text"] {
        let ids = ["ws-a", "ws-b", "ws-c", "ws-d"];
        let fake = over(&ids)
            .says("ws-a", [Says::Echo(409)])
            .says("ws-b", [Says::Echo(500)])
            .says("ws-c", [Says::Echo(404)])
            .says("ws-d", [Says::Echo(400)]);
        let sandbox = sandbox();
        let output = if format == "json" {
            FAST
        } else {
            FAST.strip_prefix("-o ndjson ").unwrap()
        };
        let options =
            format!("{output} --report --metrics 0 --textfile m.prom --log-format {format}");
        let ledger = "--ledger l.db --yes";
        let mut watching = Watching::in_loop(&fake, &sandbox, &format!("{ledger} {options}"));
        let mut first = watching.lines.recv_timeout(PATIENCE).unwrap();
        watching.stdout.push(first.clone());
        if format == "json" {
            let event: Value = serde_json::from_str(&first).unwrap();
            first = event["why"].as_str().unwrap().to_owned();
        }
        let address = address(&json!({ "why": first }));
        wait("the text file", || sandbox.path("work/m.prom").exists());
        fake.now_fails(Some(403));
        shows(
            &address,
            r#"cronctl_checkpoint_sweeps_total{result="failed"}"#,
            1.0,
        );
        let mut all = vec![get(&address, "/metrics").1, get(&address, "/healthz").1];
        sandbox.write("work/cronctl.toml", "nonsense");
        watching.sends("-HUP");
        shows(
            &address,
            r#"cronctl_checkpoint_config_reloads_total{result="refused"}"#,
            1.0,
        );
        let mut read = |name: &str| {
            if let Ok(bytes) = std::fs::read(sandbox.path(name)) {
                all.push(String::from_utf8_lossy(&bytes).into_owned());
            }
        };
        for name in ["work/l.db", "work/l.db-wal", "work/m.prom"] {
            read(name);
        }
        let ended = watching.end("-TERM");
        read("work/l.db");
        all.extend([ended.stdout.join("\n"), ended.stderr.clone()]);
        all.push(
            sandbox
                .run("checkpoint history --ledger l.db --json")
                .stdout,
        );
        // It was sent, and repeated.
        assert!(
            fake.seen()
                .iter()
                .all(|seen| seen.headers["authorization"].ends_with(TOKEN))
        );
        assert!(
            ended.stdout.iter().any(|line| line.contains("not with")),
            "{ended:?}"
        );
        for text in all {
            assert!(!text.contains(TOKEN), "{text}");
        }
    }
}

#[test]
fn looks_that_cannot_be_made_are_counted_by_why() {
    let (fake, sandbox) = (over(&["ws-a"]), sandbox());
    let options = format!("{FAST} --metrics 0");
    fake.now_fails(Some(401));
    let mut watching = Watching::new(&fake, &sandbox, &options);
    let address = address(&watching.until("started"));
    watching.until("failed");
    let of = |cause: &str| format!("cronctl_checkpoint_look_failures_total{{cause=\"{cause}\"}}");
    let first = shows(&address, &of("refused"), 1.0);
    assert_eq!(first[&of("unavailable")], 0.0);
    fake.now_fails(Some(500));
    wait("a look that failed otherwise", || {
        scraped(&address)[&of("unavailable")] > 0.0
    });
    let metrics = scraped(&address);
    assert_eq!(metrics[&of("ledger")] + metrics[&of("other")], 0.0);
    assert!(fake.posts().is_empty());
    watching.end("-TERM");
}
