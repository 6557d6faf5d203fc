//! Worked cases, recorded retries, invariants.

use proptest::prelude::*;
use serde_json::Value;

use super::simulation::Simulation;
use super::*;
use crate::plan::{Horizon, Jitter, Options, PlanJob, Recurrence};

const MARCH: Era = Era::March {
    silence: Silence::Client,
};
const MINUTE: i64 = 60_000;

/// Jobs that call the first chain, on a gateway without a cap.
#[derive(Clone, Debug)]
struct World {
    actors: Vec<Actor>,
    chains: Vec<Vec<u32>>,
    models: Vec<u32>,
    capacity: Vec<Option<u32>>,
    source: Gateway,
    faults: Vec<Fault>,
    seed: u64,
}

impl World {
    /// So many jobs of a minute on provider 0.
    fn of(jobs: usize, era: Era) -> Self {
        let actor = |key| Actor {
            calls: Calls::Chain(0),
            source: 0,
            key,
            run_ms: MINUTE,
            timeout_ms: Some(60 * MINUTE),
            one_shot: false,
            gap: true,
            in_lane: true,
            switches_off: true,
            errors: 0,
        };
        Self {
            actors: (0..jobs as u64).map(actor).collect(),
            chains: vec![vec![0]],
            models: vec![0, 1],
            capacity: vec![None, None],
            source: Gateway {
                dispatch: Dispatch::Unlimited,
                era,
                lane: None,
            },
            faults: Vec::new(),
            seed: 7,
        }
    }

    /// Every call of provider 0 fails.
    fn failing(mut self, kind: Kind, spans: Option<Vec<Span>>) -> Self {
        self.faults.push(Fault {
            target: Target::Provider(0),
            kind,
            probability: 1.0,
            spans,
        });
        self
    }

    /// Plays occurrences, given by job and instant.
    fn play(&self, due: &[(usize, i64)]) -> Figures {
        let sources = [self.source.clone()];
        let setting = Setting {
            actors: &self.actors,
            chains: &self.chains,
            models: &self.models,
            capacity: &self.capacity,
            sources: &sources,
            faults: &self.faults,
            extra: &[],
            seed: self.seed,
            bin_ms: 1,
        };
        let mut simulation = Simulation::new(&setting);
        for (job, t) in due {
            simulation.occurrence(*job, *t);
        }
        simulation.finish()
    }

    /// Every job once, at 0.
    fn at_once(&self) -> Figures {
        let due: Vec<_> = (0..self.actors.len()).map(|job| (job, 0)).collect();
        self.play(&due)
    }
}

fn span(from_ms: i64, until_ms: i64) -> Option<Vec<Span>> {
    Some(vec![Span { from_ms, until_ms }])
}

/// Instants of the calls of one run.
fn calls(era: Era, kind: Kind, seed: u64) -> Vec<i64> {
    let mut world = World::of(1, era).failing(kind, None);
    // Without a repeat by the scheduler.
    world.actors[0].errors = 5;
    world.seed = seed;
    let figures = world.at_once();
    figures.bins.iter().map(|bin| bin.number).collect()
}

#[test]
fn the_incident_makes_twelve_calls_of_every_run() {
    // 3 tries of the client × 4 of the session × 24 runs = 288 calls; nothing else to call.
    let figures = World::of(24, MARCH)
        .failing(Kind::Overloaded, None)
        .at_once();
    assert_eq!((figures.due, figures.ok, figures.lost), (24, 0, 24));
    assert_eq!((figures.calls, figures.failed_calls), (288, 288));
    assert_eq!(figures.amplification, Some(12.0));
    assert_eq!(figures.peak_at_once, 24);
    // The first tries at 0 s, the second ones 0.2 s + 0.375 to 0.5 s later: all within a second.
    assert_eq!(figures.peak_per_second, 48);
    // 4 rounds of 3 × 0.2 s, 0.375 to 0.5 s and 0.75 to 1 s, and 2 + 4 + 8 s between them.
    let drain = figures.drain_ms.unwrap();
    assert!((20_900..=22_400).contains(&drain), "{drain}");
}

#[test]
fn one_lane_plays_the_same_calls_one_run_after_the_other() {
    let mut world = World::of(24, MARCH).failing(Kind::Overloaded, span(0, 20 * MINUTE));
    world.source.lane = Some(1);
    let figures = world.at_once();
    // 24 × at most 22.4 s are over before the outage is: every run fails, as without the lane.
    assert_eq!((figures.lost, figures.calls), (24, 288));
    assert_eq!((figures.peak_at_once, figures.longest_queue), (1, 23));
    let drain = figures.drain_ms.unwrap();
    assert!((24 * 20_900..=24 * 22_400).contains(&drain), "{drain}");
}

#[test]
fn an_outage_that_ends_within_the_retries_loses_nothing() {
    // A round of three calls takes 1.7 to 2.1 s: the third ends 11.2 to 12.3 s into the run, the
    // fourth begins 8 s later.
    let figures = World::of(24, MARCH)
        .failing(Kind::Overloaded, span(0, 13_000))
        .at_once();
    assert_eq!((figures.ok, figures.lost), (24, 0));
    // Three rounds fail and the first call of the fourth is served.
    assert_eq!((figures.calls, figures.failed_calls), (24 * 10, 24 * 9));
}

#[test]
fn waiting_in_the_lane_counts_for_the_time_out() {
    let mut world = World::of(3, MARCH);
    world.source.lane = Some(1);
    world.actors.iter_mut().for_each(|a| a.run_ms = 30 * MINUTE);
    let figures = world.at_once();
    // 0 to 30 min, 30 to 60 min, and the third is ended in line after its 60 min.
    assert_eq!((figures.ok, figures.lost, figures.timed_out), (2, 1, 1));
    assert_eq!(figures.calls, 2);
    assert_eq!(figures.longest_wait_ms, 60 * MINUTE);
    assert_eq!(figures.drain_ms, None);
}

#[test]
fn capacity_makes_overload() {
    let mut world = World::of(8, Era::September);
    world.capacity[0] = Some(4);
    let figures = world.at_once();
    // Four are served at once, for a minute. The others are refused after 0, 1, 2, 4, 8 and 16 s
    // (times 0.5 to 1.5) at least, and come through when the minute is over.
    assert_eq!((figures.ok, figures.lost, figures.affected), (8, 0, 4));
    assert_eq!(figures.calls - figures.failed_calls, 8);
    assert!(figures.failed_calls >= 4 * 5, "{figures:?}");
    assert_eq!(figures.providers[1].calls, 0);
}

#[test]
fn the_next_provider_takes_over_and_is_counted() {
    for (era, tries) in [(MARCH, 12..=12), (Era::September, 7..=9)] {
        let mut world = World::of(1, era).failing(Kind::Overloaded, None);
        world.chains = vec![vec![0, 1]];
        let figures = world.at_once();
        assert_eq!((figures.ok, figures.fell_back), (1, 1), "{era:?}");
        assert_eq!(figures.providers[1].calls, 1, "{era:?}");
        assert!(tries.contains(&figures.providers[0].calls), "{figures:?}");
        // Another model of the same provider is no other provider.
        world.models = vec![0, 0];
        assert_eq!(world.at_once().fell_back, 0);
    }
}

#[test]
fn a_refusal_that_will_not_pass_is_one_call() {
    for era in [MARCH, Era::September] {
        for kind in [Kind::Auth, Kind::Billing, Kind::Refused] {
            let figures = World::of(1, era).failing(kind, None).at_once();
            assert_eq!(
                (figures.calls, figures.lost, figures.runs),
                (1, 1, 1),
                "{era:?} {kind:?}"
            );
        }
    }
}

#[test]
fn september_repeats_a_recurring_run_and_march_does_not() {
    let outage = span(0, 3 * MINUTE);
    let figures = World::of(1, Era::September)
        .failing(Kind::Overloaded, outage.clone())
        .at_once();
    assert_eq!((figures.ok, figures.lost), (1, 0));
    assert!((2..=4).contains(&figures.runs), "{figures:?}");
    let figures = World::of(1, MARCH)
        .failing(Kind::Overloaded, outage)
        .at_once();
    assert_eq!((figures.ok, figures.lost, figures.runs), (0, 1, 1));
}

#[test]
fn the_tenth_error_switches_a_job_off_for_good_in_september() {
    let due: Vec<_> = (0..3).map(|hour| (0, hour * 60 * MINUTE)).collect();
    let mut world = World::of(1, Era::September).failing(Kind::Auth, None);
    world.actors[0].errors = 9;
    let figures = world.play(&due);
    assert_eq!(
        (figures.switched_off, figures.lost, figures.dropped),
        (1, 1, 2)
    );
    world.actors[0].switches_off = false;
    assert_eq!(world.play(&due).switched_off, 0);
    world.actors[0].switches_off = true;
    world.source.era = MARCH;
    let figures = world.play(&due);
    assert_eq!((figures.switched_off, figures.lost), (0, 3));
}

#[test]
fn errors_push_the_next_start_back_and_occurrences_meanwhile_coalesce() {
    let due: Vec<_> = (0..8).map(|minute| (0, minute * MINUTE)).collect();
    let figures = World::of(1, MARCH).failing(Kind::Auth, None).play(&due);
    // 0:00 fails, 30 s of pause; 1:00 fails, 1 min of pause to 2:00.2, where 2:00 goes; 5 min of pause
    // to 7:00.4, where 3:00 goes, and 4:00 to 7:00 coalesce with it.
    let starts: Vec<i64> = figures.bins.iter().map(|bin| bin.number).collect();
    assert_eq!(starts, [0, 60_000, 120_200, 420_400]);
    assert_eq!((figures.due, figures.coalesced), (4, 4));
}

#[test]
fn a_one_shot_is_repeated_three_times() {
    let mut world = World::of(1, MARCH).failing(Kind::ServerError, None);
    world.actors[0].one_shot = true;
    let figures = world.at_once();
    assert_eq!((figures.runs, figures.calls, figures.lost), (4, 48, 1));
    world.faults[0].kind = Kind::Auth;
    assert_eq!(world.at_once().runs, 1);
}

#[test]
fn the_next_model_waits_in_the_lane_behind_the_others_as_recorded() {
    let mut world = World::of(2, MARCH).failing(Kind::Auth, None);
    world.source.lane = Some(1);
    world.chains = vec![vec![0, 1]];
    let figures = world.at_once();
    // 0: first model of the first job; 200 ms: of the second; 400 ms: second model of the first, a
    // minute; then that of the second.
    let starts: Vec<i64> = figures.bins.iter().map(|bin| bin.number).collect();
    assert_eq!(starts, [0, 200, 400, 60_400]);
    assert_eq!((figures.ok, figures.fell_back), (2, 2));
    // Each job with a fallback of 2026.3.31 called it only after the first calls of all others.
    let runs = recorded("2026.3.31")["runs"].clone();
    let runs = runs.as_object().unwrap();
    for (name, run) in runs.iter().filter(|(name, _)| *name != "f401") {
        let last = *instants(&run["calls_ms"]).last().unwrap();
        assert!(
            run["fallback_call_ms"].as_i64().unwrap() - last > 20_000,
            "{name}"
        );
        assert!(
            MARCH
                .failover_ms(kind_of(run), &mut fastrand::Rng::with_seed(0))
                .is_some()
        );
    }
}

#[test]
fn march_gives_up_after_a_refused_request_and_september_goes_on() {
    for (era, ok) in [(MARCH, 0), (Era::September, 1)] {
        let mut world = World::of(1, era).failing(Kind::of_status(400), None);
        world.chains = vec![vec![0, 1]];
        assert_eq!(world.at_once().ok, ok, "{era:?}");
        world.faults[0].kind = Kind::of_status(404);
        assert_eq!(world.at_once().ok, 1, "{era:?}");
    }
}

#[test]
fn silence_lasts_ten_minutes_in_march_28_and_the_run_times_out() {
    // At 0, 10, 20, 30, 40 and 50 min and some seconds; the sixth is cut off at 60 min.
    let figures = World::of(1, MARCH).failing(Kind::Silence, None).at_once();
    assert_eq!((figures.calls, figures.timed_out, figures.lost), (6, 1, 1));
    let watched = Era::March {
        silence: Silence::Watched,
    };
    let figures = World::of(1, watched).failing(Kind::Silence, None).at_once();
    assert_eq!((figures.calls, figures.timed_out), (1, 0));
}

#[test]
fn waves_are_stretches_of_seconds_with_repeated_calls() {
    // One run alone repeats its calls, and is no wave; two in step are.
    let alone = World::of(1, MARCH)
        .failing(Kind::Overloaded, None)
        .at_once();
    assert_eq!((alone.waves, alone.biggest_wave), (0, 0));
    let two = World::of(2, MARCH)
        .failing(Kind::Overloaded, None)
        .at_once();
    assert!(two.waves >= 2, "{two:?}");
    assert!(two.biggest_wave >= 2 && two.biggest_wave <= 22, "{two:?}");
}

#[test]
fn percentiles_are_values_that_were_there() {
    let of = |calls| Figures {
        calls,
        drain_ms: (calls > 5).then_some(10),
        ..Figures::default()
    };
    let all: Vec<Figures> = (1..=20).rev().map(of).collect();
    assert_eq!(percentile(&all, 5).calls, 1);
    assert_eq!(percentile(&all, 50).calls, 10);
    assert_eq!(percentile(&all, 95).calls, 19);
    assert_eq!(percentile(&all, 50).drain_ms, Some(10));
}

fn recorded(version: &str) -> Value {
    let text = match version {
        "2026.3.28" => include_str!("../../tests/data/rehearsal/2026.3.28.json"),
        "2026.3.31" => include_str!("../../tests/data/rehearsal/2026.3.31.json"),
        _ => include_str!("../../tests/data/rehearsal/2026.9.6.json"),
    };
    serde_json::from_str(text).unwrap()
}

fn instants(value: &Value) -> Vec<i64> {
    let list = value.as_array().unwrap();
    list.iter().map(|ms| ms.as_i64().unwrap()).collect()
}

fn kind_of(run: &Value) -> Kind {
    Kind::of_status(u16::try_from(run["status"].as_u64().unwrap()).unwrap())
}

#[test]
fn march_calls_as_recorded() {
    let document = recorded("2026.3.28");
    let runs = document["runs"].as_object().unwrap();
    assert_eq!(runs.len(), 11);
    for (name, run) in runs {
        let gateway = instants(&run["calls_ms"]);
        let played: Vec<_> = (0..50)
            .map(|seed| calls(MARCH, kind_of(run), seed))
            .collect();
        for (at, pair) in gateway.windows(2).enumerate() {
            let gaps = played
                .iter()
                .map(|calls| calls[at + 1] - calls[at] - FAILED_CALL_MS);
            let (least, most) = (gaps.clone().min().unwrap(), gaps.max().unwrap());
            // The machine adds to every pause, and takes nothing away but a rounded millisecond.
            let gap = pair[1] - pair[0];
            assert!(
                (least - 20..=most + 700).contains(&gap),
                "{name} {at}: {gap}"
            );
        }
        assert!(
            played.iter().all(|calls| calls.len() == gateway.len()),
            "{name}"
        );
    }
}

#[test]
fn march_runs_agent_turns_one_at_a_time_as_recorded() {
    // All were due at one instant, with cron.maxConcurrentRuns 30.
    let document = recorded("2026.3.28");
    let run = |run: &Value| {
        let first = run["first_call_after_due_ms"].as_i64().unwrap();
        (first, first + instants(&run["calls_ms"]).last().unwrap())
    };
    let mut runs: Vec<_> = document["runs"]
        .as_object()
        .unwrap()
        .values()
        .map(run)
        .collect();
    runs.sort_unstable();
    assert!(runs.windows(2).all(|w| w[0].1 < w[1].0), "{runs:?}");
    let waits = document["lane_waits"].as_array().unwrap();
    assert!(waits.iter().all(|w| w["lane"] == "nested"));
    assert!(waits.len() > 5);
}

#[test]
fn silence_ends_as_recorded() {
    let client = recorded("2026.3.28");
    let given_up = instants(&client["silence"]["given_up_ms"])[0];
    assert!((given_up - MARCH.silence_ms()).abs() < 1000, "{given_up}");
    let again = instants(&client["silence"]["calls_ms"])[1] - given_up;
    assert!((375..1000).contains(&again), "{again}");
    let watched = recorded("2026.3.31");
    let given_up = instants(&watched["silence"]["given_up_ms"])[0];
    let era = Era::March {
        silence: Silence::Watched,
    };
    assert!((given_up - era.silence_ms()).abs() < 1000, "{given_up}");
    assert_eq!(instants(&watched["silence"]["calls_ms"]).len(), 1);
}

#[test]
fn september_calls_as_recorded() {
    let document = recorded("2026.9.6");
    for (name, run) in document["runs"].as_object().unwrap() {
        let kind = kind_of(run);
        let (gateway, delays) = (instants(&run["calls_ms"]), instants(&run["delays_ms"]));
        assert_eq!(gateway.len(), delays.len() + 1, "{name}");
        for ((nth, delay), pair) in (1..).zip(&delays).zip(gateway.windows(2)) {
            let tried = Tried {
                calls: nth,
                ..Tried::default()
            };
            let draw = |seed| {
                let mut rng = fastrand::Rng::with_seed(seed);
                Era::September.again_ms(kind, &tried, 0, &mut rng).unwrap()
            };
            let (least, most) = (0..500)
                .map(draw)
                .fold((i64::MAX, 0), |(a, b), d| (a.min(d), b.max(d)));
            // 500 draws come within a hundredth of the bounds.
            assert!(
                (least * 98 / 100..=most * 102 / 100).contains(delay),
                "{name} {nth}: {delay}"
            );
            assert!(pair[1] - pair[0] >= *delay, "{name} {nth}");
        }
        let lengths: Vec<_> = (0..500)
            .map(|seed| calls(Era::September, kind, seed).len())
            .collect();
        assert!(
            lengths.contains(&gateway.len()),
            "{name}: {}",
            gateway.len()
        );
        if let Some(next) = run["next_run_ms"].as_i64() {
            let pause = next - gateway.last().unwrap();
            let first = Era::September.backoff_ms(1);
            assert!((first..2 * first).contains(&pause), "{name}: {pause}");
            assert!(
                Era::September.repeats(false, kind.is_transient(), 1),
                "{name}"
            );
        }
        assert_eq!(
            run["fallback_call_ms"].is_null(),
            !name.starts_with('f'),
            "{name}"
        );
    }
}

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
            recurrence: *n,
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
        let sources = [self.world.source.clone()];
        rehearse(
            &input,
            &Setting {
                actors: &actors,
                chains: &self.world.chains,
                models: &self.world.models,
                capacity: &self.world.capacity,
                sources: &sources,
                faults: &self.world.faults,
                extra: &[],
                seed: self.world.seed,
                bin_ms: 1000,
            },
        )
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
                        spans: window.and_then(|(from, length)| {
                            span(from * MINUTE, (from + length) * MINUTE)
                        }),
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

#[test]
fn extra_due_instants_are_played_with_the_plan() {
    let world = World::of(2, MARCH);
    let sources = [world.source.clone()];
    let setting = Setting {
        actors: &world.actors,
        chains: &world.chains,
        models: &world.models,
        capacity: &world.capacity,
        sources: &sources,
        faults: &world.faults,
        extra: &[(1, 5000), (0, 1000)],
        seed: 0,
        bin_ms: 1000,
    };
    let mut simulation = Simulation::new(&setting);
    simulation.occurrence(0, 3000);
    let figures = simulation.finish();
    // Job 0 still runs when the plan has it due.
    assert_eq!(
        (figures.occurrences, figures.due, figures.coalesced),
        (3, 2, 1)
    );
}
