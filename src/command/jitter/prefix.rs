//! `cronctl jitter ID … -- COMMAND` at the beginning of a crontab's command: how long it waits, as far as
//! its words alone say it. Pure.

use clap::{Args as _, FromArgMatches as _};

use super::{JitterArgs, Pick, delay};
use crate::cli::GlobalArgs;

/// What a command says of the delay before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) enum Prefix {
    /// It waits so long on every tick, milliseconds.
    Waits(i64),
    /// It waits, and why its words do not say how long.
    Unknown(&'static str),
}

/// Reads the prefix of a command, which is cut short where it ends in `…`. `None` where nothing waits.
pub(in crate::command) fn read(command: &str) -> Option<Prefix> {
    let words: Vec<&str> = command.split_whitespace().collect();
    // Not in the substitution of a shell only, but also in a path.
    let is_cronctl = |word: &str| word.rsplit(['/', '(', '`', '"', '\'']).next() == Some("cronctl");
    // Options that every command takes may stand before it.
    let (first, jitter) = (0..words.len()).find_map(|at| {
        let rest = &words[at + 1..];
        let options = &rest[..rest.iter().position(|word| *word == "jitter")?];
        let are_options = options.first().is_none_or(|word| word.starts_with('-'));
        (is_cronctl(words[at]) && are_options && !options.contains(&"--"))
            .then_some((at, at + 1 + options.len()))
    })?;
    if first > 0 || words[0].starts_with(['(', '$', '`', '"', '\'']) {
        return Some(Prefix::Unknown(
            "it does not stand at the beginning of its command",
        ));
    }
    let rest = &words[jitter + 1..];
    let Some(end) = rest.iter().position(|word| *word == "--") else {
        // It prints the delay and does not wait, unless that is just not seen.
        let is_cut = command.ends_with('…');
        return is_cut.then_some(Prefix::Unknown("its command is too long to be kept whole"));
    };
    let own = [&words[1..jitter], &rest[..end]].concat();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-=".contains(c);
    if !own.iter().all(|word| word.chars().all(plain)) {
        return Some(Prefix::Unknown("the shell has a part in its options"));
    }
    let command = clap::Command::new("jitter").no_binary_name(true);
    let command = GlobalArgs::augment_args(JitterArgs::augment_args(command));
    let args = command
        .try_get_matches_from(own.iter().chain(&["--", "command"]))
        .and_then(|matches| JitterArgs::from_arg_matches(&matches));
    let Ok(args) = args else {
        return Some(Prefix::Unknown(
            "its options are not those of cronctl jitter",
        ));
    };
    Some(if args.gap.is_some() {
        Prefix::Unknown("its gaps are drawn for each tick")
    } else if args.strategy == Some(Pick::Random) {
        Prefix::Unknown("it draws another delay each time")
    } else {
        let row = delay(&args, 0, |_| None, || 0);
        row.map_or(Prefix::Unknown("it refuses its options"), |row| {
            Prefix::Waits(row.delay_ms)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::hash_offset;

    #[test]
    fn what_words_alone_say_is_known() {
        let waits = |id: &str, window_ms| Some(Prefix::Waits(hash_offset(id, window_ms)));
        for (command, expected) in [
            (
                "cronctl jitter b --window 60s -- /usr/bin/b",
                waits("b", 60_000),
            ),
            (
                "/usr/local/bin/cronctl jitter b -- b --all",
                waits("b", 5_000),
            ),
            (
                "cronctl jitter b --strategy hash --window=5m -- b",
                waits("b", 300_000),
            ),
            (
                "cronctl jitter b --salt web-1 -- b",
                waits("b/web-1", 5_000),
            ),
            ("cronctl jitter b --window 0s -- b", Some(Prefix::Waits(0))),
            ("cronctl -q jitter b --window 60s -- b", waits("b", 60_000)),
            ("cronctl --color never jitter -q b -- b", waits("b", 5_000)),
            ("cronctl jitter b -- true && cd /x && y", waits("b", 5_000)),
        ] {
            assert_eq!(read(command), expected, "{command}");
        }
    }

    #[test]
    fn what_they_do_not_say_is_not_guessed() {
        for (command, why) in [
            (
                "cronctl jitter b --gap 2s..5s --rank 3 -- b",
                "its gaps are drawn",
            ),
            (
                "cronctl jitter b --strategy random -- b",
                "another delay each time",
            ),
            (
                "cronctl jitter b --strategy random --seed 7 -- b",
                "another delay",
            ),
            (
                "cronctl jitter b --salt $(hostname) -- b",
                "the shell has a part",
            ),
            ("cronctl jitter b && x -- y", "the shell has a part"),
            (
                "cronctl jitter b --wndow 5s -- b",
                "not those of cronctl jitter",
            ),
            ("cronctl jitter b --seed 4 -- b", "it refuses its options"),
            (
                "sleep $(cronctl jitter b) && b",
                "not stand at the beginning",
            ),
            (
                "sleep `/opt/cronctl jitter b`; b",
                "not stand at the beginning",
            ),
            (
                "flock -n x cronctl jitter b -- b",
                "not stand at the beginning",
            ),
            ("$(cronctl jitter b)", "not stand at the beginning"),
            ("cronctl jitter a-long-id --window 5m…", "too long"),
        ] {
            match read(command) {
                Some(Prefix::Unknown(said)) => assert!(said.contains(why), "{command}: {said}"),
                other => panic!("{command}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_does_not_wait_is_no_prefix() {
        for command in [
            "/usr/bin/b --all",
            "cronctl plan -- x",
            "cronctl plan --job jitter",
            "cronctl -q check -- jitter x",
            "cronctl jitter b > /var/x",
            "",
        ] {
            assert_eq!(read(command), None, "{command}");
        }
    }
}
