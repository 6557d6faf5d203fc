//! A turn for tests.

use crate::openclaw::Confidence;
use crate::turn::{Blocks, Bound, Liveness, Turn, Verdict};

/// A turn of six hours with a ceiling of thirty minutes.
pub(super) fn turn(id: &str, verdict: Verdict) -> Turn {
    Turn {
        source: "http://127.0.0.1:1".to_owned(),
        workspace_id: id.to_owned(),
        workspace_name: None,
        runtime: Some("claude-code".to_owned()),
        native_session: Some(true),
        native_session_origin: "built in".to_owned(),
        turn_id: Some(format!("turn-{id}")),
        origin: Some("cron".to_owned()),
        schedule_id: None,
        verdict,
        confidence: Confidence::Certain,
        liveness: Liveness::Unknown,
        started_at: None,
        started_at_ms: Some(0),
        age_ms: Some(21_600_000),
        age_is: Some(Bound::Exact),
        evidence: None,
        other_evidence: Vec::new(),
        ceiling_ms: Some(1_800_000),
        ceiling_origin: "built in".to_owned(),
        over_by_ms: Some(19_800_000),
        last_sign_at: None,
        last_sign_at_ms: None,
        last_sign: None,
        queue_depth: None,
        active_tasks: Some(1),
        current_task: None,
        blocks: Blocks::default(),
        steerable: None,
        steerable_origin: "not known".to_owned(),
        notes: Vec::new(),
        url: None,
        key: "0".to_owned(),
    }
}
