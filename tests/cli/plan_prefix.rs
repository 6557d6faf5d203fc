//! `plan` of a crontab whose lines begin with `cronctl jitter`: their delay is their own offset.

use serde_json::Value;

use crate::sandbox::Sandbox;

const TICK: &str = "plan --jobs tab --quiet --from 2026-03-31T22:00Z --for 10m --jitter native";

const TAB: &str = "CRON_TZ=UTC\n\
    0 22 * * * /usr/bin/a\n\
    0 22 * * * cronctl jitter b --window 300s -- /usr/bin/b\n\
    0 22 * * * /usr/local/bin/cronctl jitter c --window 5m --salt web-1 -- /usr/bin/c\n\
    0 22 * * * cronctl jitter d --strategy random -- /usr/bin/d\n\
    0 22 * * * cronctl jitter e --gap 2s..5s --rank 1 -- /usr/bin/e\n\
    0 22 * * * cronctl jitter f --strategy random -- /usr/bin/f\n";

/// What `cronctl jitter` itself says, milliseconds.
fn delay(sandbox: &Sandbox, line: &str) -> i64 {
    let run = sandbox.run(&format!("jitter {line} --json"));
    run.json::<Value>()["delays"][0]["delay_ms"]
        .as_i64()
        .unwrap()
}

#[test]
fn a_line_starts_when_its_prefix_lets_it() {
    let sandbox = Sandbox::new();
    sandbox.write("work/tab", TAB);
    let fires: Value = sandbox.run(&format!("{TICK} --fires --json")).json();
    let fires = fires["fires"].as_array().unwrap();
    let of = |id: &str| fires.iter().find(|f| f["job"] == id).unwrap();
    for (id, line) in [
        ("line-3", "b --window 300s"),
        ("line-4", "c --window 5m --salt web-1"),
    ] {
        let (fire, ms) = (of(id), delay(&sandbox, line));
        assert!(ms > 0, "{line}");
        assert_eq!(fire["stagger_ms"], ms, "{fire}");
        let nominal = fire["nominal_at_ms"].as_i64().unwrap();
        assert_eq!(fire["planned_at_ms"], nominal + ms, "{fire}");
        let why = format!("cronctl jitter prefix (line {})", &id[5..]);
        assert_eq!(fire["stagger_reason"], why);
    }
    for id in ["line-2", "line-5", "line-6", "line-7"] {
        assert_eq!(of(id)["stagger_ms"], 0, "{}", of(id));
    }
    assert_eq!(
        of("line-6")["stagger_reason"],
        "cronctl jitter prefix (line 6), not counted: its gaps are drawn for each tick"
    );
}

#[test]
fn a_delay_that_nobody_knows_beforehand_is_said_and_not_guessed() {
    let sandbox = Sandbox::new();
    sandbox.write("work/tab", TAB);
    let document: Value = sandbox.run(&format!("{TICK} --json")).json();
    let findings = document["findings"].as_array().unwrap().iter();
    let texts: Vec<&str> = findings
        .filter(|f| f["kind"] == "prefix-not-counted" && f["warning"] == true)
        .map(|f| f["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "tab: line 5 and 1 more: the delay by cronctl jitter is not counted (it draws another \
             delay each time): planned at the time of the line",
            "tab: line 6: the delay by cronctl jitter is not counted (its gaps are drawn for each \
             tick): planned at the time of the line",
        ]
    );
    // Two of the six wait alone, so that four start at once.
    assert_eq!(document["bursts"][0]["jobs"], 4, "{document:#}");
}
