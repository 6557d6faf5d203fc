//! What the platform shows: the JSON of its routes, with the keys and nulls of the real one.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::World;
use super::parts::{Row, Schedule, Workspace};
use super::platform::Filter;

/// How many turns one answer lists: unless asked, and at most.
const TURNS: (usize, usize) = (100, 100_000);

/// A card of an agent.
#[derive(Serialize)]
struct Card<'a> {
    name: &'a str,
    description: &'static str,
    version: &'static str,
    url: String,
    skills: [(); 0],
    capabilities: Capabilities,
}

#[derive(Serialize)]
struct Capabilities {
    streaming: bool,
    #[serde(rename = "pushNotifications")]
    push_notifications: bool,
}

/// A row of `GET /workspaces`: every key, in order.
#[derive(Serialize)]
struct Listed<'a> {
    active_tasks: i64,
    agent_card: Card<'a>,
    broadcast_enabled: bool,
    budget_limit: Option<i64>,
    collapsed: bool,
    current_task: &'a str,
    id: &'a str,
    last_error_rate: u8,
    last_sample_error: &'static str,
    max_concurrent_tasks: i64,
    monthly_spend: i64,
    name: &'a str,
    parent_id: Option<&'a str>,
    role: &'a str,
    runtime: &'a str,
    status: &'static str,
    talk_to_user_enabled: bool,
    tier: u8,
    uptime_seconds: i64,
    url: String,
    workspace_dir: Option<&'a str>,
    x: u8,
    y: u8,
}

/// A row of `GET /admin/turns`: every key, in order.
#[derive(Serialize)]
struct TurnRow<'a> {
    active_tasks: i64,
    ceiling_exceeded: bool,
    ceiling_seconds: i64,
    current_task: &'a str,
    idle_seconds: Option<i64>,
    native_session: bool,
    origin: &'static str,
    queue_depth: usize,
    runtime: &'a str,
    schedule_id: Option<&'a str>,
    started_at: Option<String>,
    steerable: bool,
    turn_age_seconds: Option<i64>,
    turn_id: &'a str,
    workspace_id: &'a str,
    workspace_name: &'a str,
}

/// What `GET /workspaces/:id` leaves out.
const PRIVATE: [&str; 5] = [
    "budget_limit",
    "monthly_spend",
    "current_task",
    "last_sample_error",
    "workspace_dir",
];

impl Workspace {
    /// Its address inside the platform's network, as errors name it.
    pub(super) fn internal_url(&self) -> String {
        let short: String = self.id.chars().filter(|c| *c != '-').take(12).collect();
        format!("http://ws-{short}:8000")
    }
}

impl World {
    /// Writes an instant as the platform does.
    pub(in crate::sandbox) fn stamp(&self, ms: i64) -> String {
        let ms = self.by_platform_ms(ms);
        Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
    }

    pub(super) fn stamp_opt(&self, ms: Option<i64>) -> Option<String> {
        ms.map(|ms| self.stamp(ms))
    }

    fn listed<'a>(&'a self, workspace: &'a Workspace) -> Listed<'a> {
        Listed {
            active_tasks: workspace.shown_active,
            agent_card: Card {
                name: &workspace.name,
                description: "",
                version: "1.0.0",
                url: workspace.internal_url(),
                skills: [],
                capabilities: Capabilities {
                    streaming: true,
                    push_notifications: true,
                },
            },
            broadcast_enabled: false,
            budget_limit: None,
            collapsed: false,
            current_task: &workspace.shown_task,
            id: &workspace.id,
            last_error_rate: 0,
            last_sample_error: "",
            max_concurrent_tasks: workspace.max_concurrent_tasks,
            monthly_spend: 0,
            name: &workspace.name,
            parent_id: None,
            role: &workspace.role,
            runtime: &workspace.runtime,
            status: workspace.status.word(),
            talk_to_user_enabled: true,
            tier: 2,
            uptime_seconds: workspace.uptime_seconds(self.now_ms, self.heartbeat_ms),
            url: format!("{}/adapters/{}", self.base_url, workspace.id),
            workspace_dir: None,
            x: 0,
            y: 0,
        }
    }

    /// `GET /workspaces`, serialised. Kept while nothing in it changed, and so is each row: uptimes
    /// change with the heartbeats, those of a group together, at most one group a second.
    pub(in crate::sandbox) fn workspaces_json(&mut self) -> Arc<Vec<u8>> {
        let second = self.now_ms.div_euclid(1_000);
        if let Some((version, at, list)) = &self.list
            && (*version, *at) == (self.version, second)
        {
            return Arc::clone(list);
        }
        // The old one goes first: of a large fleet there need not be two.
        let size = self.list.take().map_or(1024, |list| list.2.len() + 1024);
        let mut out = Vec::with_capacity(size);
        out.push(b'[');
        for ws in 0..self.workspaces.len() {
            let workspace = &self.workspaces[ws];
            if workspace.removed_ms.is_some() {
                continue;
            }
            if out.len() > 1 {
                out.push(b',');
            }
            let uptime = workspace.uptime_seconds(self.now_ms, self.heartbeat_ms);
            match &workspace.row {
                Some((at, row)) if *at == uptime => out.extend_from_slice(row),
                _ => {
                    let from = out.len();
                    // Writing to memory does not fail.
                    serde_json::to_writer(&mut out, &self.listed(workspace)).unwrap_or_default();
                    self.workspaces[ws].row = Some((uptime, out[from..].into()));
                }
            }
        }
        out.push(b']');
        let list = Arc::new(out);
        self.list = Some((self.version, second, Arc::clone(&list)));
        list
    }

    /// `GET /workspaces/:id`: status and body.
    pub(in crate::sandbox) fn workspace_json(&self, ws: usize, removed_too: bool) -> (u16, Value) {
        let workspace = &self.workspaces[ws];
        if let Some(at) = workspace.removed_ms.filter(|_| !removed_too) {
            let body = json!({
                "error": "workspace removed",
                "hint": "Regenerate workspace + token from the canvas → Tokens tab",
                "id": &*workspace.id,
                "removed_at": self.stamp(at),
            });
            return (410, body);
        }
        let mut body = serde_json::to_value(self.listed(workspace)).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|key, _| !PRIVATE.contains(&&**key));
            fields.insert("last_outbound_at".to_owned(), Value::Null);
            if workspace.removed_ms.is_some() {
                fields.insert("status".to_owned(), "removed".into());
            }
        }
        (200, body)
    }

    /// Whether a workspace was removed.
    pub(in crate::sandbox) fn removed(&self, ws: usize) -> bool {
        self.workspaces[ws].removed_ms.is_some()
    }

    /// `GET /workspaces/:id/state`.
    pub(in crate::sandbox) fn state_json(&self, ws: usize) -> Value {
        let workspace = &self.workspaces[ws];
        let status = workspace.status.word();
        json!({
            "deleted": workspace.removed_ms.is_some(),
            "paused": status == "paused",
            "status": status,
            "workspace_id": &*workspace.id,
        })
    }

    /// `GET /workspaces/:id/config`.
    pub(in crate::sandbox) fn config_json(&self, ws: usize) -> Value {
        json!({"data": self.workspaces[ws].config})
    }

    /// The turn of a workspace as `GET /admin/turns` shows it.
    pub(in crate::sandbox) fn turn_json(&self, ws: usize) -> Option<Value> {
        serde_json::to_value(self.turn_row(ws)?).ok()
    }

    fn turn_row(&self, ws: usize) -> Option<TurnRow<'_>> {
        let workspace = &self.workspaces[ws];
        let turn = workspace.turn.as_ref()?;
        let seconds = |ms: i64| (self.now_ms - ms).div_euclid(1_000);
        let age = turn.started_ms.map(seconds);
        let ceiling = workspace.ceiling_seconds();
        let schedule = turn.message.schedule.map(|s| &*workspace.schedules[s].id);
        Some(TurnRow {
            active_tasks: workspace.shown_active,
            ceiling_exceeded: ceiling > 0 && age.is_some_and(|age| age > ceiling),
            ceiling_seconds: ceiling,
            current_task: &turn.task,
            idle_seconds: turn.last_event_ms.map(seconds),
            native_session: workspace.native,
            origin: turn.message.origin.word(),
            queue_depth: workspace.waiting.len(),
            runtime: &workspace.runtime,
            schedule_id: schedule,
            started_at: self.stamp_opt(turn.started_ms),
            steerable: workspace.steerable(),
            turn_age_seconds: age,
            turn_id: &turn.id,
            workspace_id: &workspace.id,
            workspace_name: &workspace.name,
        })
    }

    /// `GET /admin/turns?status=in_flight&limit=N`, oldest first, serialised.
    pub(in crate::sandbox) fn turns_json(&self, limit: Option<usize>) -> String {
        #[derive(Serialize)]
        struct List<'a> {
            count: usize,
            limit: usize,
            status: &'static str,
            turns: Vec<TurnRow<'a>>,
        }
        let limit = limit.unwrap_or(TURNS.0).clamp(1, TURNS.1);
        let started = |ws: &usize| {
            let turn = self.workspaces[*ws].turn.as_ref();
            (turn.and_then(|t| t.started_ms).unwrap_or(i64::MAX), *ws)
        };
        let mut order = self.in_flight.clone();
        if order.len() > limit {
            order.select_nth_unstable_by_key(limit - 1, started);
            order.truncate(limit);
        }
        order.sort_unstable_by_key(started);
        let turns: Vec<_> = order.iter().filter_map(|ws| self.turn_row(*ws)).collect();
        let list = List {
            count: turns.len(),
            limit,
            status: "in_flight",
            turns,
        };
        // Writing to memory does not fail.
        serde_json::to_string(&list).unwrap_or_default()
    }

    fn schedule_json(&self, workspace: &Workspace, schedule: &Schedule) -> Value {
        let still = schedule
            .still
            .is_some_and(|(from, until)| (from..until).contains(&self.now_ms));
        json!({
            "id": schedule.id,
            "workspace_id": &*workspace.id,
            "name": schedule.name,
            "cron_expr": schedule.expr,
            "timezone": schedule.timezone,
            "prompt": schedule.prompt,
            "enabled": schedule.enabled && !still,
            "last_run_at": self.stamp_opt(schedule.last_run_ms),
            "next_run_at": self.stamp_opt(schedule.next_run_ms),
            "run_count": schedule.run_count,
            "last_status": schedule.last_status,
            "last_error": schedule.last_error,
            "source": "runtime",
            "created_at": self.stamp(schedule.created_ms),
            "updated_at": self.stamp(schedule.last_run_ms.unwrap_or(schedule.created_ms)),
        })
    }

    /// `GET /workspaces/:id/schedules`.
    pub(in crate::sandbox) fn schedules_json(&self, ws: usize) -> Value {
        let workspace = &self.workspaces[ws];
        let all = workspace.schedules.iter();
        all.map(|s| self.schedule_json(workspace, s)).collect()
    }

    /// `GET /workspaces/:id/schedules/:sid/history`: the last 20 runs.
    pub(in crate::sandbox) fn history_json(&self, ws: usize, schedule: &str) -> Value {
        let rows = self.workspaces[ws].rows.iter().rev();
        rows.filter(|row| row.kind == "cron_run")
            .filter(|row| {
                let request = row.request.as_ref();
                request.is_some_and(|r| r["schedule_id"] == schedule)
            })
            .take(20)
            .map(|row| {
                json!({
                    "duration_ms": null,
                    "error_detail": row.error.as_deref().unwrap_or_default(),
                    "request": row.request,
                    "status": row.status,
                    "timestamp": self.stamp(row.at_ms),
                })
            })
            .collect()
    }

    fn row_json(&self, id: &str, row: &Row) -> Value {
        let itself = |yes: bool| yes.then_some(id);
        let mut value = json!({
            "activity_type": row.kind,
            "created_at": self.stamp(row.at_ms),
            "duration_ms": row.duration_ms,
            "error_detail": row.error,
            "id": row.id,
            "method": row.method,
            "source_id": itself(row.from_self),
            "status": row.status,
            "summary": row.summary,
            "target_id": itself(row.to_self),
            "workspace_id": id,
        });
        if let Some(request) = &row.request {
            value["request_body"] = request.clone();
        }
        value
    }

    /// `GET /workspaces/:id/activity`, newest first.
    pub(in crate::sandbox) fn activity_json(&self, ws: usize, filter: &Filter) -> Value {
        let id = &self.workspaces[ws].id;
        self.rows(ws, filter)
            .map(|row| self.row_json(id, row))
            .collect()
    }

    /// `GET /admin/schedules/health`: a schedule that is skipped for hours is "ok" here, and one
    /// that is disabled "stale".
    pub(in crate::sandbox) fn health_json(&self) -> Value {
        let mut all = Vec::new();
        for workspace in &self.workspaces {
            for schedule in &workspace.schedules {
                let first = schedule.cron.next(self.now_ms).ok().flatten();
                let second = first.and_then(|at| schedule.cron.next(at).ok().flatten());
                let threshold = first.zip(second).map_or(0, |(a, b)| (b - a) / 1_000 * 2);
                let status = match schedule.last_run_ms {
                    None => "never_run",
                    Some(at) if (self.now_ms - at) / 1_000 > threshold => "stale",
                    Some(_) => "ok",
                };
                all.push(json!({
                    "workspace_id": &*workspace.id,
                    "workspace_name": workspace.name,
                    "schedule_id": schedule.id,
                    "schedule_name": schedule.name,
                    "cron_expr": schedule.expr,
                    "last_run_at": self.stamp_opt(schedule.last_run_ms),
                    "expected_next_run": self.stamp_opt(first),
                    "status": status,
                    "stale_threshold_seconds": threshold,
                }));
            }
        }
        all.into()
    }

    /// `GET /admin/liveness`: the subsystems pulse whatever the fires do.
    pub(in crate::sandbox) fn liveness_json(&self) -> Value {
        let pulse = |period: i64| {
            let ago = self.now_ms.rem_euclid(period);
            json!({"last_tick_at": self.stamp(self.now_ms - ago), "seconds_ago": ago / 1_000})
        };
        json!({"subsystems": {"broadcaster": pulse(5_000), "scheduler": pulse(10_000)}})
    }

    /// `GET /metrics`: the little that is counted.
    pub(in crate::sandbox) fn metrics_text(&self) -> String {
        let online = self.workspaces.iter().filter(|w| w.online()).count();
        let busy = self
            .workspaces
            .iter()
            .filter(|w| w.shown_active > 0)
            .count();
        format!(
            "# TYPE molecule_workspaces gauge\nmolecule_workspaces{{status=\"online\"}} {online}\n\
             # TYPE molecule_workspaces_busy gauge\nmolecule_workspaces_busy {busy}\n"
        )
    }
}
