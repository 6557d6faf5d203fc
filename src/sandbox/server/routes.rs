//! The platform's routes.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, patch, post};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::wire::Line;
use super::{Shared, adapter, answer, guard, stream};
use crate::sandbox::world::{Ended, Filter, World};

type Ctx = State<Arc<Shared>>;
type Params = Query<FxHashMap<String, String>>;

/// All routes behind their guards.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let mut platform = Router::new()
        .route("/health", get(health))
        .route("/buildinfo", get(buildinfo))
        .route("/metrics", get(metrics))
        .route("/ws", get(stream::all))
        .route("/workspaces", get(workspaces))
        .route("/workspaces/{id}", get(workspace))
        .route("/workspaces/{id}/state", get(state))
        .route("/workspaces/{id}/schedules", get(schedules))
        .route("/workspaces/{id}/schedules/{sid}", patch(patch_schedule))
        .route("/workspaces/{id}/schedules/{sid}/history", get(history))
        .route("/workspaces/{id}/activity", get(activity).post(report))
        .route("/workspaces/{id}/config", get(config).patch(patch_config))
        .route("/workspaces/{id}/delegations", get(no_delegations_of))
        .route("/workspaces/{id}/transcript", get(transcript))
        .route("/workspaces/{id}/restart", post(restart))
        .route("/workspaces/{id}/pause", post(pause))
        .route("/workspaces/{id}/resume", post(resume))
        .route("/workspaces/{id}/a2a", post(a2a))
        .route("/workspaces/{id}/events/stream", get(stream::one))
        .route("/workspaces/{id}/control/checkpoint", post(checkpoint))
        .route("/{id}/control/checkpoint", post(checkpoint))
        .route("/admin/schedules/health", get(schedules_health))
        .route("/admin/liveness", get(liveness))
        .route("/admin/delegations", get(delegations))
        .route("/admin/workspaces/{id}/tokens", post(mint));
    if shared.turns_route {
        platform = platform
            .route("/admin/turns", get(turns))
            .route("/workspaces/{id}/turn", get(turn));
    }
    let platform = platform
        .fallback(async || answer::no_route())
        .method_not_allowed_fallback(async || answer::no_route())
        .layer(from_fn_with_state(Arc::clone(&shared), guard::platform));
    let adapters = Router::new()
        .route("/adapters/{id}", post(adapter::rpc))
        .route("/adapters/{id}/", post(adapter::rpc))
        .route(
            "/adapters/{id}/.well-known/agent-card.json",
            get(adapter::card),
        )
        .route("/adapters/{id}/transcript", get(adapter::transcript))
        .route(
            "/adapters/{id}/control/checkpoint",
            post(adapter::checkpoint),
        )
        .route("/adapters/{id}/{*rest}", axum::routing::any(adapter::other))
        .method_not_allowed_fallback(adapter::other_method);
    platform
        .merge(adapters)
        .layer(from_fn_with_state(Arc::clone(&shared), guard::everything))
        .with_state(shared)
}

async fn health() -> Response {
    answer::json(200, &json!({"status": "ok"}))
}

async fn buildinfo() -> Response {
    answer::json(
        200,
        &json!({"git_sha": concat!("cronctl-sandbox-", env!("CARGO_PKG_VERSION"))}),
    )
}

async fn metrics(State(shared): Ctx) -> Response {
    let text = shared.ask(|world| world.metrics_text());
    answer::typed(200, "text/plain; version=0.0.4; charset=utf-8", text)
}

async fn workspaces(State(shared): Ctx, headers: HeaderMap) -> Response {
    if let Err(refused) = guard::admin(&shared, &headers) {
        return refused.into();
    }
    let list = shared.ask(World::workspaces_json);
    answer::raw_json(Body::from(Bytes::from_owner(List(list))))
}

/// A list that is served as it is kept.
struct List(Arc<Vec<u8>>);

impl AsRef<[u8]> for List {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

async fn workspace(State(shared): Ctx, Path(id): Path<String>, Query(query): Params) -> Response {
    let removed_too = query.get("include_removed").is_some_and(|v| v == "true");
    let found = shared.ask(|world| {
        let ws = world.find(&id)?;
        Some(world.workspace_json(ws, removed_too))
    });
    match found {
        Some((status, body)) => answer::json(status, &body),
        None => answer::error(404, "workspace not found"),
    }
}

/// Answers for one workspace, to those who may ask about it.
fn of_workspace<T>(
    shared: &Shared,
    headers: &HeaderMap,
    id: &str,
    ask: impl FnOnce(&mut World, usize) -> T,
) -> Result<T, guard::Refusal> {
    guard::workspace(shared, headers, id)?;
    shared
        .ask(|world| {
            let ws = world.find(id).filter(|ws| !world.removed(*ws))?;
            Some(ask(world, ws))
        })
        .ok_or(guard::Refusal(404, "workspace not found"))
}

fn shown(result: Result<Value, guard::Refusal>) -> Response {
    result.map_or_else(Response::from, |body| answer::json(200, &body))
}

/// The workspace's own token is asked for, beside the router's check: an administrator gets 401.
async fn state(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = guard::workspace(&shared, &headers, &id) {
        return refused.into();
    }
    if !guard::itself(&shared, &headers, &id) {
        return answer::error(401, "invalid workspace auth token");
    }
    shown(of_workspace(&shared, &headers, &id, |world, ws| {
        world.state_json(ws)
    }))
}

async fn schedules(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    shown(of_workspace(&shared, &headers, &id, |world, ws| {
        world.schedules_json(ws)
    }))
}

async fn patch_schedule(
    State(shared): Ctx,
    Path((id, sid)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(patch) = serde_json::from_slice::<Value>(&body) else {
        return answer::error(400, "invalid request body");
    };
    match of_workspace(&shared, &headers, &id, |world, ws| {
        world.patch_schedule(ws, &sid, &patch)
    }) {
        Ok(true) => answer::json(200, &json!({"status": "updated"})),
        Ok(false) => answer::error(404, "schedule not found"),
        Err(refused) => refused.into(),
    }
}

async fn history(
    State(shared): Ctx,
    Path((id, sid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    shown(of_workspace(&shared, &headers, &id, |world, ws| {
        world.history_json(ws, &sid)
    }))
}

async fn activity(
    State(shared): Ctx,
    Path(id): Path<String>,
    Query(query): Params,
    headers: HeaderMap,
) -> Response {
    let number = |key: &str| query.get(key).and_then(|v| v.parse::<i64>().ok());
    let before = query.get("before_ts");
    let before_ms = before.and_then(|v| v.parse::<jiff::Timestamp>().ok());
    if before.is_some() && before_ms.is_none() {
        return answer::error(400, "before_ts must be RFC3339");
    }
    let filter = Filter {
        kind: query.get("type").cloned(),
        limit: number("limit").and_then(|n| usize::try_from(n).ok()),
        since_secs: number("since_secs"),
        before_ms: before_ms.map(jiff::Timestamp::as_millisecond),
    };
    shown(of_workspace(&shared, &headers, &id, |world, ws| {
        world.activity_json(ws, &filter)
    }))
}

async fn report(
    State(shared): Ctx,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return answer::error(400, "invalid request body");
    };
    match of_workspace(&shared, &headers, &id, |world, ws| {
        world.write_activity(ws, &body)
    }) {
        Ok(Ok(written)) => answer::json(201, &written),
        Ok(Err(why)) => answer::error(400, why),
        Err(refused) => refused.into(),
    }
}

async fn config(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    shown(of_workspace(&shared, &headers, &id, |world, ws| {
        world.config_json(ws)
    }))
}

async fn patch_config(
    State(shared): Ctx,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let patch = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    match of_workspace(&shared, &headers, &id, |world, ws| {
        world.patch_config(ws, &patch)
    }) {
        Ok(true) => answer::json(200, &json!({"status": "updated"})),
        Ok(false) => answer::error(400, "invalid request body"),
        Err(refused) => refused.into(),
    }
}

/// The ledger of delegations is off by default, so there are none.
async fn no_delegations_of(
    State(shared): Ctx,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    shown(of_workspace(&shared, &headers, &id, |_, _| json!([])))
}

/// The platform passes the caller's token on, and the workspace compares it with its own.
async fn transcript(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = guard::workspace(&shared, &headers, &id) {
        return refused.into();
    }
    adapter::transcript(State(shared), Path(id), headers).await
}

async fn restart(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    shown(of_workspace(&shared, &headers, &id, World::restart))
}

async fn pause(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    shown(of_workspace(&shared, &headers, &id, World::pause))
}

async fn resume(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match of_workspace(&shared, &headers, &id, World::resume) {
        Ok(Some(body)) => answer::json(200, &body),
        Ok(None) => answer::error(404, "workspace not found or not in paused status"),
        Err(refused) => refused.into(),
    }
}

/// A message to a workspace through the platform, which gives up after the header timeout.
async fn a2a(State(shared): Ctx, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(ws) = shared.ask(|world| world.find(&id).filter(|ws| !world.removed(*ws))) else {
        return answer::error(404, "workspace not found");
    };
    let Ok(call) = serde_json::from_slice::<Value>(&body) else {
        return answer::error(400, "invalid JSON");
    };
    if call["method"] != "message/send" {
        let call = adapter::rpc_without_turn(&call);
        return answer::json(200, &call);
    }
    let (text, message_id) = adapter::message_of(&call);
    let ended = match shared.message(ws, &text, &message_id, true) {
        Ok(ended) => ended.await.unwrap_or(Ended::Broken),
        Err(status) => {
            let body = json!({"error": "workspace has no URL", "status": status});
            return answer::json(503, &body);
        }
    };
    match ended {
        Ended::Answered { text, metadata } => {
            answer::json(200, &adapter::said(&call["id"], &text, &metadata))
        }
        Ended::TimedOut { native: true } => answer::later(
            503,
            30,
            &json!({
                "busy": true,
                "error": "workspace agent busy — adapter handles retry (native_session)",
                "native_session": true,
                "retry_after": 30,
            }),
        ),
        Ended::TimedOut { native: false } => answer::later(
            503,
            30,
            &json!({
                "busy": true,
                "error": "workspace agent busy — retry after a short backoff",
                "retry_after": 30,
            }),
        ),
        Ended::Broken => answer::json(
            503,
            &json!({"error": "workspace agent unreachable — container restart triggered", "restarting": true}),
        ),
    }
}

/// `POST /:id/control/checkpoint`: the platform passes it on with the inbound secret.
async fn checkpoint(
    State(shared): Ctx,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match of_workspace(&shared, &headers, &id, |_, ws| ws) {
        Ok(ws) => adapter::perform(&shared, &line, ws, &body).await,
        Err(refused) => refused.into(),
    }
}

async fn turns(State(shared): Ctx, Query(query): Params, headers: HeaderMap) -> Response {
    if let Err(refused) = guard::admin(&shared, &headers) {
        return refused.into();
    }
    let status = query.get("status").map_or("in_flight", String::as_str);
    if status != "in_flight" {
        return answer::error(400, "status must be in_flight");
    }
    let limit = query.get("limit").and_then(|n| n.parse().ok());
    let list = shared.ask(|world| world.turns_json(limit));
    answer::raw_json(Body::from(list))
}

async fn turn(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match of_workspace(&shared, &headers, &id, |world, ws| world.turn_json(ws)) {
        Ok(Some(turn)) => answer::json(200, &turn),
        Ok(None) => answer::error(404, "no turn in flight"),
        Err(refused) => refused.into(),
    }
}

async fn schedules_health(State(shared): Ctx, headers: HeaderMap) -> Response {
    shown(guard::admin(&shared, &headers).map(|()| shared.ask(|world| world.health_json())))
}

async fn liveness(State(shared): Ctx, headers: HeaderMap) -> Response {
    shown(guard::admin(&shared, &headers).map(|()| shared.ask(|world| world.liveness_json())))
}

async fn delegations(State(shared): Ctx, Query(query): Params, headers: HeaderMap) -> Response {
    let status = query.get("status").map_or("in_flight", String::as_str);
    let none = json!({"count": 0, "delegations": [], "limit": 100, "status": status});
    shown(guard::admin(&shared, &headers).map(|()| none))
}

/// `POST /admin/workspaces/:id/tokens`: the workspace's own token.
async fn mint(State(shared): Ctx, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = guard::admin(&shared, &headers) {
        return refused.into();
    }
    if shared.ask(|world| world.find(&id)).is_none() {
        return answer::error(404, "workspace not found");
    }
    let token = shared.workspace_token(&id);
    let message = "Save this token now; it is not shown again.";
    let body = json!({"auth_token": token, "message": message, "workspace_id": id});
    answer::json(201, &body)
}
