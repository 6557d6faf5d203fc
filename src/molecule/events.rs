//! The event stream: `/ws` for all workspaces, else `/workspaces/:id/events/stream` for each.

mod socket;
mod stream;

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Response, StatusCode, Url};

use super::client::Platform;
use super::failure;
use super::transport::Transport;
use crate::checkpoint::backoff_ms;
use crate::clock::Stopwatch;
use crate::turn::PlatformEvent;

/// So many happenings wait for a slow reader. Then nothing more is read from the connection, and the
/// platform holds the rest back, or ends the connection: that is said as [`Happening::Lost`].
const WAITING: usize = 1024;

/// A frame, or an event of a stream, is not longer than this.
const FRAME_LIMIT: usize = 1 << 20;

/// What a subscription gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Connected: events from now on are seen. Says which way.
    Connected(&'static str),
    /// An event.
    Event(PlatformEvent),
    /// The connection was lost, and is tried again: what happens meanwhile is not seen.
    Lost(String),
    /// There is no way to subscribe; it is not tried again.
    Unsupported(String),
}

/// A subscription. Reconnects with full jitter until dropped.
#[derive(Debug)]
pub struct Events {
    receiver: tokio::sync::mpsc::Receiver<Happening>,
    task: tokio::task::JoinHandle<()>,
}

/// How patiently a connection is tried again and kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The first pause is between 0 and this, then it doubles.
    pub(super) pause_ms: i64,
    /// The longest pause. A connection that lasted longer begins anew with the shortest.
    pub(super) pause_max_ms: i64,
    /// How often a silent WebSocket is asked for a sign of life. After three times as long without
    /// any it is taken for lost.
    pub(super) ping: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause_ms: 1_000,
            pause_max_ms: 30_000,
            ping: Duration::from_secs(20),
        }
    }
}

type Sender = tokio::sync::mpsc::Sender<Happening>;

/// Why a connection ended, or did not come about.
#[derive(Debug)]
enum Ended {
    /// It may come about again.
    Lost(String),
    /// The platform does not offer it.
    NotOffered(String),
    /// Nobody listens any more.
    Dropped,
}

/// Opens what gives events, where the platform answers with the status that is expected.
async fn open(
    transport: &Transport,
    url: &Url,
    headers: HeaderMap,
    expected: impl Fn(StatusCode) -> bool,
) -> Result<Response, Ended> {
    let response = transport.open(url, headers).await.map_err(|fault| {
        let timeout = transport.timeout();
        let error = failure::broken(transport, &Method::GET, url, timeout, &fault, 1);
        Ended::Lost(error.in_one_line())
    })?;
    let status = response.status();
    if expected(status) {
        return Ok(response);
    }
    let why = format!("GET {}: {status}", url.path());
    Err(if not_offered(status.as_u16()) {
        Ended::NotOffered(why)
    } else {
        Ended::Lost(why)
    })
}

impl Events {
    /// Subscribes; `workspaces` are those whose own stream is asked when there is none for all.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn subscribe(platform: &Platform, workspaces: &[String]) -> Self {
        Self::at_pace(platform, workspaces, Pace::default())
    }

    pub(super) fn at_pace(platform: &Platform, workspaces: &[String], pace: Pace) -> Self {
        let (sender, receiver) = tokio::sync::mpsc::channel(WAITING);
        let (platform, workspaces) = (platform.clone(), workspaces.to_vec());
        let task = tokio::spawn(async move {
            let Some(no_socket) = socket::follow(&platform, &sender, pace).await else {
                return;
            };
            let Some(no_stream) = stream::follow(&platform, &workspaces, &sender, pace).await
            else {
                return;
            };
            let why = format!("{no_socket}; {no_stream}");
            sender.send(Happening::Unsupported(why)).await.ok();
        });
        Self { receiver, task }
    }

    /// Waits for what happens next; `None` when the subscription ended for good.
    pub async fn next(&mut self) -> Option<Happening> {
        self.receiver.recv().await
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The pauses between tries of one connection.
#[derive(Debug)]
struct Patience {
    pace: Pace,
    tried: u32,
    seed: String,
    since: Stopwatch,
}

impl Patience {
    fn new(pace: Pace, what: &str) -> Self {
        Self {
            pace,
            tried: 0,
            seed: format!("{what} {}", std::process::id()),
            since: Stopwatch::start(),
        }
    }

    /// A try begins.
    fn begin(&mut self) {
        self.since = Stopwatch::start();
    }

    /// A try ended: waits before the next.
    async fn pause(&mut self) {
        let lasted = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        if lasted > self.pace.pause_max_ms {
            self.tried = 0;
        }
        let seed = format!("{} {}", self.seed, self.tried);
        let ms = backoff_ms(
            self.pace.pause_ms,
            self.pace.pause_max_ms,
            self.tried,
            &seed,
        );
        self.tried = self.tried.saturating_add(1);
        tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).await;
    }
}

/// Whether a status says that a way is not offered, rather than not now.
fn not_offered(status: u16) -> bool {
    !matches!(status, 408 | 429 | 500..=599) || status == 501
}
