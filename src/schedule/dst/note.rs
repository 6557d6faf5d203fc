//! What a clock change did to one fire.

use std::fmt;

use super::super::cron::Cron;
use super::super::error::Hang;
use super::super::words::wall;
use super::super::zone::Local;
use super::{Effect, changes, effects};

/// Why a fire stands where it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FireNote {
    /// Its wall time does not exist: it fires later.
    Shifted {
        /// The wall time that matched.
        from: String,
    },
    /// Its wall time occurs twice: this is the first.
    FirstOfTwo {
        /// The wall time.
        at: String,
    },
    /// Its wall time occurs twice: this is the second.
    SecondOfTwo {
        /// The wall time.
        at: String,
    },
    /// Since the fire before, matching times were passed over.
    AfterSkip {
        /// What happened.
        what: String,
    },
}

impl FireNote {
    /// Returns the name of the note for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Shifted { .. } => "shifted",
            Self::FirstOfTwo { .. } => "first-of-two",
            Self::SecondOfTwo { .. } => "second-of-two",
            Self::AfterSkip { .. } => "after-skip",
        }
    }
}

impl fmt::Display for FireNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shifted { from } => write!(f, "shifted: {from} does not exist"),
            Self::FirstOfTwo { at } => write!(f, "{at} occurs twice, this is the first"),
            Self::SecondOfTwo { at } => write!(f, "{at} occurs twice, this is the second"),
            Self::AfterSkip { what } => f.write_str(what),
        }
    }
}

/// The most changes between two fires that are looked at.
const LOOKED_AT: usize = 4;

/// Returns what is to say about a fire (its nominal instant) and the time since `since_ms`, the
/// fire or question before it.
///
/// # Errors
/// [`Hang`] when the scheduler itself would never answer.
pub fn note(cron: &Cron, since_ms: i64, fire_ms: i64) -> Result<Option<FireNote>, Hang> {
    let shape = cron.shape();
    let Some(fields) = shape.fields() else {
        return Ok(None);
    };
    let zone = cron.zone();
    let at = fire_ms.div_euclid(1_000);
    let stretch = zone.stretch(at);
    let reading = at + stretch.offset;
    if !fields.matches(reading) && fields.matches(at + stretch.before) {
        let from = wall(at + stretch.before, false);
        return Ok(Some(FireNote::Shifted { from }));
    }
    if let Local::Twice { first, second } = zone.local(reading) {
        let text = wall(reading, false);
        if at == first {
            return Ok(Some(FireNote::FirstOfTwo { at: text }));
        }
        if at == second {
            return Ok(Some(FireNote::SecondOfTwo { at: text }));
        }
    }
    for change in changes(zone, since_ms, LOOKED_AT) {
        if change.at_ms > fire_ms {
            break;
        }
        for effect in effects(cron, change)? {
            match &effect {
                Effect::Skipped(w) => {
                    let what = format!("skipped before it: {}", w.dated());
                    return Ok(Some(FireNote::AfterSkip { what }));
                }
                Effect::Lost(w)
                    if w.last < reading && w.first > since_ms / 1_000 + change.after =>
                {
                    let what = format!("lost before it: {}", w.dated());
                    return Ok(Some(FireNote::AfterSkip { what }));
                }
                _ => {}
            }
        }
    }
    Ok(None)
}
