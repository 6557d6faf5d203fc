//! Schedules: from an expression to instants, exactly as the named scheduler computes them.
//!
//! Pure: zones come in as values, instants are epoch milliseconds UTC.

mod civil;
mod cron;
mod cron_rs;
mod croner;
pub mod dst;
mod error;
mod fields;
mod iso;
mod molecule;
mod normal;
mod number;
mod openclaw;
mod question;
mod robfig;
mod shape;
mod spec;
pub mod stagger;
mod text;
mod timetable;
pub mod traps;
mod version;
mod words;
mod zone;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use cron::Cron;
pub use error::{ErrorKind, Hang, ScheduleError};
pub use normal::normalised;
pub use number::AsFound;
pub use question::{Answer, Question};
pub use stagger::{Stagger, StaggerReason};
pub use timetable::{JobFacts, Timetable};
pub use version::Version;
pub use words::meaning;
pub use zone::{Zone, ZoneSource};

use arcstr::ArcStr;

/// Which scheduler's rules decide the fire times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rules {
    /// OpenClaw of this version (croner 10.0.1 behind the gateway's own rules).
    OpenClaw(Version),
    /// Molecule (robfig/cron v3.0.1, five fields).
    Molecule,
    /// The `cron` crate, for Rust schedulers built on it.
    CronRs,
}

/// When a job fires, as declared. Odd values (numbers as strings, fractions) are kept as found,
/// because the real schedulers give them a meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleSpec {
    /// A cron expression in a zone. `tz` empty or absent: the host's zone (OpenClaw), UTC (Molecule).
    Cron {
        /// The expression, as written.
        expr: ArcStr,
        /// The zone name, as written.
        tz: Option<ArcStr>,
        /// `staggerMs`, as found.
        stagger_ms: Option<AsFound>,
    },
    /// A period.
    Every {
        /// `everyMs`, as found.
        every_ms: Option<AsFound>,
        /// `anchorMs`, as found.
        anchor_ms: Option<AsFound>,
    },
    /// One instant, as written.
    At {
        /// ISO 8601 text, date, or digits (epoch milliseconds).
        at: String,
    },
    /// A kind that no clock fires (`on-exit`, `stream`, …).
    Other {
        /// The kind, as written.
        kind: String,
    },
}
