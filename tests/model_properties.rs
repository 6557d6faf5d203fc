//! What holds for every configuration, job and session row, under the rules of every release.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cronctl::job::{Job, Place, Slot, Words, parse};
use cronctl::model::{
    ERAS, Fate, Known, ModelRef, ModelSettings, Outcome, Policy, Resolution, Resolver, Rows, Rules,
    SessionRow, Verdict,
};
use cronctl::openclaw::config::Config;
use cronctl::openclaw::models::settings;
use cronctl::schedule::{Rules as ScheduleRules, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The row that every key has.
#[derive(Debug)]
struct OneRow(Option<SessionRow>);

impl Rows for OneRow {
    fn row(&self, _: &str, _: &str) -> Known<'_> {
        self.0.as_ref().map_or(Known::None, Known::Row)
    }
}

/// Texts that name models, aliases and agents of each other, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec![
            "mock/a", "mock/b", "oth/b", "b", "cheap", "mock/cheap", "mock/mock/a", "MOCK/A",
            "openrouter:auto", "openrouter:free", "openrouter/x/y:free", "anthropic/opus", "opus",
            "claude-cli/claude-opus-4-6", "google/gemini-3-pro", "mock/*", "mock/", "/b", "main",
            "ops", "mock/b@work", "default", "",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ a-z/@*:.]{0,12}",
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 0..4)
}

fn model() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        text().prop_map(Value::from),
        (text(), texts()).prop_map(|(p, f)| json!({"primary": p, "fallbacks": f})),
        texts().prop_map(|f| json!({"fallbacks": f})),
    ]
}

fn models() -> impl Strategy<Value = Value> {
    let entry = prop_oneof![
        Just(json!({})),
        text().prop_map(|alias| json!({"alias": alias})),
    ];
    let map = prop::collection::vec((text(), entry), 0..4);
    map.prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

fn agent() -> impl Strategy<Value = Value> {
    (
        model(),
        model(),
        models(),
        prop::option::of(texts()),
        any::<bool>(),
    )
        .prop_map(|(model, subagents, models, allow, default)| {
            let mut agent = json!({"model": model, "models": models});
            agent["subagents"] = json!({"model": subagents});
            agent["default"] = json!(default);
            if let Some(allow) = allow {
                agent["modelPolicy"] = json!({"allow": allow});
            }
            agent
        })
}

fn config() -> impl Strategy<Value = Value> {
    let roster = prop::collection::vec((text(), agent()), 0..3);
    let provider = (texts(), prop::option::of(text())).prop_map(|(ids, api)| {
        let models: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        json!({"api": api, "models": models})
    });
    let providers = prop::collection::vec((text(), provider), 0..3);
    let login = prop::sample::select(vec!["api_key", "oauth", "none"]);
    (
        agent(),
        roster,
        providers,
        text(),
        any::<bool>(),
        login,
        text(),
    )
        .prop_map(
            |(mut defaults, roster, providers, gmail, listed, login, owner)| {
                defaults["systemAgent"] = json!({"agentId": owner});
                let mut agents = json!({"defaults": defaults});
                if listed {
                    let list = roster.into_iter().map(|(id, mut agent)| {
                        agent["id"] = json!(id);
                        agent
                    });
                    agents["list"] = Value::Array(list.collect());
                } else if !roster.is_empty() {
                    agents["entries"] = Value::Object(roster.into_iter().collect());
                }
                json!({
                    "agents": agents,
                    "models": {"providers": Value::Object(providers.into_iter().collect())},
                    "hooks": {"gmail": {"model": gmail}},
                    "auth": {"profiles": {"a": {"provider": "anthropic", "mode": login}}},
                })
            },
        )
}

fn job() -> impl Strategy<Value = Job> {
    let target = prop_oneof![
        4 => Just("isolated".to_owned()),
        1 => Just("main".to_owned()),
        1 => Just("current".to_owned()),
        1 => text().prop_map(|t| format!("session:{t}")),
        1 => any::<String>(),
    ];
    let kind = prop::sample::select(vec!["agentTurn", "agentTurn", "systemEvent", "script"]);
    (
        prop::option::of(text()),
        prop::option::of(texts()),
        prop::option::of(text()),
        target,
        kind,
        any::<bool>(),
    )
        .prop_map(|(model, fallbacks, agent, target, kind, gmail)| {
            let job = json!({
                "id": "job-1", "name": "j", "agentId": agent, "sessionTarget": target,
                "schedule": {"kind": "cron", "expr": "0 3 * * *"},
                "payload": {
                    "kind": kind, "message": "hi", "text": "hi", "model": model,
                    "fallbacks": fallbacks,
                    "externalContentSource": gmail.then_some("gmail"),
                },
            });
            let slot = Slot {
                source: 0,
                at: Place::Entry(1),
                rules: ScheduleRules::OpenClaw(Version::NEWEST_CHECKED),
            };
            parse(&job.to_string(), slot, &mut Words::default())
                .unwrap()
                .0
        })
}

fn row() -> impl Strategy<Value = OneRow> {
    let field = || prop::option::of(text());
    let row = (field(), field(), field(), any::<bool>());
    let row = row.prop_map(|(provider, model, source, fallback)| SessionRow {
        provider_override: provider,
        model_override: model,
        override_source: source,
        override_of_fallback: fallback,
        ..SessionRow::default()
    });
    prop::option::of(row).prop_map(OneRow)
}

fn releases() -> impl Iterator<Item = Rules> {
    let all = ERAS.iter().flat_map(|era| era.releases);
    all.flat_map(|r| [Some(r.rules), r.otherwise.map(|o| o.rules)])
        .flatten()
}

fn resolve(
    settings: &ModelSettings,
    rules: Rules,
    policy: Policy,
    denied: &[ModelRef],
    (job, row): (&Job, &OneRow),
) -> Resolution {
    let resolver = Resolver::new(settings, rules, policy, denied);
    resolver.agents().resolve(job, row)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_resolution_is_consistent(config in config(), job in job(), row in row()) {
        let settings = settings(&Config::of_text(&config.to_string(), "openclaw.json").unwrap());
        for rules in releases() {
            let found = resolve(&settings, rules, Policy::Actual, &[], (&job, &row));
            let models: Vec<_> = found.candidates.iter().map(|c| &c.model).collect();
            for (i, model) in models.iter().enumerate() {
                prop_assert!(!models[..i].contains(model), "{} twice", model);
            }
            prop_assert_eq!(found.effective.is_some(), found.outcome == Outcome::Runs);
            prop_assert_eq!(found.failure.is_some(), found.verdict == Verdict::Fails);
            if let Some(effective) = &found.effective {
                prop_assert!(models.contains(&effective));
                let called = found.candidates.iter().filter(|c| c.fate == Fate::Called);
                prop_assert_eq!(called.count(), 1);
            }
            let equal = match (&found.intended, &found.effective) {
                (Some(intended), Some(effective)) => intended.to_string() == effective.to_string(),
                _ => false,
            };
            prop_assert_eq!(found.verdict == Verdict::Honoured, equal);
            prop_assert!(found.steps.iter().enumerate().all(|(i, s)| s.order == i + 1));
        }
    }

    #[test]
    fn the_proposed_policy_keeps_the_payloads_model(
        config in config(), job in job(), row in row(), denies in any::<bool>(),
    ) {
        prop_assume!(job.session_target.as_deref() != Some("main"));
        let settings = settings(&Config::of_text(&config.to_string(), "openclaw.json").unwrap());
        for rules in releases() {
            let first = resolve(&settings, rules, Policy::Proposed, &[], (&job, &row));
            let Some(intended) = &first.intended else { continue };
            let denied = if denies { vec![intended.clone()] } else { Vec::new() };
            let found = resolve(&settings, rules, Policy::Proposed, &denied, (&job, &row));
            if let Some(effective) = &found.effective {
                prop_assert_eq!(effective != intended, denies);
            }
            let thrown = found.candidates.iter().any(|c| c.fate == Fate::ThrownBack);
            prop_assert!(!thrown);
        }
    }
}

/// A job of the main session runs its session's model, and that is the one that it declares when
/// both have the same key, whichever of `mock` + `a` and `mock` + `mock/a` it is split into.
#[test]
fn a_main_sessions_model_is_compared_by_its_key() {
    let config = json!({"agents": {"defaults": {"model": "mock/a"}}});
    let settings = settings(&Config::of_text(&config.to_string(), "openclaw.json").unwrap());
    let job = json!({
        "id": "job-1", "name": "j", "sessionTarget": "main",
        "schedule": {"kind": "cron", "expr": "0 3 * * *"},
        "payload": {"kind": "systemEvent", "text": "hi", "model": "mock/mock/a"},
    });
    let slot = Slot {
        source: 0,
        at: Place::Entry(1),
        rules: ScheduleRules::OpenClaw(Version::NEWEST_CHECKED),
    };
    let job = parse(&job.to_string(), slot, &mut Words::default())
        .unwrap()
        .0;
    let mut split_apart = 0;
    for rules in releases() {
        let found = resolve(&settings, rules, Policy::Actual, &[], (&job, &OneRow(None)));
        let (intended, effective) = (found.intended.unwrap(), found.effective.unwrap());
        assert_eq!(intended.to_string(), "mock/a");
        assert_eq!(effective.to_string(), "mock/a");
        assert_eq!(found.verdict, Verdict::Honoured);
        split_apart += usize::from(intended != effective);
    }
    assert!(split_apart > 0, "some releases split the two differently");
}
