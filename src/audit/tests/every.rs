//! Slots that are counted from the runs themselves.

use super::{AUTUMN, SPRING, asked, at, between, every, grid, said, subject};
use crate::audit::{History, Outcome, audit};
use crate::schedule::Version;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_period_is_counted_from_the_last_start() {
    let one = |version, runs: &[&str]| {
        let mut one = subject("a", grid(version, &every("1h"), Some(at("09:00"))), runs);
        one.facts.created_at_ms = Some(at("09:00"));
        one
    };
    // Each slot is an hour after the start before it, as recorded.
    let drifting = [
        "10:00:00.010 +5s ok >11:00:00.010",
        "11:00:00.040 +5s ok >12:00:00.040",
        "12:00:20 +5s ok >13:00:20",
        "13:00:20.010 +5s ok >14:00:20.010",
    ];
    for version in [SPRING, AUTUMN] {
        let jobs = [one(version, &drifting)];
        assert_eq!(
            said(&jobs, &asked(version)),
            "10:00 ok in-time, 11:00 ok in-time, 12:00 late gateway-down, 13:00 ok in-time"
        );
        let slots = audit(&jobs, &asked(version)).swap_remove(0).unwrap();
        let late: Vec<_> = slots.iter().map(|slot| slot.late_ms.unwrap()).collect();
        assert_eq!(late, [10, 30, 19_960, 10]);
    }
    let cases: &[(&str, Version, &[&str], &str)] = &[
        (
            "a run by hand that is marked moves nothing",
            AUTUMN,
            &[
                "09:30:00 +5s ok hand >10:00",
                "10:00:00.010 +5s ok >11:00:00.010",
                "11:00:00.040 +5s ok >12:00:00.040",
                "12:00:00.060 +1s ok >13:00:00.060",
                "13:00:00.070 +1s ok >14:00:00.070",
            ],
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "nor one that is not marked, before the slot that was planned",
            SPRING,
            &[
                "09:40:00 +5s ok >10:00",
                "10:00:00.010 +5s ok >11:00:00.010",
                "11:00:00.040 +5s ok >12:00:00.040",
                "12:00:00.060 +1s ok >13:00:00.060",
                "13:00:00.070 +1s ok >14:00:00.070",
            ],
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "a run over its next slot",
            SPRING,
            &[
                "10:00:00.010 +90m ok >12:00",
                "12:00:00.060 +1s ok >13:00:00.060",
                "13:00:00.070 +1s ok >14:00:00.070",
            ],
            "10:00 ok in-time, 11:00 skipped still-running, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "an outage, and one run for all",
            AUTUMN,
            &[
                "10:00:00.010 +5s ok >11:00:00.010",
                "13:10:00 +1s ok >14:10",
            ],
            "10:00 ok in-time, 11:00 missed gateway-down, 12:00 missed gateway-down, 13:00 late gateway-down",
        ),
        (
            "a retry, and on from it",
            AUTUMN,
            &[
                "10:00:00.010 +5s error >10:00:35.010",
                "10:00:35.030 +5s ok >11:00:40.030",
                "11:00:40.050 +5s ok >12:00:40.050",
                "12:00:40.060 +5s ok >13:00:40.060",
                "13:00:40.070 +5s ok >14:00:40.070",
            ],
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "two gateways",
            SPRING,
            &[
                "10:00:00.010 +5s ok >11:00:00.010",
                "10:00:00.030 +5s ok >11:00:00.030",
                "11:00:00.040 +5s ok >12:00:00.040",
                "12:00:00.060 +1s ok >13:00:00.060",
                "13:00:00.070 +1s ok >14:00:00.070",
            ],
            "10:00 doubled at-once, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
    ];
    for (name, version, runs, expected) in cases {
        assert_eq!(
            said(&[one(*version, runs)], &asked(*version)),
            *expected,
            "{name}"
        );
    }
    // Where earlier runs are not on record, the first one tells nothing of its own lateness.
    let mut pruned = one(
        SPRING,
        &[
            "12:00:00.060 +1s ok >13:00:00.060",
            "13:00:00.070 +1s ok >14:00:00.070",
        ],
    );
    pruned.history = History::From(at("12:00:00.060"), "pruned".into());
    assert_eq!(
        said(&[pruned], &asked(SPRING)),
        "10:00 unknown before-history, 11:00 unknown before-history, 12:00 ok first-on-record, 13:00 ok in-time"
    );
}

#[test]
fn repeated_errors_of_a_period_go_on_along_its_grid() {
    // 2026.9: the first error is counted on from the start, the others go on along the anchor.
    let runs = [
        "10:00:00.020 +3s error >10:10:00.020",
        "10:10:00.040 +3s error >10:20",
        "10:20:00.015 +3s error >10:30",
        "10:30:00.030 +3s error >10:40",
    ];
    let every = grid(AUTUMN, &every("10m"), Some(at("10:00")));
    assert_eq!(
        said(
            &[subject("a", every, &runs)],
            &between(AUTUMN, "09:55", "10:35")
        ),
        "10:00 ok in-time, 10:10 ok in-time, 10:20 ok in-time, 10:30 ok in-time"
    );
}

#[test]
fn a_restart_moves_the_slots_of_a_period() {
    let one = |version, runs: &[&str]| {
        let mut one = subject("a", grid(version, &every("1h"), Some(at("09:00"))), runs);
        one.facts.created_at_ms = Some(at("09:00"));
        one
    };
    // Down from 10:30 to 11:40: one run stands for 11:00, and what follows is counted from it.
    for (version, start) in [(SPRING, "11:40:01.200"), (AUTUMN, "11:42:00.100")] {
        let run = format!("{start} +5s ok >12:{}", &start[3..]);
        let next = format!("12:{} +5s ok >13:{}", &start[3..], &start[3..]);
        let jobs = [one(
            version,
            &["10:00:00.010 +5s ok >11:00:00.010", &run, &next],
        )];
        let next_slot = &start[3..5];
        assert_eq!(
            said(&jobs, &asked(version)),
            format!("10:00 ok in-time, 11:00 late gateway-down, 12:{next_slot} ok in-time")
        );
    }
    // Down for three periods: one run stands for all, and the others are missed.
    for version in [SPRING, AUTUMN] {
        let runs = [
            "09:00:00.010 +5s ok >10:00:00.010",
            "13:10:00.300 +5s ok >14:10:00.300",
        ];
        assert_eq!(
            said(&[one(version, &runs)], &asked(version)),
            "10:00 missed gateway-down, 11:00 missed gateway-down, 12:00 missed gateway-down, \
             13:00 late gateway-down"
        );
    }
}

#[test]
fn the_wait_after_errors_of_2026_3_leaves_slots_out_and_doubles_none() {
    // Every 10 min: waits of 30 s, 1 and 5 min are over before the next slot, 15 min are not.
    let runs = [
        "10:00:00.020 +3s error >10:10:00.020",
        "10:10:00.040 +3s error >10:20:00.040",
        "10:20:00.060 +3s error >10:30:00.060",
        "10:30:00.080 +3s error >10:45:03.080",
        "10:45:03.090 +3s ok >10:55:03.090",
        "10:55:03.100 +3s ok >11:05:03.100",
    ];
    let ten = subject("a", grid(SPRING, &every("10m"), Some(at("10:00"))), &runs);
    assert_eq!(
        said(&[ten], &between(SPRING, "09:55", "11:00")),
        "10:00 ok in-time, 10:10 ok in-time, 10:20 ok in-time, 10:30 ok in-time, \
         10:40 late error-backoff, 10:55 ok in-time"
    );
    // Every 10 s: each wait is longer than the period.
    let runs = [
        "10:00:00.020 +1s error >10:00:31.020",
        "10:00:31.040 +1s error >10:01:32.040",
        "10:01:32.060 +1s ok >10:01:42.060",
    ];
    let fast = subject("a", grid(SPRING, &every("10s"), Some(at("10:00"))), &runs);
    let slots = audit(&[fast], &between(SPRING, "09:59:59", "10:01:40")).swap_remove(0);
    let slots = slots.unwrap();
    let count = |outcome| slots.iter().filter(|s| s.outcome == outcome).count();
    // Three runs for one slot each; the seven in the two waits are left out.
    assert_eq!((slots.len(), count(Outcome::Ok)), (10, 3));
    assert_eq!(count(Outcome::Skipped), 7);
    assert!(slots.iter().all(|slot| slot.attempts <= 1), "{slots:?}");
}
