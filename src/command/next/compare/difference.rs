//! Where dialects first differ.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::report::with_weekday;
use super::Accepted;
use crate::schedule::Hang;
use crate::when;

/// How far ahead fires are compared.
const AHEAD_MS: i64 = 400 * 86_400_000;
/// Fires that are compared, per dialect, at most.
const BUDGET: usize = 300_000;
/// Fires are compared window by window.
const WINDOW_MS: i64 = 7 * 86_400_000;

/// Where dialects first differ.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// The first instant at which not all fire that accept the expression; null when there is none.
    pub at: Option<String>,
    /// The same in epoch milliseconds.
    pub at_ms: Option<i64>,
    /// Who fires then.
    pub fire: Vec<String>,
    /// Until when fires were compared.
    pub compared_until_at: String,
    /// The same in epoch milliseconds.
    pub compared_until_at_ms: i64,
    /// In words.
    pub text: String,
}

/// One dialect's fires, read window by window as one chain.
struct Chain<'a> {
    accepted: &'a Accepted,
    after: i64,
    fires: Vec<i64>,
}

impl Chain<'_> {
    fn window(&mut self, until: i64) -> Result<(), Hang> {
        self.fires.clear();
        let (fires, cron) = (&mut self.fires, &self.accepted.cron);
        cron.each_fire(self.after.saturating_add(1), until, |at| fires.push(at))?;
        self.after = self.fires.last().copied().unwrap_or(self.after);
        Ok(())
    }
}

/// Compares the fires of all that accept the expression.
pub(super) fn find(after_ms: i64, accepted: &[Accepted]) -> Difference {
    let end = after_ms.saturating_add(AHEAD_MS);
    let none = |until: i64, text: String| Difference {
        at: None,
        at_ms: None,
        fire: Vec::new(),
        compared_until_at: when::utc(until),
        compared_until_at_ms: until,
        text,
    };
    if accepted.len() < 2 {
        let text = match accepted {
            [only] => format!(
                "Only {} accepts it: there is nothing to compare.",
                only.name
            ),
            _ => "No dialect accepts it.".to_owned(),
        };
        return none(after_ms, text);
    }
    let mut chains: Vec<Chain<'_>> = accepted
        .iter()
        .map(|accepted| Chain {
            accepted,
            after: after_ms,
            fires: Vec::new(),
        })
        .collect();
    let (mut from, mut spent) = (after_ms, 0);
    while from < end && spent < BUDGET {
        // Many fires a day fill the budget in fewer days.
        let length = if spent == 0 {
            WINDOW_MS / 28
        } else {
            WINDOW_MS
        };
        let until = from.saturating_add(length).min(end);
        for chain in &mut chains {
            if let Err(hang) = chain.window(until) {
                let name = &chain.accepted.name;
                return none(from, format!("Under {name}, {hang}."));
            }
        }
        if let Some(found) = first_difference(&chains, until) {
            return found;
        }
        spent += chains.iter().map(|c| c.fires.len()).max().unwrap_or(0);
        from = until;
    }
    let names: Vec<&str> = accepted.iter().map(|a| &*a.name).collect();
    let text = format!(
        "No difference between {} until {}, which is as far as was looked.",
        listed(&names),
        when::readable(from, &TimeZone::UTC)
    );
    none(from, text)
}

fn first_difference(chains: &[Chain<'_>], until: i64) -> Option<Difference> {
    let longest = chains.iter().map(|c| c.fires.len()).max().unwrap_or(0);
    let same = |i: usize| {
        let mut all = chains.iter().map(|c| c.fires.get(i));
        let first = all.next().flatten();
        all.all(|other| other == first)
    };
    let i = (0..longest).find(|i| !same(*i))?;
    let at_ms = chains
        .iter()
        .filter_map(|c| c.fires.get(i))
        .min()
        .copied()?;
    let (mut fire, mut others) = (Vec::new(), Vec::new());
    for chain in chains {
        let name = &*chain.accepted.name;
        if chain.fires.get(i) == Some(&at_ms) {
            fire.push(name);
        } else {
            others.push(name);
        }
    }
    // The zone of one that fires then.
    let shown = chains.iter().find(|c| c.fires.get(i) == Some(&at_ms))?;
    let at = with_weekday(at_ms, shown.accepted.cron.zone().time_zone());
    let verb = |names: &[&str], one: &'static str, many: &'static str| {
        if names.len() == 1 { one } else { many }
    };
    let text = format!(
        "First difference: at {at} {} {}, {} {} not.",
        listed(&fire),
        verb(&fire, "fires", "fire"),
        listed(&others),
        verb(&others, "does", "do"),
    );
    Some(Difference {
        at: Some(when::utc(at_ms)),
        at_ms: Some(at_ms),
        fire: fire.into_iter().map(str::to_owned).collect(),
        compared_until_at: when::utc(until),
        compared_until_at_ms: until,
        text,
    })
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
