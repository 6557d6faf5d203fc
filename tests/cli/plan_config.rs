//! `plan --jobs FILE --config FILE`: the same answer as of the state directory that the two are from.

use serde_json::{Value, json};

use crate::plan_restart::{files, jobs};
use crate::sandbox::{Run, Sandbox};

const STATE: &str = "--openclaw ../home/.openclaw";
const JOBS: &str = "--jobs ../home/.openclaw/cron/jobs.json";
const CONFIG: &str = "--config ../home/.openclaw/openclaw.json";
const RESTART: &str = "--restart-at 2026-08-02T09:00:00Z --down-since 2026-08-02T05:00:00Z";
const TICK: &str = "--tick 2026-08-02T06:00:00Z";

/// 13 jobs of 2026.3.31, all due at 06:00 UTC, a minute each, and what its configuration says of cron.
fn gateway(cron: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut jobs = jobs(1);
    for (definition, _) in &mut jobs {
        definition["schedule"]["expr"] = json!("0 6 * * *");
        definition["schedule"]["staggerMs"] = json!(0);
    }
    files(&sandbox, "2026.3.31", cron, &jobs);
    sandbox
}

fn run(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.run(&format!("plan --run-length 60s --json {line}"))
}

fn answer(sandbox: &Sandbox, line: &str) -> Value {
    let run = run(sandbox, line);
    assert_eq!(run.code, Some(0), "{line}: {run}");
    run.json()
}

fn said<'a>(document: &'a Value, kind: &str) -> Option<&'a str> {
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["kind"] == kind)?;
    found["text"].as_str()
}

#[test]
fn a_configuration_beside_jobs_sets_their_slots() {
    let sandbox = gateway(r#"{"maxConcurrentRuns": 4}"#);
    let [state, jobs, alone] = [
        STATE.to_owned(),
        format!("{JOBS} {CONFIG}"),
        JOBS.to_owned(),
    ]
    .map(|from| answer(&sandbox, &format!("{from} {TICK}")));
    assert_eq!(jobs["inputs"]["sources"][0]["max_concurrent_runs"], 4);
    // Four of 13 at a time, a minute each: the last one waits for three batches.
    let dispatch = |document: &Value| {
        let before = &document["dispatch"][0]["before"];
        (
            before["peak"]["concurrent"].clone(),
            before["longest_wait_ms"].clone(),
        )
    };
    assert_eq!(dispatch(&jobs), (json!(4), json!(180_000)));
    assert_eq!(dispatch(&jobs), dispatch(&state));
    assert_eq!(dispatch(&alone), (json!(1), json!(720_000)));
}

#[test]
fn a_configuration_beside_jobs_sets_the_slots_of_a_rehearsal() {
    let sandbox = gateway(r#"{"maxConcurrentRuns": 4}"#);
    let rehearsal = format!("{TICK} --what-if anthropic=401 --openclaw-version 2026.3.31");
    let [state, jobs] = [STATE.to_owned(), format!("{JOBS} {CONFIG}")]
        .map(|from| answer(&sandbox, &format!("{from} {rehearsal}")));
    assert_eq!(jobs["scenarios"], state["scenarios"]);
    let slots = |document: &Value| {
        let rules = document["rules"].as_array().unwrap().iter();
        let mut rules = rules.filter_map(|r| r["rule"].as_str());
        rules.find(|r| r.starts_with("slots: ")).map(str::to_owned)
    };
    assert!(slots(&jobs).is_some(), "{:#}", jobs["rules"]);
    assert_eq!(slots(&jobs), slots(&state));
}

#[test]
fn cron_that_is_switched_off_is_said_of_jobs_and_in_a_rehearsal() {
    let sandbox = gateway(r#"{"enabled": false}"#);
    let with_config = format!("{JOBS} {CONFIG}");
    for from in [STATE, &with_config] {
        for what_if in ["", "--what-if anthropic=503"] {
            let document = answer(&sandbox, &format!("{from} {TICK} {what_if}"));
            let text = said(&document, "cron-disabled");
            let text = text.unwrap_or_else(|| panic!("{from} {what_if}: {document:#}"));
            assert!(text.contains("cron.enabled is false"), "{text}");
        }
        let restart = run(
            &sandbox,
            &format!("{from} {RESTART} --what-if anthropic=503"),
        );
        assert_eq!(restart.code, Some(1), "{restart}");
        assert!(
            restart.stderr.contains("cron.enabled is false"),
            "{restart}"
        );
    }
    let alone = answer(&sandbox, &format!("{JOBS} {TICK}"));
    assert_eq!(said(&alone, "cron-disabled"), None);
}

#[test]
fn a_setting_of_another_type_is_named_once_and_not_used() {
    let sandbox = gateway(r#"{"maxConcurrentRuns": "four", "enabled": "no"}"#);
    let run = run(&sandbox, &format!("{JOBS} {JOBS} {CONFIG} {TICK}"));
    assert_eq!(run.code, Some(3), "{run}");
    for key in ["cron.maxConcurrentRuns", "cron.enabled"] {
        let named = format!("{key}: is a text");
        assert_eq!(run.stderr.matches(&named).count(), 1, "{key}: {run}");
    }
    assert!(!run.stderr.contains("four"), "{run}");
}
