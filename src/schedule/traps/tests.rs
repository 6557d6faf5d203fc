use super::*;
use crate::schedule::ZoneSource as _;
use crate::zones::Zones;

const NEW: Rules = Rules::OpenClaw(Version::NEWEST_CHECKED);
const OLD: Rules = Rules::OpenClaw(Version::new(2026, 3, 31));
/// 2026-02-20T00:00:00Z.
const FEBRUARY: i64 = 1_771_545_600_000;

fn found(rules: Rules, expr: &str, tz: &str) -> Vec<Trap> {
    let zones = Zones::built_in();
    assert!(tz.is_empty() || zones.zone(tz).is_some());
    let cron =
        Cron::compile(rules, expr, Some(tz), &zones).unwrap_or_else(|e| panic!("{expr}: {e}"));
    let asked = Asked {
        rules,
        expr,
        tz: Some(tz),
        cron: &cron,
        after_ms: FEBRUARY,
        stagger: None,
    };
    traps(&asked).unwrap()
}

fn kinds(rules: Rules, expr: &str, tz: &str) -> Vec<&'static str> {
    found(rules, expr, tz).iter().map(Trap::kind).collect()
}

#[test]
fn each_trap_is_named_where_it_applies_and_nowhere_else() {
    let none: &[&str] = &[];
    for (rules, expr, expect) in [
        // `?`, whole fields, either day.
        (NEW, "0 12 ? * MON", &["question-mark"][..]),
        (NEW, "0 12 15 * ?", &["question-mark"]),
        (NEW, "0 12 ? * ?", none),
        (NEW, "0 12 ? * *", none),
        (NEW, "0 0 12 ? * MON", &["question-mark"]),
        (NEW, "0 12 */1 * 1", &["whole-field"]),
        (NEW, "0 12 *,15 * 1", &["whole-field"]),
        (NEW, "0 12 13 * 0-6", &["whole-field"]),
        (NEW, "0 12 */1 * *", none),
        (NEW, "0 12 13 * 5", &["either-day"]),
        (NEW, "0 12 13 * +5", none),
        (NEW, "0 12 13 * *", none),
        (NEW, "0 12 * * 5", none),
        // Early March.
        (NEW, "0 9 1,15,31 * *", &["march-lost"]),
        (OLD, "0 9 1,15,31 * *", &["march-lost"]),
        (NEW, "0 0 */10 * *", &["march-lost"]),
        (NEW, "0 9 1 * 1", &["either-day", "march-lost"]),
        (NEW, "0 9 1,15,28 * *", none),
        (NEW, "0 9 31 * *", none),
        (NEW, "0 9 1,31 4,5 *", none),
        (NEW, "0 9 * * *", none),
        // Never.
        (NEW, "0 9 30 2 *", &["never-silent"]),
        (NEW, "0 9 29 2 *", none),
        (NEW, "0 0 9 1 1 * 2020", &["never-silent"]),
        (NEW, "", &["empty"]),
        (Rules::Molecule, "0 9 30 2 *", &["never-but-due"]),
        (Rules::Molecule, "0 9 29 2 *", none),
        (
            Rules::Molecule,
            ", * * * *",
            &["empty-field", "never-but-due"],
        ),
        (Rules::Molecule, "0,,5 9 * * *", none),
        (Rules::CronRs, "0 0 9 30 2 *", &["never-silent"]),
        // Dates.
        (NEW, "2027-01-01T09:00", &["one-shot"]),
        (NEW, "2025-01-01T09:00", &["one-shot", "past"]),
        // Stagger.
        (NEW, "0 * * * *", &["top-of-hour"]),
        (NEW, "0 */2 * * *", &["top-of-hour"]),
        (NEW, "0 9 * * *", none),
        (NEW, "1 * * * *", none),
        (Rules::Molecule, "0 * * * *", none),
        // `L` and seconds.
        (NEW, "0 9 3L * *", &["number-and-last"]),
        (NEW, "0 9 3,L * *", none),
        (NEW, "0 9 L * *", none),
        (NEW, "0 9 LW * *", none),
        (NEW, "*/10 * * * * *", &["seconds-field"]),
        (NEW, "30 0 9 * * *", none),
        (Rules::CronRs, "0,30 * * * * *", &["seconds-field"]),
        // Molecule's own.
        (Rules::Molecule, "5/15 * * * *", &["step-from-number"]),
        (Rules::Molecule, "5-59/15 * * * *", none),
        (Rules::Molecule, "*/15 * * * *", none),
        (Rules::Molecule, "0 9 13 * 5", &["either-day"]),
        (Rules::Molecule, "0 9 ? * 5", none),
        (Rules::Molecule, "0 0 */1 * 1", &["star-item"]),
        (Rules::Molecule, "0 0 *,15 * 1", &["star-item"]),
        (Rules::Molecule, "0 0 */2 * 1", &["either-day"]),
        (Rules::Molecule, "0 0 1-31 * 1", &["whole-field"]),
        (Rules::Molecule, "0 9 1,15,31 * *", none),
        // The cron crate's own.
        (Rules::CronRs, "0 0 9 * * 1-5", &["numeric-weekdays"]),
        (Rules::CronRs, "0 0 9 * * Mon-Fri", none),
        (Rules::CronRs, "0 0 9 * * *", none),
        (Rules::CronRs, "0 0 9 13 * Fri", &["both-days"]),
        (Rules::CronRs, "0 0 9 13 * * 2027", none),
    ] {
        assert_eq!(kinds(rules, expr, "UTC"), expect, "{rules:?} {expr}");
    }
}

#[test]
fn half_hour_shifts_are_named_where_they_lose_a_fire() {
    let lord_howe = "Australia/Lord_Howe";
    assert_eq!(
        kinds(Rules::Molecule, "0 5 * * *", lord_howe),
        ["lost-in-walk"]
    );
    assert_eq!(
        kinds(Rules::Molecule, "0 5 * * *", "Australia/Sydney"),
        [""; 0]
    );
    assert_eq!(kinds(NEW, "0 5 * * *", lord_howe), [""; 0]);
    // Half hours are where the walk ends up, so they are not lost.
    assert_eq!(kinds(Rules::Molecule, "30 5 * * *", lord_howe), [""; 0]);
}

#[test]
fn a_prefix_is_named_when_another_zone_was_asked_for() {
    let expr = "CRON_TZ=Asia/Tokyo 0 9 * * *";
    assert_eq!(
        kinds(Rules::Molecule, expr, "Europe/Berlin"),
        ["zone-prefix"]
    );
    assert_eq!(kinds(Rules::Molecule, expr, "Asia/Tokyo"), [""; 0]);
    assert_eq!(kinds(Rules::Molecule, expr, ""), [""; 0]);
}

#[test]
fn what_to_write_instead_is_no_trap() {
    let zones = Zones::built_in();
    for (rules, expr, expect) in [
        (NEW, "0 12 ? * MON", "write 0 12 * * MON"),
        (NEW, "0 12 15 * ?", "write 0 12 15 * *"),
        (NEW, "0 0 12 */1 * 1", "write 0 0 12 * * 1"),
        (NEW, "0 12 13 * 5", "for both, write 0 12 13 * +5"),
        (
            Rules::Molecule,
            "CRON_TZ=UTC 0 0 1-31 * 1",
            "write CRON_TZ=UTC 0 0 * * 1",
        ),
        (Rules::Molecule, "5/15 * * * *", "write 5-59/15"),
    ] {
        let instead = found(rules, expr, "")
            .first()
            .and_then(Trap::instead)
            .unwrap();
        assert_eq!(instead, expect, "{expr}");
        let form = instead
            .trim_start_matches("for both, ")
            .trim_start_matches("write ");
        if form.contains(' ') {
            Cron::compile(rules, form, None, &zones).unwrap();
            assert_eq!(kinds(rules, form, ""), [""; 0], "{form}");
        }
    }
}

#[test]
fn lost_days_of_march_are_dates_and_the_split_loses_none() {
    let lost = |expr| match found(NEW, expr, "UTC").pop() {
        Some(Trap::MarchLost { dates, split }) => (dates.join(" "), split),
        other => panic!("{expr}: {other:?}"),
    };
    let (dates, split) = lost("0 9 1,15,31 * *");
    assert_eq!(dates, "2026-03-01 2027-03-01 2028-03-01");
    assert!(
        split.starts_with("two jobs, one for the days to 28"),
        "{split}"
    );
    let (dates, split) = lost("0 9 1 * 1");
    assert!(dates.starts_with("2026-03-01"), "{dates}");
    assert_eq!(split, "two jobs, one for each day field");
    let (_, split) = lost("0 9 1,31 * 3");
    assert!(split.starts_with("three jobs"), "{split}");
    for expr in ["0 9 1,15 * *", "0 9 31 * *", "0 9 1 * *", "0 9 * * 1"] {
        assert_eq!(kinds(NEW, expr, "UTC"), [""; 0], "{expr}");
    }
}

#[test]
fn the_offset_is_told_for_a_known_job() {
    let zones = Zones::built_in();
    let expr = "0 * * * *";
    let cron = Cron::compile(NEW, expr, Some("UTC"), &zones).unwrap();
    let ask = |stagger| {
        let asked = Asked {
            rules: NEW,
            expr,
            tz: None,
            cron: &cron,
            after_ms: FEBRUARY,
            stagger: Some(stagger),
        };
        traps(&asked).unwrap()
    };
    let version = Version::NEWEST_CHECKED;
    let own = Stagger::of(version, expr, None, "3f0c");
    assert!(ask(own)[0].text().ends_with("this job by 1 min 31.011 s."));
    let exact = Stagger::of(version, expr, Some(&0.into()), "3f0c");
    assert_eq!(ask(exact), []);
}
