//! What a gateway recorded: session rows and finished runs.

/// What matters of the session row of a key (`agent:<agent>:cron:<job>` for an isolated job).
///
/// Source: `agents/<id>/sessions/sessions.json` (up to 2026.7.1), `session_nodes.entry_json` of
/// `agents/<id>/agent/openclaw-agent.sqlite` (from 2026.8.1). Texts are trimmed; blank is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionRow {
    /// `providerOverride`: the provider of a selection that someone made for this session.
    pub provider_override: Option<String>,
    /// `modelOverride`: the model of it.
    pub model_override: Option<String>,
    /// `modelOverrideSource`: `user`, `auto`, `default`; not written by 2026.3.x.
    pub override_source: Option<String>,
    /// Whether `modelOverrideFallbackOriginProvider` and `…Model` are there: the override is what a
    /// fallback left (from 2026.5.28).
    pub override_of_fallback: bool,
    /// `authProfileOverride`.
    pub auth_profile: Option<String>,
    /// `modelProvider`: the provider last written by a run. Recorded state, never a selection.
    pub model_provider: Option<String>,
    /// `model`: the model of it.
    pub model: Option<String>,
    /// `liveModelSwitchPending` (from 2026.4.5).
    pub live_switch_pending: bool,
    /// `status`.
    pub status: Option<String>,
    /// `updatedAt`, epoch milliseconds.
    pub updated_at_ms: Option<i64>,
    /// Where the row is: the file or database.
    pub at: std::sync::Arc<str>,
}

/// The last finished run of a job that a gateway recorded.
///
/// Source: `cron/runs/<id>.jsonl` (2026.3.x), `cron_run_logs` (2026.6.11 to 2026.7.1), `task_runs`
/// (2026.3.31 without model; from 2026.8.1 with).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// `ok`, `error`, `skipped`.
    pub status: Option<String>,
    /// Provider of the model that answered; of a run that ended `error`, the one attempted.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// When the run began, epoch milliseconds.
    pub started_at_ms: Option<i64>,
    /// Its session.
    pub session_id: Option<String>,
    /// Where the record is: the file or table.
    pub at: std::sync::Arc<str>,
}
