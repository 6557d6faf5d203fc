//! The next bursts, counting down.

use clap::Args;

use super::args::PlanArgs;
use crate::context::Context;
use crate::error::{Error, Exit};

/// `--watch`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct WatchArgs {
    /// Whether to keep looking.
    #[arg(skip)]
    pub watch: bool,
}

/// Shows the next bursts until told to stop.
///
/// # Errors
/// When the options contradict each other, or no source can be read.
pub(super) fn run(_args: &PlanArgs, _ctx: &Context) -> Result<Exit, Error> {
    Err(Error::failed("not there yet"))
}
