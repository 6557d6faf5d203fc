//! What the world is made of.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::sandbox::scenario::{Behaviour, Fault, Origin, uuid};
use crate::schedule::Cron;

/// The number of a POST in flight.
pub(in crate::sandbox) type PostId = u64;

/// How many activity rows of a workspace are kept.
const ROWS: usize = 1_000;

/// How a POST ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Ended {
    /// The agent answered.
    Answered {
        /// What it said.
        text: String,
        /// The turn, its session, the checkpoint that it resumed and the one that it left.
        metadata: Value,
    },
    /// The connection to the workspace broke: it was restarted.
    Broken,
    /// The platform gave up waiting; the turn goes on.
    TimedOut {
        /// Whether the workspace's adapter owns its turns.
        native: bool,
    },
}

/// An event of `/ws` and of the workspaces' streams.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) struct Event {
    pub(in crate::sandbox) kind: &'static str,
    pub(in crate::sandbox) workspace_id: Arc<str>,
    /// By the platform's clock, epoch milliseconds.
    pub(in crate::sandbox) at_ms: i64,
    pub(in crate::sandbox) payload: Value,
}

/// Who waits for a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The scheduler: the number of the schedule.
    Fire(usize),
    /// A caller, through the platform.
    Platform,
    /// A caller at the adapter itself.
    Adapter,
}

/// A POST in flight.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) ws: usize,
    pub(super) from: Caller,
    pub(super) began_ms: i64,
    /// What was asked, for the activity row.
    pub(super) text: String,
    pub(super) message_id: String,
}

/// A message for a workspace, in its turn or waiting behind one.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) post: Option<PostId>,
    pub(super) text: String,
    pub(super) origin: Origin,
    pub(super) schedule: Option<usize>,
}

/// One run of an agent.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) number: u64,
    pub(super) id: String,
    /// `None`: nothing tells when it started.
    pub(super) started_ms: Option<i64>,
    pub(super) message: Message,
    pub(super) task: String,
    pub(super) last_event_ms: Option<i64>,
    /// A tool call every so often, milliseconds; 0 for none.
    pub(super) log_every_ms: i64,
    /// A checkpoint was asked for, and the turn is about to end.
    pub(super) interrupting: bool,
    pub(super) resumed_from: Option<String>,
}

/// What a checkpoint saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) id: String,
    pub(super) session_id: String,
    pub(super) at_ms: i64,
}

/// Whether a workspace runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Online,
    Paused,
    Provisioning,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Paused => "paused",
            Self::Provisioning => "provisioning",
        }
    }
}

/// A row of the activity log.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) at_ms: i64,
    pub(super) from_self: bool,
    pub(super) to_self: bool,
    pub(super) method: String,
    pub(super) summary: String,
    pub(super) status: String,
    pub(super) error: Option<String>,
    pub(super) duration_ms: Option<i64>,
    pub(super) request: Option<Value>,
}

/// A schedule and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) expr: String,
    pub(super) timezone: String,
    pub(super) prompt: String,
    pub(super) enabled: bool,
    /// When it stands still: from, until.
    pub(super) still: Option<(i64, i64)>,
    pub(super) cron: Cron,
    pub(super) created_ms: i64,
    pub(super) last_run_ms: Option<i64>,
    pub(super) next_run_ms: Option<i64>,
    pub(super) run_count: u64,
    pub(super) last_status: &'static str,
    pub(super) last_error: String,
}

/// A workspace, as it is and as the platform believes it to be.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) id: Arc<str>,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) runtime: String,
    pub(super) behaviour: Behaviour,
    pub(super) native: bool,
    pub(super) reports_busy: bool,
    pub(super) max_concurrent_tasks: i64,
    pub(super) config: Value,
    pub(super) status: Status,
    /// When it was removed.
    pub(super) removed_ms: Option<i64>,
    pub(super) up_since_ms: i64,
    /// A periodic heartbeat came after the last push.
    pub(super) uptime_known: bool,

    pub(super) turn: Option<Turn>,
    /// Its place in [`super::World::in_flight`].
    pub(super) place: usize,
    /// A turn that begins later.
    pub(super) foreseen: Option<Box<(Turn, Option<i64>)>>,
    pub(super) waiting: VecDeque<Message>,
    pub(super) turns: u64,
    pub(super) turn_length_ms: i64,
    /// After this long another turn begins: of which prompt.
    pub(super) refill: Option<(i64, String)>,
    pub(super) session_id: String,
    pub(super) saved: Option<Saved>,

    pub(super) shown_active: i64,
    pub(super) shown_task: Arc<str>,
    /// Its row in `GET /workspaces` with the uptime that stands in it, until something changes.
    pub(super) row: Option<(i64, Box<[u8]>)>,
    pub(super) last_activity_ms: Option<i64>,
    pub(super) rows: VecDeque<Row>,
    pub(super) schedules: Vec<Schedule>,

    pub(super) faults: VecDeque<Fault>,
    pub(super) answer_after_ms: i64,
    pub(super) takes_ms: i64,
    /// How often a turn is still swapped for another when a checkpoint arrives.
    pub(super) swaps: u32,
    /// Requests answered, oldest first: same id, same status and body.
    pub(super) answered: VecDeque<(Box<str>, u16, Box<str>)>,
}

impl Workspace {
    pub(super) fn online(&self) -> bool {
        self.status == Status::Online && self.removed_ms.is_none()
    }

    /// What a heartbeat says: tasks in flight and the prompt.
    pub(super) fn reported(&self) -> (i64, &str) {
        match &self.turn {
            Some(turn) if self.reports_busy => (1, &turn.task),
            _ => (0, ""),
        }
    }

    /// The uptime of the container as of its last periodic heartbeat.
    pub(super) fn uptime_seconds(&self, now_ms: i64, heartbeat_ms: i64) -> i64 {
        if !self.uptime_known {
            return 0;
        }
        let up = now_ms.saturating_sub(self.up_since_ms).max(0);
        up.div_euclid(heartbeat_ms) * (heartbeat_ms / 1000)
    }

    /// Returns whether the adapter can cancel a turn. Hermes has no cancel for one request.
    pub(super) fn steerable(&self) -> bool {
        let by_nature = self.runtime != "hermes";
        match self.behaviour {
            Behaviour::Refusing | Behaviour::Unsupported => false,
            _ => by_nature,
        }
    }

    /// The ceiling in seconds, where the configuration has a usable one; else the default.
    pub(super) fn ceiling_seconds(&self) -> i64 {
        let set = &self.config["runtime_config"]["native_session_ceiling_seconds"];
        set.as_i64().filter(|s| *s >= 0).unwrap_or(1_800)
    }

    pub(super) fn write(&mut self, row: Row) {
        self.last_activity_ms = self.last_activity_ms.max(Some(row.at_ms));
        if self.rows.len() >= ROWS {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }
}

/// `SplitMix64`: small, seeded, good enough for identifiers and jitter.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Rng(u64);

impl Rng {
    pub(in crate::sandbox) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::sandbox) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to 1, 1 excluded.
    pub(in crate::sandbox) fn share(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// A random UUID.
    pub(super) fn uuid(&mut self) -> String {
        uuid((u128::from(self.next()) << 64) | u128::from(self.next()))
    }
}
