//! A running gateway over its WebSocket: one request at a time, each with an end.
//!
//! The protocol is that of `connect` with protocols 3 and 4 (2026.3 to 2026.9). A frame is one JSON
//! object: a request (`req`), its answer (`res`), or an event. Answers are matched by id, so events
//! and late answers between them do no harm.

mod abort;
mod address;
mod client;
mod failure;
mod frame;
mod runs;

pub use abort::{ABORT, abort_params, read_abort, seen, session_of, task_of};
pub use address::Address;
pub use client::{Gateway, Settings};
pub use failure::{Failure, RpcError};
pub use frame::{Frame, Hello, read, request};
pub use runs::{Ended, Look};
