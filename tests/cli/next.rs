//! `cronctl next`: fires, words, clock changes, traps, comparison, batch.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::sandbox::{Run, Sandbox};

/// Runs `next` with an expression and options that hold no spaces.
fn next(expr: &str, options: &str) -> Run {
    let args = ["next", expr].into_iter().chain(options.split_whitespace());
    Sandbox::new().command(args).run()
}

fn json(expr: &str, options: &str) -> Value {
    next(expr, &format!("{options} --json")).json()
}

fn each<'a>(document: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
    let rows = document[list].as_array().unwrap();
    rows.iter()
        .map(|row| row[key].as_str().unwrap_or_default())
        .collect()
}

#[test]
fn the_overview_says_it_all() {
    let run = next(
        "0,30 9-17 * * mon-fri",
        "--tz America/New_York --after 2026-11-20T21:00Z",
    );
    assert_data_eq!(
        run.ok(),
        str![[r#"
expression  0,30 9-17 * * mon-fri
normalised  */30 9-17 * * 1-5
   meaning  Monday to Friday, at minute 0 and 30 past every hour from 09 to 17
     rules  openclaw (default) 2026.9.6 (default, the newest checked)
      zone  America/New_York (--tz)
 zone data  [..]
     after  2026-11-20 21:00:00 UTC (--after)

Next fires
LOCAL                        UTC                      FROM NOW
Fri 2026-11-20 16:30:00 EST  2026-11-20 21:30:00 UTC  in 110 d 18 h
Fri 2026-11-20 17:00:00 EST  2026-11-20 22:00:00 UTC  in 110 d 19 h
Fri 2026-11-20 17:30:00 EST  2026-11-20 22:30:00 UTC  in 110 d 19 h
Mon 2026-11-23 09:00:00 EST  2026-11-23 14:00:00 UTC  in 113 d 11 h
Mon 2026-11-23 09:30:00 EST  2026-11-23 14:30:00 UTC  in 113 d 11 h

Next clock changes
2027-03-14 02:00 → 03:00: no time that it asks for is concerned
2027-11-07 02:00 → 01:00: no time that it asks for is concerned

"#]]
    );
}

#[test]
fn macros_dates_and_endings() {
    let daily = json("@daily", "--tz UTC");
    assert_eq!(daily["normalised"], "0 0 * * *");
    assert_eq!(daily["meaning"], "every day, at 00:00");
    assert_eq!(daily["ends"], false);
    assert_eq!(daily["fires"].as_array().unwrap().len(), 5);
    assert_eq!(daily["fires"][0]["at"], "2026-08-03T00:00:00.000Z");
    assert_eq!(daily["fires"][0]["in_ms"], 75_600_000);
    let once = json("2027-01-01T09:00", "--tz Europe/Berlin");
    assert_eq!(once["meaning"], "once, on 2027-01-01 09:00 (Europe/Berlin)");
    assert_eq!(
        each(&once, "fires", "local_at"),
        ["2027-01-01T09:00:00.000+01:00"]
    );
    assert_eq!(
        (&once["ends"], &once["normalised"]),
        (&true.into(), &Value::Null)
    );
    let never = next("0 9 30 2 *", "").ok();
    assert!(
        never.contains("None after 2026-08-02 03:00:00 UTC."),
        "{never}"
    );
}

#[test]
fn new_york_over_the_gap_and_the_repeat() {
    // (rules, first fires of `30 2` after 7 March 2026, of `30 1` after 31 October 2026)
    let old = "--openclaw-version 2026.3.31";
    let last_old = "--openclaw-version 2026.7.35";
    let first_new = "--openclaw-version 2026.8.1";
    let molecule = "--dialect molecule";
    let shifted = [
        "2026-03-08T03:30:00.000-04:00",
        "2026-03-09T02:30:00.000-04:00",
    ];
    let skipped = [
        "2026-03-09T02:30:00.000-04:00",
        "2026-03-10T02:30:00.000-04:00",
    ];
    let once = [
        "2026-11-01T01:30:00.000-04:00",
        "2026-11-02T01:30:00.000-05:00",
    ];
    let twice = [
        "2026-11-01T01:30:00.000-04:00",
        "2026-11-01T01:30:00.000-05:00",
    ];
    for (rules, gap, repeat) in [
        (old, shifted, once),
        (last_old, shifted, once),
        (first_new, skipped, once),
        ("", skipped, once),
        (molecule, skipped, twice),
    ] {
        let ask = |expr, after| {
            json(
                expr,
                &format!("--tz America/New_York -n 2 --after {after} {rules}"),
            )
        };
        let march = ask("30 2 * * *", "2026-03-07T12:00Z");
        assert_eq!(each(&march, "fires", "local_at"), gap, "{rules}");
        let expected = if gap == shifted {
            (
                "shifted",
                "02:30 does not exist: shifted to 03:30",
                "shifted",
            )
        } else {
            ("skipped", "02:30 does not exist: skipped", "after-skip")
        };
        let effect = &march["dst"][0]["effects"][0];
        assert_eq!(march["dst"][0]["change"], "2026-03-08 02:00 → 03:00");
        assert_eq!(
            (effect["kind"].as_str(), effect["text"].as_str()),
            (Some(expected.0), Some(expected.1))
        );
        assert_eq!(march["fires"][0]["dst"], expected.2, "{rules}");
        assert_eq!(march["dst"][1]["effects"], serde_json::json!([]), "{rules}");

        let october = ask("30 1 * * *", "2026-10-31T12:00Z");
        assert_eq!(each(&october, "fires", "local_at"), repeat, "{rules}");
        let text = if repeat == twice {
            "01:30 occurs twice: fires twice"
        } else {
            "01:30 occurs twice: fires once, the first time"
        };
        assert_eq!(october["dst"][0]["effects"][0]["text"], text, "{rules}");
        assert_eq!(october["fires"][0]["dst"], "first-of-two", "{rules}");
        let second = if repeat == twice {
            "second-of-two".into()
        } else {
            Value::Null
        };
        assert_eq!(october["fires"][1]["dst"], second, "{rules}");
    }
}

#[test]
fn traps_are_named_in_every_dialect() {
    let none: &[&str] = &[];
    for (expr, options, expect) in [
        ("0 12 ? * MON", "", &["question-mark"][..]),
        ("0 12 * * MON", "", none),
        ("0 12 */1 * 1", "", &["whole-field"]),
        ("0 12 *,15 * 1", "", &["whole-field"]),
        ("0 12 13 * 5", "", &["either-day"]),
        ("0 9 1,15,31 * *", "", &["march-lost"]),
        ("0 9 1,15 * *", "", none),
        ("0 9 30 2 *", "", &["never-silent"]),
        ("0 * * * *", "", &["top-of-hour"]),
        ("0 * * * *", "--job-id a", &["top-of-hour"]),
        ("0 * * * *", "--job-id a --stagger 0", none),
        ("0 9 3L * *", "", &["number-and-last"]),
        ("* * * * * *", "", &["seconds-field"]),
        ("2027-01-01T09:00", "", &["one-shot"]),
        ("0 9 13 * 5", "--dialect molecule", &["either-day"]),
        ("0 0 */1 * 1", "--dialect molecule", &["star-item"]),
        ("0 9 30 2 *", "--dialect molecule", &["never-but-due"]),
        ("5/15 * * * *", "--dialect molecule", &["step-from-number"]),
        (
            ", * * * *",
            "--dialect molecule",
            &["empty-field", "never-but-due"],
        ),
        (
            "0 5 * * *",
            "--dialect molecule --tz Australia/Lord_Howe",
            &["lost-in-walk"],
        ),
        (
            "0 5 * * *",
            "--dialect molecule --tz Australia/Sydney",
            none,
        ),
        ("0 0 9 * * 1-5", "--dialect cron-rs", &["numeric-weekdays"]),
        ("0 0 9 * * Mon-Fri", "--dialect cron-rs", none),
        ("0 0 9 13 * Fri", "--dialect cron-rs", &["both-days"]),
    ] {
        let document = json(expr, options);
        assert_eq!(each(&document, "traps", "kind"), expect, "{expr} {options}");
        for trap in document["traps"].as_array().unwrap() {
            assert!(trap["text"].as_str().unwrap().ends_with('.'), "{trap}");
        }
    }
}

#[test]
fn a_lost_first_of_march_is_really_lost() {
    let document = json("0 9 1,15,31 * *", "--after 2026-02-20T00:00Z --tz UTC -n 1");
    let text = document["traps"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("2026-03-01, 2027-03-01, 2028-03-01 match"),
        "{text}"
    );
    assert_eq!(each(&document, "fires", "at"), ["2026-03-15T09:00:00.000Z"]);
}

#[test]
fn stagger_moves_the_fires_of_a_known_job() {
    let staggered = json("0 * * * *", "--job-id 3f0c -n 1");
    assert_eq!(staggered["inputs"]["stagger_ms"], 91_011);
    assert_eq!(staggered["inputs"]["stagger_window_ms"], 300_000);
    assert_eq!(staggered["inputs"]["stagger_reason"], "top-of-hour");
    assert_eq!(staggered["fires"][0]["at"], "2026-08-02T03:01:31.011Z");
    let exact = json("0 * * * *", "--job-id 3f0c --stagger 0 -n 1");
    assert_eq!(exact["fires"][0]["at"], "2026-08-02T04:00:00.000Z");
    let unknown = json("0 * * * *", "-n 1");
    assert_eq!(unknown["inputs"]["stagger_ms"], Value::Null);
    assert_eq!(unknown["fires"][0]["at"], "2026-08-02T04:00:00.000Z");
}

#[test]
fn the_zone_is_named_with_its_origin() {
    let origin = |options: &str, tz: &str| {
        let args = ["next", "0 9 * * *", "--json"];
        let args = args.into_iter().chain(options.split_whitespace());
        let document: Value = Sandbox::new().command(args).env("TZ", tz).run().json();
        let text = |key: &str| document["inputs"][key].as_str().unwrap().to_owned();
        (text("zone"), text("zone_origin"))
    };
    let is = |zone: &str, origin: &str| (zone.to_owned(), origin.to_owned());
    let host = is("Asia/Tokyo", "the host's, from the variable TZ");
    assert_eq!(origin("", "Asia/Tokyo"), host);
    assert_eq!(origin("--tz=", "Asia/Tokyo"), host);
    assert_eq!(
        origin("--tz europe/berlin", "Asia/Tokyo"),
        is("Europe/Berlin", "--tz")
    );
    let molecule = "--dialect molecule";
    assert_eq!(
        origin(molecule, "Asia/Tokyo"),
        is("UTC", "Molecule's default")
    );
    let prefixed = json(
        "CRON_TZ=Asia/Tokyo 0 9 * * *",
        "--dialect molecule --tz UTC",
    );
    assert_eq!(prefixed["inputs"]["zone"], "Asia/Tokyo");
    assert_eq!(prefixed["inputs"]["zone_origin"], "the expression's prefix");
    assert_eq!(each(&prefixed, "traps", "kind"), ["zone-prefix"]);
}

#[test]
fn refusals_show_the_place_and_what_to_write() {
    let refusals = [
        ("0 9 * * 5-7", "--dialect molecule"),
        ("@daily", "--dialect molecule"),
        ("CRON_TZ=UTC", "--dialect molecule"),
        ("0 0 9 * * 1", "--dialect molecule"),
        ("0 0/15 * * *", ""),
        ("0 9 * * FRI-SUN-MON", ""),
        ("0 22-2 * * *", ""),
        ("0 9 * *", ""),
        ("0 9 * * *", "--dialect cron-rs"),
        ("0 9 * * *", "--tz America/NewYork"),
        ("0 9 * * *", "--tz utc+1 --dialect molecule"),
    ];
    let all = refusals.map(|(expr, options)| {
        let run = next(expr, options);
        assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{run}");
        format!("$ cronctl next '{expr}' {options}\n{}", run.stderr)
    });
    let all = all.concat();
    assert_data_eq!(
        all,
        str![[r#"
$ cronctl next '0 9 * * 5-7' --dialect molecule
error: weekday, column 9: 7 is above 6
  0 9 * * 5-7
          ^^^
hint: 7 is not a weekday here: Sunday is 0
$ cronctl next '@daily' --dialect molecule
error: Molecule's parser takes no macros
hint: write 0 0 * * *
$ cronctl next 'CRON_TZ=UTC' --dialect molecule
error: a zone prefix with no space behind it makes robfig/cron 3.0.1 panic
hint: write CRON_TZ=Europe/Berlin 0 9 * * *
$ cronctl next '0 0 9 * * 1' --dialect molecule
error: a Molecule expression has exactly 5 fields, found 6
hint: Molecule has no seconds: take the first field out
$ cronctl next '0 0/15 * * *' 
error: hour, column 3: croner steps from a range or a *, not from "0"
  0 0/15 * * *
    ^^^^
hint: write 0-23/15 instead of 0/15
$ cronctl next '0 9 * * FRI-SUN-MON' 
error: weekday, column 9: "5-7-1" is not a range
  0 9 * * FRI-SUN-MON
          ^^^^^^^^^^^
hint: write a-b: 1-5
$ cronctl next '0 22-2 * * *' 
error: hour, column 3: "22-2" runs backwards
  0 22-2 * * *
    ^^^^
hint: ranges do not wrap around: write 22-23,0-2
$ cronctl next '0 9 * *' 
error: an OpenClaw expression has 5, 6 (seconds first) or 7 (year last) fields, found 4
$ cronctl next '0 9 * * *' --dialect cron-rs
error: column 10: the cron crate refuses it: it ends too early
  0 9 * * *
           ^
hint: it wants the seconds first: 6 or 7 fields; weekdays are 1-7 from Sunday
$ cronctl next '0 9 * * *' --tz America/NewYork
error: "America/NewYork" is not a zone
hint: did you mean America/New_York, America/Fort_Wayne, America/Nome?
$ cronctl next '0 9 * * *' --tz utc+1 --dialect molecule
error: "utc+1" is not a zone
hint: did you mean UTC, Etc/UTC?

"#]]
    );
}

#[test]
fn options_that_contradict_are_usage_errors() {
    for (expr, options) in [
        (
            "0 9 * * *",
            "--dialect molecule --openclaw-version 2026.3.31",
        ),
        ("0 9 * * *", "--dialect molecule --job-id a"),
        ("0 9 * * *", "--stagger 5s"),
        ("0 9 * * *", "--batch -"),
        ("0 9 * * *", "--after tomorrow"),
        ("0 9 * * *", "--count 0"),
        ("0 9 * * *", "--compare --dialect molecule"),
    ] {
        let run = next(expr, options);
        assert_eq!(run.code, Some(2), "{options}: {run}");
    }
    assert_eq!(Sandbox::new().run("next").code, Some(2));
}

#[test]
fn rows_are_the_fires_in_every_format() {
    let document = json("0 9 * * *", "--tz Europe/Berlin -n 3");
    let lines: Vec<Value> = next("0 9 * * *", "--tz Europe/Berlin -n 3 -o ndjson").ndjson();
    assert_eq!(document["fires"], Value::Array(lines));
    let csv = next(
        "0 9 * * *",
        "--tz Europe/Berlin -n 2 -o csv --columns at_ms,dst",
    )
    .ok();
    assert_eq!(csv, "at_ms,dst\n1785654000000,\n1785740400000,\n");
    assert_eq!(
        next("* * * * *", "-n 1000 -o csv --no-headers")
            .ok()
            .lines()
            .count(),
        1_000
    );
}

#[test]
fn a_newer_version_than_was_checked_is_doubtful() {
    let run = next("0 9 * * *", "--openclaw-version 2027.1.1");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr
            .starts_with("warning: OpenClaw 2027.1.1 is newer than 2026.9.6"),
        "{run}"
    );
}

#[test]
fn dialects_side_by_side() {
    let run = next(
        "30 2 * * *",
        "--compare --tz America/New_York --after 2026-03-07T12:00Z -n 2",
    );
    assert_data_eq!(
        run.ok(),
        str![[r#"
30 2 * * *  after 2026-03-07 12:00:00 UTC, zone data [..]

Readings
openclaw 2026.3.31 every day, at 02:30; America/New_York (--tz)
openclaw 2026.9.6  every day, at 02:30; America/New_York (--tz)
molecule           every day, at 02:30; America/New_York (--tz)
cron-rs            refused: column 11: the cron crate refuses it: it ends too early (it wants the seconds first: 6 or 7 fields; weekdays are 1-7 from Sunday)

Next fires
   OPENCLAW 2026.3.31           OPENCLAW 2026.9.6            MOLECULE
1  Sun 2026-03-08 03:30:00 EDT  Mon 2026-03-09 02:30:00 EDT  Mon 2026-03-09 02:30:00 EDT
2  Mon 2026-03-09 02:30:00 EDT  Tue 2026-03-10 02:30:00 EDT  Tue 2026-03-10 02:30:00 EDT

First difference: at Sun 2026-03-08 03:30:00 EDT openclaw 2026.3.31 fires,
openclaw 2026.9.6 and molecule do not.

"#]]
    );
}

#[test]
fn comparison_names_the_first_difference_and_how_far_it_looked() {
    let same = json("0 9 * * *", "--compare --tz America/New_York");
    assert_eq!(same["difference"]["at_ms"], Value::Null);
    assert_eq!(
        same["difference"]["compared_until_at"],
        "2027-09-06T03:00:00.000Z"
    );
    // One expression, two schedulers, different days.
    let days = json("0 0 */1 * 1", "--compare --tz UTC");
    assert_eq!(days["difference"]["at"], "2026-08-04T00:00:00.000Z");
    let fire = ["openclaw 2026.3.31", "openclaw 2026.9.6"];
    assert_eq!(days["difference"]["fire"], serde_json::json!(fire));
    // Only the repeated hour of November tells Molecule from OpenClaw.
    let often = json("* * * * *", "--compare --tz America/New_York");
    assert_eq!(often["difference"]["at"], "2026-11-01T06:00:00.000Z");
    assert_eq!(often["difference"]["fire"], serde_json::json!(["molecule"]));
    let refused = next("@daily", "--compare");
    assert_eq!((refused.code, &*refused.stderr), (Some(0), ""), "{refused}");
    let rows: Vec<Value> = next("@weekly", "--compare -n 1 -o ndjson").ndjson();
    let why = |i: usize| rows[i]["why_not"].as_str();
    assert_eq!(rows.len(), 4);
    assert_eq!((why(0), why(1)), (None, None));
    assert_eq!(why(2), Some("refused: Molecule's parser takes no macros"));
    let nobody = json("x", "--compare");
    assert_eq!(nobody["difference"]["text"], "No dialect accepts it.");
}

#[test]
fn a_batch_answers_line_by_line() {
    let questions = [
        r#"{"expr": "0 9 * * *", "tz": "UTC", "after_ms": 0, "count": 2}"#,
        "not json",
        r#"{"dialect": "molecule", "expr": "@daily", "after_ms": 0}"#,
        r#"{"dialect": "molecule", "expr": "30 1 * * *", "tz": "America/New_York", "after_ms": 1793505600000, "count": 2}"#,
    ];
    let check = |run: Run| {
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{run}");
        let answers: Vec<Value> = run.ndjson();
        assert_eq!(answers.len(), 4);
        assert_eq!(
            answers[0],
            serde_json::json!({"next_ms": [32_400_000, 118_800_000]})
        );
        assert_eq!(answers[1]["error"]["kind"], "malformed");
        assert_eq!(answers[2]["error"]["hint"], "write 0 0 * * *");
        assert_eq!(
            answers[3]["next_ms"],
            serde_json::json!([1_793_511_000_000_i64, 1_793_514_600_000_i64])
        );
    };
    let sandbox = Sandbox::new();
    let text = questions.join("\n") + "\n";
    check(
        sandbox
            .command(["next", "--batch", "-"])
            .stdin(text.clone())
            .run(),
    );
    sandbox.write("work/questions.ndjson", text);
    check(sandbox.run("next --batch questions.ndjson"));
    let missing = sandbox.run("next --batch missing.ndjson");
    assert_eq!(missing.code, Some(1));
    assert!(
        missing
            .stderr
            .starts_with("error: missing.ndjson cannot be read"),
        "{missing}"
    );
}

#[test]
fn a_batch_answers_before_the_next_question() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cronctl"))
        .args(["next", "--batch", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for after in [0, 86_400_000] {
        let question = format!(r#"{{"expr":"0 0 * * *","tz":"UTC","after_ms":{after}}}"#);
        writeln!(stdin, "{question}").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{{\"next_ms\":[{}]}}\n", after + 86_400_000));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_batch_whose_reader_left_ends_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let question = "{\"expr\":\"0 0 * * *\",\"after_ms\":0}\n".repeat(100);
    let sandbox = Sandbox::new();
    let command = sandbox.command(["next", "--batch", "-"]).stdin(question);
    let run = command
        .stdout(writer)
        .stderr(Stdio::piped())
        .run_as_connected();
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
}
