//! Worked cases and invariants of the plan.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;

/// Fires every `period` from `first` on, `count` times.
struct Beat {
    first: i64,
    period: i64,
    count: i64,
}

impl Recurrence for Beat {
    fn each(&self, from: i64, until: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        (0..self.count)
            .map(|i| self.first + i * self.period)
            .filter(|t| (from..until).contains(t))
            .for_each(emit);
        Ok(())
    }
}

#[derive(Default, Debug, PartialEq)]
struct Seen {
    bursts: Vec<Burst>,
    fires: Vec<Fire>,
}

impl Sink for Seen {
    fn wants_fires(&self) -> bool {
        true
    }
    fn burst(&mut self, burst: Burst) -> ControlFlow<()> {
        self.bursts.push(burst);
        ControlFlow::Continue(())
    }
    fn fire(&mut self, fire: Fire) -> ControlFlow<()> {
        self.fires.push(fire);
        ControlFlow::Continue(())
    }
}

const NOON: i64 = 1_775_044_800_000;

fn ids(n: usize) -> Vec<String> {
    (0..n)
        .map(|i| format!("00000000-0000-4000-8000-{i:012}"))
        .collect()
}

fn job(id: &str, group: u32, run_ms: i64) -> PlanJob<'_> {
    PlanJob {
        id,
        source: 0,
        recurrence: 0,
        native_offset_ms: 0,
        group,
        run_ms,
        shown: true,
    }
}

fn made(
    jobs: Vec<PlanJob<'_>>,
    beats: &[Beat],
    jitter: Jitter,
    dispatch: Dispatch,
) -> (Seen, Outcome) {
    let input = Input {
        jobs,
        recurrences: beats.iter().map(|b| b as &dyn Recurrence).collect(),
        groups: vec!["anthropic".to_owned(), "openai".to_owned()],
        dispatch: vec![dispatch],
        horizon: Horizon {
            from_ms: NOON - 3_600_000,
            until_ms: NOON + 23 * 3_600_000,
        },
        options: Options {
            jitter,
            seed: 7,
            burst: 2,
            restagger: false,
        },
    };
    let mut seen = Seen::default();
    let outcome = plan(&input, &mut seen);
    (seen, outcome)
}

fn at_noon() -> Vec<Beat> {
    vec![Beat {
        first: NOON,
        period: 86_400_000,
        count: 1,
    }]
}

fn offsets_of(seen: &Seen) -> Vec<i64> {
    seen.fires.iter().map(|f| f.planned_ms - NOON).collect()
}

fn per_second(offsets: &[i64]) -> Vec<usize> {
    let last = offsets.iter().max().map_or(0, |t| t / 1000);
    (0..=last)
        .map(|s| offsets.iter().filter(|t| **t / 1000 == s).count())
        .collect()
}

#[test]
fn twenty_four_jobs_hashed_into_five_seconds_start_4_5_5_9_1() {
    let ids = ids(24);
    let jobs = ids.iter().map(|id| job(id, 0, 60_000)).collect();
    let (seen, outcome) = made(
        jobs,
        &at_noon(),
        Jitter::Hash { window_ms: 5000 },
        Dispatch::Unlimited,
    );
    assert_eq!(per_second(&offsets_of(&seen)), [4, 5, 5, 9, 1]);
    assert_eq!(outcome.before.total.starts_per_second, 24);
    assert_eq!(outcome.after.total.concurrent, 24);
}

#[test]
fn twenty_four_jobs_spread_over_five_seconds_reach_the_ideal() {
    let ids = ids(24);
    let jobs = ids.iter().map(|id| job(id, 0, 60_000)).collect();
    let (seen, outcome) = made(
        jobs,
        &at_noon(),
        Jitter::Spread { window_ms: 5000 },
        Dispatch::Unlimited,
    );
    assert_eq!(per_second(&offsets_of(&seen)), [5, 5, 5, 5, 4]);
    assert_eq!(seen.bursts[0].starts_per_second_after, 5);
    assert_eq!(
        outcome.after.total.concurrent, 24,
        "a window lowers the start rate only"
    );
}

#[test]
fn gaps_are_between_their_bounds_and_add_up() {
    let ids = ids(24);
    let jobs = ids.iter().map(|id| job(id, 0, 60_000)).collect();
    let gap = Gap {
        min_ms: 2000,
        max_ms: 5000,
    };
    let (seen, _) = made(jobs, &at_noon(), Jitter::Gap(gap), Dispatch::Unlimited);
    let offsets = offsets_of(&seen);
    assert_eq!(offsets[0], 0);
    let gaps: Vec<i64> = offsets.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(
        gaps.len() == 23 && gaps.iter().all(|g| (2000..=5000).contains(g)),
        "{gaps:?}"
    );
    assert!((46_000..=115_000).contains(&offsets[23]));
}

#[test]
fn peaks_are_counted_per_group_and_a_fit_keeps_them_down() {
    let ids = ids(24);
    let jobs = || {
        (0..)
            .zip(&ids)
            .map(|(i, id)| job(id, u32::from(i >= 16), 60_000))
            .collect()
    };
    let (_, flat) = made(jobs(), &at_noon(), Jitter::Native, Dispatch::Unlimited);
    assert_eq!(flat.before.total.concurrent, 24);
    assert_eq!(
        (
            flat.before.groups[0].concurrent,
            flat.before.groups[1].concurrent
        ),
        (16, 8)
    );
    let (seen, fitted) = made(
        jobs(),
        &at_noon(),
        Jitter::Fit { max_concurrent: 4 },
        Dispatch::Unlimited,
    );
    assert_eq!(
        (
            fitted.after.groups[0].concurrent,
            fitted.after.groups[1].concurrent
        ),
        (4, 4)
    );
    // 16·60/4 = 240 s for the larger group: its last job starts one step before that.
    assert_eq!(offsets_of(&seen).last(), Some(&225_000));
    assert_eq!(seen.bursts[0].window_for_peak(4, &jobs()), 360_000);
}

#[test]
fn hashed_over_300_s_with_a_cap_of_four_the_longest_wait_is_79_909_s() {
    let ids = ids(24);
    let jobs = ids.iter().map(|id| job(id, 0, 60_000)).collect();
    let window = Jitter::Hash { window_ms: 300_000 };
    let (_, outcome) = made(jobs, &at_noon(), window, Dispatch::Pool { slots: 4 });
    let after = &outcome.dispatch_after[0];
    assert_eq!(after.last_start_ms, Some(NOON + 378_334));
    assert_eq!(after.longest_wait_ms, 79_909);
    assert_eq!(after.peak.concurrent, 4);
}

#[test]
fn a_start_never_passes_the_jobs_own_next_instant() {
    let beats = vec![
        Beat {
            first: NOON,
            period: 1000,
            count: 10,
        },
        Beat {
            first: NOON,
            period: 86_400_000,
            count: 1,
        },
    ];
    let ids = ids(3);
    let mut jobs: Vec<_> = ids.iter().map(|id| job(id, 0, 100)).collect();
    jobs[1].recurrence = 1;
    let gap = Jitter::Gap(Gap {
        min_ms: 4000,
        max_ms: 4000,
    });
    let (seen, outcome) = made(jobs, &beats, gap, Dispatch::Unlimited);
    assert!(outcome.totals.clipped > 0);
    for fire in &seen.fires {
        let next = fire.nominal_ms + if fire.job == 1 { 86_400_000 } else { 1000 };
        let last = fire.nominal_ms == NOON + 9000;
        assert!(last || fire.planned_ms < next, "{fire:?}");
    }
}

#[test]
fn occurrences_near_a_stretch_boundary_are_neither_lost_nor_doubled() {
    let beats = vec![Beat {
        first: NOON - 3_600_000,
        period: 777,
        count: 100_000,
    }];
    let mut lone = job("a", 0, 1);
    lone.native_offset_ms = 299_999;
    let (seen, outcome) = made(
        vec![lone],
        &beats,
        Jitter::Spread { window_ms: 5000 },
        Dispatch::Unlimited,
    );
    // The horizon begins with the instants that the offset carries into it: none lie before the first.
    assert_eq!(outcome.totals.fires, 100_000);
    assert!(
        seen.fires
            .windows(2)
            .all(|w| w[1].planned_ms - w[0].planned_ms == 777)
    );
}

#[derive(Debug, Clone)]
struct Case {
    jobs: Vec<(u8, u8, i64, u32, i64)>,
    jitter: Jitter,
    seed: u64,
}

fn jitters() -> impl Strategy<Value = Jitter> {
    let window = 1i64..120_000;
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Native),
        window
            .clone()
            .prop_map(|window_ms| Jitter::Spread { window_ms }),
        window
            .clone()
            .prop_map(|window_ms| Jitter::Hash { window_ms }),
        window.prop_map(|window_ms| Jitter::Random { window_ms }),
        (0i64..3000, 0i64..3000).prop_map(|(a, b)| Jitter::Gap(Gap {
            min_ms: a,
            max_ms: a + b
        })),
        (1u32..5).prop_map(|max_concurrent| Jitter::Fit { max_concurrent }),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let job = (
        0u8..40,
        0u8..4,
        prop_oneof![3 => Just(0i64), 1 => 0i64..300_000],
        0u32..2,
        1i64..90_000,
    );
    (
        proptest::collection::vec(job, 1..40),
        jitters(),
        any::<u64>(),
    )
        .prop_map(|(jobs, jitter, seed)| Case { jobs, jitter, seed })
}

fn beats() -> Vec<Beat> {
    vec![
        Beat {
            first: NOON,
            period: 60_000,
            count: 40,
        },
        Beat {
            first: NOON,
            period: 300_000,
            count: 8,
        },
        Beat {
            first: NOON + 120_000,
            period: 3_600_000,
            count: 2,
        },
        Beat {
            first: NOON,
            period: 1000,
            count: 30,
        },
    ]
}

/// One planned start, named by what the job is and not by where it stood in the input.
type Start = (String, i64, i64, i64);

fn starts(case: &Case, order: impl Fn(&mut Vec<(usize, PlanJob<'_>)>)) -> (Vec<Start>, Outcome) {
    let ids: Vec<String> = case
        .jobs
        .iter()
        .enumerate()
        .map(|(i, j)| format!("job-{}-{i}", j.0))
        .collect();
    let beats = beats();
    let mut jobs: Vec<(usize, PlanJob<'_>)> = case
        .jobs
        .iter()
        .zip(&ids)
        .map(|(&(_, beat, offset, group, run_ms), id)| PlanJob {
            recurrence: u32::from(beat),
            native_offset_ms: offset,
            ..job(id, group, run_ms)
        })
        .enumerate()
        .collect();
    order(&mut jobs);
    let input = Input {
        jobs: jobs.into_iter().map(|(_, job)| job).collect(),
        recurrences: beats.iter().map(|b| b as &dyn Recurrence).collect(),
        groups: vec!["a".to_owned(), "b".to_owned()],
        dispatch: vec![Dispatch::Pool { slots: 3 }],
        horizon: Horizon {
            from_ms: NOON,
            until_ms: NOON + 7_200_000,
        },
        options: Options {
            jitter: case.jitter,
            seed: case.seed,
            burst: 2,
            restagger: false,
        },
    };
    let mut seen = Seen::default();
    let outcome = plan(&input, &mut seen);
    let mut starts: Vec<Start> = seen
        .fires
        .iter()
        .map(|f| {
            (
                input.jobs[f.job].id.to_owned(),
                f.nominal_ms,
                f.native_ms,
                f.planned_ms,
            )
        })
        .collect();
    let ordered = seen
        .fires
        .windows(2)
        .all(|w| w[0].planned_ms <= w[1].planned_ms);
    assert!(ordered, "fires come in the order of their starts");
    starts.sort();
    (starts, outcome)
}

proptest! {
    #[test]
    fn planned_is_never_before_the_tick_and_within_the_window(case in cases()) {
        let (starts, _) = starts(&case, |_| ());
        for (id, nominal, native, planned) in starts {
            let base = if case.jitter == Jitter::None { nominal } else { native };
            prop_assert!(planned >= base, "{id}");
            if let Some(window) = case.jitter.window_ms() {
                prop_assert!(planned < base + window, "{id}");
            }
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter_and_neither_does_asking_twice(case in cases()) {
        let (forward, one) = starts(&case, |_| ());
        let (backward, two) = starts(&case, |jobs| jobs.reverse());
        prop_assert_eq!(&forward, &backward);
        prop_assert_eq!(one.after, two.after);
        prop_assert_eq!(one.dispatch_after, two.dispatch_after);
        prop_assert_eq!(forward, starts(&case, |_| ()).0);
    }

    #[test]
    fn a_lone_job_is_not_moved_and_moves_nobody(case in cases()) {
        let lone = |jobs: &mut Vec<(usize, PlanJob<'_>)>| {
            let mut lone = job("alone", 0, 5);
            // Off every other tick: no other job lies on an odd 17 ms.
            (lone.recurrence, lone.native_offset_ms) = (2, 300_017);
            jobs.push((usize::MAX, lone));
        };
        let (without, _) = starts(&case, |_| ());
        let (with, _) = starts(&case, lone);
        let (mine, others): (Vec<_>, Vec<_>) = with.into_iter().partition(|s| s.0 == "alone");
        prop_assert_eq!(without, others);
        for (_, nominal, native, planned) in mine {
            prop_assert_eq!(planned, if case.jitter == Jitter::None { nominal } else { native });
        }
    }

    #[test]
    fn no_start_passes_the_jobs_own_next_instant(case in cases()) {
        let (starts, _) = starts(&case, |_| ());
        let none = case.jitter == Jitter::None;
        for pair in starts.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let next = if none { pair[1].1 } else { pair[1].2 };
            prop_assert!(pair[0].3 < next, "{pair:?}");
        }
    }

    #[test]
    fn every_occurrence_is_planned_once(case in cases()) {
        let (starts, outcome) = starts(&case, |_| ());
        let mut nominal: Vec<_> = starts.iter().map(|s| (s.0.clone(), s.1)).collect();
        nominal.dedup();
        prop_assert_eq!(nominal.len() as u64, outcome.totals.fires);
        prop_assert_eq!(outcome.after.total.starts, outcome.totals.fires);
    }
}
