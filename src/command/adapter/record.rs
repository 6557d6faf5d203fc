//! What was said between cronctl and an adapter: the only thing that clauses are judged by.

use schemars::JsonSchema;
use serde::Serialize;

use crate::checkpoint::{Answer, Reply, read_answer};

/// As much of a body as is kept for people, characters.
const EXCERPT: usize = 2_000;
/// As much of a body as a sentence quotes, characters.
const QUOTE: usize = 160;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// An adapter, directly.
    Adapter,
    /// A platform, which forwards to the adapter of a workspace.
    Platform,
}

/// What a request was for, in the order in which they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A turn that does not exist is to be checkpointed, before any turn was started.
    Idle,
    /// A body that is no JSON.
    Malformed,
    /// No secret.
    NoSecret,
    /// A wrong secret.
    WrongSecret,
    /// A turn that does not exist is to be checkpointed while the first turn runs.
    WrongTurn,
    /// The same, a little later: is the first turn still there?
    StillThere,
    /// The first turn is to be checkpointed.
    Checkpoint,
    /// A turn that does not exist is to be checkpointed: is the first turn gone?
    Gone,
    /// The request of [`Step::Checkpoint`] again, when the turn is gone.
    Repeat,
    /// A turn that does not exist is to be checkpointed while the second turn runs.
    SecondTurn,
    /// The request of [`Step::Checkpoint`] again, while the second turn runs.
    RepeatDuring,
    /// Is the second turn still there?
    SecondStillThere,
    /// The second turn is to be checkpointed.
    SecondCheckpoint,
    /// The session's log.
    Transcript,
}

/// One request and what came back. Secrets are not in it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Exchange {
    /// What it was for.
    pub step: Step,
    /// `POST http://…`.
    pub request: String,
    /// Which secret it carried: `given`, `none`, `wrong`.
    pub secret: &'static str,
    /// Its body; null without one.
    pub request_body: Option<String>,
    /// The status of the answer; null when there was none.
    pub status: Option<u16>,
    /// The type of the answer.
    pub content_type: Option<String>,
    /// The body of the answer, its beginning when it is long; null when there was no answer.
    pub body: Option<String>,
    /// Why there was no answer; null when there was one.
    pub broken: Option<String>,
    /// What the contract reads in it; null for what is no checkpoint.
    pub reads: Option<Answer>,
    /// How often it was sent with a new id until this answer came: a turn takes a while to start.
    pub tries: u32,
    /// When it was sent, milliseconds since the check began.
    pub at_ms: i64,
    /// From the request to the end of the answer, milliseconds.
    pub took_ms: i64,
    /// The answer as it came.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) reply: Reply,
}

impl Exchange {
    /// Puts a request and its answer on record.
    pub(super) fn new(
        step: Step,
        side: Side,
        request: String,
        body: Option<String>,
        reply: Reply,
    ) -> Self {
        let mut exchange = Self {
            step,
            request,
            secret: "given",
            request_body: body,
            status: None,
            content_type: None,
            body: None,
            broken: None,
            reads: (step != Step::Transcript).then(|| read(side, &reply)),
            tries: 1,
            at_ms: 0,
            took_ms: 0,
            reply: reply.clone(),
        };
        match reply {
            Reply::Http {
                status,
                content_type,
                body,
                ..
            } => {
                exchange.status = Some(status);
                exchange.content_type = content_type;
                exchange.body = Some(beginning(&body, EXCERPT));
            }
            Reply::Broken { why, .. } => exchange.broken = Some(why),
        }
        exchange
    }

    /// When its answer was there, milliseconds since the check began.
    pub(super) fn answered_ms(&self) -> i64 {
        self.at_ms + self.took_ms
    }

    /// What the contract reads in the answer.
    pub(super) fn answer(&self) -> Answer {
        self.reads.clone().unwrap_or(Answer::Unclear)
    }

    /// The answer in words: `409 {"code":"turn_mismatch",…}`.
    pub(super) fn seen(&self) -> String {
        shown(&self.reply)
    }
}

/// What the contract reads in a reply. Only a platform has a tenant guard: an adapter that answers 404
/// without a word has no handler.
fn read(side: Side, reply: &Reply) -> Answer {
    match read_answer(reply).0 {
        Answer::TenantGuard if side == Side::Adapter => Answer::Unsupported,
        answer => answer,
    }
}

/// A reply in words: `404 text/plain "Not Found"`.
pub(super) fn shown(reply: &Reply) -> String {
    match reply {
        Reply::Http {
            status,
            content_type,
            body,
            ..
        } => {
            let json = content_type
                .as_deref()
                .is_some_and(|t| t.contains("application/json"));
            let quoted = beginning(body.trim(), QUOTE);
            match (json, content_type) {
                _ if quoted.is_empty() => format!("{status} with an empty body"),
                (true, _) => format!("{status} {quoted}"),
                (false, Some(t)) => format!("{status} {t} {quoted:?}"),
                (false, None) => format!("{status} without a type {quoted:?}"),
            }
        }
        Reply::Broken { why, .. } => format!("no answer: {why}"),
    }
}

fn beginning(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A turn that the check started.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Started {
    /// How: `POST http://… message/send`, or the command.
    pub by: String,
    /// When, milliseconds since the check began.
    pub at_ms: i64,
    /// How what started it ended; null when it had not when the check was over.
    pub ended: Option<Ended>,
}

/// How the in-flight POST, or the command that stands for it, ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Ended {
    /// When, milliseconds since the check began.
    pub at_ms: i64,
    /// What came: `200 {…}`, `exit code 0`.
    pub with: String,
    /// Whether that is a clean end: a 2xx answer; a command may end as it likes.
    pub clean: bool,
}

/// Everything that was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The requests, in order.
    pub(super) exchanges: Vec<Exchange>,
    /// The turns that were started, in order.
    pub(super) turns: Vec<Started>,
    /// Why it went no further, when it did not.
    pub(super) stopped: Option<String>,
    /// How long a turn may take to end, milliseconds.
    pub(super) grace_ms: i64,
}

impl Record {
    /// The exchange of a step.
    pub(super) fn of(&self, step: Step) -> Option<&Exchange> {
        self.exchanges.iter().find(|e| e.step == step)
    }

    /// The request that asked for the first turn's end: the one that named it, or one that named
    /// another and was obeyed all the same.
    pub(super) fn cancelling(&self) -> Option<&Exchange> {
        let obeyed = |e: &&Exchange| {
            matches!(
                e.answer(),
                Answer::Checkpointed { .. } | Answer::Interrupting { .. }
            )
        };
        let wrong = [Step::WrongTurn, Step::StillThere];
        let wrong = wrong.into_iter().filter_map(|step| self.of(step));
        self.of(Step::Checkpoint).or(wrong.into_iter().find(obeyed))
    }
}
