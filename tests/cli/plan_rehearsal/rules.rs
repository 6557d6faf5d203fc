//! The rules of the gateways, where they depend on the configuration or on what a job is.

use serde_json::{Value, json};

use super::{figures, finding};
use crate::sandbox::Sandbox;

/// A job at 22:00 UTC of 1 April 2026, as given but for what all have.
fn job(id: &str, rest: &Value) -> Value {
    let mut job = json!({
        "id": id, "name": id, "enabled": true, "createdAtMs": 1_774_072_800_000_i64,
        "sessionTarget": "isolated", "schedule": {"kind": "cron", "expr": "0 22 * * *", "tz": "UTC"},
        "payload": {"kind": "agentTurn", "message": "x", "model": "anthropic/claude-sonnet-4-6"},
    });
    let (job_entries, rest) = (job.as_object_mut().unwrap(), rest.as_object().unwrap());
    job_entries.extend(rest.clone());
    job
}

fn at(id: &str) -> Value {
    job(
        id,
        &json!({"schedule": {"kind": "at", "at": "2026-04-01T22:00:00Z"}}),
    )
}

/// Rehearses jobs of a version with this configuration.
fn played(jobs: &[Value], version: &str, config: Option<&str>, rest: &str) -> Value {
    let sandbox = Sandbox::new();
    sandbox.write("work/own.json", Value::from(jobs).to_string());
    let mut line = format!(
        "plan --quiet --json --jobs own.json --openclaw-version {version} \
         --from 2026-04-01T00:00Z {rest}"
    );
    if let Some(config) = config {
        sandbox.write("work/own.json5", config);
        line.push_str(" --config own.json5");
    }
    let run = sandbox.run(&line);
    assert_eq!(run.code, Some(0), "{run}");
    run.json()
}

/// The rule that begins so, with how sure it is.
fn rule<'a>(document: &'a Value, begin: &str) -> (&'a str, &'a str) {
    let rules = document["rules"].as_array().unwrap();
    let text = |rule: &'a Value| rule["rule"].as_str().unwrap();
    let found = rules.iter().find(|rule| text(rule).starts_with(begin));
    let found = found.unwrap_or_else(|| panic!("no rule {begin}: {rules:#?}"));
    (text(found), found["sureness"].as_str().unwrap())
}

/// `resolveRetryConfig` of 2026.3.28 and 2026.3.31 (gateway-cli); 2026.9.6 reads none of it.
#[test]
fn the_repeats_of_one_shots_are_those_of_the_configuration() {
    let config = "{cron: {retry: {maxAttempts: 1, backoffMs: [5000]}}}";
    let play =
        |version: &str, config| played(&[at("j1")], version, config, "--what-if anthropic=503");
    for version in ["2026.3.28", "2026.3.31"] {
        let set = play(version, Some(config));
        assert_eq!(figures(&set, "as-is", ["runs", "lost"]), [2, 1]);
        assert_eq!(
            rule(&set, "one-shots"),
            (
                "one-shots that failed of what may pass: 1 repeat after 5 s, then off (cron.retry of \
                 the configuration); any other error switches one off at once",
                "certain"
            )
        );
        let default = play(version, Some("{}"));
        assert_eq!(figures(&default, "as-is", ["runs"]), [4]);
        let (said, sure) = rule(&default, "one-shots");
        assert!(
            said.contains("3 repeats after 30 s, 60 s, 5 min, then off (the default"),
            "{said}"
        );
        assert_eq!(sure, "certain");
        // Of jobs alone, it is not known what the configuration says.
        let alone = play(version, None);
        let (said, sure) = rule(&alone, "one-shots");
        assert!(
            said.contains("cron.retry of the configuration is not known"),
            "{said}"
        );
        assert_eq!(sure, "likely");
    }
    let on = "{cron: {retry: {retryOn: ['rate_limit']}}}";
    let other = play("2026.3.28", Some(on));
    assert_eq!(figures(&other, "as-is", ["runs"]), [1]);
    assert!(
        rule(&other, "one-shots")
            .0
            .contains("that failed of rate_limit: 3")
    );
    let (said, _) = rule(&other, "what an error is");
    assert!(said.contains("the text is that of all"), "{said}");
    let newer = play("2026.9.6", Some(config));
    assert_eq!(figures(&newer, "as-is", ["runs"]), [4]);
    assert_eq!(
        rule(&newer, "cron.retry").0,
        "cron.retry of the configuration changes nothing"
    );
}

/// `autoDisableCronJob` of 2026.9.6 spares the keys of `isSystemMonitorDeclaration`, no others.
#[test]
fn only_the_gateways_own_monitors_are_never_switched_off() {
    let off = |key: &str| {
        let state = json!({"consecutiveErrors": 9});
        let declared = job("j1", &json!({"declarationKey": key, "state": state}));
        let document = played(&[declared], "2026.9.6", None, "--what-if anthropic=401");
        figures(&document, "as-is", ["switched_off"])
    };
    assert_eq!(off("my-app:nightly"), [1]);
    assert_eq!(off("memory-core:memory-dreaming-promotion"), [1]);
    assert_eq!(off("heartbeat-task:main:0123"), [1]);
    assert_eq!(off("skill-collection-review:main"), [0]);
    assert_eq!(off("heartbeat:main"), [0]);
}

/// `kind: "command"` of 2026.9.6 runs a program: no model, whatever the configuration.
#[test]
fn a_command_is_without_a_model_where_nothing_is_known() {
    let command = json!({"payload": {"kind": "command", "argv": ["true"]}});
    let document = played(
        &[job("j1", &command), job("j2", &json!({}))],
        "2026.9.6",
        None,
        "--what-if anthropic=401",
    );
    let keys = ["without_model", "not_simulated", "due"];
    assert_eq!(figures(&document, "as-is", keys), [1, 0, 1]);
}

#[test]
fn fallbacks_of_the_main_session_are_said_to_be_unknown() {
    let event = json!({
        "sessionTarget": "main", "payload": {"kind": "systemEvent", "text": "x"},
    });
    let config = "{agents: {defaults: {model: {primary: 'anthropic/claude-sonnet-4-6', fallbacks: ['openai/gpt-5.4']}}}}";
    let document = played(
        &[job("j1", &event)],
        "2026.9.6",
        Some(config),
        "--what-if openai=503",
    );
    assert_eq!(
        finding(&document, "not-called"),
        "no job of this plan is known to call openai: the fallbacks of 1 job, whose turn is the main \
         session's, are not known; called are anthropic"
    );
    assert_eq!(
        finding(&document, "fallbacks-unknown"),
        "the turn of 1 job is the main session's, whose fallbacks are not known: it is played with none"
    );
}
