//! What a gateway makes up when it starts.

use super::*;

fn play(world: &World, restart: Restart, extra: &[(usize, i64)], due: &[(usize, i64)]) -> Figures {
    let setting = Setting {
        extra,
        restarts: &[restart],
        ..world.setting()
    };
    given(Simulation::new(&setting), due).finish()
}

fn restart(first: &[usize], then: &[(usize, i64)], passes_over: bool) -> Restart {
    Restart {
        source: 0,
        at_ms: 0,
        first: first.to_vec(),
        then: then.to_vec(),
        passes_over,
    }
}

fn begun(figures: &Figures) -> Vec<i64> {
    figures.bins.iter().map(|bin| bin.number).collect()
}

#[test]
fn the_first_run_one_after_the_other_and_the_others_count_from_their_end() {
    let world = World::of(4, MARCH);
    let catch_up = restart(&[2, 0], &[(1, 5000), (3, 10_000)], true);
    let figures = play(&world, catch_up.clone(), &[], &[]);
    // A minute each, then 5 and 10 s after the second minute.
    assert_eq!(begun(&figures), [0, 60_000, 125_000, 130_000]);
    assert_eq!((figures.due, figures.caught_up, figures.ok), (4, 4, 4));
    // Refused runs are short, and what follows comes earlier.
    let failing = world.failing(Kind::Auth, None);
    let figures = play(&failing, catch_up, &[], &[]);
    assert_eq!(begun(&figures), [0, 200, 5400, 10_400]);
}

#[test]
fn a_job_that_waits_for_its_turn_is_not_doubled_by_its_slot() {
    let world = World::of(1, Era::September);
    // Its slot at 1:00 lies before its turn at 2:00, that at 2:30 in its run, that at 4:00 after it.
    let due = [(0, MINUTE), (0, 150_000), (0, 4 * MINUTE)];
    let figures = play(&world, restart(&[], &[(0, 2 * MINUTE)], false), &[], &due);
    assert_eq!(begun(&figures), [2 * MINUTE, 4 * MINUTE]);
    assert_eq!((figures.due, figures.coalesced), (2, 2));
    assert_eq!(figures.caught_up, 1);
}

#[test]
fn slots_of_others_are_passed_over_until_the_first_have_ended() {
    let world = World::of(2, MARCH);
    let due = [(1, 0), (1, 30_000), (1, 60_000)];
    for (passes_over, ran) in [(true, vec![0, 60_000]), (false, vec![0, 0])] {
        let figures = play(&world, restart(&[0], &[], passes_over), &[], &due);
        let calls: Vec<i64> = figures
            .bins
            .iter()
            .flat_map(|bin| (0..bin.calls).map(|_| bin.number))
            .collect();
        assert_eq!(calls[..2], ran);
    }
}

#[test]
fn a_job_that_resumes_later_is_no_catch_up() {
    let world = World::of(2, MARCH);
    let figures = play(
        &world,
        restart(&[0], &[], true),
        &[(1, 90_000)],
        &[(1, 70_000)],
    );
    assert_eq!(begun(&figures), [0, 90_000]);
    assert_eq!(
        (figures.due, figures.caught_up, figures.coalesced),
        (2, 1, 1)
    );
}

#[test]
fn jobs_without_a_model_take_their_time_and_are_not_simulated() {
    let mut world = World::of(2, MARCH);
    world.actors[0].calls = Calls::None;
    let figures = play(&world, restart(&[0, 1], &[], true), &[], &[]);
    assert_eq!(begun(&figures), [60_000]);
    assert_eq!(
        (figures.without_model, figures.due, figures.caught_up),
        (1, 1, 1)
    );
}
