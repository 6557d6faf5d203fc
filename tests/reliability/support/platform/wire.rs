//! The platform's HTTP: requests, routes, answers that go wrong.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Act, Asked, Fault, Shared, State, now_ms};
use crate::support::TOKEN;

/// A request.
struct Request {
    get: bool,
    path: String,
    body: Value,
    allowed: bool,
}

/// What goes back, after so long, and what goes wrong with it.
struct Answer {
    status: u16,
    body: String,
    skew_ms: i64,
    fault: Option<Fault>,
}

/// Answers what comes over a connection, in one life of the platform.
pub(super) fn serve(shared: &Shared, stream: &TcpStream, life: u64) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = receive(&mut reader) {
        let Some(answer) = answer(shared, &request, life) else {
            break;
        };
        if shared.life.load(Ordering::SeqCst) != life || !send(stream, &answer) {
            break;
        }
    }
    stream.shutdown(Shutdown::Both).ok();
}

fn receive(reader: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let header = |name: &str| {
        let mut all = lines.iter().filter_map(|line| line.split_once(": "));
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = lines.first()?.split(' ');
    Some(Request {
        get: words.next() == Some("GET"),
        path: words.next()?.split('?').next()?.to_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        allowed: header("authorization") == Some(format!("Bearer {TOKEN}")),
    })
}

fn answer(shared: &Shared, request: &Request, life: u64) -> Option<Answer> {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    if let ([workspace, "control", "checkpoint"], false) = (&parts[..], request.get) {
        return checkpoint(shared, workspace, request, life);
    }
    let mut state = shared.state();
    state.reads += 1;
    let (status, body) = match &parts[..] {
        _ if !request.allowed => (401, json!({"error": "missing auth token"})),
        ["workspaces"] => (200, workspaces(&state)),
        ["admin", "turns"] if state.turns_route => (200, turns(&state)),
        ["workspaces", id, "activity"] => (200, activity(&state, id)),
        ["workspaces", _, "schedules"] => (200, json!([])),
        ["workspaces", _, "config"] => (200, json!({"data": {}})),
        _ => (404, Value::Null),
    };
    let fault = trouble(&mut state, &request.path);
    Some(Answer {
        status,
        body: if body.is_null() {
            "404 page not found".to_owned()
        } else {
            body.to_string()
        },
        skew_ms: state.skew_ms,
        fault,
    })
}

/// What goes wrong with the next answer of a route.
fn trouble(state: &mut State, path: &str) -> Option<Fault> {
    let mut troubles = state.troubles.iter_mut();
    let trouble = troubles.find(|trouble| trouble.times > 0 && path.contains(trouble.route))?;
    trouble.times -= 1;
    Some(trouble.fault)
}

fn workspaces(state: &State) -> Value {
    let row = |(id, space): (&String, &super::Space)| {
        let task = space
            .flight
            .as_ref()
            .map(|flight| format!("Task {}", flight.turn.id));
        json!({
            "id": id, "name": id.to_uppercase(), "runtime": "claude-code", "status": "online",
            "url": "http://127.0.0.1:9", "active_tasks": i32::from(task.is_some()),
            "max_concurrent_tasks": 1, "current_task": task.unwrap_or_default(),
        })
    };
    state.spaces.iter().map(row).collect()
}

fn turns(state: &State) -> Value {
    let row = |(id, space): (&String, &super::Space)| {
        let flight = space.flight.as_ref()?;
        Some(json!({
            "workspace_id": id, "workspace_name": id.to_uppercase(), "runtime": "claude-code",
            "native_session": true, "turn_id": flight.turn.id, "origin": "cron",
            "started_at": instant(flight.started_ms + state.skew_ms), "turn_age_seconds": null,
            "idle_seconds": null, "ceiling_seconds": 1800, "steerable": true, "queue_depth": 0,
            "active_tasks": 1, "current_task": format!("Task {}", flight.turn.id),
        }))
    };
    let rows: Vec<_> = state.spaces.iter().filter_map(row).collect();
    json!({"turns": rows, "count": rows.len(), "status": "in_flight", "limit": 10_000})
}

fn activity(state: &State, id: &str) -> Value {
    let space = state.spaces.get(id);
    space.map_or_else(|| json!([]), |space| space.activity.clone().into())
}

/// A request for a checkpoint: the same id has one effect at most.
fn checkpoint(shared: &Shared, workspace: &str, request: &Request, life: u64) -> Option<Answer> {
    let text = |key: &str| request.body[key].as_str().map(str::to_owned);
    let asked = Asked {
        at_ms: now_ms(),
        workspace: workspace.to_owned(),
        turn_id: text("turn_id"),
        request_id: text("request_id").unwrap(),
        found: None,
        freed_at_ms: None,
    };
    let (index, act, trouble, skew_ms) = {
        let mut state = shared.state();
        let fault = trouble(&mut state, &request.path);
        let space = state.spaces.get_mut(workspace);
        let turn = space.and_then(|space| Some(&mut space.flight.as_mut()?.turn));
        let (mut act, mut found) = (Act::FREES, None);
        if let Some(turn) = turn {
            found = Some(turn.id.clone());
            act = turn.acts.front().copied().unwrap_or(Act::FREES);
            if turn.acts.len() > 1 {
                turn.acts.pop_front();
            }
        }
        state.asked.push(Asked {
            found,
            ..asked.clone()
        });
        (state.asked.len() - 1, act, fault, state.skew_ms)
    };
    if trouble.is_some() {
        let (status, body) = (200, String::new());
        return Some(Answer {
            status,
            body,
            skew_ms,
            fault: trouble,
        });
    }
    sleep(Duration::from_millis(act.before_ms));
    let (status, body) = {
        let mut state = shared.state();
        if shared.life.load(Ordering::SeqCst) != life {
            return None;
        }
        carry_out(&mut state, &asked, act, index)
    };
    sleep(Duration::from_millis(act.after_ms));
    Some(Answer {
        status,
        body: body.to_string(),
        skew_ms,
        fault: act.fault,
    })
}

fn carry_out(state: &mut State, asked: &Asked, act: Act, index: usize) -> (u16, Value) {
    let Some(space) = state.spaces.get_mut(&asked.workspace) else {
        return (404, json!({"error": "workspace not found"}));
    };
    if let Some(known) = space.answered.get(&asked.request_id) {
        return known.clone();
    }
    let Some(flight) = &mut space.flight else {
        return (200, json!({"status": "idle"}));
    };
    let (id, age_ms) = (flight.turn.id.clone(), now_ms() - flight.started_ms);
    if asked.turn_id.as_ref().is_some_and(|wanted| *wanted != id) {
        return (
            409,
            json!({"code": "turn_mismatch", "error": "another", "turn_id": id}),
        );
    }
    let Some(gone_in_ms) = act.gone_in_ms else {
        return (200, Value::Null);
    };
    flight.gone_ms.get_or_insert(now_ms() + gone_in_ms);
    let said = if gone_in_ms == 0 {
        (
            200,
            json!({"status": "checkpointed", "turn_id": id, "resumable": true}),
        )
    } else {
        (202, json!({"status": "interrupting", "turn_id": id}))
    };
    space
        .answered
        .insert(asked.request_id.clone(), said.clone());
    state.asked[index].freed_at_ms = Some(age_ms);
    let fate = state.fates.get_mut(&id).unwrap();
    fate.carried.push(asked.request_id.clone());
    state.passes();
    said
}

/// Sends an answer; returns whether the connection may be used again.
fn send(mut stream: &TcpStream, answer: &Answer) -> bool {
    let (mut status, mut body, mut later) = (answer.status, answer.body.clone(), String::new());
    match answer.fault {
        Some(Fault::Cut) => return false,
        Some(Fault::Status(other)) => (status, body) = (other, r#"{"error":"no"}"#.to_owned()),
        Some(Fault::Later(other, seconds)) => {
            (status, body) = (other, r#"{"error":"later"}"#.to_owned());
            later = format!("Retry-After: {seconds}\r\n");
        }
        Some(Fault::Garbage) => "<html>Sign in".clone_into(&mut body),
        Some(Fault::Half | Fault::Trickle(_)) | None => {}
    }
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Date: {}\r\n{later}\r\n{body}",
        date(now_ms() + answer.skew_ms)
    );
    match answer.fault {
        Some(Fault::Half) => {
            let cut = text.len() - length / 2 - 1;
            stream.write_all(&text.as_bytes()[..cut]).ok();
            false
        }
        Some(Fault::Trickle(pause_ms)) => text.as_bytes().iter().all(|byte| {
            sleep(Duration::from_millis(pause_ms));
            stream.write_all(&[*byte]).is_ok()
        }),
        _ => stream.write_all(text.as_bytes()).is_ok(),
    }
}

/// RFC 3339.
pub(super) fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// As in `Date`.
fn date(ms: i64) -> String {
    let instant = jiff::Timestamp::from_millisecond(ms).unwrap();
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    printer.timestamp_to_rfc9110_string(&instant).unwrap()
}
