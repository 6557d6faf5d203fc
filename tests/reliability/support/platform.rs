//! A platform on real sockets that outlives the loops that ask it, and whose faults a test decides.

mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::{now_ms, until};

/// What goes wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A status and an error.
    Status(u16),
    /// A status and `Retry-After` in seconds.
    Later(u16, u64),
    /// The connection is closed before the answer.
    Cut,
    /// The connection is closed in the middle of the body.
    Half,
    /// A byte of the answer every so many milliseconds.
    Trickle(u64),
    /// 200 with something that is no JSON.
    Garbage,
}

/// What a request for a checkpoint leads to, and what is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    /// How long it takes until the effect, milliseconds.
    pub(crate) before_ms: u64,
    /// How long it takes from there to the answer, milliseconds.
    pub(crate) after_ms: u64,
    /// In how many milliseconds after the effect the turn is gone: 0 is cancelled, more is
    /// interrupted, `None` is no effect at all.
    pub(crate) gone_in_ms: Option<i64>,
    /// What goes wrong with the answer.
    pub(crate) fault: Option<Fault>,
}

impl Act {
    /// The turn is cancelled and that is said.
    pub(crate) const FREES: Self = Self {
        before_ms: 0,
        after_ms: 0,
        gone_in_ms: Some(0),
        fault: None,
    };

    /// The turn is cancelled, and the answer goes wrong.
    pub(crate) fn frees_and(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::FREES
        }
    }

    /// Nothing is done.
    pub(crate) fn refuses(fault: Fault) -> Self {
        Self {
            gone_in_ms: None,
            fault: Some(fault),
            ..Self::FREES
        }
    }
}

/// A turn in flight.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// Its id: what `GET /admin/turns` calls it.
    pub(crate) id: String,
    /// How old it is when it is added, milliseconds.
    pub(crate) age_ms: i64,
    /// What requests for it lead to, one after the other; the last one again and again.
    pub(crate) acts: VecDeque<Act>,
}

impl Turn {
    pub(crate) fn new(id: &str, age_ms: i64, acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            id: id.to_owned(),
            age_ms,
            acts: acts.into_iter().collect(),
        }
    }
}

/// What became of a turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    /// The ids of the requests that were carried out, not answered from memory.
    pub(crate) carried: Vec<String>,
    /// Whether it is gone.
    pub(crate) gone: bool,
}

/// A request for a checkpoint that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// When, epoch milliseconds.
    pub(crate) at_ms: i64,
    pub(crate) workspace: String,
    /// The precondition.
    pub(crate) turn_id: Option<String>,
    pub(crate) request_id: String,
    /// The turn that was in flight then.
    pub(crate) found: Option<String>,
    /// How old that was when the request had an effect on it, milliseconds; `None`: it had none.
    pub(crate) freed_at_ms: Option<i64>,
}

#[derive(Debug)]
struct Flight {
    turn: Turn,
    started_ms: i64,
    /// When it is gone, once it is interrupted.
    gone_ms: Option<i64>,
}

#[derive(Debug, Default)]
struct Space {
    flight: Option<Flight>,
    /// Turns to come: how long after the one before is gone.
    later: VecDeque<(i64, Turn)>,
    gone_ms: i64,
    /// Rows of its activity log.
    activity: Vec<Value>,
    /// What was answered, by request: a status and a body.
    answered: BTreeMap<String, (u16, Value)>,
}

/// A fault of a route: those whose path holds a text, so many times.
#[derive(Clone, Debug)]
struct Trouble {
    route: &'static str,
    fault: Fault,
    times: u32,
}

/// What the platform knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    spaces: BTreeMap<String, Space>,
    fates: BTreeMap<String, Fate>,
    /// Whether it has `GET /admin/turns`.
    turns_route: bool,
    /// How far its clock is ahead, milliseconds.
    skew_ms: i64,
    troubles: Vec<Trouble>,
    asked: Vec<Asked>,
    reads: u64,
}

impl State {
    /// Ends what is due to end, and begins what is due to begin.
    fn passes(&mut self) {
        let now = now_ms();
        for space in self.spaces.values_mut() {
            let gone_ms = space.flight.as_ref().and_then(|flight| flight.gone_ms);
            if let Some(gone_ms) = gone_ms.filter(|ms| *ms <= now)
                && let Some(flight) = space.flight.take()
            {
                space.gone_ms = gone_ms;
                self.fates.get_mut(&flight.turn.id).unwrap().gone = true;
            }
            let due = |(pause_ms, _): &(i64, Turn)| space.gone_ms + pause_ms <= now;
            if space.flight.is_none() && space.later.front().is_some_and(due) {
                let (_, turn) = space.later.pop_front().unwrap();
                self.fates.insert(turn.id.clone(), Fate::default());
                space.flight = Some(Flight {
                    started_ms: now - turn.age_ms,
                    turn,
                    gone_ms: None,
                });
            }
        }
    }
}

/// A platform. Its state stays while it is down.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) url: String,
    address: String,
    shared: Arc<Shared>,
    serving: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    connections: Mutex<Vec<TcpStream>>,
    /// Grows when it goes down: what was under way then is not carried out.
    life: AtomicU64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.passes();
        state
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.down();
    }
}

impl Platform {
    /// One that has `GET /admin/turns`, or not.
    pub(crate) fn new(turns_route: bool) -> Self {
        let mut platform = Self::absent(turns_route);
        platform.up();
        platform
    }

    /// One that is down.
    pub(crate) fn absent(turns_route: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let platform = Self {
            url: format!("http://{address}"),
            address,
            shared: Arc::default(),
            serving: None,
        };
        platform.shared.state().turns_route = turns_route;
        platform
    }

    /// Listens, at the same address as before.
    pub(crate) fn up(&mut self) {
        let listener = until("the address", || TcpListener::bind(&self.address).ok());
        let shared = Arc::clone(&self.shared);
        let life = shared.life.load(Ordering::SeqCst);
        self.serving = Some(std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.life.load(Ordering::SeqCst) != life {
                    break;
                }
                let kept = stream.try_clone().unwrap();
                shared.connections.lock().unwrap().push(kept);
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || wire::serve(&shared, &stream, life));
            }
        }));
    }

    /// Dies: connections are closed, and nothing listens.
    pub(crate) fn down(&mut self) {
        let Some(serving) = self.serving.take() else {
            return;
        };
        self.shared.life.fetch_add(1, Ordering::SeqCst);
        // Wakes who waits for the next connection.
        drop(TcpStream::connect(&self.address));
        serving.join().unwrap();
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            connection.shutdown(Shutdown::Both).ok();
        }
    }

    /// Adds a turn, after those that its workspace has: so long after the one before is gone.
    pub(crate) fn add(&self, workspace: &str, pause_ms: i64, turn: Turn) {
        let mut state = self.shared.state();
        let space = state.spaces.entry(workspace.to_owned()).or_default();
        space.later.push_back((pause_ms, turn));
        state.passes();
    }

    /// Adds workspaces with a turn each, over its ceiling; all turns have the same acts.
    pub(crate) fn over(&self, names: &[&str], acts: &[Act]) {
        for name in names {
            let turn = Turn::new(&format!("turn-{name}"), 7_200_000, acts.iter().copied());
            self.add(name, 0, turn);
        }
    }

    /// Adds a row to a workspace's activity log: a message timed out that was sent so long ago.
    pub(crate) fn timed_out(&self, workspace: &str, ago_ms: i64) {
        let mut state = self.shared.state();
        let sent_ms = now_ms() + state.skew_ms - ago_ms;
        let row = json!({
            "id": "a-1", "activity_type": "a2a_receive", "method": "message/send",
            "summary": "message/send", "status": "error", "duration_ms": 0,
            "error_detail": "Post: net/http: timeout awaiting response headers",
            "created_at": wire::instant(sent_ms), "request_body": null,
        });
        let space = state.spaces.get_mut(workspace).unwrap();
        space.activity.push(row);
    }

    /// Lets the answers of routes go wrong whose path holds a text, so many times.
    pub(crate) fn trouble(&self, route: &'static str, fault: Fault, times: u32) {
        self.shared.state().troubles.push(Trouble {
            route,
            fault,
            times,
        });
    }

    /// Ends all trouble.
    pub(crate) fn recovers(&self) {
        self.shared.state().troubles.clear();
    }

    /// How often it had trouble so far that is not over.
    pub(crate) fn troubles_left(&self) -> u32 {
        let state = self.shared.state();
        state.troubles.iter().map(|trouble| trouble.times).sum()
    }

    /// Sets its clock ahead of the true one.
    pub(crate) fn skew(&self, ms: i64) {
        self.shared.state().skew_ms = ms;
    }

    /// The requests for checkpoints so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.state().asked.clone()
    }

    /// How many requests came to look at something.
    pub(crate) fn reads(&self) -> u64 {
        self.shared.state().reads
    }

    /// What became of each turn that began.
    pub(crate) fn fates(&self) -> BTreeMap<String, Fate> {
        self.shared.state().fates.clone()
    }

    /// How many turns are in flight or to come.
    pub(crate) fn left(&self) -> usize {
        let state = self.shared.state();
        let left = |space: &Space| space.later.len() + usize::from(space.flight.is_some());
        state.spaces.values().map(left).sum()
    }
}
