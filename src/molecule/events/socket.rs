//! `/ws`: one WebSocket for the events of all workspaces.
//!
//! The upgrade goes through the same client as every other request, so that certificates, time-outs
//! and headers are the same; only the frames are the WebSocket library's.

use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use reqwest::header::{
    CONNECTION, HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{Ended, FRAME_LIMIT, Happening, Pace, Patience, Sender, open};
use crate::molecule::client::Platform;
use crate::turn::parse_event;

const WAY: &str = "/ws";

/// Follows the socket for as long as it is offered and somebody listens. Says why it is not offered.
pub(super) async fn follow(platform: &Platform, sender: &Sender, pace: Pace) -> Option<String> {
    let mut patience = Patience::new(pace, WAY);
    loop {
        patience.begin();
        let ended = match connect(platform).await {
            Ok(socket) => listen(socket, sender, pace).await,
            Err(ended) => ended,
        };
        match ended {
            Ended::Dropped => return None,
            Ended::NotOffered(why) => return Some(why),
            Ended::Lost(why) => {
                if sender.send(Happening::Lost(why)).await.is_err() {
                    return None;
                }
            }
        }
        patience.pause().await;
    }
}

async fn connect(platform: &Platform) -> Result<WebSocketStream<reqwest::Upgraded>, Ended> {
    let url = platform
        .transport()
        .url(WAY)
        .map_err(|e| Ended::NotOffered(e.in_one_line()))?;
    let transport = platform.transport();
    let key = generate_key();
    let mut headers = HeaderMap::new();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    // A platform with CORS_ORIGINS lets its own origin in.
    for (name, text) in [
        (SEC_WEBSOCKET_KEY, &key),
        (ORIGIN, &transport.address.origin()),
    ] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    let switched = |status| status == StatusCode::SWITCHING_PROTOCOLS;
    let response = open(transport, &url, headers, switched).await?;
    let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accept.map(HeaderValue::as_bytes) != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        let why = "GET /ws: the answer is not to this request's key";
        return Err(Ended::NotOffered(why.to_owned()));
    }
    let upgraded = response
        .upgrade()
        .await
        .map_err(|e| Ended::Lost(format!("GET /ws: {e}")))?;
    let config = WebSocketConfig::default()
        .max_frame_size(Some(FRAME_LIMIT))
        .max_message_size(Some(FRAME_LIMIT));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

async fn listen(
    mut socket: WebSocketStream<reqwest::Upgraded>,
    sender: &Sender,
    pace: Pace,
) -> Ended {
    if sender.send(Happening::Connected(WAY)).await.is_err() {
        return Ended::Dropped;
    }
    let mut unanswered = 0;
    loop {
        // A connection that died without a word looks like a quiet platform; a ping tells.
        let Ok(next) = tokio::time::timeout(pace.ping, socket.next()).await else {
            unanswered += 1;
            if unanswered > 2 {
                return Ended::Lost("/ws: no sign of life".to_owned());
            }
            if let Err(e) = socket.send(Message::Ping(Vec::new().into())).await {
                return Ended::Lost(format!("/ws: {e}"));
            }
            continue;
        };
        unanswered = 0;
        let text = match next {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                let why = frame.map(|f| format!(": {}", f.code)).unwrap_or_default();
                return Ended::Lost(format!("/ws: closed by the platform{why}"));
            }
            // Pings are answered by the library.
            Some(Ok(_)) => continue,
            Some(Err(e)) => return Ended::Lost(format!("/ws: {e}")),
            None => return Ended::Lost("/ws: closed by the platform".to_owned()),
        };
        // A hub may put several events into one frame, a line each.
        let whole = parse_event(&text);
        let lines = text.lines().filter(|_| whole.is_none());
        let lines: Vec<_> = lines.filter_map(parse_event).collect();
        for event in whole.into_iter().chain(lines) {
            if sender.send(Happening::Event(event)).await.is_err() {
                return Ended::Dropped;
            }
        }
    }
}
