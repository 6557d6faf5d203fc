//! What `check` answers: one serialisable value, whose rows are the findings.

use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::args::FailOn;
use super::{export, rules, screen};
use crate::check::{Finding, Rule, Severity};
use crate::error::{Error, Problem};
use crate::report::{Cell, Column, Format, Report, Row, Screen, View};
use crate::source::SourceInfo;
use crate::ui::Role;

/// `cronctl.check/1`: findings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckReport {
    /// What the answer rests on.
    pub inputs: Inputs,
    /// What it comes to.
    pub summary: Summary,
    /// The findings that the baseline does not have.
    pub findings: Vec<Finding>,
    /// The findings that the baseline has: not listed elsewhere, and no failure.
    pub known: Vec<Finding>,
    /// Entries of the baseline that nothing was found for any more.
    pub stale: Vec<Entry>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
    /// What exporters need besides.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) around: Around,
}

/// What exporters need besides the findings.
#[derive(Debug)]
pub(super) struct Around {
    /// The rules that were applied.
    pub(super) rules: Vec<&'static Rule>,
    /// Paths below it are printed relative to it.
    pub(super) directory: PathBuf,
    pub(super) fail_on: FailOn,
}

/// What the answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// The sources.
    pub sources: Vec<SourceInfo>,
    /// The version that is to come; null when it is the one found.
    pub target_version: Option<String>,
    /// The most jobs that may start in one tick.
    pub max_burst: usize,
    /// The least severe findings that are printed.
    pub severity: Severity,
    /// The least severe findings that fail; null for none.
    pub fail_on: Option<Severity>,
    /// The rules that were applied.
    pub rules: Vec<&'static str>,
    /// The jobs that were asked about, as typed; empty for all.
    pub jobs: Vec<String>,
    /// The baseline; null without one.
    pub baseline: Option<String>,
}

/// What the findings come to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Enabled jobs that were checked.
    pub jobs: usize,
    /// Disabled jobs, which were left alone.
    pub disabled: usize,
    /// Errors that the baseline does not have.
    pub errors: usize,
    /// Warnings that the baseline does not have.
    pub warnings: usize,
    /// Notes that the baseline does not have.
    pub notes: usize,
    /// Findings that the baseline has.
    pub known: usize,
    /// Findings less severe than those that are printed.
    pub hidden: usize,
    /// Whether something was found that fails.
    pub failed: bool,
}

impl Summary {
    /// Returns the count of a severity.
    pub(super) fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
            Severity::Note => self.notes,
        }
    }
}

/// One entry of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The rule's id.
    pub rule: String,
    /// The job's id, for the reader; null for findings about no single job.
    pub job: Option<String>,
    /// The job's name, for the reader.
    pub name: Option<String>,
    /// The key path, for the reader.
    pub key: Option<String>,
    /// What a finding is recognised by.
    pub fingerprint: String,
}

impl Row for Finding {
    const COLUMNS: &'static [Column] = &[
        Column::new("severity", "SEVERITY"),
        Column::new("rule", "RULE"),
        Column::new("source", "SOURCE").on_request(),
        Column::new("job", "JOB"),
        Column::new("name", "NAME").if_any(),
        Column::new("message", "FOUND"),
        Column::new("at", "AT"),
        Column::new("file", "FILE").on_request(),
        Column::new("line", "LINE").right().on_request(),
        Column::new("key", "KEY").on_request(),
        Column::new("fix", "FIX").on_request(),
        Column::new("confidence", "CONFIDENCE").on_request(),
        Column::new("fingerprint", "FINGERPRINT").on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "severity" => Cell::with(rules::role(self.severity), self.severity.word()),
            "rule" => Cell::with(Role::Strong, self.rule),
            "source" => Cell::from(&*self.source),
            "job" => Cell::from(self.job.as_deref()),
            "name" => Cell::from(self.name.as_deref()),
            "message" => Cell::from(&*self.message),
            "at" => Cell::from(&*self.at),
            "file" => Cell::from(self.file.as_deref()),
            "line" => Cell::from(self.line.map(|n| n.to_string())),
            "key" => Cell::from(self.key.as_deref()),
            "fix" => Cell::from(self.fix.as_deref()),
            "confidence" => Cell::from(screen::confidence(self.confidence)),
            _ => Cell::from(&*self.fingerprint),
        }
    }
}

impl Report for CheckReport {
    type Row = Finding;
    const SCHEMA: &'static str = "cronctl.check/1";
    const EMPTY: &'static str = "Nothing found.";

    fn rows(&mut self) -> &mut Vec<Finding> {
        &mut self.findings
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn export(&self, format: Format) -> Option<Result<String, Error>> {
        match format {
            Format::Sarif => Some(export::sarif(self)),
            Format::Junit => Some(export::junit(self)),
            Format::Github => Some(Ok(export::github(self))),
            _ => None,
        }
    }

    fn screen(&self, rows: &[Finding], screen: &mut Screen<'_>) -> io::Result<()> {
        screen::draw(self, rows, screen)
    }
}
