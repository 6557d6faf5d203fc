//! What a server answered to a request.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::secrets::without_bearers;
use crate::when::duration;

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

/// Reads a reply by the contract. The text says what stood in it, for people; it quotes the server in
/// one line of bounded length.
pub fn read_answer(reply: &Reply) -> (Answer, String) {
    let (status, content_type, retry_after_ms, body) = match reply {
        Reply::Http {
            status,
            content_type,
            retry_after_ms,
            body,
        } => (
            *status,
            content_type.as_deref(),
            *retry_after_ms,
            body.trim(),
        ),
        Reply::Broken { why, sent: true } => {
            let why = one_line(why);
            return (Answer::Unclear, format!("{why}; it may have arrived"));
        }
        Reply::Broken { why, sent: false } => {
            let why = one_line(why);
            return (Answer::Unclear, format!("{why}; nothing was sent"));
        }
    };
    let json: Option<Map<String, Value>> = serde_json::from_str(body).ok();
    let named = |key: &str| -> Option<String> {
        let text = json
            .as_ref()?
            .get(key)?
            .as_str()
            .filter(|text| !text.is_empty())?;
        Some(without_bearers(text).into_owned())
    };
    let untyped = content_type.is_none_or(|text| text.trim().is_empty());
    let answer = match status {
        200 => match named("status").as_deref() {
            None if body.is_empty() => Answer::Checkpointed {
                turn_id: None,
                checkpoint_id: None,
                resumable: None,
            },
            Some("checkpointed") => Answer::Checkpointed {
                turn_id: named("turn_id"),
                checkpoint_id: json.as_ref().and_then(|json| {
                    let id = json.get("checkpoint")?.get("id")?.as_str()?;
                    Some(without_bearers(id).into_owned())
                }),
                resumable: json
                    .as_ref()
                    .and_then(|json| json.get("resumable")?.as_bool()),
            },
            Some("idle") => Answer::Idle,
            _ => Answer::Unclear,
        },
        202 if body.is_empty() || named("status").as_deref() == Some("interrupting") => {
            Answer::Interrupting {
                turn_id: named("turn_id"),
            }
        }
        409 => match named("code").as_deref() {
            None if body.is_empty() => Answer::NotSteerable,
            Some("not_steerable") => Answer::NotSteerable,
            Some("turn_mismatch") => Answer::TurnMismatch {
                turn_id: named("turn_id"),
            },
            // A refusal too, but nobody said that the turn cannot be steered.
            _ => Answer::Rejected,
        },
        401 | 403 => Answer::Unauthorised,
        404 if body.is_empty() && untyped => Answer::TenantGuard,
        404 if named("error").is_some_and(|error| no_workspace(&error)) => Answer::NoSuchWorkspace,
        404 | 405 | 501 => Answer::Unsupported,
        410 => Answer::NoSuchWorkspace,
        429 => Answer::Throttled { retry_after_ms },
        503 if retry_after_ms.is_some() => Answer::Throttled { retry_after_ms },
        // 408: the server gave up waiting; what arrived of the request is not known.
        408 => Answer::Unclear,
        400..=499 => Answer::Rejected,
        _ => Answer::Unclear,
    };
    let text = says(&answer, status, json.as_ref(), body);
    (answer, text)
}

/// Reads the reply to `POST /workspaces/:id/restart`. Any 2xx accepts it, whatever its body: the real
/// platform answers `{"status":"provisioning"}`. The turn is gone only when a look shows that.
pub fn read_restart(reply: &Reply) -> (Answer, String) {
    if let Reply::Http { status, body, .. } = reply
        && (200..300).contains(status)
    {
        let text = format!("{status}: the restart was accepted{}", after_colon(body));
        return (Answer::Interrupting { turn_id: None }, text);
    }
    read_answer(reply)
}

/// Whether an error says that there is no such workspace.
fn no_workspace(error: &str) -> bool {
    let error = error.to_ascii_lowercase();
    error.contains("workspace") && (error.contains("not found") || error.contains("no such"))
}

/// Says what an HTTP answer was.
fn says(answer: &Answer, status: u16, json: Option<&Map<String, Value>>, body: &str) -> String {
    let quoted = after_colon(&server_text(json, body));
    let named = |what: &str, id: Option<&String>| {
        id.map_or_else(String::new, |id| format!("{what}{}", one_line(id)))
    };
    let said = match answer {
        Answer::Checkpointed {
            turn_id,
            checkpoint_id,
            resumable,
        } => {
            let turn = named(" turn ", turn_id.as_ref());
            let saved = named(", saved as ", checkpoint_id.as_ref());
            let resumes = match resumable {
                Some(true) => ", the next turn resumes from it",
                Some(false) => ", the next turn does not resume from it",
                None => "",
            };
            format!("checkpointed{turn}{saved}{resumes}")
        }
        Answer::Idle => "nothing was in flight".to_owned(),
        Answer::Interrupting { turn_id } => {
            let turn = named(" turn ", turn_id.as_ref());
            format!("interrupting{turn}, which is not over yet")
        }
        Answer::NotSteerable => format!("the turn cannot be steered{quoted}"),
        Answer::TurnMismatch { turn_id } => {
            let turn = named(" (", turn_id.as_ref());
            let end = if turn.is_empty() { "" } else { ")" };
            format!("another turn{turn}{end} is running and was not touched")
        }
        Answer::Unauthorised => format!("the caller is not allowed{quoted}"),
        Answer::Unsupported => format!("there is no handler{quoted}"),
        Answer::TenantGuard => {
            "an empty answer of the tenant guard: the organisation is missing or wrong".to_owned()
        }
        Answer::NoSuchWorkspace => format!("there is no such workspace{quoted}"),
        Answer::Throttled { retry_after_ms } => {
            let when = retry_after_ms.map_or_else(
                || "later".to_owned(),
                |ms| format!("not before {}", duration(ms)),
            );
            format!("asked to come back {when}{quoted}")
        }
        Answer::Rejected => format!("the request was refused{quoted}"),
        Answer::Unclear if (200..300).contains(&status) => {
            format!("no answer of the contract{quoted}")
        }
        Answer::Unclear if (300..400).contains(&status) => {
            format!("a redirect, which is not followed{quoted}")
        }
        Answer::Unclear => format!("it may or may not have worked{quoted}"),
    };
    format!("{status}: {said}")
}

/// Finds the words in a body: the usual keys of an error, else the whole.
fn server_text(json: Option<&Map<String, Value>>, body: &str) -> String {
    let words = json.and_then(|json| {
        let at = |key: &str| match json.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Object(inner) => Some(inner.get("message")?.as_str()?.to_owned()),
            _ => None,
        };
        ["error", "message", "detail"].into_iter().find_map(at)
    });
    words.unwrap_or_else(|| body.to_owned())
}

/// A text after a colon, nothing where there is none.
fn after_colon(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        text
    } else {
        format!(": {text}")
    }
}

/// A text in one line of at most 200 characters, without secrets that follow `Bearer`.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    // More characters than are shown need not be looked at: a body may be large.
    let begin: String = text.chars().take(4 * LONGEST).collect();
    let line = without_bearers(&begin)
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST - 1).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
