//! The live table.

use std::io;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::look::Look;
use crate::command::plan::report::BurstRow;
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::ui::Role;
use crate::when;

/// The next bursts, as they are drawn. It is never printed as a document.
#[derive(Serialize)]
pub(super) struct NextBursts {
    bursts: Vec<NextBurst>,
    #[serde(skip)]
    header: String,
    #[serde(skip)]
    more: usize,
    #[serde(skip)]
    failure: Option<String>,
}

/// One of them.
#[derive(Clone, Serialize)]
pub(super) struct NextBurst {
    left_ms: i64,
    #[serde(flatten)]
    burst: BurstRow,
}

impl NextBursts {
    pub(super) fn new(look: &Look, now_ms: i64, failure: Option<&str>) -> Self {
        let now = when::readable(now_ms.div_euclid(1000) * 1000, &TimeZone::UTC);
        let read = when::time_of_day(look.now_ms.div_euclid(1000) * 1000, &TimeZone::UTC);
        let rows = look.bursts.iter().map(|burst| NextBurst {
            left_ms: burst.at_ms - now_ms,
            burst: burst.clone(),
        });
        Self {
            bursts: rows.collect(),
            header: format!("{now}: {} jobs, read at {read}. Ctrl-C ends.", look.jobs),
            more: look.in_horizon - look.bursts.len(),
            failure: failure.map(str::to_owned),
        }
    }
}

impl Report for NextBursts {
    type Row = NextBurst;
    const SCHEMA: &'static str = "cronctl.plan.event/1";
    const EMPTY: &'static str = "No bursts ahead: no two jobs are due at the same tick.";

    fn rows(&mut self) -> &mut Vec<NextBurst> {
        &mut self.bursts
    }

    fn screen(&self, rows: &[NextBurst], screen: &mut Screen<'_>) -> io::Result<()> {
        screen.heading(&self.header)?;
        if let Some(why) = &self.failure {
            screen.paragraph(&format!(
                "! the sources cannot be read, and this is the plan before: {why}"
            ))?;
        }
        screen.blank()?;
        let expendable = [
            "groups",
            "starts_per_second_after",
            "starts_per_second_before",
        ];
        screen.rows_that_fit(rows, Self::EMPTY, &expendable, Some(("groups", 20)))?;
        if self.more > 0 {
            screen.paragraph(&format!("and {} later", self.more))?;
        }
        Ok(())
    }
}

impl Row for NextBurst {
    const COLUMNS: &'static [Column] = &[
        Column::new("left_ms", "IN").right(),
        Column::new("local_at", "BURST"),
        Column::new("jobs", "JOBS").right(),
        Column::new("starts_per_second_before", "STARTS/S").right(),
        Column::new("starts_per_second_after", "AFTER").right(),
        Column::new("groups", "AT ONCE BY GROUP"),
    ];

    fn cell(&self, key: &str, view: &View) -> Cell {
        match key {
            "left_ms" => countdown(self.left_ms),
            "local_at" => Cell::from(when::readable(self.burst.at_ms, &self.burst.tz)),
            _ => self.burst.cell(key, view),
        }
    }
}

/// The time left as a clock shows it: `14:59`, `1:02:03`.
fn countdown(left_ms: i64) -> Cell {
    if left_ms <= 0 {
        return Cell::with(Role::Warn, "now");
    }
    // Rounded up: the last second counts down to its end.
    let seconds = (left_ms + 999) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let text = if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    };
    Cell::with(Role::Strong, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_read_off_as_from_a_clock() {
        for (left, text) in [
            (900_000, "15:00"),
            (899_001, "15:00"),
            (899_000, "14:59"),
            (1, "0:01"),
            (3_723_000, "1:02:03"),
            (0, "now"),
        ] {
            assert_eq!(countdown(left).text, text, "{left}");
        }
    }
}
