//! One look at the sources: gather, remember, judge.

use std::collections::BTreeSet;

use super::args::TurnsArgs;
use super::memory::Memory;
use super::pick::pick;
use super::sources::{Gateway, Sources};
use crate::context::Context;
use crate::error::{Error, Exit, Problem};
use crate::molecule::{self, Depth, Platform};
use crate::turn::{self, Adapters, Bound, Policy, Sighting, Snapshot, Turn};

/// So many configurations are read at one look where the list of turns names what may be the default.
const CEILINGS: usize = 32;

/// What a command looks with, look after look.
#[derive(Debug)]
pub(super) struct Looker<'a> {
    args: &'a TurnsArgs,
    ctx: &'a Context,
    pub(super) sources: Sources,
    adapters: Adapters,
    policy: Policy,
    memory: Memory,
    /// The workspaces that `--workspace` means, once they were found.
    picked: Option<Vec<String>>,
}

/// What one look gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// The instant, epoch milliseconds.
    pub(super) now_ms: i64,
    /// What the platform said; `None` without one.
    pub(super) snapshot: Option<Snapshot>,
    /// Requests that it took.
    pub(super) requests: u64,
    /// Every turn, and every workspace without one, that was asked for.
    pub(super) turns: Vec<Turn>,
    /// What is doubtful.
    pub(super) warnings: Vec<String>,
    /// What was skipped.
    pub(super) problems: Vec<Problem>,
    /// Workspaces whose ceiling was not asked anew.
    remembered: BTreeSet<String>,
    /// What a gateway's state gave.
    gateways: Vec<Turn>,
}

impl<'a> Looker<'a> {
    /// Prepares to look.
    pub(super) fn new(args: &'a TurnsArgs, ctx: &'a Context, sources: Sources) -> Self {
        Self {
            args,
            ctx,
            sources,
            adapters: molecule::adapters(&ctx.config.source_defaults()),
            policy: Policy {
                ceiling_ms: args.ceiling,
                silent_after_ms: args.silent_after.unwrap_or(TurnsArgs::SILENT_AFTER_MS),
            },
            memory: Memory::open(args, ctx),
            picked: None,
        }
    }

    /// Where the ledger is; `None` without one.
    pub(super) fn ledger(&self) -> Option<String> {
        self.memory.place()
    }

    /// Looks at every source.
    ///
    /// # Errors
    /// When none of them answers, or a workspace that is asked for is not known. One of several that
    /// does not is a problem.
    pub(super) async fn look(&mut self, now_ms: i64) -> Result<Look, Error> {
        let mut look = Look {
            now_ms,
            ..Look::default()
        };
        let mut failed = Vec::new();
        let mut answered = false;
        for source in &self.sources.openclaw {
            match source.turns(self.ctx, &self.policy, now_ms) {
                Ok(Gateway {
                    turns,
                    warnings,
                    problems,
                }) => {
                    look.gateways.extend(turns);
                    look.warnings.extend(warnings);
                    look.problems.extend(problems);
                    answered = true;
                }
                Err(error) => failed.push((source.tag.clone(), error)),
            }
        }
        if let Some(platform) = self.sources.platform.clone() {
            match self.at_platform(&platform, &mut look).await {
                Ok(()) => answered = true,
                // A wrong name is about the question, not about the platform.
                Err(error) if error.exit == Exit::Usage => return Err(error),
                Err(error) => failed.push((self.sources.tag.clone(), error)),
            }
        }
        if !answered && !failed.is_empty() {
            return Err(failed.swap_remove(0).1);
        }
        look.problems.extend(
            failed
                .into_iter()
                .map(|(tag, error)| Problem::new(tag, error.in_one_line())),
        );
        self.judge(&mut look)?;
        look.warnings.extend(self.memory.take_warnings());
        Ok(look)
    }

    /// Looks at the platform.
    async fn at_platform(&mut self, platform: &Platform, look: &mut Look) -> Result<(), Error> {
        let before = platform.requests();
        let depth = if self.args.workspace.is_empty() {
            Depth::Fleet
        } else {
            Depth::Named(self.named(platform, &look.gateways).await?)
        };
        let gathered = molecule::gather(
            platform,
            &self.sources.tag,
            &depth,
            &self.adapters,
            self.concurrency(),
            look.now_ms,
            self.sources.real_time,
        )
        .await;
        look.requests = platform.requests().saturating_sub(before);
        let (mut snapshot, problems) = gathered?;
        look.problems.extend(problems);
        look.warnings.extend(platform.take_notes());
        let tag = &self.sources.tag;
        let known = self.memory.spells(tag);
        let seen = molecule::sightings(&snapshot, &|id| known.contains_key(id));
        self.memory.observe(tag, &seen);
        let remembered = self.memory.ceilings(tag, look.now_ms, &snapshot.ceilings);
        look.remembered = remembered.keys().cloned().collect();
        snapshot.ceilings.extend(remembered);
        if depth == Depth::Fleet && self.args.ceiling.is_none() {
            self.unread_defaults(platform, &mut snapshot, look).await;
            look.requests = platform.requests().saturating_sub(before);
        }
        look.snapshot = Some(snapshot);
        Ok(())
    }

    /// Reads configurations where the list of turns names what may be the default: the oldest turns first.
    async fn unread_defaults(
        &mut self,
        platform: &Platform,
        snapshot: &mut Snapshot,
        look: &mut Look,
    ) {
        let mut unread = turn::unread_defaults(snapshot, &self.adapters);
        if unread.is_empty() {
            return;
        }
        if unread.len() > CEILINGS {
            look.warnings.push(format!(
                "{} workspaces may have a ceiling of their adapter's in place of the listed default: their \
                 configurations are not read yet ({CEILINGS} are at a time)",
                unread.len() - CEILINGS
            ));
            unread.truncate(CEILINGS);
        }
        let (read, problems) = molecule::ceilings(platform, &unread, self.concurrency()).await;
        self.memory.ceilings(&self.sources.tag, look.now_ms, &read);
        snapshot.ceilings.extend(read);
        look.problems.extend(problems);
    }

    fn concurrency(&self) -> usize {
        usize::from(self.args.concurrency.unwrap_or(TurnsArgs::CONCURRENCY))
    }

    /// Finds the workspaces that are asked for, the first time.
    async fn named(
        &mut self,
        platform: &Platform,
        gateways: &[Turn],
    ) -> Result<Vec<String>, Error> {
        if let Some(ids) = &self.picked {
            return Ok(ids.clone());
        }
        let workspaces = match platform.workspaces().await {
            Ok(workspaces) => workspaces,
            // A workspace's own token does not list the others; it may still be asked by its id.
            Err(error) if error.exit == Exit::Refused => return Ok(self.args.workspace.clone()),
            Err(error) => return Err(error),
        };
        let known = workspaces
            .iter()
            .map(|w| (w.id.as_str(), w.name.as_deref()));
        let picked = pick(&self.args.workspace, &known.chain(names(gateways)))?;
        self.picked = Some(picked.clone());
        Ok(picked)
    }

    /// Remembers what an event showed.
    pub(super) fn observe(&mut self, sightings: &[Sighting]) {
        self.memory.observe(&self.sources.tag, sightings);
    }

    /// Judges what a look gave, with what is remembered. Again after an event changed it.
    ///
    /// # Errors
    /// When a gateway has no agent that is asked for.
    pub(super) fn judge(&mut self, look: &mut Look) -> Result<(), Error> {
        let mut turns = look.gateways.clone();
        if let Some(snapshot) = &look.snapshot {
            let spells = self.memory.spells(&self.sources.tag);
            let mut judged = turn::judge(snapshot, &spells, &self.adapters, &self.policy);
            for turn in &mut judged.turns {
                if look.remembered.contains(&turn.workspace_id) {
                    say_remembered(turn);
                }
                forget_no_age(turn);
                if self.args.demo {
                    // Its address is another each time, and nobody listens there afterwards.
                    turn.url = None;
                }
            }
            turns.extend(judged.turns);
            for warning in judged.warnings {
                if !look.warnings.contains(&warning) {
                    look.warnings.push(warning);
                }
            }
            for problem in judged.problems {
                if !look.problems.contains(&problem) {
                    look.problems.push(problem);
                }
            }
        }
        if !self.args.workspace.is_empty() {
            let ids = match &self.picked {
                Some(ids) => ids.clone(),
                None => pick(&self.args.workspace, &names(&turns))?,
            };
            let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
            turns.retain(|turn| ids.contains(turn.workspace_id.as_str()));
        }
        oldest_first(&mut turns);
        look.turns = turns;
        Ok(())
    }
}

fn names(turns: &[Turn]) -> impl Iterator<Item = (&str, Option<&str>)> + Clone {
    turns
        .iter()
        .map(|t| (t.workspace_id.as_str(), t.workspace_name.as_deref()))
}

/// Sorts by age; what has none stands last, by name.
fn oldest_first(turns: &mut [Turn]) {
    turns.sort_by(|a, b| {
        let age = |t: &Turn| (t.age_ms.is_none(), std::cmp::Reverse(t.age_ms));
        age(a)
            .cmp(&age(b))
            .then_with(|| a.workspace_name.cmp(&b.workspace_name))
            .then_with(|| a.workspace_id.cmp(&b.workspace_id))
    });
}

/// Takes away an age of "at least nothing": that a turn is seen now for the first time is true of any.
fn forget_no_age(turn: &mut Turn) {
    if (turn.age_is, turn.age_ms) == (Some(Bound::AtLeast), Some(0)) {
        (turn.age_is, turn.age_ms) = (None, None);
        (turn.started_at, turn.started_at_ms) = (None, None);
    }
}

/// Says that a ceiling was not asked anew, where what the workspace has set decides.
fn say_remembered(turn: &mut Turn) {
    let origin = &turn.ceiling_origin;
    if origin.contains("runtime_config") && !origin.contains("not read") {
        turn.ceiling_origin = format!("{}, {}", turn.ceiling_origin, Memory::remembered());
    }
}
