//! What is asked for and how it is printed: names, conditions, comparisons, formats, sources.

use serde_json::{Value, json};

use super::world::{C0, J0, NANO, SONNET, World, flat, j0, job, paying, says, tried, with};
use crate::sandbox::Sandbox;

fn payload() -> Value {
    json!({"kind": "agentTurn", "message": "m", "model": NANO})
}

/// Jobs whose ids and names are like each other.
fn similar() -> World {
    let named = |id: &str, name: &str| with(job(id, payload()), json!({ "name": name }));
    World::new(
        C0,
        &[
            named("5f1c1a52-0001", "digest"),
            named("5f1c1a52-0002", "digest"),
            named("5f1c1b00-0003", "mail-triage"),
            named("mail-triage", "inbox"),
            named("7abc", ""),
        ],
    )
}

#[track_caller]
fn picked(world: &World, line: &str) -> Vec<String> {
    let document = world.json(&format!("{line} --openclaw-version 2026.9.6"));
    let jobs = document["jobs"].as_array().unwrap().iter();
    jobs.map(|j| j["job"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_job_is_named_by_id_unique_prefix_or_name() {
    let world = similar();
    assert_eq!(picked(&world, "5f1c1a52-0001"), ["5f1c1a52-0001"]);
    assert_eq!(picked(&world, "5f1c1b"), ["5f1c1b00-0003"]);
    assert_eq!(picked(&world, "inbox"), ["mail-triage"]);
    assert_eq!(
        picked(&world, "mail-triage"),
        ["mail-triage"],
        "an id wins over a name"
    );
    let two = picked(&world, "7a 5f1c1b 7abc");
    assert_eq!(
        two,
        ["5f1c1b00-0003", "7abc"],
        "each once, in the order of the source"
    );
    assert_eq!(picked(&world, "--all").len(), 5);
    assert_eq!(picked(&world, "").len(), 5);
}

#[test]
fn an_ambiguous_or_unknown_name_lists_the_nearest() {
    let world = similar();
    let run = world.run("5f1c1a");
    assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run}");
    says(
        &run.stderr,
        &[
            "\"5f1c1a\" is 2 jobs",
            "5f1c1a52-0001 (digest)",
            "5f1c1a52-0002 (digest)",
        ],
    );
    let run = world.run("digest");
    assert_eq!(run.code, Some(2), "{run}");
    says(&run.stderr, &["\"digest\" is 2 jobs", "jobs.json: job 2"]);
    let run = world.run("mail-triagee");
    assert_eq!(run.code, Some(2), "{run}");
    says(
        &run.stderr,
        &["no job has this id", "did you mean \"mail-triage\"?"],
    );
    let run = world.run("zzzzzzzz");
    assert_eq!(run.code, Some(2), "{run}");
    says(&run.stderr, &["cronctl explain-model lists all jobs"]);
    assert_eq!(world.run("--all 7abc").code, Some(2));
}

#[test]
fn fail_on_turns_a_verdict_into_exit_code_5() {
    let pinned = World::new(C0, &[j0()]);
    let exit = |world: &World, line: &str| world.run(line).code;
    let bug = "--openclaw-version 2026.3.28 --fail-on";
    assert_eq!(exit(&pinned, &format!("{bug} not-honoured")), Some(5));
    assert_eq!(exit(&pinned, &format!("{bug} fails,not-honoured")), Some(5));
    assert_eq!(
        exit(&pinned, &format!("{bug} fails,unpinned,unknown")),
        Some(0)
    );
    let fixed = "--openclaw-version 2026.3.31 --fail-on not-honoured,fails,unpinned,unknown";
    assert_eq!(exit(&pinned, fixed), Some(0));
    let strict = World::new(C0, &[paying(j0(), json!({"fallbacks": []}))]);
    assert_eq!(exit(&strict, &format!("{bug} fails")), Some(5));
    let unpinned = World::new(C0, &[paying(j0(), json!({"model": null}))]);
    assert_eq!(exit(&unpinned, &format!("{bug} unpinned")), Some(5));
    // The answer is printed all the same, and nothing was wrong with it.
    let run = pinned.run(&format!("{bug} not-honoured"));
    assert_eq!(run.stderr, "", "{run}");
    says(&run.stdout, &["not-honoured"]);
    let run = pinned.run("--fail-on not-honored");
    assert_eq!(run.code, Some(2), "{run}");
    says(&run.stderr, &["not-honoured"]);
    let run = pinned.run("--fail-on changed");
    assert_eq!(run.code, Some(2), "{run}");
    says(&run.stderr, &["--compare-versions"]);
}

#[test]
fn comparing_versions_reports_what_an_upgrade_changes() {
    let state = format!(
        "{}/tests/data/openclaw/v2026.3.28",
        env!("CARGO_MANIFEST_DIR")
    );
    let sandbox = Sandbox::new();
    let args = ["explain-model", "--openclaw", &state, "--compare-versions"];
    let compare = |more: &[&str]| {
        let more = ["2026.3.28,2026.9.6"].iter().chain(more);
        sandbox.command(args.iter().chain(more)).run()
    };
    let run = compare(&["--json"]);
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    assert_eq!(document["schema"], "cronctl.explain-model.changes/1");
    assert_eq!(document["compared"], 14);
    assert_eq!(document["unchanged"], 6);
    let jobs = document["jobs"].as_array().unwrap();
    let row = |name: &str| jobs.iter().find(|j| j["name"] == name).unwrap();
    let six = row("six-hourly");
    assert_eq!(six["before"], "mock/model-a");
    assert_eq!(six["after"], "mock/model-b");
    assert_eq!(six["verdict_before"], "not-honoured");
    assert_eq!(six["verdict_after"], "honoured");
    assert_eq!(six["tried_after"], json!(["mock/model-b", "mock/model-c"]));
    let bad = row("bad-model");
    assert_eq!(bad["verdict_after"], "fails");
    assert_eq!(bad["after"], Value::Null);
    says(bad["why"].as_str().unwrap(), &["nosuch/model-z is not in"]);
    // An agent with a model as text loses the defaults' fallbacks.
    let staggered = row("staggered");
    assert_eq!(staggered["changes"], json!(["fallbacks"]));
    says(staggered["why"].as_str().unwrap(), &["strict"]);
    for job in jobs {
        assert_ne!(job["why"], "", "{job:#}");
    }
    let run = compare(&[]);
    says(
        &flat(&run.stdout),
        &[
            "2026.3.28 → 2026.9.6",
            "8 of 14 jobs change, 6 stay as they are",
        ],
    );
    assert_eq!(compare(&["--fail-on", "changed"]).code, Some(5));
    // Verdicts are those after the upgrade.
    assert_eq!(compare(&["--fail-on", "not-honoured"]).code, Some(0));
    assert_eq!(compare(&["--fail-on", "fails"]).code, Some(5));
    let same = ["2026.9.6,2026.9.6", "--fail-on", "changed"];
    let run = sandbox.command(args.iter().chain(&same)).run();
    assert_eq!(run.code, Some(0), "{run}");
    says(
        &run.stdout,
        &["No job changes its model, fallbacks or verdict."],
    );
}

#[test]
fn a_comparison_needs_two_versions() {
    let world = World::new(C0, &[j0()]);
    for (value, said) in [
        ("2026.3.28", "two versions are needed"),
        ("2026.3.28,next", "next"),
        ("2026.3.28,2026.3.31,2026.9.6", "2026.3.31,2026.9.6"),
    ] {
        let run = world.run(&format!("--compare-versions {value}"));
        assert_eq!(run.code, Some(2), "{run}");
        says(&run.stderr, &[said]);
    }
    let run = world.run("--compare-versions 2026.3.28,2026.9.6 --openclaw-version 2026.3.28");
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn a_refusal_can_be_supposed() {
    let world = World::new(C0, &[j0()]);
    let (job, text) = world.one(&format!(
        "{J0} --openclaw-version 2026.9.6 --what-if {NANO}=deny"
    ));
    assert_eq!(job["effective"], "google/gemini-3-flash-preview");
    assert_eq!(job["mechanism"], "failover");
    assert_eq!(job["verdict"], "not-honoured");
    says(
        &text,
        &["by failover", "--what-if: its provider refuses it"],
    );
    let both = format!("--what-if {NANO}=deny --what-if google/gemini-3-flash-preview=deny");
    let (job, _) = world.one(&format!("{J0} --openclaw-version 2026.9.6 {both}"));
    assert_eq!(job["failure"]["class"], "provider-refused");
    assert_eq!(job["verdict"], "fails");
    for (value, said) in [
        (NANO, "PROVIDER/MODEL=deny"),
        ("nano=deny", "PROVIDER/MODEL"),
        ("openai/=deny", "PROVIDER/MODEL"),
        ("openai/x=503", "\"503\" is nothing that can be supposed"),
    ] {
        let run = world.run(&format!("--what-if {value}"));
        assert_eq!(run.code, Some(2), "{run}");
        says(&run.stderr, &[said]);
    }
}

#[test]
fn every_format_has_every_job() {
    let world = similar();
    let run = world.run("-o ndjson --openclaw-version 2026.9.6");
    let rows: Vec<Value> = run.ndjson();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0]["effective"], NANO);
    assert_eq!(rows[0]["drift"]["verdict"], "no-run");
    assert_eq!(tried(&rows[0]), [NANO, "google/gemini-3-flash-preview"]);
    let run = world.run("-o csv --columns job,effective,verdict --openclaw-version 2026.9.6");
    let mut lines = run.stdout.lines();
    assert_eq!(lines.next(), Some("job,effective,verdict"));
    assert_eq!(
        lines.next(),
        Some("5f1c1a52-0001,openai/gpt-5.4-nano,honoured")
    );
    assert_eq!(lines.count(), 4);
    let run = world.run("-o csv --openclaw-version 2026.9.6");
    assert!(run.stdout.starts_with("job,name,agent,"), "{run}");
    let run = world.run("--columns job,candidates --no-headers --openclaw-version 2026.9.6");
    let expected = "5f1c1a52-0001  openai/gpt-5.4-nano, google/gemini-3-flash-preview";
    assert_eq!(run.stdout.lines().next(), Some(expected), "{run}");
    let run = world.run("--columns modle");
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn counts_add_up_and_names_that_are_shared_get_their_ids() {
    let world = similar();
    let document = world.json("--openclaw-version 2026.3.28");
    let counts = document["counts"].as_array().unwrap();
    let sum: u64 = counts.iter().map(|c| c["jobs"].as_u64().unwrap()).sum();
    assert_eq!(sum, 5);
    assert_eq!(counts[1], json!({"verdict": "not-honoured", "jobs": 5}));
    let text = world.run("--openclaw-version 2026.3.28").stdout;
    says(
        &text,
        &[
            "5 jobs: 5 not-honoured",
            "digest (5f1c1a52-0001)",
            "mail-triage  ",
        ],
    );
}

#[test]
fn a_file_of_jobs_alone_leaves_the_model_unknown() {
    let world = World::new(C0, &[j0()]);
    let line = "explain-model --jobs state/cron/jobs.json";
    let run = world.sandbox.run(&format!("{line} --json"));
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    let job = &document["jobs"][0];
    assert_eq!(job["verdict"], "unknown");
    assert_eq!(job["confidence"], "unknown");
    assert_eq!(job["effective"], Value::Null);
    assert_eq!(job["intended"], NANO);
    says(&job["missing"].to_string(), &["--config FILE names one"]);
    let run = world.sandbox.run(&format!("{line} --fail-on unknown"));
    assert_eq!(run.code, Some(5), "{run}");
    // With a configuration only the session rows are missing.
    let run = world.sandbox.run(&format!(
        "{line} --config state/openclaw.json --openclaw-version 2026.3.28 --json"
    ));
    let document: Value = run.json();
    let job = &document["jobs"][0];
    assert_eq!(job["effective"], SONNET);
    assert_eq!(job["confidence"], "likely");
    assert_eq!(job["drift"]["row"], "unknown");
    says(
        &job["missing"].to_string(),
        &["this source has no session rows"],
    );
}

#[test]
fn jobs_of_other_schedulers_have_no_model_to_explain() {
    let sandbox = Sandbox::new();
    let crontab = sandbox.write("work/a.crontab", "0 22 * * * do it\n");
    let run = sandbox
        .command(["explain-model", "--jobs", crontab.to_str().unwrap()])
        .run();
    assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{run}");
    says(&run.stderr, &["only OpenClaw's jobs choose a model"]);
    // Beside a gateway they are left out, and said to be.
    let run = sandbox.run("explain-model --demo --jobs a.crontab --json");
    let document: Value = run.json();
    assert_eq!(document["jobs"].as_array().unwrap().len(), 32);
    assert_eq!(run.code, Some(0), "{run}");
}

#[test]
fn without_jobs_there_is_an_empty_answer() {
    let world = World::new(C0, &[]);
    let run = world.run("");
    assert_eq!((run.code, &*run.stdout), (Some(0), "No jobs.\n"), "{run}");
    assert_eq!(world.json("")["jobs"], json!([]));
}
