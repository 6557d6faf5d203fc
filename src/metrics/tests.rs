use super::*;
use crate::turn::Verdict;

/// The value of a sample, by its name with labels.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|l| l.strip_prefix(sample)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

fn metrics() -> Metrics {
    Metrics::new("1.2.3").unwrap()
}

#[test]
fn counts_start_at_zero_and_what_is_not_known_is_absent() {
    let text = metrics().encode();
    for sample in [
        "requests_total{answer=\"unclear\"}",
        "requests_total{answer=\"checkpointed\"}",
        "targets_total{outcome=\"not-sent\"}",
        "targets_total{outcome=\"confirmed\"}",
        "sweeps_total{result=\"ok\"}",
        "sweeps_total{result=\"partial\"}",
        "sweeps_total{result=\"failed\"}",
        "sweeps_overrun_total",
        "sweep_duration_seconds_count",
        "breaker_state",
        "breaker_opened_total",
        "ledger_errors_total",
        "http_requests_total",
        "hour_budget_spent_total",
        "clock_jumps_total",
        "look_failures_total{cause=\"refused\"}",
        "config_reloads_total{result=\"refused\"}",
    ] {
        let sample = format!("cronctl_checkpoint_{sample}");
        assert_eq!(value(&text, &sample), Some(0.0), "{sample}\n{text}");
    }
    assert_eq!(
        value(&text, "cronctl_checkpoint_build_info{version=\"1.2.3\"}"),
        Some(1.0)
    );
    for family in [
        "turns",
        "oldest_turn_age_seconds",
        "worst_over_ceiling_seconds",
        "last_success_timestamp_seconds",
        "last_sweep_timestamp_seconds",
        "held_elsewhere",
        "interval_seconds",
        "unhealthy_after_seconds",
    ] {
        let family = format!("cronctl_checkpoint_{family}");
        assert!(!text.contains(&family), "{family}\n{text}");
    }
}

#[test]
fn a_look_says_every_verdict_and_forgets_the_last_one() {
    let metrics = metrics();
    let turns = [(Verdict::Over, 2), (Verdict::Idle, 40), (Verdict::Over, 1)];
    metrics.looked(turns, Some(3_600_500), Some(1_800_500));
    let text = metrics.encode();
    let turns = |text: &str, verdict| {
        value(
            text,
            &format!("cronctl_checkpoint_turns{{verdict=\"{verdict}\"}}"),
        )
    };
    let oldest = |text: &str| value(text, "cronctl_checkpoint_oldest_turn_age_seconds");
    assert_eq!(turns(&text, "over"), Some(3.0));
    assert_eq!(turns(&text, "idle"), Some(40.0));
    assert_eq!(turns(&text, "not-native"), Some(0.0));
    assert_eq!(oldest(&text), Some(3_600.5));
    let worst = "cronctl_checkpoint_worst_over_ceiling_seconds";
    assert_eq!(value(&text, worst), Some(1_800.5));

    metrics.looked([(Verdict::Under, 1)], None, None);
    let text = metrics.encode();
    assert_eq!(
        (turns(&text, "over"), turns(&text, "under")),
        (Some(0.0), Some(1.0))
    );
    assert_eq!((oldest(&text), value(&text, worst)), (None, None));
}

#[test]
fn a_sweep_that_did_not_fail_is_a_success() {
    let metrics = metrics();
    let took = Duration::from_millis(300);
    metrics.swept(SweepResult::Failed, took, 1_784_550_000_000);
    let success = "cronctl_checkpoint_last_success_timestamp_seconds";
    let sweep = "cronctl_checkpoint_last_sweep_timestamp_seconds";
    let text = metrics.encode();
    assert_eq!(
        (value(&text, success), value(&text, sweep)),
        (None, Some(1_784_550_000.0))
    );
    metrics.swept(SweepResult::Partial, took, 1_784_550_030_250);
    metrics.swept(SweepResult::Failed, took, 1_784_550_060_000);
    let text = metrics.encode();
    assert_eq!(value(&text, success), Some(1_784_550_030.25), "{text}");
    assert_eq!(value(&text, sweep), Some(1_784_550_060.0));
    let duration = "cronctl_checkpoint_sweep_duration_seconds";
    assert_eq!(value(&text, &format!("{duration}_count")), Some(3.0));
    assert_eq!(
        value(&text, &format!("{duration}_bucket{{le=\"0.25\"}}")),
        Some(0.0)
    );
    assert_eq!(
        value(&text, &format!("{duration}_bucket{{le=\"0.5\"}}")),
        Some(3.0)
    );
    assert_eq!(
        value(&text, "cronctl_checkpoint_sweeps_total{result=\"failed\"}"),
        Some(2.0)
    );
}

#[test]
fn what_happens_is_counted_where_it_belongs() {
    let metrics = metrics();
    metrics.clone().asked(&Answer::Unclear);
    metrics.asked(&Answer::Throttled {
        retry_after_ms: None,
    });
    metrics.ended(Outcome::NotSent);
    metrics.overrun();
    metrics.breaker(BreakerState::Open);
    metrics.breaker_opened();
    metrics.ledger_failed();
    metrics.held(7);
    metrics.spent(3);
    metrics.clock_jumped();
    metrics.reloaded(false);
    metrics.interval(30_000);
    metrics.unhealthy_after(330_000);
    metrics.look_failed(LookFailure::of(&Error::failed("no")));
    metrics.look_failed(LookFailure::Ledger);
    let text = metrics.encode();
    for (sample, expected) in [
        ("requests_total{answer=\"unclear\"}", 1.0),
        ("requests_total{answer=\"throttled\"}", 1.0),
        ("targets_total{outcome=\"not-sent\"}", 1.0),
        ("sweeps_overrun_total", 1.0),
        ("breaker_state", 2.0),
        ("breaker_opened_total", 1.0),
        ("ledger_errors_total", 1.0),
        ("held_elsewhere", 7.0),
        ("hour_budget_spent_total", 3.0),
        ("clock_jumps_total", 1.0),
        ("config_reloads_total{result=\"ok\"}", 0.0),
        ("config_reloads_total{result=\"refused\"}", 1.0),
        ("interval_seconds", 30.0),
        ("unhealthy_after_seconds", 330.0),
        ("look_failures_total{cause=\"ledger\"}", 1.0),
        ("look_failures_total{cause=\"other\"}", 1.0),
        ("look_failures_total{cause=\"refused\"}", 0.0),
    ] {
        let sample = format!("cronctl_checkpoint_{sample}");
        assert_eq!(value(&text, &sample), Some(expected), "{sample}");
    }
    metrics.breaker(BreakerState::HalfOpen);
    assert_eq!(
        value(&metrics.encode(), "cronctl_checkpoint_breaker_state"),
        Some(1.0)
    );
}

#[test]
fn a_running_total_is_counted_once_also_over_a_new_client() {
    let metrics = metrics();
    for (total, counted) in [(5, 5.0), (5, 5.0), (12, 12.0), (4, 16.0), (6, 18.0)] {
        metrics.http_requests(total);
        assert_eq!(
            value(&metrics.encode(), "cronctl_checkpoint_http_requests_total"),
            Some(counted)
        );
    }
}

#[test]
fn a_version_cannot_break_a_line() {
    let text = Metrics::new("1\"\n2").unwrap().encode();
    assert!(
        text.contains("build_info{version=\"1\\\"\\n2\"} 1\n"),
        "{text}"
    );
}
