//! The figures of a rehearsal, line by line, as tables show them.

use super::report::ScenarioRow;
use crate::rehearsal::Figures;
use crate::when;

/// A figure of the table: title, number and how it is written.
pub(super) type Line = (&'static str, fn(&Figures) -> Option<f64>, Written);

/// How a number is written.
#[derive(Clone, Copy)]
pub(super) enum Written {
    Whole,
    /// A whole number that is left out when it is zero everywhere.
    IfAny,
    Ratio,
    Duration,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) const LINES: [Line; 20] = [
    ("runs due", |f| Some(f.due as f64), Written::Whole),
    ("  catch-up", |f| Some(f.caught_up as f64), Written::IfAny),
    ("  ok", |f| Some(f.ok as f64), Written::Whole),
    ("  lost", |f| Some(f.lost as f64), Written::Whole),
    ("  fell back", |f| Some(f.fell_back as f64), Written::Whole),
    ("  affected", |f| Some(f.affected as f64), Written::Whole),
    (
        "never ran, busy",
        |f| Some(f.coalesced as f64),
        Written::IfAny,
    ),
    ("never ran, off", |f| Some(f.dropped as f64), Written::IfAny),
    ("calls", |f| Some(f.calls as f64), Written::Whole),
    ("  failed", |f| Some(f.failed_calls as f64), Written::Whole),
    ("  per run due", |f| f.calls_per_due, Written::Ratio),
    ("amplification", |f| f.amplification, Written::Ratio),
    (
        "  peak per second",
        |f| Some(f.peak_per_second as f64),
        Written::Whole,
    ),
    (
        "  peak at once",
        |f| Some(f.peak_at_once as f64),
        Written::Whole,
    ),
    ("retry waves", |f| Some(f.waves as f64), Written::Whole),
    (
        "  biggest, calls",
        |f| Some(f.biggest_wave as f64),
        Written::Whole,
    ),
    (
        "longest queue",
        |f| Some(f.longest_queue as f64),
        Written::Whole,
    ),
    (
        "  longest wait",
        |f| Some(f.longest_wait_ms as f64),
        Written::Duration,
    ),
    (
        "time to drain",
        |f| f.drain_ms.map(|ms| ms as f64),
        Written::Duration,
    ),
    (
        "recurring off",
        |f| Some(f.switched_off as f64),
        Written::Whole,
    ),
];

/// Whether a line says anything about one of the rows.
pub(super) fn is_shown((_, of, written): &Line, rows: &[ScenarioRow]) -> bool {
    let least = match written {
        Written::IfAny => 1.0,
        Written::Whole | Written::Ratio | Written::Duration => 0.0,
    };
    let values = rows.iter().filter_map(|r| of(&r.figures));
    values.into_iter().any(|n| n >= least)
}

impl Written {
    pub(super) fn one(self, n: f64) -> String {
        match self {
            Self::Whole | Self::IfAny => format!("{n:.0}"),
            Self::Ratio => format!("{n:.2}"),
            Self::Duration => duration(whole(n)),
        }
    }

    pub(super) fn range(self, low: f64, high: f64) -> String {
        match self {
            Self::Whole | Self::IfAny => format!("{low:.0}-{high:.0}"),
            Self::Ratio => format!("{low:.2}-{high:.2}"),
            Self::Duration => format!("{:.0}-{:.0} s", low / 1000.0, high / 1000.0),
        }
    }
}

/// Writes a duration of a rehearsal, in tables and in sentences alike.
pub(super) fn duration(ms: i64) -> String {
    when::duration(rounded(ms))
}

/// To seconds from ten of them on, to minutes from an hour on: it must fit a column.
fn rounded(ms: i64) -> i64 {
    let to = match ms {
        ..10_000 => 1,
        10_000..3_600_000 => 1000,
        _ => 60_000,
    };
    (ms + to / 2) / to * to
}

/// Milliseconds as they were before they were made a number of the table.
#[expect(clippy::cast_possible_truncation, reason = "it was a whole number")]
fn whole(n: f64) -> i64 {
    n as i64
}
