//! `cronctl audit`.

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};

/// Which of the expected slots ran.
#[derive(Args, Clone, Debug, Default)]
pub struct AuditArgs {}

/// Runs `cronctl audit`.
///
/// # Errors
/// When there is no answer.
pub fn run(_args: &AuditArgs, _ctx: &Context) -> Result<Exit, Error> {
    Err(Error::failed("not there yet"))
}
