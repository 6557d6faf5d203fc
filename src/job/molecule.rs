//! Molecule schedules: the rows of `GET /workspaces/:id/schedules`.

use arcstr::literal;
use serde::Deserialize;
use serde_json::Value;

use super::lenient::{complaint, describe, text_of};
use super::parse::{Complaint, Slot, trimmed};
use super::{Job, JobState, Runs};
use crate::schedule::ScheduleSpec;

/// One row as the platform prints it. Times are RFC 3339 texts or null.
#[derive(Deserialize)]
struct Row {
    id: String,
    workspace_id: Option<String>,
    name: Option<String>,
    cron_expr: String,
    timezone: Option<String>,
    enabled: Option<bool>,
    last_run_at: Option<String>,
    next_run_at: Option<String>,
    last_status: Option<String>,
    created_at: Option<String>,
}

/// Reads a row whose types are as expected; `None` sends it down the lenient path.
pub(super) fn parse(text: &str, slot: Slot) -> Option<Job> {
    let row: Row = serde_json::from_str(text).ok()?;
    if row.id.is_empty() || row.cron_expr.trim().is_empty() {
        return None;
    }
    Some(build(row, slot))
}

/// Reads a row of any form, or says which field is wrong.
pub(super) fn lenient(value: &Value, slot: Slot) -> Result<Job, Box<Complaint>> {
    // The runtime's own grid (August 2026) has `cron` and takes the name as the id.
    let expr = value.get("cron_expr").or_else(|| value.get("cron"));
    let is_grid = value.get("cron_expr").is_none();
    let id = value
        .get("id")
        .or_else(|| is_grid.then(|| value.get("name")).flatten());
    let Some(id) = text_of(id) else {
        let mut c = complaint(value, "id", describe(value.get("id")), "the schedule's id");
        if value.get("schedule_id").is_some() {
            c.hint = Some(
                "this is a row of /admin/schedules/health, which has no zone; save GET /workspaces/:id/schedules instead",
            );
        }
        return Err(c);
    };
    let Some(expr) = text_of(expr) else {
        let field = if is_grid { "cron" } else { "cron_expr" };
        return Err(complaint(
            value,
            field,
            describe(value.get(field)),
            "a cron expression such as \"0 22 * * *\"",
        ));
    };
    let timezone = match value.get("timezone") {
        None | Some(Value::Null) => None,
        Some(Value::String(zone)) => Some(zone.clone()),
        other => {
            return Err(complaint(
                value,
                "timezone",
                describe(other),
                "a zone name such as \"America/Vancouver\"",
            ));
        }
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let row = Row {
        id,
        workspace_id: text("workspace_id"),
        name: text("name"),
        cron_expr: expr,
        timezone,
        enabled: value.get("enabled").and_then(Value::as_bool),
        last_run_at: text("last_run_at"),
        next_run_at: text("next_run_at"),
        last_status: text("last_status"),
        created_at: text("created_at"),
    };
    Ok(build(row, slot))
}

fn build(row: Row, slot: Slot) -> Job {
    let instant = |text: Option<String>| {
        let parsed = text?.trim().parse::<jiff::Timestamp>().ok()?;
        Some(parsed.as_millisecond())
    };
    Job {
        id: row.id.into(),
        name: trimmed(row.name).map(Into::into),
        enabled: row.enabled.unwrap_or(true),
        source: slot.source,
        at: slot.at,
        schedule: ScheduleSpec::Cron {
            expr: row.cron_expr.into(),
            tz: trimmed(row.timezone).map(Into::into),
            stagger_ms: None,
        },
        rules: slot.rules,
        agent: None,
        workspace: trimmed(row.workspace_id).map(Into::into),
        model: None,
        payload_kind: Some(literal!("prompt")),
        session_target: None,
        created_at_ms: instant(row.created_at),
        state: JobState::new(
            instant(row.next_run_at),
            Runs {
                last_run_at_ms: instant(row.last_run_at),
                last_status: trimmed(row.last_status),
                ..Runs::default()
            },
        ),
        run_length: None,
        extras: None,
    }
}
