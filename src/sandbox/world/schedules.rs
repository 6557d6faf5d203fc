//! The scheduler of May 2026: it polls, waits for every fire of a tick, defers what is busy and then
//! skips it. Missed slots coalesce into one.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::parts::{Caller, Row, Schedule};
use super::{POLL_MS, What, World};
use crate::sandbox::scenario::{Busy, Origin};

/// How many rows one tick takes: the cursor is cut off when fires take longer than ten seconds.
const BATCH: usize = 11;
/// How often a deferred fire looks again.
const LOOKS: u32 = 12;
/// The pause between two looks.
const LOOK_MS: i64 = 10_000;

impl Schedule {
    /// The next fire after an instant, outside the time in which it stands still.
    pub(super) fn next(&self, after_ms: i64) -> Option<i64> {
        if !self.enabled {
            return None;
        }
        let next = self.cron.next(after_ms).ok().flatten()?;
        match self.still {
            Some((from, until)) if (from..until).contains(&next) => {
                self.cron.next(until - 1).ok().flatten()
            }
            _ => Some(next),
        }
    }
}

impl World {
    /// One tick. While fires of an earlier one run, no other schedule of the platform is fired.
    pub(super) fn poll(&mut self) {
        self.later(self.now_ms + POLL_MS, What::Poll);
        if self.open_fires > 0 {
            return;
        }
        let mut batch = Vec::new();
        while batch.len() < BATCH
            && let Some(Reverse((at, ws, schedule))) = self.due.peek().copied()
            && at <= self.now_ms
        {
            self.due.pop();
            // An entry that a change of the schedule left behind.
            if self.workspaces[ws].schedules[schedule].next_run_ms == Some(at) {
                batch.push((ws, schedule));
            }
        }
        self.open_fires = batch.len();
        for (ws, schedule) in batch {
            self.fire(ws, schedule, LOOKS);
        }
    }

    /// Fires a schedule, or defers it while the workspace is busy.
    pub(super) fn fire(&mut self, ws: usize, schedule: usize, looks: u32) {
        let workspace = &self.workspaces[ws];
        if !workspace.online() {
            let status = workspace.status.word();
            let error = format!("workspace has no URL (status={status})");
            return self.fire_over(ws, schedule, "error", &error);
        }
        let active = workspace.shown_active;
        if self.busy == Busy::Skip && active >= workspace.max_concurrent_tasks {
            if looks > 0 {
                self.later(self.now_ms + LOOK_MS, What::Retry(ws, schedule, looks - 1));
                return;
            }
            let why = format!("skipped: workspace busy (active_tasks={active})");
            return self.fire_over(ws, schedule, "skipped", &why);
        }
        let prompt = workspace.schedules[schedule].prompt.clone();
        let message_id = self.cron_message_id(ws, Some(schedule));
        let from = Caller::Fire(schedule);
        self.post(ws, &prompt, &message_id, from, Origin::Cron, Some(schedule));
    }

    /// A fire whose POST was given up. Before #1685 an adapter that owns its turns was left to retry
    /// by itself, which is the error of the incident; otherwise the message is queued, which counts
    /// as `ok`.
    pub(super) fn fire_timed_out(&mut self, ws: usize, schedule: usize) {
        if self.busy == Busy::Reject && self.workspaces[ws].native {
            let why = "workspace agent busy — adapter handles retry (native_session)";
            self.fire_over(ws, schedule, "error", why);
        } else {
            self.fire_over(ws, schedule, "ok", "");
        }
    }

    /// A fire is over: it is recorded, and the next one computed from now.
    pub(super) fn fire_over(
        &mut self,
        ws: usize,
        number: usize,
        status: &'static str,
        error: &str,
    ) {
        let now_ms = self.now_ms;
        self.open_fires = self.open_fires.saturating_sub(1);
        let id = self.rng.uuid();
        let workspace = &mut self.workspaces[ws];
        let active = workspace.shown_active;
        let schedule = &mut workspace.schedules[number];
        schedule.last_run_ms = Some(now_ms);
        schedule.run_count += 1;
        schedule.last_status = status;
        error.clone_into(&mut schedule.last_error);
        schedule.next_run_ms = schedule.next(now_ms);
        let next = schedule.next_run_ms;
        let skipped = status == "skipped";
        let mut request = json!({
            "schedule_id": schedule.id,
            "schedule_name": schedule.name,
            "cron_expr": schedule.expr,
        });
        let mut payload = json!({"schedule_id": schedule.id, "schedule_name": schedule.name});
        if skipped {
            request["skipped"] = true.into();
            request["active_tasks"] = active.into();
            payload["reason"] = error.into();
        } else {
            request["prompt"] = schedule.prompt.chars().take(200).collect::<String>().into();
            payload["status"] = status.into();
        }
        let verb = if skipped { "skipped" } else { "executed" };
        let summary = format!("Cron {verb}: {}", schedule.name);
        workspace.write(Row {
            id,
            kind: "cron_run".to_owned(),
            at_ms: now_ms,
            from_self: false,
            to_self: false,
            method: "cron".to_owned(),
            summary,
            status: status.to_owned(),
            error: Some(error.to_owned()),
            duration_ms: None,
            request: Some(request),
        });
        if let Some(at) = next {
            self.due.push(Reverse((at, ws, number)));
        }
        let kind = if skipped {
            "CRON_SKIPPED"
        } else {
            "CRON_EXECUTED"
        };
        self.tell(ws, kind, payload);
    }

    /// The id that the scheduler gives its messages.
    pub(super) fn cron_message_id(&mut self, ws: usize, schedule: Option<usize>) -> String {
        let number = self.rng.next() >> 32;
        let schedule = schedule.and_then(|s| self.workspaces[ws].schedules.get(s));
        let id: String = schedule
            .map_or("manual", |s| &s.id)
            .chars()
            .take(8)
            .collect();
        format!("cron-{id}-{number:08x}")
    }

    /// `PATCH /workspaces/:id/schedules/:sid`: whether it is enabled, and its prompt. `false` when
    /// there is no such schedule.
    pub(in crate::sandbox) fn patch_schedule(
        &mut self,
        ws: usize,
        id: &str,
        patch: &Value,
    ) -> bool {
        let now_ms = self.now_ms;
        let schedules = &mut self.workspaces[ws].schedules;
        let Some(number) = schedules.iter().position(|s| s.id == id) else {
            return false;
        };
        let schedule = &mut schedules[number];
        if let Some(prompt) = patch["prompt"].as_str() {
            prompt.clone_into(&mut schedule.prompt);
        }
        if let Some(enabled) = patch["enabled"].as_bool() {
            schedule.enabled = enabled;
            schedule.next_run_ms = schedule.next(now_ms);
            if let Some(at) = schedule.next_run_ms {
                self.due.push(Reverse((at, ws, number)));
            }
        }
        true
    }
}
