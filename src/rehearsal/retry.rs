//! Which failed runs of one-shots a scheduler repeats, when, and how often.

/// What a scheduler makes of an error, as `cron.retry.retryOn` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `rate_limit`.
    RateLimit,
    /// `overloaded`.
    Overloaded,
    /// `network`: no fault that is played is one.
    Network,
    /// `timeout`.
    Timeout,
    /// `server_error`.
    ServerError,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RateLimit,
        Self::Overloaded,
        Self::Network,
        Self::Timeout,
        Self::ServerError,
    ];

    /// Its name in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::Overloaded => "overloaded",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::ServerError => "server_error",
        }
    }
}

/// The repeats of one-shots.
///
/// Source: `resolveRetryConfig` of 2026.3 (`cron.retry`). 2026.9.6 has the default alone
/// (`resolveTransientCronRetryDecision`), for recurring jobs too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// At most so many.
    pub attempts: u32,
    /// After how many consecutive errors comes which pause, milliseconds; the last one repeats.
    pub backoff_ms: Vec<i64>,
    /// Errors that are repeated.
    pub on: Vec<Reason>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff_ms: vec![30_000, 60_000, 300_000],
            on: Reason::ALL.to_vec(),
        }
    }
}

impl Retry {
    /// Whether one of these is repeated.
    pub fn is_on(&self, reasons: &[Reason]) -> bool {
        reasons.iter().any(|reason| self.on.contains(reason))
    }

    /// The pause after so many consecutive errors, milliseconds.
    pub fn pause_ms(&self, errors: u32) -> i64 {
        pause_after(&self.backoff_ms, errors)
    }
}

/// The pause of a list after so many consecutive errors; the last one repeats, and none is 0.
pub(super) fn pause_after(pauses: &[i64], errors: u32) -> i64 {
    let at = usize::try_from(errors.saturating_sub(1)).unwrap_or(usize::MAX);
    pauses.get(at).or(pauses.last()).copied().unwrap_or(0)
}
