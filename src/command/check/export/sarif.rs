//! SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, Region, ReportingConfiguration,
    ReportingDescriptor, Result as Outcome, ResultLevel, Run, Sarif, Tool, ToolComponent,
};

use super::{file, whole};
use crate::check::{Finding, Rule, Severity};
use crate::command::check::report::CheckReport;
use crate::command::check::screen::confidence;
use crate::error::Error;
use crate::ui::escape_json;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Where the rules are documented.
const RULES: &str = "docs/checks.md";

/// Writes the document.
///
/// # Errors
/// When the library cannot write it.
pub(in super::super) fn sarif(report: &CheckReport) -> Result<String, Error> {
    let rules = &report.around.rules;
    let driver = ToolComponent::builder()
        .name("cronctl")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(
            rules
                .iter()
                .map(|rule| descriptor(rule))
                .collect::<Vec<_>>(),
        )
        .build();
    let with_baseline = report.inputs.baseline.is_some();
    let outcome = |finding: &Finding, state: &str| {
        let state = with_baseline.then_some(state);
        let index = rules.iter().position(|rule| rule.id == finding.rule);
        result(report, finding, index, state)
    };
    let new = report.findings.iter().map(|f| outcome(f, "new"));
    let known = report.known.iter().map(|f| outcome(f, "unchanged"));
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .column_kind(json!("unicodeCodePoints"))
        .invocations(vec![invocation(report)])
        .results(new.chain(known).collect::<Vec<_>>())
        .build();
    let document = Sarif::builder()
        .schema(SCHEMA)
        .version(json!("2.1.0"))
        .runs(vec![run])
        .build();
    let text = serde_json::to_string_pretty(&document);
    text.map(|text| escape_json(&text).into_owned() + "\n")
        .map_err(|e| Error::failed("the SARIF document cannot be written").because(e))
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let help = format!(
        "{}\n\nWhat to do: {}\n\nRests on: {}",
        rule.why, rule.fix, rule.source
    );
    let markdown = format!(
        "{}\n\n**What to do:** {}\n\n**Rests on:** {}\n\nSee `{RULES}#{}`.",
        rule.why, rule.fix, rule.source, rule.id
    );
    ReportingDescriptor::builder()
        .id(rule.id)
        .short_description(text(rule.title))
        .full_description(text(rule.why))
        .help(
            MultiformatMessageString::builder()
                .text(help)
                .markdown(markdown)
                .build(),
        )
        .default_configuration(
            ReportingConfiguration::builder()
                .level(json!(rule.severity.word()))
                .build(),
        )
        .build()
}

fn result(
    report: &CheckReport,
    finding: &Finding,
    rule_index: Option<usize>,
    state: Option<&str>,
) -> Outcome {
    let level = match finding.severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
    };
    let prints = BTreeMap::from([("cronctl/v1".to_owned(), finding.fingerprint.clone())]);
    let properties = BTreeMap::from([
        (
            "confidence".to_owned(),
            json!(confidence(finding.confidence)),
        ),
        ("source".to_owned(), json!(finding.source)),
    ]);
    let mut outcome = Outcome::builder()
        .rule_id(finding.rule)
        .level(level)
        .message(Message::builder().text(whole(finding)).build())
        .locations(vec![location(report, finding)])
        .partial_fingerprints(prints)
        .properties(
            PropertyBag::builder()
                .additional_properties(properties)
                .build(),
        )
        .build();
    outcome.rule_index = rule_index.and_then(|index| i64::try_from(index).ok());
    outcome.baseline_state = state.map(Value::from);
    outcome
}

fn location(report: &CheckReport, finding: &Finding) -> Location {
    let mut location = Location::builder().build();
    location.physical_location = file(report, finding).map(|file| {
        let artifact = ArtifactLocation::builder().uri(uri(file)).build();
        let mut physical = PhysicalLocation::builder()
            .artifact_location(artifact)
            .build();
        physical.region = finding
            .line
            .map(|line| Region::builder().start_line(line).build());
        physical
    });
    let logical = match (&finding.job, &finding.key) {
        (Some(id), _) => Some((id.as_str(), "job")),
        (None, Some(key)) => Some((key.as_str(), "property")),
        _ => None,
    };
    location.logical_locations = logical.map(|(full, kind)| {
        let mut logical = LogicalLocation::builder()
            .fully_qualified_name(full)
            .kind(kind)
            .build();
        logical.name.clone_from(&finding.name);
        vec![logical]
    });
    location
}

/// What was skipped belongs to the run: a scanner must not take silence for peace.
fn invocation(report: &CheckReport) -> Invocation {
    let notification = |what: &crate::error::Problem| {
        Notification::builder()
            .level(json!("warning"))
            .message(Message::builder().text(what.to_string()).build())
            .build()
    };
    let skipped: Vec<_> = report.problems.iter().map(notification).collect();
    Invocation::builder()
        .execution_successful(true)
        .tool_execution_notifications(skipped)
        .build()
}

/// What a path segment of a URI cannot hold as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

/// Returns a file as a URI: relative as it is, absolute with its scheme.
fn uri(file: &str) -> String {
    let forward = if cfg!(windows) {
        file.replace('\\', "/")
    } else {
        file.to_owned()
    };
    let path = utf8_percent_encode(&forward, ESCAPED);
    if std::path::Path::new(file).is_absolute() {
        let slash = if forward.starts_with('/') { "" } else { "/" };
        format!("file://{slash}{path}")
    } else {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn files_are_uris() {
        assert_eq!(uri("cron/jobs.json"), "cron/jobs.json");
        assert_eq!(uri("a b/100%/é.json"), "a%20b/100%25/%C3%A9.json");
        assert_eq!(uri("/srv/a:b.json"), "file:///srv/a%3Ab.json");
    }
}
