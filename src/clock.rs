//! The clock: the one place that asks what time it is.

/// Returns the current instant in milliseconds since the Unix epoch, UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that asks the clock"
)]
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Measures elapsed time, for progress display only.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that asks the clock"
    )]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Returns the time since [`Stopwatch::start`].
    pub fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}
