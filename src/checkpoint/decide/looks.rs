//! What the looks since an answer show, and whether to look again.

use super::case::Case;
use super::{Action, Seen};

/// Without a list of turns the platform's phantom sweep shows 0 for up to 30 s: where nobody said that
/// the turn was cancelled, the workspace must be seen without a task for this long.
pub(super) const IDLE_HELD_MS: i64 = 35_000;

/// What the looks since an instant show of a turn.
pub(super) enum Shown {
    /// It is gone: in words.
    Gone(&'static str),
    /// It is there, as of this look.
    Here(i64),
    /// The workspace shows no task, from the first to the last look of an unbroken row.
    Idle(i64, i64),
    /// The platform could not be asked at the last look.
    NotKnown(i64),
    /// Nobody looked.
    Nothing,
}

/// What came of waiting for a turn's end.
pub(super) enum Waited {
    /// It is over: how that shows.
    Over(&'static str),
    /// Not yet: what to do.
    Not(Action),
    /// It is still there after the grace.
    Lingers,
    /// The platform could not be asked until the end of the grace.
    NotKnown,
}

impl Case<'_> {
    /// Reads the looks since an instant.
    pub(super) fn shown(&self, since_ms: i64) -> Shown {
        let mut idle: Option<(i64, i64)> = None;
        let mut last_not_known = None;
        for look in self.looks.iter().rev().take_while(|l| l.at_ms >= since_ms) {
            match (look.seen, idle) {
                (Seen::Gone, None) => return Shown::Gone("the turn is gone"),
                (Seen::Successor, None) => return Shown::Gone("another turn is in flight"),
                (Seen::InFlight, None) if last_not_known.is_none() => {
                    return Shown::Here(look.at_ms);
                }
                (Seen::Idle, None) => idle = Some((look.at_ms, look.at_ms)),
                (Seen::Idle, Some((_, last))) => idle = Some((look.at_ms, last)),
                (Seen::NotKnown, None) => {
                    last_not_known = last_not_known.or(Some(look.at_ms));
                }
                (Seen::NotKnown, Some(_)) => {}
                // What was seen before the row of looks that counts.
                _ => break,
            }
        }
        match (idle, last_not_known) {
            (Some((first, last)), _) => Shown::Idle(first, last),
            (None, Some(at_ms)) => Shown::NotKnown(at_ms),
            (None, None) => Shown::Nothing,
        }
    }

    /// Looks at the next time: at once, then at each poll, and at the end of the grace.
    fn look(&self, since_ms: i64, until_ms: i64) -> Action {
        let last = self.looks.last().filter(|look| look.at_ms >= since_ms);
        let at_ms = match last {
            None => self.now_ms,
            Some(last) => {
                let next = last.at_ms.saturating_add(self.policy.poll_ms.max(1));
                let end = (last.at_ms < until_ms).then_some(until_ms);
                next.min(end.unwrap_or(next)).max(self.now_ms)
            }
        };
        Action::Look { at_ms }
    }

    /// The end of the grace of a request that ended at an instant.
    fn grace_end(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(self.policy.grace_ms.max(0))
    }

    /// Waits until a turn is seen to be gone. With `cancelled` it is over by what was answered, and one
    /// look without a task confirms that.
    pub(super) fn wait_for_end(&self, since_ms: i64, cancelled: bool) -> Waited {
        let until_ms = self.grace_end(since_ms);
        let newest_ms = self.looks.last().map_or(i64::MIN, |look| look.at_ms);
        let held = |first: i64, last: i64| cancelled || last.saturating_sub(first) >= IDLE_HELD_MS;
        match self.shown(since_ms) {
            Shown::Gone(how) => Waited::Over(how),
            Shown::Idle(first, last) if held(first, last) => {
                Waited::Over("the workspace shows no task")
            }
            // The row of looks may still become long enough, also after some that failed.
            Shown::Idle(first, _)
                if newest_ms < first.saturating_add(2 * IDLE_HELD_MS).max(until_ms) =>
            {
                Waited::Not(self.look(since_ms, first.saturating_add(IDLE_HELD_MS)))
            }
            Shown::Idle(..) => Waited::NotKnown,
            Shown::Here(at_ms) if at_ms >= until_ms => Waited::Lingers,
            Shown::NotKnown(at_ms) if at_ms >= until_ms => Waited::NotKnown,
            Shown::Here(_) | Shown::NotKnown(_) | Shown::Nothing => {
                Waited::Not(self.look(since_ms, until_ms))
            }
        }
    }
}
