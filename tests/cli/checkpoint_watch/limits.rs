//! How much is sent at most, and what is not sent again.

use super::*;

#[test]
fn a_look_frees_so_many_and_the_next_one_the_rest() {
    let ids = ["ws-a", "ws-b", "ws-c", "ws-d", "ws-e"];
    let fake = willing(&ids);
    let options = format!("{FAST} --max-actions 2 --count 3");
    let ended = Watching::new(&fake, &sandbox(), &options).ended();
    let confirmed: Vec<_> = ended
        .about("sweep")
        .iter()
        .map(|e| e["summary"]["confirmed"].clone())
        .collect();
    assert_eq!(confirmed, [2, 2, 1], "{ended:?}");
    assert_eq!(fake.posts().len(), 5);
    // Something was left for another look, as in a single call.
    assert_eq!(ended.code(), Some(3), "{ended:?}");
    assert!(ended.stderr.contains("--max-actions"), "{ended:?}");
}

#[test]
fn an_hour_has_so_many_requests_also_for_a_loop_that_is_restarted() {
    let ids = ["ws-a", "ws-b", "ws-c", "ws-d", "ws-e"];
    let (fake, sandbox) = (willing(&ids), sandbox());
    let options = format!("{FAST} --max-actions-per-hour 3 --count 3");
    let ended = Watching::new(&fake, &sandbox, &format!("{options} --textfile m.prom")).ended();
    assert_eq!(fake.posts().len(), 3, "{ended:?}");
    assert_eq!(ended.code(), Some(3), "something is left: {ended:?}");
    let last = ended.about("sweep").pop().unwrap();
    assert_eq!(last["summary"]["targets"], 2, "{last}");
    assert_eq!(last["summary"]["not_sent"], 2, "{last}");
    let why = last["why"].as_str().unwrap();
    assert!(
        why.starts_with("the requests of this hour are used up"),
        "{last}"
    );
    assert!(
        ended.stderr.contains(why.split(';').next().unwrap()),
        "{ended:?}"
    );
    let text = std::fs::read_to_string(sandbox.path("work/m.prom")).unwrap();
    assert!(
        samples(&text)["cronctl_checkpoint_hour_budget_spent_total"] >= 3.0,
        "{text}"
    );

    let again = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(fake.posts().len(), 3, "{again:?}");
    // One that has more is not held by it, and 0 is no limit.
    let more = Watching::new(
        &fake,
        &sandbox,
        &format!("{FAST} --count 1 --max-actions-per-hour 4"),
    );
    let more = more.ended();
    assert_eq!(fake.posts().len(), 4, "{more:?}");
    let all = Watching::new(
        &fake,
        &sandbox,
        &format!("{FAST} --count 1 --max-actions-per-hour 0"),
    );
    let all = all.ended();
    assert_eq!(fake.posts().len(), 5, "{all:?}");
    assert_eq!(
        history(&sandbox)
            .iter()
            .filter(|l| l["outcome"] == "confirmed")
            .count(),
        5
    );
}

#[test]
fn so_many_requests_are_under_way_at_once() {
    let ids: Vec<String> = (0..12).map(|n| format!("ws-{n:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let slow = |fake: Fake, id: &&str| fake.says(id, [Says::After(100, Box::new(frees(id)))]);
    let fake = ids.iter().fold(over(&ids), slow);
    let options = format!("{FAST} --concurrency 3 --count 1");
    let ended = Watching::new(&fake, &sandbox(), &options).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(fake.posts().len(), 12);
    assert!(
        (2..=3).contains(&fake.most_at_once()),
        "{}",
        fake.most_at_once()
    );
}

#[test]
fn the_breaker_opens_tries_one_request_and_closes() {
    let ids = ["ws-a", "ws-b", "ws-c", "ws-d", "ws-e", "ws-f"];
    let broken = |fake: Fake, id: &&str| fake.says(id, [unclear()]);
    let (fake, sandbox) = (ids.iter().fold(over(&ids), broken), sandbox());
    let options = format!(
        "{FAST} --concurrency 1 --breaker 3 --breaker-pause 2s --metrics 0 --log-format json"
    );
    let mut watching = Watching::new(&fake, &sandbox, &options);
    let address = address(&watching.until("started"));
    let open = watching.until("sweep");
    let why = open["why"].as_str().unwrap();
    assert!(why.starts_with("the breaker is open until "), "{open}");
    // What was recorded ahead of its turn is not sent.
    assert_eq!(fake.posts().len(), 3);
    assert_eq!(open["summary"]["unknown"], 3, "{open}");
    assert_eq!(open["summary"]["not_sent"], 3, "{open}");
    let metrics = shows(&address, "cronctl_checkpoint_breaker_state", 2.0);
    assert_eq!(metrics["cronctl_checkpoint_breaker_opened_total"], 1.0);
    assert_eq!(
        metrics[r#"cronctl_checkpoint_requests_total{answer="unclear"}"#],
        3.0
    );
    // Looks go on, and send nothing.
    let idle = watching.until("sweep");
    assert_eq!(idle["summary"]["not_sent"], 3, "{idle}");
    assert_eq!(idle["summary"]["left_alone"]["resting"], 3, "{idle}");
    assert_eq!(fake.posts().len(), 3);

    // Half open: one request tries, in vain, and the pause is twice as long.
    let until_ms = |sweep: &Value| {
        let why = sweep["why"].as_str().unwrap();
        let until = why
            .strip_prefix("the breaker is open until ")
            .unwrap()
            .to_owned();
        cronctl::context::parse_instant(&until).unwrap()
    };
    let first_ms = until_ms(&open);
    let again = watching.until_sweep(|sweep| sweep["summary"]["unknown"] == 1);
    assert_eq!(fake.posts().len(), 4);
    assert!(again["at_ms"].as_i64().unwrap() >= first_ms, "{again}");
    assert!(until_ms(&again) >= first_ms + 4_000, "{again}");
    for id in ids {
        fake.now_says(id, [frees(id)]);
    }
    // The next one gets through, and so does what waited.
    let closed = watching.until_sweep(|sweep| sweep["summary"]["confirmed"] != 0);
    assert!(
        closed["at_ms"].as_i64().unwrap() >= until_ms(&again),
        "{closed}"
    );
    assert_eq!(closed["why"], Value::Null, "{closed}");
    let sweep = watching.until("sweep");
    assert_eq!(sweep["summary"]["targets"], 0, "{sweep}");
    assert_eq!(fake.posts().len(), 6);
    let metrics = shows(&address, "cronctl_checkpoint_breaker_state", 0.0);
    assert_eq!(metrics["cronctl_checkpoint_breaker_opened_total"], 2.0);
    assert_eq!(
        metrics[r#"cronctl_checkpoint_targets_total{outcome="confirmed"}"#],
        2.0
    );
    let ended = watching.end("-TERM");
    assert_eq!(
        ended.stderr.matches("the breaker opened").count(),
        2,
        "{ended:?}"
    );
    assert!(ended.stderr.contains("the breaker closed"), "{ended:?}");
}

#[test]
fn a_caller_who_is_refused_opens_the_breaker() {
    let ids = ["ws-a", "ws-b", "ws-c"];
    let no = || Says::Json(401, json!({"error": "invalid token"}));
    let broken = |fake: Fake, id: &&str| fake.says(id, [no()]);
    let fake = ids.iter().fold(over(&ids), broken);
    let options = format!("{FAST} --concurrency 1 --count 4 --textfile m.prom");
    let sandbox = sandbox();
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(ended.code(), Some(6), "{ended:?}");
    assert_eq!(fake.posts().len(), 1, "{ended:?}");
    for sweep in ended.about("sweep") {
        let why = sweep["why"].as_str().unwrap();
        assert!(why.starts_with("the breaker is open until"), "{sweep}");
    }
    let text = std::fs::read_to_string(sandbox.path("work/m.prom")).unwrap();
    let metrics = samples(&text);
    assert_eq!(metrics["cronctl_checkpoint_breaker_state"], 2.0);
    assert_eq!(metrics["cronctl_checkpoint_breaker_opened_total"], 1.0);
    assert_eq!(
        metrics[r#"cronctl_checkpoint_sweeps_total{result="failed"}"#],
        4.0
    );
}

#[test]
fn what_was_refused_or_unclear_rests_also_after_a_restart() {
    let fake = over(&["ws-a", "ws-b", "ws-c"])
        .says("ws-a", [refuses()])
        .says("ws-b", [unclear()])
        .says("ws-c", [Says::Later(429, 3_600)]);
    let sandbox = sandbox();
    let options = format!("{FAST} --count 3");
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(ended.code(), Some(3), "{ended:?}");
    let sent = fake.posts().len();
    let mut outcomes = ended.outcomes();
    outcomes.sort();
    let expected = [
        ("ws-a", "refused"),
        ("ws-b", "unknown"),
        ("ws-c", "throttled"),
    ];
    let expected = expected.map(|(id, outcome)| (id.to_owned(), outcome.to_owned()));
    assert_eq!(outcomes, expected, "{ended:?}");
    for sweep in &ended.about("sweep")[1..] {
        assert_eq!(sweep["summary"]["left_alone"]["resting"], 3, "{sweep}");
        assert_eq!(sweep["summary"]["targets"], 0, "{sweep}");
    }

    let again = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(fake.posts().len(), sent, "{again:?}");
    assert_eq!(again.code(), Some(0), "{again:?}");
    for sweep in again.about("sweep") {
        assert_eq!(sweep["summary"]["left_alone"]["resting"], 3, "{sweep}");
    }
    // The one that is unclear is asked with one id, however often.
    let posts = fake
        .posts()
        .into_iter()
        .filter(|seen| seen.path.contains("ws-b"));
    let ids: std::collections::BTreeSet<_> =
        posts.map(|p| p.body["request_id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn a_dry_run_sends_nothing_look_after_look() {
    let (fake, sandbox) = (willing(&["ws-a", "ws-b"]), sandbox());
    let options = format!("--dry-run --ledger l.db {FAST} --count 3");
    let ended = Watching::in_loop(&fake, &sandbox, &options).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(fake.posts().is_empty());
    assert!(history(&sandbox).is_empty());
    let targets = ended.about("target");
    assert_eq!(targets.len(), 6, "{ended:?}");
    for target in targets {
        assert_eq!(target["target"]["outcome"], "not-sent", "{target}");
        assert_eq!(target["target"]["why"], "--dry-run", "{target}");
        assert_eq!(target["target"]["requests"], 0, "{target}");
    }
}

#[test]
fn a_workspace_that_was_restarted_is_not_restarted_at_the_next_look() {
    // No handler for checkpoints: a restart, which is accepted and takes longer than the grace.
    let fake = over(&["ws-a"]).restarts_nothing();
    let sandbox = sandbox();
    let options = format!("{FAST} --escalate restart --count 4");
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    let restarts = || {
        fake.paths()
            .iter()
            .filter(|p| p.ends_with("/restart"))
            .count()
    };
    assert_eq!(restarts(), 1, "{ended:?}");
    for sweep in &ended.about("sweep")[1..] {
        assert_eq!(sweep["summary"]["left_alone"]["resting"], 1, "{sweep}");
    }
    // Nor by the next loop.
    let again = Watching::new(&fake, &sandbox, &options).ended();
    assert_eq!(restarts(), 1, "{again:?}");
}

#[test]
fn an_adapter_that_refuses_the_caller_is_not_asked_at_every_look() {
    let no = Says::Json(401, json!({"error": "invalid token"}));
    let fake = willing(&["ws-a", "ws-b"]).adapters().says("ws-a", [no]);
    let options = format!("{FAST} --via adapter --count 4");
    let ended = Watching::new(&fake, &sandbox(), &options).ended();
    let mut paths = fake.paths();
    paths.sort();
    assert_eq!(
        paths,
        ["/ws-a/control/checkpoint", "/ws-b/control/checkpoint"],
        "{ended:?}"
    );
    assert_eq!(ended.code(), Some(6), "{ended:?}");
}

#[test]
fn a_try_that_is_refused_makes_the_breakers_pause_longer() {
    let no = Says::Json(401, json!({"error": "invalid token"}));
    let ids = ["ws-a", "ws-b", "ws-c", "ws-d"];
    let refused = |fake: Fake, id: &&str| fake.says(id, [no.clone()]);
    let (fake, sandbox) = (ids.iter().fold(over(&ids), refused), sandbox());
    let options = format!("{FAST} --breaker-pause 200ms --concurrency 1");
    let mut watching = Watching::new(&fake, &sandbox, &options);
    watching.until_sweep(|_| fake.posts().len() == 4);
    let ended = watching.end("-TERM");
    assert!(!ended.stderr.contains("the breaker closed"), "{ended:?}");
    // One at a time, 200, 400 and 800 ms apart.
    let recorded = history(&sandbox);
    let asked: Vec<i64> = recorded
        .iter()
        .filter(|line| line["answer"] != Value::Null)
        .map(|line| line["at_ms"].as_i64().unwrap())
        .rev()
        .collect();
    let apart: Vec<i64> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(apart.len(), 3, "{ended:?}");
    for (apart, least) in apart.iter().zip([200, 400, 800]) {
        assert!(*apart >= least, "{asked:?}");
    }
}

#[test]
fn where_no_turn_has_a_name_the_next_one_is_not_asked_for_it() {
    // It lists no turns. The one in flight is over by what was seen of it; whether what is in flight
    // afterwards is that turn, or another with the same prompt, nobody can tell.
    let accepted = json!({"status": "interrupting", "workspace_id": "ws-a"});
    let fake =
        Fake::new(vec![workspace("ws-a", 1)], None).says("ws-a", [Says::Json(202, accepted)]);
    let sandbox = sandbox();
    let options = format!("{FAST} --ceiling 4s");
    let mut watching = Watching::new(&fake, &sandbox, &options);
    watching.until_sweep(|sweep| sweep["summary"]["lingering"] == 1);
    let rests = watching.until("sweep");
    assert_eq!(rests["summary"]["left_alone"]["resting"], 1, "{rests}");
    // It is over once more when it has had as long as a new one may take.
    watching.until_sweep(|_| fake.posts().len() > 1);
    watching.end("-TERM");
    let recorded = history(&sandbox);
    let begun = |n: usize| recorded[n]["at_ms"].as_i64().unwrap();
    let (first, second) = (recorded.len() - 1, recorded.len() - 2);
    assert!(begun(second) - begun(first) > 4_000, "{recorded:?}");
}
