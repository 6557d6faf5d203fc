//! The world over HTTP: a thin layer that reads the clock, locks, asks and writes the answer.

mod adapter;
mod answer;
mod guard;
mod routes;
mod stream;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, oneshot};

use super::Options;
use super::scenario::{Moment, Scenario};
use super::world::{Ended, Event, PostId, World};
use crate::clock::{self, Stopwatch};
use crate::error::{Error, Exit};
use crate::molecule::Token;

/// How many events a slow subscriber may be behind before it loses some.
const BACKLOG: usize = 16_384;
/// The longest nap of the task that lets time pass.
const NAP: Duration = Duration::from_millis(500);

/// The sandbox's own clock.
#[derive(Clone, Copy, Debug)]
struct Clock {
    start_ms: i64,
    speed: f64,
    since: Stopwatch,
}

impl Clock {
    /// The instant in the sandbox, true time.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "milliseconds of a run, times a factor: saturating is right"
    )]
    fn now_ms(&self) -> i64 {
        let passed = self.since.elapsed().as_millis() as f64 * self.speed;
        self.start_ms.saturating_add(passed as i64)
    }

    /// How long a stretch of virtual time takes; where time stands still, for ever.
    #[expect(
        clippy::cast_precision_loss,
        reason = "durations are far below 2^52 ms"
    )]
    fn real(&self, virtual_ms: i64) -> Option<Duration> {
        let seconds = virtual_ms.max(0) as f64 / 1_000.0 / self.speed;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// What all handlers share.
pub(super) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    admin: Token,
    secret: Token,
    org: Option<String>,
    turns_route: bool,
    latency: Duration,
    gate: guard::Gate,
    events: broadcast::Sender<Arc<Event>>,
    waiting: Mutex<FxHashMap<PostId, oneshot::Sender<Ended>>>,
    nudge: Notify,
}

impl Shared {
    /// Asks the world at the present instant, and passes on what happened meanwhile.
    fn ask<T>(&self, ask: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.set_listening(self.events.receiver_count() > 0);
        world.advance(self.clock.now_ms());
        let next = world.next_at();
        let answer = ask(&mut world);
        if world.next_at() != next {
            self.nudge.notify_one();
        }
        let (events, ended) = (world.take_events(), world.take_ended());
        for event in events {
            // Nobody listening is fine.
            self.events.send(Arc::new(event)).ok();
        }
        if !ended.is_empty() {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for (post, how) in ended {
                if let Some(waiter) = waiting.remove(&post) {
                    waiter.send(how).ok();
                }
            }
        }
        answer
    }

    /// Sends a message to a workspace; the receiver hears how its POST ended.
    ///
    /// # Errors
    /// The status of a workspace that nobody answers for.
    fn message(
        &self,
        ws: usize,
        text: &str,
        message_id: &str,
        through_platform: bool,
    ) -> Result<oneshot::Receiver<Ended>, &'static str> {
        let (sender, receiver) = oneshot::channel();
        self.ask(|world| {
            let post = world.message(ws, text, message_id, through_platform)?;
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.insert(post, sender);
            Ok(receiver)
        })
    }

    /// The token of a workspace: derived, so that ten thousand need no room.
    fn workspace_token(&self, id: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.admin.reveal());
        hash.update(b"/");
        hash.update(id);
        hex(&hash.finalize()[..24])
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to memory does not fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// A token from the randomness that the standard library keeps for its hash maps.
fn random_token() -> Option<Token> {
    use std::hash::{BuildHasher, RandomState};
    let mut hash = Sha256::new();
    for n in 0..4_u64 {
        hash.update(RandomState::new().hash_one(n).to_le_bytes());
    }
    Token::new(&hex(&hash.finalize()[..24]))
}

/// Serves a scenario.
///
/// # Errors
/// When a schedule of it is refused, or the port is taken.
pub(super) async fn serve(scenario: &Scenario, options: &Options) -> Result<super::Running, Error> {
    let platform = &scenario.platform;
    let start_ms = options
        .start_ms
        .or_else(|| platform.start.and_then(moment))
        .unwrap_or_else(clock::now_ms);
    let mut world = World::new(scenario, start_ms)?;
    let listener = TcpListener::bind(("127.0.0.1", options.port))
        .await
        .map_err(|e| {
            Error::failed(format!("127.0.0.1:{}: no port to listen on", options.port))
                .because(e)
                .hint("--port 0 takes any free one")
        })?;
    let address = listener
        .local_addr()
        .map_err(|e| Error::failed("the port that was taken is not known").because(e))?;
    let url = format!("http://{address}");
    world.set_base_url(&url);
    let tokens = random_token().zip(random_token());
    let (admin, secret) = tokens.ok_or_else(|| Error::failed("no token could be made"))?;
    let shared = Arc::new(Shared {
        clock: Clock {
            start_ms,
            speed: options.speed,
            since: Stopwatch::start(),
        },
        admin: admin.clone(),
        secret: secret.clone(),
        org: platform.org.clone(),
        turns_route: options.turns_route.unwrap_or(platform.turns_route),
        latency: Duration::from_millis(options.latency_ms),
        gate: guard::Gate::new(platform.rate_limit, options.fail, platform.seed),
        events: broadcast::channel(BACKLOG).0,
        waiting: Mutex::default(),
        nudge: Notify::new(),
        world: Mutex::new(world),
    });
    let workspaces = shared.ask(|world| world.size());
    let app = routes::router(Arc::clone(&shared));
    let service = app.into_make_service_with_connect_info::<wire::Line>();
    let serving = async move { axum::serve(wire::Loopback(listener), service).await };
    let task = tokio::spawn(async move {
        tokio::select! {
            () = pass_time(&shared) => {}
            served = serving => { served.ok(); }
        }
    });
    Ok(super::Running {
        url,
        token: admin,
        secret,
        start_ms,
        workspaces,
        task,
    })
}

fn moment(start: Moment) -> Option<i64> {
    match start {
        Moment::At(ms) => Some(ms),
        Moment::Ago(ms) => Some(clock::now_ms() - ms),
        Moment::Unknown => None,
    }
}

/// Lets things happen when their time comes, for those who only listen.
async fn pass_time(shared: &Shared) {
    loop {
        let next = shared.ask(|world| world.next_at());
        let left = next.and_then(|at| shared.clock.real(at - shared.clock.now_ms()));
        let nap = left.map_or(NAP, |left| left.clamp(Duration::from_millis(2), NAP));
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            () = shared.nudge.notified() => {}
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

/// Refuses options that mean nothing.
///
/// # Errors
/// When the share of failures or the speed is out of range.
pub(super) fn check(options: &Options) -> Result<(), Error> {
    let usage = |text: &str| {
        Err(Error {
            exit: Exit::Usage,
            ..Error::failed(text)
        })
    };
    if !(0.0..=1.0).contains(&options.fail) {
        return usage("--fail is a share from 0 to 1");
    }
    if !(options.speed.is_finite() && options.speed >= 0.0) {
        return usage("--speed is 0 or more");
    }
    Ok(())
}
