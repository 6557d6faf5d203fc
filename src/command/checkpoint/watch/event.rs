//! What a loop prints: a line for each turn that was dealt with, and for each look that found one.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::outcome::role;
use super::super::report::Summary;
use super::super::row::{TargetRow, age, ceiling};
use super::super::screen::came_of;
use crate::report::{Published, published_line};
use crate::ui::{Look, escape};
use crate::when;

/// `cronctl.checkpoint.event/1`: one line of `checkpoint --watch -o ndjson`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckpointEvent {
    /// What happened.
    pub event: What,
    /// When: RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The same, epoch milliseconds.
    pub at_ms: i64,
    /// The number of the look, from 1; 0 before the first.
    pub sweep: u64,
    /// The turn that was dealt with; null for other events.
    pub target: Option<Box<TargetRow>>,
    /// What the look comes to; null for other events.
    pub summary: Option<Summary>,
    /// How long it took, milliseconds; null for other events.
    pub took_ms: Option<i64>,
    /// When the next look is: RFC 3339; null when there is none, or that is not known yet.
    pub next_at: Option<String>,
    /// The same, epoch milliseconds.
    pub next_at_ms: Option<i64>,
    /// The fire that the next look is for: RFC 3339; null when it comes by the interval.
    pub next_fire_at: Option<String>,
    /// Why, in words; null where there is nothing to say.
    pub why: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The loop began.
    Started,
    /// A turn was dealt with.
    Target,
    /// A look, and what it led to, is over.
    Sweep,
    /// A look failed, or the ledger did.
    Failed,
    /// The configuration was read again.
    Reloaded,
    /// It was read again, and could not be used: the one before holds.
    NotReloaded,
    /// The loop ends.
    Ended,
}

impl CheckpointEvent {
    /// An event about which nothing more is known.
    pub(super) fn new(event: What, at_ms: i64, sweep: u64) -> Self {
        Self {
            event,
            at: when::utc(at_ms),
            at_ms,
            sweep,
            target: None,
            summary: None,
            took_ms: None,
            next_at: None,
            next_at_ms: None,
            next_fire_at: None,
            why: None,
        }
    }

    /// The line that a person reads; `None` for what is not worth one.
    pub(super) fn line(&self, look: Look) -> Option<String> {
        let text = match self.event {
            What::Target => target(self.target.as_deref()?, look),
            What::Sweep => {
                let summary = self.summary.as_ref()?;
                if summary.targets == 0 && self.why.is_none() {
                    return None;
                }
                sweep(self, summary)
            }
            What::Started => format!("started: {}", self.why.as_deref()?),
            What::Failed => format!("failed: {}", self.why.as_deref()?),
            What::Reloaded => "the configuration was read again".to_owned(),
            What::NotReloaded => format!(
                "the configuration before holds: {}",
                self.why.as_deref().unwrap_or_default()
            ),
            What::Ended => format!("ended: {}", self.why.as_deref()?),
        };
        Some(format!("{}  {text}", self.at))
    }
}

fn target(row: &TargetRow, look: Look) -> String {
    let outcome = role(row.outcome).paint(&format!("{:<12}", row.outcome.word()), look.color);
    let mut about = Vec::new();
    if let Some(age) = age(row.age_ms, row.age_is, look.unicode) {
        about.push(format!("{age} old"));
    }
    if let Some(ms) = row.ceiling_ms {
        about.push(format!("ceiling {}", ceiling(ms)));
    }
    let about = match about.join(", ") {
        about if about.is_empty() => about,
        about => format!(" ({about})"),
    };
    format!(
        "{outcome} {}{about}: {}",
        escape(&row.called()),
        escape(&came_of(row))
    )
}

fn sweep(event: &CheckpointEvent, summary: &Summary) -> String {
    let counts = [
        (summary.confirmed, "confirmed"),
        (summary.idle, "idle"),
        (summary.moot, "moot"),
        (summary.restarted, "restarted"),
        (summary.lingering, "lingering"),
        (summary.unknown, "unknown"),
        (summary.throttled, "throttled"),
        (summary.refused, "refused"),
        (summary.unsupported, "unsupported"),
        (summary.unauthorised, "unauthorised"),
        (summary.rejected, "rejected"),
        (
            summary.not_sent - summary.held.min(summary.not_sent),
            "not sent",
        ),
        (summary.held, "held by another"),
    ];
    let counted = counts.iter().filter(|(n, _)| *n > 0);
    let counted: Vec<_> = counted.map(|(n, what)| format!("{n} {what}")).collect();
    let mut text = format!("look {}: {} over", event.sweep, summary.targets);
    if !counted.is_empty() {
        text = format!("{text}, {}", counted.join(", "));
    }
    if let Some(ms) = event.took_ms {
        text = format!("{text} ({})", when::duration(ms));
    }
    match &event.why {
        Some(why) => format!("{text}; {}", escape(why)),
        None => text,
    }
}

/// Returns the schema of a line.
pub fn event_schema() -> Published {
    published_line::<CheckpointEvent>("cronctl.checkpoint.event/1")
}
