//! Whether the next turn resumes with what was saved.

use super::Judged;
use super::judge::{accepted, fail, open, pass, stopped};
use crate::checkpoint::Reply;
use crate::command::adapter::record::{Exchange, Record, Step};

pub(super) fn resumes(record: &Record) -> Judged {
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
