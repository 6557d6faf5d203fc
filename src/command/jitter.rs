//! `cronctl jitter`.

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};

/// The job's delay of the plan, for any line of a crontab.
#[derive(Args, Clone, Debug, Default)]
pub struct JitterArgs {}

/// Runs `cronctl jitter`.
///
/// # Errors
/// When there is no answer.
pub fn run(_args: &JitterArgs, _ctx: &Context) -> Result<Exit, Error> {
    Err(Error::failed("not there yet"))
}
