//! What the other jobs of a gateway say about a slot: it had the turn, or nothing ran at all.

use rustc_hash::FxHashMap;

use super::{Asked, Outcome, REARM_MS, Reason, Run, RunStatus, Slot, Subject};
use crate::openclaw::Confidence;

/// How long after a run ends the gateway may take to look at what else is due, milliseconds: its
/// timer sleeps at most a minute.
const NOTICE_MS: i64 = REARM_MS + 2_000;

/// How long after a tick ends the next one begins for what came due during it (2 s by `armTimer`, 2026.3),
/// and is written down.
const LOOKS_AGAIN_MS: i64 = 5_000;

/// One sign of life of a gateway: a run of some job, or a job made or changed.
#[derive(Clone, Copy)]
struct Sign {
    start: i64,
    /// `i64::MAX` for a run that goes on.
    end: i64,
    /// Whose run it is.
    of: Option<(usize, usize)>,
    /// Whether it has a turn: what is started by hand has one of its own where runs go in batches.
    holds: bool,
}

/// All signs of life of one gateway.
struct Life {
    signs: Vec<Sign>,
    /// The latest end of the signs up to each one.
    ends: Vec<i64>,
}

/// A stretch without a sign of life.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Gap {
    from: Option<i64>,
    to: Option<i64>,
}

/// What was lost in a gap.
#[derive(Default)]
struct Loss {
    /// The slots of all jobs.
    slots: usize,
    /// A job that had lost none before the gap, while the gateway lived.
    job: Option<usize>,
    /// Whether there is another such job: what they have in common is the gateway.
    is_common: bool,
}

impl Gap {
    fn holds(self, at_ms: i64) -> bool {
        self.from.is_none_or(|from| from <= at_ms)
    }
}

impl Life {
    fn of(subjects: &[Subject], by_hand: &[Vec<bool>], asked: &Asked) -> Self {
        let mut signs = Vec::new();
        for (s, subject) in subjects.iter().enumerate() {
            let facts = &subject.facts;
            let changes = [facts.created_at_ms, facts.changed_at_ms];
            signs.extend(changes.into_iter().flatten().map(|at| Sign {
                start: at,
                end: at,
                of: None,
                holds: false,
            }));
            signs.extend(subject.runs.iter().enumerate().map(|(r, run)| Sign {
                start: run.started_at_ms,
                end: match (run.ended_at_ms, run.status) {
                    (Some(end), _) => end.max(run.started_at_ms),
                    (None, RunStatus::Running) if facts.cleared_at_ms(run) > asked.now_ms => {
                        i64::MAX
                    }
                    (None, _) => run.started_at_ms,
                },
                of: Some((s, r)),
                holds: !asked.in_batches || !by_hand[s].get(r).is_some_and(|by_hand| *by_hand),
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

    /// The gap in which a slot was lost; `None` when something ran before it was late.
    fn gap_of(&self, slot: &Slot, late_after_ms: i64) -> Option<Gap> {
        let lasts = |gap: &Gap| gap.to.is_none_or(|to| to - slot.at_ms > late_after_ms);
        self.gap(slot.at_ms).filter(lasts)
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
            (sign.holds && sign.end > at).then_some((sign, subject, run))
        })
    }
}

/// Explains what a job's own records leave open.
pub(super) fn explain(
    subjects: &[Subject],
    by_hand: &[Vec<bool>],
    asked: &Asked,
    audited: &mut [Result<Vec<Slot>, String>],
) {
    let life = Life::of(subjects, by_hand, asked);
    for (own, slots) in audited.iter_mut().enumerate() {
        if let Ok(slots) = slots {
            held_up(&life, subjects, asked, own, slots);
        }
    }
    let losses = losses(&life, asked.late_after_ms, audited);
    for (own, slots) in audited.iter_mut().enumerate() {
        let Ok(slots) = slots else { continue };
        let mut lost_from = None;
        let mut waiting = 0;
        for slot in slots {
            let Some(lost_from_ms) = lost_since(&mut lost_from, slot) else {
                continue;
            };
            if slot.run.is_none() && waits(&life, subjects, asked, own, slot) {
                // One run will stand for all of them: it was planned for the first.
                if waiting == 0 {
                    slot.outcome = Outcome::Late;
                    slot.late_ms = Some(asked.now_ms - slot.at_ms);
                } else {
                    slot.outcome = Outcome::Skipped;
                }
                waiting += 1;
                continue;
            }
            let gap = life.gap_of(slot, asked.late_after_ms);
            let down = gap.and_then(|gap| {
                let loss = losses.get(&gap)?;
                down(gap, loss, &subjects[own].runs, slot, lost_from_ms)
            });
            if let Some(reason) = down {
                if matches!(reason, Reason::Down { slots: 1, .. }) {
                    slot.confidence = Confidence::Likely;
                }
                slot.reason = reason;
            } else if let Some(reason) = waited(&life, subjects, asked, own, slot) {
                slot.reason = reason;
            }
        }
    }
}

/// How many runs of others leave a job no turn.
fn turns(asked: &Asked) -> usize {
    if asked.in_batches {
        return 1;
    }
    asked.at_once.unwrap_or(1).max(1)
}

/// The run of another job that had the last turn when a slot came due.
fn holder(life: &Life, asked: &Asked, own: usize, at: i64) -> Option<(usize, usize)> {
    let others: Vec<_> = life.others(own, at, at + asked.late_after_ms).collect();
    if others.len() < turns(asked) {
        return None;
    }
    let (_, subject, run) = others.into_iter().max_by_key(|(sign, ..)| sign.end)?;
    Some((subject, run))
}

/// Slots that came due while other jobs had all turns, up to the run that stands for them: it was
/// planned for the first and is late for that, and the gateway left out the others.
fn held_up(life: &Life, subjects: &[Subject], asked: &Asked, own: usize, slots: &mut [Slot]) {
    let mut from = 0;
    for n in 0..slots.len() {
        let Some(run) = slots[n].run else {
            let is_left = slots[n].outcome == Outcome::Missed && is_open(&slots[n]);
            if !is_left {
                from = n + 1;
            }
            continue;
        };
        let group = std::mem::replace(&mut from, n + 1)..n;
        let began = subjects[own].runs[run].started_at_ms;
        let waited = life
            .others(own, began - NOTICE_MS, began)
            .any(|(sign, ..)| sign.end > began - NOTICE_MS);
        if group.is_empty() || !waited {
            continue;
        }
        let held: Vec<_> = (group.start..=n)
            .map(|slot| holder(life, asked, own, slots[slot].at_ms))
            .collect();
        for (slot, held) in slots[group.clone()].iter_mut().zip(&held) {
            if let Some((subject, run)) = *held {
                slot.outcome = Outcome::Skipped;
                slot.reason = Reason::Waited { subject, run };
                slot.confidence = Confidence::Likely;
            }
        }
        let can_move = matches!(slots[n].outcome, Outcome::Ok | Outcome::Late);
        if let (Some(first), Some((subject, run))) = (held[0], held[held.len() - 1])
            && can_move
        {
            let (before, served) = slots.split_at_mut(n);
            let (planned, newest) = (&mut before[group.start], &mut served[0]);
            std::mem::swap(&mut planned.run, &mut newest.run);
            std::mem::swap(&mut planned.last, &mut newest.last);
            std::mem::swap(&mut planned.attempts, &mut newest.attempts);
            planned.outcome = Outcome::Late;
            planned.late_ms = Some(began - planned.at_ms);
            planned.confidence = Confidence::Certain;
            planned.reason = Reason::Waited {
                subject: first.0,
                run: first.1,
            };
            newest.outcome = Outcome::Skipped;
            newest.late_ms = None;
            newest.confidence = Confidence::Likely;
            newest.reason = Reason::Waited { subject, run };
        }
    }
}

/// Whether the job's own records leave open why a slot was not served in time.
fn is_open(slot: &Slot) -> bool {
    match slot.reason {
        Reason::NoTrace | Reason::Unexplained | Reason::Coalesced { .. } => true,
        Reason::StillRunning { open, .. } => open && slot.outcome == Outcome::Missed,
        _ => false,
    }
}

/// Since when a job loses one slot after the other, up to this one, the next of its slots; `None` when
/// this one is not lost.
fn lost_since(from: &mut Option<i64>, slot: &Slot) -> Option<i64> {
    if !is_open(slot) {
        *from = None;
        return None;
    }
    let since = *from.get_or_insert(slot.at_ms);
    // A late run ends it.
    if slot.run.is_some() {
        *from = None;
    }
    Some(since)
}

/// What was lost in each gap.
fn losses(
    life: &Life,
    late_after_ms: i64,
    audited: &[Result<Vec<Slot>, String>],
) -> FxHashMap<Gap, Loss> {
    let mut losses: FxHashMap<Gap, Loss> = FxHashMap::default();
    for (own, slots) in audited.iter().enumerate() {
        let mut lost_from = None;
        for slot in slots.iter().flatten() {
            let Some(lost_from_ms) = lost_since(&mut lost_from, slot) else {
                continue;
            };
            let Some(gap) = life.gap_of(slot, late_after_ms) else {
                continue;
            };
            let loss = losses.entry(gap).or_default();
            loss.slots += 1;
            if gap.holds(lost_from_ms) {
                loss.is_common |= loss.job.is_some_and(|job| job != own);
                loss.job = Some(own);
            }
        }
    }
    losses
}

/// Says that the gateway was down in a gap.
///
/// A job that is broken by itself leaves the same gap when no other comes due. So at least two jobs must
/// have lost slots in it that had lost none before, or the job itself one and no sign of life is later
/// than that, or the gap ends with the run that stands for the slot.
fn down(gap: Gap, loss: &Loss, runs: &[Run], slot: &Slot, lost_from_ms: i64) -> Option<Reason> {
    let stands = match slot.reason {
        Reason::Coalesced { run, .. } => Some(run),
        _ => None,
    };
    let is_own = gap.holds(lost_from_ms)
        && gap.to.is_none_or(|to| {
            let run = slot.run.or(stands);
            run.is_some_and(|run| runs[run].started_at_ms == to)
        });
    (loss.is_common || is_own).then_some(Reason::Down {
        from_ms: gap.from,
        to_ms: gap.to,
        slots: loss.slots,
        run: stands,
    })
}

/// Whether the slot is still to be served, and sets by what it is held.
fn waits(life: &Life, subjects: &[Subject], asked: &Asked, own: usize, slot: &mut Slot) -> bool {
    let facts = &subjects[own].facts;
    let last = subjects[own].runs.last();
    let is_before = |at| at > slot.at_ms;
    if slot.reason != Reason::NoTrace
        || facts.next_run_at_ms.is_some_and(is_before)
        || last.is_some_and(|run| is_before(run.started_at_ms))
    {
        return false;
    }
    if facts.queued_at_ms.is_some() {
        slot.reason = Reason::Waiting { holder: None };
        return true;
    }
    if facts.next_run_at_ms.is_none() {
        return false;
    }
    let goes_on = life
        .others(own, asked.now_ms - LOOKS_AGAIN_MS, asked.now_ms + 1)
        .filter(|(sign, subject, run)| {
            let is_running =
                sign.end == i64::MAX && subjects[*subject].runs[*run].status == RunStatus::Running;
            is_running || (asked.in_batches && sign.end <= asked.now_ms)
        });
    let mut goes_on: Vec<_> = goes_on.collect();
    if asked.at_once.is_none() || goes_on.len() < turns(asked) {
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
    let others: Vec<_> = life.others(own, slot.at_ms, began).collect();
    let held = others
        .iter()
        .filter(|(sign, ..)| sign.end <= began && began - sign.end <= NOTICE_MS)
        .max_by_key(|(sign, ..)| sign.end)?;
    let at_once = others.iter().filter(|(sign, ..)| sign.end >= held.0.end);
    (at_once.count() >= turns(asked)).then_some(Reason::Waited {
        subject: held.1,
        run: held.2,
    })
}
