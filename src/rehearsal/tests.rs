//! Worked cases.

mod invariants;
mod recorded;
mod restart;
mod retries;
mod traced;

use super::simulation::Simulation;
use super::*;

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
            beat: Beat::Cron,
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
                retry: Retry::default(),
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

    /// What it is played with: its one gateway, nothing made up, and a bin per millisecond.
    fn setting(&self) -> Setting<'_> {
        Setting {
            actors: &self.actors,
            chains: &self.chains,
            models: &self.models,
            capacity: &self.capacity,
            sources: std::slice::from_ref(&self.source),
            faults: &self.faults,
            extra: &[],
            restarts: &[],
            seed: self.seed,
            bin_ms: 1,
        }
    }

    /// Plays occurrences, given by job and instant.
    fn play(&self, due: &[(usize, i64)]) -> Figures {
        given(Simulation::new(&self.setting()), due).finish()
    }

    /// Every job once, at 0.
    fn at_once(&self) -> Figures {
        let due: Vec<_> = (0..self.actors.len()).map(|job| (job, 0)).collect();
        self.play(&due)
    }
}

/// Has occurrences come, given by job and instant.
fn given<'a>(mut simulation: Simulation<'a>, due: &[(usize, i64)]) -> Simulation<'a> {
    for (job, t) in due {
        simulation.occurrence(*job, *t);
    }
    simulation
}

fn span(from_ms: i64, until_ms: i64) -> Vec<Span> {
    vec![Span { from_ms, until_ms }]
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
    let mut world = World::of(24, MARCH).failing(Kind::Overloaded, Some(span(0, 20 * MINUTE)));
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
        .failing(Kind::Overloaded, Some(span(0, 13_000)))
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
    let outage = Some(span(0, 3 * MINUTE));
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
    // Nothing of it ran: neither what was lost, nor what would have come.
    assert_eq!(figures.not_ok, 3);
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
fn a_first_call_of_another_model_is_no_repeat() {
    let mut world = World::of(2, MARCH).failing(Kind::Auth, None);
    world.chains = vec![vec![0, 1]];
    let figures = world.at_once();
    // Each is refused once by the one provider and served by the other within the second.
    assert_eq!((figures.calls, figures.fell_back), (4, 2));
    assert_eq!((figures.waves, figures.biggest_wave), (0, 0));
}

#[test]
fn amplification_is_that_of_the_affected_runs() {
    let mut world = World::of(4, MARCH).failing(Kind::Overloaded, None);
    world.chains = vec![vec![0], vec![1]];
    for actor in &mut world.actors[1..] {
        actor.calls = Calls::Chain(1);
    }
    let figures = world.at_once();
    assert_eq!((figures.affected, figures.calls), (1, 15));
    assert_eq!(figures.amplification, Some(12.0));
    assert_eq!(figures.calls_per_due, Some(3.75));
    world.faults.clear();
    let figures = world.at_once();
    assert_eq!(
        (figures.amplification, figures.calls_per_due),
        (None, Some(1.0))
    );
}

#[test]
fn each_window_of_a_fault_drains_by_itself() {
    const DAY: i64 = 24 * 60 * MINUTE;
    let windows = (0..3).map(|day| Span {
        from_ms: day * DAY,
        until_ms: day * DAY + 20 * MINUTE,
    });
    let world = World::of(1, MARCH).failing(Kind::Auth, Some(windows.collect()));
    // Affected at 0 and 10 min of the first day, at 5 min of the second, and not at noon.
    let due = [
        (0, 0),
        (0, 10 * MINUTE),
        (0, DAY / 2),
        (0, DAY + 5 * MINUTE),
        (0, 2 * DAY + 30 * MINUTE),
    ];
    let figures = world.play(&due);
    assert_eq!((figures.affected, figures.lost), (3, 3));
    assert_eq!(figures.drain_ms, Some(10 * MINUTE + FAILED_CALL_MS));
}

#[test]
fn lack_of_capacity_drains_while_affected_runs_go_on() {
    let mut world = World::of(2, Era::September);
    world.capacity[0] = Some(1);
    let once = world.at_once().drain_ms.unwrap();
    // The second is refused for the minute of the first, then served for one.
    assert!((2 * MINUTE..4 * MINUTE).contains(&once), "{once}");
    let hours: Vec<_> = (0..3)
        .flat_map(|hour| (0..2).map(move |job| (job, hour * 60 * MINUTE)))
        .collect();
    let thrice = world.play(&hours).drain_ms.unwrap();
    assert!((2 * MINUTE..4 * MINUTE).contains(&thrice), "{thrice}");
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

#[test]
fn extra_due_instants_are_played_with_the_plan() {
    let world = World::of(2, MARCH);
    let setting = Setting {
        extra: &[(1, 5000), (0, 1000)],
        ..world.setting()
    };
    let figures = given(Simulation::new(&setting), &[(0, 3000)]).finish();
    // Job 0 still runs when the plan has it due.
    assert_eq!(
        (figures.occurrences, figures.due, figures.coalesced),
        (3, 2, 1)
    );
}

/// As the plan's own slots: what came due during a tick waits for the timer's least delay after it.
#[test]
fn what_came_due_during_a_tick_waits_two_seconds_after_it() {
    let mut world = World::of(3, MARCH);
    world.source.dispatch = Dispatch::Batch { slots: 2 };
    // Starts at 0, 62 s, and at once after the end of the second tick at 122 s.
    let figures = world.play(&[(0, 0), (1, 1000), (2, 122_500)]);
    assert_eq!((figures.longest_wait_ms, figures.peak_at_once), (61_000, 1));
    // Within the two seconds: the third shares the second tick.
    let figures = world.play(&[(0, 0), (1, 1000), (2, 61_500)]);
    assert_eq!((figures.longest_wait_ms, figures.peak_at_once), (61_000, 2));
    // A pool has a slot for it at once.
    world.source.dispatch = Dispatch::Pool { slots: 2 };
    assert_eq!(world.play(&[(0, 0), (1, 1000)]).longest_wait_ms, 0);
}
