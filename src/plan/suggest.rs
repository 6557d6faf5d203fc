//! Suggestions: changes to jobs after which their own scheduler does what a plan wants.
//!
//! A plan gives an offset to every fire of a burst; a job can have one offset only, for all its fires.
//! OpenClaw's stagger gives it: the offset is `u32_be(sha256(id)[0..4]) mod window`, so for a wanted
//! offset there is a window to be found.

use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::{Burst, Fire, Sink};
use crate::schedule::stagger::{id_hash, id_word, offset};

/// A minute, milliseconds.
const MINUTE_MS: i64 = 60_000;

/// How much later than wanted an offset may be where no window gives it to the millisecond. Later, never
/// earlier: an earlier start would overlap the run before. Plans leave so much room between runs.
pub const LATEST_MS: i64 = 20;

/// How many times an offset its window may be, and the window that is short enough in any case. It bounds
/// what the job's offset could become, were the job ever to get another id.
const LONGEST_WINDOW: (i64, i64) = (16, MINUTE_MS);

/// What a plan wants of one job. Offsets are milliseconds after its nominal instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The offset in the biggest of its bursts that the plan improves, the earliest of equals.
    pub offset_ms: i64,
    /// Jobs in that burst, itself included.
    pub on_tick: u32,
    /// The most that it may be: beyond, the job's next fire would come first, as far as the plan tells.
    pub most_ms: i64,
}

/// The least and the most offset that a plan gives to the fires of one job, milliseconds.
pub type Span = (i64, i64);

/// Takes a plan and keeps what it wants of each job.
#[derive(Debug)]
pub struct Wishes {
    /// By job, as in the plan's input; `None` for jobs in no burst that the plan improves.
    jobs: Vec<Option<Wish>>,
    /// By job: the offsets of all its fires, lone ones too; `None` for jobs without a fire.
    pub spans: Vec<Option<Span>>,
    /// By job: its last nominal instant, and the most that its offset may be.
    limits: Vec<(Option<i64>, i64)>,
    /// Ticks of bursts with fewer starts per second, or fewer runs at once, than before.
    improved: FxHashSet<i64>,
    /// Whether ticks are nominal instants ([`super::Options::at_nominal`]).
    at_nominal: bool,
}

impl Wishes {
    /// For a plan of so many jobs.
    pub fn new(jobs: usize, at_nominal: bool) -> Self {
        Self {
            jobs: vec![None; jobs],
            spans: vec![None; jobs],
            limits: vec![(None, i64::MAX); jobs],
            improved: FxHashSet::default(),
            at_nominal,
        }
    }

    /// What the plan wants of a job.
    pub fn of(&self, job: usize) -> Option<Wish> {
        let most_ms = self.limits[job].1;
        self.jobs[job].map(|wish| Wish { most_ms, ..wish })
    }

    /// Whether the fires of a job have different offsets, of which it can keep one.
    pub fn varies(&self, job: usize) -> Option<Span> {
        self.spans[job].filter(|(least, most)| least < most)
    }
}

impl Sink for Wishes {
    fn wants_fires(&self) -> bool {
        true
    }

    fn burst(&mut self, burst: Burst) -> ControlFlow<()> {
        let fewer = burst.starts_per_second_after < burst.starts_per_second_before
            || burst.concurrent_after < burst.concurrent_before
            || (burst.groups.iter()).any(|g| g.concurrent_after < g.concurrent_before);
        if fewer {
            self.improved.insert(burst.at_ms);
        }
        ControlFlow::Continue(())
    }

    fn fire(&mut self, fire: Fire) -> ControlFlow<()> {
        let offset_ms = fire.planned_ms - fire.nominal_ms;
        let (least, most) = self.spans[fire.job].unwrap_or((offset_ms, offset_ms));
        self.spans[fire.job] = Some((least.min(offset_ms), most.max(offset_ms)));
        let (previous, limit) = self.limits[fire.job];
        let apart = previous.map_or(i64::MAX, |t| (fire.nominal_ms - t).abs());
        let next = if apart > 0 { apart - 1 } else { i64::MAX };
        let own = if fire.clipped { offset_ms } else { i64::MAX };
        self.limits[fire.job] = (Some(fire.nominal_ms), limit.min(next).min(own));
        let tick_ms = if self.at_nominal {
            fire.nominal_ms
        } else {
            fire.native_ms
        };
        let known = &mut self.jobs[fire.job];
        if self.improved.contains(&tick_ms) && known.is_none_or(|w| w.on_tick < fire.on_tick) {
            *known = Some(Wish {
                offset_ms,
                on_tick: fire.on_tick,
                most_ms: i64::MAX,
            });
        }
        ControlFlow::Continue(())
    }
}

/// A change of one job's schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its expression with a later minute; `None` when it stays.
    pub expr: Option<String>,
    /// Its stagger window, milliseconds; 0 for none.
    pub window_ms: i64,
    /// The offset from the nominal instants of before that it comes to, milliseconds.
    pub offset_ms: i64,
}

/// Finds the change that gives a job of OpenClaw the offset of a wish. `own_window` is the window of a plan
/// by hash, which is taken where it gives the offset.
///
/// Whole minutes go into the minute of the expression where it has a fixed one and the hour stays the
/// same: the expression then says when the job runs, and no window is longer than it must be. What
/// remains goes into the window.
pub fn change(job_id: &str, expr: &str, wish: Wish, own_window: Option<i64>) -> Option<Change> {
    let wanted_ms = wish.offset_ms;
    if let Some(window_ms) = own_window.filter(|w| offset(job_id, *w) == wanted_ms) {
        return Some(Change {
            expr: None,
            window_ms,
            offset_ms: wanted_ms,
        });
    }
    let later = later_minute(expr, wanted_ms / MINUTE_MS);
    let moved_ms = if later.is_some() {
        wanted_ms / MINUTE_MS * MINUTE_MS
    } else {
        0
    };
    let window_ms = window_for_offset(job_id, wanted_ms - moved_ms, wish.most_ms - moved_ms)?;
    Some(Change {
        expr: later,
        window_ms,
        offset_ms: moved_ms + offset(job_id, window_ms),
    })
}

/// Returns the smallest window, milliseconds, in which a job id falls on an offset, or as little later as
/// there is a window for; 0 for no offset. `None` where none gives at most [`LATEST_MS`] more, or more than
/// `most_ms`.
///
/// `u32 mod window` is the offset exactly when the window divides the difference and exceeds the offset.
pub fn window_for_offset(job_id: &str, offset_ms: i64, most_ms: i64) -> Option<i64> {
    if offset_ms <= 0 {
        return Some(0);
    }
    let word = i64::from(id_word(id_hash(job_id)));
    let (times, enough) = LONGEST_WINDOW;
    let most = offset_ms.saturating_mul(times).max(enough);
    let latest_ms = offset_ms.saturating_add(LATEST_MS).min(most_ms);
    (offset_ms..=latest_ms).find_map(|offset_ms| match word.checked_sub(offset_ms)? {
        ..0 => None,
        0 => Some(offset_ms + 1),
        rest => smallest_divisor(rest, offset_ms + 1, most),
    })
}

/// The smallest divisor of `n` from `least` to `most`. `n` is below 2^32, so that either it or its
/// counterpart is at most 2^16.
fn smallest_divisor(n: i64, least: i64, most: i64) -> Option<i64> {
    const ROOT: i64 = 1 << 16;
    let small = (least..=most.min(ROOT)).find(|d| n % d == 0);
    let large = || {
        let least = least.max(ROOT + 1);
        let (fewest, highest) = ((n + most - 1) / most, n / least);
        (fewest.max(1)..=highest)
            .rev()
            .find(|q| n % q == 0)
            .map(|q| n / q)
    };
    small.or_else(large)
}

/// Returns an expression of five fields with its minute so much later; `None` when there is nothing to
/// add, when the minute is not one fixed number, or when the hour would change.
pub fn later_minute(expr: &str, minutes: i64) -> Option<String> {
    let trimmed = expr.trim();
    let (minute, rest) = trimmed.split_once(char::is_whitespace)?;
    let is_plain = minute.len() <= 2 && minute.bytes().all(|b| b.is_ascii_digit());
    if minutes <= 0 || !is_plain || rest.split_whitespace().count() != 4 {
        return None;
    }
    let later = minute.parse::<i64>().ok()?.checked_add(minutes)?;
    let rest: Vec<&str> = rest.split_whitespace().collect();
    (later < 60).then(|| format!("{later} {}", rest.join(" ")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wish(offset_ms: i64) -> Wish {
        Wish {
            offset_ms,
            on_tick: 2,
            most_ms: i64::MAX,
        }
    }

    #[test]
    fn the_window_is_the_smallest_that_gives_the_offset() {
        for id in ["job-a", "job-b", "digest-eu", "slbe-nightly-optimizer"] {
            let word = i64::from(id_word(id_hash(id)));
            for wanted in [1, 2083, 15_000, 59_999, 600_000] {
                let window = window_for_offset(id, wanted, i64::MAX).unwrap();
                let got = word % window;
                assert!(
                    (wanted..=wanted + LATEST_MS).contains(&got),
                    "{id} {wanted}"
                );
                assert!(
                    window <= (wanted * 16).max(60_000),
                    "{id} {wanted}: {window}"
                );
                let smaller = (got + 1..window).find(|w| word % w == got);
                assert_eq!(smaller, None, "{id} {wanted}");
            }
        }
        assert_eq!(window_for_offset("job-a", 0, 0), Some(0));
        assert_eq!(window_for_offset("job-a", i64::MAX, i64::MAX), None);
        // Never beyond the job's next fire.
        for wanted in 59_900..60_000 {
            if let Some(window) = window_for_offset("job-b", wanted, 59_999) {
                assert!(offset("job-b", window) <= 59_999, "{wanted}");
            }
        }
    }

    #[test]
    fn only_a_fixed_minute_moves_and_never_into_another_hour() {
        let cases = [
            ("0 22 * * *", 3, Some("3 22 * * *")),
            ("  05   22 * * 1-5 ", 10, Some("15 22 * * 1-5")),
            ("0 22\n* *\t*", 3, Some("3 22 * * *")),
            ("0 */2 1 JAN MON#1", 59, Some("59 */2 1 JAN MON#1")),
            ("55 23 * * *", 5, None),
            ("0 22 * * *", 0, None),
            ("*/5 22 * * *", 3, None),
            ("0,30 22 * * *", 3, None),
            ("0 0 22 * * *", 3, None),
            ("@daily", 3, None),
            ("", 3, None),
        ];
        for (expr, minutes, expected) in cases {
            assert_eq!(later_minute(expr, minutes).as_deref(), expected, "{expr}");
        }
    }

    #[test]
    fn the_window_of_a_plan_by_hash_is_kept() {
        let change = change("job-a", "0 22 * * *", wish(252_637), Some(300_000)).unwrap();
        assert_eq!((change.expr, change.window_ms), (None, 300_000));
    }

    proptest! {
        #[test]
        fn a_change_comes_to_what_is_wanted(id in "[ -~]{1,40}", wanted in 0i64..3_600_000, minute in 0i64..60) {
            let expr = format!("{minute} 22 * * *");
            // No window gives an offset beyond the number that it is a remainder of.
            prop_assume!(i64::from(id_word(id_hash(&id))) > 2 * wanted);
            let change = change(&id, &expr, wish(wanted), None).unwrap();
            prop_assert!((0..=LATEST_MS).contains(&(change.offset_ms - wanted)));
            let moved = change.expr.as_ref().map_or(0, |expr| {
                let later: i64 = expr.split(' ').next().unwrap().parse().unwrap();
                (later - minute) * MINUTE_MS
            });
            prop_assert_eq!(moved + offset(&id, change.window_ms), change.offset_ms);
            prop_assert!(change.expr.is_none_or(|e| e.ends_with(" 22 * * *")));
        }
    }
}
