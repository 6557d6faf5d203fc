//! Rehearsal: what a failing provider makes of the plan.

use clap::Args;

use super::args::PlanArgs;
use super::given::Given;
use crate::context::Context;
use crate::error::{Error, Exit};

/// `--what-if`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct RehearsalArgs {}

impl RehearsalArgs {
    /// Whether a rehearsal is asked for instead of a plan.
    pub(super) fn is_asked(&self) -> bool {
        false
    }
}

/// Runs the rehearsal and prints it.
///
/// # Errors
/// When the options contradict each other.
pub(super) fn run(_args: &PlanArgs, _ctx: &Context, _given: &Given) -> Result<Exit, Error> {
    Err(Error::failed("not there yet"))
}
