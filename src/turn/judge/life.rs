//! Signs of life, and what a turn blocks.

use super::case::Case;
use super::evidence::Age;
use crate::turn::{Activity, Blocks, Bound, Liveness};
use crate::when::utc;

/// The kinds of activity that an agent writes itself while it works.
const SIGNS: [&str; 5] = [
    "agent_log",
    "task_update",
    "a2a_send",
    "memory_write",
    "skill_promotion",
];

/// The last sign of life.
#[derive(Default)]
pub(super) struct Life {
    /// What is to be thought of it.
    pub(super) liveness: Option<Liveness>,
    /// When, by our clock.
    pub(super) at_ms: Option<i64>,
    /// What it was.
    pub(super) what: Option<String>,
}

impl Case<'_> {
    /// Finds the last sign of life of a turn in flight.
    pub(super) fn life(&self, age: Option<&Age>) -> Life {
        let of = |at_ms: i64, what: String| {
            let silent = self.now_ms.saturating_sub(at_ms) > self.policy.silent_after_ms;
            Life {
                liveness: Some(if silent {
                    Liveness::Silent
                } else {
                    Liveness::Active
                }),
                at_ms: Some(at_ms),
                what: Some(what),
            }
        };
        if let Some(seconds) = self.listed.and_then(|turn| turn.idle_seconds) {
            let at_ms = self.now_ms.saturating_sub(seconds.saturating_mul(1_000));
            return of(at_ms, "GET /admin/turns: idle_seconds".to_owned());
        }
        let Some(rows) = self.activity() else {
            return Life::default();
        };
        // What happened before the turn began says nothing of it.
        let begun_ms = age
            .filter(|age| age.bound != Bound::AtLeast)
            .map_or(i64::MIN, |age| age.since_ms);
        let last = rows.iter().find_map(|row| {
            let at_ms = self.ours(row.created_at_ms?);
            (self.is_sign(row) && at_ms >= begun_ms).then_some((row, at_ms))
        });
        if let Some((row, at_ms)) = last {
            let what = row.summary.as_ref().or(row.method.as_ref());
            let what = what.map_or_else(String::new, |what| format!(" {what}"));
            return of(at_ms, format!("{}{what}", row.activity_type));
        }
        // A turn that just began has not been silent for long.
        let long = age.is_some_and(|age| {
            self.now_ms.saturating_sub(age.since_ms) > self.policy.silent_after_ms
        });
        Life {
            liveness: long.then_some(Liveness::Silent),
            ..Life::default()
        }
    }

    /// Whether an activity shows that the workspace's own agent works.
    fn is_sign(&self, row: &Activity) -> bool {
        SIGNS.contains(&&*row.activity_type)
            && row
                .source_id
                .as_ref()
                .is_none_or(|source| source == self.id)
    }

    /// Says what a turn in flight blocks; with an exact start, what was skipped since.
    pub(super) fn blocks(&self, age: Option<&Age>) -> Blocks {
        let begun_ms = age
            .filter(|age| age.bound == Bound::Exact)
            .map_or(i64::MIN, |age| age.since_ms);
        let platform_now_ms = self.snapshot.platform_now_ms();
        let due = self.snapshot.schedules.get(self.id).map(|schedules| {
            // The year 1 stands for a date that never comes: that one is not waiting.
            let due = |next: i64| (0..=platform_now_ms).contains(&next);
            let waiting = schedules
                .iter()
                .filter(|s| s.enabled && s.next_run_at_ms.is_some_and(due));
            waiting.count() as u64
        });
        if self.activity().is_none() {
            return Blocks {
                due,
                ..Blocks::default()
            };
        }
        let mut skipped: Vec<_> = self.skips();
        skipped.retain(|(_, at_ms)| *at_ms >= begun_ms);
        let mut schedules: Vec<String> = Vec::new();
        for (row, _) in &skipped {
            let cron = row.cron.as_ref();
            let name = cron.and_then(|c| c.schedule_name.as_ref().or(c.schedule_id.as_ref()));
            if let Some(name) = name
                && !schedules.contains(name)
            {
                schedules.push(name.clone());
            }
        }
        let since = skipped.last().map(|(_, at_ms)| *at_ms);
        Blocks {
            skipped: Some(skipped.len() as u64),
            since_at: since.map(utc),
            since_at_ms: since,
            schedules,
            due,
        }
    }
}
