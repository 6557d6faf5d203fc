//! The simulated platform: a function of scenario and time. No I/O, no clock, no HTTP.
//!
//! [`World::advance`] lets virtual time pass; everything else happens at the instant reached. What
//! others may want to hear is left in two out-trays: [`World::take_events`] and [`World::take_ended`].

mod agent;
mod build;
mod control;
mod parts;
mod platform;
mod schedules;
mod show;

#[cfg(test)]
mod tests;
mod turns;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::scenario::Busy;
use parts::{Post, Workspace};

pub(super) use control::{Ask, Reply};
pub(super) use parts::{Ended, Event, PostId, Rng};
pub(super) use platform::Filter;

/// Workspaces beat in this many groups, one after the other.
const GROUPS: u8 = 30;
/// The pause between two looks for due schedules.
const POLL_MS: i64 = 30_000;
/// When in it, so that fires are dispatched at :03 and :33 as in the incident.
const POLL_PHASE_MS: i64 = 3_000;
/// The pause between two phantom sweeps.
const SWEEP_MS: i64 = 300_000;
/// A workspace without an activity row for this long is swept.
const SILENCE_MS: i64 = 600_000;

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The heartbeats of a group.
    Beat(usize),
    /// The phantom sweep.
    Sweep,
    /// The scheduler looks for due schedules.
    Poll,
    /// A deferred fire looks again: workspace, schedule, looks left.
    Retry(usize, usize, u32),
    /// A POST has had no first byte for too long.
    HeaderTimeout(PostId),
    /// A turn calls a tool: workspace, number of the turn.
    Tool(usize, u64),
    /// A turn ends by itself: workspace, number of the turn.
    TurnEnd(usize, u64),
    /// Another turn begins after one that ended: workspace.
    Refill(usize),
    /// A turn begins that was written into the scenario for later: workspace.
    TurnBegin(usize),
    /// A restarted workspace is back.
    Back(usize),
}

/// The platform, its workspaces and their adapters.
#[derive(Debug)]
pub struct World {
    now_ms: i64,
    skew_ms: i64,
    heartbeat_ms: i64,
    header_timeout_ms: i64,
    busy: Busy,
    base_url: String,
    rng: Rng,
    workspaces: Vec<Workspace>,
    by_id: FxHashMap<Arc<str>, usize>,
    /// Which workspaces beat in which group.
    groups: Vec<Vec<usize>>,
    /// Workspaces with a turn in flight, unordered, for the list of turns.
    in_flight: Vec<usize>,
    queue: BinaryHeap<Reverse<(i64, u64, What)>>,
    /// Schedules by the instant at which they are due.
    due: BinaryHeap<Reverse<(i64, usize, usize)>>,
    /// Fires of the current tick that have not ended: the scheduler waits for them.
    open_fires: usize,
    posts: FxHashMap<PostId, Post>,
    sequence: u64,
    /// Grows whenever `GET /workspaces` would answer something else.
    version: u64,
    listening: bool,
    events: Vec<Event>,
    ended: Vec<(PostId, Ended)>,
    list: Option<(u64, i64, Arc<Vec<u8>>)>,
}

impl World {
    /// Lets time pass up to an instant. Time never runs backwards.
    pub fn advance(&mut self, now_ms: i64) {
        while let Some(Reverse((at, _, what))) = self.queue.peek().copied() {
            if at > now_ms {
                break;
            }
            self.queue.pop();
            self.now_ms = self.now_ms.max(at);
            self.happen(what);
        }
        self.now_ms = self.now_ms.max(now_ms);
    }

    /// Returns the instant reached, true time, epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Returns when something happens next by itself.
    pub fn next_at(&self) -> Option<i64> {
        self.queue.peek().map(|Reverse((at, ..))| *at)
    }

    /// Returns the platform's own idea of an instant: its clock may be skewed.
    pub fn by_platform_ms(&self, ms: i64) -> i64 {
        ms.saturating_add(self.skew_ms)
    }

    /// Finds a workspace.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Returns how many workspaces there are.
    pub fn size(&self) -> usize {
        self.workspaces.len()
    }

    /// Says where it is served, for the addresses of adapters.
    pub(super) fn set_base_url(&mut self, url: &str) {
        url.clone_into(&mut self.base_url);
        for ws in 0..self.workspaces.len() {
            self.changed(ws);
        }
    }

    /// Says whether anybody listens: heartbeats are told only then.
    pub(super) fn set_listening(&mut self, listening: bool) {
        self.listening = listening;
    }

    /// Takes the events since the last time.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Takes the POSTs that ended since the last time.
    pub(super) fn take_ended(&mut self) -> Vec<(PostId, Ended)> {
        std::mem::take(&mut self.ended)
    }

    fn later(&mut self, at_ms: i64, what: What) {
        self.sequence += 1;
        self.queue.push(Reverse((at_ms, self.sequence, what)));
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Beat(group) => self.beat(group),
            What::Sweep => self.sweep(),
            What::Poll => self.poll(),
            What::Retry(ws, schedule, left) => self.fire(ws, schedule, left),
            What::HeaderTimeout(post) => self.header_timeout(post),
            What::Tool(ws, turn) => self.tool(ws, turn),
            What::TurnEnd(ws, turn) => {
                if self.workspaces[ws]
                    .turn
                    .as_ref()
                    .is_some_and(|t| t.number == turn)
                {
                    self.end_turn(ws, "done");
                }
            }
            What::Refill(ws) => self.refill(ws),
            What::TurnBegin(ws) => self.begin_foreseen(ws),
            What::Back(ws) => self.back(ws),
        }
    }

    /// The heartbeats of a group: what the platform believes is what the adapters report.
    fn beat(&mut self, group: usize) {
        self.later(self.now_ms + self.heartbeat_ms, What::Beat(group));
        for i in 0..self.groups[group].len() {
            let ws = self.groups[group][i];
            let workspace = &mut self.workspaces[ws];
            if !workspace.online() {
                continue;
            }
            workspace.uptime_known = true;
            self.report(ws, false);
        }
    }

    /// A heartbeat of a workspace, periodic or pushed at the start or end of a turn.
    fn report(&mut self, ws: usize, pushed: bool) {
        let now_ms = self.now_ms;
        let workspace = &mut self.workspaces[ws];
        if pushed {
            if !workspace.reports_busy {
                return;
            }
            // A push carries no uptime, and the platform stores that as 0.
            workspace.uptime_known = false;
        }
        let (active, task) = workspace.reported();
        let other_task = *workspace.shown_task != *task;
        if other_task || workspace.shown_active != active {
            let task: Arc<str> = task.into();
            workspace.shown_active = active;
            workspace.shown_task = Arc::clone(&task);
            self.changed(ws);
            if other_task {
                self.tell(
                    ws,
                    "TASK_UPDATED",
                    serde_json::json!({"active_tasks": active, "current_task": &*task}),
                );
            }
        }
        if self.listening && !pushed {
            let uptime = self.workspaces[ws].uptime_seconds(now_ms, self.heartbeat_ms);
            self.tell(
                ws,
                "WORKSPACE_HEARTBEAT",
                serde_json::json!({"active_tasks": active, "uptime_seconds": uptime}),
            );
        }
    }

    /// The phantom sweep: no activity row for ten minutes, so no task. It does not ask heartbeats,
    /// and tells nobody.
    fn sweep(&mut self) {
        self.later(self.now_ms + SWEEP_MS, What::Sweep);
        let silent = self.now_ms - SILENCE_MS;
        for ws in 0..self.workspaces.len() {
            let workspace = &mut self.workspaces[ws];
            let heard = workspace.last_activity_ms.is_some_and(|at| at > silent);
            if workspace.shown_active > 0 && !heard {
                workspace.shown_active = 0;
                workspace.shown_task = "".into();
                self.changed(ws);
            }
        }
    }

    /// What the list of workspaces shows of one has changed.
    fn changed(&mut self, ws: usize) {
        self.workspaces[ws].row = None;
        self.version += 1;
    }

    fn tell(&mut self, ws: usize, kind: &'static str, payload: serde_json::Value) {
        if self.listening {
            self.events.push(Event {
                kind,
                workspace_id: Arc::clone(&self.workspaces[ws].id),
                at_ms: self.by_platform_ms(self.now_ms),
                payload,
            });
        }
    }
}
