//! The walk over the candidates: which is called, and what becomes of the others.

use super::ModelRef;
use super::ended::empty;
use super::facts::AgentFacts;
use super::fallback::Line;
use super::resolution::{
    AgentUse, Candidate, Failure, FailureClass, Fate, Mechanism, Outcome, Resolution, Source, Step,
    StepName, StepOutcome, Verdict,
};
use super::rules::{Live, Rules};
use super::select::{Known, Selected};
use crate::job::Job;

/// The selection that a run is compared with.
pub(super) struct Selection {
    /// The model.
    pub(super) value: ModelRef,
    /// Where it comes from.
    pub(super) at: String,
    /// Whether the row has an override, or the agent's default stands in.
    pub(super) of_row: bool,
}

/// The selection that 2026.3.28 compares every attempt with.
pub(super) fn selection(
    rules: &Rules,
    facts: &AgentFacts<'_>,
    row: &Known<'_>,
    key: &str,
) -> Option<Selection> {
    if rules.live != Live::Compare {
        return None;
    }
    let row = match row {
        Known::Row(row) => Some(*row),
        _ => None,
    };
    let default = &facts.default;
    let provider = row.and_then(|r| r.provider_override.clone());
    let model = row.and_then(|r| r.model_override.clone());
    let at = match (row, provider.is_some() || model.is_some()) {
        (Some(row), true) => format!("{}: {key}", row.at),
        _ => default
            .said
            .as_ref()
            .map_or_else(|| "built in".to_owned(), |d| d.at.to_string()),
    };
    Some(Selection {
        of_row: model.is_some() || provider.is_some(),
        value: ModelRef {
            provider: provider.unwrap_or_else(|| default.reference.provider.clone()),
            model: model.unwrap_or_else(|| default.reference.model.clone()),
        },
        at,
    })
}

/// What decides which candidate runs.
pub(super) struct Walk<'a> {
    pub(super) job: &'a Job,
    /// `payload.model`, trimmed and not blank.
    pub(super) declared: Option<&'a str>,
    pub(super) row: &'a Known<'a>,
    /// Models that their providers refuse.
    pub(super) denied: &'a [ModelRef],
    /// What every attempt is compared with.
    pub(super) live: Option<&'a Selection>,
}

/// Tries the candidates in order.
pub(super) fn walked(
    walk: &Walk<'_>,
    agent: AgentUse,
    selected: Selected,
    source: Source,
    chain: Line,
) -> Resolution {
    let origin = chain.origin;
    let (candidates, called, last) = tried(walk, chain);
    let mut steps = selected.steps;
    let mut missing = selected.missing;
    if let Some(live) = walk.live {
        steps.push(compared(live, &candidates, steps.len() + 1));
        if let Known::Unknown(why) = walk.row {
            let what = format!("the session's selection: {why}");
            if !missing.contains(&what) {
                missing.push(what);
            }
        }
    }
    let mut resolution = Resolution {
        steps,
        intended: selected.intended,
        strict: candidates.len() <= 1,
        chain: origin,
        missing,
        ..empty(agent)
    };
    if let Some(at) = called {
        let effective = candidates[at].model.clone();
        let thrown = candidates[..at].iter().any(|c| c.fate == Fate::ThrownBack);
        let denied = candidates[..at].iter().any(|c| c.fate == Fate::Denied);
        resolution.mechanism = match (thrown, denied) {
            (true, _) => Mechanism::LiveSelection,
            (false, true) => Mechanism::Failover,
            (false, false) if selected.refused => Mechanism::NotAllowed,
            (false, false) => Mechanism::Selection,
        };
        resolution.source = Some(match (at, walk.live) {
            (0, _) => source,
            (_, Some(live)) if thrown && live.of_row => Source::Session,
            (_, Some(_)) if thrown => Source::Default,
            _ => Source::Fallback,
        });
        resolution.outcome = Outcome::Runs;
        resolution.verdict = match (walk.declared, &resolution.intended) {
            (None, _) => Verdict::Unpinned,
            (Some(_), Some(intended)) if intended.same_as(&effective) => Verdict::Honoured,
            _ => Verdict::NotHonoured,
        };
        resolution.effective = Some(effective);
    } else {
        let class = last.unwrap_or(FailureClass::ProviderRefused);
        resolution.outcome = Outcome::Fails;
        resolution.verdict = Verdict::Fails;
        resolution.failure = Some(Failure {
            class,
            error: match (class, walk.live) {
                (FailureClass::LiveSelection, Some(live)) => format!(
                    "LiveSessionModelSwitchError: Live session model switch requested: {}/{}",
                    live.value.provider, live.value.model
                ),
                _ => format!(
                    "every candidate of job {} is refused by its provider",
                    walk.job.id
                ),
            },
        });
    }
    resolution.candidates = candidates;
    resolution
}

/// Which candidate is called, and what the last one before it failed of.
fn tried(walk: &Walk<'_>, chain: Line) -> (Vec<Candidate>, Option<usize>, Option<FailureClass>) {
    let mut candidates = Vec::with_capacity(chain.models.len());
    let mut called: Option<usize> = None;
    let mut last = None;
    for (model, from) in chain.models {
        let (fate, reason) = if called.is_some() {
            (Fate::Waits, None)
        } else if let Some(live) = walk.live.filter(|l| l.value != model) {
            last = Some(FailureClass::LiveSelection);
            let why = format!("the session's selection is {}", live.value);
            (Fate::ThrownBack, Some(why))
        } else if walk.denied.contains(&model) {
            last = Some(FailureClass::ProviderRefused);
            (
                Fate::Denied,
                Some("--what-if: its provider refuses it".to_owned()),
            )
        } else {
            called = Some(candidates.len());
            (Fate::Called, None)
        };
        candidates.push(Candidate {
            model,
            from,
            fate,
            reason,
        });
    }
    (candidates, called, last)
}

/// The step of the comparison with the session's selection.
fn compared(live: &Selection, candidates: &[Candidate], order: usize) -> Step {
    let thrown = candidates
        .iter()
        .filter(|c| c.fate == Fate::ThrownBack)
        .count();
    Step {
        order,
        step: StepName::Live,
        found_at: Some(live.at.clone()),
        value: Some(live.value.to_string()),
        reference: Some(live.value.clone()),
        outcome: if thrown > 0 {
            StepOutcome::Overruled
        } else {
            StepOutcome::Ignored
        },
        reason: if thrown > 0 {
            let of = if live.of_row {
                "the session row's override"
            } else {
                "the agent's default"
            };
            format!(
                "before every attempt the candidate is compared with the live selection, which \
                 is {of}: {thrown} of {} candidates thrown back before any model call",
                candidates.len()
            )
        } else {
            "equals what was selected".to_owned()
        },
    }
}
