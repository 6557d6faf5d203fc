//! What was seen at other times: the ledger, or this process alone.

use std::collections::BTreeMap;

use super::args::TurnsArgs;
use crate::clock;
use crate::config::Origin;
use crate::context::Context;
use crate::ledger::{CEILINGS_MS, Ledger, Place};
use crate::turn::{CeilingSetting, Sighting, Spell, fold_all};
use crate::when;

/// What was seen at other times. Whatever becomes of the ledger, the answer is given: a ledger that
/// fails is said once and then done without.
#[derive(Debug, Default)]
pub(super) struct Memory {
    ledger: Option<Ledger>,
    /// Whether sightings are written to it.
    records: bool,
    /// Where it is.
    place: Option<Place>,
    /// The spells that hold, where no ledger keeps them.
    spells: Option<BTreeMap<String, Spell>>,
    warnings: Vec<String>,
}

impl Memory {
    /// Opens the ledger that the options mean.
    ///
    /// At an instant that is not the clock's (`--now`), the ledger of every day is read and not
    /// written: what is seen then was not seen at that time. One that is named is the caller's own.
    pub(super) fn open(args: &TurnsArgs, ctx: &Context) -> Self {
        let mut memory = Self::default();
        if args.no_ledger || args.demo {
            return memory;
        }
        let real = ctx.now_origin == Origin::BuiltIn;
        let place = match args.ledger.place(&ctx.env, &ctx.directory) {
            Ok(place) => place,
            Err(error) => {
                memory.fails(&error);
                return memory;
            }
        };
        let Some(place) = place else {
            if real {
                let why = "there is no home for a ledger: what is seen now is not remembered";
                memory.warnings.push(why.to_owned());
            }
            return memory;
        };
        memory.records = real || args.ledger.ledger.is_some();
        let opened = if memory.records {
            Ledger::at(&place).map(Some)
        } else {
            Ledger::at_existing(&place)
        };
        match opened {
            Ok(ledger) => {
                if place.is_shared()
                    && let Some(Ok(now_ms)) = ledger.as_ref().map(Ledger::now_ms)
                {
                    // The clock that all who share it go by.
                    clock::follow(now_ms);
                }
                memory.ledger = ledger;
                memory.place = Some(place);
            }
            Err(error) => memory.fails(&error),
        }
        memory
    }

    /// Where it is; `None` when nothing is remembered beyond this process.
    pub(super) fn place(&self) -> Option<String> {
        let place = self.ledger.as_ref().and(self.place.as_ref())?;
        Some(place.to_string())
    }

    /// The spells of a platform.
    pub(super) fn spells(&mut self, platform: &str) -> BTreeMap<String, Spell> {
        if let Some(spells) = &self.spells {
            return spells.clone();
        }
        match self.ledger.as_ref().map(|ledger| ledger.spells(platform)) {
            Some(Ok(spells)) => spells,
            Some(Err(error)) => {
                self.fails(&error);
                BTreeMap::new()
            }
            None => BTreeMap::new(),
        }
    }

    /// Adds sightings; returns the spells that hold now.
    pub(super) fn observe(
        &mut self,
        platform: &str,
        sightings: &[Sighting],
    ) -> BTreeMap<String, Spell> {
        if self.records
            && self.spells.is_none()
            && let Some(ledger) = &mut self.ledger
        {
            match ledger.observe(platform, sightings) {
                Ok(spells) => return spells,
                Err(error) => {
                    // What it held may still be read.
                    let known = ledger.spells(platform).unwrap_or_default();
                    self.fails(&error);
                    self.spells = Some(known);
                }
            }
        }
        let mut spells = self.spells(platform);
        fold_all(&mut spells, sightings);
        self.spells = Some(spells.clone());
        spells
    }

    /// Remembers the ceilings that were read, and returns those that are remembered and were not.
    pub(super) fn ceilings(
        &mut self,
        platform: &str,
        now_ms: i64,
        read: &BTreeMap<String, CeilingSetting>,
    ) -> BTreeMap<String, CeilingSetting> {
        let Some(ledger) = &mut self.ledger else {
            return BTreeMap::new();
        };
        let known = ledger.ceilings(platform, now_ms.saturating_sub(CEILINGS_MS));
        let kept = if self.records && !read.is_empty() {
            ledger.remember_ceilings(platform, now_ms, read)
        } else {
            Ok(())
        };
        match known.and_then(|known| kept.map(|()| known)) {
            Ok(mut known) => {
                known.retain(|id, _| !read.contains_key(id));
                known
            }
            Err(error) => {
                self.fails(&error);
                BTreeMap::new()
            }
        }
    }

    /// Says how old a remembered ceiling may be.
    pub(super) fn remembered() -> String {
        format!("as read within the last {}", when::duration(CEILINGS_MS))
    }

    /// Returns what is to be said, and forgets it.
    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    fn fails(&mut self, error: &crate::error::Error) {
        self.warnings.push(format!(
            "the ledger is not used, and what is seen now is not remembered: {}",
            error.in_one_line()
        ));
        self.ledger = None;
    }
}
