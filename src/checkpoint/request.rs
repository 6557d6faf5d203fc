//! The request: its path, its body, its id.

use serde::{Deserialize, Serialize};

/// The RFC's literal path on the platform. `{workspace_id}` is replaced.
pub const CHECKPOINT_PATH: &str = "/{workspace_id}/control/checkpoint";

/// Why a checkpoint is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The turn is past its ceiling.
    NativeSessionCeiling,
    /// An operator asked for it.
    Operator,
}

/// The body of a request. The same in every transport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Body {
    /// The workspace.
    pub workspace_id: String,
    /// A precondition: cancel only this turn. Absent when no id is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Why.
    pub reason: Reason,
    /// The operator's words (`--reason`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The ceiling in seconds; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling_seconds: Option<i64>,
    /// The age in seconds as far as known; absent when not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_age_seconds: Option<i64>,
    /// The grace that the adapter has to save the turn, seconds.
    pub drain_seconds: i64,
    /// Same id, same answer.
    pub request_id: String,
}

/// Fills a path template. The id is percent-encoded: it comes from outside.
///
/// # Errors
/// When the template has no `{workspace_id}` or does not begin with `/`.
pub fn checkpoint_path(_template: &str, _workspace_id: &str) -> Result<String, String> {
    unimplemented!()
}

/// Returns the id of the request for a turn: the same after a restart and on every replica. `round`
/// grows when a turn outlived an accepted request, so that the next one is not answered from memory.
pub fn request_id(_platform: &str, _workspace_id: &str, _turn_key: &str, _round: u32) -> String {
    unimplemented!()
}
