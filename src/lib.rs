//! cronctl explains, plans and frees the cron jobs of agent gateways, offline.
//!
//! Dependencies point one way: the binary calls [`run`], which parses ([`cli`]), gathers what a
//! command may know ([`context`]) and dispatches to one file per command ([`command`]). Commands
//! read through the edges ([`openclaw`], [`source`], [`files`], [`zones`]) and compute with the pure
//! core ([`schedule`], [`plan`], [`job`]), which does no I/O, asks no clock and prints nothing.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod context;
pub mod env;
pub mod error;
pub mod files;
pub mod job;
pub mod manual;
pub mod openclaw;
pub mod plan;
pub mod report;
pub mod schedule;
pub mod source;
pub mod ui;
pub mod when;
pub mod zones;

use std::process::ExitCode;

/// Runs the command line of this process and returns its exit code.
pub fn run() -> ExitCode {
    cli::main(&env::Env::of_process())
}
