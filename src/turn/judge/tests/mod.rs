mod ages;
mod ceilings;
mod properties;
mod rows;
mod scenarios;

use super::*;
use crate::openclaw::Confidence;
use crate::turn::{
    Activity, Adapter, Bound, CeilingSetting, CronRun, EvidenceKind, Liveness, Schedule, Verdict,
    Witness, parse_activity, parse_schedules,
};

const S: i64 = 1_000;
const MIN: i64 = 60_000;
const HOUR: i64 = 3_600_000;

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn now() -> i64 {
    at("2026-05-22T22:47:42Z")
}

fn policy() -> Policy {
    Policy {
        ceiling_ms: None,
        silent_after_ms: 10 * MIN,
    }
}

fn workspace(id: &str, runtime: &str, active_tasks: i64) -> Workspace {
    Workspace {
        id: id.into(),
        name: Some(id.to_uppercase()),
        runtime: Some(runtime.into()),
        status: Some("online".into()),
        url: Some(format!("http://127.0.0.1:8000/{id}")),
        active_tasks: Some(active_tasks),
        max_concurrent_tasks: Some(1),
        current_task: (active_tasks > 0).then(|| "tick".into()),
    }
}

fn snapshot(workspaces: Vec<Workspace>) -> Snapshot {
    Snapshot {
        source: "demo".into(),
        taken_at_ms: now(),
        workspaces,
        turns: TurnsRoute::Missing("GET /admin/turns: 404 Not Found".into()),
        ..Snapshot::default()
    }
}

/// A turn of `ws-x` as the list of turns has it.
fn listed(id: &str, started: Option<&str>) -> ListedTurn {
    ListedTurn {
        workspace_id: id.into(),
        workspace_name: Some(id.to_uppercase()),
        runtime: Some("claude-code".into()),
        native_session: Some(true),
        turn_id: Some(format!("{id}-t1")),
        started_at_ms: started.map(at),
        ceiling_seconds: Some(1800),
        steerable: Some(true),
        active_tasks: Some(1),
        ..ListedTurn::default()
    }
}

/// A spell of a workspace seen busy until now.
fn spell(id: &str, first_seen_ms: i64) -> Spell {
    Spell {
        workspace_id: id.into(),
        turn_id: None,
        first_seen_ms,
        last_seen_ms: now(),
        started_ms: None,
        started_by: None,
        idle_since_ms: None,
        idle_before_ms: None,
        current_task: None,
    }
}

fn spells(all: Vec<Spell>) -> BTreeMap<String, Spell> {
    all.into_iter()
        .map(|s| (s.workspace_id.clone(), s))
        .collect()
}

fn row(kind: &str, status: &str, at_ms: i64) -> Activity {
    Activity {
        activity_type: kind.into(),
        status: Some(status.into()),
        created_at_ms: Some(at_ms),
        ..Activity::default()
    }
}

fn tool(at_ms: i64) -> Activity {
    Activity {
        method: Some("Bash".into()),
        summary: Some("Bash: npm run build".into()),
        ..row("agent_log", "ok", at_ms)
    }
}

fn timeout(sent_ms: i64) -> Activity {
    Activity {
        duration_ms: Some(180_003),
        error_detail: Some("net/http: timeout awaiting response headers".into()),
        ..row("a2a_receive", "error", sent_ms + 180_003)
    }
}

fn fire(status: &str, at_ms: i64) -> Activity {
    Activity {
        error_detail: (status == "error")
            .then(|| "workspace agent busy — adapter handles retry (native_session)".into()),
        cron: Some(CronRun {
            schedule_id: Some("d87a0cd5".into()),
            schedule_name: Some("SEO tick".into()),
            skipped: status == "skipped",
        }),
        ..row("cron_run", status, at_ms)
    }
}

/// One busy claude-code workspace `w` with this activity, newest first.
fn busy_with(activity: Vec<Activity>) -> Snapshot {
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
    snapshot.activity.insert("w".into(), activity);
    snapshot
}

fn judged(snapshot: &Snapshot, seen: Vec<Spell>) -> Judged {
    judge(snapshot, &spells(seen), &Adapters::built_in(), &policy())
}

fn only(snapshot: &Snapshot, seen: Vec<Spell>) -> Turn {
    let mut turns = judged(snapshot, seen).turns;
    assert_eq!(turns.len(), 1);
    turns.remove(0)
}

/// The seven workspaces of the scenario: name, start.
const SEVEN: [(&str, Option<&str>); 7] = [
    ("ws-a", Some("2026-05-22T22:17:42Z")),
    ("ws-b", Some("2026-05-22T22:17:41Z")),
    ("ws-c", Some("2026-05-22T16:47:42Z")),
    ("ws-d", Some("2026-05-22T16:47:42Z")),
    ("ws-e", None),
    ("ws-f", None),
    ("ws-g", Some("2026-05-22T23:10:00Z")),
];

/// What the scenario asks of each, in order.
fn expected() -> Vec<(&'static str, Verdict, Option<i64>, Option<i64>)> {
    vec![
        ("ws-c", Verdict::Over, Some(21_600 * S), Some(19_800 * S)),
        ("ws-d", Verdict::NotNative, Some(21_600 * S), None),
        ("ws-b", Verdict::Over, Some(1_801 * S), Some(S)),
        ("ws-a", Verdict::Under, Some(1_800 * S), None),
        ("ws-f", Verdict::Unknown, None, None),
        ("ws-g", Verdict::Skewed, None, None),
        ("ws-e", Verdict::Idle, None, None),
    ]
}

fn what(turns: &[Turn]) -> Vec<(&str, Verdict, Option<i64>, Option<i64>)> {
    let what = |t: &'_ Turn| (t.verdict, t.age_ms, t.over_by_ms);
    let all = turns.iter().map(|t| (t, what(t)));
    all.map(|(t, (verdict, age, over))| (&*t.workspace_id, verdict, age, over))
        .collect()
}
