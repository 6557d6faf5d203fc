//! What `turns` answers: one serialisable value, whose rows are the turns.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::{cells, screen};
use crate::error::Problem;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::turn::{Turn, Verdict};

/// `cronctl.turns/1`: turns, and what is to be thought of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TurnsReport {
    /// What the answer rests on.
    pub inputs: Inputs,
    /// What it comes to, whichever rows are printed.
    pub summary: Summary,
    /// The rows that were asked for, oldest first; those without an age last.
    pub turns: Vec<Turn>,
    /// The turns in flight whose age is not known well enough for a verdict, or whose start lies in
    /// the future: whichever rows are printed. They may be over their ceiling.
    pub unknown: Vec<Turn>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
    /// What the screen needs besides.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) around: Around,
}

/// What the screen needs besides the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// The options that name the same source again: ` --molecule https://…`.
    pub(super) again: String,
    /// For a watch, what it is doing, drawn below the answer.
    pub(super) watching: Option<String>,
}

/// Which turns are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// Those in flight that are not the platform's own.
    InFlight,
    /// `--over-ceiling`.
    OverCeiling,
    /// `--all`, and every workspace that is named.
    All,
}

/// What the answer rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// The platform's address; `demo` for the built-in one; null when none was asked.
    pub platform: Option<String>,
    /// The OpenClaw state directories that were read.
    pub openclaw: Vec<String>,
    /// The instant against which ages are judged: RFC 3339.
    pub now_at: String,
    /// The same, epoch milliseconds.
    pub now_at_ms: i64,
    /// Which turns are rows.
    pub rows: Rows,
    /// The workspaces that were asked for, as typed; empty for all.
    pub workspaces: Vec<String>,
    /// `--ceiling`, 0 for none; null when each turn has its own.
    pub ceiling_ms: Option<i64>,
    /// Without a sign of life for this long, a turn is silent.
    pub silent_after_ms: i64,
    /// How many requests the platform got for this answer, repeats included.
    pub requests: u64,
    /// Whether the platform lists turns (`GET /admin/turns`); null when it was not asked.
    pub turns_route: Option<bool>,
    /// Why it does not, in words.
    pub turns_route_why: Option<String>,
    /// The platform's clock less ours, to a second; null when not known, or with `--now`.
    pub clock_offset_ms: Option<i64>,
    /// The file of what was seen at other times; null without one.
    pub ledger: Option<String>,
}

/// How many turns have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Workspaces (agents of a gateway) that the answer is about.
    pub workspaces: usize,
    /// Over their ceiling.
    pub over: usize,
    /// Over, and without a sign of life for a while.
    pub over_silent: usize,
    /// Not older than their ceiling.
    pub under: usize,
    /// In flight, and not known well enough since when.
    pub unknown: usize,
    /// With a start in the future.
    pub skewed: usize,
    /// Running markers without a run (OpenClaw).
    pub leaked: usize,
    /// In flight within their time-out (OpenClaw).
    pub running: usize,
    /// In flight, with the ceiling turned off.
    pub off: usize,
    /// In flight, and the platform owns the turn.
    pub not_native: usize,
    /// Nothing in flight.
    pub idle: usize,
    /// Of the above: nothing tells whether anything is in flight, since the adapter does not report it.
    pub unreported: usize,
}

impl Row for Turn {
    const COLUMNS: &'static [Column] = &[
        Column::new("source", "SOURCE").on_request(),
        Column::new("workspace_name", "WORKSPACE"),
        Column::new("workspace_id", "ID").on_request(),
        Column::new("runtime", "RUNTIME").if_any(),
        Column::new("native_session", "NATIVE"),
        Column::new("native_session_origin", "SAYS SO").on_request(),
        Column::new("turn_id", "TURN").on_request(),
        Column::new("origin", "STARTED BY").on_request(),
        Column::new("schedule_id", "SCHEDULE").on_request(),
        Column::new("age_ms", "AGE").right(),
        Column::new("age_is", "AGE IS").on_request(),
        Column::new("started_at", "STARTED").on_request(),
        Column::new("evidence", "EVIDENCE").if_any(),
        Column::new("other_evidence", "OTHER EVIDENCE").on_request(),
        Column::new("confidence", "CONFIDENCE").on_request(),
        Column::new("ceiling_ms", "CEILING").right(),
        Column::new("ceiling_origin", "SET BY").on_request(),
        Column::new("over_by_ms", "OVER BY").right().if_any(),
        Column::new("last_sign", "LAST SIGN").if_any(),
        Column::new("last_sign_at", "LAST SIGN AT").on_request(),
        Column::new("liveness", "LIVENESS").on_request(),
        Column::new("queue_depth", "QUEUE").right().if_any(),
        Column::new("active_tasks", "ACTIVE").right().on_request(),
        Column::new("current_task", "TASK").on_request(),
        Column::new("blocks", "BLOCKS").if_any(),
        Column::new("steerable", "STEERABLE").if_any(),
        Column::new("steerable_origin", "STEERABLE BY").on_request(),
        Column::new("verdict", "VERDICT"),
        Column::new("notes", "NOTES").on_request(),
        Column::new("url", "URL").on_request(),
    ];

    fn cell(&self, key: &str, view: &View) -> Cell {
        cells::cell(self, key, view)
    }
}

impl Report for TurnsReport {
    type Row = Turn;
    const SCHEMA: &'static str = "cronctl.turns/1";
    const EMPTY: &'static str = "Nothing is in flight.";

    fn rows(&mut self) -> &mut Vec<Turn> {
        &mut self.turns
    }

    // A watch draws them below the table: what stderr says does not outlast the next redraw.
    fn warnings(&self) -> &[String] {
        match self.around.watching {
            Some(_) => &[],
            None => &self.warnings,
        }
    }

    fn problems(&self) -> &[Problem] {
        match self.around.watching {
            Some(_) => &[],
            None => &self.problems,
        }
    }

    fn screen(&self, rows: &[Turn], screen: &mut Screen<'_>) -> io::Result<()> {
        screen::draw(self, rows, screen)
    }
}

impl Summary {
    /// Counts.
    pub(super) fn of(turns: &[Turn]) -> Self {
        let mut summary = Self::default();
        let mut workspaces = std::collections::BTreeSet::new();
        for turn in turns {
            workspaces.insert((turn.source.as_str(), turn.workspace_id.as_str()));
            let count = match turn.verdict {
                Verdict::Over => &mut summary.over,
                Verdict::Unknown => &mut summary.unknown,
                Verdict::Skewed => &mut summary.skewed,
                Verdict::Leaked => &mut summary.leaked,
                Verdict::Under => &mut summary.under,
                Verdict::Running => &mut summary.running,
                Verdict::Off => &mut summary.off,
                Verdict::NotNative => &mut summary.not_native,
                Verdict::Idle => &mut summary.idle,
            };
            *count += 1;
            if turn.verdict == Verdict::Over && turn.liveness == crate::turn::Liveness::Silent {
                summary.over_silent += 1;
            }
            if !reported(turn) {
                summary.unreported += 1;
            }
        }
        summary.workspaces = workspaces.len();
        summary
    }
}

/// Whether anything shows that the turn is there: its workspace reports it, or there is evidence.
pub(super) fn reported(turn: &Turn) -> bool {
    turn.verdict != Verdict::Unknown
        || turn.active_tasks.is_some_and(|n| n > 0)
        || turn.evidence.is_some()
        || turn.turn_id.is_some()
}

/// Whether a turn is a row.
pub(super) fn is_row(turn: &Turn, rows: Rows) -> bool {
    match rows {
        Rows::All => true,
        Rows::OverCeiling => turn.verdict == Verdict::Over,
        Rows::InFlight => {
            !matches!(turn.verdict, Verdict::Idle | Verdict::NotNative) && reported(turn)
        }
    }
}

/// Whether a turn in flight has an age that carries no verdict.
pub(super) fn is_apart(turn: &Turn) -> bool {
    matches!(turn.verdict, Verdict::Unknown | Verdict::Skewed) && reported(turn)
}
