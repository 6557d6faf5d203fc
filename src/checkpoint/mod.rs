//! Checkpoints: asking the owner of a turn to save it and let go, and knowing whether that worked.
//!
//! Pure: [`decide()`] is a function of the target, the attempts so far, the policy and the instant.
//! What a server answers is read in one place ([`read_answer`]).

mod answer;
mod breaker;
mod decide;
mod pace;
mod policy;
mod request;
mod rest;

pub use answer::{Answer, Reply, read_answer, read_restart};
pub use breaker::{Breaker, BreakerState, Heard, Tripped};
pub use decide::{Action, Attempt, Outcome, ReadBack, Seen, Target, decide};
pub use pace::{Next, On, Pace};
pub use policy::{Policy, backoff_ms};
pub use request::{Body, CHECKPOINT_PATH, Reason, checkpoint_path, request_id};
pub use rest::{Rest, rest};
