//! The event streams: `/ws` for all workspaces, server-sent events for one.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::{Shared, answer, guard};
use crate::sandbox::world::Event;

type Receiver = broadcast::Receiver<Arc<Event>>;

/// `GET /ws`: nobody is asked for a token.
pub(super) async fn all(
    State(shared): State<Arc<Shared>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let events = shared.events.subscribe();
    match upgrade {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| tell(socket, events)),
        Err(_) => answer::typed(400, "text/plain; charset=utf-8", "Bad Request\n"),
    }
}

async fn tell(mut socket: WebSocket, mut events: Receiver) {
    loop {
        tokio::select! {
            event = next(&mut events) => {
                let Some(event) = event else { return };
                if socket.send(Message::Text(frame(&event).into())).await.is_err() {
                    return;
                }
            }
            // Pings are answered while the socket is read.
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}

/// Waits for the next event; what a slow subscriber missed stays missed.
async fn next(events: &mut Receiver) -> Option<Arc<Event>> {
    loop {
        match events.recv().await {
            Ok(event) => return Some(event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

fn frame(event: &Event) -> String {
    let at = jiff::Timestamp::from_millisecond(event.at_ms).unwrap_or_default();
    json!({
        "event": event.kind,
        "workspace_id": &*event.workspace_id,
        "timestamp": at.to_string(),
        "payload": event.payload,
    })
    .to_string()
}

/// `GET /workspaces/:id/events/stream`: server-sent events of one workspace.
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = guard::workspace(&shared, &headers, &id) {
        return refused.into();
    }
    if shared.ask(|world| world.find(&id)).is_none() {
        return answer::error(404, "workspace not found");
    }
    let events = shared.events.subscribe();
    let lines = stream::unfold((events, id), async |(mut events, id)| {
        loop {
            let event = next(&mut events).await?;
            if *event.workspace_id == *id {
                let line = Bytes::from(data(&event));
                return Some((Ok::<_, Infallible>(line), (events, id)));
            }
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, Body::from_stream(lines)).into_response()
}

fn data(event: &Event) -> String {
    let data = json!({"data": event.payload, "timestamp": event.at_ms, "type": event.kind});
    format!("data: {data}\n\n")
}
