//! What `adapter check` answers: one serialisable value, whose rows are the clauses.

use std::io;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use schemars::JsonSchema;
use serde::Serialize;

use super::clause::{Asks, CLAUSES, Outcome};
use super::record::{Exchange, Record, Side, Started, Step};
use crate::checkpoint::Answer;
use crate::error::{Error, Exit};
use crate::report::{Cell, Column, Format, Report, Row, Screen, View};
use crate::ui::Role;

/// `cronctl.adapter-check/1`: whether an adapter honours the checkpoint contract.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdapterCheckReport {
    /// What the answer rests on.
    pub inputs: Inputs,
    /// What it comes to.
    pub verdict: Verdict,
    /// How many clauses hold, do not, and cannot be told.
    pub summary: Summary,
    /// The clauses.
    pub clauses: Vec<ClauseRow>,
    /// The requests and answers by which they were judged, in order.
    pub exchanges: Vec<Exchange>,
    /// The turns that were started.
    pub turns: Vec<Started>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
}

/// What the answer rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// The address as typed.
    pub url: String,
    /// Who was asked.
    pub side: Side,
    /// The workspace.
    pub workspace_id: String,
    /// Where checkpoints went.
    pub checkpoint_url: String,
    /// Whether a secret was given.
    pub with_secret: bool,
    /// How turns were started.
    pub turns_by: String,
    /// The message that started a turn; null with a command.
    pub prompt: Option<String>,
    /// How long a turn may take to end, milliseconds.
    pub grace_ms: i64,
    /// How long the adapter may take to save a turn, milliseconds.
    pub drain_ms: i64,
    /// How long an answer may take, milliseconds.
    pub timeout_ms: i64,
}

/// What the clauses come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No clause fails; some may not be testable.
    Holds,
    /// A clause fails.
    Broken,
    /// There is no handler.
    Unsupported,
    /// The secret was refused, so that nothing else could be tried.
    Unauthorised,
    /// A turn was in flight already and was left alone.
    Busy,
}

impl Verdict {
    /// Returns what the process ends with.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Holds => Exit::Ok,
            Self::Broken => Exit::Findings,
            Self::Unsupported | Self::Unauthorised => Exit::Refused,
            Self::Busy => Exit::Unavailable,
        }
    }

    fn says(self) -> (Role, &'static str) {
        match self {
            Self::Holds => (Role::Good, "no clause fails"),
            Self::Broken => (Role::Bad, "the contract is broken"),
            Self::Unsupported => (Role::Bad, "unsupported: there is no handler"),
            Self::Unauthorised => (Role::Bad, "the secret was refused"),
            Self::Busy => (
                Role::Warn,
                "a turn was in flight already and was left alone",
            ),
        }
    }
}

/// How many clauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Hold.
    pub passed: usize,
    /// Do not.
    pub failed: usize,
    /// Cannot be told.
    pub not_testable: usize,
}

/// One clause, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClauseRow {
    /// Its name.
    pub clause: &'static str,
    /// What is asserted.
    pub title: &'static str,
    /// Whether it holds.
    pub result: Outcome,
    /// What was seen, or why it cannot be told.
    pub seen: String,
    /// What goes wrong where it does not hold.
    pub why: &'static str,
    /// Who asks for it: RFC #1690, or the specification where the RFC leaves a gap.
    pub origin: Asks,
}

impl AdapterCheckReport {
    /// Judges what was said.
    pub(super) fn new(inputs: Inputs, record: Record) -> Self {
        let clauses: Vec<ClauseRow> = CLAUSES
            .iter()
            .map(|clause| {
                let judged = clause.judge(&record);
                ClauseRow {
                    clause: clause.id,
                    title: clause.title,
                    result: judged.result,
                    seen: judged.seen,
                    why: clause.why,
                    origin: clause.origin,
                }
            })
            .collect();
        let count = |result| clauses.iter().filter(|c| c.result == result).count();
        let summary = Summary {
            passed: count(Outcome::Pass),
            failed: count(Outcome::Fail),
            not_testable: count(Outcome::NotTestable),
        };
        let verdict = match record.of(Step::Idle).map(Exchange::answer) {
            Some(Answer::Unsupported) => Verdict::Unsupported,
            Some(Answer::Unauthorised) => Verdict::Unauthorised,
            Some(Answer::TurnMismatch { .. }) => Verdict::Busy,
            _ if summary.failed > 0 => Verdict::Broken,
            _ => Verdict::Holds,
        };
        Self {
            warnings: warnings(&inputs, &record, verdict),
            inputs,
            verdict,
            summary,
            clauses,
            exchanges: record.exchanges,
            turns: record.turns,
        }
    }

    /// Writes a suite with a test per clause; what is not testable is a skipped one.
    fn junit(&self) -> Result<String, Error> {
        let mut document = quick_junit::Report::new("cronctl adapter check");
        let mut suite = TestSuite::new(self.inputs.url.as_str());
        for row in &self.clauses {
            let mut status = match row.result {
                Outcome::Pass => TestCaseStatus::success(),
                Outcome::NotTestable => TestCaseStatus::skipped(),
                Outcome::Fail => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_type(row.origin.word());
                    status.set_description(format!("{}\nWhy it matters: {}", row.seen, row.why));
                    status
                }
            };
            if row.result != Outcome::Pass {
                status.set_message(row.seen.as_str());
            }
            let mut case = TestCase::new(row.title, status);
            case.set_classname(row.clause);
            suite.add_test_case(case);
        }
        document.add_test_suite(suite);
        document
            .to_string()
            .map_err(|e| Error::failed("the test report cannot be written").because(e))
    }
}

fn warnings(inputs: &Inputs, record: &Record, verdict: Verdict) -> Vec<String> {
    let mut warnings = Vec::new();
    for turn in record.turns.iter().filter(|turn| turn.ended.is_none()) {
        warnings.push(format!(
            "a turn that this check started ({}) had not ended when it was over: it may run on",
            turn.by
        ));
    }
    if verdict == Verdict::Unauthorised && !inputs.with_secret {
        warnings.push(match inputs.side {
            Side::Adapter => {
                "no secret was given: --token-file reads the inbound secret".to_owned()
            }
            Side::Platform => {
                "no token was given: --token-file reads one, or the variable CRONCTL_TOKEN"
                    .to_owned()
            }
        });
    }
    warnings
}

impl Row for ClauseRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("result", "RESULT"),
        Column::new("clause", "CLAUSE"),
        Column::new("seen", "SEEN"),
        Column::new("origin", "ASKED BY"),
        Column::new("title", "TITLE").on_request(),
        Column::new("why", "WHY").on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "result" => Cell::with(role(self.result), self.result.word()),
            "clause" => Cell::with(Role::Strong, self.clause),
            "seen" => Cell::from(&*self.seen),
            "origin" => Cell::from(self.origin.word()),
            "title" => Cell::from(self.title),
            _ => Cell::from(self.why),
        }
    }
}

fn role(result: Outcome) -> Role {
    match result {
        Outcome::Pass => Role::Good,
        Outcome::Fail => Role::Bad,
        Outcome::NotTestable => Role::Dim,
    }
}

impl Report for AdapterCheckReport {
    type Row = ClauseRow;
    const SCHEMA: &'static str = "cronctl.adapter-check/1";

    fn rows(&mut self) -> &mut Vec<ClauseRow> {
        &mut self.clauses
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn export(&self, format: Format) -> Option<Result<String, Error>> {
        (format == Format::Junit).then(|| self.junit())
    }

    fn screen(&self, rows: &[ClauseRow], screen: &mut Screen<'_>) -> io::Result<()> {
        for row in rows {
            screen.line(&[
                Cell::with(role(row.result), format!("{:<12}", row.result.word())),
                Cell::from("  "),
                Cell::with(Role::Strong, format!("{:<17}", row.clause)),
                Cell::from("  "),
                Cell::from(row.title),
            ])?;
            screen.indented("", 14, Cell::with(Role::Dim, &*row.seen))?;
            if row.result == Outcome::Fail {
                let asks = row.origin.word();
                screen.indented("", 14, format!("Why it matters: {} ({asks})", row.why))?;
            }
        }
        screen.blank()?;
        let (role, says) = self.verdict.says();
        let Summary {
            passed,
            failed,
            not_testable,
        } = self.summary;
        screen.line(&[
            Cell::from(format!("{}: ", self.inputs.url)),
            Cell::with(role, says),
        ])?;
        screen.paragraph(&format!(
            "{} clauses: {passed} pass, {failed} fail, {not_testable} not testable.",
            rows.len()
        ))
    }
}
