//! State directories as real gateways left them, and as upgrades leave them.

use std::path::Path;

use cronctl::env::Env;
use cronctl::job::{JobState, RunLengthOrigin, Runs};
use cronctl::schedule::{ScheduleSpec, Version};
use cronctl::source::{Confidence, OpenClawArg, SourceArgs, load};

use crate::{copy_of, data, named, no_home, open};

#[test]
fn state_of_2026_3_28() {
    let loaded = open(&data("openclaw/v2026.3.28")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let info = &loaded.sources[0];
    assert_eq!(
        info.rules_origin,
        "layout: cron/jobs.json without tasks/runs.sqlite → 2026.3.28"
    );
    assert_eq!(info.rules_confidence, Confidence::Likely);
    assert_eq!(info.cron_enabled, Some(true));
    assert_eq!(info.max_concurrent_runs, None);
    assert!(info.store.ends_with("cron/jobs.json"));
    assert_eq!(loaded.jobs.len(), 14);
    let job = named(&loaded, "six-hourly");
    assert_eq!(job.model.as_deref(), Some("mock/model-b"));
    assert_eq!(job.session_target.as_deref(), Some("isolated"));
    assert_eq!(
        job.schedule,
        ScheduleSpec::Cron {
            expr: "0 */6 * * *".into(),
            tz: Some("Europe/Berlin".into()),
            stagger_ms: Some(300_000.into()),
        }
    );
    assert_eq!(
        job.state,
        JobState::new(
            Some(1_795_237_264_804),
            Runs {
                last_run_at_ms: Some(1_795_220_499_226),
                last_status: Some("ok".to_owned()),
                last_duration_ms: Some(746),
                consecutive_errors: Some(0),
                ..Runs::default()
            }
        )
    );
    assert!(loaded.place(job).ends_with("cron/jobs.json: job 3"));
    // Four finished runs in runs/<id>.jsonl.
    let length = named(&loaded, "staggered").run_length.clone().unwrap();
    assert_eq!(length.origin, RunLengthOrigin::History);
    assert_eq!((length.ms, length.samples), (253, 4));
}

#[test]
fn state_of_2026_3_31() {
    let loaded = open(&data("openclaw/v2026.3.31")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let info = &loaded.sources[0];
    assert_eq!(
        info.rules_origin,
        "layout: cron/jobs.json and tasks/runs.sqlite → 2026.3.31"
    );
    assert!(named(&loaded, "hourly-sweep").run_length.is_some());
}

#[test]
fn the_task_ledger_covers_runs_whose_log_is_gone() {
    let dir = copy_of("openclaw/v2026.3.31");
    std::fs::remove_dir_all(dir.path().join("cron/runs")).unwrap();
    let loaded = open(dir.path()).unwrap();
    let length = named(&loaded, "hourly-sweep").run_length.clone().unwrap();
    assert_eq!(length.origin, RunLengthOrigin::History);
    assert!(length.samples >= 2, "{length:?}");
}

#[test]
fn state_of_2026_9_6() {
    let loaded = open(&data("openclaw/v2026.9.6")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let info = &loaded.sources[0];
    assert_eq!(
        info.rules_origin,
        "openclaw.sqlite: schema_meta.app_version"
    );
    assert_eq!(info.rules_confidence, Confidence::Certain);
    assert_eq!(cronctl::source::rules_name(info.rules), "openclaw 2026.9.6");
    assert!(info.store.ends_with("state/openclaw.sqlite"));
    assert_eq!(loaded.jobs.len(), 18);
    let heartbeat = named(&loaded, "heartbeat-main");
    assert_eq!(heartbeat.payload_kind.as_deref(), Some("heartbeat"));
    assert_eq!(heartbeat.state.last_status.as_deref(), Some("skipped"));
    assert_eq!(heartbeat.run_length, None, "a skipped run has no length");
    let sweep = named(&loaded, "hourly-sweep");
    assert_eq!(sweep.agent.as_deref(), Some("main"));
    let length = sweep.run_length.clone().unwrap();
    assert_eq!(length.origin, RunLengthOrigin::History);
    assert_eq!((length.ms, length.samples), (4797, 3));
}

#[test]
fn an_upgrade_moves_the_jobs_and_that_is_said() {
    let dir = copy_of("openclaw/v2026.3.31-migrated");
    let error = open(dir.path()).unwrap_err();
    assert!(
        error
            .message
            .contains("state/openclaw.sqlite: does not exist"),
        "{error}"
    );
    assert!(
        error.message.contains("an upgrade moved the jobs there"),
        "{error}"
    );
    assert!(
        error
            .hints
            .iter()
            .any(|h| h.contains("--jobs") && h.contains("jobs.json.migrated"))
    );

    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let sqlite = state.join("openclaw.sqlite");
    std::fs::copy(data("openclaw/v2026.9.6/state/openclaw.sqlite"), &sqlite).unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 18);
    assert!(
        loaded
            .notes
            .iter()
            .any(|n| n.contains("an upgrade moved the jobs to")),
        "{:?}",
        loaded.notes
    );

    std::fs::write(&sqlite, "not a database at all").unwrap();
    let error = open(dir.path()).unwrap_err();
    assert!(
        error.message.contains("is not a SQLite database"),
        "{error}"
    );
    assert!(
        error.message.contains("an upgrade moved the jobs there"),
        "{error}"
    );
    // The migrated file itself can still be planned with.
    let old = crate::file(&dir.path().join("cron/jobs.json.migrated")).unwrap();
    assert_eq!(old.jobs.len(), 13);
}

#[test]
fn a_migrated_log_is_still_history() {
    let dir = copy_of("openclaw/v2026.3.31-migrated");
    let cron = dir.path().join("cron");
    std::fs::rename(cron.join("jobs.json.migrated"), cron.join("jobs.json")).unwrap();
    std::fs::remove_dir_all(dir.path().join("tasks")).unwrap();
    let loaded = open(dir.path()).unwrap();
    let length = named(&loaded, "hourly-sweep").run_length.clone().unwrap();
    assert_eq!(length.origin, RunLengthOrigin::History);
}

#[test]
fn both_stores_the_newer_one_is_read_unless_the_version_says_otherwise() {
    let dir = copy_of("openclaw/v2026.9.6");
    let cron = dir.path().join("cron");
    std::fs::create_dir(&cron).unwrap();
    let file = cron.join("jobs.json");
    std::fs::copy(data("openclaw/v2026.3.31/cron/jobs.json"), &file).unwrap();
    let age = |path: &Path, secs: u64| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(secs);
        std::fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    };
    let sqlite = dir.path().join("state/openclaw.sqlite");
    for (file_age, version, jobs) in [
        (1_000, None, 18),
        (3_000, None, 13),
        (3_000, Some(Version::NEWEST_CHECKED), 18),
        (1_000, Some(Version::new(2026, 3, 31)), 13),
    ] {
        age(&file, file_age);
        age(&sqlite, 2_000);
        let args = SourceArgs {
            openclaw: vec![OpenClawArg::Dir(dir.path().to_owned())],
            openclaw_version: version.map(Into::into),
            ..SourceArgs::default()
        };
        let loaded = load(&args, &no_home(), &mut std::io::empty()).unwrap();
        assert_eq!(loaded.jobs.len(), jobs, "{file_age} {version:?}");
        assert!(
            loaded.notes.iter().any(|n| n.contains("exists too")),
            "{:?}",
            loaded.notes
        );
    }
}

#[test]
fn an_absent_or_empty_store_is_explained() {
    let dir = copy_of("openclaw/v2026.3.28");
    let file = dir.path().join("cron/jobs.json");
    std::fs::write(&file, "").unwrap();
    let loaded = open(dir.path()).unwrap();
    assert!(
        loaded.problems[0].what.contains("is empty (0 bytes)"),
        "{:?}",
        loaded.problems
    );
    std::fs::write(&file, r#"{"version":1,"jobs":[]}"#).unwrap();
    let loaded = open(dir.path()).unwrap();
    assert!(loaded.problems.is_empty());
    assert!(
        loaded.notes.iter().any(|n| n.ends_with("has no jobs")),
        "{:?}",
        loaded.notes
    );
    std::fs::remove_file(&file).unwrap();
    let loaded = open(dir.path()).unwrap();
    assert!(
        loaded.problems[0].what.contains("has no cron store"),
        "{:?}",
        loaded.problems
    );
    let empty = tempfile::tempdir().unwrap();
    let error = open(empty.path()).unwrap_err();
    assert!(
        error.message.contains("is not an OpenClaw state directory"),
        "{error}"
    );
    assert!(
        open(&data("jobs/user.crontab"))
            .unwrap_err()
            .message
            .contains("is not a directory")
    );
}

#[test]
fn damage_in_jobs_json_keeps_what_comes_before_it() {
    let dir = copy_of("openclaw/v2026.3.28");
    let file = dir.path().join("cron/jobs.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    std::fs::write(dir.path().join("cron/jobs.json.bak"), &text).unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 6);
    let problem = &loaded.problems[0];
    assert!(problem.at.contains("cron/jobs.json:"), "{problem}");
    assert!(
        problem.what.contains("6 jobs before it are used"),
        "{problem}"
    );
    assert!(problem.hint.as_ref().unwrap().contains("jobs.json.bak"));
}

#[test]
fn the_configuration_says_where_the_jobs_are_and_how_many_run_at_once() {
    let dir = copy_of("openclaw/v2026.3.28");
    let home = dir.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::rename(dir.path().join("cron"), home.join("elsewhere")).unwrap();
    std::fs::rename(
        home.join("elsewhere/jobs.json"),
        home.join("elsewhere/mine.json"),
    )
    .unwrap();
    let config = "{ meta: {lastTouchedVersion: '2026.4.22'}, \
        cron: { store: ' ~/elsewhere/mine.json ', maxConcurrentRuns: 24, enabled: false } }";
    std::fs::write(dir.path().join("openclaw.json"), config).unwrap();
    let env = Env::of([
        ("HOME", home.to_str().unwrap()),
        ("OPENCLAW_STATE_DIR", dir.path().to_str().unwrap()),
    ]);
    let loaded = load(&SourceArgs::default(), &env, &mut std::io::empty()).unwrap();
    let info = &loaded.sources[0];
    assert_eq!(loaded.jobs.len(), 14);
    assert!(info.store.ends_with("elsewhere/mine.json"));
    assert_eq!(info.max_concurrent_runs, Some(24));
    assert_eq!(info.cron_enabled, Some(false));
    assert_eq!(info.rules_origin, "openclaw.json: meta.lastTouchedVersion");
    assert_eq!(
        cronctl::source::rules_name(info.rules),
        "openclaw 2026.4.22"
    );
    assert!(
        loaded.notes[0].contains("from OPENCLAW_STATE_DIR"),
        "{:?}",
        loaded.notes
    );
    assert_eq!(
        named(&loaded, "staggered")
            .run_length
            .as_ref()
            .unwrap()
            .samples,
        4
    );
}

#[test]
fn a_broken_configuration_does_not_hide_the_jobs() {
    let dir = copy_of("openclaw/v2026.3.28");
    std::fs::write(
        dir.path().join("openclaw.json"),
        "{ token: 'sk-secret', cron: {",
    )
    .unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.jobs.len(), 14);
    let problem = format!("{:?}", loaded.problems);
    assert!(
        problem.contains("openclaw.json") && !problem.contains("sk-secret"),
        "{problem}"
    );
    std::fs::write(
        dir.path().join("openclaw.json"),
        "{cron: {maxConcurrentRuns: 'sk-secret'}}",
    )
    .unwrap();
    let problem = format!("{:?}", open(dir.path()).unwrap().problems);
    assert!(
        problem.contains("cron.maxConcurrentRuns: is a text") && !problem.contains("sk-secret"),
        "{problem}"
    );
}

#[test]
fn run_state_kept_apart_is_put_back() {
    let dir = copy_of("openclaw/v2026.3.28");
    let id = &named(&open(dir.path()).unwrap(), "six-hourly").id.clone();
    let text =
        format!("{{\"version\":1,\"jobs\":{{\"{id}\":{{\"state\":{{\"runningAtMs\":5}}}}}}}}");
    std::fs::write(dir.path().join("cron/jobs-state.json"), text).unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(named(&loaded, "six-hourly").state.running_at_ms, Some(5));
    assert!(named(&loaded, "staggered").state.last_run_at_ms.is_some());
}

#[test]
fn nothing_found_says_what_was_looked_at() {
    let error = load(&SourceArgs::default(), &no_home(), &mut std::io::empty()).unwrap_err();
    assert!(error.message.contains("/nonexistent/.openclaw"), "{error}");
    assert!(error.message.contains("/nonexistent/.clawdbot"), "{error}");
    let hints = error.hints.join(" ");
    for flag in ["--demo", "--jobs", "--openclaw DIR"] {
        assert!(hints.contains(flag), "{hints}");
    }
    let env = Env::of([
        ("OPENCLAW_STATE_DIR", "/nonexistent/s"),
        ("HOME", "/nonexistent"),
    ]);
    let error = load(&SourceArgs::default(), &env, &mut std::io::empty()).unwrap_err();
    assert!(
        error
            .message
            .contains("/nonexistent/s (from OPENCLAW_STATE_DIR)"),
        "{error}"
    );
}
