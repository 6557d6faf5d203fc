//! How often, how long, how patiently.

/// How a target is dealt with. All times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What the adapter has to save a turn (`--drain`).
    pub drain_ms: i64,
    /// How long after an accepted request the turn may linger before it is said: one heartbeat.
    pub grace_ms: i64,
    /// The pause between two looks while waiting.
    pub poll_ms: i64,
    /// How many requests one target gets at most in one call.
    pub max_requests: u32,
    /// The first pause after an unknown outcome; doubles, with full jitter.
    pub backoff_ms: i64,
    /// The longest such pause.
    pub backoff_max_ms: i64,
    /// A refused turn is not asked again before this.
    pub refusal_cooldown_ms: i64,
    /// `--escalate restart`: after unsupported, refused or lingering, restart the workspace.
    pub escalate: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            drain_ms: 20_000,
            grace_ms: 35_000,
            poll_ms: 1_000,
            max_requests: 3,
            backoff_ms: 1_000,
            backoff_max_ms: 30_000,
            refusal_cooldown_ms: 3_600_000,
            escalate: false,
        }
    }
}

/// Full jitter: a pause between 0 and `base · 2^attempt`, at most `max`. `seed` decides which, so
/// that the same input gives the same pause; seeds of different targets give different ones.
pub fn backoff_ms(_base: i64, _max: i64, _attempt: u32, _seed: &str) -> i64 {
    unimplemented!()
}
