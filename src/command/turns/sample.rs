//! Turns for the tests of the commands.

use crate::openclaw::Confidence;
use crate::turn::{Blocks, Liveness, Turn, Verdict};

/// An instant, epoch milliseconds.
pub(crate) fn at(text: &str) -> i64 {
    crate::context::parse_instant(text).unwrap()
}

/// A turn of workspace `ws-<id>` that nothing else is known of.
pub(crate) fn turn(id: &str, verdict: Verdict) -> Turn {
    Turn {
        source: "http://platform".to_owned(),
        workspace_id: format!("ws-{id}"),
        workspace_name: None,
        runtime: None,
        native_session: None,
        native_session_origin: String::new(),
        turn_id: None,
        origin: None,
        schedule_id: None,
        verdict,
        confidence: Confidence::Certain,
        liveness: Liveness::Unknown,
        started_at: None,
        started_at_ms: None,
        age_ms: None,
        age_is: None,
        evidence: None,
        other_evidence: Vec::new(),
        ceiling_ms: Some(1_800_000),
        ceiling_origin: String::new(),
        over_by_ms: None,
        last_sign_at: None,
        last_sign_at_ms: None,
        last_sign: None,
        queue_depth: None,
        active_tasks: Some(1),
        current_task: None,
        blocks: Blocks::default(),
        steerable: None,
        steerable_origin: String::new(),
        notes: Vec::new(),
        url: None,
        key: format!("key-{id}"),
    }
}
