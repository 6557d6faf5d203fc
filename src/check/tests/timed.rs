//! Cases of schedules, bursts and recorded state.

use super::world::{Case, NOW, World, case, job};
use crate::schedule::{Rules, Version};

const NEW: Rules = Rules::OpenClaw(Version::NEWEST_CHECKED);
const OLD: Rules = Rules::OpenClaw(Version::new(2026, 3, 31));
const MINUTE: i64 = 60_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = schedules();
    cases.extend(dialects());
    cases.extend(clock_changes());
    cases.extend(bursts());
    cases.extend(states());
    cases
}

fn schedules() -> Vec<Case> {
    let at = |rules, expr: &str| World::new().expr(rules, expr, "UTC");
    let zoned = |rules, expr: &str, tz: &str| World::new().expr(rules, expr, tz);
    let kept = |expr: &str, more: &str| {
        let schedule = format!("schedule: {{kind: 'cron', expr: '{expr}', tz: 'UTC'{more}}}");
        World::new().jobs([job(&schedule)])
    };
    let mut apia = zoned(Rules::Molecule, "0 0 31 12 *", "Pacific/Apia");
    apia.now_ms = 1_325_073_600_000;
    vec![
        case(
            "schedule-refused",
            at(NEW, "5/15 * * * *"),
            at(NEW, "5-59/15 * * * *"),
        ),
        case("never-fires", at(NEW, "0 9 30 2 *"), at(NEW, "0 9 29 2 *")),
        case(
            "never-fires",
            World::new().jobs([job("schedule: {kind: 'at', at: 'tomorrow'}")]),
            World::new().jobs([job("schedule: {kind: 'at', at: '2026-03-01T00:00:00Z'}")]),
        ),
        case(
            "never-fires",
            at(Rules::Molecule, "0 9 30 2 *"),
            at(Rules::Molecule, "0 9 28 2 *"),
        ),
        case(
            "schedule-hangs",
            apia,
            zoned(Rules::Molecule, "0 0 31 12 *", "Pacific/Apia"),
        ),
        case(
            "zone-missing",
            zoned(NEW, "0 9 * * *", ""),
            zoned(NEW, "*/5 * * * *", ""),
        ),
        case(
            "zone-missing",
            zoned(NEW, "@daily", " "),
            zoned(NEW, "0 9 * * *", "UTC"),
        ),
        case(
            "either-day",
            at(NEW, "0 12 13 * 5"),
            at(NEW, "0 12 13 * +5"),
        ),
        case(
            "both-days",
            at(Rules::CronRs, "0 0 9 13 * Fri"),
            at(Rules::CronRs, "0 0 9 13 * *"),
        ),
        case(
            "question-mark",
            at(NEW, "0 12 ? * MON"),
            at(NEW, "0 12 * * MON"),
        ),
        case(
            "whole-field",
            at(NEW, "0 12 */1 * 1"),
            at(NEW, "0 12 */1 * *"),
        ),
        case(
            "star-item",
            at(Rules::Molecule, "0 0 */1 * 1"),
            at(Rules::Molecule, "0 0 * * 1"),
        ),
        case(
            "march-lost",
            at(NEW, "0 9 1,15,31 * *"),
            at(NEW, "0 9 1,15,28 * *"),
        ),
        case(
            "top-of-hour",
            at(NEW, "0 * * * *"),
            kept("0 * * * *", ", staggerMs: 0"),
        ),
        case(
            "stagger-kept",
            kept("0 9 * * *", ", staggerMs: 300000"),
            kept("0 * * * *", ", staggerMs: 300000"),
        ),
    ]
}

fn dialects() -> Vec<Case> {
    let at = |rules, expr: &str| World::new().expr(rules, expr, "UTC");
    let zoned = |rules, expr: &str, tz: &str| World::new().expr(rules, expr, tz);
    vec![
        case(
            "number-and-last",
            at(NEW, "0 9 3L * *"),
            at(NEW, "0 9 3,L * *"),
        ),
        case(
            "seconds-field",
            at(NEW, "*/10 * * * * *"),
            at(NEW, "30 0 9 * * *"),
        ),
        case(
            "step-from-number",
            at(Rules::Molecule, "5/15 * * * *"),
            at(Rules::Molecule, "5-59/15 * * * *"),
        ),
        case(
            "lost-in-walk",
            zoned(Rules::Molecule, "0 5 * * *", "Australia/Lord_Howe"),
            zoned(Rules::Molecule, "0 5 * * *", "Australia/Sydney"),
        ),
        case(
            "numeric-weekdays",
            at(Rules::CronRs, "0 0 9 * * 1-5"),
            at(Rules::CronRs, "0 0 9 * * Mon-Fri"),
        ),
        case(
            "zone-prefix",
            zoned(
                Rules::Molecule,
                "CRON_TZ=Asia/Tokyo 0 9 * * *",
                "Europe/Berlin",
            ),
            zoned(
                Rules::Molecule,
                "CRON_TZ=Asia/Tokyo 0 9 * * *",
                "Asia/Tokyo",
            ),
        ),
        case(
            "one-shot",
            at(NEW, "2027-01-01T09:00"),
            at(NEW, "0 9 1 1 *"),
        ),
        case(
            "past",
            at(NEW, "2025-01-01T09:00"),
            at(NEW, "2027-01-01T09:00"),
        ),
    ]
}

fn clock_changes() -> Vec<Case> {
    let new_york = |rules, expr: &str| World::new().expr(rules, expr, "America/New_York");
    vec![
        case(
            "dst-skipped",
            new_york(NEW, "30 2 * * *"),
            new_york(NEW, "30 2,14 * * *"),
        ),
        case(
            "dst-skipped",
            new_york(NEW, "30 2 * * 0"),
            new_york(OLD, "30 2 * * *"),
        ),
        case(
            "dst-shifted",
            new_york(OLD, "30 2 * * *"),
            new_york(NEW, "30 2 * * *"),
        ),
        case(
            "dst-twice",
            new_york(Rules::Molecule, "30 1 * * *"),
            new_york(Rules::Molecule, "30 4 * * *"),
        ),
        case(
            "dst-twice",
            new_york(Rules::Molecule, "30 1 * * *"),
            new_york(Rules::Molecule, "*/30 * * * *"),
        ),
        case(
            "dst-stalls",
            new_york(OLD, "*/15 * * * *"),
            new_york(NEW, "*/15 * * * *"),
        ),
    ]
}

fn bursts() -> Vec<Case> {
    let many = |n: usize, minutes: bool| {
        let one = |i: usize| {
            let minute = if minutes { i } else { 0 };
            job(&format!(
                "id: 'j{i}', name: 'n{i}', schedule: {{kind: 'cron', expr: '{minute} 9 * * *', tz: 'UTC'}}"
            ))
        };
        World::new().jobs((0..n).map(one))
    };
    let mut few = many(9, false);
    few.max_burst = 9;
    vec![
        case("burst", many(9, false), many(8, false)),
        case("burst", many(9, false), few),
        case("burst", many(9, false), many(9, true)),
        case("queue", many(9, false), many(8, false)),
        case("queue", many(2, false).version(3, 31), many(2, false)),
    ]
}

fn states() -> Vec<Case> {
    let state = |text: String| World::new().jobs([job(&format!("state: {{{text}}}"))]);
    let running = |minutes: i64| state(format!("runningAtMs: {}", NOW - minutes * MINUTE));
    let own_limit = |more: &str| {
        let payload =
            format!("payload: {{kind: 'agentTurn', message: 'm', timeoutSeconds: {more}}}");
        let marker = NOW - 30 * MINUTE;
        World::new().jobs([job(&format!("{payload}, state: {{runningAtMs: {marker}}}"))])
    };
    let next = |minutes: i64| format!("nextRunAtMs: {}", NOW - minutes * MINUTE);
    let alive = job(&format!(
        "id: 'b', name: 'o', state: {{lastRunAtMs: {}, nextRunAtMs: {}}}",
        NOW - MINUTE,
        NOW + MINUTE
    ));
    let beside =
        |text: String| World::new().jobs([job(&format!("state: {{{text}}}")), alive.clone()]);
    let off = World {
        cron_enabled: Some(false),
        ..state(next(30))
    };
    vec![
        case("stale-running", running(61), running(59)),
        case("stale-running", own_limit("600"), own_limit("0")),
        case("next-run-past", beside(next(30)), beside(next(-30))),
        case(
            "next-run-past",
            beside(next(30)),
            beside(format!("{}, runningAtMs: {}", next(30), NOW - MINUTE)),
        ),
        case("next-run-past", beside(next(30)), state(next(30))),
        case("gateway-behind", state(next(30)), beside(next(30))),
        case("gateway-behind", state(next(30)), off),
        case(
            "queued",
            state(format!("queuedAtMs: {}", NOW - 61 * MINUTE)),
            state(format!("queuedAtMs: {}", NOW - MINUTE)),
        ),
        case(
            "auto-disabled",
            World::new().jobs([job("enabled: false, state: {autoDisabled: {atMs: 5}}")]),
            World::new().jobs([job("enabled: false")]),
        ),
        case(
            "failing",
            state("consecutiveErrors: 3, lastError: 'boom'".to_owned()),
            state("consecutiveErrors: 2".to_owned()),
        ),
    ]
}
