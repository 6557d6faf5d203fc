//! Findings, formats, baselines, exit codes of `check`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::sandbox::{Run, Sandbox};

/// Half an hour after the gateways of the recorded states stopped.
const RECORDED: &str = "2026-11-21T01:30:00Z";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Checks a recorded state directory as of its time.
fn recorded(version: &str, options: &str) -> Run {
    let state = data("openclaw").join(version);
    let sandbox = Sandbox::new();
    let options = options.split_whitespace();
    let command = sandbox.command(
        ["check", "--openclaw", state.to_str().unwrap()]
            .into_iter()
            .chain(options),
    );
    command.env("CRONCTL_NOW", RECORDED).run()
}

/// The rules that findings of a JSON document name.
fn rules(run: &Run) -> BTreeSet<String> {
    let document: Value = run.json();
    let findings = document["findings"].as_array().unwrap();
    let rule = |f: &Value| f["rule"].as_str().unwrap().to_owned();
    findings.iter().map(rule).collect()
}

/// A sandbox with a good state and, on request, a bad job.
fn state(jobs: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "home/.openclaw/cron/jobs.json",
        format!("{{\"version\": 1, \"jobs\": [{jobs}]}}"),
    );
    let config = "{agents: {defaults: {model: 'anthropic/claude-sonnet-4-6'}}}";
    sandbox.write("home/.openclaw/openclaw.json", config);
    sandbox
}

const GOOD: &str = r#"{"id": "good", "name": "good", "createdAtMs": 1, "sessionTarget": "isolated",
    "schedule": {"kind": "cron", "expr": "0 7 * * *", "tz": "UTC"},
    "payload": {"kind": "agentTurn", "message": "m"}}"#;
/// No zone, and `?`: a warning each; a kind that its target rejects: an error.
const BAD: &str = r#"{"id": "bad", "name": "bad, 100%", "createdAtMs": 1, "sessionTarget": "isolated",
    "schedule": {"kind": "cron", "expr": "0 9 ? * 1"},
    "payload": {"kind": "systemEvent", "text": "t"}}"#;

#[test]
fn a_good_state_has_no_findings_and_ends_well() {
    let sandbox = state(GOOD);
    let run = sandbox.run("check --quiet");
    assert_data_eq!(
        run.to_string(),
        str![[r#"
0 errors, 0 warnings, 0 notes in 1 enabled job of openclaw (openclaw 2026.3.28),
[..] rules.
--- exit 0

"#]]
    );
    let json: Value = sandbox.run("check --quiet --json").json();
    assert_eq!(json["findings"], Value::Array(vec![]));
    assert_eq!(json["summary"]["failed"], false);
    assert_eq!(sandbox.run("check --quiet -o ndjson").ok(), "");
    assert_eq!(sandbox.run("check --quiet -o github").ok(), "");
}

#[test]
fn findings_by_severity_and_rule() {
    let sandbox = state(&format!("{GOOD}, {BAD}"));
    assert_data_eq!(
        sandbox.run("check --quiet").to_string(),
        str![[r#"
Errors
payload-target: The payload's kind does not go with the session target
  bad, 100% (bad)
    the payload is of kind systemEvent, and session target isolated takes an
    agentTurn: every run is skipped
    → openclaw cron edit bad --session main

Warnings
question-mark: `?` in a day field makes the job fire every day
  bad, 100% (bad)
    ? is no wildcard in OpenClaw's day rule: both day fields count as
    restricted, either is enough, and so it fires every day.
    → openclaw cron edit bad --cron '0 9 * * 1'
zone-missing: A time of day without a zone
  bad, 100% (bad)
    0 9 ? * 1 names no zone: it means the clock of the gateway's host, and this
    host's is UTC
    → openclaw cron edit bad --tz UTC

1 error, 2 warnings, 0 notes in 2 enabled jobs of openclaw (openclaw 2026.3.28),
69 rules.
--- exit 5

"#]]
    );
}

#[test]
fn recorded_states_have_the_findings_that_their_gateways_showed() {
    let of = |version: &str| rules(&recorded(version, "--json"));
    let has = |found: &BTreeSet<String>, ids: &[&str]| {
        for id in ids {
            assert!(found.contains(*id), "{id}: {found:?}");
        }
    };
    let incident = of("v2026.3.28");
    has(
        &incident,
        &[
            "model-not-honoured",
            "model-refused",
            "model-silent-default",
        ],
    );
    let after = of("v2026.3.31");
    has(&after, &["model-silent-default", "last-run-model"]);
    assert!(!after.contains("model-not-honoured"), "{after:?}");
    let newest = of("v2026.9.6");
    has(
        &newest,
        &[
            "model-refused",
            "session-override",
            "display-trap",
            "failing",
            "system-job",
        ],
    );
    assert!(!newest.contains("model-silent-default"), "{newest:?}");
    let upgrade = rules(&recorded("v2026.3.28", "--json --target-version 2026.9.6"));
    has(
        &upgrade,
        &[
            "model-upgrade",
            "upgrade-fallbacks",
            "upgrade-store",
            "upgrade-system-jobs",
        ],
    );
    for id in upgrade.iter().filter(|id| id.contains("upgrade")) {
        assert!(!incident.contains(id), "{id}");
    }
}

#[test]
fn a_configuration_for_the_version_to_come() {
    let sandbox = state(GOOD);
    sandbox.write("work/jobs.json", format!("[{GOOD}]"));
    sandbox.write(
        "work/openclaw.json",
        "{cron: {skipMissedJobs: true}, agents: {defaults: {modle: 'a/b'}}}",
    );
    let check = |options: &str| {
        let line = "check --quiet --json --jobs jobs.json --config openclaw.json";
        let run = sandbox.run(&format!("{line} --openclaw-version 2026.3.31 {options}"));
        let document: Value = run.json();
        let findings = document["findings"].as_array().unwrap().clone();
        let of = |rule: &str| -> Vec<String> {
            let mine = findings.iter().filter(|f| f["rule"] == rule);
            mine.map(|f| f["key"].as_str().unwrap().to_owned())
                .collect()
        };
        (run.code, of("config-refused"), of("config-migrated"))
    };
    let both = ["cron.skipMissedJobs", "agents.defaults.modle"].map(str::to_owned);
    let (code, refused, _) = check("");
    assert_eq!((code, &refused[..]), (Some(5), &both[..]));
    let line =
        "check --quiet --json --jobs jobs.json --config openclaw.json --target-version 2026.9.6";
    let run = sandbox.run(&format!("{line} --openclaw-version 2026.9.6"));
    let document: Value = run.json();
    let keys = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["key"]);
    assert!(
        keys.clone().any(|key| key == "agents.defaults.modle"),
        "{run}"
    );
    assert!(
        !keys.clone().any(|key| key == "cron.skipMissedJobs"),
        "{run}"
    );
}

#[test]
fn severities_and_failing() {
    let sandbox = state(&format!("{GOOD}, {BAD}"));
    let code = |options: &str| {
        sandbox
            .run(&format!("check --quiet {options}"))
            .code
            .unwrap()
    };
    assert_eq!(code(""), 5);
    assert_eq!(code("--fail-on never"), 0);
    assert_eq!(code("--skip payload-target"), 0);
    assert_eq!(code("--skip payload-target --fail-on warning"), 5);
    assert_eq!(code("--rule zone-missing --fail-on note"), 5);
    assert_eq!(
        code("--rule zone-missing --fail-on warning --severity error"),
        0
    );
    assert_eq!(code("good --fail-on note"), 0);
    let listed = |options: &str| sandbox.run(&format!("check --quiet -o ndjson {options}"));
    let ids: Vec<Value> = listed("--severity error").ndjson();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(ids[0]["rule"], "payload-target");
    let few: Vec<Value> = listed("--columns rule,job").ndjson();
    assert_eq!(
        few[0],
        serde_json::json!({"rule": "payload-target", "job": "bad"})
    );
}

#[test]
fn wrong_names_are_refused_with_the_nearest() {
    let sandbox = state(GOOD);
    for (line, near) in [
        ("check --rule zone-mising", "did you mean zone-missing?"),
        ("check --skip question-marks", "did you mean question-mark?"),
        ("check --explain dst-skiped", "did you mean dst-skipped?"),
        ("check goood --quiet", "did you mean \"good\"?"),
        ("check --rule past --skip past", "leaves no rule"),
        ("check --severity bad", "invalid value"),
        ("check --max-burst 0", "invalid value"),
        ("check --target-version 9", "is not an OpenClaw version"),
        ("next @daily -o sarif", "cronctl check has sarif"),
        ("plan --demo -o junit", "cronctl check has junit"),
        ("config show -o github", "cronctl check has github"),
    ] {
        let run = sandbox.run(line);
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run}");
        assert!(run.stderr.contains(near), "{line}: {run}");
    }
}

#[test]
fn a_baseline_counts_what_is_known_and_fails_on_what_is_new() {
    let sandbox = state(&format!("{GOOD}, {BAD}"));
    let run = sandbox.run("check --write-baseline base.json -o ndjson");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr.contains("base.json: 3 findings recorded"),
        "{run}"
    );
    let base: Value =
        serde_json::from_slice(&std::fs::read(sandbox.path("work/base.json")).unwrap()).unwrap();
    assert_eq!(base["schema"], "cronctl.check-baseline/1");
    assert_eq!(base["findings"].as_array().unwrap().len(), 3);

    let run = sandbox.run("check --quiet --baseline base.json --json");
    let json: Value = run.json();
    assert_eq!(
        (run.code, &json["summary"]["known"]),
        (Some(0), &Value::from(3)),
        "{run}"
    );
    assert_eq!(json["findings"], Value::Array(vec![]));
    assert_eq!(json["known"].as_array().unwrap().len(), 3);

    // Another time, another place, another wording of the schedule: the same finding.
    let moved = state(&format!(
        "{}, {GOOD}",
        BAD.replace("0 9 ? * 1", "5 8 ? * 1")
    ));
    moved.write("work/base.json", base.to_string());
    let run = moved.run("check --quiet --baseline base.json --now 2027-01-01T00:00:00Z");
    assert_eq!(run.code, Some(0), "{run}");

    // One more is new, one less is said.
    let more = BAD
        .replace("\"bad\"", "\"worse\"")
        .replace("bad, 100%", "worse")
        .replace("0 9 ?", "0 11 ?");
    let other = state(&format!(
        "{}, {more}",
        BAD.replace("0 9 ? * 1", "0 9 * * 1")
    ));
    other.write("work/base.json", base.to_string());
    let run = other.run("check --quiet --baseline base.json --json");
    let json: Value = run.json();
    assert_eq!(run.code, Some(5), "{run}");
    assert_eq!(json["stale"][0]["rule"], "question-mark");
    assert!(
        run.stderr
            .contains("base.json: nothing was found any more for question-mark of bad, 100%"),
        "{run}"
    );
    assert!(
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["job"] == "worse")
    );

    for (text, why) in [
        ("{}", "is no baseline"),
        ("x", "is no baseline"),
        (
            "{\"schema\": \"y\", \"tool_version\": \"\", \"findings\": []}",
            "its schema is \"y\"",
        ),
    ] {
        sandbox.write("work/wrong.json", text);
        let run = sandbox.run("check --baseline wrong.json");
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains(why), "{run}");
    }
    assert_eq!(sandbox.run("check --baseline none.json").code, Some(1));
    assert_eq!(
        sandbox.run("check --write-baseline none/base.json").code,
        Some(1)
    );
}

#[test]
fn sarif_is_valid_and_says_where() {
    let schema = std::fs::read_to_string(data("check/sarif-2.1.0.json")).unwrap();
    // One pattern of it has a bracket too many, which strict readers refuse.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let valid = |run: &Run| -> Value {
        let document: Value = run.json();
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        document
    };
    for version in ["v2026.3.28", "v2026.3.31", "v2026.9.6"] {
        valid(&recorded(version, "-o sarif --target-version 2026.9.6"));
    }
    let sandbox = state(&format!("{GOOD}, {BAD}"));
    valid(&sandbox.run("check --demo -o sarif"));
    let document = valid(&sandbox.run("check --quiet -o sarif"));
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let rule = &run["tool"]["driver"]["rules"]
            [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(result.get("baselineState").is_none());
        let place = &result["locations"][0];
        let uri = place["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap();
        assert!(
            uri.starts_with("file:///") && uri.ends_with("/jobs.json"),
            "{uri}"
        );
        assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "bad");
    }
    // Below the current directory paths are a repository's own, and lines of line-based files known.
    sandbox.write(
        "work/cron/jobs.ndjson",
        format!("{}\n{}\n", GOOD.replace('\n', ""), BAD.replace('\n', "")),
    );
    sandbox
        .run("check --jobs cron/jobs.ndjson --rule question-mark --write-baseline b.json --quiet")
        .ok();
    let document =
        valid(&sandbox.run("check --quiet --jobs cron/jobs.ndjson --baseline b.json -o sarif"));
    let results = document["runs"][0]["results"].as_array().unwrap();
    let of = |state: &str| {
        results
            .iter()
            .filter(|r| r["baselineState"] == state)
            .count()
    };
    assert_eq!(
        (of("unchanged"), of("unchanged") + of("new")),
        (1, results.len())
    );
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "cron/jobs.ndjson");
    assert_eq!(place["region"]["startLine"], 2);
}

#[test]
fn junit_agrees_with_the_exit_code() {
    let sandbox = state(&format!("{GOOD}, {BAD}"));
    let read = |options: &str| {
        let run = sandbox.run(&format!("check --quiet -o junit {options}"));
        let report = quick_junit::Report::deserialize_from_str(&run.stdout);
        let report = report.unwrap_or_else(|e| panic!("{e}: {run}"));
        (run.code, report)
    };
    let (code, report) = read("");
    assert_eq!(code, Some(5));
    let [suite] = &report.test_suites[..] else {
        panic!("{report:?}")
    };
    assert_eq!(suite.name.as_str(), "openclaw");
    assert_eq!(suite.failures, 1);
    assert!(suite.tests > 60, "every rule is a test: {}", suite.tests);
    let failed = suite
        .test_cases
        .iter()
        .find(|c| {
            c.classname
                .as_ref()
                .is_some_and(|n| n.as_str() == "payload-target")
        })
        .unwrap();
    assert_eq!(failed.name.as_str(), "bad, 100% (bad)");
    let (code, report) = read("--fail-on warning");
    assert_eq!((code, report.failures), (Some(5), 3));
    let (code, report) = read("--fail-on never");
    assert_eq!((code, report.failures), (Some(0), 0));
    sandbox
        .run("check --write-baseline base.json")
        .code
        .unwrap();
    let (code, report) = read("--baseline base.json");
    assert_eq!((code, report.failures), (Some(0), 0));
}

#[test]
fn github_annotations_are_one_escaped_line_each() {
    let sandbox = state(GOOD);
    let lines = format!("{GOOD}\n{BAD}\n").replace(",\n", ",");
    sandbox.write("work/a,b/jobs.ndjson", lines);
    let run = sandbox.run("check --quiet --jobs a,b/jobs.ndjson -o github");
    assert_eq!(run.code, Some(5), "{run}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{run}");
    let head = "::error file=a%2Cb/jobs.ndjson,line=2,title=payload-target::bad, 100%25 (bad): ";
    assert!(lines[0].starts_with(head), "{run}");
    assert!(
        lines[0].contains("%0ATo do: openclaw cron edit bad"),
        "{run}"
    );
    assert!(lines[1].starts_with("::warning file="), "{run}");
    sandbox.write(
        "work/broken.ndjson",
        format!("{}\n{{broken\n", GOOD.replace(",\n", ",")),
    );
    let run = sandbox.run("check --quiet --jobs broken.ndjson -o github");
    let head = "::error file=broken.ndjson,line=2,title=unreadable::";
    assert!(run.stdout.starts_with(head), "{run}");
}

#[test]
fn rules_are_listed_and_explained() {
    let sandbox = Sandbox::new();
    let listed: Vec<Value> = sandbox.run("check --list-rules -o ndjson").ndjson();
    assert!(listed.len() > 60);
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md"))
            .unwrap();
    for rule in &listed {
        assert!(
            page.contains(&format!("\n### {}\n", rule["id"].as_str().unwrap())),
            "{rule}"
        );
    }
    let one = sandbox.run("check --explain dst-skipped").ok();
    assert!(
        one.starts_with("dst-skipped: warning\n") && one.contains("\nWhy\n"),
        "{one}"
    );
    assert!(one.lines().all(|line| line.chars().count() <= 80), "{one}");
}

#[test]
fn bad_input_is_named_and_the_rest_is_checked() {
    let odd = BAD.replace("\"bad\"", "\"odd\"").replace(
        "{\"kind\": \"systemEvent\", \"text\": \"t\"}",
        "{\"kind\": \"agentTurn\", \"message\": \"m\", \"model\": 5}",
    );
    let sandbox = state(&format!("{GOOD}, {{\"id\": 7}}, {odd}, null, {BAD}"));
    let run = sandbox.run("check --quiet --json");
    assert_eq!(run.code, Some(5), "{run}");
    let found = rules(&run);
    for id in ["unreadable", "odd-model", "payload-target", "question-mark"] {
        assert!(found.contains(id), "{id}: {found:?}");
    }
    // With nothing to fail on, what was skipped is still said.
    assert_eq!(sandbox.run("check --quiet --fail-on never").code, Some(3));

    sandbox.write("home/.openclaw/openclaw.json", "{$include: './a.json5'}");
    sandbox.write("home/.openclaw/a.json5", "{$include: './openclaw.json'}");
    let run = sandbox.run("check --quiet --json");
    let found = rules(&run);
    assert!(
        found.contains("config-unusable") && found.contains("payload-target"),
        "{run}"
    );
}
