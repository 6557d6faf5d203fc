//! One turn that was to be freed: the row of `checkpoint`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::case::Case;
use super::openclaw::Done;
use super::outcome::role;
use super::seen;
use crate::checkpoint::{Answer, Body, Outcome};
use crate::openclaw::Confidence;
use crate::openclaw::gateway::ABORT;
use crate::report::{Cell, Column, Row, View};
use crate::turn::{Bound, Liveness, Turn, Verdict};
use crate::ui::Role;
use crate::when;

/// What a request carries.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Sent {
    /// The body of a checkpoint.
    Body(Body),
    /// A frame of a gateway's protocol.
    Frame(Value),
}

impl Sent {
    /// Returns it as it goes out.
    pub(super) fn text(&self) -> String {
        // Both serialise: they hold texts and numbers alone.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// One turn that was to be freed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetRow {
    /// The workspace's id.
    pub workspace_id: String,
    /// Its name.
    pub workspace_name: Option<String>,
    /// The adapter.
    pub runtime: Option<String>,
    /// The turn's id: the precondition of the request; null when not known.
    pub turn_id: Option<String>,
    /// What names the turn in the ledger.
    pub turn: String,
    /// What was thought of it before.
    pub verdict: Verdict,
    /// How sure that was.
    pub confidence: Confidence,
    /// Whether it showed signs of life.
    pub liveness: Liveness,
    /// Its age, milliseconds; null when nothing is known of it.
    pub age_ms: Option<i64>,
    /// What the age is.
    pub age_is: Option<Bound>,
    /// What the age rests on, in words.
    pub evidence: Option<String>,
    /// Its ceiling, milliseconds; 0 when off; null when not known.
    pub ceiling_ms: Option<i64>,
    /// Where the ceiling is set.
    pub ceiling_origin: String,
    /// How far past the ceiling it was, milliseconds.
    pub over_by_ms: Option<i64>,
    /// The method of the request: of HTTP, or of a gateway's protocol.
    pub method: &'static str,
    /// Where the request goes; null when that is not known.
    pub url: Option<String>,
    /// The body of the request that was sent last, or would be; null where none is to be sent.
    pub body: Option<Sent>,
    /// The request's id.
    pub request_id: Option<String>,
    /// Requests sent, restarts included.
    pub requests: u32,
    /// Restarts among them.
    pub restarts: u32,
    /// What was answered, by the contract; null when nothing was.
    pub answer: Option<Answer>,
    /// What stood in the answer, in words.
    pub answer_says: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why so.
    pub why: String,
    /// How often the platform was looked at for it afterwards.
    pub looks: usize,
    /// When last: RFC 3339.
    pub looked_at: Option<String>,
    /// The same, epoch milliseconds.
    pub looked_at_ms: Option<i64>,
    /// What was seen then: `in-flight`, `gone`, `successor`, `idle`, `not-known`.
    pub seen: Option<&'static str>,
    /// When the first request was sent: RFC 3339.
    pub asked_at: Option<String>,
    /// The same, epoch milliseconds.
    pub asked_at_ms: Option<i64>,
    /// From the first request to the end, milliseconds.
    pub took_ms: Option<i64>,
    /// Whether it was said on the platform's activity log; null when that was not to be.
    pub reported: Option<bool>,
}

impl TargetRow {
    /// The row of a case that has ended.
    pub(super) fn of(case: Case) -> Self {
        let look = case.last_look().cloned();
        let looks = case.looks();
        let Case {
            turn,
            target,
            url,
            body,
            sent,
            restarts,
            answer,
            asked_ms,
            end,
            reported,
            ..
        } = case;
        let (answer, answer_says) = answer.unzip();
        let (outcome, why, ended_ms) = match end {
            Some(end) => (end.outcome, end.why, Some(end.at_ms)),
            None => (Outcome::NotSent, String::new(), None),
        };
        Self {
            url: url.ok(),
            request_id: Some(body.request_id.clone()),
            body: Some(Sent::Body(body)),
            requests: sent,
            restarts,
            answer,
            answer_says,
            outcome,
            why,
            looks,
            looked_at: look.as_ref().map(|look| when::utc(look.at_ms)),
            looked_at_ms: look.as_ref().map(|look| look.at_ms),
            seen: look.map(|look| seen::word(look.seen)),
            asked_at: asked_ms.map(when::utc),
            asked_at_ms: asked_ms,
            took_ms: asked_ms
                .zip(ended_ms)
                .map(|(asked, ended)| ended.saturating_sub(asked)),
            reported,
            ..Self::about(turn, target.turn_key, "POST")
        }
    }

    /// The row of a run of an OpenClaw gateway.
    pub(super) fn of_run(done: Done, gateway: &str) -> Self {
        let turn = done.turn;
        let name = turn.turn_id.clone().unwrap_or_else(|| turn.key.clone());
        Self {
            url: Some(gateway.to_owned()),
            request_id: done.request_id,
            body: done.frame.map(Sent::Frame),
            requests: done.requests,
            answer: done.answer,
            answer_says: done.says,
            outcome: done.outcome,
            why: done.why,
            took_ms: done.took_ms,
            ..Self::about(turn, name, ABORT)
        }
    }

    /// The row of a turn about which nothing was done.
    fn about(turn: Turn, name: String, method: &'static str) -> Self {
        Self {
            workspace_id: turn.workspace_id,
            workspace_name: turn.workspace_name,
            runtime: turn.runtime,
            turn_id: turn.turn_id,
            turn: name,
            verdict: turn.verdict,
            confidence: turn.confidence,
            liveness: turn.liveness,
            age_ms: turn.age_ms,
            age_is: turn.age_is,
            evidence: turn.evidence.map(|evidence| evidence.says),
            ceiling_ms: turn.ceiling_ms,
            ceiling_origin: turn.ceiling_origin,
            over_by_ms: turn.over_by_ms,
            method,
            url: None,
            request_id: None,
            body: None,
            requests: 0,
            restarts: 0,
            answer: None,
            answer_says: None,
            outcome: Outcome::NotSent,
            why: String::new(),
            looks: 0,
            looked_at: None,
            looked_at_ms: None,
            seen: None,
            asked_at: None,
            asked_at_ms: None,
            took_ms: None,
            reported: None,
        }
    }

    /// What a person calls the workspace.
    pub(super) fn called(&self) -> String {
        match &self.workspace_name {
            Some(name) => format!("{name} ({})", self.workspace_id),
            None => self.workspace_id.clone(),
        }
    }
}

impl Row for TargetRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("workspace_id", "WORKSPACE"),
        Column::new("workspace_name", "NAME").if_any(),
        Column::new("runtime", "RUNTIME").on_request(),
        Column::new("age_ms", "AGE").right(),
        Column::new("ceiling_ms", "CEILING").right(),
        Column::new("over_by_ms", "OVER BY").right().if_any(),
        Column::new("outcome", "OUTCOME"),
        Column::new("took_ms", "TOOK").right().if_any(),
        Column::new("reported", "REPORTED").if_any(),
        Column::new("answer_says", "ANSWER").on_request(),
        Column::new("turn_id", "TURN").on_request(),
        Column::new("requests", "REQUESTS").right().on_request(),
        Column::new("restarts", "RESTARTS").right().on_request(),
        Column::new("verdict", "VERDICT").on_request(),
        Column::new("confidence", "CONFIDENCE").on_request(),
        Column::new("liveness", "LIVENESS").on_request(),
        Column::new("evidence", "EVIDENCE").on_request(),
        Column::new("ceiling_origin", "CEILING SET IN").on_request(),
        Column::new("method", "METHOD").on_request(),
        Column::new("url", "URL").on_request(),
        Column::new("body", "BODY").on_request(),
        Column::new("request_id", "REQUEST ID").on_request(),
        Column::new("why", "WHY").on_request(),
        Column::new("looks", "LOOKS").right().on_request(),
        Column::new("looked_at", "LOOKED AT").on_request(),
        Column::new("seen", "SEEN").on_request(),
        Column::new("asked_at", "ASKED AT").on_request(),
    ];

    fn cell(&self, key: &str, view: &View) -> Cell {
        match key {
            "workspace_id" => Cell::with(Role::Strong, &*self.workspace_id),
            "workspace_name" => Cell::from(self.workspace_name.as_deref()),
            "runtime" => Cell::from(self.runtime.as_deref()),
            "turn_id" => Cell::from(self.turn_id.as_deref()),
            "age_ms" => Cell::from(age(self.age_ms, self.age_is, view.look.unicode)),
            "ceiling_ms" => Cell::from(self.ceiling_ms.map(ceiling)),
            "over_by_ms" => Cell::from(self.over_by_ms.map(when::duration)),
            "outcome" => Cell::with(role(self.outcome), self.outcome.word()),
            "answer_says" => Cell::from(self.answer_says.as_deref()),
            "took_ms" => Cell::from(self.took_ms.map(when::duration)),
            "requests" => Cell::of(self.requests),
            "restarts" => Cell::of(self.restarts),
            "verdict" => named(self.verdict),
            "confidence" => named(self.confidence),
            "liveness" => named(self.liveness),
            "evidence" => Cell::from(self.evidence.as_deref()),
            "ceiling_origin" => Cell::from(&*self.ceiling_origin),
            "method" => Cell::from(self.method),
            "url" => Cell::from(self.url.as_deref()),
            "body" => Cell::from(self.body.as_ref().map(Sent::text)),
            "request_id" => Cell::from(self.request_id.as_deref()),
            "why" => Cell::from(&*self.why),
            "looks" => Cell::of(self.looks),
            "looked_at" => Cell::from(self.looked_at.as_deref()),
            "seen" => Cell::from(self.seen),
            "asked_at" => Cell::from(self.asked_at.as_deref()),
            _ => Cell::from(
                self.reported
                    .map(|done| if done { "yes" } else { "failed" }),
            ),
        }
    }
}

/// The name that a value has in JSON.
fn named(value: impl Serialize) -> Cell {
    let value = serde_json::to_value(value).unwrap_or_default();
    Cell::from(value.as_str())
}

/// An age, and how exact it is.
pub(super) fn age(ms: Option<i64>, is: Option<Bound>, unicode: bool) -> Option<String> {
    let text = when::duration(ms?);
    Some(match is {
        Some(Bound::AtLeast) if unicode => format!("≥ {text}"),
        Some(Bound::AtLeast) => format!(">= {text}"),
        Some(Bound::Estimate) => format!("~ {text}"),
        Some(Bound::Exact) | None => text,
    })
}

/// A ceiling; 0 is none.
pub(super) fn ceiling(ms: i64) -> String {
    if ms == 0 {
        "off".to_owned()
    } else {
        when::duration(ms)
    }
}
