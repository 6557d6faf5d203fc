//! How often, how long, how patiently.

use sha2::{Digest, Sha256};

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
    /// Who asks to come back later than this is left alone for this call.
    pub longest_wait_ms: i64,
    /// In a loop: how long a turn rests after requests that did not end it; doubles.
    pub rest_ms: i64,
    /// The longest such rest.
    pub rest_max_ms: i64,
    /// Since when the caller is the one that it is, epoch milliseconds: that another was refused says nothing.
    pub caller_since_ms: i64,
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
            longest_wait_ms: 300_000,
            rest_ms: 60_000,
            rest_max_ms: 3_600_000,
            caller_since_ms: i64::MIN,
            escalate: false,
        }
    }
}

/// Full jitter: a pause between 0 and `base · 2^attempt`, at most `max`. `seed` decides which, so
/// that the same input gives the same pause; seeds of different targets give different ones.
pub fn backoff_ms(base: i64, max: i64, attempt: u32, seed: &str) -> i64 {
    let factor = 1_i64.checked_shl(attempt).filter(|&f| f > 0);
    let longest = base
        .saturating_mul(factor.unwrap_or(i64::MAX))
        .min(max)
        .max(0);
    let digest = Sha256::new()
        .chain_update(attempt.to_be_bytes())
        .chain_update(seed)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    let drawn = u64::from_be_bytes(first) % longest.unsigned_abs().saturating_add(1);
    i64::try_from(drawn).unwrap_or(longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::backoff_ms;

    #[test]
    fn pauses_grow_up_to_the_longest_and_scatter() {
        let longest = |attempt| {
            (0..200)
                .map(|n| backoff_ms(1_000, 30_000, attempt, &format!("ws-{n}")))
                .max()
                .unwrap()
        };
        assert!((900..=1_000).contains(&longest(0)));
        assert!((1_800..=2_000).contains(&longest(1)));
        assert!((27_000..=30_000).contains(&longest(9)));
        assert!((27_000..=30_000).contains(&longest(u32::MAX)));
        assert_eq!(backoff_ms(0, 30_000, 3, "x"), 0);
        assert_eq!(backoff_ms(1_000, 0, 3, "x"), 0);
        assert_eq!(backoff_ms(-5, 30_000, 3, "x"), 0);
    }

    proptest! {
        #[test]
        fn a_pause_is_within_bounds_and_repeatable(
            base in any::<i64>(), max in any::<i64>(), attempt in any::<u32>(), seed in ".*",
        ) {
            let pause = backoff_ms(base, max, attempt, &seed);
            prop_assert!(pause >= 0 && pause <= max.max(0));
            prop_assert_eq!(pause, backoff_ms(base, max, attempt, &seed));
        }
    }
}
