//! What a person sees: findings by severity and rule, the counts last.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;

use super::report::CheckReport;
use super::rules::role;
use crate::check::{Finding, Severity};
use crate::report::{Cell, Screen};
use crate::source::{Confidence, rules_name};

/// Returns a confidence in a word.
pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Assumed => "assumed",
    }
}

/// Draws the findings, then what they come to.
pub(super) fn draw(
    report: &CheckReport,
    rows: &[Finding],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    for severity in Severity::ALL {
        let of: Vec<&Finding> = rows.iter().filter(|f| f.severity == severity).collect();
        if of.is_empty() {
            continue;
        }
        screen.heading(match severity {
            Severity::Error => "Errors",
            Severity::Warning => "Warnings",
            Severity::Note => "Notes",
        })?;
        // The rules in the order in which they were met.
        let mut ids: Vec<&str> = Vec::new();
        for finding in &of {
            if !ids.contains(&finding.rule) {
                ids.push(finding.rule);
            }
        }
        for id in ids {
            let findings: Vec<&Finding> = of.iter().copied().filter(|f| f.rule == id).collect();
            rule(report, &findings, screen)?;
        }
    }
    if !rows.is_empty() {
        screen.blank()?;
    }
    summary(report, screen)
}

fn rule(report: &CheckReport, findings: &[&Finding], screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(first) = findings.first() else {
        return Ok(());
    };
    let several_sources = report.inputs.sources.len() > 1;
    screen.line(&[
        Cell::with(role(first.severity), first.rule),
        Cell::from(": "),
        Cell::from(first.rule().title),
    ])?;
    // Jobs about which the same is said are named together.
    let mut together: Vec<Vec<&Finding>> = Vec::new();
    let mut places: BTreeMap<(&str, Option<&str>, Confidence), usize> = BTreeMap::new();
    for finding in findings {
        let alike = (
            finding.message.as_str(),
            finding.fix.as_deref(),
            finding.confidence,
        );
        let place = finding.job.as_ref().map(|_| places.entry(alike));
        match place {
            Some(Entry::Occupied(place)) => together[*place.get()].push(finding),
            Some(Entry::Vacant(place)) => {
                place.insert(together.len());
                together.push(vec![finding]);
            }
            None => together.push(vec![finding]),
        }
    }
    for group in together {
        let [first, ..] = group[..] else { continue };
        let mut about = match &group[..] {
            [one] => whole(one),
            several => {
                let names = several.iter().map(|f| f.name.as_ref().or(f.job.as_ref()));
                let names: Vec<&str> = names.flatten().map(String::as_str).collect();
                format!("{} jobs: {}", names.len(), names.join(", "))
            }
        };
        if several_sources {
            about = format!("{}: {about}", first.source);
        }
        if first.confidence != Confidence::Certain {
            about = format!("{about} [{}]", confidence(first.confidence));
        }
        screen.indented("", 2, about)?;
        screen.indented("", 4, &*first.message)?;
        if let Some(fix) = &first.fix {
            screen.indented("→ ", 6, &**fix)?;
        }
    }
    Ok(())
}

/// What a finding is about.
fn whole(finding: &Finding) -> String {
    match (&finding.name, &finding.job, &finding.key) {
        (Some(name), Some(id), _) => format!("{name} ({id})"),
        (None, Some(id), _) => id.clone(),
        (_, None, Some(key)) => key.clone(),
        _ => finding.at.clone(),
    }
}

fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

fn summary(report: &CheckReport, screen: &mut Screen<'_>) -> io::Result<()> {
    let summary = &report.summary;
    let mut counts: Vec<String> = Severity::ALL
        .into_iter()
        .filter(|severity| *severity >= report.inputs.severity)
        .map(|severity| counted(summary.of(severity), severity.word()))
        .collect();
    if summary.known > 0 || report.inputs.baseline.is_some() {
        counts.push(format!("{} known", summary.known));
    }
    if summary.hidden > 0 {
        counts.push(format!("{} less severe", summary.hidden));
    }
    let rules: Vec<String> = report
        .inputs
        .sources
        .iter()
        .map(|s| format!("{} ({})", s.tag, rules_name(s.rules)))
        .collect();
    let target = report
        .inputs
        .target_version
        .as_ref()
        .map_or_else(String::new, |v| format!(" for an upgrade to {v}"));
    screen.paragraph(&format!(
        "{} in {} of {}{target}, {}.",
        counts.join(", "),
        counted(summary.jobs, "enabled job"),
        rules.join(", "),
        counted(report.inputs.rules.len(), "rule")
    ))
}
