//! The fast path takes good jobs only, and reads them as the lenient one does.

use super::*;
use crate::schedule::Version;

fn slot() -> Slot {
    Slot {
        source: 0,
        at: Place::Entry(1),
        rules: Rules::OpenClaw(Version::NEWEST_CHECKED),
    }
}

fn is_fast(text: &str) -> bool {
    super::fast(text, slot(), &mut Words::default()).is_some()
}

const GOOD: &str = r#"{"id":"a","name":"n","enabled":false,"createdAtMs":5,"schedule":{"kind":"cron","expr":"0 22 * * *","tz":"UTC","staggerMs":0},"sessionTarget":"isolated","payload":{"kind":"agentTurn","message":"m","model":" openai/x ","timeoutSeconds":9.5},"state":{"nextRunAtMs":7,"lastStatus":"ok","lastDurationMs":3}}"#;

#[test]
fn a_good_job_takes_the_fast_path_and_both_paths_agree() {
    assert!(is_fast(GOOD));
    let (fast, shape) = parse(GOOD, slot(), &mut Words::default()).unwrap();
    assert_eq!(shape, JobShape::OpenClaw);
    let value: Value = serde_json::from_str(GOOD).unwrap();
    let (slow, _) = lenient::read(&value, slot()).unwrap();
    assert_eq!(format!("{fast:?}"), format!("{slow:?}"));
    assert_eq!(fast.model.as_deref(), Some("openai/x"));
    assert!(!fast.enabled);
    assert_eq!(fast.timeout_seconds(), Some(9.5));
    assert_eq!(fast.state.last_status.as_deref(), Some("ok"));
}

#[test]
fn both_paths_read_the_same_extras() {
    let job = |payload: &str, more: &str| {
        format!(
            r#"{{"id":"a","schedule":{{"kind":"cron","expr":"* * * * *"}},"sessionTarget":"isolated"{more},"payload":{{"kind":"agentTurn"{payload}}}}}"#
        )
    };
    for text in [
        job("", ""),
        job(
            r#","message":"hi","fallbacks":null"#,
            r#","sessionKey":" ","declarationKey":null"#,
        ),
        job(r#","fallbacks":[]"#, ""),
        job(r#","fallbacks":[" a/b ",""],"model":" ""#, ""),
        job(
            r#","externalContentSource":" gmail ""#,
            r#","sessionKey":" agent:ops:x ","declarationKey":"k:main""#,
        ),
        job(
            r#","message":"first\nsystemctl restart openclaw","text":5"#,
            "",
        ),
        job(r#","message":"\u006fpenclaw restart""#, ""),
        job(r#","message":["openclaw restart"]"#, ""),
        job(r#","argv":["sh","-lc","pkill openclaw"]"#, ""),
        job(
            r#","message":"x","command":"openclaw gateway stop","script":{"source":"gateway restart"}"#,
            "",
        ),
        job(r#","message":"the gateway of openclaw""#, ""),
    ] {
        let fast =
            super::fast(&text, slot(), &mut Words::default()).unwrap_or_else(|| panic!("{text}"));
        let value: Value = serde_json::from_str(&text).unwrap();
        let (slow, _) = lenient::read(&value, slot()).unwrap();
        assert_eq!(format!("{fast:?}"), format!("{slow:?}"), "{text}");
    }
    let extras = |text: &str| {
        super::fast(text, slot(), &mut Words::default())
            .unwrap()
            .extras
    };
    assert_eq!(extras(&job(r#","message":"hi","model":"a/b""#, "")), None);
    let found = extras(&job(
        r#","fallbacks":[" a/b "],"externalContentSource":"gmail","message":"run openclaw gateway restart""#,
        r#","sessionKey":" k ","declarationKey":"d""#,
    ));
    let expected = Extras {
        fallbacks: Some(vec![" a/b ".to_owned()]),
        session_key: Some("k".to_owned()),
        declaration_key: Some("d".to_owned()),
        external_source: Some("gmail".to_owned()),
        restarts: Some("openclaw gateway restart".to_owned()),
        ..Extras::default()
    };
    assert_eq!(found.as_deref(), Some(&expected));
}

#[test]
fn odd_jobs_leave_the_fast_path() {
    for text in [
        r#"{"jobId":"a","schedule":{"kind":"cron","expr":"* * * * *"}}"#,
        r#"{"id":"a","model":"x","schedule":{"kind":"cron","expr":"* * * * *"}}"#,
        r#"{"id":"a","schedule":"* * * * *"}"#,
        r#"{"id":"a","schedule":{"kind":"cron","cron":"* * * * *"}}"#,
        r#"{"id":"a","schedule":{"kind":"CRON","expr":"* * * * *"}}"#,
        r#"{"id":"a","sessionTarget":"current","schedule":{"kind":"cron","expr":"* * * * *"}}"#,
    ] {
        assert!(!is_fast(text), "{text}");
        assert!(parse(text, slot(), &mut Words::default()).is_ok(), "{text}");
    }
}

#[test]
fn a_row_takes_its_state_from_the_second_text() {
    let (job, _) = parse_row(GOOD, r#"{"nextRunAtMs":11}"#, slot(), &mut Words::default()).unwrap();
    assert_eq!(job.state.next_run_at_ms, Some(11));
    assert_eq!(job.state.last_status, None);
    let (job, _) = parse_row(
        GOOD,
        r#"{"nextRunAtMs":"11"}"#,
        slot(),
        &mut Words::default(),
    )
    .unwrap();
    assert_eq!(job.state.next_run_at_ms, Some(11));
    assert!(parse_row(GOOD, "not json", slot(), &mut Words::default()).is_ok());
}

#[test]
fn texts_for_messages_are_cut_at_characters() {
    assert_eq!(short("äöü", 2), "äö…");
    assert_eq!(short("äöü", 3), "äöü");
}
