//! The options of `checkpoint`.

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::history::HistoryArgs;
use super::openclaw::GatewayArgs;
use super::watch::WatchArgs;
use crate::checkpoint::{self, checkpoint_path};
use crate::command::completions;
use crate::ledger::LedgerArgs;
use crate::molecule::MoleculeArgs;
use crate::when::parse_duration;

/// Free turns past their ceiling, and know whether it worked.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(args_conflicts_with_subcommands = true, after_long_help = EXAMPLES)]
pub struct CheckpointArgs {
    /// What was done before.
    #[command(subcommand)]
    pub action: Option<Action>,

    /// Free these workspaces: id, unique prefix of one, or name
    ///
    /// A workspace that is named is asked whatever the age of its turn, unless --over-ceiling is given
    /// too. A name that several have is refused.
    #[arg(value_name = "WORKSPACE", add = ArgValueCompleter::new(completions::workspaces))]
    pub workspace: Vec<String>,

    /// Free every turn that is over its ceiling: strictly older, native session, ceiling not off
    #[arg(long, help_heading = "Turns")]
    pub over_ceiling: bool,
    /// The ceiling of every turn, 0 for none [default: the workspace's, else its adapter's, else 30m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Turns")]
    pub ceiling: Option<i64>,
    /// Only turns whose verdict is certain: none that rests on an estimated age
    #[arg(long, help_heading = "Turns")]
    pub certain: bool,

    /// Print the method, address and body of each request, and send none
    #[arg(long, help_heading = "Requests")]
    pub dry_run: bool,
    /// Do not ask whether to go on
    #[arg(long, short, help_heading = "Requests")]
    pub yes: bool,
    /// Why, in your words: sent with the requests and kept in the ledger
    #[arg(long, value_name = "TEXT", help_heading = "Requests")]
    pub reason: Option<String>,
    /// How long an adapter may take to save a turn [default: 20s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Requests")]
    pub drain: Option<i64>,
    /// How long a turn may still be seen after its request was accepted [default: 35s]
    ///
    /// A platform learns from a heartbeat every 30 s that a turn is over.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Requests")]
    pub grace: Option<i64>,
    /// Free at most this many turns, the oldest first; in a loop, at each look [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Requests")]
    pub max_actions: Option<u32>,
    /// Send at most this many requests at a time [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Requests")]
    pub concurrency: Option<u16>,
    /// Through whom to ask [default: platform]
    #[arg(long, value_enum, value_name = "WAY", help_heading = "Requests")]
    pub via: Option<Via>,
    /// The path of a checkpoint on the platform [default: `/{workspace_id}/control/checkpoint`]
    #[arg(long, value_name = "TEMPLATE", value_parser = template, help_heading = "Requests")]
    pub path: Option<String>,
    /// What to do where a turn is not let go: restart its workspace, which destroys the turn
    ///
    /// Only after unsupported, refused or lingering.
    #[arg(long, value_enum, value_name = "STEP", help_heading = "Requests")]
    pub escalate: Option<Escalate>,
    /// Say on the platform's activity log which turns were not let go, and why
    #[arg(long, help_heading = "Requests")]
    pub report: bool,

    /// The same again and again.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// Which platform, and as whom.
    #[command(flatten)]
    pub molecule: MoleculeArgs,

    /// Which gateway instead.
    #[command(flatten)]
    pub gateway: GatewayArgs,

    /// Where requests are recorded.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// Record nothing, and know nothing of earlier requests and observations
    #[arg(long, conflicts_with = "ledger", help_heading = "Sources")]
    pub no_ledger: bool,
    /// Try it on a built-in platform, which is gone afterwards
    #[arg(long, conflicts_with_all = ["molecule", "ledger"], help_heading = "Sources")]
    pub demo: bool,
}

/// What else there is.
#[derive(Subcommand, Clone, Debug)]
pub enum Action {
    /// Which requests were made, by whom, and what came of them
    ///
    /// Newest first, from the ledger. A request without an answer was begun and its end never
    /// recorded: the process was killed, or the machine went down.
    #[command(after_long_help = HISTORY_EXAMPLES)]
    History(HistoryArgs),
}

/// `--via`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// The platform, which forwards to the adapter
    #[default]
    Platform,
    /// The adapter's own address, as the platform lists it
    Adapter,
}

impl Via {
    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Adapter => "adapter",
        }
    }
}

/// `--escalate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Escalate {
    /// Restart the workspace: the turn is destroyed, not saved
    Restart,
}

impl CheckpointArgs {
    /// How many turns are freed at most in one call.
    pub(super) const MAX_ACTIONS: u32 = 100;
    /// How many requests are sent at a time.
    pub(super) const CONCURRENCY: u16 = 16;

    /// How a turn is dealt with.
    pub(super) fn policy(&self) -> checkpoint::Policy {
        let default = checkpoint::Policy::default();
        checkpoint::Policy {
            drain_ms: self.drain.unwrap_or(default.drain_ms),
            grace_ms: self.grace.unwrap_or(default.grace_ms),
            escalate: self.escalate == Some(Escalate::Restart),
            longest_wait_ms: if self.watch.watch {
                default.longest_wait_ms.min(self.watch.interval_ms())
            } else {
                default.longest_wait_ms
            },
            ..default
        }
    }

    pub(super) fn max_actions(&self) -> usize {
        self.max_actions.unwrap_or(Self::MAX_ACTIONS) as usize
    }

    pub(super) fn concurrency(&self) -> usize {
        usize::from(self.concurrency.unwrap_or(Self::CONCURRENCY))
    }
}

/// Reads `--path`.
fn template(text: &str) -> Result<String, String> {
    checkpoint_path(text, "id").map(|_| text.to_owned())
}

const EXAMPLES: &str = "\
Examples:
  cronctl checkpoint --demo --over-ceiling
      On a built-in platform with a turn of six hours
  cronctl checkpoint --molecule https://platform.example --token-file token --over-ceiling --dry-run
      The requests that would be sent, oldest turn first
  cronctl checkpoint 'SEO Agent' --reason 'ticket 1684'
      One workspace, whatever the age of its turn; asks before it sends
  cronctl checkpoint --over-ceiling --yes --report || test $? -eq 3
      From a script; what was not let go is said on the platform's activity log
  cronctl checkpoint --over-ceiling --escalate restart
      Where a turn is not let go, its workspace is restarted: the turn is destroyed
  cronctl checkpoint --over-ceiling --watch --yes --metrics 9464 --log-format json
      Left running: every 30 s, and shortly before a schedule fires
  cronctl checkpoint history --since 7d";

const HISTORY_EXAMPLES: &str = "\
Examples:
  cronctl checkpoint history
  cronctl checkpoint history --workspace 'SEO Agent' --since 7d
  cronctl checkpoint history -o json | jq '.rows[] | select(.outcome == \"unknown\")'";
