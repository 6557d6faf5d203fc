//! Which keys each version refuses, against what the packages themselves said.
//!
//! `config-keys.jsonl` was recorded from the packages on Node 24: `paths` are the keys that the
//! configuration reader (the one of `openclaw config validate`) names, `validate` is its verdict, and
//! `ok` whether the gateway can start, if need be after its own repair.

use std::path::Path;

use cronctl::openclaw::config::Node;
use cronctl::openclaw::keys::{Fate, Knowledge, When, refused};
use cronctl::schedule::Version;
use serde_json::{Value, json};

use crate::data;

fn rows(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The answer to a row in the form of its recorded part.
fn answer(row: &Value) -> Value {
    let version: Version = row["version"].as_str().unwrap().parse().unwrap();
    let root: Node = serde_json::from_value(row["config"].clone()).unwrap();
    let found = refused(&root, version);
    assert!(found.iter().all(|r| r.confidence == Knowledge::Exact));
    let at_load = |fate: &Fate| matches!(fate, Fate::Migrated(m) if m.when == When::Load);
    let mut paths: Vec<_> = found
        .iter()
        .filter(|r| !at_load(&r.fate))
        .map(|r| r.path.as_str())
        .collect();
    paths.sort_unstable();
    json!({
        "ok": found.iter().all(|r| r.fate != Fate::Refused),
        "validate": paths.is_empty(),
        "paths": paths,
    })
}

#[test]
fn recorded_configurations() {
    let rows = rows(&data("vectors/openclaw/config-keys.jsonl"));
    let mut wrong = Vec::new();
    for row in &rows {
        let answer = answer(row);
        let agrees = ["ok", "validate", "paths"]
            .iter()
            .all(|key| answer[key] == row[key]);
        if !agrees {
            wrong.push(format!("{row}\n  answer: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for version in ["2026.3.28", "2026.3.31", "2026.9.6"] {
        let count = |ok: bool| {
            let of = |row: &&Value| row["version"] == version && row["ok"] == ok;
            rows.iter().filter(of).count()
        };
        assert!(count(true) >= 12 && count(false) >= 12, "{version}");
    }
}
