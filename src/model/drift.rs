//! Drift: what a job declares, what it would use, what its session row records and what its last
//! run really used, side by side.

use schemars::JsonSchema;
use serde::Serialize;

use super::resolution::{FailureClass, Mechanism, Outcome, Resolution, Source};
use super::select::Known;
use super::{ModelRef, RunRecord};
use crate::when;

/// The four models of a job, and whether they fit together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Drift {
    /// What the job declares.
    pub intended: Option<ModelRef>,
    /// What a run would use now.
    pub effective: Option<ModelRef>,
    /// Whether there is a session row.
    pub row: RowState,
    /// The override on the session row: a selection that someone made.
    pub row_override: Option<String>,
    /// The pair that the last run left in the session row: recorded state, not a selection.
    pub row_recorded: Option<String>,
    /// The last finished run.
    pub last_run: Option<LastRun>,
    /// How they fit together.
    pub verdict: DriftVerdict,
    /// Why.
    pub reason: String,
}

/// Whether a session has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RowState {
    /// It has one.
    Found,
    /// The store was read, and it has none.
    Absent,
    /// That could not be known.
    Unknown,
}

/// The last finished run of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LastRun {
    /// The model that answered; of a run that ended with an error, the one that was attempted.
    pub model: Option<String>,
    /// `ok`, `error`, `skipped`.
    pub status: Option<String>,
    /// The error that was recorded.
    pub error: Option<String>,
    /// When it began, RFC 3339; null when not recorded.
    pub started_at: Option<String>,
    /// The same, epoch milliseconds.
    pub started_at_ms: Option<i64>,
    /// Where it is recorded.
    pub found_at: String,
}

/// How the models of a job fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriftVerdict {
    /// The last run used what the job declares, or what these rules choose for it.
    Consistent,
    /// It did not, because of a defect of this version.
    VersionBug,
    /// An override of the session decides.
    StaleOverride,
    /// The declared model is not allowed.
    AllowlistFallback,
    /// An earlier candidate failed.
    Failover,
    /// It ran what was declared; only the session list shows something else.
    DisplayOnly,
    /// None of these rules explains it.
    Unexplained,
    /// No finished run with a model is recorded.
    NoRun,
}

impl DriftVerdict {
    /// Returns the verdict in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Consistent => "consistent",
            Self::VersionBug => "bug of this version",
            Self::StaleOverride => "stale override",
            Self::AllowlistFallback => "allowlist fallback",
            Self::Failover => "failover",
            Self::DisplayOnly => "display only",
            Self::Unexplained => "unexplained",
            Self::NoRun => "no run recorded",
        }
    }
}

/// The model of a record.
pub(super) fn model_of(run: &RunRecord) -> Option<ModelRef> {
    let model = run.model.as_deref()?;
    let provider = run.provider.as_deref()?;
    Some(ModelRef::new(provider, model))
}

/// The kind of failure that an error text names.
pub(super) fn class_of(error: &str) -> Option<FailureClass> {
    if error.contains("LiveSessionModelSwitchError")
        || error.contains("Live session model switch requested")
    {
        Some(FailureClass::LiveSelection)
    } else if error.contains("invalid model:") {
        Some(FailureClass::InvalidModel)
    } else if error.contains("model not allowed:")
        || (error.contains("rejected by")
            && (error.contains("model override") || error.contains("payload.model")))
    {
        Some(FailureClass::NotAllowed)
    } else {
        None
    }
}

/// Compares the four.
pub fn drift(resolution: &Resolution, row: &Known<'_>, run: Option<&RunRecord>) -> Drift {
    let (row_override, row_recorded) = match row {
        Known::Row(row) => (
            row.model_override
                .as_deref()
                .map(|model| match row.provider_override.as_deref() {
                    Some(provider) => ModelRef::new(provider, model).to_string(),
                    None => model.to_owned(),
                }),
            super::steps::recorded(row),
        ),
        _ => (None, None),
    };
    let (verdict, reason) = judge(resolution, row_override.as_deref(), run);
    Drift {
        intended: resolution.intended.clone(),
        effective: resolution.effective.clone(),
        row: match row {
            Known::Row(_) => RowState::Found,
            Known::None => RowState::Absent,
            Known::Unknown(_) => RowState::Unknown,
        },
        row_override,
        row_recorded,
        last_run: run.map(|run| LastRun {
            model: model_of(run)
                .map(|m| m.to_string())
                .or_else(|| run.model.clone()),
            status: run.status.clone(),
            error: run.error.clone(),
            started_at: run.started_at_ms.map(when::utc),
            started_at_ms: run.started_at_ms,
            found_at: run.at.to_string(),
        }),
        verdict,
        reason,
    }
}

fn judge(
    r: &Resolution,
    row_override: Option<&str>,
    run: Option<&RunRecord>,
) -> (DriftVerdict, String) {
    let Some(run) = run else {
        return (
            DriftVerdict::NoRun,
            "no finished run is recorded".to_owned(),
        );
    };
    if r.outcome == Outcome::NoModel {
        return (
            DriftVerdict::Consistent,
            "jobs of this kind call no model".to_owned(),
        );
    }
    if run.status.as_deref() == Some("error")
        && let Some(class) = run.error.as_deref().and_then(class_of)
    {
        return failed(r, class);
    }
    let Some(ran) = model_of(run) else {
        let why = "the last run's record names no model".to_owned();
        return (DriftVerdict::NoRun, why);
    };
    let is = |model: &ModelRef| model.same_as(&ran);
    let shown = ran.to_string();
    match &r.effective {
        Some(effective) if is(effective) => as_predicted(r, &shown, row_override),
        _ if r.intended.as_ref().is_some_and(is) => (
            DriftVerdict::Unexplained,
            format!(
                "it ran the declared {shown}, which these rules do not: the version, the \
                 configuration or the session row was another then"
            ),
        ),
        _ if r.candidates.iter().any(|c| is(&c.model)) => (
            DriftVerdict::Failover,
            format!("{shown} is a fallback: the candidates before it failed"),
        ),
        _ if row_override.is_some_and(|o| o == shown) => (
            DriftVerdict::StaleOverride,
            format!("it ran the session row's override {shown}"),
        ),
        _ => (
            DriftVerdict::Unexplained,
            format!(
                "it ran {shown}, which is no candidate now: the version, the configuration or the \
                 session row was another then"
            ),
        ),
    }
}

/// The last run failed over the choice of its model.
fn failed(r: &Resolution, class: FailureClass) -> (DriftVerdict, String) {
    let predicted = r.failure.as_ref().map(|f| f.class) == Some(class);
    match (class, predicted) {
        (FailureClass::LiveSelection, _) => (
            DriftVerdict::VersionBug,
            "it was thrown back by the comparison with the session's selection, before any model \
             call"
                .to_owned(),
        ),
        (_, true) => (
            DriftVerdict::Consistent,
            format!("it failed as these rules say: {}", class.word()),
        ),
        (_, false) => (
            DriftVerdict::Unexplained,
            format!(
                "it failed ({}), which these rules do not: something changed since",
                class.word()
            ),
        ),
    }
}

fn as_predicted(r: &Resolution, ran: &str, row_override: Option<&str>) -> (DriftVerdict, String) {
    match r.mechanism {
        Mechanism::LiveSelection => (
            DriftVerdict::VersionBug,
            format!("it ran {ran}, the session's selection, as this version does"),
        ),
        Mechanism::NotAllowed => (
            DriftVerdict::AllowlistFallback,
            format!("it ran {ran}: the declared model is not allowed"),
        ),
        Mechanism::Failover => (
            DriftVerdict::Failover,
            format!("it ran {ran}: the candidates before it failed"),
        ),
        _ if r.source == Some(Source::Session) => (
            DriftVerdict::StaleOverride,
            format!("it ran {ran}, the session row's override, whatever the default is"),
        ),
        _ => match row_override {
            Some(other) if other != ran => (
                DriftVerdict::DisplayOnly,
                format!(
                    "it ran {ran}; the session list may show the row's override {other}, which does \
                     not count here"
                ),
            ),
            _ => (
                DriftVerdict::Consistent,
                format!("it ran {ran}, as these rules say"),
            ),
        },
    }
}
