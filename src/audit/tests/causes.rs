//! What others did, outages, waits: why a slot has no run in time.

use super::{AUTUMN, SPRING, asked, at, between, cron, grid, hourly, run, said, subject, why};
use crate::audit::{Grid, audit};
use crate::when::parse_duration;

#[test]
fn slots_left_out_in_a_wait_after_an_error_are_skipped() {
    // 2026.3.31: the fourth error of a job that runs each minute waits 15 minutes.
    let grid = grid(SPRING, &cron("* * * * *", "UTC"), None);
    let runs = [
        "10:00:00.010 +1s error >10:03:01.010",
        "10:03:01.030 +1s ok >10:04",
    ];
    let mut asked = asked(SPRING);
    (asked.since_ms, asked.until_ms) = (at("10:00"), at("10:04"));
    asked.now_ms = at("10:04");
    assert_eq!(
        said(&[subject("a", grid, &runs)], &asked),
        "10:00 ok in-time, 10:01 skipped error-backoff, 10:02 skipped error-backoff, 10:03 ok in-time"
    );
}

#[test]
fn what_others_did_explains_a_late_start() {
    let late = [
        "10:00:00.010 +5s ok >11:00",
        "11:12:00.100 +5s ok >12:00",
        "12:00:00.010 +1s ok >13:00",
        "13:00:00.010 +1s ok >14:00",
    ];
    let other = |runs: &[&str]| subject("digest", Grid::Never, runs);
    let jobs = [hourly(SPRING, &late), other(&["10:58:00 +14m ok"])];
    assert_eq!(
        said(&jobs, &asked(SPRING)),
        "10:00 ok in-time, 11:00 late waited, 12:00 ok in-time, 13:00 ok in-time"
    );
    assert_eq!(
        why(&jobs, &asked(SPRING), "11:00"),
        "waited while digest ran from 2026-06-01 10:58:00 UTC to 2026-06-01 11:12:00 UTC"
    );
    // Eight at once: one other run holds nobody up.
    let jobs = [hourly(AUTUMN, &late), other(&["10:58:00 +14m ok"])];
    assert!(said(&jobs, &asked(AUTUMN)).contains("11:00 late unexplained"));
    let mut jobs = vec![hourly(AUTUMN, &late), other(&["10:58:00 +14m ok"])];
    jobs.extend((0..7).map(|_| other(&["10:59:00 +20m ok"])));
    assert!(said(&jobs, &asked(AUTUMN)).contains("11:00 late waited"));
}

#[test]
fn a_slot_that_is_held_up_is_late_and_not_missed() {
    let mut one = hourly(
        SPRING,
        &["10:00:00.010 +5s ok >11:00", "11:00:00.010 +5s ok >12:00"],
    );
    one.facts.next_run_at_ms = Some(at("12:00"));
    let jobs = [one, subject("digest", Grid::Never, &["11:50:00 running"])];
    assert_eq!(
        said(&jobs, &asked(SPRING)),
        "10:00 ok in-time, 11:00 ok in-time, 12:00 late waiting, 13:00 skipped waiting"
    );
    assert_eq!(
        why(&jobs, &asked(SPRING), "12:00"),
        "it waits while digest runs since 2026-06-01 11:50:00 UTC"
    );
    // 2026.9 says so itself.
    let mut one = hourly(AUTUMN, &["12:00:00.010 +5s ok >13:00"]);
    one.facts.queued_at_ms = Some(at("13:00:00.020"));
    assert!(said(&[one], &asked(AUTUMN)).ends_with("13:00 late waiting"));
}

#[test]
fn one_run_stands_for_the_slots_that_another_job_held_up() {
    let minutes = grid(SPRING, &cron("*/10 * * * *", "UTC"), None);
    let runs = [
        "10:00:00.010 +1s ok >10:10",
        "10:42:02.100 +1s ok >10:50",
        "10:50:00.010 +1s ok >11:00",
    ];
    let one = subject("a", minutes, &runs);
    let long = subject("digest", Grid::Never, &["10:05:00 +37m ok"]);
    let jobs = [one.clone(), long];
    assert_eq!(
        said(&jobs, &between(SPRING, "10:00", "11:00")),
        "10:00 ok in-time, 10:10 late waited, 10:20 skipped waited, 10:30 skipped waited, 10:40 skipped waited, 10:50 ok in-time"
    );
    // A run by hand has no turn of the gateway's.
    let mut by_hand = subject("digest", Grid::Never, &["10:05:00 +37m ok hand"]);
    by_hand.runs[0].is_unmarked = true;
    let held = said(&[one, by_hand], &between(SPRING, "10:00", "11:00"));
    assert!(!held.contains("waited"), "{held}");
}

#[test]
fn what_the_gateway_went_on_from_was_passed_over() {
    let runs = ["10:00:00.010 +5s ok >11:00", "11:00:00.010 +5s ok >12:00"];
    let mut one = hourly(AUTUMN, &runs);
    one.facts.next_run_at_ms = Some(at("14:00"));
    let other = subject(
        "digest",
        Grid::Never,
        &["12:30:00 +1s ok", "13:20:00 +1s ok"],
    );
    let jobs = [one, other];
    assert_eq!(
        said(&jobs, &asked(AUTUMN)),
        "10:00 ok in-time, 11:00 ok in-time, 12:00 missed passed-over, 13:00 missed passed-over"
    );
    let slots = audit(&jobs, &asked(AUTUMN)).swap_remove(0).unwrap();
    assert_eq!(slots[3].confidence, crate::openclaw::Confidence::Certain);
}

#[test]
fn a_slot_that_the_gateway_itself_planned_past_is_missed() {
    let runs = [
        "09:00:00.010 +1s ok >10:00",
        "10:00:00.010 +1s ok >12:00",
        "12:00:00.010 +1s ok >13:00",
    ];
    for version in [SPRING, AUTUMN] {
        assert_eq!(
            said(
                &[hourly(version, &runs)],
                &between(version, "09:30", "12:30")
            ),
            "10:00 ok in-time, 11:00 missed passed-over, 12:00 ok in-time"
        );
    }
}

#[test]
fn a_gateway_without_a_sign_of_life_is_down() {
    let mut one = hourly(SPRING, &["10:00:00.010 +5s ok >11:00"]);
    one.facts.next_run_at_ms = Some(at("11:00"));
    let jobs = [one];
    assert_eq!(
        said(&jobs, &asked(SPRING)),
        "10:00 ok in-time, 11:00 missed gateway-down, 12:00 missed gateway-down, 13:00 missed gateway-down"
    );
    assert!(why(&jobs, &asked(SPRING), "12:00").starts_with(
        "nothing of this gateway is on record since 2026-06-01 10:00:05.010 UTC, while 3 slots"
    ));
}

/// One job ends at 10:00, and the other goes on in time: each gap ends with a sign that the gateway lives.
#[test]
fn a_job_that_is_broken_alone_is_no_outage() {
    let minutes = |text| grid(SPRING, &cron(text, "UTC"), None);
    let ran: Vec<String> = (0..60)
        .step_by(10)
        .map(|m| format!("10:{m:02}:00.010 +2s ok"))
        .collect();
    let ran: Vec<&str> = ran.iter().map(String::as_str).collect();
    let dead = subject(
        "dead",
        minutes("* * * * *"),
        &["10:00:00.012 +2s ok >10:01"],
    );
    let alive = subject("alive", minutes("*/10 * * * *"), &ran);
    let asked = between(SPRING, "10:00", "10:59");
    let found = said(&[dead.clone(), alive], &asked);
    assert!(found.starts_with("10:00 ok in-time, 10:01 missed no-trace"));
    assert_eq!(found.matches("missed no-trace").count(), 58, "{found}");
    // Both lost slots from 10:20 on, and the gap says how many: 10:21 to 10:49, 10:30 and 10:40. The start
    // of 10:50 is in time, and so is none of them.
    let gone = [&ran[..3], &ran[5..]].concat();
    let both = [
        dead.clone(),
        subject("alive", minutes("*/10 * * * *"), &gone),
    ];
    let mut both = both.to_vec();
    both[0].runs = (0..21)
        .map(|m| run(&format!("10:{m:02}:00.010 +2s ok")))
        .collect();
    let found = said(&both, &asked);
    assert_eq!(found.matches("missed gateway-down").count(), 29, "{found}");
    assert_eq!(found.matches("missed no-trace").count(), 9, "{found}");
    let why = why(&both, &asked, "10:49");
    assert!(
        why.contains("to 2026-06-01 10:50:00.010 UTC, while 31 slots came due"),
        "{why}"
    );
}

/// A job alone: the run that stands for what was lost tells an outage from a job that is broken.
#[test]
fn a_gap_of_one_job_is_an_outage_when_it_ends_with_its_late_run() {
    let minutes = grid(SPRING, &cron("* * * * *", "UTC"), None);
    let of = |runs: &[&str]| subject("a", minutes.clone(), runs);
    let asked = between(SPRING, "10:00", "10:05");
    let before = "10:00:00.010 +1s ok >10:01";
    for (end, last) in [
        (
            "10:03:30.000 +1s ok",
            "10:03 late gateway-down, 10:04 missed gateway-down",
        ),
        (
            "10:04:00.010 +1s ok",
            "10:03 missed no-trace, 10:04 ok in-time",
        ),
    ] {
        let found = said(&[of(&[before, end])], &asked);
        assert!(found.ends_with(last), "{end}: {found}");
    }
    // The gateway lived meanwhile: the late run is the job's own matter.
    let other = subject("b", Grid::Never, &["10:02:10 +1s ok"]);
    let found = said(
        &[
            of(&[before, "10:03:30.000 +1s ok >10:04", "10:04:00.010 +1s ok"]),
            other,
        ],
        &asked,
    );
    assert_eq!(
        found,
        "10:00 ok in-time, 10:01 missed coalesced, 10:02 missed coalesced, 10:03 late unexplained, 10:04 ok in-time"
    );
}

#[test]
fn what_is_off_is_skipped() {
    let run = ["10:00:00.010 +5s ok >11:00"];
    let mut one = hourly(AUTUMN, &run);
    one.facts.enabled = false;
    one.facts.disabled_at_ms = Some(at("11:30"));
    one.facts.changed_at_ms = Some(at("11:30"));
    assert_eq!(
        said(&[one], &asked(AUTUMN)),
        "10:00 ok in-time, 11:00 unknown before-change, 12:00 skipped disabled, 13:00 skipped disabled"
    );
    let mut one = hourly(AUTUMN, &run);
    one.facts.enabled = false;
    one.facts.auto_disabled_at_ms = Some(at("10:00:06"));
    let all = "10:00 ok in-time, 11:00 skipped auto-disabled, 12:00 skipped auto-disabled, 13:00 skipped auto-disabled";
    assert_eq!(said(&[one], &asked(AUTUMN)), all);
    let mut off = asked(SPRING);
    off.is_off = true;
    assert!(said(&[hourly(SPRING, &run)], &off).ends_with("13:00 skipped cron-off"));
}

#[test]
fn a_marker_excuses_no_longer_than_a_gateway_keeps_it() {
    let mut one = hourly(
        SPRING,
        &["10:00:00.010 +5s ok >11:00", "11:00:00.010 running"],
    );
    let runs = ["11:30:00 +1s ok", "13:30:00 +1s ok", "14:20:00 +1s ok"];
    let other = subject("digest", Grid::Never, &runs);
    let asked = between(SPRING, "10:30", "14:00");
    let jobs = [one.clone(), other.clone()];
    assert_eq!(
        said(&jobs, &asked),
        "11:00 ok in-flight, 12:00 skipped still-running, 13:00 skipped still-running"
    );
    let asked = between(SPRING, "10:30", "14:30");
    let jobs = [one.clone(), other.clone()];
    assert!(said(&jobs, &asked).ends_with("14:00 missed still-running"));
    one.facts.timeout_ms = Some(parse_duration("4h").unwrap());
    assert!(said(&[one, other], &asked).ends_with("14:00 skipped still-running"));
}
