//! `cronctl turns`: which turns are in flight, and which are past their ceiling.

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};

/// Which turns are in flight, and which are past their ceiling.
#[derive(Args, Clone, Debug, Default)]
pub struct TurnsArgs {}

/// Runs `cronctl turns`.
///
/// # Errors
/// When no source can be read.
pub fn run(_args: &TurnsArgs, _ctx: &Context) -> Result<Exit, Error> {
    unimplemented!()
}
