//! Slots over changes of the clock.

use super::{AUTUMN, SPRING, asked, at, between, cron, grid, hourly, said, subject};
use crate::audit::{Asked, Grid, audit};

/// `America/New_York`: the clock is set forward on 2026-03-08 and back on 2026-11-01.
#[test]
fn slots_over_clock_changes_are_those_of_the_version() {
    let daily = |version, expr: &str, runs: &[&str]| {
        let grid = grid(version, &cron(expr, "America/New_York"), None);
        let mut one = subject("a", grid, runs);
        one.facts.created_at_ms = None;
        one
    };
    let asked = |version, since: &str, until: &str| Asked {
        since_ms: at(since),
        until_ms: at(until),
        now_ms: at(until),
        ..asked(version)
    };
    // 02:30 does not exist on 8 March: 2026.3 fires at 03:30 EDT, 2026.9 the day after.
    let spring = ("2026-03-08T05:00Z", "2026-03-09T05:00Z");
    let moved = daily(SPRING, "30 2 * * *", &["2026-03-08T07:30:00.010Z +1s ok"]);
    assert_eq!(
        said(&[moved], &asked(SPRING, spring.0, spring.1)),
        "07:30 ok in-time"
    );
    let skipped = daily(AUTUMN, "30 2 * * *", &[]);
    assert_eq!(said(&[skipped], &asked(AUTUMN, spring.0, spring.1)), "");
    // 01:30 comes twice on 1 November, at 05:30Z and 06:30Z, and is one slot.
    let autumn = ("2026-11-01T04:00Z", "2026-11-02T04:00Z");
    let once = ["2026-11-01T05:30:00.010Z +1s ok >2026-11-02T06:30:00Z"];
    let twice = [
        once[0],
        "2026-11-01T06:30:00.010Z +1s ok >2026-11-02T06:30:00Z",
    ];
    for version in [SPRING, AUTUMN] {
        let asked = asked(version, autumn.0, autumn.1);
        let jobs = [daily(version, "30 1 * * *", &once)];
        assert_eq!(said(&jobs, &asked), "05:30 ok in-time");
        let jobs = [daily(version, "30 1 * * *", &twice)];
        assert_eq!(said(&jobs, &asked), "05:30 doubled repeated-hour");
    }
}

#[test]
fn a_clock_that_was_set_back_makes_no_slot_missed() {
    for version in [SPRING, AUTUMN] {
        let runs = [
            "10:00:00.010 +5s ok >11:00",
            "10:59:59.997 +5s ok >12:00",
            "12:00:00.010 +5s ok >13:00",
        ];
        let asked = between(version, "10:30", "12:30");
        let jobs = [hourly(version, &runs)];
        assert_eq!(said(&jobs, &asked), "11:00 ok in-time, 12:00 ok in-time");
        let slots = audit(&jobs, &asked).swap_remove(0).unwrap();
        assert_eq!(slots[0].late_ms, Some(0));
        // Nor a slot doubled that is none of those asked for.
        let asked = between(version, "09:30", "10:59:59.999");
        assert_eq!(said(&jobs, &asked), "10:00 ok in-time");
    }
}

#[test]
fn slots_in_a_gap_and_in_a_fold_are_those_that_fire() {
    let audited = |version, (since, until): (&str, &str), runs: &[&str]| {
        let grid = grid(version, &cron("0 * * * *", "America/New_York"), None);
        let mut one = subject("a", grid, runs);
        one.facts.created_at_ms = None;
        said(&[one], &between(version, since, until))
    };
    let gap = ("2026-03-08T06:00Z", "2026-03-08T08:30Z");
    let fold = ("2026-11-01T04:45Z", "2026-11-01T07:30Z");
    for version in [SPRING, AUTUMN] {
        // 01:00 EST, 03:00 EDT, 04:00 EDT: no hour is lost.
        let runs = [
            "2026-03-08T06:00:00.010Z +1s ok >2026-03-08T07:00Z",
            "2026-03-08T07:00:00.010Z +1s ok >2026-03-08T08:00Z",
            "2026-03-08T08:00:00.010Z +1s ok >2026-03-08T09:00Z",
        ];
        assert_eq!(
            audited(version, gap, &runs),
            "06:00 ok in-time, 07:00 ok in-time, 08:00 ok in-time"
        );
        // 01:00 EDT, then 02:00 EST two hours later: the hour that comes again has no slot of its own.
        let runs = [
            "2026-11-01T05:00:00.010Z +1s ok >2026-11-01T07:00Z",
            "2026-11-01T07:00:00.010Z +1s ok >2026-11-01T08:00Z",
        ];
        assert_eq!(
            audited(version, fold, &runs),
            "05:00 ok in-time, 07:00 ok in-time"
        );
        let again = [
            runs[0],
            "2026-11-01T06:00:00.010Z +1s ok >2026-11-01T07:00Z",
            runs[1],
        ];
        assert_eq!(
            audited(version, fold, &again),
            "05:00 doubled repeated-hour, 07:00 ok in-time"
        );
    }
    // Nobody ran what 2026.3 moves to 03:30 EDT: missed there, and no slot for 2026.9.
    let day = ("2026-03-07T05:00Z", "2026-03-09T05:00Z");
    let before = ["2026-03-07T07:30:00.010Z +1s ok >2026-03-08T07:30Z"];
    let other = |version| {
        let grid = grid(version, &cron("30 2 * * *", "America/New_York"), None);
        let mut one = subject("a", grid, &before);
        one.facts.created_at_ms = None;
        let runs = ["2026-03-08T06:00Z +1s ok", "2026-03-08T12:00Z +1s ok"];
        said(
            &[one, subject("digest", Grid::Never, &runs)],
            &between(version, day.0, day.1),
        )
    };
    assert!(
        other(SPRING).starts_with("07:30 ok in-time, 07:30 missed "),
        "{}",
        other(SPRING)
    );
    assert_eq!(other(AUTUMN), "07:30 ok in-time");
}
