//! Values, files and rows that are not what they should be: each is named, and the other jobs are
//! explained.

use serde_json::{Value, json};

use super::world::{C0, J0, NANO, SONNET, World, flat, j0, job, key, says, with};
use crate::sandbox::Run;

const V: &str = "--openclaw-version 2026.9.6";

#[expect(clippy::needless_pass_by_value, reason = "a literal reads better")]
fn odd(id: &str, model: Value) -> Value {
    job(
        id,
        json!({"kind": "agentTurn", "message": "m", "model": model}),
    )
}

#[track_caller]
fn partial(run: &Run) -> Value {
    assert_eq!(run.code, Some(3), "{run}");
    run.json()
}

#[track_caller]
fn of<'a>(document: &'a Value, id: &str) -> &'a Value {
    let mut jobs = document["jobs"].as_array().unwrap().iter();
    jobs.find(|j| j["job"] == id).unwrap()
}

#[test]
fn a_model_of_another_type_is_named_and_names_no_model() {
    let world = World::new(
        C0,
        &[
            odd("number", json!(5)),
            odd("object", json!({"primary": NANO})),
            odd("list", json!([NANO])),
            odd("null", Value::Null),
            odd("blank", json!("  ")),
            j0(),
        ],
    );
    let run = world.run(&format!("{V} --json"));
    let document = partial(&run);
    for id in ["number", "object", "list", "null", "blank"] {
        let job = of(&document, id);
        assert_eq!(job["verdict"], "unpinned", "{id}");
        assert_eq!(job["effective"], SONNET, "{id}");
    }
    assert_eq!(of(&document, J0)["verdict"], "honoured");
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(
        problems.len(),
        3,
        "null and blank are allowed: {problems:#?}"
    );
    says(
        &run.stderr,
        &[
            "payload.model is the number 5, expected a text; the job names no model",
            "payload.model is an object",
            "payload.model is an array",
            "\"number\"",
        ],
    );
}

#[test]
fn values_of_the_configuration_that_no_version_reads_are_named() {
    let config = C0
        .replace("primary: \"anthropic/claude-sonnet-4-6\"", "primary: 7")
        .replace(
            "default: true }",
            "default: true, model: 5, subagents: { model: [] } }",
        );
    let world = World::new(&config, &[j0()]);
    let run = world.run(&format!("{V} --json"));
    let document = partial(&run);
    assert_eq!(of(&document, J0)["effective"], NANO);
    says(
        &run.stderr,
        &[
            "agents.defaults.model.primary",
            "agents.list[0].model",
            "it has no effect",
        ],
    );
}

#[test]
fn an_include_that_cannot_be_followed_leaves_the_models_unknown() {
    let cyclic = World::new("{ $include: \"./a.json5\" }", &[j0()]);
    cyclic.file("a.json5", "{ $include: \"./openclaw.json\" }");
    let outside = World::new("{ $include: \"../other.json5\" }", &[j0()]);
    drop(outside.sandbox.write("work/other.json5", C0));
    for (world, said) in [(cyclic, "is a cycle"), (outside, "leaves the directory")] {
        let run = world.run(&format!("{V} --json"));
        let document = partial(&run);
        let job = of(&document, J0);
        assert_eq!(job["verdict"], "unknown", "{job:#}");
        assert_eq!(job["intended"], NANO);
        assert_eq!(job["effective"], Value::Null);
        says(&run.stderr, &["openclaw.json"]);
        assert!(run.stderr.to_lowercase().contains(said), "{said}: {run}");
        let text = flat(&world.run(&format!("{J0} {V}")).stdout);
        says(
            &text,
            &["effective unknown", "not known: the configuration"],
        );
    }
}

#[test]
fn a_session_store_of_10_mb_is_read() {
    let mut rows = serde_json::Map::new();
    let filler = "x".repeat(1_000);
    for n in 0..10_000 {
        let row = json!({"sessionId": n.to_string(), "updatedAt": n, "label": filler});
        rows.insert(format!("agent:main:telegram:{n}"), row);
    }
    let chosen = json!({"sessionId": "s", "updatedAt": 1, "providerOverride": "anthropic",
                        "modelOverride": "claude-sonnet-4-6"});
    rows.insert(key("main", J0), chosen);
    let rows = Value::Object(rows);
    assert!(rows.to_string().len() > 10_000_000);
    let world = World::new(C0, &[j0()]).rows("main", &rows);
    let (job, _) = world.j0("2026.3.28");
    assert_eq!(job["model_source"], "session");
    assert_eq!(job["drift"]["row_override"], SONNET);
}

#[test]
fn rows_of_another_shape_are_named_and_the_others_used() {
    let rows = json!({
        key("main", J0): {"sessionId": "s", "updatedAt": 1, "providerOverride": "anthropic",
                          "modelOverride": "claude-sonnet-4-6"},
        key("main", "odd-row"): 5,
        key("main", "odd-field"): {"sessionId": "t", "updatedAt": 1, "modelOverride": {"x": 1}},
    });
    let jobs = [
        j0(),
        odd("odd-row", json!(NANO)),
        odd("odd-field", json!(NANO)),
    ];
    let world = World::new(C0, &jobs).rows("main", &rows);
    let run = world.run("--openclaw-version 2026.3.28 --json");
    let document = partial(&run);
    says(
        &run.stderr,
        &[
            "odd-row",
            "is a number, not an object; it counts as no row",
            "modelOverride is an object",
        ],
    );
    assert_eq!(of(&document, J0)["model_source"], "session");
    for id in ["odd-row", "odd-field"] {
        assert_eq!(of(&document, id)["effective"], SONNET, "{id}");
        assert_eq!(of(&document, id)["model_source"], "default", "{id}");
    }
}

#[test]
fn a_session_store_that_breaks_off_makes_rows_unknown() {
    let unpinned = job(J0, json!({"kind": "agentTurn", "message": "m"}));
    for content in [
        "{\"agent:main:cron:other\": {\"sessionId\": \"s\"}, \"agent:ma",
        "[]",
    ] {
        let world = World::new(C0, std::slice::from_ref(&unpinned));
        world.file("agents/main/sessions/sessions.json", content);
        let run = world.run(&format!("{V} --json"));
        let document = partial(&run);
        let job = of(&document, J0);
        assert_eq!(job["drift"]["row"], "unknown", "{content}");
        assert_ne!(job["confidence"], "certain", "{content}");
        says(
            &job["missing"].to_string(),
            &["whether session row agent:main:cron:"],
        );
        says(&run.stderr, &["sessions.json"]);
    }
}

#[test]
fn a_damaged_job_store_explains_the_jobs_before_the_damage() {
    let world = World::new(C0, &[]);
    let store = json!({"version": 1, "jobs": [j0(), odd("cut", json!(NANO))]}).to_string();
    world.file("cron/jobs.json", &store[..store.len() - 20]);
    let run = world.run(&format!("{V} --json"));
    let document = partial(&run);
    assert_eq!(of(&document, J0)["effective"], NANO);
    says(&run.stderr, &["jobs.json"]);
}

#[test]
fn text_from_files_cannot_act_on_a_terminal() {
    let evil = "evil\u{1b}[2J\u{7}";
    let world = World::new(C0, &[odd("a", json!(evil))]);
    let run = world.run("a --openclaw-version 2026.3.31");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        !run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{7}'),
        "{run}"
    );
    says(&run.stdout, &["evil"]);
}

#[test]
fn commands_quote_what_a_shell_would_take_apart() {
    let hostile = "a'b; $(touch x)";
    let nanno = odd(hostile, json!("openai/gpt-5.4-nanno"));
    let world = World::new(C0, &[nanno]);
    let args = ["explain-model", "--openclaw", "state", hostile, "--json"];
    let run = world.sandbox.command(args).run();
    let document: Value = run.json();
    let advice = document["jobs"][0]["advice"].to_string();
    says(
        &advice,
        &[r"openclaw cron edit 'a'\\''b; $(touch x)' --model openai/gpt-5.4-nano"],
    );
}

#[test]
fn without_a_usable_configuration_nothing_is_claimed_that_stands_in_it() {
    let bare = with(odd("bare", json!("nano")), json!({"agentId": null}));
    let world = World::new("{ $include: '../elsewhere.json5' }", &[j0(), bare]);
    let document = partial(&world.run("--json"));
    for id in [J0, "bare"] {
        let row = of(&document, id);
        assert_eq!(row["verdict"], "unknown", "{row}");
        assert_eq!(row["confidence"], "unknown", "{row}");
        assert_eq!(row["effective"], Value::Null, "{row}");
    }
    let named = of(&document, J0);
    assert_eq!(
        (&named["intended"], &named["agent"]["id"]),
        (&json!(NANO), &json!("main"))
    );
    // It may be an alias, and aliases and the default agent stand in the configuration.
    let bare = of(&document, "bare");
    assert_eq!(
        (&bare["intended"], &bare["agent"]["id"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn without_a_configuration_file_the_gateways_defaults_are_assumed_and_that_is_said() {
    let world = World::new(C0, &[with(j0(), json!({"agentId": null}))]);
    std::fs::remove_file(world.sandbox.path("work/state/openclaw.json")).unwrap();
    let document: Value = world.run(&format!("{V} --json")).json();
    let row = of(&document, J0);
    assert_eq!(
        (&row["effective"], &row["confidence"]),
        (&json!(NANO), &json!("likely"))
    );
    let missing = row["missing"][0].as_str().unwrap();
    assert!(
        missing.contains("built-in defaults are assumed"),
        "{missing}"
    );
}
