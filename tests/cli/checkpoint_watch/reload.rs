//! SIGHUP: the configuration and the token are read again, or the ones before hold.

use super::*;
use crate::checkpoint::{TOKEN, private};

/// With which token the last request came.
fn bearer(fake: &Fake) -> String {
    let last = fake.seen().pop().unwrap();
    last.headers["authorization"].clone()
}

/// Writes a file whose old or new content is read, and never a part.
fn replace(sandbox: &Sandbox, name: &str, content: &str) {
    let new = sandbox.write(&format!("{name}.new"), content);
    private(&new);
    std::fs::rename(new, sandbox.path(name)).unwrap();
}

#[test]
fn a_new_token_is_used_and_a_broken_one_is_not() {
    let (fake, sandbox) = (willing(&["ws-a"]), sandbox());
    let options = format!("{FAST} --metrics 0 --log-format json");
    let mut watching = Watching::new(&fake, &sandbox, &options);
    let address = address(&watching.until("started"));
    watching.until("sweep");
    assert_eq!(bearer(&fake), format!("Bearer {TOKEN}"));

    replace(&sandbox, "work/token", "open-7");
    watching.sends("-HUP");
    let event = watching.until("reloaded");
    assert_eq!(event["why"], Value::Null, "{event}");
    watching.until("sweep");
    assert_eq!(bearer(&fake), "Bearer open-7");
    shows(
        &address,
        r#"cronctl_checkpoint_config_reloads_total{result="ok"}"#,
        1.0,
    );

    for (content, readable) in [("two words", false), ("", false), ("other-8", true)] {
        replace(&sandbox, "work/token", content);
        if readable {
            use std::os::unix::fs::PermissionsExt;
            let all = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(sandbox.path("work/token"), all).unwrap();
        }
        watching.sends("-HUP");
        let event = watching.until("not-reloaded");
        let why = event["why"].as_str().unwrap();
        assert!(why.contains("token"), "{event}");
        assert!(
            !why.contains("two words") && !why.contains("other-8"),
            "{event}"
        );
        watching.until("sweep");
        assert_eq!(bearer(&fake), "Bearer open-7");
    }
    let metrics = scraped(&address);
    assert_eq!(
        metrics[r#"cronctl_checkpoint_config_reloads_total{result="refused"}"#],
        3.0
    );
    assert_eq!(
        metrics[r#"cronctl_checkpoint_config_reloads_total{result="ok"}"#],
        1.0
    );
    let ended = watching.end("-TERM");
    assert_eq!(ended.code(), Some(143), "{ended:?}");
    assert!(ended.stderr.contains("the one before holds"), "{ended:?}");
}

#[test]
fn another_platform_is_asked_and_a_broken_configuration_changes_nothing() {
    let (first, second, sandbox) = (willing(&[]), willing(&["ws-b"]), sandbox());
    let configure = |url: &str| {
        let text = format!("[contexts.p.molecule]\nurl = '{url}'\ntoken_file = 'token'\n");
        replace(&sandbox, "work/cronctl.toml", &text);
    };
    configure(&first.url);
    let line = format!(
        "checkpoint --over-ceiling --watch --yes --ledger l.db --context p --metrics 0 {FAST}"
    );
    let mut watching = Watching::line(&sandbox, &line);
    let address = address(&watching.until("started"));
    watching.until("sweep");
    assert!(second.seen().is_empty());

    for broken in [
        "[contexts.p.molecule\n",
        "[contexts.p.molecule]\nurl = 'ftp://x'\n",
        "[contexts.p.molecule]\nurll = 'http://127.0.0.1:9'\n",
        "[contexts.q]\n",
    ] {
        replace(&sandbox, "work/cronctl.toml", broken);
        watching.sends("-HUP");
        let event = watching.until("not-reloaded");
        assert!(event["why"].is_string(), "{event}");
        let before = first.seen().len();
        watching.until("sweep");
        wait("another look at the first", || first.seen().len() > before);
    }
    shows(
        &address,
        r#"cronctl_checkpoint_config_reloads_total{result="refused"}"#,
        4.0,
    );
    assert!(second.seen().is_empty());

    configure(&second.url);
    watching.sends("-HUP");
    watching.until("reloaded");
    let sweep = watching.until("sweep");
    assert_eq!(sweep["summary"]["confirmed"], 1, "{sweep}");
    let before = first.seen().len();
    watching.until("sweep");
    assert_eq!(first.seen().len(), before);
    let metrics = shows(
        &address,
        r#"cronctl_checkpoint_config_reloads_total{result="ok"}"#,
        1.0,
    );
    assert!(metrics["cronctl_checkpoint_http_requests_total"] > 0.0);
    let ended = watching.end("-INT");
    assert_eq!(ended.code(), Some(130), "{ended:?}");
}

#[test]
fn one_that_comes_during_a_look_counts_after_it() {
    let fake = over(&["ws-a"]).says("ws-a", [Says::After(700, Box::new(frees("ws-a")))]);
    let sandbox = sandbox();
    let mut watching = Watching::new(&fake, &sandbox, FAST);
    wait("a request", || !fake.posts().is_empty());
    replace(&sandbox, "work/token", "open-7");
    watching.sends("-HUP");
    let sweep = watching.until("sweep");
    assert_eq!(sweep["summary"]["confirmed"], 1, "{sweep}");
    watching.until("reloaded");
    watching.until("sweep");
    assert_eq!(bearer(&fake), "Bearer open-7");
}

#[test]
fn an_instant_that_was_asked_for_goes_on_from_where_it_was() {
    let fake = Fake::new(
        vec![workspace("ws-a", 1)],
        Some(vec![turn("ws-a", Some("2026-05-22T16:47:42Z"))]),
    );
    let sandbox = sandbox();
    let options = format!("--dry-run --no-ledger --now 2026-05-22T22:47:42Z {FAST}");
    let mut watching = Watching::in_loop(&fake, &sandbox, &options);
    let mut age_ms = || {
        watching.until("target")["target"]["age_ms"]
            .as_i64()
            .unwrap()
    };
    let first_ms = age_ms();
    let mut last_ms = first_ms;
    wait("a second", || {
        last_ms = age_ms();
        last_ms >= first_ms + 1_000
    });
    watching.sends("-HUP");
    watching.until("reloaded");
    let after_ms = watching.until("target")["target"]["age_ms"]
        .as_i64()
        .unwrap();
    assert!(after_ms >= last_ms, "{after_ms} after {last_ms}");
}

#[test]
fn a_token_that_was_mended_is_used_at_once() {
    let no = Says::Json(401, json!({"error": "invalid token"}));
    for via in ["platform", "adapter"] {
        let fake = over(&["ws-a"]).adapters().says("ws-a", [no.clone()]);
        let sandbox = sandbox();
        let options = format!("{FAST} --via {via} --breaker-pause 10m");
        let mut watching = Watching::new(&fake, &sandbox, &options);
        watching.until_sweep(|sweep| sweep["summary"]["unauthorised"] == 1);
        watching.until("sweep");
        // The same again helps nobody.
        watching.sends("-HUP");
        watching.until("reloaded");
        watching.until("sweep");
        watching.until("sweep");
        assert_eq!(fake.posts().len(), 1);
        fake.now_says("ws-a", [frees("ws-a")]);
        replace(&sandbox, "work/token", "open-7");
        watching.sends("-HUP");
        watching.until_sweep(|sweep| sweep["summary"]["confirmed"] == 1);
        let ended = watching.end("-TERM");
        assert_eq!(fake.posts().len(), 2, "{ended:?}");
    }
}

#[test]
fn a_loop_that_is_restarted_tries_a_refused_token_once() {
    let no = Says::Json(401, json!({"error": "invalid token"}));
    let fake = over(&["ws-a"]).says("ws-a", [no]);
    let sandbox = sandbox();
    for n in 1..=3 {
        let ended = Watching::new(&fake, &sandbox, &format!("{FAST} --count 3")).ended();
        assert_eq!(fake.posts().len(), n, "{ended:?}");
    }
}
