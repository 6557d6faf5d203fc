//! The adapter's control surface: the checkpoint contract, restart, pause.

use serde_json::{Value, json};

use super::parts::{Ended, Message, Saved, Status};
use super::{What, World};
use crate::sandbox::scenario::{Behaviour, Fault, Origin};

/// How many answers an adapter remembers by request id.
const REMEMBERED: usize = 128;
/// How long a restarted workspace is away.
const RESTART_MS: i64 = 20_000;

/// A checkpoint request, as far as an adapter looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Ask {
    /// A precondition: cancel only this turn.
    pub(in crate::sandbox) turn_id: Option<String>,
    /// Same id, same answer.
    pub(in crate::sandbox) request_id: String,
}

/// What goes back over the wire.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) enum Reply {
    /// A status and a JSON body.
    Json(u16, Value),
    /// 429 or 503: later, in so many seconds.
    Later(u16, u32),
    /// The adapter has no handler: 404 `Not Found`, plain text.
    NoHandler,
    /// A web page with 200.
    Html,
    /// The connection is reset.
    Reset,
    /// Nothing ever comes.
    Silence,
}

/// What goes back, and how much later.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) struct Answered {
    /// What.
    pub(in crate::sandbox) reply: Reply,
    /// After so many milliseconds of virtual time.
    pub(in crate::sandbox) after_ms: i64,
}

impl World {
    /// Asks a workspace's adapter for a checkpoint of the turn in flight.
    pub(in crate::sandbox) fn checkpoint(&mut self, ws: usize, ask: &Ask) -> Answered {
        let after_ms = self.workspaces[ws].answer_after_ms;
        let reply = self.checkpoint_reply(ws, ask);
        Answered { reply, after_ms }
    }

    /// Whether a workspace's adapter has a handler for checkpoints at all.
    pub(in crate::sandbox) fn has_handler(&self, ws: usize) -> bool {
        self.workspaces[ws].behaviour != Behaviour::Unsupported
    }

    fn checkpoint_reply(&mut self, ws: usize, ask: &Ask) -> Reply {
        let workspace = &mut self.workspaces[ws];
        if workspace.behaviour == Behaviour::Unsupported {
            return Reply::NoHandler;
        }
        if !workspace.online() {
            let status = workspace.status.word();
            return Reply::Json(
                503,
                json!({"error": "workspace has no URL", "status": status}),
            );
        }
        let mut known = workspace.answered.iter();
        if let Some((_, status, body)) = known.find(|(id, ..)| **id == *ask.request_id) {
            return Reply::Json(*status, serde_json::from_str(body).unwrap_or_default());
        }
        let mut lost = false;
        match workspace.faults.pop_front() {
            None => {}
            Some(Fault::Lost) => lost = true,
            Some(Fault::Internal) => {
                return Reply::Json(500, json!({"error": "internal error"}));
            }
            Some(Fault::BadGateway) => {
                return Reply::Json(502, json!({"error": "failed to reach workspace agent"}));
            }
            Some(Fault::Unavailable) => return Reply::Later(503, 1),
            Some(Fault::TooMany) => return Reply::Later(429, 1),
            Some(Fault::Reset) => return Reply::Reset,
            Some(Fault::Silence) => return Reply::Silence,
            Some(Fault::Html) => return Reply::Html,
        }
        let (status, body) = self.steer(ws, ask);
        let answered = &mut self.workspaces[ws].answered;
        if answered.len() >= REMEMBERED {
            answered.pop_front();
        }
        answered.push_back((
            ask.request_id.as_str().into(),
            status,
            body.to_string().into(),
        ));
        if lost {
            Reply::Reset
        } else {
            Reply::Json(status, body)
        }
    }

    /// The contract itself, once per request id.
    fn steer(&mut self, ws: usize, ask: &Ask) -> (u16, Value) {
        if self.workspaces[ws].swaps > 0 && self.workspaces[ws].turn.is_some() {
            self.workspaces[ws].swaps -= 1;
            self.swap(ws);
        }
        let now_ms = self.now_ms;
        let workspace = &mut self.workspaces[ws];
        let steerable = workspace.steerable();
        let Some(turn) = &mut workspace.turn else {
            return (200, json!({"status": "idle"}));
        };
        if ask.turn_id.as_ref().is_some_and(|id| *id != turn.id) {
            return (
                409,
                json!({
                    "code": "turn_mismatch",
                    "error": "another turn is in flight",
                    "turn_id": turn.id,
                }),
            );
        }
        if !steerable {
            return (
                409,
                json!({"code": "not_steerable", "error": "the turn in flight cannot be cancelled"}),
            );
        }
        let id = turn.id.clone();
        let number = turn.number;
        if workspace.behaviour == Behaviour::Slow {
            if !turn.interrupting {
                turn.interrupting = true;
                let at = now_ms + workspace.takes_ms;
                self.save(ws);
                self.later(at, What::TurnEnd(ws, number));
            }
            return (202, json!({"status": "interrupting", "turn_id": id}));
        }
        let age = turn.started_ms.map(|at| (now_ms - at).div_euclid(1_000));
        let lingers = workspace.behaviour == Behaviour::Lingering;
        let saved = self.save(ws);
        let at = self.stamp(saved.at_ms);
        let body = json!({
            "status": "checkpointed",
            "workspace_id": &*self.workspaces[ws].id,
            "turn_id": id,
            "turn_age_seconds": age,
            "checkpoint": {"id": saved.id, "session_id": saved.session_id, "saved_at": at},
            "resumable": true,
        });
        if !lingers {
            self.end_turn(
                ws,
                "The turn was checkpointed; the next one resumes from it.",
            );
        }
        (200, body)
    }

    fn save(&mut self, ws: usize) -> Saved {
        let id = self.rng.uuid();
        let workspace = &mut self.workspaces[ws];
        let saved = Saved {
            id,
            session_id: workspace.session_id.clone(),
            at_ms: self.now_ms,
        };
        workspace.saved = Some(saved.clone());
        saved
    }

    /// The turn ends by itself and another begins that looks like it.
    fn swap(&mut self, ws: usize) {
        let Some(turn) = &self.workspaces[ws].turn else {
            return;
        };
        let message = Message {
            post: None,
            text: format!("HANG {}", turn.task),
            origin: Origin::User,
            schedule: None,
        };
        self.workspaces[ws].waiting.push_front(message);
        self.end_turn(ws, "done");
    }

    /// `POST /workspaces/:id/restart`: the container goes, with the turn, what waits and what was not
    /// saved; it is back after a while.
    pub(in crate::sandbox) fn restart(&mut self, ws: usize) -> Value {
        self.stop(ws, Status::Provisioning);
        self.later(self.now_ms + RESTART_MS, What::Back(ws));
        json!({"config_dir": "existing-volume", "reset_session": false, "status": "provisioning"})
    }

    /// `POST /workspaces/:id/pause`.
    pub(in crate::sandbox) fn pause(&mut self, ws: usize) -> Value {
        self.stop(ws, Status::Paused);
        json!({"paused_count": 1, "status": "paused"})
    }

    /// `POST /workspaces/:id/resume`; `None` when it is not paused.
    pub(in crate::sandbox) fn resume(&mut self, ws: usize) -> Option<Value> {
        if self.workspaces[ws].status != Status::Paused {
            return None;
        }
        self.workspaces[ws].status = Status::Provisioning;
        self.changed(ws);
        self.later(self.now_ms + RESTART_MS, What::Back(ws));
        Some(json!({"status": "provisioning"}))
    }

    fn stop(&mut self, ws: usize, status: Status) {
        let turn = self.take_turn(ws);
        let waiting = std::mem::take(&mut self.workspaces[ws].waiting);
        let workspace = &mut self.workspaces[ws];
        workspace.status = status;
        workspace.shown_active = 0;
        workspace.shown_task = "".into();
        workspace.answered.clear();
        self.changed(ws);
        let messages = turn.map(|turn| turn.message).into_iter().chain(waiting);
        for post in messages.filter_map(|message| message.post) {
            self.post_ended(post, Ended::Broken);
        }
    }

    /// A restarted workspace is back.
    pub(super) fn back(&mut self, ws: usize) {
        let now_ms = self.now_ms;
        let workspace = &mut self.workspaces[ws];
        if workspace.status == Status::Provisioning {
            workspace.status = Status::Online;
            workspace.up_since_ms = now_ms;
            self.changed(ws);
            self.tell(ws, "WORKSPACE_ONLINE", json!({}));
        }
    }
}
