//! One way of failing: what happened, where, why, and what to do next.

use std::time::Duration;

use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;

use super::fault::{Fault, FaultKind};
use super::intake::is_html;
use super::transport::{Answer, Transport};
use crate::error::{Error, Exit};
use crate::secrets::without_bearers;
use crate::ui::escape;
use crate::when;

/// Texts of a server are shown up to here.
const SHOWN: usize = 120;

/// Says why no answer came.
pub(super) fn broken(
    transport: &Transport,
    method: &Method,
    url: &Url,
    timeout: Duration,
    fault: &Fault,
    tries: u32,
) -> Error {
    let limit = when::duration(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
    let host = url.host_str().unwrap_or_default();
    let (what, hint) = match fault.kind {
        FaultKind::Name => (
            format!("the name {host:?} has no address"),
            Some("is it spelled right, and is there a network?".to_owned()),
        ),
        FaultKind::Connection => (
            "no connection".to_owned(),
            Some("does the platform listen there?".to_owned()),
        ),
        FaultKind::Tls { certificate: true } => (
            "its TLS certificate is not trusted".to_owned(),
            Some("--ca-file FILE trusts the authority that signed it".to_owned()),
        ),
        FaultKind::Tls { certificate: false } => (
            "no TLS connection".to_owned(),
            Some("is it http:// there? --ca-file FILE trusts another authority".to_owned()),
        ),
        FaultKind::ConnectTimeout => (
            "no connection in time".to_owned(),
            Some("is the way there open, and does the platform listen there?".to_owned()),
        ),
        FaultKind::Timeout => (
            format!("no whole answer within {limit}"),
            Some("--timeout DURATION waits longer".to_owned()),
        ),
        FaultKind::Broken => ("the connection broke off".to_owned(), None),
        FaultKind::TooLong(limit) => (
            format!("the answer is longer than {}", size(limit)),
            Some("is that the address of a platform?".to_owned()),
        ),
        FaultKind::Client => ("nothing was sent".to_owned(), None),
    };
    let exit = match fault.kind {
        FaultKind::Tls { .. } | FaultKind::TooLong(_) | FaultKind::Client => Exit::Failed,
        _ => Exit::Unavailable,
    };
    let mut error = Error::failed(format!("{method} {url}: {what}")).because(&fault.why);
    error.exit = exit;
    if tries > 1 {
        error = error.because(format_args!("tried {tries} times"));
    }
    transport.clean(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

/// Says why an answer is none that helps.
pub(super) fn refused(
    transport: &Transport,
    method: &Method,
    url: &Url,
    answer: &Answer,
    tries: u32,
) -> Error {
    // Before anything is cut out of it: half a token is still one too much.
    let answer = &Answer {
        body: transport.redact(&answer.body),
        ..answer.clone()
    };
    let status = answer.status;
    let said = Said::of(answer);
    let here = |what: &str| Error::failed(format!("{method} {url}: {what}"));
    let mut error = match status.as_u16() {
        401 | 403 => {
            let (who, hint) = match transport.token() {
                Some(token) => (
                    format!("the token is not accepted ({})", token.origin()),
                    "a list of workspaces and turns needs an admin or organisation token",
                ),
                None => (
                    "a token is needed".to_owned(),
                    "give one with --token-file FILE, or in the variable CRONCTL_TOKEN",
                ),
            };
            let mut error = here(&format!("{status}: {who}")).hint(hint);
            error.exit = Exit::Refused;
            error
        }
        404 if answer.is_tenant_guard() => {
            let which = if transport.has_org() {
                "wrong"
            } else {
                "missing"
            };
            let mut error = here("404 with an empty body: the platform's tenant guard")
                .because(format_args!("the header X-Molecule-Org-Id is {which}"))
                .hint("--org UUID names the organisation");
            error.exit = Exit::Refused;
            error
        }
        404 | 200..=299 if answer.is_html() => here(&status.to_string())
            .because("it answered HTML, not JSON")
            .hint("is that the address of the canvas? The platform's own is needed"),
        404 => here(&status.to_string()).hint("is that the address of a Molecule platform?"),
        410 => here("the workspace was removed"),
        429 => unavailable(here("429: too many requests"))
            .hint("--rate-limit N keeps to N requests a minute"),
        503 if said.code.as_deref() == Some("platform_unavailable") => {
            unavailable(here("503: the platform's own data store is unavailable"))
        }
        500..=599 => unavailable(here(&status.to_string())),
        _ => here(&status.to_string()),
    };
    if let Some(text) = said.text {
        error = error.because(text);
    }
    if tries > 1 {
        error = error.because(format_args!("tried {tries} times"));
    }
    transport.clean(error)
}

/// Says why the text of an answer could not be understood.
pub(super) fn garbled(
    transport: &Transport,
    method: &Method,
    url: &Url,
    answer: &Answer,
    why: &str,
) -> Error {
    if answer.is_html() {
        return refused(transport, method, url, answer, 1);
    }
    // What is no JSON at all is said with its place.
    let why = match serde_json::from_str::<serde::de::IgnoredAny>(&answer.body) {
        // Of what was taken while it arrived, only the beginning is there.
        Err(e) if answer.taken.is_none() => format!("it is no JSON: {e}"),
        _ => escape(why).into_owned(),
    };
    let error = Error::failed(format!("{method} {url}: the answer cannot be understood"))
        .because(why)
        .because(match shown(&transport.redact(&answer.body)) {
            Some(text) => format!("it begins: {text}"),
            None => "it is empty".to_owned(),
        })
        .hint("is that the address of a Molecule platform?");
    transport.clean(error)
}

fn unavailable(mut error: Error) -> Error {
    error.exit = Exit::Unavailable;
    error
}

impl Answer {
    /// A bare 404 with an empty body: a tenant's platform that was not told the right organisation.
    pub(super) fn is_tenant_guard(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.body.is_empty()
    }

    pub(super) fn is_html(&self) -> bool {
        self.content_type.as_deref().is_some_and(is_html) || self.body.trim_start().starts_with('<')
    }
}

/// What a server says of its refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(rename = "error")]
    text: Option<String>,
    code: Option<String>,
}

impl Said {
    fn of(answer: &Answer) -> Self {
        if answer.is_html() {
            return Self::default();
        }
        let said: Option<Self> = serde_json::from_str(&answer.body).ok();
        let said = said.unwrap_or_default();
        Self {
            text: said
                .text
                .map_or_else(|| shown(&answer.body), |text| shown(&text)),
            code: said.code,
        }
    }
}

/// The beginning of a server's text; `None` when it is blank.
fn shown(text: &str) -> Option<String> {
    let text = text.trim();
    // Before it is cut: half a secret is one, too.
    let text = &*without_bearers(text);
    let beginning: String = text.chars().take(SHOWN).collect();
    let more = if beginning.len() < text.len() {
        "…"
    } else {
        ""
    };
    (!text.is_empty()).then(|| format!("{}{more}", escape(&beginning)))
}

fn size(bytes: usize) -> String {
    match bytes {
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b => format!("{b} bytes"),
    }
}
