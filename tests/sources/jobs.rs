//! `--jobs`: every shape, damage, limits.

use std::io::{Read, Write as _};

use cronctl::schedule::{Rules, ScheduleSpec};
use cronctl::source::{Confidence, Dialect, Loaded, Scheduler, SourceArgs, load, rules_name};

use crate::{data, file, named, no_home, stdin};

fn shape(loaded: &Loaded) -> (String, String) {
    let info = &loaded.sources[0];
    (info.shape.clone(), rules_name(info.rules))
}

#[test]
fn recorded_answers_of_cron_list() {
    for (name, jobs, rules) in [
        (
            "openclaw-cron-list-2026.3.28.json",
            13,
            "openclaw 2026.3.31",
        ),
        (
            "openclaw-cron-list-2026.3.31.json",
            13,
            "openclaw 2026.3.31",
        ),
        ("openclaw-cron-list-2026.9.6.json", 18, "openclaw 2026.9.6"),
        (
            "openclaw-rpc-cron.list-2026.9.6.json",
            17,
            "openclaw 2026.9.6",
        ),
        (
            "openclaw-rpc-cron.list-compact-2026.9.6.json",
            17,
            "openclaw 2026.9.6",
        ),
    ] {
        let loaded = file(&data("jobs").join(name)).unwrap();
        assert!(loaded.problems.is_empty(), "{name}: {:?}", loaded.problems);
        assert_eq!(loaded.jobs.len(), jobs, "{name}");
        assert_eq!(
            shape(&loaded),
            ("`openclaw cron list --json`".to_owned(), rules.to_owned()),
            "{name}"
        );
        assert_eq!(loaded.sources[0].tag, name);
        assert!(
            loaded.notes[0].contains("recognised as"),
            "{:?}",
            loaded.notes
        );
        assert!(
            loaded
                .jobs
                .iter()
                .all(|j| j.state.next_run_at_ms.is_some() || !j.enabled),
            "{name}"
        );
    }
}

#[test]
fn a_jobs_json() {
    let loaded = file(&data("openclaw/v2026.3.28/cron/jobs.json")).unwrap();
    assert_eq!(shape(&loaded).0, "OpenClaw jobs.json");
    assert_eq!(loaded.sources[0].rules_confidence, Confidence::Likely);
    assert_eq!(loaded.jobs.len(), 14);
}

#[test]
fn molecule_schedules_also_several_answers_and_lines() {
    let text = std::fs::read_to_string(data("molecule/get_schedules.json")).unwrap();
    let one = stdin(text.as_bytes()).unwrap();
    assert_eq!(one.jobs.len(), 2);
    let info = &one.sources[0];
    assert_eq!(
        (info.scheduler, info.rules),
        (Scheduler::Molecule, Rules::Molecule)
    );
    let daily = named(&one, "Daily");
    assert_eq!(
        daily.workspace.as_deref(),
        Some("3fe84b89-eb65-42fc-ad1f-5c93582ca3e7")
    );
    assert_eq!(daily.payload_kind.as_deref(), Some("prompt"));
    assert_eq!(daily.state.last_run_at_ms, None);
    assert_eq!(daily.state.last_status, None);
    assert_eq!(daily.state.next_run_at_ms, Some(1_779_508_800_000));
    assert_eq!(
        daily.schedule,
        ScheduleSpec::Cron {
            expr: "0 21 * * *".into(),
            tz: Some("America/Vancouver".into()),
            stagger_ms: None,
        }
    );
    let twice = stdin(format!("{text}{text}").as_bytes()).unwrap();
    assert_eq!(twice.jobs.len(), 4);
    assert!(
        twice.notes.iter().any(|n| n.contains("and 1 more like it")),
        "{:?}",
        twice.notes
    );
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let lines = lines.join("\n");
    let lines = stdin(lines.as_bytes()).unwrap();
    assert_eq!(
        shape(&lines),
        (
            "NDJSON of Molecule schedules".to_owned(),
            "molecule".to_owned()
        )
    );
    assert!(lines.notes[0].contains("stdin: recognised as NDJSON of Molecule schedules (2 jobs)"));
}

#[test]
fn crontabs() {
    let loaded = file(&data("jobs/user.crontab")).unwrap();
    assert_eq!(loaded.jobs.len(), 3);
    assert_eq!(loaded.sources[0].shape, "a user crontab");
    assert_eq!(loaded.sources[0].scheduler, Scheduler::Crontab);
    assert!(
        loaded
            .notes
            .iter()
            .any(|n| n.contains("by the rules of openclaw 2026.9.6, without stagger"))
    );
    assert_eq!(
        loaded.jobs[0].name.as_deref(),
        Some("/usr/local/bin/nightly --date=$(date +%F)")
    );
    assert!(
        loaded.problems[0]
            .to_string()
            .contains("user.crontab:6:1: @reboot: no clock fires it")
    );
    assert!(loaded.place(&loaded.jobs[1]).ends_with("user.crontab:5"));
    let system = file(&data("jobs/system.crontab")).unwrap();
    assert_eq!(
        system.sources[0].shape,
        "a system crontab (with a user column)"
    );
    assert_eq!(
        system.jobs[1].name.as_deref().unwrap().split(' ').next(),
        Some("test")
    );
    let args = SourceArgs {
        jobs: vec!["-".into()],
        dialect: Some(Dialect::CronRs),
        ..SourceArgs::default()
    };
    let loaded = load(&args, &no_home(), &mut &b"0 1 * * * x\n"[..]).unwrap();
    assert_eq!(loaded.sources[0].rules, Rules::CronRs);
    assert_eq!(loaded.sources[0].rules_origin, "--dialect");
}

#[test]
fn the_dialect_is_for_sources_that_do_not_say() {
    let with = |text: &str, dialect| {
        let args = SourceArgs {
            jobs: vec!["-".into()],
            dialect,
            ..SourceArgs::default()
        };
        load(&args, &no_home(), &mut text.as_bytes()).unwrap()
    };
    let plain = r#"[{"id": "a", "schedule": "0 22 * * *", "tz": "UTC"}]"#;
    let loaded = with(plain, None);
    assert_eq!(
        shape(&loaded),
        (
            "an array of plain jobs".to_owned(),
            "openclaw 2026.9.6".to_owned()
        )
    );
    assert_eq!(loaded.sources[0].rules_confidence, Confidence::Assumed);
    assert_eq!(
        loaded.sources[0].rules_origin,
        "assumed: newest checked version"
    );
    assert_eq!(
        with(plain, Some(Dialect::Molecule)).jobs[0].rules,
        Rules::Molecule
    );
    assert_eq!(
        with(plain, Some(Dialect::CronRs)).sources[0].scheduler,
        Scheduler::CronRs
    );
    let says = r#"{"version": 1, "jobs": [{"id": "a", "schedule": {"kind": "cron", "expr": "* * * * *"}}]}"#;
    let loaded = with(says, Some(Dialect::Molecule));
    assert_eq!(shape(&loaded).1, "openclaw 2026.3.31");
    assert!(
        loaded
            .notes
            .iter()
            .any(|n| n.contains("--dialect molecule is not used"))
    );
}

#[test]
fn bad_lines_are_named_and_good_ones_kept() {
    let loaded = file(&data("jobs/damaged.ndjson")).unwrap();
    let ids: Vec<_> = loaded.jobs.iter().map(|j| &*j.id).collect();
    assert_eq!(ids, ["a", "a", "e"]);
    let problems: Vec<_> = loaded
        .problems
        .iter()
        .map(|p| p.to_string().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        problems,
        [
            "damaged.ndjson:2:39: is not a job: EOF while parsing a string",
            "damaged.ndjson:3: job \"null expression\": schedule.expr: found null, expected a cron expression such as \"0 22 * * *\" (id \"c\")",
            "damaged.ndjson:4: job \"no id\": id: found nothing, expected the job's id (text)",
            "damaged.ndjson:7: job \"d\": schedule: found the number 5, expected an object such as {\"kind\": \"cron\", \"expr\": \"0 22 * * *\"}, or an expression",
        ]
    );
    assert!(
        loaded
            .notes
            .iter()
            .any(|n| n.contains("id \"a\" is at line 1 and at line 6")),
        "{:?}",
        loaded.notes
    );
    assert!(
        loaded.notes[0].contains("NDJSON of OpenClaw jobs (3 jobs, 4 not usable)"),
        "{:?}",
        loaded.notes
    );
    assert!(!loaded.jobs[2].enabled);
    assert!(matches!(&loaded.jobs[2].schedule, ScheduleSpec::Other { kind } if kind == "on-exit"));
}

#[test]
fn only_the_first_twenty_bad_lines_are_named() {
    let mut text = String::from("{\"id\":\"a\",\"schedule\":\"* * * * *\"}\n");
    for _ in 0..1000 {
        text.push_str("{\"id\":\"b\",\"schedule\":5}\n");
    }
    text.extend(["{\"id\":\"", &"x".repeat(1 << 20), "\"}\n"]);
    let loaded = stdin(text.as_bytes()).unwrap();
    assert_eq!(loaded.jobs.len(), 1);
    assert_eq!(loaded.problems.len(), 21);
    assert_eq!(
        loaded.problems[20].what,
        "981 more entries could not be used"
    );
}

#[test]
fn a_truncated_array_keeps_what_comes_before() {
    let text = "[\n {\"id\":\"a\",\"schedule\":\"* * * * *\"},\n {\"id\":\"b\",\"sched";
    let loaded = stdin(text.as_bytes()).unwrap();
    assert_eq!(loaded.jobs.len(), 1);
    assert_eq!(loaded.problems[0].at, "stdin:3:17");
    assert!(
        loaded.problems[0].what.contains("breaks off (EOF"),
        "{:?}",
        loaded.problems
    );
    let error = stdin(b"{\"jobs\": [{\"id").unwrap_err();
    assert!(
        error
            .message
            .starts_with("stdin:1:14: is not JSON or JSON5"),
        "{error}"
    );
}

#[test]
fn nothing_usable_is_an_error_with_the_reasons() {
    let error = stdin(b"[5, {\"id\": \"a\"}]").unwrap_err();
    assert!(error.message.contains("none of 2 entries"), "{error}");
    assert!(
        error.causes[0].contains("stdin: job 1: found the number 5"),
        "{:?}",
        error.causes
    );
    // No jobs at all are an answer, when they say so themselves.
    assert!(stdin(b"[]").unwrap().jobs.is_empty());
    assert!(stdin(b"").unwrap_err().message.contains("stdin: is empty"));
    let error = stdin(&std::fs::read(data("openclaw/v2026.9.6/state/openclaw.sqlite")).unwrap())
        .unwrap_err();
    assert!(error.hints[0].contains("--openclaw"), "{error:?}");
}

/// Garbage of any length is refused from its beginning.
#[test]
fn a_flood_of_garbage_is_refused_at_once() {
    struct Flood(&'static [u8], usize);
    impl Read for Flood {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            for (n, byte) in out.iter_mut().enumerate() {
                *byte = self.0[(self.1 + n) % self.0.len()];
            }
            self.1 += out.len();
            assert!(self.1 < 4 << 20, "read on for {} bytes", self.1);
            Ok(out.len())
        }
    }
    for pattern in [
        &b"\0"[..],
        b"A",
        b"hello world\n",
        b"[",
        b"{\"a\":",
        b"{\"a\":1,,",
        b"[1,@,",
        b"\xff",
        b"{x y}",
        b"{]",
        b"[{}}",
        b"<a>\n",
    ] {
        let args = SourceArgs {
            jobs: vec!["-".into()],
            ..SourceArgs::default()
        };
        let result = load(&args, &no_home(), &mut Flood(pattern, 0));
        assert!(result.is_err(), "{pattern:?}");
    }
}

#[test]
fn deep_nesting_needs_no_stack() {
    let deep = "[".repeat(100_000);
    for text in [
        deep.clone(),
        format!("{{\"id\":\"a\",\"x\":{deep}"),
        format!(
            "{{\"id\":\"a\",\"schedule\":\"* * * * *\"}}\n{{\"id\":\"b\",\"x\":{deep}{}}}\n",
            "]".repeat(100_000)
        ),
        format!("# c\n{deep}"),
    ] {
        match stdin(text.as_bytes()) {
            Ok(loaded) => assert_eq!(loaded.jobs.len() + loaded.problems.len(), 2),
            Err(error) => assert!(error.message.contains("stdin"), "{error}"),
        }
    }
}

#[test]
fn compressed_input_is_named_with_the_way_to_read_it() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"[]").unwrap();
    let error = stdin(&gz.finish().unwrap()).unwrap_err();
    assert!(
        error.message.contains("gzip") && error.hints[0].contains("zcat"),
        "{error:?}"
    );
}

#[test]
fn files_that_cannot_be_read() {
    let error = file(std::path::Path::new("/nonexistent/jobs.json")).unwrap_err();
    assert!(
        error
            .message
            .contains("/nonexistent/jobs.json: cannot be read"),
        "{error}"
    );
    let error = file(&data("openclaw/v2026.9.6")).unwrap_err();
    assert!(error.hints[0].contains("--openclaw"), "{error:?}");
    let args = SourceArgs {
        jobs: vec!["-".into(), "-".into()],
        ..SourceArgs::default()
    };
    let error = load(&args, &no_home(), &mut std::io::empty()).unwrap_err();
    assert_eq!(error.exit, cronctl::error::Exit::Usage);
}

#[test]
fn one_page_of_a_longer_answer_is_said() {
    let text = r#"{"jobs": [{"id": "a", "schedule": "* * * * *"}], "total": 400, "hasMore": true}"#;
    let loaded = stdin(text.as_bytes()).unwrap();
    assert!(
        loaded.notes.iter().any(|n| n.contains("one page")),
        "{:?}",
        loaded.notes
    );
}
