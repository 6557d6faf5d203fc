//! Scenarios: what stands in the TOML file, checked. Mistakes are named with line and nearest key.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::report::nearest;
use crate::schedule::{Cron, Rules, ScheduleError};
use crate::when;
use crate::zones::Zones;

/// The most workspaces that are simulated.
const MOST: u64 = 100_000;

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

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let speed = f64::deserialize(deserializer)?;
    if speed.is_finite() && speed >= 0.0 {
        Ok(speed)
    } else {
        Err(D::Error::custom("a speed is 0 or more"))
    }
}

fn a_second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let span = Span::deserialize(deserializer)?;
    if span.0 >= 1_000 {
        Ok(span)
    } else {
        Err(D::Error::custom("it is at least 1s"))
    }
}

/// A duration, milliseconds: `90s`, `6h`; with a minus for a clock that is late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (sign, rest) = text
            .strip_prefix('-')
            .map_or((1, &*text), |rest| (-1, rest));
        let ms = when::parse_duration(rest).map_err(D::Error::custom)?;
        Ok(Self(sign * ms))
    }
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Epoch milliseconds.
    At(i64),
    /// So long before the start.
    Ago(i64),
    /// There is one, and nothing tells which.
    Unknown,
}

impl Moment {
    /// Returns the instant, where there is one to tell.
    pub fn at(self, start_ms: i64) -> Option<i64> {
        match self {
            Self::At(ms) => Some(ms),
            Self::Ago(ms) => Some(start_ms.saturating_sub(ms)),
            Self::Unknown => None,
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        if text == "unknown" {
            return Ok(Self::Unknown);
        }
        if let Ok(ms) = when::parse_duration(text) {
            return Ok(Self::Ago(ms));
        }
        when::parse_instant(text, 0, |_| None)
            .map(Self::At)
            .map_err(|_| {
                format!("{text:?} is neither an instant such as 2026-05-22T07:00:03Z, nor so long ago (6h), nor unknown")
            })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant, or a duration before the start")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
                Moment::read(text).map_err(E::custom)
            }

            // TOML's own dates come as a map of one secret key.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
                let date = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
                Moment::read(&date.to_string()).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Scenario {
    /// Reads a scenario. `file` names it in messages.
    ///
    /// # Errors
    /// When it is not TOML, has a key or a value that is none, two workspaces have one id, or a
    /// schedule is refused.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let refuse = |at: usize, what: &str| {
            let (line, column) = position(text, at);
            Error::failed(format!("{file}:{line}:{column}: {what}"))
        };
        let scenario: Self = toml::from_str(text).map_err(|e| {
            let message = e.message().lines().next().unwrap_or_default();
            let error = refuse(e.span().map_or(0, |span| span.start), message);
            match suggestion(message) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error,
            }
        })?;
        match scenario.wrong() {
            Some((at, what)) => Err(refuse(at, &what)),
            None => Ok(scenario),
        }
    }

    /// What is wrong although every part of it is well-formed, and where.
    fn wrong(&self) -> Option<(usize, String)> {
        let zones = Zones::built_in();
        let mut ids = FxHashSet::default();
        let mut total: u64 = 0;
        for spanned in &self.workspaces {
            let (at, workspace) = (spanned.span().start, spanned.get_ref());
            let id = workspace.id.as_deref();
            total += u64::from(workspace.count);
            if total > MOST {
                return Some((at, format!("more than {MOST} workspaces")));
            }
            if workspace.name.is_empty() && id.is_none() {
                return Some((at, "it has neither a name nor an id".to_owned()));
            }
            if id.is_some_and(|id| id.is_empty() || id.contains(['/', '?', '#', '%', ' '])) {
                return Some((at, "its id cannot stand in an address".to_owned()));
            }
            let numbered = (1..=workspace.count).map(|n| workspace.id(n));
            if let Some(id) = numbered.into_iter().find(|id| !ids.insert(id.clone())) {
                let what = format!("two workspaces have the id {id:?}: give this one another");
                return Some((at, what));
            }
            for schedule in &workspace.schedules {
                if let Err(why) = schedule.compile(&zones) {
                    let at = schedule.cron.span().start;
                    let name = &schedule.name;
                    return Some((at, format!("the schedule {name:?} is refused: {why}")));
                }
            }
        }
        None
    }
}

impl Workspace {
    /// The id of the n-th workspace of this kind.
    pub(super) fn id(&self, number: u32) -> String {
        match &self.id {
            Some(id) if self.count > 1 => format!("{id}-{number}"),
            Some(id) => id.clone(),
            None => uuid_of(&format!("{}/{number}", self.name)),
        }
    }
}

impl Schedule {
    /// Reads the expression as the platform does.
    ///
    /// # Errors
    /// When the platform refuses it.
    pub(super) fn compile(&self, zones: &Zones) -> Result<Cron, ScheduleError> {
        let (expr, zone) = (self.cron.get_ref(), Some(&*self.timezone));
        Cron::compile(Rules::Molecule, expr, zone, zones)
    }
}

/// A UUID that is always the same for a text.
pub(super) fn uuid_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let bits = digest[..16]
        .iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    uuid(bits)
}

/// Writes 128 bits as a UUID of version 4.
pub(super) fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) | (4 << 76);
    let bits = bits & !(0x3 << 62) | (2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// Returns line and column, both from 1, the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Finds the name that was meant, in "unknown field `x`, expected one of `a`, `b`".
fn suggestion(message: &str) -> Option<&str> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let wrong = names.next()?;
    nearest(wrong, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_comes_along_is_good_and_says_what_it_shows() {
        for (name, text) in SCENARIOS {
            let scenario = Scenario::parse(name, text).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            assert!(!scenario.about.is_empty(), "{name}");
            assert!(!scenario.workspaces.is_empty(), "{name}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line_and_the_nearest_name() {
        for (text, message, hint) in [
            (
                "[[workspace]]\nname = \"a\"\nbehavour = \"hung\"",
                "s.toml:3:1: unknown field `behavour`",
                Some("did you mean behaviour?"),
            ),
            (
                "[[workspace]]\nname = \"a\"\nbehaviour = \"hang\"",
                "s.toml:3:13: unknown variant `hang`",
                Some("did you mean hung?"),
            ),
            (
                "[platform]\n\nheartbeat = \"soon\"",
                "s.toml:3:13: \"soon\" is not a duration",
                None,
            ),
            (
                "[[workspace]]\nname = \"a\"\nturn_started = \"then\"",
                "s.toml:3:16: \"then\" is neither an instant",
                None,
            ),
            (
                "[[workspace]]\ncount = 2",
                "s.toml:1:1: it has neither",
                None,
            ),
            (
                "[[workspace]]\nid = \"a\"\n[[workspace]]\nid = \"a\"",
                "s.toml:3:1: two workspaces have the id \"a\"",
                None,
            ),
            (
                "[[workspace]]\nid = \"a\"\nschedules = [{ name = \"T\", cron = \"@hourly\" }]",
                "s.toml:3:35: the schedule \"T\" is refused",
                None,
            ),
            (
                "[platform]\nspeed = -1.0",
                "s.toml:2:9: a speed is 0 or more",
                None,
            ),
            (
                "[platform]\nheartbeat = \"1ms\"",
                "s.toml:2:13: it is at least 1s",
                None,
            ),
            ("[platform", "s.toml:1:", None),
        ] {
            let error = Scenario::parse("s.toml", text).unwrap_err();
            assert!(error.message.starts_with(message), "{}", error.message);
            if let Some(hint) = hint {
                assert!(error.hints.iter().any(|h| h == hint), "{error:?}");
            }
        }
    }

    #[test]
    fn instants_are_read_with_and_without_quotes() {
        let text = "[[workspace]]\nname = \"a\"\nturn_started = 2026-05-22T07:00:03Z\n\
                    [[workspace]]\nname = \"b\"\nturn_started = \"2026-05-22T07:00:03Z\"\n\
                    [[workspace]]\nname = \"c\"\nturn_started = \"6h\"\n\
                    [[workspace]]\nname = \"d\"\nturn_started = \"unknown\"";
        let scenario = Scenario::parse("s.toml", text).unwrap();
        let started: Vec<_> = scenario
            .workspaces
            .iter()
            .map(|w| w.get_ref().turn_started)
            .collect();
        let at = Some(Moment::At(1_779_433_203_000));
        let ago = Some(Moment::Ago(21_600_000));
        assert_eq!(started, [at, at, ago, Some(Moment::Unknown)]);
    }
}
