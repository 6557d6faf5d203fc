//! Rules about what the scheduler recorded.

use crate::check::rule::define;

define! {
    STALE_RUNNING = "stale-running", Error,
        title: "The running marker is older than the job may run",
        why: "While the marker is set the job does not fire. It stayed after timed-out and even after finished runs, and in 2026.7 only a restart cleared it.",
        fix: "Look at the run (`openclaw cron runs --id JOB --limit 1`); when nothing runs, restart the gateway.",
        source: "openclaw#142638, openclaw#133223, openclaw#17554; the gateway itself clears markers older than two hours at start-up.";

    NEXT_RUN_PAST = "next-run-past", Error,
        title: "The recorded next run is past, and nothing runs",
        why: "A tick came and went without a run, a receipt or an error, while other jobs ran.",
        fix: "`openclaw cron status`; then `openclaw cron run JOB` for what was missed.",
        source: "openclaw#139215 (open, since 2026.9.1).";

    GATEWAY_BEHIND = "gateway-behind", Warning,
        title: "Jobs are overdue, and nothing has run since",
        why: "The gateway is not running, or this is a copy of its state that is older than the instant of evaluation. At start-up it catches up on what it missed, in a burst.",
        fix: "Start the gateway, or evaluate a copy as of its time with --now.",
        source: "OpenClaw 2026.3.x and 2026.9.6: catch-up at start-up, observed; openclaw#19455, openclaw#143898.";

    QUEUED = "queued", Warning,
        title: "A run waits for a slot longer than a run may last",
        why: "The runs that hold the slots are stuck, or the queue entry is left over.",
        fix: "`openclaw tasks list --json` says what runs; free it, or restart the gateway.",
        source: "openclaw#42701, openclaw#42152, openclaw#65225.";

    AUTO_DISABLED = "auto-disabled", Error,
        title: "The gateway has switched the job off",
        why: "After ten failed runs in a row a recurring job is disabled, and stays so when the cause is gone.",
        fix: "Repair the cause, then `openclaw cron enable JOB`.",
        source: "2026.9.6: state.autoDisabled.";

    FAILING = "failing", Warning,
        title: "The last runs of the job failed",
        why: "From three errors in a row it is rarely chance; 2026.9 disables the job after ten.",
        fix: "`openclaw cron runs --id JOB --limit 5` shows the errors.",
        source: "OpenClaw 2026.3.x and 2026.9.6: state.consecutiveErrors.";
}
