//! The rules against what real gateways did, and what holds whatever they are given.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::job::{Job, Place, Slot, Words, parse};
use crate::openclaw::Confidence;
use crate::plan::Dispatch;
use crate::schedule::{JobFacts, Rules, Timetable, Version};
use crate::zones::Zones;

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;
/// 2026-04-01T09:00:00Z.
const NINE: i64 = 1_775_034_000_000;

fn job(text: &Value, version: Version) -> Job {
    let slot = Slot {
        source: 0,
        at: Place::Entry(1),
        rules: Rules::OpenClaw(version),
    };
    parse(&text.to_string(), slot, &mut Words::default())
        .unwrap()
        .0
}

fn table(job: &Job) -> Timetable {
    static ZONES: std::sync::LazyLock<Zones> = std::sync::LazyLock::new(Zones::built_in);
    let facts = JobFacts {
        id: &job.id,
        created_at_ms: job.created_at_ms,
        last_run_at_ms: job.state.last_run_at_ms,
        last_status: job.state.last_status.as_deref(),
    };
    Timetable::compile(job.rules, &job.schedule, &facts, &*ZONES).unwrap()
}

fn judged(text: &Value, version: Version, at_ms: i64) -> Standing {
    let job = job(text, version);
    CatchUp::of(version, false).judge(&job, &table(&job), &Recorded::Store, at_ms)
}

const EARLY: Version = Version::new(2026, 3, 31);
const NEWER: Version = Version::new(2026, 9, 6);

/// A gateway 2026.3.31 started on this store at this instant; what it then did is in the file.
#[test]
fn the_wave_is_what_a_real_gateway_of_2026_3_31_did() {
    let store: Value = serde_json::from_str(include_str!(
        "../../tests/data/restart/v2026.3.31/cron/jobs.json"
    ))
    .unwrap();
    let recorded: Value = serde_json::from_str(include_str!(
        "../../tests/data/restart/v2026.3.31/recorded.json"
    ))
    .unwrap();
    let at_ms = recorded["started_at_ms"].as_i64().unwrap();
    let rules = CatchUp::of(EARLY, false);
    let ran = |id: &str| {
        let runs = recorded["runs"].as_array().unwrap();
        runs.iter().find(|r| r["job"] == id)
    };
    let jobs: Vec<Job> = store["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|j| job(j, EARLY))
        .filter(|j| j.enabled)
        .collect();
    let tables: Vec<Timetable> = jobs.iter().map(table).collect();
    let lanes: Vec<Lane<'_>> = jobs
        .iter()
        .zip(&tables)
        .map(|(job, table)| Lane {
            table,
            run_ms: ran(&job.id).map_or(1, |r| r["duration_ms"].as_i64().unwrap()),
            then: match rules.judge(job, table, &Recorded::Store, at_ms) {
                Standing::Missed(_) => Then::CaughtUp {
                    next_run_at_ms: job.state.next_run_at_ms,
                    waits: rules.waits(job),
                },
                Standing::Interrupted => Then::Anew(job.state.next_run_at_ms),
                Standing::BacksOff { until_ms } => Then::Due(until_ms),
                Standing::AlreadyRan => Then::Never,
                _ => Then::Due(table.next(at_ms).unwrap().unwrap()),
            },
        })
        .collect();
    let dispatch = Dispatch::Batch { slots: 1 };
    let wave = wave(rules, &dispatch, &lanes, at_ms, at_ms + DAY);

    let played: Vec<&str> = wave.starts.iter().map(|s| &*jobs[s.lane].id).collect();
    let recorded_order: Vec<&str> = recorded["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["job"].as_str().unwrap())
        .collect();
    assert_eq!(played, recorded_order);
    for start in &wave.starts {
        let real = ran(&jobs[start.lane].id).unwrap()["run_at_ms"]
            .as_i64()
            .unwrap();
        let apart = (start.start_ms - real).abs();
        assert!(apart < 250, "{}: {apart} ms apart", jobs[start.lane].id);
    }
    for (id, due) in recorded["deferred_next_run_at_ms"].as_object().unwrap() {
        let found = wave
            .starts
            .iter()
            .find(|s| *jobs[s.lane].id == **id)
            .unwrap();
        assert_eq!(found.kind, Kind::Deferred);
        assert!((found.due_ms - due.as_i64().unwrap()).abs() < 100, "{id}");
    }
}

/// The recorded start of 2026.9.6 with eight agent jobs: 120 s after the start, 5 s apart.
#[test]
fn agent_work_is_deferred_by_two_minutes() {
    let missing: Vec<Missing> = (0..8)
        .map(|job| Missing {
            job,
            next_run_at_ms: Some(NINE - DAY),
            waits: true,
            run_ms: 7_000,
        })
        .collect();
    let (dues, ended) = CatchUp::of(NEWER, false).due(&missing, NINE);
    assert_eq!(ended, NINE);
    let after: Vec<i64> = dues.iter().map(|d| (d.due_ms - NINE) / 1000).collect();
    assert_eq!(after, [120, 125, 130, 135, 140, 145, 150, 155]);
    assert!(dues.iter().all(|d| !d.immediate));
}

/// As `baseNow` is read in 2026.9.6 (`commitStartupCatchupRows`): after the first ones have run.
#[test]
fn two_minutes_count_from_the_end_of_the_first_ones_and_the_rule_says_so() {
    let missing = [false, true].map(|waits| Missing {
        job: usize::from(waits),
        next_run_at_ms: Some(NINE - DAY),
        waits,
        run_ms: 28_000,
    });
    for version in [Version::new(2026, 4, 29), NEWER] {
        let rules = CatchUp::of(version, false);
        let (dues, ended) = rules.due(&missing, NINE);
        assert_eq!((dues[1].job, dues[1].due_ms), (1, ended + 120_000));
        assert_eq!(ended, NINE + 28_000);
        let rule = rules.rule();
        assert!(rule.contains("from their end on; agent turns"), "{rule}");
        assert!(rule.ends_with("among the others, 120 s later"), "{rule}");
    }
}

#[test]
fn places_are_taken_by_slot_before_2026_8_1_and_by_row_from_then_on() {
    let missing: Vec<Missing> = (0..7)
        .map(|job| Missing {
            job,
            next_run_at_ms: Some(NINE - 1000 * i64::try_from(job).unwrap()),
            waits: job == 6,
            run_ms: 10_000,
        })
        .collect();
    let order = |version| {
        let (dues, _) = CatchUp::of(version, false).due(&missing, NINE);
        dues.iter()
            .map(|d| (d.job, (d.due_ms - NINE) / 1000))
            .collect::<Vec<_>>()
    };
    let first = [(5, 0), (4, 10), (3, 20), (2, 30), (1, 40)];
    // The overflow first, then the agent turn: it counts the places before it.
    assert_eq!(
        order(Version::new(2026, 7, 1)),
        [&first[..], &[(0, 55), (6, 175)]].concat()
    );
    assert_eq!(order(NEWER), [&first[..], &[(0, 55), (6, 175)]].concat());
    let (dues, _) = CatchUp::of(NEWER, false).due(
        &[
            Missing {
                job: 0,
                next_run_at_ms: Some(2),
                waits: true,
                run_ms: 1,
            },
            Missing {
                job: 1,
                next_run_at_ms: Some(1),
                waits: true,
                run_ms: 1,
            },
        ],
        0,
    );
    let by_row: Vec<_> = dues.iter().map(|d| d.job).collect();
    assert_eq!(by_row, [0, 1]);
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers write the state in place"
)]
fn daily(state: Value) -> Value {
    json!({
        "id": "a", "name": "a", "enabled": true, "createdAtMs": 1_767_225_600_000_i64,
        "schedule": {"kind": "cron", "expr": "0 6 * * *", "tz": "UTC"},
        "sessionTarget": "isolated", "wakeMode": "now",
        "payload": {"kind": "agentTurn", "message": "go"}, "state": state,
    })
}

#[test]
fn what_counts_as_missed() {
    let six = NINE - 3 * 60 * MINUTE;
    let missed = |count, first_ms, by| {
        Standing::Missed(Slots {
            count,
            first_ms,
            last_ms: six,
            by,
        })
    };
    let ran = json!({"lastRunAtMs": six - DAY, "lastRunStatus": "ok", "nextRunAtMs": six});
    for version in [EARLY, NEWER] {
        let due = missed(1, six, Evidence::NextRun);
        assert_eq!(judged(&daily(ran.clone()), version, NINE), due);
        // Three days make one run, of three slots.
        let long = json!({"lastRunAtMs": six - 3 * DAY, "nextRunAtMs": six - 2 * DAY});
        let three = missed(3, six - 2 * DAY, Evidence::NextRun);
        assert_eq!(judged(&daily(long), version, NINE), three);
        // The next run moved on, the last run did not.
        let moved = json!({"lastRunAtMs": six - DAY, "nextRunAtMs": six + DAY});
        let by_last = missed(1, six, Evidence::LastRun);
        assert_eq!(judged(&daily(moved), version, NINE), by_last);
        let done = json!({"lastRunAtMs": six + 20, "nextRunAtMs": six + DAY});
        assert_eq!(judged(&daily(done), version, NINE), Standing::OnTime);
        assert_eq!(
            judged(&daily(json!({})), version, NINE),
            Standing::Unrecorded
        );
        let running = json!({"runningAtMs": six + 9, "nextRunAtMs": six});
        assert_eq!(
            judged(&daily(running), version, NINE),
            Standing::Interrupted
        );
    }
}

#[test]
fn a_job_in_its_error_backoff_is_not_missed() {
    let failed = |next: i64| {
        daily(json!({
            "lastRunAtMs": NINE - 10 * MINUTE, "lastRunStatus": "error", "lastDurationMs": MINUTE,
            "consecutiveErrors": 4, "nextRunAtMs": next,
        }))
    };
    // 2026.3 keeps back what its own next run says, counted from the start of the run.
    let later = NINE + 3 * MINUTE;
    let waits = Standing::BacksOff { until_ms: later };
    assert_eq!(judged(&failed(later), EARLY, NINE), waits);
    let Standing::Missed(_) = judged(&failed(NINE - 1), EARLY, NINE) else {
        panic!("due, and in 2026.3 not kept back");
    };
    // 15 min from the end of the run.
    let until_ms = NINE - 10 * MINUTE + MINUTE + 15 * MINUTE;
    let waits = Standing::BacksOff { until_ms };
    assert_eq!(judged(&failed(NINE - 1), NEWER, NINE), waits);
}

#[test]
fn a_one_shot_runs_once() {
    let once = |state: Value| {
        let mut job = daily(state);
        job["schedule"] = json!({"kind": "at", "at": "2026-04-01T08:00:00Z"});
        job
    };
    let eight = NINE - 60 * MINUTE;
    for version in [EARLY, NEWER] {
        let ran = json!({"lastRunAtMs": eight + 5, "lastRunStatus": "ok", "nextRunAtMs": eight});
        assert_eq!(judged(&once(ran), version, NINE), Standing::AlreadyRan);
        let due = judged(&once(json!({"nextRunAtMs": eight})), version, NINE);
        assert!(
            matches!(due, Standing::Missed(Slots { count: 1, .. })),
            "{due:?}"
        );
        let retry =
            json!({"lastRunAtMs": eight, "lastRunStatus": "error", "nextRunAtMs": eight + 9});
        let retried = judged(&once(retry), version, NINE);
        assert!(matches!(retried, Standing::Missed(_)), "{retried:?}");
    }
    let running = json!({"runningAtMs": eight + 5, "nextRunAtMs": eight});
    let early = judged(&once(running.clone()), EARLY, NINE);
    assert_eq!(early, Standing::Interrupted);
    let newer = judged(&once(running), NEWER, NINE);
    assert!(matches!(newer, Standing::Missed(_)), "{newer:?}");
}

#[test]
fn skip_missed_jobs_drops_recurring_slots_from_2026_9_1_on() {
    let six = NINE - 3 * 60 * MINUTE;
    let text = daily(json!({"lastRunAtMs": six - DAY, "nextRunAtMs": six}));
    for (version, dropped) in [
        (Version::new(2026, 8, 1), false),
        (Version::new(2026, 9, 1), true),
        (NEWER, true),
    ] {
        let job = job(&text, version);
        let rules = CatchUp::of(version, true);
        let standing = rules.judge(&job, &table(&job), &Recorded::Store, NINE);
        assert_eq!(
            matches!(standing, Standing::Dropped(_)),
            dropped,
            "{version}"
        );
    }
}

#[test]
fn read_versions_are_certain_and_those_between_differing_ones_assumed() {
    for (month, patch, confidence) in [
        (3, 28, Confidence::Certain),
        (3, 30, Confidence::Likely),
        (4, 25, Confidence::Assumed),
        (9, 6, Confidence::Certain),
        (9, 9, Confidence::Likely),
    ] {
        let version = Version::new(2026, month, patch);
        assert_eq!(
            CatchUp::of(version, false).confidence,
            confidence,
            "{version}"
        );
    }
}

/// While the first missed jobs run, 2026.3 passes slots over; later versions start them afterwards.
#[test]
fn slots_that_fall_due_meanwhile_are_passed_over_in_2026_3_only() {
    let six = NINE - 3 * 60 * MINUTE;
    let missed = job(&daily(json!({"nextRunAtMs": six})), EARLY);
    let mut soon = daily(json!({"nextRunAtMs": NINE + MINUTE, "lastRunAtMs": six}));
    soon["schedule"]["expr"] = json!("1 9 * * *");
    let soon = job(&soon, EARLY);
    let tables = [table(&missed), table(&soon)];
    let lanes = [
        Lane {
            table: &tables[0],
            run_ms: 5 * MINUTE,
            then: Then::CaughtUp {
                next_run_at_ms: Some(six),
                waits: false,
            },
        },
        Lane {
            table: &tables[1],
            run_ms: MINUTE,
            then: Then::Due(NINE + MINUTE),
        },
    ];
    let dispatch = Dispatch::Pool { slots: 8 };
    let early = wave(
        CatchUp::of(EARLY, false),
        &dispatch,
        &lanes,
        NINE,
        NINE + DAY,
    );
    assert_eq!(early.passed_over, [(1, NINE + MINUTE)]);
    assert_eq!(early.next_ms[1], Some(NINE + MINUTE + DAY));
    let newer = wave(
        CatchUp::of(NEWER, false),
        &dispatch,
        &lanes,
        NINE,
        NINE + DAY,
    );
    assert_eq!(newer.passed_over, []);
    assert_eq!(newer.next_ms[1], Some(NINE + MINUTE));
}

proptest! {
    /// Every missed job starts exactly once, not before it is due, and never more at once than slots.
    #[test]
    fn each_missed_job_starts_once(
        jobs in proptest::collection::vec((0_i64..40, any::<bool>(), 1_i64..200_000), 1..40),
        slots in 1_u32..9,
        newer in any::<bool>(),
    ) {
        let version = if newer { NEWER } else { EARLY };
        let rules = CatchUp::of(version, false);
        let daily = job(&daily(json!({})), version);
        let table = table(&daily);
        let lanes: Vec<Lane<'_>> = jobs
            .iter()
            .map(|(slot, waits, run_ms)| Lane {
                table: &table,
                run_ms: *run_ms,
                then: Then::CaughtUp {
                    next_run_at_ms: Some(NINE - slot * MINUTE),
                    waits: *waits && newer,
                },
            })
            .collect();
        let dispatch = if newer {
            Dispatch::Pool { slots }
        } else {
            Dispatch::Batch { slots }
        };
        let wave = wave(rules, &dispatch, &lanes, NINE, NINE + DAY);
        let mut lanes_started: Vec<usize> = wave.starts.iter().map(|s| s.lane).collect();
        lanes_started.sort_unstable();
        prop_assert_eq!(lanes_started, (0..jobs.len()).collect::<Vec<_>>());
        let runs: Vec<_> = wave
            .starts
            .iter()
            .map(|s| (s.start_ms, 0, jobs[s.lane].2))
            .collect();
        let at_once = crate::plan::peaks_of(1, runs).total.concurrent;
        prop_assert!(at_once <= slots.max(1), "{at_once} of {slots}");
        for start in &wave.starts {
            prop_assert!(start.start_ms >= start.due_ms);
            if start.kind == Kind::Immediate {
                prop_assert_eq!(start.start_ms, start.due_ms);
            }
        }
    }
}
