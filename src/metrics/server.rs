//! `GET /metrics` and `GET /healthz`, on a thread of their own: a sweep that keeps the loop busy
//! delays no scrape, and a loop that hangs is still said to be unhealthy.
//!
//! Nobody is asked who they are: listen on loopback, or where only the monitoring gets. A
//! connection answers one request and lives for a bounded time, and so many are open at most.

mod wire;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use axum::extract::State as With;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::oneshot;

use super::{Health, Metrics, State};
use crate::error::Error;
use wire::{Limits, Listening};

/// The content type of the text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A listener that serves until this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Where it listens: the port that was taken, where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Nobody hears it where the thread is gone already.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Listens, and serves what it is given from a thread of its own.
///
/// # Errors
/// When the address cannot be listened on, or the operating system gives no thread.
pub fn serve(address: SocketAddr, metrics: Metrics, health: Health) -> Result<Serving, Error> {
    serve_within(address, metrics, health, Limits::default())
}

fn serve_within(
    address: SocketAddr,
    metrics: Metrics,
    health: Health,
    limits: Limits,
) -> Result<Serving, Error> {
    let refused = |e: std::io::Error| no_listener(address, &e);
    let listener = std::net::TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    let no_thread = |e: std::io::Error| Error::failed("the metrics cannot be served").because(e);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_thread)?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(refused)?
    };
    let app = router(metrics, health);
    let (stop, stopped) = oneshot::channel();
    let serve = move || {
        runtime.block_on(async {
            let listening = Listening::new(listener, limits);
            tokio::select! {
                served = async { axum::serve(listening, app).await } => { served.ok(); }
                // Dropped or sent, it is to stop.
                _ = stopped => {}
            }
        });
    };
    let thread = std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(serve)
        .map_err(no_thread)?;
    Ok(Serving {
        address: bound,
        stop: Some(stop),
        thread: Some(thread),
    })
}

fn no_listener(address: SocketAddr, e: &std::io::Error) -> Error {
    let error = Error::failed(format!("{address}: metrics cannot be served there")).because(e);
    match e.kind() {
        ErrorKind::AddrInUse => error.hint(format!(
            "another process has that port, perhaps another loop: stop it, or choose another port \
             (`--metrics {}` takes any free one)",
            SocketAddr::new(address.ip(), 0)
        )),
        ErrorKind::PermissionDenied => {
            error.hint("ports below 1024 are for root: choose a higher one")
        }
        ErrorKind::AddrNotAvailable => error.hint(
            "this machine does not have that address: 127.0.0.1 is always there, 0.0.0.0 is every one",
        ),
        _ => error,
    }
}

#[derive(Clone, Debug)]
struct Shown {
    metrics: Metrics,
    health: Health,
}

fn router(metrics: Metrics, health: Health) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/metrics", get(scrape))
        .route("/healthz", get(healthz))
        .fallback(nothing)
        .with_state(Shown { metrics, health })
        .layer(axum::middleware::map_response(once))
}

/// One request per connection: none waits open for a next one.
async fn once(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, axum::http::HeaderValue::from_static("close"));
    headers.insert(
        CACHE_CONTROL,
        axum::http::HeaderValue::from_static("no-store"),
    );
    answer
}

async fn index() -> &'static str {
    "cronctl checkpoint --watch\n/metrics for Prometheus, /healthz for probes\n"
}

async fn nothing() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "there are /metrics and /healthz\n")
}

async fn scrape(With(shown): With<Shown>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], shown.metrics.encode())
}

/// The answer of `/healthz`.
#[derive(Debug, Serialize)]
struct Healthz {
    status: &'static str,
    /// Why it is unhealthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Milliseconds since the last success; null before the first.
    last_success_age_ms: Option<i64>,
    /// Milliseconds since the start.
    up_ms: i64,
    /// Milliseconds that may pass without a success.
    allowed_ms: i64,
}

async fn healthz(With(shown): With<Shown>) -> (StatusCode, Json<Healthz>) {
    let judged = shown.health.judge();
    let (code, status, why) = match judged.state {
        State::Ok => (StatusCode::OK, "ok", None),
        State::Unhealthy { why } => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", Some(why)),
    };
    let body = Healthz {
        status,
        why,
        last_success_age_ms: judged.last_success_age_ms,
        up_ms: judged.up_ms,
        allowed_ms: judged.allowed_ms,
    };
    (code, Json(body))
}

#[cfg(test)]
mod tests;
