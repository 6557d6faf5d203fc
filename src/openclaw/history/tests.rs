use super::*;

fn of_log(text: &str) -> History {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.jsonl"), text).unwrap();
    let mut history = History::with_records();
    let logs = RunLogs::list(dir.path());
    history.add_log(&logs, "a");
    history.add_log(&logs, "../a");
    history
}

#[test]
fn the_median_counts_runs_that_ran() {
    let history = of_log(
        r#"{"action":"finished","status":"ok","durationMs":10}
{"action":"finished","status":"error","durationMs":40}
{"action":"finished","status":"skipped","durationMs":1}
{"action":"started","status":"ok","durationMs":1}
{"status":"ok"}
{broken
{"status":"ok","durationMs":"7"}"#,
    );
    let length = history.median("a").unwrap();
    assert_eq!((length.ms, length.samples), (25, 2));
    assert_eq!(history.median("b"), None);
}

#[test]
fn only_the_end_of_a_long_log_is_read() {
    let line =
        |ms: usize| format!("{{\"action\":\"finished\",\"status\":\"ok\",\"durationMs\":{ms}}}\n");
    let history = of_log(&(0..20_000).map(line).collect::<String>());
    let length = history.median("a").unwrap();
    assert!(length.samples < 6_000, "{}", length.samples);
    assert!(length.ms > 15_000, "{}", length.ms);
    assert_eq!(history.records("a").len(), MAX_RECORDS);
}

#[test]
fn the_newest_runs_are_kept_by_when_they_began() {
    let line = |at: i64, rest: &str| {
        format!("{{\"action\":\"finished\",\"status\":\"ok\",\"runAtMs\":{at}{rest}}}\n")
    };
    let mut text: String = (1..=9).map(|n| line((n * 7 % 10) * 100, "")).collect();
    text.push_str(&line(
        950,
        r#","provider":" p ","model":"m","sessionId":"s","error":5"#,
    ));
    text.push_str(r#"{"action":"finished","status":"skipped","ts":1000,"durationMs":1}"#);
    let history = of_log(&text);
    let starts: Vec<_> = history
        .records("a")
        .iter()
        .map(|r| r.started_at_ms.unwrap())
        .collect();
    assert_eq!(starts, [999, 950, 900, 800, 700]);
    let run = &history.records("a")[1];
    assert_eq!(
        (run.provider.as_deref(), run.model.as_deref()),
        (Some("p"), Some("m"))
    );
    assert_eq!(
        (run.session_id.as_deref(), run.error.as_deref()),
        (Some("s"), None)
    );
    assert!(run.at.ends_with("a.jsonl"));
    let skipped = &history.records("a")[0];
    assert_eq!(
        (skipped.status.as_deref(), skipped.model.as_deref()),
        (Some("skipped"), None)
    );
    assert_eq!(history.records("b"), []);
    let mut lengths_only = History::default();
    lengths_only.adopt_records(&mut history.clone());
    assert_eq!(lengths_only.records("a").len(), 5);
}
