//! The event stream: which way, what it gives, what is said when it breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::JoinHandle;

use super::{SECRET, platform, token};
use crate::molecule::events::{Events, Happening, Pace};
use crate::molecule::{Platform, Settings};

const FRAME: &str = r#"{"event":"TASK_UPDATED","workspace_id":"w-1","timestamp":"2026-05-22T07:00:03Z","payload":{"active_tasks":1,"current_task":"tick"}}"#;
const DATA: &str = r#"{"type":"TASK_UPDATED","timestamp":1779433203412,"data":{"active_tasks":1}}"#;

const PACE: Pace = Pace {
    pause_ms: 20,
    pause_max_ms: 50,
    ping: Duration::from_millis(50),
};

struct Served {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(router: Router) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        axum::serve(listener, router).await.unwrap();
    });
    Served { url, task }
}

/// A platform whose `/ws` does this with each socket.
async fn socket<F, Fut>(does: F) -> Served
where
    F: Fn(WebSocket) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let upgrade = move |upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(does) };
    serve(Router::new().route("/ws", get(upgrade))).await
}

/// A platform without `/ws`, whose streams of workspaces answer so.
async fn streams<F>(answer: F) -> Served
where
    F: Fn(&str) -> Response + Clone + Send + Sync + 'static,
{
    let stream =
        move |axum::extract::Path(id): axum::extract::Path<String>| async move { answer(&id) };
    serve(Router::new().route("/workspaces/{id}/events/stream", get(stream))).await
}

fn sse(body: impl Into<axum::body::Body>) -> Response {
    ([("content-type", "text/event-stream")], body.into()).into_response()
}

/// A body that says something, and then nothing more.
fn held(text: String) -> axum::body::Body {
    use futures_util::StreamExt;
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(text)]);
    axum::body::Body::from_stream(first.chain(futures_util::stream::pending()))
}

fn subscribe(served: &Served, workspaces: &[&str]) -> Events {
    let ids: Vec<_> = workspaces.iter().map(|id| (*id).to_owned()).collect();
    Events::at_pace(&platform(&served.url), &ids, PACE)
}

async fn next(events: &mut Events) -> Option<Happening> {
    let next = tokio::time::timeout(Duration::from_secs(5), events.next());
    let happening = next.await.expect("something happens");
    assert!(!format!("{happening:?}").contains(SECRET), "{happening:?}");
    happening
}

async fn lost(events: &mut Events) -> String {
    match next(events).await {
        Some(Happening::Lost(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_socket_gives_events_and_answers_pings() {
    let ponged = Arc::new(AtomicUsize::new(0));
    let count = ponged.clone();
    let served = socket(move |mut socket| {
        let count = count.clone();
        async move {
            socket.send(Message::Ping("x".into())).await.unwrap();
            socket.send(Message::text("no event")).await.unwrap();
            socket.send(Message::text(FRAME)).await.unwrap();
            let two = format!("{FRAME}\n{FRAME}");
            socket.send(Message::text(two)).await.unwrap();
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Pong(payload) if &payload[..] == b"x") {
                    count.fetch_add(1, Ordering::Relaxed);
                    socket.send(Message::text(FRAME)).await.unwrap();
                }
            }
        }
    })
    .await;
    let mut events = subscribe(&served, &[]);
    assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
    for _ in 0..4 {
        match next(&mut events).await {
            Some(Happening::Event(event)) => {
                assert_eq!(event.kind, "TASK_UPDATED");
                assert_eq!(event.workspace_id.as_deref(), Some("w-1"));
                assert_eq!(event.active_tasks, Some(1));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ponged.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_upgrade_says_where_it_comes_from() {
    let check = |headers: HeaderMap, upgrade: WebSocketUpgrade| async move {
        let has = |name: &str, value: &str| headers.get(name).is_some_and(|v| v == value);
        let origin = format!("http://{}", headers["host"].to_str().unwrap());
        let bearer = format!("Bearer {SECRET}");
        if has("origin", &origin)
            && has("x-molecule-org-id", "org-1")
            && has("authorization", &bearer)
        {
            upgrade.on_upgrade(|_| async {})
        } else {
            axum::http::StatusCode::FORBIDDEN.into_response()
        }
    };
    let served = serve(Router::new().route("/ws", get(check))).await;
    let asked = Platform::new(Settings {
        org: Some("org-1".to_owned()),
        ..Settings::at(&served.url, Some(token()))
    })
    .unwrap();
    let mut events = Events::at_pace(&asked, &[], PACE);
    assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
}

#[tokio::test]
async fn a_lost_socket_is_said_and_tried_again() {
    let served = socket(|mut socket| async move {
        socket.send(Message::text(FRAME)).await.unwrap();
        socket.send(Message::Close(None)).await.unwrap();
    })
    .await;
    let mut events = subscribe(&served, &[]);
    for _ in 0..3 {
        assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
        assert!(matches!(next(&mut events).await, Some(Happening::Event(_))));
        assert_eq!(lost(&mut events).await, "/ws: closed by the platform");
    }
    drop(served);
    let gone = subscribe_to_nothing().await;
    assert!(gone.contains("no connection"), "{gone}");
}

async fn subscribe_to_nothing() -> String {
    let served = serve(Router::new()).await;
    served.task.abort();
    while tokio::net::TcpStream::connect(&served.url["http://".len()..])
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    lost(&mut subscribe(&served, &[])).await
}

#[tokio::test]
async fn a_socket_without_a_sign_of_life_is_lost() {
    // It holds the connection and reads nothing: no pong comes.
    let served = socket(|socket| async move {
        let _kept = socket;
        std::future::pending::<()>().await;
    })
    .await;
    let mut events = subscribe(&served, &[]);
    assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
    assert_eq!(lost(&mut events).await, "/ws: no sign of life");
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_the_connection() {
    let served = socket(|mut socket| async move {
        socket
            .send(Message::text("x".repeat((1 << 20) + 1)))
            .await
            .ok();
        socket.recv().await;
    })
    .await;
    let mut events = subscribe(&served, &[]);
    assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
    let why = lost(&mut events).await;
    assert!(
        why.starts_with("/ws: ") && why.contains("too long"),
        "{why}"
    );
}

#[tokio::test]
async fn a_slow_reader_holds_the_platform_back() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let served = socket(move |mut socket| {
        let count = count.clone();
        async move {
            let padded = format!("{FRAME}{}", " ".repeat(10_000));
            while socket.send(Message::text(padded.clone())).await.is_ok() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
    .await;
    let mut events = subscribe(&served, &[]);
    assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
    let mut before = usize::MAX;
    while before != sent.load(Ordering::Relaxed) {
        before = sent.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // What waits is bounded: the channel, and the buffers of the connection.
    assert!(before < 20_000, "{before}");
    assert!(matches!(next(&mut events).await, Some(Happening::Event(_))));
}

#[tokio::test]
async fn without_a_socket_each_workspace_has_a_stream() {
    let served = streams(|_| sse(held(format!(": hello\n\ndata: {DATA}\n\n")))).await;
    let mut events = subscribe(&served, &["a", "b c"]);
    let (mut connected, mut of) = (0, Vec::new());
    while of.len() < 2 {
        match next(&mut events).await {
            Some(Happening::Connected(way)) => {
                assert_eq!(way, "/workspaces/:id/events/stream");
                connected += 1;
            }
            Some(Happening::Event(event)) => of.push(event.workspace_id.unwrap()),
            other => panic!("{other:?}"),
        }
    }
    of.sort_unstable();
    assert_eq!(of, ["a", "b c"]);
    assert_eq!(connected, 1, "once for all");
}

#[tokio::test]
async fn a_stream_that_ends_is_said_and_tried_again() {
    let served = streams(|_| sse(format!("data: {DATA}\n\n"))).await;
    let mut events = subscribe(&served, &["a"]);
    for _ in 0..2 {
        assert!(matches!(
            next(&mut events).await,
            Some(Happening::Connected(_))
        ));
        assert!(matches!(next(&mut events).await, Some(Happening::Event(_))));
        assert_eq!(
            lost(&mut events).await,
            "events of a: closed by the platform"
        );
    }
}

#[tokio::test]
async fn an_event_without_an_end_is_cut_off() {
    let endless = "data: ".to_owned() + &"x".repeat(3 << 20);
    let served = streams(move |_| sse(endless.clone())).await;
    let mut events = subscribe(&served, &["a"]);
    assert!(matches!(
        next(&mut events).await,
        Some(Happening::Connected(_))
    ));
    let why = lost(&mut events).await;
    assert!(why.contains("longer than 1 MiB"), "{why}");
}

#[tokio::test]
async fn a_workspace_without_a_stream_does_not_stop_the_others() {
    let served = streams(|id| match id {
        "b" => axum::http::StatusCode::NOT_FOUND.into_response(),
        _ => sse(held(format!("data: {DATA}\n\n"))),
    })
    .await;
    let asked = platform(&served.url);
    let ids = ["a".to_owned(), "b".to_owned()];
    let mut events = Events::at_pace(&asked, &ids, PACE);
    let mut happened = Vec::new();
    for _ in 0..2 {
        happened.push(next(&mut events).await.unwrap());
    }
    let connected = Happening::Connected("/workspaces/:id/events/stream");
    assert!(happened.contains(&connected), "{happened:?}");
    let notes = asked.take_notes();
    assert_eq!(
        notes,
        [
            "GET /workspaces/b/events/stream: 404 Not Found: the events of this workspace are not seen"
        ]
    );
}

#[tokio::test]
async fn where_there_is_neither_it_is_said_and_ends() {
    let served = serve(Router::new()).await;
    for (ids, why) in [
        (
            &["a", "b"][..],
            "GET /ws: 404 Not Found; GET /workspaces/a/events/stream: 404 Not Found",
        ),
        (
            &[],
            "GET /ws: 404 Not Found; no workspace was named whose own stream could be asked",
        ),
    ] {
        let mut events = subscribe(&served, ids);
        let unsupported = Happening::Unsupported(why.to_owned());
        assert_eq!(next(&mut events).await, Some(unsupported));
        assert_eq!(next(&mut events).await, None);
    }
    // A page is no stream, and no upgrade either.
    let page = || async { axum::response::Html("<html>") };
    let served = serve(Router::new().fallback(page)).await;
    let mut events = subscribe(&served, &["a"]);
    match next(&mut events).await {
        Some(Happening::Unsupported(why)) => {
            assert!(why.starts_with("GET /ws: 200 OK; "), "{why}");
            assert!(why.contains("no event stream but \"text/html"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_more_streams_than_can_be_kept() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let served = streams(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        sse(held(String::new()))
    })
    .await;
    let asked = Platform::new(Settings::at(&served.url, None)).unwrap();
    let ids: Vec<_> = (0..250).map(|n| format!("w-{n}")).collect();
    let mut events = Events::at_pace(&asked, &ids, PACE);
    assert!(matches!(
        next(&mut events).await,
        Some(Happening::Connected(_))
    ));
    assert_eq!(opened.load(Ordering::Relaxed), 200);
    let notes = asked.take_notes();
    let expected = "events: only the streams of the first 200 of 250 workspaces are followed";
    assert_eq!(notes, [expected]);
}

#[tokio::test]
async fn a_dropped_subscription_asks_no_more() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let served = socket(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        async {}
    })
    .await;
    let mut events = subscribe(&served, &[]);
    assert_eq!(next(&mut events).await, Some(Happening::Connected("/ws")));
    drop(events);
    tokio::task::yield_now().await;
    let before = opened.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(opened.load(Ordering::Relaxed), before);
}
