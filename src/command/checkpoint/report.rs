//! What `checkpoint` answers: one serialisable value, whose rows are the turns that were to be freed.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::choose::LeftAlone;
use super::row::TargetRow;
use super::screen;
use crate::checkpoint::Outcome;
use crate::error::Problem;
use crate::report::{Report, Screen};

/// `cronctl.checkpoint/1`: turns that were to be freed, and what came of each.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckpointReport {
    /// What the answer rests on.
    pub inputs: Inputs,
    /// What it comes to.
    pub summary: Summary,
    /// The turns that were to be freed, the oldest first.
    pub targets: Vec<TargetRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What the answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Inputs {
    /// The platform's address, or `demo`.
    pub platform: String,
    /// The instant at which turns were judged: RFC 3339.
    pub now_at: String,
    /// The same, epoch milliseconds.
    pub now_at_ms: i64,
    /// Whether nothing was to be sent.
    pub dry_run: bool,
    /// The workspaces that were named, as typed.
    pub workspaces: Vec<String>,
    /// Whether only turns over their ceiling were meant.
    pub over_ceiling: bool,
    /// `--ceiling`, milliseconds; null when each workspace's own holds.
    pub ceiling_ms: Option<i64>,
    /// Whether estimates were left alone.
    pub certain: bool,
    /// The operator's words.
    pub reason: Option<String>,
    /// Who asked, as the ledger has it.
    pub who: String,
    /// Through whom: `platform`, `adapter`.
    pub via: &'static str,
    /// What an adapter may take to save a turn, milliseconds.
    pub drain_ms: i64,
    /// How long a turn may still be seen after its request was accepted, milliseconds.
    pub grace_ms: i64,
    /// How many turns at most.
    pub max_actions: usize,
    /// How many requests at a time.
    pub concurrency: usize,
    /// Whether workspaces were to be restarted where turns were not let go.
    pub escalate: bool,
    /// The ledger's file; null without one.
    pub ledger: Option<String>,
    /// Whether the platform lists turns; null when it was not asked.
    pub turns_route: Option<bool>,
}

/// What it comes to.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// Turns that were to be freed.
    pub targets: usize,
    /// Accepted, and gone.
    pub confirmed: usize,
    /// Nothing was in flight.
    pub idle: usize,
    /// Ended by themselves.
    pub moot: usize,
    /// Restarted: destroyed.
    pub restarted: usize,
    /// Accepted, and still there.
    pub lingering: usize,
    /// It may or may not have worked.
    pub unknown: usize,
    /// Asked to come back later.
    pub throttled: usize,
    /// Cannot be steered.
    pub refused: usize,
    /// No handler.
    pub unsupported: usize,
    /// The caller is not allowed.
    pub unauthorised: usize,
    /// The request was refused.
    pub rejected: usize,
    /// Nothing was sent.
    pub not_sent: usize,
    /// Of these: another process was dealing with the turn.
    pub held: usize,
    /// Requests to platform or adapters in all, those that only read included.
    pub requests: u64,
    /// Turns of the workspaces in question that were left alone.
    pub left_alone: LeftAlone,
    /// Which signal ended it: `SIGINT`, `SIGTERM`; null when none did.
    pub ended_by: Option<&'static str>,
}

impl Summary {
    /// Counts outcomes.
    pub(super) fn of(targets: &[TargetRow]) -> Self {
        let mut summary = Self {
            targets: targets.len(),
            ..Self::default()
        };
        for target in targets {
            *summary.count(target.outcome) += 1;
        }
        summary
    }

    /// Counts one more. `held`: another process was dealing with it.
    pub(super) fn add(&mut self, target: &TargetRow, held: bool) {
        self.targets += 1;
        self.held += usize::from(held);
        *self.count(target.outcome) += 1;
    }

    fn count(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Confirmed => &mut self.confirmed,
            Outcome::Idle => &mut self.idle,
            Outcome::Moot => &mut self.moot,
            Outcome::Restarted => &mut self.restarted,
            Outcome::Lingering => &mut self.lingering,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Throttled => &mut self.throttled,
            Outcome::Refused => &mut self.refused,
            Outcome::Unsupported => &mut self.unsupported,
            Outcome::Unauthorised => &mut self.unauthorised,
            Outcome::Rejected => &mut self.rejected,
            Outcome::NotSent => &mut self.not_sent,
        }
    }
}

impl Report for CheckpointReport {
    type Row = TargetRow;
    const SCHEMA: &'static str = "cronctl.checkpoint/1";
    const EMPTY: &'static str = "No turn is over its ceiling: nothing was sent.";

    fn rows(&mut self) -> &mut Vec<TargetRow> {
        &mut self.targets
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[TargetRow], screen: &mut Screen<'_>) -> io::Result<()> {
        screen::draw(self, rows, screen)
    }
}
