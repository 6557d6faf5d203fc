//! Commands that make a change, word by word and for a POSIX shell. Pure.

use crate::plan::suggest::Change;
use crate::ui::escape;

/// `openclaw cron edit` with a change. The flags are those of 2026.3.28, 2026.3.31 and 2026.9.6.
///
/// `--cron` replaces the whole schedule: without `--tz` the zone would be the host's, and without a stagger
/// 2026.9.6 would take the default of the new expression.
pub(super) fn edit(job: &str, tz: Option<&str>, change: &Change) -> Vec<String> {
    let mut argv: Vec<String> = ["openclaw", "cron", "edit"].map(str::to_owned).into();
    if let Some(expr) = &change.expr {
        argv.extend(["--cron".to_owned(), expr.clone()]);
        argv.extend(
            tz.into_iter()
                .flat_map(|tz| ["--tz".to_owned(), tz.to_owned()]),
        );
    }
    if change.window_ms == 0 {
        argv.push("--exact".to_owned());
    } else {
        argv.extend(["--stagger".to_owned(), span(change.window_ms)]);
    }
    if job.starts_with('-') {
        argv.push("--".to_owned());
    }
    argv.push(job.to_owned());
    argv
}

/// The beginning of a crontab line's command that delays it: `cronctl jitter` with the window that gives
/// the line's id the offset. Where the command is more than one program and its arguments, the shell must
/// read it as it did, so that the delay stands before it.
pub(super) fn prefix(id: &str, command: Option<&str>, window_ms: i64) -> Vec<String> {
    let window = span(window_ms);
    let words = ["cronctl", "jitter", id, "--window", &window, "--"];
    let mut words: Vec<String> = words.map(str::to_owned).into();
    if !command.is_some_and(is_simple) {
        words.extend(["true".to_owned(), "&&".to_owned()]);
    }
    words
}

/// Writes a duration as both `openclaw` and `cronctl` read it.
fn span(ms: i64) -> String {
    match ms {
        ms if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

/// Words of the shell's own: to begin with one is not to name a program.
const OWN: [&str; 63] = [
    ".",
    ":",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
];

/// Whether a command is surely one program and its arguments. What was cut short, or has anything of the
/// shell in it, is not.
fn is_simple(command: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " _./:@%+,-=".contains(c);
    let first = command.trim_start().split(' ').next().unwrap_or_default();
    let is_program = first.contains('/') || !OWN.contains(&first);
    command.chars().all(plain) && !first.contains('=') && is_program
}

/// Whether something of a command would not wait for what stands before it: what follows a lone `&`.
/// An ampersand in quotes may be taken for one, never the other way round.
pub(super) fn runs_apart(command: &str) -> bool {
    let command = command.trim_end().trim_end_matches('&');
    let bytes = command.as_bytes();
    let at = |index: Option<usize>| index.and_then(|i| bytes.get(i)).copied().unwrap_or(b' ');
    (0..bytes.len()).any(|i| {
        let (before, after) = (at(i.checked_sub(1)), at(Some(i + 1)));
        bytes[i] == b'&' && !b"&<>\\".contains(&before) && !b"&>".contains(&after)
    })
}

/// Writes words for a POSIX shell; `None` where they hold what cannot be shown safely on one line.
pub(super) fn line(words: &[String]) -> Option<String> {
    let text = words
        .iter()
        .map(|w| quoted(w))
        .collect::<Vec<_>>()
        .join(" ");
    (escape(&text) == text).then_some(text)
}

/// A word that the shell takes as it is, in single quotes where it must be.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if word == "&&" || (!word.is_empty() && word.chars().all(plain)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(job: &str, tz: Option<&str>, expr: Option<&str>, window_ms: i64) -> String {
        let change = Change {
            expr: expr.map(str::to_owned),
            window_ms,
            offset_ms: 0,
        };
        line(&edit(job, tz, &change)).unwrap()
    }

    #[test]
    fn the_command_keeps_the_zone_and_states_the_stagger() {
        assert_eq!(
            edited("a", Some("UTC"), None, 0),
            "openclaw cron edit --exact a"
        );
        assert_eq!(
            edited("a", Some("America/Los_Angeles"), Some("3 22 * * *"), 15_000),
            "openclaw cron edit --cron '3 22 * * *' --tz America/Los_Angeles --stagger 15s a"
        );
        assert_eq!(
            edited("a", None, Some("3 22 * * *"), 0),
            "openclaw cron edit --cron '3 22 * * *' --exact a"
        );
        assert_eq!(
            edited("a", None, None, 137_421),
            "openclaw cron edit --stagger 137421ms a"
        );
    }

    #[test]
    fn ids_of_others_are_quoted_or_not_shown() {
        assert_eq!(
            edited("-x", None, None, 0),
            "openclaw cron edit --exact -- -x"
        );
        assert_eq!(
            edited("it's; $(rm -rf ~)", None, None, 0),
            r"openclaw cron edit --exact 'it'\''s; $(rm -rf ~)'"
        );
        assert_eq!(line(&["a\nb".to_owned()]), None);
        assert_eq!(line(&["a\u{202e}b".to_owned()]), None);
        assert_eq!(line(&[String::new()]).as_deref(), Some("''"));
    }

    #[test]
    fn what_follows_a_lone_ampersand_runs_apart() {
        for command in ["a & b", "a& b", "(a & b); c", "a 2>&1 & b", "x && y & z"] {
            assert!(runs_apart(command), "{command}");
        }
        for command in [
            "a", "a && b", "a 2>&1", "a &> f", "a &", "a >&2; b", r"a \& b",
        ] {
            assert!(!runs_apart(command), "{command}");
        }
    }

    #[test]
    fn a_prefix_leaves_the_shell_what_is_the_shells() {
        let of = |command| line(&prefix("line-3", Some(command), 5000)).unwrap();
        assert_eq!(
            of("/usr/bin/backup --all"),
            "cronctl jitter line-3 --window 5s --"
        );
        for command in [
            "cd /x && ./y",
            ": noop",
            "source /etc/profile",
            "time foo",
            "exit 1",
            "A=1 run",
            "cd /tmp",
            "x | y",
            "long…",
            "x 'y'",
        ] {
            assert_eq!(
                of(command),
                "cronctl jitter line-3 --window 5s -- true &&",
                "{command}"
            );
        }
    }
}
