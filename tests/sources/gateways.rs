//! What is known of a source's gateway: session rows, run records, settings, clues.

use std::path::Path;

use cronctl::env::Env;
use cronctl::error::{Error, Exit};
use cronctl::model::{RunRecord, SessionRow};
use cronctl::openclaw::sessions::Store;
use cronctl::schedule::Version;
use cronctl::source::{Confidence, Gateway, Loaded, OpenClawArg, SourceArgs, Want, load, load_in};

use crate::{copy_of, data, named, no_home, open};

pub(crate) fn gateway(loaded: &Loaded) -> &Gateway {
    loaded.gateways[0].as_ref().unwrap()
}

/// `override`, then `last model`, then `updated`.
pub(crate) fn shown(row: Option<&SessionRow>) -> String {
    let Some(row) = row else {
        return "no row".to_owned();
    };
    let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{}/{} {}/{} {}",
        text(&row.provider_override),
        text(&row.model_override),
        text(&row.model_provider),
        text(&row.model),
        row.updated_at_ms.unwrap_or(0)
    )
}

fn run(record: &RunRecord) -> String {
    let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".to_owned());
    let (status, provider) = (text(&record.status), text(&record.provider));
    let at = record.started_at_ms.unwrap_or(0);
    format!("{status} {provider}/{} {at}", text(&record.model))
}

pub(crate) fn runs(loaded: &Loaded, job: &str) -> Vec<String> {
    let id = &named(loaded, job).id;
    gateway(loaded)
        .history
        .records(id)
        .iter()
        .map(run)
        .collect()
}

pub(crate) fn row(loaded: &Loaded, agent: &str, job: &str) -> String {
    let key = format!("agent:{agent}:cron:{}", named(loaded, job).id);
    shown(gateway(loaded).sessions.get(&key))
}

#[test]
fn gateway_of_2026_3_28() {
    let loaded = open(&data("openclaw/v2026.3.28")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let gateway = gateway(&loaded);
    let sessions = &gateway.sessions;
    assert_eq!(
        (sessions.len(), sessions.run_rows, sessions.read.len()),
        (12, 18, 2)
    );
    assert_eq!(
        row(&loaded, "main", "six-hourly"),
        "-/- mock/model-a 1795220499576"
    );
    assert_eq!(
        row(&loaded, "main", "with-model-default"),
        "mock/model-b mock/model-a 1795220734573"
    );
    assert_eq!(
        row(&loaded, "ops", "staggered"),
        "-/- mock/model-b 1795222897864"
    );
    assert_eq!(row(&loaded, "main", "disabled-job"), "no row");
    let main = sessions.get("agent:main:main").unwrap();
    assert_eq!(main.status.as_deref(), Some("done"));
    assert!(main.at.ends_with("agents/main/sessions/sessions.json"));
    assert!(matches!(sessions.status("OPS"), Store::Read { .. }));
    assert_eq!(sessions.status("nobody"), Store::NotRead);
    assert_eq!(
        runs(&loaded, "with-model-default"),
        ["error -/- 1795220734563", "ok mock/model-a 1795220547464"]
    );
    assert_eq!(runs(&loaded, "every-10m").len(), 5);
    // Its log is one value over several lines.
    assert_eq!(runs(&loaded, "strict-b"), ["error -/- 1795220682832"]);
    let strict = &gateway.history.records(&named(&loaded, "strict-b").id)[0];
    assert_eq!(
        strict.error.as_deref(),
        Some("LiveSessionModelSwitchError: Live session model switch requested: mock/model-a")
    );
    assert!(strict.at.ends_with(".jsonl"));
    let fallbacks = |job: &str| {
        named(&loaded, job)
            .extras
            .as_ref()
            .and_then(|e| e.fallbacks.clone())
    };
    assert_eq!(fallbacks("strict-b"), Some(Vec::new()));
    assert_eq!(fallbacks("six-hourly"), None);
    let settings = gateway.settings.as_ref().unwrap();
    let primary = settings
        .defaults
        .model
        .as_ref()
        .unwrap()
        .primary
        .as_ref()
        .unwrap();
    assert!(primary.at.file.ends_with("v2026.3.28/openclaw.json"));
    assert_eq!(primary.at.path, "agents.defaults.model.primary");
    assert_eq!(
        settings.agents[1].model.as_ref().unwrap().at.path,
        "agents.list[1].model"
    );
    assert_eq!(
        settings.providers[0].base.as_deref(),
        Some("http://127.0.0.1:28428")
    );
    let version = &gateway.version;
    assert_eq!(
        (version.from, version.until),
        (None, Some(Version::new(2026, 3, 30)))
    );
    let clues: Vec<_> = version.clues.iter().map(|c| c.what).collect();
    assert_eq!(clues, ["meta.lastTouchedVersion", "layout", "task ledger"]);
    assert!(version.clues[0].says.starts_with("absent"));
    let debug = format!("{gateway:?}");
    assert!(
        !debug.contains("REDACTED"),
        "no value of the configuration that may be secret"
    );
}

#[test]
fn gateway_of_2026_3_31() {
    let loaded = open(&data("openclaw/v2026.3.31")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let sessions = &gateway(&loaded).sessions;
    assert_eq!((sessions.len(), sessions.run_rows), (12, 18));
    assert_eq!(
        row(&loaded, "main", "six-hourly"),
        "-/- mock/model-b 1795220312876"
    );
    assert_eq!(
        row(&loaded, "main", "slow-turn"),
        "-/- mock/model-c 1795222559122"
    );
    // The logs have models; the task ledger beside them has none.
    assert_eq!(
        runs(&loaded, "slow-turn"),
        ["ok mock/model-c 1795222558548"]
    );
    assert_eq!(
        runs(&loaded, "every-10m")[0],
        "ok mock/model-b 1795222666713"
    );
    let version = &gateway(&loaded).version;
    assert_eq!(version.from, Some(Version::new(2026, 3, 31)));
    assert_eq!(version.until, Some(Version::new(2026, 6, 10)));

    let dir = copy_of("openclaw/v2026.3.31");
    std::fs::remove_dir_all(dir.path().join("cron/runs")).unwrap();
    let loaded = open(dir.path()).unwrap();
    assert_eq!(runs(&loaded, "slow-turn"), ["ok -/- 1795222558548"]);
    let job = &named(&loaded, "slow-turn").id;
    let at = &gateway(&loaded).history.records(job)[0].at;
    assert!(at.ends_with("tasks/runs.sqlite: task_runs"), "{at}");
}

#[test]
fn gateway_of_2026_9_6() {
    let loaded = open(&data("openclaw/v2026.9.6")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let sessions = &gateway(&loaded).sessions;
    assert_eq!((sessions.len(), sessions.run_rows), (11, 4));
    assert_eq!(
        row(&loaded, "main", "hourly-sweep"),
        "mock/model-b mock/model-b 1795223024322"
    );
    assert_eq!(
        row(&loaded, "main", "six-hourly"),
        "mock/model-a mock/model-b 1795220201567"
    );
    assert_eq!(row(&loaded, "main", "bad-model"), "no row");
    let key = format!("agent:main:cron:{}", named(&loaded, "six-hourly").id);
    let six = sessions.get(&key).unwrap();
    assert_eq!(six.override_source.as_deref(), Some("user"));
    assert!(!six.live_switch_pending);
    assert!(six.at.ends_with("agents/main/agent/openclaw-agent.sqlite"));
    assert_eq!(
        sessions.get("agent:main:main").unwrap().status.as_deref(),
        Some("killed")
    );
    assert_eq!(
        runs(&loaded, "hourly-sweep"),
        [
            "ok mock/model-b 1795223022612",
            "ok mock/model-b 1795220193943",
            "ok mock/model-a 1795219813673"
        ]
    );
    let bad = &gateway(&loaded)
        .history
        .records(&named(&loaded, "bad-model").id)[0];
    assert!(
        bad.error
            .as_ref()
            .unwrap()
            .starts_with("automation model override 'mock/model-c' rejected")
    );
    assert_eq!(
        runs(&loaded, "heartbeat-main")[0],
        "skipped -/- 1795222367869"
    );
    let dreaming = named(&loaded, "Memory Dreaming Promotion")
        .extras
        .clone()
        .unwrap();
    assert_eq!(
        dreaming.declaration_key.as_deref(),
        Some("memory-core:memory-dreaming-promotion")
    );
    let version = &gateway(&loaded).version;
    assert_eq!(
        (version.from, version.until),
        (Some(version.version), Some(version.version))
    );
    assert_eq!(version.clues[0].what, "schema_meta.app_version");
}

#[test]
fn a_command_that_wants_jobs_only_reads_no_sessions_and_no_runs() {
    let dir = copy_of("openclaw/v2026.3.28");
    std::fs::write(dir.path().join("agents/main/sessions/sessions.json"), "[").unwrap();
    let args = SourceArgs {
        openclaw: vec![OpenClawArg::Dir(dir.path().to_owned())],
        ..SourceArgs::default()
    };
    let loaded = load_in(
        &args,
        &no_home(),
        &mut std::io::empty(),
        Path::new("."),
        Want::Jobs,
    )
    .unwrap();
    assert!(loaded.problems.is_empty());
    assert_eq!(gateway(&loaded).sessions.status("main"), Store::NotRead);
    assert!(named(&loaded, "every-10m").run_length.is_none());
    assert!(runs(&loaded, "every-10m").is_empty());
    let loaded = open(dir.path()).unwrap();
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
    assert!(
        loaded.problems[0]
            .at
            .contains("agents/main/sessions/sessions.json")
    );
    assert_eq!(
        row(&loaded, "ops", "staggered"),
        "-/- mock/model-b 1795222897864"
    );
}

#[test]
fn includes_that_break_a_rule_are_named_and_hide_no_job() {
    for (include, what) in [
        ("openclaw.json", "openclaw.json"),
        ("../outside.json", "outside.json"),
    ] {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("state");
        crate::copy(&data("openclaw/v2026.3.28"), &dir);
        std::fs::write(outer.path().join("outside.json"), "{token: 'sk-secret'}").unwrap();
        let config =
            format!("{{$include: '{include}', gateway: {{auth: {{token: 'sk-secret'}}}}}}");
        std::fs::write(dir.join("openclaw.json"), config).unwrap();
        let loaded = open(&dir).unwrap();
        assert_eq!(
            (loaded.jobs.len(), loaded.problems.len()),
            (14, 1),
            "{include}"
        );
        let problem = format!("{:?}", loaded.problems[0]);
        assert!(
            problem.contains(what) && !problem.contains("sk-secret"),
            "{problem}"
        );
        let gateway = gateway(&loaded);
        assert!(gateway.config.is_none() && gateway.settings.is_none());
        assert_eq!(
            gateway.sessions.len(),
            12,
            "the directories name the agents"
        );
    }
}

#[test]
fn the_demo_has_the_gateway_of_the_incident() {
    let args = SourceArgs {
        demo: true,
        ..SourceArgs::default()
    };
    let loaded = load(&args, &no_home(), &mut std::io::empty()).unwrap();
    let gateway = gateway(&loaded);
    let settings = gateway.settings.as_ref().unwrap();
    let default = settings
        .defaults
        .model
        .as_ref()
        .unwrap()
        .primary
        .as_ref()
        .unwrap();
    assert_eq!(default.text, "anthropic/claude-sonnet-4-6");
    assert_eq!(
        default.at.to_string(),
        "openclaw.json (built in): agents.defaults.model.primary"
    );
    // Every declared model is allowed, so what a run uses is the version's doing.
    let allowed: Vec<_> = settings
        .defaults
        .catalog
        .iter()
        .flatten()
        .map(|e| e.key.as_str())
        .collect();
    for job in &loaded.jobs {
        let model = job.model.as_deref();
        assert!(model.is_none_or(|m| allowed.contains(&m)), "{model:?}");
    }
    assert_eq!(gateway.version.version, Version::new(2026, 3, 28));
    assert_eq!(gateway.version.until, Some(Version::new(2026, 3, 28)));
    assert!(gateway.sessions.is_empty() && gateway.state_dir.is_none());
    assert!(settings.odd.is_empty());
}

fn with_config(jobs: &str, config: &Path, env: &Env) -> Result<Loaded, Error> {
    let args = SourceArgs {
        jobs: vec![data(jobs)],
        config: Some(config.to_owned()),
        ..SourceArgs::default()
    };
    load(&args, env, &mut std::io::empty())
}

#[test]
fn jobs_without_a_configuration_are_given_one() {
    let config = data("openclaw/v2026.3.28/openclaw.json");
    let jobs = "openclaw/v2026.3.28/cron/jobs.json";
    let loaded = with_config(jobs, &config, &no_home()).unwrap();
    let found = gateway(&loaded);
    assert_eq!(found.settings.as_ref().unwrap().agents.len(), 2);
    assert!(found.sessions.is_empty() && found.history.is_empty() && found.state_dir.is_none());
    assert_eq!(
        found.version.version,
        match loaded.sources[0].rules {
            cronctl::schedule::Rules::OpenClaw(version) => version,
            other => panic!("{other:?}"),
        }
    );
    let without = crate::file(&data(jobs)).unwrap();
    assert!(without.gateways[0].is_none());

    let loaded = with_config("molecule/get_schedules.json", &config, &no_home()).unwrap();
    assert!(loaded.gateways[0].is_none());
    assert!(
        loaded
            .notes
            .iter()
            .any(|n| n.starts_with("--config") && n.contains("is not used"))
    );
    let error = with_config(jobs, Path::new("/nonexistent/c.json"), &no_home()).unwrap_err();
    assert!(
        error
            .message
            .contains("/nonexistent/c.json: does not exist"),
        "{error}"
    );
    let args = SourceArgs {
        demo: true,
        config: Some(config),
        ..SourceArgs::default()
    };
    let error = load(&args, &no_home(), &mut std::io::empty()).unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
}

#[test]
fn a_configuration_says_its_version_where_the_jobs_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("mine.json5");
    std::fs::write(
        &config,
        "{meta: {lastTouchedVersion: '2026.4.22'}, hooks: {gmail: {model: '${GMAIL}'}}}",
    )
    .unwrap();
    let jobs = dir.path().join("jobs.ndjson");
    let job = r#"{"id":"a","schedule":{"kind":"cron","expr":"0 22 * * *"},"payload":{"kind":"agentTurn"},"sessionTarget":"isolated"}"#;
    std::fs::write(&jobs, format!("{job}\n")).unwrap();
    let loaded = with_config(jobs.to_str().unwrap(), &config, &no_home()).unwrap();
    let info = &loaded.sources[0];
    assert_eq!(
        cronctl::source::rules_name(info.rules),
        "openclaw 2026.4.22"
    );
    assert!(
        info.rules_origin
            .ends_with("mine.json5: meta.lastTouchedVersion")
    );
    assert_eq!(info.rules_confidence, Confidence::Likely);
    assert_eq!(loaded.jobs[0].rules, info.rules);
    assert!(
        loaded.notes[0].ends_with("not set here, kept as ${NAME}: GMAIL"),
        "{:?}",
        loaded.notes
    );
}

#[cfg(unix)]
#[test]
fn the_installed_package_decides_between_versions_of_one_layout() {
    let dir = copy_of("openclaw/v2026.3.31");
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let main = bin.join("openclaw");
    std::fs::write(&main, "").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&main, mode).unwrap();
    let (state, bin_path) = (dir.path().to_str().unwrap(), bin.to_str().unwrap());
    let env = Env::of([
        ("HOME", "/nonexistent"),
        ("OPENCLAW_STATE_DIR", state),
        ("PATH", bin_path),
    ]);
    for (version, rules, notes) in [
        ("2026.4.5", "openclaw 2026.4.5", 0),
        ("2026.9.6", "openclaw 2026.3.31", 1),
    ] {
        let json = format!(r#"{{"name":"openclaw","version":"{version}"}}"#);
        std::fs::write(bin.join("package.json"), json).unwrap();
        let loaded = load(&SourceArgs::default(), &env, &mut std::io::empty()).unwrap();
        assert_eq!(cronctl::source::rules_name(loaded.sources[0].rules), rules);
        let decision = &gateway(&loaded).version;
        assert_eq!(
            (decision.clues[0].what, decision.notes.len()),
            ("installed package", notes)
        );
    }
}
