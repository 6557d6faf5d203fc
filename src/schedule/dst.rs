//! What a clock change does to an expression, found by asking the scheduler's rules around it.
//!
//! The wall times that match are compared with the fires that the chain of next fires gives.
//! Nothing here knows which rule is at work.

mod note;

use std::fmt;

use super::cron::Cron;
use super::error::Hang;
use super::fields::Fields;
use super::words::wall;
use super::zone::Zone;

pub use note::{FireNote, note};

/// How long after a change matching times are compared with fires. robfig's walk loses times until
/// the end of the following midnight's hour.
const AFTER: i64 = 36 * 3_600;
/// How long before a change the chain of fires begins.
const BEFORE: i64 = 26 * 3_600;

/// A change of a zone's offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// Seconds east of UTC before.
    pub before: i64,
    /// Seconds east of UTC from then on.
    pub after: i64,
}

impl Change {
    fn at(self) -> i64 {
        self.at_ms.div_euclid(1_000)
    }

    /// Returns the seconds by which the clock is set forward; negative when it is set back.
    pub fn shift(self) -> i64 {
        self.after - self.before
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = wall(self.at() + self.before, true);
        let after = self.at() + self.after;
        let same_day = (self.at() + self.before).div_euclid(86_400) == after.div_euclid(86_400);
        write!(f, "{before} → {}", wall(after, !same_day))
    }
}

/// Returns the next changes of a zone's offset after an instant, at most `count`.
pub fn changes(zone: &Zone, after_ms: i64, count: usize) -> Vec<Change> {
    let mut all = Vec::new();
    let mut stretch = zone.stretch(after_ms.div_euclid(1_000));
    while all.len() < count && stretch.end != i64::MAX {
        all.push(Change {
            at_ms: stretch.end.saturating_mul(1_000),
            before: stretch.offset,
            after: stretch.after,
        });
        stretch = zone.stretch(stretch.end);
    }
    all
}

/// Wall times of one kind, for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walls {
    first: i64,
    last: i64,
    count: u32,
}

impl Walls {
    fn add(all: &mut Option<Self>, at: i64) {
        let walls = all.get_or_insert(Self {
            first: at,
            last: at,
            count: 0,
        });
        walls.last = at;
        walls.count += 1;
    }

    /// Says the times with their dates.
    fn dated(&self) -> String {
        let (first, last) = (wall(self.first, true), wall(self.last, true));
        if self.single() {
            first
        } else {
            format!("{} times from {first} to {last}", self.count)
        }
    }

    /// Says the times alone: `03:30`, `03:00 to 03:45`.
    fn span(&self) -> String {
        let (first, last) = (wall(self.first, false), wall(self.last, false));
        if self.single() {
            first
        } else {
            format!("{first} to {last}")
        }
    }

    /// Returns whether there is only one.
    fn single(&self) -> bool {
        self.count == 1
    }
}

impl fmt::Display for Walls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.single() {
            return f.write_str(&wall(self.first, false));
        }
        let (first, last) = (wall(self.first, false), wall(self.last, false));
        write!(f, "{} matching times from {first} to {last}", self.count)
    }
}

/// What a change does to an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Matching times do not exist and nothing fires for them.
    Skipped(Walls),
    /// Matching times do not exist and fire later instead.
    Shifted(Walls, Walls),
    /// Matching times occur twice and fire the first time.
    First(Walls),
    /// Matching times occur twice and fire the second time.
    Second(Walls),
    /// Matching times occur twice and fire twice.
    Twice(Walls),
    /// Matching times occur twice and never fire.
    Neither(Walls),
    /// Matching times exist but do not fire.
    Lost(Walls),
    /// Fires at times that do not match.
    Extra(Walls),
    /// Asked anew within the repeated time, the scheduler gives a later fire than in the chain.
    Stalls {
        /// When it is asked, epoch milliseconds.
        asked_ms: i64,
        /// What it answers.
        next_ms: Option<i64>,
        /// What fires when it was not asked anew.
        chain_ms: i64,
    },
}

impl Effect {
    /// Returns the name of the effect for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Skipped(_) => "skipped",
            Self::Shifted(..) => "shifted",
            Self::First(_) => "first-of-two",
            Self::Second(_) => "second-of-two",
            Self::Twice(_) => "twice",
            Self::Neither(_) => "neither-of-two",
            Self::Lost(_) => "lost",
            Self::Extra(_) => "extra",
            Self::Stalls { .. } => "stalls",
        }
    }

    /// Says it, one sentence without its full stop.
    pub fn text(&self, zone: &Zone) -> String {
        let verb = |walls: &Walls, one: &str, many: &str| {
            if walls.single() {
                one.to_owned()
            } else {
                many.to_owned()
            }
        };
        match self {
            Self::Skipped(w) => {
                let does = verb(w, "does not exist: skipped", "do not exist: skipped");
                format!("{w} {does}")
            }
            Self::Shifted(w, to) => {
                let does = verb(w, "does not exist", "do not exist");
                format!("{w} {does}: shifted to {}", to.span())
            }
            Self::First(w) if w.single() => {
                format!("{w} occurs twice: fires once, the first time")
            }
            Self::First(w) => {
                format!("{w} occur twice: fire the first time only, silent in the repeat")
            }
            Self::Second(w) => {
                let does = verb(w, "occurs twice: fires once", "occur twice: fire once each");
                format!("{w} {does}, the second time")
            }
            Self::Twice(w) => {
                let does = verb(
                    w,
                    "occurs twice: fires twice",
                    "occur twice: fire both times",
                );
                format!("{w} {does}")
            }
            Self::Neither(w) => {
                let does = verb(w, "occurs twice: does not fire", "occur twice: do not fire");
                format!("{w} {does} at all")
            }
            Self::Lost(w) if w.single() => {
                format!("{} exists but does not fire", wall(w.first, true))
            }
            Self::Lost(w) => format!(
                "{} matching times from {} to {} exist but do not fire",
                w.count,
                wall(w.first, true),
                wall(w.last, true)
            ),
            Self::Extra(w) => format!("fires at {w}, which the expression does not ask for"),
            Self::Stalls {
                asked_ms,
                next_ms,
                chain_ms,
            } => {
                let next = next_ms.map_or_else(|| "never".to_owned(), |ms| named(ms, zone));
                format!(
                    "asked anew within the repeat (a restart at {}), it fires next at {next} \
                     instead of {}",
                    named(*asked_ms, zone),
                    named(*chain_ms, zone)
                )
            }
        }
    }
}

/// Writes an instant with the abbreviation that tells the two passes of a repeat apart.
fn named(ms: i64, zone: &Zone) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).map(|at| at.to_zoned(zone.time_zone().clone()));
    at.map_or_else(
        |_| ms.to_string(),
        |at| at.strftime("%Y-%m-%d %H:%M %Z").to_string(),
    )
}

/// Returns what a change does to an expression; nothing when no matching time is concerned.
///
/// # Errors
/// [`Hang`] when the scheduler itself would never answer.
pub fn effects(cron: &Cron, change: Change) -> Result<Vec<Effect>, Hang> {
    let shape = cron.shape();
    let Some(fields) = shape.fields() else {
        return Ok(Vec::new());
    };
    let probe = Probe::new(cron, fields, change)?;
    let mut effects = if change.shift() > 0 {
        probe.gap()
    } else {
        probe.overlap()
    };
    effects.extend(probe.lost());
    effects.extend(probe.stalls()?);
    Ok(effects)
}

/// The fires around a change.
struct Probe<'a> {
    cron: &'a Cron,
    fields: &'a Fields,
    change: Change,
    /// Matching times are looked for at every multiple of this, seconds.
    step: i64,
    /// Epoch seconds, ascending.
    fires: Vec<i64>,
    /// Where looking ends, epoch seconds.
    until: i64,
}

impl<'a> Probe<'a> {
    fn new(cron: &'a Cron, fields: &'a Fields, change: Change) -> Result<Self, Hang> {
        let at = change.at();
        let shift = change.shift().abs();
        // With seconds there are too many fires for a long look: only the change itself.
        let (step, from, until) = if fields.seconds == 1 {
            (60, at - BEFORE, at + AFTER.max(2 * shift))
        } else {
            (1, at - 2 * shift, at + 2 * shift)
        };
        let mut fires = Vec::new();
        let mut after = from * 1_000;
        while let Some(fire) = cron.next(after)? {
            if fire <= after || fire >= until * 1_000 {
                break;
            }
            fires.push(fire.div_euclid(1_000));
            after = fire;
        }
        fires.sort_unstable();
        Ok(Self {
            cron,
            fields,
            change,
            step,
            fires,
            until,
        })
    }

    fn fires_at(&self, at: i64) -> bool {
        self.fires.binary_search(&at).is_ok()
    }

    /// Returns the matching wall times in `[from, until)`.
    fn matching(&self, from: i64, until: i64) -> impl Iterator<Item = i64> {
        let first = from.div_euclid(self.step) * self.step;
        let first = if first < from {
            first + self.step
        } else {
            first
        };
        (0..)
            .map(move |i| first + i * self.step)
            .take_while(move |w| *w < until)
            .filter(|w| self.fields.matches(*w))
    }

    fn gap(&self) -> Vec<Effect> {
        let Change { before, after, .. } = self.change;
        let at = self.change.at();
        let (mut skipped, mut from, mut to) = (None, None, None);
        for w in self.matching(at + before, at + after) {
            let moved = w - before;
            let reading = moved + self.cron.zone().offset(moved);
            // A fire that its own reading asks for is not this one moved.
            if self.fires_at(moved) && !self.fields.matches(reading) {
                Walls::add(&mut from, w);
                Walls::add(&mut to, reading);
            } else {
                Walls::add(&mut skipped, w);
            }
        }
        let shifted = from.zip(to).map(|(from, to)| Effect::Shifted(from, to));
        let skipped = skipped.map(Effect::Skipped);
        skipped.into_iter().chain(shifted).collect()
    }

    fn overlap(&self) -> Vec<Effect> {
        let Change { before, after, .. } = self.change;
        let at = self.change.at();
        let (mut one, mut two, mut both, mut none) = (None, None, None, None);
        for w in self.matching(at + after, at + before) {
            let kind = match (self.fires_at(w - before), self.fires_at(w - after)) {
                (true, true) => &mut both,
                (true, false) => &mut one,
                (false, true) => &mut two,
                (false, false) => &mut none,
            };
            Walls::add(kind, w);
        }
        [
            one.map(Effect::First),
            two.map(Effect::Second),
            both.map(Effect::Twice),
            none.map(Effect::Neither),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Times after the change that exist once: those that do not fire, and fires that do not match.
    fn lost(&self) -> Vec<Effect> {
        let Change { before, after, .. } = self.change;
        let zone = self.cron.zone();
        // A repeated time is the overlap's matter.
        let from = self.change.at() + (before - after).max(0);
        let next = zone.stretch(from).single_until().min(self.until);
        let mut lost = None;
        for w in self.matching(from + after, next + after) {
            if !self.fires_at(w - after) {
                Walls::add(&mut lost, w);
            }
        }
        let mut extra = None;
        for fire in self.fires.iter().filter(|f| **f >= from && **f < next) {
            let moved_from = fire + before;
            let moved = moved_from < self.change.at() + after && self.fields.matches(moved_from);
            if !self.fields.matches(fire + after) && !moved {
                Walls::add(&mut extra, fire + after);
            }
        }
        let lost = lost.map(Effect::Lost);
        lost.into_iter().chain(extra.map(Effect::Extra)).collect()
    }

    /// Whether a question within the repeat is answered otherwise than the chain goes on.
    fn stalls(&self) -> Result<Option<Effect>, Hang> {
        let Change { before, after, .. } = self.change;
        for asked in (0..before - after).step_by(300) {
            let asked = self.change.at() + asked;
            let next = self.cron.next(asked * 1_000)?;
            let in_chain = self.fires.iter().find(|fire| **fire > asked);
            let Some(chain) = in_chain.map(|fire| fire * 1_000) else {
                continue;
            };
            if next.is_none_or(|next| next > chain) {
                return Ok(Some(Effect::Stalls {
                    asked_ms: asked * 1_000,
                    next_ms: next,
                    chain_ms: chain,
                }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
