//! Intended, effective, recorded and run, side by side: each verdict once.

use serde_json::{Value, json};

use super::world::{C0, J0, NANO, SONNET, World, j0, paying, says};

fn ran(model: &str) -> Value {
    let (provider, model) = model.split_once('/').unwrap();
    json!({"status": "ok", "provider": provider, "model": model})
}

fn failed(error: &str) -> Value {
    json!({"status": "error", "error": error})
}

/// A row on which someone chose a model.
fn chosen(model: &str) -> Value {
    let (provider, model) = model.split_once('/').unwrap();
    json!({"sessionId": "s", "updatedAt": 1, "providerOverride": provider, "modelOverride": model})
}

/// Asserts the verdict of a job with a row and a last run, in the JSON and on the screen.
#[track_caller]
fn verdict(
    job: Value,
    row: Option<Value>,
    run: Option<Value>,
    version: &str,
    expected: &str,
) -> Value {
    let mut world = World::new(C0, &[job]);
    if let Some(row) = row {
        world = world.row(&row);
    }
    if let Some(run) = run {
        // An older run says nothing beside the newest.
        world = world.ran(J0, &[failed("older"), run]);
    }
    let (job, text) = world.j0(version);
    let drift = job["drift"].clone();
    assert_eq!(drift["verdict"], expected, "{drift:#}");
    if let Some(reason) = drift["reason"].as_str().filter(|_| expected != "no-run") {
        says(&text, &["Side by side", reason]);
    }
    drift
}

fn unpinned() -> Value {
    paying(j0(), json!({"model": null}))
}

#[test]
fn consistent_when_it_ran_what_the_rules_say() {
    let drift = verdict(j0(), None, Some(ran(NANO)), "2026.3.31", "consistent");
    assert_eq!(drift["intended"], NANO);
    assert_eq!(drift["effective"], NANO);
    assert_eq!(drift["row"], "absent");
    assert_eq!(drift["last_run"]["model"], NANO);
    assert_eq!(drift["last_run"]["started_at_ms"], 1_774_086_400_000_i64);
    assert_eq!(drift["last_run"]["started_at"], "2026-03-21T09:46:40.000Z");
    let refused = paying(j0(), json!({"model": "mistral/large"}));
    let error = "cron payload.model 'mistral/large' rejected by agents.defaults.models allowlist: \
                 mistral/large";
    verdict(
        refused,
        None,
        Some(failed(error)),
        "2026.4.29",
        "consistent",
    );
}

#[test]
fn version_bug_when_the_live_selection_won() {
    verdict(j0(), None, Some(ran(SONNET)), "2026.3.28", "version-bug");
    let strict = paying(j0(), json!({"fallbacks": []}));
    let error = "LiveSessionModelSwitchError: Live session model switch requested: \
                 anthropic/claude-sonnet-4-6";
    let drift = verdict(
        strict,
        None,
        Some(failed(error)),
        "2026.3.28",
        "version-bug",
    );
    assert_eq!(drift["last_run"]["error"], error);
}

#[test]
fn stale_override_when_the_row_decides() {
    let drift = verdict(
        unpinned(),
        Some(chosen(NANO)),
        Some(ran(NANO)),
        "2026.9.6",
        "stale-override",
    );
    assert_eq!(drift["row"], "found");
    assert_eq!(drift["row_override"], NANO);
    assert_eq!(drift["intended"], Value::Null);
}

#[test]
fn allowlist_fallback_when_the_declared_model_is_refused_silently() {
    let refused = paying(j0(), json!({"model": "mistral/large"}));
    let expected = "allowlist-fallback";
    verdict(refused, None, Some(ran(SONNET)), "2026.3.31", expected);
}

#[test]
fn failover_when_a_fallback_answered() {
    let flash = "google/gemini-3-flash-preview";
    verdict(j0(), None, Some(ran(flash)), "2026.9.6", "failover");
}

#[test]
fn display_only_when_the_row_shows_another() {
    let row = Some(chosen(SONNET));
    verdict(j0(), row, Some(ran(NANO)), "2026.3.31", "display-only");
}

#[test]
fn unexplained_when_no_rule_gives_it() {
    let drift = verdict(j0(), None, Some(ran("x/y")), "2026.3.31", "unexplained");
    let reason = drift["reason"].as_str().unwrap();
    assert!(reason.contains("which is no candidate now"), "{reason}");
    // A failure that these rules give to another model only.
    let invalid = || Some(failed("invalid model: /x"));
    let nameless = paying(j0(), json!({"model": "/x"}));
    verdict(nameless, None, invalid(), "2026.4.29", "consistent");
    verdict(j0(), None, invalid(), "2026.4.29", "unexplained");
}

#[test]
fn no_run_when_none_is_recorded() {
    let drift = verdict(j0(), None, None, "2026.3.31", "no-run");
    assert_eq!(drift["last_run"], Value::Null);
    // A record without a model proves nothing.
    let skipped = json!({"status": "skipped"});
    verdict(j0(), None, Some(skipped), "2026.3.31", "no-run");
}
