use std::collections::BTreeMap;

use super::*;
use crate::job::{Job, Place, Slot, Words, parse};
use crate::schedule::Rules;
use crate::turn::{Bound, EvidenceKind, Liveness, Policy, Turn, Verdict};
use crate::zones::Zones;

/// 2026-11-25T12:00:00Z.
const NOW: i64 = 1_795_608_000_000;
const MIN: i64 = 60_000;
const HOUR: i64 = 60 * MIN;

const NEW: Version = Version::new(2026, 9, 6);
const OLD: Version = Version::new(2026, 3, 28);
const LEDGER: Version = Version::new(2026, 3, 31);

fn job_of(version: Version, text: &str) -> Job {
    let slot = Slot {
        source: 0,
        at: Place::Entry(1),
        rules: Rules::OpenClaw(version),
    };
    parse(text, slot, &mut Words::default()).unwrap().0
}

/// An hourly agent job `a`, with more of its payload.
fn job(version: Version, more: &str) -> Job {
    let text = format!(
        r#"{{"id": "a", "name": "sweep", "enabled": true, "createdAtMs": 1795000000000,
            "agentId": "ops",
            "schedule": {{"kind": "cron", "expr": "0 * * * *", "tz": "UTC", "staggerMs": 0}},
            "sessionTarget": "isolated", "payload": {{"kind": "agentTurn", "message": "x"{more}}},
            "state": {{}}}}"#
    );
    job_of(version, &text)
}

fn runs(version: Version) -> OpenClawRuns {
    OpenClawRuns {
        source: "openclaw".to_owned(),
        version,
        version_sure: Confidence::Certain,
        live: false,
        max_concurrent_runs: None,
        default_agent: "main".to_owned(),
        markers: BTreeMap::new(),
        queued: BTreeMap::new(),
        markers_at: "cron/jobs.json".to_owned(),
        receipts: (version == NEW).then(Vec::new),
        tasks: (version != OLD).then(Vec::new),
    }
}

fn marked(version: Version, ago: i64) -> OpenClawRuns {
    let mut runs = runs(version);
    runs.markers.insert("a".to_owned(), NOW - ago);
    runs
}

fn receipt(ago: i64, alive: Option<bool>) -> Receipt {
    Receipt {
        id: "r1".to_owned(),
        job_id: "a".to_owned(),
        agent_id: Some("ops".to_owned()),
        started_at_ms: NOW - ago,
        owner_pid: Some(15_508),
        owner_start: Some(131_779),
        owner_alive: alive,
        at: "cron_run_receipts".to_owned(),
    }
}

fn task(id: &str, ago: i64) -> TaskRun {
    TaskRun {
        id: id.to_owned(),
        job_id: "a".to_owned(),
        run_id: Some(format!("cron:a:{}", NOW - ago)),
        agent_id: Some("ops".to_owned()),
        session_key: None,
        queued: false,
        started_at_ms: Some(NOW - ago),
        last_event_at_ms: Some(NOW - ago),
        at: "task_runs".to_owned(),
    }
}

fn judge_with(runs: &OpenClawRuns, jobs: &[Job], policy: &Policy) -> Vec<Turn> {
    openclaw_turns(runs, jobs, policy, &Zones::built_in(), NOW)
}

fn judge(runs: &OpenClawRuns, jobs: &[Job]) -> Turn {
    let policy = Policy {
        ceiling_ms: None,
        silent_after_ms: 5 * MIN,
    };
    let mut turns = judge_with(runs, jobs, &policy);
    assert_eq!(turns.len(), 1, "{turns:?}");
    turns.remove(0)
}

/// A run of 2026.9.6 with all of its records.
fn whole(ago: i64, alive: Option<bool>) -> OpenClawRuns {
    let mut runs = marked(NEW, ago);
    runs.receipts = Some(vec![receipt(ago, alive)]);
    runs.tasks = Some(vec![task("t1", ago)]);
    runs
}

type Change = fn(&mut OpenClawRuns);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn verdicts_follow_from_the_records_that_a_version_keeps() {
    use Confidence::{Certain, Likely};
    use Verdict::{Leaked, Over, Running, Skewed};
    let none = |_: &mut OpenClawRuns| {};
    let cases: [(&str, OpenClawRuns, Change, Verdict, Confidence); 17] = [
        (
            "9.6, owner seen",
            whole(5 * MIN, Some(true)),
            none,
            Running,
            Certain,
        ),
        (
            "9.6, elsewhere",
            whole(5 * MIN, None),
            none,
            Running,
            Likely,
        ),
        (
            "9.6, older than an hour",
            whole(HOUR + 1, Some(true)),
            none,
            Over,
            Certain,
        ),
        (
            "9.6, exactly an hour",
            whole(HOUR, Some(true)),
            none,
            Running,
            Certain,
        ),
        (
            "9.6, owner gone",
            whole(5 * MIN, Some(false)),
            none,
            Leaked,
            Likely,
        ),
        (
            "9.6, marker alone",
            marked(NEW, 5 * MIN),
            none,
            Leaked,
            Certain,
        ),
        (
            "9.6, marker alone, young",
            marked(NEW, 10_000),
            none,
            Running,
            Likely,
        ),
        // A long run is no leak where its receipt runs.
        (
            "9.6, three hours",
            whole(3 * HOUR, Some(true)),
            none,
            Over,
            Certain,
        ),
        (
            "9.6, task alone",
            runs(NEW),
            |r| r.tasks = Some(vec![task("t1", HOUR / 2)]),
            Leaked,
            Certain,
        ),
        (
            "3.31, marker and task",
            marked(LEDGER, 5 * MIN),
            |r| r.tasks = Some(vec![task("t1", 5 * MIN)]),
            Running,
            Likely,
        ),
        (
            "3.31, marker alone",
            marked(LEDGER, 5 * MIN),
            none,
            Leaked,
            Likely,
        ),
        (
            "3.31, task alone",
            runs(LEDGER),
            |r| r.tasks = Some(vec![task("t1", HOUR / 2)]),
            Leaked,
            Likely,
        ),
        (
            "3.31, its ledger not read",
            marked(LEDGER, 5 * MIN),
            |r| r.tasks = None,
            Running,
            Likely,
        ),
        ("3.28, marker", marked(OLD, 5 * MIN), none, Running, Likely),
        (
            "3.28, older than an hour",
            marked(OLD, HOUR + 1),
            none,
            Over,
            Likely,
        ),
        (
            "3.28, older than the gateway bears",
            marked(OLD, STUCK_MS + 1),
            none,
            Leaked,
            Likely,
        ),
        (
            "a clock is wrong",
            whole(-HOUR, Some(true)),
            none,
            Skewed,
            Certain,
        ),
    ];
    for (what, mut runs, change, verdict, sure) in cases {
        change(&mut runs);
        let turn = judge(&runs, &[job(runs.version, "")]);
        assert_eq!(
            (turn.verdict, turn.confidence),
            (verdict, sure),
            "{what}: {turn:?}"
        );
        assert!(turn.evidence.is_some(), "{what}");
        assert_eq!(turn.over_by_ms.is_some(), verdict == Over, "{what}");
        let explained = !matches!(verdict, Leaked | Skewed) || !turn.notes.is_empty();
        assert!(explained, "{what}: the verdict needs a reason");
    }
}

#[test]
fn a_gateway_that_speaks_for_itself_is_certain() {
    let mut runs = marked(NEW, 5 * MIN);
    runs.live = true;
    runs.receipts = None;
    runs.tasks = Some(vec![task("t1", 5 * MIN)]);
    let turn = judge(&runs, &[job(NEW, "")]);
    assert_eq!(
        (turn.verdict, turn.confidence),
        (Verdict::Running, Confidence::Certain)
    );
}

#[test]
fn the_ceiling_is_asked_for_or_the_jobs_own_or_the_default() {
    let policy = |ceiling_ms| Policy {
        ceiling_ms,
        silent_after_ms: 5 * MIN,
    };
    let other = |more: &str| {
        let text = format!(
            r#"{{"id": "a", "enabled": true, "schedule": {{"kind": "every", "everyMs": 600000}},
                "sessionTarget": "main", "payload": {{"kind": "systemEvent", "text": "x"{more}}}}}"#
        );
        job_of(NEW, &text)
    };
    let asked = |job: Job, ceiling| {
        let turns = judge_with(&whole(30 * MIN, Some(true)), &[job], &policy(ceiling));
        let turn = turns.into_iter().next().unwrap();
        (
            turn.ceiling_ms,
            turn.verdict,
            turn.over_by_ms,
            turn.ceiling_origin,
        )
    };
    let (ms, verdict, over, origin) = asked(job(NEW, ""), Some(20 * MIN));
    assert_eq!(
        (ms, verdict, over),
        (Some(20 * MIN), Verdict::Over, Some(10 * MIN))
    );
    assert_eq!(origin, "--ceiling");
    let (ms, verdict, _, origin) = asked(job(NEW, r#", "timeoutSeconds": 90"#), None);
    assert_eq!((ms, verdict), (Some(90_000), Verdict::Over));
    assert!(origin.contains("timeoutSeconds"));
    let (ms, verdict, over, _) = asked(job(NEW, r#", "timeoutSeconds": 0"#), None);
    assert_eq!((ms, verdict, over), (Some(0), Verdict::Off, None));
    assert_eq!(asked(job(NEW, ""), Some(0)).1, Verdict::Off);
    assert_eq!(asked(job(NEW, ""), None).0, Some(HOUR));
    let (ms, verdict, ..) = asked(other(""), None);
    assert_eq!((ms, verdict), (Some(10 * MIN), Verdict::Over));
}

#[test]
fn what_is_said_of_a_run_names_where_it_stands() {
    let turn = judge(&whole(5 * MIN, Some(true)), &[job(NEW, "")]);
    assert_eq!(
        (&*turn.workspace_id, turn.workspace_name.as_deref()),
        ("ops", Some("sweep"))
    );
    assert_eq!(
        (turn.turn_id.as_deref(), turn.schedule_id.as_deref()),
        (Some("r1"), Some("a"))
    );
    assert_eq!((turn.age_ms, turn.native_session), (Some(5 * MIN), None));
    let kinds = |turn: &Turn| {
        let all = turn.evidence.iter().chain(&turn.other_evidence);
        all.map(|e| e.kind).collect::<Vec<_>>()
    };
    let all = [
        EvidenceKind::Receipt,
        EvidenceKind::TaskRun,
        EvidenceKind::RunningMarker,
    ];
    assert_eq!(kinds(&turn), all);
    let says = &turn.evidence.as_ref().unwrap().says;
    assert!(
        says.contains("cron_run_receipts") && says.contains("15508"),
        "{says}"
    );
    assert!(turn.other_evidence[1].says.contains("runningAtMs"));
    assert_eq!(turn.steerable, Some(true));
    let old = judge(&marked(OLD, MIN), &[job(OLD, "")]);
    assert_eq!(kinds(&old), [EvidenceKind::RunningMarker]);
    assert_eq!(old.steerable, Some(false));
    assert!(old.steerable_origin.contains("no-active-run"));
    // The job was removed while it ran.
    let gone = judge(&whole(MIN, Some(true)), &[]);
    assert_eq!((&*gone.workspace_id, gone.workspace_name), ("ops", None));
    assert!(gone.ceiling_origin.contains("not known"));
    assert_eq!(gone.blocks.skipped, None);
}

#[test]
fn records_that_disagree_are_said() {
    let said = |runs: &OpenClawRuns| judge(runs, &[job(NEW, "")]).notes.join("; ");
    assert_eq!(said(&whole(30_000, Some(true))), "");
    let mut runs = whole(5 * MIN, Some(true));
    runs.markers.insert("a".to_owned(), NOW - HOUR);
    let turn = judge(&runs, &[job(NEW, "")]);
    assert!(turn.notes[0].contains("the records disagree"), "{turn:?}");
    assert_eq!(turn.age_ms, Some(5 * MIN), "the receipt is used");
    let mut runs = whole(5 * MIN, Some(true));
    runs.markers.clear();
    assert!(said(&runs).contains("no marker"));
    let mut runs = whole(5 * MIN, Some(true));
    runs.tasks = Some(Vec::new());
    assert!(said(&runs).contains("no task"));
    let mut runs = whole(5 * MIN, Some(true));
    runs.tasks = Some(vec![task("t0", 3 * HOUR), task("t1", 5 * MIN)]);
    let turn = judge(&runs, &[job(NEW, "")]);
    assert!(
        turn.notes.join(";").contains("task t0 of another run"),
        "{turn:?}"
    );
    assert_eq!(turn.verdict, Verdict::Running);
}

#[test]
fn a_run_blocks_its_own_slots_and_with_one_slot_all_others() {
    let mut other = job(OLD, "");
    other.id = "b".into();
    other.name = None;
    other.state.next_run_at_ms = Some(NOW - MIN);
    let mut later = other.clone();
    later.id = "c".into();
    later.state.next_run_at_ms = Some(NOW + MIN);
    let mut off = other.clone();
    off.id = "d".into();
    off.enabled = false;
    let jobs = [job(OLD, ""), other, later, off];
    // From 10:30 to 12:00 the slots of 11:00 and 12:00 passed.
    let turn = judge(&marked(OLD, 90 * MIN), &jobs);
    assert_eq!(turn.blocks.skipped, Some(2));
    assert_eq!(turn.blocks.since_at_ms, Some(NOW - HOUR));
    assert_eq!(turn.blocks.due, Some(1));
    assert_eq!(turn.blocks.schedules, ["sweep", "b"]);
    assert!(
        turn.notes.join(";").contains("maxConcurrentRuns"),
        "{turn:?}"
    );
    let mut wide = marked(OLD, 90 * MIN);
    wide.max_concurrent_runs = Some(4);
    assert_eq!(judge(&wide, &jobs).blocks.due, None);
    let mut jobs = jobs;
    for job in &mut jobs {
        job.rules = Rules::OpenClaw(NEW);
    }
    assert_eq!(judge(&whole(90 * MIN, None), &jobs).blocks.due, None);
    // A period counts from the start of the run.
    let every = job_of(
        NEW,
        r#"{"id": "a", "enabled": true, "schedule": {"kind": "every", "everyMs": 600000},
            "sessionTarget": "isolated", "payload": {"kind": "agentTurn", "message": "x"}}"#,
    );
    let turn = judge(&whole(35 * MIN, None), &[every]);
    assert_eq!(turn.blocks.skipped, Some(3));
    assert_eq!(turn.blocks.since_at_ms, Some(NOW - 25 * MIN));
    // A slot each millisecond: counting stops, and says so.
    let mad = job_of(
        NEW,
        r#"{"id": "a", "enabled": true, "schedule": {"kind": "every", "everyMs": 1},
            "sessionTarget": "isolated", "payload": {"kind": "agentTurn", "message": "x"}}"#,
    );
    let turn = judge(&whole(35 * MIN, None), &[mad]);
    assert_eq!(turn.blocks.skipped, Some(10_000));
    assert!(
        turn.notes.join(";").contains("counting stopped"),
        "{turn:?}"
    );
}

#[test]
fn jobs_of_one_tick_are_marked_together_and_run_one_by_one() {
    // As recorded from 2026.3.31: two jobs marked in one tick, one of them with a task.
    let mut runs = marked(LEDGER, 5 * MIN);
    runs.markers.insert("b".to_owned(), NOW - 5 * MIN);
    runs.tasks = Some(vec![TaskRun {
        job_id: "b".to_owned(),
        ..task("t1", 5 * MIN)
    }]);
    let verdict = |runs: &OpenClawRuns| {
        let turns = judge_with(runs, &[job(LEDGER, "")], &Policy::default());
        let turn = turns
            .into_iter()
            .find(|t| t.schedule_id.as_deref() == Some("a"));
        let turn = turn.unwrap();
        assert_eq!(turn.age_ms.is_some(), turn.verdict != Verdict::Idle);
        (turn.verdict, turn.notes.join("; "))
    };
    let (waits, note) = verdict(&runs);
    assert_eq!(waits, Verdict::Idle);
    assert!(note.contains("waits behind b"), "{note}");
    // With a free slot it does not wait.
    runs.max_concurrent_runs = Some(2);
    assert_eq!(verdict(&runs).0, Verdict::Leaked);
    // Its turn came: the task began later than the marker.
    let mut runs = marked(LEDGER, 30 * MIN);
    runs.tasks = Some(vec![task("t2", 5 * MIN)]);
    let turn = judge(&runs, &[job(LEDGER, "")]);
    assert_eq!(
        (turn.verdict, turn.age_ms),
        (Verdict::Running, Some(5 * MIN))
    );
    assert_eq!(turn.age_is, Some(Bound::Exact));
    assert!(turn.notes.join(";").contains("25 min"), "{turn:?}");
    // Without tasks, two markers and one slot say that one of them runs, not which.
    let mut runs = marked(OLD, 5 * MIN);
    assert_eq!(verdict(&runs).0, Verdict::Running);
    assert_eq!(judge(&runs, &[job(OLD, "")]).age_is, Some(Bound::Estimate));
    runs.markers.insert("b".to_owned(), NOW - 5 * MIN);
    let (unknown, note) = verdict(&runs);
    assert_eq!(unknown, Verdict::Unknown);
    assert!(note.contains("2 jobs are marked"), "{note}");
}

#[test]
fn a_queued_job_does_not_run() {
    let mut runs = runs(NEW);
    runs.queued.insert("a".to_owned(), NOW - 3 * MIN);
    let turn = judge(&runs, &[job(NEW, "")]);
    assert_eq!((turn.verdict, turn.age_ms), (Verdict::Idle, None));
    assert!(turn.notes[0].contains("waits for a slot"), "{turn:?}");
    assert!(
        turn.notes[0].contains("180 s") || turn.notes[0].contains("3 min"),
        "{turn:?}"
    );
}

#[test]
fn recent_events_are_a_sign_of_life_and_none_proves_nothing() {
    let at = |ago| {
        let mut runs = whole(40 * MIN, Some(true));
        runs.tasks.as_mut().unwrap()[0].last_event_at_ms = Some(NOW - ago);
        judge(&runs, &[job(NEW, "")])
    };
    assert_eq!(at(MIN).liveness, Liveness::Active);
    assert_eq!(at(MIN).last_sign_at_ms, Some(NOW - MIN));
    assert_eq!(at(20 * MIN).liveness, Liveness::Unknown);
    let never = at(40 * MIN);
    assert_eq!(
        (never.liveness, never.last_sign_at_ms),
        (Liveness::Unknown, None)
    );
}

#[test]
fn nothing_running_gives_no_rows() {
    assert_eq!(
        judge_with(&runs(NEW), &[job(NEW, "")], &Policy::default()),
        []
    );
}

proptest::proptest! {
    #[test]
    fn any_records_give_one_row_per_job_and_never_panic(
        marker in proptest::option::of(proptest::num::i64::ANY),
        started in proptest::option::of(proptest::num::i64::ANY),
        receipt_at in proptest::option::of(proptest::num::i64::ANY),
        ceiling in proptest::option::of(0..i64::MAX),
        live: bool,
    ) {
        let mut given = runs(NEW);
        given.live = live;
        if let Some(at) = marker {
            given.markers.insert("a".to_owned(), at);
        }
        given.receipts = receipt_at.map(|at| vec![Receipt { started_at_ms: at, ..receipt(0, None) }]);
        given.tasks = Some(vec![TaskRun { started_at_ms: started, ..task("t", 0) }]);
        let policy = Policy { ceiling_ms: ceiling, silent_after_ms: MIN };
        let turns = judge_with(&given, &[job(NEW, "")], &policy);
        proptest::prop_assert_eq!(turns.len(), 1);
        let turn = &turns[0];
        proptest::prop_assert_eq!(turn.over_by_ms.is_some(), turn.verdict == Verdict::Over);
        proptest::prop_assert!(turn.over_by_ms.is_none_or(|over| over > 0));
        proptest::prop_assert!(turn.age_ms.is_none_or(|age| age >= 0));
    }
}
