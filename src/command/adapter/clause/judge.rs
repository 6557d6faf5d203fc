//! How each clause is judged.

use super::{Judged, Outcome};
use crate::checkpoint::Answer;
use crate::command::adapter::record::{Exchange, Record, Step};
use crate::when;

pub(super) fn pass(seen: impl Into<String>) -> Judged {
    judged(Outcome::Pass, seen)
}

pub(super) fn fail(seen: impl Into<String>) -> Judged {
    judged(Outcome::Fail, seen)
}

pub(super) fn open(seen: impl Into<String>) -> Judged {
    judged(Outcome::NotTestable, seen)
}

fn judged(result: Outcome, seen: impl Into<String>) -> Judged {
    let seen = seen.into();
    Judged { result, seen }
}

pub(super) fn handler(record: &Record) -> Judged {
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

pub(super) fn idle(record: &Record) -> Judged {
    let Some(first) = record.of(Step::Idle) else {
        return missing(record);
    };
    match first.answer() {
        Answer::Idle => pass(first.seen()),
        Answer::TurnMismatch { .. } | Answer::Unauthorised => missing(record),
        _ => fail(first.seen()),
    }
}

pub(super) fn malformed(record: &Record) -> Judged {
    let Some(exchange) = record.of(Step::Malformed) else {
        return missing(record);
    };
    match exchange.status {
        Some(400) => pass(exchange.seen()),
        Some(401 | 403) => missing(record),
        _ => fail(exchange.seen()),
    }
}

pub(super) fn refuses(record: &Record, step: Step) -> Judged {
    let Some(exchange) = record.of(step) else {
        return missing(record);
    };
    match exchange.answer() {
        Answer::Unauthorised => pass(exchange.seen()),
        _ => fail(exchange.seen()),
    }
}

pub(super) fn wrong_turn(record: &Record) -> Judged {
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

pub(super) fn wrong_turn_spares(record: &Record) -> Judged {
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

pub(super) fn checkpoint(record: &Record) -> Judged {
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

pub(super) fn post_returns(record: &Record) -> Judged {
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

pub(super) fn turn_gone(record: &Record) -> Judged {
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
        Answer::Checkpointed { .. } | Answer::Interrupting { .. } => open(format!(
            "{seen}: whether a turn is in flight is not told, since this named one that does not exist"
        )),
        _ => fail(seen),
    }
}

pub(super) fn repeat_answer(record: &Record) -> Judged {
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

pub(super) fn repeat_spares(record: &Record) -> Judged {
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
pub(super) fn accepted(record: &Record) -> Result<&Exchange, Judged> {
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

pub(super) fn missing(record: &Record) -> Judged {
    open(match &record.stopped {
        Some(why) => why.clone(),
        None => "it was not tried".to_owned(),
    })
}

pub(super) fn stopped(record: &Record) -> String {
    let why = record.stopped.as_ref();
    why.map_or_else(String::new, |why| format!(" ({why})"))
}
