//! Reading scenarios: mistakes are named with line, column and the nearest name.

use std::fmt;

use rustc_hash::FxHashSet;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::{Scenario, Schedule, Workspace};
use crate::error::Error;
use crate::report::nearest;
use crate::schedule::{Cron, Rules, ScheduleError};
use crate::when;
use crate::zones::Zones;

/// The most workspaces that are simulated.
const MOST: u64 = 100_000;

/// A factor of time.
pub(super) fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let speed = f64::deserialize(deserializer)?;
    if speed.is_finite() && speed >= 0.0 {
        Ok(speed)
    } else {
        Err(D::Error::custom("a speed is 0 or more"))
    }
}

/// A duration that is not next to nothing.
pub(super) fn a_second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
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
    pub(in crate::sandbox) fn id(&self, number: u32) -> String {
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
    pub(in crate::sandbox) fn compile(&self, zones: &Zones) -> Result<Cron, ScheduleError> {
        let (expr, zone) = (self.cron.get_ref(), Some(&*self.timezone));
        Cron::compile(Rules::Molecule, expr, zone, zones)
    }
}

/// A UUID that is always the same for a text.
pub(in crate::sandbox) fn uuid_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let bits = digest[..16]
        .iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    uuid(bits)
}

/// Writes 128 bits as a UUID of version 4.
pub(in crate::sandbox) fn uuid(bits: u128) -> String {
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
    use crate::sandbox::scenario::SCENARIOS;

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
