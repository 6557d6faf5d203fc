//! Nothing that others name or say gets where it does not belong: paths, terminals, logs, CSV, files.
//!
//! Beside the tests here: that a token goes over plain http to loopback alone, or with
//! `--insecure-http`, to a platform and to an adapter, and that a read does not follow a redirect to
//! another host, is tested address by address in `src/molecule/tests` (`settings.rs`, `acts.rs`,
//! `faults.rs`); that metrics are served on loopback unless an address says otherwise in
//! `src/metrics/address.rs`.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cronctl::clock::now_ms;
use cronctl::ui::escape;
use serde_json::{Value, json};

use crate::checkpoint::fake::{Fake, Says};
use crate::checkpoint::{checkpointed, history, sandbox, turn, workspace};
use crate::checkpoint_watch::{Watching, frees, over, wait, willing};
use crate::sandbox::{Run, Sandbox};

/// What others may call a workspace, or a turn.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "a\u{1b}[31mred",
        "bell\u{7}",
        "line\nbreak: look 9: all is well",
        "back\rERROR",
        "c1\u{9b}2J",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://evil.example\u{1b}\\link",
        "nul\u{0}",
        "del\u{7f}",
        "\u{202e}txt.exe",
        "iso\u{2066}late\u{2069}",
        "zero\u{200b}width",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\"quoted\", and more",
        "%2e%2e%2fadmin",
        "%00",
        "a/b",
        "a/../../admin",
        "../../../etc/passwd",
        "/etc/passwd",
        "//evil.example",
        "\\\\evil\\share",
        "a?b#c",
        "a b",
        "x\" outcome=confirmed",
        "{workspace_id}",
        "http://evil.example/",
        "'; DROP TABLE attempts; --",
        "é完🚀",
        ".",
        "..",
    ]
    .map(str::to_owned)
    .into();
    names.push("long".repeat(2_000));
    names
}

/// Workspaces of such ids and names with a turn far over its ceiling each, whose id is no better.
fn nasty() -> Fake {
    let started = cronctl::when::utc(now_ms() - 21_600_000);
    let names = hostile();
    let workspaces = names.iter().map(|name| {
        let mut row = workspace(name, 1);
        row["name"] = json!(name);
        row["current_task"] = json!(name);
        row
    });
    let turns = names.iter().map(|name| {
        let mut row = turn(name, Some(&started));
        row["workspace_name"] = json!(name);
        row["turn_id"] = json!(name);
        row["current_task"] = json!(name);
        row
    });
    let fake = Fake::new(workspaces.collect(), Some(turns.collect()));
    names.iter().enumerate().fold(fake, |fake, (n, name)| {
        let mut done = checkpointed(name);
        done["turn_id"] = json!(name);
        let says = if n % 3 == 0 {
            Says::Json(409, json!({"error": name, "code": "not_steerable"}))
        } else {
            Says::Frees(200, done)
        };
        fake.says(name, [says])
    })
}

/// Runs by the real clock.
fn run(fake: &Fake, sandbox: &Sandbox, command: &str) -> Run {
    let line = format!(
        "{command} --molecule {} --token-file token --rate-limit 0",
        fake.url
    );
    sandbox
        .command(line.split_whitespace())
        .without("CRONCTL_NOW")
        .run()
}

/// Nothing in these lines moves a cursor, hides, or reads backwards.
fn harmless(text: &str) {
    for line in text.lines() {
        assert_eq!(escape(line), line, "{line:?}");
    }
    assert!(!text.contains('\r'), "{text:?}");
}

/// Every cell shows what it holds, and computes nothing.
fn disarmed(text: &str) -> Vec<csv::StringRecord> {
    harmless(text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    for cell in records.iter().flatten() {
        let number = cell.parse::<f64>().is_ok();
        assert!(
            number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell:?}"
        );
    }
    records
}

/// The requests that acted went to the one place of each workspace.
fn in_place(fake: &Fake) {
    let names: BTreeSet<_> = hostile().into_iter().collect();
    let mut asked = BTreeSet::new();
    for path in fake.paths() {
        let id = path
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix("/control/checkpoint"));
        let id = id.unwrap_or_else(|| panic!("{path}"));
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)),
            "{path}"
        );
        let id = percent_encoding::percent_decode_str(id)
            .decode_utf8()
            .unwrap()
            .into_owned();
        assert!(names.contains(&id), "{path}");
        asked.insert(id);
    }
    // Encoded or not, these two would step out of their place.
    assert_eq!(names.difference(&asked).collect::<Vec<_>>(), [".", ".."]);
}

/// Every file below a directory.
fn files(root: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        }
        all.insert(path.to_str().unwrap().to_owned());
    }
    all
}

fn ids(rows: &Value) -> BTreeSet<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["workspace_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_turns_prints_is_harmless_in_every_format() {
    let (fake, sandbox) = (nasty(), sandbox());
    let names: BTreeSet<_> = hostile().into_iter().collect();
    let table = run(&fake, &sandbox, "turns");
    harmless(&table.stdout);
    harmless(&table.stderr);
    assert!(table.stdout.contains("a\\u{1b}[31mred"), "{table}");
    let bare = run(
        &fake,
        &sandbox,
        "turns --columns workspace_id,workspace_name --no-headers",
    );
    harmless(&bare.stdout);
    let csv = run(&fake, &sandbox, "turns -o csv");
    let records = disarmed(&csv.stdout);
    assert_eq!(records.len(), names.len());
    for shown in [
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "\\t=1+1",
        "line\nbreak: look 9: all is well",
    ] {
        assert!(
            records.iter().flatten().any(|cell| cell == shown),
            "{shown}: {csv}"
        );
    }
    let json = run(&fake, &sandbox, "turns --json");
    assert_eq!(ids(&json.json::<Value>()["turns"]), names);
    harmless(&json.stdout);
    harmless(&json.stderr);
    let lines = run(&fake, &sandbox, "turns -o ndjson");
    harmless(&lines.stdout);
    assert_eq!(ids(&Value::Array(lines.ndjson())), names);
}

#[test]
fn what_a_checkpoint_prints_is_harmless_in_every_format_and_asks_in_place() {
    let names: BTreeSet<_> = hostile().into_iter().collect();
    for (format, dry) in ["", "-o csv", "--json", "-o ndjson"]
        .into_iter()
        .flat_map(|f| [(f, true), (f, false)])
    {
        let (fake, sandbox) = (nasty(), sandbox());
        let how = if dry {
            "--dry-run"
        } else {
            "--yes --grace 300ms"
        };
        let before = files(&sandbox.path(""));
        let command = format!("checkpoint --over-ceiling {how} --ledger l.db {format}");
        let run = run(&fake, &sandbox, &command);
        harmless(&run.stderr);
        match format {
            "--json" => assert_eq!(ids(&run.json::<Value>()["targets"]), names),
            "-o ndjson" => assert_eq!(ids(&Value::Array(run.ndjson())), names),
            "-o csv" => assert_eq!(disarmed(&run.stdout).len(), names.len()),
            _ => {}
        }
        harmless(&run.stdout);
        assert_eq!(run.code, Some(if dry { 3 } else { 6 }), "{run}");
        assert!(
            run.stderr.contains("steps out") || run.stderr.contains("not asked"),
            "{run}"
        );
        if dry {
            assert!(fake.posts().is_empty());
        } else {
            in_place(&fake);
        }
        let made = files(&sandbox.path(""))
            .difference(&before)
            .cloned()
            .collect::<Vec<_>>();
        let ledger = sandbox.path("work/l.db").to_str().unwrap().to_owned();
        assert!(
            made.iter().all(|path| path.starts_with(&ledger)),
            "{made:?}"
        );

        if !dry {
            let table = sandbox.run("checkpoint history --ledger l.db --limit 100");
            harmless(&table.stdout);
            let csv = sandbox.run("checkpoint history --ledger l.db --limit 100 -o csv");
            assert_eq!(disarmed(&csv.stdout).len(), names.len() - 2);
            assert_eq!(ids(&Value::Array(history(&sandbox))).len(), names.len() - 2);
        }
    }
}

#[test]
fn what_a_loop_prints_and_logs_is_harmless_and_asks_in_place() {
    let names: BTreeSet<_> = hostile().into_iter().collect();
    for format in ["text", "json"] {
        let (fake, sandbox) = (nasty(), sandbox());
        let before = files(&sandbox.path(""));
        let output = if format == "json" { "-o ndjson" } else { "" };
        let options = format!(
            "{output} --interval 50ms --rate-limit 0 --grace 300ms --report --log-format {format} \
             --textfile m.prom"
        );
        let watching = Watching::new(&fake, &sandbox, &options);
        wait("the text file", || sandbox.path("work/m.prom").exists());
        // A look that fails, with a reason that is no better.
        fake.now_fails(Some(403));
        let failed = r#"cronctl_checkpoint_sweeps_total{result="failed"} 0"#;
        wait("a look that failed", || {
            !std::fs::read_to_string(sandbox.path("work/m.prom"))
                .unwrap()
                .contains(failed)
        });
        let ended = watching.end("-TERM");
        harmless(&ended.stderr);
        harmless(&std::fs::read_to_string(sandbox.path("work/m.prom")).unwrap());
        if format == "json" {
            for line in ended.stderr.lines() {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert!(line["timestamp"].is_string(), "{line}");
            }
            let mut targets = ended.about("target");
            targets.retain(|event| event["sweep"] == 1);
            let rows = targets
                .iter()
                .map(|event| event["target"].clone())
                .collect();
            let mut told = ids(&Value::Array(rows));
            // Nothing was sent for them: the look's line counts them.
            told.extend([".".to_owned(), "..".to_owned()]);
            assert_eq!(told, names);
        } else {
            ended.stdout.iter().for_each(|line| harmless(line));
            // No name made a line of its own.
            for line in ended
                .stdout
                .iter()
                .map(String::as_str)
                .chain(ended.stderr.lines())
            {
                let (date, _) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
                assert!(cronctl::context::parse_instant(date).is_some(), "{line:?}");
            }
        }
        let posts = fake.paths();
        assert!(posts.iter().any(|path| path.ends_with("/activity")));
        let made = files(&sandbox.path(""))
            .difference(&before)
            .cloned()
            .collect::<Vec<_>>();
        let places =
            ["work/l.db", "work/m.prom"].map(|p| sandbox.path(p).to_str().unwrap().to_owned());
        for path in made {
            assert!(places.iter().any(|place| path.starts_with(place)), "{path}");
        }
    }
}

#[test]
fn a_token_goes_nowhere_over_plain_http_but_to_this_machine() {
    let sandbox = sandbox();
    for command in [
        "turns",
        "checkpoint --over-ceiling --yes",
        "checkpoint --over-ceiling --watch --yes",
        "checkpoint ws-a --yes",
    ] {
        let line = format!("{command} --molecule http://platform.invalid --token-file token");
        let run = sandbox.run(&line);
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains("plain http"), "{run}");
        assert!(run.stderr.contains("--insecure-http"), "{run}");
    }
    // Nor to an adapter that the platform names.
    let started = cronctl::when::utc(now_ms() - 21_600_000);
    let mut far = workspace("ws-a", 1);
    far["url"] = json!("http://adapter.invalid:8000");
    let fake = Fake::new(vec![far], Some(vec![turn("ws-a", Some(&started))]));
    let line = format!(
        "checkpoint --over-ceiling --watch --yes --ledger l.db --molecule {} --token-file token \
         --via adapter --count 1 -o ndjson",
        fake.url
    );
    let ended = Watching::line(&sandbox, &line).ended();
    assert_eq!(ended.code(), Some(3), "{ended:?}");
    assert!(ended.stderr.contains("plain http"), "{ended:?}");
    assert!(history(&sandbox).is_empty());
}

#[test]
fn a_request_that_acts_follows_no_redirect() {
    let other = willing(&["ws-a"]);
    let moved = format!("{}/ws-a/control/checkpoint", other.url);
    let fake = over(&["ws-a"]).says("ws-a", [Says::Moved(moved)]);
    let sandbox = sandbox();
    let run = run(
        &fake,
        &sandbox,
        "checkpoint --over-ceiling --yes --ledger l.db --grace 300ms",
    );
    assert_ne!(run.code, Some(0), "{run}");
    assert!(!fake.posts().is_empty());
    assert!(other.seen().is_empty());
}

#[test]
fn a_token_file_that_others_may_read_is_refused() {
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    for mode in [0o644, 0o640, 0o604] {
        let all = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(sandbox.path("work/token"), all).unwrap();
        for command in ["turns", "checkpoint --over-ceiling --yes --watch --count 1"] {
            let run = run(&fake, &sandbox, command);
            assert_eq!(run.code, Some(1), "{run}");
            assert!(run.stderr.contains("readable by others"), "{run}");
            assert!(run.stderr.contains("chmod 600"), "{run}");
        }
    }
    assert!(fake.seen().is_empty());
}

#[test]
fn a_ledger_is_its_owners_alone_whatever_the_umask() {
    let fake = over(&["ws-a"]).says("ws-a", [frees("ws-a")]);
    let sandbox = sandbox();
    let script = format!(
        "umask 0; exec {} checkpoint --over-ceiling --watch --yes --molecule {} --token-file token \
         --rate-limit 0 --interval 50ms -o ndjson",
        env!("CARGO_BIN_EXE_cronctl"),
        fake.url
    );
    let mut child = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(sandbox.path("work"))
        .env_clear()
        .env("HOME", sandbox.path("home"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // While it is open, with what SQLite puts beside it.
    wait("a request", || !fake.posts().is_empty());
    let home = sandbox.path("home");
    let mut found = Vec::new();
    for path in files(&home) {
        let meta = std::fs::metadata(&path).unwrap();
        let mode = meta.permissions().mode() & 0o777;
        assert_eq!(mode, if meta.is_dir() { 0o700 } else { 0o600 }, "{path}");
        found.push(path);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        found.iter().any(|path| path.ends_with("/ledger.db")),
        "{found:?}"
    );
    assert!(found.iter().any(|path| path.ends_with("-wal")), "{found:?}");
}
