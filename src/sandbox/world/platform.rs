//! What callers may change on the platform itself, and which rows of the activity log they ask for.

use serde_json::Value;

use super::World;
use super::parts::Row;

/// The activity types that a caller may write.
const WRITABLE: [&str; 7] = [
    "a2a_send",
    "a2a_receive",
    "task_update",
    "agent_log",
    "skill_promotion",
    "memory_write",
    "error",
];

/// Which rows of the activity log are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sandbox) struct Filter {
    /// Of this type.
    pub(in crate::sandbox) kind: Option<String>,
    /// At most so many; 100 unless said, 500 at most.
    pub(in crate::sandbox) limit: Option<usize>,
    /// Of the last so many seconds.
    pub(in crate::sandbox) since_secs: Option<i64>,
    /// Written before this instant of the platform's clock, epoch milliseconds.
    pub(in crate::sandbox) before_ms: Option<i64>,
}

impl World {
    /// The rows that a filter lets through, newest first.
    pub(super) fn rows(&self, ws: usize, filter: &Filter) -> impl Iterator<Item = &Row> {
        let limit = filter.limit.unwrap_or(100).clamp(1, 500);
        let since = filter
            .since_secs
            .map(|s| self.now_ms.saturating_sub(s.saturating_mul(1_000)));
        let before = filter.before_ms.map(|ms| ms.saturating_sub(self.skew_ms));
        let kind = filter.kind.clone();
        self.workspaces[ws]
            .rows
            .iter()
            .rev()
            .filter(move |row| kind.as_ref().is_none_or(|kind| *kind == row.kind))
            .filter(move |row| since.is_none_or(|at| row.at_ms >= at))
            .filter(move |row| before.is_none_or(|at| row.at_ms < at))
            .take(limit)
    }

    /// `POST /workspaces/:id/activity`.
    ///
    /// # Errors
    /// What is wrong with the body.
    pub(in crate::sandbox) fn write_activity(
        &mut self,
        ws: usize,
        body: &Value,
    ) -> Result<Value, &'static str> {
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        let kind = text("activity_type").ok_or("activity_type is required")?;
        if !WRITABLE.contains(&&*kind) {
            return Err("invalid activity_type");
        }
        let id = self.rng.uuid();
        let request = Some(&body["request_body"]).filter(|v| !v.is_null());
        self.workspaces[ws].write(Row {
            id: id.clone(),
            kind,
            at_ms: self.now_ms,
            from_self: true,
            to_self: body["target_id"].is_string(),
            method: text("method").unwrap_or_default(),
            summary: text("summary").unwrap_or_default(),
            status: text("status").unwrap_or_else(|| "ok".to_owned()),
            error: text("error_detail"),
            duration_ms: body["duration_ms"].as_i64(),
            request: request.cloned(),
        });
        Ok(serde_json::json!({"id": id, "status": "logged"}))
    }

    /// `PATCH /workspaces/:id/config`: the top level is merged. `false` when the body is no object.
    pub(in crate::sandbox) fn patch_config(&mut self, ws: usize, patch: &Value) -> bool {
        let Some(patch) = patch.as_object() else {
            return false;
        };
        if let Some(config) = self.workspaces[ws].config.as_object_mut() {
            for (key, value) in patch {
                config.insert(key.clone(), value.clone());
            }
        }
        true
    }
}
