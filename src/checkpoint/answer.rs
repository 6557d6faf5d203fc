//! What a server answered to a request.

use serde::{Deserialize, Serialize};

/// What came back over the wire, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP answer.
    Http {
        /// The status.
        status: u16,
        /// `Content-Type`.
        content_type: Option<String>,
        /// `Retry-After` in milliseconds.
        retry_after_ms: Option<i64>,
        /// The body, as far as it was read (bounded).
        body: String,
    },
    /// The connection was refused, reset or timed out, the body broke off: why. The request may have
    /// been effective, unless `sent` is false.
    Broken {
        /// In words.
        why: String,
        /// Whether anything may have reached the server.
        sent: bool,
    },
}

/// An answer by the contract (`docs/adapter-spec.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// 200: the turn was cancelled cleanly.
    Checkpointed {
        /// The turn that was cancelled, where the answer names it.
        turn_id: Option<String>,
        /// The id of what was saved.
        checkpoint_id: Option<String>,
        /// Whether the next turn resumes from it.
        resumable: Option<bool>,
    },
    /// 200 `{"status":"idle"}`: nothing was in flight.
    Idle,
    /// 202: asked to stop, not over yet.
    Interrupting {
        /// The turn, where the answer names it.
        turn_id: Option<String>,
    },
    /// 409 `not_steerable`, or 409 with an empty body.
    NotSteerable,
    /// 409 `turn_mismatch`: another turn is running and was not touched.
    TurnMismatch {
        /// That other turn.
        turn_id: Option<String>,
    },
    /// 401 or 403.
    Unauthorised,
    /// 404, 405, 501: no handler.
    Unsupported,
    /// 404 with an empty body and no type: the tenant guard. The organisation is missing or wrong.
    TenantGuard,
    /// 410, or 404 with a JSON body that says so: there is no such workspace.
    NoSuchWorkspace,
    /// 429, or 503 with `Retry-After`: later.
    Throttled {
        /// How long to wait, milliseconds; `None` when not said.
        retry_after_ms: Option<i64>,
    },
    /// 400, 422 and other 4xx: the request itself was refused.
    Rejected,
    /// Another 5xx, a redirect, garbage under 200, a broken connection: it may or may not have worked.
    Unclear,
}

/// Reads a reply by the contract. The text says what stood in it, for people.
pub fn read_answer(_reply: &Reply) -> (Answer, String) {
    unimplemented!()
}
