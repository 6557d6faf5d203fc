//! What became of each slot of a job, from its own records.

use super::expected::{has, matched};
use super::matching::{Matched, Service, backoff, in_time, is_wait, planner};
use super::{Asked, Grid, History, Outcome, Reason, Run, RunStatus, Slot, Subject, around, chain};
use crate::openclaw::Confidence;
use crate::when;

/// How far before and after what is asked for slots are looked at too, milliseconds.
///
/// An expression that is asked from within an hour that the clock repeats may have no answer in it
/// (2026.3), and only the run after a wait says which slots were held up.
const AROUND_MS: i64 = 26 * 3_600_000;

/// Audits the jobs of one gateway: for each the slots that are asked for, in order, or why its
/// schedule has no answer.
pub fn audit(subjects: &[Subject], asked: &Asked) -> Vec<Result<Vec<Slot>, String>> {
    let until_ms = asked.until_ms.saturating_add(AROUND_MS);
    let around = Asked {
        since_ms: asked
            .since_ms
            .saturating_sub(AROUND_MS)
            .max(asked.since_ms.min(when::YEAR_0_MS)),
        until_ms: until_ms.min(asked.now_ms).max(asked.until_ms),
        ..asked.clone()
    };
    let mut left = chain::MAX_SLOTS;
    let matched: Vec<_> = subjects
        .iter()
        .map(|subject| {
            let matched = matched(subject, &around, left)?;
            left -= i64::try_from(matched.slots.len()).unwrap_or(left);
            Ok(matched)
        })
        .collect();
    let starts = subjects
        .iter()
        .zip(&matched)
        .flat_map(|(subject, matched)| {
            let services = matched.iter().flat_map(|m| &m.slots);
            services.filter_map(|service| Some(subject.runs[service.first?].started_at_ms))
        });
    let on_until_ms = asked.is_off.then(|| starts.max()).flatten();
    let mut audited: Vec<_> = subjects
        .iter()
        .zip(&matched)
        .map(|(subject, matched)| {
            let matched = matched.as_ref().map_err(String::clone)?;
            Ok(Judge::new(subject, matched, &around, on_until_ms).slots())
        })
        .collect();
    let by_hand: Vec<_> = matched
        .into_iter()
        .map(|matched| matched.map_or_else(|_: String| Vec::new(), |matched| matched.by_hand))
        .collect();
    around::explain(subjects, &by_hand, &around, &mut audited);
    for slots in audited.iter_mut().flatten() {
        slots.retain(|slot| (asked.since_ms..asked.until_ms).contains(&slot.at_ms));
    }
    audited
}

/// Judges the slots of one job.
struct Judge<'a> {
    subject: &'a Subject,
    matched: &'a Matched,
    asked: &'a Asked,
    /// The runs that were not started by hand, by start: indices.
    scheduled: Vec<usize>,
    /// Where cron is off now, the last start of a slot of any job: until then it was on.
    on_until_ms: Option<i64>,
}

impl<'a> Judge<'a> {
    fn new(
        subject: &'a Subject,
        matched: &'a Matched,
        asked: &'a Asked,
        on_until_ms: Option<i64>,
    ) -> Self {
        let by_hand = |n: &usize| matched.by_hand.get(*n).copied().unwrap_or(false);
        let scheduled = (0..subject.runs.len()).filter(|n| !by_hand(n)).collect();
        Self {
            subject,
            matched,
            asked,
            scheduled,
            on_until_ms,
        }
    }

    fn slots(&self) -> Vec<Slot> {
        let services = &self.matched.slots;
        let mut out = Vec::with_capacity(services.len());
        let mut before = 0;
        // How many slots from each one on have no run, and the slot with a run that follows.
        let mut unserved = 0;
        for (n, service) in services.iter().enumerate() {
            while self
                .scheduled
                .get(before)
                .is_some_and(|run| self.run(*run).started_at_ms < service.at_ms)
            {
                before += 1;
            }
            let last = before.checked_sub(1).map(|n| self.scheduled[n]);
            let next = self.scheduled.get(before).copied();
            out.push(if service.first.is_some() {
                unserved = 0;
                self.served(service, last)
            } else {
                unserved += 1;
                self.unserved(service.at_ms, last, next)
            });
            // The run that follows tells of all slots before it at once.
            if unserved > 0
                && let Some(late) = services.get(n + 1).filter(|s| s.first.is_some())
                && self
                    .lateness(late)
                    .is_some_and(|ms| ms > self.asked.late_after_ms)
                && let Some(run) = late.first
            {
                for slot in &mut out[n + 1 - unserved..=n] {
                    if matches!(slot.reason, Reason::NoTrace) {
                        slot.reason = Reason::Coalesced {
                            run,
                            slots: unserved,
                        };
                    }
                }
            }
        }
        out
    }

    fn run(&self, n: usize) -> &'a Run {
        &self.subject.runs[n]
    }

    fn lateness(&self, service: &Service) -> Option<i64> {
        let first = service.first.filter(|_| !service.is_first_on_record)?;
        // A clock that was set in between may show the start before the slot.
        Some((self.run(first).started_at_ms - service.at_ms).max(0))
    }

    fn served(&self, service: &Service, before: Option<usize>) -> Slot {
        let late_ms = self.lateness(service);
        let last = service.last.map(|n| self.run(n));
        let status = last.map(|run| run.status);
        let is_unknown =
            |run: Option<usize>| run.is_some_and(|n| self.run(n).status == RunStatus::Unknown);
        let (outcome, reason, confidence) = if is_unknown(service.first) || is_unknown(service.last)
        {
            (Outcome::Unknown, Reason::NoStatus, Confidence::Certain)
        } else if let Some((how, sure)) = service.twice {
            (Outcome::Doubled, Reason::Twice(how), sure)
        } else if status == Some(RunStatus::Skipped) {
            (Outcome::Skipped, Reason::Said, Confidence::Certain)
        } else if late_ms.is_some_and(|ms| ms > self.asked.late_after_ms) {
            (
                Outcome::Late,
                self.why_late(service, before),
                Confidence::Certain,
            )
        } else {
            let reason = match status {
                Some(RunStatus::Interrupted) => Reason::Interrupted,
                Some(RunStatus::Running) => Reason::InFlight,
                _ if service.is_first_on_record => Reason::FirstOnRecord,
                _ => Reason::InTime,
            };
            let confidence = if service.is_first_on_record {
                Confidence::Likely
            } else {
                Confidence::Certain
            };
            (Outcome::Ok, reason, confidence)
        };
        let is_bad = matches!(outcome, Outcome::Late | Outcome::Doubled);
        let changed = self
            .changed(service.at_ms)
            .filter(|_| is_bad && !self.is_planned(service));
        let (outcome, reason, confidence, late_ms) = match changed {
            Some(reason) => (Outcome::Unknown, reason, Confidence::Likely, None),
            None => (outcome, reason, confidence, late_ms),
        };
        Slot {
            at_ms: service.at_ms,
            outcome,
            reason,
            run: service.first,
            last: service.last,
            attempts: service.attempts,
            late_ms,
            confidence,
        }
    }

    /// Whether the run of a slot was planned for an instant of today's schedule.
    fn is_planned(&self, service: &Service) -> bool {
        let by = service
            .first
            .and_then(|first| planner(&self.subject.runs, first));
        let planned = by.and_then(|by| by.next_run_at_ms);
        planned.is_some_and(|planned| match &self.subject.grid {
            Grid::Cron { timetable, .. } => has(timetable, planned),
            _ => true,
        })
    }

    /// What the job's own records say about a late start.
    fn why_late(&self, service: &Service, before: Option<usize>) -> Reason {
        let at = service.at_ms;
        if let Some(n) = before {
            let run = self.run(n);
            if run.ended_at_ms.is_some_and(|end| end > at) {
                return Reason::StillRunning {
                    run: n,
                    open: false,
                };
            }
            if let Some(until_ms) = backoff(run, at) {
                return Reason::Backoff { run: n, until_ms };
            }
        }
        if let Some((run, until_ms)) = self.backoff_by_hand(at) {
            return Reason::Backoff { run, until_ms };
        }
        // A run that did nothing was tried again.
        if let Some(n) = service.first.and_then(|first| first.checked_sub(1))
            && self.run(n).status == RunStatus::Skipped
            && self.run(n).started_at_ms >= at
            && let Some(until_ms) = backoff(self.run(n), at)
        {
            return Reason::Backoff { run: n, until_ms };
        }
        match self.by_hand(at) {
            Some(run) => Reason::ByHand { run },
            None => Reason::Unexplained,
        }
    }

    /// The failed run started by hand, and until when the gateway waited after it: 2026.3 does so after
    /// any run.
    fn backoff_by_hand(&self, at: i64) -> Option<(usize, i64)> {
        let runs = &self.subject.runs;
        let n = runs
            .partition_point(|r| r.started_at_ms < at)
            .checked_sub(1)?;
        let run = self.run(n);
        let until_ms = backoff(run, at).filter(|until| is_wait(run, *until))?;
        (self.matched.by_hand[n] && !self.asked.marks(run)).then_some((n, until_ms))
    }

    /// The run started by hand that was in progress at an instant.
    fn by_hand(&self, at: i64) -> Option<usize> {
        let begun = self.subject.runs.partition_point(|r| r.started_at_ms <= at);
        let mut hands = (0..begun).rev().take(8);
        hands.find(|n| {
            self.matched.by_hand[*n] && self.run(*n).ended_at_ms.is_none_or(|end| end > at)
        })
    }

    /// What became of a slot that no run served. `before` and `next` are the scheduled runs around it.
    fn unserved(&self, at_ms: i64, before: Option<usize>, next: Option<usize>) -> Slot {
        use Confidence::{Certain, Likely};
        let (outcome, reason, confidence) = self
            .off(at_ms)
            .map(|(reason, sure)| (Outcome::Skipped, reason, sure))
            .or_else(|| {
                self.unrecorded(at_ms)
                    .map(|r| (Outcome::Unknown, r, Certain))
            })
            .or_else(|| self.own_run(at_ms, before))
            .or_else(|| self.changed(at_ms).map(|r| (Outcome::Unknown, r, Likely)))
            .or_else(|| {
                self.passed_over(at_ms, before)
                    .map(|r| (Outcome::Missed, r, Likely))
            })
            .or_else(|| {
                self.doubtful(at_ms, before, next)
                    .map(|r| (Outcome::Unknown, r, Likely))
            })
            .unwrap_or_else(|| {
                let (reason, sure) = self.missed(at_ms, before, next);
                (Outcome::Missed, reason, sure)
            });
        Slot {
            at_ms,
            outcome,
            reason,
            run: None,
            last: None,
            attempts: 0,
            late_ms: None,
            confidence,
        }
    }

    fn off(&self, at: i64) -> Option<(Reason, Confidence)> {
        let facts = &self.subject.facts;
        if let Some(since_ms) = facts.auto_disabled_at_ms.filter(|since| *since <= at) {
            return Some((Reason::AutoDisabled { since_ms }, Confidence::Certain));
        }
        if !facts.enabled && facts.auto_disabled_at_ms.is_none() {
            let since_ms = facts.disabled_at_ms;
            if since_ms.is_none_or(|since| since <= at) {
                return Some((Reason::Disabled { since_ms }, Confidence::Likely));
            }
        }
        // The configuration says how it is now, not how it was.
        let is_off = self.asked.is_off && self.on_until_ms.is_none_or(|on| on < at);
        is_off.then_some((Reason::Off, Confidence::Likely))
    }

    fn unrecorded(&self, at: i64) -> Option<Reason> {
        match &self.subject.history {
            History::None(_) => Some(Reason::NoHistory),
            History::From(from_ms, _) if at < *from_ms => {
                Some(Reason::BeforeHistory { from_ms: *from_ms })
            }
            _ => None,
        }
    }

    /// What the run before says about the slot.
    fn own_run(&self, at: i64, before: Option<usize>) -> Option<(Outcome, Reason, Confidence)> {
        let n = before?;
        let run = self.run(n);
        if run.ended_at_ms.is_some_and(|end| end > at) {
            let reason = Reason::StillRunning {
                run: n,
                open: false,
            };
            return Some((Outcome::Skipped, reason, Confidence::Certain));
        }
        if run.ended_at_ms.is_none() && run.status == RunStatus::Running {
            let reason = Reason::StillRunning { run: n, open: true };
            let outcome = if at < self.subject.facts.cleared_at_ms(run) {
                Outcome::Skipped
            } else {
                Outcome::Missed
            };
            return Some((outcome, reason, Confidence::Likely));
        }
        let by_schedule = backoff(run, at).map(|until_ms| (n, until_ms));
        let (run, until_ms) = by_schedule.or_else(|| self.backoff_by_hand(at))?;
        let reason = Reason::Backoff { run, until_ms };
        Some((Outcome::Skipped, reason, Confidence::Certain))
    }

    /// The change of the job since a slot, after which its schedule then is not known.
    fn changed(&self, at: i64) -> Option<Reason> {
        let facts = &self.subject.facts;
        let changed = [facts.activated_at_ms, facts.changed_at_ms];
        let at_ms = changed.into_iter().flatten().filter(|ms| *ms > at).max()?;
        Some(Reason::BeforeChange { at_ms })
    }

    /// What the gateway planned past a slot by today's schedule: it lost the slot itself.
    fn passed_over(&self, at: i64, before: Option<usize>) -> Option<Reason> {
        let Grid::Cron { timetable, .. } = &self.subject.grid else {
            return None;
        };
        let n = before?;
        let run = self.run(n);
        // After an error it may have waited.
        let went = run.status == RunStatus::Ok;
        let next_ms = run.next_run_at_ms.filter(|next| went && *next > at)?;
        let is_next = |run: &Run| {
            run.ended_at_ms
                .is_some_and(|end| timetable.next(end).ok().flatten() == run.next_run_at_ms)
        };
        // Or one slot after the other was in time before, and it goes on along the same grid.
        let went_well = || {
            let by = planner(&self.subject.runs, n).filter(|by| is_next(by));
            let planned = by.and_then(|by| by.next_run_at_ms);
            planned.is_some_and(|at| in_time(at, run.started_at_ms, self.asked))
        };
        (is_next(run) || (has(timetable, next_ms) && went_well()))
            .then_some(Reason::PassedOver { next_ms })
    }

    fn doubtful(&self, at: i64, before: Option<usize>, next: Option<usize>) -> Option<Reason> {
        let facts = &self.subject.facts;
        // A gateway plans the next slot: one that it left out was none of its schedule then.
        if let Grid::Cron { .. } = &self.subject.grid
            && let Some(run) = before
            && let Some(planned_ms) = self.run(run).next_run_at_ms.filter(|next| *next > at)
            && !is_wait(self.run(run), planned_ms)
        {
            return Some(Reason::OtherSchedule { run, planned_ms });
        }
        // So does the first run on record, by what it was followed by.
        if let Grid::Cron { timetable, .. } = &self.subject.grid
            && before.is_none()
            && let Some(run) = next
            && let Some(planned_ms) = self.run(run).next_run_at_ms
            && !has(timetable, planned_ms)
            && !is_wait(self.run(run), planned_ms)
        {
            return Some(Reason::OtherSchedule { run, planned_ms });
        }
        let may_be = |d: &super::Damage| {
            d.after_ms.is_none_or(|after| after <= at) && d.before_ms.is_none_or(|b| at <= b)
        };
        if let Some(damage) = self.subject.damage.iter().position(may_be) {
            return Some(Reason::Damaged { damage });
        }
        if facts.is_paced {
            return Some(Reason::Paced);
        }
        (self.asked.now_ms - at <= self.asked.late_after_ms).then_some(Reason::NotYet)
    }

    fn missed(&self, at: i64, before: Option<usize>, next: Option<usize>) -> (Reason, Confidence) {
        // Earlier versions do not record when a job was switched on again: it may have been off.
        let sure = if self.asked.marks_by_hand {
            Confidence::Certain
        } else {
            Confidence::Likely
        };
        if let Some(run) = self.by_hand(at) {
            return (Reason::ByHand { run }, sure);
        }
        let planned = before.and_then(|n| self.run(n).next_run_at_ms);
        if next.is_none()
            && let Some(next_ms) = self.subject.facts.next_run_at_ms.filter(|next| *next > at)
        {
            return (Reason::PassedOver { next_ms }, sure);
        }
        let sure = if planned == Some(at) {
            sure
        } else {
            Confidence::Likely
        };
        (Reason::NoTrace, sure)
    }
}
