//! `plan --honour`: bursts per provider as jobs declare their models, and as gateways resolve them.

use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Label, jobs and most runs at once of every group of a list of peaks.
fn peaks(list: &Value) -> Vec<(String, u64, u64)> {
    let of = |p: &Value| {
        let label = p["group"].as_str().unwrap_or("total").to_owned();
        let jobs = p["jobs"].as_u64().unwrap();
        (label, jobs, p["before"]["concurrent"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(of).collect()
}

fn demo(line: &str) -> Value {
    let sandbox = Sandbox::new();
    let words = ["plan", "--demo", "--json"]
        .into_iter()
        .chain(line.split_whitespace());
    sandbox.command(words).without("CRONCTL_NOW").run().json()
}

fn kinds(document: &Value) -> Vec<String> {
    let kind = |f: &Value| f["kind"].as_str().unwrap().to_owned();
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(kind)
        .collect()
}

#[test]
fn the_incident_is_8_on_anthropic_as_declared_and_24_as_resolved() {
    let document = demo("--honour both");
    let burst = |list: &Value| -> Vec<(String, u64)> {
        let all = peaks(list).into_iter();
        all.filter(|(_, _, once)| *once > 1)
            .map(|(label, _, once)| (label, once))
            .collect()
    };
    let of = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        pairs.iter().map(|(l, n)| ((*l).to_owned(), *n)).collect()
    };
    let declared = of(&[("total", 24), ("openai", 16), ("anthropic", 8)]);
    assert_eq!(burst(&document["peaks_declared"]), declared);
    assert_eq!(
        burst(&document["peaks"]),
        of(&[("total", 24), ("anthropic", 24)])
    );
    let said = document["findings"][0]["text"].as_str().unwrap();
    assert_eq!(document["findings"][0]["kind"], "models-not-honoured");
    assert!(
        said.contains("8 on anthropic as declared, 24 on anthropic as resolved by 2026.3.28"),
        "{said}"
    );
    assert_eq!(document["inputs"]["model"], "effective");
    assert_eq!(document["inputs"]["model_versions"], json!(["2026.3.28"]));
}

#[test]
fn one_way_alone_has_no_second_list() {
    let effective = demo("");
    assert_eq!(effective["peaks_declared"], Value::Null);
    assert_eq!(peaks(&effective["peaks"])[1].0, "anthropic");
    let declared = demo("--honour declared");
    assert_eq!(declared["peaks_declared"], Value::Null);
    assert_eq!(declared["inputs"]["model"], "declared");
    assert_eq!(peaks(&declared["peaks"])[1].0, "openai");
    // The burst is the same either way: only its providers change.
    assert_eq!(
        effective["bursts"][0]["jobs"],
        declared["bursts"][0]["jobs"]
    );
}

#[test]
fn a_version_that_honours_the_payload_has_nothing_to_say() {
    let document = demo("--openclaw-version 2026.9.6 --honour both");
    assert!(
        !kinds(&document).contains(&"models-not-honoured".to_owned()),
        "{document}"
    );
    assert_eq!(peaks(&document["peaks"])[1], ("openai".to_owned(), 19, 16));
}

#[test]
fn both_are_on_the_screen_one_above_the_other() {
    let sandbox = Sandbox::new();
    let run = sandbox
        .command(["plan", "--demo", "--honour", "both"])
        .without("CRONCTL_NOW")
        .run();
    let at = |text: &str| {
        run.stdout
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {run}"))
    };
    assert!(at("As the jobs declare their models") < at("As the gateway resolves them"));
    assert!(at("models: as 2026.3.28 resolves them") < at("As the jobs declare their models"));
}

#[test]
fn fires_carry_the_model_that_runs_and_the_one_declared() {
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openclaw/v2026.3.28");
    let sandbox = Sandbox::new();
    let state = state.to_str().unwrap();
    let horizon = "--from 2026-11-21T00:00Z --for 7d -o ndjson";
    let words = ["plan", "--fires", "--openclaw", state];
    let run = sandbox
        .command(words.into_iter().chain(horizon.split(' ')))
        .run();
    let fire = |name: &str| -> Value {
        let rows = run
            .stdout
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap());
        let mut named = rows.filter(|r| r["name"] == name);
        named.next().unwrap_or_else(|| panic!("{name}: {run}"))
    };
    let hit = fire("six-hourly");
    assert_eq!(hit["model"], "mock/model-a");
    assert_eq!(hit["provider"], "mock");
    assert_eq!(hit["model_declared"], "mock/model-b");
    assert_eq!(hit["model_basis"], "effective");
    let fails = fire("with-model-default");
    assert_eq!(
        (&fails["model"], &fails["model_declared"]),
        (&Value::Null, &json!("big"))
    );
}

#[test]
fn jobs_without_a_configuration_count_as_declared_and_one_can_be_given() {
    let sandbox = Sandbox::new();
    let job = |id: &str, model: &str| {
        json!({"id": id, "enabled": true, "sessionTarget": "isolated",
               "schedule": {"kind": "cron", "expr": "0 22 * * *", "tz": "UTC"},
               "payload": {"kind": "agentTurn", "message": "m", "model": model}})
    };
    let jobs = json!([job("a", "openai/x"), job("b", "openai/y")]);
    sandbox.write("work/jobs.json", jobs.to_string());
    sandbox.write(
        "work/openclaw.json",
        "{ meta: { lastTouchedVersion: '2026.3.28' }, agents: { defaults: { model: 'anthropic/z' } } }",
    );
    let plain: Value = sandbox.run("plan --jobs jobs.json --json").json();
    assert_eq!(plain["inputs"]["model"], "declared");
    assert_eq!(plain["inputs"]["model_versions"], json!([null]));
    assert_eq!(peaks(&plain["peaks"])[1], ("openai".to_owned(), 2, 2));
    let screen = sandbox.run("plan --jobs jobs.json");
    assert!(screen.stdout.contains("--config FILE"), "{screen}");
    let known: Value = sandbox
        .run("plan --jobs jobs.json --config openclaw.json --json")
        .json();
    assert_eq!(known["inputs"]["model"], "effective");
    assert_eq!(peaks(&known["peaks"])[1], ("anthropic".to_owned(), 2, 2));
}
