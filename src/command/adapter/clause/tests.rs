use super::super::record::{Ended, Side, Started};
use super::*;

const JSON: &str = "application/json";
const SAVED: &str = r#"{"status":"checkpointed","turn_id":"t1","checkpoint":{"id":"c1","session_id":"s1","saved_at":"2026-05-22T07:30:01Z"},"resumable":true}"#;
const SAVED_NEXT: &str = r#"{"status":"checkpointed","turn_id":"t2","checkpoint":{"id":"c2","session_id":"s1","saved_at":"2026-05-22T07:30:09Z"},"resumable":true}"#;
const IDLE: &str = r#"{"status":"idle"}"#;
const T1: &str = r#"{"error":"another turn","code":"turn_mismatch","turn_id":"t1"}"#;
const T2: &str = r#"{"error":"another turn","code":"turn_mismatch","turn_id":"t2"}"#;
const NAMELESS: &str = r#"{"error":"another turn","code":"turn_mismatch"}"#;
const CANNOT: &str = r#"{"error":"no cancel","code":"not_steerable"}"#;
const NO: &str = r#"{"error":"unauthorized"}"#;

/// What an adapter that honours everything says.
fn honest() -> Record {
    let said = [
        (Step::Idle, 200, IDLE),
        (Step::Malformed, 400, r#"{"error":"not JSON"}"#),
        (Step::NoSecret, 401, NO),
        (Step::WrongSecret, 401, NO),
        (Step::WrongTurn, 409, T1),
        (Step::StillThere, 409, T1),
        (Step::Checkpoint, 200, SAVED),
        (Step::Gone, 200, IDLE),
        (Step::Repeat, 200, SAVED),
        (Step::SecondTurn, 409, T2),
        (Step::RepeatDuring, 200, SAVED),
        (Step::SecondStillThere, 409, T2),
        (Step::SecondCheckpoint, 200, SAVED_NEXT),
    ];
    let mut record = Record {
        grace_ms: 30_000,
        turns: vec![started(Some((750, true))), started(Some((1_250, true)))],
        ..Record::default()
    };
    for (place, (step, status, body)) in said.into_iter().enumerate() {
        let mut exchange = exchange(step, http(status, Some(JSON), body));
        exchange.at_ms = 100 * i64::try_from(place).unwrap();
        exchange.took_ms = 100;
        record.exchanges.push(exchange);
    }
    record
}

fn started(ended: Option<(i64, bool)>) -> Started {
    Started {
        by: "POST http://a/ message/send".to_owned(),
        at_ms: 350,
        ended: ended.map(|(at_ms, clean)| Ended {
            at_ms,
            with: if clean { "200 {}" } else { "500 {}" }.to_owned(),
            clean,
        }),
    }
}

fn http(status: u16, content_type: Option<&str>, body: &str) -> Reply {
    Reply::Http {
        status,
        content_type: content_type.map(str::to_owned),
        retry_after_ms: None,
        body: body.to_owned(),
    }
}

fn exchange(step: Step, reply: Reply) -> Exchange {
    Exchange::new(step, Side::Adapter, "POST http://a".to_owned(), None, reply)
}

fn with(mut record: Record, step: Step, reply: Reply) -> Record {
    let old = record.exchanges.iter_mut().find(|e| e.step == step);
    let mut new = exchange(step, reply);
    match old {
        Some(old) => {
            (new.at_ms, new.took_ms) = (old.at_ms, old.took_ms);
            *old = new;
        }
        None => record.exchanges.push(new),
    }
    record
}

fn said(record: Record, step: Step, status: u16, body: &str) -> Record {
    with(record, step, http(status, Some(JSON), body))
}

fn without(mut record: Record, steps: &[Step], why: &str) -> Record {
    record.exchanges.retain(|e| !steps.contains(&e.step));
    record.stopped = Some(why.to_owned());
    record
}

fn failing(record: &Record) -> Vec<&'static str> {
    of(record, Outcome::Fail)
}

fn untold(record: &Record) -> Vec<&'static str> {
    of(record, Outcome::NotTestable)
}

fn of(record: &Record, result: Outcome) -> Vec<&'static str> {
    let clauses = CLAUSES.iter();
    let clauses = clauses.filter(|clause| clause.judge(record).result == result);
    clauses.map(|clause| clause.id).collect()
}

fn seen(record: &Record, id: &str) -> String {
    let clause = CLAUSES.iter().find(|clause| clause.id == id).unwrap();
    clause.judge(record).seen
}

#[test]
fn an_adapter_that_honours_everything_passes_everything() {
    let record = honest();
    assert_eq!(
        of(&record, Outcome::Pass).len(),
        CLAUSES.len(),
        "{:?} {:?}",
        failing(&record),
        untold(&record)
    );
    assert_eq!(
        seen(&record, "post-returns"),
        "returned 50 ms after the answer: 200 {}"
    );
    assert_eq!(seen(&record, "resumes"), "both turns are in session s1");
}

/// One thing wrong, and the clauses that it breaks: no others.
#[test]
fn each_fault_breaks_its_own_clauses() {
    let text = Some("text/plain");
    let cases: Vec<(&str, Record, &[&str])> = vec![
        (
            "idle is refused",
            said(honest(), Step::Idle, 409, CANNOT),
            &["idle"],
        ),
        (
            "idle is garbage",
            said(honest(), Step::Idle, 200, "{}"),
            &["handler", "idle"],
        ),
        (
            "garbage is obeyed",
            said(honest(), Step::Malformed, 200, IDLE),
            &["malformed"],
        ),
        (
            "garbage is 422",
            said(honest(), Step::Malformed, 422, NO),
            &["malformed"],
        ),
        (
            "garbage crashes it",
            with(
                honest(),
                Step::Malformed,
                Reply::Broken {
                    why: "reset".into(),
                    sent: true,
                },
            ),
            &["malformed"],
        ),
        (
            "no secret is needed",
            said(honest(), Step::NoSecret, 200, IDLE),
            &["no-secret"],
        ),
        (
            "any secret will do",
            said(honest(), Step::WrongSecret, 200, IDLE),
            &["wrong-secret"],
        ),
        (
            "the running turn has no name",
            said(honest(), Step::WrongTurn, 409, NAMELESS),
            &["wrong-turn", "wrong-turn-spares"],
        ),
        (
            "another turn's request ends it",
            said(honest(), Step::StillThere, 200, IDLE),
            &["wrong-turn-spares"],
        ),
        (
            "another turn's request swaps it",
            said(honest(), Step::StillThere, 409, T2),
            &["wrong-turn-spares"],
        ),
        (
            "the checkpoint finds nothing",
            said(honest(), Step::Checkpoint, 200, IDLE),
            &["checkpoint"],
        ),
        (
            "the checkpoint is a web page",
            with(
                honest(),
                Step::Checkpoint,
                http(200, Some("text/html"), "<html>"),
            ),
            &["checkpoint"],
        ),
        (
            "the checkpoint has no handler",
            with(honest(), Step::Checkpoint, http(404, text, "Not Found")),
            &["checkpoint"],
        ),
        (
            "the checkpoint is never answered",
            with(
                honest(),
                Step::Checkpoint,
                Reply::Broken {
                    why: "time-out".into(),
                    sent: true,
                },
            ),
            &["checkpoint"],
        ),
        (
            "the checkpoint is of another turn",
            said(honest(), Step::Checkpoint, 200, SAVED_NEXT),
            &["checkpoint", "repeat-answer"],
        ),
        (
            "the turn stays",
            said(honest(), Step::Gone, 409, T1),
            &["turn-gone"],
        ),
        (
            "the repeat finds nothing",
            said(honest(), Step::Repeat, 200, IDLE),
            &["repeat-answer"],
        ),
        (
            "the repeat is a mismatch",
            said(honest(), Step::RepeatDuring, 409, T2),
            &["repeat-answer"],
        ),
        (
            "the repeat ends the successor",
            said(honest(), Step::SecondStillThere, 200, IDLE),
            &["repeat-spares"],
        ),
        (
            "the next turn is in another session",
            said(
                honest(),
                Step::SecondCheckpoint,
                200,
                &SAVED_NEXT.replace("s1", "s2"),
            ),
            &["resumes"],
        ),
    ];
    for (name, record, broken) in cases {
        assert_eq!(failing(&record), broken, "{name}");
    }
}

#[test]
fn the_post_must_return_cleanly_and_in_time() {
    let post = |ended| {
        let mut record = honest();
        record.turns[0] = started(ended);
        CLAUSES
            .iter()
            .find(|c| c.id == "post-returns")
            .unwrap()
            .judge(&record)
    };
    // The answer was there at 700 ms; the grace is 30 s.
    for (ended, result, seen) in [
        (
            Some((650, true)),
            Outcome::Pass,
            "returned before the answer: 200 {}",
        ),
        (
            Some((30_700, true)),
            Outcome::Pass,
            "returned 30 s after the answer: 200 {}",
        ),
        (
            Some((30_701, true)),
            Outcome::Fail,
            "returned 30.001 s after the answer: 200 {}; the grace is 30 s",
        ),
        (
            Some((750, false)),
            Outcome::Fail,
            "returned 50 ms after the answer: 500 {}: not cleanly",
        ),
        (
            None,
            Outcome::Fail,
            "it has not returned 30 s after the answer",
        ),
        (
            Some((500, true)),
            Outcome::NotTestable,
            "it had returned before the checkpoint was asked for: 200 {}",
        ),
    ] {
        let judged = post(ended);
        assert_eq!((judged.result, judged.seen.as_str()), (result, seen));
    }
}

#[test]
fn an_adapter_that_cannot_cancel_breaks_nothing_and_is_no_proof() {
    let rest = [
        Step::Gone,
        Step::Repeat,
        Step::SecondTurn,
        Step::RepeatDuring,
        Step::SecondStillThere,
        Step::SecondCheckpoint,
    ];
    let record = without(
        said(honest(), Step::Checkpoint, 409, CANNOT),
        &rest,
        "no turn was checkpointed",
    );
    assert_eq!(failing(&record), [""; 0]);
    assert_eq!(
        untold(&record),
        [
            "post-returns",
            "turn-gone",
            "repeat-answer",
            "repeat-spares",
            "resumes"
        ]
    );
    assert_eq!(
        seen(&record, "turn-gone"),
        "the adapter cannot cancel: 409 not_steerable"
    );
    // One that refuses before it compares ids tells less.
    let record = said(
        without(record, &[Step::StillThere], "x"),
        Step::WrongTurn,
        409,
        CANNOT,
    );
    assert_eq!(failing(&record), [""; 0]);
    assert!(untold(&record).starts_with(&["wrong-turn", "wrong-turn-spares"]));
}

#[test]
fn a_request_that_is_obeyed_for_the_wrong_turn_counts_as_the_checkpoint() {
    let rest = [
        Step::StillThere,
        Step::Checkpoint,
        Step::SecondTurn,
        Step::RepeatDuring,
        Step::SecondStillThere,
        Step::SecondCheckpoint,
    ];
    let record = without(
        said(honest(), Step::WrongTurn, 200, SAVED),
        &rest,
        "a second turn cannot be watched",
    );
    assert_eq!(failing(&record), ["wrong-turn", "wrong-turn-spares"]);
    assert_eq!(untold(&record), ["repeat-spares", "resumes"]);
    assert_eq!(
        seen(&record, "repeat-spares"),
        "a second turn cannot be watched"
    );
}

#[test]
fn asked_to_stop_may_become_stopped() {
    let asked = r#"{"status":"interrupting","turn_id":"t1"}"#;
    let record = said(honest(), Step::Checkpoint, 202, asked);
    assert_eq!(failing(&record), [""; 0]);
    let record = said(record, Step::Repeat, 200, SAVED_NEXT);
    assert_eq!(failing(&record), ["repeat-answer"]);
    // The other way round is a new answer.
    let record = said(honest(), Step::Repeat, 202, asked);
    assert_eq!(failing(&record), ["repeat-answer"]);
}

#[test]
fn an_empty_200_passes_and_proves_no_session() {
    let mut record = honest();
    for step in [
        Step::Checkpoint,
        Step::Repeat,
        Step::RepeatDuring,
        Step::SecondCheckpoint,
    ] {
        record = with(record, step, http(200, None, ""));
    }
    assert_eq!(failing(&record), [""; 0]);
    assert_eq!(untold(&record), ["resumes"]);
}

#[test]
fn the_session_may_stand_in_the_transcript() {
    let second = r#"{"status":"interrupting","turn_id":"t2"}"#;
    let record = said(honest(), Step::SecondCheckpoint, 202, second);
    assert_eq!(untold(&record), ["resumes"]);
    let log = |session: &str| {
        let lines = format!(
            r#"{{"supported":true,"lines":[{{"sessionId":"s0"}},{{"sessionId":"{session}"}},{{"type":"x"}}]}}"#
        );
        said(record.clone(), Step::Transcript, 200, &lines)
    };
    assert_eq!((failing(&log("s1")), untold(&log("s1"))), (vec![], vec![]));
    assert_eq!(failing(&log("s9")), ["resumes"]);
    let refused = said(record.clone(), Step::Transcript, 401, NO);
    assert_eq!(untold(&refused), ["resumes"]);
    let honest_no = said(
        honest(),
        Step::Checkpoint,
        200,
        &SAVED.replace("true", "false"),
    );
    assert!(failing(&honest_no).contains(&"resumes"));
}

#[test]
fn without_a_handler_nothing_else_is_said() {
    for reply in [
        http(404, Some("text/plain; charset=utf-8"), "Not Found"),
        http(404, None, ""),
        http(405, Some("text/plain"), "Method Not Allowed"),
        http(501, Some(JSON), "{}"),
    ] {
        let record = with(Record::default(), Step::Idle, reply);
        assert_eq!(failing(&record), ["handler"]);
        assert_eq!(untold(&record).len(), CLAUSES.len() - 1);
        assert_eq!(seen(&record, "turn-gone"), "there is no handler");
    }
}

#[test]
fn a_turn_that_is_never_seen_leaves_its_clauses_open() {
    let turns = [
        Step::StillThere,
        Step::Checkpoint,
        Step::Gone,
        Step::Repeat,
        Step::SecondTurn,
        Step::RepeatDuring,
        Step::SecondStillThere,
        Step::SecondCheckpoint,
    ];
    let record = without(
        said(honest(), Step::WrongTurn, 200, IDLE),
        &turns,
        "no turn was seen in flight",
    );
    assert_eq!(failing(&record), [""; 0]);
    assert_eq!(untold(&record).len(), 8);
    assert_eq!(
        seen(&record, "checkpoint"),
        "the turn was never seen in flight: it ended with 200 {}"
    );
}

#[test]
fn a_turn_that_is_not_ours_leaves_everything_open() {
    let record = said(Record::default(), Step::Idle, 409, T1);
    let record = Record {
        stopped: Some("a turn was in flight already (t1) and was left alone".into()),
        ..record
    };
    assert_eq!(of(&record, Outcome::Pass), ["handler"]);
    assert_eq!(failing(&record), [""; 0]);
    assert_eq!(
        seen(&record, "idle"),
        "a turn was in flight already (t1) and was left alone"
    );
}

#[test]
fn ids_are_names_and_every_clause_says_why() {
    let mut ids: Vec<_> = CLAUSES.iter().map(|c| c.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CLAUSES.len());
    assert!(
        CLAUSES
            .iter()
            .all(|c| !c.title.is_empty() && !c.why.is_empty())
    );
}

/// The table of section 12 of the specification.
#[test]
fn the_specification_has_every_clause() {
    let text = include_str!("../../../../docs/adapter-spec.md");
    for clause in CLAUSES {
        let row = format!(
            "| `{}` | {} | {} | {} |\n",
            clause.id,
            clause.origin.word(),
            clause.title,
            clause.why
        );
        assert!(text.contains(&row), "{row}");
    }
    let rows = text.lines().filter(|line| {
        line.starts_with("| `") && (line.contains("` | RFC | ") || line.contains("` | gap | "))
    });
    assert_eq!(rows.count(), CLAUSES.len());
}
