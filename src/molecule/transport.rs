//! One request and its answer: connections, budget, limits of size and time.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode, Url};

use super::Token;
use super::address::{self, Address};
use super::args::Settings;
use super::fault::{Fault, FaultKind, fault, innermost};
use super::intake::{Intake, body, is_html};
use crate::clock;
use crate::error::Error;

/// Connections that are kept open for the next request.
const IDLE_CONNECTIONS: usize = 1024;

/// The same for the lists of a fleet. A connection keeps a buffer as large as what it read: of those that
/// had a list there must not be many.
const IDLE_LISTS: usize = 2;

/// A connection that takes longer than this is not coming.
const CONNECT: Duration = Duration::from_secs(5);

/// `Date` has a resolution of a second, and the way takes time: clocks nearer than this agree.
const CLOCK_SLACK_MS: i64 = 2_000;

/// What every request of a platform shares.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) address: Address,
    token: Option<Token>,
    org: Option<HeaderValue>,
    timeout: Duration,
    certificates: Vec<Certificate>,
    /// Without TLS and with it, each for lists and for all else. Each is built when it is first needed: a
    /// machine without a store of certificates can still talk http.
    clients: [OnceLock<Client>; 4],
    budget: Option<Budget>,
    sent: AtomicU64,
    clock_offset_ms: Mutex<Option<i64>>,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) body: Option<String>,
    /// `Idempotency-Key`.
    pub(super) key: Option<&'a str>,
    /// The answer is read up to here.
    pub(super) limit: usize,
    /// A longer answer is a fault, rather than cut.
    pub(super) whole: bool,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// Leave to send it, where it was waited for before.
    pub(super) admitted: bool,
}

/// Leave to send one request: the budget had room for it.
#[derive(Debug)]
#[must_use = "the budget counts it"]
pub struct Admission(());

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<String>,
    pub(super) retry_after_ms: Option<i64>,
    pub(super) location: Option<String>,
    /// The whole of it, or the beginning of what was [`taken`](Self::taken).
    pub(super) body: String,
    /// Whether an [`Intake`] took it, and why it stopped.
    pub(super) taken: Option<Result<(), String>>,
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let address = address::parse(&settings.url)
            .map_err(|wrong| Error::failed(format!("molecule: {}", wrong.why)))?;
        let certificates = match &settings.ca_pem {
            None => Vec::new(),
            Some(pem) => {
                let wrong = || Error::failed("--ca-file: it holds no certificate in PEM");
                match Certificate::from_pem_bundle(pem) {
                    Ok(found) if found.is_empty() => return Err(wrong()),
                    Ok(found) => found,
                    Err(e) => return Err(wrong().because(innermost(&e))),
                }
            }
        };
        let org = match &settings.org {
            None => None,
            Some(org) => Some(
                HeaderValue::from_str(org)
                    .map_err(|_| Error::failed(format!("--org: {org:?} is no id")))?,
            ),
        };
        // Once for the process; a second call is no error worth a word.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let timeout = u64::try_from(settings.timeout_ms).unwrap_or(0).max(1);
        let transport = Self {
            address,
            token: settings.token.clone(),
            org,
            timeout: Duration::from_millis(timeout),
            certificates,
            clients: Default::default(),
            budget: NonZeroU32::new(settings.rate_limit).map(Budget::new),
            sent: AtomicU64::new(0),
            clock_offset_ms: Mutex::new(None),
        };
        transport
            .client(transport.address.scheme(), true)
            .map_err(|e| {
                Error::failed(format!(
                    "{}: there is nothing to check its certificate with",
                    transport.address
                ))
                .because(innermost(&e))
                .hint("--ca-file FILE names certificates to trust")
            })?;
        Ok(transport)
    }

    fn client(&self, scheme: &str, lists: bool) -> reqwest::Result<&Client> {
        let secure = scheme == "https";
        let place = &self.clients[2 * usize::from(secure) + usize::from(lists)];
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let mut builder = Client::builder()
            .user_agent(concat!("cronctl/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            // A token must not follow a redirect to another host, and a request that acts is sent
            // once: both are for us to decide.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_max_idle_per_host(if lists { IDLE_LISTS } else { IDLE_CONNECTIONS })
            .tcp_keepalive(Duration::from_secs(30))
            .connect_timeout(self.timeout.min(CONNECT));
        builder = if secure {
            builder.tls_certs_merge(self.certificates.iter().cloned())
        } else {
            builder.tls_certs_only([])
        };
        // Plain http is for this machine and the private network: no proxy gets to see a token.
        if !secure || self.address.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build()?;
        Ok(place.get_or_init(|| client))
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    pub(super) fn has_org(&self) -> bool {
        self.org.is_some()
    }

    /// How many requests were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn clock_offset_ms(&self) -> Option<i64> {
        *self
            .clock_offset_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the token in a text that came from outside.
    pub(super) fn redact(&self, text: &str) -> String {
        match &self.token {
            Some(token) => token.redact(text),
            None => text.to_owned(),
        }
    }

    /// Takes the token out of an error: no server gets to show it by repeating it.
    pub(super) fn clean(&self, mut error: Error) -> Error {
        let texts = std::iter::once(&mut error.message)
            .chain(&mut error.causes)
            .chain(&mut error.hints)
            .chain(&mut error.excerpt);
        for text in texts {
            *text = self.redact(text);
        }
        error
    }

    /// Sends one request, and reads its answer.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        self.send_to(call, None).await
    }

    /// Sends one request; an answer of 200 that an intake opens goes there.
    pub(super) async fn send_to(
        &self,
        call: &Call<'_>,
        intake: Option<&mut dyn Intake>,
    ) -> Result<Answer, Fault> {
        let mut request = self
            .request(call.method.clone(), call.url, intake.is_some())?
            .timeout(call.timeout);
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        if let Some(key) = call.key {
            request = request.header("Idempotency-Key", key);
        }
        if !call.admitted {
            let Admission(()) = self.admission().await;
        }
        let before = self.leaves();
        let response = request.send().await.map_err(|e| fault(&e))?;
        if self.address.same_origin(call.url) && call.method == Method::GET {
            self.read_clock(response.headers(), before, clock::now_ms());
        }
        let status = response.status();
        let headers = response.headers();
        let text = |name: HeaderName| {
            let value = String::from_utf8_lossy(headers.get(name)?.as_bytes());
            Some(value.into_owned())
        };
        let (content_type, location) = (text(CONTENT_TYPE), text(LOCATION));
        let retry_after_ms = retry_after_ms(headers);
        let html = content_type.as_deref().is_some_and(is_html);
        let intake = intake.filter(|_| status == StatusCode::OK && !html);
        let (body, taken) = body(response, call, intake).await?;
        Ok(Answer {
            status,
            content_type,
            retry_after_ms,
            location,
            body: String::from_utf8(body)
                .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
            taken,
        })
    }

    /// Opens a stream: the answer's head in time, its body for as long as it lasts.
    pub(super) async fn open(&self, url: &Url, headers: HeaderMap) -> Result<Response, Fault> {
        let request = self.request(Method::GET, url, false)?.headers(headers);
        let Admission(()) = self.admission().await;
        self.leaves();
        match tokio::time::timeout(self.timeout, request.send()).await {
            Ok(response) => response.map_err(|e| fault(&e)),
            Err(_) => Err(Fault {
                kind: FaultKind::Timeout,
                why: "the head of the answer did not come".to_owned(),
            }),
        }
    }

    /// Waits until the budget has room for one more request.
    pub(super) async fn admission(&self) -> Admission {
        if let Some(budget) = &self.budget {
            budget.wait().await;
        }
        Admission(())
    }

    /// The same, unless it had to be waited for.
    pub(super) fn try_admission(&self) -> Option<Admission> {
        let free = self.budget.as_ref().is_none_or(Budget::has_room);
        free.then_some(Admission(()))
    }

    /// Counts a request that leaves now. Returns the instant.
    fn leaves(&self) -> i64 {
        self.sent.fetch_add(1, Ordering::Relaxed);
        clock::now_ms()
    }

    fn request(&self, method: Method, url: &Url, list: bool) -> Result<RequestBuilder, Fault> {
        let client = self.client(url.scheme(), list).map_err(|e| Fault {
            kind: FaultKind::Client,
            why: innermost(&e),
        })?;
        let mut request = client.request(method, url.clone());
        if let Some(token) = &self.token
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(org) = &self.org
            && self.address.same_origin(url)
        {
            request = request.header("X-Molecule-Org-Id", org.clone());
        }
        Ok(request)
    }

    /// Compares the clocks: `Date` was written between the request and the answer.
    fn read_clock(&self, headers: &HeaderMap, before_ms: i64, after_ms: i64) {
        let Some(date_ms) = headers.get(DATE).and_then(http_date_ms) else {
            return;
        };
        let offset = offset_ms(date_ms, before_ms, after_ms);
        let mut known = self
            .clock_offset_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some(offset);
    }
}

/// The other clock less ours. `Date` leaves out the fraction of its second, so half of one is added.
fn offset_ms(date_ms: i64, before_ms: i64, after_ms: i64) -> i64 {
    let way = after_ms.saturating_sub(before_ms).max(0);
    let offset = date_ms
        .saturating_add(500)
        .saturating_sub(before_ms.saturating_add(way / 2));
    if offset.abs() <= CLOCK_SLACK_MS.max(way / 2 + 1_000) {
        0
    } else {
        offset
    }
}

fn http_date_ms(value: &HeaderValue) -> Option<i64> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    let instant = parser.parse_timestamp(value.to_str().ok()?.trim()).ok()?;
    Some(instant.as_millisecond())
}

/// `Retry-After`: seconds, or an instant by the server's own clock where it says its `Date`.
fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let value = headers.get(RETRY_AFTER)?;
    if let Ok(seconds) = value.to_str().ok()?.trim().parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    let until = http_date_ms(value)?;
    let now = headers
        .get(DATE)
        .and_then(http_date_ms)
        .unwrap_or_else(clock::now_ms);
    Some(until.saturating_sub(now).max(0))
}

/// The request budget: as many at once as in a minute, then at that rate, first come first served.
#[derive(Debug)]
struct Budget {
    limiter: DefaultDirectRateLimiter,
    queue: tokio::sync::Mutex<()>,
}

impl Budget {
    fn new(per_minute: NonZeroU32) -> Self {
        Self {
            limiter: RateLimiter::direct(Quota::per_minute(per_minute)),
            queue: tokio::sync::Mutex::new(()),
        }
    }

    async fn wait(&self) {
        let _first = self.queue.lock().await;
        self.limiter.until_ready().await;
    }

    /// Takes room for a request where there is some, and nobody waits for it.
    fn has_room(&self) -> bool {
        self.queue
            .try_lock()
            .is_ok_and(|_first| self.limiter.check().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_within_what_a_date_can_tell_agree() {
        for (date, before, after, offset) in [
            (1_000_000, 1_000_400, 1_000_600, 0),
            (1_000_000, 1_002_300, 1_002_500, 0),
            (1_000_000, 1_600_400, 1_600_600, -600_000),
            (1_600_000, 1_000_400, 1_000_600, 600_000),
            // A slow answer tells less.
            (1_000_000, 1_000_000, 1_020_000, 0),
            (1_600_000, 1_000_000, 1_020_000, 590_500),
            (i64::MAX, i64::MIN, i64::MIN, i64::MAX),
        ] {
            assert_eq!(offset_ms(date, before, after), offset, "{date} {before}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_an_instant() {
        let read = |retry: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(retry).unwrap());
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_str(date).unwrap());
            }
            retry_after_ms(&headers)
        };
        let date = Some("Fri, 22 May 2026 22:47:42 GMT");
        assert_eq!(read("30", None), Some(30_000));
        assert_eq!(read(" 0 ", None), Some(0));
        assert_eq!(read("Fri, 22 May 2026 22:48:12 GMT", date), Some(30_000));
        assert_eq!(read("Fri, 22 May 2026 22:47:00 GMT", date), Some(0));
        for text in ["soon", "-1", "99999999999999", ""] {
            assert_eq!(read(text, date), None, "{text}");
        }
    }
}
