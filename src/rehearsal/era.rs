//! What a gateway does about a call that failed, and about a run that failed: by version.

use fastrand::Rng;

use super::fault::Kind;
use super::retry::{Reason, pause_after};

/// The rules of a range of OpenClaw releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// 2026.3: the provider's client tries three times, and the session repeats that three times.
    ///
    /// Source: `pi-coding-agent` (`_isRetryableError`, `getRetrySettings`: 3 retries after 2, 4 and
    /// 8 s), the clients' own two retries (0.5 s doubling to 8 s, less up to a quarter), `run/helpers`
    /// (`OVERLOAD_FAILOVER_BACKOFF_POLICY`), `cron/service/timer` (`applyJobResult`); recorded on
    /// 2026.3.28.
    March {
        /// How long a call without an answer lasts, milliseconds.
        silence: Silence,
    },
    /// 2026.9: one budget of retries with jitter, within 90 s for all but rate limits.
    ///
    /// Source: `run/failover-retry-controller` (`resolveTransientRetryDelayMs`: 1 s doubling to 30 s,
    /// times 0.5 to 1.5; 8 retries, 9 for rate limits), `cron/service/timer-outcomes`
    /// (`applyJobResult`), `auto-disable` (10 errors); recorded on 2026.9.6.
    September,
}

/// What ends a call that is never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The client, after its 10 minutes, and it tries again (2026.3.28).
    Client,
    /// The gateway, after a minute, and the model is given up (2026.3.31).
    Watched,
}

/// What was tried of one model in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Calls so far.
    pub calls: u32,
    /// When the first of them had failed, epoch milliseconds.
    pub first_failed_ms: i64,
}

const MINUTE_MS: i64 = 60_000;

/// After how many consecutive errors comes which pause; the last one repeats.
///
/// Source: `DEFAULT_ERROR_BACKOFF_SCHEDULE_MS`, the same in both eras.
const BACKOFF_MS: [i64; 5] = [30_000, 60_000, 300_000, 900_000, 3_600_000];

impl Era {
    /// How long a call without an answer lasts, milliseconds.
    ///
    /// Source: the clients' `timeout` of 10 minutes (2026.3.28 has no other),
    /// `DEFAULT_LLM_IDLE_TIMEOUT_MS` (2026.3.31), `CRON_LLM_IDLE_TIMEOUT_MS` (2026.9.6; not for
    /// providers on this host).
    pub fn silence_ms(self) -> i64 {
        match self {
            Self::March {
                silence: Silence::Client,
            } => 10 * MINUTE_MS,
            Self::March { .. } | Self::September => MINUTE_MS,
        }
    }

    /// How long to wait before the same model is called again, milliseconds, after a call of it that
    /// failed of `kind` at `now_ms`; `None`: it is not.
    pub fn again_ms(self, kind: Kind, tried: &Tried, now_ms: i64, rng: &mut Rng) -> Option<i64> {
        match self {
            Self::March { silence } => march_ms(session_tries(kind, silence)?, tried.calls, rng),
            Self::September if september_reasons(kind).is_empty() => None,
            Self::September => september_ms(kind, tried, now_ms, rng),
        }
    }

    /// What the scheduler makes of a model that was given up after `kind`; of failures that will not
    /// pass, nothing. `summed` says whether other models were tried in the run, too.
    ///
    /// Source: 2026.3 looks for `TRANSIENT_PATTERNS` in the whole text (`isTransientCronError`), which
    /// after more than one model is that of all, each with the reason of its failover (`All models
    /// failed (2): … (timeout) | … (auth)`). There a 503 is named by its number or as overloaded,
    /// whatever its body says; a client's silence is "LLM request timed out.", in which no pattern is
    /// found; the gateway's own names `agents.defaults.timeoutSeconds`, in which one is. 2026.9.6 has
    /// the reason of the last model (`errorClassification`).
    pub fn reasons(self, kind: Kind, summed: bool) -> &'static [Reason] {
        match (self, kind) {
            (Self::September, _) => september_reasons(kind),
            (_, Kind::Overloaded) => &[Reason::Overloaded, Reason::ServerError],
            (_, Kind::RateLimit) => &[Reason::RateLimit],
            (_, Kind::ServerError | Kind::Unreachable) if summed => {
                &[Reason::ServerError, Reason::Timeout]
            }
            (_, Kind::ServerError | Kind::Unreachable | Kind::OtherServerError) => {
                &[Reason::ServerError]
            }
            (
                Self::March {
                    silence: Silence::Watched,
                },
                Kind::Silence,
            ) => &[Reason::Timeout],
            (_, Kind::Silence | Kind::Gone) if summed => &[Reason::Timeout],
            _ => &[],
        }
    }

    /// Whether the scheduler judges a failed run by all the models that were tried, not by the last.
    pub fn sums_up(self) -> bool {
        self != Self::September
    }

    /// How long to wait before the next model is called, milliseconds; `None`: this failure ends the
    /// run.
    ///
    /// Source: `maybeBackoffBeforeOverloadFailover` (2026.3: 250 ms and up to a fifth more for
    /// overload). 2026.3 goes on after what `classifyFailoverReason` knows: not after a 400, 408, 409
    /// and the less known 5xx. Recorded with a fallback for 400, 401, 429, 503 and 529 on 2026.3.31
    /// and 2026.9.6.
    pub fn failover_ms(self, kind: Kind, rng: &mut Rng) -> Option<i64> {
        match (self, kind) {
            (Self::March { .. }, Kind::Overloaded) => Some(250 + rng.i64(0..=50)),
            (
                Self::March { .. },
                Kind::Refused | Kind::RequestTimeout | Kind::Conflict | Kind::OtherServerError,
            ) => None,
            _ => Some(0),
        }
    }

    /// The scheduler's pause after so many consecutive errors, milliseconds.
    pub fn backoff_ms(self, errors: u32) -> i64 {
        pause_after(&BACKOFF_MS, errors)
    }

    /// Whether the scheduler itself repeats failed runs of recurring jobs, as it does those of
    /// one-shots: from 2026.9 on.
    pub fn repeats_recurring(self) -> bool {
        self == Self::September
    }

    /// Whether a run that its own time-out ended counts as a failure that may pass. 2026.3 looks for
    /// `timeout` in "cron: job execution timed out", and does not find it.
    pub fn timeout_is_transient(self) -> bool {
        self == Self::September
    }

    /// After how many consecutive errors a recurring job is switched off.
    pub fn switches_off_after(self) -> Option<u32> {
        match self {
            Self::March { .. } => None,
            Self::September => Some(10),
        }
    }
}

/// How often the session of 2026.3 has the client try a call, three times each; `None`: the client
/// does not try again either.
///
/// Source: `shouldRetry` of the clients (408, 409, 429, from 500 on), `_isRetryableError` of the
/// session (429, 500, 502, 503, 504, or words such as `overloaded`; a 529 is recorded with it).
fn session_tries(kind: Kind, silence: Silence) -> Option<u32> {
    match kind {
        Kind::Silence if silence == Silence::Watched => None,
        Kind::Overloaded | Kind::RateLimit | Kind::ServerError | Kind::Silence => Some(4),
        Kind::RequestTimeout | Kind::Conflict | Kind::Unreachable | Kind::OtherServerError => {
            Some(1)
        }
        Kind::Gone | Kind::Auth | Kind::Billing | Kind::NotFound | Kind::Refused => None,
    }
}

/// What 2026.9.6 makes of a failure (`classifyFailoverSignalCore`), as far as it may pass.
fn september_reasons(kind: Kind) -> &'static [Reason] {
    match kind {
        Kind::Overloaded => &[Reason::Overloaded],
        Kind::RateLimit => &[Reason::RateLimit],
        Kind::ServerError | Kind::Unreachable | Kind::OtherServerError => &[Reason::ServerError],
        Kind::RequestTimeout | Kind::Gone | Kind::Silence => &[Reason::Timeout],
        Kind::Conflict | Kind::Auth | Kind::Billing | Kind::NotFound | Kind::Refused => &[],
    }
}

/// Three tries of the client, as often as the session has it.
fn march_ms(session: u32, calls: u32, rng: &mut Rng) -> Option<i64> {
    const CLIENT_TRIES: u32 = 3;
    let (round, within) = (calls / CLIENT_TRIES, calls % CLIENT_TRIES);
    if within > 0 {
        // 0.5 s, then 1 s, each less up to a quarter.
        let full = 500 << (within - 1);
        return Some(full - rng.i64(0..=full / 4));
    }
    (round < session).then(|| 2000 << (round - 1))
}

/// One second, doubling to thirty, times a half to one and a half.
fn september_ms(kind: Kind, tried: &Tried, now_ms: i64, rng: &mut Rng) -> Option<i64> {
    const RETRIES: u32 = 8;
    const RATE_RETRIES: u32 = 9;
    const WITHIN_MS: i64 = 90_000;
    const MOST_MS: i64 = 30_000;
    let rate = kind == Kind::RateLimit;
    let budget = if rate { RATE_RETRIES } else { RETRIES };
    if tried.calls > budget {
        return None;
    }
    let full = (1000_i64 << (tried.calls.max(1) - 1).min(8)).min(MOST_MS);
    let delay = (full / 2 + rng.i64(0..=full)).min(MOST_MS);
    let left = WITHIN_MS - (now_ms - tried.first_failed_ms);
    (rate || delay <= left).then_some(delay)
}
