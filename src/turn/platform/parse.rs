//! From text to rows.

use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::field;
use super::list::Reading;
use super::rows::{Row, has_key, rows};
use super::{
    Activity, CeilingSetting, CronRun, ListedTurn, Parsed, PlatformEvent, Schedule, Workspace,
};

impl Row for Workspace {
    const NEEDED: &'static [&'static str] = &[
        "name",
        "runtime",
        "status",
        "url",
        "active_tasks",
        "current_task",
    ];
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Row for ListedTurn {
    const NEEDED: &'static [&'static str] = &[
        "workspace_name",
        "native_session",
        "turn_id",
        "started_at",
        "turn_age_seconds",
        "ceiling_seconds",
    ];
    const ID: &'static str = "workspace_id";

    fn id(&self) -> &str {
        &self.workspace_id
    }
}

/// Reads `GET /workspaces`, or the one object of `GET /workspaces/:id`.
///
/// # Errors
/// When it is neither.
pub fn parse_workspaces(text: &str) -> Result<Parsed<Vec<Workspace>>, String> {
    if has_key(text, "id") {
        let row = serde_json::from_str(text).map_err(|e| unreadable(text, &e))?;
        return Ok(rows(&[row]));
    }
    is_list(text, "workspaces")?;
    let mut reading = Reading::workspaces(None);
    let read = reading.take(text.as_bytes());
    read.and_then(|()| reading.finish())
        .map_err(|why| beginning(&why, text))
}

/// Names the workspaces that are listed more than once, and keeps the first of each.
pub(super) fn once_each(parsed: &mut Parsed<Vec<Workspace>>) {
    let mut seen = FxHashSet::default();
    seen.reserve(parsed.value.len());
    let firsts = parsed.value.iter().map(|row| seen.insert(&*row.id));
    let firsts: Vec<bool> = firsts.collect();
    if seen.len() == firsts.len() {
        return;
    }
    let mut firsts = firsts.into_iter();
    let mut again = Vec::new();
    parsed.value.retain(|row| {
        let first = firsts.next() != Some(false);
        if !first {
            again.push(format!("workspace {}: listed more than once", row.id));
        }
        first
    });
    for why in again {
        parsed.leave_out(why);
    }
}

/// Reads `GET /admin/turns`. That the answer holds fewer rows than its `count` is among
/// [`Parsed::unusable`]: the rest was not seen.
///
/// # Errors
/// When it is no object with `turns`.
pub fn parse_turns(text: &str) -> Result<Parsed<Vec<ListedTurn>>, String> {
    if !has_key(text, "turns") {
        return Err(format!(
            "it is {}, and no object with `turns`",
            excerpt(text)
        ));
    }
    let mut reading = Reading::turns(None);
    let read = reading.take(text.as_bytes());
    let read = read.and_then(|()| reading.finish());
    read.map(|(parsed, _)| parsed)
        .map_err(|why| beginning(&why, text))
}

/// Reads `GET /workspaces/:id/activity`; newest first whatever the order of the answer.
///
/// # Errors
/// When it is no JSON array.
pub fn parse_activity(text: &str) -> Result<Parsed<Vec<Activity>>, String> {
    let parsed: Parsed<Vec<ActivityRow>> = rows(&list(text, "activities")?);
    let mut parsed = parsed.map(|row| row.into_iter().map(Activity::from).collect::<Vec<_>>());
    // Rows without an instant come last; equal ones stay as they are.
    parsed
        .value
        .sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
    Ok(parsed)
}

/// An activity as the platform writes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ActivityRow {
    #[serde(deserialize_with = "field::name")]
    activity_type: String,
    #[serde(deserialize_with = "field::text")]
    method: Option<String>,
    #[serde(deserialize_with = "field::text")]
    summary: Option<String>,
    #[serde(deserialize_with = "field::text")]
    status: Option<String>,
    #[serde(deserialize_with = "field::text")]
    error_detail: Option<String>,
    #[serde(deserialize_with = "field::whole")]
    duration_ms: Option<i64>,
    #[serde(deserialize_with = "field::instant")]
    created_at: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    source_id: Option<String>,
    #[serde(deserialize_with = "field::object")]
    request_body: Request,
}

impl Row for ActivityRow {
    const NEEDED: &'static [&'static str] = &[
        "method",
        "summary",
        "status",
        "error_detail",
        "duration_ms",
        "created_at",
    ];
    const ID: &'static str = "activity_type";

    fn id(&self) -> &str {
        &self.activity_type
    }
}

/// The body of a request, as far as it speaks of a schedule.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    #[serde(deserialize_with = "field::text")]
    schedule_id: Option<String>,
    #[serde(deserialize_with = "field::text")]
    schedule_name: Option<String>,
    #[serde(deserialize_with = "field::yes")]
    skipped: Option<bool>,
}

impl From<ActivityRow> for Activity {
    fn from(row: ActivityRow) -> Self {
        let request = row.request_body;
        let cron = (row.activity_type == "cron_run").then(|| CronRun {
            schedule_id: request.schedule_id,
            schedule_name: request.schedule_name,
            skipped: request.skipped == Some(true) || row.status.as_deref() == Some("skipped"),
        });
        Self {
            activity_type: row.activity_type,
            method: row.method,
            summary: row.summary,
            status: row.status,
            error_detail: row.error_detail,
            duration_ms: row.duration_ms,
            created_at_ms: row.created_at,
            source_id: row.source_id,
            cron,
        }
    }
}

impl Row for Schedule {
    const NEEDED: &'static [&'static str] = &[
        "name",
        "enabled",
        "next_run_at",
        "last_run_at",
        "last_status",
    ];
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads `GET /workspaces/:id/schedules`.
///
/// # Errors
/// When it is no JSON array.
pub fn parse_schedules(text: &str) -> Result<Parsed<Vec<Schedule>>, String> {
    Ok(rows(&list(text, "schedules")?))
}

/// Reads `GET /workspaces/:id/config`.
///
/// # Errors
/// When it is no JSON object with `data`.
pub fn parse_config(text: &str) -> Result<CeilingSetting, String> {
    const KEY: &str = "native_session_ceiling_seconds";
    let answer: Value = serde_json::from_str(text).map_err(|e| unreadable(text, &e))?;
    let Some(data) = answer.get("data") else {
        return Err(format!(
            "it is {}, and no object with `data`",
            excerpt(text)
        ));
    };
    let mut at = data;
    for key in ["runtime_config", KEY] {
        at = match at {
            Value::Object(map) => map.get(key).unwrap_or(&Value::Null),
            Value::Null => return Ok(CeilingSetting::Absent),
            other => {
                let what = format!("{}, where an object with {key} is expected", is(other));
                return Ok(CeilingSetting::Wrong(what));
            }
        };
    }
    Ok(match at {
        Value::Null => CeilingSetting::Absent,
        Value::Number(number) => match number.as_u64() {
            Some(seconds) => CeilingSetting::Seconds(seconds),
            None => CeilingSetting::Wrong(is(at)),
        },
        other => CeilingSetting::Wrong(is(other)),
    })
}

/// Says what a JSON value is, for people: `the string "1800"`, `-5`, `a list`.
fn is(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(n) if n < 0.0 => format!("{number}, which is negative"),
            _ => format!("{number}, which is no whole number that fits"),
        },
        Value::String(text) => format!("the string {}", excerpt(&format!("{text:?}"))),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Reads one frame of `/ws` or one `data:` of `/events/stream`; `None` for what is no event.
pub fn parse_event(text: &str) -> Option<PlatformEvent> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Frame {
        // `/ws` names them event and payload, a workspace's own stream type and data.
        #[serde(deserialize_with = "field::text")]
        event: Option<String>,
        #[serde(rename = "type", deserialize_with = "field::text")]
        kind: Option<String>,
        #[serde(deserialize_with = "field::text")]
        workspace_id: Option<String>,
        #[serde(deserialize_with = "field::stamp")]
        timestamp: Option<i64>,
        #[serde(deserialize_with = "field::object")]
        payload: Option<Payload>,
        #[serde(deserialize_with = "field::object")]
        data: Option<Payload>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Payload {
        #[serde(deserialize_with = "field::whole")]
        active_tasks: Option<i64>,
        // An empty one says that there is no task: that is kept.
        #[serde(deserialize_with = "field::any_text")]
        current_task: Option<String>,
        #[serde(deserialize_with = "field::text")]
        schedule_name: Option<String>,
        #[serde(deserialize_with = "field::text")]
        reason: Option<String>,
    }
    if !is_object(text) {
        return None;
    }
    let frame: Frame = serde_json::from_str(text).ok()?;
    let payload = frame.payload.or(frame.data).unwrap_or_default();
    Some(PlatformEvent {
        kind: frame.event.or(frame.kind)?,
        workspace_id: frame.workspace_id,
        at_ms: frame.timestamp,
        active_tasks: payload.active_tasks,
        current_task: payload.current_task,
        schedule_name: payload.schedule_name,
        reason: payload.reason,
    })
}

impl<T> Parsed<T> {
    /// The same with another value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed {
            value: change(self.value),
            missing: self.missing,
            unusable: self.unusable,
            unnamed: self.unnamed,
            rows: self.rows,
        }
    }
}

/// Splits a JSON array of `what` into its rows.
fn list<'a>(text: &'a str, what: &str) -> Result<Vec<&'a RawValue>, String> {
    is_list(text, what)?;
    serde_json::from_str(text).map_err(|e| unreadable(text, &e))
}

/// Refuses what begins no JSON array.
fn is_list(text: &str, what: &str) -> Result<(), String> {
    if text.trim_start().starts_with('[') {
        Ok(())
    } else {
        Err(format!("it is {}, and no list of {what}", excerpt(text)))
    }
}

/// Whether a text begins an object. A struct can be read from a list too, which is not meant.
pub(super) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Why a text is not read, with how it begins.
fn unreadable(text: &str, error: &serde_json::Error) -> String {
    beginning(&format!("it is no JSON: {error}"), text)
}

fn beginning(why: &str, text: &str) -> String {
    format!("{why}; it begins {}", excerpt(text))
}

/// The beginning of a text on one line.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut words = text.split_whitespace().flat_map(|word| [" ", word]).skip(1);
    let mut short = String::new();
    for word in &mut words {
        short.push_str(word);
        if short.len() > LONGEST {
            break;
        }
    }
    if short.is_empty() {
        return "empty".to_owned();
    }
    if short.chars().count() > LONGEST {
        short = short.chars().take(LONGEST).collect();
        return format!("{short}…");
    }
    short
}
