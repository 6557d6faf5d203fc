use super::*;
use crate::schedule::{Rules, Version};
use crate::zones::Zones;

const NEW: Rules = Rules::OpenClaw(Version::NEWEST_CHECKED);
const FIRST_NEW: Rules = Rules::OpenClaw(Version::new(2026, 8, 1));
const LAST_OLD: Rules = Rules::OpenClaw(Version::new(2026, 7, 35));
const OLD: Rules = Rules::OpenClaw(Version::new(2026, 3, 31));
/// 2026-03-01T00:00:00Z and 2026-10-01T00:00:00Z.
const MARCH: i64 = 1_772_323_200_000;
const OCTOBER: i64 = 1_790_812_800_000;

fn told(rules: Rules, expr: &str, zone: &str, after: i64) -> Vec<String> {
    let cron = Cron::compile(rules, expr, Some(zone), &Zones::built_in()).unwrap();
    let change = changes(cron.zone(), after, 1)[0];
    let effects = effects(&cron, change).unwrap();
    effects
        .iter()
        .map(|e| format!("{}: {}", e.kind(), e.text(cron.zone())))
        .collect()
}

#[test]
fn new_york_by_dialect_and_version() {
    let ny = "America/New_York";
    for rules in [OLD, LAST_OLD] {
        assert_eq!(
            told(rules, "30 2 * * *", ny, MARCH),
            ["shifted: 02:30 does not exist: shifted to 03:30"]
        );
    }
    for rules in [FIRST_NEW, NEW, Rules::Molecule] {
        assert_eq!(
            told(rules, "30 2 * * *", ny, MARCH),
            ["skipped: 02:30 does not exist: skipped"]
        );
    }
    for rules in [OLD, NEW] {
        assert_eq!(
            told(rules, "30 1 * * *", ny, OCTOBER),
            ["first-of-two: 01:30 occurs twice: fires once, the first time"]
        );
    }
    assert_eq!(
        told(Rules::Molecule, "30 1 * * *", ny, OCTOBER),
        ["twice: 01:30 occurs twice: fires twice"]
    );
    assert_eq!(
        told(Rules::CronRs, "0 30 2 * * *", ny, MARCH),
        ["skipped: 02:30 does not exist: skipped"]
    );
    for rules in [OLD, NEW, Rules::Molecule] {
        assert_eq!(told(rules, "0 9 * * *", ny, MARCH), [""; 0]);
        assert_eq!(told(rules, "0 9 * * *", ny, OCTOBER), [""; 0]);
    }
}

#[test]
fn the_repeated_hour_of_frequent_jobs() {
    let ny = "America/New_York";
    let silent = "first-of-two: 2 matching times from 01:00 to 01:30 occur twice: fire the first \
                  time only, silent in the repeat";
    assert_eq!(told(NEW, "*/30 * * * *", ny, OCTOBER), [silent]);
    let old = told(OLD, "*/30 * * * *", ny, OCTOBER);
    assert_eq!(old[0], silent);
    assert!(
        old[1].starts_with("stalls: asked anew within the repeat"),
        "{old:?}"
    );
    assert!(
        old[1].ends_with("instead of 2026-11-01 02:00 EST"),
        "{old:?}"
    );
    assert_eq!(old.len(), 2);
    assert_eq!(
        told(Rules::Molecule, "*/30 * * * *", ny, OCTOBER),
        ["twice: 2 matching times from 01:00 to 01:30 occur twice: fire both times"]
    );
}

#[test]
fn a_time_that_is_asked_for_anyway_is_not_called_shifted() {
    let ny = "America/New_York";
    assert_eq!(
        told(OLD, "30 2,3 * * *", ny, MARCH),
        ["skipped: 02:30 does not exist: skipped"]
    );
}

#[test]
fn half_hour_shifts() {
    let lord_howe = "Australia/Lord_Howe";
    assert_eq!(
        told(Rules::Molecule, "0 5 * * *", lord_howe, MARCH),
        ["lost: 2026-04-05 05:00 exists but does not fire"]
    );
    assert_eq!(told(NEW, "0 5 * * *", lord_howe, MARCH), [""; 0]);
    // Through 2026.7 a repeat that is not an hour long keeps its second pass.
    assert_eq!(
        told(OLD, "45 1 * * *", lord_howe, MARCH)[0],
        "second-of-two: 01:45 occurs twice: fires once, the second time"
    );
    assert_eq!(
        told(NEW, "45 1 * * *", lord_howe, MARCH),
        ["first-of-two: 01:45 occurs twice: fires once, the first time"]
    );
}

#[test]
fn fires_carry_their_note() {
    let ny = "America/New_York";
    let notes = |rules, expr, after: i64, count| {
        let cron = Cron::compile(rules, expr, Some(ny), &Zones::built_in()).unwrap();
        let mut since = after;
        let mut all = Vec::new();
        for _ in 0..count {
            let fire = cron.next(since).unwrap().unwrap();
            all.push(note(&cron, since, fire).unwrap().map(|n| n.to_string()));
            since = fire;
        }
        all
    };
    let some = |text: &str| Some(text.to_owned());
    // 2026-03-07T12:00:00Z and 2026-10-31T12:00:00Z.
    let (march, october) = (1_772_884_800_000, 1_793_448_000_000);
    assert_eq!(
        notes(OLD, "30 2 * * *", march, 2),
        [some("shifted: 02:30 does not exist"), None]
    );
    let skipped = some("skipped before it: 2026-03-08 02:30");
    assert_eq!(notes(NEW, "30 2 * * *", march, 2), [skipped.clone(), None]);
    assert_eq!(
        notes(Rules::Molecule, "30 2 * * *", march, 2),
        [skipped, None]
    );
    let first = some("01:30 occurs twice, this is the first");
    assert_eq!(notes(NEW, "30 1 * * *", october, 2), [first.clone(), None]);
    assert_eq!(
        notes(Rules::Molecule, "30 1 * * *", october, 3),
        [first, some("01:30 occurs twice, this is the second"), None]
    );
}

#[test]
fn zones_without_changes_have_none() {
    assert_eq!(changes(&Zone::utc(), 0, 2), []);
    let cron = Cron::compile(NEW, "0 9 * * *", Some("Asia/Tokyo"), &Zones::built_in()).unwrap();
    assert_eq!(changes(cron.zone(), MARCH, 2), []);
}
