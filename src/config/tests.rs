//! What commands read from the settings.

use super::*;

fn load(text: &str, env: &Env, flags: &Flags) -> Result<Config, Error> {
    let directory = tempfile::TempDir::new().unwrap();
    std::fs::write(directory.path().join("cronctl.toml"), text).unwrap();
    let mut config = Config::load(env, directory.path(), flags)?;
    // Paths beside the file are compared without the name of the temporary directory.
    for setting in config.values.values_mut() {
        let strip = |text: &mut String| {
            let own = directory.path().join("");
            *text = text.replace(own.to_str().unwrap(), "");
        };
        match &mut setting.value {
            Value::Text(text) => strip(text),
            Value::List(items) => items.iter_mut().for_each(strip),
            Value::Count(_) | Value::Switch(_) => {}
        }
    }
    Ok(config)
}

#[test]
fn plan_reads_built_in_values_then_what_is_set() {
    let none = Config::default().plan_defaults();
    assert_eq!((&*none.jitter.value, &*none.window.value), ("spread", "5s"));
    assert_eq!(
        (&*none.gap.value, none.burst.value, none.seed.value),
        ("2s..5s", 2, 0)
    );
    assert_eq!((none.run_length.value, none.group_by.value), (None, None));
    assert_eq!(none.jitter.origin, Origin::BuiltIn);

    let env = Env::of([("CRONCTL_PLAN_WINDOW", "20s")]);
    let text = "[plan]\nwindow = '10s'\nrun_length = '3m'\nburst = 5\n";
    let set = load(text, &env, &Flags::default()).unwrap().plan_defaults();
    let from_env = Origin::Env("CRONCTL_PLAN_WINDOW".to_owned());
    assert_eq!((&*set.window.value, &set.window.origin), ("20s", &from_env));
    assert_eq!(
        (set.run_length.value.as_deref(), set.burst.value),
        (Some("3m"), 5)
    );
    let typed = set.window.or_flag("--window", Some("1s".to_owned()));
    assert_eq!(
        (&*typed.value, typed.origin),
        ("1s", Origin::Flag("--window"))
    );
    assert_eq!(none.window.clone().or_flag("--window", None), none.window);
}

#[test]
fn sources_come_from_the_context_in_use() {
    let text = r#"
context = "a.b"
["contexts"."a.b"]
openclaw = ["state", "~/.openclaw"]
jobs = "-"
openclaw_version = "2026.9.6"
dialect = "molecule"
molecule = { url = "https://x", org = "o", token_file = "token", checkpoint_path = "/c/{workspace_id}" }
adapters.claude-code.ceiling_seconds = 0
adapters."x.y" = { ceiling_seconds = 60, native_session = true, steerable = false }
[contexts.other]
jobs = "other.json"
"#;
    let env = Env::of([("HOME", "/home/u")]);
    let sources = load(text, &env, &Flags::default())
        .unwrap()
        .source_defaults();
    let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(
        sources.openclaw.value,
        paths(&["state", "/home/u/.openclaw"])
    );
    assert_eq!(sources.jobs.value, paths(&["-"]));
    assert_eq!(sources.openclaw_version.value.as_deref(), Some("2026.9.6"));
    assert_eq!(sources.dialect.value.as_deref(), Some("molecule"));
    assert_eq!(sources.molecule_url.value.as_deref(), Some("https://x"));
    assert_eq!(sources.molecule_org.value.as_deref(), Some("o"));
    assert_eq!(
        sources.molecule_token_file.value,
        Some(PathBuf::from("token"))
    );
    assert_eq!(
        sources.molecule_checkpoint_path.value.as_deref(),
        Some("/c/{workspace_id}")
    );
    let adapters = sources.adapters.iter().map(|(name, adapter)| {
        let AdapterDefaults {
            ceiling_seconds,
            native_session,
            steerable,
        } = adapter;
        (
            name.as_str(),
            ceiling_seconds.as_ref().map(|s| s.value),
            native_session.as_ref().map(|s| s.value),
            steerable.as_ref().map(|s| s.value),
        )
    });
    assert_eq!(
        adapters.collect::<Vec<_>>(),
        [
            ("claude-code", Some(0), None, None),
            ("x.y", Some(60), Some(true), Some(false)),
        ]
    );

    let flags = Flags {
        context: Some("other".to_owned()),
        ..Flags::default()
    };
    let other = load(text, &env, &flags).unwrap();
    assert_eq!(other.source_defaults().jobs.value, paths(&["other.json"]));
    assert_eq!(other.source_defaults().dialect.value, None);
    assert_eq!(other.context().unwrap().origin, Origin::Flag("--context"));
    assert_eq!(Config::default().source_defaults().jobs.value, paths(&[]));
}

#[test]
fn a_refused_value_says_where_it_was_set() {
    let refuse = |origin| {
        let setting = Setting {
            value: "5x",
            origin,
        };
        let error = setting.refuse("plan.window", "5x is not a duration");
        (error.exit.code(), error.message)
    };
    let in_file = Origin::File(PathBuf::from("c.toml"), 3);
    assert_eq!(
        refuse(in_file),
        (1, "c.toml:3: plan.window: 5x is not a duration".to_owned())
    );
    let flag = Origin::Flag("--window");
    assert_eq!(
        refuse(flag),
        (2, "--window: 5x is not a duration".to_owned())
    );
}

#[test]
fn every_built_in_value_is_of_its_kind() {
    for key in KEYS.iter().filter(|k| k.built_in.is_some()) {
        assert!(key.built_in().is_some(), "{}", key.name);
    }
}
