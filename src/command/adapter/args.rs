//! What is typed after `cronctl adapter`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::when::parse_duration;

/// The prompt of a turn that takes a while.
pub(super) const PROMPT: &str = "Run the shell command `sleep 120` and wait until it has ended, then \
     answer with the single word done. Do nothing else.";

/// Adapters and their contract.
#[derive(Args, Clone, Debug)]
pub struct AdapterArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: AdapterAction,
}

/// What to do with an adapter.
#[derive(Clone, Debug, Subcommand)]
pub enum AdapterAction {
    /// Try the checkpoint contract on an adapter, clause by clause
    ///
    /// Sends requests that must be refused, starts two turns of its own, checkpoints them, and tells for
    /// each clause of docs/adapter-spec.md whether it holds, what was seen, and why it matters. The
    /// first request names a turn that does not exist: an adapter that minds ids leaves a turn that was
    /// in flight before alone, and then most clauses cannot be tested.
    ///
    /// Exit code: 0 when no clause fails, 5 when one does, 6 when there is no handler or the secret is
    /// refused, 4 when nobody answers or a turn was in flight already.
    Check(CheckArgs),
}

/// The adapter to check, and how.
#[derive(Args, Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, which are independent of each other"
)]
#[command(after_long_help = EXAMPLES)]
pub struct CheckArgs {
    /// The adapter's address, such as `http://127.0.0.1:8000`; with --platform the platform's
    #[arg(value_name = "URL", value_hint = ValueHint::Url, required_unless_present = "demo")]
    pub url: Option<String>,

    /// Check an adapter of the sandbox that honours everything, in this process
    #[arg(long, conflicts_with_all = ["url", "platform", "workspace", "token_file", "turn_command", "prompt"])]
    pub demo: bool,

    /// The address is a platform's, which forwards to the adapter of --workspace
    #[arg(long, requires = "workspace")]
    pub platform: bool,

    /// The workspace's id
    #[arg(long, value_name = "ID")]
    pub workspace: Option<String>,

    /// Read the secret from a file, - for stdin: an adapter's inbound secret, or a platform's bearer
    /// token [default, with --platform only: the variable `CRONCTL_TOKEN`]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,

    /// The organisation, for a platform that serves one tenant
    #[arg(long, value_name = "UUID", requires = "platform")]
    pub org: Option<String>,

    /// Trust the certificates of this file, too (PEM)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,

    /// Send the secret over plain http to another machine, too
    #[arg(long)]
    pub insecure_http: bool,

    /// Start a turn with this shell command, which runs as long as the turn does, instead of by a
    /// message. It is killed afterwards
    #[arg(long, value_name = "COMMAND", conflicts_with = "prompt")]
    pub turn_command: Option<String>,

    /// The message that starts a turn; it must keep the agent busy for a while [default: asks for a
    /// sleep of two minutes]
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,

    /// How long a turn may take to end after an accepted checkpoint
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub grace: i64,

    /// How long the adapter may take to save a turn, in whole seconds (`drain_seconds`)
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = parse_duration)]
    pub drain: i64,

    /// How long one answer may take, the drain not counted, and a turn to start
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub timeout: i64,

    /// Start and cancel turns without asking
    #[arg(long, short)]
    pub yes: bool,
}

const EXAMPLES: &str = "\
Examples:
  cronctl adapter check --demo
      On an adapter of the sandbox, which honours every clause
  cronctl adapter check http://127.0.0.1:8000 --token-file inbound-secret
      On an adapter; asks before it starts and cancels turns
  cronctl adapter check http://127.0.0.1:8000 --token-file inbound-secret --yes -o junit
      For a test report
  cronctl adapter check https://platform.example --platform --workspace 3fe84b89 --turn-command './start-a-turn'
      Through a platform, on turns that are started otherwise";
