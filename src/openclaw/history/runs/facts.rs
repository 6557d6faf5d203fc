//! What the audit asks of a job's own entry beside what a [`crate::job::Job`] holds.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::job::read_document;
use crate::openclaw::loose::Loose;

/// The largest `jobs.json` that is read.
const MAX_BYTES: u64 = 256 << 20;

/// What a job's own entry says beside what a [`crate::job::Job`] holds. Epoch milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFacts {
    /// `updatedAtMs`: the end of the last run sets it, too.
    pub updated_at_ms: Option<i64>,
    /// `state.scheduleActivatedAtMs` (2026.9).
    pub activated_at_ms: Option<i64>,
    /// Whether there is a `pacing` (2026.9).
    pub is_paced: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    id: Loose<String>,
    job_id: Loose<String>,
    updated_at_ms: Loose<i64>,
    pacing: Option<serde::de::IgnoredAny>,
    state: State,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct State {
    schedule_activated_at_ms: Loose<i64>,
}

/// Reads the facts of `jobs.json`, by job id. What is odd in it is said by the reader of its jobs.
pub(super) fn of_file(path: &Path) -> Result<HashMap<String, JobFacts>, Error> {
    let bytes = crate::files::read(path, MAX_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut facts = HashMap::new();
    read_document(text.trim_start_matches('\u{feff}'), &mut |job| {
        let Ok(entry) = serde_json::from_str::<Entry>(job) else {
            return;
        };
        let found = entry.facts();
        if let Some(id) = entry.id.ok().or(entry.job_id.ok()) {
            facts.insert(id, found);
        }
    });
    Ok(facts)
}

/// The facts of one row of `cron_jobs`, whose columns are the definition, the state and when it was
/// last changed.
pub(super) fn of_row(definition: &str, state: &str, updated_at_ms: Option<i64>) -> JobFacts {
    let entry: Entry = serde_json::from_str(definition).unwrap_or_default();
    let state: State = serde_json::from_str(state).unwrap_or_default();
    JobFacts {
        updated_at_ms,
        ..Entry { state, ..entry }.facts()
    }
}

impl Entry {
    fn facts(&self) -> JobFacts {
        JobFacts {
            updated_at_ms: self.updated_at_ms.clone().ok(),
            activated_at_ms: self.state.schedule_activated_at_ms.clone().ok(),
            is_paced: self.pacing.is_some(),
        }
    }
}
