use proptest::prelude::*;

use super::*;
use crate::openclaw::Confidence;
use crate::turn::{
    Activity, Adapter, Bound, CeilingSetting, CronRun, EvidenceKind, Liveness, Schedule, Verdict,
    Witness, parse_activity, parse_schedules,
};

const S: i64 = 1_000;
const MIN: i64 = 60_000;
const HOUR: i64 = 3_600_000;

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn now() -> i64 {
    at("2026-05-22T22:47:42Z")
}

fn policy() -> Policy {
    Policy {
        ceiling_ms: None,
        silent_after_ms: 10 * MIN,
    }
}

fn workspace(id: &str, runtime: &str, active_tasks: i64) -> Workspace {
    Workspace {
        id: id.into(),
        name: Some(id.to_uppercase()),
        runtime: Some(runtime.into()),
        status: Some("online".into()),
        url: Some(format!("http://127.0.0.1:8000/{id}")),
        active_tasks: Some(active_tasks),
        max_concurrent_tasks: Some(1),
        current_task: (active_tasks > 0).then(|| "tick".into()),
    }
}

fn snapshot(workspaces: Vec<Workspace>) -> Snapshot {
    Snapshot {
        source: "demo".into(),
        taken_at_ms: now(),
        workspaces,
        turns: TurnsRoute::Missing("404 Not Found".into()),
        ..Snapshot::default()
    }
}

/// A turn of `ws-x` as the list of turns has it.
fn listed(id: &str, started: Option<&str>) -> ListedTurn {
    ListedTurn {
        workspace_id: id.into(),
        workspace_name: Some(id.to_uppercase()),
        runtime: Some("claude-code".into()),
        native_session: Some(true),
        turn_id: Some(format!("{id}-t1")),
        started_at_ms: started.map(at),
        ceiling_seconds: Some(1800),
        steerable: Some(true),
        active_tasks: Some(1),
        ..ListedTurn::default()
    }
}

/// A spell of a workspace seen busy until now.
fn spell(id: &str, first_seen_ms: i64) -> Spell {
    Spell {
        workspace_id: id.into(),
        turn_id: None,
        first_seen_ms,
        last_seen_ms: now(),
        started_ms: None,
        started_by: None,
        idle_since_ms: None,
        current_task: None,
    }
}

fn spells(all: Vec<Spell>) -> BTreeMap<String, Spell> {
    all.into_iter()
        .map(|s| (s.workspace_id.clone(), s))
        .collect()
}

fn row(kind: &str, status: &str, at_ms: i64) -> Activity {
    Activity {
        activity_type: kind.into(),
        status: Some(status.into()),
        created_at_ms: Some(at_ms),
        ..Activity::default()
    }
}

fn tool(at_ms: i64) -> Activity {
    Activity {
        method: Some("Bash".into()),
        summary: Some("Bash: npm run build".into()),
        ..row("agent_log", "ok", at_ms)
    }
}

fn timeout(sent_ms: i64) -> Activity {
    Activity {
        duration_ms: Some(180_003),
        error_detail: Some("net/http: timeout awaiting response headers".into()),
        ..row("a2a_receive", "error", sent_ms + 180_003)
    }
}

fn fire(status: &str, at_ms: i64) -> Activity {
    Activity {
        error_detail: (status == "error")
            .then(|| "workspace agent busy — adapter handles retry (native_session)".into()),
        cron: Some(CronRun {
            schedule_id: Some("d87a0cd5".into()),
            schedule_name: Some("SEO tick".into()),
            skipped: status == "skipped",
        }),
        ..row("cron_run", status, at_ms)
    }
}

/// One busy claude-code workspace `w` with this activity, newest first.
fn busy_with(activity: Vec<Activity>) -> Snapshot {
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
    snapshot.activity.insert("w".into(), activity);
    snapshot
}

fn judged(snapshot: &Snapshot, seen: Vec<Spell>) -> Judged {
    judge(snapshot, &spells(seen), &Adapters::built_in(), &policy())
}

fn only(snapshot: &Snapshot, seen: Vec<Spell>) -> Turn {
    let mut turns = judged(snapshot, seen).turns;
    assert_eq!(turns.len(), 1);
    turns.remove(0)
}

/// The seven workspaces of the scenario: name, start.
const SEVEN: [(&str, Option<&str>); 7] = [
    ("ws-a", Some("2026-05-22T22:17:42Z")),
    ("ws-b", Some("2026-05-22T22:17:41Z")),
    ("ws-c", Some("2026-05-22T16:47:42Z")),
    ("ws-d", Some("2026-05-22T16:47:42Z")),
    ("ws-e", None),
    ("ws-f", None),
    ("ws-g", Some("2026-05-22T23:10:00Z")),
];

/// What the scenario asks of each, in order.
fn expected() -> Vec<(&'static str, Verdict, Option<i64>, Option<i64>)> {
    vec![
        ("ws-c", Verdict::Over, Some(21_600 * S), Some(19_800 * S)),
        ("ws-d", Verdict::NotNative, Some(21_600 * S), None),
        ("ws-b", Verdict::Over, Some(1_801 * S), Some(S)),
        ("ws-a", Verdict::Under, Some(1_800 * S), None),
        ("ws-f", Verdict::Unknown, None, None),
        ("ws-g", Verdict::Skewed, None, None),
        ("ws-e", Verdict::Idle, None, None),
    ]
}

fn what(turns: &[Turn]) -> Vec<(&str, Verdict, Option<i64>, Option<i64>)> {
    let what = |t: &'_ Turn| (t.verdict, t.age_ms, t.over_by_ms);
    let all = turns.iter().map(|t| (t, what(t)));
    all.map(|(t, (verdict, age, over))| (&*t.workspace_id, verdict, age, over))
        .collect()
}

#[test]
fn turns_older_than_the_ceiling_by_the_list_of_turns() {
    let all = SEVEN.map(|(id, _)| workspace(id, "claude-code", i64::from(id != "ws-e")));
    let mut snapshot = snapshot(all.to_vec());
    let turns = SEVEN.iter().filter(|(id, _)| *id != "ws-e");
    let turns = turns.map(|(id, start)| ListedTurn {
        native_session: Some(*id != "ws-d"),
        ..listed(id, *start)
    });
    snapshot.turns = TurnsRoute::Listed(turns.collect());
    let judged = judged(&snapshot, vec![]);
    assert_eq!(what(&judged.turns), expected());
    assert_eq!(judged.warnings, [""; 0]);
    assert_eq!(judged.problems, []);
    let c = &judged.turns[0];
    assert_eq!(
        (c.confidence, c.age_is),
        (Confidence::Certain, Some(Bound::Exact))
    );
    assert_eq!(c.started_at.as_deref(), Some("2026-05-22T16:47:42.000Z"));
    assert_eq!(c.evidence.as_ref().unwrap().kind, EvidenceKind::TurnsRoute);
    assert_eq!((c.steerable, &*c.key), (Some(true), "ws-c-t1"));
    assert_eq!(
        c.ceiling_origin,
        "platform: GET /admin/turns ceiling_seconds"
    );
    let f = &judged.turns[4];
    assert_eq!(f.notes, ["GET /admin/turns names no start of this turn"]);
    let g = &judged.turns[5];
    assert_eq!(g.started_at.as_deref(), Some("2026-05-22T23:10:00.000Z"));
    assert!(g.notes[0].contains("future"), "{:?}", g.notes);

    // By age alone it is the same.
    let TurnsRoute::Listed(turns) = &mut snapshot.turns else {
        panic!()
    };
    for turn in turns {
        let age_ms = turn.started_at_ms.take().map(|start| now() - start);
        turn.turn_age_seconds = age_ms.map(|ms| ms / S);
    }
    assert_eq!(
        what(&super::tests::judged(&snapshot, vec![]).turns),
        expected()
    );
}

#[test]
fn turns_older_than_the_ceiling_by_what_a_watch_saw() {
    let runtime = |id| {
        if id == "ws-d" {
            "langgraph"
        } else {
            "claude-code"
        }
    };
    let all = SEVEN.map(|(id, _)| workspace(id, runtime(id), i64::from(id != "ws-e")));
    let snapshot = snapshot(all.to_vec());
    let seen = SEVEN.iter().filter_map(|(id, start)| {
        let start = at((*start)?);
        Some(Spell {
            started_ms: Some(start),
            started_by: Some(Witness::Event),
            ..spell(id, start)
        })
    });
    let judged = judged(&snapshot, seen.collect());
    assert_eq!(what(&judged.turns), expected());
    let c = &judged.turns[0];
    assert_eq!(c.evidence.as_ref().unwrap().kind, EvidenceKind::Event);
    assert_eq!(c.other_evidence[0].kind, EvidenceKind::Observed);
    assert_eq!(c.key, format!("since:{}", at("2026-05-22T16:47:42Z")));
    assert_eq!(
        judged.warnings,
        [
            "the platform does not list turns (GET /admin/turns: 404 Not Found): \
          ages rest on a start that a watch saw"
        ]
    );
}

#[test]
fn a_lower_bound_below_the_ceiling_proves_nothing() {
    let of = |ago: i64| {
        let snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
        let turn = only(&snapshot, vec![spell("w", now() - ago)]);
        (turn.verdict, turn.confidence, turn.age_is, turn.over_by_ms)
    };
    let least = Some(Bound::AtLeast);
    assert_eq!(of(0), (Verdict::Unknown, Confidence::Certain, least, None));
    assert_eq!(
        of(30 * MIN),
        (Verdict::Unknown, Confidence::Certain, least, None)
    );
    assert_eq!(
        of(30 * MIN + 1),
        (Verdict::Over, Confidence::Certain, least, Some(1))
    );
    // A spell that no longer holds is another turn's, and so is one with another prompt.
    let snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
    let stale = Spell {
        last_seen_ms: now() - 61 * S,
        ..spell("w", now() - HOUR)
    };
    let other = Spell {
        current_task: Some("other".into()),
        ..spell("w", now() - HOUR)
    };
    for spell in [stale, other] {
        assert_eq!(only(&snapshot, vec![spell]).age_ms, None);
    }
}

#[test]
fn a_message_that_timed_out_is_an_estimate() {
    let sent = now() - HOUR;
    let is = |activity: Vec<Activity>| {
        let turn = only(&busy_with(activity), vec![]);
        (turn.verdict, turn.age_ms, turn.confidence)
    };
    let over = (Verdict::Over, Some(HOUR), Confidence::Likely);
    let nothing = (Verdict::Unknown, None, Confidence::Certain);
    assert_eq!(is(vec![timeout(sent)]), over);
    // The newest counts; what failed otherwise neither proves nor ends anything.
    assert_eq!(
        is(vec![
            row("a2a_receive", "error", now()),
            timeout(sent),
            timeout(0)
        ]),
        over
    );
    // Its own fire says ok right after: the message was queued.
    assert_eq!(is(vec![fire("ok", sent + 180_303), timeout(sent)]), over);
    // Something finished later: it may have been that.
    assert_eq!(
        is(vec![
            row("a2a_receive", "ok", sent + HOUR / 2),
            timeout(sent)
        ]),
        nothing
    );
    assert_eq!(
        is(vec![fire("ok", sent + HOUR / 2), timeout(sent)]),
        nothing
    );
    let twice = vec![
        fire("ok", sent + HOUR / 2),
        fire("ok", sent + 180_303),
        timeout(sent),
    ];
    assert_eq!(is(twice), nothing);
    // Before it, nothing matters.
    assert_eq!(
        is(vec![timeout(sent), row("a2a_receive", "ok", sent)]),
        over
    );
    let young = is(vec![timeout(now() - 20 * MIN)]);
    assert_eq!(
        young,
        (Verdict::Unknown, Some(20 * MIN), Confidence::Certain)
    );

    // The greater of a bound and an estimate is shown; being seen all the while is certain.
    let seen = only(
        &busy_with(vec![timeout(sent)]),
        vec![spell("w", now() - 40 * MIN)],
    );
    assert_eq!(
        (seen.age_ms, seen.age_is),
        (Some(HOUR), Some(Bound::Estimate))
    );
    assert_eq!(
        (seen.verdict, seen.confidence),
        (Verdict::Over, Confidence::Certain)
    );
    assert_eq!(seen.other_evidence[0].kind, EvidenceKind::Observed);
    let seen = only(
        &busy_with(vec![timeout(sent)]),
        vec![spell("w", now() - 2 * HOUR)],
    );
    assert_eq!(
        (seen.age_ms, seen.age_is),
        (Some(2 * HOUR), Some(Bound::AtLeast))
    );
    // An idle workspace has no turn, whatever timed out.
    let mut idle = busy_with(vec![timeout(sent)]);
    idle.workspaces[0].active_tasks = Some(0);
    let idle = only(&idle, vec![]);
    assert_eq!((idle.verdict, idle.age_ms), (Verdict::Idle, None));
}

/// Issue #1684: one native turn since about 07:00Z, its fires rejected 12 times in a row, tool events
/// all the while.
fn reno_stars() -> Snapshot {
    let mut snapshot = busy_with(vec![]);
    snapshot.taken_at_ms = at("2026-05-22T18:30:00Z");
    let first = at("2026-05-22T12:33:11Z");
    let mut rows: Vec<_> = (0..12)
        .map(|n| fire("error", first + n * 30 * MIN))
        .collect();
    rows.push(fire("ok", at("2026-05-22T06:33:09Z")));
    let from = at("2026-05-22T12:00:30Z");
    rows.extend((0..195).map(|n| tool(from + n * 2 * MIN)));
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
    snapshot.activity.insert("w".into(), rows);
    snapshot
}

#[test]
fn reno_stars_is_over_and_active_and_blocks_twelve_fires() {
    let turn = only(&reno_stars(), vec![]);
    let first = at("2026-05-22T12:33:11Z");
    assert_eq!(
        (turn.verdict, turn.liveness),
        (Verdict::Over, Liveness::Active)
    );
    assert_eq!(turn.age_is, Some(Bound::AtLeast));
    assert_eq!(turn.age_ms, Some(at("2026-05-22T18:30:00Z") - first));
    let evidence = turn.evidence.unwrap();
    assert_eq!(
        (evidence.kind, evidence.since_ms),
        (EvidenceKind::Skips, Some(first))
    );
    // Between two fires nobody looked.
    assert_eq!(turn.confidence, Confidence::Likely);
    assert_eq!(turn.blocks.skipped, Some(12));
    assert_eq!(turn.blocks.since_at_ms, Some(first));
    assert_eq!(turn.blocks.schedules, ["SEO tick"]);
    assert_eq!(
        turn.last_sign.as_deref(),
        Some("agent_log Bash: npm run build")
    );
    assert_eq!(
        turn.last_sign_at.as_deref(),
        Some("2026-05-22T18:28:30.000Z")
    );

    // With ceiling 0 it is left alone, as before.
    for set in ["--ceiling", "runtime_config"] {
        let mut snapshot = reno_stars();
        let mut policy = policy();
        if set == "--ceiling" {
            policy.ceiling_ms = Some(0);
        } else {
            let zero = CeilingSetting::Seconds(0);
            snapshot.ceilings.insert("w".into(), zero);
        }
        let adapters = Adapters::built_in();
        let off = judge(&snapshot, &BTreeMap::new(), &adapters, &policy);
        assert_eq!(off.turns[0].verdict, Verdict::Off, "{set}");
        assert_eq!(off.turns[0].ceiling_ms, Some(0));
        assert!(off.turns[0].ceiling_origin.starts_with(set));
        assert_eq!(off.turns[0].over_by_ms, None);
    }
}

#[test]
fn a_row_of_skips_is_unbroken() {
    let is = |activity: Vec<Activity>| {
        let blocks = only(&busy_with(activity), vec![]).blocks;
        (
            blocks.skipped.unwrap(),
            blocks.since_at_ms.map(|ms| (now() - ms) / MIN),
        )
    };
    let ago = |status: &str, minutes: i64| fire(status, now() - minutes * MIN);
    assert_eq!(is(vec![]), (0, None));
    assert_eq!(is(vec![ago("skipped", 5)]), (1, Some(5)));
    assert_eq!(
        is(vec![
            ago("skipped", 5),
            ago("error", 35),
            ago("ok", 65),
            ago("skipped", 95)
        ]),
        (2, Some(35))
    );
    // Another error is no rejection for being busy.
    let broken = Activity {
        error_detail: Some("HTTP 500".into()),
        ..ago("error", 35)
    };
    assert_eq!(
        is(vec![ago("skipped", 5), broken, ago("skipped", 65)]),
        (1, Some(5))
    );
    // A message was answered in between: that was another turn.
    let answered = row("a2a_receive", "ok", now() - 20 * MIN);
    assert_eq!(
        is(vec![ago("skipped", 5), answered, ago("skipped", 35)]),
        (1, Some(5))
    );
    assert_eq!(
        is(vec![
            ago("skipped", 5),
            tool(now() - 9 * MIN),
            ago("skipped", 35)
        ]),
        (2, Some(35))
    );
    // A turn that is known to have begun later did not block what was skipped before.
    let started = Spell {
        started_ms: Some(now() - 10 * MIN),
        started_by: Some(Witness::Event),
        ..spell("w", now() - 10 * MIN)
    };
    let snapshot = busy_with(vec![ago("skipped", 5), ago("skipped", 35)]);
    let turn = only(&snapshot, vec![started]);
    assert_eq!(
        (turn.verdict, turn.blocks.skipped),
        (Verdict::Under, Some(1))
    );
    // Nobody asked.
    let unasked = super::tests::snapshot(vec![workspace("w", "claude-code", 1)]);
    assert_eq!(only(&unasked, vec![]).blocks.skipped, None);
}

#[test]
fn the_captured_activity_and_schedules_of_a_platform() {
    let text = include_str!("../../../tests/data/molecule/synth/get_activity.json");
    let mut snapshot = busy_with(parse_activity(text).unwrap().value);
    let text = include_str!("../../../tests/data/molecule/synth/get_schedules.json");
    let schedules = parse_schedules(text).unwrap().value;
    snapshot.schedules.insert("w".into(), schedules);
    snapshot.taken_at_ms = at("2026-05-22T18:30:05Z");
    let turn = only(&snapshot, vec![]);
    // The message of 07:00:03 timed out; the fire of 18:03 was skipped.
    assert_eq!(
        (turn.verdict, turn.confidence),
        (Verdict::Over, Confidence::Likely)
    );
    assert_eq!(turn.started_at.as_deref(), Some("2026-05-22T07:00:03.197Z"));
    assert_eq!(turn.age_is, Some(Bound::Estimate));
    assert_eq!((turn.blocks.skipped, turn.blocks.due), (Some(1), Some(1)));
    // The activities are of another workspace than `w`: they are no sign of its life.
    assert_eq!((turn.liveness, turn.last_sign), (Liveness::Silent, None));
}

#[test]
fn a_date_that_never_comes_is_not_due() {
    let schedule = |next_run_at_ms, enabled| Schedule {
        id: "s".into(),
        enabled,
        next_run_at_ms,
        ..Schedule::default()
    };
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
    let all = vec![
        schedule(Some(now()), true),
        schedule(Some(now() + 1), true),
        schedule(Some(now() - HOUR), false),
        schedule(Some(-62_135_596_800_000), true),
        schedule(None, true),
    ];
    snapshot.schedules.insert("w".into(), all);
    assert_eq!(only(&snapshot, vec![]).blocks.due, Some(1));
}

#[test]
fn ceilings_and_where_they_are_set() {
    use CeilingSetting::{Absent, Seconds, Wrong};
    let adapter = |ceiling: Option<i64>| {
        let mut adapters = Adapters::built_in();
        let claude = adapters.0.get_mut("claude-code").unwrap();
        claude.ceiling_ms = ceiling.map(|ms| (ms, "cronctl.toml:7".to_owned()));
        adapters
    };
    // --ceiling, listed, runtime_config, adapter: ceiling and origin.
    type Case = (
        Option<i64>,
        Option<i64>,
        Option<CeilingSetting>,
        Option<i64>,
        Option<i64>,
        &'static str,
    );
    let cases: Vec<Case> = vec![
        (
            Some(MIN),
            Some(7),
            Some(Seconds(8)),
            Some(9),
            Some(MIN),
            "--ceiling",
        ),
        (
            None,
            Some(7),
            Some(Seconds(8)),
            Some(9),
            Some(7_000),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            None,
            Some(Seconds(8)),
            Some(9),
            Some(8_000),
            "runtime_config: native_session_ceiling_seconds",
        ),
        (None, None, Some(Absent), Some(9), Some(9), "cronctl.toml:7"),
        (
            None,
            None,
            None,
            Some(9),
            Some(9),
            "cronctl.toml:7 (runtime_config not read)",
        ),
        (
            None,
            None,
            Some(Absent),
            None,
            Some(CEILING),
            "default (runtime_config names none)",
        ),
        (
            None,
            None,
            None,
            None,
            Some(CEILING),
            "default (runtime_config not read)",
        ),
        // The platform repeats the default where nothing is configured: the adapter's is nearer.
        (
            None,
            Some(1800),
            Some(Absent),
            Some(9),
            Some(9),
            "cronctl.toml:7",
        ),
        (
            None,
            Some(1800),
            Some(Absent),
            None,
            Some(CEILING),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            Some(900),
            Some(Absent),
            Some(9),
            Some(900_000),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            Some(0),
            None,
            Some(9),
            Some(0),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            Some(-1),
            None,
            Some(9),
            None,
            "platform: GET /admin/turns ceiling_seconds is -1",
        ),
        (
            None,
            Some(1800),
            Some(Wrong("a list".into())),
            Some(9),
            None,
            "runtime_config: native_session_ceiling_seconds is a list",
        ),
        (
            None,
            None,
            Some(Seconds(u64::MAX)),
            None,
            Some(i64::MAX),
            "runtime_config: native_session_ceiling_seconds",
        ),
    ];
    for (flag, listed_seconds, config, own, ms, origin) in cases {
        let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
        if let Some(seconds) = listed_seconds {
            snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
                ceiling_seconds: Some(seconds),
                ..listed("w", Some("2026-05-22T16:47:42Z"))
            }]);
        }
        snapshot
            .ceilings
            .extend(config.map(|config| ("w".to_owned(), config)));
        let policy = Policy {
            ceiling_ms: flag,
            ..policy()
        };
        let judged = judge(&snapshot, &BTreeMap::new(), &adapter(own), &policy);
        let turn = &judged.turns[0];
        assert_eq!((turn.ceiling_ms, &*turn.ceiling_origin), (ms, origin));
        assert_eq!(judged.problems.len(), usize::from(ms.is_none()), "{origin}");
        if ms.is_none() {
            assert_eq!(turn.verdict, Verdict::Unknown, "{origin}");
            assert_eq!(judged.problems[0].at, "W (w)");
        }
    }
}

const CEILING: i64 = crate::turn::CEILING_MS;

#[test]
fn a_wrong_ceiling_is_a_problem_once_per_workspace_and_not_with_a_flag() {
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 2)]);
    snapshot.turns = TurnsRoute::Listed(vec![
        listed("w", Some("2026-05-22T16:47:42Z")),
        ListedTurn {
            turn_id: Some("t2".into()),
            ..listed("w", Some("2026-05-22T22:47:42Z"))
        },
    ]);
    let wrong = CeilingSetting::Wrong("-5, which is negative".into());
    snapshot.ceilings.insert("w".into(), wrong);
    let all = judged(&snapshot, vec![]);
    assert_eq!(all.problems.len(), 1);
    assert_eq!(
        all.problems[0].what,
        "runtime_config: native_session_ceiling_seconds is -5, which is negative; it must be a whole \
         number of seconds, 0 for no ceiling: its turns have no verdict"
    );
    let verdicts: Vec<_> = all
        .turns
        .iter()
        .map(|t| (t.verdict, t.over_by_ms))
        .collect();
    assert_eq!(verdicts, [(Verdict::Unknown, None); 2]);
    let policy = Policy {
        ceiling_ms: Some(CEILING),
        ..policy()
    };
    let all = judge(&snapshot, &BTreeMap::new(), &Adapters::built_in(), &policy);
    assert_eq!(all.problems, []);
    assert_eq!(all.turns[0].verdict, Verdict::Over);
}

#[test]
fn whether_a_turn_is_in_flight() {
    use Verdict::{Idle, NotNative, Over, Unknown};
    let busy = |runtime: &str, active: Option<i64>| Workspace {
        active_tasks: active,
        ..workspace("w", runtime, 1)
    };
    let flap = Spell {
        idle_since_ms: Some(now() - 20 * S),
        last_seen_ms: now() - 25 * S,
        ..spell("w", now() - HOUR)
    };
    let over = Spell {
        idle_since_ms: Some(now() - 60 * S),
        ..flap.clone()
    };
    let missing = || TurnsRoute::Missing("404".into());
    let none = || TurnsRoute::Listed(vec![]);
    let cases: Vec<(Workspace, TurnsRoute, Option<&Spell>, Verdict, &str)> = vec![
        (busy("claude-code", Some(0)), missing(), None, Idle, ""),
        (
            busy("claude-code", Some(0)),
            missing(),
            Some(&flap),
            Over,
            "sweep",
        ),
        (
            busy("claude-code", Some(0)),
            missing(),
            Some(&over),
            Idle,
            "",
        ),
        (busy("claude-code", Some(0)), none(), Some(&flap), Idle, ""),
        (
            busy("claude-code", None),
            missing(),
            Some(&flap),
            Unknown,
            "does not say active_tasks",
        ),
        (busy("claude-code", None), none(), None, Idle, ""),
        (
            busy("claude-code", Some(1)),
            none(),
            Some(&flap),
            Unknown,
            "does not list it",
        ),
        (busy("langgraph", Some(1)), none(), None, NotNative, ""),
        (
            busy("hermes", Some(0)),
            missing(),
            None,
            Unknown,
            "hermes does not report its turns",
        ),
        (busy("hermes", Some(0)), none(), None, Idle, ""),
        (
            busy("codex", Some(0)),
            missing(),
            None,
            Idle,
            "codex does not report its turns",
        ),
        (busy("codex", Some(1)), missing(), None, NotNative, ""),
        (busy("other", Some(0)), missing(), None, Idle, ""),
        (
            busy("other", Some(1)),
            missing(),
            None,
            Unknown,
            "is not known: judged as if",
        ),
    ];
    for (workspace, turns, spell, verdict, note) in cases {
        let mut snapshot = snapshot(vec![workspace]);
        snapshot.turns = turns;
        let turn = only(&snapshot, spell.cloned().into_iter().collect());
        let case = format!("{:?} {:?} {:?}", turn.runtime, snapshot.turns, turn.notes);
        assert_eq!(turn.verdict, verdict, "{case}");
        assert!(
            note.is_empty() || turn.notes.iter().any(|n| n.contains(note)),
            "{case}"
        );
        assert!(!note.is_empty() || turn.notes.is_empty(), "{case}");
    }
    // A single look at 0 may fall into the sweep; the list of turns does not.
    let idle = |turns| {
        let mut snapshot = snapshot(vec![workspace("w", "claude-code", 0)]);
        snapshot.turns = turns;
        only(&snapshot, vec![]).confidence
    };
    assert_eq!(idle(missing()), Confidence::Likely);
    assert_eq!(idle(none()), Confidence::Certain);
}

#[test]
fn what_is_not_known_of_an_adapter_weakens_the_verdict() {
    let snapshot = snapshot(vec![workspace("w", "other", 1)]);
    let turn = only(&snapshot, vec![spell("w", now() - HOUR)]);
    assert_eq!(
        (turn.verdict, turn.confidence),
        (Verdict::Over, Confidence::Likely)
    );
    assert_eq!((turn.native_session, turn.steerable), (None, None));
    assert_eq!(turn.native_session_origin, "not known: runtime other");

    let mut adapters = Adapters::built_in();
    let mine = Adapter {
        native_session: Some((false, "cronctl.toml:9".into())),
        steerable: Some((true, "cronctl.toml:10".into())),
        ..Adapter::default()
    };
    adapters.0.insert("other".into(), mine);
    let judged = judge(&snapshot, &BTreeMap::new(), &adapters, &policy());
    let turn = &judged.turns[0];
    assert_eq!(turn.verdict, Verdict::NotNative);
    assert_eq!(turn.native_session_origin, "cronctl.toml:9");
    assert_eq!(
        (turn.steerable, &*turn.steerable_origin),
        (Some(true), "cronctl.toml:10")
    );
}

#[test]
fn liveness() {
    let of = |snapshot: &Snapshot, seen| {
        let turn = only(snapshot, seen);
        (
            turn.liveness,
            turn.last_sign_at_ms.map(|ms| (now() - ms) / MIN),
        )
    };
    let old = || vec![spell("w", now() - HOUR)];
    let ago = |minutes: i64| now() - minutes * MIN;
    assert_eq!(
        of(&busy_with(vec![tool(ago(10))]), old()),
        (Liveness::Active, Some(10))
    );
    let silent = tool(ago(10) - 1);
    assert_eq!(
        of(&busy_with(vec![silent]), old()),
        (Liveness::Silent, Some(10))
    );
    // What others did, or what the platform wrote, is no sign of its life.
    let theirs = Activity {
        source_id: Some("other".into()),
        ..row("a2a_send", "ok", ago(1))
    };
    let own = Activity {
        source_id: Some("w".into()),
        ..row("memory_write", "ok", ago(20))
    };
    let rows = vec![
        theirs,
        row("a2a_receive", "error", ago(2)),
        fire("skipped", ago(3)),
        own,
    ];
    assert_eq!(of(&busy_with(rows), old()), (Liveness::Silent, Some(20)));
    // Nothing recorded for so long a turn; for a young one that says nothing.
    assert_eq!(of(&busy_with(vec![]), old()), (Liveness::Silent, None));
    let young = vec![spell("w", ago(5))];
    assert_eq!(of(&busy_with(vec![]), young), (Liveness::Unknown, None));
    // Nobody asked.
    let unasked = snapshot(vec![workspace("w", "claude-code", 1)]);
    assert_eq!(of(&unasked, old()), (Liveness::Unknown, None));
    // A sign of the turn before is none.
    let started = Spell {
        started_ms: Some(ago(30)),
        started_by: Some(Witness::Event),
        ..spell("w", ago(30))
    };
    assert_eq!(
        of(&busy_with(vec![tool(ago(31))]), vec![started]),
        (Liveness::Silent, None)
    );
    // The list says it itself.
    let mut listing = busy_with(vec![tool(ago(1))]);
    listing.turns = TurnsRoute::Listed(vec![ListedTurn {
        idle_seconds: Some(1_200),
        ..listed("w", Some("2026-05-22T16:47:42Z"))
    }]);
    assert_eq!(of(&listing, vec![]), (Liveness::Silent, Some(20)));
}

#[test]
fn clocks_that_are_apart_change_no_age() {
    for offset in [-10 * MIN, -6 * S, 0, 6 * S, 10 * MIN] {
        let mut snapshot = busy_with(vec![
            tool(now() + offset - MIN),
            fire("skipped", now() + offset - 5 * MIN),
            timeout(now() + offset - HOUR),
        ]);
        snapshot.clock_offset_ms = Some(offset);
        let all = judged(&snapshot, vec![spell("w", now() - 40 * MIN)]);
        let turn = &all.turns[0];
        assert_eq!(
            (turn.verdict, turn.age_ms),
            (Verdict::Over, Some(HOUR)),
            "{offset}"
        );
        assert_eq!(turn.started_at_ms, Some(now() - HOUR));
        assert_eq!(turn.last_sign_at_ms, Some(now() - MIN));
        assert_eq!(turn.blocks.since_at_ms, Some(now() - 5 * MIN));
        let said: Vec<_> = all
            .warnings
            .iter()
            .filter(|w| w.contains("clock"))
            .collect();
        assert_eq!(said.len(), usize::from(offset != 0), "{offset}");
        if offset == 10 * MIN {
            assert_eq!(
                said[0],
                "the platform's clock is 10 min ahead of this machine's: its instants are converted"
            );
        }

        let mut snapshot = super::tests::snapshot(vec![workspace("w", "claude-code", 1)]);
        snapshot.clock_offset_ms = Some(offset);
        snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
            turn_id: None,
            started_at_ms: Some(now() + offset - HOUR),
            turn_age_seconds: Some(3_600),
            ..listed("w", None)
        }]);
        let turn = only(&snapshot, vec![]);
        assert_eq!(
            (turn.age_ms, &turn.notes[..]),
            (Some(HOUR), &[][..]),
            "{offset}"
        );
        // The key is the platform's own instant: a conversion that varies does not change it.
        assert_eq!(turn.key, format!("since:{}", now() + offset - HOUR));
    }
}

#[test]
fn a_start_just_ahead_is_rounding_and_one_far_ahead_is_skew() {
    let of = |ahead_ms: i64, native: bool, ceiling: i64| {
        let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
        snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
            started_at_ms: Some(now() + ahead_ms),
            native_session: Some(native),
            ceiling_seconds: Some(ceiling),
            ..listed("w", None)
        }]);
        let turn = only(&snapshot, vec![]);
        (turn.verdict, turn.age_ms)
    };
    assert_eq!(of(2 * S, true, 1800), (Verdict::Under, Some(0)));
    assert_eq!(of(2 * S + 1, true, 1800), (Verdict::Skewed, None));
    assert_eq!(of(HOUR, false, 1800), (Verdict::NotNative, None));
    assert_eq!(of(HOUR, true, 0), (Verdict::Off, None));
}

#[test]
fn a_list_that_contradicts_itself_is_said() {
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 0)]);
    snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
        turn_age_seconds: Some(60),
        active_tasks: None,
        ..listed("w", Some("2026-05-22T16:47:42Z"))
    }]);
    let turn = only(&snapshot, vec![]);
    assert_eq!(turn.verdict, Verdict::Over);
    assert_eq!(
        turn.notes,
        [
            "active_tasks is 0; GET /admin/turns, which lists it, is trusted",
            "GET /admin/turns contradicts itself: started_at 2026-05-22T16:47:42.000Z and \
             turn_age_seconds 60; started_at is used",
        ]
    );
}

#[test]
fn every_turn_of_a_workspace_has_a_row_and_so_has_one_of_no_known_workspace() {
    let mut snapshot = snapshot(vec![
        workspace("w", "claude-code", 2),
        Workspace {
            name: Some("second".into()),
            ..workspace("w", "hermes", 0)
        },
        Workspace {
            status: Some("paused".into()),
            ..workspace("x", "claude-code", 0)
        },
    ]);
    let turn = |id: &str, turn_id: &str, start| ListedTurn {
        turn_id: Some(turn_id.into()),
        ..listed(id, Some(start))
    };
    snapshot.turns = TurnsRoute::Listed(vec![
        turn("w", "t1", "2026-05-22T22:40:42Z"),
        turn("w", "t2", "2026-05-22T21:47:42Z"),
        turn("w", "t2", "2026-05-22T21:47:42Z"),
        turn("gone", "t3", "2026-05-22T20:47:42Z"),
    ]);
    let own = Spell {
        turn_id: Some("t2".into()),
        ..spell("w", now() - 50 * MIN)
    };
    let all = judged(&snapshot, vec![own]);
    let rows: Vec<_> = all
        .turns
        .iter()
        .map(|t| {
            (
                &*t.workspace_id,
                t.turn_id.as_deref(),
                t.other_evidence.len(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("gone", Some("t3"), 0),
            ("w", Some("t2"), 1),
            ("w", Some("t1"), 0),
            ("x", None, 0),
        ]
    );
    assert_eq!(all.turns[0].workspace_name.as_deref(), Some("GONE"));
    assert_eq!(
        all.turns[0].notes,
        ["GET /workspaces does not list this workspace"]
    );
    assert_eq!(all.turns[1].workspace_name.as_deref(), Some("W"));
    assert_eq!(all.turns[3].notes, ["the workspace is paused"]);
}

#[test]
fn what_is_doubtful_is_said_once() {
    let named = |id: &str, name: &str| Workspace {
        name: Some(name.into()),
        ..workspace(id, "claude-code", 1)
    };
    let mut snapshot = snapshot(vec![
        named("a", "SEO"),
        named("b", "SEO"),
        named("c", "SEO"),
        named("d", "Ops"),
        named("e", "Ops"),
        named("f", "Docs"),
    ]);
    snapshot
        .activity
        .insert("a".into(), vec![timeout(now() - HOUR)]);
    snapshot
        .activity
        .insert("b".into(), vec![fire("skipped", now() - HOUR)]);
    let seen = vec![spell("c", now() - HOUR)];
    assert_eq!(
        judged(&snapshot, seen).warnings,
        [
            "the platform does not list turns (GET /admin/turns: 404 Not Found): ages rest on \
             messages that timed out, what was seen busy before, skipped fires",
            "2 workspaces are called \"Ops\", and another name is shared too: only their ids tell them apart",
        ]
    );
    snapshot.turns = TurnsRoute::NotAsked;
    snapshot.workspaces.truncate(1);
    assert_eq!(judged(&snapshot, vec![]).warnings, [""; 0]);
}

#[test]
fn a_key_stays_the_same_from_look_to_look() {
    let mut first = busy_with(vec![]);
    let seen = spell("w", now() - HOUR);
    let key = only(&first, vec![seen.clone()]).key;
    assert_eq!(key, format!("since:{}", now() - HOUR));
    // More is known later: time-outs, a start seen by an event that came late.
    first.taken_at_ms += 30 * S;
    first
        .activity
        .insert("w".into(), vec![timeout(now() - 2 * HOUR)]);
    let learned = Spell {
        started_ms: Some(now() - HOUR - 300),
        started_by: Some(Witness::Event),
        ..seen
    };
    assert_eq!(only(&first, vec![learned]).key, key);
    // During the sweep too.
    first.workspaces[0].active_tasks = Some(0);
    let swept = Spell {
        idle_since_ms: Some(now()),
        ..spell("w", now() - HOUR)
    };
    assert_eq!(only(&first, vec![swept]).key, key);
}

fn any_snapshot() -> impl Strategy<Value = (Snapshot, Vec<Spell>)> {
    let instant = || prop_oneof![4 => -10 * HOUR..HOUR, 1 => any::<i64>()];
    let when = move || instant().prop_map(|ms| now().saturating_add(ms));
    let runtime = prop::sample::select(&["claude-code", "hermes", "codex", "other"]);
    let id = || prop::sample::select(&["a", "b", "c", "d"]);
    let workspaces =
        (id(), runtime, prop::option::of(-1_i64..3)).prop_map(|(id, runtime, active)| Workspace {
            active_tasks: active,
            ..workspace(id, runtime, 1)
        });
    let turns = (
        id(),
        prop::option::of(when()),
        prop::option::of(any::<i64>()),
        any::<Option<bool>>(),
    )
        .prop_map(|(id, start, age, native)| ListedTurn {
            started_at_ms: start,
            turn_age_seconds: age,
            native_session: native,
            ..listed(id, None)
        });
    let kind = prop::sample::select(&["cron_run", "a2a_receive", "agent_log"]);
    let status = prop::sample::select(&["ok", "error", "skipped"]);
    let rows = (id(), kind, status, when(), prop::option::of(any::<i64>())).prop_map(
        |(id, kind, status, at_ms, took)| {
            let row = Activity {
                duration_ms: took,
                error_detail: Some("busy: timeout awaiting response headers".into()),
                ..row(kind, status, at_ms)
            };
            let cron = fire(status, at_ms).cron.filter(|_| kind == "cron_run");
            (id, Activity { cron, ..row })
        },
    );
    let spells = (
        id(),
        when(),
        prop::option::of(when()),
        prop::option::of(when()),
    )
        .prop_map(|(id, first, start, idle)| Spell {
            started_ms: start,
            started_by: start.map(|_| Witness::Event),
            idle_since_ms: idle,
            last_seen_ms: first.max(now() - 30 * S),
            ..spell(id, first)
        });
    let ceiling = prop_oneof![
        Just(CeilingSetting::Absent),
        Just(CeilingSetting::Wrong("a list".into())),
        any::<u64>().prop_map(CeilingSetting::Seconds),
        (0_u64..4_000).prop_map(CeilingSetting::Seconds),
    ];
    (
        prop::collection::vec(workspaces, 0..5),
        prop::option::of(prop::collection::vec(turns, 0..4)),
        prop::collection::vec(rows, 0..12),
        prop::collection::vec(spells, 0..4),
        prop::collection::btree_map(id().prop_map(str::to_owned), ceiling, 0..4),
        prop::option::of(instant()),
    )
        .prop_map(|(workspaces, turns, rows, spells, ceilings, offset)| {
            let mut snapshot = snapshot(workspaces);
            if let Some(turns) = turns {
                snapshot.turns = TurnsRoute::Listed(turns);
            }
            for (id, row) in rows {
                snapshot.activity.entry(id.into()).or_default().push(row);
            }
            for rows in snapshot.activity.values_mut() {
                rows.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
            }
            snapshot.ceilings = ceilings;
            snapshot.clock_offset_ms = offset;
            (snapshot, spells)
        })
}

proptest! {
    #[test]
    fn whatever_a_platform_says_the_rows_keep_their_word((snapshot, seen) in any_snapshot()) {
        let all = judged(&snapshot, seen.clone());
        let ids: BTreeSet<_> = snapshot.workspaces.iter().map(|w| &w.id).collect();
        prop_assert!(all.turns.len() >= ids.len());
        for turn in &all.turns {
            let over = turn.age_ms.zip(turn.ceiling_ms).is_some_and(|(age, ceiling)| age > ceiling);
            match turn.verdict {
                Verdict::Over => prop_assert!(over && turn.ceiling_ms != Some(0)),
                Verdict::Under => prop_assert!(!over && turn.age_is == Some(Bound::Exact)),
                Verdict::Idle => prop_assert!(turn.age_ms.is_none() && turn.evidence.is_none()),
                Verdict::Skewed => prop_assert!(turn.age_ms.is_none()),
                _ => {}
            }
            prop_assert_eq!(turn.over_by_ms.is_some(), turn.verdict == Verdict::Over);
            prop_assert!(turn.over_by_ms.is_none_or(|ms| ms > 0));
            prop_assert!(turn.age_ms.is_none_or(|ms| ms >= 0));
            prop_assert_eq!(turn.age_ms.is_some(), turn.age_is.is_some());
            prop_assert!(turn.ceiling_ms.is_some() || turn.verdict != Verdict::Over);
            prop_assert!(!turn.ceiling_origin.is_empty() && !turn.native_session_origin.is_empty());
            prop_assert!(!turn.key.is_empty());
            let kinds: Vec<_> = turn.other_evidence.iter().map(|e| e.kind).collect();
            prop_assert!(kinds.is_sorted());
        }
        let ages: Vec<_> = all.turns.iter().map(|t| std::cmp::Reverse(t.age_ms)).collect();
        prop_assert!(ages.is_sorted());
        // The order in which a platform lists things changes nothing.
        let mut other = snapshot;
        let distinct = ids_are_distinct(&other);
        other.workspaces.reverse();
        if distinct {
            prop_assert_eq!(judged(&other, seen).turns, all.turns);
        }
    }
}

fn ids_are_distinct(snapshot: &Snapshot) -> bool {
    let ids: BTreeSet<_> = snapshot.workspaces.iter().map(|w| &w.id).collect();
    ids.len() == snapshot.workspaces.len()
}
