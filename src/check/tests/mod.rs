//! Every rule, triggered by one small world and silent in another that differs in one point.

mod declared;
mod timed;
mod world;

use std::collections::BTreeSet;

use super::all;
use world::{Case, World, job};

/// Every case, of all subjects.
fn cases() -> Vec<Case> {
    let mut cases = declared::cases();
    cases.extend(timed::cases());
    cases
}

#[test]
fn every_rule_is_found_where_it_applies_and_nowhere_else() {
    let mut wrong = Vec::new();
    for (n, case) in cases().into_iter().enumerate() {
        let of = |world: &World| {
            let found = world.found();
            let ids: Vec<&str> = found.iter().map(|f| f.rule).collect();
            (ids.contains(&case.rule), ids.join(" "))
        };
        let (hit, miss) = (of(&case.hit), of(&case.miss));
        if !hit.0 {
            wrong.push(format!("case {n}: {} is not found: {}", case.rule, hit.1));
        }
        if miss.0 {
            wrong.push(format!("case {n}: {} is found: {}", case.rule, miss.1));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_has_a_case() {
    let covered: BTreeSet<&str> = cases().iter().map(|case| case.rule).collect();
    let rules: BTreeSet<&str> = all().map(|rule| rule.id).collect();
    let missing: Vec<_> = rules.difference(&covered).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let unknown: Vec<_> = covered.difference(&rules).collect();
    assert!(unknown.is_empty(), "no such rule: {unknown:?}");
}

#[test]
fn a_good_world_has_no_findings() {
    let found = World::new().found();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn fingerprints_outlast_wording_time_and_place() {
    let print = |world: World| {
        let found = world.found();
        let finding = found.iter().find(|f| f.rule == "zone-missing").unwrap();
        finding.fingerprint.clone()
    };
    let schedule = |expr: &str| job(&format!("schedule: {{kind: 'cron', expr: '{expr}'}}"));
    let first = print(World::new().jobs([schedule("0 9 * * *")]));
    let mut later = World::new().jobs([job(""), schedule("5 10 * * *")]);
    later.now_ms += 86_400_000;
    later.store = "elsewhere/jobs.json";
    assert_eq!(first, print(later));
    let other = job("id: 'b', schedule: {kind: 'cron', expr: '0 9 * * *'}");
    assert_ne!(first, print(World::new().jobs([other])));
}

#[test]
fn what_is_disabled_is_left_alone() {
    let bad = "schedule: {kind: 'cron', expr: 'nonsense'}, payload: {kind: 'agentTurn', model: 5}";
    let found = World::new()
        .jobs([job(&format!("{bad}, enabled: false"))])
        .found();
    assert!(found.is_empty(), "{found:#?}");
    assert!(!World::new().jobs([job(bad)]).found().is_empty());
}

#[test]
fn odd_models_are_named_and_the_other_jobs_are_still_checked() {
    for odd in ["5", "{}", "[]", "true", "{primary: 'a/b'}"] {
        let payload = format!("payload: {{kind: 'agentTurn', message: 'm', model: {odd}}}");
        let refused = "id: 'b', name: 'o', payload: {kind: 'agentTurn', model: 'nosuch/z'}";
        let found = World::new()
            .config("agents: {defaults: {model: 'anthropic/claude-sonnet-5', models: {'anthropic/claude-sonnet-5': {}}}}")
            .jobs([job(&payload), job(refused)])
            .found();
        let rules: Vec<_> = found.iter().map(|f| (f.rule, f.job.as_deref())).collect();
        assert!(
            rules.contains(&("odd-model", Some("a"))),
            "{odd}: {rules:?}"
        );
        assert!(
            rules.contains(&("model-refused", Some("b"))),
            "{odd}: {rules:?}"
        );
    }
    for absent in ["null", "''", "'  '"] {
        let payload = format!("payload: {{kind: 'agentTurn', message: 'm', model: {absent}}}");
        let found = World::new()
            .config(world::GOOD)
            .jobs([job(&payload)])
            .found();
        assert!(found.is_empty(), "{absent}: {found:#?}");
    }
}

#[test]
fn allowing_a_model_takes_none_away() {
    let refused = job("payload: {kind: 'agentTurn', message: 'm', model: 'google/gemini-3'}");
    let map = "agents: {defaults: {model: 'anthropic/claude-sonnet-5', models: {'openai/*': {}, 'anthropic/claude-sonnet-5': {}}}}";
    let policy = "agents: {defaults: {model: 'anthropic/claude-sonnet-5', modelPolicy: {allow: ['openai/*', 'anthropic/claude-sonnet-5']}}}";
    for config in [map, policy] {
        let found = World::new().config(config).jobs([refused.clone()]).found();
        let finding = found.iter().find(|f| f.rule == "model-refused").unwrap();
        assert_eq!(
            finding.fix.as_deref().unwrap(),
            "to allow google/gemini-3: openclaw config set agents.defaults.modelPolicy.allow \
             '[\"anthropic/claude-sonnet-5\",\"openai/*\",\"google/gemini-3\"]' --strict-json"
        );
    }
}
