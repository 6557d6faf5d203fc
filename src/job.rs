//! A job: one entry of a scheduler's table, as cronctl understands it.
//!
//! The types of the real systems are read into this shape by `openclaw` and `source`; the core
//! computes with nothing else.

mod collect;
mod document;
mod extras;
mod lenient;
mod molecule;
mod parse;
mod restarts;
mod words;

pub use collect::{Collected, Collector, MAX_NAMED};
pub use document::{Broken, Document, Top, read_document};
pub(crate) use document::{check_depth, reason};
pub(crate) use parse::short;
pub use parse::{Complaint, Failure, JobShape, Slot, parse, parse_row, parse_state};
pub use words::Words;

use arcstr::ArcStr;
use serde::Serialize;

use crate::schedule::{Rules, ScheduleSpec};

/// One job of one source.
///
/// There may be a million: what many jobs have in common (a model, an expression, a zone) is one text
/// that they share, and what few have lies apart.
#[derive(Clone, Debug)]
pub struct Job {
    /// The job's own id (OpenClaw job id, Molecule schedule id, `line-7` of a crontab).
    pub id: Box<str>,
    /// Its name, when it has one.
    pub name: Option<Box<str>>,
    /// Whether the scheduler would fire it.
    pub enabled: bool,
    /// Index into the sources of the call ([`crate::source::Loaded::sources`]).
    pub source: usize,
    /// Where it was found, for messages: `cron/jobs.json: job 3`, `openclaw.sqlite: cron_jobs row 4`, `stdin:12`.
    pub at: Place,
    /// When it fires, as declared.
    pub schedule: ScheduleSpec,
    /// The rules of the scheduler that fires it.
    pub rules: Rules,
    /// The agent that it names (OpenClaw).
    pub agent: Option<ArcStr>,
    /// The workspace that it belongs to (Molecule).
    pub workspace: Option<ArcStr>,
    /// The model that its payload declares, trimmed, exactly as written; `None` when it names none.
    pub model: Option<ArcStr>,
    /// `agentTurn`, `systemEvent`, `heartbeat`, `command`, `script`, …; `prompt` for Molecule.
    pub payload_kind: Option<ArcStr>,
    /// `main`, `isolated`, `session:<id>`, …
    pub session_target: Option<ArcStr>,
    /// Creation instant, epoch milliseconds: the anchor of `every` without one.
    pub created_at_ms: Option<i64>,
    /// What the scheduler recorded about it.
    pub state: JobState,
    /// How long a run lasts, when history says so.
    pub run_length: Option<Box<RunLength>>,
    /// What few jobs have.
    pub extras: Option<Box<Extras>>,
}

/// What few jobs have, apart so that a job stays small. `None` everywhere is never kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras {
    /// A time-out that the job sets itself (`payload.timeoutSeconds`), seconds.
    pub timeout_seconds: Option<f64>,
    /// `payload.fallbacks` when it is an array: its texts, as written.
    pub fallbacks: Option<Vec<String>>,
    /// What is wrong with `payload.model` when it is no text: `the number 5`, `an object`. Such a
    /// job names no model.
    pub odd_model: Option<String>,
    /// What is wrong with `payload.fallbacks`, or with entries of it.
    pub odd_fallbacks: Option<String>,
    /// `sessionKey`.
    pub session_key: Option<String>,
    /// `payload.externalContentSource`: `gmail`, `webhook`.
    pub external_source: Option<String>,
    /// `declarationKey`: under which something declares the job (2026.9): the gateway itself, a plugin,
    /// a claw, or whoever adds it with a key.
    pub declaration_key: Option<String>,
    /// The declared session target when the gateway reads another: `current`, an unknown word.
    pub declared_target: Option<String>,
    /// The words of its message or command by which it restarts or stops the gateway.
    pub restarts: Option<String>,
    /// `wakeMode` when it is not `now`, which is what it is without one.
    pub wake_mode: Option<String>,
}

impl Extras {
    /// Returns it to be kept; `None` when there is nothing in it.
    fn kept(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

impl Job {
    /// Returns whether `asked` is its name, or its id or the beginning of it.
    pub fn answers_to(&self, asked: &str) -> bool {
        self.id.starts_with(asked) || self.name.as_deref() == Some(asked)
    }

    /// `declarationKey`: under which something declares the job.
    pub fn declaration_key(&self) -> Option<&str> {
        self.extras.as_ref()?.declaration_key.as_deref()
    }

    /// Whether it is one of the gateway's own monitors, which no client edits and no error switches
    /// off.
    ///
    /// Source: `isSystemMonitorDeclaration` of 2026.9.6.
    pub fn is_monitor(&self) -> bool {
        const OWN: [&str; 2] = ["heartbeat:", "skill-collection-review:"];
        let key = self.declaration_key();
        key.is_some_and(|key| OWN.iter().any(|own| key.starts_with(own)))
    }

    /// Whether a gateway adds it by itself: its monitors, and what the plugin memory-core declares.
    ///
    /// Source: `MANAGED_DREAMING_DECLARATION_KEY` (extensions/memory-core) of 2026.9.6, where all
    /// other keys are of something that a person did: `openclaw backup enable`, a claw, a doctor's
    /// import (`heartbeat-task:`), a job that was added with a key.
    pub fn is_of_gateway(&self) -> bool {
        let dreaming = Some("memory-core:memory-dreaming-promotion");
        self.is_monitor() || self.declaration_key() == dreaming
    }

    /// The time-out that the job sets itself, seconds.
    pub fn timeout_seconds(&self) -> Option<f64> {
        self.extras.as_ref()?.timeout_seconds
    }
}

/// Where a job was found. Rendered as `<file>: <entry>`; the file is the source's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The n-th entry (from 1) of an array or table.
    Entry(u32),
    /// A line (from 1) of a line-based file.
    Line(u32),
}

impl Place {
    /// The n-th entry, from 1.
    pub fn entry(n: usize) -> Self {
        Self::Entry(u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// The n-th line, from 1.
    pub fn line(n: usize) -> Self {
        Self::Line(u32::try_from(n).unwrap_or(u32::MAX))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entry(n) => write!(f, "job {n}"),
            Self::Line(n) => write!(f, "line {n}"),
        }
    }
}

/// Scheduler state that bears on the next fire. All instants are epoch milliseconds.
///
/// What only a job has that ran, or waits to, is read through it: `state.last_run_at_ms`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobState {
    /// When the scheduler itself will fire next, as it recorded it.
    pub next_run_at_ms: Option<i64>,
    /// Apart, so that a job stays small; never kept when there is nothing in it.
    runs: Option<Box<Runs>>,
}

/// What a scheduler recorded about the runs of a job. All instants are epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Set while a run is in flight.
    pub running_at_ms: Option<i64>,
    /// Start of the last run.
    pub last_run_at_ms: Option<i64>,
    /// `ok`, `error`, `skipped`.
    pub last_status: Option<String>,
    /// Length of the last run.
    pub last_duration_ms: Option<i64>,
    /// Consecutive errors.
    pub consecutive_errors: Option<i64>,
    /// The error of the last run.
    pub last_error: Option<String>,
    /// Since when a run waits for a slot (2026.9).
    pub queued_at_ms: Option<i64>,
    /// Since when the gateway itself has switched the job off (2026.9: after 10 errors).
    pub auto_disabled_at_ms: Option<i64>,
    /// What later versions record for their catch-up.
    pub catch_up: Option<Box<CatchUpState>>,
}

/// What OpenClaw 2026.8.1 and later record about a job for their catch-up. Epoch milliseconds.
/// `None` everywhere is never kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CatchUpState {
    /// The next run when a catch-up put it there (`startupCatchupAtMs`).
    pub startup_at_ms: Option<i64>,
    /// Since when the schedule is in force: slots before are nobody's (`scheduleActivatedAtMs`).
    pub activated_at_ms: Option<i64>,
    /// The next run when the job's own pace put it there (`pacedNextRunAtMs`).
    pub paced_at_ms: Option<i64>,
}

impl CatchUpState {
    /// Returns it to be kept; `None` when there is nothing in it.
    fn kept(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

impl Runs {
    const NONE: Self = Self {
        running_at_ms: None,
        last_run_at_ms: None,
        last_status: None,
        last_duration_ms: None,
        consecutive_errors: None,
        last_error: None,
        queued_at_ms: None,
        auto_disabled_at_ms: None,
        catch_up: None,
    };
}

impl Default for Runs {
    fn default() -> Self {
        Self::NONE
    }
}

impl JobState {
    /// The state of a job that fires next at `next_run_at_ms` and had these runs.
    pub fn new(next_run_at_ms: Option<i64>, runs: Runs) -> Self {
        Self {
            next_run_at_ms,
            runs: (runs != Runs::NONE).then(|| Box::new(runs)),
        }
    }
}

impl std::ops::Deref for JobState {
    type Target = Runs;

    fn deref(&self) -> &Runs {
        static NONE: Runs = Runs::NONE;
        self.runs.as_deref().unwrap_or(&NONE)
    }
}

/// A run length and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RunLength {
    /// Milliseconds.
    pub ms: i64,
    /// Where it comes from.
    pub origin: RunLengthOrigin,
    /// How many runs it rests on (0 when it was stated or assumed).
    pub samples: usize,
}

/// Where a run length comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunLengthOrigin {
    /// The median of the recorded runs of this job.
    History,
    /// The last run's recorded length, there being no history.
    LastRun,
    /// `--run-length`.
    Option,
    /// The stated default.
    Assumed,
}

impl RunLengthOrigin {
    /// Returns the origin in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::History => "median of recorded runs",
            Self::LastRun => "length of the last run",
            Self::Option => "--run-length",
            Self::Assumed => "assumed",
        }
    }
}
