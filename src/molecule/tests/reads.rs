//! What is sent, and what of the answers is understood.

use super::server::{Does, Server, bare, json, status};
use super::{platform, token, told};
use crate::molecule::{Platform, Settings};
use crate::turn::{CeilingSetting, TurnsRoute};

#[tokio::test]
async fn a_request_says_who_asks_and_for_whom() {
    let server = Server::always(json("[]")).await;
    let asked = Platform::new(Settings {
        org: Some("org-1".to_owned()),
        ..Settings::at(&server.url, Some(token()))
    })
    .unwrap();
    asked.workspaces().await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.line, "GET /workspaces");
    let bearer = format!("Bearer {}", super::SECRET);
    let agent = format!("cronctl/{}", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("authorization", bearer.as_str()),
        ("x-molecule-org-id", "org-1"),
        ("user-agent", &agent),
    ] {
        assert_eq!(request.header(name), Some(value));
    }
    let without = Platform::new(Settings::at(&server.url, None)).unwrap();
    without.workspaces().await.unwrap();
    let request = &server.requests()[1];
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("x-molecule-org-id"), None);
}

#[tokio::test]
async fn the_routes_are_those_of_the_platform() {
    let server = Server::start(|request| {
        json(match request.line.as_str() {
            line if line.ends_with("/config") => {
                r#"{"data":{"runtime_config":{"native_session_ceiling_seconds":60}}}"#
            }
            line if line.contains("/admin/turns") => r#"{"turns":[],"count":0,"limit":9}"#,
            line if line.matches('/').count() == 2 => r#"{"id":"x","active_tasks":1}"#,
            _ => "[]",
        })
    })
    .await;
    let asked = platform(&format!("{}/api/", server.url));
    asked.workspaces().await.unwrap();
    assert_eq!(asked.turns().await.unwrap(), TurnsRoute::Listed(vec![]));
    asked.activity("a b/c", 9999).await.unwrap();
    asked.activity("ä", 20).await.unwrap();
    asked.schedules("w").await.unwrap();
    let ceiling = asked.ceiling("w").await.unwrap();
    assert_eq!(ceiling, CeilingSetting::Seconds(60));
    assert_eq!(
        server.lines(),
        [
            "GET /api/workspaces",
            "GET /api/admin/turns?status=in_flight&limit=10000",
            "GET /api/workspaces/a%20b%2Fc/activity?limit=500",
            "GET /api/workspaces/%C3%A4/activity?limit=20",
            "GET /api/workspaces/w/schedules",
            "GET /api/workspaces/w/config",
        ]
    );
    assert_eq!(asked.requests(), 6);
    for id in ["", ".", ".."] {
        let text = told(&asked.activity(id, 1).await.unwrap_err());
        assert!(text.contains("is no id of a workspace"), "{text}");
        assert!(asked.checkpoint_url(id, None).is_err(), "{id:?}");
    }
    assert_eq!(asked.requests(), 6);
}

#[tokio::test]
async fn a_workspace_may_have_been_removed() {
    let one = r#"{"id":"w","name":"W","runtime":"hermes","active_tasks":2}"#;
    let gone = status(410, r#"{"error":"workspace removed","id":"w"}"#);
    let server = Server::sequence(vec![json(one), gone, json("{}")]).await;
    let asked = platform(&server.url);
    let found = asked.workspace("w").await.unwrap();
    assert_eq!(
        (found.name.as_deref(), found.active_tasks),
        (Some("W"), Some(2))
    );
    let removed = asked.workspace("w").await.unwrap();
    assert_eq!(
        (&*removed.id, removed.status.as_deref()),
        ("w", Some("removed"))
    );
    assert_eq!(removed.active_tasks, None);
    let text = told(&asked.workspace("w").await.unwrap_err());
    assert!(text.contains("the answer cannot be understood"), "{text}");
}

#[tokio::test]
async fn a_platform_without_the_turns_route_is_no_error() {
    let text = |code| {
        Does::Says(
            code,
            "Content-Type: text/plain\r\n".into(),
            "404 page not found".into(),
        )
    };
    for does in [
        text(404),
        text(405),
        status(501, "{}"),
        Does::Says(404, String::new(), "<html>".into()),
    ] {
        let server = Server::always(does).await;
        match platform(&server.url).turns().await.unwrap() {
            TurnsRoute::Missing(why) => assert!(why.starts_with("GET /admin/turns: "), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    let server = Server::always(bare(404, "")).await;
    let text = told(&platform(&server.url).turns().await.unwrap_err());
    assert!(text.contains("tenant guard"), "{text}");
}

#[tokio::test]
async fn a_list_that_was_cut_is_said_once() {
    let rows = r#"{"workspace_id":"w","turn_id":"t","started_at":"2026-05-22T22:17:42Z"}"#;
    for (count, limit, cut) in [
        ("3", "3", true),
        ("1", "1", true),
        ("1", "2", false),
        ("null", "null", false),
    ] {
        let body = format!(r#"{{"turns":[{rows}],"count":{count},"limit":{limit}}}"#);
        let server = Server::always(json(body)).await;
        let asked = platform(&server.url);
        asked.turns().await.unwrap();
        asked.turns().await.unwrap();
        let notes = asked.take_notes();
        let said = notes
            .iter()
            .filter(|n| n.contains("was cut at its limit"))
            .count();
        assert_eq!(said, usize::from(cut), "{notes:?}");
        assert!(asked.take_notes().is_empty());
        let (_, may_lack) = asked.list_turns(None).await.unwrap();
        assert_eq!(may_lack, cut, "{count} {limit}");
    }
    // It says that there are more, within its limit.
    let body = format!(r#"{{"turns":[{rows}],"count":2,"limit":9}}"#);
    let server = Server::always(json(body)).await;
    let (_, may_lack) = platform(&server.url).list_turns(None).await.unwrap();
    assert!(may_lack);
}

#[tokio::test]
async fn a_platform_with_more_turns_is_asked_for_more() {
    let rows = |n: usize| {
        let rows: Vec<_> = (0..n)
            .map(|n| format!(r#"{{"workspace_id":"w{n}","turn_id":"t"}}"#))
            .collect();
        rows.join(",")
    };
    // How many it gives at most, and what it gives to those who ask for more than that.
    for (most, otherwise, got, asked_for, cut) in [
        (100_000, 0, 12_000, "10000 100000 100000", false),
        (10_000, 10_000, 10_000, "10000 100000 10000", true),
        (10_000, 100, 10_000, "10000 100000 10000", true),
        (500, 500, 500, "10000 10000", true),
    ] {
        let server = Server::start(move |request| {
            let (_, limit) = request.line.split_once("limit=").unwrap();
            let limit: usize = limit.parse().unwrap();
            let limit = if limit > most { otherwise } else { limit };
            let n = limit.min(12_000);
            json(format!(
                r#"{{"turns":[{}],"count":{n},"limit":{limit}}}"#,
                rows(n)
            ))
        })
        .await;
        let asked = platform(&server.url);
        for _ in 0..2 {
            match asked.turns().await.unwrap() {
                TurnsRoute::Listed(turns) => assert_eq!(turns.len(), got),
                other => panic!("{other:?}"),
            }
        }
        let lines = server.lines();
        let limits = lines
            .iter()
            .map(|line| line.split_once("limit=").unwrap().1);
        assert_eq!(limits.collect::<Vec<_>>().join(" "), asked_for);
        let notes = asked.take_notes();
        let said = notes.iter().any(|n| n.contains("was cut at its limit"));
        assert_eq!(said, cut, "{notes:?}");
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_is_read_again_from_the_start() {
    let rows: Vec<_> = (0..3_000)
        .map(|n| format!(r#"{{"id":"w{n}","name":"W"}}"#))
        .collect();
    let whole = format!("[{}]", rows.join(","));
    let half = Does::BreaksOff(whole[..50_000].to_owned());
    let server = Server::sequence(vec![half.clone(), half, json(whole)]).await;
    let found = platform(&server.url).workspaces().await.unwrap();
    assert_eq!(found.len(), 3_000);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn what_is_missing_or_unusable_is_noted_once() {
    let body = r#"[{"id":"a","name":"A"},{"name":"no id"},7]"#;
    let server = Server::always(json(body)).await;
    let asked = Platform::new(Settings {
        notes: vec!["first".to_owned()],
        ..Settings::at(&server.url, None)
    })
    .unwrap();
    assert_eq!(asked.workspaces().await.unwrap().len(), 1);
    asked.workspaces().await.unwrap();
    let notes = asked.take_notes();
    assert_eq!(notes[0], "first");
    let missing = "GET /workspaces: no row has active_tasks".to_owned();
    assert_eq!(
        notes.iter().filter(|n| **n == missing).count(),
        1,
        "{notes:?}"
    );
    let rows: Vec<_> = notes.iter().filter(|n| n.contains("left out")).collect();
    assert_eq!(rows.len(), 1, "{notes:?}");
    assert!(rows[0].starts_with("GET /workspaces: 2 rows were left out, the first: "));
    asked.workspaces().await.unwrap();
    assert!(asked.take_notes().is_empty());
}

#[tokio::test]
async fn ten_thousand_workspaces_with_one_name() {
    let row =
        |n| format!(r#"{{"id":"ws-{n}","name":"same","runtime":"claude-code","active_tasks":1}}"#);
    let rows: Vec<_> = (0..10_000).map(row).collect();
    let body = format!("[{}]", rows.join(","));
    let server = Server::always(json(body)).await;
    let asked = Platform::new(Settings::at(&server.url, None)).unwrap();
    let found = asked.workspaces().await.unwrap();
    assert_eq!(found.len(), 10_000);
    assert!(found.iter().all(|w| w.name.as_deref() == Some("same")));
    assert_eq!(
        found
            .iter()
            .map(|w| &w.id)
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        10_000
    );
}

#[tokio::test]
async fn the_clock_of_the_platform_is_compared() {
    for (off, apart) in [(0, false), (-600, true), (600, true), (1, false)] {
        let now = crate::clock::now_ms() + off * 1000;
        let date = jiff::Timestamp::from_millisecond(now).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let kind = format!("Date: {date}\r\n");
        let server = Server::always(Does::Says(200, kind, "[]".to_owned())).await;
        let asked = platform(&server.url);
        assert_eq!(asked.clock_offset_ms(), None);
        asked.workspaces().await.unwrap();
        let offset = asked.clock_offset_ms().unwrap();
        if apart {
            assert!((offset - off * 1000).abs() < 5_000, "{offset}");
        } else {
            assert_eq!(offset, 0);
        }
    }
    let server = Server::always(json("[]")).await;
    let asked = platform(&server.url);
    asked.workspaces().await.unwrap();
    assert_eq!(asked.clock_offset_ms(), None);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let task = tokio::spawn(async move {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let does = Arc::new(|_: &super::server::Request| json("[]"));
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(super::server::serve(stream, seen.clone(), does.clone()));
        }
    });
    let asked = platform(&url);
    for _ in 0..5 {
        asked.workspaces().await.unwrap();
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    task.abort();
}

#[tokio::test]
async fn the_budget_is_kept_by_waiting() {
    let server = Server::always(json("[]")).await;
    let asked = Platform::new(Settings {
        rate_limit: 3,
        ..Settings::at(&server.url, None)
    })
    .unwrap();
    let asks = futures_util::future::join_all((0..10).map(|_| asked.workspaces()));
    let within = tokio::time::timeout(std::time::Duration::from_millis(400), asks);
    assert!(within.await.is_err(), "the rest waits for the budget");
    assert_eq!(server.requests().len(), 3);
    assert_eq!(asked.requests(), 3);
    let free = Platform::new(Settings {
        rate_limit: 0,
        ..Settings::at(&server.url, None)
    })
    .unwrap();
    futures_util::future::join_all((0..10).map(|_| free.workspaces())).await;
    assert_eq!(free.requests(), 10);
}

#[tokio::test]
async fn after_the_budget_requests_go_on_at_its_rate() {
    let server = Server::always(json("[]")).await;
    let asked = Platform::new(Settings {
        rate_limit: 120,
        ..Settings::at(&server.url, None)
    })
    .unwrap();
    let asks = (0..121).map(|_| asked.workspaces());
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.requests().len(), 121);
}
