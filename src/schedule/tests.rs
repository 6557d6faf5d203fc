//! Known answers and refusals of the engine as a whole.

use super::*;
use crate::zones::Zones;

pub(super) const NEW: Rules = Rules::OpenClaw(Version::new(2026, 9, 6));
pub(super) const OLD: Rules = Rules::OpenClaw(Version::new(2026, 3, 31));
pub(super) const ALL: [Rules; 4] = [NEW, OLD, Rules::Molecule, Rules::CronRs];

pub(super) fn zones() -> &'static Zones {
    static ZONES: std::sync::LazyLock<Zones> = std::sync::LazyLock::new(Zones::built_in);
    &ZONES
}

pub(super) fn cron(rules: Rules, expr: &str, zone: &str) -> Cron {
    Cron::compile(rules, expr, Some(zone), zones()).unwrap()
}

fn ms(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn fires(rules: Rules, expr: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let cron = cron(rules, expr, zone);
    let mut at = ms(after);
    let mut all = Vec::new();
    while let Some(next) = cron.next(at).unwrap().filter(|_| all.len() < count) {
        all.push(jiff::Timestamp::from_millisecond(next).unwrap().to_string());
        at = next;
    }
    all
}

#[test]
fn the_same_job_over_the_clock_changes_of_new_york() {
    let spring = |rules, expr| fires(rules, expr, "America/New_York", "2026-03-08T06:00:00Z", 2);
    // The skipped 02:30: moved, skipped, skipped.
    let moved = ["2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"];
    let skipped = ["2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"];
    assert_eq!(spring(OLD, "30 2 * * *"), moved);
    assert_eq!(spring(NEW, "30 2 * * *"), skipped);
    assert_eq!(spring(Rules::Molecule, "30 2 * * *"), skipped);
    assert_eq!(spring(Rules::CronRs, "0 30 2 * * *"), skipped);
    // The repeated 01:30: once, once, twice.
    let autumn = |rules| {
        fires(
            rules,
            "30 1 * * *",
            "America/New_York",
            "2026-11-01T04:00:00Z",
            2,
        )
    };
    let once = ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"];
    assert_eq!(autumn(OLD), once);
    assert_eq!(autumn(NEW), once);
    assert_eq!(
        autumn(Rules::Molecule),
        ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]
    );
    // Asked in the second pass, the old gateway is silent until the next UTC midnight.
    let inside = |rules| {
        fires(
            rules,
            "* * * * *",
            "America/New_York",
            "2026-11-01T06:10:00Z",
            1,
        )
    };
    assert_eq!(inside(OLD), ["2026-11-02T00:01:00Z"]);
    assert_eq!(inside(NEW), ["2026-11-01T07:00:00Z"]);
    assert_eq!(inside(Rules::Molecule), ["2026-11-01T06:11:00Z"]);
}

#[test]
fn slips_of_the_real_schedulers() {
    // croner 10 loses 1 March when a day past the end of February matches.
    assert_eq!(
        fires(NEW, "0 9 1,15,31 * *", "UTC", "2026-02-15T09:00:00Z", 2),
        ["2026-03-15T09:00:00Z", "2026-03-31T09:00:00Z"]
    );
    assert_eq!(
        fires(
            Rules::Molecule,
            "0 9 1,15,31 * *",
            "UTC",
            "2026-02-15T09:00:00Z",
            1
        ),
        ["2026-03-01T09:00:00Z"]
    );
    // `?` counts as a restricted day field, so either field is enough: every day.
    assert_eq!(
        fires(NEW, "0 12 ? * MON", "UTC", "2026-01-15T10:20:30Z", 2),
        ["2026-01-15T12:00:00Z", "2026-01-16T12:00:00Z"]
    );
    // robfig's minutes stay at :30 after half an hour's shift.
    assert_eq!(
        fires(
            Rules::Molecule,
            "0 5 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T13:00:00Z",
            1
        ),
        ["2026-04-05T18:30:00Z"]
    );
    // Impossible dates never fire.
    for rules in [NEW, OLD, Rules::Molecule] {
        assert!(fires(rules, "0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
    }
    assert!(fires(NEW, "", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
    assert!(
        fires(
            Rules::Molecule,
            ", * * * *",
            "UTC",
            "2026-01-01T00:00:00Z",
            1
        )
        .is_empty()
    );
}

#[test]
fn refusals_say_what_and_where() {
    for (rules, expr, field, column, hint) in [
        (
            NEW,
            "5/15 * * * *",
            "minute",
            1,
            "write 5-59/15 instead of 5/15",
        ),
        (NEW, "0 9 * * 8", "weekday", 9, ""),
        (NEW, "0  22-2 * * *", "hour", 4, "write 22-23,0-2"),
        (NEW, "0 0 * * monday", "weekday", 9, "three letters"),
        (NEW, "0 0 13 * +", "weekday", 10, "+5"),
        (Rules::Molecule, "0 9 * * 7", "weekday", 9, "Sunday is 0"),
        (
            Rules::Molecule,
            "0 9 * * 5-7",
            "weekday",
            9,
            "7 is not a weekday here: Sunday is 0",
        ),
        (Rules::Molecule, "0 0 L * *", "day of month", 5, "OpenClaw"),
        (Rules::Molecule, "CRON_TZ=UTC 0 25 * * *", "hour", 15, ""),
    ] {
        let error = Cron::compile(rules, expr, None, zones()).unwrap_err();
        assert_eq!(error.field, Some(field), "{expr}: {error}");
        assert_eq!(error.column, Some(column), "{expr}: {error}");
        let found = error.hint.clone().unwrap_or_default();
        assert!(found.contains(hint), "{expr}: {error}");
    }
    for (rules, expr, what) in [
        (NEW, "* * * *", "found 4"),
        (NEW, "@reboot", "event"),
        (NEW, "12:30", "colon"),
        (Rules::Molecule, "0 0 9 * * *", "exactly 5 fields, found 6"),
        (Rules::Molecule, "@daily", "write 0 0 * * *"),
        (Rules::Molecule, "TZ=UTC", "panic"),
        (
            Rules::Molecule,
            "TZ=europe/berlin 0 9 * * *",
            "Europe/Berlin",
        ),
        (Rules::CronRs, "0 9 * * *", "seconds first"),
    ] {
        let error = Cron::compile(rules, expr, None, zones()).unwrap_err();
        assert!(error.to_string().contains(what), "{expr}: {error}");
    }
    let zone = |rules, tz| Cron::compile(rules, "0 9 * * *", Some(tz), zones());
    assert!(zone(NEW, "america/new_york").is_ok());
    assert!(zone(NEW, "+05:30").is_ok());
    assert!(zone(Rules::Molecule, "america/new_york").is_err());
    assert!(zone(Rules::Molecule, "+05:30").is_err());
    for tz in ["Not/AZone", "+5", "+25:00", "+05:300", "Factory", "../UTC"] {
        assert!(zone(NEW, tz).is_err(), "{tz}");
    }
}

#[test]
fn a_day_that_never_was_makes_molecule_hang() {
    let cron = cron(Rules::Molecule, "0 0 31 12 *", "Pacific/Apia");
    let after = ms("2011-12-28T12:00:00Z");
    assert_eq!(cron.next(after), Err(Hang { after_ms: after }));
}

#[test]
fn extreme_instants_are_answered() {
    for rules in ALL {
        for expr in ["0 0 29 2 *", "* * * * *", "0 0 0 29 2 *", "0 * * * * *"] {
            let Ok(cron) = Cron::compile(rules, expr, Some("America/New_York"), zones()) else {
                continue;
            };
            for at in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
                let _ = cron.next(at);
                drop(cron.previous(at));
                let mut count = 0;
                let _ = cron.each(at, at.saturating_add(120_000), &mut |_| count += 1);
                assert!(count <= 120, "{rules:?} {expr} {at}");
            }
        }
    }
}

#[test]
fn periods_and_instants_are_projected() {
    let table = |value: serde_json::Value, job: &JobFacts<'_>| {
        let spec = ScheduleSpec::from_json(&value).unwrap();
        Timetable::compile(NEW, &spec, job, zones()).unwrap()
    };
    let all = |table: &Timetable, from, until| {
        let mut fires = Vec::new();
        table.each(from, until, &mut |at| fires.push(at)).unwrap();
        fires
    };
    let job = JobFacts {
        id: "job",
        created_at_ms: Some(1_000),
        ..JobFacts::default()
    };
    let every = table(serde_json::json!({"kind": "every", "everyMs": 600}), &job);
    assert_eq!(all(&every, 0, 2_801), [1_000, 1_600, 2_200, 2_800]);
    // From the last run on the grid starts there.
    let ran = JobFacts {
        last_run_at_ms: Some(1_700),
        ..job
    };
    let every = table(serde_json::json!({"kind": "every", "everyMs": 600}), &ran);
    assert_eq!(all(&every, 1_800, 3_000), [2_300, 2_900]);
    let at = table(
        serde_json::json!({"kind": "at", "at": "1970-01-01T00:00:05Z"}),
        &job,
    );
    assert_eq!(all(&at, 0, 5_000), [0_i64; 0]);
    assert_eq!(all(&at, 5_000, 5_001), [5_000]);
    let other = table(serde_json::json!({"kind": "on-exit"}), &job);
    assert_eq!(other.next(0), Ok(None));
}
