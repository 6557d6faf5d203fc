//! One run: recorded, aborted, read back.

use std::time::Duration;

use serde_json::{Value, json};

use super::select::{Planned, What};
use super::{Ask, READ, WRITE};
use crate::checkpoint::{Answer, Outcome, Seen, request_id};
use crate::clock::{self, Stopwatch};
use crate::command::checkpoint::seen;
use crate::error::Error;
use crate::ledger::{Ledger, NewAttempt};
use crate::openclaw::gateway::{
    self, ABORT, Ended, Failure, Gateway, Settings, abort_params, read_abort, request, session_of,
    task_of,
};
use crate::schedule::Version;
use crate::turn::Turn;
use crate::when;

/// The pause between two looks, and before another request.
const POLL: Duration = Duration::from_millis(250);
const AGAIN: Duration = Duration::from_secs(1);
/// The record of a run is written a little after the run is gone.
const RECORD: Duration = Duration::from_secs(3);
/// A run gets at most so many requests in one call: it may take a gateway seven seconds to prepare a
/// run, and before that there is nothing to abort.
const MOST_REQUESTS: u32 = 10;

/// What was done about one run.
#[derive(Clone, Debug)]
pub(in crate::command::checkpoint) struct Done {
    /// The run as judged before.
    pub(in crate::command::checkpoint) turn: Turn,
    /// The last frame that was sent, or the one that would be; `None` where none is to be sent.
    pub(in crate::command::checkpoint) frame: Option<Value>,
    /// The id of that request.
    pub(in crate::command::checkpoint) request_id: Option<String>,
    /// How many requests were sent.
    pub(in crate::command::checkpoint) requests: u32,
    /// What was answered, by the contract.
    pub(in crate::command::checkpoint) answer: Option<Answer>,
    /// What was answered, in words.
    pub(in crate::command::checkpoint) says: Option<String>,
    /// How it ended.
    pub(in crate::command::checkpoint) outcome: Outcome,
    /// Why, in words.
    pub(in crate::command::checkpoint) why: String,
    /// From the first request to the end, milliseconds.
    pub(in crate::command::checkpoint) took_ms: Option<i64>,
}

/// What a run is freed with.
pub(super) struct Freer<'a> {
    /// `None` after the connection broke, until it is made again.
    pub(super) gateway: Option<Gateway>,
    pub(super) settings: &'a Settings,
    pub(super) version: Version,
    pub(super) ledger: Option<&'a mut Ledger>,
    pub(super) ask: &'a Ask<'a>,
    /// The gateway's address.
    pub(super) tag: String,
    /// How long a run may still be seen after it was aborted.
    pub(super) grace: Duration,
    /// What happened and could not be written to the ledger.
    pub(super) unrecorded: Vec<String>,
}

/// What reading back showed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Back {
    seen: Seen,
    /// The run's own session, where it has one by now.
    key: Option<String>,
    /// How the run is recorded to have ended.
    ended: Option<Ended>,
    /// Why the gateway could not be asked.
    why: Option<String>,
}

impl Freer<'_> {
    /// Deals with one run. Without `sends`, says what would be sent.
    ///
    /// # Errors
    /// When the ledger cannot be read or written: then nothing is sent for this run.
    pub(super) async fn one(&mut self, planned: Planned, sends: bool) -> Result<Done, Error> {
        let mut done = Done {
            turn: planned.turn,
            frame: None,
            request_id: None,
            requests: 0,
            answer: None,
            says: None,
            outcome: Outcome::NotSent,
            why: String::new(),
            took_ms: None,
        };
        let mut key = match planned.what {
            What::Abort(key) => key,
            What::Nothing(outcome, why) => {
                (done.outcome, done.why) = (outcome, why);
                return Ok(done);
            }
        };
        let watch = Stopwatch::start();
        let mut round = self.next_round(&done.turn)?;
        loop {
            let turn = &done.turn;
            let id = request_id(&self.tag, &turn.workspace_id, &turn_key(turn), round);
            let frame = request(&id, ABORT, &abort_params(&key));
            done.request_id = Some(id.clone());
            done.frame = Some(frame.clone());
            if !sends {
                let why = if self.ask.dry_run {
                    "--dry-run"
                } else {
                    "the answer was no"
                };
                why.clone_into(&mut done.why);
                return Ok(done);
            }
            let attempt = self.begin(turn, &frame, &id, round)?;
            let (answer, says) = self.send(&id, &frame).await;
            self.answered(attempt, &answer, &says);
            let back = self.read_back(turn, &answer).await;
            let (outcome, why) = conclude(&answer, &says, &back, self.grace);
            done.requests += 1;
            let again = pause(&answer, back.seen).filter(|pause| {
                done.requests < MOST_REQUESTS && watch.elapsed() + *pause < self.grace
            });
            let recorded = match again {
                Some(_) => format!("{why}; asked again"),
                None => why.clone(),
            };
            self.ended(attempt, outcome, &recorded, &back);
            key = back.key.unwrap_or(key);
            done.answer = Some(answer);
            done.says = Some(says);
            (done.outcome, done.why) = (outcome, why);
            done.took_ms = i64::try_from(watch.elapsed().as_millis()).ok();
            match again {
                Some(pause) => {
                    tokio::time::sleep(pause).await;
                    round += 1;
                }
                None => return Ok(done),
            }
        }
    }

    /// Says good-bye.
    pub(super) async fn close(self) {
        if let Some(gateway) = self.gateway {
            gateway.close().await;
        }
    }

    /// The gateway, connected again where the connection broke.
    async fn gateway(&mut self) -> Result<&mut Gateway, Failure> {
        if self.gateway.is_none() {
            self.gateway = Some(Gateway::connect(self.settings, &[READ, WRITE]).await?);
        }
        Ok(self.gateway.as_mut().expect("it was connected just now"))
    }

    async fn send(&mut self, id: &str, frame: &Value) -> (Answer, String) {
        let result = match self.gateway().await {
            Ok(gateway) => gateway.send(id, frame).await,
            Err(failure) => Err(failure),
        };
        self.forget_broken(result.as_ref().err());
        read_abort(&result)
    }

    /// Drops a connection that cannot be used any more.
    fn forget_broken(&mut self, failure: Option<&Failure>) {
        if failure.is_some_and(|failure| !matches!(failure, Failure::Said(_))) {
            self.gateway = None;
        }
    }

    /// Looks until the run is gone or the grace is over; then how it is recorded.
    async fn read_back(&mut self, turn: &Turn, answer: &Answer) -> Back {
        let mut back = Back {
            seen: Seen::NotKnown,
            key: None,
            ended: None,
            why: None,
        };
        // Only these may have ended the run, or say that it is over.
        if !matches!(
            answer,
            Answer::Checkpointed { .. } | Answer::Idle | Answer::Unclear
        ) {
            return back;
        }
        let watch = Stopwatch::start();
        loop {
            match self.look(turn).await {
                Ok((seen, key)) => (back.seen, back.key, back.why) = (seen, key, None),
                Err(failure) => {
                    (back.seen, back.why) = (Seen::NotKnown, Some(failure.to_string()));
                    self.forget_broken(Some(&failure));
                }
            }
            // A run that the gateway does not find is asked for again, not waited for.
            let settled = match back.seen {
                Seen::Gone | Seen::Successor | Seen::Idle => true,
                Seen::InFlight => *answer == Answer::Idle,
                Seen::NotKnown => false,
            };
            if settled || watch.elapsed() + POLL > self.grace {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        if matches!(back.seen, Seen::Gone | Seen::Successor) {
            back.ended = self.record(turn).await;
        }
        back
    }

    async fn look(&mut self, turn: &Turn) -> Result<(Seen, Option<String>), Failure> {
        let (tag, version) = (self.tag.clone(), self.version);
        let look = self.gateway().await?.runs(&tag, version).await?;
        let job = look
            .jobs
            .iter()
            .find(|job| Some(&*job.id) == turn.schedule_id.as_deref());
        let key = session_of(turn, job, task_of(turn, &look.runs));
        Ok((gateway::seen(turn, &look.runs), key.ok()))
    }

    /// How the run ended; `None` when no record of it came.
    async fn record(&mut self, turn: &Turn) -> Option<Ended> {
        let (job, started_ms) = (turn.schedule_id.clone()?, turn.started_at_ms?);
        let watch = Stopwatch::start();
        loop {
            let result = match self.gateway().await {
                Ok(gateway) => gateway.ended(&job, started_ms).await,
                Err(failure) => Err(failure),
            };
            self.forget_broken(result.as_ref().err());
            if let Ok(Some(ended)) = result {
                return Some(ended);
            }
            if watch.elapsed() + POLL > RECORD {
                return None;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The round after the last that is recorded for this run.
    fn next_round(&self, turn: &Turn) -> Result<u32, Error> {
        let Some(ledger) = &self.ledger else {
            return Ok(0);
        };
        let attempts = ledger.attempts(&self.tag, &turn.workspace_id, &turn_key(turn))?;
        Ok(attempts
            .last()
            .map_or(0, |last| last.round.saturating_add(1)))
    }

    fn begin(
        &mut self,
        turn: &Turn,
        frame: &Value,
        id: &str,
        round: u32,
    ) -> Result<Option<i64>, Error> {
        let Some(ledger) = &mut self.ledger else {
            return Ok(None);
        };
        let attempt = NewAttempt {
            platform: self.tag.clone(),
            workspace_id: turn.workspace_id.clone(),
            workspace_name: turn.workspace_name.clone(),
            turn_key: turn_key(turn),
            request_id: id.to_owned(),
            round,
            at_ms: clock::now_ms(),
            who: self.ask.who.clone(),
            reason: self.ask.reason.clone(),
            request: format!("{} {frame}", self.tag),
            restart: false,
            before: serde_json::to_value(turn).unwrap_or_default(),
            // Nobody else asks a gateway for it.
            known: 0,
        };
        ledger.begin(&attempt).map(Some)
    }

    /// Records what was answered. The request was sent: a ledger that fails now ends nothing.
    fn answered(&mut self, attempt: Option<i64>, answer: &Answer, says: &str) {
        if let (Some(ledger), Some(id)) = (&mut self.ledger, attempt)
            && let Err(error) = ledger.answered(id, clock::now_ms(), answer, says)
        {
            self.unrecorded.push(error.to_string());
        }
    }

    /// Records how it ended, likewise.
    fn ended(&mut self, attempt: Option<i64>, outcome: Outcome, why: &str, back: &Back) {
        let after = json!({
            "seen": seen::word(back.seen),
            "status": back.ended.as_ref().map(|ended| &ended.status),
            "error": back.ended.as_ref().and_then(|ended| ended.error.as_deref()),
        });
        if let (Some(ledger), Some(id)) = (&mut self.ledger, attempt)
            && let Err(error) = ledger.ended(id, clock::now_ms(), outcome, why, &after)
        {
            self.unrecorded.push(error.to_string());
        }
    }
}

/// What names a run, however its records were read: its job and its start.
fn turn_key(turn: &Turn) -> String {
    let job = turn.schedule_id.as_deref().unwrap_or_default();
    format!("{job}@{}", turn.key)
}

/// How long to wait before the run is asked for again; `None` when it is not.
///
/// A run that is being prepared has no session to abort yet, so `no-active-run` is asked again while
/// the run is in flight. A lost answer is not: the gateway was read back.
fn pause(answer: &Answer, seen: Seen) -> Option<Duration> {
    match answer {
        Answer::Throttled { retry_after_ms } => Some(
            retry_after_ms
                .and_then(|ms| u64::try_from(ms).ok())
                .map_or(AGAIN, Duration::from_millis),
        ),
        Answer::Idle | Answer::Unclear if seen == Seen::InFlight => Some(AGAIN),
        _ => None,
    }
}

/// How a request ended, by its answer and what was seen afterwards. Success is claimed only for a
/// run that was seen to be gone.
fn conclude(answer: &Answer, says: &str, back: &Back, grace: Duration) -> (Outcome, String) {
    let at_once = match answer {
        Answer::Unauthorised => Some(Outcome::Unauthorised),
        Answer::Unsupported => Some(Outcome::Unsupported),
        Answer::Throttled { .. } => Some(Outcome::Throttled),
        Answer::Checkpointed { .. } | Answer::Idle | Answer::Unclear => None,
        _ => Some(Outcome::Rejected),
    };
    if let Some(outcome) = at_once {
        return (outcome, says.to_owned());
    }
    let aborted = matches!(answer, Answer::Checkpointed { .. });
    let lost = *answer == Answer::Unclear;
    match (back.seen, &back.ended) {
        (Seen::InFlight, _) if aborted => {
            let grace = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
            let grace = when::duration(grace);
            (
                Outcome::Lingering,
                format!("{says}, and still in flight after {grace}"),
            )
        }
        (Seen::InFlight, _) if lost => (Outcome::Unknown, format!("{says}; it is in flight still")),
        (Seen::InFlight, _) => (
            Outcome::Refused,
            format!("{says}, though the run is in flight: sessions.abort does not reach it"),
        ),
        (Seen::NotKnown, _) => {
            let why = back.why.as_deref().unwrap_or("it was not looked at");
            (Outcome::Unknown, format!("{says}; not read back: {why}"))
        }
        (_, Some(ended)) if ended.is_abort() && (aborted || lost) => (
            Outcome::Confirmed,
            format!("gone, and recorded as {}{}", ended.says(), then(ended)),
        ),
        (_, Some(ended)) if aborted => (
            Outcome::Moot,
            format!(
                "aborted, but recorded as {}: it ended by itself",
                ended.says()
            ),
        ),
        (_, Some(ended)) => (
            Outcome::Moot,
            format!("it had ended: recorded as {}", ended.says()),
        ),
        (_, None) if aborted => (
            Outcome::Confirmed,
            "gone from tasks.list and cron.list; no record of its end was found".to_owned(),
        ),
        (_, None) if lost => (
            Outcome::Unknown,
            format!("{says}; the run is gone, and no record says how it ended"),
        ),
        (_, None) => (Outcome::Moot, format!("{says}: it had ended")),
    }
}

/// When the job runs next: an aborted run counts as an error, after which a gateway tries again.
fn then(ended: &Ended) -> String {
    let next = ended.next_run_at_ms.map(when::utc);
    next.map_or_else(String::new, |at| format!("; the job runs next at {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_claimed_only_for_what_was_seen_to_be_gone() {
        let aborted = Answer::Checkpointed {
            turn_id: None,
            checkpoint_id: None,
            resumable: None,
        };
        let abort = Some(("error", Some("agent run aborted | OPENCLAW_DIRECT_ABORT")));
        let ok = Some(("ok", None));
        let timed_out = Some(("error", Some("job execution timed out")));
        let throttled = Answer::Throttled {
            retry_after_ms: None,
        };
        let cases = [
            (aborted.clone(), Seen::Gone, abort, Outcome::Confirmed),
            (aborted.clone(), Seen::Successor, abort, Outcome::Confirmed),
            (aborted.clone(), Seen::Gone, None, Outcome::Confirmed),
            (aborted.clone(), Seen::Gone, ok, Outcome::Moot),
            (aborted.clone(), Seen::Gone, timed_out, Outcome::Moot),
            (aborted.clone(), Seen::InFlight, None, Outcome::Lingering),
            (aborted, Seen::NotKnown, None, Outcome::Unknown),
            (Answer::Idle, Seen::InFlight, None, Outcome::Refused),
            (Answer::Idle, Seen::Gone, ok, Outcome::Moot),
            (Answer::Idle, Seen::Gone, None, Outcome::Moot),
            (Answer::Idle, Seen::NotKnown, None, Outcome::Unknown),
            (Answer::Unclear, Seen::Gone, abort, Outcome::Confirmed),
            (Answer::Unclear, Seen::Gone, None, Outcome::Unknown),
            (Answer::Unclear, Seen::Gone, ok, Outcome::Moot),
            (Answer::Unclear, Seen::InFlight, None, Outcome::Unknown),
            (Answer::Unclear, Seen::NotKnown, None, Outcome::Unknown),
            (
                Answer::Unauthorised,
                Seen::NotKnown,
                None,
                Outcome::Unauthorised,
            ),
            (
                Answer::Unsupported,
                Seen::NotKnown,
                None,
                Outcome::Unsupported,
            ),
            (Answer::Rejected, Seen::NotKnown, None, Outcome::Rejected),
            (throttled, Seen::NotKnown, None, Outcome::Throttled),
        ];
        for (answer, seen, ended, expected) in cases {
            let back = Back {
                seen,
                key: None,
                ended: ended.map(|(status, error)| Ended {
                    status: status.to_owned(),
                    error: error.map(str::to_owned),
                    next_run_at_ms: None,
                }),
                why: None,
            };
            let (outcome, why) = conclude(&answer, "says", &back, Duration::from_secs(10));
            assert_eq!(outcome, expected, "{answer:?} {back:?}");
            assert!(!why.is_empty());
        }
    }
}
