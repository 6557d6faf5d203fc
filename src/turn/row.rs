//! One turn, judged: the row of `cronctl turns`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One turn, or one workspace without any.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Turn {
    /// The source's tag.
    pub source: String,
    /// The workspace's id; the agent's for OpenClaw.
    pub workspace_id: String,
    /// Its name.
    pub workspace_name: Option<String>,
    /// The adapter; `openclaw` for a gateway.
    pub runtime: Option<String>,
    /// Whether the adapter's SDK owns the turn; null when not known.
    pub native_session: Option<bool>,
    /// How that is known.
    pub native_session_origin: String,
    /// The turn's id, where the source names it.
    pub turn_id: Option<String>,
    /// What started it: `cron`, `a2a`, `user`, `unknown`.
    pub origin: Option<String>,
    /// The schedule or job that started it.
    pub schedule_id: Option<String>,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// How sure the verdict is: `certain`, or `likely` when it rests on an estimate.
    pub confidence: crate::openclaw::Confidence,
    /// Whether it still shows signs of life.
    pub liveness: Liveness,
    /// When it started, as far as known (`age_is` says how far), by our clock: RFC 3339.
    pub started_at: Option<String>,
    /// The same, epoch milliseconds.
    pub started_at_ms: Option<i64>,
    /// Its age, milliseconds; null when nothing is known of it.
    pub age_ms: Option<i64>,
    /// What the age is: exact, a lower bound, an estimate.
    pub age_is: Option<Bound>,
    /// What the age rests on: the strongest evidence.
    pub evidence: Option<Evidence>,
    /// The other evidence.
    pub other_evidence: Vec<Evidence>,
    /// The ceiling, milliseconds; 0 when it is off; null when it is not known (wrongly configured).
    pub ceiling_ms: Option<i64>,
    /// Where the ceiling is set.
    pub ceiling_origin: String,
    /// How far past the ceiling it is, milliseconds; null unless over.
    pub over_by_ms: Option<i64>,
    /// The last sign of life: RFC 3339.
    pub last_sign_at: Option<String>,
    /// The same, epoch milliseconds.
    pub last_sign_at_ms: Option<i64>,
    /// What it was: `agent_log Bash: npm run build`.
    pub last_sign: Option<String>,
    /// Messages that wait behind it.
    pub queue_depth: Option<i64>,
    /// Turns in flight in the workspace.
    pub active_tasks: Option<i64>,
    /// A summary of the prompt in flight.
    pub current_task: Option<String>,
    /// What it blocks.
    pub blocks: Blocks,
    /// Whether it can be cancelled; null when not known.
    pub steerable: Option<bool>,
    /// How that is known.
    pub steerable_origin: String,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// Where the workspace's adapter listens, for `--via adapter`.
    pub url: Option<String>,
    /// What names the turn in the ledger where it has no id: the start of its spell, or its start.
    #[serde(skip)]
    #[schemars(skip)]
    pub key: String,
}

/// What is to be thought of a turn.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Strictly older than the ceiling.
    Over,
    /// In flight, and its age is not known well enough: a lower bound below the ceiling proves nothing.
    Unknown,
    /// Its start lies in the future: a clock is wrong.
    Skewed,
    /// OpenClaw: a marker without a run.
    Leaked,
    /// Not older than the ceiling.
    Under,
    /// OpenClaw: in flight, within its time-out.
    Running,
    /// In flight, and the ceiling is off.
    Off,
    /// In flight, and the platform owns the turn.
    NotNative,
    /// Nothing in flight.
    Idle,
}

/// Whether a turn shows signs of life. Old is not stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// Something happened lately.
    Active,
    /// Nothing happened for a while.
    Silent,
    /// Nothing tells.
    Unknown,
}

/// What an age is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The age.
    Exact,
    /// The turn is at least this old.
    AtLeast,
    /// The age of the message that most likely started it: it may have waited before it ran.
    Estimate,
}

/// What an age rests on, strongest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The platform lists turns with their start.
    TurnsRoute,
    /// A running watch saw it start.
    Event,
    /// The message's dispatch timed out while the workspace stayed busy.
    Activity,
    /// It has been seen busy since.
    Observed,
    /// Fires were skipped or rejected in an unbroken row since.
    Skips,
    /// OpenClaw: `cron_run_receipts`.
    Receipt,
    /// OpenClaw: `task_runs`.
    TaskRun,
    /// OpenClaw: `state.runningAtMs` of the job.
    RunningMarker,
}

impl EvidenceKind {
    /// Says what it is, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::TurnsRoute => "the list of turns",
            Self::Event => "a start that a watch saw",
            Self::Activity => "messages that timed out",
            Self::Observed => "what was seen busy before",
            Self::Skips => "skipped fires",
            Self::RunningMarker => "running markers",
            Self::Receipt => "receipts",
            Self::TaskRun => "task runs",
        }
    }
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Its kind.
    pub kind: EvidenceKind,
    /// Since when, epoch milliseconds by our clock; null when it names no instant.
    pub since_ms: Option<i64>,
    /// What it says of the age.
    pub bound: Bound,
    /// In words, with its source (route, field).
    pub says: String,
}

/// What a turn blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocks {
    /// Fires skipped or rejected in an unbroken row; null when not known.
    pub skipped: Option<u64>,
    /// Since when: RFC 3339.
    pub since_at: Option<String>,
    /// The same, epoch milliseconds.
    pub since_at_ms: Option<i64>,
    /// The names (else ids) of the schedules concerned.
    pub schedules: Vec<String>,
    /// Schedules that are due now; null when not known.
    pub due: Option<u64>,
}
