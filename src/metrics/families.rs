//! The families: names, help, labels, and what is there from the first scrape.

use std::sync::atomic::AtomicU64;

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry,
};

use super::{LookFailure, SweepResult, labels};
use crate::checkpoint::Outcome;

/// Bounds of the sweep's duration, seconds: a platform of ten workspaces to one of 100,000.
const SWEEP_SECONDS: [f64; 13] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// A gauge of type vector without labels has no value, and is not shown, before it is set.
#[derive(Debug)]
pub(super) struct Families {
    pub(super) registry: Registry,
    pub(super) turns: IntGaugeVec,
    pub(super) oldest_age: GaugeVec,
    pub(super) worst_over: GaugeVec,
    pub(super) requests: IntCounterVec,
    pub(super) targets: IntCounterVec,
    pub(super) sweep_duration: Histogram,
    pub(super) sweeps: IntCounterVec,
    pub(super) overruns: IntCounter,
    pub(super) breaker_state: IntGauge,
    pub(super) breaker_opened: IntCounter,
    pub(super) ledger_errors: IntCounter,
    pub(super) last_success: GaugeVec,
    pub(super) last_sweep: GaugeVec,
    pub(super) http_requests: IntCounter,
    /// The running total of requests that was told last.
    pub(super) http_total: AtomicU64,
    pub(super) held_elsewhere: IntGaugeVec,
    pub(super) hour_budget_spent: IntCounter,
    pub(super) clock_jumps: IntCounter,
    pub(super) config_reloads: IntCounterVec,
    pub(super) interval: GaugeVec,
    pub(super) unhealthy_after: GaugeVec,
    pub(super) look_failures: IntCounterVec,
}

impl Families {
    /// Registers every family.
    #[expect(clippy::too_many_lines, reason = "one family after another")]
    pub(super) fn new(version: &str) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let families = Self {
            turns: add(
                &registry,
                IntGaugeVec::new(
                    Opts::new(
                        "cronctl_checkpoint_turns",
                        "Turns and idle workspaces by verdict, as of the last look.",
                    ),
                    &["verdict"],
                ),
            )?,
            oldest_age: optional(
                &registry,
                "cronctl_checkpoint_oldest_turn_age_seconds",
                "Age of the oldest turn whose age is known, as of the last look.",
            )?,
            worst_over: optional(
                &registry,
                "cronctl_checkpoint_worst_over_ceiling_seconds",
                "How far the turn furthest past its ceiling is past it, as of the last look.",
            )?,
            requests: counters(
                &registry,
                "cronctl_checkpoint_requests_total",
                "Requests to free a turn, restarts included, by what came back.",
                "answer",
                &labels::ANSWERS,
            )?,
            targets: counters(
                &registry,
                "cronctl_checkpoint_targets_total",
                "Turns over their ceiling that a sweep dealt with, by how that ended.",
                "outcome",
                &Outcome::ALL.map(Outcome::word),
            )?,
            sweep_duration: add(
                &registry,
                Histogram::with_opts(
                    HistogramOpts::new(
                        "cronctl_checkpoint_sweep_duration_seconds",
                        "How long a sweep took: the look, the requests, the looks afterwards.",
                    )
                    .buckets(SWEEP_SECONDS.to_vec()),
                ),
            )?,
            sweeps: counters(
                &registry,
                "cronctl_checkpoint_sweeps_total",
                "Sweeps by how they ended.",
                "result",
                &SweepResult::ALL.map(SweepResult::word),
            )?,
            overruns: counter(
                &registry,
                "cronctl_checkpoint_sweeps_overrun_total",
                "Sweeps that outlasted the interval.",
            )?,
            breaker_state: add(
                &registry,
                IntGauge::new(
                    "cronctl_checkpoint_breaker_state",
                    "The breaker: 0 closed (requests are sent), 1 half-open (one is tried), 2 open (none is sent).",
                ),
            )?,
            breaker_opened: counter(
                &registry,
                "cronctl_checkpoint_breaker_opened_total",
                "How often the breaker opened.",
            )?,
            ledger_errors: counter(
                &registry,
                "cronctl_checkpoint_ledger_errors_total",
                "Failed reads and writes of the ledger.",
            )?,
            last_success: optional(
                &registry,
                "cronctl_checkpoint_last_success_timestamp_seconds",
                "When the last sweep that did not fail ended, seconds since the Unix epoch.",
            )?,
            last_sweep: optional(
                &registry,
                "cronctl_checkpoint_last_sweep_timestamp_seconds",
                "When the last sweep ended, seconds since the Unix epoch.",
            )?,
            http_requests: counter(
                &registry,
                "cronctl_checkpoint_http_requests_total",
                "All requests to the platform, reads included.",
            )?,
            http_total: AtomicU64::new(0),
            held_elsewhere: add(
                &registry,
                IntGaugeVec::new(
                    Opts::new(
                        "cronctl_checkpoint_held_elsewhere",
                        "Turns over their ceiling that another replica held at the last sweep.",
                    ),
                    &[],
                ),
            )?,
            hour_budget_spent: counter(
                &registry,
                "cronctl_checkpoint_hour_budget_spent_total",
                "Requests that were not sent because the budget of the hour was used up.",
            )?,
            clock_jumps: counter(
                &registry,
                "cronctl_checkpoint_clock_jumps_total",
                "How often the machine's clock was found to have been set anew.",
            )?,
            config_reloads: counters(
                &registry,
                "cronctl_checkpoint_config_reloads_total",
                "Re-reads of the configuration: taken over, or refused and the old one kept.",
                "result",
                &["ok", "refused"],
            )?,
            interval: optional(
                &registry,
                "cronctl_checkpoint_interval_seconds",
                "The interval between sweeps.",
            )?,
            unhealthy_after: optional(
                &registry,
                "cronctl_checkpoint_unhealthy_after_seconds",
                "How long after its last success the loop counts as unhealthy, waits for a fire included.",
            )?,
            look_failures: counters(
                &registry,
                "cronctl_checkpoint_look_failures_total",
                "Looks that could not be made, by why.",
                "cause",
                &LookFailure::ALL.map(LookFailure::word),
            )?,
            registry,
        };
        let built = Opts::new(
            "cronctl_checkpoint_build_info",
            "1; the version of cronctl is a label.",
        );
        add(
            &families.registry,
            Gauge::with_opts(built.const_label("version", version)),
        )?
        .set(1.0);
        Ok(families)
    }
}

fn add<C: Collector + Clone + 'static>(
    registry: &Registry,
    family: prometheus::Result<C>,
) -> prometheus::Result<C> {
    let family = family?;
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

fn counter(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntCounter> {
    add(registry, IntCounter::new(name, help))
}

/// Counters of a label whose values are all known: each starts at 0.
fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: &[&str],
) -> prometheus::Result<IntCounterVec> {
    let family = add(
        registry,
        IntCounterVec::new(Opts::new(name, help), &[label]),
    )?;
    for value in values {
        family.get_metric_with_label_values(&[value])?;
    }
    Ok(family)
}

/// A gauge that is absent while its value is not known.
fn optional(registry: &Registry, name: &str, help: &str) -> prometheus::Result<GaugeVec> {
    add(registry, GaugeVec::new(Opts::new(name, help), &[]))
}
