//! When looks come, how many, and what the exit code says of them.

use super::*;

#[test]
fn so_many_looks_and_no_more_and_the_exit_code_of_a_single_call() {
    let quiet = willing(&[]);
    let ended = Watching::new(&quiet, &sandbox(), &format!("{FAST} --count 3")).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(ended.about("sweep").len(), 3, "{ended:?}");
    assert_eq!(ended.about("target").len(), 0, "{ended:?}");
    let events = ended.events();
    let words: Vec<_> = events
        .iter()
        .map(|e| e["event"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["started", "sweep", "sweep", "sweep", "ended"]);
    assert_eq!(events[4]["why"], "--count");
    let numbers: Vec<_> = events
        .iter()
        .map(|e| e["sweep"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 3]);
    // The last look is followed by none.
    assert!(events[2]["next_at_ms"].is_i64(), "{ended:?}");
    assert_eq!(events[3]["next_at"], Value::Null, "{ended:?}");

    let lingering = || Says::Json(200, checkpointed("ws-b"));
    for (says, code) in [
        (vec![("ws-a", frees("ws-a"))], 0),
        (vec![("ws-a", frees("ws-a")), ("ws-b", refuses())], 6),
        (vec![("ws-a", frees("ws-a")), ("ws-b", lingering())], 4),
        (vec![("ws-a", refuses()), ("ws-b", lingering())], 3),
    ] {
        let ids: Vec<_> = says.iter().map(|(id, _)| *id).collect();
        let fake = says
            .iter()
            .fold(over(&ids), |fake, (id, says)| fake.says(id, [says.clone()]));
        let ended = Watching::new(&fake, &sandbox(), &format!("{FAST} --count 2")).ended();
        assert_eq!(ended.code(), Some(code), "{says:?}: {ended:?}");
        assert_eq!(ended.about("sweep").len(), 2, "{ended:?}");
    }
}

#[test]
fn a_look_that_failed_is_said_and_the_exit_code_is_partial_or_its_own() {
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    fake.now_fails(Some(403));
    let ended = Watching::new(&fake, &sandbox, &format!("{FAST} --count 1")).ended();
    assert_eq!(ended.code(), Some(6), "{ended:?}");
    let failed = &ended.about("failed")[0];
    assert!(failed["why"].as_str().unwrap().contains("403"), "{failed}");

    let mut watching = Watching::new(&fake, &sandbox, &format!("{FAST} --count 2"));
    let failed = watching.until("failed");
    assert!(failed["next_at_ms"].is_i64(), "{failed}");
    fake.now_fails(None);
    let sweep = watching.until("sweep");
    assert_eq!(sweep["summary"]["confirmed"], 1, "{sweep}");
    let ended = watching.ended();
    assert_eq!(ended.code(), Some(3), "{ended:?}");
}

#[test]
fn looks_never_overlap_and_what_a_long_one_missed_is_left_out() {
    let (ids, sandbox) = (["ws-a", "ws-b", "ws-c"], sandbox());
    // Every look lasts several intervals.
    let slow = |fake: Fake, id: &&str| fake.says(id, [Says::After(400, Box::new(frees(id)))]);
    let fake = ids.iter().fold(over(&ids), slow);
    let options = format!("{FAST} --max-actions 1 --count 3 --textfile m.prom");
    let ended = Watching::new(&fake, &sandbox, &options).ended();
    let sweeps = ended.about("sweep");
    assert_eq!(sweeps.len(), 3, "{ended:?}");
    assert_eq!(fake.posts().len(), 3);
    assert_eq!(fake.most_at_once(), 1);
    let end = |sweep: &Value| sweep["at_ms"].as_i64().unwrap();
    let begin = |sweep: &Value| end(sweep) - sweep["took_ms"].as_i64().unwrap();
    for pair in sweeps.windows(2) {
        // The event is printed after the end that is counted.
        assert!(begin(&pair[1]) >= begin(&pair[0]) + 400, "{pair:?}");
        assert!(
            pair[0]["next_at_ms"].as_i64().unwrap() <= end(&pair[0]),
            "{pair:?}"
        );
    }
    assert!(
        ended.stderr.contains("took longer than the interval"),
        "{ended:?}"
    );
    let text = std::fs::read_to_string(sandbox.path("work/m.prom")).unwrap();
    assert_eq!(
        samples(&text)["cronctl_checkpoint_sweeps_overrun_total"],
        3.0
    );
}

/// A turn within its ceiling, and a schedule that fires on its workspace in so many milliseconds.
fn firing(in_ms: i64) -> (Fake, i64) {
    let fire_ms = now_ms() + in_ms;
    let fake = Fake::new(
        vec![workspace("ws-a", 1)],
        Some(vec![turn(
            "ws-a",
            Some(&cronctl::when::utc(now_ms() - 60_000)),
        )]),
    );
    let schedule = json!([{
        "id": "s-1", "workspace_id": "ws-a", "name": "tick", "cron_expr": "*/30 * * * *",
        "timezone": "UTC", "prompt": "x", "enabled": true, "last_run_at": null,
        "next_run_at": cronctl::when::utc(fire_ms), "run_count": 0, "last_status": "", "last_error": "",
    }]);
    (fake.schedules("ws-a", schedule), fire_ms)
}

/// Whether anybody asked for schedules.
fn asked_for_schedules(fake: &Fake) -> bool {
    fake.seen()
        .iter()
        .any(|seen| seen.path.ends_with("/schedules"))
}

/// The second look comes shortly before the fire; by the interval alone it would in an hour.
fn meets_the_fire(on: &str) {
    let (fake, fire_ms) = firing(9_000);
    let options = format!("-o ndjson --interval 1h --rate-limit 0 --count 2 --on {on}");
    let ended = Watching::new(&fake, &sandbox(), &options).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let sweeps = ended.about("sweep");
    let fire = cronctl::when::utc(fire_ms);
    assert_eq!(sweeps[0]["next_fire_at"], json!(fire), "{ended:?}");
    assert_eq!(sweeps[0]["next_at_ms"], fire_ms - 5_000, "{ended:?}");
    assert!(
        sweeps[1]["at_ms"].as_i64().unwrap() >= fire_ms - 5_000,
        "{ended:?}"
    );
    assert!(asked_for_schedules(&fake));
}

#[test]
fn a_look_comes_shortly_before_a_schedule_fires() {
    meets_the_fire("fire");
}

#[test]
fn whichever_comes_first_is_a_fire_here() {
    meets_the_fire("both");
}

#[test]
fn the_interval_holds_where_no_fire_is_known_or_asked_for() {
    let (fake, _) = firing(3_600_000);
    let ended = Watching::new(&fake, &sandbox(), &format!("{FAST} --count 2")).ended();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(!asked_for_schedules(&fake));
    assert_eq!(ended.about("sweep")[0]["next_fire_at"], Value::Null);

    // The interval comes first.
    let options = "-o ndjson --interval 50ms --rate-limit 0 --count 2";
    let ended = Watching::new(&fake, &sandbox(), options).ended();
    assert_eq!(ended.about("sweep")[0]["next_fire_at"], Value::Null);
    assert!(asked_for_schedules(&fake));

    // None is known: they cannot be read, or there is none.
    for rows in [Value::Null, json!([])] {
        let fake = firing(0).0.schedules("ws-a", rows);
        let options = format!("{options} --on fire");
        let ended = Watching::new(&fake, &sandbox(), &options).ended();
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        assert_eq!(ended.about("sweep")[0]["next_fire_at"], Value::Null);
        assert!(asked_for_schedules(&fake));
    }
}

#[test]
fn a_long_wait_for_a_fire_is_no_sign_of_trouble() {
    let (fake, _) = firing(500_000);
    let sandbox = sandbox();
    let options = "-o ndjson --interval 1s --rate-limit 0 --on fire --metrics 0 --textfile m.prom";
    let mut watching = Watching::new(&fake, &sandbox, options);
    let address = address(&watching.until("started"));
    let next_ms = watching.until("sweep")["next_at_ms"].as_i64().unwrap();
    wait("the text file", || sandbox.path("work/m.prom").exists());
    let waits = (next_ms - now_ms()) / 1_000;
    assert!(waits > 400, "{waits}");
    // That, and what a loop with such an interval may take otherwise: one second and five minutes.
    let health: Value = serde_json::from_str(&get(&address, "/healthz").1).unwrap();
    let allowed = health["allowed_ms"].as_i64().unwrap() / 1_000;
    assert!((waits + 290..=waits + 310).contains(&allowed), "{health}");
    let name = "cronctl_checkpoint_unhealthy_after_seconds";
    for metrics in [
        scraped(&address),
        samples(&std::fs::read_to_string(sandbox.path("work/m.prom")).unwrap()),
    ] {
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
        let after = metrics[name] as i64;
        assert_eq!(after, allowed);
        assert_eq!(metrics["cronctl_checkpoint_interval_seconds"], 1.0);
    }
    watching.end("-TERM");

    // One that is far is not waited for: what is known of it grows old.
    let (fake, fire_ms) = firing(7_200_000);
    let options = "-o ndjson --interval 1s --rate-limit 0 --on fire --metrics 0";
    let mut watching = Watching::new(&fake, &sandbox, options);
    let address = self::address(&watching.until("started"));
    let sweep = watching.until("sweep");
    let next_ms = sweep["next_at_ms"].as_i64().unwrap();
    assert!(next_ms < fire_ms - 6_000_000, "{sweep}");
    assert_eq!(sweep["next_fire_at"], Value::Null, "{sweep}");
    let waits = (next_ms - now_ms()) / 1_000;
    let allowed = || scraped(&address)["cronctl_checkpoint_unhealthy_after_seconds"];
    // A look is said before the figures follow it.
    wait("the figures of the look", || allowed() > 301.0);
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
    let allowed = allowed() as i64;
    assert!(
        (waits + 290..=waits + 310).contains(&allowed),
        "{allowed} {waits}"
    );
    watching.end("-TERM");
}

#[test]
fn a_look_that_failed_is_not_made_up_for_by_a_wait_for_a_fire() {
    let no = Says::Json(401, json!({"error": "invalid token"}));
    let both = ["ws-a", "ws-b"];
    let refused = |fake: Fake, id: &&str| fake.says(id, [no.clone()]);
    let fake = both.iter().fold(over(&both), refused);
    let schedule = json!([{
        "id": "s-1", "workspace_id": "ws-a", "name": "tick", "cron_expr": "0 0 * * *",
        "timezone": "UTC", "prompt": "x", "enabled": true, "last_run_at": null,
        "next_run_at": cronctl::when::utc(now_ms() + 500_000), "run_count": 0,
        "last_status": "", "last_error": "",
    }]);
    let (fake, sandbox) = (fake.schedules("ws-a", schedule), sandbox());
    let options = "-o ndjson --interval 1s --rate-limit 0 --on fire --concurrency 1 --metrics 0";
    let mut watching = Watching::new(&fake, &sandbox, options);
    let address = address(&watching.until("started"));
    let sweep = watching.until("sweep");
    assert!(sweep["next_fire_at"].is_string(), "{sweep}");
    let metrics = shows(
        &address,
        r#"cronctl_checkpoint_sweeps_total{result="failed"}"#,
        1.0,
    );
    // As at the start: one second and five minutes.
    assert_eq!(metrics["cronctl_checkpoint_unhealthy_after_seconds"], 301.0);
    watching.end("-TERM");
}
