//! What holds whatever happens.

use proptest::prelude::*;

use super::*;
use crate::plan::{Horizon, Jitter, Options, PlanJob, Recurrence};

/// Fires at given instants.
struct Instants(Vec<i64>);

impl Recurrence for Instants {
    fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        let inside = self.0.iter().filter(|t| (from_ms..until_ms).contains(*t));
        inside.for_each(|t| emit(*t));
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Case {
    world: World,
    /// Per job: period in minutes.
    periods: Vec<i64>,
    slots: u32,
}

impl Case {
    /// Plays the plan of the jobs in this order.
    fn play(&self, order: &[usize]) -> Figures {
        let beats: Vec<Instants> = (self.periods.iter())
            .map(|p| Instants((0..120 / p).map(|n| n * p * MINUTE).collect()))
            .collect();
        let ids: Vec<String> = order.iter().map(|n| format!("job-{n}")).collect();
        let actors: Vec<Actor> = order
            .iter()
            .map(|n| self.world.actors[*n].clone())
            .collect();
        let job = |(at, n): (usize, &usize)| PlanJob {
            id: &ids[at],
            source: 0,
            recurrence: u32::try_from(*n).unwrap(),
            native_offset_ms: 0,
            group: 0,
            run_ms: actors[at].run_ms,
            shown: true,
        };
        let input = Input {
            jobs: order.iter().enumerate().map(job).collect(),
            recurrences: beats.iter().map(|b| b as &dyn Recurrence).collect(),
            groups: vec!["all".to_owned()],
            dispatch: vec![self.world.source.dispatch.clone()],
            horizon: Horizon {
                from_ms: 0,
                until_ms: 120 * MINUTE,
            },
            options: Options {
                jitter: Jitter::Spread { window_ms: 5000 },
                seed: self.world.seed,
                burst: 2,
                restagger: false,
            },
        };
        let setting = Setting {
            actors: &actors,
            bin_ms: 1000,
            ..self.world.setting()
        };
        rehearse(&input, &setting)
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let kinds = prop_oneof![
        Just(Kind::Overloaded),
        Just(Kind::RateLimit),
        Just(Kind::ServerError),
        Just(Kind::Auth),
        Just(Kind::Silence),
    ];
    let fault = (
        0u32..2,
        kinds,
        0.05f64..=1.0,
        proptest::option::of((0i64..90, 1i64..60)),
    );
    let job = (0u32..3, 1i64..400_000, 1i64..40, 0u32..12);
    (
        proptest::collection::vec(job, 1..20),
        proptest::collection::vec(fault, 0..3),
        proptest::option::of(1u32..5),
        (0u8..3, 1u32..6, any::<bool>(), any::<u64>()),
    )
        .prop_map(
            |(jobs, faults, limit, (slots_of, slots, september, seed))| {
                let mut world =
                    World::of(jobs.len(), if september { Era::September } else { MARCH });
                world.chains = vec![vec![0], vec![1], vec![0, 1]];
                world.capacity[0] = limit;
                world.seed = seed;
                world.source.dispatch = match slots_of {
                    0 => Dispatch::Pool { slots },
                    1 => Dispatch::Batch { slots },
                    _ => Dispatch::Unlimited,
                };
                for (actor, (chain, run_ms, _, errors)) in world.actors.iter_mut().zip(&jobs) {
                    actor.calls = Calls::Chain(*chain);
                    actor.run_ms = *run_ms;
                    actor.errors = *errors;
                    actor.timeout_ms = None;
                }
                world.faults = faults
                    .into_iter()
                    .map(|(provider, kind, probability, window)| Fault {
                        target: Target::Provider(provider),
                        kind,
                        probability,
                        spans: window
                            .map(|(from, length)| span(from * MINUTE, (from + length) * MINUTE)),
                    })
                    .collect();
                Case {
                    world,
                    periods: jobs.iter().map(|j| j.2).collect(),
                    slots: if slots_of < 2 { slots } else { u32::MAX },
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_lost_in_the_counting(case in cases()) {
        let order: Vec<usize> = (0..case.periods.len()).collect();
        let f = case.play(&order);
        prop_assert_eq!(f.ok + f.lost, f.due);
        prop_assert_eq!(f.ok + f.not_ok, f.occurrences);
        prop_assert_eq!(f.drain_ms.is_some(), f.failed_calls > 0);
        prop_assert_eq!(f.amplification.is_some(), f.affected > 0);
        prop_assert_eq!(f.due + f.coalesced + f.dropped, f.occurrences);
        prop_assert!(f.calls >= f.runs && f.runs >= f.due, "{:?}", f);
        prop_assert_eq!(f.providers.iter().map(|p| p.calls).sum::<u64>(), f.calls);
        prop_assert_eq!(f.bins.iter().map(|b| b.calls).sum::<u64>(), f.calls);
        prop_assert_eq!(f.bins.iter().map(|b| b.failed).sum::<u64>(), f.failed_calls);
        // One call of a run at a time, and no more runs than slots.
        prop_assert!(f.peak_at_once <= u64::from(case.slots), "{:?}", f);
        // A served call ends a run.
        prop_assert_eq!(f.calls - f.failed_calls, f.ok);
        prop_assert!(f.fell_back <= f.ok && f.affected <= f.due);
        if case.world.faults.is_empty() && case.world.capacity[0].is_none() {
            prop_assert_eq!((f.lost, f.calls, f.drain_ms), (0, f.due, None));
        }
    }

    #[test]
    fn when_everything_fails_every_run_due_calls_at_least_once(case in cases()) {
        let mut case = case;
        case.world.faults = (0..2)
            .map(|provider| Fault {
                target: Target::Provider(provider),
                kind: Kind::Overloaded,
                probability: 1.0,
                spans: None,
            })
            .collect();
        let order: Vec<usize> = (0..case.periods.len()).collect();
        let f = case.play(&order);
        prop_assert_eq!((f.ok, f.failed_calls), (0, f.calls));
        prop_assert!(f.amplification.is_none_or(|a| a >= 1.0), "{:?}", f);
    }

    #[test]
    fn the_order_of_the_jobs_does_not_matter_and_neither_does_asking_twice(case in cases()) {
        let forward: Vec<usize> = (0..case.periods.len()).collect();
        let backward: Vec<usize> = forward.iter().rev().copied().collect();
        let f = case.play(&forward);
        prop_assert_eq!(&f, &case.play(&forward));
        prop_assert_eq!(&f, &case.play(&backward));
    }

    #[test]
    fn nobody_calls_what_is_not_in_a_chain(case in cases()) {
        let mut case = case;
        case.world.chains = vec![vec![0], vec![0], vec![0]];
        let order: Vec<usize> = (0..case.periods.len()).collect();
        prop_assert_eq!(case.play(&order).providers[1].calls, 0);
    }
}
