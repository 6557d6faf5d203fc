//! Catch-up: what a restarted OpenClaw gateway does with the jobs that it missed, by version.
//!
//! Pure. Each missed job runs once, however long the outage was. Which jobs count as missed is
//! [`CatchUp::judge`], when the gateway makes them due [`CatchUp::due`], and when they start with the
//! slots that there are [`wave()`]. The rules are those of the code of the npm packages named in
//! [`CatchUp::of`]; 2026.3.31 and 2026.9.6 were also started on prepared states.

mod missed;
mod rules;
mod wave;

#[cfg(test)]
mod tests;

pub use missed::{Evidence, Recorded, Slots, Standing};
pub use rules::{CatchUp, Defers, Interrupted};
pub use wave::{Due, Kind, Lane, Missing, Start, Then, Wave, wave};
