//! A turn for tests.

use crate::command::turns::sample;
use crate::turn::{Bound, Turn, Verdict};

/// A turn of six hours with a ceiling of thirty minutes.
pub(super) fn turn(id: &str, verdict: Verdict) -> Turn {
    Turn {
        source: "http://127.0.0.1:1".to_owned(),
        workspace_id: id.to_owned(),
        runtime: Some("claude-code".to_owned()),
        native_session: Some(true),
        native_session_origin: "built in".to_owned(),
        turn_id: Some(format!("turn-{id}")),
        origin: Some("cron".to_owned()),
        started_at_ms: Some(0),
        age_ms: Some(21_600_000),
        age_is: Some(Bound::Exact),
        ceiling_origin: "built in".to_owned(),
        over_by_ms: Some(19_800_000),
        steerable_origin: "not known".to_owned(),
        key: "0".to_owned(),
        ..sample::turn(id, verdict)
    }
}
