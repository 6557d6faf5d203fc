//! What a Molecule platform says, parsed from text. Unknown fields are ignored; missing ones are
//! named once by the caller ([`Parsed::missing`]). Strings that are empty say nothing and are `None`.

mod field;
mod list;
mod parse;
mod rows;
#[cfg(test)]
mod tests;

use serde::Deserialize;

pub(crate) use list::{Envelope, Reading};
pub(crate) use rows::{Row, Wanted};

pub use parse::{
    parse_activity, parse_config, parse_event, parse_schedules, parse_turns, parse_workspaces,
};

/// An answer of the platform, and what was odd about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed<T> {
    /// What was understood.
    pub value: T,
    /// Fields that the route has and this answer had in no row: `active_tasks`.
    pub missing: Vec<&'static str>,
    /// Rows that could not be used: place in the answer and why. Of many the first.
    pub unusable: Vec<String>,
    /// How many more rows could not be used.
    pub unnamed: usize,
    /// How many rows the answer has, of whatever use.
    pub rows: usize,
}

/// One row of `GET /workspaces` (or the whole of `GET /workspaces/:id`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Its id.
    #[serde(deserialize_with = "field::name")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "field::text")]
    pub name: Option<String>,
    /// The adapter: `claude-code`, `hermes`, `codex`, `openclaw`, `langgraph`.
    #[serde(deserialize_with = "field::text")]
    pub runtime: Option<String>,
    /// `online`, `offline`, `paused`, …
    #[serde(deserialize_with = "field::text")]
    pub status: Option<String>,
    /// Where its adapter listens.
    #[serde(deserialize_with = "field::text")]
    pub url: Option<String>,
    /// Turns in flight, as its last heartbeat said. The phantom sweep sets it to 0 for up to 30 s.
    #[serde(deserialize_with = "field::whole")]
    pub active_tasks: Option<i64>,
    /// How many turns it takes at once.
    #[serde(deserialize_with = "field::whole")]
    pub max_concurrent_tasks: Option<i64>,
    /// A summary of the prompt in flight, 60 to 80 characters.
    #[serde(deserialize_with = "field::text")]
    pub current_task: Option<String>,
}

/// One row of `GET /admin/turns` (proposed route: see `docs/adapter-spec.md`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ListedTurn {
    /// The workspace's id.
    #[serde(deserialize_with = "field::name")]
    pub workspace_id: String,
    /// The workspace's name.
    #[serde(deserialize_with = "field::text")]
    pub workspace_name: Option<String>,
    /// The adapter.
    #[serde(deserialize_with = "field::text")]
    pub runtime: Option<String>,
    /// Whether the adapter owns the turn.
    #[serde(deserialize_with = "field::yes")]
    pub native_session: Option<bool>,
    /// The turn's id.
    #[serde(deserialize_with = "field::text")]
    pub turn_id: Option<String>,
    /// `cron`, `a2a`, `user`, `unknown`.
    #[serde(deserialize_with = "field::text")]
    pub origin: Option<String>,
    /// The schedule that started it.
    #[serde(deserialize_with = "field::text")]
    pub schedule_id: Option<String>,
    /// When it started, epoch milliseconds by the platform's clock.
    #[serde(rename = "started_at", deserialize_with = "field::start")]
    pub started_at_ms: Option<i64>,
    /// Its age as the platform computed it, seconds.
    #[serde(deserialize_with = "field::seconds")]
    pub turn_age_seconds: Option<i64>,
    /// For how long it has shown nothing, seconds.
    #[serde(deserialize_with = "field::seconds")]
    pub idle_seconds: Option<i64>,
    /// Its ceiling, seconds, 0 for none.
    #[serde(deserialize_with = "field::whole")]
    pub ceiling_seconds: Option<i64>,
    /// Whether the adapter can cancel it.
    #[serde(deserialize_with = "field::yes")]
    pub steerable: Option<bool>,
    /// Messages that wait behind it.
    #[serde(deserialize_with = "field::whole")]
    pub queue_depth: Option<i64>,
    /// Turns in flight in the workspace.
    #[serde(deserialize_with = "field::whole")]
    pub active_tasks: Option<i64>,
    /// A summary of the prompt.
    #[serde(deserialize_with = "field::text")]
    pub current_task: Option<String>,
}

/// One row of `GET /workspaces/:id/activity`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// `a2a_receive`, `agent_log`, `cron_run`, …
    pub activity_type: String,
    /// `message/send`, a tool's name, `cron`.
    pub method: Option<String>,
    /// In words.
    pub summary: Option<String>,
    /// `ok`, `error`, `skipped`.
    pub status: Option<String>,
    /// What went wrong.
    pub error_detail: Option<String>,
    /// How long it took, milliseconds.
    pub duration_ms: Option<i64>,
    /// When the row was written, epoch milliseconds by the platform's clock.
    pub created_at_ms: Option<i64>,
    /// The sender's workspace; none for the canvas and for cron.
    pub source_id: Option<String>,
    /// What a `cron_run` row says of its schedule.
    pub cron: Option<CronRun>,
}

impl Activity {
    /// Whether it is a message to the agent that was answered. Other calls of the same protocol
    /// (`tasks/get`, `tasks/cancel`) are answered within milliseconds while a turn goes on.
    pub fn is_answered_message(&self) -> bool {
        let message = |method: &str| {
            matches!(
                method,
                "message/send" | "message/stream" | "SendMessage" | "SendStreamingMessage"
            )
        };
        self.activity_type == "a2a_receive"
            && self.status.as_deref() == Some("ok")
            && self.method.as_deref().is_none_or(message)
    }
}

/// What a `cron_run` row says of its schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CronRun {
    /// The schedule's id.
    pub schedule_id: Option<String>,
    /// The schedule's name.
    pub schedule_name: Option<String>,
    /// Whether the fire was skipped.
    pub skipped: bool,
}

/// One row of `GET /workspaces/:id/schedules`, as far as turns need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// Its id.
    #[serde(deserialize_with = "field::name")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "field::text")]
    pub name: Option<String>,
    /// Whether the scheduler fires it.
    #[serde(deserialize_with = "field::on")]
    pub enabled: bool,
    /// When it is due, epoch milliseconds.
    #[serde(rename = "next_run_at", deserialize_with = "field::instant")]
    pub next_run_at_ms: Option<i64>,
    /// When it last ran or was skipped, epoch milliseconds.
    #[serde(rename = "last_run_at", deserialize_with = "field::start")]
    pub last_run_at_ms: Option<i64>,
    /// `ok`, `error`, `skipped`, `stale`, `queued`.
    #[serde(deserialize_with = "field::text")]
    pub last_status: Option<String>,
    /// The error of the last run.
    #[serde(deserialize_with = "field::text")]
    pub last_error: Option<String>,
}

/// `runtime_config.native_session_ceiling_seconds` of a workspace's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CeilingSetting {
    /// The configuration does not name one.
    Absent,
    /// Seconds; 0 turns the ceiling off.
    Seconds(u64),
    /// It is no whole number of at least 0: what it is. The default is not silently used.
    Wrong(String),
}

/// A frame of `/ws`, or of a workspace's `/events/stream`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformEvent {
    /// `TASK_UPDATED`, `WORKSPACE_HEARTBEAT`, `CRON_SKIPPED`, …
    pub kind: String,
    /// The workspace; a workspace's own stream does not repeat it.
    pub workspace_id: Option<String>,
    /// When, epoch milliseconds by the platform's clock.
    pub at_ms: Option<i64>,
    /// Turns in flight, where the event says it.
    pub active_tasks: Option<i64>,
    /// The prompt in flight, where the event says it.
    pub current_task: Option<String>,
    /// The schedule, for cron events.
    pub schedule_name: Option<String>,
    /// The reason, for skipped fires.
    pub reason: Option<String>,
}
