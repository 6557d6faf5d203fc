//! Which version it is: every trace, the history over them, several answers where several remain.

use serde_json::{Value, json};

use super::world::{C0, J0, NANO, SONNET, World, flat, j0, paying, says};

/// The configuration as a version wrote it; without one, as a person did.
fn touched(version: Option<&str>) -> String {
    let line = "  meta: { lastTouchedVersion: \"2026.9.6\" },\n";
    let now = version.map_or_else(String::new, |v| line.replace("2026.9.6", v));
    C0.replace(line, &now)
}

fn version(document: &Value) -> &Value {
    &document["inputs"]["versions"][0]
}

fn ran(provider: &str, model: &str) -> Value {
    json!({"status": "ok", "provider": provider, "model": model})
}

#[test]
fn the_configuration_says_which_version_wrote_it() {
    let world = World::new(&touched(Some("2026.3.31")), &[j0()]);
    let document = world.json("");
    assert_eq!(version(&document)["version"], "2026.3.31");
    assert_eq!(version(&document)["confidence"], "likely");
    assert_eq!(document["jobs"][0]["confidence"], "likely");
    let (_, text) = world.one(J0);
    says(
        &text,
        &["2026.3.31 likely", "openclaw.json: meta.lastTouchedVersion"],
    );
}

#[test]
fn the_store_says_which_version_it_is_for_certain() {
    for app in ["2026.8.1", "2026.9.6"] {
        let world = World::in_database(&touched(None), &[j0()], Some(app));
        let document = world.json("");
        assert_eq!(version(&document)["version"], app);
        assert_eq!(version(&document)["confidence"], "certain");
        assert_eq!(document["jobs"][0]["confidence"], "certain");
    }
}

#[cfg(unix)]
#[test]
fn the_package_on_path_says_what_runs() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let world = World::new(&touched(Some("2026.3.24")), &[j0()]);
    let sandbox = &world.sandbox;
    let main = sandbox.write("lib/node_modules/openclaw/openclaw.mjs", "");
    std::fs::set_permissions(&main, PermissionsExt::from_mode(0o755)).unwrap();
    let package = r#"{"name": "openclaw", "version": "2026.3.28"}"#;
    drop(sandbox.write("lib/node_modules/openclaw/package.json", package));
    std::fs::create_dir(sandbox.path("bin")).unwrap();
    symlink(main, sandbox.path("bin/openclaw")).unwrap();
    let args = ["explain-model", "--openclaw", "state", "--json"];
    let run = sandbox.command(args).env("PATH", sandbox.path("bin")).run();
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    assert_eq!(version(&document)["version"], "2026.3.28");
    let origin = version(&document)["origin"].as_str().unwrap();
    assert!(origin.starts_with("installed package: "), "{origin}");
    assert_eq!(document["jobs"][0]["effective"], SONNET);
}

#[test]
fn the_history_overrules_what_the_configuration_says() {
    let world = World::new(&touched(Some("2026.3.24")), &[j0()]);
    let world = world.ran(J0, &[ran("anthropic", "claude-sonnet-4-6")]);
    let run = world.run("--json");
    assert_eq!(run.code, Some(0), "{run}");
    says(
        &run.stderr,
        &["the run history contradicts 2026.3.24; the rules of 2026.3.28 are used"],
    );
    let document: Value = run.json();
    let used = version(&document);
    assert_eq!(used["version"], "2026.3.28");
    assert_eq!(used["confidence"], "likely");
    assert_eq!(used["ruled_out"][0]["release"], "2026.3.24");
    assert_eq!(document["jobs"][0]["effective"], SONNET);
    assert_eq!(document["jobs"][0]["drift"]["verdict"], "version-bug");
    let text = flat(&world.run(J0).stdout);
    says(
        &text,
        &[
            "run history; openclaw.json: meta.lastTouchedVersion says 2026.3.24",
            "would use openai/gpt-5.4-nano, its last run is recorded with anthropic/claude-sonnet-4-6",
        ],
    );
}

#[test]
fn what_is_stated_is_never_overruled() {
    let world = World::new(&touched(Some("2026.3.24")), &[j0()]);
    let world = world.ran(J0, &[ran("anthropic", "claude-sonnet-4-6")]);
    let (job, _) = world.j0("2026.3.24");
    assert_eq!(job["version"], "2026.3.24");
    assert_eq!(job["effective"], NANO);
    assert_eq!(job["drift"]["verdict"], "failover", "{job:#}");
}

#[test]
fn where_several_versions_remain_each_answer_is_given() {
    let world = World::new(&touched(None), &[j0()]);
    let (job, text) = world.one(J0);
    assert_eq!(job["confidence"], "likely");
    let others = job["alternatives"].as_array().unwrap();
    let answer = |other: &Value| other["effective"].as_str().unwrap().to_owned();
    let mut answers: Vec<String> = others.iter().map(answer).collect();
    answers.push(answer(&job));
    answers.sort_unstable();
    answers.dedup();
    assert_eq!(answers, [SONNET, NANO]);
    says(&text, &["If it is another version", "also possible: "]);
    let many = flat(&world.run("").stdout);
    says(
        &many,
        &[
            " OR ",
            "another version that is possible here gives another answer",
        ],
    );
}

#[test]
fn between_releases_both_neighbours_answer() {
    let misspelt = paying(j0(), json!({"model": "openai/gpt-5.4-nanno"}));
    let world = World::new(&touched(None), &[misspelt]);
    let (job, text) = world.j0("2026.4.25");
    assert_eq!(
        job["confidence"], "likely",
        "the version is stated, its rules are not checked"
    );
    let other = &job["alternatives"][0];
    let verdicts = [&job["verdict"], &other["verdict"]];
    assert!(verdicts.iter().any(|v| **v == "fails"), "{verdicts:?}");
    assert!(
        verdicts.iter().any(|v| **v == "not-honoured"),
        "{verdicts:?}"
    );
    says(
        &text,
        &["If it is another version", "2026.4.22", "2026.4.29"],
    );
    let document = world.json("--openclaw-version 2026.4.25");
    assert_eq!(version(&document)["checked"], false);
}

#[test]
fn auto_is_the_default_and_overrides_what_is_configured() {
    let world = World::new(&touched(Some("2026.3.31")), &[j0()]);
    let without_times = |line: &str| {
        let mut document = world.json(line);
        let inputs = document["inputs"].take();
        (document["jobs"].take(), inputs)
    };
    let default = without_times("");
    assert_eq!(without_times("--openclaw-version auto"), default);
    let context = "[contexts.a]\nopenclaw_version = \"2026.3.28\"\n\
                   [contexts.b]\nopenclaw_version = \"auto\"\n";
    drop(world.sandbox.write("work/cronctl.toml", context));
    let configured = without_times("--context a");
    assert_eq!(configured.0[0]["version"], "2026.3.28");
    assert_eq!(
        without_times("--context a --openclaw-version auto"),
        default
    );
    assert_eq!(without_times("--context b"), default);
}

#[test]
fn auto_is_understood_by_every_command_that_takes_a_version() {
    let world = World::new(C0, &[j0()]);
    for line in [
        "plan --openclaw state --openclaw-version auto",
        "plan --demo --openclaw-version auto",
        "next @daily --openclaw-version auto",
        "next @daily --dialect molecule --openclaw-version 2026.3.28",
    ] {
        let run = world.sandbox.run(line);
        let expected = if line.contains("molecule") { 2 } else { 0 };
        assert_eq!(run.code, Some(expected), "{line}: {run}");
    }
    let run = world.run("--openclaw-version newest");
    assert_eq!(run.code, Some(2), "{run}");
    says(&run.stderr, &["newest", "or auto"]);
}
