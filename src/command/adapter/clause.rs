//! The clauses of the contract, each a function of what was said. Nothing is sent here.

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{Exchange, Record, Step};
use crate::checkpoint::{Answer, Reply};
use crate::when;

/// One assertion of the contract (`docs/adapter-spec.md`).
pub(super) struct Clause {
    /// Its name in every output.
    pub(super) id: &'static str,
    /// What is asserted.
    pub(super) title: &'static str,
    /// What goes wrong where it does not hold.
    pub(super) why: &'static str,
    /// Who asks for it.
    pub(super) origin: Asks,
    judge: fn(&Record) -> Judged,
}

/// Who asks for a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// RFC #1690.
    Rfc,
    /// `docs/adapter-spec.md`, where the RFC leaves a gap.
    Gap,
}

impl Asks {
    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rfc => "RFC",
            Self::Gap => "gap",
        }
    }
}

/// Whether a clause holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It does.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be said.
    NotTestable,
}

impl Outcome {
    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotTestable => "not testable",
        }
    }
}

/// Whether a clause holds, and what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) result: Outcome,
    pub(super) seen: String,
}

fn pass(seen: impl Into<String>) -> Judged {
    judged(Outcome::Pass, seen)
}

fn fail(seen: impl Into<String>) -> Judged {
    judged(Outcome::Fail, seen)
}

fn open(seen: impl Into<String>) -> Judged {
    judged(Outcome::NotTestable, seen)
}

fn judged(result: Outcome, seen: impl Into<String>) -> Judged {
    let seen = seen.into();
    Judged { result, seen }
}

impl Clause {
    /// Judges it by what was said.
    pub(super) fn judge(&self, record: &Record) -> Judged {
        let unsupported = record
            .of(Step::Idle)
            .is_some_and(|e| e.answer() == Answer::Unsupported);
        if unsupported && self.id != "handler" {
            return open("there is no handler");
        }
        (self.judge)(record)
    }
}

/// The clauses, in the order in which they are tried.
pub(super) const CLAUSES: &[Clause] = &[
    Clause {
        id: "handler",
        title: "There is a handler for /control/checkpoint",
        why: "without one only a restart frees the workspace, and that destroys the turn",
        origin: Asks::Rfc,
        judge: handler,
    },
    Clause {
        id: "idle",
        title: "With no turn in flight the answer is 200 idle",
        why: "a caller must be able to tell a workspace that is free from one that refuses",
        origin: Asks::Gap,
        judge: idle,
    },
    Clause {
        id: "malformed",
        title: "A body that is no JSON is answered with 400",
        why: "a request that is not understood must not cancel anything",
        origin: Asks::Gap,
        judge: malformed,
    },
    Clause {
        id: "no-secret",
        title: "Without a secret the answer is 401",
        why: "whoever reaches the port could cancel turns",
        origin: Asks::Gap,
        judge: |r| refuses(r, Step::NoSecret),
    },
    Clause {
        id: "wrong-secret",
        title: "With a wrong secret the answer is 401",
        why: "whoever reaches the port could cancel turns",
        origin: Asks::Gap,
        judge: |r| refuses(r, Step::WrongSecret),
    },
    Clause {
        id: "wrong-turn",
        title: "A request that names another turn is answered with 409 turn_mismatch",
        why: "between looking and asking a turn can end and the next one begin",
        origin: Asks::Gap,
        judge: wrong_turn,
    },
    Clause {
        id: "wrong-turn-spares",
        title: "A request that names another turn leaves the running one alone",
        why: "the successor of a turn that was too old would lose its work",
        origin: Asks::Gap,
        judge: wrong_turn_spares,
    },
    Clause {
        id: "checkpoint",
        title: "A turn in flight is checkpointed (200), asked to stop (202) or refused (409)",
        why: "this is what the handler is for",
        origin: Asks::Rfc,
        judge: checkpoint,
    },
    Clause {
        id: "post-returns",
        title: "The in-flight POST returns cleanly within the grace",
        why: "until it does, the queue behind it does not drain",
        origin: Asks::Rfc,
        judge: post_returns,
    },
    Clause {
        id: "turn-gone",
        title: "The turn is gone afterwards",
        why: "an answer that claims it frees nothing",
        origin: Asks::Rfc,
        judge: turn_gone,
    },
    Clause {
        id: "repeat-answer",
        title: "The same request_id is given the same answer",
        why: "a caller whose answer was lost asks again and must learn what happened",
        origin: Asks::Gap,
        judge: repeat_answer,
    },
    Clause {
        id: "repeat-spares",
        title: "The same request_id does not cancel the next turn",
        why: "a repeat after a lost answer would destroy the turn that the checkpoint made room for",
        origin: Asks::Gap,
        judge: repeat_spares,
    },
    Clause {
        id: "resumes",
        title: "The next turn resumes with the saved session",
        why: "otherwise the work of the cancelled turn is lost, as after a restart",
        origin: Asks::Rfc,
        judge: resumes,
    },
];

fn handler(record: &Record) -> Judged {
    let Some(first) = record.of(Step::Idle) else {
        return missing(record);
    };
    match first.answer() {
        Answer::Unsupported => fail(first.seen()),
        Answer::Unauthorised => open(format!(
            "{}: the secret is checked before the path",
            first.seen()
        )),
        Answer::Unclear => fail(format!(
            "{}: that is no answer of the contract",
            first.seen()
        )),
        _ => pass(first.seen()),
    }
}

fn idle(record: &Record) -> Judged {
    let Some(first) = record.of(Step::Idle) else {
        return missing(record);
    };
    match first.answer() {
        Answer::Idle => pass(first.seen()),
        Answer::TurnMismatch { .. } | Answer::Unauthorised => missing(record),
        _ => fail(first.seen()),
    }
}

fn malformed(record: &Record) -> Judged {
    let Some(exchange) = record.of(Step::Malformed) else {
        return missing(record);
    };
    match exchange.status {
        Some(400) => pass(exchange.seen()),
        Some(401 | 403) => missing(record),
        _ => fail(exchange.seen()),
    }
}

fn refuses(record: &Record, step: Step) -> Judged {
    let Some(exchange) = record.of(step) else {
        return missing(record);
    };
    match exchange.answer() {
        Answer::Unauthorised => pass(exchange.seen()),
        _ => fail(exchange.seen()),
    }
}

fn wrong_turn(record: &Record) -> Judged {
    let exchange = match turn_in_flight(record) {
        Ok(exchange) => exchange,
        Err(why) => return why,
    };
    match exchange.answer() {
        Answer::TurnMismatch { turn_id: Some(_) } => pass(exchange.seen()),
        Answer::TurnMismatch { turn_id: None } => fail(format!(
            "{}: it does not name the turn that runs",
            exchange.seen()
        )),
        Answer::NotSteerable => open(format!(
            "{}: refused before the turn's id was compared, so nothing was cancelled",
            exchange.seen()
        )),
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } => fail(format!(
            "{}: it was obeyed, although it named a turn that does not exist",
            exchange.seen()
        )),
        _ => fail(exchange.seen()),
    }
}

fn wrong_turn_spares(record: &Record) -> Judged {
    let first = match turn_in_flight(record) {
        Ok(exchange) => exchange,
        Err(why) => return why,
    };
    match first.answer() {
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } => {
            fail(format!("{}: that request cancelled it", first.seen()))
        }
        Answer::TurnMismatch { turn_id } => match record.of(Step::StillThere) {
            None => missing(record),
            Some(later) => still(later, turn_id.as_deref(), "the request that named another"),
        },
        _ => open(format!("{}: which turn runs is not told", first.seen())),
    }
}

/// Whether a later look shows the same turn still in flight.
fn still(later: &Exchange, turn: Option<&str>, suspect: &str) -> Judged {
    let after = when::duration(later.took_ms.max(1));
    match later.answer() {
        Answer::TurnMismatch { turn_id } if turn_id.as_deref() == turn => {
            pass(format!("{}: still in flight", later.seen()))
        }
        Answer::TurnMismatch { turn_id } => fail(format!(
            "{} runs instead of {}",
            named(turn_id.as_deref()),
            named(turn)
        )),
        Answer::Idle => fail(format!(
            "{}: {} is gone. {suspect} ended it, or it ended by itself: then a slower --prompt tells",
            later.seen(),
            named(turn)
        )),
        _ => open(format!("{} (after {after})", later.seen())),
    }
}

fn checkpoint(record: &Record) -> Judged {
    if let Err(why) = turn_in_flight(record) {
        return why;
    }
    let Some(exchange) = record.cancelling() else {
        return missing(record);
    };
    let seen = exchange.seen();
    let running = running_turn(record);
    match exchange.answer() {
        Answer::Checkpointed { turn_id, .. } if other(turn_id.as_deref(), running.as_deref()) => {
            fail(format!(
                "{seen}: asked was for {}",
                named(running.as_deref())
            ))
        }
        Answer::Checkpointed { .. } => pass(seen),
        Answer::Interrupting { .. } => pass(format!("{seen}: asked to stop")),
        Answer::NotSteerable => pass(format!("{seen}: refused, as an adapter may")),
        Answer::Throttled { .. } => open(format!("{seen}: not now")),
        _ => fail(seen),
    }
}

fn post_returns(record: &Record) -> Judged {
    let asked = match accepted(record) {
        Ok(exchange) => exchange,
        Err(why) => return why,
    };
    let Some(turn) = record.turns.first() else {
        return missing(record);
    };
    let Some(ended) = &turn.ended else {
        return fail(format!(
            "it has not returned {} after the answer",
            when::duration(record.grace_ms)
        ));
    };
    if ended.at_ms < asked.at_ms {
        return open(format!(
            "it had returned before the checkpoint was asked for: {}",
            ended.with
        ));
    }
    let after = ended.at_ms - asked.answered_ms();
    let said = if after <= 0 {
        format!("returned before the answer: {}", ended.with)
    } else {
        format!(
            "returned {} after the answer: {}",
            when::duration(after),
            ended.with
        )
    };
    if after > record.grace_ms {
        fail(format!(
            "{said}; the grace is {}",
            when::duration(record.grace_ms)
        ))
    } else if ended.clean {
        pass(said)
    } else {
        fail(format!("{said}: not cleanly"))
    }
}

fn turn_gone(record: &Record) -> Judged {
    if let Err(why) = accepted(record) {
        return why;
    }
    let Some(exchange) = record.of(Step::Gone) else {
        return missing(record);
    };
    let seen = exchange.seen();
    match exchange.answer() {
        Answer::Idle => pass(seen),
        Answer::TurnMismatch { turn_id }
            if other(turn_id.as_deref(), running_turn(record).as_deref()) =>
        {
            pass(format!("{seen}: another turn runs"))
        }
        Answer::TurnMismatch { .. } => fail(format!("{seen}: it is still in flight")),
        _ => fail(seen),
    }
}

fn repeat_answer(record: &Record) -> Judged {
    let first = match accepted(record) {
        Ok(exchange) => exchange,
        Err(why) => return why,
    };
    let repeats: Vec<&Exchange> = [Step::Repeat, Step::RepeatDuring]
        .into_iter()
        .filter_map(|step| record.of(step))
        .collect();
    let Some(last) = repeats.last() else {
        return missing(record);
    };
    match repeats.iter().find(|repeat| !same(first, repeat)) {
        Some(odd) => fail(format!(
            "first {}, then {}{}",
            first.seen(),
            odd.seen(),
            if odd.step == Step::RepeatDuring {
                " while the next turn runs"
            } else {
                ""
            }
        )),
        None => pass(format!(
            "{} more {}: {}",
            repeats.len(),
            if repeats.len() == 1 { "time" } else { "times" },
            last.seen()
        )),
    }
}

/// The same answer. One that said "asked to stop" may say later that the turn has stopped.
fn same(first: &Exchange, repeat: &Exchange) -> bool {
    let (before, after) = (first.answer(), repeat.answer());
    if let (
        Answer::Interrupting { turn_id: asked },
        Answer::Checkpointed {
            turn_id: stopped, ..
        },
    ) = (&before, &after)
    {
        return !other(stopped.as_deref(), asked.as_deref());
    }
    before == after
}

fn repeat_spares(record: &Record) -> Judged {
    if let Err(why) = accepted(record) {
        return why;
    }
    let (Some(running), Some(_), Some(later)) = (
        record.of(Step::SecondTurn),
        record.of(Step::RepeatDuring),
        record.of(Step::SecondStillThere),
    ) else {
        return missing(record);
    };
    match running.answer() {
        Answer::TurnMismatch { turn_id } => still(later, turn_id.as_deref(), "the repeat"),
        _ => missing(record),
    }
}

fn resumes(record: &Record) -> Judged {
    let first = match accepted(record) {
        Ok(exchange) => exchange,
        Err(why) => return why,
    };
    let saved = saved(first);
    if saved.resumable == Some(false) {
        return fail(format!(
            "{}: the adapter says that the next turn does not resume",
            first.seen()
        ));
    }
    let Some(session) = saved.session else {
        return open("the answer names no session");
    };
    let second = record
        .of(Step::SecondCheckpoint)
        .and_then(|e| self::saved(e).session);
    let logged = record.of(Step::Transcript).and_then(session_logged);
    match (second, logged) {
        (Some(next), _) if next == session => pass(format!("both turns are in session {session}")),
        (Some(next), _) => fail(format!(
            "the checkpoint saved session {session}, the next turn ran in {next}"
        )),
        (None, Some(next)) if next == session => pass(format!(
            "the transcript of the next turn is of session {session}"
        )),
        (None, Some(next)) => fail(format!(
            "the checkpoint saved session {session}, the transcript of the next turn is of {next}"
        )),
        (None, None) => open(format!(
            "session {session} was saved; neither the next turn's checkpoint nor a transcript names one{}",
            stopped(record)
        )),
    }
}

/// What an answer says of what was saved.
#[derive(Default)]
struct Saved {
    session: Option<String>,
    resumable: Option<bool>,
}

fn saved(exchange: &Exchange) -> Saved {
    let Reply::Http { body, .. } = &exchange.reply else {
        return Saved::default();
    };
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    Saved {
        session: body["checkpoint"]["session_id"].as_str().map(str::to_owned),
        resumable: body["resumable"].as_bool(),
    }
}

/// The session of the last line of a transcript that names one (`sessionId` in Claude's logs).
fn session_logged(exchange: &Exchange) -> Option<String> {
    let Reply::Http {
        status: 200, body, ..
    } = &exchange.reply
    else {
        return None;
    };
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let lines = body["lines"].as_array()?;
    let named = |line: &serde_json::Value| {
        let session = line["sessionId"].as_str().or(line["session_id"].as_str());
        session.map(str::to_owned)
    };
    lines.iter().rev().find_map(named)
}

/// The exchange that saw the first turn in flight, or why there is none.
fn turn_in_flight(record: &Record) -> Result<&Exchange, Judged> {
    let Some(exchange) = record.of(Step::WrongTurn) else {
        return Err(missing(record));
    };
    if exchange.answer() != Answer::Idle {
        return Ok(exchange);
    }
    let ended = record.turns.first().and_then(|turn| turn.ended.as_ref());
    Err(open(match ended {
        Some(ended) => format!(
            "the turn was never seen in flight: it ended with {}",
            ended.with
        ),
        None => format!("the turn was never seen in flight: {}", exchange.seen()),
    }))
}

/// The request that ended the first turn, or why there is none.
fn accepted(record: &Record) -> Result<&Exchange, Judged> {
    turn_in_flight(record)?;
    let Some(exchange) = record.cancelling() else {
        return Err(missing(record));
    };
    match exchange.answer() {
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } => Ok(exchange),
        Answer::NotSteerable => Err(open("the adapter cannot cancel: 409 not_steerable")),
        _ => Err(open(format!("no checkpoint was made: {}", exchange.seen()))),
    }
}

/// The first turn's id, as the adapter names it.
fn running_turn(record: &Record) -> Option<String> {
    match record.of(Step::WrongTurn)?.answer() {
        Answer::TurnMismatch { turn_id } => turn_id,
        _ => None,
    }
}

/// Whether both are named and differ.
fn other(one: Option<&str>, two: Option<&str>) -> bool {
    matches!((one, two), (Some(one), Some(two)) if one != two)
}

fn named(turn: Option<&str>) -> String {
    turn.map_or_else(|| "the turn".to_owned(), |id| format!("turn {id}"))
}

fn missing(record: &Record) -> Judged {
    open(match &record.stopped {
        Some(why) => why.clone(),
        None => "it was not tried".to_owned(),
    })
}

fn stopped(record: &Record) -> String {
    let why = record.stopped.as_ref();
    why.map_or_else(String::new, |why| format!(" ({why})"))
}

#[cfg(test)]
mod tests;
