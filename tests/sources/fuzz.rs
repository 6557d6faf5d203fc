//! Damaged input of every kind gives an answer or an error that names the file; never a panic.

use std::path::Path;

use proptest::prelude::*;

use crate::{copy_of, data, open, stdin};

/// Flips, cuts and repeats bytes of `bytes` as `edits` say.
fn mutate(bytes: &mut Vec<u8>, edits: &[(u8, prop::sample::Index, u8)]) {
    for (kind, at, byte) in edits {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match kind % 4 {
            0 => bytes[at] ^= 1 << (byte % 8),
            1 => bytes[at] = *byte,
            2 => bytes.truncate(at),
            _ => {
                let end = (at + 1 + usize::from(*byte)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
}

fn edits() -> impl Strategy<Value = Vec<(u8, prop::sample::Index, u8)>> {
    prop::collection::vec(
        (any::<u8>(), any::<prop::sample::Index>(), any::<u8>()),
        1..6,
    )
}

fn check_state(version: &str, file: &str, edits: &[(u8, prop::sample::Index, u8)]) {
    let dir = copy_of(&format!("openclaw/{version}"));
    let path = dir.path().join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    mutate(&mut bytes, edits);
    std::fs::write(&path, &bytes).unwrap();
    let name = Path::new(file).file_name().unwrap().to_str().unwrap();
    match open(dir.path()) {
        Ok(loaded) => {
            for problem in loaded.problems {
                assert!(problem.at.contains(name), "{problem}");
            }
        }
        Err(error) => assert!(error.message.contains(name), "{error:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn jobs_json(edits in edits()) {
        check_state("v2026.3.28", "cron/jobs.json", &edits);
    }

    #[test]
    fn configuration(edits in edits()) {
        check_state("v2026.3.28", "openclaw.json", &edits);
    }

    #[test]
    fn sqlite(edits in edits()) {
        check_state("v2026.9.6", "state/openclaw.sqlite", &edits);
    }

    #[test]
    fn session_file(edits in edits()) {
        check_state("v2026.3.28", "agents/main/sessions/sessions.json", &edits);
    }

    #[test]
    fn session_database(edits in edits()) {
        check_state("v2026.9.6", "agents/main/agent/openclaw-agent.sqlite", &edits);
    }

    #[test]
    fn run_log(edits in edits()) {
        check_state("v2026.3.28", "cron/runs/d0b46586-63e4-4fff-a87b-54469378e504.jsonl", &edits);
    }

    #[test]
    fn task_ledger(edits in edits()) {
        let dir = copy_of("openclaw/v2026.3.31");
        let path = dir.path().join("tasks/runs.sqlite");
        let mut bytes = std::fs::read(&path).unwrap();
        mutate(&mut bytes, &edits);
        std::fs::write(&path, &bytes).unwrap();
        prop_assert_eq!(open(dir.path()).unwrap().jobs.len(), 13);
    }

    #[test]
    fn files_of_jobs(file in prop::sample::select(vec![
        "jobs/damaged.ndjson", "jobs/user.crontab", "molecule/get_schedules.json", "jobs/openclaw-cron-list-2026.9.6.json",
    ]), edits in edits()) {
        let mut bytes = std::fs::read(data(file)).unwrap();
        mutate(&mut bytes, &edits);
        if let Err(error) = stdin(&bytes) {
            prop_assert!(error.message.contains("stdin"), "{:?}", error);
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:0-9a-z *\n]{0,200}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            if let Err(error) = stdin(bytes) {
                prop_assert!(error.message.contains("stdin"), "{:?}", error);
            }
        }
    }
}
