//! Baselines: findings that are known and accepted.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::report::Entry;
use crate::check::Finding;
use crate::error::Error;
use crate::files;

const SCHEMA: &str = "cronctl.check-baseline/1";
/// The largest baseline that is read: some hundred thousand findings.
const MAX_BYTES: u64 = 64 << 20;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct Baseline {
    schema: String,
    tool_version: String,
    findings: Vec<Entry>,
}

/// Reads a baseline.
///
/// # Errors
/// When it cannot be read, or is no baseline.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Error> {
    let name = path.display();
    let wrong = |why: String| {
        Error::failed(format!("{name}: is no baseline"))
            .because(why)
            .hint("cronctl check --write-baseline FILE writes one")
    };
    let bytes = files::read_named(path, MAX_BYTES)?;
    let baseline: Baseline = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    if baseline.schema != SCHEMA {
        return Err(wrong(format!(
            "its schema is {:?}, not {SCHEMA:?}",
            baseline.schema
        )));
    }
    Ok(baseline.findings)
}

/// Writes a baseline of findings, in an order that changes no more than they do.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write<'f>(
    path: &Path,
    findings: impl Iterator<Item = &'f Finding>,
) -> Result<usize, Error> {
    let entries: BTreeSet<Entry> = findings
        .map(|finding| Entry {
            rule: finding.rule.to_owned(),
            job: finding.job.clone(),
            name: finding.name.clone(),
            key: finding.key.clone(),
            fingerprint: finding.fingerprint.clone(),
        })
        .collect();
    let count = entries.len();
    let baseline = Baseline {
        schema: SCHEMA.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        findings: entries.into_iter().collect(),
    };
    let mut text = serde_json::to_vec_pretty(&baseline)
        .map_err(|e| Error::failed("the baseline has no JSON").because(e))?;
    text.push(b'\n');
    files::replace(path, &text)?;
    Ok(count)
}
