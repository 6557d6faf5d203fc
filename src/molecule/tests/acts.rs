//! Requests that act: sent once, whatever comes of them.

use super::server::{Does, Server, bare, json, status};
use super::{SECRET, hasty, platform, token, told};
use crate::checkpoint::{Body, Reason, Reply};
use crate::molecule::{Platform, Report, Settings};

fn body() -> Body {
    Body {
        workspace_id: "ws-c".to_owned(),
        turn_id: Some("t-1".to_owned()),
        reason: Reason::Operator,
        note: None,
        ceiling_seconds: Some(1800),
        turn_age_seconds: Some(21_600),
        drain_seconds: 0,
        request_id: "req-1".to_owned(),
    }
}

/// Sends a checkpoint; the text is all that the reply says.
async fn checkpoint(asked: &Platform) -> (Reply, String) {
    let url = asked.checkpoint_url("ws-c", None).unwrap();
    let reply = asked
        .checkpoint(&url, &body(), asked.admission().await)
        .await;
    let text = format!("{reply:?}");
    assert!(!text.contains(SECRET), "{text}");
    (reply, text)
}

#[tokio::test]
async fn a_checkpoint_is_what_the_contract_says() {
    let answer = r#"{"status":"checkpointed"}"#;
    let server = Server::always(json(answer)).await;
    let asked = platform(&server.url);
    let (reply, _) = checkpoint(&asked).await;
    let expected = Reply::Http {
        status: 200,
        content_type: Some("application/json".to_owned()),
        retry_after_ms: None,
        body: answer.to_owned(),
    };
    assert_eq!(reply, expected);
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /ws-c/control/checkpoint");
    assert_eq!(request.header("idempotency-key"), Some("req-1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(request.header("authorization").is_some());
    let sent: Body = serde_json::from_str(&request.body).unwrap();
    assert_eq!(sent, body());
}

#[tokio::test]
async fn a_request_that_acts_is_sent_once_on_every_fault() {
    let ways = [
        (status(429, "{}"), None),
        (status(500, "{}"), None),
        (status(502, "{}"), None),
        (bare(503, "Retry-After: 1\r\n"), None),
        (status(504, "{}"), None),
        (status(401, "{}"), None),
        (bare(307, "Location: /elsewhere\r\n"), None),
        (json("garbage"), None),
        (Does::NeverEnds, None),
        (Does::Closes, Some(true)),
        (Does::BreaksOff("{".to_owned()), Some(true)),
        (Does::Hangs, Some(true)),
        (Does::Drips, Some(true)),
        (Does::Waits(400, Box::new(json("{}"))), Some(true)),
        (Does::Raw("SSH-2.0\r\n\r\n".to_owned()), Some(true)),
    ];
    let ways = ways.map(|(does, sent)| once(does, sent));
    futures_util::future::join_all(ways).await;
}

/// Sends a checkpoint and a restart; `sent` is what a broken reply must say.
async fn once(does: Does, sent: Option<bool>) {
    let server = Server::always(does.clone()).await;
    let asked = match does {
        Does::Hangs | Does::Drips | Does::Waits(..) => hasty(&server.url),
        _ => platform(&server.url),
    };
    let (reply, text) = checkpoint(&asked).await;
    let restart = asked.restart("ws-c", asked.admission().await).await;
    for reply in [reply, restart] {
        match (&reply, sent) {
            (Reply::Http { body, .. }, None) => assert!(body.len() <= 1 << 20),
            (Reply::Broken { sent, .. }, Some(expected)) => assert_eq!(*sent, expected, "{text}"),
            _ => panic!("{does:?}: {}", &text[..text.len().min(200)]),
        }
    }
    let lines = [
        "POST /ws-c/control/checkpoint",
        "POST /workspaces/ws-c/restart",
    ];
    assert_eq!(server.lines(), lines, "{does:?}");
    assert_eq!(asked.requests(), 2);
}

#[tokio::test]
async fn a_fault_after_an_idle_connection_is_not_repeated_either() {
    // The first answer leaves the connection open; the next request finds it dead after it was read.
    let server = Server::sequence(vec![json("[]"), Does::Closes]).await;
    let asked = platform(&server.url);
    asked.workspaces().await.unwrap();
    let (reply, _) = checkpoint(&asked).await;
    assert!(
        matches!(reply, Reply::Broken { sent: true, .. }),
        "{reply:?}"
    );
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [url.as_str(), "http://no-such-host.invalid"] {
        let asked = Platform::new(Settings {
            timeout_ms: 5_000,
            ..Settings::at(url, Some(token()))
        })
        .unwrap();
        let (reply, text) = checkpoint(&asked).await;
        assert!(matches!(reply, Reply::Broken { sent: false, .. }), "{text}");
        assert!(text.contains("/ws-c/control/checkpoint"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_may_take_the_grace_longer() {
    let slow = Does::Waits(500, Box::new(json("{}")));
    let server = Server::always(slow).await;
    let asked = hasty(&server.url);
    let url = asked.checkpoint_url("ws-c", None).unwrap();
    let patient = Body {
        drain_seconds: 2,
        ..body()
    };
    let reply = asked
        .checkpoint(&url, &patient, asked.admission().await)
        .await;
    assert!(
        matches!(reply, Reply::Http { status: 200, .. }),
        "{reply:?}"
    );
}

#[tokio::test]
async fn what_a_server_asks_and_repeats_is_in_the_reply() {
    let body = format!(r#"{{"error":"no {SECRET}"}}"#);
    let kind = "Retry-After: 7\r\nContent-Type: text/plain\r\n".to_owned();
    let server = Server::always(Does::Says(429, kind, body)).await;
    let (reply, _) = checkpoint(&platform(&server.url)).await;
    let expected = Reply::Http {
        status: 429,
        content_type: Some("text/plain".to_owned()),
        retry_after_ms: Some(7_000),
        body: r#"{"error":"no [token]"}"#.to_owned(),
    };
    assert_eq!(reply, expected);
}

#[tokio::test]
async fn a_checkpoint_goes_to_the_platform_or_to_the_adapter() {
    let asked = |url: &str, insecure_http| {
        Platform::new(Settings {
            checkpoint_path: "/workspaces/{workspace_id}/control/checkpoint".to_owned(),
            org: Some("org-1".to_owned()),
            insecure_http,
            ..Settings::at(url, Some(token()))
        })
        .unwrap()
    };
    let careful = asked("https://p.example/api", false);
    let url = |id: &str, adapter: Option<&str>| careful.checkpoint_url(id, adapter).unwrap();
    assert_eq!(
        url("a/b", None),
        "https://p.example/api/workspaces/a%2Fb/control/checkpoint"
    );
    for (adapter, expected) in [
        (
            "http://127.0.0.1:49213",
            "http://127.0.0.1:49213/control/checkpoint",
        ),
        (
            "https://a.example/x/",
            "https://a.example/x/control/checkpoint",
        ),
    ] {
        assert_eq!(url("w", Some(adapter)), expected);
    }
    for adapter in [
        "",
        "ws-1:8000",
        "ftp://a.example",
        "http://user:pass@127.0.0.1",
        "/x",
    ] {
        let text = told(&careful.checkpoint_url("w", Some(adapter)).unwrap_err());
        assert!(
            text.contains("the adapter's address cannot be used"),
            "{text}"
        );
        assert!(!text.contains("pass@"), "{text}");
    }
    let plain = "http://ws-3fe84b89eb65:8000";
    let text = told(&careful.checkpoint_url("w", Some(plain)).unwrap_err());
    assert!(
        text.contains("plain http") && text.contains("--insecure-http"),
        "{text}"
    );
    let daring = asked("https://p.example", true);
    assert!(daring.checkpoint_url("w", Some(plain)).is_ok());

    // The adapter gets the secret, and not the organisation.
    let server = Server::always(json("{}")).await;
    let url = careful.checkpoint_url("w", Some(&server.url)).unwrap();
    let reply = careful
        .checkpoint(&url, &body(), careful.admission().await)
        .await;
    assert!(
        matches!(reply, Reply::Http { status: 200, .. }),
        "{reply:?}"
    );
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /control/checkpoint");
    assert!(request.header("authorization").is_some());
    assert_eq!(request.header("x-molecule-org-id"), None);
}

#[tokio::test]
async fn a_report_goes_to_the_activity_log() {
    let report = Report {
        summary: "Checkpoint refused: not steerable".to_owned(),
        status: "error",
        error_detail: Some("hermes cannot cancel".to_owned()),
        request_body: serde_json::json!({"turn_id": "t-1"}),
    };
    let server = Server::always(json(r#"{"status":"logged"}"#)).await;
    let asked = platform(&server.url);
    asked.report("w", &report).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /workspaces/w/activity");
    let sent: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        sent,
        serde_json::json!({
            "activity_type": "error",
            "method": "control/checkpoint",
            "summary": "Checkpoint refused: not steerable",
            "status": "error",
            "error_detail": "hermes cannot cancel",
            "request_body": {"turn_id": "t-1"},
        })
    );
    for (does, exit) in [
        (
            status(401, r#"{"error":"invalid workspace auth token"}"#),
            "6 POST ",
        ),
        (status(503, "{}"), "4 POST "),
        (Does::Hangs, "4 POST "),
        (bare(404, ""), "6 POST "),
    ] {
        let server = Server::always(does).await;
        let text = told(&hasty(&server.url).report("w", &report).await.unwrap_err());
        assert!(text.starts_with(exit), "{text}");
        assert!(!text.contains("tried"), "{text}");
        assert_eq!(server.requests().len(), 1);
    }
}
