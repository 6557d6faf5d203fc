//! A platform that answers as it is told, over a real socket, and counts what it is asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::{Response, header};
use axum::response::IntoResponse;
use axum::routing::any;
use serde_json::{Value, json};
use tokio::sync::{broadcast, oneshot};

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// The `Date` header, where it is not the true one.
    pub(super) date: Option<String>,
}

impl Answer {
    pub(super) fn json(body: &Value) -> Self {
        Self::text(200, "application/json", body.to_string())
    }

    pub(super) fn text(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
            date: None,
        }
    }

    /// What a platform says to a route that it does not have.
    pub(super) fn missing() -> Self {
        Self::text(404, "text/plain", "404 page not found")
    }
}

/// What each request gets: a function of its path and query.
type Answers = Box<dyn Fn(&str) -> Answer + Send + Sync>;

/// A platform on loopback; ends when dropped.
pub(super) struct Fake {
    pub(super) url: String,
    hits: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Answers>>,
    events: broadcast::Sender<Option<String>>,
    listening: Arc<Mutex<usize>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Fake {
    /// Starts it. Requests to `/ws` are no business of `answers`.
    pub(super) fn new(answers: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let hits = Arc::new(Mutex::new(Vec::new()));
        let boxed: Answers = Box::new(answers);
        let answers = Arc::new(Mutex::new(boxed));
        let (events, _) = broadcast::channel(64);
        let listening = Arc::new(Mutex::new(0));
        let (end, ended) = oneshot::channel();
        let (say, said) = std::sync::mpsc::channel();
        let app = router(&hits, &answers, &events, &listening);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                say.send(listener.local_addr().unwrap()).unwrap();
                let server = axum::serve(listener, app);
                tokio::select! {
                    outcome = async { server.await } => outcome.unwrap(),
                    _ = ended => {}
                }
            });
        });
        Self {
            url: format!("http://{}", said.recv().unwrap()),
            hits,
            answers,
            events,
            listening,
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// Starts one with these workspaces and, where it has the route, these turns. Everything else
    /// is empty.
    pub(super) fn serving(workspaces: Value, turns: Option<Value>) -> Self {
        Self::new(served(workspaces, turns))
    }

    /// Changes what it serves.
    pub(super) fn now_serves(&self, workspaces: Value, turns: Option<Value>) {
        *self.answers.lock().unwrap() = Box::new(served(workspaces, turns));
    }

    /// Changes what it answers.
    pub(super) fn now_answers(&self, answers: impl Fn(&str) -> Answer + Send + Sync + 'static) {
        *self.answers.lock().unwrap() = Box::new(answers);
    }

    /// Sends an event to those who listen on `/ws`.
    pub(super) fn event(&self, event: &Value) {
        self.events.send(Some(event.to_string())).unwrap();
    }

    /// Ends every connection to `/ws`.
    pub(super) fn hangs_up(&self) {
        self.events.send(None).unwrap();
    }

    /// How many connections to `/ws` there were.
    pub(super) fn listened(&self) -> usize {
        *self.listening.lock().unwrap()
    }

    /// The paths with queries that were asked for, `/ws` left out.
    pub(super) fn hits(&self) -> Vec<String> {
        self.hits.lock().unwrap().clone()
    }
}

fn served(workspaces: Value, turns: Option<Value>) -> impl Fn(&str) -> Answer + Send + Sync {
    move |asked| {
        let path = asked.split('?').next().unwrap();
        match (path, &turns) {
            ("/workspaces", _) => Answer::json(&workspaces),
            ("/admin/turns", Some(turns)) => Answer::json(&json!({
                "turns": turns, "count": turns.as_array().unwrap().len(),
                "status": "in_flight", "limit": 10_000,
            })),
            (path, _) if path.ends_with("/activity") || path.ends_with("/schedules") => {
                Answer::json(&json!([]))
            }
            (path, _) if path.ends_with("/config") => Answer::json(&json!({"data": {}})),
            _ => Answer::missing(),
        }
    }
}

fn router(
    hits: &Arc<Mutex<Vec<String>>>,
    answers: &Arc<Mutex<Answers>>,
    events: &broadcast::Sender<Option<String>>,
    listening: &Arc<Mutex<usize>>,
) -> Router {
    let (hits, answers) = (hits.clone(), answers.clone());
    let (events, listening) = (events.clone(), listening.clone());
    let socket = move |upgrade: WebSocketUpgrade| async move {
        let mut events = events.subscribe();
        upgrade.on_upgrade(move |mut socket| async move {
            *listening.lock().unwrap() += 1;
            while let Ok(Some(event)) = events.recv().await {
                if socket.send(Message::Text(event.into())).await.is_err() {
                    return;
                }
            }
        })
    };
    let answer = move |request: Request| async move {
        let asked = request.uri().path_and_query().unwrap().to_string();
        hits.lock().unwrap().push(asked.clone());
        let answer = answers.lock().unwrap()(&asked);
        let mut response = Response::builder()
            .status(answer.status)
            .header(header::CONTENT_TYPE, answer.content_type);
        if let Some(date) = answer.date {
            response = response.header(header::DATE, date);
        }
        response
            .body(Body::from(answer.body))
            .unwrap()
            .into_response()
    };
    Router::new().route("/ws", any(socket)).fallback(answer)
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
