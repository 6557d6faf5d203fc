//! What `plan --restart-at` answers.

use serde::Serialize;

use crate::catchup::{Evidence, Standing};
use crate::command::plan::report::{ModelBasis, RunLengthUse};
use crate::error::Problem;
use crate::job::RunLengthOrigin;
use crate::openclaw::Confidence;
use crate::plan::Peak;
use crate::source::SourceInfo;

/// `cronctl.restart/1`: a restart, job by job.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct RestartReport {
    /// What the answer rests on.
    pub inputs: RestartInputs,
    /// What each gateway does.
    pub gateways: Vec<GatewayRestart>,
    /// Peaks of the jobs that are caught up: first in total (`group` null), then per group.
    pub peaks: Vec<CatchUpPeaks>,
    /// What to know about it.
    pub findings: Vec<RestartFinding>,
    /// The jobs: those that are caught up by their starts, then the others as their stores have them.
    pub jobs: Vec<RestartRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What a restart rests on.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RestartInputs {
    /// Where jobs came from.
    pub sources: Vec<SourceInfo>,
    /// When the gateway starts.
    pub restart_at: String,
    /// The same, epoch milliseconds.
    pub restart_at_ms: i64,
    /// Since when it is down (`--down-since`); null where the store's record alone counts.
    pub down_since_at: Option<String>,
    /// The same, epoch milliseconds.
    pub down_since_at_ms: Option<i64>,
    /// Starts from here on are not looked at.
    pub until_at: String,
    /// The same, epoch milliseconds.
    pub until_at_ms: i64,
    /// What peaks are grouped by.
    pub group_by: String,
    /// Which model a job's is: its own word, or what its gateway resolves.
    pub model: ModelBasis,
    /// Which run lengths are used.
    pub run_lengths: Vec<RunLengthUse>,
    /// Version and place of the time zone data.
    pub tzdata: String,
}

/// What one gateway does.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct GatewayRestart {
    /// The source's tag.
    pub source: String,
    /// The version whose rules hold.
    pub version: String,
    /// What says so.
    pub version_origin: String,
    /// How sure that is.
    pub version_confidence: Confidence,
    /// Whether the gateway starts: not with a configuration key that its version refuses.
    pub starts: bool,
    /// The keys that it refuses.
    pub refused_keys: Vec<String>,
    /// The rule of its catch-up, in words.
    pub rule: String,
    /// How sure it is that the version has this rule.
    pub rule_confidence: Confidence,
    /// `cron.skipMissedJobs` of the configuration; null without it.
    pub skip_missed_jobs: Option<bool>,
    /// How it starts what is due.
    pub slots_rule: String,
    /// What says so.
    pub slots_origin: String,
    /// Jobs that missed slots, dropped ones included.
    pub missed_jobs: usize,
    /// Slots that they missed.
    pub missed_slots: u64,
    /// Jobs that run at the start, one after the other.
    pub immediate: usize,
    /// Jobs that are deferred.
    pub deferred: usize,
    /// When the immediate ones have ended.
    pub immediate_ended_at_ms: i64,
    /// The last start of a missed job; null without one.
    pub last_start_at_ms: Option<i64>,
    /// The last end of a missed job; null without one.
    pub last_end_at_ms: Option<i64>,
    /// The longest time between due and started among deferred jobs.
    pub longest_wait_ms: i64,
    /// Starts of regular slots until the last missed job has started: they take slots, too.
    pub regular_starts: usize,
    /// Slots that are passed over because they fall due while the immediate ones run.
    pub passed_over: usize,
}

/// Peaks of one group's missed jobs.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct CatchUpPeaks {
    /// The group; null for the total.
    pub group: Option<String>,
    /// Jobs in it that are caught up.
    pub jobs: usize,
    /// Before: had each of them run in the last slot that it missed.
    pub on_schedule: Peak,
    /// After: as they start in the catch-up, with the gateway's slots.
    pub catch_up: Peak,
}

/// One thing to know about a restart.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RestartFinding {
    /// What kind, stable: for scripts.
    pub kind: RestartFindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// The sentence.
    pub text: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// To know.
    Note,
    /// It hurts.
    Warning,
    /// The gateway does not do its work.
    Error,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartFindingKind {
    /// A configuration key that the version refuses.
    ConfigRefused,
    /// The scheduler is switched off.
    CronDisabled,
    /// A job that is caught up restarts the gateway.
    RestartsGateway,
    /// More runs at once than on schedule.
    Load,
    /// Runs at once whose agent turns call models one at a time.
    OneLane,
    /// Deferred jobs wait for a slot.
    Queue,
    /// Deferred jobs find no slot before the end of the horizon.
    NoSlot,
    /// Slots that are never made up.
    NeverMadeUp,
    /// Slots that are passed over while the first missed jobs run.
    PassedOver,
    /// A run was in flight: the job is skipped this time.
    Interrupted,
    /// What was missed is assumed.
    Assumed,
    /// The rules of the version are not certain.
    RulesNotCertain,
}

/// One job.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RestartRow {
    /// The job's id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// Its source.
    pub source: String,
    /// Its agent.
    pub agent: Option<String>,
    /// The provider of its model; null when none is called, or none is named.
    pub provider: Option<String>,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why it counts as missed, or why not.
    pub why: String,
    /// What says which slots were missed; null without any.
    pub evidence: Option<Proof>,
    /// How many slots it missed.
    pub missed: u64,
    /// The first of them.
    pub first_missed_at: Option<String>,
    /// The same, epoch milliseconds.
    pub first_missed_at_ms: Option<i64>,
    /// The last of them.
    pub last_missed_at: Option<String>,
    /// The same, epoch milliseconds.
    pub last_missed_at_ms: Option<i64>,
    /// Whether it is one of those that run at the start, one after the other; null when it is not
    /// caught up.
    pub immediate: Option<bool>,
    /// When the catch-up makes it due; null when it is not caught up.
    pub due_at: Option<String>,
    /// The same, epoch milliseconds.
    pub due_at_ms: Option<i64>,
    /// When it starts; null when it is not caught up, or finds no slot in the horizon.
    pub start_at: Option<String>,
    /// The same, epoch milliseconds.
    pub start_at_ms: Option<i64>,
    /// From due to start: the queue for a slot.
    pub wait_ms: Option<i64>,
    /// From the last slot that it missed to its start.
    pub late_ms: Option<i64>,
    /// When it is due next, after that; null when never.
    pub next_at: Option<String>,
    /// The same, epoch milliseconds.
    pub next_at_ms: Option<i64>,
    /// The words by which it restarts or stops the gateway; null without such words.
    pub restarts: Option<String>,
    /// The run length used; null where no clock fires it.
    pub run_ms: Option<i64>,
    /// Where it comes from.
    pub run_length_origin: Option<RunLengthOrigin>,
    /// When the gateway starts, for reading.
    #[serde(skip)]
    #[schemars(skip)]
    pub restart_at_ms: i64,
}

/// What becomes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It missed slots and runs once.
    CaughtUp,
    /// It missed slots, and cron.skipMissedJobs drops them.
    Dropped,
    /// A run was in flight: it is skipped this time.
    Interrupted,
    /// It waits for the end of its error backoff.
    BacksOff,
    /// A one-shot that already ran.
    AlreadyRan,
    /// Nothing was missed.
    OnTime,
    /// No run is recorded: nothing can be missed.
    Unrecorded,
    /// Disabled.
    Disabled,
    /// Disabled by the gateway itself after errors.
    AutoDisabled,
    /// Fired by no clock.
    NoClock,
    /// Its schedule is refused (see `problems`).
    Refused,
    /// cron is switched off.
    CronOff,
    /// The gateway does not start.
    GatewayDoesNotStart,
}

/// What says that slots were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The recorded next run (`nextRunAtMs`) is past.
    NextRun,
    /// A slot lies after the recorded last run (`lastRunAtMs`).
    LastRun,
    /// It is assumed that nothing ran since `--down-since`.
    Assumed,
}

impl From<Evidence> for Proof {
    fn from(evidence: Evidence) -> Self {
        match evidence {
            Evidence::NextRun => Self::NextRun,
            Evidence::LastRun => Self::LastRun,
            Evidence::Assumed => Self::Assumed,
        }
    }
}

impl From<Standing> for Outcome {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Missed(_) => Self::CaughtUp,
            Standing::Dropped(_) => Self::Dropped,
            Standing::Interrupted => Self::Interrupted,
            Standing::BacksOff { .. } => Self::BacksOff,
            Standing::AlreadyRan => Self::AlreadyRan,
            Standing::OnTime => Self::OnTime,
            Standing::Unrecorded => Self::Unrecorded,
        }
    }
}
