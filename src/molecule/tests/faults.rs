//! Platforms that answer wrongly, late, endlessly or not at all: each has its own words and code.

use super::server::{Does, Server, bare, json, status};
use super::{SECRET, hasty, platform, told};
use crate::molecule::{Platform, Settings};

async fn fails(does: Does) -> (String, usize) {
    let server = Server::always(does.clone()).await;
    let asked = match does {
        Does::Hangs | Does::Drips | Does::Waits(..) => hasty(&server.url),
        _ => platform(&server.url),
    };
    let error = asked.workspaces().await.unwrap_err();
    (
        told(&error).replace(&server.url, "URL"),
        server.requests().len(),
    )
}

fn says(code: u16, kind: &str, body: &str) -> Does {
    Does::Says(code, format!("Content-Type: {kind}\r\n"), body.to_owned())
}

#[tokio::test]
async fn html_is_taken_for_the_canvas() {
    let page = "<!DOCTYPE html><html><body>Canvas</body></html>";
    for does in [
        says(200, "text/html; charset=utf-8", page),
        says(200, "application/json", page),
        says(404, "text/html", page),
    ] {
        let (text, requests) = fails(does).await;
        assert!(text.starts_with("1 GET URL/workspaces: "), "{text}");
        assert!(
            text.contains("because: it answered HTML, not JSON"),
            "{text}"
        );
        assert!(
            text.contains("is that the address of the canvas?"),
            "{text}"
        );
        assert_eq!(requests, 1);
    }
    let (text, _) = fails(says(502, "text/html", page)).await;
    assert!(text.starts_with("4 GET URL/workspaces: 502"), "{text}");
    assert!(!text.contains("DOCTYPE"), "{text}");
}

#[tokio::test]
async fn garbage_under_200_is_shown_from_its_beginning() {
    let long = format!("no json \u{1b}[31m at all {}", "x".repeat(500));
    let (text, requests) = fails(json(long)).await;
    assert!(
        text.starts_with("1 GET URL/workspaces: the answer cannot be understood"),
        "{text}"
    );
    assert!(
        text.contains("it begins: no json \\u{1b}[31m at all xxx"),
        "{text}"
    );
    assert!(text.contains("line 1"), "{text}");
    assert!(text.contains('…') && text.len() < 500, "{text}");
    assert_eq!(requests, 1);
    for body in ["", "[{]", "{}", "null", "7", "[{\"id\":\"a\"}"] {
        let (text, _) = fails(json(body)).await;
        assert!(
            text.starts_with("1 GET URL/workspaces: the answer cannot"),
            "{body}: {text}"
        );
    }
    let server = Server::always(json("[1,")).await;
    let asked = platform(&server.url);
    for text in [
        told(&asked.turns().await.unwrap_err()),
        told(&asked.activity("w", 1).await.unwrap_err()),
        told(&asked.ceiling("w").await.unwrap_err()),
        told(&asked.schedules("w").await.unwrap_err()),
        told(&asked.workspace("w").await.unwrap_err()),
    ] {
        assert!(text.contains("the answer cannot be understood"), "{text}");
        assert!(text.contains("it begins: [1,"), "{text}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = Server::always(Does::NeverEnds).await;
    let asked = platform(&server.url);
    let text = told(&asked.workspaces().await.unwrap_err());
    assert!(text.starts_with("1 GET http://"), "{text}");
    assert!(text.contains("the answer is longer than 64 MiB"), "{text}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn redirects_stay_on_the_same_server() {
    let there = |to: &str| bare(307, &format!("Location: {to}\r\n"));
    let server = Server::start(move |request| match request.line.as_str() {
        "GET /workspaces" => there("/workspaces/"),
        "GET /workspaces/" => there("v2"),
        _ => json("[]"),
    })
    .await;
    platform(&server.url).workspaces().await.unwrap();
    assert_eq!(
        server.lines(),
        ["GET /workspaces", "GET /workspaces/", "GET /workspaces/v2"]
    );
    assert!(
        server
            .requests()
            .iter()
            .all(|r| r.header("authorization").is_some())
    );

    let (text, requests) = fails(bare(302, "Location: /workspaces\r\n")).await;
    assert!(text.starts_with("1 GET URL/workspaces: 302"), "{text}");
    assert!(
        text.contains("in a loop: URL/workspaces → URL/workspaces"),
        "{text}"
    );
    assert_eq!(requests, 1);

    let server = Server::start(|request| {
        let n = request.line.len();
        bare(302, &format!("Location: /{}\r\n", "x".repeat(n)))
    })
    .await;
    let text = told(&platform(&server.url).workspaces().await.unwrap_err());
    assert!(text.contains("the 6th in a row"), "{text}");
    assert_eq!(server.requests().len(), 6);

    for headers in ["", "Location: http://[\r\n"] {
        let (text, _) = fails(bare(301, headers)).await;
        assert!(text.starts_with("1 GET URL/workspaces: 301"), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_server_does_not_get_the_token() {
    let other = Server::always(json("[]")).await;
    for to in [
        other.url.clone(),
        other.url.replace("127.0.0.1", "localhost"),
        other.url.replace("http://", "http://user:pass@"),
        other.url.replace("http:", ""),
    ] {
        let location = format!("Location: {to}/workspaces?{SECRET}\r\n");
        let (text, requests) = fails(bare(302, &location)).await;
        assert!(text.contains("to another server: http://"), "{text}");
        assert!(text.contains("The token is not sent there"), "{text}");
        assert!(!text.contains("pass@"), "{text}");
        assert_eq!(requests, 1);
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_refusal_says_whose_token_it_was() {
    for (code, body, cause) in [
        (
            401,
            r#"{"error":"invalid admin auth token"}"#,
            "because: invalid admin auth token",
        ),
        (403, "nope", "because: nope"),
        (401, "", ""),
    ] {
        let (text, requests) = fails(status(code, body)).await;
        assert!(
            text.starts_with(&format!("6 GET URL/workspaces: {code} ")),
            "{text}"
        );
        assert!(
            text.contains("the token is not accepted (--token-file token)"),
            "{text}"
        );
        assert!(text.contains(cause), "{text}");
        assert_eq!(requests, 1);
    }
    let server = Server::always(status(401, r#"{"error":"admin auth required"}"#)).await;
    let nobody = Platform::new(Settings::at(&server.url, None)).unwrap();
    let text = told(&nobody.workspaces().await.unwrap_err());
    assert!(
        text.contains("a token is needed") && text.contains("CRONCTL_TOKEN"),
        "{text}"
    );
}

#[tokio::test]
async fn an_empty_404_is_the_tenant_guard() {
    let server = Server::always(bare(404, "")).await;
    let text = told(&platform(&server.url).workspaces().await.unwrap_err());
    assert!(text.starts_with("6 GET "), "{text}");
    assert!(
        text.contains("the header X-Molecule-Org-Id is missing"),
        "{text}"
    );
    assert!(text.contains("--org UUID"), "{text}");
    let tenant = Platform::new(Settings {
        org: Some("org-1".to_owned()),
        ..Settings::at(&server.url, None)
    })
    .unwrap();
    let text = told(&tenant.workspaces().await.unwrap_err());
    assert!(text.contains("X-Molecule-Org-Id is wrong"), "{text}");
    let (text, _) = fails(says(404, "text/plain", "404 page not found")).await;
    assert!(text.starts_with("1 GET URL/workspaces: 404"), "{text}");
    assert!(text.contains("because: 404 page not found"), "{text}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_said() {
    let down = status(
        503,
        r#"{"error":"platform datastore unavailable — retry shortly","code":"platform_unavailable"}"#,
    );
    let (text, requests) = fails(down.clone()).await;
    assert_eq!(
        text,
        "4 GET URL/workspaces: 503: the platform's own data store is unavailable\n  \
         because: platform datastore unavailable — retry shortly\n  because: tried 3 times"
    );
    assert_eq!(requests, 3);
    for code in [429, 502, 503, 504] {
        let (text, requests) = fails(status(code, "{}")).await;
        assert!(
            text.starts_with(&format!("4 GET URL/workspaces: {code}")),
            "{text}"
        );
        assert_eq!(requests, 3, "{code}");
    }
    for (code, exit) in [(500, 4), (400, 1), (409, 1), (410, 1), (204, 1)] {
        let (text, requests) = fails(status(code, "")).await;
        assert!(
            text.starts_with(&format!("{exit} GET URL/workspaces: ")),
            "{text}"
        );
        assert_eq!(requests, 1, "{code}");
    }
    let server = Server::sequence(vec![down, Does::Closes, json("[]")]).await;
    platform(&server.url).workspaces().await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_storm_of_429_is_bounded() {
    let server = Server::always(status(429, r#"{"error":"rate limit"}"#)).await;
    let asked = platform(&server.url);
    let asks = futures_util::future::join_all((0..20).map(|_| asked.workspaces()));
    for answer in asks.await {
        let text = told(&answer.unwrap_err());
        assert!(text.contains("--rate-limit N"), "{text}");
    }
    assert_eq!(server.requests().len(), 60);
    assert_eq!(asked.requests(), 60);
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let later = bare(429, "Retry-After: 1\r\n");
    let server = Server::sequence(vec![later, json("[]")]).await;
    let asked = platform(&server.url);
    let mut asks = std::pin::pin!(asked.workspaces());
    let early = tokio::time::timeout(std::time::Duration::from_millis(800), &mut asks);
    assert!(early.await.is_err(), "a second was asked for");
    asks.await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn connections_that_fail_say_how() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let asked = platform(&url);
    let text = told(&asked.workspaces().await.unwrap_err());
    assert!(
        text.starts_with(&format!("4 GET {url}/workspaces: no connection\n")),
        "{text}"
    );
    assert!(
        text.contains("refused") && text.contains("tried 3 times"),
        "{text}"
    );
    assert!(
        text.contains("hint: does the platform listen there?"),
        "{text}"
    );
    assert_eq!(asked.requests(), 3);

    let text = told(
        &platform("http://no-such-host.invalid")
            .workspaces()
            .await
            .unwrap_err(),
    );
    assert!(
        text.starts_with("4 GET http://no-such-host.invalid/workspaces: "),
        "{text}"
    );
    assert!(
        text.contains("has no address") || text.contains("no whole answer"),
        "{text}"
    );

    let late = "no whole answer within 250 ms";
    let off = "the connection broke off";
    let ways = [
        (Does::Closes, off),
        (Does::BreaksOff("[{\"id\"".to_owned()), off),
        (Does::Raw("SSH-2.0-OpenSSH_9.6\r\n".to_owned()), off),
        (Does::Hangs, late),
        (Does::Drips, late),
        (Does::Waits(400, Box::new(json("[]"))), late),
    ];
    let ways = ways.map(|(does, what)| async move {
        let (text, requests) = fails(does).await;
        let expected = format!("4 GET URL/workspaces: {what}");
        assert!(text.starts_with(&expected), "{text}");
        assert_eq!(text.contains("--timeout DURATION"), what == late, "{text}");
        assert_eq!(requests, 3, "{text}");
    });
    futures_util::future::join_all(ways).await;
}

#[tokio::test]
async fn a_server_that_repeats_the_token_is_not_quoted() {
    let body = format!(r#"{{"error":"bad token {SECRET}"}}"#);
    let (text, _) = fails(status(401, body)).await;
    assert!(text.contains("because: bad token [token]"), "{text}");
    // Also where the text is cut in the middle of it.
    let body = format!("{}{SECRET}", "x".repeat(110));
    for code in [400, 200] {
        let (text, _) = fails(says(code, "text/plain", &body)).await;
        assert!(!text.contains(&SECRET[..6]), "{text}");
    }
    let (text, _) = fails(bare(302, &format!("Location: /{SECRET}\r\n"))).await;
    assert!(text.contains("/[token]"), "{text}");
}
