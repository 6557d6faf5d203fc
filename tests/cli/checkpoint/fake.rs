//! A platform on a real socket whose checkpoint route answers as a test tells it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

/// What a checkpoint route does.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// The turn is over, and a status with a JSON body.
    Frees(u16, Value),
    /// The turn is over so many milliseconds after the answer.
    FreesIn(u64, u16, Value),
    /// The turn is replaced by another.
    Swaps(u16, Value),
    /// The turn is replaced by one that started then, and has no more name than it.
    StartsAnew(String, u16, Value),
    /// A status and a JSON body; nothing changes.
    Json(u16, Value),
    /// A status and a text; nothing changes.
    Text(u16, &'static str),
    /// A status and `Retry-After` in seconds.
    Later(u16, u64),
    /// A status, and what stood in `Authorization` in the texts of the error; nothing changes.
    Echo(u16),
    /// A redirect there.
    Moved(String),
    /// The same so many milliseconds later.
    After(u64, Box<Says>),
    /// The connection is cut without an answer.
    Cut,
    /// No answer comes.
    Hang,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

#[derive(Debug, Default)]
struct World {
    workspaces: Vec<Value>,
    /// `None`: no such route.
    turns: Option<Vec<Value>>,
    says: BTreeMap<String, VecDeque<Says>>,
    ceilings: BTreeMap<String, Value>,
    schedules: BTreeMap<String, Value>,
    /// The status of the two lists, when they are not to be had.
    fails: Option<u16>,
    /// Restarts are accepted, and nothing comes of them.
    restarts_nothing: bool,
    /// How long the activity log takes to take a row, milliseconds.
    slow_log_ms: u64,
    /// How far its clock is ahead, milliseconds.
    ahead_ms: i64,
    seen: Vec<Seen>,
    /// Checkpoints under way, and how many there were at once.
    flying: usize,
    most: usize,
}

/// A platform, until it is dropped.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
    }
}

impl Fake {
    /// A platform with these workspaces (rows of `GET /workspaces`) and turns (rows of
    /// `GET /admin/turns`); without turns it has no such route.
    pub(crate) fn new(workspaces: Vec<Value>, turns: Option<Vec<Value>>) -> Self {
        let world = Arc::new(Mutex::new(World {
            workspaces,
            turns,
            ..World::default()
        }));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let state = Arc::clone(&world);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let app = axum::Router::new().fallback(serve).with_state(state);
                tokio::select! {
                    served = async { axum::serve(listener, app).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self {
            url: format!("http://{}", told.recv().unwrap()),
            world,
            stop: Some(stop),
        }
    }

    /// What the checkpoint route of a workspace answers, one after another; the last one again and
    /// again.
    pub(crate) fn says(self, id: &str, says: impl IntoIterator<Item = Says>) -> Self {
        let says = says.into_iter().collect();
        self.world.lock().unwrap().says.insert(id.to_owned(), says);
        self
    }

    /// The configuration of a workspace; null: the route answers 500.
    pub(crate) fn config(self, id: &str, config: Value) -> Self {
        let mut world = self.world.lock().unwrap();
        world.ceilings.insert(id.to_owned(), config);
        drop(world);
        self
    }

    /// The schedules of a workspace; null: the route answers 500.
    pub(crate) fn schedules(self, id: &str, rows: Value) -> Self {
        let mut world = self.world.lock().unwrap();
        world.schedules.insert(id.to_owned(), rows);
        drop(world);
        self
    }

    /// Restarts are accepted, and nothing comes of them.
    pub(crate) fn restarts_nothing(self) -> Self {
        self.world.lock().unwrap().restarts_nothing = true;
        self
    }

    /// The activity log takes so long to take a row.
    pub(crate) fn slow_log(self, ms: u64) -> Self {
        self.world.lock().unwrap().slow_log_ms = ms;
        self
    }

    /// Its clock is ahead by so much.
    pub(crate) fn ahead(self, ms: i64) -> Self {
        self.world.lock().unwrap().ahead_ms = ms;
        self
    }

    /// Workspaces are their own adapters, at an address of this platform's.
    pub(crate) fn adapters(self) -> Self {
        let mut world = self.world.lock().unwrap();
        for workspace in &mut world.workspaces {
            let id = workspace["id"].as_str().unwrap();
            workspace["url"] = json!(format!("{}/{id}", self.url));
        }
        drop(world);
        self
    }

    /// Changes what the checkpoint route of a workspace answers.
    pub(crate) fn now_says(&self, id: &str, says: impl IntoIterator<Item = Says>) {
        let says = says.into_iter().collect();
        self.world.lock().unwrap().says.insert(id.to_owned(), says);
    }

    /// Has the two lists answer this status, with what stood in `Authorization`; `None`: rows again.
    pub(crate) fn now_fails(&self, status: Option<u16>) {
        self.world.lock().unwrap().fails = status;
    }

    /// Adds a workspace with a turn.
    pub(crate) fn now_with(&self, workspace: Value, turn: &Value) {
        let mut world = self.world.lock().unwrap();
        world.workspaces.push(workspace);
        world
            .turns
            .iter_mut()
            .for_each(|turns| turns.push(turn.clone()));
    }

    /// Removes a workspace with its turns.
    pub(crate) fn now_without(&self, id: &str) {
        let mut world = self.world.lock().unwrap();
        world.workspaces.retain(|workspace| workspace["id"] != id);
        if let Some(turns) = &mut world.turns {
            turns.retain(|turn| turn["workspace_id"] != id);
        }
    }

    /// How many checkpoints were under way at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.world.lock().unwrap().most
    }

    /// The requests that came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.world.lock().unwrap().seen.clone()
    }

    /// Those that act.
    pub(crate) fn posts(&self) -> Vec<Seen> {
        let posts = self.seen().into_iter();
        posts.filter(|seen| seen.method == "POST").collect()
    }

    /// Their paths.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.posts().into_iter().map(|seen| seen.path).collect()
    }
}

async fn serve(
    state: State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ahead_ms = state.lock().unwrap().ahead_ms;
    let mut response = answer(state, method, uri, headers, body).await;
    if ahead_ms != 0 {
        let now = jiff::Timestamp::from_millisecond(cronctl::clock::now_ms() + ahead_ms).unwrap();
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert("Date", date.parse().unwrap());
    }
    response
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let text = |name: &axum::http::HeaderName, value: &axum::http::HeaderValue| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    world.lock().unwrap().seen.push(Seen {
        method: method.to_string(),
        path: path.clone(),
        headers: headers.iter().map(|(n, v)| text(n, v)).collect(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let parts = path.trim_matches('/').split('/');
    let decode = |part| {
        percent_encoding::percent_decode_str(part)
            .decode_utf8()
            .unwrap()
    };
    let parts: Vec<_> = parts.map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
    let fails = world.lock().unwrap().fails;
    match (method.as_str(), &parts[..]) {
        ("GET", ["workspaces"] | ["admin", "turns"]) if fails.is_some() => {
            echo(&world, fails.unwrap())
        }
        ("GET", ["workspaces"]) => {
            let rows = world.lock().unwrap().workspaces.clone();
            json_answer(200, &Value::Array(rows))
        }
        ("GET", ["admin", "turns"]) => match world.lock().unwrap().turns.clone() {
            Some(rows) => {
                let count = rows.len();
                let body =
                    json!({"turns": rows, "count": count, "status": "in_flight", "limit": 10_000});
                json_answer(200, &body)
            }
            None => text_answer(404, "404 page not found"),
        },
        ("GET", ["workspaces", id, "config"]) => {
            match world.lock().unwrap().ceilings.get(*id).cloned() {
                Some(Value::Null) => json_answer(500, &json!({"error": "no"})),
                Some(config) => json_answer(200, &json!({"data": config})),
                None => json_answer(200, &json!({"data": {}})),
            }
        }
        ("GET", ["workspaces", id, "schedules"]) => {
            match world.lock().unwrap().schedules.get(*id).cloned() {
                Some(Value::Null) => json_answer(500, &json!({"error": "no"})),
                rows => json_answer(200, &rows.unwrap_or(json!([]))),
            }
        }
        ("GET", ["workspaces", _, "activity"]) => json_answer(200, &json!([])),
        ("POST", ["workspaces", _, "activity"]) => {
            let ms = world.lock().unwrap().slow_log_ms;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            json_answer(200, &json!({"status": "logged"}))
        }
        ("POST", ["workspaces", id, "restart"]) => {
            if !world.lock().unwrap().restarts_nothing {
                free(&world, id);
            }
            json_answer(200, &json!({"status": "provisioning"}))
        }
        ("POST", ["workspaces", id, "control", "checkpoint"] | [id, "control", "checkpoint"]) => {
            checkpoint(&world, id).await
        }
        _ => text_answer(404, "404 page not found"),
    }
}

/// A checkpoint under way.
struct Flying(Arc<Mutex<World>>);

impl Flying {
    fn new(world: &Arc<Mutex<World>>) -> Self {
        let mut counted = world.lock().unwrap();
        counted.flying += 1;
        counted.most = counted.most.max(counted.flying);
        drop(counted);
        Self(Arc::clone(world))
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.lock().unwrap().flying -= 1;
    }
}

async fn checkpoint(world: &Arc<Mutex<World>>, id: &str) -> Response {
    let _flying = Flying::new(world);
    let says = {
        let mut world = world.lock().unwrap();
        match world.says.get_mut(id) {
            Some(says) if says.len() > 1 => says.pop_front(),
            Some(says) => says.front().cloned(),
            None => None,
        }
    };
    let mut says = says.unwrap_or(Says::Text(404, "Not Found"));
    while let Says::After(ms, then) = says {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        says = *then;
    }
    match says {
        Says::Frees(status, body) => {
            free(world, id);
            json_answer(status, &body)
        }
        Says::FreesIn(ms, status, body) => {
            let (world, id) = (Arc::clone(world), id.to_owned());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                free(&world, &id);
            });
            json_answer(status, &body)
        }
        Says::Swaps(status, body) => {
            let mut world = world.lock().unwrap();
            for turn in world.turns.iter_mut().flatten() {
                if turn["workspace_id"] == id {
                    turn["turn_id"] = json!("turn-after");
                }
            }
            json_answer(status, &body)
        }
        Says::StartsAnew(started_at, status, body) => {
            let mut world = world.lock().unwrap();
            for turn in world.turns.iter_mut().flatten() {
                if turn["workspace_id"] == id {
                    turn["started_at"] = json!(started_at);
                }
            }
            json_answer(status, &body)
        }
        Says::Json(status, body) => json_answer(status, &body),
        Says::Text(status, text) => text_answer(status, text),
        Says::Later(status, seconds) => Response::builder()
            .status(status)
            .header("Retry-After", seconds.to_string())
            .header("Content-Type", "application/json")
            .body(Body::from(r#"{"error":"later"}"#))
            .unwrap(),
        Says::Echo(status) => echo(world, status),
        Says::Moved(location) => Response::builder()
            .status(307)
            .header("Location", location)
            .body(Body::empty())
            .unwrap(),
        Says::After(..) => unreachable!("it was waited for"),
        // Ends the task of the connection, and says nothing on stderr.
        Says::Cut => std::panic::resume_unwind(Box::new("cut")),
        Says::Hang => std::future::pending().await,
    }
}

/// Repeats the credentials of the last request in an error, with what a terminal would obey.
fn echo(world: &Arc<Mutex<World>>, status: u16) -> Response {
    let world = world.lock().unwrap();
    let last = world.seen.last().unwrap();
    let said = last.headers.get("authorization").cloned();
    let said = said.unwrap_or_default();
    json_answer(
        status,
        &json!({"error": format!("not with {said}\u{1b}[31m\r\n\u{9b}2J\u{202e}"), "code": said}),
    )
}

/// Ends the turns of a workspace.
fn free(world: &Arc<Mutex<World>>, id: &str) {
    let mut world = world.lock().unwrap();
    for workspace in &mut world.workspaces {
        if workspace["id"] == id {
            workspace["active_tasks"] = json!(0);
            workspace["current_task"] = json!("");
        }
    }
    if let Some(turns) = &mut world.turns {
        turns.retain(|turn| turn["workspace_id"] != id);
    }
}

fn json_answer(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("Content-Type", "application/json; charset=utf-8")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn text_answer(status: u16, text: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("Content-Type", "text/plain; charset=utf-8")
        .body(Body::from(text))
        .unwrap()
}
