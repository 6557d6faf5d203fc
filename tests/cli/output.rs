//! Formats, columns, sorting, colour, closed pipes, full disks.

use std::fs::OpenOptions;
use std::io::Read;
use std::process::Stdio;

use serde::Deserialize;
use snapbox::{assert_data_eq, str};

use crate::sandbox::Sandbox;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the fields are the point")]
struct Settings {
    schema: String,
    generated_at: String,
    generated_at_ms: i64,
    tool_version: String,
    inputs: Inputs,
    rows: Vec<Setting>,
    warnings: Vec<String>,
    problems: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the fields are the point")]
struct Inputs {
    files: Vec<String>,
    context: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the fields are the point")]
struct Setting {
    key: String,
    value: serde_json::Value,
    origin: String,
    variable: Option<String>,
    about: String,
}

#[test]
fn a_table_has_titles_and_no_trailing_spaces() {
    let table = Sandbox::new().run("config show").ok();
    assert!(table.lines().all(|line| line == line.trim_end()));
    assert_data_eq!(
        table,
        str![[r#"
KEY              VALUE                     ORIGIN
output           table                     built-in
color            auto                      built-in
context          -                         built-in
plan.jitter      spread                    built-in
plan.window      5s                        built-in
plan.gap         2s..5s                    built-in
plan.burst       2                         built-in
plan.seed        0                         built-in
plan.run_length  -                         built-in
plan.group_by    -                         built-in
now              2026-08-02T03:00:00.000Z  env CRONCTL_NOW

"#]]
    );
}

#[test]
fn json_is_one_document_with_a_head() {
    let settings: Settings = Sandbox::new().run("config show --json").json();
    assert_eq!(settings.schema, "cronctl.config/1");
    assert_eq!(settings.generated_at, "2026-08-02T03:00:00.000Z");
    assert_eq!(settings.generated_at_ms, 1_785_639_600_000);
    assert_eq!(settings.tool_version, env!("CARGO_PKG_VERSION"));
    let context = settings.rows.iter().find(|r| r.key == "context").unwrap();
    assert_eq!(context.value, serde_json::Value::Null);
}

#[test]
fn ndjson_is_the_rows_of_the_document() {
    let sandbox = Sandbox::new();
    let document: serde_json::Value = sandbox.run("config path -o json").json();
    let lines: Vec<serde_json::Value> = sandbox.run("config path -o ndjson").ndjson();
    assert_eq!(document["rows"], serde_json::Value::Array(lines));
}

#[test]
fn csv_reads_back_as_the_rows_of_the_document() {
    let sandbox = Sandbox::new();
    let settings: Settings = sandbox.run("config show -o json").json();
    let csv = sandbox.run("config show -o csv").ok();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(
        reader.headers().unwrap(),
        ["key", "value", "origin", "variable", "about"].as_slice()
    );
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), settings.rows.len());
    for (record, row) in records.iter().zip(&settings.rows).skip(1) {
        assert_eq!((&record[0], &record[2]), (&*row.key, &*row.origin));
    }
}

#[test]
fn csv_quotes_and_disarms_what_a_spreadsheet_would_compute() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "work/cronctl.toml",
        "[contexts.a.molecule]\nurl = '=HYPERLINK(\"x\",\"y\")'\norg = '-12.5'\n",
    );
    let csv = sandbox.run("config show -o csv --columns key,value --sort key");
    let lines: Vec<_> = csv
        .stdout
        .lines()
        .filter(|l| l.contains("molecule"))
        .collect();
    assert_eq!(
        lines,
        [
            "contexts.a.molecule.org,-12.5",
            r#"contexts.a.molecule.url,"'=HYPERLINK(""x"",""y"")""#,
        ]
    );
}

#[test]
fn control_characters_never_reach_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "work/cronctl.toml",
        "[contexts.a.molecule]\nurl = \"x\\u001b[31m\\u202ey\"\n",
    );
    let table = sandbox.run("config show --color always").ok();
    assert!(table.contains(r"x\u{1b}[31m\u{202e}y"), "{table}");
    let error = sandbox.run("config show --context \u{1b}[2J");
    assert!(!error.stderr.contains('\u{1b}'), "{error}");
}

#[test]
fn columns_and_order_are_chosen() {
    let sandbox = Sandbox::new();
    let run = |line: &str| sandbox.run(line).ok();
    assert_data_eq!(
        run("config show --columns value,key --sort -key --no-headers"),
        str![[r#"
5s                        plan.window
0                         plan.seed
-                         plan.run_length
spread                    plan.jitter
-                         plan.group_by
2s..5s                    plan.gap
2                         plan.burst
table                     output
2026-08-02T03:00:00.000Z  now
-                         context
auto                      color

"#]]
    );
    assert_data_eq!(
        run("config path --columns found -o csv --no-headers"),
        str![[r#"
false
false

"#]]
    );
    assert_data_eq!(
        run("config path --columns found,scope -o ndjson"),
        str![[r#"
{"found":false,"scope":"project"}
{"found":false,"scope":"user"}

"#]]
    );
    let json = sandbox.run("config path --columns found --json");
    assert_eq!(
        (json.code, json.stdout.contains("\"scope\"")),
        (Some(0), true)
    );
    assert!(json.stderr.starts_with("note: --columns"), "{json}");
    assert_eq!(
        sandbox.run("config path --columns found --json -q").stderr,
        ""
    );
}

#[test]
fn colour_is_for_terminals_unless_asked() {
    let sandbox = Sandbox::new();
    let colored = |line: &str, name: &str, value: &str| {
        let command = sandbox.command(line.split(' ')).env(name, value);
        command.run().ok().contains('\u{1b}')
    };
    assert!(!colored("config show", "TERM", "xterm"));
    assert!(colored("config show --color always", "NO_COLOR", "1"));
    assert!(colored("config show", "CLICOLOR_FORCE", "1"));
    assert!(colored("config show", "CRONCTL_COLOR", "always"));
    assert!(!colored("config show --color never", "CLICOLOR_FORCE", "1"));
    assert!(colored("--help", "CRONCTL_COLOR", "always"));
    assert!(!colored("--help --color=never", "CLICOLOR_FORCE", "1"));
    assert!(!colored("--color never --help", "CLICOLOR_FORCE", "1"));
    assert!(!colored("--help", "TERM", "xterm"));
    assert!(colored("--help", "CLICOLOR_FORCE", "1"));
    // Nothing but colour is added.
    let plain = sandbox.run("config path").ok();
    let styled = sandbox.run("config path --color always").ok();
    let pieces = styled
        .split('\u{1b}')
        .map(|piece| match piece.strip_prefix('[') {
            Some(sequence) => sequence.split_once('m').unwrap().1,
            None => piece,
        });
    assert_eq!(pieces.collect::<String>(), plain);
    assert_ne!(styled, plain);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sandbox = Sandbox::new();
    for line in [
        "config show -o ndjson",
        "config show",
        "config show --json",
        "config show -o csv",
        "--help",
        "completions bash",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let command = sandbox.command(line.split(' ')).stdout(writer);
        let run = command.stderr(Stdio::piped()).run_as_connected();
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{line}");
    }
}

#[test]
fn a_closed_stderr_changes_nothing() {
    let sandbox = Sandbox::new();
    for (line, code) in [
        ("config show --columns nope", 2),
        ("nope", 2),
        ("config path --json --columns found", 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let command = sandbox.command(line.split(' ')).stderr(writer);
        let run = command.stdout(Stdio::piped()).run_as_connected();
        assert_eq!(run.code, Some(code), "{line}");
    }
}

#[test]
fn a_reader_that_leaves_early_gets_what_it_read() {
    let sandbox = Sandbox::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let command = sandbox
        .command(["config", "show", "-o", "ndjson"])
        .stdout(writer);
    let head = std::thread::spawn(move || {
        let mut first = [0];
        reader.read_exact(&mut first).unwrap();
        first
    });
    let run = command.stderr(Stdio::piped()).run_as_connected();
    assert_eq!(head.join().unwrap(), *b"{");
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
}

#[test]
fn input_that_nobody_reads_does_no_harm() {
    let sandbox = Sandbox::new();
    let command = sandbox
        .command(["config", "path"])
        .stdin("x".repeat(1 << 17));
    assert!(!command.run().ok().is_empty());
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"config\xff");
    let run = Sandbox::new().command([""; 0]).arg(odd).run();
    assert_eq!((run.code, run.stderr.is_empty()), (Some(2), false), "{run}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let sandbox = Sandbox::new();
    for line in [
        "config show -o ndjson",
        "config show",
        "config show --json",
        "config show -o csv",
        "--version",
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let command = sandbox.command(line.split(' ')).stdout(full);
        let run = command.stderr(Stdio::piped()).run_as_connected();
        assert_eq!(run.code, Some(1), "{line}");
        assert_eq!(
            run.stderr,
            "error: stdout cannot be written\n  because: No space left on device (os error 28)\n",
            "{line}"
        );
    }
}
