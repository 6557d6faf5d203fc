//! What the manual says beyond the options: exit codes, environment, files.
//!
//! `cronctl --help` and the manual pages print the same lists, derived from the code where the code
//! has them.

use std::fmt::Write as _;

use crate::config::{KEYS, Kind};
use crate::error::Exit;

/// A section of the manual: terms and what they mean.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading, in capitals as in manual pages.
    pub title: &'static str,
    /// Terms and their meanings.
    pub entries: Vec<(String, String)>,
}

/// Returns the sections that every page has.
pub fn sections() -> [Section; 3] {
    [exit_codes(), environment(), files()]
}

fn exit_codes() -> Section {
    let own = Exit::ALL.map(|exit| (exit.code().to_string(), exit.meaning().to_owned()));
    Section {
        title: "EXIT CODES",
        entries: own.into(),
    }
}

fn environment() -> Section {
    let flag_of = |name: &str| format!("--{}", name.trim_start_matches("plan.").replace('_', "-"));
    let settings = KEYS.iter().filter_map(|key| {
        let meaning = format!("{} ({} comes first).", key.help, flag_of(key.name));
        Some((key.variable()?, meaning))
    });
    let fixed = [
        (
            "CRONCTL_NOW",
            "The instant of evaluation, where --now is not given.",
        ),
        (
            "XDG_CONFIG_HOME",
            "Directory of the user's configuration; ~/.config when not set.",
        ),
        (
            "CRONCTL_TOKEN",
            "The bearer token of the platform, where --token-file is not given.",
        ),
        (
            "CRONCTL_LEDGER_PASSWORD",
            "The password of a ledger in PostgreSQL, where --ledger-password-file is not given.",
        ),
        (
            "OPENCLAW_GATEWAY_TOKEN",
            "The gateway's token for checkpoint --openclaw-gateway, where neither of the above is set.",
        ),
        (
            "XDG_STATE_HOME",
            "Directory of the ledger; ~/.local/state when not set.",
        ),
        (
            "NO_COLOR",
            "When set and not empty, nothing is coloured with --color auto.",
        ),
        (
            "CLICOLOR_FORCE",
            "When set and neither empty nor 0, colours also in a pipe.",
        ),
        ("TERM", "With dumb, nothing is coloured with --color auto."),
        (
            "LC_ALL, LC_CTYPE, LANG",
            "Whether bars are drawn with block characters.",
        ),
    ];
    let own = |(name, meaning): (&str, &str)| (name.to_owned(), meaning.to_owned());
    Section {
        title: "ENVIRONMENT",
        entries: settings.chain(fixed.map(own)).collect(),
    }
}

fn files() -> Section {
    let entries = [
        (
            "./cronctl.toml",
            "Configuration of the project: in the current directory or the nearest parent that has one.",
        ),
        (
            "$XDG_CONFIG_HOME/cronctl/cronctl.toml",
            "Configuration of the user. Flags come first, then the environment, the project, the user.",
        ),
        (
            "$XDG_STATE_HOME/cronctl/ledger.db",
            "What turns and checkpoint observed and did: SQLite, readable by its owner only.",
        ),
    ];
    Section {
        title: "FILES",
        entries: entries
            .map(|(name, meaning)| (name.to_owned(), meaning.to_owned()))
            .into(),
    }
}

/// Returns what `cronctl config --help` says about the file.
pub fn keys() -> String {
    let mut text = String::from("Keys of cronctl.toml:\n");
    for key in KEYS {
        let name = key.name.replacen('*', "NAME", 1).replace('*', "ADAPTER");
        let kind = match key.kind {
            Kind::Text => String::new(),
            kind => format!(": {}", kind.expectation()),
        };
        let default = key
            .built_in
            .map_or_else(String::new, |value| format!(" [default: {value}]"));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name}\n      {}{kind}{default}", key.help);
    }
    text.push_str("\nFor example:\n");
    for line in EXAMPLE_FILE.lines() {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
    text.truncate(text.trim_end().len());
    text
}

/// A `cronctl.toml` to start from.
pub const EXAMPLE_FILE: &str = "\
context = \"prod\"

[plan]
window = \"10s\"

[contexts.prod]
openclaw = [\"~/.openclaw\"]

[contexts.prod.molecule]
url = \"https://platform.example\"
token_file = \"~/.config/cronctl/token\"

[contexts.prod.adapters.claude-code]
ceiling_seconds = 3600";

/// Returns what `cronctl --help` says after the options.
pub fn overview() -> String {
    let mut text = String::new();
    for (title, section) in [("Exit codes", exit_codes()), ("Files", files())] {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{title}:");
        for (term, meaning) in section.entries {
            let _ = if term.len() < 6 {
                writeln!(text, "  {term}  {meaning}")
            } else {
                writeln!(text, "  {term}\n      {meaning}")
            };
        }
        text.push('\n');
    }
    text.push_str("The environment is described in the manual page, cronctl(1).");
    text
}
