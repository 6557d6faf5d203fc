//! Runs started by hand, and runs that did nothing.

use super::{AUTUMN, SPRING, between, hourly, said, why};

#[test]
fn a_run_is_marked_or_not_by_its_own_record() {
    let runs = ["10:00:00.010 +5s ok >11:00", "10:20:00 +5s ok >11:00"];
    let mut one = hourly(AUTUMN, &runs);
    let asked = between(AUTUMN, "09:30", "10:30");
    assert_eq!(said(&[one.clone()], &asked), "10:00 doubled started-again");
    one.runs[1].is_unmarked = true;
    assert_eq!(said(&[one], &asked), "10:00 ok in-time");
}

#[test]
fn a_run_after_one_that_did_nothing_is_the_run_of_the_slot() {
    let runs = [
        "10:00:00.020 +50ms skipped >10:00:30.070",
        "10:00:30.090 +1s ok >11:00",
    ];
    let one = hourly(AUTUMN, &runs);
    let asked = between(AUTUMN, "09:30", "10:30");
    assert_eq!(said(&[one], &asked), "10:00 late error-backoff");
}

#[test]
fn a_slot_that_a_run_by_hand_put_off_says_so() {
    let runs = [
        "10:00:00.010 +5s ok >11:00",
        "10:58:00 +5m ok hand >11:00",
        "11:03:00.050 +5s ok >12:00",
    ];
    let jobs = [hourly(AUTUMN, &runs)];
    let asked = between(AUTUMN, "10:30", "11:30");
    assert_eq!(said(&jobs, &asked), "11:00 late run-by-hand");
    assert!(why(&jobs, &asked, "11:00").ends_with("and its own run began after that"));
}

#[test]
fn a_failed_run_by_hand_puts_off_the_next_slot() {
    let runs = [
        "10:00:00.010 +5s ok >11:00",
        "10:59:50 +2s error >11:00:22",
        "11:00:22.010 +5s ok >12:00",
    ];
    assert_eq!(
        said(&[hourly(SPRING, &runs)], &between(SPRING, "10:30", "11:30")),
        "11:00 late error-backoff"
    );
}
