//! Whom a loop looks at: workspaces that are named, and ceilings that workspaces have of their own.

use super::*;

#[test]
fn a_named_workspace_that_is_removed_does_not_stop_the_others() {
    let fake = over(&["ws-a", "ws-b"]).says("ws-a", [refuses()]);
    let fake = fake.says("ws-b", [refuses()]);
    let sandbox = sandbox();
    let line = format!(
        "checkpoint ws-a WS-B --over-ceiling --watch --yes --ledger l.db --molecule {} \
         --token-file token {FAST}",
        fake.url
    );
    let mut watching = Watching::line(&sandbox, &line);
    watching.until("sweep");
    fake.now_without("ws-a");
    wait("looks without it", || {
        let looks = fake.seen().into_iter().rev();
        looks.take_while(|s| !s.path.contains("ws-a")).count() > 8
    });
    let ended = watching.end("-TERM");
    assert_eq!(ended.about("failed"), [Value::Null; 0], "{ended:?}");
    assert!(ended.stderr.contains("no longer listed: ws-a"), "{ended:?}");
    // Said once.
    assert_eq!(ended.stderr.matches("no longer listed").count(), 1);
}

#[test]
fn a_name_is_what_has_it_now() {
    let fake = over(&["ws-a"])
        .says("ws-a", [refuses()])
        .says("ws-b", [frees("ws-b")]);
    let sandbox = sandbox();
    let line = format!(
        "checkpoint WS-A --over-ceiling --watch --yes --ledger l.db --molecule {} \
         --token-file token {FAST}",
        fake.url
    );
    let mut watching = Watching::line(&sandbox, &line);
    watching.until("sweep");
    fake.now_without("ws-a");
    let mut named = workspace("ws-b", 1);
    named["name"] = json!("WS-A");
    let started = cronctl::when::utc(now_ms() - 21_600_000);
    fake.now_with(named, &turn("ws-b", Some(&started)));
    watching.until_sweep(|sweep| sweep["summary"]["confirmed"] == 1);
    watching.end("-TERM");
    assert_eq!(fake.paths()[1], "/ws-b/control/checkpoint");
}

/// A platform with turns of twenty minutes, whose workspaces have a ceiling of one minute of their own that the
/// list of turns does not name.
fn own_ceilings(ids: &[String]) -> Fake {
    let started = |after_ms: i64| cronctl::when::utc(now_ms() - 1_200_000 + after_ms);
    let turns = ids.iter().zip((0..).step_by(1_000)).map(|(id, after_ms)| {
        let mut row = turn(id, Some(&started(after_ms)));
        row["ceiling_seconds"] = Value::Null;
        row
    });
    let fake = Fake::new(
        ids.iter().map(|id| workspace(id, 1)).collect(),
        Some(turns.collect()),
    );
    let own = json!({"runtime_config": {"native_session_ceiling_seconds": 60}});
    ids.iter().fold(fake, |fake, id| {
        fake.config(id, own.clone()).says(id, [frees(id)])
    })
}

fn configs(fake: &Fake) -> usize {
    let seen = fake.seen();
    seen.iter()
        .filter(|seen| seen.path.ends_with("/config"))
        .count()
}

#[test]
fn lower_ceilings_of_workspaces_are_found_within_a_few_looks() {
    let ids: Vec<String> = (0..70).map(|n| format!("ws-{n:02}")).collect();
    // The oldest forty cannot be read, and do not stand in the way of the others.
    let fake = ids[..40]
        .iter()
        .fold(own_ceilings(&ids), |fake, id| fake.config(id, Value::Null));
    let sandbox = sandbox();
    let mut watching = Watching::new(&fake, &sandbox, FAST);
    let mut freed = 0;
    watching.until_sweep(|sweep| {
        freed += sweep["summary"]["confirmed"].as_u64().unwrap();
        freed == 30
    });
    // Each was read once.
    assert_eq!(configs(&fake), 70);
    watching.until("sweep");
    let ended = watching.end("-TERM");
    assert_eq!(configs(&fake), 70, "{ended:?}");
    assert!(ended.stderr.contains("are not read yet"), "{ended:?}");
    assert!(ended.stderr.contains("could not be read"), "{ended:?}");
}

#[test]
fn what_is_within_a_longer_ceiling_of_its_own_is_not_asked_about_at_every_look() {
    let ids: Vec<String> = (0..50).map(|n| format!("ws-{n:02}")).collect();
    let fake = own_ceilings(&ids);
    let long = json!({"runtime_config": {"native_session_ceiling_seconds": 7_200}});
    let fake = ids
        .iter()
        .fold(fake, |fake, id| fake.config(id, long.clone()));
    let options = format!("{FAST} --count 5");
    let ended = Watching::new(&fake, &sandbox(), &options).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(fake.posts().is_empty());
    assert_eq!(configs(&fake), 50, "{ended:?}");
}

#[test]
fn a_ceiling_that_was_wrong_and_is_corrected_holds_at_the_next_look() {
    let ids = ["ws-00".to_owned()];
    let wrong = json!({"runtime_config": {"native_session_ceiling_seconds": "soon"}});
    let fake = own_ceilings(&ids).config("ws-00", wrong);
    let sandbox = sandbox();
    let once = |fake: &Fake| {
        let options = format!("{FAST} --count 1");
        Watching::new(fake, &sandbox, &options).ended()
    };
    let ended = once(&fake);
    assert_eq!(ended.code(), Some(3), "{ended:?}");
    assert!(ended.stderr.contains("soon"), "{ended:?}");
    assert!(fake.posts().is_empty());
    let own = json!({"runtime_config": {"native_session_ceiling_seconds": 60}});
    let fake = fake.config("ws-00", own);
    let ended = once(&fake);
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(fake.posts().len(), 1);
}
