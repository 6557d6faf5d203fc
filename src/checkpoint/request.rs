//! The request: its path, its body, its id.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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

/// What stays as it is in a path segment (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Fills a path template. The id is percent-encoded: it comes from outside.
///
/// # Errors
/// When the template has no `{workspace_id}`, does not begin with one `/`, has another placeholder or
/// characters that are no path; when the id is empty or makes a segment `.` or `..` (which even
/// percent-encoded would step out of its place).
pub fn checkpoint_path(template: &str, workspace_id: &str) -> Result<String, String> {
    const PLACE: &str = "{workspace_id}";
    if !template.starts_with('/') || template.starts_with("//") {
        return Err(format!("the path {template:?} does not begin with one /"));
    }
    if !template.contains(PLACE) {
        return Err(format!("the path {template:?} has no {PLACE}"));
    }
    let rest = template.replace(PLACE, "");
    if let Some(odd) = rest
        .chars()
        .find(|c| matches!(c, '{' | '}' | '#' | '\\') || c.is_whitespace() || c.is_control())
    {
        return Err(format!(
            "the path {template:?} has {odd:?}; its only placeholder is {PLACE}"
        ));
    }
    if workspace_id.is_empty() {
        return Err("the workspace has no id".to_owned());
    }
    let id = utf8_percent_encode(workspace_id, SEGMENT).to_string();
    let path = template.replace(PLACE, &id);
    let until_query = path.split('?').next().unwrap_or_default();
    let mut segments = until_query.split('/');
    if segments.any(|s| {
        matches!(
            s.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
    }) {
        return Err(format!(
            "workspace {workspace_id:?} makes the path {path}, which steps out of its place"
        ));
    }
    Ok(path)
}

/// Returns the id of the request for a turn: the same after a restart and on every replica. `round`
/// grows when a turn outlived an accepted request, so that the next one is not answered from memory.
pub fn request_id(platform: &str, workspace_id: &str, turn_key: &str, round: u32) -> String {
    let round = round.to_string();
    let mut hash = Sha256::new();
    for part in [platform, workspace_id, turn_key, &round] {
        // With its length before it, no part can run into the next.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let half = &hash.finalize()[..16];
    let mut id = "ckp-".to_owned();
    for byte in half {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_template_is_filled() {
        let cases = [
            (CHECKPOINT_PATH, "ws-c", Ok("/ws-c/control/checkpoint")),
            (
                "/workspaces/{workspace_id}/control/checkpoint",
                "3fe84b89-eb65-42fc-ad1f-5c93582ca3e7",
                Ok("/workspaces/3fe84b89-eb65-42fc-ad1f-5c93582ca3e7/control/checkpoint"),
            ),
            ("/{workspace_id}/c?v=1", "a", Ok("/a/c?v=1")),
            (
                CHECKPOINT_PATH,
                "a/../b",
                Ok("/a%2F..%2Fb/control/checkpoint"),
            ),
            (
                CHECKPOINT_PATH,
                "a?b#c d",
                Ok("/a%3Fb%23c%20d/control/checkpoint"),
            ),
            (
                CHECKPOINT_PATH,
                "%2e%2e",
                Ok("/%252e%252e/control/checkpoint"),
            ),
            (CHECKPOINT_PATH, "é", Ok("/%C3%A9/control/checkpoint")),
            (CHECKPOINT_PATH, "", Err("no id")),
            (CHECKPOINT_PATH, ".", Err("steps out")),
            (CHECKPOINT_PATH, "..", Err("steps out")),
            ("/x/.{workspace_id}/c", ".", Err("steps out")),
            ("/x/%2E{workspace_id}/c", ".", Err("steps out")),
            ("/x/control/checkpoint", "a", Err("has no {workspace_id}")),
            (
                "{workspace_id}/control",
                "a",
                Err("does not begin with one /"),
            ),
            (
                "//evil.example/{workspace_id}",
                "a",
                Err("does not begin with one /"),
            ),
            ("/{workspace_id}/{turn_id}", "a", Err("only placeholder")),
            ("/{workspace_id}#x", "a", Err("only placeholder")),
            ("/\\evil/{workspace_id}", "a", Err("only placeholder")),
            (
                "/{workspace_id} HTTP/1.1\r\nX: y",
                "a",
                Err("only placeholder"),
            ),
        ];
        for (template, id, expected) in cases {
            match (checkpoint_path(template, id), expected) {
                (Ok(path), Ok(wanted)) => assert_eq!(path, wanted),
                (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{template} {id}: {why}"),
                (got, wanted) => panic!("{template} with {id:?}: {got:?}, not {wanted:?}"),
            }
        }
    }

    #[test]
    fn an_id_is_pinned_so_that_replicas_of_all_versions_agree() {
        let id = request_id("https://p.example", "ws-c", "t-1", 0);
        assert_eq!(id, "ckp-115c45a0a44f096d445964c49e6629d7");
        let mut others = vec![
            request_id("https://p.example", "ws-c", "t-1", 1),
            request_id("https://p.example", "ws-c", "t-", 10),
            request_id("https://p.examplew", "s-c", "t-1", 0),
            request_id("https://p.example", "ws-ct", "-1", 0),
            id,
        ];
        others.sort();
        others.dedup();
        assert_eq!(others.len(), 5);
    }

    #[test]
    fn what_is_not_known_is_left_out_of_the_body() {
        let body = Body {
            workspace_id: "ws-c".into(),
            turn_id: None,
            reason: Reason::NativeSessionCeiling,
            note: None,
            ceiling_seconds: None,
            turn_age_seconds: None,
            drain_seconds: 20,
            request_id: "ckp-1".into(),
        };
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"workspace_id":"ws-c","reason":"native_session_ceiling","drain_seconds":20,"request_id":"ckp-1"}"#
        );
    }

    proptest! {
        #[test]
        fn an_id_is_one_segment_whatever_it_is(id in "\\PC{1,20}|[./%?#\\\\]{1,6}") {
            if let Ok(path) = checkpoint_path(CHECKPOINT_PATH, &id) {
                prop_assert_eq!(path.split('/').count(), 4);
                prop_assert!(path.is_ascii());
                prop_assert!(!path.contains(['?', '#', '\\', ' ']));
            } else {
                prop_assert!(id == "." || id == "..");
            }
        }

        #[test]
        fn an_id_has_one_form(a in ".*", b in ".*", c in ".*", round in 0_u32..9) {
            let id = request_id(&a, &b, &c, round);
            prop_assert!(id.len() == 36 && id.starts_with("ckp-"));
            prop_assert!(id[4..].bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()));
        }
    }
}
