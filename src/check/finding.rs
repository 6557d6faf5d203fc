//! Findings: one rule at one place.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::facts::{Facts, SourceFacts};
use super::rule::{Rule, Severity};
use crate::job::{self, Job};
pub(super) use crate::model::quoted;
use crate::openclaw::Confidence;
use crate::schedule::Version;

/// How sure a statement about a version is that was observed on the newest checked one only.
pub(super) fn as_observed(version: Version) -> Confidence {
    if version == Version::NEWEST_CHECKED {
        Confidence::Certain
    } else {
        Confidence::Likely
    }
}

/// One rule at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The source, by its short name; several are joined by a comma.
    pub source: String,
    /// The job's id; null when it is about no single job.
    pub job: Option<String>,
    /// The job's name.
    pub name: Option<String>,
    /// Where: the file, with the job's number, the line or the key path in it.
    pub at: String,
    /// The file alone; null when there is none, such as for stdin.
    pub file: Option<String>,
    /// The line in it, from 1, when known.
    pub line: Option<u32>,
    /// The key path in it, for findings about the configuration.
    pub key: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do; null when the rule's own advice is all there is.
    pub fix: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Names the finding over time and hosts: a hash of the rule and of what it is about. Neither
    /// wording nor instants nor the source are in it.
    pub fingerprint: String,
}

impl Finding {
    /// Sets what to do.
    pub(super) fn fix(&mut self, fix: impl Into<String>) -> &mut Self {
        self.fix = Some(fix.into());
        self
    }

    /// Sets how sure it is, unless it is less sure already.
    pub(super) fn sure(&mut self, confidence: Confidence) -> &mut Self {
        self.confidence = self.confidence.max(confidence);
        self
    }

    /// Sets another severity than the rule's.
    pub(super) fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Returns the rule.
    pub fn rule(&self) -> &'static Rule {
        // Findings are made from rules only.
        super::find(self.rule).unwrap_or(super::rules::job::UNREADABLE)
    }
}

/// Where a finding about no job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// In words.
    pub at: String,
    /// The file.
    pub file: Option<String>,
    /// The key path in it.
    pub key: Option<String>,
}

impl Place {
    /// A key of a file.
    pub(super) fn key(file: &str, key: &str) -> Self {
        Self {
            at: format!("{file}: {key}"),
            file: Some(file.to_owned()),
            key: Some(key.to_owned()),
        }
    }

    /// A file as a whole.
    pub(super) fn file(file: &str) -> Self {
        Self {
            at: file.to_owned(),
            file: (!file.is_empty()).then(|| file.to_owned()),
            key: None,
        }
    }
}

/// Collects findings.
pub(super) struct Findings<'a> {
    pub(super) facts: &'a Facts<'a>,
    out: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(facts: &'a Facts<'a>) -> Self {
        Self {
            facts,
            out: Vec::new(),
        }
    }

    pub(super) fn done(self) -> Vec<Finding> {
        self.out
    }

    /// Returns the enabled jobs: what does not run harms nobody.
    pub(super) fn enabled(&self) -> impl Iterator<Item = &'a Job> + use<'a> {
        self.facts.jobs.iter().filter(|job| job.enabled)
    }

    /// Returns a job's source.
    pub(super) fn source_of(&self, job: &Job) -> &'a SourceFacts<'a> {
        &self.facts.sources[job.source]
    }

    /// Adds a finding about a job.
    pub(super) fn job(
        &mut self,
        rule: &Rule,
        job: &Job,
        message: impl Into<String>,
    ) -> &mut Finding {
        let source = self.source_of(job);
        let (at, line) = match job.at {
            job::Place::Entry(n) => (format!("{}: job {n}", source.store), None),
            job::Place::Line(n) => (format!("{}:{n}", source.store), Some(n)),
        };
        let finding = Finding {
            job: Some(job.id.to_string()),
            name: job.name.clone().map(String::from),
            line,
            ..about(
                rule,
                source,
                &format!("job:{}", job.id),
                Place {
                    at,
                    ..Place::file(source.store)
                },
                message.into(),
            )
        };
        self.add(finding)
    }

    /// Adds a finding about a source, or something in it that is no job. What it is about is named
    /// by `identity`, the same on every host.
    pub(super) fn source(
        &mut self,
        rule: &Rule,
        source: &SourceFacts<'_>,
        identity: &str,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Finding {
        let finding = about(rule, source, identity, place, message.into());
        self.add(finding)
    }

    fn add(&mut self, finding: Finding) -> &mut Finding {
        let at = self.out.len();
        self.out.push(finding);
        &mut self.out[at]
    }
}

fn about(
    rule: &Rule,
    source: &SourceFacts<'_>,
    identity: &str,
    place: Place,
    message: String,
) -> Finding {
    Finding {
        rule: rule.id,
        severity: rule.severity,
        source: source.tag.to_owned(),
        job: None,
        name: None,
        at: place.at,
        file: place.file.filter(|f| f != "stdin" && f != "built in"),
        line: None,
        key: place.key,
        message,
        fix: None,
        confidence: Confidence::Certain,
        fingerprint: fingerprint(rule.id, identity),
    }
}

/// Returns half of sha256 over a rule and what a finding of it is about.
fn fingerprint(rule: &str, identity: &str) -> String {
    let digest = Sha256::digest(format!("{rule}\0{identity}").as_bytes());
    let mut text = String::with_capacity(32);
    for byte in digest.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the command that edits a job of a gateway, with the id quoted where a shell would split it.
pub(super) fn edit(job: &Job, options: &str) -> String {
    format!("openclaw cron edit {} {options}", quoted(&job.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_hold_rule_and_subject_only() {
        let print = fingerprint("zone-missing", "job:a");
        assert_eq!(print.len(), 32);
        assert_eq!(print, fingerprint("zone-missing", "job:a"));
        assert_ne!(print, fingerprint("zone-missing", "job:b"));
        assert_ne!(print, fingerprint("either-day", "job:a"));
    }
}
