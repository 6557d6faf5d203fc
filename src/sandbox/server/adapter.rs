//! The workspaces' own servers, under `/adapters/:id`: A2A, the agent card, the transcript, and the
//! checkpoint handler.

use std::future::pending;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::wire::Line;
use super::{Shared, answer, guard};
use crate::checkpoint::Body;
use crate::sandbox::world::{Ask, Ended, Reply};

/// `POST /adapters/:id/`: A2A as JSON-RPC.
pub(super) async fn rpc(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Some(ws) = shared.ask(|world| world.find(&id)) else {
        return answer::not_found();
    };
    let Ok(call) = serde_json::from_slice::<Value>(&body) else {
        return answer::runtime_json(
            200,
            &json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "Invalid JSON payload"}}),
        );
    };
    if call["method"] != "message/send" {
        return answer::runtime_json(200, &rpc_without_turn(&call));
    }
    let (text, message_id) = message_of(&call);
    let ended = match shared.message(ws, &text, &message_id, false) {
        Ok(ended) => ended.await.unwrap_or(Ended::Broken),
        Err(_) => Ended::Broken,
    };
    match ended {
        Ended::Answered { text, metadata } => {
            let said = said(&call["id"], &text, &metadata);
            answer::runtime_json(200, &said)
        }
        Ended::Broken | Ended::TimedOut { .. } => {
            line.cutter.cut();
            pending().await
        }
    }
}

/// The runtime's answers to what starts no turn, as recorded: a task is never found, so nothing can
/// be cancelled this way.
pub(super) fn rpc_without_turn(call: &Value) -> Value {
    let failed = |error: Value| json!({"jsonrpc": "2.0", "id": call["id"], "error": error});
    match call["method"].as_str().unwrap_or_default() {
        "tasks/cancel" if call["params"]["id"].is_null() => failed(json!({
            "code": -32600,
            "message": "Invalid Request",
            "data": "1 validation error for CancelTaskRequest\nparams.id\n  Field required \
                [type=missing, input_value={}, input_type=dict]\n    For further information \
                visit https://errors.pydantic.dev/2.14/v/missing",
        })),
        "tasks/cancel" | "tasks/get" => failed(json!({
            "code": -32001,
            "data": null,
            "message": "Task not found",
        })),
        "ListTasks" => json!({
            "result": {"pageSize": 50, "tasks": [], "nextPageToken": "", "totalSize": 0},
            "id": call["id"],
            "jsonrpc": "2.0",
        }),
        _ => failed(json!({"code": -32601, "message": "Method not found"})),
    }
}

/// The text and the id of a message.
pub(super) fn message_of(call: &Value) -> (String, String) {
    let message = &call["params"]["message"];
    let parts = message["parts"].as_array();
    let texts = parts
        .into_iter()
        .flatten()
        .filter_map(|p| p["text"].as_str());
    let text = texts.collect::<Vec<_>>().join("\n");
    let id = message["messageId"].as_str().unwrap_or_default();
    (text, id.to_owned())
}

/// The answer of an agent.
pub(super) fn said(id: &Value, text: &str, metadata: &Value) -> Value {
    json!({
        "id": id,
        "jsonrpc": "2.0",
        "result": {
            "kind": "message",
            "messageId": metadata["turn_id"],
            "metadata": metadata,
            "parts": [{"kind": "text", "text": text}],
            "role": "agent",
        },
    })
}

/// `POST /adapters/:id/control/checkpoint`, with the inbound secret.
pub(super) async fn checkpoint(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(ws) = shared.ask(|world| world.find(&id)) else {
        return answer::not_found();
    };
    // Without a handler there is nobody to ask for the secret.
    if !shared.ask(|world| world.has_handler(ws)) {
        return answer::not_found();
    }
    if !guard::inbound(&shared, &headers) {
        return answer::runtime_json(401, &json!({"error": "unauthorized"}));
    }
    perform(&shared, &line, ws, &body).await
}

/// Reads a request body by the contract: what is missing or of a wrong type is refused.
pub(super) fn read(body: &[u8]) -> Result<Ask, String> {
    let body: Body = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    if body.request_id.is_empty() {
        return Err("request_id is empty".to_owned());
    }
    Ok(Ask {
        turn_id: body.turn_id,
        request_id: body.request_id,
    })
}

/// Asks the adapter, and sends what it says the way it says it.
pub(super) async fn perform(shared: &Shared, line: &Line, ws: usize, body: &[u8]) -> Response {
    if !shared.ask(|world| world.has_handler(ws)) {
        return answer::not_found();
    }
    let ask = match read(body) {
        Ok(ask) => ask,
        Err(why) => return answer::runtime_json(400, &json!({"error": why})),
    };
    let answered = shared.ask(|world| world.checkpoint(ws, &ask));
    if answered.after_ms > 0
        && let Some(late) = shared.clock.real(answered.after_ms)
    {
        tokio::time::sleep(late).await;
    }
    match answered.reply {
        Reply::Json(status, body) => answer::runtime_json(status, &body),
        Reply::Later(status, seconds) => answer::later(
            status,
            seconds,
            &json!({"error": "try again later", "retry_after": seconds}),
        ),
        Reply::NoHandler => answer::not_found(),
        Reply::Html => answer::typed(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><title>Sign in</title><p>Please sign in.",
        ),
        Reply::Reset => {
            line.cutter.cut();
            pending().await
        }
        Reply::Silence => pending().await,
    }
}

/// `GET /adapters/:id/.well-known/agent-card.json`.
pub(super) async fn card(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let card = shared.ask(|world| world.find(&id).map(|ws| world.card_json(ws)));
    card.map_or_else(answer::not_found, |card| answer::runtime_json(200, &card))
}

/// `GET /adapters/:id/transcript`, with the workspace's own token.
pub(super) async fn transcript(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !guard::itself(&shared, &headers, &id) {
        return answer::runtime_json(401, &json!({"error": "unauthorized"}));
    }
    let lines = shared.ask(|world| world.find(&id).map(|ws| world.transcript_json(ws)));
    lines.map_or_else(answer::not_found, |lines| answer::runtime_json(200, &lines))
}

/// Any other path of a workspace.
pub(super) async fn other() -> Response {
    answer::not_found()
}

/// Any other method on a path that there is.
pub(super) async fn other_method() -> Response {
    answer::not_allowed()
}
