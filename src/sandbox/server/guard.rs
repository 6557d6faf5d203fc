//! What stands before every route: latency, failures, the rate limit, the tenant guard, the `Date`;
//! and who may ask what.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, DATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use rustc_hash::FxHashMap;
use serde_json::json;

use super::{Shared, answer};
use crate::clock::Stopwatch;
use crate::sandbox::world::Rng;

const ORG_HEADER: &str = "x-molecule-org-id";
/// The window of the platform's buckets.
const WINDOW: Duration = Duration::from_secs(60);
/// Paths that the tenant guard lets through.
const OPEN: [&str; 5] = [
    "/health",
    "/buildinfo",
    "/metrics",
    "/registry/register",
    "/registry/heartbeat",
];

/// The rate limit and the failures to order.
#[derive(Debug)]
pub(super) struct Gate {
    rate_limit: u32,
    fail: f64,
    chance: Mutex<Rng>,
    buckets: Mutex<FxHashMap<String, (u32, Stopwatch)>>,
}

/// What a bucket says of one request.
struct Allowance {
    allowed: bool,
    remaining: u32,
    reset_seconds: u32,
}

impl Gate {
    pub(super) fn new(rate_limit: u32, fail: f64, seed: u64) -> Self {
        Self {
            rate_limit,
            fail,
            chance: Mutex::new(Rng::new(seed)),
            buckets: Mutex::default(),
        }
    }

    fn fails(&self) -> bool {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        self.fail > 0.0 && chance.share() < self.fail
    }

    /// Takes a token from a caller's bucket, which the real platform fills once a minute.
    fn take(&self, key: String) -> Allowance {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || (self.rate_limit, Stopwatch::start());
        let (tokens, since) = buckets.entry(key).or_insert_with(fresh);
        if since.elapsed() >= WINDOW {
            (*tokens, *since) = fresh();
        }
        let left = WINDOW.saturating_sub(since.elapsed());
        let allowed = *tokens > 0;
        *tokens = tokens.saturating_sub(1);
        Allowance {
            allowed,
            remaining: *tokens,
            reset_seconds: u32::try_from(left.as_secs()).unwrap_or(60),
        }
    }
}

/// The guard before the platform's own routes.
pub(super) async fn platform(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    if shared.gate.fails() && request.uri().path() != "/health" {
        return answer::json(
            503,
            &json!({
                "code": "platform_unavailable",
                "error": "platform datastore unavailable — retry shortly",
            }),
        );
    }
    let limited = shared.gate.rate_limit > 0;
    let allowance = limited.then(|| shared.gate.take(key(headers)));
    let mut response = match &allowance {
        Some(Allowance {
            allowed: false,
            reset_seconds,
            ..
        }) => answer::later(
            429,
            *reset_seconds,
            &json!({"error": "rate limit exceeded", "retry_after": reset_seconds}),
        ),
        _ if tenant_refused(&shared, &request) => answer::bare(404),
        _ => next.run(request).await,
    };
    if let Some(allowance) = allowance {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit", shared.gate.rate_limit.into());
        headers.insert("x-ratelimit-remaining", allowance.remaining.into());
        headers.insert("x-ratelimit-reset", allowance.reset_seconds.into());
    }
    response
}

/// The guard before everything: holds answers back, and dates them by the sandbox's clock.
pub(super) async fn everything(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let now_ms = shared.ask(|world| world.by_platform_ms(world.now_ms()));
    if let Some(date) = http_date(now_ms) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

fn http_date(ms: i64) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_millisecond(ms).ok()?;
    HeaderValue::try_from(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

fn tenant_refused(shared: &Shared, request: &Request) -> bool {
    let Some(org) = &shared.org else { return false };
    let path = request.uri().path();
    let given = request.headers().get(ORG_HEADER);
    let open = OPEN.contains(&path) || path.starts_with("/cp/");
    !open && given.is_none_or(|given| given.as_bytes() != org.as_bytes())
}

/// Whose bucket a request takes from: the organisation's, else the token's, else the address's,
/// which is loopback for everybody.
fn key(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    match (text(ORG_HEADER), bearer(headers)) {
        (Some(org), _) => format!("org:{org}"),
        (None, Some(token)) => format!("tok:{token}"),
        (None, None) => "ip:127.0.0.1".to_owned(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = text.strip_prefix("Bearer ")?.trim();
    (!token.is_empty()).then_some(token)
}

/// Why a caller gets no answer: the status and the text of the real platform.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str);

impl From<Refusal> for Response {
    fn from(Refusal(status, text): Refusal) -> Self {
        answer::error(status, text)
    }
}

/// Lets the administrator in.
pub(super) fn admin(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    match bearer(headers) {
        None => Err(Refusal(401, "admin auth required")),
        Some(token) if same(token, shared.admin.reveal()) => Ok(()),
        Some(_) => Err(Refusal(401, "invalid admin auth token")),
    }
}

/// Lets the administrator and the workspace itself in.
pub(super) fn workspace(shared: &Shared, headers: &HeaderMap, id: &str) -> Result<(), Refusal> {
    match bearer(headers) {
        None => Err(Refusal(401, "missing workspace auth token")),
        Some(token) if same(token, shared.admin.reveal()) || own(shared, token, id) => Ok(()),
        Some(_) => Err(Refusal(401, "invalid workspace auth token")),
    }
}

/// Lets the workspace itself in, by its own token.
pub(super) fn itself(shared: &Shared, headers: &HeaderMap, id: &str) -> bool {
    bearer(headers).is_some_and(|token| own(shared, token, id))
}

/// Lets the platform in, by the adapters' inbound secret.
pub(super) fn inbound(shared: &Shared, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| same(token, shared.secret.reveal()))
}

fn own(shared: &Shared, token: &str, id: &str) -> bool {
    same(token, &shared.workspace_token(id))
}

/// Compares secrets in a time that does not depend on where they differ.
fn same(a: &str, b: &str) -> bool {
    let pairs = a.bytes().zip(b.bytes());
    a.len() == b.len() && pairs.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
