//! The shortest form of an expression that means the same to the same scheduler.

use super::Rules;
use super::cron::Cron;
use super::fields::{DayRule, EVERY, Fields, LAST};
use super::shape::{Shape, regular, runs, values, years};

/// Returns the normalised form: macros and names replaced by numbers, lists sorted and merged.
/// `None` for what is not made of fields: a date, or nothing at all.
///
/// A zone prefix is left out.
pub fn normalised(rules: Rules, cron: &Cron) -> Option<String> {
    match cron.shape() {
        Shape::Never | Shape::Once(_) => None,
        Shape::Match(fields) => Some(text(rules, &fields)),
    }
}

fn text(rules: Rules, fields: &Fields) -> String {
    // The `cron` crate counts weekdays from 1.
    let base = u32::from(rules == Rules::CronRs);
    let days = || days(fields);
    let weekdays = || weekdays(fields, base);
    let (day, weekday) = match fields.rule {
        DayRule::Days => (days(), "*".to_owned()),
        DayRule::Weekdays => ("*".to_owned(), weekdays()),
        // One field that allows all is enough for every day.
        DayRule::Either if fields.every_day() || fields.every_weekday() => {
            ("*".to_owned(), "*".to_owned())
        }
        DayRule::Both
            if matches!(rules, Rules::OpenClaw(_))
                && !fields.every_day()
                && !fields.every_weekday() =>
        {
            (days(), format!("+{}", weekdays()))
        }
        DayRule::Either | DayRule::Both => (days(), weekdays()),
    };
    let mut words = Vec::with_capacity(7);
    if fields.seconds != 1 || fields.years.is_some() || rules == Rules::CronRs {
        words.push(set(&values(fields.seconds), 0, 59));
    }
    words.push(set(&values(fields.minutes), 0, 59));
    words.push(set(&values(fields.hours.into()), 0, 23));
    words.push(day);
    words.push(set(&values(fields.months.into()), 1, 12));
    words.push(weekday);
    if let Some(allowed) = &fields.years {
        words.push(set(&years(allowed), 1, 9_999));
    }
    words.join(" ")
}

fn days(fields: &Fields) -> String {
    let mut items = Vec::new();
    if fields.days != 0 {
        items.push(set(&values(fields.days.into()), 1, 31));
    }
    if let Some(special) = &fields.special {
        let nearest = values(special.nearest.into());
        items.extend(nearest.iter().map(|day| format!("{day}W")));
        if special.last_weekday {
            items.push("LW".to_owned());
        }
        if special.last_day {
            items.push("L".to_owned());
        }
    }
    items.join(",")
}

fn weekdays(fields: &Fields, base: u32) -> String {
    let all: Vec<u32> = values(fields.weekdays().into());
    let Some(special) = fields.special.as_ref().filter(|s| s.counts) else {
        let all: Vec<u32> = all.iter().map(|day| day + base).collect();
        return set(&all, base, base + 6);
    };
    let mut items = Vec::new();
    for (day, nth) in (0_u32..).zip(special.nth) {
        if nth & EVERY == EVERY {
            items.push(day.to_string());
            continue;
        }
        let counted = (1..=5).filter(|n| nth >> n & 1 == 1);
        items.extend(counted.map(|n| format!("{day}#{n}")));
        if nth & LAST != 0 {
            items.push(format!("{day}#L"));
        }
    }
    items.join(",")
}

/// Writes a set of values of a field.
fn set(values: &[u32], min: u32, max: u32) -> String {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return String::new();
    };
    let whole = usize::try_from(max - min + 1).unwrap_or(usize::MAX);
    if values.len() == whole {
        return "*".to_owned();
    }
    if let [first, second] = values {
        let step = second - first;
        // Only of a clock does a step say more than its two values.
        if *first == min && second + step > max && step > 1 && max > 12 {
            return format!("*/{step}");
        }
    }
    if let Some(step) = regular(values) {
        return if *first == min && last + step > max {
            format!("*/{step}")
        } else {
            format!("{first}-{last}/{step}")
        };
    }
    let mut items = Vec::new();
    for (low, high) in runs(values) {
        match high - low {
            0 => items.push(low.to_string()),
            1 => items.extend([low.to_string(), high.to_string()]),
            _ => items.push(format!("{low}-{high}")),
        }
    }
    items.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Version, ZoneSource};
    use crate::zones::Zones;

    fn normal(rules: Rules, expr: &str) -> String {
        let cron = Cron::compile(rules, expr, Some("UTC"), &Zones::built_in()).unwrap();
        normalised(rules, &cron).unwrap_or_default()
    }

    const NEW: Rules = Rules::OpenClaw(Version::NEWEST_CHECKED);

    #[test]
    fn the_shortest_form() {
        for (rules, expr, expect) in [
            (NEW, "@daily", "0 0 * * *"),
            (NEW, "0,30 9-17 * * mon-fri", "*/30 9-17 * * 1-5"),
            (NEW, "00 */2 1,2,3,5 jan,dec 7", "0 */2 1-3,5 1,12 0"),
            (NEW, "0 12 ? * MON", "0 12 * * *"),
            (NEW, "0 12 */1 * 1", "0 12 * * *"),
            (NEW, "0 12 13 * FRI", "0 12 13 * 5"),
            (NEW, "0 12 13 * +FRI", "0 12 13 * +5"),
            (NEW, "0 12 L * *", "0 12 L * *"),
            (NEW, "0 12 3L,15W * *", "0 12 3,15W,L * *"),
            (NEW, "0 12 * * 1-2#2,5L", "0 12 * * 1#2,2#2,5#L"),
            (NEW, "*/10 * * * * *", "*/10 * * * * *"),
            (NEW, "0 0 0 1 1 * 2027,2028,2029", "0 0 0 1 1 * 2027-2029"),
            (NEW, "2026-12-01T09:00", ""),
            (
                Rules::Molecule,
                "CRON_TZ=UTC 5/15 * ? * *",
                "5-50/15 * * * *",
            ),
            (Rules::Molecule, "0 0 */1 * 1", "0 0 * * 1"),
            (Rules::Molecule, "0 0 1-31 * 1", "0 0 * * *"),
            (Rules::Molecule, ", * * * *", ""),
            (Rules::CronRs, "0 0 9 * * Mon-Fri", "0 0 9 * * 2-6"),
            (Rules::CronRs, "0 0 9 13 * 6 2027", "0 0 9 13 * 6 2027"),
        ] {
            assert_eq!(normal(rules, expr), expect, "{expr}");
        }
    }

    #[test]
    fn the_normalised_form_fires_the_same() {
        let zones = Zones::built_in();
        let zone = zones.zone("America/New_York").unwrap();
        assert_eq!(zone.name(), "America/New_York");
        let expressions = [
            "*/7 */5 * * *",
            "1-40/3 2,4,6,7 */9 2-11/3 *",
            "0 9 1,15,31 * 1",
            "0 9 13 * +5",
            "0 9 29W,L * 5#2",
            "0 9 LW * *",
            "13 9 ? * 1-3",
            "0 9 5 */2 *",
            "3 9 * * 6,0",
            "4,5 0 1 1 1",
            "*/20 0 9 * * *",
        ];
        for rules in [
            NEW,
            Rules::OpenClaw(Version::new(2026, 3, 31)),
            Rules::Molecule,
        ] {
            for expr in expressions {
                let compile = |e: &str| Cron::compile(rules, e, Some("America/New_York"), &zones);
                // Some forms belong to one dialect only.
                let Ok(cron) = compile(expr) else { continue };
                let other = normalised(rules, &cron).unwrap();
                let again = compile(&other).unwrap_or_else(|e| panic!("{expr} → {other}: {e}"));
                assert_eq!(normalised(rules, &again).unwrap(), other, "{expr}");
                let mut at = 1_771_000_000_000;
                for _ in 0..300 {
                    let next = cron.next(at).unwrap();
                    assert_eq!(again.next(at).unwrap(), next, "{expr} → {other} after {at}");
                    let Some(next) = next else { break };
                    at = next + 3_333_000;
                }
            }
        }
    }
}
