//! The life of turns: begin, tool calls, end; messages that wait; POSTs that end or time out.

use serde_json::json;

use super::build::turn_id;
use super::parts::{Caller, Ended, Message, Post, PostId, Row, Turn};
use super::{What, World};
use crate::sandbox::scenario::{Behaviour, Origin};

/// The tools of the incident and how often each was called.
const TOOLS: [(&str, &str, u64); 5] = [
    ("Bash", "npm run build", 130),
    ("Write", "pages/index.md", 43),
    ("Edit", "pages/index.md", 36),
    ("recall_memory", "site map", 24),
    ("commit_memory", "progress", 13),
];

/// How much of a prompt is shown as the current task.
const TASK_CHARS: usize = 80;

/// A turn whose prompt asks for this never ends by itself.
const ENDLESS: &str = "HANG";

impl World {
    /// Sends a message to a workspace through the platform or at its adapter. The POST ends with the
    /// turn that takes it, which [`World::take_ended`] says.
    ///
    /// # Errors
    /// The status of a workspace that nobody answers for.
    pub(in crate::sandbox) fn message(
        &mut self,
        ws: usize,
        text: &str,
        message_id: &str,
        through_platform: bool,
    ) -> Result<PostId, &'static str> {
        let workspace = &self.workspaces[ws];
        if !workspace.online() {
            return Err(workspace.status.word());
        }
        let from = if through_platform {
            Caller::Platform
        } else {
            Caller::Adapter
        };
        Ok(self.post(ws, text, message_id, from, Origin::User, None))
    }

    pub(super) fn post(
        &mut self,
        ws: usize,
        text: &str,
        message_id: &str,
        from: Caller,
        origin: Origin,
        schedule: Option<usize>,
    ) -> PostId {
        self.sequence += 1;
        let post = self.sequence;
        self.posts.insert(
            post,
            Post {
                ws,
                from,
                began_ms: self.now_ms,
                text: text.to_owned(),
                message_id: message_id.to_owned(),
            },
        );
        if from != Caller::Adapter {
            self.later(
                self.now_ms + self.header_timeout_ms,
                What::HeaderTimeout(post),
            );
        }
        let message = Message {
            post: Some(post),
            text: text.to_owned(),
            origin,
            schedule,
        };
        if self.workspaces[ws].turn.is_some() {
            self.workspaces[ws].waiting.push_back(message);
        } else {
            self.begin_turn(ws, message);
        }
        post
    }

    /// Begins a turn that a message asks for.
    pub(super) fn begin_turn(&mut self, ws: usize, message: Message) {
        let ends = match length_asked(&message.text) {
            Some(Length::Ms(ms)) => Some(self.now_ms + ms),
            Some(Length::Endless) => None,
            None => Some(self.now_ms + self.workspaces[ws].turn_length_ms),
        };
        self.begin_turn_until(ws, message, ends);
    }

    /// Begins a turn like the first, where none is in flight.
    pub(super) fn refill(&mut self, ws: usize) {
        let workspace = &self.workspaces[ws];
        let Some((_, task)) = &workspace.refill else {
            return;
        };
        if workspace.turn.is_some() || !workspace.online() {
            return;
        }
        let message = Message {
            post: None,
            text: task.clone(),
            origin: Origin::User,
            schedule: None,
        };
        if workspace.behaviour == Behaviour::Healthy {
            self.begin_turn(ws, message);
        } else {
            self.begin_turn_until(ws, message, None);
        }
    }

    fn begin_turn_until(&mut self, ws: usize, message: Message, ends: Option<i64>) {
        let now_ms = self.now_ms;
        let workspace = &mut self.workspaces[ws];
        workspace.turns += 1;
        let number = workspace.turns;
        let turn = Turn {
            number,
            id: turn_id(&workspace.id, number),
            started_ms: Some(now_ms),
            task: message.text.chars().take(TASK_CHARS).collect(),
            last_event_ms: Some(now_ms),
            log_every_ms: 0,
            interrupting: false,
            resumed_from: workspace.saved.take().map(|saved| saved.id),
            message,
        };
        self.put_in_flight(ws, turn, ends);
    }

    /// Begins the turn that the scenario foresees.
    pub(super) fn begin_foreseen(&mut self, ws: usize) {
        let Some(foreseen) = self.workspaces[ws].foreseen.take() else {
            return;
        };
        let (mut turn, ends) = *foreseen;
        if ends.is_some_and(|at| at <= self.now_ms) {
            return;
        }
        if let Some(started) = turn.started_ms.filter(|at| *at <= self.now_ms)
            && turn.message.origin == Origin::Cron
        {
            self.dispatched(ws, &mut turn, started);
        }
        self.put_in_flight(ws, turn, ends);
    }

    /// The fire that began a foreseen turn: its POST times out while the turn goes on.
    fn dispatched(&mut self, ws: usize, turn: &mut Turn, started_ms: i64) {
        self.sequence += 1;
        let post = self.sequence;
        let message_id = self.cron_message_id(ws, turn.message.schedule);
        self.posts.insert(
            post,
            Post {
                ws,
                from: Caller::Platform,
                began_ms: started_ms,
                text: turn.message.text.clone(),
                message_id,
            },
        );
        turn.message.post = Some(post);
        let timeout = started_ms + self.header_timeout_ms;
        if timeout > self.now_ms {
            self.later(timeout, What::HeaderTimeout(post));
        } else {
            self.timed_out_at(post, timeout);
        }
    }

    fn put_in_flight(&mut self, ws: usize, turn: Turn, ends: Option<i64>) {
        let (number, every) = (turn.number, turn.log_every_ms);
        let workspace = &mut self.workspaces[ws];
        workspace.turn = Some(turn);
        workspace.place = self.in_flight.len();
        self.in_flight.push(ws);
        if let Some(at) = ends {
            self.later(at, What::TurnEnd(ws, number));
        }
        if every > 0 {
            let pause = self.uneven(every);
            self.later(self.now_ms + pause, What::Tool(ws, number));
        }
        self.report(ws, true);
    }

    /// A pause around `every`: half of it to one and a half.
    fn uneven(&mut self, every: i64) -> i64 {
        let spread = u64::try_from(every).unwrap_or(1);
        let more = i64::try_from(self.rng.below(spread)).unwrap_or(0);
        (every / 2 + more).max(1)
    }

    /// A tool call of a turn, as the adapter logs it.
    pub(super) fn tool(&mut self, ws: usize, number: u64) {
        let total = TOOLS.iter().map(|(.., weight)| weight).sum();
        let mut drawn = self.rng.below(total);
        let chosen = TOOLS.iter().find(|(.., weight)| {
            let hit = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            hit
        });
        let (tool, argument, _) = chosen.unwrap_or(&TOOLS[0]);
        let now_ms = self.now_ms;
        let Some(turn) = &mut self.workspaces[ws].turn else {
            return;
        };
        if turn.number != number {
            return;
        }
        turn.last_event_ms = Some(now_ms);
        let every = turn.log_every_ms;
        let row = Row {
            id: self.rng.uuid(),
            kind: "agent_log".to_owned(),
            at_ms: now_ms,
            from_self: true,
            to_self: true,
            method: (*tool).to_owned(),
            summary: format!("{tool}: {argument}"),
            status: "ok".to_owned(),
            error: None,
            duration_ms: None,
            request: None,
        };
        self.workspaces[ws].write(row);
        let pause = self.uneven(every);
        self.later(now_ms + pause, What::Tool(ws, number));
    }

    /// Ends the turn in flight cleanly: its POST returns, the next message gets its turn.
    pub(super) fn end_turn(&mut self, ws: usize, says: &str) {
        let Some(turn) = self.take_turn(ws) else {
            return;
        };
        if let Some(post) = turn.message.post {
            let workspace = &self.workspaces[ws];
            let left = workspace.saved.as_ref().map(|saved| &saved.id);
            let metadata = json!({
                "checkpoint": left.map(|id| json!({"id": id, "turn_id": turn.id})),
                "resumed_from": turn.resumed_from,
                "session_id": workspace.session_id,
                "turn_id": turn.id,
            });
            let text = says.to_owned();
            self.post_ended(post, Ended::Answered { text, metadata });
        }
        self.report(ws, true);
        self.next_waiting(ws);
        let workspace = &self.workspaces[ws];
        if workspace.turn.is_none()
            && let Some((after_ms, _)) = workspace.refill
        {
            self.later(self.now_ms + after_ms, What::Refill(ws));
        }
    }

    /// The next message that waits gets its turn.
    pub(super) fn next_waiting(&mut self, ws: usize) {
        if self.workspaces[ws].turn.is_none()
            && self.workspaces[ws].online()
            && let Some(next) = self.workspaces[ws].waiting.pop_front()
        {
            self.begin_turn(ws, next);
        }
    }

    /// Takes the turn out of flight.
    pub(super) fn take_turn(&mut self, ws: usize) -> Option<Turn> {
        let turn = self.workspaces[ws].turn.take()?;
        let place = self.workspaces[ws].place;
        self.in_flight.swap_remove(place);
        if let Some(moved) = self.in_flight.get(place) {
            self.workspaces[*moved].place = place;
        }
        Some(turn)
    }

    /// A POST is over: the platform writes its row, and whoever waits is told.
    pub(super) fn post_ended(&mut self, post: PostId, ended: Ended) {
        let Some(was) = self.posts.remove(&post) else {
            return;
        };
        let broken = ended == Ended::Broken;
        let url = self.workspaces[was.ws].internal_url();
        let error = broken.then(|| format!("Post \"{url}\": EOF"));
        if was.from != Caller::Adapter {
            let at_ms = self.now_ms;
            self.received(&was, at_ms, error.as_deref());
        }
        match was.from {
            Caller::Fire(schedule) => match error {
                None => self.fire_over(was.ws, schedule, "ok", ""),
                Some(error) => self.fire_over(was.ws, schedule, "error", &error),
            },
            Caller::Platform | Caller::Adapter => self.ended.push((post, ended)),
        }
    }

    /// No first byte for too long: the platform gives up, the turn goes on.
    pub(super) fn header_timeout(&mut self, post: PostId) {
        self.timed_out_at(post, self.now_ms);
    }

    fn timed_out_at(&mut self, post: PostId, at_ms: i64) {
        let Some(was) = self.posts.remove(&post) else {
            return;
        };
        let url = self.workspaces[was.ws].internal_url();
        let error = format!("Post \"{url}\": net/http: timeout awaiting response headers");
        self.received(&was, at_ms, Some(&error));
        let native = self.workspaces[was.ws].native;
        match was.from {
            Caller::Fire(schedule) => self.fire_timed_out(was.ws, schedule),
            Caller::Platform | Caller::Adapter => {
                self.ended.push((post, Ended::TimedOut { native }));
            }
        }
    }

    /// The row that the platform writes at the end of a POST: its `created_at` is the end.
    fn received(&mut self, post: &Post, at_ms: i64, error: Option<&str>) {
        let name = &self.workspaces[post.ws].name;
        let summary = match error {
            None => format!("A2A request to {name}"),
            Some(error) => format!("A2A request to {name} failed: {error}"),
        };
        let id = self.rng.uuid();
        let request = json!({
            "jsonrpc": "2.0",
            "id": id[..4],
            "method": "message/send",
            "params": {"message": {
                "role": "user",
                "messageId": post.message_id,
                "parts": [{"kind": "text", "text": post.text}],
            }},
        });
        self.workspaces[post.ws].write(Row {
            id,
            kind: "a2a_receive".to_owned(),
            at_ms,
            from_self: false,
            to_self: true,
            method: "message/send".to_owned(),
            summary,
            status: if error.is_some() { "error" } else { "ok" }.to_owned(),
            error: error.map(str::to_owned),
            duration_ms: Some(at_ms - post.began_ms),
            request: Some(request),
        });
    }
}

/// How long a turn runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Ms(i64),
    Endless,
}

/// The length that a prompt asks for: `SLEEP 25` seconds, `HANG` for ever.
fn length_asked(prompt: &str) -> Option<Length> {
    let mut words = prompt.split_whitespace();
    while let Some(word) = words.next() {
        if word == ENDLESS {
            return Some(Length::Endless);
        }
        if word.eq_ignore_ascii_case("sleep")
            && let Some(seconds) = words.next().and_then(|n| n.parse::<i64>().ok())
        {
            return Some(Length::Ms(seconds.clamp(0, 86_400) * 1_000));
        }
    }
    None
}
