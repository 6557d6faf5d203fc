//! When a loop sweeps next.

use super::policy::backoff_ms;

/// What a sweep waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum On {
    /// Shortly before a schedule fires on a workspace with a turn in flight, and at least every 10 minutes;
    /// the interval where no fire is known
    Fire,
    /// The interval alone
    Interval,
    /// Whichever comes first
    #[default]
    Both,
}

/// How a loop is paced. All times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one sweep's beginning to the next one's.
    pub interval_ms: i64,
    /// What a sweep waits for.
    pub on: On,
    /// So long before a fire a sweep begins: what it frees must be free by then.
    pub lead_ms: i64,
    /// Scatters the sweeps of replicas: its own name.
    pub seed: String,
}

/// The pause after sweeps that failed doubles up to this, or to the interval where that is longer.
const VAIN_MAX_MS: i64 = 300_000;

/// A sweep that waits for a fire comes after this, or after the interval where that is longer, even so: what
/// is known of fires grows old, and turns begin where none was in flight. Milliseconds.
const FIRE_MAX_MS: i64 = 600_000;

/// A sweep to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// For which fire, epoch milliseconds; `None`: since the interval is over.
    pub fire_ms: Option<i64>,
    /// Whether the last sweep took longer than the interval.
    pub overrun: bool,
}

impl Pace {
    /// When the next sweep begins. `number` is that of the last sweep, which lasted from `begun_ms` to
    /// `ended_ms`; `failures` is how many failed in a row until then; `fires` are instants at which
    /// schedules fire, as far as known.
    ///
    /// The interval is jittered by up to a tenth either way. Sweeps never overlap and never pile up: what
    /// a sweep that outlasts the interval missed is left out.
    pub fn next(
        &self,
        number: u64,
        begun_ms: i64,
        ended_ms: i64,
        failures: u32,
        fires: impl IntoIterator<Item = i64>,
    ) -> Next {
        let interval = self.interval_ms.max(0);
        let seed = format!("{} {number}", self.seed);
        let jitter = backoff_ms(interval / 5, interval / 5, 0, &seed);
        let due = begun_ms
            .saturating_add(interval - interval / 10)
            .saturating_add(jitter);
        let overrun = ended_ms.saturating_sub(begun_ms) > interval && interval > 0;
        if failures > 0 {
            let longest = VAIN_MAX_MS.max(interval);
            let base = interval.max(1_000);
            let factor = 1_i64.checked_shl(failures.saturating_sub(1)).unwrap_or(0);
            let pause = if factor > 0 {
                base.saturating_mul(factor).min(longest)
            } else {
                longest
            };
            let pause = pause / 2 + backoff_ms(pause - pause / 2, pause - pause / 2, 0, &seed);
            return Next {
                at_ms: due.max(ended_ms.saturating_add(pause)),
                fire_ms: None,
                overrun,
            };
        }
        let at_ms = due.max(ended_ms);
        let fire = fires
            .into_iter()
            // One that this sweep was for, or that is too near for another, is over.
            .filter(|fire| fire.saturating_sub(self.lead_ms) > ended_ms)
            .min();
        let sweep = fire.map(|fire| Next {
            at_ms: fire.saturating_sub(self.lead_ms),
            fire_ms: Some(fire),
            overrun,
        });
        let tick = Next {
            at_ms,
            fire_ms: None,
            overrun,
        };
        match (self.on, sweep) {
            (On::Fire, Some(sweep)) => {
                let latest = ended_ms.saturating_add(FIRE_MAX_MS.max(interval));
                if sweep.at_ms <= latest {
                    sweep
                } else {
                    Next {
                        at_ms: latest,
                        ..tick
                    }
                }
            }
            (On::Both, Some(sweep)) if sweep.at_ms < tick.at_ms => sweep,
            _ => tick,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pace(on: On) -> Pace {
        Pace {
            interval_ms: 30_000,
            on,
            lead_ms: 5_000,
            seed: "a".to_owned(),
        }
    }

    #[test]
    fn sweeps_come_by_the_interval_with_a_tenth_of_jitter() {
        let pace = pace(On::Both);
        let at: Vec<i64> = (0..200)
            .map(|n| pace.next(n, 0, 1_000, 0, []).at_ms)
            .collect();
        assert!(at.iter().all(|at| (27_000..=33_000).contains(at)), "{at:?}");
        assert!(at.iter().max().unwrap() - at.iter().min().unwrap() > 4_000);
        let other = Pace {
            seed: "b".to_owned(),
            ..pace.clone()
        };
        assert_ne!(other.next(1, 0, 0, 0, []), pace.next(1, 0, 0, 0, []));
    }

    #[test]
    fn a_long_sweep_is_followed_by_the_next_one_and_no_more() {
        let next = pace(On::Both).next(7, 0, 95_000, 0, []);
        assert_eq!((next.at_ms, next.overrun), (95_000, true));
        assert!(!pace(On::Both).next(7, 0, 29_000, 0, []).overrun);
    }

    #[test]
    fn a_fire_is_met_shortly_before_it() {
        let fires = [2_000, 4_999, 20_000, 40_000];
        let at = |on| {
            let next = pace(on).next(1, 0, 1_000, 0, fires);
            (next.at_ms, next.fire_ms)
        };
        assert_eq!(at(On::Fire), (15_000, Some(20_000)));
        assert_eq!(at(On::Both), (15_000, Some(20_000)));
        assert_eq!(at(On::Interval).1, None);
        // The interval comes first.
        let later = pace(On::Both).next(1, 0, 1_000, 0, [90_000]);
        assert_eq!(later.fire_ms, None);
        let alone = pace(On::Fire).next(1, 0, 1_000, 0, [90_000]);
        assert_eq!((alone.at_ms, alone.fire_ms), (85_000, Some(90_000)));
        // One that is far is not waited for.
        let far = pace(On::Fire).next(1, 0, 1_000, 0, [86_400_000]);
        assert_eq!((far.at_ms, far.fire_ms), (601_000, None));
        let slow = Pace {
            interval_ms: 3_600_000,
            ..pace(On::Fire)
        };
        let slow = slow.next(1, 0, 1_000, 0, [86_400_000]);
        assert_eq!((slow.at_ms, slow.fire_ms), (3_601_000, None));
        // None known.
        let none = pace(On::Fire).next(1, 0, 1_000, 0, []);
        assert!((27_000..=33_000).contains(&none.at_ms) && none.fire_ms.is_none());
    }

    #[test]
    fn vain_sweeps_come_less_often() {
        let pace = pace(On::Both);
        let wait = |failures| pace.next(1, 0, 1_000, failures, [10_000]).at_ms - 1_000;
        let waits: Vec<i64> = (1..9).map(wait).collect();
        for (n, wait) in waits.iter().enumerate() {
            let longest = (30_000_i64 << n).min(300_000);
            assert!(
                *wait >= longest / 2 && *wait <= longest.max(33_000),
                "{waits:?}"
            );
        }
        assert!(pace.next(1, 0, 0, u32::MAX, []).at_ms <= 300_000);
    }

    proptest! {
        #[test]
        fn the_next_sweep_never_lies_in_the_past(
            interval in 0..10_000_000_i64, begun in any::<i64>(), took in 0..10_000_000_i64,
            number in any::<u64>(), failures in 0..50_u32,
            fires in proptest::collection::vec(any::<i64>(), 0..5), on in 0..3,
        ) {
            let on = [On::Fire, On::Interval, On::Both][usize::try_from(on).unwrap()];
            let pace = Pace { interval_ms: interval, on, lead_ms: 5_000, seed: String::new() };
            let ended = begun.saturating_add(took);
            let waits = !fires.is_empty();
            let next = pace.next(number, begun, ended, failures, fires);
            prop_assert!(next.at_ms >= ended);
            if next.fire_ms.is_none() && failures == 0 {
                let latest = begun.saturating_add(interval + interval / 5).max(ended);
                let far = ended.saturating_add(FIRE_MAX_MS.max(interval));
                let latest = if on == On::Fire && waits { latest.max(far) } else { latest };
                prop_assert!(next.at_ms <= latest);
            }
        }
    }
}
