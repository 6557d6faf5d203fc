//! Jobs in legacy or odd shapes, made what the gateway itself makes of them.
//!
//! The rules are those that OpenClaw 2026.3.28 and 2026.3.31 apply when they load `cron/jobs.json`
//! and that 2026.9.6 applies when it migrates one: the same file means the same jobs here.

use arcstr::ArcStr;

use serde_json::Value;

use super::extras::extras;
use super::parse::{Complaint, JobShape, Slot, short};
use super::{CatchUpState, Job, JobState, Runs, molecule};
use crate::schedule::{AsFound, ScheduleSpec};
use crate::when;

const EXPR: &str = "a cron expression such as \"0 22 * * *\"";
const SCHEDULE: &str =
    "an object such as {\"kind\": \"cron\", \"expr\": \"0 22 * * *\"}, or an expression";

/// Reads a job from any JSON value, or says which field cannot be used.
pub(super) fn read(value: &Value, slot: Slot) -> Result<(Job, JobShape), Box<Complaint>> {
    if !value.is_object() {
        let found = describe(Some(value));
        return Err(complaint(value, "", found, "a job (a JSON object)"));
    }
    if is_molecule(value) {
        return molecule::lenient(value, slot).map(|job| (job, JobShape::Molecule));
    }
    let id = text_of(value.get("id")).or_else(|| text_of(value.get("jobId")));
    let Some(id) = id else {
        let found = describe(value.get("id").or_else(|| value.get("jobId")));
        return Err(complaint(value, "id", found, "the job's id (text)"));
    };
    let created_at_ms = integer(value.get("createdAtMs"));
    let (schedule, shape) = schedule(value, created_at_ms)?;
    let payload = payload(value);
    let session_target = session_target(value, payload.as_ref());
    let (next, mut runs) = value.get("state").map(recorded).unwrap_or_default();
    let (next_at_top, at_top) = recorded(value);
    runs.last_run_at_ms = runs.last_run_at_ms.or(at_top.last_run_at_ms);
    runs.last_status = runs.last_status.or(at_top.last_status);
    let mut extras = extras(value);
    let (payload_kind, model, timeout_seconds) =
        payload.map_or((None, None, None), |p| (p.kind, p.model, p.timeout_seconds));
    extras.timeout_seconds = timeout_seconds;
    if model.is_some() {
        extras.odd_model = None;
    }
    let declared = trimmed_text(value.get("sessionTarget"));
    let same = |target: &String| {
        Some(target.to_lowercase()) == session_target.as_ref().map(|t| t.to_lowercase())
    };
    extras.declared_target = declared.filter(|target| !same(target));
    let job = Job {
        id: id.into(),
        name: value
            .get("name")
            .and_then(Value::as_str)
            .filter(|n| !n.is_empty())
            .map(Into::into),
        // The gateway reads anything but a boolean as true, the text "false" included.
        enabled: value
            .get("enabled")
            .and_then(Value::as_bool)
            .unwrap_or(true),
        source: slot.source,
        at: slot.at,
        schedule,
        rules: slot.rules,
        agent: trimmed_text(value.get("agentId")).map(ArcStr::from),
        workspace: None,
        model: model.map(ArcStr::from),
        payload_kind: payload_kind.map(ArcStr::from),
        session_target: session_target.map(ArcStr::from),
        created_at_ms,
        state: JobState::new(next.or(next_at_top), runs),
        run_length: None,
        extras: extras.kept(),
    };
    Ok((job, shape))
}

/// Reads the run state: numbers as numbers or as text, anything else as absent.
pub(super) fn state(value: &Value) -> JobState {
    let (next, runs) = recorded(value);
    JobState::new(next, runs)
}

fn recorded(value: &Value) -> (Option<i64>, Runs) {
    let int = |name: &str| integer(value.get(name));
    let runs = Runs {
        running_at_ms: int("runningAtMs"),
        last_run_at_ms: int("lastRunAtMs"),
        last_status: trimmed_text(value.get("lastRunStatus"))
            .or_else(|| trimmed_text(value.get("lastStatus"))),
        last_duration_ms: int("lastDurationMs"),
        consecutive_errors: int("consecutiveErrors"),
        last_error: trimmed_text(value.get("lastError")),
        queued_at_ms: int("queuedAtMs"),
        auto_disabled_at_ms: integer(value.get("autoDisabled").and_then(|d| d.get("atMs"))),
        catch_up: CatchUpState {
            startup_at_ms: int("startupCatchupAtMs"),
            activated_at_ms: int("scheduleActivatedAtMs"),
            paced_at_ms: int("pacedNextRunAtMs"),
        }
        .kept(),
    };
    (int("nextRunAtMs"), runs)
}

fn is_molecule(value: &Value) -> bool {
    value.get("cron_expr").is_some()
        || (value.get("prompt").is_some()
            && value.get("cron").is_some()
            && value.get("schedule").is_none())
}

/// The schedule and whether the job is a plain one (an expression and no scheduler named).
fn schedule(job: &Value, created: Option<i64>) -> Result<(ScheduleSpec, JobShape), Box<Complaint>> {
    let cron = |expr: &str, tz: Option<String>| ScheduleSpec::Cron {
        expr: expr.trim().into(),
        tz: tz.map(ArcStr::from),
        stagger_ms: None,
    };
    let top_zone = || trimmed_text(job.get("tz").or_else(|| job.get("timezone")));
    match job.get("schedule") {
        Some(Value::String(expr)) if !expr.trim().is_empty() => {
            Ok((cron(expr, top_zone()), JobShape::Plain))
        }
        Some(Value::Object(_)) => {
            let spec = schedule_object(job, &job["schedule"], created)?;
            Ok((spec, JobShape::OpenClaw))
        }
        None => match job.get("expr").or_else(|| job.get("cron")) {
            Some(Value::String(expr)) if !expr.trim().is_empty() => {
                Ok((cron(expr, top_zone()), JobShape::Plain))
            }
            _ => Err(complaint(job, "schedule", describe(None), SCHEDULE)),
        },
        other => Err(complaint(job, "schedule", describe(other), SCHEDULE)),
    }
}

fn schedule_object(
    job: &Value,
    schedule: &Value,
    created: Option<i64>,
) -> Result<ScheduleSpec, Box<Complaint>> {
    let kept = |name: &str| {
        let found = schedule.get(name).filter(|v| !v.is_null());
        found.cloned().map(AsFound::from)
    };
    let text = |name: &str| trimmed_text(schedule.get(name));
    let has_instant = kept("at").is_some() || kept("atMs").is_some();
    let kind = match schedule.get("kind") {
        None | Some(Value::Null) if has_instant => "at".to_owned(),
        None | Some(Value::Null) if kept("everyMs").is_some() => "every".to_owned(),
        None | Some(Value::Null) if text("expr").or_else(|| text("cron")).is_some() => {
            "cron".to_owned()
        }
        Some(Value::String(kind)) if !kind.trim().is_empty() => kind.trim().to_lowercase(),
        other => {
            let expected = "\"cron\", \"every\" or \"at\"";
            return Err(complaint(job, "schedule.kind", describe(other), expected));
        }
    };
    match kind.as_str() {
        "cron" => {
            let Some(expr) = text("expr").or_else(|| text("cron")) else {
                let found = describe(schedule.get("expr").or_else(|| schedule.get("cron")));
                return Err(complaint(job, "schedule.expr", found, EXPR));
            };
            let tz = match schedule.get("tz") {
                None | Some(Value::Null) => None,
                Some(Value::String(tz)) => Some(tz.as_str().into()),
                other => {
                    let expected = "a zone name such as \"America/Los_Angeles\"";
                    return Err(complaint(job, "schedule.tz", describe(other), expected));
                }
            };
            Ok(ScheduleSpec::Cron {
                expr: expr.into(),
                tz,
                stagger_ms: kept("staggerMs"),
            })
        }
        "every" => {
            let Some(every_ms) = kept("everyMs") else {
                let found = describe(schedule.get("everyMs"));
                return Err(complaint(
                    job,
                    "schedule.everyMs",
                    found,
                    "a period in milliseconds",
                ));
            };
            // The gateway anchors at the creation, else at the last change of the definition.
            let updated = || integer(job.get("updatedAtMs")).map(AsFound::from);
            let anchor_ms = kept("anchorMs").or_else(|| match created {
                Some(_) => None,
                None => updated(),
            });
            Ok(ScheduleSpec::Every {
                every_ms: Some(every_ms),
                anchor_ms,
            })
        }
        "at" => instant(schedule)
            .map(|at| ScheduleSpec::At { at })
            .ok_or_else(|| {
                let found = describe(schedule.get("at").or_else(|| schedule.get("atMs")));
                complaint(
                    job,
                    "schedule.at",
                    found,
                    "an instant such as \"2026-03-31T22:00:00-07:00\"",
                )
            }),
        _ => Ok(ScheduleSpec::Other { kind }),
    }
}

/// `atMs` wins over `at`, as in the gateway; milliseconds become the ISO text that it writes.
fn instant(schedule: &Value) -> Option<String> {
    if let Some(at) = schedule.get("atMs").filter(|v| !v.is_null()) {
        let ms = integer(Some(at));
        return match (ms.map(jiff::Timestamp::from_millisecond), at) {
            (Some(Ok(instant)), _) => Some(when::utc(instant.as_millisecond())),
            (_, Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            (Some(Err(_)), _) => ms.map(|ms| ms.to_string()),
            _ => None,
        };
    }
    match schedule.get("at")? {
        Value::String(at) if !at.trim().is_empty() => Some(at.trim().to_owned()),
        Value::Number(at) => Some(at.to_string()),
        _ => None,
    }
}

struct Payload {
    kind: Option<String>,
    model: Option<String>,
    timeout_seconds: Option<f64>,
}

/// The payload, with what old versions kept beside it moved in.
fn payload(job: &Value) -> Option<Payload> {
    let has = |holder: &Value, name: &str| trimmed_text(holder.get(name)).is_some();
    let inferred = |holder: &Value, command: bool| {
        if has(holder, "message") {
            Some("agentTurn".to_owned())
        } else if has(holder, "text") || (command && has(holder, "command")) {
            Some("systemEvent".to_owned())
        } else {
            None
        }
    };
    let Some(payload) = job.get("payload").filter(|p| p.is_object()) else {
        let kind = inferred(job, true)?;
        let is_turn = kind == "agentTurn";
        return Some(Payload {
            kind: Some(kind),
            model: is_turn.then(|| trimmed_text(job.get("model"))).flatten(),
            timeout_seconds: is_turn.then(|| number(job.get("timeoutSeconds"))).flatten(),
        });
    };
    let kind = match trimmed_text(payload.get("kind")) {
        Some(kind) if kind.eq_ignore_ascii_case("agentTurn") => Some("agentTurn".to_owned()),
        Some(kind) if kind.eq_ignore_ascii_case("systemEvent") => Some("systemEvent".to_owned()),
        Some(kind) => Some(kind),
        None => inferred(payload, false),
    };
    let outer = kind.as_deref() == Some("agentTurn");
    let from_job = |name: &str| job.get(name).filter(|_| outer);
    Some(Payload {
        kind,
        model: trimmed_text(payload.get("model")).or_else(|| trimmed_text(from_job("model"))),
        timeout_seconds: number(payload.get("timeoutSeconds"))
            .or_else(|| number(from_job("timeoutSeconds"))),
    })
}

fn session_target(job: &Value, payload: Option<&Payload>) -> Option<String> {
    let raw = trimmed_text(job.get("sessionTarget"));
    let folded = raw.as_deref().map(str::to_lowercase);
    match folded.as_deref() {
        Some(known @ ("main" | "isolated")) => return Some(known.to_owned()),
        Some("current") => return Some("isolated".to_owned()),
        Some(custom) if custom.starts_with("session:") => return raw,
        _ => {}
    }
    let is_turn = payload?.kind.as_deref() == Some("agentTurn");
    Some(if is_turn { "isolated" } else { "main" }.to_owned())
}

#[expect(
    clippy::unnecessary_box_returns,
    reason = "every caller returns it as an error, which is boxed to stay small"
)]
pub(super) fn complaint(
    job: &Value,
    field: &str,
    found: String,
    expected: &'static str,
) -> Box<Complaint> {
    Box::new(Complaint {
        id: text_of(job.get("id")).or_else(|| text_of(job.get("jobId"))),
        name: trimmed_text(job.get("name")),
        field: field.to_owned(),
        found,
        expected,
        hint: None,
    })
}

/// Says what a value is, without repeating more of it than a message needs.
pub(super) fn describe(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Number(n)) => format!("the number {n}"),
        Some(Value::String(s)) if s.trim().is_empty() => "an empty text".to_owned(),
        Some(Value::String(s)) => format!("the text {:?}", short(s, 40)),
        Some(Value::Array(_)) => "an array".to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
    }
}

/// An id: text, or a number that some writer forgot to quote (the gateway stringifies it too).
pub(super) fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Number(n) => Some(n.to_string()),
        other => trimmed_text(Some(other)),
    }
}

pub(super) fn trimmed_text(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::Number(n) => n.as_f64()?,
        Value::String(s) => s.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// An integer, also from a fraction (floored) or a numeric text, when it fits 53 bits.
fn integer(value: Option<&Value>) -> Option<i64> {
    if let Some(int) = value?.as_i64() {
        return Some(int);
    }
    let float = number(value)?.floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked on the line above the cast"
    )]
    (float.abs() <= 9_007_199_254_740_991.0).then_some(float as i64)
}

#[cfg(test)]
mod tests;
