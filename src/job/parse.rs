//! One job from text: a typed fast path, and a lenient one for what the fast one refuses.
//!
//! Pure. A file of a hundred thousand good jobs never builds a [`serde_json::Value`]; legacy shapes
//! and wrong types take the slow road, which is also the one that can say what is wrong.

use std::borrow::Cow;
use std::fmt;

use arcstr::{ArcStr, literal};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::extras::restarts_of;
use super::restarts::may_restart;
use super::{CatchUpState, Extras, Job, JobState, Place, Runs, Words, lenient};
use crate::schedule::{AsFound, Rules, ScheduleSpec};

/// Which system's shape a job has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobShape {
    /// An OpenClaw job: `schedule` is an object with a `kind`.
    OpenClaw,
    /// A job that names an expression and no scheduler: `"schedule": "0 22 * * *"`.
    Plain,
    /// A Molecule schedule: `cron_expr`, `timezone`, `workspace_id`.
    Molecule,
}

/// What is known about a job before its text is read.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Index into the sources of the call.
    pub source: usize,
    /// Where the job is.
    pub at: Place,
    /// The rules of its source.
    pub rules: Rules,
}

/// A field that cannot be used, and so a job that cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The job's id, when it has a readable one.
    pub id: Option<String>,
    /// The job's name, when it has a readable one.
    pub name: Option<String>,
    /// The field (`schedule.expr`), empty for the job as a whole.
    pub field: String,
    /// What was found there.
    pub found: String,
    /// What belongs there.
    pub expected: &'static str,
    /// What to do next, when there is something to say.
    pub hint: Option<&'static str>,
}

impl Complaint {
    /// Returns the name, else the id, quoted, for the place of a problem.
    pub fn label(&self) -> Option<String> {
        let shown = self.name.as_ref().or(self.id.as_ref())?;
        Some(format!("{:?}", short(shown, 60)))
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "found {}, expected {}", self.found, self.expected)?;
        match (&self.id, &self.name) {
            (Some(id), Some(_)) => write!(f, " (id {:?})", short(id, 60)),
            _ => Ok(()),
        }
    }
}

/// Why a text is not a job.
#[derive(Debug)]
pub enum Failure {
    /// It is not JSON; line and column (from 1) are inside the text.
    Syntax(serde_json::Error),
    /// It is JSON, and a field cannot be used.
    Field(Box<Complaint>),
}

/// Reads one job.
///
/// # Errors
/// When the text is not JSON, or a field that decides the schedule or the identity is missing or of
/// a wrong type. Odd values elsewhere are what the real systems make of them.
pub fn parse(text: &str, slot: Slot, words: &mut Words) -> Result<(Job, JobShape), Failure> {
    if let Some(job) = fast(text, slot, words) {
        return Ok((job, JobShape::OpenClaw));
    }
    if let Some(job) = super::molecule::parse(text, slot) {
        return Ok((job, JobShape::Molecule));
    }
    let value: Value = serde_json::from_str(text).map_err(Failure::Syntax)?;
    lenient::read(&value, slot).map_err(Failure::Field)
}

/// Reads an OpenClaw job in which nothing is odd; `None` for anything else.
pub(super) fn fast(text: &str, slot: Slot, words: &mut Words) -> Option<Job> {
    serde_json::from_str::<Fast<'_>>(text)
        .ok()?
        .into_job(slot, words)
}

/// Reads one row of the SQLite store: the definition and the run state are separate texts.
///
/// The definition's own `state` is always `{}` there (OpenClaw 2026.6.11 and later).
///
/// # Errors
/// As [`parse`]. A state that is not JSON counts as no state: it never hides the job.
pub fn parse_row(
    definition: &str,
    state: &str,
    slot: Slot,
    words: &mut Words,
) -> Result<(Job, JobShape), Failure> {
    let (mut job, shape) = parse(definition, slot, words)?;
    job.state = parse_state(state);
    Ok((job, shape))
}

/// Reads a job's run state. What is not JSON counts as no state.
pub fn parse_state(text: &str) -> JobState {
    match serde_json::from_str::<FastState>(text) {
        Ok(fast) => fast.into(),
        Err(_) => serde_json::from_str::<Value>(text)
            .map(|v| lenient::state(&v))
            .unwrap_or_default(),
    }
}

/// A text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fast<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    enabled: Option<bool>,
    agent_id: Option<Text<'a>>,
    schedule: Option<FastSchedule<'a>>,
    payload: Option<FastPayload<'a>>,
    // One with escapes is not borrowable and takes the lenient path.
    session_target: Option<&'a str>,
    session_key: Option<String>,
    declaration_key: Option<String>,
    // Compared and nearly never kept.
    wake_mode: Option<&'a str>,
    created_at_ms: Option<i64>,
    state: Option<FastState>,
    // What `cron list` repeats at the top; its compact form has nothing else.
    next_run_at_ms: Option<i64>,
    last_run_at_ms: Option<i64>,
    last_run_status: Option<String>,
    // Any of these means a legacy shape or another system's.
    job_id: Option<IgnoredAny>,
    model: Option<IgnoredAny>,
    message: Option<IgnoredAny>,
    text: Option<IgnoredAny>,
    timeout_seconds: Option<IgnoredAny>,
    #[serde(rename = "cron_expr")]
    cron_expr: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FastSchedule<'a> {
    // Compared and not kept. One with escapes is not borrowable and takes the lenient path.
    kind: Option<&'a str>,
    expr: Option<Text<'a>>,
    tz: Option<Text<'a>>,
    stagger_ms: Option<AsFound>,
    every_ms: Option<AsFound>,
    anchor_ms: Option<AsFound>,
    at: Option<String>,
    at_ms: Option<IgnoredAny>,
    cron: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FastPayload<'a> {
    kind: Option<&'a str>,
    model: Option<Text<'a>>,
    timeout_seconds: Option<f64>,
    fallbacks: Option<Vec<String>>,
    external_content_source: Option<String>,
    // Where a command may be. Looked at as they are, and decoded only when one is likely.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    argv: Option<&'a RawValue>,
    command: Option<&'a RawValue>,
    script: Option<&'a RawValue>,
}

impl FastPayload<'_> {
    /// Returns the words by which it restarts the gateway. Nearly always there are none, which one
    /// look at the raw text says.
    fn restarts(&self) -> Option<String> {
        let texts = [
            self.message,
            self.text,
            self.argv,
            self.command,
            self.script,
        ];
        texts.into_iter().flatten().find_map(|raw| {
            let value = may_restart(raw.get()).then(|| serde_json::from_str::<Value>(raw.get()));
            restarts_of(&value?.ok()?)
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct FastState {
    next_run_at_ms: Option<i64>,
    running_at_ms: Option<i64>,
    last_run_at_ms: Option<i64>,
    last_run_status: Option<String>,
    last_status: Option<String>,
    last_duration_ms: Option<i64>,
    consecutive_errors: Option<i64>,
    last_error: Option<String>,
    queued_at_ms: Option<i64>,
    auto_disabled: Option<FastDisabled>,
    startup_catchup_at_ms: Option<i64>,
    schedule_activated_at_ms: Option<i64>,
    paced_next_run_at_ms: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct FastDisabled {
    at_ms: Option<i64>,
}

impl From<FastState> for JobState {
    fn from(s: FastState) -> Self {
        let runs = Runs {
            running_at_ms: s.running_at_ms,
            last_run_at_ms: s.last_run_at_ms,
            last_status: s.last_run_status.or(s.last_status),
            last_duration_ms: s.last_duration_ms,
            consecutive_errors: s.consecutive_errors,
            last_error: trimmed(s.last_error),
            queued_at_ms: s.queued_at_ms,
            auto_disabled_at_ms: s.auto_disabled.and_then(|d| d.at_ms),
            catch_up: CatchUpState {
                startup_at_ms: s.startup_catchup_at_ms,
                activated_at_ms: s.schedule_activated_at_ms,
                paced_at_ms: s.paced_next_run_at_ms,
            }
            .kept(),
        };
        Self::new(s.next_run_at_ms, runs)
    }
}

/// The kinds of payload, as OpenClaw writes them.
static KINDS: [ArcStr; 5] = [
    literal!("agentTurn"),
    literal!("systemEvent"),
    literal!("heartbeat"),
    literal!("command"),
    literal!("script"),
];

/// The session targets without a name of their own.
static TARGETS: [ArcStr; 2] = [literal!("main"), literal!("isolated")];

/// Returns the one of some words that a text is.
fn known(words: &[ArcStr], text: Option<&str>) -> Option<ArcStr> {
    words
        .iter()
        .find(|word| Some(word.as_str()) == text)
        .cloned()
}

impl Fast<'_> {
    /// Returns the job when nothing about it is odd; `None` sends the text down the lenient path.
    fn into_job(self, slot: Slot, words: &mut Words) -> Option<Job> {
        let legacy = self.job_id.is_some()
            || self.model.is_some()
            || self.message.is_some()
            || self.text.is_some()
            || self.timeout_seconds.is_some()
            || self.cron_expr.is_some();
        if legacy {
            return None;
        }
        let id = self.id.filter(|id| is_plain(&id.0))?;
        let schedule = self.schedule?.into_spec(self.created_at_ms, words)?;
        let payload = self.payload;
        let kind = match payload.as_ref().map(|p| p.kind) {
            None => None,
            Some(kind) => Some(known(&KINDS, kind)?),
        };
        let target = match self.session_target {
            None if payload.is_none() => None,
            Some(target) if target.starts_with("session:") => Some(words.share(target)),
            target => Some(known(&TARGETS, target)?),
        };
        let mut extras = Extras {
            session_key: trimmed(self.session_key),
            declaration_key: trimmed(self.declaration_key),
            wake_mode: trimmed(self.wake_mode.filter(|m| *m != "now").map(str::to_owned)),
            ..Extras::default()
        };
        let model = payload.and_then(|payload| {
            extras.restarts = payload.restarts();
            extras.fallbacks = payload.fallbacks;
            extras.external_source = trimmed(payload.external_content_source);
            extras.timeout_seconds = payload.timeout_seconds;
            payload.model
        });
        let mut state = self.state.unwrap_or_default();
        state.next_run_at_ms = state.next_run_at_ms.or(self.next_run_at_ms);
        state.last_run_at_ms = state.last_run_at_ms.or(self.last_run_at_ms);
        state.last_status = state.last_status.or(self.last_run_status);
        Some(Job {
            id: id.0.into(),
            name: self.name.filter(|n| !n.0.is_empty()).map(|n| n.0.into()),
            enabled: self.enabled.unwrap_or(true),
            source: slot.source,
            at: slot.at,
            schedule,
            rules: slot.rules,
            agent: shared(self.agent_id.as_ref().map(|a| &*a.0), words),
            workspace: None,
            model: shared(model.as_ref().map(|m| m.0.trim()), words),
            payload_kind: kind,
            session_target: target,
            created_at_ms: self.created_at_ms,
            state: state.into(),
            run_length: None,
            extras: extras.kept(),
        })
    }
}

impl FastSchedule<'_> {
    fn into_spec(self, created_at_ms: Option<i64>, words: &mut Words) -> Option<ScheduleSpec> {
        if self.cron.is_some() || self.at_ms.is_some() {
            return None;
        }
        match self.kind? {
            "cron" => Some(ScheduleSpec::Cron {
                expr: words.share(&self.expr.filter(|e| !e.0.trim().is_empty())?.0),
                tz: self.tz.map(|tz| words.share(&tz.0)),
                stagger_ms: self.stagger_ms,
            }),
            // Without an anchor and a creation instant the lenient path looks for `updatedAtMs`.
            "every" if self.anchor_ms.is_some() || created_at_ms.is_some() => {
                Some(ScheduleSpec::Every {
                    every_ms: Some(self.every_ms?),
                    anchor_ms: self.anchor_ms,
                })
            }
            "at" => Some(ScheduleSpec::At {
                at: self.at.filter(|a| !a.trim().is_empty())?,
            }),
            _ => None,
        }
    }
}

/// The text as one that jobs share; nothing for an empty one.
fn shared(text: Option<&str>, words: &mut Words) -> Option<ArcStr> {
    let text = text.filter(|t| !t.is_empty())?;
    Some(words.share(text))
}

/// Whether an id can be used as it is: not empty, no surrounding space.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.trim().len() == id.len()
}

/// Trims, and turns what is empty into nothing; keeps the allocation when there is nothing to trim.
pub(super) fn trimmed(text: Option<String>) -> Option<String> {
    let text = text?;
    match text.trim() {
        "" => None,
        t if t.len() == text.len() => Some(text),
        t => Some(t.to_owned()),
    }
}

/// Cuts a text for a message, at a character.
pub(crate) fn short(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
