//! Outcomes and their reasons.

use super::{AUTUMN, SPRING, asked, at, between, every, grid, hourly, said, subject};
use crate::audit::{Grid, Outcome, Reason, Said, audit};
use crate::schedule::{Version, Zone};

const IN_TIME: [&str; 4] = [
    "10:00:00.010 +5s ok >11:00",
    "11:00:00.037 +5s error >12:00",
    "12:00:02.100 +5s ok >13:00",
    "13:00:00.004 +5s ok >14:00",
];

#[test]
fn a_run_that_began_in_time_makes_its_slot_ok_however_it_ended() {
    for version in [SPRING, AUTUMN] {
        let one = hourly(version, &IN_TIME);
        assert_eq!(
            said(std::slice::from_ref(&one), &asked(version)),
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time"
        );
        let slots = audit(&[one], &asked(version)).swap_remove(0).unwrap();
        assert_eq!(slots[1].late_ms, Some(37));
        assert_eq!((slots[1].run, slots[1].attempts), (Some(1), 1));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_outcome_has_its_reason() {
    let cases: &[(&str, Version, &[&str], &str)] = &[
        (
            "the run before went on over a slot, and the gateway goes on to the next",
            SPRING,
            &[
                "10:00:00.010 +70m ok >12:00",
                "12:00:00.010 +5s ok >13:00",
                "13:00:00.010 +5s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 skipped still-running, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "a run that goes on",
            AUTUMN,
            &["10:00:00.010 +5s ok >11:00", "11:00:00.020 running"],
            "10:00 ok in-time, 11:00 ok in-flight, 12:00 skipped still-running, 13:00 skipped still-running",
        ),
        (
            "an hour's wait after the fifth error: slots are left out, and the next one is in time",
            SPRING,
            &[
                "10:00:00.010 +30m error >11:30:00.010",
                "11:30:00.030 +1s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 late error-backoff, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "a retry belongs to the slot that it retries (2026.9)",
            AUTUMN,
            &[
                "10:00:00.010 +10s error >10:00:40.010",
                "10:00:40.030 +10s error >10:01:50.040",
                "10:01:50.070 +10s ok >11:00",
                "11:00:00.020 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "the gateway says itself that it skipped",
            AUTUMN,
            &[
                "10:00:00.010 +1s skipped >11:00",
                "11:00:00.020 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 skipped skipped-run, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "an outage of two slots, and one run for both after it",
            SPRING,
            &[
                "10:00:00.010 +5s ok >11:00",
                "12:20:00.500 +5s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 missed gateway-down, 12:00 late gateway-down, 13:00 ok in-time",
        ),
        (
            "a run by hand between slots is none of theirs, marked or not",
            SPRING,
            &[
                "10:00:00.010 +5s ok >11:00",
                "10:20:00 +5s ok >11:00",
                "11:00:00.010 +5s ok >12:00",
                "11:10:00 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "a run by hand over a slot: nothing runs for the slot",
            AUTUMN,
            &[
                "10:00:00.010 +5s ok >11:00",
                "10:59:00 +2m ok hand >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 missed run-by-hand, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "two gateways on one store",
            SPRING,
            &[
                "10:00:00.010 +5s ok >11:00",
                "10:00:00.030 +5s ok >11:00",
                "11:00:00.010 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 doubled at-once, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "started again before the instant that was planned: by hand",
            SPRING,
            &[
                "10:00:00.010 +5s ok >11:00",
                "10:00:07.100 +5s ok >11:00",
                "11:00:00.010 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "where runs by hand are marked, any second run doubles",
            AUTUMN,
            &[
                "10:00:00.010 +5s ok >11:00",
                "10:30:00 +5s ok >11:00",
                "11:00:00.010 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 doubled started-again, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "the gateway stopped in the middle of a run",
            AUTUMN,
            &[
                "10:00:00.010 +5s ok >11:00",
                "11:00:00.020 +9m interrupted",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 ok interrupted, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "planned, gone, and the gateway ran other slots: nothing says why",
            AUTUMN,
            &[
                "10:00:00.010 +5s ok >11:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 missed no-trace, 12:00 ok in-time, 13:00 ok in-time",
        ),
        (
            "another schedule then: every two hours",
            SPRING,
            &[
                "08:00:00.010 +5s ok >10:00",
                "10:00:00.010 +5s ok >12:00",
                "12:00:00.010 +1s ok >13:00",
                "13:00:00.010 +1s ok >14:00",
            ],
            "10:00 ok in-time, 11:00 unknown other-schedule, 12:00 ok in-time, 13:00 ok in-time",
        ),
    ];
    for (name, version, runs, expected) in cases {
        let one = hourly(*version, runs);
        assert_eq!(said(&[one], &asked(*version)), *expected, "{name}");
    }
}

#[test]
fn runs_outside_of_what_is_asked_serve_nothing_in_it() {
    let runs = [
        "09:00:00.010 +5s ok >10:00",
        "10:00:00.010 +5s ok >11:00",
        "14:00:00.010 +5s ok >15:00",
    ];
    let mut asked = asked(SPRING);
    (asked.until_ms, asked.now_ms) = (at("11:30"), at("15:00"));
    let other = subject(
        "digest",
        Grid::Never,
        &["11:00:00.010 +5s ok", "12:00:00 +5s ok"],
    );
    assert_eq!(
        said(&[hourly(SPRING, &runs), other], &asked),
        "10:00 ok in-time, 11:00 missed no-trace"
    );
}

#[test]
fn more_slots_than_anybody_reads_are_refused() {
    let mut asked = asked(SPRING);
    asked.since_ms = at("2026-01-01T00:00Z");
    let one = subject("a", grid(SPRING, &every("1ms"), Some(0)), &[]);
    let why = audit(&[one], &asked).swap_remove(0).unwrap_err();
    assert!(why.contains("--since"), "{why}");
}

#[test]
fn every_reason_says_itself() {
    // A name that scripts rely on, and a sentence of its own.
    let one = hourly(AUTUMN, &["10:00:00.010 +5s ok >11:00"]);
    let jobs = [one];
    let utc = Zone::utc();
    let said = Said {
        subjects: &jobs,
        of: 0,
        zone: utc.time_zone(),
    };
    let down = Reason::Down {
        from_ms: Some(at("10:00")),
        to_ms: Some(at("12:00")),
        slots: 2,
        run: Some(0),
    };
    assert_eq!(
        down.text(said, None, None),
        "no job of this gateway ran from 2026-06-01 10:00:00 UTC to 2026-06-01 12:00:00 UTC, while 2 slots came due (2 h): it was down, or held up; the run of 2026-06-01 10:00:00.010 UTC stands for it"
    );
    assert_eq!(Outcome::ALL.map(Outcome::word).len(), 6);
}

#[test]
fn what_2026_3_lost_is_never_certain() {
    let runs = ["10:00:00.010 +5s ok >11:00", "12:00:00.010 +1s ok >13:00"];
    for (version, sure) in [
        (SPRING, crate::openclaw::Confidence::Likely),
        (AUTUMN, crate::openclaw::Confidence::Certain),
    ] {
        let asked = between(version, "10:30", "11:30");
        let slots = audit(&[hourly(version, &runs)], &asked)
            .swap_remove(0)
            .unwrap();
        assert_eq!(
            (slots[0].outcome, slots[0].confidence),
            (Outcome::Missed, sure)
        );
    }
}
