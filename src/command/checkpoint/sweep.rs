//! The sweep: decide, act, record, for many turns at once.
//!
//! One loop holds all cases. Requests to be sent are recorded together, in one transaction off this
//! thread, before they go out; one look at the platform serves every case that wants one. So neither
//! disk nor platform is asked once per turn.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::case::{Case, End, Work};
use super::seen::{self, Glance};
use super::signals::{self, Signals};
use crate::checkpoint::{Action, Outcome, Policy, Reply, Seen, read_answer, read_restart};
use crate::clock::{self, Stopwatch};
use crate::error::{Error, Exit};
use crate::ledger::{Ledger, NewAttempt, Record};
use crate::molecule::{Depth, Platform, gather};
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

    fn sends_more(&self) -> bool {
        self.stop.is_none() && self.halt.is_none()
    }

    /// Ends a case as it stands, since nothing more is sent.
    fn give_up(&mut self, i: usize, otherwise: &str) {
        let halted = match (&self.halt, self.stop) {
            (Some(why), _) => why.clone(),
            (None, Some(stop)) => format!("{} came", signals::name(stop.exit)),
            (None, None) => otherwise.to_owned(),
        };
        let outcome = self.cases[i].as_it_stands();
        let said = self.cases[i].answer.as_ref().map(|(_, says)| says.as_str());
        let why = match said {
            Some(says) => format!("{says}; then {halted}"),
            None if outcome == Outcome::Unknown => format!("{halted} before an answer did"),
            None => halted,
        };
        self.end(i, outcome, why);
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

    /// Gives up what is to be sent and was not.
    fn hold(&mut self) {
        for (i, _) in std::mem::take(&mut self.begun) {
            self.withdraw(i);
        }
        for (i, _) in std::mem::take(&mut self.wanted) {
            self.give_up(i, "");
        }
    }

    /// Gives up what is recorded as begun and was not sent.
    fn withdraw(&mut self, i: usize) {
        self.cases[i].withdraws();
        if let Some(id) = self.cases[i].numbers.pop() {
            self.records.push(Record::Ended {
                id,
                at_ms: self.time.now_ms(),
                outcome: Outcome::NotSent,
                why: "begun, and then not sent".to_owned(),
                after: json!(null),
            });
        }
        self.give_up(i, "");
    }

    /// Has the ledger written, unless it is being written: what is to be sent next is recorded
    /// before it goes out. A few more than can be sent at once, so that the disk is not waited for.
    fn record(&mut self) {
        // It is away while it is being written.
        let Some(mut ledger) = self.ledger.take() else {
            return;
        };
        let ahead = self.begun.len() + self.flying.len();
        let room = (2 * self.tools.concurrency).saturating_sub(ahead);
        let starts: Vec<_> = self.wanted.drain(..room.min(self.wanted.len())).collect();
        let mut records = std::mem::take(&mut self.records);
        for (i, work) in &starts {
            records.push(self.begin(*i, work));
        }
        if records.is_empty() {
            self.ledger = Some(ledger);
            return;
        }
        self.beginning = starts;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let written = ledger.record(&records);
            (ledger, written)
        }));
    }

    fn begin(&mut self, i: usize, work: &Work) -> Record {
        let now_ms = self.time.now_ms();
        let case = &mut self.cases[i];
        let (request_id, round) = case.name_of(work);
        case.begins(work, now_ms);
        let request = match work {
            Work::Checkpoint { .. } => case.url.clone().unwrap_or_default(),
            Work::Restart => format!(
                "{}/workspaces/{}/restart",
                self.tools.platform.settings().url,
                case.turn.workspace_id
            ),
        };
        Record::Begun(Box::new(NewAttempt {
            platform: self.tools.source.to_owned(),
            workspace_id: case.turn.workspace_id.clone(),
            workspace_name: case.turn.workspace_name.clone(),
            turn_key: case.target.turn_key.clone(),
            request_id,
            round,
            at_ms: now_ms,
            who: self.tools.who.to_owned(),
            reason: self.tools.reason.to_owned(),
            request: format!("POST {request}"),
            restart: *work == Work::Restart,
            before: json!(case.turn),
        }))
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

    /// Looks at the platform for all that want it: at once when nothing else goes on, else when the
    /// first of them has waited long enough.
    fn look(&mut self) {
        if self.look.is_some() || self.onlookers.is_empty() {
            return;
        }
        let now = self.time.now_ms();
        let idle = self.wanted.is_empty()
            && self.beginning.is_empty()
            && self.begun.is_empty()
            && self.flying.is_empty();
        if !idle && now < self.look_due_ms() {
            return;
        }
        let platform = self.tools.platform.clone();
        let (source, adapters) = (self.tools.source.to_owned(), self.tools.adapters.clone());
        let concurrency = self.tools.concurrency;
        let look = async move {
            let depth = Depth::Lists;
            let gathered = gather(
                &platform,
                &source,
                &depth,
                &adapters,
                concurrency,
                now,
                true,
            );
            gathered.await.map(|(snapshot, _)| snapshot)
        };
        let onlookers = std::mem::take(&mut self.onlookers);
        self.look = Some((now, onlookers, Box::pin(look)));
    }

    fn look_due_ms(&self) -> i64 {
        self.onlooking_ms.saturating_add(self.tools.policy.poll_ms)
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
            Event::Looked(looked) => self.looked(looked),
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

    fn written(&mut self, written: Result<Written, JoinError>) {
        self.writing = None;
        let beginning = std::mem::take(&mut self.beginning);
        let ids = match written {
            Ok((ledger, Ok(ids))) => {
                self.ledger = Some(ledger);
                ids
            }
            Ok((_, Err(error))) => return self.gives_up_ledger(error, beginning),
            Err(panic) => {
                let error = Error::failed("the ledger could not be written").because(panic);
                return self.gives_up_ledger(error, beginning);
            }
        };
        let first = ids.len().saturating_sub(beginning.len());
        for ((i, work), id) in beginning.into_iter().zip(&ids[first..]) {
            self.cases[i].numbers.push(*id);
            if self.sends_more() {
                self.begun.push_back((i, work));
            } else {
                self.withdraw(i);
            }
        }
    }

    /// Goes on without the ledger: nothing more is sent, what is under way is waited for.
    fn gives_up_ledger(&mut self, error: Error, beginning: Vec<(usize, Work)>) {
        self.halt = Some("the ledger could not be written".to_owned());
        for (i, _) in beginning {
            self.cases[i].withdraws();
            self.give_up(i, "");
        }
        self.hold();
        self.records.clear();
        self.unrecorded = Some(error);
    }

    fn looked(&mut self, looked: Result<Snapshot, Error>) {
        let Some((at_ms, onlookers, _)) = self.look.take() else {
            return;
        };
        let glance = looked.as_ref().ok().map(Glance::new);
        for i in onlookers {
            let case = &mut self.cases[i];
            if case.end.is_some() {
                continue;
            }
            let seen = glance.as_ref().map_or(Seen::NotKnown, |glance| {
                glance.of(&case.turn, case.target.turn_id.as_deref())
            });
            case.sees(seen, at_ms);
            self.ready.push(i);
        }
    }

    /// The first signal lets what is under way end; the second does not.
    fn signal(&mut self, exit: Exit) {
        let now = self.time.now_ms();
        if let Some(stop) = &mut self.stop {
            stop.until_ms = now;
            return;
        }
        let drain_ms = self.tools.policy.drain_ms;
        self.stop = Some(Stop {
            exit,
            until_ms: now.saturating_add(drain_ms),
        });
        self.tools.ui.warning(&format!(
            "{}: nothing more is sent; what is under way has {} to end",
            signals::name(exit),
            when::duration(drain_ms)
        ));
        self.hold();
        // Those that wait to ask again have nothing to wait for.
        let asleep = std::mem::take(&mut self.asleep);
        self.ready.extend(asleep.into_iter().map(|(_, i)| i));
    }

    /// Ends every case as it stands.
    fn abandon(&mut self) {
        self.flying.abort_all();
        self.look = None;
        self.ready.clear();
        self.asleep.clear();
        self.onlookers.clear();
        for i in 0..self.cases.len() {
            // What is being recorded as begun is given up when that is done.
            let beginning = self.beginning.iter().any(|(begun, _)| *begun == i);
            if self.cases[i].end.is_none() && !beginning {
                self.give_up(i, "");
            }
        }
    }
}
