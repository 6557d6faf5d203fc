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
  audit          Which expected slots ran: ok, late, skipped, missed, doubled,
                 and why
  jitter         A job's delay within its burst, to print or to wait out
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
  5  A --fail-on condition was met, a contract is broken, or a gateway would not
  start.
  6  The target said no.
  126  The command to become cannot be executed (jitter).
  127  The command to become was not found (jitter).
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

/// The long ones stand in files.
#[test]
fn help_of_the_commands_that_talk_to_servers() {
    for (line, expected) in [
        ("turns", snapbox::file!["help/turns.txt"]),
        ("checkpoint", snapbox::file!["help/checkpoint.txt"]),
        (
            "checkpoint history",
            snapbox::file!["help/checkpoint-history.txt"],
        ),
        ("adapter check", snapbox::file!["help/adapter-check.txt"]),
        ("sandbox", snapbox::file!["help/sandbox.txt"]),
    ] {
        assert_data_eq!(help(&format!("{line} --help")), expected);
    }
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
