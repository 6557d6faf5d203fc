//! Help of every command, and wrong command lines.

use snapbox::{assert_data_eq, str};

use crate::sandbox::Sandbox;

#[test]
fn the_definition_is_consistent() {
    cronctl::cli::definition().debug_assert();
}

#[test]
fn no_arguments_print_help_and_are_wrong() {
    let run = Sandbox::new().run("");
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    assert!(run.stderr.contains("Usage: cronctl"), "{run}");
}

#[test]
fn help_and_version_go_to_stdout() {
    let sandbox = Sandbox::new();
    for line in [
        "--help",
        "-h",
        "help",
        "config --help",
        "help config",
        "completions -h",
    ] {
        assert!(sandbox.run(line).ok().contains("Usage: cronctl"), "{line}");
    }
    assert_data_eq!(
        sandbox.run("--version").ok(),
        str![[r#"
cronctl 0.1.0 (OpenClaw rules checked to 2026.9.6)

"#]]
    );
    assert_eq!(sandbox.run("-V").ok(), sandbox.run("--version").ok());
}

/// Returns a help text without the options of every command, which one test pins.
fn own_help(text: &str) -> String {
    let mut global = false;
    let mut own = String::new();
    for line in text.lines() {
        if line == "Global options:" {
            global = true;
            own += "Global options: [..]\n\n";
        } else if !line.is_empty() && !line.starts_with(' ') {
            global = false;
        }
        if !global {
            own += line;
            own += "\n";
        }
    }
    own
}

fn help(line: &str) -> String {
    own_help(&Sandbox::new().run(line).to_string())
}

#[test]
fn help_global_options() {
    let whole = Sandbox::new().run("config path --help").ok();
    let (_, global) = whole.split_once("Global options:\n").unwrap();
    let (global, _) = global.split_once("\n\nExamples:").unwrap();
    assert_data_eq!(
        global,
        str![[r#"
  -o, --output <FORMAT>
          Output format [default: table]

          Possible values:
          - table:  For people
          - json:   One document, with a published schema
          - ndjson: One compact JSON object per row
          - csv:    RFC 4180, with a header
          - sarif:  SARIF 2.1.0, for code scanning (check)
          - junit:  JUnit XML, for test reports (check, adapter check)
          - github: Workflow commands, for annotations by GitHub Actions (check)

      --json
          Same as --output json

      --columns <KEYS>
          Columns to print, by key, comma-separated

      --sort <KEY>
          Sort by a column's key; -KEY for largest first

      --no-headers
          Leave out the header of tables and CSV

      --color <WHEN>
          When to colour [default: auto]

          Possible values:
          - auto:   On a terminal, unless the environment says otherwise
          - always: Always
          - never:  Never

  -q, --quiet
          Say nothing on stderr but warnings and errors

      --now <INSTANT>
          Evaluate as of an instant: RFC 3339 with zone, or epoch milliseconds

      --context <NAME>
          Use a context of cronctl.toml
"#]]
    );
}

#[test]
fn help_overview() {
    assert_data_eq!(
        help("--help"),
        str![[r#"
Explains, plans and frees the cron jobs of agent gateways, offline and in
milliseconds

Usage: cronctl [OPTIONS] <COMMAND>

Commands:
  plan           Which jobs fire together, and where jitter puts them
  explain-model  Which model each job really uses, by version, and why
  next           When an expression fires, what it means, and where it surprises
  check          What in jobs, configuration and recorded state is going to hurt
  turns          Which turns are in flight, and which are past their ceiling
  checkpoint     Free turns past their ceiling, and know whether it worked
  adapter        Try the checkpoint contract on an adapter
  sandbox        Run a Molecule platform on loopback, to try everything on
  config         Show the settings in force and where each was set
  completions    Print the script that makes a shell complete cronctl
  help           Print this message or the help of the given subcommand(s)

Options:
  -h, --help
          Print help (see a summary with '-h')

  -V, --version
          Print version

Global options: [..]

Exit codes:
  0  The answer is complete.
  1  There is no answer: input or configuration could not be used.
  2  The command line is wrong.
  3  The answer was printed, but something was skipped; stderr says what.
  4  A server was not reached, timed out or answered 5xx.
  5  A --fail-on condition was met.
  6  The target said no.
  130  SIGINT ended it, after what was in flight.
  143  SIGTERM ended it, after what was in flight.

Files:
  ./cronctl.toml
      Configuration of the project: in the current directory or the nearest
      parent that has one.
  $XDG_CONFIG_HOME/cronctl/cronctl.toml
      Configuration of the user. Flags come first, then the environment, the
      project, the user.
  $XDG_STATE_HOME/cronctl/ledger.db
      What turns and checkpoint observed and did: SQLite, readable by its owner
      only.

The environment is described in the manual page, cronctl(1).
--- exit 0

"#]]
    );
}

#[test]
fn help_config() {
    assert_data_eq!(
        help("config --help"),
        str![[r#"
Show the settings in force and where each was set

Usage: cronctl config [OPTIONS] <COMMAND>

Commands:
  show  Print each setting, its value and where it was set
  path  Print where cronctl.toml is looked for, strongest first
  help  Print this message or the help of the given subcommand(s)

Options:
  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Keys of cronctl.toml:
  output
      Output format: one of table, json, ndjson, csv, sarif, junit, github
      [default: table]
  color
      When to colour: one of auto, always, never [default: auto]
  context
      The context to use
  plan.jitter
      Jitter strategy: one of none, native, spread, gap, hash, random, fit
      [default: spread]
  plan.window
      Window to spread a burst over, such as 5s [default: 5s]
  plan.gap
      Gap between jobs of a burst, such as 2s..5s [default: 2s..5s]
  plan.burst
      Jobs that make a burst: a whole number of at least 1 [default: 2]
  plan.seed
      Seed of what is drawn: a whole number of at least 0 [default: 0]
  plan.run_length
      Length of a run, such as 90s, where history has none
  plan.group_by
      What to count by
  contexts.NAME.openclaw
      OpenClaw state directories: a path or a list of paths
  contexts.NAME.jobs
      Files of jobs: a path or a list of paths
  contexts.NAME.openclaw_version
      OpenClaw version: an OpenClaw version such as "2026.9.6", or "auto"
  contexts.NAME.dialect
      Whose cron rules apply: one of openclaw, molecule, cron-rs
  contexts.NAME.molecule.url
      Address of a Molecule platform
  contexts.NAME.molecule.org
      Id of the organisation
  contexts.NAME.molecule.token_file
      File that holds the token: a path
  contexts.NAME.molecule.checkpoint_path
      Path of a checkpoint on the platform, with {workspace_id} [default:
      /{workspace_id}/control/checkpoint]
  contexts.NAME.adapters.ADAPTER.ceiling_seconds
      Age of a turn that is over its ceiling, 0 for none: a whole number of at
      least 0
  contexts.NAME.adapters.ADAPTER.native_session
      Whether the adapter's SDK owns its turns: true or false
  contexts.NAME.adapters.ADAPTER.steerable
      Whether the adapter can cancel a turn: true or false

For example:
  context = "prod"

  [plan]
  window = "10s"

  [contexts.prod]
  openclaw = ["~/.openclaw"]

  [contexts.prod.molecule]
  url = "https://platform.example"
  token_file = "~/.config/cronctl/token"

  [contexts.prod.adapters.claude-code]
  ceiling_seconds = 3600
--- exit 0

"#]]
    );
}

#[test]
fn help_config_show() {
    assert_data_eq!(
        help("config show --help"),
        str![[r#"
Print each setting, its value and where it was set

A setting comes from a flag, else an environment variable (CRONCTL_*), else the
project file, else the user file, else it is built in.

Usage: cronctl config show [OPTIONS]

Options:
  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Examples:
  cronctl config show
  cronctl config show --context staging
  cronctl config show --columns key,value --no-headers
  cronctl config show -o json | jq '.rows[] | select(.origin != "built-in")'
--- exit 0

"#]]
    );
}

#[test]
fn help_config_path() {
    assert_data_eq!(
        help("config path --help"),
        str![[r#"
Print where cronctl.toml is looked for, strongest first

Usage: cronctl config path [OPTIONS]

Options:
  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Examples:
  cronctl config path
  cronctl config path -o ndjson | jq -r 'select(.found) | .path'
  cronctl config path --columns path --no-headers
--- exit 0

"#]]
    );
}

#[test]
fn help_completions() {
    assert_data_eq!(
        help("completions --help"),
        str![[r#"
Print the script that makes a shell complete cronctl

Usage: cronctl completions [OPTIONS] <SHELL>

Arguments:
  <SHELL>
          The shell

          Possible values:
          - bash:       Bash
          - zsh:        Zsh
          - fish:       Fish
          - powershell: PowerShell
          - elvish:     Elvish

Options:
  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Install:
  bash (with bash-completion)
      cronctl completions bash >
      ~/.local/share/bash-completion/completions/cronctl
  zsh (with ~/.zfunc in $fpath)
      cronctl completions zsh > ~/.zfunc/_cronctl
  fish
      cronctl completions fish > ~/.config/fish/completions/cronctl.fish
  PowerShell
      cronctl completions powershell >> $PROFILE
  elvish
      cronctl completions elvish >> ~/.config/elvish/rc.elv

The script asks the cronctl on the PATH, which offers options, job names and
contexts.
--- exit 0

"#]]
    );
}

/// Runs wrong command lines and returns what each says on stderr.
fn refused(lines: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let say = |line: &&str| {
        let run = sandbox.run(line);
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{line}: {run}");
        format!("$ cronctl {line}\n{}", own_help(&run.stderr))
    };
    lines.iter().map(say).collect::<Vec<_>>().join("\n")
}

#[test]
fn wrong_names_are_refused_with_the_nearest() {
    let lines = [
        "confg",
        "config shw",
        "config show --colour never",
        "config show --columns key,orgin",
        "config show --sort -orgin",
        "completions tcsh",
    ];
    assert_data_eq!(
        refused(&lines),
        str![[r#"
$ cronctl confg
error: unrecognized subcommand 'confg'

  tip: a similar subcommand exists: 'config'

Usage: cronctl [OPTIONS] <COMMAND>

For more information, try '--help'.

$ cronctl config shw
error: unrecognized subcommand 'shw'

  tip: a similar subcommand exists: 'show'

Usage: cronctl config [OPTIONS] <COMMAND>

For more information, try '--help'.

$ cronctl config show --colour never
error: unexpected argument '--colour' found

  tip: a similar argument exists: '--color'

Usage: cronctl config show --color <WHEN>

For more information, try '--help'.

$ cronctl config show --columns key,orgin
error: --columns: there is no column "orgin"
hint: did you mean origin?
hint: the columns are key, value, origin, variable, about

$ cronctl config show --sort -orgin
error: --sort: there is no column "orgin"
hint: did you mean origin?
hint: the columns are key, value, origin, variable, about

$ cronctl completions tcsh
error: invalid value 'tcsh' for '<SHELL>'
  [possible values: bash, zsh, fish, powershell, elvish]

  tip: a similar value exists: 'zsh'

For more information, try '--help'.

"#]]
    );
}

#[test]
fn wrong_values_are_refused_with_the_right_form() {
    let lines = [
        "config",
        "config show extra",
        "config show --output xml",
        "config show --output csv --json",
        "--json config show --output csv",
        "config show --now tomorrow",
        "config show --now 2026-08-01T22:00:00",
        "config show --sort",
        "config show --sort -",
        "config show --columns ,",
    ];
    assert_data_eq!(
        refused(&lines),
        str![[r#"
$ cronctl config
Show the settings in force and where each was set

Usage: cronctl config [OPTIONS] <COMMAND>

Commands:
  show  Print each setting, its value and where it was set
  path  Print where cronctl.toml is looked for, strongest first
  help  Print this message or the help of the given subcommand(s)

Options:
  -h, --help  Print help (see more with '--help')

Global options: [..]


$ cronctl config show extra
error: unexpected argument 'extra' found

Usage: cronctl config show [OPTIONS]

For more information, try '--help'.

$ cronctl config show --output xml
error: invalid value 'xml' for '--output <FORMAT>'
  [possible values: table, json, ndjson, csv, sarif, junit, github]

For more information, try '--help'.

$ cronctl config show --output csv --json
error: --json and --output ask for different formats
hint: --json is short for --output json: leave one out

$ cronctl --json config show --output csv
error: --json and --output ask for different formats
hint: --json is short for --output json: leave one out

$ cronctl config show --now tomorrow
error: --now: "tomorrow" is not an instant
hint: write it as 2026-08-01T22:00:00-07:00, or as milliseconds since the Unix epoch

$ cronctl config show --now 2026-08-01T22:00:00
error: --now: "2026-08-01T22:00:00" is not an instant
hint: write it as 2026-08-01T22:00:00-07:00, or as milliseconds since the Unix epoch

$ cronctl config show --sort
error: a value is required for '--sort <KEY>' but none was supplied

For more information, try '--help'.

$ cronctl config show --sort -
error: invalid value '-' for '--sort <KEY>': it names no column

For more information, try '--help'.

$ cronctl config show --columns ,
error: --columns: there is no column ""
hint: the columns are key, value, origin, variable, about

"#]]
    );
}

/// Calls `see` with each command that does something.
fn each_leaf(command: &clap::Command, see: &mut dyn FnMut(&clap::Command)) {
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        if sub.has_subcommands() {
            each_leaf(sub, see);
        } else {
            see(sub);
        }
    }
}

/// Returns the example lines of a command's help.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_long_help().or(command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().map(str::trim);
    lines
        .filter(|l| l.starts_with("cronctl "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn help_turns() {
    assert_data_eq!(
        help("turns --help"),
        str![[r#"
Which turns are in flight, and which are past their ceiling

A turn is one run of an agent inside a workspace. For each: how old it is and
what says so, its ceiling and where that is set, the last sign of life, and what
it blocks. Over means strictly older than the ceiling. Nothing is changed
anywhere.

Usage: cronctl turns [OPTIONS]

Options:
  -h, --help
          Print help (see a summary with '-h')

Turns:
      --over-ceiling
          Only turns over their ceiling: strictly older, so that 30 min 0 s is
          not over 30 min
          
          Those whose age is not known well enough are listed apart: they may be
          over, too.

      --all
          Also workspaces with nothing in flight, and turns that the platform
          owns

      --workspace <WORKSPACE>...
          Only these workspaces: id, unique prefix, or name; may be repeated
          
          Each is asked for its activity, ceiling and schedules, however many
          they are.

      --ceiling <DURATION>
          The ceiling of every turn, 0 for none [default: the workspace's, else
          its adapter's, else 30m]

      --silent-after <DURATION>
          Without a sign of life for this long, a turn is silent [default: 5m]

      --fail-on <VERDICT>
          End with exit code 5 when there are such turns

          Possible values:
          - over:    Strictly older than the ceiling
          - unknown: In flight, with an age that is not known well enough
          - skewed:  With a start in the future
          - leaked:  OpenClaw: a running marker without a run

Watching:
      --watch
          Keep looking: a live table on a terminal, one JSON object per change
          elsewhere
          
          Subscribes to the platform's events, so that starts are seen from then
          on.

      --interval <DURATION>
          The pause between two looks [default: 5s]

      --count <N>
          End after this many looks

Platform:
      --molecule <URL>
          Ask a Molecule platform's HTTP API

      --token-file <FILE>
          Read the bearer token from a file, - for stdin [default: the variable
          `CRONCTL_TOKEN`]

      --org <UUID>
          The organisation, for a platform that serves one tenant

      --ca-file <FILE>
          Trust the certificates of this file, too (PEM)

      --insecure-http
          Send the token over plain http to another machine, too

      --timeout <DURATION>
          How long one request may take [default: 10s]

      --rate-limit <N>
          Requests a minute at most, 0 for no limit [default: 600]

Sources:
      --openclaw [<STATE_DIR>]
          Read an OpenClaw state directory, offline and read-only
          
          Without a directory: where OpenClaw itself looks
          (`OPENCLAW_STATE_DIR`, `~/.openclaw`). This is also the default when
          no source is given. May be repeated.

      --demo
          Ask a built-in platform: incident 2 among healthy, unsteerable and
          unknown turns

      --ledger <FILE>
          Keep what was seen in this file [default: ledger.db in cronctl's state
          directory]

      --no-ledger
          Neither use nor record what was seen at other times

      --concurrency <N>
          Requests in flight at most [default: 16]

Global options: [..]

Ages:
  6 h          the platform, or a running watch, says when the turn started
  ≥ 5 h 57 min it is at least this old: it has been seen busy since, or has
  skipped fires since
  ~ 11 h       the message that most likely started it is this old
  unknown      in flight, and nothing says since when: never taken as 0, never
  as over

Examples:
  cronctl turns --molecule https://tenant.example --token-file token
      What is in flight, oldest first
  cronctl turns --over-ceiling --ceiling 20m --fail-on over
      For a script: exit code 5 when a turn is older than 20 minutes
  cronctl turns --workspace 'SEO Agent' --all
  cronctl turns --watch
      From now on starts are exact: other calls profit, too
  cronctl turns --watch -o ndjson | jq -c 'select(.event == "over")'
  cronctl turns --demo
--- exit 0

"#]]
    );
}

#[test]
fn help_checkpoint() {
    assert_data_eq!(
        help("checkpoint --help"),
        str![[r#"
Free turns past their ceiling, and know whether it worked

Asks the owner of each turn to save it and let go, and reads back. Success is
claimed only for what was seen to be gone. Every request is recorded before it
is sent.

Usage: cronctl checkpoint [OPTIONS] [WORKSPACE]...
       cronctl checkpoint <COMMAND>

Commands:
  history  Which requests were made, by whom, and what came of them
  help     Print this message or the help of the given subcommand(s)

Arguments:
  [WORKSPACE]...
          Free these workspaces: id, unique prefix of one, or name
          
          A workspace that is named is asked whatever the age of its turn,
          unless --over-ceiling is given too. A name that several have is
          refused.

Options:
  -h, --help
          Print help (see a summary with '-h')

Turns:
      --over-ceiling
          Free every turn that is over its ceiling: strictly older, native
          session, ceiling not off

      --ceiling <DURATION>
          The ceiling of every turn, 0 for none [default: the workspace's, else
          its adapter's, else 30m]

      --certain
          Only turns whose verdict is certain: none that rests on an estimated
          age

Requests:
      --dry-run
          Print the method, address and body of each request, and send none

  -y, --yes
          Do not ask whether to go on

      --reason <TEXT>
          Why, in your words: sent with the requests and kept in the ledger

      --drain <DURATION>
          How long an adapter may take to save a turn [default: 20s]

      --grace <DURATION>
          How long a turn may still be seen after its request was accepted
          [default: 35s]
          
          A platform learns from a heartbeat every 30 s that a turn is over.

      --max-actions <N>
          Free at most this many turns, the oldest first [default: 100]

      --concurrency <N>
          Send at most this many requests at a time [default: 16]

      --via <WAY>
          Through whom to ask [default: platform]

          Possible values:
          - platform: The platform, which forwards to the adapter
          - adapter:  The adapter's own address, as the platform lists it

      --path <TEMPLATE>
          The path of a checkpoint on the platform [default:
          `/{workspace_id}/control/checkpoint`]

      --escalate <STEP>
          What to do where a turn is not let go: restart its workspace, which
          destroys the turn
          
          Only after unsupported, refused or lingering.

          Possible values:
          - restart: Restart the workspace: the turn is destroyed, not saved

      --report
          Say on the platform's activity log which turns were not let go, and
          why

Platform:
      --molecule <URL>
          Ask a Molecule platform's HTTP API

      --token-file <FILE>
          Read the bearer token from a file, - for stdin [default: the variable
          `CRONCTL_TOKEN`]

      --org <UUID>
          The organisation, for a platform that serves one tenant

      --ca-file <FILE>
          Trust the certificates of this file, too (PEM)

      --insecure-http
          Send the token over plain http to another machine, too

      --timeout <DURATION>
          How long one request may take [default: 10s]

      --rate-limit <N>
          Requests a minute at most, 0 for no limit [default: 600]

OpenClaw:
      --openclaw-gateway <URL>
          Abort cron runs of a running OpenClaw gateway instead: jobs by id,
          unique prefix, or name
          
          By `sessions.abort` over its WebSocket, on 2026.9: the run ends as an
          error and counts as one, and its sub-agents end with it. Versions
          without a clean abort are refused. The token is that of --token-file,
          `CRONCTL_TOKEN` or `OPENCLAW_GATEWAY_TOKEN`.

      --openclaw-version <VERSION>
          Take the gateway as this version, whatever it says: for versions that
          were not checked

Sources:
      --ledger <FILE>
          Record requests in this file [default: ledger.db in cronctl's state
          directory]

      --no-ledger
          Record nothing, and know nothing of earlier requests and observations

      --demo
          Try it on a built-in platform, which is gone afterwards

Global options: [..]

Examples:
  cronctl checkpoint --demo --over-ceiling
      On a built-in platform with a turn of six hours
  cronctl checkpoint --molecule https://platform.example --token-file token
  --over-ceiling --dry-run
      The requests that would be sent, oldest turn first
  cronctl checkpoint 'SEO Agent' --reason 'ticket 1684'
      One workspace, whatever the age of its turn; asks before it sends
  cronctl checkpoint --over-ceiling --yes --report || test $? -eq 3
      From a script; what was not let go is said on the platform's activity log
  cronctl checkpoint --over-ceiling --escalate restart
      Where a turn is not let go, its workspace is restarted: the turn is
      destroyed
  cronctl checkpoint history --since 7d
--- exit 0

"#]]
    );
}

#[test]
fn help_checkpoint_history() {
    assert_data_eq!(
        help("checkpoint history --help"),
        str![[r#"
Which requests were made, by whom, and what came of them

Newest first, from the ledger. A request without an answer was begun and its end
never recorded: the process was killed, or the machine went down.

Usage: cronctl checkpoint history [OPTIONS]

Options:
      --workspace <WORKSPACE>
          Only these workspaces: id, its beginning, or name; may be repeated

      --since <WHEN>
          Only requests since then: a duration before now (7d), RFC 3339, or
          epoch milliseconds

      --limit <N>
          At most this many, the newest [default: 100]

      --ledger <FILE>
          Read this file [default: ledger.db in cronctl's state directory]

  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Examples:
  cronctl checkpoint history
  cronctl checkpoint history --workspace 'SEO Agent' --since 7d
  cronctl checkpoint history -o json | jq '.rows[] | select(.outcome ==
  "unknown")'
--- exit 0

"#]]
    );
}

#[test]
fn help_adapter_check() {
    assert_data_eq!(
        help("adapter check --help"),
        str![[r#"
Try the checkpoint contract on an adapter, clause by clause

Sends requests that must be refused, starts two turns of its own, checkpoints
them, and tells for each clause of docs/adapter-spec.md whether it holds, what
was seen, and why it matters. The first request names a turn that does not
exist: an adapter that minds ids leaves a turn that was in flight before alone,
and then most clauses cannot be tested.

Exit code: 0 when no clause fails, 5 when one does, 6 when there is no handler
or the secret is refused, 4 when nobody answers or a turn was in flight already.

Usage: cronctl adapter check [OPTIONS] [URL]

Arguments:
  [URL]
          The adapter's address, such as `http://127.0.0.1:8000`; with
          --platform the platform's

Options:
      --demo
          Check an adapter of the sandbox that honours everything, in this
          process

      --platform
          The address is a platform's, which forwards to the adapter of
          --workspace

      --workspace <ID>
          The workspace's id

      --token-file <FILE>
          Read the secret from a file, - for stdin: an adapter's inbound secret,
          or a platform's bearer token [default, with --platform only: the
          variable `CRONCTL_TOKEN`]

      --org <UUID>
          The organisation, for a platform that serves one tenant

      --ca-file <FILE>
          Trust the certificates of this file, too (PEM)

      --insecure-http
          Send the secret over plain http to another machine, too

      --turn-command <COMMAND>
          Start a turn with this shell command, which runs as long as the turn
          does, instead of by a message. It is killed afterwards

      --prompt <TEXT>
          The message that starts a turn; it must keep the agent busy for a
          while [default: asks for a sleep of two minutes]

      --grace <DURATION>
          How long a turn may take to end after an accepted checkpoint
          
          [default: 30s]

      --drain <DURATION>
          How long the adapter may take to save a turn, in whole seconds
          (`drain_seconds`)
          
          [default: 20s]

      --timeout <DURATION>
          How long one answer may take, the drain not counted, and a turn to
          start
          
          [default: 10s]

  -y, --yes
          Start and cancel turns without asking

  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Examples:
  cronctl adapter check --demo
      On an adapter of the sandbox, which honours every clause
  cronctl adapter check http://127.0.0.1:8000 --token-file inbound-secret
      On an adapter; asks before it starts and cancels turns
  cronctl adapter check http://127.0.0.1:8000 --token-file inbound-secret --yes
  -o junit
      For a test report
  cronctl adapter check https://platform.example --platform --workspace 3fe84b89
  --turn-command './start-a-turn'
      Through a platform, on turns that are started otherwise
--- exit 0

"#]]
    );
}

#[test]
fn help_sandbox() {
    assert_data_eq!(
        help("sandbox --help"),
        str![[r#"
Run a Molecule platform on loopback, to try everything on

Usage: cronctl sandbox [OPTIONS]

Options:
      --port <PORT>
          Listen on this port, 0 for any free one
          
          [default: 0]

      --scenario <NAME|FILE>
          What to simulate: a name of --list-scenarios, or a TOML file [default:
          demo]

      --turns-route <on|off>
          Have the proposed route GET /admin/turns, or not [default: as the
          scenario says]

          Possible values:
          - on:  It is there
          - off: It is not

      --latency <DURATION>
          Hold every answer back for this long

      --fail <SHARE>
          Answer this share of requests with 503, 0 to 1
          
          [default: 0]

      --speed <FACTOR>
          Seconds that pass in it per second; 0 stands still [default: as the
          scenario says, else 1]

      --start <INSTANT>
          When its clock starts [default: as the scenario says, else now]

      --list-scenarios
          List the scenarios that come with cronctl

  -h, --help
          Print help (see a summary with '-h')

Global options: [..]

Examples:
  cronctl sandbox --list-scenarios
  cronctl sandbox --port 8080
      Incident 2 among healthy turns; prints the token that `CRONCTL_TOKEN` is
      to be
  cronctl sandbox --scenario faults --latency 20ms --fail 0.1
      One workspace of each behaviour, on a slow platform with trouble of its
      own
  cronctl sandbox --scenario reno-stars --speed 60 -o ndjson
      The incident as it was, a minute in a second; for a script
--- exit 0

"#]]
    );
}

#[test]
fn every_command_has_three_examples_that_parse() {
    each_leaf(&cronctl::cli::definition(), &mut |command| {
        let examples = examples(command);
        assert!(examples.len() >= 3, "{}: {examples:?}", command.get_name());
        for example in examples {
            // What follows is for the shell. Quotes are only needed around spaces.
            let own = example.split(['|', '>', '<', '&']).next().unwrap();
            let parts = own.split('\'').enumerate();
            let words: Vec<&str> = parts
                .flat_map(|(i, part)| match i % 2 {
                    0 => part.split_whitespace().collect(),
                    _ => vec![part],
                })
                .collect();
            if let Err(error) = cronctl::cli::definition().try_get_matches_from(words) {
                panic!("{example}: {error}");
            }
        }
    });
}
