//! What the other jobs of a gateway say about a slot: it had the turn, or nothing ran at all.

use super::{Asked, Outcome, REARM_MS, Reason, RunStatus, Slot, Subject};

/// How long after a run ends the gateway may take to look at what else is due, milliseconds: its
/// timer sleeps at most a minute.
const NOTICE_MS: i64 = REARM_MS + 2_000;

/// One sign of life of a gateway: a run of some job, or a job made or changed.
#[derive(Clone, Copy)]
struct Sign {
    start: i64,
    /// `i64::MAX` for a run that goes on.
    end: i64,
    /// Whose run it is.
    of: Option<(usize, usize)>,
}

/// All signs of life of one gateway.
struct Life {
    signs: Vec<Sign>,
    /// The latest end of the signs up to each one.
    ends: Vec<i64>,
}

/// A stretch without a sign of life.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Gap {
    from: Option<i64>,
    to: Option<i64>,
}

impl Life {
    fn of(subjects: &[Subject]) -> Self {
        let mut signs = Vec::new();
        for (s, subject) in subjects.iter().enumerate() {
            let facts = &subject.facts;
            let changes = [facts.created_at_ms, facts.changed_at_ms];
            signs.extend(changes.into_iter().flatten().map(|at| Sign {
                start: at,
                end: at,
                of: None,
            }));
            signs.extend(subject.runs.iter().enumerate().map(|(r, run)| Sign {
                start: run.started_at_ms,
                end: match (run.ended_at_ms, run.status) {
                    (Some(end), _) => end.max(run.started_at_ms),
                    (None, RunStatus::Running) => i64::MAX,
                    (None, _) => run.started_at_ms,
                },
                of: Some((s, r)),
            }));
        }
        signs.sort_by_key(|sign| sign.start);
        let latest = |latest: &mut i64, sign: &Sign| {
            *latest = sign.end.max(*latest);
            Some(*latest)
        };
        let ends = signs.iter().scan(i64::MIN, latest).collect();
        Self { signs, ends }
    }

    /// The stretch without a sign of life around an instant; `None` when something ran then.
    fn gap(&self, at: i64) -> Option<Gap> {
        let begun = self.signs.partition_point(|sign| sign.start <= at);
        let from = begun.checked_sub(1).map(|n| self.ends[n]);
        (from.is_none_or(|end| end <= at)).then(|| Gap {
            from,
            to: self.signs.get(begun).map(|sign| sign.start),
        })
    }

    /// The runs of other jobs that went on at some time in `[at, until)`, latest start first.
    fn others(
        &self,
        own: usize,
        at: i64,
        until: i64,
    ) -> impl Iterator<Item = (Sign, usize, usize)> + '_ {
        let begun = self.signs.partition_point(|sign| sign.start < until);
        let reaching = (0..begun).rev().take_while(move |n| self.ends[*n] > at);
        reaching.filter_map(move |n| {
            let sign = self.signs[n];
            let (subject, run) = sign.of.filter(|(subject, _)| *subject != own)?;
            (sign.end > at).then_some((sign, subject, run))
        })
    }
}

/// Explains what a job's own records leave open.
pub(super) fn explain(
    subjects: &[Subject],
    asked: &Asked,
    audited: &mut [Result<Vec<Slot>, String>],
) {
    let life = Life::of(subjects);
    let mut open: Vec<i64> = audited
        .iter()
        .flatten()
        .flatten()
        .filter(|slot| is_open(slot))
        .map(|slot| slot.at_ms)
        .collect();
    open.sort_unstable();
    for (own, slots) in audited.iter_mut().enumerate() {
        let Ok(slots) = slots else { continue };
        let newest = slots.last().map(|slot| slot.at_ms);
        for slot in slots.iter_mut().filter(|slot| is_open(slot)) {
            if slot.run.is_none() && waits(&life, subjects, asked, own, slot) {
                if Some(slot.at_ms) == newest {
                    slot.outcome = Outcome::Late;
                    slot.late_ms = Some(asked.now_ms - slot.at_ms);
                }
                continue;
            }
            if let Some(reason) = down(&life, &open, slot, asked.late_after_ms) {
                slot.reason = reason;
            } else if let Some(reason) = waited(&life, subjects, asked, own, slot) {
                slot.reason = reason;
            }
        }
    }
}

/// Whether the job's own records leave open why a slot was not served in time.
fn is_open(slot: &Slot) -> bool {
    matches!(
        slot.reason,
        Reason::NoTrace | Reason::Unexplained | Reason::Coalesced { .. }
    )
}

/// Says that the gateway was down: no sign of life from the slot until it was late, while at least two
/// came due.
fn down(life: &Life, open: &[i64], slot: &Slot, late_after_ms: i64) -> Option<Reason> {
    let gap = life.gap(slot.at_ms)?;
    if gap.to.is_some_and(|to| to - slot.at_ms <= late_after_ms) {
        return None;
    }
    let first = gap
        .from
        .map_or(0, |from| open.partition_point(|at| *at < from));
    let end = gap
        .to
        .map_or(open.len(), |to| open.partition_point(|at| *at < to));
    let slots = end.saturating_sub(first);
    // One slot alone may have been lost by a gateway that ran; without any sign since it was not.
    (slots > 1 || gap.to.is_none()).then_some(Reason::Down {
        from_ms: gap.from,
        to_ms: gap.to,
        slots,
        run: match slot.reason {
            Reason::Coalesced { run, .. } => Some(run),
            _ => None,
        },
    })
}

/// Whether the slot is still to be served, and sets by what it is held.
fn waits(life: &Life, subjects: &[Subject], asked: &Asked, own: usize, slot: &mut Slot) -> bool {
    let facts = &subjects[own].facts;
    if facts.queued_at_ms.is_some() && slot.reason == Reason::NoTrace {
        slot.reason = Reason::Waiting { holder: None };
        return true;
    }
    if facts.next_run_at_ms.is_none_or(|next| next > slot.at_ms) || slot.reason != Reason::NoTrace {
        return false;
    }
    let goes_on =
        life.others(own, asked.now_ms, asked.now_ms + 1)
            .filter(|(sign, subject, run)| {
                sign.end == i64::MAX && subjects[*subject].runs[*run].status == RunStatus::Running
            });
    let mut goes_on: Vec<_> = goes_on.collect();
    if goes_on.len() < asked.at_once.unwrap_or(usize::MAX).max(1) {
        return false;
    }
    goes_on.sort_by_key(|(sign, ..)| sign.start);
    let holder = goes_on.first().map(|(_, subject, run)| (*subject, *run));
    slot.reason = Reason::Waiting { holder };
    true
}

/// Names the run of another job that a late run waited for.
fn waited(
    life: &Life,
    subjects: &[Subject],
    asked: &Asked,
    own: usize,
    slot: &Slot,
) -> Option<Reason> {
    let began = subjects[own].runs[slot.run?].started_at_ms;
    let turns = asked.at_once.unwrap_or(1);
    let others: Vec<_> = life.others(own, slot.at_ms, began).collect();
    let held = others
        .iter()
        .filter(|(sign, ..)| sign.end <= began && began - sign.end <= NOTICE_MS)
        .max_by_key(|(sign, ..)| sign.end)?;
    let at_once = others.iter().filter(|(sign, ..)| sign.end >= held.0.end);
    (at_once.count() >= turns).then_some(Reason::Waited {
        subject: held.1,
        run: held.2,
    })
}
