//! The edge: sends the requests of a check in their order and puts them on record.

use std::time::Duration;

use super::record::{Exchange, Record, Side, Started, Step};
use super::start::{Running, Starter, since};
use crate::checkpoint::{Answer, Body, Reason, Reply};
use crate::clock::{self, Stopwatch};
use crate::error::{Error, Exit};
use crate::molecule::Platform;

/// A turn that no adapter has. A request that names it must not touch any other.
const NO_TURN: &str = "cronctl-adapter-check-no-such-turn";
/// A body that breaks off.
const MALFORMED: &str = r#"{"workspace_id":"#;

/// What is checked, and how patiently. All times in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) side: Side,
    pub(super) workspace_id: String,
    /// Where checkpoints go.
    pub(super) checkpoint_url: String,
    /// Where an adapter shows the session's log.
    pub(super) transcript_url: Option<String>,
    pub(super) starter: Starter,
    pub(super) grace_ms: i64,
    pub(super) drain_seconds: i64,
    pub(super) timeout_ms: i64,
}

/// The same server, with the secret that was given, with none, and with a wrong one.
pub(super) struct Callers {
    pub(super) given: Platform,
    pub(super) none: Platform,
    pub(super) wrong: Platform,
}

impl Plan {
    /// The pause between two looks, milliseconds.
    fn pause(&self) -> Duration {
        millis((self.grace_ms / 40).clamp(50, 500))
    }

    /// How long a turn that must not be cancelled is given to disappear all the same.
    fn settle(&self) -> Duration {
        millis((self.grace_ms / 20).clamp(100, 1_000))
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Sends everything.
///
/// # Errors
/// When nobody answers, the workspace or the organisation is not known there, or a turn cannot be
/// started.
pub(super) async fn drive(plan: &Plan, callers: &Callers) -> Result<Record, Error> {
    let clock = Stopwatch::start();
    let mut check = Check {
        plan,
        callers,
        clock,
        // Ids of one check are used in no other: adapters remember their answers.
        run: format!("check-{:x}-{:x}", clock::now_ms(), std::process::id()),
        sent: 0,
        record: Record {
            grace_ms: plan.grace_ms,
            ..Record::default()
        },
        running: Vec::new(),
    };
    check.all().await?;
    Ok(check.record)
}

struct Check<'a> {
    plan: &'a Plan,
    callers: &'a Callers,
    clock: Stopwatch,
    run: String,
    sent: u32,
    record: Record,
    /// The turns of `record.turns`, as long as they are in flight.
    running: Vec<Option<Running>>,
}

impl Check<'_> {
    async fn all(&mut self) -> Result<(), Error> {
        self.look(Step::Idle).await;
        match self.answer(Step::Idle) {
            Answer::Unsupported => {
                self.stop("there is no handler");
                return Ok(());
            }
            Answer::Unauthorised => {
                self.stop("the secret was refused");
                return Ok(());
            }
            Answer::TurnMismatch { turn_id } => {
                let turn = turn_id.unwrap_or_else(|| "without a name".to_owned());
                self.stop(&format!(
                    "a turn was in flight already ({turn}) and was left alone"
                ));
                return Ok(());
            }
            _ => self.reached()?,
        }
        self.refusals().await;
        if self.first_turn().await? {
            self.second_turn().await?;
        }
        self.collect().await;
        Ok(())
    }

    /// Whether somebody who matters answered the first request.
    fn reached(&self) -> Result<(), Error> {
        let Some(first) = self.record.of(Step::Idle) else {
            return Ok(());
        };
        let said = format!("{}: {}", self.plan.checkpoint_url, first.seen());
        let exit = |exit| Error {
            exit,
            ..Error::failed(said.clone())
        };
        match (first.answer(), &first.reply) {
            (Answer::TenantGuard, _) => Err(exit(Exit::Refused)
                .because("the platform serves one organisation, and was not told which or another")
                .hint("name it with --org")),
            (Answer::NoSuchWorkspace, _) => {
                Err(exit(Exit::Refused).hint("name the workspace's id with --workspace"))
            }
            (Answer::Throttled { .. }, _) => Err(exit(Exit::Unavailable).hint("try again later")),
            (
                _,
                Reply::Broken { .. }
                | Reply::Http {
                    status: 502..=504, ..
                },
            ) => {
                Err(exit(Exit::Unavailable)
                    .hint("is the adapter running, and is this its address?"))
            }
            _ => Ok(()),
        }
    }

    /// What must be refused whether or not a turn is in flight.
    async fn refusals(&mut self) {
        let callers = self.callers;
        self.post(Step::Malformed, &callers.given, MALFORMED.to_owned())
            .await;
        for (step, caller) in [
            (Step::NoSecret, &callers.none),
            (Step::WrongSecret, &callers.wrong),
        ] {
            let body = self.body(Some(NO_TURN));
            self.post(step, caller, body).await;
        }
    }

    /// Starts a turn, spares it, checkpoints it, asks again. Says whether a second turn is worth it.
    async fn first_turn(&mut self) -> Result<bool, Error> {
        self.start()?;
        self.look_for_a_turn(Step::WrongTurn).await;
        let mut turn = match self.answer(Step::WrongTurn) {
            Answer::TurnMismatch { turn_id } => turn_id,
            Answer::NotSteerable | Answer::Checkpointed { .. } | Answer::Interrupting { .. } => {
                None
            }
            Answer::Idle => {
                self.stop("no turn was seen in flight");
                return Ok(false);
            }
            _ => {
                self.stop("whether a turn is in flight was not told");
                return Ok(false);
            }
        };
        let minds_ids = matches!(self.answer(Step::WrongTurn), Answer::TurnMismatch { .. });
        if minds_ids {
            tokio::time::sleep(self.plan.settle()).await;
            self.look(Step::StillThere).await;
            match self.answer(Step::StillThere) {
                Answer::TurnMismatch { turn_id } => turn = turn_id.or(turn),
                Answer::Checkpointed { .. } | Answer::Interrupting { .. } => {}
                _ => {
                    self.stop("the turn was gone before it was to be checkpointed");
                    return Ok(false);
                }
            }
        }
        let request = match self.record.cancelling() {
            // It was obeyed although it named another turn.
            Some(exchange) => exchange.request_body.clone().unwrap_or_default(),
            None => {
                let body = self.body(turn.as_deref());
                self.ask(Step::Checkpoint, body.clone()).await;
                body
            }
        };
        let accepted = self.record.cancelling().map(Exchange::answer);
        if !matches!(
            accepted,
            Some(Answer::Checkpointed { .. } | Answer::Interrupting { .. })
        ) {
            self.stop("no turn was checkpointed");
            return Ok(false);
        }
        self.wait(0).await;
        self.look_until(Step::Gone, self.plan.grace_ms, |answer| match answer {
            Answer::TurnMismatch { turn_id } => turn_id.is_some() && *turn_id != turn,
            _ => true,
        })
        .await;
        self.ask(Step::Repeat, request.clone()).await;
        if self.answer(Step::Gone) != Answer::Idle {
            self.stop("the first turn is not gone, so that no second one was started");
            return Ok(false);
        }
        if self.record.of(Step::Checkpoint).is_none() {
            self.stop(
                "a request that names another turn cancels the one in flight, so that a second one \
                 cannot be watched",
            );
            return Ok(false);
        }
        Ok(true)
    }

    /// Starts another turn, repeats the first request, then checkpoints this one, too.
    async fn second_turn(&mut self) -> Result<(), Error> {
        self.start()?;
        self.look_for_a_turn(Step::SecondTurn).await;
        let Answer::TurnMismatch { turn_id } = self.answer(Step::SecondTurn) else {
            self.stop("no second turn was seen in flight");
            return Ok(());
        };
        let request = self.record.of(Step::Checkpoint);
        let request = request.and_then(|e| e.request_body.clone());
        self.ask(Step::RepeatDuring, request.unwrap_or_default())
            .await;
        tokio::time::sleep(self.plan.settle()).await;
        self.look(Step::SecondStillThere).await;
        if !matches!(
            self.answer(Step::SecondStillThere),
            Answer::TurnMismatch { .. }
        ) {
            self.stop("the second turn was gone before it was to be checkpointed");
            return Ok(());
        }
        let body = self.body(turn_id.as_deref());
        self.ask(Step::SecondCheckpoint, body).await;
        self.wait(1).await;
        if let Some(url) = &self.plan.transcript_url {
            self.exchange(Step::Transcript, &self.callers.given, url, None)
                .await;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), Error> {
        self.sent += 1;
        let id = format!("{}-turn-{}", self.run, self.sent);
        let at_ms = since(self.clock);
        let running = self
            .plan
            .starter
            .start(&self.callers.given, &id, self.clock)?;
        self.running.push(Some(running));
        self.record.turns.push(Started {
            by: self.plan.starter.by(),
            at_ms,
            ended: None,
        });
        Ok(())
    }

    /// Waits for a turn's end, within the grace.
    async fn wait(&mut self, turn: usize) {
        let Some(Some(running)) = self.running.get_mut(turn) else {
            return;
        };
        let ended = tokio::time::timeout(millis(self.plan.grace_ms), running).await;
        if let Ok(Ok(ended)) = ended {
            self.record.turns[turn].ended = Some(ended);
            self.running[turn] = None;
        }
    }

    /// Notes which turns have ended meanwhile.
    async fn collect(&mut self) {
        for turn in 0..self.running.len() {
            if self.running[turn]
                .as_ref()
                .is_some_and(Running::is_finished)
            {
                self.wait(turn).await;
            }
        }
    }

    /// Asks for the end of a turn that does not exist: what is in flight is told, and not touched.
    async fn look(&mut self, step: Step) {
        let body = self.body(Some(NO_TURN));
        self.ask(step, body).await;
    }

    /// Looks until a turn is in flight, the latest start has ended, or time is up.
    async fn look_for_a_turn(&mut self, step: Step) {
        let latest = self.running.len() - 1;
        let begun = self.clock;
        let until = since(begun) + self.plan.timeout_ms;
        let mut tries = 0;
        loop {
            let over = self.running[latest]
                .as_ref()
                .is_none_or(Running::is_finished);
            tries += 1;
            self.look(step).await;
            if self.answer(step) != Answer::Idle || over || since(begun) >= until {
                break;
            }
            self.forget(step);
            tokio::time::sleep(self.plan.pause()).await;
        }
        self.tried(step, tries);
        self.collect().await;
    }

    /// Looks until an answer is as wished, or time is up.
    async fn look_until(&mut self, step: Step, limit_ms: i64, wished: impl Fn(&Answer) -> bool) {
        let until = since(self.clock) + limit_ms;
        let mut tries = 0;
        loop {
            tries += 1;
            self.look(step).await;
            if wished(&self.answer(step)) || since(self.clock) >= until {
                break;
            }
            self.forget(step);
            tokio::time::sleep(self.plan.pause()).await;
        }
        self.tried(step, tries);
    }

    fn forget(&mut self, step: Step) {
        self.record.exchanges.retain(|e| e.step != step);
    }

    fn tried(&mut self, step: Step, tries: u32) {
        for exchange in &mut self.record.exchanges {
            if exchange.step == step {
                exchange.tries = tries;
            }
        }
    }

    fn answer(&self, step: Step) -> Answer {
        let exchange = self.record.of(step);
        exchange.map_or(Answer::Unclear, Exchange::answer)
    }

    fn stop(&mut self, why: &str) {
        self.record.stopped = Some(why.to_owned());
    }

    /// The body of a request with an id of its own.
    fn body(&mut self, turn_id: Option<&str>) -> String {
        self.sent += 1;
        let body = Body {
            workspace_id: self.plan.workspace_id.clone(),
            turn_id: turn_id.map(str::to_owned),
            reason: Reason::Operator,
            note: Some("cronctl adapter check".to_owned()),
            ceiling_seconds: None,
            turn_age_seconds: None,
            drain_seconds: self.plan.drain_seconds,
            request_id: format!("{}-{}", self.run, self.sent),
        };
        // Text and numbers: this cannot fail.
        serde_json::to_string(&body).unwrap_or_default()
    }

    async fn ask(&mut self, step: Step, body: String) {
        self.post(step, &self.callers.given, body).await;
    }

    async fn post(&mut self, step: Step, caller: &Platform, body: String) {
        self.exchange(step, caller, &self.plan.checkpoint_url, Some(body))
            .await;
    }

    async fn exchange(&mut self, step: Step, caller: &Platform, url: &str, body: Option<String>) {
        let id = body.as_deref().and_then(request_id);
        let timeout = self.plan.timeout_ms + self.plan.drain_seconds.saturating_mul(1_000);
        let at_ms = since(self.clock);
        let reply = caller
            .once(url, body.clone(), id.as_deref(), millis(timeout))
            .await;
        let method = if body.is_some() { "POST" } else { "GET" };
        let mut exchange =
            Exchange::new(step, self.plan.side, format!("{method} {url}"), body, reply);
        exchange.secret = match step {
            Step::WrongSecret => "wrong",
            _ if caller.settings().token.is_none() => "none",
            _ => "given",
        };
        exchange.at_ms = at_ms;
        exchange.took_ms = since(self.clock) - at_ms;
        self.record.exchanges.push(exchange);
    }
}

/// The id in a body, for the header that repeats it.
fn request_id(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(body["request_id"].as_str()?.to_owned())
}
