//! Adapters on loopback with good manners and bad ones.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

/// The secret of every fake.
pub(crate) const SECRET: &str = "inbound-secret";

/// What an adapter does wrong, or cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    Good,
    /// Any request ends whatever runs.
    IgnoresTurnId,
    /// A repeated id is answered from memory, and ends whatever runs.
    CancelsTheSuccessor,
    /// Every request is new.
    ForgetsIds,
    AsksForNoSecret,
    /// A body that is no JSON is answered with 200.
    ObeysGarbage,
    /// The turn is gone, and its POST never returns.
    KeepsThePost,
    /// The POST of a cancelled turn returns 500.
    BreaksThePost,
    /// It says 200, and the turn goes on.
    ClaimsIt,
    /// Each turn has a session of its own.
    ForgetsTheSession,
    /// 409 for every turn in flight.
    CannotCancel,
    /// 409 whether or not a turn is in flight.
    RefusesAlways,
    /// 202, and the turn ends a little later.
    TakesAWhile,
    /// Turns end at once.
    Quick,
}

/// A turn in flight.
struct Turn {
    id: String,
    over: Arc<Notify>,
}

pub(crate) struct Adapter {
    manners: Manners,
    /// Where a command leaves its turn; a file there is a turn in flight.
    file: Option<PathBuf>,
    turn: Mutex<Option<Turn>>,
    count: AtomicUsize,
    answers: Mutex<HashMap<String, (u16, Value)>>,
    requests: AtomicUsize,
}

/// A fake that listens until dropped.
pub(crate) struct Listening {
    pub(crate) url: String,
    pub(crate) adapter: Arc<Adapter>,
    _server: Server,
}

impl Listening {
    pub(crate) fn requests(&self) -> usize {
        self.adapter.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn in_flight(&self) -> Option<String> {
        self.adapter.in_flight()
    }
}

/// A server of its own thread; ends when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// Serves any router on a free port of this machine.
pub(crate) fn listen(router: Router) -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            tokio::select! {
                served = axum::serve(listener, router) => served.unwrap(),
                _ = stopped => {}
            }
        });
    });
    Server {
        address,
        _stop: stop,
    }
}

impl Adapter {
    fn new(manners: Manners, file: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            manners,
            file,
            turn: Mutex::default(),
            count: AtomicUsize::new(0),
            answers: Mutex::default(),
            requests: AtomicUsize::new(0),
        })
    }

    pub(crate) fn listen(manners: Manners) -> Listening {
        Self::serve(Self::new(manners, None))
    }

    /// An adapter whose turns are in flight as long as a file is there that names them.
    pub(crate) fn watching(file: PathBuf) -> Listening {
        Self::serve(Self::new(Manners::Good, Some(file)))
    }

    fn serve(adapter: Arc<Self>) -> Listening {
        let router = Router::new()
            .route("/", post(message))
            .route("/control/checkpoint", post(checkpoint))
            .route("/transcript", get(transcript))
            // A platform in front of it, which forwards.
            .route("/workspaces/{id}/a2a", post(message))
            .route("/{id}/control/checkpoint", post(checkpoint))
            .with_state(Arc::clone(&adapter));
        let server = listen(router);
        Listening {
            url: format!("http://{}", server.address),
            adapter,
            _server: server,
        }
    }

    pub(crate) fn begin(&self) -> Arc<Notify> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let over = Arc::new(Notify::new());
        *self.turn.lock().unwrap() = Some(Turn {
            id: format!("turn-{number}"),
            over: Arc::clone(&over),
        });
        over
    }

    fn in_flight(&self) -> Option<String> {
        match &self.file {
            Some(file) => {
                let id = std::fs::read_to_string(file).ok()?;
                Some(id.trim().to_owned()).filter(|id| !id.is_empty())
            }
            None => self.turn.lock().unwrap().as_ref().map(|t| t.id.clone()),
        }
    }

    /// Ends the turn in flight.
    fn end(&self) {
        if let Some(file) = &self.file {
            std::fs::remove_file(file).ok();
        }
        if let Some(turn) = self.turn.lock().unwrap().take()
            && self.manners != Manners::KeepsThePost
        {
            turn.over.notify_one();
        }
    }

    fn decide(self: &Arc<Self>, body: &Value) -> (u16, Value) {
        let Some(running) = self.in_flight() else {
            return match self.manners {
                Manners::RefusesAlways => (409, json!({"error": "no", "code": "not_steerable"})),
                _ => (200, json!({"status": "idle"})),
            };
        };
        let other = body["turn_id"].as_str().is_some_and(|id| id != running);
        match self.manners {
            Manners::RefusesAlways => {
                return (409, json!({"error": "no", "code": "not_steerable"}));
            }
            Manners::IgnoresTurnId => {}
            _ if other => {
                let code = "turn_mismatch";
                return (
                    409,
                    json!({"error": "another", "code": code, "turn_id": running}),
                );
            }
            Manners::CannotCancel => {
                return (409, json!({"error": "no", "code": "not_steerable"}));
            }
            Manners::TakesAWhile => {
                let adapter = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    adapter.end();
                });
                return (202, json!({"status": "interrupting", "turn_id": running}));
            }
            _ => {}
        }
        if self.manners != Manners::ClaimsIt {
            self.end();
        }
        let session = match self.manners {
            Manners::ForgetsTheSession => format!("session of {running}"),
            _ => "session".to_owned(),
        };
        let saved = json!({"id": format!("of-{running}"), "session_id": session, "saved_at": "2026-05-22T07:30:01Z"});
        (
            200,
            json!({"status": "checkpointed", "turn_id": running, "checkpoint": saved, "resumable": true}),
        )
    }
}

async fn message(State(adapter): State<Arc<Adapter>>, body: String) -> Response {
    adapter.requests.fetch_add(1, Ordering::SeqCst);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["method"], "message/send");
    assert_eq!(body["params"]["message"]["role"], "user");
    let over = adapter.begin();
    if adapter.manners == Manners::Quick {
        adapter.turn.lock().unwrap().take();
    } else {
        over.notified().await;
    }
    let status = match adapter.manners {
        Manners::BreaksThePost => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    };
    (
        status,
        axum::Json(json!({"jsonrpc": "2.0", "id": body["id"], "result": {}})),
    )
        .into_response()
}

async fn checkpoint(
    State(adapter): State<Arc<Adapter>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    adapter.requests.fetch_add(1, Ordering::SeqCst);
    let answer = |(status, body): (u16, Value)| {
        (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
    };
    let secret = headers.get(header::AUTHORIZATION);
    let right = secret.is_some_and(|value| value == &format!("Bearer {SECRET}"));
    if !right && adapter.manners != Manners::AsksForNoSecret {
        return answer((401, json!({"error": "unauthorized"})));
    }
    let Ok(body) = serde_json::from_str::<Value>(&body) else {
        return match adapter.manners {
            Manners::ObeysGarbage => answer((200, json!({"status": "idle"}))),
            _ => answer((400, json!({"error": "the body is not JSON"}))),
        };
    };
    let id = body["request_id"].as_str().unwrap().to_owned();
    assert_eq!(headers.get("Idempotency-Key").unwrap(), &id);
    let known = adapter.answers.lock().unwrap().get(&id).cloned();
    match known {
        Some(known) if adapter.manners != Manners::ForgetsIds => {
            if adapter.manners == Manners::CancelsTheSuccessor {
                adapter.end();
            }
            answer(known)
        }
        _ => {
            let decided = adapter.decide(&body);
            adapter.answers.lock().unwrap().insert(id, decided.clone());
            answer(decided)
        }
    }
}

async fn transcript() -> Response {
    axum::Json(json!({"runtime": "fake", "supported": false, "lines": []})).into_response()
}
