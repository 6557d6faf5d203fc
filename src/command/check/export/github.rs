//! Workflow commands of GitHub Actions: an annotation per finding.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{about, file, whole};
use crate::check::Severity;
use crate::command::check::report::CheckReport;

/// Writes `::error file=…,line=…,title=…::message` lines. Known findings are left out.
pub(in super::super) fn github(report: &CheckReport) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut properties = Vec::new();
        if let Some(file) = file(report, finding) {
            properties.push(format!("file={}", property(file)));
            if let Some(line) = finding.line {
                properties.push(format!("line={line}"));
            }
        }
        properties.push(format!("title={}", property(finding.rule)));
        let message = format!("{}: {}", about(finding), whole(finding));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "::{command} {}::{}",
            properties.join(","),
            data(&message)
        );
    }
    text
}

/// Escapes a message: a line break would end the command, and `%` begins an escape.
fn data(text: &str) -> Cow<'_, str> {
    escaped(text, &['%', '\r', '\n'])
}

/// Escapes the value of a property, which also ends at `:` and `,`.
fn property(text: &str) -> Cow<'_, str> {
    escaped(text, &['%', '\r', '\n', ':', ','])
}

fn escaped<'t>(text: &'t str, special: &[char]) -> Cow<'t, str> {
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if special.contains(&c) {
            // Writing to a String cannot fail. All special characters are ASCII.
            let _ = write!(out, "%{:02X}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100%\r\na: b, c"), "100%25%0D%0Aa: b, c");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
        assert_eq!(data("plain é"), "plain é");
    }
}
