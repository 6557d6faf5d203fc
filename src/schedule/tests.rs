//! What the engine as a whole must hold: tables of known answers, and properties.

use proptest::prelude::*;

use super::*;
use crate::zones::Zones;

const NEW: Rules = Rules::OpenClaw(Version::new(2026, 9, 6));
const OLD: Rules = Rules::OpenClaw(Version::new(2026, 3, 31));
const ALL: [Rules; 4] = [NEW, OLD, Rules::Molecule, Rules::CronRs];

/// Zones with clock changes of one hour, half an hour, two hours, a day, and at midnight.
const ZONES: [&str; 14] = [
    "UTC",
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "Africa/Cairo",
    "Asia/Beirut",
    "Antarctica/Troll",
    "Pacific/Chatham",
    "America/Caracas",
];

fn zones() -> &'static Zones {
    static ZONES: std::sync::LazyLock<Zones> = std::sync::LazyLock::new(Zones::built_in);
    &ZONES
}

fn cron(rules: Rules, expr: &str, zone: &str) -> Cron {
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
                let _ = cron.previous(at);
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

/// One field: values, ranges, steps, lists.
fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
    let item = prop_oneof![
        3 => (low..=high).prop_map(|n| n.to_string()),
        2 => (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        2 => (1_u32..=7).prop_map(|s| format!("*/{s}")),
        1 => (low..=high, low..=high, 1_u32..=5)
            .prop_map(|(a, b, s)| format!("{}-{}/{s}", a.min(b), a.max(b))),
    ];
    prop_oneof![
        2 => Just("*".to_owned()),
        3 => prop::collection::vec(item, 1..3).prop_map(|items| items.join(",")),
    ]
}

/// Five fields that both dialects accept.
fn five() -> impl Strategy<Value = String> {
    let day = prop_oneof![
        1 => Just("28-31".to_owned()),
        4 => field(1, 31),
    ];
    (field(0, 59), field(0, 23), day, field(1, 12), field(0, 6))
        .prop_map(|(mi, h, d, mo, w)| format!("{mi} {h} {d} {mo} {w}"))
}

/// Changes of the offset of a zone between 2005 and 2037, epoch seconds.
fn changes(zone: &Zone) -> Vec<i64> {
    let mut at = 1_104_537_600;
    let mut all = Vec::new();
    while at < 2_114_380_800 {
        let stretch = zone.stretch(at);
        if stretch.end == i64::MAX {
            break;
        }
        all.push(stretch.end);
        at = stretch.end;
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The enumeration is the chain of `next`, near clock changes and at ends of February too.
    #[test]
    fn each_is_the_chain_of_next(
        expr in five(),
        seconds in prop::option::weighted(0.2, field(0, 59)),
        zone in prop::sample::select(&ZONES[..]),
        rules in prop::sample::select(&ALL[..3]),
        pick in any::<prop::sample::Index>(),
        near in -200_000_000_i64..200_000_000,
        span in 0_i64..500_000_000,
        february in prop::bool::weighted(0.2),
    ) {
        let expr = match seconds {
            Some(seconds) if rules != Rules::Molecule => format!("{seconds} {expr}"),
            _ => expr,
        };
        let cron = cron(rules, &expr, zone);
        let changes = changes(cron.zone());
        let middle = if february || changes.is_empty() {
            1_772_323_200 + 31_536_000 * i64::try_from(pick.index(12)).unwrap_or(0)
        } else {
            changes[pick.index(changes.len())]
        };
        let (from, until) = (middle * 1_000 + near, middle * 1_000 + near + span);
        let mut found = Vec::new();
        // Expressions of every second are cut short.
        let until = until.min(from + if expr.starts_with('*') { 100_000_000 } else { span });
        let done = cron.each_fire(from, until, |at| found.push(at));
        let mut chain = Vec::new();
        let mut after = from - 1;
        let end = loop {
            match cron.next(after) {
                Ok(Some(at)) if at >= until => break Ok(()),
                Ok(Some(at)) if at <= after => break Err(Hang { after_ms: after }),
                Ok(Some(at)) => {
                    chain.push(at);
                    after = at;
                }
                Ok(None) => break Ok(()),
                Err(hang) => break Err(hang),
            }
        };
        prop_assert_eq!(done, end, "{} {}", &expr, zone);
        prop_assert_eq!(found, chain, "{} {}", &expr, zone);
    }

    /// OpenClaw since 2026.8.1: looking back from just after a fire finds it, or croner throws.
    #[test]
    fn previous_finds_what_next_gave(
        expr in five(),
        zone in prop::sample::select(&ZONES[..]),
        after in 1_104_537_600_i64..2_114_380_800,
    ) {
        let cron = cron(NEW, &expr, zone);
        if let Some(fire) = cron.next(after * 1_000).unwrap()
            && let Ok(Some(back)) = cron.previous(fire + 1_000)
        {
            prop_assert!(back <= fire, "{} {}", &expr, zone);
            // It skips a fire only where its search by months starts on the wrong day.
            if expr.split(' ').nth(2) == Some("*") {
                prop_assert_eq!(back, fire, "{} {}", &expr, zone);
            }
        }
    }

    /// The `cron` crate agrees on what both can say: no more than one restricted day field, its
    /// weekdays counted from 1, its years up to 2100, away from clock changes.
    #[test]
    fn the_cron_crate_agrees_on_the_common_subset(
        (minutes, hours) in (field(0, 59), field(0, 23)),
        months in field(1, 12),
        days in prop_oneof![
            // Not `*/s`: it reaches past the end of February, where croner loses days of March.
            field(1, 28).prop_map(|d| (d.replace("*/", "1-28/"), "*".to_owned())),
            prop::collection::vec(0_u32..=6, 1..4).prop_map(|w| {
                let list: Vec<_> = w.iter().map(u32::to_string).collect();
                ("*".to_owned(), list.join(","))
            }),
        ],
        zone in prop::sample::select(&ZONES[..]),
        after in 1_104_537_600_000_i64..2_114_380_800_000,
    ) {
        let (day, weekday) = days;
        let ours = format!("{minutes} {hours} {day} {months} {weekday}");
        let from_one: Vec<String> = weekday
            .split(',')
            .map(|w| w.parse::<u32>().map_or(w.to_owned(), |w| (w + 1).to_string()))
            .collect();
        let theirs = format!("0 {minutes} {hours} {day} {months} {}", from_one.join(","));
        let crate_says = cron(Rules::CronRs, &theirs, zone);
        for rules in [NEW, OLD, Rules::Molecule] {
            let we_say = cron(rules, &ours, zone);
            let mut at = after;
            for _ in 0..4 {
                let found = we_say.next(at).unwrap();
                let seconds = at.div_euclid(1_000);
                let stretch = we_say.zone().stretch(seconds);
                // robfig starts at the beginning of a month that does not match.
                let quiet = found.is_some_and(|f| {
                    seconds > stretch.start.saturating_add(32 * 86_400)
                        && f / 1_000 < stretch.end - 172_800
                });
                if !quiet {
                    break;
                }
                prop_assert_eq!(found, crate_says.next(at).unwrap(), "{} {}", &ours, zone);
                at = found.unwrap_or(at);
            }
        }
    }

    /// No text makes a parser panic or spin.
    #[test]
    fn any_text_is_answered(
        expr in "[0-9*/,?LW#+:a-zA-Z @=\\-\u{e9}]{0,24}",
        tz in "[A-Za-z/_+0-9:.]{0,12}",
        after in any::<i64>(),
    ) {
        for rules in ALL {
            if let Ok(cron) = Cron::compile(rules, &expr, Some(&tz), zones()) {
                let _ = cron.next(after);
                let _ = cron.previous(after);
            }
            let _ = Cron::compile(rules, &expr, None, zones()).map(|cron| cron.next(after));
        }
    }

    /// A staggered job fires as its chain of questions says.
    #[test]
    fn a_staggered_enumeration_is_the_chain_of_next(
        expr in five(),
        id in "[a-z]{1,8}",
        window in 2_i64..7_200_000,
        zone in prop::sample::select(&ZONES[..4]),
        from in 1_767_225_600_000_i64..1_798_761_600_000,
    ) {
        let spec = ScheduleSpec::Cron {
            expr: expr.clone(),
            tz: Some(zone.to_owned()),
            stagger_ms: Some(window.into()),
        };
        let job = JobFacts { id: &id, ..JobFacts::default() };
        let table = Timetable::compile(NEW, &spec, &job, zones()).unwrap();
        let until = from + 100_000_000;
        let mut found = Vec::new();
        table.each(from, until, &mut |at| found.push(at)).unwrap();
        let mut chain = Vec::new();
        let mut after = from - 1;
        while let Some(at) = table.next(after).unwrap().filter(|at| *at < until) {
            chain.push(at);
            after = at;
        }
        prop_assert_eq!(found, chain, "{} {}", &expr, zone);
    }
}
