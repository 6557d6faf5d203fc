//! `cronctl sandbox`: a Molecule platform on a port, to try everything on.

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit};

/// A Molecule platform on loopback whose workspaces behave as told.
#[derive(Args, Clone, Debug, Default)]
pub struct SandboxArgs {}

/// Runs `cronctl sandbox`.
///
/// # Errors
/// When the scenario is wrong, or the port is taken.
pub fn run(_args: &SandboxArgs, _ctx: &Context) -> Result<Exit, Error> {
    unimplemented!()
}
