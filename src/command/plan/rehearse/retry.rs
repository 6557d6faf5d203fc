//! `cron.retry` of a source's configuration: which one-shots 2026.3 repeats. Pure.

use crate::openclaw::config::{Config, Node};
use crate::rehearsal::{Era, Reason, Retry};
use crate::source::Gateway;
use crate::when;

/// What the repeats of one-shots rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// The configuration sets `cron.retry`.
    Set,
    /// It does not: the default holds.
    Default,
    /// The configuration is not known.
    Unknown,
}

/// The repeats of one-shots by a gateway, and what they rest on.
///
/// Source: `resolveRetryConfig` of 2026.3.28 and 2026.3.31: `maxAttempts` when it is a number,
/// `backoffMs` and `retryOn` when they are not empty. 2026.9.6 reads none of them.
pub(super) fn of(gateway: Option<&Gateway>, era: Era) -> (Retry, Basis) {
    let config = gateway.and_then(|g| g.config.as_ref());
    from(config, gateway.is_some_and(|g| g.unconfigured), era)
}

/// The same of a configuration, or of there being no file of one.
fn from(config: Option<&Config>, none: bool, era: Era) -> (Retry, Basis) {
    let mut retry = Retry::default();
    let Some(config) = config else {
        let basis = if none { Basis::Default } else { Basis::Unknown };
        return (retry, basis);
    };
    let at = |key| config.get(&["cron", "retry", key]).map(|found| found.node);
    let items = |key| at(key).map_or(&[][..], Node::items);
    let attempts = at("maxAttempts").and_then(Node::number);
    let backoff = items("backoffMs").iter().filter_map(Node::number);
    let backoff: Vec<i64> = backoff.map(whole).collect();
    let named = |reason: &Reason| {
        let mut names = items("retryOn").iter().filter_map(Node::text);
        names.any(|name| name == reason.word())
    };
    let any = attempts.is_some() || !backoff.is_empty() || !items("retryOn").is_empty();
    if !any {
        return (retry, Basis::Default);
    }
    if matches!(era, Era::March { .. }) {
        let most = attempts.map(|n| u32::try_from(whole(n)).unwrap_or(u32::MAX));
        retry.attempts = most.unwrap_or(retry.attempts);
        if !backoff.is_empty() {
            retry.backoff_ms = backoff;
        }
        if !items("retryOn").is_empty() {
            retry.on = Reason::ALL.into_iter().filter(named).collect();
        }
    }
    (retry, Basis::Set)
}

/// A number of a configuration as a whole one from 0 on.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn whole(n: f64) -> i64 {
    n.max(0.0).floor() as i64
}

/// Says which one-shots are repeated, how often and when.
pub(super) fn said(retry: &Retry, basis: Basis) -> String {
    let which = if retry.on == Reason::ALL {
        "that failed of what may pass".to_owned()
    } else {
        let words: Vec<&str> = retry.on.iter().map(|reason| reason.word()).collect();
        format!("that failed of {}", words.join(" or "))
    };
    let pauses = (1..=retry.attempts).map(|errors| retry.pause_ms(errors));
    let pauses = pauses.take(retry.backoff_ms.len());
    let pauses: Vec<String> = pauses.map(when::duration).collect();
    let repeats = match retry.attempts {
        0 => "no repeat, off at once".to_owned(),
        1 => format!("1 repeat after {}, then off", pauses.join(", ")),
        n => format!("{n} repeats after {}, then off", pauses.join(", ")),
    };
    let by = match basis {
        Basis::Set => " (cron.retry of the configuration)",
        Basis::Default => " (the default of cron.retry)",
        Basis::Unknown => " (the default; cron.retry of the configuration is not known)",
    };
    format!("one-shots {which}: {repeats}{by}; any other error switches one off at once")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::Silence;

    const MARCH: Era = Era::March {
        silence: Silence::Client,
    };

    fn read(text: &str, era: Era) -> (Retry, Basis) {
        let config = Config::of_text(text, "openclaw.json").unwrap();
        from(Some(&config), false, era)
    }

    /// `resolveRetryConfig` (gateway-cli of 2026.3.28 and 2026.3.31).
    #[test]
    fn march_reads_what_the_configuration_sets() {
        let text = "{cron: {retry: {maxAttempts: 5, backoffMs: [1000, 2000], retryOn: ['timeout', 'overloaded']}}}";
        let (retry, basis) = read(text, MARCH);
        assert_eq!(basis, Basis::Set);
        assert_eq!((retry.attempts, &*retry.backoff_ms), (5, &[1000, 2000][..]));
        assert_eq!(retry.on, [Reason::Overloaded, Reason::Timeout]);
        assert_eq!(
            said(&retry, basis),
            "one-shots that failed of overloaded or timeout: 5 repeats after 1 s, 2 s, then off \
             (cron.retry of the configuration); any other error switches one off at once"
        );
        let (retry, _) = read("{cron: {retry: {maxAttempts: 0}}}", MARCH);
        assert_eq!(retry.attempts, 0);
        assert_eq!(retry.backoff_ms, Retry::default().backoff_ms);
        // Empty lists are as none.
        let none = read("{cron: {retry: {backoffMs: [], retryOn: []}}}", MARCH);
        assert_eq!(none, (Retry::default(), Basis::Default));
    }

    /// `resolveTransientCronRetryDecision` of 2026.9.6 passes `retryOn: void 0` and counts to
    /// `DEFAULT_MAX_TRANSIENT_RETRIES`.
    #[test]
    fn september_reads_none_of_it() {
        let read = read("{cron: {retry: {maxAttempts: 0}}}", Era::September);
        assert_eq!(read, (Retry::default(), Basis::Set));
    }

    #[test]
    fn without_a_configuration_it_is_not_known() {
        assert_eq!(of(None, MARCH), (Retry::default(), Basis::Unknown));
        assert_eq!(from(None, true, MARCH).1, Basis::Default);
    }
}
