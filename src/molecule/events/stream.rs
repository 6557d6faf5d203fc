//! `/workspaces/:id/events/stream`: a stream of server-sent events for each workspace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventsource_stream::Eventsource as _;
use futures_util::stream::{FuturesUnordered, StreamExt};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};

use super::{Ended, FRAME_LIMIT, Happening, Pace, Patience, Sender, open};
use crate::error::Error;
use crate::molecule::client::{Platform, workspace_path};
use crate::turn::parse_event;

const WAY: &str = "/workspaces/:id/events/stream";

/// Each stream is a connection: no more than this.
const STREAMS: usize = 200;

/// How many of the streams are connected, for one word about all of them.
#[derive(Debug)]
struct Together {
    /// Those that are offered, as far as known.
    offered: AtomicUsize,
    connected: AtomicUsize,
}

/// Follows the streams for as long as one is offered and somebody listens. Says why none is.
pub(super) async fn follow(
    platform: &Platform,
    workspaces: &[String],
    sender: &Sender,
    pace: Pace,
) -> Option<String> {
    let asked = &workspaces[..workspaces.len().min(STREAMS)];
    if asked.len() < workspaces.len() {
        platform.note(format!(
            "events: only the streams of the first {STREAMS} of {} workspaces are followed",
            workspaces.len()
        ));
    }
    let together = Arc::new(Together {
        offered: AtomicUsize::new(asked.len()),
        connected: AtomicUsize::new(0),
    });
    let mut streams: FuturesUnordered<_> = asked
        .iter()
        .map(|id| one(platform, id, sender, pace, &together))
        .collect();
    let mut why = None;
    while let Some(ended) = streams.next().await {
        // One that is not offered ends; the others go on.
        why = why.or(Some(ended?));
    }
    Some(why.unwrap_or_else(|| "no workspace was named whose own stream could be asked".to_owned()))
}

/// Follows one stream. Says why it is not offered; `None` when nobody listens.
async fn one(
    platform: &Platform,
    id: &str,
    sender: &Sender,
    pace: Pace,
    together: &Together,
) -> Option<String> {
    let mut patience = Patience::new(pace, id);
    loop {
        patience.begin();
        let ended = match connect(platform, id).await {
            Ok(response) => {
                let connected = together.connected.fetch_add(1, Ordering::Relaxed) + 1;
                let ended = listen(response, id, sender, together, connected).await;
                together.connected.fetch_sub(1, Ordering::Relaxed);
                ended
            }
            Err(ended) => ended,
        };
        let happening = match ended {
            Ended::Dropped => return None,
            Ended::Lost(why) => Happening::Lost(why),
            Ended::NotOffered(why) => {
                let others = together.offered.fetch_sub(1, Ordering::Relaxed) - 1;
                let connected = together.connected.load(Ordering::Relaxed);
                // It is not waited for any longer.
                if others > 0 {
                    let not_seen = format!("{why}: the events of this workspace are not seen");
                    platform.note(not_seen);
                }
                if others > 0 && connected == others {
                    sender.send(Happening::Connected(WAY)).await.ok()?;
                }
                return Some(why);
            }
        };
        sender.send(happening).await.ok()?;
        patience.pause().await;
    }
}

async fn connect(platform: &Platform, id: &str) -> Result<Response, Ended> {
    let not_sent = |e: Error| Ended::NotOffered(e.in_one_line());
    let path = workspace_path(id, "/events/stream").map_err(not_sent)?;
    let url = platform.transport().url(&path).map_err(not_sent)?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    let success = |status: StatusCode| status.is_success();
    let response = open(platform.transport(), &url, headers, success).await?;
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("text/event-stream") {
        let why = format!("GET {path}: it is no event stream but {kind:?}");
        return Err(Ended::NotOffered(why));
    }
    Ok(response)
}

async fn listen(
    response: Response,
    id: &str,
    sender: &Sender,
    together: &Together,
    connected: usize,
) -> Ended {
    if connected == together.offered.load(Ordering::Relaxed)
        && sender.send(Happening::Connected(WAY)).await.is_err()
    {
        return Ended::Dropped;
    }
    // The library keeps an unfinished event; what it has to keep is bounded here.
    let unfinished = AtomicUsize::new(0);
    let bytes = response.bytes_stream().map(|chunk| {
        let chunk = chunk.map_err(|_| "the connection broke off")?;
        let kept = unfinished.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
        if kept > FRAME_LIMIT {
            return Err("an event is longer than 1 MiB");
        }
        Ok(chunk)
    });
    let mut events = std::pin::pin!(bytes.eventsource());
    while let Some(event) = events.next().await {
        unfinished.store(0, Ordering::Relaxed);
        let event = match event {
            Ok(event) => event,
            Err(e) => return Ended::Lost(format!("events of {id}: {e}")),
        };
        let Some(mut event) = parse_event(&event.data) else {
            continue;
        };
        // A workspace's own stream does not repeat whose it is.
        event.workspace_id.get_or_insert_with(|| id.to_owned());
        if sender.send(Happening::Event(event)).await.is_err() {
            return Ended::Dropped;
        }
    }
    Ended::Lost(format!("events of {id}: closed by the platform"))
}
