//! One question to a scheduler and its answer, as JSON: the contract of the batch mode.

use arcstr::ArcStr;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{ErrorKind, Hang, ScheduleError};
use super::timetable::{JobFacts, Timetable};
use super::zone::ZoneSource;
use super::{AsFound, Rules, ScheduleSpec, Version};

/// The most fires that one question may ask for.
const MOST: u64 = 100_000;

/// A question: the next (or previous) fires of one schedule. Instants are epoch milliseconds, UTC.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Question {
    /// `openclaw` (default; `openclaw-2026.9.6` names a version too), `molecule` or `cron-rs`.
    pub dialect: Option<String>,
    /// The OpenClaw version, `2026.9.6` when absent.
    pub openclaw_version: Option<String>,
    /// The expression, when `schedule` is absent.
    pub expr: Option<String>,
    /// The zone of `expr`; empty or absent is the host's (OpenClaw) or UTC.
    pub tz: Option<String>,
    /// `staggerMs` of `expr`.
    pub stagger_ms: Option<AsFound>,
    /// A declared schedule: `{"kind": "cron" | "every" | "at", …}`.
    pub schedule: Option<Value>,
    /// The job's id, which its stagger depends on. Without one there is no stagger.
    pub job_id: Option<String>,
    /// OpenClaw's state of the job: `lastRunAtMs`, `lastRunStatus` or `lastStatus`.
    pub state: Option<Value>,
    /// The anchor of a period without one.
    pub created_at_ms: Option<i64>,
    /// The instant after which the fires lie.
    pub after_ms: Option<i64>,
    /// With `previous`: the instant before which the fires lie; `after_ms` stands in for it.
    pub before_ms: Option<i64>,
    /// How many fires, 1 when absent.
    pub count: Option<u64>,
    /// Whether to look back.
    pub previous: bool,
    /// With `previous`: whether a fire at the very instant counts.
    pub at_or_before: bool,
}

/// The answer to a [`Question`]: fires, ascending (or descending, looking back), or why there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The next fires: fewer than asked for when the schedule ends, none when it never fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<Vec<i64>>,
    /// The previous fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_ms: Option<Vec<i64>>,
    /// Why the scheduler refuses the question, or that it would never answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
}

impl Answer {
    /// An answer that is an error of this kind.
    pub fn error(kind: &str, message: impl std::fmt::Display) -> Self {
        let error = serde_json::json!({"kind": kind, "message": message.to_string()});
        Self {
            error: Some(error),
            ..Self::default()
        }
    }
}

impl From<ScheduleError> for Answer {
    fn from(error: ScheduleError) -> Self {
        let value = serde_json::to_value(&error).unwrap_or_else(|_| Value::from(error.to_string()));
        Self {
            error: Some(value),
            ..Self::default()
        }
    }
}

impl From<Hang> for Answer {
    fn from(hang: Hang) -> Self {
        Self::error("hang", hang)
    }
}

impl Question {
    /// Answers with the fires that the real scheduler gives: each by asking again after (before)
    /// the one before it.
    pub fn answer(&self, zones: &dyn ZoneSource) -> Answer {
        self.ask(zones).unwrap_or_else(Answer::from)
    }

    fn ask(&self, zones: &dyn ZoneSource) -> Result<Answer, ScheduleError> {
        let shape = |what: &str| ScheduleError::new(ErrorKind::Shape, what);
        let count = self.count.unwrap_or(1);
        if count > MOST {
            return Err(ScheduleError::range(format!(
                "count is {count}; {MOST} fires are the most"
            )));
        }
        let count = usize::try_from(count).unwrap_or(0);
        let table = self.timetable(zones)?;
        if self.previous || (self.before_ms.is_some() && self.after_ms.is_none()) {
            let before = self
                .before_ms
                .or(self.after_ms)
                .ok_or_else(|| shape("a previous question has a before_ms"))?;
            return self.look_back(&table, before, count);
        }
        let mut after = self
            .after_ms
            .ok_or_else(|| shape("a question has an after_ms"))?;
        let mut fires = Vec::with_capacity(count.min(64));
        while fires.len() < count {
            match table.next(after) {
                Ok(Some(fire)) => {
                    fires.push(fire);
                    if fire <= after {
                        // An instant in the past, or a scheduler that runs backwards: asking again
                        // gives the same.
                        break;
                    }
                    after = fire;
                }
                Ok(None) => break,
                Err(hang) => {
                    let mut answer = Answer::from(hang);
                    answer.next_ms = Some(fires).filter(|fires| !fires.is_empty());
                    return Ok(answer);
                }
            }
        }
        Ok(Answer {
            next_ms: Some(fires),
            ..Answer::default()
        })
    }

    fn look_back(
        &self,
        table: &Timetable,
        mut before: i64,
        count: usize,
    ) -> Result<Answer, ScheduleError> {
        let mut fires = Vec::with_capacity(count.min(64));
        while fires.len() < count {
            let found = if self.at_or_before && fires.is_empty() {
                table.previous_or_at(before)
            } else {
                table.previous(before)
            };
            let Some(fire) = found? else { break };
            fires.push(fire);
            before = fire;
        }
        Ok(Answer {
            prev_ms: Some(fires),
            ..Answer::default()
        })
    }

    fn timetable(&self, zones: &dyn ZoneSource) -> Result<Timetable, ScheduleError> {
        let rules = self.rules()?;
        let mut spec = match (&self.schedule, &self.expr) {
            (Some(schedule), _) if !schedule.is_null() => ScheduleSpec::from_json(schedule)?,
            (_, Some(expr)) => ScheduleSpec::Cron {
                expr: expr.as_str().into(),
                tz: self.tz.as_deref().map(ArcStr::from),
                stagger_ms: self.stagger_ms.clone(),
            },
            _ => {
                return Err(ScheduleError::new(
                    ErrorKind::Shape,
                    "a question has an expr or a schedule",
                ));
            }
        };
        // Without a job there is nothing to hash: the expression itself is asked.
        if let (None, ScheduleSpec::Cron { stagger_ms, .. }) = (&self.job_id, &mut spec) {
            *stagger_ms = Some(AsFound::Whole(0));
        }
        let state = |key: &str| self.state.as_ref().and_then(|s| s.get(key));
        let job = JobFacts {
            id: self.job_id.as_deref().unwrap_or_default(),
            created_at_ms: self.created_at_ms,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "`as` saturates, and no clock reaches the ends"
            )]
            last_run_at_ms: state("lastRunAtMs")
                .and_then(Value::as_f64)
                .map(|ms| ms.floor() as i64),
            last_status: state("lastRunStatus")
                .or_else(|| state("lastStatus"))
                .and_then(Value::as_str),
        };
        Timetable::compile(rules, &spec, &job, zones)
    }

    fn rules(&self) -> Result<Rules, ScheduleError> {
        let refuse = |what: String| ScheduleError::new(ErrorKind::Shape, what);
        let version = |text: &str| {
            text.parse::<Version>()
                .map(Rules::OpenClaw)
                .map_err(|e| refuse(e.to_string()))
        };
        let stated = self.openclaw_version.as_deref().filter(|v| !v.is_empty());
        match self.dialect.as_deref().unwrap_or("openclaw") {
            "openclaw" | "" => stated.map_or(Ok(Rules::OpenClaw(Version::NEWEST_CHECKED)), version),
            "molecule" => Ok(Rules::Molecule),
            "cron-rs" => Ok(Rules::CronRs),
            other => match other.strip_prefix("openclaw-") {
                Some(text) => version(text),
                None => Err(refuse(format!("{other:?} is not a dialect"))
                    .hint("openclaw, molecule or cron-rs")),
            },
        }
    }
}
