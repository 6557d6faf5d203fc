//! What a restarted gateway does with the jobs that it missed.

use clap::Args;

use super::args::PlanArgs;
use super::given::Given;
use crate::context::Context;
use crate::error::{Error, Exit};

/// `--restart-at`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct RestartArgs {}

impl RestartArgs {
    /// Whether a restart is asked for instead of a plan.
    pub(super) fn is_asked(&self) -> bool {
        false
    }
}

/// Foresees the restart and prints it.
///
/// # Errors
/// When the options contradict each other.
pub(super) fn run(_args: &PlanArgs, _ctx: &Context, _given: &Given) -> Result<Exit, Error> {
    Err(Error::failed("not there yet"))
}
