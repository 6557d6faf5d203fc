//! Which dispatch rules hold for a source, and what says so. Pure.

use rustc_hash::FxHashMap;

use super::args::{PlanArgs, Slots};
use super::gather::Planned;
use crate::plan::{Dispatch, MoleculeRules};
use crate::schedule::{Rules, Version};
use crate::source::{Scheduler, SourceInfo};

/// The first version whose cron runs share a fixed pool of slots, by the code of the versions from
/// 2026.4.5 to 2026.9.6: 2026.7.1 still reads `cron.maxConcurrentRuns`, 2026.8.1 has eight.
const POOLED: Version = Version::new(2026, 8, 1);

/// Whether a gateway calls models for isolated agent turns one at a time, whatever its slots: each turn
/// waits in the lane `nested`, whose width nothing sets (`resolveGlobalLane`; recorded on 2026.3.28 with
/// 30 slots, the same code in 2026.3.31).
pub(super) fn has_one_lane(source: &SourceInfo) -> bool {
    matches!(
        (source.scheduler, source.rules),
        (Scheduler::OpenClaw, Rules::OpenClaw(version)) if version < POOLED
    )
}

/// How a source starts what is due, and where that is known from.
pub(super) fn dispatch(
    source: &SourceInfo,
    args: &PlanArgs,
    planned: &[Planned<'_>],
) -> (Dispatch, String) {
    let asked = args.max_concurrent_runs;
    match (source.scheduler, source.rules) {
        (Scheduler::OpenClaw, Rules::OpenClaw(version)) => {
            let with = |slots| {
                if version < POOLED {
                    Dispatch::Batch { slots }
                } else {
                    Dispatch::Pool { slots }
                }
            };
            match (asked, source.max_concurrent_runs) {
                (Some(Slots::Unlimited), _) => {
                    (Dispatch::Unlimited, "--max-concurrent-runs".to_owned())
                }
                (Some(Slots::Number(n)), _) => (with(n), "--max-concurrent-runs".to_owned()),
                (None, Some(n)) if version < POOLED => (
                    with(n.max(1)),
                    "cron.maxConcurrentRuns in the configuration".to_owned(),
                ),
                (None, _) if version < POOLED => (
                    with(1),
                    format!(
                        "the default of OpenClaw {version}: certain for 2026.3.28 and 2026.3.31, likely for others before 2026.8.1"
                    ),
                ),
                (None, _) => (
                    with(8),
                    format!(
                        "fixed in OpenClaw {version}: certain for 2026.9.6, likely for others from 2026.8.1 on"
                    ),
                ),
            }
        }
        (Scheduler::Molecule, _) => {
            let mut rules = MoleculeRules::of_may_2026(args.poll_phase.unwrap_or(0));
            let mut known: FxHashMap<&str, u32> = FxHashMap::default();
            rules.workspaces = planned
                .iter()
                .map(|p| {
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    *known
                        .entry(p.job.workspace.as_deref().unwrap_or(""))
                        .or_insert(next)
                })
                .collect();
            let phase = match args.poll_phase {
                Some(_) => "the phase of its polls is as given (--poll-phase)",
                None => "the phase of its polls is assumed (--poll-phase says another)",
            };
            (
                Dispatch::Molecule(rules),
                format!("molecule-core of May 2026; {phase}"),
            )
        }
        _ => match asked {
            Some(Slots::Number(slots)) => {
                (Dispatch::Pool { slots }, "--max-concurrent-runs".to_owned())
            }
            _ => (
                Dispatch::Unlimited,
                "this scheduler starts everything that is due".to_owned(),
            ),
        },
    }
}
