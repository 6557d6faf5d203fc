//! A job's schedule, ready to be asked: cron with its stagger, a period, an instant, or never.

use super::cron::Cron;
use super::error::{ErrorKind, Hang, ScheduleError};
use super::number::{AsFound, Coercion, whole};
use super::stagger::Stagger;
use super::zone::ZoneSource;
use super::{Rules, ScheduleSpec, Version, iso};

/// What a schedule's answer may depend on besides the schedule itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobFacts<'a> {
    /// The job's id: its stagger offset is a hash of it.
    pub id: &'a str,
    /// Creation, epoch milliseconds: the anchor of a period without one.
    pub created_at_ms: Option<i64>,
    /// Start of the last run, epoch milliseconds.
    pub last_run_at_ms: Option<i64>,
    /// How the last run ended: `ok`, `error`, `skipped`.
    pub last_status: Option<&'a str>,
}

/// A job's schedule, ready to be asked. Instants are epoch milliseconds, UTC.
#[derive(Clone, Debug)]
pub struct Timetable(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Cron {
        cron: Cron,
        stagger: Stagger,
    },
    Every(Every),
    /// One instant, past or not.
    At(i64),
    Never,
}

/// A period.
#[derive(Clone, Copy, Debug)]
struct Every {
    period: i64,
    /// Without one, the instant of the question.
    anchor: Option<i64>,
    last_run: Option<i64>,
    /// Whether an answer lies strictly after the question (2026.9); the formula of 2026.3 gives the
    /// instant of the question itself when it is on the grid.
    strict: bool,
}

/// How often a staggered question is asked again from a later point.
const TRIES: usize = 4;

/// The first version that was seen to read numbers strictly and to answer `every` strictly later.
/// Recorded are 2026.3.31 (not yet) and 2026.9.6; in between it is the stagger's version.
const STRICT: Version = Version::new(2026, 6, 11);

impl Timetable {
    /// Compiles a declared schedule for one job.
    ///
    /// # Errors
    /// When the scheduler refuses the schedule.
    pub fn compile(
        rules: Rules,
        spec: &ScheduleSpec,
        job: &JobFacts<'_>,
        zones: &dyn ZoneSource,
    ) -> Result<Self, ScheduleError> {
        // Periods and instants are OpenClaw's; its newest rules serve where a version is unknown.
        let version = match rules {
            Rules::OpenClaw(version) => version,
            Rules::Molecule | Rules::CronRs => Version::NEWEST_CHECKED,
        };
        Ok(Self(match spec {
            ScheduleSpec::Cron {
                expr,
                tz,
                stagger_ms,
            } => Kind::Cron {
                cron: Cron::compile(rules, expr, tz.as_deref(), zones)?,
                stagger: match rules {
                    Rules::OpenClaw(version) => {
                        Stagger::of(version, expr, stagger_ms.as_ref(), job.id)
                    }
                    Rules::Molecule | Rules::CronRs => Stagger::NONE,
                },
            },
            ScheduleSpec::Every {
                every_ms,
                anchor_ms,
            } => Every::new(version, every_ms.as_ref(), anchor_ms.as_ref(), job)
                .map_or(Kind::Never, Kind::Every),
            ScheduleSpec::At { at } => match iso::at_ms(at) {
                // A run that ended well at or after the instant was the run.
                Some(at)
                    if job.last_status == Some("ok")
                        && job.last_run_at_ms.is_some_and(|run| run >= at) =>
                {
                    Kind::Never
                }
                Some(at) => Kind::At(at),
                None => Kind::Never,
            },
            ScheduleSpec::Other { .. } => Kind::Never,
        }))
    }

    /// A timetable of a compiled expression that is shared between jobs.
    pub fn staggered(cron: Cron, stagger: Stagger) -> Self {
        Self(Kind::Cron { cron, stagger })
    }

    /// Returns the expression, when it is a cron schedule.
    pub fn cron(&self) -> Option<&Cron> {
        match &self.0 {
            Kind::Cron { cron, .. } => Some(cron),
            _ => None,
        }
    }

    /// Returns the fire that the scheduler would store when asked at an instant.
    ///
    /// It lies after the instant, but for two cases: `at` in the past stays due until it ran, and
    /// OpenClaw 2026.3 answers `every` with the very instant of the question.
    ///
    /// # Errors
    /// [`Hang`] when the scheduler itself would never answer.
    pub fn next(&self, after_ms: i64) -> Result<Option<i64>, Hang> {
        match &self.0 {
            Kind::Cron { cron, stagger } => staggered_next(cron, stagger.offset_ms, after_ms),
            Kind::Every(every) => Ok(every.next(after_ms)),
            Kind::At(at) => Ok(Some(*at)),
            Kind::Never => Ok(None),
        }
    }

    /// Returns the last fire before an instant (at or before it for staggered jobs, which is how the
    /// gateway asks). OpenClaw looks back for cron schedules only.
    ///
    /// # Errors
    /// When croner itself throws, or for schedulers that never look back.
    pub fn previous(&self, before_ms: i64) -> Result<Option<i64>, ScheduleError> {
        let (cron, offset) = self.looks_back()?;
        if offset <= 0 {
            return cron.previous(before_ms);
        }
        let mut from = before_ms.saturating_sub(offset).max(0);
        for _ in 0..TRIES {
            let Some(base) = cron.previous(from)? else {
                return Ok(None);
            };
            let fire = base.saturating_add(offset);
            if fire <= before_ms {
                return Ok(Some(fire));
            }
            from = from
                .saturating_sub(1)
                .min(base.saturating_sub(1_000))
                .max(0);
        }
        Ok(None)
    }

    /// Returns the last fire at or before an instant, as the gateway of 2026.9 asks at start-up.
    ///
    /// # Errors
    /// As [`Timetable::previous`].
    pub fn previous_or_at(&self, at_ms: i64) -> Result<Option<i64>, ScheduleError> {
        self.looks_back()?;
        // croner looks strictly before, in whole seconds: a second later includes an exact hit.
        let probe = self.previous(at_ms.saturating_add(1_000))?;
        match probe {
            Some(fire) if fire <= at_ms => Ok(Some(fire)),
            _ => self.previous(at_ms),
        }
    }

    fn looks_back(&self) -> Result<(&Cron, i64), ScheduleError> {
        match &self.0 {
            Kind::Cron { cron, stagger } => Ok((cron, stagger.offset_ms)),
            _ => Err(ScheduleError::new(
                ErrorKind::Shape,
                "OpenClaw looks back for cron schedules only",
            )),
        }
    }

    /// Returns the timetable after a run that started at an instant: a period counts from there, and
    /// a one-shot is over.
    #[must_use]
    pub fn ran(&self, start_ms: i64) -> Self {
        Self(match &self.0 {
            Kind::Every(every) => Kind::Every(Every {
                last_run: Some(start_ms),
                ..*every
            }),
            Kind::At(_) => Kind::Never,
            other => other.clone(),
        })
    }

    /// Calls `emit` with every fire in `[from_ms, until_ms)`, ascending. A period is projected: each
    /// fire becomes the new last run. An instant is given once, when it lies inside.
    ///
    /// # Errors
    /// [`Hang`] as [`Cron::each`].
    pub fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), Hang> {
        match &self.0 {
            Kind::Cron { cron, stagger } if stagger.offset_ms <= 0 => {
                cron.each(from_ms, until_ms, emit)
            }
            Kind::Cron { cron, stagger } => {
                let offset = stagger.offset_ms;
                // The gateway never asks croner about instants before 1970.
                let from = from_ms.saturating_sub(offset).max(1);
                let until = until_ms.saturating_sub(offset);
                cron.each(from, until, &mut |fire| emit(fire + offset))
            }
            Kind::Every(every) => {
                every.each(from_ms, until_ms, emit);
                Ok(())
            }
            Kind::At(at) => {
                if (from_ms..until_ms).contains(at) {
                    emit(*at);
                }
                Ok(())
            }
            Kind::Never => Ok(()),
        }
    }
}

fn staggered_next(cron: &Cron, offset: i64, after: i64) -> Result<Option<i64>, Hang> {
    if offset <= 0 {
        return cron.next(after);
    }
    let ask = |after: i64| {
        let mut from = after.saturating_sub(offset).max(0);
        for _ in 0..TRIES {
            let Some(base) = cron.next(from)? else {
                return Ok(None);
            };
            let fire = base.saturating_add(offset);
            if fire > after {
                return Ok(Some(fire));
            }
            from = from.saturating_add(1).max(base.saturating_add(1_000));
        }
        Ok(None)
    };
    match ask(after)? {
        Some(fire) => Ok(Some(fire)),
        None => ask(after
            .div_euclid(1_000)
            .saturating_add(1)
            .saturating_mul(1_000)),
    }
}

impl Every {
    fn new(
        version: Version,
        every: Option<&AsFound>,
        anchor: Option<&AsFound>,
        job: &JobFacts<'_>,
    ) -> Option<Self> {
        let strict = version >= STRICT;
        let coercion = if strict {
            Coercion::Strict
        } else {
            Coercion::Loose
        };
        let mut period = whole(every?, coercion)?;
        let mut anchor = match anchor {
            Some(value) => match whole(value, coercion) {
                Some(at) => Some(at),
                None if strict => return None,
                None => job.created_at_ms,
            },
            None => job.created_at_ms,
        };
        if strict {
            if period < 1 || anchor.is_some_and(|at| at < 0) {
                return None;
            }
        } else {
            period = period.max(1);
            anchor = anchor.map(|at| at.max(0));
        }
        Some(Self {
            period,
            anchor,
            last_run: job.last_run_at_ms,
            strict,
        })
    }

    fn next(&self, now: i64) -> Option<i64> {
        let anchor = self.anchor.unwrap_or(now);
        if let Some(run) = self.last_run.filter(|run| !self.strict || *run >= anchor) {
            let fire = run.checked_add(self.period)?;
            if fire > now {
                return Some(fire);
            }
        }
        if now < anchor {
            return Some(anchor);
        }
        let elapsed = now.checked_sub(anchor)?;
        let periods = if self.strict {
            elapsed / self.period + 1
        } else {
            (elapsed / self.period + i64::from(elapsed % self.period > 0)).max(1)
        };
        anchor.checked_add(periods.checked_mul(self.period)?)
    }

    fn each(&self, from: i64, until: i64, emit: &mut dyn FnMut(i64)) {
        let mut next = self.next(from.saturating_sub(1));
        while let Some(fire) = next.filter(|fire| *fire < until) {
            if fire >= from {
                emit(fire);
            }
            next = fire.checked_add(self.period);
        }
    }
}
