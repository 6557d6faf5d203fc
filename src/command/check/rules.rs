//! `--list-rules`, `--explain`, `--rule`, `--skip`, and the page of rules.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;

use clap_complete::CompletionCandidate;
use schemars::JsonSchema;
use serde::Serialize;

use super::args::CheckArgs;
use crate::check::{self, GROUPS, Group, Rule, Severity};
use crate::error::{Error, Problem};
use crate::report::{Cell, Column, Report, Row, Screen, View, nearest};
use crate::ui::Role;

/// `cronctl.check-rules/1`: the rules.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RulesReport {
    /// The rules.
    rules: Vec<RuleRow>,
    /// What is doubtful although the answer stands.
    warnings: Vec<String>,
    /// What was skipped.
    problems: Vec<Problem>,
    #[serde(skip)]
    explain: bool,
}

/// A rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleRow {
    /// The stable name.
    id: &'static str,
    /// How grave its findings are.
    severity: Severity,
    /// The subject.
    group: &'static str,
    /// What it looks for.
    title: &'static str,
    /// Why that matters.
    why: &'static str,
    /// What to do.
    fix: &'static str,
    /// What it rests on.
    source: &'static str,
}

impl RuleRow {
    fn of(group: &Group, rule: &Rule) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity,
            group: group.title,
            title: rule.title,
            why: rule.why,
            fix: rule.fix,
            source: rule.source,
        }
    }
}

/// Returns what a severity looks like.
pub(super) fn role(severity: Severity) -> Role {
    match severity {
        Severity::Error => Role::Bad,
        Severity::Warning => Role::Warn,
        Severity::Note => Role::Dim,
    }
}

impl Row for RuleRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("id", "RULE"),
        Column::new("severity", "SEVERITY"),
        Column::new("title", "LOOKS FOR"),
        Column::new("group", "SUBJECT").on_request(),
        Column::new("why", "WHY").on_request(),
        Column::new("fix", "FIX").on_request(),
        Column::new("source", "RESTS ON").on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "id" => Cell::with(Role::Strong, self.id),
            "severity" => Cell::with(role(self.severity), self.severity.word()),
            "title" => Cell::from(self.title),
            "group" => Cell::from(self.group),
            "why" => Cell::from(self.why),
            "fix" => Cell::from(self.fix),
            _ => Cell::from(self.source),
        }
    }
}

impl Report for RulesReport {
    type Row = RuleRow;
    const SCHEMA: &'static str = "cronctl.check-rules/1";

    fn rows(&mut self) -> &mut Vec<RuleRow> {
        &mut self.rules
    }

    fn screen(&self, rows: &[RuleRow], screen: &mut Screen<'_>) -> io::Result<()> {
        if !self.explain {
            return screen.rows(rows, Self::EMPTY);
        }
        for rule in rows {
            screen.line(&[
                Cell::with(Role::Strong, rule.id),
                Cell::from(": "),
                Cell::with(role(rule.severity), rule.severity.word()),
            ])?;
            screen.indented("", 2, rule.title)?;
            for (heading, text) in [
                ("Why", rule.why),
                ("What to do", rule.fix),
                ("Rests on", rule.source),
            ] {
                screen.heading(heading)?;
                screen.indented("", 2, text)?;
            }
        }
        Ok(())
    }
}

/// Answers `--list-rules` and `--explain`.
pub(super) fn list(explain: Option<&str>) -> Result<RulesReport, Error> {
    let wanted = explain.map(|id| known("--explain", id)).transpose()?;
    let rows = GROUPS.iter().flat_map(|group| {
        let rules = group.rules.iter();
        rules.map(move |rule| RuleRow::of(group, rule))
    });
    Ok(RulesReport {
        rules: rows
            .filter(|row| wanted.is_none_or(|rule| rule.id == row.id))
            .collect(),
        warnings: Vec::new(),
        problems: Vec::new(),
        explain: wanted.is_some(),
    })
}

fn known(flag: &str, id: &str) -> Result<&'static Rule, Error> {
    check::find(id).ok_or_else(|| {
        let error = Error::usage(format!("{flag}: there is no rule {id:?}"));
        let error = match nearest(id, check::all().map(|rule| rule.id)) {
            Some(name) => error.hint(format!("did you mean {name}?")),
            None => error,
        };
        error.hint("cronctl check --list-rules lists them")
    })
}

/// Returns the rules that the options choose.
pub(super) fn chosen(args: &CheckArgs) -> Result<Vec<&'static Rule>, Error> {
    let of = |flag: &str, ids: &[String]| {
        let rules = ids.iter().map(|id| known(flag, id.trim()));
        rules.collect::<Result<Vec<_>, _>>()
    };
    let (only, not) = (of("--rule", &args.rule)?, of("--skip", &args.skip)?);
    let rules: Vec<_> = check::all()
        .filter(|rule| only.is_empty() || only.contains(rule))
        .filter(|rule| !not.contains(rule))
        .collect();
    if rules.is_empty() {
        return Err(Error::usage(
            "--skip leaves no rule of those that --rule names",
        ));
    }
    Ok(rules)
}

/// Completes the id of a rule. For `ArgValueCompleter::new`.
pub(super) fn candidates(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    check::all()
        .filter(|rule| rule.id.starts_with(&*current))
        .map(|rule| CompletionCandidate::new(rule.id).help(Some(rule.title.into())))
        .collect()
}

/// Returns the page of rules, `docs/checks.md`.
pub fn page() -> String {
    let mut text = String::from(INTRODUCTION);
    for group in GROUPS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n## {}\n", group.title);
        text.push_str("| Rule | Severity | Looks for |\n| --- | --- | --- |\n");
        for rule in group.rules {
            let (id, severity) = (rule.id, rule.severity.word());
            let _ = writeln!(text, "| [{id}](#{id}) | {severity} | {} |", rule.title);
        }
        for rule in group.rules {
            let _ = write!(
                text,
                "\n### {}\n\n{} ({}).\n\n{}\n\n**What to do:** {}\n\n**Rests on:** {}\n",
                rule.id,
                rule.title,
                rule.severity.word(),
                rule.why,
                rule.fix,
                rule.source
            );
        }
    }
    text
}

const INTRODUCTION: &str = "\
# The rules of `cronctl check`

Generated from the code. `cronctl check --list-rules` prints the same list, `cronctl check --explain RULE` one rule.

- **Severity**: an *error* will not run, or not as written; a *warning* is probably not what was meant; a *note* is worth knowing. `--severity` says from which on findings are printed, `--fail-on` from which on the exit code is 5 (default: error).
- **Confidence**: *certain* was observed on the version in question or stands in the input; *likely* was concluded; *assumed* rests on a default.
- **Disabled jobs** are not checked, but for [auto-disabled](#auto-disabled): what does not run harms nobody.
- **Baseline**: `--write-baseline FILE` records all findings by fingerprint (the rule and the job's id or the key path, so neither wording nor time nor host); with `--baseline FILE` they are counted, not listed, and do not fail.
- **Formats**: `--output sarif` for code scanning, `junit` for test reports (a finding that does not fail is a skipped test), `github` for annotations, besides those of every command.
- **`--max-burst`** is 8 by default: the slots that OpenClaw 2026.9.6 has for cron runs.
";
