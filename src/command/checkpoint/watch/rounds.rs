//! One look of a loop, and what it leads to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::case::Case;
use super::super::choose::LeftAlone;
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
use crate::metrics::{self, SweepResult};

/// How a look ended.
pub(super) enum Round {
    /// It was made, and every turn dealt with.
    Done(Box<Done>),
    /// It could not be made, or what was to be done could not be recorded.
    Failed(Error),
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
        if let Err(error) = self.pays().await {
            self.metrics.ledger_failed();
            return Round::Failed(error);
        }
        let before = self.world.platform.requests();
        let planned = tokio::select! {
            exit = self.signals.next() => return Round::Signal(exit),
            planned = plan::plan(
                self.args,
                &self.ctx,
                &self.world,
                &mut self.memory,
                Some(&mut self.idle),
            ) => planned,
        };
        let Planned {
            mut cases,
            left,
            census,
            warnings,
            mut problems,
            ..
        } = match planned {
            Ok(planned) => planned,
            Err(error) => {
                if self.memory.has_failed() {
                    self.metrics.ledger_failed();
                }
                return Round::Failed(error);
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
        let mut swept = match self.free(cases).await {
            Ok(swept) => swept,
            Err(error) => return Round::Failed(error),
        };
        if self.args.report && !self.args.dry_run && swept.ended_by.is_none() {
            let concurrency = self.args.concurrency();
            let platform = &self.world.platform;
            let said = activity::report(platform, &mut swept.cases, concurrency).await;
            problems.extend(said);
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

    /// Opens the ledger, and tells it what it does not know yet.
    async fn pays(&mut self) -> Result<(), Error> {
        if self.memory.open_anew().await? && !self.owed.is_empty() {
            // It is about attempts that the new one has not.
            tracing::warn!(
                records = self.owed.len(),
                "what the ledger that is gone was to be told is lost"
            );
            self.owed.clear();
        }
        if self.owed.is_empty() {
            return Ok(());
        }
        let owed = self.owed.clone();
        let told = self
            .memory
            .ask(move |ledger| ledger.record(None, &owed))
            .await;
        told?;
        tracing::info!(
            records = self.owed.len(),
            "the ledger was told what it missed"
        );
        self.owed.clear();
        Ok(())
    }

    /// Frees the turns whose cases are open.
    async fn free(&mut self, cases: Vec<Case>) -> Result<Swept, Error> {
        if cases.iter().all(|case| case.end.is_some()) {
            return Ok(Swept::untouched(cases));
        }
        let ledger = self.memory.take()?;
        let reason = super::super::reason(self.args);
        let tools = Tools {
            in_loop: true,
            metrics: Some(&self.metrics),
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
        begun_ms: i64,
        ended_ms: i64,
        next: Option<&Next>,
    ) -> Result<Option<Exit>, Error> {
        let took_ms = ended_ms.saturating_sub(begun_ms);
        let (result, why, exit) = match round {
            Round::Signal(exit) => return Ok(Some(exit)),
            Round::Failed(error) => {
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
        self.tally.partial |= !done.problems.is_empty();
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
