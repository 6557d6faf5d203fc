//! Turns of an OpenClaw gateway.

use super::sources::{Gateway, OpenClawState};
use crate::context::Context;
use crate::error::Error;
use crate::turn::Policy;

pub(super) fn turns(
    _state: &OpenClawState,
    _ctx: &Context,
    _policy: &Policy,
    _now_ms: i64,
) -> Result<Gateway, Error> {
    unimplemented!()
}
