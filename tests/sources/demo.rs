//! The built-in data tells the story of the first incident.

use std::collections::HashSet;

use cronctl::job::RunLengthOrigin;
use cronctl::schedule::ScheduleSpec;
use cronctl::source::{Confidence, DEMO_NOW_MS, Loaded, SourceArgs, SourceKind, demo_config, load};

use crate::no_home;

fn demo() -> Loaded {
    let args = SourceArgs {
        demo: true,
        ..SourceArgs::default()
    };
    load(&args, &no_home(), &mut std::io::empty()).unwrap()
}

#[test]
fn twenty_four_jobs_at_ten_in_the_evening() {
    let demo = demo();
    assert!(demo.problems.is_empty() && demo.notes.is_empty());
    let night: Vec<_> = demo
        .jobs
        .iter()
        .filter(|j| {
            j.enabled
                && matches!(&j.schedule, ScheduleSpec::Cron { expr, tz, .. }
                    if expr == "0 22 * * *" && tz.as_deref() == Some("America/Los_Angeles"))
        })
        .collect();
    assert_eq!(night.len(), 24);
    let count = |model: &str| {
        night
            .iter()
            .filter(|j| j.model.as_deref() == Some(model))
            .count()
    };
    assert_eq!(count("openai/gpt-5.4-nano"), 16);
    assert_eq!(count("anthropic/claude-sonnet-4-6"), 8);
    let slbe = night
        .iter()
        .find(|j| *j.id == *"slbe-nightly-optimizer")
        .unwrap();
    assert_eq!(slbe.name.as_deref(), Some("SLBE nightly optimizer"));
    for job in &night {
        let length = job.run_length.as_ref().unwrap();
        assert_eq!(length.origin, RunLengthOrigin::History);
        assert!((30_000..=900_000).contains(&length.ms), "{length:?}");
    }
    let ids: HashSet<_> = demo.jobs.iter().map(|j| &j.id).collect();
    assert_eq!(ids.len(), demo.jobs.len());
    assert!(demo.jobs.iter().any(|j| !j.enabled));
}

#[test]
fn its_source_is_certain_and_its_clock_fixed() {
    let info = &demo().sources[0];
    assert_eq!((info.tag.as_str(), info.kind), ("demo", SourceKind::Demo));
    assert_eq!(info.rules_origin, "demo data");
    assert_eq!(info.rules_confidence, Confidence::Certain);
    assert_eq!(info.max_concurrent_runs, Some(24));
    let json = serde_json::to_value(info).unwrap();
    assert_eq!(json["rules"], "openclaw 2026.3.28");
    let now: jiff::Timestamp = "2026-03-31T21:45:00-07:00".parse().unwrap();
    assert_eq!(now.as_millisecond(), DEMO_NOW_MS);
    let model = &demo_config().unwrap()["agents"]["defaults"]["model"]["primary"];
    assert_eq!(model, "anthropic/claude-sonnet-4-6");
}

#[test]
fn several_sources_have_tags_of_their_own() {
    let args = SourceArgs {
        demo: true,
        openclaw: vec![
            cronctl::source::OpenClawArg::Dir(crate::data("openclaw/v2026.3.28")),
            cronctl::source::OpenClawArg::Dir(crate::data("openclaw/v2026.9.6")),
            cronctl::source::OpenClawArg::Dir("/nonexistent/state".into()),
        ],
        jobs: vec![
            crate::data("molecule/get_schedules.json"),
            crate::data("molecule/get_schedules.json"),
            "-".into(),
        ],
        ..SourceArgs::default()
    };
    let mut input = &b"@daily x\n"[..];
    let loaded = load(&args, &no_home(), &mut input).unwrap();
    let tags: Vec<_> = loaded.sources.iter().map(|s| s.tag.as_str()).collect();
    assert_eq!(
        tags,
        [
            "openclaw",
            "openclaw-2",
            "get_schedules.json",
            "get_schedules.json-2",
            "stdin",
            "demo"
        ]
    );
    for job in &loaded.jobs {
        assert_eq!(job.rules, loaded.sources[job.source].rules);
    }
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
    assert!(
        loaded.problems[0]
            .at
            .contains("/nonexistent/state: does not exist")
    );
}
