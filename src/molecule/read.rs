//! Reads: tried again when that may help, redirected on the same server only.

use std::time::Duration;

use reqwest::{Method, StatusCode, Url};

use super::failure;
use super::intake::Intake;
use super::transport::{Answer, Call, Transport};
use crate::checkpoint::backoff_ms;
use crate::error::Error;

/// An answer to a read that is held whole is not read further than this.
const READ_LIMIT: usize = 64 << 20;

/// How often a read is tried.
const TRIES: u32 = 3;

/// How many redirects of a read are followed, on the same server only.
const REDIRECTS: usize = 5;

/// The pause after a failed try is between 0 and this, then twice this.
const PAUSE_MS: i64 = 250;
const PAUSE_MAX_MS: i64 = 5_000;

/// A server that asks to wait longer is asked again after this.
const RETRY_AFTER_MAX_MS: i64 = 60_000;

impl Transport {
    /// The address of a path of the platform.
    pub(super) fn url(&self, path: &str) -> Result<Url, Error> {
        let url = self.address.join(path);
        Url::parse(&url).map_err(|e| Error::failed(format!("{url}: no address")).because(e))
    }

    /// Reads a path: redirects on the same server are followed.
    pub(super) async fn read(&self, path: &str) -> Result<(Url, Answer), Error> {
        self.read_to(path, None).await
    }

    /// Reads a path; an answer of 200 that an intake opens goes there while it arrives.
    pub(super) async fn read_to(
        &self,
        path: &str,
        mut intake: Option<&mut dyn Intake>,
    ) -> Result<(Url, Answer), Error> {
        let mut url = self.url(path)?;
        let mut seen = vec![url.clone()];
        loop {
            let answer = self.try_read(&url, again(&mut intake)).await?;
            if !answer.status.is_redirection() {
                return Ok((url, answer));
            }
            url = self.redirected(&url, &answer, &mut seen)?;
        }
    }

    fn redirected(&self, url: &Url, answer: &Answer, seen: &mut Vec<Url>) -> Result<Url, Error> {
        let fail = |what: &str| {
            let error = Error::failed(format!("GET {url}: {}, {what}", answer.status));
            self.clean(error.hint("is that the address of a Molecule platform?"))
        };
        let Some(location) = &answer.location else {
            return Err(fail("which does not say where to"));
        };
        let Ok(to) = url.join(location) else {
            return Err(fail(&format!("to {location:?}, which is no address")));
        };
        if !self.address.same_origin(&to) {
            let mut bare = to.clone();
            // What another server puts there is not repeated.
            bare.set_username("").ok();
            bare.set_password(None).ok();
            return Err(fail(&format!(
                "to another server: {bare}. The token is not sent there"
            )));
        }
        let looped = seen.contains(&to);
        seen.push(to.clone());
        if looped {
            let way: Vec<_> = seen.iter().map(Url::as_str).collect();
            return Err(fail(&format!("in a loop: {}", way.join(" → "))));
        }
        if seen.len() > REDIRECTS + 1 {
            return Err(fail(&format!("the {}th in a row", REDIRECTS + 1)));
        }
        Ok(to)
    }

    /// Reads an address: what may pass is tried again, with full jitter between.
    async fn try_read(
        &self,
        url: &Url,
        mut intake: Option<&mut dyn Intake>,
    ) -> Result<Answer, Error> {
        let call = Call {
            method: Method::GET,
            url,
            body: None,
            key: None,
            limit: READ_LIMIT,
            whole: true,
            timeout: self.timeout(),
            admitted: false,
        };
        let mut tried = 0;
        loop {
            tried += 1;
            let retry_after_ms = match self.send_to(&call, again(&mut intake)).await {
                Ok(answer) if tried < TRIES && may_pass(answer.status) => answer.retry_after_ms,
                Ok(answer) => return Ok(answer),
                Err(fault) if tried < TRIES && fault.may_pass() => None,
                Err(fault) => {
                    return Err(failure::broken(
                        self,
                        &Method::GET,
                        url,
                        call.timeout,
                        &fault,
                        tried,
                    ));
                }
            };
            // No two requests of any two processes pause alike.
            let seed = format!("{url} {} {}", std::process::id(), self.sent());
            let pause = backoff_ms(PAUSE_MS, PAUSE_MAX_MS, tried - 1, &seed)
                + retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MAX_MS);
            let pause = Duration::from_millis(u64::try_from(pause).unwrap_or(0));
            tokio::time::sleep(pause).await;
        }
    }
}

/// Lends an intake for one more request.
fn again<'i>(intake: &'i mut Option<&mut dyn Intake>) -> Option<&'i mut dyn Intake> {
    match intake {
        Some(intake) => Some(&mut **intake),
        None => None,
    }
}

/// Whether the same read may do better in a moment.
fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// How often a read was tried that ended with this status.
pub(super) fn tries(status: StatusCode) -> u32 {
    if may_pass(status) { TRIES } else { 1 }
}
