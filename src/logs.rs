//! The log of a loop: one event, one line, one write to stderr.
//!
//! Nothing that the platform names can break a line, move a cursor or pose as another field:
//! control and direction characters come out as escapes, as text and as JSON. The environment is
//! not asked. When stderr is gone there is nobody to tell, and the loop goes on.

#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::io::{self, Write};

use clap::ValueEnum;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;

use crate::clock;
use crate::error::Error;
use crate::ui::JsonWriter;
use crate::when;

/// `--log-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    #[default]
    Text,
    /// A JSON object per line
    Json,
}

/// Sends the events of this process to stderr from here on: information and worse, with `quiet`
/// warnings and worse; of libraries warnings and worse. Called once.
///
/// # Errors
/// When events go somewhere already.
pub fn init(format: LogFormat, quiet: bool, color: bool) -> Result<(), Error> {
    let level = if quiet {
        LevelFilter::WARN
    } else {
        LevelFilter::INFO
    };
    let log = subscriber(format, level, color, clock::now_ms, io::stderr);
    tracing::subscriber::set_global_default(log)
        .map_err(|e| Error::failed("the log cannot be started twice").because(e))
}

/// What [`init`] sends events to: `now_ms` dates them, each line goes to a new `out` in one write.
pub fn subscriber<W: Write + 'static>(
    format: LogFormat,
    level: LevelFilter,
    color: bool,
    now_ms: fn() -> i64,
    out: impl Fn() -> W + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let filter = Targets::new()
        .with_target("cronctl", level)
        .with_default(LevelFilter::WARN);
    // What is not of this program must bring no colour along: the level alone has one.
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => layer
            .event_format(text::Text { now_ms, color })
            .fmt_fields(text::Fields)
            .with_writer(move || Lines(out()))
            .boxed(),
        LogFormat::Json => layer
            .json()
            .with_current_span(false)
            .with_span_list(true)
            .with_timer(Clock(now_ms))
            .fmt_fields(JsonFields::new())
            .with_writer(move || JsonWriter(Lines(out())))
            .boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter))
}

/// Dates events.
struct Clock(fn() -> i64);

impl FormatTime for Clock {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        out.write_str(&when::utc((self.0)()))
    }
}

/// Writes whole lines, and does not mind when they arrive nowhere.
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(line).ok();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().ok();
        Ok(())
    }
}
