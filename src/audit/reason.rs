//! Why a slot is what it is: facts that say themselves in words.

use jiff::tz::TimeZone;

use super::{Run, Subject};
use crate::when::{duration, readable};

/// Why a slot is what it is. Indices are into the subjects, and into the runs of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The run began in time.
    InTime,
    /// The first run on record, or of a schedule: what it was due at is not known.
    FirstOnRecord,
    /// The run was in flight when its gateway stopped.
    Interrupted,
    /// The run is in flight.
    InFlight,
    /// The job's own run before was still running.
    StillRunning {
        /// That run.
        run: usize,
        /// Whether its end is not recorded.
        open: bool,
    },
    /// The run before failed, and the gateway waited.
    Backoff {
        /// That run.
        run: usize,
        /// Until when, as recorded with it.
        until_ms: i64,
    },
    /// Another job's run had the gateway's only turn, or the last one. A slot that was left out for
    /// that has no run: the one that waited stands for it.
    Waited {
        /// That job.
        subject: usize,
        /// Its run.
        run: usize,
    },
    /// Nothing of this gateway ran in between, while slots came due.
    Down {
        /// The last sign of life before; `None` without any.
        from_ms: Option<i64>,
        /// The first after; `None` without any.
        to_ms: Option<i64>,
        /// How many slots of all its jobs came due.
        slots: usize,
        /// The run that stands for this and other slots.
        run: Option<usize>,
    },
    /// Nothing on record says why it began late.
    Unexplained,
    /// It waits for its turn, or for the run of another job.
    Waiting {
        /// The job and the run that has the turn.
        holder: Option<(usize, usize)>,
    },
    /// The record of the run says why it did nothing.
    Said,
    /// The job was off.
    Disabled {
        /// Since when, where that is known.
        since_ms: Option<i64>,
    },
    /// The gateway had switched the job off.
    AutoDisabled {
        /// Since when.
        since_ms: i64,
    },
    /// The configuration switches all jobs off.
    Off,
    /// One later run stands for it.
    Coalesced {
        /// That run.
        run: usize,
        /// How many slots before it have no run of their own.
        slots: usize,
    },
    /// A run started by hand was in progress.
    ByHand {
        /// That run.
        run: usize,
    },
    /// The gateway has moved on to a later instant.
    PassedOver {
        /// That instant.
        next_ms: i64,
    },
    /// Neither a run nor a reason.
    NoTrace,
    /// Two runs.
    Twice(Twice),
    /// There is no history.
    NoHistory,
    /// The history does not reach so far back.
    BeforeHistory {
        /// From when on it does.
        from_ms: i64,
    },
    /// The job was changed since: what its schedule was is not known.
    BeforeChange {
        /// When.
        at_ms: i64,
    },
    /// The gateway itself planned by another schedule then.
    OtherSchedule {
        /// The run with which that is recorded.
        run: usize,
        /// What it planned.
        planned_ms: i64,
    },
    /// The record of its run does not say how that ended, or in a word that is not known: it may have done
    /// nothing.
    NoStatus,
    /// A record that cannot be read, or is not there, may be its run.
    Damaged {
        /// Which of the damaged records.
        damage: usize,
    },
    /// The job's runs choose their next instant.
    Paced,
    /// It is not late yet.
    NotYet,
}

/// How two runs came to one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// They overlap, which one gateway never lets happen.
    AtOnce,
    /// An hour later, when the clock showed the same time again.
    SameWallTime,
    /// The gateway started it again.
    Again,
}

/// What a reason is said with.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    /// All jobs of the gateway.
    pub subjects: &'a [Subject],
    /// The one that the slot belongs to.
    pub of: usize,
    /// The zone of instants.
    pub zone: &'a TimeZone,
}

impl Said<'_> {
    fn own(&self, run: usize) -> &Run {
        &self.subjects[self.of].runs[run]
    }

    fn at(&self, ms: i64) -> String {
        readable(ms, self.zone)
    }

    fn span(&self, run: &Run) -> String {
        match run.ended_at_ms {
            Some(end) => format!("from {} to {}", self.at(run.started_at_ms), self.at(end)),
            None => format!("since {}", self.at(run.started_at_ms)),
        }
    }
}

impl Reason {
    /// Returns what it says of the gateway as a whole, and so of other jobs too, in UTC.
    pub fn shared(&self, said: Said<'_>) -> Option<String> {
        let said = Said {
            zone: &TimeZone::UTC,
            ..said
        };
        match *self {
            Self::Down {
                from_ms,
                to_ms,
                slots,
                ..
            } => Some(down(said, from_ms, to_ms, slots)),
            _ => None,
        }
    }

    /// Returns its name, stable for scripts.
    pub fn word(&self) -> &'static str {
        match self {
            Self::InTime => "in-time",
            Self::FirstOnRecord => "first-on-record",
            Self::Interrupted => "interrupted",
            Self::InFlight => "in-flight",
            Self::StillRunning { .. } => "still-running",
            Self::Backoff { .. } => "error-backoff",
            Self::Waited { .. } => "waited",
            Self::Down { .. } => "gateway-down",
            Self::Waiting { .. } => "waiting",
            Self::Unexplained => "unexplained",
            Self::Said => "skipped-run",
            Self::Disabled { .. } => "disabled",
            Self::AutoDisabled { .. } => "auto-disabled",
            Self::Off => "cron-off",
            Self::Coalesced { .. } => "coalesced",
            Self::ByHand { .. } => "run-by-hand",
            Self::PassedOver { .. } => "passed-over",
            Self::NoTrace => "no-trace",
            Self::Twice(Twice::AtOnce) => "at-once",
            Self::Twice(Twice::SameWallTime) => "repeated-hour",
            Self::Twice(Twice::Again) => "started-again",
            Self::NoHistory => "no-history",
            Self::BeforeHistory { .. } => "before-history",
            Self::BeforeChange { .. } => "before-change",
            Self::OtherSchedule { .. } => "other-schedule",
            Self::NoStatus => "unknown-status",
            Self::Damaged { .. } => "damaged-record",
            Self::Paced => "paced",
            Self::NotYet => "not-yet",
        }
    }

    /// Returns it in words. `run` is the run that served the slot, `last` the last one for it.
    #[expect(clippy::too_many_lines, reason = "a line or two for each reason")]
    pub fn text(&self, said: Said<'_>, run: Option<usize>, last: Option<usize>) -> String {
        let subject = &said.subjects[said.of];
        match self {
            Self::InTime => match (run, last) {
                (Some(run), Some(last)) if run != last => format!(
                    "in time; it failed and was tried again, last at {}",
                    said.at(said.own(last).started_at_ms)
                ),
                _ => "in time".to_owned(),
            },
            Self::FirstOnRecord => {
                "no run on record says what it was due at: the first one, or the first by this schedule"
                    .to_owned()
            }
            Self::Interrupted => {
                let error = run.and_then(|run| said.own(run).error.as_deref());
                let error = error.map_or_else(String::new, |error| format!(": {error}"));
                format!("its run was in flight when the gateway stopped{error}")
            }
            Self::InFlight => "its run is in flight, as far as is recorded".to_owned(),
            Self::StillRunning { run, open: false } => {
                format!("its own run before went on {}", said.span(said.own(*run)))
            }
            Self::StillRunning { run, open: true } => format!(
                "its own run since {} has no end on record: it goes on, or its gateway stopped",
                said.at(said.own(*run).started_at_ms)
            ),
            Self::Backoff { run, until_ms } => format!(
                "the run of {} came to nothing, and the gateway waited until {}",
                said.at(said.own(*run).started_at_ms),
                said.at(*until_ms)
            ),
            Self::Waited { subject, run } => {
                let holder = &said.subjects[*subject];
                format!(
                    "waited while {} ran {}",
                    holder.name,
                    said.span(&holder.runs[*run])
                )
            }
            Self::Down {
                from_ms,
                to_ms,
                slots,
                run,
            } => {
                let down = down(said, *from_ms, *to_ms, *slots);
                match run {
                    Some(run) => format!(
                        "{down}; the run of {} stands for it",
                        said.at(said.own(*run).started_at_ms)
                    ),
                    None => down,
                }
            }
            Self::Unexplained => "nothing on record says why".to_owned(),
            Self::Waiting { holder: None } => format!(
                "it waits for its turn since {}",
                said.at(subject.facts.queued_at_ms.unwrap_or_default())
            ),
            Self::Waiting {
                holder: Some((subject, run)),
            } => {
                let holder = &said.subjects[*subject];
                let run = &holder.runs[*run];
                let span = said.span(run);
                match run.ended_at_ms {
                    None => format!("it waits while {} runs {span}", holder.name),
                    Some(_) => format!("it waits for the tick after that of {} {span}", holder.name),
                }
            }
            Self::Said => run
                .and_then(|run| said.own(run).error.as_deref())
                .unwrap_or("its run did nothing, and the record does not say why")
                .to_owned(),
            Self::Disabled { since_ms } => match since_ms {
                Some(since) => format!("the job is off, since {}", said.at(*since)),
                None => "the job is off".to_owned(),
            },
            Self::AutoDisabled { since_ms } => format!(
                "the gateway itself switched the job off at {}, after errors",
                said.at(*since_ms)
            ),
            Self::Off => "the configuration switches cron off".to_owned(),
            Self::Coalesced { run, slots } => format!(
                "one run, begun {}, stands for it: {slots} slots before that have none of their own",
                said.at(said.own(*run).started_at_ms)
            ),
            Self::ByHand { run: hand } if run.is_some() => format!(
                "a run started by hand went on {}, and its own run began after that",
                said.span(said.own(*hand))
            ),
            Self::ByHand { run } => format!(
                "a run started by hand went on {}: the gateway starts no second one, and goes on to the next slot",
                said.span(said.own(*run))
            ),
            Self::PassedOver { next_ms } => format!(
                "no run and no error: the gateway went on to {} without it",
                said.at(*next_ms)
            ),
            Self::NoTrace => "no run, and nothing on record that says why".to_owned(),
            Self::Twice(how) => twice(said, *how, run, last),
            Self::NoHistory => match &subject.history {
                super::History::None(why) => why.to_string(),
                _ => "no run is on record".to_owned(),
            },
            Self::BeforeHistory { from_ms } => {
                let why = match &subject.history {
                    super::History::From(_, why) => format!(": {why}"),
                    _ => String::new(),
                };
                format!("runs are on record from {} on{why}", said.at(*from_ms))
            }
            Self::BeforeChange { at_ms } => format!(
                "the job was changed at {}: what its schedule was before is not on record",
                said.at(*at_ms)
            ),
            Self::OtherSchedule { run, planned_ms } => format!(
                "after the run of {} the gateway planned {}: the job's schedule was another then",
                said.at(said.own(*run).started_at_ms),
                said.at(*planned_ms)
            ),
            Self::Damaged { damage } => subject.damage[*damage].to_string(),
            Self::NoStatus => {
                "its run is on record with no status that is known: it may have done nothing".to_owned()
            }
            Self::Paced => "its runs choose the next instant themselves (pacing)".to_owned(),
            Self::NotYet => "it has just come due".to_owned(),
        }
    }
}

fn down(said: Said<'_>, from_ms: Option<i64>, to_ms: Option<i64>, slots: usize) -> String {
    let due = match slots {
        1 => "this slot".to_owned(),
        n => format!("{n} slots"),
    };
    match (from_ms, to_ms) {
        (Some(from), Some(to)) => format!(
            "no job of this gateway ran from {} to {}, while {due} came due ({}): it was down, or held up",
            said.at(from),
            said.at(to),
            duration(to - from)
        ),
        (Some(from), None) => format!(
            "nothing of this gateway is on record since {}, while {due} came due: it is down, or this is a copy of its state made then",
            said.at(from)
        ),
        (None, Some(to)) => format!(
            "no job of this gateway ran before {}, while {due} came due",
            said.at(to)
        ),
        (None, None) => format!("no job of this gateway ever ran, while {due} came due"),
    }
}

fn twice(said: Said<'_>, how: Twice, run: Option<usize>, last: Option<usize>) -> String {
    let (Some(first), Some(second)) = (run, last) else {
        return "two runs".to_owned();
    };
    let (first, second) = (said.own(first), said.own(second));
    let gap = duration(second.started_at_ms - first.started_at_ms);
    match how {
        Twice::AtOnce => format!(
            "two runs at once, the second {gap} after the first: two gateways on one store?"
        ),
        Twice::SameWallTime => format!(
            "it ran again {gap} later, when the clock was set back and showed the same time"
        ),
        Twice::Again => format!(
            "it ran again {gap} later, at {}",
            said.at(second.started_at_ms)
        ),
    }
}
