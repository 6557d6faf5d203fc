//! JUnit XML: a suite per source, a test per rule, or per rule and place when something was found.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{about, whole};
use crate::check::Finding;
use crate::command::check::report::CheckReport;
use crate::error::Error;

/// Writes the document. A finding that fails is a failed test; one that does not, or that the
/// baseline has, a skipped one, so that the test report agrees with the exit code.
///
/// # Errors
/// When the library cannot write it.
pub(in super::super) fn junit(report: &CheckReport) -> Result<String, Error> {
    let mut document = Report::new("cronctl check");
    for source in &report.inputs.sources {
        let mut suite = TestSuite::new(source.tag.as_str());
        let mine = |finding: &&Finding| finding.source.split(',').any(|tag| tag == source.tag);
        let new: Vec<&Finding> = report.findings.iter().filter(mine).collect();
        let known: Vec<&Finding> = report.known.iter().filter(mine).collect();
        for rule in &report.around.rules {
            let of = |all: &[&'_ Finding]| all.iter().any(|f| f.rule == rule.id);
            if !of(&new) && !of(&known) {
                let mut passed = TestCase::new(rule.title, TestCaseStatus::success());
                passed.set_classname(rule.id);
                suite.add_test_case(passed);
            }
        }
        for finding in new {
            let fails = report.around.fail_on.covers(finding.severity);
            suite.add_test_case(case(finding, fails.then_some(finding.severity.word())));
        }
        for finding in known {
            suite.add_test_case(case(finding, None));
        }
        document.add_test_suite(suite);
    }
    document
        .to_string()
        .map_err(|e| Error::failed("the test report cannot be written").because(e))
}

/// A test that failed with a severity, or was skipped.
fn case(finding: &Finding, failed: Option<&str>) -> TestCase {
    let mut status = match failed {
        Some(severity) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(severity);
            status.set_description(format!("{}\nAt: {}", whole(finding), finding.at));
            status
        }
        None => TestCaseStatus::skipped(),
    };
    status.set_message(finding.message.as_str());
    let mut case = TestCase::new(about(finding), status);
    case.set_classname(finding.rule);
    case
}
