//! The scenarios P1 to P7, each variant: what must be said, and what must not.

use serde_json::{Value, json};

use super::world::{
    C0, FLASH, J0, NANO, SONNET, World, flat, j0, key, paying, says, step, tried, with,
};

/// Google's model as releases call it: they put the suffix on while they parse.
const FLASH_PREVIEW: &str = "google/gemini-3-flash-preview";

fn sonnet_row() -> Value {
    json!({"sessionId": "s1", "updatedAt": 1, "providerOverride": "anthropic",
           "modelOverride": "claude-sonnet-4-6", "modelOverrideSource": "user"})
}

fn unpinned() -> Value {
    paying(j0(), json!({"model": null}))
}

#[test]
fn p1_one_job_by_version() {
    let world = World::new(C0, &[j0()]).row(&sonnet_row());
    for version in ["2026.3.24", "2026.3.31", "2026.9.6"] {
        let (job, text) = world.j0(version);
        assert_eq!(job["intended"], NANO, "{version}");
        assert_eq!(job["effective"], NANO, "{version}");
        assert_eq!(job["model_source"], "payload", "{version}");
        assert_eq!(job["verdict"], "honoured", "{version}");
        assert_eq!(job["confidence"], "certain", "{version}");
        let override_ = step(&job, "session");
        assert_eq!(override_["value"], SONNET, "{version}");
        assert_eq!(override_["outcome"], "lost", "{version}");
        let why = override_["reason"].as_str().unwrap();
        assert!(why.contains("lost to payload"), "{version}: {why}");
        says(
            &text,
            &["verdict honoured", "session override", "lost to payload"],
        );
        // Nothing of the incident's version is claimed for another.
        let steps = job["steps"].as_array().unwrap();
        assert!(steps.iter().all(|s| s["step"] != "live"), "{version}");
        assert!(!text.contains("thrown back"), "{version}: {text}");
        assert!(!text.contains("2026.3.28"), "{version}: {text}");
    }
    let (job, text) = world.j0("2026.3.28");
    assert_eq!(job["intended"], NANO);
    assert_eq!(job["effective"], SONNET);
    assert_eq!(job["model_source"], "session");
    assert_eq!(job["mechanism"], "live-selection");
    assert_eq!(job["outcome"], "runs");
    assert_eq!(job["verdict"], "not-honoured");
    assert_eq!(tried(&job), [NANO, SONNET]);
    assert_eq!(job["candidates"][0]["fate"], "thrown-back");
    assert_eq!(job["candidates"][1]["fate"], "called");
    let live = step(&job, "live");
    assert_eq!(
        (&live["value"], &live["outcome"]),
        (&json!(SONNET), &json!("overruled"))
    );
    says(
        &text,
        &[
            "intended openai/gpt-5.4-nano effective anthropic/claude-sonnet-4-6",
            "by live selection",
            "1 of 2 candidates thrown back before any model call",
            "verdict not-honoured",
            "whose price is not known to cronctl",
            "openclaw gateway call sessions.patch",
        ],
    );
    assert!(!text.contains("override ignored"), "{text}");
}

#[test]
fn p1_without_fallbacks_the_incident_fails_without_a_model_call() {
    let world = World::new(C0, &[paying(j0(), json!({"fallbacks": []}))]).row(&sonnet_row());
    let (job, text) = world.j0("2026.3.28");
    assert_eq!(job["effective"], Value::Null);
    assert_eq!(job["verdict"], "fails");
    assert_eq!(job["failure"]["class"], "live-selection");
    let error = "LiveSessionModelSwitchError: Live session model switch requested: \
                 anthropic/claude-sonnet-4-6";
    assert_eq!(job["failure"]["error"], error);
    assert_eq!(tried(&job), [NANO]);
    says(
        &text,
        &[
            error,
            "verdict fails",
            "1 of 1 candidates thrown back before any model call",
        ],
    );
}

#[test]
fn p1_the_fix_makes_the_payload_authoritative() {
    let world = World::new(C0, &[j0()]).row(&sonnet_row());
    let (job, text) = world.one(&format!(
        "{J0} --openclaw-version 2026.3.28 --policy proposed"
    ));
    assert_eq!(job["effective"], NANO);
    assert_eq!(job["verdict"], "honoured");
    says(&text, &["effective openai/gpt-5.4-nano"]);
    let document = world.json(&format!("{J0} --policy proposed"));
    assert_eq!(document["inputs"]["policy"], "proposed");
}

#[test]
fn p1_without_a_row_the_default_is_the_live_selection() {
    let world = World::new(C0, &[j0()]);
    let (job, text) = world.j0("2026.3.28");
    assert_eq!(job["effective"], SONNET);
    assert_eq!(job["model_source"], "default");
    assert_eq!(job["mechanism"], "live-selection");
    assert_eq!(job["drift"]["row"], "absent");
    says(
        &text,
        &[
            "which is the agent's default",
            "from the default model, by live selection",
        ],
    );
    assert!(!text.contains("the session row's override"), "{text}");
}

#[test]
fn p2_a_stored_override_wins_when_the_job_names_no_model() {
    let row = json!({"sessionId": "s1", "updatedAt": 1, "providerOverride": "openai",
                     "modelOverride": "gpt-5.4-nano", "modelOverrideSource": "user"});
    let world = World::new(C0, &[unpinned()]).row(&row);
    for version in ["2026.3.24", "2026.3.31", "2026.9.6"] {
        let (job, text) = world.j0(version);
        assert_eq!(job["intended"], Value::Null, "{version}");
        assert_eq!(job["effective"], NANO, "{version}");
        assert_eq!(job["model_source"], "session", "{version}");
        assert_eq!(job["verdict"], "unpinned", "{version}");
        let default = step(&job, "default");
        assert_eq!(
            (&default["value"], &default["outcome"]),
            (&json!(SONNET), &json!("lost"))
        );
        let place = format!(
            "agents/main/sessions/sessions.json: {}.modelOverride",
            key("main", J0)
        );
        says(
            &text,
            &[
                "changing agents.defaults.model has no effect on the model of this job while its \
                 session row keeps the override",
                &place,
                "lost to session override",
                r#""model":null"#,
            ],
        );
        let notes = job["notes"].to_string();
        assert!(notes.contains(&place), "{version}: {notes}");
    }
}

fn misspelt() -> Value {
    paying(j0(), json!({"model": "openai/gpt-5.4-nanno"}))
}

#[test]
fn p3_a_model_that_is_not_allowed_fails_or_silently_costs_by_version() {
    let world = World::new(C0, &[misspelt()]);
    for (version, runs) in [
        ("2026.2.24", false),
        ("2026.2.25", true),
        ("2026.3.24", true),
        ("2026.3.28", true),
        ("2026.3.31", true),
        ("2026.4.22", true),
        ("2026.4.29", false),
        ("2026.7.1", false),
        ("2026.9.6", false),
    ] {
        let (job, text) = world.j0(version);
        assert_eq!(job["intended"], "openai/gpt-5.4-nanno", "{version}");
        let refused = step(&job, "payload");
        assert_eq!(refused["outcome"], "refused", "{version}");
        assert_eq!(refused["value"], "openai/gpt-5.4-nanno", "{version}");
        if runs {
            assert_eq!(job["effective"], SONNET, "{version}");
            assert_eq!(job["model_source"], "default", "{version}");
            assert_eq!(job["outcome"], "runs", "{version}");
            assert_eq!(job["verdict"], "not-honoured", "{version}");
            says(
                &text,
                &["cost: openai/gpt-5.4-nanno is asked for and anthropic/claude-sonnet-4-6 runs"],
            );
        } else {
            assert_eq!(job["effective"], Value::Null, "{version}");
            assert_eq!(job["verdict"], "fails", "{version}");
            assert_eq!(job["failure"]["class"], "not-allowed", "{version}");
            let error = job["failure"]["error"].as_str().unwrap();
            assert!(error.contains("openai/gpt-5.4-nanno"), "{version}: {error}");
            says(&text, &["verdict fails", &flat(error)]);
        }
        // The allowed ones, and the one that was meant; never the refused one as its own remedy.
        says(
            &text,
            &[
                SONNET,
                "allowed: ",
                "if openai/gpt-5.4-nano was meant",
                "openclaw cron edit slbe-nightly-optimizer --model openai/gpt-5.4-nano",
            ],
        );
        assert!(
            !text.contains("--model openai/gpt-5.4-nanno"),
            "{version}: {text}"
        );
    }
}

#[test]
fn p3_of_many_allowed_models_the_number_and_the_nearest_are_named() {
    let many: Vec<String> = (0..20)
        .map(|n| format!("\"mock/model-{n}\": {{}},"))
        .collect();
    let config = C0.replace("\"google/gemini-3-flash\": {},", &many.join("\n"));
    let (_, text) = World::new(&config, &[misspelt()]).j0("2026.9.6");
    says(
        &text,
        &["22 models are allowed, of which openai/gpt-5.4-nano is nearest"],
    );
}

#[test]
fn p3_without_an_allowlist_nothing_checks_the_spelling() {
    let list = &C0[C0.find("      models:").unwrap()..C0.find("    list:").unwrap()];
    let list = &list[..list.rfind("    },").unwrap()];
    for models in ["", "      models: {},\n"] {
        let config = C0.replace(list, models);
        let world = World::new(&config, &[misspelt()]);
        for version in ["2026.3.31", "2026.9.6"] {
            let (job, text) = world.j0(version);
            assert_eq!(
                job["effective"], "openai/gpt-5.4-nanno",
                "{version} {models:?}"
            );
            assert_eq!(job["model_source"], "payload", "{version}");
            assert_eq!(job["verdict"], "honoured", "{version}");
            says(&text, &["nothing checks the spelling"]);
        }
    }
}

#[test]
fn p3_without_an_allowlist_the_list_of_the_provider_helps() {
    let config = r#"{
        agents: { defaults: { model: "mock/model-a" } },
        models: { providers: { mock: { models: [ { id: "model-a" }, { id: "model-b" } ] } } },
    }"#;
    let note = |model: &str| {
        let (job, _) = World::new(config, &[paying(j0(), json!({"model": model}))]).j0("2026.9.6");
        job["notes"].to_string()
    };
    says(
        &note("mock/model-bb"),
        &["models.providers.mock does not list this one, but mock/model-b"],
    );
    assert_eq!(note("mock/model-b"), "[]");
    assert!(note("other/x").contains("any model may be named"));
}

#[test]
fn p4_a_sub_agent_default_applies_to_isolated_runs() {
    let subagents = |model: &str| {
        let with = format!("defaults: {{\n      subagents: {{ model: \"{model}\" }},");
        C0.replacen("defaults: {", &with, 1)
    };
    let (job, text) = World::new(&subagents(FLASH), &[unpinned()]).j0("2026.9.6");
    assert_eq!(job["effective"], FLASH_PREVIEW);
    assert_eq!(job["model_source"], "subagent");
    assert_eq!(step(&job, "subagent")["value"], FLASH);
    says(
        &text,
        &[
            "from the sub-agent model",
            "agents.defaults.subagents.model",
        ],
    );

    let (job, text) = World::new(&subagents("mistral/large"), &[unpinned()]).j0("2026.9.6");
    assert_eq!(job["effective"], SONNET);
    assert_eq!(job["model_source"], "default");
    let ignored = step(&job, "subagent");
    assert_eq!(ignored["value"], "mistral/large");
    assert_eq!(ignored["outcome"], "refused");
    let why = ignored["reason"].as_str().unwrap();
    assert!(
        why.contains("is not allowed") && why.contains("ignored without an error"),
        "{why}"
    );
    says(
        &text,
        &["mistral/large is not allowed by agents.defaults.models: ignored"],
    );
}

#[test]
fn p5_an_alias_is_shown_with_what_it_stands_for() {
    let world = World::new(C0, &[paying(j0(), json!({"model": "nano"}))]);
    let (job, text) = world.j0("2026.9.6");
    assert_eq!(job["declared"], "nano");
    assert_eq!(job["intended"], NANO);
    assert_eq!(job["effective"], NANO);
    assert_eq!(job["model_source"], "payload");
    let alias = "alias nano → openai/gpt-5.4-nano";
    assert_eq!(step(&job, "payload")["reason"], alias);
    says(&text, &[alias]);
}

#[test]
fn p5_a_bare_name_belongs_to_another_provider_by_version() {
    let world = World::new(C0, &[paying(j0(), json!({"model": "gpt-5.4-nano"}))]);
    let (job, _) = world.j0("2026.9.6");
    assert_eq!(job["effective"], NANO);
    assert_eq!(job["verdict"], "honoured");

    let (job, text) = world.j0("2026.3.31");
    assert_eq!(job["intended"], "anthropic/gpt-5.4-nano");
    assert_eq!(job["effective"], SONNET);
    assert_eq!(job["model_source"], "default");
    assert_eq!(job["verdict"], "not-honoured");
    says(
        &text,
        &[
            "bare name: the default's provider is put in front → anthropic/gpt-5.4-nano",
            "is not allowed",
            "openclaw cron edit slbe-nightly-optimizer --model openai/gpt-5.4-nano",
        ],
    );
}

#[test]
fn p6_what_a_row_records_is_no_selection_and_a_missing_agent_no_model() {
    let row = json!({"sessionId": "s1", "updatedAt": 1, "modelProvider": "anthropic",
                     "model": "claude-sonnet-4-6"});
    let run = json!({"status": "ok", "provider": "openai", "model": "gpt-5.4-nano"});
    let world = World::new(C0, &[with(j0(), json!({"agentId": null}))])
        .row(&row)
        .ran(J0, &[run]);
    for version in ["2026.3.31", "2026.4.29"] {
        let (job, text) = world.j0(version);
        assert_eq!(job["effective"], NANO, "{version}");
        assert_eq!(job["model_source"], "payload", "{version}");
        assert_eq!(job["drift"]["verdict"], "consistent", "{version}");
        assert_eq!(job["drift"]["row_recorded"], SONNET, "{version}");
        assert_eq!(job["drift"]["row_override"], Value::Null, "{version}");
        assert_eq!(job["drift"]["last_run"]["model"], NANO, "{version}");
        says(
            &text,
            &[
                "agent main (default agent)",
                "session row, recorded anthropic/claude-sonnet-4-6 recorded state, not a selection",
                "last run openai/gpt-5.4-nano ok",
                "consistent: it ran openai/gpt-5.4-nano",
            ],
        );
        let row = world.run(&format!("--openclaw-version {version}"));
        let line = row.stdout.lines().find(|l| l.starts_with(J0)).unwrap();
        for cell in line.split("  ").map(str::trim) {
            assert_ne!(cell, "default", "{line}");
        }
        let bare = world.run(&format!(
            "--columns agent,model_source --openclaw-version {version}"
        ));
        says(&bare.stdout, &["main (default agent)"]);
    }
}

/// Asserts the chain of the scenarios' job without a row.
#[track_caller]
fn chain(config: &str, job: &Value, version: &str, models: &[&str], origin: &str, words: &str) {
    let (job, text) = World::new(config, std::slice::from_ref(job)).j0(version);
    assert_eq!(tried(&job), models, "{job:#}");
    assert_eq!(job["chain"], origin);
    assert_eq!(job["strict"], models.len() == 1);
    says(&text, &[words]);
}

/// The configuration with this as the entry of the agent.
fn agent(model: &str) -> String {
    C0.replace(
        "default: true }",
        &format!("default: true, model: {model} }}"),
    )
}

#[test]
fn p7_fallbacks_come_from_where_the_version_takes_them() {
    let v = "2026.9.6";
    let paid = |fallbacks: Value| paying(j0(), json!({ "fallbacks": fallbacks }));
    let from_defaults = "fallbacks google/gemini-3-flash-preview (from defaults)";
    chain(
        C0,
        &j0(),
        v,
        &[NANO, FLASH_PREVIEW],
        "defaults",
        from_defaults,
    );
    let own = "fallbacks anthropic/claude-sonnet-4-6 (from payload)";
    chain(
        C0,
        &paid(json!([SONNET])),
        v,
        &[NANO, SONNET],
        "payload",
        own,
    );
    chain(
        C0,
        &paid(json!([])),
        v,
        &[NANO],
        "payload",
        "fallbacks none: strict (from payload)",
    );
    let without = C0.replace(", fallbacks: [\"google/gemini-3-flash\"]", "");
    chain(
        &without,
        &j0(),
        v,
        &[NANO],
        "none",
        "fallbacks none: strict",
    );
    let strict = "fallbacks none: strict (from agent)";
    for model in [format!("\"{NANO}\""), format!("{{ primary: \"{NANO}\" }}")] {
        chain(&agent(&model), &unpinned(), v, &[NANO], "agent", strict);
    }
    // The cheap model of another provider ends on the default there, after any failover.
    for early in ["2026.3.24", "2026.3.31"] {
        chain(&without, &j0(), early, &[NANO, SONNET], "defaults", SONNET);
    }
}
