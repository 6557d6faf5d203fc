//! What a person reads of one turn.

use jiff::tz::TimeZone;

use crate::openclaw::Confidence;
use crate::report::{Cell, View};
use crate::turn::{Bound, EvidenceKind, Liveness, Turn, Verdict};
use crate::ui::Role;
use crate::when;

/// How much of a sign of life a table shows; JSON and CSV have all of it.
const SIGN: usize = 32;

/// Returns the cell of a column.
pub(super) fn cell(turn: &Turn, key: &str, view: &View) -> Cell {
    match key {
        "source" => Cell::from(&*turn.source),
        "workspace_name" => Cell::with(Role::Strong, name(turn)),
        "workspace_id" => Cell::from(&*turn.workspace_id),
        "runtime" => Cell::from(turn.runtime.as_deref()),
        "native_session" => yes_no(turn.native_session).unwrap_or_else(|| "?".into()),
        "native_session_origin" => Cell::from(&*turn.native_session_origin),
        "turn_id" => Cell::from(turn.turn_id.as_deref()),
        "origin" => Cell::from(turn.origin.as_deref()),
        "schedule_id" => Cell::from(turn.schedule_id.as_deref()),
        "age_ms" => age(turn, view),
        "age_is" => Cell::from(turn.age_is.map(bound)),
        "started_at" => Cell::from(turn.started_at.as_deref()),
        "evidence" => Cell::from(turn.evidence.as_ref().map(|e| kind(e.kind))),
        "other_evidence" => {
            let kinds: Vec<_> = turn.other_evidence.iter().map(|e| kind(e.kind)).collect();
            Cell::from(kinds.join(", "))
        }
        "confidence" => Cell::from(match turn.confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Assumed => "assumed",
        }),
        "ceiling_ms" => ceiling(turn),
        "ceiling_origin" => Cell::from(&*turn.ceiling_origin),
        "over_by_ms" => Cell::from(turn.over_by_ms.map(over_by)).role(Role::Bad),
        "last_sign" => last_sign(turn, view),
        "last_sign_at" => Cell::from(turn.last_sign_at.as_deref()),
        "liveness" => Cell::from(match turn.liveness {
            Liveness::Active => "active",
            Liveness::Silent => "silent",
            Liveness::Unknown => "",
        }),
        "queue_depth" => Cell::from(turn.queue_depth.map(|n| n.to_string())),
        "active_tasks" => Cell::from(turn.active_tasks.map(|n| n.to_string())),
        "current_task" => Cell::from(turn.current_task.as_deref()),
        "blocks" => Cell::from(blocks(turn, view.now_ms)),
        "steerable" => Cell::from(yes_no(turn.steerable)),
        "steerable_origin" => Cell::from(&*turn.steerable_origin),
        "verdict" => verdict(turn),
        "notes" => Cell::from(turn.notes.join("; ")),
        _ => Cell::from(turn.url.as_deref()),
    }
}

/// The name of its workspace, else the id.
pub(super) fn name(turn: &Turn) -> &str {
    let name = turn.workspace_name.as_deref();
    name.filter(|n| !n.is_empty()).unwrap_or(&turn.workspace_id)
}

fn yes_no(value: Option<bool>) -> Option<Cell> {
    value.map(|yes| Cell::from(if yes { "yes" } else { "no" }))
}

fn age(turn: &Turn, view: &View) -> Cell {
    let unicode = view.look.unicode;
    match (turn.verdict, turn.age_ms) {
        (Verdict::Idle, None) => Cell::none(),
        (Verdict::Skewed, _) => Cell::with(Role::Warn, "in the future"),
        (_, None) => Cell::with(Role::Warn, "unknown"),
        (_, Some(ms)) => {
            let text = in_seconds(ms);
            Cell::from(match turn.age_is {
                Some(Bound::AtLeast) if unicode => format!("≥ {text}"),
                Some(Bound::AtLeast) => format!(">= {text}"),
                Some(Bound::Estimate) => format!("~ {text}"),
                Some(Bound::Exact) | None => text,
            })
        }
    }
}

/// A duration in whole seconds, rounded down: an age never looks greater than it is.
pub(super) fn in_seconds(ms: i64) -> String {
    when::duration(ms.div_euclid(1000) * 1000)
}

fn over_by(ms: i64) -> String {
    // Over by less than a second is over all the same.
    if ms < 1000 {
        when::duration(ms)
    } else {
        in_seconds(ms)
    }
}

fn bound(bound: Bound) -> &'static str {
    match bound {
        Bound::Exact => "exact",
        Bound::AtLeast => "at least",
        Bound::Estimate => "estimate",
    }
}

fn kind(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::TurnsRoute => "turns-route",
        EvidenceKind::Event => "event",
        EvidenceKind::Activity => "activity",
        EvidenceKind::Observed => "observed",
        EvidenceKind::Skips => "skips",
        EvidenceKind::RunningMarker => "running-marker",
        EvidenceKind::Receipt => "receipt",
        EvidenceKind::TaskRun => "task-run",
    }
}

fn ceiling(turn: &Turn) -> Cell {
    match turn.ceiling_ms {
        None => Cell::with(Role::Warn, "?"),
        Some(0) => Cell::from("off"),
        Some(ms) => Cell::from(when::duration(ms)),
    }
}

fn last_sign(turn: &Turn, view: &View) -> Cell {
    let sign = turn.last_sign.as_deref().unwrap_or_default();
    // The activity's type says nothing to a person that the rest does not; nor does a route that
    // gives the time alone.
    let sign = sign.strip_prefix("agent_log ").unwrap_or(sign);
    let sign = shortened(if sign.starts_with("GET ") { "" } else { sign });
    let ago = turn.last_sign_at_ms.map(|at| ago(at, view.now_ms));
    let text = match ago {
        Some(ago) => format!("{ago} {sign}").trim_end().to_owned(),
        None => sign,
    };
    match turn.liveness {
        Liveness::Silent if text.is_empty() => Cell::with(Role::Warn, "silent"),
        Liveness::Silent => Cell::with(Role::Warn, text),
        _ => Cell::from(text),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SIGN {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(SIGN - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// How long ago an instant was, in its largest unit: `2 min ago`.
fn ago(at_ms: i64, now_ms: i64) -> String {
    let s = now_ms.saturating_sub(at_ms).div_euclid(1000);
    match s {
        i64::MIN..0 => "in the future".to_owned(),
        0..60 => format!("{s} s ago"),
        60..3600 => format!("{} min ago", s / 60),
        3600..172_800 => format!("{} h ago", s / 3600),
        _ => format!("{} d ago", s / 86_400),
    }
}

/// What it blocks: `12 fires since 12:33 UTC: SEO tick; 1 due`.
pub(super) fn blocks(turn: &Turn, now_ms: i64) -> String {
    let blocks = &turn.blocks;
    let mut parts = Vec::new();
    match blocks.skipped {
        Some(0) | None => {}
        Some(n) => {
            let fires = if n == 1 { "fire" } else { "fires" };
            let since = blocks
                .since_at_ms
                .map(|at| format!(" since {}", clock(at, now_ms)));
            let which = match blocks.schedules.join(", ") {
                names if names.is_empty() => String::new(),
                names => format!(": {names}"),
            };
            parts.push(format!("{n} {fires}{}{which}", since.unwrap_or_default()));
        }
    }
    if let Some(due) = blocks.due.filter(|n| *n > 0) {
        parts.push(format!("{due} due"));
    }
    parts.join("; ")
}

/// An instant by the minute; with its date when it was not today.
fn clock(at_ms: i64, now_ms: i64) -> String {
    let day = |ms: i64| ms.div_euclid(86_400_000);
    let whole = when::readable(at_ms.div_euclid(60_000) * 60_000, &TimeZone::UTC);
    let whole = whole.replace(":00 UTC", " UTC");
    match whole.split_once(' ') {
        Some((_, time)) if day(at_ms) == day(now_ms) => time.to_owned(),
        _ => whole,
    }
}

fn verdict(turn: &Turn) -> Cell {
    let (word, role) = match turn.verdict {
        Verdict::Over => ("over", Role::Bad),
        Verdict::Unknown => ("unknown", Role::Warn),
        Verdict::Skewed => ("skewed", Role::Warn),
        Verdict::Leaked => ("leaked", Role::Bad),
        Verdict::Under => ("under", Role::Good),
        Verdict::Running => ("running", Role::Good),
        Verdict::Off => ("off", Role::Plain),
        Verdict::NotNative => ("not native", Role::Dim),
        Verdict::Idle => ("idle", Role::Dim),
    };
    let in_flight = !matches!(
        turn.verdict,
        Verdict::Idle | Verdict::Skewed | Verdict::Leaked
    );
    match turn.liveness {
        Liveness::Active if in_flight => Cell::with(role, format!("{word}, active")),
        Liveness::Silent if in_flight => Cell::with(role, format!("{word}, silent")),
        _ => Cell::with(role, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::turns::sample::{at, turn};
    use crate::ui::Look;

    const VIEW: View = View {
        now_ms: 1_779_490_062_000, // 2026-05-22T22:47:42Z
        look: Look {
            terminal: false,
            width: 80,
            color: false,
            unicode: true,
        },
    };

    fn text(turn: &Turn, key: &str) -> String {
        cell(turn, key, &VIEW).text
    }

    #[test]
    fn an_age_says_what_it_is() {
        let age = |ms, is| {
            let mut turn = turn("a", Verdict::Over);
            (turn.age_ms, turn.age_is) = (ms, is);
            text(&turn, "age_ms")
        };
        assert_eq!(age(Some(21_600_000), Some(Bound::Exact)), "6 h");
        assert_eq!(age(Some(21_420_999), Some(Bound::AtLeast)), "≥ 5 h 57 min");
        assert_eq!(
            age(Some(41_400_000), Some(Bound::Estimate)),
            "~ 11 h 30 min"
        );
        assert_eq!(age(Some(1_801_400), Some(Bound::Exact)), "30 min 1 s");
        // Not known is neither 0 nor nothing.
        assert_eq!(age(None, None), "unknown");
        assert_eq!(text(&turn("a", Verdict::Skewed), "age_ms"), "in the future");
        assert_eq!(text(&turn("a", Verdict::Idle), "age_ms"), "");
        let plain = View {
            look: Look {
                unicode: false,
                ..VIEW.look
            },
            ..VIEW
        };
        let mut turn = turn("a", Verdict::Over);
        (turn.age_ms, turn.age_is) = (Some(60_000), Some(Bound::AtLeast));
        assert_eq!(cell(&turn, "age_ms", &plain).text, ">= 60 s");
    }

    #[test]
    fn a_sign_of_life_says_when_and_what() {
        let mut turn = turn("a", Verdict::Over);
        turn.last_sign = Some("agent_log Bash: npm run build".to_owned());
        turn.last_sign_at_ms = Some(VIEW.now_ms - 125_000);
        turn.liveness = Liveness::Active;
        assert_eq!(text(&turn, "last_sign"), "2 min ago Bash: npm run build");
        assert_eq!(text(&turn, "verdict"), "over, active");
        turn.last_sign = Some(format!("agent_log {}", "é ".repeat(40)));
        assert_eq!(
            text(&turn, "last_sign"),
            format!("2 min ago {}…", "é ".repeat(16).trim_end())
        );
        turn.last_sign = Some("GET /admin/turns: idle_seconds".to_owned());
        assert_eq!(text(&turn, "last_sign"), "2 min ago");
        turn.liveness = Liveness::Silent;
        assert_eq!(text(&turn, "verdict"), "over, silent");
        (turn.last_sign, turn.last_sign_at_ms) = (None, None);
        assert_eq!(text(&turn, "last_sign"), "silent");
    }

    #[test]
    fn what_it_blocks_is_said_with_its_day_when_that_is_another() {
        let mut turn = turn("a", Verdict::Over);
        assert_eq!(text(&turn, "blocks"), "");
        turn.blocks.skipped = Some(12);
        turn.blocks.since_at_ms = Some(at("2026-05-22T12:33:20Z"));
        turn.blocks.schedules = vec!["SEO tick".to_owned()];
        assert_eq!(text(&turn, "blocks"), "12 fires since 12:33 UTC: SEO tick");
        turn.blocks.skipped = Some(1);
        turn.blocks.since_at_ms = Some(at("2026-05-21T12:00:00Z"));
        turn.blocks.due = Some(2);
        assert_eq!(
            text(&turn, "blocks"),
            "1 fire since 2026-05-21 12:00 UTC: SEO tick; 2 due"
        );
    }

    #[test]
    fn ceilings_and_excess() {
        let mut turn = turn("a", Verdict::Over);
        turn.ceiling_ms = Some(1_800_000);
        turn.over_by_ms = Some(1000);
        assert_eq!(text(&turn, "ceiling_ms"), "30 min");
        assert_eq!(text(&turn, "over_by_ms"), "1 s");
        turn.over_by_ms = Some(400);
        assert_eq!(text(&turn, "over_by_ms"), "400 ms");
        turn.over_by_ms = Some(19_800_000);
        assert_eq!(text(&turn, "over_by_ms"), "5 h 30 min");
        turn.ceiling_ms = Some(0);
        assert_eq!(text(&turn, "ceiling_ms"), "off");
        turn.ceiling_ms = None;
        assert_eq!(text(&turn, "ceiling_ms"), "?");
    }

    #[test]
    fn every_column_is_a_field() {
        let unknown = crate::report::unknown_columns(&turn("a", Verdict::Over));
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
