//! Whether the loop does what it is there for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Stopwatch;
use crate::when::duration;

/// A sweep that waits for turns to end may take this long without anything being wrong.
const PATIENCE_MS: i64 = 300_000;

/// How long a loop with this interval may go without a success before it is unhealthy: three
/// intervals, and never less than one interval and five minutes.
pub fn allowed_ms(interval_ms: i64) -> i64 {
    let three = interval_ms.saturating_mul(3);
    three.max(interval_ms.saturating_add(PATIENCE_MS))
}

/// Whether a loop is healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Sweeps succeed.
    Ok,
    /// There was no success for too long.
    Unhealthy {
        /// Since when, what is allowed, and what was last wrong.
        why: String,
    },
}

/// Judges by the last success, or by the start where there was none yet. All instants by one clock
/// that does not jump; `last_why` is what was wrong with the last sweep, if it failed.
pub fn judge(
    last_success_ms: Option<i64>,
    started_ms: i64,
    now_ms: i64,
    allowed_ms: i64,
    last_why: Option<&str>,
) -> State {
    let since = now_ms.saturating_sub(last_success_ms.unwrap_or(started_ms));
    if since <= allowed_ms {
        return State::Ok;
    }
    let (since, allowed) = (duration(since), duration(allowed_ms));
    let none = if last_success_ms.is_some() {
        format!("for {since}")
    } else {
        format!("since the start {since} ago")
    };
    let last = last_why.map_or_else(
        || "no sweep has ended since".to_owned(),
        |why| format!("the last failed: {why}"),
    );
    State::Unhealthy {
        why: format!("no sweep has succeeded {none} (allowed: {allowed}); {last}"),
    }
}

/// What a check of a loop's health found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The judgement.
    pub state: State,
    /// How long ago the last success was, milliseconds; `None` before the first.
    pub last_success_age_ms: Option<i64>,
    /// How long ago the loop started, milliseconds.
    pub up_ms: i64,
    /// How long it may go without a success, milliseconds.
    pub allowed_ms: i64,
}

/// The health of one loop. A clone is of the same loop.
#[derive(Clone)]
pub struct Health(Arc<Loop>);

struct Loop {
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
    started_ms: i64,
    known: Mutex<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    allowed_ms: i64,
    last_success_ms: Option<i64>,
    last_why: Option<String>,
}

impl Health {
    /// Starts now, by a clock that nobody can set. `allowed_ms`: see [`allowed_ms`].
    pub fn start(allowed_ms: i64) -> Self {
        let since = Stopwatch::start();
        let passed = move || i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
        Self::new(allowed_ms, passed)
    }

    /// Starts now. `clock` gives milliseconds since any fixed instant and must not jump, as a wall
    /// clock may.
    pub fn new(allowed_ms: i64, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(Loop {
            started_ms: clock(),
            clock: Box::new(clock),
            known: Mutex::new(Known {
                allowed_ms,
                last_success_ms: None,
                last_why: None,
            }),
        }))
    }

    /// Changes how long the loop may go without a success: it waits longer for its next sweep, or no longer.
    pub fn allow(&self, allowed_ms: i64) {
        self.with(|known| known.allowed_ms = allowed_ms);
    }

    /// A sweep ended: well, or why not. The reason is shown to whoever may ask: no secret in it.
    pub fn swept(&self, ended: Result<(), &str>) {
        let now = (self.0.clock)();
        self.with(|known| match ended {
            Ok(()) => {
                known.last_success_ms = Some(now);
                known.last_why = None;
            }
            Err(why) => known.last_why = Some(why.to_owned()),
        });
    }

    /// Judges now.
    pub fn judge(&self) -> Judged {
        let now = (self.0.clock)();
        let known = self.with(|known| known.clone());
        let started = self.0.started_ms;
        Judged {
            state: judge(
                known.last_success_ms,
                started,
                now,
                known.allowed_ms,
                known.last_why.as_deref(),
            ),
            last_success_age_ms: known.last_success_ms.map(|at| now.saturating_sub(at)),
            up_ms: now.saturating_sub(started),
            allowed_ms: known.allowed_ms,
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.0.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.0.known).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn a_short_interval_leaves_time_for_a_long_sweep() {
        assert_eq!(allowed_ms(30_000), 330_000);
        assert_eq!(allowed_ms(1_000), 301_000);
        assert_eq!(allowed_ms(600_000), 1_800_000);
        assert_eq!(allowed_ms(i64::MAX), i64::MAX);
    }

    #[test]
    fn the_last_success_counts_and_before_the_first_the_start() {
        let ok = |success, now| judge(success, 100, now, 50, None) == State::Ok;
        assert!(ok(None, 100) && ok(None, 150) && !ok(None, 151));
        assert!(ok(Some(500), 550) && !ok(Some(500), 551));
        // A clock that went back is no reason to complain.
        assert!(ok(Some(500), 0));
    }

    #[test]
    fn it_says_since_when_and_what_was_wrong() {
        let why = |success, last| match judge(success, 0, 400_000, 60_000, last) {
            State::Ok => panic!("healthy"),
            State::Unhealthy { why } => why,
        };
        assert_eq!(
            why(Some(100_000), Some("GET /workspaces: 503")),
            "no sweep has succeeded for 5 min (allowed: 60 s); the last failed: GET /workspaces: 503"
        );
        assert_eq!(
            why(None, None),
            "no sweep has succeeded since the start 6 min 40 s ago (allowed: 60 s); no sweep has ended since"
        );
    }

    #[test]
    fn it_is_healthy_at_the_start() {
        let judged = Health::start(allowed_ms(30_000)).judge();
        assert_eq!(
            (judged.state, judged.last_success_age_ms),
            (State::Ok, None)
        );
        assert!(judged.up_ms >= 0);
    }

    #[test]
    fn a_success_heals_and_forgets_the_reason() {
        let now = Arc::new(AtomicI64::new(1_000));
        let clock = Arc::clone(&now);
        let health = Health::new(100, move || clock.load(Ordering::Relaxed));
        assert_eq!(health.judge().last_success_age_ms, None);
        health.swept(Err("no route to host"));
        now.store(1_101, Ordering::Relaxed);
        let judged = health.judge();
        assert_eq!(judged.up_ms, 101);
        assert!(
            matches!(judged.state, State::Unhealthy { why } if why.contains("no route to host"))
        );
        health.clone().swept(Ok(()));
        now.store(1_150, Ordering::Relaxed);
        let judged = health.judge();
        assert_eq!(
            (judged.state, judged.last_success_age_ms),
            (State::Ok, Some(49))
        );
        now.store(1_202, Ordering::Relaxed);
        assert!(matches!(
            health.judge().state,
            State::Unhealthy { why } if !why.contains("no route")
        ));
        health.allow(101);
        assert_eq!(health.judge().state, State::Ok);
    }
}
