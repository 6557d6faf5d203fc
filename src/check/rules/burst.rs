//! Rules about bursts.

use crate::check::rule::define;

define! {
    BURST = "burst", Warning,
        title: "More than --max-burst jobs start together",
        why: "All of them reach the provider at once: 24 jobs at 22:00 were all answered with 503 and retried together.",
        fix: "`cronctl plan` shows where jitter would put them; spread them with `openclaw cron edit JOB --stagger`, or move their minutes.",
        source: "openclaw#51587, openclaw#90991, openclaw#35799.";

    QUEUE = "queue", Note,
        title: "Jobs that come due together wait for each other",
        why: "A gateway starts as many cron runs as it has slots, one by default before 2026.8.1 and eight from then on; the others start when a slot is free.",
        fix: "Move their minutes; before 2026.8.1 raise cron.maxConcurrentRuns.",
        source: "openclaw#132952, openclaw#42635; 2026.3.31 and 2026.9.6, observed on running gateways.";
}
