//! Worked cases: slots, runs, and what comes of them.
//!
//! All on one day. A run is `start +length status >planned`, as a gateway records it: when it began,
//! how long it took, how it ended, and when the gateway meant to start the job next.

use std::sync::Arc;

use super::{
    Asked, Damage, Evidence, Facts, Grid, History, Outcome, Part, Reason, Run, RunStatus, Said,
    Slot, Subject, audit,
};
use crate::schedule::{JobFacts, Rules, ScheduleSpec, Timetable, Version, Zone};
use crate::when::{parse_duration, parse_instant, time_of_day};
use crate::zones::Zones;

pub(super) const SPRING: Version = Version::new(2026, 3, 31);
pub(super) const AUTUMN: Version = Version::new(2026, 9, 6);

/// An instant of the day on which all this happens, or a whole one.
pub(super) fn at(text: &str) -> i64 {
    let whole = if text.contains('T') {
        text.to_owned()
    } else {
        format!("2026-06-01T{text}Z")
    };
    parse_instant(&whole, 0, |_| None).unwrap()
}

pub(super) fn run(text: &str) -> Run {
    let mut words = text.split(' ');
    let started_at_ms = at(words.next().unwrap());
    let mut run = Run {
        started_at_ms,
        ended_at_ms: None,
        status: RunStatus::Running,
        by_hand: false,
        is_unmarked: false,
        next_run_at_ms: None,
        error: None,
        error_class: None,
        evidence: Evidence {
            at: Arc::from("a.jsonl"),
            part: Part::Line(1),
        },
    };
    for word in words {
        match word {
            "ok" => run.status = RunStatus::Ok,
            "error" => run.status = RunStatus::Error,
            "skipped" => run.status = RunStatus::Skipped,
            "interrupted" => run.status = RunStatus::Interrupted,
            "running" => run.status = RunStatus::Running,
            "hand" => run.by_hand = true,
            _ if word.starts_with('+') => {
                run.ended_at_ms = Some(started_at_ms + parse_duration(&word[1..]).unwrap());
            }
            _ if word.starts_with('>') => run.next_run_at_ms = Some(at(&word[1..])),
            _ => panic!("{word}"),
        }
    }
    run
}

pub(super) fn grid(version: Version, spec: &ScheduleSpec, created_at_ms: Option<i64>) -> Grid {
    let facts = JobFacts {
        id: "a",
        created_at_ms,
        ..JobFacts::default()
    };
    let zones = Zones::built_in();
    let table = Timetable::compile(Rules::OpenClaw(version), spec, &facts, &zones).unwrap();
    match spec {
        ScheduleSpec::Cron { .. } => Grid::Cron {
            zone: table.cron().unwrap().zone().clone(),
            timetable: table,
            stagger_ms: 0,
        },
        ScheduleSpec::Every { .. } => Grid::Every(table),
        _ => Grid::At(table.next(0).unwrap().unwrap()),
    }
}

pub(super) fn cron(expr: &str, tz: &str) -> ScheduleSpec {
    ScheduleSpec::Cron {
        expr: expr.into(),
        tz: Some(tz.into()),
        stagger_ms: Some(0.into()),
    }
}

fn every(text: &str) -> ScheduleSpec {
    ScheduleSpec::Every {
        every_ms: Some(parse_duration(text).unwrap().into()),
        anchor_ms: None,
    }
}

pub(super) fn subject(name: &str, grid: Grid, runs: &[&str]) -> Subject {
    Subject {
        name: name.to_owned(),
        grid,
        facts: Facts {
            enabled: true,
            created_at_ms: Some(at("00:00")),
            ..Facts::default()
        },
        runs: runs.iter().map(|text| run(text)).collect(),
        history: History::Whole,
        damage: Vec::new(),
    }
}

/// From 09:30 to 13:30, as of 13:30, by a version.
pub(super) fn asked(version: Version) -> Asked {
    let is_new = version == AUTUMN;
    Asked {
        since_ms: at("09:30"),
        until_ms: at("13:30"),
        now_ms: at("13:30"),
        late_after_ms: 5_000,
        at_once: Some(if is_new { 8 } else { 1 }),
        in_batches: !is_new,
        marks_by_hand: is_new,
        is_off: false,
    }
}

fn hourly(version: Version, runs: &[&str]) -> Subject {
    let grid = grid(version, &cron("0 * * * *", "UTC"), None);
    subject("hourly", grid, runs)
}

/// `10:00 ok in-time, …`: what came of the slots of the first subject.
fn said(subjects: &[Subject], asked: &Asked) -> String {
    let audited = audit(subjects, asked).swap_remove(0).unwrap();
    let one = |slot: &Slot| {
        let at = time_of_day(slot.at_ms, Zone::utc().time_zone());
        format!(
            "{} {} {}",
            &at[..5],
            slot.outcome.word(),
            slot.reason.word()
        )
    };
    audited.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Why the first subject's slot at an instant is what it is, in words.
fn why(subjects: &[Subject], asked: &Asked, slot_at: &str) -> String {
    let audited = audit(subjects, asked).swap_remove(0).unwrap();
    let slot = audited.iter().find(|s| s.at_ms == at(slot_at)).unwrap();
    let utc = Zone::utc();
    let said = Said {
        subjects,
        of: 0,
        zone: utc.time_zone(),
    };
    slot.reason.text(said, slot.run, slot.last)
}

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
fn what_is_not_on_record_is_unknown_and_never_missed() {
    let runs = ["12:00:00.010 +1s ok >13:00", "13:00:00.010 +1s ok >14:00"];
    let with = |change: &dyn Fn(&mut Subject)| {
        let mut one = hourly(SPRING, &runs);
        change(&mut one);
        said(&[one], &asked(SPRING))
    };
    assert_eq!(
        with(&|one| one.history = History::From(at("11:30"), "pruned".into())),
        "10:00 unknown before-history, 11:00 unknown before-history, 12:00 ok in-time, 13:00 ok in-time"
    );
    assert_eq!(
        with(&|one| {
            one.history = History::None("a crontab".into());
            one.runs.clear();
        }),
        "10:00 unknown no-history, 11:00 unknown no-history, 12:00 unknown no-history, 13:00 unknown no-history"
    );
    assert_eq!(
        with(&|one| one.facts.changed_at_ms = Some(at("11:10"))),
        "10:00 unknown before-change, 11:00 unknown before-change, 12:00 ok in-time, 13:00 ok in-time"
    );
    assert_eq!(
        with(&|one| one.facts.activated_at_ms = Some(at("10:10"))),
        "10:00 unknown before-change, 11:00 missed no-trace, 12:00 ok in-time, 13:00 ok in-time"
    );
    // It has no slots before it was made.
    assert_eq!(
        with(&|one| one.facts.created_at_ms = Some(at("12:00"))),
        "13:00 ok in-time"
    );
    assert_eq!(
        with(&|one| {
            one.runs = vec![run("10:00:00.010 +1s ok >11:00"), run(runs[1])];
            one.damage = vec![Damage {
                after_ms: Some(at("10:00:00.010")),
                before_ms: Some(at("13:00:00.010")),
                evidence: one.runs[0].evidence.clone(),
            }];
        }),
        "10:00 ok in-time, 11:00 unknown damaged-record, 12:00 unknown damaged-record, 13:00 ok in-time"
    );
    let mut just = asked(SPRING);
    (just.now_ms, just.until_ms) = (at("13:00:03"), at("13:00:03"));
    let one = hourly(SPRING, &runs[..1]);
    assert!(said(&[one], &just).ends_with("13:00 unknown not-yet"));
}

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
fn one_instant_is_one_slot() {
    let one = |runs: &[&str]| {
        let spec = ScheduleSpec::At {
            at: "2026-06-01T11:00:00Z".to_owned(),
        };
        subject("a", grid(AUTUMN, &spec, None), runs)
    };
    let said = |one| said(&[one], &asked(AUTUMN));
    assert_eq!(said(one(&["11:00:00.020 +1s ok"])), "11:00 ok in-time");
    assert_eq!(
        said(one(&[
            "11:00:00.020 +1s error >11:00:31",
            "11:00:31.010 +1s ok"
        ])),
        "11:00 ok in-time"
    );
    assert_eq!(
        said(one(&["10:00:00 +1s ok hand"])),
        "11:00 missed gateway-down"
    );
    // A one-shot is off once it is done. 2026.3 takes a run by hand for that.
    let mut done = one(&["10:00:00 +1s ok"]);
    (done.facts.enabled, done.facts.disabled_at_ms) = (false, Some(at("10:00:01")));
    assert_eq!(said(done), "11:00 skipped disabled");
}

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

/// Slots of the first subject by the minute from `since` to `until`.
fn between(version: Version, since: &str, until: &str) -> Asked {
    Asked {
        since_ms: at(since),
        until_ms: at(until),
        now_ms: at(until),
        ..asked(version)
    }
}

#[test]
fn a_run_of_another_schedule_makes_no_slot_late_or_doubled() {
    // Every quarter until 12:10, hourly since.
    let quarters = [
        "10:00:00.010 +2s ok >10:15",
        "10:15:00.010 +2s ok >10:30",
        "10:30:00.010 +2s ok >10:45",
        "10:45:00.010 +2s ok >11:00",
        "11:00:00.010 +2s ok >11:15",
        "11:15:00.010 +2s ok >11:30",
        "12:00:00.010 +2s ok >12:15",
        "13:00:00.010 +2s ok >14:00",
    ];
    // At half past until 12:10.
    let halves = [
        "09:30:00.010 +2s ok >10:30",
        "10:30:00.010 +2s ok >11:30",
        "11:30:00.010 +2s ok >12:30",
        "13:00:00.010 +2s ok >14:00",
    ];
    for version in [SPRING, AUTUMN] {
        assert_eq!(
            said(&[hourly(version, &quarters)], &asked(version)),
            "10:00 ok in-time, 11:00 ok in-time, 12:00 ok in-time, 13:00 ok in-time"
        );
        assert_eq!(
            said(&[hourly(version, &halves)], &asked(version)),
            "10:00 unknown other-schedule, 11:00 unknown other-schedule, 12:00 unknown other-schedule, 13:00 ok in-time"
        );
        // A first run that was of another schedule, too.
        assert!(
            said(&[hourly(version, &halves[1..])], &asked(version))
                .starts_with("10:00 unknown other-schedule, 11:00 unknown other-schedule")
        );
        // Each hour until 12:10, every ten minutes since: what was planned says nothing any more.
        let every = grid(version, &every("10m"), Some(at("06:00")));
        let runs = [
            "11:00:00.030 +2s ok >12:00:00.030",
            "12:00:00.040 +2s ok >13:00:00.040",
            "12:20:00.005 +2s ok >12:30:00.005",
        ];
        let mut one = subject("a", every, &runs);
        one.history = History::From(at("10:30"), "pruned".into());
        one.facts.activated_at_ms = (version == AUTUMN).then(|| at("12:15"));
        assert_eq!(
            said(&[one], &between(version, "11:30", "12:30")),
            "12:00 ok in-time, 12:20 ok first-on-record"
        );
    }
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
