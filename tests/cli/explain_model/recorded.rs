//! States that real gateways left, as they are: no flags, no help.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::world::{flat, says, step};
use crate::sandbox::Sandbox;

fn data(name: &str) -> String {
    format!("{}/tests/data/openclaw/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn explained(version: &str) -> (Value, String) {
    let args = ["explain-model", "--openclaw", &data(version)];
    let run = Sandbox::new().command(args).run();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(run.stderr, "", "{run}");
    let text = flat(&run.stdout);
    let run = Sandbox::new()
        .command(args.into_iter().chain(["--json"]))
        .run();
    (run.json(), text)
}

/// The names of the jobs for which this holds.
fn names(document: &Value, is: impl Fn(&Value) -> bool) -> BTreeSet<&str> {
    let jobs = document["jobs"].as_array().unwrap().iter();
    jobs.filter(|j| is(j))
        .map(|j| j["name"].as_str().unwrap())
        .collect()
}

#[test]
fn the_version_of_the_incident_is_found_and_its_jobs_with_it() {
    let (document, text) = explained("v2026.3.28");
    let version = &document["inputs"]["versions"][0];
    assert_eq!(version["version"], "2026.3.28");
    assert_eq!(version["confidence"], "likely");
    assert_eq!(version["runs_predicted"], version["runs_compared"]);
    assert_eq!(version["runs_compared"], 10);
    assert_eq!(version["also_possible"], Value::Array(vec![]));
    let ruled_out = version["ruled_out"].as_array().unwrap();
    let eras = ["2026.2.25 to 2026.3.27", "up to 2026.2.24"];
    let excluded = |era: &&str| ruled_out.iter().any(|o| o["era"] == **era);
    assert!(eras.iter().all(excluded), "{ruled_out:#?}");
    says(
        &text,
        &[
            "2026.3.28 likely",
            "cron/jobs.json without tasks/runs.sqlite",
            "its rules predict 10 of 10 last runs",
            "\"six-hourly\" would use mock/model-b, its last run is recorded with mock/model-a",
            "every attempt is compared with the session's selection: the incident",
            "4 jobs: the session's selection replaces the declared model before any model call",
        ],
    );
    let replaced = names(&document, |j| j["mechanism"] == "live-selection");
    let expected = ["every-10m", "ops-override", "six-hourly", "slow-turn"];
    assert_eq!(replaced.into_iter().collect::<Vec<_>>(), expected);
    let failing = names(&document, |j| j["failure"]["class"] == "live-selection");
    let expected = ["strict-b", "with-model-default"];
    assert_eq!(failing.into_iter().collect::<Vec<_>>(), expected);
    let refused = names(&document, |j| j["mechanism"] == "not-allowed");
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), ["bad-model"]);
    // What ran is what the rules say, job by job.
    for job in document["jobs"].as_array().unwrap() {
        let drift = job["drift"]["verdict"].as_str().unwrap();
        let known = ["consistent", "version-bug", "allowlist-fallback", "no-run"];
        assert!(known.contains(&drift), "{job:#}");
    }
}

/// Every object of a file of objects, one after another.
fn objects(text: &str) -> Vec<Value> {
    let values = serde_json::Deserializer::from_str(text).into_iter();
    values.map(Result::unwrap).collect()
}

/// The job of each session that the state knows, by session rows and run records.
fn job_of_session() -> BTreeMap<String, String> {
    let mut jobs = BTreeMap::new();
    for agent in ["main", "ops"] {
        let file = data(&format!("v2026.3.28/agents/{agent}/sessions/sessions.json"));
        let rows: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for (key, row) in rows.as_object().unwrap() {
            if let Some((_, job)) = key.split_once(":cron:") {
                let job = job.split(':').next().unwrap();
                let session = row["sessionId"].as_str().unwrap();
                jobs.insert(session.to_owned(), job.to_owned());
            }
        }
    }
    for entry in std::fs::read_dir(data("v2026.3.28/cron/runs")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for run in objects(&text) {
            if let Some(session) = run["sessionId"].as_str() {
                let job = run["jobId"].as_str().unwrap();
                jobs.insert(session.to_owned(), job.to_owned());
            }
        }
    }
    jobs
}

/// What the gateway wrote down of its live selection: by session, each candidate that was thrown
/// back and the selection, in order.
fn thrown_back() -> BTreeMap<String, Vec<(String, String)>> {
    let file = data("v2026.3.28-log/gateway-live-switch-lines.log");
    let log = std::fs::read_to_string(file).unwrap();
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in log.lines() {
        let Some((_, told)) =
            line.split_once("live session model switch detected before attempt for ")
        else {
            continue;
        };
        let (session, models) = told.split_once(": ").unwrap();
        let (candidate, selection) = models.split_once(" -> ").unwrap();
        let pair = (candidate.to_owned(), selection.to_owned());
        found.entry(session.to_owned()).or_default().push(pair);
    }
    found
}

#[test]
fn the_gateways_own_log_says_what_the_tool_says() {
    let (document, _) = explained("v2026.3.28");
    let sessions = job_of_session();
    let log = thrown_back();
    assert_eq!(log.len(), 21, "sessions in the log");
    let mut agreed: BTreeSet<&str> = BTreeSet::new();
    for (session, pairs) in &log {
        let Some(id) = sessions.get(session) else {
            continue;
        };
        let jobs = document["jobs"].as_array().unwrap();
        let job = jobs.iter().find(|j| j["job"] == **id).unwrap();
        let selection = step(job, "live")["value"].as_str().unwrap();
        let candidates = job["candidates"].as_array().unwrap().iter();
        let predicted: Vec<(String, String)> = candidates
            .filter(|c| c["fate"] == "thrown-back")
            .map(|c| {
                (
                    c["model"].as_str().unwrap().to_owned(),
                    selection.to_owned(),
                )
            })
            .collect();
        assert_eq!(*pairs, predicted, "{}", job["name"]);
        agreed.insert(job["name"].as_str().unwrap());
    }
    // Every job that is hit and ever ran is in the log, and no other job is.
    let hit = names(&document, |j| {
        let live = j["mechanism"] == "live-selection" || j["failure"]["class"] == "live-selection";
        live && !j["drift"]["last_run"].is_null()
    });
    assert_eq!(agreed, hit);
    assert_eq!(hit.len(), 5);
}

#[test]
fn the_other_recorded_states_are_consistent_or_explained() {
    for (state, version, confidence, expected) in [
        (
            "v2026.3.31",
            "2026.3.31",
            "likely",
            &[
                ("bad-model", "allowlist-fallback"),
                ("slow-turn", "failover"),
                ("with-model-default", "display-only"),
            ][..],
        ),
        (
            "v2026.9.6",
            "2026.9.6",
            "certain",
            &[
                ("hourly-sweep", "stale-override"),
                ("six-hourly", "display-only"),
            ],
        ),
    ] {
        let (document, text) = explained(state);
        let used = &document["inputs"]["versions"][0];
        assert_eq!(used["version"], version);
        assert_eq!(used["confidence"], confidence);
        says(&text, &[&format!("{version} {confidence}")]);
        let odd: Vec<(&str, &str)> = document["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|j| {
                let drift = j["drift"]["verdict"].as_str().unwrap();
                (j["name"].as_str().unwrap(), drift)
            })
            .filter(|(_, drift)| !matches!(*drift, "consistent" | "no-run"))
            .collect();
        let mut odd_sorted = odd.clone();
        odd_sorted.sort_unstable();
        assert_eq!(odd_sorted, expected, "{version}");
    }
}

#[test]
fn the_gateways_log_is_put_beside_the_answers_and_agrees() {
    let sandbox = Sandbox::new();
    let state = data("v2026.3.28");
    let log = data("v2026.3.28-log/gateway-live-switch-lines.log");
    let line = ["explain-model", "--openclaw", &state, "--gateway-log", &log];
    let document: Value = sandbox
        .command(line.into_iter().chain(["--json"]))
        .run()
        .json();
    let used = &document["inputs"]["gateway_log"];
    assert_eq!(
        (&used["lines"], &used["sessions"]),
        (&40.into(), &21.into())
    );
    assert_eq!((&used["jobs"], &used["agree"]), (&5.into(), &5.into()));
    let logged = names(&document, |j| j["gateway_log"]["agrees"] == true);
    let hit = BTreeSet::from([
        "every-10m",
        "ops-override",
        "six-hourly",
        "strict-b",
        "with-model-default",
    ]);
    assert_eq!(logged, hit);
    let screen = sandbox.command(line).run().stdout;
    says(
        &flat(&screen),
        &[
            "40 candidates thrown back in 21 sessions",
            "and 5 agree with the answer here",
        ],
    );
    let one = sandbox
        .command(line.into_iter().chain(["six-hourly"]))
        .run()
        .stdout;
    says(
        &flat(&one),
        &[
            "gateway log: mock/model-b thrown back, the session's selection is mock/model-a",
            "the log and this answer agree",
        ],
    );
    // Under rules that throw nothing back, the log says something else.
    let other = ["six-hourly", "--openclaw-version", "2026.3.31"];
    let one = sandbox.command(line.into_iter().chain(other)).run().stdout;
    says(
        &flat(&one),
        &["the log says something else than this answer"],
    );
}

#[test]
fn a_log_that_is_not_there_is_an_error_and_none_is_nothing() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("explain-model --demo --gateway-log none.log");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("none.log: cannot be read"), "{run}");
    let document: Value = sandbox.run("explain-model --demo --json").json();
    assert_eq!(document["inputs"]["gateway_log"], Value::Null);
}
