//! Reading declared schedules from JSON, as gateways store them.

use arcstr::ArcStr;
use serde_json::Value;

use super::error::{ErrorKind, ScheduleError};
use super::{AsFound, ScheduleSpec};

impl ScheduleSpec {
    /// Reads `{"kind": "cron" | "every" | "at" | …}`. A schedule without a kind has the kind that
    /// its keys say.
    ///
    /// # Errors
    /// When it is no object, or a part is missing that nothing stands in for.
    pub fn from_json(value: &Value) -> Result<Self, ScheduleError> {
        let shape = |what: &str| ScheduleError::new(ErrorKind::Shape, what);
        let object = value
            .as_object()
            .ok_or_else(|| shape("a schedule is a JSON object with a kind"))?;
        let given = |key: &str| object.get(key).filter(|v| !v.is_null());
        let text = |key: &str| given(key).and_then(Value::as_str).map(ArcStr::from);
        let number = |key: &str| given(key).cloned().map(AsFound::from);
        let kind = match (given("kind"), given("expr"), given("everyMs")) {
            (Some(Value::String(kind)), ..) => kind.as_str(),
            (Some(_), ..) => return Err(shape("the kind of a schedule is text")),
            (None, Some(_), _) => "cron",
            (None, _, Some(_)) => "every",
            _ if given("at").or(given("atMs")).is_some() => "at",
            _ => return Err(shape("the schedule has no kind")),
        };
        Ok(match kind {
            "cron" => Self::Cron {
                // 2026.3 still reads the key of older stores.
                expr: text("expr")
                    .or_else(|| text("cron"))
                    .ok_or_else(|| shape("a cron schedule has an expr"))?,
                tz: text("tz"),
                stagger_ms: number("staggerMs"),
            },
            "every" => Self::Every {
                every_ms: number("everyMs"),
                anchor_ms: number("anchorMs"),
            },
            "at" => Self::At {
                at: match given("at").or(given("atMs")) {
                    Some(Value::String(at)) => at.clone(),
                    Some(Value::Number(at)) => at.to_string(),
                    _ => return Err(shape("an at schedule has an at")),
                },
            },
            other => Self::Other {
                kind: other.to_owned(),
            },
        })
    }
}
