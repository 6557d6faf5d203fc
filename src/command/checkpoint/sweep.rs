//! The sweep: decide, act, record, for many turns at once.
//!
//! One loop holds all cases. Requests to be sent are recorded together, in one transaction off this
//! thread, before they go out; one look at the platform serves every case that wants one. So neither
//! disk nor platform is asked once per turn.

mod claims;
mod looking;
mod recording;
mod sending;
mod stopping;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use self::claims::Lease;
use super::case::{Case, End, Work};
use super::seen;
use crate::checkpoint::{Action, Answer, Breaker, Outcome, Policy};
use crate::clock;
use crate::command::signals::Signals;
use crate::error::{Error, Exit};
use crate::ledger::{Claimant, Ledger, Record, Recorded};
use crate::metrics::Metrics;
use crate::molecule::{Admission, Platform};
use crate::turn::{Adapters, Snapshot};
use crate::ui::{Progress, Ui};
use crate::when;

/// What a sweep works with.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    pub(super) ui: &'a Ui,
    pub(super) platform: &'a Platform,
    pub(super) adapters: &'a Adapters,
    pub(super) policy: &'a Policy,
    /// Requests at a time.
    pub(super) concurrency: usize,
    /// Whether requests go through the platform: one refusal of the caller is then one for all.
    pub(super) via_platform: bool,
    /// The platform's clock less ours, as it was when the turns were judged.
    pub(super) clock_offset_ms: Option<i64>,
    /// What the ledger calls the platform.
    pub(super) source: &'a str,
    /// For the ledger.
    pub(super) who: &'a str,
    /// For the ledger.
    pub(super) reason: &'a str,
    /// As whom turns are claimed, for how long, and how many requests an hour.
    pub(super) claimant: &'a Claimant,
    /// Whether more sweeps follow: then turns rest, and what there is to say is logged.
    pub(super) in_loop: bool,
    /// Where requests are counted.
    pub(super) metrics: Option<&'a Metrics>,
}

impl Tools<'_> {
    fn progress(&self, turns: usize) -> Progress {
        if self.in_loop {
            return Progress::hidden();
        }
        self.ui.progress("turns dealt with", Some(turns as u64))
    }

    /// Says what the operator is to know at once.
    fn warn(&self, text: &str) {
        if self.in_loop {
            tracing::warn!("{text}");
        } else {
            self.ui.warning(text);
        }
    }
}

/// What a sweep left.
#[derive(Debug)]
pub(super) struct Swept {
    /// Every case, ended.
    pub(super) cases: Vec<Case>,
    /// Which signal ended it.
    pub(super) ended_by: Option<Exit>,
    /// Why nothing more was sent, where something ended it before all were dealt with.
    pub(super) halted: Option<String>,
    /// The ledger, unless it was given up.
    pub(super) ledger: Option<Ledger>,
    /// Why the ledger was given up on the way.
    pub(super) unrecorded: Option<Error>,
    /// What it was not told since.
    pub(super) owed: Vec<Record>,
}

impl Swept {
    /// What is left where every case had ended before.
    pub(super) fn untouched(cases: Vec<Case>) -> Self {
        Self {
            cases,
            ended_by: None,
            halted: None,
            ledger: None,
            unrecorded: None,
            owed: Vec::new(),
        }
    }
}

/// Deals with all cases until each has ended.
pub(super) async fn sweep(
    tools: &Tools<'_>,
    cases: Vec<Case>,
    ledger: Ledger,
    breaker: &mut Breaker,
    signals: &mut Signals,
) -> Swept {
    let mut sweep = Sweep::new(tools, cases, ledger, breaker);
    loop {
        sweep.decide();
        sweep.record();
        sweep.send();
        sweep.look();
        if sweep.finished() {
            break;
        }
        let event = sweep.wait(signals).await;
        sweep.take(event);
    }
    sweep.owed.append(&mut sweep.records);
    Swept {
        ended_by: sweep.stop.map(|stop| stop.exit),
        halted: sweep.halt,
        ledger: sweep.ledger,
        unrecorded: sweep.unrecorded,
        owed: sweep.owed,
        cases: sweep.cases,
    }
}

/// A signal came: nothing new is sent, and what is under way has until then.
#[derive(Clone, Copy, Debug)]
struct Stop {
    exit: Exit,
    until_ms: i64,
    /// Whether a second one came.
    at_once: bool,
}

/// Whose request, what it was, what was answered, and what stood there.
type Answered = (usize, Work, Answer, String);
type Looked = Pin<Box<dyn Future<Output = Result<Snapshot, Error>>>>;
/// The ledger, and what it recorded, or what it did not and why.
type Written = (Ledger, Result<Vec<Recorded>, (Error, Vec<Record>)>);

struct Sweep<'a> {
    tools: &'a Tools<'a>,
    cases: Vec<Case>,
    breaker: &'a mut Breaker,
    lease: Lease,
    progress: Progress,
    /// How many cases have not ended.
    open: usize,
    /// To be decided about.
    ready: Vec<usize>,
    /// To be decided about at an instant.
    asleep: BTreeSet<(i64, usize)>,
    /// To be recorded, then sent.
    wanted: VecDeque<(usize, Work)>,
    /// Recorded, to be sent; and when that was begun.
    begun: VecDeque<(usize, Work, i64)>,
    /// Leave to send the next one, while it is waited for, and once it is there.
    admitting: Option<Pin<Box<dyn Future<Output = Admission>>>>,
    admitted: Option<Admission>,
    /// Sent.
    flying: JoinSet<Answered>,
    /// What the ledger is not told yet.
    records: Vec<Record>,
    /// At home, unless it is being written.
    ledger: Option<Ledger>,
    writing: Option<JoinHandle<Written>>,
    /// What is being recorded as begun, and since when.
    beginning: Vec<(usize, Work)>,
    beginning_ms: i64,
    /// Whether the claims are being renewed.
    renewing: bool,
    unrecorded: Option<Error>,
    /// What the ledger could not be told.
    owed: Vec<Record>,
    /// Those that wait for a look, and since when the first does.
    onlookers: Vec<usize>,
    onlooking_ms: i64,
    look: Option<(i64, Vec<usize>, Looked)>,
    stop: Option<Stop>,
    /// Once all was given up: until when the ledger is waited for.
    last_ms: Option<i64>,
    /// Why nothing more is sent.
    halt: Option<String>,
}

enum Event {
    Admitted(Admission),
    Answered(Vec<Result<Answered, JoinError>>),
    Written(Box<Result<Written, JoinError>>),
    Looked(Result<Snapshot, Error>),
    Signal(Exit),
    Time,
}

impl<'a> Sweep<'a> {
    fn new(
        tools: &'a Tools<'a>,
        cases: Vec<Case>,
        ledger: Ledger,
        breaker: &'a mut Breaker,
    ) -> Self {
        let now = clock::now_ms();
        let open_until = breaker.open_until_ms(now);
        let open: Vec<usize> = (0..cases.len())
            .filter(|&i| cases[i].end.is_none())
            .collect();
        Self {
            tools,
            breaker,
            lease: Lease::new(tools.claimant.lease_ms, now),
            progress: tools.progress(open.len()),
            open: open.len(),
            ready: open,
            cases,
            asleep: BTreeSet::new(),
            wanted: VecDeque::new(),
            begun: VecDeque::new(),
            admitting: None,
            admitted: None,
            flying: JoinSet::new(),
            records: Vec::new(),
            ledger: Some(ledger),
            writing: None,
            beginning: Vec::new(),
            beginning_ms: now,
            renewing: false,
            unrecorded: None,
            owed: Vec::new(),
            onlookers: Vec::new(),
            onlooking_ms: 0,
            look: None,
            stop: None,
            last_ms: None,
            halt: open_until.map(self::open),
        }
    }

    fn finished(&mut self) -> bool {
        if self.last_ms.is_some_and(|ms| ms <= clock::now_ms()) {
            // A ledger that does not answer is not waited for.
            self.give_up_all();
            return true;
        }
        let told = self.records.is_empty() || self.unrecorded.is_some();
        self.open == 0 && self.writing.is_none() && told
    }

    /// Asks of each case that is ready what comes next.
    fn decide(&mut self) {
        for i in std::mem::take(&mut self.ready) {
            let now = clock::now_ms();
            match self.cases[i].next(self.tools.policy, now) {
                Action::Request { request_id, round } => {
                    self.want(i, Work::Checkpoint { request_id, round });
                }
                Action::Restart => self.want(i, Work::Restart),
                Action::Look { at_ms } if at_ms <= now => {
                    if self.onlookers.is_empty() {
                        self.onlooking_ms = now;
                    }
                    self.onlookers.push(i);
                }
                Action::Look { at_ms } => {
                    self.asleep.insert((at_ms, i));
                }
                Action::Wait { until_ms, why } => {
                    if self.sends_more() {
                        // Not this instant again, whatever the decision says.
                        self.asleep.insert((until_ms.max(now + 1), i));
                    } else {
                        self.give_up(i, &why);
                    }
                }
                Action::Done { outcome, why } => self.end(i, outcome, why),
            }
        }
    }

    fn want(&mut self, i: usize, work: Work) {
        if self.sends_more() {
            self.wanted.push_back((i, work));
        } else {
            self.give_up(i, "");
        }
    }

    /// Ends a case, and has it recorded for each of its requests.
    fn end(&mut self, i: usize, outcome: Outcome, why: String) {
        let at_ms = clock::now_ms();
        let case = &mut self.cases[i];
        let after = case.last_look().map_or(
            json!(null),
            |look| json!({ "looked_at_ms": look.at_ms, "seen": seen::word(look.seen) }),
        );
        for &id in &case.numbers {
            self.records.push(Record::Ended {
                id,
                at_ms,
                outcome,
                why: why.clone(),
                after: after.clone(),
            });
        }
        if std::mem::take(&mut case.claimed) {
            self.records.push(Record::Released {
                platform: self.tools.source.to_owned(),
                workspace_id: case.turn.workspace_id.clone(),
                turn_key: case.target.turn_key.clone(),
            });
        }
        if case.sent > 0
            && let Some(metrics) = self.tools.metrics
        {
            metrics.ended(outcome);
        }
        case.end = Some(End {
            outcome,
            why,
            at_ms,
        });
        self.open -= 1;
        self.progress.step();
    }

    /// Waits until something happens.
    async fn wait(&mut self, signals: &mut Signals) -> Event {
        let looks = (self.look.is_none() && !self.onlookers.is_empty()).then(|| self.look_due_ms());
        let wakes = self.asleep.first().map(|(at_ms, _)| *at_ms);
        let stops = self.stop.filter(|_| self.last_ms.is_none());
        let stops = stops.map(|stop| stop.until_ms);
        let due = [looks, wakes, stops, self.renew_due_ms(), self.last_ms]
            .into_iter()
            .flatten()
            .min();
        let pause = due.map(|at_ms| at_ms.saturating_sub(clock::now_ms()).max(0));
        let pause = pause.map(|ms| Duration::from_millis(ms.unsigned_abs()));
        let Self {
            admitting,
            flying,
            writing,
            look,
            ..
        } = self;
        let admitted = async {
            match admitting {
                Some(admitting) => admitting.await,
                None => std::future::pending().await,
            }
        };
        let written = async {
            match writing {
                Some(writing) => writing.await,
                None => std::future::pending().await,
            }
        };
        let looked = async {
            match look {
                Some((_, _, look)) => look.await,
                None => std::future::pending().await,
            }
        };
        let time = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(answered) = flying.join_next(), if !flying.is_empty() => {
                let mut all = vec![answered];
                all.extend(std::iter::from_fn(|| flying.try_join_next()));
                Event::Answered(all)
            }
            admission = admitted => Event::Admitted(admission),
            written = written => Event::Written(Box::new(written)),
            looked = looked => Event::Looked(looked),
            exit = signals.next() => Event::Signal(exit),
            () = time => Event::Time,
        }
    }

    /// Takes in what happened.
    fn take(&mut self, event: Event) {
        match event {
            // One that was aborted has been given up already.
            Event::Answered(all) => all.into_iter().flatten().for_each(|landed| {
                self.answered(landed);
            }),
            Event::Admitted(admission) => {
                self.admitting = None;
                self.admitted = Some(admission);
            }
            Event::Written(written) => self.written(*written),
            Event::Looked(looked) => self.looked(&looked),
            Event::Signal(exit) => self.signal(exit),
            Event::Time => {}
        }
        let now = clock::now_ms();
        while let Some(&(at_ms, i)) = self.asleep.first()
            && at_ms <= now
        {
            self.asleep.pop_first();
            self.ready.push(i);
        }
        if let Some(stop) = self.stop
            && stop.until_ms <= now
        {
            self.abandon(stop.at_once);
        }
    }
}

/// Why nothing is sent while the breaker is open.
pub(super) fn open(until_ms: i64) -> String {
    format!("the breaker is open until {}", when::utc(until_ms))
}
