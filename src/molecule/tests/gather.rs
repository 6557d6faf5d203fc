//! One look at a fleet: how many requests, and what is kept when some fail.

use std::collections::BTreeMap;

use super::server::{Does, Request, Server, bare, json, status};
use super::{platform, told};
use crate::error::Problem;
use crate::molecule::{Depth, Platform, Settings, gather, sightings};
use crate::turn::{
    Activity, Adapter, Adapters, CeilingSetting, ListedTurn, Sighting, Snapshot, TurnsRoute,
    Witness, Workspace,
};

/// 2026-05-22T22:47:42Z
const NOW: i64 = 1_779_490_062_000;

/// What a made-up platform answers.
#[derive(Clone, Default)]
struct Fleet {
    workspaces: String,
    turns: Option<String>,
    /// By workspace, else an empty list.
    activity: BTreeMap<String, Does>,
}

impl Fleet {
    fn answer(&self, request: &Request) -> Does {
        let path = request.line.trim_start_matches("GET ");
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        match parts[..] {
            ["workspaces"] => json(self.workspaces.clone()),
            ["admin", "turns"] => match &self.turns {
                Some(turns) => json(turns.clone()),
                None => Does::Says(404, String::new(), "404 page not found".to_owned()),
            },
            ["workspaces", id, "activity"] => match self.activity.get(id) {
                Some(does) => does.clone(),
                None => json("[]"),
            },
            ["workspaces", _, "config"] => json(r#"{"data":{}}"#),
            ["workspaces", _, "schedules"] => json("[]"),
            ["workspaces", id] => json(format!(r#"{{"id":"{id}","active_tasks":1}}"#)),
            _ => status(500, "{}"),
        }
    }

    async fn start(self) -> Server {
        Server::start(move |request| self.answer(request)).await
    }
}

fn workspace(id: &str, runtime: &str, active: u32) -> String {
    format!(r#"{{"id":"{id}","name":"N {id}","runtime":"{runtime}","active_tasks":{active}}}"#)
}

fn list(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

/// An activity from which a turn of this age can be told.
fn dispatched(minutes: i64) -> Does {
    let at = jiff::Timestamp::from_millisecond(NOW - minutes * 60_000 + 180_000).unwrap();
    json(format!(
        r#"[{{"id":"1","activity_type":"a2a_receive","method":"message/send","status":"error",
        "error_detail":"net/http: timeout awaiting response headers","duration_ms":180000,
        "created_at":"{at}"}}]"#
    ))
}

fn adapters() -> Adapters {
    let native = |native| Adapter {
        native_session: Some((native, "test".to_owned())),
        ..Adapter::default()
    };
    Adapters(BTreeMap::from([
        ("claude-code".to_owned(), native(true)),
        ("codex".to_owned(), native(false)),
    ]))
}

async fn look(server: &Server, depth: &Depth) -> (Snapshot, Vec<Problem>) {
    let asked = Platform::new(Settings {
        rate_limit: 0,
        ..Settings::at(&server.url, Some(super::token()))
    })
    .unwrap();
    gather(&asked, "demo", depth, &adapters(), 8, NOW, false)
        .await
        .unwrap()
}

/// A look back at some workspaces.
fn glance(ids: &[&str]) -> Depth {
    let ids = ids.iter().map(|id| (*id).to_owned());
    Depth::Glance(std::sync::Arc::new(ids.collect()))
}

/// How often each route was asked: the last part of its path.
fn counts(server: &Server) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in server.lines() {
        let path = line.split('?').next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default().to_owned();
        *counts.entry(last).or_insert(0) += 1;
    }
    counts
}

fn of<const N: usize>(pairs: [(&str, usize); N]) -> BTreeMap<String, usize> {
    pairs.map(|(name, n)| (name.to_owned(), n)).into()
}

#[tokio::test]
async fn a_fleet_without_the_turns_route_costs_one_request_per_busy_workspace() {
    for depth in [Depth::Fleet, Depth::Ages] {
        one_request_per_busy_workspace(&depth).await;
    }
}

async fn one_request_per_busy_workspace(depth: &Depth) {
    let kinds = ["claude-code", "codex", "unheard-of"];
    let rows = (0..500).map(|n| {
        let active = u32::from(n % 5 != 0);
        workspace(&format!("w{n:03}"), kinds[n % 3], active)
    });
    let rows: Vec<_> = rows.collect();
    let activity = (0..500).map(|n| (format!("w{n:03}"), dispatched(360)));
    let server = Fleet {
        workspaces: list(&rows),
        activity: activity.collect(),
        ..Fleet::default()
    }
    .start()
    .await;
    let (snapshot, problems) = look(&server, depth).await;
    assert_eq!(problems, []);
    let busy = 400;
    let codex = (0..500).filter(|n| n % 3 == 1 && n % 5 != 0).count();
    let expected = of([
        ("workspaces", 1),
        ("turns", 1),
        ("activity", busy - codex),
        ("config", codex),
    ]);
    assert_eq!(counts(&server), expected);
    assert_eq!(server.lines().len(), 2 + busy);
    assert_eq!(snapshot.workspaces.len(), 500);
    assert_eq!(snapshot.activity.len(), busy - codex);
    assert_eq!(snapshot.ceilings.len(), codex);
    assert!(matches!(&snapshot.turns, TurnsRoute::Missing(why) if why.contains("404")));
    assert_eq!(
        (snapshot.taken_at_ms, snapshot.clock_offset_ms),
        (NOW, None)
    );
    assert_eq!(snapshot.source, "demo");
}

#[tokio::test]
async fn what_is_left_of_the_budget_goes_to_the_oldest_that_look_over() {
    let rows = [
        workspace("young", "claude-code", 1),
        workspace("old", "claude-code", 1),
        workspace("older", "claude-code", 1),
        workspace("oldest", "claude-code", 1),
        workspace("c1", "codex", 1),
        workspace("c2", "codex", 1),
        workspace("idle", "claude-code", 0),
    ];
    let ages = [("young", 10), ("old", 40), ("older", 50), ("oldest", 360)];
    let server = Fleet {
        workspaces: list(&rows),
        activity: ages
            .map(|(id, age)| (id.to_owned(), dispatched(age)))
            .into(),
        ..Fleet::default()
    }
    .start()
    .await;
    let (snapshot, _) = look(&server, &Depth::Fleet).await;
    let asked: Vec<_> = snapshot.ceilings.keys().map(String::as_str).collect();
    assert_eq!(asked, ["older", "oldest"]);
    assert_eq!(snapshot.ceilings["older"], CeilingSetting::Absent);
    assert_eq!(snapshot.activity.len(), 4);
    assert_eq!(server.lines().len(), 2 + 6);
}

#[tokio::test]
async fn with_the_turns_route_only_those_over_are_asked_about() {
    let turn = |id: &str, native: bool, minutes: i64| {
        let at = jiff::Timestamp::from_millisecond(NOW - minutes * 60_000).unwrap();
        format!(
            r#"{{"workspace_id":"{id}","native_session":{native},"turn_id":"t-{id}","started_at":"{at}"}}"#
        )
    };
    let turns = [
        turn("a", true, 10),
        turn("b", true, 40),
        turn("c", false, 400),
    ];
    let server = Fleet {
        workspaces: list(&["a", "b", "c"].map(|id| workspace(id, "claude-code", 1))),
        turns: Some(format!(r#"{{"turns":{},"count":3}}"#, list(&turns))),
        ..Fleet::default()
    }
    .start()
    .await;
    let (snapshot, problems) = look(&server, &Depth::Fleet).await;
    assert_eq!(problems, []);
    assert_eq!(
        counts(&server),
        of([("workspaces", 1), ("turns", 1), ("activity", 1)])
    );
    assert_eq!(snapshot.activity.keys().collect::<Vec<_>>(), ["b"]);
    let (snapshot, _) = look(&server, &glance(&["a", "c", "x"])).await;
    assert_eq!(server.lines().len(), 3 + 2);
    assert!(snapshot.activity.is_empty());
    let ids: Vec<_> = snapshot.workspaces.iter().map(|w| &*w.id).collect();
    assert_eq!(ids, ["a", "c"]);
    let TurnsRoute::Listed(turns) = snapshot.turns else {
        panic!()
    };
    let ids: Vec<_> = turns.iter().map(|t| &*t.workspace_id).collect();
    assert_eq!(ids, ["a", "c"]);
    // For the ages alone the two lists are enough, too.
    let (snapshot, _) = look(&server, &Depth::Ages).await;
    assert_eq!(server.lines().len(), 3 + 2 + 2);
    assert!(snapshot.activity.is_empty());
}

#[tokio::test]
async fn named_workspaces_are_asked_about_in_full() {
    let server = Fleet {
        workspaces: list(&["a", "b", "c"].map(|id| workspace(id, "claude-code", 0))),
        ..Fleet::default()
    }
    .start()
    .await;
    let named = Depth::Named(vec!["a".to_owned(), "c".to_owned()]);
    let (snapshot, problems) = look(&server, &named).await;
    assert_eq!(problems, []);
    let expected = of([
        ("workspaces", 1),
        ("turns", 1),
        ("activity", 2),
        ("config", 2),
        ("schedules", 2),
    ]);
    assert_eq!(counts(&server), expected);
    let ids = ["a", "c"];
    assert!(snapshot.activity.keys().eq(ids));
    assert!(snapshot.ceilings.keys().eq(ids));
    assert!(snapshot.schedules.keys().eq(ids));
}

#[tokio::test]
async fn a_token_that_may_not_list_still_reads_what_is_named() {
    let fleet = Fleet::default();
    let server = Server::start(move |request| match request.line.as_str() {
        "GET /workspaces" => status(401, r#"{"error":"invalid admin auth token"}"#),
        line if line.starts_with("GET /admin/") => status(401, "{}"),
        _ => fleet.answer(request),
    })
    .await;
    let (snapshot, problems) = look(&server, &Depth::Named(vec!["a".to_owned()])).await;
    assert_eq!(snapshot.workspaces[0].id, "a");
    assert_eq!(snapshot.activity.len(), 1);
    assert!(
        problems.iter().any(|p| p.at == "GET /workspaces"),
        "{problems:?}"
    );
    let asked = platform(&server.url);
    let look = gather(&asked, "x", &Depth::Fleet, &adapters(), 8, NOW, true).await;
    let text = told(&look.unwrap_err());
    assert!(text.starts_with("6 GET "), "{text}");
}

#[tokio::test]
async fn one_list_without_the_other_is_a_problem() {
    let turns = r#"{"turns":[{"workspace_id":"a","turn_id":"t"}],"count":1}"#;
    let server = Server::start(move |request| match request.line.as_str() {
        "GET /workspaces" => json("garbage"),
        _ => json(turns),
    })
    .await;
    let (snapshot, problems) = look(&server, &glance(&["a"])).await;
    assert!(snapshot.workspaces.is_empty());
    assert!(matches!(snapshot.turns, TurnsRoute::Listed(ref turns) if turns.len() == 1));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].at, "GET /workspaces");
    assert!(
        problems[0].what.contains("cannot be understood"),
        "{problems:?}"
    );

    let server = Server::start(|request| match request.line.as_str() {
        "GET /workspaces" => json(r#"[{"id":"a","active_tasks":0},{"name":"no id"}]"#),
        _ => json("garbage"),
    })
    .await;
    let (snapshot, problems) = look(&server, &glance(&["a"])).await;
    assert_eq!(snapshot.workspaces.len(), 1);
    assert!(matches!(&snapshot.turns, TurnsRoute::Missing(why) if why.contains("understood")));
    let places: Vec<_> = problems.iter().map(|p| &*p.at).collect();
    assert_eq!(places, ["GET /admin/turns", "GET /workspaces"]);
    assert!(
        problems[1].what.starts_with("a row was left out: "),
        "{problems:?}"
    );

    let server = Server::always(json("garbage")).await;
    let asked = platform(&server.url);
    let error = gather(&asked, "x", &Depth::Fleet, &adapters(), 8, NOW, true).await;
    let text = told(&error.unwrap_err());
    assert!(
        text.contains("/workspaces: the answer cannot be understood"),
        "{text}"
    );
}

#[tokio::test]
async fn one_bad_workspace_does_not_lose_the_others() {
    let rows = ["a", "b", "c", "d"].map(|id| workspace(id, "claude-code", 1));
    let server = Fleet {
        workspaces: list(&rows),
        activity: [
            ("b".to_owned(), status(500, r#"{"error":"query failed"}"#)),
            ("c".to_owned(), json("[7]")),
        ]
        .into(),
        ..Fleet::default()
    }
    .start()
    .await;
    let (snapshot, problems) = look(&server, &Depth::Fleet).await;
    let asked: Vec<_> = snapshot.activity.keys().collect();
    assert_eq!(asked, ["a", "c", "d"]);
    let places: Vec<_> = problems.iter().map(|p| &*p.at).collect();
    assert_eq!(
        places,
        [
            "workspace \"N b\" (b): GET /workspaces/:id/activity",
            "workspace \"N c\" (c): GET /workspaces/:id/activity",
        ]
    );
    assert!(problems[0].what.contains("query failed"), "{problems:?}");
}

#[tokio::test]
async fn a_refusal_stops_asking_that_route() {
    let ids: Vec<_> = (0..40).map(|n| format!("w{n:02}")).collect();
    let rows: Vec<_> = ids
        .iter()
        .map(|id| workspace(id, "claude-code", 1))
        .collect();
    for (does, most) in [
        (
            status(401, r#"{"error":"invalid workspace auth token"}"#),
            8,
        ),
        (bare(404, ""), 8),
        (status(500, "{}"), 8 + 8),
    ] {
        let server = Fleet {
            workspaces: list(&rows),
            activity: ids.iter().map(|id| (id.clone(), does.clone())).collect(),
            ..Fleet::default()
        }
        .start()
        .await;
        let (snapshot, problems) = look(&server, &Depth::Fleet).await;
        assert_eq!(snapshot.workspaces.len(), 40);
        let asked = counts(&server)["activity"];
        assert!(asked <= most, "{asked}");
        let last = problems.last().unwrap();
        let expected = format!("{} more workspaces were not asked, after GET ", 40 - asked);
        assert!(last.what.starts_with(&expected), "{last:?}");
        assert_eq!(last.at, "GET /workspaces/:id/activity");
        assert_eq!(problems.len(), asked + 1);
    }
}

#[tokio::test]
async fn a_given_now_has_no_clock_to_compare() {
    let date = "Date: Fri, 22 May 2026 22:37:42 GMT\r\n".to_owned();
    let server = Server::always(Does::Says(200, date, "[]".to_owned())).await;
    let asked = platform(&server.url);
    for (real, known) in [(true, true), (false, false)] {
        let look = gather(&asked, "x", &glance(&["a"]), &adapters(), 1, NOW, real).await;
        let (snapshot, _) = look.unwrap();
        assert_eq!(snapshot.clock_offset_ms.is_some(), known);
    }
}

fn row(id: &str, active_tasks: Option<i64>) -> Workspace {
    Workspace {
        id: id.to_owned(),
        active_tasks,
        current_task: Some("tick".to_owned()),
        ..Workspace::default()
    }
}

fn turn(id: &str, turn: &str, started_at_ms: Option<i64>) -> ListedTurn {
    ListedTurn {
        workspace_id: id.to_owned(),
        turn_id: Some(turn.to_owned()),
        started_at_ms,
        ..ListedTurn::default()
    }
}

fn seen(id: &str, busy: bool, task: Option<&str>) -> Sighting {
    Sighting {
        workspace_id: id.to_owned(),
        at_ms: NOW,
        busy,
        by: Witness::Poll,
        turn_id: None,
        current_task: task.map(str::to_owned),
        started_ms: None,
        ended_ms: None,
        idle_before_ms: None,
    }
}

#[test]
fn sightings_are_what_is_busy_and_what_was() {
    let snapshot = Snapshot {
        taken_at_ms: NOW,
        workspaces: vec![
            row("busy", Some(2)),
            row("idle", Some(0)),
            row("was", Some(0)),
            row("silent", None),
        ],
        ..Snapshot::default()
    };
    let known = |id: &str| matches!(id, "was" | "silent" | "gone");
    assert_eq!(
        sightings(&snapshot, &known),
        [seen("busy", true, Some("tick")), seen("was", false, None)]
    );
}

#[test]
fn a_listed_turn_says_more_than_a_count() {
    let snapshot = Snapshot {
        taken_at_ms: NOW,
        clock_offset_ms: Some(600_000),
        workspaces: vec![row("a", Some(1)), row("b", Some(0)), row("c", Some(1))],
        turns: TurnsRoute::Listed(vec![
            turn("a", "second", Some(NOW)),
            turn("a", "first", Some(NOW - 60_000)),
            turn("a", "unknown", None),
            turn("b", "hidden", None),
        ]),
        ..Snapshot::default()
    };
    let listed = |id: &str, turn: &str, started_ms| Sighting {
        by: Witness::TurnsRoute,
        turn_id: Some(turn.to_owned()),
        started_ms,
        ..seen(id, true, None)
    };
    assert_eq!(
        sightings(&snapshot, &|_| true),
        [
            listed("a", "first", Some(NOW - 660_000)),
            listed("b", "hidden", None),
            seen("c", true, Some("tick")),
        ]
    );
}

#[test]
fn a_listed_age_says_when_it_started() {
    let aged = ListedTurn {
        turn_age_seconds: Some(90),
        ..turn("a", "t", None)
    };
    let snapshot = Snapshot {
        taken_at_ms: NOW,
        clock_offset_ms: Some(600_000),
        turns: TurnsRoute::Listed(vec![aged]),
        ..Snapshot::default()
    };
    let seen = sightings(&snapshot, &|_| true);
    assert_eq!(seen[0].started_ms, Some(NOW - 90_000));
}

#[test]
fn the_log_says_when_the_last_turn_ended() {
    let logged = |kind: &str, status: &str, duration_ms, ago_ms: i64| Activity {
        activity_type: kind.to_owned(),
        status: Some(status.to_owned()),
        duration_ms,
        created_at_ms: Some(NOW + 600_000 - ago_ms),
        ..Activity::default()
    };
    let answered = || logged("a2a_receive", "ok", Some(250_000), 60_000);
    let ended = |slots: Option<i64>, rows: Vec<Activity>| {
        let snapshot = Snapshot {
            taken_at_ms: NOW,
            clock_offset_ms: Some(600_000),
            workspaces: vec![Workspace {
                max_concurrent_tasks: slots,
                ..row("a", Some(1))
            }],
            activity: BTreeMap::from([("a".to_owned(), rows)]),
            ..Snapshot::default()
        };
        sightings(&snapshot, &|_| true)[0].ended_ms
    };
    let at = Some(NOW - 60_000);
    assert_eq!(ended(Some(1), vec![answered()]), at);
    assert_eq!(ended(None, vec![answered()]), at);
    // The newest counts.
    let earlier = logged("a2a_receive", "ok", Some(9), 600_000);
    assert_eq!(ended(Some(1), vec![earlier, answered()]), at);
    // One that was logged while this look went on hides none before it.
    let meanwhile = logged("a2a_receive", "ok", Some(9), -20_000);
    assert_eq!(ended(Some(1), vec![meanwhile, answered()]), at);
    // Another task may have gone on.
    assert_eq!(ended(Some(2), vec![answered()]), None);
    for other in [
        // Logged when it was fetched.
        logged("a2a_receive", "ok", None, 60_000),
        logged("a2a_receive", "ok", Some(0), 60_000),
        logged("a2a_receive", "error", Some(180_000), 60_000),
        logged("cron_run", "ok", Some(250_000), 60_000),
        Activity {
            method: Some("tasks/get".to_owned()),
            ..answered()
        },
    ] {
        assert_eq!(ended(Some(1), vec![other]), None);
    }
}
