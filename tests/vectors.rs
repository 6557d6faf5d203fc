//! The recorded answers of the real schedulers, all rows, through the batch mode's own function.
//!
//! `tests/data/vectors/*.jsonl.gz` were printed by the packages themselves (OpenClaw 2026.3.28,
//! 2026.3.31 and 2026.9.6 on Node 24; robfig/cron 3.0.1 called as Molecule calls it). Every row must
//! agree, refusals included, with the host's zone files and with the zones built in.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says what it compared"
)]

use std::io::Read;
use std::path::Path;

use cronctl::command::next;
use cronctl::env::Env;
use cronctl::schedule::{AsFound, Stagger, Version, ZoneSource, stagger};
use cronctl::zones::Zones;
use serde_json::{Value, json};

/// Reads a recorded file.
#[expect(clippy::disallowed_methods, reason = "tests read their own data")]
fn rows(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/vectors")
        .join(format!("{name}.jsonl.gz"));
    let file = std::fs::File::open(&path).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ms(instant: &Value) -> i64 {
    let text = instant.as_str().unwrap();
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn all_ms(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(ms).collect()
}

/// What a scheduler answered.
#[derive(Debug)]
enum Recorded {
    /// These fires.
    Fires(Vec<i64>),
    /// Every fire up to an instant.
    Until {
        fires: Vec<i64>,
        until: i64,
    },
    Refused,
}

struct Case {
    question: Value,
    recorded: Recorded,
}

/// A question that asks for one fire more than recorded when the schedule ends there.
fn case(mut question: Value, fires: Vec<i64>, ends: bool, refused: bool) -> Case {
    question["count"] = json!((fires.len() + usize::from(ends)).max(1));
    let recorded = if refused {
        Recorded::Refused
    } else {
        Recorded::Fires(fires)
    };
    Case { question, recorded }
}

fn agrees(recorded: &Recorded, answer: &Value) -> bool {
    let fires = || -> Option<Vec<i64>> {
        let list = answer.get("next_ms").or_else(|| answer.get("prev_ms"))?;
        list.as_array()?.iter().map(Value::as_i64).collect()
    };
    if answer.get("error").is_some() {
        return matches!(recorded, Recorded::Refused);
    }
    match (recorded, fires()) {
        (Recorded::Fires(fires), Some(found)) => *fires == found,
        (Recorded::Until { fires, until }, Some(found)) => {
            found.len() == fires.len() + 1
                && found.starts_with(fires)
                && found.last().is_some_and(|last| last > until)
        }
        _ => false,
    }
}

/// Asks every question in one batch and compares, with both sources of zone data.
fn check(name: &str, expected_rows: usize, cases: &[Case]) {
    let host_utc = || Zones::new(&Env::of([("TZ", "UTC")]));
    for (data, zones) in [("host", host_utc()), ("built in", Zones::built_in())] {
        let questions: Vec<String> = cases.iter().map(|c| c.question.to_string()).collect();
        let input = questions.join("\n");
        let mut output = Vec::new();
        let done = next::batch(input.as_bytes(), &mut output, &zones).unwrap();
        assert_eq!(done.questions, cases.len() as u64, "{name}: lines");
        let answers: Vec<Value> = String::from_utf8(output)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(answers.len(), cases.len(), "{name}: answers");
        let wrong: Vec<_> = cases
            .iter()
            .zip(&answers)
            .filter(|(case, answer)| !agrees(&case.recorded, answer))
            .collect();
        for (case, answer) in wrong.iter().take(10) {
            eprintln!(
                "{}\n  recorded {:?}\n  answered {answer}",
                case.question, case.recorded
            );
        }
        eprintln!(
            "{name}: {} of {} rows wrong ({data} zones)",
            wrong.len(),
            cases.len()
        );
        assert!(wrong.is_empty(), "{name}: {} rows wrong", wrong.len());
        assert_eq!(cases.len(), expected_rows, "{name}: rows in the file");
    }
}

/// Files of `{dialect, expr, tz, after, next}`.
fn expressions(name: &str, expected_rows: usize) {
    let cases: Vec<_> = rows(name)
        .iter()
        .map(|row| {
            let has = |key: &str| row.get(key).is_some();
            case(
                json!({
                    "dialect": row["dialect"], "expr": row["expr"], "tz": row["tz"],
                    "after_ms": ms(&row["after"]),
                }),
                all_ms(&row["next"]),
                has("ends") || has("never"),
                has("error") || has("hang"),
            )
        })
        .collect();
    check(name, expected_rows, &cases);
}

#[test]
fn openclaw_since_2026_8_1() {
    expressions("cron-openclaw-2026.9.6", 4_806);
    expressions("cron-fuzz-openclaw-2026.9.6", 3_140);
}

#[test]
fn openclaw_before_2026_8_1() {
    expressions("cron-openclaw-2026.3.31", 4_806);
    expressions("cron-fuzz-openclaw-2026.3.31", 354);
}

#[test]
fn molecule() {
    expressions("cron-molecule", 4_806);
    expressions("cron-fuzz-molecule", 2_823);
}

#[test]
fn openclaw_stagger_every_and_previous() {
    let name = "cron-openclaw-stagger-every-previous";
    let version = Version::new(2026, 9, 6);
    let cases: Vec<_> = rows(name)
        .iter()
        .map(|row| {
            let (dialect, what) = row["dialect"].as_str().unwrap().split_once('/').unwrap();
            let refused = row.get("error").is_some();
            match what {
                "stagger" => {
                    let (expr, id) = (row["expr"].as_str().unwrap(), row["job_id"].as_str());
                    let given = Some(&row["stagger_ms"]).filter(|v| !v.is_null());
                    let given = given.cloned().map(AsFound::from);
                    let found = Stagger::of(version, expr, given.as_ref(), id.unwrap());
                    assert_eq!(json!(found.window_ms), row["effective_stagger_ms"], "{row}");
                    assert_eq!(json!(found.offset_ms), row["offset_ms"], "{row}");
                    let schedule = json!({
                        "kind": "cron", "expr": expr, "tz": row["tz"],
                        "staggerMs": row["stagger_ms"],
                    });
                    let question = json!({
                        "dialect": dialect, "schedule": schedule, "job_id": id,
                        "after_ms": ms(&row["after"]),
                    });
                    case(question, all_ms(&row["next"]), false, refused)
                }
                "every" => {
                    let schedule = json!({
                        "kind": "every", "everyMs": row["every_ms"], "anchorMs": row["anchor_ms"],
                    });
                    let question = json!({
                        "dialect": dialect, "schedule": schedule, "after_ms": ms(&row["after"]),
                    });
                    case(question, all_ms(&row["next"]), false, refused)
                }
                "previous" => {
                    let question = json!({
                        "dialect": dialect, "expr": row["expr"], "tz": row["tz"],
                        "before_ms": ms(&row["before"]), "previous": true,
                    });
                    case(question, all_ms(&row["prev"]), false, refused)
                }
                other => panic!("{other}"),
            }
        })
        .collect();
    check(name, 1_029, &cases);
}

/// An answer of one instant, null for none, an object for a refusal.
fn one(question: Value, answer: &Value) -> Case {
    let fires: Vec<i64> = answer.as_i64().into_iter().collect();
    let ends = fires.is_empty();
    case(question, fires, ends, answer.is_object())
}

#[test]
fn openclaw_cron_semantics() {
    let mut cases = Vec::new();
    for row in rows("openclaw-cron-semantics") {
        let question = |version: &str| {
            json!({
                "openclaw_version": version, "expr": row["expr"], "tz": row["tz"],
                "after_ms": row["nowMs"],
            })
        };
        let new = &row["nextRunAtMs"];
        let old = row.get("nextRunAtMs_v2026_3_31").unwrap_or(new);
        cases.push(one(question("2026.9.6"), new));
        cases.push(one(question("2026.3.31"), old));
    }
    check("openclaw-cron-semantics", 2 * 2_065, &cases);
}

#[test]
fn openclaw_across_clock_changes() {
    let mut cases = Vec::new();
    for row in rows("openclaw-dst-walk") {
        for (version, key) in [
            ("2026.9.6", "fires_v2026_9_6"),
            ("2026.3.31", "fires_v2026_3_31"),
        ] {
            let fires: Vec<i64> = serde_json::from_value(row[key].clone()).unwrap();
            cases.push(Case {
                question: json!({
                    "openclaw_version": version, "expr": row["expr"], "tz": row["tz"],
                    "after_ms": row["startMs"], "count": fires.len() + 1,
                }),
                recorded: Recorded::Until {
                    fires,
                    until: row["endMs"].as_i64().unwrap(),
                },
            });
        }
    }
    check("openclaw-dst-walk", 2 * 26, &cases);
}

#[test]
fn openclaw_periods_and_instants() {
    let cases: Vec<_> = rows("openclaw-every-at")
        .iter()
        .map(|row| {
            let question = json!({
                "schedule": row["schedule"], "state": row["state"],
                "created_at_ms": row["createdAtMs"], "after_ms": row["nowMs"],
            });
            one(question, &row["nextRunAtMs"])
        })
        .collect();
    check("openclaw-every-at", 42, &cases);
}

#[test]
fn openclaw_jobs_added_to_a_running_gateway() {
    for version in ["2026.3.28", "2026.3.31", "2026.9.6"] {
        let name = format!("openclaw-live-gateway-{version}");
        let cases: Vec<_> = rows(&name)
            .iter()
            .map(|row| {
                let question = json!({
                    "openclaw_version": version, "schedule": row["stored"],
                    "job_id": row["jobId"], "created_at_ms": row["createdAtMs"],
                    "after_ms": row["createdAtMs"],
                });
                one(question, &row["nextRunAtMs"])
            })
            .collect();
        check(&name, 154, &cases);
    }
}

#[test]
fn openclaw_next_and_previous_of_200_job_ids() {
    let name = "openclaw-next-run-200ids";
    let all = rows(name);
    let (header, all) = all.split_first().unwrap();
    let mut cases = Vec::new();
    for row in all {
        let schedule = &header["schedules"][usize::try_from(row["s"].as_u64().unwrap()).unwrap()];
        let question = |version: &str| {
            json!({
                "openclaw_version": version, "schedule": schedule, "job_id": row["id"],
                "after_ms": row["now"],
            })
        };
        cases.push(one(question("2026.9.6"), &row["next"]));
        cases.push(one(question("2026.3.31"), &row["next"]));
        let mut previous = question("2026.9.6");
        previous["previous"] = json!(true);
        previous["at_or_before"] = json!(true);
        cases.push(one(previous, &row["prevAtOrBefore"]));
    }
    check(name, 3 * 1_876, &cases);
}

#[test]
fn openclaw_stagger_windows_and_offsets() {
    let versions = [
        ("v2026_3_31", Version::new(2026, 3, 31)),
        ("v2026_9_6", Version::new(2026, 9, 6)),
    ];
    let defaults = rows("openclaw-default-stagger");
    assert_eq!(defaults.len(), 11);
    for row in &defaults {
        for (key, version) in versions {
            let found = Stagger::of(version, row["expr"].as_str().unwrap(), None, "job");
            assert_eq!(json!(found.window_ms), row[key], "{key} {row}");
        }
    }
    let odd = rows("openclaw-stagger-normalize");
    assert_eq!(odd.len(), 18);
    for row in &odd {
        // JSON has neither `undefined` nor `NaN`; both are absent there.
        let input = match row["input"].as_str() {
            Some("<undefined>" | "<NaN>") => &Value::Null,
            _ => &row["input"],
        };
        for (key, version) in versions {
            assert_eq!(
                json!(stagger::explicit(version, &AsFound::from(input.clone()))),
                row[key],
                "{key} {row}"
            );
        }
    }
    let offsets = rows("openclaw-stagger-offsets");
    assert_eq!(offsets.len(), 1_536);
    for row in &offsets {
        let id = row["jobId"].as_str().unwrap();
        let found = stagger::offset(id, row["staggerMs"].as_i64().unwrap());
        assert_eq!(json!(found), row["offsetMs"], "{row}");
    }
}

#[test]
fn both_sources_of_zone_data_were_there() {
    let host = Zones::new(&Env::of([("TZ", "UTC")]));
    assert!(host.zone("Australia/Lord_Howe").is_some());
    eprintln!("{}; {}", host.version(), Zones::built_in().version());
}
