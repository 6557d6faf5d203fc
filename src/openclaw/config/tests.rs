use super::*;
use serde_json::json;

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn load_with(files: &[(&str, &str)], env: &Env) -> (tempfile::TempDir, Result<Config, Error>) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), files);
    let paths = Paths {
        home: Some(dir.path().join("home")),
        state_dir: dir.path().join("s"),
        config: dir.path().join("s/openclaw.json"),
        origin: "test",
    };
    let config = Config::load(&paths, env, &dir.path().join("cwd")).map(Option::unwrap);
    (dir, config)
}

fn load(files: &[(&str, &str)]) -> Result<Config, Error> {
    load_with(files, &Env::default()).1
}

#[test]
fn objects_recurse_arrays_concatenate_and_siblings_win() {
    let config = load(&[
        (
            "s/openclaw.json",
            r#"{ "$include": ["a.json5", "./sub/b.json"], cron: { enabled: true }, list: [4], }"#,
        ),
        (
            "s/a.json5",
            "{ cron: { enabled: false, store: 'a' }, list: [1], x: {y: 1} }",
        ),
        (
            "s/sub/b.json",
            r#"{ "cron": {"store": "b", "$include": "c.json"}, "list": [2, 3], "x": 5 }"#,
        ),
        (
            "s/sub/c.json",
            r#"{ "store": "c", "maxConcurrentRuns": 7 }"#,
        ),
    ])
    .unwrap();
    assert_eq!(
        config.to_value(),
        json!({"cron": {"enabled": true, "store": "b", "maxConcurrentRuns": 7}, "list": [1, 2, 3, 4], "x": 5})
    );
    let file = |path: &[&str]| {
        let found = config.get(path).unwrap();
        found.file.file_name().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(file(&["cron", "enabled"]), "openclaw.json");
    assert_eq!(file(&["cron", "store"]), "b.json");
    assert_eq!(file(&["cron", "maxConcurrentRuns"]), "c.json");
    assert_eq!(config.get(&["list"]).unwrap().node.items()[0].file, 1);
}

#[test]
fn an_include_may_stand_for_any_value_but_siblings_need_an_object() {
    let config = load(&[
        ("s/openclaw.json", "{agents: {list: {$include: 'l.json'}}}"),
        ("s/l.json", "[{id: 'main'}]"),
    ]);
    assert_eq!(config.unwrap().agents()[0].id, "main");
    let error = load(&[
        (
            "s/openclaw.json",
            "{agents: {list: {$include: 'l.json', a: 1}}}",
        ),
        ("s/l.json", "[]"),
    ]);
    assert!(
        error
            .unwrap_err()
            .message
            .contains("need an included object")
    );
}

#[test]
fn keys_that_could_change_a_prototype_are_dropped() {
    let config = load(&[
        (
            "s/openclaw.json",
            r#"{"$include": "a.json", "constructor": {"x": 1}, "k": 1}"#,
        ),
        ("s/a.json", r#"{"__proto__": {"y": 1}, "prototype": 2}"#),
    ]);
    assert_eq!(config.unwrap().to_value(), json!({"k": 1}));
}

#[test]
fn cycles_depth_and_wrong_includes_are_refused() {
    let message = |files: &[(&str, &str)]| load(files).unwrap_err().message;
    let text = message(&[
        ("s/openclaw.json", "{$include: 'a.json'}"),
        ("s/a.json", "{x: {$include: './openclaw.json'}}"),
    ]);
    assert!(
        text.contains("is a cycle") && text.contains("a.json"),
        "{text}"
    );
    let names: Vec<_> = (0..12)
        .map(|i| {
            (
                format!("s/{i}.json"),
                format!("{{$include: '{}.json'}}", i + 1),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|(a, b)| (&**a, &**b)).collect();
    files.push(("s/openclaw.json", "{$include: '0.json'}"));
    assert!(message(&files).contains("nested more than 10 deep"));
    // Ten levels are allowed.
    files[9].1 = "{ok: 1}";
    assert_eq!(load(&files).unwrap().to_value(), json!({"ok": 1}));
    assert!(message(&[("s/openclaw.json", "{$include: 5}")]).contains("is a number"));
    assert!(
        message(&[("s/openclaw.json", "{$include: ['a', {}]}"), ("s/a", "{}")])
            .contains("is an object")
    );
    assert!(message(&[("s/openclaw.json", "{$include: 'none.json'}")]).contains("none.json"));
}

#[cfg(unix)]
#[test]
fn includes_stay_inside_the_directory_also_through_links() {
    let files = [
        ("s/openclaw.json", "{$include: 'in.json'}"),
        ("out/o.json", "{o: 1}"),
        ("s/real.json", "{r: 1}"),
    ];
    let prepare = |make: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &files);
        make(dir.path());
        let paths = Paths {
            home: None,
            state_dir: dir.path().join("s"),
            config: dir.path().join("s/openclaw.json"),
            origin: "test",
        };
        let roots = dir.path().join("out");
        let env = Env::of([("OPENCLAW_INCLUDE_ROOTS", roots.to_str().unwrap())]);
        let plain =
            Config::load(&paths, &Env::default(), dir.path()).map(|c| c.unwrap().to_value());
        let rooted = Config::load(&paths, &env, dir.path()).map(|c| c.unwrap().to_value());
        (plain, rooted)
    };
    let link = |to: &'static str| {
        prepare(&move |dir| {
            std::os::unix::fs::symlink(dir.join(to), dir.join("s/in.json")).unwrap();
        })
    };
    let (plain, rooted) = link("out/o.json");
    assert!(plain.unwrap_err().message.contains("symbolic link"));
    assert_eq!(rooted.unwrap(), json!({"o": 1}));
    assert_eq!(link("s/real.json").0.unwrap(), json!({"r": 1}));
    let (hard, _) =
        prepare(&|dir| std::fs::hard_link(dir.join("s/real.json"), dir.join("s/in.json")).unwrap());
    assert!(hard.unwrap_err().message.contains("hard links"));
    let (directory, _) = prepare(&|dir| std::fs::create_dir(dir.join("s/in.json")).unwrap());
    assert!(
        directory
            .unwrap_err()
            .message
            .contains("not a regular file")
    );
    let (big, _) =
        prepare(&|dir| std::fs::write(dir.join("s/in.json"), vec![b' '; (2 << 20) + 1]).unwrap());
    assert!(big.unwrap_err().message.contains("larger than"));
    let (outside, rooted) = prepare(&|dir| {
        std::fs::write(dir.join("s/openclaw.json"), "{$include: '../out/o.json'}").unwrap();
    });
    assert!(
        outside
            .unwrap_err()
            .message
            .contains("leaves the directory")
    );
    assert_eq!(rooted.unwrap(), json!({"o": 1}));
}

#[test]
fn variables_come_from_the_first_source_that_has_them() {
    let files = [
        (
            "s/openclaw.json",
            r#"{ env: { vars: { D: "config", A: "never", E: "${A}" }, F: "direct", shellEnv: "no" },
                a: "${A}", b: ["${B}"], c: "${C}", d: "x${D}x", f: "${F}", lost: "${NOT_SET}", e: "$${A}" }"#,
        ),
        ("cwd/.env", "A=dotenv\nB=cwd\n"),
        ("home/.openclaw/.env", "B=home\nC=home\n"),
    ];
    let (_dir, config) = load_with(&files, &Env::of([("A", "process")]));
    let config = config.unwrap();
    let text = |key: &str| config.get(&[key]).unwrap().node.text().unwrap();
    assert_eq!(text("a"), "process");
    assert_eq!(
        config.get(&["b"]).unwrap().node.items()[0].text(),
        Some("cwd")
    );
    assert_eq!(text("c"), "home");
    assert_eq!(text("d"), "xconfigx");
    assert_eq!(text("f"), "direct");
    assert_eq!(text("lost"), "${NOT_SET}");
    assert_eq!(text("e"), "${A}");
    assert_eq!(config.missing, [("NOT_SET".to_owned(), "lost".to_owned())]);
}

#[test]
fn secrets_are_in_no_message() {
    let secret = "sk-live-0123456789";
    for text in [
        format!("{{ token: '{secret}', x: }}"),
        format!("{{ token: '{secret}' y: 1 }}"),
        format!("{{ token: {secret} }}"),
        format!("'{secret}'"),
        format!("{{ $include: {{ token: '{secret}' }} }}"),
        format!("{{ token: '{secret}\n' }}"),
    ] {
        let error = load(&[("s/openclaw.json", &text)]).unwrap_err();
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
        assert!(error.message.contains("openclaw.json"), "{error}");
    }
    let config = load(&[("s/openclaw.json", &format!("{{token: '{secret}'}}"))]).unwrap();
    assert!(!format!("{config:?}").contains(secret));
}

#[test]
fn deep_nesting_and_bad_bytes_are_refused() {
    for text in ["[".repeat(100_000), "{a:".repeat(100_000)] {
        let error = load(&[("s/openclaw.json", &text)]).unwrap_err();
        assert!(error.message.contains("nested more than"), "{error}");
    }
}

#[test]
fn agents_are_a_list_or_entries_in_their_order() {
    let ids = |text: &str| {
        let config = load(&[("s/openclaw.json", text)]).unwrap();
        config
            .agents()
            .iter()
            .map(|a| a.id.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("{agents: {list: [{id: 'z'}, {}, {id: 'a'}]}}"),
        ["z", "a"]
    );
    assert_eq!(ids("{agents: {entries: {z: {}, a: {}}}}"), ["z", "a"]);
    assert!(ids("{agents: 5}").is_empty());
}

#[test]
fn numbers_stay_exact_as_plain_json() {
    let config = Config::of_text("{n: 4.4444444444444436e+126, at: 1.1e-7}", "openclaw.json");
    let value = config.unwrap().to_value();
    let again: serde_json::Value = serde_json::from_str(&value.to_string()).unwrap();
    assert_eq!(again, value);
}
