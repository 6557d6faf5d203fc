//! Changes to the jobs that realise a plan: printed, never applied.

use clap::Args;

use super::args::PlanArgs;
use super::given::Given;
use crate::context::Context;
use crate::error::{Error, Exit};

/// `--suggest`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct SuggestArgs {
    /// Whether changes are asked for.
    #[arg(skip)]
    pub suggest: bool,
}

/// Computes the changes and prints them.
///
/// # Errors
/// When the options contradict each other.
pub(super) fn run(_args: &PlanArgs, _ctx: &Context, _given: &Given) -> Result<Exit, Error> {
    Err(Error::failed("not there yet"))
}
