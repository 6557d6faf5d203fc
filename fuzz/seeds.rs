//! The first inputs of the fuzz targets: recorded data of the tests, one input for each of its files.

use std::path::{Path, PathBuf};

use super::bodies::{CRON_HEAD, PLATFORM_HEAD, STATE_FILES};

/// One input: its target, a name, its bytes.
pub(crate) type Seed = (&'static str, String, Vec<u8>);

/// The seeds of all targets, in the same order each time.
pub(crate) fn seeds() -> Vec<Seed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("tests/data");
    let mut seeds = Vec::new();
    for (n, expression) in (0u8..).zip(text(&root.join("fuzz/expressions.txt")).lines()) {
        for target in ["cron_openclaw", "cron_molecule"] {
            let mut head = [n; CRON_HEAD];
            // Near the end of 2026: the instant is the head's last eight bytes.
            head[2..].copy_from_slice(&1_796_000_000_000_i64.to_le_bytes());
            seeds.push((
                target,
                n.to_string(),
                [&head, expression.as_bytes()].concat(),
            ));
        }
    }
    for file in files(&data.join("jobs")) {
        seeds.push(("jobs", name(&file), bytes(&file)));
    }
    seeds.push((
        "settings",
        "all".to_owned(),
        bytes(&root.join("fuzz/settings.toml")),
    ));
    for state in files(&data.join("openclaw"))
        .into_iter()
        .filter(|p| p.join(STATE_FILES[0]).is_file())
    {
        seeds.push(("config", name(&state), bytes(&state.join("openclaw.json"))));
        let runs = files(&state.join("cron/runs"));
        let parts: Vec<Vec<u8>> = STATE_FILES[..3]
            .iter()
            .map(|file| bytes(&state.join(file)))
            .chain([runs.first().map(|f| bytes(f)).unwrap_or_default()])
            .collect();
        seeds.push(("state", name(&state), parts.join(&0)));
    }
    let listed = text(&data.join("jobs/openclaw-cron-list-2026.9.6.json"));
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("recorded JSON");
    for (n, job) in listed["jobs"].as_array().into_iter().flatten().enumerate() {
        let row = format!("{job}\0{}", job["state"]);
        seeds.push(("rows", n.to_string(), row.into_bytes()));
    }
    for directory in [
        "tests/data/molecule/synth",
        "tests/data/molecule/runtime",
        "docs/contract",
    ] {
        for file in files(&root.join(directory)) {
            for which in 0..8 {
                let head: [u8; PLATFORM_HEAD] = [which, 1, 0x99, 1];
                seeds.push((
                    "platform",
                    format!("{which}-{}", name(&file)),
                    [&head[..], &bytes(&file)].concat(),
                ));
            }
        }
    }
    for file in files(&data.join("openclaw-gateway"))
        .into_iter()
        .filter(|f| f.is_file())
    {
        let frame = format!(
            r#"{{"type":"res","id":"1","ok":true,"payload":{}}}"#,
            text(&file)
        );
        seeds.push(("gateway", name(&file), frame.into_bytes()));
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let ledger = directory.path().join("ledger.db");
    drop(cronctl::ledger::Ledger::open(&ledger).expect("a new ledger"));
    seeds.push(("ledger", "new".to_owned(), bytes(&ledger)));
    seeds
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What is in a directory, by name; nothing where there is none.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|e| e.path()).collect();
    files.sort();
    files
}

/// The bytes of a file, none where there is none.
fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

fn text(path: &Path) -> String {
    String::from_utf8(bytes(path)).expect("text")
}
