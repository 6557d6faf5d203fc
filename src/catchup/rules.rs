//! The rules by version.

use crate::job::Job;
use crate::openclaw::Confidence;
use crate::schedule::Version;

/// How a version of the gateway treats, when it starts, what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatchUp {
    pub(super) version: Version,
    /// Which jobs wait until the gateway has come up.
    pub defers: Defers,
    /// What becomes of a job whose run was in flight.
    pub interrupted: Interrupted,
    /// Whether `cron.skipMissedJobs` is set and known to the version.
    pub skips_missed: bool,
    /// How sure the rules are of this version.
    pub confidence: Confidence,
}

/// Which missed jobs wait until the gateway has come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defers {
    /// None: up to 2026.4.22.
    Nothing,
    /// Agent turns: from 2026.4.29.
    AgentTurns,
    /// Agent turns, heartbeats, and main-session events that wake the agent: 2026.9.6.
    AgentWork,
}

/// What becomes of a job whose `runningAtMs` is still set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// The marker is cleared and the job skipped this time; one-shots run right after the catch-up.
    Cleared,
    /// The run is recorded as an error and the job skipped; one-shots are disabled: from 2026.4.29.
    Failed,
    /// The same, but one-shots are caught up: from 2026.8.1.
    FailedButOneShots,
}

/// The versions whose code was read.
const READ: [Version; 12] = [
    Version::new(2026, 3, 28),
    Version::new(2026, 3, 31),
    Version::new(2026, 4, 5),
    Version::new(2026, 4, 12),
    AGENT_WORK_NOT_YET,
    AGENT_TURNS,
    BACKOFF_FROM_END,
    RETRIES,
    Version::new(2026, 7, 1),
    ROWS,
    SKIPS,
    AGENT_WORK,
];
const AGENT_WORK_NOT_YET: Version = Version::new(2026, 4, 22);
/// The first read version that defers agent turns and records interrupted runs.
const AGENT_TURNS: Version = Version::new(2026, 4, 29);
/// The first read version whose backoff counts from the end of a run and keeps a due job back.
const BACKOFF_FROM_END: Version = Version::new(2026, 5, 28);
/// The first read version with its own rule for retries of one-shots.
const RETRIES: Version = Version::new(2026, 6, 11);
/// The first read version that defers in the order of its rows.
const ROWS: Version = Version::new(2026, 8, 1);
/// The first version with `cron.skipMissedJobs`.
const SKIPS: Version = Version::new(2026, 9, 1);
/// The first read version that defers other agent work.
const AGENT_WORK: Version = Version::new(2026, 9, 6);

impl CatchUp {
    /// Missed jobs that are started at once at most (`maxMissedJobsPerRestart`; not configurable).
    pub const IMMEDIATE: usize = 5;
    /// Between two deferred jobs, milliseconds (`missedJobStaggerMs`; not configurable).
    pub const STEP_MS: i64 = 5_000;
    /// How long agent work is deferred, milliseconds (not configurable).
    pub const AGENT_DELAY_MS: i64 = 120_000;

    /// The rules of a version; `skip_missed` is `cron.skipMissedJobs` of its configuration.
    ///
    /// Read were 2026.3.28, 3.31, 4.5, 4.12, 4.22, 4.29, 5.28, 6.11, 7.1, 8.1, 9.1 and 9.6. A version
    /// between two of them has the rules of the earlier one: likely where both agree, else assumed.
    pub fn of(version: Version, skip_missed: bool) -> Self {
        let own = version.without_rerelease();
        let at = READ.partition_point(|read| *read <= own);
        let agree = |a: Version, b: Version| {
            let (a, b) = (Self::rules_of(a), Self::rules_of(b));
            Self { version, ..a } == Self { version, ..b } && a.stages() == b.stages()
        };
        let confidence = match (at.checked_sub(1).map(|n| READ[n]), READ.get(at)) {
            (Some(read), _) if read == own => Confidence::Certain,
            (Some(before), Some(after)) if agree(before, *after) => Confidence::Likely,
            (Some(_), None) => Confidence::Likely,
            _ => Confidence::Assumed,
        };
        Self {
            skips_missed: skip_missed && own >= SKIPS,
            confidence,
            ..Self::rules_of(own)
        }
    }

    fn rules_of(version: Version) -> Self {
        Self {
            version,
            defers: match version {
                v if v >= AGENT_WORK => Defers::AgentWork,
                v if v >= AGENT_TURNS => Defers::AgentTurns,
                _ => Defers::Nothing,
            },
            interrupted: match version {
                v if v >= ROWS => Interrupted::FailedButOneShots,
                v if v >= AGENT_TURNS => Interrupted::Failed,
                _ => Interrupted::Cleared,
            },
            skips_missed: false,
            confidence: Confidence::Certain,
        }
    }

    /// What differs between versions and has no field.
    fn stages(self) -> [bool; 4] {
        [
            self.backs_off_from_end(),
            self.retries_one_shots(),
            self.defers_by_row(),
            self.version >= SKIPS,
        ]
    }

    /// Whether the error backoff counts from the end of the run and keeps a due job back.
    pub(super) fn backs_off_from_end(self) -> bool {
        self.version >= BACKOFF_FROM_END
    }

    pub(super) fn retries_one_shots(self) -> bool {
        self.version >= RETRIES
    }

    /// Whether deferred jobs take their places in the order of the store, not of their slots; the
    /// same versions look for a missed slot at the very instant of the start, too.
    pub(super) fn defers_by_row(self) -> bool {
        self.version >= ROWS
    }

    /// Whether slots that fall due while the first missed jobs run are passed over: the schedules
    /// are computed anew afterwards.
    pub fn loses_slots_meanwhile(self) -> bool {
        self.defers == Defers::Nothing
    }

    /// Whether a job waits until the gateway has come up.
    pub fn waits(self, job: &Job) -> bool {
        let kind = job.payload_kind.as_deref();
        let extras = job.extras.as_deref();
        let wakes = extras.is_none_or(|e| e.wake_mode.is_none());
        let task = extras
            .and_then(|e| e.declaration_key.as_deref())
            .is_some_and(|key| key.starts_with("heartbeat-task:"));
        let event = kind == Some("systemEvent") && job.session_target.as_deref() == Some("main");
        match self.defers {
            Defers::Nothing => false,
            Defers::AgentTurns => kind == Some("agentTurn"),
            Defers::AgentWork => {
                matches!(kind, Some("agentTurn" | "heartbeat")) || event && (wakes || task)
            }
        }
    }

    /// Says the rule in words.
    pub fn rule(self) -> String {
        let (first, step) = (Self::IMMEDIATE, Self::STEP_MS / 1000);
        let delay = Self::AGENT_DELAY_MS / 1000;
        if self.skips_missed {
            return "cron.skipMissedJobs is true: missed slots of recurring jobs are dropped, \
                    one-shots are caught up"
                .to_owned();
        }
        let later = match self.defers {
            Defers::Nothing => None,
            Defers::AgentTurns => Some("agent turns"),
            Defers::AgentWork => Some("agent turns, heartbeats and main-session events that wake"),
        };
        let later = later.map_or_else(String::new, |who| {
            format!("; {who} are always among the others, {delay} s later")
        });
        format!(
            "each missed job once: {first} at once, one after the other, the others {step} s apart \
             from their end on{later}"
        )
    }
}
