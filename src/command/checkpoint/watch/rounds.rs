//! One look of a loop, and what it leads to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::case::Case;
use super::super::choose::LeftAlone;
use super::super::memory::Memory;
use super::super::plan::{self, Planned};
use super::super::report::Summary;
use super::super::row::TargetRow;
use super::super::sweep::{Swept, Tools, open, sweep};
use super::super::{activity, outcome, tools};
use super::Watch;
use super::event::What;
use crate::checkpoint::{BreakerState, Next, On, Outcome};
use crate::clock;
use crate::command::signals;
use crate::error::{Error, Exit, Problem};
use crate::ledger::Record;
use crate::metrics::{self, LookFailure, SweepResult};

/// How a look ended.
pub(super) enum Round {
    /// It was made, and every turn dealt with.
    Done(Box<Done>),
    /// It could not be made, or what was to be done could not be recorded.
    Failed(LookFailure, Error),
    /// A signal came before anything was sent.
    Signal(Exit),
}

/// What a look led to.
pub(super) struct Done {
    swept: Swept,
    left: LeftAlone,
    pub(super) warnings: Vec<String>,
    pub(super) problems: Vec<Problem>,
    /// Requests to the platform.
    requests: u64,
}

/// What all looks come to, for the exit code.
#[derive(Debug, Default)]
pub(super) struct Tally {
    done: u64,
    /// Of the first look that failed.
    failed: Option<Exit>,
    partial: bool,
    outcomes: BTreeSet<Outcome>,
}

impl Tally {
    /// What to end with after the last look: as a single call would, and partial when some looks failed.
    pub(super) fn exit(&self) -> Exit {
        match (self.failed, self.done) {
            (Some(exit), 0) => exit,
            (Some(_), _) => Exit::Partial,
            (None, _) => match outcome::exit(self.outcomes.iter().copied()) {
                Exit::Ok if self.partial => Exit::Partial,
                exit => exit,
            },
        }
    }
}

impl Watch<'_> {
    /// Looks, and frees what is over its ceiling.
    pub(super) async fn round(&mut self) -> Round {
        let paid = tokio::select! {
            exit = self.signals.next() => return Round::Signal(exit),
            paid = pays(&mut self.memory, &mut self.owed) => paid,
        };
        if let Err(error) = paid {
            return Round::Failed(LookFailure::Ledger, error);
        }
        // After the ledger's clock was followed.
        self.world.tick();
        let before = self.world.platform.requests();
        let planned = tokio::select! {
            exit = self.signals.next() => return Round::Signal(exit),
            planned = plan::plan(
                self.args,
                &self.ctx,
                &self.world,
                &mut self.memory,
                &mut self.carried,
            ) => planned,
        };
        let Planned {
            mut cases,
            left,
            census,
            clock_offset_ms,
            mut warnings,
            mut problems,
            ..
        } = match planned {
            Ok(planned) => planned,
            Err(error) => {
                let cause = if self.memory.has_failed() {
                    LookFailure::Ledger
                } else {
                    LookFailure::of(&error)
                };
                return Round::Failed(cause, error);
            }
        };
        self.metrics
            .looked(census.verdicts, census.oldest_age_ms, census.worst_over_ms);
        if self.pace.on != On::Interval {
            let fires = self
                .fires
                .read(&self.world.platform, &census.in_flight, clock::now_ms());
            tokio::select! {
                exit = self.signals.next() => return Round::Signal(exit),
                () = fires => {}
            }
        }
        if self.args.dry_run {
            plan::dry_run(&mut cases, &self.world.policy);
        }
        let mut swept = match self.free(cases, clock_offset_ms).await {
            Ok(swept) => swept,
            Err(error) => return Round::Failed(LookFailure::Ledger, error),
        };
        if self.args.report && !self.args.dry_run && swept.ended_by.is_none() {
            let concurrency = self.args.concurrency();
            let platform = &self.world.platform;
            tokio::select! {
                exit = self.signals.next() => {
                    swept.ended_by = Some(exit);
                    warnings.push(activity::cut_short(exit));
                }
                said = activity::report(platform, &mut swept.cases, concurrency) => {
                    problems.extend(said);
                }
            }
        }
        let notes = self.world.platform.take_notes();
        Round::Done(Box::new(Done {
            swept,
            left,
            warnings: warnings.into_iter().chain(notes).collect(),
            problems,
            requests: self.world.platform.requests().saturating_sub(before),
        }))
    }

    /// Frees the turns whose cases are open.
    async fn free(
        &mut self,
        cases: Vec<Case>,
        clock_offset_ms: Option<i64>,
    ) -> Result<Swept, Error> {
        if cases.iter().all(|case| case.end.is_some()) {
            return Ok(Swept::untouched(cases));
        }
        let ledger = self.memory.take()?;
        let reason = super::super::reason(self.args);
        let tools = Tools {
            in_loop: true,
            metrics: Some(&self.metrics),
            clock_offset_ms,
            ..tools(
                self.args,
                &self.ctx,
                &self.world,
                &self.who,
                &reason,
                &self.claimant,
            )
        };
        let mut swept = sweep(&tools, cases, ledger, &mut self.breaker, &mut self.signals).await;
        self.owed.append(&mut swept.owed);
        if swept.unrecorded.is_some() {
            self.metrics.ledger_failed();
        }
        // One that failed is opened anew: a connection may be gone, a file moved.
        let ledger = swept.ledger.take().filter(|_| swept.unrecorded.is_none());
        self.memory.put(ledger);
        Ok(swept)
    }

    /// Says what came of a look. Returns what to end with when a signal came.
    pub(super) fn ended(
        &mut self,
        round: Round,
        took_ms: i64,
        next: Option<&Next>,
    ) -> Result<Option<Exit>, Error> {
        let (result, why, exit) = match round {
            Round::Signal(exit) => return Ok(Some(exit)),
            Round::Failed(cause, error) => {
                self.metrics.look_failed(cause);
                if cause == LookFailure::Ledger {
                    self.metrics.ledger_failed();
                }
                let why = error.in_one_line();
                tracing::error!(sweep = self.number, hint = error.hints.first(), "{why}");
                self.tally.failed.get_or_insert(error.exit);
                let mut event = self.event(What::Failed);
                event.why = Some(why.clone());
                event.took_ms = Some(took_ms);
                event.comes_next(next);
                self.print(&event)?;
                (SweepResult::Failed, Some(why), None)
            }
            Round::Done(done) => self.done(*done, took_ms, next)?,
        };
        let now_ms = clock::now_ms();
        let took = Duration::from_millis(took_ms.unsigned_abs());
        self.metrics.swept(result, took, clock::machine_ms());
        self.metrics.breaker(self.breaker.state(now_ms));
        self.metrics
            .http_requests(self.requests + self.world.platform.requests());
        if let Some(next) = next.filter(|_| result != SweepResult::Failed) {
            self.may_take(next, now_ms);
        }
        self.health.swept(match &why {
            Some(why) if result == SweepResult::Failed => Err(why),
            _ => Ok(()),
        });
        if let Some(path) = &self.args.watch.textfile {
            let path = self.ctx.directory.join(path);
            if let Err(error) = metrics::textfile::write(&path, &self.metrics.encode()) {
                tracing::warn!("{}", error.in_one_line());
            }
        }
        Ok(exit)
    }

    /// Says how long it may be from a success to the next one: a wait for a fire is no sign of trouble.
    fn may_take(&self, next: &Next, now_ms: i64) {
        let interval_ms = self.pace.interval_ms;
        let wait_ms = next.at_ms.saturating_sub(now_ms);
        // The interval is jittered by a tenth.
        let usual_ms = interval_ms.saturating_add(interval_ms / 10);
        let longer_ms = wait_ms.saturating_sub(usual_ms).max(0);
        let allowed_ms = metrics::allowed_ms(interval_ms).saturating_add(longer_ms);
        self.health.allow(allowed_ms);
        self.metrics.unhealthy_after(allowed_ms);
    }

    /// Says what came of a look that was made.
    fn done(
        &mut self,
        done: Done,
        took_ms: i64,
        next: Option<&Next>,
    ) -> Result<(SweepResult, Option<String>, Option<Exit>), Error> {
        self.say(&done);
        let swept = done.swept;
        let mut summary = Summary {
            requests: done.requests,
            left_alone: done.left,
            ended_by: swept.ended_by.map(signals::name),
            ..Summary::default()
        };
        let mut stuck = 0;
        let mut outcomes = BTreeSet::new();
        for case in swept.cases {
            let held = case.held;
            let row = TargetRow::of(case);
            summary.add(&row, held);
            outcomes.insert(row.outcome);
            stuck += usize::from(row.outcome == Outcome::NotSent && !held);
            // Of those that nothing was sent for, the look's line says how many there are.
            if row.requests > 0 || row.outcome != Outcome::NotSent || self.args.dry_run {
                let mut event = self.event(What::Target);
                event.target = Some(Box::new(row));
                self.print(&event)?;
            }
        }
        self.metrics.held(summary.held);
        let now_ms = clock::now_ms();
        let open_until = self.breaker.open_until_ms(now_ms).map(open);
        let why = match (&swept.unrecorded, swept.halted.clone(), open_until) {
            (Some(error), ..) => Some(format!("the ledger failed: {}", error.in_one_line())),
            (None, Some(halted), Some(open)) if halted != open => Some(format!("{open}: {halted}")),
            (None, halted, open) => open.or(halted),
        };
        let open = self.breaker.state(now_ms) == BreakerState::Open && stuck > 0;
        let result = if swept.unrecorded.is_some() || open {
            SweepResult::Failed
        } else if done.problems.is_empty()
            && swept.halted.is_none()
            && outcome::exit(outcomes.iter().copied()) == Exit::Ok
        {
            SweepResult::Ok
        } else {
            SweepResult::Partial
        };
        if let Some(error) = &swept.unrecorded {
            self.tally.failed.get_or_insert(error.exit);
        }
        self.tally.done += u64::from(swept.unrecorded.is_none());
        self.tally.partial |= !done.problems.is_empty() || swept.halted.is_some();
        self.tally.outcomes.append(&mut outcomes);
        self.log(&summary, took_ms, why.as_deref());
        let mut event = self.event(What::Sweep);
        event.summary = Some(summary);
        event.took_ms = Some(took_ms);
        event.why.clone_from(&why);
        event.comes_next(next);
        self.print(&event)?;
        Ok((result, why, swept.ended_by))
    }
}

/// Opens the ledger, and tells it what it does not know yet.
pub(super) async fn pays(memory: &mut Memory, owed: &mut Vec<Record>) -> Result<(), Error> {
    if memory.open_anew().await? && !owed.is_empty() {
        // It is about attempts that the new one has not.
        tracing::warn!(
            records = owed.len(),
            "what the ledger that is gone was to be told is lost"
        );
        owed.clear();
    }
    if owed.is_empty() {
        return Ok(());
    }
    let records = owed.clone();
    let told = memory.ask(move |ledger| ledger.record(None, &records));
    told.await?;
    tracing::info!(records = owed.len(), "the ledger was told what it missed");
    owed.clear();
    Ok(())
}
