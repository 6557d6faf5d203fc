//! The client: one connection pool, one request budget, one way of failing.

use super::args::Settings;
use crate::checkpoint::{Body, Reply};
use crate::error::Error;
use crate::molecule::Token;
use crate::turn::{Activity, CeilingSetting, Schedule, TurnsRoute, Workspace};

/// A platform to talk to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform {
    settings: std::sync::Arc<Settings>,
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

/// A request whose every part its sender chooses: for trying a contract out, wrong secrets and
/// broken bodies included.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// `Authorization: Bearer`; `None` sends none.
    pub bearer: Option<Token>,
    /// Other headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as it is.
    pub body: Option<String>,
    /// How long the answer may take, milliseconds.
    pub timeout_ms: i64,
}

impl Platform {
    /// Prepares a client. Connects to nothing yet.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self {
            settings: std::sync::Arc::new(settings),
        })
    }

    /// What it was made from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// `GET /workspaces`.
    ///
    /// # Errors
    /// When there is no usable answer: exit 4 for what may pass, 6 for a refusal, 1 for what is no platform.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, Error> {
        unimplemented!()
    }

    /// `GET /workspaces/:id`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn workspace(&self, _id: &str) -> Result<Workspace, Error> {
        unimplemented!()
    }

    /// `GET /admin/turns?status=in_flight`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`]; a platform without the route is no error.
    pub async fn turns(&self) -> Result<TurnsRoute, Error> {
        unimplemented!()
    }

    /// `GET /workspaces/:id/activity`, newest first.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn activity(&self, _id: &str, _limit: u32) -> Result<Vec<Activity>, Error> {
        unimplemented!()
    }

    /// `GET /workspaces/:id/config`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn ceiling(&self, _id: &str) -> Result<CeilingSetting, Error> {
        unimplemented!()
    }

    /// `GET /workspaces/:id/schedules`.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn schedules(&self, _id: &str) -> Result<Vec<Schedule>, Error> {
        unimplemented!()
    }

    /// The address to which a checkpoint of a workspace goes: the platform's path, or the adapter's
    /// own `/control/checkpoint`.
    ///
    /// # Errors
    /// When the adapter's address is not known or not usable.
    pub fn checkpoint_url(&self, _id: &str, _adapter: Option<&str>) -> Result<String, Error> {
        unimplemented!()
    }

    /// `POST` of a checkpoint, once, to an address of [`Platform::checkpoint_url`]. The token goes
    /// to the platform's own host only, or to an adapter with `--via adapter` as its inbound secret.
    pub async fn checkpoint(&self, _url: &str, _body: &Body) -> Reply {
        unimplemented!()
    }

    /// `POST /workspaces/:id/restart`, once.
    pub async fn restart(&self, _id: &str) -> Reply {
        unimplemented!()
    }

    /// `POST /workspaces/:id/activity`, once.
    ///
    /// # Errors
    /// As [`Platform::workspaces`].
    pub async fn report(&self, _id: &str, _report: &Report) -> Result<(), Error> {
        unimplemented!()
    }

    /// Sends a request as it is given, once: no token but its own, no redirect, no rate limit. The
    /// answer is bounded in size like every other.
    pub async fn call(&self, _call: &Call) -> Reply {
        unimplemented!()
    }

    /// The platform's clock less ours in milliseconds, from the `Date` of its last answer; to a
    /// second. `None` before the first.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        None
    }

    /// How many requests were sent, retries included.
    pub fn requests(&self) -> u64 {
        0
    }

    /// What is worth saying once: fields that were missing, rows that were left out, a list that was
    /// cut. Empties what it returns.
    pub fn take_notes(&self) -> Vec<String> {
        Vec::new()
    }
}
