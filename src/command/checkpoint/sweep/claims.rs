//! Claims: a turn is dealt with by one process at a time, and only while its claim lasts.

use super::Sweep;
use crate::checkpoint::Outcome;
use crate::clock;
use crate::command::checkpoint::case::Work;
use crate::ledger::{Record, Recorded};
use crate::when;

/// How long claims last, by this process's clock. They are the ledger's, whose clock is another: each
/// lasts at least from when the call that made or renewed it began.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to each name")]
pub(super) struct Lease {
    lasts_ms: i64,
    /// When all were renewed last.
    renewed_ms: i64,
    /// What was claimed before may have lapsed since.
    unbroken_ms: i64,
}

impl Lease {
    /// Claims that last so long.
    pub(super) fn new(lasts_ms: i64, now_ms: i64) -> Self {
        Self {
            lasts_ms,
            renewed_ms: now_ms,
            unbroken_ms: now_ms,
        }
    }

    /// For how long a claim is relied on: less than it lasts, for a request takes time.
    fn trusted_ms(self) -> i64 {
        self.lasts_ms - self.lasts_ms / 4
    }

    /// Whether a claim that was made then still holds.
    pub(super) fn holds(self, claimed_ms: i64, now_ms: i64) -> bool {
        let since = claimed_ms.max(self.renewed_ms);
        claimed_ms >= self.unbroken_ms && now_ms < since.saturating_add(self.trusted_ms())
    }

    /// When all are to be renewed.
    pub(super) fn renew_ms(self) -> i64 {
        self.renewed_ms.saturating_add(self.lasts_ms / 3)
    }

    /// Notes that all that had not lapsed were renewed by a call that began then.
    pub(super) fn renewed(&mut self, at_ms: i64) {
        if at_ms >= self.renewed_ms.saturating_add(self.trusted_ms()) {
            self.unbroken_ms = at_ms;
        }
        self.renewed_ms = at_ms;
    }
}

impl Sweep<'_> {
    /// Notes what the ledger made of a request that was to begin.
    pub(super) fn recorded(&mut self, i: usize, work: Work, recorded: Recorded) {
        let begun_ms = self.beginning_ms;
        match recorded {
            Recorded::Done(id) => {
                self.cases[i].claimed = true;
                self.cases[i].numbers.push(id);
                if self.sends_more() {
                    self.begun.push_back((i, work, begun_ms));
                } else {
                    self.withdraw(i);
                }
            }
            Recorded::Held { owner, for_ms } => {
                self.takes_back(i);
                self.cases[i].held = true;
                self.cases[i].claimed = false;
                let why = format!(
                    "{owner} is dealing with it: its claim ends in {}",
                    when::duration(for_ms)
                );
                self.end(i, Outcome::NotSent, why);
            }
            Recorded::Changed(attempts) => {
                self.takes_back(i);
                let case = &mut self.cases[i];
                case.claimed = true;
                case.learns(attempts);
                let now = clock::now_ms();
                match case.resting(self.tools.policy, now) {
                    Some(rest) if self.tools.in_loop => self.end(i, Outcome::NotSent, rest.why),
                    _ => self.ready.push(i),
                }
            }
            Recorded::Spent { again_ms } => {
                self.takes_back(i);
                let withheld = 1 + self.wanted.len();
                if self.halt.is_none() {
                    let again = when::duration(again_ms);
                    let why = format!(
                        "the requests of this hour are used up; the next is free in {again}"
                    );
                    tracing::warn!(withheld, "{why}");
                    self.halt = Some(why);
                }
                if let Some(metrics) = self.tools.metrics {
                    metrics.spent(withheld as u64);
                }
                self.give_up(i, "");
                // What was begun before it is within the budget, and goes out.
                self.hold_wanted();
            }
        }
    }

    /// Takes back what was to begin and did not.
    pub(super) fn takes_back(&mut self, i: usize) {
        self.cases[i].withdraws();
        self.breaker.withdraws();
    }

    /// Has a request recorded again that was not sent in time: another may have claimed the turn since.
    pub(super) fn record_anew(&mut self, i: usize, work: Work) {
        self.not_sent(i, "its claim ran out before it was sent");
        self.want(i, work);
    }

    /// Records of what was recorded as begun that it is not sent.
    pub(super) fn not_sent(&mut self, i: usize, why: &str) {
        self.takes_back(i);
        if let Some(id) = self.cases[i].numbers.pop() {
            self.records.push(Record::Ended {
                id,
                at_ms: clock::now_ms(),
                outcome: Outcome::NotSent,
                why: why.to_owned(),
                after: serde_json::Value::Null,
            });
        }
    }

    /// When the claims are to be renewed; `None` while the ledger is being written, or is given up.
    pub(super) fn renew_due_ms(&self) -> Option<i64> {
        (self.open > 0 && self.ledger.is_some()).then(|| self.lease.renew_ms())
    }

    /// Has the claims renewed when it is time.
    pub(super) fn renew(&mut self) {
        if self.renew_due_ms().is_some_and(|ms| ms <= clock::now_ms()) {
            self.records.push(Record::Renewed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lease;

    #[test]
    fn a_claim_is_relied_on_for_three_quarters_of_its_time() {
        let lease = Lease::new(60_000, 0);
        assert_eq!(lease.renew_ms(), 20_000);
        assert!(lease.holds(0, 44_999));
        assert!(!lease.holds(0, 45_000));
        assert!(lease.holds(10_000, 54_999));
    }

    #[test]
    fn renewing_prolongs_only_what_had_not_lapsed() {
        let mut lease = Lease::new(60_000, 0);
        lease.renewed(20_000);
        assert!(lease.holds(0, 64_999));
        // The process stood still for long.
        lease.renewed(100_000);
        assert!(!lease.holds(0, 100_001));
        assert!(!lease.holds(99_999, 100_001));
        assert!(lease.holds(100_000, 100_001));
    }
}
