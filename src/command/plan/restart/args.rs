//! The options of a restart, and what they do not go with.

use clap::Args;

use crate::command::plan::args::{Honour, PlanArgs, Slots};
use crate::error::Error;

/// `--restart-at`, and what goes with it.
#[derive(Args, Clone, Debug, Default)]
pub struct RestartArgs {
    /// What an OpenClaw gateway that starts at this instant does with the jobs that it missed
    ///
    /// By the rules of its version: which jobs count as missed and why, when each is due and starts
    /// with the slots that there are, how late that is, and the load of the wave. Each job runs once,
    /// however long the outage. The store's record says what was missed. Ends with exit code 5 when the
    /// gateway would not start at all.
    #[arg(
        long,
        value_name = "INSTANT",
        allow_hyphen_values = true,
        help_heading = "Restart"
    )]
    pub restart_at: Option<String>,
    /// When the gateway goes, or went, down [default: where the store's record ends]
    ///
    /// Slots before are taken to have run on time, and none since. Needed for jobs without recorded
    /// state; of the others, those count whose recorded next run is earlier.
    #[arg(
        long,
        value_name = "INSTANT",
        allow_hyphen_values = true,
        requires = "restart_at",
        help_heading = "Restart"
    )]
    pub down_since: Option<String>,
}

impl RestartArgs {
    /// Whether a restart is asked for instead of a plan.
    pub(in crate::command::plan) fn is_asked(&self) -> bool {
        self.restart_at.is_some()
    }
}

/// Refuses the options that a restart has no use for: silently ignoring one would mislead.
///
/// # Errors
/// When one is given.
pub(super) fn fits(args: &PlanArgs) -> Result<(), Error> {
    const SPACING: &str = "a gateway spaces its catch-up by itself (5 at once, 5 s apart, agent work \
                           after 120 s), and no setting changes that";
    const START: &str = "it begins where the gateway starts";
    const ROWS: &str = "its rows are the jobs";
    let given = [
        ("--jitter", args.jitter.is_some(), SPACING),
        ("--window", args.window.is_some(), SPACING),
        ("--gap", args.gap.is_some(), SPACING),
        ("--seed", args.seed.is_some(), SPACING),
        ("--burst", args.burst.is_some(), SPACING),
        ("--restagger", args.restagger, SPACING),
        ("--max-concurrent", args.max_concurrent.is_some(), SPACING),
        ("--from", args.from.is_some(), START),
        ("--tick", args.tick.is_some(), START),
        ("--fires", args.fires, ROWS),
        ("--summary", args.summary, ROWS),
        (
            "--honour both",
            args.honour == Honour::Both,
            "each job is counted on one provider",
        ),
        (
            "--suggest",
            args.suggest.is_asked(),
            "no change to a job moves its catch-up",
        ),
        (
            "--poll-phase",
            args.poll_phase.is_some(),
            "it is about OpenClaw's gateways",
        ),
    ];
    let Some((flag, _, why)) = given.into_iter().find(|(_, given, _)| *given) else {
        return Ok(());
    };
    let hint = match args.max_concurrent_runs {
        _ if flag != "--max-concurrent" => format!("leave {flag} out"),
        Some(Slots::Number(n)) => format!("leave {flag} out: --max-concurrent-runs {n} holds"),
        _ => "--max-concurrent-runs N sets the gateway's slots".to_owned(),
    };
    Err(
        Error::usage(format!("{flag} does not go with --restart-at"))
            .because(why)
            .hint(hint),
    )
}
