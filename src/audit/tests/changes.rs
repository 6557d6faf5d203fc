//! Jobs that were made, changed, switched off or done, and records that end.

use super::{AUTUMN, SPRING, asked, at, between, every, grid, hourly, run, said, subject};
use crate::audit::{Damage, Grid, History, Outcome, Subject, What, audit};
use crate::schedule::ScheduleSpec;

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
                what: What::Unreadable,
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
fn a_one_shot_is_due_once_and_until_somebody_changes_it() {
    let one = |version, runs: &[&str]| {
        let spec = ScheduleSpec::At {
            at: "2026-06-01T11:00:00Z".to_owned(),
        };
        subject("a", grid(version, &spec, None), runs)
    };
    let other = |runs: &[&str]| subject("digest", Grid::Never, runs);
    for version in [SPRING, AUTUMN] {
        let said = |jobs: &[Subject]| said(jobs, &asked(version));
        // Made up for after an outage, and then done: 2026.3 leaves it in the store, switched off.
        let mut late = one(version, &["12:20:00.500 +5s ok"]);
        (late.facts.enabled, late.facts.disabled_at_ms) = (false, Some(at("12:20:05.500")));
        assert_eq!(said(&[late]), "11:00 late gateway-down");
        // The first run and its three repeats, 30 s, 1 and 5 min apart, are one slot.
        let repeats = [
            "11:00:00.010 +10s error >11:00:40.010",
            "11:00:40.020 +10s error >11:01:50.020",
            "11:01:50.030 +10s error >11:07:00.030",
            "11:07:00.040 +10s error",
        ];
        let slots = audit(&[one(version, &repeats)], &asked(version))
            .swap_remove(0)
            .unwrap();
        assert_eq!((slots.len(), slots[0].outcome), (1, Outcome::Ok));
        assert_eq!((slots[0].attempts, slots[0].last), (4, Some(3)));
        // Nobody ran it although others ran.
        let runs = ["10:59:00 +1s ok", "11:01:00 +1s ok", "13:20:00 +1s ok"];
        assert_eq!(
            said(&[one(version, &[]), other(&runs)]),
            "11:00 missed no-trace"
        );
        // What it was before it was changed is not on record.
        let mut changed = one(version, &[]);
        changed.facts.changed_at_ms = Some(at("12:00"));
        assert_eq!(
            said(&[changed, other(&runs)]),
            "11:00 unknown before-change"
        );
    }
    // It is not due before its instant.
    let early = between(AUTUMN, "09:30", "10:59");
    assert_eq!(said(&[one(AUTUMN, &[])], &early), "");
}

#[test]
fn a_job_that_was_edited_keeps_the_slots_that_ran() {
    for version in [SPRING, AUTUMN] {
        // Edited at 12:10: what ran before is on record, of what did not run nothing is known.
        let runs = [
            "10:00:00.010 +5s ok >11:00",
            "12:00:00.010 +1s ok >13:00",
            "13:00:00.010 +1s ok >14:00",
        ];
        let mut one = hourly(version, &runs);
        one.facts.changed_at_ms = Some(at("12:10"));
        assert_eq!(
            said(&[one], &asked(version)),
            "10:00 ok in-time, 11:00 unknown before-change, 12:00 ok in-time, 13:00 ok in-time"
        );
        // Two runs may have been for two slots then.
        let mut twice = hourly(
            version,
            &["10:00:00.010 +5s ok >11:00", "10:00:00.030 +5s ok >11:00"],
        );
        twice.facts.changed_at_ms = Some(at("10:30"));
        let asked = between(version, "09:30", "10:10");
        assert_eq!(said(&[twice], &asked), "10:00 unknown before-change");
    }
}

#[test]
fn a_job_that_is_off_without_a_date_is_off_where_nothing_ran() {
    let runs = ["10:00:00.010 +5s ok >11:00"];
    for version in [SPRING, AUTUMN] {
        let mut one = hourly(version, &runs);
        one.facts.enabled = false;
        assert_eq!(
            said(&[one.clone()], &asked(version)),
            "10:00 ok in-time, 11:00 skipped disabled, 12:00 skipped disabled, 13:00 skipped disabled"
        );
        // A run began with a slot since: where runs by hand are not marked, it was on by then.
        one.runs.push(run("12:00:01 +5s ok"));
        one.runs[1].by_hand = version == AUTUMN;
        let noon = if version == AUTUMN {
            "12:00 skipped disabled"
        } else {
            "12:00 ok in-time"
        };
        assert_eq!(
            said(&[one], &asked(version)),
            format!("10:00 ok in-time, 11:00 skipped disabled, {noon}, 13:00 skipped disabled")
        );
    }
}

#[test]
fn a_run_with_a_status_that_is_not_known_leaves_its_slot_unknown_and_unblamed() {
    let runs = [
        "10:00:00.010 +1s ok >11:00",
        "11:00:00.010 +1s unknown >12:00",
        "12:00:00.010 +1s ok >13:00",
        "13:00:00.010 +1s ok >14:00",
    ];
    assert_eq!(
        said(&[hourly(SPRING, &runs)], &asked(SPRING)),
        "10:00 ok in-time, 11:00 unknown unknown-status, 12:00 ok in-time, 13:00 ok in-time"
    );
}
