//! What `explain-model` answers.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::{screen, table};
use crate::error::Problem;
use crate::model::{
    Advice, AgentUse, Alternative, Candidate, ChainOrigin, Drift, Failure, Mechanism, ModelRef,
    Outcome, Policy, RuledOut, Source, Step, Sureness, Verdict,
};
use crate::openclaw::gateway_log::ThrownBack;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::source::{Confidence, SourceInfo};
use crate::ui::Role;

/// `cronctl.explain-model/1`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainReport {
    /// What the answers rest on.
    pub inputs: Inputs,
    /// How many jobs have each verdict, worst news first.
    pub counts: Vec<VerdictCount>,
    /// The jobs.
    pub jobs: Vec<JobRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
    /// Whether one job was asked for, and a person sees its steps.
    #[serde(skip)]
    #[schemars(skip)]
    pub single: bool,
}

/// What the answers rest on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// Where jobs came from.
    pub sources: Vec<SourceInfo>,
    /// The version of each source that has models, and what says so.
    pub versions: Vec<VersionUse>,
    /// Whose rules.
    pub policy: Policy,
    /// Models that their providers are supposed to refuse.
    pub denied: Vec<ModelRef>,
    /// The gateway's logs that were read (`--gateway-log`); null without.
    pub gateway_log: Option<LogUse>,
}

/// The gateway's logs that were read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogUse {
    /// The files.
    pub files: Vec<String>,
    /// Lines that say that a candidate was thrown back.
    pub lines: usize,
    /// Sessions that they name.
    pub sessions: usize,
    /// Jobs, of those asked for, whose recorded runs are among these sessions.
    pub jobs: usize,
    /// Of these jobs, those of which the log says what the answer says.
    pub agree: usize,
}

/// What the gateway's log says of a job's recorded runs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LoggedRow {
    /// The candidates that were thrown back.
    pub thrown_back: Vec<ThrownBack>,
    /// Whether the answer says the same of each of them.
    pub agrees: bool,
}

/// The version whose rules hold for a source.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VersionUse {
    /// The source's tag.
    pub source: String,
    /// The version.
    pub version: String,
    /// The era that it belongs to.
    pub era: String,
    /// What sets the era apart.
    pub era_change: String,
    /// What says so: issues, pull requests, observed runs.
    pub era_source: String,
    /// Whether the rules of this very version were checked.
    pub checked: bool,
    /// What says that it is this version.
    pub origin: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// Every piece of evidence, used or not.
    pub evidence: Vec<EvidenceRow>,
    /// Recorded runs that were compared with the rules.
    pub runs_compared: usize,
    /// Of them, those that the rules predict.
    pub runs_predicted: usize,
    /// Other eras that remain possible.
    pub also_possible: Vec<String>,
    /// Eras that the run history excludes.
    pub ruled_out: Vec<RuledOut>,
}

/// One piece of evidence about the version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EvidenceRow {
    /// What was looked at.
    pub what: String,
    /// What it says.
    pub says: String,
    /// Where.
    pub found_at: String,
    /// How much it proves by itself.
    pub confidence: Confidence,
}

/// How many jobs have a verdict.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct VerdictCount {
    /// The verdict.
    pub verdict: Verdict,
    /// How many jobs.
    pub jobs: usize,
}

/// One job.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JobRow {
    /// The job's source.
    pub source: String,
    /// Its id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether the scheduler fires it.
    pub enabled: bool,
    /// Where the job stands.
    pub found_at: String,
    /// The agent that runs it.
    pub agent: AgentUse,
    /// `isolated`, `main`, `session:<id>`.
    pub session_target: Option<String>,
    /// The key of the session row that its runs start from.
    pub session_key: Option<String>,
    /// The version whose rules hold.
    pub version: String,
    /// The era.
    pub era: String,
    /// `payload.model` as written.
    pub declared: Option<String>,
    /// What the job declares, parsed.
    pub intended: Option<ModelRef>,
    /// What its run uses; null when it fails or calls no model.
    pub effective: Option<ModelRef>,
    /// Which step named the effective model; the word `model_source` keeps it apart from `source`.
    pub model_source: Option<Source>,
    /// How it came to run.
    pub mechanism: Mechanism,
    /// How the run ends as far as its model goes.
    pub outcome: Outcome,
    /// Why it fails.
    pub failure: Option<Failure>,
    /// Whether the job gets what it declares.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Sureness,
    /// What could not be known and bears on the answer.
    pub missing: Vec<String>,
    /// The models that are tried, in order.
    pub candidates: Vec<Candidate>,
    /// Where the fallbacks come from.
    pub chain: ChainOrigin,
    /// Whether there is no fallback.
    pub strict: bool,
    /// Everything that was considered, strongest first.
    pub steps: Vec<Step>,
    /// What other eras that remain possible say, when it differs.
    pub alternatives: Vec<Alternative>,
    /// What is declared, chosen, recorded and run, side by side.
    pub drift: Drift,
    /// What the gateway's log says of its recorded runs; null when it says nothing, or was not read.
    pub gateway_log: Option<LoggedRow>,
    /// What to do; commands are never run.
    pub advice: Vec<Advice>,
    /// What an operator should know.
    pub notes: Vec<String>,
}

impl Report for ExplainReport {
    type Row = JobRow;
    const SCHEMA: &'static str = "cronctl.explain-model/1";
    const EMPTY: &'static str = "No jobs.";

    fn rows(&mut self) -> &mut Vec<JobRow> {
        &mut self.jobs
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[JobRow], screen: &mut Screen<'_>) -> io::Result<()> {
        match rows {
            [job] if self.single => screen::one(self, job, screen),
            _ => table::many(self, rows, screen),
        }
    }
}

/// What a person reads for the role of a verdict.
pub(super) fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Honoured => Role::Good,
        Verdict::NotHonoured | Verdict::Fails => Role::Bad,
        Verdict::Unknown => Role::Warn,
        Verdict::Unpinned | Verdict::NoModel => Role::Plain,
    }
}

/// The model that runs, or what happens instead.
pub(super) fn effective(row: &JobRow) -> Cell {
    match (&row.effective, &row.failure, row.outcome) {
        (Some(model), ..) => Cell::of(model),
        (None, Some(failure), Outcome::Skips) => {
            Cell::with(Role::Bad, format!("skipped: {}", failure.class.word()))
        }
        (None, Some(failure), _) => {
            Cell::with(Role::Bad, format!("fails: {}", failure.class.word()))
        }
        (None, None, Outcome::NoModel) => Cell::with(Role::Dim, "calls no model"),
        (None, None, _) => Cell::with(Role::Warn, "unknown"),
    }
}

/// The agent, so that it cannot be taken for a model.
pub(super) fn agent(agent: &AgentUse) -> String {
    match (&agent.id, &agent.named) {
        (Some(id), Some(named)) => format!("{id} (not {named}, which is not configured)"),
        (Some(id), None) if agent.why.starts_with("default agent") => {
            format!("{id} (default agent)")
        }
        (Some(id), None) => id.clone(),
        (None, _) if agent.why.starts_with("not known") => "unknown".to_owned(),
        (None, _) => "none".to_owned(),
    }
}

impl Row for JobRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("job", "JOB"),
        Column::new("name", "NAME").if_any(),
        Column::new("agent", "AGENT"),
        Column::new("session_target", "SESSION").on_request(),
        Column::new("declared", "DECLARED").if_any(),
        Column::new("intended", "INTENDED").on_request(),
        Column::new("effective", "EFFECTIVE"),
        Column::new("model_source", "FROM"),
        Column::new("mechanism", "HOW").on_request(),
        Column::new("verdict", "VERDICT"),
        Column::new("confidence", "SURE"),
        Column::new("candidates", "TRIED IN ORDER").on_request(),
        Column::new("chain", "FALLBACKS FROM").on_request(),
        Column::new("drift", "LAST RUN"),
        Column::new("alternatives", "OR").if_any(),
        Column::new("enabled", "ENABLED").on_request(),
        Column::new("version", "VERSION").on_request(),
        Column::new("era", "ERA").on_request(),
        Column::new("session_key", "SESSION KEY").on_request(),
        Column::new("found_at", "WHERE").on_request(),
        Column::new("source", "SOURCE").on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        match key {
            "job" => Cell::from(&*self.job),
            "name" => Cell::from(self.name.as_deref()),
            "agent" => Cell::from(agent(&self.agent)),
            "session_target" => Cell::from(self.session_target.as_deref()),
            "declared" => Cell::from(self.declared.as_deref()),
            "intended" => Cell::from(self.intended.as_ref().map(ToString::to_string)),
            "effective" => effective(self),
            "model_source" => Cell::from(self.model_source.map(screen::source)),
            "mechanism" => Cell::from(screen::mechanism(self.mechanism)),
            "verdict" => Cell::with(role(self.verdict), self.verdict.word()),
            "confidence" => Cell::from(self.confidence.word()),
            "candidates" => {
                let models = self.candidates.iter().map(|c| c.model.to_string());
                Cell::from(models.collect::<Vec<_>>().join(", "))
            }
            "chain" => Cell::from(self.chain.word()),
            "drift" => table::drift(self.drift.verdict),
            "alternatives" => Cell::from(table::alternatives(&self.alternatives)),
            "enabled" => Cell::from(if self.enabled { "yes" } else { "no" }),
            "version" => Cell::from(&*self.version),
            "era" => Cell::from(&*self.era),
            "session_key" => Cell::from(self.session_key.as_deref()),
            "found_at" => Cell::from(&*self.found_at),
            "source" => Cell::from(&*self.source),
            _ => Cell::none(),
        }
    }
}
