//! What `plan --suggest` answers: the changes, the jobs that cannot be changed, and the peaks.

use serde::Serialize;
use serde_json::Value;

use crate::command::plan::report::{Finding, Inputs, RunLengthUse, SourceDispatch};
use crate::error::Problem;
use crate::plan::Peak;

/// `cronctl.suggestions/1`: changes that realise a plan. Nothing is applied.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct SuggestionsReport {
    /// What the plan rests on.
    pub inputs: Inputs,
    /// What became of the planned jobs.
    pub counts: Counts,
    /// Which run lengths were used: what runs at once, and each offset of a fit, follows from them.
    pub run_lengths: Vec<RunLengthUse>,
    /// What each source's own slots make of today's starts and of the planned ones. The peaks are without.
    pub dispatch: Vec<SourceDispatch>,
    /// What to know about the plan.
    pub findings: Vec<Finding>,
    /// Peaks within the horizon: first in total (`group` null), then per group.
    pub peaks: Vec<SuggestedPeaks>,
    /// Whether the changes reach the plan: no group has more starts in a second or more runs at once than
    /// planned.
    pub realised: bool,
    /// Where they do not, one sentence each.
    pub missed: Vec<String>,
    /// Jobs that the plan moves, in the order in which they were read: those that can be changed and those
    /// that cannot.
    pub suggestions: Vec<SuggestionRow>,
    /// All patches as one (RFC 6902); null where none was asked for.
    pub patch: Option<Vec<PatchOp>>,
    /// The document that `patch` is for; null without one.
    pub patch_of: Option<String>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
    /// What it rests on, in words, for the script.
    #[serde(skip)]
    #[schemars(skip)]
    pub basis: Vec<String>,
    /// Whether a person sees the script, which has the warnings in it.
    #[serde(skip)]
    #[schemars(skip)]
    pub in_script: bool,
}

/// What became of the planned jobs. They add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// With a change.
    pub changed: usize,
    /// The plan moves them, and nothing does.
    pub not_changeable: usize,
    /// Where the plan wants them already.
    pub unchanged: usize,
    /// Not among those that are asked for (`--job`).
    pub not_asked_for: usize,
}

/// Peaks of one group.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct SuggestedPeaks {
    /// The group; null for the total.
    pub group: Option<String>,
    /// As the source makes its jobs due today.
    pub before: Peak,
    /// As planned.
    pub planned: Peak,
    /// As the source makes the same fires due with the changes.
    pub suggested: Peak,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Another stagger window, or none.
    Stagger,
    /// A later minute in the expression, and a stagger window for what remains.
    Minute,
    /// A prefix of the command in a crontab.
    Prefix,
    /// None: see `why`.
    None,
}

/// One job that the plan moves. Offsets are milliseconds after the nominal instants of today.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct SuggestionRow {
    /// The job's id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// Its source.
    pub source: String,
    /// What kind of change.
    pub change: ChangeKind,
    /// Why this kind, or why none.
    pub why: String,
    /// Its expression; null for other schedules.
    pub from_expr: Option<String>,
    /// The stagger window in force; null where the scheduler has no stagger.
    pub from_stagger_ms: Option<i64>,
    /// The expression to be; null without a change.
    pub to_expr: Option<String>,
    /// The stagger window to be; null without a change, and for prefixes.
    pub to_stagger_ms: Option<i64>,
    /// The offset today.
    pub offset_before_ms: i64,
    /// The offset that the plan wants; a fit with 20 ms of room after each run, so that an offset that
    /// comes out later by so much overlaps nothing.
    pub offset_wanted_ms: i64,
    /// The offset that the change gives; null without one.
    pub offset_got_ms: Option<i64>,
    /// The command, word by word; null where none makes the change. With commands for more than one source
    /// it begins with `env OPENCLAW_STATE_DIR=…` where the source is a state directory.
    pub argv: Option<Vec<String>>,
    /// The same for a POSIX shell, or the prefix of a line of a crontab. Null where it cannot be shown as
    /// one line of plain text.
    pub command: Option<String>,
    /// The change as operations on `patch_of` (RFC 6902); null where none was asked for, or none can be
    /// made.
    pub patch: Option<Vec<PatchOp>>,
}

/// One operation of a JSON patch (RFC 6902).
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PatchOp {
    /// `test`, `add`, `replace` or `remove`.
    pub op: &'static str,
    /// A JSON pointer (RFC 6901).
    pub path: String,
    /// What is tested for, added or put instead; not there for `remove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}
