//! Stagger: how OpenClaw spreads jobs that would all fire at the top of an hour.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Version;
use super::number::{AsFound, Coercion, whole};
use super::text::{is_js_space, words};

/// The default window of a recurring top-of-hour expression: five minutes.
const TOP_OF_HOUR_MS: i64 = 300_000;

/// The first version with a strict grammar for the hour field of a top-of-hour expression, and for
/// numbers stored as text (OpenClaw 2026.6.11).
const STRICT: Version = Version::new(2026, 6, 11);

/// How far a job is moved, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stagger {
    /// The window that offsets fall in, milliseconds; 0 for none.
    pub window_ms: i64,
    /// How much later than the expression says this job fires, milliseconds.
    pub offset_ms: i64,
    /// Where the window comes from.
    pub reason: StaggerReason,
}

/// Where a stagger window comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StaggerReason {
    /// `staggerMs` sets it.
    Explicit,
    /// `staggerMs` is 0: the job is declared exact.
    Exact,
    /// The expression fires at the top of recurring hours: the default window.
    TopOfHour,
    /// The expression does not: no window.
    FixedTime,
    /// The scheduler has no stagger.
    Unknown,
}

impl Stagger {
    /// No stagger, for schedulers that know none.
    pub const NONE: Self = Self {
        window_ms: 0,
        offset_ms: 0,
        reason: StaggerReason::Unknown,
    };

    /// Returns the stagger of a job: its own `staggerMs`, else the default window of its
    /// expression. The offset is `u32_be(sha256(job id)[0..4]) mod window`: it depends on the job's
    /// id, not on its expression.
    pub fn of(version: Version, expr: &str, stagger_ms: Option<&AsFound>, job_id: &str) -> Self {
        let (window_ms, reason) = match stagger_ms.and_then(|v| explicit(version, v)) {
            Some(0) => (0, StaggerReason::Exact),
            Some(window) => (window, StaggerReason::Explicit),
            None if is_top_of_hour(version, expr) => (TOP_OF_HOUR_MS, StaggerReason::TopOfHour),
            None => (0, StaggerReason::FixedTime),
        };
        Self {
            window_ms,
            offset_ms: offset(job_id, window_ms),
            reason,
        }
    }
}

/// Returns `staggerMs` as the gateway normalises it, `None` when it takes it as absent.
pub fn explicit(version: Version, value: &AsFound) -> Option<i64> {
    let coercion = if version >= STRICT {
        Coercion::Strict
    } else {
        Coercion::Loose
    };
    whole(value, coercion).map(|ms| ms.max(0))
}

/// Returns the offset of a job id within a window, milliseconds.
pub fn offset(job_id: &str, window_ms: i64) -> i64 {
    if window_ms <= 1 {
        return 0;
    }
    i64::from(id_word(id_hash(job_id))) % window_ms
}

/// Returns the first eight bytes of sha256 of a job id, big-endian: orders and scatters jobs.
pub fn id_hash(job_id: &str) -> u64 {
    let digest = Sha256::digest(job_id.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// Returns the four bytes of an [`id_hash`] that OpenClaw takes, the first four of the digest.
pub fn id_word(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

/// Returns whether an expression fires at the top of recurring hours.
fn is_top_of_hour(version: Version, expr: &str) -> bool {
    let all = words(expr, is_js_space);
    let texts: Vec<_> = all.iter().map(|w| &*w.text).collect();
    let hour = match texts.as_slice() {
        ["0", hour, _, _, _] | ["0", "0", hour, _, _, _] => *hour,
        _ => return false,
    };
    if version < STRICT {
        return hour.contains('*');
    }
    hour.split(',').all(is_hour_item) && hour.split(',').any(|item| item.starts_with(['*', '?']))
}

/// `N`, `N-M`, `*`, `?`, each with an optional `/S`.
fn is_hour_item(item: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (values, step) = item
        .split_once('/')
        .map_or((item, None), |(values, step)| (values, Some(step)));
    let range = || {
        values
            .split_once('-')
            .is_some_and(|(low, high)| digits(low) && digits(high))
    };
    (values == "*" || values == "?" || digits(values) || range()) && step.is_none_or(digits)
}
