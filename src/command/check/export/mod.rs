//! Findings in the formats of other tools.

mod github;
mod junit;
mod sarif;

use std::path::Path;

use super::report::CheckReport;
use crate::check::Finding;

pub(super) use github::github;
pub(super) use junit::junit;
pub(super) use sarif::sarif;

/// Returns a finding's file relative to where the command runs, as a repository names it; outside
/// of it, as it is.
fn file<'f>(report: &CheckReport, finding: &'f Finding) -> Option<&'f str> {
    let file = finding.file.as_deref()?;
    let below = Path::new(file).strip_prefix(&report.around.directory);
    Some(below.ok().and_then(Path::to_str).unwrap_or(file))
}

/// Returns what a finding says and what to do, as one text.
fn whole(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if let Some(fix) = &finding.fix {
        text.push_str("\nTo do: ");
        text.push_str(fix);
    }
    text
}

/// Returns what a finding is about: the job by name and id, the key, or the place.
fn about(finding: &Finding) -> String {
    match (&finding.name, &finding.job, &finding.key) {
        (Some(name), Some(id), _) => format!("{name} ({id})"),
        (None, Some(id), _) => id.clone(),
        (_, None, Some(key)) => key.clone(),
        _ => finding.at.clone(),
    }
}
