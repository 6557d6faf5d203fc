//! OpenClaw state directories, read offline: where things are, configuration, cron store, run history.
//!
//! Nothing here writes, locks or creates a file beside the state, so it is safe while a gateway runs.

pub mod config;
pub mod discover;
pub mod gateway;
pub mod gateway_log;
pub mod history;
pub mod installed;
pub mod keys;
mod loose;
pub mod models;
pub mod running;
pub mod sessions;
pub mod snapshot;
pub mod state;
pub mod store;
pub mod version;

pub use state::Want;
pub use version::Confidence;
