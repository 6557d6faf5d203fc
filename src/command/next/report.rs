//! What `next` answers: one serialisable value, whose rows are the fires.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Problem;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::ui::Role;
use crate::when;

/// `cronctl.next/1`: the next fires of one expression.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NextReport {
    /// What the answer rests on.
    pub inputs: Inputs,
    /// The shortest form that means the same to this scheduler; null for what is no list of fields.
    pub normalised: Option<String>,
    /// What it means, in words.
    pub meaning: String,
    /// Where it means something else than it seems to.
    pub traps: Vec<TrapRow>,
    /// What the zone's next clock changes do to it; empty for zones without any.
    pub dst: Vec<ChangeRow>,
    /// Whether there are no further fires after those listed.
    pub ends: bool,
    /// The next fires.
    pub fires: Vec<FireRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What the answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// The expression as written.
    pub expr: String,
    /// `openclaw`, `molecule` or `cron-rs`.
    pub dialect: String,
    /// Where the dialect comes from.
    pub dialect_origin: String,
    /// The OpenClaw version whose rules decide; null for other dialects.
    pub openclaw_version: Option<String>,
    /// Where the version comes from; null for other dialects.
    pub openclaw_version_origin: Option<String>,
    /// The zone whose clock the expression means.
    pub zone: String,
    /// Where the zone comes from.
    pub zone_origin: String,
    /// Version and place of the zone data.
    pub tzdata: String,
    /// The instant after which fires were asked for.
    pub after_at: String,
    /// The same in epoch milliseconds.
    pub after_at_ms: i64,
    /// Where the instant comes from.
    pub after_origin: String,
    /// How many fires were asked for.
    pub count: usize,
    /// The job, when one was named.
    pub job_id: Option<String>,
    /// The window of its stagger; null without a job.
    pub stagger_window_ms: Option<i64>,
    /// How much later than the expression says the job fires; null without a job.
    pub stagger_ms: Option<i64>,
    /// Where its stagger comes from; null without a job.
    pub stagger_reason: Option<crate::schedule::StaggerReason>,
}

/// A trap.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrapRow {
    /// Its name.
    pub kind: &'static str,
    /// What happens.
    pub text: String,
    /// What to write or do instead; null when there is nothing to change.
    pub instead: Option<String>,
}

/// A clock change and what it does to the expression.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeRow {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// The same in epoch milliseconds.
    pub at_ms: i64,
    /// The readings of the clock before and after.
    pub change: String,
    /// By how much the clock is set forward; negative when it is set back.
    pub shift_ms: i64,
    /// What happens to the expression; empty when no time that it asks for is concerned.
    pub effects: Vec<EffectRow>,
}

/// What a clock change does.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EffectRow {
    /// `skipped`, `shifted`, `first-of-two`, `second-of-two`, `twice`, `neither-of-two`, `lost`,
    /// `extra` or `stalls`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// A fire.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FireRow {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// The same in epoch milliseconds.
    pub at_ms: i64,
    /// The same on the clock of the zone.
    pub local_at: String,
    /// From now, negative when it is past.
    pub in_ms: i64,
    /// What a clock change did: `shifted`, `first-of-two`, `second-of-two`, `after-skip`; else null.
    pub dst: Option<&'static str>,
    /// The same in words.
    pub note: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) tz: TimeZone,
}

/// Returns an instant with its weekday: `Mon 2026-03-09 02:30:00 EDT`.
pub(super) fn with_weekday(ms: i64, tz: &TimeZone) -> String {
    let text = when::readable(ms, tz);
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(at) => format!("{} {text}", at.to_zoned(tz.clone()).strftime("%a")),
        Err(_) => text,
    }
}

/// Returns how far away an instant is: `in 3 h 12 min`, `5 min ago`, `now`.
pub(super) fn relative(ms: i64) -> String {
    // Parts of a second say nothing about a time that people wait for.
    let whole = ms / 1_000 * 1_000;
    match whole {
        0 => "now".to_owned(),
        1.. => format!("in {}", when::duration(whole)),
        _ => format!("{} ago", when::duration(-whole)),
    }
}

impl Row for FireRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("local_at", "LOCAL"),
        Column::new("at", "UTC"),
        Column::new("in_ms", "FROM NOW"),
        Column::new("at_ms", "UTC MS").right().on_request(),
        Column::new("dst", "CLOCK CHANGE").on_request(),
        Column::new("note", "NOTE").if_any(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "local_at" => Cell::with(Role::Strong, with_weekday(self.at_ms, &self.tz)),
            "at" => Cell::from(when::readable(self.at_ms, &TimeZone::UTC)),
            "in_ms" => Cell::from(relative(self.in_ms)),
            "at_ms" => Cell::of(self.at_ms),
            "dst" => Cell::from(self.dst),
            _ => Cell::from(self.note.as_deref()).role(Role::Warn),
        }
    }
}

impl Report for NextReport {
    type Row = FireRow;
    const SCHEMA: &'static str = "cronctl.next/1";
    const EMPTY: &'static str = "It never fires again.";

    fn rows(&mut self) -> &mut Vec<FireRow> {
        &mut self.fires
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[FireRow], screen: &mut Screen<'_>) -> std::io::Result<()> {
        super::screen::draw(self, rows, screen)
    }
}
