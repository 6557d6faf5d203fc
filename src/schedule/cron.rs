//! A compiled cron expression in a zone, under the rules of one scheduler.

use super::error::{ErrorKind, Hang, ScheduleError};
use super::fields::Fields;
use super::openclaw::{Gateway, When};
use super::shape::Shape;
use super::text::is_js_space;
use super::zone::{Zone, ZoneSource};
use super::{Rules, cron_rs, croner, iso, molecule, openclaw, robfig};

/// A cron expression, ready to be asked. It may be shared between threads and jobs.
#[derive(Clone, Debug)]
pub struct Cron {
    zone: Zone,
    policy: Policy,
}

#[derive(Clone, Debug)]
enum Policy {
    OpenClaw(Gateway),
    /// `None` when a field holds no value.
    Molecule(Option<Box<Fields>>),
    CronRs(Box<cron::Schedule>),
}

impl Cron {
    /// Compiles an expression as the named scheduler reads it.
    ///
    /// `tz` empty or absent is the host's zone for OpenClaw and UTC otherwise.
    ///
    /// # Errors
    /// When the scheduler refuses the expression or the zone.
    pub fn compile(
        rules: Rules,
        expr: &str,
        tz: Option<&str>,
        zones: &dyn ZoneSource,
    ) -> Result<Self, ScheduleError> {
        let tz = tz.unwrap_or_default();
        match rules {
            Rules::OpenClaw(version) => {
                let expr_text = expr.trim_matches(is_js_space);
                if expr_text.is_empty() {
                    return Ok(Self {
                        zone: zones.host(),
                        policy: Policy::OpenClaw(Gateway::new(version, When::Never)),
                    });
                }
                let zone = intl_zone(tz, zones)?;
                let when = if expr_text.find(':').is_some_and(|at| at > 0) {
                    When::Once(once(expr_text, &zone, &zones.host())?)
                } else {
                    match croner::parse(expr)? {
                        Some(fields) => When::Match(Box::new(fields)),
                        None => When::Never,
                    }
                };
                Ok(Self {
                    zone,
                    policy: Policy::OpenClaw(Gateway::new(version, when)),
                })
            }
            Rules::Molecule => {
                let row = robfig::location(tz, zones)?.unwrap_or_else(|| zones.host());
                let parsed = robfig::parse(expr, zones)?;
                Ok(Self {
                    zone: parsed.zone.unwrap_or(row),
                    policy: Policy::Molecule(parsed.fields.map(Box::new)),
                })
            }
            Rules::CronRs => {
                let schedule = cron_rs::parse(expr)?;
                let zone = match tz {
                    "" => Zone::utc(),
                    name => zones.zone(name).ok_or_else(|| unknown_zone(name))?,
                };
                Ok(Self {
                    zone,
                    policy: Policy::CronRs(Box::new(schedule)),
                })
            }
        }
    }

    /// Returns the zone whose wall clock the expression means.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns what the expression asks for, for those who explain it.
    pub(crate) fn shape(&self) -> Shape<'_> {
        match &self.policy {
            Policy::OpenClaw(gateway) => match &gateway.when {
                When::Never => Shape::Never,
                When::Once(at) => Shape::Once(*at),
                When::Match(fields) => Shape::borrowed(fields),
            },
            Policy::Molecule(None) => Shape::Never,
            Policy::Molecule(Some(fields)) => Shape::borrowed(fields),
            Policy::CronRs(schedule) => Shape::of_crate(schedule),
        }
    }

    /// Returns the first fire strictly after an instant, epoch milliseconds, `None` when the
    /// scheduler finds none. Molecule's robfig may answer with an earlier instant in some old zones.
    ///
    /// # Errors
    /// [`Hang`] when the scheduler itself would never answer.
    pub fn next(&self, after_ms: i64) -> Result<Option<i64>, Hang> {
        match &self.policy {
            Policy::OpenClaw(gateway) => gateway.next(&self.zone, after_ms),
            Policy::Molecule(None) => Ok(None),
            Policy::Molecule(Some(fields)) => molecule::next(fields, &self.zone, after_ms),
            Policy::CronRs(schedule) => Ok(cron_rs::next(schedule, &self.zone, after_ms)),
        }
    }

    /// Returns the last fire before an instant, epoch milliseconds. Only OpenClaw looks back.
    ///
    /// # Errors
    /// When croner itself throws, or for schedulers that never look back.
    pub fn previous(&self, before_ms: i64) -> Result<Option<i64>, ScheduleError> {
        match &self.policy {
            Policy::OpenClaw(gateway) => gateway.previous(&self.zone, before_ms),
            _ => Err(ScheduleError::new(
                ErrorKind::Shape,
                "only OpenClaw looks for the fire before an instant",
            )),
        }
    }

    /// Calls `emit` with every fire in `[from_ms, until_ms)`, ascending, epoch milliseconds: the
    /// chain of [`Cron::next`] from just before `from_ms`.
    ///
    /// # Errors
    /// [`Hang`] when the chain reaches a question that the scheduler itself would never answer,
    /// or an answer that is not after the question.
    pub fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), Hang> {
        self.each_fire(from_ms, until_ms, emit)
    }

    /// [`Cron::each`] with a closure that the compiler can see.
    ///
    /// Within a stretch of constant offset the fires are the matching wall times, so they are read
    /// off the masks. Around each change of the offset the real rules are asked.
    ///
    /// # Errors
    /// As [`Cron::each`].
    #[inline]
    pub fn each_fire(
        &self,
        from_ms: i64,
        until_ms: i64,
        mut emit: impl FnMut(i64),
    ) -> Result<(), Hang> {
        let mut after = from_ms.saturating_sub(1);
        while let Some(fire) = self.next(after)? {
            if fire >= until_ms {
                break;
            }
            if fire <= after {
                return Err(Hang { after_ms: after });
            }
            emit(fire);
            after = fire;
            let Some((fields, until)) = self.regular(fire) else {
                continue;
            };
            let offset = self.zone.offset(fire.div_euclid(1_000));
            // The first whole second that is not before the end.
            let end = until_ms.saturating_add(999).div_euclid(1_000);
            fields.each_wall(
                fire.div_euclid(1_000) + offset + 1,
                until.min(end) + offset,
                &mut |wall| {
                    after = (wall - offset) * 1_000;
                    emit(after);
                },
            );
            if end <= until {
                break;
            }
        }
        Ok(())
    }

    /// Returns until when (epoch seconds) the fires after `fire` are the plain matching wall times.
    fn regular(&self, fire: i64) -> Option<(&Fields, i64)> {
        let at = fire.div_euclid(1_000);
        match &self.policy {
            Policy::OpenClaw(Gateway {
                when: When::Match(fields),
                first_occurrence,
            }) => {
                let stretch = self.zone.stretch(at);
                if at < stretch.fresh_from() {
                    return None;
                }
                let until = if *first_occurrence {
                    stretch.end
                } else {
                    stretch.single_until()
                };
                Some((fields, until))
            }
            Policy::Molecule(Some(fields)) => {
                let stretch = self.zone.stretch(at);
                // A clock change within the last steps of a walk can leave it at a time that does
                // not match; where it goes from there only the walk knows.
                fields
                    .matches(at + stretch.offset)
                    .then_some((&**fields, stretch.single_until()))
            }
            _ => None,
        }
    }
}

fn unknown_zone(name: &str) -> ScheduleError {
    ScheduleError::new(ErrorKind::Zone, format!("{name:?} is not a zone"))
        .hint("write an IANA name: America/New_York")
}

/// Returns a zone as JavaScript's `Intl` (Node 24) finds it: names in any case, offsets as `+05:30`.
fn intl_zone(tz: &str, zones: &dyn ZoneSource) -> Result<Zone, ScheduleError> {
    let name = tz.trim_matches(is_js_space);
    if name.is_empty() {
        return Ok(zones.host());
    }
    if let Some(zone) = fixed_zone(name) {
        return Ok(zone);
    }
    zones.zone_any_case(name).ok_or_else(|| unknown_zone(name))
}

/// Reads `±HH`, `±HHMM` or `±HH:MM`.
fn fixed_zone(name: &str) -> Option<Zone> {
    let east = match name.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = name.get(1..)?;
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => (digits.get(..2)?, digits.get(2..)?),
        5 => digits.split_once(':').filter(|(h, _)| h.len() == 2)?,
        _ => return None,
    };
    let read = |text: &str, below: i32| {
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        plain
            .then(|| text.parse::<i32>().ok())
            .flatten()
            .filter(|n| *n < below)
    };
    let seconds = east * (read(hours, 24)? * 3_600 + read(minutes, 60)? * 60);
    let offset = jiff::tz::Offset::from_seconds(seconds).ok()?;
    Some(Zone::new(name, jiff::tz::TimeZone::fixed(offset)))
}

/// Returns the instant of a date where an expression is expected, epoch milliseconds.
///
/// JavaScript reads the date, in the host's zone where it states no offset. croner keeps that
/// instant when the text holds a `Z`, or a sign from its tenth character on; otherwise it takes the
/// host's reading of the instant and means it in the job's zone. Fractions of a second are dropped.
fn once(text: &str, zone: &Zone, host: &Zone) -> Result<i64, ScheduleError> {
    let parsed = iso::parse(text).ok_or_else(|| {
        ScheduleError::syntax("croner takes text with a colon as a date, and this is none")
            .hint("write 2026-12-01T09:00:00, or an expression without a colon")
    })?;
    let wall = parsed.wall_ms.div_euclid(1_000);
    let instant = match parsed.offset {
        Some(offset) => wall - offset,
        None => openclaw::instant(host, wall),
    };
    let absolute = text.contains('Z') || text.chars().skip(9).any(|c| matches!(c, '+' | '-'));
    Ok(1_000
        * if absolute {
            instant
        } else {
            openclaw::instant(zone, instant + host.offset(instant))
        })
}
