//! Evidence: what says how old a turn is.

use super::case::Case;
use crate::turn::spell::SLACK_MS;
use crate::turn::{Activity, Bound, Evidence, EvidenceKind, Witness};
use crate::when::utc;

/// How the platform's proxy says that it gave up waiting while the agent goes on.
const HEADER_TIMEOUT: &str = "timeout awaiting response headers";

/// A fire whose message timed out is queued, and its own row is written right after, status ok: that
/// shows no end.
const OWN_ROW_MS: i64 = 10_000;

/// Two statements of one start that differ by more are spoken of.
const STARTS_APART_MS: i64 = 5_000;

/// An age.
pub(super) struct Age {
    /// Since when, by our clock.
    pub(super) since_ms: i64,
    /// What it is.
    pub(super) bound: Bound,
    /// The place of the evidence that it rests on.
    pub(super) index: usize,
}

/// Finds the age that is shown: the exact one, else the greatest lower bound or, where it is older
/// than that, the estimate.
pub(super) fn age(evidence: &[Evidence]) -> Option<Age> {
    let oldest = |bound: Bound| {
        let of = evidence
            .iter()
            .enumerate()
            .filter(|(_, e)| e.bound == bound);
        let all = of.filter_map(|(index, e)| {
            let since_ms = e.since_ms?;
            Some(Age {
                since_ms,
                bound,
                index,
            })
        });
        // Equal ones rest on the stronger evidence, which stands first.
        all.min_by_key(|age| age.since_ms)
    };
    let exact = evidence.iter().enumerate().find_map(|(index, e)| {
        let since_ms = e.since_ms.filter(|_| e.bound == Bound::Exact)?;
        Some(Age {
            since_ms,
            bound: Bound::Exact,
            index,
        })
    });
    exact.or_else(|| match (oldest(Bound::AtLeast), oldest(Bound::Estimate)) {
        (Some(least), Some(estimate)) if estimate.since_ms < least.since_ms => Some(estimate),
        (least, estimate) => least.or(estimate),
    })
}

impl Case<'_> {
    /// All evidence of a turn in flight, strongest first, and what is odd about it.
    pub(super) fn evidence(&self) -> (Vec<Evidence>, Vec<String>) {
        let mut notes = Vec::new();
        let mut all = Vec::new();
        all.extend(self.listed_start(&mut notes));
        all.extend(self.seen_before());
        all.extend(self.timed_out());
        all.extend(self.skipped_since());
        all.sort_by_key(|evidence| evidence.kind);
        (all, notes)
    }

    /// The start that the list of turns names, by the platform's clock.
    pub(super) fn listed_start_ms(&self) -> Option<i64> {
        self.snapshot.listed_start_ms(self.listed?)
    }

    /// What the list of turns says.
    fn listed_start(&self, notes: &mut Vec<String>) -> Option<Evidence> {
        let turn = self.listed?;
        let Some(start_ms) = self.listed_start_ms() else {
            notes.push("GET /admin/turns names no start of this turn".to_owned());
            return None;
        };
        if let (Some(_), Some(seconds)) = (turn.started_at_ms, turn.turn_age_seconds) {
            let age_ms = self.snapshot.platform_now_ms().saturating_sub(start_ms);
            let apart = age_ms.saturating_sub(seconds.saturating_mul(1_000));
            if apart.saturating_abs() > STARTS_APART_MS {
                notes.push(format!(
                    "GET /admin/turns contradicts itself: started_at {} and turn_age_seconds {seconds}; \
                     started_at is used",
                    utc(start_ms)
                ));
            }
        }
        let says = match turn.turn_age_seconds {
            Some(seconds) if turn.started_at_ms.is_none() => {
                format!("GET /admin/turns: turn_age_seconds {seconds}")
            }
            _ => format!("GET /admin/turns: started_at {}", utc(start_ms)),
        };
        Some(Evidence {
            kind: EvidenceKind::TurnsRoute,
            since_ms: Some(self.ours(start_ms)),
            bound: Bound::Exact,
            says,
        })
    }

    /// What was seen before.
    fn seen_before(&self) -> Vec<Evidence> {
        let Some(spell) = self.spell else {
            return Vec::new();
        };
        let mut all = Vec::new();
        let start = spell.started_ms.zip(spell.started_by);
        match start {
            Some((start_ms, Witness::Event)) => all.push(Evidence {
                kind: EvidenceKind::Event,
                since_ms: Some(start_ms),
                bound: Bound::Exact,
                says: format!("a TASK_UPDATED event at {}, seen by a watch", utc(start_ms)),
            }),
            Some((start_ms, Witness::TurnsRoute)) if self.listed_start_ms().is_none() => {
                all.push(Evidence {
                    kind: EvidenceKind::TurnsRoute,
                    since_ms: Some(start_ms),
                    bound: Bound::Exact,
                    says: format!(
                        "GET /admin/turns at an earlier look: started {}",
                        utc(start_ms)
                    ),
                });
            }
            _ => {}
        }
        all.push(Evidence {
            kind: EvidenceKind::Observed,
            since_ms: Some(spell.first_seen_ms),
            bound: Bound::AtLeast,
            says: format!(
                "seen busy since {}, gaps under 60 s bridged",
                utc(spell.first_seen_ms)
            ),
        });
        all
    }

    /// The newest message that timed out while the agent went on, unless something finished since.
    fn timed_out(&self) -> Option<Evidence> {
        let rows = self.activity()?;
        let mut finished_ms = None;
        for row in rows {
            let Some(at_ms) = row.created_at_ms else {
                continue;
            };
            if is_timeout(row) {
                let own = |finished: i64| finished.saturating_sub(at_ms) <= OWN_ROW_MS;
                if !finished_ms.is_none_or(own) {
                    return None;
                }
                let took = row.duration_ms.unwrap_or(0).max(0);
                let since_ms = self.ours(at_ms.saturating_sub(took));
                if self.is_of_an_earlier_turn(since_ms) {
                    return None;
                }
                return Some(Evidence {
                    kind: EvidenceKind::Activity,
                    since_ms: Some(since_ms),
                    bound: Bound::Estimate,
                    says: format!(
                        "GET /workspaces/:id/activity: a message sent at {} timed out and the \
                         workspace stayed busy; its turn began no earlier",
                        utc(since_ms)
                    ),
                });
            }
            if row.is_answered_message() {
                return None;
            }
            if row.activity_type == "cron_run" && row.status.as_deref() == Some("ok") {
                // The newest of them is the farthest from the time-out.
                finished_ms = finished_ms.or(Some(at_ms));
            }
        }
        None
    }

    /// Whether an instant, by our clock, lies before one at which nothing of this turn was in flight.
    fn is_of_an_earlier_turn(&self, at_ms: i64) -> bool {
        let idle_ms = self.spell.and_then(|spell| spell.idle_before_ms);
        idle_ms.is_some_and(|idle_ms| at_ms.saturating_add(SLACK_MS) < idle_ms)
    }

    /// The unbroken run of fires skipped or rejected as busy, newest first, with when by our clock.
    pub(super) fn skips(&self) -> Vec<(&Activity, i64)> {
        let mut run = Vec::new();
        for row in self.activity().unwrap_or_default() {
            let Some(at_ms) = row.created_at_ms else {
                continue;
            };
            if self.is_of_an_earlier_turn(self.ours(at_ms)) {
                break;
            }
            if is_skip(row) {
                run.push((row, self.ours(at_ms)));
            } else if row.activity_type == "cron_run" || row.is_answered_message() {
                break;
            }
        }
        run
    }

    /// Since when fires are skipped in an unbroken row.
    fn skipped_since(&self) -> Option<Evidence> {
        let run = self.skips();
        let (_, since_ms) = run.last()?;
        let fires = match run.len() {
            1 => "1 fire was".to_owned(),
            n => format!("{n} fires in a row were"),
        };
        Some(Evidence {
            kind: EvidenceKind::Skips,
            since_ms: Some(*since_ms),
            bound: Bound::AtLeast,
            says: format!(
                "GET /workspaces/:id/activity: {fires} skipped or rejected as busy since {}",
                utc(*since_ms)
            ),
        })
    }
}

/// Whether a message timed out while the agent went on.
fn is_timeout(row: &Activity) -> bool {
    let detail = row.error_detail.as_deref().unwrap_or_default();
    row.activity_type == "a2a_receive"
        && row.status.as_deref() == Some("error")
        && detail.contains(HEADER_TIMEOUT)
}

/// Whether a row of a kind says ok.
/// Whether a fire was skipped, or rejected because the agent is busy.
fn is_skip(row: &Activity) -> bool {
    let busy = row.status.as_deref() == Some("error")
        && row
            .error_detail
            .as_ref()
            .is_some_and(|why| why.contains("busy"));
    row.cron.as_ref().is_some_and(|cron| cron.skipped || busy)
}
