//! What a resolution says: every step with its value, place and fate, then the answer.

use schemars::JsonSchema;
use serde::Serialize;

use super::ModelRef;

/// Which model one run of a job uses under one set of rules, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Resolution {
    /// The agent that runs the job.
    pub agent: AgentUse,
    /// Everything that was considered, strongest first.
    pub steps: Vec<Step>,
    /// The model that the job declares, parsed; null when it names none, or nothing that parses.
    pub intended: Option<ModelRef>,
    /// The model that the run uses; null when it fails or calls none.
    pub effective: Option<ModelRef>,
    /// Which step named the effective model.
    pub source: Option<Source>,
    /// How the effective model came to run.
    pub mechanism: Mechanism,
    /// How the run ends as far as the choice of its model goes.
    pub outcome: Outcome,
    /// Why it fails; null when it does not.
    pub failure: Option<Failure>,
    /// The models that are tried, in order.
    pub candidates: Vec<Candidate>,
    /// Where the fallbacks come from.
    pub chain: ChainOrigin,
    /// Whether there is no fallback: one failure ends the run.
    pub strict: bool,
    /// Whether the job gets what it declares.
    pub verdict: Verdict,
    /// What could not be known and bears on the answer.
    pub missing: Vec<String>,
    /// What an operator should know.
    pub notes: Vec<String>,
}

/// The agent that runs a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AgentUse {
    /// Its id; null when none can be chosen.
    pub id: Option<String>,
    /// Why this one: `named by the job`, `default agent`, …
    pub why: String,
    /// The id that the job names, when another agent runs it.
    pub named: Option<String>,
}

/// One thing that was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// Its rank: 1 is looked at first.
    pub order: usize,
    /// Which step.
    pub step: StepName,
    /// Where the value was found, file and key path; null when there is none.
    pub found_at: Option<String>,
    /// The value as written; null when there is none.
    pub value: Option<String>,
    /// What it was read as.
    pub reference: Option<ModelRef>,
    /// What became of it.
    pub outcome: StepOutcome,
    /// Why.
    pub reason: String,
}

/// The steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// `payload.model`.
    Payload,
    /// `hooks.gmail.model`.
    Hook,
    /// The session row's override.
    Session,
    /// `subagents.model` of the agent or the defaults.
    Subagent,
    /// The heartbeat's model (main sessions).
    Heartbeat,
    /// The agent's `model`.
    Agent,
    /// `agents.defaults.model`, or what stands in for it.
    Default,
    /// The comparison with the session's selection.
    Live,
}

impl StepName {
    /// Returns the step in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Hook => "gmail hook",
            Self::Session => "session override",
            Self::Subagent => "sub-agent default",
            Self::Heartbeat => "heartbeat",
            Self::Agent => "agent",
            Self::Default => "default",
            Self::Live => "live selection",
        }
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It names the model that the run is started with.
    Chosen,
    /// A stronger step did.
    Lost,
    /// What it names is not allowed or cannot be parsed.
    Refused,
    /// It has a value that does not count here.
    Ignored,
    /// It has no value.
    Absent,
    /// It put another model in the place of the chosen one.
    Overruled,
    /// It was not known.
    Unknown,
}

impl StepOutcome {
    /// Returns the outcome as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::Ignored => "ignored",
            Self::Absent => "absent",
            Self::Overruled => "overruled it",
            Self::Unknown => "unknown",
        }
    }
}

/// Which step named the effective model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The job's payload.
    Payload,
    /// The Gmail hook's model.
    Hook,
    /// An override on the session row.
    Session,
    /// A sub-agent default.
    Subagent,
    /// The heartbeat's model.
    Heartbeat,
    /// The agent's own model.
    Agent,
    /// The configured or built-in default.
    Default,
    /// An entry of a fallback list.
    Fallback,
}

impl Source {
    /// Returns the source as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Hook => "hook",
            Self::Session => "session",
            Self::Subagent => "subagent",
            Self::Heartbeat => "heartbeat",
            Self::Agent => "agent",
            Self::Default => "default",
            Self::Fallback => "fallback",
        }
    }
}

/// How a model came to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// It was selected.
    Selection,
    /// What the payload names is not allowed, and the run silently went on without it.
    NotAllowed,
    /// The comparison with the session's selection threw the candidates before it back.
    LiveSelection,
    /// The candidates before it failed.
    Failover,
    /// Nothing runs.
    None,
}

/// How a run ends as far as the choice of its model goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With a model.
    Runs,
    /// With an error.
    Fails,
    /// Skipped: the payload does not fit the session target.
    Skips,
    /// Without calling a model, as such jobs do.
    NoModel,
    /// Not known.
    Unknown,
}

/// Why a run fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failure {
    /// The kind.
    pub class: FailureClass,
    /// The text that the gateway records, where it is known.
    pub error: String,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// `LiveSessionModelSwitchError`: no candidate equals the session's selection.
    LiveSelection,
    /// The payload's model is not in the allowlist.
    NotAllowed,
    /// The payload's model cannot be parsed.
    InvalidModel,
    /// Every candidate was refused by its provider (as `--what-if` says).
    ProviderRefused,
    /// No agent can be chosen.
    NoAgent,
    /// The payload does not fit the session target.
    WrongPayload,
    /// The gateway refuses its configuration and does not start.
    ConfigRefused,
}

impl FailureClass {
    /// Returns the class as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::LiveSelection => "live-selection",
            Self::NotAllowed => "not-allowed",
            Self::InvalidModel => "invalid-model",
            Self::ProviderRefused => "provider-refused",
            Self::NoAgent => "no-agent",
            Self::WrongPayload => "wrong-payload",
            Self::ConfigRefused => "config-refused",
        }
    }
}

/// One model that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Candidate {
    /// The model.
    pub model: ModelRef,
    /// Where it was written: a key path, or `selected`.
    pub from: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Why.
    pub reason: Option<String>,
}

/// What becomes of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is called.
    Called,
    /// It waits behind the one that is called.
    Waits,
    /// It is thrown back before any call.
    ThrownBack,
    /// Its provider refuses it (`--what-if`).
    Denied,
}

/// Where the fallbacks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainOrigin {
    /// `payload.fallbacks`.
    Payload,
    /// The agent's `model.fallbacks`, or its model without any.
    Agent,
    /// The sub-agent model's.
    Subagent,
    /// `agents.defaults.model.fallbacks`.
    Defaults,
    /// There are none.
    None,
}

impl ChainOrigin {
    /// Returns the origin as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Agent => "agent",
            Self::Subagent => "subagent",
            Self::Defaults => "defaults",
            Self::None => "none",
        }
    }
}

/// Whether a job gets the model that it declares.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It does.
    Honoured,
    /// Another model runs.
    NotHonoured,
    /// No model runs: the run ends with an error, or is skipped.
    Fails,
    /// It declares none.
    Unpinned,
    /// Jobs of its kind call no model.
    NoModel,
    /// Not enough is known.
    Unknown,
}

impl Verdict {
    /// Every verdict, worst news first.
    pub const ALL: [Self; 6] = [
        Self::Fails,
        Self::NotHonoured,
        Self::Unknown,
        Self::Unpinned,
        Self::Honoured,
        Self::NoModel,
    ];

    /// Returns the verdict as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Honoured => "honoured",
            Self::NotHonoured => "not-honoured",
            Self::Fails => "fails",
            Self::Unpinned => "unpinned",
            Self::NoModel => "no-model",
            Self::Unknown => "unknown",
        }
    }
}
