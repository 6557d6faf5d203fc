//! A gateway that replays recorded frames over a real WebSocket, and fails as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What a request gets instead of the recorded answer.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// A payload.
    Json(Value),
    /// An error.
    Error(Value),
    /// The run ends, and then this is the payload; with null nothing is answered at all.
    Ended(Value),
    /// Any text.
    Raw(String),
    /// Nothing, ever.
    Silence,
    /// A close frame.
    Close(u16, String),
}

struct World {
    hello: Value,
    jobs: Value,
    tasks: Value,
    record: Value,
    running: bool,
    /// What the next requests of a method get; `open` and `challenge` are the steps before.
    replies: HashMap<&'static str, VecDeque<Reply>>,
    close_stops: bool,
    requests: Vec<Value>,
}

/// A gateway on loopback; ends when dropped.
pub(super) struct Fake {
    pub(super) url: String,
    world: Arc<Mutex<World>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn recorded(name: &str) -> Value {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/openclaw-gateway");
    let text = std::fs::read_to_string(format!("{data}/{name}")).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Fake {
    /// The recorded gateway of 2026.9.6, with `slow-turn` in flight.
    pub(super) fn new() -> Self {
        Self::with_hello("hello-2026.9.6.json")
    }

    /// The same with another `hello-ok`.
    pub(super) fn with_hello(hello: &str) -> Self {
        let world = Arc::new(Mutex::new(World {
            hello: recorded(hello),
            jobs: recorded("cron.list-2026.9.6.json"),
            tasks: recorded("tasks.list-2026.9.6.json"),
            record: recorded("cron.runs-2026.9.6.json"),
            running: true,
            replies: HashMap::new(),
            close_stops: false,
            requests: Vec::new(),
        }));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (end, ended) = oneshot::channel::<()>();
        let served = Arc::clone(&world);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = serve(listener, served) => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            url,
            world,
            end: Some(end),
            thread: Some(thread),
        }
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Gives the next request of a method this.
    pub(super) fn on(&self, method: &'static str, reply: Reply) {
        self.world()
            .replies
            .entry(method)
            .or_default()
            .push_back(reply);
    }

    /// Ends the run.
    pub(super) fn stop(&self) {
        self.world().running = false;
    }

    /// The run ends with the connection.
    pub(super) fn on_close_stop(&self) {
        self.world().close_stops = true;
    }

    /// Changes what the gateway says of itself.
    pub(super) fn hello(&self, change: impl Fn(&mut Value)) {
        change(&mut self.world().hello);
    }

    /// Changes the jobs.
    pub(super) fn job(&self, change: impl Fn(&mut Vec<Value>)) {
        change(self.world().jobs["jobs"].as_array_mut().unwrap());
    }

    /// How the run is recorded to have ended.
    pub(super) fn recorded(&self, status: &str, error: Option<&str>) {
        let mut world = self.world();
        world.record["entries"][0]["status"] = json!(status);
        world.record["entries"][0]["error"] = json!(error);
    }

    /// Lets another job run, in the session that its target says.
    pub(super) fn runs_instead(&self, name: &str) {
        let mut world = self.world();
        let started = world.tasks["tasks"][0]["startedAt"].clone();
        let mut id = Value::Null;
        let mut key = None;
        for job in world.jobs["jobs"].as_array_mut().unwrap() {
            job["state"].as_object_mut().unwrap().remove("runningAtMs");
            if job["name"] == name {
                job["state"]["runningAtMs"] = started.clone();
                id = job["id"].clone();
                let target = job["sessionTarget"].as_str().unwrap_or_default();
                let shared = target.strip_prefix("session:");
                key = shared.map(|session| format!("agent:main:{session}"));
            }
        }
        let task = &mut world.tasks["tasks"][0];
        task["sourceId"] = id;
        task.as_object_mut().unwrap().remove("childSessionKey");
        if let Some(key) = key {
            task["childSessionKey"] = json!(key);
        }
    }

    /// The requests of a method that came, in order.
    pub(super) fn requests(&self, method: &str) -> Vec<Value> {
        let requests = self.world().requests.clone();
        requests
            .into_iter()
            .filter(|r| r["method"] == method)
            .collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

async fn serve(listener: TcpListener, world: Arc<Mutex<World>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(speak(stream, Arc::clone(&world)));
    }
}

fn next(world: &Mutex<World>, method: &str) -> Option<Reply> {
    world.lock().unwrap().replies.get_mut(method)?.pop_front()
}

/// Speaks to one client until it goes.
async fn speak(stream: TcpStream, world: Arc<Mutex<World>>) {
    if next(&world, "open").is_some() {
        std::future::pending::<()>().await;
    }
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let challenge = json!({"type": "event", "event": "connect.challenge",
        "payload": {"nonce": "05f4d4cf-a426-44e8-beb6-73f35f7d89c6", "ts": 1_795_220_112_614_i64}});
    match next(&world, "challenge") {
        Some(Reply::Raw(text)) => send(&mut socket, text).await,
        Some(_) => std::future::pending().await,
        None => send(&mut socket, challenge.to_string()).await,
    }
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let request: Value = serde_json::from_str(&text).unwrap();
        let method = request["method"].as_str().unwrap().to_owned();
        let id = request["id"].clone();
        let reply = next(&world, &method);
        let payload = {
            let mut world = world.lock().unwrap();
            world.requests.push(request.clone());
            world.answer(&method)
        };
        let answer = |payload: Value| {
            json!({"type": "res", "id": id, "ok": true, "payload": payload}).to_string()
        };
        // Events come at any time, and answers in any order.
        let tick = json!({"type": "event", "event": "tick", "payload": {"ts": 1}, "seq": 26});
        send(&mut socket, tick.to_string()).await;
        let late = json!({"type": "res", "id": "late", "ok": false, "error": {"code": "X"}});
        send(&mut socket, late.to_string()).await;
        match reply {
            None => {
                if method == "sessions.abort" {
                    world.lock().unwrap().running = false;
                }
                send(&mut socket, answer(payload)).await;
            }
            Some(Reply::Json(payload)) => send(&mut socket, answer(payload)).await,
            Some(Reply::Error(error)) => {
                let text = json!({"type": "res", "id": id, "ok": false, "error": error});
                send(&mut socket, text.to_string()).await;
            }
            Some(Reply::Ended(payload)) => {
                world.lock().unwrap().running = false;
                if !payload.is_null() {
                    send(&mut socket, answer(payload)).await;
                }
            }
            Some(Reply::Raw(text)) => send(&mut socket, text).await,
            Some(Reply::Silence) => {}
            Some(Reply::Close(code, reason)) => {
                {
                    let mut world = world.lock().unwrap();
                    world.running &= !world.close_stops;
                }
                let frame = CloseFrame {
                    code: code.into(),
                    reason: reason.into(),
                };
                socket.close(Some(frame)).await.ok();
            }
        }
    }
}

async fn send(socket: &mut WebSocketStream<TcpStream>, text: String) {
    socket.send(Message::text(text)).await.ok();
}

impl World {
    /// The recorded answer.
    fn answer(&self, method: &str) -> Value {
        match method {
            "connect" => self.hello.clone(),
            "tasks.list" if self.running => self.tasks.clone(),
            "tasks.list" => json!({"tasks": []}),
            "cron.list" => {
                let mut jobs = self.jobs.clone();
                if !self.running {
                    for job in jobs["jobs"].as_array_mut().unwrap() {
                        job["state"].as_object_mut().unwrap().remove("runningAtMs");
                    }
                }
                jobs
            }
            "sessions.abort" => recorded("sessions.abort-2026.9.6.json"),
            "cron.runs" if self.running => json!({"entries": [], "total": 0}),
            "cron.runs" => self.record.clone(),
            _ => panic!("nobody expected {method}"),
        }
    }
}
