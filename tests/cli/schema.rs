//! JSON documents of the real binary against the published schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Command lines whose JSON is checked. Every published schema needs at least one.
const SAMPLES: &[(&str, &str)] = &[
    ("cronctl.plan/1", "plan --demo"),
    (
        "cronctl.plan/1",
        "plan --demo --jitter gap --group-by model",
    ),
    ("cronctl.plan/1", "plan --demo --honour both"),
    ("cronctl.plan.fires/1", "plan --demo --fires"),
    (
        "cronctl.suggestions/1",
        "plan --demo --jitter fit --max-concurrent 4 --suggest",
    ),
    (
        "cronctl.suggestions/1",
        "plan --demo --window 60s --suggest=patch",
    ),
    (
        "cronctl.restart/1",
        "plan --demo --restart-at 2026-04-01T09:00Z --down-since 2026-04-01T04:00Z",
    ),
    (
        "cronctl.rehearsal/1",
        "plan --demo --what-if anthropic=503@22:00..22:20",
    ),
    ("cronctl.check/1", "check --demo"),
    ("cronctl.check/1", "check --demo --target-version 2026.9.6"),
    ("cronctl.check-rules/1", "check --list-rules"),
    ("cronctl.check-rules/1", "check --explain burst"),
    ("cronctl.audit/1", "audit --demo --all"),
    ("cronctl.explain-model/1", "explain-model --demo"),
    (
        "cronctl.explain-model/1",
        "explain-model --demo slbe-nightly-optimizer --openclaw-version 2026.4.25",
    ),
    (
        "cronctl.explain-model.changes/1",
        "explain-model --demo --compare-versions 2026.3.28,2026.9.6",
    ),
    ("cronctl.turns/1", "turns --demo"),
    ("cronctl.turns/1", "turns --demo --all --ceiling 0"),
    ("cronctl.turns/1", "turns --openclaw empty --over-ceiling"),
    (
        "cronctl.checkpoint/1",
        "checkpoint --demo --over-ceiling --dry-run",
    ),
    ("cronctl.checkpoint.history/1", "checkpoint history"),
    (
        "cronctl.adapter-check/1",
        "adapter check --demo --grace 1s --drain 1s",
    ),
    ("cronctl.sandbox.scenarios/1", "sandbox --list-scenarios"),
    ("cronctl.config/1", "config show"),
    ("cronctl.config/1", "config show --context a"),
    ("cronctl.config-path/1", "config path"),
    ("cronctl.jitter/1", "jitter a"),
    ("cronctl.jitter/1", "jitter a --gap 2s..5s --rank 3"),
    ("cronctl.next/1", "next @daily --tz America/New_York"),
    ("cronctl.next/1", "next @hourly --job-id a --stagger 30s"),
    ("cronctl.next/1", "next 2020-01-01T00:00"),
    ("cronctl.next.compare/1", "next @daily --compare"),
];

/// Schemas of what is printed while a command goes on: their own tests hold them against it.
const ELSEWHERE: &[&str] = &[
    "cronctl.checkpoint.event/1",
    "cronctl.plan.event/1",
    "cronctl.sandbox/1",
    "cronctl.turns.event/1",
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("work/empty/openclaw.json", "{}");
    let context = "[contexts.a]\njobs = ['a.json']\nadapters.x.ceiling_seconds = 5\n";
    sandbox.write("work/cronctl.toml", context);
    sandbox
}

#[test]
fn documents_match_their_schemas() {
    let sandbox = sandbox();
    for (id, line) in SAMPLES {
        let published = cronctl::command::schemas();
        let published = published.iter().find(|p| p.id == *id).unwrap();
        let validator = jsonschema::validator_for(&published.schema).unwrap();
        let document: Value = sandbox.run(&format!("{line} --json")).json();
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
        assert_eq!(document["schema"], *id, "{line}");
    }
}

#[test]
fn a_field_more_or_less_does_not_match() {
    let published = &cronctl::command::schemas()[0];
    let validator = jsonschema::validator_for(&published.schema).unwrap();
    let document: Value = sandbox().run("config show --json").json();
    let fields: Vec<String> = document.as_object().unwrap().keys().cloned().collect();
    for field in fields {
        let mut less = document.clone();
        less.as_object_mut().unwrap().remove(&field);
        assert!(!validator.is_valid(&less), "without {field}");
    }
    let mut other = document.clone();
    other["schema"] = "cronctl.config/2".into();
    assert!(!validator.is_valid(&other));
}

#[test]
fn every_schema_has_a_sample_and_a_name_of_its_own() {
    let sampled = SAMPLES.iter().map(|(id, _)| *id);
    let sampled: BTreeSet<_> = sampled.chain(ELSEWHERE.iter().copied()).collect();
    let published: Vec<_> = cronctl::command::schemas().iter().map(|p| p.id).collect();
    assert_eq!(sampled, published.iter().copied().collect());
    assert_eq!(sampled.len(), published.len());
}
