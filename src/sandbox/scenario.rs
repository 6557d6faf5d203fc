//! Scenarios: what stands in the TOML file. [`Scenario::parse`] reads and checks it.

mod read;

use serde::Deserialize;
use toml::Spanned;

pub(super) use read::{Moment, Span};
use read::{a_second, speed};
pub(super) use read::{uuid, uuid_of};

/// The scenarios that come with cronctl: name and text.
pub const SCENARIOS: [(&str, &str); 6] = [
    ("demo", super::DEMO),
    ("reno-stars", include_str!("scenarios/reno-stars.toml")),
    (
        "reno-stars-ceiling-0",
        include_str!("scenarios/reno-stars-ceiling-0.toml"),
    ),
    ("p12", include_str!("scenarios/p12.toml")),
    ("faults", include_str!("scenarios/faults.toml")),
    ("fleet", include_str!("scenarios/fleet.toml")),
];

/// Returns the text of a scenario that comes with cronctl.
pub fn built_in(name: &str) -> Option<&'static str> {
    let found = SCENARIOS.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

/// A platform and its workspaces, as told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, one line.
    #[serde(default)]
    pub about: String,
    /// The platform.
    #[serde(default)]
    pub platform: Platform,
    /// The workspaces.
    #[serde(default, rename = "workspace")]
    pub workspaces: Vec<Spanned<Workspace>>,
}

/// How the platform is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Platform {
    /// When it starts; absent: now.
    pub start: Option<Moment>,
    /// How long it ran before that: fires, rows and heartbeats of that time are simulated.
    pub history: Span,
    /// Seconds that pass in it per second, unless told otherwise.
    #[serde(deserialize_with = "speed")]
    pub speed: f64,
    /// Whether it has `GET /admin/turns`.
    pub turns_route: bool,
    /// The organisation without whose header everything is a bare 404.
    pub org: Option<String>,
    /// Requests a minute and caller, 0 for no limit.
    pub rate_limit: u32,
    /// How far its clock is ahead of the true one.
    pub clock_skew: Span,
    /// After this long without a first byte it gives a workspace's POST up.
    #[serde(deserialize_with = "a_second")]
    pub header_timeout: Span,
    /// The pause between two heartbeats of a workspace.
    #[serde(deserialize_with = "a_second")]
    pub heartbeat: Span,
    /// What it does with a fire on a busy workspace.
    pub busy: Busy,
    /// Decides what is left to chance.
    pub seed: u64,
}

impl Default for Platform {
    fn default() -> Self {
        Self {
            start: None,
            history: Span(0),
            speed: 1.0,
            turns_route: true,
            org: None,
            rate_limit: 600,
            clock_skew: Span(0),
            header_timeout: Span(180_000),
            heartbeat: Span(30_000),
            busy: Busy::default(),
            seed: 1,
        }
    }
}

/// What the scheduler does with a fire on a busy workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Busy {
    /// It looks 12 times, 10 s apart, then records the fire as skipped.
    #[default]
    Skip,
    /// It sends it all the same, and records the refusal when the header timeout passed.
    Reject,
}

/// How a workspace and its adapter behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Turns are short; a checkpoint cancels them.
    #[default]
    Healthy,
    /// Nothing in flight.
    Idle,
    /// The first turn never ends and works all the while.
    Long,
    /// The first turn never ends and is silent.
    Hung,
    /// It never ends, and the adapter says 409 `not_steerable`.
    Refusing,
    /// It never ends, and the adapter has no handler: 404 text.
    Unsupported,
    /// It never ends, and the adapter breaks before it answers.
    Flaky,
    /// It never ends; the adapter says 202 and takes a while.
    Slow,
    /// The turn ends and another begins just before the checkpoint arrives.
    TurnSwapping,
    /// The adapter says 200, but the turn goes on.
    Lingering,
    /// The adapter owns the turn and never reports it in `active_tasks`.
    NoReport,
}

/// One thing that goes wrong with one checkpoint request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Fault {
    /// 500, nothing done.
    #[serde(rename = "500")]
    Internal,
    /// 502, nothing done.
    #[serde(rename = "502")]
    BadGateway,
    /// 503 with `Retry-After: 1`, nothing done.
    #[serde(rename = "503")]
    Unavailable,
    /// 429 with `Retry-After: 1`, nothing done.
    #[serde(rename = "429")]
    TooMany,
    /// The connection is reset, nothing done.
    #[serde(rename = "reset")]
    Reset,
    /// The turn is cancelled, and the connection reset before the answer.
    #[serde(rename = "lost")]
    Lost,
    /// No answer ever comes, nothing done.
    #[serde(rename = "silence")]
    Silence,
    /// 200 with a web page, nothing done.
    #[serde(rename = "html")]
    Html,
}

/// One workspace, or many of a kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Workspace {
    /// Its id; absent: made from the name.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// The adapter.
    pub runtime: String,
    /// How it behaves.
    pub behaviour: Behaviour,
    /// How many of it there are; names and ids get a number.
    pub count: u32,
    /// Whether the adapter owns the turn; absent: as the runtime does.
    pub native: Option<bool>,
    /// Whether turns are reported in `active_tasks`; absent: as the runtime does.
    pub reports_busy: Option<bool>,
    /// When the turn started that is in flight at the start.
    pub turn_started: Option<Moment>,
    /// What started it.
    pub origin: Option<Origin>,
    /// Its id; absent: made from the workspace's.
    pub turn_id: Option<String>,
    /// Its prompt.
    pub current_task: String,
    /// A tool call every so often while it runs; absent: as the behaviour does.
    pub log_every: Option<Span>,
    /// How long later turns run.
    pub turn_length: Span,
    /// This long after a turn ended another one begins that goes on like the first; absent: none does.
    pub refill: Option<Span>,
    /// Messages that wait behind the turn.
    pub waiting: u32,
    /// `native_session_ceiling_seconds` in its configuration, whatever it is.
    pub ceiling_seconds: Option<serde_json::Value>,
    /// How many turns it takes at once.
    pub max_concurrent_tasks: i64,
    /// What goes wrong with the first checkpoint requests, one each.
    pub faults: Option<Vec<Fault>>,
    /// How long a slow adapter takes to end the turn.
    pub takes: Span,
    /// How late the adapter answers.
    pub answer_after: Span,
    /// Whether it was removed: 410.
    pub removed: bool,
    /// Its schedules.
    pub schedules: Vec<Schedule>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            id: None,
            name: String::new(),
            role: String::new(),
            runtime: "claude-code".to_owned(),
            behaviour: Behaviour::default(),
            count: 1,
            native: None,
            reports_busy: None,
            turn_started: None,
            origin: None,
            turn_id: None,
            current_task: "Work on the next task".to_owned(),
            log_every: None,
            turn_length: Span(20_000),
            refill: None,
            waiting: 0,
            ceiling_seconds: None,
            max_concurrent_tasks: 1,
            faults: None,
            takes: Span(5_000),
            answer_after: Span(0),
            removed: false,
            schedules: Vec::new(),
        }
    }
}

/// What started a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A schedule.
    Cron,
    /// Another agent.
    A2a,
    /// A person.
    #[default]
    User,
    /// Not known.
    Unknown,
}

impl Origin {
    /// Returns its name on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::A2a => "a2a",
            Self::User => "user",
            Self::Unknown => "unknown",
        }
    }
}

/// One schedule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Its id; absent: made from the workspace's id and the name.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its expression.
    pub cron: Spanned<String>,
    /// Its zone.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Its prompt; `SLEEP 90` makes a turn of 90 s.
    #[serde(default)]
    pub prompt: String,
    /// Whether it is fired.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When it stands still: from, until.
    #[serde(default)]
    pub still: Option<(Moment, Moment)>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}
