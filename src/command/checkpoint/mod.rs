//! `cronctl checkpoint`: free turns past their ceiling, and know whether it worked.

mod openclaw;

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};

/// Free turns past their ceiling, and know whether it worked.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckpointArgs {}

/// Runs `cronctl checkpoint`.
///
/// # Errors
/// When nothing could be asked or recorded.
pub fn run(_args: &CheckpointArgs, _ctx: &Context) -> Result<Exit, Error> {
    unimplemented!()
}
