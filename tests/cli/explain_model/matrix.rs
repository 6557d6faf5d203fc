//! Every case that was run as a real job on a real gateway, through the binary.
//!
//! One state directory for each scenario and version, every case a job in it. Where the provider
//! refused a model, the prediction supposes just that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::world::{World, job, key, with};

const MATRIX: &str = include_str!("../../data/vectors/openclaw/model-selection-matrix.json");

/// How a version keeps jobs and session rows.
#[derive(Clone, Copy, Debug)]
enum Store {
    Files,
    Database,
}

fn config(scenario: &Value, version: &str) -> String {
    if scenario["config"].is_object() {
        return scenario["config"].to_string();
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/tests/data/openclaw/v{version}/openclaw.json");
    std::fs::read_to_string(path).unwrap()
}

fn text<'a>(case: &'a Value, field: &str) -> Option<&'a str> {
    case[field].as_str()
}

fn as_job(case: &Value) -> Value {
    let payload = with(
        json!({"kind": "agentTurn", "message": text(case, "message").unwrap_or("hello")}),
        case["payload"].clone(),
    );
    let target = text(case, "sessionTarget").unwrap_or("isolated");
    with(
        job(text(case, "name").unwrap(), payload),
        json!({"agentId": case["agentId"], "sessionTarget": target}),
    )
}

/// What `sessions.patch` wrote before the run.
fn rows(cases: &[Value], store: Store) -> Value {
    let mut rows = json!({});
    for case in cases {
        let Some(model) = case["sessionPatch"]["model"].as_str() else {
            continue;
        };
        let (provider, model) = model.split_once('/').unwrap();
        let mut row = json!({"sessionId": "s", "updatedAt": 1, "providerOverride": provider,
                             "modelOverride": model});
        if matches!(store, Store::Database) {
            row["modelOverrideSource"] = json!("user");
            row["liveModelSwitchPending"] = json!(true);
        }
        let agent = text(case, "agentId").unwrap_or("main");
        rows[key(agent, text(case, "name").unwrap())] = row;
    }
    rows
}

fn world(scenario: &Value, cases: &[Value], version: &str, store: Store) -> World {
    let jobs: Vec<Value> = cases.iter().map(as_job).collect();
    let (config, rows) = (config(scenario, version), rows(cases, store));
    match store {
        Store::Files => World::new(&config, &jobs).rows("main", &rows),
        Store::Database => {
            World::in_database(&config, &jobs, Some(version)).rows_in_database("main", &rows)
        }
    }
}

/// Models that the mock provider refuses in a case.
fn denied(case: &Value) -> Option<String> {
    let model = text(case, "message")?.strip_prefix("DENY:")?;
    Some(format!("mock/{model}"))
}

/// Compares one prediction with what the gateway recorded.
fn agrees(at: &str, predicted: &Value, recorded: &Value) {
    let failure = &predicted["failure"];
    if recorded["status"] == "ok" {
        let ran = format!(
            "{}/{}",
            text(recorded, "provider").unwrap(),
            text(recorded, "model").unwrap()
        );
        assert_eq!(predicted["effective"], ran, "{at}: {predicted:#}");
        assert_eq!(failure, &Value::Null, "{at}");
        return;
    }
    assert_eq!(recorded["status"], "error", "{at}");
    assert_eq!(predicted["effective"], Value::Null, "{at}: {predicted:#}");
    assert_eq!(predicted["verdict"], "fails", "{at}");
    let error = text(recorded, "error").unwrap();
    if error.contains("not found by the provider") || error.starts_with("FailoverError: 404") {
        assert_eq!(failure["class"], "provider-refused", "{at}");
    } else {
        // The gateway's own words, not just their kind.
        assert_eq!(failure["error"], error, "{at}");
        let class = match error {
            e if e.starts_with("LiveSessionModelSwitchError") => "live-selection",
            e if e.contains(" rejected by ") => "not-allowed",
            e => panic!("{at}: a kind of failure that this test does not know: {e}"),
        };
        assert_eq!(failure["class"], class, "{at}");
    }
}

/// Compares all cases of a scenario under a version; returns how many there were.
fn compare(name: &str, scenario: &Value, version: &str, results: &Value, store: Store) -> usize {
    let cases: Vec<Value> = scenario["cases"].as_array().unwrap().clone();
    let world = world(scenario, &cases, version, store);
    let mut groups: BTreeMap<Option<String>, Vec<&str>> = BTreeMap::new();
    for case in &cases {
        let group = groups.entry(denied(case)).or_default();
        group.push(text(case, "name").unwrap());
    }
    let mut seen = BTreeSet::new();
    for (denied, names) in groups {
        let what_if = denied.map_or_else(String::new, |m| format!("--what-if {m}=deny"));
        let names = names.join(" ");
        let line = format!("{names} --openclaw-version {version} {what_if}");
        let document = world.json(&line);
        for predicted in document["jobs"].as_array().unwrap() {
            let job = text(predicted, "job").unwrap();
            let at = format!("{name} {version} {store:?} {job}");
            agrees(&at, predicted, &results[job]);
            assert!(seen.insert(job.to_owned()), "{at} twice");
        }
    }
    assert_eq!(
        seen.len(),
        cases.len(),
        "{name} {version}: every case has an answer"
    );
    let recorded: BTreeSet<String> = results.as_object().unwrap().keys().cloned().collect();
    let without_case: Vec<_> = recorded.difference(&seen).collect();
    // One result was recorded without its case, and without anything in it.
    if (name, version) == ("s1-base", "2026.9.6") {
        assert_eq!(without_case, ["fail-503-fallback-default"]);
        assert_eq!(results["fail-503-fallback-default"], json!({}));
    } else {
        assert_eq!(without_case, <[&String; 0]>::default(), "{name} {version}");
    }
    recorded.len()
}

#[test]
fn all_117_recorded_results_are_predicted() {
    let matrix: Value = serde_json::from_str(MATRIX).unwrap();
    let (mut looked_at, mut in_databases) = (0, 0);
    for (name, scenario) in matrix["scenarios"].as_object().unwrap() {
        for (version, results) in scenario["results"].as_object().unwrap() {
            looked_at += compare(name, scenario, version, results, Store::Files);
            if version == "2026.9.6" {
                in_databases += compare(name, scenario, version, results, Store::Database);
            }
        }
    }
    assert_eq!(looked_at, 117);
    assert_eq!(in_databases, 43);
}
