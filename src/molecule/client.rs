//! The client: the routes of a platform, and what their answers mean.

mod lists;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode, Url};

use super::address::{self, Address};
use super::args::Settings;
use super::failure;
use super::read;
use super::transport::{Admission, Answer, Call, Transport};
use crate::checkpoint::{Body, Reply, checkpoint_path};
use crate::error::Error;
use crate::turn::{
    Activity, CeilingSetting, Parsed, Schedule, TurnsRoute, Workspace, parse_activity,
    parse_config, parse_schedules, parse_workspaces,
};

/// An answer to a request that acts is not read further than this.
const ACT_LIMIT: usize = 1 << 20;

/// The platform gives at most so many rows of activity.
const ACTIVITY_LIMIT: u32 = 500;

/// What stands for itself in a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A platform to talk to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    transport: Transport,
    notes: Mutex<Notes>,
    /// How many turns to ask for, once that is known.
    turns_limit: OnceLock<u64>,
}

/// What is worth saying, each once.
#[derive(Debug, Default)]
struct Notes {
    said: BTreeSet<String>,
    new: Vec<String>,
}

/// What `--report` writes to a workspace's activity log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One line: `Checkpoint refused: not steerable`.
    pub summary: String,
    /// `error` or `ok`.
    pub status: &'static str,
    /// The cause, in words.
    pub error_detail: Option<String>,
    /// Anything structured that helps the reader.
    pub request_body: serde_json::Value,
}

impl Platform {
    /// Prepares a client. Connects to nothing yet.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let transport = Transport::new(&settings)?;
        let notes = Notes {
            new: settings.notes.clone(),
            ..Notes::default()
        };
        Ok(Self {
            inner: Arc::new(Inner {
                settings,
                transport,
                notes: Mutex::new(notes),
                turns_limit: OnceLock::new(),
            }),
        })
    }

    /// What it was made from.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// `GET /workspaces`.
    ///
    /// # Errors
    /// When there is no usable answer: exit 4 for what may pass, 6 for a refusal, 1 for what is no platform.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, Error> {
        let parsed = self.list_workspaces(None).await?;
        Ok(self.with_left_out("GET /workspaces", parsed))
    }

    /// `GET /workspaces/:id`. A workspace that was removed has the status `removed` and nothing else.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn workspace(&self, id: &str) -> Result<Workspace, Error> {
        let path = workspace_path(id, "")?;
        let (url, answer) = self.transport().read(&path).await?;
        if answer.status == StatusCode::GONE {
            return Ok(Workspace {
                id: id.to_owned(),
                status: Some("removed".to_owned()),
                ..Workspace::default()
            });
        }
        let (url, answer) = self.accept(url, answer)?;
        // Read as a list of one, so that the same fields are looked for.
        let one = |text: &str| parse_workspaces(&format!("[{text}]"));
        let parsed = self.understand("GET /workspaces/:id", &url, &answer, one)?;
        let why = parsed.unusable.first().cloned();
        parsed.value.into_iter().next().ok_or_else(|| {
            let why = why.unwrap_or_else(|| "there is no workspace in it".to_owned());
            failure::garbled(self.transport(), &Method::GET, &url, &answer, &why)
        })
    }

    /// `GET /admin/turns?status=in_flight`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`]; a platform without the route is no error.
    pub async fn turns(&self) -> Result<TurnsRoute, Error> {
        let (parsed, _) = self.list_turns(None).await?;
        Ok(self.with_left_out("GET /admin/turns", parsed))
    }

    /// `GET /workspaces/:id/activity`, newest first, at most 500 rows.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn activity(&self, id: &str, limit: u32) -> Result<Vec<Activity>, Error> {
        let parsed = self.list_activity(id, limit).await?;
        Ok(self.with_left_out("GET /workspaces/:id/activity", parsed))
    }

    pub(super) async fn list_activity(
        &self,
        id: &str,
        limit: u32,
    ) -> Result<Parsed<Vec<Activity>>, Error> {
        let limit = limit.min(ACTIVITY_LIMIT);
        let path = workspace_path(id, &format!("/activity?limit={limit}"))?;
        let (url, answer) = self.get(&path).await?;
        self.understand(
            "GET /workspaces/:id/activity",
            &url,
            &answer,
            parse_activity,
        )
    }

    /// `GET /workspaces/:id/config`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn ceiling(&self, id: &str) -> Result<CeilingSetting, Error> {
        let (url, answer) = self.get(&workspace_path(id, "/config")?).await?;
        parse_config(&answer.body)
            .map_err(|why| failure::garbled(self.transport(), &Method::GET, &url, &answer, &why))
    }

    /// `GET /workspaces/:id/schedules`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn schedules(&self, id: &str) -> Result<Vec<Schedule>, Error> {
        let parsed = self.list_schedules(id).await?;
        Ok(self.with_left_out("GET /workspaces/:id/schedules", parsed))
    }

    pub(super) async fn list_schedules(&self, id: &str) -> Result<Parsed<Vec<Schedule>>, Error> {
        let (url, answer) = self.get(&workspace_path(id, "/schedules")?).await?;
        let route = "GET /workspaces/:id/schedules";
        self.understand(route, &url, &answer, parse_schedules)
    }

    /// The address to which a checkpoint of a workspace goes: the platform's path, or the adapter's
    /// own `/control/checkpoint`.
    ///
    /// An adapter expects its inbound secret as the bearer: it comes from the same place as the
    /// platform's token (`--token-file`, `CRONCTL_TOKEN`).
    ///
    /// # Errors
    /// When the adapter's address is not known or not usable, or the token would go to it over plain
    /// http to another machine.
    pub fn checkpoint_url(&self, id: &str, adapter: Option<&str>) -> Result<String, Error> {
        let url = if let Some(text) = adapter {
            self.adapter(text)?.join("/control/checkpoint")
        } else {
            check_id(id)?;
            let template = &self.settings().checkpoint_path;
            let path = checkpoint_path(template, id)
                .map_err(|why| Error::usage(format!("the path of a checkpoint: {why}")))?;
            self.transport().address.join(&path)
        };
        Url::parse(&url).map_err(|e| Error::failed(format!("{url}: no address")).because(e))?;
        Ok(url)
    }

    /// The token may go to an address that the platform names for an adapter.
    fn adapter(&self, text: &str) -> Result<Address, Error> {
        let address = address::parse(text).map_err(|wrong| {
            Error::failed(format!(
                "the adapter's address cannot be used: {}",
                wrong.why
            ))
            .hint("--via platform lets the platform forward the request")
        })?;
        let settings = self.settings();
        let exposed = address.scheme() == "http" && !address.is_loopback();
        if exposed && settings.token.is_some() && !settings.insecure_http {
            return Err(Error::usage(format!(
                "{address}: the secret would go over plain http to another machine"
            ))
            .hint("say --insecure-http where the way there is safe, or use --via platform"));
        }
        Ok(address)
    }

    /// Waits until one more request may be sent (`--rate-limit`). What acts waits first, and looks then
    /// whether it is still to be sent.
    pub async fn admission(&self) -> Admission {
        self.transport().admission().await
    }

    /// The same, unless it had to be waited for.
    pub fn try_admission(&self) -> Option<Admission> {
        self.transport().try_admission()
    }

    /// `POST` of a checkpoint, once, to an address of [`Platform::checkpoint_url`]. The token goes
    /// to the platform's own host only, or to an adapter with `--via adapter` as its inbound secret.
    ///
    /// The answer may come only when the turn was saved, so it is waited for longer by the grace.
    pub async fn checkpoint(&self, url: &str, body: &Body, admission: Admission) -> Reply {
        let grace = u64::try_from(body.drain_seconds).unwrap_or(0);
        let timeout = self.transport().timeout() + Duration::from_secs(grace);
        let text = serde_json::to_string(body);
        match (Url::parse(url), text) {
            (Ok(url), Ok(text)) => {
                let key = Some(&*body.request_id);
                self.attempt(&url, Some(text), key, timeout, Some(admission))
                    .await
            }
            (Err(e), _) => not_sent(&e),
            (_, Err(e)) => not_sent(&e),
        }
    }

    /// `POST /workspaces/:id/restart`, once.
    pub async fn restart(&self, id: &str, admission: Admission) -> Reply {
        let url = workspace_path(id, "/restart").and_then(|path| self.transport().url(&path));
        match url {
            Ok(url) => {
                let timeout = self.transport().timeout();
                let body = Some("{}".to_owned());
                self.attempt(&url, body, None, timeout, Some(admission))
                    .await
            }
            Err(e) => not_sent(&e),
        }
    }

    /// `POST /workspaces/:id/activity`, once. The platform answers before the row is written, so
    /// success says that it took it, not that it kept it.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn report(&self, id: &str, report: &Report) -> Result<(), Error> {
        let url = self.transport().url(&workspace_path(id, "/activity")?)?;
        let body = serde_json::json!({
            "activity_type": if report.status == "error" { "error" } else { "agent_log" },
            "method": "control/checkpoint",
            "summary": report.summary,
            "status": report.status,
            "error_detail": report.error_detail,
            "request_body": report.request_body,
        });
        let call = Call {
            method: Method::POST,
            url: &url,
            body: Some(body.to_string()),
            key: None,
            limit: ACT_LIMIT,
            whole: false,
            timeout: self.transport().timeout(),
            admitted: false,
        };
        let answer = self.transport().send(&call).await.map_err(|e| {
            failure::broken(self.transport(), &Method::POST, &url, call.timeout, &e, 1)
        })?;
        if answer.status.is_success() && !answer.is_html() {
            return Ok(());
        }
        Err(failure::refused(
            self.transport(),
            &Method::POST,
            &url,
            &answer,
            1,
        ))
    }

    /// The platform's clock less ours in milliseconds, from the `Date` of its last answer; to a
    /// second. `None` before the first.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.transport().clock_offset_ms()
    }

    /// How many requests were sent, retries included.
    pub fn requests(&self) -> u64 {
        self.transport().sent()
    }

    /// What is worth saying once: fields that were missing, rows that were left out, a list that was
    /// cut. Empties what it returns.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes().new)
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(super) fn note(&self, note: String) {
        let mut notes = self.notes();
        if notes.said.insert(note.clone()) {
            notes.new.push(note);
        }
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        let notes = self.inner.notes.lock();
        notes.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request as its sender made it, broken ones included: once, a `POST` where it has a body,
    /// else a `GET`. For trying a contract out.
    pub async fn once(
        &self,
        url: &str,
        body: Option<String>,
        key: Option<&str>,
        timeout: Duration,
    ) -> Reply {
        match Url::parse(url) {
            Ok(url) => self.attempt(&url, body, key, timeout, None).await,
            Err(e) => not_sent(&e),
        }
    }

    /// Sends a request once, whatever comes of it.
    async fn attempt(
        &self,
        url: &Url,
        body: Option<String>,
        key: Option<&str>,
        timeout: Duration,
        admission: Option<Admission>,
    ) -> Reply {
        let method = if body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let call = Call {
            method: method.clone(),
            url,
            body,
            key,
            limit: ACT_LIMIT,
            whole: false,
            timeout,
            admitted: admission.is_some(),
        };
        match self.transport().send(&call).await {
            Ok(answer) => Reply::Http {
                status: answer.status.as_u16(),
                content_type: answer.content_type,
                retry_after_ms: answer.retry_after_ms,
                body: self.transport().redact(&answer.body),
            },
            Err(fault) => {
                let error = failure::broken(self.transport(), &method, url, timeout, &fault, 1);
                Reply::Broken {
                    why: error.in_one_line(),
                    sent: fault.sent(),
                }
            }
        }
    }

    /// Reads a path, and takes nothing but a success.
    async fn get(&self, path: &str) -> Result<(Url, Answer), Error> {
        let (url, answer) = self.transport().read(path).await?;
        self.accept(url, answer)
    }

    fn accept(&self, url: Url, answer: Answer) -> Result<(Url, Answer), Error> {
        if answer.status == StatusCode::OK && !answer.is_html() {
            return Ok((url, answer));
        }
        let tries = read::tries(answer.status);
        Err(failure::refused(
            self.transport(),
            &Method::GET,
            &url,
            &answer,
            tries,
        ))
    }

    fn understand<T>(
        &self,
        route: &str,
        url: &Url,
        answer: &Answer,
        parse: impl Fn(&str) -> Result<Parsed<T>, String>,
    ) -> Result<Parsed<T>, Error> {
        self.understood(route, url, answer, parse(&answer.body))
    }

    fn understood<T>(
        &self,
        route: &str,
        url: &Url,
        answer: &Answer,
        parsed: Result<Parsed<T>, String>,
    ) -> Result<Parsed<T>, Error> {
        let parsed = parsed
            .map_err(|why| failure::garbled(self.transport(), &Method::GET, url, answer, &why))?;
        for field in &parsed.missing {
            self.note(format!("{route}: no row has {field}"));
        }
        Ok(parsed)
    }

    fn with_left_out<T>(&self, route: &str, parsed: Parsed<T>) -> T {
        if let Some(first) = parsed.unusable.first() {
            let text = match parsed.unusable.len() + parsed.unnamed {
                1 => format!("{route}: a row was left out: {first}"),
                n => format!("{route}: {n} rows were left out, the first: {first}"),
            };
            self.note(self.transport().redact(&text));
        }
        parsed.value
    }
}

fn not_sent(why: &dyn std::fmt::Display) -> Reply {
    Reply::Broken {
        why: why.to_string(),
        sent: false,
    }
}

/// `/workspaces/:id` and what follows.
pub(super) fn workspace_path(id: &str, rest: &str) -> Result<String, Error> {
    check_id(id)?;
    let id = utf8_percent_encode(id, UNRESERVED);
    Ok(format!("/workspaces/{id}{rest}"))
}

/// An id becomes one segment of a path; encoded or not, dots would leave it.
fn check_id(id: &str) -> Result<(), Error> {
    if matches!(id, "" | "." | "..") {
        return Err(Error::failed(format!("{id:?} is no id of a workspace")));
    }
    Ok(())
}
