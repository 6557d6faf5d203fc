use super::*;
use crate::schedule::{Rules, Version};
use crate::zones::Zones;

const NEW: Rules = Rules::OpenClaw(Version::NEWEST_CHECKED);

fn say(rules: Rules, expr: &str) -> String {
    let zones = Zones::built_in();
    meaning(&Cron::compile(rules, expr, Some("UTC"), &zones).unwrap())
}

#[test]
fn expressions_in_words() {
    for (expr, expect) in [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "at minute 0, 15, 30 and 45 past every hour"),
        (
            "*/5 * * * *",
            "at every 5th minute from 0 to 55 past every hour",
        ),
        ("0 * * * *", "at minute 0 past every hour"),
        ("@hourly", "at minute 0 past every hour"),
        ("0 9 * * *", "every day, at 09:00"),
        ("@weekly", "on Sunday, at 00:00"),
        ("@yearly", "on the 1st of the month, in January, at 00:00"),
        (
            "0 9,17 * * 1,3",
            "on Monday and Wednesday, at 09:00 and 17:00",
        ),
        (
            "0,30 9-17 * * 1-5",
            "Monday to Friday, at minute 0 and 30 past every hour from 09 to 17",
        ),
        (
            "* 9-17 * * 6,0",
            "on Saturday and Sunday, every minute of every hour from 09 to 17",
        ),
        (
            "0 */2 * * 5-7",
            "Friday to Sunday, at minute 0 past every 2nd hour from 00 to 22",
        ),
        (
            "5-7 1,2,3,9,20 * * *",
            "every day, at minute 5 to 7 past the hours 01 to 03, 09 and 20",
        ),
        (
            "0 9 13 * 5",
            "on the 13th of the month OR on Friday (either is enough), at 09:00",
        ),
        (
            "0 9 13 * +5",
            "on the 13th of the month AND on Friday (both must match), at 09:00",
        ),
        (
            "0 12 ? * MON",
            "every day (any day of the month OR on Monday: either is enough), at 12:00",
        ),
        (
            "0 12 15 * ?",
            "every day (on the 15th of the month OR any weekday: either is enough), at 12:00",
        ),
        ("0 12 ? * ?", "every day, at 12:00"),
        (
            "0 9 1-7,22 6-8 *",
            "on the 1st to the 7th and the 22nd of the month, in June to August, at 09:00",
        ),
        (
            "0 9 */2 * *",
            "on every 2nd day from the 1st to the 31st of the month, at 09:00",
        ),
        ("0 9 L * *", "on the last day of the month, at 09:00"),
        (
            "0 9 3L * *",
            "on the 3rd and the last day of the month, at 09:00",
        ),
        (
            "0 9 LW * *",
            "on the last Monday to Friday of the month, at 09:00",
        ),
        (
            "0 9 15W * *",
            "on the Monday to Friday nearest to the 15th of the month, at 09:00",
        ),
        ("0 9 * * 5#2", "on the 2nd Friday of the month, at 09:00"),
        (
            "0 9 * * 1#1,5L",
            "on the 1st Monday and the last Friday of the month, at 09:00",
        ),
        (
            "*/10 * * * * *",
            "at every 10th second from 0 to 50 of every minute",
        ),
        ("* * * * * *", "every second"),
        ("30 0 9 * * *", "every day, at 09:00:30"),
        (
            "0,30 0 9 * * *",
            "every day, at second 0 and 30, at minute 0 past hour 09",
        ),
        (
            "0 0 9 1 1 * 2027-2029",
            "on the 1st of the month, in January, in the years 2027 to 2029, at 09:00",
        ),
        ("2026-12-01T09:00:00", "once, on 2026-12-01 09:00 (UTC)"),
        ("  ", "never: no time can match"),
    ] {
        assert_eq!(say(NEW, expr), expect, "{expr}");
    }
}

#[test]
fn one_expression_in_three_dialects() {
    assert_eq!(say(Rules::Molecule, "0 0 */1 * 1"), "on Monday, at 00:00");
    assert!(say(NEW, "0 0 */1 * 1").starts_with("every day (any day of the month OR"));
    assert_eq!(
        say(Rules::Molecule, "5/20 9 * * *"),
        "every day, at 09:05, 09:25 and 09:45"
    );
    assert_eq!(
        say(Rules::Molecule, ", * * * *"),
        "never: no time can match"
    );
    assert_eq!(
        say(Rules::CronRs, "0 0 9 * * 1-5"),
        "Sunday to Thursday, at 09:00"
    );
    assert_eq!(
        say(Rules::CronRs, "0 0 9 13 * Fri"),
        "on the 13th of the month AND on Friday (both must match), at 09:00"
    );
}
