//! Words of a job by which it restarts or stops its own gateway.
//!
//! A turn that restarts the gateway ends itself and every other run in flight. What is looked for
//! are commands, as a shell would read them, not talk about them: a hint for an operator, no proof.

use super::parse::short;

/// The longest excerpt that is kept, in characters.
const MAX_WORDS: usize = 60;
/// How far apart the words of one command may be.
const REACH: usize = 8;

/// Whether a JSON text may hold such words: none of them does without `openclaw` or `gateway`.
///
/// One pass without a branch, because it runs over every message of a long file. It errs on the
/// side of `true`: for other words with the same letters, and for escapes that may spell anything.
pub(super) fn may_restart(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let (one, two) = (bytes.get(1..).unwrap_or(&[]), bytes.get(2..).unwrap_or(&[]));
    let of_three = |((a, b), c): ((&u8, &u8), &u8)| {
        let claw = u8::from(*a == b'l') & u8::from(*b == b'a');
        let gateway = u8::from(*a == b't') & u8::from(*b == b'e');
        let escape = u8::from(*a == b'\\') & u8::from(*b == b'u');
        ((claw | gateway) & u8::from(*c == b'w')) | escape
    };
    let triples = bytes.iter().zip(one).zip(two);
    triples.map(of_three).fold(0, |any, one| any | one) != 0
}

/// Returns the command by which a text restarts or stops the gateway.
pub(super) fn restarts(text: &str) -> Option<String> {
    if !text.contains("openclaw") && !text.contains("gateway") {
        return None;
    }
    text.split(['\n', '\r', ';', '|', '&']).find_map(command)
}

/// Looks for the words in one command.
fn command(text: &str) -> Option<String> {
    let words: Vec<Word<'_>> = text.split_whitespace().map(Word::of).collect();
    (0..words.len()).find_map(|at| {
        let reach = &words[at..words.len().min(at + REACH)];
        // A sentence ends where punctuation does: "use systemctl. Then …".
        let end = reach
            .iter()
            .position(|w| w.ends)
            .map_or(reach.len(), |n| n + 1);
        let length = matched(&reach[..end], at.checked_sub(1).map(|n| &words[n]))?;
        let said: Vec<_> = reach[..length].iter().map(|w| w.text).collect();
        Some(short(&said.join(" "), MAX_WORDS))
    })
}

/// Returns how many words from the first one make a command that restarts the gateway.
fn matched(words: &[Word<'_>], before: Option<&Word<'_>>) -> Option<usize> {
    let is = |n: usize, any: &[&str]| words.get(n).is_some_and(|w| any.contains(&w.text));
    let find = |any: &[&str]| words.iter().position(|w| any.contains(&w.text));
    let named = |after: usize| {
        let of = words
            .iter()
            .skip(after + 1)
            .position(|w| w.text.contains("openclaw"));
        of.map(|n| after + n + 2)
    };
    match words.first()?.name() {
        "openclaw" => {
            if is(1, &["restart"]) {
                return Some(2);
            }
            let gateway = find(&["gateway"])?;
            let options = words[1..gateway].iter().all(|w| w.text.starts_with('-'));
            (options && is(gateway + 1, &["restart", "stop", "start"])).then_some(gateway + 2)
        }
        "gateway" => {
            // "after the gateway restart", "a gateway restart" are not commands.
            let article = [
                "a", "an", "the", "this", "that", "each", "every", "any", "no", "last",
            ];
            let talk = before.is_some_and(|w| article.contains(&w.text.to_lowercase().as_str()));
            (!talk && is(1, &["restart"])).then_some(2)
        }
        "systemctl" => {
            let verb = find(&[
                "restart",
                "stop",
                "try-restart",
                "reload-or-restart",
                "kill",
            ])?;
            named(verb)
        }
        "launchctl" => named(find(&["kickstart", "stop", "kill", "bootout", "unload"])?),
        "pkill" | "killall" => named(0),
        "docker" | "docker-compose" | "podman" => named(find(&["restart", "stop", "kill"])?),
        _ => None,
    }
}

/// A word without the quotes, brackets and punctuation around it.
struct Word<'a> {
    text: &'a str,
    /// Whether punctuation after it ends the command.
    ends: bool,
}

impl<'a> Word<'a> {
    fn of(raw: &'a str) -> Self {
        let around = |c: char| "\"'`()[]{}<>*".contains(c);
        let punctuation = |c: char| ".,:!?".contains(c);
        let open = raw.trim_matches(around);
        let text = open.trim_end_matches(punctuation).trim_end_matches(around);
        Self {
            text,
            ends: text.len() < open.len() || raw.ends_with(['`', '"', '\'', ')']),
        }
    }

    /// The name of a command without its directory.
    fn name(&self) -> &'a str {
        self.text.rsplit('/').next().unwrap_or(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_and_talk_is_not() {
        for (text, found) in [
            ("openclaw gateway restart", "openclaw gateway restart"),
            (
                "Run `openclaw gateway stop`, then wait",
                "openclaw gateway stop",
            ),
            (
                "cd /x && /usr/bin/openclaw  gateway\tstart",
                "/usr/bin/openclaw gateway start",
            ),
            (
                "npx openclaw --profile=a gateway restart",
                "openclaw --profile=a gateway restart",
            ),
            ("openclaw restart", "openclaw restart"),
            (
                "sudo systemctl --user restart openclaw-gateway.service",
                "systemctl --user restart openclaw-gateway.service",
            ),
            (
                "launchctl kickstart -k gui/501/ai.openclaw.gateway",
                "launchctl kickstart -k gui/501/ai.openclaw.gateway",
            ),
            ("pkill -f openclaw", "pkill -f openclaw"),
            ("killall -9 openclaw-gateway", "killall -9 openclaw-gateway"),
            (
                "docker restart my-openclaw-1",
                "docker restart my-openclaw-1",
            ),
            (
                "docker compose restart openclaw",
                "docker compose restart openclaw",
            ),
            ("gateway restart", "gateway restart"),
            ("If stuck: gateway restart.", "gateway restart"),
            ("sh -lc 'pkill openclaw; sleep 1'", "pkill openclaw"),
        ] {
            assert_eq!(restarts(text).as_deref(), Some(found), "{text}");
            assert!(may_restart(text), "{text}");
        }
        for text in [
            "Check openclaw and restart nothing",
            "Report whether the gateway needs a restart",
            "Summarise the last gateway restart",
            "after the gateway restart, check mail",
            "openclaw gateway status",
            "openclaw cron list; then restart the report",
            "We use docker. Then restart openclaw by hand",
            "systemctl restart nginx",
            "systemctl status openclaw",
            "kill the openclaw rumours",
            "docker ps | grep openclaw",
            "do not restart",
            "",
        ] {
            assert_eq!(restarts(text), None, "{text}");
        }
        let long = format!("systemctl restart {}openclaw", "x".repeat(100));
        assert_eq!(restarts(&long).unwrap().chars().count(), MAX_WORDS + 1);
    }

    #[test]
    fn the_first_look_never_misses() {
        assert!(may_restart(r#""\u006fpencla\u0077 restart""#));
        assert!(!may_restart(
            "\"Optimise the schedule at work every night\""
        ));
        assert!(!may_restart("la"));
        assert!(!may_restart(""));
    }
}
