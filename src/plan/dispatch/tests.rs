//! Worked cases of the rules.

use super::*;

fn dispatched(rules: &Dispatch, run: i64, due: &[i64]) -> DispatchReport {
    let runs = |_| run;
    let mut dispatcher = Dispatcher::new(rules, &runs, &[], due.len());
    for (rank, t) in (0..).zip(due) {
        dispatcher.due(*t, &[rank]);
    }
    dispatcher.finish().0
}

#[test]
fn a_cap_makes_a_queue() {
    for (slots, last_start, last_end) in
        [(24, 0, 60), (8, 120, 180), (4, 300, 360), (1, 1380, 1440)]
    {
        for rules in [Dispatch::Pool { slots }, Dispatch::Batch { slots }] {
            let report = dispatched(&rules, 60_000, &[0; 24]);
            assert_eq!(report.last_start_ms, Some(last_start * 1000), "{rules:?}");
            assert_eq!(report.last_end_ms, Some(last_end * 1000), "{rules:?}");
            assert_eq!(report.peak.concurrent, slots, "{rules:?}");
            assert_eq!(report.longest_wait_ms, last_start * 1000, "{rules:?}");
        }
    }
}

#[test]
fn a_batch_keeps_the_next_tick_waiting_where_a_pool_does_not() {
    let wait = |rules: Dispatch| dispatched(&rules, 60_000, &[0, 1000]).longest_wait_ms;
    assert_eq!(wait(Dispatch::Pool { slots: 2 }), 0);
    assert_eq!(
        wait(Dispatch::Batch { slots: 2 }),
        59_000 + Dispatch::REARM_MS
    );
}

/// After a tick the timer is armed for the earliest job: at its time, or in 2 s when that is past.
#[test]
fn what_came_due_during_a_tick_waits_two_seconds_more_and_what_comes_later_does_not() {
    let rules = Dispatch::Batch { slots: 2 };
    let last = |due| dispatched(&rules, 60_000, &[0, due]).last_start_ms;
    assert_eq!(last(59_999), Some(62_000));
    assert_eq!(last(60_000), Some(62_000));
    assert_eq!(last(60_001), Some(60_001));
    // What comes due in these two seconds is taken by the same tick.
    let report = dispatched(&rules, 60_000, &[0, 1000, 61_000]);
    assert_eq!(
        (report.last_start_ms, report.peak.concurrent),
        (Some(62_000), 2)
    );
}

#[test]
fn molecules_row_cursor_lets_eleven_rows_through_a_tick_of_slow_fires() {
    let rules = Dispatch::Molecule(MoleculeRules::of_may_2026(0));
    // 11 + 11 + 2: two ticks of two fires back to back come before the last group.
    let report = dispatched(&rules, 60_000, &[0; 24]);
    assert_eq!(report.longest_wait_ms, 240_000);
    assert_eq!(report.peak.concurrent, 10);
    // Fast fires leave the cursor time for all of them.
    assert_eq!(dispatched(&rules, 1000, &[0; 24]).longest_wait_ms, 2000);
}

#[test]
fn molecule_polls_so_a_shift_below_the_poll_waits_for_the_next_one() {
    let rules = Dispatch::Molecule(MoleculeRules::of_may_2026(0));
    let report = dispatched(&rules, 1000, &[0, 2000, 4000]);
    let starts = report.peak.starts_per_second;
    assert_eq!((report.last_start_ms, starts), (Some(30_000), 2));
}

#[test]
fn fires_of_one_workspace_within_a_moment_all_pass_and_later_ones_are_skipped() {
    let mut rules = MoleculeRules::of_may_2026(0);
    rules.workspaces = vec![0; 12];
    let report = dispatched(&Dispatch::Molecule(rules), 1_800_000, &[0; 12]);
    assert_eq!((report.peak.starts, report.skipped), (10, 2));
}

#[test]
fn a_job_that_still_runs_does_not_start_again() {
    let runs = |_| 90_000;
    for rules in [Dispatch::Pool { slots: 8 }, Dispatch::Batch { slots: 8 }] {
        let mut dispatcher = Dispatcher::new(&rules, &runs, &[], 8);
        for minute in 0..4 {
            dispatcher.due(minute * 60_000, &[7]);
        }
        let (report, _) = dispatcher.finish();
        assert_eq!((report.peak.starts, report.coalesced), (2, 2), "{rules:?}");
    }
}
