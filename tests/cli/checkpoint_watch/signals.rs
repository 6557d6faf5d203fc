//! SIGINT and SIGTERM: while nothing goes on, while a request does, and twice.

use super::*;

#[test]
fn an_idle_loop_ends_at_once_and_says_so() {
    for (signal, code, name) in [("-INT", 130, "SIGINT"), ("-TERM", 143, "SIGTERM")] {
        let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
        let options = "-o ndjson --interval 1h --rate-limit 0";
        let mut watching = Watching::new(&fake, &sandbox, options);
        watching.until("sweep");
        let ended = watching.end(signal);
        assert_eq!(ended.code(), Some(code), "{ended:?}");
        let last = ended.events().pop().unwrap();
        assert_eq!(
            (&last["event"], &last["why"]),
            (&json!("ended"), &json!(name)),
            "{last}"
        );
    }
}

#[test]
fn a_request_under_way_is_finished_and_recorded_and_no_other_sent() {
    for (signal, code, name) in [("-INT", 130, "SIGINT"), ("-TERM", 143, "SIGTERM")] {
        let fake = over(&["ws-a", "ws-b"])
            .says("ws-a", [Says::After(700, Box::new(frees("ws-a")))])
            .says("ws-b", [Says::After(700, Box::new(frees("ws-b")))]);
        let sandbox = sandbox();
        let options = format!("{FAST} --concurrency 1 --drain 30s");
        let watching = Watching::new(&fake, &sandbox, &options);
        wait("a request", || !fake.posts().is_empty());
        let ended = watching.end(signal);
        assert_eq!(ended.code(), Some(code), "{ended:?}");
        assert_eq!(fake.posts().len(), 1, "{ended:?}");
        let sweep = ended.about("sweep").pop().unwrap();
        assert_eq!(sweep["summary"]["ended_by"], name, "{sweep}");
        assert_eq!(sweep["summary"]["confirmed"], 1, "{sweep}");
        assert_eq!(sweep["summary"]["not_sent"], 1, "{sweep}");
        assert_eq!(ended.about("ended")[0]["why"], name);
        let mut recorded: Vec<_> = history(&sandbox)
            .iter()
            .map(|l| l["outcome"].to_string())
            .collect();
        // The second one was recorded ahead, or not.
        recorded.retain(|outcome| outcome != "\"not-sent\"");
        assert_eq!(recorded, ["\"confirmed\""]);
        // It is asked for by the next loop.
        let next = Watching::new(&fake, &sandbox, &format!("{FAST} --count 1")).ended();
        assert_eq!(
            next.about("sweep")[0]["summary"]["confirmed"],
            1,
            "{next:?}"
        );
    }
}

#[test]
fn a_request_that_hangs_is_recorded_as_unknown_after_the_drain() {
    let fake = over(&["ws-a"]).says("ws-a", [Says::Hang]);
    let sandbox = sandbox();
    let watching = Watching::new(&fake, &sandbox, &format!("{FAST} --drain 500ms"));
    wait("a request", || !fake.posts().is_empty());
    let ended = watching.end("-TERM");
    assert_eq!(ended.code(), Some(143), "{ended:?}");
    assert_eq!(
        ended.outcomes(),
        [("ws-a".to_owned(), "unknown".to_owned())]
    );
    let lines = history(&sandbox);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["outcome"], "unknown", "{lines:?}");
    assert_eq!(fake.posts().len(), 1);

    // The next loop makes the same request.
    fake.now_says("ws-a", [frees("ws-a")]);
    let next = Watching::new(&fake, &sandbox, &format!("{FAST} --count 1")).ended();
    assert_eq!(
        next.about("sweep")[0]["summary"]["confirmed"],
        1,
        "{next:?}"
    );
    let posts = fake.posts();
    assert_eq!(posts[0].body["request_id"], posts[1].body["request_id"]);
}

#[test]
fn a_second_signal_does_not_wait() {
    let fake = over(&["ws-a"]).says("ws-a", [Says::Hang]);
    let sandbox = sandbox();
    // Neither the drain nor the time-out ends within this test.
    let watching = Watching::new(
        &fake,
        &sandbox,
        &format!("{FAST} --drain 10m --timeout 10m"),
    );
    wait("a request", || !fake.posts().is_empty());
    watching.sends("-INT");
    // Of two equal signals that wait, one is left.
    std::thread::sleep(Duration::from_millis(500));
    let ended = watching.end("-INT");
    assert_eq!(ended.code(), Some(130), "{ended:?}");
    assert_eq!(
        ended.outcomes(),
        [("ws-a".to_owned(), "unknown".to_owned())]
    );
    assert_eq!(history(&sandbox)[0]["outcome"], "unknown");
    assert!(
        ended.stderr.contains("SIGINT: nothing more is sent"),
        "{ended:?}"
    );
}

#[test]
fn a_look_that_hangs_is_no_reason_to_stay() {
    // It accepts connections, and says nothing.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = sandbox();
    let line = format!(
        "checkpoint --over-ceiling --watch --yes --ledger l.db --molecule http://{} --token-file token \
         --timeout 10m {FAST}",
        deaf.local_addr().unwrap()
    );
    let mut watching = Watching::line(&sandbox, &line);
    watching.until("started");
    let connection = deaf.accept().unwrap();
    let ended = watching.end("-TERM");
    drop(connection);
    assert_eq!(ended.code(), Some(143), "{ended:?}");
    assert_eq!(ended.about("ended")[0]["why"], "SIGTERM");
}

#[test]
fn what_waits_for_the_rate_limit_is_not_sent_after_a_signal() {
    let ids: Vec<String> = (0..90).map(|n| format!("ws-{n:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (fake, sandbox) = (willing(&ids), sandbox());
    // Sixty at once, reads included, then one a second: the rest waits when the signal comes.
    let options =
        "-o ndjson --interval 1h --on interval --rate-limit 60 --concurrency 90 --drain 10m";
    let watching = Watching::new(&fake, &sandbox, options);
    wait("requests", || fake.posts().len() >= 58);
    watching.sends("-TERM");
    let sent = fake.posts().len();
    let ended = watching.ended();
    assert_eq!(ended.code(), Some(143), "{ended:?}");
    // A few may have gone before the signal got there.
    let posts = fake.posts().len();
    assert!(posts <= sent + 5, "{sent}, then {posts}: {ended:?}");
    // What was sent is read back, though that waits for the same budget.
    let sweep = ended.about("sweep").pop().unwrap();
    assert_eq!(sweep["summary"]["confirmed"], posts, "{ended:?}");
    assert_eq!(sweep["summary"]["not_sent"], 90 - posts, "{ended:?}");
    let recorded = history(&sandbox);
    let answered = recorded.iter().filter(|l| l["answer"] != Value::Null);
    assert_eq!(answered.count(), posts);
}

#[test]
fn an_activity_log_that_is_slow_is_no_reason_to_stay() {
    let ids = ["ws-a", "ws-b"];
    let refuse = |fake: Fake, id: &&str| fake.says(id, [refuses()]);
    let fake = ids.iter().fold(over(&ids), refuse).slow_log(600_000);
    let sandbox = sandbox();
    let options = format!("{FAST} --report --timeout 10m");
    let watching = Watching::new(&fake, &sandbox, &options);
    let logs = || {
        fake.paths()
            .iter()
            .filter(|p| p.ends_with("/activity"))
            .count()
    };
    wait("the activity log", || logs() == 2);
    let ended = watching.end("-TERM");
    assert_eq!(ended.code(), Some(143), "{ended:?}");
    assert!(
        ended.stderr.contains("activity logs"),
        "not said what was left: {ended:?}"
    );
    // The look's own outcome is told all the same.
    assert_eq!(ended.outcomes().len(), 2, "{ended:?}");
}

#[test]
fn a_database_that_does_not_answer_is_no_reason_to_stay() {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    let ledger = format!("postgres://nobody@{}/none", deaf.local_addr().unwrap());
    let options = format!("--yes --ledger {ledger} {FAST}");
    let watching = Watching::in_loop(&fake, &sandbox, &options);
    let connection = deaf.accept().unwrap();
    let ended = watching.end("-TERM");
    drop(connection);
    assert_eq!(ended.code(), Some(143), "{ended:?}");
    assert!(fake.posts().is_empty());
}
