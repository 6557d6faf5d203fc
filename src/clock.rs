//! The clock: the one place that asks what time it is.
//!
//! It is set once, when it is first asked, and runs on by itself from there: a machine's clock that is set
//! anew makes no turn older or younger within a process. [`jumped_ms`] tells that it was.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The clock that is followed less the machine's as it was, milliseconds.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

/// The current instant in milliseconds since the Unix epoch, UTC: the machine's clock as it was when
/// this was first asked, plus the time since, in which the machine may have slept; by the clock that is
/// followed, where one is.
pub fn now_ms() -> i64 {
    own_ms().saturating_add(AHEAD_MS.load(Ordering::Relaxed))
}

/// Goes by another clock from here on, by which it is `now_ms` now: that of a ledger which several
/// machines share. Returns by how much that moved this one, milliseconds.
pub fn follow(now_ms: i64) -> i64 {
    let ahead_ms = now_ms.saturating_sub(own_ms());
    ahead_ms.saturating_sub(AHEAD_MS.swap(ahead_ms, Ordering::Relaxed))
}

/// The machine's clock as it is, epoch milliseconds: for what other programs on it compare with theirs.
/// It may jump.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that asks the clock"
)]
pub fn machine_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// How far the machine's clock is ahead of what it was, milliseconds: it was set anew since.
pub fn jumped_ms() -> i64 {
    machine_ms().saturating_sub(own_ms())
}

fn own_ms() -> i64 {
    let (start_ms, since) = start();
    let passed = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
    start_ms.saturating_add(passed)
}

fn start() -> (i64, Stopwatch) {
    static START: OnceLock<(i64, Stopwatch)> = OnceLock::new();
    *START.get_or_init(|| (machine_ms(), Stopwatch::start()))
}

/// Measures elapsed time, also while the machine sleeps or the process is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Duration);

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        Self(since_boot())
    }

    /// Returns the time since [`Stopwatch::start`].
    pub fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.0)
    }
}

/// The time since the machine was started, which nobody can set.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(now).unwrap_or_default()
}

/// The time since this was first asked, which nobody can set.
#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that asks the clock"
)]
fn since_boot() -> Duration {
    static FIRST: OnceLock<std::time::Instant> = OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_on_from_where_it_was_set() {
        let (first, watch) = (now_ms(), Stopwatch::start());
        std::thread::sleep(Duration::from_millis(20));
        assert!(now_ms() - first >= 19);
        assert!(watch.elapsed() >= Duration::from_millis(20));
        // Nobody sets the clock of a machine in the middle of a test by so much.
        assert!(jumped_ms().abs() < 60_000);
    }
}
