//! The sandbox: a Molecule platform on loopback whose workspaces behave as told.
//!
//! `world` is a simulation without I/O: a function of scenario and time. `server` shows it over HTTP.

#[cfg(test)]
mod reno;
mod scenario;
mod server;
mod world;

use crate::error::Error;
use crate::molecule::Token;

pub use scenario::{SCENARIOS, Scenario, built_in};
pub use world::World;

/// How to run it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The scenario as TOML text; `None` for the built-in one.
    pub scenario: Option<String>,
    /// The port; 0 for any free one.
    pub port: u16,
    /// `GET /admin/turns` is there; `None`: as the scenario says.
    pub turns_route: Option<bool>,
    /// Every answer is held back for this long, milliseconds.
    pub latency_ms: u64,
    /// The share of requests answered with 503, 0 to 1.
    pub fail: f64,
    /// How many seconds pass in it per second; 1 is real time, 0 stands still.
    pub speed: f64,
    /// When it starts, epoch milliseconds; `None`: as the scenario says, else now.
    pub start_ms: Option<i64>,
}

/// A running sandbox; stops when dropped.
#[derive(Debug)]
pub struct Running {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The admin token that it accepts.
    pub token: Token,
    /// The inbound secret that every adapter of it accepts.
    pub secret: Token,
    /// The instant at which it started, epoch milliseconds by its own clock.
    pub start_ms: i64,
    /// How many workspaces it has.
    pub workspaces: usize,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Waits until it ends by itself.
    pub async fn ended(&mut self) {
        (&mut self.task).await.ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The scenario of `--demo`: incident 2 among healthy, unsteerable and unknown turns.
pub const DEMO: &str = include_str!("scenarios/demo.toml");

/// Starts it on 127.0.0.1.
///
/// # Errors
/// When the scenario is wrong, or the port is taken.
pub async fn start(options: Options) -> Result<Running, Error> {
    let text = options.scenario.as_deref().unwrap_or(DEMO);
    start_scenario(&Scenario::parse("scenario", text)?, &options).await
}

/// Starts a scenario that is read already; [`Options::scenario`] is not looked at.
///
/// # Errors
/// When an option is out of range, a schedule of it is refused, or the port is taken.
pub async fn start_scenario(scenario: &Scenario, options: &Options) -> Result<Running, Error> {
    server::check(options)?;
    server::serve(scenario, options).await
}
