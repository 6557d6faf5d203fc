//! What lies just outside of what is asked for, and tells of it.

use super::*;

/// 2026.3 has no answer from within an hour that the clock repeats: what is asked from there on has the
/// slots of the day all the same, and what is asked until there has no runs of later ones.
#[test]
fn an_hour_that_the_clock_repeats_is_no_edge() {
    let grid = grid(SPRING, &cron("*/10 * * * *", "America/New_York"), None);
    let mut one = subject("a", grid, &[]);
    one.facts.created_at_ms = Some(at("2026-10-01T00:00:00Z"));
    let Grid::Cron { timetable, .. } = &one.grid else {
        panic!("a cron expression")
    };
    let (day, end) = (at("2026-11-01T04:00:00Z"), at("2026-11-01T10:00:00Z"));
    let mut slots = Vec::new();
    timetable
        .each(day, end, &mut |slot| slots.push(slot))
        .unwrap();
    one.runs = slots.iter().map(|slot| ran_at(*slot)).collect();
    // 01:00 to 01:59 is at 05:00Z, and again at 06:00Z.
    for (since, until) in [
        ("05:30", "10:00"),
        ("06:30", "10:00"),
        ("04:00", "06:30"),
        ("06:10", "06:50"),
        ("06:30", "07:30"),
    ] {
        let instant = |text: &str| at(&format!("2026-11-01T{text}:00Z"));
        let asked = Asked {
            since_ms: instant(since),
            until_ms: instant(until),
            now_ms: end,
            ..asked(SPRING)
        };
        let found = audit(&[one.clone()], &asked).swap_remove(0).unwrap();
        let asked_for = slots
            .iter()
            .filter(|t| (asked.since_ms..asked.until_ms).contains(t));
        let expected: Vec<i64> = asked_for.copied().collect();
        let found_at: Vec<i64> = found.iter().map(|slot| slot.at_ms).collect();
        assert_eq!(found_at, expected, "{since} to {until}");
        let is_ok = |slot: &Slot| slot.outcome == crate::audit::Outcome::Ok;
        assert!(found.iter().all(is_ok), "{since} to {until}: {found:?}");
    }
    assert!(slots.iter().any(|slot| *slot >= at("2026-11-01T07:00:00Z")));
}

fn ran_at(slot: i64) -> Run {
    Run {
        started_at_ms: slot + 10,
        ended_at_ms: Some(slot + 1_010),
        ..run("10:00 ok")
    }
}

/// The run that stands for held-up slots is after the end of what is asked for.
#[test]
fn a_run_after_the_end_tells_what_the_slots_before_it_waited_for() {
    let minutes = |text| grid(SPRING, &cron(text, "UTC"), None);
    let held = subject(
        "held",
        minutes("*/5 * * * *"),
        &["09:50:00.010 +2s ok >09:55", "10:02:02.010 +2s ok >10:05"],
    );
    let long = subject("long", minutes("54 9 * * *"), &["09:54:00.010 +8m ok"]);
    let jobs = [held, long];
    let until = |until: &str| Asked {
        now_ms: at("10:07"),
        ..between(SPRING, "09:48", until)
    };
    let whole = said(&jobs, &until("10:04"));
    assert_eq!(
        whole,
        "09:50 ok in-time, 09:55 late waited, 10:00 skipped waited"
    );
    assert_eq!(
        said(&jobs, &until("10:00")),
        "09:50 ok in-time, 09:55 late waited"
    );
    let from = Asked {
        since_ms: at("09:56"),
        ..until("10:04")
    };
    assert_eq!(said(&jobs, &from), "10:00 skipped waited");
}

/// The least distance of two starts (`MIN_REFIRE_GAP_MS`) is no other schedule.
#[test]
fn a_slot_that_the_gap_after_a_run_moved_was_missed_where_nothing_ran() {
    let ten = |version| grid(version, &cron("*/10 * * * *", "UTC"), None);
    for version in [SPRING, AUTUMN] {
        let one = subject("a", ten(version), &["10:40:00.010 +9m59s ok >10:50:01.010"]);
        let asked = between(version, "10:35", "10:58");
        assert_eq!(
            said(&[one], &asked),
            "10:40 ok in-time, 10:50 missed gateway-down",
            "{version}"
        );
    }
}

/// What a period of 3650 days has room for counts from when the job was made.
#[test]
fn a_young_job_has_few_slots_however_long_the_period_is() {
    let mut one = subject("a", grid(SPRING, &every("1m"), Some(at("12:00"))), &[]);
    one.facts.created_at_ms = Some(at("12:00"));
    let asked = Asked {
        since_ms: at("2016-06-01T00:00:00Z"),
        ..between(SPRING, "12:00", "12:10")
    };
    let slots = audit(&[one], &asked).swap_remove(0).unwrap();
    assert_eq!(slots.len(), 9);
}

/// Runs of its schedule show that the gateway's cron was on until then.
#[test]
fn what_was_due_before_the_last_run_is_not_excused_by_cron_being_off_now() {
    let runs = ["09:00:00.010 +1s ok >10:00", "11:00:00.010 +1s ok >12:00"];
    let asked = Asked {
        is_off: true,
        ..asked(SPRING)
    };
    let found = said(&[hourly(SPRING, &runs)], &asked);
    assert!(found.starts_with("10:00 missed "), "{found}");
    assert!(found.ends_with("11:00 ok in-time, 12:00 skipped cron-off, 13:00 skipped cron-off"));
}

/// 2026.3 looks 2 s after a tick for what came due during it: until then it waits, and is not missed.
#[test]
fn what_came_due_during_a_tick_waits_a_moment_after_it() {
    let minutes = |text| grid(SPRING, &cron(text, "UTC"), None);
    let mut one = subject("a", minutes("*/5 * * * *"), &["12:00:00.010 +2s ok >12:05"]);
    one.facts.next_run_at_ms = Some(at("12:05"));
    let long = subject("long", minutes("4 12 * * *"), &["12:04:00.010 +2m ok"]);
    let jobs = [one, long];
    let asked = |now: &str| between(SPRING, "12:03", now);
    assert_eq!(said(&jobs, &asked("12:06:00.500")), "12:05 late waiting");
    let why = why(&jobs, &asked("12:06:00.500"), "12:05");
    assert!(
        why.starts_with("it waits for the tick after that of long "),
        "{why}"
    );
    assert!(said(&jobs, &asked("12:06:30")).starts_with("12:05 missed"));
}
