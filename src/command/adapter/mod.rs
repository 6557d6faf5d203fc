//! `cronctl adapter check`: does an adapter honour the checkpoint contract?

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::error::{Error, Exit};

/// Adapters and their contract.
#[derive(Args, Clone, Debug)]
pub struct AdapterArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: AdapterAction,
}

/// What to do with an adapter.
#[derive(Clone, Debug, Subcommand)]
pub enum AdapterAction {
    /// Try the checkpoint contract on an adapter, clause by clause
    Check(CheckArgs),
}

/// The adapter to check.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckArgs {}

/// Runs `cronctl adapter`.
///
/// # Errors
/// When the adapter cannot be reached.
pub fn run(_args: &AdapterArgs, _ctx: &Context) -> Result<Exit, Error> {
    unimplemented!()
}
