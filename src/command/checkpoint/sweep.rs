//! The sweep: decide, act, record, for many turns at once.
//!
//! One loop holds all cases. Requests to be sent are recorded together, in one transaction off this
//! thread, before they go out; one look at the platform serves every case that wants one. So neither
//! disk nor platform is asked once per turn.

mod looking;
mod recording;
mod stopping;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::case::{Case, End, Work};
use super::seen;
use crate::checkpoint::{Action, Outcome, Policy, Reply, read_answer, read_restart};
use crate::clock::{self, Stopwatch};
use crate::command::signals::Signals;
use crate::error::{Error, Exit};
use crate::ledger::{Ledger, Record};
use crate::molecule::Platform;
use crate::turn::{Adapters, Snapshot};
use crate::ui::{Progress, Ui};

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
    /// What the ledger calls the platform.
    pub(super) source: &'a str,
    /// For the ledger.
    pub(super) who: &'a str,
    /// For the ledger.
    pub(super) reason: &'a str,
}

/// What a sweep left.
#[derive(Debug)]
pub(super) struct Swept {
    /// Every case, ended.
    pub(super) cases: Vec<Case>,
    /// Which signal ended it.
    pub(super) ended_by: Option<Exit>,
    /// Why the ledger was given up on the way. What was answered since is not in it.
    pub(super) unrecorded: Option<Error>,
}

/// Deals with all cases until each has ended.
///
/// # Errors
/// When nothing was sent since the ledger cannot be written.
pub(super) async fn sweep(
    tools: &Tools<'_>,
    cases: Vec<Case>,
    ledger: Ledger,
) -> Result<Swept, Error> {
    let mut signals = Signals::listen()?;
    let mut sweep = Sweep::new(tools, cases, ledger);
    loop {
        sweep.decide();
        sweep.record();
        sweep.send();
        sweep.look();
        if sweep.finished() {
            break;
        }
        let event = sweep.wait(&mut signals).await;
        sweep.take(event);
    }
    let sent = sweep.cases.iter().any(|case| case.sent > 0);
    match sweep.unrecorded {
        Some(error) if !sent => Err(error),
        unrecorded => Ok(Swept {
            cases: sweep.cases,
            ended_by: sweep.stop.map(|stop| stop.exit),
            unrecorded,
        }),
    }
}

/// Time that passes, from the clock's instant on.
#[derive(Clone, Copy, Debug)]
struct Time {
    start_ms: i64,
    since: Stopwatch,
}

impl Time {
    fn now_ms(&self) -> i64 {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start_ms.saturating_add(passed)
    }
}

/// A signal came: nothing new is sent, and what is under way has until then.
#[derive(Clone, Copy, Debug)]
struct Stop {
    exit: Exit,
    until_ms: i64,
}

type Looked = Pin<Box<dyn Future<Output = Result<Snapshot, Error>>>>;
type Written = (Ledger, Result<Vec<i64>, Error>);

struct Sweep<'a> {
    tools: &'a Tools<'a>,
    cases: Vec<Case>,
    time: Time,
    progress: Progress,
    /// How many cases have not ended.
    open: usize,
    /// To be decided about.
    ready: Vec<usize>,
    /// To be decided about at an instant.
    asleep: BTreeSet<(i64, usize)>,
    /// To be recorded, then sent.
    wanted: VecDeque<(usize, Work)>,
    /// Recorded, to be sent.
    begun: VecDeque<(usize, Work)>,
    /// Sent.
    flying: JoinSet<(usize, Work, Reply)>,
    /// What the ledger is not told yet.
    records: Vec<Record>,
    /// At home, unless it is being written.
    ledger: Option<Ledger>,
    writing: Option<JoinHandle<Written>>,
    /// What is being recorded as begun.
    beginning: Vec<(usize, Work)>,
    unrecorded: Option<Error>,
    /// Those that wait for a look, and since when the first does.
    onlookers: Vec<usize>,
    onlooking_ms: i64,
    look: Option<(i64, Vec<usize>, Looked)>,
    stop: Option<Stop>,
    /// Why nothing more is sent.
    halt: Option<String>,
}

enum Event {
    Answered(Vec<Result<(usize, Work, Reply), JoinError>>),
    Written(Result<Written, JoinError>),
    Looked(Result<Snapshot, Error>),
    Signal(Exit),
    Time,
}

impl<'a> Sweep<'a> {
    fn new(tools: &'a Tools<'a>, cases: Vec<Case>, ledger: Ledger) -> Self {
        let open: Vec<usize> = (0..cases.len())
            .filter(|&i| cases[i].end.is_none())
            .collect();
        Self {
            tools,
            time: Time {
                start_ms: clock::now_ms(),
                since: Stopwatch::start(),
            },
            progress: tools
                .ui
                .progress("turns dealt with", Some(open.len() as u64)),
            open: open.len(),
            ready: open,
            cases,
            asleep: BTreeSet::new(),
            wanted: VecDeque::new(),
            begun: VecDeque::new(),
            flying: JoinSet::new(),
            records: Vec::new(),
            ledger: Some(ledger),
            writing: None,
            beginning: Vec::new(),
            unrecorded: None,
            onlookers: Vec::new(),
            onlooking_ms: 0,
            look: None,
            stop: None,
            halt: None,
        }
    }

    fn finished(&self) -> bool {
        let told = self.records.is_empty() || self.unrecorded.is_some();
        self.open == 0 && self.writing.is_none() && told
    }

    /// Asks of each case that is ready what comes next.
    fn decide(&mut self) {
        for i in std::mem::take(&mut self.ready) {
            let now = self.time.now_ms();
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
        let at_ms = self.time.now_ms();
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
        let refused = outcome == Outcome::Unauthorised && self.tools.via_platform;
        if refused && case.sent > 0 && self.halt.is_none() {
            self.halt = Some(format!(
                "the platform refused the caller at {}: the rest would fail too",
                case.turn.workspace_id
            ));
        }
        case.end = Some(End {
            outcome,
            why,
            at_ms,
        });
        self.open -= 1;
        self.progress.step();
        if refused {
            self.hold();
        }
    }

    /// Sends what is recorded.
    fn send(&mut self) {
        while self.flying.len() < self.tools.concurrency {
            let Some((i, work)) = self.begun.pop_front() else {
                break;
            };
            let case = &mut self.cases[i];
            case.sends(&work, self.time.now_ms());
            let platform = self.tools.platform.clone();
            match work {
                Work::Checkpoint { .. } => {
                    let url = case.url.clone().unwrap_or_default();
                    let body = case.body.clone();
                    self.flying.spawn(async move {
                        let reply = platform.checkpoint(&url, &body).await;
                        (i, work, reply)
                    });
                }
                Work::Restart => {
                    let id = case.turn.workspace_id.clone();
                    self.flying
                        .spawn(async move { (i, work, platform.restart(&id).await) });
                }
            }
        }
    }

    /// Waits until something happens.
    async fn wait(&mut self, signals: &mut Signals) -> Event {
        let looks = (self.look.is_none() && !self.onlookers.is_empty()).then(|| self.look_due_ms());
        let wakes = self.asleep.first().map(|(at_ms, _)| *at_ms);
        let stops = self.stop.map(|stop| stop.until_ms);
        let due = [looks, wakes, stops].into_iter().flatten().min();
        let pause = due.map(|at_ms| at_ms.saturating_sub(self.time.now_ms()).max(0));
        let pause = pause.map(|ms| Duration::from_millis(ms.unsigned_abs()));
        let Self {
            flying,
            writing,
            look,
            ..
        } = self;
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
            written = written => Event::Written(written),
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
                let (i, work, reply) = landed;
                self.answered(i, &work, &reply);
            }),
            Event::Written(written) => self.written(written),
            Event::Looked(looked) => self.looked(&looked),
            Event::Signal(exit) => self.signal(exit),
            Event::Time => {}
        }
        let now = self.time.now_ms();
        while let Some(&(at_ms, i)) = self.asleep.first()
            && at_ms <= now
        {
            self.asleep.pop_first();
            self.ready.push(i);
        }
        if self.stop.is_some_and(|stop| stop.until_ms <= now) && self.open > 0 {
            self.abandon();
        }
    }

    fn answered(&mut self, i: usize, work: &Work, reply: &Reply) {
        if self.cases[i].end.is_some() {
            return;
        }
        let (answer, says) = match work {
            Work::Checkpoint { .. } => read_answer(reply),
            Work::Restart => read_restart(reply),
        };
        let at_ms = self.time.now_ms();
        let case = &mut self.cases[i];
        if let Some(&id) = case.numbers.last() {
            self.records.push(Record::Answered {
                id,
                at_ms,
                answer: answer.clone(),
                says: says.clone(),
            });
        }
        case.hears(answer, says, at_ms);
        self.ready.push(i);
    }
}
